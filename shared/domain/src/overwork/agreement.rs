//! The lines of the agreement on overtime (36協定, 労基法36): warnings alone, because the payroll decides, and what a company has agreed on is not known here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    figure::{Worked, averages},
    minutes::{Minutes, PER_HOUR},
};
use crate::time::Month;

/// A line of the agreement that somebody's hours are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// More than 45 hours of overtime in a month.
    MonthOver45,
    /// More than 360 hours of overtime in a year.
    YearOver360,
    /// 100 hours or more in a month, days off included.
    Month100WithHolidays,
    /// More than 80 on the average of 2 to 6 months, days off included.
    AverageOver80WithHolidays,
    /// More than 45 hours in more than six months of a year.
    MoreThanSixMonths,
    /// More than 720 hours of overtime in a year.
    YearOver720,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Overtime of the month: more than so many hours.
    Month(u16),
    /// Overtime of the year: more than so many hours.
    Year(u16),
    /// Overtime and days off of the month: so many hours or more.
    MonthWithHolidays(u16),
    /// The same on the average of 2 to 6 months: more than so many hours.
    AverageWithHolidays(u16),
    /// Months of the year over the monthly line: more than so many.
    Months(u8),
}

/// One row of the table.
#[derive(Debug)]
pub struct WarningRow {
    /// The warning.
    pub warning: Warning,
    of: Of,
    /// What people read.
    pub japanese: &'static str,
    /// Where it says so.
    pub source: &'static str,
}

const fn row(warning: Warning, of: Of, japanese: &'static str, source: &'static str) -> WarningRow {
    WarningRow { warning, of, japanese, source }
}

/// The table. Source: domain.md 5.2 (confidence H). The lines of the variable year (42 and 320 hours) depend on an agreement that is not known here.
#[rustfmt::skip]
pub const WARNINGS: &[WarningRow] = &[
    row(Warning::MonthOver45,               Of::Month(45),               "時間外労働が月45時間を超えています（限度時間）。",                   "労基法36条4項"),
    row(Warning::YearOver360,               Of::Year(360),               "時間外労働が年360時間を超えています（限度時間）。",                  "労基法36条4項"),
    row(Warning::Month100WithHolidays,      Of::MonthWithHolidays(100),  "時間外労働と休日労働の合計が月100時間以上です（上限）。",            "労基法36条6項2号"),
    row(Warning::AverageOver80WithHolidays, Of::AverageWithHolidays(80), "時間外労働と休日労働の2～6か月平均が80時間を超えています（上限）。", "労基法36条6項3号"),
    row(Warning::MoreThanSixMonths,         Of::Months(6),               "時間外労働が月45時間を超える月が年6回を超えています（特別条項）。",  "労基法36条5項"),
    row(Warning::YearOver720,               Of::Year(720),               "時間外労働が年720時間を超えています（特別条項）。",                  "労基法36条5項"),
];

impl Warning {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static WarningRow {
        // The rows stand in the order of the enum, which a test holds.
        &WARNINGS[self as usize]
    }
}

/// The warnings for `month`, with what the year has until then. Who is outside of the agreement (管理監督者, 研究開発, 高度プロフェッショナル) has none.
pub(super) fn warnings(
    month: Month,
    months: &BTreeMap<Month, Worked>,
    overtime_in_year: Minutes,
    months_over_45: u8,
) -> Vec<Warning> {
    let Some(worked) = months.get(&month).filter(|worked| worked.kind.row().under_agreement) else { return Vec::new() };
    let overtime = worked.overtime.unwrap_or_default();
    // What is not delivered is not known, and no month of nothing.
    let with_holidays = |worked: &Worked| Some(worked.overtime?.and(worked.holiday.unwrap_or_default()).hundredths());
    let averages = averages(month, months, PER_HOUR, with_holidays);
    let is_over = |of: Of| match of {
        Of::Month(hours) => overtime > Minutes::of_hours(hours),
        Of::Year(hours) => overtime_in_year > Minutes::of_hours(hours),
        Of::MonthWithHolidays(hours) => {
            with_holidays(worked).is_some_and(|sum| sum >= Minutes::of_hours(hours).hundredths())
        }
        Of::AverageWithHolidays(hours) => averages.iter().any(|average| average.is_over(hours)),
        Of::Months(months) => months_over_45 > months,
    };
    WARNINGS.iter().filter(|row| is_over(row.of)).map(|row| row.warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overwork::{
        duty::WorkerKind,
        figure::{
            look,
            tests::{month, worked},
        },
    };

    fn warned(months: &[Worked]) -> Vec<Warning> {
        let of = |back: usize| month("2027-03").before(i32::try_from(months.len() - 1 - back).unwrap());
        let months = months.iter().cloned().enumerate().map(|(at, worked)| (of(at), worked)).collect();
        look(month("2027-03"), &months, 4).unwrap().warnings
    }

    #[test]
    fn every_warning_has_its_row_in_its_place() {
        for (place, row) in WARNINGS.iter().enumerate() {
            assert_eq!(row.warning as usize, place, "WARNINGS must list every warning once, in the order of the enum");
        }
        assert_eq!(WARNINGS.len(), Warning::YearOver720 as usize + 1);
    }

    #[test]
    fn r36_the_agreements_lines_turn_where_the_law_says_domain_5_2() {
        let one = |overtime, holiday| warned(&[worked("2027-03", "300", overtime, holiday)]);
        assert_eq!(one("45", "0"), []);
        assert_eq!(one("45:01", "0"), [Warning::MonthOver45]);
        assert_eq!(one("45", "54:59"), []);
        assert_eq!(one("45", "55"), [Warning::Month100WithHolidays], "100 hours are too many already");
        let two = |second| warned(&[worked("2027-02", "300", "40", "40"), worked("2027-03", "300", "40", second)]);
        assert_eq!(two("40"), []);
        assert_eq!(two("40:01"), [Warning::AverageOver80WithHolidays]);
        let year = |overtime: &str, months| warned(&vec![worked("2027-03", "300", overtime, "0"); months]);
        assert_eq!(year("36", 10), []);
        assert_eq!(year("36:01", 10), [Warning::YearOver360]);
        assert_eq!(year("46", 6), [Warning::MonthOver45]);
        assert_eq!(year("46", 7), [Warning::MonthOver45, Warning::MoreThanSixMonths]);
        assert!(!year("60", 12).contains(&Warning::YearOver720));
        assert!(year("60:01", 12).contains(&Warning::YearOver720));
    }

    #[test]
    fn whoever_is_outside_of_the_agreement_is_not_warned_about() {
        for kind in [WorkerKind::Manager, WorkerKind::Research, WorkerKind::Professional] {
            assert_eq!(warned(&[Worked { kind, ..worked("2027-03", "300", "99", "20") }]), [], "{kind:?}");
        }
    }
}
