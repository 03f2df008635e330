//! What a decision is made of: the token's word, checked against the tenant, the account and the session as they are stored at this moment.

use std::sync::Arc;

use domain::{contract::Service, organisation::Tree, time::Jst};
use enumset::EnumSet;
use serde::{Deserialize, Serialize};

use crate::{
    address::AddressRules,
    ids::{AccountId, ClientId, EmployeeId, SessionId, TenantId},
    imports::ImportKind,
    matrix::PermissionId,
    permit::Origin,
    role::{Grant, HandlingRule},
    token::Verified,
};

/// Whether a tenant can be worked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// The contract runs.
    Active,
    /// The contract has been terminated; what that means depends on the day.
    Terminated,
    /// The purge has begun: nobody reads or writes any more.
    Purging,
}

/// What a decision needs to know of the tenant.
#[derive(Debug, Clone)]
pub struct TenantFacts {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether it can be worked in.
    pub state: TenantState,
    /// The first instant after the contract, if it was terminated (24:00 of the day of termination in JST).
    pub ends_at: Option<Jst>,
    /// The services that are contracted.
    pub services: Vec<Service>,
    /// From where roles beyond employee may be used.
    pub addresses: AddressRules,
    /// The choices of the tenant's handling rules.
    pub handling_rules: EnumSet<HandlingRule>,
    /// The stress check is all that is contracted, and its implementers and clerks may do without a second factor.
    pub stress_factor_optional: bool,
    /// The kinds of files that its programs may drop at most, as its contract says.
    pub drop_kinds: EnumSet<ImportKind>,
}

impl TenantFacts {
    /// Whether the contract's last day is over.
    #[must_use]
    pub fn has_ended(&self, now: Jst) -> bool {
        self.ends_at.is_some_and(|ends_at| now >= ends_at)
    }

    /// Whether files are still taken: not after the contract, and not while it is purged.
    #[must_use]
    pub fn takes_imports(&self, now: Jst) -> bool {
        self.state != TenantState::Purging && !self.has_ended(now)
    }
}

/// Where an account is in its life; the picture is in `store::accounts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Made, and not signed in with yet.
    Invited,
    /// In use.
    Active,
    /// Stopped by an administrator, or because its employee left.
    Suspended,
}

/// What a decision needs to know of the account.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    /// The account.
    pub account: AccountId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// Where it is in its life.
    pub state: AccountState,
    /// The employee that it belongs to, if any: makes it hold the employee role.
    pub employee: Option<EmployeeId>,
    /// What it was granted beyond that.
    pub grants: Vec<Grant>,
    /// Authority over hiring, dismissal or transfer (人事権).
    pub personnel_authority: bool,
    /// The password was set by somebody else and must be changed before anything else.
    pub must_change_password: bool,
    /// Goes up whenever all sessions shall end: a new password, a removed second factor, a suspension.
    pub epoch: u64,
    /// The password meets the bar of those beyond employee: noted when it was set.
    pub strong_password: bool,
}

/// What a decision needs to know of the session.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// The session.
    pub session: SessionId,
    /// The account's epoch when the session was made: another one has ended it.
    pub epoch: u64,
    /// Until when it lives, whatever happens.
    pub expires_at: Jst,
    /// When its holder last gave a one-time password, if ever.
    pub second_factor_at: Option<Jst>,
}

/// All three as they are stored, read in one strongly consistent read.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The tenant.
    pub tenant: TenantFacts,
    /// The account.
    pub account: AccountFacts,
    /// The session.
    pub session: SessionFacts,
    /// The department tree, where a grant's scope needs it.
    pub tree: Option<Arc<Tree>>,
    /// Where an operator has broken the glass in this session, if they have.
    pub broken_glass: Option<BrokenGlass>,
}

/// An operator's look into a tenant, with a ticket and an end.
#[derive(Debug, Clone)]
pub struct BrokenGlass {
    /// The tenant, as it is stored.
    pub tenant: TenantFacts,
    /// Until when.
    pub ends_at: Jst,
}

/// A customer's program, as it is stored.
#[derive(Debug, Clone)]
pub struct ClientFacts {
    /// The program.
    pub client: ClientId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// What it may do at most: rows of the matrix whose column for programs is open.
    pub scopes: EnumSet<PermissionId>,
    /// The kinds of files that it may drop, as far as the tenant's contract still has them.
    pub drop_kinds: EnumSet<ImportKind>,
    /// From where it may be used; where the list is empty, from where the tenant's own roles may be.
    pub addresses: AddressRules,
    /// Goes up when a secret or a key is revoked: tokens that were made before end.
    pub epoch: u64,
}

/// Whoever holds a token, as they are stored at this moment.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Somebody who signed in.
    Person(Box<SignedIn>),
    /// A program, and its tenant.
    Program(Box<(TenantFacts, ClientFacts)>),
}

/// The facts of one request.
#[derive(Debug, Clone)]
pub struct Facts {
    pub(crate) token: Verified,
    pub(crate) stored: Option<Standing>,
    pub(crate) origin: Origin,
    pub(crate) now: Jst,
}

impl Facts {
    /// Puts the facts of one request together. Only `store` does, which has read `stored` for `token`; `None` where one of tenant,
    /// account and session, or the program, is gone.
    #[must_use]
    pub fn gathered(token: Verified, stored: Option<Standing>, origin: Origin, now: Jst) -> Self {
        Self { token, stored, origin, now }
    }

    /// The instant that the facts are of.
    #[must_use]
    pub fn now(&self) -> Jst {
        self.now
    }
}
