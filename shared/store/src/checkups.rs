//! Checkups (健康診断): one item each, in the partition of its employee, and beside it what it said before.
//!
//! | | |
//! | --- | --- |
//! | clear | ids of checkup, employee and import, day, kind, fiscal year, a keyed hash of the content, times; who wrote it and why, in codes |
//! | sealed (`health`, `note`) | age and sex on the day, results, judgement, clinic, course, doctor, comment; what somebody added to the reason in words |
//! | index | by fiscal year and shard, in the order of days; those that wait for a physician's opinion, by shard, in the order of when it is due |
//!
//! A checkup's id follows from employee, day and kind: the same checkup, delivered again, is the same item. What somebody may not see of a checkup is left
//! out here, before it reaches a door: the items, and everything that was concluded from them.
//!
//! ```text
//!              import, entry            correction, import, undo, rejudge
//! (nothing) ─────────────────▶ stands ───────────────┐
//!                               │ ▲ ▲◀───────────────┘
//!                          void │ │ entry, or an import of something else
//!                               ▼ │
//!                              void            out of lists, judgements and reports; kept as long as the others
//! ```
//!
//! Every arrow that replaces a version keeps it, in the same transaction ([`history`]). What an undo of its import made void stands again when a file brings the same.

mod attendance;
mod card;
mod change;
mod content;
mod expire;
mod history;
mod import;
mod lines;
mod opined;
mod preview;
mod rejudge;
mod reminders;
mod series;
mod shown;
mod undo;
mod year;

use authz::{Permission, Permit, Placement, permission::ViewCheckups};
use domain::{
    checkup::{
        change::{Cause, ChangeReason, Note},
        kind::CheckupKind,
    },
    ids::{CheckupId, EmployeeId, ImportId, TenantId},
    time::{Jst, fiscal_year},
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

pub use attendance::Attendance;
pub use card::ShownCard;
pub use change::{CheckupEntry, WrittenCheckup};
pub use content::{CheckupContent, CheckupHealth};
pub use history::{CheckupVersion, CheckupWord, CheckupWordChange, ShownChange};
pub use import::{CheckupPut, CheckupSealer, CheckupStep, PastCheckup, SealedCheckup};
pub(crate) use opined::CheckupHead;
pub use opined::SeenOfCheckup;
pub use preview::{CriteriaPreview, LetterChange, PreviewedCheckup};
pub(crate) use rejudge::RejudgedPage;
pub use series::{CheckupComparison, CheckupTrend, TrendPoint};
pub use shown::{ShownCheckup, ShownResult};
pub use year::CheckupPosition;

pub(crate) use self::{
    shown::Sees,
    year::{employee_of, partition_of as year_partition},
};
use crate::{
    Error, Store,
    db::Range,
    employees::Employee,
    item::{Attributes, Sealed, Stored, from_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// The attribute that [`CheckupHealth`] is sealed in.
const HEALTH: &str = "health";
/// The attribute that a [`Note`] is sealed in.
const NOTE: &str = "note";

/// A version of a checkup, without what is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: CheckupId,
    pub(crate) employee: EmployeeId,
    pub(crate) examined_on: Date,
    pub(crate) kind: CheckupKind,
    fiscal_year: i16,
    /// The keyed hash of all that a delivery can say: the same content has the same.
    content: String,
    health: Sealed,
    /// The content that a physician's last opinion was about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    opined: Option<String>,
    /// The import that wrote it last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    imported_by: Option<ImportId>,
    /// How this version came about.
    #[serde(default)]
    reason: ChangeReason,
    /// What somebody gave as the cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cause: Option<Cause>,
    /// A [`Note`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<Sealed>,
    /// The account or program that wrote this version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    written_by: Option<String>,
    /// The checkup that this one examines again or in more depth (再検査・二次検査).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    parent: Option<CheckupId>,
    /// Since when it is void.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    voided_at: Option<Jst>,
    created_at: Jst,
    updated_at: Jst,
}

/// A checkup that has been opened: what a write is made of, and what it replaces.
#[derive(Debug, Clone)]
pub struct RegisteredCheckup {
    pub(crate) record: Record,
    /// Its version.
    pub version: u64,
    /// What is sealed of it.
    pub health: CheckupHealth,
    note: Option<Note>,
}

impl RegisteredCheckup {
    /// What it says; nothing where it is void.
    #[must_use]
    pub fn standing(&self) -> Option<&CheckupHealth> {
        self.record.stands().then_some(&self.health)
    }
}

impl Record {
    /// Whether it is not void.
    pub(crate) fn stands(&self) -> bool {
        self.voided_at.is_none()
    }
}

pub(crate) fn key(tenant: TenantId, employee: EmployeeId, id: CheckupId) -> Key {
    Key::new(Table::Records, tenant, Family::Checkup, employee, id)
}

impl Store {
    /// The fiscal year (年度) that today belongs to, as the tenant counts them.
    pub async fn fiscal_year_now<P: Permission>(&self, permit: &Permit<P>) -> Result<i16, Error> {
        let tenant = self.load_tenant(permit.tenant()).await?.ok_or(Error::NotFound)?.record;
        Ok(fiscal_year(self.clock.now().date(), tenant.fiscal_year_starts))
    }

    /// An employee's checkups, the newest first; of one fiscal year, if one is asked for.
    pub async fn checkups_of_employee(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        fiscal_year: Option<i16>,
    ) -> Result<Vec<Stored<ShownCheckup>>, Error> {
        let (mut checkups, placement) = self.standing_of(permit, employee).await?;
        checkups.retain(|opened| fiscal_year.is_none_or(|year| year == opened.record.fiscal_year));
        checkups.reverse();
        let subjects = subjects(&checkups, Some(employee));
        let sees = Sees::of(permit, &placement);
        let shown = checkups.into_iter().map(|opened| shown::of(opened, sees)).collect();
        self.disclose(permit, "checkup.list", subjects, shown).await
    }

    /// One checkup.
    pub async fn checkup(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        id: CheckupId,
    ) -> Result<Stored<ShownCheckup>, Error> {
        let (opened, _, placement) = self.standing_within(permit, employee, id).await?;
        let subjects = [employee.to_string(), id.to_string()];
        self.disclose(permit, "checkup.read", subjects, shown::of(opened, Sees::of(permit, &placement))).await
    }

    /// What the permit's holder sees of a checkup that is not void, of somebody within reach; nothing of it is opened.
    pub(crate) async fn standing_checkup_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        id: CheckupId,
    ) -> Result<Sees, Error> {
        let key = key(permit.tenant(), employee, id);
        let (placement, found) = try_join(self.placed_within(permit, employee), self.load::<Record>(&key)).await?;
        found.filter(|it| it.record.stands()).ok_or(Error::NotFound)?;
        Ok(Sees::of(permit, &placement))
    }

    /// A checkup that is not void, of somebody within the permit's reach; with them, and where they stand. It is opened when that is settled: what is out of reach takes no
    /// longer than what never was.
    async fn standing_within(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        id: CheckupId,
    ) -> Result<(RegisteredCheckup, Employee, Placement), Error> {
        let tenant = permit.tenant();
        let key = key(tenant, employee, id);
        let ((person, placement), item) = try_join(self.employee_within(permit, employee), self.db.get(&key)).await?;
        let opened = self.open_checkups(tenant, item.into_iter().collect()).await?.pop();
        let opened = opened.filter(|opened| opened.record.stands()).ok_or(Error::NotFound)?;
        Ok((opened, person, placement))
    }

    /// The checkups of somebody within the permit's reach that are not void, the oldest first; and where they stand.
    async fn standing_of(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
    ) -> Result<(Vec<RegisteredCheckup>, Placement), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
        let (placement, items) = try_join(self.placed_within(permit, employee), self.db.query_all(range)).await?;
        let mut checkups = self.open_checkups(tenant, items).await?;
        checkups.retain(|opened| opened.record.stands());
        checkups.sort_unstable_by_key(|opened| (opened.record.examined_on, opened.record.id));
        Ok((checkups, placement))
    }

    /// Opens items, whichever versions of the key sealed them.
    pub(crate) async fn open_checkups(
        &self,
        tenant: TenantId,
        items: Vec<Attributes>,
    ) -> Result<Vec<RegisteredCheckup>, Error> {
        let now = self.clock.now();
        let mut sealed = Vec::with_capacity(items.len());
        for item in items {
            if let Some(stored) = from_item::<Record>(item, now)? {
                sealed.push((key(tenant, stored.record.employee, stored.record.id), stored));
            }
        }
        self.open_versions(tenant, sealed).await
    }

    /// Opens versions of checkups, each sealed for the place that its key is.
    async fn open_versions(
        &self,
        tenant: TenantId,
        sealed: Vec<(Key, Stored<Record>)>,
    ) -> Result<Vec<RegisteredCheckup>, Error> {
        let sealed: Vec<_> = sealed.into_iter().map(|(key, stored)| (key.entity(), key, stored)).collect();
        let mut page: Vec<_> = sealed
            .iter()
            .map(|(entity, key, stored)| (crate::place(tenant, key, entity, HEALTH), stored.record.health.0.as_slice()))
            .collect();
        let notes = sealed.iter().filter_map(|(entity, key, stored)| {
            Some((crate::place(tenant, key, entity, NOTE), stored.record.note.as_ref()?.0.as_slice()))
        });
        page.extend(notes);
        let plain = Box::pin(self.vault.open_all(tenant, Purpose::Health, &page)).await?;
        let (health, notes) = plain.split_at(sealed.len().min(plain.len()));
        let mut notes = notes.iter();
        let opened = sealed.into_iter().zip(health).map(|((_, _, Stored { record, version }), health)| {
            let note = record.note.as_ref().and_then(|_| notes.next()).map(|note| serde_json::from_slice(note));
            Ok(RegisteredCheckup { record, version, health: serde_json::from_slice(health)?, note: note.transpose()? })
        });
        opened.collect()
    }
}

/// The ids for the trail: whose checkups, and which.
fn subjects(checkups: &[RegisteredCheckup], asked_for: Option<EmployeeId>) -> Vec<String> {
    let employees: std::collections::BTreeSet<EmployeeId> =
        checkups.iter().map(|opened| opened.record.employee).chain(asked_for).collect();
    let checkups = checkups.iter().map(|opened| opened.record.id.to_string());
    employees.iter().map(ToString::to_string).chain(checkups).collect()
}
