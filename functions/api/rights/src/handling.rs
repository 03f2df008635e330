//! The company's rules for handling health information: `/v1/tenant/handling-rules`.

use std::collections::BTreeMap;

use authz::{
    Permit,
    permission::{AcknowledgeHandlingRules, ManageHandlingRules, ViewHandlingRules},
};
use axum::extract::State;
use domain::{
    handling::{Handler, HandlerText, HandlingRules, InformationClass, Point},
    ids::EmployeeId,
    remark::Remark,
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, PageQuery, Pages, Path, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Acknowledgement, HandlingBook, HandlingVersion};
use utoipa::ToSchema;

/// All versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandlingRulesBook)]
pub(crate) struct BookView {
    /// 版（作成の古い順）。
    items: Vec<VersionView>,
    /// 今日有効な版の番号。
    #[schema(example = 1)]
    current: Option<u32>,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandlingRulesVersion)]
struct VersionView {
    /// 版の番号。
    #[schema(example = 1)]
    number: u32,
    /// 施行日。
    #[schema(value_type = String, format = Date, example = "2026-12-01")]
    effective_on: Date,
    /// 9つの事項。
    points: Vec<PointView>,
    /// 情報の分類ごとの取り扱う者。
    handlers: Vec<HandlerView>,
    /// 苦情の窓口。
    #[schema(value_type = String, example = "人事部 健康管理室")]
    complaints_to: HandlerText,
    /// 作成したアカウントのID。
    made_by: Option<String>,
    /// 作成した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T10:00:00.000+09:00")]
    made_at: Jst,
    /// 自分が確認した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    acknowledged_at: Option<Jst>,
}

/// One of the nine points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandlingPoint)]
struct PointView {
    /// 事項のキー。
    #[schema(value_type = String, example = "purpose")]
    point: Point,
    /// 事項。
    #[schema(example = "取扱いの目的と方法")]
    name: &'static str,
    /// 定め。
    #[schema(value_type = String, example = "労働者の健康確保のためにだけ取り扱う。")]
    text: Remark,
}

/// Who handles what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InformationHandler)]
struct HandlerView {
    /// 情報の分類（`required`、`statutory`、`with_consent`）。
    #[schema(value_type = String, example = "statutory")]
    class: InformationClass,
    /// 分類の名称。
    #[schema(example = "法令に基づき同意なく収集できるが、取扱いを規程で定める情報")]
    class_name: &'static str,
    /// 取り扱う者。
    #[schema(value_type = String, example = "産業医・保健師")]
    who: HandlerText,
    /// 権限と範囲。
    #[schema(value_type = String, example = "すべての従業員の閲覧と記録")]
    authority: HandlerText,
}

impl VersionView {
    fn of(version: &HandlingVersion, read: &[(u32, Jst)]) -> Self {
        let rules = &version.rules;
        let points = rules.points.iter().map(|(point, text)| PointView {
            point: *point,
            name: point.japanese(),
            text: text.clone(),
        });
        let handlers = rules.handlers.iter().map(|handler| HandlerView {
            class: handler.class,
            class_name: handler.class.japanese(),
            who: handler.who.clone(),
            authority: handler.authority.clone(),
        });
        Self {
            number: version.number,
            effective_on: rules.effective_on,
            points: points.collect(),
            handlers: handlers.collect(),
            complaints_to: rules.complaints_to.clone(),
            made_by: version.made_by.clone(),
            made_at: version.made_at,
            acknowledged_at: read.iter().find(|(number, _)| *number == version.number).map(|(_, at)| *at),
        }
    }
}

impl BookView {
    fn of(book: &HandlingBook, read: &[(u32, Jst)], today: Date) -> Self {
        let current = book.on(today).map(|version| version.number);
        Self { items: book.versions.iter().map(|version| VersionView::of(version, read)).collect(), current }
    }
}

/// New rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandlingRulesBody)]
pub(crate) struct RulesBody {
    /// 施行日。
    #[schema(value_type = String, format = Date, example = "2026-12-01")]
    effective_on: Date,
    /// 9つの事項（`purpose`・`handlers`・`consent`・`security`・`disclosure`・`third_parties`・`succession`・`complaints`・`publication`）の定め（それぞれ2,000文字以内）。
    #[schema(value_type = Object, example = json!({ "purpose": "労働者の健康確保のためにだけ取り扱う。", "handlers": "別表のとおり。", "consent": "採用時に書面で通知する。", "security": "権限を持つ者だけが閲覧する。", "disclosure": "本人の請求により行う。", "third_parties": "法令に基づく場合に限る。", "succession": "同じ目的の範囲で引き継ぐ。", "complaints": "健康管理室で受け付ける。", "publication": "社内に掲示する。" }))]
    points: BTreeMap<Point, String>,
    /// 情報の分類ごとの取り扱う者（3つの分類すべて、50件以内）。
    #[schema(example = json!([
        { "class": "required", "who": "人事部", "authority": "すべての従業員" },
        { "class": "statutory", "who": "産業医・保健師", "authority": "すべての従業員" },
        { "class": "with_consent", "who": "産業医", "authority": "同意した従業員" }
    ]))]
    handlers: Vec<HandlerBody>,
    /// 苦情の窓口（200文字以内）。
    #[schema(example = "人事部 健康管理室")]
    complaints_to: String,
}

/// Who handles what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InformationHandlerBody)]
struct HandlerBody {
    /// 情報の分類（`required`、`statutory`、`with_consent`）。
    #[schema(value_type = String, example = "statutory")]
    class: InformationClass,
    /// 取り扱う者（部署や職種。200文字以内）。
    #[schema(example = "産業医・保健師")]
    who: String,
    /// 権限と範囲（200文字以内）。
    #[schema(example = "すべての従業員の閲覧と記録")]
    authority: String,
}

impl RulesBody {
    fn checked(self) -> Result<HandlingRules, Problem> {
        let mut checks = Checks::new();
        let mut points = BTreeMap::new();
        for (point, text) in self.points {
            let name = serde_json::to_value(point).ok().and_then(|name| name.as_str().map(str::to_owned));
            let at = format!("/points/{}", name.unwrap_or_default());
            points.extend(checks.field(&at, Remark::parse(&text)).map(|text| (point, text)));
        }
        let mut handlers = Vec::with_capacity(self.handlers.len());
        for (index, handler) in self.handlers.iter().enumerate() {
            let who = checks.field(&format!("/handlers/{index}/who"), HandlerText::parse(&handler.who));
            let authority =
                checks.field(&format!("/handlers/{index}/authority"), HandlerText::parse(&handler.authority));
            handlers.extend(who.zip(authority).map(|(who, authority)| Handler {
                class: handler.class,
                who,
                authority,
            }));
        }
        let complaints_to = checks.field("/complaints_to", HandlerText::parse(&self.complaints_to));
        let effective_on = self.effective_on;
        let rules = complaints_to.map(|complaints_to| HandlingRules { effective_on, points, handlers, complaints_to });
        for (at, code, detail) in rules.iter().flat_map(HandlingRules::faults) {
            checks.fault(&at, code, detail);
        }
        checks.finish(rules)
    }
}

/// Reads the rules.
#[utoipa::path(
    get, path = "/v1/tenant/handling-rules", operation_id = "readHandlingRules", summary = "健康情報等の取扱規程を確認する",
    description = "すべての版を返します。従業員も確認できます。",
    security(("token" = ["handling_rules.view"])), responses((status = 200, description = "取扱規程", body = BookView))
)]
pub(crate) async fn read(State(app): State<App>, permit: Permit<ViewHandlingRules>) -> Result<Answer, Problem> {
    let (book, read) = app.store.handling_rules(&permit).await?;
    Ok(Answer::ok(&BookView::of(&book, &read, app.clock().now().date()))?.version(book.version))
}

/// Adds a version.
#[utoipa::path(
    put, path = "/v1/tenant/handling-rules", operation_id = "addHandlingRules", summary = "健康情報等の取扱規程の版を追加する",
    description = "新しい版を追加します。以前の版は変更も削除もされません。労使で協議した内容を登録してください。最初の版の If-Match は \"0\" です。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = RulesBody, security(("token" = ["handling_rules.change"])),
    responses((status = 200, description = "追加後の取扱規程", body = BookView))
)]
pub(crate) async fn add(
    State(app): State<App>,
    permit: Permit<ManageHandlingRules>,
    version: IfMatch,
    Json(body): Json<RulesBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.add_handling_rules(&permit, version.version(), body.checked()?).await?;
    let book = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&BookView::of(&book, &[], app.clock().now().date()))?.version(book.version))
}

/// Who has read a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandlingAcknowledgement)]
pub(crate) struct AcknowledgementView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 確認した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-12-01T09:00:00.000+09:00")]
    acknowledged_at: Jst,
}

impl From<Acknowledgement> for AcknowledgementView {
    fn from(read: Acknowledgement) -> Self {
        Self { employee_id: read.employee, acknowledged_at: read.at }
    }
}

/// Notes that one has read a version.
#[utoipa::path(
    put, path = "/v1/tenant/handling-rules/{handling_version}/acknowledgement", operation_id = "acknowledgeHandlingRules", summary = "健康情報等の取扱規程を確認したことを記録する",
    description = "本人の確認を記録します。同じ版を再び確認しても、最初の日時のままです。",
    params(("handling_version" = String, Path, description = "版の番号")),
    security(("token" = ["handling_rules.acknowledge"])), responses((status = 200, description = "記録しました", body = AcknowledgementView))
)]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    permit: Permit<AcknowledgeHandlingRules>,
    Path(number): Path<u32>,
) -> Result<Answer, Problem> {
    Answer::ok(&AcknowledgementView::from(app.store.acknowledge_handling_rules(&permit, number).await?))
}

/// A page of those who have read a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandlingAcknowledgementPage)]
pub(crate) struct AcknowledgementPage {
    /// 確認した従業員。
    items: Vec<AcknowledgementView>,
    /// 次のページの位置。
    next_cursor: Option<String>,
}

/// What a list is bound to.
#[derive(Debug, Serialize)]
struct Of {
    version: u32,
}

/// Lists who has read a version.
#[utoipa::path(
    get, path = "/v1/tenant/handling-rules/{handling_version}/acknowledgements", operation_id = "listHandlingAcknowledgements", summary = "取扱規程を確認した従業員の一覧",
    description = "参照できる範囲にいる従業員を返します。1ページの件数は limit より少ないことがあります。",
    params(
        ("handling_version" = String, Path, description = "版の番号"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["handling_rules.change"])), responses((status = 200, description = "確認した従業員", body = AcknowledgementPage))
)]
pub(crate) async fn acknowledgements(
    State(app): State<App>,
    permit: Permit<ManageHandlingRules>,
    Path(version): Path<u32>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let (limit, of) = (limit(query.limit)?, Of { version });
    let pages = Pages::of(&app, &permit, "handling-acknowledgements", &of);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.handling_acknowledgements(&permit, version, after, limit).await?;
    let items = found.into_iter().map(AcknowledgementView::from).collect();
    pages.answer(&uri, next, |next_cursor| AcknowledgementPage { items, next_cursor }).await
}
