//! Employees (従業員): `/v1/employees`.

mod body;
mod query;
mod view;

use authz::{
    Permission, Permit,
    permission::{DeleteEmployees, ManageEmployees, ViewEmployees},
};
use axum::extract::State;
use domain::ids::EmployeeId;
use endpoint::{Answer, App, Door, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit};
use http::Uri;
use store::WholeEmployee;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{EmployeeBody, LabelsBody, NewEmployeeBody, RetirementBody},
    query::ListQuery,
    view::{EmployeePage, EmployeeView, Page},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "employees",
        heading: "従業員",
        routes: OpenApiRouter::new()
            .routes(routes!(list, create))
            .routes(routes!(read, change, delete))
            .routes(routes!(retire))
            .routes(routes!(label)),
    }
}

/// The employee as an answer: what of it `permit` shows.
fn answer<P: Permission>(permit: &Permit<P>, whole: &WholeEmployee) -> Result<Answer, Problem> {
    Ok(Answer::ok(&EmployeeView::of(permit, whole).with_history(whole))?.version(whole.employee.version))
}

/// Lists employees.
#[utoipa::path(
    get, path = "/v1/employees", operation_id = "listEmployees", summary = "従業員の一覧",
    description = "参照できる範囲にいる従業員を返します。従業員のロールだけの場合は本人だけを返します。参照権限のない項目は含まれません。",
    params(
        ("q" = Option<String>, Query, description = "社員番号・氏名・フリガナの一部（全角・半角、ひらがな・カタカナ、異体字は区別しません）", example = "わたなべ"),
        ("employee_number" = Option<String>, Query, description = "社員番号（完全一致）", example = "000123"),
        ("department_id" = Option<String>, Query, description = "部署のID（下位の部署を含みます）", example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"),
        ("workplace_id" = Option<String>, Query, description = "事業場のID", example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"),
        ("label_id" = Option<String>, Query, description = "ラベルのID（所属する部署やその上位の部署に付いている場合を含みます）", example = "lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"),
        ("state" = Option<String>, Query, description = "在籍区分（active：在籍、on_leave：休職、seconded：出向、retired：退職）", example = "active"),
        ("sort" = Option<String>, Query, description = "並び順（employee_number：社員番号順（既定）、kana：フリガナ順。先頭に - を付けると逆順）", example = "kana"),
        ("fields" = Option<String>, Query, description = "返す項目（カンマ区切り。id は常に含まれます）", example = "employee_number,name"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["employees.view"])), responses((status = 200, description = "従業員", body = EmployeePage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewEmployees>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let (limit, fields) = (limit(query.limit)?, query.fields()?);
    let pages = Pages::of(&app, &permit, "employees", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.employees(&permit, &query.search(), after.as_ref(), limit).await?;
    let items = found.iter().map(|whole| EmployeeView::of(&permit, whole).picked(fields.as_deref()));
    let items = items.collect::<Result<_, _>>()?;
    pages.answer(&uri, next, |next_cursor| Page { items, next_cursor }).await
}

/// Registers an employee.
#[utoipa::path(
    post, path = "/v1/employees", operation_id = "createEmployee", summary = "従業員を登録する",
    description = "社員番号は契約企業の中で重複できません（409）。事業場・部署・ラベルは先に登録し、参照できる範囲のものを指定してください。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = NewEmployeeBody, security(("token" = ["employees.manage"])),
    responses((status = 201, description = "登録しました", body = EmployeeView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageEmployees>,
    posted: Posted<NewEmployeeBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: NewEmployeeBody| {
        let new = body.checked(today)?;
        Ok(app.store.create_employee(&permit, &new.content, &new.labels, new.effective_on).await?)
    };
    let answer = |made: &WholeEmployee| {
        let view = EmployeeView::of(&permit, made).with_history(made);
        let location = format!("/v1/employees/{}", made.employee.record.id);
        Ok(Answer::created(location, &view)?.version(made.employee.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads an employee.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}", operation_id = "readEmployee", summary = "従業員を確認する",
    description = "異動の履歴も返します。参照権限のない項目は含まれません。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["employees.view"])), responses((status = 200, description = "従業員", body = EmployeeView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewEmployees>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    answer(&permit, &app.store.employee(&permit, employee).await?)
}

/// Changes an employee.
#[utoipa::path(
    patch, path = "/v1/employees/{employee_id}", operation_id = "changeEmployee", summary = "従業員を変更する",
    description = "指定した項目だけを変更します。事業場・部署を変更すると異動の履歴に残ります。先の日付の異動は effective_on で予定できます。予定を取り消すには、同じ日付で現在の所属を指定してください。退職は POST /v1/employees/{employee_id}/retire で登録してください。退職者を在籍に戻すと退職年月日は消え、アカウントは退職前の状態に戻ります。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = EmployeeBody, security(("token" = ["employees.manage"])),
    responses((status = 200, description = "変更後の従業員", body = EmployeeView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageEmployees>,
    Path(employee): Path<EmployeeId>,
    version: IfMatch,
    Json(body): Json<EmployeeBody>,
) -> Result<Answer, Problem> {
    let change = body.checked(app.clock().now().date())?;
    let prepared = app.store.change_employee(&permit, employee, version.version(), change).await?;
    answer(&permit, &prepared.commit(&app.store).await?)
}

/// Notes that an employee has left.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/retire", operation_id = "retireEmployee", summary = "退職を登録する",
    description = "在籍区分を退職にします。従業員のアカウントは、退職年月日の24時（日本時間）に停止します。利用可能なシステム管理者が1名もいなくなる退職は登録できません（409）。これから退職する予定は、PATCH で left_on だけを登録してください。すでに退職している場合は409になります。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送すると最初の応答を返します")),
    request_body = RetirementBody, security(("token" = ["employees.manage"])),
    responses((status = 200, description = "退職を登録した従業員", body = EmployeeView))
)]
async fn retire(
    State(app): State<App>,
    permit: Permit<ManageEmployees>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<RetirementBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare =
        async |body: RetirementBody| Ok(app.store.retire_employee(&permit, employee, body.checked(today)?).await?);
    posted.once(&app, &permit, prepare, |retired| answer(&permit, retired)).await
}

/// Replaces an employee's labels.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/labels", operation_id = "labelEmployee", summary = "従業員のラベルを置き換える",
    description = "ラベルを範囲とする権限には直ちに反映されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = LabelsBody, security(("token" = ["employees.manage"])),
    responses((status = 200, description = "変更後の従業員", body = EmployeeView))
)]
async fn label(
    State(app): State<App>,
    permit: Permit<ManageEmployees>,
    Path(employee): Path<EmployeeId>,
    version: IfMatch,
    Json(body): Json<LabelsBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.label_employee(&permit, employee, version.version(), &body.checked()?).await?;
    answer(&permit, &prepared.commit(&app.store).await?)
}

/// Deletes an employee.
#[utoipa::path(
    delete, path = "/v1/employees/{employee_id}", operation_id = "deleteEmployee", summary = "従業員を削除する",
    description = "誤って登録した従業員を削除します。健康診断の記録がある場合は、法定の保存期間のため削除できません（409）。アカウントがある場合は、先にアカウントを削除してください（409）。5分以内のワンタイムパスワードが必要です。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["employees.delete"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<DeleteEmployees>,
    Path(employee): Path<EmployeeId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_employee(&permit, employee, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}
