//! A letter to one person: 受診勧奨のお知らせ. It names no value: an envelope may be opened by somebody else.

use domain::dates::japanese;
use jiff::civil::Date;

use crate::paper::{Align, Paper, area};

/// A letter that recommends to see a physician (受診勧奨).
#[derive(Debug, Clone)]
pub struct Letter {
    /// The day on it.
    pub on: Date,
    /// To whom.
    pub name: String,
    /// Their number.
    pub number: String,
    /// Where they work.
    pub workplace: String,
    /// From whom: the company and its desk.
    pub company: String,
    /// The desk to turn to, with its telephone number or address.
    pub desk: String,
    /// The day of the checkup.
    pub examined_on: Date,
    /// What the physician asks for (要精密検査, 要医療).
    pub asks_for: String,
    /// The parts of the body that it is about (血圧, 脂質).
    pub about: Vec<String>,
    /// Until when to answer.
    pub answer_by: Option<Date>,
}

/// The letter.
#[must_use]
pub fn letter(letter: &Letter) -> Paper {
    let mut paper = Paper::new("受診勧奨のお知らせ");
    let (left, wide) = (25.0, 160.0);
    paper.text((185.0, 25.0), 10.0, Align::Right, &japanese(letter.on));
    paper.text((left, 36.0), 10.0, Align::Left, &format!("{}　社員番号 {}", letter.workplace, letter.number));
    paper.text((left, 43.0), 12.0, Align::Left, &format!("{}　様", letter.name));
    paper.words(area(105.0, 50.0, 80.0, 14.0), 10.0, Align::Right, ("差出人", &letter.company));
    paper.text((105.0, 78.0), 15.0, Align::Middle, "医療機関の受診のお願い");
    let day = japanese(letter.examined_on);
    let body = format!(
        "{day}に受診された健康診断の結果、医療機関での確認が必要とされました。症状がなくても、早めの受診が大切です。下記をご確認のうえ、お早めに医療機関を受診してください。"
    );
    let y = paper.paragraph((left, 92.0), wide, 10.5, &body);
    paper.text((105.0, y + 8.0), 11.0, Align::Middle, "記");
    let by = letter.answer_by.map_or_else(|| "お早めに".to_owned(), japanese);
    let mut row = y + 14.0;
    for (what, value) in [
        ("医師の判定", letter.asks_for.clone()),
        ("受診していただきたい項目", letter.about.join("、")),
        ("受診結果のご回答期限", by),
        ("お問い合わせ先", letter.desk.clone()),
    ] {
        paper.head(area(left, row, 50.0, 12.0), 9.0, what);
        paper.cell(area(left + 50.0, row, wide - 50.0, 12.0), 10.0, Align::Left, (what, &value));
        row += 12.0;
    }
    let notes = "・受診の際は、健康診断の結果票と、このお知らせをお持ちください。\n・既に治療を受けている場合や、受診を終えた場合は、その旨をご回答ください。\n・検査の値は、このお知らせには記載していません。健康診断の結果票またはサービスの画面でご確認ください。\n・ご回答の内容は、産業保健スタッフが健康管理の目的に限って利用します。";
    paper.paragraph((left, row + 10.0), wide, 9.5, notes);
    paper.finished()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r34_the_letter_is_laid_out_like_this_and_tells_no_value() {
        let paper = letter(&Letter {
            on: date(2026, 8, 3),
            name: "髙橋　𠮷郎".to_owned(),
            number: "000002".to_owned(),
            workplace: "川崎工場".to_owned(),
            company: "株式会社みなと製作所\n人事部 健康管理室".to_owned(),
            desk: "人事部 健康管理室　044-000-0000（内線 1234）".to_owned(),
            examined_on: date(2026, 7, 3),
            asks_for: "要精密検査".to_owned(),
            about: vec!["血圧".to_owned(), "脂質".to_owned()],
            answer_by: Some(date(2026, 9, 30)),
        });
        assert!(paper.lies_on_its_sheets() && paper.sheets.len() == 1);
        insta::assert_snapshot!(paper.dump());
        let bytes = paper.pdf().unwrap();
        if let Some(folder) = std::env::var_os("PAPERS_OUT") {
            std::fs::write(std::path::Path::new(&folder).join("letter.pdf"), bytes).unwrap();
        }
    }
}
