//! Individuals, for those whom the law trusts with them: whoever was appointed for the round and has pledged secrecy. For everybody else a round has none.

use authz::{
    Permit,
    permission::{HandleStressAnswers, SelectHighStress, ViewStressResults},
};
use axum::extract::State;
use domain::ids::{EmployeeId, StressRoundId};
use endpoint::{Answer, App, Filters, IfMatch, Json, Pages, Path, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};

use crate::{
    body::{DecisionBody, ReasonBody, SignBody},
    own, rounds,
    view::{AnswersView, ResultPage, ResultView, RoundView, SelectionView},
};

/// Which results, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultsQuery {
    needs_interview: Option<bool>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists results.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/results", operation_id = "listStressResults", summary = "結果の一覧（実施者・実施事務従事者）",
    description = "締め切った実施回の結果を返します。この実施回に任命され、守秘を誓約した実施者・実施事務従事者だけが参照できます。参照は、対象の従業員の閲覧履歴に記録されます。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("needs_interview" = Option<bool>, Query, description = "面接指導の要否で絞り込む"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["stress_checks.results"])), responses((status = 200, description = "従業員のIDの順", body = ResultPage))
)]
pub(crate) async fn results(
    State(app): State<App>,
    permit: Permit<ViewStressResults>,
    uri: Uri,
    Path(round): Path<StressRoundId>,
    Filters(query): Filters<ResultsQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let filters = (round, &query);
    let pages = Pages::of(&app, &permit, "stress-results", &filters);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.stress_results(&permit, round, query.needs_interview, after, limit).await?;
    let items = found.iter().map(ResultView::of).collect();
    pages.answer(&uri, next, |next_cursor| ResultPage { items, next_cursor }).await
}

/// Reads a result.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/results/{employee_id}", operation_id = "readStressResult", summary = "結果を確認する（実施者・実施事務従事者）",
    description = "この実施回に任命され、守秘を誓約した実施者・実施事務従事者だけが参照できます。参照は、対象の従業員の閲覧履歴に記録されます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["stress_checks.results"])), responses((status = 200, description = "結果", body = ResultView))
)]
pub(crate) async fn result(
    State(app): State<App>,
    permit: Permit<ViewStressResults>,
    Path((round, employee)): Path<(StressRoundId, EmployeeId)>,
) -> Result<Answer, Problem> {
    let stored = app.store.stress_result(&permit, round, employee).await?;
    Ok(Answer::ok(&ResultView::of(&stored))?.version(stored.version))
}

/// Decides on an interview.
#[utoipa::path(
    put, path = "/v1/stress-rounds/{round_id}/results/{employee_id}/decision", operation_id = "decideOnStressInterview",
    summary = "面接指導の要否を判断する（実施者）",
    description = "基準による選定と異なる判断をする場合などに、実施者が理由とともに記録します。要否を確定した後は変更できません。",
    params(
        ("round_id" = String, Path, description = "実施回のID"), ("employee_id" = String, Path, description = "従業員のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = DecisionBody, security(("token" = ["stress_checks.select"])),
    responses((status = 200, description = "判断を含む結果", body = ResultView))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    permit: Permit<SelectHighStress>,
    Path((round, employee)): Path<(StressRoundId, EmployeeId)>,
    version: IfMatch,
    Json(body): Json<DecisionBody>,
) -> Result<Answer, Problem> {
    let (needs, reason) = body.checked()?;
    let prepared = app.store.decide_on_interview(&permit, round, employee, version.version(), needs, reason).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ResultView::of(&stored))?.version(stored.version))
}

/// Reads answers.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/answers/{employee_id}", operation_id = "readStressAnswers", summary = "提出された回答を確認する（実施者・実施事務従事者）",
    description = "提出された回答だけを返します。保存期間を過ぎて削除された回答は、deleted_at に日時を示し、answers は空です。この実施回に任命され、守秘を誓約した実施者・実施事務従事者だけが参照できます。参照は、対象の従業員の閲覧履歴に記録されます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["stress_checks.answers"])), responses((status = 200, description = "回答", body = AnswersView))
)]
pub(crate) async fn answers(
    State(app): State<App>,
    permit: Permit<HandleStressAnswers>,
    Path((round, employee)): Path<(StressRoundId, EmployeeId)>,
) -> Result<Answer, Problem> {
    own::shown(&app.store.stress_answers_of(&permit, round, employee).await?)
}

/// Opens answers again.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/answers/{employee_id}/reopen", operation_id = "reopenStressAnswers",
    summary = "提出された回答を差し戻す（実施者）",
    description = "受付中の実施回で、提出された回答を本人が修正できるように差し戻します。結果は取り消され、本人が提出し直すと改めて計算されます。理由が記録されます。",
    params(
        ("round_id" = String, Path, description = "実施回のID"), ("employee_id" = String, Path, description = "従業員のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReasonBody, security(("token" = ["stress_checks.select"])),
    responses((status = 204, description = "差し戻しました"))
)]
pub(crate) async fn reopen(
    State(app): State<App>,
    permit: Permit<SelectHighStress>,
    Path((round, employee)): Path<(StressRoundId, EmployeeId)>,
    version: IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Answer, Problem> {
    let reason = body.checked()?;
    app.store.reopen_answers(&permit, round, employee, version.version(), reason).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Looks at the selection as a whole.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/selection", operation_id = "readStressSelection", summary = "面接指導の要否の集計を確認する（実施者・実施事務従事者）",
    description = "締め切った実施回の、選定の集計を返します。ETag は実施回の版です。人数から個人が推測されるおそれがあるため、事業者側には提供されません。",
    params(("round_id" = String, Path, description = "実施回のID")),
    security(("token" = ["stress_checks.results"])), responses((status = 200, description = "集計", body = SelectionView))
)]
pub(crate) async fn selection(
    State(app): State<App>,
    permit: Permit<ViewStressResults>,
    Path(round): Path<StressRoundId>,
) -> Result<Answer, Problem> {
    let (selected, signed) = app.store.selection(&permit, round).await?;
    Ok(Answer::ok(&SelectionView::of(selected.record, signed.as_ref()))?.version(selected.version))
}

/// Signs for the selection.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/selection/sign", operation_id = "signStressSelection", summary = "面接指導の要否を確定する（実施者）",
    description = "締め切りから1分以上たった実施回の、面接指導の要否を確定します。interviews には確認した対象者の人数を指定してください。違っている場合は 412 を返します。確定すると、回答した本人に、内容を含まないお知らせのメールを順次送信し、本人が結果を確認できるようになります。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "集計を読み取ったときの ETag")),
    request_body = SignBody, security(("token" = ["stress_checks.select"])),
    responses((status = 200, description = "確定した実施回", body = RoundView))
)]
pub(crate) async fn sign(
    State(app): State<App>,
    permit: Permit<SelectHighStress>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<SignBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.sign_selection(&permit, round, version.version(), body.interviews).await?;
    rounds::shown(&prepared.commit(&app.store).await?)
}
