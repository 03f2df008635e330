//! What wakes functions that nobody calls: queues, streams of tables, schedules.
//!
//! Everything is delivered at least once. A queue's message is deleted, and a stream's checkpoint moved, only after the
//! function answered; a process that dies in between delivers again when it starts.

mod filter;
mod queue;
mod schedule;
mod stream;

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

pub use self::filter::Filter;
pub use self::queue::QueueMapping;
pub use self::schedule::{Schedule, Schedules};
pub use self::stream::StreamMapping;
use crate::cloud::Cloud;

/// Running event source mappings. Dropping them stops them.
#[derive(Debug, Default)]
pub struct Triggers {
    tasks: JoinSet<()>,
}

impl Triggers {
    /// Starts mappings of queues and streams.
    #[must_use]
    pub fn start(
        cloud: &Cloud,
        queues: impl IntoIterator<Item = QueueMapping>,
        streams: impl IntoIterator<Item = StreamMapping>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        for mapping in queues {
            tasks.spawn(mapping.run(cloud.sqs().clone()));
        }
        for mapping in streams {
            tasks.spawn(mapping.run(cloud.dynamodb().clone(), cloud.database().clone(), cloud.sqs().clone()));
        }
        Self { tasks }
    }
}

impl Drop for Triggers {
    fn drop(&mut self) {
        self.tasks.abort_all();
    }
}

/// What a batch's answer says about its items.
enum BatchOutcome {
    /// All went well but these.
    Failed(Vec<String>),
    /// Nothing can be taken as done.
    AllFailed,
}

/// Reads `batchItemFailures`; an identifier that is empty or not in the batch fails the batch, as on AWS.
fn batch_outcome<'a>(answer: &Value, known: &(impl Iterator<Item = &'a str> + Clone)) -> BatchOutcome {
    let mut failed = Vec::new();
    for failure in answer["batchItemFailures"].as_array().into_iter().flatten() {
        match failure["itemIdentifier"].as_str() {
            Some(id) if known.clone().any(|known| known == id) => failed.push(id.to_owned()),
            _ => return BatchOutcome::AllFailed,
        }
    }
    BatchOutcome::Failed(failed)
}

/// How long to wait after the given number of failures in a row: from 100 milliseconds to 10 seconds.
fn backoff(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.min(7)).min(Duration::from_secs(10))
}
