//! Standard queues: at least once, with a visibility timeout, a receive count and a dead-letter queue.
//!
//! Messages are rows. One that was received and not deleted comes back when its timeout ends, and at once when the
//! local cloud starts again, because whoever held it died with the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use s3s::crypto::{Checksum as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use super::iam::Iam;
use crate::clock;
use crate::counters::Counters;
use crate::database::Database;
use crate::{ACCOUNT, Error, REGION};

/// A queue to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSpec {
    /// Its name.
    pub name: String,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// After how many receives a message goes to which queue.
    pub dead_letter: Option<(u32, String)>,
}

impl QueueSpec {
    /// A queue with 30 seconds of visibility and without a dead-letter queue.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), visibility: Duration::from_secs(30), dead_letter: None }
    }

    /// Hides received messages for this long.
    #[must_use]
    pub fn visibility(self, visibility: Duration) -> Self {
        Self { visibility, ..self }
    }

    /// Moves a message that was received `receives` times without success to another queue.
    #[must_use]
    pub fn dead_letter(self, receives: u32, queue: impl Into<String>) -> Self {
        Self { dead_letter: Some((receives, queue.into())), ..self }
    }
}

/// A message that somebody received.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id, the same at each receive.
    pub id: String,
    /// What deletes it, new at each receive.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// Message attributes as they were sent.
    pub attributes: Value,
    /// When it was sent (milliseconds since 1970).
    pub sent_ms: i64,
    /// When it was first received.
    pub first_received_ms: i64,
    /// How often it was received, this time included.
    pub receives: u32,
}

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// Waiting to be received.
    pub waiting: u64,
    /// Received and hidden, or sent with a delay.
    pub hidden: u64,
}

/// The queues of the local cloud.
#[derive(Clone, Debug)]
pub struct Sqs {
    pub(super) database: Database,
    specs: Arc<BTreeMap<String, QueueSpec>>,
    pub(super) counters: Counters,
    pub(super) iam: Option<Iam>,
    changed: watch::Sender<u64>,
}

impl Sqs {
    pub(crate) fn open(
        database: Database,
        specs: &[QueueSpec],
        counters: Counters,
        iam: Option<Iam>,
    ) -> Result<Self, Error> {
        // Whoever had received something died with the process.
        database.write(|c| c.execute("UPDATE messages SET visible_ms = 0 WHERE receipt IS NOT NULL", []))?;
        let specs = Arc::new(specs.iter().map(|spec| (spec.name.clone(), spec.clone())).collect());
        Ok(Self { database, specs, counters, iam, changed: watch::Sender::new(0) })
    }

    /// A queue's settings.
    #[must_use]
    pub fn spec(&self, queue: &str) -> Option<&QueueSpec> {
        self.specs.get(queue)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.specs.keys()
    }

    /// Sends; returns the message's id.
    pub fn send(&self, queue: &str, body: &str) -> Result<String, Error> {
        self.send_with(queue, body, &Value::Null, Duration::ZERO)
    }

    /// Sends with message attributes and a delay.
    pub fn send_with(&self, queue: &str, body: &str, attributes: &Value, delay: Duration) -> Result<String, Error> {
        let id = self.database.write(|c| insert(c, queue, body, attributes, delay))?;
        self.wake();
        Ok(id)
    }

    /// Tells waiting receivers to look again.
    pub(crate) fn wake(&self) {
        self.changed.send_modify(|generation| *generation += 1);
    }

    /// Changes whenever a message arrives, is deleted or becomes visible by request.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes up to `limit` visible messages and hides them; what was received too often goes to the dead-letter queue.
    pub fn receive(&self, queue: &str, limit: usize, visibility: Option<Duration>) -> Result<Vec<Message>, Error> {
        let now = clock::system_millis();
        let spec = self.specs.get(queue).cloned().unwrap_or_else(|| QueueSpec::new(queue));
        let until = now + millis(visibility.unwrap_or(spec.visibility));
        let (taken, buried) = self.database.write(|c| {
            let buried = match &spec.dead_letter {
                Some((receives, grave)) => c.execute(
                    "UPDATE messages SET queue = ?3, receives = 0, receipt = NULL, first_received_ms = NULL
                     WHERE queue = ?1 AND visible_ms <= ?2 AND receives >= ?4",
                    params![queue, now, grave, receives],
                )?,
                None => 0,
            };
            let mut select = c.prepare_cached(
                "SELECT id, body, attributes, sent_ms, receives, first_received_ms FROM messages
                 WHERE queue = ?1 AND visible_ms <= ?2 ORDER BY sent_ms LIMIT ?3",
            )?;
            let rows = select.query_map(params![queue, now, i64::try_from(limit).unwrap_or(10)], |row| {
                let attributes: String = row.get(2)?;
                Ok(Message {
                    id: row.get(0)?,
                    receipt: Uuid::new_v4().to_string(),
                    body: row.get(1)?,
                    attributes: serde_json::from_str(&attributes).unwrap_or_default(),
                    sent_ms: row.get(3)?,
                    receives: row.get::<_, u32>(4)? + 1,
                    first_received_ms: row.get::<_, Option<i64>>(5)?.unwrap_or(now),
                })
            })?;
            let taken = rows.collect::<Result<Vec<_>, _>>()?;
            let mut update = c.prepare_cached(
                "UPDATE messages SET visible_ms = ?2, receives = ?3, first_received_ms = ?4, receipt = ?5 WHERE id = ?1",
            )?;
            for message in &taken {
                update.execute(params![message.id, until, message.receives, message.first_received_ms, message.receipt])?;
            }
            Ok::<_, Error>((taken, buried))
        })?;
        if buried > 0 {
            self.wake();
        }
        Ok(taken)
    }

    /// Deletes by receipt; a receipt of an earlier receive deletes nothing. Says whether it did.
    pub fn delete(&self, queue: &str, receipt: &str) -> Result<bool, Error> {
        let deleted = self
            .database
            .write(|c| c.execute("DELETE FROM messages WHERE queue = ?1 AND receipt = ?2", params![queue, receipt]))?;
        self.wake();
        Ok(deleted > 0)
    }

    /// Hides a received message for `visibility` from now on (zero: back at once). Says whether it is still held.
    pub fn change_visibility(&self, queue: &str, receipt: &str, visibility: Duration) -> Result<bool, Error> {
        let until = clock::system_millis() + millis(visibility);
        let changed = self.database.write(|c| {
            c.execute(
                "UPDATE messages SET visible_ms = ?3 WHERE queue = ?1 AND receipt = ?2",
                params![queue, receipt, until],
            )
        })?;
        self.wake();
        Ok(changed > 0)
    }

    /// How many messages wait and how many are hidden.
    pub fn depth(&self, queue: &str) -> Result<Depth, Error> {
        let now = clock::system_millis();
        self.database.read(|c| {
            c.query_row(
                "SELECT coalesce(sum(visible_ms <= ?2), 0), coalesce(sum(visible_ms > ?2), 0) FROM messages WHERE queue = ?1",
                params![queue, now],
                |row| Ok(Depth { waiting: row.get(0)?, hidden: row.get(1)? }),
            )
        })
    }

    /// When the next hidden message of a queue becomes visible.
    pub(crate) fn next_visible_in(&self, queue: &str) -> Result<Option<Duration>, Error> {
        let next: Option<i64> = self.database.read(|c| {
            let query = "SELECT min(visible_ms) FROM messages WHERE queue = ?1";
            Ok(c.query_row(query, params![queue], |row| row.get(0)).optional()?.flatten())
        })?;
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - clock::system_millis()).unwrap_or(0))))
    }
}

/// Sends inside somebody else's transaction.
pub(crate) fn insert(
    c: &Connection,
    queue: &str,
    body: &str,
    attributes: &Value,
    delay: Duration,
) -> rusqlite::Result<String> {
    let (id, now) = (Uuid::new_v4().to_string(), clock::system_millis());
    c.execute(
        "INSERT INTO messages (id, queue, body, attributes, sent_ms, visible_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, queue, body, attributes.to_string(), now, now + millis(delay)],
    )?;
    Ok(id)
}

/// A queue's ARN.
pub(crate) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

pub(crate) fn md5_hex(text: &str) -> String {
    crate::hex(&Md5::checksum(text.as_bytes()))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
