//! Signing in: credentials, the lock, and the two steps of a sign-in.
//!
//! ```text
//!                    right password, no second factor
//!          ┌───────────────────────────────────────────────────────▶ session
//! nobody ──┤                                                            ▲
//!          └─ right password, second factor ─▶ challenge ─ right code ──┘
//!                    wrong password or code: one failure more; five in a row: locked
//! ```
//!
//! The lock (R-07) is decided where failures are counted, in one item per login: an attempt counts for what it is at the moment at which that item is
//! written. A wrong one adds a failure; a right one is good only if fewer than five failures stand there at that moment. So twenty at once are
//! twenty in some order, and after the fifth failure none succeeds. Unknown logins, and logins of unknown tenants, are looked up, verified against a hash of
//! nobody's, counted and recorded by the same requests: neither answer nor work tells them apart.

use authz::{
    Actor, Origin, Permit,
    permission::{ChangeOwnPassword, ManageOwnOtp, ManageOwnSessions, RemoveOwnOtp, SignIn},
    token::Challenge,
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    account::{
        LoginId, TenantCode,
        password::{NewPassword, PasswordBar, STANDARD, Violation, normalised},
    },
    ids::{AccountId, PLATFORM, SessionId, TenantId},
};
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};
use zeroize::Zeroizing;

use crate::{
    Conflict, Error, Event, Notice, Store, Write,
    accounts::{self, Account},
    item::{Attributes, Sealed, Stored, from_item, number},
    key::{Family, Key, Table},
    otp::OtpSecret,
    passwords, sessions,
    sessions::Device,
    tenants,
};

pub(crate) const SCHEMA: u8 = 1;
/// How many failures in a row lock (R-07).
pub const FAILURES_THAT_LOCK: u64 = 5;
/// For how long failures of a login that does not exist are counted, in seconds.
const UNKNOWN_COUNTED_SECONDS: i64 = 86_400;

/// What opens an account: one item per login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Whose it is; nobody's where only failures of an unknown login are counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) account: Option<AccountId>,
    /// The PHC string.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) password: Option<Sealed>,
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
    /// When it last opened the account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last_sign_in_at: Option<domain::time::Jst>,
}

/// The keyed hash of a login id.
pub(crate) fn login_hash(lookup: &Lookup, login: &LoginId) -> String {
    lookup.hash("login", login.as_str()).to_string()
}

pub(crate) fn key(tenant: TenantId, login_hash: &str) -> Key {
    Key::new(Table::Records, tenant, Family::Credential, login_hash, "CREDENTIAL")
}

/// What a client gets that has signed in.
#[derive(Debug)]
pub struct Tokens {
    /// Opens doors for 15 minutes.
    pub access_token: String,
    /// Gets new ones.
    pub refresh_token: String,
}

/// How a sign-in went.
#[derive(Debug)]
pub enum SignedIn {
    /// Done.
    Session(Tokens),
    /// The password was right, and a one-time password is needed.
    Challenge(String),
    /// No.
    No,
}

/// One login's credentials, opened for somebody who is signing in.
struct Applicant {
    permit: Permit<SignIn>,
    key: Key,
    credential: Option<Credential>,
}

impl Store {
    /// The first step. `code` is none for operators, whose tenant is the platform.
    pub async fn sign_in(
        &self,
        code: Option<&str>,
        login: &str,
        password: Zeroizing<String>,
        device: &Device,
        origin: Origin,
    ) -> Result<SignedIn, Error> {
        let applicant = self.applicant(code, login, origin).await?;
        let hash = match applicant.credential.as_ref().and_then(|credential| credential.password.as_ref()) {
            Some(sealed) => Some(
                self.open(applicant.permit.tenant(), Purpose::Credentials, &applicant.key, "password", sealed).await?,
            ),
            None => None,
        };
        let right = passwords::verify(normalised(&password), hash).await?;
        let Some(account) = self.account_of(&applicant, right).await? else {
            self.count_failure(&applicant).await?;
            return Ok(SignedIn::No);
        };
        if account.otp {
            let challenge = Challenge { tenant: applicant.permit.tenant(), account: account.id, epoch: account.epoch };
            let token = self.signer().await?.challenge(challenge, self.clock.now());
            return token.map(SignedIn::Challenge).map_err(|error| Error::Internal(error.to_string()));
        }
        if !self.count_success(&applicant.key, None).await? {
            self.count_failure(&applicant).await?;
            return Ok(SignedIn::No);
        }
        let tokens = self.admit(&applicant, account, device, false).await?;
        Ok(SignedIn::Session(tokens))
    }

    /// The second step: the challenge that the first one gave, and a one-time password.
    pub async fn sign_in_with_otp(
        &self,
        challenge: &str,
        code: &str,
        device: &Device,
        origin: Origin,
    ) -> Result<SignedIn, Error> {
        let Ok(challenge) = self.verifier().await?.challenge(challenge, self.clock.now()) else {
            return Ok(SignedIn::No);
        };
        let Some(stored) = self.load_account(challenge.tenant, challenge.account).await? else {
            return Ok(SignedIn::No);
        };
        let key = key(challenge.tenant, &stored.record.login);
        let credential = self.load_credential(&key).await?;
        let applicant = Applicant { permit: sign_in_permit(challenge.tenant, origin), key, credential };
        let epoch = challenge.epoch;
        let step = match &applicant.credential {
            Some(credential) if stored.record.epoch == epoch => {
                self.step_of(challenge.tenant, &applicant.key, credential, code).await?
            }
            _ => None,
        };
        let account = self.account_of(&applicant, step.is_some()).await?;
        if let (Some(account), Some(step)) = (account, step)
            && self.count_success(&applicant.key, Some(step)).await?
        {
            return self.admit(&applicant, account, device, true).await.map(SignedIn::Session);
        }
        self.count_failure(&applicant).await?;
        Ok(SignedIn::No)
    }

    /// A fresh one-time password within a session, for what asks for one (R-03).
    pub async fn step_up(&self, permit: &Permit<ManageOwnSessions>, code: &str) -> Result<bool, Error> {
        let Actor::Account { account, session, origin, .. } = permit.actor() else { return Err(Error::NotFound) };
        let account = self.load_account(permit.tenant(), *account).await?.ok_or(Error::NotFound)?.record;
        let key = key(permit.tenant(), &account.login);
        let credential = self.load_credential(&key).await?.ok_or(Error::NotFound)?;
        let step = self.step_of(permit.tenant(), &key, &credential, code).await?;
        let good = match step {
            Some(step) => self.count_success(&key, Some(step)).await?,
            None => false,
        };
        if !good {
            let applicant = Applicant {
                permit: sign_in_permit(permit.tenant(), origin.clone()),
                key,
                credential: Some(credential),
            };
            self.count_failure(&applicant).await?;
            return Ok(false);
        }
        let mut write = Write::new();
        self.note_second_factor(&mut write, permit.tenant(), account.id, *session)?;
        let event = self.event(permit, "session.step_up")?.on(account.id).on(session);
        write.commit(self, event).await?;
        Ok(true)
    }

    fn note_second_factor(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: AccountId,
        session: SessionId,
    ) -> Result<(), Error> {
        let values = Attributes::from([(":now".to_owned(), AttributeValue::S(self.clock.now().to_string()))]);
        let key = sessions::key(tenant, account, session);
        write.update(self, key, "SET second_factor_at = :now", Some("attribute_exists(pk)"), values, || {
            Error::NotFound
        })?;
        Ok(())
    }

    /// Opens the credentials of one login: that of an account, of an unknown login, or of an unknown tenant. Always one read of the tenant's code and one of the credentials.
    async fn applicant(&self, code: Option<&str>, login: &str, origin: Origin) -> Result<Applicant, Error> {
        let (tenant, lookup) = match code {
            None => (PLATFORM, self.lookup(PLATFORM).await?),
            Some(text) => {
                // What is no code at all is looked for like one: "-" is nobody's.
                let code = TenantCode::parse(text).ok();
                let found = match &code {
                    Some(code) => self.tenant_of_code(code).await?,
                    None => self.tenant_of_nobody().await?,
                };
                let known = match found {
                    // The code of a purged customer stays taken, but its keys are gone: it is like one that never was.
                    Some(tenant) => match self.lookup(tenant).await {
                        Ok(lookup) => Some((tenant, lookup)),
                        Err(Error::NotFound) => None,
                        Err(error) => return Err(error),
                    },
                    None => None,
                };
                match known {
                    Some(known) => known,
                    None => (PLATFORM, Box::pin(self.vault.lookup_for_unknown(text)).await?),
                }
            }
        };
        let hash = match LoginId::parse(login) {
            Ok(login) => login_hash(&lookup, &login),
            Err(_) => lookup.hash("not-a-login", login).to_string(),
        };
        let key = key(tenant, &hash);
        let credential = self.load_credential(&key).await?;
        Ok(Applicant { permit: sign_in_permit(tenant, origin), key, credential })
    }

    async fn tenant_of_nobody(&self) -> Result<Option<TenantId>, Error> {
        let key = Key::new(Table::Records, PLATFORM, Family::TenantCode, "-", "TENANTCODE");
        self.db.get(&key).await.map(|_| None)
    }

    pub(crate) async fn load_credential(&self, key: &Key) -> Result<Option<Credential>, Error> {
        let Some(item) = self.db.get(key).await? else { return Ok(None) };
        Ok(from_item::<Credential>(item, self.clock.now())?.map(|stored| stored.record))
    }

    /// The account behind the credentials, if they were right and it may sign in.
    async fn account_of(&self, applicant: &Applicant, right: bool) -> Result<Option<Account>, Error> {
        let Some(account) = applicant.credential.as_ref().and_then(|credential| credential.account).filter(|_| right)
        else {
            return Ok(None);
        };
        let tenant = applicant.permit.tenant();
        let keys = [tenants::key(tenant), accounts::key(tenant, account)];
        let now = self.clock.now();
        let Ok([of, Some(who)]) = <[_; 2]>::try_from(self.db.batch_get(&keys).await?) else { return Ok(None) };
        let (Some(of), Some(who)) = (of, from_item::<Account>(who, now)?) else { return Ok(None) };
        let Some(of) = from_item::<tenants::Tenant>(of, now)? else { return Ok(None) };
        let may = authz::may_sign_in(&of.record.facts(now), &who.record.facts(tenant, now), now);
        Ok(may.then_some(who.record))
    }

    /// The step that `code` belongs to, if it is a good one for the account's second factor.
    async fn step_of(
        &self,
        tenant: TenantId,
        key: &Key,
        credential: &Credential,
        code: &str,
    ) -> Result<Option<u64>, Error> {
        let Some(sealed) = &credential.otp else { return Ok(None) };
        let secret: OtpSecret = self.open(tenant, Purpose::Credentials, key, "otp", sealed).await?;
        secret.step_of(code, self.clock.now().epoch_seconds())
    }

    /// Writes a right attempt: no failures any more, and the step of the one-time password is used. False where it is locked, or the step was used before.
    async fn count_success(&self, key: &Key, step: Option<u64>) -> Result<bool, Error> {
        let mut expression = "SET failures = :none, last_sign_in_at = :now".to_owned();
        let mut condition = "attribute_exists(account) AND failures < :locked".to_owned();
        let mut request = self
            .db
            .update(key)
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":locked", number(FAILURES_THAT_LOCK))
            .expression_attribute_values(":now", AttributeValue::S(self.clock.now().to_string()));
        if let Some(step) = step {
            expression.push_str(", otp_step = :step");
            condition.push_str(" AND otp_step < :step");
            request = request.expression_attribute_values(":step", number(step));
        }
        let request = request.update_expression(expression).condition_expression(condition);
        Ok(self.db.send_update(key, request).await?.is_some())
    }

    /// Writes a wrong attempt: one failure more, and an event. The same two requests whoever it was, and whether or not there is such a login.
    async fn count_failure(&self, applicant: &Applicant) -> Result<(), Error> {
        let account = applicant.credential.as_ref().and_then(|credential| credential.account);
        let request = self.db.update(&applicant.key).expression_attribute_values(":one", number(1));
        let request = if account.is_some() {
            request.update_expression("ADD failures :one").condition_expression("attribute_exists(account)")
        } else {
            let until = self.clock.now().plus_seconds(UNKNOWN_COUNTED_SECONDS).epoch_seconds();
            request
                .update_expression("SET expires_at = :until ADD failures :one")
                .condition_expression("attribute_not_exists(account)")
                .expression_attribute_values(":until", AttributeValue::N(until.to_string()))
        };
        // Where the condition fails, the account was made or deleted this very moment; the attempt failed all the same.
        self.db.send_update(&applicant.key, request).await?;
        let event = self.event(&applicant.permit, "session.begin")?.refused("wrong_credentials");
        self.tell(account.iter().fold(event, Event::on)).await
    }

    async fn admit(
        &self,
        applicant: &Applicant,
        account: Account,
        device: &Device,
        second_factor: bool,
    ) -> Result<Tokens, Error> {
        let tenant = applicant.permit.tenant();
        let mut write = Write::new();
        let mut account = account;
        if account.state == authz::AccountState::Invited {
            account = self.activate(&mut write, tenant, account.id).await?;
        }
        self.begin_session(tenant, &account, applicant.permit.actor(), device, second_factor, write).await
    }
}

impl Store {
    /// Adds to `write` what a first sign-in makes of an account: active, and perhaps a usable administrator. Read again, so that a change meanwhile is seen.
    async fn activate(&self, write: &mut Write, tenant: TenantId, account: AccountId) -> Result<Account, Error> {
        let Stored { record: invited, version } =
            self.load_account(tenant, account).await?.ok_or(authz::Denied::Unauthenticated)?;
        match invited.state_at(self.clock.now()) {
            authz::AccountState::Active => return Ok(invited),
            authz::AccountState::Suspended => return Err(authz::Denied::Unauthenticated.into()),
            authz::AccountState::Invited => {}
        }
        let active = Account { state: authz::AccountState::Active, ..invited.clone() };
        let key = accounts::key(tenant, account);
        let item = crate::item::to_item(&key, version + 1, accounts::SCHEMA, &active)?;
        let values = Attributes::from([(":version".to_owned(), number(version))]);
        // Two first sign-ins at once: the second one is told to try again.
        write.put(self, key, item, Some("version = :version"), values, || {
            Error::Unavailable("an account changed during its first sign-in".to_owned())
        })?;
        self.note_administrator(write, tenant, Some(&invited), Some(&active))?;
        Ok(active)
    }
}

/// Why a password was not changed.
#[derive(Debug)]
pub enum PasswordRefused {
    /// The present one is wrong.
    Wrong,
    /// The new one breaks these rules.
    Breaks(Vec<Violation>),
    /// The new one is the present one.
    Same,
}

impl Store {
    /// Changes one's own password (R-06). All other sessions of the account end.
    pub async fn change_own_password(
        &self,
        permit: &Permit<ChangeOwnPassword>,
        present: Zeroizing<String>,
        new: Zeroizing<String>,
    ) -> Result<Result<(), PasswordRefused>, Error> {
        let Actor::Account { account, session, origin, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let Stored { record: account, version } = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?;
        let key = key(tenant, &account.login);
        let credential = self.load_credential(&key).await?.ok_or(Error::NotFound)?;
        let hash = match &credential.password {
            Some(sealed) => Some(self.open(tenant, Purpose::Credentials, &key, "password", sealed).await?),
            None => None,
        };
        let right = passwords::verify(normalised(&present), hash).await? && credential.failures < FAILURES_THAT_LOCK;
        if !right {
            let applicant =
                Applicant { permit: sign_in_permit(tenant, origin.clone()), key, credential: Some(credential) };
            self.count_failure(&applicant).await?;
            return Ok(Err(PasswordRefused::Wrong));
        }
        let new = match self.check_password(tenant, &account, &new).await? {
            Ok(new) => new,
            Err(violations) => return Ok(Err(PasswordRefused::Breaks(violations))),
        };
        if new.as_str() == normalised(&present).as_str() {
            return Ok(Err(PasswordRefused::Same));
        }
        let mut write = Write::new();
        let changed = Account { must_change_password: false, ..account };
        let changed = self.put_password(&mut write, tenant, changed, version, &key, new).await?;
        let values = Attributes::from([(":epoch".to_owned(), number(changed.epoch))]);
        let own = sessions::key(tenant, changed.id, *session);
        write.update(self, own, "SET epoch = :epoch", Some("attribute_exists(pk)"), values, || Error::NotFound)?;
        if self.load_holder(tenant, changed.id).await?.is_some_and(|holder| holder.mail.is_some()) {
            let notice = Notice::PasswordChanged { at: self.clock.now() };
            self.enqueue(&mut write, tenant, changed.id, &notice).await?;
        }
        let event = self.event(permit, "account.change_password")?.on(changed.id);
        write.commit(self, event).await?;
        Ok(Ok(()))
    }

    /// Checks a password against the rules for its account (R-04): 12 characters for anyone beyond employee.
    pub(crate) async fn check_password(
        &self,
        tenant: TenantId,
        account: &Account,
        typed: &str,
    ) -> Result<Result<NewPassword, Vec<Violation>>, Error> {
        let holder = self.load_holder(tenant, account.id).await?.ok_or(Error::NotFound)?;
        let code = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.code;
        let bar = if account.is_privileged() { PasswordBar::Privileged } else { PasswordBar::Employee };
        Ok(STANDARD.check(typed, bar, &holder.login_id, &code))
    }

    /// Adds a new password to `write`: its hash, no failures, a new epoch. Answers the account as it will be.
    pub(crate) async fn put_password(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: Account,
        version: u64,
        key: &Key,
        new: NewPassword,
    ) -> Result<Account, Error> {
        let strong_password = new.bar() == PasswordBar::Privileged;
        let hash = passwords::hash(new, self.random()?).await?;
        let sealed = self.seal(tenant, Purpose::Credentials, key, "password", &hash).await?;
        let values = Attributes::from([
            (":password".to_owned(), AttributeValue::B(sealed.0.into())),
            (":none".to_owned(), number(0)),
        ]);
        let expression = "SET password = :password, failures = :none";
        write.update(self, key.clone(), expression, Some("attribute_exists(account)"), values, || Error::NotFound)?;
        let changed = Account { epoch: account.epoch + 1, strong_password, ..account };
        write.replace(self, accounts::key(tenant, changed.id), accounts::SCHEMA, version, &changed)?;
        Ok(changed)
    }

    /// Begins the enrolment of a second factor: a secret, and the address that a device scans. It counts once it is confirmed.
    pub async fn enrol_otp(&self, permit: &Permit<ManageOwnOtp>) -> Result<(String, String), Error> {
        let Actor::Account { account, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let account = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?.record;
        if account.otp {
            return Err(Conflict::WrongState.into());
        }
        let holder = self.load_holder(tenant, account.id).await?.ok_or(Error::NotFound)?;
        let key = key(tenant, &account.login);
        let secret = OtpSecret::new(&self.random()?);
        let sealed = self.seal(tenant, Purpose::Credentials, &key, "otp", &secret).await?;
        let values = Attributes::from([(":secret".to_owned(), AttributeValue::B(sealed.0.into()))]);
        let mut write = Write::new();
        let condition = Some("attribute_exists(account) AND attribute_not_exists(otp)");
        write.update(self, key, "SET otp_pending = :secret", condition, values, || Conflict::WrongState.into())?;
        let event = self.event(permit, "account.begin_otp")?.on(account.id);
        write.commit(self, event).await?;
        Ok((secret.base32().to_owned(), secret.uri(holder.login_id.as_str())))
    }

    /// Confirms the enrolment with a first code. The session that confirms has its second factor from then on.
    pub async fn confirm_otp(&self, permit: &Permit<ManageOwnOtp>, code: &str) -> Result<bool, Error> {
        let Actor::Account { account, session, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let Stored { record: account, version } = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?;
        let key = key(tenant, &account.login);
        let credential = self.load_credential(&key).await?.ok_or(Error::NotFound)?;
        let Some(pending) = credential.otp_pending.filter(|_| !account.otp) else {
            return Err(Conflict::WrongState.into());
        };
        let secret: OtpSecret = self.open(tenant, Purpose::Credentials, &key, "otp", &pending).await?;
        let Some(step) = secret.step_of(code, self.clock.now().epoch_seconds())? else { return Ok(false) };
        let mut write = Write::new();
        let values = Attributes::from([
            (":step".to_owned(), number(step)),
            (":pending".to_owned(), AttributeValue::B(pending.0.into())),
        ]);
        let expression = "SET otp = otp_pending, otp_step = :step REMOVE otp_pending";
        write.update(self, key, expression, Some("otp_pending = :pending"), values, || Error::Stale)?;
        let changed = Account { otp: true, ..account };
        write.replace(self, accounts::key(tenant, changed.id), accounts::SCHEMA, version, &changed)?;
        self.note_second_factor(&mut write, tenant, changed.id, *session)?;
        let event = self.event(permit, "account.confirm_otp")?.on(changed.id);
        write.commit(self, event).await?;
        Ok(true)
    }

    /// Removes one's own second factor. All other sessions end, and this one has none any more.
    pub async fn remove_otp(&self, permit: &Permit<RemoveOwnOtp>) -> Result<(), Error> {
        let Actor::Account { account, session, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let Stored { record: account, version } = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?;
        let mut write = Write::new();
        let expression = "REMOVE otp, otp_pending";
        let credential = key(tenant, &account.login);
        write.update(self, credential, expression, Some("attribute_exists(otp)"), Attributes::new(), || {
            Conflict::WrongState.into()
        })?;
        let changed = Account { otp: false, epoch: account.epoch + 1, ..account };
        write.replace(self, accounts::key(tenant, changed.id), accounts::SCHEMA, version, &changed)?;
        let values = Attributes::from([(":epoch".to_owned(), number(changed.epoch))]);
        let own = sessions::key(tenant, changed.id, *session);
        let expression = "SET epoch = :epoch REMOVE second_factor_at";
        write.update(self, own, expression, Some("attribute_exists(pk)"), values, || Error::NotFound)?;
        let event = self.event(permit, "account.remove_otp")?.on(changed.id);
        write.commit(self, event).await
    }
}

/// The permit of somebody who is signing in: it opens the credentials of one login, and nothing else.
fn sign_in_permit(tenant: TenantId, origin: Origin) -> Permit<SignIn> {
    #[expect(clippy::disallowed_methods, reason = "no role decides who may try to sign in")]
    Permit::for_job(tenant, Actor::Applicant { origin })
}
