//! The register of controls: `/v1/controls`, for operators.

use authz::{Permit, permission::ManageControls};
use axum::extract::State;
use domain::{
    control::{ControlKind, ControlTitle, Sha256, Standing, Statement},
    ids::{AccountId, ControlId},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{CertificateFacts, Completion, Control, ControlChange, Document, NewCompletion, NewControl, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How often a control may come.
const MONTHS: std::ops::RangeInclusive<u8> = 1..=36;
/// How many documents show one completion.
const MOST_DOCUMENTS: usize = 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change)).routes(routes!(complete))
}

/// A document that shows something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ControlDocument)]
struct DocumentView {
    /// 文書の名称または管理番号。
    #[schema(value_type = String, example = "内部監査報告書 2026-03")]
    name: ControlTitle,
    /// SHA-256 のハッシュ値。
    #[schema(value_type = Option<String>, example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ControlCompletion)]
struct CompletionView {
    /// 期限だった日。
    #[schema(value_type = String, format = Date, example = "2026-03-31")]
    due_on: Date,
    /// 実施した日。
    #[schema(value_type = String, format = Date, example = "2026-03-18")]
    done_on: Date,
    /// 実施した内容と結果。
    #[schema(value_type = String, example = "全運用担当者が受講し、理解度テストに合格した。")]
    summary: Statement,
    /// 証跡。
    documents: Vec<DocumentView>,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-03-18T15:00:00.000+09:00")]
    noted_at: Jst,
    /// 記録したアカウント。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    noted_by: Option<AccountId>,
}

impl From<Completion> for CompletionView {
    fn from(completion: Completion) -> Self {
        let Completion { due_on, done_on, summary, documents, noted_at, noted_by } = completion;
        let documents = documents.into_iter().map(|Document { name, sha256 }| DocumentView { name, sha256 }).collect();
        Self { due_on, done_on, summary, documents, noted_at, noted_by }
    }
}

/// What a certificate says.
#[derive(Debug, Serialize, ToSchema)]
struct CertificateView {
    /// 登録番号。
    #[schema(value_type = String, example = "IS 000000")]
    number: ControlTitle,
    /// 認証機関。
    #[schema(value_type = String, example = "一般社団法人みなと認証機構")]
    issuer: ControlTitle,
}

/// A control.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Control)]
struct ControlView {
    #[schema(value_type = String, example = "ctl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: ControlId,
    /// 種別（`training`, `risk_assessment`, `continuity_plan`, `internal_audit`, `management_review`, `web_audit`, `iso27001`, `iso27017`, `privacy_mark`）。
    #[schema(value_type = String, example = "training")]
    kind: ControlKind,
    /// 種別の名称。
    #[schema(example = "教育・訓練")]
    kind_name: &'static str,
    /// 件名。
    #[schema(value_type = String, example = "運用担当者の情報セキュリティ研修")]
    title: ControlTitle,
    /// 次の期限。認証の場合は有効期限です。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    due_on: Date,
    /// 状況（`upcoming`：期限まで60日を超える、`due_soon`：期限まで60日以内、`overdue`：期限を過ぎている）。
    #[schema(value_type = String, example = "upcoming")]
    standing: Standing,
    /// 周期（月数）。
    #[schema(example = 12)]
    cycle_months: u8,
    /// 認証の内容。
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateView>,
    /// 実施の記録（新しい順）。
    completions: Vec<CompletionView>,
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    created_at: Jst,
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

impl ControlView {
    fn of(control: Control, today: Date) -> Self {
        let Control { id, kind, title, due_on, months, certificate, completions, created_at, updated_at } = control;
        let certificate = certificate.map(|CertificateFacts { number, issuer }| CertificateView { number, issuer });
        Self {
            id,
            kind,
            kind_name: kind.japanese(),
            title,
            due_on,
            standing: Standing::of(due_on, today),
            cycle_months: months,
            certificate,
            completions: completions.into_iter().rev().map(CompletionView::from).collect(),
            created_at,
            updated_at,
        }
    }
}

/// A page of controls.
#[derive(Debug, Serialize, ToSchema)]
struct ControlPage {
    items: Vec<ControlView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// What a certificate says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CertificateBody {
    /// 登録番号。
    #[schema(example = "IS 000000")]
    number: String,
    /// 認証機関。
    #[schema(example = "一般社団法人みなと認証機構")]
    issuer: String,
}

impl CertificateBody {
    fn checked(self, checks: &mut Checks) -> Option<CertificateFacts> {
        let number = checks.field("/certificate/number", ControlTitle::parse(&self.number));
        let issuer = checks.field("/certificate/issuer", ControlTitle::parse(&self.issuer));
        Some(CertificateFacts { number: number?, issuer: issuer? })
    }
}

/// A new control.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewControlBody {
    /// 種別。
    #[schema(value_type = String, example = "training")]
    kind: ControlKind,
    /// 件名（1～100文字、1行）。
    #[schema(example = "運用担当者の情報セキュリティ研修")]
    title: String,
    /// 最初の期限。認証の場合は有効期限です。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    due_on: Date,
    /// 周期（1～36か月、既定12）。
    #[schema(example = 12)]
    cycle_months: Option<u8>,
    /// 認証の内容。種別が認証の場合に必要です。
    certificate: Option<CertificateBody>,
}

impl NewControlBody {
    fn checked(self) -> Result<NewControl, Problem> {
        let mut checks = Checks::new();
        let title = checks.field("/title", ControlTitle::parse(&self.title));
        let months = months(&mut checks, self.cycle_months).unwrap_or(12);
        if self.kind.is_certificate() != self.certificate.is_some() {
            let detail = "認証の場合は登録番号と認証機関を指定し、それ以外の場合は指定しないでください。";
            checks.fault("/certificate", "certificate_mismatch", detail);
        }
        let certificate = self.certificate.and_then(|certificate| certificate.checked(&mut checks));
        let (kind, due_on) = (self.kind, self.due_on);
        checks.finish(title.map(|title| NewControl { kind, title, due_on, months, certificate }))
    }
}

fn months(checks: &mut Checks, months: Option<u8>) -> Option<u8> {
    if months.is_some_and(|months| !MONTHS.contains(&months)) {
        checks.fault("/cycle_months", "out_of_range", "周期は1から36までの月数で指定してください。");
    }
    months
}

/// A change of a control.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ControlChangeBody {
    /// 件名（1～100文字、1行）。
    #[schema(example = "運用担当者の情報セキュリティ研修")]
    title: Option<String>,
    /// 次の期限。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    due_on: Option<Date>,
    /// 周期（1～36か月）。
    #[schema(example = 12)]
    cycle_months: Option<u8>,
    /// 認証の内容。
    certificate: Option<CertificateBody>,
}

impl ControlChangeBody {
    fn checked(self) -> Result<ControlChange, Problem> {
        let mut checks = Checks::new();
        let title = checks.optional("/title", self.title.as_deref().map(ControlTitle::parse));
        let months = months(&mut checks, self.cycle_months);
        let certificate = self.certificate.and_then(|certificate| certificate.checked(&mut checks));
        checks.finish(Some(ControlChange { title, due_on: self.due_on, months, certificate }))
    }
}

/// A document that shows something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DocumentBody {
    /// 文書の名称または管理番号。
    #[schema(example = "内部監査報告書 2026-03")]
    name: String,
    /// SHA-256 のハッシュ値（16進数64桁）。
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: Option<String>,
}

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompletionBody {
    /// 実施した日（本日以前）。
    #[schema(value_type = String, format = Date, example = "2026-03-18")]
    done_on: Date,
    /// 実施した内容と結果（1～500文字、1行）。
    #[schema(example = "全運用担当者が受講し、理解度テストに合格した。")]
    summary: String,
    /// 証跡（20件まで）。
    #[serde(default)]
    documents: Vec<DocumentBody>,
    /// 更新後の有効期限。認証の場合に必要です。
    #[schema(value_type = Option<String>, format = Date, example = "2029-03-31")]
    expires_on: Option<Date>,
}

impl CompletionBody {
    fn checked(self, today: Date) -> Result<NewCompletion, Problem> {
        let mut checks = Checks::new();
        if self.done_on > today {
            checks.fault("/done_on", "in_the_future", "実施した日には本日以前の日付を指定してください。");
        }
        let summary = checks.field("/summary", Statement::parse(&self.summary));
        if self.documents.len() > MOST_DOCUMENTS {
            checks.fault("/documents", "too_many", "証跡は20件までにしてください。");
        }
        let mut documents = Vec::new();
        for (index, document) in self.documents.iter().enumerate() {
            let name = checks.field(&format!("/documents/{index}/name"), ControlTitle::parse(&document.name));
            let pointer = format!("/documents/{index}/sha256");
            let sha256 = checks.optional(&pointer, document.sha256.as_deref().map(Sha256::parse));
            documents.extend(name.map(|name| Document { name, sha256 }));
        }
        if self.expires_on.is_some_and(|until| until <= self.done_on) {
            checks.fault("/expires_on", "before_start", "有効期限には実施した日より後の日付を指定してください。");
        }
        let (done_on, expires_on) = (self.done_on, self.expires_on);
        checks.finish(summary.map(|summary| NewCompletion { done_on, summary, documents, expires_on }))
    }
}

fn answer(app: &App, Stored { record, version }: Stored<Control>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&ControlView::of(record, app.clock().now().date()))?.version(version))
}

/// Lists controls.
#[utoipa::path(
    get, path = "/v1/controls", operation_id = "listControls", summary = "統制の一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["controls.manage"])), responses((status = 200, description = "登録順", body = ControlPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "controls", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.controls(&permit, after, limit(query.limit)?).await?;
    let today = app.clock().now().date();
    let items = found.into_iter().map(|stored| ControlView::of(stored.record, today)).collect();
    pages.answer(&uri, next, |next_cursor| ControlPage { items, next_cursor }).await
}

/// Registers a control.
#[utoipa::path(
    post, path = "/v1/controls", operation_id = "createControl", summary = "統制を登録する",
    description = "年次の統制（教育・監査など）または認証（ISO/IEC 27001 など）を登録します。期限の60日・30日・7日前と、期限を過ぎた後は毎週、運用担当者に通知します。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = NewControlBody, security(("token" = ["controls.manage"])),
    responses((status = 201, description = "登録しました", body = ControlView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    posted: Posted<NewControlBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: NewControlBody| Ok(app.store.create_control(&permit, body.checked()?).await?);
    let answer = |made: &Stored<Control>| {
        let location = format!("/v1/controls/{}", made.record.id);
        Ok(Answer::created(location, &ControlView::of(made.record.clone(), today))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a control.
#[utoipa::path(
    get, path = "/v1/controls/{control_id}", operation_id = "readControl", summary = "統制を確認する",
    params(("control_id" = String, Path, description = "統制のID")),
    security(("token" = ["controls.manage"])), responses((status = 200, description = "統制", body = ControlView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    Path(control): Path<ControlId>,
) -> Result<Answer, Problem> {
    answer(&app, app.store.control(&permit, control).await?)
}

/// Changes a control.
#[utoipa::path(
    patch, path = "/v1/controls/{control_id}", operation_id = "changeControl", summary = "統制を変更する",
    description = "指定した項目だけを変更します。実施の記録は変更できません。",
    params(("control_id" = String, Path, description = "統制のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = ControlChangeBody, security(("token" = ["controls.manage"])),
    responses((status = 200, description = "変更後の統制", body = ControlView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    Path(control): Path<ControlId>,
    version: IfMatch,
    Json(body): Json<ControlChangeBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_control(&permit, control, version.version(), body.checked()?).await?;
    answer(&app, prepared.commit(&app.store).await?)
}

/// Notes that a control was done.
#[utoipa::path(
    post, path = "/v1/controls/{control_id}/complete", operation_id = "completeControl", summary = "統制の実施を記録する",
    description = "実施した内容と証跡（文書の名称とハッシュ値）を記録し、次の期限を計算します。期限は元の日付のまま周期ごとに進みます（期限の90日より前に実施した場合は、実施した日から数えます）。認証の場合は、更新後の有効期限を指定してください。",
    params(("control_id" = String, Path, description = "統制のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = CompletionBody, security(("token" = ["controls.manage"])),
    responses((status = 200, description = "記録した統制", body = ControlView))
)]
async fn complete(
    State(app): State<App>,
    permit: Permit<ManageControls>,
    Path(control): Path<ControlId>,
    version: IfMatch,
    Json(body): Json<CompletionBody>,
) -> Result<Answer, Problem> {
    let new = body.checked(app.clock().now().date())?;
    let prepared = app.store.complete_control(&permit, control, version.version(), new).await?;
    answer(&app, prepared.commit(&app.store).await?)
}
