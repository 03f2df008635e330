//! What became of a notice that went to many companies: which accounts it was addressed to in each, and where each mail is.

use domain::{
    ids::{AccountId, TenantId},
    time::Jst,
};
use serde::Serialize;
use store::{Delivered, MailState};
use utoipa::ToSchema;

/// What became of it in one company.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 送信を指示した日時。
    #[schema(value_type = String, format = DateTime)]
    told_at: Jst,
    /// 宛先。空の場合、この契約企業にはシステム管理者がいません。別の方法で連絡してください。
    recipients: Vec<RecipientView>,
}

/// A recipient.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recipient)]
struct RecipientView {
    /// 宛先のアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 状態（`pending`：送信待ち、`sending`：送信中、`sent`：送信済み、`bounced`：宛先不明などで戻った、`complained`：迷惑メールとして報告された、`failed`：送信できなかった、`cancelled`：宛先がない・送信を停止している、`expired`：記録の保存期間を過ぎた）。
    #[schema(example = "sent")]
    state: &'static str,
    /// 送信できない理由のコード。
    #[schema(example = "suppressed")]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl DeliveryView {
    fn of(delivered: Delivered) -> Self {
        let recipients = delivered.recipients.into_iter().map(|(recipient, became)| {
            let (state, reason) = became.map_or(("expired", None), |(state, reason)| (MailState::name(state), reason));
            RecipientView { account_id: recipient.account, state, reason }
        });
        Self { tenant_id: delivered.tenant, told_at: delivered.told_at, recipients: recipients.collect() }
    }
}

/// One page of companies.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// 契約企業ごとの送信状況。
    items: Vec<DeliveryView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

impl DeliveryPage {
    /// A page of these, and where to go on.
    #[must_use]
    pub fn of(delivered: Vec<Delivered>, next_cursor: Option<String>) -> Self {
        Self { items: delivered.into_iter().map(DeliveryView::of).collect(), next_cursor }
    }
}
