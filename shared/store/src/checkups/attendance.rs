//! Attendance (受診状況): whom the law wants examined in a fiscal year, by when, and whether they were; of those whom the caller reaches, shard by shard of the register.

use authz::{Permit, permission::ViewAttendance};
use domain::{
    checkup::{
        kind::CheckupKind,
        targets::{Examinee, Target, TargetState, Year, targets},
    },
    ids::{EmployeeId, TenantId},
};
use futures_util::future::{try_join, try_join_all};
use jiff::{ToSpan as _, civil::Date};

use super::Record;
use crate::{
    Error, Store,
    db::Range,
    employees::{Employee, RegisterPosition},
    item::from_item,
    key::{Family, Table, partition},
};

/// How often one request looks on, where the caller reaches few of those who come, or few are in the state that is asked for.
const LOOKS: usize = 8;

/// What the law wants of somebody in a fiscal year.
#[derive(Debug, Clone)]
pub struct Attendance {
    /// Whom.
    pub employee: EmployeeId,
    /// Which checkups, by when, and where each stands.
    pub targets: Vec<Target>,
}

/// The days of a fiscal year of a tenant whose years start in month `first_month`.
pub(super) fn days_of(year: i16, first_month: i8) -> Option<Year> {
    let first = Date::new(year, first_month, 1).ok()?;
    Some(Year { first, last: first.saturating_add(1.year()).saturating_sub(1.day()) })
}

impl Store {
    /// Who is to be examined in a fiscal year, and who was: up to `limit` people of whom a target is in `state` (or who have any), and where to go on. A page may hold fewer,
    /// or none, before the end. It tells of no result, and so stands in the trail as a list of people, not of health data.
    pub async fn attendance(
        &self,
        permit: &Permit<ViewAttendance>,
        year: i16,
        state: Option<TargetState>,
        after: Option<RegisterPosition>,
        limit: usize,
    ) -> Result<(Vec<Attendance>, Option<RegisterPosition>), Error> {
        let tenant = permit.tenant();
        let settings = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record;
        let Some(days) = days_of(year, settings.fiscal_year_starts) else { return Ok((Vec::new(), None)) };
        let wanted = |target: &Target| state.is_none_or(|state| state == target.state);
        if let Some(oneself) = permit.reach().only_oneself() {
            let found = self.load_employee(tenant, oneself).await?.ok_or(Error::NotFound)?;
            let own = self.attendance_of(tenant, found.record, days).await?;
            let own = own.targets.iter().any(wanted).then_some(own);
            return Ok((own.into_iter().collect(), None));
        }
        let mut position = after.unwrap_or_default();
        let mut found: Vec<Attendance> = Vec::new();
        for _ in 0..LOOKS {
            let Some((employees, next)) = self.employees_after(tenant, &position, Some(limit - found.len())).await?
            else {
                break;
            };
            position = next;
            let reached = employees.into_iter().filter(|it| permit.reach().covers(&it.placement(self.today())));
            let all = try_join_all(reached.map(|it| self.attendance_of(tenant, it, days))).await?;
            found.extend(all.into_iter().filter(|it| it.targets.iter().any(wanted)));
            if found.len() >= limit {
                break;
            }
        }
        Ok((found, Some(position).filter(|position| !position.is_over())))
    }

    /// What the law wants of somebody in a year.
    pub(super) async fn attendance_of(
        &self,
        tenant: TenantId,
        employee: Employee,
        year: Year,
    ) -> Result<Attendance, Error> {
        let of = partition(tenant, Family::Checkup, employee.id);
        let (attributes, items) = try_join(
            self.open_attributes(tenant, &employee),
            self.db.query_all(Range::whole(Table::Records, Family::Checkup, of)),
        )
        .await?;
        let mut taken: Vec<(CheckupKind, Date)> = Vec::with_capacity(items.len());
        for item in items {
            let stored = from_item::<Record>(item, self.clock.now())?;
            taken.extend(stored.filter(|it| it.record.stands()).map(|it| (it.record.kind, it.record.examined_on)));
        }
        let examinee = Examinee {
            hired_on: employee.hired_on,
            left_on: employee.last_day(self.today()),
            state: employee.state,
            specific_work: attributes.night_work,
            hazards: attributes.hazards.all(),
        };
        Ok(Attendance { employee: employee.id, targets: targets(&examinee, year, &taken, self.today()) })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_year_has_its_first_and_its_last_day() {
        let april = days_of(2027, 4).unwrap();
        assert_eq!((april.first, april.last), (date(2027, 4, 1), date(2028, 3, 31)));
        let january = days_of(2028, 1).unwrap();
        assert_eq!((january.first, january.last), (date(2028, 1, 1), date(2028, 12, 31)));
        assert!(days_of(2027, 13).is_none());
    }
}
