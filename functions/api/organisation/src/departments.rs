//! Departments (部署).

use std::collections::BTreeSet;

use authz::{
    Permit,
    permission::{ManageOrganisation, ViewOrganisation},
};
use axum::extract::State;
use domain::{
    checked::Refused,
    ids::{DepartmentId, LabelId},
    organisation::{DepartmentCode, OrganisationName},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{Department, DepartmentChange, DepartmentSince, NewDepartment, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::NO_FILTERS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change, delete))
}

/// A department as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Department)]
struct DepartmentView {
    #[schema(value_type = String, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: DepartmentId,
    /// 部署コード。
    #[schema(value_type = String, example = "D210")]
    code: DepartmentCode,
    /// 部署名。
    #[schema(value_type = String, example = "第一営業部")]
    name: OrganisationName,
    /// 上位部署のID。最上位の部署では null です。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6c")]
    parent_id: Option<DepartmentId>,
    /// この部署に付いているラベルのID（上位の部署のラベルは含みません）。
    #[schema(value_type = Vec<String>, example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: BTreeSet<LabelId>,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

impl From<Department> for DepartmentView {
    fn from(department: Department) -> Self {
        let Department { id, code, name, parent, labels, created_at, updated_at, .. } = department;
        Self { id, code, name, parent_id: parent, labels, created_at, updated_at }
    }
}

/// What a department was from a day on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DepartmentSince)]
struct SinceView {
    /// この日から。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: jiff::civil::Date,
    /// 部署名。
    #[schema(value_type = String, example = "第一営業部")]
    name: OrganisationName,
    /// 上位部署のID。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6c")]
    parent_id: Option<DepartmentId>,
}

impl From<DepartmentSince> for SinceView {
    fn from(since: DepartmentSince) -> Self {
        Self { from: since.from, name: since.name, parent_id: since.parent }
    }
}

/// A department with its history.
#[derive(Debug, Serialize, ToSchema)]
struct DepartmentWithHistory {
    #[serde(flatten)]
    department: DepartmentView,
    /// 名称と上位部署の履歴（古い順。最後の要素が現在の内容です）。
    history: Vec<SinceView>,
}

impl From<Department> for DepartmentWithHistory {
    fn from(mut department: Department) -> Self {
        let history = std::mem::take(&mut department.history);
        Self { history: history.into_iter().map(SinceView::from).collect(), department: department.into() }
    }
}

/// A page of departments.
#[derive(Debug, Serialize, ToSchema)]
struct DepartmentPage {
    items: Vec<DepartmentView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// The reference to a department above is none.
const UNKNOWN_PARENT: Refused = Refused {
    code: "missing_reference",
    detail: "上位部署が存在しません。部署のIDを確認してください。",
};

/// How many labels a department carries at most.
const MOST_LABELS: usize = 50;

const UNKNOWN_LABEL: Refused = Refused {
    code: "missing_reference",
    detail: "ラベルが存在しません。ラベルのIDを確認してください。",
};

/// Reads labels; notes each that is none.
fn labels(checks: &mut Checks, ids: &[String]) -> BTreeSet<LabelId> {
    if ids.len() > MOST_LABELS {
        checks.fault("/labels", "too_many", format!("ラベルは{MOST_LABELS}件まで指定できます。"));
    }
    let read =
        |(at, id): (usize, &String)| checks.field(&format!("/labels/{at}"), id.parse().map_err(|_| UNKNOWN_LABEL));
    ids.iter().enumerate().filter_map(read).collect()
}

fn parent(id: &str) -> Result<DepartmentId, Refused> {
    id.parse().map_err(|_| UNKNOWN_PARENT)
}

/// A new department.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDepartmentBody {
    /// 部署コード（半角英数字・ハイフン・下線、1〜32文字）。
    #[schema(example = "D210")]
    code: String,
    /// 部署名。
    #[schema(example = "第一営業部")]
    name: String,
    /// 上位部署のID。省略または null の場合は最上位になります。
    #[schema(example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6c")]
    parent_id: Option<String>,
    /// ラベルのID。下位の部署に所属する従業員にも及びます。
    #[serde(default)]
    #[schema(example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: Vec<String>,
}

impl NewDepartmentBody {
    fn checked(&self) -> Result<NewDepartment, Problem> {
        let mut checks = Checks::new();
        let code = checks.field("/code", DepartmentCode::parse(&self.code));
        let name = checks.field("/name", OrganisationName::parse(&self.name));
        let parent = checks.optional("/parent_id", self.parent_id.as_deref().map(parent));
        let labels = labels(&mut checks, &self.labels);
        checks.finish(code.zip(name).map(|(code, name)| NewDepartment { code, name, parent, labels }))
    }
}

/// A change of a department.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DepartmentBody {
    /// 部署コード。
    #[schema(example = "D210")]
    code: Option<String>,
    /// 部署名。
    #[schema(example = "第一営業部")]
    name: Option<String>,
    /// 上位部署のID。null を指定すると最上位へ移動します。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6c")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    parent_id: Option<Option<String>>,
    /// ラベルのID（全体を置き換えます）。下位の部署に所属する従業員にも及びます。
    #[schema(example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: Option<Vec<String>>,
}

impl DepartmentBody {
    fn checked(&self) -> Result<DepartmentChange, Problem> {
        let mut checks = Checks::new();
        let code = checks.optional("/code", self.code.as_deref().map(DepartmentCode::parse));
        let name = checks.optional("/name", self.name.as_deref().map(OrganisationName::parse));
        let above = |id: &Option<String>| checks.optional("/parent_id", id.as_deref().map(parent));
        let parent = self.parent_id.as_ref().map(above);
        let labels = self.labels.as_ref().map(|ids| labels(&mut checks, ids));
        checks.finish(Some(DepartmentChange { code, name, parent, labels }))
    }
}

fn answer(Stored { record, version }: Stored<Department>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&DepartmentWithHistory::from(record))?.version(version))
}

/// Lists departments.
#[utoipa::path(
    get, path = "/v1/departments", operation_id = "listDepartments", summary = "部署の一覧",
    description = "参照できる範囲にある部署を、コードの順に返します。階層は parent_id で表します。",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["organisation.view"])), responses((status = 200, description = "部署", body = DepartmentPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewOrganisation>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "departments", NO_FILTERS);
    let after: Option<String> = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.departments(&permit, after.as_deref(), limit(query.limit)?).await?;
    let items = found.into_iter().map(|stored| stored.record.into()).collect();
    pages.answer(&uri, next, |next_cursor| DepartmentPage { items, next_cursor }).await
}

/// Makes a department.
#[utoipa::path(
    post, path = "/v1/departments", operation_id = "createDepartment", summary = "部署を登録する",
    description = "階層は20段まで、部署は10,000件まで登録できます。部署に付けるラベルは、1つの部署に50件、全部署の合計で2,000件までです。最上位の部署は、全社の範囲を持つ場合に登録できます。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = NewDepartmentBody, security(("token" = ["organisation.manage"])),
    responses((status = 201, description = "登録しました", body = DepartmentWithHistory))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    posted: Posted<NewDepartmentBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewDepartmentBody| Ok(app.store.create_department(&permit, body.checked()?).await?);
    let answer = |made: &Stored<Department>| {
        let location = format!("/v1/departments/{}", made.record.id);
        Ok(Answer::created(location, &DepartmentWithHistory::from(made.record.clone()))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a department.
#[utoipa::path(
    get, path = "/v1/departments/{department_id}", operation_id = "readDepartment", summary = "部署を確認する",
    description = "名称と上位部署の履歴も返します。",
    params(("department_id" = String, Path, description = "部署のID")),
    security(("token" = ["organisation.view"])), responses((status = 200, description = "部署", body = DepartmentWithHistory))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewOrganisation>,
    Path(department): Path<DepartmentId>,
) -> Result<Answer, Problem> {
    answer(app.store.department(&permit, department).await?)
}

/// Changes a department.
#[utoipa::path(
    patch, path = "/v1/departments/{department_id}", operation_id = "changeDepartment", summary = "部署を変更する",
    description = "指定した項目だけを変更します。上位部署を変更すると、下位の部署も一緒に移動します。部署やラベルを範囲とする権限には直ちに反映されます。",
    params(("department_id" = String, Path, description = "部署のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = DepartmentBody, security(("token" = ["organisation.manage"])),
    responses((status = 200, description = "変更後の部署", body = DepartmentWithHistory))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    Path(department): Path<DepartmentId>,
    version: IfMatch,
    Json(body): Json<DepartmentBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_department(&permit, department, version.version(), body.checked()?).await?;
    answer(prepared.commit(&app.store).await?)
}

/// Deletes a department.
#[utoipa::path(
    delete, path = "/v1/departments/{department_id}", operation_id = "deleteDepartment", summary = "部署を削除する",
    description = "下位の部署がある場合、所属する従業員（退職者を含む）がいる場合、権限の範囲に使用されている場合は削除できません（409）。",
    params(("department_id" = String, Path, description = "部署のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["organisation.manage"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    Path(department): Path<DepartmentId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_department(&permit, department, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(body: &str) -> DepartmentChange {
        serde_json::from_str::<DepartmentBody>(body).unwrap().checked().unwrap()
    }

    #[test]
    fn moving_to_the_top_is_not_the_same_as_staying() {
        assert_eq!(change("{}").parent, None);
        assert_eq!(change(r#"{"parent_id": null}"#).parent, Some(None));
        let below = change(r#"{"parent_id": "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6c"}"#);
        assert!(matches!(below.parent, Some(Some(_))));
    }

    #[test]
    fn every_fault_of_a_department_is_told_at_once() {
        let body = r#"{"code": "部", "name": " ", "parent_id": "emp_1", "labels": ["lab_1"]}"#;
        let body: NewDepartmentBody = serde_json::from_str(body).unwrap();
        let pointers: Vec<_> = body.checked().unwrap_err().errors.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/code", "/name", "/parent_id", "/labels/0"]);
    }
}
