//! Lists: one page and a cursor. A cursor is sealed with a platform key and bound to the tenant, the caller, the list and its filters: it
//! cannot be read, made up, or carried to another list or caller.

use authz::{Permission, Permit};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::PLATFORM;
use serde::{Serialize, de::DeserializeOwned};
use vault::{Place, Purpose};

use crate::{
    Error, Store,
    db::Range,
    item::{Stored, as_text, from_item},
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
    /// A part of a partition for [`sift`]: its records, of which those that are not over and that `is_for` says yes to are for the one who asks.
    pub(crate) async fn records_that<T: DeserializeOwned>(
        &self,
        range: Range,
        is_for: impl Fn(&T) -> bool,
    ) -> Result<(Vec<(String, Option<Stored<T>>)>, bool), Error> {
        let (items, more) = self.db.query(&range).await?;
        let now = self.clock.now();
        let entries = items.into_iter().map(|item| {
            let place = as_text(&item, "sk").unwrap_or_default().to_owned();
            Ok((place, from_item::<T>(item, now)?.filter(|stored| is_for(&stored.record))))
        });
        Ok((entries.collect::<Result<_, Error>>()?, more))
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
