//! What administrators send, and what is wrong with it.

use authz::HandlingRule;
use domain::{checked::line, employee::MailAddress, organisation::OrganisationName, text::narrow};
use endpoint::{Checks, Problem};
use serde::{Deserialize, Serialize};
use store::{Contact, TenantChange};
use utoipa::ToSchema;

/// How long a telephone number is at most, with whatever is written beside it.
const LONGEST_PHONE: usize = 40;

/// A change of settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantBody {
    /// 年度の開始月（1～12）。
    #[schema(example = 4)]
    fiscal_year_starts: Option<i8>,
    /// 健康情報等の取扱規程で定めた取扱い（`hr_sees_checkups`：人事労務担当者が法定健診の結果を取り扱う、`non_statutory_with_consent`：産業保健スタッフが法定外項目を取り扱うことに従業員が同意している、`viewers_are_named`：自分の健康情報を閲覧した人の氏名を従業員に示す、`managers_see_stress_groups`：所属長が自分の部署のストレスチェックの集団分析を見る）。一覧全体を置き換えます。
    #[schema(value_type = Option<Vec<String>>, example = json!(["hr_sees_checkups"]))]
    handling_rules: Option<Vec<HandlingRule>>,
    /// ストレスチェックの実施者・実施事務従事者のワンタイムパスワード（`required`：必須、`optional`：任意）。ストレスチェックだけを契約している場合に限り、任意にできます。
    #[schema(value_type = Option<String>, example = "required")]
    stress_second_factor: Option<SecondFactorRule>,
    /// 社内の問い合わせ窓口。null を指定すると削除します。
    #[serde(default, deserialize_with = "endpoint::sent")]
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    contact: Option<Option<ContactBody>>,
}

/// Whether a second factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecondFactorRule {
    Required,
    Optional,
}

/// The desk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactBody {
    /// 窓口の名称。個人名ではなく、部署や窓口の名称を入力してください。
    #[schema(example = "人事部 健康管理窓口")]
    desk: String,
    /// 窓口のメールアドレス。
    #[schema(example = "kenko@minato.example")]
    mail: Option<String>,
    /// 窓口の電話番号。
    #[schema(example = "03-0000-0000（内線 1234）")]
    phone: Option<String>,
}

impl TenantBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<TenantChange, Problem> {
        let mut checks = Checks::new();
        if self.fiscal_year_starts.is_some_and(|month| !(1..=12).contains(&month)) {
            checks.fault("/fiscal_year_starts", "out_of_range", "1から12までの月を指定してください。");
        }
        let contact = self.contact.map(|contact| contact.and_then(|contact| contact.checked(&mut checks)));
        let handling_rules = self.handling_rules.map(|rules| rules.into_iter().collect());
        let stress_factor_optional = self.stress_second_factor.map(|rule| rule == SecondFactorRule::Optional);
        checks.finish(Some(TenantChange {
            fiscal_year_starts: self.fiscal_year_starts,
            handling_rules,
            contact,
            stress_factor_optional,
        }))
    }
}

impl ContactBody {
    fn checked(self, checks: &mut Checks) -> Option<Contact> {
        let desk = checks.field("/contact/desk", OrganisationName::parse(&self.desk));
        let mail = checks.optional("/contact/mail", self.mail.as_deref().map(MailAddress::parse));
        let phone = self.phone.as_deref().map(|phone| line(&narrow(phone), LONGEST_PHONE).map(Into::into));
        if phone == Some(None) {
            checks.fault("/contact/phone", "phone_invalid", "電話番号は、改行を含まない40文字以内で入力してください。");
        }
        Some(Contact { desk: desk?, mail, phone: phone.flatten() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<TenantChange, Vec<String>> {
        let body: TenantBody = serde_json::from_str(body).unwrap();
        body.checked().map_err(|problem| problem.errors.into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let wrong = r#"{"fiscal_year_starts": 13, "contact": {"desk": "", "mail": "x", "phone": "a\nb"}}"#;
        let pointers = ["/fiscal_year_starts", "/contact/desk", "/contact/mail", "/contact/phone"];
        assert_eq!(read(wrong).unwrap_err(), pointers);
    }

    #[test]
    fn absent_leaves_and_null_removes() {
        assert_eq!(read("{}").unwrap().contact, None);
        assert_eq!(read(r#"{"contact": null}"#).unwrap().contact, Some(None));
        let desk =
            read(r#"{"contact": {"desk": "人事部", "phone": "０３-0000-0000"}}"#).unwrap().contact.flatten().unwrap();
        assert_eq!((desk.desk.as_str(), desk.phone.as_deref()), ("人事部", Some("03-0000-0000")));
    }
}
