//! Checkups (健康診断): `/v1/checkups`, `/v1/employees/{employee_id}/checkups`, and the catalogue of items.

mod attendance;
mod body;
mod chart;
mod criteria;
mod hazards;
mod items;
mod rejudgements;
mod reservations;
mod series;
mod timeline;
mod view;
mod written;

use authz::{
    Permit,
    permission::{ManageCheckups, ReadReference, ViewCheckups},
};
use axum::{extract::State, response::Response};
use domain::{
    checkup::item::ItemId,
    ids::{CheckupId, EmployeeId},
};
use endpoint::{Answer, App, Door, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit, svg_drawing};
use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{CheckupBody, NewCheckupBody, VoidQuery},
    items::{ItemCatalogue, catalogue},
    series::{ComparisonView, TrendView},
    view::{CheckupList, CheckupPage, CheckupView},
    written::{HistoryView, ReceiptView, VersionView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "checkups",
        heading: "健康診断",
        routes: OpenApiRouter::new()
            .routes(routes!(of_year))
            .routes(routes!(items))
            .routes(routes!(hazards::list))
            .routes(routes!(attendance::list))
            .routes(routes!(reservations::clinics, reservations::change_clinics))
            .routes(routes!(reservations::own))
            .routes(routes!(reservations::read_own, reservations::wish, reservations::withdraw))
            .routes(routes!(reservations::list))
            .routes(routes!(reservations::read))
            .routes(routes!(reservations::confirm))
            .routes(routes!(of_employee, enter))
            .routes(routes!(read, correct, void))
            .routes(routes!(history))
            .routes(routes!(criteria::read, criteria::change))
            .routes(routes!(criteria::preview))
            .routes(routes!(rejudgements::list, rejudgements::ask))
            .routes(routes!(rejudgements::read))
            .routes(routes!(trend))
            .routes(routes!(trend_chart))
            .routes(routes!(comparison))
            .routes(routes!(timeline::read)),
    }
}

/// What a list of a year can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct YearQuery {
    fiscal_year: Option<i16>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What a cursor of a year's list is bound to.
#[derive(Debug, Serialize)]
struct Year {
    fiscal_year: i16,
}

/// Lists the checkups of a fiscal year.
#[utoipa::path(
    get, path = "/v1/checkups", operation_id = "listCheckups", summary = "年度の健康診断の一覧",
    description = "参照できる範囲にいる従業員の健康診断を、受診日の順に返します。1ページの件数は limit より少ないことがあります。参照は監査証跡に記録されます。",
    params(
        ("fiscal_year" = Option<i16>, Query, description = "年度（省略すると今年度）", example = 2026),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "健康診断", body = CheckupPage))
)]
async fn of_year(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    uri: Uri,
    Filters(query): Filters<YearQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let fiscal_year = match query.fiscal_year {
        Some(year) => year,
        None => app.store.fiscal_year_now(&permit).await?,
    };
    let year = Year { fiscal_year };
    let pages = Pages::of(&app, &permit, "checkups", &year);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.checkups_of_year(&permit, fiscal_year, after, limit).await?;
    let items = found.into_iter().map(|stored| CheckupView::from(stored.record)).collect();
    pages.answer(&uri, next, |next_cursor| CheckupPage { items, next_cursor }).await
}

/// What a list of an employee's checkups can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmployeeQuery {
    fiscal_year: Option<i16>,
}

/// Lists an employee's checkups.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups", operation_id = "listEmployeeCheckups", summary = "従業員の健康診断の一覧",
    description = "新しい順に、すべてを1ページで返します。法定外の項目は、参照できる場合にだけ含まれます。参照は監査証跡に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("fiscal_year" = Option<i16>, Query, description = "年度で絞り込む", example = 2026)
    ),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "健康診断", body = CheckupList))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path(employee): Path<EmployeeId>,
    Filters(query): Filters<EmployeeQuery>,
) -> Result<Answer, Problem> {
    let found = app.store.checkups_of_employee(&permit, employee, query.fiscal_year).await?;
    let items = found.into_iter().map(|stored| CheckupView::from(stored.record)).collect();
    Answer::ok(&CheckupList { items, next_cursor: None })
}

/// Reads a checkup.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/{checkup_id}", operation_id = "readCheckup", summary = "健康診断の結果を確認する",
    description = "項目ごとの値と判定、部位別と総合の判定を返します。法定外の項目は、参照できる場合にだけ含まれ、判定は参照できる項目だけから求めます。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "健康診断", body = CheckupView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Answer, Problem> {
    let stored = app.store.checkup(&permit, employee, checkup).await?;
    Ok(Answer::ok(&CheckupView::from(stored.record))?.version(stored.version))
}

/// Enters a checkup.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/checkups", operation_id = "createCheckup", summary = "健康診断の結果を登録する",
    description = "取込ファイルと同じ規則で値を読み取り、判定します。誤りはすべてまとめて返します（422）。同じ従業員・受診日・健診種別の健康診断が既にある場合は409になります（無効にしたものは、あらためて登録できます）。応答に結果は含まれません。参照は GET で行ってください。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")
    ),
    request_body = NewCheckupBody, security(("token" = ["checkups.manage"])),
    responses((status = 201, description = "登録しました", body = ReceiptView))
)]
async fn enter(
    State(app): State<App>,
    permit: Permit<ManageCheckups>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<NewCheckupBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: NewCheckupBody| {
        let new = body.checked(today)?;
        let entered = app.store.enter_checkup(&permit, employee, new.examined_on, new.kind, new.entry).await?;
        Ok(entered.map(|written| (ReceiptView::of(&written, &new.items, &new.warnings), written)))
    };
    posted
        .once(&app, &permit, prepare, |(view, written)| {
            let location = format!("/v1/employees/{}/checkups/{}", written.employee, written.id);
            Ok(Answer::created(location, view)?.version(written.version))
        })
        .await
}

/// Corrects a checkup.
#[utoipa::path(
    patch, path = "/v1/employees/{employee_id}/checkups/{checkup_id}", operation_id = "correctCheckup", summary = "健康診断の結果を訂正する",
    description = "指定した内容だけを変更し、判定し直します。訂正前の内容は、訂正した人・日時・理由とともに履歴に残ります。受診日と健診種別は変更できません（無効にしてから、あらためて登録してください）。応答に結果は含まれません。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = CheckupBody, security(("token" = ["checkups.manage"])),
    responses((status = 200, description = "訂正しました", body = ReceiptView))
)]
async fn correct(
    State(app): State<App>,
    permit: Permit<ManageCheckups>,
    Path(of): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<CheckupBody>,
) -> Result<Answer, Problem> {
    let new = body.checked()?;
    let prepared = app.store.correct_checkup(&permit, of, version.version(), new.entry, new.because).await?;
    let written = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ReceiptView::of(&written, &new.items, &new.warnings))?.version(written.version))
}

/// Declares a checkup void.
#[utoipa::path(
    delete, path = "/v1/employees/{employee_id}/checkups/{checkup_id}", operation_id = "voidCheckup", summary = "健康診断の結果を無効にする",
    description = "健康診断の記録は法定の保存期間があるため削除されません。理由を指定すると無効になり、一覧・判定・報告の対象から外れます。記録と履歴は保存期間まで残ります。理由を指定しない場合は409になり、保存期間の末日を返します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("reason" = Option<String>, Query, description = "無効にする理由（transcription：転記の誤り、clinic_revised：医療機関による訂正、wrong_person：別の従業員の結果、duplicate：二重の登録、not_examined：受診していない、other：その他）", example = "wrong_person"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["checkups.manage"])), responses((status = 204, description = "無効にしました"))
)]
async fn void(
    State(app): State<App>,
    permit: Permit<ManageCheckups>,
    Path(of): Path<(EmployeeId, CheckupId)>,
    Filters(query): Filters<VoidQuery>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.void_checkup(&permit, of, version.version(), query.checked()?).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Shows what a checkup said before.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/history", operation_id = "readCheckupHistory", summary = "健康診断の訂正の履歴",
    description = "すべての版を新しい順に、記録した人・日時・経緯・理由と、前の版から変わった内容とともに返します。無効にした健康診断の履歴も確認できます。参照できない項目の変更は含まれません。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "版", body = HistoryView))
)]
async fn history(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Answer, Problem> {
    let versions = app.store.checkup_history(&permit, employee, checkup).await?;
    let items = versions.into_iter().map(VersionView::from).collect();
    Answer::ok(&HistoryView { items, next_cursor: None })
}

/// Which item a trend is of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrendQuery {
    item: ItemId,
}

/// Shows an item over the years.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/trend", operation_id = "readCheckupTrend", summary = "健診項目の推移",
    description = "1つの項目の値と判定を受診日の古い順に返します。判定の境界と、特定健診の保健指導判定値・受診勧奨判定値も返します。参照できない項目には点がありません。参照は監査証跡に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("item" = String, Query, description = "項目のキー（GET /v1/checkups/items）", example = "sbp")
    ),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "推移", body = TrendView))
)]
async fn trend(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path(employee): Path<EmployeeId>,
    Filters(query): Filters<TrendQuery>,
) -> Result<Answer, Problem> {
    let trend = app.store.checkup_trend(&permit, employee, query.item).await?;
    let criteria = app.store.criteria_to_read_by(&permit).await?;
    Answer::ok(&TrendView::of(trend, criteria.on(app.clock().now().date())))
}

/// Draws an item over the years.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/trend/chart", operation_id = "drawCheckupTrend", summary = "健診項目の推移の図",
    description = "推移（GET …/checkups/trend）を、内容を文章でも読み取れる SVG の図で返します。参照できない項目には点がありません。参照は監査証跡と閲覧履歴に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("item" = String, Query, description = "項目のキー（GET /v1/checkups/items）", example = "sbp")
    ),
    security(("token" = ["checkups.view"])),
    responses((status = 200, description = "図", content_type = "image/svg+xml", body = String))
)]
async fn trend_chart(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path(employee): Path<EmployeeId>,
    Filters(query): Filters<TrendQuery>,
) -> Result<Response, Problem> {
    let trend = app.store.checkup_trend(&permit, employee, query.item).await?;
    let criteria = app.store.criteria_to_read_by(&permit).await?;
    Ok(svg_drawing(chart::of(&trend, criteria.on(app.clock().now().date())).svg()))
}

/// With what a checkup is compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComparisonQuery {
    with: Option<CheckupId>,
}

/// Shows a checkup beside the one before.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/comparison", operation_id = "compareCheckups", summary = "前回の健康診断と比較する",
    description = "項目ごとの値・差・判定の変化を返します。比較する相手を省略すると、同じ健診種別の前回（なければ種別を問わず前回）と比較します。二次検査・再検査は、指定したときにだけ比較します。参照は監査証跡に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("with" = Option<String>, Query, description = "比較する健康診断のID（同じ従業員のもの）", example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")
    ),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "比較", body = ComparisonView))
)]
async fn comparison(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    Filters(query): Filters<ComparisonQuery>,
) -> Result<Answer, Problem> {
    let compared = app.store.checkup_comparison(&permit, employee, checkup, query.with).await?;
    Answer::ok(&ComparisonView::from(compared))
}

/// Lists the items of the catalogue.
#[utoipa::path(
    get, path = "/v1/checkups/items", operation_id = "listCheckupItems", summary = "健診項目の一覧",
    description = "単位・小数点以下の桁数・妥当な範囲・回答の選択肢・JLAC10コード・取込で使える見出しを返します。",
    security(("token" = ["reference.read"])), responses((status = 200, description = "健診項目", body = ItemCatalogue))
)]
async fn items(_permit: Permit<ReadReference>) -> Result<Answer, Problem> {
    Answer::ok(&catalogue())
}
