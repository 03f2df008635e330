//! `export-writer`: makes the files that a company has asked for and those that two operators disclose on a lawful order, takes them away when their time is over, and tells a
//! customer late what an order forbade to tell. How each goes on is drawn in `store::exports` and `store::disclosures`.
//!
//! The schedule `export-writer` wakes it every minute. Files are made part by part; a run that ends before they are complete is gone on with by the next one. One request's failure holds up
//! no other.

use std::time::{Duration, Instant};

use domain::ids::{PLATFORM, TenantId};
use jobs::{Invocation, Wake, for_export_of, for_export_writer};
use serde_json::{Value, json};
use store::{Error, ExportRight, ExportToWrite, ExportWhat, Files, FilesWritten, Store, logs::metrics};

/// The function's name.
const NAME: &str = "export-writer";
/// What is kept back to finish the part that is under way, and to answer.
const KEPT_BACK: Duration = Duration::from_mins(1);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct ExportWriter {
    /// The data.
    pub store: Store,
    /// The bucket that the files lie in.
    pub files: Files,
}

#[derive(Debug, Default)]
struct Run {
    done: u64,
    unfinished: u64,
    failed: u64,
}

impl Run {
    /// Notes what came of one request.
    fn note(&mut self, tenant: TenantId, request: &str, written: Result<FilesWritten, Error>) {
        match written {
            Ok(FilesWritten::Unfinished) => self.unfinished += 1,
            // Another run has it, or the tenant's data is gone meanwhile.
            Ok(FilesWritten::Nothing) | Err(Error::Stale | Error::NotFound) => {}
            Ok(outcome) => {
                tracing::info!(function = NAME, %tenant, request, ?outcome, "files");
                self.failed += u64::from(outcome == FilesWritten::Failed);
                self.done += 1;
            }
            Err(error) => {
                tracing::error!(function = NAME, %tenant, request, %error, "files failed");
                self.failed += 1;
            }
        }
    }
}

/// Handles a call of the schedule.
pub async fn handle(job: &ExportWriter, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(_) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let until = Instant::now() + invocation.remaining().saturating_sub(KEPT_BACK);
    let origin = &invocation.origin;
    let everybodys = for_export_writer(PLATFORM, origin);
    let mut run = Run::default();
    // A lawful order has a date; whoever exports has a day.
    for (tenant, id) in job.store.disclosures_to_work_on(&everybodys).await? {
        let permit = for_export_writer(tenant, origin);
        let written = Box::pin(job.store.write_disclosure(&permit, &job.files, id, until)).await;
        run.note(tenant, &id.to_string(), written);
    }
    for ExportToWrite { tenant, id, what, by_right_of } in job.store.exports_to_work_on(&everybodys).await? {
        let permit = for_export_writer(tenant, origin);
        let store = &job.store;
        let right = match (by_right_of, what) {
            (None, _) => Ok(None),
            (Some(account), ExportWhat::Interviews) => {
                for_export_of(store, tenant, account, origin).await.map(|it| it.ok().map(ExportRight::Interviews))
            }
            (Some(account), _) => {
                for_export_of(store, tenant, account, origin).await.map(|it| it.ok().map(ExportRight::Checkups))
            }
        };
        let written = match right {
            Ok(right) => Box::pin(job.store.write_export(&permit, &job.files, id, right, until)).await,
            Err(error) => Err(error),
        };
        run.note(tenant, &id.to_string(), written);
    }
    let Run { done, unfinished, failed } = run;
    tracing::info!(function = NAME, done, unfinished, failed, _aws = %metrics(&[("failed", "Count")]), "run");
    Ok(json!({ "done": done, "unfinished": unfinished, "failed": failed }))
}
