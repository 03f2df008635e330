//! What is written after an interview: the private note (面談記録), and the report to the employer (面接指導結果報告書・意見書).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::kind::{InterviewKind, OpinionRule};
use crate::{
    remark::Remark,
    work_fitness::{FitnessCategory, Opinion, OpinionTerms, TermsFault},
};

/// How many classes of guidance there are.
pub const MOST_GUIDANCE: usize = 4;

/// What was talked about, and what the physician or nurse thinks of it (安衛則52条の6・52条の18: 疲労の蓄積の状況、その他の心身の状況). It never leaves those who keep it. Debug output shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteText {
    /// How much fatigue has accumulated (疲労の蓄積の状況), or how great the burden on the mind is (心理的な負担の状況).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub burden: Option<Remark>,
    /// How body and mind are otherwise (その他の心身の状況).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition: Option<Remark>,
    /// What was talked about (面談の内容).
    pub content: Remark,
}

impl std::fmt::Debug for NoteText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoteText").finish_non_exhaustive()
    }
}

/// Class of guidance (指導区分). Source: the ministry's sample of the report, domain.md 4.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guidance {
    /// Health guidance (要保健指導).
    HealthGuidance,
    /// To be watched (要経過観察).
    Observation,
    /// Another interview (要再面接).
    AnotherInterview,
    /// Treatment goes on, or a doctor is recommended (現病治療継続または医療機関紹介).
    Treatment,
}

impl Guidance {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::HealthGuidance => "要保健指導",
            Self::Observation => "要経過観察",
            Self::AnotherInterview => "要再面接",
            Self::Treatment => "現病治療継続または医療機関紹介",
        }
    }
}

/// What a physician reports, as it is written. No diagnosis, no value (domain.md 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportTerms {
    /// Classes of guidance; none, where nothing is needed (措置不要).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub guidance: Vec<Guidance>,
    /// The opinion about work.
    pub opinion: OpinionTerms,
    /// When the worker agreed that it is reported, where that is needed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agreed_on: Option<Date>,
}

/// A report to the employer that says what it must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterviewReport {
    guidance: Vec<Guidance>,
    opinion: Opinion,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    agreed_on: Option<Date>,
}

const fn fault(pointer: &'static str, code: &'static str, detail: &'static str) -> TermsFault {
    TermsFault { pointer, code, detail }
}
const NO_PENDING: TermsFault = fault(
    "/category",
    "not_taken",
    "面談の意見では判定を保留できません。再面接が必要な場合は guidance に指定してください。",
);
const TWICE: TermsFault = fault("/guidance", "twice", "同じ指導区分が重複しています。");
const AGREEMENT_NEEDED: TermsFault =
    fault("/agreed_on", "required", "この種類の面談について事業者に報告するには、本人が同意した日を指定してください。");
const AGREEMENT_NOT_TAKEN: TermsFault =
    fault("/agreed_on", "not_taken", "この種類の面談では、同意の日を指定できません。");
const AGREEMENT_LATER: TermsFault =
    fault("/agreed_on", "in_the_future", "同意の日には、面談の日から今日までの日を指定してください。");

impl InterviewReport {
    /// Checks what was written on `today` about an interview of a kind that was held on `held_on`; everything that is wrong with it otherwise.
    pub fn given(terms: ReportTerms, kind: InterviewKind, held_on: Date, today: Date) -> Result<Self, Vec<TermsFault>> {
        let ReportTerms { guidance, opinion, agreed_on } = terms;
        let with_consent = kind.row().opinion == OpinionRule::WithConsent;
        let twice = guidance.iter().enumerate().any(|(at, class)| guidance.iter().skip(at + 1).any(|it| it == class));
        let own = [
            (opinion.category == FitnessCategory::Pending, NO_PENDING),
            (twice || guidance.len() > MOST_GUIDANCE, TWICE),
            (with_consent && agreed_on.is_none(), AGREEMENT_NEEDED),
            (!with_consent && agreed_on.is_some(), AGREEMENT_NOT_TAKEN),
            (with_consent && agreed_on.is_some_and(|day| day < held_on || day > today), AGREEMENT_LATER),
        ];
        let mut faults: Vec<_> = own.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault)).collect();
        match Opinion::given(opinion, today) {
            Ok(opinion) if faults.is_empty() => Ok(Self { guidance, opinion, agreed_on }),
            Ok(_) => Err(faults),
            Err(others) => {
                faults.extend(others);
                Err(faults)
            }
        }
    }

    /// The classes of guidance.
    #[must_use]
    pub fn guidance(&self) -> &[Guidance] {
        &self.guidance
    }

    /// The opinion about work.
    #[must_use]
    pub const fn opinion(&self) -> &Opinion {
        &self.opinion
    }

    /// When the worker agreed that it is reported.
    #[must_use]
    pub const fn agreed_on(&self) -> Option<Date> {
        self.agreed_on
    }

    /// Whether the employer is to decide on measures.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.opinion.terms().category != FitnessCategory::Normal
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const HELD: Date = date(2026, 11, 20);
    const TODAY: Date = date(2026, 11, 28);

    fn report(
        kind: InterviewKind,
        with: impl FnOnce(&mut ReportTerms),
    ) -> Result<bool, Vec<(&'static str, &'static str)>> {
        let opinion = Opinion::normal().terms().clone();
        let mut terms = ReportTerms { guidance: vec![Guidance::Observation], opinion, agreed_on: None };
        with(&mut terms);
        let given = InterviewReport::given(terms, kind, HELD, TODAY);
        given.map(|it| it.restricts()).map_err(|faults| faults.iter().map(|it| (it.pointer, it.code)).collect())
    }

    #[test]
    fn r36_a_consultation_is_reported_with_the_workers_consent_and_the_statutory_ones_without() {
        assert_eq!(report(InterviewKind::Overwork, |_| ()), Ok(false));
        assert_eq!(report(InterviewKind::Consult, |_| ()), Err(vec![("/agreed_on", "required")]));
        let agreed = |day: Date| report(InterviewKind::Consult, |it| it.agreed_on = Some(day));
        assert_eq!((agreed(HELD), agreed(TODAY)), (Ok(false), Ok(false)));
        for wrong in [HELD.yesterday().unwrap(), TODAY.tomorrow().unwrap()] {
            assert_eq!(agreed(wrong), Err(vec![("/agreed_on", "in_the_future")]));
        }
        let asked = report(InterviewKind::HighStress, |it| it.agreed_on = Some(TODAY));
        assert_eq!(asked, Err(vec![("/agreed_on", "not_taken")]));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = report(InterviewKind::Overwork, |it| {
            it.opinion.category = FitnessCategory::Pending;
            it.guidance = vec![Guidance::Treatment, Guidance::Treatment];
        });
        let told =
            [("/category", "not_taken"), ("/guidance", "twice"), ("/review_on", "required"), ("/words", "required")];
        assert_eq!(wrong, Err(told.to_vec()));
        assert_eq!(
            report(InterviewKind::Overwork, |it| it.opinion.category = FitnessCategory::Leave).unwrap_err()[0].0,
            "/from"
        );
    }

    #[test]
    fn r13_debug_output_shows_nothing_of_a_note() {
        let note = NoteText { burden: None, condition: None, content: Remark::parse("眠れない").unwrap() };
        assert_eq!(format!("{note:?}"), "NoteText { .. }");
    }
}
