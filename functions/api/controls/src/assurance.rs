//! Audit results and certificates on request: `/v1/assurance-requests` for customers, `/v1/assurance-reviews` for operators.

use authz::{
    Permit,
    permission::{AskAssurance, ReleaseAssurance},
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::{
    control::{ControlKind, ControlTitle, Statement},
    ids::{AccountId, AssuranceRequestId, TenantId},
    time::Jst,
};
use endpoint::{Answer, App, Checks, CsvFile, Filters, Json, Kind, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{AssuranceRequest, AssuranceState, CertificateFacts, Released, ReleasedControl, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The result of the audit against the checklist, as of this version of the service.
const CHECKLIST: &str = include_str!("../../../../docs/security/ipa-checklist.json");

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(read))
        .routes(routes!(file))
        .routes(routes!(waiting))
        .routes(routes!(decide))
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssuranceRequest)]
struct RequestView {
    #[schema(value_type = String, example = "asr_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: AssuranceRequestId,
    /// 契約企業のID。
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 状態（`asked`：確認中、`released`：提供済み、`refused`：提供不可）。
    #[schema(value_type = String, example = "asked")]
    state: AssuranceState,
    /// 依頼の理由。
    #[schema(value_type = String, example = "委託先の定期監査のため")]
    reason: Statement,
    /// 運営事業者からの連絡事項。
    #[schema(value_type = Option<String>, example = "第三者への開示はご遠慮ください。")]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Statement>,
    /// 依頼したアカウント。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<AccountId>,
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    asked_at: Jst,
    /// 提供または提供不可とした日時。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-04-02T10:00:00.000+09:00")]
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Jst>,
}

impl From<AssuranceRequest> for RequestView {
    fn from(request: AssuranceRequest) -> Self {
        let AssuranceRequest { id, tenant, state, reason, note, asked_by, asked_at, decided_at } = request;
        Self { id, tenant_id: tenant, state, reason, note, asked_by, asked_at, decided_at }
    }
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssuranceRequestPage)]
struct RequestPage {
    items: Vec<RequestView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

impl RequestPage {
    fn of(found: Vec<Stored<AssuranceRequest>>, next_cursor: Option<String>) -> Self {
        Self { items: found.into_iter().map(|stored| stored.record.into()).collect(), next_cursor }
    }
}

/// Why it is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRequestBody {
    /// 依頼の理由（1～500文字、1行）。
    #[schema(example = "委託先の定期監査のため")]
    reason: String,
}

/// What an operator decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    /// true の場合は提供し、false の場合は提供不可とします。
    #[schema(example = true)]
    release: bool,
    /// 契約企業への連絡事項（1～500文字、1行）。提供不可の場合は必要です。
    #[schema(example = "第三者への開示はご遠慮ください。")]
    note: Option<String>,
}

impl DecisionBody {
    fn checked(self) -> Result<(Option<Value>, Option<Statement>), Problem> {
        let mut checks = Checks::new();
        let note = checks.optional("/note", self.note.as_deref().map(Statement::parse));
        if !self.release && self.note.is_none() {
            checks.fault("/note", "required", "提供不可とする理由を入力してください。");
        }
        let checklist = if self.release { Some(checklist()?) } else { None };
        checks.finish(Some((checklist, note)))
    }
}

fn checklist() -> Result<Value, Problem> {
    serde_json::from_str(CHECKLIST).map_err(|_| Problem::new(Kind::Internal))
}

/// A control, as it was released.
#[derive(Debug, Serialize, ToSchema)]
struct ReleasedControlView {
    /// 種別。
    #[schema(value_type = String, example = "iso27001")]
    kind: ControlKind,
    /// 種別の名称。
    #[schema(example = "ISO/IEC 27001 認証")]
    kind_name: &'static str,
    /// 件名。
    #[schema(value_type = String, example = "情報セキュリティマネジメントシステムの認証")]
    title: ControlTitle,
    /// 最後に実施した日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-18")]
    done_on: Option<Date>,
    /// 次の期限。認証の場合は有効期限です。
    #[schema(value_type = String, format = Date, example = "2029-03-31")]
    due_on: Date,
    /// 認証の登録番号。
    #[schema(value_type = Option<String>, example = "IS 000000")]
    certificate_number: Option<ControlTitle>,
    /// 認証機関。
    #[schema(value_type = Option<String>, example = "一般社団法人みなと認証機構")]
    certificate_issuer: Option<ControlTitle>,
}

impl From<ReleasedControl> for ReleasedControlView {
    fn from(control: ReleasedControl) -> Self {
        let ReleasedControl { kind, title, done_on, due_on, certificate } = control;
        let (number, issuer) = certificate.map(|CertificateFacts { number, issuer }| (number, issuer)).unzip();
        let kind_name = kind.japanese();
        Self { kind, kind_name, title, done_on, due_on, certificate_number: number, certificate_issuer: issuer }
    }
}

/// What was released.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssuranceFile)]
struct FileView {
    /// 「安全なウェブサイトの作り方」チェックリストの監査結果（項目ごとの状態と証跡）。
    #[schema(value_type = Object)]
    checklist: Value,
    /// 年次の統制と認証。
    controls: Vec<ReleasedControlView>,
}

/// How to read the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileQuery {
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Csv,
}

/// The checklist as a table, then the controls.
fn table(released: Released) -> CsvFile<7> {
    let mut file = CsvFile::new(["区分", "項目", "種別", "内容", "状態", "対応", "証跡"]);
    for item in released.checklist["items"].as_array().into_iter().flatten() {
        let text = |name: &str| item[name].as_str().unwrap_or_default();
        let evidence = item["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let evidence = evidence.collect::<Vec<_>>().join(" ");
        file.row([text("class"), text("id"), text("kind"), text("check"), text("state"), text("how"), &evidence]);
    }
    for control in released.controls.into_iter().map(ReleasedControlView::from) {
        let done = control.done_on.map_or_else(|| "未実施".to_owned(), |day| format!("実施日 {day}"));
        let due = format!("期限 {}", control.due_on);
        let text = |text: Option<ControlTitle>| text.map_or_else(String::new, |text| text.as_str().to_owned());
        let (number, issuer) = (text(control.certificate_number), text(control.certificate_issuer));
        file.row(["統制・認証", &number, control.kind_name, control.title.as_str(), &done, &due, &issuer]);
    }
    file
}

/// Lists the customer's own requests.
#[utoipa::path(
    get, path = "/v1/assurance-requests", operation_id = "listAssuranceRequests", summary = "監査結果の提供依頼の一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["assurance.ask"])), responses((status = 200, description = "新しい順", body = RequestPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<AskAssurance>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "assurance-requests", &query);
    let before = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.assurance_requests(&permit, before, limit(query.limit)?).await?;
    pages.answer(&uri, next, |next_cursor| RequestPage::of(found, next_cursor)).await
}

/// Asks for audit results and certificates.
#[utoipa::path(
    post, path = "/v1/assurance-requests", operation_id = "askAssurance", summary = "監査結果・認証の提供を依頼する",
    description = "運営事業者の確認後に、監査結果（「安全なウェブサイトの作り方」チェックリスト）と、年次の統制・認証の状況を提供します。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = NewRequestBody, security(("token" = ["assurance.ask"])),
    responses((status = 201, description = "受け付けました", body = RequestView))
)]
async fn ask(
    State(app): State<App>,
    permit: Permit<AskAssurance>,
    posted: Posted<NewRequestBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewRequestBody| {
        let mut checks = Checks::new();
        let reason = checks.field("/reason", Statement::parse(&body.reason));
        Ok(app.store.ask_assurance(&permit, checks.finish(reason)?).await?)
    };
    let answer = |made: &Stored<AssuranceRequest>| {
        let location = format!("/v1/assurance-requests/{}", made.record.id);
        Ok(Answer::created(location, &RequestView::from(made.record.clone()))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads one of the customer's own requests.
#[utoipa::path(
    get, path = "/v1/assurance-requests/{assurance_request_id}", operation_id = "readAssuranceRequest", summary = "監査結果の提供依頼を確認する",
    params(("assurance_request_id" = String, Path, description = "依頼のID")),
    security(("token" = ["assurance.ask"])), responses((status = 200, description = "依頼", body = RequestView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<AskAssurance>,
    Path(request): Path<AssuranceRequestId>,
) -> Result<Answer, Problem> {
    let Stored { record, version } = app.store.assurance_request(&permit, request).await?;
    Ok(Answer::ok(&RequestView::from(record))?.version(version))
}

/// Reads what was released.
#[utoipa::path(
    get, path = "/v1/assurance-requests/{assurance_request_id}/file", operation_id = "readAssuranceFile", summary = "提供された監査結果・認証を取得する",
    description = "提供された時点の内容です。参照は監査記録に残ります。提供前は404を返します。",
    params(
        ("assurance_request_id" = String, Path, description = "依頼のID"),
        ("format" = Option<String>, Query, description = "json（既定）または csv", example = "json")
    ),
    security(("token" = ["assurance.ask"])), responses((status = 200, description = "監査結果", body = FileView))
)]
async fn file(
    State(app): State<App>,
    permit: Permit<AskAssurance>,
    Path(request): Path<AssuranceRequestId>,
    Filters(query): Filters<FileQuery>,
) -> Result<Response, Problem> {
    let released = app.store.released_assurance(&permit, request).await?;
    match query.format {
        Format::Csv => table(released).answer(Answer::ok(&())?.into_response(), "assurance.csv"),
        Format::Json => {
            let Released { checklist, controls } = released;
            let controls = controls.into_iter().map(ReleasedControlView::from).collect();
            Ok(Answer::ok(&FileView { checklist, controls })?.into_response())
        }
    }
}

/// Lists what waits for an operator.
#[utoipa::path(
    get, path = "/v1/assurance-reviews", operation_id = "listAssuranceReviews", summary = "確認待ちの監査結果の提供依頼（運営事業者）",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["assurance.release"])), responses((status = 200, description = "古い順", body = RequestPage))
)]
async fn waiting(
    State(app): State<App>,
    permit: Permit<ReleaseAssurance>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let pages = Pages::of(&app, &permit, "assurance-reviews", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.assurance_waiting(&permit, after, limit(query.limit)?).await?;
    pages.answer(&uri, next, |next_cursor| RequestPage::of(found, next_cursor)).await
}

/// Releases or refuses.
#[utoipa::path(
    post, path = "/v1/assurance-reviews/{tenant_id}/{assurance_request_id}", operation_id = "decideAssurance", summary = "監査結果・認証を提供する、または提供不可とする",
    description = "提供すると、その時点の監査結果と統制・認証の状況を契約企業が参照できるようになります。双方の監査記録に残ります。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("assurance_request_id" = String, Path, description = "依頼のID")),
    request_body = DecisionBody, security(("token" = ["assurance.release"])),
    responses((status = 200, description = "決定した依頼", body = RequestView))
)]
async fn decide(
    State(app): State<App>,
    permit: Permit<ReleaseAssurance>,
    Path((tenant, request)): Path<(TenantId, AssuranceRequestId)>,
    Json(body): Json<DecisionBody>,
) -> Result<Answer, Problem> {
    let (checklist, note) = body.checked()?;
    let decided = app.store.decide_assurance(&permit, tenant, request, checklist, note).await?;
    let Stored { record, version } = decided.commit(&app.store).await?;
    Ok(Answer::ok(&RequestView::from(record))?.version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r27_the_checklist_that_is_released_is_json_with_all_its_checks() {
        assert_eq!(checklist().unwrap()["items"].as_array().unwrap().len(), 47);
    }

    #[test]
    fn r39_the_table_holds_every_check_and_every_certificate() {
        let title = |text| ControlTitle::parse(text).unwrap();
        let controls = vec![ReleasedControl {
            kind: ControlKind::Iso27001,
            title: title("情報セキュリティの認証"),
            done_on: None,
            due_on: jiff::civil::date(2029, 3, 31),
            certificate: Some(CertificateFacts { number: title("IS 000000"), issuer: title("みなと認証機構") }),
        }];
        let file = table(Released { checklist: checklist().unwrap(), controls });
        assert_eq!(file.text().lines().count(), 1 + 47 + 1);
        assert!(file.text().contains("\"統制・認証\",\"IS 000000\",\"ISO/IEC 27001 認証\""));
    }
}
