//! `reminders`: tells operators of deadlines before they pass, and when they are missed; administrators of the day from which on their data is deleted; and employees of what they are asked for. What keeps a reminder from coming twice is told in `store::reminders`.
//!
//! Two schedules wake it: `reminders` daily at 09:00 JST, for everything that is counted in days, and `reminders-hourly` for what is counted in hours. A run looks at what
//! is due now and not at what happened since the last run, so that a gap is caught up with by itself.
//!
//! Each kind of deadline is a module with a `due`, which says what is due by when and for which steps operators are told; [`due`] lists them.

mod checkups;
mod controls;
mod follow_ups;
mod incidents;
mod interviews;
mod purges;
mod stress_checks;

use authz::{Permit, permission::RemindOperators};
use domain::time::Jst;
use jobs::{Invocation, Schedule, Wake, for_reminders};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Due, Error, Store, logs::metrics};

/// The function's name.
const NAME: &str = "reminders";

/// What the job works with.
#[derive(Debug, Clone)]
pub struct Reminders {
    /// The data.
    pub store: Store,
}

/// How often a run comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Every {
    /// For what is counted in days, and everything else.
    #[default]
    Day,
    /// For what is counted in hours alone.
    Hour,
}

/// What a schedule's input says beside its time.
#[derive(Debug, Default, Deserialize)]
struct Input {
    #[serde(default)]
    every: Every,
}

/// Everything that is due, for runs of this kind.
async fn due(store: &Store, permit: &Permit<RemindOperators>, every: Every, now: Jst) -> Result<Vec<Due>, Error> {
    let mut due = incidents::due(store, permit).await?;
    if every == Every::Day {
        due.extend(controls::due(store, permit, now.date()).await?);
        due.extend(purges::due(store, permit, now).await?);
    }
    Ok(due)
}

/// Handles a call of a schedule.
pub async fn handle(job: &Reminders, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Input { every } = serde_json::from_value(event.clone())?;
    let Wake::Time(Schedule { at, dry_run }) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let permit = for_reminders(&invocation.origin);
    let due = due(&job.store, &permit, every, at).await?;
    let (mut told, mut failed) = (0, 0);
    for due in due.iter().filter(|_| !dry_run) {
        // One that fails holds up no other, and comes again with the next run.
        match job.store.remind(&permit, due, at).await {
            Ok(None) => {}
            Ok(Some(nearness)) => {
                told += 1;
                tracing::info!(function = NAME, subject = due.subject, deadline = due.deadline, ?nearness, "told");
            }
            Err(error) => {
                failed += 1;
                tracing::error!(function = NAME, subject = due.subject, deadline = due.deadline, %error, "not told");
            }
        }
    }
    let employees = match every {
        Every::Day => {
            let asked = follow_ups::remind(&job.store, &invocation.origin, at, dry_run).await?;
            asked.and(interviews::remind(&job.store, &invocation.origin, at, dry_run).await?)
        }
        Every::Hour => follow_ups::Reminded::default(),
    };
    let examined = match every {
        Every::Day => checkups::remind(&job.store, &invocation.origin, at, dry_run).await?,
        Every::Hour => follow_ups::Reminded::default(),
    };
    // Whoever opens a round, or signs for one, does not wait for the next morning.
    let workers = stress_checks::tell(&job.store, &invocation.origin, at, dry_run).await?;
    for more in [employees, examined, workers] {
        (told, failed) = (told + more.told, failed + more.failed);
    }
    let (daily, due) = (u8::from(every == Every::Day), due.len());
    tracing::info!(function = NAME, daily, due, told, failed, _aws = %metrics(&[("daily", "Count"), ("failed", "Count")]), "run");
    Ok(json!({ "as_of": at, "dry_run": dry_run, "due": due, "told": told, "failed": failed }))
}
