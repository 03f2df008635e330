//! Months of lifelogs whose period of retention is over.

use domain::{ids::TenantId, lifelog, time::Month};
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

impl Store {
    /// What is over of a month, of everybody: each group of metrics by itself. It counts from the month's end, or from when it was last written.
    pub(crate) async fn lifelogs_over(
        &self,
        tenant: TenantId,
        month: Month,
        is_over: impl Fn(Date) -> bool,
    ) -> Result<Vec<Over>, Error> {
        let of = lifelog::Month::of(month.first_day());
        let look = |shard: String| {
            let place = of_month(tenant, of, shard);
            self.db.query_all(Range::whole(Table::Records, Family::Lifelog, place).by_index())
        };
        let mut over = Vec::new();
        for item in try_join_all(shards().map(look)).await?.into_iter().flatten() {
            let Some(Stored { record, version }) = from_item::<Record>(item, self.clock.now())? else { continue };
            if is_over(record.updated_at.date().max(month.last_day())) {
                let place = key(tenant, record.employee, record.group, of);
                let items = vec![(place, Some(version))];
                over.push(Over { employee: record.employee, id: None, items, entry: None });
            }
        }
        Ok(over)
    }
}
