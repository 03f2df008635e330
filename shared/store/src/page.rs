//! Lists: one page and a cursor. A cursor is sealed with a platform key and bound to the tenant, the caller, the list and its filters: it
//! cannot be read, made up, or carried to another list or caller.

use authz::{Permission, Permit, Placement};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::{EmployeeId, PLATFORM};
use futures_util::future::try_join_all;
use serde::{Serialize, de::DeserializeOwned};
use vault::{Place, Purpose};

use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Stored, as_text, from_item},
    key::{SHARDS, shards},
};

/// How many things a page has, if nobody says.
pub const DEFAULT_LIMIT: usize = 50;
/// How many it has at most.
pub const MAX_LIMIT: usize = 200;
/// How often one request reads on, where what it reads is not for the one who asks.
const ROUNDS: usize = 8;

/// One page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// Where the next page starts; none on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// Up to `limit` things after `after` out of a list of which not all are for the one who asks, and where to go on. `read` yields the next part of the list, each
/// entry with its place and the thing where it is one of those, and whether there is more. A page may be short, or empty, and still not the last one.
pub(crate) async fn sift<T, R>(
    mut after: Option<String>,
    limit: usize,
    mut read: impl FnMut(Option<String>) -> R,
) -> Result<(Vec<T>, Option<String>), Error>
where
    R: Future<Output = Result<(Vec<(String, Option<T>)>, bool), Error>>,
{
    let mut page = Vec::new();
    for _ in 0..ROUNDS {
        let (entries, more) = read(after.clone()).await?;
        let count = entries.len();
        for (index, (place, thing)) in entries.into_iter().enumerate() {
            after = Some(place);
            page.extend(thing);
            if page.len() == limit {
                let is_last = !more && index + 1 == count;
                return Ok((page, after.filter(|_| !is_last)));
            }
        }
        if !more {
            return Ok((page, None));
        }
    }
    Ok((page, after))
}

impl Store {
    /// Up to `limit` things after `after` whose people the permit reaches, each with where its employee stands today, out of a list that holds others as well; and where to
    /// go on. `look` yields the next part of the list, as for [`sift`].
    pub(crate) async fn within_reach<P, T, R>(
        &self,
        permit: &Permit<P>,
        after: Option<String>,
        limit: usize,
        employee_of: impl Fn(&T) -> Option<EmployeeId>,
        mut look: impl FnMut(Option<String>) -> R,
    ) -> Result<(Vec<(T, Placement)>, Option<String>), Error>
    where
        P: Permission,
        R: Future<Output = Result<(Vec<(String, Option<T>)>, bool), Error>>,
    {
        let employee_of = &employee_of;
        sift(after, limit, |after| {
            let part = look(after);
            async move {
                let (entries, more) = part.await?;
                let employees = entries.iter().filter_map(|(_, thing)| employee_of(thing.as_ref()?));
                let placements = self.placements_now(permit.tenant(), employees).await?;
                let within = |thing: T| {
                    let placement = placements.get(&employee_of(&thing)?)?;
                    permit.reach().covers(placement).then(|| (thing, placement.clone()))
                };
                Ok((entries.into_iter().map(|(place, thing)| (place, thing.and_then(within))).collect(), more))
            }
        })
        .await
    }

    /// What comes next after `after` in a list whose shards are the partitions that `range_of` names, merged in the order of their sort keys: those that are surely next, and
    /// whether there are more. `limit` is how many a page has.
    pub(crate) async fn next_of_shards(
        &self,
        after: Option<String>,
        limit: usize,
        range_of: impl Fn(&str) -> Range,
    ) -> Result<(Vec<(String, Attributes)>, bool), Error> {
        let pages = try_join_all(shards().map(|shard| {
            let range = range_of(&shard).after(after.clone()).limit(per_shard(limit));
            async move {
                let (items, more) = self.db.query(&range).await?;
                let (_, sk) = range.keys();
                let keyed = items.into_iter().filter_map(|item| Some((as_text(&item, sk)?.to_owned(), item)));
                Ok::<_, Error>((keyed.collect(), more))
            }
        }))
        .await?;
        Ok(merged(pages))
    }

    /// Up to `limit` records of a partition after `after` whose people the permit reaches, each with where its employee stands today; and where to go on.
    pub(crate) async fn records_within_reach<P: Permission, T: DeserializeOwned>(
        &self,
        permit: &Permit<P>,
        range: Range,
        after: Option<String>,
        limit: usize,
        employee_of: impl Fn(&T) -> EmployeeId,
    ) -> Result<(Vec<(Stored<T>, Placement)>, Option<String>), Error> {
        let look = |after| self.records_that(range.clone().limit(limit).after(after), |_: &T| true);
        self.within_reach(permit, after, limit, |stored| Some(employee_of(&stored.record)), look).await
    }

    /// A part of a partition for [`sift`]: its records, of which those that are not over and that `is_for` says yes to are for the one who asks.
    pub(crate) async fn records_that<T: DeserializeOwned>(
        &self,
        range: Range,
        is_for: impl Fn(&T) -> bool,
    ) -> Result<(Vec<(String, Option<Stored<T>>)>, bool), Error> {
        let (items, more) = self.db.query(&range).await?;
        let now = self.clock.now();
        let entries = items.into_iter().map(|item| {
            let (_, sk) = range.keys();
            let place = as_text(&item, sk).unwrap_or_default().to_owned();
            Ok((place, from_item::<T>(item, now)?.filter(|stored| is_for(&stored.record))))
        });
        Ok((entries.collect::<Result<_, Error>>()?, more))
    }

    /// Every record of a range that is not over, however many parts it is read in.
    pub(crate) async fn records_in<T: DeserializeOwned>(&self, range: Range) -> Result<Vec<Stored<T>>, Error> {
        let (items, now) = (self.db.query_all(range).await?, self.clock.now());
        items.into_iter().filter_map(|item| from_item(item, now).transpose()).collect()
    }

    /// A part of a partition that is all for the one who asks: its records that are not over, and where to go on.
    pub(crate) async fn page_of<T: DeserializeOwned>(
        &self,
        range: Range,
    ) -> Result<(Vec<Stored<T>>, Option<String>), Error> {
        let (entries, more) = self.records_that(range, |_: &T| true).await?;
        let next = entries.last().filter(|_| more).map(|(place, _)| place.clone());
        Ok((entries.into_iter().filter_map(|(_, stored)| stored).collect(), next))
    }

    /// Where the next page of list `list` with these `filters` starts, for nobody but the permit's holder.
    pub async fn cursor<P: Permission>(
        &self,
        permit: &Permit<P>,
        list: &'static str,
        filters: &impl Serialize,
        position: &impl Serialize,
    ) -> Result<String, Error> {
        let bound = bound_to(permit, filters)?;
        let place = Place { store: "cursors", tenant: PLATFORM, key: &bound, attribute: list };
        let sealed = Box::pin(self.vault.keyring(PLATFORM, Purpose::Cursors))
            .await?
            .seal(&place, &serde_json::to_vec(position)?)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Reads a cursor back.
    pub async fn position<P: Permission, T: DeserializeOwned>(
        &self,
        permit: &Permit<P>,
        list: &'static str,
        filters: &impl Serialize,
        cursor: &str,
    ) -> Result<T, Error> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::BadCursor)?;
        let bound = bound_to(permit, filters)?;
        let place = Place { store: "cursors", tenant: PLATFORM, key: &bound, attribute: list };
        let plain = Box::pin(self.vault.keyring(PLATFORM, Purpose::Cursors))
            .await?
            .open(&place, &sealed)
            .map_err(|_| Error::BadCursor)?;
        serde_json::from_slice(&plain).map_err(|_| Error::BadCursor)
    }
}

fn bound_to<P: Permission>(permit: &Permit<P>, filters: &impl Serialize) -> Result<String, Error> {
    let caller = permit.actor().id().unwrap_or_default();
    Ok(format!("{}|{caller}|{}", permit.tenant(), serde_json::to_string(filters)?))
}

/// How many of one shard to read for a page: twice its part and some, because shards are not even, and what one of them lacks is a second look at all of them.
fn per_shard(limit: usize) -> usize {
    let shards = usize::from(SHARDS);
    (2 * limit).div_ceil(shards) + 4
}

/// Merges pages of shards in the order of their keys. Where a shard was cut off, nothing beyond its last key is sure to be next.
fn merged<T>(pages: Vec<(Vec<(String, T)>, bool)>) -> (Vec<(String, T)>, bool) {
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
