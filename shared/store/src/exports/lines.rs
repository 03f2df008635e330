//! A tenant's records as lines, a page at a time: what an export holds in memory is one page and one part of a file.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use authz::{Permit, Reach, permission::ExportInterviews};
use domain::{
    checkup::hazard::HazardWork,
    export::{ExportFormat, ExportKind, Sheet},
    ids::{AccountId, EmployeeId, TenantId},
    time::Jst,
};
use futures_util::future::try_join_all;
use jiff::{ToSpan as _, civil::Date};
use serde::Serialize;

use super::checkups::CheckupTable;
use crate::{
    Department, Error, Event, Label, Outcome, RETENTION_DAYS, Store, Workplace,
    accounts::Account,
    db::Range,
    employees::{Employee, EmployeeAttributes, Person},
    interviews::InterviewReader,
    item::{Stored, as_text, from_item},
    key::{Family, Table, partition, shards},
};

/// How many employees or accounts make a page.
const PEOPLE: usize = 100;
/// How many employees make a page of their checkups, of which each may have many.
const PEOPLE_WITH_CHECKUPS: usize = 20;
/// How many things of the organisation make a page.
const UNITS: usize = 200;
/// How many days of the trail make a page.
const DAYS: i64 = 7;

/// A cell of a line.
pub(crate) type Cell = Cow<'static, str>;

/// A line, and whose health it is about, if it is about anybody's.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) cells: Vec<Cell>,
    pub(crate) about: Option<EmployeeId>,
}

impl Line {
    fn of(cells: Vec<Cell>) -> Self {
        Self { cells, about: None }
    }
}

/// Some lines of a kind, and where the next ones are; none at the end.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
    pub(crate) next: Option<String>,
}

/// Which records are written, and how.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) kinds: Vec<ExportKind>,
    /// After these kinds, what is written by somebody's own right.
    pub(crate) table: Option<TableFor>,
    pub(crate) format: ExportFormat,
    /// These people and their accounts alone; everybody where it is none.
    pub(crate) people: Option<People>,
    pub(crate) period: Period,
    /// Events and interviews in confidence are among it: for a court, and not for the company.
    pub(crate) with_confidence: bool,
}

/// What is written for whoever asked for it, as far as they see it when it is written.
#[derive(Debug, Clone)]
pub(crate) enum TableFor {
    /// Checkups of a year.
    Checkups(CheckupTable),
    /// Interviews.
    Interviews(Arc<Permit<ExportInterviews>>),
}

/// What a file is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of<'a> {
    /// Everything of a kind.
    Kind(ExportKind),
    /// What is somebody's to see.
    Table(&'a TableFor),
}

impl Of<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.row().name,
            Self::Table(TableFor::Checkups(_)) => ExportKind::Checkups.row().name,
            Self::Table(TableFor::Interviews(_)) => ExportKind::Interviews.row().name,
        }
    }

    pub(super) fn sheet(self, format: ExportFormat) -> Sheet {
        match self {
            Self::Kind(kind) => Sheet::new(format, kind),
            Self::Table(TableFor::Checkups(table)) => Sheet::of(format, table.columns()),
            Self::Table(TableFor::Interviews(_)) => Sheet::new(format, ExportKind::Interviews),
        }
    }
}

impl Selection {
    /// What comes at this place, counted from 0.
    pub(super) fn at(&self, place: usize) -> Option<Of<'_>> {
        let kind = self.kinds.get(place).copied().map(Of::Kind);
        kind.or_else(|| self.table.as_ref().filter(|_| place == self.kinds.len()).map(Of::Table))
    }
}

/// Chosen people.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    employees: Vec<EmployeeId>,
    accounts: Vec<AccountId>,
    /// The ids of both, as events have them.
    ids: BTreeSet<String>,
}

impl People {
    pub(crate) fn of(employees: Vec<EmployeeId>, accounts: Vec<AccountId>) -> Self {
        let ids = employees.iter().map(ToString::to_string).chain(accounts.iter().map(ToString::to_string)).collect();
        Self { employees, accounts, ids }
    }

    fn are_in(&self, event: &Event) -> bool {
        event.account.iter().chain(&event.subjects).any(|id| self.ids.contains(id))
    }
}

/// The days that records are from, where they have one; all where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Period {
    pub(crate) since: Option<Date>,
    pub(crate) until: Option<Date>,
}

impl Period {
    pub(crate) fn covers(&self, day: Date) -> bool {
        self.since.is_none_or(|since| since <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// What is there, as text; nothing where it is not.
pub(crate) fn said(value: Option<impl ToString>) -> Cell {
    value.map_or(Cow::Borrowed(""), |value| Cow::Owned(value.to_string()))
}

/// A thing that is there, as text.
#[expect(clippy::needless_pass_by_value, reason = "an id, a day or a borrowed name: each is copied")]
pub(crate) fn text(value: impl ToString) -> Cell {
    Cow::Owned(value.to_string())
}

fn flag(is_so: bool) -> Cell {
    Cow::Borrowed(if is_so { "1" } else { "0" })
}

/// A value of an enum by the name that programs know it by.
fn named(value: &impl Serialize) -> Cell {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Cow::Owned(name),
        _ => Cow::Borrowed(""),
    }
}

fn joined(values: impl IntoIterator<Item = impl ToString>) -> Cell {
    Cow::Owned(values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" "))
}

/// Where a walk over the shards of something stands: in one of them, after a key. Written `<shard>#<key>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) shard: &'a str,
    last: &'a str,
}

impl<'a> Walk<'a> {
    /// Where `after` says; before everything where it says nothing.
    pub(super) fn at(after: Option<&'a str>) -> Self {
        let (shard, last) = after.and_then(|after| after.split_once('#')).unwrap_or(("0", ""));
        Self { shard, last }
    }

    /// The key after which the shard is read; none from its beginning.
    pub(super) fn last(&self) -> Option<String> {
        Some(self.last.to_owned()).filter(|last| !last.is_empty())
    }

    /// Where it goes on: after the key `last` of this shard, or at the next shard where that is over; none at the end.
    pub(super) fn next(&self, last: Option<&str>) -> Option<String> {
        let following = || shards().skip_while(|name| name != self.shard).nth(1).map(|name| format!("{name}#"));
        last.map_or_else(following, |last| Some(format!("{}#{last}", self.shard)))
    }
}

impl Store {
    /// The page of lines of `of` after `after`; of the organisation what `reach` covers.
    pub(crate) async fn page_of_lines(
        &self,
        (tenant, reach): (TenantId, &Reach),
        selection: &Selection,
        of: Of<'_>,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let kind = match of {
            Of::Kind(kind) => kind,
            Of::Table(TableFor::Checkups(table)) => return self.page_of_table(tenant, table, after).await,
            Of::Table(TableFor::Interviews(right)) => {
                return self.page_of_interviews(tenant, selection, right, after).await;
            }
        };
        match kind {
            ExportKind::Workplaces => {
                let (units, next) = self.units_within::<Workplace>(tenant, reach, after.as_deref(), UNITS).await?;
                Ok(Page { lines: units.into_iter().map(|unit| workplace(&unit.record)).collect(), next })
            }
            ExportKind::Departments => {
                let (units, next) = self.units_within::<Department>(tenant, reach, after.as_deref(), UNITS).await?;
                Ok(Page { lines: units.iter().flat_map(|unit| department(&unit.record)).collect(), next })
            }
            ExportKind::Labels => {
                let (units, next) = self.units_within::<Label>(tenant, reach, after.as_deref(), UNITS).await?;
                let line = |label: &Label| Line::of(vec![text(label.id), text(&label.name)]);
                Ok(Page { lines: units.iter().map(|unit| line(&unit.record)).collect(), next })
            }
            ExportKind::Employees => {
                let (people, next) = self.page_of_people(tenant, selection, after, PEOPLE).await?;
                let attributes = self.open_attributes_of(tenant, people.iter().map(|(employee, _)| employee)).await?;
                let lines = people.iter().zip(&attributes);
                let lines = lines.map(|((employee, person), attributes)| employee_line(employee, attributes, person));
                Ok(Page { lines: lines.collect(), next })
            }
            ExportKind::Placements => {
                let (people, next) = self.page_of_people(tenant, selection, after, PEOPLE).await?;
                let lines = people.iter().flat_map(|(employee, person)| placements(employee, person));
                Ok(Page { lines: lines.collect(), next })
            }
            ExportKind::Accounts => self.page_of_accounts(tenant, selection, after).await,
            ExportKind::Checkups | ExportKind::CheckupResults | ExportKind::CheckupHistory => {
                let (people, next) = self.page_of_people(tenant, selection, after, PEOPLE_WITH_CHECKUPS).await?;
                let lines = people
                    .iter()
                    .map(|(employee, person)| self.checkup_lines(tenant, employee.id, person, selection.period, kind));
                let lines = try_join_all(lines).await?.into_iter().flatten();
                Ok(Page { lines: lines.collect(), next })
            }
            ExportKind::WorkFitness | ExportKind::FollowUps | ExportKind::WorkingHours | ExportKind::Interviews => {
                let (people, next) = self.page_of_people(tenant, selection, after, PEOPLE_WITH_CHECKUPS).await?;
                let period = selection.period;
                let reader = |employee| match () {
                    () if reach.is_oneself(employee) => InterviewReader::Oneself,
                    () if selection.with_confidence => InterviewReader::Court,
                    () => InterviewReader::Employer,
                };
                let lines = people.iter().map(|(employee, person)| async move {
                    match kind {
                        ExportKind::WorkFitness => self.fitness_lines(tenant, employee.id, person, period).await,
                        ExportKind::FollowUps => self.follow_up_lines(tenant, employee.id, person, period).await,
                        ExportKind::WorkingHours => self.working_hours_lines(tenant, employee.id, person, period).await,
                        _ => self.interview_lines(tenant, employee.id, person, period, reader(employee.id)).await,
                    }
                });
                let lines = try_join_all(lines).await?.into_iter().flatten();
                Ok(Page { lines: lines.collect(), next })
            }
            ExportKind::AuditEvents => self.page_of_events(tenant, selection, after).await,
        }
    }

    /// Interviews of those whom `right` reaches, of each as much as its holder sees.
    async fn page_of_interviews(
        &self,
        tenant: TenantId,
        selection: &Selection,
        right: &Permit<ExportInterviews>,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let (people, next) = self.page_of_people(tenant, selection, after, PEOPLE_WITH_CHECKUPS).await?;
        let (today, period) = (self.today(), selection.period);
        let lines = people.iter().map(|(employee, person)| async move {
            let placement = employee.placement(today);
            if !right.reach().covers(&placement) {
                return Ok(Vec::new());
            }
            let reader = InterviewReader::Asked(right, &placement);
            self.interview_lines(tenant, employee.id, person, period, reader).await
        });
        let lines = try_join_all(lines).await?.into_iter().flatten();
        Ok(Page { lines: lines.collect(), next })
    }

    /// The hazardous work of somebody, each period a line.
    pub(crate) async fn hazard_lines(&self, tenant: TenantId, employee: EmployeeId) -> Result<Vec<Line>, Error> {
        let Some(Stored { record, .. }) = self.load_employee(tenant, employee).await? else { return Ok(Vec::new()) };
        let attributes = self.open_attributes_of(tenant, [&record]).await?;
        let works = attributes.iter().flat_map(|of| of.hazards.all());
        let line = |work: &HazardWork| {
            let row = work.hazard.row();
            let cells = vec![
                named(&work.hazard),
                Cow::Borrowed(row.japanese),
                Cow::Borrowed(row.kind.japanese()),
                text(work.from),
                said(work.until),
            ];
            Line { cells, about: Some(employee) }
        };
        Ok(works.map(line).collect())
    }

    /// Employees with their names, shard by shard; or the chosen ones.
    async fn page_of_people(
        &self,
        tenant: TenantId,
        selection: &Selection,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(Employee, Person)>, Option<String>), Error> {
        let (employees, next) = match &selection.people {
            Some(people) => {
                let begin: usize = after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
                let ids = people.employees.get(begin..).unwrap_or_default();
                let end = begin + limit.min(ids.len());
                let some = &ids[..limit.min(ids.len())];
                let employees = self.load_employees(tenant, some).await?.into_iter().flatten();
                (employees.collect(), (end < people.employees.len()).then(|| end.to_string()))
            }
            None => self.page_of_employees(tenant, after, limit).await?,
        };
        let ids: Vec<EmployeeId> = employees.iter().map(|stored: &Stored<Employee>| stored.record.id).collect();
        let people = self.load_people(tenant, &ids).await?;
        let pairs = employees.into_iter().zip(people).filter_map(|(stored, person)| Some((stored.record, person?)));
        Ok((pairs.collect(), next))
    }

    async fn page_of_employees(
        &self,
        tenant: TenantId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Employee>>, Option<String>), Error> {
        let walk = Walk::at(after.as_deref());
        let pk = partition(tenant, Family::Employee, walk.shard);
        let range = Range::whole(Table::Records, Family::Employee, pk).after(walk.last()).limit(limit);
        let (items, more) = self.db.query(&range).await?;
        let next = walk.next(items.last().and_then(|item| as_text(item, "sk")).filter(|_| more));
        let now = self.clock.now();
        let employees = items.into_iter().filter_map(|item| from_item(item, now).transpose());
        Ok((employees.collect::<Result<_, _>>()?, next))
    }

    async fn page_of_accounts(
        &self,
        tenant: TenantId,
        selection: &Selection,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let (accounts, more) = match &selection.people {
            Some(people) => {
                let accounts = people.accounts.iter().map(|account| self.load_account(tenant, *account));
                (try_join_all(accounts).await?.into_iter().flatten().collect(), false)
            }
            None => self.accounts_after(tenant, after, PEOPLE).await?,
        };
        let next = accounts.last().map(|stored| stored.record.id.to_string()).filter(|_| more);
        let holders = accounts.iter().map(|stored| self.load_holder(tenant, stored.record.id));
        let holders = try_join_all(holders).await?;
        let now = self.clock.now();
        let lines = accounts.iter().zip(holders).filter_map(|(stored, holder)| {
            let (account, holder) = (&stored.record, holder?);
            let cells = vec![
                text(account.id),
                text(&holder.login_id),
                text(&holder.name),
                said(holder.mail),
                said(account.employee),
                joined(roles(account)),
                named(&account.state_at(now)),
                text(account.created_at),
            ];
            Some(Line::of(cells))
        });
        Ok(Page { lines: lines.collect(), next })
    }

    /// Some days of the trail; whole days, the oldest first.
    async fn page_of_events(
        &self,
        tenant: TenantId,
        selection: &Selection,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let Period { since, until } = selection.period;
        let last_day = until.map_or(self.today(), |until| until.min(self.today()));
        let day = if let Some(day) = after.and_then(|day| day.parse().ok()) {
            day
        } else {
            // Nothing is kept for longer, and nothing was written of a company before it was one.
            let oldest = self.today().saturating_sub(RETENTION_DAYS.days());
            let made_on = self.load_tenant(tenant).await?.map_or(oldest, |of| of.record.created_at.date());
            oldest.max(made_on).max(since.unwrap_or(oldest))
        };
        let days = (0..DAYS).map(|ahead| day.saturating_add(ahead.days())).filter(|day| *day <= last_day);
        let events = try_join_all(days.map(|day| self.trail_of(tenant, day))).await?;
        let chosen = |event: &&Event| {
            let shown = selection.with_confidence || !event.in_confidence;
            shown && selection.people.as_ref().is_none_or(|people| people.are_in(event))
        };
        let lines = events.iter().flatten().filter(chosen).map(event).collect();
        let next = day.saturating_add(DAYS.days());
        Ok(Page { lines, next: (next <= last_day).then(|| next.to_string()) })
    }
}

/// What was granted, each role with how far it reaches.
fn roles(account: &Account) -> impl Iterator<Item = String> {
    account.grants.iter().map(|grant| {
        let whole = grant.scope == authz::Scope::Tenant;
        format!("{}:{}", grant.role.name(), if whole { "tenant" } else { "parts" })
    })
}

fn workplace(workplace: &Workplace) -> Line {
    Line::of(vec![text(workplace.id), text(&workplace.code), text(&workplace.name)])
}

fn department(department: &Department) -> impl Iterator<Item = Line> {
    department.history.iter().map(|since| {
        Line::of(vec![
            text(department.id),
            text(&department.code),
            text(since.from),
            text(&since.name),
            said(since.parent),
        ])
    })
}

fn employee_line(employee: &Employee, attributes: &EmployeeAttributes, person: &Person) -> Line {
    Line::of(vec![
        text(employee.id),
        text(&attributes.number),
        text(&person.name),
        text(&person.kana),
        said(person.mail.as_ref()),
        text(attributes.birth_date.date()),
        Cow::Borrowed(attributes.sex.japanese()),
        text(employee.hired_on),
        said(employee.left_on),
        Cow::Borrowed(employee.state.japanese()),
        text(&attributes.employment_type),
        said(attributes.job_title.as_ref()),
        said(attributes.occupation.as_ref()),
        flag(attributes.manager),
        flag(attributes.personnel_authority),
        flag(attributes.night_work),
        joined(attributes.hazards.all().iter().map(hazard)),
        joined(&employee.labels),
        text(employee.created_at),
        text(employee.updated_at),
    ])
}

/// Hazardous work as `asbestos:2020-04-01/2026-03-31`, the last day absent while it is done.
fn hazard(work: &HazardWork) -> String {
    let until = work.until.map_or_else(String::new, |until| until.to_string());
    format!("{}:{}/{until}", named(&work.hazard), work.from)
}

fn placements(employee: &Employee, person: &Person) -> impl Iterator<Item = Line> {
    employee.placements.iter().map(|placed| {
        Line::of(vec![
            text(employee.id),
            text(&person.number),
            text(placed.from),
            said(placed.workplace),
            said(placed.department),
        ])
    })
}

fn event(event: &Event) -> Line {
    let outcome = match event.outcome {
        Outcome::Done => "実行",
        Outcome::Refused => "拒否",
    };
    let at: Jst = event.at;
    Line::of(vec![
        text(event.id),
        text(at),
        text(&event.action),
        Cow::Borrowed(outcome),
        said(event.reason.as_ref()),
        text(&event.actor),
        said(event.account.as_ref()),
        said(event.client.as_ref()),
        joined(&event.roles),
        text(&event.permission),
        Cow::Borrowed(event.purpose()),
        joined(&event.subjects),
        said(event.address.as_ref()),
        said(event.account_given.as_ref()),
        text(&event.request_id),
    ])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_walk_goes_through_every_shard_once_and_ends() {
        let mut at = Walk::at(None).next(Some("2026-06-01#chk_1"));
        assert_eq!(at.as_deref(), Some("0#2026-06-01#chk_1"));
        let walk = Walk::at(at.as_deref());
        assert_eq!((walk.shard, walk.last().as_deref()), ("0", Some("2026-06-01#chk_1")));
        let mut seen = 1;
        while let Some(next) = Walk::at(at.as_deref()).next(None) {
            assert_eq!(Walk::at(Some(&next)).last(), None, "from its beginning");
            (at, seen) = (Some(next), seen + 1);
        }
        assert_eq!(seen, shards().count());
    }

    #[test]
    fn r20_a_period_holds_its_first_and_its_last_day() {
        let period = Period { since: Some(date(2026, 4, 1)), until: Some(date(2026, 4, 30)) };
        assert!(period.covers(date(2026, 4, 1)) && period.covers(date(2026, 4, 30)));
        assert!(!period.covers(date(2026, 3, 31)) && !period.covers(date(2026, 5, 1)));
        assert!(Period::default().covers(date(1950, 1, 1)));
    }
}
