//! Who carries a round out (実施者・実施事務従事者): appointed by somebody else, and trusted once they have pledged secrecy.

use authz::{
    Permit,
    permission::{HandleStressAnswers, PlanStressChecks},
};
use axum::extract::State;
use domain::ids::{AccountId, StressRoundId};
use endpoint::{Answer, App, IfMatch, Json, Path, Problem};

use crate::{
    body::{AppointmentBody, cannot_appoint},
    rounds::shown,
    view::RoundView,
};

/// Appoints somebody.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/appointments", operation_id = "appointToStressRound", summary = "実施者・実施事務従事者を任命する",
    description = "対応するロール（stress_implementer、stress_clerk）を持ち、人事権のないアカウントだけを任命できます。自分自身は任命できません。本人が守秘の誓約をするまで、個人の情報は参照できません。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = AppointmentBody, security(("token" = ["stress_checks.plan"])),
    responses((status = 200, description = "任命後の実施回", body = RoundView))
)]
pub(crate) async fn appoint(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<AppointmentBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.appoint(&permit, round, version.version(), body.checked()?).await?;
    let prepared = prepared.map_err(cannot_appoint)?;
    shown(&prepared.commit(&app.store).await?)
}

/// Ends an appointment.
#[utoipa::path(
    delete, path = "/v1/stress-rounds/{round_id}/appointments/{account_id}", operation_id = "dismissFromStressRound",
    summary = "実施者・実施事務従事者の任を解く",
    description = "以後、この実施回の個人の情報を参照できなくなります。開始後の実施回には、実施者が1名以上残っている必要があります。",
    params(
        ("round_id" = String, Path, description = "実施回のID"), ("account_id" = String, Path, description = "アカウントのID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["stress_checks.plan"])), responses((status = 200, description = "変更後の実施回", body = RoundView))
)]
pub(crate) async fn dismiss(
    State(app): State<App>,
    permit: Permit<PlanStressChecks>,
    Path((round, account)): Path<(StressRoundId, AccountId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.dismiss(&permit, round, version.version(), account).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Pledges secrecy.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/pledge", operation_id = "pledgeForStressRound", summary = "守秘を誓約する（実施者・実施事務従事者）",
    description = "任命された本人が、実施の事務に関して知り得た労働者の秘密を漏らさないこと（労働安全衛生法第105条）を誓約します。誓約の日時が記録されます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.answers"])), responses((status = 200, description = "誓約後の実施回", body = RoundView))
)]
pub(crate) async fn pledge(
    State(app): State<App>,
    permit: Permit<HandleStressAnswers>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.pledge(&permit, round, version.version()).await?;
    shown(&prepared.commit(&app.store).await?)
}
