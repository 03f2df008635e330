//! Statutory reports (行政への報告): the report of periodic checkups of a workplace (定期健康診断結果報告書, 様式第6号), `/v1/reports/form-6`; and the dashboard of workplaces.

mod dashboard;
mod drawing;
mod frozen;
mod persons;
mod settings;
mod sheet;
mod transcript;

use authz::{Permit, permission::ViewReports};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    ids::WorkplaceId,
    report::form6::{Period, Sheet},
};
use endpoint::{Answer, App, CsvEncoding, Door, Fault, Filters, Kind, Problem, csv_file, wants_csv};
use http::HeaderMap;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::sheet::SheetView;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "reports",
        heading: "行政への報告",
        routes: OpenApiRouter::new()
            .routes(routes!(figures))
            .routes(routes!(persons::list))
            .routes(routes!(settings::read_rule, settings::change_rule))
            .routes(routes!(settings::read, settings::change))
            .routes(routes!(frozen::list, frozen::freeze))
            .routes(routes!(frozen::read))
            .routes(routes!(dashboard::read))
            .routes(routes!(drawing::read)),
    }
}

/// Which report, and in which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FiguresQuery {
    workplace_id: WorkplaceId,
    from: Date,
    to: Date,
    encoding: Option<CsvEncoding>,
}

/// A period of at most a year.
fn period(from: Date, to: Date) -> Result<Period, Problem> {
    Period::new(from, to).ok_or_else(|| {
        let detail = "from から to までを、1年以内の期間で指定してください。";
        Problem::new(Kind::BadQuery).with(Fault::at("to", "period_invalid", detail))
    })
}

/// A sheet as JSON, or as a file where the caller asks for one.
fn answer(
    sheet: &Sheet,
    view: Answer,
    headers: &HeaderMap,
    encoding: Option<CsvEncoding>,
) -> Result<Response, Problem> {
    let answer = view.into_response();
    if encoding.is_none() && !wants_csv(headers) {
        return Ok(answer);
    }
    csv_file(answer, "form-6.csv", &transcript::of(sheet), encoding.unwrap_or_default())
}

/// Counts the report.
#[utoipa::path(
    get, path = "/v1/reports/form-6", operation_id = "readForm6", summary = "定期健康診断結果報告書（様式第6号）の集計",
    description = "事業場と期間を指定し、定期健康診断と特定業務従事者健康診断（法定項目を満たす人間ドック等を含む）を、受診日の所属で集計します。1人に複数の受診がある場合は、後の受診を数えます。violations は数値の矛盾、missing は未入力の欄です。Accept: text/csv を指定すると、転記用の CSV（UTF-8、BOM付き）を返します。encoding=shift_jis を指定すると、シフトJISの CSV を返します（表せない文字がある場合は422）。集計は監査証跡に記録されます。",
    params(
        ("workplace_id" = String, Query, description = "事業場のID", example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"),
        ("from" = String, Query, description = "期間の最初の日", example = "2026-04-01"),
        ("to" = String, Query, description = "期間の最後の日（1年以内）", example = "2027-03-31"),
        ("encoding" = Option<String>, Query, description = "CSV の文字コード（utf8 または shift_jis）。指定すると CSV を返します", example = "shift_jis")
    ),
    security(("token" = ["reports.view"])),
    responses((status = 200, description = "報告書", content((SheetView = "application/json"), (String = "text/csv"), (String = "application/octet-stream"))))
)]
async fn figures(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    headers: HeaderMap,
    Filters(query): Filters<FiguresQuery>,
) -> Result<Response, Problem> {
    let period = period(query.from, query.to)?;
    let sheet = app.store.report(&permit, query.workplace_id, period).await?;
    let view = Answer::ok(&SheetView::of(query.workplace_id, &sheet))?;
    answer(&sheet, view, &headers, query.encoding)
}
