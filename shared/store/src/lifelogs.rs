//! Lifelogs (ライフログ): what employees measure and note about themselves. One item holds a month of one group of metrics of one employee, so that a year is twelve items next to each
//! other and a campaign's file is few writes (docs/decisions/0034-lifelogs-by-month.md).
//!
//! | | |
//! | --- | --- |
//! | clear | whose, group, month, how many entries, when it was last written; with whom it is shared |
//! | sealed (`lifelog`) | the entries |
//! | index | by month, in 16 shards: what closes a day, or deletes what is over, reads |
//!
//! A lifelog is for its owner alone. Physicians and nurses see what the owner shares, as long as they do; for everybody else it is not there.

mod lines;
mod over;

use std::collections::{BTreeMap, BTreeSet};

use authz::{
    ImportKind, ImportRight, Permission, Permit,
    permission::{ManageLifelogs, ViewLifelogs},
};
use domain::{
    decimal::Decimal,
    ids::{EmployeeId, LifelogEntryId, TenantId},
    lifelog::{
        ClientEntryId, DeviceName, Entry, Group, Metric, Month, Origin, Put, RawReading, Reading, ReadingFault,
        entry_id, is_weight_jump, place_of, put,
        reduce::{self, DayValue},
    },
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};

use crate::{
    Conflict, Employee, Error, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, from_optional, to_item},
    key::{Family, Key, Table, partition, shard},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// The attribute that the entries are sealed in.
const ENTRIES: &str = "entries";
/// How many entries a month of one group holds, deleted ones among them: about 150 KB.
pub const MOST_ENTRIES: usize = 1_000;
/// How many months of groups one request touches.
pub const MOST_MONTHS: usize = 12;
/// How often a write begins anew, where a device and its owner write at the same moment.
const ATTEMPTS: u32 = 6;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    employee: EmployeeId,
    group: Group,
    month: Month,
    entries: Sealed,
    count: u32,
    updated_at: Jst,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct SharingRecord {
    groups: BTreeSet<Group>,
    since: Option<Jst>,
}

/// What of a lifelog its owner shares with the company's physicians and nurses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// These groups.
    pub groups: BTreeSet<Group>,
    /// Since when it is so.
    pub since: Option<Jst>,
}

/// An entry that is sent.
#[derive(Debug, Clone)]
pub struct NewLifelogEntry {
    /// By which name its sender knows it.
    pub client_id: ClientEntryId,
    /// From where it comes.
    pub origin: Origin,
    /// Of which device.
    pub device: Option<DeviceName>,
    /// What was measured.
    pub reading: Reading,
}

/// What became of an entry that was sent.
#[derive(Debug, Clone)]
pub struct PutEntry {
    /// Its id.
    pub id: LifelogEntryId,
    /// What became of it.
    pub put: Put,
    /// How often it was written by now.
    pub version: u32,
    /// It is a weight that somebody should look at.
    pub is_jump: bool,
}

/// What of an entry is changed.
#[derive(Debug, Clone, Default)]
pub struct LifelogChange {
    /// When it was.
    pub measured_at: Option<Jst>,
    /// How much it was.
    pub value: Option<Decimal>,
    /// The number beside it.
    pub second: Option<Decimal>,
    /// Of which kind.
    pub kind: Option<String>,
}

/// Why an entry cannot be changed so.
pub type LifelogWrong = Vec<ReadingFault>;

/// A month of a group, opened.
struct Opened {
    key: Key,
    employee: EmployeeId,
    group: Group,
    month: Month,
    /// The version that was read; none where there is no item.
    version: Option<u64>,
    entries: Vec<Entry>,
}

pub(crate) fn key(tenant: TenantId, employee: EmployeeId, group: Group, month: Month) -> Key {
    Key::new(Table::Records, tenant, Family::Lifelog, employee, format_args!("{}#{month}", group.name()))
}

fn sharing_key(tenant: TenantId, employee: EmployeeId) -> Key {
    // Capitals: it does not stand among the groups.
    Key::new(Table::Records, tenant, Family::Lifelog, employee, "SHARING")
}

/// The partition of the index for a month and a shard.
pub(crate) fn of_month(tenant: TenantId, month: Month, shard: impl std::fmt::Display) -> String {
    partition(tenant, Family::Lifelog, format_args!("{month}#{shard}"))
}

/// The id of an entry: what is known by the same name to the same sender is the same entry.
fn id_of(lookup: &Lookup, employee: EmployeeId, new: &NewLifelogEntry) -> LifelogEntryId {
    let device = new.device.as_ref().map_or("", DeviceName::as_str);
    let known_by = format!("{employee}|{}|{device}|{}", new.origin as u8, new.client_id.as_str());
    let month = Month::of(new.reading.measured_at.date());
    entry_id(new.reading.metric.row().group, month, lookup.mac16("lifelog-entry", known_by.as_bytes()))
}

impl Store {
    /// Records entries of the permit's holder, all or none; each tells what became of it. The same entries sent again change nothing, and may be sent at any time.
    pub async fn record_lifelog(
        &self,
        permit: &Permit<ManageLifelogs>,
        employee: EmployeeId,
        new: &[NewLifelogEntry],
    ) -> Result<Vec<PutEntry>, Error> {
        self.placed_within(permit, employee).await?;
        for _ in 0..ATTEMPTS {
            let (changed, puts) = self.merged(permit.tenant(), employee, new).await?;
            if changed.is_empty() {
                return Ok(puts);
            }
            let mut write = Write::new();
            for (key, item, version) in changed {
                write.put_over(self, key, item, version, || Error::Stale)?;
            }
            let written = puts.iter().filter(|put| put.put.is_written()).map(|put| put.id);
            let event = self.event(permit, "lifelog.record")?.on(employee).on_all(written);
            match write.commit(self, event).await {
                Ok(()) => return Ok(puts),
                Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Unavailable("a lifelog kept changing".to_owned()))
    }

    /// The entries of a metric and a month that were not deleted, in the order of their moments.
    pub async fn lifelog_entries(
        &self,
        permit: &Permit<ViewLifelogs>,
        employee: EmployeeId,
        metric: Metric,
        month: Month,
    ) -> Result<Vec<Entry>, Error> {
        let group = metric.row().group;
        self.lifelog_within(permit, employee, group).await?;
        let mut entries = self.month_of_lifelog(permit.tenant(), employee, group, month).await?.entries;
        entries.retain(|entry| entry.reading.as_ref().is_some_and(|reading| reading.metric == metric));
        entries.sort_unstable_by_key(|entry| (entry.reading.as_ref().map(|reading| reading.measured_at), entry.id));
        self.disclose(permit, "lifelog.list", [employee.to_string()], entries).await
    }

    /// One entry.
    pub async fn lifelog_entry(
        &self,
        permit: &Permit<ViewLifelogs>,
        employee: EmployeeId,
        id: LifelogEntryId,
    ) -> Result<Entry, Error> {
        let (group, month) = place_of(id).ok_or(Error::NotFound)?;
        self.lifelog_within(permit, employee, group).await?;
        let mut entries = self.month_of_lifelog(permit.tenant(), employee, group, month).await?.entries;
        let at = standing(&entries, id).ok_or(Error::NotFound)?;
        self.disclose(permit, "lifelog.read", [employee.to_string(), id.to_string()], entries.swap_remove(at)).await
    }

    /// What each day from `from` to `to` comes to, of those that have a value. A year is one query.
    pub async fn lifelog_days(
        &self,
        permit: &Permit<ViewLifelogs>,
        employee: EmployeeId,
        metric: Metric,
        (from, to): (Date, Date),
    ) -> Result<BTreeMap<Date, DayValue>, Error> {
        self.lifelog_within(permit, employee, metric.row().group).await?;
        let entries = self
            .entries_between(permit.tenant(), employee, metric.row().group, (Month::of(from), Month::of(to)))
            .await?;
        let mut days = reduce::days(metric, &entries);
        days.retain(|day, _| (from..=to).contains(day));
        self.disclose(permit, "lifelog.series", [employee.to_string()], days).await
    }

    /// Changes an entry that was typed, or says what is wrong with the change. It stays in its month; what a device sent can be deleted, and not changed.
    pub async fn change_lifelog_entry(
        &self,
        permit: &Permit<ManageLifelogs>,
        (employee, id): (EmployeeId, LifelogEntryId),
        version: u64,
        change: LifelogChange,
    ) -> Result<Result<Prepared<Stored<Entry>>, LifelogWrong>, Error> {
        let (mut opened, at) = self.entry_to_change(permit, employee, id, version).await?;
        let (now, month) = (self.clock.now(), opened.month);
        let entry = opened.entries.get_mut(at).ok_or(Error::NotFound)?;
        let before = entry.reading.as_ref().ok_or(Error::NotFound)?;
        if entry.origin != Origin::Hand {
            return Err(Conflict::WrongState.into());
        }
        let row = before.metric.row();
        let second = row.second.zip(before.second).map(|(second, reading)| second.bounds.number(reading));
        let raw = RawReading {
            metric: before.metric,
            measured_at: change.measured_at.unwrap_or(before.measured_at),
            value: Some(change.value.unwrap_or_else(|| row.bounds.number(before.value))),
            second: change.second.or(second),
            kind: change.kind.as_deref().or(before.kind.as_deref()),
            origin: entry.origin,
        };
        let mut faults = Vec::new();
        if Month::of(raw.measured_at.date()) != month {
            let detail = "記録の月は変更できません。削除してから、あらためて登録してください。";
            faults.push(("measured_at", "another_month", detail));
        }
        let reading = match raw.checked(now) {
            Ok(reading) if faults.is_empty() => reading,
            wrong => {
                faults.extend(wrong.err().unwrap_or_default());
                return Ok(Err(faults));
            }
        };
        entry.reading = Some(reading);
        self.entry_changed(permit, opened, at, "lifelog.change").await.map(Ok)
    }

    /// Deletes an entry. What it said is gone at once, and does not come back when a device sends it again.
    pub async fn delete_lifelog_entry(
        &self,
        permit: &Permit<ManageLifelogs>,
        (employee, id): (EmployeeId, LifelogEntryId),
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let (mut opened, at) = self.entry_to_change(permit, employee, id, version).await?;
        opened.entries.get_mut(at).ok_or(Error::NotFound)?.reading = None;
        Ok(self.entry_changed(permit, opened, at, "lifelog.delete").await?.map(|_| ()))
    }

    /// What the permit's holder shares.
    pub async fn lifelog_sharing(
        &self,
        permit: &Permit<ManageLifelogs>,
        employee: EmployeeId,
    ) -> Result<Stored<Sharing>, Error> {
        self.placed_within(permit, employee).await?;
        let found = self.load::<SharingRecord>(&sharing_key(permit.tenant(), employee)).await?;
        let (record, version) = found.map_or_else(Default::default, |stored| (stored.record, stored.version));
        Ok(Stored { record: Sharing { groups: record.groups, since: record.since }, version })
    }

    /// Says what is shared from now on: nothing else is seen by anybody any more.
    pub async fn share_lifelog(
        &self,
        permit: &Permit<ManageLifelogs>,
        employee: EmployeeId,
        version: u64,
        groups: BTreeSet<Group>,
    ) -> Result<Prepared<Stored<Sharing>>, Error> {
        let before = self.lifelog_sharing(permit, employee).await?;
        if before.version != version {
            return Err(Error::Stale);
        }
        let (key, since) = (sharing_key(permit.tenant(), employee), Some(self.clock.now()));
        let record = SharingRecord { groups: groups.clone(), since };
        let mut write = Write::new();
        let item = to_item(&key, version + 1, SCHEMA, &record)?;
        write.put_over(self, key, item, Some(version).filter(|version| *version > 0), || Error::Stale)?;
        let said: Vec<&str> = groups.iter().map(|group| group.name()).collect();
        let event = self.event(permit, "lifelog.share")?.on(employee).because(said.join(","));
        Ok(Prepared { thing: Stored { record: Sharing { groups, since }, version: version + 1 }, write, event })
    }

    /// Brings days of one employee and one month in, values unseen; which rows said something new. The event of a chunk of rows is the importer's.
    pub async fn import_lifelog(
        &self,
        right: &ImportRight,
        employee: &Employee,
        rows: &[(u64, Vec<Reading>)],
    ) -> Result<Vec<(u64, bool)>, Error> {
        if right.kind() != ImportKind::Lifelogs || !right.reach().covers(&employee.placement(self.today())) {
            return Err(Error::NotFound);
        }
        let mut new = Vec::new();
        for (row, readings) in rows {
            for reading in readings {
                // A campaign's file knows a reading by its day: delivered again, it is the same one.
                let name = format!("{}:{}", reading.metric.row().name, reading.measured_at.date());
                let client_id =
                    ClientEntryId::parse(&name).map_err(|refused| Error::Internal(refused.code.to_owned()))?;
                let entry =
                    NewLifelogEntry { client_id, origin: Origin::Import, device: None, reading: reading.clone() };
                new.push((*row, entry));
            }
        }
        let (of_rows, new): (Vec<u64>, Vec<NewLifelogEntry>) = new.into_iter().unzip();
        for _ in 0..ATTEMPTS {
            let (changed, puts) = self.merged(right.tenant(), employee.id, &new).await?;
            if self.put_months(changed).await? {
                let written: BTreeSet<u64> =
                    of_rows.iter().zip(&puts).filter(|(_, put)| put.put.is_written()).map(|(row, _)| *row).collect();
                return Ok(rows.iter().map(|(row, _)| (*row, written.contains(row))).collect());
            }
        }
        Err(Error::Unavailable("a lifelog kept changing".to_owned()))
    }

    /// Puts months in the place of those that were read; whether nothing had changed meanwhile.
    async fn put_months(&self, mut changed: Vec<(Key, Attributes, Option<u64>)>) -> Result<bool, Error> {
        if changed.len() > 1 {
            let mut write = Write::new();
            for (key, item, version) in changed {
                write.put_over(self, key, item, version, || Error::Stale)?;
            }
            return match write.commit_unaudited(self).await {
                Ok(()) => Ok(true),
                Err(Error::Stale) => Ok(false),
                Err(error) => Err(error),
            };
        }
        match changed.pop() {
            Some((key, item, version)) => self.db.put_if(&key, item, version).await,
            None => Ok(true),
        }
    }

    /// The months that `new` changes, as they will be, and what becomes of each entry.
    async fn merged(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        new: &[NewLifelogEntry],
    ) -> Result<(Vec<(Key, Attributes, Option<u64>)>, Vec<PutEntry>), Error> {
        let (lookup, now) = (self.lookup(tenant).await?, self.clock.now());
        let mut of_months: BTreeMap<(Group, Month), Vec<usize>> = BTreeMap::new();
        for (at, entry) in new.iter().enumerate() {
            let place = (entry.reading.metric.row().group, Month::of(entry.reading.measured_at.date()));
            of_months.entry(place).or_default().push(at);
        }
        if of_months.len() > MOST_MONTHS {
            return Err(Conflict::TooMany.into());
        }
        let places: Vec<(Group, Month)> = of_months.keys().copied().collect();
        let (mut changed, mut puts) = (Vec::new(), BTreeMap::new());
        for (mut opened, of_month) in
            self.opened_months(tenant, employee, &places).await?.into_iter().zip(of_months.values())
        {
            let mut is_changed = false;
            for at in of_month {
                let Some(new) = new.get(*at) else { continue };
                let id = id_of(&lookup, employee, new);
                let is_jump = is_weight_jump(&opened.entries, &new.reading);
                let entry = Entry {
                    id,
                    reading: Some(new.reading.clone()),
                    origin: new.origin,
                    device: new.device.clone(),
                    entered_at: now,
                    version: 1,
                };
                let what = put(&mut opened.entries, entry);
                is_changed |= what.is_written();
                let version = opened.entries.iter().find(|entry| entry.id == id).map_or(1, |entry| entry.version);
                puts.insert(*at, PutEntry { id, put: what, version, is_jump: is_jump && what.is_written() });
            }
            if is_changed {
                changed.push(self.sealed_month(tenant, opened).await?);
            }
        }
        Ok((changed, puts.into_values().collect()))
    }

    /// Whether the permit's holder may see a group of somebody's lifelog.
    async fn lifelog_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        group: Group,
    ) -> Result<(), Error> {
        self.placed_within(permit, employee).await?;
        if permit.reach().is_oneself(employee) {
            return Ok(());
        }
        let sharing = self.load::<SharingRecord>(&sharing_key(permit.tenant(), employee)).await?;
        let is_shared = sharing.is_some_and(|stored| stored.record.groups.contains(&group));
        if is_shared && group.can_be_shared() { Ok(()) } else { Err(Error::NotFound) }
    }

    async fn entry_to_change(
        &self,
        permit: &Permit<ManageLifelogs>,
        employee: EmployeeId,
        id: LifelogEntryId,
        version: u64,
    ) -> Result<(Opened, usize), Error> {
        let (group, month) = place_of(id).ok_or(Error::NotFound)?;
        self.placed_within(permit, employee).await?;
        let opened = self.month_of_lifelog(permit.tenant(), employee, group, month).await?;
        let at = standing(&opened.entries, id).ok_or(Error::NotFound)?;
        let is_current = opened.entries.get(at).is_some_and(|entry| u64::from(entry.version) == version);
        if is_current { Ok((opened, at)) } else { Err(Error::Stale) }
    }

    async fn entry_changed(
        &self,
        permit: &Permit<ManageLifelogs>,
        mut opened: Opened,
        at: usize,
        action: &'static str,
    ) -> Result<Prepared<Stored<Entry>>, Error> {
        let now = self.clock.now();
        let entry = opened.entries.get_mut(at).ok_or(Error::NotFound)?;
        entry.version += 1;
        entry.entered_at = now;
        let thing = Stored { record: entry.clone(), version: entry.version.into() };
        let event = self.event(permit, action)?.on(opened.employee).on(entry.id);
        let (key, item, version) = self.sealed_month(permit.tenant(), opened).await?;
        let mut write = Write::new();
        write.put_over(self, key, item, version, || Error::Stale)?;
        Ok(Prepared { thing, write, event })
    }

    async fn month_of_lifelog(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        group: Group,
        month: Month,
    ) -> Result<Opened, Error> {
        self.opened_months(tenant, employee, &[(group, month)]).await?.pop().ok_or(Error::NotFound)
    }

    /// Months, in the order of `places`; empty ones where there is no item.
    async fn opened_months(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        places: &[(Group, Month)],
    ) -> Result<Vec<Opened>, Error> {
        let keys: Vec<Key> = places.iter().map(|(group, month)| key(tenant, employee, *group, *month)).collect();
        let (now, items) = (self.clock.now(), self.db.batch_get(&keys).await?);
        let mut months = Vec::with_capacity(places.len());
        for ((key, (group, month)), item) in keys.into_iter().zip(places).zip(items) {
            let stored = from_optional::<Record>(item, now)?;
            let (version, entries) = match stored {
                Some(stored) => {
                    let entries = self.open(tenant, Purpose::Lifelog, &key, ENTRIES, &stored.record.entries).await?;
                    (Some(stored.version), entries)
                }
                None => (None, Vec::new()),
            };
            months.push(Opened { key, employee, group: *group, month: *month, version, entries });
        }
        Ok(months)
    }

    /// A month as the item that takes the place of the one that was read.
    async fn sealed_month(&self, tenant: TenantId, opened: Opened) -> Result<(Key, Attributes, Option<u64>), Error> {
        let Opened { key, employee, group, month, version, entries } = opened;
        if entries.len() > MOST_ENTRIES {
            return Err(Conflict::TooMany.into());
        }
        let record = Record {
            employee,
            group,
            month,
            entries: self.seal(tenant, Purpose::Lifelog, &key, ENTRIES, &entries).await?,
            count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            updated_at: self.clock.now(),
        };
        let item = to_item(&key, version.unwrap_or(0) + 1, SCHEMA, &record)?;
        let item =
            indexed(item, of_month(tenant, month, shard(employee.as_bytes())), format!("{employee}#{}", group.name()));
        Ok((key, item, version))
    }

    /// An item of a month, opened, if it is of one of these groups.
    pub(crate) async fn opened_lifelog(
        &self,
        tenant: TenantId,
        item: Attributes,
        groups: &BTreeSet<Group>,
    ) -> Result<Option<(EmployeeId, Vec<Entry>)>, Error> {
        let Some(Stored { record, .. }) = from_item::<Record>(item, self.clock.now())? else { return Ok(None) };
        if !groups.contains(&record.group) {
            return Ok(None);
        }
        let key = key(tenant, record.employee, record.group, record.month);
        let entries = self.open(tenant, Purpose::Lifelog, &key, ENTRIES, &record.entries).await?;
        Ok(Some((record.employee, entries)))
    }

    /// The entries of a group from one month to another, both included; deleted ones are among them.
    pub(crate) async fn entries_between(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        group: Group,
        (from, to): (Month, Month),
    ) -> Result<Vec<Entry>, Error> {
        let pk = partition(tenant, Family::Lifelog, employee);
        let before = format!("{}#{}", group.name(), from.previous());
        let range = Range::whole(Table::Records, Family::Lifelog, pk)
            .starting_with(format!("{}#", group.name()))
            .after(Some(before))
            .limit(months_between(from, to));
        let (now, mut range, mut entries) = (self.clock.now(), range, Vec::new());
        loop {
            let (items, more) = self.db.query(&range).await?;
            let mut last = None;
            for item in items {
                let Some(Stored { record, .. }) = from_item::<Record>(item, now)? else { continue };
                let key = key(tenant, employee, group, record.month);
                last = Some(record.month);
                if record.month <= to {
                    let of_month: Vec<Entry> =
                        self.open(tenant, Purpose::Lifelog, &key, ENTRIES, &record.entries).await?;
                    entries.extend(of_month);
                }
            }
            let next = last.filter(|month| more && *month < to);
            let Some(next) = next else { return Ok(entries) };
            range = range.after(Some(format!("{}#{next}", group.name())));
        }
    }
}

/// Where an entry stands that was not deleted.
fn standing(entries: &[Entry], id: LifelogEntryId) -> Option<usize> {
    entries.iter().position(|entry| entry.id == id && entry.reading.is_some())
}

fn months_between(from: Month, to: Month) -> usize {
    std::iter::successors(Some(from), |month| Some(month.next())).take_while(|month| *month <= to).count().max(1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_year_is_twelve_items_next_to_each_other() {
        let month = |year, month| Month::of(date(year, month, 1));
        assert_eq!(months_between(month(2025, 12), month(2026, 11)), 12);
        assert_eq!(months_between(month(2026, 11), month(2026, 11)), 1);
        let tenant = TenantId::from_bytes([1; 16]);
        let employee = EmployeeId::from_bytes([2; 16]);
        let key = key(tenant, employee, Group::Activity, month(2026, 2));
        assert_eq!((key.pk, key.sk.as_str()), (format!("T#{tenant}#LIFELOG#{employee}"), "activity#2026-02"));
        assert!("SHARING" < Group::ALL.iter().map(|group| group.name()).min().unwrap(), "it stands before all groups");
    }

    #[test]
    fn what_two_senders_call_by_one_name_are_two_entries() {
        let lookup = Lookup::for_tests([4; 32]).unwrap();
        let reading = |moment: &str| Reading {
            metric: Metric::Steps,
            measured_at: moment.parse().unwrap(),
            value: 1,
            second: None,
            kind: None,
        };
        let new = |origin, device: Option<&str>, moment| NewLifelogEntry {
            client_id: ClientEntryId::parse("1").unwrap(),
            origin,
            device: device.map(|name| DeviceName::parse(name).unwrap()),
            reading: reading(moment),
        };
        let (one, other) = (EmployeeId::from_bytes([2; 16]), EmployeeId::from_bytes([3; 16]));
        let noon = "2026-11-20T12:00:00+09:00";
        let ids = [
            id_of(&lookup, one, &new(Origin::Hand, None, noon)),
            id_of(&lookup, one, &new(Origin::Device, None, noon)),
            id_of(&lookup, one, &new(Origin::Device, Some("watch"), noon)),
            id_of(&lookup, other, &new(Origin::Hand, None, noon)),
        ];
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4);
        assert_eq!(ids[0], id_of(&lookup, one, &new(Origin::Hand, None, "2026-11-21T12:00:00+09:00")));
        assert_eq!(place_of(ids[0]), Some((Group::Activity, Month::of(date(2026, 11, 1)))));
    }
}
