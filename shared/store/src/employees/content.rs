//! What can be said about an employee from outside, in one value: by hand, by a file, or as it is stored. Two contents are the same when their
//! keyed hashes are; and there is one way from a content to the items that hold it.

use std::collections::BTreeSet;

use domain::{
    checkup::hazard::Hazards,
    employee::{
        BirthDate, EmployeeNumber, EmploymentState, EmploymentType, JobTitle, Kana, MailAddress, PersonName, Sex,
    },
    ids::{AccountId, DepartmentId, EmployeeId, ImportId, LabelId, TenantId, WorkplaceId},
};
use jiff::civil::Date;
use serde::Serialize;
use vault::{Lookup, Purpose};

use super::{
    Employee, EmployeeAttributes, NumberRecord, Person, PersonRecord, PlacedSince, Placements, SCHEMA, WholeEmployee,
    key, number_key, person_key,
};
use crate::{
    Conflict, Error, Store, Write,
    item::{Attributes, Stored, to_item},
};

/// Everything that a customer registers about an employee, but for labels. Its JSON, in this order, is the canonical form that is hashed: a
/// field more changes every hash, so that each employee is written once more by the next import, and no harm is done. Where somebody stands is a matter of
/// days, and is not in the hash: see [`Placements::with`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonContent {
    /// 社員番号.
    pub number: EmployeeNumber,
    /// 氏名.
    pub name: PersonName,
    /// フリガナ.
    pub kana: Kana,
    /// メールアドレス.
    pub mail: Option<MailAddress>,
    /// 生年月日.
    pub birth_date: BirthDate,
    /// 性別.
    pub sex: Sex,
    /// 入社年月日.
    pub hired_on: Date,
    /// 退職年月日.
    pub left_on: Option<Date>,
    /// 事業場.
    #[serde(skip)]
    pub workplace: Option<WorkplaceId>,
    /// 部署.
    #[serde(skip)]
    pub department: Option<DepartmentId>,
    /// 役職.
    pub job_title: Option<JobTitle>,
    /// 職種.
    pub occupation: Option<JobTitle>,
    /// 雇用形態.
    pub employment_type: EmploymentType,
    /// 在籍区分.
    pub state: EmploymentState,
    /// 管理監督者.
    pub manager: bool,
    /// 人事権.
    pub personnel_authority: bool,
    /// 深夜業.
    pub night_work: bool,
    /// 有害業務: the whole history. Nothing of it in the hash where there is none.
    #[serde(skip_serializing_if = "Hazards::is_empty")]
    pub hazards: Hazards,
}

impl PersonContent {
    /// The content that is stored, as it holds on `day`.
    #[must_use]
    pub fn of(employee: &Employee, attributes: &EmployeeAttributes, person: &Person, day: Date) -> Self {
        let (attributes, person) = (attributes.clone(), person.clone());
        let (workplace, department) = employee.placements.on(day);
        Self {
            number: attributes.number,
            name: person.name,
            kana: person.kana,
            mail: person.mail,
            birth_date: attributes.birth_date,
            sex: attributes.sex,
            hired_on: employee.hired_on,
            left_on: employee.left_on,
            workplace,
            department,
            job_title: attributes.job_title,
            occupation: attributes.occupation,
            employment_type: attributes.employment_type,
            state: employee.state,
            manager: attributes.manager,
            personnel_authority: attributes.personnel_authority,
            night_work: attributes.night_work,
            hazards: attributes.hazards,
        }
    }

    fn attributes(&self) -> EmployeeAttributes {
        EmployeeAttributes {
            number: self.number.clone(),
            birth_date: self.birth_date,
            sex: self.sex,
            employment_type: self.employment_type.clone(),
            job_title: self.job_title.clone(),
            occupation: self.occupation.clone(),
            manager: self.manager,
            personnel_authority: self.personnel_authority,
            night_work: self.night_work,
            hazards: self.hazards.clone(),
        }
    }

    /// The placements of whoever had these `before`, and is said today to stand where this says since `effective_on`.
    pub(super) fn placements(&self, before: Placements, effective_on: Option<Date>, today: Date) -> Placements {
        let from = effective_on.unwrap_or(today);
        before.with(PlacedSince { from, workplace: self.workplace, department: self.department }, today, self.left_on)
    }

    fn person(&self, labels: &BTreeSet<LabelId>, placements: Placements) -> Person {
        Person {
            number: self.number.clone(),
            name: self.name.clone(),
            kana: self.kana.clone(),
            mail: self.mail.clone(),
            placements,
            labels: labels.clone(),
            state: self.state,
        }
    }

    /// Whether the dates can be so.
    pub(super) fn has_good_dates(&self) -> bool {
        self.left_on.is_none_or(|left| left >= self.hired_on)
    }
}

/// The keyed hash of a content.
pub(super) fn hash_of(lookup: &Lookup, content: &PersonContent) -> Result<String, Error> {
    let canonical = zeroize::Zeroizing::new(serde_json::to_string(content)?);
    Ok(lookup.hash("employee-content", &canonical).to_string())
}

/// An employee as they are to be written.
pub(super) struct Next<'a> {
    pub(super) id: EmployeeId,
    /// What is stored, with the version that the write is conditional on, and the number where it may be another.
    pub(super) existing: Option<(&'a Stored<Employee>, u64)>,
    pub(super) old_number: Option<&'a EmployeeNumber>,
    pub(super) content: &'a PersonContent,
    pub(super) labels: &'a BTreeSet<LabelId>,
    /// Since when or from when on the placement holds (適用日); today if nothing says otherwise.
    pub(super) effective_on: Option<Date>,
    /// Where they stood, stand and will stand, where that is known as a whole: for what takes an earlier write back.
    pub(super) placements: Option<Placements>,
    /// The import that writes; none for a hand.
    pub(super) imported_by: Option<ImportId>,
}

impl Store {
    /// Adds everything that makes an employee to `write`. Where their last day is another one, that is their account's, too: which is answered.
    pub(super) async fn put_employee(
        &self,
        write: &mut Write,
        tenant: TenantId,
        next: Next<'_>,
    ) -> Result<(WholeEmployee, Option<AccountId>), Error> {
        let Next { id, existing, old_number, content, labels, effective_on, placements, imported_by } = next;
        let lookup = self.lookup(tenant).await?;
        let (key, now) = (key(tenant, id), self.clock.now());
        let attributes = content.attributes();
        let (sealed, sealed_for) =
            self.seal_identity(tenant, Purpose::Attributes, &key, "attributes", &attributes).await?;
        let before = existing.map(|(stored, _)| &stored.record);
        let placements = placements.unwrap_or_else(|| {
            let placements = before.map(|before| before.placements.clone()).unwrap_or_default();
            content.placements(placements, effective_on, now.date())
        });
        let person = content.person(labels, placements.since(now.date()));
        let employee = Employee {
            id,
            state: content.state,
            labels: labels.clone(),
            hired_on: content.hired_on,
            left_on: content.left_on,
            placements,
            content: hash_of(&lookup, content)?,
            attributes: sealed,
            sealed_for,
            imported_by,
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        };
        let version = match existing {
            None => {
                write.create(self, key, SCHEMA, &employee, || Conflict::EmployeeNumberTaken.into())?;
                1
            }
            Some((_, version)) => {
                write.replace(self, key, SCHEMA, version, &employee)?;
                version + 1
            }
        };
        self.put_person(write, tenant, id, version, &person).await?;
        let last_day = employee.last_day(now.date());
        let account = match before {
            Some(before) if before.last_day(now.date()) != last_day => {
                self.follow_employee(write, tenant, id, last_day).await?
            }
            _ => None,
        };
        if old_number != Some(&content.number) && (existing.is_none() || old_number.is_some()) {
            let number = number_key(tenant, &lookup, &content.number);
            let taken = || Conflict::EmployeeNumberTaken.into();
            write.create(self, number, SCHEMA, &NumberRecord { employee: id }, taken)?;
            if let Some(old) = old_number {
                write.delete(self, number_key(tenant, &lookup, old), None)?;
            }
        }
        let placement = employee.placement(now.date());
        let employee = Stored { record: employee, version };
        Ok((WholeEmployee { employee, attributes, person, placement }, account))
    }

    /// The name's item hangs on the employee's, whose condition holds for both.
    async fn put_person(
        &self,
        write: &mut Write,
        tenant: TenantId,
        id: EmployeeId,
        version: u64,
        person: &Person,
    ) -> Result<(), Error> {
        let key = person_key(tenant, id);
        let (sealed, sealed_for) = self.seal_identity(tenant, Purpose::Names, &key, "person", person).await?;
        let item = to_item(&key, version, SCHEMA, &PersonRecord { person: sealed, sealed_for })?;
        write.put(self, key, item, None, Attributes::new(), || Error::Stale)?;
        Ok(())
    }
}
