//! Lists of versions (a tenant's criteria, rules of points, rules for handling): versions that follow one another, none of which is changed or deleted.
//!
//! | | |
//! | --- | --- |
//! | `<FAMILY>#`/`HEAD` | how many versions there are; its version is the list's ETag |
//! | `<FAMILY>#`/`V#<number>` | a version |
//! | `<FAMILY>#<of>`/`V#<number>` | a version of something that there are many of, and whose head is an item of its own (import layouts) |

use domain::ids::TenantId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Conflict, Error, Store, Write,
    db::Range,
    item::{Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
const HEAD: &str = "HEAD";
/// What the sort keys of versions begin with.
const VERSION: &str = "V#";

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    versions: u32,
}

/// What is kept of a list.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    /// The version of the list: its ETag.
    pub(crate) version: u64,
    /// In the order in which they were made.
    pub(crate) records: Vec<T>,
}

/// Where a version lies.
pub(crate) fn key(tenant: TenantId, family: Family, number: u32) -> Key {
    Key::new(Table::Records, tenant, family, "", format_args!("{VERSION}{number:05}"))
}

/// Where a version of one of many lies; `of` says which one.
fn key_of(tenant: TenantId, family: Family, of: &str, number: u64) -> Key {
    Key::new(Table::Records, tenant, family, of, format_args!("{VERSION}{number:05}"))
}

/// The number of the version after `there`, in a list that holds `most`.
pub(crate) fn next_number(there: usize, most: u32) -> Result<u32, Error> {
    let next = u32::try_from(there + 1).ok().filter(|next| *next <= most);
    next.ok_or_else(|| Conflict::TooMany.into())
}

/// What holds on `day`: of the versions that have begun the one that began last, of those the newest. `begins` says when a version begins, and its number.
pub(crate) fn on<T>(versions: &[T], day: Date, begins: impl Fn(&T) -> (Date, u32)) -> Option<&T> {
    versions.iter().filter(|it| begins(it).0 <= day).max_by_key(|it| begins(it))
}

impl Store {
    /// The newest versions of one of many, the newest first, `most` of them.
    pub(crate) async fn newest_versions_of<T: DeserializeOwned>(
        &self,
        (tenant, family): (TenantId, Family),
        of: &str,
        most: usize,
    ) -> Result<Vec<Stored<T>>, Error> {
        let range = Range::whole(Table::Records, family, partition(tenant, family, of)).descending().limit(most);
        let (items, _) = self.db.query(&range).await?;
        items.into_iter().filter_map(|item| from_item(item, self.clock.now()).transpose()).collect()
    }

    /// One version of one of many.
    pub(crate) async fn version_of<T: DeserializeOwned>(
        &self,
        (tenant, family): (TenantId, Family),
        of: &str,
        number: u64,
    ) -> Result<Option<Stored<T>>, Error> {
        self.load(&key_of(tenant, family, of, number)).await
    }

    /// A list of versions. Whatever else lies in its partition is passed over.
    pub(crate) async fn versions<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        family: Family,
    ) -> Result<Listed<T>, Error> {
        let (now, mut listed) = (self.clock.now(), Listed { version: 0, records: Vec::new() });
        for item in self.db.query_all(Range::whole(Table::Records, family, partition(tenant, family, ""))).await? {
            match as_text(&item, "sk") {
                Some(HEAD) => listed.version = from_item::<Head>(item, now)?.map_or(0, |head| head.version),
                Some(sk) if sk.starts_with(VERSION) => {
                    listed.records.extend(from_item::<T>(item, now)?.map(|stored| stored.record));
                }
                _ => {}
            }
        }
        Ok(listed)
    }
}

impl Write {
    /// Keeps a version of one of many. Whoever was faster makes it stale.
    pub(crate) fn keep_version_of<T: Serialize>(
        &mut self,
        store: &Store,
        (tenant, family): (TenantId, Family),
        of: &str,
        number: u64,
        record: &T,
    ) -> Result<(), Error> {
        let key = key_of(tenant, family, of, number);
        let item = to_item(&key, number, SCHEMA, record)?;
        self.put_over(store, key, item, None, || Error::Stale)?;
        Ok(())
    }

    /// Adds a version to a list whose own version was `list` when it was read; whoever was faster makes it stale.
    pub(crate) fn add_version<T: Serialize>(
        &mut self,
        store: &Store,
        (tenant, family): (TenantId, Family),
        list: u64,
        number: u32,
        record: &T,
    ) -> Result<(), Error> {
        self.create(store, key(tenant, family, number), SCHEMA, record, || Error::Stale)?;
        let (head, counted) = (Key::new(Table::Records, tenant, family, "", HEAD), Head { versions: number });
        match list {
            0 => self.create(store, head, SCHEMA, &counted, || Error::Stale)?,
            _ => self.replace(store, head, SCHEMA, list, &counted)?,
        };
        Ok(())
    }
}
