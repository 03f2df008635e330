//! Checkups: employees are reminded of those that they have not taken, where their company wants that; physicians of opinions that are due.

use authz::Origin;
use domain::{contract::Service, ids::PLATFORM, time::Jst};
use jobs::for_employee_reminders;
use store::{Error, Store};

use crate::follow_ups::Reminded;

/// Reminds employees and physicians of all tenants that have checkups.
pub(crate) async fn remind(store: &Store, origin: &Origin, at: Jst, dry_run: bool) -> Result<Reminded, Error> {
    let mut reminded = Reminded::default();
    for tenant in store.tenants_with(&for_employee_reminders(PLATFORM, origin), Service::Checkup, at.date()).await? {
        let permit = for_employee_reminders(tenant, origin);
        // One that fails holds up no other, and comes again with the next run.
        for told in
            [store.remind_of_checkups(&permit, at, dry_run).await, store.remind_of_opinions(&permit, at, dry_run).await]
        {
            match told {
                Ok(told) => reminded.told += told,
                Err(error) => {
                    reminded.failed += 1;
                    tracing::error!(function = "reminders", %tenant, %error, "nobody reminded of checkups");
                }
            }
        }
    }
    Ok(reminded)
}
