//! Employees of an import that is undone: whoever was there before is again as they were, and whoever came with the file goes, where nothing rests on either.
//!
//! What somebody was before a row changed them is kept by the transaction that changes them, sealed as the file is, for as long as an import can be undone.

use std::collections::HashMap;

use authz::ImportRight;
use domain::ids::{EmployeeId, ImportId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{EmployeeAttributes, Person, PersonContent, Placements, Registered, content::Next};
use crate::{
    Error, Organisation, Store, Write,
    imports::{Images, UndoStep, Wrote, image_key, images_after},
    item::{Stored, from_item},
};

/// Somebody as they were before a row changed them. Debug output shows none of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct EmployeeImage {
    employee: EmployeeId,
    version: u64,
    hired_on: Date,
    left_on: Option<Date>,
    placements: Placements,
    attributes: EmployeeAttributes,
    person: Person,
}

impl std::fmt::Debug for EmployeeImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmployeeImage").field("employee", &self.employee).finish_non_exhaustive()
    }
}

impl EmployeeImage {
    /// Somebody as they are.
    #[must_use]
    pub fn of(Registered { employee, attributes }: &Registered, person: &Person) -> Self {
        let Stored { record, version } = employee;
        Self {
            employee: record.id,
            version: *version,
            hired_on: record.hired_on,
            left_on: record.left_on,
            placements: record.placements.clone(),
            attributes: attributes.clone(),
            person: person.clone(),
        }
    }

    fn content(&self, today: Date) -> PersonContent {
        let (attributes, person) = (self.attributes.clone(), self.person.clone());
        let (workplace, department) = self.placements.on(today);
        PersonContent {
            number: attributes.number,
            name: person.name,
            kana: person.kana,
            mail: person.mail,
            birth_date: attributes.birth_date,
            sex: attributes.sex,
            hired_on: self.hired_on,
            left_on: self.left_on,
            workplace,
            department,
            job_title: attributes.job_title,
            occupation: attributes.occupation,
            employment_type: attributes.employment_type,
            state: person.state,
            manager: attributes.manager,
            personnel_authority: attributes.personnel_authority,
            night_work: attributes.night_work,
            hazards: attributes.hazards,
        }
    }
}

impl Store {
    /// Adds to `write`, which changes them, what people were before; `row` is the number of the first of their rows.
    pub async fn keep_images(
        &self,
        write: &mut Write,
        right: &ImportRight,
        import: ImportId,
        row: u64,
        images: &[EmployeeImage],
    ) -> Result<(), Error> {
        let Some(first) = images.first() else { return Ok(()) };
        let key = image_key(right.tenant(), import, (row, first.version));
        let images = self.seal(right.tenant(), Purpose::Files, &key, "images", images).await?;
        self.put_image(write, key, images)
    }

    /// What those whom these rows changed were before, by whom and in which version.
    pub async fn images_of(
        &self,
        right: &ImportRight,
        import: ImportId,
        rows: &[Wrote],
    ) -> Result<HashMap<(EmployeeId, u64), EmployeeImage>, Error> {
        let numbers = || rows.iter().map(|wrote| wrote.row);
        let (Some(first), Some(last)) = (numbers().min(), numbers().max()) else { return Ok(HashMap::new()) };
        let key = image_key(right.tenant(), import, (last + 1, 0));
        let mut range = images_after(right.tenant(), import, first);
        let mut found = HashMap::new();
        loop {
            let (items, more) = self.db.query(&range).await?;
            range.after = items.last().and_then(|item| crate::item::as_text(item, "sk").map(str::to_owned));
            for item in items {
                let Some(sk) = crate::item::as_text(&item, "sk").filter(|sk| *sk < key.sk.as_str()) else {
                    return Ok(found);
                };
                let key = crate::key::Key { sk: sk.to_owned(), ..key.clone() };
                let Some(stored) = from_item::<Images>(item, self.clock.now())? else { continue };
                let images: Vec<EmployeeImage> =
                    self.open(right.tenant(), Purpose::Files, &key, "images", &stored.record.images).await?;
                found.extend(images.into_iter().map(|image| ((image.employee, image.version), image)));
            }
            if !more {
                return Ok(found);
            }
        }
    }

    /// What is to be done about a row about an employee that is undone.
    pub async fn employee_undone(
        &self,
        right: &ImportRight,
        import: ImportId,
        organisation: &Organisation,
        (wrote, image): (&Wrote, Option<&EmployeeImage>),
    ) -> Result<UndoStep, Error> {
        let tenant = right.tenant();
        let came_with_it = wrote.version == 1;
        let Some(known) = self.registered_by_id(right, &[wrote.employee]).await?.into_iter().next().flatten() else {
            return Ok(if came_with_it { UndoStep::Done } else { UndoStep::Touched });
        };
        let (record, version) = (&known.employee.record, known.employee.version);
        if version == wrote.version + 1 && record.imported_by == Some(import) {
            // No import writes somebody twice: this is how an undo leaves them.
            return Ok(UndoStep::Done);
        }
        if version != wrote.version {
            return Ok(UndoStep::Touched);
        }
        let mut write = Write::new();
        if came_with_it {
            if self.account_of_employee(tenant, wrote.employee).await?.is_some() {
                return Ok(UndoStep::Touched);
            }
            let gone = self.unregister(&mut write, tenant, wrote.employee, version, &known.attributes.number).await;
            return match gone {
                Ok(()) => Ok(UndoStep::Write(write)),
                Err(Error::Conflict(_)) => Ok(UndoStep::Touched),
                Err(error) => Err(error),
            };
        }
        let today = self.today();
        let Some(image) = image else { return Ok(UndoStep::Touched) };
        if !image.placements.from(today).iter().all(|it| organisation.has_place(it.workplace, it.department)) {
            return Ok(UndoStep::Touched);
        }
        let content = image.content(today);
        let next = Next {
            id: wrote.employee,
            existing: Some((&known.employee, version)),
            old_number: None,
            content: &content,
            labels: &record.labels,
            effective_on: None,
            placements: Some(image.placements.clone()),
            imported_by: Some(import),
        };
        let (_, account) = self.put_employee(&mut write, tenant, next).await?;
        if let Some(account) = account {
            let event = self.event_of(tenant, right.actor(), "imports.use", "account.follow_employee")?;
            write.tell(self, &event.on(account).on(wrote.employee).on(import)).await?;
        }
        Ok(UndoStep::Write(write))
    }
}
