//! What a month said before (訂正の履歴): each version whose hours were replaced, under its number and sealed anew for that place.

use authz::{Permit, permission::ViewWorkingHours};
use domain::{
    checkup::change::{ChangeReason, Note},
    ids::{EmployeeId, ImportId, TenantId},
    overwork::figure::Worked,
    time::{Jst, Month},
};
use futures_util::future::try_join3;

use super::{HoursSealer, Open, Record, SCHEMA, key as month_key};
use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Stored, to_item},
    key::{Family, Key, Table, partition},
};

/// One version of a month's hours. Debug output shows none.
#[derive(Clone)]
pub struct MonthVersion {
    /// Its number: the ETag that it had first.
    pub version: u64,
    /// When it was written.
    pub at: Jst,
    /// The account or program that wrote it.
    pub by: Option<String>,
    /// How it came about.
    pub reason: ChangeReason,
    /// Why, in words.
    pub note: Option<Note>,
    /// The import that brought it.
    pub import: Option<ImportId>,
    /// What it says.
    pub worked: Worked,
}

impl std::fmt::Debug for MonthVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MonthVersion").field("version", &self.version).finish_non_exhaustive()
    }
}

fn key(tenant: TenantId, employee: EmployeeId, month: Month, version: u64) -> Key {
    let sk = format!("{month}#{version:010}");
    Key::new(Table::Records, tenant, Family::WorkingHoursHistory, employee, sk)
}

/// A version that is replaced, as it is kept.
pub(super) fn kept(sealer: &HoursSealer, before: &Open) -> Result<(Key, Attributes), Error> {
    let Open { record, version, hours } = before;
    let key = key(sealer.tenant(), record.employee, record.month, *version);
    let record = Record { hours: sealer.sealed(&key, hours)?, next: None, ..record.clone() };
    let item = to_item(&key, *version, SCHEMA, &record)?;
    Ok((key, item))
}

impl Store {
    /// All versions of a month's hours, the newest first.
    pub async fn month_history(
        &self,
        permit: &Permit<ViewWorkingHours>,
        employee: EmployeeId,
        month: Month,
    ) -> Result<Vec<MonthVersion>, Error> {
        let tenant = permit.tenant();
        let place = month_key(tenant, employee, month);
        let (_, current, past) = try_join3(
            self.placed_within(permit, employee),
            self.load::<Record>(&place),
            self.past_months(tenant, employee, Some(month)),
        )
        .await?;
        let current = current.ok_or(Error::NotFound)?;
        let sealed = past.into_iter().chain([(place, current)]).collect();
        let versions = self.open_month_versions(tenant, sealed).await?;
        let version = |open: Open| MonthVersion {
            version: open.version,
            at: open.record.written_at,
            by: open.record.written_by,
            reason: open.record.reason,
            note: open.hours.note,
            import: open.record.imported_by,
            worked: open.hours.worked,
        };
        let versions = versions.into_iter().rev().map(version).collect();
        self.disclose(permit, "working_hours.history", [employee.to_string()], versions).await
    }

    /// The versions of a month, or of all months of somebody, that were replaced, with where each lies; the oldest first.
    pub(super) async fn past_months(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        month: Option<Month>,
    ) -> Result<Vec<(Key, Stored<Record>)>, Error> {
        let of_employee = partition(tenant, Family::WorkingHoursHistory, employee);
        let mut range = Range::whole(Table::Records, Family::WorkingHoursHistory, of_employee);
        if let Some(month) = month {
            range = range.starting_with(format!("{month}#"));
        }
        let keyed = |stored: Stored<Record>| (key(tenant, employee, stored.record.month, stored.version), stored);
        Ok(self.records_in(range).await?.into_iter().map(keyed).collect())
    }
}
