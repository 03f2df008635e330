//! A tenant's keys for one purpose, in memory: the newest seals, older ones open what they sealed. Sealing and opening
//! do no I/O, so that a pipeline asks the vault once and then runs at the speed of the cipher.

use std::{collections::BTreeMap, fmt};

use domain::ids::TenantId;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::{
    envelope::{self, DataKey, Place},
    error::Error,
    purpose::Purpose,
};

/// The keys of one tenant for one purpose. Hold it for a request or a chunk of a job, not longer: its age is what bounds
/// how long a shredded key works.
pub struct Keyring {
    tenant: TenantId,
    purpose: Purpose,
    version: u32,
    key: DataKey,
    pub(crate) older: BTreeMap<u32, Older>,
}

/// A version before the newest: wrapped, until something that it sealed is to be opened.
pub(crate) struct Older {
    pub(crate) wrapped: Vec<u8>,
    pub(crate) key: OnceCell<DataKey>,
}

impl Keyring {
    pub(crate) fn new(
        tenant: TenantId,
        purpose: Purpose,
        version: u32,
        key: DataKey,
        older: impl IntoIterator<Item = (u32, Vec<u8>)>,
    ) -> Self {
        let older = older.into_iter().map(|(version, wrapped)| (version, Older { wrapped, key: OnceCell::new() }));
        Self { tenant, purpose, version, key, older: older.collect() }
    }

    /// A keyring with a fixed key, for benchmarks and tests of what seals: no KMS, and no secret.
    #[doc(hidden)]
    #[must_use]
    pub fn for_tests(tenant: TenantId, purpose: Purpose, key: [u8; 32]) -> Self {
        Self::new(tenant, purpose, 1, DataKey::new(&key), [])
    }

    /// Seals `plain` with the newest key, for this place only. [`OVERHEAD`](crate::OVERHEAD) bytes longer than `plain`.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.check(place)?;
        envelope::seal(&self.key, self.purpose, self.version, place, plain)
    }

    /// Opens what was sealed for this place. [`Error::OtherVersion`] when the key that sealed it is not in memory.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.check(place)?;
        let version = envelope::version(sealed).ok_or(Error::CannotOpen)?;
        let key = self.key(version).ok_or(Error::OtherVersion(version))?;
        envelope::open(key, self.purpose, version, place, sealed)
    }

    /// Whether `sealed` was sealed with an older key than the newest, so that the re-sealing job has work to do.
    #[must_use]
    pub fn needs_reseal(&self, sealed: &[u8]) -> bool {
        envelope::version(sealed).is_some_and(|version| version < self.version)
    }

    /// The newest version: what seals.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whose keys these are.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// What they are for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn newest(&self) -> &DataKey {
        &self.key
    }

    /// The key of `version`, if it is unwrapped.
    pub(crate) fn key(&self, version: u32) -> Option<&DataKey> {
        if version == self.version { Some(&self.key) } else { self.older.get(&version)?.key.get() }
    }

    fn check(&self, place: &Place<'_>) -> Result<(), Error> {
        if place.tenant == self.tenant { Ok(()) } else { Err(Error::NotForThisTenant) }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("tenant", &self.tenant)
            .field("purpose", &self.purpose)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([3; 16]);
    const PLACE: Place<'static> = Place { store: "records", tenant: TENANT, key: "T#a#EMP#b", attribute: "sealed" };

    #[test]
    fn r11_a_keyring_refuses_another_tenants_place_before_any_cryptography() {
        let keyring = Keyring::for_tests(TENANT, Purpose::Health, [1; 32]);
        let elsewhere = Place { tenant: TenantId::from_bytes([4; 16]), ..PLACE };
        assert!(matches!(keyring.seal(&elsewhere, b"x"), Err(Error::NotForThisTenant)));
        let sealed = keyring.seal(&PLACE, b"x").unwrap();
        assert!(matches!(keyring.open(&elsewhere, &sealed), Err(Error::NotForThisTenant)));
        assert_eq!(keyring.open(&PLACE, &sealed).unwrap().as_slice(), b"x");
    }

    #[test]
    fn older_versions_open_and_are_due_for_resealing() {
        let older = Keyring::new(TENANT, Purpose::Health, 1, DataKey::new(&[1; 32]), []);
        let newer = Keyring::new(TENANT, Purpose::Health, 2, DataKey::new(&[2; 32]), [(1, vec![])]);
        let sealed = older.seal(&PLACE, b"x").unwrap();
        assert!(!older.needs_reseal(&sealed));
        assert!(newer.needs_reseal(&sealed));
        assert!(matches!(newer.open(&PLACE, &sealed), Err(Error::OtherVersion(1))), "not unwrapped yet");
        assert!(newer.older[&1].key.set(DataKey::new(&[1; 32])).is_ok());
        assert_eq!(newer.open(&PLACE, &sealed).unwrap().as_slice(), b"x");
        let again = newer.seal(&PLACE, b"x").unwrap();
        assert!(!newer.needs_reseal(&again));
        assert!(!older.needs_reseal(&again), "a newer version than the newest known is not behind");
        assert!(matches!(older.open(&PLACE, &again), Err(Error::OtherVersion(2))));
    }

    #[test]
    fn nothing_prints_a_key() {
        let text = format!("{:?}", Keyring::for_tests(TENANT, Purpose::Health, [0xAB; 32]));
        assert!(!text.contains("171") && !text.to_lowercase().contains("abab"), "{text}");
    }
}
