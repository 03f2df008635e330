//! Rate limits for whoever is not signed in yet, kept where every copy of a function sees them.
//!
//! Two things are counted, in windows that begin at the same moment for everybody:
//!
//! - Attempts on one thing (a login, a program, an address that uses links): exactly, and beyond the limit there is no attempt until the window is over. The answer says
//!   how many are left (`RateLimit`), the same for what exists and for what does not.
//! - Failures from one address, and in one company. They lock nobody out: an address from which many failures came is slowed down to a few attempts a minute, and so is,
//!   while a whole company is being tried through, an address from which more than a few came. Whoever shares an office with a careless colleague waits for seconds, and
//!   whoever calls from elsewhere for nothing.
//!
//! An address and a login stand here as keyed hashes. The items expire.

use authz::Origin;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{employee::EmployeeNumber, ids::PLATFORM, time::Jst};
use futures_util::future::{try_join, try_join_all, try_join4};
use zeroize::Zeroizing;

use crate::{
    AtKiosk, Error, Store,
    codes::as_typed,
    item::{as_number, number},
    key::{Family, Key, Table},
};

/// How many of something in how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, for `RateLimit-Policy`.
    pub name: &'static str,
    /// How many.
    pub most: u64,
    /// In how many seconds.
    pub seconds: i64,
}

/// Attempts to sign in with one login.
pub const SIGN_IN: Limit = Limit { name: "sign-in", most: 30, seconds: 600 };
/// Mails for one login that forgot its password.
pub const PASSWORD_RESET: Limit = Limit { name: "password-reset", most: 3, seconds: 3_600 };
/// Mails for forgotten passwords that one address asks for.
pub const PASSWORD_RESETS: Limit = Limit { name: "password-resets", most: 100, seconds: 3_600 };
/// One-time links that one address tries.
pub const LINK: Limit = Limit { name: "link", most: 60, seconds: 600 };
/// Tokens that one program asks for.
pub const CLIENT_TOKEN: Limit = Limit { name: "client-token", most: 120, seconds: 600 };

/// Attempts at shared terminals with one number: beyond them it is locked there, whoever tries and however right they are.
pub const KIOSK_NUMBER: Limit = Limit { name: "kiosk-number", most: 5, seconds: 1_800 };
/// The same, in a day: a birth date is one of some twenty thousand.
const KIOSK_NUMBER_A_DAY: Limit = Limit { name: "kiosk-number-day", most: 20, seconds: 86_400 };
/// Attempts at shared terminals from one address: a works where a shift begins.
const KIOSK_ADDRESS: Limit = Limit { name: "kiosk-address", most: 300, seconds: 600 };
/// Attempts at shared terminals with one round's code.
const KIOSK_ROUND: Limit = Limit { name: "kiosk-round", most: 3_000, seconds: 600 };
/// Failures at shared terminals from one address.
const KIOSK_ADDRESS_FAILED: Limit = Limit { name: "kiosk-address-failed", most: 30, seconds: 600 };
/// Failures at shared terminals with one round's code; another code begins anew.
const KIOSK_ROUND_FAILED: Limit = Limit { name: "kiosk-round-failed", most: 300, seconds: 3_600 };

/// Failures from one address that slow it down.
const FROM_ADDRESS: Limit = Limit { name: "failures-address", most: 100, seconds: 600 };
/// Failures in one company that make it careful with every address.
const IN_COMPANY: Limit = Limit { name: "failures-company", most: 300, seconds: 600 };
/// Failures from one address that slow it down while its company is careful.
const FROM_ADDRESS_IF_CAREFUL: u64 = 10;
/// How many attempts an address has that is slowed down.
const SLOWED: Limit = Limit { name: "slowed", most: 20, seconds: 60 };

/// How a limit stands after one more attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated {
    /// The limit.
    pub limit: Limit,
    /// How many attempts are left in this window.
    pub left: u64,
    /// When the next window begins, in seconds.
    pub resets_in: i64,
}

/// An attempt that was let through.
#[derive(Debug)]
pub struct Attempt {
    /// How the limit of what was tried stands.
    pub rated: Rated,
    /// What it counts for if it fails: the address, and the company.
    failed: Vec<(Limit, String)>,
}

impl Limit {
    /// The window that `now` lies in: its beginning, in seconds since the epoch, and how long it still lasts.
    fn window(&self, now: Jst) -> (i64, i64) {
        let now = now.epoch_seconds();
        let begins = now - now.rem_euclid(self.seconds);
        (begins, begins + self.seconds - now)
    }

    fn rated(self, count: u64, resets_in: i64) -> Result<Rated, Error> {
        let rated = Rated { limit: self, left: self.most.saturating_sub(count), resets_in };
        if count > self.most { Err(Error::TooMany(rated)) } else { Ok(rated) }
    }
}

impl Store {
    /// Counts an attempt on `subject`, and refuses it beyond the limit.
    pub async fn take(&self, limit: Limit, subject: &str) -> Result<Rated, Error> {
        let subject = self.subject(limit, subject).await?;
        let (count, resets_in) = self.count(limit, &subject).await?;
        limit.rated(count, resets_in)
    }

    /// Counts an attempt on `subject`, by somebody who says that they are of `company` if they say so; refuses it beyond the limit, or where the address is slowed down.
    pub async fn attempt(
        &self,
        limit: Limit,
        subject: &str,
        company: Option<&str>,
        origin: &Origin,
    ) -> Result<Attempt, Error> {
        let mut failed = vec![(FROM_ADDRESS, self.subject(FROM_ADDRESS, &address(origin)).await?)];
        if let Some(company) = company {
            failed.push((IN_COMPANY, self.subject(IN_COMPANY, &company.to_lowercase()).await?));
        }
        let now = self.clock.now();
        let keys: Vec<Key> = failed.iter().map(|(limit, subject)| rate_key(*limit, subject, now)).collect();
        let (rated, items) = try_join(self.take(limit, subject), self.db.batch_get(&keys)).await?;
        let count = |at: usize| items.get(at)?.as_ref().and_then(|item| as_number(item, "used"));
        let is_careful = count(1).is_some_and(|in_company| in_company > IN_COMPANY.most);
        let allowed = if is_careful { FROM_ADDRESS_IF_CAREFUL } else { FROM_ADDRESS.most };
        if let (true, Some((_, address))) =
            (count(0).is_some_and(|from_address| from_address > allowed), failed.first())
        {
            let (count, resets_in) = self.count(SLOWED, address).await?;
            SLOWED.rated(count, resets_in)?;
        }
        Ok(Attempt { rated, failed })
    }

    /// Counts an attempt to sign in at a shared terminal; refuses it beyond any of its limits. Whoever failed too often counts for no number any
    /// more: nobody locks a colleague by the thousand.
    pub async fn kiosk_attempt(&self, typed: &AtKiosk<'_>, origin: &Origin) -> Result<Attempt, Error> {
        let (from, company) = (address(origin), typed.tenant_code.to_lowercase());
        // However they are typed: who writes a number in another way has no further attempts.
        let number = EmployeeNumber::parse(typed.number);
        let number = number.as_ref().map_or(typed.number, EmployeeNumber::as_str);
        let of_round = Zeroizing::new(format!("{company}/{}", *as_typed(typed.round_code)));
        let of_number = format!("{company}/{number}");
        let failed = vec![
            (KIOSK_ADDRESS_FAILED, self.subject(KIOSK_ADDRESS_FAILED, &from).await?),
            (KIOSK_ROUND_FAILED, self.subject(KIOSK_ROUND_FAILED, &of_round).await?),
        ];
        let now = self.clock.now();
        let keys: Vec<Key> = failed.iter().map(|(limit, subject)| rate_key(*limit, subject, now)).collect();
        for ((limit, _), item) in failed.iter().zip(self.db.batch_get(&keys).await?) {
            let used = item.and_then(|item| as_number(&item, "used")).unwrap_or_default();
            limit.rated(used + 1, limit.window(now).1)?;
        }
        let (rated, _, _, _) = try_join4(
            self.take(KIOSK_NUMBER, &of_number),
            self.take(KIOSK_NUMBER_A_DAY, &of_number),
            self.take(KIOSK_ADDRESS, &from),
            self.take(KIOSK_ROUND, &of_round),
        )
        .await?;
        Ok(Attempt { rated, failed })
    }

    /// Counts that an attempt failed.
    pub async fn failed(&self, attempt: &Attempt) -> Result<(), Error> {
        try_join_all(attempt.failed.iter().map(|(limit, subject)| self.count(*limit, subject))).await.map(|_| ())
    }

    /// Counts an attempt of one address, and refuses it beyond the limit.
    pub async fn take_from(&self, limit: Limit, origin: &Origin) -> Result<Rated, Error> {
        self.take(limit, &address(origin)).await
    }

    async fn subject(&self, limit: Limit, subject: &str) -> Result<String, Error> {
        Ok(self.lookup(PLATFORM).await?.hash(limit.name, subject).to_string())
    }

    /// One more of `subject` in this window: how many there are now, and for how many seconds more.
    async fn count(&self, limit: Limit, subject: &str) -> Result<(u64, i64), Error> {
        let now = self.clock.now();
        let (begins, resets_in) = limit.window(now);
        let key = rate_key(limit, subject, now);
        let request = self
            .db
            .update(&key)
            .return_values(ReturnValue::UpdatedNew)
            .update_expression("SET expires_at = :until ADD used :one")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":until", AttributeValue::N((begins + 2 * limit.seconds).to_string()));
        let item = self.db.send_update(&key, request).await?;
        Ok((item.and_then(|item| as_number(&item, "used")).unwrap_or(1), resets_in))
    }
}

fn address(origin: &Origin) -> String {
    origin.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}

fn rate_key(limit: Limit, subject: &str, now: Jst) -> Key {
    let (begins, _) = limit.window(now);
    Key::new(Table::Records, PLATFORM, Family::Rate, format_args!("{}#{subject}", limit.name), begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_for_everybody_at_the_same_moment() {
        let at = |text: &str| text.parse::<Jst>().unwrap();
        let (begins, left) = SIGN_IN.window(at("2026-04-01T09:07:30+09:00"));
        assert_eq!((begins, left), (at("2026-04-01T09:00:00+09:00").epoch_seconds(), 150));
        assert_eq!(SIGN_IN.window(at("2026-04-01T09:10:00+09:00")).1, 600, "the next one has begun");
    }

    #[test]
    fn the_last_attempt_is_let_through_and_the_one_after_it_is_not() {
        assert_eq!(SIGN_IN.rated(30, 10).unwrap().left, 0);
        assert!(matches!(SIGN_IN.rated(31, 10), Err(Error::TooMany(Rated { left: 0, resets_in: 10, .. }))));
    }
}
