//! Where somebody stood, stands and will stand (異動歴). A transfer holds from 0:00 of its day in Japan on, and nothing has to run for that: whoever asks
//! says for which day.

use authz::Placement;
use domain::ids::{DepartmentId, WorkplaceId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Employee;

/// How many placements are remembered.
const REMEMBERED: usize = 200;

/// Where somebody stands from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedSince {
    /// The day.
    pub from: Date,
    /// The workplace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workplace: Option<WorkplaceId>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub department: Option<DepartmentId>,
}

impl PlacedSince {
    fn is_same_place(&self, other: &Self) -> bool {
        (self.workplace, self.department) == (other.workplace, other.department)
    }
}

/// Where somebody stood, stands and will stand, oldest first: each holds until the day of the next one, and the first one also before its day. Whoever has
/// left keeps the last place that they had. The newest 200 are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Placements(Vec<PlacedSince>);

impl Placements {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PlacedSince> {
        self.0.iter()
    }

    /// The one that holds on `day`, and all that are to come after it.
    pub(super) fn from(&self, day: Date) -> &[PlacedSince] {
        let begun = self.0.partition_point(|placed| placed.from <= day);
        &self.0[begun.saturating_sub(1)..]
    }

    /// Workplace and department on `day`.
    pub(super) fn on(&self, day: Date) -> (Option<WorkplaceId>, Option<DepartmentId>) {
        self.from(day).first().map_or((None, None), |placed| (placed.workplace, placed.department))
    }

    /// What is left of them from `day` on.
    pub(super) fn since(&self, day: Date) -> Self {
        Self(self.from(day).to_vec())
    }

    /// The placements once somebody is said to stand at `stated`, by a hand or a file of `today`.
    ///
    /// What is said of today or an earlier day is how it has been since then; what is planned stays planned. What is said of a day to come is the plan from that
    /// day on; another day for a place that is planned already is that plan put off or brought forward. Nobody is moved after their last day.
    pub(super) fn with(mut self, stated: PlacedSince, today: Date, last_day: Option<Date>) -> Self {
        let mut plans = self.0.split_off(self.0.len() - self.from(today).len().saturating_sub(1));
        if stated.from > today {
            // Only the very first one can lie ahead here.
            self.0.retain(|placed| placed.from < stated.from);
            plans.retain(|plan| plan.from < stated.from && !plan.is_same_place(&stated));
            plans.push(stated);
        } else if !self.0.last().is_some_and(|placed| placed.is_same_place(&stated)) {
            self.0.retain(|placed| placed.from < stated.from);
            self.push(stated);
        }
        for plan in plans {
            self.push(plan);
        }
        if let Some(last_day) = last_day {
            self.0.truncate(self.0.partition_point(|placed| placed.from <= last_day).max(1));
        }
        self.0.drain(..self.0.len().saturating_sub(REMEMBERED));
        self
    }

    /// Adds a placement, unless it is where they stand already.
    fn push(&mut self, placed: PlacedSince) {
        if !self.0.last().is_some_and(|last| last.is_same_place(&placed)) {
            self.0.push(placed);
        }
    }
}

impl Employee {
    /// Where they stand on `day`: what scopes are compared with.
    #[must_use]
    pub fn placement(&self, day: Date) -> Placement {
        let (workplace, department) = self.placements.on(day);
        Placement { employee: self.id, workplace, department, labels: self.labels.clone() }
    }

    /// Where they stand on `day`, and everywhere that they are to stand afterwards.
    pub(crate) fn placements_from(&self, day: Date) -> impl Iterator<Item = Placement> {
        self.placements.from(day).iter().map(move |placed| self.placement(placed.from.max(day)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn at(from: Date, workplace: u8) -> PlacedSince {
        PlacedSince { from, workplace: Some(WorkplaceId::from_bytes([workplace; 16])), department: None }
    }

    fn placed(all: &[PlacedSince]) -> Placements {
        Placements(all.to_vec())
    }

    /// Said on the day on which it holds.
    fn said(placements: &Placements, stated: PlacedSince) -> Placements {
        placements.clone().with(stated, stated.from, None)
    }

    const APRIL: Date = date(2026, 4, 1);
    const OCTOBER: Date = date(2026, 10, 1);
    const DECEMBER: Date = date(2026, 12, 1);

    #[test]
    fn a_move_is_remembered_and_staying_is_not() {
        let start = said(&Placements::default(), at(APRIL, 1));
        assert_eq!(said(&start, at(date(2026, 5, 1), 1)), start);
        let there = said(&start, at(OCTOBER, 2));
        assert_eq!(there, placed(&[at(APRIL, 1), at(OCTOBER, 2)]));
        assert_eq!(said(&there, at(OCTOBER, 3)), placed(&[at(APRIL, 1), at(OCTOBER, 3)]));
        assert_eq!(said(&there, at(OCTOBER, 1)), start, "a move taken back on its day has not been");
    }

    #[test]
    fn a_move_of_an_earlier_day_replaces_what_came_later() {
        let placements = placed(&[at(APRIL, 1), at(OCTOBER, 2)]);
        let june = date(2026, 6, 1);
        assert_eq!(placements.with(at(june, 3), DECEMBER, None), placed(&[at(APRIL, 1), at(june, 3)]));
    }

    #[test]
    fn r02_a_planned_move_holds_from_its_day_on_and_not_before() {
        let planned = placed(&[at(APRIL, 1)]).with(at(OCTOBER, 2), date(2026, 9, 1), None);
        assert_eq!(planned.on(date(2026, 9, 30)).0, at(APRIL, 1).workplace);
        assert_eq!(planned.on(OCTOBER).0, at(OCTOBER, 2).workplace);
        assert_eq!(planned.from(APRIL).len(), 2, "both are in use until then");
        assert_eq!(planned.since(OCTOBER), placed(&[at(OCTOBER, 2)]));
    }

    #[test]
    fn a_plan_is_put_off_taken_back_and_left_alone_by_whoever_says_where_somebody_stands_today() {
        let today = date(2026, 9, 1);
        let planned = placed(&[at(APRIL, 1), at(OCTOBER, 2)]);
        assert_eq!(planned.clone().with(at(DECEMBER, 2), today, None), placed(&[at(APRIL, 1), at(DECEMBER, 2)]));
        assert_eq!(planned.clone().with(at(OCTOBER, 1), today, None), placed(&[at(APRIL, 1)]));
        assert_eq!(planned.clone().with(at(today, 1), today, None), planned);
        assert_eq!(planned.clone().with(at(today, 3), today, None).on(OCTOBER).0, at(OCTOBER, 2).workplace);
        assert_eq!(planned.with(at(today, 2), today, None), placed(&[at(APRIL, 1), at(today, 2)]), "brought forward");
    }

    #[test]
    fn the_first_placement_holds_before_its_day_and_is_corrected_like_any_other() {
        let march = date(2026, 3, 1);
        let ahead = Placements::default().with(at(APRIL, 1), march, None);
        assert_eq!(ahead.on(march).0, at(APRIL, 1).workplace);
        assert_eq!(ahead.clone().with(at(march, 2), march, None), placed(&[at(march, 2)]));
        assert_eq!(ahead.with(at(APRIL, 2), march, None), placed(&[at(APRIL, 2)]));
    }

    #[test]
    fn nobody_is_moved_after_their_last_day() {
        let planned = placed(&[at(APRIL, 1), at(OCTOBER, 2)]);
        let today = date(2026, 9, 1);
        assert_eq!(planned.clone().with(at(today, 1), today, Some(date(2026, 9, 30))), placed(&[at(APRIL, 1)]));
        assert_eq!(planned.clone().with(at(today, 1), today, Some(OCTOBER)), planned);
        assert_eq!(
            planned.with(at(today, 1), today, Some(date(2025, 1, 1))),
            placed(&[at(APRIL, 1)]),
            "they stood there"
        );
    }

    #[test]
    fn the_newest_placements_are_remembered() {
        let mut placements = Placements::default();
        for n in 0..250_i16 {
            placements = said(&placements, at(date(2000 + n, 1, 1), u8::try_from(n % 2).unwrap()));
        }
        assert_eq!((placements.0.len(), placements.0[199].from), (REMEMBERED, date(2249, 1, 1)));
    }

    proptest! {
        /// Whatever is said in whatever order: time goes on by one day after each.
        #[test]
        fn r02_what_is_said_of_a_day_holds_on_it_and_moves_nobody_before(said in vec((-5_i64..5, 0_u8..3), 1..30)) {
            let mut placements = Placements::default();
            let mut today = date(2026, 1, 1);
            for (days, place) in said {
                today = today.tomorrow().unwrap();
                let stated = at(today.checked_add(days.days()).unwrap(), place);
                let before = placements.clone();
                placements = placements.with(stated, today, None);
                prop_assert!(placements.0.is_sorted_by(|a, b| a.from < b.from && !a.is_same_place(b)));
                prop_assert_eq!(placements.on(stated.from.max(today)).0, stated.workplace);
                let stood = before.0.first().is_some_and(|first| first.from <= today);
                if stated.from > today && stood {
                    prop_assert_eq!(placements.on(today), before.on(today));
                }
                prop_assert_eq!(placements.clone().with(stated, today, None), placements.clone(), "saying it twice");
            }
        }
    }
}
