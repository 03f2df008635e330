//! Programs as callers: what can be given to one, and what it may do at this moment.
//!
//! An administrator gives a program no more than they may do themselves, for the whole tenant, and nothing that the matrix's column for programs does not
//! open. That is checked where [`ClientScopes`] and [`ClientKinds`] are made, and the store takes nothing else.

use std::net::IpAddr;

use domain::time::Jst;
use enumset::EnumSet;

use crate::{
    ClientFacts, Facts, ImportKind, ImportRight, Standing, TenantFacts, TenantState,
    decision::{Denied, is_contracted, takes},
    matrix::{Cell, PermissionId, Row, open_to_programs, row_of},
    permit::{Actor, Reach},
    role::Role,
};

/// What a program shall be allowed. Only [`Facts::client_scopes`] makes one that holds anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientScopes(EnumSet<PermissionId>);

impl ClientScopes {
    /// The permissions.
    #[must_use]
    pub fn permissions(self) -> EnumSet<PermissionId> {
        self.0
    }
}

/// The kinds of files that a program shall be allowed to drop. Only [`TenantFacts::client_kinds`] makes one that holds anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientKinds(EnumSet<ImportKind>);

impl ClientKinds {
    /// The kinds.
    #[must_use]
    pub fn kinds(self) -> EnumSet<ImportKind> {
        self.0
    }
}

impl Facts {
    /// What the caller may give a program; or else those of `scopes` that they may not do themselves for the whole tenant, or that no program may do.
    pub fn client_scopes(&self, scopes: EnumSet<PermissionId>) -> Result<ClientScopes, EnumSet<PermissionId>> {
        let open = open_to_programs();
        let beyond = scopes.iter().filter(|permission| !open.contains(*permission) || !self.has_whole(*permission));
        let beyond: EnumSet<PermissionId> = beyond.collect();
        if beyond.is_empty() { Ok(ClientScopes(scopes)) } else { Err(beyond) }
    }

    /// What a program of the caller's tenant may be given to drop; or else those of `kinds` that it may not.
    pub fn client_kinds(&self, kinds: EnumSet<ImportKind>) -> Result<ClientKinds, EnumSet<ImportKind>> {
        match &self.stored {
            Some(Standing::Person(stored)) => stored.tenant.client_kinds(kinds),
            _ => Err(kinds),
        }
    }
}

impl TenantFacts {
    /// What a program of this tenant may be given to drop; or else those of `kinds` that cannot be dropped, or that the contract does not have.
    pub fn client_kinds(&self, kinds: EnumSet<ImportKind>) -> Result<ClientKinds, EnumSet<ImportKind>> {
        let beyond: EnumSet<ImportKind> = kinds.iter().filter(|kind| !self.lets_drop(*kind)).collect();
        if beyond.is_empty() { Ok(ClientKinds(kinds)) } else { Err(beyond) }
    }

    fn lets_drop(&self, kind: ImportKind) -> bool {
        kind.may_be_dropped() && self.drop_kinds.contains(kind) && is_contracted(kind.row(), self)
    }
}

impl ClientFacts {
    /// Whether it was given what `row` is about. That it may get credentials for dropping files follows from the kinds that it may drop.
    pub(crate) fn may(&self, row: &Row, tenant: &TenantFacts) -> bool {
        let given = if row.permission == PermissionId::DropFiles {
            !self.droppable(tenant).is_empty()
        } else {
            self.scopes.contains(row.permission)
        };
        given && row.cell(Role::ApiClient) == Cell::Scope
    }

    /// The kinds of files that it may drop at this moment.
    #[must_use]
    pub fn droppable(&self, tenant: &TenantFacts) -> EnumSet<ImportKind> {
        self.drop_kinds.iter().filter(|kind| tenant.lets_drop(*kind)).collect()
    }

    /// Whether it may be used from `address`: by its own list, or where it has none by the tenant's.
    #[must_use]
    pub fn may_call_from(&self, tenant: &TenantFacts, address: Option<IpAddr>) -> bool {
        if self.addresses.is_empty() { tenant.addresses.allow(address) } else { self.addresses.list(address) }
    }

    fn is_of(&self, tenant: &TenantFacts) -> bool {
        self.tenant == tenant.tenant && tenant.state != TenantState::Purging
    }
}

/// Whether a program may have a token at all: its contract runs, and it asks from where it may. It is asked before there is a token.
#[must_use]
pub fn may_get_token(tenant: &TenantFacts, client: &ClientFacts, address: Option<IpAddr>, now: Jst) -> bool {
    client.is_of(tenant) && !tenant.has_ended(now) && client.may_call_from(tenant, address)
}

/// Decides whether a program may import `kind` by dropping a file, for the whole tenant.
pub fn drop_right(
    tenant: &TenantFacts,
    client: &ClientFacts,
    kind: ImportKind,
    actor: Actor,
    now: Jst,
) -> Result<ImportRight, Denied> {
    if !client.is_of(tenant) || !takes(tenant, kind, now) || !client.droppable(tenant).contains(kind) {
        return Err(Denied::Forbidden);
    }
    ImportRight::within(tenant.tenant, kind, actor, Reach::everybody())
}

/// Decides whether a program may still import `kind`, when a job goes on with what it began.
pub fn import_right_of_client(
    tenant: &TenantFacts,
    client: &ClientFacts,
    kind: ImportKind,
    actor: Actor,
    now: Jst,
) -> Result<ImportRight, Denied> {
    let may = [PermissionId::UseImports, kind.permission()].into_iter().all(|of| client.may(row_of(of), tenant));
    if !client.is_of(tenant) || !takes(tenant, kind, now) || !may {
        return Err(Denied::Forbidden);
    }
    ImportRight::within(tenant.tenant, kind, actor, Reach::everybody())
}
