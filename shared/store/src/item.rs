//! Items: how a record becomes attributes and back, and what every item carries.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Jst;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, key::Key};

/// An item's attributes.
pub type Attributes = HashMap<String, AttributeValue>;

/// What is sealed: opaque to everything but the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// A record with its version, as it was read. The version is the ETag.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The record.
    pub record: T,
    /// Goes up by one with every change that a reader could notice.
    pub version: u64,
}

/// Writes `record` as an item. `schema` is the version of its shape: an event or a function of another version must be able to tell.
pub(crate) fn to_item<T: Serialize>(key: &Key, version: u64, schema: u8, record: &T) -> Result<Attributes, Error> {
    let mut item: Attributes = serde_dynamo::to_item(record)
        .map_err(|error| Error::Internal(format!("writing {}: {error}", key.family.name())))?;
    item.extend(key.attributes());
    item.insert("version".to_owned(), number(version));
    item.insert("schema".to_owned(), number(u64::from(schema)));
    Ok(item)
}

/// Reads an item. Expired items are absent, however late the platform deletes them.
pub(crate) fn from_item<T: DeserializeOwned>(mut item: Attributes, now: Jst) -> Result<Option<Stored<T>>, Error> {
    if is_expired(&item, now) {
        return Ok(None);
    }
    let version = as_number(&item, "version").unwrap_or(0);
    for inner in ["pk", "sk", "version", "schema", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"] {
        item.remove(inner);
    }
    // The error's text may quote a value: it is not kept.
    let record =
        serde_dynamo::from_item(item).map_err(|_| Error::Internal("an item has an unknown shape".to_owned()))?;
    Ok(Some(Stored { record, version }))
}

/// Reads an item that may not be there.
pub(crate) fn from_optional<T: DeserializeOwned>(
    item: Option<Attributes>,
    now: Jst,
) -> Result<Option<Stored<T>>, Error> {
    item.map_or(Ok(None), |item| from_item(item, now))
}

/// Whether an item's time is over.
pub(crate) fn is_expired(item: &Attributes, now: Jst) -> bool {
    as_number(item, "expires_at").is_some_and(|at| i64::try_from(at).is_ok_and(|at| at <= now.epoch_seconds()))
}

/// A number attribute.
pub(crate) fn number(n: u64) -> AttributeValue {
    AttributeValue::N(n.to_string())
}

/// A text attribute.
pub(crate) fn text(s: impl Into<String>) -> AttributeValue {
    AttributeValue::S(s.into())
}

/// A number attribute of an item.
pub(crate) fn as_number(item: &Attributes, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A text attribute of an item.
pub(crate) fn as_text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}
