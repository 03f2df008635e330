//! The fatigue check list (労働者の疲労蓄積度自己診断チェックリスト) that workers fill in for themselves (domain.md 5.3). The bands differ between the editions; so every set of
//! answers keeps its edition.
//!
//! The bands and the burden are those of domain.md 5.3 (confidence M to H). Of the words of the items and their points, work's items 7 to 13 and the points of the symptoms agree
//! with the table of old and new in the ministry's notice of 2023-04-04 (001084302.pdf); the others are from recollection and one public page, and are **to be verified**
//! against the paper itself (001084057.pdf): [`VERIFIED`].

use serde::{Deserialize, Serialize};

/// Whether the words and points of the items have been held against the ministry's paper.
pub const VERIFIED: bool = false;

/// An edition of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Edition {
    /// That of 2003, for history that is brought in.
    #[serde(rename = "2003")]
    Y2003,
    /// That of 2023.
    #[serde(rename = "2023")]
    Y2023,
}

/// One item.
#[derive(Debug)]
pub struct Item {
    /// What is asked.
    pub text: &'static str,
    /// The answers, each with its points.
    pub answers: &'static [(&'static str, u8)],
}

const FREQUENCY: &[(&str, u8)] = &[("ほとんどない", 0), ("時々ある", 1), ("よくある", 3)];
const SIZE: &[(&str, u8)] = &[("小さい", 0), ("大きい", 1), ("非常に大きい", 3)];
const AMOUNT: &[(&str, u8)] = &[("少ない", 0), ("多い", 1), ("非常に多い", 3)];
const ENOUGH: &[(&str, u8)] = &[("十分", 0), ("やや足りない", 1), ("足りない", 3)];

const fn item(text: &'static str, answers: &'static [(&'static str, u8)]) -> Item {
    Item { text, answers }
}

/// How it has been in the last month (自覚症状), edition of 2023.
pub const SYMPTOMS: &[Item] = &[
    item("イライラする", FREQUENCY),
    item("不安だ", FREQUENCY),
    item("落ち着かない", FREQUENCY),
    item("ゆううつだ", FREQUENCY),
    item("よく眠れない", FREQUENCY),
    item("体の調子が悪い", FREQUENCY),
    item("物事に集中できない", FREQUENCY),
    item("することに間違いが多い", FREQUENCY),
    item("仕事中、強い眠気に襲われる", FREQUENCY),
    item("やる気が出ない", FREQUENCY),
    item("へとへとだ（運動後を除く）", FREQUENCY),
    item("朝、起きた時、ぐったりした疲れを感じる", FREQUENCY),
    item("以前とくらべて、疲れやすい", FREQUENCY),
    item("食欲がないと感じる", FREQUENCY),
];

/// What work has been like in the last month (勤務の状況), edition of 2023.
pub const WORK: &[Item] = &[
    item("1か月の労働時間（時間外・休日労働時間を含む）", &[("適当", 0), ("多い", 1), ("非常に多い", 3)]),
    item("不規則な勤務（予定の変更、突然の仕事）", &[("少ない", 0), ("多い", 1)]),
    item("出張に伴う負担（頻度・拘束時間・時差など）", &[("ない又は小さい", 0), ("大きい", 1)]),
    item("深夜勤務に伴う負担", &[("ない又は小さい", 0), ("大きい", 1), ("非常に大きい", 3)]),
    item("休憩・仮眠の時間数及び施設", &[("適切である", 0), ("不適切である", 1)]),
    item("仕事についての身体的負担", SIZE),
    item("仕事についての精神的負担", SIZE),
    item("職場・顧客等の人間関係による負担", SIZE),
    item("時間内に処理しきれない仕事", AMOUNT),
    item("自分のペースでできない仕事", AMOUNT),
    item("勤務時間外でも仕事のことが気にかかって仕方ない", FREQUENCY),
    item("勤務日の睡眠時間", ENOUGH),
    item("終業時刻から次の始業時刻の間にある休息時間", ENOUGH),
];

/// The highest sums of the first three bands of symptoms (I to III) and of work (A to C).
const fn bands(edition: Edition) -> ([u16; 3], [u16; 3]) {
    match edition {
        Edition::Y2023 => ([2, 7, 14], [0, 5, 11]),
        Edition::Y2003 => ([4, 10, 20], [0, 2, 5]),
    }
}

/// The burden (仕事による負担度) by the bands of symptoms (rows) and work (columns). Both editions agree.
const BURDEN: [[u8; 4]; 4] = [[0, 0, 2, 4], [0, 1, 3, 5], [0, 2, 4, 6], [1, 3, 5, 7]];

/// What the list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The sum of the symptoms' points.
    pub symptoms: u16,
    /// The sum of work's points.
    pub work: u16,
    /// The band of the symptoms, 1 to 4 (I to IV).
    pub symptom_band: u8,
    /// The band of work, 1 to 4 (A to D).
    pub work_band: u8,
    /// The burden, 0 to 7.
    pub burden: u8,
}

/// How high the burden is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 0 and 1.
    Low,
    /// 2 and 3.
    SlightlyHigh,
    /// 4 and 5.
    High,
    /// 6 and 7.
    VeryHigh,
}

impl Score {
    /// The score of sums of points by an edition.
    #[must_use]
    pub fn of(edition: Edition, symptoms: u16, work: u16) -> Self {
        let band = |sum: u16, ends: [u16; 3]| ends.iter().filter(|end| sum > **end).count();
        let (of_symptoms, of_work) = bands(edition);
        let (row, column) = (band(symptoms, of_symptoms), band(work, of_work));
        let burden = BURDEN.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
        let one_based = |band: usize| u8::try_from(band + 1).unwrap_or(4);
        Self { symptoms, work, symptom_band: one_based(row), work_band: one_based(column), burden }
    }

    /// How high the burden is.
    #[must_use]
    pub const fn level(self) -> Level {
        match self.burden {
            0 | 1 => Level::Low,
            2 | 3 => Level::SlightlyHigh,
            4 | 5 => Level::High,
            _ => Level::VeryHigh,
        }
    }
}

impl Level {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Low => "低いと考えられる",
            Self::SlightlyHigh => "やや高いと考えられる",
            Self::High => "高いと考えられる",
            Self::VeryHigh => "非常に高いと考えられる",
        }
    }
}

/// Answers to the list of 2023: the points of each item, in its order. Debug output shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    symptoms: Vec<u8>,
    work: Vec<u8>,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

/// What is wrong with answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswersFault {
    /// Not as many symptoms as the list has.
    SymptomCount,
    /// Not as many items of work as the list has.
    WorkCount,
    /// That many points are no answer to this symptom.
    Symptom(usize),
    /// That many points are no answer to this item of work.
    Work(usize),
}

impl Answers {
    /// The answers, if each item has one of its own; everything that is wrong with them otherwise.
    pub fn new(symptoms: Vec<u8>, work: Vec<u8>) -> Result<Self, Vec<AnswersFault>> {
        let wrong = |items: &'static [Item], given: &[u8]| -> Vec<usize> {
            let fits = |(item, points): (&Item, &u8)| item.answers.iter().any(|(_, of)| of == points);
            items.iter().zip(given).map(fits).enumerate().filter(|(_, fits)| !fits).map(|(at, _)| at).collect()
        };
        let mut faults = Vec::new();
        faults.extend((symptoms.len() != SYMPTOMS.len()).then_some(AnswersFault::SymptomCount));
        faults.extend((work.len() != WORK.len()).then_some(AnswersFault::WorkCount));
        faults.extend(wrong(SYMPTOMS, &symptoms).into_iter().map(AnswersFault::Symptom));
        faults.extend(wrong(WORK, &work).into_iter().map(AnswersFault::Work));
        if faults.is_empty() { Ok(Self { symptoms, work }) } else { Err(faults) }
    }

    /// What they come to.
    #[must_use]
    pub fn score(&self) -> Score {
        let sum = |points: &[u8]| points.iter().map(|points| u16::from(*points)).sum();
        Score::of(Edition::Y2023, sum(&self.symptoms), sum(&self.work))
    }

    /// The points of the symptoms, in the order of [`SYMPTOMS`].
    #[must_use]
    pub fn symptoms(&self) -> &[u8] {
        &self.symptoms
    }

    /// The points of work, in the order of [`WORK`].
    #[must_use]
    pub fn work(&self) -> &[u8] {
        &self.work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_2023_has_14_and_13_items_domain_5_3() {
        assert_eq!((SYMPTOMS.len(), WORK.len()), (14, 13));
        for item in SYMPTOMS.iter().chain(WORK) {
            assert!(item.answers.iter().all(|(words, points)| !words.is_empty() && matches!(points, 0 | 1 | 3)));
        }
    }

    #[test]
    fn bands_turn_where_domain_5_3_says() {
        let symptoms = |edition, sum| Score::of(edition, sum, 0).symptom_band;
        let work = |edition, sum| Score::of(edition, 0, sum).work_band;
        for (sum, band) in [(0, 1), (2, 1), (3, 2), (7, 2), (8, 3), (14, 3), (15, 4), (42, 4)] {
            assert_eq!(symptoms(Edition::Y2023, sum), band, "symptoms {sum}");
        }
        for (sum, band) in [(0, 1), (1, 2), (5, 2), (6, 3), (11, 3), (12, 4), (30, 4)] {
            assert_eq!(work(Edition::Y2023, sum), band, "work {sum}");
        }
        for (sum, band) in [(4, 1), (5, 2), (10, 2), (11, 3), (20, 3), (21, 4)] {
            assert_eq!(symptoms(Edition::Y2003, sum), band);
        }
        for (sum, band) in [(0, 1), (1, 2), (2, 2), (3, 3), (5, 3), (6, 4)] {
            assert_eq!(work(Edition::Y2003, sum), band);
        }
    }

    #[test]
    fn the_burden_is_the_table_of_domain_5_3() {
        let (symptoms, work) = ([0, 3, 8, 15], [0, 1, 6, 12]);
        let burden = symptoms.map(|symptoms| work.map(|work| Score::of(Edition::Y2023, symptoms, work).burden));
        assert_eq!(burden, [[0, 0, 2, 4], [0, 1, 3, 5], [0, 2, 4, 6], [1, 3, 5, 7]]);
        let level = |burden| Score { symptoms: 0, work: 0, symptom_band: 1, work_band: 1, burden }.level();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(level), {
            use Level::{High, Low, SlightlyHigh, VeryHigh};
            [Low, Low, SlightlyHigh, SlightlyHigh, High, High, VeryHigh, VeryHigh]
        });
    }

    #[test]
    fn answers_are_those_that_the_items_have() {
        let good = Answers::new(vec![1; 14], vec![1; 13]).unwrap();
        assert_eq!(good.score(), Score::of(Edition::Y2023, 14, 13));
        let mut work = vec![0; 12];
        work[1] = 3;
        let faults = Answers::new([&[2][..], &[0; 13]].concat(), work).unwrap_err();
        assert_eq!(faults, [AnswersFault::WorkCount, AnswersFault::Symptom(0), AnswersFault::Work(1)]);
    }
}
