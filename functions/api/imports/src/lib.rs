//! Imports (取込): `/v1/imports`. The file itself goes to S3, to the address that starting an import answers with.

mod discrepancies;

use authz::{
    ImportKind, Permit,
    permission::{DeleteAccounts, DeleteEmployees, UseImports, ViewCheckups},
};
use axum::{Extension, extract::State, http::Uri, response::Response};
use domain::{
    checkup::{grade::Grade, kind::CheckupKind},
    ids::{ImportId, StressRoundId},
    intake::layout::LayoutName,
    time::Jst,
};
use endpoint::{Answer, App, Checks, Door, Fault, Filters, Further, Pages, Path, Posted, Problem, into_csv, limit};
use serde::{Deserialize, Serialize};
use store::{Error, Files, Import, ImportOptions, ImportState, NewImport, Preview, Queue, Started, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The kinds that can be imported so far, with what they are called.
const KINDS: [(ImportKind, &str); 7] = [
    (ImportKind::Departments, "部署"),
    (ImportKind::Employees, "従業員"),
    (ImportKind::Accounts, "アカウント"),
    (ImportKind::Checkups, "健康診断結果"),
    (ImportKind::Lifelogs, "ライフログ"),
    (ImportKind::WorkingHours, "労働時間"),
    (ImportKind::StressAnswers, "ストレスチェックの回答"),
];

/// The routes. `files` is the bucket that the files come into, `queue` what wakes the job that reads them.
#[must_use]
pub fn door(files: Files, queue: Queue) -> Door {
    let routes = OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(read))
        .routes(routes!(faults))
        .routes(routes!(apply))
        .routes(routes!(resume))
        .routes(routes!(undo))
        .routes(routes!(undo_faults))
        .routes(routes!(discrepancies::of_import))
        .routes(routes!(discrepancies::open))
        .routes(routes!(discrepancies::resolve))
        .layer(Extension(files))
        .layer(Extension(queue));
    Door { name: "imports", heading: "ファイルの取込", routes }
}

/// What to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewImportBody {
    /// 取込の種別（`departments`：部署、`employees`：従業員、`accounts`：アカウント、`checkups`：健康診断結果、`working_hours`：労働時間、`lifelogs`：ライフログ、`stress_answers`：ストレスチェックの回答）。
    #[schema(example = "employees")]
    kind: String,
    /// ファイル名。
    #[schema(example = "社員一覧.csv")]
    file_name: String,
    /// true の場合は検査のみ行い、反映しません。反映は `POST /v1/imports/{import_id}/apply` で行います。
    #[serde(default)]
    dry_run: bool,
    /// true の場合は誤りのある行を除いて反映します。false の場合は、誤りが1件でもあれば何も反映しません。
    #[serde(default)]
    skip_bad_rows: bool,
    /// 読み取り方。
    #[serde(default)]
    options: OptionsBody,
}

/// How to read it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OptionsBody {
    /// 空欄の意味。keep：登録済みの値を残す（既定）、clear：登録済みの値を消す。
    #[schema(example = "keep")]
    empty_cells: Option<String>,
    /// 文字コード（`utf-8` または `shift_jis`）。省略した場合は自動で判定します。
    #[schema(example = "shift_jis")]
    encoding: Option<String>,
    /// 取込レイアウトの名称。省略した場合は、見出しがすべて一致するレイアウト、それもなければ標準の見出しで読み取ります。
    #[schema(example = "みなと健診クリニック")]
    layout: Option<String>,
    /// 健康診断結果の年度。指定すると、その年度の外の受診日は誤りになります。
    #[schema(example = 2026)]
    fiscal_year: Option<i16>,
    /// 健診種別。ファイルに健診種別の列がない場合に指定します。
    #[schema(value_type = Option<String>, example = "periodic")]
    checkup_kind: Option<String>,
    /// ストレスチェックの回答の実施回のID。`stress_answers` では必須で、その実施回に任命され、守秘を誓約した実施者・実施事務従事者だけが取り込めます。
    #[schema(value_type = Option<String>, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    stress_round_id: Option<StressRoundId>,
    /// 健康診断結果の取込で、登録されていない社員番号の行の扱い。reject：誤りにする（既定）、queue：照合待ちにする。社員番号のない行は、フリガナ・生年月日・性別が1人だけに一致すれば反映し、一致しない場合は常に照合待ちになります。
    #[schema(example = "queue")]
    unmatched: Option<String>,
    /// アカウントの取込で、操作が「削除」の行を受け付けるか。true の場合は、開始・反映・再開のそれぞれに5分以内のワンタイムパスワードが必要です。
    #[serde(default)]
    #[schema(example = false)]
    allow_deletions: bool,
}

/// Years that a fiscal year can be.
const FISCAL_YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// An import.
#[derive(Debug, Serialize, ToSchema)]
struct ImportView {
    #[schema(value_type = String, example = "imp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: ImportId,
    #[schema(example = "employees")]
    kind: &'static str,
    /// 状態（`awaiting_upload`：ファイル待ち、`waiting`：順番待ち、`checking`：検査中、`checked`：検査済み、`rejected`：誤りのため不採用、`applying`：反映中、`applied`：反映済み、`applied_with_conflicts`：競合した行を除いて反映済み、`failed`：失敗、`undoing`：取消中、`undone`：取消済み）。
    #[schema(example = "applied")]
    state: &'static str,
    /// 取込の経路（api または drop）。
    #[schema(example = "api")]
    way: &'static str,
    #[schema(example = "社員一覧.csv")]
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    dry_run: bool,
    skip_bad_rows: bool,
    rows: RowsView,
    /// 検査のみの場合の、反映したときの見込み。
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<PreviewView>,
    /// 読み取りに使った取込レイアウト。
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<LayoutView>,
    /// 全体として取り込めなかった、または失敗した理由。
    #[schema(example = "kind_not_allowed")]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// 誤りの一覧（CSV）の取得先。
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_url: Option<String>,
    /// この日時まで、取込を取り消せます（従業員・健康診断結果の反映済みの取込だけ）。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    undo_until: Option<Jst>,
    /// 取消の状況。
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<UndoView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
    /// ファイルの送信先。作成時だけ返します。
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<Upload>,
}

/// What a dry run foresees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPreview)]
struct PreviewView {
    /// 新しく登録する行数。
    #[schema(example = 120)]
    new: u64,
    /// 登録済みの内容を変更する行数（健康診断結果以外では、内容が同じ行を含みます）。
    #[schema(example = 8)]
    changed: u64,
    /// 登録済みの内容と同じ行数（健康診断結果だけ）。
    #[schema(example = 40)]
    unchanged: u64,
    /// 単位を換算する列と行数。
    conversions: Vec<ConversionView>,
    /// 総合判定が変わる件数（健康診断結果だけ）。健診結果を閲覧できる場合だけ返します。
    #[serde(skip_serializing_if = "Option::is_none")]
    letters: Option<Vec<LetterView>>,
}

/// A column whose numbers are converted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportConversion)]
struct ConversionView {
    /// ファイルの見出し。
    #[schema(example = "WBC(10^3/μL)")]
    column: String,
    /// 行数。
    #[schema(example = 120)]
    rows: u64,
}

/// Letters that would be others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLetterMove)]
struct LetterView {
    /// 比較の対象（`registered`：登録済みの同じ健診、`year_before`：前年度の同じ種別の健診）。
    #[schema(example = "year_before")]
    against: &'static str,
    /// 比較の対象の総合判定。
    #[schema(example = "A")]
    from: Option<&'static str>,
    /// 反映後の総合判定。
    #[schema(example = "C")]
    to: Option<&'static str>,
    /// 件数。
    #[schema(example = 3)]
    checkups: u64,
}

impl PreviewView {
    /// Without letters: a file of one row would tell one person's.
    fn of(preview: &Preview) -> Self {
        let conversion = |(column, rows): &(String, u64)| ConversionView { column: column.clone(), rows: *rows };
        Self {
            new: preview.new,
            changed: preview.changed,
            unchanged: preview.unchanged,
            conversions: preview.conversions.iter().map(conversion).collect(),
            letters: None,
        }
    }

    fn with_letters(self, preview: &Preview) -> Self {
        let letter = |(moved, checkups): &(store::LetterMove, u64)| LetterView {
            against: moved.against.name(),
            from: moved.from.map(Grade::letter),
            to: moved.to.map(Grade::letter),
            checkups: *checkups,
        };
        Self { letters: Some(preview.letters.iter().map(letter).collect()), ..self }
    }
}

/// How far an undo is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportUndo)]
struct UndoView {
    /// 状況（`checking`：確認中、`writing`：取消中、`refused`：取り消せない行があるため中止、`done`：取消済み）。
    #[schema(example = "done")]
    state: &'static str,
    /// 依頼した日時。
    #[schema(value_type = String, format = DateTime)]
    asked_at: Jst,
    /// 取り消した行数。
    #[schema(example = 928)]
    undone: u64,
    /// 取込の後に変更された、またはもとにした記録があるため、取り消せない行数。
    #[schema(example = 0)]
    touched: u64,
    /// 中止した理由（`right_lost`：依頼した方に権限がない、`undo_unavailable`：取込前の内容が残っていない）。
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// 取り消せない行の一覧（CSV）のアドレス。
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_url: Option<String>,
}

impl UndoView {
    fn of(import: &Import) -> Option<Self> {
        let undo = import.undo.as_ref()?;
        Some(Self {
            state: undo.phase.name(),
            asked_at: undo.asked_at,
            undone: undo.undone,
            touched: undo.touched,
            reason: undo.reason.clone(),
            errors_url: undo.fault_file.as_ref().map(|_| format!("/v1/imports/{}/undo/errors", import.id)),
        })
    }
}

/// Which layout it was read by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLayoutUsed)]
struct LayoutView {
    /// 名称。
    #[schema(example = "みなと健診クリニック")]
    name: String,
    /// 検査したときの版。
    #[schema(example = 3)]
    version: u64,
}

/// How many rows went which way.
#[derive(Debug, Serialize, ToSchema)]
struct RowsView {
    /// 読み取った行数（見出しを除く）。
    read: u64,
    /// 反映した行数。
    applied: u64,
    /// 登録済みの内容と同じだった行数。
    unchanged: u64,
    /// 誤りのため反映しなかった行数。
    rejected: u64,
    /// 誰の行か特定できず、照合待ちにした行数。
    waiting: u64,
    /// 検査の後の変更などのため反映しなかった行数。
    conflicts: u64,
    /// 注意の件数。
    warnings: u64,
}

/// Where to send the file.
#[derive(Debug, Serialize, ToSchema)]
struct Upload {
    #[schema(example = "PUT")]
    method: &'static str,
    /// 15分間有効なアドレス。
    url: String,
    /// 送信時に付けるヘッダー。
    #[schema(value_type = Object)]
    headers: serde_json::Map<String, serde_json::Value>,
}

fn view(stored: &Stored<Import>, file_name: Option<String>) -> ImportView {
    let import = &stored.record;
    ImportView {
        id: import.id,
        kind: import.kind.name(),
        state: import.state.name(),
        way: match import.way {
            store::Way::Api => "api",
            store::Way::Drop => "drop",
        },
        file_name,
        dry_run: import.options.dry_run,
        skip_bad_rows: import.options.skip_bad_rows,
        rows: RowsView {
            read: import.counts.read,
            applied: import.counts.applied,
            unchanged: import.counts.unchanged,
            rejected: import.counts.rejected,
            waiting: import.counts.waiting,
            conflicts: import.counts.conflicts,
            warnings: import.counts.warnings,
        },
        preview: import.preview.as_ref().map(PreviewView::of),
        layout: import.layout.as_ref().map(|used| LayoutView { name: used.name.to_string(), version: used.version }),
        reason: import.reason.clone(),
        errors_url: import.fault_file.as_ref().map(|_| format!("/v1/imports/{}/errors", import.id)),
        undo_until: import.undo_until(),
        undo: UndoView::of(import),
        created_at: import.created_at,
        updated_at: import.updated_at,
        upload: None,
    }
}

/// Reads the body; notes everything that is wrong with it.
fn checked(body: NewImportBody) -> Result<(ImportKind, Option<StressRoundId>, NewImport), Problem> {
    let mut checks = Checks::new();
    let kind = ImportKind::named(&body.kind).filter(|kind| KINDS.iter().any(|(known, _)| known == kind));
    if kind.is_none() {
        let names: Vec<String> =
            KINDS.iter().map(|(kind, japanese)| format!("{}（{japanese}）", kind.name())).collect();
        checks.fault(
            "/kind",
            "unknown_kind",
            format!("取込の種別は {} のいずれかを指定してください。", names.join("・")),
        );
    }
    let file_name = body.file_name.trim();
    if file_name.is_empty() || file_name.chars().count() > 255 || file_name.chars().any(char::is_control) {
        checks.fault(
            "/file_name",
            "file_name_invalid",
            "ファイル名は255文字以内で、制御文字を含めずに指定してください。",
        );
    }
    let empty_clears = match body.options.empty_cells.as_deref() {
        None | Some("keep") => false,
        Some("clear") => true,
        Some(_) => {
            checks.fault("/options/empty_cells", "unknown_value", "keep または clear を指定してください。");
            false
        }
    };
    let encoding = body.options.encoding.map(|encoding| encoding.to_ascii_lowercase());
    if encoding.as_deref().is_some_and(|encoding| !matches!(encoding, "utf-8" | "shift_jis")) {
        checks.fault("/options/encoding", "unknown_value", "utf-8 または shift_jis を指定してください。");
    }
    let queue_unmatched = match body.options.unmatched.as_deref() {
        None | Some("reject") => false,
        Some("queue") => true,
        Some(_) => {
            checks.fault("/options/unmatched", "unknown_value", "reject または queue を指定してください。");
            false
        }
    };
    let layout = checks.optional("/options/layout", body.options.layout.as_deref().map(LayoutName::parse));
    let fiscal_year = body.options.fiscal_year;
    if fiscal_year.is_some_and(|year| !FISCAL_YEARS.contains(&year)) {
        checks.fault("/options/fiscal_year", "out_of_range", "年度は西暦4桁で指定してください。");
    }
    let checkup_kind = body.options.checkup_kind.as_deref().map(CheckupKind::named);
    if checkup_kind == Some(None) {
        checks.fault(
            "/options/checkup_kind",
            "unknown_value",
            "健診種別は periodic（定期）・hire（雇入時）などの値で指定してください。",
        );
    }
    for (given, pointer) in [
        (fiscal_year.is_some(), "/options/fiscal_year"),
        (checkup_kind.is_some(), "/options/checkup_kind"),
        (queue_unmatched, "/options/unmatched"),
    ] {
        if given && kind.is_some_and(|kind| kind != ImportKind::Checkups) {
            checks.fault(pointer, "not_applicable", "健康診断結果（checkups）の取込でだけ指定できます。");
        }
    }
    let stress_round = body.options.stress_round_id;
    match kind {
        Some(ImportKind::StressAnswers) if stress_round.is_none() => {
            checks.fault("/options/stress_round_id", "required", "ストレスチェックの実施回を指定してください。");
        }
        Some(kind) if kind != ImportKind::StressAnswers && stress_round.is_some() => {
            let detail = "ストレスチェックの回答（stress_answers）の取込でだけ指定できます。";
            checks.fault("/options/stress_round_id", "not_applicable", detail);
        }
        _ => {}
    }
    let allow_deletions = body.options.allow_deletions;
    if allow_deletions && kind.is_some_and(|kind| kind != ImportKind::Accounts) {
        checks.fault("/options/allow_deletions", "not_applicable", "アカウント（accounts）の取込でだけ指定できます。");
    }
    let options = ImportOptions {
        dry_run: body.dry_run,
        skip_bad_rows: body.skip_bad_rows,
        queue_unmatched,
        allow_deletions,
        empty_clears,
        encoding,
        layout,
        fiscal_year,
        stress_round: None,
        checkup_kind: checkup_kind.flatten(),
    };
    let file_name = file_name.to_owned();
    checks.finish(kind.map(|kind| (kind, stress_round, NewImport { file_name, options })))
}

/// A layout that is asked for and not there is a fault of the body.
fn unknown_layout(error: Error) -> Problem {
    match error {
        Error::NotFound => {
            let detail = "指定した取込レイアウトが登録されていません。";
            Problem::invalid(vec![Fault::at("/options/layout", "unknown_layout", detail)])
        }
        error => error.into(),
    }
}

/// A round that takes no answers of this caller's is a fault of the body.
fn no_such_round(error: Error) -> Problem {
    match error {
        Error::NotFound | Error::Conflict(_) => {
            let detail = "受付中の、担当する実施回が見つかりません。任命と守秘の誓約を確かめてください。";
            Problem::invalid(vec![Fault::at("/options/stress_round_id", "round_not_open", detail)])
        }
        error => error.into(),
    }
}

/// Starts an import.
#[utoipa::path(
    post, path = "/v1/imports", operation_id = "startImport", summary = "取込を開始する",
    description = "応答の upload に示すアドレスへ、15分以内にファイルを PUT してください。送信が終わると検査と反映が自動で進みます。文字コードは UTF-8（BOM の有無を問わず）と Shift_JIS、区切りはカンマとタブに対応しています。Excel ブック（.xlsx、50MiB・20万行・500列まで）も取り込めます（先頭のシート、または取込レイアウトで指定したシート。パスワード・マクロ付きと .xls は不可）。上限は1GiB・200万行です。\n\nアカウント（accounts）の列は、操作（作成・変更・削除。空欄の場合は、ログインIDが未登録なら作成、登録済みなら変更）、ログインID、氏名、メールアドレス、社員番号、初期パスワード、パスワードハッシュ（bcrypt）、人事権、停止です。新しいアカウントに初期パスワードもパスワードハッシュもない場合は、招待メールを送信します。登録済みのアカウントに初期パスワードを指定すると再設定になり、パスワードハッシュは使いません。ロールはファイルでは付与できません。自分のアカウントは変更・削除できません。「削除」の行を含む場合は、options の allow_deletions を true にしてください（5分以内のワンタイムパスワードが必要です）。\n\nストレスチェックの回答（stress_answers）の列は、社員番号と設問（問1、q1、設問1、A1～D2 など）、任意で氏名・フリガナ・生年月日です。氏名などが登録と一致しない行は誤りになります。空欄のある行は取り込みますが、判定不能になります。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = NewImportBody, security(("token" = ["imports.use"])),
    responses((status = 201, description = "開始しました", body = ImportView))
)]
async fn start(
    State(app): State<App>,
    Extension(files): Extension<Files>,
    permit: Permit<UseImports>,
    deleting: Further<DeleteAccounts>,
    posted: Posted<NewImportBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body| {
        let (kind, round, mut new) = checked(body)?;
        let right = permit.import_right(kind)?;
        if let Some(round) = round {
            let asked = app.store.stress_intake_asks(&right, round).await.map_err(no_such_round)?;
            new.options.stress_round = Some((round, asked));
        }
        if new.options.allow_deletions {
            deleting.demand()?;
        }
        if let Some(name) = &new.options.layout {
            app.store.import_layout(&right, name).await.map_err(unknown_layout)?;
        }
        Ok(app.store.start_import(&files, &right, new).await?)
    };
    let answer = |Started { import, upload_url }: &Started| {
        let upload = Upload { method: "PUT", url: upload_url.clone(), headers: serde_json::Map::new() };
        let body = ImportView { upload: Some(upload), ..view(import, None) };
        Ok(Answer::created(format!("/v1/imports/{}", import.record.id), &body)?.version(import.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// What to list.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    kind: Option<String>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// One page of imports.
#[derive(Debug, Serialize, ToSchema)]
struct ImportPage {
    items: Vec<ImportView>,
    next_cursor: Option<String>,
}

/// Lists imports.
#[utoipa::path(
    get, path = "/v1/imports", operation_id = "listImports", summary = "取込の一覧",
    params(("kind" = Option<String>, Query, description = "種別で絞り込む"), ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["imports.use"])), responses((status = 200, description = "新しい順", body = ImportPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<UseImports>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let kind = query
        .kind
        .as_deref()
        .map(|name| ImportKind::named(name).ok_or(Problem::new(endpoint::Kind::BadQuery)))
        .transpose()?;
    let pages = Pages::of(&app, &permit, "imports", &query);
    let before = pages.after(query.cursor.as_deref()).await?;
    let (imports, next) = app.store.imports(&permit, kind, before, limit).await?;
    let items = imports.iter().map(|import| view(import, None)).collect();
    pages.answer(&uri, next, |next_cursor| ImportPage { items, next_cursor }).await
}

/// Reads an import.
#[utoipa::path(
    get, path = "/v1/imports/{import_id}", operation_id = "readImport", summary = "取込の状態を確認する",
    params(("import_id" = String, Path, description = "取込のID")),
    security(("token" = ["imports.use"])), responses((status = 200, description = "取込", body = ImportView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<UseImports>,
    checkups: Further<ViewCheckups>,
    Path(import): Path<ImportId>,
) -> Result<Answer, Problem> {
    let stored = app.store.import(&permit, import).await?;
    let file_name = app.store.import_file_name(&permit, &stored.record).await?;
    let mut shown = view(&stored, Some(file_name));
    if checkups.demand().is_ok() {
        shown.preview = stored.record.preview.as_ref().map(|it| PreviewView::of(it).with_letters(it));
    }
    Ok(Answer::ok(&shown)?.version(stored.version))
}

/// Reads the faults of an import.
#[utoipa::path(
    get, path = "/v1/imports/{import_id}/errors", operation_id = "readImportErrors", summary = "誤りの一覧を取得する（CSV）",
    description = "行番号・列名・値（個人情報は伏せ字）・コード・内容を記載した CSV（UTF-8、BOM付き）です。",
    params(("import_id" = String, Path, description = "取込のID")), security(("token" = ["imports.use"])),
    responses((status = 200, description = "誤りの一覧", body = String, content_type = "text/csv"))
)]
async fn faults(
    State(app): State<App>,
    Extension(files): Extension<Files>,
    permit: Permit<UseImports>,
    Path(import): Path<ImportId>,
) -> Result<Response, Problem> {
    let file = app.store.import_faults(&files, &permit, import).await?;
    into_csv(Response::default(), &format!("{import}-errors.csv"), &file)
}

/// Applies what a dry run has checked.
#[utoipa::path(
    post, path = "/v1/imports/{import_id}/apply", operation_id = "applyImport", summary = "検査済みの取込を反映する",
    description = "dry_run で検査した取込をあらためて検査し、誤りがなければ反映します。options の allow_deletions を true にした取込では、5分以内のワンタイムパスワードが必要です。",
    params(("import_id" = String, Path, description = "取込のID")), security(("token" = ["imports.use"])),
    responses((status = 202, description = "受け付けました", body = ImportView))
)]
async fn apply(
    State(app): State<App>,
    Extension(queue): Extension<Queue>,
    permit: Permit<UseImports>,
    deleting: Further<DeleteAccounts>,
    Path(import): Path<ImportId>,
) -> Result<Answer, Problem> {
    go_on(&app, &queue, &permit, deleting, import, ImportState::Checked).await
}

/// Takes up a failed import.
#[utoipa::path(
    post, path = "/v1/imports/{import_id}/resume", operation_id = "resumeImport", summary = "失敗した取込を再開する",
    params(("import_id" = String, Path, description = "取込のID")), security(("token" = ["imports.use"])),
    responses((status = 202, description = "受け付けました", body = ImportView))
)]
async fn resume(
    State(app): State<App>,
    Extension(queue): Extension<Queue>,
    permit: Permit<UseImports>,
    deleting: Further<DeleteAccounts>,
    Path(import): Path<ImportId>,
) -> Result<Answer, Problem> {
    go_on(&app, &queue, &permit, deleting, import, ImportState::Failed).await
}

async fn go_on(
    app: &App,
    queue: &Queue,
    permit: &Permit<UseImports>,
    deleting: Further<DeleteAccounts>,
    import: ImportId,
    from: ImportState,
) -> Result<Answer, Problem> {
    let stored = app.store.import(permit, import).await?;
    let right = permit.import_right(stored.record.kind)?;
    if stored.record.options.allow_deletions {
        deleting.demand()?;
    }
    let continued = app.store.continue_import(&right, import, from).await?.commit(&app.store).await?;
    queue.turn(permit.tenant(), 0).await?;
    Answer::accepted(&view(&continued, None))
}

/// Takes back what an import wrote.
#[utoipa::path(
    post, path = "/v1/imports/{import_id}/undo", operation_id = "undoImport", summary = "取込を取り消す",
    description = "反映から30日以内の、従業員（employees）と健康診断結果（checkups）の取込を取り消し、取込前の内容に戻します。新しく登録された従業員は削除し、新しく登録された健康診断結果は無効にします（法定の保存期間があるため削除はしません）。はじめにすべての行を確認し、取込の後に変更された行や、その行をもとにした記録（就業判定・受診勧奨・再検査・アカウントなど）が1件でもあれば、何も変更せずに中止します（undo の errors_url に一覧を示します）。取込で登録された事業場は残ります。部署・アカウントの取込は取り消せません（422）。取消中にもう一度呼び出しても、二重には取り消しません。従業員の取込の取消は従業員を削除するため、従業員を削除する権限と、5分以内のワンタイムパスワードが必要です。",
    params(("import_id" = String, Path, description = "取込のID")), security(("token" = ["imports.use"])),
    responses((status = 202, description = "受け付けました", body = ImportView))
)]
async fn undo(
    State(app): State<App>,
    Extension(queue): Extension<Queue>,
    permit: Permit<UseImports>,
    deleting: Further<DeleteEmployees>,
    Path(import): Path<ImportId>,
) -> Result<Answer, Problem> {
    let mut stored = app.store.import(&permit, import).await?;
    let right = permit.import_right(stored.record.kind)?;
    // Whoever came with the file is deleted, as by hand.
    if stored.record.kind == ImportKind::Employees {
        deleting.demand()?;
    }
    if stored.record.state != ImportState::Undoing {
        stored = app.store.ask_undo(&right, import).await?.commit(&app.store).await?;
    }
    queue.turn(permit.tenant(), 0).await?;
    Answer::accepted(&view(&stored, None))
}

/// Reads which rows stand in the way of an undo.
#[utoipa::path(
    get, path = "/v1/imports/{import_id}/undo/errors", operation_id = "readImportUndoErrors", summary = "取り消せない行の一覧を取得する（CSV）",
    description = "行番号・コード・内容を記載した CSV（UTF-8、BOM付き）です。値や氏名は含みません。",
    params(("import_id" = String, Path, description = "取込のID")), security(("token" = ["imports.use"])),
    responses((status = 200, description = "取り消せない行の一覧", body = String, content_type = "text/csv"))
)]
async fn undo_faults(
    State(app): State<App>,
    Extension(files): Extension<Files>,
    permit: Permit<UseImports>,
    Path(import): Path<ImportId>,
) -> Result<Response, Problem> {
    let file = app.store.undo_faults(&files, &permit, import).await?;
    into_csv(Response::default(), &format!("{import}-undo-errors.csv"), &file)
}
