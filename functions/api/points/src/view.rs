//! Points, as callers see them.

use domain::{
    ids::{AccountId, EmployeeId, RedemptionId},
    points::wallet::{EntryKind, Wallet},
    remark::Remark,
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{CarriedForward, PointsEntry, Redemption, RedemptionState, Stored};
use utoipa::ToSchema;

/// Somebody's points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Points)]
pub(crate) struct PointsView {
    /// 残高（台帳の合計）。
    #[schema(example = 1240)]
    balance: u64,
    /// 使用できるポイント。
    #[schema(example = 740)]
    available: u64,
    /// 交換の申請で確保しているポイント。
    #[schema(example = 500)]
    on_hold: u64,
    /// 有効期限ごとの使用できるポイント（期限の近い順）。
    expiring: Vec<ExpiringView>,
    /// 保存期間を過ぎて削除した台帳からの繰越。ない場合は null です。
    carried_forward: Option<CarriedForwardView>,
    /// 締め切った最後の日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-17")]
    closed_until: Option<Date>,
}

/// What is carried forward of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CarriedForwardPoints)]
struct CarriedForwardView {
    /// 繰越に含まれる最後の番号。
    #[schema(example = 120)]
    until_number: u64,
    /// 繰り越したポイント（残高は、これと台帳に残る行の合計です）。
    #[schema(example = 500)]
    points: i64,
}

/// Points that expire on one day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpiringPoints)]
struct ExpiringView {
    /// 有効期限（この日まで使用できます）。
    #[schema(value_type = String, format = Date, example = "2028-03-31")]
    expires_on: Date,
    /// ポイント。
    #[schema(example = 740)]
    points: u64,
}

impl PointsView {
    pub(crate) fn of(wallet: &Wallet, carried: Option<&CarriedForward>) -> Self {
        let expiring = wallet.expiring().into_iter().map(|(expires_on, points)| ExpiringView { expires_on, points });
        Self {
            balance: wallet.balance(),
            available: wallet.available(),
            on_hold: wallet.on_hold(),
            expiring: expiring.collect(),
            carried_forward: carried
                .map(|carried| CarriedForwardView { until_number: carried.until, points: carried.points }),
            closed_until: wallet.closed_until(),
        }
    }
}

/// A page of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsEntryPage)]
pub(crate) struct EntryPage {
    /// 新しい順。
    pub(crate) items: Vec<EntryView>,
    /// 次のページの位置。
    pub(crate) next_cursor: Option<String>,
}

/// An entry of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsEntry)]
pub(crate) struct EntryView {
    /// 番号（1からの連番）。
    #[schema(example = 42)]
    number: u64,
    /// 種別（`grant`：付与、`adjust`：調整、`exchange`：交換、`expire`：失効、`cancel`：取消）。
    #[schema(example = "grant")]
    kind: &'static str,
    /// ポイント（減る場合は負）。
    #[schema(example = 3)]
    points: i64,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T09:05:00.000+09:00")]
    at: Jst,
    /// 記録したアカウントのID。自動の場合は null です。
    #[schema(value_type = Option<String>)]
    account_id: Option<AccountId>,
    /// 有効期限。
    #[schema(value_type = Option<String>, format = Date, example = "2028-03-31")]
    expires_on: Option<Date>,
    /// 付与の対象の日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-20")]
    day: Option<Date>,
    /// 規則のID。
    #[schema(example = "walk")]
    rule: Option<String>,
    /// 規則の版。
    #[schema(example = 1)]
    rules_version: Option<u32>,
    /// 上限を適用する前のポイント。
    #[schema(example = 5)]
    requested: Option<u32>,
    /// 適用した上限（規則・`#`区分・`@hand`：手入力・`@all`：全体と、`day`・`week`・`month`・`year`）。
    #[schema(example = "@all day")]
    capped_by: Option<String>,
    /// 交換申請のID。
    #[schema(value_type = Option<String>)]
    redemption_id: Option<RedemptionId>,
    /// 失効・取消の対象の行の番号。
    of: Option<u64>,
    /// 取り消せなかったポイント。
    missing: Option<u32>,
    /// 理由。
    #[schema(value_type = Option<String>)]
    reason: Option<Remark>,
}

impl EntryView {
    pub(crate) fn of(it: &PointsEntry) -> Self {
        let mut view = Self {
            number: it.entry.number,
            kind: "adjust",
            points: it.entry.points,
            at: it.at,
            account_id: it.by,
            expires_on: it.entry.expires_on,
            day: None,
            rule: None,
            rules_version: None,
            requested: None,
            capped_by: None,
            redemption_id: None,
            of: None,
            missing: None,
            reason: it.reason.clone(),
        };
        match &it.entry.kind {
            EntryKind::Grant { day, rules, granted } => {
                view.kind = "grant";
                view.day = Some(*day);
                view.rule = Some(granted.rule.to_string());
                view.rules_version = Some(*rules);
                view.requested = Some(granted.requested);
                view.capped_by.clone_from(&granted.capped_by);
            }
            EntryKind::Adjust => {}
            EntryKind::Exchange { redemption } => {
                view.kind = "exchange";
                view.redemption_id = Some(*redemption);
            }
            EntryKind::Expire { of } => {
                view.kind = "expire";
                view.of = Some(*of);
            }
            EntryKind::Cancel { of, missing } => {
                view.kind = "cancel";
                view.of = Some(*of);
                view.missing = Some(*missing);
            }
        }
        view
    }
}

/// A page of redemptions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RedemptionPage)]
pub(crate) struct RedemptionPage {
    /// 交換申請。
    pub(crate) items: Vec<RedemptionView>,
    /// 次のページの位置。
    pub(crate) next_cursor: Option<String>,
}

/// A redemption.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Redemption)]
pub(crate) struct RedemptionView {
    /// 交換申請のID。
    #[schema(value_type = String, example = "red_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: RedemptionId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// ポイント。
    #[schema(example = 500)]
    points: u32,
    /// 状態（`reserved`：申請中、`confirmed`：確定、`cancelled`：取消）。
    #[schema(value_type = String, example = "reserved")]
    state: RedemptionState,
    /// 交換先の商品など。
    #[schema(value_type = String, example = "ギフトカード 500円分")]
    reward: Remark,
    /// 申請した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T10:00:00.000+09:00")]
    asked_at: Jst,
    /// 確定または取消をしたアカウントのID。
    #[schema(value_type = Option<String>)]
    decided_by: Option<AccountId>,
    /// 確定または取消をした日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Jst>,
    /// ETag の値。
    #[schema(example = 1)]
    version: u64,
}

impl RedemptionView {
    pub(crate) fn of(stored: &Stored<Redemption>) -> Self {
        let Stored { record, version } = stored;
        Self {
            id: record.id,
            employee_id: record.employee,
            points: record.points,
            state: record.state,
            reward: record.wish.clone(),
            asked_at: record.asked_at,
            decided_by: record.decided_by,
            decided_at: record.decided_at,
            version: *version,
        }
    }
}
