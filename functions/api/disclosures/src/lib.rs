//! Evidence that is disclosed on a lawful order (証拠の開示, R-20), for operators: `/v1/disclosures`.

mod body;
mod view;

use authz::{
    Permit,
    permission::{AskDisclosures, DecideDisclosures, FetchDisclosures, ViewDisclosures},
};
use axum::{Extension, extract::State, response::Response};
use domain::ids::{DisclosureId, DownloadId};
use endpoint::{
    Answer, App, Door, DownloadView, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit, taken_file,
};
use http::Uri;
use store::{Disclosure, Files, Stored};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{HandOverBody, NewDisclosureBody, PurposeBody, RefusalBody},
    view::{DisclosurePage, DisclosureView},
};

/// The routes. `files` is the bucket that the files lie in.
#[must_use]
pub fn door(files: Files) -> Door {
    let routes = OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(read))
        .routes(routes!(approve))
        .routes(routes!(decline))
        .routes(routes!(take))
        .routes(routes!(fetch))
        .routes(routes!(hand_over))
        .layer(Extension(files));
    Door { name: "disclosures", heading: "証拠の開示（運営事業者）", routes }
}

fn answer(disclosure: &Stored<Disclosure>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&DisclosureView::of(&disclosure.record))?.version(disclosure.version))
}

/// Asks.
#[utoipa::path(
    post, path = "/v1/disclosures", operation_id = "askDisclosure", summary = "証拠の開示を申請する",
    description = "法令に基づく照会や命令に応じて開示する記録を、法的根拠と範囲を示して申請します。別の運営担当者の承認が必要です。照会等により契約企業への通知が禁じられている場合は、その期限を silent_until に指定してください。期限の翌日以降に契約企業へ通知します。5分以内のワンタイムパスワードが必要です。",
    params(("Idempotency-Key" = String, Header, description = "操作ごとに一意の値。同じキーで再送しても二重に申請されません")),
    request_body = NewDisclosureBody, security(("token" = ["disclosures.ask"])),
    responses((status = 201, description = "申請", body = DisclosureView))
)]
async fn ask(
    State(app): State<App>,
    permit: Permit<AskDisclosures>,
    posted: Posted<NewDisclosureBody>,
) -> Result<Answer, Problem> {
    let today = app.clock().now().date();
    let prepare = async |body: NewDisclosureBody| Ok(app.store.ask_disclosure(&permit, body.checked(today)?).await?);
    let answer = |asked: &Stored<Disclosure>| {
        let location = format!("/v1/disclosures/{}", asked.record.id);
        Ok(Answer::created(location, &DisclosureView::of(&asked.record))?.version(asked.version))
    };
    posted.with_key()?.once(&app, &permit, prepare, answer).await
}

/// Lists.
#[utoipa::path(
    get, path = "/v1/disclosures", operation_id = "listDisclosures", summary = "証拠の開示の一覧",
    description = "対象の社員番号と取得の記録は、個別の確認でのみ表示します。",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["disclosures.view"])), responses((status = 200, description = "新しい順", body = DisclosurePage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewDisclosures>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "disclosures", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (disclosures, next) = app.store.disclosures(&permit, after, limit).await?;
    let items = disclosures.iter().map(|disclosure| DisclosureView::of(&disclosure.record)).collect();
    pages.answer(&uri, next, |next_cursor| DisclosurePage { items, next_cursor }).await
}

/// Reads one.
#[utoipa::path(
    get, path = "/v1/disclosures/{disclosure_id}", operation_id = "readDisclosure", summary = "証拠の開示を確認する",
    params(("disclosure_id" = String, Path, description = "開示のID")),
    security(("token" = ["disclosures.view"])), responses((status = 200, description = "開示", body = DisclosureView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewDisclosures>,
    Path(id): Path<DisclosureId>,
) -> Result<Answer, Problem> {
    answer(&app.store.disclosure(&permit, id).await?)
}

/// Approves.
#[utoipa::path(
    post, path = "/v1/disclosures/{disclosure_id}/approve", operation_id = "approveDisclosure", summary = "証拠の開示を承認する",
    description = "申請した本人は承認できません（409）。承認すると、範囲内の記録だけのファイルを作成します。ファイルの期限が過ぎたもの、作成できなかったものは、改めて承認できます。5分以内のワンタイムパスワードが必要です。",
    params(
        ("disclosure_id" = String, Path, description = "開示のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["disclosures.decide"])), responses((status = 202, description = "ファイルを作成します", body = DisclosureView))
)]
async fn approve(
    State(app): State<App>,
    permit: Permit<DecideDisclosures>,
    Path(id): Path<DisclosureId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.approve_disclosure(&permit, id, version.version()).await?;
    let disclosure = prepared.commit(&app.store).await?;
    Ok(Answer::accepted(&DisclosureView::of(&disclosure.record))?.version(disclosure.version))
}

/// Declines.
#[utoipa::path(
    post, path = "/v1/disclosures/{disclosure_id}/decline", operation_id = "declineDisclosure", summary = "証拠の開示を承認しない",
    description = "申請した本人は行えません（409）。5分以内のワンタイムパスワードが必要です。",
    params(
        ("disclosure_id" = String, Path, description = "開示のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = RefusalBody, security(("token" = ["disclosures.decide"])),
    responses((status = 200, description = "承認されなかった開示", body = DisclosureView))
)]
async fn decline(
    State(app): State<App>,
    permit: Permit<DecideDisclosures>,
    Path(id): Path<DisclosureId>,
    version: IfMatch,
    Json(body): Json<RefusalBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.decline_disclosure(&permit, id, version.version(), body.checked()?).await?;
    answer(&prepared.commit(&app.store).await?)
}

/// Opens the files.
#[utoipa::path(
    post, path = "/v1/disclosures/{disclosure_id}/downloads", operation_id = "takeDisclosure", summary = "開示するファイルの取得を始める",
    description = "申請者と承認者のみ行えます。5分間有効な取得用のアドレスを発行し、取得者・日時・目的・ハッシュを証拠の保管の記録に残します。5分以内のワンタイムパスワードが必要です。",
    params(("disclosure_id" = String, Path, description = "開示のID")),
    request_body = PurposeBody, security(("token" = ["disclosures.fetch"])),
    responses((status = 201, description = "取得用のアドレス", body = DownloadView))
)]
async fn take(
    State(app): State<App>,
    permit: Permit<FetchDisclosures>,
    Path(id): Path<DisclosureId>,
    Json(body): Json<PurposeBody>,
) -> Result<Answer, Problem> {
    let download = app.store.take_disclosure(&permit, id, body.checked()?).await?.commit(&app.store).await?;
    let location = format!("/v1/disclosures/{id}/downloads/{}", download.id);
    Answer::created(location.clone(), &DownloadView::of(&download, &location))
}

/// Fetches a file.
#[utoipa::path(
    get, path = "/v1/disclosures/{disclosure_id}/downloads/{download_id}/files/{number}", operation_id = "fetchDisclosure",
    summary = "開示するファイルを取得する",
    description = "Accept: application/octet-stream を指定してください。記録は JSON Lines、最後の manifest.json に件数と SHA-256 を記載しています。アドレスは発行した本人のみ、5分間使えます。5分以内のワンタイムパスワードが必要です。",
    params(
        ("disclosure_id" = String, Path, description = "開示のID"), ("download_id" = String, Path, description = "取得のID"),
        ("number" = u32, Path, description = "ファイルの番号（1から）", example = 1)
    ),
    security(("token" = ["disclosures.fetch"])),
    responses((status = 200, description = "ファイル", content_type = "application/octet-stream", body = String))
)]
async fn fetch(
    State(app): State<App>,
    permit: Permit<FetchDisclosures>,
    Extension(files): Extension<Files>,
    Path((id, download, number)): Path<(DisclosureId, DownloadId, usize)>,
) -> Result<Response, Problem> {
    let taken = app.store.fetch_disclosure(&permit, &files, (id, download), number).await?;
    taken_file(&taken)
}

/// Notes to whom it was handed.
#[utoipa::path(
    post, path = "/v1/disclosures/{disclosure_id}/hand-over", operation_id = "handDisclosureOver", summary = "証拠の引渡しを記録する",
    description = "申請者と承認者のみ、ファイルを取得した後に行えます（それ以外の場合は409）。記録するとファイルを削除し、通知が禁じられていなければ契約企業のシステム管理者にメールでお知らせします。5分以内のワンタイムパスワードが必要です。",
    params(
        ("disclosure_id" = String, Path, description = "開示のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = HandOverBody, security(("token" = ["disclosures.fetch"])),
    responses((status = 200, description = "引き渡した開示", body = DisclosureView))
)]
async fn hand_over(
    State(app): State<App>,
    permit: Permit<FetchDisclosures>,
    Path(id): Path<DisclosureId>,
    version: IfMatch,
    Json(body): Json<HandOverBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.hand_disclosure_over(&permit, id, version.version(), body.checked()?).await?;
    answer(&prepared.commit(&app.store).await?)
}
