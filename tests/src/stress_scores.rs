//! Scores of the stress check, computed in another way than the service does it: the tables of the ministry's manual are kept here as the text in which they are published, formulas are read
//! and evaluated as formulas, and a raw value is looked for in the columns as they are written. Shares no code with `domain::stress`.

use std::collections::BTreeMap;

/// The sample's answers: 1,000 people, UTF-8 with BOM.
pub const ANSWERS: &[u8] = include_bytes!("../data/stress-answers.csv");

/// The conversion table (素点換算表): scale, formula, direction, five columns for men, five for women.
const TABLE: &str = "
| 心理的な仕事の負担(量) | 15-(A1+A2+A3) | N | 3-5 | 6-7 | 8-9 | 10-11 | 12 | 3-4 | 5-6 | 7-9 | 10-11 | 12 |
| 心理的な仕事の負担(質) | 15-(A4+A5+A6) | N | 3-5 | 6-7 | 8-9 | 10-11 | 12 | 3-4 | 5-6 | 7-8 | 9-10 | 11-12 |
| 自覚的な身体的負担度 | 5-A7 | N | - | 1 | 2 | 3 | 4 | - | 1 | 2 | 3 | 4 |
| 職場の対人関係でのストレス | 10-(A12+A13)+A14 | N | 3 | 4-5 | 6-7 | 8-9 | 10-12 | 3 | 4-5 | 6-7 | 8-9 | 10-12 |
| 職場環境によるストレス | 5-A15 | N | - | 1 | 2 | 3 | 4 | 1 | - | 2 | 3 | 4 |
| 仕事のコントロール度 | 15-(A8+A9+A10) | P | 3-4 | 5-6 | 7-8 | 9-10 | 11-12 | 3 | 4-5 | 6-8 | 9-10 | 11-12 |
| 技能の活用度 | A11 | P | 1 | 2 | 3 | 4 | - | 1 | 2 | 3 | 4 | - |
| 仕事の適性度 | 5-A16 | P | 1 | 2 | 3 | - | 4 | 1 | 2 | 3 | - | 4 |
| 働きがい | 5-A17 | P | 1 | 2 | 3 | - | 4 | 1 | 2 | 3 | - | 4 |
| 活気 | B1+B2+B3 | P | 3 | 4-5 | 6-7 | 8-9 | 10-12 | 3 | 4-5 | 6-7 | 8-9 | 10-12 |
| イライラ感 | B4+B5+B6 | N | 3 | 4-5 | 6-7 | 8-9 | 10-12 | 3 | 4-5 | 6-8 | 9-10 | 11-12 |
| 疲労感 | B7+B8+B9 | N | 3 | 4 | 5-7 | 8-10 | 11-12 | 3 | 4-5 | 6-8 | 9-11 | 12 |
| 不安感 | B10+B11+B12 | N | 3 | 4 | 5-7 | 8-9 | 10-12 | 3 | 4 | 5-7 | 8-10 | 11-12 |
| 抑うつ感 | B13+B14+B15+B16+B17+B18 | N | 6 | 7-8 | 9-12 | 13-16 | 17-24 | 6 | 7-8 | 9-12 | 13-17 | 18-24 |
| 身体愁訴 | B19+B20+B21+B22+B23+B24+B25+B26+B27+B28+B29 | N | 11 | 12-15 | 16-21 | 22-26 | 27-44 | 11-13 | 14-17 | 18-23 | 24-29 | 30-44 |
| 上司からのサポート | 15-(C1+C4+C7) | P | 3-4 | 5-6 | 7-8 | 9-10 | 11-12 | 3 | 4-5 | 6-7 | 8-10 | 11-12 |
| 同僚からのサポート | 15-(C2+C5+C8) | P | 3-5 | 6-7 | 8-9 | 10-11 | 12 | 3-5 | 6-7 | 8-9 | 10-11 | 12 |
| 家族・友人からのサポート | 15-(C3+C6+C9) | P | 3-6 | 7-8 | 9 | 10-11 | 12 | 3-6 | 7-8 | 9 | 10-11 | 12 |
| 仕事や生活の満足度 | 10-(D1+D2) | P | 2-3 | 4 | 5-6 | 7 | 8 | 2-3 | 4 | 5-6 | 7 | 8 |
";

/// How each item counts in the simple sum, by part, as the questionnaire prints them from left to right.
const SUMMED: [(&str, &str); 3] =
    [("A", "RRRRRRR===RRR=R=="), ("B", "RRR=========================="), ("C", "=========")];

/// What somebody's answers come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Sums of the parts A, B and C.
    pub sums: [i32; 3],
    /// Grades of the 19 scales, in the order of the table.
    pub grades: Vec<i32>,
    /// Raw values of the scales.
    pub raws: Vec<i32>,
    /// High stress by sums.
    pub high_by_sum: bool,
    /// High stress by the conversion table.
    pub high_by_conversion: bool,
}

/// An answer by its name: `B13` is the 13th item of part B.
fn named(answers: &[i32], name: &str) -> i32 {
    let before = match name.split_at(1).0 {
        "A" => 0,
        "B" => 17,
        "C" => 46,
        "D" => 55,
        part => panic!("no part {part}"),
    };
    answers[before + name.split_at(1).1.parse::<usize>().unwrap() - 1]
}

/// Evaluates a sum of names and numbers, with parentheses after a minus.
fn evaluate(formula: &str, answers: &[i32]) -> i32 {
    let (mut total, mut sign, mut within) = (0, 1, 1);
    let mut word = String::new();
    for c in formula.chars().chain(['+']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            let value = word.parse().unwrap_or_else(|_| named(answers, &word));
            total += sign * within * value;
            word.clear();
        }
        match c {
            '+' => sign = 1,
            '-' => sign = -1,
            '(' => (within, sign) = (sign, 1),
            ')' => within = 1,
            _ => panic!("{c} in {formula}"),
        }
    }
    total
}

/// The column, from 1 on, in which a raw value stands.
fn column(columns: &[&str], raw: i32) -> i32 {
    let holds = |column: &&&str| match column.split_once('-') {
        Some((low, high)) if !low.is_empty() => {
            (low.parse::<i32>().unwrap()..=high.parse::<i32>().unwrap()).contains(&raw)
        }
        _ => column.parse() == Ok(raw),
    };
    let found: Vec<usize> = (0..5).filter(|at| holds(&&columns[*at])).collect();
    assert_eq!(found.len(), 1, "{raw} in {columns:?}");
    i32::try_from(found[0] + 1).unwrap()
}

/// Scores the 57 answers of a man or a woman.
#[must_use]
pub fn expected(answers: &[i32], female: bool) -> Expected {
    let mut sums = [0; 3];
    for (at, (part, marks)) in SUMMED.iter().enumerate() {
        for (item, mark) in marks.chars().enumerate() {
            let answer = named(answers, &format!("{part}{}", item + 1));
            sums[at] += if mark == 'R' { 5 - answer } else { answer };
        }
    }
    let (mut raws, mut grades) = (Vec::new(), Vec::new());
    let (mut reactions, mut causes) = (0, 0);
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let raw = evaluate(cells[1], answers);
        let columns = if female { &cells[8..13] } else { &cells[3..8] };
        let column = column(columns, raw);
        let grade = if cells[2] == "N" { 6 - column } else { column };
        raws.push(raw);
        grades.push(grade);
        if cells[1].contains('B') {
            reactions += grade;
        } else if !cells[1].contains('D') {
            causes += grade;
        }
    }
    let [a, b, c] = sums;
    Expected {
        sums,
        grades,
        raws,
        high_by_sum: b >= 77 || b >= 63 && a + c >= 76,
        high_by_conversion: reactions <= 12 || reactions <= 17 && causes <= 26,
    }
}

/// The sample: by employee number, whether the person is a woman, and the answers.
#[must_use]
pub fn sample() -> BTreeMap<String, (bool, Vec<i32>)> {
    let people = crate::imports::from_sjis(crate::imports::EMPLOYEES);
    let women: BTreeMap<&str, bool> = people
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0], cells[4] == "女")
        })
        .collect();
    let text = std::str::from_utf8(ANSWERS).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let (number, answers) = line.split_once(',').unwrap();
            (number.to_owned(), (women[number], answers.split(',').map(|code| code.parse().unwrap()).collect()))
        })
        .collect()
}
