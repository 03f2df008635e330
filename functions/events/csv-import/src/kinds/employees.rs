//! Employees by file: one row is one person, found by their number.

use std::collections::{BTreeMap, BTreeSet};

use authz::ImportRight;
use domain::{
    checkup::hazard::{Hazard, Hazards},
    employee::EmploymentState,
    ids::{DepartmentId, EmployeeId, WorkplaceId},
    intake::{
        Change, Fault, FaultCode,
        employees::{EmployeeRow, Layout, Role},
    },
    organisation::{OrganisationName, WorkplaceCode},
};
use jiff::civil::Date;
use store::{
    Conflict, EmployeeImage, Error, Import, Organisation, Person, PersonContent, Registered, RowApplied, Store, Write,
    Wrote,
};

use super::{Applied, Held, Planned, Row, registered};

/// Where people can be placed.
#[derive(Debug)]
pub(super) struct Register {
    organisation: Organisation,
    /// Names of workplaces that rows before this one bring, by code.
    brought: BTreeMap<WorkplaceCode, OrganisationName>,
}

/// What one row comes to.
enum Step {
    /// Nothing is written.
    Done(Applied),
    /// It waits for its transaction: the employee's id, and what they were before.
    Added(EmployeeId, Option<Box<EmployeeImage>>),
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
        let mut held = Held { version: known.map_or(0, |known| known.employee.version), ..Held::default() };
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

    /// Writes several people in one transaction. Where it fails, one of them has changed meanwhile, and each of them is written alone; as is whoever
    /// touches what one before them touches: two administrators who leave are two on one list.
    pub(super) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        group: &[Planned],
    ) -> Result<Vec<(u64, Applied)>, Error> {
        let mut write = Write::new();
        let mut applied = Vec::with_capacity(group.len());
        let (mut together, mut alone) = (Vec::with_capacity(group.len()), Vec::new());
        let (mut images, mut first) = (Vec::with_capacity(group.len()), None);
        for (planned, known) in group.iter().zip(self.known(store, right, group).await?) {
            let mut own = Write::new();
            match self.add(&mut own, store, right, import, planned, known.as_ref()).await? {
                Step::Done(outcome) => applied.push((planned.number, outcome)),
                Step::Added(..) if write.overlaps(&own) => alone.push(planned),
                Step::Added(id, image) => {
                    write.and(own);
                    together.push((planned, id));
                    if let Some(image) = image {
                        first.get_or_insert(planned.number);
                        images.push(*image);
                    }
                }
            }
        }
        if together.is_empty() {
            return Ok(applied);
        }
        store.keep_images(&mut write, right, import.id, first.unwrap_or_default(), &images).await?;
        match store.commit_rows(right, write).await {
            Ok(()) => {
                let written = |(row, id): (&Planned, EmployeeId)| (row.number, written(row, id, row.version + 1));
                applied.extend(together.into_iter().map(written));
            }
            Err(Error::Stale | Error::Conflict(_)) if group.len() > 1 => {
                for (row, _) in together {
                    applied.extend(Box::pin(self.apply(store, right, import, std::slice::from_ref(row))).await?);
                }
            }
            Err(Error::Stale | Error::Conflict(_)) => {
                // Who changed them may have been another delivery of the same chunk.
                let again = self.known(store, right, group).await?;
                for (row, known) in group.iter().zip(again) {
                    let step = self.add(&mut Write::new(), store, right, import, row, known.as_ref()).await?;
                    let outcome = if let Step::Done(outcome) = step { outcome } else { Applied::CHANGED };
                    applied.push((row.number, outcome));
                }
            }
            Err(error) => return Err(error),
        }
        for row in alone {
            applied.extend(Box::pin(self.apply(store, right, import, std::slice::from_ref(row))).await?);
        }
        Ok(applied)
    }

    /// Whom the rows are about, in their order, with their names.
    async fn known(
        &self,
        store: &Store,
        right: &ImportRight,
        group: &[Planned],
    ) -> Result<Vec<Option<(Registered, Option<Person>)>>, Error> {
        let numbers = group.iter().filter_map(|planned| of(&planned.row)).map(|row| &row.number);
        let found = registered(store, right, numbers).await?;
        let ids: Vec<_> = found.iter().flatten().map(|known| known.employee.record.id).collect();
        let mut people = store.names_of(right, &ids).await?.into_iter();
        Ok(found.into_iter().map(|known| known.map(|known| (known, people.next().flatten()))).collect())
    }

    /// Adds what a row makes of somebody to `write`, unless there is nothing to write.
    async fn add(
        &self,
        write: &mut Write,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        planned: &Planned,
        known: Option<&(Registered, Option<Person>)>,
    ) -> Result<Step, Error> {
        let Planned { row, version, .. } = planned;
        let Some(row) = of(row) else { return Ok(Step::Done(Applied::CHANGED)) };
        let (known, person) = known.map_or((None, None), |(known, person)| (Some(known), person.as_ref()));
        // What the row leaves as it is and what is no longer there: the person went since the check.
        let today = store.clock().now().date();
        let Some(content) = self.content(row, known, person, today) else { return Ok(Step::Done(Applied::CHANGED)) };
        let effective_on = row.effective_on.as_set().copied();
        if let Some(Registered { employee, .. }) = known
            && employee.version != *version
        {
            let same = store.is_same_person(right, &employee.record, &content, effective_on).await?;
            // An attempt that was cut short had come this far.
            let ours = employee.record.imported_by == Some(import.id);
            return Ok(Step::Done(match (same, ours) {
                (true, true) => written(planned, employee.record.id, employee.version),
                (true, false) => Applied::Unchanged,
                (false, _) => Applied::CHANGED,
            }));
        }
        if known.is_none() && *version > 0 {
            return Ok(Step::Done(Applied::CHANGED));
        }
        let existing = known.map(|known| &known.employee);
        Ok(match store.write_person(write, right, import.id, existing, &content, effective_on).await? {
            // An earlier run of the same import wrote it.
            RowApplied::Unchanged(id) if existing.is_some_and(|it| it.record.imported_by == Some(import.id)) => {
                Step::Done(written(planned, id, *version))
            }
            RowApplied::Unchanged(_) => Step::Done(Applied::Unchanged),
            RowApplied::Conflict => Step::Done(Applied::CHANGED),
            RowApplied::Created(id) => Step::Added(id, None),
            RowApplied::Updated(id) => {
                let image = known.zip(person).map(|(known, person)| Box::new(EmployeeImage::of(known, person)));
                Step::Added(id, image)
            }
        })
    }

    /// Everything that is true of the person after the row; `None` where something is missing. What it does not say of a day to come is what is planned for
    /// that day.
    fn content(
        &self,
        row: &EmployeeRow,
        known: Option<&Registered>,
        person: Option<&Person>,
        today: Date,
    ) -> Option<PersonContent> {
        let day = row.effective_on.as_set().map_or(today, |day| today.max(*day));
        let before = known
            .zip(person)
            .map(|(known, person)| PersonContent::of(&known.employee.record, &known.attributes, person, day));
        let before = before.as_ref();
        // Whoever was retired and is not any more has come back: the day on which they left goes.
        let retired = |state: EmploymentState| state == EmploymentState::Retired;
        let came_back =
            before.is_some_and(|b| retired(b.state)) && row.state.as_set().is_some_and(|state| !retired(*state));
        let left_on = before.and_then(|b| b.left_on.as_ref()).filter(|_| !came_back);
        Some(PersonContent {
            number: row.number.clone(),
            name: kept(&row.name, before.map(|b| &b.name))?,
            kana: kept(&row.kana, before.map(|b| &b.kana))?,
            mail: changed(&row.mail, before.and_then(|b| b.mail.as_ref())),
            birth_date: kept(&row.birth_date, before.map(|b| &b.birth_date))?,
            sex: kept(&row.sex, before.map(|b| &b.sex))?,
            hired_on: kept(&row.hired_on, before.map(|b| &b.hired_on))?,
            left_on: changed(&row.retired_on, left_on),
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
            hazards: hazards(
                &row.hazards,
                before.map(|b| &b.hazards),
                row.effective_on.as_set().map_or(today, |day| *day),
            ),
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

/// A row that wrote this version of somebody.
fn written(planned: &Planned, employee: EmployeeId, version: u64) -> Applied {
    let wrote = Wrote { row: planned.number, employee, checkup: None, version };
    Applied::Written(employee.to_string(), Some(wrote))
}

fn of(row: &Row) -> Option<&EmployeeRow> {
    if let Row::Employee(row) = row { Some(row) } else { None }
}

/// All hazardous work after a row that says what is done from a day on.
fn hazards(change: &Change<BTreeSet<Hazard>>, before: Option<&Hazards>, from: Date) -> Hazards {
    let before = before.cloned().unwrap_or_default();
    match change {
        Change::Set(now) => before.with(now, from),
        Change::Clear => before.with(&BTreeSet::new(), from),
        Change::Keep => before,
    }
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
