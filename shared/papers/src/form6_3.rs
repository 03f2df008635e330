//! 心理的な負担の程度を把握するための検査結果等報告書 (様式第6号の3), laid out like the form: to be copied into the authority's own, or handed in on paper while that is taken.

use domain::{
    dates::japanese,
    report::form6_3::{CarriedOutBy, FORM_VERSION, FormChoice, InterviewedBy, StressSheet, analysed},
};

use crate::{
    form::{self, LEFT, SMALL, TEXT, WIDE, field, insurance_number, signed},
    paper::{Align, Area, Paper, area},
};

const HEAD: f32 = 42.0;

/// The report.
#[must_use]
pub fn form6_3(sheet: &StressSheet) -> Paper {
    let mut paper = Paper::new("心理的な負担の程度を把握するための検査結果等報告書");
    let said = &sheet.said;
    paper.text((LEFT, 12.0), SMALL, Align::Left, "様式第6号の3（第52条の21関係）");
    paper.text((105.0, 21.0), 14.0, Align::Middle, "心理的な負担の程度を把握するための検査結果等報告書");
    insurance_number(&mut paper, 27.0, said.labour_insurance_number.as_ref(), said.branch_office.as_ref());
    let month = sheet.carried_out_on.map(|day| month_of(&japanese(day))).unwrap_or_default();
    field(&mut paper, area(LEFT, 40.0, 90.0, 9.0), HEAD, "対象年", &format!("{}年分", sheet.year));
    field(&mut paper, area(LEFT + 90.0, 40.0, 90.0, 9.0), HEAD, "検査実施年月", &month);
    let business = said.business.map(|of| format!("{}　{}", of.code(), of.japanese())).unwrap_or_default();
    field(&mut paper, area(LEFT, 49.0, 90.0, 10.0), HEAD, "事業の種類", &business);
    field(&mut paper, area(LEFT + 90.0, 49.0, 90.0, 10.0), HEAD, "事業場の名称", sheet.workplace.as_str());
    let postal = said.postal_code.as_ref().map(|code| format!("〒{code}　")).unwrap_or_default();
    let address = format!("{postal}{}", form::said(said.address.as_ref()));
    field(&mut paper, area(LEFT, 59.0, WIDE, 10.0), HEAD, "事業場の所在地", &address);
    field(&mut paper, area(LEFT, 69.0, 90.0, 9.0), HEAD, "電話", &form::said(said.phone.as_ref()));
    people(&mut paper, area(LEFT + 90.0, 69.0, 90.0, 9.0), "在籍労働者数", said.enrolled);
    let all = [CarriedOutBy::IndustrialPhysician, CarriedOutBy::OfTheWorkplace, CarriedOutBy::Contractor];
    let by = said.carried_out_by.map(CarriedOutBy::choice);
    choices(&mut paper, 82.0, "検査を実施した者", &all.map(CarriedOutBy::choice), by);
    people(&mut paper, area(LEFT, 109.0, WIDE, 9.0), "検査を受けた労働者数", Some(sheet.examined));
    let all = [InterviewedBy::IndustrialPhysician, InterviewedBy::OfTheWorkplace, InterviewedBy::Elsewhere];
    let by = said.interviewed_by.map(InterviewedBy::choice);
    choices(&mut paper, 122.0, "面接指導を実施した医師", &all.map(InterviewedBy::choice), by);
    people(&mut paper, area(LEFT, 149.0, WIDE, 9.0), "面接指導を受けた労働者数", said.interviewed);
    let done = said.analysed.map(analysed);
    choices(&mut paper, 162.0, "集団ごとの分析の実施の有無", &[analysed(true), analysed(false)], done);
    physician(&mut paper, sheet, 188.0);
    signed(&mut paper, 218.0, said.submitted_on, said.office.as_ref(), said.employer.as_ref());
    let register = format!("様式の版：{FORM_VERSION}　登録上の在籍者数（検査実施年月の末日）：{}人", sheet.registered);
    paper.paragraph((LEFT, 250.0), WIDE, SMALL, &register);
    let mut y = 256.0;
    for violation in sheet.violations() {
        y = paper.paragraph((LEFT, y), WIDE, SMALL, &format!("※ {}", violation.japanese()));
    }
    paper.finished()
}

/// 令和8年10月 of 令和8年10月30日.
fn month_of(day: &str) -> String {
    day.split_once('月').map(|(month, _)| format!("{month}月")).unwrap_or_default()
}

fn people(paper: &mut Paper, place: Area, what: &str, people: Option<u32>) {
    let value = people.map_or_else(|| "　　　　人".to_owned(), |people| format!("{people} 人"));
    paper.head(Area { width: HEAD, ..place }, SMALL, what);
    let rest = area(place.x + HEAD, place.y, place.width - HEAD, place.height);
    paper.cell(rest, 10.0, Align::Left, (what, &value));
}

/// What there is to choose from, with a mark at what was.
fn choices(paper: &mut Paper, y: f32, what: &str, all: &[FormChoice], chosen: Option<FormChoice>) {
    let height = all.iter().fold(0.0, |height, _| height + 8.0);
    paper.head(area(LEFT, y, HEAD, height), SMALL, what);
    let mut row = y;
    for (number, name) in all {
        let is_it = chosen.is_some_and(|(of, _)| of == *number);
        let mark = if is_it { format!("（{number}）") } else { format!("　{number}　") };
        paper.cell(area(LEFT + HEAD, row, 14.0, 8.0), 9.0, Align::Middle, (what, &mark));
        paper.cell(area(LEFT + HEAD + 14.0, row, WIDE - HEAD - 14.0, 8.0), TEXT, Align::Left, (what, name));
        row += 8.0;
    }
}

fn physician(paper: &mut Paper, sheet: &StressSheet, y: f32) {
    let physician = sheet.said.physician.as_ref();
    paper.head(area(LEFT, y, 20.0, 24.0), TEXT, "産業医");
    let rows = [
        ("氏名", physician.map(|of| of.name.to_string())),
        ("所属医療機関の名称", physician.map(|of| of.institution.to_string())),
        ("所属医療機関の所在地", physician.map(|of| of.address.to_string())),
    ];
    let mut row = y;
    for (what, value) in rows {
        field(paper, area(LEFT + 20.0, row, WIDE - 20.0, 8.0), HEAD, what, &value.unwrap_or_default());
        row += 8.0;
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        organisation::OrganisationName,
        report::{
            form6::{Address, BusinessClass, Phone, PostalCode},
            form6_3::Said,
        },
    };
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r37_the_report_of_the_stress_check_is_laid_out_like_this() {
        let said = Said {
            business: BusinessClass::parse("39").ok(),
            postal_code: PostalCode::parse("105-0001").ok(),
            address: Address::parse("東京都港区虎ノ門0-0-0").ok(),
            phone: Phone::parse("03-0000-0000").ok(),
            enrolled: Some(94),
            carried_out_by: Some(CarriedOutBy::IndustrialPhysician),
            interviewed_by: Some(InterviewedBy::Elsewhere),
            interviewed: Some(3),
            analysed: Some(true),
            submitted_on: Some(date(2026, 12, 1)),
            ..Said::default()
        };
        let paper = form6_3(&StressSheet {
            workplace: OrganisationName::parse("東京本社").unwrap(),
            year: 2026,
            carried_out_on: Some(date(2026, 10, 30)),
            registered: 104,
            examined: 95,
            said,
        });
        assert!(paper.lies_on_its_sheets() && paper.sheets.len() == 1);
        insta::assert_snapshot!(paper.dump());
        let bytes = paper.pdf().unwrap();
        if let Some(folder) = std::env::var_os("PAPERS_OUT") {
            std::fs::write(std::path::Path::new(&folder).join("form6_3.pdf"), bytes).unwrap();
        }
    }
}
