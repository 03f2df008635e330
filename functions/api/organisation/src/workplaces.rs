//! Workplaces (事業場).

use authz::{
    Permit,
    permission::{ManageOrganisation, ViewOrganisation},
};
use axum::extract::State;
use domain::{
    ids::WorkplaceId,
    organisation::{OrganisationName, WorkplaceCode},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{NewWorkplace, Stored, Workplace, WorkplaceChange};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::NO_FILTERS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change, delete))
}

/// A workplace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workplace)]
struct WorkplaceView {
    #[schema(value_type = String, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: WorkplaceId,
    /// 事業場コード。
    #[schema(value_type = String, example = "W01")]
    code: WorkplaceCode,
    /// 事業場名。
    #[schema(value_type = String, example = "東京本社")]
    name: OrganisationName,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

impl From<Workplace> for WorkplaceView {
    fn from(workplace: Workplace) -> Self {
        let Workplace { id, code, name, created_at, updated_at, .. } = workplace;
        Self { id, code, name, created_at, updated_at }
    }
}

/// A page of workplaces.
#[derive(Debug, Serialize, ToSchema)]
struct WorkplacePage {
    items: Vec<WorkplaceView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// A new workplace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWorkplaceBody {
    /// 事業場コード（半角英数字・ハイフン・下線、1〜32文字）。
    #[schema(example = "W01")]
    code: String,
    /// 事業場名。
    #[schema(example = "東京本社")]
    name: String,
}

impl NewWorkplaceBody {
    fn checked(&self) -> Result<NewWorkplace, Problem> {
        let mut checks = Checks::new();
        let code = checks.field("/code", WorkplaceCode::parse(&self.code));
        let name = checks.field("/name", OrganisationName::parse(&self.name));
        checks.finish(code.zip(name).map(|(code, name)| NewWorkplace { code, name }))
    }
}

/// A change of a workplace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkplaceBody {
    /// 事業場コード。
    #[schema(example = "W01")]
    code: Option<String>,
    /// 事業場名。
    #[schema(example = "東京本社")]
    name: Option<String>,
}

impl WorkplaceBody {
    fn checked(&self) -> Result<WorkplaceChange, Problem> {
        let mut checks = Checks::new();
        let code = checks.optional("/code", self.code.as_deref().map(WorkplaceCode::parse));
        let name = checks.optional("/name", self.name.as_deref().map(OrganisationName::parse));
        checks.finish(Some(WorkplaceChange { code, name }))
    }
}

fn answer(Stored { record, version }: Stored<Workplace>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&WorkplaceView::from(record))?.version(version))
}

/// Lists workplaces.
#[utoipa::path(
    get, path = "/v1/workplaces", operation_id = "listWorkplaces", summary = "事業場の一覧",
    description = "参照できる範囲にある事業場を、コードの順に返します。",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["organisation.view"])), responses((status = 200, description = "事業場", body = WorkplacePage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewOrganisation>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "workplaces", NO_FILTERS);
    let after: Option<String> = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.workplaces(&permit, after.as_deref(), limit(query.limit)?).await?;
    let items = found.into_iter().map(|stored| stored.record.into()).collect();
    pages.answer(&uri, next, |next_cursor| WorkplacePage { items, next_cursor }).await
}

/// Makes a workplace.
#[utoipa::path(
    post, path = "/v1/workplaces", operation_id = "createWorkplace", summary = "事業場を登録する",
    description = "全社の範囲を持つ場合に登録できます。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = NewWorkplaceBody, security(("token" = ["organisation.manage"])),
    responses((status = 201, description = "登録しました", body = WorkplaceView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    posted: Posted<NewWorkplaceBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewWorkplaceBody| Ok(app.store.create_workplace(&permit, body.checked()?)?);
    let answer = |made: &Stored<Workplace>| {
        let location = format!("/v1/workplaces/{}", made.record.id);
        Ok(Answer::created(location, &WorkplaceView::from(made.record.clone()))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a workplace.
#[utoipa::path(
    get, path = "/v1/workplaces/{workplace_id}", operation_id = "readWorkplace", summary = "事業場を確認する",
    params(("workplace_id" = String, Path, description = "事業場のID")),
    security(("token" = ["organisation.view"])), responses((status = 200, description = "事業場", body = WorkplaceView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewOrganisation>,
    Path(workplace): Path<WorkplaceId>,
) -> Result<Answer, Problem> {
    answer(app.store.workplace(&permit, workplace).await?)
}

/// Changes a workplace.
#[utoipa::path(
    patch, path = "/v1/workplaces/{workplace_id}", operation_id = "changeWorkplace", summary = "事業場を変更する",
    description = "指定した項目だけを変更します。",
    params(("workplace_id" = String, Path, description = "事業場のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = WorkplaceBody, security(("token" = ["organisation.manage"])),
    responses((status = 200, description = "変更後の事業場", body = WorkplaceView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    Path(workplace): Path<WorkplaceId>,
    version: IfMatch,
    Json(body): Json<WorkplaceBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_workplace(&permit, workplace, version.version(), body.checked()?).await?;
    answer(prepared.commit(&app.store).await?)
}

/// Deletes a workplace.
#[utoipa::path(
    delete, path = "/v1/workplaces/{workplace_id}", operation_id = "deleteWorkplace", summary = "事業場を削除する",
    description = "所属する従業員（退職者を含む）がいる場合や、権限の範囲に使用されている場合は削除できません（409）。",
    params(("workplace_id" = String, Path, description = "事業場のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["organisation.manage"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    Path(workplace): Path<WorkplaceId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_workplace(&permit, workplace, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_workplace_is_told_at_once() {
        let body: NewWorkplaceBody = serde_json::from_str(r#"{"code": "東京", "name": ""}"#).unwrap();
        let pointers: Vec<_> = body.checked().unwrap_err().errors.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/code", "/name"]);
        assert!(serde_json::from_str::<NewWorkplaceBody>(r#"{"code": "W01", "name": "本社", "id": "x"}"#).is_err());
    }
}
