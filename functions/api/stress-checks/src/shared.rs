//! What workers have shared with their employer, and nothing else. A result without a word of its worker that stands is answered like one that never was.

use authz::{
    Permit,
    permission::{ViewSharedStress, ViewStressRequests},
};
use axum::extract::State;
use domain::ids::{EmployeeId, StressRoundId};
use endpoint::{Answer, App, Filters, PageQuery, Pages, Path, Problem, limit};
use http::Uri;

use crate::view::{RequestPage, RequestView, SharedPage, SharedResultView, SharedView};

/// Lists who has shared a result.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/shared-results", operation_id = "listSharedStressResults", summary = "本人が提供に同意した結果の一覧",
    description = "参照できる範囲で、結果の提供に同意した、または面接指導を申し出た従業員だけを返します。結果そのものは、1件ずつ確認してください。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["stress_checks.shared"])), responses((status = 200, description = "一覧", body = SharedPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewSharedStress>,
    uri: Uri,
    Path(round): Path<StressRoundId>,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let filters = (round, &query);
    let pages = Pages::of(&app, &permit, "shared-stress-results", &filters);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.shared_stress_results(&permit, round, after, limit).await?;
    let items = found.iter().map(SharedView::of).collect();
    pages.answer(&uri, next, |next_cursor| SharedPage { items, next_cursor }).await
}

/// Reads a result that was shared.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/shared-results/{employee_id}", operation_id = "readSharedStressResult", summary = "本人が提供に同意した結果を確認する",
    description = "その時点で有効な本人の同意または面接指導の申出がある場合だけ、結果を返します。個々の設問への回答は含みません。ない場合は、存在しない従業員と同じく 404 を返します。確認した後は、本人は同意を取り消せなくなります。参照は、対象の従業員の閲覧履歴に記録されます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["stress_checks.shared"])), responses((status = 200, description = "結果", body = SharedResultView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewSharedStress>,
    Path((round, employee)): Path<(StressRoundId, EmployeeId)>,
) -> Result<Answer, Problem> {
    let shared = app.store.shared_stress_result(&permit, round, employee).await?;
    Answer::ok(&SharedResultView::of(&shared))
}

/// Lists requests for an interview.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/interview-requests", operation_id = "listStressInterviewRequests", summary = "面接指導の申出の一覧",
    description = "参照できる範囲の従業員からの申出を、面接指導の期限（申出から1か月）の近い順に返します。参照は、対象の従業員の閲覧履歴に記録されます。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["stress_checks.requests"])), responses((status = 200, description = "期限の近い順", body = RequestPage))
)]
pub(crate) async fn requests(
    State(app): State<App>,
    permit: Permit<ViewStressRequests>,
    uri: Uri,
    Path(round): Path<StressRoundId>,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let filters = (round, &query);
    let pages = Pages::of(&app, &permit, "stress-interview-requests", &filters);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.interview_requests(&permit, round, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|request| RequestView::of(request, today)).collect();
    pages.answer(&uri, next, |next_cursor| RequestPage { items, next_cursor }).await
}
