//! The company's side: asks, follows, fetches.

use authz::{
    Permit,
    permission::{AskForLogs, DownloadLogs},
};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::ids::LogRequestId;
use endpoint::{Answer, App, Checks, EventView, Filters, PageQuery, Pages, Path, Posted, Problem, events_file, limit};
use http::Uri;
use jiff::civil::Date;
use serde::Deserialize;
use store::{Files, LogRequest, LogRequestFault, NewLogRequest, Stored};
use utoipa::ToSchema;

use crate::view::{LogRequestPage, LogRequestView};

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLogRequestBody {
    /// 期間の最初の日（400日前以降）。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    since: Date,
    /// 期間の最後の日（前日以前）。
    #[schema(value_type = String, format = Date, example = "2026-04-30")]
    until: Date,
    /// 依頼の理由（10～500文字）。
    #[schema(example = "退職者のアカウントの利用状況を社内で調査するため")]
    reason: String,
}

impl NewLogRequestBody {
    fn checked(&self, today: Date) -> Result<NewLogRequest, Problem> {
        let mut checks = Checks::new();
        let parsed = NewLogRequest::parse(self.since, self.until, &self.reason, today);
        for fault in parsed.as_ref().err().into_iter().flatten() {
            match fault {
                LogRequestFault::Period => checks.fault(
                    "/since",
                    "period",
                    "400日前から前日までの期間を、最初の日、最後の日の順に指定してください。",
                ),
                LogRequestFault::Reason => {
                    checks.fault("/reason", "reason", "理由は、改行を含まない10～500文字で入力してください。");
                }
            }
        }
        checks.finish(parsed.ok())
    }
}

/// Asks.
#[utoipa::path(
    post, path = "/v1/tenant/audit-requests", operation_id = "askForLogs", summary = "ログの提供を依頼する",
    description = "自社の操作の記録（監査記録）を、期間と理由を示して依頼します。運営事業者が提供の可否を決め、提供する場合はファイルを用意してメールでお知らせします。全社を範囲とするロールが必要です。従業員個人は依頼できません（自分の情報の閲覧履歴は GET /v1/me/access-log で確認できます）。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = NewLogRequestBody, security(("token" = ["log_requests.ask"])),
    responses((status = 201, description = "依頼", body = LogRequestView))
)]
pub(crate) async fn ask(
    State(app): State<App>,
    permit: Permit<AskForLogs>,
    posted: Posted<NewLogRequestBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: NewLogRequestBody| Ok(app.store.ask_for_logs(&permit, body.checked(today)?).await?);
    let answer = |asked: &Stored<LogRequest>| {
        let location = format!("/v1/tenant/audit-requests/{}", asked.record.id);
        Ok(Answer::created(location, &LogRequestView::of(asked))?.version(asked.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Lists one's own.
#[utoipa::path(
    get, path = "/v1/tenant/audit-requests", operation_id = "listOwnLogRequests", summary = "自社のログの提供依頼の一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["log_requests.ask"])), responses((status = 200, description = "新しい順", body = LogRequestPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<AskForLogs>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "own-log-requests", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (requests, next) = app.store.log_requests(&permit, after, limit).await?;
    let items = requests.iter().map(LogRequestView::of).collect();
    pages.answer(&uri, next, |next_cursor| LogRequestPage { items, next_cursor }).await
}

/// Reads one.
#[utoipa::path(
    get, path = "/v1/tenant/audit-requests/{request_id}", operation_id = "readOwnLogRequest", summary = "自社のログの提供依頼を確認する",
    params(("request_id" = String, Path, description = "依頼のID")),
    security(("token" = ["log_requests.ask"])), responses((status = 200, description = "依頼", body = LogRequestView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<AskForLogs>,
    Path(id): Path<LogRequestId>,
) -> Result<Answer, Problem> {
    let request = app.store.log_request(&permit, id).await?;
    Ok(Answer::ok(&LogRequestView::of(&request))?.version(request.version))
}

/// Which part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartQuery {
    part: Option<usize>,
}

/// Fetches a part of the file.
#[utoipa::path(
    get, path = "/v1/tenant/audit-requests/{request_id}/file", operation_id = "fetchLogs", summary = "提供されたログを取得する",
    description = "CSV（UTF-8、BOM付き）です。件数が多い場合は分割されます。用意ができてから7日間取得できます（それ以外の場合は409）。取得は記録されます。5分以内のワンタイムパスワードが必要です。",
    params(
        ("request_id" = String, Path, description = "依頼のID"),
        ("part" = Option<u32>, Query, description = "分割の番号（1から、既定1）", example = 1)
    ),
    security(("token" = ["log_requests.download"])), responses((status = 200, description = "ログ", content_type = "text/csv", body = String))
)]
pub(crate) async fn fetch(
    State(app): State<App>,
    permit: Permit<DownloadLogs>,
    Extension(files): Extension<Files>,
    Path(id): Path<LogRequestId>,
    Filters(query): Filters<PartQuery>,
) -> Result<Response, Problem> {
    let part = query.part.unwrap_or(1);
    let events = app.store.log_part(&permit, &files, id, part).await?;
    let events: Vec<_> = events.into_iter().map(EventView::from).collect();
    events_file(&events).answer(Answer::ok(&())?.into_response(), &format!("audit-log-{part}.csv"))
}
