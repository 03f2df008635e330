//! What people read of an export.

use domain::{
    export::{ExportFormat, checkups::CheckupColumn},
    ids::{AccountId, ExportId, WorkplaceId},
    time::Jst,
};
use serde::Serialize;
use store::{CheckupChoice, Export, ExportState, ExportWhat};
use utoipa::ToSchema;

pub(crate) use endpoint::{DownloadView, MadeFileView};

/// An export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportView {
    #[schema(value_type = String, example = "exp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: ExportId,
    /// 対象。
    #[schema(value_type = String, example = "everything")]
    what: ExportWhat,
    /// 形式。
    #[schema(value_type = String, example = "csv_utf8")]
    format: ExportFormat,
    /// 対象の健康診断と列（`checkups` の場合）。
    #[serde(skip_serializing_if = "Option::is_none")]
    checkups: Option<CheckupsView>,
    /// 状態（`asked`：ファイルを作成中、`ready`：取得できます、`expired`：取得期間の終了、`failed`：作成できませんでした）。
    #[schema(value_type = String, example = "ready")]
    state: ExportState,
    /// 依頼したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    asked_by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Jst,
    /// 取得できるファイル。最後の manifest.json に、すべてのファイルの件数と SHA-256、法定の保存期間を記載しています。
    files: Vec<MadeFileView>,
    /// 取得できる期限。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    file_until: Option<Jst>,
    /// 最初に取得した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_at: Option<Jst>,
}

impl ExportView {
    pub(crate) fn of(export: &Export) -> Self {
        Self {
            id: export.id,
            what: export.what,
            format: export.format,
            checkups: export.checkups.as_ref().map(CheckupsView::from),
            state: export.state,
            asked_by: export.asked_by,
            asked_at: export.asked_at,
            files: export.files.iter().map(MadeFileView::from).collect(),
            file_until: export.file_until,
            taken_at: export.taken_at,
        }
    }
}

/// Which checkups, and what of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupExport)]
struct CheckupsView {
    /// 年度。
    #[schema(example = 2026)]
    fiscal_year: i16,
    /// 事業場のID。
    #[schema(value_type = Option<String>, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    workplace_id: Option<WorkplaceId>,
    /// 列。
    #[schema(value_type = Vec<String>, example = json!(["employee_number", "examined_on", "sbp"]))]
    columns: Vec<CheckupColumn>,
}

impl From<&CheckupChoice> for CheckupsView {
    fn from(choice: &CheckupChoice) -> Self {
        let CheckupChoice { fiscal_year, workplace, columns } = choice;
        Self { fiscal_year: *fiscal_year, workplace_id: *workplace, columns: columns.clone() }
    }
}

/// One page of exports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportPage {
    /// 書き出し。
    pub(crate) items: Vec<ExportView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}
