//! Cases as callers see them.

use domain::{
    checkup::{grade::Grade, kind::CheckupKind},
    ids::{AccountId, CheckupId, EmployeeId},
    remark::Remark,
    time::Jst,
    work_fitness::FitnessState,
};
use endpoint::{DecisionView, OpinionView};
use jiff::civil::Date;
use serde::Serialize;
use store::{FitnessCase, FitnessSaid, FitnessStep, Letters, Stored};
use utoipa::ToSchema;

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkFitnessPage)]
pub(crate) struct CasePage {
    pub(crate) items: Vec<CaseView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// All cases of one employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkFitnessList)]
pub(crate) struct CaseList {
    pub(crate) items: Vec<CaseView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// How many were signed for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedAsNormal)]
pub(crate) struct SignedView {
    /// 判定した件数。
    #[schema(example = 12)]
    pub(crate) signed: usize,
}

/// A case. Debug output shows nothing of what was said.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkFitness)]
pub(crate) struct CaseView {
    /// 健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-11-02")]
    examined_on: Date,
    /// 健診種別のキー。
    #[schema(value_type = String, example = "periodic")]
    kind: CheckupKind,
    /// 健診種別。
    #[schema(example = "定期健康診断")]
    kind_name: &'static str,
    /// 健康診断の版。意見を述べるときに指定します。
    #[schema(example = 1)]
    checkup_version: u64,
    /// 案件の版（ETag と同じ）。まだ誰も判定していない案件は 0 です。
    #[schema(example = 0)]
    version: u64,
    /// 状態（`listed`：医師の意見待ち、`pending`：判定保留、`opinion_given`：事業者の決定待ち、`decided`：措置の実施中、`closed`：終了）。
    #[schema(value_type = String, example = "listed")]
    state: FitnessState,
    /// 意見の後に健康診断の結果が変わったため、意見待ちに戻っているかどうか。
    results_changed: bool,
    /// 医師の意見を聴く期限。
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-02")]
    opinion_due_on: Option<Date>,
    /// 期限を過ぎても意見がないかどうか。
    overdue: bool,
    #[serde(flatten)]
    letters: Option<LettersView>,
    /// 有効な医師の意見。
    opinion: Option<OpinionView>,
    /// 有効な事業者の決定。
    decision: Option<DecisionView>,
    /// 経過（古い順）。
    history: Vec<StepView>,
}

impl std::fmt::Debug for CaseView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseView").field("checkup_id", &self.checkup_id).finish_non_exhaustive()
    }
}

/// What those see who may see letters.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
struct LettersView {
    /// 健康診断の総合判定（参照できる項目だけから求めます）。
    #[schema(value_type = Option<String>, example = "C")]
    overall: Option<Grade>,
    /// 医師の確認が必要な判定が含まれるかどうか。
    needs_physician: bool,
    /// 異常の所見があり、法令で医師の意見が求められるかどうか（安衛法第66条の4）。
    asked_by_law: bool,
    /// 就業制限を検討する値（産業医のコンセンサスによる検討値）に達した項目があるかどうか。
    considers_restriction: bool,
    /// まとめて通常勤務と判定できるかどうか。
    may_be_signed_together: bool,
}

impl From<Letters> for LettersView {
    fn from(letters: Letters) -> Self {
        Self {
            overall: letters.summary.overall,
            needs_physician: letters.summary.needs_physician,
            asked_by_law: letters.asked_by_law,
            considers_restriction: letters.restriction,
            may_be_signed_together: letters.together,
        }
    }
}

/// A step.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkFitnessStep)]
struct StepView {
    /// 日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T10:00:00.000+09:00")]
    at: Jst,
    /// 操作したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 操作（`opinion`：意見、`decision`：決定、`closed`：終了、`reopened`：再開）。
    #[schema(example = "opinion")]
    act: &'static str,
    /// 操作前の状態。
    #[schema(value_type = String, example = "listed")]
    from_state: FitnessState,
    /// 意見。
    #[serde(skip_serializing_if = "Option::is_none")]
    opinion: Option<OpinionView>,
    /// 意見の対象となった健康診断の版。
    #[serde(skip_serializing_if = "Option::is_none")]
    checkup_version: Option<u64>,
    /// 決定。
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionView>,
    /// 理由。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Remark>,
}

impl StepView {
    fn of(step: &FitnessStep) -> Self {
        let view = |act| Self {
            at: step.at,
            account_id: step.by,
            act,
            from_state: step.from,
            opinion: None,
            checkup_version: None,
            decision: None,
            reason: None,
        };
        match &step.what {
            FitnessSaid::Opinion { opinion, physician, checkup_version } => Self {
                opinion: Some(OpinionView::of(opinion.terms(), physician, step.at)),
                checkup_version: Some(*checkup_version),
                ..view("opinion")
            },
            FitnessSaid::Decision { decision } => {
                Self { decision: Some(DecisionView::of(decision.terms(), step.at)), ..view("decision") }
            }
            FitnessSaid::Closed { reason } => Self { reason: Some(reason.clone()), ..view("closed") },
            FitnessSaid::Reopened { reason } => Self { reason: Some(reason.clone()), ..view("reopened") },
        }
    }
}

impl CaseView {
    /// A case, as it stands on `today`.
    pub(crate) fn of(stored: &Stored<FitnessCase>, today: Date) -> Self {
        let Stored { record: case, version } = stored;
        let opinion = case.opinion();
        Self {
            checkup_id: case.checkup,
            employee_id: case.employee,
            examined_on: case.examined_on,
            kind: case.kind,
            kind_name: case.kind.japanese(),
            checkup_version: case.checkup_version,
            version: *version,
            state: case.state,
            results_changed: case.results_changed,
            opinion_due_on: case.due_on,
            overdue: opinion.is_none() && case.due_on.is_some_and(|due| due < today),
            letters: case.letters.map(LettersView::from),
            opinion: opinion.map(|(opinion, physician, step)| OpinionView::of(opinion.terms(), physician, step.at)),
            decision: case.decision().map(|(decision, step)| DecisionView::of(decision.terms(), step.at)),
            history: case.history.iter().map(StepView::of).collect(),
        }
    }
}
