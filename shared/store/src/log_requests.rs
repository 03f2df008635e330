//! Requests for logs (ログの提供依頼, R-21): somebody of a company asks, with a reason, for what was logged of the company in a period; one of the provider's people releases it or
//! refuses; then a file is made that holds this company's lines alone. Individuals cannot ask: what was seen of them is in their access log.
//!
//! ```text
//!         release                  every part is written             7 days later
//! asked ───────────▶ released ───────────────────────────▶ ready ─────────────────▶ expired
//!   └───── refuse ─▶ refused
//! ```
//!
//! The file is the audit trail of the period, in parts that a request can answer with, each sealed with the tenant's `files` key. Lines of the application's log are added by an operator
//! by hand (`docs/runbooks/release-logs.md`). Every step stands in both trails, the company's and the provider's.

use authz::{
    Permit,
    permission::{AskForLogs, DecideLogRequests, DownloadLogs, ReviewLogRequests, WriteLogs},
};
use domain::{
    checked::line,
    ids::{AccountId, LogRequestId, PLATFORM, TenantId},
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, Event, Files, Notice, Prepared, RETENTION_DAYS, Store, Write,
    callers::{of_platform, somebody, whole_tenant},
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// For how many days the file can be fetched.
const FILE_DAYS: i64 = 7;
/// How long a reason is.
const REASON: std::ops::RangeInclusive<usize> = 10..=500;
/// How large a part is, as JSON: its CSV must fit into an answer, which is 6 MB at most.
const PART_BYTES: usize = 2_000_000;
/// How many operators are told of a request at most: a transaction takes a hundred items.
const MOST_OPERATORS: usize = 90;
/// What is sealed of a request.
const WORDS: &str = "words";

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogRequestState {
    /// It waits for an operator.
    Asked,
    /// The file is being made.
    Released,
    /// The file can be fetched.
    Ready,
    /// It was refused.
    Refused,
    /// The file's time is over.
    Expired,
}

impl LogRequestState {
    const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Released => "released",
            Self::Ready => "ready",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// Whether anything is still to be done about it.
    const fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::Released | Self::Ready)
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct LogRequest {
    /// Its id.
    pub id: LogRequestId,
    /// Whose lines.
    pub tenant: TenantId,
    /// Where it is.
    pub state: LogRequestState,
    /// The first day.
    pub since: Date,
    /// The last day.
    pub until: Date,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Jst,
    /// When it was released or refused.
    pub decided_at: Option<Jst>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// How many lines each part of the file has.
    pub parts: Vec<usize>,
    /// Until when the file can be fetched.
    pub file_until: Option<Jst>,
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct NewLogRequest {
    since: Date,
    until: Date,
    reason: String,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogRequestFault {
    /// The period does not lie within what is kept, or is not over.
    Period,
    /// There is no reason, or a long one.
    Reason,
}

impl NewLogRequest {
    /// A period that is over and still kept, and a reason in one line; or everything that is wrong.
    pub fn parse(since: Date, until: Date, reason: &str, today: Date) -> Result<Self, Vec<LogRequestFault>> {
        let oldest = today.saturating_sub(RETENTION_DAYS.days());
        let reason = given_reason(reason);
        let faults = [
            (since > until || until >= today || since < oldest, LogRequestFault::Period),
            (reason.is_none(), LogRequestFault::Reason),
        ];
        match reason {
            Some(reason) if !faults[0].0 => Ok(Self { since, until, reason }),
            _ => Err(faults.into_iter().filter(|(is_so, _)| *is_so).map(|(_, fault)| fault).collect()),
        }
    }
}

/// A reason: one line of 10 to 500 characters.
#[must_use]
pub fn given_reason(text: &str) -> Option<String> {
    line(text, *REASON.end()).map(String::from).filter(|reason| REASON.contains(&reason.chars().count()))
}

/// A request as it is stored. What was said is sealed with the tenant's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: LogRequestId,
    tenant: TenantId,
    #[serde(rename = "log_request_state")]
    state: LogRequestState,
    since: Date,
    #[serde(rename = "last_day")]
    until: Date,
    asked_by: AccountId,
    asked_at: Jst,
    words: Sealed,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_at: Option<Jst>,
    #[serde(default)]
    parts: Vec<usize>,
    /// Up to which day the file has been written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    written: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    file_until: Option<Jst>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Words {
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    refusal: Option<String>,
}

fn key(tenant: TenantId, id: LogRequestId) -> Key {
    Key::new(Table::Records, tenant, Family::LogRequest, "", id)
}

/// The index of what is open, for operators and for the job; under the platform, for all tenants.
fn open_partition(state: LogRequestState) -> String {
    partition(PLATFORM, Family::LogRequest, state.name())
}

fn item(record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(record.tenant, record.id), version, SCHEMA, record)?;
    if !record.state.is_open() {
        return Ok(item);
    }
    let sk = format!("{}#{}#{}", record.asked_at, record.tenant, record.id);
    Ok(indexed(item, open_partition(record.state), sk))
}

/// Where a part of the file lies, counted from 1.
fn part_key(tenant: TenantId, id: LogRequestId, number: usize) -> String {
    format!("{tenant}/made/logs/{id}/{number}.json")
}

/// What a run of the job did for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogsWritten {
    /// The file is ready.
    Ready,
    /// There is more to write.
    Unfinished,
    /// The file's time was over, and it is gone.
    Expired,
    /// There was nothing to do.
    Nothing,
}

impl Store {
    /// Asks for the lines of a period.
    pub async fn ask_for_logs(
        &self,
        permit: &Permit<AskForLogs>,
        new: NewLogRequest,
    ) -> Result<Prepared<Stored<LogRequest>>, Error> {
        whole_tenant(permit)?;
        let account = somebody(permit)?;
        let (id, tenant) = (self.new_id()?, permit.tenant());
        let words = Words { reason: new.reason, refusal: None };
        let record = Record {
            id,
            tenant,
            state: LogRequestState::Asked,
            since: new.since,
            until: new.until,
            asked_by: account,
            asked_at: self.clock.now(),
            words: self.seal(tenant, Purpose::Files, &key(tenant, id), WORDS, &words).await?,
            decided_at: None,
            parts: Vec::new(),
            written: None,
            file_until: None,
        };
        let mut write = Write::new();
        let twice = || Error::Internal("a request's id came twice".to_owned());
        write.put_over(self, key(tenant, id), item(&record, 1)?, None, twice)?;
        let event = self.event(permit, "log_request.ask")?.on(id).accounted_for(&words.reason);
        write.tell(self, &event.clone().in_tenant(PLATFORM).on(tenant).again(self)?).await?;
        let notice = Notice::LogRequestAsked { at: record.asked_at };
        for operator in self.operators().await?.into_iter().take(MOST_OPERATORS) {
            self.enqueue(&mut write, PLATFORM, operator, &notice).await?;
        }
        Ok(Prepared { thing: Stored { record: request(record, words), version: 1 }, write, event })
    }

    /// The company's own requests, the newest first: up to `limit` after `after`, and where to go on.
    pub async fn log_requests(
        &self,
        permit: &Permit<AskForLogs>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<LogRequest>>, Option<String>), Error> {
        whole_tenant(permit)?;
        let pk = partition(permit.tenant(), Family::LogRequest, "");
        let range = Range::whole(Table::Records, Family::LogRequest, pk).descending().after(after).limit(limit);
        self.page(range, "sk").await
    }

    /// One of the company's own requests.
    pub async fn log_request(
        &self,
        permit: &Permit<AskForLogs>,
        id: LogRequestId,
    ) -> Result<Stored<LogRequest>, Error> {
        whole_tenant(permit)?;
        self.opened(self.load_log_request(permit.tenant(), id).await?).await
    }

    /// The requests of all companies that are in `state`, those first that have waited longest.
    pub async fn open_log_requests(
        &self,
        permit: &Permit<ReviewLogRequests>,
        state: LogRequestState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<LogRequest>>, Option<String>), Error> {
        of_platform(permit)?;
        let range = Range::whole(Table::Records, Family::LogRequest, open_partition(state)).by_index();
        self.page(range.after(after).limit(limit), "gsi1sk").await
    }

    /// One request of any company.
    pub async fn log_request_of(
        &self,
        permit: &Permit<ReviewLogRequests>,
        tenant: TenantId,
        id: LogRequestId,
    ) -> Result<Stored<LogRequest>, Error> {
        of_platform(permit)?;
        self.opened(self.load_log_request(tenant, id).await?).await
    }

    /// Releases what was asked for: the file is made next.
    pub async fn release_logs(
        &self,
        permit: &Permit<DecideLogRequests>,
        tenant: TenantId,
        id: LogRequestId,
        version: u64,
    ) -> Result<Prepared<Stored<LogRequest>>, Error> {
        self.decide(permit, tenant, id, version, None).await
    }

    /// Refuses it, and says why.
    pub async fn refuse_logs(
        &self,
        permit: &Permit<DecideLogRequests>,
        tenant: TenantId,
        id: LogRequestId,
        version: u64,
        refusal: String,
    ) -> Result<Prepared<Stored<LogRequest>>, Error> {
        self.decide(permit, tenant, id, version, Some(refusal)).await
    }

    async fn decide(
        &self,
        permit: &Permit<DecideLogRequests>,
        tenant: TenantId,
        id: LogRequestId,
        version: u64,
        refusal: Option<String>,
    ) -> Result<Prepared<Stored<LogRequest>>, Error> {
        of_platform(permit)?;
        let Stored { mut record, version: found } = self.load_log_request(tenant, id).await?;
        if found != version {
            return Err(Error::Stale);
        }
        if record.state != LogRequestState::Asked {
            return Err(Conflict::WrongState.into());
        }
        let place = key(tenant, id);
        let mut words: Words = self.open(tenant, Purpose::Files, &place, WORDS, &record.words).await?;
        words.refusal = refusal;
        let (state, action) = match words.refusal {
            None => (LogRequestState::Released, "log_request.release"),
            Some(_) => (LogRequestState::Refused, "log_request.refuse"),
        };
        record.state = state;
        record.decided_at = Some(self.clock.now());
        record.words = self.seal(tenant, Purpose::Files, &place, WORDS, &words).await?;
        let mut write = Write::new();
        self.put_log_request(&mut write, &record, version)?;
        let event = self.event(permit, action)?.on(tenant).on(id);
        let event = match &words.refusal {
            Some(refusal) => event.accounted_for(refusal),
            None => event,
        };
        write.tell(self, &event.clone().in_tenant(tenant).again(self)?).await?;
        if state == LogRequestState::Refused {
            self.enqueue(&mut write, tenant, record.asked_by, &Notice::LogRequestRefused { at: self.clock.now() })
                .await?;
        }
        let thing = Stored { record: request(record, words), version: version + 1 };
        Ok(Prepared { thing, write, event })
    }

    /// One part of the file, counted from 1. The event is written first: it says who took which.
    pub async fn log_part(
        &self,
        permit: &Permit<DownloadLogs>,
        files: &Files,
        id: LogRequestId,
        number: usize,
    ) -> Result<Vec<Event>, Error> {
        whole_tenant(permit)?;
        let tenant = permit.tenant();
        let record = self.load_log_request(tenant, id).await?.record;
        let is_there = record.file_until.is_some_and(|until| self.clock.now() < until);
        if record.state != LogRequestState::Ready || !is_there {
            return Err(Conflict::WrongState.into());
        }
        if !(1..=record.parts.len()).contains(&number) {
            return Err(Error::NotFound);
        }
        let plain = self.open_file(files, tenant, &part_key(tenant, id, number)).await?;
        let event = self.event(permit, "log_request.download")?.on(id).because(format!("part:{number}"));
        let mut write = Write::new();
        write.tell(self, &event.clone().in_tenant(PLATFORM).on(tenant).again(self)?).await?;
        write.commit(self, event).await?;
        Ok(serde_json::from_slice(&plain)?)
    }

    /// The requests whose file is to be made, or to be taken away. The permit is the platform's.
    pub async fn log_requests_to_work_on(
        &self,
        permit: &Permit<WriteLogs>,
    ) -> Result<Vec<(TenantId, LogRequestId)>, Error> {
        of_platform(permit)?;
        let mut found = Vec::new();
        for state in [LogRequestState::Released, LogRequestState::Ready] {
            let range = Range::whole(Table::Records, Family::LogRequest, open_partition(state)).by_index();
            for item in self.db.query_all(range).await? {
                let Some(Stored { record, .. }) = from_item::<Record>(item, self.clock.now())? else { continue };
                if state == LogRequestState::Released || self.is_over(&record) {
                    found.push((record.tenant, record.id));
                }
            }
        }
        Ok(found)
    }

    fn is_over(&self, record: &Record) -> bool {
        record.file_until.is_some_and(|until| until <= self.clock.now())
    }

    /// Goes on with one request of the permit's tenant, day by day, while there is time: a run that dies is taken up where it was. When the file is complete, whoever asked gets a mail.
    pub async fn write_logs(
        &self,
        permit: &Permit<WriteLogs>,
        files: &Files,
        id: LogRequestId,
        until: std::time::Instant,
    ) -> Result<LogsWritten, Error> {
        let tenant = permit.tenant();
        let Stored { mut record, mut version } = self.load_log_request(tenant, id).await?;
        if record.state == LogRequestState::Ready && self.is_over(&record) {
            return self.expire_logs(permit, files, record, version).await;
        }
        if record.state != LogRequestState::Released {
            return Ok(LogsWritten::Nothing);
        }
        loop {
            let day = record.written.map_or(record.since, |day| day.saturating_add(1.day()));
            if day > record.until {
                break;
            }
            if std::time::Instant::now() >= until {
                return Ok(LogsWritten::Unfinished);
            }
            for part in parts(self.open_trail_of(tenant, day).await?)? {
                let number = record.parts.len() + 1;
                self.seal_file(files, tenant, &part_key(tenant, id, number), part.json.as_bytes()).await?;
                record.parts.push(part.lines);
            }
            record.written = Some(day);
            let mut write = Write::new();
            self.put_log_request(&mut write, &record, version)?;
            // A step of the job's: what it comes to has its event.
            write.commit_unaudited(self).await?;
            version += 1;
        }
        let now = self.clock.now();
        let file_until = now.plus_seconds(FILE_DAYS * 86_400);
        record.state = LogRequestState::Ready;
        record.file_until = Some(file_until);
        let mut write = Write::new();
        self.put_log_request(&mut write, &record, version)?;
        self.enqueue(&mut write, tenant, record.asked_by, &Notice::LogRequestReady { at: now, until: file_until })
            .await?;
        self.in_both_trails(permit, write, "log_request.file", id).await?;
        Ok(LogsWritten::Ready)
    }

    /// Takes the file away, all versions of it.
    async fn expire_logs(
        &self,
        permit: &Permit<WriteLogs>,
        files: &Files,
        mut record: Record,
        version: u64,
    ) -> Result<LogsWritten, Error> {
        let id = record.id;
        files.remove(&format!("{}/made/logs/{id}/", permit.tenant())).await?;
        record.state = LogRequestState::Expired;
        let mut write = Write::new();
        self.put_log_request(&mut write, &record, version)?;
        self.in_both_trails(permit, write, "log_request.expire", id).await?;
        Ok(LogsWritten::Expired)
    }

    async fn in_both_trails(
        &self,
        permit: &Permit<WriteLogs>,
        mut write: Write,
        action: &str,
        id: LogRequestId,
    ) -> Result<(), Error> {
        let event = self.event(permit, action)?.on(id);
        write.tell(self, &event.clone().in_tenant(PLATFORM).on(permit.tenant()).again(self)?).await?;
        write.commit(self, event).await
    }

    async fn load_log_request(&self, tenant: TenantId, id: LogRequestId) -> Result<Stored<Record>, Error> {
        self.load(&key(tenant, id)).await?.ok_or(Error::NotFound)
    }

    fn put_log_request(&self, write: &mut Write, record: &Record, version: u64) -> Result<(), Error> {
        let key = key(record.tenant, record.id);
        write.put_over(self, key, item(record, version + 1)?, Some(version), || Error::Stale)?;
        Ok(())
    }

    async fn page(&self, range: Range, sort: &str) -> Result<(Vec<Stored<LogRequest>>, Option<String>), Error> {
        let (items, more) = self.db.query(&range).await?;
        let next = items.last().filter(|_| more).and_then(|item| as_text(item, sort).map(str::to_owned));
        let mut page = Vec::with_capacity(items.len());
        for item in items {
            if let Some(stored) = from_item(item, self.clock.now())? {
                page.push(self.opened(stored).await?);
            }
        }
        Ok((page, next))
    }

    async fn opened(&self, Stored { record, version }: Stored<Record>) -> Result<Stored<LogRequest>, Error> {
        let place = key(record.tenant, record.id);
        let words = self.open(record.tenant, Purpose::Files, &place, WORDS, &record.words).await?;
        Ok(Stored { record: request(record, words), version })
    }
}

fn request(record: Record, words: Words) -> LogRequest {
    LogRequest {
        id: record.id,
        tenant: record.tenant,
        state: record.state,
        since: record.since,
        until: record.until,
        reason: words.reason,
        asked_by: record.asked_by,
        asked_at: record.asked_at,
        decided_at: record.decided_at,
        refusal: words.refusal,
        parts: record.parts,
        file_until: record.file_until,
    }
}

/// A part of the file.
struct Part {
    json: String,
    lines: usize,
}

/// A day's events in parts, in their order; none for a day without.
fn parts(events: Vec<Event>) -> Result<Vec<Part>, Error> {
    let mut parts: Vec<Part> = Vec::new();
    for event in events {
        let line = serde_json::to_string(&event)?;
        match parts.last_mut().filter(|part| part.json.len() + line.len() < PART_BYTES) {
            Some(part) => {
                part.json.push(',');
                part.json.push_str(&line);
                part.lines += 1;
            }
            None => parts.push(Part { json: format!("[{line}"), lines: 1 }),
        }
    }
    for part in &mut parts {
        part.json.push(']');
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r21_a_period_is_over_and_still_kept_and_a_reason_says_something() {
        let today = date(2026, 6, 30);
        let parse = |since, until, reason| NewLogRequest::parse(since, until, reason, today).map(|_| ()).unwrap_err();
        let (from, to) = (date(2026, 6, 1), date(2026, 6, 29));
        assert!(NewLogRequest::parse(from, to, "社内調査のために確認します。", today).is_ok());
        assert_eq!(parse(from, to, "調査"), [LogRequestFault::Reason]);
        assert_eq!(parse(from, today, "社内調査のために確認します。"), [LogRequestFault::Period], "today is not over");
        assert_eq!(parse(to, from, "x"), [LogRequestFault::Period, LogRequestFault::Reason]);
        assert_eq!(parse(date(2025, 5, 1), to, "社内調査のために確認します。"), [LogRequestFault::Period]);
    }
}
