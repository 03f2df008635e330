//! One's own account.

use authz::{Actor, Permit, permission::ReadSelf};
use futures_util::future::try_join;

use crate::{
    Error, Store, Tenant,
    accounts::{self, Account, AccountDetails},
    credentials,
    item::{Stored, from_item},
    tenants,
};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Me {
    /// The account.
    pub details: AccountDetails,
    /// Its tenant.
    pub tenant: Tenant,
}

impl Store {
    /// The caller's own account.
    pub async fn me(&self, permit: &Permit<ReadSelf>) -> Result<Stored<Me>, Error> {
        let (Actor::Account { account, .. }, tenant) = (permit.actor(), permit.tenant()) else {
            return Err(Error::NotFound);
        };
        let keys = [tenants::key(tenant), accounts::key(tenant, *account)];
        let (items, holder) = try_join(self.db.batch_get(&keys), self.load_holder(tenant, *account)).await?;
        let Ok([Some(of), Some(who)]) = <[_; 2]>::try_from(items) else { return Err(Error::NotFound) };
        let now = self.clock.now();
        let (Some(of), Some(who), Some(holder)) =
            (from_item::<Tenant>(of, now)?, from_item::<Account>(who, now)?, holder)
        else {
            return Err(Error::NotFound);
        };
        let credential = self.load_credential(&credentials::key(tenant, &who.record.login)).await?;
        let details = AccountDetails::new(who.record, holder, credential.as_ref(), now);
        Ok(Stored { record: Me { details, tenant: of.record }, version: who.version })
    }
}
