//! The figure of health (健康管理のための時間外・休日労働時間): what a period has beyond 40 hours a week, over its calendar days (domain.md 5.1). The base of a period of
//! 30 days is 171 3/7 hours; so the figure is held as a number of sevenths, and whether it is over a line is decided without rounding.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Confidence,
    agreement::{self, Warning},
    duty::WorkerKind,
    minutes::{Minutes, PER_HOUR, PER_MINUTE},
    period::Period,
};
use crate::{
    decimal::Decimal,
    time::{Month, fiscal_year},
};

/// Minutes of a week that are no overwork.
const WEEK_MINUTES: i64 = 40 * 60;
/// Days of a week: what the figure is a number of parts of.
const WEEK_DAYS: i64 = 7;

/// What a month of work says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// What kind of worker it was (労働者の区分).
    pub kind: WorkerKind,
    /// From when until when.
    pub period: Period,
    /// All hours: scheduled, overtime and days off, without breaks (実労働時間).
    pub total: Minutes,
    /// Hours of overtime as the payroll counts them (時間外労働時間).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub overtime: Option<Minutes>,
    /// Hours on statutory days off (休日労働時間).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holiday: Option<Minutes>,
    /// Hours at night (深夜労働時間), which the physician is told beside the rest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub night: Option<Minutes>,
}

impl std::fmt::Debug for Worked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worked").field("period", &self.period).finish_non_exhaustive()
    }
}

/// What is wrong with a month: a field, a code and what to do.
pub type WorkedFault = (&'static str, &'static str, &'static str);

impl Worked {
    /// The figure of health.
    #[must_use]
    pub fn excess(&self) -> Excess {
        Excess::of(self.total, self.period.days())
    }

    /// Everything about it that cannot be.
    #[must_use]
    pub fn faults(&self) -> Vec<WorkedFault> {
        let beyond = self.overtime.unwrap_or_default().and(self.holiday.unwrap_or_default());
        [
            (
                self.total > self.period.hours(),
                (
                    "total",
                    "out_of_range",
                    "実労働時間が期間の長さを超えています。時間・分の単位と期間を確かめてください。",
                ),
            ),
            (
                beyond > self.total,
                (
                    "overtime",
                    "over_total",
                    "時間外労働と休日労働の合計が実労働時間を超えています。値を確かめてください。",
                ),
            ),
            (
                self.night.is_some_and(|night| night > self.total),
                ("night", "over_total", "深夜労働時間が実労働時間を超えています。値を確かめてください。"),
            ),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
        .collect()
    }
}

/// Hours beyond 40 a week, exactly. It may be below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excess {
    /// Sevenths of a hundredth of a second.
    parts: i64,
}

impl Excess {
    /// That of `total` in a period of `days` (`7 × total - 2400 × days` minutes, in sevenths).
    #[must_use]
    pub fn of(total: Minutes, days: i32) -> Self {
        Self { parts: WEEK_DAYS * total.hundredths() - WEEK_MINUTES * PER_MINUTE * i64::from(days) }
    }

    /// Whether it is over so many hours (超). Exactly so many are not.
    #[must_use]
    pub fn is_over(self, hours: u16) -> bool {
        self.parts > WEEK_DAYS * PER_HOUR * i64::from(hours)
    }

    /// In hours, with two decimals.
    #[must_use]
    pub fn in_hours(self) -> Decimal {
        Decimal::ratio(self.parts, WEEK_DAYS * PER_HOUR, 2).unwrap_or(Decimal::new(0, 2))
    }

    /// A month with less than 40 hours a week makes no other month's overwork less.
    fn at_least_none(self) -> i64 {
        self.parts.max(0)
    }
}

/// The average of some months, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Average {
    /// How many months.
    pub months: u8,
    /// The sum, in parts of which an hour has `hour`.
    sum: i64,
    hour: i64,
}

impl Average {
    /// Whether it is over so many hours.
    #[must_use]
    pub fn is_over(self, hours: u16) -> bool {
        self.sum > i64::from(self.months) * self.hour * i64::from(hours)
    }

    /// In hours, with two decimals.
    #[must_use]
    pub fn in_hours(self) -> Decimal {
        Decimal::ratio(self.sum, i64::from(self.months) * self.hour, 2).unwrap_or(Decimal::new(0, 2))
    }
}

/// A line that somebody's hours may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// More than 45 hours in a month.
    Over45,
    /// More than 60.
    Over60,
    /// More than 80.
    Over80,
    /// More than 100.
    Over100,
    /// More than 80 on the average of 2 to 6 months.
    AverageOver80,
}

/// One row of the table of lines.
#[derive(Debug)]
pub struct LineRow {
    /// The line.
    pub line: Line,
    /// How many hours; more than these.
    pub hours: u16,
    /// What people read.
    pub japanese: &'static str,
    /// What follows from it.
    pub follows: &'static str,
    /// Where it says so.
    pub source: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
}

/// The lines. Source: domain.md 5.2.
#[rustfmt::skip]
pub const LINES: &[LineRow] = &[
    LineRow { line: Line::Over45, hours: 45, japanese: "月45時間超", follows: "脳・心臓疾患との関連が強まる目安です。措置の検討と本人への声かけに努めます。", source: "過重労働による健康障害防止のための総合対策", confidence: Confidence::Medium },
    LineRow { line: Line::Over60, hours: 60, japanese: "月60時間超", follows: "割増賃金率50%の対象です（安衛法上の義務はありません）。", source: "労基法37条", confidence: Confidence::High },
    LineRow { line: Line::Over80, hours: 80, japanese: "月80時間超", follows: "本人への通知、産業医への情報提供、申出による面接指導が必要です。", source: "安衛則52条の2・52条の3・14条の2", confidence: Confidence::High },
    LineRow { line: Line::Over100, hours: 100, japanese: "月100時間超", follows: "研究開発業務・高度プロフェッショナルでは、申出がなくても面接指導が必要です。労災認定の目安でもあります。", source: "安衛法66条の8の2・66条の8の4", confidence: Confidence::High },
    LineRow { line: Line::AverageOver80, hours: 80, japanese: "2～6か月平均80時間超", follows: "労災認定の目安です。", source: "脳・心臓疾患の労災認定基準", confidence: Confidence::High },
];

impl Line {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static LineRow {
        // The rows stand in the order of the enum, which a test holds.
        &LINES[self as usize]
    }
}

/// The class of a month (リスク区分): up to 45 hours, up to 80, more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Up to 45 hours.
    Low,
    /// More than 45, up to 80.
    Mid,
    /// More than 80.
    High,
}

impl Class {
    /// The class of a figure.
    #[must_use]
    pub fn of(excess: Excess) -> Self {
        match excess {
            excess if excess.is_over(Line::Over80.row().hours) => Self::High,
            excess if excess.is_over(Line::Over45.row().hours) => Self::Mid,
            _ => Self::Low,
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Low => "低",
            Self::Mid => "中",
            Self::High => "高",
        }
    }
}

/// The highest line of a single month that a figure is over.
#[must_use]
pub fn highest_line(excess: Excess) -> Option<Line> {
    let monthly = LINES.iter().filter(|row| row.line != Line::AverageOver80);
    monthly.rev().find(|row| excess.is_over(row.hours)).map(|row| row.line)
}

/// A month in the light of those before it.
#[derive(Debug, Clone)]
pub struct Look {
    /// The figure of health.
    pub excess: Excess,
    /// The averages of 2, 3, 4, 5 and 6 months that end with it, as far as all those months are known.
    pub averages: Vec<Average>,
    /// Its class.
    pub class: Class,
    /// Every line that it is over.
    pub lines: Vec<Line>,
    /// The sum of the figures since the year began; months below zero count as none.
    pub excess_in_year: Average,
    /// Payroll overtime since the year began.
    pub overtime_in_year: Minutes,
    /// In how many months of the year payroll overtime was more than 45 hours.
    pub months_over_45: u8,
    /// The lines of the 36協定.
    pub warnings: Vec<Warning>,
}

/// The averages over 2 to 6 months that end with `month`, each while all its months are there; `part` says what a month adds, in parts of which an hour has `hour`.
pub(super) fn averages(
    month: Month,
    months: &BTreeMap<Month, Worked>,
    hour: i64,
    part: impl Fn(&Worked) -> Option<i64>,
) -> Vec<Average> {
    let mut sum = 0;
    let mut all = Vec::new();
    for (count, back) in (1_u8..=6).zip(0_i32..) {
        let Some(part) = months.get(&month.before(back)).and_then(&part) else { break };
        sum += part;
        if count >= 2 {
            all.push(Average { months: count, sum, hour });
        }
    }
    all
}

/// The months of `month`'s year up to it, the year beginning with the month of number `year_starts`.
fn year_to_date(
    month: Month,
    months: &BTreeMap<Month, Worked>,
    year_starts: i8,
) -> impl Iterator<Item = &Worked> + Clone {
    let year = fiscal_year(month.first_day(), year_starts);
    months
        .range(..=month)
        .filter(move |(of, _)| fiscal_year(of.first_day(), year_starts) == year)
        .map(|(_, worked)| worked)
}

/// How `month` looks among `months`, in a year that begins with the month of number `year_starts`; none where it is not among them.
#[must_use]
pub fn look(month: Month, months: &BTreeMap<Month, Worked>, year_starts: i8) -> Option<Look> {
    let worked = months.get(&month)?;
    let excess = worked.excess();
    let averages = averages(month, months, WEEK_DAYS * PER_HOUR, |worked| Some(worked.excess().at_least_none()));
    let is_over = |row: &LineRow| match row.line {
        Line::AverageOver80 => averages.iter().any(|average| average.is_over(row.hours)),
        _ => excess.is_over(row.hours),
    };
    let year = year_to_date(month, months, year_starts);
    let year_excess = year.clone().map(|worked| worked.excess().at_least_none()).sum();
    let overtime = |worked: &Worked| worked.overtime.unwrap_or_default();
    let line = Minutes::of_hours(Line::Over45.row().hours);
    let over_45 = year.clone().filter(|worked| overtime(worked) > line).count();
    let overtime_in_year = year.map(overtime).fold(Minutes::ZERO, Minutes::and);
    let months_over_45 = u8::try_from(over_45).unwrap_or(u8::MAX);
    Some(Look {
        excess,
        class: Class::of(excess),
        lines: LINES.iter().filter(|row| is_over(row)).map(|row| row.line).collect(),
        excess_in_year: Average { months: 1, sum: year_excess, hour: WEEK_DAYS * PER_HOUR },
        overtime_in_year,
        months_over_45,
        warnings: agreement::warnings(month, months, overtime_in_year, months_over_45),
        averages,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::overwork::{minutes::Unit, period::ClosingDay};

    fn minutes(text: &str) -> Minutes {
        Minutes::parse(text, Unit::Hours).unwrap()
    }

    pub(in crate::overwork) fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    pub(in crate::overwork) fn worked(of: &str, total: &str, overtime: &str, holiday: &str) -> Worked {
        Worked {
            kind: WorkerKind::Ordinary,
            period: ClosingDay::END_OF_MONTH.period(month(of)),
            total: minutes(total),
            overtime: Some(minutes(overtime)),
            holiday: Some(minutes(holiday)),
            night: None,
        }
    }

    #[test]
    fn every_line_has_its_row_in_its_place() {
        for (place, row) in LINES.iter().enumerate() {
            assert_eq!(row.line as usize, place, "LINES must list every line once, in the order of the enum");
        }
        assert_eq!(LINES.len(), Line::AverageOver80 as usize + 1);
    }

    #[test]
    fn r36_the_figure_is_what_domain_15_4_says() {
        for (days, total, hours, over) in [
            (31, "260:00", "82.86", true),
            (30, "252:00", "80.57", true),
            (28, "240:00", "80.00", false),
            (31, "257:09", "80.01", true),
            (31, "257:08", "79.99", false),
        ] {
            let excess = Excess::of(minutes(total), days);
            assert_eq!((excess.in_hours().to_string().as_str(), excess.is_over(80)), (hours, over), "{days} {total}");
        }
    }

    #[test]
    fn r36_the_base_of_a_period_is_what_domain_5_1_says() {
        for (days, base) in [(28, "-160.00"), (29, "-165.71"), (30, "-171.43"), (31, "-177.14")] {
            assert_eq!(Excess::of(Minutes::ZERO, days).in_hours().to_string(), base);
        }
    }

    #[test]
    fn r36_over_is_more_than_and_classes_turn_at_45_and_80() {
        for (line, hours) in [(45, "205"), (60, "220"), (80, "240"), (100, "260")] {
            let (exactly, more) = (Excess::of(minutes(hours), 28), Excess::of(minutes(&format!("{hours}:00:01")), 28));
            assert!(!exactly.is_over(line) && more.is_over(line), "{line}");
        }
        let class = |total: &str| Class::of(Excess::of(minutes(total), 28));
        assert_eq!(
            [class("205"), class("205:01"), class("240"), class("240:01")],
            [Class::Low, Class::Mid, Class::Mid, Class::High]
        );
        let line = |total: &str| highest_line(Excess::of(minutes(total), 28));
        assert_eq!(line("205"), None);
        assert_eq!(
            [line("206"), line("221"), line("241"), line("261")].map(Option::unwrap),
            [Line::Over45, Line::Over60, Line::Over80, Line::Over100]
        );
    }

    #[test]
    fn r36_averages_take_months_that_follow_each_other_and_no_month_lightens_another() {
        // 30 days: 171 3/7 hours. 31 days: 177 1/7.
        let mut months = BTreeMap::from([
            (month("2026-06"), worked("2026-06", "100", "0", "0")),
            (month("2026-07"), worked("2026-07", "262:00", "80", "0")),
            (month("2026-08"), worked("2026-08", "253:00", "70", "0")),
        ]);
        let august = look(month("2026-08"), &months, 4).unwrap();
        let shown: Vec<_> = august.averages.iter().map(|it| (it.months, it.in_hours().to_string())).collect();
        assert_eq!(shown, [(2, "80.36".to_owned()), (3, "53.57".to_owned())], "June is none, not less than none");
        assert_eq!(august.lines, [Line::Over45, Line::Over60, Line::AverageOver80]);
        assert_eq!(august.class, Class::Mid);
        months.remove(&month("2026-07"));
        assert_eq!(look(month("2026-08"), &months, 4).unwrap().averages, [], "July is not known");
        assert!(look(month("2026-07"), &months, 4).is_none());
    }

    #[test]
    fn r36_an_average_of_exactly_80_hours_is_not_over() {
        let months = |second: &str| {
            BTreeMap::from([
                (month("2027-02"), worked("2027-02", "240", "80", "0")),
                (month("2027-03"), worked("2027-03", second, "80", "0")),
            ])
        };
        // March has 31 days: 80 hours beyond the base are 257 1/7 hours, which no clock shows; 257:08 is less, 257:09 more.
        let over = |second| look(month("2027-03"), &months(second), 4).unwrap().lines.contains(&Line::AverageOver80);
        assert!(!over("257:08") && over("257:09"));
    }

    #[test]
    fn the_year_begins_with_the_companys_month() {
        let months: BTreeMap<_, _> = ["2026-02", "2026-03", "2026-04", "2026-05"]
            .map(|of| (month(of), worked(of, "230", "50", "0")))
            .into_iter()
            .collect();
        let of = |starts| look(month("2026-05"), &months, starts).unwrap();
        assert_eq!((of(4).overtime_in_year, of(4).months_over_45), (Minutes::of_hours(100), 2));
        assert_eq!((of(1).overtime_in_year, of(1).months_over_45), (Minutes::of_hours(200), 4));
    }

    #[test]
    fn a_month_that_cannot_be_says_where() {
        assert_eq!(worked("2026-04", "200", "20", "8").faults(), []);
        let fields = |worked: Worked| worked.faults().into_iter().map(|(field, ..)| field).collect::<Vec<_>>();
        assert_eq!(fields(worked("2026-04", "721", "0", "0")), ["total"]);
        assert_eq!(fields(worked("2026-04", "20", "15", "6")), ["overtime"]);
        assert_eq!(fields(Worked { night: Some(minutes("201")), ..worked("2026-04", "200", "0", "0") }), ["night"]);
    }

    proptest! {
        #[test]
        fn the_figure_and_its_lines_are_those_of_whole_numbers(total in 0_i64..40_000, days in 28_i32..=31, line in 0_u16..120) {
            let worked = Minutes::parse(&total.to_string(), Unit::Minutes).unwrap();
            let by_formula = 7 * total - 2_400 * i64::from(days) > 7 * 60 * i64::from(line);
            prop_assert_eq!(Excess::of(worked, days).is_over(line), by_formula);
        }

        #[test]
        fn an_average_of_equal_months_is_each_of_them(total in 200_i64..600) {
            let months: BTreeMap<_, _> = ["2027-02", "2026-02", "2025-02"].into_iter().zip(0..)
                .map(|(of, back)| (month("2027-02").before(back), worked(of, &total.to_string(), "0", "0")))
                .collect();
            let look = look(month("2027-02"), &months, 4).unwrap();
            for average in &look.averages {
                prop_assert_eq!(average.in_hours(), look.excess.in_hours());
                prop_assert_eq!(average.is_over(80), look.excess.is_over(80));
            }
            prop_assert_eq!(look.averages.len(), 2);
        }
    }
}
