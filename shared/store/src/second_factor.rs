//! The second factor (R-08, ワンタイムパスワード): enrolment, confirmation, use, recovery, removal.
//!
//! ```text
//!          enrol               first good code
//! (none) ────────▶ pending ──────────────────────▶ enrolled, ten recovery codes
//!    ▲                │ enrol again: another secret       │
//!    │                └───────────◀──┐                    │ remove (oneself, fresh) · reset (others: [`crate::accounts`])
//!    └────────────────────────────────────────────────────┘
//! ```
//!
//! A code belongs to a step of 30 seconds; the last step that was used is kept, and neither it nor an earlier one works again, however many try at once. A recovery code
//! (リカバリーコード) stands in for a device that was lost: each is good once, is kept as a keyed hash, and goes out of the set in the very write that counts the success.

use std::collections::BTreeSet;

use authz::{
    Actor, Permit,
    permission::{MakeRecoveryCodes, ManageOwnOtp, ManageOwnSessions, RemoveOwnOtp},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{AccountId, SessionId, TenantId};
use vault::{Lookup, Purpose};
use zeroize::Zeroizing;

use crate::{
    Conflict, Error, Notice, Store, Write,
    accounts::{self, Account},
    codes::as_typed,
    credentials::{Credential, key},
    item::{Attributes, Stored, number},
    key::Key,
    otp::OtpSecret,
    outbox::FactorChange,
    sessions,
    sign_in::{Applicant, Proof},
};

/// How many recovery codes there are at a time.
pub const RECOVERY_CODES: usize = 10;
/// Recovery codes, as they are shown once.
pub type RecoveryCodes = Vec<Zeroizing<String>>;

/// What somebody shows as their second factor.
#[derive(Debug, Clone, Copy)]
pub enum SecondFactor<'a> {
    /// The one-time password of this moment.
    Code(&'a str),
    /// A recovery code.
    Recovery(&'a str),
}

/// The keyed hash of a recovery code, however it was typed: in lower case, without hyphens, with an O for a zero.
fn recovery_hash(lookup: &Lookup, account: AccountId, typed: &str) -> String {
    let code = as_typed(typed);
    lookup.hash("recovery", &Zeroizing::new(format!("{account}:{}", *code))).to_string()
}

impl Account {
    /// The same account without its second factor; its sessions have ended.
    fn without_second_factor(&self) -> Self {
        Self { otp: false, otp_reset: None, epoch: self.epoch + 1, ..self.clone() }
    }
}

impl Store {
    /// What `shown` proves of the account's second factor, if it is good. That nothing is used twice is held where it is written.
    pub(crate) async fn proof_of(
        &self,
        tenant: TenantId,
        key: &Key,
        credential: &Credential,
        shown: SecondFactor<'_>,
    ) -> Result<Option<Proof>, Error> {
        let (Some(account), Some(sealed)) = (credential.account, &credential.otp) else { return Ok(None) };
        match shown {
            SecondFactor::Code(code) => {
                let secret: OtpSecret = self.open(tenant, Purpose::Credentials, key, "otp", sealed).await?;
                Ok(secret.step_of(code, self.clock.now().epoch_seconds())?.map(Proof::Code))
            }
            SecondFactor::Recovery(code) => {
                let hash = recovery_hash(&self.lookup(tenant).await?, account, code);
                Ok(credential.recovery.contains(&hash).then_some(Proof::Recovery(hash)))
            }
        }
    }

    /// A fresh one-time password within a session, for what asks for one (R-03).
    pub async fn step_up(&self, permit: &Permit<ManageOwnSessions>, code: &str) -> Result<bool, Error> {
        let Actor::Account { account, session, origin, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let account = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?.record;
        let (key, credential) = self.credential_of(tenant, &account).await?;
        let proof = self.proof_of(tenant, &key, &credential, SecondFactor::Code(code)).await?;
        let good = match &proof {
            Some(proof) => self.count_success(&key, proof, None).await?,
            None => false,
        };
        if !good {
            self.count_failure(&Applicant::of(tenant, origin.clone(), key, Some(credential))).await?;
            return Ok(false);
        }
        let mut write = Write::new();
        self.note_second_factor(&mut write, tenant, account.id, *session)?;
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

    /// Confirms the enrolment with a first code, and makes recovery codes; none where the code is wrong. The session that confirms has its second factor from then on.
    pub async fn confirm_otp(&self, permit: &Permit<ManageOwnOtp>, code: &str) -> Result<Option<RecoveryCodes>, Error> {
        let Actor::Account { account, session, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let stored = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?;
        let (key, credential) = self.credential_of(tenant, &stored.record).await?;
        let Some(pending) = credential.otp_pending.filter(|_| !stored.record.otp) else {
            return Err(Conflict::WrongState.into());
        };
        let secret: OtpSecret = self.open(tenant, Purpose::Credentials, &key, "otp", &pending).await?;
        let Some(step) = secret.step_of(code, self.clock.now().epoch_seconds())? else { return Ok(None) };
        let (codes, hashes) = self.recovery_codes(tenant, stored.record.id).await?;
        let mut write = Write::new();
        let values = Attributes::from([
            (":step".to_owned(), number(step)),
            (":pending".to_owned(), AttributeValue::B(pending.0.into())),
            (":recovery".to_owned(), hashes),
        ]);
        let expression = "SET otp = otp_pending, otp_step = :step, recovery = :recovery REMOVE otp_pending";
        write.update(self, key, expression, Some("otp_pending = :pending"), values, || Error::Stale)?;
        let changed = Account { otp: true, ..stored.record.clone() };
        self.replace_account(&mut write, tenant, &stored, &changed)?;
        self.note_second_factor(&mut write, tenant, changed.id, *session)?;
        self.tell_of_factor(&mut write, tenant, changed.id, FactorChange::Enrolled).await?;
        let event = self.event(permit, "account.confirm_otp")?.on(changed.id);
        write.commit(self, event).await?;
        Ok(Some(codes))
    }

    /// New recovery codes in the place of all that are left.
    pub async fn make_recovery_codes(&self, permit: &Permit<MakeRecoveryCodes>) -> Result<RecoveryCodes, Error> {
        let Actor::Account { account, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let account = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?.record;
        let (codes, hashes) = self.recovery_codes(tenant, account.id).await?;
        let mut write = Write::new();
        let values = Attributes::from([(":recovery".to_owned(), hashes)]);
        let condition = Some("attribute_exists(otp)");
        let key = key(tenant, &account.login);
        write.update(self, key, "SET recovery = :recovery", condition, values, || Conflict::WrongState.into())?;
        self.tell_of_factor(&mut write, tenant, account.id, FactorChange::NewRecoveryCodes).await?;
        let event = self.event(permit, "account.make_recovery_codes")?.on(account.id);
        write.commit(self, event).await?;
        Ok(codes)
    }

    /// Ten codes, and their keyed hashes as they are kept.
    async fn recovery_codes(
        &self,
        tenant: TenantId,
        account: AccountId,
    ) -> Result<(RecoveryCodes, AttributeValue), Error> {
        let lookup = self.lookup(tenant).await?;
        let mut codes = RecoveryCodes::with_capacity(RECOVERY_CODES);
        let mut hashes = BTreeSet::new();
        while codes.len() < RECOVERY_CODES {
            let code = self.new_code()?;
            if hashes.insert(recovery_hash(&lookup, account, &code)) {
                codes.push(code);
            }
        }
        Ok((codes, AttributeValue::Ss(hashes.into_iter().collect())))
    }

    /// Removes one's own second factor. All other sessions end, and this one has none any more.
    pub async fn remove_otp(&self, permit: &Permit<RemoveOwnOtp>) -> Result<(), Error> {
        let Actor::Account { account, session, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let stored = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?;
        let mut write = Write::new();
        let changed = self.without_second_factor(&mut write, tenant, &stored)?;
        let values = Attributes::from([(":epoch".to_owned(), number(changed.epoch))]);
        let own = sessions::key(tenant, changed.id, *session);
        let expression = "SET epoch = :epoch REMOVE second_factor_at";
        write.update(self, own, expression, Some("attribute_exists(pk)"), values, || Error::NotFound)?;
        self.tell_of_factor(&mut write, tenant, changed.id, FactorChange::Removed).await?;
        let event = self.event(permit, "account.remove_otp")?.on(changed.id);
        write.commit(self, event).await
    }

    /// Adds to `write` that an account has no second factor any more, and no session. Answers the account as it will be. The last usable administrator keeps theirs.
    pub(crate) fn without_second_factor(
        &self,
        write: &mut Write,
        tenant: TenantId,
        stored: &Stored<Account>,
    ) -> Result<Account, Error> {
        self.forget_second_factor(write, tenant, &stored.record)?;
        let changed = stored.record.without_second_factor();
        self.replace_account(write, tenant, stored, &changed)?;
        Ok(changed)
    }

    /// The same for one that is lost, even if it is the last usable administrator's.
    pub(crate) fn without_lost_second_factor(
        &self,
        write: &mut Write,
        tenant: TenantId,
        stored: &Stored<Account>,
    ) -> Result<(), Error> {
        self.forget_second_factor(write, tenant, &stored.record)?;
        let changed = stored.record.without_second_factor();
        let key = accounts::key(tenant, changed.id);
        write.replace(self, key, accounts::SCHEMA, stored.version, &changed)?;
        self.note_lost_administrator(write, tenant, &stored.record)
    }

    fn forget_second_factor(&self, write: &mut Write, tenant: TenantId, account: &Account) -> Result<(), Error> {
        let expression = "REMOVE otp, otp_pending, recovery";
        let condition = Some("attribute_exists(otp)");
        write.update(self, key(tenant, &account.login), expression, condition, Attributes::new(), || {
            Conflict::WrongState.into()
        })?;
        Ok(())
    }

    /// Adds to `write` a mail to the holder about their second factor.
    pub(crate) async fn tell_of_factor(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: AccountId,
        change: FactorChange,
    ) -> Result<(), Error> {
        let notice = Notice::SecondFactorChanged { at: self.clock.now(), change };
        self.enqueue(write, tenant, account, &notice).await.map(|_| ())
    }
}
