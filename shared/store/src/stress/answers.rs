//! What individuals answer: saved as they go on, resumed elsewhere, submitted once, and opened again by an implementer alone.
//!
//! ```text
//!            save                 submit (every item)            a round ends
//! (none) ───────────▶ draft ─────────────────────────▶ submitted ───────────▶ (kept)
//!                     ▲  │ save                            │
//!                     └──┘◀────── opened again, with a reason┘
//! ```
//!
//! When their period is over ([`super::expire`]) what is sealed goes, in every state; that somebody answered, when, and what it came to stays.
//!
//! A submission is one transaction: the answers, what they come to by the round's locked criteria, and that somebody has answered. A file of answers on paper writes the same three.

use authz::{
    Permit,
    permission::{AnswerAtKiosk, AnswerStressCheck, HandleStressAnswers, SelectHighStress},
};
use domain::{
    ids::{AccountId, EmployeeId, ImportId, StressRoundId},
    remark::Remark,
    stress::{
        answers::{Answers, Choice, NoItem},
        questionnaire::Questionnaire,
        round::{Period, RoundState},
    },
    time::Jst,
};
use futures_util::future::{try_join, try_join_all};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{
    SCHEMA,
    confidant::{Examinee, Insight, Seen},
    key, of_shard,
    results::Outcome,
};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    item::{Attributes, Sealed, Stored, from_optional, number, text, to_item},
    key::{Family, Key, Table},
};

/// How many answers are read at a time, of each shard.
const PAGE: usize = 250;
/// The attribute that answers are sealed in.
const ANSWERS: &str = "answers";
/// The attribute that the reasons are sealed in for which they were opened again.
const REOPENED: &str = "reopened";

/// Where somebody's answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswersState {
    /// They go on answering.
    Draft,
    /// They have answered.
    Submitted,
}

/// How answers came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswersWay {
    /// By the examinee, signed in.
    Screen,
    /// At a shared terminal, by whoever said that the masked name is theirs.
    Kiosk,
    /// By a file of answers on paper.
    File,
}

impl AnswersWay {
    /// How it reads to whoever carries the round out.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Kiosk => "kiosk",
            Self::File => "file",
        }
    }
}

/// How answers come, and with which import.
#[derive(Debug, Clone, Copy)]
pub(super) struct Came {
    way: AnswersWay,
    import: Option<ImportId>,
}

impl Came {
    pub(super) const ON_SCREEN: Self = Self { way: AnswersWay::Screen, import: None };
    pub(super) const AT_KIOSK: Self = Self { way: AnswersWay::Kiosk, import: None };

    pub(super) const fn by_file(import: ImportId) -> Self {
        Self { way: AnswersWay::File, import: Some(import) }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    round: StressRoundId,
    pub(super) employee: EmployeeId,
    #[serde(rename = "answers_state")]
    pub(super) state: AnswersState,
    way: AnswersWay,
    /// None once they were deleted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    answers: Option<Sealed>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reopened: Option<Sealed>,
    /// The import that wrote them, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) imported_by: Option<ImportId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) submitted_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deleted_at: Option<Jst>,
    created_at: Jst,
    updated_at: Jst,
}

/// Why and when answers were opened again.
#[derive(Clone, Serialize, Deserialize)]
struct Reopening {
    at: Jst,
    by: AccountId,
    reason: Remark,
}

/// Somebody's answers. Debug output shows none.
#[derive(Debug, Clone)]
pub struct StressAnswers {
    /// Which round.
    pub round: StressRoundId,
    /// Whose.
    pub employee: EmployeeId,
    /// Where they are; none where nothing was answered yet.
    pub state: Option<AnswersState>,
    /// What was answered; nothing of it where it was deleted.
    pub answers: Answers,
    /// How they came last; none where nothing was answered yet.
    pub way: Option<AnswersWay>,
    /// When they were submitted.
    pub submitted_at: Option<Jst>,
    /// When they were deleted, their period being over.
    pub deleted_at: Option<Jst>,
    /// When they were last changed.
    pub updated_at: Option<Jst>,
}

/// A round as its examinee sees it.
#[derive(Debug, Clone)]
pub struct OwnStressCheck {
    /// Which.
    pub round: StressRoundId,
    /// What it is called.
    pub title: String,
    /// What workers read before they answer.
    pub announcement: Option<String>,
    /// The questionnaire.
    pub questionnaire: Questionnaire,
    /// Where it is.
    pub state: RoundState,
    /// When workers answer.
    pub period: Period,
    /// Answers are taken today.
    pub open: bool,
    /// Where the own answers are.
    pub answers: Option<AnswersState>,
    /// There is a result to look at.
    pub result_ready: bool,
}

impl Record {
    /// Whether something is left of what somebody answered.
    pub(super) const fn is_left(&self) -> bool {
        self.answers.is_some()
    }
}

/// Answers that were opened, with their item.
pub(super) struct Opened {
    pub(super) record: Record,
    pub(super) version: u64,
    pub(super) answers: Answers,
}

fn place(insight: &Insight, round: StressRoundId, employee: EmployeeId) -> Key {
    key(insight.tenant(), Family::StressAnswer, round, employee)
}

impl StressAnswers {
    fn of(opened: Opened) -> Stored<Self> {
        let Opened { record, version, answers } = opened;
        Self::shown(&record, version, answers)
    }

    fn shown(record: &Record, version: u64, answers: Answers) -> Stored<Self> {
        let shown = Self {
            round: record.round,
            employee: record.employee,
            state: Some(record.state),
            answers,
            way: Some(record.way),
            submitted_at: record.submitted_at,
            deleted_at: record.deleted_at,
            updated_at: Some(record.updated_at),
        };
        Stored { record: shown, version }
    }

    fn none(round: StressRoundId, employee: EmployeeId, questionnaire: Questionnaire) -> Stored<Self> {
        let answers = Answers::none(questionnaire);
        let (way, submitted_at, deleted_at, updated_at) = (None, None, None, None);
        let shown = Self { round, employee, state: None, answers, way, submitted_at, deleted_at, updated_at };
        Stored { record: shown, version: 0 }
    }
}

impl Store {
    /// The rounds that the caller is asked to answer, or has answered, the newest first.
    pub async fn own_stress_checks(&self, permit: &Permit<AnswerStressCheck>) -> Result<Vec<OwnStressCheck>, Error> {
        let tenant = permit.tenant();
        let oneself = permit.reach().only_oneself().ok_or(Error::NotFound)?;
        let (rounds, (employee, _)) = try_join(self.all_rounds(tenant), self.employee_within(permit, oneself)).await?;
        let begun: Vec<_> = rounds.into_iter().filter(|it| it.record.state != RoundState::Drafted).collect();
        let keys: Vec<Key> = begun.iter().map(|it| key(tenant, Family::StressAnswer, it.record.id, oneself)).collect();
        let (items, now) = (self.db.batch_get(&keys).await?, self.clock.now());
        let mut own = Vec::with_capacity(begun.len());
        for (stored, item) in begun.into_iter().zip(items) {
            let answers = from_optional::<Record>(item, now)?.map(|it| it.record.state);
            let round = self.with_plan(tenant, stored).await?;
            if answers.is_none() && self.left_out(tenant, &round.plan.targets, &employee).await?.is_some() {
                continue;
            }
            let record = &round.record;
            own.push(OwnStressCheck {
                round: record.id,
                title: round.plan.title.as_str().to_owned(),
                announcement: round.plan.announcement.as_ref().map(|text| text.as_str().to_owned()),
                questionnaire: round.plan.criteria.questionnaire(),
                state: record.state,
                period: record.period(),
                open: record.takes_answers(now.date()) && answers != Some(AnswersState::Submitted),
                answers,
                result_ready: record.signed_at.is_some() && answers == Some(AnswersState::Submitted),
            });
        }
        Ok(own)
    }

    /// One's own answers; version 0 where there are none yet.
    pub async fn own_answers(
        &self,
        permit: &Permit<AnswerStressCheck>,
        round: StressRoundId,
    ) -> Result<Stored<StressAnswers>, Error> {
        let seen = self.own_part(permit, round).await?;
        self.answers_or_nothing(&seen).await
    }

    /// Somebody's answers; version 0 where there are none yet.
    pub(super) async fn answers_or_nothing(&self, seen: &Seen) -> Result<Stored<StressAnswers>, Error> {
        let shown = self.answers_as_left(seen).await?;
        let (round, questionnaire) = (seen.round.record.id, seen.round.plan.criteria.questionnaire());
        Ok(shown.unwrap_or_else(|| StressAnswers::none(round, seen.employee.id, questionnaire)))
    }

    /// Saves some of one's own answers, or takes them back; the places of items that the questionnaire does not have otherwise.
    pub async fn save_answers(
        &self,
        permit: &Permit<AnswerStressCheck>,
        round: StressRoundId,
        version: u64,
        given: &[(u8, Option<Choice>)],
    ) -> Result<Result<Prepared<Stored<StressAnswers>>, Vec<usize>>, Error> {
        self.saved(permit, Came::ON_SCREEN, round, version, given).await
    }

    /// The same at a shared terminal, in the one round that the permit is for.
    pub async fn save_answers_at_kiosk(
        &self,
        permit: &Permit<AnswerAtKiosk>,
        version: u64,
        given: &[(u8, Option<Choice>)],
    ) -> Result<Result<Prepared<Stored<StressAnswers>>, Vec<usize>>, Error> {
        let round = permit.round().ok_or(Error::NotFound)?;
        self.saved(permit, Came::AT_KIOSK, round, version, given).await
    }

    async fn saved<P: Examinee>(
        &self,
        permit: &Permit<P>,
        came: Came,
        round: StressRoundId,
        version: u64,
        given: &[(u8, Option<Choice>)],
    ) -> Result<Result<Prepared<Stored<StressAnswers>>, Vec<usize>>, Error> {
        let (seen, before) = self.answers_to_go_on_with(permit, round, version).await?;
        let questionnaire = seen.round.plan.criteria.questionnaire();
        let mut answers = before.as_ref().map_or_else(|| Answers::none(questionnaire), |before| before.answers);
        let set = |(index, (item, choice)): (usize, &(u8, Option<Choice>))| {
            matches!(answers.set(*item, *choice), Err(NoItem)).then_some(index)
        };
        let wrong: Vec<usize> = given.iter().enumerate().filter_map(set).collect();
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        let mut write = Write::new();
        let draft = self.put_answers(&mut write, &seen, before, answers, AnswersState::Draft, came).await?;
        let event = self.event(permit, "stress_answers.save")?.on(seen.round.record.id).in_confidence();
        Ok(Ok(Prepared { thing: StressAnswers::of(draft), write, event }))
    }

    /// Submits one's own answers; the items that are still open otherwise. What they come to is computed now, by the criteria that were locked when the round opened.
    pub async fn submit_answers(
        &self,
        permit: &Permit<AnswerStressCheck>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Result<Prepared<Stored<StressAnswers>>, Vec<u8>>, Error> {
        self.submitted(permit, Came::ON_SCREEN, round, version).await
    }

    /// The same at a shared terminal; whoever has answered is not signed in there any more.
    pub async fn submit_answers_at_kiosk(
        &self,
        permit: &Permit<AnswerAtKiosk>,
        version: u64,
    ) -> Result<Result<Prepared<Stored<StressAnswers>>, Vec<u8>>, Error> {
        let round = permit.round().ok_or(Error::NotFound)?;
        let submitted = self.submitted(permit, Came::AT_KIOSK, round, version).await?;
        let Ok(mut prepared) = submitted else { return Ok(submitted) };
        self.end_at_kiosk(&mut prepared.write, permit)?;
        Ok(Ok(prepared))
    }

    async fn submitted<P: Examinee>(
        &self,
        permit: &Permit<P>,
        came: Came,
        round: StressRoundId,
        version: u64,
    ) -> Result<Result<Prepared<Stored<StressAnswers>>, Vec<u8>>, Error> {
        let (seen, before) = self.answers_to_go_on_with(permit, round, version).await?;
        let questionnaire = seen.round.plan.criteria.questionnaire();
        let answers = before.as_ref().map_or_else(|| Answers::none(questionnaire), |before| before.answers);
        let open: Vec<u8> = answers.open().collect();
        if !open.is_empty() {
            return Ok(Err(open));
        }
        let mut write = Write::new();
        let submitted = self.submit_for(&mut write, &seen, before, answers, came).await?;
        let event = self.event(permit, "stress_answers.submit")?.on(seen.round.record.id).in_confidence();
        Ok(Ok(Prepared { thing: StressAnswers::of(submitted), write, event }))
    }

    /// What somebody answered, for whoever carries the round out.
    pub async fn stress_answers_of(
        &self,
        permit: &Permit<HandleStressAnswers>,
        round: StressRoundId,
        employee: EmployeeId,
    ) -> Result<Stored<StressAnswers>, Error> {
        let seen = self.trusted_part(permit, round, employee).await?;
        let answers = self.answers_as_left(&seen).await?.ok_or(Error::NotFound)?;
        // What somebody has not handed over yet is theirs.
        if answers.record.state != Some(AnswersState::Submitted) {
            return Err(Error::NotFound);
        }
        let subjects = [employee.to_string(), round.to_string()];
        self.disclose_in_confidence(permit, "stress_answers.read", subjects, answers).await
    }

    /// Opens somebody's answers again while the round is open, with a reason: what they came to goes, and they can be submitted once more.
    pub async fn reopen_answers(
        &self,
        permit: &Permit<SelectHighStress>,
        round: StressRoundId,
        employee: EmployeeId,
        version: u64,
        reason: Remark,
    ) -> Result<Prepared<()>, Error> {
        let seen = self.trusted_part(permit, round, employee).await?;
        let mut opened = self.answers_or_none(&seen).await?.ok_or(Error::NotFound)?;
        if opened.version != version {
            return Err(Error::Stale);
        }
        let is_submitted = opened.record.state == AnswersState::Submitted;
        if !seen.insight.is_implementers() || seen.round.record.state != RoundState::Opened || !is_submitted {
            return Err(Conflict::WrongState.into());
        }
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let place = place(&seen.insight, round, employee);
        let mut reopened: Vec<Reopening> = match &opened.record.reopened {
            Some(sealed) => self.open(tenant, Purpose::Stress, &place, REOPENED, sealed).await?,
            None => Vec::new(),
        };
        reopened.push(Reopening { at: now, by: somebody(permit)?, reason });
        opened.record.reopened = Some(self.seal(tenant, Purpose::Stress, &place, REOPENED, &reopened).await?);
        opened.record.state = AnswersState::Draft;
        opened.record.submitted_at = None;
        opened.record.updated_at = now;
        let mut write = Write::new();
        let item = to_item(&place, version + 1, SCHEMA, &opened.record)?;
        write.put_over(self, place, item, Some(version), || Error::Stale)?;
        write.delete(self, key(tenant, Family::StressResult, round, employee), None)?;
        self.note_taken(&mut write, tenant, round, employee, false)?;
        let event = self.event(permit, "stress_answers.reopen")?.on(employee).on(round).in_confidence();
        Ok(Prepared { thing: (), write, event })
    }

    /// Adds to `write` that somebody has answered: the answers, what they come to, and that they have.
    pub(super) async fn submit_for(
        &self,
        write: &mut Write,
        seen: &Seen,
        before: Option<Opened>,
        answers: Answers,
        came: Came,
    ) -> Result<Opened, Error> {
        let tenant = seen.insight.tenant();
        let attributes = self.open_attributes(tenant, &seen.employee).await?;
        let outcome = Outcome::of(&answers, &seen.round.plan.criteria, attributes.sex);
        let submitted = self.put_answers(write, seen, before, answers, AnswersState::Submitted, came).await?;
        self.put_new_result(write, seen, &outcome).await?;
        self.note_taken(write, tenant, seen.round.record.id, seen.employee.id, true)?;
        Ok(submitted)
    }

    /// Submitted answers of a round in one shard, in the order of their people: a page of those after `after`, and where to go on.
    pub(super) async fn submitted_answers(
        &self,
        insight: &Insight,
        round: StressRoundId,
        shard: &str,
        after: Option<String>,
    ) -> Result<(Vec<(EmployeeId, Answers)>, Option<String>), Error> {
        let of = of_shard(insight.tenant(), Family::StressAnswer, round, shard);
        let range = Range::whole(Table::Records, Family::StressAnswer, of).after(after).limit(PAGE);
        let (records, next) = self.page_of::<Record>(range).await?;
        let mut page = Vec::with_capacity(records.len());
        for Stored { record, version } in records {
            if record.state == AnswersState::Submitted {
                let opened = self.open_answers(insight, record, version).await?;
                page.push((opened.record.employee, opened.answers));
            }
        }
        Ok((page, next))
    }

    /// What is left of somebody's answers, if they have begun: all, or that they were deleted.
    pub(super) async fn answers_as_left(&self, seen: &Seen) -> Result<Option<Stored<StressAnswers>>, Error> {
        let place = place(&seen.insight, seen.round.record.id, seen.employee.id);
        let Some(Stored { record, version }) = self.load::<Record>(&place).await? else { return Ok(None) };
        if record.answers.is_none() {
            let none = Answers::none(seen.round.plan.criteria.questionnaire());
            return Ok(Some(StressAnswers::shown(&record, version, none)));
        }
        Ok(Some(StressAnswers::of(self.open_answers(&seen.insight, record, version).await?)))
    }

    /// Somebody's answers to go on with, if they have begun; a conflict where they were deleted.
    pub(super) async fn answers_or_none(&self, seen: &Seen) -> Result<Option<Opened>, Error> {
        let (round, employee) = (seen.round.record.id, seen.employee.id);
        let place = place(&seen.insight, round, employee);
        let Some(Stored { record, version }) = self.load::<Record>(&place).await? else { return Ok(None) };
        Ok(Some(self.open_answers(&seen.insight, record, version).await?))
    }

    /// What several people have answered, in their order, in one read.
    pub(super) async fn answers_of_many(&self, all: &[Seen]) -> Result<Vec<Option<Opened>>, Error> {
        let places: Vec<Key> =
            all.iter().map(|seen| place(&seen.insight, seen.round.record.id, seen.employee.id)).collect();
        let (items, now) = (self.db.batch_get(&places).await?, self.clock.now());
        let open = async |(seen, item): (&Seen, Option<Attributes>)| {
            let Some(Stored { record, version }) = from_optional::<Record>(item, now)? else { return Ok(None) };
            self.open_answers(&seen.insight, record, version).await.map(Some)
        };
        // The key is in memory after the first.
        try_join_all(all.iter().zip(items).map(open)).await
    }

    /// Opens answers that `insight` opens, unless they were deleted: nothing is computed from what is not there.
    pub(super) async fn open_answers(&self, insight: &Insight, record: Record, version: u64) -> Result<Opened, Error> {
        if !insight.opens(record.round, record.employee) {
            return Err(Error::NotFound);
        }
        let place = place(insight, record.round, record.employee);
        let sealed = record.answers.as_ref().ok_or(Conflict::AnswersDeleted)?;
        let answers = self.open(insight.tenant(), Purpose::Stress, &place, ANSWERS, sealed).await?;
        Ok(Opened { record, version, answers })
    }

    /// One's own part in a round that takes answers today, and the answers so far, if they are of this version and were not submitted.
    async fn answers_to_go_on_with<P: Examinee>(
        &self,
        permit: &Permit<P>,
        round: StressRoundId,
        version: u64,
    ) -> Result<(Seen, Option<Opened>), Error> {
        let seen = self.own_part(permit, round).await?;
        let before = self.answers_or_none(&seen).await?;
        let targets = &seen.round.plan.targets;
        if before.is_none() && self.left_out(permit.tenant(), targets, &seen.employee).await?.is_some() {
            return Err(Error::NotFound);
        }
        if before.as_ref().map_or(0, |before| before.version) != version {
            return Err(Error::Stale);
        }
        let submitted = before.as_ref().is_some_and(|it| it.record.state == AnswersState::Submitted);
        if submitted || !seen.round.record.takes_answers(self.today()) {
            return Err(Conflict::WrongState.into());
        }
        Ok((seen, before))
    }

    async fn put_answers(
        &self,
        write: &mut Write,
        seen: &Seen,
        before: Option<Opened>,
        answers: Answers,
        state: AnswersState,
        came: Came,
    ) -> Result<Opened, Error> {
        let (round, employee, now) = (seen.round.record.id, seen.employee.id, self.clock.now());
        let place = place(&seen.insight, round, employee);
        let replaces = before.as_ref().map(|before| before.version);
        let record = Record {
            round,
            employee,
            state,
            way: came.way,
            answers: Some(self.seal(seen.insight.tenant(), Purpose::Stress, &place, ANSWERS, &answers).await?),
            reopened: before.as_ref().and_then(|before| before.record.reopened.clone()),
            imported_by: came.import,
            submitted_at: (state == AnswersState::Submitted).then_some(now),
            deleted_at: None,
            created_at: before.as_ref().map_or(now, |before| before.record.created_at),
            updated_at: now,
        };
        let version = replaces.unwrap_or(0) + 1;
        let item = to_item(&place, version, SCHEMA, &record)?;
        write.put_over(self, place, item, replaces, || Error::Stale)?;
        Ok(Opened { record, version, answers })
    }

    /// Adds to `write` whether somebody has answered. It asks for no version: whoever is being told of the round at the same moment is told, and has answered all the same.
    fn note_taken(
        &self,
        write: &mut Write,
        tenant: domain::ids::TenantId,
        round: StressRoundId,
        employee: EmployeeId,
        taken: bool,
    ) -> Result<(), Error> {
        let values = Attributes::from([
            (":round".to_owned(), text(round.to_string())),
            (":employee".to_owned(), text(employee.to_string())),
            (":taken".to_owned(), aws_sdk_dynamodb::types::AttributeValue::Bool(taken)),
            (":one".to_owned(), number(1)),
        ]);
        let expression = "SET stress_round = :round, employee = :employee, taken = :taken ADD version :one";
        let place = key(tenant, Family::StressAttendance, round, employee);
        write.update(self, place, expression, None, values, || Error::Stale)?;
        Ok(())
    }
}
