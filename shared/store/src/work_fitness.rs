//! Work fitness (就業判定): one case per checkup, beside it in the partition of its employee; its states are drawn in [`domain::work_fitness`].
//!
//! | | |
//! | --- | --- |
//! | clear | ids of checkup and employee, state, the day on which somebody is to look next, times |
//! | sealed (`health`) | everything that was said and decided, step by step |
//! | index | by state, in the order of when somebody is to look next |
//!
//! A case that nobody has touched is no item: what waits for a physician is found by the checkups themselves. An opinion is about what a checkup said; where its results
//! change afterwards, the case is listed again, and the opinion is history.

mod lines;

use std::collections::{BTreeSet, HashMap};

use authz::{
    Permission, PermissionId, Permit, Placement,
    permission::{DecideMeasures, GiveOpinions, ViewMeasures, ViewWorkFitness},
};
use domain::{
    checkup::{judge::Summary, kind::CheckupKind},
    employee::PersonName,
    ids::{AccountId, CheckupId, EmployeeId, TenantId},
    remark::Remark,
    time::Jst,
    work_fitness::{
        Decision, DecisionTerms, FitnessAct, FitnessCategory, FitnessState, Measure, Opinion, TermsFault,
        is_asked_by_law, may_be_signed_together,
    },
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, Notice, Prepared, Store, Write,
    callers::somebody,
    checkups::{CheckupHead, SeenOfCheckup},
    db::Range,
    item::{Attributes, Sealed, Stored, from_optional, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// The attribute that [`Course`] is sealed in.
const COURSE: &str = "course";
/// How many steps a case takes.
const MOST_STEPS: usize = 200;
/// How many checkups a physician signs for at once: two items each, in one transaction.
pub const MOST_SIGNED: usize = 45;

/// A case as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    checkup: CheckupId,
    employee: EmployeeId,
    #[serde(rename = "fitness_state")]
    state: FitnessState,
    /// When somebody is to look next, while anybody is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next_on: Option<Date>,
    course: Sealed,
    created_at: Jst,
    updated_at: Jst,
}

/// Everything that was said and decided, oldest first. Debug output shows none of it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Course(Vec<FitnessStep>);

/// One step of a case. Debug output shows nothing of what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FitnessStep {
    /// When.
    pub at: Jst,
    /// Who.
    pub by: AccountId,
    /// Where the case was before.
    pub from: FitnessState,
    /// What was said or done.
    pub what: FitnessSaid,
}

impl std::fmt::Debug for FitnessStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitnessStep").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What somebody said or did in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum FitnessSaid {
    /// A physician gave an opinion.
    Opinion {
        /// What it says.
        opinion: Opinion,
        /// The physician's name, as it stood on that day (意見を述べた医師の氏名).
        physician: PersonName,
        /// The version of the checkup that it is about.
        checkup_version: u64,
    },
    /// The employer decided.
    Decision {
        /// What was decided.
        decision: Decision,
    },
    /// The measures are over.
    Closed {
        /// Why.
        reason: Remark,
    },
    /// A physician shall look again.
    Reopened {
        /// Why.
        reason: Remark,
    },
}

/// A case (就業判定の案件), with everything that was said in it.
#[derive(Debug, Clone)]
pub struct FitnessCase {
    /// The checkup.
    pub checkup: CheckupId,
    /// Whose it is.
    pub employee: EmployeeId,
    /// The day of the checkup.
    pub examined_on: Date,
    /// Its kind.
    pub kind: CheckupKind,
    /// The checkup's version, which an opinion names.
    pub checkup_version: u64,
    /// The last day on which an opinion is in time.
    pub due_on: Option<Date>,
    /// Where it is.
    pub state: FitnessState,
    /// An opinion was given, and the checkup's results have changed since.
    pub results_changed: bool,
    /// What the checkup's letters say, for those who see them.
    pub letters: Option<Letters>,
    /// Everything that was said and decided, oldest first.
    pub history: Vec<FitnessStep>,
}

/// What a checkup's letters say to whoever decides whom to look at first.
#[derive(Debug, Clone, Copy)]
pub struct Letters {
    /// The letters, over the items that the reader may see.
    pub summary: Summary,
    /// The law asks for an opinion (異常の所見).
    pub asked_by_law: bool,
    /// A value is such that restriction of work is considered (就業制限の検討).
    pub restriction: bool,
    /// It may be signed for together with others.
    pub together: bool,
}

impl Letters {
    /// Over all items, or over the statutory ones alone.
    fn of(head: &CheckupHead, non_statutory: bool) -> Self {
        let (summary, restriction) = (head.letters(non_statutory), head.considers_restriction(non_statutory));
        let together = may_be_signed_together(&summary, restriction);
        Self { summary, asked_by_law: is_asked_by_law(&summary), restriction, together }
    }
}

impl FitnessCase {
    /// The opinion that holds, with the step in which it was given; none while a physician is to look.
    #[must_use]
    pub fn opinion(&self) -> Option<(&Opinion, &PersonName, &FitnessStep)> {
        if self.state == FitnessState::Listed { None } else { last_opinion(&self.history) }
    }

    /// The decision that holds, with the step in which it was taken: one after the opinion that holds.
    #[must_use]
    pub fn decision(&self) -> Option<(&Decision, &FitnessStep)> {
        let since_opinion =
            self.history.iter().rev().take_while(|step| !matches!(step.what, FitnessSaid::Opinion { .. }));
        let decision = |step: &&FitnessStep| matches!(step.what, FitnessSaid::Decision { .. });
        let step = since_opinion.into_iter().find(decision).filter(|_| self.state != FitnessState::Listed)?;
        match &step.what {
            FitnessSaid::Decision { decision } => Some((decision, step)),
            _ => None,
        }
    }
}

fn last_opinion(steps: &[FitnessStep]) -> Option<(&Opinion, &PersonName, &FitnessStep)> {
    steps.iter().rev().find_map(|step| match &step.what {
        FitnessSaid::Opinion { opinion, physician, .. } => Some((opinion, physician, step)),
        _ => None,
    })
}

/// An opinion that holds, for the card of its checkup.
#[derive(Debug, Clone)]
pub struct GivenOpinion {
    /// What it says.
    pub opinion: Opinion,
    /// The physician's name, as it stood on that day (意見を述べた医師の氏名).
    pub physician: PersonName,
    /// When it was given.
    pub at: Jst,
}

/// Measures that are in force, without why.
#[derive(Debug, Clone)]
pub struct MeasuresInForce {
    /// Whose.
    pub employee: EmployeeId,
    /// Which.
    pub measures: Vec<Measure>,
    /// From when.
    pub from: Option<Date>,
    /// Until when.
    pub until: Option<Date>,
    /// What the workplace should know and do.
    pub for_workplace: Option<Remark>,
}

/// A checkup that a physician signs for as normal.
#[derive(Debug, Clone, Copy)]
pub struct SignedFor {
    /// Whose.
    pub employee: EmployeeId,
    /// Which.
    pub checkup: CheckupId,
    /// The version that the physician has seen.
    pub checkup_version: u64,
}

/// Why a checkup cannot be signed for together with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSigned {
    /// There is no such checkup, or it is out of reach.
    NotFound,
    /// It is another version than the one that was seen.
    Changed,
    /// An opinion has been given.
    Opined,
    /// It wants a look of its own: a letter `D`, or something that waits for a physician.
    Alone,
    /// It stands in the list twice.
    Twice,
}

pub(crate) fn key(tenant: TenantId, employee: EmployeeId, checkup: CheckupId) -> Key {
    Key::new(Table::Records, tenant, Family::Fitness, employee, checkup)
}

fn item(tenant: TenantId, record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(tenant, record.employee, record.checkup), version, SCHEMA, record)?;
    let open = matches!(record.state, FitnessState::Pending | FitnessState::OpinionGiven | FitnessState::Decided);
    Ok(match record.next_on.filter(|_| open) {
        Some(next) => indexed(item, of_state(tenant, record.state), format!("{next}#{}", record.checkup)),
        None => item,
    })
}

fn of_state(tenant: TenantId, state: FitnessState) -> String {
    partition(tenant, Family::Fitness, state.name())
}

/// A case, as somebody is about to change it.
struct Open {
    head: CheckupHead,
    placement: Placement,
    record: Option<Stored<Record>>,
    course: Course,
    state: FitnessState,
}

impl Open {
    fn version(&self) -> u64 {
        self.record.as_ref().map_or(0, |stored| stored.version)
    }
}

/// What a checkup's letters say to the permit's holder.
fn letters<P: Permission>(permit: &Permit<P>, placement: &Placement, head: &CheckupHead) -> Option<Letters> {
    let whole = permit.sees_of(PermissionId::SeeNonStatutory, placement);
    permit.sees_of(PermissionId::SeeGrades, placement).then(|| Letters::of(head, whole))
}

/// Where a case is: what was said of it holds only for what the checkup says now.
fn state_of(head: &CheckupHead, record: Option<&Record>) -> FitnessState {
    record.filter(|_| !head.awaits).map_or(FitnessState::Listed, |record| record.state)
}

fn case(head: &CheckupHead, state: FitnessState, course: Course, letters: Option<Letters>) -> FitnessCase {
    let reopened = matches!(course.0.last(), Some(FitnessStep { what: FitnessSaid::Reopened { .. }, .. }));
    FitnessCase {
        checkup: head.id,
        employee: head.employee,
        examined_on: head.examined_on,
        kind: head.kind,
        checkup_version: head.version,
        due_on: head.due_on,
        state,
        results_changed: state == FitnessState::Listed && !course.0.is_empty() && !reopened,
        letters,
        history: course.0,
    }
}

impl Store {
    /// What waits for a physician's opinion, those first whose opinion is due first: up to `limit`, and where to go on. A page may hold fewer, or none, before the end.
    pub async fn work_fitness_queue(
        &self,
        permit: &Permit<ViewWorkFitness>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<FitnessCase>>, Option<String>), Error> {
        let (found, next) = self.checkups_awaiting(permit, after, limit).await?;
        let tenant = permit.tenant();
        let keys: Vec<Key> = found.iter().map(|(head, _)| key(tenant, head.employee, head.id)).collect();
        let items = self.db.batch_get(&keys).await?;
        let mut cases = Vec::with_capacity(found.len());
        for ((head, placement), item) in found.into_iter().zip(items) {
            let stored = from_optional::<Record>(item, self.clock.now())?;
            let version = stored.as_ref().map_or(0, |stored| stored.version);
            let course = self.fitness_course(tenant, stored.as_ref()).await?;
            let letters = letters(permit, &placement, &head);
            cases.push(Stored { record: case(&head, FitnessState::Listed, course, letters), version });
        }
        let cases = self.disclose(permit, "work_fitness.queue", subjects(&cases), cases).await?;
        Ok((cases, next))
    }

    /// The cases in one of the states in which somebody is to look again, those first whose day comes first: up to `limit`, and where to go on.
    pub async fn work_fitness_cases(
        &self,
        permit: &Permit<ViewWorkFitness>,
        state: FitnessState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<FitnessCase>>, Option<String>), Error> {
        let (found, next) = self.cases_in(permit, state, after, limit).await?;
        let tenant = permit.tenant();
        let ids: Vec<_> = found.iter().map(|(stored, _)| (stored.record.employee, stored.record.checkup)).collect();
        let heads = self.heads_of(tenant, &ids).await?;
        let mut cases = Vec::with_capacity(found.len());
        for (stored, placement) in &found {
            // What the checkup says now may be something else: then it is in the queue, and not here.
            let Some(head) = heads.get(&stored.record.checkup).filter(|head| !head.awaits) else { continue };
            let course = self.fitness_course(tenant, Some(stored)).await?;
            let letters = letters(permit, placement, head);
            cases.push(Stored { record: case(head, state, course, letters), version: stored.version });
        }
        let cases = self.disclose(permit, "work_fitness.list", subjects(&cases), cases).await?;
        Ok((cases, next))
    }

    /// The cases of an employee, the newest checkup first.
    pub async fn work_fitness_of_employee(
        &self,
        permit: &Permit<ViewWorkFitness>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<FitnessCase>>, Error> {
        let tenant = permit.tenant();
        let placement = self.placed_within(permit, employee).await?;
        let range = Range::whole(Table::Records, Family::Fitness, partition(tenant, Family::Fitness, employee));
        let of_employee = self.records_in::<Record>(range);
        let (mut heads, records) = try_join(self.checkup_heads(tenant, employee), of_employee).await?;
        let records: HashMap<_, _> = records.into_iter().map(|stored| (stored.record.checkup, stored)).collect();
        heads.sort_unstable_by_key(|head| std::cmp::Reverse((head.examined_on, head.id)));
        let mut cases = Vec::with_capacity(heads.len());
        for head in &heads {
            let stored = records.get(&head.id);
            let course = self.fitness_course(tenant, stored).await?;
            let state = state_of(head, stored.map(|stored| &stored.record));
            let version = stored.map_or(0, |stored| stored.version);
            cases.push(Stored { record: case(head, state, course, letters(permit, &placement, head)), version });
        }
        let subjects = std::iter::once(employee.to_string()).chain(checkups_of(&cases));
        self.disclose(permit, "work_fitness.list", subjects.collect::<Vec<_>>(), cases).await
    }

    /// One case.
    pub async fn work_fitness_case(
        &self,
        permit: &Permit<ViewWorkFitness>,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<Stored<FitnessCase>, Error> {
        let open = self.case_within(permit, employee, checkup).await?;
        let version = open.version();
        let letters = letters(permit, &open.placement, &open.head);
        let shown = Stored { record: case(&open.head, open.state, open.course, letters), version };
        self.disclose(permit, "work_fitness.read", [employee.to_string(), checkup.to_string()], shown).await
    }

    /// The measures in force among those whom the permit reaches, by when they are looked at again.
    pub async fn measures_in_force(
        &self,
        permit: &Permit<ViewMeasures>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<MeasuresInForce>, Option<String>), Error> {
        let (found, next) = self.cases_in(permit, FitnessState::Decided, after, limit).await?;
        let mut all = Vec::with_capacity(found.len());
        for (stored, _) in &found {
            let course = self.fitness_course(permit.tenant(), Some(stored)).await?;
            let opinion = last_opinion(&course.0).map(|(opinion, ..)| opinion.terms());
            let decided = course.0.iter().rev().find_map(|step| match &step.what {
                FitnessSaid::Decision { decision } => Some(decision.terms()),
                _ => None,
            });
            let Some(terms) = decided.filter(|terms| !terms.measures.is_empty()) else { continue };
            all.push(MeasuresInForce {
                employee: stored.record.employee,
                measures: terms.measures.clone(),
                from: terms.from,
                until: terms.until,
                for_workplace: opinion.and_then(|opinion| opinion.for_workplace.clone()),
            });
        }
        let subjects: Vec<String> = all.iter().map(|measures| measures.employee.to_string()).collect();
        Ok((self.disclose(permit, "work_fitness.measures", subjects, all).await?, next))
    }

    /// Gives an opinion about what the physician has seen: the case as it was, and the checkup in `checkup_version`.
    pub async fn give_opinion(
        &self,
        permit: &Permit<GiveOpinions>,
        seen: SeenOfCheckup,
        checkup_version: u64,
        opinion: Opinion,
    ) -> Result<Prepared<Stored<FitnessCase>>, Error> {
        let (open, physician) =
            try_join(self.open_case(permit, seen), self.name_of(permit.tenant(), somebody(permit)?)).await?;
        if open.head.version != checkup_version {
            return Err(Error::Stale);
        }
        let terms = opinion.terms();
        let act = FitnessAct::Opine(terms.category);
        let next = match terms.category {
            FitnessCategory::Pending => terms.review_on,
            // The employer decides without delay: the oldest opinion comes first.
            FitnessCategory::Restricted | FitnessCategory::Leave => Some(self.today()),
            FitnessCategory::Normal => None,
        };
        let said = FitnessSaid::Opinion { opinion, physician, checkup_version };
        self.step(permit, open, act, said, next, "work_fitness.opine").await
    }

    /// Signs for several checkups at once that their people can work as usual (通常勤務の一括判定): all of them, or none and why.
    pub async fn sign_as_normal(
        &self,
        permit: &Permit<GiveOpinions>,
        signed: &[SignedFor],
    ) -> Result<Result<Prepared<usize>, Vec<(usize, NotSigned)>>, Error> {
        let (tenant, by) = (permit.tenant(), somebody(permit)?);
        if signed.len() > MOST_SIGNED {
            return Err(Conflict::TooMany.into());
        }
        let ids: Vec<_> = signed.iter().map(|one| (one.employee, one.checkup)).collect();
        let keys: Vec<Key> = ids.iter().map(|(employee, checkup)| key(tenant, *employee, *checkup)).collect();
        let (heads, items) = try_join(self.heads_within(permit, &ids), self.db.batch_get(&keys)).await?;
        let physician = self.name_of(tenant, by).await?;
        let (mut write, mut refused, mut seen) = (Write::new(), Vec::new(), BTreeSet::new());
        for ((index, one), item) in signed.iter().enumerate().zip(items) {
            let found = heads.get(&one.checkup).filter(|(head, _)| head.employee == one.employee);
            // What the physician may not see has no say: a refusal would tell of it.
            let together = |(head, placement): &(CheckupHead, Placement)| {
                Letters::of(head, permit.sees_of(PermissionId::SeeNonStatutory, placement)).together
            };
            let why = match found {
                None => Some(NotSigned::NotFound),
                Some(_) if !seen.insert(one.checkup) => Some(NotSigned::Twice),
                Some((head, _)) if head.version != one.checkup_version => Some(NotSigned::Changed),
                Some((head, _)) if !head.awaits => Some(NotSigned::Opined),
                Some(found) if !together(found) => Some(NotSigned::Alone),
                Some(_) => None,
            };
            let (Some((head, _)), None) = (found, why) else {
                refused.extend(why.map(|why| (index, why)));
                continue;
            };
            let record = from_optional::<Record>(item, self.clock.now())?;
            let mut course = self.fitness_course(tenant, record.as_ref()).await?;
            let said = FitnessSaid::Opinion {
                opinion: Opinion::normal(),
                physician: physician.clone(),
                checkup_version: one.checkup_version,
            };
            course.0.push(FitnessStep { at: self.clock.now(), by, from: FitnessState::Listed, what: said });
            self.put_case(&mut write, tenant, head, record.as_ref(), &course, FitnessState::Closed, None).await?;
            self.note_opinion(&mut write, tenant, head)?;
        }
        if !refused.is_empty() {
            return Ok(Err(refused));
        }
        let subjects = signed.iter().flat_map(|one| [one.employee.to_string(), one.checkup.to_string()]);
        let event = self.event(permit, "work_fitness.sign_as_normal")?.on_all(subjects);
        Ok(Ok(Prepared { thing: signed.len(), write, event }))
    }

    /// Decides for the employer, on top of the opinion that holds; the worker gets a mail that something is there to read. What is wrong with the decision otherwise.
    pub async fn decide_measures(
        &self,
        permit: &Permit<DecideMeasures>,
        seen: SeenOfCheckup,
        terms: DecisionTerms,
    ) -> Result<Result<Prepared<Stored<FitnessCase>>, Vec<TermsFault>>, Error> {
        let open = self.open_case(permit, seen).await?;
        let act = FitnessAct::Decide;
        let (Some(_), Some((opinion, _, given))) = (open.state.after(act), last_opinion(&open.course.0)) else {
            return Err(Conflict::WrongState.into());
        };
        let (next, today) = (terms.until.or(opinion.terms().review_on).unwrap_or(Date::MAX), self.today());
        let decision = match Decision::taken(terms, opinion.terms(), given.at.date(), today) {
            Ok(decision) => decision,
            Err(faults) => return Ok(Err(faults)),
        };
        let said = FitnessSaid::Decision { decision };
        let mut prepared = self.step(permit, open, act, said, Some(next), "work_fitness.decide").await?;
        if let Some(account) = self.account_of_employee(permit.tenant(), seen.employee).await? {
            let notice = Notice::SomethingToRead { at: self.clock.now() };
            self.enqueue(&mut prepared.write, permit.tenant(), account, &notice).await?;
        }
        Ok(Ok(prepared))
    }

    /// The measures are over.
    pub async fn close_case(
        &self,
        permit: &Permit<DecideMeasures>,
        seen: SeenOfCheckup,
        reason: Remark,
    ) -> Result<Prepared<Stored<FitnessCase>>, Error> {
        let open = self.open_case(permit, seen).await?;
        let said = FitnessSaid::Closed { reason };
        self.step(permit, open, FitnessAct::Close, said, None, "work_fitness.close").await
    }

    /// A physician shall look again: the case is back in the queue.
    pub async fn reopen_case(
        &self,
        permit: &Permit<GiveOpinions>,
        seen: SeenOfCheckup,
        reason: Remark,
    ) -> Result<Prepared<Stored<FitnessCase>>, Error> {
        let open = self.open_case(permit, seen).await?;
        let said = FitnessSaid::Reopened { reason };
        self.step(permit, open, FitnessAct::Reopen, said, None, "work_fitness.reopen").await
    }

    /// The name of whoever signs, from the name vault.
    pub(crate) async fn name_of(&self, tenant: TenantId, account: AccountId) -> Result<PersonName, Error> {
        let holder = self.load_holder(tenant, account).await?;
        holder.map(|holder| holder.name).ok_or_else(|| Error::Internal("an account without its holder".to_owned()))
    }

    /// The cases that stand in the index with `state` and whose people the permit reaches.
    async fn cases_in<P: Permission>(
        &self,
        permit: &Permit<P>,
        state: FitnessState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(Stored<Record>, Placement)>, Option<String>), Error> {
        let range = Range::whole(Table::Records, Family::Fitness, of_state(permit.tenant(), state)).by_index();
        self.records_within_reach(permit, range, after, limit, |record: &Record| record.employee).await
    }

    async fn fitness_course(&self, tenant: TenantId, stored: Option<&Stored<Record>>) -> Result<Course, Error> {
        let Some(Stored { record, .. }) = stored else { return Ok(Course::default()) };
        let key = key(tenant, record.employee, record.checkup);
        self.open(tenant, Purpose::Health, &key, COURSE, &record.course).await
    }

    /// The opinion that holds about a checkup. Whoever may read checkups may read it: a test of the matrix holds that.
    pub(crate) async fn opinion_about(
        &self,
        tenant: TenantId,
        head: &CheckupHead,
    ) -> Result<Option<GivenOpinion>, Error> {
        let record = self.load::<Record>(&key(tenant, head.employee, head.id)).await?;
        if state_of(head, record.as_ref().map(|stored| &stored.record)) == FitnessState::Listed {
            return Ok(None);
        }
        let course = self.fitness_course(tenant, record.as_ref()).await?;
        Ok(last_opinion(&course.0).map(|(opinion, physician, step)| GivenOpinion {
            opinion: opinion.clone(),
            physician: physician.clone(),
            at: step.at,
        }))
    }

    /// A case that somebody is about to change, as they have seen it.
    async fn open_case<P: Permission>(&self, permit: &Permit<P>, seen: SeenOfCheckup) -> Result<Open, Error> {
        let open = self.case_within(permit, seen.employee, seen.checkup).await?;
        if open.version() == seen.version { Ok(open) } else { Err(Error::Stale) }
    }

    /// A case of somebody within the permit's reach.
    async fn case_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<Open, Error> {
        let tenant = permit.tenant();
        let of = [(employee, checkup)];
        let place = key(tenant, employee, checkup);
        let (mut heads, record) = try_join(self.heads_within(permit, &of), self.load::<Record>(&place)).await?;
        let (head, placement) = heads.remove(&checkup).ok_or(Error::NotFound)?;
        let course = self.fitness_course(tenant, record.as_ref()).await?;
        let state = state_of(&head, record.as_ref().map(|stored| &stored.record));
        Ok(Open { head, placement, record, course, state })
    }

    /// Takes a case one step further.
    async fn step<P: Permission>(
        &self,
        permit: &Permit<P>,
        mut open: Open,
        act: FitnessAct,
        said: FitnessSaid,
        next: Option<Date>,
        action: &'static str,
    ) -> Result<Prepared<Stored<FitnessCase>>, Error> {
        let (tenant, by) = (permit.tenant(), somebody(permit)?);
        let state = open.state.after(act).ok_or(Conflict::WrongState)?;
        if open.course.0.len() >= MOST_STEPS {
            return Err(Conflict::TooMany.into());
        }
        open.course.0.push(FitnessStep { at: self.clock.now(), by, from: open.state, what: said });
        let mut write = Write::new();
        let record = open.record.as_ref();
        self.put_case(&mut write, tenant, &open.head, record, &open.course, state, next).await?;
        match act {
            FitnessAct::Opine(_) => self.note_opinion(&mut write, tenant, &open.head)?,
            FitnessAct::Reopen => self.forget_opinion(&mut write, tenant, &open.head)?,
            FitnessAct::Decide | FitnessAct::Close => {}
        }
        let event = self.event(permit, action)?.on(open.head.employee).on(open.head.id);
        let version = open.version() + 1;
        let letters = letters(permit, &open.placement, &open.head);
        let thing = Stored { record: case(&open.head, state, open.course, letters), version };
        Ok(Prepared { thing, write, event })
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the item")]
    async fn put_case(
        &self,
        write: &mut Write,
        tenant: TenantId,
        head: &CheckupHead,
        before: Option<&Stored<Record>>,
        course: &Course,
        state: FitnessState,
        next_on: Option<Date>,
    ) -> Result<(), Error> {
        let key = key(tenant, head.employee, head.id);
        let now = self.clock.now();
        let record = Record {
            checkup: head.id,
            employee: head.employee,
            state,
            next_on,
            course: self.seal(tenant, Purpose::Health, &key, COURSE, course).await?,
            created_at: before.map_or(now, |before| before.record.created_at),
            updated_at: now,
        };
        let replaces = before.map(|before| before.version);
        let item = item(tenant, &record, replaces.unwrap_or(0) + 1)?;
        write.put_over(self, key, item, replaces, || Error::Stale)?;
        Ok(())
    }
}

/// The ids for the trail: whose cases, and of which checkups.
fn subjects(cases: &[Stored<FitnessCase>]) -> Vec<String> {
    let employees: BTreeSet<EmployeeId> = cases.iter().map(|stored| stored.record.employee).collect();
    employees.iter().map(ToString::to_string).chain(checkups_of(cases)).collect()
}

fn checkups_of(cases: &[Stored<FitnessCase>]) -> impl Iterator<Item = String> {
    cases.iter().map(|stored| stored.record.checkup.to_string())
}
