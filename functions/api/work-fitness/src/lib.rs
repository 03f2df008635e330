//! Work fitness (就業判定): `/v1/work-fitness` and `/v1/employees/{employee_id}/work-fitness`. Physicians work through a queue and give opinions; the employer decides on
//! measures; workplaces see the measures and nothing of why.

mod body;
mod view;

use authz::{
    Permit,
    permission::{DecideMeasures, GiveOpinions, ViewMeasures, ViewWorkFitness},
};
use axum::extract::State;
use domain::{
    ids::{CheckupId, EmployeeId},
    work_fitness::FitnessState,
};
use endpoint::{
    Answer, App, DecisionBody, Door, Filters, IfMatch, Json, MeasuresPage, MeasuresView, PageQuery, Pages, Path,
    Posted, Problem, limit, refused_terms,
};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{FitnessCase, SeenOfCheckup, Stored};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{OpinionBody, ReasonBody, SignedBody, not_signed},
    view::{CaseList, CasePage, CaseView, SignedView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "work-fitness",
        heading: "就業判定",
        routes: OpenApiRouter::new()
            .routes(routes!(queue))
            .routes(routes!(cases))
            .routes(routes!(sign))
            .routes(routes!(measures))
            .routes(routes!(of_employee))
            .routes(routes!(read))
            .routes(routes!(opine))
            .routes(routes!(decide))
            .routes(routes!(close))
            .routes(routes!(reopen)),
    }
}

/// A case as an answer, as it stands today.
fn shown(app: &App, stored: &Stored<FitnessCase>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&CaseView::of(stored, app.clock().now().date()))?.version(stored.version))
}

/// Which cases, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StateQuery {
    state: OpenState,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// The states in which somebody is to look again.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum OpenState {
    Pending,
    OpinionGiven,
    Decided,
}

impl From<OpenState> for FitnessState {
    fn from(state: OpenState) -> Self {
        match state {
            OpenState::Pending => Self::Pending,
            OpenState::OpinionGiven => Self::OpinionGiven,
            OpenState::Decided => Self::Decided,
        }
    }
}

/// Lists what waits for a physician.
#[utoipa::path(
    get, path = "/v1/work-fitness/queue", operation_id = "listWorkFitnessQueue", summary = "医師の意見を待つ健康診断の一覧",
    description = "意見を聴く期限（健康診断の日から3か月、安衛則第51条の2）が近い順に返します。判定後に結果が変わったもの、再開したものも含みます。1ページの件数は limit より少ないことがあります。参照は監査証跡に記録されます。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["work_fitness.view"])), responses((status = 200, description = "期限の近い順", body = CasePage))
)]
async fn queue(
    State(app): State<App>,
    permit: Permit<ViewWorkFitness>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "work-fitness-queue", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.work_fitness_queue(&permit, after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| CaseView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| CasePage { items, next_cursor }).await
}

/// Lists cases in a state.
#[utoipa::path(
    get, path = "/v1/work-fitness", operation_id = "listWorkFitness", summary = "就業判定の案件の一覧",
    description = "次に確認する日が近い順に返します。`pending` は判定保留（見直しの予定日順）、`opinion_given` は事業者の決定待ち（意見の日順）、`decided` は措置の実施中（終了日または見直しの予定日順）です。参照は監査証跡に記録されます。",
    params(
        ("state" = String, Query, description = "状態（pending、opinion_given、decided）", example = "opinion_given"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["work_fitness.view"])), responses((status = 200, description = "次に確認する日の順", body = CasePage))
)]
async fn cases(
    State(app): State<App>,
    permit: Permit<ViewWorkFitness>,
    uri: Uri,
    Filters(query): Filters<StateQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "work-fitness", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.work_fitness_cases(&permit, query.state.into(), after, limit).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| CaseView::of(stored, today)).collect();
    pages.answer(&uri, next, |next_cursor| CasePage { items, next_cursor }).await
}

/// Signs for several at once.
#[utoipa::path(
    post, path = "/v1/work-fitness/normal", operation_id = "signAsNormal", summary = "通常勤務と一括で判定する（産業医）",
    description = "確認した健康診断（45件まで）を、まとめて「通常勤務」と判定します。判定 D または医師の確認が必要な結果を含むもの、確認後に変わったものがあれば、1件も判定せずに理由を返します。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に判定されません")),
    request_body = SignedBody, security(("token" = ["work_fitness.opine"])),
    responses((status = 201, description = "判定しました", body = SignedView))
)]
async fn sign(
    State(app): State<App>,
    permit: Permit<GiveOpinions>,
    posted: Posted<SignedBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: SignedBody| {
        app.store.sign_as_normal(&permit, &body.checked()?).await?.map_err(|refused| not_signed(&refused))
    };
    let answer = |signed: &usize| Answer::created("/v1/work-fitness/queue".to_owned(), &SignedView { signed: *signed });
    posted.once(&app, &permit, prepare, answer).await
}

/// Lists measures in force.
#[utoipa::path(
    get, path = "/v1/work-fitness/measures", operation_id = "listWorkMeasures", summary = "実施中の就業上の措置の一覧",
    description = "参照できる範囲の従業員について、事業者が決定した措置と、職場への申し送りだけを返します。健康診断の結果や医師の意見は含みません。参照は監査証跡に記録されます。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["work_fitness.measures"])), responses((status = 200, description = "見直しの近い順", body = MeasuresPage))
)]
async fn measures(
    State(app): State<App>,
    permit: Permit<ViewMeasures>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "work-measures", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.measures_in_force(&permit, after, limit).await?;
    let items = found.into_iter().map(MeasuresView::from).collect();
    pages.answer(&uri, next, |next_cursor| MeasuresPage { items, next_cursor }).await
}

/// Lists an employee's cases.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/work-fitness", operation_id = "listEmployeeWorkFitness", summary = "従業員の就業判定の一覧",
    description = "新しい健康診断の順に、すべてを1ページで返します。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID")),
    security(("token" = ["work_fitness.view"])), responses((status = 200, description = "新しい順", body = CaseList))
)]
async fn of_employee(
    State(app): State<App>,
    permit: Permit<ViewWorkFitness>,
    Path(employee): Path<EmployeeId>,
) -> Result<Answer, Problem> {
    let found = app.store.work_fitness_of_employee(&permit, employee).await?;
    let today = app.clock().now().date();
    let items = found.iter().map(|stored| CaseView::of(stored, today)).collect();
    Answer::ok(&CaseList { items, next_cursor: None })
}

/// Reads a case.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/work-fitness/{checkup_id}", operation_id = "readWorkFitness", summary = "就業判定を確認する",
    description = "医師の意見、事業者の決定と、その経過を返します。まだ誰も判定していない案件の ETag は \"0\" です。参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["work_fitness.view"])), responses((status = 200, description = "就業判定", body = CaseView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewWorkFitness>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Answer, Problem> {
    let stored = app.store.work_fitness_case(&permit, employee, checkup).await?;
    shown(&app, &stored)
}

/// Gives an opinion.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/work-fitness/{checkup_id}/opinion", operation_id = "giveWorkFitnessOpinion",
    summary = "就業区分についての意見を述べる（産業医）",
    description = "医師の意見（就業区分、必要な措置、期間、見直しの予定日）を記録します。前の意見は経過に残ります。checkup_version には確認した健康診断の版を指定してください。その後に結果が変わっている場合は 412 を返します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = OpinionBody, security(("token" = ["work_fitness.opine"])),
    responses((status = 200, description = "記録した意見を含む就業判定", body = CaseView))
)]
async fn opine(
    State(app): State<App>,
    permit: Permit<GiveOpinions>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<OpinionBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let (checkup_version, opinion) = body.checked(app.clock().now().date())?;
    let prepared = app.store.give_opinion(&permit, seen, checkup_version, opinion).await?;
    let stored = prepared.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Decides on measures.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/work-fitness/{checkup_id}/decision", operation_id = "decideWorkMeasures",
    summary = "就業上の措置を決定する（事業者）",
    description = "医師の意見を踏まえ、本人の意見を聴いたうえでの決定を記録します。意見どおり（adopted）の場合、措置と期間は医師の意見のものになります。本人には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = DecisionBody, security(("token" = ["work_fitness.decide"])),
    responses((status = 200, description = "記録した決定を含む就業判定", body = CaseView))
)]
async fn decide(
    State(app): State<App>,
    permit: Permit<DecideMeasures>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<DecisionBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let decided = app.store.decide_measures(&permit, seen, body.checked()?).await?;
    let stored = decided.map_err(refused_terms)?.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Closes a case.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/work-fitness/{checkup_id}/close", operation_id = "closeWorkFitness",
    summary = "就業上の措置を終える（事業者）",
    description = "実施中の措置を理由とともに終えます。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReasonBody, security(("token" = ["work_fitness.decide"])),
    responses((status = 200, description = "終了した就業判定", body = CaseView))
)]
async fn close(
    State(app): State<App>,
    permit: Permit<DecideMeasures>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let stored = app.store.close_case(&permit, seen, body.checked()?).await?.commit(&app.store).await?;
    shown(&app, &stored)
}

/// Reopens a case.
#[utoipa::path(
    post, path = "/v1/employees/{employee_id}/work-fitness/{checkup_id}/reopen", operation_id = "reopenWorkFitness",
    summary = "就業判定をやり直す（産業医）",
    description = "案件を、理由とともに意見待ちの一覧に戻します。これまでの意見と決定は経過に残ります。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ReasonBody, security(("token" = ["work_fitness.opine"])),
    responses((status = 200, description = "意見待ちに戻った就業判定", body = CaseView))
)]
async fn reopen(
    State(app): State<App>,
    permit: Permit<GiveOpinions>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
    version: IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Answer, Problem> {
    let seen = SeenOfCheckup { employee, checkup, version: version.version() };
    let stored = app.store.reopen_case(&permit, seen, body.checked()?).await?.commit(&app.store).await?;
    shown(&app, &stored)
}
