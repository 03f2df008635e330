//! `retention-purge`: deletes what terminated tenants left, once it is due; of living ones the files and records whose time is over; and disposes of contract records.
//! How a purge goes on is drawn in `store::purge`.
//!
//! The schedule `retention-purge` wakes it daily at 03:00 JST, after the day's backup; its input may hold `dry_run` (only say what would be done) and `as_of` (see
//! [`jobs::Schedule`]). One tenant's failure holds up no other; whatever is not finished is taken up by the next day's run. Not more than one may run at a time.

use std::time::{Duration, Instant};

use domain::ids::{PLATFORM, TenantId};
use jobs::{Invocation, Schedule, Wake, for_purge};
use serde::Serialize;
use serde_json::{Value, json};
use store::{
    Bounds, Certificate, Counts, Error, Files, FilesOver, KindOver, PurgeStage, Purged, RecordsOver, Store, ToPurge,
    logs::metrics,
};

/// The function's name.
const NAME: &str = "retention-purge";
/// What is kept back to verify, to write down what was done, and to answer.
const KEPT_BACK: Duration = Duration::from_secs(90);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct RetentionPurge {
    /// The data.
    pub store: Store,
    /// The imports bucket.
    pub files: Files,
    /// How many things one run deletes at most, of each tenant.
    pub most_deletes: Option<u64>,
}

/// What became of one tenant.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    /// Everything is gone.
    Purged { certificate: Box<Certificate> },
    /// There is more to do.
    Unfinished,
    /// What the stress check needs of people is not sealed for it yet (`identity-reseal`).
    Waiting,
    /// It was purged before; this was left over, and is gone now.
    LookedAgain { found: Counts, missing: Counts },
    /// A dry run: so much would be deleted.
    Would { found: Counts },
    /// A hold lasts.
    Held,
    /// Something failed; the log says what.
    Failed,
}

#[derive(Debug, Serialize)]
struct Line {
    tenant: TenantId,
    stage: PurgeStage,
    #[serde(flatten)]
    outcome: Outcome,
    /// It is past the day on which an unfinished purge raises an alarm.
    overdue: bool,
}

/// What is over of a living tenant: deleted, or only counted in a dry run.
#[derive(Debug, Serialize)]
struct Tidied {
    tenant: TenantId,
    files: FilesOver,
    checkups: KindOver,
    records: RecordsOver,
    /// Of how many people what they answered in stress checks.
    stress_answers: KindOver,
}

/// Handles a call of the schedule.
pub async fn handle(job: &RetentionPurge, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(schedule) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let started = Instant::now();
    let permit = for_purge(PLATFORM, &invocation.origin);
    let mut lines = Vec::new();
    for due in job.store.tenants_to_purge(&permit, schedule.at.date()).await? {
        let outcome = match Box::pin(purge(job, &due, schedule, &invocation)).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(tenant = %due.tenant, %error, "a purge failed");
                Outcome::Failed
            }
        };
        lines.push(line(&due, outcome, schedule));
    }
    let tidied = tidy(job, schedule, &invocation).await?;
    let disposed = dispose(job, schedule, &invocation).await?;
    tell(&lines, started);
    Ok(json!({
        "as_of": schedule.at, "dry_run": schedule.dry_run, "tenants": lines, "tidied": tidied, "disposed": disposed
    }))
}

/// Deletes the files and records of living tenants whose time is over. What one run leaves the next one finds; tenants of which nothing is over are not told of.
async fn tidy(job: &RetentionPurge, schedule: Schedule, invocation: &Invocation) -> Result<Vec<Tidied>, Error> {
    let platform = for_purge(PLATFORM, &invocation.origin);
    let mut tidied = Vec::new();
    for tenant in job.store.tenants_to_tidy(&platform).await? {
        let Some(time) = invocation.remaining().checked_sub(KEPT_BACK) else { break };
        let bounds = Bounds { most_deletes: job.most_deletes, until: Instant::now() + time };
        let (permit, at, dry_run) = (for_purge(tenant, &invocation.origin), schedule.at, schedule.dry_run);
        let files = Box::pin(job.store.end_files(&job.files, &permit, at, bounds, dry_run)).await;
        let checkups = Box::pin(job.store.expire_checkups(&permit, at, bounds, dry_run)).await;
        let records = Box::pin(job.store.expire_records(&permit, at, bounds, dry_run)).await;
        let answers = Box::pin(job.store.expire_stress_answers(&permit, at, bounds, dry_run)).await;
        let line = Tidied {
            tenant,
            files: or_told(tenant, files),
            checkups: or_told(tenant, checkups),
            records: or_told(tenant, records),
            stress_answers: or_told(tenant, answers),
        };
        if (line.files, line.checkups, line.records, line.stress_answers) != Default::default() {
            let what = serde_json::to_string(&line).unwrap_or_default();
            tracing::info!(function = NAME, %tenant, what, dry_run, "tidied");
            tidied.push(line);
        }
    }
    Ok(tidied)
}

/// What was done; nothing where it failed, which the log then says. One tenant holds up no other.
fn or_told<T: Default>(tenant: TenantId, done: Result<T, Error>) -> T {
    done.unwrap_or_else(|error| {
        tracing::error!(%tenant, %error, "what is over was not deleted");
        T::default()
    })
}

/// Disposes of the contract records whose own time is over; whose they were.
async fn dispose(job: &RetentionPurge, schedule: Schedule, invocation: &Invocation) -> Result<Vec<TenantId>, Error> {
    let (today, platform) = (schedule.at.date(), for_purge(PLATFORM, &invocation.origin));
    let mut disposed = Vec::new();
    for tenant in job.store.contracts_to_dispose_of(&platform, today).await? {
        if !schedule.dry_run {
            let permit = for_purge(tenant, &invocation.origin);
            if let Err(error) = job.store.dispose_of_contract(&permit, today).await {
                tracing::error!(%tenant, %error, "a contract record was not disposed of");
                continue;
            }
        }
        tracing::info!(function = NAME, %tenant, dry_run = schedule.dry_run, "contract record");
        disposed.push(tenant);
    }
    Ok(disposed)
}

async fn purge(
    job: &RetentionPurge,
    due: &ToPurge,
    schedule: Schedule,
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    let permit = for_purge(due.tenant, &invocation.origin);
    if due.stage == PurgeStage::Held {
        return Ok(Outcome::Held);
    }
    if schedule.dry_run {
        return Ok(Outcome::Would { found: job.store.would_purge(&job.files, &permit, schedule.at).await? });
    }
    let Some(time) = invocation.remaining().checked_sub(KEPT_BACK) else { return Ok(Outcome::Unfinished) };
    let bounds = Bounds { most_deletes: job.most_deletes, until: Instant::now() + time };
    Ok(match job.store.purge_tenant(&job.files, &permit, schedule.at, bounds).await? {
        Purged::Done(certificate) => Outcome::Purged { certificate },
        Purged::Unfinished => Outcome::Unfinished,
        Purged::Held => Outcome::Held,
        Purged::Waiting => {
            tracing::error!(tenant = %due.tenant, "a purge waits: identities are not sealed for the stress check yet");
            Outcome::Waiting
        }
        Purged::LookedAgain { found, missing } => {
            if missing != Counts::default() {
                tracing::error!(tenant = %due.tenant, "what was spared for the stress check is missing");
            }
            Outcome::LookedAgain { found, missing }
        }
    })
}

fn line(due: &ToPurge, outcome: Outcome, schedule: Schedule) -> Line {
    let settled = matches!(outcome, Outcome::Purged { .. } | Outcome::Held) || due.stage == PurgeStage::Done;
    let overdue = !settled && due.dates.alarm_on <= schedule.at.date();
    Line { tenant: due.tenant, stage: due.stage, outcome, overdue }
}

/// One line per tenant, and one with metrics.
fn tell(lines: &[Line], started: Instant) {
    for line in lines {
        let outcome = serde_json::to_string(&line.outcome).unwrap_or_default();
        tracing::info!(function = NAME, tenant = %line.tenant, outcome, overdue = line.overdue, "purge");
    }
    let count = |is: fn(&Line) -> bool| lines.iter().filter(|line| is(line)).count();
    tracing::info!(
        target: "batch",
        function = NAME,
        records = lines.len(),
        purged = count(|line| matches!(line.outcome, Outcome::Purged { .. })),
        unfinished = count(|line| matches!(line.outcome, Outcome::Unfinished | Outcome::Waiting)),
        failed = count(|line| matches!(line.outcome, Outcome::Failed)),
        overdue = count(|line| line.overdue),
        latency = started.elapsed().as_secs_f64() * 1_000.0,
        _aws = %metrics(&[
            ("records", "Count"), ("purged", "Count"), ("unfinished", "Count"), ("failed", "Count"), ("overdue", "Count"),
            ("latency", "Milliseconds"),
        ]),
    );
}

#[cfg(test)]
mod tests {
    use domain::{contract::EndDates, ids::TenantId};
    use jiff::civil::date;

    use super::*;

    fn on(day: &str, stage: PurgeStage, outcome: Outcome) -> Line {
        let dates = EndDates::of(date(2026, 1, 31));
        let schedule = Schedule { at: format!("{day}T03:00:00+09:00").parse().unwrap(), dry_run: false };
        line(&ToPurge { tenant: TenantId::from_bytes([1; 16]), stage, dates }, outcome, schedule)
    }

    #[test]
    fn r23_an_unfinished_purge_is_overdue_from_its_alarm_on() {
        assert!(!on("2026-02-18", PurgeStage::Begun, Outcome::Unfinished).overdue);
        assert!(on("2026-02-19", PurgeStage::Begun, Outcome::Unfinished).overdue);
        assert!(on("2026-02-19", PurgeStage::Due, Outcome::Failed).overdue);
        assert!(on("2026-02-19", PurgeStage::Begun, Outcome::Waiting).overdue);
        assert!(!on("2026-02-19", PurgeStage::Held, Outcome::Held).overdue);
        let again = Outcome::LookedAgain { found: Counts::default(), missing: Counts::default() };
        assert!(!on("2026-02-19", PurgeStage::Done, again).overdue);
    }

    #[test]
    fn the_answer_says_in_one_line_what_became_of_a_tenant() {
        let line = serde_json::to_value(on("2026-02-14", PurgeStage::Due, Outcome::Unfinished)).unwrap();
        let expected = json!({"tenant": "ten_01010101010101010101010101010101", "stage": "due", "outcome": "unfinished", "overdue": false});
        assert_eq!(line, expected);
    }
}
