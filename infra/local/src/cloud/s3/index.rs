//! Which versions, uploads and parts there are, in SQL. A new version and the message that tells about it are one
//! transaction, so a PUT that was acknowledged is never forgotten by those who wait for it.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::blobs::Blob;

/// What is kept about an object beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) etag: String,
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tagging: Option<String>,
    pub(super) sums: Sums,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub(super) sum_type: Option<String>,
    /// Of an upload: the algorithm it announced.
    pub(super) sum_algorithm: Option<String>,
    /// Server-side encryption as the caller asked for it; local bytes lie in the clear.
    pub(super) encryption: Option<String>,
    pub(super) kms_key: Option<String>,
}

/// Checksums in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

/// A version, or a delete marker.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) marker: bool,
    pub(super) size: u64,
    pub(super) modified_ms: i64,
    pub(super) facts: Facts,
    pub(super) blobs: Vec<Blob>,
}

/// A part of an upload.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) modified_ms: i64,
    pub(super) facts: Facts,
    pub(super) blob: Blob,
}

/// An upload that is under way.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) facts: Facts,
    pub(super) started_ms: i64,
}

const VERSION: &str = "key, version, marker, size, modified_ms, facts, blobs";

fn version(row: &Row) -> rusqlite::Result<Version> {
    Ok(Version {
        key: row.get(0)?,
        id: row.get(1)?,
        marker: row.get(2)?,
        size: row.get(3)?,
        modified_ms: row.get(4)?,
        facts: json(row, 5)?,
        blobs: json(row, 6)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into()))
}

fn text<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The newest version of a key (perhaps a delete marker), or the one that is named.
pub(super) fn find(c: &Connection, bucket: &str, key: &str, named: Option<&str>) -> rusqlite::Result<Option<Version>> {
    let query = format!(
        "SELECT {VERSION} FROM versions WHERE bucket = ?1 AND key = ?2 AND (?3 IS NULL OR version = ?3)
         ORDER BY seq DESC LIMIT 1"
    );
    c.prepare_cached(&query)?.query_row(params![bucket, key, named], version).optional()
}

/// Adds a version; its number orders everything in the store.
pub(super) fn add(c: &Connection, bucket: &str, new: &Version) -> rusqlite::Result<i64> {
    c.execute(
        "INSERT INTO versions (bucket, key, version, marker, size, modified_ms, facts, blobs)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![bucket, new.key, new.id, new.marker, new.size, new.modified_ms, text(&new.facts)?, text(&new.blobs)?],
    )?;
    Ok(c.last_insert_rowid())
}

/// Forgets a version.
pub(super) fn remove(c: &Connection, bucket: &str, key: &str, version: &str) -> rusqlite::Result<()> {
    c.execute("DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND version = ?3", params![bucket, key, version])?;
    Ok(())
}

/// Visits versions in the order of listings (by key, newest first) from `key` on, until `visit` says stop.
pub(super) fn walk(
    c: &Connection,
    bucket: &str,
    from_key: &str,
    mut visit: impl FnMut(Version, bool) -> std::ops::ControlFlow<()>,
) -> rusqlite::Result<()> {
    let query = format!("SELECT {VERSION} FROM versions WHERE bucket = ?1 AND key >= ?2 ORDER BY key, seq DESC");
    let mut select = c.prepare_cached(&query)?;
    let mut rows = select.query(params![bucket, from_key])?;
    let mut last_key: Option<String> = None;
    while let Some(row) = rows.next()? {
        let found = version(row)?;
        let newest = last_key.as_deref() != Some(&found.key);
        last_key = Some(found.key.clone());
        if visit(found, newest).is_break() {
            break;
        }
    }
    Ok(())
}

/// Starts an upload.
pub(super) fn start_upload(c: &Connection, bucket: &str, upload: &Upload) -> rusqlite::Result<()> {
    c.execute(
        "INSERT INTO uploads (id, bucket, key, facts, started_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![upload.id, bucket, upload.key, text(&upload.facts)?, upload.started_ms],
    )?;
    Ok(())
}

fn upload(row: &Row) -> rusqlite::Result<Upload> {
    Ok(Upload { id: row.get(0)?, key: row.get(1)?, facts: json(row, 2)?, started_ms: row.get(3)? })
}

/// An upload under way.
pub(super) fn find_upload(c: &Connection, bucket: &str, key: &str, id: &str) -> rusqlite::Result<Option<Upload>> {
    c.query_row(
        "SELECT id, key, facts, started_ms FROM uploads WHERE bucket = ?1 AND key = ?2 AND id = ?3",
        params![bucket, key, id],
        upload,
    )
    .optional()
}

/// Every upload under way in a bucket.
pub(super) fn uploads(c: &Connection, bucket: &str) -> rusqlite::Result<Vec<Upload>> {
    let mut select =
        c.prepare("SELECT id, key, facts, started_ms FROM uploads WHERE bucket = ?1 ORDER BY key, started_ms")?;
    select.query_map([bucket], upload)?.collect()
}

/// Keeps a part; returns the blob of the part that it replaces.
pub(super) fn put_part(c: &Connection, upload: &str, part: &Part) -> rusqlite::Result<Option<Blob>> {
    let replaced = c
        .query_row("SELECT blob FROM parts WHERE upload = ?1 AND number = ?2", params![upload, part.number], |row| {
            json(row, 0)
        })
        .optional()?;
    c.execute(
        "INSERT OR REPLACE INTO parts (upload, number, size, modified_ms, facts, blob) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![upload, part.number, part.blob.size, part.modified_ms, text(&part.facts)?, text(&part.blob)?],
    )?;
    Ok(replaced)
}

/// An upload's parts by number.
pub(super) fn parts(c: &Connection, upload: &str) -> rusqlite::Result<Vec<Part>> {
    let mut select =
        c.prepare("SELECT number, modified_ms, facts, blob FROM parts WHERE upload = ?1 ORDER BY number")?;
    let rows = select.query_map([upload], |row| {
        Ok(Part { number: row.get(0)?, modified_ms: row.get(1)?, facts: json(row, 2)?, blob: json(row, 3)? })
    })?;
    rows.collect()
}

/// Forgets an upload and its parts.
pub(super) fn end_upload(c: &Connection, id: &str) -> rusqlite::Result<()> {
    c.execute("DELETE FROM parts WHERE upload = ?1", [id])?;
    c.execute("DELETE FROM uploads WHERE id = ?1", [id])?;
    Ok(())
}

/// The names of all blobs that something refers to.
pub(super) fn known_blobs(c: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut known = HashSet::new();
    let mut versions = c.prepare("SELECT blobs FROM versions")?;
    for blobs in versions.query_map([], |row| json::<Vec<Blob>>(row, 0))? {
        known.extend(blobs?.into_iter().map(|blob| blob.name));
    }
    let mut parts = c.prepare("SELECT blob FROM parts")?;
    for blob in parts.query_map([], |row| json::<Blob>(row, 0))? {
        known.insert(blob?.name);
    }
    Ok(known)
}
