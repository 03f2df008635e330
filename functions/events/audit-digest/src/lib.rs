//! `audit-digest`: seals the audit trail day by day, and says whether it is what was written (R-22). How copies, seals and the table hang together is drawn in
//! `store::trail`.
//!
//! The schedule `audit-digest` wakes it daily at 00:30 JST: it compares and seals every day that is over and has no seal, the oldest first, so that missed days are
//! caught up and a run that died is gone on with. Whatever differs is logged as an error and counted as `tampered`; the day is sealed all the same.
//!
//! It is also the command that verifies a range of days and names the first break, today included:
//!
//! ```sh
//! aws lambda invoke --function-name ailes-audit-digest --cli-binary-format raw-in-base64-out \
//!   --payload '{"verify": {"from": "2026-04-01", "to": "2026-04-30"}}' /dev/stdout
//! curl -s -H 'content-type: application/json' -d '{"input": {"verify": {"from": "2026-04-01", "to": "2026-04-30"}}}' \
//!   http://127.0.0.1:9000/_local/schedules/audit-digest     # the same on a laptop
//! ```

use std::time::{Duration, Instant};

use jiff::civil::Date;
use jobs::{Invocation, Schedule, Wake, for_audit_digest};
use serde::Deserialize;
use serde_json::Value;
use store::{DayLook, Error, Store, TrailBucket, logs::metrics};

/// The function's name.
const NAME: &str = "audit-digest";
/// What is kept back to finish the day that is under way, and to answer.
const KEPT_BACK: Duration = Duration::from_mins(2);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct AuditDigest {
    /// The data.
    pub store: Store,
    /// Where copies and seals lie.
    pub bucket: TrailBucket,
}

/// Somebody asks whether the trail is whole.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    verify: Range,
}

/// Days, both included.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Date,
    to: Date,
}

/// Handles a call of the schedule, or the command.
pub async fn handle(job: &AuditDigest, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let until = Instant::now() + invocation.remaining().saturating_sub(KEPT_BACK);
    if event.get("verify").is_some() {
        return verify(job, serde_json::from_value(event)?, until, &invocation).await;
    }
    let Wake::Time(schedule) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("neither a schedule's call nor a command".to_owned()));
    };
    seal(job, schedule, until, &invocation).await
}

async fn seal(job: &AuditDigest, schedule: Schedule, until: Instant, invocation: &Invocation) -> Result<Value, Error> {
    let permit = for_audit_digest(&invocation.origin);
    let run = job.store.seal_days(&permit, &job.bucket, schedule.at.date(), until).await?;
    tell(&run.sealed);
    if let Some(look) = &run.waits {
        let (day, not_copied) = (look.day, look.not_copied_yet);
        tracing::warn!(function = NAME, %day, not_copied, "a day waits for the stream");
    }
    Ok(serde_json::to_value(run)?)
}

async fn verify(
    job: &AuditDigest,
    Command { verify: Range { from, to } }: Command,
    until: Instant,
    invocation: &Invocation,
) -> Result<Value, Error> {
    let permit = for_audit_digest(&invocation.origin);
    let to = to.min(job.store.clock().now().date());
    let found = job.store.verify_days(&permit, &job.bucket, from, to, until).await?;
    tell(&found.days);
    Ok(serde_json::to_value(found)?)
}

/// One line per day, with what differs in lines of its own.
fn tell(days: &[DayLook]) {
    for look in days {
        let (day, events, sealed, breaks) = (look.day, look.events, look.sealed, look.breaks.len());
        tracing::info!(function = NAME, %day, events, sealed, tampered = breaks, _aws = %metrics(&[("tampered", "Count")]), "a day of the trail");
        for found in &look.breaks {
            let (kind, event, tenant) = (found.kind, found.event.as_deref(), found.tenant.as_deref());
            tracing::error!(function = NAME, %day, how = ?kind, event, of = tenant, "the audit trail is not what was written");
        }
    }
}
