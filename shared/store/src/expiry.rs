//! Records of people whose period of retention (保存期間) is over, beside checkups: interviews, months of working hours, lifelogs, and entries of points. They go where the company has decided so
//! and never before the law allows it ([`domain::retention`]); nothing goes while a hold lasts.
//!
//! What belongs together goes in one transaction, the record itself last: a run that is cut short leaves a record without some of what belongs to it, which the next one takes up, and never a part
//! that nobody finds. Whoever deletes opens nothing, and has no key.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use authz::{Permit, permission::PurgeTenants};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{EmployeeId, PLATFORM, TenantId},
    retention::{RecordKind, RetentionPolicy},
    time::{Jst, Month},
};
use futures_util::future::{try_join, try_join_all};
use jiff::{ToSpan as _, civil::Date};
use serde::Serialize;

use crate::{
    Bounds, Conflict, Error, Store, Write, contracts,
    db::Range,
    item::{Attributes, Stored, as_text, number},
    key::{Family, Key, Table, partition, shards},
    tenants,
};

/// How many items go in one transaction, beside what it depends on and its event.
const BATCH: usize = 90;
/// How many people are looked at together.
const PEOPLE: usize = 8;
/// How many records of a kind one run deletes at most of one tenant, unless it was told otherwise.
const MOST: u64 = 10_000;
/// How many years before a company was a customer its months may be: what was measured and worked before that is not taken, or not worth bringing.
const YEARS_BEFORE: i32 = 10;

/// How many records of one kind are over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KindOver {
    /// How many were found.
    pub found: u64,
    /// How many of them were deleted; the next run finds the others.
    pub deleted: u64,
}

/// What is over of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RecordsOver {
    /// Interviews, with their notes.
    pub interviews: KindOver,
    /// Months of working hours, with what they said before.
    pub working_hours: KindOver,
    /// Months of a group of a lifelog.
    pub lifelogs: KindOver,
    /// Entries of ledgers, and exchanges.
    pub points: KindOver,
}

/// A record that is over, with all that belongs to it.
#[derive(Debug)]
pub(crate) struct Over {
    /// Whose.
    pub(crate) employee: EmployeeId,
    /// Its id, where it has one.
    pub(crate) id: Option<String>,
    /// What is deleted, the record itself last; each where it has still this version.
    pub(crate) items: Vec<(Key, Option<u64>)>,
    /// Where it is an entry of a ledger: its number and its points, which are carried forward.
    pub(crate) entry: Option<(u64, i64)>,
}

/// One item of a batch; with the record whose last it is.
struct Item<'a> {
    key: &'a Key,
    version: Option<u64>,
    of: &'a Over,
    is_last: bool,
}

/// What a run goes by.
struct Run<'a> {
    permit: &'a Permit<PurgeTenants>,
    /// The version of the settings that the policy stands in.
    settings: u64,
    policy: RetentionPolicy,
    today: Date,
    /// The first month of which there can be anything.
    first: Month,
    bounds: Bounds,
    counts_only: bool,
}

impl Run<'_> {
    fn is_over(&self, kind: RecordKind, made_on: Date) -> bool {
        self.policy.kept_until(kind, made_on).is_some_and(|last_day| last_day < self.today)
    }

    fn decides(&self, kind: RecordKind) -> bool {
        self.policy.years(kind).is_some()
    }

    /// The months of which anything can be over.
    fn months(&self, kind: RecordKind) -> impl Iterator<Item = Month> + use<> {
        let last = self.policy.years(kind).map(|years| self.today.saturating_sub(i32::from(years).years()));
        let first = self.first;
        let following = |month: &Month| Some(Month::of(month.last_day().saturating_add(1.day())));
        std::iter::successors(Some(first), following)
            .take_while(move |month| last.is_some_and(|day| month.last_day() <= day))
    }

    fn has_time(&self) -> bool {
        Instant::now() < self.bounds.until
    }
}

impl Store {
    /// Deletes the records of the permit's tenant whose period is over at `at`, as many as `bounds` allow; or only counts them.
    pub async fn expire_records(
        &self,
        permit: &Permit<PurgeTenants>,
        at: Jst,
        bounds: Bounds,
        dry_run: bool,
    ) -> Result<RecordsOver, Error> {
        let tenant = permit.tenant();
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let mut over = RecordsOver::default();
        let Some(Stored { record: of, version: settings }) = self.load_tenant(tenant).await? else { return Ok(over) };
        let first = Month::of(of.created_at.date().saturating_sub(YEARS_BEFORE.years()));
        let run = Run { permit, settings, policy: of.retention, today: at.date(), first, bounds, counts_only: dry_run };
        for month in run.months(RecordKind::WorkingHours) {
            let is_over = |made_on| run.is_over(RecordKind::WorkingHours, made_on);
            let found = self.working_months_over(tenant, month, is_over).await?;
            self.delete_over(&run, "working_hours.expire", &found, &mut over.working_hours).await?;
        }
        for month in run.months(RecordKind::Lifelog) {
            let is_over = |made_on| run.is_over(RecordKind::Lifelog, made_on);
            let found = self.lifelogs_over(tenant, month, is_over).await?;
            self.delete_over(&run, "lifelog.expire", &found, &mut over.lifelogs).await?;
        }
        if run.decides(RecordKind::Interview) || run.decides(RecordKind::PointsLedger) {
            for shard in shards() {
                let people = self.employees_of_shard(tenant, shard).await?;
                for some in people.chunks(PEOPLE) {
                    if !run.has_time() {
                        return Ok(over);
                    }
                    let look = some.iter().map(|employee| {
                        try_join(self.interviews_over_of(&run, *employee), self.points_over_of(&run, *employee))
                    });
                    for (interviews, points) in try_join_all(look).await? {
                        self.delete_over(&run, "interview.expire", &interviews, &mut over.interviews).await?;
                        self.delete_over(&run, "points.expire_entries", &points, &mut over.points).await?;
                    }
                }
            }
        }
        Ok(over)
    }

    async fn interviews_over_of(&self, run: &Run<'_>, employee: EmployeeId) -> Result<Vec<Over>, Error> {
        if !run.decides(RecordKind::Interview) {
            return Ok(Vec::new());
        }
        self.interviews_over(run.permit.tenant(), employee, |day| run.is_over(RecordKind::Interview, day)).await
    }

    async fn points_over_of(&self, run: &Run<'_>, employee: EmployeeId) -> Result<Vec<Over>, Error> {
        if !run.decides(RecordKind::PointsLedger) {
            return Ok(Vec::new());
        }
        self.points_over(run.permit.tenant(), employee, |day| run.is_over(RecordKind::PointsLedger, day)).await
    }

    async fn employees_of_shard(&self, tenant: TenantId, shard: String) -> Result<Vec<EmployeeId>, Error> {
        let range = Range::whole(Table::Records, Family::Employee, partition(tenant, Family::Employee, shard));
        let id = |item: Attributes| Ok(as_text(&item, "sk").and_then(|sk| sk.parse().ok()));
        self.db.gather(range, |_| true, id).await
    }

    /// Deletes records, with an event for each transaction that names whose they were, if the contract runs, nothing is held, and neither they nor the settings have changed since they were read.
    async fn delete_over(
        &self,
        run: &Run<'_>,
        action: &'static str,
        records: &[Over],
        count: &mut KindOver,
    ) -> Result<(), Error> {
        count.found += records.len() as u64;
        let items = records.iter().flat_map(|of| {
            let last = of.items.len().saturating_sub(1);
            of.items.iter().enumerate().map(move |(at, (key, version))| Item {
                key,
                version: *version,
                of,
                is_last: at == last,
            })
        });
        let items: Vec<Item<'_>> = items.collect();
        for batch in items.chunks(BATCH) {
            let most = run.bounds.most_deletes.unwrap_or(MOST);
            if run.counts_only || count.deleted >= most || !run.has_time() {
                return Ok(());
            }
            let mut write = self.while_nothing_is_held(run.permit.tenant(), run.settings)?;
            for item in batch {
                write.delete(self, item.key.clone(), item.version)?;
            }
            let gone = || batch.iter().filter(|item| item.is_last).map(|item| item.of);
            let mut entries: BTreeMap<EmployeeId, (u64, i64)> = BTreeMap::new();
            for (of, (number, points)) in gone().filter_map(|of| Some((of, of.entry?))) {
                let sum = entries.entry(of.employee).or_default();
                *sum = (sum.0.max(number), sum.1 + points);
            }
            for (employee, (until, points)) in entries {
                self.carry_forward(&mut write, run.permit.tenant(), employee, until, points).await?;
            }
            let subjects =
                batch.iter().flat_map(|item| std::iter::once(item.of.employee.to_string()).chain(item.of.id.clone()));
            let event = self.event(run.permit, action)?.on_all(subjects.collect::<BTreeSet<_>>()).because("retention");
            // Of what is sealed of an interview nothing is known here: not whether the employer's side knew of it.
            let event = if action == "interview.expire" { event.in_confidence() } else { event };
            match write.commit(self, event).await {
                Ok(()) => count.deleted += gone().count() as u64,
                // The next run looks again.
                Err(Error::Stale | Error::Conflict(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A write that holds if the contract runs, be it for the stress check alone, nothing is held, and the settings have not changed since they were read.
    pub(crate) fn while_nothing_is_held(&self, tenant: TenantId, settings: u64) -> Result<Write, Error> {
        let mut write = Write::new();
        let runs = "contract_state IN (:active, :stress) AND attribute_not_exists(held_since)";
        let states = [(":active", "active"), (":stress", "stress_check_only")];
        let states = states.map(|(name, state)| (name.to_owned(), AttributeValue::S(state.to_owned())));
        write.check(self, contracts::key(tenant), runs, states.into(), || Conflict::WrongState.into())?;
        let version = Attributes::from([(":version".to_owned(), number(settings))]);
        write.check(self, tenants::key(tenant), "version = :version", version, || Error::Stale)?;
        Ok(write)
    }
}
