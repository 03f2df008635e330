//! Papers of the stress check: a group's figures for whoever leads it, and the report of a workplace (様式第6号の3).

use authz::{
    Permit,
    permission::{ViewStressAnalysis, ViewStressReports},
};
use axum::{extract::State, response::Response};
use domain::{
    ids::{StressRoundId, WorkplaceId},
    report::form6_3::YEARS,
    stress::{
        analysis::RiskModel,
        suppression::{Group, GroupKind},
    },
};
use endpoint::{App, Fault, Filters, Kind, Path, Problem};
use papers::GroupPaper;
use serde::Deserialize;

use crate::answer;

/// Which group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupQuery {
    kind: GroupKind,
    id: Option<String>,
    coefficients: Option<String>,
}

/// Prints a group's figures.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/analysis/pdf", operation_id = "printStressGroup", summary = "集団分析結果（PDF）",
    description = "1つの集団の平均点、健康リスク、仕事のストレス判定図を PDF で返します。Accept: application/pdf を指定してください。表示できない集団（回答者が10人未満の集団など）と、参照できない集団は404です。全体の値は、契約企業の全体を参照できる場合にだけ記載します。参照は監査証跡に記録されます。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("kind" = String, Query, description = "集団の種類（whole、workplace、department、label、sex、age）", example = "department"),
        ("id" = Option<String>, Query, description = "事業場・部署・ラベルのID、または性別・年代。全体では省略します"),
        ("coefficients" = Option<String>, Query, description = "健康リスクの係数（既定は classic）", example = "classic")
    ),
    security(("token" = ["stress_checks.analysis"])),
    responses((status = 200, description = "集団分析結果", content_type = "application/pdf", body = String))
)]
pub(crate) async fn group(
    State(app): State<App>,
    permit: Permit<ViewStressAnalysis>,
    Path(round): Path<StressRoundId>,
    Filters(query): Filters<GroupQuery>,
) -> Result<Response, Problem> {
    let model = RiskModel::of(query.coefficients.as_deref().unwrap_or("classic")).ok_or_else(|| {
        let detail = "coefficients には、説明にある係数の名称を指定してください。";
        Problem::new(Kind::BadQuery).with(Fault::at("coefficients", "unknown_coefficients", detail))
    })?;
    let analysis = app.store.stress_analysis(&permit, round).await?;
    let is_it = |group: &Group| group.kind() == query.kind && group.id() == query.id;
    let found = analysis.groups.iter().find(|of| is_it(&of.group)).ok_or_else(|| Problem::new(Kind::NotFound))?;
    let whole = analysis.groups.iter().find(|of| of.group == Group::Whole);
    let paper = papers::group(&GroupPaper {
        title: &analysis.of.title,
        name: &found.name,
        as_of: analysis.of.as_of,
        tally: &found.tally,
        whole: whole.map(|whole| &whole.tally),
        model: Some(model).filter(|_| analysis.of.with_risks),
    });
    answer(&paper, &format!("stress-analysis-{round}.pdf"))
}

/// Prints a report.
#[utoipa::path(
    get, path = "/v1/stress-reports/{workplace_id}/{year}/pdf", operation_id = "printForm63", summary = "検査結果等報告書（様式第6号の3）",
    description = "現在の集計と入力した内容を、様式の配置で PDF にして返します。Accept: application/pdf を指定してください。参照は監査証跡に記録されます。",
    params(("workplace_id" = String, Path, description = "事業場のID"), ("year" = i16, Path, description = "対象年（西暦）", example = 2026)),
    security(("token" = ["stress_checks.reports"])),
    responses((status = 200, description = "報告書", content_type = "application/pdf", body = String))
)]
pub(crate) async fn report(
    State(app): State<App>,
    permit: Permit<ViewStressReports>,
    Path((workplace, year)): Path<(WorkplaceId, i16)>,
) -> Result<Response, Problem> {
    if !YEARS.contains(&year) {
        return Err(Problem::new(Kind::NotFound));
    }
    let sheet = app.store.stress_report(&permit, workplace, year).await?;
    answer(&papers::form6_3(&sheet), &format!("form-6-3-{year}.pdf"))
}
