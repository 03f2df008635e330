//! Telling workers, which nobody has to remember: that a round is open and that answering is not compulsory, once; again to whoever has not answered, as the round says or a hand asked; and,
//! once an implementer has signed, that there is something to read, to everybody who has answered and in the same words. It reads who has answered and nothing of what.

use authz::{Permit, permission::RemindEmployees};
use domain::{
    contract::Service,
    ids::{EmployeeId, PLATFORM, TenantId},
    stress::round::{MOST_REMINDERS, RoundState, next_reminder},
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};

use super::{SCHEMA, key, rounds::Round, targets::Attendance};
use crate::{
    ContractState, Error, Notice, Store, Write, contracts,
    employees::{Employee, RegisterPosition},
    item::{Stored, to_item},
    key::Family,
};

/// How many workers of one tenant one run tells at most; the next one goes on.
const MOST_TOLD: usize = 5_000;
/// For how many days after it was signed for a round is looked at: everybody has been told long before.
const TOLD_WITHIN_DAYS: i64 = 30;

impl Round {
    /// What somebody with this mark is to be told on a day, and the mark afterwards; none where nothing.
    fn to_tell(&self, mark: &Attendance, today: Date, at: Jst) -> Option<(Attendance, Notice)> {
        let mark = mark.clone();
        if self.record.signed_at.is_some() {
            let due = mark.taken && mark.result_told_on.is_none();
            return due.then(|| (Attendance { result_told_on: Some(today), ..mark }, Notice::SomethingToRead { at }));
        }
        if !self.record.takes_answers(today) || mark.taken {
            return None;
        }
        let until = self.record.closes_on;
        let Some(told_on) = mark.told_on else {
            return Some((Attendance { told_on: Some(today), ..mark }, Notice::StressCheckOpen { until }));
        };
        let by_itself = self.plan.remind_every.and_then(|every| next_reminder(every, told_on, mark.reminded));
        let by_hand = self.record.remind_on.filter(|day| *day > told_on && mark.reminded < MOST_REMINDERS);
        let is_due = [by_itself, by_hand].into_iter().flatten().any(|day| day <= today);
        let reminded = mark.reminded + 1;
        is_due.then(|| (Attendance { told_on: Some(today), reminded, ..mark }, Notice::StressCheckReminder { until }))
    }

    /// Whether anybody can have to be told anything on a day.
    fn tells(&self, today: Date) -> bool {
        let told_until = self.record.signed_at.map(|at| at.date().saturating_add(TOLD_WITHIN_DAYS.days()));
        let over = self.record.state == RoundState::Archived;
        self.record.takes_answers(today) || told_until.is_some_and(|until| today <= until && !over)
    }
}

impl Store {
    /// The tenants that have a service contracted on a day.
    pub async fn tenants_with(
        &self,
        permit: &Permit<RemindEmployees>,
        service: Service,
        today: Date,
    ) -> Result<Vec<TenantId>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let contracts: Vec<contracts::Record> = self.all_of(Family::Contract).await?;
        let has = |contract: &contracts::Record| {
            let terms = &contract.services;
            let contracted = terms.iter().find(|term| term.service == service);
            contracted.is_some_and(|term| term.until.is_none_or(|until| today <= until))
        };
        let goes_on = |contract: &contracts::Record| match contract.state {
            ContractState::Active => true,
            ContractState::StressCheckOnly => service == Service::StressCheck,
            ContractState::Terminated => service == Service::StressCheck && contract.stress_check_until().is_some(),
            ContractState::Purging | ContractState::Purged => false,
        };
        let running = contracts.into_iter().filter(|it| goes_on(it) && has(it));
        Ok(running.map(|contract| contract.tenant).collect())
    }

    /// Tells everybody of the permit's tenant what they are to be told at `at`; how many. What another run was faster with, and whoever answers in the meantime, is left alone.
    pub async fn tell_of_stress_checks(
        &self,
        permit: &Permit<RemindEmployees>,
        at: Jst,
        dry_run: bool,
    ) -> Result<usize, Error> {
        let (tenant, today, mut told) = (permit.tenant(), at.date(), 0);
        for stored in self.all_rounds(tenant).await? {
            if stored.record.state == RoundState::Drafted {
                continue;
            }
            let round = self.with_plan(tenant, stored).await?;
            if !round.tells(today) {
                continue;
            }
            let mut position = RegisterPosition::default();
            while let Some((employees, next)) = self.employees_after(tenant, &position, None).await? {
                position = next;
                let marks = self.attendances(tenant, round.record.id, &employees).await?;
                for (employee, mark) in employees.iter().zip(marks) {
                    if told == MOST_TOLD {
                        return Ok(told);
                    }
                    told += usize::from(self.tell_worker(permit, &round, employee, mark, (at, dry_run)).await?);
                }
            }
        }
        Ok(told)
    }

    /// Whether it was this run that told somebody.
    async fn tell_worker(
        &self,
        permit: &Permit<RemindEmployees>,
        round: &Round,
        employee: &Employee,
        mark: Option<Stored<Attendance>>,
        (at, dry_run): (Jst, bool),
    ) -> Result<bool, Error> {
        let (tenant, id) = (permit.tenant(), round.record.id);
        let (before, version) = mark.map_or_else(
            || (Attendance::none(id, employee.id), None),
            |Stored { record, version }| (record, Some(version)),
        );
        let Some((next, notice)) = round.to_tell(&before, at.date(), at) else { return Ok(false) };
        if !before.taken && self.left_out(tenant, &round.plan.targets, employee).await?.is_some() {
            return Ok(false);
        }
        // Whoever has no account has no mail: they answer on paper.
        let Some(account) = self.account_of_employee(tenant, employee.id).await? else { return Ok(false) };
        if dry_run {
            return Ok(true);
        }
        let place = key(tenant, Family::StressAttendance, id, employee.id);
        let item = to_item(&place, version.unwrap_or(0) + 1, SCHEMA, &next)?;
        let mut write = Write::new();
        write.put_over(self, place, item, version, || Error::Stale)?;
        self.enqueue(&mut write, tenant, account, &notice).await?;
        let event = self.event(permit, "stress_round.tell")?.on(employee.id).on(id).in_confidence();
        match write.commit(self, event).await {
            Ok(()) => Ok(true),
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Attendance {
    /// Of somebody who was told nothing yet.
    const fn none(round: domain::ids::StressRoundId, employee: EmployeeId) -> Self {
        Self { round, employee, taken: false, told_on: None, reminded: 0, result_told_on: None }
    }
}
