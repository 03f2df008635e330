//! Credentials: what opens an account. One item per login holds the password's hash, those of the passwords before it, the second factor, and how
//! often in a row somebody failed.
//!
//! A password is set in four ways, and each says what becomes of the lock ([`Lock`]): its holder changes it, an administrator sets an initial one, an invitation is
//! accepted, or a link that came by mail is used ([`crate::links`]). All of them refuse one of the last five, raise the account's epoch, and so end every session
//! that was made before.

use std::collections::BTreeSet;

use authz::{Actor, Permit, permission::ChangeOwnPassword};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    account::{
        LoginId,
        password::{NewPassword, PasswordBar, STANDARD, Violation, normalised},
    },
    ids::{AccountId, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};
use zeroize::Zeroizing;

use crate::{
    Conflict, Error, Notice, Store, Write,
    accounts::Account,
    item::{Attributes, Sealed, Stored, number},
    key::{Family, Key, Table},
    passwords::{HashCost, Verdict},
    sessions,
    sign_in::Applicant,
};

pub(crate) const SCHEMA: u8 = 1;
/// How many failures in a row lock.
pub const FAILURES_THAT_LOCK: u64 = 5;
/// How many passwords are remembered, with the present one: none of them is taken again.
pub const REMEMBERED_PASSWORDS: usize = 5;

/// What opens an account: one item per login.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Whose it is; nobody's where only failures of an unknown login are counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) account: Option<AccountId>,
    /// The PHC string; none while an invitation waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) password: Option<Sealed>,
    /// The PHC strings of the passwords before, newest first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) history: Option<Sealed>,
    /// Failures in a row.
    #[serde(default)]
    pub(crate) failures: u64,
    /// The second factor's secret.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) otp: Option<Sealed>,
    /// A secret that waits to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) otp_pending: Option<Sealed>,
    /// The last step that was used: neither it nor an earlier one works again.
    #[serde(default)]
    pub(crate) otp_step: u64,
    /// Keyed hashes of the recovery codes that are left.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub(crate) recovery: BTreeSet<String>,
    /// When it last opened the account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last_sign_in_at: Option<Jst>,
}

impl Credential {
    /// Whether five failures in a row have locked it.
    pub(crate) fn is_locked(&self) -> bool {
        self.failures >= FAILURES_THAT_LOCK
    }
}

/// The keyed hash of a login id.
pub(crate) fn login_hash(lookup: &Lookup, login: &LoginId) -> String {
    lookup.hash("login", login.as_str()).to_string()
}

pub(crate) fn key(tenant: TenantId, login_hash: &str) -> Key {
    Key::new(Table::Records, tenant, Family::Credential, login_hash, "CREDENTIAL")
}

/// What becomes of five failures in a row when a password is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Where they are, no password is set: whoever sets it had to know the present one.
    Refuses,
    /// They stay: a privileged account is unlocked by an administrator, whoever reads its mail.
    Stays,
    /// They are forgotten.
    IsLifted,
}

/// A password that breaks no rule and is none of those before it.
#[derive(Debug)]
pub(crate) struct CheckedPassword {
    new: NewPassword,
    /// The hashes of the present one and of those before it, newest first.
    before: Vec<String>,
}

/// A password that is to be set.
#[derive(Debug)]
pub(crate) struct PasswordSet {
    /// The password.
    pub(crate) new: CheckedPassword,
    /// What becomes of the lock.
    pub(crate) lock: Lock,
    /// Somebody else chose it, and its holder must change it.
    pub(crate) initial: bool,
}

/// Why a password was not changed.
#[derive(Debug, PartialEq, Eq)]
pub enum PasswordRefused {
    /// The present one is wrong.
    Wrong,
    /// The new one breaks these rules.
    Breaks(Vec<Violation>),
}

impl Store {
    pub(crate) async fn load_credential(&self, key: &Key) -> Result<Option<Credential>, Error> {
        Ok(self.load(key).await?.map(|stored| stored.record))
    }

    /// The credentials of an account, and where they are.
    pub(crate) async fn credential_of(&self, tenant: TenantId, account: &Account) -> Result<(Key, Credential), Error> {
        let key = key(tenant, &account.login);
        let credential = self.load_credential(&key).await?.ok_or(Error::NotFound)?;
        Ok((key, credential))
    }

    /// What `typed` is to the password of these credentials; without any it does the same work, and it is wrong.
    pub(crate) async fn verify_password(
        &self,
        tenant: TenantId,
        key: &Key,
        credential: Option<&Credential>,
        typed: &str,
    ) -> Result<Verdict, Error> {
        let hash = match credential.and_then(|credential| credential.password.as_ref()) {
            Some(sealed) => Some(self.open(tenant, Purpose::Credentials, key, "password", sealed).await?),
            None => None,
        };
        self.hash_cost.verify(normalised(typed), hash, self.random()?).await
    }

    /// Changes one's own password. All other sessions of the account end.
    pub async fn change_own_password(
        &self,
        permit: &Permit<ChangeOwnPassword>,
        present: Zeroizing<String>,
        new: Zeroizing<String>,
    ) -> Result<Result<(), PasswordRefused>, Error> {
        let Actor::Account { account, session, origin, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let stored = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?;
        let (key, credential) = self.credential_of(tenant, &stored.record).await?;
        let verdict = self.verify_password(tenant, &key, Some(&credential), &present).await?;
        let applicant = Applicant::of(tenant, origin.clone(), key, Some(credential.clone()));
        if verdict == Verdict::Wrong || credential.is_locked() {
            self.count_failure(&applicant).await?;
            return Ok(Err(PasswordRefused::Wrong));
        }
        let new = match self.check_password(tenant, &stored.record, &credential, &new).await? {
            Ok(new) => new,
            Err(violations) => return Ok(Err(PasswordRefused::Breaks(violations))),
        };
        let mut write = Write::new();
        let set = PasswordSet { new, lock: Lock::Refuses, initial: false };
        let account = self.put_password(&mut write, tenant, &stored, set).await?;
        let values = Attributes::from([(":epoch".to_owned(), number(account.epoch))]);
        let own = sessions::key(tenant, account.id, *session);
        write.update(self, own, "SET epoch = :epoch", Some("attribute_exists(pk)"), values, || Error::NotFound)?;
        let notice = Notice::PasswordChanged { at: self.clock.now() };
        self.enqueue(&mut write, tenant, account.id, &notice).await?;
        let event = self.event(permit, "account.change_password")?.on(account.id);
        match write.commit(self, event).await {
            // Five others were wrong in the meantime.
            Err(Error::Conflict(Conflict::WrongState)) => {
                self.count_failure(&applicant).await?;
                Ok(Err(PasswordRefused::Wrong))
            }
            committed => committed.map(Ok),
        }
    }

    /// Checks a password against the rules for its account (R-04: 12 characters for anyone beyond employee) and against those that it had before.
    pub(crate) async fn check_password(
        &self,
        tenant: TenantId,
        account: &Account,
        credential: &Credential,
        typed: &str,
    ) -> Result<Result<CheckedPassword, Vec<Violation>>, Error> {
        let holder = self.load_holder(tenant, account.id).await?.ok_or(Error::NotFound)?;
        let code = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.code;
        let bar = if account.is_privileged() { PasswordBar::Privileged } else { PasswordBar::Employee };
        let checked = STANDARD.check(typed, bar, &holder.login_id, &code);
        let before = self.remembered(tenant, &key(tenant, &account.login), credential).await?;
        if HashCost::is_among(normalised(typed), before.clone()).await? {
            let mut violations = checked.err().unwrap_or_default();
            violations.push(Violation::UsedBefore);
            return Ok(Err(violations));
        }
        Ok(checked.map(|new| CheckedPassword { new, before }))
    }

    /// The hashes of the present password and of those before it, newest first.
    async fn remembered(&self, tenant: TenantId, key: &Key, credential: &Credential) -> Result<Vec<String>, Error> {
        let Some(present) = &credential.password else { return Ok(Vec::new()) };
        let mut hashes = vec![self.open(tenant, Purpose::Credentials, key, "password", present).await?];
        if let Some(history) = &credential.history {
            hashes.extend(self.open::<Vec<String>>(tenant, Purpose::Credentials, key, "history", history).await?);
        }
        Ok(hashes)
    }

    /// Adds a password to `write`, and the account with it. Answers the account as it will be.
    pub(crate) async fn put_password(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: &Stored<Account>,
        set: PasswordSet,
    ) -> Result<Account, Error> {
        let changed = self.add_password(write, tenant, account.record.clone(), set).await?;
        self.replace_account(write, tenant, account, &changed)?;
        Ok(changed)
    }

    /// Adds a password to `write`: its hash, the one before among those that are remembered. Answers the account with a new epoch, which is still to be written.
    pub(crate) async fn add_password(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: Account,
        PasswordSet { new: CheckedPassword { new, mut before }, lock, initial }: PasswordSet,
    ) -> Result<Account, Error> {
        let key = key(tenant, &account.login);
        before.truncate(REMEMBERED_PASSWORDS - 1);
        let strong_password = new.bar() == PasswordBar::Privileged;
        let hash = self.hash_cost.hash(new, self.random()?).await?;
        let password = self.seal(tenant, Purpose::Credentials, &key, "password", &hash).await?;
        let history = self.seal(tenant, Purpose::Credentials, &key, "history", &before).await?;
        let mut values = Attributes::from([
            (":password".to_owned(), AttributeValue::B(password.0.into())),
            (":history".to_owned(), AttributeValue::B(history.0.into())),
        ]);
        let mut expression = "SET password = :password, history = :history".to_owned();
        let mut condition = "attribute_exists(account)".to_owned();
        if lock != Lock::Stays {
            expression.push_str(", failures = :none");
            values.insert(":none".to_owned(), number(0));
        }
        if lock == Lock::Refuses {
            condition.push_str(" AND failures < :locked");
            values.insert(":locked".to_owned(), number(FAILURES_THAT_LOCK));
        }
        let otherwise: fn() -> Error =
            if lock == Lock::Refuses { || Conflict::WrongState.into() } else { || Error::NotFound };
        write.update(self, key, &expression, Some(&condition), values, otherwise)?;
        Ok(Account { epoch: account.epoch + 1, must_change_password: initial, strong_password, ..account })
    }
}
