//! Follow-ups (受診勧奨): whoever has not said what came of their findings by the day that they were asked to is reminded, at least two weeks apart and three times at most.

use authz::Origin;
use domain::{ids::PLATFORM, time::Jst};
use jobs::for_employee_reminders;
use store::{Error, Store};

/// How many were reminded, and how many tenants could not be looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reminded {
    pub(crate) told: usize,
    pub(crate) failed: usize,
}

impl Reminded {
    /// Both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self { told: self.told + other.told, failed: self.failed + other.failed }
    }
}

/// Reminds employees of all tenants whose contract runs.
pub(crate) async fn remind(store: &Store, origin: &Origin, at: Jst, dry_run: bool) -> Result<Reminded, Error> {
    let mut reminded = Reminded::default();
    for tenant in store.tenants_to_remind(&for_employee_reminders(PLATFORM, origin)).await? {
        // One that fails holds up no other, and comes again with the next run.
        match store.remind_employees(&for_employee_reminders(tenant, origin), at, dry_run).await {
            Ok(told) => reminded.told += told,
            Err(error) => {
                reminded.failed += 1;
                tracing::error!(function = "reminders", %tenant, %error, "employees not reminded");
            }
        }
    }
    Ok(reminded)
}
