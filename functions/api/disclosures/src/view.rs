//! What operators read of a disclosure.

use domain::{
    export::ExportKind,
    ids::{AccountId, DisclosureId, DownloadId, TenantId},
    time::Jst,
};
use endpoint::MadeFileView;
use jiff::civil::Date;
use serde::Serialize;
use store::{Custody, Disclosure, DisclosureState, HandedOver, LegalBasis, Said};
use utoipa::ToSchema;

/// On which ground.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalBasis)]
struct LegalBasisView {
    /// 法的根拠。
    #[schema(example = "刑事訴訟法第218条第1項（差押許可状）")]
    basis: String,
    /// 発出した機関。
    #[schema(example = "東京地方裁判所")]
    authority: String,
    /// 文書の番号。
    #[schema(example = "令和8年（る）第1234号")]
    document_number: String,
    /// 文書の日付。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    document_date: Date,
}

impl From<&LegalBasis> for LegalBasisView {
    fn from(basis: &LegalBasis) -> Self {
        Self {
            basis: basis.basis.as_str().to_owned(),
            authority: basis.authority.as_str().to_owned(),
            document_number: basis.document_number.as_str().to_owned(),
            document_date: basis.document_date,
        }
    }
}

/// An entry of the chain of custody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Custody)]
struct CustodyView {
    /// 取得のID。
    #[schema(value_type = String, example = "dwl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    download_id: DownloadId,
    /// 取得したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    at: Jst,
    /// 目的。
    #[schema(example = "差押えに応じて記録媒体に複写するため")]
    purpose: String,
    /// manifest.json の SHA-256。
    #[schema(example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    sha256: String,
}

impl From<&Custody> for CustodyView {
    fn from(entry: &Custody) -> Self {
        Self {
            download_id: entry.id,
            by: entry.by,
            at: entry.at,
            purpose: entry.purpose.as_str().to_owned(),
            sha256: entry.sha256.clone(),
        }
    }
}

/// To whom it was handed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandedOver)]
struct HandedOverView {
    /// 引渡しの相手。
    #[schema(example = "東京地方検察庁 検察事務官")]
    recipient: String,
    /// 引渡しの方法。
    #[schema(example = "暗号化したUSBメモリを手渡し、受領書を取得")]
    how: String,
    /// 記録したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    at: Jst,
}

impl From<&HandedOver> for HandedOverView {
    fn from(handed: &HandedOver) -> Self {
        Self {
            recipient: handed.recipient.as_str().to_owned(),
            how: handed.how.as_str().to_owned(),
            by: handed.by,
            at: handed.at,
        }
    }
}

/// A disclosure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Disclosure)]
pub(crate) struct DisclosureView {
    #[schema(value_type = String, example = "dsc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: DisclosureId,
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 状態（`requested`：承認待ち、`approved`：ファイルを作成中、`written`：取得できます、`handed_over`：引渡し済み、`declined`：承認されませんでした、`expired`：取得期間の終了、`failed`：作成できませんでした）。
    #[schema(value_type = String, example = "written")]
    state: DisclosureState,
    /// 法的根拠。
    legal_basis: LegalBasisView,
    /// 記録の種別。
    #[schema(value_type = Vec<String>, example = json!(["employees", "checkups"]))]
    kinds: Vec<ExportKind>,
    /// 全員を対象とする場合は true。
    everybody: bool,
    /// 対象の人数。
    #[schema(example = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    people_count: Option<usize>,
    /// 対象の社員番号。契約企業のデータの削除後は表示できません。
    #[schema(value_type = Option<Vec<String>>, example = json!(["000123"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_numbers: Option<Vec<String>>,
    /// 期間の最初の日。
    #[schema(value_type = Option<String>, format = Date, example = "2025-04-01")]
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Date>,
    /// 期間の最後の日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    /// 契約企業への通知が禁じられている最後の日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-09-30")]
    #[serde(skip_serializing_if = "Option::is_none")]
    silent_until: Option<Date>,
    /// 期限の後に契約企業へ通知した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    told_at: Option<Jst>,
    /// 申請したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    asked_by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Jst,
    /// 承認の可否を決めたアカウントのID。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<AccountId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Jst>,
    /// 承認しない理由。
    #[schema(example = "照会書に記載のない記録が範囲に含まれています。")]
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    /// 取得できるファイル。
    files: Vec<MadeFileView>,
    /// 取得できる期限。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    file_until: Option<Jst>,
    /// manifest.json の SHA-256。ファイルの削除後も残ります。
    #[schema(example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// 引渡しの記録。
    #[serde(skip_serializing_if = "Option::is_none")]
    handed_over: Option<HandedOverView>,
    /// 証拠の保管の記録（取得の古い順）。
    custody: Vec<CustodyView>,
}

impl DisclosureView {
    pub(crate) fn of(disclosure: &Disclosure) -> Self {
        let people = disclosure.people.as_ref();
        Self {
            id: disclosure.id,
            tenant_id: disclosure.tenant,
            state: disclosure.state,
            legal_basis: (&disclosure.basis).into(),
            kinds: disclosure.kinds.clone(),
            everybody: disclosure.people_count.is_none(),
            people_count: disclosure.people_count,
            employee_numbers: people.map(|people| people.iter().map(ToString::to_string).collect()),
            since: disclosure.since,
            until: disclosure.until,
            silent_until: disclosure.silent_until,
            told_at: disclosure.told_at,
            asked_by: disclosure.asked_by,
            asked_at: disclosure.asked_at,
            decided_by: disclosure.decided_by,
            decided_at: disclosure.decided_at,
            refusal: disclosure.refusal.as_ref().map(Said::as_str).map(str::to_owned),
            files: disclosure.files.iter().map(MadeFileView::from).collect(),
            file_until: disclosure.file_until,
            sha256: disclosure.sha256.clone(),
            handed_over: disclosure.handed_over.as_ref().map(HandedOverView::from),
            custody: disclosure.custody.iter().map(CustodyView::from).collect(),
        }
    }
}

/// One page of disclosures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisclosurePage {
    /// 開示。
    pub(crate) items: Vec<DisclosureView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}
