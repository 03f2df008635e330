//! The tenant's criteria of judgement (判定基準): `/v1/tenant/checkup-criteria`.

use authz::{
    Permit,
    permission::{ManageCriteria, ViewCriteria},
};
use axum::extract::State;
use domain::{
    checked::Refused,
    checkup::{
        change::Note,
        criteria::{Criteria, Draft},
        grade::Grade,
        item::ItemId,
    },
    ids::{CheckupId, EmployeeId},
    time::Jst,
};
use endpoint::{Answer, App, Checks, IfMatch, Json, Problem};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{CriteriaBook, CriteriaPreview, CriteriaVersion, LetterChange, PreviewedCheckup};
use utoipa::ToSchema;

/// All criteria of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupCriteria)]
pub(crate) struct BookView {
    /// 今日受診した健康診断に適用される版の名称。
    #[schema(example = "minato-2026-10")]
    active_version: String,
    /// 今日受診した健康診断に適用される判定基準。PUT の criteria に、変更して指定できます。
    #[schema(value_type = Object)]
    active: Criteria,
    /// 既定の判定基準。
    standard: StandardView,
    /// 登録した版（新しい順）。健康診断は、受診日に有効な版で判定されます。
    items: Vec<VersionView>,
}

/// The default criteria.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StandardCheckupCriteria)]
struct StandardView {
    /// 版の名称。
    #[schema(example = "ningen-dock-2026-04-01")]
    version: String,
    /// 出典。
    #[schema(example = "日本人間ドック・予防医療学会 判定区分 2026年4月1日改訂")]
    source: String,
    /// 対象とする最初の受診日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    valid_from: Date,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupCriteriaVersion)]
struct VersionView {
    /// 番号。
    #[schema(example = 1)]
    number: u32,
    /// 版の名称。
    #[schema(example = "minato-2026-10")]
    version: String,
    /// 出典。
    #[schema(example = "産業医の判断による変更")]
    source: String,
    /// この日以降に受診した健康診断に適用されます。
    #[schema(value_type = String, format = Date, example = "2026-10-01")]
    valid_from: Date,
    /// 変更の理由。
    #[schema(value_type = String, example = "衛生委員会での審議による")]
    reason: Note,
    /// 登録した人のアカウントのID。
    #[schema(example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    made_by: Option<String>,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-09-20T10:00:00.000+09:00")]
    made_at: Jst,
}

impl From<&CriteriaVersion> for VersionView {
    fn from(version: &CriteriaVersion) -> Self {
        let draft = version.criteria.draft();
        Self {
            number: version.number,
            version: draft.version.clone(),
            source: draft.source.clone(),
            valid_from: draft.valid_from,
            reason: version.reason.clone(),
            made_by: version.made_by.clone(),
            made_at: version.made_at,
        }
    }
}

impl BookView {
    fn of(book: &CriteriaBook, today: Date) -> Self {
        let (active, standard) = (book.on(today), book.standard.draft());
        Self {
            active_version: active.version().to_string(),
            active: active.clone(),
            standard: StandardView {
                version: standard.version.clone(),
                source: standard.source.clone(),
                valid_from: standard.valid_from,
            },
            items: book.versions.iter().rev().map(VersionView::from).collect(),
        }
    }
}

fn answer(app: &App, book: &CriteriaBook) -> Result<Answer, Problem> {
    Ok(Answer::ok(&BookView::of(book, app.clock().now().date()))?.version(book.version))
}

/// Shows the criteria.
#[utoipa::path(
    get, path = "/v1/tenant/checkup-criteria", operation_id = "readCheckupCriteria", summary = "健康診断の判定基準を確認する",
    description = "今日の受診に適用される判定基準、既定の判定基準の出典と有効期間、登録した版の一覧を返します。",
    security(("token" = ["checkups.criteria"])), responses((status = 200, description = "判定基準", body = BookView))
)]
pub(crate) async fn read(State(app): State<App>, permit: Permit<ViewCriteria>) -> Result<Answer, Problem> {
    answer(&app, &app.store.checkup_criteria(&permit).await?)
}

/// A new version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CriteriaBody {
    /// 判定基準の全体（GET の active と同じ形）。version はこれまでにない名称、`valid_from` は適用を始める受診日、rows は項目・性別（sex）・年齢（`age_from`、`age_to`）ごとの境界と判定です。
    #[schema(value_type = Object)]
    criteria: serde_json::Value,
    /// 変更の理由（200文字以内）。
    #[schema(example = "衛生委員会での審議による")]
    reason: String,
}

const UNREADABLE: Refused = Refused {
    code: "criteria_unreadable",
    detail: "判定基準の形式が正しくありません。GET で返される active の形に合わせてください。",
};

fn criteria(c: &mut Checks, sent: serde_json::Value) -> Option<Criteria> {
    let draft = c.field("/criteria", serde_json::from_value::<Draft>(sent).map_err(|_| UNREADABLE))?;
    for (pointer, fault) in draft.faults() {
        c.fault(&format!("/criteria{pointer}"), fault.code(), fault.to_string());
    }
    Criteria::try_from(draft).ok()
}

impl CriteriaBody {
    fn checked(self) -> Result<(Criteria, Note), Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        let criteria = criteria(c, self.criteria);
        let reason = c.field("/reason", Note::parse(&self.reason));
        checks.finish(criteria.zip(reason))
    }
}

/// Adds a version of the criteria.
#[utoipa::path(
    put, path = "/v1/tenant/checkup-criteria", operation_id = "changeCheckupCriteria", summary = "健康診断の判定基準を変更する",
    description = "新しい版を登録します。これまでの版は変更も削除もされず、登録済みの健康診断の判定も変わりません（変える場合は POST /v1/tenant/checkup-criteria/rejudgements で判定し直します）。以後に登録・訂正・取込される健康診断は、受診日に有効な版で判定されます。誤りはすべてまとめて返します（422）。産業医だけが変更でき、5分以内のワンタイムパスワードが必要です。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = CriteriaBody, security(("token" = ["checkups.criteria_change"])),
    responses((status = 200, description = "変更後の判定基準", body = BookView))
)]
pub(crate) async fn change(
    State(app): State<App>,
    permit: Permit<ManageCriteria>,
    version: IfMatch,
    Json(body): Json<CriteriaBody>,
) -> Result<Answer, Problem> {
    let (criteria, reason) = body.checked()?;
    let prepared = app.store.add_checkup_criteria(&permit, version.version(), criteria, reason).await?;
    answer(&app, &prepared.commit(&app.store).await?)
}

/// Criteria that are tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// 試す判定基準の全体（GET の active と同じ形）。
    #[schema(value_type = Object)]
    criteria: serde_json::Value,
    /// 対象の年度。`valid_from` 以降に受診した健康診断だけを判定し直します。
    #[schema(example = 2026)]
    fiscal_year: i16,
}

/// What criteria would change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupCriteriaPreview)]
pub(crate) struct PreviewView {
    /// 判定し直した健康診断の件数。
    #[schema(example = 928)]
    judged: usize,
    /// 対象が多く、すべてを判定し直していないかどうか。件数は受診日の早い順に判定した分です。
    more: bool,
    /// 項目の判定が変わる件数。
    items: Vec<ItemChangeView>,
    /// 総合判定が変わる件数。
    overall: Vec<OverallChangeView>,
    /// 判定が変わる健康診断（受診日の早い順、200件まで）。
    checkups: Vec<ChangedView>,
}

/// How often an item's letter would become another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupItemLetterChange)]
struct ItemChangeView {
    /// 項目のキー。
    #[schema(value_type = String, example = "ast")]
    item: ItemId,
    /// 項目名。
    #[schema(example = "AST")]
    name: &'static str,
    #[serde(flatten)]
    change: OverallChangeView,
}

/// How often a letter would become another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupLetterChange)]
struct OverallChangeView {
    /// 現在の判定。
    #[schema(value_type = Option<String>, example = "A")]
    from: Option<Grade>,
    /// 試した基準での判定。
    #[schema(value_type = Option<String>, example = "B")]
    to: Option<Grade>,
    /// 件数。
    #[schema(example = 42)]
    count: usize,
}

/// A checkup whose letters would change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupLetterChangeOf)]
struct ChangedView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-07-19")]
    examined_on: Date,
    /// 現在の総合判定。
    #[schema(value_type = Option<String>, example = "A")]
    overall_from: Option<Grade>,
    /// 試した基準での総合判定。
    #[schema(value_type = Option<String>, example = "B")]
    overall_to: Option<Grade>,
    /// 判定が変わる項目のキー。
    #[schema(value_type = Vec<String>, example = json!(["ast"]))]
    items: Vec<ItemId>,
}

impl From<CriteriaPreview> for PreviewView {
    fn from(preview: CriteriaPreview) -> Self {
        let change = |((from, to), count): (LetterChange, usize)| OverallChangeView { from, to, count };
        let item = |((item, letters), count)| ItemChangeView {
            item,
            name: item.item().name,
            change: change((letters, count)),
        };
        let changed = |it: PreviewedCheckup| ChangedView {
            employee_id: it.employee,
            checkup_id: it.checkup,
            examined_on: it.examined_on,
            overall_from: it.overall.0,
            overall_to: it.overall.1,
            items: it.items,
        };
        Self {
            judged: preview.judged,
            more: preview.more,
            items: preview.items.into_iter().map(item).collect(),
            overall: preview.overall.into_iter().map(change).collect(),
            checkups: preview.people.into_iter().map(changed).collect(),
        }
    }
}

/// Tries criteria without saving them.
#[utoipa::path(
    post, path = "/v1/tenant/checkup-criteria/preview", operation_id = "previewCheckupCriteria", summary = "判定基準の変更を試算する",
    description = "指定した判定基準で年度の健康診断を判定し直し、判定が変わる件数と対象者を返します。何も登録・変更しません。参照できる範囲の従業員と項目だけが対象で、対象者を示したことは監査証跡に記録されます。一度に判定し直すのは2,000件までです。5分以内のワンタイムパスワードが必要です。",
    request_body = PreviewBody, security(("token" = ["checkups.criteria_change"])),
    responses((status = 200, description = "試算", body = PreviewView))
)]
pub(crate) async fn preview(
    State(app): State<App>,
    permit: Permit<ManageCriteria>,
    Json(body): Json<PreviewBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let tried = criteria(&mut checks, body.criteria);
    let tried = checks.finish(tried)?;
    let preview = app.store.preview_checkup_criteria(&permit, &tried, body.fiscal_year).await?;
    Answer::ok(&PreviewView::from(preview))
}
