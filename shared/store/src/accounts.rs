//! Accounts: sign-ins of people, with what they were granted.
//!
//! ```text
//!            first sign-in                suspend
//! invited ───────────────────▶ active ◀────────────▶ suspended
//!    │                           │        resume         │
//!    └───────────────────────────┴───────────────────────┴──▶ deleted (gone)
//! ```
//!
//! The account of an employee whose last day is over is suspended, whatever is stored: it follows the employee ([`employee`]).
//!
//! An invited account has an initial password, or none yet and an invitation by mail ([`crate::links`]). Locked is not a state of the account but of its
//! credentials: five wrong passwords or one-time passwords in a row ([`crate::sign_in`]), whatever the account's state.
//!
//! Three items make an account: the account itself and its credentials in `records`, its holder's name, mail address and login id in `names`. They are written in
//! one transaction. Whatever shall end all sessions of an account raises its `epoch`.
//!
//! Two more items hold what must be true of all accounts together: one per employee that has an account, and one per tenant that lists its usable
//! administrators, so that the last of them cannot go, however many go at once ([`administrators`]).

mod administrators;
mod change;
mod create;
mod employee;
mod grants;
mod import;
mod list;
mod otp_reset;
mod own;

pub use change::AccountChange;
pub(crate) use create::whole;
pub use create::{AccountRefused, NewAccount, Setup};
pub use grants::{GrantFault, GrantWrong};
pub use import::RegisteredAccount;
pub use list::{AccountFilter, AccountSort};
pub use otp_reset::{OtpReset, OtpResetAsked};
pub use own::Me;

use authz::{AccountFacts, AccountState, Actor, Grant, Job, Permit, permission::ViewAccounts};
use domain::{
    account::LoginId,
    employee::{MailAddress, PersonName},
    ids::{AccountId, EmployeeId, ImportId, TenantId},
    time::Jst,
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Store, Suppressed, Write,
    callers::whole_tenant,
    credentials::{self, Credential},
    identity::SealedFor,
    item::{Attributes, Sealed, Stored, to_item},
    key::{Family, Key, Table, shard},
};

pub(crate) const SCHEMA: u8 = 1;
/// The attribute that a holder is sealed in.
pub(crate) const HOLDER: &str = "holder";

/// An account.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and decisions ask for each")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where it is in its life, as far as that is its own: whoever asks where it is now asks [`Account::state_at`].
    #[serde(rename = "account_state")]
    pub(crate) state: AccountState,
    /// The employee that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub employee: Option<EmployeeId>,
    /// That employee's last day (退職年月日), if they have one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub employee_left_on: Option<Date>,
    /// What it was granted.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Authority over hiring, dismissal or transfer (人事権).
    #[serde(default)]
    pub personnel_authority: bool,
    /// The password was set by somebody else.
    pub must_change_password: bool,
    /// The password meets the bar of those beyond employee.
    pub strong_password: bool,
    /// A second factor is enrolled and confirmed.
    pub otp: bool,
    /// One administrator has asked for its second factor to be reset, and another one has not confirmed it yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub otp_reset: Option<OtpResetAsked>,
    /// Another epoch has ended all sessions that were made before.
    pub epoch: u64,
    /// The import that wrote it last, whoever changed it since.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imported_by: Option<ImportId>,
    /// The keyed hash of its login id: where its credentials are.
    pub(crate) login: String,
    /// When it was made.
    pub created_at: Jst,
}

impl Account {
    /// What decisions at `now` need to know of it.
    pub(crate) fn facts(&self, tenant: TenantId, now: Jst) -> AccountFacts {
        AccountFacts {
            account: self.id,
            tenant,
            state: self.state_at(now),
            employee: self.employee,
            grants: self.grants.clone(),
            personnel_authority: self.personnel_authority,
            must_change_password: self.must_change_password,
            epoch: self.epoch,
            strong_password: self.strong_password,
        }
    }

    /// Whether it has any role beyond employee: that raises the bar (R-03, R-04).
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        !self.grants.is_empty()
    }
}

#[cfg(test)]
impl Account {
    /// An account like any other, for tests that care about some of it.
    fn sample() -> Self {
        Self {
            id: AccountId::from_bytes([1; 16]),
            state: AccountState::Active,
            employee: None,
            employee_left_on: None,
            grants: Vec::new(),
            personnel_authority: false,
            must_change_password: false,
            strong_password: true,
            otp: false,
            otp_reset: None,
            epoch: 0,
            imported_by: None,
            login: String::new(),
            created_at: Jst("2026-01-01T09:00:00+09:00".parse().expect("a moment")),
        }
    }
}

/// Who holds an account: kept in the name vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Holder {
    /// The login id.
    pub login_id: LoginId,
    /// The name.
    pub name: PersonName,
    /// The mail address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mail: Option<MailAddress>,
}

/// An account with everything that administrators see of it.
#[derive(Debug, Clone)]
pub struct AccountDetails {
    /// The account.
    pub account: Account,
    /// Who holds it.
    pub holder: Holder,
    /// Where it is in its life at this moment. What time alone makes of it is not part of the version.
    pub state: AccountState,
    /// Five failures in a row have locked it (R-07). Not part of the version: attempts to sign in change no account.
    pub locked: bool,
    /// When it was last signed in with.
    pub last_sign_in_at: Option<Jst>,
    /// Nothing is sent to the mail address any more (R-30). Not part of the version either.
    pub undeliverable: Option<Suppressed>,
}

impl AccountDetails {
    fn new(account: Account, holder: Holder, credential: Option<&Credential>, now: Jst) -> Self {
        Self {
            state: account.state_at(now),
            account,
            holder,
            locked: credential.is_some_and(Credential::is_locked),
            last_sign_in_at: credential.and_then(|credential| credential.last_sign_in_at),
            undeliverable: None,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HolderRecord {
    pub(crate) holder: Sealed,
    #[serde(skip_serializing_if = "SealedFor::is_everything", default)]
    pub(crate) sealed_for: SealedFor,
}

pub(crate) fn key(tenant: TenantId, account: AccountId) -> Key {
    Key::new(Table::Records, tenant, Family::Account, shard(account.as_bytes()), account)
}

pub(crate) fn holder_key(tenant: TenantId, account: AccountId) -> Key {
    Key::new(Table::Names, tenant, Family::Holder, shard(account.as_bytes()), account)
}

/// The item that holds an employee to one account.
pub(crate) fn employee_key(tenant: TenantId, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::Account, format_args!("employee#{}", shard(employee.as_bytes())), employee)
}

#[derive(Debug, Serialize, Deserialize)]
struct OfEmployee {
    account: AccountId,
}

/// Whether a tenant is being set up, by nobody who is signed in.
pub(crate) fn is_onboarding(actor: &Actor) -> bool {
    matches!(actor, Actor::Job { job: Job::Onboarding, .. })
}

impl Store {
    /// One account.
    pub async fn account(
        &self,
        permit: &Permit<ViewAccounts>,
        account: AccountId,
    ) -> Result<Stored<AccountDetails>, Error> {
        whole_tenant(permit)?;
        self.account_details(permit.tenant(), account).await
    }

    async fn account_details(&self, tenant: TenantId, account: AccountId) -> Result<Stored<AccountDetails>, Error> {
        let (stored, holder) = try_join(self.load_account(tenant, account), self.load_holder(tenant, account)).await?;
        let (Some(Stored { record, version }), Some(holder)) = (stored, holder) else { return Err(Error::NotFound) };
        let place = credentials::key(tenant, &record.login);
        let undeliverable = async {
            match &holder.mail {
                Some(mail) => self.suppression(tenant, mail).await,
                None => Ok(None),
            }
        };
        let (credential, undeliverable) = try_join(self.load_credential(&place), undeliverable).await?;
        let details = AccountDetails::new(record, holder, credential.as_ref(), self.clock.now());
        Ok(Stored { record: AccountDetails { undeliverable, ..details }, version })
    }

    /// Adds to `write` that an account is another from now on: its item, and what that means for the list of administrators. Stale where it has changed since it was read.
    pub(crate) fn replace_account(
        &self,
        write: &mut Write,
        tenant: TenantId,
        stored: &Stored<Account>,
        changed: &Account,
    ) -> Result<(), Error> {
        self.replace_account_or(write, tenant, stored, changed, || Error::Stale)
    }

    /// The same, where it means something else if the account has changed since it was read.
    pub(crate) fn replace_account_or(
        &self,
        write: &mut Write,
        tenant: TenantId,
        stored: &Stored<Account>,
        changed: &Account,
        otherwise: fn() -> Error,
    ) -> Result<(), Error> {
        let key = key(tenant, changed.id);
        let item = to_item(&key, stored.version + 1, SCHEMA, changed)?;
        write.put_over(self, key, item, Some(stored.version), otherwise)?;
        self.note_administrator(write, tenant, Some(&stored.record), Some(changed))
    }

    /// The item of a holder, as it is written together with its account.
    async fn holder_item(
        &self,
        tenant: TenantId,
        account: AccountId,
        version: u64,
        holder: &Holder,
    ) -> Result<(Key, Attributes), Error> {
        let key = holder_key(tenant, account);
        let (sealed, sealed_for) = self.seal_identity(tenant, Purpose::Names, &key, HOLDER, holder).await?;
        let item = to_item(&key, version, SCHEMA, &HolderRecord { holder: sealed, sealed_for })?;
        Ok((key, item))
    }

    pub(crate) async fn load_account(
        &self,
        tenant: TenantId,
        account: AccountId,
    ) -> Result<Option<Stored<Account>>, Error> {
        self.load(&key(tenant, account)).await
    }

    pub(crate) async fn load_holder(&self, tenant: TenantId, account: AccountId) -> Result<Option<Holder>, Error> {
        let key = holder_key(tenant, account);
        let Some(Stored { record, .. }) = self.load::<HolderRecord>(&key).await? else { return Ok(None) };
        Ok(Some(self.holder_of(tenant, &key, &record).await?))
    }

    /// Opens a holder's item.
    pub(crate) async fn holder_of(&self, tenant: TenantId, key: &Key, record: &HolderRecord) -> Result<Holder, Error> {
        let sealed = (&record.holder, record.sealed_for);
        self.open_identity(tenant, Purpose::Names, key, HOLDER, sealed).await
    }
}
