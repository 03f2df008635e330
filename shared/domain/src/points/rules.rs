//! A company's rules: versions that follow one another. A day is fixed by the version that is valid on it.
//!
//! The form of a condition is small on purpose: comparisons of a day's values with numbers, joined by "all" and "any", four deep at most. It always ends, and reads nothing
//! but the day that it is about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    checked::{Checked, Rule, line},
    decimal::Decimal,
    lifelog::Metric,
};

/// How many rules a version has at most.
pub const MOST_RULES: usize = 50;
/// How many comparisons a condition has at most.
const MOST_COMPARISONS: usize = 20;
/// How deep they are nested.
const DEEPEST: usize = 4;
/// The most points of a rule, and of a cap.
pub const MOST_POINTS: u32 = 100_000;

/// Rule of [`RuleId`].
#[derive(Debug)]
pub enum RuleIdRule {}
impl Rule for RuleIdRule {
    const NAME: &'static str = "RuleId";
    const CODE: &'static str = "rule_id_invalid";
    const DETAIL: &'static str = "1～30文字の英小文字・数字・「-」「_」で指定してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<std::borrow::Cow<'_, str>> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        ((1..=30).contains(&text.len()) && text.bytes().all(plain)).then_some(std::borrow::Cow::Borrowed(text))
    }
}
/// What a rule, or a category of rules, is known by.
pub type RuleId = Checked<RuleIdRule>;

/// Rule of [`RuleName`].
#[derive(Debug)]
pub enum RuleNameRule {}
impl Rule for RuleNameRule {
    const NAME: &'static str = "RuleName";
    const CODE: &'static str = "rule_name_invalid";
    const DETAIL: &'static str = "1～60文字で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<std::borrow::Cow<'_, str>> {
        line(text, 60)
    }
}
/// What people read of a rule.
pub type RuleName = Checked<RuleNameRule>;

/// What must be so on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The metric has a value on the day.
    Recorded(Metric),
    /// Its value is at least this.
    AtLeast(Metric, Decimal),
    /// Its value is at most this.
    AtMost(Metric, Decimal),
    /// All of these are so.
    All(Vec<Condition>),
    /// One of these is so.
    Any(Vec<Condition>),
}

/// How many points a day gives that the condition holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Award {
    /// So many.
    Fixed(u32),
    /// So many for each full step of the value: 1 point per 1,000 steps.
    PerStep {
        /// How wide a step is.
        every: Decimal,
        /// How many points each gives.
        points: u32,
    },
    /// Those of the highest bound that the value reaches: 8,000 → 1, 9,000 → 2, 10,000 → 3.
    Tiers(Vec<Tier>),
}

/// A bound with its points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// From this value on.
    pub at_least: Decimal,
    /// So many points.
    pub points: u32,
}

/// From where a value must come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sources {
    /// From anywhere.
    #[default]
    Any,
    /// From a device.
    Device,
    /// From hand.
    Hand,
}

/// How often a rule gives points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OncePer {
    /// Each day.
    #[default]
    Day,
    /// Each week, on the first day that it holds for.
    Week,
    /// Each fiscal year.
    FiscalYear,
}

/// The most points of a day, a week, a month and a fiscal year; none: as many as there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Of a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    /// Of a week, Monday to Sunday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<u32>,
    /// Of a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<u32>,
    /// Of a fiscal year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u32>,
}

impl Caps {
    /// The caps with the name of what each is over.
    #[must_use]
    pub fn all(self) -> [(&'static str, Option<u32>); 4] {
        [("day", self.day), ("week", self.week), ("month", self.month), ("year", self.year)]
    }
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsRule {
    /// What it is known by; the same in every version.
    pub id: RuleId,
    /// What people read.
    pub name: RuleName,
    /// Whose value counts.
    pub metric: Metric,
    /// What must be so; nothing: it is enough that there is a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// How many points.
    pub award: Award,
    /// From where the value must come.
    #[serde(default)]
    pub sources: Sources,
    /// How often.
    #[serde(default)]
    pub once_per: OncePer,
    /// Its own caps.
    #[serde(default)]
    pub caps: Caps,
    /// Its category, which may have caps of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<RuleId>,
}

/// When points expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expiry {
    /// At the end of the fiscal year after the one that they were granted in.
    NextFiscalYearEnd,
    /// So many months after their day.
    Months(u16),
}

/// What a company wants: a version of its rules that is not known to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDraft {
    /// From which day on it is valid.
    pub valid_from: Date,
    /// The rules.
    pub rules: Vec<PointsRule>,
    /// Caps of categories.
    #[serde(default)]
    pub categories: BTreeMap<String, Caps>,
    /// Caps of everything that is granted.
    #[serde(default)]
    pub caps: Caps,
    /// Caps of what is granted for values from hand (domain.md 7.4).
    #[serde(default)]
    pub hand_caps: Caps,
    /// How many days after a day it is fixed, at 9:00.
    pub close_after_days: u8,
    /// How many days after it was measured an entry still gives points.
    pub late_days: u16,
    /// When points expire.
    pub expiry: Expiry,
}

/// What is wrong with a draft: where (JSON pointer), a code and what to do.
pub type RulesFault = (String, &'static str, &'static str);

/// Rules that have been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RulesDraft", into = "RulesDraft")]
pub struct Rules(RulesDraft);

impl TryFrom<RulesDraft> for Rules {
    type Error = &'static str;

    fn try_from(draft: RulesDraft) -> Result<Self, Self::Error> {
        Self::new(draft).map_err(|_| "rules that contradict themselves")
    }
}

impl From<Rules> for RulesDraft {
    fn from(rules: Rules) -> Self {
        rules.0
    }
}

impl Rules {
    /// Checks a draft; tells all that is wrong with it.
    pub fn new(draft: RulesDraft) -> Result<Self, Vec<RulesFault>> {
        let mut faults = Vec::new();
        let mut fault = |at: String, code, detail| faults.push((at, code, detail));
        if !(1..=MOST_RULES).contains(&draft.rules.len()) {
            fault("/rules".to_owned(), "out_of_range", "規則を1～50件指定してください。");
        }
        let mut known = BTreeSet::new();
        for (index, rule) in draft.rules.iter().enumerate() {
            let at = |field: &str| format!("/rules/{index}/{field}");
            if !known.insert(rule.id.as_str()) {
                fault(at("id"), "twice", "同じIDの規則が2つあります。");
            }
            if rule.category.as_ref().is_some_and(|category| !draft.categories.contains_key(category.as_str())) {
                fault(at("category"), "unknown_category", "categories にある区分を指定してください。");
            }
            if let Some(condition) = &rule.condition {
                let mut comparisons = 0;
                if !fits(condition, 1, &mut comparisons) || comparisons > MOST_COMPARISONS {
                    let detail = "条件は、4段・20個までの比較で、1件以上の条件をまとめて指定してください。";
                    fault(at("condition"), "condition_invalid", detail);
                }
            }
            if !award_fits(&rule.award) {
                let detail = "ポイントは1～100,000、刻みと境界は正の値で、境界は小さい順に20件まで指定してください。";
                fault(at("award"), "award_invalid", detail);
            }
            if !caps_fit(rule.caps) {
                fault(at("caps"), "cap_invalid", "上限は100,000以下で指定してください。");
            }
        }
        for (name, caps) in &draft.categories {
            if RuleId::parse(name).is_err() || !caps_fit(*caps) {
                let detail =
                    "区分の名称は英小文字・数字・「-」「_」で30文字以内、上限は100,000以下で指定してください。";
                fault("/categories".to_owned(), "category_invalid", detail);
            }
        }
        for (caps, at) in [(draft.caps, "/caps"), (draft.hand_caps, "/hand_caps")] {
            if !caps_fit(caps) {
                fault(at.to_owned(), "cap_invalid", "上限は100,000以下で指定してください。");
            }
        }
        if !(1..=60).contains(&draft.close_after_days) {
            fault("/close_after_days".to_owned(), "out_of_range", "締め切りは、測定日の1～60日後で指定してください。");
        }
        if draft.late_days > 365 {
            fault("/late_days".to_owned(), "out_of_range", "365日以内で指定してください。");
        }
        if matches!(draft.expiry, Expiry::Months(months) if !(1..=120).contains(&months)) {
            fault("/expiry".to_owned(), "out_of_range", "有効期間は1～120か月で指定してください。");
        }
        if faults.is_empty() { Ok(Self(draft)) } else { Err(faults) }
    }

    /// What they say.
    #[must_use]
    pub fn draft(&self) -> &RulesDraft {
        &self.0
    }

    /// Which metrics they look at.
    #[must_use]
    pub fn metrics(&self) -> BTreeSet<Metric> {
        let mut metrics = BTreeSet::new();
        for rule in &self.0.rules {
            metrics.insert(rule.metric);
            if let Some(condition) = &rule.condition {
                collect(condition, &mut metrics);
            }
        }
        metrics
    }
}

fn collect(condition: &Condition, metrics: &mut BTreeSet<Metric>) {
    match condition {
        Condition::Recorded(metric) | Condition::AtLeast(metric, _) | Condition::AtMost(metric, _) => {
            metrics.insert(*metric);
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, metrics)),
    }
}

fn fits(condition: &Condition, depth: usize, comparisons: &mut usize) -> bool {
    if depth > DEEPEST {
        return false;
    }
    match condition {
        Condition::Recorded(_) | Condition::AtLeast(..) | Condition::AtMost(..) => {
            *comparisons += 1;
            true
        }
        Condition::All(parts) | Condition::Any(parts) => {
            !parts.is_empty() && parts.iter().all(|part| fits(part, depth + 1, comparisons))
        }
    }
}

fn award_fits(award: &Award) -> bool {
    let points = |points: u32| (1..=MOST_POINTS).contains(&points);
    match award {
        Award::Fixed(fixed) => points(*fixed),
        Award::PerStep { every, points: each } => every.mantissa() > 0 && points(*each),
        Award::Tiers(tiers) => {
            (1..=20).contains(&tiers.len())
                && tiers.iter().all(|tier| points(tier.points))
                && tiers.is_sorted_by(|low, high| low.at_least < high.at_least)
        }
    }
}

fn caps_fit(caps: Caps) -> bool {
    caps.all().into_iter().all(|(_, cap)| cap.is_none_or(|cap| cap <= MOST_POINTS))
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;

    pub(crate) fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    pub(crate) fn rule(id: &str, metric: Metric, award: Award) -> PointsRule {
        PointsRule {
            id: RuleId::parse(id).unwrap(),
            name: RuleName::parse("規則").unwrap(),
            metric,
            condition: None,
            award,
            sources: Sources::Any,
            once_per: OncePer::Day,
            caps: Caps::default(),
            category: None,
        }
    }

    pub(crate) fn draft(rules: Vec<PointsRule>) -> RulesDraft {
        RulesDraft {
            valid_from: date(2026, 10, 1),
            rules,
            categories: BTreeMap::new(),
            caps: Caps::default(),
            hand_caps: Caps::default(),
            close_after_days: 3,
            late_days: 7,
            expiry: Expiry::NextFiscalYearEnd,
        }
    }

    #[test]
    fn everything_that_is_wrong_with_rules_is_told() {
        let mut deep = Condition::Recorded(Metric::Steps);
        for _ in 0..4 {
            deep = Condition::All(vec![deep]);
        }
        let rules = vec![
            PointsRule { condition: Some(deep), ..rule("a", Metric::Steps, Award::Fixed(0)) },
            PointsRule {
                category: Some(RuleId::parse("no").unwrap()),
                ..rule("a", Metric::Steps, Award::Tiers(vec![]))
            },
            PointsRule { condition: Some(Condition::Any(vec![])), ..rule("b", Metric::Steps, Award::Fixed(1)) },
        ];
        let draft = RulesDraft { close_after_days: 0, late_days: 366, expiry: Expiry::Months(0), ..draft(rules) };
        let told: Vec<_> =
            Rules::new(draft).unwrap_err().into_iter().map(|(at, code, _)| format!("{at} {code}")).collect();
        assert_eq!(
            told,
            [
                "/rules/0/condition condition_invalid",
                "/rules/0/award award_invalid",
                "/rules/1/id twice",
                "/rules/1/category unknown_category",
                "/rules/1/award award_invalid",
                "/rules/2/condition condition_invalid",
                "/close_after_days out_of_range",
                "/late_days out_of_range",
                "/expiry out_of_range",
            ]
        );
    }

    #[test]
    fn rules_read_back_as_they_were_written() {
        let condition = Condition::All(vec![
            Condition::AtLeast(Metric::Steps, dec("8000")),
            Condition::Any(vec![Condition::Recorded(Metric::Weight), Condition::AtMost(Metric::Alcohol, dec("20.0"))]),
        ]);
        let rules = Rules::new(draft(vec![PointsRule {
            condition: Some(condition),
            ..rule("walk", Metric::Steps, Award::PerStep { every: dec("1000"), points: 1 })
        }]))
        .unwrap();
        let json = serde_json::to_string(&rules).unwrap();
        assert!(json.contains(r#"{"at_least":["steps","8000"]}"#), "{json}");
        assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), rules);
        assert_eq!(rules.metrics().into_iter().collect::<Vec<_>>(), [Metric::Steps, Metric::Weight, Metric::Alcohol]);
    }
}
