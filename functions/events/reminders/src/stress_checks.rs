//! Stress checks: workers are told that a round is open, reminded while they have not answered, and told that there is something to read once an implementer has signed.

use authz::Origin;
use domain::{contract::Service, ids::PLATFORM, time::Jst};
use jobs::for_employee_reminders;
use store::{Error, Store};

use crate::follow_ups::Reminded;

/// Tells workers of all tenants that have the stress check.
pub(crate) async fn tell(store: &Store, origin: &Origin, at: Jst, dry_run: bool) -> Result<Reminded, Error> {
    let mut reminded = Reminded::default();
    let permit = for_employee_reminders(PLATFORM, origin);
    for tenant in store.tenants_with(&permit, Service::StressCheck, at.date()).await? {
        // One that fails holds up no other, and comes again with the next run.
        match store.tell_of_stress_checks(&for_employee_reminders(tenant, origin), at, dry_run).await {
            Ok(told) => reminded.told += told,
            Err(error) => {
                reminded.failed += 1;
                tracing::error!(function = "reminders", %tenant, %error, "workers not told");
            }
        }
    }
    Ok(reminded)
}
