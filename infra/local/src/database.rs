//! One `SQLite` file for everything the local cloud keeps about itself: objects' index, queues, mails, checkpoints.
//!
//! One file means one transaction: an uploaded object and the message that tells about it become visible together, or
//! not at all. Commits are in the write-ahead log when they return, so they outlive a killed process.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::Error;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS access_keys (id TEXT PRIMARY KEY, policy TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, spec TEXT NOT NULL, created_ms INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL,
    marker INTEGER NOT NULL, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL,
    facts TEXT NOT NULL, blobs TEXT NOT NULL,
    UNIQUE (bucket, key, version));
CREATE INDEX IF NOT EXISTS versions_by_key ON versions (bucket, key, seq);

CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, facts TEXT NOT NULL, started_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL,
    facts TEXT NOT NULL, blob TEXT NOT NULL, PRIMARY KEY (upload, number));

CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT NOT NULL,
    sent_ms INTEGER NOT NULL, visible_ms INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0, first_received_ms INTEGER, receipt TEXT);
CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, visible_ms);

CREATE TABLE IF NOT EXISTS mails (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sent_ms INTEGER NOT NULL, mail TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS checkpoints (
    mapping TEXT PRIMARY KEY, sequence TEXT NOT NULL);
";

/// The database; clones share the connection.
#[derive(Clone, Debug)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens the file, or a database in memory.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Error> {
        let connection = match file {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Reads.
    pub(crate) fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        Ok(query(&self.0.lock().unwrap_or_else(PoisonError::into_inner))?)
    }

    /// Writes in one transaction, which is undone when `change` fails.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let done = change(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_fails_leaves_nothing_behind() {
        let database = Database::open(None).unwrap();
        let failed: Result<(), Error> = database.write(|c| {
            c.execute("INSERT INTO checkpoints VALUES ('m', '1')", [])?;
            Err(Error::Config("stop here".into()))
        });
        assert!(failed.is_err());
        let left: i64 =
            database.read(|c| c.query_row("SELECT count(*) FROM checkpoints", [], |row| row.get(0))).unwrap();
        assert_eq!(left, 0, "the transaction should have been undone");
    }
}
