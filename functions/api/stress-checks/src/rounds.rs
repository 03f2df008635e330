//! Rounds: `/v1/stress-rounds`. Nothing here tells of an individual but whether they have answered.

use authz::{
    Permit,
    permission::{PlanStressChecks, ViewStressAttendance, ViewStressRounds},
};
use axum::extract::State;
use domain::{
    ids::StressRoundId,
    stress::{round::RoundAct, targets::LeftOut},
};
use endpoint::{Answer, App, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{Attended, Stored, StressRound};

use crate::{
    body::{PutOffBody, RoundBody},
    view::{AttendancePage, RoundPage, RoundView, TargetView},
};

/// A round as an answer.
pub(crate) fn shown(stored: &Stored<StressRound>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&RoundView::of(stored))?.version(stored.version))
}

/// Lists rounds.
#[utoipa::path(
    get, path = "/v1/stress-rounds", operation_id = "listStressRounds", summary = "実施回の一覧",
    description = "ストレスチェックの実施回を、新しい順に返します。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["stress_checks.rounds"])), responses((status = 200, description = "新しい順", body = RoundPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewStressRounds>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "stress-rounds", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.stress_rounds(&permit, after, limit).await?;
    let items = found.iter().map(RoundView::of).collect();
    pages.answer(&uri, next, |next_cursor| RoundPage { items, next_cursor }).await
}

/// Plans a round.
#[utoipa::path(
    post, path = "/v1/stress-rounds", operation_id = "planStressRound", summary = "実施回を計画する",
    description = "調査票、高ストレス者の選定方法と基準値、実施期間、対象者の条件、お知らせを登録します。開始（open）するまでは変更でき、開始後は終了日の延期以外は変更できません。基準値を標準から変える場合は、衛生委員会で審議した理由が必要です。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = RoundBody, security(("token" = ["stress_checks.plan"])),
    responses((status = 201, description = "計画しました", body = RoundView))
)]
pub(crate) async fn plan(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    posted: Posted<RoundBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: RoundBody| Ok(app.store.plan_stress_round(&permit, body.checked()?).await?);
    let answer = |stored: &Stored<StressRound>| {
        let location = format!("/v1/stress-rounds/{}", stored.record.id);
        Ok(Answer::created(location, &RoundView::of(stored))?.version(stored.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a round.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}", operation_id = "readStressRound", summary = "実施回を確認する",
    description = "計画の内容、状態、実施者・実施事務従事者を返します。個人の回答・結果は含みません。",
    params(("round_id" = String, Path, description = "実施回のID")),
    security(("token" = ["stress_checks.rounds"])), responses((status = 200, description = "実施回", body = RoundView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewStressRounds>,
    Path(round): Path<StressRoundId>,
) -> Result<Answer, Problem> {
    shown(&app.store.stress_round(&permit, round).await?)
}

/// Plans a round anew.
#[utoipa::path(
    put, path = "/v1/stress-rounds/{round_id}", operation_id = "replanStressRound", summary = "実施回の計画を変更する",
    description = "開始前の実施回の計画を置き換えます。開始後は 409 を返します。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = RoundBody, security(("token" = ["stress_checks.plan"])),
    responses((status = 200, description = "変更後の実施回", body = RoundView))
)]
pub(crate) async fn replan(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<RoundBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.replan_stress_round(&permit, round, version.version(), body.checked()?).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Puts the last day off.
#[utoipa::path(
    patch, path = "/v1/stress-rounds/{round_id}", operation_id = "putOffStressRound", summary = "実施期間の終了日を延期する",
    description = "開始後の実施回の終了日を、今より後の日に変更します。実施期間は366日以内です。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = PutOffBody, security(("token" = ["stress_checks.plan"])),
    responses((status = 200, description = "変更後の実施回", body = RoundView))
)]
pub(crate) async fn put_off(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<PutOffBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.put_off_stress_round(&permit, round, version.version(), body.closes_on).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Deletes a draft.
#[utoipa::path(
    delete, path = "/v1/stress-rounds/{round_id}", operation_id = "deleteStressRound", summary = "開始前の実施回を削除する",
    description = "開始前の実施回だけを削除できます。開始後は 409 を返します。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.plan"])), responses((status = 204, description = "削除しました"))
)]
pub(crate) async fn delete(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_stress_round(&permit, round, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

async fn moved(
    app: &App,
    permit: &Permit<PlanStressChecks>,
    round: StressRoundId,
    version: IfMatch,
    act: RoundAct,
) -> Result<Answer, Problem> {
    let prepared = app.store.move_stress_round(permit, round, version.version(), act).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Opens a round.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/open", operation_id = "openStressRound", summary = "実施回を開始する",
    description = "計画を確定し、実施期間中の回答の受付を始めます。実施者が1名以上任命されていることが必要です。対象者には、回答は任意であることを記載したお知らせのメールを順次送信します。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.plan"])), responses((status = 200, description = "開始した実施回", body = RoundView))
)]
pub(crate) async fn open(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    moved(&app, &permit, round, version, RoundAct::Open).await
}

/// Closes a round.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/close", operation_id = "closeStressRound", summary = "実施回の回答を締め切る",
    description = "回答と取込の受付を終了します。以後、実施者・実施事務従事者が結果を確認し、実施者が面接指導の要否を確定できます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.plan"])), responses((status = 200, description = "締め切った実施回", body = RoundView))
)]
pub(crate) async fn close(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    moved(&app, &permit, round, version, RoundAct::Close).await
}

/// Archives a round.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/archive", operation_id = "archiveStressRound", summary = "実施回を保管に移す",
    description = "面接指導の要否を確定した実施回を保管に移します。以後、同意と申出は変わりません。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.plan"])), responses((status = 200, description = "保管に移した実施回", body = RoundView))
)]
pub(crate) async fn archive(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    moved(&app, &permit, round, version, RoundAct::Archive).await
}

/// Reminds.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/remind", operation_id = "remindOfStressRound", summary = "未回答の対象者に再通知する",
    description = "次の定時処理で、その時点でまだ回答していない対象者だけに、回答は任意であることを記載したメールを送信します。前回の操作から3日以上空けてください。1人あたりの再通知は5回までです。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.plan"])), responses((status = 200, description = "実施回", body = RoundView))
)]
pub(crate) async fn remind(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.remind_of_stress_round(&permit, round, version.version()).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Which people, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttendanceQuery {
    state: Option<Attended>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists who is asked, and whether they have answered.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/attendance", operation_id = "listStressAttendance", summary = "受検状況の一覧",
    description = "参照できる範囲の従業員について、回答したかどうかと、対象外の場合はその理由だけを返します。回答の内容・日時・結果は含みません。1ページの件数は limit より少ないことがあります。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("state" = Option<String>, Query, description = "状態（answered：回答済み、not_answered：未回答、left_out：対象外）", example = "not_answered"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["stress_checks.attendance"])), responses((status = 200, description = "登録簿の順", body = AttendancePage))
)]
pub(crate) async fn attendance(
    State(app): State<App>,
    permit: Permit<ViewStressAttendance>,
    uri: Uri,
    Path(round): Path<StressRoundId>,
    Filters(query): Filters<AttendanceQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let filters = (round, &query);
    let pages = Pages::of(&app, &permit, "stress-attendance", &filters);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.stress_attendance(&permit, round, query.state, after, limit).await?;
    let items = found
        .iter()
        .map(|target| TargetView {
            employee_id: target.employee,
            state: target.attended,
            left_out: target.left_out.map(LeftOut::name),
        })
        .collect();
    pages.answer(&uri, next, |next_cursor| AttendancePage { items, next_cursor }).await
}
