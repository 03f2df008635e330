//! What answers come to (検査結果): computed when they are submitted, by the criteria that were locked when the round opened; and what an implementer decided on it. Nobody sees a result before
//! the round is closed, and the worker none before an implementer has signed.

use authz::{
    Permit, Placement,
    permission::{SelectHighStress, ViewStressResults},
};
use domain::{
    employee::Sex,
    ids::{AccountId, EmployeeId, StressRoundId, TenantId},
    remark::Remark,
    stress::{
        answers::Answers,
        round::RoundState,
        scoring::{Criteria, Score, score},
    },
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{
    SCHEMA,
    confidant::{Insight, Seen},
    key, of_shard,
    sharing::Word,
};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    item::{Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, shards},
};

/// The attribute that an outcome is sealed in.
const OUTCOME: &str = "outcome";

/// What is clear of a result: nothing of what it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) round: StressRoundId,
    pub(super) employee: EmployeeId,
    outcome: Sealed,
    answered_at: Jst,
    updated_at: Jst,
}

/// What is sealed of it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// None where the decision needs answers that are missing (判定不能).
    score: Option<Score>,
    /// How many such answers are missing.
    missing: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decision: Option<Decision>,
}

/// What an implementer decided otherwise than the criteria.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether an interview is needed.
    pub needs_interview: bool,
    /// Why.
    pub reason: Remark,
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Jst,
}

/// A result. Debug output shows nothing of it.
#[derive(Clone)]
pub struct StressResult {
    /// Which round.
    pub round: StressRoundId,
    /// Whose.
    pub employee: EmployeeId,
    /// What the answers come to; none where the decision needs answers that are missing.
    pub score: Option<Score>,
    /// How many such answers are missing.
    pub missing: u8,
    /// What an implementer decided otherwise than the criteria.
    pub decision: Option<Decision>,
    /// When the answers were submitted.
    pub answered_at: Jst,
}

impl std::fmt::Debug for StressResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StressResult").field("round", &self.round).finish_non_exhaustive()
    }
}

impl Outcome {
    /// What answers come to.
    pub(super) fn of(answers: &Answers, criteria: &Criteria, sex: Sex) -> Self {
        match score(answers, criteria, sex) {
            Ok(score) => Self { score: Some(score), missing: 0, decision: None },
            Err(none) => Self { score: None, missing: none.missing, decision: None },
        }
    }
}

impl StressResult {
    fn of(record: &Record, outcome: Outcome) -> Self {
        let Outcome { score, missing, decision } = outcome;
        let (round, employee, answered_at) = (record.round, record.employee, record.answered_at);
        Self { round, employee, score, missing, decision, answered_at }
    }

    /// Whether the criteria say high stress (高ストレス).
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.score.is_some_and(|score| score.verdict.is_high())
    }

    /// Whether an interview is needed (面接指導の要否): as an implementer decided, or else as the criteria say.
    #[must_use]
    pub fn needs_interview(&self) -> bool {
        self.decision.as_ref().map_or_else(|| self.is_high(), |decision| decision.needs_interview)
    }
}

fn place(tenant: TenantId, round: StressRoundId, employee: EmployeeId) -> Key {
    key(tenant, Family::StressResult, round, employee)
}

impl Store {
    /// The results of a round that is closed, for whoever carries it out: of all, or of those alone of whom an interview is needed or not. In no order that tells anything.
    pub async fn stress_results(
        &self,
        permit: &Permit<ViewStressResults>,
        round: StressRoundId,
        needs_interview: Option<bool>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<StressResult>>, Option<String>), Error> {
        let (insight, round) = self.trusted_round(permit, round).await?;
        is_closed(round.record.state)?;
        let (tenant, id, now) = (permit.tenant(), round.record.id, self.clock.now());
        let insight = &insight;
        let look = |after| async move {
            let of = |shard: &str| {
                Range::whole(Table::Records, Family::StressResult, of_shard(tenant, Family::StressResult, id, shard))
            };
            let (items, more) = self.next_of_shards(after, limit, of).await?;
            let mut entries = Vec::with_capacity(items.len());
            for (place, item) in items {
                let result = match from_item::<Record>(item, now)? {
                    Some(stored) => Some(self.open_result(insight, stored).await?),
                    None => None,
                };
                let is_wanted = |it: &Stored<StressResult>| {
                    needs_interview.is_none_or(|wanted| wanted == it.record.needs_interview())
                };
                entries.push((place, result.filter(is_wanted)));
            }
            Ok((entries, more))
        };
        let (found, next) = self.within_reach(permit, after, limit, |it| Some(it.record.employee), look).await?;
        let found: Vec<Stored<StressResult>> = found.into_iter().map(|(result, _): (_, Placement)| result).collect();
        let subjects = found.iter().map(|it| it.record.employee.to_string()).chain([id.to_string()]);
        let subjects: Vec<String> = subjects.collect();
        Ok((self.disclose_in_confidence(permit, "stress_result.list", subjects, found).await?, next))
    }

    /// One result, for whoever carries the round out.
    pub async fn stress_result(
        &self,
        permit: &Permit<ViewStressResults>,
        round: StressRoundId,
        employee: EmployeeId,
    ) -> Result<Stored<StressResult>, Error> {
        let seen = self.trusted_part(permit, round, employee).await?;
        is_closed(seen.round.record.state)?;
        let result = self.result_in(&seen).await?.ok_or(Error::NotFound)?;
        let subjects = [employee.to_string(), round.to_string()];
        self.disclose_in_confidence(permit, "stress_result.read", subjects, result).await
    }

    /// Decides whether somebody needs an interview, otherwise than the criteria or as they do, before it is signed for.
    pub async fn decide_on_interview(
        &self,
        permit: &Permit<SelectHighStress>,
        round: StressRoundId,
        employee: EmployeeId,
        version: u64,
        needs_interview: bool,
        reason: Remark,
    ) -> Result<Prepared<Stored<StressResult>>, Error> {
        let seen = self.trusted_part(permit, round, employee).await?;
        let (state, is_signed) = (seen.round.record.state, seen.round.record.signed_at.is_some());
        if !seen.insight.is_implementers() || state != RoundState::Closed || is_signed {
            return Err(Conflict::WrongState.into());
        }
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let place = place(tenant, round, employee);
        let stored = self.load::<Record>(&place).await?.ok_or(Error::NotFound)?;
        if stored.version != version {
            return Err(Error::Stale);
        }
        let mut record = stored.record;
        let mut outcome: Outcome = self.open(tenant, Purpose::Stress, &place, OUTCOME, &record.outcome).await?;
        outcome.decision = Some(Decision { needs_interview, reason, by: somebody(permit)?, at: now });
        record.outcome = self.seal(tenant, Purpose::Stress, &place, OUTCOME, &outcome).await?;
        record.updated_at = now;
        let mut write = Write::new();
        let item = to_item(&place, version + 1, SCHEMA, &record)?;
        write.put_over(self, place, item, Some(version), || Error::Stale)?;
        self.while_unsigned(&mut write, tenant, &seen.round)?;
        let event = self.event(permit, "stress_result.decide")?.on(employee).on(round).in_confidence();
        let result = Stored { record: StressResult::of(&record, outcome), version: version + 1 };
        Ok(Prepared { thing: result, write, event })
    }

    /// Adds a result to `write`, where none may be.
    pub(super) async fn put_new_result(&self, write: &mut Write, seen: &Seen, outcome: &Outcome) -> Result<(), Error> {
        let (tenant, now) = (seen.insight.tenant(), self.clock.now());
        let (round, employee) = (seen.round.record.id, seen.employee.id);
        let place = place(tenant, round, employee);
        let outcome = self.seal(tenant, Purpose::Stress, &place, OUTCOME, outcome).await?;
        let record = Record { round, employee, outcome, answered_at: now, updated_at: now };
        let item = to_item(&place, 1, SCHEMA, &record)?;
        write.put_over(self, place, item, None, || Error::Stale)?;
        Ok(())
    }

    /// Somebody's result, by an insight into it.
    pub(super) async fn result_in(&self, seen: &Seen) -> Result<Option<Stored<StressResult>>, Error> {
        let place = place(seen.insight.tenant(), seen.round.record.id, seen.employee.id);
        let Some(stored) = self.load::<Record>(&place).await? else { return Ok(None) };
        Ok(Some(self.open_result(&seen.insight, stored).await?))
    }

    /// Somebody's result, by their own word.
    pub(super) async fn result_by_word(&self, word: &Word) -> Result<Option<StressResult>, Error> {
        let place = place(word.tenant(), word.round(), word.employee());
        let Some(stored) = self.load::<Record>(&place).await? else { return Ok(None) };
        let outcome = self.open(word.tenant(), Purpose::Stress, &place, OUTCOME, &stored.record.outcome).await?;
        Ok(Some(StressResult::of(&stored.record, outcome)))
    }

    async fn open_result(&self, insight: &Insight, stored: Stored<Record>) -> Result<Stored<StressResult>, Error> {
        let Stored { record, version } = stored;
        if !insight.opens(record.round, record.employee) {
            return Err(Error::NotFound);
        }
        let place = place(insight.tenant(), record.round, record.employee);
        let outcome = self.open(insight.tenant(), Purpose::Stress, &place, OUTCOME, &record.outcome).await?;
        Ok(Stored { record: StressResult::of(&record, outcome), version })
    }

    /// Every result of a round, opened one after the other and handed to `each`.
    pub(super) async fn each_result(
        &self,
        insight: &Insight,
        round: StressRoundId,
        mut each: impl FnMut(&StressResult),
    ) -> Result<(), Error> {
        let (tenant, now) = (insight.tenant(), self.clock.now());
        for shard in shards() {
            let of = of_shard(tenant, Family::StressResult, round, &shard);
            let mut range = Range::whole(Table::Records, Family::StressResult, of);
            loop {
                let (items, more) = self.db.query(&range).await?;
                range.after = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned));
                for item in items {
                    let Some(stored) = from_item::<Record>(item, now)? else { continue };
                    each(&self.open_result(insight, stored).await?.record);
                }
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Nobody looks at results while answers still come.
pub(super) fn is_closed(state: RoundState) -> Result<(), Error> {
    match state {
        RoundState::Closed | RoundState::Archived => Ok(()),
        RoundState::Drafted | RoundState::Opened => Err(Conflict::WrongState.into()),
    }
}
