//! A checkup entered, corrected or declared void by hand. Whoever may write is not thereby somebody who may read: what is given back says which checkup it is, and nothing of
//! what it says.

use authz::{Permit, permission::ManageCheckups};
use domain::{
    checkup::{
        Subject,
        change::{Cause, ChangeReason, Note},
        criteria::Criteria,
        derive,
        grade::ClinicGrade,
        item::{ItemId, ItemSet},
        kind::CheckupKind,
        results::Results,
    },
    employee::PersonName,
    ids::{CheckupId, EmployeeId},
    intake::Change,
    organisation::OrganisationName,
    retention::RecordKind,
    time::Jst,
};
use jiff::civil::Date;

use super::{
    CheckupContent, CheckupHealth, Record, RegisteredCheckup,
    import::{How, SealedCheckup},
    key,
};
use crate::{Conflict, Employee, Error, Prepared, Store, Write, item::Attributes};

/// What somebody says about a checkup: what they do not speak of stays. Debug output shows none of it.
#[derive(Clone)]
pub struct CheckupEntry {
    /// 医療機関名.
    pub clinic: Change<OrganisationName>,
    /// 医療機関コード.
    pub clinic_code: Change<OrganisationName>,
    /// コース.
    pub course: Change<OrganisationName>,
    /// The physician who examined.
    pub doctor: Change<PersonName>,
    /// The clinic's comment.
    pub comment: Change<String>,
    /// The clinic's own overall judgement.
    pub clinic_overall: Change<ClinicGrade>,
    /// The checkup that this one examines again.
    pub parent: Change<CheckupId>,
    /// Results that are set.
    pub results: Results,
    /// Results that go.
    pub cleared: ItemSet,
}

impl std::fmt::Debug for CheckupEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckupEntry(…)")
    }
}

/// A checkup that was written, without anything that it says.
#[derive(Debug, Clone)]
pub struct WrittenCheckup {
    /// Its id.
    pub id: CheckupId,
    /// Whose it is.
    pub employee: EmployeeId,
    /// The day (受診日).
    pub examined_on: Date,
    /// The kind (健診種別).
    pub kind: CheckupKind,
    /// The fiscal year (年度) that it counts for.
    pub fiscal_year: i16,
    /// The checkup that it examines again.
    pub parent: Option<CheckupId>,
    /// Its version.
    pub version: u64,
    /// When it first came.
    pub created_at: Jst,
    /// When this version was written.
    pub updated_at: Jst,
    /// Items of what was entered whose value is another than the computed one.
    pub differing: Vec<ItemId>,
    /// The day lies before that of hiring.
    pub before_hiring: bool,
}

impl WrittenCheckup {
    pub(super) fn of(record: &Record, version: u64) -> Self {
        Self {
            differing: Vec::new(),
            before_hiring: false,
            id: record.id,
            employee: record.employee,
            examined_on: record.examined_on,
            kind: record.kind,
            fiscal_year: record.fiscal_year,
            parent: record.parent,
            version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

impl Store {
    /// Enters a checkup of somebody within the permit's reach, on a day on which they can have been examined. One that is there already is a conflict, unless it is void.
    pub async fn enter_checkup(
        &self,
        permit: &Permit<ManageCheckups>,
        employee: EmployeeId,
        examined_on: Date,
        kind: CheckupKind,
        entry: CheckupEntry,
    ) -> Result<Prepared<WrittenCheckup>, Error> {
        let (employee, _) = self.employee_within(permit, employee).await?;
        let (tenant, subject) = (permit.tenant(), self.subject_on(permit, &employee, examined_on).await?);
        let sealer = self.sealer(tenant, permit.actor()).await?;
        let id = sealer.id(employee.id, examined_on, kind)?;
        let there = self.registered_checkup(permit, employee.id, id).await?;
        if there.as_ref().is_some_and(|there| there.record.stands()) {
            return Err(Conflict::CheckupExists.into());
        }
        let mut write = Write::new();
        let parent = entry.parent.as_set().copied();
        self.examines_again(&mut write, permit, employee.id, (id, examined_on), parent).await?;
        let how = How { parent, ..How::because(ChangeReason::Entry) };
        let differing = derive::complete(&mut entry.results.clone(), subject);
        let book = self.criteria_to_judge_by(permit).await?;
        let content = entered(entry, (employee.id, examined_on, kind), subject, None, book.on(examined_on));
        let sealed = sealer.version(&content, there.as_ref(), &how, self.clock.now())?;
        let written = self.write_version(&mut write, sealed, || Conflict::CheckupExists.into())?;
        let thing = WrittenCheckup { differing, before_hiring: examined_on < employee.hired_on, ..written };
        let event = self.event(permit, "checkup.create")?.on(employee.id).on(id);
        Ok(Prepared { thing, write, event })
    }

    /// Corrects a checkup. A correction is always written, even where nothing differs: whether it does is not for everybody to know who may write.
    pub async fn correct_checkup(
        &self,
        permit: &Permit<ManageCheckups>,
        (employee, id): (EmployeeId, CheckupId),
        version: u64,
        entry: CheckupEntry,
        (cause, note): (Cause, Option<Note>),
    ) -> Result<Prepared<WrittenCheckup>, Error> {
        let (employee, _) = self.employee_within(permit, employee).await?;
        let there = self.standing_checkup(permit, employee.id, id, version).await?;
        let (examined_on, kind) = (there.record.examined_on, there.record.kind);
        let subject = self.subject_on(permit, &employee, examined_on).await?;
        let mut write = Write::new();
        let parent = match &entry.parent {
            Change::Keep => there.record.parent,
            Change::Clear => None,
            Change::Set(parent) => {
                self.examines_again(&mut write, permit, employee.id, (id, examined_on), Some(*parent)).await?;
                Some(*parent)
            }
        };
        let how = How { cause: Some(cause), note, parent, ..How::because(ChangeReason::Correction) };
        // Of what was entered alone: what it contradicts beside that is not for everybody to know who may write.
        let differing = derive::complete(&mut entry.results.clone(), subject);
        let book = self.criteria_to_judge_by(permit).await?;
        let before = Some(there.health.clone());
        let content = entered(entry, (employee.id, examined_on, kind), subject, before, book.on(examined_on));
        let sealer = self.sealer(permit.tenant(), permit.actor()).await?;
        let sealed = sealer.version(&content, Some(&there), &how, self.clock.now())?;
        let written = self.write_version(&mut write, sealed, || Error::Stale)?;
        let thing = WrittenCheckup { differing, ..written };
        let event = self.event(permit, "checkup.correct")?.on(employee.id).on(id).because(cause.row().code);
        Ok(Prepared { thing, write, event })
    }

    /// Declares a checkup void: it stays, out of lists, judgements and reports. Without a cause it is told until when the law wants it kept.
    pub async fn void_checkup(
        &self,
        permit: &Permit<ManageCheckups>,
        (employee, id): (EmployeeId, CheckupId),
        version: u64,
        cause: Option<Cause>,
    ) -> Result<Prepared<WrittenCheckup>, Error> {
        let (employee, _) = self.employee_within(permit, employee).await?;
        let there = self.standing_checkup(permit, employee.id, id, version).await?;
        let record = &there.record;
        let Some(cause) = cause else {
            let until = RecordKind::of_checkup(record.kind).kept_by_law_until(record.made_on());
            return Err(Conflict::VoidedNotDeleted(until.filter(|day| *day >= self.today())).into());
        };
        let content = CheckupContent {
            employee: employee.id,
            examined_on: record.examined_on,
            kind: record.kind,
            health: there.health.clone(),
        };
        let how = How { cause: Some(cause), parent: record.parent, void: true, ..How::because(ChangeReason::Void) };
        let sealer = self.sealer(permit.tenant(), permit.actor()).await?;
        let sealed = sealer.version(&content, Some(&there), &how, self.clock.now())?;
        let mut write = Write::new();
        let thing = self.write_version(&mut write, sealed, || Error::Stale)?;
        let event = self.event(permit, "checkup.void")?.on(employee.id).on(id).because(cause.row().code);
        Ok(Prepared { thing, write, event })
    }

    /// Sex and age on a day, as registered; refused for a day on which nobody could be examined here.
    async fn subject_on(
        &self,
        permit: &Permit<ManageCheckups>,
        employee: &Employee,
        day: Date,
    ) -> Result<Subject, Error> {
        if employee.left_on.is_some_and(|left| day > left) {
            return Err(Conflict::AfterLeaving.into());
        }
        let attributes = self.open_attributes(permit.tenant(), employee).await?;
        let age = attributes.birth_date.age_on(day).ok_or(Conflict::BeforeBirth)?;
        Ok(Subject { sex: attributes.sex, age })
    }

    async fn registered_checkup(
        &self,
        permit: &Permit<ManageCheckups>,
        employee: EmployeeId,
        id: CheckupId,
    ) -> Result<Option<RegisteredCheckup>, Error> {
        let item = self.db.get(&key(permit.tenant(), employee, id)).await?;
        Ok(self.open_checkups(permit.tenant(), item.into_iter().collect()).await?.pop())
    }

    /// A checkup that is not void, in the version that the caller read.
    async fn standing_checkup(
        &self,
        permit: &Permit<ManageCheckups>,
        employee: EmployeeId,
        id: CheckupId,
        version: u64,
    ) -> Result<RegisteredCheckup, Error> {
        let there = self.registered_checkup(permit, employee, id).await?;
        let there = there.filter(|there| there.record.stands()).ok_or(Error::NotFound)?;
        if there.version == version { Ok(there) } else { Err(Error::Stale) }
    }

    /// Holds the write to it that `parent` is a first examination of the same person, before the second one's day or on it.
    async fn examines_again(
        &self,
        write: &mut Write,
        permit: &Permit<ManageCheckups>,
        employee: EmployeeId,
        (id, examined_on): (CheckupId, Date),
        parent: Option<CheckupId>,
    ) -> Result<(), Error> {
        let Some(parent) = parent else { return Ok(()) };
        let first = self.registered_checkup(permit, employee, parent).await?.filter(|it| it.record.stands());
        let first = first.ok_or(Conflict::UnfitParent)?.record;
        let own = self.registered_parents(permit, employee).await?;
        let is_first = first.parent.is_none() && first.id != id && first.examined_on <= examined_on;
        if !is_first || own.contains(&id) {
            return Err(Conflict::UnfitParent.into());
        }
        let condition = "attribute_exists(pk) AND attribute_not_exists(voided_at) AND attribute_not_exists(parent)";
        let parent = key(permit.tenant(), employee, parent);
        write.check(self, parent, condition, Attributes::new(), || Conflict::UnfitParent.into())?;
        Ok(())
    }

    /// The checkups of an employee that others examine again.
    async fn registered_parents(
        &self,
        permit: &Permit<ManageCheckups>,
        employee: EmployeeId,
    ) -> Result<Vec<CheckupId>, Error> {
        let records = self.checkup_records(permit.tenant(), employee).await?;
        Ok(records.into_iter().filter(|it| it.record.stands()).filter_map(|it| it.record.parent).collect())
    }

    /// Puts a version in place of the one that it replaces, which is kept.
    pub(super) fn write_version(
        &self,
        write: &mut Write,
        sealed: SealedCheckup,
        otherwise: fn() -> Error,
    ) -> Result<WrittenCheckup, Error> {
        let SealedCheckup { key, item, replaces, kept, written, .. } = sealed;
        write.put_over(self, key, item, replaces, otherwise)?;
        if let Some((key, item)) = kept {
            write.put_over(self, key, item, None, otherwise)?;
        }
        Ok(written)
    }
}

/// What an entry makes of `before`, judged.
fn entered(
    entry: CheckupEntry,
    (employee, examined_on, kind): (EmployeeId, Date, CheckupKind),
    subject: Subject,
    before: Option<CheckupHealth>,
    criteria: &Criteria,
) -> CheckupContent {
    let health = CheckupHealth::entered(entry, before, subject, criteria);
    CheckupContent { employee, examined_on, kind, health }
}

/// What is left of a value after a change.
pub(super) fn changed<T>(change: Change<T>, before: Option<T>) -> Option<T> {
    match change {
        Change::Keep => before,
        Change::Clear => None,
        Change::Set(value) => Some(value),
    }
}
