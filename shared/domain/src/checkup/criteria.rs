//! Criteria of judgement (判定基準) as data: which letter a value earns, for which sex, compared at how many decimals,
//! by whose authority. A tenant may adjust a copy; a copy that contradicts itself does not become [`Criteria`].

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    Subject,
    grade::Grade,
    item::{Category, ItemId, ItemSet, Kind},
    items::ITEMS,
    value::Comparator,
};
use crate::{decimal::Decimal, employee::Sex};

/// How sure a row is (domain.md: H two sources agree, M one source, L recollection).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Two independent sources agree.
    High,
    /// One source, or sources that differ.
    Medium,
    /// Recollection: a physician should look at it before it is used.
    Low,
}

/// One step of a row: values up to and including the bound, and above the step before, earn the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The bound, inclusive.
    pub up_to: Decimal,
    /// The letter.
    pub grade: Grade,
}

/// The letters of one item. Steps leave no gap and do not overlap, by construction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The item: a quantity, or an ordered code, whose number is compared.
    pub item: ItemId,
    /// Only for this sex; both, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Only from this age on (受診日現在); from birth, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_from: Option<u8>,
    /// Only up to this age, inclusive; without end, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_to: Option<u8>,
    /// Values are rounded half up to so many decimals before they are compared; -2 is hundreds.
    pub round_to: i8,
    /// Ascending.
    pub steps: Vec<Step>,
    /// The letter above the last step.
    pub above: Grade,
    /// How sure the row is.
    pub confidence: Confidence,
}

/// The letter of a code without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRule {
    /// The item.
    pub item: ItemId,
    /// The code.
    pub code: u8,
    /// The letter.
    pub grade: Grade,
    /// The code says less than the letter: a physician looks.
    #[serde(default)]
    pub needs_physician: bool,
}

/// What a word in a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// A letter.
    Grade(Grade),
    /// Under treatment (E), beside the letters.
    Treated,
}

/// A word of findings (所見). The longest word that a finding holds decides; a helper for the physician, who has the last word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingRule {
    /// Only in this item; in every item with findings, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// The word, in narrow form.
    pub word: String,
    /// What it means.
    pub meaning: Meaning,
}

/// Two items that are judged together, when both have a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Combination {
    /// D takes both; one D alone counts as C; otherwise the worse letter. Values of the first below `not_below` have
    /// another cause (too little sugar, not too much) and are judged alone.
    BothForD {
        /// The two items.
        items: [ItemId; 2],
        /// Where the combination begins, for the first item.
        not_below: Decimal,
    },
    /// Both at `from` or worse: `grade`. Otherwise each alone.
    Together {
        /// The two items.
        items: [ItemId; 2],
        /// The letter that both reach.
        from: Grade,
        /// What they earn together.
        grade: Grade,
    },
}

impl Combination {
    /// The two items.
    #[must_use]
    pub fn items(&self) -> [ItemId; 2] {
        match self {
            Self::BothForD { items, .. } | Self::Together { items, .. } => *items,
        }
    }
}

/// A value that is judged in place of another: the corrected acuity in place of the naked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precedence {
    /// Judged, when there is a number.
    pub item: ItemId,
    /// Then not judged.
    pub over: ItemId,
}

/// What says that something is under treatment (治療中, E).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TreatmentRule {
    /// The answer to a question on medicines.
    Code {
        /// The question.
        item: ItemId,
        /// The answer that means yes.
        code: u8,
        /// What is treated.
        category: Category,
    },
    /// A disease in free text, together with one of [`Draft::treated_words`].
    Words {
        /// Where it is written.
        item: ItemId,
        /// The disease.
        disease: String,
        /// What is treated.
        category: Category,
    },
}

/// Criteria as they are written, read and edited. [`Criteria`] is what has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Names these criteria; kept with every judgement.
    pub version: String,
    /// The first day of checkups that they are meant for.
    pub valid_from: Date,
    /// Who says so.
    pub source: String,
    /// Letters of numbers and ordered codes.
    pub rows: Vec<Row>,
    /// Letters of other codes.
    pub codes: Vec<CodeRule>,
    /// Items whose findings are judged by their words.
    pub finding_items: Vec<ItemId>,
    /// The words.
    pub findings: Vec<FindingRule>,
    /// The letter of a finding without a known word; a physician looks.
    pub unknown_finding: Grade,
    /// Items judged together.
    pub combinations: Vec<Combination>,
    /// Items judged in place of others.
    pub precedences: Vec<Precedence>,
    /// What says that something is treated.
    pub treatments: Vec<TreatmentRule>,
    /// Words that say so beside a disease.
    pub treated_words: Vec<String>,
}

/// Why a draft is no criteria.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CriteriaFault {
    /// An item, sex and age have two rows.
    #[error("{}の判定基準が重複しています。項目・性別・年齢ごとに1行にしてください。", .0.item().name)]
    RowTwice(ItemId),
    /// A row ends at an age before the one that it begins with.
    #[error("{}の判定基準の年齢は、age_from を age_to 以下にしてください。", .0.item().name)]
    AgesBackwards(ItemId),
    /// An item's values have no order.
    #[error("{}は数値や順序のある結果ではないため、範囲では判定できません。", .0.item().name)]
    NotComparable(ItemId),
    /// An item's bounds do not ascend.
    #[error("{}の判定基準の上限は、小さい順に並べてください。", .0.item().name)]
    NotAscending(ItemId),
    /// A bound has more decimals than are compared.
    #[error("{}の判定基準の上限を、比較する桁に合わせてください。", .0.item().name)]
    TooFine(ItemId),
    /// A row says `sex: other`, which no table has.
    #[error("{}の判定基準の性別は、男か女にするか、省いてください。", .0.item().name)]
    NoSuchSex(ItemId),
    /// The version is empty or too long, or a word is empty.
    #[error("判定基準の版の名前(64文字以内)と所見の語を入力してください。")]
    Nameless,
}

impl CriteriaFault {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RowTwice(_) => "row_twice",
            Self::AgesBackwards(_) => "ages_backwards",
            Self::NotComparable(_) => "not_comparable",
            Self::NotAscending(_) => "not_ascending",
            Self::TooFine(_) => "too_fine",
            Self::NoSuchSex(_) => "no_such_sex",
            Self::Nameless => "nameless",
        }
    }
}

impl Draft {
    /// Everything that is wrong with it, each with its place (a JSON pointer).
    #[must_use]
    pub fn faults(&self) -> Vec<(String, CriteriaFault)> {
        let mut faults = Vec::new();
        if self.version.is_empty() || self.version.len() > 64 {
            faults.push(("/version".to_owned(), CriteriaFault::Nameless));
        }
        let nameless = |words: &mut dyn Iterator<Item = &String>, list: &str| -> Vec<_> {
            let empty = words.enumerate().filter(|(_, word)| word.is_empty());
            empty.map(|(at, _)| (format!("/{list}/{at}"), CriteriaFault::Nameless)).collect()
        };
        faults.extend(nameless(&mut self.findings.iter().map(|rule| &rule.word), "findings"));
        faults.extend(nameless(&mut self.treated_words.iter(), "treated_words"));
        for (at, row) in self.rows.iter().enumerate() {
            let twice = self.rows[..at].iter().any(|before| before.meets(row));
            let twice = twice.then_some(CriteriaFault::RowTwice(row.item));
            let wrong = row.check().err().into_iter().chain(twice);
            faults.extend(wrong.map(|fault| (format!("/rows/{at}"), fault)));
        }
        faults
    }
}

/// Checked criteria, ready for judging many checkups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criteria {
    draft: Draft,
    version: std::sync::Arc<str>,
    /// By item: the rows for men and the rows for women, of which ages have one each.
    rows: Vec<[Vec<u16>; 2]>,
    finding_items: ItemSet,
    /// By item: what is judged in its place.
    replaced_by: Vec<Option<ItemId>>,
}

impl TryFrom<Draft> for Criteria {
    type Error = CriteriaFault;

    fn try_from(mut draft: Draft) -> Result<Self, CriteriaFault> {
        if let Some((_, fault)) = draft.faults().into_iter().next() {
            return Err(fault);
        }
        draft.findings.sort_by_key(|rule| std::cmp::Reverse(rule.word.chars().count()));
        let mut rows = vec![[const { Vec::new() }; 2]; ITEMS.len()];
        for (row, place) in draft.rows.iter().zip(0_u16..) {
            let places: &mut [Vec<u16>; 2] = &mut rows[row.item.index()];
            for sex in [Sex::Male, Sex::Female].into_iter().filter(|&sex| row.sex.is_none_or(|only| only == sex)) {
                places[column(sex)].push(place);
            }
        }
        let mut replaced_by = vec![None; ITEMS.len()];
        for precedence in &draft.precedences {
            replaced_by[precedence.over.index()] = Some(precedence.item);
        }
        let finding_items = draft.finding_items.iter().copied().collect();
        Ok(Self { version: draft.version.as_str().into(), draft, rows, finding_items, replaced_by })
    }
}

/// Where the row of a sex stands. Callers ask with [`super::Subject::table_sex`].
const fn column(sex: Sex) -> usize {
    match sex {
        Sex::Female => 1,
        Sex::Male | Sex::Other => 0,
    }
}

impl Criteria {
    /// The version, shared with every judgement made by it.
    #[must_use]
    pub fn version(&self) -> &std::sync::Arc<str> {
        &self.version
    }

    /// The criteria as they are written.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The row that judges `item` of somebody.
    #[must_use]
    pub fn row(&self, item: ItemId, subject: Subject) -> Option<&Row> {
        let rows = self.rows[item.index()][column(subject.table_sex())].iter();
        rows.map(|row| &self.draft.rows[usize::from(*row)]).find(|row| row.ages().contains(&subject.age))
    }

    pub(super) fn judges_findings_of(&self, item: ItemId) -> bool {
        self.finding_items.contains(item)
    }

    pub(super) fn replaced_by(&self, item: ItemId) -> Option<ItemId> {
        self.replaced_by[item.index()]
    }
}

impl Row {
    /// The ages that it is for.
    fn ages(&self) -> std::ops::RangeInclusive<u8> {
        self.age_from.unwrap_or(0)..=self.age_to.unwrap_or(u8::MAX)
    }

    /// Whether somebody could be judged by both.
    fn meets(&self, other: &Self) -> bool {
        let sexes = self.sex.is_none() || other.sex.is_none() || self.sex == other.sex;
        let (ages, others) = (self.ages(), other.ages());
        let somebody = !ages.is_empty() && !others.is_empty();
        self.item == other.item && sexes && somebody && ages.start() <= others.end() && others.start() <= ages.end()
    }

    fn check(&self) -> Result<(), CriteriaFault> {
        if !matches!(self.item.item().kind, Kind::Quantity(_) | Kind::Hearing(..) | Kind::Ordered(_)) {
            return Err(CriteriaFault::NotComparable(self.item));
        }
        if self.sex == Some(Sex::Other) {
            return Err(CriteriaFault::NoSuchSex(self.item));
        }
        if self.ages().is_empty() {
            return Err(CriteriaFault::AgesBackwards(self.item));
        }
        if !self.steps.is_sorted_by(|a, b| a.up_to < b.up_to) {
            return Err(CriteriaFault::NotAscending(self.item));
        }
        if self.steps.iter().any(|step| step.up_to.rounded(self.round_to) != step.up_to) {
            return Err(CriteriaFault::TooFine(self.item));
        }
        Ok(())
    }

    /// The letter of a number, and whether the number leaves others open. A number that is only bounded (`<5`, `≧300`)
    /// earns the worst letter of where it may lie.
    #[must_use]
    pub fn grade(&self, comparator: Comparator, number: Decimal) -> (Grade, bool) {
        let number = number.rounded(self.round_to);
        let place = 10_i64.saturating_pow(u32::from(self.round_to.min(0).unsigned_abs()));
        let next = |by: i64| Decimal::new(number.mantissa() + by * place, number.scale());
        let (from, to) = match comparator {
            Comparator::Exact => return (self.letter(self.step(number)), false),
            Comparator::Below => (0, self.step(next(-1))),
            Comparator::AtMost => (0, self.step(number)),
            Comparator::AtLeast => (self.step(number), self.steps.len()),
            Comparator::Above => (self.step(next(1)), self.steps.len()),
        };
        let letters = (from..=to).map(|step| self.letter(step));
        let worst = letters.clone().max().unwrap_or(self.above);
        (worst, letters.into_iter().any(|letter| letter != worst))
    }

    /// The step that a rounded number lies in; the count of steps, above them.
    fn step(&self, number: Decimal) -> usize {
        self.steps.iter().position(|step| number <= step.up_to).unwrap_or(self.steps.len())
    }

    fn letter(&self, step: usize) -> Grade {
        self.steps.get(step).map_or(self.above, |step| step.grade)
    }
}

impl Serialize for Criteria {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.draft.serialize(serializer)
    }
}
impl<'de> Deserialize<'de> for Criteria {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Draft::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{items, standard},
        *,
    };

    fn of(sex: Sex, age: u8) -> Subject {
        Subject { sex, age }
    }

    fn draft() -> Draft {
        standard::criteria().unwrap().draft().clone()
    }

    #[test]
    fn r34_criteria_survive_being_written_and_read() {
        let criteria = standard::criteria().unwrap();
        let json = serde_json::to_string(&criteria).unwrap();
        assert_eq!(serde_json::from_str::<Criteria>(&json).unwrap(), criteria);
    }

    #[test]
    fn r34_a_copy_that_contradicts_itself_is_refused() {
        let refused = |change: fn(&mut Draft)| {
            let mut draft = draft();
            change(&mut draft);
            Criteria::try_from(draft).unwrap_err()
        };
        assert_eq!(refused(|d| d.rows.push(d.rows[0].clone())), CriteriaFault::RowTwice(items::BMI));
        assert_eq!(refused(|d| d.rows[0].steps.reverse()), CriteriaFault::NotAscending(items::BMI));
        assert_eq!(refused(|d| d.rows[0].item = items::HISTORY), CriteriaFault::NotComparable(items::HISTORY));
        assert_eq!(refused(|d| d.rows[0].round_to = 0), CriteriaFault::TooFine(items::BMI));
        assert_eq!(refused(|d| d.rows[0].sex = Some(Sex::Other)), CriteriaFault::NoSuchSex(items::BMI));
        assert_eq!(refused(|d| d.version.clear()), CriteriaFault::Nameless);
        assert!(refused(|d| d.rows[0].steps.reverse()).to_string().contains("BMI"));
    }

    #[test]
    fn r34_a_row_may_be_for_one_sex_and_some_ages() {
        let mut draft = draft();
        let at = draft.rows.iter().position(|row| row.item == items::SBP).unwrap();
        let mut elderly = draft.rows[at].clone();
        draft.rows[at].age_to = Some(64);
        elderly.age_from = Some(65);
        elderly.steps[0].up_to = "134".parse().unwrap();
        draft.rows.push(elderly);
        let criteria = Criteria::try_from(draft.clone()).unwrap();
        let letter = |age| {
            criteria.row(items::SBP, of(Sex::Female, age)).unwrap().grade(Comparator::Exact, Decimal::new(132, 0)).0
        };
        assert_eq!((letter(64), letter(65)), (Grade::B, Grade::A));
        draft.rows[at].age_to = Some(65);
        let last = draft.rows.len() - 1;
        assert_eq!(draft.faults(), [(format!("/rows/{last}"), CriteriaFault::RowTwice(items::SBP))]);
        draft.rows[at].age_from = Some(66);
        draft.rows[0].steps.reverse();
        draft.version.clear();
        let places: Vec<_> = draft.faults().into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, ["/version".to_owned(), "/rows/0".to_owned(), format!("/rows/{at}")], "all at once");
    }

    #[test]
    fn a_bounded_number_earns_the_worst_letter_of_where_it_may_lie() {
        let criteria = standard::criteria().unwrap();
        let grade = |item, comparator, number: &str| {
            criteria.row(item, of(Sex::Male, 50)).unwrap().grade(comparator, number.parse().unwrap())
        };
        assert_eq!(grade(items::AST, Comparator::Below, "5"), (Grade::A, false));
        assert_eq!(grade(items::CRP, Comparator::Below, "0.10"), (Grade::A, false));
        assert_eq!(grade(items::FPG, Comparator::Above, "1000"), (Grade::D, false));
        assert_eq!(grade(items::FPG, Comparator::Below, "54"), (Grade::D, false));
        assert_eq!(grade(items::FPG, Comparator::AtMost, "54"), (Grade::D, true));
        assert_eq!(grade(items::HDL, Comparator::AtLeast, "40"), (Grade::A, false));
        assert_eq!(grade(items::WBC, Comparator::Below, "3100"), (Grade::D, false));
    }

    proptest! {
        #[test]
        fn every_number_has_one_letter_and_a_bound_is_never_better_than_what_it_bounds(at in 0_usize..30, tenths in 0_i64..30_000) {
            let criteria = standard::criteria().unwrap();
            let row = &criteria.draft().rows[at];
            let number = Decimal::new(tenths, 1);
            let (exact, open) = row.grade(Comparator::Exact, number);
            prop_assert!(!open);
            prop_assert!(row.grade(Comparator::AtMost, number).0 >= exact && row.grade(Comparator::AtLeast, number).0 >= exact);
        }
    }
}
