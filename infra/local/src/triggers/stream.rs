//! Stream of a table → function: changes in order, from a checkpoint on disk.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};

use super::{BatchOutcome, Filter, backoff, batch_outcome};
use crate::Error;
use crate::cloud::dynamodb::DynamoDb;
use crate::cloud::sqs::Sqs;
use crate::database::Database;
use crate::function::Deployed;

/// How long a quiet stream is left alone.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// An event source mapping of a table's stream.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    table: String,
    function: Deployed,
    batch_size: usize,
    filter: Option<Filter>,
    attempts: Option<u32>,
    on_failure: Option<String>,
}

impl StreamMapping {
    /// A hundred changes a batch, retried until they are taken.
    #[must_use]
    pub fn new(table: impl Into<String>, function: Deployed) -> Self {
        Self { table: table.into(), function, batch_size: 100, filter: None, attempts: None, on_failure: None }
    }

    /// How many changes one invocation gets at most.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size: batch_size.clamp(1, 1000), ..self }
    }

    /// Hands on only what the filter lets through (`FilterCriteria`).
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter: Some(filter), ..self }
    }

    /// Gives a batch up after this many invocations (`MaximumRetryAttempts` + 1) and tells a queue, if one is named.
    #[must_use]
    pub fn give_up_after(self, attempts: u32, on_failure: Option<String>) -> Self {
        Self { attempts: Some(attempts.max(1)), on_failure, ..self }
    }

    pub(super) async fn run(self, tables: DynamoDb, database: Database, sqs: Sqs) {
        let mut written = tables.written();
        let mut failures = 0;
        loop {
            written.mark_unchanged();
            match self.step(&tables, &database, &sqs, failures).await {
                Ok(Step::Idle) => {
                    failures = 0;
                    // Writes announce themselves, unless their caller hung up before the answer.
                    if let Ok(Err(_)) = tokio::time::timeout(LOOK_AGAIN, written.changed()).await {
                        return;
                    }
                }
                Ok(Step::Moved) => failures = 0,
                Ok(Step::Failed) => {
                    tokio::time::sleep(backoff(failures)).await;
                    failures += 1;
                }
                Err(error) => {
                    tracing::warn!(table = self.table, %error, "the stream could not be read");
                    tokio::time::sleep(backoff(failures)).await;
                    failures = failures.saturating_add(1);
                }
            }
        }
    }

    /// One batch: read, filter, deliver, move the checkpoint.
    async fn step(&self, tables: &DynamoDb, database: &Database, sqs: &Sqs, failures: u32) -> Result<Step, Error> {
        let checkpoint = self.checkpoint(database)?;
        let records = tables.records_after(&self.table, checkpoint.as_deref(), self.batch_size)?;
        let Some(last) = records.last().map(sequence) else { return Ok(Step::Idle) };
        let wanted: Vec<Value> = records
            .iter()
            .filter(|record| self.filter.as_ref().is_none_or(|filter| filter.lets_through(record)))
            .cloned()
            .collect();
        if wanted.is_empty() {
            self.move_to(database, &last)?;
            return Ok(Step::Moved);
        }
        let sequences: Vec<String> = wanted.iter().map(sequence).collect();
        let outcome = match self.function.invoke(json!({ "Records": wanted })).await {
            Ok(answer) => batch_outcome(&answer, &sequences.iter().map(String::as_str)),
            Err(_) => BatchOutcome::AllFailed,
        };
        // The stream goes on from the first change that failed; what came before it is done.
        let first_failed = match outcome {
            BatchOutcome::AllFailed => sequences.first().cloned(),
            BatchOutcome::Failed(ids) => ids.into_iter().min(),
        };
        let Some(failed) = first_failed else {
            self.move_to(database, &last)?;
            return Ok(Step::Moved);
        };
        if self.attempts.is_some_and(|attempts| failures + 1 >= attempts) {
            if let Some(queue) = &self.on_failure {
                let report = json!({ "requestContext": { "functionArn": self.function.name },
                    "DDBStreamBatchInfo": { "startSequenceNumber": failed, "endSequenceNumber": last,
                        "batchSize": sequences.len(), "streamArn": records[0]["eventSourceARN"] } });
                sqs.send(queue, &report.to_string())?;
            }
            tracing::error!(table = self.table, function = self.function.name, "changes were given up");
            self.move_to(database, &last)?;
            return Ok(Step::Moved);
        }
        let done = records.iter().map(sequence).take_while(|sequence| *sequence < failed).last();
        if let Some(done) = done {
            self.move_to(database, &done)?;
        }
        Ok(Step::Failed)
    }

    fn name(&self) -> String {
        format!("{}→{}", self.table, self.function.name)
    }

    fn checkpoint(&self, database: &Database) -> Result<Option<String>, Error> {
        let select = "SELECT sequence FROM checkpoints WHERE mapping = ?1";
        database.read(|c| c.query_row(select, [self.name()], |row| row.get(0)).optional())
    }

    fn move_to(&self, database: &Database, sequence: &str) -> Result<(), Error> {
        database.write(|c| {
            c.execute(
                "INSERT OR REPLACE INTO checkpoints (mapping, sequence) VALUES (?1, ?2)",
                params![self.name(), sequence],
            )
        })?;
        Ok(())
    }
}

enum Step {
    Idle,
    Moved,
    Failed,
}

/// 21 digits, so their order as text is their order.
fn sequence(record: &Value) -> String {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned()
}
