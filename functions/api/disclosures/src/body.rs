//! What operators send.

use domain::{employee::EmployeeNumber, export::ExportKind, ids::TenantId};
use endpoint::{Checks, Problem};
use jiff::civil::Date;
use serde::Deserialize;
use store::{LegalBasis, MOST_PEOPLE, NewDisclosure, Said};
use utoipa::ToSchema;

const LINE: &str = "改行を含まない1～500文字で入力してください。";

/// Reads a line; notes what is wrong with it.
fn said(checks: &mut Checks, pointer: &str, text: &str) -> Option<Said> {
    let said = Said::parse(text);
    if said.is_none() {
        checks.fault(pointer, "line", LINE);
    }
    said
}

/// On which ground.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegalBasisBody {
    /// 法的根拠（条文や令状の種類。1～500文字）。
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

/// A disclosure that shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDisclosureBody {
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 法的根拠。
    legal_basis: LegalBasisBody,
    /// 記録の種別（`workplaces`, `departments`, `labels`, `employees`, `placements`, `accounts`, `checkups`, `checkup_results`, `checkup_history`, `work_fitness`, `follow_ups`, `working_hours`, `interviews`, `audit_events`）。
    #[schema(value_type = Vec<String>, example = json!(["employees", "checkups", "checkup_results"]))]
    kinds: Vec<ExportKind>,
    /// 対象の社員番号（200人まで）。全員の場合は everybody を指定してください。
    #[schema(value_type = Option<Vec<String>>, example = json!(["000123"]))]
    employee_numbers: Option<Vec<String>>,
    /// 全員を対象とする場合は true。
    #[schema(example = false)]
    #[serde(default)]
    everybody: bool,
    /// 期間の最初の日（受診日、監査記録の日）。
    #[schema(value_type = Option<String>, format = Date, example = "2025-04-01")]
    since: Option<Date>,
    /// 期間の最後の日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-31")]
    until: Option<Date>,
    /// 契約企業への通知が禁じられている場合、その最後の日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-09-30")]
    silent_until: Option<Date>,
}

impl NewDisclosureBody {
    pub(crate) fn checked(self, today: Date) -> Result<NewDisclosure, Problem> {
        let mut checks = Checks::new();
        let LegalBasisBody { basis, authority, document_number, document_date } = self.legal_basis;
        let basis = said(&mut checks, "/legal_basis/basis", &basis);
        let authority = said(&mut checks, "/legal_basis/authority", &authority);
        let document_number = said(&mut checks, "/legal_basis/document_number", &document_number);
        if document_date > today {
            checks.fault(
                "/legal_basis/document_date",
                "future_date",
                "文書の日付には、今日以前の日付を指定してください。",
            );
        }
        let mut kinds = self.kinds;
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.is_empty() {
            checks.fault("/kinds", "required", "記録の種別を1つ以上指定してください。");
        }
        if self.since.zip(self.until).is_some_and(|(since, until)| since > until) {
            checks.fault("/since", "period", "期間は、最初の日、最後の日の順に指定してください。");
        }
        if self.silent_until.is_some_and(|last_day| last_day < today) {
            checks.fault(
                "/silent_until",
                "past_date",
                "通知が禁じられている最後の日には、今日以降の日付を指定してください。",
            );
        }
        let people = match (self.employee_numbers, self.everybody) {
            (None, true) => Some(None),
            (Some(numbers), false) if (1..=MOST_PEOPLE).contains(&numbers.len()) => {
                Some(Some(numbers_of(&mut checks, &numbers)))
            }
            _ => {
                let detail = "社員番号（1～200人）または everybody のどちらか一方を指定してください。";
                checks.fault("/employee_numbers", "people", detail);
                None
            }
        };
        // An order about people names no records that are nobody's.
        let of_everybody = kinds.iter().any(|kind| !kind.row().of_people);
        if of_everybody && people.as_ref().is_some_and(Option::is_some) {
            let detail = "事業場・部署・ラベルは、全員を対象とする場合にのみ指定できます。";
            checks.fault("/kinds", "not_of_people", detail);
        }
        let basis = basis.zip(authority).zip(document_number);
        let new = basis.zip(people).map(|(((basis, authority), document_number), people)| NewDisclosure {
            tenant: self.tenant_id,
            basis: LegalBasis { basis, authority, document_number, document_date },
            kinds,
            people,
            since: self.since,
            until: self.until,
            silent_until: self.silent_until,
        });
        checks.finish(new)
    }
}

/// Each person once.
fn numbers_of(checks: &mut Checks, numbers: &[String]) -> Vec<EmployeeNumber> {
    let mut read = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        read.extend(checks.field(&format!("/employee_numbers/{index}"), EmployeeNumber::parse(number)));
    }
    read.sort_unstable();
    read.dedup();
    read
}

/// Why not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusalBody {
    /// 承認しない理由（1～500文字）。
    #[schema(example = "照会書に記載のない記録が範囲に含まれています。")]
    reason: String,
}

impl RefusalBody {
    pub(crate) fn checked(&self) -> Result<Said, Problem> {
        let mut checks = Checks::new();
        let reason = said(&mut checks, "/reason", &self.reason);
        checks.finish(reason)
    }
}

/// What for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurposeBody {
    /// 取得の目的（1～500文字）。
    #[schema(example = "差押えに応じて記録媒体に複写するため")]
    purpose: String,
}

impl PurposeBody {
    pub(crate) fn checked(&self) -> Result<Said, Problem> {
        let mut checks = Checks::new();
        let purpose = said(&mut checks, "/purpose", &self.purpose);
        checks.finish(purpose)
    }
}

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOverBody {
    /// 引渡しの相手（機関と担当者の職名。1～500文字）。
    #[schema(example = "東京地方検察庁 検察事務官")]
    recipient: String,
    /// 引渡しの方法（媒体、封印の番号など。1～500文字）。
    #[schema(example = "暗号化したUSBメモリを手渡し、受領書を取得")]
    how: String,
}

impl HandOverBody {
    pub(crate) fn checked(&self) -> Result<(Said, Said), Problem> {
        let mut checks = Checks::new();
        let recipient = said(&mut checks, "/recipient", &self.recipient);
        let how = said(&mut checks, "/how", &self.how);
        checks.finish(recipient.zip(how))
    }
}
