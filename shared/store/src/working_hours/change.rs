//! Months by hand: recorded, and corrected with a reason. Nothing is deleted, because the law wants the record kept.

use authz::{Permit, permission::ManageWorkingHours};
use domain::{
    checkup::change::{ChangeReason, Note},
    ids::EmployeeId,
    overwork::{
        duty::WorkerKind,
        figure::{Worked, WorkedFault, look},
        minutes::Minutes,
        period::Period,
    },
    time::Month,
};

use super::{Open, WorkingMonth, by_month, import::How, shown};
use crate::{Conflict, Error, Prepared, Store, Stored, Write};

/// A month as somebody writes it.
#[derive(Debug, Clone)]
pub struct HoursEntry {
    /// What kind of worker it was.
    pub kind: WorkerKind,
    /// From when until when; as the company's months close, where nothing is said.
    pub period: Option<Period>,
    /// All hours.
    pub total: Minutes,
    /// Overtime.
    pub overtime: Option<Minutes>,
    /// Days off.
    pub holiday: Option<Minutes>,
    /// At night.
    pub night: Option<Minutes>,
    /// Why it is written, in words.
    pub note: Option<Note>,
}

/// A month as somebody has seen it who acts on it.
#[derive(Debug, Clone, Copy)]
pub struct SeenMonth {
    /// Whose.
    pub employee: EmployeeId,
    /// Which.
    pub month: Month,
    /// The version.
    pub version: u64,
}

impl Store {
    /// Records a month; or everything that is wrong with it.
    pub async fn record_month(
        &self,
        permit: &Permit<ManageWorkingHours>,
        employee: EmployeeId,
        month: Month,
        entry: HoursEntry,
    ) -> Result<Result<Prepared<Stored<WorkingMonth>>, Vec<WorkedFault>>, Error> {
        self.write_hours(permit, (employee, month), entry, None).await
    }

    /// Corrects a month; or everything that is wrong with it. What it said before is kept.
    pub async fn correct_month(
        &self,
        permit: &Permit<ManageWorkingHours>,
        seen: SeenMonth,
        entry: HoursEntry,
    ) -> Result<Result<Prepared<Stored<WorkingMonth>>, Vec<WorkedFault>>, Error> {
        self.write_hours(permit, (seen.employee, seen.month), entry, Some(seen.version)).await
    }

    async fn write_hours(
        &self,
        permit: &Permit<ManageWorkingHours>,
        (employee, month): (EmployeeId, Month),
        entry: HoursEntry,
        seen: Option<u64>,
    ) -> Result<Result<Prepared<Stored<WorkingMonth>>, Vec<WorkedFault>>, Error> {
        let tenant = permit.tenant();
        let (person, placement) = self.employee_within(permit, employee).await?;
        let mut all = self.months_of(tenant, employee, Some(month)).await?;
        let at = all.iter().position(|open| open.record.month == month);
        let before = at.map(|at| all.remove(at));
        match (&before, seen) {
            (None, Some(_)) => return Err(Error::NotFound),
            (Some(_), None) => return Err(Conflict::MonthExists.into()),
            (Some(before), Some(version)) if before.version != version => return Err(Error::Stale),
            _ => {}
        }
        let sealer = self.sealer_of_hours(tenant, permit.actor()).await?;
        let HoursEntry { kind, period, total, overtime, holiday, night, note } = entry;
        let period = period.unwrap_or_else(|| sealer.closing().period(month));
        let worked = Worked { kind, period, total, overtime, holiday, night };
        let (mut faults, today) = (worked.faults(), self.today());
        if period.from() > today {
            faults.push(("month", "in_the_future", "対象年月には、すでに始まっている期間の年月を指定してください。"));
        }
        if person.left_on.is_some_and(|left| period.from() > left) {
            faults.push(("month", "after_leaving", "退職した後の期間です。従業員と対象年月を確かめてください。"));
        }
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let reason = if before.is_some() { ChangeReason::Correction } else { ChangeReason::Entry };
        let how = How { reason, note, import: None };
        let sealed = sealer.version((employee, month), worked, before.as_ref(), how, self.clock.now())?;
        let mut write = Write::new();
        let otherwise: fn() -> Error = if before.is_some() { || Error::Stale } else { || Conflict::MonthExists.into() };
        let written: Open = self.write_month(&mut write, sealed, otherwise)?;
        all.push(written.clone());
        let look = look(month, &by_month(&all), self.year_starts(tenant).await?);
        let look = look.ok_or_else(|| Error::Internal("a month without itself".to_owned()))?;
        let action = if before.is_some() { "working_hours.correct" } else { "working_hours.record" };
        let event = self.event(permit, action)?.on(employee);
        Ok(Ok(Prepared { thing: shown(permit, &placement, &written, look, today), write, event }))
    }
}
