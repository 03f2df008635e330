//! New accounts.

use authz::{
    AccountState, Denied, Grant, Permit, Role,
    permission::{GrantRoles, ManageAccounts, ManageContracts},
};
use domain::{
    account::{
        LoginId, TenantCode,
        password::{BcryptHash, PasswordBar, STANDARD, Violation},
    },
    employee::{MailAddress, PersonName},
    ids::{EmployeeId, ImportId, PLATFORM, TenantId},
};
use vault::Purpose;
use zeroize::Zeroizing;

use crate::{
    Conflict, Error, Prepared, Store, Write,
    accounts::{
        self, Account, AccountDetails, Holder, SCHEMA,
        grants::{GrantFault, barred, describe, faults_of},
        is_onboarding,
    },
    callers::whole_tenant,
    credentials::{self, Credential, login_hash},
    item::{Attributes, Stored, to_item},
    links::LinkKind,
    otp::OtpSecret,
};

/// An account that shall be.
#[derive(Debug)]
pub struct NewAccount {
    /// What its holder signs in with.
    pub login_id: LoginId,
    /// The holder's name.
    pub name: PersonName,
    /// The holder's mail address.
    pub mail: Option<MailAddress>,
    /// The employee that it belongs to.
    pub employee: Option<EmployeeId>,
    /// What it is granted.
    pub grants: Vec<Grant>,
    /// Authority over hiring, dismissal or transfer (人事権).
    pub personnel_authority: bool,
    /// In which state it begins.
    pub setup: Setup,
}

/// In which state an account begins.
#[derive(Debug)]
pub enum Setup {
    /// Without a password: an invitation goes to the holder by mail.
    Invited,
    /// The password is an initial one, as it was typed: whoever signs in must change it.
    Initial(Zeroizing<String>),
    /// With the bcrypt hash of the password that its holder has in another system. Nobody knows how long that is: beyond employee it must be changed.
    Migrated(BcryptHash),
    /// Ready to use, with its own password and, if one is given, a confirmed second factor. Only while a tenant is being set up by no one who is signed in.
    Ready {
        /// The password.
        password: Zeroizing<String>,
        /// The second factor's secret in base 32.
        otp_secret: Option<Zeroizing<String>>,
    },
}

/// Why an account was not made, or not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRefused {
    /// The password breaks these rules.
    Password(Vec<Violation>),
    /// The grants have these faults.
    Grants(Vec<GrantFault>),
    /// There is no such employee.
    UnknownEmployee,
    /// An invitation has nowhere to go.
    NoMail,
}

/// How many random bytes a generated password is made of.
const GENERATED_BYTES: usize = 15;

impl Store {
    /// A password for somebody who is to change it: 20 random characters that meet every rule of R-04.
    pub fn generated_password(&self) -> Result<Zeroizing<String>, Error> {
        loop {
            let text = Zeroizing::new(self.random_text::<GENERATED_BYTES>()?);
            let has = |kind: fn(&char) -> bool| text.chars().any(|c| kind(&c));
            if has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit) {
                return Ok(text);
            }
        }
    }

    /// Makes an account. What it shall be granted needs the right to grant.
    pub async fn create_account(
        &self,
        permit: &Permit<ManageAccounts>,
        granting: Option<&Permit<GrantRoles>>,
        new: NewAccount,
    ) -> Result<Result<Prepared<Stored<AccountDetails>>, AccountRefused>, Error> {
        whole_tenant(permit)?;
        if !new.grants.is_empty() {
            whole_tenant(granting.filter(|granting| granting.tenant() == permit.tenant()).ok_or(Denied::Forbidden)?)?;
        }
        if matches!(new.setup, Setup::Ready { .. }) {
            return Err(Denied::Forbidden.into());
        }
        let event = self.event(permit, "account.create")?;
        self.prepare_account(permit.tenant(), new, event).await
    }

    /// Makes an account of `tenant`, which may be the platform, while it is being set up by nobody who is signed in: also one that is ready to use.
    pub async fn set_up_account(
        &self,
        permit: &Permit<ManageContracts>,
        tenant: TenantId,
        new: NewAccount,
    ) -> Result<Result<Prepared<Stored<AccountDetails>>, AccountRefused>, Error> {
        if permit.tenant() != PLATFORM || !is_onboarding(permit.actor()) {
            return Err(Denied::Forbidden.into());
        }
        let event = self.event(permit, "account.create")?.in_tenant(tenant);
        self.prepare_account(tenant, new, event).await
    }

    async fn prepare_account(
        &self,
        tenant: TenantId,
        new: NewAccount,
        event: crate::Event,
    ) -> Result<Result<Prepared<Stored<AccountDetails>>, AccountRefused>, Error> {
        let code = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.code;
        let unknown = self.unknown_parts(tenant, &new.grants).await?;
        if !unknown.is_empty() {
            return Ok(Err(AccountRefused::Grants(unknown)));
        }
        let mut write = Write::new();
        let event = describe(event, &new.grants);
        let details = match self.add_account(&mut write, tenant, &code, new, None).await? {
            Ok(details) => details,
            Err(refused) => return Ok(Err(refused)),
        };
        let event = event.on(details.account.id).on_all(details.account.employee);
        Ok(Ok(Prepared { thing: Stored { record: details, version: 1 }, write, event }))
    }

    /// Adds all items of a new account to `write`; of which import it is, if of any.
    pub(crate) async fn add_account(
        &self,
        write: &mut Write,
        tenant: TenantId,
        code: &TenantCode,
        new: NewAccount,
        imported_by: Option<ImportId>,
    ) -> Result<Result<AccountDetails, AccountRefused>, Error> {
        let faults = faults_of(&new.grants, tenant == PLATFORM);
        if !faults.is_empty() {
            return Ok(Err(AccountRefused::Grants(faults)));
        }
        let employee = match new.employee {
            Some(employee) => match self.load_employee(tenant, employee).await? {
                Some(found) => Some(found),
                None => return Ok(Err(AccountRefused::UnknownEmployee)),
            },
            None => None,
        };
        if barred(new.personnel_authority, &new.grants) {
            return Err(Conflict::PersonnelAuthority.into());
        }
        if matches!(new.setup, Setup::Invited) && new.mail.is_none() {
            return Ok(Err(AccountRefused::NoMail));
        }
        let is_employees = new.grants.is_empty();
        let bar = if is_employees { PasswordBar::Employee } else { PasswordBar::Privileged };
        let check = |typed: &str| STANDARD.check(typed, bar, &new.login_id, code).map_err(AccountRefused::Password);
        let password = match &new.setup {
            Setup::Initial(typed) | Setup::Ready { password: typed, .. } => match check(typed) {
                Ok(password) => Some(password),
                Err(refused) => return Ok(Err(refused)),
            },
            Setup::Invited | Setup::Migrated(_) => None,
        };
        let login = login_hash(&self.lookup(tenant).await?, &new.login_id);
        let (state, otp_secret) = match &new.setup {
            Setup::Ready { otp_secret, .. } => (AccountState::Active, otp_secret.as_deref()),
            Setup::Invited | Setup::Initial(_) | Setup::Migrated(_) => (AccountState::Invited, None),
        };
        let account = Account {
            id: self.new_id()?,
            state,
            employee: new.employee,
            employee_left_on: employee.as_ref().and_then(|employee| employee.record.last_day(self.today())),
            grants: new.grants,
            personnel_authority: new.personnel_authority,
            must_change_password: match &new.setup {
                Setup::Initial(_) => true,
                Setup::Migrated(_) => !is_employees,
                Setup::Invited | Setup::Ready { .. } => false,
            },
            strong_password: password.as_ref().is_some_and(|password| password.bar() == PasswordBar::Privileged),
            otp: otp_secret.is_some(),
            otp_reset: None,
            epoch: 0,
            imported_by,
            login,
            created_at: self.clock.now(),
        };
        let hash = match (password, &new.setup) {
            (Some(password), _) => Some(self.hash_cost.hash(password, self.random()?).await?),
            (None, Setup::Migrated(hash)) => Some(hash.to_string()),
            (None, _) => None,
        };
        self.put_credential(write, tenant, &account, hash.as_ref(), otp_secret).await?;
        if hash.is_none() {
            self.send_link(write, tenant, &account, LinkKind::Invitation).await?;
        }
        let holder = Holder { login_id: new.login_id, name: new.name, mail: new.mail };
        let (holder_key, holder_item) = self.holder_item(tenant, account.id, 1, &holder).await?;
        write.put_over(self, holder_key, holder_item, None, twice)?;
        write.create(self, accounts::key(tenant, account.id), SCHEMA, &account, twice)?;
        if let Some(employee) = &employee {
            self.bind_employee(write, tenant, account.id, employee)?;
        }
        self.note_administrator(write, tenant, None, Some(&account))?;
        Ok(Ok(AccountDetails::new(account, holder, None, self.clock.now())))
    }

    /// The credentials: they may take the place of failures that were counted for a login that did not exist.
    async fn put_credential(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: &Account,
        hash: Option<&String>,
        otp_secret: Option<&String>,
    ) -> Result<(), Error> {
        let key = credentials::key(tenant, &account.login);
        let password = match hash {
            Some(hash) => Some(self.seal(tenant, Purpose::Credentials, &key, "password", hash).await?),
            None => None,
        };
        let otp = match otp_secret {
            Some(secret) => {
                let secret =
                    OtpSecret::given(secret).ok_or(Error::Internal("no one-time-password secret".to_owned()))?;
                Some(self.seal(tenant, Purpose::Credentials, &key, "otp", &secret).await?)
            }
            None => None,
        };
        let credential = Credential { account: Some(account.id), password, otp, ..Credential::default() };
        let item = to_item(&key, 1, credentials::SCHEMA, &credential)?;
        let free = Some("attribute_not_exists(account)");
        write.put(self, key, item, free, Attributes::new(), || Conflict::LoginTaken.into())?;
        Ok(())
    }
}

fn twice() -> Error {
    Error::Internal("an account's id came twice".to_owned())
}

/// The one grant of whoever administers a new tenant, or operates the platform.
pub(crate) fn whole(role: Role) -> Vec<Grant> {
    vec![Grant { role, scope: authz::Scope::Tenant }]
}
