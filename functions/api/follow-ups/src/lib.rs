//! Follow-ups (受診勧奨・保健指導): `/v1/follow-ups` and `/v1/employees/{employee_id}/follow-ups`. Whoever has findings is advised to see a physician, answers what came of it, and
//! is guided.

mod body;
mod view;

use authz::{
    Permit,
    permission::{AnswerFollowUps, ManageFollowUps, RecordGuidance, ViewFollowUps},
};
use axum::extract::State;
use domain::{
    follow_up::FollowUpState,
    ids::{CheckupId, EmployeeId},
};
use endpoint::{Answer, App, Door, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{FollowUp, SeenOfCheckup, Stored};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{AnswersBody, CloseBody, RecommendationBody, SessionBody},
    view::{FollowUpList, FollowUpPage, FollowUpView, RecommendedView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "follow-ups",
        heading: "受診勧奨・保健指導",
        routes: OpenApiRouter::new()
            .routes(routes!(list, recommend))
            .routes(routes!(of_employee))
            .routes(routes!(read))
            .routes(routes!(answer))
            .routes(routes!(remind))
            .routes(routes!(guide))
            .routes(routes!(close)),
    }
}

/// A follow-up as an answer, as it stands today.
fn shown(app: &App, stored: &Stored<FollowUp>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&FollowUpView::of(stored, app.clock().now().date()))?.version(stored.version))
}

/// Which follow-ups, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    state: Option<OpenState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// The states in which something is still to be done.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum OpenState {
    Recommended,
    Answered,
}

impl From<OpenState> for FollowUpState {
    fn from(state: OpenState) -> Self {
        match state {
            OpenState::Recommended => Self::Recommended,
            OpenState::Answered => Self::Answered,
        }
    }
}

/// Lists follow-ups.
#[utoipa::path(
    get, path = "/v1/follow-ups", operation_id = "listFollowUps", summary = "受診勧奨の一覧",
    description = "回答の期限が近い順に返します。所見と回答の内容は、判定を参照できる場合にだけ含まれます。1ページの件数は limit より少ないことがあります。参照は監査証跡に記録されます。",
    params(
        ("state" = Option<String>, Query, description = "状態（recommended：回答待ち、answered：回答済み。省略すると recommended）", example = "recommended"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["follow_ups.view"])), responses((status = 200, description = "期限の近い順", body = FollowUpPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewFollowUps>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "follow-ups", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let state = query.state.map_or(FollowUpState::Recommended, FollowUpState::from);
    let (found, next) = app.store.follow_ups(&permit, state, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| FollowUpView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| FollowUpPage { items, next_cursor }).await
}

/// Recommends a visit to several.
#[utoipa::path(
    post, path = "/v1/follow-ups", operation_id = "recommendVisits", summary = "医療機関の受診を勧奨する",
    description = "指定した健康診断（30件まで）の、治療中でない所見について受診を勧奨し、本人に内容を含まないお知らせのメールを送信します。勧奨できないものがあれば、1件も勧奨せずに理由を返します。終了した勧奨は、改めて勧奨できます。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に勧奨されません")),
    request_body = RecommendationBody, security(("token" = ["follow_ups.manage"])),
    responses((status = 201, description = "勧奨しました", body = RecommendedView))
)]
async fn recommend(
    State(app): State<App>,
    permit: Permit<ManageFollowUps>,
    posted: Posted<RecommendationBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: RecommendationBody| {
        let (checkups, recommendation) = body.checked(today)?;
        let prepared = app.store.recommend(&permit, &checkups, &recommendation).await?;
        prepared.map_err(|refused| body::not_recommended(&refused))
    };
    let answer = |recommended: &usize| {
        Answer::created("/v1/follow-ups".to_owned(), &RecommendedView { recommended: *recommended })
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Lists an employee's follow-ups.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/follow-ups", operation_id = "listEmployeeFollowUps", summary = "従業員の受診勧奨の一覧",
    description = "新しい健康診断の順に、すべてを1ページで返します。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["follow_ups.view"])), responses((status = 200, description = "新しい順", body = FollowUpList))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewFollowUps>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let found = app.store.follow_ups_of_employee(&permit, employee).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| FollowUpView::of(stored, today)).collect();
    Answer::ok(&FollowUpList { items, next_cursor: None })
}

/// Reads a follow-up.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/follow-ups/{checkup_id}", operation_id = "readFollowUp", summary = "受診勧奨を確認する",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["follow_ups.view"])), responses((status = 200, description = "受診勧奨", body = FollowUpView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewFollowUps>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Answer, Problem> {
    let stored = app.store.follow_up(&permit, employee, checkup).await?;
    shown(&app, &stored)
}

/// Answers what came of findings.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/follow-ups/{checkup_id}/answers", operation_id = "answerFollowUp", summary = "受診の結果を回答する（本人）",
    description = "所見（部位）ごとに、受診の結果を回答します。指定しなかった部位の回答はそのままです。すべての部位に回答すると「回答済み」になります（受診予定は回答に数えません）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = AnswersBody, security(("token" = ["follow_ups.answer"])),
    responses((status = 200, description = "回答を記録した受診勧奨", body = FollowUpView))
)]
async fn answer(
    State(app): State<App>,
    permit: Permit<AnswerFollowUps>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<AnswersBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let answered = app.store.answer_follow_up(&permit, seen, body.checked()?).await?;
    let stored = answered.map_err(|wrong| body::wrong_answers(&wrong))?.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Reminds the employee.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/follow-ups/{checkup_id}/remind", operation_id = "remindFollowUp", summary = "受診勧奨を再通知する",
    description = "本人に、内容を含まないお知らせのメールを送信します。前回の通知から14日以上たっている回答待ちの勧奨に、3回まで行えます。期限を過ぎた勧奨には、同じ間隔で自動でも送信されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["follow_ups.manage"])), responses((status = 200, description = "再通知した受診勧奨", body = FollowUpView))
)]
async fn remind(
    State(app): State<App>,
    permit: Permit<ManageFollowUps>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let stored = app.store.remind_of_follow_up(&permit, seen).await?.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Writes down a session of health guidance.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/follow-ups/{checkup_id}/sessions", operation_id = "recordGuidance", summary = "保健指導を記録する（保健師・看護師）",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = SessionBody, security(("token" = ["follow_ups.guide"])),
    responses((status = 200, description = "保健指導を記録した受診勧奨", body = FollowUpView))
)]
async fn guide(
    State(app): State<App>,
    permit: Permit<RecordGuidance>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<SessionBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let recorded = app.store.record_session(&permit, seen, body.checked()?).await?;
    let stored = recorded.map_err(body::wrong_session)?.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Ends a follow-up.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/follow-ups/{checkup_id}/close", operation_id = "closeFollowUp", summary = "受診勧奨を終える",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = CloseBody, security(("token" = ["follow_ups.manage"])),
    responses((status = 200, description = "終了した受診勧奨", body = FollowUpView))
)]
async fn close(
    State(app): State<App>,
    permit: Permit<ManageFollowUps>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<CloseBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let (outcome, reason) = body.checked()?;
    let stored = app.store.close_follow_up(&permit, seen, outcome, reason).await?.commit(&app.store).await?;
    shown(&app, &stored)
}
