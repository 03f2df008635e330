//! Checkups (健康診断): `/v1/checkups`, `/v1/employees/{employee_id}/checkups`, and the catalogue of items.

mod items;
mod view;

use authz::{
    Permit,
    permission::{ReadReference, ViewCheckups},
};
use axum::extract::State;
use domain::ids::{CheckupId, EmployeeId};
use endpoint::{Answer, App, Door, Filters, Pages, Path, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    items::{ItemCatalogue, catalogue},
    view::{CheckupList, CheckupPage, CheckupView},
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
            .routes(routes!(of_employee))
            .routes(routes!(read)),
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

/// Lists the items of the catalogue.
#[utoipa::path(
    get, path = "/v1/checkups/items", operation_id = "listCheckupItems", summary = "健診項目の一覧",
    description = "単位・小数点以下の桁数・妥当な範囲・回答の選択肢・JLAC10コード・取込で使える見出しを返します。",
    security(("token" = ["reference.read"])), responses((status = 200, description = "健診項目", body = ItemCatalogue))
)]
async fn items(_permit: Permit<ReadReference>) -> Result<Answer, Problem> {
    Answer::ok(&catalogue())
}
