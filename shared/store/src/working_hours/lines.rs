//! Months of an employee's working hours as lines of files.

use std::borrow::Cow;

use domain::{
    ids::{EmployeeId, TenantId},
    overwork::minutes::Minutes,
};

use super::Open;
use crate::{
    Error, Store,
    employees::Person,
    exports::{Cell, Line, Period, said, text},
};

impl Store {
    /// Somebody's months that end within `period`.
    pub(crate) async fn working_hours_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        person: &Person,
        period: Period,
    ) -> Result<Vec<Line>, Error> {
        let months = self.months_of(tenant, employee, None).await?;
        let chosen = months.iter().filter(|open| period.covers(open.hours.worked.period.to()));
        Ok(chosen.map(|open| Line { cells: cells(open, person), about: Some(employee) }).collect())
    }
}

fn cells(Open { record, hours, .. }: &Open, person: &Person) -> Vec<Cell> {
    let worked = &hours.worked;
    vec![
        text(record.employee),
        text(&person.number),
        text(record.month),
        text(worked.period.from()),
        text(worked.period.to()),
        Cow::Borrowed(worked.kind.row().japanese),
        text(worked.total.in_hours()),
        said(worked.overtime.map(Minutes::in_hours)),
        said(worked.holiday.map(Minutes::in_hours)),
        said(worked.night.map(Minutes::in_hours)),
        text(worked.excess().in_hours()),
        said(hours.note.as_ref()),
        text(record.written_at),
    ]
}
