//! What operators do in a customer's tenant with a ticket: look, and reset a lost second factor.

use authz::{
    Permit,
    permission::{BreakGlass, MendGlass, ResetOtpByTicket},
};
use axum::extract::State;
use domain::{ids::TenantId, time::Jst};
use endpoint::{Answer, App, Fault, Json, Path, Problem};
use serde::{Deserialize, Serialize};
use store::{GlassFault, GlassReason};
use utoipa::ToSchema;

/// Why an operator looks, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GlassBody {
    /// 受付番号（半角英数字・記号、64文字以内）。
    #[schema(example = "INC-2026-0412")]
    ticket: String,
    /// 理由（5～500文字、1行）。契約企業のシステム管理者にメールで通知されます。
    #[schema(example = "権限の設定に関するお問い合わせの調査")]
    reason: String,
    /// 参照する時間（1～60分）。
    #[schema(example = 30)]
    minutes: u8,
}

/// Until when an operator looks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GlassView {
    #[schema(value_type = String, example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    tenant_id: TenantId,
    /// 終了する日時。
    #[schema(value_type = String, format = DateTime)]
    ends_at: Jst,
}

fn fault(fault: GlassFault) -> Fault {
    match fault {
        GlassFault::Ticket => Fault::at(
            "/ticket",
            "ticket_invalid",
            "受付番号は、半角英数字と記号（- _ # / .）で64文字以内にしてください。",
        ),
        GlassFault::Reason => {
            Fault::at("/reason", "reason_invalid", "理由は、改行を含まない5～500文字で入力してください。")
        }
        GlassFault::Minutes => Fault::at("/minutes", "out_of_range", "時間は、1から60までの分数で指定してください。"),
    }
}

/// Breaks the glass.
#[utoipa::path(
    post, path = "/v1/contracts/{tenant_id}/break-glass", operation_id = "breakGlass", summary = "非常時アクセスを開始する",
    description = "このセッションに限り、契約企業の設定・アカウント・組織を参照できるようにします（氏名・メールアドレス・ログインID・健康情報は参照できず、変更もできません）。最長60分です。契約企業のシステム管理者全員にメールで通知し、開始とすべての参照を契約企業の監査記録に残します。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    request_body = GlassBody, security(("token" = ["break_glass.begin"])),
    responses((status = 201, description = "開始しました", body = GlassView))
)]
pub(crate) async fn break_glass(
    State(app): State<App>,
    permit: Permit<BreakGlass>,
    Path(tenant): Path<TenantId>,
    Json(body): Json<GlassBody>,
) -> Result<Answer, Problem> {
    let said = GlassReason::parse(&body.ticket, &body.reason, body.minutes);
    let said = said.map_err(|faults| Problem::invalid(faults.into_iter().map(fault).collect()))?;
    let ends_at = app.store.break_glass(&permit, tenant, said).await?.commit(&app.store).await?;
    Answer::created(format!("/v1/contracts/{tenant}/break-glass"), &GlassView { tenant_id: tenant, ends_at })
}

/// Shows until when it is broken.
#[utoipa::path(
    get, path = "/v1/contracts/{tenant_id}/break-glass", operation_id = "readBrokenGlass", summary = "非常時アクセスの状態を確認する",
    description = "このセッションで開始した非常時アクセスです。開始していない場合と、すでに終了した場合は404です。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    security(("token" = ["break_glass.end"])), responses((status = 200, description = "非常時アクセス", body = GlassView))
)]
pub(crate) async fn broken(
    State(app): State<App>,
    permit: Permit<MendGlass>,
    Path(tenant): Path<TenantId>,
) -> Result<Answer, Problem> {
    let ends_at = app.store.broken_glass(&permit, tenant).await?;
    Answer::ok(&GlassView { tenant_id: tenant, ends_at })
}

/// Mends it before its time.
#[utoipa::path(
    delete, path = "/v1/contracts/{tenant_id}/break-glass", operation_id = "mendGlass", summary = "非常時アクセスを終了する",
    description = "何もしなくても、終了する日時に終わります。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    security(("token" = ["break_glass.end"])), responses((status = 204, description = "終了しました"))
)]
pub(crate) async fn mend(
    State(app): State<App>,
    permit: Permit<MendGlass>,
    Path(tenant): Path<TenantId>,
) -> Result<Answer, Problem> {
    app.store.mend_glass(&permit, tenant).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Whose second factor is lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtpResetBody {
    /// 契約企業のログインID。
    #[schema(example = "admin@minato.example")]
    login_id: String,
    /// 受付番号（半角英数字・記号、64文字以内）。
    #[schema(example = "INC-2026-0412")]
    ticket: String,
}

/// Asks for a reset, or confirms one.
#[utoipa::path(
    post, path = "/v1/contracts/{tenant_id}/otp-resets", operation_id = "resetOtpByTicket", summary = "契約企業のアカウントのワンタイムパスワードの登録を解除する",
    description = "2名の運営担当者が、24時間以内に同じログインIDと受付番号を指定すると解除されます。アカウントの有無にかかわらず、応答は常に同じ（202）です。結果は、対象者と契約企業のシステム管理者へのメールおよび監査記録でお知らせします。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    request_body = OtpResetBody, security(("token" = ["contracts.otp_reset"])),
    responses((status = 202, description = "受け付けました"))
)]
pub(crate) async fn reset_otp(
    State(app): State<App>,
    permit: Permit<ResetOtpByTicket>,
    Path(tenant): Path<TenantId>,
    Json(body): Json<OtpResetBody>,
) -> Result<Answer, Problem> {
    let said = app.store.reset_otp_by_ticket(&permit, tenant, &body.login_id, &body.ticket).await?;
    said.map_err(|wrong| Problem::invalid(vec![fault(wrong)]))?;
    Ok(Answer::noted())
}
