//! The audit trail: `/v1/audit-events`, as JSON or as CSV.

use authz::{Permit, permission::ViewAudit};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::ids::{AccountId, ClientId};
use endpoint::{App, Door, EventView, Fault, Filters, Kind, Pages, Problem, events_file, limit, wants_csv};
use http::{HeaderMap, Uri};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::AuditSearch;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door { name: "audit-events", heading: "監査記録", routes: OpenApiRouter::new().routes(routes!(list)) }
}

/// What to look for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    since: Option<Date>,
    until: Option<Date>,
    account_id: Option<AccountId>,
    client_id: Option<ClientId>,
    action: Option<String>,
    subject: Option<String>,
    #[serde(skip_serializing)]
    format: Option<Format>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// In which form to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Csv,
}

impl ListQuery {
    fn search(&self) -> Result<AuditSearch, Problem> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && until < since
        {
            let detail = "until には since 以降の日付を指定してください。";
            return Err(Problem::new(Kind::BadQuery).with(Fault::at("until", "before_since", detail)));
        }
        Ok(AuditSearch {
            since: self.since,
            until: self.until,
            account: self.account_id.map(|account| account.to_string()),
            client: self.client_id.map(|client| client.to_string()),
            action: self.action.clone(),
            subject: self.subject.clone(),
        })
    }

    /// The form that the query asks for, or else the `Accept` header.
    fn format(&self, headers: &HeaderMap) -> Format {
        self.format.unwrap_or_else(|| if wants_csv(headers) { Format::Csv } else { Format::Json })
    }
}

/// One page of the trail.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEventPage {
    /// 監査記録。
    items: Vec<EventView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// Lists the trail.
#[utoipa::path(
    get, path = "/v1/audit-events", operation_id = "listAuditEvents", summary = "監査記録の一覧",
    description = "だれが、いつ、だれの情報に、どの権限で何をしたかの記録です（400日間保存）。1回の検索で調べるのは31日分までのため、1ページの件数が limit より少ない（0件の）ことがあります。next_cursor がなくなるまで読み進めてください。Accept: text/csv または format=csv を指定すると、そのページを CSV（UTF-8、BOM付き）で返します。続きは Link ヘッダーに示します。",
    params(
        ("since" = Option<String>, Query, description = "この日以降（YYYY-MM-DD）", example = "2026-04-01"),
        ("until" = Option<String>, Query, description = "この日以前（YYYY-MM-DD）", example = "2026-04-30"),
        ("account_id" = Option<String>, Query, description = "このアカウントが実行したもの"),
        ("client_id" = Option<String>, Query, description = "このAPIクライアントが実行したもの"),
        ("action" = Option<String>, Query, description = "操作、または操作の前半", example = "account"),
        ("subject" = Option<String>, Query, description = "このIDのものに対して実行されたもの", example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"),
        ("format" = Option<String>, Query, description = "json または csv", example = "csv"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["audit.view"])),
    responses((status = 200, description = "新しい順", content((AuditEventPage = "application/json"), (String = "text/csv"))))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewAudit>,
    uri: Uri,
    headers: HeaderMap,
    Filters(query): Filters<ListQuery>,
) -> Result<Response, Problem> {
    let (limit, search) = (limit(query.limit)?, query.search()?);
    let pages = Pages::of(&app, &permit, "audit-events", &query);
    let from = pages.after(query.cursor.as_deref()).await?;
    let (events, next) = app.store.audit_events(&permit, &search, from, limit).await?;
    let items: Vec<_> = events.into_iter().map(EventView::from).collect();
    let file = (query.format(&headers) == Format::Csv).then(|| events_file(&items));
    let answer = pages.answer(&uri, next, |next_cursor| AuditEventPage { items, next_cursor }).await?.into_response();
    match file {
        None => Ok(answer),
        // The same answer, with its link, as a file.
        Some(file) => file.answer(answer, "audit-events.csv"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn query(text: &str) -> ListQuery {
        let uri: Uri = format!("/v1/audit-events?{text}").parse().unwrap();
        axum::extract::Query::<ListQuery>::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn the_query_says_the_form_and_else_the_header_does() {
        let mut headers = HeaderMap::new();
        assert_eq!(query("").format(&headers), Format::Json);
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html, text/csv;q=0.9"));
        assert_eq!(query("").format(&headers), Format::Csv);
        assert_eq!(query("format=json").format(&headers), Format::Json);
    }

    #[test]
    fn days_are_read_and_must_be_in_order() {
        assert!(query("since=2026-04-01&until=2026-04-01").search().is_ok());
        let problem = query("since=2026-04-02&until=2026-04-01").search().unwrap_err();
        assert_eq!((problem.kind, problem.errors[0].pointer.as_str()), (Kind::BadQuery, "until"));
    }
}
