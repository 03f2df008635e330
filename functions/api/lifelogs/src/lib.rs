//! Lifelogs (ライフログ): `/v1/employees/{employee_id}/lifelogs` and what is shared of them. Employees record for themselves, by hand or by a device's app; physicians and nurses see
//! what is shared with them, and nobody else sees anything.

mod body;
mod chart;
mod view;

use authz::{
    Permit,
    permission::{ManageLifelogs, ReadReference, ViewLifelogs},
};
use axum::{extract::State, response::Response};
use domain::{
    ids::{EmployeeId, LifelogEntryId},
    lifelog::{Metric, Month, series::series},
};
use endpoint::{Answer, App, Door, Filters, IfMatch, Json, Path, Problem, svg_drawing};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{EntriesBody, EntryChangeBody, Period, SeriesQuery, SharingBody},
    view::{EntryList, EntryView, MetricCatalogue, PutList, SeriesView, SharingView, catalogue},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "lifelogs",
        heading: "ライフログ",
        routes: OpenApiRouter::new()
            .routes(routes!(metrics))
            .routes(routes!(list, record))
            .routes(routes!(daily))
            .routes(routes!(chart))
            .routes(routes!(read, change, delete))
            .routes(routes!(sharing, share)),
    }
}

/// Lists what can be recorded.
#[utoipa::path(
    get, path = "/v1/lifelog-metrics", operation_id = "listLifelogMetrics", summary = "ライフログの項目の一覧",
    description = "単位・入力できる範囲・小数点以下の桁数・種類・機器から送信できるかどうか・1日の値の求め方を返します。",
    security(("token" = ["reference.read"])), responses((status = 200, description = "項目", body = MetricCatalogue))
)]
async fn metrics(_permit: Permit<ReadReference>) -> Result<Answer, Problem> {
    Answer::ok(&catalogue())
}

/// Which entries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    metric: Metric,
    month: Option<Month>,
}

/// Lists the entries of a month.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/lifelogs", operation_id = "listLifelogs", summary = "ライフログの記録の一覧",
    description = "1つの項目の1か月分の記録を、測定日時の順に1ページで返します。本人のほかは、本人が共有している場合に産業医・保健師だけが参照できます。参照は監査証跡と閲覧履歴に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("metric" = String, Query, description = "項目（GET /v1/lifelog-metrics）", example = "steps"),
        ("month" = Option<String>, Query, description = "月（YYYY-MM。省略すると今月）", example = "2026-11")
    ),
    security(("token" = ["lifelogs.view"])), responses((status = 200, description = "測定日時の順", body = EntryList))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewLifelogs>,
    Path(employee): Path<EmployeeId>,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let month = query.month.unwrap_or_else(|| Month::of(app.clock().now().date()));
    let entries = app.store.lifelog_entries(&permit, employee, query.metric, month).await?;
    Answer::ok(&EntryList { items: entries.iter().filter_map(EntryView::of).collect(), next_cursor: None })
}

/// Records entries.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/lifelogs", operation_id = "recordLifelogs", summary = "ライフログを記録する",
    description = "本人の記録を、手入力でも機器からの一括送信でも、この操作で登録します（1MiBまで、12か月・項目の区分までの範囲）。記録は `origin`・`device`・`client_entry_id` の組で識別し、同じ記録を何度送信しても二重に登録されません。値が変わっていれば更新し、本人が削除した記録は復元しません。誤りが1件でもあれば、1件も登録せずにすべての誤りを返します。日時のオフセットにかかわらず、日本時間の日の記録になります。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    request_body = EntriesBody, security(("token" = ["lifelogs.manage"])),
    responses((status = 200, description = "送信した順の結果", body = PutList))
)]
async fn record(
    State(app): State<App>,
    permit: Permit<ManageLifelogs>,
    Path(employee): Path<EmployeeId>,
    Json(body): Json<EntriesBody>,
) -> Result<Answer, Problem> {
    let entries = body.checked(app.clock().now())?;
    let puts = app.store.record_lifelog(&permit, employee, &entries).await?;
    Answer::ok(&PutList::of(&puts))
}

/// Shows days, weeks or months.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/lifelogs/series", operation_id = "readLifelogSeries", summary = "ライフログの推移",
    description = "1つの項目の日・週（月曜始まり）・月ごとの値を返します。1日の値は項目の規則で1つにまとめ（歩数は機器を優先し、スマートフォンと歩数計の値を合計しません）、週・月は記録のある日の平均（運動は合計）です。記録のない期間の値は null です。参照は監査証跡と閲覧履歴に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("metric" = String, Query, description = "項目（GET /v1/lifelog-metrics）", example = "steps"),
        ("step" = Option<String>, Query, description = "刻み（day：日、week：週、month：月。省略すると day）", example = "week"),
        ("from" = Option<String>, Query, description = "最初の日（省略すると最後の日の29日前）", example = "2026-10-01"),
        ("to" = Option<String>, Query, description = "最後の日（省略すると今日。期間は日で400日、週で1,100日、月で10年まで）", example = "2026-10-31")
    ),
    security(("token" = ["lifelogs.view"])), responses((status = 200, description = "推移", body = SeriesView))
)]
async fn daily(
    State(app): State<App>,
    permit: Permit<ViewLifelogs>,
    Path(employee): Path<EmployeeId>,
    Filters(query): Filters<SeriesQuery>,
) -> Result<Answer, Problem> {
    let Period { from, to } = query.period(app.clock().now().date())?;
    let days = app.store.lifelog_days(&permit, employee, query.metric, (from, to)).await?;
    let points = series(query.metric, &days, query.step, from, to);
    Answer::ok(&SeriesView::of(query.metric, query.step, &points, &days))
}

/// Draws days, weeks or months.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/lifelogs/chart", operation_id = "drawLifelogSeries", summary = "ライフログの推移の図",
    description = "推移（GET …/lifelogs/series）を、内容を文章でも読み取れる SVG の図で返します。参照は監査証跡と閲覧履歴に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"),
        ("metric" = String, Query, description = "項目（GET /v1/lifelog-metrics）", example = "steps"),
        ("step" = Option<String>, Query, description = "刻み（day：日、week：週、month：月。省略すると day）", example = "week"),
        ("from" = Option<String>, Query, description = "最初の日（省略すると最後の日の29日前）", example = "2026-10-01"),
        ("to" = Option<String>, Query, description = "最後の日（省略すると今日）", example = "2026-10-31")
    ),
    security(("token" = ["lifelogs.view"])),
    responses((status = 200, description = "図", content_type = "image/svg+xml", body = String))
)]
async fn chart(
    State(app): State<App>,
    permit: Permit<ViewLifelogs>,
    Path(employee): Path<EmployeeId>,
    Filters(query): Filters<SeriesQuery>,
) -> Result<Response, Problem> {
    let Period { from, to } = query.period(app.clock().now().date())?;
    let days = app.store.lifelog_days(&permit, employee, query.metric, (from, to)).await?;
    let points = series(query.metric, &days, query.step, from, to);
    Ok(svg_drawing(chart::of(query.metric, query.step, &points).svg()))
}

/// Reads an entry.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/lifelogs/{lifelog_entry_id}", operation_id = "readLifelog", summary = "ライフログの記録を確認する",
    description = "参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("lifelog_entry_id" = String, Path, description = "記録のID")),
    security(("token" = ["lifelogs.view"])), responses((status = 200, description = "記録", body = EntryView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewLifelogs>,
    Path((employee, id)): Path<(EmployeeId, LifelogEntryId)>,
) -> Result<Answer, Problem> {
    let entry = app.store.lifelog_entry(&permit, employee, id).await?;
    let view = EntryView::of(&entry).ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(&view)?.version(entry.version.into()))
}

/// Changes an entry.
#[utoipa::path(
    patch, path = "/v1/employees/{employee_id}/lifelogs/{lifelog_entry_id}", operation_id = "changeLifelog", summary = "ライフログの記録を変更する",
    description = "手入力の記録だけを変更できます（機器や取込による記録は409）。測定日時は同じ月の中で変更できます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("lifelog_entry_id" = String, Path, description = "記録のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = EntryChangeBody, security(("token" = ["lifelogs.manage"])),
    responses((status = 200, description = "変更後の記録", body = EntryView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageLifelogs>,
    Path(of): Path<(EmployeeId, LifelogEntryId)>,
    version: IfMatch,
    Json(body): Json<EntryChangeBody>,
) -> Result<Answer, Problem> {
    let changed = app.store.change_lifelog_entry(&permit, of, version.version(), body.checked()?).await?;
    let entry = changed.map_err(|faults| body::wrong_change(&faults))?.commit(&app.store).await?;
    let view = EntryView::of(&entry.record).ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(&view)?.version(entry.version))
}

/// Deletes an entry.
#[utoipa::path(
    delete, path = "/v1/employees/{employee_id}/lifelogs/{lifelog_entry_id}", operation_id = "deleteLifelog", summary = "ライフログの記録を削除する",
    description = "値はただちに消去されます。機器から同じ記録が再び送信されても復元しません。締め切り前の日であれば、ポイントの対象からも外れます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("lifelog_entry_id" = String, Path, description = "記録のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["lifelogs.manage"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<ManageLifelogs>,
    Path(of): Path<(EmployeeId, LifelogEntryId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_lifelog_entry(&permit, of, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Shows what is shared.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/lifelog-sharing", operation_id = "readLifelogSharing", summary = "ライフログの共有を確認する",
    description = "本人だけが確認できます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["lifelogs.manage"])), responses((status = 200, description = "共有している区分", body = SharingView))
)]
async fn sharing(
    State(app): State<App>,
    permit: Permit<ManageLifelogs>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let shared = app.store.lifelog_sharing(&permit, employee).await?;
    Ok(Answer::ok(&SharingView::of(&shared.record))?.version(shared.version))
}

/// Says what is shared from now on.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/lifelog-sharing", operation_id = "changeLifelogSharing", summary = "ライフログを産業医・保健師と共有する",
    description = "指定した区分だけを、会社の産業医・保健師が参照できるようにします（全体を置き換えます）。空にすると、ただちに誰も参照できなくなります。気分の記録は共有できません。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = SharingBody, security(("token" = ["lifelogs.manage"])),
    responses((status = 200, description = "変更後の共有", body = SharingView))
)]
async fn share(
    State(app): State<App>,
    permit: Permit<ManageLifelogs>,
    Path(employee): Path<EmployeeId>,
    version: IfMatch,
    Json(body): Json<SharingBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.share_lifelog(&permit, employee, version.version(), body.checked()?).await?;
    let shared = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&SharingView::of(&shared.record))?.version(shared.version))
}
