//! What a physician reports to the employer after an interview: 面接指導結果報告書・意見書. Nothing of what was talked about stands on it.

use domain::dates::japanese;
use jiff::civil::Date;

use crate::paper::{Align, Paper, area};

/// A report to the employer (domain.md 4.8, 6.2).
#[derive(Debug, Clone)]
pub struct OpinionLetter {
    /// The company that it is for.
    pub company: String,
    /// Whom it is about; empty for those who do not see names.
    pub name: String,
    /// Their number.
    pub number: String,
    /// Where they work.
    pub workplace: String,
    /// What it is based on: the kind of interview.
    pub basis: String,
    /// When that was held.
    pub held_on: Option<Date>,
    /// When the worker agreed that it is reported, where that is needed.
    pub agreed_on: Option<Date>,
    /// Classes of guidance (指導区分).
    pub guidance: String,
    /// The work-fitness category (就業区分).
    pub category: String,
    /// Measures.
    pub measures: String,
    /// From when until when.
    pub period: String,
    /// When it is looked at again.
    pub review_on: Option<Date>,
    /// The opinion in words.
    pub words: String,
    /// What the workplace should know.
    pub for_workplace: String,
    /// Who reported.
    pub physician: String,
    /// When.
    pub given_on: Date,
}

/// The report.
#[must_use]
pub fn opinion_letter(of: &OpinionLetter) -> Paper {
    let mut paper = Paper::new("面接指導結果報告書・意見書");
    let (left, wide, head) = (20.0, 170.0, 42.0);
    paper.text((190.0, 20.0), 10.0, Align::Right, &japanese(of.given_on));
    paper.words(area(left, 25.0, 110.0, 10.0), 11.0, Align::Left, ("あて先", &format!("{}　御中", of.company)));
    paper.text((105.0, 46.0), 15.0, Align::Middle, "面接指導結果報告書・意見書");
    let day = |day: Option<Date>| day.map(japanese).unwrap_or_default();
    let mut basis = format!("{}（{}実施）", of.basis, day(of.held_on));
    if of.agreed_on.is_some() {
        basis = format!("{basis}　本人の同意：{}", day(of.agreed_on));
    }
    let person = format!("{}　社員番号 {}", of.name, of.number);
    let mut row = 54.0;
    for (what, value, height) in [
        ("対象者", &person, 10.0),
        ("所属事業場", &of.workplace, 10.0),
        ("意見のもとになった面談", &basis, 12.0),
        ("指導区分", &of.guidance, 12.0),
        ("就業区分", &of.category, 10.0),
        ("必要な措置", &of.measures, 32.0),
        ("措置の期間", &of.period, 10.0),
        ("見直しの予定日", &day(of.review_on), 10.0),
        ("医師の意見", &of.words, 40.0),
        ("職場への申し送り", &of.for_workplace, 30.0),
        ("医師の氏名", &of.physician, 12.0),
    ] {
        paper.head(area(left, row, head, height), 9.0, what);
        paper.cell(area(left + head, row, wide - head, height), 10.0, Align::Left, (what, value));
        row += height;
    }
    let notes = "この報告書は、就業上の措置のために必要な範囲を記載したものです。面談で話された内容、診断名および検査の値は記載していません。取扱いは、健康情報等の取扱規程に従ってください。";
    paper.paragraph((left, row + 8.0), wide, 9.0, notes);
    paper.finished()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sample() -> OpinionLetter {
        OpinionLetter {
            company: "株式会社みなと製作所".to_owned(),
            name: "髙橋　𠮷郎".to_owned(),
            number: "000002".to_owned(),
            workplace: "川崎工場".to_owned(),
            basis: "長時間労働者への面接指導".to_owned(),
            held_on: Some(date(2026, 11, 20)),
            agreed_on: None,
            guidance: "要経過観察".to_owned(),
            category: "就業制限・配慮".to_owned(),
            measures: "時間外労働の制限（月20時間まで）".to_owned(),
            period: "令和8年12月1日～令和9年2月28日".to_owned(),
            review_on: Some(date(2027, 2, 15)),
            words: "疲労の回復のため、時間外労働を制限する必要がある。".to_owned(),
            for_workplace: "残業は月20時間までとしてください。".to_owned(),
            physician: "山田　一郎".to_owned(),
            given_on: date(2026, 11, 28),
        }
    }

    #[test]
    fn r36_the_report_says_what_the_employer_is_to_do_and_stays_on_its_sheets_however_long_it_is() {
        let paper = opinion_letter(&sample());
        assert!(paper.lies_on_its_sheets() && paper.sheets.len() == 1);
        let dump = paper.dump();
        for words in ["長時間労働者への面接指導（令和8年11月20日実施）", "就業制限・配慮", "山田　一郎"]
        {
            assert!(dump.contains(words), "{words} is missing: {dump}");
        }
        assert!(!dump.contains("本人の同意"));
        let mut long = sample();
        long.agreed_on = Some(date(2026, 11, 21));
        long.words = "時間外労働を制限し、重量物の取扱いを避けること。".repeat(80);
        let paper = opinion_letter(&long);
        assert!(paper.lies_on_its_sheets() && paper.sheets.len() > 1, "what does not fit goes to a sheet of its own");
        assert!(paper.pdf().is_ok_and(|bytes| bytes.starts_with(b"%PDF")));
    }
}
