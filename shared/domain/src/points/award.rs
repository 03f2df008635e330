//! What a day that is fixed comes to: which rules hold for it, how many points each asks for, and how many of them the caps leave.
//!
//! Caps are applied in this order: those of the rule, of its category, of what comes from hand, and of everything; what was asked for, what is granted, and which cap made the
//! difference are all kept (domain.md 7.3).

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::rules::{Award, Caps, Condition, Expiry, OncePer, PointsRule, RuleId, Rules, Sources};
use crate::{
    lifelog::{Metric, Month, Origin, reduce::DayValue},
    time::{Jst, fiscal_year},
};

/// At which hour of Japan's day a day is fixed.
const CLOSE_HOUR: i64 = 9;
/// For how many days tallies are kept: a fiscal year and some.
const TALLY_DAYS: i64 = 400;

/// What a rule gives for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The rule.
    pub rule: RuleId,
    /// How many points it asks for.
    pub requested: u32,
    /// How many are granted.
    pub granted: u32,
    /// Which cap made the difference: of what, and over what (`@all month`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capped_by: Option<String>,
    /// The value came from hand.
    pub by_hand: bool,
}

/// How many points were granted under which cap so far: by what it is of and the period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tallies(BTreeMap<String, Tally>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    points: u32,
    /// The last day that was counted: an old one is forgotten.
    last: Date,
}

impl Tallies {
    fn points(&self, key: &str) -> u32 {
        self.0.get(key).map_or(0, |tally| tally.points)
    }

    fn add(&mut self, key: String, points: u32, day: Date) {
        let tally = self.0.entry(key).or_insert(Tally { points: 0, last: day });
        tally.points = tally.points.saturating_add(points);
        tally.last = tally.last.max(day);
    }

    fn forget_before(&mut self, day: Date) {
        self.0.retain(|_, tally| tally.last >= day);
    }
}

/// When a day is fixed: 9:00 of so many days after it.
#[must_use]
pub fn closes_at(day: Date, after_days: u8) -> Jst {
    Jst::start_of(day.saturating_add(i64::from(after_days).days())).plus_seconds(CLOSE_HOUR * 3_600)
}

/// The last day on which points of `day` can be used.
#[must_use]
pub fn expires_on(expiry: Expiry, day: Date, year_starts: i8) -> Date {
    match expiry {
        Expiry::NextFiscalYearEnd => {
            let next = fiscal_year(day, year_starts).saturating_add(2);
            Date::new(next, year_starts.clamp(1, 12), 1).map_or(Date::MAX, |first| first.saturating_sub(1.day()))
        }
        Expiry::Months(months) => day.saturating_add(i64::from(months).months()),
    }
}

/// What `day` comes to, with the tallies as they are afterwards. `values` are those of the day alone.
#[must_use]
pub fn award(
    rules: &Rules,
    day: Date,
    values: &BTreeMap<Metric, DayValue>,
    mut tallies: Tallies,
    year_starts: i8,
) -> (Vec<Granted>, Tallies) {
    tallies.forget_before(day.saturating_sub(TALLY_DAYS.days()));
    let mut all = Vec::new();
    for rule in &rules.draft().rules {
        let Some(value) = values.get(&rule.metric).filter(|value| comes_from(rule.sources, value.origin)) else {
            continue;
        };
        if rule.condition.as_ref().is_some_and(|condition| !holds(condition, values)) {
            continue;
        }
        let once = once_key(rule, day, year_starts);
        if once.as_ref().is_some_and(|key| tallies.points(key) > 0) {
            continue;
        }
        let requested = points(&rule.award, rule.metric, value.value);
        if requested == 0 {
            continue;
        }
        let by_hand = value.origin == Origin::Hand;
        let scopes = scopes(rules, rule, by_hand);
        let (mut granted, mut capped_by) = (requested, None);
        for (of, caps) in &scopes {
            for (over, cap) in caps.all() {
                let Some(cap) = cap else { continue };
                let left = cap.saturating_sub(tallies.points(&tally_key(of, over, day, year_starts)));
                if left < granted {
                    granted = left;
                    capped_by = Some(format!("{of} {over}"));
                }
            }
        }
        for (of, _) in &scopes {
            for over in ["day", "week", "month", "year"] {
                tallies.add(tally_key(of, over, day, year_starts), granted, day);
            }
        }
        if let Some(key) = once.filter(|_| granted > 0) {
            tallies.add(key, 1, day);
        }
        all.push(Granted { rule: rule.id.clone(), requested, granted, capped_by, by_hand });
    }
    (all, tallies)
}

/// What has caps for a grant of this rule, in the order in which they are applied.
fn scopes(rules: &Rules, rule: &PointsRule, by_hand: bool) -> Vec<(String, Caps)> {
    let draft = rules.draft();
    let mut scopes = vec![(rule.id.as_str().to_owned(), rule.caps)];
    if let Some(category) = &rule.category {
        let caps = draft.categories.get(category.as_str()).copied().unwrap_or_default();
        scopes.push((format!("#{category}"), caps));
    }
    if by_hand {
        scopes.push(("@hand".to_owned(), draft.hand_caps));
    }
    scopes.push(("@all".to_owned(), draft.caps));
    scopes
}

fn monday(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

fn tally_key(of: &str, over: &str, day: Date, year_starts: i8) -> String {
    match over {
        "day" => format!("{of}|d{day}"),
        "week" => format!("{of}|w{}", monday(day)),
        "month" => format!("{of}|m{}", Month::of(day)),
        _ => format!("{of}|y{}", fiscal_year(day, year_starts)),
    }
}

/// By what it is known that a rule has given its points already; nothing for one that gives them each day.
fn once_key(rule: &PointsRule, day: Date, year_starts: i8) -> Option<String> {
    match rule.once_per {
        OncePer::Day => None,
        OncePer::Week => Some(format!("{}|once-w{}", rule.id, monday(day))),
        OncePer::FiscalYear => Some(format!("{}|once-y{}", rule.id, fiscal_year(day, year_starts))),
    }
}

fn comes_from(sources: Sources, origin: Origin) -> bool {
    match sources {
        Sources::Any => true,
        Sources::Device => origin == Origin::Device,
        Sources::Hand => origin == Origin::Hand,
    }
}

fn holds(condition: &Condition, values: &BTreeMap<Metric, DayValue>) -> bool {
    let of = |metric: &Metric| values.get(metric).map(|value| metric.row().bounds.number(value.value));
    match condition {
        Condition::Recorded(metric) => values.contains_key(metric),
        Condition::AtLeast(metric, least) => of(metric).is_some_and(|value| value >= *least),
        Condition::AtMost(metric, most) => of(metric).is_some_and(|value| value <= *most),
        Condition::All(parts) => parts.iter().all(|part| holds(part, values)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, values)),
    }
}

fn points(award: &Award, metric: Metric, reading: i64) -> u32 {
    let value = metric.row().bounds.number(reading);
    match award {
        Award::Fixed(points) => *points,
        Award::PerStep { every, points } => {
            // Both in the finer of the two scales: whole steps are counted exactly.
            let scale = value.scale().max(every.scale());
            let whole =
                |number: crate::decimal::Decimal| number.rounded(i8::try_from(scale).unwrap_or(i8::MAX)).mantissa();
            let steps = whole(value).checked_div(whole(*every)).unwrap_or(0);
            u32::try_from(steps).unwrap_or(0).saturating_mul(*points)
        }
        Award::Tiers(tiers) => tiers.iter().rfind(|tier| tier.at_least <= value).map_or(0, |tier| tier.points),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{
        super::rules::{
            RulesDraft, Tier,
            tests::{dec, draft, rule},
        },
        *,
    };

    const DAY: Date = date(2026, 11, 20);

    fn values(values: &[(Metric, i64, Origin)]) -> BTreeMap<Metric, DayValue> {
        let day = |value, origin| DayValue { value, second: None, evening: None, origin, entries: 1 };
        values.iter().map(|(metric, value, origin)| (*metric, day(*value, *origin))).collect()
    }

    fn steps(value: i64) -> BTreeMap<Metric, DayValue> {
        values(&[(Metric::Steps, value, Origin::Device)])
    }

    /// What each rule gives on one day.
    fn of(draft: RulesDraft, values: &BTreeMap<Metric, DayValue>) -> Vec<(String, u32, u32, Option<String>)> {
        let (all, _) = award(&Rules::new(draft).unwrap(), DAY, values, Tallies::default(), 4);
        all.into_iter().map(|it| (it.rule.to_string(), it.requested, it.granted, it.capped_by)).collect()
    }

    #[test]
    fn section_7_2_town_a_gives_a_point_per_thousand_steps_up_to_nine_and_ten_in_all() {
        let walk = PointsRule {
            caps: Caps { day: Some(9), ..Caps::default() },
            ..rule("walk", Metric::Steps, Award::PerStep { every: dec("1000"), points: 1 })
        };
        let rules = |caps| RulesDraft {
            caps,
            ..draft(vec![
                walk.clone(),
                rule("weight", Metric::Weight, Award::Fixed(1)),
                rule("bp", Metric::BloodPressure, Award::Fixed(1)),
            ])
        };
        let ten = Caps { day: Some(10), ..Caps::default() };
        for (walked, expected) in [(999, 0), (1_000, 1), (1_999, 1), (8_999, 8), (9_000, 9)] {
            let granted: u32 = of(rules(ten), &steps(walked)).iter().map(|(.., granted, _)| granted).sum();
            assert_eq!(granted, expected, "{walked}");
        }
        let all = values(&[
            (Metric::Steps, 12_345, Origin::Device),
            (Metric::Weight, 605, Origin::Hand),
            (Metric::BloodPressure, 120, Origin::Hand),
        ]);
        assert_eq!(
            of(rules(ten), &all),
            [
                ("walk".to_owned(), 12, 9, Some("walk day".to_owned())),
                ("weight".to_owned(), 1, 1, None),
                ("bp".to_owned(), 1, 0, Some("@all day".to_owned())),
            ]
        );
    }

    #[test]
    fn section_7_2_town_b_gives_by_tiers_at_every_bound() {
        let tier = |at_least: &str, points| Tier { at_least: dec(at_least), points };
        let tiers = Award::Tiers(vec![tier("8000", 1), tier("9000", 2), tier("10000", 3)]);
        for (walked, expected) in
            [(7_999, 0), (8_000, 1), (8_999, 1), (9_000, 2), (9_999, 2), (10_000, 3), (100_000, 3)]
        {
            let granted: u32 =
                of(draft(vec![rule("walk", Metric::Steps, tiers.clone())]), &steps(walked)).iter().map(|it| it.2).sum();
            assert_eq!(granted, expected, "{walked}");
        }
    }

    #[test]
    fn section_7_3_caps_are_applied_from_the_rule_to_the_company_and_say_which_it_was() {
        let walk = PointsRule {
            category: Some(RuleId::parse("activity").unwrap()),
            caps: Caps { month: Some(30), ..Caps::default() },
            ..rule("walk", Metric::Steps, Award::Fixed(20))
        };
        let rules = Rules::new(RulesDraft {
            categories: BTreeMap::from([("activity".to_owned(), Caps { week: Some(35), ..Caps::default() })]),
            caps: Caps { year: Some(55), ..Caps::default() },
            ..draft(vec![walk])
        })
        .unwrap();
        let mut tallies = Tallies::default();
        let mut told = Vec::new();
        // The 30th of November 2026 is a Monday.
        for day in [date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 7)] {
            let (all, after) = award(&rules, day, &steps(1), tallies, 4);
            tallies = after;
            told.push((all[0].granted, all[0].capped_by.clone()));
        }
        let by = |of: &str| Some(of.to_owned());
        assert_eq!(
            told,
            [(20, None), (10, by("walk month")), (20, None), (5, by("#activity week")), (0, by("@all year")),]
        );
    }

    #[test]
    fn section_7_4_what_comes_from_hand_has_caps_of_its_own_and_device_rules_do_not_see_it() {
        let device = PointsRule { sources: Sources::Device, ..rule("device", Metric::Steps, Award::Fixed(5)) };
        let rules = RulesDraft {
            hand_caps: Caps { month: Some(3), ..Caps::default() },
            ..draft(vec![device, rule("any", Metric::Steps, Award::Fixed(5))])
        };
        let by_hand = values(&[(Metric::Steps, 9_000, Origin::Hand)]);
        assert_eq!(of(rules.clone(), &by_hand), [("any".to_owned(), 5, 3, Some("@hand month".to_owned()))]);
        assert_eq!(of(rules, &steps(9_000)).iter().map(|it| it.2).sum::<u32>(), 10);
    }

    #[test]
    fn a_condition_compares_the_values_of_the_day_and_a_rule_may_give_once_a_year() {
        let both = Condition::All(vec![
            Condition::AtLeast(Metric::Steps, dec("8000")),
            Condition::Any(vec![Condition::AtMost(Metric::Alcohol, dec("20")), Condition::Recorded(Metric::Weight)]),
        ]);
        let once = PointsRule {
            condition: Some(both),
            once_per: OncePer::FiscalYear,
            ..rule("once", Metric::Steps, Award::Fixed(10))
        };
        let rules = Rules::new(draft(vec![once])).unwrap();
        let sober = values(&[(Metric::Steps, 8_000, Origin::Device), (Metric::Alcohol, 200, Origin::Hand)]);
        let drunk = values(&[(Metric::Steps, 8_000, Origin::Device), (Metric::Alcohol, 201, Origin::Hand)]);
        let mut tallies = Tallies::default();
        let mut granted = Vec::new();
        for (day, values) in
            [(DAY, &drunk), (DAY, &sober), (date(2027, 3, 31), &sober), (date(2027, 4, 1), &sober), (DAY, &sober)]
        {
            let (all, after) = award(&rules, day, values, tallies, 4);
            tallies = after;
            granted.push(all.iter().map(|it| it.granted).sum::<u32>());
        }
        assert_eq!(granted, [0, 10, 0, 10, 0]);
    }

    #[test]
    fn section_7_3_a_day_is_fixed_three_days_later_at_nine_and_points_expire_with_the_year_after() {
        assert_eq!(closes_at(DAY, 3).to_string(), "2026-11-23T09:00:00.000+09:00");
        assert_eq!(closes_at(date(2028, 2, 27), 2).to_string(), "2028-02-29T09:00:00.000+09:00");
        for (day, starts, last) in [
            (date(2026, 3, 31), 4, date(2027, 3, 31)),
            (date(2026, 4, 1), 4, date(2028, 3, 31)),
            (date(2026, 12, 31), 1, date(2027, 12, 31)),
        ] {
            assert_eq!(expires_on(Expiry::NextFiscalYearEnd, day, starts), last, "{day}");
        }
        assert_eq!(expires_on(Expiry::Months(36), date(2028, 2, 29), 4), date(2031, 2, 28));
    }
}
