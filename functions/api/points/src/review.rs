//! Days that stand out, and how much of a month came from hand.

use authz::{
    Permit,
    permission::{ManagePoints, UseOwnPoints, ViewPoints},
};
use axum::extract::State;
use domain::{
    ids::{AccountId, DepartmentId, EmployeeId},
    lifelog::Month,
    points::suspicion::Flag,
    remark::Remark,
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, Pages, Path, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{HandShare, Stored, Suspicion, SuspicionState, Verdict};
use utoipa::ToSchema;

/// A page of days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuspicionPage)]
pub(crate) struct SuspicionPage {
    /// 確認する日。
    items: Vec<SuspicionView>,
    /// 次のページの位置。
    next_cursor: Option<String>,
}

/// A day that stands out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suspicion)]
pub(crate) struct SuspicionView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 日。
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    day: Date,
    /// 状態（`open`：確認待ち、`confirmed`：確認済み、`voided`：取消）。
    #[schema(value_type = String, example = "open")]
    state: SuspicionState,
    /// 確認が必要な理由。
    flags: Vec<FlagView>,
    /// その日に付与されたポイント。
    #[schema(example = 10)]
    points: i64,
    /// 歩数。本人のほかは、本人が開示した場合にだけ含まれます。
    #[schema(example = 31250)]
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<i64>,
    /// 本人のコメント。
    #[schema(value_type = Option<String>, example = "フルマラソンに参加しました。")]
    comment: Option<Remark>,
    /// 判断の理由。
    #[schema(value_type = Option<String>)]
    reason: Option<Remark>,
    /// 判断したアカウントのID。
    #[schema(value_type = Option<String>)]
    decided_by: Option<AccountId>,
    /// 判断した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Jst>,
    /// ETag の値。
    #[schema(example = 1)]
    version: u64,
}

/// Why a day stands out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuspicionFlag)]
struct FlagView {
    /// 理由のキー。
    #[schema(value_type = String, example = "many_steps")]
    flag: Flag,
    /// 理由。
    #[schema(example = "1日の歩数が30,000歩を超えています")]
    text: &'static str,
}

impl SuspicionView {
    fn of(stored: &Stored<Suspicion>) -> Self {
        let Stored { record, version } = stored;
        Self {
            employee_id: record.employee,
            day: record.day,
            state: record.state,
            flags: record.flags.iter().map(|flag| FlagView { flag: *flag, text: flag.japanese() }).collect(),
            points: record.points,
            steps: record.steps,
            comment: record.comment.clone(),
            reason: record.reason.clone(),
            decided_by: record.decided_by,
            decided_at: record.decided_at,
            version: *version,
        }
    }
}

/// Which days, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    state: Option<SuspicionState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists days that stand out.
#[utoipa::path(
    get, path = "/v1/points/suspicions", operation_id = "listSuspicions", summary = "確認が必要な記録の一覧",
    description = "締め切りのときに不自然と判定された日を、古い順に返します。測定値は、本人が開示した歩数のほかは含まれません。判定は不正を意味しません。参照は監査証跡と閲覧履歴に記録されます。",
    params(
        ("state" = Option<String>, Query, description = "状態（open：確認待ち、confirmed：確認済み、voided：取消。省略すると open）", example = "open"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["points.manage"])), responses((status = 200, description = "古い順", body = SuspicionPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "suspicions", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let state = query.state.unwrap_or(SuspicionState::Open);
    let (found, next) = app.store.suspicions(&permit, state, after, limit).await?;
    let items = found.iter().map(SuspicionView::of).collect();
    pages.answer(&uri, next, |next_cursor| SuspicionPage { items, next_cursor }).await
}

/// Lists the days of somebody.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/points/suspicions", operation_id = "listEmployeeSuspicions", summary = "従業員の確認が必要な記録の一覧",
    description = "本人は、自分の日の歩数も確認できます。すべてを1ページで返します。参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["points.view"])), responses((status = 200, description = "新しい順", body = SuspicionPage))
)]
pub(crate) async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewPoints>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let items = app.store.suspicions_of(&permit, employee).await?.iter().map(SuspicionView::of).collect();
    Answer::ok(&SuspicionPage { items, next_cursor: None })
}

/// What the employee says of a day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuspicionComment)]
pub(crate) struct CommentBody {
    /// コメント（2,000文字以内）。
    #[schema(example = "フルマラソンに参加しました。")]
    comment: Option<String>,
    /// true の場合は、その日の歩数を人事労務担当者に開示します。
    #[serde(default)]
    shows_steps: bool,
}

fn shown(stored: &Stored<Suspicion>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&SuspicionView::of(stored))?.version(stored.version))
}

/// Says something of one's own day.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/points/suspicions/{day}/comment", operation_id = "commentSuspicion", summary = "確認が必要な記録にコメントする",
    description = "本人だけが、判断される前にコメントできます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("day" = String, Path, description = "日（YYYY-MM-DD）"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = CommentBody, security(("token" = ["points.use"])),
    responses((status = 200, description = "コメントしました", body = SuspicionView))
)]
pub(crate) async fn comment(
    State(app): State<App>,
    permit: Permit<UseOwnPoints>,
    Path(of): Path<(EmployeeId, Date)>,
    version: IfMatch,
    Json(body): Json<CommentBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let comment = checks.optional("/comment", body.comment.as_deref().map(Remark::parse));
    let comment = checks.finish(Some(comment))?;
    let prepared = app.store.comment_suspicion(&permit, of, version.version(), comment, body.shows_steps).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerdictKind {
    Confirm,
    Void,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuspicionVerdict)]
pub(crate) struct VerdictBody {
    /// 判断（`confirm`：ポイントを認める、`void`：その日のポイントを取り消す）。
    #[schema(value_type = String, example = "confirm")]
    verdict: VerdictKind,
    /// true の場合は、この従業員を以後の順位表に掲載しません。
    #[serde(default)]
    exclude_from_ranking: bool,
    /// 理由（2,000文字以内）。本人にも表示されます。
    #[schema(example = "大会への参加を確認しました。")]
    reason: String,
}

/// Decides.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/points/suspicions/{day}/decision", operation_id = "decideSuspicion", summary = "確認が必要な記録を判断する",
    description = "ポイントを認めるか、取り消します。自分の記録は判断できません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("day" = String, Path, description = "日（YYYY-MM-DD）"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = VerdictBody, security(("token" = ["points.manage"])),
    responses((status = 200, description = "判断しました", body = SuspicionView))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    Path(of): Path<(EmployeeId, Date)>,
    version: IfMatch,
    Json(body): Json<VerdictBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let reason = checks.field("/reason", Remark::parse(&body.reason));
    let (void, exclude) = (body.verdict == VerdictKind::Void, body.exclude_from_ranking);
    let verdict = checks.finish(reason.map(|reason| Verdict { void, exclude, reason }))?;
    let prepared = app.store.decide_suspicion(&permit, of, version.version(), verdict).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Which month.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonthQuery {
    month: Month,
}

/// How much came from hand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandShares)]
pub(crate) struct HandShareList {
    /// 月。
    #[schema(value_type = String, example = "2026-11")]
    month: Month,
    /// 部署ごとの割合。記録のある従業員が10人未満の部署は含まれません。
    items: Vec<HandShareView>,
}

/// The share of a department.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandShare)]
struct HandShareView {
    /// 部署のID。所属のない従業員は null です。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    department_id: Option<DepartmentId>,
    /// 記録のある従業員の人数。
    #[schema(example = 24)]
    people: u64,
    /// 記録の件数。
    #[schema(example = 1480)]
    entries: u64,
    /// 手入力の件数。
    #[schema(example = 210)]
    by_hand: u64,
}

/// Shows how much of a month came from hand.
#[utoipa::path(
    get, path = "/v1/points/hand-shares", operation_id = "readHandShares", summary = "部署ごとの手入力の割合",
    description = "手入力による不適切なポイントがないかを、お客様が確認するための件数です。測定値は含まれません。",
    params(("month" = String, Query, description = "月（YYYY-MM）", example = "2026-11")),
    security(("token" = ["points.manage"])), responses((status = 200, description = "部署ごとの件数", body = HandShareList))
)]
pub(crate) async fn hand_shares(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    Filters(query): Filters<MonthQuery>,
) -> Result<Answer, Problem> {
    let view = |share: HandShare| HandShareView {
        department_id: share.department,
        people: share.people,
        entries: share.entries,
        by_hand: share.by_hand,
    };
    let items = app.store.hand_shares(&permit, query.month).await?.into_iter().map(view).collect();
    Answer::ok(&HandShareList { month: query.month, items })
}
