//! The report of a workplace (心理的な負担の程度を把握するための検査結果等報告書, 様式第6号の3).

use authz::{Permit, permission::ViewStressReports};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    ids::WorkplaceId,
    organisation::OrganisationName,
    report::form6_3::{FORM_VERSION, FormChoice, StressMissing, StressSheet, StressViolation, analysed},
};
use endpoint::{Answer, App, CsvEncoding, Filters, Path, Problem, csv_file, wants_csv};
use http::HeaderMap;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    said::{SaidBody, year_of},
    transcript,
};

/// In which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    encoding: Option<CsvEncoding>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form63)]
pub(crate) struct SheetView {
    /// 事業場のID。
    #[schema(value_type = String, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: WorkplaceId,
    /// 事業場の名称。
    #[schema(value_type = String, example = "東京本社")]
    workplace_name: OrganisationName,
    /// 対象年。
    #[schema(example = 2026)]
    year: i16,
    /// 検査実施年月の最後の実施日（対象年に締め切った最後の実施回の終了日）。ない場合は null です。
    #[schema(value_type = Option<String>, format = Date, example = "2026-10-30")]
    carried_out_on: Option<Date>,
    /// 在籍者数を数えた日（検査実施年月の末日）。
    #[schema(value_type = Option<String>, format = Date, example = "2026-10-31")]
    counted_on: Option<Date>,
    /// その日に、この事業場に在籍する従業員の登録上の人数（参考）。
    #[schema(example = 104)]
    registered: u32,
    /// 検査を受けた労働者数（対象年に締め切った実施回で回答した、この事業場の実人数）。
    #[schema(example = 95)]
    examined: u32,
    /// 入力した内容。
    said: SaidBody,
    /// 検査を実施した者（様式の番号と名称）。
    carried_out_by: Option<ChoiceView>,
    /// 面接指導を実施した医師（様式の番号と名称）。
    interviewed_by: Option<ChoiceView>,
    /// 集団ごとの分析の実施の有無（様式の番号と名称）。
    analysed: Option<ChoiceView>,
    /// 様式の版。
    #[schema(example = "2015-12")]
    form_version: &'static str,
    /// 報告の義務があるかどうか（在籍労働者数が50人以上）。在籍労働者数を入力していない場合は null です。
    #[schema(example = true)]
    must_report: Option<bool>,
    /// 数値の矛盾。
    violations: Vec<ViolationView>,
    /// 未入力の欄。
    #[schema(value_type = Vec<String>, example = json!(["enrolled"]))]
    missing: Vec<StressMissing>,
}

/// A choice of the form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form63Choice)]
struct ChoiceView {
    /// 様式の番号。
    #[schema(example = 1)]
    number: u8,
    /// 名称。
    #[schema(example = "事業場選任の産業医")]
    name: &'static str,
}

/// What contradicts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form63Violation)]
struct ViolationView {
    /// 矛盾の種類。
    #[schema(value_type = String, example = "examined_above_enrolled")]
    code: StressViolation,
    /// 確認すること。
    #[schema(example = "面接指導を受けた労働者数が、検査を受けた労働者数を超えています。")]
    detail: &'static str,
}

impl SheetView {
    fn of(workplace_id: WorkplaceId, sheet: &StressSheet) -> Self {
        let choice = |(number, name): FormChoice| ChoiceView { number, name };
        let violation = |code: StressViolation| ViolationView { code, detail: code.japanese() };
        Self {
            workplace_id,
            workplace_name: sheet.workplace.clone(),
            year: sheet.year,
            carried_out_on: sheet.carried_out_on,
            counted_on: sheet.counted_on(),
            registered: sheet.registered,
            examined: sheet.examined,
            said: sheet.said.clone().into(),
            carried_out_by: sheet.said.carried_out_by.map(|by| choice(by.choice())),
            interviewed_by: sheet.said.interviewed_by.map(|by| choice(by.choice())),
            analysed: sheet.said.analysed.map(|done| choice(analysed(done))),
            form_version: FORM_VERSION,
            must_report: sheet.must_report(),
            violations: sheet.violations().into_iter().map(violation).collect(),
            missing: sheet.missing(),
        }
    }
}

/// Counts the report.
#[utoipa::path(
    get, path = "/v1/stress-reports/{workplace_id}/{year}", operation_id = "readForm63", summary = "検査結果等報告書（様式第6号の3）の集計",
    description = "事業場と対象年を指定し、その年に締め切った実施回で回答した人数（実人数）を、締切日の所属で集計します。在籍労働者数、検査を実施した者、面接指導、集団ごとの分析の実施の有無は、入力した内容（settings）を示します。高ストレス者の人数は、様式になく、集計もしません。violations は数値の矛盾、missing は未入力の欄です。Accept: text/csv または encoding を指定すると、転記用の CSV を返します。集計は監査証跡に記録されます。",
    params(
        ("workplace_id" = String, Path, description = "事業場のID"), ("year" = i16, Path, description = "対象年（西暦）", example = 2026),
        ("encoding" = Option<String>, Query, description = "CSV の文字コード（utf8 または shift_jis）。指定すると CSV を返します", example = "shift_jis")
    ),
    security(("token" = ["stress_checks.reports"])),
    responses((status = 200, description = "報告書", content((SheetView = "application/json"), (String = "text/csv"), (String = "application/octet-stream"))))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewStressReports>,
    headers: HeaderMap,
    Path((workplace, year)): Path<(WorkplaceId, i16)>,
    Filters(query): Filters<ReportQuery>,
) -> Result<Response, Problem> {
    let sheet = app.store.stress_report(&permit, workplace, year_of(year)?).await?;
    let answer = Answer::ok(&SheetView::of(workplace, &sheet))?.into_response();
    if query.encoding.is_none() && !wants_csv(&headers) {
        return Ok(answer);
    }
    csv_file(answer, "form-6-3.csv", &transcript::of_report(&sheet), query.encoding.unwrap_or_default())
}
