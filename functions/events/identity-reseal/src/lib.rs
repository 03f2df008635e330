//! `identity-reseal`: before the first purge of a tenant whose stress check outlives the rest, seals what that needs of people with keys that stay. What is needed, and how a run that was
//! killed is taken up, is written in `store::purge::reseal`.
//!
//! The schedule `identity-reseal` wakes it daily at 02:30 JST, half an hour before `retention-purge`, which waits until nobody is left; its input may hold `dry_run` and `as_of` (see
//! [`jobs::Schedule`]). It deletes nothing and scans nothing; the purge, which does, opens no name.

use std::time::{Duration, Instant};

use domain::ids::{PLATFORM, TenantId};
use jobs::{Invocation, Schedule, Wake, for_purge};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Bounds, Error, Resealed, Store, logs::metrics};

/// The function's name.
const NAME: &str = "identity-reseal";
/// What is kept back to finish what was begun, and to answer.
const KEPT_BACK: Duration = Duration::from_secs(30);

/// What the job works with.
#[derive(Debug, Clone)]
pub struct IdentityReseal {
    /// The data.
    pub store: Store,
    /// How many people one run seals anew at most, of each tenant.
    pub most: Option<u64>,
}

/// What became of one tenant.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    /// So many, and whether nobody is left.
    Resealed(Resealed),
    /// A dry run: it is due.
    Would,
    /// Something failed; the log says what.
    Failed,
}

#[derive(Debug, Serialize)]
struct Line {
    tenant: TenantId,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Handles a call of the schedule.
pub async fn handle(job: &IdentityReseal, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(schedule) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let started = Instant::now();
    let permit = for_purge(PLATFORM, &invocation.origin);
    let mut lines = Vec::new();
    for tenant in job.store.tenants_to_reseal(&permit, schedule.at.date()).await? {
        let Some(time) = invocation.remaining().checked_sub(KEPT_BACK) else { break };
        let outcome = if schedule.dry_run {
            Outcome::Would
        } else {
            Box::pin(reseal(job, tenant, schedule, &invocation, time)).await
        };
        lines.push(Line { tenant, outcome });
    }
    tell(&lines, started);
    Ok(json!({ "as_of": schedule.at, "dry_run": schedule.dry_run, "tenants": lines }))
}

/// One tenant; its failure holds up no other.
async fn reseal(
    job: &IdentityReseal,
    tenant: TenantId,
    schedule: Schedule,
    invocation: &Invocation,
    time: Duration,
) -> Outcome {
    let permit = for_purge(tenant, &invocation.origin);
    let bounds = Bounds { most_deletes: job.most, until: Instant::now() + time };
    match job.store.reseal_identities(&permit, schedule.at, bounds).await {
        Ok(resealed) => Outcome::Resealed(resealed),
        Err(error) => {
            tracing::error!(%tenant, %error, "identities were not sealed anew");
            Outcome::Failed
        }
    }
}

/// One line per tenant, and one with metrics.
fn tell(lines: &[Line], started: Instant) {
    for line in lines {
        let outcome = serde_json::to_string(&line.outcome).unwrap_or_default();
        tracing::info!(function = NAME, tenant = %line.tenant, outcome, "reseal");
    }
    let unfinished = |line: &&Line| !matches!(line.outcome, Outcome::Resealed(Resealed { complete: true, .. }));
    tracing::info!(
        target: "batch",
        function = NAME,
        records = lines.len(),
        unfinished = lines.iter().filter(unfinished).count(),
        failed = lines.iter().filter(|line| matches!(line.outcome, Outcome::Failed)).count(),
        latency = started.elapsed().as_secs_f64() * 1_000.0,
        _aws = %metrics(&[
            ("records", "Count"), ("unfinished", "Count"), ("failed", "Count"), ("latency", "Milliseconds"),
        ]),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_in_one_line_what_became_of_a_tenant() {
        let resealed = Resealed { employees: 3, accounts: 2, complete: true, held: false };
        let line = Line { tenant: TenantId::from_bytes([1; 16]), outcome: Outcome::Resealed(resealed) };
        let expected = json!({
            "tenant": "ten_01010101010101010101010101010101", "outcome": "resealed",
            "employees": 3, "accounts": 2, "complete": true, "held": false
        });
        assert_eq!(serde_json::to_value(line).unwrap(), expected);
    }
}
