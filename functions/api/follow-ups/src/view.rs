//! Follow-ups as callers see them. What somebody may not see of one, the store has left out.

use domain::{
    checkup::{grade::Grade, item::Category},
    follow_up::{Finding, FollowUpState, Outcome, SessionMethod, VisitAnswer, VisitResult},
    ids::{AccountId, CheckupId, EmployeeId},
    organisation::OrganisationName,
    remark::Remark,
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{FollowUp, FollowUpAct, FollowUpStep, ShownSession, Stored};
use utoipa::ToSchema;

/// A page of follow-ups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowUpPage {
    pub(crate) items: Vec<FollowUpView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// All follow-ups of one employee.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowUpList {
    pub(crate) items: Vec<FollowUpView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// How many were advised.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recommended)]
pub(crate) struct RecommendedView {
    /// 勧奨した件数。
    #[schema(example = 12)]
    pub(crate) recommended: usize,
}

/// A follow-up. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = FollowUp)]
pub(crate) struct FollowUpView {
    /// 健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 受診日（健康診断の日）。
    #[schema(value_type = String, format = Date, example = "2026-06-01")]
    examined_on: Date,
    /// 版（ETag と同じ）。
    #[schema(example = 1)]
    version: u64,
    /// 状態（`recommended`：回答待ち、`answered`：回答済み、`closed`：終了）。
    #[schema(value_type = String, example = "recommended")]
    state: FollowUpState,
    /// 回答の期限。
    #[schema(value_type = String, format = Date, example = "2027-01-31")]
    due_on: Date,
    /// 期限を過ぎても回答がないかどうか。
    overdue: bool,
    /// 再通知した回数。
    #[schema(example = 0)]
    reminded: u8,
    /// 最後に通知した日。
    #[schema(value_type = String, format = Date, example = "2026-12-01")]
    told_on: Date,
    /// 所見と回答（判定を参照できる場合）。
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingView>>,
    /// 本人への案内（判定を参照できる場合）。
    #[schema(value_type = Option<String>, example = "かかりつけの医療機関を受診し、結果を回答してください。")]
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Remark>,
    /// 保健指導の記録（参照できる場合）。
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<Vec<SessionView>>,
    /// 終了の結果。
    #[schema(value_type = Option<String>, example = "under_care")]
    outcome: Option<Outcome>,
    /// 終了の結果の名称。
    #[schema(example = "治療・経過観察中")]
    outcome_name: Option<&'static str>,
    /// 終了の補足（判定を参照できる場合）。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Remark>,
    /// 経過（古い順）。
    history: Vec<StepView>,
}

impl std::fmt::Debug for FollowUpView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowUpView").field("checkup_id", &self.checkup_id).finish_non_exhaustive()
    }
}

/// A finding.
#[derive(Serialize, ToSchema)]
#[schema(as = FollowUpFinding)]
struct FindingView {
    /// 部位のキー。
    #[schema(value_type = String, example = "blood_pressure")]
    category: Category,
    /// 部位。
    #[schema(example = "血圧")]
    category_name: &'static str,
    /// 判定。
    #[schema(value_type = String, example = "D")]
    grade: Grade,
    /// 判定の名称。
    #[schema(example = "要精密検査・治療")]
    grade_name: &'static str,
    /// 本人の回答。
    answer: Option<AnswerView>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = FollowUpAnswer)]
struct AnswerView {
    /// 受診の結果。
    #[schema(value_type = String, example = "treatment")]
    result: VisitResult,
    /// 受診の結果の名称。
    #[schema(example = "受診済み・治療")]
    result_name: &'static str,
    /// 受診日（受診予定の場合は予定日）。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-10")]
    visited_on: Option<Date>,
    /// 医療機関名。
    #[schema(value_type = Option<String>, example = "みなと内科クリニック")]
    institution: Option<OrganisationName>,
    /// 補足。
    #[schema(value_type = Option<String>, example = "降圧薬の服用を始めました。")]
    words: Option<Remark>,
}

impl FindingView {
    fn of(finding: &Finding) -> Self {
        let answer = |answer: &VisitAnswer| AnswerView {
            result: answer.result,
            result_name: answer.result.japanese(),
            visited_on: answer.visited_on,
            institution: answer.institution.clone(),
            words: answer.words.clone(),
        };
        Self {
            category: finding.category,
            category_name: finding.category.japanese(),
            grade: finding.grade,
            grade_name: finding.grade.japanese(),
            answer: finding.answer.as_ref().map(answer),
        }
    }
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = GuidanceSession)]
struct SessionView {
    /// 実施日。
    #[schema(value_type = String, format = Date, example = "2026-11-25")]
    held_on: Date,
    /// 方法。
    #[schema(value_type = String, example = "in_person")]
    method: SessionMethod,
    /// 方法の名称。
    #[schema(example = "面談")]
    method_name: &'static str,
    /// 指導の内容（産業医・保健師・看護師だけが参照できます）。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Remark>,
    /// 行動目標・数値目標。
    #[schema(value_type = Option<String>, example = "毎日30分歩く。")]
    goals: Option<Remark>,
    /// 前回の目標の結果。
    #[schema(value_type = Option<String>)]
    result: Option<Remark>,
    /// 次回の予定日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-24")]
    next_on: Option<Date>,
    /// 記録したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
}

impl SessionView {
    fn of(shown: &ShownSession) -> Self {
        let session = &shown.held.session;
        Self {
            held_on: session.held_on,
            method: session.method,
            method_name: session.method.japanese(),
            content: Some(session.content.clone()).filter(|_| shown.with_content),
            goals: session.goals.clone(),
            result: session.result.clone(),
            next_on: session.next_on,
            account_id: shown.held.by,
        }
    }
}

/// A step.
#[derive(Serialize, ToSchema)]
#[schema(as = FollowUpStep)]
struct StepView {
    /// 日時。
    #[schema(value_type = String, format = DateTime, example = "2026-12-01T10:00:00.000+09:00")]
    at: Jst,
    /// 操作したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 操作（`recommended`：勧奨、`reminded`：再通知、`answered`：回答、`guided`：保健指導、`closed`：終了）。
    #[schema(value_type = String, example = "recommended")]
    act: FollowUpAct,
}

impl StepView {
    fn of(step: &FollowUpStep) -> Self {
        Self { at: step.at, account_id: step.by, act: step.act }
    }
}

impl FollowUpView {
    /// A follow-up, as it stands on `today`.
    pub(crate) fn of(stored: &Stored<FollowUp>, today: Date) -> Self {
        let Stored { record: follow_up, version } = stored;
        Self {
            checkup_id: follow_up.checkup,
            employee_id: follow_up.employee,
            examined_on: follow_up.examined_on,
            version: *version,
            state: follow_up.state,
            due_on: follow_up.due_on,
            overdue: follow_up.state == FollowUpState::Recommended && follow_up.due_on < today,
            reminded: follow_up.reminded,
            told_on: follow_up.told_on,
            findings: follow_up.findings.as_ref().map(|all| all.iter().map(FindingView::of).collect()),
            advice: follow_up.advice.clone(),
            sessions: follow_up.sessions.as_ref().map(|all| all.iter().map(SessionView::of).collect()),
            outcome: follow_up.outcome,
            outcome_name: follow_up.outcome.map(Outcome::japanese),
            reason: follow_up.reason.clone(),
            history: follow_up.steps.iter().map(StepView::of).collect(),
        }
    }
}
