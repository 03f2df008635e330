//! Leave cases (休職・職場復帰): one item each, in the partition of its employee; their states are drawn in [`domain::leave`].
//!
//! | family, partition | clear | sealed |
//! | --- | --- | --- |
//! | case, employee | id, state, who of the employer is assigned, the day on which somebody is to look next, times | days, plan, certificates' kinds and days, links, who did what when (`health`) |
//! | case, `current#` and employee | which case is under way | |
//! | note, employee | case, number, author, time | diagnosis, what was said to those who hold interviews (`interview-notes`) |
//! | index | those under way by state, in the order of when somebody is to look next | |
//!
//! A case is read by its worker, by physicians and nurses whose grants reach them, and by those of HR who are assigned to it; to everybody else it was never there. No type of this module but [`LeaveNote`] has
//! a diagnosis, and that one is read by a permission that nobody of the employer's side has. Workplaces read [`LeaveMeasures`].

mod notes;
mod remind;
mod steps;

use std::collections::BTreeSet;

use authz::{
    Denied, Permission, PermissionId, Permit, Placement,
    permission::{ManageLeaveCases, ViewLeaveCases, ViewLeaveMeasures},
};
use domain::{
    ids::{AccountId, EmployeeId, InterviewId, LeaveCaseId, TenantId},
    leave::{Certificate, LeaveAct, LeaveOutcome, LeaveState, PlanStage, ReturnPlan},
    remark::Remark,
    time::Jst,
    work_fitness::{Measure, TermsFault},
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

pub use notes::LeaveNote;
pub use steps::{LeaveEntry, SeenLeaveCase};

use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    item::{Attributes, Sealed, Stored, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// The attribute that [`Course`] is sealed in.
const COURSE: &str = "course";
/// How many steps a case takes.
const MOST_STEPS: usize = 300;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: LeaveCaseId,
    employee: EmployeeId,
    #[serde(rename = "leave_state")]
    state: LeaveState,
    /// Who of HR has to do with it.
    assignees: BTreeSet<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    told_on: Option<Date>,
    course: Sealed,
    created_at: Jst,
    updated_at: Jst,
}

/// Which case of an employee is under way.
#[derive(Debug, Serialize, Deserialize)]
struct Current {
    case: LeaveCaseId,
}

/// What is sealed of a case.
#[derive(Clone, Serialize, Deserialize)]
struct Course {
    began_on: Date,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expected_until: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    earlier: Option<LeaveCaseId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    plan: Option<ReturnPlan>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    review_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    allowance_from: Option<Date>,
    certificates: Vec<Certificate>,
    interviews: BTreeSet<InterviewId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    outcome: Option<LeaveOutcome>,
    steps: Vec<LeaveStep>,
}

/// One step of a case. Debug output shows nothing of what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveStep {
    /// When.
    pub at: Jst,
    /// Who.
    pub by: AccountId,
    /// Where the case was before; none for the first step.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<LeaveState>,
    /// What was said or done.
    pub what: LeaveSaid,
    /// What the employer's side wrote about it; what others wrote is a [`LeaveNote`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub words: Option<Remark>,
}

impl std::fmt::Debug for LeaveStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaveStep").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What somebody said or did in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum LeaveSaid {
    /// The leave began.
    Opened,
    /// Others of HR have to do with it.
    Assigned,
    /// A certificate came.
    CertificateCame {
        /// Its kind and days.
        certificate: Certificate,
    },
    /// Somebody talked with the worker.
    Contacted {
        /// When.
        on: Date,
    },
    /// The attending doctor judges a return possible.
    JudgedPossible {
        /// When they did.
        on: Date,
    },
    /// A plan was made.
    Planned {
        /// Which.
        plan: ReturnPlan,
    },
    /// The employer decided.
    Decided {
        /// Whether the worker returns.
        returns: bool,
    },
    /// It was too early after all.
    Postponed,
    /// Somebody looked after the worker.
    Reviewed {
        /// When that is done next.
        next_on: Date,
    },
    /// When the allowance began.
    AllowanceNoted {
        /// When.
        from: Date,
    },
    /// Until when the leave is expected to last.
    Expected {
        /// Until when.
        until: Date,
    },
    /// An interview belongs to it.
    Linked {
        /// Which.
        interview: InterviewId,
    },
    /// It ended.
    Closed {
        /// How.
        outcome: LeaveOutcome,
    },
}

/// A leave case, as far as its worker and the employer's side see it: no diagnosis, and nothing of what was said to physicians and nurses. Debug output shows nothing of it.
#[derive(Clone)]
pub struct LeaveCase {
    /// Its id.
    pub id: LeaveCaseId,
    /// Whose.
    pub employee: EmployeeId,
    /// Where it is.
    pub state: LeaveState,
    /// Who of HR has to do with it.
    pub assignees: BTreeSet<AccountId>,
    /// When the leave began.
    pub began_on: Date,
    /// Until when it is expected to last.
    pub expected_until: Option<Date>,
    /// The case before, where the worker fell ill again.
    pub earlier: Option<LeaveCaseId>,
    /// The plan that holds.
    pub plan: Option<ReturnPlan>,
    /// When somebody is to look next.
    pub next_on: Option<Date>,
    /// When the allowance began.
    pub allowance_from: Option<Date>,
    /// The certificates that came.
    pub certificates: Vec<Certificate>,
    /// The interviews that belong to it.
    pub interviews: BTreeSet<InterviewId>,
    /// How it ended.
    pub outcome: Option<LeaveOutcome>,
    /// What was said and done, oldest first.
    pub history: Vec<LeaveStep>,
    /// When it was opened.
    pub created_at: Jst,
}

impl std::fmt::Debug for LeaveCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaveCase").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a case begins with.
#[derive(Debug, Clone)]
pub struct NewLeaveCase {
    /// When the leave began, or begins.
    pub began_on: Date,
    /// Until when it is expected to last.
    pub expected_until: Option<Date>,
    /// The case before, where the worker fell ill again.
    pub earlier: Option<LeaveCaseId>,
}

/// What a workplace has to know of somebody who has returned, and nothing of why.
#[derive(Debug, Clone)]
pub struct LeaveMeasures {
    /// Whose.
    pub employee: EmployeeId,
    /// Since when they are back, or from when.
    pub returns_on: Date,
    /// Hours a week, stage by stage.
    pub stages: Vec<PlanStage>,
    /// Restrictions.
    pub measures: Vec<Measure>,
    /// When they are looked at again.
    pub review_on: Date,
    /// Words for the workplace.
    pub for_workplace: Option<Remark>,
}

/// A case that was opened, as somebody is about to read or change it.
struct Open {
    record: Record,
    version: u64,
    course: Course,
    placement: Placement,
}

const EXPECTED_BEFORE: TermsFault = TermsFault {
    pointer: "/expected_until",
    code: "before_from",
    detail: "終了の見込みの日には、休業の開始日以降の日を指定してください。",
};

fn key(tenant: TenantId, employee: EmployeeId, id: LeaveCaseId) -> Key {
    Key::new(Table::Records, tenant, Family::LeaveCase, employee, id)
}

fn current_key(tenant: TenantId, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::LeaveCase, format_args!("current#{employee}"), "case")
}

fn of_state(tenant: TenantId, state: LeaveState) -> String {
    partition(tenant, Family::LeaveCase, format_args!("state#{}", state.name()))
}

fn item(tenant: TenantId, record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(tenant, record.employee, record.id), version, SCHEMA, record)?;
    let next = record.next_on.unwrap_or(Date::MAX);
    Ok(match record.state {
        LeaveState::Closed => item,
        state => indexed(item, of_state(tenant, state), format!("{next}#{}", record.id)),
    })
}

/// Whether the permit's holder has to do with somebody's health beyond what the employer knows.
fn is_medical<P: Permission>(permit: &Permit<P>, placement: &Placement) -> bool {
    permit.sees_of(PermissionId::SeeLeaveWords, placement)
}

/// Whether the permit's holder may know of a case.
fn is_for<P: Permission>(permit: &Permit<P>, record: &Record, placement: &Placement) -> bool {
    permit.reach().is_oneself(record.employee)
        || is_medical(permit, placement)
        || permit.actor().account().is_some_and(|account| record.assignees.contains(&account))
}

/// A case, as far as somebody sees it: what HR wrote about its worker is not for the worker here (they may ask for it, domain.md 10.3).
fn shown<P: Permission>(permit: &Permit<P>, open: Open) -> Stored<LeaveCase> {
    let Open { record, version, course, .. } = open;
    let mut history = course.steps;
    for step in history.iter_mut().filter(|_| permit.reach().is_oneself(record.employee)) {
        step.words = None;
    }
    let case = LeaveCase {
        id: record.id,
        employee: record.employee,
        state: record.state,
        assignees: record.assignees,
        began_on: course.began_on,
        expected_until: course.expected_until,
        earlier: course.earlier,
        plan: course.plan,
        next_on: record.next_on,
        allowance_from: course.allowance_from,
        certificates: course.certificates,
        interviews: course.interviews,
        outcome: course.outcome,
        history,
        created_at: record.created_at,
    };
    Stored { record: case, version }
}

impl Store {
    /// Opens a case; whoever of HR opens it has to do with it. What is wrong with its days otherwise. A case before that is still followed up ends as relapsed.
    pub async fn open_leave_case(
        &self,
        permit: &Permit<ManageLeaveCases>,
        employee: EmployeeId,
        new: NewLeaveCase,
    ) -> Result<Result<Prepared<Stored<LeaveCase>>, Vec<TermsFault>>, Error> {
        let placement = self.placed_within(permit, employee).await?;
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let NewLeaveCase { began_on, expected_until, earlier } = new;
        if expected_until.is_some_and(|until| until < began_on) {
            return Ok(Err(vec![EXPECTED_BEFORE]));
        }
        let (id, mut write, mut before) = (self.new_id()?, Write::new(), None);
        if let Some(earlier) = earlier {
            let open = self.leave_case_within(permit, employee, earlier).await;
            let open = open.map_err(|error| match error {
                Error::NotFound => Conflict::MissingReference.into(),
                other => other,
            })?;
            match open.record.state {
                LeaveState::Closed => {}
                LeaveState::FollowUp => {
                    let said = LeaveSaid::Closed { outcome: LeaveOutcome::Relapsed };
                    let act = Some(LeaveAct::Close(LeaveOutcome::Relapsed));
                    let ended =
                        self.step_of_leave(permit, open, write, (act, said, None), "leave_case.relapse").await?;
                    write = ended.write;
                    before = Some(ended.event);
                }
                _ => return Err(Conflict::WrongState.into()),
            }
        }
        self.claim_leave(&mut write, tenant, employee, id, earlier).await?;
        let own = self.account_of_employee(tenant, employee).await?;
        let assignees = if is_medical(permit, &placement) { BTreeSet::new() } else { BTreeSet::from([by]) };
        // Nobody has to do with their own case for the employer.
        if own.is_some_and(|own| assignees.contains(&own)) {
            return Err(Denied::Forbidden.into());
        }
        let steps = vec![LeaveStep { at: now, by, from: None, what: LeaveSaid::Opened, words: None }];
        let course = Course {
            began_on,
            expected_until,
            earlier,
            plan: None,
            review_on: None,
            allowance_from: None,
            certificates: Vec::new(),
            interviews: BTreeSet::new(),
            outcome: None,
            steps,
        };
        let place = key(tenant, employee, id);
        let record = Record {
            id,
            employee,
            state: LeaveState::OnLeave,
            assignees,
            next_on: expected_until,
            told_on: None,
            course: self.seal(tenant, Purpose::Health, &place, COURSE, &course).await?,
            created_at: now,
            updated_at: now,
        };
        let twice = || Error::Internal("an id came twice".to_owned());
        write.put_over(self, place, item(tenant, &record, 1)?, None, twice)?;
        if let Some(event) = &before {
            write.tell(self, event).await?;
        }
        let event = self.event(permit, "leave_case.open")?.on(employee).on(id).in_confidence();
        let thing = shown(permit, Open { record, version: 1, course, placement });
        Ok(Ok(Prepared { thing, write, event }))
    }

    /// The cases in a state that the permit's holder may know of, those first that somebody is to look at first: up to `limit`, and where to go on.
    pub async fn leave_cases(
        &self,
        permit: &Permit<ViewLeaveCases>,
        state: LeaveState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<LeaveCase>>, Option<String>), Error> {
        let (found, next) = self.leave_cases_in(permit, state, after, limit, true).await?;
        let cases: Vec<_> = found.into_iter().map(|open| shown(permit, open)).collect();
        let subjects: Vec<_> =
            cases.iter().flat_map(|it| [it.record.employee.to_string(), it.record.id.to_string()]).collect();
        Ok((self.disclose_in_confidence(permit, "leave_case.list", subjects, cases).await?, next))
    }

    /// The cases of an employee that the permit's holder may know of, the newest first.
    pub async fn leave_cases_of_employee(
        &self,
        permit: &Permit<ViewLeaveCases>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<LeaveCase>>, Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::LeaveCase, partition(tenant, Family::LeaveCase, employee));
        let of_employee = self.records_in::<Record>(range.descending());
        let (placement, records) = try_join(self.placed_within(permit, employee), of_employee).await?;
        let mut cases = Vec::with_capacity(records.len());
        for stored in records.into_iter().filter(|stored| is_for(permit, &stored.record, &placement)) {
            cases.push(shown(permit, self.opened_leave_case(tenant, stored, placement.clone()).await?));
        }
        let subjects = std::iter::once(employee.to_string()).chain(cases.iter().map(|it| it.record.id.to_string()));
        let subjects: Vec<_> = subjects.collect();
        self.disclose_in_confidence(permit, "leave_case.list", subjects, cases).await
    }

    /// One case.
    pub async fn leave_case(
        &self,
        permit: &Permit<ViewLeaveCases>,
        employee: EmployeeId,
        id: LeaveCaseId,
    ) -> Result<Stored<LeaveCase>, Error> {
        let open = self.leave_case_within(permit, employee, id).await?;
        let subjects = [employee.to_string(), id.to_string()];
        self.disclose_in_confidence(permit, "leave_case.read", subjects, shown(permit, open)).await
    }

    /// What workplaces have to know of those who have returned, among whom the permit reaches, and nothing of why.
    pub async fn leave_measures(
        &self,
        permit: &Permit<ViewLeaveMeasures>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<LeaveMeasures>, Option<String>), Error> {
        let (found, next) = self.leave_cases_in(permit, LeaveState::FollowUp, after, limit, false).await?;
        let measures = found.into_iter().filter_map(|open| {
            let (review_on, plan) = (open.course.review_on, open.course.plan?);
            let terms = plan.terms().clone();
            Some(LeaveMeasures {
                employee: open.record.employee,
                returns_on: terms.returns_on,
                stages: terms.stages,
                measures: terms.measures,
                review_on: review_on.unwrap_or(terms.review_on),
                for_workplace: terms.for_workplace,
            })
        });
        let measures: Vec<_> = measures.collect();
        let subjects: Vec<_> = measures.iter().map(|it| it.employee.to_string()).collect();
        Ok((self.disclose(permit, "leave_case.measures", subjects, measures).await?, next))
    }

    /// The cases in a state whose people the permit reaches, opened; where `known` is asked for, those alone that its holder may know of.
    async fn leave_cases_in<P: Permission>(
        &self,
        permit: &Permit<P>,
        state: LeaveState,
        after: Option<String>,
        limit: usize,
        known: bool,
    ) -> Result<(Vec<Open>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::LeaveCase, of_state(tenant, state)).by_index();
        let (found, next) =
            self.records_within_reach(permit, range, after, limit, |record: &Record| record.employee).await?;
        let mut opened = Vec::with_capacity(found.len());
        for (stored, placement) in found {
            if !known || is_for(permit, &stored.record, &placement) {
                opened.push(self.opened_leave_case(tenant, stored, placement).await?);
            }
        }
        Ok((opened, next))
    }

    /// A case of somebody within the permit's reach of which its holder may know.
    async fn leave_case_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        id: LeaveCaseId,
    ) -> Result<Open, Error> {
        let tenant = permit.tenant();
        let place = key(tenant, employee, id);
        let (placement, found) = try_join(self.placed_within(permit, employee), self.load::<Record>(&place)).await?;
        let stored = found.filter(|stored| is_for(permit, &stored.record, &placement)).ok_or(Error::NotFound)?;
        self.opened_leave_case(tenant, stored, placement).await
    }

    async fn opened_leave_case(
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

    /// Adds to `write` that this case is the employee's current one, unless another one than `earlier` is under way.
    async fn claim_leave(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        id: LeaveCaseId,
        earlier: Option<LeaveCaseId>,
    ) -> Result<(), Error> {
        let place = current_key(tenant, employee);
        let before = self.load::<Current>(&place).await?;
        if let Some(before) = before.as_ref().filter(|before| Some(before.record.case) != earlier) {
            let other = self.load::<Record>(&key(tenant, employee, before.record.case)).await?;
            if other.is_some_and(|other| other.record.state != LeaveState::Closed) {
                return Err(Conflict::LeaveCaseExists.into());
            }
        }
        let version = before.map(|before| before.version);
        let item = to_item(&place, version.unwrap_or(0) + 1, SCHEMA, &Current { case: id })?;
        write.put_over(self, place, item, version, || Conflict::LeaveCaseExists.into())?;
        Ok(())
    }
}
