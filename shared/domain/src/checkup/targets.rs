//! Whom the law wants examined in a year, by when, and whether they were (健診の対象・受診状況; domain.md 2.1). Pure: an examinee and the days of their checkups in, targets out.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::kind::CheckupKind;
use crate::employee::EmploymentState;

/// What has to be known of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examinee {
    /// When they came.
    pub hired_on: Date,
    /// Their last day, if they have one.
    pub left_on: Option<Date>,
    /// Whether and how they work here now.
    pub state: EmploymentState,
    /// Whether they work at night or otherwise in specific work (特定業務, 安衛則13条1項3号).
    pub specific_work: bool,
}

/// A year in which people are examined: its first and its last day (年度).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Year {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

/// Where a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// They were examined.
    Taken,
    /// They are to be examined, and there is time.
    Due,
    /// They should have been examined.
    Overdue,
    /// They need not be, while they are on leave (休職中は実施を猶予できる: 基発115号).
    Postponed,
}

/// A checkup that the law wants of somebody in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub kind: CheckupKind,
    /// The last day on which it is in time.
    pub due_on: Date,
    /// Where it stands.
    pub state: TargetState,
    /// The checkup that fulfils it.
    pub taken_on: Option<Date>,
}

/// Kinds that take the place of the periodic checkup where they cover its items (domain.md 2.1).
const AS_PERIODIC: &[CheckupKind] =
    &[CheckupKind::Periodic, CheckupKind::SpecificWork, CheckupKind::Dock, CheckupKind::Tokutei, CheckupKind::Hire];
/// Kinds that take the place of the one for specific work.
const AS_SPECIFIC: &[CheckupKind] = &[CheckupKind::SpecificWork, CheckupKind::Periodic, CheckupKind::Dock];
/// How long before the day of hiring a checkup may lie that takes the place of the one at hiring (安衛則43条ただし書).
const BEFORE_HIRING_MONTHS: i32 = 3;

/// What the law wants of `examinee` in `year`, as it stands on `today`. `taken` are their checkups of any year.
#[must_use]
pub fn targets(examinee: &Examinee, year: Year, taken: &[(CheckupKind, Date)], today: Date) -> Vec<Target> {
    let Examinee { hired_on, left_on, state, specific_work } = *examinee;
    let works_in_year = hired_on <= year.last && left_on.is_none_or(|left| left >= year.first);
    if !works_in_year {
        return Vec::new();
    }
    let last_day = left_on.map_or(year.last, |left| left.min(year.last));
    let within = |kinds: &[CheckupKind], from: Date, until: Date| {
        let fits = taken.iter().filter(|(kind, day)| kinds.contains(kind) && (from..=until).contains(day));
        fits.map(|&(_, day)| day).min()
    };
    let target = |kind: CheckupKind, due_on: Date, taken_on: Option<Date>| {
        let open = if state == EmploymentState::OnLeave {
            TargetState::Postponed
        } else if due_on < today {
            TargetState::Overdue
        } else {
            TargetState::Due
        };
        Target { kind, due_on, state: taken_on.map_or(open, |_| TargetState::Taken), taken_on }
    };
    let mut all = Vec::new();
    let is_new = (year.first..=year.last).contains(&hired_on);
    if is_new {
        let earliest = hired_on.saturating_sub(BEFORE_HIRING_MONTHS.months());
        let kinds = [CheckupKind::Hire, CheckupKind::Periodic, CheckupKind::Dock];
        all.push(target(CheckupKind::Hire, hired_on, within(&kinds, earliest, last_day)));
    }
    // Within every year: a year after the one before, which may be the one at hiring. Who leaves before that day is not examined any more.
    let before =
        taken.iter().filter(|(kind, day)| AS_PERIODIC.contains(kind) && *day < year.first).map(|&(_, day)| day).max();
    let at_hiring = all.first().and_then(|hire| hire.taken_on);
    let again = |day: Date, months: i32| day.saturating_add(months.months());
    let due_on = again(at_hiring.or(before).unwrap_or(hired_on), 12).max(year.first);
    if due_on <= last_day || before.is_none() && !is_new {
        let from = at_hiring.map_or(year.first, |day| day.saturating_add(1.day()).max(year.first));
        all.push(target(CheckupKind::Periodic, due_on.min(last_day), within(AS_PERIODIC, from, last_day)));
    }
    if specific_work {
        // Within every six months.
        let mut last = taken
            .iter()
            .filter(|(kind, day)| AS_SPECIFIC.contains(kind) && *day < year.first)
            .map(|&(_, day)| day)
            .max()
            .unwrap_or(hired_on);
        let mut from = year.first;
        loop {
            let due_on = again(last, 6).max(year.first);
            if due_on > last_day {
                break;
            }
            let taken_on = within(AS_SPECIFIC, from, last_day);
            all.push(target(CheckupKind::SpecificWork, due_on, taken_on));
            let Some(day) = taken_on else { break };
            (last, from) = (day, day.saturating_add(1.day()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const YEAR: Year = Year { first: date(2026, 4, 1), last: date(2027, 3, 31) };
    const TODAY: Date = date(2026, 11, 28);

    fn somebody() -> Examinee {
        Examinee { hired_on: date(2015, 4, 1), left_on: None, state: EmploymentState::Active, specific_work: false }
    }

    fn told(examinee: &Examinee, taken: &[(CheckupKind, Date)]) -> Vec<(CheckupKind, Date, TargetState)> {
        targets(examinee, YEAR, taken, TODAY).into_iter().map(|it| (it.kind, it.due_on, it.state)).collect()
    }

    #[test]
    fn the_periodic_checkup_is_due_a_year_after_the_one_before_domain_2_1() {
        let last = (CheckupKind::Periodic, date(2025, 7, 10));
        assert_eq!(told(&somebody(), &[last]), [(CheckupKind::Periodic, date(2026, 7, 10), TargetState::Overdue)]);
        let late = (CheckupKind::Dock, date(2026, 1, 20));
        assert_eq!(told(&somebody(), &[late]), [(CheckupKind::Periodic, date(2027, 1, 20), TargetState::Due)]);
        let taken = (CheckupKind::Dock, date(2026, 8, 3));
        assert_eq!(told(&somebody(), &[last, taken]), [(CheckupKind::Periodic, date(2026, 7, 10), TargetState::Taken)]);
        let never = told(&Examinee { hired_on: date(2020, 1, 6), ..somebody() }, &[]);
        assert_eq!(never, [(CheckupKind::Periodic, YEAR.first, TargetState::Overdue)]);
    }

    #[test]
    fn whoever_is_new_is_examined_at_hiring_and_a_checkup_of_the_three_months_before_will_do_domain_2_1() {
        let new = Examinee { hired_on: date(2026, 10, 1), ..somebody() };
        assert_eq!(told(&new, &[]), [(CheckupKind::Hire, date(2026, 10, 1), TargetState::Overdue)]);
        let brought = told(&new, &[(CheckupKind::Periodic, date(2026, 7, 1))]);
        assert_eq!(brought, [(CheckupKind::Hire, date(2026, 10, 1), TargetState::Taken)]);
        let too_old = told(&new, &[(CheckupKind::Periodic, date(2026, 6, 30))]);
        assert_eq!(too_old[0].2, TargetState::Overdue);
    }

    #[test]
    fn night_work_is_examined_every_six_months_domain_2_1() {
        let night = Examinee { specific_work: true, ..somebody() };
        let taken = [(CheckupKind::Periodic, date(2026, 2, 1)), (CheckupKind::SpecificWork, date(2026, 7, 15))];
        let of_specific: Vec<_> =
            told(&night, &taken).into_iter().filter(|(kind, ..)| *kind == CheckupKind::SpecificWork).collect();
        assert_eq!(
            of_specific,
            [
                (CheckupKind::SpecificWork, date(2026, 8, 1), TargetState::Taken),
                (CheckupKind::SpecificWork, date(2027, 1, 15), TargetState::Due)
            ]
        );
    }

    #[test]
    fn who_is_on_leave_may_wait_and_who_has_left_is_nobody() {
        let last = [(CheckupKind::Periodic, date(2025, 7, 10))];
        let on_leave = Examinee { state: EmploymentState::OnLeave, ..somebody() };
        assert_eq!(told(&on_leave, &last)[0].2, TargetState::Postponed);
        let left = Examinee { left_on: Some(date(2026, 3, 31)), state: EmploymentState::Retired, ..somebody() };
        assert_eq!(told(&left, &last), []);
        let leaves = Examinee { left_on: Some(date(2026, 6, 30)), ..somebody() };
        assert_eq!(told(&leaves, &last), [], "before the day on which it is due");
    }

    proptest! {
        #[test]
        fn a_target_is_taken_if_and_only_if_a_checkup_fulfils_it(
            hired in -4000_i64..400, days in proptest::collection::vec((0_usize..5, -800_i64..400), 0..6), night in any::<bool>(),
        ) {
            let kinds = [CheckupKind::Periodic, CheckupKind::Dock, CheckupKind::Hire, CheckupKind::SpecificWork, CheckupKind::Food];
            let day = |offset: i64| YEAR.first.saturating_add(offset.days());
            let taken: Vec<_> = days.iter().map(|&(kind, offset)| (kinds[kind], day(offset))).collect();
            let examinee = Examinee { hired_on: day(hired), specific_work: night, ..somebody() };
            for target in targets(&examinee, YEAR, &taken, TODAY) {
                prop_assert_eq!(target.state == TargetState::Taken, target.taken_on.is_some());
                if let Some(on) = target.taken_on {
                    prop_assert!(taken.iter().any(|&(kind, day)| day == on && kind != CheckupKind::Food));
                }
                prop_assert!(target.due_on <= YEAR.last);
            }
        }
    }
}
