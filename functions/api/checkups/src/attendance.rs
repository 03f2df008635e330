//! Attendance (受診状況): who is to be examined in a fiscal year, by when, and who was.

use authz::{Permit, permission::ViewAttendance};
use axum::extract::State;
use domain::{
    checkup::{
        hazard::Hazard,
        kind::CheckupKind,
        targets::{Target, TargetState},
    },
    ids::EmployeeId,
};
use endpoint::{Answer, App, Filters, Pages, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Attendance;
use utoipa::ToSchema;

/// What attendance can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttendanceQuery {
    fiscal_year: Option<i16>,
    state: Option<TargetState>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What a cursor of attendance is bound to.
#[derive(Debug, Serialize)]
struct Asked {
    fiscal_year: i16,
    state: Option<TargetState>,
}

/// A page of attendance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttendancePage {
    items: Vec<AttendanceView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// Somebody's attendance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupAttendance)]
struct AttendanceView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 年度。
    #[schema(example = 2026)]
    fiscal_year: i16,
    /// 法令により受診の対象となる健康診断。
    targets: Vec<TargetView>,
}

/// A checkup that the law wants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupTarget)]
struct TargetView {
    /// 健診種別のキー。
    #[schema(value_type = String, example = "periodic")]
    kind: CheckupKind,
    /// 健診種別。
    #[schema(example = "定期健康診断")]
    kind_name: &'static str,
    /// 対象となる有害業務のコード（定期・雇入時・特定業務従事者では null）。
    #[schema(value_type = Option<String>, example = "organic_solvents")]
    hazard: Option<Hazard>,
    /// 対象となる有害業務。
    #[schema(example = "有機溶剤業務")]
    hazard_name: Option<&'static str>,
    /// 受診の期限。
    #[schema(value_type = String, format = Date, example = "2027-01-20")]
    due_on: Date,
    /// 状態（`taken`：受診済み、`due`：未受診、`overdue`：期限超過、`postponed`：休職中のため猶予）。
    #[schema(value_type = String, example = "due")]
    state: TargetState,
    /// 受診日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-08-03")]
    taken_on: Option<Date>,
}

impl AttendanceView {
    fn of(attendance: &Attendance, fiscal_year: i16) -> Self {
        let target = |target: &Target| TargetView {
            kind: target.kind,
            kind_name: target.kind.japanese(),
            hazard: target.hazard,
            hazard_name: target.hazard.map(|hazard| hazard.row().japanese),
            due_on: target.due_on,
            state: target.state,
            taken_on: target.taken_on,
        };
        Self { employee_id: attendance.employee, fiscal_year, targets: attendance.targets.iter().map(target).collect() }
    }
}

/// Lists attendance.
#[utoipa::path(
    get, path = "/v1/checkups/attendance", operation_id = "listCheckupAttendance", summary = "受診状況の一覧",
    description = "参照できる範囲の従業員について、年度内に法令で受診が必要な健康診断（定期・雇入時・特定業務従事者と、有害業務の従事歴による特殊健康診断・歯科・じん肺・検便）と期限、受診の有無を返します。検査の結果は含みません。1ページの件数は limit より少ないことがあります。",
    params(
        ("fiscal_year" = Option<i16>, Query, description = "年度（省略すると今年度）", example = 2026),
        ("state" = Option<String>, Query, description = "この状態の健康診断がある従業員だけを返す（taken、due、overdue、postponed）", example = "overdue"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["checkups.attendance"])), responses((status = 200, description = "受診状況", body = AttendancePage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewAttendance>,
    uri: Uri,
    Filters(query): Filters<AttendanceQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let fiscal_year = match query.fiscal_year {
        Some(year) => year,
        None => app.store.fiscal_year_now(&permit).await?,
    };
    let asked = Asked { fiscal_year, state: query.state };
    let pages = Pages::of(&app, &permit, "checkup-attendance", &asked);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.attendance(&permit, fiscal_year, query.state, after, limit).await?;
    let items = found.iter().map(|attendance| AttendanceView::of(attendance, fiscal_year)).collect();
    pages.answer(&uri, next, |next_cursor| AttendancePage { items, next_cursor }).await
}
