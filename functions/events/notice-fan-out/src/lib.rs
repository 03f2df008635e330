//! `notice-fan-out`: writes what an operator published into the outbox of every company concerned, one mail for each administrator. How that survives a crash in the
//! middle is told in `store::broadcasts`; the mails then leave by `mail-delivery`.
//!
//! Two things wake it: the stream of `records`, filtered on new notices (`eventName` `INSERT`, `broadcast_state` `due`), and the schedule `notice-sweep`, which looks after
//! what was to wait for its time and after what is unfinished.

use std::time::Duration;

use domain::{ids::BroadcastId, time::Jst};
use jobs::{Change, Invocation, Schedule, Wake, each, for_fan_out};
use serde_json::{Value, json};
use store::{Error, FannedOut, Store};

/// The function's name.
const NAME: &str = "notice-fan-out";
/// How many notices are worked on at a time: each goes through its companies one by one.
const IN_FLIGHT: usize = 2;
/// No company is begun with less time than this.
const ENOUGH_TIME: Duration = Duration::from_secs(15);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct NoticeFanOut {
    /// The data.
    pub store: Store,
}

/// Handles a batch of the stream, or a call of the schedule.
pub async fn handle(job: &NoticeFanOut, event: Value, invocation: Invocation) -> Result<Value, Error> {
    match Wake::of(event, job.store.clock())? {
        Wake::Changes(changes) => Ok(published(job, changes, &invocation).await),
        Wake::Time(schedule) => sweep(job, schedule, &invocation).await,
        Wake::Messages(_) => Err(Error::Internal("no queue wakes this".to_owned())),
    }
}

async fn published(job: &NoticeFanOut, changes: Vec<Change>, invocation: &Invocation) -> Value {
    let notices = changes.into_iter().filter(Change::is_new).filter_map(|change| {
        let notice = job.store.broadcast_of_key(change.pk())?;
        Some((change.sequence().to_owned(), notice))
    });
    let now = job.store.clock().now();
    each(NAME, notices, IN_FLIGHT, |notice| Box::pin(tell(job, notice, invocation, now))).await
}

async fn sweep(job: &NoticeFanOut, schedule: Schedule, invocation: &Invocation) -> Result<Value, Error> {
    let permit = for_fan_out(&invocation.origin);
    let due = job.store.due_broadcasts(&permit, schedule.at).await?;
    let count = due.len();
    if schedule.dry_run {
        return Ok(json!({ "as_of": schedule.at, "dry_run": true, "due": count }));
    }
    let notices = due.into_iter().map(|notice| (notice.to_string(), notice));
    let answer = each(NAME, notices, IN_FLIGHT, |notice| Box::pin(tell(job, notice, invocation, schedule.at))).await;
    let failed = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    Ok(json!({ "as_of": schedule.at, "dry_run": false, "due": count, "failed": failed }))
}

/// Tells as many companies as there is time for; what became of the notice in one word.
async fn tell(
    job: &NoticeFanOut,
    notice: BroadcastId,
    invocation: &Invocation,
    now: Jst,
) -> Result<&'static str, Error> {
    let permit = for_fan_out(&invocation.origin);
    let time_for_more = || invocation.remaining() > ENOUGH_TIME;
    let (companies, became) = match job.store.fan_out(&permit, notice, now, time_for_more).await? {
        FannedOut::NotDue => return Ok("not_due"),
        FannedOut::Done(companies) => (companies, "done"),
        FannedOut::Unfinished(companies) => (companies, "unfinished"),
    };
    tracing::info!(function = NAME, %notice, companies, became, "told");
    Ok(became)
}
