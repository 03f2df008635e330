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
use dynoxide::{Database, DynoxideError};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::cloudformation::Table;
use super::iam::{self, Iam};
use crate::clock::Clock;
use crate::counters::{Count, Counters};
use crate::serve::{self, Answer, BoxError, ServiceError};
use crate::{Error, REGION};

/// `DynamoDB` refuses bodies above 16 MiB.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// `DynamoDB` expires within days; here within a minute.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// The tables of the templates.
const TABLES: [&str; 4] = ["records", "names", "keys", "audit"];

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
        let database = if let Some(file) = file {
            on_file(file, tables)?
        } else {
            // An index of ours cannot be made in a database in memory, but comes with a copy of one that has it.
            let prepared = std::env::temp_dir().join(format!("local-dynamodb-{}", uuid::Uuid::new_v4().simple()));
            drop(on_file(&prepared, tables)?);
            let database = Database::memory_with_clock(Arc::new(ExpiryClock(clock.clone())));
            let database = database.map_err(Error::dynamodb)?;
            let copied = database.restore_from(name(&prepared)?).map_err(Error::dynamodb);
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", prepared.display()));
            }
            copied.map(|()| database)?
        };
        Ok(Self { database, written: watch::Sender::new(0) })
    }

    /// Starts serving; returns the endpoint.
    pub(crate) async fn serve(
        &self,
        counters: Counters,
        iam: Option<Iam>,
        tasks: &mut JoinSet<()>,
    ) -> Result<String, Error> {
        let (behind, upstream) = serve::listen(0).await?;
        let (door, endpoint) = serve::listen(0).await?;
        tasks.spawn(dynoxide::server::serve_on(behind, self.database.clone()));
        let upstream = Arc::new(Upstream {
            address: upstream.trim_start_matches("http://").to_owned(),
            idle: Mutex::default(),
            counters,
            iam,
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

    /// Answers one of the requests that functions make all day, without a socket in between: a status and a body; nothing for any other operation.
    pub(crate) fn answer(&self, operation: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        fn run<Q: DeserializeOwned, A: Serialize>(
            body: &[u8],
            act: impl FnOnce(Q) -> Result<A, DynoxideError>,
        ) -> Result<Vec<u8>, DynoxideError> {
            let refused = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
            serde_json::to_vec(&act(serde_json::from_slice(body).map_err(refused)?)?).map_err(refused)
        }
        let database = &self.database;
        let done = match operation {
            "GetItem" => run(body, |request| database.get_item(request)),
            "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
            "Query" => run(body, |request| database.query(request)),
            "PutItem" => run(body, |request| database.put_item(request)),
            "UpdateItem" => run(body, |request| database.update_item(request)),
            "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
            _ => return None,
        };
        Some(done.map_or_else(|error| (error.status_code(), error.to_json().into_bytes()), |body| (200, body)))
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
    iam: Option<Iam>,
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
        let parts_asked = if self.iam.is_some() { asked(&operation, &body) } else { Vec::new() };
        let allowed = self.iam.as_ref().map_or(Ok(()), |iam| iam.check(iam::signer(&parts.headers), &parts_asked));
        if let Err(refused) = allowed {
            self.counters.called("dynamodb", &operation, true);
            return Ok(ServiceError::client("AccessDeniedException", refused).answer("application/x-amz-json-1.0"));
        }
        let wants_capacity = contains(&body, b"\"ReturnConsumedCapacity\"");
        let (mut parts, body) = self.send(Request::from_parts(parts, Full::new(body))).await?.into_parts();
        parts.headers.remove(header::TRANSFER_ENCODING);
        let succeeded = parts.status == StatusCode::OK;
        let by_table = if wants_capacity && succeeded { consumed(&body) } else { Vec::new() };
        let units = by_table.iter().map(|(_, units)| units).sum();
        let writes = WRITES.contains(&operation.as_str());
        let (read_units, write_units) = if writes { (0.0, units) } else { (units, 0.0) };
        self.counters.add(
            "dynamodb",
            &operation,
            Count { calls: 1, errors: u64::from(!succeeded), read_units, write_units },
        );
        if writes && succeeded {
            let of_trail = by_table.iter().filter(|(table, _)| table == "audit").map(|(_, units)| units).sum();
            self.count_events(&operation, &parts_asked, of_trail);
            self.written.send_modify(|generation| *generation += 1);
        }
        Ok(Response::from_parts(parts, serve::full(body)))
    }

    /// What is told to the trail, as `trail.PutItem` where events travel alone, and as `trail.TransactWriteItems` where they go with what they tell about.
    fn count_events(&self, operation: &str, asked: &[iam::Request], write_units: f64) {
        let events = asked.iter().filter(|part| part.is_on("AuditTable")).count();
        let operation = if events == asked.len() { "PutItem" } else { operation };
        if events > 0 {
            let calls = u64::try_from(events).unwrap_or(u64::MAX);
            self.counters.add("trail", operation, Count { calls, write_units, ..Count::default() });
        }
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

/// What a request does, item by item: of a transaction the parts that it consists of.
fn asked(operation: &str, body: &[u8]) -> Vec<iam::Request> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = |action: &str, table: &Value, index: &Value, key: Option<&Value>| {
        let name = table.as_str().unwrap_or_default();
        // Tables of the templates go by their names there, others (restored ones) by their own.
        let table = if TABLES.contains(&name) {
            iam::logical(name, "Table")
        } else {
            format!("arn:aws:dynamodb:{REGION}:{}:table/{name}", crate::ACCOUNT)
        };
        let resource = index.as_str().map_or_else(|| table.clone(), |index| format!("{table}/index/{index}"));
        let request = iam::Request::new(format!("dynamodb:{action}"), resource);
        match key.and_then(Value::as_str) {
            Some(key) => request.with("dynamodb:LeadingKeys", [key]),
            None => request,
        }
    };
    let none = Value::Null;
    let whole = |part: &Value, action: &str| {
        let key = part.pointer("/Key/pk/S").or_else(|| part.pointer("/Item/pk/S"));
        request(action, &part["TableName"], &none, key)
    };
    let tables = || body["RequestItems"].as_object().into_iter().flatten();
    match operation {
        "TransactWriteItems" => {
            let parts = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
            parts
                .map(|(kind, part)| match kind.as_str() {
                    "ConditionCheck" => whole(part, "ConditionCheckItem"),
                    kind => whole(part, &format!("{kind}Item")),
                })
                .collect()
        }
        "TransactGetItems" => {
            let parts = body["TransactItems"].as_array().into_iter().flatten();
            parts.map(|part| whole(&part["Get"], "GetItem")).collect()
        }
        "BatchGetItem" => {
            let keys = tables().flat_map(|(table, asked)| {
                asked["Keys"].as_array().into_iter().flatten().map(move |key| (json!(table), key))
            });
            keys.map(|(table, key)| request(operation, &table, &none, key.pointer("/pk/S"))).collect()
        }
        "BatchWriteItem" => {
            let parts = tables().flat_map(|(table, parts)| {
                parts.as_array().into_iter().flatten().map(move |part| (json!(table), part))
            });
            let key = |part: &Value| {
                part.pointer("/DeleteRequest/Key/pk/S").or_else(|| part.pointer("/PutRequest/Item/pk/S")).cloned()
            };
            parts.map(|(table, part)| request(operation, &table, &none, key(part).as_ref())).collect()
        }
        "Query" => {
            let key = body.pointer("/ExpressionAttributeValues/:pk/S");
            vec![request(operation, &body["TableName"], &body["IndexName"], key)]
        }
        _ => vec![whole(&body, operation)],
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The units in an answer, by table; transactions and batches answer with one entry for each.
fn consumed(body: &[u8]) -> Vec<(String, f64)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Capacity {
        table_name: String,
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
    let capacities = match serde_json::from_slice::<Body>(body).ok().and_then(|body| body.consumed_capacity) {
        None => Vec::new(),
        Some(Capacities::One(one)) => vec![one],
        Some(Capacities::Many(many)) => many,
    };
    capacities.into_iter().map(|one| (one.table_name, one.capacity_units)).collect()
}

/// The database in a file, with the tables that were not there yet.
fn on_file(file: &Path, tables: &[Table]) -> Result<Database, Error> {
    let database = Database::new(name(file)?).map_err(Error::dynamodb)?;
    let existing = database.list_tables(request(json!({}))?).map_err(Error::dynamodb)?.table_names;
    for table in tables.iter().filter(|table| !existing.contains(&table.name)) {
        database.create_table(request(table.create.clone())?).map_err(Error::dynamodb)?;
        if let Some(attribute) = &table.ttl_attribute {
            let ttl = json!({ "TableName": table.name,
                "TimeToLiveSpecification": { "Enabled": true, "AttributeName": attribute } });
            database.update_time_to_live(request(ttl)?).map_err(Error::dynamodb)?;
        }
    }
    hasten(file)?;
    Ok(database)
}

fn name(file: &Path) -> Result<&str, Error> {
    file.to_str().ok_or_else(|| Error::Config("data directory: not UTF-8".into()))
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
    fn r26_a_transaction_is_what_it_consists_of() {
        let body = br#"{"TransactItems": [
            {"Put": {"TableName": "records", "Item": {"pk": {"S": "a"}}}},
            {"ConditionCheck": {"TableName": "names", "Key": {"pk": {"S": "b"}}}}]}"#;
        let asked = format!("{:?}", asked("TransactWriteItems", body));
        for part in
            ["dynamodb:PutItem", "RecordsTable", r#"["a"]"#, "dynamodb:ConditionCheckItem", "NamesTable", r#"["b"]"#]
        {
            assert!(asked.contains(part), "{part} should be in {asked}");
        }
    }

    #[test]
    fn units_are_read_from_single_and_from_many_tables() {
        let one = br#"{"ConsumedCapacity":{"TableName":"records","CapacityUnits":2.5}}"#;
        let many = br#"{"ConsumedCapacity":[{"TableName":"records","CapacityUnits":1},{"TableName":"audit","CapacityUnits":4}]}"#;
        let units = |table: &str, units| (table.to_owned(), units);
        assert_eq!(consumed(one), [units("records", 2.5)]);
        assert_eq!(consumed(many), [units("records", 1.0), units("audit", 4.0)]);
        assert_eq!(consumed(b"{}"), []);
    }
}
