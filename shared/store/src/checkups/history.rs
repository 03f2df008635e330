//! What a checkup said before (訂正の履歴). Each version that is replaced lies in a family of its own, under its number and sealed anew for that place; it was put there
//! by the transaction that replaced it. Reading it shows each version with who wrote it, when, why, and what it says otherwise than the one before: to everybody as
//! much as they would have seen of the checkup itself.

use authz::{Permit, permission::ViewCheckups};
use domain::{
    checkup::{
        Subject,
        change::{Cause, ChangeReason, Note},
        difference::{Difference, Judged, differences},
        grade::ClinicGrade,
        item::ItemId,
        results::ItemResult,
    },
    employee::PersonName,
    ids::{CheckupId, EmployeeId, ImportId, TenantId},
    organisation::OrganisationName,
    time::Jst,
};
use futures_util::future::{try_join, try_join3};
use vault::Keyring;

use super::{
    CheckupHealth, HEALTH, NOTE, Record, RegisteredCheckup, SCHEMA, ShownResult, key as checkup_key, shown::Sees,
};
use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, to_item},
    key::{Family, Key, Table, partition},
};

/// One version of a checkup, as far as the permit's holder may see it. Debug output shows no health data.
#[derive(Clone)]
pub struct CheckupVersion {
    /// Its number: the ETag that it had.
    pub version: u64,
    /// When it was written.
    pub at: Jst,
    /// The account or program that wrote it.
    pub by: Option<String>,
    /// How it came about.
    pub reason: ChangeReason,
    /// What was given as the cause.
    pub cause: Option<Cause>,
    /// What was added to it in words.
    pub note: Option<Note>,
    /// The import that brought it.
    pub import: Option<ImportId>,
    /// The checkup that it examines again.
    pub parent: Option<CheckupId>,
    /// It declares the checkup void.
    pub void: bool,
    /// The criteria that it was judged by.
    pub criteria_version: std::sync::Arc<str>,
    /// What it says otherwise than the version before, item by item.
    pub changes: Vec<ShownChange>,
    /// What it says otherwise in words.
    pub words: Vec<CheckupWordChange>,
}

impl std::fmt::Debug for CheckupVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckupVersion").field("version", &self.version).finish_non_exhaustive()
    }
}

/// An item of which two states of a checkup say different things. Debug output shows no value.
#[derive(Debug, Clone)]
pub struct ShownChange {
    /// The item.
    pub item: ItemId,
    /// What was said before.
    pub before: Option<ShownResult>,
    /// What is said now.
    pub after: Option<ShownResult>,
}

impl ShownChange {
    pub(super) fn of(difference: Difference<'_>, before: Subject, after: Subject) -> Self {
        let shown = |subject| move |(result, grade): (&ItemResult, _)| ShownResult::new(result, grade, subject);
        let (was, is) = (difference.before.map(shown(before)), difference.after.map(shown(after)));
        Self { item: difference.item, before: was, after: is }
    }
}

/// A word or text of a checkup beside its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckupWord {
    /// 医療機関名.
    Clinic,
    /// 医療機関コード.
    ClinicCode,
    /// コース.
    Course,
    /// The physician who examined.
    Doctor,
    /// The clinic's comment.
    Comment,
    /// The clinic's overall judgement.
    ClinicOverall,
}

impl CheckupWord {
    const ALL: [Self; 6] =
        [Self::Clinic, Self::ClinicCode, Self::Course, Self::Doctor, Self::Comment, Self::ClinicOverall];

    /// Whether it may speak of all items, and so is only for those who see all.
    const fn speaks_of_everything(self) -> bool {
        matches!(self, Self::Course | Self::Comment | Self::ClinicOverall)
    }

    fn of(self, health: &CheckupHealth) -> Option<&str> {
        match self {
            Self::Clinic => health.clinic.as_ref().map(OrganisationName::as_str),
            Self::ClinicCode => health.clinic_code.as_ref().map(OrganisationName::as_str),
            Self::Course => health.course.as_ref().map(OrganisationName::as_str),
            Self::Doctor => health.doctor.as_ref().map(PersonName::as_str),
            Self::Comment => health.comment.as_deref(),
            Self::ClinicOverall => health.results.clinic_overall.as_ref().map(ClinicGrade::written),
        }
    }
}

/// A word that changed. Debug output shows none of it.
#[derive(Clone)]
pub struct CheckupWordChange {
    /// Which.
    pub word: CheckupWord,
    /// Before.
    pub before: Option<String>,
    /// Now.
    pub after: Option<String>,
}

impl std::fmt::Debug for CheckupWordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckupWordChange({:?})", self.word)
    }
}

/// Where a version lies that was replaced.
pub(super) fn key(tenant: TenantId, employee: EmployeeId, id: CheckupId, version: u64) -> Key {
    Key::new(Table::Records, tenant, Family::CheckupHistory, employee, format_args!("{id}#{version:010}"))
}

/// A version that is about to be replaced, as the item that keeps it.
pub(super) fn kept(keyring: &Keyring, before: &RegisteredCheckup) -> Result<(Key, Attributes), Error> {
    let RegisteredCheckup { record, version, health, note } = before;
    let tenant = keyring.tenant();
    let key = key(tenant, record.employee, record.id, *version);
    let entity = key.entity();
    let health = keyring.seal(&crate::place(tenant, &key, &entity, HEALTH), &crate::plain_json(health)?)?;
    let note = note.as_ref().map(|note| {
        Ok::<_, Error>(Sealed(keyring.seal(&crate::place(tenant, &key, &entity, NOTE), &crate::plain_json(note)?)?))
    });
    let record = Record { health: Sealed(health), note: note.transpose()?, ..record.clone() };
    let item = to_item(&key, *version, SCHEMA, &record)?;
    Ok((key, item))
}

impl Store {
    /// All versions of a checkup, the newest first; of one that is void as well.
    pub async fn checkup_history(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        id: CheckupId,
    ) -> Result<Vec<CheckupVersion>, Error> {
        let tenant = permit.tenant();
        let key = checkup_key(tenant, employee, id);
        let past = self.past_versions(tenant, employee, Some(id));
        let (placement, current, past) =
            try_join3(self.placed_within(permit, employee), self.load::<Record>(&key), past).await?;
        let current = current.ok_or(Error::NotFound)?;
        let past = self.open_versions(tenant, past);
        let (mut versions, current) = try_join(past, self.open_versions(tenant, vec![(key, current)])).await?;
        versions.extend(current);
        let shown = shown(&versions, Sees::of(permit, &placement));
        self.disclose(permit, "checkup.history", [employee.to_string(), id.to_string()], shown).await
    }

    /// Versions of an employee's checkups that were replaced, or of one of them, by checkup and version.
    pub(super) async fn past_versions(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        id: Option<CheckupId>,
    ) -> Result<Vec<(Key, Stored<Record>)>, Error> {
        let pk = partition(tenant, Family::CheckupHistory, employee);
        let range = Range::whole(Table::Records, Family::CheckupHistory, pk);
        let range = id.map_or(range.clone(), |id| range.starting_with(format!("{id}#")));
        let now = self.clock.now();
        let versions = self.db.query_all(range).await?.into_iter().filter_map(|item| {
            let read = from_item::<Record>(item, now).transpose()?;
            Some(read.map(|it| (self::key(tenant, employee, it.record.id, it.version), it)))
        });
        versions.collect()
    }
}

/// Versions as somebody sees them, the newest first. `versions` stand in the order in which they were written.
fn shown(versions: &[RegisteredCheckup], sees: Sees) -> Vec<CheckupVersion> {
    let before = std::iter::once(None).chain(versions.iter().map(Some));
    let mut shown: Vec<_> = before.zip(versions).map(|(before, after)| version(before, after, sees)).collect();
    shown.reverse();
    shown
}

fn judged(health: &CheckupHealth) -> Judged<'_> {
    (&health.results.results, &health.results.judgement)
}

fn version(before: Option<&RegisteredCheckup>, after: &RegisteredCheckup, sees: Sees) -> CheckupVersion {
    let record = &after.record;
    // A void version says nothing; the one after it begins anew.
    let (was, is) = (before.and_then(RegisteredCheckup::standing), after.standing());
    let changed = differences(was.map(judged), is.map(judged));
    let subject = |of: Option<&RegisteredCheckup>| of.unwrap_or(after).health.results.subject;
    let words = CheckupWord::ALL.into_iter().filter(|word| sees.everything() || !word.speaks_of_everything());
    let words = words.filter_map(|word| {
        let of = |health: Option<&CheckupHealth>| Some(word.of(health?)?.to_owned());
        let (before, after) = (of(was), of(is));
        (before != after).then_some(CheckupWordChange { word, before, after })
    });
    CheckupVersion {
        version: after.version,
        at: record.updated_at,
        by: record.written_by.clone(),
        reason: record.reason,
        cause: record.cause,
        note: after.note.clone().filter(|_| sees.everything()),
        import: record.imported_by.filter(|_| matches!(record.reason, ChangeReason::Import | ChangeReason::Undo)),
        parent: record.parent,
        void: !record.stands(),
        criteria_version: std::sync::Arc::clone(&after.health.results.judgement.criteria_version),
        changes: changed
            .filter(|it| sees.item(it.item))
            .map(|it| ShownChange::of(it, subject(before), subject(Some(after))))
            .collect(),
        words: words.collect(),
    }
}
