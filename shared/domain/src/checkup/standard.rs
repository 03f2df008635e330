//! The default criteria: 判定区分 of the 日本人間ドック・予防医療学会, the revision in force from 2026-04-01, as cross-read
//! in domain.md 2.4. Rows of confidence M and L rest on one source or on recollection: the society's own table is to be
//! laid beside them before go-live (domain.md 13-5).

use jiff::civil::date;

use super::{
    criteria::{
        CodeRule, Combination,
        Confidence::{self, High, Low, Medium},
        Criteria, CriteriaFault, Draft, FindingRule, Meaning, Precedence, Row, Step, TreatmentRule,
    },
    grade::Grade::{self, A, B, C, D},
    item::{Category, ItemId},
    items,
};
use crate::{
    decimal::Decimal,
    employee::Sex::{self, Female, Male},
};

/// Names these criteria.
pub const VERSION: &str = "ningen-dock-2026-04-01";

/// A row as the table below has it: item, sex, decimals that are compared, inclusive upper bounds with their letters
/// (in units of the last compared place: 184 at one decimal is 18.4), the letter above, confidence.
type StandardRow = (ItemId, Option<Sex>, i8, &'static [(i64, Grade)], Grade, Confidence);

const ROWS: &[StandardRow] = &[
    (items::BMI, None, 1, &[(184, C), (249, A)], C, High),
    (items::WAIST, Some(Male), 1, &[(849, A)], C, High),
    (items::WAIST, Some(Female), 1, &[(899, A)], C, High),
    (items::VIS_R, None, 1, &[(6, C), (9, B)], A, Medium),
    (items::VIS_L, None, 1, &[(6, C), (9, B)], A, Medium),
    (items::VISC_R, None, 1, &[(6, C), (9, B)], A, Medium),
    (items::VISC_L, None, 1, &[(6, C), (9, B)], A, Medium),
    (items::HEAR_R1K, None, 0, &[(30, A), (39, B)], C, Medium),
    (items::HEAR_R4K, None, 0, &[(30, A), (39, B)], C, Medium),
    (items::HEAR_L1K, None, 0, &[(30, A), (39, B)], C, Medium),
    (items::HEAR_L4K, None, 0, &[(30, A), (39, B)], C, Medium),
    (items::IOP_R, None, 0, &[(8, B), (20, A)], D, Low),
    (items::IOP_L, None, 0, &[(8, B), (20, A)], D, Low),
    (items::SBP, None, 0, &[(129, A), (139, B), (159, C)], D, High),
    (items::DBP, None, 0, &[(84, A), (89, B), (99, C)], D, High),
    (items::PULSE, None, 0, &[(39, D), (44, C), (85, A), (100, C)], D, Low),
    (items::TP, None, 1, &[(61, D), (64, C), (79, A), (83, B)], D, Medium),
    (items::ALB, None, 1, &[(36, D), (38, C)], A, Medium),
    (items::CRE, Some(Male), 2, &[(100, A), (109, B), (129, C)], D, High),
    (items::CRE, Some(Female), 2, &[(70, A), (79, B), (99, C)], D, High),
    (items::EGFR, None, 1, &[(449, D), (599, C)], A, Medium),
    (items::UA, None, 1, &[(20, C), (70, A), (79, B), (89, C)], D, High),
    (items::HDL, None, 0, &[(29, D), (39, C)], A, Medium),
    (items::LDL, None, 0, &[(59, D), (119, A), (139, B), (179, C)], D, High),
    (items::NON_HDL, None, 0, &[(89, D), (149, A), (169, B), (209, C)], D, High),
    (items::TG, None, 0, &[(29, D), (149, A), (299, B), (499, C)], D, High),
    (items::AST, None, 0, &[(30, A), (35, B), (50, C)], D, High),
    (items::ALT, None, 0, &[(30, A), (40, B), (50, C)], D, High),
    (items::GGT, None, 0, &[(50, A), (80, B), (100, C)], D, High),
    (items::FPG, None, 0, &[(53, D), (69, C), (99, A), (109, B), (125, C)], D, Medium),
    (items::HBA1C, None, 1, &[(55, A), (59, B), (64, C)], D, High),
    (items::WBC, None, -2, &[(30, D), (84, A), (89, B), (99, C)], D, High),
    (items::HB, Some(Male), 1, &[(120, D), (130, C), (163, A), (180, B)], D, High),
    (items::HB, Some(Female), 1, &[(110, D), (120, C), (145, A), (160, B)], D, High),
    (items::PLT, None, 1, &[(99, D), (122, C), (144, B), (329, A), (399, B)], D, Medium),
    (items::CRP, None, 2, &[(30, A), (99, B)], D, Medium),
    (items::U_PRO, None, 0, &[(1, A), (2, B), (3, C)], D, High),
    (items::U_GLU, None, 0, &[(1, A)], C, Medium),
    (items::U_OB, None, 0, &[(1, A), (2, B), (3, C)], D, Medium),
    (items::FOBT, None, 0, &[(1, A)], D, Medium),
];

/// Hearing told without a level. A finding means over 30 dB (1000 Hz) or 40 dB (4000 Hz) in the statutory screening: B or
/// C, hence C, and a physician looks.
const HEARING: &[ItemId] = &[items::HEAR_R1K, items::HEAR_R4K, items::HEAR_L1K, items::HEAR_L4K];

/// Items whose findings are judged by their words.
const FINDING_ITEMS: &[ItemId] =
    &[items::CXR, items::ECG, items::SPUTUM, items::FUNDUS, items::ABDOMINAL_US, items::HEAR_OTHER];

/// Words of findings (domain.md 2.4, confidence L: a physician's table per tenant takes its place). Clinics' own
/// judgements in place of a finding come first.
const FINDINGS: &[(Option<ItemId>, &str, Meaning)] = &[
    (None, "要精密検査", Meaning::Grade(D)),
    (None, "要精査", Meaning::Grade(D)),
    (None, "要精検", Meaning::Grade(D)),
    (None, "要医療", Meaning::Grade(D)),
    (None, "要治療", Meaning::Grade(D)),
    (None, "要再検査", Meaning::Grade(C)),
    (None, "要経過観察", Meaning::Grade(C)),
    (None, "治療中", Meaning::Treated),
    (Some(items::CXR), "結節影", Meaning::Grade(D)),
    (Some(items::CXR), "腫瘤", Meaning::Grade(D)),
    (Some(items::CXR), "浸潤影", Meaning::Grade(D)),
    (Some(items::ECG), "正常範囲", Meaning::Grade(A)),
    (Some(items::ECG), "ペースメーカ", Meaning::Treated),
    (Some(items::ECG), "Brugada", Meaning::Grade(D)),
    (Some(items::ECG), "ブルガダ", Meaning::Grade(D)),
    (Some(items::ECG), "WPW", Meaning::Grade(D)),
    (Some(items::ECG), "完全房室ブロック", Meaning::Grade(D)),
    (Some(items::ECG), "心房細動", Meaning::Grade(D)),
    (Some(items::ECG), "左脚ブロック", Meaning::Grade(D)),
    (Some(items::ECG), "完全右脚ブロック", Meaning::Grade(C)),
    (Some(items::ECG), "右脚ブロック(完全)", Meaning::Grade(C)),
    (Some(items::ECG), "不完全右脚ブロック", Meaning::Grade(B)),
    (Some(items::ECG), "右脚ブロック(不完全)", Meaning::Grade(B)),
    (Some(items::ECG), "洞徐脈", Meaning::Grade(B)),
    (Some(items::ECG), "洞性徐脈", Meaning::Grade(B)),
];

/// Diseases that a history tells, and what their treatment concerns.
const DISEASES: &[(&str, Category)] = &[
    ("高血圧", Category::BloodPressure),
    ("糖尿病", Category::Glucose),
    ("脂質異常", Category::Lipid),
    ("高脂血", Category::Lipid),
    ("コレステロール", Category::Lipid),
    ("痛風", Category::UricAcid),
    ("高尿酸", Category::UricAcid),
    ("腎", Category::Renal),
    ("肝", Category::Liver),
    ("貧血", Category::Blood),
    ("不整脈", Category::Ecg),
    ("心房細動", Category::Ecg),
    ("緑内障", Category::Eye),
];

/// Questions on medicines (標準的な質問票 1 to 3).
const MEDICINES: &[(ItemId, Category)] = &[
    (items::MED_BP, Category::BloodPressure),
    (items::MED_GLU, Category::Glucose),
    (items::MED_LIPID, Category::Lipid),
];

const TREATED_WORDS: &[&str] = &["治療中", "服薬中", "内服中", "投薬中", "通院中", "加療中"];

/// The default criteria. An error would be a slip in the tables above; a test keeps it from happening.
pub fn criteria() -> Result<Criteria, CriteriaFault> {
    let medicines = MEDICINES.iter().map(|&(item, category)| TreatmentRule::Code { item, code: 1, category });
    let diseases = DISEASES.iter().map(|&(disease, category)| TreatmentRule::Words {
        item: items::HISTORY,
        disease: disease.to_owned(),
        category,
    });
    let finding =
        |&(item, word, meaning): &(Option<ItemId>, &str, Meaning)| FindingRule { item, word: word.to_owned(), meaning };
    Criteria::try_from(Draft {
        version: VERSION.to_owned(),
        valid_from: date(2026, 4, 1),
        source: "日本人間ドック・予防医療学会 判定区分 2026年4月1日改訂".to_owned(),
        rows: ROWS.iter().map(row).collect(),
        codes: HEARING
            .iter()
            .flat_map(|&item| {
                let rule = |code, grade, needs_physician| CodeRule { item, code, grade, needs_physician };
                [rule(1, C, true), rule(2, A, false)]
            })
            .collect(),
        finding_items: FINDING_ITEMS.to_vec(),
        findings: FINDINGS.iter().map(finding).collect(),
        unknown_finding: B,
        combinations: vec![
            Combination::BothForD { items: [items::FPG, items::HBA1C], not_below: Decimal::new(70, 0) },
            Combination::Together { items: [items::U_PRO, items::U_OB], from: C, grade: D },
        ],
        precedences: vec![
            Precedence { item: items::VISC_R, over: items::VIS_R },
            Precedence { item: items::VISC_L, over: items::VIS_L },
        ],
        treatments: medicines.chain(diseases).collect(),
        treated_words: TREATED_WORDS.iter().map(|&word| word.to_owned()).collect(),
    })
}

fn row(&(item, sex, round_to, steps, above, confidence): &StandardRow) -> Row {
    let step = |&(bound, grade): &(i64, Grade)| Step { up_to: Decimal::new(bound, 0).shifted(-round_to), grade };
    Row {
        item,
        sex,
        age_from: None,
        age_to: None,
        round_to,
        steps: steps.iter().map(step).collect(),
        above,
        confidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::{Subject, value::Comparator};

    /// Both sides of every bound of the society's table, written down apart from the table above.
    const BOUNDS: &str = "
        bmi 18.4C 18.5A 24.9A 25.0C
        waist/m 84.9A 85.0C
        waist/f 89.9A 90.0C
        vis_r 1.0A 0.9B 0.7B 0.6C
        hear_r1k 30A 35B 40C
        hear_l4k 30A 35B 40C
        sbp 129A 130B 139B 140C 159C 160D
        dbp 84A 85B 89B 90C 99C 100D
        pulse 39D 40C 44C 45A 85A 86C 100C 101D
        tp 6.1D 6.2C 6.4C 6.5A 7.9A 8.0B 8.3B 8.4D
        alb 3.6D 3.7C 3.8C 3.9A
        cre/m 1.00A 1.01B 1.09B 1.10C 1.29C 1.30D
        cre/f 0.70A 0.71B 0.79B 0.80C 0.99C 1.00D
        egfr 44.9D 45.0C 59.9C 60.0A
        ua 2.0C 2.1A 7.0A 7.1B 7.9B 8.0C 8.9C 9.0D
        hdl 29D 30C 39C 40A
        ldl 59D 60A 119A 120B 139B 140C 179C 180D
        nonhdl 89D 90A 149A 150B 169B 170C 209C 210D
        tg 29D 30A 149A 150B 299B 300C 499C 500D
        ast 30A 31B 35B 36C 50C 51D
        alt 30A 31B 40B 41C 50C 51D
        ggt 50A 51B 80B 81C 100C 101D
        fpg 53D 54C 69C 70A 99A 100B 109B 110C 125C 126D
        hba1c 5.5A 5.6B 5.9B 6.0C 6.4C 6.5D
        wbc 3000D 3049D 3050A 3100A 8400A 8449A 8450B 8900B 9000C 9900C 10000D
        hb/m 12.0D 12.1C 13.0C 13.1A 16.3A 16.4B 18.0B 18.1D
        hb/f 11.0D 11.1C 12.0C 12.1A 14.5A 14.6B 16.0B 16.1D
        plt 9.9D 10.0C 12.2C 12.3B 14.4B 14.5A 32.9A 33.0B 39.9B 40.0D
        crp 0.30A 0.31B 0.99B 1.00D
        u_pro 1A 2B 3C 4D 5D
        u_glu 1A 2C 5C
        u_ob 1A 2B 3C 4D
        fobt 1A 2D
        iop_r 8B 9A 20A 21D
    ";

    #[test]
    fn r34_both_sides_of_every_bound_earn_their_letters() {
        let criteria = criteria().unwrap();
        for line in BOUNDS.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = line.split_whitespace();
            let (key, sexes) = match words.next().unwrap().split_once('/') {
                Some((key, "m")) => (key, vec![Male]),
                Some((key, _)) => (key, vec![Female]),
                None => (line.split_whitespace().next().unwrap(), vec![Male, Female]),
            };
            let item = ItemId::from_key(key).unwrap();
            for bound in words {
                let (number, letter) = bound.split_at(bound.len() - 1);
                for &sex in &sexes {
                    let grade = criteria
                        .row(item, Subject { sex, age: 50 })
                        .unwrap()
                        .grade(Comparator::Exact, number.parse().unwrap())
                        .0;
                    assert_eq!(grade.letter(), letter, "{key} {number} {sex:?}");
                }
            }
        }
    }

    #[test]
    fn red_cells_have_no_letter() {
        assert_eq!(criteria().unwrap().row(ItemId::from_key("rbc").unwrap(), Subject { sex: Male, age: 50 }), None);
    }
}
