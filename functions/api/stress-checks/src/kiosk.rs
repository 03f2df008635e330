//! Shared terminals (共用端末) of a round, for whoever carries it out: on with a code, off. What is done at one is the function `kiosk`.

use authz::{Permit, permission::HandleStressAnswers};
use axum::extract::State;
use domain::ids::StressRoundId;
use endpoint::{Answer, App, IfMatch, Path, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{rounds::shown, view::RoundView};

/// A round with the code for its shared terminals. Debug output does not show it.
#[derive(Serialize, ToSchema)]
#[schema(as = StressKioskCode)]
pub(crate) struct KioskCodeView {
    /// 受付コード。この応答でだけ返します。控えを失くした場合は、もう一度開始して新しい受付コードにしてください。
    #[schema(example = "7KQ2-M9XD-4TRV")]
    code: String,
    /// 変更後の実施回。
    round: RoundView,
}

/// Turns shared terminals on, or changes their code.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/kiosk", operation_id = "turnStressKioskOn", summary = "共用端末での受付を開始する（実施者・実施事務従事者）",
    description = "メールアドレスやアカウントのない対象者が、共用端末で契約コード・受付コード・社員番号・生年月日を入力して回答できるようにします。受付コードを返すのはこの応答だけです。開始済みの場合は受付コードを新しくし、それまでの受付コードと、それで受付した端末は使えなくなります。実施回を締め切ると自動で終了します。守秘を誓約した実施者・実施事務従事者だけが行えます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.answers"])),
    responses((status = 200, description = "受付コードと、変更後の実施回", body = KioskCodeView))
)]
pub(crate) async fn turn_on(
    State(app): State<App>,
    permit: Permit<HandleStressAnswers>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let on = app.store.turn_kiosk_on(&permit, round, version.version()).await?.commit(&app.store).await?;
    let view = KioskCodeView { code: on.code.to_string(), round: RoundView::of(&on.round) };
    Ok(Answer::ok(&view)?.version(on.round.version))
}

/// Turns shared terminals off.
#[utoipa::path(
    delete, path = "/v1/stress-rounds/{round_id}/kiosk", operation_id = "turnStressKioskOff", summary = "共用端末での受付を終了する（実施者・実施事務従事者）",
    description = "受付コードと、それで受付した端末は使えなくなります。それまでの回答は残ります。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.answers"])), responses((status = 200, description = "変更後の実施回", body = RoundView))
)]
pub(crate) async fn turn_off(
    State(app): State<App>,
    permit: Permit<HandleStressAnswers>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    shown(&app.store.turn_kiosk_off(&permit, round, version.version()).await?.commit(&app.store).await?)
}
