//! Attachments of checkups (健診結果の原本の添付): `/v1/employees/{employee_id}/checkups/{checkup_id}/attachments`. The file itself goes to S3, to the address that starting one answers with.

use authz::{
    Permit,
    permission::{ManageCheckups, ViewCheckups},
};
use axum::{Extension, extract::State, response::Response};
use domain::{
    attachment::{AttachmentFault, FileName, LARGEST, MEDIA_TYPE, Sha256},
    checkup::change::Cause,
    ids::{AccountId, AttachmentId, CheckupId, DownloadId, EmployeeId},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Door, DownloadView, Filters, IfMatch, Path, Posted, Problem, taken_file};
use serde::{Deserialize, Serialize};
use store::{Attachment, AttachmentState, Files, NewAttachment, StartedAttachment, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes. `files` is the bucket that the files lie in.
#[must_use]
pub fn door(files: Files) -> Door {
    let routes = OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(confirm))
        .routes(routes!(void))
        .routes(routes!(take))
        .routes(routes!(fetch))
        .layer(Extension(files));
    Door { name: "attachments", heading: "健康診断の添付ファイル", routes }
}

/// A file that is to be attached.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAttachment)]
struct NewAttachmentBody {
    /// ファイル名（拡張子は .pdf）。
    #[schema(example = "健診結果票.pdf")]
    file_name: String,
    /// 種類（application/pdf だけを受け付けます）。
    #[schema(example = "application/pdf")]
    media_type: String,
    /// バイト数（4,000,000 バイトまで）。
    #[schema(example = 348_112)]
    size: u64,
    /// 内容の SHA-256（16進数64桁）。
    #[schema(example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    sha256: String,
}

impl NewAttachmentBody {
    fn checked(self) -> Result<NewAttachment, Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        let file_name = c.field("/file_name", FileName::parse(&self.file_name));
        if self.media_type != MEDIA_TYPE {
            c.fault("/media_type", "media_type_unknown", "種類は application/pdf を指定してください。");
        }
        if !(1..=LARGEST).contains(&self.size) {
            c.fault("/size", "out_of_range", "バイト数は 1～4,000,000 の範囲で指定してください。");
        }
        let sha256 = c.field("/sha256", Sha256::parse(&self.sha256));
        let size = self.size;
        checks.finish(file_name.zip(sha256).map(|(file_name, sha256)| NewAttachment { file_name, size, sha256 }))
    }
}

/// An attachment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachment)]
struct AttachmentView {
    #[schema(value_type = String, example = "att_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: AttachmentId,
    /// 状態（`awaiting_upload`：送信待ち、`ready`：取得できます、`refused`：届いたファイルが申告と異なるため不採用、`void`：無効）。
    #[schema(value_type = String, example = "ready")]
    state: AttachmentState,
    /// ファイル名。
    #[schema(value_type = String, example = "健診結果票.pdf")]
    file_name: FileName,
    /// 種類。
    #[schema(example = "application/pdf")]
    media_type: &'static str,
    /// バイト数。
    #[schema(example = 348_112)]
    size: u64,
    /// 内容の SHA-256。
    #[schema(value_type = String, example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    sha256: Sha256,
    /// 不採用の理由（`size`：バイト数が異なる、`hash`：SHA-256 が異なる、`no_pdf`：PDF ではない）。
    #[schema(value_type = Option<String>, example = "hash")]
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<AttachmentFault>,
    /// 無効にした理由。
    #[schema(value_type = Option<String>, example = "wrong_person")]
    #[serde(skip_serializing_if = "Option::is_none")]
    void_reason: Option<Cause>,
    /// 追加したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    added_by: AccountId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
    /// 版。無効にするときは If-Match に "版" を指定します。
    #[schema(example = 2)]
    version: u64,
    /// ファイルの送り先（開始したときだけ）。
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<UploadView>,
}

/// Where to send the file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttachmentUpload)]
struct UploadView {
    #[schema(example = "PUT")]
    method: &'static str,
    /// 15分間有効なアドレス。
    url: String,
}

impl From<&Stored<Attachment>> for AttachmentView {
    fn from(Stored { record, version }: &Stored<Attachment>) -> Self {
        Self {
            id: record.id,
            state: record.state,
            file_name: record.file_name.clone(),
            media_type: MEDIA_TYPE,
            size: record.size,
            sha256: record.sha256.clone(),
            refused: record.refused,
            void_reason: record.cause,
            added_by: record.added_by,
            created_at: record.created_at,
            updated_at: record.updated_at,
            version: *version,
            upload: None,
        }
    }
}

/// The attachments of a checkup.
#[derive(Debug, Serialize, ToSchema)]
struct AttachmentList {
    /// 添付ファイル（古い順）。
    items: Vec<AttachmentView>,
    /// 常に null です。
    next_cursor: Option<String>,
}

/// Lists them.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/attachments", operation_id = "listCheckupAttachments", summary = "健康診断の添付ファイルの一覧",
    description = "原本には法定外の項目も記載されているため、すべての項目を閲覧できる場合だけ一覧に含まれます。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "添付ファイル", body = AttachmentList))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Answer, Problem> {
    let found = app.store.attachments(&permit, employee, checkup).await?;
    Answer::ok(&AttachmentList { items: found.iter().map(AttachmentView::from).collect(), next_cursor: None })
}

/// Starts one.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/attachments", operation_id = "startCheckupAttachment", summary = "健康診断に PDF を添付する",
    description = "応答の upload に示すアドレスへ15分以内に PDF を PUT し、続けて …/confirm を呼び出してください。バイト数・SHA-256・PDF の形式が申告と一致した場合だけ保存します。1件の健康診断に20個まで添付できます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")
    ),
    request_body = NewAttachmentBody, security(("token" = ["checkups.manage"])),
    responses((status = 201, description = "開始しました", body = AttachmentView))
)]
async fn start(
    State(app): State<App>,
    Extension(files): Extension<Files>,
    permit: Permit<ManageCheckups>,
    Path(of): Path<(EmployeeId, CheckupId)>,
    posted: Posted<NewAttachmentBody>,
) -> Result<Answer, Problem> {
    let prepare =
        async |body: NewAttachmentBody| Ok(app.store.start_attachment(&permit, &files, of, body.checked()?).await?);
    let answer = |StartedAttachment { attachment, upload_url }: &StartedAttachment| {
        let upload = Some(UploadView { method: "PUT", url: upload_url.clone() });
        let view = AttachmentView { upload, ..AttachmentView::from(attachment) };
        let location = format!("/v1/employees/{}/checkups/{}/attachments/{}", of.0, of.1, attachment.record.id);
        Ok(Answer::created(location, &view)?.version(attachment.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Confirms that the file was sent.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/attachments/{attachment_id}/confirm", operation_id = "confirmCheckupAttachment",
    summary = "添付ファイルの送信を確定する",
    description = "届いたファイルを確かめ、申告と一致すれば保存します（`ready`）。一致しない場合は保存せず、理由を返します（`refused`）。ファイルがまだ届いていない場合は409です。繰り返し呼び出しても結果は変わりません。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("attachment_id" = String, Path, description = "添付ファイルのID")
    ),
    security(("token" = ["checkups.manage"])), responses((status = 200, description = "確かめた結果", body = AttachmentView))
)]
async fn confirm(
    State(app): State<App>,
    Extension(files): Extension<Files>,
    permit: Permit<ManageCheckups>,
    Path(place): Path<(EmployeeId, CheckupId, AttachmentId)>,
) -> Result<Answer, Problem> {
    let confirmed = app.store.confirm_attachment(&permit, &files, place).await?;
    Ok(Answer::ok(&AttachmentView::from(&confirmed))?.version(confirmed.version))
}

/// Why one is void.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VoidQuery {
    reason: String,
}

/// Declares one void.
#[utoipa::path(
    delete, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/attachments/{attachment_id}", operation_id = "voidCheckupAttachment",
    summary = "添付ファイルを無効にする",
    description = "無効にした添付ファイルは取得できなくなります。記録は健康診断と同じ期間残ります。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("attachment_id" = String, Path, description = "添付ファイルのID"),
        ("reason" = String, Query, description = "理由（transcription・clinic_revised・wrong_person・duplicate・not_examined・other）", example = "wrong_person"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["checkups.manage"])), responses((status = 204, description = "無効にしました"))
)]
async fn void(
    State(app): State<App>,
    permit: Permit<ManageCheckups>,
    Path(place): Path<(EmployeeId, CheckupId, AttachmentId)>,
    Filters(query): Filters<VoidQuery>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let cause = Cause::named(&query.reason).filter(|cause| cause.row().voids);
    if cause.is_none() {
        checks.fault("reason", "unknown_value", "理由を一覧の値で指定してください。");
    }
    let cause = checks.finish(cause)?;
    app.store.void_attachment(&permit, place, version.version(), cause).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Opens the file.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/attachments/{attachment_id}/downloads", operation_id = "takeCheckupAttachment",
    summary = "添付ファイルの取得を始める",
    description = "5分間有効な取得用のアドレスを発行します。アドレスは発行した本人のみ使えます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("attachment_id" = String, Path, description = "添付ファイルのID")
    ),
    security(("token" = ["checkups.view"])), responses((status = 201, description = "取得用のアドレス", body = DownloadView))
)]
async fn take(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path(place): Path<(EmployeeId, CheckupId, AttachmentId)>,
) -> Result<Answer, Problem> {
    let download = app.store.take_attachment(&permit, place).await?.commit(&app.store).await?;
    let (employee, checkup, id) = place;
    let location = format!("/v1/employees/{employee}/checkups/{checkup}/attachments/{id}/downloads/{}", download.id);
    Answer::created(location.clone(), &DownloadView::of(&download, &location))
}

/// Fetches the file.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/attachments/{attachment_id}/downloads/{download_id}/files/1",
    operation_id = "fetchCheckupAttachment", summary = "添付ファイルを取得する",
    description = "Accept: application/octet-stream を指定してください。取得は従業員の閲覧履歴に記録されます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("attachment_id" = String, Path, description = "添付ファイルのID"), ("download_id" = String, Path, description = "取得のID")
    ),
    security(("token" = ["checkups.view"])),
    responses((status = 200, description = "ファイル", content_type = "application/octet-stream", body = String))
)]
async fn fetch(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Extension(files): Extension<Files>,
    Path((employee, checkup, id, download)): Path<(EmployeeId, CheckupId, AttachmentId, DownloadId)>,
) -> Result<Response, Problem> {
    let taken = app.store.fetch_attachment(&permit, &files, (employee, checkup, id), download).await?;
    taken_file(&taken)
}
