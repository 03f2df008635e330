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
//! Nobody resets their own, and whoever asked does not confirm. Everybody concerned gets a mail at both steps. All sessions of the account end; until its holder has
//! enrolled again, no role beyond employee can be used.

use authz::{Denied, Permit, permission::ResetOtp};
use domain::{ids::AccountId, time::Jst};
use serde::{Deserialize, Serialize};

use crate::{
    Conflict, Error, Notice, Prepared, Store, Write,
    accounts::{Account, AccountDetails, whole_tenant},
    item::Stored,
    outbox::FactorChange,
};

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
