//! Following up a checkup (受診勧奨・保健指導): whoever has findings is advised to see a physician, says what came of it, and is guided (domain.md 2.4, 6.4).
//!
//! ```text
//!             every finding has an answer            closed with an outcome
//! recommended ───────────────────────────▶ answered ────────────────────────▶ closed
//!      │ ▲                                                                    ▲  │
//!      │ └──────────────── recommended anew (a later finding) ────────────────┼──┘
//!      └──────────────────────── closed with an outcome ──────────────────────┘
//! ```
//!
//! Mails to the employee say that something is there to read, and nothing else (domain.md 11.2). They are capped: one when it is recommended, and reminders at least
//! [`REMINDER_DAYS`] apart, [`MOST_REMINDERS`] at most.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    checkup::{grade::Grade, item::Category, judge::Summary},
    organisation::OrganisationName,
    remark::Remark,
};

/// How many days lie between two reminders at least.
pub const REMINDER_DAYS: i64 = 14;
/// How many reminders there are at most.
pub const MOST_REMINDERS: u8 = 3;
/// How many days after it is recommended an answer is asked for, if nobody says.
pub const USUAL_DAYS: i64 = 60;

/// Where a follow-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpState {
    /// The employee is asked to see a physician.
    Recommended,
    /// The employee has said of every finding what came of it.
    Answered,
    /// Nothing more is to be done.
    Closed,
}

impl FollowUpState {
    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }
}

/// What came of a finding, as the employee says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitResult {
    /// Seen, and nothing wrong (異常なし).
    NothingFound,
    /// Seen, and to be watched (経過観察).
    Observation,
    /// Seen, and treatment has begun or goes on (治療).
    Treatment,
    /// Not seen yet, with a day on which it will be (受診予定).
    Planned,
    /// Not seen, and will not be (受診しない).
    NotWanted,
}

impl VisitResult {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::NothingFound => "受診済み・異常なし",
            Self::Observation => "受診済み・経過観察",
            Self::Treatment => "受診済み・治療",
            Self::Planned => "受診予定",
            Self::NotWanted => "受診しない",
        }
    }

    /// Whether a physician has seen it.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        matches!(self, Self::NothingFound | Self::Observation | Self::Treatment)
    }
}

/// What the employee says of one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitAnswer {
    /// What came of it.
    pub result: VisitResult,
    /// When it was seen, or will be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub visited_on: Option<Date>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub institution: Option<OrganisationName>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub words: Option<Remark>,
}

/// What is wrong with an answer: a field of it, a code and what to do.
pub type AnswerFault = (&'static str, &'static str, &'static str);

impl VisitAnswer {
    /// Everything that is wrong with it on `today`, for a checkup of `examined_on`.
    #[must_use]
    pub fn faults(&self, examined_on: Date, today: Date) -> Vec<AnswerFault> {
        let (seen, planned) = (self.result.is_seen(), self.result == VisitResult::Planned);
        [
            (
                (seen || planned) && self.visited_on.is_none(),
                ("visited_on", "required", "受診日（受診予定の場合は予定日）を指定してください。"),
            ),
            (
                seen && self.visited_on.is_some_and(|day| day > today),
                ("visited_on", "in_the_future", "受診日には、今日までの日を指定してください。"),
            ),
            (
                self.visited_on.is_some_and(|day| day < examined_on),
                ("visited_on", "before_checkup", "受診日には、健康診断の日以降を指定してください。"),
            ),
            (
                planned && self.visited_on.is_some_and(|day| day < today),
                ("visited_on", "in_the_past", "受診の予定日には、今日以降の日を指定してください。"),
            ),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
        .collect()
    }
}

/// A finding that is followed up: a category of a checkup with its letter, and what the employee has said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The category (部位).
    pub category: Category,
    /// Its letter.
    pub grade: Grade,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<VisitAnswer>,
}

/// The findings that are followed up, from `from` on: categories with such a letter that are not under treatment already.
#[must_use]
pub fn findings(summary: &Summary, from: Grade) -> Vec<Finding> {
    let of = |(category, grade, treated): (Category, Option<Grade>, bool)| {
        let grade = grade.filter(|grade| *grade >= from && !treated)?;
        Some(Finding { category, grade, answer: None })
    };
    summary.categories().filter_map(of).collect()
}

/// Where a follow-up is, as its findings say: answered when each has an answer that is not only a plan.
#[must_use]
pub fn state_of(findings: &[Finding]) -> FollowUpState {
    let is_over = |finding: &Finding| finding.answer.as_ref().is_some_and(|it| it.result != VisitResult::Planned);
    if findings.iter().all(is_over) { FollowUpState::Answered } else { FollowUpState::Recommended }
}

/// When the next reminder is due, after `told` reminders of which the last (or the recommendation itself) went out on `last`: not before the day by which an answer is asked
/// for, and none after the last one.
#[must_use]
pub fn next_reminder(due_on: Date, last: Date, told: u8) -> Option<Date> {
    let apart = last.saturating_add(REMINDER_DAYS.days());
    (told < MOST_REMINDERS).then(|| due_on.saturating_add(1.day()).max(apart))
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The employee is under treatment or observation.
    UnderCare,
    /// Nothing was found, or it is better.
    Resolved,
    /// The employee does not want to.
    Declined,
    /// No answer came.
    NoAnswer,
    /// It was recommended by mistake.
    Mistaken,
}

impl Outcome {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::UnderCare => "治療・経過観察中",
            Self::Resolved => "改善・異常なし",
            Self::Declined => "本人が希望しない",
            Self::NoAnswer => "回答なし",
            Self::Mistaken => "勧奨の誤り",
        }
    }
}

/// How somebody was guided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMethod {
    /// In a room (面談).
    InPerson,
    /// By video (オンライン).
    Online,
    /// By phone (電話).
    Phone,
    /// By mail or message (メール等).
    Message,
}

impl SessionMethod {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::InPerson => "面談",
            Self::Online => "オンライン",
            Self::Phone => "電話",
            Self::Message => "メール等",
        }
    }
}

/// A session of health guidance (保健指導).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// When.
    pub held_on: Date,
    /// How.
    pub method: SessionMethod,
    /// What was talked about.
    pub content: Remark,
    /// What the employee will do, and by how much (行動目標・数値目標).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub goals: Option<Remark>,
    /// What has come of the goals before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result: Option<Remark>,
    /// When the next one is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_on: Option<Date>,
}

impl Session {
    /// Everything that is wrong with it on `today`.
    #[must_use]
    pub fn faults(&self, today: Date) -> Vec<AnswerFault> {
        [
            (self.held_on > today, ("held_on", "in_the_future", "実施日には、今日までの日を指定してください。")),
            (
                self.next_on.is_some_and(|next| next <= self.held_on),
                ("next_on", "before_session", "次回の予定日には、実施日より後の日を指定してください。"),
            ),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        checkup::{Subject, item::ItemId, items, judge::Judgement, results::Results, standard, value::read},
        employee::Sex,
    };

    const TODAY: Date = date(2026, 8, 1);
    const EXAMINED: Date = date(2026, 6, 1);

    fn summary(cells: &[(ItemId, &str)]) -> Summary {
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        Judgement::of(&results, Subject { sex: Sex::Male, age: 45 }, &standard::criteria().unwrap()).summary()
    }

    fn answer(result: VisitResult, visited_on: Option<Date>) -> VisitAnswer {
        VisitAnswer { result, visited_on, institution: None, words: None }
    }

    #[test]
    fn what_is_treated_already_is_not_followed_up() {
        let cells = [(items::SBP, "165"), (items::LDL, "150"), (items::MED_BP, "はい"), (items::AST, "20")];
        let of =
            |from| findings(&summary(&cells), from).into_iter().map(|it| (it.category, it.grade)).collect::<Vec<_>>();
        assert_eq!(of(Grade::C), [(Category::Lipid, Grade::C)]);
        assert_eq!(of(Grade::D), []);
        let untreated = findings(&summary(&cells[..2]), Grade::D);
        assert_eq!(untreated.iter().map(|it| it.category).collect::<Vec<_>>(), [Category::BloodPressure]);
    }

    #[test]
    fn it_is_answered_when_each_finding_is() {
        let mut all = findings(&summary(&[(items::SBP, "165"), (items::LDL, "150")]), Grade::C);
        assert_eq!(state_of(&all), FollowUpState::Recommended);
        all[0].answer = Some(answer(VisitResult::Treatment, Some(TODAY)));
        assert_eq!(state_of(&all), FollowUpState::Recommended);
        all[1].answer = Some(answer(VisitResult::Planned, Some(TODAY)));
        assert_eq!(state_of(&all), FollowUpState::Recommended, "a plan is no answer yet");
        all[1].answer = Some(answer(VisitResult::NotWanted, None));
        assert_eq!(state_of(&all), FollowUpState::Answered);
    }

    #[test]
    fn answers_name_a_day_that_can_be() {
        let codes = |result, day| -> Vec<_> {
            answer(result, day).faults(EXAMINED, TODAY).into_iter().map(|(_, code, _)| code).collect()
        };
        assert_eq!(codes(VisitResult::Treatment, Some(date(2026, 7, 1))), [""; 0]);
        assert_eq!(codes(VisitResult::Treatment, None), ["required"]);
        assert_eq!(codes(VisitResult::NothingFound, Some(date(2026, 8, 2))), ["in_the_future"]);
        assert_eq!(codes(VisitResult::Observation, Some(date(2026, 5, 31))), ["before_checkup"]);
        assert_eq!(codes(VisitResult::Planned, Some(date(2026, 7, 31))), ["in_the_past"]);
        assert_eq!(codes(VisitResult::NotWanted, None), [""; 0]);
    }

    #[test]
    fn reminders_are_apart_and_end() {
        let (due, recommended) = (date(2026, 8, 1), date(2026, 6, 10));
        assert_eq!(next_reminder(due, recommended, 0), Some(date(2026, 8, 2)), "not before the day is over");
        assert_eq!(next_reminder(due, date(2026, 8, 2), 1), Some(date(2026, 8, 16)));
        assert_eq!(next_reminder(due, date(2026, 9, 1), 3), None);
        assert_eq!(
            next_reminder(date(2026, 6, 12), recommended, 0),
            Some(date(2026, 6, 24)),
            "nor right after the first"
        );
    }

    #[test]
    fn sessions_have_been_held_and_the_next_one_comes_after() {
        let session = |held_on, next_on| Session {
            held_on,
            method: SessionMethod::Phone,
            content: Remark::parse("間食を減らす方法を話し合った。").unwrap(),
            goals: None,
            result: None,
            next_on,
        };
        assert_eq!(session(TODAY, Some(date(2026, 9, 1))).faults(TODAY), []);
        let wrong = session(date(2026, 8, 2), Some(date(2026, 8, 2))).faults(TODAY);
        assert_eq!(wrong.into_iter().map(|(field, ..)| field).collect::<Vec<_>>(), ["held_on", "next_on"]);
    }
}
