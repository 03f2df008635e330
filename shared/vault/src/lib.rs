//! Envelope encryption: every tenant has data keys of its own, one per purpose, wrapped by KMS. The vault makes them,
//! unwraps them into a bounded cache, seals and opens values with them, rotates them, and at the end of a contract
//! shreds them, after which nothing that they sealed can be read by anyone.
//!
//! ```text
//!             keyring()                    seal() open()
//!  absent ───────────────▶ wrapped in the ──────────────▶ unwrapped in the cache, 5 minutes at most
//!     │   create, then     keys table  │   ledger, table,
//!     │   read back                    │   KMS
//!     │                                │ shred(): ledger first, then the table
//!     └──────────────────────────────▶ shredded: never again a key, whatever a restore brings back
//! ```
//!
//! A request asks for a [`Keyring`] once (warm: no I/O), then seals and opens without waiting. The form of a sealed value
//! is in `envelope`, its reasons in `docs/decisions/0002-envelope-format.md`.
#![warn(missing_docs)]

mod cache;
mod envelope;
mod error;
mod keyring;
mod keys;
mod ledger;
mod lookup;
mod purpose;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use domain::{
    ids::{PLATFORM, PurgeId, TenantId},
    time::Jst,
};
use zeroize::Zeroizing;

use crate::{
    cache::Cache,
    envelope::DataKey,
    keys::{Keys, Wrapped},
};
pub use crate::{
    envelope::{OVERHEAD, Place},
    error::Error,
    keyring::Keyring,
    ledger::{Entry, Ledger},
    lookup::{Lookup, LookupHash},
    purpose::{Cmk, NotAPurpose, Owner, Purpose, Rotation},
};

/// How long an unwrapped key serves: also how long another copy of a function may go on after a shredding.
pub const MAX_AGE: Duration = Duration::from_mins(5);
/// How many keyrings are kept in memory.
pub const CAPACITY: usize = 1_024;

/// Where things are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The keys table, by its physical name.
    pub keys_table: String,
    /// The customer-managed keys, by id, ARN or alias. A function is given only those that its role may use; an empty
    /// one is refused when it is needed.
    pub cmks: Cmks,
}

/// One customer-managed key per class of purposes ([`Cmk`]).
#[derive(Debug, Clone)]
pub struct Cmks {
    /// The name vault's.
    pub names: String,
    /// That of tenants' other data.
    pub records: String,
    /// That of the provider's own secrets.
    pub platform: String,
}

/// What the wall clock says; time is a parameter.
pub type Clock = Arc<dyn Fn() -> Jst + Send + Sync>;

/// How a tenant's key is spelt in keys, encryption contexts and the ledger: its id, or `platform`.
#[must_use]
pub fn tenant_key(tenant: TenantId) -> String {
    if tenant == PLATFORM { "platform".to_owned() } else { tenant.to_string() }
}

/// The vault. Cheap to clone; clones share one cache. One per process.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    kms: aws_sdk_kms::Client,
    keys: Keys,
    ledger: Ledger,
    cmks: Cmks,
    clock: Clock,
    keyrings: Cache<(TenantId, Purpose), Keyring>,
    /// Keeps nothing: it only makes sure that one at a time creates a key.
    creating: Cache<(TenantId, Purpose), ()>,
}

impl Vault {
    /// A vault over these clients. The clients' own settings bound how long a call may take and how often it is tried.
    #[must_use]
    pub fn new(
        kms: aws_sdk_kms::Client,
        dynamodb: aws_sdk_dynamodb::Client,
        ledger: Ledger,
        settings: Settings,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner {
            kms,
            keys: Keys { dynamodb, table: settings.keys_table },
            ledger,
            cmks: settings.cmks,
            clock,
            keyrings: Cache::new(CAPACITY, MAX_AGE),
            creating: Cache::new(CAPACITY, Duration::ZERO),
        }))
    }

    /// The keyring to seal with, and to open with what was sealed recently. Warm: no I/O. Cold: the ledger, the keys
    /// table and KMS once each, for all who ask at the same time. The first use of all creates the key.
    pub async fn keyring(&self, tenant: TenantId, purpose: Purpose) -> Result<Arc<Keyring>, Error> {
        // A second round is needed when a load that began before the key was created is still under way.
        for _ in 0..3 {
            match self.existing(tenant, purpose).await {
                Err(Error::KeyGone) => {}
                outcome => return outcome,
            }
            let create = async || {
                if self.0.keyrings.get((tenant, purpose)).is_none() {
                    self.create(tenant, purpose, 1).await?;
                }
                Ok(())
            };
            self.0.creating.get_or_fetch((tenant, purpose), create).await?;
        }
        Err(Error::unavailable("keys table", "a key that was just created is not there"))
    }

    /// The keyring that opens all of `sealed`, older keys included: ask once for a chunk of items, then open each with
    /// [`Keyring::open`]. Never creates a key: where nothing was ever sealed it is [`Error::KeyGone`], also for no values
    /// at all. Values that are no sealed values are left for `open` to refuse.
    pub async fn keyring_for<'a>(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        sealed: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Arc<Keyring>, Error> {
        let versions: BTreeSet<u32> = sealed.into_iter().filter_map(envelope::version).collect();
        let mut keyring = self.existing(tenant, purpose).await?;
        if versions.last().is_some_and(|last| *last > keyring.version()) {
            // Rotated elsewhere since this keyring was loaded.
            self.0.keyrings.forget_if((tenant, purpose), &keyring);
            keyring = self.existing(tenant, purpose).await?;
        }
        for version in versions.into_iter().filter(|version| *version != keyring.version()) {
            let older = keyring.older.get(&version).ok_or(Error::KeyGone)?;
            older.key.get_or_try_init(|| self.unwrap(tenant, purpose, version, &older.wrapped)).await?;
        }
        Ok(keyring)
    }

    /// Opens one value, whichever version of the key sealed it. Never creates a key.
    pub async fn open(&self, purpose: Purpose, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.keyring_for(place.tenant, purpose, [sealed]).await?.open(place, sealed)
    }

    /// Opens the values of a page, in their order, whichever versions sealed them. An empty page is no I/O and no error.
    pub async fn open_all(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        page: &[(Place<'_>, &[u8])],
    ) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let keyring = self.keyring_for(tenant, purpose, page.iter().map(|(_, sealed)| *sealed)).await?;
        page.iter().map(|(place, sealed)| keyring.open(place, sealed)).collect()
    }

    /// The tenant's keyed hashes. Warm: no I/O.
    pub async fn lookup(&self, tenant: TenantId) -> Result<Lookup, Error> {
        Lookup::new(self.keyring(tenant, Purpose::Lookup).await?.newest())
    }

    /// The keyed hashes by which the audit trail's copies and seals are told to be what was written (R-22). Two functions may unwrap their key, and no other.
    pub async fn trail_hashes(&self) -> Result<Lookup, Error> {
        Lookup::new(self.keyring(PLATFORM, Purpose::AuditMac).await?.newest())
    }

    /// Keyed hashes for a tenant code that is nobody's, so that a sign-in to it does the same work and finds nothing.
    /// The same for the same `code` in every process.
    pub async fn lookup_for_unknown(&self, code: &str) -> Result<Lookup, Error> {
        self.lookup(PLATFORM).await?.for_unknown(code)
    }

    /// Makes a new version of a key and answers its number. Other processes go on sealing with the version before for
    /// [`MAX_AGE`]: begin to re-seal after that.
    pub async fn rotate(&self, tenant: TenantId, purpose: Purpose) -> Result<u32, Error> {
        if purpose.rotation() == Rotation::Never {
            return Err(Error::NotRotated(purpose));
        }
        // What the cache says may be old; and a shredded key is not rotated.
        self.forget(tenant, &[purpose]);
        let version = match self.existing(tenant, purpose).await {
            Ok(keyring) => keyring.version() + 1,
            Err(Error::KeyGone) => 1,
            Err(error) => return Err(error),
        };
        self.create(tenant, purpose, version).await?;
        self.forget(tenant, &[purpose]);
        Ok(self.existing(tenant, purpose).await?.version())
    }

    /// Shreds the tenant's keys for `purposes`, for ever: enters each into the ledger, then deletes every version from
    /// the keys table. Safe to repeat, also after having been interrupted: the answer is the same, namely what the ledger
    /// says. Other processes may use what they have unwrapped for [`MAX_AGE`] more; the keys table's point-in-time
    /// recovery holds the wrapped keys for 7 days more, which the ledger makes useless.
    pub async fn shred(&self, tenant: TenantId, purposes: &[Purpose], run: PurgeId) -> Result<Vec<Entry>, Error> {
        if tenant == PLATFORM {
            return Err(Error::internal("the platform's own keys are not shredded"));
        }
        let mut entries = Vec::with_capacity(purposes.len());
        for &purpose in purposes {
            owned(tenant, purpose)?;
            let entry = Entry {
                tenant: tenant_key(tenant),
                purpose: purpose.name().to_owned(),
                versions: self.0.keys.find(tenant, purpose).await?.into_keys().collect(),
                shredded_at: (self.0.clock)(),
                run,
            };
            let mut entry = self.0.ledger.enter(tenant, purpose, entry).await?;
            self.forget(tenant, &[purpose]);
            // Until the table says that there are none. A creation under way elsewhere may still put one behind our back:
            // the ledger refuses it, and the next run deletes it.
            loop {
                let versions = self.0.keys.find(tenant, purpose).await?;
                if versions.is_empty() {
                    break;
                }
                for version in versions.into_keys() {
                    self.0.keys.delete(tenant, purpose, version).await?;
                    if !entry.versions.contains(&version) {
                        entry.versions.push(version);
                    }
                }
            }
            tracing::info!(%tenant, %purpose, versions = entry.versions.len(), "keys shredded");
            entries.push(entry);
        }
        self.forget(tenant, purposes);
        Ok(entries)
    }

    /// The keyring of a key that exists; [`Error::KeyGone`] when none does.
    async fn existing(&self, tenant: TenantId, purpose: Purpose) -> Result<Arc<Keyring>, Error> {
        owned(tenant, purpose)?;
        self.0.keyrings.get_or_fetch((tenant, purpose), async || self.load(tenant, purpose).await).await
    }

    async fn load(&self, tenant: TenantId, purpose: Purpose) -> Result<Keyring, Error> {
        let shredded = async {
            // The platform's keys cannot be shredded: its functions need no right to the ledger.
            if tenant == PLATFORM { Ok(false) } else { self.0.ledger.is_shredded(tenant, purpose).await }
        };
        let (shredded, versions) = tokio::join!(shredded, self.0.keys.find(tenant, purpose));
        if shredded? {
            return Err(Error::Shredded);
        }
        let mut versions = versions?;
        let (version, wrapped) = versions.pop_last().ok_or(Error::KeyGone)?;
        let key = self.unwrap(tenant, purpose, version, &wrapped).await?;
        Ok(Keyring::new(tenant, purpose, version, key, versions))
    }

    /// Makes a wrapped key and stores it, unless another did so first. The plain key is not asked for: whoever won, the
    /// key is then read back and unwrapped like any other, so that nothing is ever sealed with a key that was not kept.
    async fn create(&self, tenant: TenantId, purpose: Purpose, version: u32) -> Result<(), Error> {
        let cmk = self.cmk(purpose)?;
        let generated = self
            .0
            .kms
            .generate_data_key_without_plaintext()
            .key_id(cmk)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context("tenant", tenant_key(tenant))
            .encryption_context("purpose", purpose.name())
            .encryption_context("version", version.to_string())
            .send()
            .await
            .map_err(|error| Error::of_sdk("kms", &error))?;
        let wrapped = generated.ciphertext_blob.ok_or_else(|| Error::internal("KMS answered without a key"))?;
        let cmk = generated.key_id.unwrap_or_else(|| cmk.to_owned());
        let key = Wrapped { version, blob: wrapped.into_inner(), cmk, created_at: (self.0.clock)() };
        let won = self.0.keys.add(tenant, purpose, key).await?;
        tracing::info!(%tenant, %purpose, version, won, "data key created");
        Ok(())
    }

    async fn unwrap(&self, tenant: TenantId, purpose: Purpose, version: u32, wrapped: &[u8]) -> Result<DataKey, Error> {
        let unwrapped = self
            .0
            .kms
            .decrypt()
            .key_id(self.cmk(purpose)?)
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context("tenant", tenant_key(tenant))
            .encryption_context("purpose", purpose.name())
            .encryption_context("version", version.to_string())
            .send()
            .await
            .map_err(|error| Error::of_sdk("kms", &error))?;
        let plaintext = unwrapped.plaintext.ok_or_else(|| Error::internal("KMS answered without a key"))?;
        DataKey::from_plaintext(plaintext.into_inner())
    }

    fn cmk(&self, purpose: Purpose) -> Result<&str, Error> {
        let cmk = match purpose.cmk() {
            Cmk::Names => &self.0.cmks.names,
            Cmk::Records => &self.0.cmks.records,
            Cmk::Platform => &self.0.cmks.platform,
        };
        if cmk.is_empty() {
            return Err(Error::internal(format_args!("no customer-managed key is configured for {purpose}")));
        }
        Ok(cmk)
    }

    fn forget(&self, tenant: TenantId, purposes: &[Purpose]) {
        self.0.keyrings.forget(|(whose, purpose)| *whose == tenant && purposes.contains(purpose));
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("table", &self.0.keys.table).finish_non_exhaustive()
    }
}

/// Whether `tenant` may have keys for `purpose` at all.
fn owned(tenant: TenantId, purpose: Purpose) -> Result<(), Error> {
    if purpose.owner() == Owner::Platform && tenant != PLATFORM { Err(Error::NotForThisTenant) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
