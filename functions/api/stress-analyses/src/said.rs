//! What only the customer knows of a workplace and a year, as the report of the stress check asks for it.

use authz::{
    Permit,
    permission::{ManageStressReports, ViewStressReports},
};
use axum::extract::State;
use domain::{
    ids::WorkplaceId,
    report::{
        form6::{Address, BranchOffice, BusinessClass, LabourInsuranceNumber, MOST_WORKERS, Office, Phone, PostalCode},
        form6_3::{CarriedOutBy, InterviewedBy, Said, YEARS},
    },
};
use endpoint::{Answer, App, Checks, EmployerBody, IfMatch, Json, Kind, Path, PhysicianBody, Problem};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Stored;
use utoipa::ToSchema;

/// A year that can be reported; another one has no report.
pub(crate) fn year_of(year: i16) -> Result<i16, Problem> {
    if YEARS.contains(&year) { Ok(year) } else { Err(Problem::new(Kind::NotFound)) }
}

/// A workplace's fields of a year: as they are shown, and as they are sent.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Form63Settings)]
pub(crate) struct SaidBody {
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
    /// 在籍労働者数（検査実施年月の末日に常時使用する労働者）。
    #[schema(example = 100)]
    enrolled: Option<u32>,
    /// 検査を実施した者（`industrial_physician`：事業場選任の産業医、`of_the_workplace`：事業場所属の医師・保健師など、`contractor`：外部委託先）。
    #[schema(value_type = Option<String>, example = "industrial_physician")]
    carried_out_by: Option<CarriedOutBy>,
    /// 面接指導を実施した医師（`industrial_physician`：事業場選任の産業医、`of_the_workplace`：事業場所属の医師、`elsewhere`：外部委託先の医師）。
    #[schema(value_type = Option<String>, example = "industrial_physician")]
    interviewed_by: Option<InterviewedBy>,
    /// 面接指導を受けた労働者数。
    #[schema(example = 3)]
    interviewed: Option<u32>,
    /// 集団ごとの分析を実施したかどうか。
    #[schema(example = true)]
    analysed: Option<bool>,
    /// 産業医。
    physician: Option<PhysicianBody>,
    /// 事業者。
    employer: Option<EmployerBody>,
    /// 所轄労働基準監督署。
    #[schema(example = "三田労働基準監督署")]
    office: Option<String>,
    /// 提出年月日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-01")]
    submitted_on: Option<Date>,
}

impl From<Said> for SaidBody {
    fn from(said: Said) -> Self {
        Self {
            labour_insurance_number: said.labour_insurance_number.map(|it| it.to_string()),
            branch_office: said.branch_office.map(|it| it.to_string()),
            business_class: said.business.map(BusinessClass::code),
            postal_code: said.postal_code.map(|it| it.to_string()),
            address: said.address.map(|it| it.to_string()),
            phone: said.phone.map(|it| it.to_string()),
            enrolled: said.enrolled,
            carried_out_by: said.carried_out_by,
            interviewed_by: said.interviewed_by,
            interviewed: said.interviewed,
            analysed: said.analysed,
            physician: said.physician.map(PhysicianBody::from),
            employer: said.employer.map(EmployerBody::from),
            office: said.office.map(|it| it.to_string()),
            submitted_on: said.submitted_on,
        }
    }
}

impl SaidBody {
    /// Reads the body; notes everything that is wrong with it.
    fn checked(&self) -> Result<Said, Problem> {
        let mut checks = Checks::new();
        let number = self.labour_insurance_number.as_deref().map(LabourInsuranceNumber::parse);
        let physician = self.physician.as_ref().map(|of| of.checked(&mut checks));
        let employer = self.employer.as_ref().map(|of| of.checked(&mut checks));
        for (pointer, people) in [("/enrolled", self.enrolled), ("/interviewed", self.interviewed)] {
            if people.is_some_and(|people| people > MOST_WORKERS) {
                checks.fault(pointer, "out_of_range", "人数は100万以下で入力してください。");
            }
        }
        let said = Said {
            labour_insurance_number: checks.optional("/labour_insurance_number", number),
            branch_office: checks.optional("/branch_office", self.branch_office.as_deref().map(BranchOffice::parse)),
            business: checks.optional("/business_class", self.business_class.as_deref().map(BusinessClass::parse)),
            postal_code: checks.optional("/postal_code", self.postal_code.as_deref().map(PostalCode::parse)),
            address: checks.optional("/address", self.address.as_deref().map(Address::parse)),
            phone: checks.optional("/phone", self.phone.as_deref().map(Phone::parse)),
            enrolled: self.enrolled,
            carried_out_by: self.carried_out_by,
            interviewed_by: self.interviewed_by,
            interviewed: self.interviewed,
            analysed: self.analysed,
            physician: physician.flatten(),
            employer: employer.flatten(),
            office: checks.optional("/office", self.office.as_deref().map(Office::parse)),
            submitted_on: self.submitted_on,
        };
        checks.finish(Some(said))
    }
}

fn view(stored: Stored<Said>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&SaidBody::from(stored.record))?.version(stored.version))
}

/// Reads a workplace's fields of a year.
#[utoipa::path(
    get, path = "/v1/stress-reports/{workplace_id}/{year}/settings", operation_id = "readForm63Settings", summary = "様式第6号の3の入力欄を確認する",
    description = "まだ保存していない場合は、前年の事業場・産業医・事業者の欄を引き継いだ内容を ETag \"0\" で返します。",
    params(("workplace_id" = String, Path, description = "事業場のID"), ("year" = i16, Path, description = "対象年（西暦）", example = 2026)),
    security(("token" = ["stress_checks.reports"])), responses((status = 200, description = "入力欄", body = SaidBody))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewStressReports>,
    Path((workplace, year)): Path<(WorkplaceId, i16)>,
) -> Result<Answer, Problem> {
    view(app.store.stress_report_said(&permit, workplace, year_of(year)?).await?)
}

/// Replaces them.
#[utoipa::path(
    put, path = "/v1/stress-reports/{workplace_id}/{year}/settings", operation_id = "changeForm63Settings", summary = "様式第6号の3の入力欄を保存する",
    description = "全体を置き換えます。次の集計から有効です。",
    params(
        ("workplace_id" = String, Path, description = "事業場のID"), ("year" = i16, Path, description = "対象年（西暦）", example = 2026),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = SaidBody, security(("token" = ["stress_checks.reports_change"])),
    responses((status = 200, description = "保存した内容", body = SaidBody))
)]
pub(crate) async fn change(
    State(app): State<App>,
    permit: Permit<ManageStressReports>,
    Path((workplace, year)): Path<(WorkplaceId, i16)>,
    version: IfMatch,
    Json(body): Json<SaidBody>,
) -> Result<Answer, Problem> {
    let said = body.checked()?;
    let prepared = app.store.say_for_stress_report(&permit, workplace, year_of(year)?, version.version(), said).await?;
    view(prepared.commit(&app.store).await?)
}
