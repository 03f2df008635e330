//! What the authority's forms have in common: where they begin, digits in boxes, and who signs.

use domain::{
    dates::japanese,
    report::form6::{BranchOffice, Employer, LabourInsuranceNumber, Office},
};
use jiff::civil::Date;

use crate::paper::{Align, Area, Paper, area};

/// The left edge, in millimetres.
pub(crate) const LEFT: f32 = 15.0;
/// How wide a form is, in millimetres.
pub(crate) const WIDE: f32 = 180.0;
/// The size of text.
pub(crate) const TEXT: f32 = 8.5;
/// The size of headings.
pub(crate) const SMALL: f32 = 7.0;

/// A heading and its value side by side.
pub(crate) fn field(paper: &mut Paper, place: Area, head: f32, what: &str, value: &str) {
    paper.head(Area { width: head, ..place }, SMALL, what);
    let rest = area(place.x + head, place.y, place.width - head, place.height);
    paper.cell(rest, TEXT, Align::Left, (what, value));
}

/// What somebody said, or nothing.
pub(crate) fn said<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// Digits in boxes, as the form has them.
pub(crate) fn insurance_number(
    paper: &mut Paper,
    y: f32,
    number: Option<&LabourInsuranceNumber>,
    branch: Option<&BranchOffice>,
) {
    paper.head(area(LEFT, y, 24.0, 10.0), SMALL, "労働保険番号");
    let number = said(number);
    let branch = said(branch);
    let parts = ["都道府県", "所掌", "管轄", "基幹番号", "枝番号", "被一括事業場番号"];
    let mut groups: Vec<&str> = number.split('-').collect();
    groups.resize(5, "");
    groups.push(&branch);
    let mut x = LEFT + 26.0;
    for ((name, digits), count) in parts.into_iter().zip(groups).zip([2_u8, 1, 2, 6, 3, 4]) {
        let begin = x;
        let mut letters = digits.chars();
        for _ in 0..count {
            let digit: String = letters.next().into_iter().collect();
            paper.cell(area(x, y, 6.0, 7.0), 10.0, Align::Middle, (name, &digit));
            x += 6.0;
        }
        paper.text((f32::midpoint(begin, x), y + 9.7), 5.5, Align::Middle, name);
        x += 4.0;
    }
}

/// Day, office and employer.
pub(crate) fn signed(
    paper: &mut Paper,
    y: f32,
    day: Option<Date>,
    office: Option<&Office>,
    employer: Option<&Employer>,
) {
    let day = day.map_or_else(|| "　　　　年　　月　　日".to_owned(), japanese);
    paper.text((LEFT + 4.0, y + 4.0), 9.5, Align::Left, &day);
    let office = said(office);
    // Some write the office, some its head.
    let office = office.strip_suffix('長').unwrap_or(&office);
    let office = if office.is_empty() { "　　　　　　労働基準監督署" } else { office };
    paper.text((LEFT + 4.0, y + 18.0), 10.0, Align::Left, &format!("{office}長殿"));
    paper.text((LEFT + 84.0, y + 11.0), 8.0, Align::Left, "事業者職氏名");
    let employer = employer.map(|of| format!("{}　{}", of.title, of.name)).unwrap_or_default();
    paper.words(area(LEFT + 106.0, y + 5.0, 74.0, 10.0), 10.0, Align::Left, ("事業者職氏名", &employer));
    paper.rule((LEFT + 106.0, y + 15.0), (LEFT + WIDE, y + 15.0), 0.15);
}
