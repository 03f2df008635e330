//! The catalogue of hazardous work (有害業務), and what checkups follow from it.

use authz::{Permit, permission::ReadReference};
use domain::checkup::{
    criteria::Confidence,
    hazard::{HAZARDS, Hazard, HazardRow},
    kind::CheckupKind,
};
use endpoint::{Answer, Problem};
use serde::Serialize;
use utoipa::ToSchema;

/// All kinds of hazardous work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HazardCatalogue {
    items: Vec<HazardView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// A kind of hazardous work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HazardKind)]
struct HazardView {
    /// コード。
    #[schema(value_type = String, example = "organic_solvents")]
    code: Hazard,
    /// 名称。
    #[schema(example = "有機溶剤業務")]
    name: &'static str,
    /// 必要な健康診断のキー。
    #[schema(value_type = String, example = "organic_solvents")]
    kind: CheckupKind,
    /// 必要な健康診断。
    #[schema(example = "有機溶剤健康診断")]
    kind_name: &'static str,
    /// 根拠となる条文。
    #[schema(example = "有機則29条")]
    law: &'static str,
    /// 何か月以内ごとに行うか（null は従事を始めるときだけ）。
    #[schema(example = 6)]
    interval_months: Option<i32>,
    /// 従事しなくなった後、在籍中は何か月以内ごとに行うか（null は不要）。
    #[schema(value_type = Option<i32>, example = json!(null))]
    interval_months_afterwards: Option<i32>,
    /// 間隔の確かさ（`high`、`medium`、`low`）。`high` 以外は、産業医または所轄の労働基準監督署に確認してください。
    #[schema(value_type = String, example = "high")]
    confidence: Confidence,
}

impl From<&'static HazardRow> for HazardView {
    fn from(row: &'static HazardRow) -> Self {
        Self {
            code: row.hazard,
            name: row.japanese,
            kind: row.kind,
            kind_name: row.kind.japanese(),
            law: row.law,
            interval_months: row.months,
            interval_months_afterwards: row.after_months,
            confidence: row.confidence,
        }
    }
}

/// Lists the kinds of hazardous work.
#[utoipa::path(
    get, path = "/v1/checkups/hazards", operation_id = "listHazards", summary = "有害業務の一覧",
    description = "従業員の従事歴（hazards）や従業員の取込（有害業務コード）で使うコードと、必要な健康診断・条文・間隔を返します。条文に緩和や別の間隔の定めがある場合も、原則の間隔を返します。",
    security(("token" = ["reference.read"])), responses((status = 200, description = "有害業務", body = HazardCatalogue))
)]
pub(crate) async fn list(_permit: Permit<ReadReference>) -> Result<Answer, Problem> {
    Answer::ok(&HazardCatalogue { items: HAZARDS.iter().map(HazardView::from).collect(), next_cursor: None })
}
