//! Keys that sign tokens. The public halves lie in `records` for every function; the private half is sealed beside them, under a purpose that only `sessions` may unwrap.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use authz::token::{Signer, Verifier, new_key_pair};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ids::PLATFORM, time::Jst};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Store,
    db::Range,
    item::{Sealed, Stored, from_item, to_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// An unknown key id makes the keys be fetched again at most this often, whoever sends how many of them.
const FETCH_AGAIN_AFTER: Duration = Duration::from_mins(1);

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    kid: String,
    #[serde(with = "serde_bytes")]
    public: Vec<u8>,
    private: Sealed,
    created_at: Jst,
}

/// What a process knows of the keys.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys {
    verifier: Mutex<Option<(Arc<Verifier>, Instant)>>,
    signer: Mutex<Option<Arc<Signer>>>,
}

fn key(kid: &str) -> Key {
    Key::new(Table::Records, PLATFORM, Family::SigningKey, "", kid)
}

impl Store {
    /// The verifier with the keys that are known here.
    pub(crate) async fn verifier(&self) -> Result<Arc<Verifier>, Error> {
        let known = self.state.signing_keys.verifier.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((verifier, _)) => Ok(verifier),
            None => self.fetch_verifier().await,
        }
    }

    /// The verifier with the keys that there are now; the known one if it was fetched a moment ago.
    pub(crate) async fn verifier_again(&self) -> Result<Arc<Verifier>, Error> {
        let known = self.state.signing_keys.verifier.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((verifier, at)) if at.elapsed() < FETCH_AGAIN_AFTER => Ok(verifier),
            _ => self.fetch_verifier().await,
        }
    }

    async fn fetch_verifier(&self) -> Result<Arc<Verifier>, Error> {
        let records = self.signing_records().await?;
        let keys = records.iter().map(|stored| (stored.record.kid.as_str(), stored.record.public.as_slice()));
        let verifier = Arc::new(Verifier::new(keys));
        // While there is no key yet, nothing is worth remembering.
        if !records.is_empty() {
            let known = Some((Arc::clone(&verifier), Instant::now()));
            *self.state.signing_keys.verifier.lock().unwrap_or_else(PoisonError::into_inner) = known;
        }
        Ok(verifier)
    }

    async fn signing_records(&self) -> Result<Vec<Stored<Record>>, Error> {
        let range = Range::whole(Table::Records, Family::SigningKey, partition(PLATFORM, Family::SigningKey, ""));
        let now = self.clock.now();
        self.db.query_all(range).await?.into_iter().filter_map(|item| from_item(item, now).transpose()).collect()
    }

    /// The signer with the newest key; the first one ever makes it.
    pub(crate) async fn signer(&self) -> Result<Arc<Signer>, Error> {
        if let Some(signer) = self.state.signing_keys.signer.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(signer);
        }
        let newest = match self.signing_records().await?.pop() {
            Some(stored) => stored.record,
            None => self.first_signing_key().await?,
        };
        let private: String =
            self.open(PLATFORM, Purpose::TokenSigning, &key(&newest.kid), "private", &newest.private).await?;
        let pkcs8 =
            URL_SAFE_NO_PAD.decode(private).map_err(|_| Error::Internal("a signing key is broken".to_owned()))?;
        let signer = Arc::new(Signer::new(newest.kid, &pkcs8));
        *self.state.signing_keys.signer.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&signer));
        Ok(signer)
    }

    /// Makes the first key. Of two functions that do so at once one wins, and both use its key: the first key's id is a constant.
    async fn first_signing_key(&self) -> Result<Record, Error> {
        let kid = "k0001".to_owned();
        let (private, public) = new_key_pair().map_err(|error| Error::Internal(error.to_string()))?;
        let key = key(&kid);
        let private =
            self.seal(PLATFORM, Purpose::TokenSigning, &key, "private", &URL_SAFE_NO_PAD.encode(private)).await?;
        let record = Record { kid, public, private, created_at: self.clock.now() };
        let item = to_item(&key, 1, SCHEMA, &record)?;
        if self.db.put_new(&key, item).await? {
            return Ok(record);
        }
        let there = self.signing_records().await?.pop();
        there.map(|stored| stored.record).ok_or_else(|| Error::Internal("a signing key vanished".to_owned()))
    }
}
