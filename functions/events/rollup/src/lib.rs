//! `rollup`: counts what dashboards show, for every company, daily at 03:30 JST; or for one company (`{"tenant": "tnt_…"}`), for whoever may invoke it. It opens nothing, and its role has no key.
//!
//! A year is counted anew from all that is stored, so that a run which comes twice, or is cut short, changes nothing but when it was counted. A company that fails holds up no other, and is taken
//! up by the next run.

use domain::ids::{PLATFORM, TenantId};
use jobs::{Invocation, Schedule, Wake, for_rollup};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Error, Store, logs::metrics};

/// The function's name.
const NAME: &str = "rollup";

/// What the job works with.
#[derive(Debug, Clone)]
pub struct Rollup {
    /// The data.
    pub store: Store,
}

/// What an event says beside its time.
#[derive(Debug, Default, Deserialize)]
struct Input {
    /// Only this company.
    #[serde(default)]
    tenant: Option<TenantId>,
}

/// Handles a call of the schedule.
pub async fn handle(job: &Rollup, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Input { tenant } = serde_json::from_value(event.clone())?;
    let Wake::Time(Schedule { at, dry_run }) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no schedule's call".to_owned()));
    };
    let origin = &invocation.origin;
    let mut tenants = job.store.tenants_to_roll_up(&for_rollup(PLATFORM, origin)).await?;
    tenants.retain(|one| tenant.is_none_or(|only| only == *one));
    let (mut counted, mut failed) = (Vec::new(), 0);
    for tenant in tenants {
        match Box::pin(job.store.roll_up(&for_rollup(tenant, origin), at, dry_run)).await {
            Ok(done) => {
                tracing::info!(function = NAME, %tenant, years = done.years, people = done.people, workplaces = done.workplaces, "counted");
                counted.push(json!({ "tenant": tenant, "counted": done }));
            }
            Err(error) => {
                failed += 1;
                tracing::error!(function = NAME, %tenant, %error, "not counted");
            }
        }
    }
    let tenants = counted.len();
    tracing::info!(function = NAME, tenants, failed, run = 1, _aws = %metrics(&[("run", "Count"), ("failed", "Count")]), "run");
    Ok(json!({ "as_of": at, "dry_run": dry_run, "tenants": counted, "failed": failed }))
}
