//! Employees as callers see them: a column that the caller may not see of somebody is absent.

use std::collections::BTreeSet;

use authz::{Permission, PermissionId, Permit};
use domain::{
    checkup::hazard::{Hazard, HazardWork},
    employee::{
        BirthDate, EmployeeNumber, EmploymentState, EmploymentType, JobTitle, Kana, MailAddress, PersonName, Sex,
    },
    ids::{DepartmentId, EmployeeId, LabelId, WorkplaceId},
    time::Jst,
};
use endpoint::{Kind, Problem};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{PlacedSince, WholeEmployee};
use utoipa::ToSchema;

/// What a list can be asked for by name.
pub(crate) const FIELDS: &[&str] = &[
    "id",
    "employee_number",
    "name",
    "kana",
    "mail",
    "birth_date",
    "sex",
    "manager",
    "personnel_authority",
    "night_work",
    "hazards",
    "hired_on",
    "left_on",
    "workplace_id",
    "department_id",
    "job_title",
    "occupation",
    "employment_type",
    "state",
    "labels",
    "created_at",
    "updated_at",
];

/// An employee.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Employee)]
pub(crate) struct EmployeeView {
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: EmployeeId,
    /// 社員番号。
    #[schema(value_type = String, example = "000123")]
    employee_number: EmployeeNumber,
    #[serde(flatten)]
    name: Option<NameView>,
    #[serde(flatten)]
    contact: Option<ContactView>,
    #[serde(flatten)]
    attributes: Option<AttributesView>,
    /// 入社年月日。
    #[schema(value_type = String, format = Date, example = "2018-04-01")]
    hired_on: Date,
    /// 退職年月日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-31")]
    left_on: Option<Date>,
    /// 事業場のID。
    #[schema(value_type = Option<String>, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: Option<WorkplaceId>,
    /// 部署のID。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    department_id: Option<DepartmentId>,
    /// 役職。
    #[schema(value_type = Option<String>, example = "主任")]
    job_title: Option<JobTitle>,
    /// 職種。
    #[schema(value_type = Option<String>, example = "営業")]
    occupation: Option<JobTitle>,
    /// 雇用形態。
    #[schema(value_type = String, example = "正社員")]
    employment_type: EmploymentType,
    /// 在籍区分（`active`：在籍、`on_leave`：休職、`seconded`：出向、`retired`：退職）。
    #[schema(value_type = String, example = "active")]
    state: EmploymentState,
    /// ラベルのID。
    #[schema(value_type = Vec<String>, example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: BTreeSet<LabelId>,
    /// 異動の履歴（古い順。先の日付の要素は異動の予定です）。一覧には含まれません。
    #[serde(skip_serializing_if = "Option::is_none")]
    placements: Option<Vec<PlacementView>>,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

/// What those see who may see names.
#[derive(Debug, Serialize, ToSchema)]
struct NameView {
    /// 氏名。
    #[schema(value_type = String, example = "渡辺　裕子")]
    name: PersonName,
    /// フリガナ。
    #[schema(value_type = String, example = "ワタナベ　ユウコ")]
    kana: Kana,
}

/// What those see who may see addresses.
#[derive(Debug, Serialize, ToSchema)]
struct ContactView {
    /// メールアドレス。
    #[schema(value_type = Option<String>, example = "yuko.watanabe@minato.example")]
    mail: Option<MailAddress>,
}

/// What those see who may see attributes.
#[derive(Debug, Serialize, ToSchema)]
struct AttributesView {
    /// 生年月日。
    #[schema(value_type = String, format = Date, example = "1985-06-15")]
    birth_date: BirthDate,
    /// 性別（male：男、female：女、other：その他・無回答）。
    #[schema(value_type = String, example = "female")]
    sex: Sex,
    /// 管理監督者かどうか。
    manager: bool,
    /// 人事権（採用・解雇・異動に関する直接の権限）を持つかどうか。
    personnel_authority: bool,
    /// 深夜業に従事するかどうか。
    night_work: bool,
    /// 有害業務の従事歴（業務・開始日の順）。
    hazards: Vec<HazardView>,
}

/// A period of hazardous work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmployeeHazard)]
struct HazardView {
    /// 有害業務のコード。
    #[schema(value_type = String, example = "organic_solvents")]
    code: Hazard,
    /// 有害業務の名称。
    #[schema(example = "有機溶剤業務")]
    name: &'static str,
    /// 従事開始日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 従事終了日。従事している間は null です。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    until: Option<Date>,
}

impl From<&HazardWork> for HazardView {
    fn from(work: &HazardWork) -> Self {
        Self { code: work.hazard, name: work.hazard.row().japanese, from: work.from, until: work.until }
    }
}

/// Where somebody stood from a day on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmployeePlacement)]
struct PlacementView {
    /// この日から。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 事業場のID。
    #[schema(value_type = Option<String>, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: Option<WorkplaceId>,
    /// 部署のID。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    department_id: Option<DepartmentId>,
}

impl From<&PlacedSince> for PlacementView {
    fn from(placed: &PlacedSince) -> Self {
        Self { from: placed.from, workplace_id: placed.workplace, department_id: placed.department }
    }
}

/// A page of employees, as it is documented.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmployeePage {
    items: Vec<EmployeeView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// A page of employees, with the fields that were asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    pub(crate) items: Vec<Map<String, Value>>,
    pub(crate) next_cursor: Option<String>,
}

impl EmployeeView {
    /// What `permit` shows of an employee.
    pub(crate) fn of<P: Permission>(permit: &Permit<P>, whole: &WholeEmployee) -> Self {
        let (employee, attributes) = (&whole.employee.record, whole.attributes.clone());
        let (placement, person) = (&whole.placement, whole.person.clone());
        let sees = |column| permit.sees_of(column, placement);
        Self {
            id: employee.id,
            employee_number: attributes.number,
            name: sees(PermissionId::SeeNames).then_some(NameView { name: person.name, kana: person.kana }),
            contact: sees(PermissionId::SeeContacts).then_some(ContactView { mail: person.mail }),
            attributes: sees(PermissionId::SeeAttributes).then_some(AttributesView {
                birth_date: attributes.birth_date,
                sex: attributes.sex,
                manager: attributes.manager,
                personnel_authority: attributes.personnel_authority,
                night_work: attributes.night_work,
                hazards: attributes.hazards.all().iter().map(HazardView::from).collect(),
            }),
            hired_on: employee.hired_on,
            left_on: employee.left_on,
            workplace_id: placement.workplace,
            department_id: placement.department,
            job_title: attributes.job_title,
            occupation: attributes.occupation,
            employment_type: attributes.employment_type,
            state: employee.state,
            labels: employee.labels.clone(),
            placements: None,
            created_at: employee.created_at,
            updated_at: employee.updated_at,
        }
    }

    /// With where they stood before.
    pub(crate) fn with_history(mut self, whole: &WholeEmployee) -> Self {
        self.placements = Some(whole.employee.record.placements.iter().map(PlacementView::from).collect());
        self
    }

    /// As JSON, with the id and the fields that were asked for, or with all.
    pub(crate) fn picked(&self, fields: Option<&[&str]>) -> Result<Map<String, Value>, Problem> {
        let Ok(Value::Object(mut object)) = serde_json::to_value(self) else {
            return Err(Problem::new(Kind::Internal));
        };
        if let Some(fields) = fields {
            object.retain(|name, _| name == "id" || fields.contains(&name.as_str()));
        }
        Ok(object)
    }
}
