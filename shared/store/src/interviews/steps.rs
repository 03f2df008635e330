//! What is done with an interview after it was asked for. Where it comes from a month of overwork, the tasks of that month are done in the same transaction.

use authz::{
    Denied, Permission, Permit, Role,
    permission::{ArrangeInterviews, DecideOnInterviews, HoldInterviews, OpineOnInterviews, RequestInterviews},
};
use domain::{
    ids::{AccountId, EmployeeId, InterviewId, TenantId},
    interview::{
        Booking, BookingTerms, Conductor, InterviewAct, InterviewCause, InterviewReport, InterviewState, ReportTerms,
    },
    overwork::duty::Done,
    remark::Remark,
    work_fitness::{Decision, DecisionTerms, TermsFault},
};
use jiff::civil::Date;
use vault::Purpose;

use super::{
    COURSE, HeldInterview, Interview, InterviewSaid, InterviewStep, MOST_STEPS, Open, conducts, item, key, last_report,
    next_on, shown,
};
use crate::{Conflict, Error, Prepared, Store, Stored, Write, callers::somebody};

/// An interview as somebody has seen it who acts on it.
#[derive(Debug, Clone, Copy)]
pub struct SeenInterview {
    /// Whose.
    pub employee: EmployeeId,
    /// Which.
    pub id: InterviewId,
    /// The version.
    pub version: u64,
}

/// What is wrong with what somebody wrote, or the write.
type Checked = Result<Prepared<Stored<Interview>>, Vec<TermsFault>>;

const HELD_LATER: TermsFault =
    TermsFault {
        pointer: "/held_on", code: "in_the_future", detail: "実施日には、今日までの日を指定してください。"
    };
pub(super) const NOT_A_CONDUCTOR: TermsFault = TermsFault {
    pointer: "/with_account_id",
    code: "not_a_conductor",
    detail: "この種類の面談を担当できるアカウント（産業医、または保健師・看護師）を指定してください。",
};

impl Store {
    /// Gives an interview a time and a place; the worker, and whoever is to hold it, get a mail that something is there to read.
    pub async fn book_interview(
        &self,
        permit: &Permit<ArrangeInterviews>,
        seen: SeenInterview,
        terms: BookingTerms,
    ) -> Result<Checked, Error> {
        let mut open = self.interview_to_change(permit, seen).await?;
        let (tenant, with) = (permit.tenant(), terms.with);
        let mut faults = Vec::new();
        if let Some(with) = with
            && !self.may_conduct(tenant, with, open.row().conductor).await?
        {
            faults.push(NOT_A_CONDUCTOR);
        }
        let booking = match Booking::made(terms, self.clock.now()) {
            Ok(booking) if faults.is_empty() => booking,
            Ok(_) => return Ok(Err(faults)),
            Err(others) => return Ok(Err(faults.into_iter().chain(others).collect())),
        };
        let mut write = Write::new();
        self.give_back_slot(&mut write, tenant, &open).await?;
        open.course.booking = Some(booking.clone());
        self.tell_who_meets(&mut write, tenant, seen.employee, with).await?;
        let said = InterviewSaid::Booked { booking };
        self.step_of_interview(permit, open, write, InterviewAct::Book, said, "interview.book").await.map(Ok)
    }

    /// Calls an interview off.
    pub async fn cancel_interview(
        &self,
        permit: &Permit<ArrangeInterviews>,
        seen: SeenInterview,
        reason: Remark,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let open = self.interview_to_change(permit, seen).await?;
        let mut write = Write::new();
        self.give_back_slot(&mut write, permit.tenant(), &open).await?;
        self.tell_employee(&mut write, permit.tenant(), seen.employee).await?;
        let said = InterviewSaid::Cancelled { reason };
        self.step_of_interview(permit, open, write, InterviewAct::Cancel, said, "interview.cancel").await
    }

    /// Does not want one's own interview. What the law asks about a month is no longer waited for.
    pub async fn decline_interview(
        &self,
        permit: &Permit<RequestInterviews>,
        seen: SeenInterview,
        reason: Option<Remark>,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let open = self.interview_to_change(permit, seen).await?;
        let mut write = Write::new();
        let forget = |done: &mut Done| {
            let asked = done.requested_on.is_some() && done.interviewed_on.is_none();
            done.requested_on = done.requested_on.filter(|_| !asked);
            asked
        };
        self.note_in_month(&mut write, permit.tenant(), &open, forget).await?;
        self.give_back_slot(&mut write, permit.tenant(), &open).await?;
        let said = InterviewSaid::Declined { reason };
        self.step_of_interview(permit, open, write, InterviewAct::Decline, said, "interview.decline").await
    }

    /// Notes that the worker did not come.
    pub async fn miss_interview(
        &self,
        permit: &Permit<HoldInterviews>,
        seen: SeenInterview,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let open = self.interview_to_conduct(permit, seen).await?;
        self.step_of_interview(permit, open, Write::new(), InterviewAct::Miss, InterviewSaid::Missed, "interview.miss")
            .await
    }

    /// Notes that an interview was held, by whoever notes it; what is wrong with the day otherwise.
    pub async fn hold_interview(
        &self,
        permit: &Permit<HoldInterviews>,
        seen: SeenInterview,
        on: Date,
    ) -> Result<Checked, Error> {
        let mut open = self.interview_to_conduct(permit, seen).await?;
        if on > self.today() {
            return Ok(Err(vec![HELD_LATER]));
        }
        let conductor = self.name_of(permit.tenant(), somebody(permit)?).await?;
        open.course.held = Some(HeldInterview { on, conductor });
        let mut write = Write::new();
        let note = |done: &mut Done| done.interviewed_on.replace(on).is_none();
        self.note_in_month(&mut write, permit.tenant(), &open, note).await?;
        let said = InterviewSaid::Held;
        self.step_of_interview(permit, open, write, InterviewAct::Hold, said, "interview.hold").await.map(Ok)
    }

    /// Reports to the employer, and signs for it; what is wrong with the report otherwise. A consultation that is reported is no longer in confidence: its worker has agreed.
    pub async fn report_on_interview(
        &self,
        permit: &Permit<OpineOnInterviews>,
        seen: SeenInterview,
        terms: ReportTerms,
    ) -> Result<Checked, Error> {
        let mut open = self.interview_to_conduct(permit, seen).await?;
        let held_on = open.course.held.as_ref().map(|held| held.on).ok_or(Conflict::WrongState)?;
        let (tenant, today) = (permit.tenant(), self.today());
        let report = match InterviewReport::given(terms, open.course.kind, held_on, today) {
            Ok(report) => report,
            Err(faults) => return Ok(Err(faults)),
        };
        let physician = self.name_of(tenant, somebody(permit)?).await?;
        let restricts = report.restricts();
        let mut write = Write::new();
        let note = |done: &mut Done| {
            done.opined_on = Some(today);
            done.measures_needed = restricts;
            done.measured_on = None;
            true
        };
        self.note_in_month(&mut write, tenant, &open, note).await?;
        self.tell_employee(&mut write, tenant, seen.employee).await?;
        open.record.in_confidence = false;
        let (act, said) = (InterviewAct::Opine { restricts }, InterviewSaid::Opinion { report, physician });
        self.step_of_interview(permit, open, write, act, said, "interview.opine").await.map(Ok)
    }

    /// Decides for the employer, on top of the report that holds; what is wrong with the decision otherwise.
    pub async fn decide_after_interview(
        &self,
        permit: &Permit<DecideOnInterviews>,
        seen: SeenInterview,
        terms: DecisionTerms,
    ) -> Result<Checked, Error> {
        let open = self.interview_to_change(permit, seen).await?;
        let (tenant, today) = (permit.tenant(), self.today());
        let (report, _, step) = last_report(&open.course.steps)
            .filter(|_| open.record.state.after(InterviewAct::Decide, open.course.kind).is_some())
            .ok_or(Conflict::WrongState)?;
        let decision = match Decision::taken(terms, report.opinion().terms(), step.at.date(), today) {
            Ok(decision) => decision,
            Err(faults) => return Ok(Err(faults)),
        };
        let mut write = Write::new();
        let note = |done: &mut Done| done.measured_on.replace(today).is_none();
        self.note_in_month(&mut write, tenant, &open, note).await?;
        self.tell_employee(&mut write, tenant, seen.employee).await?;
        let said = InterviewSaid::Decision { decision };
        self.step_of_interview(permit, open, write, InterviewAct::Decide, said, "interview.decide").await.map(Ok)
    }

    /// The measures are over.
    pub async fn end_interview_measures(
        &self,
        permit: &Permit<DecideOnInterviews>,
        seen: SeenInterview,
        reason: Remark,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let open = self.interview_to_change(permit, seen).await?;
        if open.record.state != InterviewState::Decided {
            return Err(Conflict::WrongState.into());
        }
        let said = InterviewSaid::Closed { reason };
        self.step_of_interview(permit, open, Write::new(), InterviewAct::Close, said, "interview.close").await
    }

    /// Ends an interview about which there is nothing to report.
    pub async fn close_interview(
        &self,
        permit: &Permit<HoldInterviews>,
        seen: SeenInterview,
        reason: Remark,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let open = self.interview_to_conduct(permit, seen).await?;
        if open.record.state != InterviewState::Held {
            return Err(Conflict::WrongState.into());
        }
        let said = InterviewSaid::Closed { reason };
        self.step_of_interview(permit, open, Write::new(), InterviewAct::Close, said, "interview.close").await
    }

    pub(super) async fn interview_to_change<P: Permission>(
        &self,
        permit: &Permit<P>,
        seen: SeenInterview,
    ) -> Result<Open, Error> {
        let open = self.interview_within(permit, seen.employee, seen.id).await?;
        if open.version == seen.version { Ok(open) } else { Err(Error::Stale) }
    }

    /// An interview of a kind that the permit's holder holds.
    async fn interview_to_conduct<P: Permission>(
        &self,
        permit: &Permit<P>,
        seen: SeenInterview,
    ) -> Result<Open, Error> {
        let open = self.interview_to_change(permit, seen).await?;
        if conducts(permit, open.course.kind, &open.placement) { Ok(open) } else { Err(Denied::Forbidden.into()) }
    }

    /// Whether an account's holder holds interviews of this kind.
    pub(super) async fn may_conduct(
        &self,
        tenant: TenantId,
        account: AccountId,
        conductor: Conductor,
    ) -> Result<bool, Error> {
        Ok(self.has_role(tenant, account, Role::Physician).await?
            || conductor == Conductor::PhysicianOrNurse && self.has_role(tenant, account, Role::Nurse).await?)
    }

    /// Adds to `write` what was done about the month of overwork that an interview comes from, if it comes from one.
    async fn note_in_month(
        &self,
        write: &mut Write,
        tenant: TenantId,
        open: &Open,
        change: impl FnOnce(&mut Done) -> bool,
    ) -> Result<(), Error> {
        if let InterviewCause::WorkingMonth { month } = open.course.cause {
            self.step_of_month(write, tenant, (open.record.employee, month), change).await?;
        }
        Ok(())
    }

    /// Takes an interview one step further.
    pub(super) async fn step_of_interview<P: Permission>(
        &self,
        permit: &Permit<P>,
        mut open: Open,
        mut write: Write,
        act: InterviewAct,
        what: InterviewSaid,
        action: &'static str,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let state = open.record.state.after(act, open.course.kind).ok_or(Conflict::WrongState)?;
        if open.course.steps.len() >= MOST_STEPS {
            return Err(Conflict::TooMany.into());
        }
        open.course.steps.push(InterviewStep { at: now, by, from: Some(open.record.state), what });
        let place = key(tenant, open.record.employee, open.record.id);
        open.record.state = state;
        open.record.next_on = next_on(state, &open.course, now.date());
        open.record.told_on = None;
        open.record.course = self.seal(tenant, Purpose::Health, &place, COURSE, &open.course).await?;
        open.record.updated_at = now;
        let item = item(tenant, &open.record, open.version + 1)?;
        write.put_over(self, place, item, Some(open.version), || Error::Stale)?;
        open.version += 1;
        let event = self.event(permit, action)?.on(open.record.employee).on(open.record.id);
        let event = if open.is_untold() { event.in_confidence() } else { event };
        Ok(Prepared { thing: shown(permit, open), write, event })
    }
}
