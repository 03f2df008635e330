//! What a letter says, out of what its reader may see.

use domain::{checkup::item::Category, follow_up::Finding};
use jiff::civil::Date;
use papers::Letter;
use store::{Contact, RecommendationLetter};

/// What stands where the findings are not for the reader.
const SEE_THE_RESULTS: &str = "健康診断の結果票をご確認ください";

/// The letter, as it is written today.
pub(crate) fn of(shown: RecommendationLetter, today: Date) -> Letter {
    let RecommendationLetter { follow_up, person, workplace, company, contact } = shown;
    let findings = follow_up.findings.unwrap_or_default();
    let worst = findings.iter().map(|finding| finding.grade).max();
    let (number, name) = person.map(|person| (person.number.to_string(), person.name.to_string())).unwrap_or_default();
    Letter {
        on: today,
        name,
        number,
        workplace: workplace.map(|name| name.to_string()).unwrap_or_default(),
        company: company.to_string(),
        desk: contact.as_ref().map(desk).unwrap_or_default(),
        examined_on: follow_up.examined_on,
        asks_for: worst.map_or(SEE_THE_RESULTS, |grade| grade.japanese()).to_owned(),
        about: about(&findings),
        answer_by: Some(follow_up.due_on),
    }
}

fn about(findings: &[Finding]) -> Vec<String> {
    if findings.is_empty() {
        return vec![SEE_THE_RESULTS.to_owned()];
    }
    findings.iter().map(|finding| Category::japanese(finding.category).to_owned()).collect()
}

fn desk(contact: &Contact) -> String {
    let mail = contact.mail.as_ref().map(ToString::to_string);
    let ways = [Some(contact.desk.to_string()), contact.phone.clone(), mail];
    ways.into_iter().flatten().collect::<Vec<_>>().join("　")
}
