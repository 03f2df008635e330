//! At least one usable administrator remains in every tenant that has had one: somebody must be able to let others in.
//!
//! Usable is who is active (has signed in, is not suspended, and has no last day as an employee), was granted the role for the whole tenant, and has what the role asks for: a password over the bar and a
//! second factor. One item per tenant lists them, and is written
//! in the same transaction as whatever makes somebody one of them, or no longer. Taking away the last one fails, however many are taken away at once.

use std::collections::HashMap;

use authz::{AccountState, Role, Scope};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{AccountId, PLATFORM, TenantId};

use crate::{
    Conflict, Error, Store, Write,
    accounts::Account,
    item::{Attributes, number},
    key::{Family, Key, Table},
    page::MAX_LIMIT,
};

fn key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::Account, "administrators", "ADMINISTRATORS")
}

impl Account {
    /// Whether it can let others in.
    pub(super) fn is_usable_administrator(&self) -> bool {
        let granted = |grant: &authz::Grant| grant.role == Role::Administrator && grant.scope == Scope::Tenant;
        let has_what_it_takes = self.strong_password && self.otp && self.employee_left_on.is_none();
        self.state == AccountState::Active && has_what_it_takes && self.grants.iter().any(granted)
    }
}

impl Store {
    /// Those on the list.
    pub(crate) async fn usable_administrators(&self, tenant: TenantId) -> Result<Vec<AccountId>, Error> {
        let Some(item) = self.db.get(&key(tenant)).await? else { return Ok(Vec::new()) };
        let ids = item.get("administrator_ids").and_then(|ids| ids.as_ss().ok()).into_iter().flatten();
        Ok(ids.filter_map(|id| id.parse().ok()).collect())
    }

    /// Whom the provider writes to about a tenant: its usable administrators, or else everybody who would be one as soon as they have signed in.
    pub(crate) async fn administrators_to_tell(&self, tenant: TenantId) -> Result<Vec<AccountId>, Error> {
        let usable = self.usable_administrators(tenant).await?;
        if usable.is_empty() { self.accounts_with(tenant, Role::Administrator).await } else { Ok(usable) }
    }

    /// The provider's own people.
    pub(crate) async fn operators(&self) -> Result<Vec<AccountId>, Error> {
        self.accounts_with(PLATFORM, Role::Operator).await
    }

    /// Everybody who was granted a role and is not suspended.
    pub(crate) async fn accounts_with(&self, tenant: TenantId, role: Role) -> Result<Vec<AccountId>, Error> {
        let has = |account: &Account| account.grants.iter().any(|grant| grant.role == role);
        let accounts = self.accounts_in_use(tenant).await?.into_iter().filter(has);
        Ok(accounts.map(|account| account.id).collect())
    }

    /// Everybody who is not suspended.
    pub(crate) async fn accounts_in_use(&self, tenant: TenantId) -> Result<Vec<Account>, Error> {
        let (mut all, mut after, now) = (Vec::new(), None, self.clock.now());
        loop {
            let (accounts, more) = self.accounts_after(tenant, after, MAX_LIMIT).await?;
            after = accounts.last().map(|stored| stored.record.id.to_string());
            let in_use = |account: &Account| account.state_at(now) != AccountState::Suspended;
            all.extend(accounts.into_iter().map(|stored| stored.record).filter(in_use));
            if !more || after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Adds to `write` what a change of an account means for the list. The last one stays.
    pub(crate) fn note_administrator(
        &self,
        write: &mut Write,
        tenant: TenantId,
        before: Option<&Account>,
        after: Option<&Account>,
    ) -> Result<(), Error> {
        let usable = |account: Option<&Account>| account.is_some_and(Account::is_usable_administrator);
        match (before.or(after), usable(before), usable(after)) {
            (Some(account), false, true) => {
                let values = HashMap::from([one(account)]);
                write.update(self, key(tenant), "ADD administrator_ids :one", None, values, || Error::Stale)?;
            }
            (Some(account), true, false) => {
                let values = HashMap::from([one(account), (":last".to_owned(), number(1))]);
                self.take_off(write, tenant, Some("size(administrator_ids) > :last"), values)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds to `write` that somebody is none of them any more, even if they were the last: their second factor is lost, and only on paper could they let others in.
    pub(crate) fn note_lost_administrator(
        &self,
        write: &mut Write,
        tenant: TenantId,
        lost: &Account,
    ) -> Result<(), Error> {
        if lost.is_usable_administrator() {
            self.take_off(write, tenant, None, HashMap::from([one(lost)]))?;
        }
        Ok(())
    }

    /// Where `condition` fails it was the last one; without any, nothing can stand against it.
    fn take_off(
        &self,
        write: &mut Write,
        tenant: TenantId,
        condition: Option<&str>,
        values: Attributes,
    ) -> Result<(), Error> {
        write.update(self, key(tenant), "DELETE administrator_ids :one", condition, values, || {
            Conflict::LastAdministrator.into()
        })?;
        Ok(())
    }
}

fn one(account: &Account) -> (String, AttributeValue) {
    (":one".to_owned(), AttributeValue::Ss(vec![account.id.to_string()]))
}

#[cfg(test)]
mod tests {
    use authz::Grant;

    use super::*;

    #[test]
    fn usable_is_who_is_active_and_administers_the_whole_tenant() {
        let part = Scope::Parts { workplaces: [].into(), departments: [].into(), labels: [].into() };
        for (state, role, scope, usable) in [
            (AccountState::Active, Role::Administrator, Scope::Tenant, true),
            (AccountState::Invited, Role::Administrator, Scope::Tenant, false),
            (AccountState::Suspended, Role::Administrator, Scope::Tenant, false),
            (AccountState::Active, Role::Hr, Scope::Tenant, false),
            (AccountState::Active, Role::Administrator, part, false),
        ] {
            let account = Account { state, grants: vec![Grant { role, scope }], otp: true, ..Account::sample() };
            assert_eq!(account.is_usable_administrator(), usable, "{state:?} {role:?}");
        }
    }
}
