//! Who is under high stress (高ストレス者の選定): by simple sums (合計点数法) or by the conversion table (素点換算表), with the cut-offs that the company's health committee decided on.
//! Sources: domain.md 4.3, 4.4, 4.5; the published cut-offs are examples there, and aim at about a tenth of the workers.
//!
//! Scoring allocates nothing: a company of a million is scored within a second.

use serde::{Deserialize, Serialize};

use super::{
    answers::Answers,
    questionnaire::{Area, ITEMS, InSum, Questionnaire},
    scales::{self, Columns, ROWS, Scale},
};
use crate::{employee::Sex, remark::Remark};

/// How high stress is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 合計点数法: sums of answers; high is bad.
    Sum,
    /// 素点換算表: sums of grades; low is bad.
    Conversion,
}

/// Where high stress begins. Under [`Method::Sum`] a value reaches a cut-off from below (77 and more), under [`Method::Conversion`] from above (12 and less).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutOffs {
    /// Reactions (B) that are high stress by themselves.
    pub reactions: u16,
    /// Reactions (B) that are, together with causes and support.
    pub reactions_with_causes: u16,
    /// Causes and support (A + C) that are, together with reactions.
    pub causes: u16,
}

/// What the ministry's manual gives as an example (domain.md 4.3, 4.4, 4.5), with the least and the most that a sum can be. Confidence H.
#[rustfmt::skip]
const STANDARDS: &[Standard] = &[
    Standard { short: false, method: Method::Sum,        cut_offs: CutOffs { reactions: 77, reactions_with_causes: 63, causes: 76 }, reactions: (29, 116), causes: (26, 104) },
    Standard { short: false, method: Method::Conversion, cut_offs: CutOffs { reactions: 12, reactions_with_causes: 17, causes: 26 }, reactions: (6, 30),   causes: (12, 60) },
    Standard { short: true,  method: Method::Sum,        cut_offs: CutOffs { reactions: 31, reactions_with_causes: 23, causes: 39 }, reactions: (11, 44),  causes: (12, 48) },
];

struct Standard {
    short: bool,
    method: Method,
    cut_offs: CutOffs,
    reactions: (u16, u16),
    causes: (u16, u16),
}

/// By what a round is scored. Only consistent criteria exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredCriteria", into = "StoredCriteria")]
pub struct Criteria {
    questionnaire: Questionnaire,
    method: Method,
    cut_offs: CutOffs,
    reason: Option<Remark>,
    other_sex: Columns,
}

/// What is wrong with criteria: where, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct CriteriaFault {
    /// The field, as a JSON pointer within the criteria.
    pub pointer: &'static str,
    /// Stable, for programs.
    pub code: &'static str,
    /// What to do, in Japanese.
    pub detail: &'static str,
}

const NO_METHOD: CriteriaFault = CriteriaFault {
    pointer: "/method",
    code: "method_not_for_questionnaire",
    detail: "簡略版（23項目）の判定は合計点数法で行ってください。",
};
const REASON_MISSING: CriteriaFault = CriteriaFault {
    pointer: "/reason",
    code: "reason_required",
    detail: "基準値を標準から変えるときは、衛生委員会で審議した理由を入力してください。",
};
const fn out_of_range(pointer: &'static str) -> CriteriaFault {
    CriteriaFault {
        pointer,
        code: "cut_off_out_of_range",
        detail: "基準値は、この調査票と方法で取りうる点数の範囲で指定してください。",
    }
}
const CROSSED: CriteriaFault = CriteriaFault {
    pointer: "/cut_offs/reactions_with_causes",
    code: "cut_offs_crossed",
    detail: "仕事の要因・サポートと合わせて判定する基準値は、心身の反応だけで判定する基準値より緩くしてください。",
};

impl Criteria {
    /// The manual's example; none for the short form by the conversion table, for which there is none.
    #[must_use]
    pub fn standard(questionnaire: Questionnaire, method: Method) -> Option<Self> {
        let standard = standard(questionnaire, method)?;
        Some(Self { questionnaire, method, cut_offs: standard.cut_offs, reason: None, other_sex: Columns::Male })
    }

    /// Criteria with the company's own cut-offs (or none, for the manual's), and whose columns of the conversion table are taken for whoever is neither male nor female. Everything that is
    /// wrong comes back at once.
    pub fn new(
        questionnaire: Questionnaire,
        method: Method,
        cut_offs: Option<CutOffs>,
        reason: Option<Remark>,
        other_sex: Columns,
    ) -> Result<Self, Vec<CriteriaFault>> {
        let Some(standard) = standard(questionnaire, method) else { return Err(vec![NO_METHOD]) };
        let cut_offs = cut_offs.unwrap_or(standard.cut_offs);
        let mut faults = Vec::new();
        let within = |value: u16, (least, most): (u16, u16)| (least..=most).contains(&value);
        let fields = [
            ("/cut_offs/reactions", cut_offs.reactions, standard.reactions),
            ("/cut_offs/reactions_with_causes", cut_offs.reactions_with_causes, standard.reactions),
            ("/cut_offs/causes", cut_offs.causes, standard.causes),
        ];
        faults.extend(
            fields.into_iter().filter(|(_, value, range)| !within(*value, *range)).map(|(at, ..)| out_of_range(at)),
        );
        let crossed = match method {
            Method::Sum => cut_offs.reactions_with_causes > cut_offs.reactions,
            Method::Conversion => cut_offs.reactions_with_causes < cut_offs.reactions,
        };
        if crossed {
            faults.push(CROSSED);
        }
        if cut_offs != standard.cut_offs && reason.is_none() {
            faults.push(REASON_MISSING);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { questionnaire, method, cut_offs, reason, other_sex })
    }

    /// The questionnaire.
    #[must_use]
    pub const fn questionnaire(&self) -> Questionnaire {
        self.questionnaire
    }

    /// How high stress is found.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Where it begins.
    #[must_use]
    pub const fn cut_offs(&self) -> CutOffs {
        self.cut_offs
    }

    /// Why the cut-offs are not the manual's.
    #[must_use]
    pub const fn reason(&self) -> Option<&Remark> {
        self.reason.as_ref()
    }

    /// Whose columns are taken for whoever is neither male nor female.
    #[must_use]
    pub const fn other_sex(&self) -> Columns {
        self.other_sex
    }

    fn verdict(&self, reactions: u16, causes: u16) -> Verdict {
        let reaches = |value: u16, cut_off: u16| match self.method {
            Method::Sum => value >= cut_off,
            Method::Conversion => value <= cut_off,
        };
        let cut_offs = self.cut_offs;
        if reaches(reactions, cut_offs.reactions) {
            Verdict::Reactions
        } else if reaches(reactions, cut_offs.reactions_with_causes) && reaches(causes, cut_offs.causes) {
            Verdict::ReactionsWithCauses
        } else {
            Verdict::NotHigh
        }
    }
}

fn standard(questionnaire: Questionnaire, method: Method) -> Option<&'static Standard> {
    let short = questionnaire == Questionnaire::Short;
    STANDARDS.iter().find(|standard| standard.short == short && standard.method == method)
}

/// How criteria are kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCriteria {
    questionnaire: Questionnaire,
    method: Method,
    cut_offs: CutOffs,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<Remark>,
    other_sex: Columns,
}

impl From<Criteria> for StoredCriteria {
    fn from(criteria: Criteria) -> Self {
        let Criteria { questionnaire, method, cut_offs, reason, other_sex } = criteria;
        Self { questionnaire, method, cut_offs, reason, other_sex }
    }
}

impl TryFrom<StoredCriteria> for Criteria {
    type Error = CriteriaFault;

    fn try_from(stored: StoredCriteria) -> Result<Self, CriteriaFault> {
        let StoredCriteria { questionnaire, method, cut_offs, reason, other_sex } = stored;
        Self::new(questionnaire, method, Some(cut_offs), reason, other_sex)
            .map_err(|faults| faults.first().copied().unwrap_or(NO_METHOD))
    }
}

/// Whether somebody is under high stress, and by which of the two rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No.
    NotHigh,
    /// By what mind and body show, alone.
    Reactions,
    /// By what they show, together with causes and support.
    ReactionsWithCauses,
}

impl Verdict {
    /// Whether it is high stress.
    #[must_use]
    pub const fn is_high(self) -> bool {
        !matches!(self, Self::NotHigh)
    }
}

/// A scale of one person: the raw value, and the grade from 1 (most stressed) to 5 (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u8, u8)", into = "(u8, u8)")]
pub struct ScaleScore {
    /// 素点.
    pub raw: u8,
    /// 評価点.
    pub grade: u8,
}

impl From<(u8, u8)> for ScaleScore {
    fn from((raw, grade): (u8, u8)) -> Self {
        Self { raw, grade }
    }
}

impl From<ScaleScore> for (u8, u8) {
    fn from(score: ScaleScore) -> Self {
        (score.raw, score.grade)
    }
}

/// Sums of answers by part, as the simple sum has them: high is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Causes at work.
    pub a: u16,
    /// Reactions.
    pub b: u16,
    /// Support.
    pub c: u16,
}

/// Sums of grades, as the conversion table has them: low is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeSums {
    /// Scales of reactions (6 to 30).
    pub reactions: u16,
    /// Scales of causes and support (12 to 60).
    pub causes: u16,
}

/// What a person's answers come to: the degree of stress (ストレスの程度) that the law speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Sums by part.
    pub sums: Sums,
    /// Sums of grades; none for the short form.
    pub grade_sums: Option<GradeSums>,
    /// Each scale; none where the questionnaire lacks an item of it, or (satisfaction alone) it is not answered.
    pub scales: [Option<ScaleScore>; scales::COUNT],
    /// Whose columns of the conversion table were taken.
    pub columns: Columns,
    /// Whether it is high stress.
    pub verdict: Verdict,
}

/// Items that the decision needs are not answered, so that there is none (判定不能): nobody is scored by guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{missing} items without an answer")]
pub struct NotScored {
    /// How many such items there are.
    pub missing: u8,
}

/// What each answer counts in the simple sum, by number - 1: the part (0 to 2) and whether it is reversed.
static IN_SUM: [Option<(usize, bool)>; 55] = {
    let mut all = [None; 55];
    let mut at = 0;
    while at < all.len() {
        let part = match ITEMS[at].area {
            Area::A => 0,
            Area::B => 1,
            _ => 2,
        };
        all[at] = match ITEMS[at].in_sum {
            InSum::Reversed => Some((part, true)),
            InSum::AsIs => Some((part, false)),
            InSum::Unused => None,
        };
        at += 1;
    }
    all
};

/// Scores a set of answers. `sex` chooses the columns of the conversion table.
///
/// # Errors
/// [`NotScored`] where an item of the parts A to C that the questionnaire has is not answered. Satisfaction (D) and the further items (E) are not needed.
pub fn score(answers: &Answers, criteria: &Criteria, sex: Sex) -> Result<Score, NotScored> {
    let mut parts = [0_u16; 3];
    let mut missing = 0;
    for number in criteria.questionnaire.numbers() {
        let Some(&Some((part, reversed))) = IN_SUM.get(usize::from(*number) - 1) else { continue };
        let code = answers.code(*number);
        if code == 0 {
            missing += 1;
            continue;
        }
        if let Some(sum) = parts.get_mut(part) {
            *sum += u16::from(if reversed { 5 - code } else { code });
        }
    }
    if missing > 0 {
        return Err(NotScored { missing });
    }
    let [a, b, c] = parts;
    let columns = Columns::of(sex, criteria.other_sex);
    let mut scales = [None; scales::COUNT];
    let mut grades = GradeSums { reactions: 0, causes: 0 };
    for (row, place) in ROWS.iter().zip(&mut scales) {
        let Some(raw) = row.raw(answers) else { continue };
        let Some(grade) = row.grade(raw, columns) else { continue };
        *place = Some(ScaleScore { raw, grade });
        match row.area {
            Area::A | Area::C => grades.causes += u16::from(grade),
            Area::B => grades.reactions += u16::from(grade),
            Area::D | Area::E => {}
        }
    }
    let grade_sums = (criteria.questionnaire != Questionnaire::Short).then_some(grades);
    let verdict = match (criteria.method, grade_sums) {
        (Method::Conversion, Some(sums)) => criteria.verdict(sums.reactions, sums.causes),
        _ => criteria.verdict(b, a + c),
    };
    Ok(Score { sums: Sums { a, b, c }, grade_sums, scales, columns, verdict })
}

impl Score {
    /// One of the scales.
    #[must_use]
    pub fn scale(&self, scale: Scale) -> Option<ScaleScore> {
        self.scales.get(scale.index()).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stress::{answers::Choice, questionnaire};

    fn criteria(method: Method) -> Criteria {
        Criteria::standard(Questionnaire::Standard, method).unwrap()
    }

    fn answers(code: impl Fn(u8) -> u8) -> Answers {
        let mut answers = Answers::none(Questionnaire::Standard);
        for number in 1..=57 {
            answers.set(number, Some(Choice::of(code(number)).unwrap())).unwrap();
        }
        answers
    }

    /// The healthiest answers: an item that is bad when it is answered `1` is answered `4`.
    fn best(number: u8) -> u8 {
        match questionnaire::of(number).unwrap().in_sum {
            InSum::Reversed => 4,
            InSum::AsIs | InSum::Unused => 1,
        }
    }

    fn grades(score: &Score) -> String {
        score.scales.iter().flatten().map(|scale| char::from(b'0' + scale.grade)).collect()
    }

    /// Answers whose parts sum to this under the simple sum.
    fn with_sums(a: u16, b: u16, c: u16) -> Answers {
        let mut answers = answers(best);
        for (area, mut more) in [(Area::A, a - 17), (Area::B, b - 29), (Area::C, c - 9)] {
            for item in ITEMS.iter().filter(|item| item.area == area) {
                let step = u8::try_from(more.min(3)).unwrap();
                more -= u16::from(step);
                let code = if item.in_sum == InSum::Reversed { 4 - step } else { 1 + step };
                answers.set(item.number, Choice::of(code).ok()).unwrap();
            }
            assert_eq!(more, 0, "the sums that were asked for exist");
        }
        answers
    }

    fn sex() -> impl Strategy<Value = Sex> {
        prop_oneof![Just(Sex::Male), Just(Sex::Female), Just(Sex::Other)]
    }

    fn method() -> impl Strategy<Value = Method> {
        prop_oneof![Just(Method::Sum), Just(Method::Conversion)]
    }

    #[test]
    fn r35_golden_vectors_domain_15_1() {
        type Case = (&'static str, fn(u8) -> u8, (u16, u16, u16, bool), [(u16, u16, bool, &'static str); 2]);
        #[rustfmt::skip]
        let cases: [Case; 6] = [
            ("best", best, (17, 29, 9, false), [(30, 57, false, "5545454555555555555"), (30, 58, false, "5545554555555555555")]),
            ("worst", |number| 5 - best(number), (68, 116, 36, true), [(6, 12, true, "1111111111111111111"), (6, 12, true, "1111111111111111111")]),
            ("all1", |_| 1, (50, 38, 9, false), [(26, 37, false, "1112151551555555555"), (26, 37, false, "1112151551555555555")]),
            ("all2", |_| 2, (45, 61, 18, false), [(17, 34, false, "3322242333333324333"), (18, 33, false, "3222242333333334333")]),
            ("all3", |_| 3, (40, 84, 27, true), [(12, 31, true, "4433323224222112212"), (12, 33, true, "4433333224222113212")]),
            ("all4", |_| 4, (35, 107, 36, true), [(10, 31, true, "5543414115111111111"), (10, 32, true, "5543514115111111111")]),
        ];
        for (name, code, (a, b, c, high), by_sex) in cases {
            let answers = answers(code);
            for (sex, (reactions, causes, converted_high, string)) in [Sex::Male, Sex::Female].into_iter().zip(by_sex) {
                let sum = score(&answers, &criteria(Method::Sum), sex).unwrap();
                assert_eq!(sum.sums, Sums { a, b, c }, "{name}");
                assert_eq!(sum.verdict.is_high(), high, "{name}");
                let converted = score(&answers, &criteria(Method::Conversion), sex).unwrap();
                assert_eq!(converted.grade_sums, Some(GradeSums { reactions, causes }), "{name} {sex:?}");
                assert_eq!(converted.verdict.is_high(), converted_high, "{name} {sex:?}");
                assert_eq!(grades(&converted), string, "{name} {sex:?}");
            }
        }
    }

    #[test]
    fn r35_the_edges_of_the_simple_sum_domain_4_3() {
        let verdict = |a, b, c| score(&with_sums(a, b, c), &criteria(Method::Sum), Sex::Male).unwrap().verdict;
        assert_eq!(verdict(17, 77, 9), Verdict::Reactions);
        assert_eq!(verdict(17, 76, 9), Verdict::NotHigh);
        assert_eq!(verdict(50, 63, 26), Verdict::ReactionsWithCauses);
        assert_eq!(verdict(50, 62, 26), Verdict::NotHigh);
        assert_eq!(verdict(50, 63, 25), Verdict::NotHigh);
    }

    #[test]
    fn r35_the_edges_of_both_methods_and_of_the_short_form_domain_4_4_4_5() {
        let conversion = criteria(Method::Conversion);
        for (reactions, causes, expected) in [
            (12, 60, Verdict::Reactions),
            (13, 60, Verdict::NotHigh),
            (17, 26, Verdict::ReactionsWithCauses),
            (18, 26, Verdict::NotHigh),
            (17, 27, Verdict::NotHigh),
        ] {
            assert_eq!(conversion.verdict(reactions, causes), expected, "{reactions} {causes}");
        }
        let short = Criteria::standard(Questionnaire::Short, Method::Sum).unwrap();
        for (reactions, causes, expected) in [
            (31, 12, Verdict::Reactions),
            (30, 38, Verdict::NotHigh),
            (23, 39, Verdict::ReactionsWithCauses),
            (22, 48, Verdict::NotHigh),
        ] {
            assert_eq!(short.verdict(reactions, causes), expected, "{reactions} {causes}");
        }
        assert_eq!(Criteria::standard(Questionnaire::Short, Method::Conversion), None);
    }

    #[test]
    fn r35_the_short_form_is_scored_from_its_23_items_domain_4_5() {
        let criteria = Criteria::standard(Questionnaire::Short, Method::Sum).unwrap();
        let scored = |code: u8| {
            let answers = Answers::from_compact(&code.to_string().repeat(23)).unwrap();
            score(&answers, &criteria, Sex::Male).unwrap()
        };
        // 1, 2 and 3 are turned: 3 × 4 + 3 × 1 and 3 × 1 + 3 × 4.
        assert_eq!(scored(1).sums, Sums { a: 15, b: 11, c: 6 });
        assert_eq!(scored(4).sums, Sums { a: 15, b: 44, c: 24 });
        assert_eq!((scored(1).verdict, scored(4).verdict), (Verdict::NotHigh, Verdict::Reactions));
        assert_eq!(scored(2).grade_sums, None);
        let whole: Vec<Scale> =
            ROWS.iter().map(|row| row.scale).filter(|scale| scored(2).scale(*scale).is_some()).collect();
        let expected = [
            Scale::Quantity,
            Scale::Control,
            Scale::Fatigue,
            Scale::Anxiety,
            Scale::SupervisorSupport,
            Scale::CoworkerSupport,
        ];
        assert_eq!(whole, expected, "a scale with an item missing has no grade");
    }

    #[test]
    fn r35_a_company_decides_on_its_own_cut_offs_and_says_why() {
        let reason = || Remark::parse("衛生委員会（2026年6月）で審議").ok();
        let own = |cut_offs, reason| {
            Criteria::new(Questionnaire::Standard, Method::Sum, Some(cut_offs), reason, Columns::Female)
        };
        let lower = CutOffs { reactions: 75, reactions_with_causes: 60, causes: 74 };
        assert!(own(lower, reason()).is_ok());
        let codes = |faults: Vec<CriteriaFault>| faults.iter().map(|fault| fault.code).collect::<Vec<_>>();
        assert_eq!(own(lower, None).map_err(codes), Err(vec!["reason_required"]));
        let wrong = CutOffs { reactions: 28, reactions_with_causes: 117, causes: 25 };
        assert_eq!(
            own(wrong, None).map_err(codes),
            Err(vec![
                "cut_off_out_of_range",
                "cut_off_out_of_range",
                "cut_off_out_of_range",
                "cut_offs_crossed",
                "reason_required"
            ])
        );
        let short = Criteria::new(Questionnaire::Short, Method::Conversion, None, None, Columns::Male);
        assert_eq!(short.map_err(codes), Err(vec!["method_not_for_questionnaire"]));
        let kept = serde_json::to_string(&own(lower, reason()).unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<Criteria>(&kept).unwrap(), own(lower, reason()).unwrap());
        assert!(serde_json::from_str::<Criteria>(&kept.replace("\"sum\"", "\"conversion\"")).is_err());
        let other = score(&answers(best), &own(lower, reason()).unwrap(), Sex::Other).unwrap();
        assert_eq!(other.columns, Columns::Female, "which table was taken is told");
    }

    #[test]
    fn r35_a_score_reads_back() {
        let scored = score(&answers(|_| 3), &criteria(Method::Conversion), Sex::Female).unwrap();
        let json = serde_json::to_string(&scored).unwrap();
        assert_eq!(serde_json::from_str::<Score>(&json).unwrap(), scored);
    }

    proptest! {
        /// Any of the 55 without an answer: no decision, never zero (domain.md 4.4, 15.1).
        #[test]
        fn r35_an_item_without_an_answer_is_no_decision(text in "[1-4]{57}", number in 1_u8..=57, method in method(), sex in sex()) {
            let mut answers = Answers::from_compact(&text).unwrap();
            answers.set(number, None).unwrap();
            let scored = score(&answers, &criteria(method), sex);
            if number <= 55 {
                prop_assert_eq!(scored, Err(NotScored { missing: 1 }));
            } else {
                prop_assert_eq!(scored.unwrap().scale(Scale::Satisfaction), None);
            }
        }

        /// Satisfaction never changes the decision (domain.md 0-4, 4.4 f).
        #[test]
        fn r35_satisfaction_never_changes_the_decision(text in "[1-4]{55}", one in "[1-4]{2}", other in "[1-4]{2}", method in method(), sex in sex()) {
            let verdict = |rest: &str| {
                let answers = Answers::from_compact(&format!("{text}{rest}")).unwrap();
                score(&answers, &criteria(method), sex).unwrap().verdict
            };
            prop_assert_eq!(verdict(&one), verdict(&other));
        }

        /// One worse answer never makes a result better, by either method.
        #[test]
        fn r35_a_worse_answer_never_helps(text in "[1-4]{57}", number in 1_u8..=55, method in method(), sex in sex()) {
            let answers = Answers::from_compact(&text).unwrap();
            let mut worse = answers;
            let code = answers.code(number);
            let next = if best(number) == 4 { code - 1 } else { code + 1 };
            prop_assume!(Choice::of(next).is_ok());
            worse.set(number, Choice::of(next).ok()).unwrap();
            let [before, after] = [answers, worse].map(|answers| score(&answers, &criteria(method), sex).unwrap());
            prop_assert!(!before.verdict.is_high() || after.verdict.is_high());
        }

        /// Grades and sums stay within their ranges, and a score is what its scales say.
        #[test]
        fn r35_sums_are_those_of_the_scales(text in "[1-4]{57}", sex in sex()) {
            let scored = score(&Answers::from_compact(&text).unwrap(), &criteria(Method::Conversion), sex).unwrap();
            prop_assert!((17..=68).contains(&scored.sums.a));
            prop_assert!((29..=116).contains(&scored.sums.b));
            prop_assert!((9..=36).contains(&scored.sums.c));
            let grade = |at: usize| u16::from(scored.scales[at].unwrap().grade);
            let sums = scored.grade_sums.unwrap();
            prop_assert_eq!(sums.reactions, (9..15).map(grade).sum::<u16>());
            prop_assert_eq!(sums.causes, (0..9).chain(15..18).map(grade).sum::<u16>());
        }

        /// The 80 are decided by their first 57 (domain.md 4.6).
        #[test]
        fn r35_the_further_items_change_nothing(text in "[1-4]{57}", further in "[1-4-]{23}", method in method(), sex in sex()) {
            let short = score(&Answers::from_compact(&text).unwrap(), &criteria(method), sex).unwrap();
            let criteria = Criteria::standard(Questionnaire::Extended, method).unwrap();
            let long = score(&Answers::from_compact(&format!("{text}{further}")).unwrap(), &criteria, sex).unwrap();
            prop_assert_eq!(short, long);
        }
    }
}
