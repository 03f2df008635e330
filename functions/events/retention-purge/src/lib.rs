//! `retention-purge`: deletes what terminated tenants left, once it is due. How a purge goes on is drawn in `store::purge`.
//!
//! The schedule `retention-purge` wakes it daily at 03:00 JST, after the day's backup; its input may hold `dry_run` (only say what would be done) and `as_of` (see
//! [`jobs::Schedule`]). One tenant's failure holds up no other; whatever is not finished is taken up by the next day's run. Not more than one may run at a time.

use std::time::{Duration, Instant};

use domain::ids::PLATFORM;
use jobs::{Invocation, Schedule, Wake, for_purge};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Bounds, Certificate, Counts, Error, Files, PurgeStage, Purged, Store, ToPurge, logs::metrics};

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
    /// It was purged before; this was left over, and is gone now.
    LookedAgain { found: Counts },
    /// A dry run: so much would be deleted.
    Would { found: Counts },
    /// Something failed; the log says what.
    Failed,
}

#[derive(Debug, Serialize)]
struct Line {
    tenant: domain::ids::TenantId,
    stage: PurgeStage,
    #[serde(flatten)]
    outcome: Outcome,
    /// It is past the day on which an unfinished purge raises an alarm.
    overdue: bool,
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
    tell(&lines, started);
    Ok(json!({ "as_of": schedule.at, "dry_run": schedule.dry_run, "tenants": lines }))
}

async fn purge(
    job: &RetentionPurge,
    due: &ToPurge,
    schedule: Schedule,
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    let permit = for_purge(due.tenant, &invocation.origin);
    if schedule.dry_run {
        return Ok(Outcome::Would { found: job.store.left_of(&job.files, &permit).await? });
    }
    let Some(time) = invocation.remaining().checked_sub(KEPT_BACK) else { return Ok(Outcome::Unfinished) };
    let bounds = Bounds { most_deletes: job.most_deletes, until: Instant::now() + time };
    Ok(match job.store.purge_tenant(&job.files, &permit, schedule.at, bounds).await? {
        Purged::Done(certificate) => Outcome::Purged { certificate },
        Purged::Unfinished => Outcome::Unfinished,
        Purged::LookedAgain(found) => Outcome::LookedAgain { found },
    })
}

fn line(due: &ToPurge, outcome: Outcome, schedule: Schedule) -> Line {
    let gone = matches!(outcome, Outcome::Purged { .. }) || due.stage == PurgeStage::Done;
    let overdue = !gone && due.dates.alarm_on <= schedule.at.date();
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
        unfinished = count(|line| matches!(line.outcome, Outcome::Unfinished)),
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
        let again = Outcome::LookedAgain { found: Counts::default() };
        assert!(!on("2026-02-19", PurgeStage::Done, again).overdue);
    }

    #[test]
    fn the_answer_says_in_one_line_what_became_of_a_tenant() {
        let line = serde_json::to_value(on("2026-02-14", PurgeStage::Due, Outcome::Unfinished)).unwrap();
        let expected = json!({"tenant": "ten_01010101010101010101010101010101", "stage": "due", "outcome": "unfinished", "overdue": false});
        assert_eq!(line, expected);
    }
}
