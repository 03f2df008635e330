//! Announcements (お知らせ, R-28): what the provider tells customers about the service.
//!
//! ```text
//!         publish at a time to come            its time comes
//! draft ───────────────────────────▶ scheduled ──────────────▶ published
//!   │ ▲                                  │                         ▲
//!   │ └───────────── withdraw ───────────┘                         │
//!   ├───────────────────────── publish now ────────────────────────┘
//!   └─ delete: gone
//! ```
//!
//! Time alone makes what is scheduled published: nothing has to happen for it to be shown. The mails follow as a broadcast ([`crate::broadcasts`]), which is written in
//! the transaction that publishes, under the announcement's own id. What is published stays as it is.

use authz::{
    Permit,
    permission::{ManageAnnouncements, PublishAnnouncements, ViewAnnouncements},
};
use domain::{
    ids::{AccountId, AnnouncementId, BroadcastId, PLATFORM, TenantId},
    notice::{AnnouncementKind, NoticeText, NoticeTitle},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Audience, Conflict, Delivered, Error, Notice, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, from_optional, to_item},
    key::{Family, Key, Table, partition},
    page::sift,
    write::indexed,
};

const SCHEMA: u8 = 1;
/// For how many days everybody sees a public announcement, and how many of them.
const PUBLIC_DAYS: i64 = 90;
const MOST_PUBLIC: usize = 20;
/// After every digit of a moment: what was published at the same one comes before it.
const AFTER: char = '~';

/// Where an announcement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementState {
    /// It can be changed and deleted.
    Draft,
    /// Its time is set, and has not come.
    Scheduled,
    /// It can be read.
    Published,
}

/// What operators write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncementDraft {
    /// What it is about.
    pub kind: AnnouncementKind,
    /// For whom.
    pub audience: Audience,
    /// Everybody may read it, signed in or not.
    pub public: bool,
    /// Its title.
    pub title: NoticeTitle,
    /// Its text.
    pub body: NoticeText,
}

/// An announcement.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// Where it is, at this moment.
    pub state: AnnouncementState,
    /// What it says, and to whom.
    pub draft: AnnouncementDraft,
    /// From when on it can be read, once that is set.
    pub published_at: Option<Jst>,
    /// When it was first written.
    pub created_at: Jst,
    /// When the one who asks has read it.
    pub read_at: Option<Jst>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: AnnouncementId,
    kind: AnnouncementKind,
    audience: Audience,
    #[serde(rename = "is_public")]
    public: bool,
    /// Nobody knows of it before its time: of a vulnerability least of all.
    content: Sealed,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    published_at: Option<Jst>,
    created_at: Jst,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    title: NoticeTitle,
    body: NoticeText,
}

#[derive(Debug, Serialize, Deserialize)]
struct Read {
    read_at: Jst,
}

impl Record {
    fn state(&self, now: Jst) -> AnnouncementState {
        match self.published_at {
            None => AnnouncementState::Draft,
            Some(at) if at > now => AnnouncementState::Scheduled,
            Some(_) => AnnouncementState::Published,
        }
    }

    /// Whether somebody of `tenant` may read it: operators read everything.
    fn is_for(&self, tenant: TenantId, now: Jst) -> bool {
        tenant == PLATFORM || (self.state(now) == AnnouncementState::Published && self.audience.has(tenant))
    }
}

/// What everybody may read, signed in or not.
#[derive(Debug, Clone, Default)]
pub struct PublicNotices {
    /// Public announcements, the newest first.
    pub announcements: Vec<(AnnouncementKind, PublicText)>,
    /// What is said of incidents, the newest first.
    pub incidents: Vec<PublicText>,
}

/// A text that everybody may read.
#[derive(Debug, Clone)]
pub struct PublicText {
    /// What it is called.
    pub title: String,
    /// What it says.
    pub body: NoticeText,
    /// Since when.
    pub at: Jst,
}

fn list() -> String {
    partition(PLATFORM, Family::Announcement, "")
}

fn released() -> String {
    partition(PLATFORM, Family::Announcement, "released")
}

fn key(announcement: AnnouncementId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Announcement, "", announcement)
}

fn read_key(tenant: TenantId, account: AccountId, announcement: AnnouncementId) -> Key {
    Key::new(Table::Records, tenant, Family::AnnouncementRead, account, announcement)
}

/// The broadcast that an announcement goes out as.
fn broadcast_of(announcement: AnnouncementId) -> BroadcastId {
    BroadcastId::from_bytes(*announcement.as_bytes())
}

fn item_of(key: &Key, version: u64, record: &Record) -> Result<Attributes, Error> {
    let item = to_item(key, version, SCHEMA, record)?;
    Ok(match record.published_at {
        Some(at) => indexed(item, released(), format!("{at}#{}", record.id)),
        None => item,
    })
}

impl Store {
    /// A page of announcements: to operators all of them, the newest draft first; to others what is published and for their company, the newest first.
    pub async fn announcements(
        &self,
        permit: &Permit<ViewAnnouncements>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Announcement>>, Option<String>), Error> {
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let is_operator = tenant == PLATFORM;
        let after = after.or_else(|| (!is_operator).then(|| format!("{now}#{AFTER}")));
        let read = async |after| {
            let (entries, more) = self.announcements_after(is_operator, after, limit).await?;
            let for_them = |stored: &Stored<Record>| stored.record.is_for(tenant, now);
            Ok((entries.into_iter().map(|(place, stored)| (place, stored.filter(for_them))).collect(), more))
        };
        let (found, next) = sift(after, limit, read).await?;
        Ok((self.shown(permit, found).await?, next))
    }

    /// Announcements in the order in which they are listed, each with its place in the list and as it is at this moment: the index says no more than where to look.
    async fn announcements_after(
        &self,
        drafts_too: bool,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(String, Option<Stored<Record>>)>, bool), Error> {
        let (range, place) = if drafts_too {
            (Range::whole(Table::Records, Family::Announcement, list()), "sk")
        } else {
            (Range::whole(Table::Records, Family::Announcement, released()).by_index(), "gsi1sk")
        };
        let (items, more) = self.db.query(&range.descending().after(after).limit(limit)).await?;
        let found: Vec<(String, AnnouncementId)> = items
            .iter()
            .filter_map(|item| Some((as_text(item, place)?.to_owned(), as_text(item, "sk")?.parse().ok()?)))
            .collect();
        let now = self.clock.now();
        let records = if drafts_too {
            items.into_iter().map(|item| from_item(item, now)).collect::<Result<Vec<_>, _>>()?
        } else {
            let keys: Vec<Key> = found.iter().map(|(_, id)| key(*id)).collect();
            let items = self.db.batch_get(&keys).await?;
            items.into_iter().map(|item| from_optional(item, now)).collect::<Result<Vec<_>, _>>()?
        };
        Ok((found.into_iter().map(|(place, _)| place).zip(records).collect(), more))
    }

    async fn shown(
        &self,
        permit: &Permit<ViewAnnouncements>,
        records: Vec<Stored<Record>>,
    ) -> Result<Vec<Stored<Announcement>>, Error> {
        let keys = permit.actor().account().map(|account| {
            let of = |stored: &Stored<Record>| read_key(permit.tenant(), account, stored.record.id);
            records.iter().map(of).collect::<Vec<_>>()
        });
        let mut marks = self.db.batch_get(&keys.unwrap_or_default()).await?.into_iter();
        let mut shown = Vec::with_capacity(records.len());
        for Stored { record, version } in records {
            let mark = from_optional::<Read>(marks.next().flatten(), self.clock.now())?;
            let announcement = self.announcement_of(record).await?;
            let read_at = mark.map(|mark| mark.record.read_at);
            shown.push(Stored { record: Announcement { read_at, ..announcement }, version });
        }
        Ok(shown)
    }

    /// One announcement.
    pub async fn announcement(
        &self,
        permit: &Permit<ViewAnnouncements>,
        announcement: AnnouncementId,
    ) -> Result<Stored<Announcement>, Error> {
        let stored = self.announcement_for(permit, announcement).await?;
        self.shown(permit, vec![stored]).await?.pop().ok_or(Error::NotFound)
    }

    async fn announcement_for(
        &self,
        permit: &Permit<ViewAnnouncements>,
        announcement: AnnouncementId,
    ) -> Result<Stored<Record>, Error> {
        let stored = self.load::<Record>(&key(announcement)).await?.ok_or(Error::NotFound)?;
        let is_for = stored.record.is_for(permit.tenant(), self.clock.now());
        if is_for { Ok(stored) } else { Err(Error::NotFound) }
    }

    /// Notes that the account has read it; the first time counts.
    pub async fn mark_read(
        &self,
        permit: &Permit<ViewAnnouncements>,
        announcement: AnnouncementId,
    ) -> Result<(), Error> {
        self.announcement_for(permit, announcement).await?;
        let account = permit.actor().account().ok_or(Error::NotFound)?;
        let key = read_key(permit.tenant(), account, announcement);
        let item = to_item(&key, 1, SCHEMA, &Read { read_at: self.clock.now() })?;
        self.db.put_new(&key, item).await?;
        Ok(())
    }

    /// Makes a draft.
    pub async fn draft_announcement(
        &self,
        permit: &Permit<ManageAnnouncements>,
        draft: AnnouncementDraft,
    ) -> Result<Prepared<Stored<Announcement>>, Error> {
        self.check_audience(&draft.audience).await?;
        let id: AnnouncementId = self.new_id()?;
        let record = self.record_of_draft(id, &draft, self.clock.now()).await?;
        let mut write = Write::new();
        write
            .create(self, key(id), SCHEMA, &record, || Error::Internal("an announcement's id came twice".to_owned()))?;
        let event = self.event(permit, "announcement.draft")?.on(id);
        Ok(Prepared { thing: Stored { record: self.announcement_of(record).await?, version: 1 }, write, event })
    }

    /// Replaces a draft.
    pub async fn change_announcement(
        &self,
        permit: &Permit<ManageAnnouncements>,
        announcement: AnnouncementId,
        version: u64,
        draft: AnnouncementDraft,
    ) -> Result<Prepared<Stored<Announcement>>, Error> {
        let before = self.draft(announcement, version).await?;
        self.check_audience(&draft.audience).await?;
        let record = self.record_of_draft(announcement, &draft, before.created_at).await?;
        let event = self.event(permit, "announcement.change")?.on(announcement);
        self.replaced_announcement(Write::new(), record, version, event).await
    }

    /// Deletes a draft.
    pub async fn delete_announcement(
        &self,
        permit: &Permit<ManageAnnouncements>,
        announcement: AnnouncementId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        self.draft(announcement, version).await?;
        let mut write = Write::new();
        write.delete(self, key(announcement), Some(version))?;
        Ok(Prepared { thing: (), write, event: self.event(permit, "announcement.delete")?.on(announcement) })
    }

    /// Publishes a draft at a moment that is not past, or now. Mail goes to every administrator concerned, from that moment on.
    pub async fn publish_announcement(
        &self,
        permit: &Permit<PublishAnnouncements>,
        announcement: AnnouncementId,
        version: u64,
        at: Option<Jst>,
    ) -> Result<Prepared<Stored<Announcement>>, Error> {
        let mut record = self.draft(announcement, version).await?;
        let at = at.unwrap_or_else(|| self.clock.now());
        record.published_at = Some(at);
        let Content { title, body } = self.content_of(&record).await?;
        let notice = Notice::Announcement { kind: record.kind, title, body };
        let mut write = Write::new();
        self.broadcast(&mut write, broadcast_of(announcement), record.audience.clone(), &notice, at).await?;
        let event = self.event(permit, "announcement.publish")?.on(announcement);
        self.replaced_announcement(write, record, version, event).await
    }

    /// Makes a draft again of what is scheduled, before anybody got a mail.
    pub async fn withdraw_announcement(
        &self,
        permit: &Permit<ManageAnnouncements>,
        announcement: AnnouncementId,
        version: u64,
    ) -> Result<Prepared<Stored<Announcement>>, Error> {
        let mut record = self.announcement_to_change(announcement, version).await?;
        if record.state(self.clock.now()) != AnnouncementState::Scheduled {
            return Err(Conflict::WrongState.into());
        }
        record.published_at = None;
        let mut write = Write::new();
        self.withdraw_broadcast(&mut write, broadcast_of(announcement))?;
        let event = self.event(permit, "announcement.withdraw")?.on(announcement);
        self.replaced_announcement(write, record, version, event).await
    }

    /// Who got it, company by company.
    pub async fn announcement_deliveries(
        &self,
        permit: &Permit<ManageAnnouncements>,
        announcement: AnnouncementId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Delivered>, Option<String>), Error> {
        self.load::<Record>(&key(announcement)).await?.ok_or(Error::NotFound)?;
        self.delivered(permit, broadcast_of(announcement), after, limit).await
    }

    /// What everybody may read. Asks for no permit: nobody is kept from it.
    pub async fn public_notices(&self) -> Result<PublicNotices, Error> {
        let now = self.clock.now();
        let (mut announcements, since) = (Vec::new(), now.plus_seconds(-86_400 * PUBLIC_DAYS));
        let (found, _) = self.announcements_after(false, Some(format!("{now}#{AFTER}")), 5 * MOST_PUBLIC).await?;
        let is_public = |record: &Record| {
            record.public && record.state(now) == AnnouncementState::Published && record.published_at >= Some(since)
        };
        let public = found.into_iter().filter_map(|(_, stored)| Some(stored?.record)).filter(is_public);
        for record in public.take(MOST_PUBLIC) {
            let Content { title, body } = self.content_of(&record).await?;
            let at = record.published_at.unwrap_or(now);
            announcements.push((record.kind, PublicText { title: title.to_string(), body, at }));
        }
        Ok(PublicNotices { announcements, incidents: self.public_incidents().await? })
    }

    async fn announcement_to_change(&self, announcement: AnnouncementId, version: u64) -> Result<Record, Error> {
        let stored = self.load::<Record>(&key(announcement)).await?.ok_or(Error::NotFound)?;
        if stored.version == version { Ok(stored.record) } else { Err(Error::Stale) }
    }

    /// The draft that is to be changed, as the caller has read it.
    async fn draft(&self, announcement: AnnouncementId, version: u64) -> Result<Record, Error> {
        let record = self.announcement_to_change(announcement, version).await?;
        if record.published_at.is_none() { Ok(record) } else { Err(Conflict::WrongState.into()) }
    }

    async fn replaced_announcement(
        &self,
        mut write: Write,
        record: Record,
        version: u64,
        event: crate::Event,
    ) -> Result<Prepared<Stored<Announcement>>, Error> {
        let key = key(record.id);
        let item = item_of(&key, version + 1, &record)?;
        write.put_over(self, key, item, Some(version), || Error::Stale)?;
        let thing = Stored { record: self.announcement_of(record).await?, version: version + 1 };
        Ok(Prepared { thing, write, event })
    }

    async fn record_of_draft(
        &self,
        id: AnnouncementId,
        draft: &AnnouncementDraft,
        created_at: Jst,
    ) -> Result<Record, Error> {
        let content = Content { title: draft.title.clone(), body: draft.body.clone() };
        let content = self.seal(PLATFORM, Purpose::Notices, &key(id), "content", &content).await?;
        let AnnouncementDraft { kind, audience, public, .. } = draft.clone();
        Ok(Record { id, kind, audience, public, content, published_at: None, created_at })
    }

    async fn content_of(&self, record: &Record) -> Result<Content, Error> {
        self.open(PLATFORM, Purpose::Notices, &key(record.id), "content", &record.content).await
    }

    async fn announcement_of(&self, record: Record) -> Result<Announcement, Error> {
        let Content { title, body } = self.content_of(&record).await?;
        let state = record.state(self.clock.now());
        let Record { id, kind, audience, public, published_at, created_at, .. } = record;
        let draft = AnnouncementDraft { kind, audience, public, title, body };
        Ok(Announcement { id, state, draft, published_at, created_at, read_at: None })
    }
}
