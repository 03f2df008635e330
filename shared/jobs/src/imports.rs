//! Permits for imports: for taking files in, which nobody's role decides, and for going on with a file in its uploader's name, which
//! is decided again each time.

use authz::{
    Actor, Denied, ImportKind, ImportRight, Job, Origin, Permit, drop_right, import_right_of, permission::UseImports,
};
use domain::ids::{ImportId, TenantId};
use store::{Error, Import, Store, Way};

/// For the job that takes files in and says whose turn it is: it moves imports, and sees no data of people.
#[must_use]
pub fn for_import_intake(tenant: TenantId, import: Option<ImportId>, origin: &Origin) -> Permit<UseImports> {
    // Before an import has its id, the job acts for none: the nil id.
    let import = import.unwrap_or(ImportId::from_bytes([0; 16]));
    let actor = Actor::Job { job: Job::Import(import), on_behalf_of: None, origin: origin.clone() };
    #[expect(clippy::disallowed_methods, reason = "taking a file in is nobody's act")]
    Permit::for_job(tenant, actor)
}

/// For going on with an import: what its uploader may at this moment, or why not any more.
pub async fn for_import(
    store: &Store,
    tenant: TenantId,
    import: &Import,
    origin: &Origin,
) -> Result<Result<ImportRight, Denied>, Error> {
    let actor = Actor::Job { job: Job::Import(import.id), on_behalf_of: import.account, origin: origin.clone() };
    let now = store.clock().now();
    match (import.way, import.account) {
        (Way::Api, Some(account)) => {
            let Some((tenant, account, tree)) = store.standing(tenant, account).await? else {
                return Ok(Err(Denied::Forbidden));
            };
            #[expect(clippy::disallowed_methods, reason = "the uploader's rights, looked at again")]
            let right = import_right_of(&tenant, &account, import.kind, actor, tree.as_ref(), now);
            Ok(right)
        }
        (Way::Drop, _) => for_drop(store, tenant, import.kind, import.id, origin).await,
        (Way::Api, None) => Ok(Err(Denied::Forbidden)),
    }
}

/// For a file that a customer's system dropped: what an administrator has allowed it.
pub async fn for_drop(
    store: &Store,
    tenant: TenantId,
    kind: ImportKind,
    import: ImportId,
    origin: &Origin,
) -> Result<Result<ImportRight, Denied>, Error> {
    let intake = for_import_intake(tenant, Some(import), origin);
    let Some((facts, kinds)) = store.drop_standing(&intake).await? else { return Ok(Err(Denied::Forbidden)) };
    #[expect(clippy::disallowed_methods, reason = "a dropped file is nobody's but the tenant's")]
    let right = drop_right(&facts, kinds, kind, intake.actor().clone(), store.clock().now());
    Ok(right)
}
