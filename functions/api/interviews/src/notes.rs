//! The private note of an interview (面談記録): for those who hold interviews of its kind, and for nobody on the employer's side.

use authz::{
    Permit,
    permission::{ViewInterviewNotes, WriteInterviewNotes},
};
use axum::extract::State;
use domain::ids::{EmployeeId, InterviewId};
use endpoint::{Answer, App, IfMatch, Json, Path, Problem};

use crate::{
    body::NoteBody,
    view::{NoteView, NotesView},
};

/// Reads the note.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/interviews/{interview_id}/note", operation_id = "readInterviewNote", summary = "面談記録を確認する（産業医、保健師・看護師）",
    description = "すべての版を新しい順に返します。まだ記録がない場合の ETag は \"0\" です。事業者の担当者は参照できません。医師だけが実施する種類の面談の記録は、保健師・看護師も参照できません。参照は記録され、本人が閲覧履歴で確認できます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID")),
    security(("token" = ["interviews.notes"])), responses((status = 200, description = "面談記録", body = NotesView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewInterviewNotes>,
    Path((employee, id)): Path<(EmployeeId, InterviewId)>,
) -> Result<Answer, Problem> {
    let stored = app.store.interview_notes(&permit, employee, id).await?;
    Ok(Answer::ok(&NotesView::from(stored.record))?.version(stored.version))
}

/// Writes a version of the note.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/interviews/{interview_id}/note", operation_id = "writeInterviewNote", summary = "面談記録を記入する（産業医、保健師・看護師）",
    description = "新しい版として記録します。訂正しても、前の版は残ります（50版まで）。事業者への報告には含まれません。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag。まだ記録がない場合は \"0\"")
    ),
    request_body = NoteBody, security(("token" = ["interviews.notes_write"])),
    responses((status = 200, description = "記録した版", body = NoteView))
)]
pub(crate) async fn write(
    State(app): State<App>,
    permit: Permit<WriteInterviewNotes>,
    Path((employee, id)): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<NoteBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.write_interview_note(&permit, employee, id, version.version(), body.checked()?).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&NoteView::from(stored.record))?.version(stored.version))
}
