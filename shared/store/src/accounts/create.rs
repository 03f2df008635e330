//! New accounts.

use authz::{
    AccountState, Denied, Grant, Permit, Role,
    permission::{GrantRoles, ManageAccounts, ManageContracts},
};
use domain::{
    account::{
        LoginId, TenantCode,
        password::{NewPassword, PasswordBar, STANDARD, Violation},
    },
    employee::{MailAddress, PersonName},
    ids::{EmployeeId, PLATFORM, TenantId},
};
use vault::Purpose;
use zeroize::Zeroizing;

use crate::{
    Conflict, Error, Prepared, Store, Write,
    accounts::{
        self, Account, AccountDetails, Holder, OfEmployee, SCHEMA, employee_key,
        grants::{GrantFault, barred, describe, faults_of},
        is_onboarding, whole_tenant,
    },
    employees::{self, Employee},
    item::{Attributes, Stored, number, to_item},
    otp::OtpSecret,
    passwords,
    sign_in::{self, Credential, login_hash},
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
    /// The initial password, as it was typed.
    pub password: Zeroizing<String>,
    /// In which state it begins.
    pub setup: Setup,
}

/// In which state an account begins.
#[derive(Debug)]
pub enum Setup {
    /// The password is an initial one: whoever signs in must change it.
    Initial,
    /// Ready to use, with its own password and, if one is given, a confirmed second factor. Only while a tenant is being set up by no one who is signed in.
    Ready {
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
        if !matches!(new.setup, Setup::Initial) {
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
        let details = match self.add_account(&mut write, tenant, &code, new).await? {
            Ok(details) => details,
            Err(refused) => return Ok(Err(refused)),
        };
        let event = event.on(details.account.id).on_all(details.account.employee);
        Ok(Ok(Prepared { thing: Stored { record: details, version: 1 }, write, event }))
    }

    /// Adds all items of a new account to `write`.
    pub(crate) async fn add_account(
        &self,
        write: &mut Write,
        tenant: TenantId,
        code: &TenantCode,
        new: NewAccount,
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
        let bar = if new.grants.is_empty() { PasswordBar::Employee } else { PasswordBar::Privileged };
        let password = match STANDARD.check(&new.password, bar, &new.login_id, code) {
            Ok(password) => password,
            Err(violations) => return Ok(Err(AccountRefused::Password(violations))),
        };
        let login = login_hash(&self.lookup(tenant).await?, &new.login_id);
        let (state, must_change_password, otp) = match &new.setup {
            Setup::Initial => (AccountState::Invited, true, None),
            Setup::Ready { otp_secret } => (AccountState::Active, false, otp_secret.as_deref()),
        };
        let account = Account {
            id: self.new_id()?,
            state,
            employee: new.employee,
            employee_left_on: employee.as_ref().and_then(|employee| employee.record.last_day(self.today())),
            grants: new.grants,
            personnel_authority: new.personnel_authority,
            must_change_password,
            strong_password: password.bar() == PasswordBar::Privileged,
            otp: otp.is_some(),
            epoch: 0,
            login,
            created_at: self.clock.now(),
        };
        self.put_credential(write, tenant, &account, password, otp).await?;
        let holder = Holder { login_id: new.login_id, name: new.name, mail: new.mail };
        let (holder_key, holder_item) = self.holder_item(tenant, account.id, 1, &holder).await?;
        write.put(self, holder_key, holder_item, Some("attribute_not_exists(pk)"), Attributes::new(), twice)?;
        write.create(self, accounts::key(tenant, account.id), SCHEMA, &account, twice)?;
        if let Some(Stored { record: Employee { id: employee, .. }, version }) = employee {
            // They may be deleted, or leave, at this moment.
            let values = Attributes::from([(":version".to_owned(), number(version))]);
            write.check(self, employees::key(tenant, employee), "version = :version", values, || {
                Error::Unavailable("an employee changed while their account was made".to_owned())
            })?;
            let mark = OfEmployee { account: account.id };
            write.create(self, employee_key(tenant, employee), SCHEMA, &mark, || Conflict::AccountExists.into())?;
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
        password: NewPassword,
        otp_secret: Option<&String>,
    ) -> Result<(), Error> {
        let key = sign_in::key(tenant, &account.login);
        let hash = passwords::hash(password, self.random()?).await?;
        let otp = match otp_secret {
            Some(secret) => {
                let secret =
                    OtpSecret::given(secret).ok_or(Error::Internal("no one-time-password secret".to_owned()))?;
                Some(self.seal(tenant, Purpose::Credentials, &key, "otp", &secret).await?)
            }
            None => None,
        };
        let credential = Credential {
            account: Some(account.id),
            password: Some(self.seal(tenant, Purpose::Credentials, &key, "password", &hash).await?),
            failures: 0,
            otp,
            otp_pending: None,
            otp_step: 0,
            last_sign_in_at: None,
        };
        let item = to_item(&key, 1, sign_in::SCHEMA, &credential)?;
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
