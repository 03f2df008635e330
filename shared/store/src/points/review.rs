//! Days that stand out (domain.md 7.4): what HR looks at, what the employee says of it, and what becomes of it. HR sees the day, what stands out and the points; the number of steps only
//! where the employee shows it.
//!
//! ```text
//! open ──confirmed──▶ confirmed
//!   └──the points are taken back──▶ voided
//! ```

use std::collections::{BTreeMap, BTreeSet};

use authz::{
    Permit,
    permission::{ManagePoints, UseOwnPoints, ViewPoints},
};
use domain::{
    ids::{AccountId, DepartmentId, EmployeeId, TenantId},
    lifelog::{Entry, Group, Month, Origin},
    points::suspicion::Flag,
    remark::Remark,
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{EntryRecord, FEWEST, SCHEMA, Said, entry_key};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    item::{Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition, shards},
    lifelogs,
    write::indexed,
};

const FINDING: &str = "finding";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    employee: EmployeeId,
    day: Date,
    #[serde(rename = "suspicion_state")]
    state: SuspicionState,
    /// The entries of the ledger that the day brought.
    numbers: Vec<u64>,
    finding: Sealed,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_by: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_at: Option<Jst>,
    updated_at: Jst,
}

/// What is sealed of a day that stands out.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Finding {
    flags: BTreeSet<Flag>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    steps: Option<i64>,
    /// The employee shows the steps.
    #[serde(default)]
    shows_steps: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    comment: Option<Remark>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<Remark>,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspicionState {
    /// Somebody is to look at it.
    Open,
    /// The points stay.
    Confirmed,
    /// They were taken back.
    Voided,
}

impl SuspicionState {
    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Voided => "voided",
        }
    }
}

/// A day that stands out, as somebody may see it.
#[derive(Debug, Clone)]
pub struct Suspicion {
    /// Whose.
    pub employee: EmployeeId,
    /// Which day.
    pub day: Date,
    /// Where it is.
    pub state: SuspicionState,
    /// What stands out.
    pub flags: BTreeSet<Flag>,
    /// How many points the day brought.
    pub points: i64,
    /// How many steps; for its owner, and for HR where the owner shows it.
    pub steps: Option<i64>,
    /// What the owner says of it.
    pub comment: Option<Remark>,
    /// Why it was decided so.
    pub reason: Option<Remark>,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Jst>,
}

/// What is decided.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The points are taken back.
    pub void: bool,
    /// The employee is shown in no ranking from now on.
    pub exclude: bool,
    /// Why.
    pub reason: Remark,
}

/// How much of a department's month came from hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandShare {
    /// The department; none for those who stand in none.
    pub department: Option<DepartmentId>,
    /// How many people have entries: ten or more.
    pub people: u64,
    /// How many entries came from hand.
    pub by_hand: u64,
    /// How many there were.
    pub entries: u64,
}

fn key(tenant: TenantId, employee: EmployeeId, day: Date) -> Key {
    Key::new(Table::Records, tenant, Family::Suspicion, employee, day)
}

fn of_state(tenant: TenantId, state: SuspicionState) -> String {
    partition(tenant, Family::Suspicion, state.name())
}

fn excluded_key(tenant: TenantId, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::Points, employee, "EXCLUDED")
}

fn excluded(tenant: TenantId) -> String {
    partition(tenant, Family::Points, "excluded")
}

impl Store {
    /// The days in a state of those whom the permit reaches, the oldest first: up to `limit`, and where to go on.
    pub async fn suspicions(
        &self,
        permit: &Permit<ManagePoints>,
        state: SuspicionState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Suspicion>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::Suspicion, of_state(tenant, state)).by_index();
        let (found, next) =
            self.records_within_reach(permit, range, after, limit, |record: &Record| record.employee).await?;
        let mut days = Vec::with_capacity(found.len());
        for (stored, placement) in found {
            let own = permit.reach().is_oneself(placement.employee);
            days.push(self.shown_suspicion(tenant, stored, own).await?);
        }
        let subjects: BTreeSet<String> = days.iter().map(|stored| stored.record.employee.to_string()).collect();
        let days = self.disclose(permit, "points.review", subjects, days).await?;
        Ok((days, next))
    }

    /// The days of somebody that stand out, the newest first.
    pub async fn suspicions_of(
        &self,
        permit: &Permit<ViewPoints>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<Suspicion>>, Error> {
        self.placed_within(permit, employee).await?;
        let tenant = permit.tenant();
        let own = permit.reach().is_oneself(employee);
        let range = Range::whole(Table::Records, Family::Suspicion, partition(tenant, Family::Suspicion, employee));
        let mut days = Vec::new();
        for item in self.db.query_all(range.descending()).await? {
            if let Some(stored) = from_item::<Record>(item, self.clock.now())? {
                days.push(self.shown_suspicion(tenant, stored, own).await?);
            }
        }
        self.disclose(permit, "points.review", [employee.to_string()], days).await
    }

    /// Says something of one's own day, and whether HR may see the number of steps.
    pub async fn comment_suspicion(
        &self,
        permit: &Permit<UseOwnPoints>,
        (employee, day): (EmployeeId, Date),
        version: u64,
        comment: Option<Remark>,
        shows_steps: bool,
    ) -> Result<Prepared<Stored<Suspicion>>, Error> {
        self.placed_within(permit, employee).await?;
        let (tenant, (mut record, mut finding)) =
            (permit.tenant(), self.open_suspicion(permit.tenant(), (employee, day), version).await?);
        finding.comment = comment;
        finding.shows_steps = shows_steps;
        record.finding = self.seal(tenant, Purpose::Lifelog, &key(tenant, employee, day), FINDING, &finding).await?;
        record.updated_at = self.clock.now();
        let mut write = Write::new();
        self.put_suspicion_over(&mut write, tenant, &record, Some(version))?;
        let event = self.event(permit, "points.comment")?.on(employee);
        let thing = self.shown_suspicion(tenant, Stored { record, version: version + 1 }, true).await?;
        Ok(Prepared { thing, write, event })
    }

    /// Decides: the points stay, or are taken back. Nobody decides on their own.
    pub async fn decide_suspicion(
        &self,
        permit: &Permit<ManagePoints>,
        (employee, day): (EmployeeId, Date),
        version: u64,
        verdict: Verdict,
    ) -> Result<Prepared<Stored<Suspicion>>, Error> {
        let mut held = self.wallet_of_another(permit, employee).await?;
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let (mut record, mut finding) = self.open_suspicion(tenant, (employee, day), version).await?;
        let mut write = Write::new();
        if verdict.void {
            for number in &record.numbers {
                let there = self.load::<EntryRecord>(&entry_key(tenant, employee, *number)).await?;
                let Some(there) = there else { continue };
                let entry = self.opened_entry(tenant, employee, there.record).await?.entry;
                // What was taken back before, or brought nothing, is not there to be taken back.
                if let Ok(entry) = held.wallet.cancel(&entry) {
                    let said = Said { entry, reason: Some(verdict.reason.clone()) };
                    self.put_entry(&mut write, tenant, employee, Some(by), said).await?;
                }
            }
            if !write.is_empty() {
                self.put_wallet(&mut write, tenant, employee, held).await?;
            }
        }
        if verdict.exclude {
            let key = excluded_key(tenant, employee);
            let item = to_item(&key, 1, SCHEMA, &serde_json::json!({ "since": now }))?;
            let item = indexed(item, excluded(tenant), employee.to_string());
            write.put(self, key, item, None, crate::item::Attributes::new(), || Error::Stale)?;
        }
        record.state = if verdict.void { SuspicionState::Voided } else { SuspicionState::Confirmed };
        (record.decided_by, record.decided_at, record.updated_at) = (Some(by), Some(now), now);
        finding.reason = Some(verdict.reason);
        record.finding = self.seal(tenant, Purpose::Lifelog, &key(tenant, employee, day), FINDING, &finding).await?;
        self.put_suspicion_over(&mut write, tenant, &record, Some(version))?;
        let action = if verdict.void { "points.void" } else { "points.confirm" };
        let event = self.event(permit, action)?.on(employee);
        let thing = self.shown_suspicion(tenant, Stored { record, version: version + 1 }, false).await?;
        Ok(Prepared { thing, write, event })
    }

    /// How much of a month came from hand, by department: of those in reach, and only where ten people or more have entries. Values are not looked at.
    pub async fn hand_shares(&self, permit: &Permit<ManagePoints>, month: Month) -> Result<Vec<HandShare>, Error> {
        let tenant = permit.tenant();
        let all: BTreeSet<Group> = Group::ALL.into_iter().filter(|group| group.can_be_shared()).collect();
        let mut counted: BTreeMap<EmployeeId, (u64, u64)> = BTreeMap::new();
        for shard in shards() {
            for (employee, entries) in self.lifelogs_of_month(tenant, month, &shard, &all).await? {
                let said: Vec<&Entry> = entries.iter().filter(|entry| entry.reading.is_some()).collect();
                let by_hand = said.iter().filter(|entry| entry.origin == Origin::Hand).count() as u64;
                let count = counted.entry(employee).or_default();
                *count = (count.0 + by_hand, count.1 + said.len() as u64);
            }
        }
        let placements = self.placements_now(tenant, counted.keys().copied()).await?;
        let mut shares: BTreeMap<Option<DepartmentId>, HandShare> = BTreeMap::new();
        for (employee, (by_hand, entries)) in counted.into_iter().filter(|(_, (_, entries))| *entries > 0) {
            let Some(placement) = placements.get(&employee).filter(|placement| permit.reach().covers(placement)) else {
                continue;
            };
            let department = placement.department;
            let share = shares.entry(department).or_insert(HandShare { department, people: 0, by_hand: 0, entries: 0 });
            share.people += 1;
            share.by_hand += by_hand;
            share.entries += entries;
        }
        let shares = shares.into_values().filter(|share| share.people >= FEWEST as u64).collect();
        let event = self.event(permit, "points.hand_shares")?;
        self.tell(event).await?;
        Ok(shares)
    }

    /// Who is shown in no ranking.
    pub(super) async fn excluded_from_rankings(&self, tenant: TenantId) -> Result<BTreeSet<EmployeeId>, Error> {
        let range = Range::whole(Table::Records, Family::Points, excluded(tenant)).by_index();
        let items = self.db.query_all(range).await?;
        Ok(items.iter().filter_map(|item| as_text(item, "gsi1sk")?.parse().ok()).collect())
    }

    /// Adds a day that stands out to a write.
    #[expect(clippy::too_many_arguments, reason = "what is told of a day, each once")]
    pub(super) async fn put_suspicion(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        day: Date,
        flags: &[Flag],
        steps: Option<i64>,
        numbers: Vec<u64>,
    ) -> Result<(), Error> {
        let key = key(tenant, employee, day);
        let finding = Finding { flags: flags.iter().copied().collect(), steps, ..Finding::default() };
        let record = Record {
            employee,
            day,
            state: SuspicionState::Open,
            numbers,
            finding: self.seal(tenant, Purpose::Lifelog, &key, FINDING, &finding).await?,
            decided_by: None,
            decided_at: None,
            updated_at: self.clock.now(),
        };
        self.put_suspicion_over(write, tenant, &record, None)
    }

    /// Adds a flag to a day, which may stand out already; one that was decided on stays as it is.
    pub(super) async fn flag_day(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        day: Date,
        flags: &[Flag],
        steps: Option<i64>,
    ) -> Result<(), Error> {
        let key = key(tenant, employee, day);
        let mut write = Write::new();
        match self.load::<Record>(&key).await? {
            None => self.put_suspicion(&mut write, tenant, employee, day, flags, steps, Vec::new()).await?,
            Some(Stored { mut record, version }) if record.state == SuspicionState::Open => {
                let mut finding: Finding = self.open(tenant, Purpose::Lifelog, &key, FINDING, &record.finding).await?;
                if flags.iter().all(|flag| finding.flags.contains(flag)) {
                    return Ok(());
                }
                finding.flags.extend(flags);
                record.finding = self.seal(tenant, Purpose::Lifelog, &key, FINDING, &finding).await?;
                self.put_suspicion_over(&mut write, tenant, &record, Some(version))?;
            }
            Some(_) => return Ok(()),
        }
        match write.commit_unaudited(self).await {
            // Somebody decides at this moment: that stands.
            Ok(()) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn put_suspicion_over(
        &self,
        write: &mut Write,
        tenant: TenantId,
        record: &Record,
        before: Option<u64>,
    ) -> Result<(), Error> {
        let key = key(tenant, record.employee, record.day);
        let item = to_item(&key, before.unwrap_or(0) + 1, SCHEMA, record)?;
        let item = indexed(item, of_state(tenant, record.state), format!("{}#{}", record.day, record.employee));
        write.put_over(self, key, item, before, || Error::Stale)?;
        Ok(())
    }

    /// A day that is still open, as it was read with `version`.
    async fn open_suspicion(
        &self,
        tenant: TenantId,
        (employee, day): (EmployeeId, Date),
        version: u64,
    ) -> Result<(Record, Finding), Error> {
        let key = key(tenant, employee, day);
        let stored = self.load::<Record>(&key).await?.ok_or(Error::NotFound)?;
        if stored.version != version {
            return Err(Error::Stale);
        }
        if stored.record.state != SuspicionState::Open {
            return Err(Conflict::WrongState.into());
        }
        let finding = self.open(tenant, Purpose::Lifelog, &key, FINDING, &stored.record.finding).await?;
        Ok((stored.record, finding))
    }

    async fn shown_suspicion(
        &self,
        tenant: TenantId,
        stored: Stored<Record>,
        own: bool,
    ) -> Result<Stored<Suspicion>, Error> {
        let Stored { record, version } = stored;
        let key = key(tenant, record.employee, record.day);
        let finding: Finding = self.open(tenant, Purpose::Lifelog, &key, FINDING, &record.finding).await?;
        let mut points = 0;
        for number in &record.numbers {
            let entry = self.load::<EntryRecord>(&entry_key(tenant, record.employee, *number)).await?;
            points += entry.map_or(0, |stored| stored.record.points);
        }
        let suspicion = Suspicion {
            employee: record.employee,
            day: record.day,
            state: record.state,
            flags: finding.flags,
            points,
            steps: finding.steps.filter(|_| own || finding.shows_steps),
            comment: finding.comment,
            reason: finding.reason,
            decided_by: record.decided_by,
            decided_at: record.decided_at,
        };
        Ok(Stored { record: suspicion, version })
    }

    /// The entries of a month of everybody in a shard, of some groups.
    pub(super) async fn lifelogs_of_month(
        &self,
        tenant: TenantId,
        month: Month,
        shard: &str,
        groups: &BTreeSet<Group>,
    ) -> Result<BTreeMap<EmployeeId, Vec<Entry>>, Error> {
        let range = Range::whole(Table::Records, Family::Lifelog, lifelogs::of_month(tenant, month, shard)).by_index();
        let mut people: BTreeMap<EmployeeId, Vec<Entry>> = BTreeMap::new();
        for item in self.db.query_all(range).await? {
            if let Some((employee, entries)) = self.opened_lifelog(tenant, item, groups).await? {
                people.entry(employee).or_default().extend(entries);
            }
        }
        Ok(people)
    }
}
