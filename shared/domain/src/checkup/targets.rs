//! Whom the law wants examined in a year, by when, and whether they were (健診の対象・受診状況; domain.md 2.1). Pure: an examinee and the days of their checkups in, targets out.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    hazard::{Hazard, HazardWork},
    kind::CheckupKind,
};
use crate::employee::EmploymentState;

/// What has to be known of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examinee<'a> {
    /// When they came.
    pub hired_on: Date,
    /// Their last day, if they have one.
    pub left_on: Option<Date>,
    /// Whether and how they work here now.
    pub state: EmploymentState,
    /// Whether they work at night or otherwise in specific work (特定業務, 安衛則13条1項3号).
    pub specific_work: bool,
    /// The hazardous work that they do, did and will do (有害業務).
    pub hazards: &'a [HazardWork],
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
    /// The hazardous work that it is for.
    pub hazard: Option<Hazard>,
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

/// How long before the first day of hazardous work a checkup may lie that takes the place of the one at its beginning. The ordinances say no more than 「配置替えの際」: practice, confidence L.
const BEFORE_WORK_MONTHS: i32 = 1;

/// A checkup that comes again and again.
#[derive(Debug, Clone, Copy)]
struct Recurring<'a> {
    kind: CheckupKind,
    hazard: Option<Hazard>,
    /// The kinds that fulfil it.
    kinds: &'a [CheckupKind],
    months: i32,
    /// Checkups before this day do not count.
    counted_from: Date,
    /// From when on it is counted where there was none.
    since: Date,
    /// Who looks begins here.
    first: Date,
    /// The last day on which one may be due.
    until: Date,
}

/// The targets of somebody in a year while they are put together.
struct Plan<'a> {
    state: EmploymentState,
    taken: &'a [(CheckupKind, Date)],
    last_day: Date,
    today: Date,
    all: Vec<Target>,
}

impl Plan<'_> {
    /// The first checkup of these kinds between two days.
    fn within(&self, kinds: &[CheckupKind], from: Date, until: Date) -> Option<Date> {
        let fits = self.taken.iter().filter(|(kind, day)| kinds.contains(kind) && (from..=until).contains(day));
        fits.map(|&(_, day)| day).min()
    }

    /// The last checkup of these kinds from one day on and before another.
    fn before(&self, kinds: &[CheckupKind], from: Date, end: Date) -> Option<Date> {
        let fits = self.taken.iter().filter(|(kind, day)| kinds.contains(kind) && (from..end).contains(day));
        fits.map(|&(_, day)| day).max()
    }

    fn add(&mut self, kind: CheckupKind, hazard: Option<Hazard>, due_on: Date, taken_on: Option<Date>) {
        let open = if self.state == EmploymentState::OnLeave {
            TargetState::Postponed
        } else if due_on < self.today {
            TargetState::Overdue
        } else {
            TargetState::Due
        };
        let state = taken_on.map_or(open, |_| TargetState::Taken);
        self.all.push(Target { kind, hazard, due_on, state, taken_on });
    }

    fn add_recurring(&mut self, of: Recurring<'_>) {
        let Recurring { kind, hazard, kinds, months, counted_from, since, first, until } = of;
        let mut last = self.before(kinds, counted_from, first).unwrap_or(since);
        let mut from = first;
        loop {
            let due_on = again(last, months).max(first);
            if due_on > until {
                return;
            }
            let taken_on = self.within(kinds, from, self.last_day);
            self.add(kind, hazard, due_on, taken_on);
            let Some(day) = taken_on else { return };
            (last, from) = (day, day.saturating_add(1.day()));
        }
    }

    /// What hazardous work asks for: a checkup at its beginning, then at intervals, and for some of it after its end.
    fn add_hazard(&mut self, work: &HazardWork, year_first: Date) {
        let (row, hazard) = (work.hazard.row(), Some(work.hazard));
        if work.from > self.last_day {
            return;
        }
        let kinds = &[row.kind];
        let counted_from = work.from.saturating_sub(BEFORE_WORK_MONTHS.months());
        let until = work.until.map_or(self.last_day, |until| until.min(self.last_day));
        let (mut since, mut first) = (work.from, year_first);
        if work.from >= year_first {
            let taken_on = self.within(kinds, counted_from, self.last_day);
            self.add(row.kind, hazard, work.from, taken_on);
            since = taken_on.unwrap_or(work.from);
            first = since.max(work.from).saturating_add(1.day());
        }
        let recurring = |months, since, first, until| Recurring {
            kind: row.kind,
            hazard,
            kinds,
            months,
            counted_from,
            since,
            first,
            until,
        };
        if let Some(months) = row.months {
            self.add_recurring(recurring(months, since, first, until));
        }
        if let Some((ended, months)) = work.until.zip(row.after_months) {
            let first = first.max(ended.saturating_add(1.day()));
            self.add_recurring(recurring(months, ended, first, self.last_day));
        }
    }
}

fn again(day: Date, months: i32) -> Date {
    day.saturating_add(months.months())
}

/// What the law wants of `examinee` in `year`, as it stands on `today`. `taken` are their checkups of any year.
#[must_use]
pub fn targets(examinee: &Examinee<'_>, year: Year, taken: &[(CheckupKind, Date)], today: Date) -> Vec<Target> {
    let Examinee { hired_on, left_on, state, specific_work, hazards } = *examinee;
    let works_in_year = hired_on <= year.last && left_on.is_none_or(|left| left >= year.first);
    if !works_in_year {
        return Vec::new();
    }
    let last_day = left_on.map_or(year.last, |left| left.min(year.last));
    let mut plan = Plan { state, taken, last_day, today, all: Vec::new() };
    let is_new = (year.first..=year.last).contains(&hired_on);
    let mut at_hiring = None;
    if is_new {
        let earliest = hired_on.saturating_sub(BEFORE_HIRING_MONTHS.months());
        at_hiring = plan.within(&[CheckupKind::Hire, CheckupKind::Periodic, CheckupKind::Dock], earliest, last_day);
        plan.add(CheckupKind::Hire, None, hired_on, at_hiring);
    }
    // Within every year: a year after the one before, which may be the one at hiring. Who leaves before that day is not examined any more.
    let before = plan.before(AS_PERIODIC, Date::MIN, year.first);
    let due_on = again(at_hiring.or(before).unwrap_or(hired_on), 12).max(year.first);
    if due_on <= last_day || before.is_none() && !is_new {
        let from = at_hiring.map_or(year.first, |day| day.saturating_add(1.day()).max(year.first));
        let taken_on = plan.within(AS_PERIODIC, from, last_day);
        plan.add(CheckupKind::Periodic, None, due_on.min(last_day), taken_on);
    }
    if specific_work {
        // Within every six months.
        plan.add_recurring(Recurring {
            kind: CheckupKind::SpecificWork,
            hazard: None,
            kinds: AS_SPECIFIC,
            months: 6,
            counted_from: Date::MIN,
            since: hired_on,
            first: year.first,
            until: last_day,
        });
    }
    for work in hazards {
        plan.add_hazard(work, year.first);
    }
    plan.all
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const YEAR: Year = Year { first: date(2026, 4, 1), last: date(2027, 3, 31) };
    const TODAY: Date = date(2026, 11, 28);

    fn somebody() -> Examinee<'static> {
        let hired_on = date(2015, 4, 1);
        Examinee { hired_on, left_on: None, state: EmploymentState::Active, specific_work: false, hazards: &[] }
    }

    fn told(examinee: &Examinee<'_>, taken: &[(CheckupKind, Date)]) -> Vec<(CheckupKind, Date, TargetState)> {
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

    /// What hazardous work asks for, beside the periodic checkup.
    fn for_work(work: HazardWork, taken: &[(CheckupKind, Date)]) -> Vec<(Date, TargetState)> {
        let examinee = Examinee { hazards: &[work], ..somebody() };
        let all = targets(&examinee, YEAR, taken, TODAY).into_iter().filter(|target| target.hazard.is_some());
        all.map(|target| (target.due_on, target.state)).collect()
    }

    fn work(hazard: Hazard, from: Date, until: Option<Date>) -> HazardWork {
        HazardWork { hazard, from, until }
    }

    #[test]
    fn hazardous_work_is_examined_when_it_begins_and_every_six_months_domain_2_1() {
        let begun = work(Hazard::OrganicSolvents, date(2026, 5, 11), None);
        assert_eq!(
            for_work(begun, &[]),
            [(date(2026, 5, 11), TargetState::Overdue), (date(2026, 11, 11), TargetState::Overdue)]
        );
        let solvents = |day| (CheckupKind::OrganicSolvents, day);
        let of = |day| for_work(begun, &[solvents(day)]);
        assert_eq!(
            of(date(2026, 4, 11)),
            [(date(2026, 5, 11), TargetState::Taken), (date(2026, 10, 11), TargetState::Overdue)]
        );
        assert_eq!(of(date(2026, 4, 10))[0].1, TargetState::Overdue, "more than a month before");
        assert_eq!(for_work(begun, &[(CheckupKind::Periodic, date(2026, 5, 11))])[0].1, TargetState::Overdue);
        // The last day of August and six months more.
        let long = work(Hazard::OrganicSolvents, date(2020, 1, 6), None);
        assert_eq!(
            for_work(long, &[solvents(date(2026, 2, 28)), solvents(date(2026, 8, 31))]),
            [(date(2026, 8, 28), TargetState::Taken), (date(2027, 2, 28), TargetState::Due)]
        );
        assert_eq!(
            for_work(work(Hazard::Kitchen, date(2026, 5, 11), None), &[]),
            [(date(2026, 5, 11), TargetState::Overdue)]
        );
    }

    #[test]
    fn work_that_ended_is_examined_on_where_its_ordinance_says_so_domain_2_1() {
        let ended = |hazard| work(hazard, date(2020, 1, 6), Some(date(2026, 6, 30)));
        let lead = [(CheckupKind::Lead, date(2026, 3, 10))];
        assert_eq!(for_work(ended(Hazard::Lead), &lead), [], "before the day on which it is due");
        let asbestos = [(CheckupKind::Asbestos, date(2026, 3, 10))];
        assert_eq!(for_work(ended(Hazard::Asbestos), &asbestos), [(date(2026, 9, 10), TargetState::Overdue)]);
    }

    #[test]
    fn dust_is_examined_every_three_years_or_every_year_domain_2_1() {
        let dust = |hazard| work(hazard, date(2015, 4, 1), None);
        let taken = [(CheckupKind::Pneumoconiosis, date(2025, 12, 1))];
        assert_eq!(for_work(dust(Hazard::DustClass1), &taken), []);
        assert_eq!(for_work(dust(Hazard::DustClass2), &taken), [(date(2026, 12, 1), TargetState::Due)]);
        let long_ago = [(CheckupKind::Pneumoconiosis, date(2023, 12, 1))];
        assert_eq!(for_work(dust(Hazard::DustClass1), &long_ago), [(date(2026, 12, 1), TargetState::Due)]);
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
            hired in -4000_i64..400, days in proptest::collection::vec((0_usize..6, -800_i64..400), 0..6), night in any::<bool>(),
            begun in -800_i64..400, lasts in proptest::option::of(0_i64..800),
        ) {
            let kinds = [CheckupKind::Periodic, CheckupKind::Dock, CheckupKind::Hire, CheckupKind::SpecificWork, CheckupKind::Food, CheckupKind::Asbestos];
            let day = |offset: i64| YEAR.first.saturating_add(offset.days());
            let taken: Vec<_> = days.iter().map(|&(kind, offset)| (kinds[kind], day(offset))).collect();
            let until = lasts.map(|lasts| day(begun + lasts));
            let hazards = [work(Hazard::Asbestos, day(begun), until)];
            let examinee = Examinee { hired_on: day(hired), specific_work: night, hazards: &hazards, ..somebody() };
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
