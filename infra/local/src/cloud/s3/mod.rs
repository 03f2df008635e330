//! S3: s3s (protocol, signatures, checksums on the wire) over a small versioned store of our own.
//!
//! Bytes are files ([`blobs`]), what is known about them is SQL ([`index`]). Every bucket keeps versions. A bucket may
//! tell a queue about new objects, and may be locked: then no version of it can be deleted.

mod access;
mod api;
mod blobs;
mod event;
mod index;
mod listing;
mod multipart;
mod objects;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderValue, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use jiff::fmt::rfc2822::DateTimePrinter;
use rusqlite::{Connection, OptionalExtension as _, params};
use s3s::S3Request;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use serde::{Deserialize, Serialize};

pub use self::access::{AccessKey, Session};
use self::blobs::Blobs;
use self::event::{Cause, Created};
use self::index::Version;
use super::iam::Iam;
use super::sqs::{self, Sqs};
use crate::Error;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::database::Database;
use crate::serve::{Answer, BoxError};

tokio::task_local! {
    /// The operation of the request that is being answered, for the counters.
    static OPERATION: RefCell<String>;
}

/// A bucket to have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSpec {
    /// Its name.
    pub name: String,
    /// Object lock: versions cannot be deleted.
    pub locked: bool,
    /// The queue that hears of new objects.
    pub notify: Option<String>,
}

impl BucketSpec {
    /// A bucket with versions and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Tells a queue about every new object.
    #[must_use]
    pub fn notify(self, queue: impl Into<String>) -> Self {
        Self { notify: Some(queue.into()), ..self }
    }

    /// Keeps every version for good.
    #[must_use]
    pub fn locked(self) -> Self {
        Self { locked: true, ..self }
    }
}

/// The key of whoever looks after the deployment, who may do everything.
#[derive(Clone, Serialize, Deserialize)]
pub struct RootKey {
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RootKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The object store; clones share it.
#[derive(Clone, Debug)]
pub struct S3Store {
    database: Database,
    blobs: Blobs,
    sqs: Sqs,
    clock: Clock,
    root: Arc<RootKey>,
    iam: Option<Iam>,
    /// Where blobs lie when nothing is kept: deleted with the last clone.
    _scratch: Option<Arc<Scratch>>,
}

/// A directory that goes with its owner.
#[derive(Debug)]
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl S3Store {
    /// Opens the store under a directory; `scratch` says that the directory goes when the store goes.
    pub(super) fn open(
        directory: &Path,
        scratch: bool,
        database: Database,
        buckets: &[BucketSpec],
        sqs: Sqs,
        clock: Clock,
        iam: Option<Iam>,
    ) -> Result<Self, Error> {
        let known = database.read(index::known_blobs)?;
        let blobs = Blobs::open(directory.join("blobs"), !scratch, &known)
            .map_err(|error| Error::io("opening the object store", error))?;
        let root = database.write(root_key)?;
        let this = Self {
            database,
            blobs,
            sqs,
            clock,
            root: Arc::new(root),
            iam,
            _scratch: scratch.then(|| Arc::new(Scratch(directory.to_owned()))),
        };
        for bucket in buckets {
            this.put_bucket(bucket)?;
        }
        Ok(this)
    }

    /// Creates a bucket, or changes what is known about it.
    pub fn put_bucket(&self, spec: &BucketSpec) -> Result<(), Error> {
        let text = serde_json::to_string(spec).map_err(Error::json)?;
        self.database.write(|c| {
            c.execute(
                "INSERT INTO buckets (name, spec, created_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET spec = excluded.spec",
                params![spec.name, text, self.clock.millis()],
            )
        })?;
        Ok(())
    }

    /// Lets a customer's system in, or changes what it may; the key outlives restarts.
    pub fn put_access_key(&self, key: &AccessKey) -> Result<(), Error> {
        let text = serde_json::to_string(key).map_err(Error::json)?;
        self.database.write(|c| {
            c.execute("INSERT OR REPLACE INTO access_keys (id, policy) VALUES (?1, ?2)", params![key.id, text])
        })?;
        Ok(())
    }

    /// Lets a session in; those that have ended are forgotten.
    pub(super) fn put_session(&self, key: &AccessKey) -> Result<(), Error> {
        let ended = "DELETE FROM access_keys WHERE json_extract(policy, '$.session.expires_ms') <= ?1";
        self.database.write(|c| c.execute(ended, [self.clock.millis()]))?;
        self.put_access_key(key)
    }

    /// Shuts a customer's system out.
    pub fn remove_access_key(&self, id: &str) -> Result<(), Error> {
        self.database.write(|c| c.execute("DELETE FROM access_keys WHERE id = ?1", [id]))?;
        Ok(())
    }

    /// The key that opens everything.
    #[must_use]
    pub fn root(&self) -> &RootKey {
        &self.root
    }

    /// As whom a request puts objects.
    fn principal<T>(&self, request: &S3Request<T>) -> String {
        let Some(credentials) = &request.credentials else { return "anonymous".to_owned() };
        let key = self.access_key(&credentials.access_key);
        key.and_then(|key| key.principal).unwrap_or_else(|| credentials.access_key.clone())
    }

    fn access_key(&self, id: &str) -> Option<AccessKey> {
        let select = "SELECT policy FROM access_keys WHERE id = ?1";
        let text: Option<String> =
            self.database.read(|c| c.query_row(select, [id], |row| row.get(0)).optional()).ok().flatten();
        text.and_then(|text| serde_json::from_str(&text).ok())
    }

    fn bucket(&self, name: &str) -> Result<Option<BucketSpec>, Error> {
        self.database.read(|c| find_bucket(c, name))
    }

    pub(super) fn service(&self) -> S3Service {
        let mut config = S3Config::default();
        // Dates are checked by `access`, against the cloud's clock.
        config.presigned_url_max_skew_time_secs = u32::MAX;
        let mut builder = S3ServiceBuilder::new(self.clone());
        builder.set_auth(self.clone());
        builder.set_access(self.clone());
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        builder.build()
    }

    /// Adds a version of `key` and, in the same transaction, the message about it.
    fn commit(
        &self,
        c: &Connection,
        bucket: &BucketSpec,
        new: &Version,
        cause: Cause,
        principal: &str,
    ) -> rusqlite::Result<()> {
        let sequence = index::add(c, &bucket.name, new)?;
        let Some(queue) = &bucket.notify else { return Ok(()) };
        let created = Created {
            cause,
            bucket: &bucket.name,
            key: &new.key,
            version: &new.id,
            size: new.size,
            etag: &new.facts.etag,
            sequence,
            at: self.clock.timestamp(),
            principal,
        };
        let body = event::notification(&created).to_string();
        sqs::insert(c, queue, &body, &serde_json::Value::Null, std::time::Duration::ZERO)?;
        Ok(())
    }
}

/// Answers one request, counting it.
pub(super) async fn answer(
    service: S3Service,
    counters: Counters,
    clock: Clock,
    request: http::Request<Incoming>,
) -> Result<Answer, BoxError> {
    let answering = async {
        let answer = service.call(request.map(s3s::Body::from)).await;
        let operation = OPERATION.with(|noted| noted.borrow().clone());
        (operation, answer)
    };
    let (operation, answer) = OPERATION.scope(RefCell::default(), answering).await;
    let mut answer = answer.map_err(|error| BoxError::from(format!("{error:?}")))?;
    // Clients correct their clock by this one: the machine's would have them sign for another time than the cloud's.
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.timestamp())?;
    answer.headers_mut().insert(header::DATE, HeaderValue::from_str(&date)?);
    let operation = if operation.is_empty() { "Refused" } else { &operation };
    counters.called("s3", operation, answer.status().as_u16() >= 400);
    Ok(answer.map(BodyExt::boxed_unsync))
}

fn find_bucket(c: &Connection, name: &str) -> rusqlite::Result<Option<BucketSpec>> {
    let text: Option<String> =
        c.query_row("SELECT spec FROM buckets WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The root key, made at the first start.
fn root_key(c: &Connection) -> Result<RootKey, Error> {
    const ROW: &str = "root";
    let select = "SELECT policy FROM access_keys WHERE id = ?1";
    let text: Option<String> = c.query_row(select, [ROW], |row| row.get(0)).optional()?;
    if let Some(text) = text {
        return serde_json::from_str(&text).map_err(Error::json);
    }
    let random = || uuid::Uuid::new_v4().simple().to_string();
    let root = RootKey { id: format!("LOCAL{}", &random()[..15].to_uppercase()), secret: random() + &random()[..8] };
    let text = serde_json::to_string(&root).map_err(Error::json)?;
    c.execute("INSERT INTO access_keys (id, policy) VALUES (?1, ?2)", params![ROW, text])?;
    Ok(root)
}
