//! What is done with a leave case after it was opened.

use std::collections::BTreeSet;

use authz::{
    Permission, Permit, Role,
    permission::{DecideOnReturns, HandInCertificates, ManageLeaveCases},
};
use domain::{
    ids::{AccountId, EmployeeId, InterviewId, LeaveCaseId},
    leave::{Certificate, LeaveAct, LeaveOutcome, LeaveState, LeaveWords, ReturnPlan, ReturnTerms},
    remark::Remark,
    work_fitness::TermsFault,
};
use jiff::civil::Date;
use vault::Purpose;

use super::{COURSE, Course, LeaveCase, LeaveSaid, LeaveStep, MOST_STEPS, Open, is_medical, item, key, shown};
use crate::{Conflict, Error, Notice, Prepared, Store, Stored, Write, callers::somebody};

/// How many of HR have to do with one case.
const MOST_ASSIGNED: usize = 10;

/// A case as somebody has seen it who acts on it.
#[derive(Debug, Clone, Copy)]
pub struct SeenLeaveCase {
    /// Whose.
    pub employee: EmployeeId,
    /// Which.
    pub id: LeaveCaseId,
    /// The version.
    pub version: u64,
}

/// Something that is noted in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveEntry {
    /// Somebody talked with the worker on a day.
    Contact(Date),
    /// The attending doctor judged on a day that a return is possible.
    JudgePossible(Date),
    /// It is too early after all.
    Postpone,
    /// Somebody looked after the worker who has returned; when that is done next.
    Review(Date),
    /// Since when the allowance is paid.
    Allowance(Date),
    /// Until when the leave is expected to last.
    Expect(Date),
    /// An interview that belongs to it.
    Link(InterviewId),
    /// It ends.
    Close(LeaveOutcome),
}

/// What is wrong with what somebody wrote, or the write.
type Checked = Result<Prepared<Stored<LeaveCase>>, Vec<TermsFault>>;
/// What a step changes, what it says, and the words for the employer's side.
type Step = (Option<LeaveAct>, LeaveSaid, Option<Remark>);

const fn fault(pointer: &'static str, code: &'static str, detail: &'static str) -> TermsFault {
    TermsFault { pointer, code, detail }
}
const LATER: TermsFault = fault("/on", "in_the_future", "今日までの日を指定してください。");
const PAST: TermsFault = fault("/on", "in_the_past", "明日以降の日を指定してください。");
const BEFORE_BEGIN: TermsFault = fault("/on", "before_from", "休業の開始日以降の日を指定してください。");
const NOT_BY_HAND: TermsFault =
    fault("/outcome", "not_taken", "再休業は、前のケースを指定して新しいケースを登録すると記録されます。");
const NOT_HR: TermsFault = fault(
    "/account_ids",
    "not_hr",
    "担当者には、人事労務担当者のロールをもつアカウント（本人を除く10件まで）を指定してください。",
);

impl LeaveEntry {
    fn fault(self, course: &Course, today: Date) -> Option<TermsFault> {
        match self {
            Self::Contact(on) | Self::JudgePossible(on) if on > today => Some(LATER),
            Self::Review(on) if on <= today => Some(PAST),
            Self::Allowance(on) | Self::Expect(on) if on < course.began_on => Some(BEFORE_BEGIN),
            Self::Close(LeaveOutcome::Relapsed) => Some(NOT_BY_HAND),
            _ => None,
        }
    }

    /// What it changes, and how it is written down.
    fn noted_in(self, course: &mut Course) -> (Option<LeaveAct>, LeaveSaid) {
        match self {
            Self::Contact(on) => (None, LeaveSaid::Contacted { on }),
            Self::JudgePossible(on) => (Some(LeaveAct::JudgePossible), LeaveSaid::JudgedPossible { on }),
            Self::Postpone => (Some(LeaveAct::Postpone), LeaveSaid::Postponed),
            Self::Review(next_on) => {
                course.review_on = Some(next_on);
                (Some(LeaveAct::Review), LeaveSaid::Reviewed { next_on })
            }
            Self::Allowance(from) => {
                course.allowance_from = Some(from);
                (None, LeaveSaid::AllowanceNoted { from })
            }
            Self::Expect(until) => {
                course.expected_until = Some(until);
                (None, LeaveSaid::Expected { until })
            }
            Self::Link(interview) => {
                course.interviews.insert(interview);
                (None, LeaveSaid::Linked { interview })
            }
            Self::Close(outcome) => (Some(LeaveAct::Close(outcome)), LeaveSaid::Closed { outcome }),
        }
    }
}

/// When somebody is to look next at a case that is in `state`.
fn next_on(state: LeaveState, course: &Course, today: Date) -> Option<Date> {
    match state {
        LeaveState::OnLeave => course.expected_until,
        LeaveState::ReturnPossible => Some(today),
        LeaveState::Planned => course.plan.as_ref().map(|plan| plan.terms().returns_on),
        LeaveState::FollowUp => course.review_on,
        LeaveState::Closed => None,
    }
}

impl Store {
    /// Says who of HR has to do with a case; what is wrong with the choice otherwise. The worker themselves never does.
    pub async fn assign_leave_case(
        &self,
        permit: &Permit<ManageLeaveCases>,
        seen: SeenLeaveCase,
        accounts: BTreeSet<AccountId>,
    ) -> Result<Checked, Error> {
        let mut open = self.leave_case_to_change(permit, seen).await?;
        let tenant = permit.tenant();
        let own = self.account_of_employee(tenant, seen.employee).await?;
        let mut fits = accounts.len() <= MOST_ASSIGNED && own.is_none_or(|own| !accounts.contains(&own));
        for account in accounts.iter().take(MOST_ASSIGNED) {
            fits &= self.has_role(tenant, *account, Role::Hr).await?;
        }
        if !fits {
            return Ok(Err(vec![NOT_HR]));
        }
        open.record.assignees = accounts;
        let step = (None, LeaveSaid::Assigned, None);
        self.step_of_leave(permit, open, Write::new(), step, "leave_case.assign").await.map(Ok)
    }

    /// Notes something in a case; what is wrong with it otherwise. Words of physicians and nurses are kept apart from what the employer's side reads.
    pub async fn note_in_leave_case(
        &self,
        permit: &Permit<ManageLeaveCases>,
        seen: SeenLeaveCase,
        entry: LeaveEntry,
        words: Option<Remark>,
    ) -> Result<Checked, Error> {
        let mut open = self.leave_case_to_change(permit, seen).await?;
        if let Some(fault) = entry.fault(&open.course, self.today()) {
            return Ok(Err(vec![fault]));
        }
        if let LeaveEntry::Link(interview) = entry
            && !self.is_interview_about_leave(permit.tenant(), seen.employee, interview).await?
        {
            return Err(Conflict::MissingReference.into());
        }
        let (act, said) = entry.noted_in(&mut open.course);
        let mut write = Write::new();
        let words = self.apart(permit, &mut write, &open, words).await?;
        self.step_of_leave(permit, open, write, (act, said, words), "leave_case.note").await.map(Ok)
    }

    /// Makes the plan for the return, or makes it anew; what is wrong with it otherwise.
    pub async fn plan_return(
        &self,
        permit: &Permit<ManageLeaveCases>,
        seen: SeenLeaveCase,
        terms: ReturnTerms,
    ) -> Result<Checked, Error> {
        let mut open = self.leave_case_to_change(permit, seen).await?;
        let plan = match ReturnPlan::made(terms, self.today()) {
            Ok(plan) => plan,
            Err(faults) => return Ok(Err(faults)),
        };
        open.course.review_on = Some(plan.terms().review_on);
        open.course.plan = Some(plan.clone());
        let mut write = Write::new();
        self.tell_employee(&mut write, permit.tenant(), seen.employee).await?;
        let step = (Some(LeaveAct::Plan), LeaveSaid::Planned { plan }, None);
        self.step_of_leave(permit, open, write, step, "leave_case.plan").await.map(Ok)
    }

    /// Decides for the employer whether the worker returns as planned.
    pub async fn decide_on_return(
        &self,
        permit: &Permit<DecideOnReturns>,
        seen: SeenLeaveCase,
        returns: bool,
        words: Option<Remark>,
    ) -> Result<Prepared<Stored<LeaveCase>>, Error> {
        let open = self.leave_case_to_change(permit, seen).await?;
        let mut write = Write::new();
        self.tell_employee(&mut write, permit.tenant(), seen.employee).await?;
        let step = (Some(LeaveAct::Decide { returns }), LeaveSaid::Decided { returns }, words);
        self.step_of_leave(permit, open, write, step, "leave_case.decide").await
    }

    /// Notes a certificate that came, and apart from it what illness it names; what is wrong with its days otherwise. Those of HR who have to do with the case are told that something is there.
    pub async fn hand_in_certificate(
        &self,
        permit: &Permit<HandInCertificates>,
        seen: SeenLeaveCase,
        certificate: Certificate,
        words: LeaveWords,
    ) -> Result<Checked, Error> {
        let mut open = self.leave_case_to_change(permit, seen).await?;
        let faults = certificate.faults(self.today());
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        if open.record.state == LeaveState::Closed {
            return Err(Conflict::WrongState.into());
        }
        let (tenant, by) = (permit.tenant(), somebody(permit)?);
        open.course.certificates.push(certificate);
        let mut write = Write::new();
        if !words.is_empty() {
            self.note_on_leave(&mut write, (tenant, by), &open, words).await?;
        }
        for account in open.record.assignees.iter().filter(|account| **account != by) {
            self.enqueue(&mut write, tenant, *account, &Notice::SomethingToRead { at: self.clock.now() }).await?;
        }
        let step = (None, LeaveSaid::CertificateCame { certificate }, None);
        self.step_of_leave(permit, open, write, step, "leave_case.certificate").await.map(Ok)
    }

    async fn leave_case_to_change<P: Permission>(
        &self,
        permit: &Permit<P>,
        seen: SeenLeaveCase,
    ) -> Result<Open, Error> {
        let open = self.leave_case_within(permit, seen.employee, seen.id).await?;
        if open.version == seen.version { Ok(open) } else { Err(Error::Stale) }
    }

    /// The words that the employer's side may read: those of others go to a note, which is added to `write`.
    async fn apart<P: Permission>(
        &self,
        permit: &Permit<P>,
        write: &mut Write,
        open: &Open,
        words: Option<Remark>,
    ) -> Result<Option<Remark>, Error> {
        if !is_medical(permit, &open.placement) || words.is_none() {
            return Ok(words);
        }
        let words = LeaveWords { diagnosis: None, words };
        self.note_on_leave(write, (permit.tenant(), somebody(permit)?), open, words).await?;
        Ok(None)
    }

    /// Takes a case one step further.
    pub(super) async fn step_of_leave<P: Permission>(
        &self,
        permit: &Permit<P>,
        mut open: Open,
        mut write: Write,
        (act, what, words): Step,
        action: &'static str,
    ) -> Result<Prepared<Stored<LeaveCase>>, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let before = open.record.state;
        let state = act.map_or(Some(before).filter(|it| *it != LeaveState::Closed), |act| before.after(act));
        let state = state.ok_or(Conflict::WrongState)?;
        if open.course.steps.len() >= MOST_STEPS {
            return Err(Conflict::TooMany.into());
        }
        if let LeaveSaid::Closed { outcome } = what {
            open.course.outcome = Some(outcome);
        }
        open.course.steps.push(LeaveStep { at: now, by, from: Some(before), what, words });
        let place = key(tenant, open.record.employee, open.record.id);
        open.record.state = state;
        open.record.next_on = next_on(state, &open.course, now.date());
        open.record.told_on = None;
        open.record.course = self.seal(tenant, Purpose::Health, &place, COURSE, &open.course).await?;
        open.record.updated_at = now;
        write.put_over(self, place, item(tenant, &open.record, open.version + 1)?, Some(open.version), || {
            Error::Stale
        })?;
        open.version += 1;
        let event = self.event(permit, action)?.on(open.record.employee).on(open.record.id).in_confidence();
        Ok(Prepared { thing: shown(permit, open), write, event })
    }
}
