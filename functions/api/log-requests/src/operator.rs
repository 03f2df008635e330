//! The provider's side: looks at what companies ask for, releases or refuses.

use authz::{
    Permit,
    permission::{DecideLogRequests, ReviewLogRequests},
};
use axum::extract::State;
use domain::ids::{LogRequestId, TenantId};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, Pages, Path, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{LogRequestState, given_reason};
use utoipa::ToSchema;

use crate::view::{LogRequestPage, LogRequestView};

/// What to list.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    state: Option<LogRequestState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists what is open.
#[utoipa::path(
    get, path = "/v1/log-requests", operation_id = "listLogRequests", summary = "ログの提供依頼の一覧（運営事業者）",
    params(
        ("state" = Option<String>, Query, description = "状態（asked：既定、released、ready）", example = "asked"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["log_requests.review"])), responses((status = 200, description = "依頼の古い順", body = LogRequestPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ReviewLogRequests>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let (limit, state) = (limit(query.limit)?, query.state.unwrap_or(LogRequestState::Asked));
    let pages = Pages::of(&app, &permit, "log-requests", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (requests, next) = app.store.open_log_requests(&permit, state, after, limit).await?;
    let items = requests.iter().map(LogRequestView::of).collect();
    pages.answer(&uri, next, |next_cursor| LogRequestPage { items, next_cursor }).await
}

/// Reads one.
#[utoipa::path(
    get, path = "/v1/log-requests/{tenant_id}/{request_id}", operation_id = "readLogRequest", summary = "ログの提供依頼を確認する（運営事業者）",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("request_id" = String, Path, description = "依頼のID")),
    security(("token" = ["log_requests.review"])), responses((status = 200, description = "依頼", body = LogRequestView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ReviewLogRequests>,
    Path((tenant, id)): Path<(TenantId, LogRequestId)>,
) -> Result<Answer, Problem> {
    let request = app.store.log_request_of(&permit, tenant, id).await?;
    Ok(Answer::ok(&LogRequestView::of(&request))?.version(request.version))
}

/// Releases.
#[utoipa::path(
    post, path = "/v1/log-requests/{tenant_id}/{request_id}/release", operation_id = "releaseLogs", summary = "ログを提供する（運営事業者）",
    description = "その契約企業の記録だけのファイルを作成し、用意ができると依頼者にメールで知らせます。5分以内のワンタイムパスワードが必要です。",
    params(
        ("tenant_id" = String, Path, description = "契約企業のID"), ("request_id" = String, Path, description = "依頼のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["log_requests.decide"])), responses((status = 202, description = "ファイルを作成します", body = LogRequestView))
)]
pub(crate) async fn release(
    State(app): State<App>,
    permit: Permit<DecideLogRequests>,
    Path((tenant, id)): Path<(TenantId, LogRequestId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.release_logs(&permit, tenant, id, version.version()).await?;
    let request = prepared.commit(&app.store).await?;
    Ok(Answer::accepted(&LogRequestView::of(&request))?.version(request.version))
}

/// Why not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusalBody {
    /// 提供しない理由（10～500文字）。依頼者に表示します。
    #[schema(example = "期間を絞って依頼し直してください。")]
    reason: String,
}

/// Refuses.
#[utoipa::path(
    post, path = "/v1/log-requests/{tenant_id}/{request_id}/refuse", operation_id = "refuseLogs", summary = "ログを提供しない（運営事業者）",
    description = "理由は依頼者に表示します。5分以内のワンタイムパスワードが必要です。",
    params(
        ("tenant_id" = String, Path, description = "契約企業のID"), ("request_id" = String, Path, description = "依頼のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = RefusalBody, security(("token" = ["log_requests.decide"])),
    responses((status = 200, description = "提供しない依頼", body = LogRequestView))
)]
pub(crate) async fn refuse(
    State(app): State<App>,
    permit: Permit<DecideLogRequests>,
    Path((tenant, id)): Path<(TenantId, LogRequestId)>,
    version: IfMatch,
    Json(body): Json<RefusalBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let reason = given_reason(&body.reason);
    if reason.is_none() {
        checks.fault("/reason", "reason", "理由は、改行を含まない10～500文字で入力してください。");
    }
    let reason = checks.finish(reason)?;
    let prepared = app.store.refuse_logs(&permit, tenant, id, version.version(), reason).await?;
    let request = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&LogRequestView::of(&request))?.version(request.version))
}
