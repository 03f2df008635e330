//! What people read of a request.

use domain::{
    ids::{AccountId, LogRequestId, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{LogRequest, LogRequestState, Stored};
use utoipa::ToSchema;

/// A request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogRequest)]
pub(crate) struct LogRequestView {
    #[schema(value_type = String, example = "lrq_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: LogRequestId,
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 状態（`asked`：依頼中、`released`：ファイルを作成中、`ready`：取得できます、`refused`：提供しない、`expired`：取得期間の終了）。
    #[schema(value_type = String, example = "ready")]
    state: LogRequestState,
    /// 期間の最初の日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    since: Date,
    /// 期間の最後の日。
    #[schema(value_type = String, format = Date, example = "2026-04-30")]
    until: Date,
    /// 依頼の理由。
    #[schema(example = "退職者のアカウントの利用状況を社内で調査するため")]
    reason: String,
    /// 依頼したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    asked_by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Jst,
    /// 提供の可否を決めた日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Jst>,
    /// 提供しない理由。
    #[schema(example = "期間を絞って依頼し直してください。")]
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    /// ファイルの分割ごとの記録の件数。part に1からの番号を指定して取得します。
    #[schema(example = json!([1843, 920]))]
    parts: Vec<usize>,
    /// 取得できる期限。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    file_until: Option<Jst>,
}

impl LogRequestView {
    pub(crate) fn of(stored: &Stored<LogRequest>) -> Self {
        let request = stored.record.clone();
        Self {
            id: request.id,
            tenant_id: request.tenant,
            state: request.state,
            since: request.since,
            until: request.until,
            reason: request.reason,
            asked_by: request.asked_by,
            asked_at: request.asked_at,
            decided_at: request.decided_at,
            refusal: request.refusal,
            parts: request.parts,
            file_until: request.file_until,
        }
    }
}

/// One page of requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogRequestPage {
    /// 依頼。
    pub(crate) items: Vec<LogRequestView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}
