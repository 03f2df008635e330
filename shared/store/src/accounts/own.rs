//! One's own account.

use authz::{Actor, Permit, permission::ReadSelf};
use futures_util::future::try_join;

use crate::{Error, Store, Tenant, accounts::AccountDetails, credentials, item::Stored};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Me {
    /// The account.
    pub details: AccountDetails,
    /// Its tenant.
    pub tenant: Tenant,
    /// The caller is the tenant's only usable administrator: who loses their device locks everybody out.
    pub is_only_administrator: bool,
}

impl Store {
    /// The caller's own account.
    pub async fn me(&self, permit: &Permit<ReadSelf>) -> Result<Stored<Me>, Error> {
        let (Actor::Account { account, .. }, tenant) = (permit.actor(), permit.tenant()) else {
            return Err(Error::NotFound);
        };
        let (found, holder) =
            try_join(self.load_tenant_and_account(tenant, *account), self.load_holder(tenant, *account)).await?;
        let (Some((of, who)), Some(holder)) = (found, holder) else { return Err(Error::NotFound) };
        let is_administrator = who.record.is_usable_administrator();
        let (key, administrators) = (credentials::key(tenant, &who.record.login), async {
            if is_administrator { self.usable_administrators(tenant).await } else { Ok(Vec::new()) }
        });
        let (credential, administrators) = try_join(self.load_credential(&key), administrators).await?;
        let is_only_administrator = is_administrator && administrators.len() < 2;
        let details = AccountDetails::new(who.record, holder, credential.as_ref(), self.clock.now());
        Ok(Stored { record: Me { details, tenant: of, is_only_administrator }, version: who.version })
    }
}
