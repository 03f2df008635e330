//! Months of working hours whose period of retention is over: each with what it said before.

use domain::{ids::TenantId, time::Month};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use super::{Record, key, of_month};
use crate::{
    Error, Store,
    db::Range,
    expiry::Over,
    item::{Stored, from_item},
    key::{Family, Table, shards},
};

impl Record {
    /// The day that its retention counts from: the last of the month, and of what was written and told about it.
    fn made_on(&self) -> Date {
        let told = self.notices.iter().map(|notice| notice.at).max();
        let written = self.written_at.max(told.unwrap_or(self.written_at));
        written.date().max(self.month.last_day())
    }
}

impl Store {
    /// What is over of a month, of everybody.
    pub(crate) async fn working_months_over(
        &self,
        tenant: TenantId,
        month: Month,
        is_over: impl Fn(Date) -> bool,
    ) -> Result<Vec<Over>, Error> {
        let look = |shard: String| {
            let place = of_month(tenant, month, &shard);
            self.db.query_all(Range::whole(Table::Records, Family::WorkingHours, place).by_index())
        };
        let mut over = Vec::new();
        for item in try_join_all(shards().map(look)).await?.into_iter().flatten() {
            let Some(Stored { record, version }) = from_item::<Record>(item, self.clock.now())? else { continue };
            if is_over(record.made_on()) {
                let before = self.past_months(tenant, record.employee, Some(month)).await?;
                let mut items: Vec<_> = before.into_iter().map(|(key, it)| (key, Some(it.version))).collect();
                items.push((key(tenant, record.employee, month), Some(version)));
                over.push(Over { employee: record.employee, id: None, items, entry: None });
            }
        }
        Ok(over)
    }
}
