//! Resetting somebody else's second factor (R-08), when their device and their recovery codes are lost.
//!
//! ```text
//!                 one administrator
//! an employee's ────────────────────────────────────────────────▶ reset
//!
//!                 one administrator         another one, within 24 hours
//! a privileged ──────────────────▶ asked ─────────────────────────▶ reset
//!      ▲                             │ a day passes
//!      └─────────────────────────────┘
//! ```
//!
//! The provider's people reset a second factor where a customer has no administrator left who could: two of them, with the same ticket and within a day. Neither learns whether there
//! is such an account.
//!
//! Nobody resets their own, and whoever asked does not confirm. Everybody concerned gets a mail at both steps. All sessions of the account end; until its holder has
//! enrolled again, no role beyond employee can be used.

use authz::{
    Denied, Permit,
    permission::{ResetOtp, ResetOtpByTicket},
};
use domain::{
    account::LoginId,
    ids::{AccountId, PLATFORM, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};

use crate::{
    Conflict, Error, GlassFault, Notice, Prepared, Store, Write,
    accounts::{Account, AccountDetails},
    broken_glass::ticket_number,
    callers::whole_tenant,
    credentials::{self, login_hash},
    item::{Attributes, Stored, number, to_item},
    key::{Family, Key, Table},
    outbox::FactorChange,
    tenants::attribute,
};

const SCHEMA: u8 = 1;

/// For how long a reset that was asked for waits for a second person, in seconds.
const WAITS_SECONDS: i64 = 86_400;

/// A reset that one administrator has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtpResetAsked {
    /// Who asked.
    pub by: AccountId,
    /// When.
    pub at: Jst,
}

impl OtpResetAsked {
    /// Until when it waits.
    #[must_use]
    pub fn until(&self) -> Jst {
        self.at.plus_seconds(WAITS_SECONDS)
    }
}

/// What came of asking for a reset.
#[derive(Debug)]
pub struct OtpReset {
    /// The account as it is now.
    pub account: Stored<AccountDetails>,
    /// Whether the second factor is gone; otherwise another administrator must confirm.
    pub done: bool,
}

/// What one administrator's word does.
enum Step {
    Done,
    Asked,
}

/// Whether `actor`'s word is enough at this moment.
fn step(account: &Account, actor: AccountId, now: Jst) -> Result<Step, Error> {
    if account.id == actor {
        return Err(Denied::Forbidden.into());
    }
    if !account.otp {
        return Err(Conflict::WrongState.into());
    }
    if !account.is_privileged() {
        return Ok(Step::Done);
    }
    match account.otp_reset.filter(|asked| asked.until() > now) {
        Some(asked) if asked.by == actor => Err(Conflict::SecondPersonNeeded.into()),
        Some(_) => Ok(Step::Done),
        None => Ok(Step::Asked),
    }
}

impl Store {
    /// Resets the second factor of an employee's account; asks for, or confirms, that of a privileged one.
    pub async fn reset_otp(
        &self,
        permit: &Permit<ResetOtp>,
        account: AccountId,
        version: u64,
    ) -> Result<Prepared<OtpReset>, Error> {
        whole_tenant(permit)?;
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let actor = permit.actor().account().ok_or(Denied::Forbidden)?;
        let Stored { record: details, version: stored } = self.account_details(tenant, account).await?;
        if stored != version {
            return Err(Error::Stale);
        }
        let before = Stored { record: details.account.clone(), version };
        let mut write = Write::new();
        let (changed, action, done) = match step(&details.account, actor, now)? {
            Step::Done => {
                self.tell_of_factor(&mut write, tenant, account, FactorChange::Reset).await?;
                (self.without_second_factor(&mut write, tenant, &before)?, "account.reset_otp", true)
            }
            Step::Asked => {
                let otp_reset = Some(OtpResetAsked { by: actor, at: now });
                let asked = Account { otp_reset, ..before.record.clone() };
                self.replace_account(&mut write, tenant, &before, &asked)?;
                self.tell_of_factor(&mut write, tenant, account, FactorChange::ResetAsked).await?;
                (asked, "account.ask_otp_reset", false)
            }
        };
        if details.account.is_privileged() {
            let notice = Notice::OtpReset { at: now, done };
            self.enqueue_to_administrators(&mut write, tenant, &notice).await?;
        }
        let event = self.event(permit, action)?.on(account);
        let record = AccountDetails { account: changed, ..details };
        Ok(Prepared { thing: OtpReset { account: Stored { record, version: version + 1 }, done }, write, event })
    }
}

/// A reset that one operator has asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    asked_by: AccountId,
    expires_at: i64,
}

impl Store {
    /// Asks for a reset with a ticket, or confirms what another operator has asked for. What comes of it is told to the customer and not to the operator.
    pub async fn reset_otp_by_ticket(
        &self,
        permit: &Permit<ResetOtpByTicket>,
        tenant: TenantId,
        login: &str,
        ticket: &str,
    ) -> Result<Result<(), GlassFault>, Error> {
        let actor = permit.actor().account().filter(|_| permit.tenant() == PLATFORM).ok_or(Denied::Forbidden)?;
        if tenant == PLATFORM || self.load_tenant(tenant).await?.is_none() {
            return Err(Error::NotFound);
        }
        let Some(ticket) = ticket_number(ticket) else { return Ok(Err(GlassFault::Ticket)) };
        let now = self.clock.now();
        let login = LoginId::parse(login).ok();
        let said = format!("{tenant}:{}:{ticket}", login.as_ref().map_or("-", LoginId::as_str));
        let said = self.lookup(PLATFORM).await?.hash("otp-reset", &said).to_string();
        let key = Key::new(Table::Records, PLATFORM, Family::Approval, said, "OTPRESET");
        let pending = self.load::<Pending>(&key).await?.map(|stored| stored.record);
        let mut write = Write::new();
        let event = self.event(permit, "otp_reset.ask")?.on(tenant).because(format!("ticket:{ticket}"));
        let Some(pending) = pending else {
            let asked = Pending { asked_by: actor, expires_at: now.plus_seconds(WAITS_SECONDS).epoch_seconds() };
            let item = to_item(&key, 1, SCHEMA, &asked)?;
            let values = Attributes::from([(":now".to_owned(), number(now.epoch_seconds().unsigned_abs()))]);
            // Of two who ask at once one has asked, and the other one is told to try again.
            let free = Some("attribute_not_exists(pk) OR expires_at <= :now");
            write.put(self, key, item, free, values, || {
                Error::Unavailable("another operator asks as well".to_owned())
            })?;
            return write.commit(self, event).await.map(Ok);
        };
        if pending.asked_by == actor {
            // Saying it twice is one person's word, and writes nothing but that it was said.
            return write.commit(self, event).await.map(Ok);
        }
        let values = Attributes::from([(":by".to_owned(), attribute(&pending.asked_by)?)]);
        write.delete_if(self, key, "asked_by = :by", values, || Error::Unavailable("confirmed already".to_owned()))?;
        if let Some(account) = self.account_with_factor(tenant, login.as_ref()).await? {
            self.without_lost_second_factor(&mut write, tenant, &account)?;
            self.tell_of_factor(&mut write, tenant, account.record.id, FactorChange::Reset).await?;
            self.enqueue_to_administrators(&mut write, tenant, &Notice::OtpReset { at: now, done: true }).await?;
            let told = self.event(permit, "account.reset_otp")?.in_tenant(tenant).on(account.record.id);
            write.tell(self, &told.because(format!("ticket:{ticket}"))).await?;
        }
        let event = self.event(permit, "otp_reset.confirm")?.on(tenant).because(format!("ticket:{ticket}"));
        write.commit(self, event).await.map(Ok)
    }

    /// The account with this login, if there is one and it has a second factor.
    async fn account_with_factor(
        &self,
        tenant: TenantId,
        login: Option<&LoginId>,
    ) -> Result<Option<Stored<Account>>, Error> {
        let Some(login) = login else { return Ok(None) };
        let key = credentials::key(tenant, &login_hash(&self.lookup(tenant).await?, login));
        let account = self.load_credential(&key).await?.and_then(|credential| credential.account);
        let Some(account) = account else { return Ok(None) };
        Ok(self.load_account(tenant, account).await?.filter(|account| account.record.otp))
    }
}
