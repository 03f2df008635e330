//! Checkups by file: one row is one checkup of one employee, who is found by number and must be the person that the row says.

use std::collections::HashMap;

use authz::ImportRight;
use domain::{
    checkup::{Subject, criteria::Criteria, standard},
    employee::EmployeeNumber,
    ids::{CheckupId, EmployeeId},
    intake::{
        Fault, FaultCode,
        checkups::{CheckupRow, Identity, Layout, Role},
    },
    text::fold_for_search,
};
use store::{
    CheckupContent, CheckupPut, CheckupSealer, CheckupStep, Error, Import, Person, Registered, RegisteredCheckup, Store,
};

use super::{Applied, Held, Planned, Row, registered};

/// What checkups are judged by and sealed with, and what rows that are about to be written rest upon.
#[derive(Debug)]
pub(super) struct Register {
    sealer: CheckupSealer,
    criteria: Criteria,
    /// The fiscal year that the uploader said the file is of.
    fiscal_year: Option<i16>,
    employees: HashMap<EmployeeNumber, Registered>,
    there: HashMap<CheckupId, RegisteredCheckup>,
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight, import: &Import) -> Result<Self, Error> {
        Ok(Self {
            sealer: store.checkup_sealer(right).await?,
            criteria: standard::criteria().map_err(|fault| Error::Internal(fault.to_string()))?,
            fiscal_year: import.options.fiscal_year,
            employees: HashMap::new(),
            there: HashMap::new(),
        })
    }

    pub(super) async fn check(
        &self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&CheckupRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let employees = registered(store, right, rows.iter().map(|row| &row.employee_number)).await?;
        let people = people(store, right, &rows, &employees).await?;
        let mut held: Vec<Held> = rows
            .iter()
            .zip(&employees)
            .zip(&people)
            .map(|((row, known), person)| Held {
                version: 0,
                faults: self.hold(layout, row, known.as_ref(), person.as_ref()),
            })
            .collect();
        let good = || rows.iter().zip(&employees).zip(&held).enumerate().filter(|(_, (_, held))| !held.is_refused());
        let mut at = Vec::with_capacity(rows.len());
        let mut ids = Vec::with_capacity(rows.len());
        for (index, ((row, known), _)) in good() {
            let Some(known) = known else { continue };
            at.push(index);
            ids.push(self.id(row, known)?);
        }
        for (index, version) in at.into_iter().zip(store.checkup_versions(right, &ids).await?) {
            held[index].version = version;
        }
        Ok(held)
    }

    /// Whether the row is about the person whom its number says, on a day on which it can be; and what a judgement of it alone points out.
    fn hold(
        &self,
        layout: &Layout,
        row: &CheckupRow,
        known: Option<&Registered>,
        person: Option<&Person>,
    ) -> Vec<Fault> {
        let fault = |code, role| layout.columns().fault(code, role);
        let Some(known) = known else {
            return vec![fault(FaultCode::UnknownEmployee, Role::Number).showing(row.employee_number.as_str())];
        };
        let Identity { name, kana, birth_date, sex, age } = &row.identity;
        let (employee, attributes) = (&known.employee.record, &known.attributes);
        let subject = subject(row, known);
        // Another birth date, sex or name is another person: to write one person's values to another's is the worst that an import can do. Spellings of
        // one name are forgiven, because the number has said who it is.
        let differs = |text: &str, registered: &str| fold_for_search(text) != fold_for_search(registered);
        let contradictions = [
            (
                birth_date.is_some_and(|date| date != attributes.birth_date),
                FaultCode::BirthDateContradicts,
                Role::BirthDate,
            ),
            (sex.is_some_and(|sex| sex != attributes.sex), FaultCode::SexContradicts, Role::Sex),
            (
                name.as_ref().zip(person).is_some_and(|(name, known)| differs(name.as_str(), known.name.as_str())),
                FaultCode::NameContradicts,
                Role::Name,
            ),
            (
                kana.as_ref().zip(person).is_some_and(|(kana, known)| differs(kana.as_str(), known.kana.as_str())),
                FaultCode::KanaContradicts,
                Role::Kana,
            ),
            (
                age.is_some_and(|age| subject.is_none_or(|subject| subject.age != age)),
                FaultCode::AgeContradicts,
                Role::Age,
            ),
            (subject.is_none(), FaultCode::DateInvalid, Role::Date),
            (employee.left_on.is_some_and(|left| row.date > left), FaultCode::RetiredEmployee, Role::Date),
            (row.date < employee.hired_on, FaultCode::CheckupBeforeHire, Role::Date),
            (
                self.fiscal_year.is_some_and(|year| self.sealer.fiscal_year(row.date) != year),
                FaultCode::DateOutsideFiscalYear,
                Role::Date,
            ),
        ];
        let mut faults: Vec<Fault> =
            contradictions.into_iter().filter(|(wrong, ..)| *wrong).map(|(_, code, role)| fault(code, role)).collect();
        if let Some(subject) = subject {
            let (_, differing) = CheckupContent::of_row(row.clone(), employee.id, subject, &self.criteria, None);
            faults.extend(layout.differing(&differing));
        }
        faults
    }

    /// Looks up whom the rows are about, and the checkups that they change.
    pub(super) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        planned: &[Planned],
    ) -> Result<(), Error> {
        let rows: Vec<&CheckupRow> = planned.iter().filter_map(|planned| of(&planned.row)).collect();
        let found = registered(store, right, rows.iter().map(|row| &row.employee_number)).await?;
        let known = rows.iter().map(|row| row.employee_number.clone()).zip(found);
        self.employees = known.filter_map(|(number, known)| Some((number, known?))).collect();
        let mut ids = Vec::new();
        for Planned { row, version, .. } in planned {
            if let (Some(row), 1..) = (of(row), *version)
                && let Some(known) = self.employees.get(&row.employee_number)
            {
                ids.push(self.id(row, known)?);
            }
        }
        let there = store.registered_checkups(right, &ids).await?;
        self.there = ids.iter().map(|(_, id)| *id).zip(there).filter_map(|(id, there)| Some((id, there?))).collect();
        Ok(())
    }

    pub(super) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        group: Vec<Planned>,
    ) -> Result<Vec<(u64, Applied)>, Error> {
        let mut applied = Vec::with_capacity(group.len());
        for Planned { number, row, version } in group {
            let Row::Checkup(row) = row else { continue };
            applied.push((number, self.write(store, right, import, *row, version).await?));
        }
        Ok(applied)
    }

    async fn write(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        row: CheckupRow,
        version: u64,
    ) -> Result<Applied, Error> {
        // Somebody who was there at the check and is not any more, or is beyond reach now.
        let Some(known) = self.employees.get(&row.employee_number) else { return Ok(Applied::CHANGED) };
        let Some(subject) = subject(&row, known) else { return Ok(Applied::CHANGED) };
        let employee = &known.employee.record;
        let (_, id) = self.id(&row, known)?;
        let there = self.there.get(&id);
        let before = there.map(|there| there.health.clone());
        let (content, _) = CheckupContent::of_row(row, employee.id, subject, &self.criteria, before);
        let put = match self.sealer.step(&content, version, there, import.id, store.clock().now())? {
            CheckupStep::Put(sealed) => {
                let placement = employee.placement(store.clock().now().date());
                store.put_checkup(right, &placement, *sealed).await?
            }
            CheckupStep::Done(done) => done,
        };
        Ok(match put {
            CheckupPut::Written => Applied::Written(id.to_string()),
            CheckupPut::Unchanged => Applied::Unchanged,
            CheckupPut::Conflict => Applied::CHANGED,
        })
    }

    fn id(&self, row: &CheckupRow, known: &Registered) -> Result<(EmployeeId, CheckupId), Error> {
        let employee = known.employee.record.id;
        Ok((employee, self.sealer.id(employee, row.date, row.kind)?))
    }
}

/// Sex and age on the day, as registered; none before birth.
fn subject(row: &CheckupRow, known: &Registered) -> Option<Subject> {
    Some(Subject { sex: known.attributes.sex, age: known.attributes.birth_date.age_on(row.date)? })
}

fn of(row: &Row) -> Option<&CheckupRow> {
    if let Row::Checkup(row) = row { Some(row) } else { None }
}

/// The names of those whose rows say a name; nobody else's is opened.
async fn people(
    store: &Store,
    right: &ImportRight,
    rows: &[&CheckupRow],
    employees: &[Option<Registered>],
) -> Result<Vec<Option<Person>>, Error> {
    let says_a_name = |row: &CheckupRow| row.identity.name.is_some() || row.identity.kana.is_some();
    let named: Vec<(usize, EmployeeId)> = rows
        .iter()
        .zip(employees)
        .enumerate()
        .filter(|(_, (row, _))| says_a_name(row))
        .filter_map(|(index, (_, known))| Some((index, known.as_ref()?.employee.record.id)))
        .collect();
    let mut people = vec![None; rows.len()];
    let ids: Vec<EmployeeId> = named.iter().map(|(_, id)| *id).collect();
    for ((index, _), person) in named.iter().zip(store.names_of(right, &ids).await?) {
        people[*index] = person;
    }
    Ok(people)
}
