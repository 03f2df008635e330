//! What administrators do to accounts: change, suspend, resume, unlock, reset the password, delete. Each counts from the account's next request on, because every
//! request reads the account.

use authz::{
    AccountState, Denied, Permit,
    permission::{DeleteAccounts, ManageAccounts},
};
use domain::{
    employee::{MailAddress, PersonName},
    ids::{AccountId, TenantId},
};
use zeroize::Zeroizing;

use crate::{
    Conflict, Error, Notice, Prepared, Store, Write,
    accounts::{self, Account, AccountDetails, AccountRefused, employee_key, grants::barred},
    callers::whole_tenant,
    credentials::{self, Lock, PasswordSet},
    item::{Attributes, Stored, number},
    links::LinkKind,
};

/// What of an account administrators may change.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The holder's name.
    pub name: Option<PersonName>,
    /// The mail address; `Some(None)` for none any more.
    pub mail: Option<Option<MailAddress>>,
    /// Authority over hiring, dismissal or transfer (人事権).
    pub personnel_authority: Option<bool>,
}

impl Store {
    /// The account that is to be changed, as the caller has read it.
    async fn account_to_change(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
    ) -> Result<AccountDetails, Error> {
        whole_tenant(permit)?;
        let stored = self.account_details(permit.tenant(), account).await?;
        if stored.version == version { Ok(stored.record) } else { Err(Error::Stale) }
    }

    /// Makes `changed` of an account ready to be written: its item, and what the change means for the list of administrators.
    fn changed(
        &self,
        permit: &Permit<ManageAccounts>,
        version: u64,
        details: AccountDetails,
        changed: Account,
        mut write: Write,
        action: &str,
    ) -> Result<Prepared<Stored<AccountDetails>>, Error> {
        let tenant = permit.tenant();
        let stored = Stored { record: details.account, version };
        self.replace_account(&mut write, tenant, &stored, &changed)?;
        let details = AccountDetails { account: stored.record, ..details };
        let event = self.event(permit, action)?.on(changed.id);
        let state = changed.state_at(self.clock.now());
        let record = AccountDetails { account: changed, state, ..details };
        Ok(Prepared { thing: Stored { record, version: version + 1 }, write, event })
    }

    /// Changes name, mail address, or authority over people. Nobody changes the last of these for themselves.
    pub async fn change_account(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
        change: AccountChange,
    ) -> Result<Prepared<Stored<AccountDetails>>, Error> {
        let mut details = self.account_to_change(permit, account, version).await?;
        let mut write = Write::new();
        let personnel_authority = change.personnel_authority.unwrap_or(details.account.personnel_authority);
        let is_own = permit.actor().account() == Some(account);
        if is_own && personnel_authority != details.account.personnel_authority {
            return Err(Denied::Forbidden.into());
        }
        if barred(personnel_authority, &details.account.grants) {
            return Err(Conflict::PersonnelAuthority.into());
        }
        let mut ends_links = false;
        if change.name.is_some() || change.mail.is_some() {
            // Whoever reads the old address shall not use what was sent there.
            ends_links = change.mail.as_ref().is_some_and(|mail| *mail != details.holder.mail);
            let holder = &mut details.holder;
            holder.name = change.name.unwrap_or_else(|| holder.name.clone());
            if let Some(mail) = change.mail {
                holder.mail = mail;
                details.undeliverable = match &holder.mail {
                    Some(mail) => self.lift_suppression(&mut write, permit.tenant(), mail).await?,
                    None => None,
                };
            }
            let (key, item) = self.holder_item(permit.tenant(), account, version + 1, holder).await?;
            write.put(self, key, item, Some("attribute_exists(pk)"), Attributes::new(), || Error::Stale)?;
        }
        let epoch = details.account.epoch + u64::from(ends_links);
        let changed = Account { personnel_authority, epoch, ..details.account.clone() };
        self.changed(permit, version, details, changed, write, "account.change")
    }

    /// Suspends an account. Its sessions end.
    pub async fn suspend_account(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
    ) -> Result<Prepared<Stored<AccountDetails>>, Error> {
        let details = self.account_to_change(permit, account, version).await?;
        if details.state == AccountState::Suspended {
            return Err(Conflict::WrongState.into());
        }
        let suspended =
            Account { state: AccountState::Suspended, epoch: details.account.epoch + 1, ..details.account.clone() };
        self.changed(permit, version, details, suspended, Write::new(), "account.suspend")
    }

    /// Resumes a suspended account: active again, or still invited where nobody ever signed in with it. That of an employee who has left waits for them to come
    /// back.
    pub async fn resume_account(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
    ) -> Result<Prepared<Stored<AccountDetails>>, Error> {
        let details = self.account_to_change(permit, account, version).await?;
        if details.account.state != AccountState::Suspended || details.account.has_left(self.clock.now()) {
            return Err(Conflict::WrongState.into());
        }
        let resumed = Account { state: resumed(details.last_sign_in_at.is_some()), ..details.account.clone() };
        self.changed(permit, version, details, resumed, Write::new(), "account.resume")
    }

    /// Lifts the lock that five failures brought.
    pub async fn unlock_account(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
    ) -> Result<Prepared<Stored<AccountDetails>>, Error> {
        let mut details = self.account_to_change(permit, account, version).await?;
        let mut write = Write::new();
        let credential = credentials::key(permit.tenant(), &details.account.login);
        let values = Attributes::from([(":none".to_owned(), number(0))]);
        write.update(self, credential, "SET failures = :none", Some("attribute_exists(account)"), values, || {
            Error::Stale
        })?;
        details.locked = false;
        let unlocked = details.account.clone();
        self.changed(permit, version, details, unlocked, write, "account.unlock")
    }

    /// Sets a new initial password: whoever signs in must change it. The lock is lifted, and all sessions end.
    pub async fn reset_password(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
        password: Zeroizing<String>,
    ) -> Result<Result<Prepared<Stored<AccountDetails>>, AccountRefused>, Error> {
        let details = self.account_to_change(permit, account, version).await?;
        let tenant = permit.tenant();
        let stored = Stored { record: details.account.clone(), version };
        let (_, credential) = self.credential_of(tenant, &stored.record).await?;
        let new = match self.check_password(tenant, &stored.record, &credential, &password).await? {
            Ok(new) => new,
            Err(violations) => return Ok(Err(AccountRefused::Password(violations))),
        };
        let mut write = Write::new();
        let set = PasswordSet { new, lock: Lock::IsLifted, initial: true };
        let account = self.put_password(&mut write, tenant, &stored, set).await?;
        let notice = Notice::PasswordResetByOthers { at: self.clock.now() };
        self.enqueue(&mut write, tenant, account.id, &notice).await?;
        let event = self.event(permit, "account.reset_password")?.on(account.id);
        let record = AccountDetails { account, locked: false, ..details };
        Ok(Ok(Prepared { thing: Stored { record, version: version + 1 }, write, event }))
    }

    /// Sends an invitation again: links that were sent before are no good any more.
    pub async fn invite_again(
        &self,
        permit: &Permit<ManageAccounts>,
        account: AccountId,
        version: u64,
    ) -> Result<Prepared<Stored<AccountDetails>>, Error> {
        let details = self.account_to_change(permit, account, version).await?;
        if details.state != AccountState::Invited || details.holder.mail.is_none() {
            return Err(Conflict::WrongState.into());
        }
        let invited = Account { epoch: details.account.epoch + 1, ..details.account.clone() };
        let mut write = Write::new();
        self.send_link(&mut write, permit.tenant(), &invited, LinkKind::Invitation).await?;
        self.changed(permit, version, details, invited, write, "account.invite")
    }

    /// Deletes an account. Its tokens stop working at once: every request looks for the account. What is left of its sessions says nothing and expires.
    pub async fn delete_account(
        &self,
        permit: &Permit<DeleteAccounts>,
        account: AccountId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        whole_tenant(permit)?;
        let tenant = permit.tenant();
        let stored = self.load_account(tenant, account).await?.ok_or(Error::NotFound)?;
        let stored = Stored { version, ..stored };
        let mut write = Write::new();
        self.remove_account(&mut write, tenant, &stored)?;
        let event = self.event(permit, "account.delete")?.on(account).on_all(stored.record.employee);
        Ok(Prepared { thing: (), write, event })
    }

    /// Adds the end of an account to `write`: all its items, and what that means for the list of administrators. Stale where it has changed since it was read.
    pub(super) fn remove_account(
        &self,
        write: &mut Write,
        tenant: TenantId,
        Stored { record: account, version }: &Stored<Account>,
    ) -> Result<(), Error> {
        write.delete(self, accounts::key(tenant, account.id), Some(*version))?;
        write.delete(self, accounts::holder_key(tenant, account.id), None)?;
        write.delete(self, credentials::key(tenant, &account.login), None)?;
        if let Some(employee) = account.employee {
            write.delete(self, employee_key(tenant, employee), None)?;
        }
        self.note_administrator(write, tenant, Some(account), None)
    }
}

/// The state of an account that is resumed: active again, or still invited where nobody ever signed in with it.
pub(super) fn resumed(was_used: bool) -> AccountState {
    if was_used { AccountState::Active } else { AccountState::Invited }
}
