//! Employees by file: one row is one person, found by their number.

use std::collections::BTreeMap;

use authz::ImportRight;
use domain::{
    ids::{DepartmentId, WorkplaceId},
    intake::{
        Change, Fault, FaultCode,
        employees::{EmployeeRow, Layout, Role},
    },
    organisation::{OrganisationName, WorkplaceCode},
};
use store::{Conflict, Error, Import, Organisation, Person, PersonContent, Registered, RowApplied, Store, Write};

use super::{Applied, Held, Planned, Row, registered};

/// Where people can be placed.
#[derive(Debug)]
pub(super) struct Register {
    organisation: Organisation,
    /// Names of workplaces that rows before this one bring, by code.
    brought: BTreeMap<WorkplaceCode, OrganisationName>,
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight) -> Result<Self, Error> {
        Ok(Self { organisation: store.organisation_for_check(right).await?, brought: BTreeMap::new() })
    }

    pub(super) async fn check(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&EmployeeRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let registered = registered(store, right, rows.iter().map(|row| &row.number)).await?;
        Ok(rows.iter().zip(registered).map(|(row, known)| self.hold(layout, row, known.as_ref())).collect())
    }

    fn hold(&mut self, layout: &Layout, row: &EmployeeRow, known: Option<&Registered>) -> Held {
        let fault = |code, role| layout.columns().fault(code, role);
        let mut held = Held { version: known.map_or(0, |known| known.employee.version), faults: Vec::new() };
        match known {
            None => held.faults.extend(row.lacking().map(|role| fault(FaultCode::Required, role))),
            // Another birth date is another person: the worst that an import can do is to write one person's data to another's.
            Some(known) => {
                let differs = row.birth_date.as_set().is_some_and(|date| *date != known.attributes.birth_date);
                held.faults.extend(differs.then(|| fault(FaultCode::BirthDateContradicts, Role::BirthDate)));
            }
        }
        if let Change::Set(code) = &row.department_code
            && self.organisation.department(code).is_none()
        {
            held.faults.push(fault(FaultCode::DepartmentUnknown, Role::DepartmentCode).showing(code.as_str()));
        }
        held.faults.extend(self.hold_workplace(layout, row));
        held
    }

    /// A workplace is known by its code, or comes with the file by code and name.
    fn hold_workplace(&mut self, layout: &Layout, row: &EmployeeRow) -> Option<Fault> {
        let fault = |code, role| layout.columns().fault(code, role);
        match (row.workplace_code.as_set(), row.workplace_name.as_set()) {
            (Some(code), name) => {
                let registered = self.organisation.workplace(code).map(|known| &known.record.name);
                match (registered.or_else(|| self.brought.get(code)), name) {
                    (Some(registered), Some(name)) if registered != name => {
                        Some(fault(FaultCode::WorkplaceNameContradicts, Role::WorkplaceName))
                    }
                    (Some(_), _) => None,
                    (None, Some(name)) => {
                        self.brought.insert(code.clone(), name.clone());
                        None
                    }
                    (None, None) => {
                        Some(fault(FaultCode::WorkplaceUnknown, Role::WorkplaceCode).showing(code.as_str()))
                    }
                }
            }
            (None, Some(name)) if self.organisation.workplace_named(name).is_none() => {
                Some(fault(FaultCode::WorkplaceUnknown, Role::WorkplaceName))
            }
            (None, _) => None,
        }
    }

    /// Holds the organisation, and makes the workplaces that rows bring, before anybody is placed.
    pub(super) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        rows: &[Planned],
    ) -> Result<(), Error> {
        self.organisation = store.hold_organisation(right).await?;
        let mut new: BTreeMap<WorkplaceCode, OrganisationName> = BTreeMap::new();
        for row in rows.iter().filter_map(|planned| of(&planned.row)) {
            if let (Some(code), Some(name)) = (row.workplace_code.as_set(), row.workplace_name.as_set())
                && self.organisation.workplace(code).is_none()
            {
                new.insert(code.clone(), name.clone());
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<_> = new.into_iter().collect();
        match store.import_workplaces(right, import.id, &new).await {
            // Another chunk of the same import was faster, with the same workplace.
            Ok(_) | Err(Error::Conflict(Conflict::CodeTaken)) => {}
            Err(error) => return Err(error),
        }
        self.organisation = store.hold_organisation(right).await?;
        Ok(())
    }

    pub(super) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        group: Vec<Planned>,
    ) -> Result<Vec<(u64, Applied)>, Error> {
        let rows: Vec<&EmployeeRow> = group.iter().filter_map(|planned| of(&planned.row)).collect();
        let known = registered(store, right, rows.iter().map(|row| &row.number)).await?;
        let mut applied = Vec::with_capacity(group.len());
        for ((planned, row), known) in group.iter().zip(rows).zip(known) {
            let outcome = self.write(store, right, import, row, known, planned.version).await?;
            applied.push((planned.number, outcome));
        }
        Ok(applied)
    }

    async fn write(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        row: &EmployeeRow,
        known: Option<Registered>,
        version: u64,
    ) -> Result<Applied, Error> {
        let person = match &known {
            Some(known) => store.names_of(right, &[known.employee.record.id]).await?.pop().flatten(),
            None => None,
        };
        // What the row leaves as it is and what is no longer there: the person went since the check.
        let Some(content) = self.content(row, known.as_ref(), person.as_ref()) else { return Ok(Applied::Conflict) };
        if let Some(Registered { employee, .. }) = &known
            && employee.version != version
        {
            let same = store.is_same_person(right, &employee.record, &content).await?;
            // An attempt that was cut short had come this far.
            let ours = employee.record.imported_by == Some(import.id);
            return Ok(match (same, ours) {
                (true, true) => Applied::Written(employee.record.id.to_string()),
                (true, false) => Applied::Unchanged,
                (false, _) => Applied::Conflict,
            });
        }
        if known.is_none() && version > 0 {
            return Ok(Applied::Conflict);
        }
        let mut write = Write::new();
        let existing = known.as_ref().map(|known| &known.employee);
        let effective_on = row.effective_on.as_set().copied();
        let outcome = store.write_person(&mut write, right, import.id, existing, &content, effective_on).await?;
        let id = match outcome {
            RowApplied::Unchanged(_) => return Ok(Applied::Unchanged),
            RowApplied::Conflict => return Ok(Applied::Conflict),
            RowApplied::Created(id) | RowApplied::Updated(id) => id,
        };
        match store.commit_rows(right, write).await {
            Ok(()) => Ok(Applied::Written(id.to_string())),
            Err(Error::Stale | Error::Conflict(_)) => Ok(Applied::Conflict),
            Err(error) => Err(error),
        }
    }

    /// Everything that is true of the person after the row; `None` where something is missing.
    fn content(&self, row: &EmployeeRow, known: Option<&Registered>, person: Option<&Person>) -> Option<PersonContent> {
        let before = known
            .zip(person)
            .map(|(known, person)| PersonContent::of(&known.employee.record, &known.attributes, person));
        let before = before.as_ref();
        Some(PersonContent {
            number: row.number.clone(),
            name: kept(&row.name, before.map(|b| &b.name))?,
            kana: kept(&row.kana, before.map(|b| &b.kana))?,
            mail: changed(&row.mail, before.and_then(|b| b.mail.as_ref())),
            birth_date: kept(&row.birth_date, before.map(|b| &b.birth_date))?,
            sex: kept(&row.sex, before.map(|b| &b.sex))?,
            hired_on: kept(&row.hired_on, before.map(|b| &b.hired_on))?,
            left_on: changed(&row.retired_on, before.and_then(|b| b.left_on.as_ref())),
            workplace: self.workplace(row, before.and_then(|b| b.workplace)),
            department: self.department(row, before.and_then(|b| b.department)),
            job_title: changed(&row.position, before.and_then(|b| b.job_title.as_ref())),
            occupation: changed(&row.occupation, before.and_then(|b| b.occupation.as_ref())),
            employment_type: kept(&row.employment_type, before.map(|b| &b.employment_type))?,
            state: kept(&row.state, before.map(|b| &b.state))?,
            manager: changed(&row.manager, before.map(|b| &b.manager)).unwrap_or(false),
            personnel_authority: changed(&row.personnel_authority, before.map(|b| &b.personnel_authority))
                .unwrap_or(false),
            night_work: changed(&row.night_work, before.map(|b| &b.night_work)).unwrap_or(false),
        })
    }

    fn workplace(&self, row: &EmployeeRow, before: Option<WorkplaceId>) -> Option<WorkplaceId> {
        let by_code = row.workplace_code.as_set().and_then(|code| self.organisation.workplace(code));
        let found = by_code.or_else(|| self.organisation.workplace_named(row.workplace_name.as_set()?));
        let cleared = matches!(row.workplace_code, Change::Clear);
        found.map(|found| found.record.id).or(before.filter(|_| !cleared))
    }

    fn department(&self, row: &EmployeeRow, before: Option<DepartmentId>) -> Option<DepartmentId> {
        match &row.department_code {
            Change::Set(code) => self.organisation.department(code).map(|found| found.record.id),
            Change::Clear => None,
            Change::Keep => before,
        }
    }
}

fn of(row: &Row) -> Option<&EmployeeRow> {
    if let Row::Employee(row) = row { Some(row) } else { None }
}

/// A value that cannot go.
fn kept<T: Clone>(change: &Change<T>, before: Option<&T>) -> Option<T> {
    change.as_set().or(before).cloned()
}

/// A value that can.
fn changed<T: Clone>(change: &Change<T>, before: Option<&T>) -> Option<T> {
    match change {
        Change::Set(value) => Some(value.clone()),
        Change::Clear => None,
        Change::Keep => before.cloned(),
    }
}
