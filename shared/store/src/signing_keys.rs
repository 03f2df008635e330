//! Keys that sign tokens. The public halves lie in `records` for every function; the private half is sealed beside them, under a purpose that only `sessions` may unwrap.
//!
//! ```text
//!                    an hour                  its successor signs       an hour more
//! made, published ───────────▶ signs tokens ───────────────────────▶ ───────────────▶ (expired)
//!                                  │ thirty days
//!                                  └─▶ its successor is made
//! ```
//!
//! A key is published before it signs, so that whoever keeps a copy of the published keys has it in time, and stays published until the last token that it signed has expired.
//! There is no schedule: `sessions`, the one function that may, makes the successor when it finds the newest key old enough. A key's id is its number, so that of two that do so at
//! once one wins, and both go on with its key. A number is not given again while its item lies there, expired or not: verifiers remember keys by it.
//!
//! A key that must end at once gets an `expires_at` that is past, by hand (docs/decisions/0004-tokens.md); its item stays until the table expires it. The key that waits to sign
//! then signs early, and where none waits the next sign-in makes one. Within [`KNOWN_SECONDS`] every process has noticed.

use std::sync::{Arc, Mutex, PoisonError};

use authz::{
    Actor, Job, Origin, PermissionId,
    token::{ACCESS_TOKEN_SECONDS, Signer, Verifier, new_key_pair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ids::PLATFORM, time::Jst};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, number, to_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// An unknown key id makes the keys be fetched again at most this often, in seconds, whoever sends how many of them.
const FETCH_AGAIN_SECONDS: i64 = 60;
/// After how long a process looks at the keys again, in seconds: long before a new key signs, and before an old one's last token has expired.
const KNOWN_SECONDS: i64 = 300;
/// For how long a key signs, in seconds, before its successor is made.
const SIGNS_SECONDS: i64 = 30 * 86_400;
/// How long before it signs a key is published, in seconds.
const PUBLISHED_SECONDS: i64 = 3_600;
/// For how long a key stays published after its last signature, in seconds: longer than any token lives.
const KEPT_SECONDS: i64 = 4 * ACCESS_TOKEN_SECONDS;

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    kid: String,
    #[serde(with = "serde_bytes")]
    public: Vec<u8>,
    private: Sealed,
    created_at: Jst,
    /// From when on it signs.
    signs_from: Jst,
    /// When nobody needs it any more; open while it has no successor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
}

/// A public key, for whoever verifies tokens elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id.
    pub kid: String,
    /// The point's first coordinate, big-endian.
    pub x: [u8; 32],
    /// The second one.
    pub y: [u8; 32],
}

/// What a process knows of the keys, and since when.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys {
    verifier: Mutex<Option<(Arc<Verifier>, Jst)>>,
    signer: Mutex<Option<(Arc<Signer>, Jst)>>,
}

impl SigningKeys {
    /// What is known and not older than `seconds`.
    fn fresh<T>(known: &Mutex<Option<(Arc<T>, Jst)>>, now: Jst, seconds: i64) -> Option<Arc<T>> {
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(_, at)| now < at.plus_seconds(seconds)).map(|(it, _)| Arc::clone(it))
    }

    fn keep<T>(known: &Mutex<Option<(Arc<T>, Jst)>>, it: &Arc<T>, now: Jst) {
        *known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(it), now));
    }
}

fn key(kid: &str) -> Key {
    Key::new(Table::Records, PLATFORM, Family::SigningKey, "", kid)
}

/// The id of the key with this number: later ones sort after earlier ones.
fn kid(number: u32) -> String {
    format!("k{number:04}")
}

fn number_of(kid: &str) -> Result<u32, Error> {
    let number = kid.strip_prefix('k').and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| Error::Internal("a signing key's id is no number".to_owned()))
}

/// The keys that have not expired, oldest first.
#[derive(Debug)]
struct Keys {
    alive: Vec<Stored<Record>>,
    /// The number of the newest key that lies there, expired or not; 0 where none does.
    last_number: u32,
}

impl Keys {
    fn read(items: Vec<Attributes>, now: Jst) -> Result<Self, Error> {
        let last_number = items.last().and_then(|item| as_text(item, "kid")).map_or(Ok(0), number_of)?;
        let alive = items.into_iter().filter_map(|item| from_item(item, now).transpose()).collect::<Result<_, _>>()?;
        Ok(Self { alive, last_number })
    }

    /// The one that signs at `now`: the newest whose time has come, or the first that waits where the one before it was ended.
    fn signing(&self, now: Jst) -> Option<&Record> {
        let mut records = self.alive.iter().map(|stored| &stored.record);
        records.clone().rfind(|record| record.signs_from <= now).or_else(|| records.next())
    }

    /// Whether it is time for the next one.
    fn wants_another(&self, now: Jst) -> bool {
        self.alive.last().is_none_or(|newest| now >= newest.record.signs_from.plus_seconds(SIGNS_SECONDS))
    }
}

impl Store {
    /// The verifier with the keys that are known here.
    pub(crate) async fn verifier(&self) -> Result<Arc<Verifier>, Error> {
        match SigningKeys::fresh(&self.state.signing_keys.verifier, self.clock.now(), KNOWN_SECONDS) {
            Some(verifier) => Ok(verifier),
            None => self.fetch_verifier().await,
        }
    }

    /// The verifier with the keys that there are now; the known one if it was fetched a moment ago.
    pub(crate) async fn verifier_again(&self) -> Result<Arc<Verifier>, Error> {
        match SigningKeys::fresh(&self.state.signing_keys.verifier, self.clock.now(), FETCH_AGAIN_SECONDS) {
            Some(verifier) => Ok(verifier),
            None => self.fetch_verifier().await,
        }
    }

    async fn fetch_verifier(&self) -> Result<Arc<Verifier>, Error> {
        let records = self.signing_records().await?.alive;
        let keys = records.iter().map(|stored| (stored.record.kid.as_str(), stored.record.public.as_slice()));
        let verifier = Arc::new(Verifier::new(keys));
        // While there is no key yet, nothing is worth remembering.
        if !records.is_empty() {
            SigningKeys::keep(&self.state.signing_keys.verifier, &verifier, self.clock.now());
        }
        Ok(verifier)
    }

    /// The public halves of all keys that tokens may be signed with: those to come, and those whose last token has not expired.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, Error> {
        let broken = || Error::Internal("a public key is broken".to_owned());
        let read = |stored: Stored<Record>| {
            // X9.62, uncompressed: a 4 and both coordinates.
            let point = stored.record.public.strip_prefix(&[4]).ok_or_else(broken)?;
            let (x, y) = point.split_first_chunk::<32>().ok_or_else(broken)?;
            Ok(PublicKey { kid: stored.record.kid, x: *x, y: y.try_into().map_err(|_| broken())? })
        };
        self.signing_records().await?.alive.into_iter().map(read).collect()
    }

    async fn signing_records(&self) -> Result<Keys, Error> {
        let range = Range::whole(Table::Records, Family::SigningKey, partition(PLATFORM, Family::SigningKey, ""));
        Keys::read(self.db.query_all(range).await?, self.clock.now())
    }

    /// The signer with the key that signs now; makes the first one ever, and the next one when it is time.
    pub(crate) async fn signer(&self) -> Result<Arc<Signer>, Error> {
        let now = self.clock.now();
        if let Some(signer) = SigningKeys::fresh(&self.state.signing_keys.signer, now, KNOWN_SECONDS) {
            return Ok(signer);
        }
        let mut keys = self.signing_records().await?;
        if keys.wants_another(now) {
            self.make_signing_key(&keys, now).await?;
            keys = self.signing_records().await?;
        }
        let signing = keys.signing(now).ok_or_else(|| Error::Internal("no key signs".to_owned()))?;
        let sealed = &signing.private;
        let private: String = self.open(PLATFORM, Purpose::TokenSigning, &key(&signing.kid), "private", sealed).await?;
        let pkcs8 =
            URL_SAFE_NO_PAD.decode(private).map_err(|_| Error::Internal("a signing key is broken".to_owned()))?;
        let signer = Arc::new(Signer::new(signing.kid.clone(), &pkcs8));
        SigningKeys::keep(&self.state.signing_keys.signer, &signer, now);
        Ok(signer)
    }

    /// Makes the next key. The newest one gets its end in the same transaction; where there is none that lives, the new one signs at once. Whoever loses against another
    /// process goes on with its key.
    async fn make_signing_key(&self, keys: &Keys, now: Jst) -> Result<(), Error> {
        let (newest, next) = (keys.alive.last(), kid(keys.last_number + 1));
        let signs_from = if newest.is_some() { now.plus_seconds(PUBLISHED_SECONDS) } else { now };
        let (private, public) = new_key_pair().map_err(|error| Error::Internal(error.to_string()))?;
        let place = key(&next);
        let private = URL_SAFE_NO_PAD.encode(private);
        let private = self.seal(PLATFORM, Purpose::TokenSigning, &place, "private", &private).await?;
        let record = Record { kid: next.clone(), public, private, created_at: now, signs_from, expires_at: None };
        let mut write = Write::new();
        let item = to_item(&place, 1, SCHEMA, &record)?;
        write.put_over(self, place, item, None, || Error::Stale)?;
        if let Some(newest) = newest {
            let until = signs_from.plus_seconds(KEPT_SECONDS).epoch_seconds().unsigned_abs();
            let values = Attributes::from([(":until".to_owned(), number(until))]);
            let (old, there) = (key(&newest.record.kid), Some("attribute_exists(pk)"));
            write.update(self, old, "SET expires_at = :until", there, values, || Error::Stale)?;
        }
        let job = Actor::Job { job: Job::KeyRotation, on_behalf_of: None, origin: Origin::default() };
        let permission = PermissionId::RotateSigningKeys.name();
        let event = self.event_of(PLATFORM, &job, permission, "signing_key.make")?.on(next);
        match write.commit(self, event).await {
            Ok(()) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Jst {
        text.parse().unwrap()
    }

    fn item(number: u32, signs_from: &str, expires_at: Option<&str>) -> Attributes {
        let record = Record {
            kid: kid(number),
            public: Vec::new(),
            private: Sealed(Vec::new()),
            created_at: at(signs_from),
            signs_from: at(signs_from),
            expires_at: expires_at.map(|text| at(text).epoch_seconds()),
        };
        to_item(&key(&kid(number)), 1, SCHEMA, &record).unwrap()
    }

    /// Which of `items` signs, and whether another one is wanted, and which it would be.
    fn told(items: &[Attributes], now: &str) -> (Option<String>, bool, u32) {
        let keys = Keys::read(items.to_vec(), at(now)).unwrap();
        (keys.signing(at(now)).map(|record| record.kid.clone()), keys.wants_another(at(now)), keys.last_number + 1)
    }

    #[test]
    fn a_key_that_is_published_does_not_sign_before_its_time() {
        let keys = [
            item(1, "2026-04-01T09:00:00+09:00", Some("2026-05-01T11:00:00+09:00")),
            item(2, "2026-05-01T10:00:00+09:00", None),
        ];
        assert_eq!(told(&keys, "2026-05-01T09:59:59+09:00"), (Some("k0001".to_owned()), false, 3));
        assert_eq!(told(&keys, "2026-05-01T10:00:00+09:00"), (Some("k0002".to_owned()), false, 3));
        assert_eq!(told(&keys[..1], "2026-05-01T09:00:00+09:00"), (Some("k0001".to_owned()), true, 2));
    }

    #[test]
    fn where_the_key_that_signs_was_ended_the_one_that_waits_signs_early() {
        let ended = Some("2026-05-01T09:30:00+09:00");
        let keys = [item(1, "2026-04-01T09:00:00+09:00", ended), item(2, "2026-05-01T10:00:00+09:00", None)];
        assert_eq!(told(&keys, "2026-05-01T09:30:00+09:00"), (Some("k0002".to_owned()), false, 3));
    }

    #[test]
    fn a_number_does_not_come_back_while_its_item_lies_there() {
        let ended = Some("2026-04-10T09:00:00+09:00");
        let only = [item(7, "2026-04-01T09:00:00+09:00", ended)];
        assert_eq!(told(&only, "2026-04-10T09:00:00+09:00"), (None, true, 8));
        // The one before the one that was ended is still published: it signs until the next one's time has come.
        let two = [item(6, "2026-03-01T09:00:00+09:00", Some("2026-04-10T10:00:00+09:00")), only[0].clone()];
        assert_eq!(told(&two, "2026-04-10T09:00:00+09:00"), (Some("k0006".to_owned()), true, 8));
        assert_eq!(told(&[], "2026-04-10T09:00:00+09:00"), (None, true, 1));
    }

    #[test]
    fn a_keys_id_is_its_number() {
        assert_eq!((kid(12), number_of("k0012").unwrap()), ("k0012".to_owned(), 12));
        assert!(number_of("x").is_err());
    }

    #[test]
    fn a_key_outlives_every_token_that_it_signed_and_every_copy_of_the_published_keys_knows_the_next_one_in_time() {
        const { assert!(KEPT_SECONDS > ACCESS_TOKEN_SECONDS + KNOWN_SECONDS) };
        const { assert!(PUBLISHED_SECONDS > 2 * KNOWN_SECONDS) };
    }
}
