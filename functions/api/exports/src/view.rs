//! What people read of an export.

use domain::{
    export::ExportFormat,
    ids::{AccountId, ExportId},
    time::Jst,
};
use serde::Serialize;
use store::{Export, ExportState, ExportWhat};
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
            state: export.state,
            asked_by: export.asked_by,
            asked_at: export.asked_at,
            files: export.files.iter().map(MadeFileView::from).collect(),
            file_until: export.file_until,
            taken_at: export.taken_at,
        }
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
