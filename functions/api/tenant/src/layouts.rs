//! How the company's clinics and vendors write their files (取込レイアウト): `/v1/tenant/import-layouts`. Whoever may import a kind of file may see its layouts and
//! have one suggested; whoever may import it for everybody keeps them.

use std::collections::BTreeMap;

use authz::{ImportKind, ImportRight, Permit, permission::UseImports};
use axum::extract::State;
use domain::{
    decimal::Decimal,
    intake::{
        self,
        layout::{Column, Draft, Layout, LayoutName, Unit, suggest as suggested},
    },
    time::Jst,
};
use endpoint::{Answer, App, Checks, Fault, Filters, IfMatch, Json, Path, Problem};
use serde::{Deserialize, Serialize};
use store::{ImportLayout, Stored, intake_kind};
use utoipa::ToSchema;

/// How many rows a suggestion looks at.
const MOST_SAMPLES: usize = 20;
/// How many cells a header has at most.
const MOST_CELLS: usize = 500;

/// A unit that a laboratory uses.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportUnit)]
pub(crate) struct UnitBody {
    /// 単位の名称。
    #[schema(example = "mmol/L")]
    name: String,
    /// 標準の単位に換算するときに掛ける数（10進数の文字列）。
    #[schema(value_type = String, example = "18.0182")]
    factor: Decimal,
}

/// What a layout says of one column.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportColumn)]
pub(crate) struct ColumnBody {
    /// ファイルの見出し。同じ見出しが複数ある場合は、ファイルでの順に対応します。
    #[schema(example = "GLU")]
    header: String,
    /// 対応する標準の見出し。省略した列は取り込みません。
    #[schema(example = "空腹時血糖")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    means: Option<String>,
    /// 数値の単位。標準の単位と異なる場合に指定します。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<UnitBody>,
    /// 値の読み替え（ファイルの言葉 → 標準の言葉）。
    #[schema(example = json!({"検出せず": "(-)"}))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    words: BTreeMap<String, String>,
}

/// What a layout says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportLayoutContent)]
pub(crate) struct LayoutBody {
    /// 見出し行の行番号（1～20）。それより上の行は読み飛ばします。
    #[schema(example = 3)]
    header_row: u64,
    /// データの開始行の行番号。
    #[schema(example = 4)]
    data_row: u64,
    /// Excel ブックのシート名。省略した場合は先頭のシート。
    #[schema(example = "結果一覧")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// true の場合は、日付の列の 45000 のような数を表計算ソフトの通し番号（1900年方式）として読み取ります。
    #[serde(default)]
    #[schema(example = false)]
    serial_dates: bool,
    /// ファイルの列（500件まで）。
    columns: Vec<ColumnBody>,
    /// 医療機関の判定の読み替え（ファイルの言葉 → A・B・C・D・E）。
    #[schema(example = json!({"1": "A", "要観察": "C", "治": "E"}))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    grades: BTreeMap<String, String>,
}

/// A layout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLayout)]
pub(crate) struct LayoutView {
    /// 取込の種別。
    #[schema(example = "checkups")]
    kind: &'static str,
    /// 名称。
    #[schema(example = "みなと健診クリニック")]
    name: String,
    /// 版。変更のたびに1つ増えます。
    #[schema(example = 3)]
    version: u64,
    /// 内容。
    layout: LayoutBody,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
}

/// All layouts of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLayoutList)]
pub(crate) struct LayoutList {
    items: Vec<LayoutView>,
}

impl LayoutBody {
    fn draft(self) -> Draft {
        let column = |column: ColumnBody| Column {
            header: column.header,
            means: column.means,
            unit: column.unit.map(|unit| Unit { name: unit.name, factor: unit.factor }),
            words: column.words,
        };
        Draft {
            header_row: self.header_row,
            data_row: self.data_row,
            sheet: self.sheet,
            serial_dates: self.serial_dates,
            columns: self.columns.into_iter().map(column).collect(),
            grades: self.grades,
        }
    }

    /// Reads the body; notes everything that is wrong with it.
    fn checked(self, kind: intake::Kind) -> Result<Layout, Problem> {
        Layout::new(kind, self.draft()).map_err(|faults| {
            Problem::invalid(faults.into_iter().map(|it| Fault::at(it.pointer, it.code, it.detail)).collect())
        })
    }

    fn of(draft: &Draft) -> Self {
        Self {
            header_row: draft.header_row,
            data_row: draft.data_row,
            sheet: draft.sheet.clone(),
            serial_dates: draft.serial_dates,
            columns: draft.columns.iter().map(ColumnBody::of).collect(),
            grades: draft.grades.clone(),
        }
    }
}

impl ColumnBody {
    fn of(column: &Column) -> Self {
        let unit = |unit: &Unit| UnitBody { name: unit.name.clone(), factor: unit.factor };
        Self {
            header: column.header.clone(),
            means: column.means.clone(),
            unit: column.unit.as_ref().map(unit),
            words: column.words.clone(),
        }
    }
}

fn view(kind: ImportKind, Stored { record, version }: &Stored<ImportLayout>) -> LayoutView {
    LayoutView {
        kind: kind.name(),
        name: record.name.to_string(),
        version: *version,
        layout: LayoutBody::of(record.layout.draft()),
        created_at: record.created_at,
        updated_at: record.updated_at,
    }
}

/// The right to import the kind that a path names; a kind that is no file's, or not the caller's, is not found or not permitted.
fn right(permit: &Permit<UseImports>, kind: &str) -> Result<(ImportRight, intake::Kind), Problem> {
    let kind = ImportKind::named(kind).ok_or_else(Problem::not_found)?;
    let of_files = intake_kind(kind).ok_or_else(Problem::not_found)?;
    Ok((permit.import_right(kind)?, of_files))
}

/// Lists layouts.
#[utoipa::path(
    get, path = "/v1/tenant/import-layouts/{kind}", operation_id = "listImportLayouts", summary = "取込レイアウトの一覧",
    description = "医療機関やシステムごとの、ファイルの読み取り方です。",
    params(("kind" = String, Path, description = "取込の種別（departments・employees・accounts・checkups・working_hours）")),
    security(("token" = ["imports.use"])), responses((status = 200, description = "名称の順", body = LayoutList))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path(kind): Path<String>,
) -> Result<Answer, Problem> {
    let (right, _) = right(&permit, &kind)?;
    let layouts = app.store.import_layouts(&right).await?;
    Answer::ok(&LayoutList { items: layouts.iter().map(|layout| view(right.kind(), layout)).collect() })
}

/// Which version of a layout is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionQuery {
    version: Option<u64>,
}

/// Reads a layout.
#[utoipa::path(
    get, path = "/v1/tenant/import-layouts/{kind}/{name}", operation_id = "readImportLayout", summary = "取込レイアウトを確認する",
    description = "version を指定すると、その版の内容を返します。取込が使用した版（取込の layout）は、変更・削除した後も確認できます。",
    params(
        ("kind" = String, Path, description = "取込の種別"), ("name" = String, Path, description = "取込レイアウトの名称"),
        ("version" = Option<u64>, Query, description = "版（省略すると現在の版）", example = 1)
    ),
    security(("token" = ["imports.use"])), responses((status = 200, description = "取込レイアウト", body = LayoutView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path((kind, name)): Path<(String, LayoutName)>,
    Filters(query): Filters<VersionQuery>,
) -> Result<Answer, Problem> {
    let (right, _) = right(&permit, &kind)?;
    let layout = match query.version {
        None => app.store.import_layout(&right, &name).await?,
        Some(version) => app.store.import_layout_version(&right, &name, version).await?,
    };
    Ok(Answer::ok(&view(right.kind(), &layout))?.version(layout.version))
}

/// The versions of a layout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLayoutVersionList)]
pub(crate) struct VersionList {
    items: Vec<VersionView>,
}

/// A version of a layout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLayoutVersion)]
struct VersionView {
    /// 版。
    #[schema(example = 3)]
    version: u64,
    /// この版を登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

/// Lists the versions of a layout.
#[utoipa::path(
    get, path = "/v1/tenant/import-layouts/{kind}/{name}/versions", operation_id = "listImportLayoutVersions", summary = "取込レイアウトの版の一覧",
    description = "新しい順に100件までを返します。内容は、取込レイアウトの確認で version を指定して確認できます。削除した取込レイアウトの版も残ります。",
    params(("kind" = String, Path, description = "取込の種別"), ("name" = String, Path, description = "取込レイアウトの名称")),
    security(("token" = ["imports.use"])), responses((status = 200, description = "版", body = VersionList))
)]
pub(crate) async fn versions(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path((kind, name)): Path<(String, LayoutName)>,
) -> Result<Answer, Problem> {
    let (right, _) = right(&permit, &kind)?;
    let found = app.store.import_layout_versions(&right, &name).await?;
    if found.is_empty() {
        return Err(Problem::not_found());
    }
    let view = |it: &Stored<ImportLayout>| VersionView { version: it.version, updated_at: it.record.updated_at };
    Answer::ok(&VersionList { items: found.iter().map(view).collect() })
}

/// Makes or changes a layout.
#[utoipa::path(
    put, path = "/v1/tenant/import-layouts/{kind}/{name}", operation_id = "setImportLayout", summary = "取込レイアウトを登録・変更する",
    description = "If-Match を付けない場合は新しく登録します（同じ名称のものがある場合は412）。変更する場合は If-Match を付けてください。変更しても、検査済みの取込の読み取り方は変わりません。対象の種別を全従業員について取り込める権限が必要です。",
    params(
        ("kind" = String, Path, description = "取込の種別"), ("name" = String, Path, description = "取込レイアウトの名称"),
        ("If-Match" = Option<String>, Header, description = "読み取ったときの ETag")
    ),
    request_body = LayoutBody, security(("token" = ["imports.use"])),
    responses((status = 200, description = "登録した取込レイアウト", body = LayoutView))
)]
pub(crate) async fn set(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path((kind, name)): Path<(String, LayoutName)>,
    version: Option<IfMatch>,
    Json(body): Json<LayoutBody>,
) -> Result<Answer, Problem> {
    let (right, of_files) = right(&permit, &kind)?;
    let layout = body.checked(of_files)?;
    let prepared = app.store.set_import_layout(&right, name, version.map(IfMatch::version), layout).await?;
    let layout = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&view(right.kind(), &layout))?.version(layout.version))
}

/// Deletes a layout.
#[utoipa::path(
    delete, path = "/v1/tenant/import-layouts/{kind}/{name}", operation_id = "deleteImportLayout", summary = "取込レイアウトを削除する",
    description = "検査済みの取込は、そのときの読み取り方のまま反映できます。これまでの版は残ります。",
    params(
        ("kind" = String, Path, description = "取込の種別"), ("name" = String, Path, description = "取込レイアウトの名称"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["imports.use"])), responses((status = 204, description = "削除しました"))
)]
pub(crate) async fn delete(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path((kind, name)): Path<(String, LayoutName)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let (right, _) = right(&permit, &kind)?;
    app.store.delete_import_layout(&right, &name, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// The beginning of a file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportSample)]
pub(crate) struct SampleBody {
    /// 見出し行のセル。
    #[schema(example = json!(["社員番号", "GOT", "WBC(10^3/μL)"]))]
    header: Vec<String>,
    /// データ行のセル（20行まで）。保存も記録もしません。
    #[serde(default)]
    #[schema(example = json!([["000123", "24", "5.6"]]))]
    samples: Vec<Vec<String>>,
}

/// A draft of a layout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLayoutSuggestion)]
pub(crate) struct SuggestionView {
    /// 日付の列が表計算ソフトの通し番号かどうか。
    serial_dates: bool,
    /// 列ごとの候補。
    columns: Vec<SuggestedColumnView>,
}

/// What is suggested for one column.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportColumnSuggestion)]
struct SuggestedColumnView {
    /// 候補。そのまま取込レイアウトの列として登録できます。
    column: ColumnBody,
    /// 確からしさ（0～100）。
    #[schema(example = 95)]
    confidence: u8,
    /// 理由（`exact_name`：標準の名称と一致、`alias`：別名と一致、`longest_prefix`：名称を含む、`by_values`：値から推定、`duplicate`：ほかの列のほうが確か、`unknown`：不明）。
    #[schema(example = "alias")]
    reason: &'static str,
}

/// Suggests a layout.
#[utoipa::path(
    post, path = "/v1/tenant/import-layouts/{kind}/suggestions", operation_id = "suggestImportLayout", summary = "取込レイアウトの候補を作る",
    description = "見出しと数行のデータから、列ごとの対応の候補と確からしさを返します。何も保存しません。確認のうえ、`PUT /v1/tenant/import-layouts/{kind}/{name}` で登録してください。",
    params(("kind" = String, Path, description = "取込の種別")),
    request_body = SampleBody, security(("token" = ["imports.use"])),
    responses((status = 200, description = "候補", body = SuggestionView))
)]
pub(crate) async fn suggest(
    State(app): State<App>,
    permit: Permit<UseImports>,
    Path(kind): Path<String>,
    Json(body): Json<SampleBody>,
) -> Result<Answer, Problem> {
    let (_, of_files) = right(&permit, &kind)?;
    let body = body.checked()?;
    let header: Vec<&str> = body.header.iter().map(String::as_str).collect();
    let suggestion = suggested(of_files, &header, &body.samples, app.store.clock().now().date());
    let columns = suggestion.columns.iter().map(|it| SuggestedColumnView {
        column: ColumnBody::of(&it.column),
        confidence: it.confidence,
        reason: it.reason.name(),
    });
    Answer::ok(&SuggestionView { serial_dates: suggestion.serial_dates, columns: columns.collect() })
}

impl SampleBody {
    fn checked(self) -> Result<Self, Problem> {
        let mut checks = Checks::new();
        if self.header.is_empty() || self.header.len() > MOST_CELLS {
            checks.fault("/header", "out_of_range", "見出しのセルは1～500件で指定してください。");
        }
        if self.samples.len() > MOST_SAMPLES {
            checks.fault("/samples", "too_many", "データ行は20行まで指定できます。");
        }
        checks.finish(Some(self))
    }
}
