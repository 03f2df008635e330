//! The scales (尺度) and the conversion table (素点換算表): which items make a scale, and which raw value is which grade, by sex. Confidence H (domain.md 4.4: four sources agree).

use serde::{Deserialize, Serialize};

use super::{answers::Answers, questionnaire::Area};
use crate::employee::Sex;

/// The edition of the conversion table; a result says which one it was made with.
pub const VERSION: &str = "bjsq-1";
/// Where the conversion table comes from.
pub const SOURCE: &str = "労働安全衛生法に基づくストレスチェック制度実施マニュアル（厚生労働省）素点換算表";

/// A scale of the 57 items, in the order of the conversion table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// 心理的な仕事の負担(量).
    Quantity,
    /// 心理的な仕事の負担(質).
    Quality,
    /// 自覚的な身体的負担度.
    PhysicalDemand,
    /// 職場の対人関係でのストレス.
    Conflict,
    /// 職場環境によるストレス.
    Environment,
    /// 仕事のコントロール度.
    Control,
    /// 技能の活用度.
    SkillUse,
    /// 仕事の適性度.
    Suitability,
    /// 働きがい.
    Meaning,
    /// 活気.
    Vigour,
    /// イライラ感.
    Irritability,
    /// 疲労感.
    Fatigue,
    /// 不安感.
    Anxiety,
    /// 抑うつ感.
    Depression,
    /// 身体愁訴.
    Complaints,
    /// 上司からのサポート.
    SupervisorSupport,
    /// 同僚からのサポート.
    CoworkerSupport,
    /// 家族・友人からのサポート.
    FamilySupport,
    /// 仕事や生活の満足度.
    Satisfaction,
}

/// How many scales there are.
pub const COUNT: usize = 19;

/// What high raw values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is worse (負の尺度): grade 6 - column.
    Negative,
    /// More is better (正の尺度): the column is the grade.
    Positive,
}

/// Whose columns of the table are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// 男性.
    Male,
    /// 女性.
    Female,
}

impl Columns {
    /// Whose columns somebody is graded by. The table has two; `other` says which of them everybody else gets, which the company decides (domain.md 0-5).
    #[must_use]
    pub const fn of(sex: Sex, other: Self) -> Self {
        match sex {
            Sex::Male => Self::Male,
            Sex::Female => Self::Female,
            Sex::Other => other,
        }
    }
}

/// How an item adds to the raw value.
#[derive(Debug, Clone, Copy)]
enum Term {
    /// The answer.
    Plain(u8),
    /// `5 - answer`.
    Turned(u8),
}

/// Raw values from and to; `EMPTY` where a scale of one item has no such column.
type Column = (u8, u8);
const EMPTY: Column = (1, 0);

/// A row of the conversion table.
#[derive(Debug)]
pub struct Row {
    /// Which scale.
    pub scale: Scale,
    /// What people read.
    pub japanese: &'static str,
    /// The part of the questionnaire that it is made of.
    pub area: Area,
    /// What high raw values mean.
    pub direction: Direction,
    terms: &'static [Term],
    male: [Column; 5],
    female: [Column; 5],
}

use Area::{A, B, C, D};
use Direction::{Negative as N, Positive as P};
use Scale::{
    Anxiety, Complaints, Conflict, Control, CoworkerSupport, Depression, Environment, FamilySupport, Fatigue,
    Irritability, Meaning, PhysicalDemand, Quality, Quantity, Satisfaction, SkillUse, Suitability, SupervisorSupport,
    Vigour,
};
use Term::{Plain as p, Turned as t};

const fn row(
    scale: Scale,
    japanese: &'static str,
    area: Area,
    direction: Direction,
    terms: &'static [Term],
    male: [Column; 5],
    female: [Column; 5],
) -> Row {
    Row { scale, japanese, area, direction, terms, male, female }
}

/// The conversion table. Columns from left to right: 低い/少ない, やや低い, 普通, やや高い, 高い/多い.
#[rustfmt::skip]
pub static ROWS: [Row; COUNT] = [
    row(Quantity, "心理的な仕事の負担（量）", A, N, &[t(1), t(2), t(3)],
        [(3, 5), (6, 7), (8, 9), (10, 11), (12, 12)], [(3, 4), (5, 6), (7, 9), (10, 11), (12, 12)]),
    row(Quality, "心理的な仕事の負担（質）", A, N, &[t(4), t(5), t(6)],
        [(3, 5), (6, 7), (8, 9), (10, 11), (12, 12)], [(3, 4), (5, 6), (7, 8), (9, 10), (11, 12)]),
    row(PhysicalDemand, "自覚的な身体的負担度", A, N, &[t(7)],
        [EMPTY, (1, 1), (2, 2), (3, 3), (4, 4)], [EMPTY, (1, 1), (2, 2), (3, 3), (4, 4)]),
    row(Conflict, "職場の対人関係でのストレス", A, N, &[t(12), t(13), p(14)],
        [(3, 3), (4, 5), (6, 7), (8, 9), (10, 12)], [(3, 3), (4, 5), (6, 7), (8, 9), (10, 12)]),
    row(Environment, "職場環境によるストレス", A, N, &[t(15)],
        [EMPTY, (1, 1), (2, 2), (3, 3), (4, 4)], [(1, 1), EMPTY, (2, 2), (3, 3), (4, 4)]),
    row(Control, "仕事のコントロール度", A, P, &[t(8), t(9), t(10)],
        [(3, 4), (5, 6), (7, 8), (9, 10), (11, 12)], [(3, 3), (4, 5), (6, 8), (9, 10), (11, 12)]),
    row(SkillUse, "技能の活用度", A, P, &[p(11)],
        [(1, 1), (2, 2), (3, 3), (4, 4), EMPTY], [(1, 1), (2, 2), (3, 3), (4, 4), EMPTY]),
    row(Suitability, "仕事の適性度", A, P, &[t(16)],
        [(1, 1), (2, 2), (3, 3), EMPTY, (4, 4)], [(1, 1), (2, 2), (3, 3), EMPTY, (4, 4)]),
    row(Meaning, "働きがい", A, P, &[t(17)],
        [(1, 1), (2, 2), (3, 3), EMPTY, (4, 4)], [(1, 1), (2, 2), (3, 3), EMPTY, (4, 4)]),
    row(Vigour, "活気", B, P, &[p(18), p(19), p(20)],
        [(3, 3), (4, 5), (6, 7), (8, 9), (10, 12)], [(3, 3), (4, 5), (6, 7), (8, 9), (10, 12)]),
    row(Irritability, "イライラ感", B, N, &[p(21), p(22), p(23)],
        [(3, 3), (4, 5), (6, 7), (8, 9), (10, 12)], [(3, 3), (4, 5), (6, 8), (9, 10), (11, 12)]),
    row(Fatigue, "疲労感", B, N, &[p(24), p(25), p(26)],
        [(3, 3), (4, 4), (5, 7), (8, 10), (11, 12)], [(3, 3), (4, 5), (6, 8), (9, 11), (12, 12)]),
    row(Anxiety, "不安感", B, N, &[p(27), p(28), p(29)],
        [(3, 3), (4, 4), (5, 7), (8, 9), (10, 12)], [(3, 3), (4, 4), (5, 7), (8, 10), (11, 12)]),
    row(Depression, "抑うつ感", B, N, &[p(30), p(31), p(32), p(33), p(34), p(35)],
        [(6, 6), (7, 8), (9, 12), (13, 16), (17, 24)], [(6, 6), (7, 8), (9, 12), (13, 17), (18, 24)]),
    row(Complaints, "身体愁訴", B, N,
        &[p(36), p(37), p(38), p(39), p(40), p(41), p(42), p(43), p(44), p(45), p(46)],
        [(11, 11), (12, 15), (16, 21), (22, 26), (27, 44)], [(11, 13), (14, 17), (18, 23), (24, 29), (30, 44)]),
    row(SupervisorSupport, "上司からのサポート", C, P, &[t(47), t(50), t(53)],
        [(3, 4), (5, 6), (7, 8), (9, 10), (11, 12)], [(3, 3), (4, 5), (6, 7), (8, 10), (11, 12)]),
    row(CoworkerSupport, "同僚からのサポート", C, P, &[t(48), t(51), t(54)],
        [(3, 5), (6, 7), (8, 9), (10, 11), (12, 12)], [(3, 5), (6, 7), (8, 9), (10, 11), (12, 12)]),
    row(FamilySupport, "家族・友人からのサポート", C, P, &[t(49), t(52), t(55)],
        [(3, 6), (7, 8), (9, 9), (10, 11), (12, 12)], [(3, 6), (7, 8), (9, 9), (10, 11), (12, 12)]),
    row(Satisfaction, "仕事や生活の満足度", D, P, &[t(56), t(57)],
        [(2, 3), (4, 4), (5, 6), (7, 7), (8, 8)], [(2, 3), (4, 4), (5, 6), (7, 7), (8, 8)]),
];

/// The highest raw value of any scale, and one: 11 items of 4.
const RAWS: usize = 45;

/// The grade of every raw value; 0 where a scale has no such value. That every value has exactly one grade is checked when this is compiled.
const fn graded(row: &Row, columns: &[Column; 5]) -> [u8; RAWS] {
    let mut grades = [0; RAWS];
    let mut column = 0;
    while column < columns.len() {
        let (mut raw, to) = columns[column];
        while raw <= to {
            assert!(grades[raw as usize] == 0, "a raw value in two columns");
            #[expect(clippy::cast_possible_truncation, reason = "a column is 0 to 4")]
            let grade = match row.direction {
                Direction::Positive => column as u8 + 1,
                Direction::Negative => 5 - column as u8,
            };
            grades[raw as usize] = grade;
            raw += 1;
        }
        column += 1;
    }
    let mut raw = row.terms.len();
    while raw <= 4 * row.terms.len() {
        assert!(grades[raw] != 0, "a raw value in no column");
        raw += 1;
    }
    grades
}

const fn all_graded(columns: Columns) -> [[u8; RAWS]; COUNT] {
    let mut all = [[0; RAWS]; COUNT];
    let mut at = 0;
    while at < COUNT {
        let row = &ROWS[at];
        all[at] = match columns {
            Columns::Male => graded(row, &row.male),
            Columns::Female => graded(row, &row.female),
        };
        at += 1;
    }
    all
}

static MALE: [[u8; RAWS]; COUNT] = all_graded(Columns::Male);
static FEMALE: [[u8; RAWS]; COUNT] = all_graded(Columns::Female);

impl Scale {
    /// Its place in [`ROWS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its row of the conversion table.
    #[must_use]
    pub fn row(self) -> &'static Row {
        let [first, ..] = &ROWS;
        ROWS.get(self.index()).unwrap_or(first)
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        self.row().japanese
    }
}

impl Row {
    /// The raw value (素点); none unless every item is answered.
    #[must_use]
    pub fn raw(&self, answers: &Answers) -> Option<u8> {
        let mut raw = 0;
        for term in self.terms {
            let (Term::Plain(number) | Term::Turned(number)) = *term;
            let code = answers.code(number);
            if code == 0 {
                return None;
            }
            raw += if matches!(term, Term::Plain(_)) { code } else { 5 - code };
        }
        Some(raw)
    }

    /// The grade of a raw value: 1 most stressed, 5 best; none where the scale has no such value.
    #[must_use]
    pub fn grade(&self, raw: u8, columns: Columns) -> Option<u8> {
        let table = match columns {
            Columns::Male => &MALE,
            Columns::Female => &FEMALE,
        };
        table.get(self.scale.index())?.get(usize::from(raw)).copied().filter(|grade| *grade != 0)
    }

    /// The numbers of its items.
    pub fn items(&self) -> impl Iterator<Item = u8> {
        self.terms.iter().map(|&(Term::Plain(number) | Term::Turned(number))| number)
    }

    /// The lowest and the highest raw value.
    #[must_use]
    pub fn range(&self) -> (u8, u8) {
        let items = u8::try_from(self.terms.len()).unwrap_or(u8::MAX);
        (items, items.saturating_mul(4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stress::questionnaire;

    /// Every raw value of every scale: the digits are the grades from the lowest raw value on, male and female (domain.md 4.4).
    const GRADES: [(&str, &str); COUNT] = [
        ("5554433221", "5544333221"),
        ("5554433221", "5544332211"),
        ("4321", "4321"),
        ("5443322111", "5443322111"),
        ("4321", "5321"),
        ("1122334455", "1223334455"),
        ("1234", "1234"),
        ("1235", "1235"),
        ("1235", "1235"),
        ("1223344555", "1223344555"),
        ("5443322111", "5443332211"),
        ("5433322211", "5443332221"),
        ("5433322111", "5433322211"),
        ("5443333222211111111", "5443333222221111111"),
        ("5444433333322222111111111111111111", "5554444333333222222111111111111111"),
        ("1122334455", "1223344455"),
        ("1112233445", "1112233445"),
        ("1111223445", "1111223445"),
        ("1123345", "1123345"),
    ];

    #[test]
    fn r35_every_raw_value_of_every_scale_has_its_grade_domain_4_4() {
        for (row, (male, female)) in ROWS.iter().zip(GRADES) {
            let (low, high) = row.range();
            for (columns, grades) in [(Columns::Male, male), (Columns::Female, female)] {
                let found: String = (low..=high)
                    .filter_map(|raw| row.grade(raw, columns))
                    .map(|grade| char::from(b'0' + grade))
                    .collect();
                assert_eq!(found, grades, "{} {columns:?}", row.japanese);
                assert_eq!(row.grade(low - 1, columns), None);
                assert_eq!(row.grade(high + 1, columns), None);
            }
        }
    }

    #[test]
    fn r35_every_item_of_the_57_is_in_one_scale_of_its_own_part() {
        let mut seen: Vec<u8> = Vec::new();
        for (at, row) in ROWS.iter().enumerate() {
            assert_eq!(row.scale.index(), at);
            assert_eq!(row.scale.row().japanese, row.japanese);
            for number in row.items() {
                assert_eq!(questionnaire::of(number).unwrap().area, row.area, "item {number}");
                seen.push(number);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=57).collect::<Vec<_>>());
    }
}
