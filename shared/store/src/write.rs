//! Writes. Everything that belongs together goes into one `TransactWriteItems`, each part with its condition and with what it means if that condition
//! fails; and the audit event travels with it, because [`Write::commit`] cannot be called without one.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update},
};
use serde::Serialize;

use crate::{
    Error, Store,
    audit::Event,
    db::{failed, log},
    item::{Attributes, number, text, to_item},
    key::Key,
};

/// How often a transaction that collided with another is tried again.
const ATTEMPTS: u32 = 6;

/// A write that has been prepared and not happened yet.
#[derive(Debug, Default)]
#[must_use = "a write happens when it is committed"]
pub struct Write {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    key: Key,
    item: TransactWriteItem,
    /// What it means if this part's condition fails.
    otherwise: fn() -> Error,
}

impl Write {
    /// A write of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many items it touches; a transaction takes 100.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether it touches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether both touch the same item, which one transaction cannot do twice.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.parts.iter().any(|part| other.parts.iter().any(|theirs| part.key == theirs.key))
    }

    /// Puts an item that must not exist yet.
    pub(crate) fn create<T: Serialize>(
        &mut self,
        store: &Store,
        key: Key,
        schema: u8,
        record: &T,
        otherwise: fn() -> Error,
    ) -> Result<&mut Self, Error> {
        let item = to_item(&key, 1, schema, record)?;
        self.put_over(store, key, item, None, otherwise)
    }

    /// Replaces the item that was read with `version`; fails as stale if it has changed since.
    pub(crate) fn replace<T: Serialize>(
        &mut self,
        store: &Store,
        key: Key,
        schema: u8,
        version: u64,
        record: &T,
    ) -> Result<&mut Self, Error> {
        let item = to_item(&key, version + 1, schema, record)?;
        self.put_over(store, key, item, Some(version), || Error::Stale)
    }

    /// Puts an item made of attributes in place of the one that was read with version `replaces`, or where none was.
    pub(crate) fn put_over(
        &mut self,
        store: &Store,
        key: Key,
        item: Attributes,
        replaces: Option<u64>,
        otherwise: fn() -> Error,
    ) -> Result<&mut Self, Error> {
        let (condition, values) = match replaces {
            None => ("attribute_not_exists(pk)", Attributes::new()),
            Some(version) => ("version = :version", Attributes::from([(":version".to_owned(), number(version))])),
        };
        self.put(store, key, item, Some(condition), values, otherwise)
    }

    /// Puts an item made of attributes, under a condition of one's own.
    pub(crate) fn put(
        &mut self,
        store: &Store,
        key: Key,
        item: Attributes,
        condition: Option<&str>,
        values: Attributes,
        otherwise: fn() -> Error,
    ) -> Result<&mut Self, Error> {
        let put = Put::builder()
            .table_name(store.db.table(key.table))
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.parts.push(Part { key, item: TransactWriteItem::builder().put(put).build(), otherwise });
        Ok(self)
    }

    /// Deletes the item that was read with `version`; fails as stale if it has changed since.
    pub(crate) fn delete(&mut self, store: &Store, key: Key, version: Option<u64>) -> Result<&mut Self, Error> {
        let mut delete = Delete::builder().table_name(store.db.table(key.table)).set_key(Some(key.attributes()));
        if let Some(version) = version {
            delete = delete
                .condition_expression("version = :version")
                .expression_attribute_values(":version", number(version));
        }
        let delete = delete.build().map_err(|error| Error::Internal(error.to_string()))?;
        self.parts.push(Part {
            key,
            item: TransactWriteItem::builder().delete(delete).build(),
            otherwise: || Error::Stale,
        });
        Ok(self)
    }

    /// Deletes an item under a condition of one's own.
    pub(crate) fn delete_if(
        &mut self,
        store: &Store,
        key: Key,
        condition: &str,
        values: Attributes,
        otherwise: fn() -> Error,
    ) -> Result<&mut Self, Error> {
        let delete = Delete::builder()
            .table_name(store.db.table(key.table))
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.parts.push(Part { key, item: TransactWriteItem::builder().delete(delete).build(), otherwise });
        Ok(self)
    }

    /// Holds a condition on an item, without touching it.
    pub(crate) fn check(
        &mut self,
        store: &Store,
        key: Key,
        condition: &str,
        values: Attributes,
        otherwise: fn() -> Error,
    ) -> Result<&mut Self, Error> {
        let check = ConditionCheck::builder()
            .table_name(store.db.table(key.table))
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.parts.push(Part { key, item: TransactWriteItem::builder().condition_check(check).build(), otherwise });
        Ok(self)
    }

    /// Updates an item in place: an update expression, its values, and a condition.
    pub(crate) fn update(
        &mut self,
        store: &Store,
        key: Key,
        expression: &str,
        condition: Option<&str>,
        values: Attributes,
        otherwise: fn() -> Error,
    ) -> Result<&mut Self, Error> {
        let update = Update::builder()
            .table_name(store.db.table(key.table))
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.parts.push(Part { key, item: TransactWriteItem::builder().update(update).build(), otherwise });
        Ok(self)
    }

    /// Takes over the parts of another write.
    pub fn and(&mut self, other: Self) -> &mut Self {
        self.parts.extend(other.parts);
        self
    }

    /// Adds an event: the one that tells of the write, or a further one for another trail.
    pub(crate) async fn tell(&mut self, store: &Store, event: &Event) -> Result<&mut Self, Error> {
        let (key, item) = store.event_item(event).await?;
        self.put_over(store, key, item, None, || Error::Internal("an audit event's id came twice".to_owned()))
    }

    /// Makes it happen, all or nothing, together with the event that tells of it.
    pub async fn commit(mut self, store: &Store, event: Event) -> Result<(), Error> {
        self.tell(store, &event).await?;
        self.send(store).await
    }

    /// Makes it happen without an event, for what is nobody's act: a cache, a lease, a step of a job whose event is its own.
    pub(crate) async fn commit_unaudited(self, store: &Store) -> Result<(), Error> {
        self.send(store).await
    }

    async fn send(self, store: &Store) -> Result<(), Error> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let items: Vec<_> = self.parts.iter().map(|part| part.item.clone()).collect();
        let token = store.random_text::<18>()?;
        for attempt in 0..ATTEMPTS {
            let request = store
                .db
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let error = match Box::pin(request.send()).await {
                Ok(answer) => {
                    // One line per table, named after the first part that touches it.
                    for capacity in answer.consumed_capacity() {
                        let part = self
                            .parts
                            .iter()
                            .find(|part| Some(store.db.table(part.key.table)) == capacity.table_name());
                        if let Some(Part { key, .. }) = part {
                            log("TransactWriteItems", key.table, key.family, Some(capacity));
                        }
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(failed("TransactWriteItems")(error));
            };
            let reasons = cancelled.cancellation_reasons();
            let refused = reasons.iter().position(|reason| reason.code() == Some("ConditionalCheckFailed"));
            if let Some(part) = refused.and_then(|index| self.parts.get(index)) {
                return Err((part.otherwise)());
            }
            let collided = reasons.iter().any(|reason| {
                matches!(
                    reason.code(),
                    Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
                )
            });
            if !collided {
                return Err(failed("TransactWriteItems")(error));
            }
            tokio::time::sleep(backoff(attempt, store.random::<1>()?[0])).await;
        }
        Err(Error::Unavailable("a transaction kept colliding".to_owned()))
    }
}

/// 10 ms, doubled with each attempt, and as much again at random: two that collided do not collide again in step.
fn backoff(attempt: u32, random: u8) -> Duration {
    let base = 10_u64 << attempt.min(6);
    Duration::from_millis(base + base * u64::from(random) / 255)
}

/// What a store method has made ready: the thing as it will be, and the write that makes it so.
#[derive(Debug)]
#[must_use = "nothing has happened until it is committed"]
pub struct Prepared<T> {
    /// The thing as it will be.
    pub thing: T,
    pub(crate) write: Write,
    pub(crate) event: Event,
}

impl<T> Prepared<T> {
    /// The same write, with more said about the thing.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Prepared<U> {
        Prepared { thing: with(self.thing), write: self.write, event: self.event }
    }

    /// Makes it happen.
    pub async fn commit(self, store: &Store) -> Result<T, Error> {
        self.write.commit(store, self.event).await?;
        Ok(self.thing)
    }
}

/// A sparse index entry: things of one family in the order of `sk`.
pub(crate) fn indexed(mut item: Attributes, pk: String, sk: String) -> Attributes {
    item.insert("gsi1pk".to_owned(), text(pk));
    item.insert("gsi1sk".to_owned(), text(sk));
    item
}
