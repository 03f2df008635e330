//! Working hours by file: one row is one month of one employee, who is found by number.

use std::collections::HashMap;

use authz::ImportRight;
use domain::{
    ids::EmployeeId,
    intake::{
        Fault, FaultCode,
        working_hours::{Layout, Length, Role, WorkingHoursRow},
    },
    time::Month,
};
use jiff::civil::Date;
use store::{Error, HoursSealer, Import, MonthPut, MonthStep, Registered, RegisteredMonth, Store};

use super::{Applied, Held, Planned, Row, registered};

/// What months are sealed with, and what rows that are about to be written rest upon.
#[derive(Debug)]
pub(super) struct Register {
    sealer: HoursSealer,
    /// Whom rows that are about to be written are about, by the rows' numbers.
    known: HashMap<u64, Registered>,
    there: HashMap<(EmployeeId, Month), RegisteredMonth>,
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight) -> Result<Self, Error> {
        Ok(Self { sealer: store.hours_sealer(right).await?, known: HashMap::new(), there: HashMap::new() })
    }

    pub(super) async fn check(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&WorkingHoursRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let found = registered(store, right, rows.iter().map(|row| &row.number)).await?;
        let today = store.clock().now().date();
        let ids: Vec<_> = rows.iter().zip(&found).filter_map(|(row, known)| Some(id(row, known.as_ref()?))).collect();
        let mut versions = store.month_versions(right, &ids).await?.into_iter();
        let held = rows.iter().zip(&found).map(|(row, known)| {
            if let Some(known) = known {
                Held {
                    version: versions.next().unwrap_or(0),
                    faults: self.hold(layout, row, known, today),
                    ..Held::default()
                }
            } else {
                let fault = layout.columns().fault(FaultCode::UnknownEmployee, Role::Number);
                Held { faults: vec![fault.showing(row.number.as_str())], ..Held::default() }
            }
        });
        Ok(held.collect())
    }

    /// Whether the month can be, and could be this person's.
    fn hold(&self, layout: &Layout, row: &WorkingHoursRow, known: &Registered, today: Date) -> Vec<Fault> {
        let worked = row.worked(self.sealer.closing(), None);
        let (employee, period) = (&known.employee.record, worked.period);
        let at_month = |code| layout.columns().fault(code, Role::Month);
        let of_month = [
            (period.from() > today, FaultCode::FutureDate),
            (employee.left_on.is_some_and(|left| period.from() > left), FaultCode::RetiredEmployee),
            (period.to() < employee.hired_on, FaultCode::MonthBeforeHire),
        ];
        let wrong = of_month.into_iter().filter(|(wrong, _)| *wrong).map(|(_, code)| at_month(code));
        let of_hours = worked.faults().into_iter().map(|(field, ..)| match field {
            "overtime" => layout.fault_at(FaultCode::OvertimeOverTotal, Length::Overtime),
            "night" => layout.fault_at(FaultCode::OvertimeOverTotal, Length::Night),
            _ => layout.fault_at(FaultCode::ValueOutOfRange, Length::Total),
        });
        wrong.chain(of_hours).collect()
    }

    /// Looks up whom the rows are about, and the months that they change.
    pub(super) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        planned: &[Planned],
    ) -> Result<(), Error> {
        let rows: Vec<_> = planned.iter().filter_map(|it| Some((it.number, it.version, of(&it.row)?))).collect();
        let found = registered(store, right, rows.iter().map(|(.., row)| &row.number)).await?;
        let known = rows.iter().zip(found).filter_map(|((number, ..), known)| Some((*number, known?)));
        self.known = known.collect();
        let there = rows.iter().filter(|(_, version, _)| *version > 0);
        let ids: Vec<_> = there.filter_map(|(number, _, row)| Some(id(row, self.known.get(number)?))).collect();
        let months = store.registered_months(right, &ids).await?;
        self.there = ids.into_iter().zip(months).filter_map(|(id, month)| Some((id, month?))).collect();
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
        for Planned { number, row, version, .. } in group {
            let Row::Month(row) = row else { continue };
            applied.push((number, self.write(store, right, import, (number, &row), version).await?));
        }
        Ok(applied)
    }

    async fn write(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        (number, row): (u64, &WorkingHoursRow),
        version: u64,
    ) -> Result<Applied, Error> {
        // Somebody who was there at the check and is not any more, or is beyond reach now.
        let Some(known) = self.known.get(&number) else { return Ok(Applied::CHANGED) };
        let employee = &known.employee.record;
        let there = self.there.get(&(employee.id, row.month));
        let worked = row.worked(self.sealer.closing(), there.map(RegisteredMonth::worked));
        // What is kept of the month before may not go with what the row says.
        if !worked.faults().is_empty() {
            return Ok(Applied::Conflict(FaultCode::OvertimeOverTotal));
        }
        let now = store.clock().now();
        let put = match self.sealer.step((employee.id, row.month), worked, version, there, import.id, now)? {
            MonthStep::Put(sealed) => store.put_month(right, &employee.placement(now.date()), *sealed).await?,
            MonthStep::Done(done) => done,
        };
        Ok(match put {
            MonthPut::Written => Applied::Written(employee.id.to_string(), None),
            MonthPut::Unchanged => Applied::Unchanged,
            MonthPut::Conflict => Applied::CHANGED,
        })
    }
}

fn id(row: &WorkingHoursRow, known: &Registered) -> (EmployeeId, Month) {
    (known.employee.record.id, row.month)
}

fn of(row: &Row) -> Option<&WorkingHoursRow> {
    if let Row::Month(row) = row { Some(row) } else { None }
}
