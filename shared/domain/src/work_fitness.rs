//! Work fitness (就業判定): after a checkup the physician says whether somebody can work as before (就業区分), and the employer decides on measures (就業上の措置). The letter
//! of a judgement is not this: only a physician's opinion is (domain.md 0-7, 2.7).
//!
//! ```text
//!              opinion: normal
//! listed ──────────────────────────────────────────────────────────▶ closed
//!   │ ▲  └─ opinion: pending ──▶ pending ── opinion ──▶ (as from listed)  ▲
//!   │ └──────── reopened, or the results change ── any other state        │ close
//!   └─ opinion: restricted, leave ──▶ opinion_given ── decision ──▶ decided
//!                                          ▲                            │
//!                                          └──── opinion (見直し) ──────┘
//! ```
//!
//! Sources: 安衛法66の4・66の5, 安衛則51の2 (three months from the examination; two months from when the worker brought the result, for voluntary and second
//! examinations), and the sections of the special ordinances that say the same.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    checkup::{grade::Grade, judge::Summary, kind::CheckupKind},
    remark::Remark,
};

/// By when the physician is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// Months from the day of the examination.
    AfterExamination(i32),
    /// Months from the day on which the employer got the result.
    AfterReceipt(i32),
}

/// The terms by kind. Kinds that are not here want no opinion: stool tests, and pneumoconiosis, where an authority decides (じん肺法). A dock and the insurer's
/// checkup count as the periodic one where they take its place (confidence M).
const TERMS: &[(CheckupKind, Term)] = &[
    (CheckupKind::Periodic, Term::AfterExamination(3)),
    (CheckupKind::Hire, Term::AfterExamination(3)),
    (CheckupKind::SpecificWork, Term::AfterExamination(3)),
    (CheckupKind::Overseas, Term::AfterExamination(3)),
    (CheckupKind::Dental, Term::AfterExamination(3)),
    (CheckupKind::OrganicSolvents, Term::AfterExamination(3)),
    (CheckupKind::Lead, Term::AfterExamination(3)),
    (CheckupKind::TetraalkylLead, Term::AfterExamination(3)),
    (CheckupKind::SpecifiedChemicals, Term::AfterExamination(3)),
    (CheckupKind::HighPressure, Term::AfterExamination(3)),
    (CheckupKind::IonizingRadiation, Term::AfterExamination(3)),
    (CheckupKind::Decontamination, Term::AfterExamination(3)),
    (CheckupKind::Asbestos, Term::AfterExamination(3)),
    (CheckupKind::Dock, Term::AfterExamination(3)),
    (CheckupKind::Tokutei, Term::AfterExamination(3)),
    (CheckupKind::Voluntary, Term::AfterReceipt(2)),
    (CheckupKind::Secondary, Term::AfterReceipt(2)),
];

/// The last day on which the physician's opinion is in time; `None` for kinds that want none. The day that begins a term does not count (民法140), so that it ends on the
/// day of the same number, or on the last day of a month that has none (民法143).
#[must_use]
pub fn opinion_due(kind: CheckupKind, examined_on: Date, received_on: Date) -> Option<Date> {
    let &(_, term) = TERMS.iter().find(|(of, _)| *of == kind)?;
    let (from, months) = match term {
        Term::AfterExamination(months) => (examined_on, months),
        Term::AfterReceipt(months) => (received_on, months),
    };
    from.checked_add(months.months()).ok()
}

/// Whether what a judgement says is such that a physician may sign for it together with others (異常なしの一括判定): letters up to `C`, nothing that waits for a
/// physician's look, and no value by which `restriction` is considered ([`crate::checkup::screening`]), whatever letter the company's own criteria give it.
#[must_use]
pub fn may_be_signed_together(summary: &Summary, restriction: bool) -> bool {
    summary.overall.is_some_and(|grade| grade < Grade::D) && !summary.needs_physician && !restriction
}

/// Whether the law asks for an opinion: there is a finding (安衛法66の4: 異常の所見があると診断された労働者), from `C` on.
#[must_use]
pub fn is_asked_by_law(summary: &Summary) -> bool {
    summary.needs_physician || summary.overall.is_some_and(|grade| grade >= Grade::C)
}

/// What the physician says (就業区分). Source: guideline of the ministry, domain.md 2.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitnessCategory {
    /// As usual (通常勤務).
    Normal,
    /// With restrictions or consideration (就業制限・配慮).
    Restricted,
    /// Leave (要休業).
    Leave,
    /// Not yet: something is to be examined again first (判定保留).
    Pending,
}

impl FitnessCategory {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Normal => "通常勤務",
            Self::Restricted => "就業制限・配慮",
            Self::Leave => "要休業",
            Self::Pending => "判定保留",
        }
    }
}

/// A measure at work (就業上の措置).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// Overtime up to some hours a month (時間外労働の制限).
    OvertimeLimit,
    /// No overtime (時間外労働の禁止).
    NoOvertime,
    /// No work on days off (休日労働の禁止).
    NoHolidayWork,
    /// No work at night (深夜業の禁止).
    NoNightWork,
    /// Fewer night shifts (深夜業の回数の減少).
    FewerNightShifts,
    /// Daytime alone (昼間勤務への転換).
    DaytimeOnly,
    /// Shorter hours (労働時間の短縮).
    ShorterHours,
    /// No business trips (出張の制限).
    NoTrips,
    /// No driving (車両運転の禁止).
    NoDriving,
    /// No work at heights (高所作業の禁止).
    NoHeights,
    /// No heavy loads (重量物取扱いの禁止).
    NoHeavyLoads,
    /// Other work (作業の転換).
    OtherWork,
    /// Another place of work (就業場所の変更).
    OtherPlace,
    /// Leave for some time (休業).
    Leave,
    /// Something else, in words.
    Other,
}

/// Each measure with what people read. Sources: 安衛法66の5, domain.md 2.7 and 6.2.
pub const MEASURES: &[(MeasureKind, &str)] = &[
    (MeasureKind::OvertimeLimit, "時間外労働の制限"),
    (MeasureKind::NoOvertime, "時間外労働の禁止"),
    (MeasureKind::NoHolidayWork, "休日労働の禁止"),
    (MeasureKind::NoNightWork, "深夜業の禁止"),
    (MeasureKind::FewerNightShifts, "深夜業の回数の減少"),
    (MeasureKind::DaytimeOnly, "昼間勤務への転換"),
    (MeasureKind::ShorterHours, "労働時間の短縮"),
    (MeasureKind::NoTrips, "出張の制限"),
    (MeasureKind::NoDriving, "車両運転の禁止"),
    (MeasureKind::NoHeights, "高所作業の禁止"),
    (MeasureKind::NoHeavyLoads, "重量物取扱いの禁止"),
    (MeasureKind::OtherWork, "作業の転換"),
    (MeasureKind::OtherPlace, "就業場所の変更"),
    (MeasureKind::Leave, "休業"),
    (MeasureKind::Other, "その他"),
];

impl MeasureKind {
    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        MEASURES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, japanese)| japanese)
    }
}

/// One measure, as somebody proposes or takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Which.
    pub kind: MeasureKind,
    /// Overtime alone: how many hours a month there may be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hours_a_month: Option<u16>,
    /// More about it; for [`MeasureKind::Other`] what it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<Remark>,
}

impl Measure {
    /// What people read: the measure, with what is said of it.
    #[must_use]
    pub fn japanese(&self) -> String {
        let hours = self.hours_a_month.map(|hours| format!("月{hours}時間まで"));
        let more: Vec<String> = hours.into_iter().chain(self.details.as_ref().map(ToString::to_string)).collect();
        let kind = self.kind.japanese();
        if more.is_empty() { kind.to_owned() } else { format!("{kind}（{}）", more.join("、")) }
    }
}

/// The most hours that an overtime limit can name: more is no limit under 労基法36 (100 hours a month).
const MOST_HOURS: u16 = 99;
/// How many measures there are at most.
const MOST_MEASURES: usize = 15;

/// What is wrong with an opinion or a decision: where, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermsFault {
    /// The field, as a JSON pointer.
    pub pointer: &'static str,
    /// Stable, for programs.
    pub code: &'static str,
    /// What to do, in Japanese.
    pub detail: &'static str,
}

const fn fault(pointer: &'static str, code: &'static str, detail: &'static str) -> TermsFault {
    TermsFault { pointer, code, detail }
}

const MEASURES_NEEDED: TermsFault = fault("/measures", "required", "措置の内容を1つ以上指定してください。");
const MEASURES_NOT_TAKEN: TermsFault =
    fault("/measures", "not_taken", "この区分では措置の内容を指定できません。空にしてください。");
const TOO_MANY_MEASURES: TermsFault = fault("/measures", "too_many", "措置の内容は15件以内にしてください。");
const MEASURE_TWICE: TermsFault = fault("/measures", "twice", "同じ措置が重複しています。");
const HOURS_NEEDED: TermsFault = fault(
    "/measures",
    "hours_required",
    "時間外労働の制限には、月の上限（0～99時間）を hours_a_month に指定してください。",
);
const HOURS_NOT_TAKEN: TermsFault =
    fault("/measures", "hours_not_taken", "hours_a_month は、時間外労働の制限にだけ指定できます。");
const DETAILS_NEEDED: TermsFault =
    fault("/measures", "details_required", "「その他」の措置には、内容を details に指定してください。");
const FROM_NEEDED: TermsFault = fault("/from", "required", "措置の開始日を指定してください。");
const UNTIL_BEFORE_FROM: TermsFault = fault("/until", "before_from", "終了日には、開始日以降の日を指定してください。");
const TERM_NOT_TAKEN: TermsFault = fault("/from", "not_taken", "この区分では期間を指定できません。");
const REVIEW_NEEDED: TermsFault =
    fault("/review_on", "required", "就業制限・要休業・判定保留には、見直しの予定日を指定してください。");
const REVIEW_PAST: TermsFault =
    fault("/review_on", "in_the_past", "見直しの予定日には、明日以降の日を指定してください。");
const WORDS_NEEDED: TermsFault =
    fault("/words", "required", "就業制限・要休業・判定保留には、医師の意見を入力してください。");
const REASON_NEEDED: TermsFault = fault("/reason", "required", "意見と異なる決定には、理由を入力してください。");
const HEARD_LATER: TermsFault =
    fault("/heard_on", "in_the_future", "本人の意見を聴いた日には、今日までの日を指定してください。");
const HEARD_BEFORE: TermsFault =
    fault("/heard_on", "before_opinion", "本人の意見を聴いた日には、医師の意見の日以降を指定してください。");

pub(crate) fn faults_of_measures(measures: &[Measure]) -> impl Iterator<Item = TermsFault> {
    let is_limit = |measure: &&Measure| measure.kind == MeasureKind::OvertimeLimit;
    let twice = measures.iter().enumerate().any(|(at, measure)| {
        measure.kind != MeasureKind::Other && measures.iter().skip(at + 1).any(|other| other.kind == measure.kind)
    });
    let limits = || measures.iter().filter(is_limit);
    [
        (measures.len() > MOST_MEASURES, TOO_MANY_MEASURES),
        (twice, MEASURE_TWICE),
        (limits().any(|limit| limit.hours_a_month.is_none_or(|hours| hours > MOST_HOURS)), HOURS_NEEDED),
        (measures.iter().any(|measure| !is_limit(&measure) && measure.hours_a_month.is_some()), HOURS_NOT_TAKEN),
        (
            measures.iter().any(|measure| measure.kind == MeasureKind::Other && measure.details.is_none()),
            DETAILS_NEEDED,
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, fault)| is_so.then_some(fault))
}

/// What a physician says, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpinionTerms {
    /// The category (就業区分).
    pub category: FitnessCategory,
    /// Measures that the physician thinks necessary.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub measures: Vec<Measure>,
    /// From when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Date>,
    /// Until when; until the review, if absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Date>,
    /// When it is looked at again (見直しの予定日).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review_on: Option<Date>,
    /// The opinion in words, as it goes onto the card (医師の意見).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub words: Option<Remark>,
    /// What the workplace should know and do; no diagnosis and no value (domain.md 6.1).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub for_workplace: Option<Remark>,
}

/// A physician's opinion (医師の意見) that says what it must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Opinion(OpinionTerms);

impl Opinion {
    /// The opinion that somebody can work as usual, with nothing more to say.
    #[must_use]
    pub const fn normal() -> Self {
        Self(OpinionTerms {
            category: FitnessCategory::Normal,
            measures: Vec::new(),
            from: None,
            until: None,
            review_on: None,
            words: None,
            for_workplace: None,
        })
    }

    /// Checks what was written on `today`; everything that is wrong with it otherwise.
    pub fn given(terms: OpinionTerms, today: Date) -> Result<Self, Vec<TermsFault>> {
        let restricts = matches!(terms.category, FitnessCategory::Restricted | FitnessCategory::Leave);
        let is_normal = terms.category == FitnessCategory::Normal;
        let needs_measures = terms.category == FitnessCategory::Restricted && terms.measures.is_empty();
        let has_term = terms.from.is_some() || terms.until.is_some();
        let own = [
            (needs_measures, MEASURES_NEEDED),
            (!restricts && !terms.measures.is_empty(), MEASURES_NOT_TAKEN),
            (restricts && terms.from.is_none(), FROM_NEEDED),
            (!restricts && has_term, TERM_NOT_TAKEN),
            (terms.until.zip(terms.from).is_some_and(|(until, from)| until < from), UNTIL_BEFORE_FROM),
            (!is_normal && terms.review_on.is_none(), REVIEW_NEEDED),
            (terms.review_on.is_some_and(|day| day <= today), REVIEW_PAST),
            (!is_normal && terms.words.is_none(), WORDS_NEEDED),
        ];
        let own = own.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault));
        let faults: Vec<_> = own.chain(faults_of_measures(&terms.measures)).collect();
        if faults.is_empty() { Ok(Self(terms)) } else { Err(faults) }
    }

    /// What it says.
    #[must_use]
    pub fn terms(&self) -> &OpinionTerms {
        &self.0
    }
}

/// What the employer makes of an opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The measures that the physician thinks necessary (意見どおり).
    Adopted,
    /// Others (変更).
    Changed,
    /// None (実施しない).
    NotAdopted,
}

impl Answer {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Adopted => "意見どおり実施",
            Self::Changed => "内容を変更して実施",
            Self::NotAdopted => "実施しない",
        }
    }
}

/// What the employer decides, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionTerms {
    /// What becomes of the opinion.
    pub answer: Answer,
    /// The measures, where they are others.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub measures: Vec<Measure>,
    /// From when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Date>,
    /// Until when; until further notice, if absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Date>,
    /// Why, where it is not what the physician thinks necessary.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Remark>,
    /// When the worker was heard (本人の意見を聴いた日).
    pub heard_on: Date,
    /// What the worker said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heard: Option<Remark>,
}

/// An employer's decision (事業者の措置) that says what it must: the measures are there, whether they are the physician's or others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decision(DecisionTerms);

impl Decision {
    /// Checks what was written on `today` about `opinion`, which was given on `opined_on`; everything that is wrong with it otherwise. An adopted opinion's measures and
    /// term become the decision's own.
    pub fn taken(
        mut terms: DecisionTerms,
        opinion: &OpinionTerms,
        opined_on: Date,
        today: Date,
    ) -> Result<Self, Vec<TermsFault>> {
        let (adopts, changes) = (terms.answer == Answer::Adopted, terms.answer == Answer::Changed);
        let nothing = terms.answer == Answer::NotAdopted;
        let has_term = terms.from.is_some() || terms.until.is_some();
        let own = [
            (!changes && !terms.measures.is_empty(), MEASURES_NOT_TAKEN),
            (changes && terms.measures.is_empty(), MEASURES_NEEDED),
            (changes && terms.from.is_none(), FROM_NEEDED),
            (nothing && has_term, TERM_NOT_TAKEN),
            (!adopts && terms.reason.is_none(), REASON_NEEDED),
            (terms.heard_on > today, HEARD_LATER),
            (terms.heard_on < opined_on, HEARD_BEFORE),
        ];
        let mut faults: Vec<_> = own.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault)).collect();
        faults.extend(faults_of_measures(&terms.measures));
        if adopts {
            terms.measures.clone_from(&opinion.measures);
            terms.from = terms.from.or(opinion.from);
            terms.until = terms.until.or(opinion.until);
        }
        if terms.until.zip(terms.from).is_some_and(|(until, from)| until < from) {
            faults.push(UNTIL_BEFORE_FROM);
        }
        if faults.is_empty() { Ok(Self(terms)) } else { Err(faults) }
    }

    /// What it says.
    #[must_use]
    pub fn terms(&self) -> &DecisionTerms {
        &self.0
    }
}

/// Where a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitnessState {
    /// A physician is to look at it.
    Listed,
    /// A physician has looked, and waits for something.
    Pending,
    /// The employer is to decide.
    OpinionGiven,
    /// The employer has decided; measures may be in force.
    Decided,
    /// Nothing more is to be done.
    Closed,
}

/// What somebody does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitnessAct {
    /// A physician gives an opinion, or another one.
    Opine(FitnessCategory),
    /// The employer decides, or decides anew.
    Decide,
    /// The measures are over.
    Close,
    /// A physician shall look again.
    Reopen,
}

impl FitnessState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Listed, Self::Pending, Self::OpinionGiven, Self::Decided, Self::Closed];

    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Pending => "pending",
            Self::OpinionGiven => "opinion_given",
            Self::Decided => "decided",
            Self::Closed => "closed",
        }
    }

    /// Where a case is after `act`; `None` where that cannot be done now.
    #[must_use]
    pub const fn after(self, act: FitnessAct) -> Option<Self> {
        match (self, act) {
            (_, FitnessAct::Opine(FitnessCategory::Normal)) | (Self::Decided, FitnessAct::Close) => Some(Self::Closed),
            (_, FitnessAct::Opine(FitnessCategory::Pending)) => Some(Self::Pending),
            (_, FitnessAct::Opine(FitnessCategory::Restricted | FitnessCategory::Leave)) => Some(Self::OpinionGiven),
            (Self::OpinionGiven | Self::Decided, FitnessAct::Decide) => Some(Self::Decided),
            (Self::Listed, FitnessAct::Reopen) => None,
            (_, FitnessAct::Reopen) => Some(Self::Listed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 7, 1);

    fn remark(text: &str) -> Remark {
        Remark::parse(text).unwrap()
    }

    fn measure(kind: MeasureKind) -> Measure {
        Measure { kind, hours_a_month: None, details: None }
    }

    #[test]
    fn domain_2_7_whom_restriction_is_considered_for_is_signed_for_alone_whatever_the_letter() {
        use crate::checkup::{Subject, items, judge::Judgement, results::Results, standard, value::read};
        let summary = |pressure: &str| {
            let mut results = Results::default();
            results.insert_reading(items::SBP, read(items::SBP, pressure).unwrap().unwrap());
            let subject = Subject { sex: crate::employee::Sex::Male, age: 45 };
            Judgement::of(&results, subject, &standard::criteria().unwrap()).summary()
        };
        assert!(may_be_signed_together(&summary("118"), false) && !may_be_signed_together(&summary("118"), true));
        assert!(may_be_signed_together(&summary("159"), false) && !may_be_signed_together(&summary("160"), false));
    }

    fn restricted() -> OpinionTerms {
        OpinionTerms {
            category: FitnessCategory::Restricted,
            measures: vec![Measure { hours_a_month: Some(20), ..measure(MeasureKind::OvertimeLimit) }],
            from: Some(date(2026, 7, 2)),
            until: Some(date(2026, 9, 30)),
            review_on: Some(date(2026, 9, 15)),
            words: Some(remark("血圧が落ち着くまで負荷を減らす必要がある。")),
            for_workplace: Some(remark("残業は月20時間までとしてください。")),
        }
    }

    fn codes(result: Result<Opinion, Vec<TermsFault>>) -> Vec<(&'static str, &'static str)> {
        result.expect_err("it should be refused").into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn r37_the_opinion_is_due_three_months_after_the_day_of_the_checkup_domain_2_7() {
        for (kind, examined_on, due) in [
            (CheckupKind::Periodic, date(2026, 6, 1), date(2026, 9, 1)),
            (CheckupKind::Periodic, date(2026, 11, 30), date(2027, 2, 28)),
            (CheckupKind::SpecificWork, date(2027, 11, 30), date(2028, 2, 29)),
            (CheckupKind::OrganicSolvents, date(2026, 12, 31), date(2027, 3, 31)),
        ] {
            assert_eq!(opinion_due(kind, examined_on, date(2030, 1, 1)), Some(due));
        }
        let (examined_on, received_on) = (date(2026, 5, 1), date(2026, 6, 15));
        for kind in [CheckupKind::Voluntary, CheckupKind::Secondary] {
            assert_eq!(opinion_due(kind, examined_on, received_on), Some(date(2026, 8, 15)), "two months from receipt");
        }
        for kind in [CheckupKind::Food, CheckupKind::Pneumoconiosis] {
            assert_eq!(opinion_due(kind, examined_on, received_on), None);
        }
    }

    #[test]
    fn every_measure_has_its_words() {
        for (at, (kind, japanese)) in MEASURES.iter().enumerate() {
            assert!(!japanese.is_empty());
            assert_eq!(*kind as usize, at, "the table stands in the order of the kinds");
        }
        assert_eq!(MEASURES.len(), MeasureKind::Other as usize + 1);
    }

    #[test]
    fn an_opinion_says_what_its_category_needs_and_nothing_else() {
        assert!(Opinion::given(restricted(), TODAY).is_ok());
        assert_eq!(Opinion::given(Opinion::normal().0, TODAY), Ok(Opinion::normal()));
        let bare = OpinionTerms { category: FitnessCategory::Restricted, ..Opinion::normal().0 };
        assert_eq!(
            codes(Opinion::given(bare, TODAY)),
            [("/measures", "required"), ("/from", "required"), ("/review_on", "required"), ("/words", "required")]
        );
        let normal = OpinionTerms { category: FitnessCategory::Normal, ..restricted() };
        assert_eq!(codes(Opinion::given(normal, TODAY)), [("/measures", "not_taken"), ("/from", "not_taken")]);
        let leave = OpinionTerms { category: FitnessCategory::Leave, measures: vec![], ..restricted() };
        assert!(Opinion::given(leave, TODAY).is_ok(), "leave is a measure by itself");
        let pending = OpinionTerms { category: FitnessCategory::Pending, ..Opinion::normal().0 };
        assert_eq!(codes(Opinion::given(pending, TODAY)), [("/review_on", "required"), ("/words", "required")]);
    }

    #[test]
    fn terms_and_measures_are_sound() {
        let backwards = OpinionTerms { until: Some(date(2026, 7, 1)), review_on: Some(TODAY), ..restricted() };
        assert_eq!(codes(Opinion::given(backwards, TODAY)), [("/until", "before_from"), ("/review_on", "in_the_past")]);
        let wrong = |measures: Vec<Measure>| codes(Opinion::given(OpinionTerms { measures, ..restricted() }, TODAY));
        assert_eq!(wrong(vec![measure(MeasureKind::OvertimeLimit)]), [("/measures", "hours_required")]);
        let hundred = Measure { hours_a_month: Some(100), ..measure(MeasureKind::OvertimeLimit) };
        assert_eq!(wrong(vec![hundred]), [("/measures", "hours_required")]);
        let driving = Measure { hours_a_month: Some(1), ..measure(MeasureKind::NoDriving) };
        assert_eq!(wrong(vec![driving]), [("/measures", "hours_not_taken")]);
        assert_eq!(wrong(vec![measure(MeasureKind::Other)]), [("/measures", "details_required")]);
        assert_eq!(wrong(vec![measure(MeasureKind::NoTrips); 2]), [("/measures", "twice")]);
    }

    #[test]
    fn a_decision_hears_the_worker_and_says_why_it_is_another() {
        let opined_on = date(2026, 6, 20);
        let adopted = DecisionTerms {
            answer: Answer::Adopted,
            measures: vec![],
            from: None,
            until: None,
            reason: None,
            heard_on: date(2026, 6, 25),
            heard: None,
        };
        let take = |terms: &DecisionTerms| Decision::taken(terms.clone(), &restricted(), opined_on, TODAY);
        let taken = take(&adopted).unwrap();
        assert_eq!(
            (&taken.terms().measures, taken.terms().from, taken.terms().until),
            (&restricted().measures, restricted().from, restricted().until)
        );
        let pointers = |terms: DecisionTerms| -> Vec<_> {
            take(&terms).expect_err("refused").into_iter().map(|fault| (fault.pointer, fault.code)).collect()
        };
        let changed = DecisionTerms { answer: Answer::Changed, ..adopted.clone() };
        assert_eq!(pointers(changed), [("/measures", "required"), ("/from", "required"), ("/reason", "required")]);
        let none = DecisionTerms { answer: Answer::NotAdopted, from: Some(TODAY), ..adopted.clone() };
        assert_eq!(pointers(none), [("/from", "not_taken"), ("/reason", "required")]);
        for (heard_on, code) in [(date(2026, 7, 2), "in_the_future"), (date(2026, 6, 19), "before_opinion")] {
            assert_eq!(pointers(DecisionTerms { heard_on, ..adopted.clone() }), [("/heard_on", code)]);
        }
        let late = DecisionTerms { from: Some(date(2026, 10, 1)), ..adopted };
        assert_eq!(pointers(late), [("/until", "before_from")], "the opinion's term was over by then");
    }

    #[test]
    fn a_case_goes_the_ways_of_the_drawing_and_no_other() {
        use FitnessAct::{Close, Decide, Opine, Reopen};
        use FitnessCategory::{Leave, Normal, Pending as Waits, Restricted};
        use FitnessState::{Closed, Decided, Listed, OpinionGiven, Pending};
        for state in FitnessState::ALL {
            for (category, after) in
                [(Normal, Closed), (Waits, Pending), (Restricted, OpinionGiven), (Leave, OpinionGiven)]
            {
                assert_eq!(state.after(Opine(category)), Some(after));
            }
            let can_decide = matches!(state, OpinionGiven | Decided);
            assert_eq!(state.after(Decide), can_decide.then_some(Decided));
            assert_eq!(state.after(Close), (state == Decided).then_some(Closed));
            assert_eq!(state.after(Reopen), (state != Listed).then_some(Listed));
        }
    }
}
