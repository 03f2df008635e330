//! What people read of their own account.

use authz::{AccountState, Denied, Role, RoleStanding, Scope};
use domain::{
    ids::{AccountId, EmployeeId, PLATFORM, TenantId},
    time::Jst,
};
use endpoint::Problem;
use serde::Serialize;
use store::Me;
use utoipa::ToSchema;

/// One's own account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    /// アカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: AccountId,
    /// ログインID。
    #[schema(example = "hanako.sato@minato.example")]
    login_id: String,
    /// 氏名。
    #[schema(example = "佐藤　花子")]
    name: String,
    /// メールアドレス。
    #[schema(example = "hanako.sato@minato.example")]
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    /// 状態。
    #[schema(value_type = String, example = "active")]
    state: AccountState,
    /// 契約企業。
    tenant: OwnTenant,
    /// 従業員のID（従業員のアカウントの場合）。
    #[schema(value_type = Option<String>, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<EmployeeId>,
    /// ロール。
    roles: Vec<OwnRole>,
    /// ワンタイムパスワードを登録済みかどうか。
    otp_enrolled: bool,
    /// パスワードの変更が必要かどうか。
    must_change_password: bool,
    /// 最後にサインインした日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<Jst>,
    /// 対応をお願いしたいこと（`few_administrators`：利用できるシステム管理者が1名だけ）。
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// What the caller should see to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountWarning)]
struct Warning {
    #[schema(example = json!(FEW_ADMINISTRATORS.code))]
    code: &'static str,
    #[schema(example = json!(FEW_ADMINISTRATORS.detail))]
    detail: &'static str,
}

const FEW_ADMINISTRATORS: Warning = Warning {
    code: "few_administrators",
    detail: "利用できるシステム管理者が1名だけです。端末の紛失に備え、もう1名にシステム管理者のロールを付与し、ワンタイムパスワードを登録してもらってください。",
};

/// The tenant of one's own account.
#[derive(Debug, Serialize, ToSchema)]
struct OwnTenant {
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: TenantId,
    /// 契約コード。運営事業者の場合はありません。
    #[schema(example = "minato")]
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// 名称。
    #[schema(example = "みなと精機株式会社")]
    name: String,
}

/// One of one's own roles.
#[derive(Debug, Serialize, ToSchema)]
struct OwnRole {
    /// ロール。
    #[schema(value_type = String, example = "hr")]
    role: Role,
    /// ロールの名称。
    #[schema(example = "人事労務担当者")]
    name: &'static str,
    /// 範囲（`kind` が `tenant` の場合は全社、`parts` の場合は事業場・部署・ラベル）。従業員のロールにはありません。
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// このサインインで利用できるかどうか。
    usable: bool,
    /// 利用できない理由（`second_factor_required`：ワンタイムパスワードでのサインインが必要、`stronger_password_required`：12文字以上のパスワードが必要、`address_not_allowed`：接続元のIPアドレスが許可されていない、`not_permitted`：このアカウントでは利用できないロール）。
    #[schema(example = "second_factor_required")]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// 利用するために必要なこと。
    #[schema(
        example = "この操作にはワンタイムパスワードによるサインインが必要です。ワンタイムパスワードを登録し、サインインし直してください。"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

impl From<RoleStanding> for OwnRole {
    fn from(standing: RoleStanding) -> Self {
        let RoleStanding { role, scope, lacks } = standing;
        Self {
            role,
            name: role.japanese(),
            scope,
            usable: lacks.is_none(),
            reason: lacks.map(reason),
            detail: lacks.map(|denied| Problem::from(denied).kind.row().detail),
        }
    }
}

/// The reason's code.
fn reason(denied: Denied) -> &'static str {
    match denied {
        Denied::SecondFactorRequired => "second_factor_required",
        Denied::StrongerPasswordRequired => "stronger_password_required",
        Denied::AddressNotAllowed => "address_not_allowed",
        _ => "not_permitted",
    }
}

impl MeView {
    pub(crate) fn of(me: &Me, roles: Vec<RoleStanding>) -> Self {
        let (account, holder, tenant) = (&me.details.account, &me.details.holder, &me.tenant);
        Self {
            id: account.id,
            login_id: holder.login_id.to_string(),
            name: holder.name.to_string(),
            mail: holder.mail.as_ref().map(ToString::to_string),
            state: me.details.state,
            tenant: OwnTenant {
                id: tenant.id,
                code: (tenant.id != PLATFORM).then(|| tenant.code.to_string()),
                name: tenant.name.to_string(),
            },
            employee_id: account.employee,
            roles: roles.into_iter().map(OwnRole::from).collect(),
            otp_enrolled: account.otp,
            must_change_password: account.must_change_password,
            last_sign_in_at: me.details.last_sign_in_at,
            warnings: me.is_only_administrator.then_some(FEW_ADMINISTRATORS).into_iter().collect(),
        }
    }
}
