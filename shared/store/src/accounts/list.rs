//! Lists of accounts. In the order in which accounts were made, a page costs what it shows: each shard is read from where the page before ended, and what comes
//! next is merged. In the order of login ids, which are sealed, every account of the tenant is opened: for those who want it so, and not the default.

use std::collections::HashMap;

use authz::{
    AccountState, Permit, Role,
    permission::{ExportAccounts, ViewAccounts},
};
use domain::{
    ids::{AccountId, TenantId},
    text::fold_for_search,
    time::Jst,
};
use futures_util::future::{try_join, try_join_all};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Store,
    accounts::{self, Account, AccountDetails, Holder, HolderRecord},
    callers::whole_tenant,
    credentials::{self, Credential},
    db::Range,
    item::{Attributes, Stored, as_text, from_item, from_optional},
    key::{Family, Key, Table, partition, shards},
    page::MAX_LIMIT,
};

/// How many times a request reads on where what it read does not match the filter.
const ROUNDS: usize = 8;

/// Which accounts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccountFilter {
    /// A part of the login id or of the name, in whatever width or case.
    pub q: Option<String>,
    /// Only accounts with this role.
    pub role: Option<Role>,
    /// Only accounts in this state.
    pub state: Option<AccountState>,
    /// Only accounts that nobody has signed in with since (アカウントの棚卸し): not at all, where they were made before.
    pub unused_since: Option<Jst>,
    /// In which order.
    pub sort: AccountSort,
}

/// In which order accounts are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountSort {
    /// As they were made.
    #[default]
    CreatedAt,
    /// By login id.
    LoginId,
}

impl AccountFilter {
    fn takes(&self, account: &Account, now: Jst) -> bool {
        let has = |role: Role| match role {
            Role::Employee => account.employee.is_some(),
            role => account.grants.iter().any(|grant| grant.role == role),
        };
        self.state.is_none_or(|state| account.state_at(now) == state) && self.role.is_none_or(has)
    }

    /// `q` in the form in which it is compared.
    fn needle(&self) -> Option<String> {
        self.q.as_deref().map(fold_for_search).filter(|needle| !needle.is_empty())
    }
}

fn matches(holder: &Holder, needle: Option<&str>) -> bool {
    needle.is_none_or(|needle| {
        [holder.login_id.as_str(), holder.name.as_str()].iter().any(|text| fold_for_search(text).contains(needle))
    })
}

impl AccountFilter {
    fn takes_details(&self, details: &AccountDetails, needle: Option<&str>) -> bool {
        let last_used = details.last_sign_in_at.unwrap_or(details.account.created_at);
        self.unused_since.is_none_or(|since| last_used < since) && matches(&details.holder, needle)
    }
}

impl Store {
    /// A page of accounts: up to `limit` after `after`, and where to go on. A page may hold fewer, or none, before the end.
    pub async fn accounts(
        &self,
        permit: &Permit<ViewAccounts>,
        filter: &AccountFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<AccountDetails>>, Option<String>), Error> {
        whole_tenant(permit)?;
        match filter.sort {
            AccountSort::CreatedAt => self.accounts_as_made(permit.tenant(), filter, after, limit).await,
            AccountSort::LoginId => self.accounts_by_login(permit.tenant(), filter, after, limit).await,
        }
    }

    /// All accounts that match, page by page, for whoever takes the list away.
    pub async fn all_accounts(
        &self,
        permit: &Permit<ExportAccounts>,
        filter: &AccountFilter,
    ) -> Result<Vec<AccountDetails>, Error> {
        whole_tenant(permit)?;
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self.accounts_as_made(permit.tenant(), filter, after, MAX_LIMIT).await?;
            all.extend(page.into_iter().map(|stored| stored.record));
            after = next;
            if after.is_none() {
                break;
            }
        }
        let event = self.event(permit, "account.export")?.because(format!("accounts:{}", all.len()));
        self.tell(event).await?;
        Ok(all)
    }

    async fn accounts_as_made(
        &self,
        tenant: TenantId,
        filter: &AccountFilter,
        mut after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<AccountDetails>>, Option<String>), Error> {
        let (needle, now) = (filter.needle(), self.clock.now());
        let mut page: Vec<Stored<AccountDetails>> = Vec::new();
        for _ in 0..ROUNDS {
            let (accounts, more) = self.accounts_after(tenant, after.clone(), limit).await?;
            let last = accounts.last().map(|stored| stored.record.id.to_string());
            let mut taken = accounts.into_iter().filter(|stored| filter.takes(&stored.record, now)).peekable();
            while taken.peek().is_some() {
                if page.len() == limit {
                    let next = page.last().map(|stored| stored.record.account.id.to_string());
                    return Ok((page, next));
                }
                // No more holders are opened than the page can take.
                let some = taken.by_ref().take(limit - page.len()).collect();
                let details = self.with_details(tenant, some).await?;
                page.extend(
                    details.into_iter().filter(|stored| filter.takes_details(&stored.record, needle.as_deref())),
                );
            }
            if !more {
                return Ok((page, None));
            }
            after = last.or(after);
            if page.len() == limit {
                break;
            }
        }
        Ok((page, after))
    }

    /// Accounts after `after` in the order of their ids, merged from the shards: those that are surely next, and whether there are more.
    pub(crate) async fn accounts_after(
        &self,
        tenant: TenantId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Account>>, bool), Error> {
        let of_shard =
            |shard: &str| Range::whole(Table::Records, Family::Account, partition(tenant, Family::Account, shard));
        let (items, more) = self.next_of_shards(after, limit, of_shard).await?;
        let now = self.clock.now();
        let accounts = items.into_iter().filter_map(|(_, item)| from_item(item, now).transpose());
        let accounts = accounts.collect::<Result<_, Error>>()?;
        Ok((accounts, more))
    }

    async fn accounts_by_login(
        &self,
        tenant: TenantId,
        filter: &AccountFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<AccountDetails>>, Option<String>), Error> {
        let (needle, now) = (filter.needle(), self.clock.now());
        let whole = |table: Table, family: Family| {
            let read = move |shard: String| {
                let range = Range::whole(table, family, partition(tenant, family, shard));
                async move { self.db.query_all(range).await }
            };
            try_join_all(shards().map(read))
        };
        let (accounts, holders) =
            try_join(whole(Table::Records, Family::Account), whole(Table::Names, Family::Holder)).await?;
        let holders: HashMap<String, Attributes> =
            holders.into_iter().flatten().filter_map(|item| Some((as_text(&item, "sk")?.to_owned(), item))).collect();
        let mut candidates: Vec<(Stored<Account>, Holder)> = Vec::new();
        for item in accounts.into_iter().flatten() {
            let Some(stored) = from_item::<Account>(item, self.clock.now())? else { continue };
            if !filter.takes(&stored.record, now) {
                continue;
            }
            let Some(item) = holders.get(&stored.record.id.to_string()).cloned() else { continue };
            let Some(holder) = self.open_holder(tenant, stored.record.id, item).await? else { continue };
            let is_after = after.as_deref().is_none_or(|after| holder.login_id.as_str() > after);
            if is_after && matches(&holder, needle.as_deref()) {
                candidates.push((stored, holder));
            }
        }
        candidates.sort_unstable_by(|(_, a), (_, b)| a.login_id.cmp(&b.login_id));
        let mut page = Vec::new();
        // Credentials are looked at a page at a time: only who was not seen for long needs more than the first one.
        let mut candidates = candidates.into_iter().peekable();
        while page.len() < limit && candidates.peek().is_some() {
            let some: Vec<_> = candidates.by_ref().take(limit - page.len()).collect();
            let credentials = self.credentials_of(tenant, some.iter().map(|(stored, _)| &stored.record)).await?;
            for ((Stored { record, version }, holder), credential) in some.into_iter().zip(credentials) {
                let record = AccountDetails::new(record, holder, credential.as_ref(), self.clock.now());
                if filter.takes_details(&record, None) {
                    page.push(Stored { record, version });
                }
            }
        }
        self.note_undeliverable(tenant, &mut page).await?;
        let next = page.last().map(|stored| stored.record.holder.login_id.to_string());
        Ok((page, next.filter(|_| candidates.peek().is_some())))
    }

    async fn open_holder(
        &self,
        tenant: TenantId,
        account: AccountId,
        item: Attributes,
    ) -> Result<Option<Holder>, Error> {
        let key = accounts::holder_key(tenant, account);
        let Some(stored) = from_item::<HolderRecord>(item, self.clock.now())? else { return Ok(None) };
        Ok(Some(self.holder_of(tenant, &key, &stored.record).await?))
    }

    /// Accounts with their holders and what is known of their use, in one round. One that is being deleted this very moment is left out.
    async fn with_details(
        &self,
        tenant: TenantId,
        accounts: Vec<Stored<Account>>,
    ) -> Result<Vec<Stored<AccountDetails>>, Error> {
        let holders: Vec<Key> = accounts.iter().map(|stored| accounts::holder_key(tenant, stored.record.id)).collect();
        let credentials = self.credentials_of(tenant, accounts.iter().map(|stored| &stored.record));
        let (holders, credentials) = try_join(self.db.batch_get(&holders), credentials).await?;
        let mut details = Vec::with_capacity(accounts.len());
        for ((Stored { record, version }, item), credential) in accounts.into_iter().zip(holders).zip(credentials) {
            let Some(item) = item else { continue };
            if let Some(holder) = self.open_holder(tenant, record.id, item).await? {
                details.push(Stored {
                    record: AccountDetails::new(record, holder, credential.as_ref(), self.clock.now()),
                    version,
                });
            }
        }
        self.note_undeliverable(tenant, &mut details).await?;
        Ok(details)
    }

    /// Notes whose mail address nothing is sent to any more.
    async fn note_undeliverable(&self, tenant: TenantId, details: &mut [Stored<AccountDetails>]) -> Result<(), Error> {
        let addresses: Vec<_> = details.iter().map(|stored| stored.record.holder.mail.as_ref()).collect();
        let suppressed = self.suppressions(tenant, addresses).await?;
        for (stored, suppressed) in details.iter_mut().zip(suppressed) {
            stored.record.undeliverable = suppressed;
        }
        Ok(())
    }

    async fn credentials_of(
        &self,
        tenant: TenantId,
        accounts: impl Iterator<Item = &Account>,
    ) -> Result<Vec<Option<Credential>>, Error> {
        let keys: Vec<Key> = accounts.map(|account| credentials::key(tenant, &account.login)).collect();
        let now = self.clock.now();
        let items = self.db.batch_get(&keys).await?.into_iter();
        items.map(|item| Ok(from_optional::<Credential>(item, now)?.map(|stored| stored.record))).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::{account::LoginId, employee::PersonName};

    use super::*;

    #[test]
    fn a_part_of_the_login_or_of_the_name_is_found_in_any_width_and_case() {
        let holder = Holder {
            login_id: LoginId::parse("hanako.sato@example.co.jp").unwrap(),
            name: PersonName::parse("佐藤 花子").unwrap(),
            mail: None,
        };
        let found = |q: &str| {
            let filter = AccountFilter { q: Some(q.to_owned()), ..AccountFilter::default() };
            matches(&holder, filter.needle().as_deref())
        };
        assert!(found("ＨＡＮＡＫＯ") && found("藤花") && found("sato@") && found("  "));
        assert!(!found("鈴木"));
    }
}
