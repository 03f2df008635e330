//! Results towards the worker and the employer ([`domain::stress::sharing`]): the worker is told alone, looks, and then says by an act of its own whether the employer may see it. Each read of
//! the employer's joins that word as it stands at that moment, and nothing is kept of it elsewhere; what has no word behind it is not there, whatever the reason.

use std::collections::HashMap;

use authz::{
    Permission, Permit,
    permission::{ShareOwnStress, ViewOwnStress, ViewSharedStress, ViewStressRequests},
};
use domain::{
    ids::{EmployeeId, StressRoundId, TenantId},
    remark::Remark,
    stress::{
        round::RoundState,
        sharing::{CONSENT_VERSION, NotNow, Setting, Sharing, SharingAct, within_a_month},
    },
    time::Jst,
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, confidant::Seen, key, results::StressResult};
use crate::{
    Conflict, Error, Event, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

/// The attribute that is sealed of it.
const WORDS: &str = "words";
/// How many steps are kept of one worker's words.
const MOST_STEPS: usize = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    round: StressRoundId,
    employee: EmployeeId,
    sharing: Sharing,
    /// By when an interview is to be held, while one is requested.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    interview_by: Option<Date>,
    words: Sealed,
    updated_at: Jst,
}

/// What the worker said, in order.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Words {
    /// What they wish for the interview, in their own words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    wish: Option<Remark>,
    steps: Vec<Step>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Step {
    at: Jst,
    act: SharingAct,
    /// To which edition of the words a consent was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version: Option<String>,
}

/// A worker's word that stands, as it was read a moment ago: what opens a result for the employer. Only [`Opened::word`] makes one.
pub(super) struct Word {
    tenant: TenantId,
    round: StressRoundId,
    employee: EmployeeId,
}

impl Word {
    pub(super) const fn tenant(&self) -> TenantId {
        self.tenant
    }
    pub(super) const fn round(&self) -> StressRoundId {
        self.round
    }
    pub(super) const fn employee(&self) -> EmployeeId {
        self.employee
    }
}

/// The words of one worker, opened or not there yet.
struct Opened {
    tenant: TenantId,
    record: Record,
    version: u64,
}

impl Opened {
    /// The word, if it stands.
    fn word(&self) -> Option<Word> {
        let Record { round, employee, .. } = self.record;
        self.record.sharing.stands().then_some(Word { tenant: self.tenant, round, employee })
    }
}

/// One's own result, with how it stands towards the employer.
#[derive(Debug, Clone)]
pub struct OwnStressResult {
    /// The result.
    pub result: StressResult,
    /// How it stands.
    pub sharing: Sharing,
    /// By when an interview is best requested: a month after the worker was told.
    pub ask_by: Date,
    /// By when an interview is to be held, while one is requested.
    pub interview_by: Option<Date>,
    /// The round was archived: nothing more is said.
    pub over: bool,
}

/// What a worker says with an act.
#[derive(Debug, Clone, Default)]
pub struct SaidWith {
    /// What they wish for the interview.
    pub wish: Option<Remark>,
}

/// That somebody has shared a result; not the result.
#[derive(Debug, Clone, Copy)]
pub struct SharedHead {
    /// Who.
    pub employee: EmployeeId,
    /// They consented.
    pub consented_at: Option<Jst>,
    /// They requested an interview.
    pub requested_at: Option<Jst>,
}

/// A result that was shared: what the law lets the employer have, and no answer.
#[derive(Debug, Clone)]
pub struct SharedResult {
    /// That it was.
    pub head: SharedHead,
    /// The result.
    pub result: StressResult,
}

/// A request for an interview (面接指導の申出).
#[derive(Debug, Clone)]
pub struct InterviewRequest {
    /// Who.
    pub employee: EmployeeId,
    /// When.
    pub requested_at: Jst,
    /// By when the interview is to be held.
    pub interview_by: Date,
    /// What they wish for it.
    pub wish: Option<Remark>,
}

fn place(tenant: TenantId, round: StressRoundId, employee: EmployeeId) -> Key {
    key(tenant, Family::StressSharing, round, employee)
}

/// What was shared of a round, requests first by when their interview is due. Whatever was not is not in it.
fn shared_of(tenant: TenantId, round: StressRoundId) -> String {
    partition(tenant, Family::StressSharing, format_args!("shared#{round}"))
}

fn setting(seen: &Seen, result: &StressResult) -> Setting {
    let record = &seen.round.record;
    Setting {
        told: record.signed_at.is_some(),
        needs_interview: result.needs_interview(),
        over: record.state == RoundState::Archived,
    }
}

fn head(record: &Record) -> SharedHead {
    let Sharing { consented_at, requested_at, .. } = record.sharing;
    SharedHead { employee: record.employee, consented_at, requested_at }
}

impl Store {
    /// One's own result, once an implementer has signed. That it was looked at is noted the first time: no consent comes before.
    pub async fn own_stress_result(
        &self,
        permit: &Permit<ViewOwnStress>,
        round: StressRoundId,
    ) -> Result<Stored<OwnStressResult>, Error> {
        let (seen, result, mut opened) = self.own_result(permit, round).await?;
        if opened.record.sharing.seen_at.is_none() {
            let setting = setting(&seen, &result);
            let mut write = Write::new();
            let acted = self.act_on_sharing(&mut write, opened, SharingAct::See, setting, SaidWith::default()).await?;
            opened = acted.map_err(|_| Error::NotFound)?;
            let event = self.event(permit, "stress_result.own")?.on(seen.employee.id).on(round).in_confidence();
            write.commit(self, Event { disclosure: true, ..event }).await?;
        } else {
            let subjects = [seen.employee.id.to_string(), round.to_string()];
            self.disclose_in_confidence(permit, "stress_result.own", subjects, ()).await?;
        }
        own(&seen, result, &opened)
    }

    /// What one's own answers came to, for a drawing of it. Whoever has seen no more than that has not seen the result: the trail says so, and it counts for nothing else.
    pub async fn own_stress_profile(
        &self,
        permit: &Permit<ViewOwnStress>,
        round: StressRoundId,
    ) -> Result<StressResult, Error> {
        let (seen, result, _) = self.own_result(permit, round).await?;
        let subjects = [seen.employee.id.to_string(), round.to_string()];
        self.disclose_in_confidence(permit, "stress_result.own", subjects, ()).await?;
        Ok(result)
    }

    /// Says something about one's own result: consents, withdraws that, requests an interview, takes that back; or why it cannot be.
    pub async fn share_stress_result(
        &self,
        permit: &Permit<ShareOwnStress>,
        round: StressRoundId,
        version: u64,
        act: SharingAct,
        said: SaidWith,
    ) -> Result<Result<Prepared<Stored<OwnStressResult>>, NotNow>, Error> {
        let (seen, result, opened) = self.own_result(permit, round).await?;
        if opened.version != version {
            return Err(Error::Stale);
        }
        let setting = setting(&seen, &result);
        let mut write = Write::new();
        let opened = match self.act_on_sharing(&mut write, opened, act, setting, said).await? {
            Ok(opened) => opened,
            Err(not_now) => return Ok(Err(not_now)),
        };
        let event = self.event(permit, "stress_result.share")?.on(seen.employee.id).on(round).in_confidence();
        Ok(Ok(Prepared { thing: own(&seen, result, &opened)?, write, event }))
    }

    /// Who has shared a result of a round with the employer, as far as the caller reaches them; the results are read one by one.
    pub async fn shared_stress_results(
        &self,
        permit: &Permit<ViewSharedStress>,
        round: StressRoundId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<SharedHead>, Option<String>), Error> {
        let (found, next) = self.shared_within(permit, round, after, limit, |_| true).await?;
        let heads: Vec<SharedHead> = found.iter().map(|opened| head(&opened.record)).collect();
        let subjects = heads.iter().map(|head| head.employee.to_string()).chain([round.to_string()]);
        let subjects: Vec<String> = subjects.collect();
        Ok((self.disclose_in_confidence(permit, "stress_result.shared_list", subjects, heads).await?, next))
    }

    /// A result that its worker has shared, if the word stands at this moment; otherwise it is not there, as what never was. The first time, the word is used: it is withdrawn before that, or
    /// not any more, and whichever comes first has happened.
    pub async fn shared_stress_result(
        &self,
        permit: &Permit<ViewSharedStress>,
        round: StressRoundId,
        employee: EmployeeId,
    ) -> Result<SharedResult, Error> {
        let tenant = permit.tenant();
        let (_, opened) =
            try_join(self.placed_within(permit, employee), self.sharing_of(tenant, round, employee)).await?;
        let opened = opened.ok_or(Error::NotFound)?;
        let word = opened.word().ok_or(Error::NotFound)?;
        let result = self.result_by_word(&word).await?.ok_or(Error::NotFound)?;
        let head = head(&opened.record);
        if opened.record.sharing.used_at.is_none() {
            let setting = Setting { told: true, needs_interview: result.needs_interview(), over: false };
            let mut write = Write::new();
            let acted = self.act_on_sharing(&mut write, opened, SharingAct::Use, setting, SaidWith::default()).await?;
            acted.map_err(|_| Error::NotFound)?;
            let event = self.event(permit, "stress_result.shared_read")?.on(employee).on(round).in_confidence();
            match write.commit(self, Event { disclosure: true, ..event }).await {
                Ok(()) => Ok(SharedResult { head, result }),
                // The word has changed at this moment: whoever asks again learns how it stands.
                Err(Error::Stale) => Err(Error::Unavailable("the worker's word changed meanwhile".to_owned())),
                Err(error) => Err(error),
            }
        } else {
            let subjects = [employee.to_string(), round.to_string()];
            self.disclose_in_confidence(permit, "stress_result.shared_read", subjects, SharedResult { head, result })
                .await
        }
    }

    /// Who has requested an interview after a round, those first whose interview is due first.
    pub async fn interview_requests(
        &self,
        permit: &Permit<ViewStressRequests>,
        round: StressRoundId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<InterviewRequest>, Option<String>), Error> {
        let requested = |record: &Record| record.sharing.requested_at.is_some();
        let (found, next) = self.shared_within(permit, round, after, limit, requested).await?;
        let mut requests = Vec::with_capacity(found.len());
        for opened in found {
            let words = self.words_of_sharing(&opened).await?;
            let Record { employee, sharing, interview_by, .. } = opened.record;
            let (Some(requested_at), Some(interview_by)) = (sharing.requested_at, interview_by) else { continue };
            requests.push(InterviewRequest { employee, requested_at, interview_by, wish: words.wish });
        }
        let subjects = requests.iter().map(|request| request.employee.to_string()).chain([round.to_string()]);
        let subjects: Vec<String> = subjects.collect();
        Ok((self.disclose_in_confidence(permit, "stress_interview.list", subjects, requests).await?, next))
    }

    /// Of these people and rounds those of whom a request for an interview stands at this moment, each with the day by which it is to be held. Nothing of it is opened.
    pub(crate) async fn standing_requests(
        &self,
        tenant: TenantId,
        asked: &[(StressRoundId, EmployeeId)],
    ) -> Result<HashMap<(StressRoundId, EmployeeId), Date>, Error> {
        let keys: Vec<Key> = asked.iter().map(|(round, employee)| place(tenant, *round, *employee)).collect();
        let now = self.clock.now();
        let mut standing = HashMap::new();
        for item in self.db.batch_get(&keys).await?.into_iter().flatten() {
            let Some(Stored { record, .. }) = crate::item::from_item::<Record>(item, now)? else { continue };
            let due = record.interview_by.filter(|_| record.sharing.requested_at.is_some());
            standing.extend(due.map(|due| ((record.round, record.employee), due)));
        }
        Ok(standing)
    }

    /// Adds to `write` that somebody's request for an interview must stand.
    pub(crate) fn hold_request(
        &self,
        write: &mut Write,
        tenant: TenantId,
        round: StressRoundId,
        employee: EmployeeId,
    ) -> Result<(), Error> {
        let place = place(tenant, round, employee);
        write.check(self, place, "attribute_exists(interview_by)", Attributes::new(), || {
            Conflict::MissingReference.into()
        })?;
        Ok(())
    }

    /// One's own result and words. Before an implementer has signed, and without answers, there is none.
    async fn own_result<P: super::confidant::Examinee>(
        &self,
        permit: &Permit<P>,
        round: StressRoundId,
    ) -> Result<(Seen, StressResult, Opened), Error> {
        let seen = self.own_part(permit, round).await?;
        if seen.round.record.signed_at.is_none() {
            return Err(Error::NotFound);
        }
        let (tenant, employee) = (permit.tenant(), seen.employee.id);
        let (result, words) = try_join(self.result_in(&seen), self.sharing_of(tenant, round, employee)).await?;
        let result = result.ok_or(Error::NotFound)?.record;
        let none = || Record {
            round,
            employee,
            sharing: Sharing::default(),
            interview_by: None,
            words: Sealed(Vec::new()),
            updated_at: self.clock.now(),
        };
        let opened = words.unwrap_or_else(|| Opened { tenant, record: none(), version: 0 });
        Ok((seen, result, opened))
    }

    /// How somebody's result stands towards the employer.
    pub(super) async fn sharing_in(&self, seen: &Seen) -> Result<Sharing, Error> {
        let stored = self.sharing_of(seen.insight.tenant(), seen.round.record.id, seen.employee.id).await?;
        Ok(stored.map_or_else(Sharing::default, |opened| opened.record.sharing))
    }

    async fn sharing_of(
        &self,
        tenant: TenantId,
        round: StressRoundId,
        employee: EmployeeId,
    ) -> Result<Option<Opened>, Error> {
        let stored = self.load::<Record>(&place(tenant, round, employee)).await?;
        Ok(stored.map(|Stored { record, version }| Opened { tenant, record, version }))
    }

    async fn words_of_sharing(&self, opened: &Opened) -> Result<Words, Error> {
        if opened.version == 0 {
            return Ok(Words::default());
        }
        let place = place(opened.tenant, opened.record.round, opened.record.employee);
        self.open(opened.tenant, Purpose::Stress, &place, WORDS, &opened.record.words).await
    }

    /// Adds an act to `write`: how it stands afterwards, or why it cannot be.
    async fn act_on_sharing(
        &self,
        write: &mut Write,
        opened: Opened,
        act: SharingAct,
        setting: Setting,
        said: SaidWith,
    ) -> Result<Result<Opened, NotNow>, Error> {
        let now = self.clock.now();
        let sharing = match opened.record.sharing.after(act, setting, now) {
            Ok(sharing) => sharing,
            Err(not_now) => return Ok(Err(not_now)),
        };
        let mut words = self.words_of_sharing(&opened).await?;
        if words.steps.len() >= MOST_STEPS {
            return Err(Conflict::TooMany.into());
        }
        let version = (act == SharingAct::Consent).then(|| CONSENT_VERSION.to_owned());
        words.steps.push(Step { at: now, act, version });
        match act {
            SharingAct::Request => words.wish = said.wish,
            SharingAct::TakeBack => words.wish = None,
            _ => {}
        }
        let Opened { tenant, mut record, version } = opened;
        let place = place(tenant, record.round, record.employee);
        record.sharing = sharing;
        record.interview_by = sharing.requested_at.map(|at| within_a_month(at.date()));
        record.words = self.seal(tenant, Purpose::Stress, &place, WORDS, &words).await?;
        record.updated_at = now;
        let item = to_item(&place, version + 1, SCHEMA, &record)?;
        let item = if sharing.stands() {
            let due = record.interview_by.unwrap_or(Date::MAX);
            indexed(item, shared_of(tenant, record.round), format!("{due}#{}", record.employee))
        } else {
            item
        };
        write.put_over(self, place, item, (version > 0).then_some(version), || Error::Stale)?;
        Ok(Ok(Opened { tenant, record, version: version + 1 }))
    }

    /// What was shared of a round and stands at this moment, within the caller's reach. The index holds nothing else; it lags behind, so that each is read again.
    async fn shared_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        round: StressRoundId,
        after: Option<String>,
        limit: usize,
        is_wanted: impl Fn(&Record) -> bool,
    ) -> Result<(Vec<Opened>, Option<String>), Error> {
        let tenant = permit.tenant();
        // A round that is not there is told before a list that is empty.
        self.load_round(tenant, round).await?;
        let range =
            || Range::whole(Table::Records, Family::StressSharing, shared_of(tenant, round)).by_index().limit(limit);
        let is_wanted = &is_wanted;
        let look = |after| self.records_that(range().after(after), is_wanted);
        let (found, next) =
            self.within_reach(permit, after, limit, |it: &Stored<Record>| Some(it.record.employee), look).await?;
        let keys: Vec<Key> = found.iter().map(|(it, _)| place(tenant, round, it.record.employee)).collect();
        let now = self.clock.now();
        let mut shared = Vec::with_capacity(keys.len());
        for item in self.db.batch_get(&keys).await?.into_iter().flatten() {
            let Some(Stored { record, version }) = crate::item::from_item::<Record>(item, now)? else { continue };
            let opened = Opened { tenant, record, version };
            if opened.word().is_some() && is_wanted(&opened.record) {
                shared.push(opened);
            }
        }
        Ok((shared, next))
    }
}

fn own(seen: &Seen, result: StressResult, opened: &Opened) -> Result<Stored<OwnStressResult>, Error> {
    let told = seen.round.record.signed_at.ok_or(Error::NotFound)?;
    let own = OwnStressResult {
        result,
        sharing: opened.record.sharing,
        ask_by: within_a_month(told.date()),
        interview_by: opened.record.interview_by,
        over: seen.round.record.state == RoundState::Archived,
    };
    Ok(Stored { record: own, version: opened.version })
}
