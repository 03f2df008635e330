//! What administrators send, and what is wrong with it.

use std::collections::BTreeSet;

use authz::{Grant, Role, Scope};
use domain::{
    account::LoginId,
    employee::{MailAddress, PersonName},
    ids::{DepartmentId, EmployeeId, LabelId, WorkplaceId},
};
use endpoint::{Checks, Problem, Secret};
use serde::Deserialize;
use store::{AccountChange, NewAccount, Setup};
use utoipa::ToSchema;

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccountBody {
    /// ログインID（空白を含まない半角英数字・記号、3〜254文字）。
    #[schema(example = "hanako.sato@minato.example")]
    login_id: String,
    /// 氏名。
    #[schema(example = "佐藤 花子")]
    name: String,
    /// メールアドレス。
    #[schema(example = "hanako.sato@minato.example")]
    mail: Option<String>,
    /// 従業員のアカウントの場合は、従業員のID。
    #[schema(example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: Option<String>,
    /// 初期パスワード（8文字以上。権限を付与する場合は12文字以上）。省略すると、パスワードを設定するための招待メールを送信します。
    #[schema(value_type = Option<String>, format = Password, example = "Kaze-to-Hikari-26")]
    initial_password: Option<Secret>,
    /// 付与する権限。
    #[serde(default)]
    grants: Vec<GrantBody>,
    /// 人事権（採用・解雇・異動に関する直接の権限）を持つ者かどうか。
    #[serde(default)]
    personnel_authority: bool,
}

impl NewAccountBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<NewAccount, Problem> {
        let mut checks = Checks::new();
        let login_id = checks.field("/login_id", LoginId::parse(&self.login_id));
        let name = checks.field("/name", PersonName::parse(&self.name));
        let mail = checks.optional("/mail", self.mail.as_deref().map(MailAddress::parse));
        let employee = self.employee_id.map(|id| id.parse::<EmployeeId>());
        if matches!(employee, Some(Err(_))) {
            checks.fault("/employee_id", "missing_reference", "この従業員は登録されていません。");
        }
        let grants = grants(&mut checks, self.grants);
        let read = (|| {
            Some(NewAccount {
                login_id: login_id?,
                name: name?,
                mail,
                employee: employee.transpose().ok()?,
                grants,
                personnel_authority: self.personnel_authority,
                setup: self.initial_password.map_or(Setup::Invited, |typed| Setup::Initial(typed.reveal())),
            })
        })();
        checks.finish(read)
    }
}

/// A change of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountBody {
    /// 氏名。
    #[schema(example = "佐藤 花子")]
    name: Option<String>,
    /// メールアドレス。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "hanako.sato@minato.example")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    mail: Option<Option<String>>,
    /// 人事権（採用・解雇・異動に関する直接の権限）を持つ者かどうか。
    personnel_authority: Option<bool>,
}

impl AccountBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<AccountChange, Problem> {
        let mut checks = Checks::new();
        let name = checks.optional("/name", self.name.as_deref().map(PersonName::parse));
        let mail = self.mail.map(|mail| mail.and_then(|mail| checks.field("/mail", MailAddress::parse(&mail))));
        checks.finish(Some(AccountChange { name, mail, personnel_authority: self.personnel_authority }))
    }
}

/// A new initial password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordResetBody {
    /// 新しい初期パスワード（8文字以上。従業員以外の権限がある場合は12文字以上）。
    #[schema(value_type = String, format = Password, example = "Kaze-to-Hikari-26")]
    pub(crate) initial_password: Secret,
}

/// A role with its reach.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewGrant)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantBody {
    /// ロール（`manager`：所属長、`hr`：人事労務担当者、`health_officer`：衛生管理者、`physician`：産業医、`nurse`：保健師・看護師、`stress_implementer`：ストレスチェック実施者、`stress_clerk`：実施事務従事者、`administrator`：システム管理者）。
    #[schema(value_type = String, example = "hr")]
    role: Role,
    /// 範囲。
    scope: ScopeBody,
}

/// A reach.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewScope)]
#[serde(deny_unknown_fields)]
struct ScopeBody {
    /// 範囲の種類。
    kind: ScopeKind,
    /// 事業場のID。
    #[schema(value_type = Option<Vec<String>>, example = json!(["wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    workplaces: Option<BTreeSet<WorkplaceId>>,
    /// 部署のID（下位の部署を含みます）。
    #[schema(value_type = Option<Vec<String>>, example = json!(["dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    departments: Option<BTreeSet<DepartmentId>>,
    /// ラベルのID（ラベルの付いた部署と、その下位の部署の従業員を含みます）。
    #[schema(value_type = Option<Vec<String>>, example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: Option<BTreeSet<LabelId>>,
}

/// How far a reach goes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeKind {
    /// 列挙した事業場・部署・ラベルのいずれかに該当する従業員。
    Parts,
    /// 全社。
    Tenant,
}

impl ScopeBody {
    /// The scope; none where it is the whole tenant and names parts all the same: whoever asks for that would get more than they meant.
    fn scope(self) -> Option<Scope> {
        let names_parts = self.workplaces.is_some() || self.departments.is_some() || self.labels.is_some();
        match self.kind {
            ScopeKind::Tenant => (!names_parts).then_some(Scope::Tenant),
            ScopeKind::Parts => Some(Scope::Parts {
                workplaces: self.workplaces.unwrap_or_default(),
                departments: self.departments.unwrap_or_default(),
                labels: self.labels.unwrap_or_default(),
            }),
        }
    }
}

/// Reads grants; notes everything that is wrong with them.
fn grants(checks: &mut Checks, bodies: Vec<GrantBody>) -> Vec<Grant> {
    let mut grants = Vec::with_capacity(bodies.len());
    for (index, GrantBody { role, scope }) in bodies.into_iter().enumerate() {
        match scope.scope() {
            Some(scope) => grants.push(Grant { role, scope }),
            None => checks.fault(
                &format!("/grants/{index}/scope"),
                "scope_contradicts",
                "全社（tenant）の場合は、事業場・部署・ラベルを指定しないでください。一部の場合は kind に parts を指定してください。",
            ),
        }
    }
    grants
}

/// New grants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantsBody {
    /// 付与する権限の一覧（全体を置き換えます）。
    grants: Vec<GrantBody>,
}

impl GrantsBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<Vec<Grant>, Problem> {
        let mut checks = Checks::new();
        let grants = grants(&mut checks, self.grants);
        checks.finish(Some(grants))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_an_account_is_told_at_once() {
        let body = r#"{"login_id": "a", "name": " ", "mail": "x", "employee_id": "emp_1", "initial_password": "p"}"#;
        let body: NewAccountBody = serde_json::from_str(body).unwrap();
        let pointers: Vec<_> = body.checked().unwrap_err().errors.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/login_id", "/name", "/mail", "/employee_id"]);
    }

    #[test]
    fn r02_a_scope_is_read_with_its_parts() {
        let body = r#"{"grants": [{"role": "hr", "scope": {"kind": "tenant"}},
            {"role": "nurse", "scope": {"kind": "parts", "workplaces": ["wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]}}]}"#;
        let grants = serde_json::from_str::<GrantsBody>(body).unwrap().checked().unwrap();
        assert_eq!(grants[0], Grant { role: Role::Hr, scope: Scope::Tenant });
        assert!(matches!(&grants[1].scope, Scope::Parts { workplaces, .. } if workplaces.len() == 1));
    }

    #[test]
    fn r02_whoever_names_parts_does_not_get_the_whole_tenant() {
        let body = r#"{"grants": [{"role": "hr", "scope": {"kind": "tenant", "labels": []}}]}"#;
        let problem = serde_json::from_str::<GrantsBody>(body).unwrap().checked().unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/grants/0/scope");
    }
}
