//! Metabolic syndrome (メタボリックシンドローム判定) and the level of health guidance (特定保健指導の階層化), as the specified health checkup has them (第4期, 高確法). They have two different limits for
//! glucose: 110 mg/dL or 6.0 % for the syndrome, 100 mg/dL or 5.6 % for guidance.
//!
//! What is missing and could change the answer makes it undeterminable (判定不能); what could not, does not. So every answer is tried that the unknown parts allow: if all agree, that is it.

use super::{
    Subject,
    codes::{GUIDANCE, METABOLIC},
    item::ItemId,
    items,
    limit::{
        Known,
        Side::{AtLeast, Below},
        limit,
    },
    results::Results,
    value::Value,
};
use crate::employee::Sex;

/// Whether somebody has the metabolic syndrome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metabolic {
    /// 基準該当.
    Present,
    /// 予備群該当.
    Near,
    /// 非該当.
    Absent,
    /// 判定不能.
    Undeterminable,
}

impl Metabolic {
    /// The code of [`super::codes::METABOLIC`].
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Present => 1,
            Self::Near => 2,
            Self::Absent => 3,
            Self::Undeterminable => 4,
        }
    }

    pub(super) const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Present,
            2 => Self::Near,
            3 => Self::Absent,
            _ => Self::Undeterminable,
        }
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        METABOLIC.label(self.code()).unwrap_or_default()
    }
}

/// Which guidance somebody is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guidance {
    /// 積極的支援.
    Active,
    /// 動機付け支援.
    Motivational,
    /// なし: information alone, or not one for whom guidance is meant (another age, under medication).
    None,
    /// 判定不能.
    Undeterminable,
}

impl Guidance {
    /// The code of [`super::codes::GUIDANCE`].
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Motivational => 2,
            Self::None => 3,
            Self::Undeterminable => 4,
        }
    }

    pub(super) const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Active,
            2 => Self::Motivational,
            3 => Self::None,
            _ => Self::Undeterminable,
        }
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        GUIDANCE.label(self.code()).unwrap_or_default()
    }
}

/// The ages for which guidance is meant, reached within the insurer's year (April to March).
const AGES: std::ops::RangeInclusive<u8> = 40..=74;
/// From this age on active guidance becomes motivational.
const MOTIVATIONAL_FROM: u8 = 65;

/// What is known of somebody, as far as it is shown.
struct Findings<'a, S> {
    results: &'a Results,
    shown: S,
    sex: Sex,
}

impl<S: Fn(ItemId) -> bool> Findings<'_, S> {
    fn value(&self, item: ItemId) -> Option<&Value> {
        self.results.get(item).filter(|_| (self.shown)(item)).map(|result| &result.value)
    }

    fn at_least(&self, item: ItemId, hundredths: i64) -> Known {
        limit(AtLeast, hundredths).reached(self.value(item))
    }

    /// Whether there is a value that something can be said of.
    fn has(&self, item: ItemId) -> bool {
        matches!(self.value(item), Some(Value::Number(..)))
    }

    fn answer(&self, item: ItemId, yes: u8) -> Known {
        self.value(item).and_then(Value::code).map_or(Known::Open, |code| Known::of(code == yes))
    }

    /// Whether blood was drawn fasting: what is not told counts as fasting, for the items say so by their names.
    fn fasting(&self) -> bool {
        self.value(items::DRAW_TIME).and_then(Value::code).is_none_or(|code| code == 1)
    }

    /// Right after a meal glucose says nothing (domain.md 2.2).
    fn after_meal(&self) -> bool {
        self.value(items::DRAW_TIME).and_then(Value::code) == Some(3)
    }

    /// Waist, or the area of visceral fat that is measured in its place.
    fn abdominal_obesity(&self) -> Known {
        let waist = self.at_least(items::WAIST, if self.sex == Sex::Female { 9_000 } else { 8_500 });
        let fat = self.at_least(items::VISCERAL_FAT, 10_000);
        match (self.has(items::WAIST), self.has(items::VISCERAL_FAT)) {
            (true, true) => waist.or(fat),
            (false, true) => fat,
            (_, false) => waist,
        }
    }

    fn pressure(&self) -> Known {
        self.at_least(items::SBP, 13_000).or(self.at_least(items::DBP, 8_500))
    }

    fn low_hdl(&self) -> Known {
        limit(Below, 4_000).reached(self.value(items::HDL))
    }

    /// Triglycerides from 150 on, fasting alone.
    fn fasting_lipid(&self) -> Known {
        let triglycerides = if self.fasting() { self.at_least(items::TG, 15_000) } else { Known::Open };
        triglycerides.or(self.low_hdl())
    }

    /// The same, or from 175 on where they are casual.
    fn any_lipid(&self) -> Known {
        let triglycerides = match (self.has(items::TG), self.fasting()) {
            (true, true) => self.at_least(items::TG, 15_000),
            (true, false) => self.at_least(items::TG, 17_500),
            (false, _) => self.at_least(items::TG_CASUAL, 17_500),
        };
        triglycerides.or(self.low_hdl())
    }

    /// Fasting glucose from 110 on; without it HbA1c from 6.0 on.
    fn glucose_of_the_syndrome(&self) -> Known {
        if self.has(items::FPG) && self.fasting() {
            self.at_least(items::FPG, 11_000)
        } else {
            self.at_least(items::HBA1C, 600)
        }
    }

    /// Fasting glucose from 100 on; without it HbA1c from 5.6 on; without that casual glucose from 100 on.
    fn glucose_of_guidance(&self) -> Known {
        if self.has(items::FPG) && self.fasting() {
            self.at_least(items::FPG, 10_000)
        } else if self.has(items::HBA1C) {
            self.at_least(items::HBA1C, 560)
        } else if self.after_meal() {
            Known::Open
        } else if self.has(items::FPG) {
            self.at_least(items::FPG, 10_000)
        } else {
            self.at_least(items::GLU_CASUAL, 10_000)
        }
    }

    fn medicines(&self) -> [Known; 3] {
        [items::MED_BP, items::MED_LIPID, items::MED_GLU].map(|item| self.answer(item, 1))
    }

    fn metabolic(&self) -> Metabolic {
        let [pressure, lipid, glucose] = self.medicines();
        let risks =
            [self.pressure().or(pressure), self.fasting_lipid().or(lipid), self.glucose_of_the_syndrome().or(glucose)];
        let obesity = self.abdominal_obesity();
        let certain = risks.iter().filter(|&&risk| risk == Known::Yes).count();
        let possible = risks.iter().filter(|&&risk| risk != Known::No).count();
        let answers = obesity
            .possible()
            .flat_map(|obese| (certain..=possible).map(move |count| if obese { count } else { 0 }))
            .map(|count| match count {
                0 => Metabolic::Absent,
                1 => Metabolic::Near,
                _ => Metabolic::Present,
            });
        the_one(answers).unwrap_or(Metabolic::Undeterminable)
    }

    fn guidance(&self, ages: [u8; 2]) -> Guidance {
        let medicine = self.medicines().into_iter().fold(Known::No, Known::or);
        let risks = [self.pressure(), self.any_lipid(), self.glucose_of_guidance()];
        let certain = risks.iter().filter(|&&risk| risk == Known::Yes).count();
        let possible = risks.iter().filter(|&&risk| risk != Known::No).count();
        let (obesity, heavy) = (self.abdominal_obesity(), self.at_least(items::BMI, 2_500));
        let smokes = self.answer(items::Q_SMOKE, 1);
        let answers = ages.into_iter().flat_map(|age| {
            medicine.possible().flat_map(move |medicine| {
                obesity.possible().flat_map(move |obese| {
                    heavy.possible().flat_map(move |heavy| {
                        smokes.possible().flat_map(move |smokes| {
                            (certain..=possible).map(move |risks| level(age, medicine, (obese, heavy), (risks, smokes)))
                        })
                    })
                })
            })
        });
        the_one(answers).unwrap_or(Guidance::Undeterminable)
    }
}

/// The answer, where all agree.
fn the_one<T: PartialEq>(mut answers: impl Iterator<Item = T>) -> Option<T> {
    let first = answers.next()?;
    answers.all(|other| other == first).then_some(first)
}

/// The level of somebody of whom everything is known. Smoking counts beside another risk alone.
fn level(age: u8, medicine: bool, (obese, heavy): (bool, bool), (risks, smokes): (usize, bool)) -> Guidance {
    if medicine || !AGES.contains(&age) {
        return Guidance::None;
    }
    let count = risks + usize::from(smokes && risks > 0);
    let level = match (obese, heavy, count) {
        (true, _, 2..) | (false, true, 3..) => Guidance::Active,
        (true, _, 1) | (false, true, 1..) => Guidance::Motivational,
        _ => Guidance::None,
    };
    if level == Guidance::Active && age >= MOTIVATIONAL_FROM { Guidance::Motivational } else { level }
}

/// Whether somebody has the metabolic syndrome, by what is `shown`.
#[must_use]
pub fn metabolic(results: &Results, subject: Subject, shown: impl Fn(ItemId) -> bool) -> Metabolic {
    Findings { results, shown, sex: subject.table_sex() }.metabolic()
}

/// Which guidance somebody is offered, by what is `shown`. Only the age on the day is known: who might pass one of the bounds before the insurer's year ends is tried on both sides of it.
#[must_use]
pub fn guidance(results: &Results, subject: Subject, shown: impl Fn(ItemId) -> bool) -> Guidance {
    let ages = [subject.age, subject.age.saturating_add(1)];
    Findings { results, shown, sex: subject.table_sex() }.guidance(ages)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::value::read, *};

    type Cell = (ItemId, &'static str);

    fn results(cells: &[&[Cell]]) -> Results {
        let mut results = Results::default();
        for &(item, cell) in cells.iter().copied().flatten() {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        results
    }

    fn both(cells: &[&[Cell]], age: u8) -> (Metabolic, Guidance) {
        let (results, subject) = (results(cells), Subject { sex: Sex::Male, age });
        (metabolic(&results, subject, |_| true), guidance(&results, subject, |_| true))
    }

    const NO_MEDICINE: &[Cell] = &[
        (items::MED_BP, "いいえ"),
        (items::MED_GLU, "いいえ"),
        (items::MED_LIPID, "いいえ"),
        (items::Q_SMOKE, "吸わない"),
    ];
    const CALM: &[Cell] = &[(items::DBP, "84"), (items::TG, "149"), (items::HDL, "40")];

    #[test]
    fn domain_15_3_glucose_of_105_is_below_the_limit_of_the_syndrome_and_above_that_of_guidance() {
        let cells: &[Cell] = &[(items::WAIST, "85.0"), (items::FPG, "105"), (items::SBP, "129")];
        assert_eq!(both(&[cells, CALM, NO_MEDICINE], 50), (Metabolic::Absent, Guidance::Motivational));
    }

    #[test]
    fn domain_15_3_two_risks_are_the_syndrome_and_active_guidance_which_ends_at_65_and_with_medicine() {
        let cells: &[Cell] = &[
            (items::WAIST, "85.0"),
            (items::FPG, "110"),
            (items::SBP, "130"),
            (items::DBP, "80"),
            (items::TG, "149"),
            (items::HDL, "40"),
        ];
        assert_eq!(both(&[cells, NO_MEDICINE], 50), (Metabolic::Present, Guidance::Active));
        assert_eq!(both(&[cells, NO_MEDICINE], 65), (Metabolic::Present, Guidance::Motivational));
        let with_medicine: &[Cell] = &[(items::MED_BP, "はい")];
        assert_eq!(both(&[cells, NO_MEDICINE, with_medicine], 50), (Metabolic::Present, Guidance::None));
    }

    #[test]
    fn domain_15_3_smoking_counts_beside_another_risk_alone() {
        let heavy: &[Cell] = &[
            (items::WAIST, "84.9"),
            (items::BMI, "25.0"),
            (items::FPG, "99"),
            (items::SBP, "129"),
            (items::Q_SMOKE, "吸う"),
        ];
        assert_eq!(both(&[CALM, NO_MEDICINE, heavy], 50).1, Guidance::None);
        let one_more: &[Cell] = &[(items::FPG, "100"), (items::WAIST, "85.0")];
        assert_eq!(both(&[CALM, NO_MEDICINE, heavy, one_more], 50).1, Guidance::Active, "glucose and smoking");
    }

    #[test]
    fn domain_2_6_both_sides_of_every_limit_of_the_syndrome() {
        let base: &[Cell] = &[(items::WAIST, "85.0"), (items::FPG, "109"), (items::SBP, "129")];
        let of = |more: &[Cell]| both(&[CALM, NO_MEDICINE, base, more], 50).0;
        assert_eq!(of(&[]), Metabolic::Absent);
        for (before, reached) in [
            ((items::SBP, "129"), (items::SBP, "130")),
            ((items::DBP, "84"), (items::DBP, "85")),
            ((items::TG, "149"), (items::TG, "150")),
            ((items::HDL, "40"), (items::HDL, "39")),
            ((items::FPG, "109"), (items::FPG, "110")),
            ((items::MED_BP, "いいえ"), (items::MED_BP, "はい")),
            ((items::MED_LIPID, "いいえ"), (items::MED_LIPID, "はい")),
            ((items::MED_GLU, "いいえ"), (items::MED_GLU, "はい")),
        ] {
            assert_eq!((of(&[before]), of(&[reached])), (Metabolic::Absent, Metabolic::Near), "{}", reached.0);
            let also = if reached.0 == items::FPG { (items::SBP, "130") } else { (items::FPG, "110") };
            let same_kind = [items::FPG, items::MED_GLU].contains(&reached.0) && also.0 == items::FPG;
            if !same_kind {
                assert_eq!(of(&[reached, also]), Metabolic::Present, "{} and {}", reached.0, also.0);
            }
            assert_eq!(of(&[reached, (items::WAIST, "84.9")]), Metabolic::Absent, "no waist, no syndrome");
        }
        let women = |waist: &'static str| {
            let cells: &[Cell] = &[(items::WAIST, waist), (items::FPG, "110"), (items::SBP, "130")];
            metabolic(&results(&[CALM, NO_MEDICINE, cells]), Subject { sex: Sex::Female, age: 50 }, |_| true)
        };
        assert_eq!((women("89.9"), women("90.0")), (Metabolic::Absent, Metabolic::Present));
        assert_eq!(of(&[(items::WAIST, "84.9"), (items::VISCERAL_FAT, "100.0"), (items::SBP, "130")]), Metabolic::Near);
    }

    #[test]
    fn domain_2_6_both_sides_of_every_limit_of_guidance() {
        let base: &[Cell] = &[(items::WAIST, "85.0"), (items::FPG, "99"), (items::SBP, "129")];
        let of = |more: &[Cell], age| both(&[CALM, NO_MEDICINE, base, more], age).1;
        assert_eq!(of(&[], 50), Guidance::None);
        for reached in
            [(items::SBP, "130"), (items::DBP, "85"), (items::TG, "150"), (items::HDL, "39"), (items::FPG, "100")]
        {
            assert_eq!(of(&[reached], 50), Guidance::Motivational, "{}", reached.0);
        }
        let two: &[Cell] = &[(items::SBP, "130"), (items::FPG, "100")];
        let lean = |more: &[Cell]| {
            let waist: &[Cell] = &[(items::WAIST, "84.9"), (items::BMI, "25.0")];
            of(&[two, waist, more].concat(), 50)
        };
        assert_eq!(of(two, 50), Guidance::Active);
        assert_eq!((lean(&[]), lean(&[(items::TG, "150")])), (Guidance::Motivational, Guidance::Active));
        assert_eq!(lean(&[(items::BMI, "24.9")]), Guidance::None);
        // 40 to 74, reached within the insurer's year.
        for (age, level) in [
            (38, Guidance::None),
            (39, Guidance::Undeterminable),
            (40, Guidance::Active),
            (63, Guidance::Active),
            (64, Guidance::Undeterminable),
            (65, Guidance::Motivational),
            (73, Guidance::Motivational),
            (74, Guidance::Undeterminable),
            (75, Guidance::None),
        ] {
            assert_eq!(of(two, age), level, "{age}");
        }
    }

    #[test]
    fn domain_2_6_the_two_limits_of_glucose_are_not_the_same() {
        let of = |more: &[Cell]| {
            let base: &[Cell] = &[(items::WAIST, "85.0"), (items::SBP, "129")];
            both(&[CALM, NO_MEDICINE, base, more], 50)
        };
        for (cell, expected) in [
            ((items::FPG, "99"), (Metabolic::Absent, Guidance::None)),
            ((items::FPG, "100"), (Metabolic::Absent, Guidance::Motivational)),
            ((items::FPG, "109"), (Metabolic::Absent, Guidance::Motivational)),
            ((items::FPG, "110"), (Metabolic::Near, Guidance::Motivational)),
            ((items::HBA1C, "5.5"), (Metabolic::Absent, Guidance::None)),
            ((items::HBA1C, "5.6"), (Metabolic::Absent, Guidance::Motivational)),
            ((items::HBA1C, "5.9"), (Metabolic::Absent, Guidance::Motivational)),
            ((items::HBA1C, "6.0"), (Metabolic::Near, Guidance::Motivational)),
        ] {
            assert_eq!(of(&[cell]), expected, "{} {}", cell.0, cell.1);
        }
        // Fasting glucose comes before HbA1c, and that before casual glucose.
        assert_eq!(of(&[(items::FPG, "99"), (items::HBA1C, "6.0")]), (Metabolic::Absent, Guidance::None));
        assert_eq!(of(&[(items::GLU_CASUAL, "200"), (items::HBA1C, "5.5")]).1, Guidance::None);
        assert_eq!(of(&[(items::GLU_CASUAL, "100")]), (Metabolic::Undeterminable, Guidance::Motivational));
        assert_eq!(of(&[(items::GLU_CASUAL, "100"), (items::DRAW_TIME, "3")]).1, Guidance::Undeterminable);
    }

    #[test]
    fn domain_2_6_casual_triglycerides_count_from_175_on_for_guidance_and_not_for_the_syndrome() {
        let base: &[Cell] =
            &[(items::WAIST, "85.0"), (items::FPG, "99"), (items::SBP, "129"), (items::DBP, "84"), (items::HDL, "40")];
        let of = |more: &[Cell]| both(&[NO_MEDICINE, base, more], 50);
        assert_eq!(of(&[(items::TG_CASUAL, "174")]), (Metabolic::Undeterminable, Guidance::None));
        assert_eq!(of(&[(items::TG_CASUAL, "175")]), (Metabolic::Undeterminable, Guidance::Motivational));
        assert_eq!(of(&[(items::TG, "174"), (items::DRAW_TIME, "2"), (items::HBA1C, "5.5")]).1, Guidance::None);
    }

    #[test]
    fn domain_2_6_only_what_could_change_the_answer_makes_it_undeterminable() {
        let of = |cells: &[Cell]| both(&[cells], 50);
        assert_eq!(of(&[(items::WAIST, "84.9")]).0, Metabolic::Absent, "whatever the rest is");
        assert_eq!(of(&[(items::WAIST, "85.0")]).0, Metabolic::Undeterminable);
        assert_eq!(of(&[(items::WAIST, "85.0"), (items::SBP, "140"), (items::FPG, "126")]).0, Metabolic::Present);
        assert_eq!(of(&[(items::SBP, "140")]).0, Metabolic::Undeterminable);
        assert_eq!(of(&[(items::MED_BP, "はい")]).1, Guidance::None, "not for whom guidance is meant");
        assert_eq!(of(&[(items::WAIST, "80.0"), (items::BMI, "22.0")]).1, Guidance::None);
        let bounded: &[Cell] = &[(items::WAIST, "85.0"), (items::SBP, "140"), (items::FPG, ">=126")];
        assert_eq!(of(bounded).0, Metabolic::Present);
    }

    #[test]
    fn r02_what_is_not_shown_counts_as_unknown() {
        let cells: &[Cell] = &[(items::WAIST, "85.0"), (items::FPG, "110"), (items::SBP, "130")];
        let (results, subject) = (results(&[CALM, NO_MEDICINE, cells]), Subject { sex: Sex::Male, age: 50 });
        assert_eq!(metabolic(&results, subject, |item| item != items::WAIST), Metabolic::Undeterminable);
        let statutory = |item: ItemId| item.item().statutory.is_some();
        assert_eq!(guidance(&results, subject, statutory), Guidance::Undeterminable, "medicine is not statutory");
        assert_eq!(metabolic(&results, subject, statutory), Metabolic::Present);
    }

    proptest! {
        /// Filling in what was unknown never contradicts an answer.
        #[test]
        fn an_answer_stays_whatever_becomes_known_later(hidden in 0_u16..4096, waist in 800_i64..900, fpg in 95_i64..130, sbp in 125_i64..145, smokes in 1_u8..4, age in 36_u8..80) {
            let asked = [items::WAIST, items::FPG, items::SBP, items::DBP, items::TG, items::HDL, items::MED_BP, items::MED_GLU,
                items::MED_LIPID, items::Q_SMOKE, items::BMI, items::HBA1C];
            let mut results = results(&[CALM, NO_MEDICINE]);
            for (item, cell) in [(items::WAIST, format!("{}.{}", waist / 10, waist % 10)), (items::FPG, fpg.to_string()),
                (items::SBP, sbp.to_string()), (items::Q_SMOKE, smokes.to_string()), (items::BMI, "25.3".to_owned())] {
                results.insert_reading(item, read(item, &cell).unwrap().unwrap());
            }
            let subject = Subject { sex: Sex::Male, age };
            let shown = |item: ItemId| asked.iter().position(|it| *it == item).is_none_or(|at| hidden & (1 << at) == 0);
            let (part, whole) = (metabolic(&results, subject, shown), metabolic(&results, subject, |_| true));
            prop_assert!(part == whole || part == Metabolic::Undeterminable, "{:?} {:?}", part, whole);
            let (part, whole) = (guidance(&results, subject, shown), guidance(&results, subject, |_| true));
            prop_assert!(part == whole || part == Guidance::Undeterminable, "{:?} {:?}", part, whole);
        }
    }
}
