//! Where the people of a demo tenant stand: what each account is to be granted, and which employee it belongs to.

use authz::{Grant, Role};
use domain::ids::EmployeeId;

use super::setup::{everywhere, role};
use crate::Error;
use crate::service::endpoints::DemoTenant;

/// An account's place.
pub(super) struct Place {
    /// What it is granted.
    pub(super) grants: Vec<Grant>,
    /// The employee that it belongs to.
    pub(super) employee: Option<EmployeeId>,
}

/// A place for each account of the tenant, in their order.
pub(super) fn places(tenant: &DemoTenant) -> Result<Vec<Place>, Error> {
    tenant
        .accounts
        .iter()
        .map(|account| {
            let grants = match role(&account.role)? {
                Role::Employee => Vec::new(),
                role => everywhere(role),
            };
            Ok(Place { grants, employee: None })
        })
        .collect()
}
