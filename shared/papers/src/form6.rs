//! 定期健康診断結果報告書 (様式第6号), laid out like the form: to be copied into the authority's own, or handed in on paper while that is taken.

use domain::{
    dates::japanese,
    report::form6::{FormVersion, RowFigures, Sheet, SpecificWork},
};

use crate::{
    form::{LEFT, SMALL, TEXT, WIDE, field, insurance_number, said, signed},
    paper::{Align, Paper, area},
};

/// The report. `revision` says which freeze it is printed from; none for figures that are still open.
#[must_use]
pub fn form6(sheet: &Sheet, revision: Option<&str>) -> Paper {
    let mut paper = Paper::new("定期健康診断結果報告書");
    let figures = &sheet.figures;
    paper.text((LEFT, 12.0), SMALL, Align::Left, "様式第6号（第52条関係）");
    paper.text((LEFT + WIDE, 12.0), SMALL, Align::Right, revision.unwrap_or("未確定の集計"));
    paper.text((105.0, 20.0), 15.0, Align::Middle, "定期健康診断結果報告書");
    insurance_number(
        &mut paper,
        25.0,
        sheet.settings.labour_insurance_number.as_ref(),
        sheet.settings.branch_office.as_ref(),
    );
    when(&mut paper, sheet, 37.0);
    workplace(&mut paper, sheet, 47.0);
    institutions(&mut paper, sheet, 67.0);
    specific_work(&mut paper, sheet, 87.0);
    rows(&mut paper, sheet, 113.0);
    let y = 187.0;
    for (x, what, people) in
        [(LEFT, "所見のあった者の人数", figures.with_findings), (LEFT + 90.0, "医師の指示人数", figures.instructed)]
    {
        paper.head(area(x, y, 50.0, 9.0), TEXT, what);
        paper.cell(area(x + 50.0, y, 40.0, 9.0), 10.0, Align::Right, (what, &format!("{people} 人")));
    }
    physician(&mut paper, sheet, 200.0);
    signed(&mut paper, 226.0, sheet.submitted_on, sheet.settings.office.as_ref(), sheet.settings.employer.as_ref());
    remarks(&mut paper, sheet, 250.0);
    paper.finished()
}

fn when(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let months = format!(
        "{}年（{}月～{}月分）（報告{}回目）",
        era_year(sheet),
        sheet.period.from.month(),
        sheet.period.to.month(),
        sheet.report_number.map_or_else(|| "　　".to_owned(), |number| number.to_string())
    );
    field(paper, area(LEFT, y, 110.0, 8.0), 24.0, "対象年", &months);
    let day = sheet.examined_on.map(japanese).unwrap_or_default();
    field(paper, area(LEFT + 112.0, y, 68.0, 8.0), 24.0, "健診年月日", &day);
}

/// 令和8 of 令和8年7月31日.
fn era_year(sheet: &Sheet) -> String {
    let day = japanese(sheet.examined_on.unwrap_or(sheet.period.to));
    day.split('年').next().unwrap_or_default().to_owned()
}

fn workplace(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let settings = &sheet.settings;
    let business = settings.business.map(|of| format!("{}　{}", of.code(), of.japanese())).unwrap_or_default();
    field(paper, area(LEFT, y, 88.0, 9.0), 24.0, "事業の種類", &business);
    field(paper, area(LEFT + 88.0, y, 92.0, 9.0), 24.0, "事業場の名称", sheet.workplace.as_str());
    let postal = settings.postal_code.as_ref().map(|code| format!("〒{code}　")).unwrap_or_default();
    let address = format!("{postal}{}", said(settings.address.as_ref()));
    field(paper, area(LEFT, y + 9.0, 124.0, 9.0), 24.0, "事業場の所在地", &address);
    field(paper, area(LEFT + 124.0, y + 9.0, 56.0, 9.0), 16.0, "電話", &said(settings.phone.as_ref()));
}

fn institutions(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let all = &sheet.settings.institutions;
    let join =
        |of: fn(&domain::report::form6::Institution) -> String| all.iter().map(of).collect::<Vec<_>>().join("\n");
    let names = join(|of| of.name.to_string());
    let places = join(|of| of.address.to_string());
    field(paper, area(LEFT, y, 110.0, 9.0), 24.0, "健康診断実施\n機関の名称", &names);
    field(paper, area(LEFT, y + 9.0, 110.0, 9.0), 24.0, "健康診断実施\n機関の所在地", &places);
    for (at, what, people) in
        [(0.0, "在籍労働者数", sheet.enrolled.workers), (9.0, "受診労働者数", sheet.figures.examined)]
    {
        paper.head(area(LEFT + 112.0, y + at, 28.0, 9.0), SMALL, what);
        let value = format!("{people} 人");
        paper.cell(area(LEFT + 140.0, y + at, 40.0, 9.0), 10.0, Align::Right, (what, &value));
    }
}

fn specific_work(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let what = "労働安全衛生規則第13条第1項第3号に掲げる業務に従事する労働者数（人）";
    paper.head(area(LEFT, y, WIDE, 6.0), SMALL, what);
    let step = WIDE / 15.0;
    let mut x = LEFT;
    for kind in SpecificWork::all() {
        let workers = sheet.specific_work.get(&kind).copied().unwrap_or(0);
        paper.head(area(x, y + 6.0, step, 5.0), TEXT, kind.letter());
        let value = if workers == 0 { String::new() } else { workers.to_string() };
        paper.cell(area(x, y + 11.0, step, 8.0), TEXT, Align::Middle, (kind.letter(), &value));
        x += step;
    }
    paper.head(area(x, y + 6.0, step, 5.0), TEXT, "計");
    let total = sheet.specific_work_total().to_string();
    paper.cell(area(x, y + 11.0, step, 8.0), TEXT, Align::Middle, ("計", &total));
}

fn rows(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let form = FormVersion::named(&sheet.figures.form);
    paper.head(area(LEFT, y, WIDE, 6.0), TEXT, "健　康　診　断　項　目");
    let half = WIDE / 2.0;
    let left = sheet.figures.rows.len().div_ceil(2);
    for (side, rows) in [(0.0, sheet.figures.rows.get(..left)), (half, sheet.figures.rows.get(left..))] {
        let x = LEFT + side;
        for (at, wide, what) in [(0.0, 50.0, "項目"), (50.0, 20.0, "実施者数"), (70.0, 20.0, "有所見者数")] {
            paper.head(area(x + at, y + 6.0, wide, 6.0), SMALL, what);
        }
        let mut row = y + 12.0;
        for RowFigures { row: of, examined, findings, .. } in rows.unwrap_or_default() {
            let name = form.map_or("", |form| form.japanese(*of));
            paper.cell(area(x, row, 50.0, 8.5), SMALL, Align::Left, (name, name));
            paper.cell(area(x + 50.0, row, 20.0, 8.5), 9.5, Align::Right, (name, &examined.to_string()));
            paper.cell(area(x + 70.0, row, 20.0, 8.5), 9.5, Align::Right, (name, &findings.to_string()));
            row += 8.5;
        }
    }
}

fn physician(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let physician = sheet.settings.physician.as_ref();
    paper.head(area(LEFT, y, 20.0, 22.0), TEXT, "産業医");
    for (at, what, value) in [
        (0.0, "氏名", physician.map(|of| of.name.to_string())),
        (8.0, "所属医療機関の名称", physician.map(|of| of.institution.to_string())),
        (15.0, "所属医療機関の所在地", physician.map(|of| of.address.to_string())),
    ] {
        let height = if at == 0.0 { 8.0 } else { 7.0 };
        let value = value.unwrap_or_default();
        field(paper, area(LEFT + 20.0, y + at, 160.0, height), 36.0, what, &value);
    }
}

fn remarks(paper: &mut Paper, sheet: &Sheet, y: f32) {
    let figures = &sheet.figures;
    let mut remarks = vec![
        format!("有所見者の数え方：{}", figures.rule.japanese()),
        format!("判定基準：{}　様式の版：{}", figures.criteria.join("、"), figures.form),
        format!("集計の期間：{}～{}", japanese(sheet.period.from), japanese(sheet.period.to)),
    ];
    if let Some(said) = &sheet.settings.enrolled {
        let registered = sheet.enrolled.registered;
        remarks.push(format!("在籍労働者数は入力による（登録上は{registered}人）。理由：{}", said.reason));
    }
    if figures.not_covering > 0 {
        remarks.push(format!("法定項目を満たさない人間ドック等{}件は数えていません。", figures.not_covering));
    }
    paper.head(area(LEFT, y, 20.0, 34.0), SMALL, "備考");
    paper.frame(area(LEFT + 20.0, y, 160.0, 34.0), 0.15);
    paper.words(area(LEFT + 20.0, y, 160.0, 34.0), 7.5, Align::Left, ("備考", &remarks.join("\n")));
}

#[cfg(test)]
mod tests {
    use domain::{
        organisation::OrganisationName,
        report::form6::{Enrolled, Figures, FindingRule, Period, WorkplaceSettings, form_on},
    };
    use jiff::civil::date;

    use super::*;

    fn sheet(settings: &str) -> Sheet {
        let form = form_on(date(2026, 7, 31));
        let rows = (0_u32..).zip(form.rows).map(|(at, of)| RowFigures {
            row: of.row,
            examined: 950 - at * 3,
            findings: 10 + at * 7,
            without_letter: 0,
        });
        let settings: WorkplaceSettings = settings_of(settings);
        Sheet {
            workplace: OrganisationName::parse("株式会社みなと製作所　川崎工場").unwrap(),
            period: Period::new(date(2026, 4, 1), date(2027, 3, 31)).unwrap(),
            report_number: Some(1),
            examined_on: Some(date(2026, 7, 31)),
            enrolled: Enrolled { workers: 1004, registered: 1020 },
            specific_work: [(SpecificWork::NightWork, 120), (SpecificWork::Noise, 31)].into(),
            figures: Figures {
                form: form.version.to_owned(),
                rule: FindingRule::COrWorse,
                criteria: vec!["ningen-dock-2026-04-01".to_owned()],
                examined: 950,
                rows: rows.collect(),
                with_findings: 412,
                instructed: 77,
                not_covering: 2,
            },
            settings,
            submitted_on: Some(date(2026, 8, 20)),
        }
    }

    fn settings_of(more: &str) -> WorkplaceSettings {
        let part = |text: &str| serde_json::from_str(text).unwrap();
        part(more)
    }

    const FULL: &str = r#"{"labour_insurance_number":"13-1-01-123456-000","branch_office":"0012","business":"31","postal_code":"210-0001","address":"神奈川県川崎市川崎区本町0丁目0番0号",
        "phone":"044-000-0000","institutions":[{"name":"みなと健診クリニック","address":"東京都港区虎ノ門0-0-0"},{"name":"川崎中央病院","address":"神奈川県川崎市幸区0-0-0"}],
        "enrolled":{"workers":1004,"reason":"週の所定労働時間が4分の3に満たない方を除く"},
        "physician":{"name":"髙﨑　𠮷一","institution":"医療法人社団みなと会　みなと病院","address":"東京都港区虎ノ門0-0-0"},
        "employer":{"title":"代表取締役社長","name":"青山　太郎"},"office":"川崎南労働基準監督署長"}"#;

    #[test]
    fn r37_the_form_is_laid_out_like_this() {
        let paper = form6(&sheet(FULL), Some("第1版　2026年8月20日確定"));
        assert!(paper.lies_on_its_sheets() && paper.replaced().is_empty());
        insta::assert_snapshot!(paper.dump());
        let bytes = paper.pdf().unwrap();
        assert_eq!(
            bytes,
            form6(&sheet(FULL), Some("第1版　2026年8月20日確定")).pdf().unwrap(),
            "the same bytes each time"
        );
        if let Some(folder) = std::env::var_os("PAPERS_OUT") {
            std::fs::write(std::path::Path::new(&folder).join("form6.pdf"), bytes).unwrap();
        }
    }

    #[test]
    fn r37_an_empty_form_is_a_form_and_long_lists_lose_nothing() {
        let empty = form6(&sheet("{}"), None);
        assert!(empty.lies_on_its_sheets() && empty.dump().contains("労働基準監督署長殿"));
        let many: Vec<String> =
            (0..20).map(|at| format!(r#"{{"name":"第{at}健診センター","address":"東京都港区{at}-0-0"}}"#)).collect();
        let long = form6(&sheet(&format!(r#"{{"institutions":[{}]}}"#, many.join(","))), None);
        let dump = long.dump();
        assert!(long.lies_on_its_sheets() && long.sheets.len() == 2);
        assert!(
            (0..20).all(
                |at| dump.contains(&format!("第{at}健診センター")) && dump.contains(&format!("東京都港区{at}-0-0"))
            )
        );
    }
}
