//! Labels (ラベル).

use authz::{
    Permit,
    permission::{ManageOrganisation, ViewOrganisation},
};
use axum::extract::State;
use domain::{ids::LabelId, organisation::OrganisationName, time::Jst};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{Label, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::NO_FILTERS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change, delete))
}

/// A label.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Label)]
struct LabelView {
    #[schema(value_type = String, example = "lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: LabelId,
    /// ラベルの名称。
    #[schema(value_type = String, example = "在宅勤務")]
    name: OrganisationName,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

impl From<Label> for LabelView {
    fn from(label: Label) -> Self {
        let Label { id, name, created_at, updated_at, .. } = label;
        Self { id, name, created_at, updated_at }
    }
}

/// A page of labels.
#[derive(Debug, Serialize, ToSchema)]
struct LabelPage {
    items: Vec<LabelView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// A label's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LabelBody {
    /// ラベルの名称（契約企業の中で重複しないこと）。
    #[schema(example = "在宅勤務")]
    name: String,
}

impl LabelBody {
    fn checked(&self) -> Result<OrganisationName, Problem> {
        let mut checks = Checks::new();
        let name = checks.field("/name", OrganisationName::parse(&self.name));
        checks.finish(name)
    }
}

fn answer(Stored { record, version }: Stored<Label>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&LabelView::from(record))?.version(version))
}

/// Lists labels.
#[utoipa::path(
    get, path = "/v1/labels", operation_id = "listLabels", summary = "ラベルの一覧",
    description = "参照できる範囲にあるラベルを、名称の順に返します。",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["organisation.view"])), responses((status = 200, description = "ラベル", body = LabelPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewOrganisation>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "labels", NO_FILTERS);
    let after: Option<String> = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.labels(&permit, after.as_deref(), limit(query.limit)?).await?;
    let items = found.into_iter().map(|stored| stored.record.into()).collect();
    pages.answer(&uri, next, |next_cursor| LabelPage { items, next_cursor }).await
}

/// Makes a label.
#[utoipa::path(
    post, path = "/v1/labels", operation_id = "createLabel", summary = "ラベルを登録する",
    description = "ラベルは従業員と部署の分類と、権限の範囲の指定に使用できます。全社の範囲を持つ場合に登録できます。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = LabelBody, security(("token" = ["organisation.manage"])),
    responses((status = 201, description = "登録しました", body = LabelView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    posted: Posted<LabelBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: LabelBody| Ok(app.store.create_label(&permit, body.checked()?)?);
    let answer = |made: &Stored<Label>| {
        let location = format!("/v1/labels/{}", made.record.id);
        Ok(Answer::created(location, &LabelView::from(made.record.clone()))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a label.
#[utoipa::path(
    get, path = "/v1/labels/{label_id}", operation_id = "readLabel", summary = "ラベルを確認する",
    params(("label_id" = String, Path, description = "ラベルのID")),
    security(("token" = ["organisation.view"])), responses((status = 200, description = "ラベル", body = LabelView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewOrganisation>,
    Path(label): Path<LabelId>,
) -> Result<Answer, Problem> {
    answer(app.store.label(&permit, label).await?)
}

/// Renames a label.
#[utoipa::path(
    patch, path = "/v1/labels/{label_id}", operation_id = "changeLabel", summary = "ラベルの名称を変更する",
    params(("label_id" = String, Path, description = "ラベルのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = LabelBody, security(("token" = ["organisation.manage"])),
    responses((status = 200, description = "変更後のラベル", body = LabelView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    Path(label): Path<LabelId>,
    version: IfMatch,
    Json(body): Json<LabelBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_label(&permit, label, version.version(), body.checked()?).await?;
    answer(prepared.commit(&app.store).await?)
}

/// Deletes a label.
#[utoipa::path(
    delete, path = "/v1/labels/{label_id}", operation_id = "deleteLabel", summary = "ラベルを削除する",
    description = "付いている従業員（退職者を含む）や部署がある場合、権限の範囲に使用されている場合は削除できません（409）。",
    params(("label_id" = String, Path, description = "ラベルのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["organisation.manage"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<ManageOrganisation>,
    Path(label): Path<LabelId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_label(&permit, label, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}
