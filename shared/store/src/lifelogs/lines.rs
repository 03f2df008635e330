//! A lifelog as lines, for its owner to take away.

use std::borrow::Cow;

use domain::{
    ids::{EmployeeId, TenantId},
    lifelog::{DeviceName, Entry, Reading},
};
use vault::Purpose;

use super::{ENTRIES, Record, key};
use crate::{
    Error, Store,
    db::Range,
    exports::{Cell, Line, Page, said, text},
    item::Stored,
    key::{Family, Table, partition},
};

/// How many months of groups are read at a time.
const MONTHS: usize = 12;
/// What stands before the months in the partition: with whom they are shared.
const BEFORE: &str = "SHARING";

impl Store {
    /// Some months of somebody's entries, group by group; what they deleted is not among them.
    pub(crate) async fn lifelog_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let pk = partition(tenant, Family::Lifelog, employee);
        let after = after.unwrap_or_else(|| BEFORE.to_owned());
        let range = Range::whole(Table::Records, Family::Lifelog, pk).after(Some(after)).limit(MONTHS);
        let (months, next) = self.page_of::<Record>(range).await?;
        let mut lines = Vec::new();
        for Stored { record, .. } in months {
            let place = key(tenant, employee, record.group, record.month);
            let mut entries: Vec<Entry> = self.open(tenant, Purpose::Lifelog, &place, ENTRIES, &record.entries).await?;
            entries.sort_unstable_by_key(|entry| (entry.reading.as_ref().map(|reading| reading.measured_at), entry.id));
            let standing = entries.iter().filter_map(|entry| Some((entry, entry.reading.as_ref()?)));
            lines.extend(standing.map(|(entry, reading)| Line { cells: cells(entry, reading), about: Some(employee) }));
        }
        Ok(Page { lines, next })
    }
}

fn cells(entry: &Entry, reading: &Reading) -> Vec<Cell> {
    let row = reading.metric.row();
    let second = row.second.as_ref().zip(reading.second).map(|(second, value)| second.bounds.number(value));
    let kind = reading.kind.as_deref();
    let kind =
        kind.map(|kind| row.kinds.iter().find(|(name, _)| *name == kind).map_or(kind, |(_, japanese)| *japanese));
    vec![
        text(entry.id),
        Cow::Borrowed(row.japanese),
        text(reading.measured_at),
        text(row.bounds.number(reading.value)),
        Cow::Borrowed(row.unit),
        said(second),
        said(kind),
        Cow::Borrowed(entry.origin.japanese()),
        said(entry.device.as_ref().map(DeviceName::as_str)),
        text(entry.entered_at),
    ]
}
