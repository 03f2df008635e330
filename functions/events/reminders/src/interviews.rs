//! Interviews: workers are reminded of a booked one, and those who are to arrange, report or decide of their day. Leave cases: those who are to look at one.

use authz::Origin;
use domain::{contract::Service, ids::PLATFORM, time::Jst};
use jobs::for_employee_reminders;
use store::{Error, Store};

use crate::follow_ups::Reminded;

/// Reminds people of all tenants that have interviews.
pub(crate) async fn remind(store: &Store, origin: &Origin, at: Jst, dry_run: bool) -> Result<Reminded, Error> {
    let mut reminded = Reminded::default();
    let permit = for_employee_reminders(PLATFORM, origin);
    for tenant in store.tenants_with(&permit, Service::Interview, at.date()).await? {
        // One that fails holds up no other, and comes again with the next run.
        let permit = for_employee_reminders(tenant, origin);
        for told in [
            store.remind_of_interviews(&permit, at, dry_run).await,
            store.remind_of_leave_cases(&permit, at, dry_run).await,
        ] {
            match told {
                Ok(told) => reminded.told += told,
                Err(error) => {
                    reminded.failed += 1;
                    tracing::error!(function = "reminders", %tenant, %error, "nobody reminded of interviews");
                }
            }
        }
    }
    Ok(reminded)
}
