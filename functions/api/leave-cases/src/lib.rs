//! Leave and return (休職・職場復帰): `/v1/leave-cases` and `/v1/employees/{employee_id}/leave-cases`. Physicians and nurses see the cases of those whom they reach, HR those that they are assigned to, workers their
//! own, and workplaces hours and restrictions of those who have returned.

mod body;
mod view;

use authz::{
    Permit,
    permission::{
        DecideOnReturns, HandInCertificates, ManageLeaveCases, ViewLeaveCases, ViewLeaveMeasures, ViewLeaveNotes,
    },
};
use axum::extract::State;
use domain::{
    ids::{EmployeeId, LeaveCaseId},
    leave::LeaveState,
};
use endpoint::{
    Answer, App, Door, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit, refused_terms,
};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{LeaveCase, SeenLeaveCase, Stored};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{AssigneesBody, CertificateBody, DecisionBody, OpenBody, PlanBody, StepBody},
    view::{CaseList, CasePage, CaseView, MeasuresPage, MeasuresView, NoteList},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "leave-cases",
        heading: "休職・職場復帰",
        routes: OpenApiRouter::new()
            .routes(routes!(list))
            .routes(routes!(measures))
            .routes(routes!(of_employee, open))
            .routes(routes!(read))
            .routes(routes!(assign))
            .routes(routes!(note))
            .routes(routes!(plan))
            .routes(routes!(decide))
            .routes(routes!(certificate))
            .routes(routes!(notes)),
    }
}

fn shown(stored: &Stored<LeaveCase>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&CaseView::from(stored))?.version(stored.version))
}

fn seen((employee, id): (EmployeeId, LeaveCaseId), version: IfMatch) -> SeenLeaveCase {
    SeenLeaveCase { employee, id, version: version.version() }
}

/// Which cases, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StateQuery {
    state: LeaveState,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists cases in a state.
#[utoipa::path(
    get, path = "/v1/leave-cases", operation_id = "listLeaveCases", summary = "休職・職場復帰のケースの一覧",
    description = "状態ごとに、次に確認する日が近い順に返します。人事労務担当者には、担当するケースだけを返します。終了したケースは、従業員ごとの一覧で確認できます。診断名は含みません。1ページの件数は limit より少ないことがあります。参照は記録され、本人が閲覧履歴で確認できます。",
    params(
        ("state" = String, Query, description = "状態（on_leave、return_possible、planned、follow_up）", example = "on_leave"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["leave_cases.view"])), responses((status = 200, description = "次に確認する日の順", body = CasePage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewLeaveCases>,
    uri: Uri,
    Filters(query): Filters<StateQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "leave-cases", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.leave_cases(&permit, query.state, after, limit).await?;
    let items = found.iter().map(CaseView::from).collect();
    pages.answer(&uri, next, |next_cursor| CasePage { items, next_cursor }).await
}

/// Lists what workplaces have to know.
#[utoipa::path(
    get, path = "/v1/leave-cases/measures", operation_id = "listLeaveMeasures", summary = "職場復帰後の就業上の配慮の一覧",
    description = "参照できる範囲の、職場復帰した従業員について、勤務時間の段階、就業上の配慮、見直しの予定日、職場への申し送りだけを返します。休業の理由や診断書は含みません。参照は監査証跡に記録されます。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["leave_cases.measures"])), responses((status = 200, description = "見直しの近い順", body = MeasuresPage))
)]
async fn measures(
    State(app): State<App>,
    permit: Permit<ViewLeaveMeasures>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "leave-measures", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.leave_measures(&permit, after, limit).await?;
    let items = found.into_iter().map(MeasuresView::from).collect();
    pages.answer(&uri, next, |next_cursor| MeasuresPage { items, next_cursor }).await
}

/// Opens a case.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/leave-cases", operation_id = "openLeaveCase", summary = "休職のケースを登録する",
    description = "休業の開始とともにケースを登録します。人事労務担当者が登録すると、その担当者が担当になります。進行中のケースがある場合は 409 を返します。再休業の場合は、前のケースを指定してください。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = OpenBody, security(("token" = ["leave_cases.manage"])),
    responses((status = 201, description = "登録しました", body = CaseView))
)]
async fn open(
    State(app): State<App>,
    permit: Permit<ManageLeaveCases>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<OpenBody>,
) -> Result<Answer, Problem> {
    let prepare =
        async |body: OpenBody| app.store.open_leave_case(&permit, employee, body.read()).await?.map_err(refused_terms);
    let answer = |stored: &Stored<LeaveCase>| {
        let at = format!("/v1/employees/{employee}/leave-cases/{}", stored.record.id);
        Ok(Answer::created(at, &CaseView::from(stored))?.version(stored.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Lists an employee's cases.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/leave-cases", operation_id = "listEmployeeLeaveCases", summary = "従業員の休職・職場復帰のケースの一覧",
    description = "新しい順に、参照できるケースのすべてを1ページで返します。診断名は含みません。参照は記録され、本人が閲覧履歴で確認できます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["leave_cases.view"])), responses((status = 200, description = "新しい順", body = CaseList))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewLeaveCases>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let found = app.store.leave_cases_of_employee(&permit, employee).await?;
    Answer::ok(&CaseList { items: found.iter().map(CaseView::from).collect(), next_cursor: None })
}

/// Reads a case.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}", operation_id = "readLeaveCase", summary = "休職・職場復帰のケースを確認する",
    description = "状態、プラン、日付、経過を返します。診断名は含みません。参照は記録され、本人が閲覧履歴で確認できます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID")),
    security(("token" = ["leave_cases.view"])), responses((status = 200, description = "ケース", body = CaseView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewLeaveCases>,
    Path((employee, id)): Path<(EmployeeId, LeaveCaseId)>,
) -> Result<Answer, Problem> {
    shown(&app.store.leave_case(&permit, employee, id).await?)
}

/// Says who of HR has to do with a case.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}/assignees", operation_id = "assignLeaveCase", summary = "休職のケースの担当者を決める",
    description = "ケースを参照し、進める人事労務担当者を決めます。担当でない人事労務担当者には、ケースは見えません。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = AssigneesBody, security(("token" = ["leave_cases.manage"])),
    responses((status = 200, description = "担当者を決めたケース", body = CaseView))
)]
async fn assign(
    State(app): State<App>,
    permit: Permit<ManageLeaveCases>,
    Path(of): Path<(EmployeeId, LeaveCaseId)>,
    version: IfMatch,
    Json(body): Json<AssigneesBody>,
) -> Result<Answer, Problem> {
    let assigned = app.store.assign_leave_case(&permit, seen(of, version), body.account_ids).await?;
    shown(&assigned.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Notes something in a case.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}/steps", operation_id = "noteInLeaveCase", summary = "休職のケースの経過を記録する",
    description = "本人との連絡、主治医による職場復帰可能の判断、フォローアップなどを記録します。産業医と保健師・看護師が書いた記録は分けて保管し、産業医と保健師・看護師だけが読みます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = StepBody, security(("token" = ["leave_cases.manage"])),
    responses((status = 200, description = "記録を加えたケース", body = CaseView))
)]
async fn note(
    State(app): State<App>,
    permit: Permit<ManageLeaveCases>,
    Path(of): Path<(EmployeeId, LeaveCaseId)>,
    version: IfMatch,
    Json(body): Json<StepBody>,
) -> Result<Answer, Problem> {
    let (entry, words) = body.checked()?;
    let noted = app.store.note_in_leave_case(&permit, seen(of, version), entry, words).await?;
    shown(&noted.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Makes the plan.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}/plan", operation_id = "planReturn", summary = "職場復帰支援プランを作成する",
    description = "職場復帰日、試し出勤、週の勤務時間の段階、就業上の配慮、見直しの予定日を決めます。職場復帰後の見直しにも使います。所属長には、最終決定の後に、勤務時間と配慮だけが見えます。本人には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = PlanBody, security(("token" = ["leave_cases.manage"])),
    responses((status = 200, description = "プランを作成したケース", body = CaseView))
)]
async fn plan(
    State(app): State<App>,
    permit: Permit<ManageLeaveCases>,
    Path(of): Path<(EmployeeId, LeaveCaseId)>,
    version: IfMatch,
    Json(body): Json<PlanBody>,
) -> Result<Answer, Problem> {
    let planned = app.store.plan_return(&permit, seen(of, version), body.checked()?).await?;
    shown(&planned.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Decides on the return.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}/decision", operation_id = "decideOnReturn", summary = "職場復帰を最終決定する（事業者）",
    description = "プランを踏まえた事業者の最終決定を記録します。認めない場合、ケースは休業中に戻ります。本人には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = DecisionBody, security(("token" = ["leave_cases.decide"])),
    responses((status = 200, description = "決定したケース", body = CaseView))
)]
async fn decide(
    State(app): State<App>,
    permit: Permit<DecideOnReturns>,
    Path(of): Path<(EmployeeId, LeaveCaseId)>,
    version: IfMatch,
    Json(body): Json<DecisionBody>,
) -> Result<Answer, Problem> {
    let (returns, words) = body.checked()?;
    let prepared = app.store.decide_on_return(&permit, seen(of, version), returns, words).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Hands in a certificate.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}/certificates", operation_id = "handInLeaveCertificate", summary = "診断書の内容を提出する",
    description = "診断書の種類と期間を記録します。本人も提出できます。傷病名と補足は分けて保管し、産業医と保健師・看護師だけが読みます。担当者には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = CertificateBody, security(("token" = ["leave_cases.certificates"])),
    responses((status = 200, description = "診断書を加えたケース", body = CaseView))
)]
async fn certificate(
    State(app): State<App>,
    permit: Permit<HandInCertificates>,
    Path(of): Path<(EmployeeId, LeaveCaseId)>,
    version: IfMatch,
    Json(body): Json<CertificateBody>,
) -> Result<Answer, Problem> {
    let (certificate, words) = body.checked()?;
    let came = app.store.hand_in_certificate(&permit, seen(of, version), certificate, words).await?;
    shown(&came.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Reads what was said to those who hold interviews.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/leave-cases/{leave_case_id}/notes", operation_id = "readLeaveNotes", summary = "休職のケースの記録を読む（産業医、保健師・看護師）",
    description = "診断書の傷病名と、産業医と保健師・看護師の記録を返します。番号は経過の番号です。参照は記録され、本人が閲覧履歴で確認できます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("leave_case_id" = String, Path, description = "ケースのID")),
    security(("token" = ["leave_cases.notes"])), responses((status = 200, description = "記録", body = NoteList))
)]
async fn notes(
    State(app): State<App>,
    permit: Permit<ViewLeaveNotes>,
    Path((employee, id)): Path<(EmployeeId, LeaveCaseId)>,
) -> Result<Answer, Problem> {
    Answer::ok(&NoteList::from(app.store.leave_notes(&permit, employee, id).await?))
}
