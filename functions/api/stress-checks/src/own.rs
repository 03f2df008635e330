//! One's own answers: `/v1/me/stress-checks`.

use authz::{Permit, permission::AnswerStressCheck};
use axum::extract::State;
use domain::ids::StressRoundId;
use endpoint::{Answer, App, IfMatch, Json, Path, Problem, not_answered, unknown_item};
use store::{Stored, StressAnswers};

use crate::{
    body::AnswersBody,
    view::{AnswersView, OwnCheckList, OwnCheckView},
};

/// Answers as an answer.
pub(crate) fn shown(stored: &Stored<StressAnswers>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&AnswersView::of(stored))?.version(stored.version))
}

/// Lists one's own stress checks.
#[utoipa::path(
    get, path = "/v1/me/stress-checks", operation_id = "listOwnStressChecks", summary = "自分のストレスチェックの一覧",
    description = "自分が対象となる、または回答した実施回を、新しい順にすべて返します。",
    security(("token" = ["stress_checks.answer"])), responses((status = 200, description = "新しい順", body = OwnCheckList))
)]
pub(crate) async fn list(State(app): State<App>, permit: Permit<AnswerStressCheck>) -> Result<Answer, Problem> {
    let found = app.store.own_stress_checks(&permit).await?;
    Answer::ok(&OwnCheckList { items: found.iter().map(OwnCheckView::of).collect(), next_cursor: None })
}

/// Reads one's own answers.
#[utoipa::path(
    get, path = "/v1/me/stress-checks/{round_id}/answers", operation_id = "readOwnStressAnswers", summary = "自分の回答を確認する",
    description = "途中まで保存した回答も返します。保存期間を過ぎて削除された回答は、deleted_at に日時を示し、answers は空です（結果は引き続き確認できます）。まだ保存していない場合の ETag は \"0\" です。",
    params(("round_id" = String, Path, description = "実施回のID")),
    security(("token" = ["stress_checks.answer"])), responses((status = 200, description = "回答", body = AnswersView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<AnswerStressCheck>,
    Path(round): Path<StressRoundId>,
) -> Result<Answer, Problem> {
    shown(&app.store.own_answers(&permit, round).await?)
}

/// Saves one's own answers.
#[utoipa::path(
    put, path = "/v1/me/stress-checks/{round_id}/answers", operation_id = "saveOwnStressAnswers", summary = "自分の回答を途中まで保存する",
    description = "指定した設問の回答だけを保存し、他の設問の回答は残します。choice に null を指定すると回答を取り消します。別の端末で続きから回答できます。回答は任意です。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag（最初は \"0\"）")),
    request_body = AnswersBody, security(("token" = ["stress_checks.answer"])),
    responses((status = 200, description = "保存した回答", body = AnswersView))
)]
pub(crate) async fn save(
    State(app): State<App>,
    permit: Permit<AnswerStressCheck>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<AnswersBody>,
) -> Result<Answer, Problem> {
    let saved = app.store.save_answers(&permit, round, version.version(), &body.checked()?).await?;
    let prepared = saved.map_err(unknown_item)?;
    shown(&prepared.commit(&app.store).await?)
}

/// Submits one's own answers.
#[utoipa::path(
    post, path = "/v1/me/stress-checks/{round_id}/answers/submit", operation_id = "submitOwnStressAnswers", summary = "自分の回答を提出する",
    description = "すべての設問に回答した後に提出します。提出は1回限りで、提出後に変更するには実施者に依頼してください。回答と結果は、本人と実施者・実施事務従事者だけが参照できます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.answer"])), responses((status = 200, description = "提出した回答", body = AnswersView))
)]
pub(crate) async fn submit(
    State(app): State<App>,
    permit: Permit<AnswerStressCheck>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let submitted = app.store.submit_answers(&permit, round, version.version()).await?;
    let prepared = submitted.map_err(not_answered)?;
    shown(&prepared.commit(&app.store).await?)
}
