//! Working hours and overwork (労働時間・過重労働): `/v1/working-hours` and `/v1/employees/{employee_id}/working-hours`. Months of hours, whose are over a line, what the law asks
//! next, and the fatigue check list.

mod body;
mod fatigue;
mod settings;
mod view;

use authz::{
    Permit,
    permission::{ExcuseFromInterview, ManageWorkingHours, NotifyOfHours, ViewWorkingHours},
};
use axum::extract::State;
use domain::{ids::EmployeeId, overwork::figure::Line, time::Month};
use endpoint::{Answer, App, Door, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{SeenMonth, Stored, WorkingMonth};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{CorrectionBody, MonthBody, NoticesBody},
    view::{HistoryView, MonthList, MonthPage, MonthView, NotifiedView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "working-hours",
        heading: "労働時間・過重労働",
        routes: OpenApiRouter::new()
            .routes(routes!(of_employee, record))
            .routes(routes!(read, correct))
            .routes(routes!(history))
            .routes(routes!(excuse))
            .routes(routes!(overwork))
            .routes(routes!(tasks))
            .routes(routes!(notify))
            .routes(routes!(settings::read, settings::change))
            .routes(routes!(fatigue::items))
            .routes(routes!(fatigue::list, fatigue::answer)),
    }
}

/// A month as an answer.
fn shown(app: &App, stored: &Stored<WorkingMonth>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&MonthView::of(stored, app.clock().now().date()))?.version(stored.version))
}

/// Lists the months of an employee.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/working-hours", operation_id = "listWorkingHoursOfEmployee", summary = "従業員の労働時間の一覧",
    description = "新しい年月の順に、すべてを1ページで返します。健康管理のための時間外・休日労働時間、2～6か月平均、年度の累計、法令に基づいて次に行うことを含みます。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["working_hours.view"])), responses((status = 200, description = "新しい順", body = MonthList))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewWorkingHours>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let months = app.store.working_months(&permit, employee).await?;
    let today = app.clock().now().date();
    let items = months.iter().map(|stored| MonthView::of(stored, today)).collect();
    Answer::ok(&MonthList { items, next_cursor: None })
}

/// Records a month.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/working-hours", operation_id = "recordWorkingHours", summary = "1か月の労働時間を登録する",
    description = "時間は「163.68」（時間）、「163:41」（時間:分）、「9821分」のいずれの形でも指定でき、丸めずに保持します。期間を省略すると、締日の設定に従います。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = MonthBody, security(("token" = ["working_hours.manage"])),
    responses((status = 201, description = "登録しました", body = MonthView))
)]
async fn record(
    State(app): State<App>,
    permit: Permit<ManageWorkingHours>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<MonthBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: MonthBody| {
        let (month, entry) = body.checked()?;
        app.store.record_month(&permit, employee, month, entry).await?.map_err(body::wrong_hours)
    };
    let answer = |stored: &Stored<WorkingMonth>| {
        let WorkingMonth { employee, month, .. } = &stored.record;
        let at = format!("/v1/employees/{employee}/working-hours/{month}");
        Ok(Answer::created(at, &MonthView::of(stored, today))?.version(stored.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a month.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/working-hours/{month}", operation_id = "readWorkingHours", summary = "1か月の労働時間を確認する",
    params(("employee_id" = String, Path, description = "従業員のID"), ("month" = String, Path, description = "対象年月（YYYY-MM）", example = "2026-10")),
    security(("token" = ["working_hours.view"])), responses((status = 200, description = "労働時間", body = MonthView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewWorkingHours>,
    Path((employee, month)): Path<(EmployeeId, Month)>,
) -> Result<Answer, Problem> {
    let stored = app.store.working_month(&permit, employee, month).await?;
    shown(&app, &stored)
}

/// Corrects a month.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/working-hours/{month}", operation_id = "correctWorkingHours", summary = "1か月の労働時間を訂正する",
    description = "訂正前の内容は履歴に残ります。すでに行った通知や面接指導の記録は、そのまま残ります。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("month" = String, Path, description = "対象年月（YYYY-MM）", example = "2026-10"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = CorrectionBody, security(("token" = ["working_hours.manage"])),
    responses((status = 200, description = "訂正後の労働時間", body = MonthView))
)]
async fn correct(
    State(app): State<App>,
    permit: Permit<ManageWorkingHours>,
    Path((employee, month)): Path<(EmployeeId, Month)>,
    version: IfMatch,
    Json(body): Json<CorrectionBody>,
) -> Result<Answer, Problem> {
    let seen = SeenMonth { employee, month, version: version.version() };
    let prepared = app.store.correct_month(&permit, seen, body.checked()?).await?.map_err(body::wrong_hours)?;
    shown(&app, &prepared.commit(&app.store).await?)
}

/// Shows what a month said before.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/working-hours/{month}/history", operation_id = "readWorkingHoursHistory", summary = "労働時間の訂正の履歴",
    params(("employee_id" = String, Path, description = "従業員のID"), ("month" = String, Path, description = "対象年月（YYYY-MM）", example = "2026-10")),
    security(("token" = ["working_hours.view"])), responses((status = 200, description = "新しい順", body = HistoryView))
)]
async fn history(
    State(app): State<App>,
    permit: Permit<ViewWorkingHours>,
    Path((employee, month)): Path<(EmployeeId, Month)>,
) -> Result<Answer, Problem> {
    Answer::ok(&HistoryView::of(app.store.month_history(&permit, employee, month).await?))
}

/// Notes that no interview is needed.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/working-hours/{month}/excuse", operation_id = "excuseFromInterview", summary = "面接指導は不要と判断する（産業医）",
    description = "1か月以内に面接指導を受けた者などで、面接指導を受ける必要がないと医師が認めた場合に記録します（安衛則52条の2）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("month" = String, Path, description = "対象年月（YYYY-MM）", example = "2026-10"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["working_hours.excuse"])), responses((status = 200, description = "記録した労働時間", body = MonthView))
)]
async fn excuse(
    State(app): State<App>,
    permit: Permit<ExcuseFromInterview>,
    Path((employee, month)): Path<(EmployeeId, Month)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let seen = SeenMonth { employee, month, version: version.version() };
    let stored = app.store.excuse_from_interview(&permit, seen).await?.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Which month, over which line, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct OverworkQuery {
    month: Month,
    over: Option<Over>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// The lines that can be asked for.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
enum Over {
    #[serde(rename = "45")]
    Hours45,
    #[serde(rename = "60")]
    Hours60,
    #[serde(rename = "80")]
    Hours80,
    #[serde(rename = "100")]
    Hours100,
    #[serde(rename = "average")]
    Average,
}

impl From<Over> for Line {
    fn from(over: Over) -> Self {
        match over {
            Over::Hours45 => Self::Over45,
            Over::Hours60 => Self::Over60,
            Over::Hours80 => Self::Over80,
            Over::Hours100 => Self::Over100,
            Over::Average => Self::AverageOver80,
        }
    }
}

/// Lists overwork.
#[utoipa::path(
    get, path = "/v1/working-hours/overwork", operation_id = "listOverwork", summary = "過重労働者の一覧",
    description = "健康管理のための時間外・休日労働時間（総労働時間 − 暦日数 ÷ 7 × 40時間）が、指定した時間を超える従業員を返します。月の時間で指定した場合は、超えている線の高い順です。所属長には、法令に基づく対応の状況は含まれません。1ページの件数は limit より少ないことがあります。参照は監査証跡に記録されます。",
    params(
        ("month" = String, Query, description = "対象年月（YYYY-MM）", example = "2026-10"),
        ("over" = Option<String>, Query, description = "超える時間（45・60・80・100：その月の時間、average：2～6か月平均で80時間。省略すると80）", example = "80"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["working_hours.view"])), responses((status = 200, description = "過重労働者", body = MonthPage))
)]
async fn overwork(
    State(app): State<App>,
    permit: Permit<ViewWorkingHours>,
    uri: Uri,
    Filters(query): Filters<OverworkQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "overwork", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let line = query.over.map_or(Line::Over80, Line::from);
    let (found, next) = app.store.overwork(&permit, query.month, line, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| MonthView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| MonthPage { items, next_cursor }).await
}

/// Until when, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TasksQuery {
    until: Option<Date>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists what is to be done.
#[utoipa::path(
    get, path = "/v1/working-hours/tasks", operation_id = "listOverworkTasks", summary = "法令に基づいて次に行うことの一覧",
    description = "本人への通知、産業医への情報提供、面接指導、意見聴取、事後措置のうち、次に行うことがある従業員と年月を、期限の近い順に返します。1ページの件数は limit より少ないことがあります。",
    params(
        ("until" = Option<String>, Query, description = "この日までに期限が来るものに絞り込む", example = "2026-12-31"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["working_hours.view"])), responses((status = 200, description = "期限の近い順", body = MonthPage))
)]
async fn tasks(
    State(app): State<App>,
    permit: Permit<ViewWorkingHours>,
    uri: Uri,
    Filters(query): Filters<TasksQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "overwork-tasks", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.overwork_tasks(&permit, query.until, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| MonthView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| MonthPage { items, next_cursor }).await
}

/// Tells workers of their hours, or a physician of them.
#[utoipa::path(
    post, path = "/v1/working-hours/notices", operation_id = "notifyOfHours", summary = "本人への通知・産業医への情報提供を行う",
    description = "80時間を超えた従業員に労働時間を通知し、または産業医に情報を提供し、日時・方法・文面の版を証拠として記録します。方法がメールの場合は、時間を含まないお知らせのメールを送信します（本人はサインインして確認します）。ほかの方法は、行ったことの記録です。30件まで指定でき、行えないものがあれば、1件も行わずに理由を返します。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に通知されません")),
    request_body = NoticesBody, security(("token" = ["working_hours.notify"])),
    responses((status = 201, description = "記録しました", body = NotifiedView))
)]
async fn notify(
    State(app): State<App>,
    permit: Permit<NotifyOfHours>,
    posted: Posted<NoticesBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: NoticesBody| {
        let (months, how) = body.checked(today)?;
        let prepared = app.store.notify_of_hours(&permit, &months, how).await?;
        prepared.map_err(|refused| body::not_notified(&refused))
    };
    let answer =
        |notified: &usize| Answer::created("/v1/working-hours/tasks".to_owned(), &NotifiedView { notified: *notified });
    posted.once(&app, &permit, prepare, answer).await
}
