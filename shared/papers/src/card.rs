//! 健康診断個人票 (様式第5号): one checkup of one person (domain.md 2.8). What its reader may not see is not in it: the caller leaves it out.

use domain::{checkup::item::Category, dates::japanese, employee::Sex};
use jiff::civil::Date;

use crate::paper::{Align, Paper, area};

/// A personal card.
#[derive(Debug, Clone)]
pub struct Card {
    /// 氏名.
    pub name: String,
    /// フリガナ.
    pub kana: String,
    /// 社員番号.
    pub number: String,
    /// 生年月日, for those who see it.
    pub birth_date: Option<Date>,
    /// 性別, for those who see it.
    pub sex: Option<Sex>,
    /// 雇入年月日.
    pub hired_on: Option<Date>,
    /// 健診年月日.
    pub examined_on: Date,
    /// 健診種別.
    pub kind: &'static str,
    /// 年齢 on that day.
    pub age: Option<u8>,
    /// 健康診断を実施した医療機関.
    pub clinic: String,
    /// 健康診断を実施した医師の氏名.
    pub doctor: String,
    /// The results, in the order of the catalogue.
    pub results: Vec<CardResult>,
    /// 医師の診断: the overall letter with its words, and the clinic's comment where its reader may see it.
    pub diagnosis: String,
    /// 医師の意見.
    pub opinion: String,
    /// 意見を述べた医師の氏名.
    pub opinion_by: String,
    /// 備考.
    pub remarks: String,
}

/// A result.
#[derive(Debug, Clone)]
pub struct CardResult {
    /// Which group of rows it belongs to.
    pub category: Category,
    /// The item.
    pub name: &'static str,
    /// The value with its unit.
    pub value: String,
    /// Its letter.
    pub letter: &'static str,
}

const LEFT: f32 = 15.0;
const WIDE: f32 = 180.0;
const ROW: f32 = 6.2;
/// The lowest that a row of results ends.
const BOTTOM: f32 = 224.0;

/// The card.
#[must_use]
pub fn card(card: &Card) -> Paper {
    let mut paper = Paper::new("健康診断個人票");
    paper.text((LEFT, 12.0), 7.0, Align::Left, "様式第5号（第51条関係）");
    paper.text((105.0, 20.0), 15.0, Align::Middle, "健康診断個人票");
    person(&mut paper, card);
    let mut rest = card.results.as_slice();
    rest = results(&mut paper, rest, 55.0);
    conclusions(&mut paper, card, 229.0);
    while !rest.is_empty() {
        paper.next_sheet();
        paper.text((105.0, 18.0), 12.0, Align::Middle, "健康診断個人票（続き）");
        let whose = format!("{}　{}　{}", card.number, card.name, japanese(card.examined_on));
        paper.text((LEFT, 26.0), 8.5, Align::Left, &whose);
        rest = results(&mut paper, rest, 30.0);
    }
    paper.finished()
}

fn person(paper: &mut Paper, card: &Card) {
    let day = |day: Option<Date>| day.map(japanese).unwrap_or_default();
    let sex = card.sex.map_or("", Sex::japanese);
    let age = card.age.map(|age| format!("{age}歳")).unwrap_or_default();
    let name = if card.kana.is_empty() { card.name.clone() } else { format!("{}\n{}", card.kana, card.name) };
    let fields = [
        [("氏名", name), ("生年月日", day(card.birth_date)), ("健診年月日", japanese(card.examined_on))],
        [
            ("社員番号", card.number.clone()),
            ("性別・年齢", format!("{sex}　{age}")),
            ("健診種別", card.kind.to_owned()),
        ],
        [("雇入年月日", day(card.hired_on)), ("医療機関", card.clinic.clone()), ("実施した医師", card.doctor.clone())],
    ];
    for (line, y) in fields.into_iter().zip([25.0, 35.0, 43.0]) {
        let height = if y < 30.0 { 10.0 } else { 8.0 };
        for ((what, value), x) in line.into_iter().zip([LEFT, LEFT + 60.0, LEFT + 120.0]) {
            paper.head(area(x, y, 19.0, height), 7.0, what);
            paper.cell(area(x + 19.0, y, 41.0, height), 8.5, Align::Left, (what, &value));
        }
    }
}

/// Rows of results in two columns from `y` on; those that found no place.
fn results<'a>(paper: &mut Paper, results: &'a [CardResult], y: f32) -> &'a [CardResult] {
    let mut rest = results;
    // What fits on one sheet stands evenly in both columns.
    for (x, most) in [(LEFT, results.len().div_ceil(2)), (LEFT + WIDE / 2.0, usize::MAX)] {
        if rest.is_empty() {
            break;
        }
        for (at, wide, what) in [(0.0, 17.0, "区分"), (17.0, 27.0, "項目"), (44.0, 37.0, "結果"), (81.0, 9.0, "判定")]
        {
            paper.head(area(x + at, y, wide, 5.5), 7.0, what);
        }
        let mut row = y + 5.5;
        let (mut before, mut taken) = (None, 0);
        while let Some((result, after)) = rest.split_first() {
            // Words take more room than numbers.
            let height = if result.value.chars().count() > 36 { ROW * 2.0 } else { ROW };
            if row + height > BOTTOM || taken == most {
                break;
            }
            let category = if before == Some(result.category) { "" } else { result.category.japanese() };
            paper.cell(area(x, row, 17.0, height), 7.0, Align::Left, (category, category));
            paper.cell(area(x + 17.0, row, 27.0, height), 7.5, Align::Left, (result.name, result.name));
            paper.cell(area(x + 44.0, row, 37.0, height), 8.0, Align::Left, (result.name, &result.value));
            paper.cell(area(x + 81.0, row, 9.0, height), 8.5, Align::Middle, (result.name, result.letter));
            before = Some(result.category);
            row += height;
            taken += 1;
            rest = after;
        }
    }
    rest
}

fn conclusions(paper: &mut Paper, card: &Card, y: f32) {
    let mut row = y;
    for (what, value, height) in [
        ("医師の診断", &card.diagnosis, 14.0),
        ("医師の意見", &card.opinion, 16.0),
        ("意見を述べた\n医師の氏名", &card.opinion_by, 8.0),
        ("備考", &card.remarks, 14.0),
    ] {
        paper.head(area(LEFT, row, 26.0, height), 7.5, what);
        paper.cell(area(LEFT + 26.0, row, WIDE - 26.0, height), 8.5, Align::Left, (what, value));
        row += height;
    }
    let words = "判定：A 異常なし、B 軽度異常、C 要再検査・生活改善、D 要精密検査・治療。空欄の判定は、判定基準のない項目です。";
    paper.text((LEFT, row + 4.0), 6.5, Align::Left, words);
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn result(category: Category, name: &'static str, value: &str, letter: &'static str) -> CardResult {
        CardResult { category, name, value: value.to_owned(), letter }
    }

    fn sample() -> Card {
        let results = [
            (Category::Interview, "既往歴", "高血圧治療中", ""),
            (Category::Interview, "自覚症状", "なし", ""),
            (Category::Body, "身長", "171.9 cm", ""),
            (Category::Body, "体重", "64.6 kg", ""),
            (Category::Body, "BMI", "21.9 kg/m2", "A"),
            (Category::Body, "腹囲", "86.1 cm", "C"),
            (Category::Eye, "視力(裸眼・右)", "0.90", "B"),
            (Category::Eye, "視力(裸眼・左)", "0.50", "C"),
            (Category::Ear, "聴力 右1000Hz", "所見なし", "A"),
            (Category::Ear, "聴力 右4000Hz", "所見なし", "A"),
            (Category::Ear, "聴力 左1000Hz", "所見なし", "A"),
            (Category::Ear, "聴力 左4000Hz", "所見あり", "C"),
            (
                Category::Chest,
                "胸部X線",
                "右上肺野に陳旧性の変化を認めますが、前回と比べて著変ありません。経過を見てください。",
                "B",
            ),
            (Category::BloodPressure, "収縮期血圧", "127 mmHg", "A"),
            (Category::BloodPressure, "拡張期血圧", "90 mmHg", "C"),
            (Category::Blood, "血色素量", "13.4 g/dL", "A"),
            (Category::Blood, "赤血球数", "372 万/mm3", ""),
            (Category::Liver, "AST", "47 U/L", "C"),
            (Category::Liver, "ALT", "44 U/L", "C"),
            (Category::Liver, "γ-GT", "6 U/L", "A"),
            (Category::Lipid, "LDL-C", "164 mg/dL", "C"),
            (Category::Lipid, "HDL-C", "56 mg/dL", "A"),
            (Category::Lipid, "中性脂肪", "48 mg/dL", "A"),
            (Category::Glucose, "空腹時血糖", "106 mg/dL", "B"),
            (Category::Glucose, "HbA1c", "5.6 %", "B"),
            (Category::Urine, "尿糖", "(-)", "A"),
            (Category::Urine, "尿蛋白", "(-)", "A"),
            (Category::Ecg, "心電図", "異常なし", "A"),
        ];
        Card {
            name: "髙橋　𠮷郎".to_owned(),
            kana: "タカハシ　ヨシロウ".to_owned(),
            number: "000002".to_owned(),
            birth_date: Some(date(1984, 4, 8)),
            sex: Some(Sex::Male),
            hired_on: Some(date(2025, 4, 2)),
            examined_on: date(2026, 7, 3),
            kind: "定期健康診断",
            age: Some(42),
            clinic: "みなと健診クリニック".to_owned(),
            doctor: "山田　一郎".to_owned(),
            results: results.map(|(category, name, value, letter)| result(category, name, value, letter)).to_vec(),
            diagnosis: "総合判定 C（要再検査・生活改善）".to_owned(),
            opinion: String::new(),
            opinion_by: String::new(),
            remarks: "判定基準：ningen-dock-2026-04-01".to_owned(),
        }
    }

    #[test]
    fn r37_the_card_is_laid_out_like_this() {
        let paper = card(&sample());
        assert!(paper.lies_on_its_sheets() && paper.replaced().is_empty() && paper.sheets.len() == 1);
        insta::assert_snapshot!(paper.dump());
        let bytes = paper.pdf().unwrap();
        assert_eq!(bytes, card(&sample()).pdf().unwrap(), "the same bytes each time");
        if let Some(folder) = std::env::var_os("PAPERS_OUT") {
            std::fs::write(std::path::Path::new(&folder).join("card.pdf"), bytes).unwrap();
        }
    }

    #[test]
    fn r37_a_long_checkup_goes_on_on_another_sheet_and_loses_nothing() {
        let mut long = sample();
        long.results = (0..3).flat_map(|_| sample().results).collect();
        long.opinion = "就業上の措置として、時間外労働を月45時間以内に制限し、重量物の取扱いを避けること。".repeat(20);
        let paper = card(&long);
        let dump = paper.dump();
        assert!(paper.lies_on_its_sheets() && paper.sheets.len() >= 2);
        assert_eq!(dump.matches("心電図\n").count(), 3 + 3, "the item and its group, three times");
        assert!(dump.contains("別記1　医師の意見"));
    }
}
