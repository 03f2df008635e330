//! Tamper evidence of the audit trail (改ざん検知, R-22): what shows that no event was removed, changed, moved or added behind the service's back.
//!
//! ```text
//!                  stream                                        daily, 00:30
//! event in `audit` ──────▶ copy in an object-locked bucket, ──────────────────▶ seal of the day: the names of all its copies,
//!        │                 named after its MAC       │                          linked to the seal of the day before
//!        └──────────────── compared ─────────────────┴────────────── compared ─────────────┘
//! ```
//!
//! A copy's name holds all that comparing takes, so that a day is compared by listing the bucket. What the copies and the seals are told by are keyed hashes under
//! a key that the two functions which make them may unwrap, and nobody else ([`vault::Purpose::AuditMac`]). Why so: `docs/decisions/0013-tamper-evidence.md`.

use std::collections::BTreeMap;

use authz::{Permit, permission::ArchiveTrail};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{get_object::GetObjectError, put_object::PutObjectError},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{ids::PLATFORM, time::Jst};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};

use crate::{
    Error, Event, Store, audit,
    db::failed,
    item::Attributes,
    key::{Family, Key, Table},
};

mod compare;
mod days;

pub use compare::{Break, BreakKind};
pub use days::{DayLook, SealedDays, Verification};

/// How long after its own time an event may be stored: longer than any function runs.
pub(crate) const LATEST_SECONDS: i64 = 15 * 60;

/// The object-locked bucket of copies and seals.
#[derive(Debug, Clone)]
pub struct TrailBucket {
    client: Client,
    bucket: String,
}

impl TrailBucket {
    /// The bucket with this name.
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Puts an object where none is; whether there was none.
    async fn put_new(&self, key: &str, body: String) -> Result<bool, Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
        match Box::pin(request.body(body.into_bytes().into()).send()).await {
            Ok(_) => Ok(true),
            Err(error) if is_there_already(&error) => Ok(false),
            Err(error) => Err(failed("PutObject")(error)),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<String>, Error> {
        let answer = match Box::pin(self.client.get_object().bucket(&self.bucket).key(key).send()).await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let body = answer.body.collect().await.map_err(|error| Error::Unavailable(error.to_string()))?;
        // What is no text was not written by us: as a seal it is none.
        Ok(Some(String::from_utf8_lossy(&body.to_vec()).into_owned()))
    }

    /// The names of all objects that begin with `prefix`, in order; those after `after`, if one is named.
    async fn list(&self, prefix: &str, after: Option<String>) -> Result<Vec<String>, Error> {
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let request = request.set_start_after(after.clone()).set_continuation_token(token);
            let page = Box::pin(request.send()).await.map_err(failed("ListObjectsV2"))?;
            names.extend(page.contents.into_iter().flatten().filter_map(|object| object.key));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// The first day that anything was copied on.
    async fn first_day(&self) -> Result<Option<Date>, Error> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(COPIES).delimiter("/").max_keys(1);
        let page = Box::pin(request.send()).await.map_err(failed("ListObjectsV2"))?;
        let folder = page.common_prefixes.unwrap_or_default().into_iter().next().and_then(|folder| folder.prefix);
        Ok(folder.and_then(|folder| folder.strip_prefix(COPIES)?.trim_end_matches('/').parse().ok()))
    }
}

/// `If-None-Match` found something.
fn is_there_already<R>(error: &SdkError<PutObjectError, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("PreconditionFailed")
}

/// Where copies lie.
const COPIES: &str = "events/";

/// An item of the trail, as the stream tells it and as the table holds it: every attribute that there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Image(BTreeMap<String, Typed>);

/// The kinds of attributes that an event has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Typed {
    S(String),
    N(String),
    /// Base64.
    B(String),
}

impl Image {
    /// `None` where an attribute is of a kind that no event has.
    fn of_item(item: &Attributes) -> Option<Self> {
        let typed = |value: &AttributeValue| match value {
            AttributeValue::S(text) => Some(Typed::S(text.clone())),
            AttributeValue::N(number) => Some(Typed::N(number.clone())),
            AttributeValue::B(bytes) => Some(Typed::B(STANDARD.encode(bytes))),
            _ => None,
        };
        item.iter().map(|(name, value)| Some((name.clone(), typed(value)?))).collect::<Option<_>>().map(Self)
    }

    fn text(&self, name: &str) -> Option<&str> {
        if let Some(Typed::S(text)) = self.0.get(name) { Some(text) } else { None }
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(Typed::B(base64)) = self.0.get(name) { STANDARD.decode(base64).ok() } else { None }
    }

    /// What is copied, and what the MAC is of: the item and when it was stored, in one spelling.
    fn body(&self, stored_at: i64) -> Result<String, Error> {
        Ok(serde_json::to_string(&(stored_at, self))?)
    }
}

/// One copy, as its name tells: which event, when it was stored, and its MAC. In the order of the events' times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry {
    sk: String,
    pk: String,
    stored_at: i64,
    mac: String,
}

impl Entry {
    fn of(hashes: &Lookup, pk: String, sk: String, stored_at: i64, body: &str) -> Self {
        Self { sk, pk, stored_at, mac: hashes.hash("event", body).to_string() }
    }

    fn object(&self) -> String {
        let Self { sk, pk, stored_at, mac } = self;
        format!("{COPIES}{}/{pk}/{sk}/{stored_at}-{mac}", day_of(sk))
    }

    fn of_object(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(COPIES)?.split('/');
        let (_, pk, sk, last) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (stored_at, mac) = last.split_once('-')?;
        Some(Self { sk: sk.to_owned(), pk: pk.to_owned(), stored_at: stored_at.parse().ok()?, mac: mac.to_owned() })
    }
}

/// The day of an event's sort key, which begins with its time.
fn day_of(sk: &str) -> &str {
    sk.get(..10).unwrap_or(sk)
}

/// The time and the id of an event's sort key.
fn time_and_id(sk: &str) -> Option<(Jst, &str)> {
    let (time, id) = sk.split_once('#')?;
    Some((time.parse().ok()?, id))
}

/// An event that was copied.
#[derive(Debug)]
pub struct Archived {
    /// The event.
    pub event: Event,
    /// It was stored long after the time that it says of itself.
    pub late: bool,
}

impl Store {
    /// Copies an event, as the stream tells it. `None` where it is none of ours: it does not open, or not at this place. Then it is not copied, and who compares will
    /// find it as added.
    pub async fn archive_event(
        &self,
        _permit: &Permit<ArchiveTrail>,
        bucket: &TrailBucket,
        image: &serde_json::Value,
        stored_at: i64,
    ) -> Result<Option<Archived>, Error> {
        let Ok(image) = Image::deserialize(image) else { return Ok(None) };
        let Some(event) = self.genuine(&image).await? else { return Ok(None) };
        let body = image.body(stored_at)?;
        let key = audit::key(&event);
        let hashes = Box::pin(self.vault.trail_hashes()).await?;
        let entry = Entry::of(&hashes, key.pk, key.sk, stored_at, &body);
        // The same copy under the same name: the stream delivered it before.
        bucket.put_new(&entry.object(), body).await?;
        let late = stored_at > event.at.plus_seconds(LATEST_SECONDS).epoch_seconds();
        Ok(Some(Archived { event, late }))
    }

    /// The event in an item, if a function of ours wrote it to this very place.
    async fn genuine(&self, image: &Image) -> Result<Option<Event>, Error> {
        let (Some(pk), Some(sk), Some(sealed)) = (image.text("pk"), image.text("sk"), image.bytes("sealed")) else {
            return Ok(None);
        };
        let key = Key { table: Table::Audit, family: Family::Event, pk: pk.to_owned(), sk: sk.to_owned() };
        let entity = key.entity();
        let place = crate::place(PLATFORM, &key, &entity, audit::SEALED);
        let event: Event = match Box::pin(self.vault.open(Purpose::Audit, &place, &sealed)).await {
            Ok(plain) => serde_json::from_slice(&plain)?,
            Err(vault::Error::CannotOpen | vault::Error::KeyGone) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok((audit::key(&event) == key).then_some(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r22_a_copys_name_says_all_that_comparing_takes() {
        let (pk, sk) = ("T#platform#EVENT#2026-04-01#3", "2026-04-01T09:00:00.000+09:00#aud_1");
        let hashes = Lookup::for_tests([1; 32]).unwrap();
        let entry = Entry::of(&hashes, pk.to_owned(), sk.to_owned(), 1_775_001_600, "x");
        assert!(entry.object().starts_with("events/2026-04-01/T#platform#EVENT#2026-04-01#3/2026-04-01T09"));
        assert_eq!(Entry::of_object(&entry.object()), Some(entry));
        assert_eq!(Entry::of_object("seals/2026-04-01"), None);
    }

    #[test]
    fn r22_the_stream_and_the_table_tell_the_same_item_alike() {
        let item = Attributes::from([
            ("pk".to_owned(), AttributeValue::S("a".to_owned())),
            ("sealed".to_owned(), AttributeValue::B(vec![0, 255].into())),
            ("expires_at".to_owned(), AttributeValue::N("1".to_owned())),
        ]);
        let streamed = serde_json::json!({"sealed": {"B": "AP8="}, "pk": {"S": "a"}, "expires_at": {"N": "1"}});
        let (table, stream) = (Image::of_item(&item).unwrap(), Image::deserialize(&streamed).unwrap());
        assert_eq!(table.body(7).unwrap(), stream.body(7).unwrap());
        let odd = Attributes::from([("pk".to_owned(), AttributeValue::Bool(true))]);
        assert_eq!(Image::of_item(&odd), None);
    }
}
