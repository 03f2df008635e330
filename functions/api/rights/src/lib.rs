//! Rights of the employee (本人の権利): requests about what is held of them, and the company's rules for handling health information with who has read them.

mod handling;

use authz::{
    Permit,
    permission::{AskRights, DecideRights, ViewRights},
};
use axum::extract::State;
use domain::{
    ids::{AccountId, EmployeeId, RightsRequestId},
    remark::Remark,
    rights::{MOST_DAYS, RightKind, RightState, RightStep},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Door, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit};
use http::Uri;
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use store::{RightsRequest, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "rights",
        heading: "本人の権利と取扱規程",
        routes: OpenApiRouter::new()
            .routes(routes!(of_employee, ask))
            .routes(routes!(list))
            .routes(routes!(answer))
            .routes(routes!(finish))
            .routes(routes!(withdraw))
            .routes(routes!(handling::read, handling::add))
            .routes(routes!(handling::acknowledge))
            .routes(routes!(handling::acknowledgements)),
    }
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RightsRequestPage)]
struct RequestPage {
    /// 請求。
    items: Vec<RequestView>,
    /// 次のページの位置。
    next_cursor: Option<String>,
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RightsRequest)]
struct RequestView {
    /// 請求のID。
    #[schema(value_type = String, example = "rrq_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: RightsRequestId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 種別（`disclosure`：開示、`correction`：訂正・追加・削除、`stop_of_use`：利用停止・消去、`stop_of_provision`：第三者提供の停止）。
    #[schema(value_type = String, example = "correction")]
    right: RightKind,
    /// 種別の名称。
    #[schema(example = "訂正・追加・削除")]
    right_name: &'static str,
    /// 根拠。
    #[schema(example = "個人情報保護法34条")]
    source: &'static str,
    /// 状態（`asked`：回答待ち、`accepted`：対応中、`done`：対応済み、`refused`：対応しない、`withdrawn`：取下げ）。
    #[schema(value_type = String, example = "asked")]
    state: RightState,
    /// 回答または対応の期限。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-12")]
    due_on: Option<Date>,
    /// 期限を過ぎているかどうか。
    #[schema(example = false)]
    overdue: bool,
    /// 請求の内容。
    #[schema(value_type = String, example = "2026年6月の健康診断の体重が、自分の測定値と違います。")]
    content: Remark,
    /// 請求した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    asked_at: Jst,
    /// 回答とその理由。
    #[schema(value_type = Option<String>, example = "健診機関に確認のうえ訂正します。")]
    answer: Option<Remark>,
    /// 回答したアカウントのID。
    #[schema(value_type = Option<String>)]
    answered_by: Option<AccountId>,
    /// 回答した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Jst>,
    /// 終了した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Jst>,
    /// ETag の値。
    #[schema(example = 1)]
    version: u64,
}

impl RequestView {
    fn of(stored: &Stored<RightsRequest>, today: Date) -> Self {
        let Stored { record, version } = stored;
        Self {
            id: record.id,
            employee_id: record.employee,
            right: record.right,
            right_name: record.right.japanese(),
            source: record.right.source(),
            state: record.state,
            due_on: record.due_on,
            overdue: record.due_on.is_some_and(|due| due < today),
            content: record.asked.clone(),
            asked_at: record.asked_at,
            answer: record.answer.clone(),
            answered_by: record.answered_by,
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            version: *version,
        }
    }
}

fn shown(app: &App, stored: &Stored<RightsRequest>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&RequestView::of(stored, app.clock().now().date()))?.version(stored.version))
}

/// Lists somebody's requests.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/rights-requests", operation_id = "listEmployeeRightsRequests", summary = "従業員の開示・訂正・利用停止の請求の一覧",
    description = "本人と人事労務担当者が確認できます。新しい順に、すべてを1ページで返します。参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["rights.view"])), responses((status = 200, description = "新しい順", body = RequestPage))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewRights>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let found = app.store.rights_requests_of(&permit, employee).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| RequestView::of(stored, today)).collect();
    Answer::ok(&RequestPage { items, next_cursor: None })
}

/// A request to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RightsRequestBody)]
struct RequestBody {
    /// 種別（`disclosure`：開示、`correction`：訂正・追加・削除、`stop_of_use`：利用停止・消去、`stop_of_provision`：第三者提供の停止）。
    #[schema(value_type = String, example = "correction")]
    right: RightKind,
    /// 請求の内容（2,000文字以内）。
    #[schema(example = "2026年6月の健康診断の体重が、自分の測定値と違います。")]
    content: String,
}

/// Asks.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/rights-requests", operation_id = "askRight", summary = "開示・訂正・利用停止を請求する",
    description = "本人の情報について、会社に請求します。会社は14日以内を目安に、理由を付けて回答します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に請求されません")
    ),
    request_body = RequestBody, security(("token" = ["rights.ask"])),
    responses((status = 201, description = "請求しました", body = RequestView))
)]
async fn ask(
    State(app): State<App>,
    permit: Permit<AskRights>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<RequestBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: RequestBody| {
        let mut checks = Checks::new();
        let content = checks.field("/content", Remark::parse(&body.content));
        let content = checks.finish(content)?;
        Ok(app.store.ask_right(&permit, employee, body.right, content).await?)
    };
    let today = app.clock().now().date();
    let answer = |stored: &Stored<RightsRequest>| {
        let location = format!("/v1/employees/{employee}/rights-requests");
        Ok(Answer::created(location, &RequestView::of(stored, today))?.version(stored.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Which requests, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    state: Option<RightState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists requests.
#[utoipa::path(
    get, path = "/v1/rights-requests", operation_id = "listRightsRequests", summary = "開示・訂正・利用停止の請求の一覧",
    description = "参照できる範囲にいる従業員の請求を、期限の近い順に返します。1ページの件数は limit より少ないことがあります。参照は監査証跡と閲覧履歴に記録されます。",
    params(
        ("state" = Option<String>, Query, description = "状態（asked：回答待ち、accepted：対応中、done：対応済み、refused：対応しない、withdrawn：取下げ。省略すると asked）", example = "asked"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["rights.decide"])), responses((status = 200, description = "期限の近い順", body = RequestPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<DecideRights>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "rights-requests", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let state = query.state.unwrap_or(RightState::Asked);
    let (found, next) = app.store.rights_requests(&permit, state, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| RequestView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| RequestPage { items, next_cursor }).await
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RightsAnswer)]
struct AnswerBody {
    /// 対応する場合は true、対応しない場合は false。
    #[schema(example = true)]
    accept: bool,
    /// 回答の理由（2,000文字以内）。本人に表示されます。
    #[schema(example = "健診機関に確認のうえ訂正します。")]
    reason: String,
    /// 対応する期限（対応する場合は必須。今日から90日以内）。
    #[schema(value_type = Option<String>, format = Date, example = "2031-12-18")]
    act_by: Option<Date>,
}

impl AnswerBody {
    fn checked(self, today: Date) -> Result<(RightStep, Remark), Problem> {
        let mut checks = Checks::new();
        let reason = checks.field("/reason", Remark::parse(&self.reason));
        let last = today.saturating_add(MOST_DAYS.days());
        let step = match (self.accept, self.act_by) {
            (true, Some(by)) if (today..=last).contains(&by) => RightStep::Accept(by),
            (false, None) => RightStep::Refuse,
            _ => {
                let detail = "対応する場合は、今日から90日以内の期限を指定してください（対応しない場合は省略）。";
                checks.fault("/act_by", "out_of_range", detail);
                RightStep::Refuse
            }
        };
        checks.finish(reason.map(|reason| (step, reason)))
    }
}

/// Answers.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/rights-requests/{rights_request_id}/answer", operation_id = "answerRight", summary = "請求に回答する",
    description = "理由を付けて、対応するかどうかを回答します。本人に、内容を含まないお知らせのメールを送信します。自分の請求には回答できません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("rights_request_id" = String, Path, description = "請求のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = AnswerBody, security(("token" = ["rights.decide"])),
    responses((status = 200, description = "回答しました", body = RequestView))
)]
async fn answer(
    State(app): State<App>,
    permit: Permit<DecideRights>,
    Path(of): Path<(EmployeeId, RightsRequestId)>,
    version: IfMatch,
    Json(body): Json<AnswerBody>,
) -> Result<Answer, Problem> {
    app.store.may_decide_rights(&permit, of).await?;
    let (step, reason) = body.checked(app.clock().now().date())?;
    let prepared = app.store.answer_right(&permit, of, version.version(), step, Some(reason)).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}

/// Says that it was done.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/rights-requests/{rights_request_id}/finish", operation_id = "finishRight", summary = "請求への対応を完了する",
    description = "本人に、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("rights_request_id" = String, Path, description = "請求のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["rights.decide"])), responses((status = 200, description = "完了しました", body = RequestView))
)]
async fn finish(
    State(app): State<App>,
    permit: Permit<DecideRights>,
    Path(of): Path<(EmployeeId, RightsRequestId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.answer_right(&permit, of, version.version(), RightStep::Finish, None).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}

/// Takes it back.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/rights-requests/{rights_request_id}/withdraw", operation_id = "withdrawRight", summary = "請求を取り下げる",
    description = "本人だけが、回答の前に取り下げることができます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("rights_request_id" = String, Path, description = "請求のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["rights.ask"])), responses((status = 200, description = "取り下げました", body = RequestView))
)]
async fn withdraw(
    State(app): State<App>,
    permit: Permit<AskRights>,
    Path(of): Path<(EmployeeId, RightsRequestId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.withdraw_right(&permit, of, version.version()).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}
