//! Rows of imports that are nobody's yet (照合待ち): read, and given to somebody or put aside.

use authz::{Permit, permission::UseImports};
use axum::{Extension, extract::State};
use domain::{
    checked::line,
    ids::{DiscrepancyId, EmployeeId, ImportId},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, Json, PageQuery, Pages, Path, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Candidate, Likeness, Queue, Resolution, ShownDiscrepancy};
use utoipa::ToSchema;

/// The most characters of a reason.
const LONGEST_REASON: usize = 500;

/// A row that is nobody's yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportDiscrepancy)]
pub(crate) struct DiscrepancyView {
    #[schema(value_type = String, example = "dcp_00000000000000050197f3a2b4c87d1e")]
    id: DiscrepancyId,
    /// 取込のID。
    #[schema(value_type = String, example = "imp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    import_id: ImportId,
    /// ファイルの行番号（見出しが1行目の場合、最初のデータは2）。
    #[schema(example = 5)]
    row: u64,
    /// 状態（`open`：照合待ち、`resolving`：反映中、`resolved`：反映済み、`dismissed`：対象外）。
    #[schema(example = "open")]
    state: &'static str,
    /// 理由（`unknown_number`：社員番号の登録なし、`fits_nobody`：該当者なし、`fits_several`：該当者が複数）。
    #[schema(example = "fits_several")]
    cause: &'static str,
    /// ファイルの社員番号。
    #[schema(example = "12")]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_number: Option<String>,
    /// ファイルの氏名。氏名を閲覧できる場合だけ返します。
    #[schema(example = "前田 里佳")]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// ファイルのフリガナ。氏名を閲覧できる場合だけ返します。
    #[schema(example = "マエダ リカ")]
    #[serde(skip_serializing_if = "Option::is_none")]
    kana: Option<String>,
    /// ファイルの生年月日。生年月日・性別を閲覧できる場合だけ返します。
    #[schema(value_type = Option<String>, format = Date, example = "2002-04-05")]
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<Date>,
    /// ファイルの性別。生年月日・性別を閲覧できる場合だけ返します。
    #[schema(value_type = Option<String>, example = "female")]
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<domain::employee::Sex>,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-06-01")]
    examined_on: Date,
    /// 健診種別。
    #[schema(example = "定期健康診断")]
    kind: &'static str,
    /// 候補の従業員（可能性の高い順）。
    candidates: Vec<CandidateView>,
    /// 選ばれた従業員。
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<EmployeeId>,
    /// 選ばれた従業員に反映できなかった理由（`birth_date_contradicts` など）。
    #[schema(example = "birth_date_contradicts")]
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
}

/// Somebody who could be meant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportCandidate)]
struct CandidateView {
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 一致する点（`digits`：社員番号の数字、`name`：氏名、`kana`：フリガナ、`birth_date`：生年月日）。
    #[schema(example = json!(["kana", "birth_date"]))]
    reasons: Vec<&'static str>,
}

/// A page of rows that are nobody's yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportDiscrepancyPage)]
pub(crate) struct DiscrepancyPage {
    items: Vec<DiscrepancyView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

impl DiscrepancyPage {
    fn of(shown: Vec<ShownDiscrepancy>, next_cursor: Option<String>) -> Self {
        Self { items: shown.into_iter().map(DiscrepancyView::of).collect(), next_cursor }
    }
}

impl DiscrepancyView {
    fn of(shown: ShownDiscrepancy) -> Self {
        let ShownDiscrepancy { stored, said, sees_names, sees_attributes } = shown;
        let record = stored.record;
        // What somebody could be recognised by goes with what the caller may see.
        let seen = |likeness: &Likeness| match likeness {
            Likeness::Digits => true,
            Likeness::Name | Likeness::Kana => sees_names,
            Likeness::BirthDate => sees_attributes,
        };
        let candidate = |candidate: Candidate| CandidateView {
            employee_id: candidate.employee,
            reasons: candidate.likenesses.iter().filter(|it| seen(it)).map(|it| it.name()).collect(),
        };
        Self {
            id: record.id,
            import_id: record.import,
            row: record.row,
            state: record.state.name(),
            cause: record.cause.name(),
            employee_number: said.number.map(|number| number.to_string()),
            name: said.name.filter(|_| sees_names).map(|name| name.to_string()),
            kana: said.kana.filter(|_| sees_names).map(|kana| kana.to_string()),
            birth_date: said.birth_date.filter(|_| sees_attributes).map(domain::employee::BirthDate::date),
            sex: said.sex.filter(|_| sees_attributes),
            examined_on: said.examined_on,
            kind: said.kind.japanese(),
            candidates: said.candidates.into_iter().map(candidate).collect(),
            employee_id: record.employee,
            refused: record.refused,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

/// Lists the rows of an import that were not clear.
#[utoipa::path(
    get, path = "/v1/imports/{import_id}/discrepancies", operation_id = "listImportDiscrepancies", summary = "取込の照合待ちの一覧",
    description = "誰の行か特定できなかった行です。取込の終了から7日で消えます。",
    params(
        ("import_id" = String, Path, description = "取込のID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["imports.use"])), responses((status = 200, description = "行番号の順", body = DiscrepancyPage))
)]
pub(crate) async fn of_import(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path(import): Path<ImportId>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "discrepancies", &import);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (shown, next) = app.store.discrepancies_of(&permit, import, after, limit).await?;
    pages.answer(&uri, next, |next_cursor| DiscrepancyPage::of(shown, next_cursor)).await
}

/// Which rows, and which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenQuery {
    #[serde(default)]
    state: Option<OpenState>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The one state that rows of all imports are listed in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OpenState {
    Open,
}

/// Lists the rows of all imports that wait.
#[utoipa::path(
    get, path = "/v1/import-discrepancies", operation_id = "listOpenDiscrepancies", summary = "すべての取込の照合待ちの一覧",
    params(
        ("state" = Option<String>, Query, description = "状態（open だけを指定できます。省略時も open）"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["imports.use"])), responses((status = 200, description = "取込の古い順", body = DiscrepancyPage))
)]
pub(crate) async fn open(
    State(app): State<App>,
    permit: Permit<UseImports>,
    uri: Uri,
    Filters(OpenQuery { state, limit: asked, cursor }): Filters<OpenQuery>,
) -> Result<Answer, Problem> {
    let (Some(OpenState::Open) | None) = state;
    let limit = limit(asked)?;
    let pages = Pages::of(&app, &permit, "open-discrepancies", &());
    let after = pages.after(cursor.as_deref()).await?;
    let (shown, next) = app.store.open_discrepancies(&permit, after, limit).await?;
    pages.answer(&uri, next, |next_cursor| DiscrepancyPage::of(shown, next_cursor)).await
}

/// Whose a row is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportResolution, example = json!({ "employee_id": "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b" }))]
pub(crate) struct ResolutionBody {
    /// この行の従業員。ファイルの生年月日・性別・氏名と矛盾する場合は反映しません。
    #[schema(value_type = Option<String>, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: Option<EmployeeId>,
    /// true の場合は、この行を反映せずに対象外とします。
    #[serde(default)]
    dismiss: bool,
    /// 対象外とする理由（500文字以内）。
    #[schema(example = "退職者の結果が混入していたため")]
    reason: Option<String>,
}

impl ResolutionBody {
    fn checked(self) -> Result<Resolution, Problem> {
        let mut checks = Checks::new();
        let reason = self.reason.as_deref().and_then(|reason| line(reason, LONGEST_REASON));
        let resolution = match (self.employee_id, self.dismiss) {
            (Some(employee), false) => Some(Resolution::Belongs(employee)),
            (None, true) => reason.map(|reason| Resolution::Dismiss(reason.into_owned())),
            _ => {
                checks.fault("/employee_id", "one_of", "employee_id か dismiss のどちらか一方を指定してください。");
                return checks.finish(None);
            }
        };
        if resolution.is_none() {
            checks.fault(
                "/reason",
                "reason_invalid",
                "対象外とする理由を、改行を含まない500文字以内で入力してください。",
            );
        }
        checks.finish(resolution)
    }
}

/// What became of it so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportResolved)]
pub(crate) struct ResolvedView {
    #[schema(value_type = String, example = "dcp_00000000000000050197f3a2b4c87d1e")]
    id: DiscrepancyId,
    /// 状態（`resolving`：反映中、`dismissed`：対象外）。
    #[schema(example = "resolving")]
    state: &'static str,
}

/// Says whose a row is.
#[utoipa::path(
    post, path = "/v1/imports/{import_id}/discrepancies/{discrepancy_id}/resolve", operation_id = "resolveImportDiscrepancy", summary = "照合待ちの行の従業員を選ぶ",
    description = "選んだ従業員の記録として、取込と同じ検査・判定を経て1回だけ反映します。ファイルの生年月日・性別・氏名が登録と矛盾する場合は反映せず、照合待ちに戻して理由（refused）を示します。",
    params(("import_id" = String, Path, description = "取込のID"), ("discrepancy_id" = String, Path, description = "照合待ちの行のID")),
    request_body = ResolutionBody, security(("token" = ["imports.use"])),
    responses((status = 202, description = "受け付けました", body = ResolvedView))
)]
pub(crate) async fn resolve(
    State(app): State<App>,
    Extension(queue): Extension<Queue>,
    permit: Permit<UseImports>,
    Path((import, discrepancy)): Path<(ImportId, DiscrepancyId)>,
    Json(body): Json<ResolutionBody>,
) -> Result<Answer, Problem> {
    let resolution = body.checked()?;
    let prepared = app.store.resolve_discrepancy(&permit, import, discrepancy, resolution).await?;
    let stored = prepared.commit(&app.store).await?;
    if stored.record.employee.is_some() {
        queue.resolve(permit.tenant(), import, discrepancy).await?;
    }
    Answer::accepted(&ResolvedView { id: discrepancy, state: stored.record.state.name() })
}
