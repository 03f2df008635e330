//! Interviews (面談・面接指導): one item each, in the partition of its employee; their states are drawn in [`domain::interview`].
//!
//! | family, partition | clear | sealed |
//! | --- | --- | --- |
//! | interview, employee | id, state, whether it is in confidence, the day on which somebody is to look next, times | kind, cause, wish, time and place, report, decision, who did what when (`health`) |
//! | interview, `cause#` and employee | id | |
//! | note, employee | id, version, author, time | what was talked about (`interview-notes`) |
//! | index | by state, in the order of when somebody is to look next; those in confidence apart | |
//!
//! What the employer's side knows nothing of (consultations, guidance) lies in other partitions of the index, so that no list, page or count of theirs says that there is any; once the worker has
//! agreed to a report, it stands among the others. An interview after a stress check is there as long as its worker's request stands, which each read looks at again; what was held stays.

mod letter;
mod lines;
mod notes;
mod over;
mod pending;
mod remind;
mod slots;
mod steps;

use std::collections::BTreeSet;

use authz::{
    Denied, Permission, PermissionId, Permit, Placement,
    permission::{ArrangeInterviews, RequestInterviews, ViewConsultations, ViewInterviewMeasures, ViewInterviews},
};
use domain::{
    employee::PersonName,
    ids::{AccountId, EmployeeId, InterviewId, StressRoundId, TenantId},
    interview::{Booking, Conductor, InterviewCause, InterviewKind, InterviewReport, InterviewState, KindRow},
    remark::Remark,
    time::Jst,
    work_fitness::Decision,
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

pub use letter::InterviewLetter;
pub(crate) use lines::InterviewReader;
pub use notes::InterviewNote;
pub(crate) use pending::PendingInterview;
pub use slots::InterviewSlot;
pub use steps::SeenInterview;

use crate::{
    Conflict, Error, Event, MeasuresInForce, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    item::{Attributes, Sealed, Stored, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// The attribute that [`Course`] is sealed in.
const COURSE: &str = "course";
/// How many steps an interview takes.
const MOST_STEPS: usize = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: InterviewId,
    employee: EmployeeId,
    #[serde(rename = "interview_state")]
    state: InterviewState,
    /// The employer's side knows nothing of it.
    in_confidence: bool,
    /// When somebody is to look next, while anybody is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next_on: Option<Date>,
    /// When somebody was last reminded of that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    told_on: Option<Date>,
    course: Sealed,
    created_at: Jst,
    updated_at: Jst,
}

/// That a cause has an interview.
#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    interview: InterviewId,
}

/// What is sealed of an interview.
#[derive(Clone, Serialize, Deserialize)]
struct Course {
    kind: InterviewKind,
    cause: InterviewCause,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    due_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    booking: Option<Booking>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    held: Option<HeldInterview>,
    steps: Vec<InterviewStep>,
}

/// That an interview was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldInterview {
    /// On which day.
    pub on: Date,
    /// Who held it, as the name stood on that day.
    pub conductor: PersonName,
}

/// One step of an interview. Debug output shows nothing of what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterviewStep {
    /// When.
    pub at: Jst,
    /// Who.
    pub by: AccountId,
    /// Where the interview was before; none for the first step.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<InterviewState>,
    /// What was said or done.
    pub what: InterviewSaid,
}

impl std::fmt::Debug for InterviewStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InterviewStep").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What somebody said or did in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum InterviewSaid {
    /// The worker asked for it.
    Requested {
        /// What they wish for it; not for the employer's side.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        wish: Option<Remark>,
    },
    /// Somebody opened it.
    Opened,
    /// It got a time and a place.
    Booked {
        /// Which.
        booking: Booking,
    },
    /// Its time was given back, or withdrawn.
    Unbooked,
    /// The worker did not come.
    Missed,
    /// It was held.
    Held,
    /// It was called off.
    Cancelled {
        /// Why.
        reason: Remark,
    },
    /// The worker does not want it.
    Declined {
        /// Why; not for the employer's side.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<Remark>,
    },
    /// A physician reported.
    Opinion {
        /// What the report says.
        report: InterviewReport,
        /// The physician's name, as it stood on that day.
        physician: PersonName,
    },
    /// The employer decided.
    Decision {
        /// What was decided.
        decision: Decision,
    },
    /// It ended.
    Closed {
        /// Why.
        reason: Remark,
    },
}

/// An interview, as far as the permit's holder may see it. Debug output shows nothing of it.
#[derive(Clone)]
pub struct Interview {
    /// Its id.
    pub id: InterviewId,
    /// Whose.
    pub employee: EmployeeId,
    /// Its kind.
    pub kind: InterviewKind,
    /// The one thing that it comes from.
    pub cause: InterviewCause,
    /// Where it is.
    pub state: InterviewState,
    /// By when it is to be held.
    pub due_on: Option<Date>,
    /// When somebody is to look next.
    pub next_on: Option<Date>,
    /// Its time and place.
    pub booking: Option<Booking>,
    /// When it was held, and who did.
    pub held: Option<HeldInterview>,
    /// What was said and done, oldest first.
    pub history: Vec<InterviewStep>,
    /// When it was asked for or opened.
    pub created_at: Jst,
}

impl std::fmt::Debug for Interview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interview").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Interview {
    /// The report that holds, with the physician's name and the step in which it was given.
    #[must_use]
    pub fn report(&self) -> Option<(&InterviewReport, &PersonName, &InterviewStep)> {
        last_report(&self.history)
    }

    /// The decision that holds, with the step in which it was taken: one after the report that holds.
    #[must_use]
    pub fn decision(&self) -> Option<(&Decision, &InterviewStep)> {
        last_decision(&self.history)
    }
}

/// What an interview begins with.
#[derive(Debug, Clone)]
pub struct NewInterview {
    /// Its kind.
    pub kind: InterviewKind,
    /// What it comes from.
    pub cause: InterviewCause,
    /// What the worker wishes for it.
    pub wish: Option<Remark>,
}

/// Which interviews a part of the index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InterviewList {
    /// Those that the employer's side knows of.
    Known,
    /// Consultations and guidance.
    InConfidence,
}

/// An interview that was opened, as somebody is about to read or change it.
struct Open {
    record: Record,
    version: u64,
    course: Course,
    placement: Placement,
}

impl Open {
    fn row(&self) -> &'static KindRow {
        self.course.kind.row()
    }

    /// The request after a stress check that must stand while it is ahead.
    fn request(&self) -> Option<(StressRoundId, EmployeeId)> {
        match self.course.cause {
            InterviewCause::StressRound { round } if self.record.state.is_ahead() => {
                Some((round, self.record.employee))
            }
            _ => None,
        }
    }

    /// What the trail says of it is not for the company's readers: that there is one tells of a consultation, or of who is under high stress.
    fn is_untold(&self) -> bool {
        self.record.in_confidence || self.course.kind == InterviewKind::HighStress
    }
}

fn last_report(steps: &[InterviewStep]) -> Option<(&InterviewReport, &PersonName, &InterviewStep)> {
    steps.iter().rev().find_map(|step| match &step.what {
        InterviewSaid::Opinion { report, physician } => Some((report, physician, step)),
        _ => None,
    })
}

fn last_decision(steps: &[InterviewStep]) -> Option<(&Decision, &InterviewStep)> {
    let since = steps.iter().rev().take_while(|step| !matches!(step.what, InterviewSaid::Opinion { .. }));
    since.into_iter().find_map(|step| match &step.what {
        InterviewSaid::Decision { decision } => Some((decision, step)),
        _ => None,
    })
}

fn key(tenant: TenantId, employee: EmployeeId, id: InterviewId) -> Key {
    Key::new(Table::Records, tenant, Family::Interview, employee, id)
}

/// Where it stands that a cause has an interview of a kind.
fn cause_key(tenant: TenantId, employee: EmployeeId, kind: InterviewKind, thing: &str) -> Key {
    Key::new(
        Table::Records,
        tenant,
        Family::Interview,
        format_args!("cause#{employee}"),
        format_args!("{kind}#{thing}"),
    )
}

fn of_state(tenant: TenantId, list: InterviewList, state: InterviewState) -> String {
    let list = match list {
        InterviewList::Known => "known",
        InterviewList::InConfidence => "confidential",
    };
    partition(tenant, Family::Interview, format_args!("{list}#{}", state.name()))
}

fn item(tenant: TenantId, record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(tenant, record.employee, record.id), version, SCHEMA, record)?;
    let list = if record.in_confidence { InterviewList::InConfidence } else { InterviewList::Known };
    Ok(match record.next_on {
        Some(next) => indexed(item, of_state(tenant, list, record.state), format!("{next}#{}", record.id)),
        None => item,
    })
}

/// When somebody is to look next at an interview that is in `state`.
fn next_on(state: InterviewState, course: &Course, today: Date) -> Option<Date> {
    let row = course.kind.row();
    match state {
        InterviewState::Requested | InterviewState::NoShow => Some(course.due_on.unwrap_or(today)),
        InterviewState::Booked => course.booking.as_ref().map(|booking| booking.terms().starts_at.date()),
        InterviewState::Held => {
            let held_on = course.held.as_ref().map_or(today, |held| held.on);
            Some(row.opinion_within.map_or(held_on, |term| term.from(held_on)))
        }
        InterviewState::OpinionGiven => Some(row.decision_within.map_or(today, |term| term.from(today))),
        InterviewState::Decided => {
            let until = last_decision(&course.steps).and_then(|(decision, _)| decision.terms().until);
            let review = last_report(&course.steps).and_then(|(report, ..)| report.opinion().terms().review_on);
            Some(until.or(review).unwrap_or(Date::MAX))
        }
        InterviewState::Closed | InterviewState::Cancelled | InterviewState::Declined => None,
    }
}

/// Whether the permit's holder may know of it.
fn is_for<P: Permission>(permit: &Permit<P>, record: &Record, placement: &Placement) -> bool {
    !record.in_confidence
        || permit.reach().is_oneself(record.employee)
        || permit.sees_of(PermissionId::SeeConsultations, placement)
}

/// Whether the permit's holder has to do with what is said in interviews of a kind.
fn conducts<P: Permission>(permit: &Permit<P>, kind: InterviewKind, placement: &Placement) -> bool {
    kind.row().conductor == Conductor::PhysicianOrNurse
        || permit.sees_of(PermissionId::SeePhysiciansInterviews, placement)
}

/// An interview, as far as somebody sees it: the worker's own words are for themselves and for those who hold interviews.
fn shown<P: Permission>(permit: &Permit<P>, open: Open) -> Stored<Interview> {
    let Open { record, version, course, placement } = open;
    let hears =
        permit.reach().is_oneself(record.employee) || permit.sees_of(PermissionId::SeeConsultations, &placement);
    let mut history = course.steps;
    for step in history.iter_mut().filter(|_| !hears) {
        match &mut step.what {
            InterviewSaid::Requested { wish } => *wish = None,
            InterviewSaid::Declined { reason } => *reason = None,
            _ => {}
        }
    }
    let interview = Interview {
        id: record.id,
        employee: record.employee,
        kind: course.kind,
        cause: course.cause,
        state: record.state,
        due_on: course.due_on,
        next_on: record.next_on,
        booking: course.booking,
        held: course.held,
        history,
        created_at: record.created_at,
    };
    Stored { record: interview, version }
}

impl Store {
    /// Asks for an interview for oneself.
    pub async fn request_interview(
        &self,
        permit: &Permit<RequestInterviews>,
        employee: EmployeeId,
        new: NewInterview,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let placement = self.placed_within(permit, employee).await?;
        let said = InterviewSaid::Requested { wish: new.wish.clone() };
        self.begin_interview(permit, placement, new, said, "interview.request").await
    }

    /// Opens an interview from what gives cause for it. What the employer's side knows nothing of is opened by those who hold it.
    pub async fn open_interview(
        &self,
        permit: &Permit<ArrangeInterviews>,
        employee: EmployeeId,
        new: NewInterview,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let placement = self.placed_within(permit, employee).await?;
        if !new.kind.row().known && !permit.sees_of(PermissionId::SeeConsultations, &placement) {
            return Err(Denied::Forbidden.into());
        }
        self.begin_interview(permit, placement, new, InterviewSaid::Opened, "interview.open").await
    }

    /// The interviews in a state of which the employer's side knows, among whom the permit reaches; those first that somebody is to look at first: up to `limit`, and where to go on.
    pub async fn interviews(
        &self,
        permit: &Permit<ViewInterviews>,
        state: InterviewState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Interview>>, Option<String>), Error> {
        self.list_interviews(permit, InterviewList::Known, state, after, limit).await
    }

    /// The same of consultations and guidance.
    pub async fn consultations(
        &self,
        permit: &Permit<ViewConsultations>,
        state: InterviewState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Interview>>, Option<String>), Error> {
        self.list_interviews(permit, InterviewList::InConfidence, state, after, limit).await
    }

    async fn list_interviews<P: Permission>(
        &self,
        permit: &Permit<P>,
        list: InterviewList,
        state: InterviewState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Interview>>, Option<String>), Error> {
        let (found, next) = self.interviews_in(permit, list, state, after, limit).await?;
        let shown: Vec<_> = found.into_iter().map(|open| shown(permit, open)).collect();
        let subjects = subjects(&shown);
        Ok((self.disclose_in_confidence(permit, "interview.list", subjects, shown).await?, next))
    }

    /// The interviews of an employee, the newest first.
    pub async fn interviews_of_employee(
        &self,
        permit: &Permit<ViewInterviews>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<Interview>>, Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::Interview, partition(tenant, Family::Interview, employee));
        let of_employee = self.records_in::<Record>(range.descending());
        let (placement, records) = try_join(self.placed_within(permit, employee), of_employee).await?;
        let mut found = Vec::with_capacity(records.len());
        for stored in records {
            if is_for(permit, &stored.record, &placement) {
                found.push(self.opened_interview(tenant, stored, placement.clone()).await?);
            }
        }
        let found = self.that_stand(permit, found).await?;
        let shown: Vec<_> = found.into_iter().map(|open| shown(permit, open)).collect();
        let subjects = std::iter::once(employee.to_string()).chain(subjects(&shown));
        let subjects: Vec<String> = subjects.collect();
        self.disclose_in_confidence(permit, "interview.list", subjects, shown).await
    }

    /// One interview.
    pub async fn interview(
        &self,
        permit: &Permit<ViewInterviews>,
        employee: EmployeeId,
        id: InterviewId,
    ) -> Result<Stored<Interview>, Error> {
        let open = self.interview_within(permit, employee, id).await?;
        let event = self.event(permit, "interview.read")?.on(employee).on(id);
        let event = Event { disclosure: true, ..event };
        self.tell(if open.is_untold() { event.in_confidence() } else { event }).await?;
        Ok(shown(permit, open))
    }

    /// The measures after interviews that are in force among those whom the permit reaches, and nothing of why: not even after which kind of interview.
    pub async fn interview_measures(
        &self,
        permit: &Permit<ViewInterviewMeasures>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<MeasuresInForce>, Option<String>), Error> {
        let (found, next) =
            self.interviews_in(permit, InterviewList::Known, InterviewState::Decided, after, limit).await?;
        let measures = found.iter().filter_map(|open| {
            let (report, ..) = last_report(&open.course.steps)?;
            let (decision, _) = last_decision(&open.course.steps)?;
            let terms = decision.terms();
            (!terms.measures.is_empty()).then(|| MeasuresInForce {
                employee: open.record.employee,
                measures: terms.measures.clone(),
                from: terms.from,
                until: terms.until,
                for_workplace: report.opinion().terms().for_workplace.clone(),
            })
        });
        let measures: Vec<_> = measures.collect();
        let subjects: Vec<String> = measures.iter().map(|measures| measures.employee.to_string()).collect();
        Ok((self.disclose(permit, "interview.measures", subjects, measures).await?, next))
    }

    /// The interviews of a list in a state whose people the permit reaches, opened.
    async fn interviews_in<P: Permission>(
        &self,
        permit: &Permit<P>,
        list: InterviewList,
        state: InterviewState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Open>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::Interview, of_state(tenant, list, state)).by_index();
        let (found, next) =
            self.records_within_reach(permit, range, after, limit, |record: &Record| record.employee).await?;
        let mut opened = Vec::with_capacity(found.len());
        for (stored, placement) in found {
            // The index lags behind: what has been reported meanwhile stands among the others.
            if is_for(permit, &stored.record, &placement) {
                opened.push(self.opened_interview(tenant, stored, placement).await?);
            }
        }
        Ok((self.that_stand(permit, opened).await?, next))
    }

    /// Of these interviews those that are one's own, or whose request after a stress check stands where they come from one.
    async fn that_stand<P: Permission>(&self, permit: &Permit<P>, found: Vec<Open>) -> Result<Vec<Open>, Error> {
        let own = |open: &Open| permit.reach().is_oneself(open.record.employee);
        let asked: Vec<_> = found.iter().filter(|open| !own(open)).filter_map(Open::request).collect();
        if asked.is_empty() {
            return Ok(found);
        }
        let standing = self.standing_requests(permit.tenant(), &asked).await?;
        let stands = |open: &Open| own(open) || open.request().is_none_or(|request| standing.contains_key(&request));
        Ok(found.into_iter().filter(stands).collect())
    }

    /// An interview of somebody within the permit's reach, of which its holder may know.
    async fn interview_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        id: InterviewId,
    ) -> Result<Open, Error> {
        let tenant = permit.tenant();
        let place = key(tenant, employee, id);
        let (placement, found) = try_join(self.placed_within(permit, employee), self.load::<Record>(&place)).await?;
        let stored = found.filter(|stored| is_for(permit, &stored.record, &placement)).ok_or(Error::NotFound)?;
        let open = self.opened_interview(tenant, stored, placement).await?;
        self.that_stand(permit, vec![open]).await?.pop().ok_or(Error::NotFound)
    }

    /// Whether an employee's interview is about a leave or a return.
    pub(crate) async fn is_interview_about_leave(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        id: InterviewId,
    ) -> Result<bool, Error> {
        let place = key(tenant, employee, id);
        let Some(stored) = self.load::<Record>(&place).await? else { return Ok(false) };
        let course: Course = self.open(tenant, Purpose::Health, &place, COURSE, &stored.record.course).await?;
        Ok(matches!(course.kind, InterviewKind::Leave | InterviewKind::Return))
    }

    async fn opened_interview(
        &self,
        tenant: TenantId,
        stored: Stored<Record>,
        placement: Placement,
    ) -> Result<Open, Error> {
        let Stored { record, version } = stored;
        let place = key(tenant, record.employee, record.id);
        let course = self.open(tenant, Purpose::Health, &place, COURSE, &record.course).await?;
        Ok(Open { record, version, course, placement })
    }

    /// Begins an interview, with the one thing that it comes from.
    async fn begin_interview<P: Permission>(
        &self,
        permit: &Permit<P>,
        placement: Placement,
        new: NewInterview,
        said: InterviewSaid,
        action: &'static str,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let (employee, id, today) = (placement.employee, self.new_id()?, now.date());
        let NewInterview { kind, cause, .. } = new;
        let mut write = Write::new();
        let due_on = self.link_cause(permit, &mut write, employee, kind, cause).await?;
        if let Some(thing) = cause.thing() {
            self.claim_cause(&mut write, tenant, (employee, id), kind, &thing).await?;
        }
        let steps = vec![InterviewStep { at: now, by, from: None, what: said }];
        let course = Course { kind, cause, due_on, booking: None, held: None, steps };
        let place = key(tenant, employee, id);
        let state = InterviewState::Requested;
        let record = Record {
            id,
            employee,
            state,
            in_confidence: !kind.row().known,
            next_on: next_on(state, &course, today),
            told_on: None,
            course: self.seal(tenant, Purpose::Health, &place, COURSE, &course).await?,
            created_at: now,
            updated_at: now,
        };
        let item = item(tenant, &record, 1)?;
        write.put_over(self, place, item, None, || Error::Internal("an id came twice".to_owned()))?;
        let open = Open { record, version: 1, course, placement };
        let event = self.event(permit, action)?.on(employee).on(id);
        let event = if open.is_untold() { event.in_confidence() } else { event };
        Ok(Prepared { thing: shown(permit, open), write, event })
    }

    /// Adds to `write` what an interview means to the thing that it comes from, if that is there; by when it is to be held.
    async fn link_cause<P: Permission>(
        &self,
        permit: &Permit<P>,
        write: &mut Write,
        employee: EmployeeId,
        kind: InterviewKind,
        cause: InterviewCause,
    ) -> Result<Option<Date>, Error> {
        let (tenant, missing) = (permit.tenant(), || Error::from(Conflict::MissingReference));
        let from_today = || kind.row().held_within.map(|term| term.from(self.today()));
        match cause {
            InterviewCause::WorkingMonth { month } => {
                let due_on = self.interview_about_month(write, tenant, (employee, month)).await?;
                due_on.ok_or_else(missing).map(Some)
            }
            // Whatever the reason: a round that never was, somebody without high stress, a request that was taken back.
            InterviewCause::StressRound { round } => {
                let standing = self.standing_requests(tenant, &[(round, employee)]).await?;
                let due_on = standing.get(&(round, employee)).ok_or_else(missing)?;
                self.hold_request(write, tenant, round, employee)?;
                Ok(Some(*due_on))
            }
            InterviewCause::Checkup { checkup } => {
                let heads = self.heads_within(permit, &[(employee, checkup)]).await?;
                heads.get(&checkup).map(|_| from_today()).ok_or_else(missing)
            }
            InterviewCause::Absence | InterviewCause::OwnWish | InterviewCause::Manager => Ok(from_today()),
        }
    }

    /// Adds to `write` that a cause has this interview, unless one of the same kind is under way.
    async fn claim_cause(
        &self,
        write: &mut Write,
        tenant: TenantId,
        (employee, id): (EmployeeId, InterviewId),
        kind: InterviewKind,
        thing: &str,
    ) -> Result<(), Error> {
        let place = cause_key(tenant, employee, kind, thing);
        let before = self.load::<Claim>(&place).await?;
        if let Some(before) = &before {
            let other = self.load::<Record>(&key(tenant, employee, before.record.interview)).await?;
            if other.is_some_and(|other| !other.record.state.is_over()) {
                return Err(Conflict::InterviewExists.into());
            }
        }
        let version = before.map(|before| before.version);
        let item = to_item(&place, version.unwrap_or(0) + 1, SCHEMA, &Claim { interview: id })?;
        write.put_over(self, place, item, version, || Conflict::InterviewExists.into())?;
        Ok(())
    }
}

/// The ids for the trail: whose interviews, and which.
fn subjects(interviews: &[Stored<Interview>]) -> Vec<String> {
    let employees: BTreeSet<EmployeeId> = interviews.iter().map(|stored| stored.record.employee).collect();
    let ids = interviews.iter().map(|stored| stored.record.id.to_string());
    employees.iter().map(ToString::to_string).chain(ids).collect()
}
