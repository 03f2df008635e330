//! The decision: facts in, permit or reason out. Everything that is not said here is refused.

use std::{net::IpAddr, sync::Arc};

use domain::{organisation::Tree, time::Jst};
use enumset::EnumSet;

use crate::{
    AccountFacts, AccountState, ClientFacts, Facts, ImportKind, ImportRight, SignedIn, Standing, TenantFacts,
    TenantState,
    ids::PLATFORM,
    matrix::{Cell, MATRIX, Permission, PermissionId, Row, Sort, row_of},
    permission::{ExportCheckups, ExportInterviews},
    permit::{Actor, Permit, Reach},
    role::{Grant, Role, Scope},
    token::Bearer,
};

/// For how long a one-time password counts as fresh, in seconds.
pub const FRESH_FOR: i64 = 5 * 60;

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token is missing, forged or expired, or its tenant, account or session is no longer good. All the same to the caller.
    #[error("not signed in")]
    Unauthenticated,
    /// No role of the caller has the permission.
    #[error("no role has the permission")]
    Forbidden,
    /// A role would do, but not without a second factor.
    #[error("a second factor is needed")]
    SecondFactorRequired,
    /// The second factor was given too long ago.
    #[error("a fresh one-time password is needed")]
    FreshSecondFactorRequired,
    /// A role would do, but not with a password under the bar.
    #[error("a stronger password is needed")]
    StrongerPasswordRequired,
    /// A role would do, but not from this address.
    #[error("the address is not allowed")]
    AddressNotAllowed,
    /// The initial password must be changed first.
    #[error("the password must be changed first")]
    PasswordChangeRequired,
    /// The service is not contracted: the caller is told that there is nothing here.
    #[error("the service is not contracted")]
    NotContracted,
    /// The contract has ended and the permission ended with it.
    #[error("the contract has ended")]
    ContractEnded,
}

impl Facts {
    /// Decides on permission `P`.
    ///
    /// In this order: the token's tenant, account and session are good; the contract runs; the password is the account's own; the service is
    /// contracted; a role has the permission and may be used (second factor, password, address); the second factor is fresh where that is
    /// asked. The permit's reach is the union of the scopes of the grants that count, plus oneself where the employee's role counts.
    pub fn permit<P: Permission>(&self) -> Result<Permit<P>, Denied> {
        match self.stored.as_ref().ok_or(Denied::Unauthenticated)? {
            Standing::Person(stored) => self.permit_person(stored),
            Standing::Program(stored) => self.permit_program(&stored.0, &stored.1),
        }
    }

    fn permit_person<P: Permission>(&self, stored: &SignedIn) -> Result<Permit<P>, Denied> {
        let row = row_of(P::ID);
        self.is_signed_in(stored)?;
        has_contract(row, stored, self.now)?;
        if stored.account.must_change_password && !row.before_password_change {
            return Err(Denied::PasswordChangeRequired);
        }
        let actor = |roles| Actor::Account {
            account: stored.account.account,
            session: stored.session.session,
            roles,
            origin: self.origin.clone(),
        };
        if let Some(tenant) = self.broken_glass(row, stored)? {
            let operator = actor(EnumSet::only(Role::Operator));
            return Ok(Permit::through_broken_glass(tenant.tenant, operator));
        }
        if !is_contracted(row, &stored.tenant) {
            return Err(Denied::NotContracted);
        }
        let (roles, reach) = self.weigh(row, stored)?;
        if row.fresh && !self.second_factor_is_fresh(stored) {
            return Err(Denied::FreshSecondFactorRequired);
        }
        let columns = MATRIX
            .iter()
            .filter(|row| row.sort == Sort::Column && is_contracted(row, &stored.tenant))
            .filter_map(|row| Some((row.permission, self.weigh(row, stored).ok()?.1)))
            .collect();
        Ok(Permit::granted(stored.tenant.tenant, actor(roles), reach, columns))
    }

    /// A program reaches everybody in its tenant, with what it was given of the matrix's column for programs and nothing more. It has no second
    /// factor; what asks for a fresh one has no cell there.
    fn permit_program<P: Permission>(&self, tenant: &TenantFacts, client: &ClientFacts) -> Result<Permit<P>, Denied> {
        let row = row_of(P::ID);
        let same = self.token.tenant() == tenant.tenant
            && client.tenant == tenant.tenant
            && self.token.bearer() == Bearer::Program { client_id: client.client, epoch: client.epoch };
        if !same || tenant.state == TenantState::Purging || tenant.has_ended(self.now) {
            return Err(Denied::Unauthenticated);
        }
        if !is_contracted(row, tenant) {
            return Err(Denied::NotContracted);
        }
        if !client.may(row, tenant) {
            return Err(Denied::Forbidden);
        }
        if !client.may_call_from(tenant, self.origin.address) {
            return Err(Denied::AddressNotAllowed);
        }
        let columns = MATRIX
            .iter()
            .filter(|row| row.sort == Sort::Column && is_contracted(row, tenant) && client.may(row, tenant))
            .map(|row| (row.permission, Reach::everybody()))
            .collect();
        let actor = Actor::Program { client: client.client, origin: self.origin.clone() };
        Ok(Permit::granted(tenant.tenant, actor, Reach::everybody(), columns))
    }

    /// The tenant in which an operator has broken the glass, where the row is open to that.
    fn broken_glass<'a>(&self, row: &Row, stored: &'a SignedIn) -> Result<Option<&'a TenantFacts>, Denied> {
        if row.cell(Role::Operator) != Cell::BrokenGlass || stored.tenant.tenant != PLATFORM {
            return Ok(None);
        }
        let glass = stored.broken_glass.as_ref().filter(|glass| glass.ends_at > self.now);
        let glass = glass.filter(|glass| glass.tenant.tenant != PLATFORM && glass.tenant.state != TenantState::Purging);
        let is_operator = stored.account.grants.iter().any(|grant| grant.role == Role::Operator);
        let Some(glass) = glass.filter(|_| is_operator) else { return Ok(None) };
        is_proven(Role::Operator, stored, self.origin.address)?;
        if is_contracted(row, &glass.tenant) { Ok(Some(&glass.tenant)) } else { Err(Denied::NotContracted) }
    }

    /// Whether the caller may do all that `permission` allows, to everybody in the tenant.
    pub(crate) fn has_whole(&self, permission: PermissionId) -> bool {
        let Some(Standing::Person(stored)) = &self.stored else { return false };
        let row = row_of(permission);
        self.weigh(row, stored).is_ok_and(|(_, reach)| reach.is_whole(row))
    }

    /// The caller's roles with their scopes, each with what keeps it from being used in this request, if anything does.
    #[must_use]
    pub fn roles(&self) -> Vec<RoleStanding> {
        let Some(Standing::Person(stored)) = &self.stored else { return Vec::new() };
        let employee = stored.account.employee.map(|_| RoleStanding { role: Role::Employee, scope: None, lacks: None });
        let granted = stored.account.grants.iter().map(|grant| {
            let lacks = if has_its_place(grant.role, &stored.tenant, &stored.account) {
                is_proven(grant.role, stored, self.origin.address).err()
            } else {
                Some(Denied::Forbidden)
            };
            RoleStanding { role: grant.role, scope: Some(grant.scope.clone()), lacks }
        });
        employee.into_iter().chain(granted).collect()
    }

    fn is_signed_in(&self, stored: &SignedIn) -> Result<(), Denied> {
        let SignedIn { tenant, account, session, .. } = stored;
        let token = &self.token;
        let same = token.tenant() == tenant.tenant
            && token.tenant() == account.tenant
            && token.bearer() == Bearer::Person { account: account.account, session: session.session };
        let alive = account.state == AccountState::Active
            && session.epoch == account.epoch
            && session.expires_at > self.now
            && tenant.state != TenantState::Purging;
        if same && alive { Ok(()) } else { Err(Denied::Unauthenticated) }
    }

    fn second_factor_is_fresh(&self, stored: &SignedIn) -> bool {
        stored.session.second_factor_at.is_some_and(|at| at.plus_seconds(FRESH_FOR) >= self.now)
    }

    /// The roles that carry the row for this request, and whom they reach; or the reason that comes nearest to a permit.
    fn weigh(&self, row: &Row, stored: &SignedIn) -> Result<(EnumSet<Role>, Reach), Denied> {
        let mut roles = EnumSet::new();
        let mut reach = Reach::default();
        let mut nearest = Denied::Forbidden;
        for (role, scope) in roles_of(&stored.account) {
            match usable(role, row, stored, self.origin.address) {
                Ok(Some(Counts::ForOneself)) => {
                    roles.insert(role);
                    reach.add_oneself(stored.account.employee);
                }
                Ok(Some(Counts::ForScope)) => {
                    roles.insert(role);
                    if let Some(scope) = scope {
                        reach.add(scope, stored.tree.as_ref());
                    }
                }
                Ok(None) => {}
                Err(reason) => nearest = reason,
            }
        }
        if roles.is_empty() { Err(nearest) } else { Ok((roles, reach)) }
    }
}

/// The roles that an account has, each with its scope: the employee's where it belongs to one, and the granted ones. An account with neither
/// has no role; it still is itself, which the first pair says.
fn roles_of(account: &AccountFacts) -> impl Iterator<Item = (Role, Option<&Scope>)> {
    let granted = account.grants.iter().map(|Grant { role, scope }| (*role, Some(scope)));
    std::iter::once((Role::Employee, None)).chain(granted)
}

/// A role of the caller, and how it stands in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleStanding {
    /// The role.
    pub role: Role,
    /// Its reach; none for the employee's, which is oneself.
    pub scope: Option<Scope>,
    /// What is missing for it to be used.
    pub lacks: Option<Denied>,
}

/// How a role counts for a row.
enum Counts {
    ForOneself,
    ForScope,
}

/// Whether `role` carries `row` in this request: `None` if the matrix says no, an error if the matrix says yes but something else is missing.
fn usable(role: Role, row: &Row, stored: &SignedIn, address: Option<IpAddr>) -> Result<Option<Counts>, Denied> {
    let SignedIn { tenant, account, .. } = stored;
    if !has_its_place(role, tenant, account) {
        return Ok(None);
    }
    match row.cell(role) {
        Cell::No | Cell::BrokenGlass => return Ok(None),
        // Own data are those of the account's employee; what is about the account itself needs none.
        Cell::Own => {
            return Ok((account.employee.is_some() || row.is_about_the_account()).then_some(Counts::ForOneself));
        }
        Cell::ScopeIf(rule) if !tenant.handling_rules.contains(rule) => return Ok(None),
        Cell::Scope | Cell::ScopeIf(_) => {}
    }
    is_proven(role, stored, address)?;
    Ok(Some(Counts::ForScope))
}

pub(crate) fn is_contracted(row: &Row, tenant: &TenantFacts) -> bool {
    row.service.is_none_or(|service| tenant.services.contains(&service))
}

/// Whether a role has its place in this tenant, and the account may have it at all.
fn has_its_place(role: Role, tenant: &TenantFacts, account: &AccountFacts) -> bool {
    let in_its_place = role == Role::Employee || role.is_granted(tenant.tenant == PLATFORM);
    in_its_place && !(account.personnel_authority && role.barred_by_personnel_authority())
}

/// Whether a request has shown what every role beyond employee asks for. Where nothing but the stress check is contracted, the tenant
/// may have let its implementers and clerks do without a second factor.
fn is_proven(role: Role, stored: &SignedIn, address: Option<IpAddr>) -> Result<(), Denied> {
    if !may_work_from(&stored.tenant, address) {
        return Err(Denied::AddressNotAllowed);
    }
    if !stored.account.strong_password {
        return Err(Denied::StrongerPasswordRequired);
    }
    let optional = stored.tenant.stress_factor_optional && role.is_of_the_stress_check();
    if stored.session.second_factor_at.is_none() && !optional {
        return Err(Denied::SecondFactorRequired);
    }
    Ok(())
}

/// Whether roles beyond employee may be used from `address`. A customer without a list restricts nothing; the provider without one lets nobody in.
fn may_work_from(tenant: &TenantFacts, address: Option<IpAddr>) -> bool {
    if tenant.tenant == PLATFORM { tenant.addresses.list(address) } else { tenant.addresses.allow(address) }
}

/// After the contract's last day employees' sign-in has ended, and others keep what is open to the end.
fn has_contract(row: &Row, stored: &SignedIn, now: Jst) -> Result<(), Denied> {
    if !stored.tenant.has_ended(now) {
        return Ok(());
    }
    if !is_administrator(&stored.account) {
        return Err(Denied::Unauthenticated);
    }
    if row.after_end { Ok(()) } else { Err(Denied::ContractEnded) }
}

fn is_administrator(account: &AccountFacts) -> bool {
    account.grants.iter().any(|grant| grant.role == Role::Administrator)
}

/// Decides whether an account may still import `kind`, when a job goes on with what it began: there is no session any more, so that second
/// factor and address were looked at when the import was made, and only the standing of the account counts now.
pub fn import_right_of(
    tenant: &TenantFacts,
    account: &AccountFacts,
    kind: ImportKind,
    actor: Actor,
    tree: Option<&Arc<Tree>>,
    now: Jst,
) -> Result<ImportRight, Denied> {
    if account.tenant != tenant.tenant || account.state != AccountState::Active || !takes(tenant, kind, now) {
        return Err(Denied::Forbidden);
    }
    let mut reach = Reach::default();
    for Grant { role, scope } in &account.grants {
        if kind.row().cell(*role) == Cell::Scope && has_its_place(*role, tenant, account) {
            reach.add(scope, tree);
        }
    }
    ImportRight::within(tenant.tenant, kind, actor, reach)
}

/// What a file can be made of by the right of whoever asked for it.
pub trait Exported: Permission {}
impl Exported for ExportCheckups {}
impl Exported for ExportInterviews {}

/// Decides whether an account may still have something as files, and what it sees of whom, when a job writes what it asked for: there is no session any more, so that second factor and
/// address were looked at when it asked, and are again when it takes the files.
pub fn export_right_of<P: Exported>(
    tenant: &TenantFacts,
    account: &AccountFacts,
    actor: Actor,
    tree: Option<&Arc<Tree>>,
    now: Jst,
) -> Result<Permit<P>, Denied> {
    let runs = tenant.state != TenantState::Purging && !tenant.has_ended(now);
    if account.tenant != tenant.tenant || account.state != AccountState::Active || !runs {
        return Err(Denied::Forbidden);
    }
    let reach_of = |row: &Row| {
        let mut reach = Reach::default();
        for Grant { role, scope } in &account.grants {
            let counts = match row.cell(*role) {
                Cell::Scope => true,
                Cell::ScopeIf(rule) => tenant.handling_rules.contains(rule),
                Cell::No | Cell::Own | Cell::BrokenGlass => false,
            };
            if counts && is_contracted(row, tenant) && has_its_place(*role, tenant, account) {
                reach.add(scope, tree);
            }
        }
        reach
    };
    let reach = reach_of(row_of(P::ID));
    if reach.is_nobody() {
        return Err(Denied::Forbidden);
    }
    let columns = MATRIX.iter().filter(|row| row.sort == Sort::Column).map(|row| (row.permission, reach_of(row)));
    let columns = columns.filter(|(_, reach)| !reach.is_nobody()).collect();
    Ok(Permit::granted(tenant.tenant, actor, reach, columns))
}

/// Whether a tenant takes files of this kind at all: its contract runs, and with it the service that they belong to.
pub(crate) fn takes(tenant: &TenantFacts, kind: ImportKind, now: Jst) -> bool {
    tenant.takes_imports(now) && is_contracted(kind.row(), tenant)
}

/// Whether an account may sign in at all: it and its contract are good. Sign-in asks before there is a session. The provider's people do so from the
/// provider's networks alone; customers' people from everywhere, for the employee's own data are not restricted.
#[must_use]
pub fn may_sign_in(tenant: &TenantFacts, account: &AccountFacts, address: Option<IpAddr>, now: Jst) -> bool {
    let at_home = tenant.tenant != PLATFORM || tenant.addresses.list(address);
    let ended = tenant.has_ended(now);
    let open = tenant.state != TenantState::Purging && (!ended || is_administrator(account));
    let alive = matches!(account.state, AccountState::Active | AccountState::Invited);
    account.tenant == tenant.tenant && at_home && open && alive
}
