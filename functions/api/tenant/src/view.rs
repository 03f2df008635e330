//! What people read of their tenant.

use authz::{HandlingRule, ImportKind, TenantState};
use domain::{contract::Service, ids::TenantId, time::Jst};
use endpoint::Support;
use jiff::civil::Date;
use serde::Serialize;
use store::Tenant;
use utoipa::ToSchema;

use crate::body::SecondFactorRule;

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: TenantId,
    /// 契約コード。
    #[schema(example = "minato")]
    code: String,
    /// 名称。
    #[schema(example = "みなと精機株式会社")]
    name: String,
    /// 契約の状態。
    #[schema(value_type = String, example = "active")]
    state: TenantState,
    /// 契約しているサービスと期間（変更は運営事業者へお申し込みください）。
    services: Vec<TenantService>,
    /// 年度の開始月。
    #[schema(example = 4)]
    fiscal_year_starts: i8,
    /// 健康情報等の取扱規程で定めた取扱い。
    #[schema(value_type = Vec<String>, example = json!(["hr_sees_checkups"]))]
    handling_rules: Vec<HandlingRule>,
    /// ストレスチェックの実施者・実施事務従事者のワンタイムパスワード（`required`：必須、`optional`：任意。ストレスチェック以外のサービスを契約している間は常に必須です）。
    #[schema(value_type = String, example = "required")]
    stress_second_factor: SecondFactorRule,
    /// 社内の問い合わせ窓口。
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactView>,
    /// サービスのサポート窓口。
    support: SupportView,
    /// 契約企業のシステムがファイルを直接送信する先。
    drop: DropView,
    /// 契約の最終日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    terminates_on: Option<Date>,
    /// 保全を開始した日時。保全中は、契約が終了してもデータを削除しません（削除の予定日も表示しません）。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    held_since: Option<Jst>,
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
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
}

/// A service with its term.
#[derive(Debug, Serialize, ToSchema)]
struct TenantService {
    /// サービス。
    #[schema(value_type = String, example = "checkup")]
    service: Service,
    /// 開始日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
}

/// The tenant's own desk.
#[derive(Debug, Serialize, ToSchema)]
struct ContactView {
    /// 窓口の名称。
    #[schema(example = "人事部 健康管理窓口")]
    desk: String,
    #[schema(example = "kenko@minato.example")]
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    #[schema(example = "03-0000-0000（内線 1234）")]
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// The service's support desk.
#[derive(Debug, Serialize, ToSchema)]
struct SupportView {
    #[schema(example = "support@ailes-plus.example")]
    mail: String,
    #[schema(example = "0120-000-000")]
    phone: String,
    /// 受付時間。
    #[schema(example = "平日 9:00～17:00")]
    hours: String,
}

/// Where the customer's system drops files.
#[derive(Debug, Serialize, ToSchema)]
struct DropView {
    /// 送信先のキーの先頭部分。この後に「種別/ファイル名.csv」を付けます。
    #[schema(example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b/drop/")]
    prefix: String,
    /// 送信できる種別。
    #[schema(value_type = Vec<String>, example = json!(["departments", "employees", "checkups"]))]
    kinds: Vec<ImportKind>,
}

impl TenantView {
    pub(crate) fn of(tenant: &Tenant, support: &Support) -> Self {
        let ends = tenant.data_ends();
        let terms = tenant.services.iter();
        Self {
            id: tenant.id,
            code: tenant.code.to_string(),
            name: tenant.name.to_string(),
            state: tenant.state,
            services: terms
                .map(|term| TenantService { service: term.service, from: term.from, until: term.until })
                .collect(),
            fiscal_year_starts: tenant.fiscal_year_starts,
            handling_rules: tenant.handling_rules.iter().collect(),
            stress_second_factor: if tenant.stress_factor_optional {
                SecondFactorRule::Optional
            } else {
                SecondFactorRule::Required
            },
            contact: tenant.contact.as_ref().map(|contact| ContactView {
                desk: contact.desk.to_string(),
                mail: contact.mail.as_ref().map(ToString::to_string),
                phone: contact.phone.clone(),
            }),
            support: SupportView {
                mail: support.mail.clone(),
                phone: support.phone.clone(),
                hours: support.hours.clone(),
            },
            drop: DropView { prefix: format!("{}/drop/", tenant.id), kinds: tenant.drop_kinds.iter().collect() },
            terminates_on: tenant.terminates_on,
            held_since: tenant.held_since,
            purge_on: ends.map(|dates| dates.purge_on),
            deletion_deadline: ends.map(|dates| dates.deletion_deadline),
            unrecoverable_from: ends.map(|dates| dates.unrecoverable_from),
            created_at: tenant.created_at,
        }
    }
}
