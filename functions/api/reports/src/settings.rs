//! What the customer says for its reports: the finding rule, and each workplace's own fields.

use std::collections::BTreeMap;

use authz::{
    Permit,
    permission::{ManageReports, ViewReports},
};
use axum::extract::State;
use domain::{
    ids::WorkplaceId,
    organisation::OrganisationName,
    report::form6::{
        Address, BranchOffice, BusinessClass, EnrolledOverride, FindingRule, Institution, LabourInsuranceNumber,
        MOST_INSTITUTIONS, MOST_WORKERS, Office, OverrideReason, Phone, PostalCode, SpecificWork, WorkplaceSettings,
    },
    time::Jst,
};
use endpoint::{Answer, App, Checks, EmployerBody, IfMatch, Json, Path, PhysicianBody, Problem};
use serde::{Deserialize, Serialize};
use store::{ReportRule, Stored};
use utoipa::ToSchema;

/// The rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Rule)]
pub(crate) struct RuleView {
    /// 有所見者とする判定（`c_or_worse_or_restriction`：C以上または就業制限の検討（R）、`c_or_worse`：C以上、`b_or_worse`：B以上、`b_or_worse_or_restriction`：B以上または就業制限の検討（R））。
    #[schema(value_type = String, example = "c_or_worse_or_restriction")]
    finding_rule: FindingRule,
    /// 報告書に印字する、有所見者の数え方。
    #[schema(
        example = "項目の判定がC（要再検査・生活改善）以上、就業制限の検討（R）に該当、または治療中の者を有所見者としています。"
    )]
    text: &'static str,
    /// 最後に変更した日時。変更していない場合は null です。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Option<Jst>,
}

fn rule_view(Stored { record, version }: &Stored<ReportRule>) -> Result<Answer, Problem> {
    let ReportRule { finding_rule, updated_at } = *record;
    Ok(Answer::ok(&RuleView { finding_rule, text: finding_rule.japanese(), updated_at })?.version(*version))
}

/// Another rule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Form6RuleChange)]
pub(crate) struct RuleBody {
    /// 有所見者とする判定（`c_or_worse_or_restriction`：C以上または就業制限の検討（R）、`c_or_worse`：C以上、`b_or_worse`：B以上、`b_or_worse_or_restriction`：B以上または就業制限の検討（R））。
    #[schema(value_type = String, example = "b_or_worse")]
    finding_rule: FindingRule,
}

/// Reads the rule.
#[utoipa::path(
    get, path = "/v1/reports/form-6/rule", operation_id = "readForm6Rule", summary = "有所見者の数え方を確認する",
    description = "法令は判定の区分を定めていないため、契約企業ごとに設定します。既定は、C以上または就業制限の検討（R）です。治療中は、どの数え方でも有所見です。",
    security(("token" = ["reports.view"])), responses((status = 200, description = "数え方", body = RuleView))
)]
pub(crate) async fn read_rule(State(app): State<App>, permit: Permit<ViewReports>) -> Result<Answer, Problem> {
    rule_view(&app.store.report_rule(&permit).await?)
}

/// Changes the rule.
#[utoipa::path(
    put, path = "/v1/reports/form-6/rule", operation_id = "changeForm6Rule", summary = "有所見者の数え方を変更する",
    description = "次の集計から有効です。確定した報告書は変わりません。契約企業の全体を参照できる方だけが変更できます。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = RuleBody, security(("token" = ["reports.manage"])),
    responses((status = 200, description = "変更後の数え方", body = RuleView))
)]
pub(crate) async fn change_rule(
    State(app): State<App>,
    permit: Permit<ManageReports>,
    version: IfMatch,
    Json(body): Json<RuleBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_report_rule(&permit, version.version(), body.finding_rule)?;
    rule_view(&prepared.commit(&app.store).await?)
}

/// A workplace's fields: as they are shown, and as they are sent.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Form6Settings)]
pub(crate) struct SettingsBody {
    /// 労働保険番号（都道府県2桁・所掌1桁・管轄2桁・基幹番号6桁・枝番号3桁）。
    #[schema(example = "13-1-01-123456-000")]
    labour_insurance_number: Option<String>,
    /// 被一括事業場番号（4桁以内）。
    #[schema(example = "0012")]
    branch_office: Option<String>,
    /// 事業の種類（日本標準産業分類の中分類、2桁）。
    #[schema(example = "39")]
    business_class: Option<String>,
    /// 事業場の郵便番号。
    #[schema(example = "105-0001")]
    postal_code: Option<String>,
    /// 事業場の所在地。
    #[schema(example = "東京都港区虎ノ門0-0-0")]
    address: Option<String>,
    /// 事業場の電話番号。
    #[schema(example = "03-0000-0000")]
    phone: Option<String>,
    /// 健康診断実施機関（20件まで）。
    institutions: Vec<InstitutionBody>,
    /// 在籍労働者数が登録上の人数と異なる場合の人数と理由。
    enrolled: Option<EnrolledBody>,
    /// 特定業務に従事する労働者数（業務のキーと人数）。`night_work` を省くと、深夜業フラグのある在籍者を数えます。
    #[schema(value_type = Object, example = json!({"night_work": 12, "noise": 3}))]
    specific_work: BTreeMap<SpecificWork, u32>,
    /// 産業医。
    physician: Option<PhysicianBody>,
    /// 事業者。
    employer: Option<EmployerBody>,
    /// 所轄労働基準監督署。
    #[schema(example = "三田労働基準監督署")]
    office: Option<String>,
}

/// An institution.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Form6InstitutionSetting)]
struct InstitutionBody {
    /// 名称。
    #[schema(example = "みなと健診クリニック")]
    name: String,
    /// 所在地。
    #[schema(example = "東京都港区0-0-0")]
    address: String,
}

/// Who is employed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Form6EnrolledSetting)]
struct EnrolledBody {
    /// 在籍労働者数（常時使用する労働者）。
    #[schema(example = 100)]
    workers: u32,
    /// 理由。
    #[schema(example = "週の所定労働時間が4分の3に満たない方を除く")]
    reason: String,
}

impl From<WorkplaceSettings> for SettingsBody {
    fn from(settings: WorkplaceSettings) -> Self {
        let institution =
            |of: Institution| InstitutionBody { name: of.name.to_string(), address: of.address.to_string() };
        Self {
            labour_insurance_number: settings.labour_insurance_number.map(|it| it.to_string()),
            branch_office: settings.branch_office.map(|it| it.to_string()),
            business_class: settings.business.map(BusinessClass::code),
            postal_code: settings.postal_code.map(|it| it.to_string()),
            address: settings.address.map(|it| it.to_string()),
            phone: settings.phone.map(|it| it.to_string()),
            institutions: settings.institutions.into_iter().map(institution).collect(),
            enrolled: settings
                .enrolled
                .map(|said| EnrolledBody { workers: said.workers, reason: said.reason.to_string() }),
            specific_work: settings.specific_work,
            physician: settings.physician.map(PhysicianBody::from),
            employer: settings.employer.map(EmployerBody::from),
            office: settings.office.map(|it| it.to_string()),
        }
    }
}

impl SettingsBody {
    /// Reads the body; notes everything that is wrong with it.
    fn checked(&self) -> Result<WorkplaceSettings, Problem> {
        let mut checks = Checks::new();
        let number = self.labour_insurance_number.as_deref().map(LabourInsuranceNumber::parse);
        let enrolled = self.enrolled.as_ref().map(|said| said.checked(&mut checks));
        let physician = self.physician.as_ref().map(|of| of.checked(&mut checks));
        let employer = self.employer.as_ref().map(|of| of.checked(&mut checks));
        if self.specific_work.values().any(|workers| *workers > MOST_WORKERS) {
            checks.fault("/specific_work", "out_of_range", "人数は100万以下で入力してください。");
        }
        if self.institutions.len() > MOST_INSTITUTIONS {
            checks.fault("/institutions", "too_many", "健康診断実施機関は20件まで入力できます。");
        }
        let mut institutions = Vec::new();
        for (at, of) in self.institutions.iter().take(MOST_INSTITUTIONS).enumerate() {
            let name = checks.field(&format!("/institutions/{at}/name"), OrganisationName::parse(&of.name));
            let address = checks.field(&format!("/institutions/{at}/address"), Address::parse(&of.address));
            institutions.extend(name.zip(address).map(|(name, address)| Institution { name, address }));
        }
        let settings = WorkplaceSettings {
            labour_insurance_number: checks.optional("/labour_insurance_number", number),
            branch_office: checks.optional("/branch_office", self.branch_office.as_deref().map(BranchOffice::parse)),
            business: checks.optional("/business_class", self.business_class.as_deref().map(BusinessClass::parse)),
            postal_code: checks.optional("/postal_code", self.postal_code.as_deref().map(PostalCode::parse)),
            address: checks.optional("/address", self.address.as_deref().map(Address::parse)),
            phone: checks.optional("/phone", self.phone.as_deref().map(Phone::parse)),
            institutions,
            enrolled: enrolled.flatten(),
            specific_work: self.specific_work.clone(),
            physician: physician.flatten(),
            employer: employer.flatten(),
            office: checks.optional("/office", self.office.as_deref().map(Office::parse)),
        };
        checks.finish(Some(settings))
    }
}

impl EnrolledBody {
    fn checked(&self, checks: &mut Checks) -> Option<EnrolledOverride> {
        if self.workers > MOST_WORKERS {
            checks.fault("/enrolled/workers", "out_of_range", "人数は100万以下で入力してください。");
        }
        let reason = checks.field("/enrolled/reason", OverrideReason::parse(&self.reason))?;
        Some(EnrolledOverride { workers: self.workers, reason })
    }
}

fn settings_view(stored: Stored<WorkplaceSettings>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&SettingsBody::from(stored.record))?.version(stored.version))
}

/// Reads a workplace's fields.
#[utoipa::path(
    get, path = "/v1/reports/form-6/settings/{workplace_id}", operation_id = "readForm6Settings", summary = "様式第6号の事業場の欄を確認する",
    description = "まだ保存していない場合は、空の内容を ETag \"0\" で返します。",
    params(("workplace_id" = String, Path, description = "事業場のID")),
    security(("token" = ["reports.view"])), responses((status = 200, description = "事業場の欄", body = SettingsBody))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    Path(workplace): Path<WorkplaceId>,
) -> Result<Answer, Problem> {
    settings_view(app.store.report_settings(&permit, workplace).await?)
}

/// Replaces a workplace's fields.
#[utoipa::path(
    put, path = "/v1/reports/form-6/settings/{workplace_id}", operation_id = "changeForm6Settings", summary = "様式第6号の事業場の欄を保存する",
    description = "全体を置き換えます。次の集計から有効で、確定した報告書は変わりません。",
    params(("workplace_id" = String, Path, description = "事業場のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = SettingsBody, security(("token" = ["reports.manage"])),
    responses((status = 200, description = "保存した内容", body = SettingsBody))
)]
pub(crate) async fn change(
    State(app): State<App>,
    permit: Permit<ManageReports>,
    Path(workplace): Path<WorkplaceId>,
    version: IfMatch,
    Json(body): Json<SettingsBody>,
) -> Result<Answer, Problem> {
    let settings = body.checked()?;
    let prepared = app.store.change_report_settings(&permit, workplace, version.version(), settings).await?;
    settings_view(prepared.commit(&app.store).await?)
}
