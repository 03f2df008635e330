//! Leave cases as callers see them. There is no field for a diagnosis in anything here but [`NoteView`], which those who hold interviews alone are shown.

use std::collections::BTreeSet;

use domain::{
    ids::{AccountId, EmployeeId, InterviewId, LeaveCaseId},
    leave::{Certificate, CertificateKind, LeaveOutcome, LeaveState, PlanStage, ReturnPlan, allowance_until},
    remark::Remark,
    time::Jst,
};
use endpoint::{MeasureView, measure_views};
use jiff::civil::Date;
use serde::Serialize;
use store::{LeaveCase, LeaveMeasures, LeaveNote, LeaveSaid, LeaveStep, Stored};
use utoipa::ToSchema;

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeaveCasePage)]
pub(crate) struct CasePage {
    pub(crate) items: Vec<CaseView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// All cases of one employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeaveCaseList)]
pub(crate) struct CaseList {
    pub(crate) items: Vec<CaseView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// A leave case. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaveCase)]
pub(crate) struct CaseView {
    /// ケースのID。
    #[schema(value_type = String, example = "lvc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: LeaveCaseId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 状態（`on_leave`：休業中のケア、`return_possible`：主治医が職場復帰可能と判断、`planned`：プランの作成・最終決定待ち、`follow_up`：職場復帰後のフォローアップ、`closed`：終了）。
    #[schema(value_type = String, example = "on_leave")]
    state: LeaveState,
    /// 職場復帰支援の手引きのステップ（1～5）。終了した場合は null です。
    #[schema(example = 1)]
    step: Option<u8>,
    /// 版（ETag と同じ）。
    #[schema(example = 1)]
    version: u64,
    /// 担当する人事労務担当者のアカウントのID。
    #[schema(value_type = Vec<String>)]
    assignee_account_ids: BTreeSet<AccountId>,
    /// 休業の開始日。
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    began_on: Date,
    /// 休業の終了の見込みの日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-31")]
    expected_until: Option<Date>,
    /// 再休業の場合、前のケースのID。
    #[schema(value_type = Option<String>)]
    earlier_case_id: Option<LeaveCaseId>,
    /// 次に確認する日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-31")]
    next_on: Option<Date>,
    /// 職場復帰支援プラン。
    plan: Option<PlanView>,
    /// 傷病手当金の支給開始日（情報のみ）。
    #[schema(value_type = Option<String>, format = Date)]
    allowance_from: Option<Date>,
    /// 途中で就労しない場合の、傷病手当金の支給期間の満了日の目安（支給開始日から1年6か月）。支給の可否と期間は保険者が決定します。
    #[schema(value_type = Option<String>, format = Date)]
    allowance_until: Option<Date>,
    /// 提出された診断書の種類と期間。傷病名は含みません。
    certificates: Vec<CertificateView>,
    /// 休職・復職の面談のID。
    #[schema(value_type = Vec<String>)]
    interview_ids: BTreeSet<InterviewId>,
    /// 結果（`settled`：復職が定着、`relapsed`：再休業、`left`：退職、`other`：その他）。
    #[schema(value_type = Option<String>)]
    outcome: Option<LeaveOutcome>,
    /// 経過（古い順）。
    history: Vec<StepView>,
    /// 登録の日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    created_at: Jst,
}

impl std::fmt::Debug for CaseView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseView").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Hours a week from a day on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnStage)]
struct StageView {
    /// 開始日。
    #[schema(value_type = String, format = Date, example = "2027-02-01")]
    from: Date,
    /// 週の勤務時間。
    #[schema(example = 20)]
    hours_a_week: u8,
}

fn stages(stages: &[PlanStage]) -> Vec<StageView> {
    stages.iter().map(|stage| StageView { from: stage.from, hours_a_week: stage.hours_a_week }).collect()
}

/// A plan for the return.
#[derive(Serialize, ToSchema)]
#[schema(as = ReturnPlan)]
struct PlanView {
    /// 職場復帰日。
    #[schema(value_type = String, format = Date, example = "2027-02-01")]
    returns_on: Date,
    /// 試し出勤の開始日。
    #[schema(value_type = Option<String>, format = Date)]
    trial_from: Option<Date>,
    /// 試し出勤の終了日。
    #[schema(value_type = Option<String>, format = Date)]
    trial_until: Option<Date>,
    /// 週の勤務時間の段階。
    stages: Vec<StageView>,
    /// 就業上の配慮。
    measures: Vec<MeasureView>,
    /// 見直しの予定日。
    #[schema(value_type = String, format = Date, example = "2027-03-01")]
    review_on: Date,
    /// 職場への申し送り。
    #[schema(value_type = Option<String>)]
    for_workplace: Option<Remark>,
}

impl From<&ReturnPlan> for PlanView {
    fn from(plan: &ReturnPlan) -> Self {
        let terms = plan.terms();
        Self {
            returns_on: terms.returns_on,
            trial_from: terms.trial_from,
            trial_until: terms.trial_until,
            stages: stages(&terms.stages),
            measures: measure_views(&terms.measures),
            review_on: terms.review_on,
            for_workplace: terms.for_workplace.clone(),
        }
    }
}

/// A certificate, without what illness it names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeaveCertificate)]
struct CertificateView {
    /// 種類。
    #[schema(value_type = String, example = "leave_needed")]
    kind: CertificateKind,
    /// 種類の名称。
    #[schema(example = "要休業の診断書")]
    kind_name: &'static str,
    /// 発行日。
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    issued_on: Date,
    /// 対象期間の開始日。
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// 対象期間の終了日。
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

impl From<&Certificate> for CertificateView {
    fn from(it: &Certificate) -> Self {
        let Certificate { kind, issued_on, from, until } = *it;
        Self { kind, kind_name: kind.japanese(), issued_on, from, until }
    }
}

/// A step.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaveStep)]
struct StepView {
    /// 番号。
    #[schema(example = 1)]
    number: usize,
    /// 日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    at: Jst,
    /// 操作したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 操作（`opened`：登録、`assigned`：担当者の変更、`certificate`：診断書の提出、`contact`：連絡、`return_possible`：主治医の判断、`planned`：プランの作成、`decided`：最終決定、`postponed`：見送り、`reviewed`：フォローアップ、`allowance`：傷病手当金、`expected`：終了の見込み、`interview`：面談との紐づけ、`closed`：終了）。
    #[schema(example = "opened")]
    act: &'static str,
    /// 操作前の状態。
    #[schema(value_type = Option<String>)]
    from_state: Option<LeaveState>,
    /// 操作の対象の日。
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<Date>,
    /// 職場復帰を認めたかどうか。
    #[serde(skip_serializing_if = "Option::is_none")]
    returns: Option<bool>,
    /// 担当者の記録。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Remark>,
}

impl StepView {
    fn of((number, step): (usize, &LeaveStep)) -> Self {
        let (act, on, returns) = match &step.what {
            LeaveSaid::Opened => ("opened", None, None),
            LeaveSaid::Assigned => ("assigned", None, None),
            LeaveSaid::CertificateCame { certificate } => ("certificate", Some(certificate.issued_on), None),
            LeaveSaid::Contacted { on } => ("contact", Some(*on), None),
            LeaveSaid::JudgedPossible { on } => ("return_possible", Some(*on), None),
            LeaveSaid::Planned { plan } => ("planned", Some(plan.terms().returns_on), None),
            LeaveSaid::Decided { returns } => ("decided", None, Some(*returns)),
            LeaveSaid::Postponed => ("postponed", None, None),
            LeaveSaid::Reviewed { next_on } => ("reviewed", Some(*next_on), None),
            LeaveSaid::AllowanceNoted { from } => ("allowance", Some(*from), None),
            LeaveSaid::Expected { until } => ("expected", Some(*until), None),
            LeaveSaid::Linked { .. } => ("interview", None, None),
            LeaveSaid::Closed { .. } => ("closed", None, None),
        };
        let (words, from_state) = (step.words.clone(), step.from);
        Self { number: number + 1, at: step.at, account_id: step.by, act, from_state, on, returns, words }
    }
}

impl From<&Stored<LeaveCase>> for CaseView {
    fn from(Stored { record, version }: &Stored<LeaveCase>) -> Self {
        Self {
            id: record.id,
            employee_id: record.employee,
            state: record.state,
            step: record.state.step(),
            version: *version,
            assignee_account_ids: record.assignees.clone(),
            began_on: record.began_on,
            expected_until: record.expected_until,
            earlier_case_id: record.earlier,
            next_on: record.next_on,
            plan: record.plan.as_ref().map(PlanView::from),
            allowance_from: record.allowance_from,
            allowance_until: record.allowance_from.map(allowance_until),
            certificates: record.certificates.iter().map(CertificateView::from).collect(),
            interview_ids: record.interviews.clone(),
            outcome: record.outcome,
            history: record.history.iter().enumerate().map(StepView::of).collect(),
            created_at: record.created_at,
        }
    }
}

/// A page of what workplaces have to know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeaveMeasuresPage)]
pub(crate) struct MeasuresPage {
    pub(crate) items: Vec<MeasuresView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// What a workplace has to know of somebody who has returned. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaveMeasures)]
pub(crate) struct MeasuresView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 職場復帰日。
    #[schema(value_type = String, format = Date, example = "2027-02-01")]
    returns_on: Date,
    /// 週の勤務時間の段階。
    stages: Vec<StageView>,
    /// 就業上の配慮。
    measures: Vec<MeasureView>,
    /// 見直しの予定日。
    #[schema(value_type = String, format = Date, example = "2027-03-01")]
    review_on: Date,
    /// 職場への申し送り。
    #[schema(value_type = Option<String>)]
    for_workplace: Option<Remark>,
}

impl std::fmt::Debug for MeasuresView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeasuresView").field("employee_id", &self.employee_id).finish_non_exhaustive()
    }
}

impl From<LeaveMeasures> for MeasuresView {
    fn from(it: LeaveMeasures) -> Self {
        Self {
            employee_id: it.employee,
            returns_on: it.returns_on,
            stages: stages(&it.stages),
            measures: measure_views(&it.measures),
            review_on: it.review_on,
            for_workplace: it.for_workplace,
        }
    }
}

/// What was said to those who hold interviews.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaveNoteList)]
pub(crate) struct NoteList {
    /// 記録（古い順）。
    items: Vec<NoteView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// What was said in a step.
#[derive(Serialize, ToSchema)]
#[schema(as = LeaveNote)]
struct NoteView {
    /// 経過の番号。
    #[schema(example = 2)]
    number: usize,
    /// 記録したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    at: Jst,
    /// 傷病名。
    #[schema(value_type = Option<String>, example = "骨折")]
    diagnosis: Option<Remark>,
    /// 記録。
    #[schema(value_type = Option<String>)]
    words: Option<Remark>,
}

impl From<Vec<LeaveNote>> for NoteList {
    fn from(notes: Vec<LeaveNote>) -> Self {
        let view = |note: LeaveNote| NoteView {
            number: note.number,
            account_id: note.by,
            at: note.at,
            diagnosis: note.words.diagnosis,
            words: note.words.words,
        };
        Self { items: notes.into_iter().map(view).collect(), next_cursor: None }
    }
}
