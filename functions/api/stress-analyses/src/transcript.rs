//! Figures as lines of a file: groups one a line, and a report as what stands in which field (転記用).

use domain::{
    dates::japanese,
    export::csv_line,
    report::form6_3::{CarriedOutBy, InterviewedBy, StressSheet, analysed},
    stress::{
        analysis::{FURTHER, RiskModel, shown},
        questionnaire::Questionnaire,
        scales::ROWS,
    },
};
use store::{AnalysedGroup, StressAnalysis};

/// Groups, with every scale that was asked.
pub(crate) fn of_groups(analysis: &StressAnalysis, model: Option<&RiskModel>) -> String {
    let extended = analysis.of.questionnaire == Questionnaire::Extended;
    let mut head = vec![
        "集団の種類",
        "集団",
        "回答者数",
        "健康リスク（量-コントロール）",
        "健康リスク（職場の支援）",
        "総合健康リスク",
    ];
    head.extend(ROWS.iter().map(|row| row.japanese));
    if extended {
        head.extend(FURTHER.iter().map(|scale| scale.japanese));
    }
    let mut text = String::new();
    csv_line(&mut text, head);
    for group in &analysis.groups {
        let cells = cells(group, model, extended);
        csv_line(&mut text, cells.iter().map(String::as_str));
    }
    text
}

fn cells(group: &AnalysedGroup, model: Option<&RiskModel>, extended: bool) -> Vec<String> {
    let tally = &group.tally;
    let mut cells = vec![group.group.kind().japanese().to_owned(), group.name.clone(), tally.respondents().to_string()];
    let risks = model.zip(tally.diagram()).map(|(model, diagram)| model.risks(diagram, tally.female_share()));
    let whole = |risk: Option<f64>| risk.map(|risk| shown(risk).to_string()).unwrap_or_default();
    cells.push(whole(risks.map(|of| of.load_and_control)));
    cells.push(whole(risks.map(|of| of.support)));
    cells.push(whole(risks.map(|of| of.total)));
    let mean = |mean: Option<f64>| mean.map(|mean| format!("{mean:.2}")).unwrap_or_default();
    cells.extend(ROWS.iter().map(|row| mean(tally.mean(row.scale))));
    if extended {
        cells.extend(tally.further().map(|(_, value)| mean(Some(value))));
    }
    cells
}

/// A report.
pub(crate) fn of_report(sheet: &StressSheet) -> String {
    let mut text = String::new();
    for [item, value] in lines(sheet) {
        csv_line(&mut text, [item.as_str(), value.as_str()]);
    }
    text
}

fn said<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn lines(sheet: &StressSheet) -> Vec<[String; 2]> {
    let of = &sheet.said;
    let choice =
        |choice: Option<(u8, &str)>| choice.map(|(number, words)| format!("{number} {words}")).unwrap_or_default();
    let month = sheet.carried_out_on.map(|day| format!("{}年{}月", day.year(), day.month())).unwrap_or_default();
    let rows: Vec<(&str, String)> = vec![
        ("項目", "値".to_owned()),
        ("労働保険番号", said(of.labour_insurance_number.as_ref())),
        ("被一括事業場番号", said(of.branch_office.as_ref())),
        ("対象年", sheet.year.to_string()),
        ("検査実施年月", month),
        ("事業の種類", of.business.map(|of| format!("{} {}", of.code(), of.japanese())).unwrap_or_default()),
        ("事業場の名称", sheet.workplace.to_string()),
        ("事業場の郵便番号", said(of.postal_code.as_ref())),
        ("事業場の所在地", said(of.address.as_ref())),
        ("事業場の電話番号", said(of.phone.as_ref())),
        ("在籍労働者数", said(of.enrolled.as_ref())),
        ("検査を実施した者", choice(of.carried_out_by.map(CarriedOutBy::choice))),
        ("検査を受けた労働者数", sheet.examined.to_string()),
        ("面接指導を実施した医師", choice(of.interviewed_by.map(InterviewedBy::choice))),
        ("面接指導を受けた労働者数", said(of.interviewed.as_ref())),
        ("集団ごとの分析の実施の有無", choice(of.analysed.map(analysed))),
        ("産業医の氏名", of.physician.as_ref().map(|of| of.name.to_string()).unwrap_or_default()),
        ("産業医の所属医療機関の名称", of.physician.as_ref().map(|of| of.institution.to_string()).unwrap_or_default()),
        ("産業医の所属医療機関の所在地", of.physician.as_ref().map(|of| of.address.to_string()).unwrap_or_default()),
        ("事業者職氏名", of.employer.as_ref().map(|of| format!("{} {}", of.title, of.name)).unwrap_or_default()),
        ("所轄労働基準監督署", said(of.office.as_ref())),
        ("提出年月日", of.submitted_on.map(japanese).unwrap_or_default()),
    ];
    rows.into_iter().map(|(item, value)| [item.to_owned(), value]).collect()
}
