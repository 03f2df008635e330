//! A report as callers see it: every field of the form, and what is wrong with the numbers or still missing.

use domain::{
    employee::{JobTitle, PersonName},
    ids::WorkplaceId,
    organisation::OrganisationName,
    report::form6::{
        Address, BranchOffice, BusinessClass, FindingRule, FormRow, FormVersion, Institution, LabourInsuranceNumber,
        MissingField, Office, OverrideReason, Phone, PostalCode, Sheet, SpecificWork, Violation,
    },
};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

/// A report.
#[derive(Serialize, ToSchema)]
#[schema(as = Form6)]
pub(crate) struct SheetView {
    /// 事業場のID。
    #[schema(value_type = String, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: WorkplaceId,
    /// 事業場の名称。
    #[schema(value_type = String, example = "東京本社")]
    workplace_name: OrganisationName,
    /// 期間の最初の日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 期間の最後の日。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    to: Date,
    /// 対象年（最後の健診年月日の年）。
    #[schema(example = 2026)]
    target_year: i16,
    /// 報告回目。確定するときに指定します。
    #[schema(example = 1)]
    report_number: Option<u8>,
    /// 健診年月日（期間内で最後の受診日）。受診者がいない場合は null です。
    #[schema(value_type = Option<String>, format = Date, example = "2026-07-31")]
    examined_on: Option<Date>,
    /// 労働保険番号。
    #[schema(value_type = Option<String>, example = "13-1-01-123456-000")]
    labour_insurance_number: Option<LabourInsuranceNumber>,
    /// 被一括事業場番号。
    #[schema(value_type = Option<String>, example = "0012")]
    branch_office: Option<BranchOffice>,
    /// 事業の種類（日本標準産業分類の中分類）。
    business: Option<BusinessView>,
    /// 郵便番号。
    #[schema(value_type = Option<String>, example = "105-0001")]
    postal_code: Option<PostalCode>,
    /// 所在地。
    #[schema(value_type = Option<String>, example = "東京都港区虎ノ門0-0-0")]
    address: Option<Address>,
    /// 電話番号。
    #[schema(value_type = Option<String>, example = "03-0000-0000")]
    phone: Option<Phone>,
    /// 健康診断実施機関。
    institutions: Vec<InstitutionView>,
    enrolled: EnrolledView,
    /// 受診労働者数。
    #[schema(example = 95)]
    examined: u32,
    /// 特定業務（安衛則第13条第1項第3号）に従事する労働者数。0人の業務は含まれません。
    specific_work: Vec<SpecificWorkView>,
    /// 特定業務に従事する労働者数の計。
    #[schema(example = 15)]
    specific_work_total: u64,
    /// 健康診断項目。
    rows: Vec<RowView>,
    /// 所見のあった者の人数。
    #[schema(example = 30)]
    with_findings: u32,
    /// 医師の指示人数。
    #[schema(example = 10)]
    instructed: u32,
    /// 産業医。
    physician: Option<PhysicianView>,
    /// 事業者職氏名。
    employer: Option<EmployerView>,
    /// 所轄労働基準監督署。
    #[schema(value_type = Option<String>, example = "三田労働基準監督署")]
    office: Option<Office>,
    /// 提出年月日。確定するときに指定します。
    #[schema(value_type = Option<String>, format = Date, example = "2026-08-20")]
    submitted_on: Option<Date>,
    /// 有所見者とする判定（`c_or_worse_or_restriction`：C以上または就業制限の検討（R）、`c_or_worse`：C以上、`b_or_worse`：B以上、`b_or_worse_or_restriction`：B以上または就業制限の検討（R））。
    #[schema(value_type = String, example = "c_or_worse_or_restriction")]
    finding_rule: FindingRule,
    /// 報告書に印字する、有所見者の数え方。
    #[schema(
        example = "項目の判定がC（要再検査・生活改善）以上、就業制限の検討（R）に該当、または治療中の者を有所見者としています。"
    )]
    finding_rule_text: &'static str,
    /// 様式の版。
    #[schema(example = "2022-10")]
    form_version: String,
    /// 判定に使用した判定基準の版。
    #[schema(example = json!(["ningen-dock-2026-04-01"]))]
    criteria_versions: Vec<String>,
    /// 法定項目を満たさないため数えなかった人間ドック等の件数。
    #[schema(example = 0)]
    not_covering: u32,
    /// 報告の義務があるかどうか（在籍労働者数が50人以上）。
    #[schema(example = true)]
    must_report: bool,
    /// 数値の矛盾。1件でもあると確定できません。
    violations: Vec<ViolationView>,
    /// 未入力の欄。
    #[schema(value_type = Vec<String>, example = json!(["physician"]))]
    missing: Vec<MissingField>,
}

/// Debug output shows no figures: those of a small workplace tell about people.
impl std::fmt::Debug for SheetView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SheetView").field("workplace_id", &self.workplace_id).finish_non_exhaustive()
    }
}

/// A kind of business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Business)]
struct BusinessView {
    /// 中分類の番号。
    #[schema(value_type = String, example = "39")]
    code: BusinessClass,
    /// 中分類の名称。
    #[schema(example = "情報サービス業")]
    name: &'static str,
}

/// Where people were examined.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Institution)]
struct InstitutionView {
    /// 名称。
    #[schema(value_type = String, example = "みなと健診クリニック")]
    name: OrganisationName,
    /// 所在地。
    #[schema(value_type = String, example = "東京都港区0-0-0")]
    address: Address,
}

/// Who is employed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Enrolled)]
struct EnrolledView {
    /// 在籍労働者数。
    #[schema(example = 100)]
    workers: u32,
    /// 健診年月日に在籍している、登録上の人数。
    #[schema(example = 104)]
    registered: u32,
    /// 登録上の人数と異なる人数を入力した理由。
    #[schema(value_type = Option<String>, example = "週の所定労働時間が4分の3に満たない方を除く")]
    reason: Option<OverrideReason>,
}

/// Specific work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6SpecificWork)]
struct SpecificWorkView {
    /// 業務のキー。
    #[schema(value_type = String, example = "night_work")]
    kind: SpecificWork,
    /// 様式の記号。
    #[schema(example = "ヌ")]
    letter: &'static str,
    /// 業務。
    #[schema(example = "深夜業を含む業務")]
    name: &'static str,
    /// 労働者数。
    #[schema(example = 12)]
    workers: u32,
}

/// A row.
#[derive(Serialize, ToSchema)]
#[schema(as = Form6Row)]
struct RowView {
    /// 項目のキー。
    #[schema(value_type = String, example = "blood_pressure")]
    row: FormRow,
    /// 項目。
    #[schema(example = "血圧")]
    name: &'static str,
    /// 実施者数。
    #[schema(example = 95)]
    examined: u32,
    /// 有所見者数。
    #[schema(example = 12)]
    findings: u32,
    /// 実施者のうち、値はあるが判定基準に判定がない人数（随時血糖だけの場合など）。有所見者に含まれません。
    #[schema(example = 0)]
    without_letter: u32,
}

/// The physician.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Physician)]
struct PhysicianView {
    /// 氏名。
    #[schema(value_type = String, example = "山田 一郎")]
    name: PersonName,
    /// 所属医療機関の名称。
    #[schema(value_type = String, example = "みなと病院")]
    institution: OrganisationName,
    /// 所属医療機関の所在地。
    #[schema(value_type = String, example = "東京都港区0-0-0")]
    address: Address,
}

/// The employer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Employer)]
struct EmployerView {
    /// 職名。
    #[schema(value_type = String, example = "代表取締役社長")]
    title: JobTitle,
    /// 氏名。
    #[schema(value_type = String, example = "青山 太郎")]
    name: PersonName,
}

/// What contradicts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form6Violation)]
struct ViolationView {
    /// 矛盾の種類（`code`）と、その項目（`row`）または業務（`kind`）。
    #[serde(flatten)]
    #[schema(value_type = Object)]
    violation: Violation,
    /// 確認すること。
    #[schema(example = "受診労働者数が在籍労働者数を超えています。")]
    detail: &'static str,
}

impl SheetView {
    pub(crate) fn of(workplace_id: WorkplaceId, sheet: &Sheet) -> Self {
        let (settings, figures) = (sheet.settings.clone(), &sheet.figures);
        let form = FormVersion::named(&figures.form);
        let work = |(&kind, &workers): (&SpecificWork, &u32)| SpecificWorkView {
            kind,
            letter: kind.letter(),
            name: kind.japanese(),
            workers,
        };
        Self {
            workplace_id,
            workplace_name: sheet.workplace.clone(),
            from: sheet.period.from,
            to: sheet.period.to,
            target_year: sheet.target_year(),
            report_number: sheet.report_number,
            examined_on: sheet.examined_on,
            labour_insurance_number: settings.labour_insurance_number,
            branch_office: settings.branch_office,
            business: settings.business.map(|code| BusinessView { code, name: code.japanese() }),
            postal_code: settings.postal_code,
            address: settings.address,
            phone: settings.phone,
            institutions: settings
                .institutions
                .into_iter()
                .map(|Institution { name, address }| InstitutionView { name, address })
                .collect(),
            enrolled: EnrolledView {
                workers: sheet.enrolled.workers,
                registered: sheet.enrolled.registered,
                reason: settings.enrolled.map(|said| said.reason),
            },
            examined: figures.examined,
            specific_work: sheet.specific_work.iter().filter(|(_, workers)| **workers > 0).map(work).collect(),
            specific_work_total: sheet.specific_work_total(),
            rows: figures
                .rows
                .iter()
                .map(|of| RowView {
                    row: of.row,
                    name: form.map_or("", |form| form.japanese(of.row)),
                    examined: of.examined,
                    findings: of.findings,
                    without_letter: of.without_letter,
                })
                .collect(),
            with_findings: figures.with_findings,
            instructed: figures.instructed,
            physician: settings.physician.map(|of| PhysicianView {
                name: of.name,
                institution: of.institution,
                address: of.address,
            }),
            employer: settings.employer.map(|of| EmployerView { title: of.title, name: of.name }),
            office: settings.office,
            submitted_on: sheet.submitted_on,
            finding_rule: figures.rule,
            finding_rule_text: figures.rule.japanese(),
            form_version: figures.form.clone(),
            criteria_versions: figures.criteria.clone(),
            not_covering: figures.not_covering,
            must_report: sheet.must_report(),
            violations: sheet
                .violations()
                .into_iter()
                .map(|violation| ViolationView { violation, detail: violation.japanese() })
                .collect(),
            missing: sheet.missing(),
        }
    }
}
