//! Notices that go to many (一斉通知): what an operator publishes becomes one mail to each administrator of each company concerned.
//!
//! ```text
//!  due ──its time has come──▶ sending ──every company has its mails──▶ done
//!   │                          │   ▲
//!   └─ withdrawn: gone         └───┘ stopped in the middle: gone on with
//! ```
//!
//! A transaction takes a hundred items and there may be thousands of recipients, so that a job goes through the companies. What it does is the same however often it is
//! done: a mail's id follows from the notice and the account, and is put only where it is not; a company has its mark once all its mails are there. A crash anywhere loses
//! no mail and doubles none. Whoever becomes an administrator in between gets one as well.

use std::collections::{BTreeSet, HashSet};

use authz::{Permission, Permit, permission::FanOutNotices};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{AccountId, BroadcastId, MailId, PLATFORM, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};

use crate::{
    Conflict, Error, MailPlace, MailState, Notice, Store, Write, contracts,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, text, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// What the sort keys of companies' marks begin with.
const TENANT: &str = "TENANT#";

/// To whom a notice goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", content = "tenants", rename_all = "snake_case")]
pub enum Audience {
    /// To every company whose data is here.
    All,
    /// To these.
    Tenants(BTreeSet<TenantId>),
}

impl Audience {
    /// Whether a company is among them.
    #[must_use]
    pub fn has(&self, tenant: TenantId) -> bool {
        match self {
            Self::All => true,
            Self::Tenants(tenants) => tenants.contains(&tenant),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Due,
    Sending,
    Done,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    #[serde(rename = "broadcast_state")]
    state: State,
    audience: Audience,
    notice: Sealed,
    due_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    done_at: Option<Jst>,
}

/// A company's mark: who got a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mark {
    recipients: Vec<Recipient>,
    told_at: Jst,
}

/// Who gets a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub mail: MailId,
}

/// Where a mail is, and why it is there.
pub type MailFate = (MailState, Option<String>);

/// What became of a notice in one company.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The company.
    pub tenant: TenantId,
    /// When its mails were written.
    pub told_at: Jst,
    /// Each recipient, with where the mail is and why; none where it is not known any more. Nobody where the company has no administrator.
    pub recipients: Vec<(Recipient, Option<MailFate>)>,
}

/// What one look at a notice came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FannedOut {
    /// It is not due, or done.
    NotDue,
    /// Every company has its mails; so many got them now.
    Done(usize),
    /// There was no time for all.
    Unfinished(usize),
}

fn key(broadcast: BroadcastId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Broadcast, broadcast, "BROADCAST")
}

fn mark_key(broadcast: BroadcastId, tenant: TenantId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Broadcast, broadcast, format_args!("{TENANT}{tenant}"))
}

fn due_partition() -> String {
    partition(PLATFORM, Family::Broadcast, "due")
}

/// The notice that an item's partition key names.
fn of_key(pk: &str) -> Option<BroadcastId> {
    pk.strip_prefix(&partition(PLATFORM, Family::Broadcast, ""))?.parse().ok()
}

/// The mail to an account, which is the same however often it is asked for.
fn mail_of(lookup: &Lookup, broadcast: BroadcastId, account: AccountId) -> MailId {
    MailId::from_bytes(lookup.mac16("broadcast-mail", format!("{broadcast}#{account}").as_bytes()))
}

impl Store {
    /// Adds to `write` that a notice goes to `audience`, from `due_at` on.
    pub(crate) async fn broadcast(
        &self,
        write: &mut Write,
        broadcast: BroadcastId,
        audience: Audience,
        notice: &Notice,
        due_at: Jst,
    ) -> Result<(), Error> {
        let key = key(broadcast);
        let notice = self.seal(PLATFORM, Purpose::Notices, &key, "notice", notice).await?;
        let record = Record { state: State::Due, audience, notice, due_at, done_at: None };
        let item = due(to_item(&key, 1, SCHEMA, &record)?, broadcast, due_at);
        write.put_over(self, key, item, None, || Conflict::WrongState.into())?;
        Ok(())
    }

    /// Adds to `write` that a notice goes to nobody, if nobody has got it yet.
    pub(crate) fn withdraw_broadcast(&self, write: &mut Write, broadcast: BroadcastId) -> Result<(), Error> {
        let values = Attributes::from([(":due".to_owned(), text("due"))]);
        write.delete_if(self, key(broadcast), "broadcast_state = :due", values, || Conflict::WrongState.into())?;
        Ok(())
    }

    /// The notice that a changed item is, if it is one.
    #[must_use]
    pub fn broadcast_of_key(&self, pk: &str) -> Option<BroadcastId> {
        of_key(pk)
    }

    /// Notices whose time has come and that some company has not got yet.
    pub async fn due_broadcasts(&self, _: &Permit<FanOutNotices>, now: Jst) -> Result<Vec<BroadcastId>, Error> {
        let range = Range::whole(Table::Records, Family::Broadcast, due_partition()).by_index();
        let (items, now) = (self.db.query_all(range).await?, now.to_string());
        let is_due = |item: &&Attributes| as_text(item, "gsi1sk").is_some_and(|due| *due <= *now);
        Ok(items.iter().take_while(is_due).filter_map(|item| of_key(as_text(item, "pk")?)).collect())
    }

    /// Writes the mails of a notice that is due, company by company, for as long as there is `time_for_more`.
    pub async fn fan_out(
        &self,
        permit: &Permit<FanOutNotices>,
        broadcast: BroadcastId,
        now: Jst,
        time_for_more: impl Fn() -> bool,
    ) -> Result<FannedOut, Error> {
        let key = key(broadcast);
        let Some(Stored { record, version }) = self.load::<Record>(&key).await? else { return Ok(FannedOut::NotDue) };
        if record.state == State::Done || record.due_at > now {
            return Ok(FannedOut::NotDue);
        }
        let version = match record.state {
            State::Due => match self.move_on(broadcast, version, &record, State::Sending, now).await {
                // Withdrawn, or taken up by somebody else, at this very moment.
                Err(Error::Stale) => return Ok(FannedOut::NotDue),
                outcome => outcome.map(|()| version + 1)?,
            },
            _ => version,
        };
        let notice: Notice = self.open(PLATFORM, Purpose::Notices, &key, "notice", &record.notice).await?;
        let (told, lookup) = (self.told_by(broadcast).await?, self.lookup(PLATFORM).await?);
        let mut count = 0;
        for tenant in self.companies(&record.audience).await?.into_iter().filter(|tenant| !told.contains(tenant)) {
            if !time_for_more() {
                return Ok(FannedOut::Unfinished(count));
            }
            self.tell_company(permit, broadcast, tenant, &notice, &lookup, now).await?;
            count += 1;
        }
        match self.move_on(broadcast, version, &record, State::Done, now).await {
            // Somebody else has come to the end as well.
            Ok(()) | Err(Error::Stale) => Ok(FannedOut::Done(count)),
            Err(error) => Err(error),
        }
    }

    async fn move_on(
        &self,
        broadcast: BroadcastId,
        version: u64,
        record: &Record,
        state: State,
        now: Jst,
    ) -> Result<(), Error> {
        let (key, is_done) = (key(broadcast), state == State::Done);
        let record = Record { state, done_at: is_done.then_some(now), ..record.clone() };
        let item = to_item(&key, version + 1, SCHEMA, &record)?;
        let item = if is_done { item } else { due(item, broadcast, record.due_at) };
        let mut write = Write::new();
        write.put_over(self, key, item, Some(version), || Error::Stale)?;
        write.commit_unaudited(self).await
    }

    /// A mail to each administrator of a company, and then its mark, which its trail shows.
    async fn tell_company(
        &self,
        permit: &Permit<FanOutNotices>,
        broadcast: BroadcastId,
        tenant: TenantId,
        notice: &Notice,
        lookup: &Lookup,
        now: Jst,
    ) -> Result<(), Error> {
        let mut recipients = Vec::new();
        for account in self.administrators_to_tell(tenant).await? {
            let mail = mail_of(lookup, broadcast, account);
            self.put_mail_once(MailPlace { tenant, mail }, account, notice).await?;
            recipients.push(Recipient { account, mail });
        }
        let event = self.event(permit, "notice.send")?.in_tenant(tenant).on(broadcast);
        let event = event.on_all(recipients.iter().map(|recipient| recipient.account)).because(notice.template());
        let mut write = Write::new();
        write.create(self, mark_key(broadcast, tenant), SCHEMA, &Mark { recipients, told_at: now }, || Error::Stale)?;
        match write.commit(self, event).await {
            // Somebody else has told them at the same time, with the same mails.
            Ok(()) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn told_by(&self, broadcast: BroadcastId) -> Result<HashSet<TenantId>, Error> {
        let marks = self.db.query_all(marks(broadcast)).await?;
        Ok(marks.iter().filter_map(marked).collect())
    }

    /// Companies whose data is here, among the audience, in the order of their ids.
    async fn companies(&self, audience: &Audience) -> Result<BTreeSet<TenantId>, Error> {
        let range = Range::whole(Table::Records, Family::Contract, partition(PLATFORM, Family::Contract, ""));
        let mut companies = BTreeSet::new();
        for item in self.db.query_all(range).await? {
            let Some(contract) = from_item::<contracts::Record>(item, self.clock.now())? else { continue };
            if contract.record.state.has_people() && audience.has(contract.record.tenant) {
                companies.insert(contract.record.tenant);
            }
        }
        Ok(companies)
    }

    /// Refuses an audience of which somebody is no customer.
    pub(crate) async fn check_audience(&self, audience: &Audience) -> Result<(), Error> {
        let Audience::Tenants(tenants) = audience else { return Ok(()) };
        let keys: Vec<Key> = tenants.iter().map(|tenant| contracts::key(*tenant)).collect();
        let all_there = self.db.batch_get(&keys).await?.iter().all(Option::is_some);
        if all_there { Ok(()) } else { Err(Conflict::MissingReference.into()) }
    }

    /// What became of a notice, company by company: up to `limit` after `after`, and where to go on.
    pub(crate) async fn delivered<P: Permission>(
        &self,
        permit: &Permit<P>,
        broadcast: BroadcastId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Delivered>, Option<String>), Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let (items, more) = self.db.query(&marks(broadcast).after(after).limit(limit)).await?;
        let next = items.last().and_then(|item| as_text(item, "sk")).filter(|_| more).map(str::to_owned);
        let mut delivered = Vec::with_capacity(items.len());
        for item in items {
            let Some(tenant) = marked(&item) else { continue };
            let Some(Stored { record: mark, .. }) = from_item::<Mark>(item, self.clock.now())? else { continue };
            let places = mark.recipients.iter().map(|recipient| MailPlace { tenant, mail: recipient.mail });
            let states = self.mail_states(places).await?;
            let recipients = mark.recipients.into_iter().zip(states).collect();
            delivered.push(Delivered { tenant, told_at: mark.told_at, recipients });
        }
        Ok((delivered, next))
    }
}

fn marks(broadcast: BroadcastId) -> Range {
    let pk = partition(PLATFORM, Family::Broadcast, broadcast);
    Range::whole(Table::Records, Family::Broadcast, pk).starting_with(TENANT)
}

fn marked(item: &Attributes) -> Option<TenantId> {
    item.get("sk").map(AttributeValue::as_s)?.ok()?.strip_prefix(TENANT)?.parse().ok()
}

fn due(item: Attributes, broadcast: BroadcastId, due_at: Jst) -> Attributes {
    indexed(item, due_partition(), format!("{due_at}#{broadcast}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r28_a_mail_is_the_same_however_often_it_is_asked_for_and_nobody_elses() {
        let lookup = Lookup::for_tests([7; 32]).unwrap();
        let (notice, account) = (BroadcastId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let mail = mail_of(&lookup, notice, account);
        assert_eq!(mail, mail_of(&lookup, notice, account));
        assert_ne!(mail, mail_of(&lookup, notice, AccountId::from_bytes([3; 16])));
        assert_ne!(mail, mail_of(&lookup, BroadcastId::from_bytes([3; 16]), account));
    }

    #[test]
    fn a_key_says_which_notice_it_is_or_nothing() {
        let notice = BroadcastId::from_bytes([1; 16]);
        assert_eq!(of_key(&key(notice).pk), Some(notice));
        for other in [due_partition(), "T#platform#OUTBOX#x".to_owned(), String::new()] {
            assert_eq!(of_key(&other), None, "{other}");
        }
    }
}
