//! Interviews (面談・面接指導): `/v1/interviews`, `/v1/interview-slots`, `/v1/employees/{employee_id}/interviews` and `/v1/employees/{employee_id}/interview-requests`. Workers ask, somebody arranges, a physician or a
//! nurse holds them and keeps a private note, a physician reports what the employer needs to know, and the employer decides.

mod body;
mod conduct;
mod notes;
mod slots;
mod view;

use authz::{
    Permit,
    permission::{
        ArrangeInterviews, ReadReference, RequestInterviews, ViewConsultations, ViewInterviewMeasures, ViewInterviews,
    },
};
use axum::extract::State;
use domain::{
    ids::{EmployeeId, InterviewId},
    interview::InterviewState,
};
use endpoint::{
    Answer, App, Door, Filters, IfMatch, Json, MeasuresPage, MeasuresView, PageQuery, Pages, Path, Posted, Problem,
    limit, refused_terms,
};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{Interview, SeenInterview, Stored};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{BookingBody, DeclineBody, OpenBody, ReasonBody, RequestBody},
    view::{InterviewList, InterviewPage, InterviewView, KindList},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "interviews",
        heading: "面談",
        routes: OpenApiRouter::new()
            .routes(routes!(kinds))
            .routes(routes!(list))
            .routes(routes!(consultations))
            .routes(routes!(measures))
            .routes(routes!(request))
            .routes(routes!(of_employee, open))
            .routes(routes!(read))
            .routes(routes!(book))
            .routes(routes!(cancel))
            .routes(routes!(decline))
            .routes(routes!(conduct::miss))
            .routes(routes!(conduct::hold))
            .routes(routes!(conduct::report))
            .routes(routes!(conduct::decide))
            .routes(routes!(conduct::end))
            .routes(routes!(conduct::close))
            .routes(routes!(notes::read, notes::write))
            .routes(routes!(slots::list, slots::offer))
            .routes(routes!(slots::read, slots::withdraw))
            .routes(routes!(slots::take, slots::give_up)),
    }
}

/// An interview as an answer, as it stands today.
fn shown(app: &App, stored: &Stored<Interview>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&InterviewView::of(stored, app.clock().now().date()))?.version(stored.version))
}

/// A new interview as an answer.
fn made(app: &App, stored: &Stored<Interview>) -> Result<Answer, Problem> {
    let Interview { id, employee, .. } = stored.record;
    let at = format!("/v1/employees/{employee}/interviews/{id}");
    Ok(Answer::created(at, &InterviewView::of(stored, app.clock().now().date()))?.version(stored.version))
}

fn seen((employee, id): (EmployeeId, InterviewId), version: IfMatch) -> SeenInterview {
    SeenInterview { employee, id, version: version.version() }
}

/// Which interviews, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StateQuery {
    state: InterviewState,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists the kinds.
#[utoipa::path(
    get, path = "/v1/interviews/kinds", operation_id = "listInterviewKinds", summary = "面談の種類の一覧",
    description = "面談の種類ごとに、根拠、実施できる者、事業者が知る範囲、期限、法定の保存期間を返します。",
    security(("token" = ["reference.read"])), responses((status = 200, description = "面談の種類", body = KindList))
)]
async fn kinds(_: Permit<ReadReference>) -> Result<Answer, Problem> {
    Answer::ok(&KindList::all())
}

/// Lists interviews in a state.
#[utoipa::path(
    get, path = "/v1/interviews", operation_id = "listInterviews", summary = "面談の一覧",
    description = "状態ごとに、次に確認する日（実施の期限、面談の日、意見の期限、決定の期限、措置の終了日）が近い順に返します。終了・中止・辞退した面談は、従業員ごとの一覧で確認できます。保健指導と相談は含みません。面談記録は含みません。1ページの件数は limit より少ないことがあります。参照は監査証跡に記録されます。",
    params(
        ("state" = String, Query, description = "状態（requested、booked、no_show、held、opinion_given、decided）", example = "requested"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["interviews.view"])), responses((status = 200, description = "次に確認する日の順", body = InterviewPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewInterviews>,
    uri: Uri,
    Filters(query): Filters<StateQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "interviews", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.interviews(&permit, query.state, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| InterviewView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| InterviewPage { items, next_cursor }).await
}

/// Lists consultations and guidance in a state.
#[utoipa::path(
    get, path = "/v1/interviews/consultations", operation_id = "listConsultations", summary = "相談と保健指導の一覧（産業医、保健師・看護師）",
    description = "事業者の担当者が知らない面談（健康相談、管理職からの相談、保健指導）を、状態ごとに返します。本人の同意を得て事業者に報告したものは、面談の一覧に移ります。参照は記録され、本人が閲覧履歴で確認できます。",
    params(
        ("state" = String, Query, description = "状態（requested、booked、no_show、held）", example = "requested"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["interviews.consultations"])), responses((status = 200, description = "次に確認する日の順", body = InterviewPage))
)]
async fn consultations(
    State(app): State<App>,
    permit: Permit<ViewConsultations>,
    uri: Uri,
    Filters(query): Filters<StateQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "consultations", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.consultations(&permit, query.state, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| InterviewView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| InterviewPage { items, next_cursor }).await
}

/// Lists measures in force.
#[utoipa::path(
    get, path = "/v1/interviews/measures", operation_id = "listInterviewMeasures", summary = "面談後の就業上の措置の一覧",
    description = "参照できる範囲の従業員について、面談の後に事業者が決定した措置と、職場への申し送りだけを返します。面談の種類や医師の意見は含みません。参照は監査証跡に記録されます。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["interviews.measures"])), responses((status = 200, description = "見直しの近い順", body = MeasuresPage))
)]
async fn measures(
    State(app): State<App>,
    permit: Permit<ViewInterviewMeasures>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "interview-measures", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.interview_measures(&permit, after, limit).await?;
    let items = found.into_iter().map(MeasuresView::from).collect();
    pages.answer(&uri, next, |next_cursor| MeasuresPage { items, next_cursor }).await
}

/// Asks for an interview for oneself.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interview-requests", operation_id = "requestInterview", summary = "面談を申し込む（本人）",
    description = "長時間労働者への面接指導の申出、健康診断の事後面談、健康相談を申し込みます。申出を理由に不利益な取扱いを受けることはありません。健康相談は、事業者の担当者には知らされません。",
    params(("employee_id" = String, Path, description = "従業員のID（本人）"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = RequestBody, security(("token" = ["interviews.request"])),
    responses((status = 201, description = "申し込みました", body = InterviewView))
)]
async fn request(
    State(app): State<App>,
    permit: Permit<RequestInterviews>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<RequestBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: RequestBody| Ok(app.store.request_interview(&permit, employee, body.checked()?).await?);
    posted.once(&app, &permit, prepare, |stored| made(&app, stored)).await
}

/// Opens an interview.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews", operation_id = "openInterview", summary = "面談を登録する",
    description = "面談を、そのもとになった対象とともに登録します。長時間労働者への面接指導では、本人から受け付けた申出も記録します。高ストレス者への面接指導は、本人の申出がある場合だけ登録できます。同じ対象について進行中の面談がある場合は 409 を返します。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = OpenBody, security(("token" = ["interviews.arrange"])),
    responses((status = 201, description = "登録しました", body = InterviewView))
)]
async fn open(
    State(app): State<App>,
    permit: Permit<ArrangeInterviews>,
    Path(employee): Path<EmployeeId>,
    posted: Posted<OpenBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: OpenBody| Ok(app.store.open_interview(&permit, employee, body.checked()?).await?);
    posted.once(&app, &permit, prepare, |stored| made(&app, stored)).await
}

/// Lists an employee's interviews.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/interviews", operation_id = "listEmployeeInterviews", summary = "従業員の面談の一覧",
    description = "新しい順に、参照できる面談のすべてを1ページで返します。面談記録は含みません。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["interviews.view"])), responses((status = 200, description = "新しい順", body = InterviewList))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewInterviews>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let found = app.store.interviews_of_employee(&permit, employee).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| InterviewView::of(stored, today)).collect();
    Answer::ok(&InterviewList { items, next_cursor: None })
}

/// Reads an interview.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/interviews/{interview_id}", operation_id = "readInterview", summary = "面談を確認する",
    description = "予約、医師の意見、事業者の決定と、その経過を返します。面談記録は含みません。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID")),
    security(("token" = ["interviews.view"])), responses((status = 200, description = "面談", body = InterviewView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewInterviews>,
    Path((employee, id)): Path<(EmployeeId, InterviewId)>,
) -> Result<Answer, Problem> {
    shown(&app, &app.store.interview(&permit, employee, id).await?)
}

/// Books an interview.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/interviews/{interview_id}/booking", operation_id = "bookInterview", summary = "面談の日時と場所を決める",
    description = "日時と、場所または会議のURLを決めます。変更や、欠席の後の再予約にも使います。本人と担当者には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = BookingBody, security(("token" = ["interviews.arrange"])),
    responses((status = 200, description = "予約した面談", body = InterviewView))
)]
async fn book(
    State(app): State<App>,
    permit: Permit<ArrangeInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<BookingBody>,
) -> Result<Answer, Problem> {
    let booked = app.store.book_interview(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &booked.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Calls an interview off.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews/{interview_id}/cancel", operation_id = "cancelInterview", summary = "面談を中止する",
    description = "実施前の面談を、理由とともに中止します。法令が求める面接指導の期限は、中止しても残ります。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReasonBody, security(("token" = ["interviews.arrange"])),
    responses((status = 200, description = "中止した面談", body = InterviewView))
)]
async fn cancel(
    State(app): State<App>,
    permit: Permit<ArrangeInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.cancel_interview(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}

/// Declines one's own interview.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews/{interview_id}/decline", operation_id = "declineInterview", summary = "面談を辞退する（本人）",
    description = "実施前の面談を辞退し、申出を取り下げます。理由は任意で、産業医と保健師・看護師だけが読みます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID（本人）"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = DeclineBody, security(("token" = ["interviews.request"])),
    responses((status = 200, description = "辞退した面談", body = InterviewView))
)]
async fn decline(
    State(app): State<App>,
    permit: Permit<RequestInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<DeclineBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.decline_interview(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}
