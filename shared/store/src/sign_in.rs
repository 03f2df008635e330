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

use authz::{Actor, Origin, Permit, permission::SignIn, token::Challenge};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    account::{LoginId, TenantCode},
    ids::{AccountId, PLATFORM, TenantId},
};
use vault::{Lookup, Purpose};
use zeroize::Zeroizing;

use crate::{
    Error, Event, Store, Write,
    accounts::Account,
    credentials::{Credential, FAILURES_THAT_LOCK, key, login_hash},
    item::{Attributes, Sealed, Stored, number},
    key::{Family, Key, Table},
    outbox::FactorChange,
    passwords::Verdict,
    second_factor::SecondFactor,
    sessions::Device,
};

/// For how long failures of a login that does not exist are counted, in seconds.
const UNKNOWN_COUNTED_SECONDS: i64 = 86_400;

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

/// What was proven, and is to be written.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// The password, which is all there is to prove.
    Password,
    /// The password, and a second factor is still to come.
    PasswordOfTwo,
    /// The one-time password of this step.
    Code(u64),
    /// The recovery code with this hash.
    Recovery(String),
}

/// A password's hash at today's cost (R-05).
pub(crate) struct BetterPassword {
    /// The one that was verified: only its place is taken.
    verified: Sealed,
    better: Sealed,
}

/// One login's credentials, opened for somebody who is signing in.
pub(crate) struct Applicant {
    pub(crate) permit: Permit<SignIn>,
    pub(crate) key: Key,
    pub(crate) credential: Option<Credential>,
}

impl Applicant {
    /// The permit opens the credentials of one login, and nothing else.
    pub(crate) fn of(tenant: TenantId, origin: Origin, key: Key, credential: Option<Credential>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "no role decides who may try to sign in")]
        let permit = Permit::for_job(tenant, Actor::Applicant { origin });
        Self { permit, key, credential }
    }
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
        let tenant = applicant.permit.tenant();
        let verdict = self.verify_password(tenant, &applicant.key, applicant.credential.as_ref(), &password).await?;
        let account = self.account_of(&applicant, verdict != Verdict::Wrong).await?;
        if let (Some(account), Verdict::Right { better }) = (account, verdict) {
            let proof = if account.otp { Proof::PasswordOfTwo } else { Proof::Password };
            let better = self.better_password(&applicant, better).await?;
            if self.count_success(&applicant.key, &proof, better).await? {
                if account.otp {
                    let challenge = Challenge { tenant, account: account.id, epoch: account.epoch };
                    let token = self.signer().await?.challenge(challenge, self.clock.now());
                    return token.map(SignedIn::Challenge).map_err(|error| Error::Internal(error.to_string()));
                }
                return self.admit(&applicant, account, device, false, Write::new()).await.map(SignedIn::Session);
            }
        }
        self.count_failure(&applicant).await?;
        Ok(SignedIn::No)
    }

    /// A better hash of the applicant's password, sealed, with what it takes the place of.
    async fn better_password(
        &self,
        applicant: &Applicant,
        better: Option<String>,
    ) -> Result<Option<BetterPassword>, Error> {
        let verified = applicant.credential.as_ref().and_then(|credential| credential.password.clone());
        let (Some(verified), Some(better)) = (verified, better) else { return Ok(None) };
        let tenant = applicant.permit.tenant();
        let better = self.seal(tenant, Purpose::Credentials, &applicant.key, "password", &better).await?;
        Ok(Some(BetterPassword { verified, better }))
    }

    /// The second step: the challenge that the first one gave, and a one-time password or a recovery code.
    pub async fn sign_in_with_otp(
        &self,
        challenge: &str,
        shown: SecondFactor<'_>,
        device: &Device,
        origin: Origin,
    ) -> Result<SignedIn, Error> {
        let Ok(challenge) = self.verifier().await?.challenge(challenge, self.clock.now()) else {
            return Ok(SignedIn::No);
        };
        let tenant = challenge.tenant;
        let Some(stored) = self.load_account(tenant, challenge.account).await? else {
            return Ok(SignedIn::No);
        };
        let key = key(tenant, &stored.record.login);
        let credential = self.load_credential(&key).await?;
        let applicant = Applicant::of(tenant, origin, key, credential);
        let proof = match &applicant.credential {
            Some(credential) if stored.record.epoch == challenge.epoch => {
                self.proof_of(tenant, &applicant.key, credential, shown).await?
            }
            _ => None,
        };
        let account = self.account_of(&applicant, proof.is_some()).await?;
        if let (Some(account), Some(proof)) = (account, proof)
            && self.count_success(&applicant.key, &proof, None).await?
        {
            let mut write = Write::new();
            if matches!(proof, Proof::Recovery(_)) {
                self.tell_of_factor(&mut write, tenant, account.id, FactorChange::RecoveryCodeUsed).await?;
            }
            return self.admit(&applicant, account, device, true, write).await.map(SignedIn::Session);
        }
        self.count_failure(&applicant).await?;
        Ok(SignedIn::No)
    }

    /// Opens the credentials of one login: that of an account, of an unknown login, or of an unknown tenant. Always one read of the tenant's code and one of the credentials.
    pub(crate) async fn applicant(&self, code: Option<&str>, login: &str, origin: Origin) -> Result<Applicant, Error> {
        let (tenant, lookup) = match code {
            None => (PLATFORM, self.lookup(PLATFORM).await?),
            Some(text) => self.tenant_and_lookup(text).await?,
        };
        let hash = match LoginId::parse(login) {
            Ok(login) => login_hash(&lookup, &login),
            Err(_) => lookup.hash("not-a-login", login).to_string(),
        };
        let key = key(tenant, &hash);
        let credential = self.load_credential(&key).await?;
        Ok(Applicant::of(tenant, origin, key, credential))
    }

    /// The tenant with this code and its keyed hashes; where there is none, the platform and hashes of nobody's. One read, whatever was typed.
    pub(crate) async fn tenant_and_lookup(&self, text: &str) -> Result<(TenantId, Lookup), Error> {
        // What is no code at all is looked for like one: "-" is nobody's.
        let code = TenantCode::parse(text).ok();
        let found = match &code {
            Some(code) => self.tenant_of_code(code).await?,
            None => self.tenant_of_nobody().await?,
        };
        if let Some(tenant) = found {
            match self.lookup(tenant).await {
                Ok(lookup) => return Ok((tenant, lookup)),
                // The code of a purged customer stays taken, but its keys are gone: it is like one that never was.
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((PLATFORM, Box::pin(self.vault.lookup_for_unknown(text)).await?))
    }

    async fn tenant_of_nobody(&self) -> Result<Option<TenantId>, Error> {
        let key = Key::new(Table::Records, PLATFORM, Family::TenantCode, "-", "TENANTCODE");
        self.db.get(&key).await.map(|_| None)
    }

    /// The account behind the credentials, if they were right, are not locked, and it may sign in. One read, whoever it was: where there is no account, of nobody's.
    async fn account_of(&self, applicant: &Applicant, right: bool) -> Result<Option<Account>, Error> {
        let tenant = applicant.permit.tenant();
        let credential = applicant.credential.as_ref();
        let account = credential.and_then(|credential| credential.account);
        let read = account.unwrap_or(AccountId::from_bytes([0; 16]));
        let found = self.load_tenant_and_account(tenant, read).await?;
        if !right || credential.is_none_or(Credential::is_locked) {
            return Ok(None);
        }
        let Some((of, who)) = found else { return Ok(None) };
        let (address, now) = (applicant.permit.actor().origin().address, self.clock.now());
        let may = authz::may_sign_in(&of.facts(now), &who.record.facts(tenant, now), address, now);
        Ok(may.then_some(who.record))
    }

    /// Writes a right attempt. False where it is locked, or the step or the recovery code was used before. A better hash is written as well, unless the password was changed meanwhile.
    ///
    /// A password that is followed by a second factor changes nothing, and is written all the same: what is right among many at once is so in their order (R-07).
    pub(crate) async fn count_success(
        &self,
        key: &Key,
        proof: &Proof,
        better: Option<BetterPassword>,
    ) -> Result<bool, Error> {
        let mut expression = match proof {
            Proof::PasswordOfTwo => "SET failures = failures",
            Proof::Password | Proof::Code(_) | Proof::Recovery(_) => "SET failures = :none, last_sign_in_at = :now",
        }
        .to_owned();
        let mut condition = "attribute_exists(account) AND failures < :locked".to_owned();
        let mut values = Attributes::from([(":locked".to_owned(), number(FAILURES_THAT_LOCK))]);
        if !matches!(proof, Proof::PasswordOfTwo) {
            values.insert(":none".to_owned(), number(0));
            values.insert(":now".to_owned(), AttributeValue::S(self.clock.now().to_string()));
        }
        match proof {
            Proof::Password | Proof::PasswordOfTwo => {}
            Proof::Code(step) => {
                expression.push_str(", otp_step = :step");
                condition.push_str(" AND otp_step < :step");
                values.insert(":step".to_owned(), number(*step));
            }
            Proof::Recovery(hash) => {
                expression.push_str(" DELETE recovery :codes");
                condition.push_str(" AND contains(recovery, :code)");
                values.insert(":code".to_owned(), AttributeValue::S(hash.clone()));
                values.insert(":codes".to_owned(), AttributeValue::Ss(vec![hash.clone()]));
            }
        }
        let update = |expression: String, condition: String, values: Attributes| {
            let request = self.db.update(key).update_expression(expression).condition_expression(condition);
            self.db.send_update(key, request.set_expression_attribute_values(Some(values)))
        };
        if let Some(BetterPassword { verified, better }) = better {
            let mut values = values.clone();
            values.insert(":verified".to_owned(), AttributeValue::B(verified.0.into()));
            values.insert(":better".to_owned(), AttributeValue::B(better.0.into()));
            let (set, only) = (", password = :better", " AND password = :verified");
            if update(format!("{expression}{set}"), format!("{condition}{only}"), values).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(update(expression, condition, values).await?.is_some())
    }

    /// Writes a wrong attempt: one failure more, and an event. The same two requests whoever it was, and whether or not there is such a login.
    pub(crate) async fn count_failure(&self, applicant: &Applicant) -> Result<(), Error> {
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
        mut write: Write,
    ) -> Result<Tokens, Error> {
        let tenant = applicant.permit.tenant();
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
        self.replace_account_or(write, tenant, &Stored { record: invited, version }, &active, || {
            // Two first sign-ins at once: the second one is told to try again.
            Error::Unavailable("an account changed during its first sign-in".to_owned())
        })?;
        Ok(active)
    }
}
