//! Lifelogs of a campaign by file: one row is one day of one employee. Nobody sees what goes in, and nothing that an employee recorded themselves is touched.

use std::collections::{BTreeMap, HashMap};

use authz::ImportRight;
use domain::{
    employee::EmployeeNumber,
    intake::{
        FaultCode,
        lifelogs::{Layout, LifelogRow, Role},
    },
    lifelog::{Month, Reading},
};
use store::{Error, Registered, Store};

use super::{Applied, Held, Planned, Row, registered};

/// Whom rows that are about to be written are about.
#[derive(Debug, Default)]
pub(super) struct Register {
    known: HashMap<EmployeeNumber, Registered>,
}

impl Register {
    pub(super) async fn check(
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&LifelogRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let known = by_number(store, right, rows.iter().map(|row| &row.number)).await?;
        let hold = |row: &&LifelogRow| {
            let fault = |code, role| layout.columns().fault(code, role);
            let faults = match known.get(&row.number) {
                None => vec![fault(FaultCode::UnknownEmployee, Role::Number).showing(row.number.as_str())],
                Some(known) => {
                    let has_left = known.employee.record.left_on.is_some_and(|left| row.date > left);
                    has_left.then(|| fault(FaultCode::RetiredEmployee, Role::Date)).into_iter().collect()
                }
            };
            Held { faults, ..Held::default() }
        };
        Ok(rows.iter().map(hold).collect())
    }

    /// Looks up whom the rows are about.
    pub(super) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        planned: &[Planned],
    ) -> Result<(), Error> {
        let numbers = planned.iter().filter_map(|planned| of(&planned.row)).map(|row| &row.number);
        self.known = by_number(store, right, numbers).await?;
        Ok(())
    }

    /// Rows of one employee and one month are written together: they lie in the same items.
    pub(super) fn groups(planned: Vec<Planned>) -> Vec<Vec<Planned>> {
        let mut groups: BTreeMap<(EmployeeNumber, Month), Vec<Planned>> = BTreeMap::new();
        for planned in planned {
            if let Some(row) = of(&planned.row) {
                groups.entry((row.number.clone(), Month::of(row.date))).or_default().push(planned);
            }
        }
        groups.into_values().collect()
    }

    pub(super) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        group: Vec<Planned>,
    ) -> Result<Vec<(u64, Applied)>, Error> {
        let known = group.first().and_then(|planned| self.known.get(&of(&planned.row)?.number));
        let Some(known) = known else {
            return Ok(group.iter().map(|planned| (planned.number, Applied::CHANGED)).collect());
        };
        let employee = &known.employee.record;
        let mut rows: Vec<(u64, Vec<Reading>)> = Vec::with_capacity(group.len());
        for Planned { number, row, .. } in group {
            if let Row::Lifelog(row) = row {
                rows.push((number, row.readings));
            }
        }
        let said = store.import_lifelog(right, employee, &rows).await?;
        let applied =
            |is_new: bool| if is_new { Applied::Written(employee.id.to_string(), None) } else { Applied::Unchanged };
        Ok(said.into_iter().map(|(row, is_new)| (row, applied(is_new))).collect())
    }
}

/// Who has these numbers: each is asked for once, for a file has a row for each day of theirs.
async fn by_number<'a>(
    store: &Store,
    right: &ImportRight,
    numbers: impl Iterator<Item = &'a EmployeeNumber>,
) -> Result<HashMap<EmployeeNumber, Registered>, Error> {
    let numbers: std::collections::BTreeSet<&EmployeeNumber> = numbers.collect();
    let found = registered(store, right, numbers.iter().copied()).await?;
    Ok(numbers.into_iter().cloned().zip(found).filter_map(|(number, known)| Some((number, known?))).collect())
}

fn of(row: &Row) -> Option<&LifelogRow> {
    if let Row::Lifelog(row) = row { Some(row) } else { None }
}
