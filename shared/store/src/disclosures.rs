//! Evidence that is disclosed on a lawful order (証拠の開示, R-20): one operator asks and says on which ground and for what, another one approves, a job writes the files, and these two
//! alone take them away and note to whom they were handed.
//!
//! ```text
//!                        another operator                every file is written           noted
//! requested ──────────────── approve ──────▶ approved ─────────────────────▶ written ─────────▶ handed_over
//!     │                                      ▲      │                           │                    ▲
//!     │ another operator                     │      │ five runs failed,         │ 24 hours later     │ noted, if it was taken
//!     └──── decline ──▶ declined             │      │ the purge has begun       ▼                    │
//!                                            │      └───▶ failed             expired ────────────────┘
//!                                            └─ approve again ─┴────────────────┘
//! ```
//!
//! This is the provider's own record, under the platform's key, and outlives the data that it is about. What it says of people is sealed with the tenant's `files` key, as the files are: that
//! goes with the tenant. Operators have no other way to a tenant's data: what reads it here asks for the job's permit.
//!
//! Each step stands in the provider's trail, and in the tenant's, unless the order forbids telling the customer: then the job tells after the ban's last day.

mod job;

use authz::{
    Denied, Permit,
    permission::{AskDisclosures, DecideDisclosures, FetchDisclosures, ViewDisclosures},
};
use domain::{
    checked::line,
    employee::EmployeeNumber,
    export::ExportKind,
    ids::{AccountId, DisclosureId, DownloadId, PLATFORM, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Download, Error, Event, Files, MadeFile, Notice, Prepared, Store, TakenFile, Write,
    callers::{of_platform, somebody},
    db::Range,
    exports::{ADDRESS_SECONDS, Course, Taking, shown},
    item::{Attributes, Sealed, Stored, as_text, from_item, number, to_item},
    key::{Family, Key, Table, partition},
    tenants::attribute,
    write::indexed,
};

const SCHEMA: u8 = 1;
/// How many people one order names at most; beyond that it is everybody.
pub const MOST_PEOPLE: usize = 200;
/// How long a text is at most.
const TEXT: usize = 500;
/// What is sealed of a disclosure, under the platform.
const WORDS: &str = "words";
/// What is sealed of it under the tenant.
const PEOPLE: &str = "people";

/// Where a disclosure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisclosureState {
    /// It waits for another operator.
    Requested,
    /// The files are being made.
    Approved,
    /// They can be taken away.
    Written,
    /// Somebody has them.
    HandedOver,
    /// Another operator has declined.
    Declined,
    /// Their time was over before they were handed over.
    Expired,
    /// They could not be made.
    Failed,
}

/// A line of 1 to 500 characters, of what an order or an operator says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Said(String);

impl Said {
    /// Reads one; none where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        line(text, TEXT).map(|line| Self(line.into()))
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// On which ground (法的根拠).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalBasis {
    /// The article, or what the order is called.
    pub basis: Said,
    /// Whose order it is.
    pub authority: Said,
    /// The number of its document.
    pub document_number: Said,
    /// The day of its document.
    pub document_date: Date,
}

impl LegalBasis {
    fn in_words(&self) -> String {
        let Self { basis, authority, document_number, document_date } = self;
        format!("{} {} {} {document_date}", basis.0, authority.0, document_number.0)
    }
}

/// What an operator asks for. What an order does not name is not part of it.
#[derive(Debug, Clone)]
pub struct NewDisclosure {
    /// Whose data.
    pub tenant: TenantId,
    /// On which ground.
    pub basis: LegalBasis,
    /// Which kinds of records.
    pub kinds: Vec<ExportKind>,
    /// Whose; everybody's where it is none.
    pub people: Option<Vec<EmployeeNumber>>,
    /// From which days.
    pub since: Option<Date>,
    /// To which days.
    pub until: Option<Date>,
    /// Until when the order forbids telling the customer; none where it does not.
    pub silent_until: Option<Date>,
}

/// To whom the files were handed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// Who received them.
    pub recipient: Said,
    /// On which way or medium.
    pub how: Said,
    /// Who noted it.
    pub by: AccountId,
    /// When.
    pub at: Jst,
}

/// An entry of the chain of custody: who took the files, when, for what, and the hash of what they took.
#[derive(Debug, Clone)]
pub struct Custody {
    /// Its id.
    pub id: DownloadId,
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Jst,
    /// What for.
    pub purpose: Said,
    /// The hash of the manifest.
    pub sha256: String,
}

/// A disclosure.
#[derive(Debug, Clone)]
pub struct Disclosure {
    /// Its id.
    pub id: DisclosureId,
    /// Whose data.
    pub tenant: TenantId,
    /// Where it is.
    pub state: DisclosureState,
    /// On which ground.
    pub basis: LegalBasis,
    /// Which kinds of records.
    pub kinds: Vec<ExportKind>,
    /// How many people it names; none where it is everybody.
    pub people_count: Option<usize>,
    /// Whom it names, as long as their company's data is there.
    pub people: Option<Vec<EmployeeNumber>>,
    /// From which days.
    pub since: Option<Date>,
    /// To which days.
    pub until: Option<Date>,
    /// Until when the customer is not told.
    pub silent_until: Option<Date>,
    /// When they were told after that.
    pub told_at: Option<Jst>,
    /// Who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Jst,
    /// Who approved or declined.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Jst>,
    /// Why it was declined.
    pub refusal: Option<Said>,
    /// The files, as long as they are there.
    pub files: Vec<MadeFile>,
    /// Until when they are.
    pub file_until: Option<Jst>,
    /// The hash of the manifest, which stays.
    pub sha256: Option<String>,
    /// To whom they were handed.
    pub handed_over: Option<HandedOver>,
    /// Who took them, the earliest first.
    pub custody: Vec<Custody>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: DisclosureId,
    tenant: TenantId,
    #[serde(rename = "disclosure_state")]
    state: DisclosureState,
    kinds: Vec<ExportKind>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    people_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    people: Option<Sealed>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    since: Option<Date>,
    #[serde(rename = "last_day", skip_serializing_if = "Option::is_none", default)]
    until: Option<Date>,
    words: Sealed,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    silent_until: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    told_at: Option<Jst>,
    asked_by: AccountId,
    asked_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_by: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_at: Option<Jst>,
    #[serde(default)]
    course: Course,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    file_until: Option<Jst>,
    /// The hash of the last manifest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    taken_at: Option<Jst>,
    /// There may be objects in the bucket.
    #[serde(default)]
    has_files: bool,
    #[serde(default)]
    attempts: u8,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Words {
    basis: LegalBasis,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    refusal: Option<Said>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    handed_over: Option<HandedOver>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CustodyRecord {
    #[serde(flatten)]
    taking: Taking,
    sha256: String,
    purpose: Sealed,
}

impl Record {
    /// Whether the customer is not to be told today, or has not been told of what lies before.
    fn is_silent(&self) -> bool {
        self.silent_until.is_some() && self.told_at.is_none()
    }

    /// Whether the customer is to be told now of what was kept from them.
    fn is_to_be_told(&self, today: Date) -> bool {
        self.is_silent() && self.taken_at.is_some() && self.silent_until.is_some_and(|last_day| last_day < today)
    }

    fn is_over(&self, now: Jst) -> bool {
        self.state == DisclosureState::Written && self.file_until.is_none_or(|until| until <= now)
    }

    /// Whether objects are there that nobody may take any more.
    fn has_leavings(&self) -> bool {
        self.has_files && !matches!(self.state, DisclosureState::Approved | DisclosureState::Written)
    }

    /// Whether the job will have something to do.
    fn is_open(&self) -> bool {
        matches!(self.state, DisclosureState::Approved | DisclosureState::Written)
            || self.has_leavings()
            || (self.is_silent() && self.taken_at.is_some())
    }

    /// One of the two who may have the files.
    fn is_one_of_the_two(&self, account: AccountId) -> bool {
        self.asked_by == account || self.decided_by == Some(account)
    }
}

fn key(id: DisclosureId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Disclosure, "", id)
}

fn custody_key(id: DisclosureId, download: DownloadId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Disclosure, id, download)
}

fn open_partition() -> String {
    partition(PLATFORM, Family::Disclosure, "open")
}

fn item(record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(record.id), version, SCHEMA, record)?;
    if !record.is_open() {
        return Ok(item);
    }
    Ok(indexed(item, open_partition(), format!("{}#{}", record.asked_at, record.id)))
}

/// Where the files lie: with the tenant whose data they are, and gone with it.
fn prefix(tenant: TenantId, id: DisclosureId) -> String {
    format!("{tenant}/made/disclosures/{id}/")
}

impl Store {
    /// Asks for a disclosure.
    pub async fn ask_disclosure(
        &self,
        permit: &Permit<AskDisclosures>,
        new: NewDisclosure,
    ) -> Result<Prepared<Stored<Disclosure>>, Error> {
        of_platform(permit)?;
        let (asked_by, id, now) = (somebody(permit)?, self.new_id()?, self.clock.now());
        let tenant = new.tenant;
        if tenant == PLATFORM || !self.is_there(tenant).await? {
            return Err(Error::NotFound);
        }
        let place = key(id);
        let words = Words { basis: new.basis, refusal: None, handed_over: None };
        let people = match &new.people {
            Some(people) => Some(self.seal(tenant, Purpose::Files, &place, PEOPLE, people).await?),
            None => None,
        };
        let record = Record {
            id,
            tenant,
            state: DisclosureState::Requested,
            kinds: new.kinds,
            people_count: new.people.as_ref().map(Vec::len),
            people,
            since: new.since,
            until: new.until,
            words: self.seal(PLATFORM, Purpose::Disclosures, &place, WORDS, &words).await?,
            silent_until: new.silent_until,
            told_at: None,
            asked_by,
            asked_at: now,
            decided_by: None,
            decided_at: None,
            course: Course::default(),
            file_until: None,
            sha256: None,
            taken_at: None,
            has_files: false,
            attempts: 0,
        };
        let mut write = Write::new();
        let twice = || Error::Internal("a disclosure's id came twice".to_owned());
        write.put_over(self, place, item(&record, 1)?, None, twice)?;
        let event = self.event(permit, "disclosure.ask")?.on(tenant).on(id).accounted_for(words.basis.in_words());
        self.told_to_the_customer(&mut write, &record, &event).await?;
        let thing = Stored { record: disclosure(record, words, new.people, Vec::new()), version: 1 };
        Ok(Prepared { thing, write, event })
    }

    /// Disclosures, the newest first: up to `limit` after `after`, and where to go on. Whom they name, and who took them, is not among it.
    pub async fn disclosures(
        &self,
        permit: &Permit<ViewDisclosures>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Disclosure>>, Option<String>), Error> {
        of_platform(permit)?;
        let pk = partition(PLATFORM, Family::Disclosure, "");
        let range = Range::whole(Table::Records, Family::Disclosure, pk).descending().after(after).limit(limit);
        let (items, more) = self.db.query(&range).await?;
        let next = items.last().filter(|_| more).and_then(|item| as_text(item, "sk").map(str::to_owned));
        let mut page = Vec::with_capacity(items.len());
        for item in items {
            let Some(Stored { record, version }) = from_item::<Record>(item, self.clock.now())? else { continue };
            let words = self.words_of(&record).await?;
            page.push(Stored { record: disclosure(record, words, None, Vec::new()), version });
        }
        Ok((page, next))
    }

    /// One disclosure, with whom it names and who took it.
    pub async fn disclosure(
        &self,
        permit: &Permit<ViewDisclosures>,
        id: DisclosureId,
    ) -> Result<Stored<Disclosure>, Error> {
        of_platform(permit)?;
        let stored = self.load_disclosure(id).await?;
        self.whole_disclosure(stored).await
    }

    async fn whole_disclosure(&self, Stored { record, version }: Stored<Record>) -> Result<Stored<Disclosure>, Error> {
        let words = self.words_of(&record).await?;
        let people = self.people_of(&record).await?;
        let custody = self.custody_of(record.id).await?;
        Ok(Stored { record: disclosure(record, words, people, custody), version })
    }

    /// Approves what another operator asked for; or once more, where its files are gone or could not be made.
    pub async fn approve_disclosure(
        &self,
        permit: &Permit<DecideDisclosures>,
        id: DisclosureId,
        version: u64,
    ) -> Result<Prepared<Stored<Disclosure>>, Error> {
        let (mut record, words) = self.to_decide(permit, id, version).await?;
        if !matches!(record.state, DisclosureState::Requested | DisclosureState::Expired | DisclosureState::Failed) {
            return Err(Conflict::WrongState.into());
        }
        if !self.is_there(record.tenant).await? {
            return Err(Conflict::WrongState.into());
        }
        record.state = DisclosureState::Approved;
        record.course = Course::default();
        record.file_until = None;
        record.attempts = 0;
        self.decided(permit, record, words, version, "disclosure.approve").await
    }

    /// Declines it, and says why.
    pub async fn decline_disclosure(
        &self,
        permit: &Permit<DecideDisclosures>,
        id: DisclosureId,
        version: u64,
        refusal: Said,
    ) -> Result<Prepared<Stored<Disclosure>>, Error> {
        let (mut record, mut words) = self.to_decide(permit, id, version).await?;
        if record.state != DisclosureState::Requested {
            return Err(Conflict::WrongState.into());
        }
        words.refusal = Some(refusal);
        record.state = DisclosureState::Declined;
        record.words = self.seal(PLATFORM, Purpose::Disclosures, &key(id), WORDS, &words).await?;
        self.decided(permit, record, words, version, "disclosure.decline").await
    }

    /// What another operator asked for, as the caller has read it.
    async fn to_decide(
        &self,
        permit: &Permit<DecideDisclosures>,
        id: DisclosureId,
        version: u64,
    ) -> Result<(Record, Words), Error> {
        of_platform(permit)?;
        let stored = self.load_disclosure(id).await?;
        if stored.version != version {
            return Err(Error::Stale);
        }
        if stored.record.asked_by == somebody(permit)? {
            return Err(Conflict::SecondPersonNeeded.into());
        }
        let words = self.words_of(&stored.record).await?;
        Ok((stored.record, words))
    }

    async fn decided(
        &self,
        permit: &Permit<DecideDisclosures>,
        mut record: Record,
        words: Words,
        version: u64,
        action: &str,
    ) -> Result<Prepared<Stored<Disclosure>>, Error> {
        record.decided_by = Some(somebody(permit)?);
        record.decided_at = Some(self.clock.now());
        let event = self.event(permit, action)?.on(record.tenant).on(record.id);
        let event = match &words.refusal {
            Some(refusal) => event.accounted_for(refusal.as_str()),
            None => event,
        };
        let mut write = self.store_disclosure(&record, version)?;
        self.told_to_the_customer(&mut write, &record, &event).await?;
        let (people, custody) = (self.people_of(&record).await?, self.custody_of(record.id).await?);
        let thing = Stored { record: disclosure(record, words, people, custody), version: version + 1 };
        Ok(Prepared { thing, write, event })
    }

    /// Opens the files to one of the two, for some minutes and for a purpose: an entry of the chain of custody.
    pub async fn take_disclosure(
        &self,
        permit: &Permit<FetchDisclosures>,
        id: DisclosureId,
        purpose: Said,
    ) -> Result<Prepared<Download>, Error> {
        of_platform(permit)?;
        let (by, now) = (somebody(permit)?, self.clock.now());
        let record = self.load_disclosure(id).await?.record;
        if !record.is_one_of_the_two(by) {
            return Err(Denied::Forbidden.into());
        }
        if record.state != DisclosureState::Written || record.is_over(now) {
            return Err(Conflict::WrongState.into());
        }
        let download = self.new_id()?;
        let sha256 = record.sha256.clone().unwrap_or_default();
        let mut write = Write::new();
        let values = Attributes::from([
            (":at".to_owned(), attribute(&now)?),
            (":one".to_owned(), number(1)),
            (":written".to_owned(), attribute(&DisclosureState::Written)?),
        ]);
        let expression = "SET taken_at = if_not_exists(taken_at, :at), version = version + :one";
        let written = Some("disclosure_state = :written");
        write.update(self, key(id), expression, written, values, || Conflict::WrongState.into())?;
        let place = custody_key(id, download);
        let sealed = self.seal(PLATFORM, Purpose::Disclosures, &place, "purpose", &purpose).await?;
        let entry = CustodyRecord { taking: Taking { by, at: now }, sha256: sha256.clone(), purpose: sealed };
        write.create(self, place, SCHEMA, &entry, || Error::Internal("a download's id came twice".to_owned()))?;
        let event = self.event(permit, "disclosure.take")?.on(record.tenant).on(id).on(download);
        let event = event.because(format!("sha256:{sha256}")).accounted_for(purpose.as_str());
        self.told_to_the_customer(&mut write, &record, &event).await?;
        let thing = Download { id: download, until: now.plus_seconds(ADDRESS_SECONDS), files: record.course.files };
        Ok(Prepared { thing, write, event })
    }

    /// One file, counted from 1, for whoever of the two opened it. The event is written first; where the customer may know, those whose health it shows find it in their access log.
    pub async fn fetch_disclosure(
        &self,
        permit: &Permit<FetchDisclosures>,
        files: &Files,
        (id, download): (DisclosureId, DownloadId),
        number: usize,
    ) -> Result<TakenFile, Error> {
        of_platform(permit)?;
        let (by, now) = (somebody(permit)?, self.clock.now());
        let record = self.load_disclosure(id).await?.record;
        let entry = self.load::<CustodyRecord>(&custody_key(id, download)).await?.ok_or(Error::NotFound)?.record;
        let open = entry.taking.is_good(by, now) && record.state == DisclosureState::Written && !record.is_over(now);
        if !open || !record.is_one_of_the_two(by) {
            return Err(Error::NotFound);
        }
        let made = number.checked_sub(1).and_then(|index| record.course.files.get(index)).ok_or(Error::NotFound)?;
        let taken = self.take_file(files, record.tenant, &prefix(record.tenant, id), made).await?;
        let event = self.event(permit, "disclosure.fetch")?.on(record.tenant).on(id).on(download);
        let event = event.because(format!("sha256:{}", taken.sha256));
        let mut write = Write::new();
        if !record.is_silent() {
            let theirs = shown(event.clone().in_tenant(record.tenant).again(self)?, &taken);
            write.tell(self, &theirs).await?;
        }
        write.commit(self, event).await?;
        Ok(taken)
    }

    /// Notes to whom the files were handed. They are taken away next.
    pub async fn hand_disclosure_over(
        &self,
        permit: &Permit<FetchDisclosures>,
        id: DisclosureId,
        version: u64,
        (recipient, how): (Said, Said),
    ) -> Result<Prepared<Stored<Disclosure>>, Error> {
        of_platform(permit)?;
        let by = somebody(permit)?;
        let Stored { mut record, version: found } = self.load_disclosure(id).await?;
        if found != version {
            return Err(Error::Stale);
        }
        if !record.is_one_of_the_two(by) {
            return Err(Denied::Forbidden.into());
        }
        let has_it = matches!(record.state, DisclosureState::Written | DisclosureState::Expired);
        if !has_it || record.taken_at.is_none() {
            return Err(Conflict::WrongState.into());
        }
        let mut words = self.words_of(&record).await?;
        words.handed_over = Some(HandedOver { recipient, how, by, at: self.clock.now() });
        record.state = DisclosureState::HandedOver;
        record.words = self.seal(PLATFORM, Purpose::Disclosures, &key(id), WORDS, &words).await?;
        let event = self.event(permit, "disclosure.hand_over")?.on(record.tenant).on(id);
        let event = event.because(format!("sha256:{}", record.sha256.as_deref().unwrap_or_default()));
        let mut write = self.store_disclosure(&record, version)?;
        self.told_to_the_customer(&mut write, &record, &event).await?;
        if !record.is_silent() {
            let notice = Notice::Disclosed { at: self.clock.now() };
            self.enqueue_to_administrators(&mut write, record.tenant, &notice).await?;
        }
        let (people, custody) = (self.people_of(&record).await?, self.custody_of(id).await?);
        let thing = Stored { record: disclosure(record, words, people, custody), version: version + 1 };
        Ok(Prepared { thing, write, event })
    }

    /// Adds the event to the customer's trail, unless the order forbids it.
    async fn told_to_the_customer(&self, write: &mut Write, record: &Record, event: &Event) -> Result<(), Error> {
        if !record.is_silent() {
            write.tell(self, &event.clone().in_tenant(record.tenant).again(self)?).await?;
        }
        Ok(())
    }

    async fn words_of(&self, record: &Record) -> Result<Words, Error> {
        self.open(PLATFORM, Purpose::Disclosures, &key(record.id), WORDS, &record.words).await
    }

    /// Whom it names; none where it is everybody, or where their company's keys are gone.
    async fn people_of(&self, record: &Record) -> Result<Option<Vec<EmployeeNumber>>, Error> {
        let Some(sealed) = &record.people else { return Ok(None) };
        // A key in memory outlives its shredding by some minutes.
        if !self.is_there(record.tenant).await? {
            return Ok(None);
        }
        match self.open(record.tenant, Purpose::Files, &key(record.id), PEOPLE, sealed).await {
            Ok(people) => Ok(Some(people)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn custody_of(&self, id: DisclosureId) -> Result<Vec<Custody>, Error> {
        let range = Range::whole(Table::Records, Family::Disclosure, partition(PLATFORM, Family::Disclosure, id));
        let mut custody = Vec::new();
        for item in self.db.query_all(range).await? {
            let download = as_text(&item, "sk").and_then(|sk| sk.parse::<DownloadId>().ok());
            let (Some(download), Some(stored)) = (download, from_item::<CustodyRecord>(item, self.clock.now())?) else {
                continue;
            };
            let CustodyRecord { taking: Taking { by, at }, sha256, purpose } = stored.record;
            let place = custody_key(id, download);
            let purpose = self.open(PLATFORM, Purpose::Disclosures, &place, "purpose", &purpose).await?;
            custody.push(Custody { id: download, by, at, purpose, sha256 });
        }
        Ok(custody)
    }

    async fn load_disclosure(&self, id: DisclosureId) -> Result<Stored<Record>, Error> {
        self.load(&key(id)).await?.ok_or(Error::NotFound)
    }

    fn store_disclosure(&self, record: &Record, version: u64) -> Result<Write, Error> {
        let mut write = Write::new();
        let (key, item) = (key(record.id), item(record, version + 1)?);
        write.put_over(self, key, item, Some(version), || Error::Stale)?;
        Ok(write)
    }
}

fn disclosure(record: Record, words: Words, people: Option<Vec<EmployeeNumber>>, custody: Vec<Custody>) -> Disclosure {
    Disclosure {
        id: record.id,
        tenant: record.tenant,
        state: record.state,
        basis: words.basis,
        kinds: record.kinds,
        people_count: record.people_count,
        people,
        since: record.since,
        until: record.until,
        silent_until: record.silent_until,
        told_at: record.told_at,
        asked_by: record.asked_by,
        asked_at: record.asked_at,
        decided_by: record.decided_by,
        decided_at: record.decided_at,
        refusal: words.refusal,
        files: if record.state == DisclosureState::Written { record.course.files } else { Vec::new() },
        file_until: record.file_until,
        sha256: record.sha256,
        handed_over: words.handed_over,
        custody,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn record(state: DisclosureState) -> Record {
        let at: Jst = "2026-04-01T09:00:00+09:00".parse().unwrap();
        Record {
            id: DisclosureId::from_bytes([1; 16]),
            tenant: TenantId::from_bytes([2; 16]),
            state,
            kinds: vec![ExportKind::Checkups],
            people_count: None,
            people: None,
            since: None,
            until: None,
            words: Sealed(Vec::new()),
            silent_until: Some(date(2026, 4, 30)),
            told_at: None,
            asked_by: AccountId::from_bytes([3; 16]),
            asked_at: at,
            decided_by: Some(AccountId::from_bytes([4; 16])),
            decided_at: None,
            course: Course::default(),
            file_until: Some(at),
            sha256: None,
            taken_at: None,
            has_files: false,
            attempts: 0,
        }
    }

    #[test]
    fn r20_a_ban_holds_through_its_last_day_and_is_followed_by_word_of_what_was_taken() {
        let untaken = record(DisclosureState::HandedOver);
        assert!(untaken.is_silent() && !untaken.is_to_be_told(date(2026, 5, 1)), "there is nothing to tell");
        let taken = Record { taken_at: Some(untaken.asked_at), ..untaken };
        assert!(!taken.is_to_be_told(date(2026, 4, 30)) && taken.is_to_be_told(date(2026, 5, 1)));
        let told = Record { told_at: Some(taken.asked_at), ..taken.clone() };
        assert!(!told.is_silent() && !told.is_to_be_told(date(2026, 5, 1)));
        let open = Record { silent_until: None, ..taken };
        assert!(!open.is_silent() && !open.is_to_be_told(date(2026, 5, 1)));
    }

    #[test]
    fn r20_the_job_looks_at_what_has_files_or_something_to_tell_and_at_nothing_else() {
        use DisclosureState::{Approved, Declined, Expired, Failed, HandedOver, Requested, Written};
        for (state, open) in
            [(Requested, false), (Approved, true), (Written, true), (HandedOver, false), (Declined, false)]
        {
            assert_eq!(record(state).is_open(), open, "{state:?}");
        }
        for state in [HandedOver, Expired, Failed] {
            let left = Record { has_files: true, ..record(state) };
            assert!(left.is_open() && left.has_leavings(), "{state:?}");
        }
        assert!(!Record { has_files: true, ..record(Written) }.has_leavings());
    }

    #[test]
    fn r20_two_may_have_it_and_nobody_else() {
        let record = record(DisclosureState::Written);
        for (account, may) in [(3, true), (4, true), (5, false)] {
            assert_eq!(record.is_one_of_the_two(AccountId::from_bytes([account; 16])), may, "{account}");
        }
    }
}
