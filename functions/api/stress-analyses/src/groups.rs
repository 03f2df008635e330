//! Groups and their figures.

use authz::{Permit, permission::ViewStressAnalysis};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    ids::{AccountId, StressRoundId},
    stress::{
        analysis::{Band, Diagram, Level, NORMS_SOURCE, RiskModel, Tally, shown},
        questionnaire::Questionnaire,
        scales::{ROWS, Scale},
        suppression::{GroupKind, LEAST},
    },
    time::Jst,
};
use endpoint::{App, CsvEncoding, Filters, Pages, Path, Problem, csv_file, limit, wants_csv};
use http::{HeaderMap, Uri};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{AnalysedGroup, StressAnalysis};
use utoipa::ToSchema;

use crate::{
    filter::{model, narrow},
    transcript,
};

/// What is asked for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupsQuery {
    kind: Option<GroupKind>,
    id: Option<String>,
    coefficients: Option<String>,
    compare_with: Option<StressRoundId>,
    #[serde(skip_serializing)]
    encoding: Option<CsvEncoding>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of groups.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressAnalysisPage)]
pub(crate) struct AnalysisPage {
    analysis: AnalysisView,
    items: Vec<GroupView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// What the figures are about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressAnalysis)]
struct AnalysisView {
    /// 実施回のID。
    #[schema(value_type = String, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    round_id: StressRoundId,
    /// 実施回の名称。
    #[schema(example = "2026年度ストレスチェック")]
    title: String,
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 所属・年齢の基準日（締切日）。
    #[schema(value_type = String, format = Date, example = "2026-10-30")]
    as_of: Date,
    /// 集団分析を行った日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-10T09:00:00.000+09:00")]
    made_at: Jst,
    /// 集団分析を行ったアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    made_by: AccountId,
    /// 表示する集団の回答者数の下限。
    #[schema(example = 10)]
    least_respondents: u32,
    /// 健康リスクの係数。健康リスクを示さない実施回では null です。
    coefficients: Option<ModelView>,
    /// 80項目の全国標準値の出典。80項目以外では null です。
    #[schema(example = "新職業性ストレス簡易調査票 推奨尺度セット短縮版（全国標準値）")]
    norms_source: Option<&'static str>,
}

/// Coefficients.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressCoefficients)]
struct ModelView {
    /// 係数の名称。
    #[schema(example = "classic")]
    code: &'static str,
    /// 係数。
    #[schema(example = "仕事のストレス判定図（男女別）")]
    name: &'static str,
    /// 出典。
    #[schema(example = "仕事のストレス判定図（職業性ストレス簡易調査票、東京大学技術資料）の男女別係数")]
    source: &'static str,
    /// 男女が混在する集団の計算方法。
    #[schema(example = "男女の係数を人数で重み付けし、集団の平均点に適用しています。")]
    mixed: &'static str,
}

const MIXED: &str = "男女の係数を人数で重み付けし、集団の平均点に適用しています。";

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressGroup)]
struct GroupView {
    /// 集団の種類（`whole`：全体、`workplace`：事業場、`department`：部署（下位の部署を含む）、`label`：ラベル、`sex`：性別、`age`：年代）。
    #[schema(value_type = String, example = "department")]
    kind: GroupKind,
    /// 事業場・部署・ラベルのID、または性別・年代の名称。全体では null です。
    #[schema(example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: Option<String>,
    /// 集団の名称（集団分析を行ったとき）。
    #[schema(example = "製造部")]
    name: String,
    #[serde(flatten)]
    figures: FiguresView,
    /// 比較する実施回の同じ集団。比較しない場合と、その集団が表示されない場合は null です。
    before: Option<FiguresView>,
}

/// A group's figures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressGroupFigures)]
struct FiguresView {
    /// 回答者数（すべての設問に回答した人数）。
    #[schema(example = 42)]
    respondents: u32,
    /// 仕事のストレス判定図の座標（平均点、3～12）。
    diagram: Option<DiagramView>,
    /// 健康リスク（全国平均100）。
    risks: Option<RisksView>,
    /// 尺度の平均点（素点）。
    scales: Vec<ScaleView>,
    /// 80項目で追加された尺度の平均点（1～4、高いほど良好）。80項目以外では空です。
    further: Vec<FurtherView>,
}

/// A place in the diagrams.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressDiagram)]
struct DiagramView {
    /// 仕事の量的負担。
    #[schema(example = 8.91)]
    quantity: f64,
    /// 仕事のコントロール。
    #[schema(example = 7.62)]
    control: f64,
    /// 上司の支援。
    #[schema(example = 7.4)]
    supervisor_support: f64,
    /// 同僚の支援。
    #[schema(example = 8.05)]
    coworker_support: f64,
}

/// Risks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressRisks)]
struct RisksView {
    /// 量-コントロール判定図の健康リスク（小数点以下切捨て）。
    #[schema(example = 106)]
    load_and_control: u32,
    /// 職場の支援判定図の健康リスク（小数点以下切捨て）。
    #[schema(example = 107)]
    support: u32,
    /// 総合健康リスク（切り捨てる前の値の積から計算し、小数点以下切捨て）。
    #[schema(example = 113)]
    total: u32,
    /// 総合健康リスクの目安（`good`：100未満、`watch`：100～119、`attention`：120～149、`act`：150以上）。
    #[schema(value_type = String, example = "watch")]
    band: Band,
    /// 目安の表示。
    #[schema(example = "経過をみる")]
    band_name: &'static str,
}

/// A scale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressGroupScale)]
struct ScaleView {
    /// 尺度のキー。
    #[schema(value_type = String, example = "quantity")]
    scale: Scale,
    /// 尺度。
    #[schema(example = "心理的な仕事の負担（量）")]
    name: &'static str,
    /// 平均点。
    #[schema(example = 8.91)]
    mean: f64,
    /// 取りうる最低の点数。
    #[schema(example = 3)]
    lowest: u8,
    /// 取りうる最高の点数。
    #[schema(example = 12)]
    highest: u8,
}

/// A further scale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressGroupFurtherScale)]
struct FurtherView {
    /// 尺度のキー。
    #[schema(example = "role_clarity")]
    scale: &'static str,
    /// 尺度。
    #[schema(example = "役割明確さ")]
    name: &'static str,
    /// 尺度の分類（`demand`：負担、`task`：作業、`department`：部署、`workplace`：事業場、`outcome`：アウトカム）。
    #[schema(value_type = String, example = "task")]
    level: Level,
    /// 平均点。
    #[schema(example = 3.25)]
    mean: f64,
    /// 全国の標準値（全体）。
    #[schema(example = 3.41)]
    norm: f64,
}

/// Two decimals, as they are read.
pub(crate) fn rounded(mean: f64) -> f64 {
    (mean * 100.0).round() / 100.0
}

impl FiguresView {
    fn of(tally: &Tally, model: Option<&RiskModel>) -> Self {
        let diagram = tally.diagram();
        let risks = model.zip(diagram).map(|(model, diagram)| {
            let risks = model.risks(diagram, tally.female_share());
            let total = shown(risks.total);
            RisksView {
                load_and_control: shown(risks.load_and_control),
                support: shown(risks.support),
                total,
                band: Band::of(total),
                band_name: Band::of(total).japanese(),
            }
        });
        let scales = ROWS.iter().filter_map(|row| {
            let (lowest, highest) = row.range();
            let mean = rounded(tally.mean(row.scale)?);
            Some(ScaleView { scale: row.scale, name: row.japanese, mean, lowest, highest })
        });
        let further = tally.further().map(|(scale, mean)| {
            let [.., norm] = scale.norms;
            let (mean, norm) = (rounded(mean), f64::from(norm) / 100.0);
            FurtherView { scale: scale.code, name: scale.japanese, level: scale.level, mean, norm }
        });
        Self {
            respondents: tally.respondents(),
            diagram: diagram.map(DiagramView::of),
            risks,
            scales: scales.collect(),
            further: further.collect(),
        }
    }
}

impl DiagramView {
    fn of(diagram: Diagram) -> Self {
        Self {
            quantity: rounded(diagram.quantity),
            control: rounded(diagram.control),
            supervisor_support: rounded(diagram.supervisor),
            coworker_support: rounded(diagram.coworkers),
        }
    }
}

impl GroupView {
    fn of(group: &AnalysedGroup, before: Option<&StressAnalysis>, model: Option<&RiskModel>) -> Self {
        let (kind, id) = (group.group.kind(), group.group.id());
        let then = before.and_then(|before| {
            let same = before.groups.iter().find(|of| of.group == group.group)?;
            Some(FiguresView::of(&same.tally, model.filter(|_| before.of.with_risks)))
        });
        Self { kind, id, name: group.name.clone(), figures: FiguresView::of(&group.tally, model), before: then }
    }
}

impl AnalysisView {
    fn of(analysis: &StressAnalysis, model: Option<&RiskModel>) -> Self {
        let model = model.map(|of| ModelView { code: of.code, name: of.japanese, source: of.source, mixed: MIXED });
        Self {
            round_id: analysis.round,
            title: analysis.of.title.clone(),
            questionnaire: analysis.of.questionnaire,
            as_of: analysis.of.as_of,
            made_at: analysis.made_at,
            made_by: analysis.made_by,
            least_respondents: LEAST,
            coefficients: model,
            norms_source: (analysis.of.questionnaire == Questionnaire::Extended).then_some(NORMS_SOURCE),
        }
    }
}

/// Reads groups.
#[utoipa::path(
    get, path = "/v1/stress-rounds/{round_id}/analysis", operation_id = "readStressAnalysis", summary = "集団分析を確認する",
    description = "公表できる集団の平均点、仕事のストレス判定図の座標、健康リスクを返します。回答者が10人未満の集団と、表示している集団の加減算から10人未満の集団の値が分かる集団は、表示しません。どの集団を表示するかは、集団分析を行ったときに一度だけ決まり、検索条件・参照者によって変わることはありません（参照できる範囲の集団だけを返します）。所属長には、健康情報等の取扱規程で認めた場合にだけ、担当する部署を表示します。coefficients には classic（既定）のほか、業種別の係数（all・construction・manufacturing・information・transport・retail・finance・education・health・services・public のいずれかに _longitudinal または _cross_sectional を付けた名称）を指定できます。compare_with を指定すると、その実施回の同じ集団を before に示します。Accept: text/csv または encoding を指定すると、該当するすべての集団を CSV で返します。参照は監査証跡に記録されます。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("kind" = Option<String>, Query, description = "集団の種類（whole、workplace、department、label、sex、age）", example = "department"),
        ("id" = Option<String>, Query, description = "事業場・部署・ラベルのID、または性別（male、female、other）・年代（under20、from20～from60）"),
        ("coefficients" = Option<String>, Query, description = "健康リスクの係数", example = "classic"),
        ("compare_with" = Option<String>, Query, description = "比較する実施回のID"),
        ("encoding" = Option<String>, Query, description = "CSV の文字コード（utf8 または shift_jis）。指定すると CSV を返します", example = "shift_jis"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["stress_checks.analysis"])),
    responses((status = 200, description = "集団分析", content((AnalysisPage = "application/json"), (String = "text/csv"), (String = "application/octet-stream"))))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewStressAnalysis>,
    uri: Uri,
    headers: HeaderMap,
    Path(round): Path<StressRoundId>,
    Filters(query): Filters<GroupsQuery>,
) -> Result<Response, Problem> {
    let (limit, model) = (limit(query.limit)?, model(query.coefficients.as_deref())?);
    let filters = (round, &query);
    let pages = Pages::of(&app, &permit, "stress-analysis", &filters);
    let from: usize = pages.after(query.cursor.as_deref()).await?.unwrap_or(0);
    let (mut analysis, before) = app.store.stress_analyses(&permit, round, query.compare_with).await?;
    narrow(&mut analysis, query.kind, query.id.as_deref());
    let model = Some(model).filter(|_| analysis.of.with_risks);
    let next = Some(from + limit).filter(|next| *next < analysis.groups.len());
    let groups = analysis.groups.iter().skip(from).take(limit);
    let items = groups.map(|group| GroupView::of(group, before.as_ref(), model)).collect();
    let head = AnalysisView::of(&analysis, model);
    let page = |next_cursor| AnalysisPage { analysis: head, items, next_cursor };
    let answer = pages.answer(&uri, next, page).await?.into_response();
    if query.encoding.is_none() && !wants_csv(&headers) {
        return Ok(answer);
    }
    csv_file(
        answer,
        "stress-analysis.csv",
        &transcript::of_groups(&analysis, model),
        query.encoding.unwrap_or_default(),
    )
}
