//! Keyed hashes: how a login, a mail address or an employee number is found without being stored, and how a row is told
//! from another. A plain hash of a birth date or a mail address can be guessed; under a tenant's own key it cannot.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{envelope::DataKey, error::Error};

/// A tenant's keyed hashes: HMAC-SHA-256, divided by kind and by form. Cheap to clone; nothing prints its key.
#[derive(Clone)]
pub struct Lookup(hmac::Key);

/// What a value is found by: 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookupHash(String);

/// Hash, identifier and fingerprint of one value have nothing in common.
#[derive(Clone, Copy)]
enum Form {
    Hash = 1,
    Mac16 = 2,
    Mac64 = 3,
    Key = 4,
}

impl Lookup {
    pub(crate) fn new(key: &DataKey) -> Result<Self, Error> {
        let derived = key.derive::<32>(&[b"lookup"])?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_slice())))
    }

    /// Keyed hashes with a fixed key, for benchmarks and tests of what hashes: no KMS, and no secret.
    #[doc(hidden)]
    pub fn for_tests(key: [u8; 32]) -> Result<Self, Error> {
        Self::new(&DataKey::new(&key))
    }

    /// Keyed hashes as good as any tenant's for a tenant that does not exist: the same for the same `code` every time,
    /// and related to no one's.
    pub(crate) fn for_unknown(&self, code: &str) -> Result<Self, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(self.mac(Form::Key, "unknown-tenant", code.as_bytes()).as_ref());
        Self::new(&DataKey::new(&secret))
    }

    /// What `normalised` (case, width and so on already folded by the caller) is found by, among values of one `kind`.
    #[must_use]
    pub fn hash(&self, kind: &'static str, normalised: &str) -> LookupHash {
        LookupHash(URL_SAFE_NO_PAD.encode(self.mac(Form::Hash, kind, normalised.as_bytes())))
    }

    /// 16 bytes for an id that follows from what it is the id of (a checkup's, from employee, date and kind).
    #[must_use]
    pub fn mac16(&self, kind: &'static str, bytes: &[u8]) -> [u8; 16] {
        *head(self.mac(Form::Mac16, kind, bytes).as_ref())
    }

    /// A fingerprint by which duplicates among many rows are suspected; confirm a hit.
    #[must_use]
    pub fn mac64(&self, kind: &'static str, bytes: &[u8]) -> u64 {
        u64::from_be_bytes(*head(self.mac(Form::Mac64, kind, bytes).as_ref()))
    }

    fn mac(&self, form: Form, kind: &str, bytes: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[form as u8]);
        context.update(&(kind.len() as u64).to_be_bytes());
        context.update(kind.as_bytes());
        context.update(bytes);
        context.sign()
    }
}

/// The first `N` bytes of a MAC, which has more.
fn head<const N: usize>(mac: &[u8]) -> &[u8; N] {
    const { assert!(N <= 32, "HMAC-SHA-256 has 32 bytes") };
    mac.first_chunk().unwrap_or(&[0; N])
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

impl LookupHash {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LookupHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(byte: u8) -> Lookup {
        Lookup::new(&DataKey::new(&[byte; 32])).unwrap()
    }

    #[test]
    fn the_hashes_do_not_change_by_accident() {
        assert_eq!(
            lookup(7).hash("login", "tanaka").as_str(),
            "8Zy77aMmTbOmZ3OfhwtJpKYk9rWonRd3hYrEg2RHgmI",
            "nobody would be found any more: lookup keys are never rotated"
        );
    }

    #[test]
    fn a_hash_depends_on_tenant_kind_and_value_and_on_how_they_divide() {
        let hash = lookup(1).hash("login", "tanaka");
        assert_eq!(hash, lookup(1).hash("login", "tanaka"));
        assert_eq!(hash.as_str().len(), 43);
        assert_ne!(hash, lookup(2).hash("login", "tanaka"), "two tenants share hashes");
        assert_ne!(hash, lookup(1).hash("mail", "tanaka"), "two kinds share hashes");
        assert_ne!(hash, lookup(1).hash("logint", "anaka"), "kind and value run together");
        assert_ne!(hash, lookup(1).hash("login", "tanakb"));
    }

    #[test]
    fn the_forms_of_one_value_have_nothing_in_common() {
        let lookup = lookup(1);
        let hash = URL_SAFE_NO_PAD.decode(lookup.hash("row", "x").as_str()).unwrap();
        let id = lookup.mac16("row", b"x");
        let fingerprint = lookup.mac64("row", b"x").to_be_bytes();
        assert_ne!(hash[..16], id);
        assert_ne!(hash[..8], fingerprint);
        assert_ne!(id[..8], fingerprint);
    }

    #[test]
    fn an_unknown_tenant_always_has_the_same_keys_and_no_ones() {
        let platform = lookup(1);
        let unknown = platform.for_unknown("nobody").unwrap().hash("login", "tanaka");
        assert_eq!(unknown, platform.for_unknown("nobody").unwrap().hash("login", "tanaka"));
        assert_ne!(unknown, platform.for_unknown("nobody2").unwrap().hash("login", "tanaka"));
        assert_ne!(unknown, platform.hash("login", "tanaka"));
    }

    #[test]
    fn nothing_prints_the_key() {
        assert_eq!(format!("{:?}", lookup(1)), "Lookup");
    }
}
