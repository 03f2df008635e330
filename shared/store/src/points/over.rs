//! Entries of ledgers whose period of retention is over, and what they came to. Entries go from the oldest on; what they came to is carried forward (繰越) in the same transaction, so that the
//! balance is what is carried forward and the entries that are left. Exchanges that were decided go by themselves; days that stood out stay.

use domain::{
    ids::{EmployeeId, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{EntryRecord, RedemptionRecord, RedemptionState, SCHEMA, entry_key, redemption_key};
use crate::{
    Error, Store, Write,
    db::Range,
    expiry::Over,
    item::{Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
};

/// How many entries of a ledger are looked at together: of most people none is over.
const LOOK: usize = 25;

/// What the entries of a ledger that were deleted came to (繰越).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedForward {
    /// The number of the last of them.
    pub until: u64,
    /// Their sum.
    pub points: i64,
    /// When the last of them was deleted.
    pub at: Jst,
}

fn carried_key(tenant: TenantId, employee: EmployeeId) -> Key {
    // Capitals: it stands before the entries.
    Key::new(Table::Records, tenant, Family::Points, employee, "CARRIED")
}

impl Store {
    /// What somebody's deleted entries came to, if any were.
    pub(super) async fn carried_forward(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<Option<CarriedForward>, Error> {
        let range = Range::whole(Table::Records, Family::Points, partition(tenant, Family::Points, employee));
        let found = self.records_in::<CarriedForward>(range.starting_with("CARRIED")).await?;
        Ok(found.into_iter().next().map(|stored| stored.record))
    }

    /// Adds to `write` that so many points of entries up to the number `until` are carried forward, beside what was before.
    pub(crate) async fn carry_forward(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        until: u64,
        points: i64,
    ) -> Result<(), Error> {
        let place = carried_key(tenant, employee);
        let range = Range::whole(Table::Records, Family::Points, place.pk.clone()).starting_with("CARRIED");
        let before = self.records_in::<CarriedForward>(range).await?.into_iter().next();
        let (version, sum) = before.map_or((None, 0), |before| (Some(before.version), before.record.points));
        let record = CarriedForward { until, points: sum + points, at: self.clock.now() };
        write.put_over(
            self,
            place.clone(),
            to_item(&place, version.unwrap_or(0) + 1, SCHEMA, &record)?,
            version,
            || Error::Stale,
        )?;
        Ok(())
    }

    /// What is over of somebody's points.
    pub(crate) async fn points_over(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        is_over: impl Fn(Date) -> bool,
    ) -> Result<Vec<Over>, Error> {
        let pk = partition(tenant, Family::Points, employee);
        let of_points =
            |prefix: &str| Range::whole(Table::Records, Family::Points, pk.clone()).starting_with(prefix).limit(LOOK);
        let over = |items, id, entry| Over { employee, id, items, entry };
        // Entries are numbered as they come, so that the first that stays ends the look.
        let is_old = |at: Option<&str>| at.and_then(|at| at.parse::<Jst>().ok()).is_some_and(|at| is_over(at.date()));
        let entries = self.db.gather(
            of_points("ENTRY#"),
            |item| is_old(as_text(item, "at")),
            |item| {
                let Some(Stored { record, version }) = from_item::<EntryRecord>(item, self.clock.now())? else {
                    return Ok(None);
                };
                let items = vec![(entry_key(tenant, employee, record.number), Some(version))];
                Ok(Some(over(items, None, Some((record.number, record.points)))))
            },
        );
        let mut found = entries.await?;
        let exchanges = self.db.gather(
            of_points("red_"),
            |item| is_old(as_text(item, "asked_at")),
            |item| {
                let Some(Stored { record, version }) = from_item::<RedemptionRecord>(item, self.clock.now())? else {
                    return Ok(None);
                };
                let is_decided = record.state != RedemptionState::Reserved;
                let decided = is_decided && record.decided_at.is_none_or(|at| is_over(at.date()));
                let items = vec![(redemption_key(tenant, employee, record.id), Some(version))];
                Ok(decided.then(|| over(items, Some(record.id.to_string()), None)))
            },
        );
        found.extend(exchanges.await?);
        Ok(found)
    }
}
