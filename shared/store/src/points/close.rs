//! The close of a day (締め切り): what everybody's day came to is granted, flagged and counted for campaigns, once. Later data change nothing.
//!
//! A run closes every day that is due and was not closed, in their order. How far a company is stands in one item that moves at the end of a run; a run that is cut short is taken up by
//! the next one, and what it had granted is not granted again, because a wallet knows the last day that it was given points for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use authz::{Permit, permission::ClosePoints};
use domain::{
    contract::Service,
    ids::{EmployeeId, PLATFORM, TenantId},
    lifelog::{
        Entry, Group, Metric, Month,
        reduce::{self, DayValue},
    },
    points::{
        award::{Granted, award, closes_at, expires_on},
        suspicion::{Flag, flags},
    },
    time::Jst,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Held, RulesBook, RulesVersion, SCHEMA, Said, campaigns::Campaign, expiring, rules::OLDEST_DAYS};
use crate::{
    ContractState, Error, Store, Write, contracts,
    db::Range,
    item::{Stored, as_text, to_item},
    key::{Family, Key, Table, shards},
};

/// How many days before a day are looked at to see whether it stands out.
const COMPARED_DAYS: i64 = 28;
/// How many people are closed at the same time.
const IN_FLIGHT: usize = 16;
/// How often a change begins anew, where somebody redeems at the same moment.
const ATTEMPTS: u32 = 6;

/// What a run did for one company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PointsClosed {
    /// How many days were due.
    pub days: usize,
    /// How many people there were entries of.
    pub people: usize,
    /// How many points were granted.
    pub granted: u64,
    /// How many days of people were flagged.
    pub flagged: usize,
    /// How many wallets lost points that had expired.
    pub expired: usize,
}

/// How far a company is.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ClosedRecord {
    until: Date,
}

/// What one company's run works with.
struct Run {
    tenant: TenantId,
    book: RulesBook,
    days: Vec<Date>,
    campaigns: Vec<Campaign>,
    year_starts: i8,
}

/// What came of one person.
#[derive(Default)]
struct Person {
    granted: u64,
    flagged: usize,
    /// The devices that measured on the days that were closed, each with the last of them.
    devices: BTreeMap<String, Date>,
}

fn closed_key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::PointsRules, "", "CLOSED")
}

impl Store {
    /// The companies whose contract runs. The permit is the platform's.
    pub async fn tenants_to_close_points_of(&self, permit: &Permit<ClosePoints>) -> Result<Vec<TenantId>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let contracts: Vec<contracts::Record> = self.all_of(Family::Contract).await?;
        let running = contracts.into_iter().filter(|contract| contract.state == ContractState::Active);
        Ok(running.map(|contract| contract.tenant).collect())
    }

    /// Closes what is due at `at` for the permit's tenant; or only says how many days that are.
    pub async fn close_points(
        &self,
        permit: &Permit<ClosePoints>,
        at: Jst,
        dry_run: bool,
    ) -> Result<PointsClosed, Error> {
        let tenant = permit.tenant();
        let Some(Stored { record: settings, .. }) = self.load_tenant(tenant).await? else {
            return Ok(PointsClosed::default());
        };
        let book = self.rules_book(tenant).await?;
        if !settings.services_on(at.date()).contains(&Service::Lifelog) || book.versions.is_empty() {
            return Ok(PointsClosed::default());
        }
        let closed = self.load::<ClosedRecord>(&closed_key(tenant)).await?;
        let days = due(&book, closed.as_ref().map(|closed| closed.record.until), at);
        let mut done = PointsClosed { days: days.len(), ..PointsClosed::default() };
        if dry_run {
            return Ok(done);
        }
        done.expired = self.expire_points(permit, at.date()).await?;
        let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else { return Ok(done) };
        let campaigns = self.all_campaigns(tenant).await?;
        let campaigns = campaigns.into_iter().filter(|it| it.from <= last && it.to >= first).collect();
        let run = Run { tenant, book, days, campaigns, year_starts: settings.fiscal_year_starts };
        let mut of_devices: HashMap<String, BTreeMap<EmployeeId, Date>> = HashMap::new();
        for shard in shards() {
            let months = (first.saturating_sub(COMPARED_DAYS.days()), last);
            let people = self.entries_of_shard(tenant, &shard, months, &groups(&run)).await?;
            done.people += people.len();
            let closing = stream::iter(people).map(|(employee, entries)| {
                let run = &run;
                async move { Ok::<_, Error>((employee, self.close_person(permit, run, employee, &entries).await?)) }
            });
            let closed: Vec<_> = closing.buffer_unordered(IN_FLIGHT).try_collect().await?;
            for (employee, person) in closed {
                done.granted += person.granted;
                done.flagged += person.flagged;
                for (device, day) in person.devices {
                    of_devices.entry(device).or_default().insert(employee, day);
                }
            }
        }
        for people in of_devices.values().filter(|people| people.len() > 1) {
            for (employee, day) in people {
                self.flag_day(tenant, *employee, *day, &[Flag::SharedDevice], None).await?;
                done.flagged += 1;
            }
        }
        let excluded = self.excluded_from_rankings(tenant).await?;
        for campaign in &run.campaigns {
            self.make_standings(tenant, campaign, last, &excluded).await?;
        }
        let before = closed.map(|closed| closed.version);
        let item = to_item(&closed_key(tenant), before.unwrap_or(0) + 1, SCHEMA, &ClosedRecord { until: last })?;
        // Another run that was faster has closed the same.
        self.db.put_if(&closed_key(tenant), item, before).await?;
        Ok(done)
    }

    /// The entries of a shard's people in the months of a period, of some groups.
    async fn entries_of_shard(
        &self,
        tenant: TenantId,
        shard: &str,
        (from, to): (Date, Date),
        groups: &BTreeSet<Group>,
    ) -> Result<BTreeMap<EmployeeId, Vec<Entry>>, Error> {
        let mut people: BTreeMap<EmployeeId, Vec<Entry>> = BTreeMap::new();
        let (mut month, last) = (Month::of(from), Month::of(to));
        while month <= last {
            for (employee, entries) in self.lifelogs_of_month(tenant, month, shard, groups).await? {
                people.entry(employee).or_default().extend(entries);
            }
            month = month.next();
        }
        Ok(people)
    }

    async fn close_person(
        &self,
        permit: &Permit<ClosePoints>,
        run: &Run,
        employee: EmployeeId,
        entries: &[Entry],
    ) -> Result<Person, Error> {
        let Some(stored) = self.load_employee(run.tenant, employee).await? else { return Ok(Person::default()) };
        let left_on = stored.record.left_on;
        let fixed: Vec<Entry> = entries.iter().filter(|entry| is_in_time(&run.book, entry)).cloned().collect();
        let mut metrics: BTreeSet<Metric> = run.campaigns.iter().map(|campaign| campaign.metric).collect();
        metrics.extend([Metric::Steps, Metric::Distance]);
        metrics.extend(run.book.versions.iter().flat_map(|version| version.rules.metrics()));
        let values: BTreeMap<Metric, BTreeMap<Date, DayValue>> =
            metrics.iter().map(|metric| (*metric, reduce::days(*metric, &fixed))).collect();
        let mut person = Person::default();
        for day in run.days.iter().copied().filter(|day| left_on.is_none_or(|left| *day <= left)) {
            let of_day: BTreeMap<Metric, DayValue> =
                values.iter().filter_map(|(metric, days)| Some((*metric, *days.get(&day)?))).collect();
            let Some(version) = run.book.on(day).filter(|_| !of_day.is_empty()) else { continue };
            let none = BTreeMap::new();
            let days_of = |metric| values.get(&metric).unwrap_or(&none);
            let found = flags(day, days_of(Metric::Steps), days_of(Metric::Distance));
            let steps = of_day.get(&Metric::Steps).map(|value| value.value);
            person.granted += self.close_day(permit, run, employee, (day, version), &of_day, &found).await?;
            person.flagged += usize::from(!found.is_empty());
            self.count_for_campaigns(run, employee, day, &of_day).await?;
            if steps.is_some() {
                let used = fixed.iter().filter(|entry| is_steps_of(entry, day));
                let devices = used.filter_map(|entry| entry.device.as_ref());
                person.devices.extend(devices.map(|device| (device.as_str().to_owned(), day)));
            }
        }
        Ok(person)
    }

    /// Grants what a day gives; how many points. A day that gives nothing and is not flagged leaves no trace.
    async fn close_day(
        &self,
        permit: &Permit<ClosePoints>,
        run: &Run,
        employee: EmployeeId,
        (day, version): (Date, &RulesVersion),
        of_day: &BTreeMap<Metric, DayValue>,
        found: &[Flag],
    ) -> Result<u64, Error> {
        let tenant = run.tenant;
        for _ in 0..ATTEMPTS {
            let mut held = self.wallet(tenant, employee).await?;
            if held.wallet.closed_until().is_some_and(|until| day <= until) {
                return Ok(0);
            }
            let tallies = held.wallet.tallies().clone();
            let (granted, tallies) = award(&version.rules, day, of_day, tallies, run.year_starts);
            if granted.is_empty() && found.is_empty() {
                return Ok(0);
            }
            let points = granted.iter().map(|it: &Granted| u64::from(it.granted)).sum();
            let last_day = expires_on(version.rules.draft().expiry, day, run.year_starts);
            let entries = held.wallet.close(day, version.number, (granted, tallies), last_day)?;
            let mut write = Write::new();
            self.put_wallet(&mut write, tenant, employee, held).await?;
            let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
            for entry in entries {
                self.put_entry(&mut write, tenant, employee, None, Said { entry, reason: None }).await?;
            }
            if !found.is_empty() {
                let steps = of_day.get(&Metric::Steps).map(|value| value.value);
                self.put_suspicion(&mut write, tenant, employee, day, found, steps, numbers).await?;
            }
            let event = self.event(permit, "points.grant")?.on(employee);
            match write.commit(self, event).await {
                Ok(()) => return Ok(points),
                Err(Error::Unavailable(_) | Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Unavailable("a wallet kept changing".to_owned()))
    }

    async fn count_for_campaigns(
        &self,
        run: &Run,
        employee: EmployeeId,
        day: Date,
        of_day: &BTreeMap<Metric, DayValue>,
    ) -> Result<(), Error> {
        for campaign in run.campaigns.iter().filter(|campaign| (campaign.from..=campaign.to).contains(&day)) {
            if let Some(value) = of_day.get(&campaign.metric) {
                let counted = (value.value, value.origin == domain::lifelog::Origin::Device);
                self.count_day(run.tenant, campaign.id, employee, day, counted).await?;
            }
        }
        Ok(())
    }

    /// Lets go what can no longer be used on `today`; of how many people.
    async fn expire_points(&self, permit: &Permit<ClosePoints>, today: Date) -> Result<usize, Error> {
        let tenant = permit.tenant();
        let mut expired = 0;
        for shard in shards() {
            let range = Range::whole(Table::Records, Family::Points, expiring(tenant, &shard)).by_index();
            // They lie in the order of their days: the first one that is not over ends it.
            let items = self.db.query_all(range).await?;
            let over = items.iter().filter_map(|item| as_text(item, "gsi1sk")?.split_once('#'));
            let over = over.take_while(|(day, _)| day.parse::<Date>().is_ok_and(|day| day < today));
            for employee in over.filter_map(|(_, employee)| employee.parse::<EmployeeId>().ok()) {
                expired += usize::from(self.expire_wallet(permit, employee, today).await?);
            }
        }
        Ok(expired)
    }

    async fn expire_wallet(
        &self,
        permit: &Permit<ClosePoints>,
        employee: EmployeeId,
        today: Date,
    ) -> Result<bool, Error> {
        let tenant = permit.tenant();
        let mut held: Held = self.wallet(tenant, employee).await?;
        let entries = held.wallet.expire(today);
        if entries.is_empty() {
            return Ok(false);
        }
        let mut write = Write::new();
        self.put_wallet(&mut write, tenant, employee, held).await?;
        // A transaction takes a hundred items: what is beyond them has its turn tomorrow.
        if entries.len() > 90 {
            return Err(Error::Internal("more lots than a transaction takes".to_owned()));
        }
        for entry in entries {
            self.put_entry(&mut write, tenant, employee, None, Said { entry, reason: None }).await?;
        }
        let event = self.event(permit, "points.expire")?.on(employee);
        match write.commit(self, event).await {
            Ok(()) => Ok(true),
            // Somebody redeems at this moment: the next run looks again.
            Err(Error::Unavailable(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The days that are to be closed at `at`: those after `until`, or from the first rule on, whose time has come.
fn due(book: &RulesBook, until: Option<Date>, at: Jst) -> Vec<Date> {
    let Some(begins) = book.versions.iter().map(|version| version.rules.draft().valid_from).min() else {
        return Vec::new();
    };
    let oldest = at.date().saturating_sub((2 * OLDEST_DAYS).days());
    let mut day = until.map_or(begins, |until| until.saturating_add(1.day()).max(begins)).max(oldest);
    let mut days = Vec::new();
    while day < at.date() {
        let after = book.on(day).map_or(0, |version| version.rules.draft().close_after_days);
        if closes_at(day, after) > at {
            break;
        }
        days.push(day);
        day = day.saturating_add(1.day());
    }
    days
}

/// Whether an entry came before its day was fixed, and soon enough after it was measured.
fn is_in_time(book: &RulesBook, entry: &Entry) -> bool {
    let Some(day) = entry.reading.as_ref().map(|reading| reading.measured_at.date()) else { return false };
    let Some(version) = book.on(day) else { return true };
    let rules = version.rules.draft();
    let latest = day.saturating_add(i64::from(rules.late_days).days());
    entry.entered_at <= closes_at(day, rules.close_after_days) && entry.entered_at.date() <= latest
}

fn is_steps_of(entry: &Entry, day: Date) -> bool {
    let reading = entry.reading.as_ref();
    reading.is_some_and(|reading| reading.metric == Metric::Steps && reading.measured_at.date() == day)
}

/// Which groups the rules, the campaigns and the flags look at.
fn groups(run: &Run) -> BTreeSet<Group> {
    let of_rules = run.book.versions.iter().flat_map(|version| version.rules.metrics());
    let of_campaigns = run.campaigns.iter().map(|campaign| campaign.metric);
    of_rules.chain(of_campaigns).chain([Metric::Steps]).map(|metric| metric.row().group).collect()
}

#[cfg(test)]
mod tests {
    use domain::points::rules::Rules;
    use jiff::civil::date;

    use super::*;

    fn book(versions: &[(Date, u8)]) -> RulesBook {
        let version = |(number, (valid_from, after)): (u32, &(Date, u8))| {
            let rules = format!(
                r#"{{"valid_from":"{valid_from}","rules":[{{"id":"walk","name":"歩く","metric":"steps","award":{{"fixed":1}}}}],"close_after_days":{after},"late_days":7,"expiry":"next_fiscal_year_end"}}"#
            );
            let rules: Rules = serde_json::from_str(&rules).unwrap();
            RulesVersion { number, rules, made_by: None, made_at: Jst::start_of(*valid_from) }
        };
        RulesBook { version: 1, versions: (1..).zip(versions).map(version).collect() }
    }

    #[test]
    fn section_7_3_days_are_due_in_their_order_at_nine_of_their_day() {
        let book = book(&[(date(2026, 11, 1), 3)]);
        let at = |text: &str| text.parse::<Jst>().unwrap();
        assert_eq!(due(&book, None, at("2026-11-04T08:59:59+09:00")), []);
        assert_eq!(due(&book, None, at("2026-11-04T09:00:00+09:00")), [date(2026, 11, 1)]);
        let until = Some(date(2026, 11, 1));
        assert_eq!(due(&book, until, at("2026-11-06T09:05:00+09:00")), [date(2026, 11, 2), date(2026, 11, 3)]);
        assert_eq!(due(&book, until, at("2026-11-04T09:05:00+09:00")), [], "once");
    }

    #[test]
    fn section_7_3_a_later_version_that_waits_longer_holds_up_what_comes_after() {
        let book = book(&[(date(2026, 11, 1), 1), (date(2026, 11, 3), 5)]);
        let at = "2026-11-06T09:05:00+09:00".parse().unwrap();
        assert_eq!(due(&book, None, at), [date(2026, 11, 1), date(2026, 11, 2)]);
    }
}
