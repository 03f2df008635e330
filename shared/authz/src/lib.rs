//! Tenant authorization: who may do what to whose data. Facts in, permit out; no I/O.
//!
//! The whole of it is this: the [`matrix`] says which role may do what; [`Facts`] say who asks, from where, and how they
//! signed in; [`Facts::permit`] puts the two together and answers with a [`Permit`] or a reason to refuse. A permit is the only key to
//! the store: it names its permission in its type, carries the tenant, and knows whose data it reaches. It cannot be
//! copied into another tenant or turned into another permission:
//!
//! ```compile_fail
//! use authz::{Permit, permission::{ViewCheckups, ManageEmployees}};
//! fn read(_: &Permit<ViewCheckups>) {}
//! fn wrong(permit: &Permit<ManageEmployees>) { read(permit) }
//! ```
//! ```
//! use authz::{Permit, permission::ViewCheckups};
//! fn read(_: &Permit<ViewCheckups>) {}
//! fn right(permit: &Permit<ViewCheckups>) { read(permit) }
//! ```
//!
//! Nor can it be written down by hand, for its fields are private:
//!
//! ```compile_fail
//! use authz::{Permit, permission::ViewCheckups};
//! let _ = Permit::<ViewCheckups> { tenant: authz::ids::PLATFORM };
//! ```
//!
//! Two constructors are open to other crates because Rust has no friends: [`Facts::gathered`] (only `store` gathers facts, from
//! a verified token) and [`Permit::for_job`] (only `jobs` makes permits for what nobody calls). Clippy's `disallowed-methods`
//! keeps everything else away from both.
#![warn(missing_docs)]

pub use domain::ids;

mod address;
mod assertion;
mod client;
mod decision;
mod facts;
mod imports;
mod kiosk;
pub mod matrix;
mod permit;
mod role;
pub mod token;
mod uses;

pub use address::{AddressRules, NotANetwork};
pub use assertion::{Asserted, ClientKey, Jwk, KeyRefused};
pub use client::{ClientKinds, ClientScopes, drop_right, import_right_of_client, may_get_token};
pub use decision::{Denied, Exported, FRESH_FOR, RoleStanding, export_right_of, import_right_of, may_sign_in};
pub use facts::{
    AccountFacts, AccountState, BrokenGlass, ClientFacts, Facts, SessionFacts, SignedIn, Standing, TenantFacts,
    TenantState,
};
pub use imports::{ImportKind, ImportRight};
pub use kiosk::KioskFacts;
pub use matrix::{Permission, PermissionId, may_in_service, permission};
pub use permit::{Actor, Job, OnBehalf, Origin, Permit, Placement, Reach};
pub use role::{Grant, HandlingRule, Role, Scope};
pub use uses::use_of;
