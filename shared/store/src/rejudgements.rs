//! Re-judgements (再判定): the stored checkups of a company, judged once more by the criteria that are valid on their days now. Adding criteria changes no letter that was given
//! ([`crate::criteria`]); whoever changes them says that it shall.
//!
//! ```text
//! asked ──every checkup was looked at──▶ done
//!   └── five runs failed, or the purge has begun ──▶ failed
//! ```
//!
//! The job goes page by page through the index of fiscal years; how far it is stands in the request. A checkup whose letters, or what is concluded from its items, become others
//! gets a version more, which names the criteria and keeps the one before ([`crate::checkups`]); it waits for a physician's opinion again. The others are left as they are. A page
//! that comes again finds its own work, and what somebody wrote meanwhile was judged then.

use std::time::Instant;

use authz::{
    Permit,
    permission::{ManageCriteria, RejudgeCheckups, ViewCriteria},
};
use domain::{
    checkup::change::Note,
    ids::{AccountId, PLATFORM, RejudgementId, TenantId},
    time::{Jst, fiscal_year},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::{of_platform, somebody},
    checkups::RejudgedPage,
    db::Range,
    item::{Attributes, Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition, shards},
    write::indexed,
};

const SCHEMA: u8 = 1;
const REASON: &str = "reason";
/// How many checkups make a page.
const PAGE: usize = 100;
/// How many re-judgements of a company wait or go on at the same time.
const MOST_AT_ONCE: usize = 3;
/// After how many runs that failed nobody tries again.
const MOST_ATTEMPTS: u8 = 5;

/// Where a re-judgement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejudgementState {
    /// It waits, or goes on.
    Asked,
    /// Every checkup was looked at.
    Done,
    /// It was given up.
    Failed,
}

/// How many checkups went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejudgementCounts {
    /// Judged once more.
    pub judged: u64,
    /// Of these, those whose judgement became another.
    pub changed: u64,
    /// Left alone, because somebody wrote them at that moment.
    pub left: u64,
}

/// A re-judgement.
#[derive(Debug, Clone)]
pub struct Rejudgement {
    /// Its id.
    pub id: RejudgementId,
    /// Where it is.
    pub state: RejudgementState,
    /// Checkups of this day and later are judged.
    pub examined_from: Date,
    /// The newest criteria when it was asked for.
    pub criteria_version: String,
    /// Why.
    pub reason: Note,
    /// Who asked for it.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Jst,
    /// How far it is.
    pub counts: RejudgementCounts,
    /// When it came to its end.
    pub ended_at: Option<Jst>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: RejudgementId,
    tenant: TenantId,
    #[serde(rename = "rejudgement_state")]
    state: RejudgementState,
    examined_from: Date,
    criteria_version: String,
    reason: Sealed,
    asked_by: AccountId,
    asked_at: Jst,
    counts: RejudgementCounts,
    /// The fiscal year that is next, and the last one.
    next_year: i16,
    last_year: i16,
    /// The shard of the year that is next, and after what in it.
    next_shard: usize,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next_after: Option<String>,
    #[serde(default)]
    attempts: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ended_at: Option<Jst>,
}

impl Record {
    /// The next page begins where this one, of which `last` was the last, ended.
    fn advance(&mut self, last: Option<String>) {
        self.next_after = last;
        if self.next_after.is_none() {
            self.next_shard += 1;
        }
        if self.next_shard >= shards().count() {
            self.next_shard = 0;
            self.next_year += 1;
        }
    }

    fn is_through(&self) -> bool {
        self.next_year > self.last_year
    }
}

/// What a run of the job did for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejudgedRun {
    /// Every checkup was looked at.
    Done,
    /// There is more to do.
    Unfinished,
    /// It was given up.
    Failed,
    /// There was nothing to do.
    Nothing,
}

fn key(tenant: TenantId, id: RejudgementId) -> Key {
    Key::new(Table::Records, tenant, Family::Rejudgement, "", id)
}

/// The index of what the job has to do; under the platform, for all tenants.
fn open_partition() -> String {
    partition(PLATFORM, Family::Rejudgement, "open")
}

fn item(record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(record.tenant, record.id), version, SCHEMA, record)?;
    Ok(match record.state {
        RejudgementState::Asked => {
            indexed(item, open_partition(), format!("{}#{}#{}", record.asked_at, record.tenant, record.id))
        }
        _ => item,
    })
}

impl Store {
    /// Asks for the checkups of `examined_from` and later to be judged once more; without a day, of all that criteria of the company's own are valid for.
    pub async fn ask_rejudgement(
        &self,
        permit: &Permit<ManageCriteria>,
        examined_from: Option<Date>,
        reason: &Note,
    ) -> Result<Prepared<Stored<Rejudgement>>, Error> {
        if !permit.reach().is_everybody() {
            return Err(authz::Denied::Forbidden.into());
        }
        let (tenant, asked_by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let settings = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record;
        let book = self.criteria_book(tenant).await?;
        let own = book.versions.iter().map(|version| version.criteria.draft().valid_from).min();
        let examined_from = examined_from.or(own).ok_or(Conflict::NoOwnCriteria)?;
        let newest = book.versions.last().map_or(&book.standard, |version| &version.criteria);
        let range = Range::whole(Table::Records, Family::Rejudgement, partition(tenant, Family::Rejudgement, ""));
        let (recent, _) = self.db.query(&range.descending().limit(MOST_AT_ONCE)).await?;
        let open = |item: &&Attributes| as_text(item, "rejudgement_state") == Some("asked");
        if recent.iter().filter(open).count() == MOST_AT_ONCE {
            return Err(Conflict::TooMany.into());
        }
        let id = self.new_id()?;
        let place = key(tenant, id);
        let record = Record {
            id,
            tenant,
            state: RejudgementState::Asked,
            examined_from,
            criteria_version: newest.version().to_string(),
            reason: self.seal(tenant, Purpose::Health, &place, REASON, reason).await?,
            asked_by,
            asked_at: now,
            counts: RejudgementCounts::default(),
            next_year: fiscal_year(examined_from, settings.fiscal_year_starts),
            last_year: fiscal_year(now.date(), settings.fiscal_year_starts),
            next_shard: 0,
            next_after: None,
            attempts: 0,
            ended_at: None,
        };
        let mut write = Write::new();
        let twice = || Error::Internal("a re-judgement's id came twice".to_owned());
        write.put_over(self, place, item(&record, 1)?, None, twice)?;
        let event = self.event(permit, "checkup_criteria.rejudge")?.on(id).on(&record.criteria_version);
        let thing = Stored { record: shown(record, reason.clone()), version: 1 };
        Ok(Prepared { thing, write, event })
    }

    /// The company's re-judgements, the newest first: up to `limit` after `after`, and where to go on.
    pub async fn rejudgements(
        &self,
        permit: &Permit<ViewCriteria>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Rejudgement>>, Option<String>), Error> {
        let pk = partition(permit.tenant(), Family::Rejudgement, "");
        let range = Range::whole(Table::Records, Family::Rejudgement, pk).descending().after(after).limit(limit);
        let (records, next) = self.page_of::<Record>(range).await?;
        let mut page = Vec::with_capacity(records.len());
        for stored in records {
            page.push(self.open_rejudgement(stored).await?);
        }
        Ok((page, next))
    }

    /// One of the company's re-judgements.
    pub async fn rejudgement(
        &self,
        permit: &Permit<ViewCriteria>,
        id: RejudgementId,
    ) -> Result<Stored<Rejudgement>, Error> {
        let stored = self.load::<Record>(&key(permit.tenant(), id)).await?.ok_or(Error::NotFound)?;
        self.open_rejudgement(stored).await
    }

    async fn open_rejudgement(&self, stored: Stored<Record>) -> Result<Stored<Rejudgement>, Error> {
        let Stored { record, version } = stored;
        let place = key(record.tenant, record.id);
        let reason = self.open(record.tenant, Purpose::Health, &place, REASON, &record.reason).await?;
        Ok(Stored { record: shown(record, reason), version })
    }

    /// The re-judgements that the job has something to do for, with who asked for each, the oldest first. The permit is the platform's.
    pub async fn rejudgements_to_work_on(
        &self,
        permit: &Permit<RejudgeCheckups>,
    ) -> Result<Vec<(TenantId, RejudgementId, AccountId)>, Error> {
        of_platform(permit)?;
        let range = Range::whole(Table::Records, Family::Rejudgement, open_partition()).by_index();
        let mut found = Vec::new();
        for item in self.db.query_all(range).await? {
            let Some(Stored { record, .. }) = from_item::<Record>(item, self.clock.now())? else { continue };
            found.push((record.tenant, record.id, record.asked_by));
        }
        Ok(found)
    }

    /// Goes on with a re-judgement of the permit's tenant while there is time. A run that fails counts, and the fifth is the last; what passes is tried again as long as it takes.
    pub async fn rejudge(
        &self,
        permit: &Permit<RejudgeCheckups>,
        id: RejudgementId,
        until: Instant,
    ) -> Result<RejudgedRun, Error> {
        let Some(mut stored) = self.load::<Record>(&key(permit.tenant(), id)).await? else {
            return Ok(RejudgedRun::Nothing);
        };
        if stored.record.state != RejudgementState::Asked {
            return Ok(RejudgedRun::Nothing);
        }
        if !self.is_there(permit.tenant()).await? {
            return self.end_rejudgement(permit, stored, RejudgementState::Failed).await;
        }
        let error = match self.rejudge_pages(permit, &mut stored, until).await {
            Ok(true) => return self.end_rejudgement(permit, stored, RejudgementState::Done).await,
            Ok(false) => return Ok(RejudgedRun::Unfinished),
            Err(error @ (Error::Unavailable(_) | Error::Stale)) => return Err(error),
            Err(error) => error,
        };
        stored.record.attempts += 1;
        tracing::error!(rejudgement = %id, attempts = stored.record.attempts, %error, "a re-judgement failed");
        if stored.record.attempts >= MOST_ATTEMPTS {
            return self.end_rejudgement(permit, stored, RejudgementState::Failed).await;
        }
        self.rejudgement_put(&stored)?.commit_unaudited(self).await?;
        Err(error)
    }

    /// Judges page after page; whether there is none left.
    async fn rejudge_pages(
        &self,
        permit: &Permit<RejudgeCheckups>,
        stored: &mut Stored<Record>,
        until: Instant,
    ) -> Result<bool, Error> {
        let tenant = permit.tenant();
        while !stored.record.is_through() {
            if Instant::now() >= until {
                return Ok(false);
            }
            let record = &stored.record;
            let shard = shards().nth(record.next_shard).ok_or_else(|| Error::Internal("no such shard".to_owned()))?;
            let pk = crate::checkups::year_partition(tenant, record.next_year, &shard);
            let range = Range::whole(Table::Records, Family::Checkup, pk).by_index();
            let (entries, more) = self.db.query(&range.after(record.next_after.clone()).limit(PAGE)).await?;
            let last = entries.last().filter(|_| more).and_then(|item| as_text(item, "gsi1sk").map(str::to_owned));
            let page = if entries.is_empty() {
                RejudgedPage::default()
            } else {
                // Read for each page: criteria that come while this goes on hold for what is still to come.
                let book = self.criteria_book(tenant).await?;
                self.rejudge_page(permit, &book, record.examined_from, record.asked_at, entries).await?
            };
            // What has not been written is not remembered either: a page whose event is lost comes again.
            let mut next = stored.clone();
            next.record.counts.judged += page.judged;
            next.record.counts.changed += page.changed.len() as u64;
            next.record.counts.left += page.left;
            next.record.advance(last);
            let write = self.rejudgement_put(&next)?;
            if page.changed.is_empty() {
                write.commit_unaudited(self).await?;
            } else {
                let ids = page.changed.iter().flat_map(|(whose, id)| [whose.to_string(), id.to_string()]);
                let event = self.event(permit, "checkup.rejudge")?.on(stored.record.id).on_all(ids);
                write.commit(self, event).await?;
            }
            next.version += 1;
            *stored = next;
        }
        Ok(true)
    }

    async fn end_rejudgement(
        &self,
        permit: &Permit<RejudgeCheckups>,
        mut stored: Stored<Record>,
        state: RejudgementState,
    ) -> Result<RejudgedRun, Error> {
        stored.record.state = state;
        stored.record.ended_at = Some(self.clock.now());
        let event = self.event(permit, "checkup_criteria.rejudged")?.on(stored.record.id);
        let failed = state == RejudgementState::Failed;
        let event = if failed { event.refused("gave_up") } else { event };
        self.rejudgement_put(&stored)?.commit(self, event).await?;
        Ok(if failed { RejudgedRun::Failed } else { RejudgedRun::Done })
    }

    /// A write of the request as it is now, in the place of what was read.
    fn rejudgement_put(&self, stored: &Stored<Record>) -> Result<Write, Error> {
        let Stored { record, version } = stored;
        let mut write = Write::new();
        let place = key(record.tenant, record.id);
        write.put_over(self, place, item(record, version + 1)?, Some(*version), || Error::Stale)?;
        Ok(write)
    }
}

fn shown(record: Record, reason: Note) -> Rejudgement {
    Rejudgement {
        id: record.id,
        state: record.state,
        examined_from: record.examined_from,
        criteria_version: record.criteria_version,
        reason,
        asked_by: record.asked_by,
        asked_at: record.asked_at,
        counts: record.counts,
        ended_at: record.ended_at,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r34_every_shard_of_every_year_has_its_turn_and_none_twice() {
        let at: Jst = "2026-11-24T10:00:00+09:00".parse().unwrap();
        let mut record = Record {
            id: RejudgementId::from_bytes([1; 16]),
            tenant: TenantId::from_bytes([2; 16]),
            state: RejudgementState::Asked,
            examined_from: date(2025, 4, 1),
            criteria_version: "own".to_owned(),
            reason: Sealed(Vec::new()),
            asked_by: AccountId::from_bytes([3; 16]),
            asked_at: at,
            counts: RejudgementCounts::default(),
            next_year: 2025,
            last_year: 2026,
            next_shard: 0,
            next_after: None,
            attempts: 0,
            ended_at: None,
        };
        let mut seen = Vec::new();
        while !record.is_through() {
            seen.push((record.next_year, record.next_shard));
            if record.next_shard == 3 && record.next_after.is_none() {
                record.advance(Some("2025-06-01#chk".to_owned()));
                assert_eq!(record.next_shard, 3, "the rest of the shard comes first");
            }
            record.advance(None);
        }
        let all: Vec<_> = [2025, 2026].into_iter().flat_map(|year| (0..16).map(move |shard| (year, shard))).collect();
        assert_eq!(seen, all);
    }
}
