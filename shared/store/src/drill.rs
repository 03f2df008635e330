//! The restore drill: reads a restored table from its beginning to its end, and opens a sample of what is sealed in it with the keys of today.
//!
//! Nothing here knows which family seals what, or which table it reads: whatever looks sealed is opened with the owner's keys, one purpose after the other, until one fits. So a family that is new is
//! drilled from its first day. What the shred ledger closes is counted by itself: it must stay closed, however old the copy is.

use std::collections::BTreeMap;

use authz::{Permit, permission::DrillRestores};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::ids::{PLATFORM, TenantId};
use futures_util::future::try_join_all;
use serde::Serialize;
use vault::{Owner, Place, Purpose};

use crate::{
    Error, Store,
    db::{failed, log},
    item::{Attributes, as_text},
    key::{Family, Table},
};

/// How many parts of a table are read at the same time.
const PARTS: i32 = 8;
/// How many values of each tenant, family and attribute are opened in each part.
const OPENED: usize = 2;
/// The bytes that a seal is longer than what it seals, and its first one.
const SEAL: (usize, u8) = (85, 1);
/// With these a drill could sign tokens and certificates, or make a changed trail look whole. A restored deployment makes new signing keys; the MAC seals nothing.
const NOT_OPENED: &[Purpose] = &[Purpose::TokenSigning, Purpose::CertificateSigning, Purpose::AuditMac];
/// What is sealed with them.
const SIGNING: [&str; 2] = [Family::SigningKey.name(), Family::CertificateKey.name()];
/// Where a seal is bound to another name than the attribute that it lies in.
const BOUND_AS: &[(&str, &str)] = &[("sealed", "event")];

/// What became of one restored table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drilled {
    /// Which one it is, by what its values are bound to; none where none opens.
    pub table: Option<&'static str>,
    /// Its items.
    pub items: u64,
    /// The live table's items, as `DynamoDB` counted them within the last hours.
    pub live: u64,
    /// Values that were opened, by purpose.
    pub opened: BTreeMap<&'static str, u64>,
    /// Values that the shred ledger closes.
    pub closed: u64,
    /// Values that no key opens, by family and attribute.
    pub unreadable: BTreeMap<String, u64>,
}

impl Drilled {
    /// Whether the table could take the live one's place: something was opened (or is closed for good), nothing is unreadable, and there is as much as there should be.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let (some, all) = (self.items.min(self.live), self.items.max(self.live));
        let opened: u64 = self.opened.values().sum();
        self.unreadable.is_empty() && opened + self.closed > 0 && some * 5 >= all * 4
    }

    fn add(mut self, other: Self) -> Self {
        self.table = self.table.or(other.table);
        self.items += other.items;
        self.closed += other.closed;
        for (purpose, opened) in other.opened {
            *self.opened.entry(purpose).or_default() += opened;
        }
        for (what, unreadable) in other.unreadable {
            *self.unreadable.entry(what).or_default() += unreadable;
        }
        self
    }
}

/// What became of one value.
enum Opened {
    With(Fit),
    Closed,
    Unreadable,
}

/// What opens a kind of value: the table that it is bound to, and the purpose.
type Fit = (Table, Purpose);

/// What a part has seen of each family and attribute: how many values of each tenant, and what opens them.
#[derive(Default)]
struct Kinds {
    seen: BTreeMap<(TenantId, String), usize>,
    fits: BTreeMap<String, Fit>,
}

impl Store {
    /// Drills the restored table of this name. The permit is the platform's.
    pub async fn drill(&self, permit: &Permit<DrillRestores>, restored: &str) -> Result<Drilled, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let parts = try_join_all((0..PARTS).map(|part| self.drill_part(restored, part))).await?;
        let drilled = parts.into_iter().fold(Drilled::default(), Drilled::add);
        let live = match drilled.table {
            Some(name) => self.items_of(name).await?,
            None => 0,
        };
        Ok(Drilled { live, ..drilled })
    }

    async fn items_of(&self, logical_name: &str) -> Result<u64, Error> {
        let live =
            [Table::Records, Table::Names, Table::Audit].into_iter().find(|it| it.logical_name() == logical_name);
        let live = live.ok_or_else(|| Error::Internal("a table of no name".to_owned()))?;
        let described = Box::pin(self.db.client.describe_table().table_name(self.db.table(live)).send()).await;
        let items = described.map_err(failed("DescribeTable"))?.table.and_then(|table| table.item_count);
        Ok(items.and_then(|items| u64::try_from(items).ok()).unwrap_or_default())
    }

    async fn drill_part(&self, restored: &str, part: i32) -> Result<Drilled, Error> {
        let mut drilled = Drilled::default();
        let mut kinds = Kinds::default();
        let mut from = None;
        loop {
            let request = self
                .db
                .client
                .scan()
                .table_name(restored)
                .segment(part)
                .total_segments(PARTS)
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let page = Box::pin(request.send()).await.map_err(failed("Scan"))?;
            log("Scan", Table::Records, Family::Purge, page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                drilled.items += 1;
                self.drill_item(&item, &mut kinds, &mut drilled).await?;
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return Ok(drilled);
            }
        }
    }

    /// Opens what is sealed in an item, unless enough of its kind was opened before.
    async fn drill_item(&self, item: &Attributes, kinds: &mut Kinds, drilled: &mut Drilled) -> Result<(), Error> {
        let (Some(pk), Some(sk)) = (as_text(item, "pk"), as_text(item, "sk")) else { return Ok(()) };
        let Some((tenant, family)) = whose(pk) else { return Ok(()) };
        let entity = format!("{pk}|{sk}");
        for (name, value) in item {
            let Some(sealed) = sealed(value) else { continue };
            let kind = format!("{family}.{name}");
            let seen = kinds.seen.entry((tenant, kind.clone())).or_default();
            if SIGNING.contains(&family) || *seen == OPENED {
                continue;
            }
            *seen += 1;
            let attribute = BOUND_AS.iter().find(|(lies, _)| lies == name).map_or(name.as_str(), |(_, bound)| *bound);
            let known = kinds.fits.get(&kind).copied();
            match self.open_any(known, tenant, &entity, attribute, sealed).await? {
                Opened::With(fit) => {
                    *drilled.opened.entry(fit.1.name()).or_default() += 1;
                    drilled.table.get_or_insert(fit.0.logical_name());
                    kinds.fits.insert(kind, fit);
                }
                Opened::Closed => drilled.closed += 1,
                Opened::Unreadable => *drilled.unreadable.entry(kind).or_default() += 1,
            }
        }
        Ok(())
    }

    /// Opens a value with whichever of its owner's keys fits: a tenant's own, or the platform's. What fitted others of its kind is tried first.
    async fn open_any(
        &self,
        known: Option<Fit>,
        tenant: TenantId,
        key: &str,
        attribute: &str,
        sealed: &[u8],
    ) -> Result<Opened, Error> {
        let purposes = Purpose::ALL.into_iter().filter(|purpose| !NOT_OPENED.contains(purpose));
        let mut closed = false;
        for purpose in known.map(|(_, purpose)| purpose).into_iter().chain(purposes) {
            let owner = if purpose.owner() == Owner::Platform { PLATFORM } else { tenant };
            let keyring = match Box::pin(self.vault.keyring_for(owner, purpose, [sealed])).await {
                Ok(keyring) => keyring,
                Err(vault::Error::Shredded) => {
                    closed = true;
                    continue;
                }
                // Never made, or another purpose's version.
                Err(vault::Error::KeyGone) => continue,
                Err(error) => return Err(error.into()),
            };
            for table in [Table::Records, Table::Names, Table::Audit] {
                let place = Place { store: table.logical_name(), tenant: owner, key, attribute };
                if keyring.open(&place, sealed).is_ok() {
                    return Ok(Opened::With((table, purpose)));
                }
            }
        }
        Ok(if closed { Opened::Closed } else { Opened::Unreadable })
    }
}

/// The tenant and the family of a partition key: `T#<tenant>#<FAMILY>#…`.
fn whose(pk: &str) -> Option<(TenantId, &str)> {
    let (tenant, rest) = pk.strip_prefix("T#")?.split_once('#')?;
    let tenant = if tenant == "platform" { PLATFORM } else { tenant.parse().ok()? };
    Some((tenant, rest.split('#').next()?))
}

/// The bytes of what looks sealed.
fn sealed(value: &AttributeValue) -> Option<&[u8]> {
    let bytes = value.as_b().ok()?.as_ref();
    (bytes.len() >= SEAL.0 && bytes[0] == SEAL.1).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drilled(items: u64, live: u64) -> Drilled {
        Drilled { table: Some("records"), items, live, opened: BTreeMap::from([("health", 3)]), ..Drilled::default() }
    }

    #[test]
    fn r16_a_copy_is_sound_where_it_opens_and_holds_about_as_much_as_there_is() {
        assert!(drilled(100, 100).is_sound());
        assert!(drilled(80, 100).is_sound() && drilled(100, 80).is_sound());
        assert!(!drilled(79, 100).is_sound() && !drilled(0, 100).is_sound());
        assert!(!Drilled { opened: BTreeMap::new(), ..drilled(100, 100) }.is_sound(), "nothing was opened");
        let unreadable = BTreeMap::from([("CHECKUP.health".to_owned(), 1)]);
        assert!(!Drilled { unreadable, ..drilled(100, 100) }.is_sound());
    }

    #[test]
    fn a_partition_key_says_whose_it_is_and_what() {
        assert_eq!(whose("T#platform#CONTRACT#"), Some((PLATFORM, "CONTRACT")));
        let tenant = TenantId::from_bytes([1; 16]);
        assert_eq!(whose(&format!("T#{tenant}#CHECKUP#emp_1")), Some((tenant, "CHECKUP")));
        assert_eq!(whose("x"), None);
    }
}
