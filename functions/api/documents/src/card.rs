//! What a card says, out of what its reader may see.

use domain::{
    checkup::{grade::Grade, item::Category},
    dates::japanese,
    work_fitness::{Measure, OpinionTerms},
};
use papers::{Card, CardResult};
use store::{GivenOpinion, ShownCard, ShownCheckup, ShownResult};

/// The card.
pub(crate) fn of(shown: ShownCard) -> Card {
    let ShownCard { checkup, person, attributes, hired_on, opinion: given } = shown;
    let (number, name, kana) = person
        .map(|person| (person.number.to_string(), person.name.to_string(), person.kana.to_string()))
        .unwrap_or_default();
    Card {
        name,
        kana,
        number,
        birth_date: attributes.as_ref().map(|of| of.birth_date.date()),
        sex: attributes.as_ref().map(|of| of.sex),
        hired_on: Some(hired_on),
        examined_on: checkup.examined_on,
        kind: checkup.kind.japanese(),
        age: checkup.subject.map(|subject| subject.age),
        clinic: checkup.clinic.as_ref().map(ToString::to_string).unwrap_or_default(),
        doctor: checkup.doctor.as_ref().map(ToString::to_string).unwrap_or_default(),
        diagnosis: diagnosis(&checkup),
        results: checkup.results.iter().map(result).collect(),
        opinion: given.as_ref().map(|given| opinion(given.opinion.terms())).unwrap_or_default(),
        opinion_by: given.map(signature).unwrap_or_default(),
        remarks: format!("判定基準：{}", checkup.criteria_version),
    }
}

fn result(ShownResult { result, grade, .. }: &ShownResult) -> CardResult {
    let item = result.item.item();
    let value = result.value.japanese(result.item);
    let is_number = value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '<' | '>' | '-'));
    let unit = item.unit().filter(|unit| is_number && !unit.is_empty());
    CardResult {
        category: item.category,
        name: item.name,
        value: unit.map_or_else(|| value.to_string(), |unit| format!("{value} {unit}")),
        letter: grade.map_or("", |graded| graded.grade.letter()),
    }
}

fn diagnosis(checkup: &ShownCheckup) -> String {
    let mut lines = Vec::new();
    if let Some(overall) = checkup.summary.overall {
        lines.push(format!("総合判定 {}（{}）", overall.letter(), Grade::japanese(overall)));
    }
    let treated: Vec<&str> =
        checkup.summary.categories().filter(|(.., treated)| *treated).map(|(of, ..)| Category::japanese(of)).collect();
    if !treated.is_empty() {
        lines.push(format!("治療中：{}", treated.join("、")));
    }
    if let Some(clinic) = &checkup.clinic_overall {
        lines.push(format!("医療機関の判定：{}", clinic.as_str()));
    }
    lines.extend(checkup.comment.clone());
    lines.join("\n")
}

fn opinion(terms: &OpinionTerms) -> String {
    let mut lines = vec![format!("就業区分：{}", terms.category.japanese())];
    if !terms.measures.is_empty() {
        lines.push(format!("措置：{}", terms.measures.iter().map(Measure::japanese).collect::<Vec<_>>().join("、")));
    }
    let day = |day: Option<_>| day.map(japanese).unwrap_or_default();
    if terms.from.is_some() {
        lines.push(format!("期間：{}～{}", day(terms.from), day(terms.until)));
    }
    lines.extend(terms.words.as_ref().map(ToString::to_string));
    lines.join("\n")
}

fn signature(GivenOpinion { physician, at, .. }: GivenOpinion) -> String {
    format!("{physician}　（{}）", japanese(at.date()))
}
