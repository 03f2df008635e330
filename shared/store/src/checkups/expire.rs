//! Checkups whose period of retention (保存期間) is over: those of a company that has decided on one, while its contract runs. What is younger than the law allows stays,
//! whatever was decided ([`domain::retention`]), and nothing goes while a hold lasts.

use std::{collections::BTreeSet, time::Instant};

use authz::{Permit, permission::PurgeTenants};
use domain::{
    ids::{CheckupId, EmployeeId, PLATFORM, TenantId},
    retention::{RecordKind, RetentionPolicy},
    time::{Jst, fiscal_year},
};
use futures_util::future::try_join_all;
use jiff::{ToSpan as _, civil::Date};

use super::{Record, key, year::partition_of};
use crate::{
    Bounds, Conflict, Error, KindOver, Store, attachments,
    db::Range,
    follow_ups,
    item::{Stored, as_text, from_item},
    key::{Family, Key, Table, partition, shards},
    work_fitness,
};

/// The first fiscal year that is looked into: there was no law before.
const FIRST_YEAR: i16 = 1972;
/// How many checkups go in one transaction.
const BATCH: usize = 20;
/// How many versions that were replaced go in one transaction.
const HISTORY_BATCH: usize = 90;
/// How many one run deletes at most of one tenant, unless it was told otherwise.
const MOST: u64 = 10_000;

impl Record {
    /// The day that its retention counts from. A card (個人票) is made after the examination, and one that came from another system may have been made by us: the later day
    /// is never too early.
    pub(crate) fn made_on(&self) -> Date {
        self.examined_on.max(self.created_at.date())
    }

    fn is_over(&self, policy: &RetentionPolicy, today: Date) -> bool {
        let until = policy.kept_until(RecordKind::of_checkup(self.kind), self.made_on());
        until.is_some_and(|last_day| last_day < today)
    }
}

impl Store {
    /// The checkups of an employee without what is sealed; void ones are among them.
    pub(super) async fn checkup_records(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<Record>>, Error> {
        let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
        self.records_in(range).await
    }

    /// Refuses where somebody has checkups: until the law lets go of the last of them, where that day can be told and is still to come.
    pub(crate) async fn without_checkups(&self, tenant: TenantId, employee: EmployeeId) -> Result<(), Error> {
        let checkups = self.checkup_records(tenant, employee).await?;
        if checkups.is_empty() {
            return Ok(());
        }
        let until = |it: &Stored<Record>| RecordKind::of_checkup(it.record.kind).kept_by_law_until(it.record.made_on());
        let days: Option<Vec<Date>> = checkups.iter().map(until).collect();
        let last = days.and_then(|days| days.into_iter().max()).filter(|day| *day >= self.today());
        Err(Conflict::UnderRetention(last).into())
    }

    /// Deletes the checkups of the permit's tenant whose period is over at `at`, as many as `bounds` allow; or only counts them.
    pub async fn expire_checkups(
        &self,
        permit: &Permit<PurgeTenants>,
        at: Jst,
        bounds: Bounds,
        dry_run: bool,
    ) -> Result<KindOver, Error> {
        let (tenant, today) = (permit.tenant(), at.date());
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let Some(Stored { record: settings, version }) = self.load_tenant(tenant).await? else {
            return Ok(KindOver::default());
        };
        let policy = settings.retention;
        let Some(shortest) = policy.shortest_of(RecordKind::CHECKUPS) else { return Ok(KindOver::default()) };
        let newest = fiscal_year(today.saturating_sub(i32::from(shortest).years()), settings.fiscal_year_starts);
        let most = bounds.most_deletes.unwrap_or(MOST);
        let mut over = KindOver::default();
        for year in FIRST_YEAR..=newest {
            let mut found = self.checkups_indexed(tenant, year).await?;
            found.retain(|checkup| checkup.record.is_over(&policy, today));
            over.found += found.len() as u64;
            for batch in found.chunks(BATCH) {
                let left = usize::try_from(most.saturating_sub(over.deleted)).unwrap_or(usize::MAX);
                if !dry_run && left > 0 && Instant::now() < bounds.until {
                    let batch = &batch[..batch.len().min(left)];
                    if self.delete_histories(permit, version, batch).await? {
                        over.deleted += self.delete_checkups(permit, version, batch).await?;
                    }
                }
            }
        }
        Ok(over)
    }

    /// Deletes what checkups said before, and what is attached to them. It goes first: a run that is cut short leaves a checkup without its history, which the next one takes up, and never a history
    /// that nobody finds. Whether it was allowed to.
    async fn delete_histories(
        &self,
        permit: &Permit<PurgeTenants>,
        settings: u64,
        checkups: &[Stored<Record>],
    ) -> Result<bool, Error> {
        let tenant = permit.tenant();
        let replaced = checkups.iter().filter(|checkup| checkup.version > 1);
        let past = replaced.map(|it| self.past_versions(tenant, it.record.employee, Some(it.record.id)));
        let past = try_join_all(past).await?.into_iter().flatten();
        let past = past.map(|(key, it)| (key, Some(it.version), (it.record.employee, it.record.id)));
        let attached = checkups.iter().map(|it| self.attached_keys(tenant, (it.record.employee, it.record.id)));
        let attached = try_join_all(attached).await?.into_iter().flatten();
        let gone: Vec<_> = past.chain(attached).collect();
        for batch in gone.chunks(HISTORY_BATCH) {
            let mut write = self.while_nothing_is_held(tenant, settings)?;
            for (key, version, _) in batch {
                write.delete(self, key.clone(), *version)?;
            }
            let of = batch.iter().flat_map(|(_, _, (whose, id))| [whose.to_string(), id.to_string()]);
            let of: BTreeSet<String> = of.collect();
            let event = self.event(permit, "checkup.expire_history")?.on_all(of).because("retention");
            match write.commit(self, event).await {
                Ok(()) => {}
                Err(Error::Stale | Error::Conflict(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// What is attached to a checkup. Its files go with the files that no item knows any more.
    async fn attached_keys(
        &self,
        tenant: TenantId,
        (employee, id): (EmployeeId, CheckupId),
    ) -> Result<Vec<(Key, Option<u64>, (EmployeeId, CheckupId))>, Error> {
        let range = attachments::range_of(tenant, employee, id);
        let place = range.pk.clone();
        let items = self.db.query_all(range).await?.into_iter();
        let key =
            |sk: &str| Key { table: Table::Records, family: Family::Attachment, pk: place.clone(), sk: sk.to_owned() };
        Ok(items.filter_map(|item| Some((key(as_text(&item, "sk")?), None, (employee, id)))).collect())
    }

    /// The checkups of a fiscal year, as the index has them.
    pub(super) async fn checkups_indexed(&self, tenant: TenantId, year: i16) -> Result<Vec<Stored<Record>>, Error> {
        let pages = try_join_all(shards().map(|shard| {
            let of_year = partition_of(tenant, year, &shard);
            self.db.query_all(Range::whole(Table::Records, Family::Checkup, of_year).by_index())
        }))
        .await?;
        let now = self.clock.now();
        pages.into_iter().flatten().filter_map(|item| from_item(item, now).transpose()).collect()
    }

    /// Deletes checkups, with an event that names them, if the contract runs, nothing is held, and neither they nor the settings have changed since they were read. How many it deleted.
    async fn delete_checkups(
        &self,
        permit: &Permit<PurgeTenants>,
        settings: u64,
        checkups: &[Stored<Record>],
    ) -> Result<u64, Error> {
        let tenant = permit.tenant();
        let mut write = self.while_nothing_is_held(tenant, settings)?;
        for Stored { record, version } in checkups {
            write.delete(self, key(tenant, record.employee, record.id), Some(*version))?;
            write.delete(self, work_fitness::key(tenant, record.employee, record.id), None)?;
            write.delete(self, follow_ups::key(tenant, record.employee, record.id), None)?;
        }
        let ids = checkups.iter().flat_map(|it| [it.record.employee.to_string(), it.record.id.to_string()]);
        match write.commit(self, self.event(permit, "checkup.expire")?.on_all(ids).because("retention")).await {
            Ok(()) => Ok(checkups.len() as u64),
            // The next run looks again.
            Err(Error::Stale | Error::Conflict(_)) => Ok(0),
            Err(error) => Err(error),
        }
    }
}
