//! What administrators read.

use std::collections::BTreeSet;

use authz::{AccountState, Grant, Role, Scope};
use domain::{
    ids::{AccountId, DepartmentId, EmployeeId, LabelId, WorkplaceId},
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{Account, AccountDetails, Cause, Suppressed};
use utoipa::ToSchema;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct AccountView {
    /// アカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: AccountId,
    /// ログインID。
    #[schema(example = "hanako.sato@minato.example")]
    #[serde(skip_serializing_if = "Option::is_none")]
    login_id: Option<String>,
    /// 氏名。
    #[schema(example = "佐藤　花子")]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// メールアドレス。
    #[schema(example = "hanako.sato@minato.example")]
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    /// メールを届けられない場合、その理由と日時。以後この宛先には送信しません。メールアドレスを正しいものに変更すると再開します。
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_undeliverable: Option<UndeliverableView>,
    /// 状態（`invited`：未使用、`active`：利用中、`suspended`：停止中。退職した従業員のアカウントは停止中です）。
    #[schema(value_type = String, example = "active")]
    state: AccountState,
    /// サインインが抑止されているかどうか（続けて5回誤った場合）。
    locked: bool,
    /// 従業員のID（従業員のアカウントの場合）。
    #[schema(value_type = Option<String>, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<EmployeeId>,
    /// その従業員の退職（予定）年月日。この日の24時（日本時間）にアカウントは自動的に停止します。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_left_on: Option<Date>,
    /// 付与した権限。
    grants: Vec<GrantView>,
    /// 人事権を持つ者かどうか。
    personnel_authority: bool,
    /// 付与した権限が有効になるために足りないもの（`stronger_password`：12文字以上のパスワード、`second_factor`：ワンタイムパスワードの登録）。足りない間、従業員以外の権限は使えません。
    #[schema(value_type = Vec<String>, example = json!(["second_factor"]))]
    grants_lack: Vec<&'static str>,
    /// ワンタイムパスワードを登録済みかどうか。
    otp_enrolled: bool,
    /// 登録の解除が依頼され、別のシステム管理者の承認を待っている場合、その期限。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_reset_until: Option<Jst>,
    /// 次のサインインでパスワードの変更が必要かどうか。
    must_change_password: bool,
    /// 最後にサインインした日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<Jst>,
    /// 作成した日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
}

impl AccountView {
    /// `names` says whether the caller may see names and addresses.
    pub(crate) fn of(details: &AccountDetails, names: bool) -> Self {
        let (account, holder) = (&details.account, &details.holder);
        Self {
            id: account.id,
            // Often a mail address: who sees no names sees none of these.
            login_id: names.then(|| holder.login_id.to_string()),
            name: names.then(|| holder.name.to_string()),
            mail: holder.mail.as_ref().filter(|_| names).map(ToString::to_string),
            mail_undeliverable: details.undeliverable.map(UndeliverableView::of),
            state: details.state,
            locked: details.locked,
            employee_id: account.employee,
            employee_left_on: account.employee_left_on,
            grants: account.grants.iter().map(GrantView::of).collect(),
            personnel_authority: account.personnel_authority,
            grants_lack: lacking(account),
            otp_enrolled: account.otp,
            otp_reset_until: account.otp_reset.map(|asked| asked.until()),
            must_change_password: account.must_change_password,
            last_sign_in_at: details.last_sign_in_at,
            created_at: account.created_at,
        }
    }
}

/// Why nothing is sent to an address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailUndeliverable)]
struct UndeliverableView {
    /// 理由（`bounced`：宛先不明などで戻りました。同じアドレスを設定し直しても再開します。`complained`：受信者が迷惑メールとして報告しました。別のアドレスを設定してください）。
    #[schema(value_type = String, example = "bounced")]
    cause: Cause,
    /// 送信を停止した日時。
    #[schema(value_type = String, format = DateTime)]
    since: Jst,
}

impl UndeliverableView {
    const fn of(suppressed: Suppressed) -> Self {
        Self { cause: suppressed.cause, since: suppressed.since }
    }
}

/// What an account that was granted something still lacks for it.
fn lacking(account: &Account) -> Vec<&'static str> {
    let needs = [(account.strong_password, "stronger_password"), (account.otp, "second_factor")];
    let lacks = needs.into_iter().filter(|(has, _)| account.is_privileged() && !has);
    lacks.map(|(_, what)| what).collect()
}

/// One page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountPage {
    /// アカウント。
    pub(crate) items: Vec<AccountView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// A role with its reach.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub(crate) struct GrantView {
    /// ロール。
    #[schema(value_type = String, example = "hr")]
    role: Role,
    /// ロールの名称。
    #[schema(example = "人事労務担当者")]
    role_name: &'static str,
    /// 範囲。
    scope: ScopeView,
}

/// A reach.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GrantScope)]
struct ScopeView {
    /// 範囲の種類（`tenant`：全社、`parts`：列挙した事業場・部署・ラベルのいずれかに該当する従業員）。
    #[schema(example = "parts")]
    kind: &'static str,
    /// 事業場のID。
    #[schema(value_type = Option<Vec<String>>, example = json!(["wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    workplaces: Option<BTreeSet<WorkplaceId>>,
    /// 部署のID（下位の部署を含みます）。
    #[schema(value_type = Option<Vec<String>>, example = json!(["dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    departments: Option<BTreeSet<DepartmentId>>,
    /// ラベルのID（ラベルの付いた部署と、その下位の部署の従業員を含みます）。
    #[schema(value_type = Option<Vec<String>>, example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<BTreeSet<LabelId>>,
}

impl ScopeView {
    fn of(scope: &Scope) -> Self {
        match scope.clone() {
            Scope::Tenant => Self { kind: "tenant", workplaces: None, departments: None, labels: None },
            Scope::Parts { workplaces, departments, labels } => Self {
                kind: "parts",
                workplaces: Some(workplaces),
                departments: Some(departments),
                labels: Some(labels),
            },
        }
    }
}

impl GrantView {
    fn of(grant: &Grant) -> Self {
        Self { role: grant.role, role_name: grant.role.japanese(), scope: ScopeView::of(&grant.scope) }
    }
}

/// The grants of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grants)]
pub(crate) struct GrantsView {
    /// 付与した権限。
    grants: Vec<GrantView>,
}

impl GrantsView {
    pub(crate) fn of(grants: &[Grant]) -> Self {
        Self { grants: grants.iter().map(GrantView::of).collect() }
    }
}
