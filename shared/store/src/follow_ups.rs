//! Follow-ups (受診勧奨・保健指導): one per checkup, beside it in the partition of its employee; its states are drawn in [`domain::follow_up`].
//!
//! | | |
//! | --- | --- |
//! | clear | ids of checkup and employee, state, days, how often somebody was reminded, times |
//! | sealed (`health`) | findings with what came of them, the advice, sessions, outcome, who did what when |
//! | index | by state, in the order of the day by which an answer is asked for |

mod letter;
mod lines;

use std::collections::BTreeSet;

use authz::{
    Permission, PermissionId, Permit, Placement,
    permission::{AnswerFollowUps, ManageFollowUps, RecordGuidance, RemindEmployees, ViewFollowUps},
};
use domain::{
    checkup::{grade::Grade, item::Category},
    follow_up::{
        AnswerFault, Finding, FollowUpState, MOST_REMINDERS, Outcome, REMINDER_DAYS, Session, VisitAnswer, findings,
        next_reminder, state_of,
    },
    ids::{AccountId, CheckupId, EmployeeId, PLATFORM, TenantId},
    remark::Remark,
    time::Jst,
};
use futures_util::future::{try_join, try_join_all};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, ContractState, Error, Notice, Prepared, Store, Write,
    callers::somebody,
    checkups::SeenOfCheckup,
    contracts,
    db::Range,
    item::{Sealed, Stored, as_text, from_item, from_optional, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

pub use letter::RecommendationLetter;

const SCHEMA: u8 = 1;
/// The attribute that [`Course`] is sealed in.
const COURSE: &str = "course";
/// How many steps and sessions a follow-up takes.
const MOST_STEPS: usize = 200;
/// How many checkups are followed up at once: an item and a mail each, in one transaction.
pub const MOST_RECOMMENDED: usize = 30;
/// How many follow-ups one run of the job reminds of, for each tenant.
const MOST_REMINDED: usize = 1_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    checkup: CheckupId,
    employee: EmployeeId,
    examined_on: Date,
    #[serde(rename = "follow_up_state")]
    state: FollowUpState,
    /// By when an answer is asked for.
    due_on: Date,
    /// How many reminders went out.
    reminded: u8,
    /// When the recommendation, or the last reminder, went out.
    told_on: Date,
    course: Sealed,
    created_at: Jst,
    updated_at: Jst,
}

/// What is sealed of a follow-up.
#[derive(Clone, Serialize, Deserialize)]
struct Course {
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    advice: Option<Remark>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    sessions: Vec<HeldSession>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    closed: Option<(Outcome, Option<Remark>)>,
    steps: Vec<FollowUpStep>,
}

/// A session, with who held it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSession {
    /// Who.
    pub by: AccountId,
    /// When it was written down.
    pub at: Jst,
    /// The session.
    pub session: Session,
}

/// What was done when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUpStep {
    /// When.
    pub at: Jst,
    /// Who.
    pub by: AccountId,
    /// What.
    pub act: FollowUpAct,
}

/// What is done with a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpAct {
    /// The employee was advised to see a physician.
    Recommended,
    /// Somebody reminded the employee; what the schedule does is counted, and no step.
    Reminded,
    /// The employee said what came of it.
    Answered,
    /// A session was held.
    Guided,
    /// It ended.
    Closed,
}

/// A follow-up, as far as the permit's holder may see it. Debug output shows nothing of the health of anybody.
#[derive(Clone)]
pub struct FollowUp {
    /// The checkup.
    pub checkup: CheckupId,
    /// Whose it is.
    pub employee: EmployeeId,
    /// The day of the checkup.
    pub examined_on: Date,
    /// Where it is.
    pub state: FollowUpState,
    /// By when an answer is asked for.
    pub due_on: Date,
    /// How many reminders went out.
    pub reminded: u8,
    /// When the recommendation, or the last reminder, went out.
    pub told_on: Date,
    /// The findings, for those who see letters.
    pub findings: Option<Vec<Finding>>,
    /// What the employee was told beside them.
    pub advice: Option<Remark>,
    /// The sessions; what was talked about only for those who guide.
    pub sessions: Option<Vec<ShownSession>>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why, for those who see letters.
    pub reason: Option<Remark>,
    /// What was done when.
    pub steps: Vec<FollowUpStep>,
}

impl std::fmt::Debug for FollowUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowUp").field("checkup", &self.checkup).finish_non_exhaustive()
    }
}

/// A session as somebody sees it.
#[derive(Clone)]
pub struct ShownSession {
    /// The session, with who held it.
    pub held: HeldSession,
    /// What was talked about is for the reader.
    pub with_content: bool,
}

/// What is recommended.
#[derive(Debug, Clone)]
pub struct Recommendation {
    /// From which letter on a category is followed up.
    pub from: Grade,
    /// By when an answer is asked for.
    pub due_on: Date,
    /// What the employee is told beside the findings.
    pub advice: Option<Remark>,
}

/// Why a checkup is not followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRecommended {
    /// There is no such checkup, or it is out of reach.
    NotFound,
    /// No category has such a letter, or each is under treatment already.
    NothingFound,
    /// It is followed up already.
    Already,
    /// It stands in the list twice.
    Twice,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerWrong {
    /// The category is none of the findings.
    NoFinding(usize),
    /// The answer itself is wrong.
    Fault(usize, AnswerFault),
}

pub(crate) fn key(tenant: TenantId, employee: EmployeeId, checkup: CheckupId) -> Key {
    Key::new(Table::Records, tenant, Family::FollowUp, employee, checkup)
}

fn of_state(tenant: TenantId, state: FollowUpState) -> String {
    partition(tenant, Family::FollowUp, state.name())
}

/// A follow-up that was opened.
struct Open {
    record: Record,
    version: u64,
    course: Course,
}

/// A follow-up, as far as somebody sees it.
fn shown<P: Permission>(permit: &Permit<P>, placement: &Placement, open: Open) -> Stored<FollowUp> {
    let Open { record, version, course } = open;
    let sees_letters = permit.sees_of(PermissionId::SeeGrades, placement);
    let guides = permit.sees_of(PermissionId::SeeGuidance, placement);
    let own = permit.reach().only_oneself() == Some(record.employee);
    let (outcome, reason) = course.closed.map_or((None, None), |(outcome, reason)| (Some(outcome), reason));
    let sessions = course.sessions.into_iter().map(|held| ShownSession { held, with_content: guides });
    let follow_up = FollowUp {
        checkup: record.checkup,
        employee: record.employee,
        examined_on: record.examined_on,
        state: record.state,
        due_on: record.due_on,
        reminded: record.reminded,
        told_on: record.told_on,
        findings: sees_letters.then_some(course.findings),
        advice: course.advice.filter(|_| sees_letters),
        sessions: (guides || own).then(|| sessions.collect()),
        outcome,
        reason: reason.filter(|_| sees_letters),
        steps: course.steps,
    };
    Stored { record: follow_up, version }
}

impl Store {
    /// Advises several people to see a physician about what their checkups found; each gets a mail that something is there to read. All of them, or none and why.
    pub async fn recommend(
        &self,
        permit: &Permit<ManageFollowUps>,
        checkups: &[(EmployeeId, CheckupId)],
        recommendation: &Recommendation,
    ) -> Result<Result<Prepared<usize>, Vec<(usize, NotRecommended)>>, Error> {
        let (tenant, by) = (permit.tenant(), somebody(permit)?);
        if checkups.len() > MOST_RECOMMENDED {
            return Err(Conflict::TooMany.into());
        }
        let keys: Vec<Key> = checkups.iter().map(|(employee, checkup)| key(tenant, *employee, *checkup)).collect();
        let (heads, items) = try_join(self.heads_within(permit, checkups), self.db.batch_get(&keys)).await?;
        let accounts =
            try_join_all(checkups.iter().map(|(employee, _)| self.account_of_employee(tenant, *employee))).await?;
        let (now, today) = (self.clock.now(), self.today());
        let (mut write, mut refused, mut seen) = (Write::new(), Vec::new(), BTreeSet::new());
        for ((index, (employee, checkup)), item) in checkups.iter().enumerate().zip(items) {
            let before = from_optional::<Record>(item, now)?;
            let Some((head, placement)) = heads.get(checkup).filter(|(head, _)| head.employee == *employee) else {
                refused.push((index, NotRecommended::NotFound));
                continue;
            };
            // What whoever recommends may not see is not followed up: the advice would tell of it.
            let letters = head.letters(permit.sees_of(PermissionId::SeeNonStatutory, placement));
            let found = findings(&letters, recommendation.from);
            let why = match &before {
                _ if !seen.insert(*checkup) => Some(NotRecommended::Twice),
                Some(before) if before.record.state != FollowUpState::Closed => Some(NotRecommended::Already),
                _ if found.is_empty() => Some(NotRecommended::NothingFound),
                _ => None,
            };
            if let Some(why) = why {
                refused.push((index, why));
                continue;
            }
            let mut steps = match &before {
                Some(before) => self.follow_up_course(tenant, &before.record).await?.steps,
                None => Vec::new(),
            };
            steps.push(FollowUpStep { at: now, by, act: FollowUpAct::Recommended });
            let course = Course {
                findings: found,
                advice: recommendation.advice.clone(),
                sessions: Vec::new(),
                closed: None,
                steps,
            };
            let place = key(tenant, *employee, *checkup);
            let record = Record {
                checkup: *checkup,
                employee: *employee,
                examined_on: head.examined_on,
                state: FollowUpState::Recommended,
                due_on: recommendation.due_on,
                reminded: 0,
                told_on: today,
                course: self.seal(tenant, Purpose::Health, &place, COURSE, &course).await?,
                created_at: before.as_ref().map_or(now, |before| before.record.created_at),
                updated_at: now,
            };
            self.put_follow_up(&mut write, tenant, &record, before.map(|before| before.version))?;
            if let Some(account) = accounts.get(index).copied().flatten() {
                self.enqueue(&mut write, tenant, account, &Notice::SomethingToRead { at: now }).await?;
            }
        }
        if !refused.is_empty() {
            return Ok(Err(refused));
        }
        let subjects = checkups.iter().flat_map(|(employee, checkup)| [employee.to_string(), checkup.to_string()]);
        let event = self.event(permit, "follow_up.recommend")?.on_all(subjects);
        Ok(Ok(Prepared { thing: checkups.len(), write, event }))
    }

    /// The follow-ups in a state, those first whose answer is asked for first: up to `limit`, and where to go on.
    pub async fn follow_ups(
        &self,
        permit: &Permit<ViewFollowUps>,
        state: FollowUpState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<FollowUp>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::FollowUp, of_state(tenant, state)).by_index();
        let (found, next) =
            self.records_within_reach(permit, range, after, limit, |record: &Record| record.employee).await?;
        let mut follow_ups = Vec::with_capacity(found.len());
        for (Stored { record, version }, placement) in found {
            let course = self.follow_up_course(tenant, &record).await?;
            follow_ups.push(shown(permit, &placement, Open { record, version, course }));
        }
        let follow_ups = self.disclose(permit, "follow_up.list", subjects(&follow_ups), follow_ups).await?;
        Ok((follow_ups, next))
    }

    /// The follow-ups of an employee, the newest checkup first.
    pub async fn follow_ups_of_employee(
        &self,
        permit: &Permit<ViewFollowUps>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<FollowUp>>, Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::FollowUp, partition(tenant, Family::FollowUp, employee));
        let of_employee = self.records_in::<Record>(range);
        let (placement, records) = try_join(self.placed_within(permit, employee), of_employee).await?;
        let mut follow_ups = Vec::with_capacity(records.len());
        for Stored { record, version } in records {
            let course = self.follow_up_course(tenant, &record).await?;
            follow_ups.push(shown(permit, &placement, Open { record, version, course }));
        }
        follow_ups.sort_unstable_by_key(|stored| std::cmp::Reverse((stored.record.examined_on, stored.record.checkup)));
        let subjects = std::iter::once(employee.to_string()).chain(subjects(&follow_ups));
        self.disclose(permit, "follow_up.list", subjects.collect::<Vec<_>>(), follow_ups).await
    }

    /// One follow-up.
    pub async fn follow_up(
        &self,
        permit: &Permit<ViewFollowUps>,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<Stored<FollowUp>, Error> {
        let (placement, open) = self.opened_follow_up(permit, employee, checkup).await?;
        let follow_up = shown(permit, &placement, open);
        self.disclose(permit, "follow_up.read", [employee.to_string(), checkup.to_string()], follow_up).await
    }

    /// Notes what the employee says came of findings; what is wrong with it otherwise.
    pub async fn answer_follow_up(
        &self,
        permit: &Permit<AnswerFollowUps>,
        seen: SeenOfCheckup,
        answers: Vec<(Category, VisitAnswer)>,
    ) -> Result<Result<Prepared<Stored<FollowUp>>, Vec<AnswerWrong>>, Error> {
        let (placement, mut open) = self.follow_up_to_change(permit, seen).await?;
        if open.record.state == FollowUpState::Closed {
            return Err(Conflict::WrongState.into());
        }
        let (today, examined_on) = (self.today(), open.record.examined_on);
        let mut wrong = Vec::new();
        for (index, (category, answer)) in answers.into_iter().enumerate() {
            let faults = answer.faults(examined_on, today);
            wrong.extend(faults.into_iter().map(|fault| AnswerWrong::Fault(index, fault)));
            match open.course.findings.iter_mut().find(|finding| finding.category == category) {
                Some(finding) => finding.answer = Some(answer),
                None => wrong.push(AnswerWrong::NoFinding(index)),
            }
        }
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        open.record.state = state_of(&open.course.findings);
        self.step_of_follow_up(permit, &placement, open, FollowUpAct::Answered, "follow_up.answer").await.map(Ok)
    }

    /// Reminds the employee by hand, no sooner than two weeks after they were told last.
    pub async fn remind_of_follow_up(
        &self,
        permit: &Permit<ManageFollowUps>,
        seen: SeenOfCheckup,
    ) -> Result<Prepared<Stored<FollowUp>>, Error> {
        let (placement, mut open) = self.follow_up_to_change(permit, seen).await?;
        let today = self.today();
        let apart = open.record.told_on.saturating_add(REMINDER_DAYS.days());
        if open.record.state != FollowUpState::Recommended || open.record.reminded >= MOST_REMINDERS || today < apart {
            return Err(Conflict::WrongState.into());
        }
        open.record.reminded += 1;
        open.record.told_on = today;
        let mut prepared =
            self.step_of_follow_up(permit, &placement, open, FollowUpAct::Reminded, "follow_up.remind").await?;
        self.tell_employee(&mut prepared.write, permit.tenant(), seen.employee).await?;
        Ok(prepared)
    }

    /// Writes down a session of health guidance; what is wrong with it otherwise.
    pub async fn record_session(
        &self,
        permit: &Permit<RecordGuidance>,
        seen: SeenOfCheckup,
        session: Session,
    ) -> Result<Result<Prepared<Stored<FollowUp>>, Vec<AnswerFault>>, Error> {
        let faults = session.faults(self.today());
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let (placement, mut open) = self.follow_up_to_change(permit, seen).await?;
        let (by, at) = (somebody(permit)?, self.clock.now());
        open.course.sessions.push(HeldSession { by, at, session });
        self.step_of_follow_up(permit, &placement, open, FollowUpAct::Guided, "follow_up.guide").await.map(Ok)
    }

    /// Ends a follow-up.
    pub async fn close_follow_up(
        &self,
        permit: &Permit<ManageFollowUps>,
        seen: SeenOfCheckup,
        outcome: Outcome,
        reason: Option<Remark>,
    ) -> Result<Prepared<Stored<FollowUp>>, Error> {
        let (placement, mut open) = self.follow_up_to_change(permit, seen).await?;
        if open.record.state == FollowUpState::Closed {
            return Err(Conflict::WrongState.into());
        }
        open.record.state = FollowUpState::Closed;
        open.course.closed = Some((outcome, reason));
        self.step_of_follow_up(permit, &placement, open, FollowUpAct::Closed, "follow_up.close").await
    }

    /// The tenants whose employees may have to be reminded: those whose contract runs.
    pub async fn tenants_to_remind(&self, permit: &Permit<RemindEmployees>) -> Result<Vec<TenantId>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let contracts: Vec<contracts::Record> = self.all_of(Family::Contract).await?;
        let running = contracts.into_iter().filter(|contract| contract.state == ContractState::Active);
        Ok(running.map(|contract| contract.tenant).collect())
    }

    /// Reminds everybody of the permit's tenant whose answer is overdue at `at` and who was not told lately; how many. What another run, or a hand, was faster with is left alone.
    pub async fn remind_employees(
        &self,
        permit: &Permit<RemindEmployees>,
        at: Jst,
        dry_run: bool,
    ) -> Result<usize, Error> {
        let (tenant, today) = (permit.tenant(), at.date());
        let mut range =
            Range::whole(Table::Records, Family::FollowUp, of_state(tenant, FollowUpState::Recommended)).by_index();
        let mut reminded = 0;
        loop {
            let (items, more) = self.db.query(&range).await?;
            range.after = items.last().and_then(|item| as_text(item, "gsi1sk").map(str::to_owned));
            for item in items {
                let Some(Stored { record, version }) = from_item::<Record>(item, at)? else { continue };
                if record.due_on >= today || reminded == MOST_REMINDED {
                    return Ok(reminded);
                }
                let next = next_reminder(record.due_on, record.told_on, record.reminded);
                if next.is_none_or(|next| next > today) {
                    continue;
                }
                if dry_run || self.remind_employee(permit, Stored { record, version }, at).await? {
                    reminded += 1;
                }
            }
            if !more {
                return Ok(reminded);
            }
        }
    }

    /// Whether it was this run that reminded somebody.
    async fn remind_employee(
        &self,
        permit: &Permit<RemindEmployees>,
        stored: Stored<Record>,
        at: Jst,
    ) -> Result<bool, Error> {
        let (tenant, Stored { mut record, version }) = (permit.tenant(), stored);
        let (employee, checkup) = (record.employee, record.checkup);
        // What was said stays sealed: who reminds needs no key to it.
        record.reminded += 1;
        record.told_on = at.date();
        record.updated_at = at;
        let mut write = Write::new();
        self.put_follow_up(&mut write, tenant, &record, Some(version))?;
        self.tell_employee(&mut write, tenant, employee).await?;
        let event = self.event(permit, "follow_up.remind")?.on(employee).on(checkup);
        match write.commit(self, event).await {
            Ok(()) => Ok(true),
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds to `write` a mail to the employee's account, if they have one.
    pub(crate) async fn tell_employee(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<(), Error> {
        if let Some(account) = self.account_of_employee(tenant, employee).await? {
            self.enqueue(write, tenant, account, &Notice::SomethingToRead { at: self.clock.now() }).await?;
        }
        Ok(())
    }

    async fn follow_up_course(&self, tenant: TenantId, record: &Record) -> Result<Course, Error> {
        let key = key(tenant, record.employee, record.checkup);
        self.open(tenant, Purpose::Health, &key, COURSE, &record.course).await
    }

    async fn opened_follow_up<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<(Placement, Open), Error> {
        let tenant = permit.tenant();
        let place = key(tenant, employee, checkup);
        let (placement, found) = try_join(self.placed_within(permit, employee), self.load::<Record>(&place)).await?;
        let Stored { record, version } = found.ok_or(Error::NotFound)?;
        let course = self.follow_up_course(tenant, &record).await?;
        Ok((placement, Open { record, version, course }))
    }

    async fn follow_up_to_change<P: Permission>(
        &self,
        permit: &Permit<P>,
        seen: SeenOfCheckup,
    ) -> Result<(Placement, Open), Error> {
        let (placement, open) = self.opened_follow_up(permit, seen.employee, seen.checkup).await?;
        if open.version == seen.version { Ok((placement, open)) } else { Err(Error::Stale) }
    }

    /// Writes a follow-up down, with one step more.
    async fn step_of_follow_up<P: Permission>(
        &self,
        permit: &Permit<P>,
        placement: &Placement,
        mut open: Open,
        act: FollowUpAct,
        action: &'static str,
    ) -> Result<Prepared<Stored<FollowUp>>, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        if open.course.steps.len() >= MOST_STEPS {
            return Err(Conflict::TooMany.into());
        }
        open.course.steps.push(FollowUpStep { at: now, by, act });
        let place = key(tenant, open.record.employee, open.record.checkup);
        open.record.course = self.seal(tenant, Purpose::Health, &place, COURSE, &open.course).await?;
        open.record.updated_at = now;
        let mut write = Write::new();
        self.put_follow_up(&mut write, tenant, &open.record, Some(open.version))?;
        let event = self.event(permit, action)?.on(open.record.employee).on(open.record.checkup);
        open.version += 1;
        Ok(Prepared { thing: shown(permit, placement, open), write, event })
    }

    fn put_follow_up(
        &self,
        write: &mut Write,
        tenant: TenantId,
        record: &Record,
        before: Option<u64>,
    ) -> Result<(), Error> {
        let place = key(tenant, record.employee, record.checkup);
        let item = to_item(&place, before.unwrap_or(0) + 1, SCHEMA, record)?;
        let item = match record.state {
            FollowUpState::Closed => item,
            state => indexed(item, of_state(tenant, state), format!("{}#{}", record.due_on, record.checkup)),
        };
        write.put_over(self, place, item, before, || Error::Stale)?;
        Ok(())
    }
}

/// The ids for the trail: whose follow-ups, and of which checkups.
fn subjects(follow_ups: &[Stored<FollowUp>]) -> Vec<String> {
    let employees: BTreeSet<EmployeeId> = follow_ups.iter().map(|stored| stored.record.employee).collect();
    let checkups = follow_ups.iter().map(|stored| stored.record.checkup.to_string());
    employees.iter().map(ToString::to_string).chain(checkups).collect()
}
