//! Health points (健康ポイント): somebody's balance and ledger, redemptions, a company's rules, campaigns, and days that stand out.

mod body;
mod campaigns;
mod review;
mod rules;
mod view;

use authz::{
    Permit,
    permission::{ManagePoints, UseOwnPoints, ViewPoints},
};
use axum::extract::State;
use domain::ids::{EmployeeId, RedemptionId};
use endpoint::{Answer, App, Door, Filters, IfMatch, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::RedemptionState;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{AdjustmentBody, CancellationBody, RedemptionBody},
    view::{EntryPage, EntryView, PointsView, RedemptionPage, RedemptionView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "points",
        heading: "健康ポイント",
        routes: OpenApiRouter::new()
            .routes(routes!(read))
            .routes(routes!(entries, adjust))
            .routes(routes!(cancel))
            .routes(routes!(own_redemptions, redeem))
            .routes(routes!(redemptions))
            .routes(routes!(confirm))
            .routes(routes!(give_back))
            .routes(routes!(rules::read, rules::add))
            .routes(routes!(campaigns::list, campaigns::create))
            .routes(routes!(campaigns::result))
            .routes(routes!(campaigns::participation, campaigns::take_part, campaigns::leave))
            .routes(routes!(review::list))
            .routes(routes!(review::of_employee))
            .routes(routes!(review::comment))
            .routes(routes!(review::decide))
            .routes(routes!(review::hand_shares)),
    }
}

/// Shows somebody's points.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/points", operation_id = "readPoints", summary = "ポイントの残高を確認する",
    description = "残高は台帳の合計です（保存期間を過ぎた行は carried_forward に繰り越します）。本人と人事労務担当者が確認できます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["points.view"])), responses((status = 200, description = "残高", body = PointsView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewPoints>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let (wallet, carried) = app.store.points(&permit, employee).await?;
    Ok(Answer::ok(&PointsView::of(&wallet.record, carried.as_ref()))?.version(wallet.version))
}

/// What a list of one employee is bound to.
#[derive(Debug, Serialize)]
struct Of {
    employee: EmployeeId,
}

/// Lists somebody's ledger.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/points/entries", operation_id = "listPointsEntries", summary = "ポイントの台帳",
    description = "付与・調整・交換・失効・取消を、新しい順に返します。台帳の行は変更も削除もされません。上限に達した付与は、申請したポイントと上限の種類を含みます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["points.view"])), responses((status = 200, description = "新しい順", body = EntryPage))
)]
async fn entries(
    State(app): State<App>,
    permit: Permit<ViewPoints>,
    Path(employee): Path<EmployeeId>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let (limit, of) = (limit(query.limit)?, Of { employee });
    let pages = Pages::of(&app, &permit, "points-entries", &of);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.points_entries(&permit, employee, after, limit).await?;
    let items = found.iter().map(EntryView::of).collect();
    pages.answer(&uri, next, |next_cursor| EntryPage { items, next_cursor }).await
}

/// Corrects somebody's points.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/points/entries", operation_id = "adjustPoints", summary = "ポイントを調整する",
    description = "理由を付けて、ポイントを加算または減算します。残高より多くは減算できません（409）。自分のポイントは調整できません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に調整されません")
    ),
    request_body = AdjustmentBody, security(("token" = ["points.manage"])),
    responses((status = 201, description = "調整しました", body = EntryView))
)]
async fn adjust(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<AdjustmentBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: AdjustmentBody| {
        let (points, reason) = body.checked()?;
        Ok(app.store.adjust_points(&permit, employee, points, reason).await?)
    };
    let location = format!("/v1/employees/{employee}/points/entries");
    posted.once(&app, &permit, prepare, |entry| Answer::created(location, &EntryView::of(entry))).await
}

/// Takes back what an entry brought.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/points/entries/{number}/cancel", operation_id = "cancelPoints", summary = "ポイントの付与を取り消す",
    description = "付与または加算の行を、理由を付けて取り消す行を追加します。すでに使用または失効したポイントは取り消せず、不足分（missing）として記録します。自分のポイントは取り消せません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("number" = String, Path, description = "台帳の行の番号"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に取り消されません")
    ),
    request_body = CancellationBody, security(("token" = ["points.manage"])),
    responses((status = 201, description = "取り消しました", body = EntryView))
)]
async fn cancel(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    Path((employee, number)): Path<(EmployeeId, u64)>,
    posted: Posted<CancellationBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: CancellationBody| {
        let reason = body.checked()?;
        Ok(app.store.cancel_points(&permit, employee, number, reason).await?)
    };
    let location = format!("/v1/employees/{employee}/points/entries");
    posted.once(&app, &permit, prepare, |entry| Answer::created(location, &EntryView::of(entry))).await
}

/// Lists somebody's redemptions.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/points/redemptions", operation_id = "listEmployeeRedemptions", summary = "従業員の交換申請の一覧",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["points.view"])), responses((status = 200, description = "新しい順", body = RedemptionPage))
)]
async fn own_redemptions(
    State(app): State<App>,
    permit: Permit<ViewPoints>,
    Path(employee): Path<EmployeeId>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let (limit, of) = (limit(query.limit)?, Of { employee });
    let pages = Pages::of(&app, &permit, "employee-redemptions", &of);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.redemptions_of(&permit, employee, after, limit).await?;
    let items = found.iter().map(RedemptionView::of).collect();
    pages.answer(&uri, next, |next_cursor| RedemptionPage { items, next_cursor }).await
}

/// Asks for an exchange.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/points/redemptions", operation_id = "redeemPoints", summary = "ポイントの交換を申請する",
    description = "本人のポイントを確保します。確保したポイントは、人事労務担当者が確定または取消をするまで使用も失効もされません。残高が足りない場合は409です。商品の手配と費用の精算は、お客様が行います。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("Idempotency-Key" = String, Header, description = "必須。同じキーで再送しても二重に申請されません")
    ),
    request_body = RedemptionBody, security(("token" = ["points.use"])),
    responses((status = 201, description = "申請しました", body = RedemptionView))
)]
async fn redeem(
    State(app): State<App>,
    permit: Permit<UseOwnPoints>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<RedemptionBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: RedemptionBody| {
        let (points, wish) = body.checked()?;
        Ok(app.store.ask_redemption(&permit, employee, points, wish).await?)
    };
    let location = format!("/v1/employees/{employee}/points/redemptions");
    let answer = |stored: &store::Stored<store::Redemption>| {
        Ok(Answer::created(location, &RedemptionView::of(stored))?.version(stored.version))
    };
    // Whose points they are comes before how they are asked for: what is out of reach is not there.
    app.store.may_use_points(&permit, employee).await?;
    posted.with_key()?.once(&app, &permit, prepare, answer).await
}

/// Which redemptions, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StateQuery {
    state: Option<RedemptionState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists redemptions.
#[utoipa::path(
    get, path = "/v1/points/redemptions", operation_id = "listRedemptions", summary = "交換申請の一覧",
    description = "参照できる範囲にいる従業員の申請を、申請の古い順に返します。1ページの件数は limit より少ないことがあります。",
    params(
        ("state" = Option<String>, Query, description = "状態（reserved：申請中、confirmed：確定、cancelled：取消。省略すると reserved）", example = "reserved"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["points.manage"])), responses((status = 200, description = "古い順", body = RedemptionPage))
)]
async fn redemptions(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    uri: Uri,
    Filters(query): Filters<StateQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "redemptions", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let state = query.state.unwrap_or(RedemptionState::Reserved);
    let (found, next) = app.store.redemptions(&permit, state, after, limit).await?;
    let items = found.iter().map(RedemptionView::of).collect();
    pages.answer(&uri, next, |next_cursor| RedemptionPage { items, next_cursor }).await
}

async fn decided(
    app: &App,
    permit: &Permit<ManagePoints>,
    of: (EmployeeId, RedemptionId),
    version: IfMatch,
    confirm: bool,
) -> Result<Answer, Problem> {
    let prepared = app.store.decide_redemption(permit, of, version.version(), confirm).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&RedemptionView::of(&stored))?.version(stored.version))
}

/// Confirms an exchange.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/points/redemptions/{redemption_id}/confirm", operation_id = "confirmRedemption", summary = "交換を確定する",
    description = "確保したポイントを台帳から引きます。自分の申請は確定できません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("redemption_id" = String, Path, description = "交換申請のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["points.manage"])), responses((status = 200, description = "確定しました", body = RedemptionView))
)]
async fn confirm(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    Path(of): Path<(EmployeeId, RedemptionId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    decided(&app, &permit, of, version, true).await
}

/// Gives back what was on hold.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/points/redemptions/{redemption_id}/cancel", operation_id = "cancelRedemption", summary = "交換を取り消す",
    description = "確保したポイントを本人に戻します。自分の申請は取り消せません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("redemption_id" = String, Path, description = "交換申請のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["points.manage"])), responses((status = 200, description = "取り消しました", body = RedemptionView))
)]
async fn give_back(
    State(app): State<App>,
    permit: Permit<ManagePoints>,
    Path(of): Path<(EmployeeId, RedemptionId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    decided(&app, &permit, of, version, false).await
}
