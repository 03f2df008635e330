//! Purges that lie ahead: administrators of the company are told 14, 7 and 1 days before its data is deleted, and whether they have taken their last export.

use authz::{Permit, permission::RemindOperators};
use domain::{reminder::Steps, time::Jst};
use store::{Due, Error, PurgeAhead, Store, Told};

/// 14, 7 and 1 days.
const STEPS: Steps = Steps(&[14 * 24, 7 * 24, 24]);

/// What lies ahead: of what has begun nobody needs to be told.
pub(crate) async fn due(store: &Store, permit: &Permit<RemindOperators>, now: Jst) -> Result<Vec<Due>, Error> {
    let purges = store.purges_ahead(permit).await?;
    Ok(purges.into_iter().map(of_purge).filter(|due| due.due > now).collect())
}

fn of_purge(purge: PurgeAhead) -> Due {
    let PurgeAhead { tenant, purge_on, last_export_at } = purge;
    Due {
        subject: tenant.to_string(),
        deadline: "purge".to_owned(),
        what: "データの削除開始".to_owned(),
        due: Jst::start_of(purge_on),
        steps: STEPS,
        told: Told::OfThePurge { tenant, last_export_at },
    }
}
