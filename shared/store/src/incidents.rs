//! Incidents (インシデント, R-29): what went wrong, whom it affects, and what they were told.
//!
//! ```text
//!            facts, cause, measures, messages, what is done       settled: the measures are finished
//!  open ◀──────────────────────────────────────────────────▶ open ─────────────────────────────────▶ closed
//! ```
//!
//! An affected company sees an incident once it was told of it, with the messages that went to it and nothing of another company. What operators note of its course, and
//! which companies else are affected, is theirs alone. What has to be done by when follows from the course ([`domain::incident`]).

use std::collections::{BTreeMap, BTreeSet};

use authz::{
    Permission, Permit,
    permission::{ManageIncidents, RemindOperators, TellIncidents, ViewIncidents},
};
use domain::{
    ids::{BroadcastId, IncidentId, PLATFORM, TenantId},
    incident::{Course, Duty, IncidentKind, ReportGround},
    notice::{NoticeText, NoticeTitle},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Audience, Conflict, Delivered, Error, Notice, Prepared, PublicText, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
    page::sift,
    write::indexed,
};

const SCHEMA: u8 = 1;
/// How many texts about incidents everybody sees.
const MOST_PUBLIC: usize = 5;
const MESSAGE: &str = "MESSAGE#";
const ENTRY: &str = "ENTRY#";

/// Where an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// It goes on, or something is still to be done.
    Open,
    /// Nothing is.
    Closed,
}

/// Which message to customers it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// What happened (第一報).
    First,
    /// How it goes on (経過報告).
    Progress,
    /// How it ended (最終報告).
    Final,
}

/// What operators know of an incident. Nobody's name, and nothing of anybody's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentContent {
    /// What it is called.
    pub title: NoticeTitle,
    /// What happened.
    pub facts: NoticeText,
    /// Why, once that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<NoticeText>,
    /// What is done about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measures: Option<NoticeText>,
}

/// An incident.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// What went wrong.
    pub kind: IncidentKind,
    /// Where it is.
    pub state: IncidentState,
    /// What is known.
    pub content: IncidentContent,
    /// Whom it affects.
    pub affected: Audience,
    /// What everybody may read of it, and since when.
    pub site: Option<(NoticeText, Jst)>,
    /// How it went, and what is done: what deadlines follow from.
    pub course: Course,
}

/// An incident that shall be opened.
#[derive(Debug, Clone)]
pub struct NewIncident {
    /// What went wrong.
    pub kind: IncidentKind,
    /// When it happened, or began.
    pub occurred_at: Jst,
    /// When somebody first knew of it.
    pub detected_at: Jst,
    /// Why it must be reported, if so.
    pub grounds: BTreeSet<ReportGround>,
    /// Whom it affects.
    pub affected: Audience,
    /// What is known.
    pub content: IncidentContent,
}

/// What of an incident changes.
#[derive(Debug, Clone, Default)]
pub struct IncidentChange {
    /// What is known.
    pub content: Option<IncidentContent>,
    /// When it happened: that, too, is found out.
    pub occurred_at: Option<Jst>,
    /// Why it must be reported.
    pub grounds: Option<BTreeSet<ReportGround>>,
    /// Whom it affects.
    pub affected: Option<Audience>,
    /// What everybody may read; `Some(None)` for nothing any more.
    pub site: Option<Option<NoticeText>>,
    /// When the measures were finished; `Some(None)` where they turned out not to be.
    pub settled_at: Option<Option<Jst>>,
    /// Legal duties that were done.
    pub done: Vec<(Duty, Jst)>,
}

/// A message to customers that shall be.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Which it is.
    pub stage: Stage,
    /// To some of the affected; otherwise to all.
    pub tenants: Option<BTreeSet<TenantId>>,
    /// Its title.
    pub title: NoticeTitle,
    /// What it says.
    pub body: NoticeText,
}

/// A message that customers got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentMessage {
    /// Its id.
    pub id: BroadcastId,
    /// Which it is.
    pub stage: Stage,
    /// To whom it went.
    pub audience: Audience,
    /// Its title.
    pub title: NoticeTitle,
    /// What it says.
    pub body: NoticeText,
    /// When.
    pub sent_at: Jst,
}

/// What happened at some moment of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was opened.
    Opened,
    /// What is known of it changed.
    Changed,
    /// Customers were told.
    Told,
    /// It was closed.
    Closed,
    /// Somebody noted something.
    Note,
}

/// An entry of the timeline (時系列).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When.
    pub at: Jst,
    /// What.
    pub what: What,
    /// What was noted.
    pub text: Option<NoticeText>,
}

/// An incident as reminders need it.
#[derive(Debug, Clone)]
pub struct OpenIncident {
    /// Which.
    pub id: IncidentId,
    /// How it went.
    pub course: Course,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: IncidentId,
    kind: IncidentKind,
    #[serde(rename = "incident_state")]
    state: IncidentState,
    content: Sealed,
    affected: Audience,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    site: Option<Site>,
    occurred_at: Jst,
    detected_at: Jst,
    grounds: BTreeSet<ReportGround>,
    /// When all companies were told at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    told_all_at: Option<Jst>,
    /// When single companies were first told.
    #[serde(default)]
    told: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_notice_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    settled_at: Option<Jst>,
    #[serde(default)]
    done: Vec<Done>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Site {
    text: NoticeText,
    at: Jst,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Told {
    tenant: TenantId,
    at: Jst,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Done {
    duty: Duty,
    at: Jst,
}

#[derive(Debug, Serialize, Deserialize)]
struct MessageRecord {
    stage: Stage,
    audience: Audience,
    content: Sealed,
    sent_at: Jst,
}

#[derive(Debug, Serialize, Deserialize)]
struct MessageContent {
    title: NoticeTitle,
    body: NoticeText,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntryRecord {
    at: Jst,
    what: What,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    text: Option<Sealed>,
}

impl Record {
    /// When a company was first told.
    fn told_at(&self, tenant: TenantId) -> Option<Jst> {
        let alone = self.told.iter().find(|told| told.tenant == tenant).map(|told| told.at);
        [alone, self.told_all_at].into_iter().flatten().min()
    }

    /// Whether somebody of `tenant` may read it: operators read everything.
    fn is_for(&self, tenant: TenantId) -> bool {
        tenant == PLATFORM || (self.affected.has(tenant) && self.told_at(tenant).is_some())
    }

    /// When the last of the affected was first told; none while one was not.
    fn everybody_told_at(&self) -> Option<Jst> {
        match &self.affected {
            Audience::All => self.told_all_at,
            Audience::Tenants(tenants) => {
                let told = tenants.iter().map(|tenant| self.told_at(*tenant)).collect::<Option<Vec<_>>>()?;
                told.into_iter().max()
            }
        }
    }

    fn course(&self) -> Course {
        Course {
            occurred_at: self.occurred_at,
            detected_at: self.detected_at,
            grounds: self.grounds.clone(),
            told_at: self.everybody_told_at(),
            last_notice_at: self.last_notice_at,
            settled_at: self.settled_at,
            done: self.done.iter().map(|done| (done.duty, done.at)).collect::<BTreeMap<_, _>>(),
        }
    }

    fn note_told(&mut self, audience: &Audience, now: Jst) {
        self.last_notice_at = Some(now);
        match audience {
            Audience::All => self.told_all_at = self.told_all_at.or(Some(now)),
            Audience::Tenants(tenants) => {
                for tenant in tenants {
                    if self.told_at(*tenant).is_none() {
                        self.told.push(Told { tenant: *tenant, at: now });
                    }
                }
            }
        }
    }
}

fn key(incident: IncidentId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Incident, "", incident)
}

fn part(incident: IncidentId, sk: impl std::fmt::Display) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Incident, incident, sk)
}

fn parts(incident: IncidentId, prefix: &str) -> Range {
    let pk = partition(PLATFORM, Family::Incident, incident);
    Range::whole(Table::Records, Family::Incident, pk).starting_with(prefix)
}

fn sites() -> String {
    partition(PLATFORM, Family::Incident, "site")
}

fn item_of(key: &Key, version: u64, record: &Record) -> Result<Attributes, Error> {
    let item = to_item(key, version, SCHEMA, record)?;
    Ok(match &record.site {
        Some(site) => indexed(item, sites(), format!("{}#{}", site.at, record.id)),
        None => item,
    })
}

impl Store {
    /// A page of incidents, the newest first: to operators all of them, to others those that affect them and that they were told of.
    pub async fn incidents(
        &self,
        permit: &Permit<ViewIncidents>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Incident>>, Option<String>), Error> {
        let range = || Range::whole(Table::Records, Family::Incident, partition(PLATFORM, Family::Incident, ""));
        let read = |after| {
            self.records_that(range().descending().after(after).limit(limit), |it: &Record| it.is_for(permit.tenant()))
        };
        let (found, next) = sift(after, limit, read).await?;
        let mut page = Vec::with_capacity(found.len());
        for Stored { record, version } in found {
            page.push(Stored { record: self.incident_of(record).await?, version });
        }
        Ok((page, next))
    }

    /// One incident.
    pub async fn incident(
        &self,
        permit: &Permit<ViewIncidents>,
        incident: IncidentId,
    ) -> Result<Stored<Incident>, Error> {
        let Stored { record, version } = self.incident_for(permit, incident).await?;
        Ok(Stored { record: self.incident_of(record).await?, version })
    }

    async fn incident_for<P: Permission>(
        &self,
        permit: &Permit<P>,
        incident: IncidentId,
    ) -> Result<Stored<Record>, Error> {
        let stored = self.load::<Record>(&key(incident)).await?.ok_or(Error::NotFound)?;
        if stored.record.is_for(permit.tenant()) { Ok(stored) } else { Err(Error::NotFound) }
    }

    /// What was told of it, the first message first: to operators everything, to others what went to them.
    pub async fn incident_messages(
        &self,
        permit: &Permit<ViewIncidents>,
        incident: IncidentId,
    ) -> Result<Vec<IncidentMessage>, Error> {
        self.incident_for(permit, incident).await?;
        let mut messages = Vec::new();
        for item in self.db.query_all(parts(incident, MESSAGE)).await? {
            let id = as_text(&item, "sk").and_then(|sk| sk.strip_prefix(MESSAGE)?.parse::<BroadcastId>().ok());
            let (Some(id), Some(stored)) = (id, from_item::<MessageRecord>(item, self.clock.now())?) else { continue };
            let MessageRecord { stage, audience, content, sent_at } = stored.record;
            if permit.tenant() != PLATFORM && !audience.has(permit.tenant()) {
                continue;
            }
            let key = part(incident, format_args!("{MESSAGE}{id}"));
            let MessageContent { title, body } =
                self.open(PLATFORM, Purpose::Notices, &key, "content", &content).await?;
            messages.push(IncidentMessage { id, stage, audience, title, body, sent_at });
        }
        Ok(messages)
    }

    /// What happened when, for operators.
    pub async fn incident_timeline(
        &self,
        permit: &Permit<ManageIncidents>,
        incident: IncidentId,
    ) -> Result<Vec<TimelineEntry>, Error> {
        self.incident_for(permit, incident).await?;
        let mut entries = Vec::new();
        for item in self.db.query_all(parts(incident, ENTRY)).await? {
            let Some(sk) = as_text(&item, "sk").map(str::to_owned) else { continue };
            let Some(stored) = from_item::<EntryRecord>(item, self.clock.now())? else { continue };
            let EntryRecord { at, what, text } = stored.record;
            let text = match text {
                Some(text) => Some(self.open(PLATFORM, Purpose::Notices, &part(incident, sk), "text", &text).await?),
                None => None,
            };
            entries.push(TimelineEntry { at, what, text });
        }
        Ok(entries)
    }

    /// Opens an incident.
    pub async fn open_incident(
        &self,
        permit: &Permit<ManageIncidents>,
        new: NewIncident,
    ) -> Result<Prepared<Stored<Incident>>, Error> {
        self.check_audience(&new.affected).await?;
        let id: IncidentId = self.new_id()?;
        let record = Record {
            id,
            kind: new.kind,
            state: IncidentState::Open,
            content: self.seal(PLATFORM, Purpose::Notices, &key(id), "content", &new.content).await?,
            affected: new.affected,
            site: None,
            occurred_at: new.occurred_at,
            detected_at: new.detected_at,
            grounds: new.grounds,
            told_all_at: None,
            told: Vec::new(),
            last_notice_at: None,
            settled_at: None,
            done: Vec::new(),
        };
        let mut write = Write::new();
        write.create(self, key(id), SCHEMA, &record, || Error::Internal("an incident's id came twice".to_owned()))?;
        self.note_entry(&mut write, id, self.clock.now(), What::Opened, None).await?;
        let event = self.event(permit, "incident.open")?.on(id);
        Ok(Prepared { thing: Stored { record: self.incident_of(record).await?, version: 1 }, write, event })
    }

    /// Changes what is known of an open incident.
    pub async fn change_incident(
        &self,
        permit: &Permit<ManageIncidents>,
        incident: IncidentId,
        version: u64,
        change: IncidentChange,
    ) -> Result<Prepared<Stored<Incident>>, Error> {
        let mut record = self.incident_to_change(incident, version).await?;
        let now = self.clock.now();
        if let Some(content) = &change.content {
            record.content = self.seal(PLATFORM, Purpose::Notices, &key(incident), "content", content).await?;
        }
        if let Some(affected) = change.affected {
            self.check_audience(&affected).await?;
            record.affected = affected;
        }
        record.occurred_at = change.occurred_at.unwrap_or(record.occurred_at);
        record.grounds = change.grounds.unwrap_or(record.grounds);
        record.settled_at = change.settled_at.unwrap_or(record.settled_at);
        if let Some(site) = change.site {
            record.site = site.map(|text| Site { text, at: now });
        }
        for (duty, at) in change.done {
            record.done.retain(|done| done.duty != duty);
            record.done.push(Done { duty, at });
        }
        let mut write = Write::new();
        self.note_entry(&mut write, incident, now, What::Changed, None).await?;
        let event = self.event(permit, "incident.change")?.on(incident);
        self.replaced_incident(write, record, version, event).await
    }

    /// Closes an incident that is settled. What everybody may read of it goes.
    pub async fn close_incident(
        &self,
        permit: &Permit<ManageIncidents>,
        incident: IncidentId,
        version: u64,
    ) -> Result<Prepared<Stored<Incident>>, Error> {
        let record = self.incident_to_change(incident, version).await?;
        if record.settled_at.is_none() || record.everybody_told_at().is_none() {
            return Err(Conflict::WrongState.into());
        }
        let record = Record { state: IncidentState::Closed, site: None, ..record };
        let mut write = Write::new();
        self.note_entry(&mut write, incident, self.clock.now(), What::Closed, None).await?;
        let event = self.event(permit, "incident.close")?.on(incident);
        self.replaced_incident(write, record, version, event).await
    }

    /// Notes something in the timeline; that, too, of a closed one.
    pub async fn note_in_timeline(
        &self,
        permit: &Permit<ManageIncidents>,
        incident: IncidentId,
        at: Jst,
        text: NoticeText,
    ) -> Result<Prepared<TimelineEntry>, Error> {
        self.incident_for(permit, incident).await?;
        let mut write = Write::new();
        self.note_entry(&mut write, incident, at, What::Note, Some(&text)).await?;
        let event = self.event(permit, "incident.note")?.on(incident);
        Ok(Prepared { thing: TimelineEntry { at, what: What::Note, text: Some(text) }, write, event })
    }

    /// Tells the affected companies, or some of them: the message is kept, and mail goes to their administrators.
    pub async fn tell_incident(
        &self,
        permit: &Permit<TellIncidents>,
        incident: IncidentId,
        version: u64,
        new: NewMessage,
    ) -> Result<Prepared<(Stored<Incident>, IncidentMessage)>, Error> {
        let mut record = self.incident_to_change(incident, version).await?;
        let audience = match new.tenants {
            None => record.affected.clone(),
            Some(tenants) if tenants.iter().all(|tenant| record.affected.has(*tenant)) => Audience::Tenants(tenants),
            Some(_) => return Err(Conflict::MissingReference.into()),
        };
        self.check_audience(&audience).await?;
        let (id, now): (BroadcastId, Jst) = (self.new_id()?, self.clock.now());
        let NewMessage { stage, title, body, .. } = new;
        let key = part(incident, format_args!("{MESSAGE}{id}"));
        let content = MessageContent { title: title.clone(), body: body.clone() };
        let content = self.seal(PLATFORM, Purpose::Notices, &key, "content", &content).await?;
        let kept = MessageRecord { stage, audience: audience.clone(), content, sent_at: now };
        let mut write = Write::new();
        write.create(self, key, SCHEMA, &kept, || Error::Internal("a message's id came twice".to_owned()))?;
        let (occurred_at, detected_at) = (record.occurred_at, record.detected_at);
        let notice = Notice::Incident { stage, occurred_at, detected_at, title: title.clone(), body: body.clone() };
        self.broadcast(&mut write, id, audience.clone(), &notice, now).await?;
        self.note_entry(&mut write, incident, now, What::Told, None).await?;
        record.note_told(&audience, now);
        let event = self.event(permit, "incident.tell")?.on(incident).on(id);
        let Prepared { thing, write, event } = self.replaced_incident(write, record, version, event).await?;
        let message = IncidentMessage { id, stage, audience, title, body, sent_at: now };
        Ok(Prepared { thing: (thing, message), write, event })
    }

    /// Who got a message, company by company.
    pub async fn incident_deliveries(
        &self,
        permit: &Permit<ManageIncidents>,
        incident: IncidentId,
        message: BroadcastId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Delivered>, Option<String>), Error> {
        let key = part(incident, format_args!("{MESSAGE}{message}"));
        self.load::<MessageRecord>(&key).await?.ok_or(Error::NotFound)?;
        self.delivered(permit, message, after, limit).await
    }

    /// Every open incident, for the reminders of its deadlines.
    pub async fn open_incidents(&self, _: &Permit<RemindOperators>) -> Result<Vec<OpenIncident>, Error> {
        let range = Range::whole(Table::Records, Family::Incident, partition(PLATFORM, Family::Incident, ""));
        let mut open = Vec::new();
        for item in self.db.query_all(range).await? {
            let Some(Stored { record, .. }) = from_item::<Record>(item, self.clock.now())? else { continue };
            if record.state == IncidentState::Open {
                open.push(OpenIncident { id: record.id, course: record.course() });
            }
        }
        Ok(open)
    }

    /// What everybody may read of incidents. The index says no more than where to look.
    pub(crate) async fn public_incidents(&self) -> Result<Vec<PublicText>, Error> {
        let range = Range::whole(Table::Records, Family::Incident, sites()).by_index().descending().limit(MOST_PUBLIC);
        let (items, _) = self.db.query(&range).await?;
        let ids = items.iter().filter_map(|item| as_text(item, "sk")?.parse::<IncidentId>().ok());
        let mut texts = Vec::new();
        for id in ids.collect::<Vec<_>>() {
            let Some(Stored { record, .. }) = self.load::<Record>(&key(id)).await? else { continue };
            let Some(Site { text, at }) = record.site.clone() else { continue };
            let title = self.incident_of(record).await?.content.title.to_string();
            texts.push(PublicText { title, body: text, at });
        }
        Ok(texts)
    }

    async fn note_entry(
        &self,
        write: &mut Write,
        incident: IncidentId,
        at: Jst,
        what: What,
        text: Option<&NoticeText>,
    ) -> Result<(), Error> {
        // Two entries of one moment are two entries.
        let key = part(incident, format_args!("{ENTRY}{at}#{}", self.random_text::<9>()?));
        let text = match text {
            Some(text) => Some(self.seal(PLATFORM, Purpose::Notices, &key, "text", text).await?),
            None => None,
        };
        let twice = || Error::Internal("an entry came twice".to_owned());
        write.create(self, key, SCHEMA, &EntryRecord { at, what, text }, twice)?;
        Ok(())
    }

    /// The open incident that is to be changed, as the caller has read it.
    async fn incident_to_change(&self, incident: IncidentId, version: u64) -> Result<Record, Error> {
        let stored = self.load::<Record>(&key(incident)).await?.ok_or(Error::NotFound)?;
        if stored.version != version {
            return Err(Error::Stale);
        }
        if stored.record.state == IncidentState::Open { Ok(stored.record) } else { Err(Conflict::WrongState.into()) }
    }

    async fn replaced_incident(
        &self,
        mut write: Write,
        record: Record,
        version: u64,
        event: crate::Event,
    ) -> Result<Prepared<Stored<Incident>>, Error> {
        let key = key(record.id);
        let item = item_of(&key, version + 1, &record)?;
        write.put_over(self, key, item, Some(version), || Error::Stale)?;
        let thing = Stored { record: self.incident_of(record).await?, version: version + 1 };
        Ok(Prepared { thing, write, event })
    }

    async fn incident_of(&self, record: Record) -> Result<Incident, Error> {
        let content = self.open(PLATFORM, Purpose::Notices, &key(record.id), "content", &record.content).await?;
        let course = record.course();
        let Record { id, kind, state, affected, site, .. } = record;
        Ok(Incident { id, kind, state, content, affected, site: site.map(|site| (site.text, site.at)), course })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(affected: Audience) -> Record {
        let at: Jst = "2026-04-01T09:00:00+09:00".parse().unwrap();
        Record {
            id: IncidentId::from_bytes([9; 16]),
            kind: IncidentKind::Breach,
            state: IncidentState::Open,
            content: Sealed(vec![1]),
            affected,
            site: None,
            occurred_at: at,
            detected_at: at,
            grounds: BTreeSet::new(),
            told_all_at: None,
            told: Vec::new(),
            last_notice_at: None,
            settled_at: None,
            done: Vec::new(),
        }
    }

    fn tenant(n: u8) -> TenantId {
        TenantId::from_bytes([n; 16])
    }

    #[test]
    fn r29_everybody_is_told_when_the_last_affected_company_is() {
        let mut incident = record(Audience::Tenants([tenant(1), tenant(2)].into()));
        let first = incident.occurred_at.plus_seconds(3_600);
        let second = first.plus_seconds(3_600);
        incident.note_told(&Audience::Tenants([tenant(1)].into()), first);
        assert_eq!(incident.everybody_told_at(), None);
        incident.note_told(&Audience::Tenants([tenant(1), tenant(2)].into()), second);
        assert_eq!(incident.everybody_told_at(), Some(second));
        assert_eq!((incident.told_at(tenant(1)), incident.last_notice_at), (Some(first), Some(second)));
        incident.affected = Audience::Tenants([tenant(1), tenant(3)].into());
        assert_eq!(incident.everybody_told_at(), None, "one more is affected, and was not told");
        incident.affected = Audience::All;
        assert_eq!(incident.everybody_told_at(), None);
    }

    #[test]
    fn r11_r29_a_company_sees_what_affects_it_once_it_was_told_and_nothing_else() {
        let mut incident = record(Audience::Tenants([tenant(1), tenant(2)].into()));
        assert!(incident.is_for(PLATFORM) && !incident.is_for(tenant(1)));
        incident.note_told(&Audience::Tenants([tenant(1)].into()), incident.occurred_at);
        assert!(incident.is_for(tenant(1)) && !incident.is_for(tenant(2)) && !incident.is_for(tenant(3)));
        incident.note_told(&Audience::All, incident.occurred_at);
        assert!(incident.is_for(tenant(2)) && !incident.is_for(tenant(3)), "who is not affected sees nothing");
    }
}
