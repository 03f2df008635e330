//! `criteria-rejudge`: judges a company's stored checkups once more, because its criteria have changed and a physician said that this holds for them as well. How that goes on is drawn
//! in `store::rejudgements`.
//!
//! The schedule `criteria-rejudge` wakes it every minute. A run that ends before a re-judgement does is gone on with by the next one; one that failed holds up no other company's.

use std::time::{Duration, Instant};

use domain::ids::PLATFORM;
use jobs::{Invocation, Wake, for_rejudgement};
use serde_json::{Value, json};
use store::{Error, RejudgedRun, Store, logs::metrics};

/// The function's name.
const NAME: &str = "criteria-rejudge";
/// What is kept back to finish the page that is under way, and to answer.
const KEPT_BACK: Duration = Duration::from_mins(1);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct CriteriaRejudge {
    /// The data.
    pub store: Store,
}

/// Handles a call of the schedule.
pub async fn handle(job: &CriteriaRejudge, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(_) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let until = Instant::now() + invocation.remaining().saturating_sub(KEPT_BACK);
    let origin = &invocation.origin;
    let (mut done, mut unfinished, mut failed) = (0, 0, 0);
    for (tenant, id, asked_by) in job.store.rejudgements_to_work_on(&for_rejudgement(PLATFORM, None, origin)).await? {
        let permit = for_rejudgement(tenant, Some(asked_by), origin);
        match Box::pin(job.store.rejudge(&permit, id, until)).await {
            Ok(RejudgedRun::Done) => {
                tracing::info!(function = NAME, %tenant, rejudgement = %id, "judged once more");
                done += 1;
            }
            Ok(RejudgedRun::Unfinished) => unfinished += 1,
            // Another run has it, or the tenant's data is gone meanwhile.
            Ok(RejudgedRun::Nothing) | Err(Error::Stale | Error::NotFound) => {}
            Ok(RejudgedRun::Failed) => failed += 1,
            Err(error) => {
                tracing::error!(function = NAME, %tenant, rejudgement = %id, %error, "a re-judgement failed");
                failed += 1;
            }
        }
    }
    tracing::info!(function = NAME, done, unfinished, failed, _aws = %metrics(&[("failed", "Count")]), "run");
    Ok(json!({ "done": done, "unfinished": unfinished, "failed": failed }))
}
