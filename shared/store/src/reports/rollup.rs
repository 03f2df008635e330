//! What dashboards show, counted ahead: per fiscal year and workplace how many people are employed, were examined, have answered the stress check, are over the lines of overwork, and about how
//! many months something is to be done. All of it is counted from what is clear (states, kinds, places in indexes); nothing is opened for it, and whoever counts has no key.
//!
//! A year is counted anew each time, from all that is stored ([`domain::report::dashboard::Counting`]): so it does not matter what happened since, in which order, or whether a run was cut short.

use std::collections::{BTreeMap, BTreeSet};

use authz::{Permit, permission::CountFigures};
use domain::{
    ids::{EmployeeId, PLATFORM, TenantId, WorkplaceId},
    report::{
        dashboard::{Contribution, Counting, Counts, Source},
        form6::may_count,
    },
    time::{Jst, Month, fiscal_year},
};
use futures_util::future::{try_join, try_join_all};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::SCHEMA;
use crate::{
    ContractState, Error, Store, Stored,
    checkups::{self, year_partition},
    contracts,
    db::Range,
    employees::Employee,
    interviews::PendingInterview,
    item::{as_text, from_item, to_item},
    key::{Family, Key, Table, partition, shards},
};

/// The sort key's end for those who stand at no workplace.
const NOWHERE: &str = "none";

/// What a run did for one company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RolledUp {
    /// How many years were counted.
    pub years: usize,
    /// How many people are in the register.
    pub people: usize,
    /// How many figures of a workplace and a year were written.
    pub workplaces: usize,
}

/// The figures of a workplace and a year.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) year: i16,
    /// None: those who stand at none.
    pub(super) workplace: Option<WorkplaceId>,
    /// On which day everybody is counted where they stand.
    pub(super) stands_on: Date,
    pub(super) counts: Counts,
    pub(super) counted_at: Jst,
}

/// The first and the last day of a fiscal year.
pub(super) fn days_of(year: i16, first_month: i8) -> Option<(Date, Date)> {
    let first = Date::new(year, first_month, 1).ok()?;
    Some((first, first.saturating_add(1.year()).saturating_sub(1.day())))
}

fn key(tenant: TenantId, year: i16, workplace: Option<WorkplaceId>) -> Key {
    let of = workplace.map_or_else(|| NOWHERE.to_owned(), |workplace| workplace.to_string());
    Key::new(Table::Records, tenant, Family::Rollup, "", format_args!("{year}#{of}"))
}

/// What the years of one company are counted from.
struct Base {
    register: Vec<Stored<Employee>>,
    due: BTreeMap<(Month, EmployeeId), Date>,
    pending: Vec<PendingInterview>,
    today: Date,
}

impl Store {
    /// The companies whose contract runs. The permit is the platform's.
    pub async fn tenants_to_roll_up(&self, permit: &Permit<CountFigures>) -> Result<Vec<TenantId>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let contracts: Vec<contracts::Record> = self.all_of(Family::Contract).await?;
        let running = contracts.into_iter().filter(|contract| contract.state == ContractState::Active);
        Ok(running.map(|contract| contract.tenant).collect())
    }

    /// Counts the fiscal year that `at` lies in and the one before, of the permit's tenant; or only says how many people there are.
    pub async fn roll_up(&self, permit: &Permit<CountFigures>, at: Jst, dry_run: bool) -> Result<RolledUp, Error> {
        let tenant = permit.tenant();
        let Some(settings) = self.load_tenant(tenant).await? else { return Ok(RolledUp::default()) };
        let (today, first_month) = (at.date(), settings.record.fiscal_year_starts);
        let register = self.everybody_who(tenant, |_| true).await?;
        let mut done = RolledUp { people: register.len(), ..RolledUp::default() };
        if dry_run {
            return Ok(done);
        }
        let (due, pending) = try_join(self.months_due(tenant), self.interviews_pending(tenant)).await?;
        let base = Base { register, due, pending, today };
        let now = fiscal_year(today, first_month);
        for year in [now - 1, now] {
            let Some(days) = days_of(year, first_month) else { continue };
            let counts = Box::pin(self.count_year(tenant, year, days, &base)).await?;
            done.workplaces += self.write_year(tenant, year, Counting::stands(days.1, today), counts, at).await?;
            done.years += 1;
        }
        Ok(done)
    }

    async fn count_year(
        &self,
        tenant: TenantId,
        year: i16,
        (first, last): (Date, Date),
        base: &Base,
    ) -> Result<BTreeMap<Option<WorkplaceId>, Counts>, Error> {
        let mut counting = Counting::default();
        let day = Counting::stands(last, base.today);
        for Stored { record, version } in &base.register {
            let stands = record.is_employed(day).then(|| Contribution::Stands(record.placement(day).workplace));
            counting.take(record.id, Source::Register, *version, stands.unwrap_or(Contribution::Nothing));
        }
        for Stored { record, version } in self.checkups_without_content(tenant, year).await? {
            let says = if record.stands() { Contribution::Examined } else { Contribution::Nothing };
            counting.take(record.employee, Source::Checkup(record.id), version, says);
        }
        for (round, employee, version) in self.answered_between(tenant, first, last).await? {
            counting.take(employee, Source::Round(round), version, Contribution::Answered);
        }
        for PendingInterview { id, employee, version, begun_on, due_on } in &base.pending {
            // Whatever is to be done stays so until it is done, also where it began in a year before.
            if *begun_on <= last {
                counting.take(*employee, Source::Interview(*id), *version, Contribution::Pending { due_on: *due_on });
            }
        }
        let mut month = Month::of(first);
        while month.first_day() <= day {
            let over = self.lines_of_month(tenant, month).await?;
            let due_on = |employee: EmployeeId| base.due.get(&(month, employee)).copied();
            for (employee, version, line) in &over {
                let says = Contribution::Worked { over: Some(*line), due_on: due_on(*employee) };
                counting.take(*employee, Source::Month(month), *version, says);
            }
            let seen: BTreeSet<EmployeeId> = over.iter().map(|(employee, ..)| *employee).collect();
            for ((of, employee), due_on) in &base.due {
                if *of == month && !seen.contains(employee) {
                    let says = Contribution::Worked { over: None, due_on: Some(*due_on) };
                    counting.take(*employee, Source::Month(month), 0, says);
                }
            }
            month = Month::of(month.last_day().saturating_add(1.day()));
        }
        Ok(counting.counts(base.today))
    }

    /// The checkups of a year that the law asks for, without what is sealed of them; void ones, too.
    async fn checkups_without_content(
        &self,
        tenant: TenantId,
        year: i16,
    ) -> Result<Vec<Stored<checkups::Record>>, Error> {
        let look = |shard: String| {
            let range = Range::whole(Table::Records, Family::Checkup, year_partition(tenant, year, &shard)).by_index();
            self.db.gather(
                range,
                |_| true,
                |item| {
                    let stored = from_item::<checkups::Record>(item, self.clock.now())?;
                    Ok(stored.filter(|stored| may_count(stored.record.kind)))
                },
            )
        };
        Ok(try_join_all(shards().map(look)).await?.into_iter().flatten().collect())
    }

    /// Writes what was counted; workplaces at which nobody stands any more come to nothing. Where another run was faster, its figures stand.
    async fn write_year(
        &self,
        tenant: TenantId,
        year: i16,
        stands_on: Date,
        mut counts: BTreeMap<Option<WorkplaceId>, Counts>,
        counted_at: Jst,
    ) -> Result<usize, Error> {
        let before: BTreeMap<Option<WorkplaceId>, u64> = self
            .rolled_up(tenant, year)
            .await?
            .into_iter()
            .map(|stored| (stored.record.workplace, stored.version))
            .collect();
        for workplace in before.keys() {
            counts.entry(*workplace).or_default();
        }
        let mut written = 0;
        for (workplace, counts) in counts {
            let (key, version) = (key(tenant, year, workplace), before.get(&workplace).copied());
            let record = Record { year, workplace, stands_on, counts, counted_at };
            let item = to_item(&key, version.unwrap_or(0) + 1, SCHEMA, &record)?;
            written += usize::from(self.db.put_if(&key, item, version).await?);
        }
        Ok(written)
    }

    /// What was counted of a year.
    pub(super) async fn rolled_up(&self, tenant: TenantId, year: i16) -> Result<Vec<Stored<Record>>, Error> {
        let range = Range::whole(Table::Records, Family::Rollup, partition(tenant, Family::Rollup, ""))
            .starting_with(format!("{year}#"));
        let of_year = format!("{year}#");
        let within = |item: &crate::item::Attributes| as_text(item, "sk").is_some_and(|sk| sk.starts_with(&of_year));
        self.db.gather(range, within, |item| from_item(item, self.clock.now())).await
    }
}
