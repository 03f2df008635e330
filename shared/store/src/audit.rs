//! The audit trail: who did what to whose data, with which permission, from where, with which outcome; never content.
//!
//! Events are sealed with the platform's key, because they outlive the tenant's. They are put once and never touched again: 400 days later they expire.
//! A write's event is part of its transaction ([`crate::Write::commit`]); a read of people's health data writes its event before the answer
//! goes out ([`Store::disclose`]).
//!
//! What would tell a company's own people of an individual's stress check is written *in confidence*: whose results an implementer opened says who may be under high stress, and who consented
//! to something says who did not. Such events stand in the trail like all others, sealed, copied and counted; a company's readers of its trail (doors, exports, released logs) are not shown
//! them. The worker finds them in the access log, the provider on a lawful order.

use authz::{Actor, Permission, Permit, permission::ViewAudit};
use domain::{
    ids::{AuditEventId, PLATFORM, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Sealed, from_item, to_item},
    key::{Family, Key, Table, partition},
};

/// For how long events are kept (R-21 asks for 12 months; 400 days leave room for the request).
pub const RETENTION_DAYS: i64 = 400;
const SCHEMA: u8 = 1;
/// The attribute that holds an event.
pub(crate) const SEALED: &str = "event";
/// A day's events of one tenant lie in this many partitions.
const SHARDS: u8 = 4;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: Jst,
    /// In whose data. `ten_000…` is the provider itself.
    pub tenant: TenantId,
    /// What was done, in the form `<thing>.<verb>`.
    pub action: String,
    /// With which permission.
    pub permission: String,
    /// `account`, `program`, `applicant` or the name of a job.
    pub actor: String,
    /// The account that acted, or that a job acted for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<String>,
    /// The program that acted, or that a job acted for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<String>,
    /// The roles that counted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub roles: Vec<String>,
    /// The ids of what it was done to.
    pub subjects: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where a reason was given or it was refused; a code, never a text of somebody's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How somebody accounts for it in their own words, where they owe it to those whose data it is: the provider's people to a customer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account_given: Option<String>,
    /// It showed people's health data: those whose it is find it in their access log.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub disclosure: bool,
    /// It is not shown to the company whose trail it is.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub in_confidence: bool,
    /// The caller's address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
    /// The request.
    pub request_id: String,
}

impl Event {
    /// Adds what it was done to.
    #[must_use]
    pub fn on(mut self, subject: impl std::fmt::Display) -> Self {
        self.subjects.push(subject.to_string());
        self
    }

    /// Adds everything that it was done to.
    #[must_use]
    pub fn on_all<D: std::fmt::Display>(mut self, subjects: impl IntoIterator<Item = D>) -> Self {
        self.subjects.extend(subjects.into_iter().map(|subject| subject.to_string()));
        self
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Says why in the words of whoever did it.
    #[must_use]
    pub fn accounted_for(mut self, text: impl Into<String>) -> Self {
        self.account_given = Some(text.into());
        self
    }

    /// What it was done for.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        authz::use_of(&self.permission)
    }

    /// It is not to be shown to the company whose trail it is.
    #[must_use]
    pub fn in_confidence(mut self) -> Self {
        self.in_confidence = true;
        self
    }

    /// It was refused, for this reason.
    #[must_use]
    pub fn refused(mut self, reason: impl Into<String>) -> Self {
        self.outcome = Outcome::Refused;
        self.because(reason)
    }

    /// The same event for another trail, under an id of its own.
    pub(crate) fn again(self, store: &Store) -> Result<Self, Error> {
        Ok(Self { id: store.new_id()?, ..self })
    }

    /// It was done in another tenant's data than the permit's own: an operator's act shows in the customer's trail.
    #[must_use]
    pub fn in_tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = tenant;
        self
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    sealed: Sealed,
    expires_at: i64,
}

impl Store {
    /// An event of what `permit`'s holder does.
    pub(crate) fn event<P: Permission>(&self, permit: &Permit<P>, action: &str) -> Result<Event, Error> {
        self.event_of(permit.tenant(), permit.actor(), permit.permission(), action)
    }

    /// An event of what `actor` does.
    pub(crate) fn event_of(
        &self,
        tenant: TenantId,
        actor: &Actor,
        permission: &str,
        action: &str,
    ) -> Result<Event, Error> {
        let (kind, roles) = match actor {
            Actor::Account { roles, .. } => ("account", roles.iter().map(|role| role.name().to_owned()).collect()),
            Actor::Program { .. } => ("program", Vec::new()),
            Actor::Kiosk { .. } => ("kiosk", Vec::new()),
            Actor::Applicant { .. } => ("applicant", Vec::new()),
            Actor::Job { job, .. } => (job.name(), Vec::new()),
        };
        Ok(Event {
            id: self.new_id()?,
            at: self.clock.now(),
            tenant,
            action: action.to_owned(),
            permission: permission.to_owned(),
            actor: kind.to_owned(),
            account: actor.account().map(|account| account.to_string()),
            client: actor.client().map(|client| client.to_string()),
            roles,
            subjects: Vec::new(),
            outcome: Outcome::Done,
            reason: None,
            account_given: None,
            disclosure: false,
            in_confidence: false,
            address: actor.origin().address.map(|address| address.to_string()),
            request_id: actor.origin().request_id.clone(),
        })
    }

    pub(crate) async fn event_item(&self, event: &Event) -> Result<(Key, Attributes), Error> {
        let key = key(event);
        let sealed = self.seal(PLATFORM, Purpose::Audit, &key, SEALED, event).await?;
        let record = Record { sealed, expires_at: event.at.plus_seconds(RETENTION_DAYS * 86_400).epoch_seconds() };
        let item = to_item(&key, 1, SCHEMA, &record)?;
        Ok((key, item))
    }

    /// Writes an event of its own: for what changes nothing else, such as a failed sign-in.
    pub(crate) async fn tell(&self, event: Event) -> Result<(), Error> {
        let (key, item) = self.event_item(&event).await?;
        if self.db.put_new(&key, item).await? {
            Ok(())
        } else {
            Err(Error::Internal("an audit event's id came twice".to_owned()))
        }
    }

    /// Hands out people's health data: the event first, with the ids of those whose data it is, and then the data. If the event cannot be
    /// written, nothing is handed out.
    pub(crate) async fn disclose<P: Permission, T>(
        &self,
        permit: &Permit<P>,
        action: &str,
        subjects: impl IntoIterator<Item = String>,
        data: T,
    ) -> Result<T, Error> {
        let event = Event { disclosure: true, ..self.event(permit, action)?.on_all(subjects) };
        self.tell(event).await?;
        Ok(data)
    }

    /// Hands out what the company's own readers of its trail must not know was read.
    pub(crate) async fn disclose_in_confidence<P: Permission, T>(
        &self,
        permit: &Permit<P>,
        action: &str,
        subjects: impl IntoIterator<Item = String>,
        data: T,
    ) -> Result<T, Error> {
        let event = Event { disclosure: true, ..self.event(permit, action)?.on_all(subjects) };
        self.tell(event.in_confidence()).await?;
        Ok(data)
    }
}

/// What to look for in the trail.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Search {
    /// The newest day.
    pub until: Option<Date>,
    /// The oldest day.
    pub since: Option<Date>,
    /// Only what this account did.
    pub account: Option<String>,
    /// Only what this program did.
    pub client: Option<String>,
    /// Only this action, or those that start with it and a dot.
    pub action: Option<String>,
    /// Only what was done to the thing with this id.
    pub subject: Option<String>,
}

impl Search {
    fn matches(&self, event: &Event) -> bool {
        let same =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
        !event.in_confidence
            && same(&self.account, event.account.as_deref())
            && same(&self.client, event.client.as_deref())
            && self.action.as_deref().is_none_or(|wanted| {
                event.action.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            && self.subject.as_ref().is_none_or(|wanted| event.subjects.contains(wanted))
    }
}

/// Where a reading of the trail stands: everything at or after it has been seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Position {
    day: Date,
    before: Option<String>,
}

/// How many days one request looks through at most, where most of them are empty or nothing matches.
const DAYS_PER_REQUEST: usize = 31;

impl Store {
    /// The trail of the permit's tenant, newest first: up to `limit` events that match, and where to go on. A page may hold fewer, or none, before the end.
    pub async fn audit_events(
        &self,
        permit: &Permit<ViewAudit>,
        search: &Search,
        from: Option<Position>,
        limit: usize,
    ) -> Result<(Vec<Event>, Option<Position>), Error> {
        let today = self.clock.now().date();
        let oldest = today.saturating_sub(jiff::Span::new().days(RETENTION_DAYS + 1));
        let oldest = search.since.map_or(oldest, |since| since.max(oldest));
        let mut position =
            from.unwrap_or(Position { day: search.until.map_or(today, |until| until.min(today)), before: None });
        let mut found: Vec<Event> = Vec::new();
        for _ in 0..DAYS_PER_REQUEST {
            if position.day < oldest {
                return Ok((found, None));
            }
            let (events, more) = self.events_of_day(permit.tenant(), &position, limit).await?;
            for (sk, event) in events {
                position.before = Some(sk);
                if search.matches(&event) {
                    found.push(event);
                    if found.len() == limit {
                        return Ok((found, Some(position)));
                    }
                }
            }
            if !more {
                position = Position { day: position.day.saturating_sub(jiff::Span::new().days(1)), before: None };
            }
        }
        Ok((found, Some(position)))
    }

    /// Events of one day, newest first, merged from its partitions: those that are surely the newest, and whether there are more.
    async fn events_of_day(
        &self,
        tenant: TenantId,
        position: &Position,
        limit: usize,
    ) -> Result<(Vec<(String, Event)>, bool), Error> {
        let read = |shard: u8| {
            let range = Range::whole(Table::Audit, Family::Event, day_partition(tenant, position.day, shard))
                .descending()
                .after(position.before.clone())
                .limit(limit);
            async move { self.db.query(&range).await }
        };
        let pages = futures_util::future::try_join_all((0..SHARDS).map(read)).await?;
        let more = pages.iter().any(|(_, more)| *more);
        let mut events = Vec::new();
        for item in pages.into_iter().flat_map(|(items, _)| items) {
            events.extend(self.event_in(item).await?);
        }
        events.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        // Beyond the limit a partition that was cut off may still hold newer ones.
        let cut = more || events.len() > limit;
        events.truncate(limit);
        Ok((events, cut))
    }

    /// All events of one day of `tenant`, the oldest first, those in confidence among them.
    pub(crate) async fn trail_of(&self, tenant: TenantId, day: Date) -> Result<Vec<Event>, Error> {
        let read = |pk| async move { self.db.query_all(Range::whole(Table::Audit, Family::Event, pk)).await };
        let pages = futures_util::future::try_join_all(day_partitions(tenant, day).map(read)).await?;
        let mut events = Vec::new();
        for item in pages.into_iter().flatten() {
            events.extend(self.event_in(item).await?);
        }
        events.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Those of one day that the company itself may read.
    pub(crate) async fn open_trail_of(&self, tenant: TenantId, day: Date) -> Result<Vec<Event>, Error> {
        let mut events = self.trail_of(tenant, day).await?;
        events.retain(|event| !event.in_confidence);
        Ok(events)
    }

    /// The event in an item, with its sort key; none where its time is over.
    async fn event_in(&self, item: Attributes) -> Result<Option<(String, Event)>, Error> {
        let part = |name| crate::item::as_text(&item, name).unwrap_or_default().to_owned();
        let key = Key { table: Table::Audit, family: Family::Event, pk: part("pk"), sk: part("sk") };
        let Some(stored) = from_item::<Record>(item, self.clock.now())? else { return Ok(None) };
        let event = self.open(PLATFORM, Purpose::Audit, &key, SEALED, &stored.record.sealed).await?;
        Ok(Some((key.sk, event)))
    }
}

/// The partitions of one day.
pub(crate) fn day_partitions(tenant: TenantId, day: Date) -> impl Iterator<Item = String> {
    (0..SHARDS).map(move |shard| day_partition(tenant, day, shard))
}

fn day_partition(tenant: TenantId, day: Date, shard: u8) -> String {
    partition(tenant, Family::Event, format_args!("{day}#{shard}"))
}

pub(crate) fn key(event: &Event) -> Key {
    let shard = event.id.as_bytes()[15] % SHARDS;
    Key {
        table: Table::Audit,
        family: Family::Event,
        pk: day_partition(event.tenant, event.at.date(), shard),
        sk: format!("{}#{}", event.at, event.id),
    }
}
