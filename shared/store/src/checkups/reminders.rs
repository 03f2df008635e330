//! Reminders (受診・意見聴取の期限の通知): employees of a checkup that is due or overdue, where their company wants that; physicians of opinions that are due (三か月以内, 安衛則51条の2). The mails say that
//! something is due and by when, and nothing of what. What somebody was told of lies beside nobody's health: a day, under whoever was told. So each is told once of each day, whoever looks how often.

use std::collections::BTreeSet;

use authz::{Permit, Role, permission::RemindEmployees};
use domain::{
    checkup::targets::{Target, TargetState},
    ids::TenantId,
    time::{Jst, fiscal_year},
};
use futures_util::future::try_join_all;
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::attendance::days_of;
use crate::{
    Error, Notice, Store, Write,
    db::Range,
    employees::{Employee, RegisterPosition},
    item::as_text,
    key::{Family, Key, Table, partition, shards},
};

const SCHEMA: u8 = 1;
/// How many people are looked at together.
const TOGETHER: usize = 16;
/// How many employees of one tenant one run reminds at most; the next one goes on.
const MOST_REMINDED: usize = 1_000;
/// How many days before an opinion is due physicians are reminded.
const OPINIONS_DAYS: i64 = 14;
/// Of how many days one mail tells at most: each is an item of its transaction.
const MOST_DAYS: usize = 40;
/// How many physicians one mail goes to at most.
const MOST_PHYSICIANS: usize = 40;
/// For how many days it is kept that somebody was told.
const KEPT_DAYS: i64 = 400;
/// Whom the physicians' days are kept under.
const OPINIONS: &str = "opinions";

/// That somebody was told of a day.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    due_on: Date,
    at: Jst,
    expires_at: i64,
}

fn key(tenant: TenantId, whom: &str, due_on: Date) -> Key {
    Key::new(Table::Records, tenant, Family::CheckupReminder, whom, due_on)
}

impl Store {
    /// Reminds employees of the permit's tenant of checkups that they have not taken, where the company wants that: from so many days before the day on which one is due; how many were. Who has a
    /// reservation for it is left in peace.
    pub async fn remind_of_checkups(
        &self,
        permit: &Permit<RemindEmployees>,
        at: Jst,
        dry_run: bool,
    ) -> Result<usize, Error> {
        let (tenant, today) = (permit.tenant(), at.date());
        let Some(days) = self.load_reservation_settings(tenant).await?.record.remind_days_before else { return Ok(0) };
        let until = today.saturating_add(i64::from(days).days());
        let first_month = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.fiscal_year_starts;
        let years = fiscal_year(today, first_month)..=fiscal_year(until, first_month);
        let years: Vec<_> = years.filter_map(|year| days_of(year, first_month)).collect();
        let (mut position, mut reminded) = (RegisterPosition::default(), 0);
        while let Some((employees, next)) = self.employees_after(tenant, &position, None).await? {
            position = next;
            for some in employees.chunks(TOGETHER) {
                let looks = some.iter().flat_map(|employee| years.iter().map(move |year| (employee, *year)));
                let looks = looks.map(|(employee, year)| self.attendance_of(tenant, employee.clone(), year));
                let attendances = try_join_all(looks).await?;
                for employee in some {
                    let own = attendances.iter().filter(|attendance| attendance.employee == employee.id);
                    let open: Vec<Target> =
                        own.flat_map(|it| &it.targets).filter(|it| is_open(it, until)).copied().collect();
                    if open.is_empty() {
                        continue;
                    }
                    if reminded == MOST_REMINDED {
                        return Ok(reminded);
                    }
                    reminded += usize::from(self.remind_of_targets(permit, employee, &open, (at, dry_run)).await?);
                }
            }
        }
        Ok(reminded)
    }

    /// Whether it was this run that reminded somebody: of the earliest day that they were not told of.
    async fn remind_of_targets(
        &self,
        permit: &Permit<RemindEmployees>,
        employee: &Employee,
        open: &[Target],
        (at, dry_run): (Jst, bool),
    ) -> Result<bool, Error> {
        let tenant = permit.tenant();
        // Whoever has no account has no mail.
        let Some(account) = self.account_of_employee(tenant, employee.id).await? else { return Ok(false) };
        let reserved = self.reserved_kinds(tenant, employee.id, at.date()).await?;
        let days: BTreeSet<Date> =
            open.iter().filter(|target| !reserved.contains(&target.kind)).map(|target| target.due_on).collect();
        let days = self.untold(tenant, &employee.id.to_string(), days).await?;
        let Some(until) = days.first().copied() else { return Ok(false) };
        if dry_run {
            return Ok(true);
        }
        let mut write = Write::new();
        self.note_told(&mut write, tenant, &employee.id.to_string(), &days, at)?;
        self.enqueue(&mut write, tenant, account, &Notice::CheckupDue { until }).await?;
        let event = self.event(permit, "checkup.remind")?.on(employee.id);
        told(write.commit(self, event).await)
    }

    /// Reminds physicians of the permit's tenant of the days by which opinions are due that nobody has given: once of each day, in one mail; how many were told.
    pub async fn remind_of_opinions(
        &self,
        permit: &Permit<RemindEmployees>,
        at: Jst,
        dry_run: bool,
    ) -> Result<usize, Error> {
        let tenant = permit.tenant();
        let until = at.date().saturating_add(OPINIONS_DAYS.days());
        let days = try_join_all(shards().map(|shard| self.opinions_due(tenant, shard, until))).await?;
        let days = self.untold(tenant, OPINIONS, days.into_iter().flatten().collect()).await?;
        let Some(first) = days.first().copied() else { return Ok(0) };
        let physicians = self.accounts_with(tenant, Role::Physician).await?;
        let physicians = &physicians[..physicians.len().min(MOST_PHYSICIANS)];
        if dry_run || physicians.is_empty() {
            return Ok(physicians.len());
        }
        let mut write = Write::new();
        self.note_told(&mut write, tenant, OPINIONS, &days, at)?;
        for physician in physicians {
            self.enqueue(&mut write, tenant, *physician, &Notice::OpinionsDue { until: first }).await?;
        }
        let event = self.event(permit, "work_fitness.remind")?.on(tenant);
        Ok(if told(write.commit(self, event).await)? { physicians.len() } else { 0 })
    }

    /// The days up to `until` by which opinions are due, of one shard of the index. One look per day, however many checkups wait for it.
    async fn opinions_due(&self, tenant: TenantId, shard: String, until: Date) -> Result<BTreeSet<Date>, Error> {
        let of_shard = partition(tenant, Family::Checkup, format_args!("awaiting#{shard}"));
        let mut range = Range::whole(Table::Records, Family::Checkup, of_shard).by_second_index().limit(1);
        let mut days = BTreeSet::new();
        while days.len() < MOST_DAYS {
            let (items, _) = self.db.query(&range).await?;
            let day = items.first().and_then(|item| as_text(item, "gsi2sk")?.get(..10)?.parse::<Date>().ok());
            let Some(day) = day.filter(|day| *day <= until) else { break };
            days.insert(day);
            // After everything of that day: no id begins with this sign.
            range = range.after(Some(format!("{day}#~")));
        }
        Ok(days)
    }

    /// Those of these days that `whom` was not told of, the earliest first, as many as one mail tells of.
    async fn untold(&self, tenant: TenantId, whom: &str, days: BTreeSet<Date>) -> Result<Vec<Date>, Error> {
        let days: Vec<Date> = days.into_iter().collect();
        let keys: Vec<Key> = days.iter().map(|day| key(tenant, whom, *day)).collect();
        let known = self.db.batch_get(&keys).await?;
        let untold = days.into_iter().zip(known).filter(|(_, known)| known.is_none()).map(|(day, _)| day);
        Ok(untold.take(MOST_DAYS).collect())
    }

    /// Adds to `write` that `whom` was told of these days; stale if they were.
    fn note_told(&self, write: &mut Write, tenant: TenantId, whom: &str, days: &[Date], at: Jst) -> Result<(), Error> {
        for day in days {
            let expires_at = Jst::end_of(at.date().max(*day)).plus_seconds(KEPT_DAYS * 86_400).epoch_seconds();
            let told = Told { due_on: *day, at, expires_at };
            write.create(self, key(tenant, whom, *day), SCHEMA, &told, || Error::Stale)?;
        }
        Ok(())
    }
}

/// Whether a checkup is to be taken by `until`, and was not.
fn is_open(target: &Target, until: Date) -> bool {
    target.due_on <= until && matches!(target.state, TargetState::Due | TargetState::Overdue)
}

/// Whether it was this run; another one may have been faster.
fn told(written: Result<(), Error>) -> Result<bool, Error> {
    match written {
        Ok(()) => Ok(true),
        Err(Error::Stale) => Ok(false),
        Err(error) => Err(error),
    }
}
