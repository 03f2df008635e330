//! The dashboard of workplaces (ダッシュボード): what each person adds to a fiscal year's figures, and what these come to.
//!
//! Each item that counts is one [`Contribution`] of one person, under what it comes from and with that item's version. Of one source the newest version counts and nothing else, so that reading it
//! twice, late, or in another order gives the same figures, and reading it once more mends what was lost.
//!
//! Everybody is counted where they stand on the year's day ([`Counting::stands`]), for all figures: so nobody is counted twice, and no part is larger than the whole.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    employee::Sex,
    ids::{CheckupId, EmployeeId, InterviewId, StressRoundId, WorkplaceId},
    organisation::Tree,
    overwork::figure::Line,
    stress::suppression::{Group, Place, published},
    time::Month,
};

/// The item that a contribution comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The register.
    Register,
    /// A checkup.
    Checkup(CheckupId),
    /// A month of work.
    Month(Month),
    /// A round of the stress check.
    Round(StressRoundId),
    /// An interview that the employer's side knows of.
    Interview(InterviewId),
}

/// What somebody adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contribution {
    /// Nothing any more: a checkup that is void, somebody who has left.
    Nothing,
    /// They are employed on the year's day, at a workplace or at none.
    Stands(Option<WorkplaceId>),
    /// They were examined, as the law asks every year.
    Examined,
    /// They have answered in a round of the stress check.
    Answered,
    /// A month is over a line; and by when something is to be done about it next.
    Worked {
        /// The highest line of a single month that it is over.
        over: Option<Line>,
        /// By when the employer's side is to do something.
        due_on: Option<Date>,
    },
    /// An interview is to be held, reported on or decided upon by a day.
    Pending {
        /// By which.
        due_on: Date,
    },
}

/// How many people are over each line of a single month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Over 45 hours.
    pub over_45: u32,
    /// Over 60.
    pub over_60: u32,
    /// Over 80.
    pub over_80: u32,
    /// Over 100.
    pub over_100: u32,
}

impl Heads {
    fn add(&mut self, line: Line) {
        let over = |least: Line| u32::from(line >= least && line != Line::AverageOver80);
        self.over_45 += over(Line::Over45);
        self.over_60 += over(Line::Over60);
        self.over_80 += over(Line::Over80);
        self.over_100 += over(Line::Over100);
    }
}

/// The figures of a workplace and a fiscal year, as they are counted: for nobody's eyes before [`shown`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Who is employed there on the year's day.
    pub employed: u32,
    /// Of them, who was examined.
    pub examined: u32,
    /// Of them, who has answered the stress check.
    pub answered: u32,
    /// Of them, whose highest month of the year is over which line.
    pub overwork: Heads,
    /// The same of each month in which anybody is over one.
    #[serde(default)]
    pub months: BTreeMap<Month, Heads>,
    /// Months about which the employer's side is to do something.
    pub tasks: u32,
    /// Of them, those whose day has passed.
    pub overdue: u32,
    /// Interviews that are to be held, reported on or decided upon.
    #[serde(default)]
    pub interviews: u32,
    /// Of them, those whose day has passed.
    #[serde(default)]
    pub interviews_overdue: u32,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let heads = |one: &mut Heads, other: &Heads| {
            one.over_45 += other.over_45;
            one.over_60 += other.over_60;
            one.over_80 += other.over_80;
            one.over_100 += other.over_100;
        };
        self.employed += other.employed;
        self.examined += other.examined;
        self.answered += other.answered;
        self.tasks += other.tasks;
        self.overdue += other.overdue;
        self.interviews += other.interviews;
        self.interviews_overdue += other.interviews_overdue;
        heads(&mut self.overwork, &other.overwork);
        for (month, of) in &other.months {
            heads(self.months.entry(*month).or_default(), of);
        }
        self
    }
}

/// What has been read of a fiscal year so far.
#[derive(Debug, Default)]
pub struct Counting {
    people: BTreeMap<EmployeeId, BTreeMap<Source, (u64, Contribution)>>,
}

impl Counting {
    /// The day on which everybody is counted where they stand: the year's last, or today while it runs.
    #[must_use]
    pub fn stands(last_day: Date, today: Date) -> Date {
        last_day.min(today)
    }

    /// Takes what `version` of a source says of somebody. What a newer version has said stands.
    pub fn take(&mut self, person: EmployeeId, source: Source, version: u64, says: Contribution) {
        let of = self.people.entry(person).or_default().entry(source).or_insert((version, says));
        if of.0 < version {
            *of = (version, says);
        }
    }

    /// The figures of each workplace, and of those who stand at none. What is due by `today` or later is not overdue.
    #[must_use]
    pub fn counts(&self, today: Date) -> BTreeMap<Option<WorkplaceId>, Counts> {
        let mut all: BTreeMap<Option<WorkplaceId>, Counts> = BTreeMap::new();
        for of in self.people.values() {
            let Some((_, Contribution::Stands(workplace))) = of.get(&Source::Register) else { continue };
            let counts = all.entry(*workplace).or_default();
            counts.employed += 1;
            let any = |what| u32::from(of.values().any(|(_, says)| *says == what));
            counts.examined += any(Contribution::Examined);
            counts.answered += any(Contribution::Answered);
            let mut highest = None;
            for (source, (_, says)) in of {
                match (source, says) {
                    (Source::Month(month), Contribution::Worked { over, due_on }) => {
                        if let Some(line) = over {
                            counts.months.entry(*month).or_default().add(*line);
                        }
                        highest = highest.max(*over);
                        counts.tasks += u32::from(due_on.is_some());
                        counts.overdue += u32::from(due_on.is_some_and(|day| day < today));
                    }
                    (Source::Interview(_), Contribution::Pending { due_on }) => {
                        counts.interviews += 1;
                        counts.interviews_overdue += u32::from(*due_on < today);
                    }
                    _ => {}
                }
            }
            if let Some(line) = highest {
                counts.overwork.add(line);
            }
        }
        all
    }
}

/// For which workplaces a figure may be shown, and whether for the whole: none that is about fewer than ten people, and none from which such a one could be computed (domain.md 0-6), by the
/// same rule as groups of the stress check. `people` says of how many people each workplace's figure is.
#[must_use]
pub fn shown(people: impl IntoIterator<Item = (Option<WorkplaceId>, u32)>) -> Shown {
    let at = |workplace| Place {
        workplace,
        department: None,
        labels: BTreeSet::new(),
        // One for all: these figures are not told by sex.
        sex: Sex::Male,
        age: None,
    };
    let classes: Vec<(Place, u32)> = people.into_iter().map(|(workplace, count)| (at(workplace), count)).collect();
    let groups = published(&classes, &Tree::default());
    let mut shown = Shown::default();
    for group in groups.into_keys() {
        match group {
            Group::Whole => shown.whole = true,
            Group::Workplace(workplace) => drop(shown.workplaces.insert(workplace)),
            _ => {}
        }
    }
    shown
}

/// For what a figure may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// For everybody together.
    pub whole: bool,
    /// For these workplaces.
    pub workplaces: BTreeSet<WorkplaceId>,
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan as _, civil::date};
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 11, 28);

    fn workplace(n: u8) -> WorkplaceId {
        WorkplaceId::from_bytes([n; 16])
    }

    #[test]
    fn r37_somebody_counts_once_where_they_stand_and_over_every_line_below_their_own() {
        let mut counting = Counting::default();
        let person = EmployeeId::from_bytes([1; 16]);
        let month = |n| Month::of(date(2026, n, 1));
        for (source, says) in [
            (Source::Register, Contribution::Stands(Some(workplace(1)))),
            (Source::Checkup(CheckupId::from_bytes([1; 16])), Contribution::Examined),
            (Source::Checkup(CheckupId::from_bytes([2; 16])), Contribution::Examined),
            (
                Source::Month(month(9)),
                Contribution::Worked { over: Some(Line::Over80), due_on: Some(TODAY.saturating_sub(1.day())) },
            ),
            (Source::Month(month(10)), Contribution::Worked { over: Some(Line::Over45), due_on: Some(TODAY) }),
            (Source::Interview(InterviewId::from_bytes([1; 16])), Contribution::Pending { due_on: TODAY }),
            (
                Source::Interview(InterviewId::from_bytes([2; 16])),
                Contribution::Pending { due_on: TODAY.saturating_sub(1.day()) },
            ),
        ] {
            counting.take(person, source, 1, says);
        }
        // Whoever is not employed on the year's day is counted nowhere.
        counting.take(
            EmployeeId::from_bytes([2; 16]),
            Source::Checkup(CheckupId::from_bytes([3; 16])),
            1,
            Contribution::Examined,
        );
        let over_45 = Heads { over_45: 1, ..Heads::default() };
        let over_80 = Heads { over_45: 1, over_60: 1, over_80: 1, over_100: 0 };
        let counts = Counts {
            employed: 1,
            examined: 1,
            answered: 0,
            overwork: over_80,
            months: BTreeMap::from([(month(9), over_80), (month(10), over_45)]),
            tasks: 2,
            overdue: 1,
            interviews: 2,
            interviews_overdue: 1,
        };
        assert_eq!(counting.counts(TODAY), BTreeMap::from([(Some(workplace(1)), counts)]));
    }

    #[test]
    fn r37_a_small_workplace_is_hidden_and_the_one_that_would_tell_of_it_domain_0_6() {
        let of = |sizes: &[u32]| shown(sizes.iter().zip(1..).map(|(size, n)| (Some(workplace(n)), *size)));
        let both = Shown { whole: true, workplaces: [workplace(1), workplace(2)].into() };
        assert_eq!(of(&[15, 10]), both);
        assert_eq!(of(&[16, 9]), Shown { whole: true, workplaces: BTreeSet::new() }, "25 - 16 would be the nine");
        assert_eq!(of(&[30, 16, 9]).workplaces, [workplace(1)].into(), "of the sixteen and the nine only their sum");
        assert_eq!(of(&[9]), Shown::default());
        let unplaced = shown([(Some(workplace(1)), 30), (None, 3)]);
        assert_eq!(unplaced, Shown { whole: true, workplaces: BTreeSet::new() }, "those at none would be known");
    }

    /// What happens to one source of one person, version by version.
    #[derive(Debug, Clone)]
    struct History {
        person: u8,
        source: Source,
        versions: Vec<Contribution>,
    }

    fn histories() -> impl Strategy<Value = Vec<History>> {
        let one = (0_u8..8, 0_u8..5, 0_u8..3, proptest::collection::vec((any::<bool>(), 0_u8..6), 1..5));
        let all = proptest::collection::vec(one, 1..30);
        all.prop_map(|all| {
            let mut seen = BTreeSet::new();
            let of = |(person, kind, number, versions): (u8, u8, u8, Vec<(bool, u8)>)| {
                let source = match kind {
                    0 => Source::Register,
                    1 => Source::Checkup(CheckupId::from_bytes([number; 16])),
                    2 => Source::Month(Month::of(TODAY).before(i32::from(number))),
                    3 => Source::Interview(InterviewId::from_bytes([number; 16])),
                    _ => Source::Round(StressRoundId::from_bytes([number; 16])),
                };
                let says = |(counts, n): (bool, u8)| match source {
                    Source::Register if counts => Contribution::Stands(Some(n).filter(|n| *n > 1).map(workplace)),
                    Source::Checkup(_) if counts => Contribution::Examined,
                    Source::Round(_) if counts => Contribution::Answered,
                    Source::Interview(_) if counts => {
                        Contribution::Pending { due_on: TODAY.saturating_sub(i64::from(n).days()) }
                    }
                    Source::Month(_) => {
                        let lines =
                            [None, Some(Line::Over45), Some(Line::Over60), Some(Line::Over80), Some(Line::Over100)];
                        let over = lines.get(usize::from(n)).copied().flatten();
                        Contribution::Worked {
                            over,
                            due_on: counts.then_some(TODAY.saturating_sub(i64::from(n).days())),
                        }
                    }
                    _ => Contribution::Nothing,
                };
                History { person, source, versions: versions.into_iter().map(says).collect() }
            };
            all.into_iter().map(of).filter(|it| seen.insert((it.person, it.source))).collect()
        })
    }

    fn take(counting: &mut Counting, history: &History, version: usize) {
        let person = EmployeeId::from_bytes([history.person; 16]);
        counting.take(person, history.source, version as u64 + 1, history.versions[version]);
    }

    /// Counts the last versions by themselves, another way: figure by figure.
    fn expected(histories: &[History]) -> BTreeMap<Option<WorkplaceId>, Counts> {
        let last = |person: u8| {
            histories.iter().filter(move |it| it.person == person).map(|it| (it.source, *it.versions.last().unwrap()))
        };
        let mut all = BTreeMap::new();
        for person in 0..8 {
            let place =
                last(person).find_map(|(_, says)| if let Contribution::Stands(at) = says { Some(at) } else { None });
            let Some(place) = place else { continue };
            let had = |what| u32::from(last(person).filter(|(_, says)| *says == what).count() > 0);
            let months: Vec<(Month, Option<Line>, Option<Date>)> = last(person)
                .filter_map(|(source, says)| match (source, says) {
                    (Source::Month(month), Contribution::Worked { over, due_on }) => Some((month, over, due_on)),
                    _ => None,
                })
                .collect();
            let rank = |line: Option<Line>| match line {
                Some(Line::Over100) => 4,
                Some(Line::Over80) => 3,
                Some(Line::Over60) => 2,
                Some(Line::Over45) => 1,
                _ => 0,
            };
            let heads = |rank: u8| Heads {
                over_45: u32::from(rank >= 1),
                over_60: u32::from(rank >= 2),
                over_80: u32::from(rank >= 3),
                over_100: u32::from(rank >= 4),
            };
            let pending: Vec<Date> = last(person)
                .filter_map(|(_, says)| if let Contribution::Pending { due_on } = says { Some(due_on) } else { None })
                .collect();
            let one = Counts {
                employed: 1,
                examined: had(Contribution::Examined),
                answered: had(Contribution::Answered),
                overwork: heads(months.iter().map(|(_, over, _)| rank(*over)).max().unwrap_or(0)),
                months: months.iter().filter(|it| it.1.is_some()).map(|it| (it.0, heads(rank(it.1)))).collect(),
                tasks: u32::try_from(months.iter().filter(|it| it.2.is_some()).count()).unwrap(),
                overdue: u32::try_from(months.iter().filter(|it| it.2.is_some_and(|day| day < TODAY)).count()).unwrap(),
                interviews: u32::try_from(pending.len()).unwrap(),
                interviews_overdue: u32::try_from(pending.iter().filter(|day| **day < TODAY).count()).unwrap(),
            };
            let before: Counts = all.remove(&place).unwrap_or_default();
            all.insert(place, before.and(&one));
        }
        all
    }

    /// 1,000 cases, or as many as `PROPTEST_CASES` says.
    fn cases() -> ProptestConfig {
        let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
        ProptestConfig { cases: asked.unwrap_or(1_000), ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(cases())]

        /// Done-when 2: records come lost, repeated and in any order; what reads all sources once more mends it, before, between or after them.
        #[test]
        fn r37_lost_repeated_and_reordered_records_give_the_same_figures(
            histories in histories(),
            records in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..80),
            mended_at in any::<prop::sample::Index>(),
        ) {
            let mended_at = mended_at.index(records.len() + 1);
            let mut counting = Counting::default();
            for at in 0..=records.len() {
                if at == mended_at {
                    for history in &histories {
                        take(&mut counting, history, history.versions.len() - 1);
                    }
                }
                if let Some((history, version)) = records.get(at) {
                    let history = &histories[history.index(histories.len())];
                    take(&mut counting, history, version.index(history.versions.len()));
                }
            }
            prop_assert_eq!(counting.counts(TODAY), expected(&histories));
        }

        /// No part is larger than the whole, and the sum over workplaces is that of everybody.
        #[test]
        fn r37_no_part_is_larger_than_the_whole(histories in histories()) {
            let mut counting = Counting::default();
            for history in &histories {
                take(&mut counting, history, history.versions.len() - 1);
            }
            for counts in counting.counts(TODAY).values() {
                let Counts { employed, examined, answered, overwork, .. } = counts;
                let parts = [examined, answered, &overwork.over_45];
                prop_assert!(parts.into_iter().all(|part| part <= employed), "{:?}", counts);
                prop_assert!(overwork.over_45 >= overwork.over_60 && overwork.over_60 >= overwork.over_80);
                prop_assert!(counts.months.values().all(|month| month.over_100 <= overwork.over_100));
            }
        }
    }
}
