//! What operators send, and what is wrong with it.

use authz::ImportKind;
use domain::{
    account::{LoginId, TenantCode},
    contract::{RecordClass, Service, ServiceTerm},
    employee::{MailAddress, PersonName},
    organisation::OrganisationName,
};
use endpoint::{Checks, Fault, Problem, Secret};
use jiff::civil::Date;
use serde::Deserialize;
use store::{ContractChange, HoldReason, NewAccount, NewContract, Setup};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A new contract.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContractBody {
    /// 契約コード。サインインで使用し、後から変更できません（半角の英小文字・数字・ハイフン、3〜32文字）。
    #[schema(example = "minato")]
    tenant_code: String,
    /// 契約企業の名称。
    #[schema(example = "みなと精機株式会社")]
    name: String,
    /// 契約するサービスと期間。
    services: Vec<ServiceBody>,
    /// 最初のシステム管理者。
    pub(crate) administrator: AdministratorBody,
    /// 契約企業のシステムがファイルを直接送信して取り込める種別（`departments`, `employees`, `checkups` など）。
    #[schema(value_type = Vec<String>, example = json!(["departments", "employees", "checkups"]))]
    #[serde(default)]
    drop_kinds: Vec<ImportKind>,
    /// 契約記録の保存区分（`important`：10年、`transaction`：7年）。既定は `important` です。
    #[schema(value_type = String, example = "important")]
    #[serde(default)]
    record_class: RecordClass,
}

/// A service with its term.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceBody {
    /// サービス（`checkup`：健康診断、`stress_check`：ストレスチェック、`interview`：面談、`overwork`：過重労働、`lifelog`：ライフログ）。
    #[schema(value_type = String, example = "checkup")]
    service: Service,
    /// 開始日。省略した場合は本日です。
    #[schema(value_type = Option<String>, format = Date, example = "2026-04-01")]
    from: Option<Date>,
    /// 終了日。省略した場合は契約の終了まで続きます。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    until: Option<Date>,
}

/// The first administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdministratorBody {
    /// ログインID。
    #[schema(example = "admin@minato.example")]
    login_id: String,
    /// 氏名。
    #[schema(example = "港 花子")]
    name: String,
    /// メールアドレス。
    #[schema(example = "hanako.minato@minato.example")]
    mail: Option<String>,
    /// 初期パスワード（12文字以上）。省略した場合は自動で生成します。
    #[schema(value_type = Option<String>, format = Password, example = "Kaze-to-Hikari-26")]
    pub(crate) initial_password: Option<Secret>,
}

impl AdministratorBody {
    fn checked(self, checks: &mut Checks, generated: Option<Zeroizing<String>>) -> Option<NewAccount> {
        let login_id = checks.field("/administrator/login_id", LoginId::parse(&self.login_id));
        let name = checks.field("/administrator/name", PersonName::parse(&self.name));
        let mail = checks.optional("/administrator/mail", self.mail.as_deref().map(MailAddress::parse));
        Some(NewAccount {
            login_id: login_id?,
            name: name?,
            mail,
            employee: None,
            grants: Vec::new(),
            personnel_authority: false,
            setup: Setup::Initial(self.initial_password.map(Secret::reveal).or(generated)?),
        })
    }
}

impl NewContractBody {
    /// Reads the body; notes everything that is wrong with it. `generated` is the administrator's password, where none is given.
    pub(crate) fn checked(self, today: Date, generated: Option<Zeroizing<String>>) -> Result<NewContract, Problem> {
        let mut checks = Checks::new();
        let code = checks.field("/tenant_code", TenantCode::parse(&self.tenant_code));
        let name = checks.field("/name", OrganisationName::parse(&self.name));
        let services = services(&mut checks, self.services, today);
        droppable(&mut checks, &self.drop_kinds);
        let administrator = self.administrator.checked(&mut checks, generated);
        let read = (|| {
            Some(NewContract {
                code: code?,
                name: name?,
                services,
                class: self.record_class,
                drop_kinds: self.drop_kinds.into_iter().collect(),
                administrator: administrator?,
            })
        })();
        checks.finish(read)
    }
}

/// A change of a contract.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractChangeBody {
    /// 契約企業の名称。
    #[schema(example = "みなと精機ホールディングス株式会社")]
    name: Option<String>,
    /// 契約するサービスと期間の一覧（全体を置き換えます）。
    services: Option<Vec<ServiceBody>>,
    /// 契約企業のシステムがファイルを直接送信して取り込める種別の一覧（全体を置き換えます）。
    #[schema(value_type = Option<Vec<String>>, example = json!(["employees"]))]
    drop_kinds: Option<Vec<ImportKind>>,
}

impl ContractChangeBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, today: Date) -> Result<ContractChange, Problem> {
        let mut checks = Checks::new();
        let name = checks.optional("/name", self.name.as_deref().map(OrganisationName::parse));
        let services = self.services.map(|terms| services(&mut checks, terms, today));
        droppable(&mut checks, self.drop_kinds.as_deref().unwrap_or_default());
        let drop_kinds = self.drop_kinds.map(|kinds| kinds.into_iter().collect());
        checks.finish(Some(ContractChange { name, services, drop_kinds }))
    }
}

/// A contract's end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TerminationBody {
    /// 契約の最終日（本日以降）。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    pub(crate) terminates_on: Date,
}

/// Why a hold is put on, or lifted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    /// 理由（5～500文字、1行）。
    #[schema(example = "東京地方裁判所からの証拠保全の要請（2027年3月25日付）")]
    reason: String,
}

impl HoldBody {
    /// Reads the body.
    pub(crate) fn checked(&self) -> Result<HoldReason, Problem> {
        let detail = "理由は、改行を含まない5～500文字で入力してください。";
        let fault = || Problem::invalid(vec![Fault::at("/reason", "reason_invalid", detail)]);
        HoldReason::parse(&self.reason).ok_or_else(fault)
    }
}

fn services(checks: &mut Checks, terms: Vec<ServiceBody>, today: Date) -> Vec<ServiceTerm> {
    if terms.is_empty() {
        checks.fault("/services", "required", "サービスを1つ以上指定してください。");
    }
    let mut read: Vec<ServiceTerm> = Vec::with_capacity(terms.len());
    for (index, term) in terms.into_iter().enumerate() {
        let from = term.from.unwrap_or(today);
        if read.iter().any(|other| other.service == term.service) {
            let pointer = format!("/services/{index}/service");
            checks.fault(&pointer, "duplicate", "同じサービスが重複しています。1つにまとめてください。");
        }
        if term.until.is_some_and(|until| until < from) {
            let pointer = format!("/services/{index}/until");
            checks.fault(&pointer, "before_start", "終了日には開始日以降の日付を指定してください。");
        }
        read.push(ServiceTerm { service: term.service, from, until: term.until });
    }
    read
}

fn droppable(checks: &mut Checks, kinds: &[ImportKind]) {
    for (index, _) in kinds.iter().enumerate().filter(|(_, kind)| !kind.may_be_dropped()) {
        let detail = "この種別のファイルは直接送信して取り込めません。一覧から除いてください。";
        checks.fault(&format!("/drop_kinds/{index}"), "not_droppable", detail);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn faults(body: &str) -> Vec<(String, String)> {
        let body: NewContractBody = serde_json::from_str(body).unwrap();
        let problem = body.checked(date(2026, 4, 1), None).unwrap_err();
        problem.errors.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn every_fault_of_a_contract_is_told_at_once() {
        let found = faults(
            r#"{"tenant_code": "み", "name": "", "drop_kinds": ["employees", "accounts"],
                "services": [{"service": "checkup", "from": "2026-04-01", "until": "2026-03-31"}, {"service": "checkup"}],
                "administrator": {"login_id": "a b", "name": "", "mail": "x", "initial_password": "p"}}"#,
        );
        let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/tenant_code",
                "/name",
                "/services/0/until",
                "/services/1/service",
                "/drop_kinds/1",
                "/administrator/login_id",
                "/administrator/name",
                "/administrator/mail"
            ]
        );
    }

    #[test]
    fn a_service_begins_today_unless_it_says_otherwise() {
        let mut checks = Checks::new();
        let terms = vec![ServiceBody { service: Service::Checkup, from: None, until: None }];
        assert_eq!(services(&mut checks, terms, date(2026, 4, 1))[0].from, date(2026, 4, 1));
    }
}
