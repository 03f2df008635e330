//! Addresses that mail no longer goes to (配信停止, R-30). The relay tells what came back for good and what was called spam; from then on nothing is sent to that address
//! of that tenant, and its administrators see on the account that it is undeliverable. Each tenant has a list of its own: what one customer's mailbox does to mail is
//! nobody else's.
//!
//! The list holds keyed hashes, no addresses. Another address is not on it, so that correcting one lifts the stop by itself; one that only came back is taken
//! off when an administrator sets it anew, because mailboxes are repaired. A complaint stays with its address.

use domain::{employee::MailAddress, ids::TenantId, time::Jst};
use serde::{Deserialize, Serialize};

use crate::{
    Error, MailState, Store, Write,
    item::{Attributes, from_optional, to_item},
    key::{Family, Key, Table},
};

const SCHEMA: u8 = 1;

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Mail came back, and will again.
    Bounced,
    /// Whoever got mail called it spam.
    Complained,
}

/// Nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// Why.
    pub cause: Cause,
    /// From when on.
    pub since: Jst,
}

/// What the relay says about a mail that it took.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// What the relay knows the mail by.
    pub message_id: String,
    /// To whom it went.
    pub address: MailAddress,
    /// What happened.
    pub cause: Cause,
    /// It will happen again, with every mail to that address: the mailbox is not there. A full one may be emptied.
    pub permanent: bool,
}

impl Feedback {
    /// What becomes of the mail.
    pub(crate) const fn state(&self) -> MailState {
        match self.cause {
            Cause::Bounced => MailState::Bounced,
            Cause::Complained => MailState::Complained,
        }
    }

    /// Why nothing more is sent to the address; nothing where something may arrive.
    pub(crate) fn suppresses(&self) -> Option<Cause> {
        (self.permanent || self.cause == Cause::Complained).then_some(self.cause)
    }

    pub(crate) const fn reason(&self) -> &'static str {
        match (self.cause, self.permanent) {
            (Cause::Complained, _) => "complaint",
            (Cause::Bounced, true) => "permanent_bounce",
            (Cause::Bounced, false) => "transient_bounce",
        }
    }
}

impl Store {
    async fn suppression_key(&self, tenant: TenantId, address: &MailAddress) -> Result<Key, Error> {
        let hash = self.lookup(tenant).await?.hash("mail-address", address.as_str());
        Ok(Key::new(Table::Records, tenant, Family::Suppression, hash, "SUPPRESSION"))
    }

    /// Whether nothing is sent to `address`, and why.
    pub(crate) async fn suppression(
        &self,
        tenant: TenantId,
        address: &MailAddress,
    ) -> Result<Option<Suppressed>, Error> {
        let key = self.suppression_key(tenant, address).await?;
        Ok(self.load(&key).await?.map(|stored| stored.record))
    }

    /// The same for many at once, in their order.
    pub(crate) async fn suppressions(
        &self,
        tenant: TenantId,
        addresses: impl IntoIterator<Item = Option<&MailAddress>>,
    ) -> Result<Vec<Option<Suppressed>>, Error> {
        let (mut keys, mut has_key) = (Vec::new(), Vec::new());
        for address in addresses {
            has_key.push(address.is_some());
            if let Some(address) = address {
                keys.push(self.suppression_key(tenant, address).await?);
            }
        }
        let (mut items, now) = (self.db.batch_get(&keys).await?.into_iter(), self.clock.now());
        let of = |has_key: bool| {
            let item = if has_key { items.next().flatten() } else { None };
            Ok(from_optional(item, now)?.map(|stored| stored.record))
        };
        has_key.into_iter().map(of).collect()
    }

    /// Adds to `write` that nothing is sent to `address` any more. A complaint is not softened by what comes back later.
    pub(crate) async fn suppress(
        &self,
        write: &mut Write,
        tenant: TenantId,
        address: &MailAddress,
        cause: Cause,
        now: Jst,
    ) -> Result<(), Error> {
        let before = self.suppression(tenant, address).await?;
        if before.is_some_and(|before| before.cause == cause || before.cause == Cause::Complained) {
            return Ok(());
        }
        let key = self.suppression_key(tenant, address).await?;
        let item = to_item(&key, 1, SCHEMA, &Suppressed { cause, since: now })?;
        write.put(self, key, item, None, Attributes::new(), || Error::Stale)?;
        Ok(())
    }

    /// Adds to `write` that mail goes to `address` again, if it only came back; what stands against it still.
    pub(crate) async fn lift_suppression(
        &self,
        write: &mut Write,
        tenant: TenantId,
        address: &MailAddress,
    ) -> Result<Option<Suppressed>, Error> {
        let before = self.suppression(tenant, address).await?;
        if before.is_some_and(|before| before.cause == Cause::Bounced) {
            write.delete(self, self.suppression_key(tenant, address).await?, None)?;
            return Ok(None);
        }
        Ok(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r30_what_is_gone_for_good_and_what_is_called_spam_stop_further_mail_and_a_full_mailbox_does_not() {
        let feedback = |cause, permanent| Feedback {
            message_id: "0100".to_owned(),
            address: MailAddress::parse("hanako@minato.example").unwrap(),
            cause,
            permanent,
        };
        assert_eq!(feedback(Cause::Bounced, true).suppresses(), Some(Cause::Bounced));
        assert_eq!(feedback(Cause::Bounced, false).suppresses(), None);
        assert_eq!(feedback(Cause::Complained, false).suppresses(), Some(Cause::Complained));
        assert_eq!(feedback(Cause::Bounced, false).state(), MailState::Bounced);
    }
}
