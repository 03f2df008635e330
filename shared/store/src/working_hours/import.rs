//! How months of work are written, by files and by hand: sealed without any I/O by an [`HoursSealer`] that was opened once for a chunk, and put by one conditional request.
//! Other hours take the place of those that were there, which are kept; what was done about the month stays.

use std::sync::Arc;

use authz::{Actor, ImportKind, ImportRight, Placement};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    checkup::change::{ChangeReason, Note},
    ids::{EmployeeId, ImportId, TenantId},
    overwork::{duty::Done, figure::Worked, period::ClosingDay},
    time::{Jst, Month},
};
use vault::{Keyring, Lookup, Purpose};

use super::{HOURS, Hours, Open, Record, history, item, key};
use crate::{
    Error, Store, Write,
    item::{Attributes, Sealed, as_number},
    key::Key,
};

/// A month that is there already: what a row is held against.
#[derive(Clone)]
pub struct RegisteredMonth(pub(super) Open);

impl std::fmt::Debug for RegisteredMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisteredMonth").field("month", &self.0.record.month).finish_non_exhaustive()
    }
}

impl RegisteredMonth {
    /// The hours.
    #[must_use]
    pub fn worked(&self) -> &Worked {
        &self.0.hours.worked
    }
}

/// Seals months of one tenant. No I/O; hold it for a chunk, not longer.
#[derive(Debug, Clone)]
pub struct HoursSealer {
    keyring: Arc<Keyring>,
    lookup: Lookup,
    closing: ClosingDay,
    /// The account or program that writes.
    by: Option<String>,
}

/// A month, ready to be put.
#[derive(Debug)]
pub struct SealedMonth {
    tenant: TenantId,
    key: Key,
    item: Attributes,
    import: Option<ImportId>,
    content: String,
    /// The version that it replaces.
    replaces: Option<u64>,
    /// Where the hours before are kept.
    kept: Option<(Key, Attributes)>,
    pub(super) opened: OpenedMonth,
}

/// The month that a write makes, as it will be read.
pub(super) struct OpenedMonth(pub(super) Open);

impl std::fmt::Debug for OpenedMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedMonth").finish_non_exhaustive()
    }
}

/// How a version comes about.
#[derive(Debug)]
pub(super) struct How {
    pub(super) reason: ChangeReason,
    pub(super) note: Option<Note>,
    pub(super) import: Option<ImportId>,
}

/// What is to be done with a row.
#[derive(Debug)]
pub enum MonthStep {
    /// Put this.
    Put(Box<SealedMonth>),
    /// Nothing more.
    Done(MonthPut),
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthPut {
    /// It was written: now, or by an earlier attempt of the same import.
    Written,
    /// The same was there.
    Unchanged,
    /// What is there has changed since the check.
    Conflict,
}

impl HoursSealer {
    /// On which day the tenant's months close.
    #[must_use]
    pub fn closing(&self) -> ClosingDay {
        self.closing
    }

    /// Seals what `import` makes of a month. `planned` is the version that the row was checked against, 0 for none; `before` is what is there now.
    pub fn step(
        &self,
        (employee, month): (EmployeeId, Month),
        worked: Worked,
        planned: u64,
        before: Option<&RegisteredMonth>,
        import: ImportId,
        now: Jst,
    ) -> Result<MonthStep, Error> {
        let mac = self.content_mac(employee, month, &worked)?;
        Ok(match before.map(|before| &before.0) {
            None if planned > 0 => MonthStep::Done(MonthPut::Conflict),
            Some(before) if before.version != planned => {
                let ours = before.record.imported_by == Some(import) && before.record.content == mac;
                MonthStep::Done(if ours { MonthPut::Written } else { MonthPut::Conflict })
            }
            Some(before) if before.record.content == mac => MonthStep::Done(MonthPut::Unchanged),
            before => {
                let how = How { reason: ChangeReason::Import, note: None, import: Some(import) };
                MonthStep::Put(Box::new(self.version((employee, month), worked, before, how, now)?))
            }
        })
    }

    /// The keyed hash of hours: nobody can tell from it that two months say the same.
    fn content_mac(&self, employee: EmployeeId, month: Month, worked: &Worked) -> Result<String, Error> {
        let bytes = crate::plain_json(&(employee, month, worked))?;
        Ok(URL_SAFE_NO_PAD.encode(self.lookup.mac16("working-hours", &bytes)))
    }

    /// The sealed version of a month that takes the place of `before`.
    pub(super) fn version(
        &self,
        (employee, month): (EmployeeId, Month),
        worked: Worked,
        before: Option<&Open>,
        how: How,
        now: Jst,
    ) -> Result<SealedMonth, Error> {
        let tenant = self.keyring.tenant();
        let key = key(tenant, employee, month);
        let content = self.content_mac(employee, month, &worked)?;
        let How { reason, note, import } = how;
        let hours = Hours { worked, note };
        let sealed = self.sealed(&key, &hours)?;
        let there = before.map(|before| &before.record);
        let record = Record {
            employee,
            month,
            hours: sealed,
            content: content.clone(),
            reason,
            imported_by: import,
            written_by: self.by.clone(),
            written_at: now,
            // What was done about the hours before was done.
            done: there.map_or_else(Done::default, |there| there.done),
            notices: there.map_or_else(Vec::new, |there| there.notices.clone()),
            next: None,
            created_at: there.map_or(now, |there| there.created_at),
        };
        let record = record.looked_at(&hours.worked, now.date());
        let replaces = before.map(|before| before.version);
        let version = replaces.unwrap_or(0) + 1;
        let item = item(tenant, &record, version, &hours.worked)?;
        let kept = before.map(|before| history::kept(self, before)).transpose()?;
        let opened = OpenedMonth(Open { record, version, hours });
        Ok(SealedMonth { tenant, key, item, import, content, replaces, kept, opened })
    }

    /// Seals hours for the place that `key` is.
    pub(super) fn sealed(&self, key: &Key, hours: &Hours) -> Result<Sealed, Error> {
        let (tenant, entity) = (self.keyring.tenant(), key.entity());
        let place = crate::place(tenant, key, &entity, HOURS);
        Ok(Sealed(self.keyring.seal(&place, &crate::plain_json(hours)?)?))
    }

    /// The tenant.
    pub(super) fn tenant(&self) -> TenantId {
        self.keyring.tenant()
    }
}

impl Store {
    /// What seals the months that `right` brings in.
    pub async fn hours_sealer(&self, right: &ImportRight) -> Result<HoursSealer, Error> {
        self.sealer_of_hours(right.tenant(), right.actor()).await
    }

    /// What seals the months that `actor` writes.
    pub(super) async fn sealer_of_hours(&self, tenant: TenantId, actor: &Actor) -> Result<HoursSealer, Error> {
        let settings = self.load_hours_settings(tenant).await?.record;
        let keyring = Box::pin(self.vault.keyring(tenant, Purpose::Health)).await?;
        Ok(HoursSealer { keyring, lookup: self.lookup(tenant).await?, closing: settings.closing_day, by: actor.id() })
    }

    /// The versions of months, in the order of `ids`; 0 for what is not there. Reads nothing of what is sealed.
    pub async fn month_versions(&self, right: &ImportRight, ids: &[(EmployeeId, Month)]) -> Result<Vec<u64>, Error> {
        let found = self.month_items(right, ids, Some("version")).await?;
        Ok(found.into_iter().map(|item| item.and_then(|item| as_number(&item, "version")).unwrap_or(0)).collect())
    }

    /// Months that are there already, in the order of `ids`.
    pub async fn registered_months(
        &self,
        right: &ImportRight,
        ids: &[(EmployeeId, Month)],
    ) -> Result<Vec<Option<RegisteredMonth>>, Error> {
        let items = self.month_items(right, ids, None).await?.into_iter().flatten().collect();
        let found = self.open_months(right.tenant(), items).await?.into_iter();
        let mut found: std::collections::HashMap<_, _> =
            found.map(|open| ((open.record.employee, open.record.month), RegisteredMonth(open))).collect();
        Ok(ids.iter().map(|id| found.remove(id)).collect())
    }

    async fn month_items(
        &self,
        right: &ImportRight,
        ids: &[(EmployeeId, Month)],
        attribute: Option<&'static str>,
    ) -> Result<Vec<Option<Attributes>>, Error> {
        if right.kind() != ImportKind::WorkingHours {
            return Err(Error::NotFound);
        }
        let keys: Vec<Key> = ids.iter().map(|(employee, month)| key(right.tenant(), *employee, *month)).collect();
        self.db.batch_get_part(&keys, attribute).await
    }

    /// Puts a month of somebody at `placement`, if what it was checked against still stands. The event of a chunk of rows is the importer's.
    pub async fn put_month(
        &self,
        right: &ImportRight,
        placement: &Placement,
        sealed: SealedMonth,
    ) -> Result<MonthPut, Error> {
        let allowed = right.kind() == ImportKind::WorkingHours
            && right.tenant() == sealed.tenant
            && placement.employee == sealed.opened.0.record.employee
            && right.reach().covers(placement);
        if !allowed {
            return Err(Error::NotFound);
        }
        let (key, content, import) = (sealed.key.clone(), sealed.content.clone(), sealed.import);
        if self.put_month_version(sealed).await? {
            return Ok(MonthPut::Written);
        }
        let there = self.load::<Record>(&key).await?;
        Ok(match there.map(|stored| stored.record) {
            // An attempt that was cut short had come this far.
            Some(there) if there.content == content && there.imported_by == import => MonthPut::Written,
            Some(there) if there.content == content => MonthPut::Unchanged,
            _ => MonthPut::Conflict,
        })
    }

    /// Puts a month where the version that it was made from still stands; whether it did.
    async fn put_month_version(&self, sealed: SealedMonth) -> Result<bool, Error> {
        if sealed.kept.is_none() {
            return self.db.put_if(&sealed.key, sealed.item, sealed.replaces).await;
        }
        let mut write = Write::new();
        self.write_month(&mut write, sealed, || Error::Stale)?;
        match write.commit_unaudited(self).await {
            Ok(()) => Ok(true),
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds a month to `write`, with what it said before. The month as it will be.
    pub(super) fn write_month(
        &self,
        write: &mut Write,
        sealed: SealedMonth,
        otherwise: fn() -> Error,
    ) -> Result<Open, Error> {
        let SealedMonth { key, item, replaces, kept, opened, .. } = sealed;
        write.put_over(self, key, item, replaces, otherwise)?;
        if let Some((key, item)) = kept {
            // The same version is kept once, whoever replaces it.
            write.put_over(self, key, item, None, || Error::Stale)?;
        }
        Ok(opened.0)
    }
}
