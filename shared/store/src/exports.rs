//! A customer's data as files (エクスポート): an administrator asks, a job writes, and whoever asked for it, or another administrator, takes it away within a day. Once a contract has a last
//! day, this includes everything that the customer must keep (R-17): nothing else is left to them after that day.
//!
//! ```text
//!       every file is written            24 hours later
//! asked ─────────────────────▶ ready ──────────────────────▶ expired
//!   └── five runs failed, or the purge has begun ──▶ failed
//! ```
//!
//! While it runs, whoever sees checkups has those of a fiscal year as a table, and whoever sees interviews has these, of each as much as they see; such an export is for whoever asked and
//! nobody else.
//!
//! Files are parts that an answer can hold, each sealed with the tenant's `files` key, and a manifest with their hashes. What somebody takes away is told in the trail before they have it,
//! with those whose health it shows, who find it in their access log.

mod checkups;
mod course;
mod lines;

use std::{sync::Arc, time::Instant};

use authz::{
    Denied, Permission, PermissionId, Permit,
    permission::{AskExports, ExportCheckups, ExportInterviews, FetchExports, ViewExports, WriteExports},
};
use domain::{
    export::{ExportFormat, ExportKind},
    ids::{AccountId, DownloadId, ExportId, PLATFORM, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use checkups::CheckupTable;
pub use checkups::{CheckupChoice, may_choose};
pub(crate) use course::{Asks, Course, Progress, hex_of_hash};
pub use course::{MadeFile, TakenFile};
pub(crate) use lines::{Cell, Line, Of, Page, People, Period, Selection, TableFor, said, text};

use crate::{
    Conflict, Error, Event, Files, Notice, Prepared, Store, Write,
    callers::{of_platform, somebody},
    contracts,
    db::Range,
    item::{Attributes, Stored, from_item, number, to_item},
    key::{Family, Key, Table, partition},
    page::sift,
    tenants::attribute,
    write::indexed,
};

const SCHEMA: u8 = 1;
/// For how long files can be taken away, in seconds.
pub(crate) const FILE_SECONDS: i64 = 24 * 3600;
/// For how long an address is good, in seconds.
pub(crate) const ADDRESS_SECONDS: i64 = 5 * 60;
/// How many exports of a company go on at the same time.
const MOST_AT_ONCE: usize = 5;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportWhat {
    /// Workplaces, departments and labels.
    Organisation,
    /// Employees, and where they stood.
    Employees,
    /// Accounts.
    Accounts,
    /// Checkups of a fiscal year as a table, for those who see them.
    Checkups,
    /// Interviews, for those who see them.
    Interviews,
    /// Everything that there is, once the contract has a last day.
    Everything,
}

impl ExportWhat {
    fn kinds(self) -> Vec<ExportKind> {
        match self {
            Self::Organisation => vec![ExportKind::Workplaces, ExportKind::Departments, ExportKind::Labels],
            Self::Employees => vec![ExportKind::Employees, ExportKind::Placements],
            Self::Accounts => vec![ExportKind::Accounts],
            Self::Checkups | Self::Interviews => Vec::new(),
            Self::Everything => ExportKind::all().collect(),
        }
    }

    /// Whether it is written by the right of whoever asked, and for nobody else.
    const fn is_personal(self) -> bool {
        matches!(self, Self::Checkups | Self::Interviews)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Employees => "employees",
            Self::Accounts => "accounts",
            Self::Checkups => "checkups",
            Self::Interviews => "interviews",
            Self::Everything => "everything",
        }
    }
}

/// Where an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Its files are being made.
    Asked,
    /// They can be taken away.
    Ready,
    /// Their time is over.
    Expired,
    /// They could not be made.
    Failed,
}

/// An export.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// What is exported.
    pub what: ExportWhat,
    /// How.
    pub format: ExportFormat,
    /// Which checkups, where it is of those.
    pub checkups: Option<CheckupChoice>,
    /// Where it is.
    pub state: ExportState,
    /// Who asked for it.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Jst,
    /// What was made so far; the manifest last.
    pub files: Vec<MadeFile>,
    /// Until when it can be taken away.
    pub file_until: Option<Jst>,
    /// When somebody first did.
    pub taken_at: Option<Jst>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: ExportId,
    tenant: TenantId,
    what: ExportWhat,
    #[serde(rename = "file_format")]
    format: ExportFormat,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    checkups: Option<CheckupChoice>,
    #[serde(rename = "export_state")]
    state: ExportState,
    asked_by: AccountId,
    asked_at: Jst,
    course: Course,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    file_until: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    taken_at: Option<Jst>,
    /// The contract says that it was taken.
    #[serde(default)]
    noted: bool,
    #[serde(default)]
    attempts: u8,
}

impl Record {
    fn is_last_export(&self) -> bool {
        self.what == ExportWhat::Everything
    }

    /// Whether the contract is to say that the last export was taken.
    fn is_to_be_noted(&self) -> bool {
        self.is_last_export() && self.taken_at.is_some() && !self.noted
    }

    fn is_over(&self, now: Jst) -> bool {
        self.state == ExportState::Ready && self.file_until.is_none_or(|until| until <= now)
    }

    fn selection(&self) -> Selection {
        let (kinds, format) = (self.what.kinds(), self.format);
        Selection { kinds, table: None, format, people: None, period: Period::default(), with_confidence: false }
    }

    /// What is written by the right of whoever asked, if that is the right to this.
    fn table(&self, right: ExportRight) -> Option<TableFor> {
        match (self.what, &self.checkups, right) {
            (ExportWhat::Checkups, Some(choice), ExportRight::Checkups(right)) if right.tenant() == self.tenant => {
                Some(TableFor::Checkups(CheckupTable { choice: choice.clone(), right: Arc::new(right) }))
            }
            (ExportWhat::Interviews, _, ExportRight::Interviews(right)) if right.tenant() == self.tenant => {
                Some(TableFor::Interviews(Arc::new(right)))
            }
            _ => None,
        }
    }

    /// Whether it is the permit's holder's to see: the register's are every administrator's, what is written by somebody's own right is for whoever asked for it.
    fn is_for<P: Permission>(&self, permit: &Permit<P>) -> bool {
        may_export(permit, self.what).is_ok()
            && (!self.what.is_personal() || permit.actor().account() == Some(self.asked_by))
    }
}

impl Asks for Record {
    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn attempts(&mut self) -> &mut u8 {
        &mut self.attempts
    }

    fn stored(&self, store: &Store, version: u64) -> Result<Write, Error> {
        store.store_export(Write::new(), self, version)
    }
}

/// Whether the permit's holder may have this as files: of the register all or nothing, of checkups and interviews those whom they reach.
fn may_export<P: Permission>(permit: &Permit<P>, what: ExportWhat) -> Result<(), Error> {
    let (column, whole) = match what {
        ExportWhat::Checkups => (PermissionId::ExportCheckups, false),
        ExportWhat::Interviews => (PermissionId::ExportInterviews, false),
        _ => (PermissionId::ExportRegister, true),
    };
    let allowed = permit.sees(column).is_some_and(|reach| !whole || reach.is_everybody());
    if allowed { Ok(()) } else { Err(Denied::Forbidden.into()) }
}

/// What whoever asked for an export may have at the moment when it is written.
#[derive(Debug)]
pub enum ExportRight {
    /// Checkups.
    Checkups(Permit<ExportCheckups>),
    /// Interviews.
    Interviews(Permit<ExportInterviews>),
}

/// An export that the job has something to do for.
#[derive(Debug, Clone, Copy)]
pub struct ExportToWrite {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: ExportId,
    /// Of what.
    pub what: ExportWhat,
    /// By whose right it is written, where it is still to be written and not the register's.
    pub by_right_of: Option<AccountId>,
}

/// An address under which somebody takes files away, for some minutes.
#[derive(Debug, Clone)]
pub struct Download {
    /// Its id.
    pub id: DownloadId,
    /// Until when it is good.
    pub until: Jst,
    /// What can be taken; the place of each, counted from 1, is its number.
    pub files: Vec<MadeFile>,
}

/// A download as it is stored: who, and since when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Taking {
    pub(crate) by: AccountId,
    pub(crate) at: Jst,
}

impl Taking {
    /// Whether it still opens files to `account`.
    pub(crate) fn is_good(&self, account: AccountId, now: Jst) -> bool {
        self.by == account && now < self.at.plus_seconds(ADDRESS_SECONDS)
    }
}

/// What a run of the job did for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesWritten {
    /// The files can be taken away.
    Ready,
    /// There is more to write.
    Unfinished,
    /// The files' time was over, and they are gone.
    Expired,
    /// They cannot be made.
    Failed,
    /// What had to be noted was noted.
    Noted,
    /// There was nothing to do.
    Nothing,
}

fn key(tenant: TenantId, id: ExportId) -> Key {
    Key::new(Table::Records, tenant, Family::Export, "", id)
}

fn download_key(tenant: TenantId, id: ExportId, download: DownloadId) -> Key {
    Key::new(Table::Records, tenant, Family::Export, id, download)
}

/// The index of what the job has to do; under the platform, for all tenants.
fn open_partition() -> String {
    partition(PLATFORM, Family::Export, "open")
}

fn item(record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(record.tenant, record.id), version, SCHEMA, record)?;
    if !matches!(record.state, ExportState::Asked | ExportState::Ready) && !record.is_to_be_noted() {
        return Ok(item);
    }
    Ok(indexed(item, open_partition(), format!("{}#{}#{}", record.asked_at, record.tenant, record.id)))
}

/// Where the files lie.
fn prefix(tenant: TenantId, id: ExportId) -> String {
    format!("{tenant}/made/exports/{id}/")
}

fn export(record: Record) -> Export {
    Export {
        id: record.id,
        what: record.what,
        format: record.format,
        checkups: record.checkups,
        state: record.state,
        asked_by: record.asked_by,
        asked_at: record.asked_at,
        files: if record.state == ExportState::Ready { record.course.files } else { Vec::new() },
        file_until: record.file_until,
        taken_at: record.taken_at,
    }
}

impl Store {
    /// Asks for files. Everything is there once the contract has a last day; then every administrator is told.
    pub async fn ask_export(
        &self,
        permit: &Permit<AskExports>,
        what: ExportWhat,
        format: ExportFormat,
        checkups: Option<CheckupChoice>,
    ) -> Result<Prepared<Stored<Export>>, Error> {
        may_export(permit, what)?;
        let (asked_by, tenant, id, now) = (somebody(permit)?, permit.tenant(), self.new_id()?, self.clock.now());
        let Stored { record: of, .. } = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?;
        if what == ExportWhat::Everything && of.terminates_on.is_none() {
            return Err(Conflict::WrongState.into());
        }
        let range = Range::whole(Table::Records, Family::Export, partition(tenant, Family::Export, ""));
        let (newest, _) = self.db.query(&range.descending().limit(MOST_AT_ONCE)).await?;
        let newest: Vec<_> = newest.into_iter().map(|item| from_item::<Record>(item, now)).collect::<Result<_, _>>()?;
        let going_on = |stored: &Option<Stored<Record>>| {
            stored.as_ref().is_some_and(|stored| stored.record.state == ExportState::Asked)
        };
        if newest.iter().filter(|stored| going_on(stored)).count() == MOST_AT_ONCE {
            return Err(Conflict::TooMany.into());
        }
        let record = Record {
            id,
            tenant,
            what,
            format,
            checkups,
            state: ExportState::Asked,
            asked_by,
            asked_at: now,
            course: Course::default(),
            file_until: None,
            taken_at: None,
            noted: false,
            attempts: 0,
        };
        let mut write = Write::new();
        let twice = || Error::Internal("an export's id came twice".to_owned());
        write.put_over(self, key(tenant, id), item(&record, 1)?, None, twice)?;
        if record.is_last_export() {
            self.enqueue_to_administrators(&mut write, tenant, &Notice::LastExportAsked { at: now }).await?;
        }
        let event = self.event(permit, "export.ask")?.on(id).because(what.name());
        Ok(Prepared { thing: Stored { record: export(record), version: 1 }, write, event })
    }

    /// The company's exports that are the permit's holder's to see, the newest first: up to `limit` after `after`, and where to go on. A page may hold fewer, or none, before the end.
    pub async fn exports(
        &self,
        permit: &Permit<ViewExports>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Export>>, Option<String>), Error> {
        let pk = partition(permit.tenant(), Family::Export, "");
        let range = Range::whole(Table::Records, Family::Export, pk).descending().limit(limit);
        let look = |after| self.records_that(range.clone().after(after), |it: &Record| it.is_for(permit));
        let (page, next) = sift(after, limit, look).await?;
        let shown = page.into_iter().map(|it| Stored { record: export(it.record), version: it.version });
        Ok((shown.collect(), next))
    }

    /// An export, if it is the permit's holder's to see.
    async fn export_for<P: Permission>(&self, permit: &Permit<P>, id: ExportId) -> Result<Stored<Record>, Error> {
        let stored = self.load_export(permit.tenant(), id).await?;
        if stored.record.is_for(permit) { Ok(stored) } else { Err(Error::NotFound) }
    }

    /// One of the company's exports.
    pub async fn export(&self, permit: &Permit<ViewExports>, id: ExportId) -> Result<Stored<Export>, Error> {
        let Stored { record, version } = self.export_for(permit, id).await?;
        Ok(Stored { record: export(record), version })
    }

    /// Opens the files to whoever asks, for some minutes.
    pub async fn take_export(&self, permit: &Permit<FetchExports>, id: ExportId) -> Result<Prepared<Download>, Error> {
        let (by, tenant, now) = (somebody(permit)?, permit.tenant(), self.clock.now());
        let Stored { record, .. } = self.export_for(permit, id).await?;
        if record.state != ExportState::Ready || record.is_over(now) {
            return Err(Conflict::WrongState.into());
        }
        let download = self.new_id()?;
        let mut write = Write::new();
        let values = Attributes::from([
            (":at".to_owned(), attribute(&now)?),
            (":one".to_owned(), number(1)),
            (":ready".to_owned(), attribute(&ExportState::Ready)?),
        ]);
        let expression = "SET taken_at = if_not_exists(taken_at, :at), version = version + :one";
        let ready = Some("export_state = :ready");
        write.update(self, key(tenant, id), expression, ready, values, || Conflict::WrongState.into())?;
        let twice = || Error::Internal("a download's id came twice".to_owned());
        write.create(self, download_key(tenant, id, download), SCHEMA, &Taking { by, at: now }, twice)?;
        let hash = record.course.hash().unwrap_or_default();
        let event = self.event(permit, "export.take")?.on(id).on(download).because(format!("sha256:{hash}"));
        let thing = Download { id: download, until: now.plus_seconds(ADDRESS_SECONDS), files: record.course.files };
        Ok(Prepared { thing, write, event })
    }

    /// One file, counted from 1, for whoever opened it. The event is written first.
    pub async fn fetch_export(
        &self,
        permit: &Permit<FetchExports>,
        files: &Files,
        (id, download): (ExportId, DownloadId),
        number: usize,
    ) -> Result<TakenFile, Error> {
        let (by, tenant, now) = (somebody(permit)?, permit.tenant(), self.clock.now());
        let Stored { record, .. } = self.export_for(permit, id).await?;
        let taking = self.load::<Taking>(&download_key(tenant, id, download)).await?.ok_or(Error::NotFound)?.record;
        if !taking.is_good(by, now) || record.state != ExportState::Ready || record.is_over(now) {
            return Err(Error::NotFound);
        }
        let made = number.checked_sub(1).and_then(|index| record.course.files.get(index)).ok_or(Error::NotFound)?;
        let taken = self.take_file(files, tenant, &prefix(tenant, id), made).await?;
        let event = self.event(permit, "export.fetch")?.on(id).on(download).because(format!("sha256:{}", taken.sha256));
        let event = shown(event, &taken);
        // Of whom there are interviews is not for the company's readers of the trail.
        let in_confidence = record.what == ExportWhat::Interviews;
        self.tell(if in_confidence { event.in_confidence() } else { event }).await?;
        Ok(taken)
    }

    /// The exports that the job has something to do for. The permit is the platform's.
    pub async fn exports_to_work_on(&self, permit: &Permit<WriteExports>) -> Result<Vec<ExportToWrite>, Error> {
        of_platform(permit)?;
        let range = Range::whole(Table::Records, Family::Export, open_partition()).by_index();
        let now = self.clock.now();
        let mut found = Vec::new();
        for item in self.db.query_all(range).await? {
            let Some(Stored { record, .. }) = from_item::<Record>(item, now)? else { continue };
            if record.state == ExportState::Asked || record.is_over(now) || record.is_to_be_noted() {
                let is_asked = record.what.is_personal() && record.state == ExportState::Asked;
                let Record { tenant, id, what, asked_by, .. } = record;
                found.push(ExportToWrite { tenant, id, what, by_right_of: is_asked.then_some(asked_by) });
            }
        }
        Ok(found)
    }

    /// Goes on with an export of the permit's tenant while there is time; with what is somebody's to see by the right of whoever asked for it.
    pub async fn write_export(
        &self,
        permit: &Permit<WriteExports>,
        files: &Files,
        id: ExportId,
        right: Option<ExportRight>,
        until: Instant,
    ) -> Result<FilesWritten, Error> {
        let tenant = permit.tenant();
        let Stored { mut record, version } = self.load_export(tenant, id).await?;
        if record.is_to_be_noted() {
            return self.note_last_export(permit, record, version).await;
        }
        if record.is_over(self.clock.now()) {
            files.remove(&prefix(tenant, id)).await?;
            record.state = ExportState::Expired;
            let event = self.event(permit, "export.expire")?.on(id);
            self.store_export(Write::new(), &record, version)?.commit(self, event).await?;
            return Ok(FilesWritten::Expired);
        }
        if record.state != ExportState::Asked {
            return Ok(FilesWritten::Nothing);
        }
        if !self.is_there(tenant).await? {
            return self.give_export_up(permit, record, version, "purging").await;
        }
        let mut about =
            json!({ "export": id, "tenant": tenant, "asked_at": record.asked_at, "made_at": self.clock.now() });
        let mut selection = record.selection();
        if record.what.is_personal() {
            let Some(table) = right.and_then(|right| record.table(right)) else {
                return self.give_export_up(permit, record, version, "right_lost").await;
            };
            if let Some(choice) = &record.checkups {
                about["checkups"] = json!(choice);
            }
            selection.table = Some(table);
        }
        let told = std::future::ready(Ok((selection, about)));
        let mut asks = Stored { record, version };
        let progress = self.go_on(permit, files, &prefix(tenant, id), told, &mut asks, until).await?;
        let Stored { mut record, version } = asks;
        match progress {
            Progress::Complete => {}
            Progress::Unfinished => return Ok(FilesWritten::Unfinished),
            Progress::Hopeless => return self.give_export_up(permit, record, version, "attempts").await,
        }
        let now = self.clock.now();
        let file_until = now.plus_seconds(FILE_SECONDS);
        record.state = ExportState::Ready;
        record.file_until = Some(file_until);
        let mut write = Write::new();
        self.enqueue(&mut write, tenant, record.asked_by, &Notice::ExportReady { at: now, until: file_until }).await?;
        let hash = record.course.hash().unwrap_or_default().to_owned();
        let event = self.event(permit, "export.file")?.on(id).because(format!("sha256:{hash}"));
        self.store_export(write, &record, version)?.commit(self, event).await?;
        Ok(FilesWritten::Ready)
    }

    async fn give_export_up(
        &self,
        permit: &Permit<WriteExports>,
        mut record: Record,
        version: u64,
        reason: &str,
    ) -> Result<FilesWritten, Error> {
        record.state = ExportState::Failed;
        record.course = Course::default();
        let event = self.event(permit, "export.fail")?.on(record.id).refused(reason);
        self.store_export(Write::new(), &record, version)?.commit(self, event).await?;
        Ok(FilesWritten::Failed)
    }

    /// Says in the contract, which outlives the tenant, that the last export was taken.
    async fn note_last_export(
        &self,
        permit: &Permit<WriteExports>,
        mut record: Record,
        version: u64,
    ) -> Result<FilesWritten, Error> {
        let Some(taken_at) = record.taken_at else { return Ok(FilesWritten::Nothing) };
        record.noted = true;
        let mut write = Write::new();
        let values = Attributes::from([(":at".to_owned(), attribute(&taken_at)?), (":one".to_owned(), number(1))]);
        let expression = "SET last_export_at = :at, version = version + :one";
        let there = Some("attribute_exists(pk)");
        write.update(self, contracts::key(permit.tenant()), expression, there, values, || Error::NotFound)?;
        let event = self.event(permit, "contract.note_last_export")?.on(permit.tenant()).on(record.id);
        self.store_export(write, &record, version)?.commit(self, event.in_tenant(PLATFORM)).await?;
        Ok(FilesWritten::Noted)
    }

    async fn load_export(&self, tenant: TenantId, id: ExportId) -> Result<Stored<Record>, Error> {
        self.load(&key(tenant, id)).await?.ok_or(Error::NotFound)
    }

    fn store_export(&self, mut write: Write, record: &Record, version: u64) -> Result<Write, Error> {
        let key = key(record.tenant, record.id);
        write.put_over(self, key, item(record, version + 1)?, Some(version), || Error::Stale)?;
        Ok(write)
    }
}

/// An event of a file that shows people's health: they find it in their access log.
pub(crate) fn shown(event: Event, taken: &TakenFile) -> Event {
    Event { disclosure: !taken.people.is_empty(), ..event.on_all(&taken.people) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r17_everything_is_every_kind_that_there_is() {
        assert_eq!(ExportWhat::Everything.kinds(), ExportKind::all().collect::<Vec<_>>());
        for what in [ExportWhat::Organisation, ExportWhat::Employees, ExportWhat::Accounts] {
            assert!(
                what.kinds().iter().all(|kind| !kind.row().health),
                "{what:?}: an administrator sees no health data"
            );
        }
    }

    #[test]
    fn r17_an_address_is_good_for_whoever_asked_for_it_and_for_five_minutes() {
        let (by, other) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let at: Jst = "2026-04-01T09:00:00+09:00".parse().unwrap();
        let taking = Taking { by, at };
        assert!(taking.is_good(by, at.plus_seconds(299)) && !taking.is_good(by, at.plus_seconds(300)));
        assert!(!taking.is_good(other, at));
    }
}
