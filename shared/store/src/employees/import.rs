//! Employees by file: found by number, and written by rows. Nothing here commits: an importer puts several people into one transaction.

use std::collections::BTreeSet;

use authz::{Denied, ImportKind, ImportRight};
use domain::{
    employee::EmployeeNumber,
    ids::{EmployeeId, ImportId},
};
use jiff::civil::Date;

use super::{
    Employee, EmployeeAttributes, Person, PersonContent,
    content::{Next, hash_of},
};
use crate::{Error, Store, Write, item::Stored, organisation::RowApplied};

/// Somebody who is registered, as rows are held against: without the name.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The employee.
    pub employee: Stored<Employee>,
    /// What is sealed beside it.
    pub attributes: EmployeeAttributes,
}

impl Store {
    /// Who has these numbers, in their order, as far as the right reaches. Two rounds of reads, whatever their number.
    pub async fn registered(
        &self,
        right: &ImportRight,
        numbers: &[EmployeeNumber],
    ) -> Result<Vec<Option<Registered>>, Error> {
        let found = self.employee_ids_by_number(right.tenant(), numbers).await?;
        let ids: Vec<EmployeeId> = found.iter().flatten().copied().collect();
        let mut employees = self.registered_by_id(right, &ids).await?.into_iter();
        Ok(found.into_iter().map(|id| id.and_then(|_| employees.next().flatten())).collect())
    }

    /// These employees, in their order, as far as the right reaches.
    pub async fn registered_by_id(
        &self,
        right: &ImportRight,
        ids: &[EmployeeId],
    ) -> Result<Vec<Option<Registered>>, Error> {
        let (tenant, today) = (right.tenant(), self.today());
        let reached = |stored: &Stored<Employee>| right.reach().covers(&stored.record.placement(today));
        let found = self.load_employees(tenant, ids).await?.into_iter().map(|employee| employee.filter(reached));
        let found: Vec<Option<Stored<Employee>>> = found.collect();
        let attributes = self.open_attributes_of(tenant, found.iter().flatten().map(|stored| &stored.record)).await?;
        let mut attributes = attributes.into_iter();
        let known = |employee: Option<Stored<Employee>>| {
            employee.and_then(|employee| Some(Registered { employee, attributes: attributes.next()? }))
        };
        Ok(found.into_iter().map(known).collect())
    }

    /// The names of people that [`Self::registered`] found, in the order of `ids`: for rows that leave a part of the name as it is, or say whom they are
    /// about.
    pub async fn names_of(&self, right: &ImportRight, ids: &[EmployeeId]) -> Result<Vec<Option<Person>>, Error> {
        if !matches!(right.kind(), ImportKind::Employees | ImportKind::Checkups | ImportKind::StressAnswers) {
            return Err(Denied::Forbidden.into());
        }
        self.load_people(right.tenant(), ids).await
    }

    /// Whether somebody is registered with just this content, from `effective_on` on: no name needs to be opened to tell.
    pub async fn is_same_person(
        &self,
        right: &ImportRight,
        existing: &Employee,
        content: &PersonContent,
        effective_on: Option<Date>,
    ) -> Result<bool, Error> {
        let stands = content.placements(existing.placements.clone(), effective_on, self.today()) == existing.placements;
        Ok(stands && existing.content == hash_of(&self.lookup(right.tenant()).await?, content)?)
    }

    /// Adds what makes `content` true to `write`: a new person (three items), the changes of an `existing` one (two items, conditional on the
    /// version that was read, and up to three more where their account follows them), or nothing where nothing is different. An import that registers the same
    /// number again registers the same person.
    ///
    /// The workplace and the department are those of a [held](Store::hold_organisation) organisation.
    pub async fn write_person(
        &self,
        write: &mut Write,
        right: &ImportRight,
        import: ImportId,
        existing: Option<&Stored<Employee>>,
        content: &PersonContent,
        effective_on: Option<Date>,
    ) -> Result<RowApplied<EmployeeId>, Error> {
        permits(right)?;
        let tenant = right.tenant();
        let none = BTreeSet::new();
        let (id, labels) = match existing {
            Some(stored) if self.is_same_person(right, &stored.record, content, effective_on).await? => {
                return Ok(RowApplied::Unchanged(stored.record.id));
            }
            Some(stored) => (stored.record.id, &stored.record.labels),
            None => {
                let name = format!("{import}\n{}", content.number);
                let id = self.lookup(tenant).await?.mac16("employee-id", name.as_bytes());
                (EmployeeId::from_bytes(id), &none)
            }
        };
        let with_version = existing.map(|stored| (stored, stored.version));
        let next = Next {
            id,
            existing: with_version,
            old_number: None,
            content,
            labels,
            effective_on,
            placements: None,
            imported_by: Some(import),
        };
        let (_, account) = self.put_employee(write, tenant, next).await?;
        if let Some(account) = account {
            let event = self.event_of(tenant, right.actor(), "imports.use", "account.follow_employee")?;
            write.tell(self, &event.on(account).on(id).on(import)).await?;
        }
        Ok(if existing.is_some() { RowApplied::Updated(id) } else { RowApplied::Created(id) })
    }
}

fn permits(right: &ImportRight) -> Result<(), Error> {
    if right.kind() == ImportKind::Employees { Ok(()) } else { Err(Denied::Forbidden.into()) }
}
