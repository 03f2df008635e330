//! Accounts by file: each row is one account and one transaction. Every account notes which import wrote it last, and an account that a file deleted
//! leaves a mark with that import, so that a chunk that is applied again finds its own work.

use authz::{AccountState, Denied, ImportKind, ImportRight};
use domain::{
    account::{LoginId, TenantCode},
    ids::{AccountId, EmployeeId, ImportId, TenantId},
    intake::{
        Change,
        accounts::{AccountRow, GivenPassword},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Conflict, Error, Import, Store, Write,
    accounts::{
        self, Account, AccountRefused, Holder, NewAccount, OfEmployee, Setup, change::resumed, employee_key,
        grants::barred,
    },
    credentials::{self, Credential, Lock, PasswordSet, login_hash},
    imports,
    item::{Attributes, Stored, from_optional},
    organisation::RowApplied,
    passwords::Verdict,
};

/// An account that is registered, as rows are held against: without who holds it.
#[derive(Debug, Clone)]
pub struct RegisteredAccount {
    /// The account.
    pub account: Stored<Account>,
    credential: Credential,
}

/// What is left of an account that an import deleted.
#[derive(Debug, Serialize, Deserialize)]
struct Gone {
    account: AccountId,
}

/// What a row makes of an account: nothing of it differs where nothing is to be written.
#[derive(Debug)]
struct Next {
    account: Account,
    holder: Option<Holder>,
    is_linked: bool,
    differs: bool,
}

impl Store {
    /// The code of the tenant that accounts are imported into: no password holds it.
    pub async fn code_for_import(&self, right: &ImportRight) -> Result<TenantCode, Error> {
        permits(right)?;
        Ok(self.load_tenant(right.tenant()).await?.ok_or(Error::NotFound)?.record.code)
    }

    /// The accounts with these login ids, of which there are a hundred at most, in their order.
    pub async fn registered_accounts(
        &self,
        right: &ImportRight,
        logins: &[LoginId],
    ) -> Result<Vec<Option<RegisteredAccount>>, Error> {
        permits(right)?;
        let (tenant, now) = (right.tenant(), self.clock.now());
        let lookup = self.lookup(tenant).await?;
        let keys: Vec<_> = logins.iter().map(|login| credentials::key(tenant, &login_hash(&lookup, login))).collect();
        let mut found = Vec::with_capacity(logins.len());
        for item in self.db.batch_get(&keys).await? {
            let credential = from_optional::<Credential>(item, now)?;
            found.push(credential.and_then(|credential| Some((credential.record.account?, credential.record))));
        }
        let keys: Vec<_> = found.iter().flatten().map(|(account, _)| accounts::key(tenant, *account)).collect();
        let mut items = self.db.batch_get(&keys).await?.into_iter();
        let mut registered = Vec::with_capacity(found.len());
        for found in found {
            let Some((_, credential)) = found else {
                registered.push(None);
                continue;
            };
            let account = from_optional(items.next().flatten(), now)?;
            registered.push(account.map(|account| RegisteredAccount { account, credential }));
        }
        Ok(registered)
    }

    /// The account that each of these employees has, of whom there are a hundred at most, in their order.
    pub async fn accounts_of(
        &self,
        right: &ImportRight,
        employees: &[EmployeeId],
    ) -> Result<Vec<Option<AccountId>>, Error> {
        permits(right)?;
        let keys: Vec<_> = employees.iter().map(|employee| employee_key(right.tenant(), *employee)).collect();
        let now = self.clock.now();
        let items = self.db.batch_get(&keys).await?.into_iter();
        items.map(|item| Ok(from_optional::<OfEmployee>(item, now)?.map(|mark| mark.record.account))).collect()
    }

    /// Whether an import has deleted the account with this login id before: its check, or this chunk of it, was cut short.
    pub async fn was_deleted_by(
        &self,
        right: &ImportRight,
        import: ImportId,
        login: &LoginId,
    ) -> Result<Option<AccountId>, Error> {
        permits(right)?;
        let hash = login_hash(&self.lookup(right.tenant()).await?, login);
        let gone = self.load::<Gone>(&imports::gone_key(right.tenant(), import, &hash)).await?;
        Ok(gone.map(|stored| stored.record.account))
    }

    /// Whether a row would change anything of an account.
    pub async fn is_changed_by(
        &self,
        right: &ImportRight,
        known: &RegisteredAccount,
        row: &AccountRow,
        employee: Option<EmployeeId>,
    ) -> Result<bool, Error> {
        permits(right)?;
        let holder = self.load_holder(right.tenant(), known.account.record.id).await?.ok_or(Error::NotFound)?;
        let next = next(known, holder, row, employee);
        Ok(next.differs || self.sets_password(right.tenant(), known, row).await?)
    }

    /// Makes true what a row says, in one transaction of its own, if the account is still at the `version` that the row was checked against (0: there is none).
    /// A row that an earlier delivery has applied is told as applied. The employee is the one that the row names.
    pub async fn import_account(
        &self,
        right: &ImportRight,
        import: &Import,
        row: &AccountRow,
        employee: Option<EmployeeId>,
        version: u64,
    ) -> Result<Result<RowApplied<AccountId>, AccountRefused>, Error> {
        permits(right)?;
        let known = self.account_with(right, &row.login_id).await?;
        if let Some(account) = self.written_before(right, import.id, row, known.as_ref()).await? {
            return Ok(Ok(RowApplied::Updated(account)));
        }
        let outcome = self.try_row(right, import, row, employee, version, known).await;
        if matches!(outcome, Err(Error::Stale | Error::NotFound | Error::Conflict(_))) {
            let known = self.account_with(right, &row.login_id).await?;
            if let Some(account) = self.written_before(right, import.id, row, known.as_ref()).await? {
                // Whoever was faster was another delivery of the same chunk.
                return Ok(Ok(RowApplied::Updated(account)));
            }
        }
        match outcome {
            Err(Error::Stale | Error::NotFound) => Ok(Ok(RowApplied::Conflict)),
            outcome => outcome,
        }
    }

    /// The account that this import has written for a row before. A file holds each login id once.
    async fn written_before(
        &self,
        right: &ImportRight,
        import: ImportId,
        row: &AccountRow,
        known: Option<&RegisteredAccount>,
    ) -> Result<Option<AccountId>, Error> {
        if row.deletes() {
            return self.was_deleted_by(right, import, &row.login_id).await;
        }
        let ours = known.map(|known| &known.account.record).filter(|account| account.imported_by == Some(import));
        Ok(ours.map(|account| account.id))
    }

    async fn account_with(&self, right: &ImportRight, login: &LoginId) -> Result<Option<RegisteredAccount>, Error> {
        Ok(self.registered_accounts(right, std::slice::from_ref(login)).await?.pop().flatten())
    }

    async fn try_row(
        &self,
        right: &ImportRight,
        import: &Import,
        row: &AccountRow,
        employee: Option<EmployeeId>,
        version: u64,
        known: Option<RegisteredAccount>,
    ) -> Result<Result<RowApplied<AccountId>, AccountRefused>, Error> {
        let is_own = |known: &RegisteredAccount| right.actor().account() == Some(known.account.record.id);
        match known {
            None if version == 0 && !row.deletes() => self.create_by_row(right, import, row, employee).await,
            None => Ok(Ok(RowApplied::Conflict)),
            Some(known) if row.deletes() && (known.account.version != version || is_own(&known)) => {
                Ok(Ok(RowApplied::Conflict))
            }
            Some(known) if row.deletes() => self.delete_by_row(right, import, &known).await.map(Ok),
            Some(known) => self.change_by_row(right, import, &known, row, employee, version).await,
        }
    }

    async fn create_by_row(
        &self,
        right: &ImportRight,
        import: &Import,
        row: &AccountRow,
        employee: Option<EmployeeId>,
    ) -> Result<Result<RowApplied<AccountId>, AccountRefused>, Error> {
        let Some(name) = row.name.as_set().cloned() else { return Ok(Ok(RowApplied::Conflict)) };
        let new = NewAccount {
            login_id: row.login_id.clone(),
            name,
            mail: row.mail.as_set().cloned(),
            employee,
            grants: Vec::new(),
            personnel_authority: row.personnel_authority == Change::Set(true),
            setup: match &row.password {
                None => Setup::Invited,
                Some(GivenPassword::Initial(typed)) => Setup::Initial(typed.clone()),
                Some(GivenPassword::Hashed(hash)) => Setup::Migrated(hash.clone()),
            },
        };
        let code = self.code_for_import(right).await?;
        let mut write = Write::new();
        let made = match self.add_account(&mut write, right.tenant(), &code, new, Some(import.id)).await? {
            Ok(made) => made,
            Err(refused) => return Ok(Err(refused)),
        };
        self.commit_rows(right, write).await?;
        Ok(Ok(RowApplied::Created(made.account.id)))
    }

    async fn change_by_row(
        &self,
        right: &ImportRight,
        import: &Import,
        known: &RegisteredAccount,
        row: &AccountRow,
        employee: Option<EmployeeId>,
        version: u64,
    ) -> Result<Result<RowApplied<AccountId>, AccountRefused>, Error> {
        let (tenant, stored) = (right.tenant(), &known.account);
        if stored.record.employee.is_some_and(|of| employee.is_some_and(|named| named != of)) {
            return Ok(Ok(RowApplied::Conflict));
        }
        let holder = self.load_holder(tenant, stored.record.id).await?.ok_or(Error::NotFound)?;
        let next = next(known, holder, row, employee);
        let typed = match &row.password {
            Some(GivenPassword::Initial(typed)) if self.sets_password(tenant, known, row).await? => Some(typed),
            _ => None,
        };
        if !next.differs && typed.is_none() {
            return Ok(Ok(RowApplied::Unchanged(stored.record.id)));
        }
        if version == 0 {
            return Err(Conflict::LoginTaken.into());
        }
        let is_own = right.actor().account() == Some(stored.record.id);
        if stored.version != version || is_own {
            return Ok(Ok(RowApplied::Conflict));
        }
        if barred(next.account.personnel_authority, &next.account.grants) {
            return Err(Conflict::PersonnelAuthority.into());
        }
        let mut write = Write::new();
        let mut account = Account { imported_by: Some(import.id), ..next.account };
        if let Some(holder) = next.holder {
            let (key, item) = self.holder_item(tenant, account.id, version + 1, &holder).await?;
            write.put(self, key, item, Some("attribute_exists(pk)"), Attributes::new(), || Error::Stale)?;
        }
        if let Some(employee) = account.employee.filter(|_| next.is_linked) {
            let employee = self.load_employee(tenant, employee).await?.ok_or(Conflict::MissingReference)?;
            self.bind_employee(&mut write, tenant, account.id, &employee)?;
            account.employee_left_on = employee.record.last_day(self.today());
        }
        if let Some(typed) = typed {
            let new = match self.check_password(tenant, &account, &known.credential, typed).await? {
                Ok(new) => new,
                Err(violations) => return Ok(Err(AccountRefused::Password(violations))),
            };
            let set = PasswordSet { new, lock: Lock::IsLifted, initial: true };
            account = self.add_password(&mut write, tenant, account, set).await?;
        }
        self.replace_account(&mut write, tenant, stored, &account)?;
        self.commit_rows(right, write).await?;
        Ok(Ok(RowApplied::Updated(account.id)))
    }

    async fn delete_by_row(
        &self,
        right: &ImportRight,
        import: &Import,
        known: &RegisteredAccount,
    ) -> Result<RowApplied<AccountId>, Error> {
        if !import.options.allow_deletions {
            return Err(Denied::Forbidden.into());
        }
        let account = known.account.record.id;
        let mut write = Write::new();
        self.remove_account(&mut write, right.tenant(), &known.account)?;
        let mark = imports::gone_key(right.tenant(), import.id, &known.account.record.login);
        self.put_part(&mut write, mark, &Gone { account })?;
        self.commit_rows(right, write).await?;
        Ok(RowApplied::Updated(account))
    }

    /// Whether a row sets a password: not where it is the initial one that its holder has not changed yet.
    async fn sets_password(
        &self,
        tenant: TenantId,
        known: &RegisteredAccount,
        row: &AccountRow,
    ) -> Result<bool, Error> {
        let Some(GivenPassword::Initial(typed)) = &row.password else { return Ok(false) };
        let account = &known.account.record;
        if !account.must_change_password {
            return Ok(true);
        }
        let key = credentials::key(tenant, &account.login);
        Ok(self.verify_password(tenant, &key, Some(&known.credential), typed).await? == Verdict::Wrong)
    }
}

/// What a row makes of an account, apart from its password.
fn next(known: &RegisteredAccount, holder: Holder, row: &AccountRow, employee: Option<EmployeeId>) -> Next {
    let before = &known.account.record;
    let mail = match &row.mail {
        Change::Keep => holder.mail.clone(),
        Change::Clear => None,
        Change::Set(mail) => Some(mail.clone()),
    };
    let name = row.name.as_set().unwrap_or(&holder.name).clone();
    let flag = |change: &Change<bool>, before| match change {
        Change::Keep => before,
        Change::Clear => false,
        Change::Set(value) => *value,
    };
    let was_suspended = before.state == AccountState::Suspended;
    let state = match (was_suspended, flag(&row.suspended, was_suspended)) {
        (false, true) => AccountState::Suspended,
        (true, false) => resumed(known.credential.last_sign_in_at.is_some()),
        _ => before.state,
    };
    // Sessions of a suspended account end, and so do links that were sent to another address.
    let ends = mail != holder.mail || (state != before.state && !was_suspended);
    let account = Account {
        state,
        employee: before.employee.or(employee),
        personnel_authority: flag(&row.personnel_authority, before.personnel_authority),
        epoch: before.epoch + u64::from(ends),
        ..before.clone()
    };
    let is_linked = account.employee != before.employee;
    let holds_another = name != holder.name || mail != holder.mail;
    let differs = is_linked
        || holds_another
        || account.state != before.state
        || account.personnel_authority != before.personnel_authority;
    let holder = holds_another.then_some(Holder { name, mail, ..holder });
    Next { account, holder, is_linked, differs }
}

fn permits(right: &ImportRight) -> Result<(), Error> {
    if right.kind() == ImportKind::Accounts { Ok(()) } else { Err(Denied::Forbidden.into()) }
}
