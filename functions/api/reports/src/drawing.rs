//! The dashboard as a drawing: one figure of all workplaces, each year beside the one before.

use authz::{Permit, permission::ViewReports};
use axum::{extract::State, response::Response};
use charts::{Bar, BarChart};
use endpoint::{App, Filters, Problem, svg_drawing};
use serde::Deserialize;
use store::{Dashboard, Share, YearFigures};

use crate::dashboard::{asked_year, attendance, percent};

/// Which figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Figure {
    Attendance,
    Findings,
    StressCheck,
    Overwork,
}

/// Which figure of which year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrawingQuery {
    figure: Figure,
    fiscal_year: Option<i16>,
}

impl Figure {
    const fn title(self) -> &'static str {
        match self {
            Self::Attendance => "健康診断の受診率",
            Self::Findings => "健康診断の有所見率",
            Self::StressCheck => "ストレスチェックの回答率",
            Self::Overwork => "月80時間を超えた人数",
        }
    }

    /// The length of a bar, and how it is read; none where the figure is not told.
    fn of(self, figures: &YearFigures) -> Option<(f64, String)> {
        let share =
            |share: Share| (percent(share), format!("{:.1}%（{}/{}人）", percent(share), share.count, share.of));
        match self {
            Self::Attendance => attendance(figures).map(share),
            Self::Findings => figures.findings.map(share),
            Self::StressCheck => figures.answered.map(share),
            Self::Overwork => {
                let over = figures.counts.as_ref()?.overwork.over_80;
                Some((f64::from(over), format!("{over}人")))
            }
        }
    }
}

fn drawn(dashboard: &Dashboard, figure: Figure) -> BarChart {
    let bar = |name: &str, figures: &YearFigures| {
        let (value, says) = figure.of(figures).unzip();
        Bar {
            label: format!("{name} {}年度", figures.year), value, says: says.unwrap_or_else(|| "非表示".to_owned())
        }
    };
    let whole = dashboard.whole.iter().flat_map(|(year, before)| [year, before].map(|of| ("会社全体", of.as_ref())));
    let workplaces = dashboard
        .workplaces
        .iter()
        .flat_map(|of| [&of.year, &of.before].map(|figures| (of.name.as_str(), figures.as_ref())));
    let bars = whole.chain(workplaces).filter_map(|(name, figures)| Some(bar(name, figures?))).collect();
    let is_share = figure != Figure::Overwork;
    BarChart {
        title: format!("{}（{}年度）", figure.title(), dashboard.year),
        unit: if is_share { "%" } else { "人" }.to_owned(),
        highest: is_share.then_some(100.0),
        bars,
    }
}

/// Draws a figure.
#[utoipa::path(
    get, path = "/v1/reports/dashboard/chart", operation_id = "drawDashboard", summary = "事業場別のダッシュボードの図",
    description = "ダッシュボード（GET /v1/reports/dashboard）の1つの数値を、内容を文章でも読み取れる SVG の図で返します。参照は監査証跡に記録されます。",
    params(
        ("figure" = String, Query, description = "数値（attendance：受診率、findings：有所見率、stress_check：ストレスチェックの回答率、overwork：月80時間を超えた人数）", example = "attendance"),
        ("fiscal_year" = Option<i16>, Query, description = "年度（省略すると今年度。10年前まで）", example = 2026)
    ),
    security(("token" = ["reports.view"])),
    responses((status = 200, description = "図", content_type = "image/svg+xml", body = String))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    Filters(query): Filters<DrawingQuery>,
) -> Result<Response, Problem> {
    let year = asked_year(&app, &permit, query.fiscal_year).await?;
    let dashboard = app.store.dashboard(&permit, year).await?;
    Ok(svg_drawing(drawn(&dashboard, query.figure).svg()))
}
