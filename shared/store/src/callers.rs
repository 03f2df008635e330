//! Who asks: what is settled about a permit's holder before anything is read.

use authz::{Actor, Denied, Permission, Permit};
use domain::ids::{AccountId, PLATFORM};

use crate::Error;

/// What is nobody's part of a company (accounts, programs, its units, files of all of it) is for those who reach everybody: a grant that reaches parts could widen itself with it.
pub(crate) fn whole_tenant<P: Permission>(permit: &Permit<P>) -> Result<(), Error> {
    if permit.reach().is_everybody() { Ok(()) } else { Err(Denied::Forbidden.into()) }
}

/// The provider's own people and jobs.
pub(crate) fn of_platform<P: Permission>(permit: &Permit<P>) -> Result<(), Error> {
    if permit.tenant() == PLATFORM { Ok(()) } else { Err(Denied::Forbidden.into()) }
}

/// The account that acts: somebody who is signed in, and neither a program nor a job.
pub(crate) fn somebody<P: Permission>(permit: &Permit<P>) -> Result<AccountId, Error> {
    match permit.actor() {
        Actor::Account { account, .. } => Ok(*account),
        _ => Err(Denied::Forbidden.into()),
    }
}
