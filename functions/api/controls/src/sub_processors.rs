//! Sub-processors (再委託先, R-40): `/v1/sub-processors` for operators, `/v1/tenant/sub-processors` for customers.

use authz::{
    Permit,
    permission::{ManageControls, ViewSubProcessors},
};
use axum::extract::State;
use domain::{
    control::{ControlTitle, Statement, announced_in_time},
    ids::SubProcessorId,
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Stored, SubProcessor, SubProcessorFacts};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change)).routes(routes!(of_provider))
}

/// A sub-processor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubProcessor)]
struct SubProcessorView {
    #[schema(value_type = String, example = "sub_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: SubProcessorId,
    /// 事業者。
    #[schema(value_type = String, example = "Amazon Web Services, Inc.")]
    company: ControlTitle,
    /// 役割。
    #[schema(value_type = String, example = "クラウド基盤の提供")]
    task: ControlTitle,
    /// 預けるデータ。
    #[schema(value_type = String, example = "契約企業から預かる全てのデータ（暗号化して保管）")]
    entrusted: Statement,
    /// 保管・処理する場所。
    #[schema(value_type = String, example = "東京（ap-northeast-1）")]
    place: ControlTitle,
    /// 開始日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    since: Date,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    /// 30日前までにお知らせできなかった理由。
    #[schema(value_type = Option<String>, example = "サービス開始時の登録")]
    #[serde(skip_serializing_if = "Option::is_none")]
    urgency: Option<Statement>,
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    created_at: Jst,
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

impl From<SubProcessor> for SubProcessorView {
    fn from(processor: SubProcessor) -> Self {
        let SubProcessor { id, facts, created_at, updated_at } = processor;
        let SubProcessorFacts { company, task, entrusted, place, since, urgency, until } = facts;
        Self { id, company, task, entrusted, place, since, until, urgency, created_at, updated_at }
    }
}

/// A page of sub-processors.
#[derive(Debug, Serialize, ToSchema)]
struct SubProcessorPage {
    items: Vec<SubProcessorView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

impl SubProcessorPage {
    fn of(found: Vec<Stored<SubProcessor>>, next_cursor: Option<String>) -> Self {
        Self { items: found.into_iter().map(|stored| stored.record.into()).collect(), next_cursor }
    }
}

/// A sub-processor as it will be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubProcessorBody {
    /// 事業者（1～100文字）。
    #[schema(example = "Amazon Web Services, Inc.")]
    company: String,
    /// 役割（1～100文字）。
    #[schema(example = "クラウド基盤の提供")]
    task: String,
    /// 預けるデータ（1～500文字）。
    #[schema(example = "契約企業から預かる全てのデータ（暗号化して保管）")]
    entrusted: String,
    /// 保管・処理する場所（1～100文字）。
    #[schema(example = "東京（ap-northeast-1）")]
    place: String,
    /// 開始日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    since: Date,
    /// 終了日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    until: Option<Date>,
    /// 開始日（変更の場合は変更日）の30日前までにお知らせできない理由（1～500文字）。該当する場合に必要です。
    #[schema(example = "サービス開始時の登録")]
    urgency: Option<String>,
}

impl SubProcessorBody {
    fn checked(self, takes_effect: Date, today: Date) -> Result<SubProcessorFacts, Problem> {
        let mut checks = Checks::new();
        let company = checks.field("/company", ControlTitle::parse(&self.company));
        let task = checks.field("/task", ControlTitle::parse(&self.task));
        let entrusted = checks.field("/entrusted", Statement::parse(&self.entrusted));
        let place = checks.field("/place", ControlTitle::parse(&self.place));
        let urgency = checks.optional("/urgency", self.urgency.as_deref().map(Statement::parse));
        if self.until.is_some_and(|until| until < self.since) {
            checks.fault("/until", "before_start", "終了日には開始日以降の日付を指定してください。");
        }
        if self.urgency.is_none() && !announced_in_time(takes_effect, today) {
            let detail = "契約企業には30日前までにお知らせします。日付を改めるか、間に合わない理由を入力してください。";
            checks.fault("/urgency", "too_soon", detail);
        }
        let (since, until) = (self.since, self.until);
        let read = (|| {
            let (company, task, entrusted, place) = (company?, task?, entrusted?, place?);
            Some(SubProcessorFacts { company, task, entrusted, place, since, urgency, until })
        })();
        checks.finish(read)
    }
}

fn answer(Stored { record, version }: Stored<SubProcessor>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&SubProcessorView::from(record))?.version(version))
}

/// Lists sub-processors, for operators.
#[utoipa::path(
    get, path = "/v1/sub-processors", operation_id = "listSubProcessors", summary = "再委託先の一覧（運営事業者）",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["controls.manage"])), responses((status = 200, description = "登録順", body = SubProcessorPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "sub-processors", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.sub_processors(&permit, after, limit(query.limit)?).await?;
    pages.answer(&uri, next, |next_cursor| SubProcessorPage::of(found, next_cursor)).await
}

/// Lists sub-processors, for customers.
#[utoipa::path(
    get, path = "/v1/tenant/sub-processors", operation_id = "listSubProcessorsOfProvider", summary = "再委託先・利用する外部サービスを確認する",
    description = "サービスの提供に利用する事業者と、その役割、預けるデータ、場所、開始日です。変更は、原則として30日前までにシステム管理者全員へメールでお知らせします。",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["sub_processors.view"])), responses((status = 200, description = "登録順", body = SubProcessorPage))
)]
async fn of_provider(
    State(app): State<App>,
    permit: Permit<ViewSubProcessors>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "sub-processors", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.sub_processors_of_provider(&permit, after, limit(query.limit)?).await?;
    pages.answer(&uri, next, |next_cursor| SubProcessorPage::of(found, next_cursor)).await
}

/// Registers a sub-processor.
#[utoipa::path(
    post, path = "/v1/sub-processors", operation_id = "createSubProcessor", summary = "再委託先を登録する",
    description = "登録すると、全契約企業のシステム管理者にメールでお知らせします。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = SubProcessorBody, security(("token" = ["controls.manage"])),
    responses((status = 201, description = "登録しました", body = SubProcessorView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    posted: Posted<SubProcessorBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: SubProcessorBody| {
        let since = body.since;
        Ok(app.store.create_sub_processor(&permit, body.checked(since, today)?).await?)
    };
    let answer = |made: &Stored<SubProcessor>| {
        let location = format!("/v1/sub-processors/{}", made.record.id);
        Ok(Answer::created(location, &SubProcessorView::from(made.record.clone()))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a sub-processor.
#[utoipa::path(
    get, path = "/v1/sub-processors/{sub_processor_id}", operation_id = "readSubProcessor", summary = "再委託先を確認する",
    params(("sub_processor_id" = String, Path, description = "再委託先のID")),
    security(("token" = ["controls.manage"])), responses((status = 200, description = "再委託先", body = SubProcessorView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    Path(processor): Path<SubProcessorId>,
) -> Result<Answer, Problem> {
    answer(app.store.sub_processor(&permit, processor).await?)
}

/// Changes a sub-processor, or sets its end.
#[utoipa::path(
    put, path = "/v1/sub-processors/{sub_processor_id}", operation_id = "changeSubProcessor", summary = "再委託先を変更する",
    description = "全体を置き換えます。利用をやめる場合は until に終了日を指定してください。変更すると、全契約企業のシステム管理者にメールでお知らせします。変更はお知らせと同時に一覧に反映されるため、終了日の設定を除き urgency に理由が必要です。",
    params(("sub_processor_id" = String, Path, description = "再委託先のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = SubProcessorBody, security(("token" = ["controls.manage"])),
    responses((status = 200, description = "変更後の再委託先", body = SubProcessorView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    Path(processor): Path<SubProcessorId>,
    version: IfMatch,
    Json(body): Json<SubProcessorBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    // An end that is set takes effect on that day; of what has not begun, everything on its first day.
    let takes_effect = body.until.unwrap_or(body.since);
    let facts = body.checked(takes_effect, today)?;
    let prepared = app.store.change_sub_processor(&permit, processor, version.version(), facts).await?;
    answer(prepared.commit(&app.store).await?)
}
