//! Checkups whose period of retention (保存期間) is over: those of a company that has decided on one, while its contract runs. What is younger than the law allows stays,
//! whatever was decided ([`domain::retention`]), and nothing goes while a hold lasts.

use std::time::Instant;

use authz::{Permit, permission::PurgeTenants};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{EmployeeId, PLATFORM, TenantId},
    retention::{RecordKind, RetentionPolicy},
    time::{Jst, fiscal_year},
};
use futures_util::future::try_join_all;
use jiff::{ToSpan as _, civil::Date};
use serde::Serialize;

use super::{Record, key, year::partition_of};
use crate::{
    Bounds, Conflict, Error, Store, Write, contracts,
    db::Range,
    item::{Attributes, Stored, from_item, number},
    key::{Family, Table, partition, shards},
    tenants, work_fitness,
};

/// The first fiscal year that is looked into: there was no law before.
const FIRST_YEAR: i16 = 1972;
/// How many checkups go in one transaction.
const BATCH: usize = 20;
/// How many one run deletes at most of one tenant, unless it was told otherwise.
const MOST: u64 = 10_000;

/// How many checkups are over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CheckupsOver {
    /// How many were found.
    pub found: u64,
    /// How many of them were deleted; the next run finds the others.
    pub deleted: u64,
}

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
    /// Refuses where somebody has checkups: until the law lets go of the last of them, where that day can be told and is still to come.
    pub(crate) async fn without_checkups(&self, tenant: TenantId, employee: EmployeeId) -> Result<(), Error> {
        let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
        let mut until = Vec::new();
        for item in self.db.query_all(range).await? {
            if let Some(Stored { record, .. }) = from_item::<Record>(item, self.clock.now())? {
                until.push(RecordKind::of_checkup(record.kind).kept_by_law_until(record.made_on()));
            }
        }
        if until.is_empty() {
            return Ok(());
        }
        let days: Option<Vec<Date>> = until.into_iter().collect();
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
    ) -> Result<CheckupsOver, Error> {
        let (tenant, today) = (permit.tenant(), at.date());
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let Some(Stored { record: settings, version }) = self.load_tenant(tenant).await? else {
            return Ok(CheckupsOver::default());
        };
        let policy = settings.retention;
        let Some(shortest) = policy.shortest() else { return Ok(CheckupsOver::default()) };
        let newest = fiscal_year(today.saturating_sub(i32::from(shortest).years()), settings.fiscal_year_starts);
        let most = bounds.most_deletes.unwrap_or(MOST);
        let mut over = CheckupsOver::default();
        for year in FIRST_YEAR..=newest {
            let mut found = self.checkups_indexed(tenant, year).await?;
            found.retain(|checkup| checkup.record.is_over(&policy, today));
            over.found += found.len() as u64;
            for batch in found.chunks(BATCH) {
                let left = usize::try_from(most.saturating_sub(over.deleted)).unwrap_or(usize::MAX);
                if !dry_run && left > 0 && Instant::now() < bounds.until {
                    over.deleted += self.delete_checkups(permit, version, &batch[..batch.len().min(left)]).await?;
                }
            }
        }
        Ok(over)
    }

    /// The checkups of a fiscal year, as the index has them.
    async fn checkups_indexed(&self, tenant: TenantId, year: i16) -> Result<Vec<Stored<Record>>, Error> {
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
        let mut write = Write::new();
        let runs = "contract_state = :active AND attribute_not_exists(held_since)";
        let active = Attributes::from([(":active".to_owned(), AttributeValue::S("active".to_owned()))]);
        write.check(self, contracts::key(tenant), runs, active, || Conflict::WrongState.into())?;
        let version = Attributes::from([(":version".to_owned(), number(settings))]);
        write.check(self, tenants::key(tenant), "version = :version", version, || Error::Stale)?;
        for Stored { record, version } in checkups {
            write.delete(self, key(tenant, record.employee, record.id), Some(*version))?;
            write.delete(self, work_fitness::key(tenant, record.employee, record.id), None)?;
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
