//! A company's data as files (エクスポート): `/v1/exports`. Once the contract has a last day this includes everything that the company must keep.

mod view;

use authz::{
    Permit,
    permission::{AskExports, FetchExports, ViewExports},
};
use axum::{Extension, extract::State, response::Response};
use domain::{
    export::ExportFormat,
    ids::{DownloadId, ExportId},
};
use endpoint::{Answer, App, Door, Filters, Pages, Path, Posted, Problem, limit, taken_file};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{Export, ExportWhat, Files, Stored};
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
    /// 対象（`organisation`：事業場・部署・ラベル、`employees`：従業員と所属の履歴、`accounts`：アカウント、`everything`：保存義務のある記録を含むすべて。解約の登録後のみ）。
    #[schema(value_type = String, example = "employees")]
    what: ExportWhat,
    /// 形式（`csv_utf8`：UTF-8 の CSV、`csv_shift_jis`：Windows 用の日本語 CSV（シフトJIS。表せない文字は「〓」）、`json_lines`：1行に1件のJSON）。既定は `csv_utf8` です。
    #[schema(value_type = String, example = "csv_utf8")]
    #[serde(default = "csv")]
    format: ExportFormat,
}

const fn csv() -> ExportFormat {
    ExportFormat::CsvUtf8
}

/// Asks.
#[utoipa::path(
    post, path = "/v1/exports", operation_id = "askExport", summary = "データの書き出しを依頼する",
    description = "ファイルの用意ができると、依頼した方にメールでお知らせします。用意ができてから24時間取得できます。`everything`（健康診断を含むすべて）は、解約の登録後、データの削除開始の前日まで依頼でき、すべてのシステム管理者にメールでお知らせします（それ以外の場合は409）。表計算ソフトで数式とみなされる値は、先頭に「'」を付けます。5分以内のワンタイムパスワードが必要です。",
    params(("Idempotency-Key" = String, Header, description = "操作ごとに一意の値。同じキーで再送しても二重に依頼されません")),
    request_body = NewExportBody, security(("token" = ["exports.ask"])),
    responses((status = 202, description = "依頼を受け付けました", body = ExportView))
)]
async fn ask(
    State(app): State<App>,
    permit: Permit<AskExports>,
    posted: Posted<NewExportBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewExportBody| Ok(app.store.ask_export(&permit, body.what, body.format).await?);
    let answer = |asked: &Stored<Export>| {
        let location = format!("/v1/exports/{}", asked.record.id);
        Ok(Answer::accepted(&ExportView::of(&asked.record))?.at(location).version(asked.version))
    };
    posted.with_key()?.once(&app, &permit, prepare, answer).await
}

/// Which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists.
#[utoipa::path(
    get, path = "/v1/exports", operation_id = "listExports", summary = "データの書き出しの一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["exports.view"])), responses((status = 200, description = "新しい順", body = ExportPage))
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
    description = "5分間有効な取得用のアドレスを発行します。アドレスは発行した本人のみ使えます。取得は記録され、健康診断の結果を含むファイルは、対象の従業員の閲覧履歴にも記録されます。用意ができていないもの、期限を過ぎたものは409です。5分以内のワンタイムパスワードが必要です。",
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
