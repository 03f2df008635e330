//! `log-writer`: makes the files of logs that an operator has released, and takes them away when their time is over. How a request goes on is drawn in
//! `store::log_requests`.
//!
//! The schedule `log-writer` wakes it every five minutes. A file is made day by day; a run that ends before it is complete is gone on with by the next one. One request's failure holds up
//! no other.

use std::time::{Duration, Instant};

use domain::ids::PLATFORM;
use jobs::{Invocation, Wake, for_log_writer};
use serde_json::{Value, json};
use store::{Error, Files, LogsWritten, Store, logs::metrics};

/// The function's name.
const NAME: &str = "log-writer";
/// What is kept back to finish the day that is under way, and to answer.
const KEPT_BACK: Duration = Duration::from_mins(1);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct LogWriter {
    /// The data.
    pub store: Store,
    /// The bucket that the files lie in.
    pub files: Files,
}

/// Handles a call of the schedule.
pub async fn handle(job: &LogWriter, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(_) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let until = Instant::now() + invocation.remaining().saturating_sub(KEPT_BACK);
    let origin = &invocation.origin;
    let (mut done, mut unfinished, mut failed) = (0_u64, 0_u64, 0_u64);
    for (tenant, request) in job.store.log_requests_to_work_on(&for_log_writer(PLATFORM, origin)).await? {
        let permit = for_log_writer(tenant, origin);
        match Box::pin(job.store.write_logs(&permit, &job.files, request, until)).await {
            Ok(LogsWritten::Unfinished) => unfinished += 1,
            // Another run has it, or the tenant's data is gone meanwhile.
            Ok(LogsWritten::Nothing) | Err(Error::Stale | Error::NotFound) => {}
            Ok(outcome) => {
                tracing::info!(function = NAME, %tenant, %request, ?outcome, "a request for logs");
                done += 1;
            }
            Err(error) => {
                tracing::error!(function = NAME, %tenant, %request, %error, "a request for logs failed");
                failed += 1;
            }
        }
    }
    tracing::info!(function = NAME, done, unfinished, failed, _aws = %metrics(&[("failed", "Count")]), "run");
    Ok(json!({ "done": done, "unfinished": unfinished, "failed": failed }))
}
