//! What operators read.

use domain::{
    contract::{EndDates, RecordClass, Service},
    ids::{AccountId, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{Contract, ContractState, Contracted, Hold, HoldStep};
use utoipa::ToSchema;

/// A service with its term.
#[derive(Debug, Serialize, ToSchema)]
struct ContractService {
    /// サービス。
    #[schema(value_type = String, example = "checkup")]
    service: Service,
    /// 開始日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 終了日。ない場合は契約の終了まで続きます。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
}

/// What happens when to data.
#[derive(Debug, Serialize, ToSchema)]
struct DataEnds {
    /// 最終日。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    terminates_on: Date,
    /// データの削除を開始する日。
    #[schema(value_type = String, format = Date, example = "2027-04-16")]
    purge_on: Date,
    /// データの削除を完了する期限（最終日の翌月末）。
    #[schema(value_type = String, format = Date, example = "2027-04-30")]
    deletion_deadline: Date,
    /// 復元できなくなる日。
    #[schema(value_type = String, format = Date, example = "2027-04-23")]
    unrecoverable_from: Date,
}

impl From<EndDates> for DataEnds {
    fn from(dates: EndDates) -> Self {
        Self {
            terminates_on: dates.terminates_on,
            purge_on: dates.purge_on,
            deletion_deadline: dates.deletion_deadline,
            unrecoverable_from: dates.unrecoverable_from,
        }
    }
}

/// A hold that lasts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
struct HoldView {
    /// 保全を開始した日時。
    #[schema(value_type = String, format = DateTime)]
    held_at: Jst,
    /// 保全を開始したアカウント。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<AccountId>,
    /// 理由。
    #[schema(example = "東京地方裁判所からの証拠保全の要請（2027年3月25日付）")]
    reason: String,
}

impl From<&Hold> for HoldView {
    fn from(hold: &Hold) -> Self {
        let HoldStep { at, by, reason } = &hold.begun;
        Self { held_at: *at, held_by: *by, reason: reason.as_str().to_owned() }
    }
}

/// A contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contract)]
pub(crate) struct ContractView {
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 契約コード。
    #[schema(example = "minato")]
    tenant_code: String,
    /// 契約企業の名称。
    #[schema(example = "みなと精機株式会社")]
    name: String,
    /// 契約するサービスと期間。
    services: Vec<ContractService>,
    /// 状態（`active`：有効、`terminated`：終了予定または終了、`purging`：データ削除中、`stress_check_only`：契約期間が個別に定められたストレスチェックに必要なデータだけを保持、`purged`：データ削除済み）。
    #[schema(value_type = String, example = "active")]
    state: ContractState,
    /// 契約の最終日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    terminates_on: Option<Date>,
    /// 続いている保全。保全中は、データの削除を開始せず、開始済みの削除も止めます。削除の予定日は表示しません。
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<HoldView>,
    /// データの削除を開始する日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-04-16")]
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_on: Option<Date>,
    /// データの削除を完了する期限（最終日の翌月末）。
    #[schema(value_type = Option<String>, format = Date, example = "2027-04-30")]
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_deadline: Option<Date>,
    /// 復元できなくなる日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-04-23")]
    #[serde(skip_serializing_if = "Option::is_none")]
    unrecoverable_from: Option<Date>,
    /// ストレスチェックのデータの予定日（契約期間が個別に定められている場合は、その期間に従います）。
    #[serde(skip_serializing_if = "Option::is_none")]
    stress_check: Option<DataEnds>,
    /// 終了の手続きをした日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    termination_requested_at: Option<Jst>,
    /// 終了の手続きをしたアカウント。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    termination_requested_by: Option<AccountId>,
    /// 保存義務のある記録を含む最終の書き出しを、契約企業が最初に取得した日時。取得されていない場合は表示しません。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_export_at: Option<Jst>,
    /// 契約記録の保存区分。
    #[schema(value_type = String, example = "important")]
    record_class: RecordClass,
    /// 契約記録の保存期限。
    #[schema(value_type = Option<String>, format = Date, example = "2038-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_until: Option<Date>,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
}

impl ContractView {
    pub(crate) fn of(contract: &Contract) -> Self {
        let ends = contract.data_ends();
        let termination = contract.termination.as_ref();
        let terms = contract.services.iter();
        Self {
            tenant_id: contract.tenant,
            tenant_code: contract.code.to_string(),
            name: contract.name.to_string(),
            services: terms
                .map(|term| ContractService { service: term.service, from: term.from, until: term.until })
                .collect(),
            state: contract.state,
            terminates_on: termination.map(|termination| termination.terminates_on),
            hold: contract.hold().map(HoldView::from),
            purge_on: ends.map(|dates| dates.purge_on),
            deletion_deadline: ends.map(|dates| dates.deletion_deadline),
            unrecoverable_from: ends.map(|dates| dates.unrecoverable_from),
            stress_check: contract.stress_check_ends().map(DataEnds::from),
            termination_requested_at: termination.map(|termination| termination.requested_at),
            termination_requested_by: termination.and_then(|termination| termination.by),
            last_export_at: contract.last_export_at,
            record_class: contract.class,
            retention_until: contract.retention_until(),
            created_at: contract.created_at,
        }
    }
}

/// One page of contracts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractPage {
    /// 契約。
    pub(crate) items: Vec<ContractView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// A new contract, with what its first administrator needs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedContract)]
pub(crate) struct ContractedView<'a> {
    /// 登録した契約。
    contract: ContractView,
    /// 最初のシステム管理者。
    administrator: FirstAdministrator<'a>,
}

/// The first administrator.
#[derive(Debug, Serialize, ToSchema)]
struct FirstAdministrator<'a> {
    /// アカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 自動で生成した初期パスワード。最初の応答でのみ返します。
    #[schema(example = "q7RkT2vXw9LmB4nZc8Hd")]
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_password: Option<&'a str>,
}

impl<'a> ContractedView<'a> {
    pub(crate) fn of(made: &Contracted, initial_password: Option<&'a str>) -> Self {
        Self {
            contract: ContractView::of(&made.contract.record),
            administrator: FirstAdministrator { account_id: made.administrator, initial_password },
        }
    }
}
