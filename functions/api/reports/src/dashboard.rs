//! The dashboard of workplaces.

use std::collections::BTreeMap;

use authz::{Permit, permission::ViewReports};
use axum::extract::State;
use domain::{
    ids::WorkplaceId,
    report::dashboard::{Counts, Heads},
    time::{Jst, Month},
};
use endpoint::{Answer, App, Fault, Filters, Kind, Problem};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Dashboard, OfWorkplace, Share, YearFigures};
use utoipa::ToSchema;

/// How many years back there may be figures.
const OLDEST: i16 = 10;

/// Which year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DashboardQuery {
    fiscal_year: Option<i16>,
}

/// The fiscal year that was asked for, or the one that runs.
pub(crate) async fn asked_year(app: &App, permit: &Permit<ViewReports>, asked: Option<i16>) -> Result<i16, Problem> {
    let now = app.store.fiscal_year_now(permit).await?;
    let year = asked.unwrap_or(now);
    if (now - OLDEST..=now).contains(&year) {
        return Ok(year);
    }
    let detail = "fiscal_year には、今年度までの10年度のいずれかを指定してください。";
    Err(Problem::new(Kind::BadQuery).with(Fault::at("fiscal_year", "out_of_range", detail)))
}

/// A share of people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardShare)]
struct ShareView {
    /// 人数。
    #[schema(example = 96)]
    count: u32,
    /// 対象の人数。
    #[schema(example = 100)]
    of: u32,
    /// 割合（%、小数第1位まで）。
    #[schema(example = 96.0)]
    percent: f64,
}

/// Per cent, to one decimal.
pub(crate) fn percent(share: Share) -> f64 {
    (f64::from(share.count) * 1000.0 / f64::from(share.of.max(1))).round() / 10.0
}

impl From<Share> for ShareView {
    fn from(share: Share) -> Self {
        Self { count: share.count, of: share.of, percent: percent(share) }
    }
}

/// People over the lines of overwork.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardOverworkHeads)]
#[expect(clippy::struct_field_names, reason = "the lines have no other names in JSON")]
struct HeadsView {
    /// 月45時間を超えた人数。
    #[schema(example = 12)]
    over_45: u32,
    /// 月60時間を超えた人数。
    #[schema(example = 5)]
    over_60: u32,
    /// 月80時間を超えた人数。
    #[schema(example = 2)]
    over_80: u32,
    /// 月100時間を超えた人数。
    #[schema(example = 0)]
    over_100: u32,
}

impl From<&Heads> for HeadsView {
    fn from(heads: &Heads) -> Self {
        let Heads { over_45, over_60, over_80, over_100 } = *heads;
        Self { over_45, over_60, over_80, over_100 }
    }
}

/// People over the lines of overwork in a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardOverworkMonth)]
struct MonthView {
    /// 月。
    #[schema(value_type = String, example = "2026-10")]
    month: Month,
    #[serde(flatten)]
    heads: HeadsView,
}

/// Overwork of a year.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardOverwork)]
struct OverworkView {
    /// 年度のうち最も長い月で数えた人数。
    year: HeadsView,
    /// 月ごとの人数。超えた人のいない月は含みません。
    months: Vec<MonthView>,
    /// 長時間労働について、会社側の対応（通知・面接指導など）が必要な件数。
    #[schema(example = 3)]
    tasks: u32,
    /// そのうち、期限を過ぎている件数。
    #[schema(example = 1)]
    overdue: u32,
}

/// Interviews about which something is to be done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardInterviews)]
struct InterviewsView {
    /// 年度の末日までに申出・登録され、実施、医師の意見または事業者の決定が済んでいない件数（健康相談と保健指導を除きます）。
    #[schema(example = 4)]
    due: u32,
    /// そのうち、期限（予約済みの場合は面談の日）を過ぎている件数。
    #[schema(example = 1)]
    overdue: u32,
}

/// Figures of a year.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardFigures)]
struct FiguresView {
    /// 年度。
    #[schema(example = 2026)]
    fiscal_year: i16,
    /// 所属を判定した日（年度の末日。今年度は集計日）。
    #[schema(value_type = String, format = Date, example = "2026-11-28")]
    stands_on: Date,
    /// 集計した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T03:30:00.000+09:00")]
    counted_at: Jst,
    /// 在籍者数。10人未満の場合と、ほかの事業場との差から10人未満の数値が分かる場合は null です（以下の項目も同じです）。
    #[schema(example = 100)]
    employed: Option<u32>,
    /// 定期健康診断等を受診した人数。
    attendance: Option<ShareView>,
    /// 受診者のうち、所見のあった人数（受診日の所属と、様式第6号の判定基準によります）。
    findings: Option<ShareView>,
    /// 年度に始まったストレスチェックに回答した人数。会社全体で回答がない年度は null です。
    stress_check: Option<ShareView>,
    /// 長時間労働。
    overwork: Option<OverworkView>,
    /// 面談・面接指導。
    interviews: Option<InterviewsView>,
}

fn overwork(counts: &Counts) -> OverworkView {
    let months: &BTreeMap<Month, Heads> = &counts.months;
    OverworkView {
        year: (&counts.overwork).into(),
        months: months.iter().map(|(month, heads)| MonthView { month: *month, heads: heads.into() }).collect(),
        tasks: counts.tasks,
        overdue: counts.overdue,
    }
}

/// Who of those employed was examined.
pub(crate) fn attendance(figures: &YearFigures) -> Option<Share> {
    figures.counts.as_ref().map(|of| Share { count: of.examined, of: of.employed })
}

impl From<&YearFigures> for FiguresView {
    fn from(figures: &YearFigures) -> Self {
        Self {
            fiscal_year: figures.year,
            stands_on: figures.stands_on,
            counted_at: figures.counted_at,
            employed: figures.counts.as_ref().map(|of| of.employed),
            attendance: attendance(figures).map(ShareView::from),
            findings: figures.findings.map(ShareView::from),
            stress_check: figures.answered.map(ShareView::from),
            overwork: figures.counts.as_ref().map(overwork),
            interviews: figures
                .counts
                .as_ref()
                .map(|of| InterviewsView { due: of.interviews, overdue: of.interviews_overdue }),
        }
    }
}

/// A year beside the one before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardComparison)]
struct ComparisonView {
    /// 指定した年度。まだ集計されていない場合は null です。
    year: Option<FiguresView>,
    /// 前年度。集計されていない場合は null です。
    previous: Option<FiguresView>,
}

impl ComparisonView {
    fn of(year: Option<&YearFigures>, previous: Option<&YearFigures>) -> Self {
        Self { year: year.map(FiguresView::from), previous: previous.map(FiguresView::from) }
    }
}

/// A workplace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardWorkplace)]
struct WorkplaceView {
    /// 事業場のID。
    #[schema(value_type = String, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: WorkplaceId,
    /// 事業場の名称。
    #[schema(example = "本社")]
    name: String,
    #[serde(flatten)]
    figures: ComparisonView,
}

impl From<&OfWorkplace> for WorkplaceView {
    fn from(of: &OfWorkplace) -> Self {
        let figures = ComparisonView::of(of.year.as_ref(), of.before.as_ref());
        Self { workplace_id: of.workplace, name: of.name.clone(), figures }
    }
}

/// The dashboard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dashboard)]
pub(crate) struct DashboardView {
    /// 年度。
    #[schema(example = 2026)]
    fiscal_year: i16,
    /// 会社全体。全体を参照できない場合は null です。
    whole: Option<ComparisonView>,
    /// 参照できる事業場（コード順）。
    workplaces: Vec<WorkplaceView>,
}

impl From<&Dashboard> for DashboardView {
    fn from(dashboard: &Dashboard) -> Self {
        let whole = dashboard.whole.as_ref();
        Self {
            fiscal_year: dashboard.year,
            whole: whole.map(|(year, before)| ComparisonView::of(year.as_ref(), before.as_ref())),
            workplaces: dashboard.workplaces.iter().map(WorkplaceView::from).collect(),
        }
    }
}

/// Shows the dashboard.
#[utoipa::path(
    get, path = "/v1/reports/dashboard", operation_id = "readDashboard", summary = "事業場別のダッシュボード",
    description = "受診率・有所見率・ストレスチェックの回答率・長時間労働の人数、対応が必要な面談の件数を、事業場ごとに前年度と並べて返します。毎日午前3時30分に集計し、年度の末日（今年度は集計日）の所属で数えます。10人未満の数値と、公表する数値の差から10人未満の数値が分かるものは null です。表示する範囲は、参照する方にかかわらず会社全体で決まります。参照は監査証跡に記録されます。",
    params(("fiscal_year" = Option<i16>, Query, description = "年度（省略すると今年度。10年前まで）", example = 2026)),
    security(("token" = ["reports.view"])), responses((status = 200, description = "ダッシュボード", body = DashboardView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    Filters(query): Filters<DashboardQuery>,
) -> Result<Answer, Problem> {
    let year = asked_year(&app, &permit, query.fiscal_year).await?;
    let dashboard = app.store.dashboard(&permit, year).await?;
    Answer::ok(&DashboardView::from(&dashboard))
}
