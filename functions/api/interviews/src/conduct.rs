//! What physicians, nurses and the employer do with an interview: hold it, report, decide, end it.

use authz::{
    Permit,
    permission::{DecideOnInterviews, HoldInterviews, OpineOnInterviews},
};
use axum::extract::State;
use domain::ids::{EmployeeId, InterviewId};
use endpoint::{Answer, App, DecisionBody, IfMatch, Json, Path, Problem, refused_terms};

use crate::{
    body::{HeldBody, ReasonBody, ReportBody},
    seen, shown,
    view::InterviewView,
};

/// Notes that nobody came.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews/{interview_id}/no-show", operation_id = "missInterview", summary = "面談の欠席を記録する（産業医、保健師・看護師）",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["interviews.hold"])), responses((status = 200, description = "欠席を記録した面談", body = InterviewView))
)]
pub(crate) async fn miss(
    State(app): State<App>,
    permit: Permit<HoldInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.miss_interview(&permit, seen(of, version)).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}

/// Notes that it was held.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews/{interview_id}/held", operation_id = "holdInterview", summary = "面談の実施を記録する（産業医、保健師・看護師）",
    description = "実施日を記録します。記録した者が、実施した者になります。長時間労働者・高ストレス者への面接指導、休職・復職の面談は、産業医だけが実施できます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = HeldBody, security(("token" = ["interviews.hold"])),
    responses((status = 200, description = "実施した面談", body = InterviewView))
)]
pub(crate) async fn hold(
    State(app): State<App>,
    permit: Permit<HoldInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<HeldBody>,
) -> Result<Answer, Problem> {
    let held = app.store.hold_interview(&permit, seen(of, version), body.held_on).await?;
    shown(&app, &held.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Reports to the employer.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/interviews/{interview_id}/opinion", operation_id = "reportOnInterview", summary = "面談についての意見を述べる（産業医）",
    description = "事業者への報告（指導区分、就業区分、必要な措置、期間、見直しの予定日）を記録します。前の意見は経過に残ります。措置のために必要な範囲だけを記載し、診断名、検査値、相談の内容は記載しないでください。相談について報告するには、本人の同意が必要です。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReportBody, security(("token" = ["interviews.opine"])),
    responses((status = 200, description = "記録した意見を含む面談", body = InterviewView))
)]
pub(crate) async fn report(
    State(app): State<App>,
    permit: Permit<OpineOnInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<ReportBody>,
) -> Result<Answer, Problem> {
    let reported = app.store.report_on_interview(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &reported.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Decides on measures.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/interviews/{interview_id}/decision", operation_id = "decideOnInterview", summary = "面談後の就業上の措置を決定する（事業者）",
    description = "医師の意見を踏まえ、本人の意見を聴いたうえでの決定を記録します。意見どおり（adopted）の場合、措置と期間は医師の意見のものになります。本人には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = DecisionBody, security(("token" = ["interviews.decide"])),
    responses((status = 200, description = "記録した決定を含む面談", body = InterviewView))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    permit: Permit<DecideOnInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<DecisionBody>,
) -> Result<Answer, Problem> {
    let decided = app.store.decide_after_interview(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &decided.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Ends measures.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews/{interview_id}/end-measures", operation_id = "endInterviewMeasures", summary = "面談後の就業上の措置を終える（事業者）",
    description = "実施中の措置を理由とともに終えます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReasonBody, security(("token" = ["interviews.decide"])),
    responses((status = 200, description = "終了した面談", body = InterviewView))
)]
pub(crate) async fn end(
    State(app): State<App>,
    permit: Permit<DecideOnInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.end_interview_measures(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}

/// Ends an interview without a report.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/interviews/{interview_id}/close", operation_id = "closeInterview", summary = "面談を意見なしで終える（産業医、保健師・看護師）",
    description = "実施した面談を、事業者に報告することがないものとして終えます。法令が医師の意見を求める面接指導は、意見なしでは終えられません。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReasonBody, security(("token" = ["interviews.hold"])),
    responses((status = 200, description = "終了した面談", body = InterviewView))
)]
pub(crate) async fn close(
    State(app): State<App>,
    permit: Permit<HoldInterviews>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.close_interview(&permit, seen(of, version), body.checked()?).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}
