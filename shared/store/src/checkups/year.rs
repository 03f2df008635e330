//! The checkups of a fiscal year, for those who reach many: read from the index, authorised by where each employee stands now.

use std::collections::HashMap;

use authz::{Permit, Placement, permission::ViewCheckups};
use domain::ids::{EmployeeId, TenantId};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{
    ShownCheckup,
    shown::{self, Sees},
    subjects,
};
use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Stored, as_text},
    key::{Family, Table, partition, shards},
};

/// How often one request looks on, where the caller reaches few of those who come.
const LOOKS: usize = 8;

/// Where a list of a year stands: everything at or before it has been seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckupPosition(String);

/// The partition of the index that holds a shard of a year.
pub(crate) fn partition_of(tenant: TenantId, fiscal_year: i16, shard: &str) -> String {
    partition(tenant, Family::Checkup, format_args!("{fiscal_year}#{shard}"))
}

impl Store {
    /// The checkups of a fiscal year, by day: up to `limit`, and where to go on. A page may hold fewer, or none, before the end.
    pub async fn checkups_of_year(
        &self,
        permit: &Permit<ViewCheckups>,
        fiscal_year: i16,
        after: Option<CheckupPosition>,
        limit: usize,
    ) -> Result<(Vec<Stored<ShownCheckup>>, Option<CheckupPosition>), Error> {
        if let Some(oneself) = permit.reach().only_oneself() {
            let mut own = self.checkups_of_employee(permit, oneself, Some(fiscal_year)).await?;
            own.reverse();
            return Ok((own, None));
        }
        let tenant = permit.tenant();
        let mut position = after.map(|position| position.0);
        let mut found: Vec<(Attributes, Placement)> = Vec::new();
        let mut more = true;
        for _ in 0..LOOKS {
            let (items, rest) = self.look_into_year(tenant, fiscal_year, position.as_deref(), limit).await?;
            more = rest;
            let employees = items.iter().filter_map(|(_, item)| employee_of(item));
            let placements = self.placements_now(tenant, employees).await?;
            for (sk, item) in items {
                if found.len() == limit {
                    more = true;
                    break;
                }
                position = Some(sk);
                let placement = employee_of(&item).and_then(|employee| placements.get(&employee));
                if let Some(placement) = placement.filter(|placement| permit.reach().covers(placement)) {
                    found.push((item, placement.clone()));
                }
            }
            if !more || found.len() == limit {
                break;
            }
        }
        let placements: HashMap<EmployeeId, Placement> =
            found.iter().map(|(_, placement)| (placement.employee, placement.clone())).collect();
        let mut opened = self.open_checkups(tenant, found.into_iter().map(|(item, _)| item).collect()).await?;
        opened.retain(|opened| opened.record.stands());
        let subjects = subjects(&opened, None);
        let page = opened
            .into_iter()
            .filter_map(|opened| {
                let placement = placements.get(&opened.record.employee)?;
                Some(shown::of(opened, Sees::of(permit, placement)))
            })
            .collect();
        let page = self.disclose(permit, "checkup.list", subjects, page).await?;
        Ok((page, position.filter(|_| more).map(CheckupPosition)))
    }

    /// What comes next in a year, merged from its shards: those that are surely next, and whether there are more.
    async fn look_into_year(
        &self,
        tenant: TenantId,
        fiscal_year: i16,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(String, Attributes)>, bool), Error> {
        let pages = try_join_all(shards().map(|shard| {
            let range = Range::whole(Table::Records, Family::Checkup, partition_of(tenant, fiscal_year, &shard))
                .by_index()
                .after(after.map(str::to_owned))
                .limit(per_shard(limit));
            async move { self.db.query(&range).await }
        }))
        .await?;
        let keyed = pages.into_iter().map(|(items, more)| {
            let items: Vec<_> =
                items.into_iter().filter_map(|item| Some((as_text(&item, "gsi1sk")?.to_owned(), item))).collect();
            (items, more)
        });
        Ok(merged(keyed.collect()))
    }
}

fn employee_of(item: &Attributes) -> Option<EmployeeId> {
    as_text(item, "employee")?.parse().ok()
}

/// How many of one shard to read for a page: twice its part and some, because shards are not even, and what one of them lacks is a second look at all of them.
pub(super) fn per_shard(limit: usize) -> usize {
    let shards = usize::from(crate::key::SHARDS);
    (2 * limit).div_ceil(shards) + 4
}

/// Merges pages of shards in the order of their keys. Where a shard was cut off, nothing beyond its last key is sure to be next.
pub(super) fn merged<T>(pages: Vec<(Vec<(String, T)>, bool)>) -> (Vec<(String, T)>, bool) {
    let cut_off = pages.iter().filter(|(_, more)| *more).filter_map(|(items, _)| items.last());
    let horizon = cut_off.map(|(key, _)| key.clone()).min();
    let mut all: Vec<_> = pages.into_iter().flat_map(|(items, _)| items).collect();
    all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(horizon) = &horizon {
        all.retain(|(key, _)| key <= horizon);
    }
    (all, horizon.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(keys: &[&str], more: bool) -> (Vec<(String, ())>, bool) {
        (keys.iter().map(|key| ((*key).to_owned(), ())).collect(), more)
    }

    fn keys(merged: (Vec<(String, ())>, bool)) -> (Vec<String>, bool) {
        (merged.0.into_iter().map(|(key, ())| key).collect(), merged.1)
    }

    #[test]
    fn shards_are_merged_up_to_where_the_first_of_them_was_cut_off() {
        let pages = vec![page(&["a", "d"], true), page(&["b", "c", "e"], true), page(&["f"], false)];
        assert_eq!(keys(merged(pages)), (["a", "b", "c", "d"].map(str::to_owned).to_vec(), true));
        let pages = vec![page(&["b"], false), page(&["a"], false), page(&[], false)];
        assert_eq!(keys(merged(pages)), (["a", "b"].map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn a_page_never_loses_what_a_shard_still_holds() {
        let shards: Vec<Vec<String>> =
            (0..4).map(|shard| (0..20).map(|n| format!("{:03}", n * (shard + 1) + shard)).collect()).collect();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let after = seen.last().cloned();
            let pages = shards.iter().map(|shard| {
                let rest: Vec<_> = shard.iter().filter(|key| after.as_ref().is_none_or(|after| *key > after)).collect();
                (rest.iter().take(3).map(|key| ((*key).clone(), ())).collect(), rest.len() > 3)
            });
            let (next, more) = merged(pages.collect());
            seen.extend(next.into_iter().map(|(key, ())| key));
            if !more {
                break;
            }
        }
        let mut all: Vec<String> = shards.concat();
        all.sort_unstable();
        seen.dedup();
        all.dedup();
        assert_eq!(seen, all, "the merge skipped or repeated something");
    }
}
