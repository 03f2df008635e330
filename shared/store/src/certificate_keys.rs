//! Keys that sign certificates of deletion, and nothing else: a token that is signed with one is no token, and a certificate that is signed with a token's key is none.
//!
//! ```text
//! made ──signs for a year──▶ its successor is made: the private half goes ──no certificate needs it any more──▶ (deleted)
//! ```
//!
//! The private half is sealed under a purpose that only `retention-purge` may unwrap. The public half lies beside it for everybody, for as long as a certificate lives that it
//! signed: a company may have to show one ten years later.

use std::collections::BTreeSet;

use authz::{Permit, permission::PurgeTenants};
use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::{ids::PLATFORM, time::Jst};
use serde::{Deserialize, Serialize};
use vault::Purpose;
use zeroize::Zeroizing;

use crate::{
    Error, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, number},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// For how long a key signs, in seconds, before its successor is made.
const SIGNS_SECONDS: i64 = 365 * 86_400;
/// How long a line of a PEM file is (RFC 7468).
const PEM_LINE: usize = 64;

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    kid: String,
    /// `SubjectPublicKeyInfo` in DER.
    #[serde(with = "serde_bytes")]
    public: Vec<u8>,
    /// Open once it has a successor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    private: Option<Sealed>,
    made_at: Jst,
}

/// A public key, for whoever holds a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateKey {
    /// Its id.
    pub kid: String,
    /// Since when it signs, or signed.
    pub made_at: Jst,
    /// The key as a PEM file.
    pub pem: String,
}

/// A detached signature: ECDSA on P-256 with SHA-256, in DER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which key signed.
    pub kid: String,
    /// The signature.
    #[serde(with = "serde_bytes")]
    pub der: Vec<u8>,
}

fn key(kid: &str) -> Key {
    Key::new(Table::Records, PLATFORM, Family::CertificateKey, "", kid)
}

/// The id of the key with this number: later ones sort after earlier ones.
fn kid(number: u32) -> String {
    format!("c{number:04}")
}

fn broken() -> Error {
    Error::Internal("a certificate key is broken".to_owned())
}

/// A public key as a file that every tool reads.
fn pem(spki: &[u8]) -> String {
    let text = STANDARD.encode(spki);
    let mut lines = vec!["-----BEGIN PUBLIC KEY-----"];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
        lines.push(line);
        rest = after;
    }
    lines.push("-----END PUBLIC KEY-----");
    lines.join("\n") + "\n"
}

impl Store {
    /// The public keys of all certificates that live, oldest first.
    pub async fn certificate_keys(&self) -> Result<Vec<CertificateKey>, Error> {
        let published = |stored: Stored<Record>| {
            let Record { kid, public, made_at, .. } = stored.record;
            CertificateKey { kid, made_at, pem: pem(&public) }
        };
        Ok(self.certificate_key_records().await?.into_iter().map(published).collect())
    }

    async fn certificate_key_records(&self) -> Result<Vec<Stored<Record>>, Error> {
        let range =
            Range::whole(Table::Records, Family::CertificateKey, partition(PLATFORM, Family::CertificateKey, ""));
        let now = self.clock.now();
        self.db.query_all(range).await?.into_iter().filter_map(|item| from_item(item, now).transpose()).collect()
    }

    /// Signs a certificate; makes the first key ever, and the next one when it is time.
    pub(crate) async fn sign_certificate(
        &self,
        permit: &Permit<PurgeTenants>,
        document: &[u8],
    ) -> Result<Signature, Error> {
        let now = self.clock.now();
        let mut keys = self.certificate_key_records().await?;
        if keys.last().is_none_or(|newest| now >= newest.record.made_at.plus_seconds(SIGNS_SECONDS)) {
            self.make_certificate_key(permit, keys.last(), now).await?;
            keys = self.certificate_key_records().await?;
        }
        let Record { kid, private, .. } = keys.pop().ok_or_else(broken)?.record;
        let sealed = private.ok_or_else(broken)?;
        let place = key(&kid);
        let private: String = self.open(PLATFORM, Purpose::CertificateSigning, &place, "private", &sealed).await?;
        let private = Zeroizing::new(private);
        let pkcs8 = Zeroizing::new(URL_SAFE_NO_PAD.decode(private.as_bytes()).map_err(|_| broken())?);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8).map_err(|_| broken())?;
        let signature = pair.sign(&SystemRandom::new(), document).map_err(|_| broken())?;
        Ok(Signature { kid, der: signature.as_ref().to_vec() })
    }

    /// Makes the key after `newest`, whose private half goes in the same transaction. Whoever loses against another run goes on with its key.
    async fn make_certificate_key(
        &self,
        permit: &Permit<PurgeTenants>,
        newest: Option<&Stored<Record>>,
        now: Jst,
    ) -> Result<(), Error> {
        let last = newest.map_or(Ok(0), |newest| newest.record.kid.trim_start_matches('c').parse::<u32>());
        let kid = kid(last.map_err(|_| broken())? + 1);
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| broken())?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| broken())?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| broken())?;
        let private = Zeroizing::new(URL_SAFE_NO_PAD.encode(pkcs8.as_ref()));
        let private = self.seal(PLATFORM, Purpose::CertificateSigning, &key(&kid), "private", &*private).await?;
        let record =
            Record { kid: kid.clone(), public: public.as_ref().to_vec(), private: Some(private), made_at: now };
        let mut write = Write::new();
        write.create(self, key(&kid), SCHEMA, &record, || Error::Stale)?;
        if let Some(newest) = newest {
            let values = Attributes::from([(":one".to_owned(), number(1))]);
            let (old, there) = (key(&newest.record.kid), Some("attribute_exists(pk)"));
            let expression = "REMOVE private SET version = version + :one";
            write.update(self, old, expression, there, values, || Error::Stale)?;
        }
        let event = self.event(permit, "certificate_key.make")?.on(&kid).in_tenant(PLATFORM);
        match write.commit(self, event).await {
            Ok(()) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes the keys that have a successor and that none of `needed` names.
    pub(crate) async fn forget_certificate_keys(
        &self,
        permit: &Permit<PurgeTenants>,
        needed: &BTreeSet<String>,
    ) -> Result<(), Error> {
        let keys = self.certificate_key_records().await?;
        let retired = keys.iter().filter(|stored| stored.record.private.is_none());
        for Stored { record, version } in retired.filter(|stored| !needed.contains(&stored.record.kid)) {
            let mut write = Write::new();
            write.delete(self, key(&record.kid), Some(*version))?;
            let event = self.event(permit, "certificate_key.delete")?.on(&record.kid).in_tenant(PLATFORM);
            write.commit(self, event).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_published_key_is_a_pem_file_of_short_lines() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let pem = pem(public.as_ref());
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!((lines[0], lines[lines.len() - 1]), ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"));
        assert!(lines.iter().all(|line| line.len() <= PEM_LINE) && pem.ends_with('\n'));
        let spki = STANDARD.decode(lines[1..lines.len() - 1].concat()).unwrap();
        let signature = pair.sign(&SystemRandom::new(), "証明".as_bytes()).unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, spki);
        assert!(key.verify("証明".as_bytes(), signature.as_ref()).is_ok());
        assert!(key.verify("反証".as_bytes(), signature.as_ref()).is_err());
    }
}
