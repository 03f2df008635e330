//! Answers that are kept for requests with an Idempotency-Key: for 24 hours, sealed, keyed by tenant, caller, operation and key.

use authz::{Permission, Permit};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vault::Purpose;

use crate::{
    Conflict, Error, Prepared, Store,
    item::Sealed,
    key::{Family, Key, Table},
};

const SCHEMA: u8 = 1;
const KEPT_SECONDS: i64 = 24 * 3600;

/// A claim on an Idempotency-Key: where its answer lies, and the keyed fingerprint of the body.
#[derive(Debug, Clone)]
pub struct ReplyKey {
    key: Key,
    fingerprint: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    fingerprint: String,
    answer: Sealed,
    expires_at: i64,
}

/// A kept answer.
#[derive(Debug)]
pub struct Reply<A> {
    /// What was answered.
    pub answer: A,
    /// Whether the body is the one that it was answered to.
    pub same_body: bool,
}

impl Store {
    /// Where the answer to `operation` with Idempotency-Key `key` and this body lies.
    pub async fn reply_key<P: Permission>(
        &self,
        permit: &Permit<P>,
        operation: &str,
        key: &str,
        body: &str,
    ) -> Result<ReplyKey, Error> {
        let caller = permit.actor().id().ok_or(Error::NotFound)?;
        let lookup = self.lookup(permit.tenant()).await?;
        let name = lookup.hash("idempotency-key", &format!("{operation}\n{key}"));
        let fingerprint = lookup.hash("idempotent-body", body).to_string();
        Ok(ReplyKey { key: Key::new(Table::Records, permit.tenant(), Family::Reply, caller, name), fingerprint })
    }

    /// The answer that is kept, if there is one.
    pub async fn reply<P: Permission, A: DeserializeOwned>(
        &self,
        permit: &Permit<P>,
        claim: &ReplyKey,
    ) -> Result<Option<Reply<A>>, Error> {
        let Some(stored) = self.load::<Record>(&claim.key).await? else { return Ok(None) };
        let answer = self.open(permit.tenant(), Purpose::Replies, &claim.key, "answer", &stored.record.answer).await?;
        Ok(Some(Reply { answer, same_body: stored.record.fingerprint == claim.fingerprint }))
    }
}

impl<T> Prepared<T> {
    /// Makes it happen together with the claim and the answer. Fails with a conflict where the key is taken.
    pub async fn commit_once<P: Permission, A: Serialize>(
        mut self,
        store: &Store,
        permit: &Permit<P>,
        claim: &ReplyKey,
        answer: &A,
    ) -> Result<T, Error> {
        let answer = store.seal(permit.tenant(), Purpose::Replies, &claim.key, "answer", answer).await?;
        let expires_at = store.clock.now().plus_seconds(KEPT_SECONDS).epoch_seconds();
        let record = Record { fingerprint: claim.fingerprint.clone(), answer, expires_at };
        let item = crate::item::to_item(&claim.key, 1, SCHEMA, &record)?;
        let values = crate::item::Attributes::from([(
            ":now".to_owned(),
            crate::item::number(u64::try_from(store.clock.now().epoch_seconds()).unwrap_or(0)),
        )]);
        // An expired claim may still lie there: time to live is late.
        let free = Some("attribute_not_exists(pk) OR expires_at <= :now");
        self.write.put(store, claim.key.clone(), item, free, values, || Conflict::WrongState.into())?;
        self.commit(store).await
    }
}
