//! One's own result, and what one says about it towards the employer.

use authz::{
    Permit,
    permission::{ShareOwnStress, ViewOwnStress},
};
use axum::{extract::State, response::Response};
use domain::{
    ids::StressRoundId,
    stress::{
        profile::Group,
        sharing::{NotNow, SharingAct},
    },
};
use endpoint::{Answer, App, Fault, IfMatch, Json, Kind, Path, Problem, svg_drawing};
use store::{OwnStressResult, SaidWith, Stored};

use crate::{
    body::{ConsentBody, RequestBody},
    chart,
    view::OwnResultView,
};

fn shown(stored: &Stored<OwnStressResult>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&OwnResultView::of(stored))?.version(stored.version))
}

/// Why something cannot be said now.
fn not_now(why: NotNow) -> Problem {
    let (code, detail) = match why {
        NotNow::NotTold | NotNow::NotSeen => ("result_not_seen", "先に結果を確認してください。"),
        NotNow::NoInterview => (
            "interview_not_needed",
            "この結果は面接指導の対象ではありません。気になることがあるときは、産業保健スタッフの相談窓口を利用してください。",
        ),
        NotNow::Already => ("already", "すでに手続きが済んでいます。"),
        NotNow::Nothing => ("nothing_to_withdraw", "取り消す同意・申出がありません。"),
        NotNow::Used => ("already_provided", "事業者がすでに結果を確認しているため、取り消せません。"),
        NotNow::Over => ("round_over", "この実施回の手続きは終了しています。"),
    };
    Problem::new(Kind::Conflict).with(Fault::at("", code, detail))
}

/// Reads one's own result.
#[utoipa::path(
    get, path = "/v1/me/stress-checks/{round_id}/result", operation_id = "readOwnStressResult", summary = "自分の結果を確認する",
    description = "実施者が面接指導の要否を確定した後に、自分の結果（ストレスプロフィール、高ストレスに該当するか、面接指導の要否、助言）を返します。結果は本人だけに通知され、同意または面接指導の申出がない限り、事業者には提供されません。",
    params(("round_id" = String, Path, description = "実施回のID")),
    security(("token" = ["stress_checks.own"])), responses((status = 200, description = "結果", body = OwnResultView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewOwnStress>,
    Path(round): Path<StressRoundId>,
) -> Result<Answer, Problem> {
    shown(&app.store.own_stress_result(&permit, round).await?)
}

/// Draws a group of scales of one's own result.
#[utoipa::path(
    get, path = "/v1/me/stress-checks/{round_id}/result/charts/{group}", operation_id = "drawOwnStressProfile", summary = "自分の結果をレーダーチャートで見る",
    description = "ストレスプロフィールの1つの領域を、内容を文章でも読み取れる SVG のレーダーチャートで返します。どの尺度も、外側ほど良好です。結果と同じく、実施者が面接指導の要否を確定した後に、本人だけが見られます。図を見ただけでは、結果を確認したことにはなりません。",
    params(
        ("round_id" = String, Path, description = "実施回のID"),
        ("group" = String, Path, description = "領域（causes：ストレスの原因と考えられる因子、reactions：ストレスによっておこる心身の反応、support：ストレス反応に影響を与える他の因子）", example = "reactions")
    ),
    security(("token" = ["stress_checks.own"])),
    responses((status = 200, description = "図", content_type = "image/svg+xml", body = String))
)]
pub(crate) async fn draw(
    State(app): State<App>,
    permit: Permit<ViewOwnStress>,
    Path((round, group)): Path<(StressRoundId, Group)>,
) -> Result<Response, Problem> {
    let result = app.store.own_stress_profile(&permit, round).await?;
    Ok(svg_drawing(chart::of(group, result.score.as_ref()).svg()))
}

async fn said(
    app: &App,
    permit: &Permit<ShareOwnStress>,
    round: StressRoundId,
    version: IfMatch,
    act: SharingAct,
    with: SaidWith,
) -> Result<Answer, Problem> {
    let said = app.store.share_stress_result(permit, round, version.version(), act, with).await?;
    shown(&said.map_err(not_now)?.commit(&app.store).await?)
}

/// Consents.
#[utoipa::path(
    put, path = "/v1/me/stress-checks/{round_id}/consent", operation_id = "consentToStressResult", summary = "結果を事業者に提供することに同意する",
    description = "結果を確認した後に、この実施回の結果を事業者に提供することに同意します。version には、結果とともに返された同意文の版を指定してください。事業者が結果を確認するまでは取り消せます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = ConsentBody, security(("token" = ["stress_checks.share"])),
    responses((status = 200, description = "同意した後の結果", body = OwnResultView))
)]
pub(crate) async fn consent(
    State(app): State<App>,
    permit: Permit<ShareOwnStress>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<ConsentBody>,
) -> Result<Answer, Problem> {
    body.checked()?;
    said(&app, &permit, round, version, SharingAct::Consent, SaidWith::default()).await
}

/// Withdraws the consent.
#[utoipa::path(
    delete, path = "/v1/me/stress-checks/{round_id}/consent", operation_id = "withdrawStressConsent", summary = "結果の提供への同意を取り消す",
    description = "事業者がまだ結果を確認していない場合に、同意を取り消します。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.share"])), responses((status = 200, description = "取り消した後の結果", body = OwnResultView))
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    permit: Permit<ShareOwnStress>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    said(&app, &permit, round, version, SharingAct::Withdraw, SaidWith::default()).await
}

/// Requests an interview.
#[utoipa::path(
    put, path = "/v1/me/stress-checks/{round_id}/interview-request", operation_id = "requestStressInterview", summary = "医師による面接指導を申し出る",
    description = "面接指導が必要とされた場合に申し出ます。申出により、この実施回の結果が事業者に提供されます。面接指導は、申出から1か月以内に実施されます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = RequestBody, security(("token" = ["stress_checks.share"])),
    responses((status = 200, description = "申し出た後の結果", body = OwnResultView))
)]
pub(crate) async fn request(
    State(app): State<App>,
    permit: Permit<ShareOwnStress>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
    Json(body): Json<RequestBody>,
) -> Result<Answer, Problem> {
    said(&app, &permit, round, version, SharingAct::Request, body.checked()?).await
}

/// Takes the request back.
#[utoipa::path(
    delete, path = "/v1/me/stress-checks/{round_id}/interview-request", operation_id = "takeBackStressInterview", summary = "面接指導の申出を取り下げる",
    description = "事業者がまだ結果を確認していない場合に、申出を取り下げます。",
    params(("round_id" = String, Path, description = "実施回のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.share"])), responses((status = 200, description = "取り下げた後の結果", body = OwnResultView))
)]
pub(crate) async fn take_back(
    State(app): State<App>,
    permit: Permit<ShareOwnStress>,
    Path(round): Path<StressRoundId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    said(&app, &permit, round, version, SharingAct::TakeBack, SaidWith::default()).await
}
