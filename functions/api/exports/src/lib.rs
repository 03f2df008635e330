//! A company's data as files (エクスポート): `/v1/exports`. Once the contract has a last day this includes everything that the company must keep.

mod view;

use authz::{
    Permit,
    permission::{AskExports, FetchExports, ViewExports},
};
use axum::{Extension, extract::State, response::Response};
use domain::{
    export::{ExportFormat, checkups::CheckupColumn},
    ids::{DownloadId, ExportId, WorkplaceId},
};
use endpoint::{Answer, App, Checks, Door, Filters, PageQuery, Pages, Path, Posted, Problem, limit, taken_file};
use http::Uri;
use serde::Deserialize;
use store::{CheckupChoice, Export, ExportWhat, Files, Stored, may_choose};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::view::{DownloadView, ExportPage, ExportView};

/// The routes. `files` is the bucket that the files lie in.
#[must_use]
pub fn door(files: Files) -> Door {
    let routes = OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(read))
        .routes(routes!(take))
        .routes(routes!(fetch))
        .layer(Extension(files));
    Door { name: "exports", heading: "データの書き出し", routes }
}

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewExportBody {
    /// 対象（`organisation`：事業場・部署・ラベル、`employees`：従業員と所属の履歴、`accounts`：アカウント、`checkups`：健康診断の一覧表、`interviews`：面談・面接指導、`everything`：保存義務のある記録を含むすべて。解約の登録後のみ）。
    #[schema(value_type = String, example = "employees")]
    what: ExportWhat,
    /// 形式（`csv_utf8`：UTF-8 の CSV、`csv_shift_jis`：Windows 用の日本語 CSV（シフトJIS。表せない文字は「〓」）、`json_lines`：1行に1件のJSON、`xlsx`：Excel ブック）。既定は `csv_utf8` です。
    #[schema(value_type = String, example = "csv_utf8")]
    #[serde(default = "csv")]
    format: ExportFormat,
    /// `checkups` の場合の、対象の健康診断と列。
    #[serde(default)]
    checkups: Option<CheckupsBody>,
}

/// Which checkups, and what of them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckupExportChoice)]
struct CheckupsBody {
    /// 年度（省略すると今年度）。
    #[schema(example = 2026)]
    #[serde(default)]
    fiscal_year: Option<i16>,
    /// この事業場に現在所属する従業員だけを対象にします。
    #[schema(value_type = Option<String>, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(default)]
    workplace_id: Option<WorkplaceId>,
    /// 列（順番どおりに出力します）。健康診断の列（`employee_number`・`name`・`kana`・`birth_date`・`sex`・`age`・`workplace`・`department`・`examined_on`・`kind`・`fiscal_year`・`clinic`・`course`・`doctor`・`comment`・`clinic_overall`・`overall`・`criteria_version`・`first_checkup_id`・`registered_at`・`updated_at`・`id`・`employee_id`）、部位別判定（`category.liver` など）、項目の値（`sbp` など健診項目のキー）、項目の判定（`sbp.grade`）、医療機関の判定（`sbp.clinic_grade`）。省略すると、閲覧できる主な列と法定項目の値・判定です。
    #[schema(example = json!(["employee_number", "name", "examined_on", "overall", "sbp", "sbp.grade"]))]
    #[serde(default)]
    columns: Option<Vec<String>>,
}

/// The most columns that a table has.
const MOST_COLUMNS: usize = 400;

impl NewExportBody {
    /// What is asked for, with the columns that the permit's holder may see where none are chosen.
    async fn checked(self, app: &App, permit: &Permit<AskExports>) -> Result<Asked, Problem> {
        let mut checks = Checks::new();
        let of_checkups = self.what == ExportWhat::Checkups;
        if self.checkups.is_some() && !of_checkups {
            checks.fault("/checkups", "not_applicable", "対象が健康診断（checkups）の場合だけ指定できます。");
        }
        if !of_checkups {
            return checks.finish(Some((self.what, self.format, None)));
        }
        let chosen = self.checkups.unwrap_or_default();
        let columns = match chosen.columns {
            None => CheckupColumn::usual().filter(|column| may_choose(permit, *column)).collect(),
            Some(names) => columns(&mut checks, permit, &names),
        };
        let fiscal_year = match chosen.fiscal_year {
            Some(year) => year,
            None => app.store.fiscal_year_now(permit).await?,
        };
        let choice = CheckupChoice { fiscal_year, workplace: chosen.workplace_id, columns };
        checks.finish(Some((self.what, self.format, Some(choice))))
    }
}

type Asked = (ExportWhat, ExportFormat, Option<CheckupChoice>);

/// The chosen columns: each is there, once, and one that the permit's holder may see of somebody.
fn columns(checks: &mut Checks, permit: &Permit<AskExports>, names: &[String]) -> Vec<CheckupColumn> {
    if names.is_empty() || names.len() > MOST_COLUMNS {
        checks.fault("/checkups/columns", "out_of_range", "列は1～400列の範囲で指定してください。");
        return Vec::new();
    }
    let mut columns: Vec<CheckupColumn> = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let pointer = format!("/checkups/columns/{at}");
        match name.parse::<CheckupColumn>() {
            Err(unknown) => checks.fault(&pointer, "unknown_column", unknown.to_string()),
            Ok(column) if columns.contains(&column) => {
                checks.fault(&pointer, "column_twice", "同じ列が2回指定されています。");
            }
            Ok(column) if !may_choose(permit, column) => {
                checks.fault(&pointer, "column_not_permitted", "この列を閲覧する権限がありません。");
            }
            Ok(column) => columns.push(column),
        }
    }
    columns
}

const fn csv() -> ExportFormat {
    ExportFormat::CsvUtf8
}

/// Asks.
#[utoipa::path(
    post, path = "/v1/exports", operation_id = "askExport", summary = "データの書き出しを依頼する",
    description = "ファイルの用意ができると、依頼した方にメールでお知らせします。用意ができてから24時間取得できます。`everything`（健康診断を含むすべて）は、解約の登録後、データの削除開始の前日まで依頼でき、すべてのシステム管理者にメールでお知らせします（それ以外の場合は409）。`checkups` は、年度の健康診断を1件1行の一覧表にします。健診結果を閲覧できるロールが、参照できる範囲の従業員について、閲覧できる列だけを依頼でき、ファイルは依頼した本人だけが取得できます。閲覧する権限は作成時にあらためて確認し、閲覧できない値は空欄です。`interviews` は、面談・面接指導の経過（申出、予約、実施、医師の意見、事業者の決定）を1件1行の一覧表にします。面談を参照できるロールが、参照できる範囲だけを依頼でき、面談記録（面談の内容）は含みません。健康相談などの事業者に知らせない面談と本人の希望は、産業医・保健師・看護師が依頼した場合だけ含みます。ストレスチェック後の面談は、実施した後に含みます。`checkups`・`interviews` 以外はシステム管理者だけが依頼できます（それ以外の場合は403）。表計算ソフトで数式とみなされる値は、先頭に「'」を付けます。5分以内のワンタイムパスワードが必要です。",
    params(("Idempotency-Key" = String, Header, description = "操作ごとに一意の値。同じキーで再送しても二重に依頼されません")),
    request_body = NewExportBody, security(("token" = ["exports.ask"])),
    responses((status = 202, description = "依頼を受け付けました", body = ExportView))
)]
async fn ask(
    State(app): State<App>,
    permit: Permit<AskExports>,
    posted: Posted<NewExportBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewExportBody| {
        let (what, format, checkups) = body.checked(&app, &permit).await?;
        Ok(app.store.ask_export(&permit, what, format, checkups).await?)
    };
    let answer = |asked: &Stored<Export>| {
        let location = format!("/v1/exports/{}", asked.record.id);
        Ok(Answer::accepted(&ExportView::of(&asked.record))?.at(location).version(asked.version))
    };
    posted.with_key()?.once(&app, &permit, prepare, answer).await
}

/// Lists.
#[utoipa::path(
    get, path = "/v1/exports", operation_id = "listExports", summary = "データの書き出しの一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["exports.view"])), responses((status = 200, description = "新しい順。1ページの件数は limit より少ないことがあります", body = ExportPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewExports>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "exports", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (exports, next) = app.store.exports(&permit, after, limit).await?;
    let items = exports.iter().map(|export| ExportView::of(&export.record)).collect();
    pages.answer(&uri, next, |next_cursor| ExportPage { items, next_cursor }).await
}

/// Reads one.
#[utoipa::path(
    get, path = "/v1/exports/{export_id}", operation_id = "readExport", summary = "データの書き出しを確認する",
    params(("export_id" = String, Path, description = "書き出しのID")),
    security(("token" = ["exports.view"])), responses((status = 200, description = "書き出し", body = ExportView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewExports>,
    Path(id): Path<ExportId>,
) -> Result<Answer, Problem> {
    let export = app.store.export(&permit, id).await?;
    Ok(Answer::ok(&ExportView::of(&export.record))?.version(export.version))
}

/// Opens the files.
#[utoipa::path(
    post, path = "/v1/exports/{export_id}/downloads", operation_id = "takeExport", summary = "書き出したファイルの取得を始める",
    description = "5分間有効な取得用のアドレスを発行します。アドレスは発行した本人のみ使えます。取得は記録され、健康診断の結果や面談を含むファイルは、対象の従業員の閲覧履歴にも記録されます。用意ができていないもの、期限を過ぎたものは409です。5分以内のワンタイムパスワードが必要です。",
    params(("export_id" = String, Path, description = "書き出しのID")),
    security(("token" = ["exports.fetch"])), responses((status = 201, description = "取得用のアドレス", body = DownloadView))
)]
async fn take(
    State(app): State<App>,
    permit: Permit<FetchExports>,
    Path(id): Path<ExportId>,
) -> Result<Answer, Problem> {
    let download = app.store.take_export(&permit, id).await?.commit(&app.store).await?;
    let location = format!("/v1/exports/{id}/downloads/{}", download.id);
    Answer::created(location.clone(), &DownloadView::of(&download, &location))
}

/// Fetches a file.
#[utoipa::path(
    get, path = "/v1/exports/{export_id}/downloads/{download_id}/files/{number}", operation_id = "fetchExport",
    summary = "書き出したファイルを取得する",
    description = "Accept: application/octet-stream を指定してください。内容が manifest.json の SHA-256 と一致することを確認してください。5分以内のワンタイムパスワードが必要です。",
    params(
        ("export_id" = String, Path, description = "書き出しのID"), ("download_id" = String, Path, description = "取得のID"),
        ("number" = u32, Path, description = "ファイルの番号（1から）", example = 1)
    ),
    security(("token" = ["exports.fetch"])),
    responses((status = 200, description = "ファイル", content_type = "application/octet-stream", body = String))
)]
async fn fetch(
    State(app): State<App>,
    permit: Permit<FetchExports>,
    Extension(files): Extension<Files>,
    Path((id, download, number)): Path<(ExportId, DownloadId, usize)>,
) -> Result<Response, Problem> {
    let taken = app.store.fetch_export(&permit, &files, (id, download), number).await?;
    taken_file(&taken)
}
