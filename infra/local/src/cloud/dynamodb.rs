//! `DynamoDB`: dynoxide with its own HTTP server, and a counting door in front of it.
//!
//! dynoxide checks requests in its HTTP layer (types, limits, wording of errors), so clients go through that layer; the
//! door costs one more hop on loopback and gives counters, consumed units and a wake-up for the readers of streams.
//! Streams are dynoxide's own: it writes a stream record in the same `SQLite` transaction as the change, so a change
//! that was acknowledged is in the stream, also after kill -9.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::cloudformation::Table;
use crate::clock::Clock;
use crate::counters::{Count, Counters};
use crate::serve::{self, Answer, BoxError};
use crate::{Error, REGION};

/// `DynamoDB` refuses bodies above 16 MiB.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// `DynamoDB` expires within days; here within a minute.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

const WRITES: [&str; 8] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
];

/// The tables, for those who read their streams.
#[derive(Clone)]
pub(crate) struct DynamoDb {
    database: Database,
    written: watch::Sender<u64>,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DynamoDb")
    }
}

/// The clock of an in-memory database, which decides what has expired.
struct ExpiryClock(Clock);

impl dynoxide::storage_backend::Clock for ExpiryClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.millis() / 1000).unwrap_or_default()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit a double exactly for the next 285,000 years"
    )]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.millis() as f64 / 1000.0
    }
}

impl DynamoDb {
    /// Opens the file (or memory) and creates the tables that are not there yet.
    pub(crate) fn open(file: Option<&Path>, tables: &[Table], clock: &Clock) -> Result<Self, Error> {
        let database = match file {
            Some(path) => {
                Database::new(path.to_str().ok_or_else(|| Error::Config("data directory: not UTF-8".into()))?)
            }
            None => Database::memory_with_clock(Arc::new(ExpiryClock(clock.clone()))),
        };
        let this = Self { database: database.map_err(Error::dynamodb)?, written: watch::Sender::new(0) };
        let existing = this.database.list_tables(request(json!({}))?).map_err(Error::dynamodb)?.table_names;
        for table in tables.iter().filter(|table| !existing.contains(&table.name)) {
            this.database.create_table(request(table.create.clone())?).map_err(Error::dynamodb)?;
            if let Some(attribute) = &table.ttl_attribute {
                let ttl = json!({ "TableName": table.name,
                    "TimeToLiveSpecification": { "Enabled": true, "AttributeName": attribute } });
                this.database.update_time_to_live(request(ttl)?).map_err(Error::dynamodb)?;
            }
        }
        if let Some(path) = file {
            hasten(path)?;
        }
        Ok(this)
    }

    /// Starts serving; returns the endpoint.
    pub(crate) async fn serve(&self, counters: Counters, tasks: &mut JoinSet<()>) -> Result<String, Error> {
        let (behind, upstream) = serve::listen(0).await?;
        let (door, endpoint) = serve::listen(0).await?;
        tasks.spawn(dynoxide::server::serve_on(behind, self.database.clone()));
        let upstream = Arc::new(Upstream {
            address: upstream.trim_start_matches("http://").to_owned(),
            idle: Mutex::default(),
            counters,
            written: self.written.clone(),
        });
        tasks.spawn(serve::serve(door, move |request, _| {
            let upstream = Arc::clone(&upstream);
            async move { upstream.pass(request).await }
        }));
        let this = self.clone();
        tasks.spawn(async move {
            let mut every = tokio::time::interval(SWEEP_EVERY);
            loop {
                every.tick().await;
                if let Err(error) = this.sweep().await {
                    tracing::warn!(%error, "sweep of expired items failed");
                }
            }
        });
        Ok(endpoint)
    }

    /// Deletes what has expired (by the cloud's clock in memory, by the machine's in a file); says how many.
    pub(crate) async fn sweep(&self) -> Result<usize, Error> {
        let database = self.database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        let swept = swept.map_err(|error| Error::Config(error.to_string()))?.map_err(Error::dynamodb)?;
        if swept > 0 {
            self.written.send_modify(|generation| *generation += 1);
        }
        Ok(swept)
    }

    /// Changes whenever something was written.
    pub(crate) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// The next stream records of a table, as an event source mapping hands them on, oldest first.
    pub(crate) fn records_after(&self, table: &str, sequence: Option<&str>, limit: usize) -> Result<Vec<Value>, Error> {
        let streams = self.database.list_streams(request(json!({ "TableName": table }))?).map_err(Error::dynamodb)?;
        let stream = streams.streams.first().ok_or_else(|| Error::Config(format!("table {table} has no stream")))?;
        let iterator = json!({
            "StreamArn": stream.stream_arn,
            "ShardId": dynoxide::streams::shard_id(table),
            "ShardIteratorType": if sequence.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" },
            "SequenceNumber": sequence,
        });
        let iterator = self.database.get_shard_iterator(request(iterator)?).map_err(Error::dynamodb)?;
        let get = json!({ "ShardIterator": iterator.shard_iterator, "Limit": limit });
        let records = self.database.get_records(request(get)?).map_err(Error::dynamodb)?.records;
        let arn = format!("arn:aws:dynamodb:{REGION}:{}:table/{table}/stream/{}", crate::ACCOUNT, stream.stream_label);
        records
            .iter()
            .map(|record| {
                let mut record = serde_json::to_value(record).map_err(Error::json)?;
                record["awsRegion"] = json!(REGION);
                record["eventSourceARN"] = json!(arn);
                Ok(record)
            })
            .collect()
    }
}

fn request<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Error> {
    serde_json::from_value(body).map_err(Error::json)
}

/// dynoxide's server, and connections to it that wait for their next request.
struct Upstream {
    address: String,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    counters: Counters,
    written: watch::Sender<u64>,
}

impl Upstream {
    async fn pass(&self, request: Request<Incoming>) -> Result<Answer, BoxError> {
        let (parts, body) = request.into_parts();
        let body = match serve::read_body(body, LARGEST_BODY).await {
            Ok(body) => body,
            Err(error) => return Ok(error.answer("application/x-amz-json-1.0")),
        };
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let wants_capacity = contains(&body, b"\"ReturnConsumedCapacity\"");
        let (mut parts, body) = self.send(Request::from_parts(parts, Full::new(body))).await?.into_parts();
        parts.headers.remove(header::TRANSFER_ENCODING);
        let succeeded = parts.status == StatusCode::OK;
        let units = if wants_capacity && succeeded { consumed(&body) } else { 0.0 };
        let writes = WRITES.contains(&operation.as_str());
        let (read_units, write_units) = if writes { (0.0, units) } else { (units, 0.0) };
        self.counters.add(
            "dynamodb",
            &operation,
            Count { calls: 1, errors: u64::from(!succeeded), read_units, write_units },
        );
        if writes && succeeded {
            self.written.send_modify(|generation| *generation += 1);
        }
        Ok(Response::from_parts(parts, serve::full(body)))
    }

    /// Sends over an idle connection, or over a new one.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, BoxError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle.filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.ready().await?;
        let (parts, body) = connection.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(Response::from_parts(parts, body))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, BoxError> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The sum of the units in an answer; transactions and batches answer with one entry per table.
fn consumed(body: &[u8]) -> f64 {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Capacity {
        capacity_units: f64,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Capacities {
        One(Capacity),
        Many(Vec<Capacity>),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body {
        consumed_capacity: Option<Capacities>,
    }
    match serde_json::from_slice::<Body>(body).ok().and_then(|body| body.consumed_capacity) {
        None => 0.0,
        Some(Capacities::One(one)) => one.capacity_units,
        Some(Capacities::Many(many)) => many.iter().map(|capacity| capacity.capacity_units).sum(),
    }
}

/// `dynoxide` asks for a table's last sequence number at each write that a stream hears of, and has no index for it: every write would look through all
/// that were before. This one is ours, in its file.
fn hasten(file: &Path) -> Result<(), Error> {
    let index = "CREATE INDEX IF NOT EXISTS ailes_last_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    Ok(rusqlite::Connection::open(file)?.execute_batch(index)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_from_single_and_from_many_tables() {
        let one = br#"{"ConsumedCapacity":{"TableName":"records","CapacityUnits":2.5}}"#;
        let many = br#"{"ConsumedCapacity":[{"CapacityUnits":1},{"CapacityUnits":4}],"Responses":{}}"#;
        assert!((consumed(one) - 2.5).abs() < f64::EPSILON);
        assert!((consumed(many) - 5.0).abs() < f64::EPSILON);
        assert!(consumed(b"{}").abs() < f64::EPSILON);
    }
}
