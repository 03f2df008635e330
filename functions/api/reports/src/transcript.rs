//! A report as lines to copy into the authority's own form (転記用): what stands in which field.

use domain::{
    export::csv_line,
    report::form6::{FormVersion, Sheet},
};

/// The lines, as CSV.
pub(crate) fn of(sheet: &Sheet) -> String {
    let mut text = String::new();
    for [item, value, findings] in lines(sheet) {
        csv_line(&mut text, [item.as_str(), value.as_str(), findings.as_str()]);
    }
    text
}

fn said<T: ToString>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

fn lines(sheet: &Sheet) -> Vec<[String; 3]> {
    let (settings, figures) = (&sheet.settings, &sheet.figures);
    let mut lines = vec![["項目".to_owned(), "値・実施者数".to_owned(), "有所見者数".to_owned()]];
    let mut add = |item: &str, value: Option<String>, findings: Option<u32>| {
        lines.push([
            item.to_owned(),
            value.unwrap_or_default(),
            findings.map_or_else(String::new, |findings| findings.to_string()),
        ]);
    };
    add("労働保険番号", said(settings.labour_insurance_number.as_ref()), None);
    add("被一括事業場番号", said(settings.branch_office.as_ref()), None);
    add("対象年", Some(sheet.target_year().to_string()), None);
    add("期間", Some(format!("{}～{}", sheet.period.from, sheet.period.to)), None);
    add("報告回目", said(sheet.report_number.as_ref()), None);
    add("健診年月日", said(sheet.examined_on.as_ref()), None);
    add("事業の種類", settings.business.map(|of| format!("{} {}", of.code(), of.japanese())), None);
    add("事業場の名称", Some(sheet.workplace.to_string()), None);
    add("事業場の郵便番号", said(settings.postal_code.as_ref()), None);
    add("事業場の所在地", said(settings.address.as_ref()), None);
    add("事業場の電話番号", said(settings.phone.as_ref()), None);
    for institution in &settings.institutions {
        add("健康診断実施機関の名称", Some(institution.name.to_string()), None);
        add("健康診断実施機関の所在地", Some(institution.address.to_string()), None);
    }
    add("在籍労働者数", Some(sheet.enrolled.workers.to_string()), None);
    add("受診労働者数", Some(figures.examined.to_string()), None);
    for (kind, workers) in sheet.specific_work.iter().filter(|(_, workers)| **workers > 0) {
        let item = format!("特定業務に従事する労働者数 {} {}", kind.letter(), kind.japanese());
        add(&item, Some(workers.to_string()), None);
    }
    add("特定業務に従事する労働者数 計", Some(sheet.specific_work_total().to_string()), None);
    let form = FormVersion::named(&figures.form);
    for of in &figures.rows {
        let item = form.map_or("", |form| form.japanese(of.row));
        add(item, Some(of.examined.to_string()), Some(of.findings));
    }
    add("所見のあった者の人数", Some(figures.with_findings.to_string()), None);
    add("医師の指示人数", Some(figures.instructed.to_string()), None);
    if let Some(physician) = &settings.physician {
        add("産業医の氏名", Some(physician.name.to_string()), None);
        add("産業医の所属医療機関の名称", Some(physician.institution.to_string()), None);
        add("産業医の所属医療機関の所在地", Some(physician.address.to_string()), None);
    }
    if let Some(employer) = &settings.employer {
        add("事業者職氏名", Some(format!("{} {}", employer.title, employer.name)), None);
    }
    add("所轄労働基準監督署", said(settings.office.as_ref()), None);
    add("提出年月日", said(sheet.submitted_on.as_ref()), None);
    add("有所見者の数え方", Some(figures.rule.japanese().to_owned()), None);
    lines
}
