//! The judgement diagrams (仕事のストレス判定図) as drawings.

use authz::{Permit, permission::ViewStressAnalysis};
use axum::{extract::State, response::Response};
use charts::{Contour, JudgementChart, Mark};
use domain::{
    ids::StressRoundId,
    stress::{
        analysis::{Diagram, RiskModel, Risks, Which, shown},
        suppression::GroupKind,
    },
};
use endpoint::{App, Filters, Path, Problem, svg_drawing};
use serde::{Deserialize, Serialize};
use store::StressAnalysis;

use crate::filter::{model, narrow};

/// Which diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Drawing {
    LoadAndControl,
    Support,
}

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChartQuery {
    kind: Option<GroupKind>,
    id: Option<String>,
    coefficients: Option<String>,
}

/// The risks whose lines are drawn.
const LINES: [f64; 6] = [80.0, 90.0, 100.0, 110.0, 120.0, 150.0];

impl Drawing {
    const fn which(self) -> Which {
        match self {
            Self::LoadAndControl => Which::LoadAndControl,
            Self::Support => Which::Support,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::LoadAndControl => "量-コントロール判定図",
            Self::Support => "職場の支援判定図",
        }
    }

    const fn axes(self) -> (&'static str, &'static str) {
        match self {
            Self::LoadAndControl => ("仕事の量的負担", "仕事のコントロール"),
            Self::Support => ("上司の支援", "同僚の支援"),
        }
    }

    const fn at(self, diagram: Diagram) -> (f64, f64) {
        match self {
            Self::LoadAndControl => (diagram.quantity, diagram.control),
            Self::Support => (diagram.supervisor, diagram.coworkers),
        }
    }

    const fn risk(self, risks: Risks) -> f64 {
        match self {
            Self::LoadAndControl => risks.load_and_control,
            Self::Support => risks.support,
        }
    }
}

/// A diagram with the groups of an analysis. Lines and the national mean are those of a group with as many women as the largest that is drawn.
fn drawn(analysis: &StressAnalysis, drawing: Drawing, model: &RiskModel) -> JudgementChart {
    let largest = analysis.groups.iter().max_by_key(|of| of.tally.respondents());
    let female = largest.map_or(0.0, |of| of.tally.female_share());
    let with_risks = analysis.of.with_risks;
    let group = |of: &store::AnalysedGroup| {
        let diagram = of.tally.diagram()?;
        let (x, y) = drawing.at(diagram);
        let risks = model.risks(diagram, of.tally.female_share());
        let risk =
            if with_risks { format!("、健康リスク {}", shown(drawing.risk(risks))) } else { String::new() };
        let says = format!("{x:.2}・{y:.2}（{}人{risk}）", of.tally.respondents());
        Some(Mark { label: of.name.clone(), at: (x, y), says })
    };
    let line =
        |risk: f64| Contour { label: format!("{risk:.0}"), points: model.contour(drawing.which(), risk, female) };
    let at = drawing.at(model.means(female));
    let (horizontal, vertical) = drawing.axes();
    JudgementChart {
        title: format!("{}　{}", drawing.title(), analysis.of.title),
        axes: (horizontal.to_owned(), vertical.to_owned()),
        contours: if with_risks { LINES.map(line).to_vec() } else { Vec::new() },
        reference: Mark { label: "全国平均".to_owned(), at, says: format!("{:.2}・{:.2}", at.0, at.1) },
        groups: analysis.groups.iter().filter_map(group).collect(),
    }
}

/// Draws a diagram.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/analysis/charts/{chart}", operation_id = "drawStressDiagram", summary = "仕事のストレス判定図",
    description = "判定図を SVG で返します。点は、集団分析で表示できる集団だけです。破線は健康リスクが等しい線で、男女の割合が、示した集団のうち最も大きい集団と同じ場合のものです。参照は監査証跡に記録されます。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("chart" = String, Path, description = "判定図（load-and-control：量-コントロール判定図、support：職場の支援判定図）", example = "load-and-control"),
        ("kind" = Option<String>, Query, description = "集団の種類（whole、workplace、department、label、sex、age）", example = "department"),
        ("id" = Option<String>, Query, description = "事業場・部署・ラベルのID、または性別・年代"),
        ("coefficients" = Option<String>, Query, description = "健康リスクの係数", example = "classic")
    ),
    security(("token" = ["stress_checks.analysis"])),
    responses((status = 200, description = "図", content_type = "image/svg+xml", body = String))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewStressAnalysis>,
    Path((round, drawing)): Path<(StressRoundId, Drawing)>,
    Filters(query): Filters<ChartQuery>,
) -> Result<Response, Problem> {
    let model = model(query.coefficients.as_deref())?;
    let mut analysis = app.store.stress_analysis(&permit, round).await?;
    narrow(&mut analysis, query.kind, query.id.as_deref());
    Ok(svg_drawing(drawn(&analysis, drawing, model).svg()))
}
