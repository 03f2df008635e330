//! Permits for imports: for taking files in, which nobody's role decides, and for going on with a file in its uploader's name, which
//! is decided again each time.

use authz::{
    Actor, Denied, ImportKind, ImportRight, Job, OnBehalf, Origin, Permit, drop_right, import_right_of,
    import_right_of_client, permission::UseImports,
};
use domain::ids::{AccountId, ClientId, ImportId, TenantId};
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
    match import.way {
        Way::Api => for_caller(store, tenant, import, (import.account, import.client), origin).await,
        // From where it came was looked at when it came.
        Way::Drop => match (import.account, import.client) {
            (None, Some(client)) => for_drop(store, tenant, client, import.kind, import.id, origin).await,
            _ => Ok(Err(Denied::Forbidden)),
        },
    }
}

/// For taking back what an import wrote: what whoever asked for that may at this moment, or why not any more.
pub async fn for_undo(
    store: &Store,
    tenant: TenantId,
    import: &Import,
    origin: &Origin,
) -> Result<Result<ImportRight, Denied>, Error> {
    let asked = import.undo.as_ref().map_or((None, None), |undo| (undo.account, undo.client));
    for_caller(store, tenant, import, asked, origin).await
}

async fn for_caller(
    store: &Store,
    tenant: TenantId,
    import: &Import,
    caller: (Option<AccountId>, Option<ClientId>),
    origin: &Origin,
) -> Result<Result<ImportRight, Denied>, Error> {
    let now = store.clock().now();
    match caller {
        (Some(account), None) => {
            let actor = acting(import.id, OnBehalf::Account(account), origin);
            let Some((tenant, account, tree)) = store.standing(tenant, account).await? else {
                return Ok(Err(Denied::Forbidden));
            };
            #[expect(clippy::disallowed_methods, reason = "the uploader's rights, looked at again")]
            let right = import_right_of(&tenant, &account, import.kind, actor, tree.as_ref(), now);
            Ok(right)
        }
        (None, Some(client)) => {
            let actor = acting(import.id, OnBehalf::Program(client), origin);
            let Some((tenant, client)) = store.client_standing(tenant, client).await? else {
                return Ok(Err(Denied::Forbidden));
            };
            #[expect(clippy::disallowed_methods, reason = "the uploader's rights, looked at again")]
            let right = import_right_of_client(&tenant, &client, import.kind, actor, now);
            Ok(right)
        }
        _ => Ok(Err(Denied::Forbidden)),
    }
}

/// For a file that a program dropped: what an administrator has allowed it. Where `origin` says from where it came, that must be allowed too.
pub async fn for_drop(
    store: &Store,
    tenant: TenantId,
    client: ClientId,
    kind: ImportKind,
    import: ImportId,
    origin: &Origin,
) -> Result<Result<ImportRight, Denied>, Error> {
    let Some((tenant, facts)) = store.client_standing(tenant, client).await? else {
        return Ok(Err(Denied::Unauthenticated));
    };
    if origin.address.is_some() && !facts.may_call_from(&tenant, origin.address) {
        return Ok(Err(Denied::AddressNotAllowed));
    }
    let actor = acting(import, OnBehalf::Program(client), origin);
    #[expect(clippy::disallowed_methods, reason = "the program's rights, looked at again")]
    let right = drop_right(&tenant, &facts, kind, actor, store.clock().now());
    Ok(right)
}

fn acting(import: ImportId, on_behalf_of: OnBehalf, origin: &Origin) -> Actor {
    Actor::Job { job: Job::Import(import), on_behalf_of: Some(on_behalf_of), origin: origin.clone() }
}
