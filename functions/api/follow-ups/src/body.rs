//! What is sent to follow-ups, and what is wrong with it.

use domain::{
    checkup::{grade::Grade, item::Category},
    follow_up::{AnswerFault, Outcome, Session, SessionMethod, USUAL_DAYS, VisitAnswer, VisitResult},
    ids::{CheckupId, EmployeeId},
    organisation::OrganisationName,
    remark::Remark,
};
use endpoint::{Checks, Fault, Problem};
use jiff::{ToSpan as _, civil::Date};
use serde::Deserialize;
use store::{AnswerWrong, MOST_RECOMMENDED, NotRecommended, Recommendation};
use utoipa::ToSchema;

/// Whom to advise, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecommendationBody {
    /// 対象の健康診断（1～30件）。
    #[schema(example = json!([{ "employee_id": "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b", "checkup_id": "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b" }]))]
    checkups: Vec<RecommendedCheckup>,
    /// 勧奨の対象とする判定（`D`：要精密検査・治療だけ、`C`：要再検査・生活改善以上）。省略すると D です。
    #[schema(value_type = Option<String>, example = "D")]
    from_grade: Option<Grade>,
    /// 回答の期限。省略すると60日後です。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-31")]
    due_on: Option<Date>,
    /// 本人への案内（2,000文字以内）。メールには記載されません。
    #[schema(example = "かかりつけの医療機関を受診し、結果を回答してください。")]
    advice: Option<String>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecommendedCheckup {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
}

/// What came of findings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FollowUpAnswersBody)]
pub(crate) struct AnswersBody {
    /// 部位ごとの回答（1件以上）。
    #[schema(example = json!([{ "category": "blood_pressure", "result": "treatment", "visited_on": "2026-11-20", "institution": "みなと内科クリニック" }]))]
    answers: Vec<AnswerBody>,
}

/// What came of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FollowUpAnswerBody)]
struct AnswerBody {
    /// 部位のキー。
    #[schema(value_type = String, example = "blood_pressure")]
    category: Category,
    /// 受診の結果（`nothing_found`：異常なし、`observation`：経過観察、`treatment`：治療、`planned`：受診予定、`not_wanted`：受診しない）。
    #[schema(value_type = String, example = "treatment")]
    result: VisitResult,
    /// 受診日。受診予定の場合は予定日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-10")]
    visited_on: Option<Date>,
    /// 医療機関名。
    #[schema(example = "みなと内科クリニック")]
    institution: Option<String>,
    /// 補足（2,000文字以内）。
    #[schema(example = "降圧薬の服用を始めました。")]
    words: Option<String>,
}

/// A session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GuidanceSessionBody)]
pub(crate) struct SessionBody {
    /// 実施日。
    #[schema(value_type = String, format = Date, example = "2026-11-25")]
    held_on: Date,
    /// 方法（`in_person`：面談、`online`：オンライン、`phone`：電話、`message`：メール等）。
    #[schema(value_type = String, example = "in_person")]
    method: SessionMethod,
    /// 指導の内容。
    #[schema(example = "食事の記録をもとに、塩分を減らす方法を話し合った。")]
    content: String,
    /// 行動目標・数値目標。
    #[schema(example = "毎日30分歩く。3か月で体重を2kg減らす。")]
    goals: Option<String>,
    /// 前回の目標の結果。
    result: Option<String>,
    /// 次回の予定日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-24")]
    next_on: Option<Date>,
}

/// How it ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FollowUpCloseBody)]
pub(crate) struct CloseBody {
    /// 結果（`under_care`：治療・経過観察中、`resolved`：改善・異常なし、`declined`：本人が希望しない、`no_answer`：回答なし、`mistaken`：勧奨の誤り）。
    #[schema(value_type = String, example = "under_care")]
    outcome: Outcome,
    /// 補足（2,000文字以内）。
    reason: Option<String>,
}

impl RecommendationBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, today: Date) -> Result<(Vec<(EmployeeId, CheckupId)>, Recommendation), Problem> {
        let mut checks = Checks::new();
        if !(1..=MOST_RECOMMENDED).contains(&self.checkups.len()) {
            checks.fault("/checkups", "out_of_range", "健康診断を1～30件指定してください。");
        }
        let from = self.from_grade.unwrap_or(Grade::D);
        if from < Grade::C {
            checks.fault("/from_grade", "not_taken", "C または D を指定してください。");
        }
        let due_on = self.due_on.unwrap_or_else(|| today.saturating_add(USUAL_DAYS.days()));
        if due_on <= today {
            checks.fault("/due_on", "in_the_past", "回答の期限には、明日以降の日を指定してください。");
        }
        let advice = checks.optional("/advice", self.advice.as_deref().map(Remark::parse));
        let checkups = self.checkups.iter().map(|one| (one.employee_id, one.checkup_id)).collect();
        checks.finish(Some((checkups, Recommendation { from, due_on, advice })))
    }
}

impl AnswersBody {
    /// Reads the body; what is wrong with a day is known when the checkup is.
    pub(crate) fn checked(self) -> Result<Vec<(Category, VisitAnswer)>, Problem> {
        let mut checks = Checks::new();
        if self.answers.is_empty() || self.answers.len() > Category::COUNT {
            checks.fault("/answers", "out_of_range", "部位ごとの回答を1件以上指定してください。");
        }
        let mut answers = Vec::with_capacity(self.answers.len());
        for (index, body) in self.answers.into_iter().enumerate() {
            let at = |field: &str| format!("/answers/{index}/{field}");
            if answers.iter().any(|(category, _)| *category == body.category) {
                checks.fault(&at("category"), "twice", "同じ部位の回答が重複しています。");
            }
            let institution = body.institution.as_deref().map(OrganisationName::parse);
            let answer = VisitAnswer {
                result: body.result,
                visited_on: body.visited_on,
                institution: checks.optional(&at("institution"), institution),
                words: checks.optional(&at("words"), body.words.as_deref().map(Remark::parse)),
            };
            answers.push((body.category, answer));
        }
        checks.finish(Some(answers))
    }
}

impl SessionBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<Session, Problem> {
        let mut checks = Checks::new();
        let content = checks.field("/content", Remark::parse(&self.content));
        let goals = checks.optional("/goals", self.goals.as_deref().map(Remark::parse));
        let result = checks.optional("/result", self.result.as_deref().map(Remark::parse));
        let (held_on, method, next_on) = (self.held_on, self.method, self.next_on);
        checks.finish(content.map(|content| Session { held_on, method, content, goals, result, next_on }))
    }
}

impl CloseBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(Outcome, Option<Remark>), Problem> {
        let mut checks = Checks::new();
        let reason = checks.optional("/reason", self.reason.as_deref().map(Remark::parse));
        checks.finish(Some((self.outcome, reason)))
    }
}

/// The answer to a list that cannot be recommended as a whole: which of them, and why.
pub(crate) fn not_recommended(refused: &[(usize, NotRecommended)]) -> Problem {
    let fault = |(index, why): &(usize, NotRecommended)| {
        let (code, detail) = match why {
            NotRecommended::NotFound => ("not_found", "健康診断が見つかりません。"),
            NotRecommended::NothingFound => ("nothing_found", "勧奨の対象となる、治療中でない所見がありません。"),
            NotRecommended::Already => ("already_recommended", "すでに勧奨しています。"),
            NotRecommended::Twice => ("twice", "同じ健康診断が重複しています。"),
        };
        Fault::at(format!("/checkups/{index}"), code, detail)
    };
    Problem::invalid(refused.iter().map(fault).collect())
}

/// The answer to answers that cannot be.
pub(crate) fn wrong_answers(wrong: &[AnswerWrong]) -> Problem {
    let fault = |wrong: &AnswerWrong| match wrong {
        AnswerWrong::NoFinding(index) => {
            let detail = "この部位は勧奨の対象ではありません。";
            Fault::at(format!("/answers/{index}/category"), "no_finding", detail)
        }
        AnswerWrong::Fault(index, (field, code, detail)) => {
            Fault::at(format!("/answers/{index}/{field}"), *code, *detail)
        }
    };
    Problem::invalid(wrong.iter().map(fault).collect())
}

/// The answer to a session that cannot be.
pub(crate) fn wrong_session(faults: Vec<AnswerFault>) -> Problem {
    let fault = |(field, code, detail): AnswerFault| Fault::at(format!("/{field}"), code, detail);
    Problem::invalid(faults.into_iter().map(fault).collect())
}
