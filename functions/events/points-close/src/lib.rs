//! `points-close`: closes the days whose time has come, for every company with rules of points: daily at 09:05 JST. What it grants is granted once, whoever runs how often; a company that
//! fails holds up no other, and is taken up by the next run.

use domain::ids::PLATFORM;
use jobs::{Invocation, Schedule, Wake, for_points_close};
use serde_json::{Value, json};
use store::{Error, PointsClosed, Store, logs::metrics};

/// The function's name.
const NAME: &str = "points-close";

/// What the job works with.
#[derive(Debug, Clone)]
pub struct PointsClose {
    /// The data.
    pub store: Store,
}

/// Handles a call of the schedule.
pub async fn handle(job: &PointsClose, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Time(Schedule { at, dry_run }) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let origin = &invocation.origin;
    let (mut closed, mut failed) = (Vec::new(), 0);
    for tenant in job.store.tenants_to_close_points_of(&for_points_close(PLATFORM, origin)).await? {
        match Box::pin(job.store.close_points(&for_points_close(tenant, origin), at, dry_run)).await {
            Ok(done) if done == PointsClosed::default() => {}
            Ok(done) => {
                tracing::info!(function = NAME, %tenant, days = done.days, people = done.people, granted = done.granted, flagged = done.flagged, expired = done.expired, "closed");
                closed.push(json!({ "tenant": tenant, "closed": done }));
            }
            Err(error) => {
                failed += 1;
                tracing::error!(function = NAME, %tenant, %error, "not closed");
            }
        }
    }
    let tenants = closed.len();
    tracing::info!(function = NAME, tenants, failed, run = 1, _aws = %metrics(&[("run", "Count"), ("failed", "Count")]), "run");
    Ok(json!({ "as_of": at, "dry_run": dry_run, "tenants": closed, "failed": failed }))
}
