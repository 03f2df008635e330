//! Whom a round asks, and who has answered (受検状況): yes or no, and nothing of what or when. Whom it asks follows from its rule and the register, read as of the rule's day; whoever has
//! answered is part of it whatever the register says since.

use authz::{Permit, permission::ViewStressAttendance};
use domain::{
    ids::{EmployeeId, StressRoundId, TenantId},
    stress::{
        round::RoundState,
        targets::{Candidate, LeftOut, TargetRule},
    },
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::key;
use crate::{
    Error, Store,
    employees::{Employee, EmployeeAttributes, RegisterPosition},
    item::{Attributes, Stored, from_optional},
    key::{Family, Key},
};

/// How often one request looks on, where the caller reaches few of those who come, or few are in the state that is asked for.
const LOOKS: usize = 8;

/// Whether somebody has answered, and when they were told of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Attendance {
    #[serde(rename = "stress_round")]
    pub(super) round: StressRoundId,
    pub(super) employee: EmployeeId,
    #[serde(default)]
    pub(super) taken: bool,
    /// When the announcement, or the last reminder, went out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) told_on: Option<Date>,
    /// How many reminders went out.
    #[serde(default)]
    pub(super) reminded: u8,
    /// When the worker was told that there is a result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) result_told_on: Option<Date>,
}

/// What is asked of a round's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attended {
    /// They have answered.
    Answered,
    /// They are asked, and have not.
    NotAnswered,
    /// They are not asked.
    LeftOut,
}

/// Somebody, as a round sees them.
#[derive(Debug, Clone, Copy)]
pub struct StressTarget {
    /// Whom.
    pub employee: EmployeeId,
    /// Whether they have answered.
    pub attended: Attended,
    /// Why they are not asked.
    pub left_out: Option<LeftOut>,
}

impl Store {
    /// Whom a round asks, whether they have answered, and whom it leaves out for which reason: up to `limit` people within the caller's reach, and where to go on. A page may hold fewer, or
    /// none, before the end.
    pub async fn stress_attendance(
        &self,
        permit: &Permit<ViewStressAttendance>,
        round: StressRoundId,
        wanted: Option<Attended>,
        after: Option<RegisterPosition>,
        limit: usize,
    ) -> Result<(Vec<StressTarget>, Option<RegisterPosition>), Error> {
        let (tenant, today) = (permit.tenant(), self.today());
        let round = self.load_round(tenant, round).await?;
        let mut position = after.unwrap_or_default();
        let mut found: Vec<StressTarget> = Vec::new();
        for _ in 0..LOOKS {
            let Some((employees, next)) = self.employees_after(tenant, &position, Some(limit - found.len())).await?
            else {
                break;
            };
            position = next;
            let reached: Vec<Employee> =
                employees.into_iter().filter(|it| permit.reach().covers(&it.placement(today))).collect();
            let marks = if round.record.state == RoundState::Drafted {
                reached.iter().map(|_| None).collect()
            } else {
                self.attendances(tenant, round.record.id, &reached).await?
            };
            for (employee, mark) in reached.iter().zip(marks) {
                let taken = mark.is_some_and(|mark| mark.record.taken);
                let left_out = if taken { None } else { self.left_out(tenant, &round.plan.targets, employee).await? };
                let attended = match (taken, left_out) {
                    (true, _) => Attended::Answered,
                    (false, None) => Attended::NotAnswered,
                    (false, Some(_)) => Attended::LeftOut,
                };
                if wanted.is_none_or(|wanted| wanted == attended) {
                    found.push(StressTarget { employee: employee.id, attended, left_out });
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok((found, Some(position).filter(|position| !position.is_over())))
    }

    /// Why a rule does not ask an employee; none where it does.
    pub(super) async fn left_out(
        &self,
        tenant: TenantId,
        rule: &TargetRule,
        employee: &Employee,
    ) -> Result<Option<LeftOut>, Error> {
        // Kinds of employment are sealed: they are opened only for a rule that asks.
        let attributes =
            if rule.asks_for_employment_types() { Some(self.open_attributes(tenant, employee).await?) } else { None };
        Ok(rule.left_out(&self.candidate(rule, employee, attributes.as_ref())))
    }

    /// Somebody as a rule looks at them.
    pub(super) fn candidate<'a>(
        &self,
        rule: &TargetRule,
        employee: &'a Employee,
        attributes: Option<&'a EmployeeAttributes>,
    ) -> Candidate<'a> {
        Candidate {
            employee: employee.id,
            state: employee.state,
            hired_on: employee.hired_on,
            left_on: employee.last_day(self.today()),
            employment_type: attributes.map(|attributes| &attributes.employment_type),
            workplace: employee.placement(rule.as_of).workplace,
            labels: &employee.labels,
        }
    }

    /// Whether somebody was told of a round, or has answered in one.
    pub(crate) async fn was_in_a_stress_round(&self, tenant: TenantId, employee: EmployeeId) -> Result<bool, Error> {
        let rounds = self.all_rounds(tenant).await?;
        let keys: Vec<Key> =
            rounds.iter().map(|it| key(tenant, Family::StressAttendance, it.record.id, employee)).collect();
        Ok(self.db.batch_get(&keys).await?.iter().any(Option::is_some))
    }

    /// The marks of employees in a round, in their order.
    pub(super) async fn attendances(
        &self,
        tenant: TenantId,
        round: StressRoundId,
        employees: &[Employee],
    ) -> Result<Vec<Option<Stored<Attendance>>>, Error> {
        let keys: Vec<Key> = employees.iter().map(|it| key(tenant, Family::StressAttendance, round, it.id)).collect();
        let now = self.clock.now();
        let read = |item: Option<Attributes>| from_optional(item, now);
        self.db.batch_get(&keys).await?.into_iter().map(read).collect()
    }
}
