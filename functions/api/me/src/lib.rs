//! One's own account: `/v1/me`.

mod access_log;
mod view;

use authz::{
    Permit,
    permission::{MakeRecoveryCodes, ManageOwnOtp, ReadSelf, RemoveOwnOtp},
};
use axum::extract::State;
use endpoint::{Answer, App, Caller, Door, Fault, Json, Problem};
use serde::{Deserialize, Serialize};
use store::RecoveryCodes;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::view::MeView;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "me",
        heading: "自分のアカウント",
        routes: OpenApiRouter::new()
            .routes(routes!(read))
            .routes(routes!(enrol_otp, confirm_otp, remove_otp))
            .routes(routes!(make_recovery_codes))
            .routes(routes!(access_log::list)),
    }
}

/// Reads one's own account.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "readMe", summary = "自分のアカウントを確認する",
    description = "付与されたロールごとに、このサインインで利用できるかどうかと、利用できない場合の理由を返します。",
    security(("token" = ["me.read"])), responses((status = 200, description = "自分のアカウント", body = MeView))
)]
async fn read(State(app): State<App>, permit: Permit<ReadSelf>, caller: Caller) -> Result<Answer, Problem> {
    let me = app.store.me(&permit).await?;
    Ok(Answer::ok(&MeView::of(&me.record, caller.roles()))?.version(me.version))
}

/// A second factor that waits for its first code.
#[derive(Debug, Serialize, ToSchema)]
struct OtpEnrolment {
    /// 認証アプリに手入力する場合の秘密鍵（Base32）。
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// 認証アプリで読み取る場合の URI（二次元コードにして表示します）。
    #[schema(example = "otpauth://totp/Ailes%2B:hanako?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Ailes%2B")]
    otpauth_uri: String,
}

/// Begins to enrol a second factor. The secret is shown once, and never from a kept answer.
#[utoipa::path(
    post, path = "/v1/me/otp", operation_id = "enrolOtp", summary = "ワンタイムパスワードの登録を始める",
    description = "秘密鍵はこの応答で一度だけ返します。認証アプリに登録し、PUT /v1/me/otp で最初のコードを送信すると有効になります。やり直すと前の秘密鍵は無効になります。登録済みの場合は409です。",
    security(("token" = ["me.otp"])), responses((status = 201, description = "秘密鍵", body = OtpEnrolment))
)]
async fn enrol_otp(State(app): State<App>, permit: Permit<ManageOwnOtp>) -> Result<Answer, Problem> {
    let (secret, otpauth_uri) = app.store.enrol_otp(&permit).await?;
    Answer::created("/v1/me/otp".to_owned(), &OtpEnrolment { secret, otpauth_uri })
}

/// A one-time password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OtpBody {
    /// 認証アプリに表示された6桁のコード。
    #[schema(example = "123456")]
    code: String,
}

/// Recovery codes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
struct RecoveryCodesView<'a> {
    /// ワンタイムパスワードの代わりに、それぞれ一度だけ使えるコード。安全な場所に保管してください。
    #[schema(value_type = Vec<String>, example = json!(["7KQ2-M9XD-4TRV", "0GZ8-C3WP-H5NA"]))]
    recovery_codes: Vec<&'a str>,
}

impl<'a> RecoveryCodesView<'a> {
    fn of(codes: &'a RecoveryCodes) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.as_str()).collect() }
    }
}

/// Confirms the enrolment.
#[utoipa::path(
    put, path = "/v1/me/otp", operation_id = "confirmOtp", summary = "ワンタイムパスワードの登録を完了する",
    description = "次回からサインインにワンタイムパスワードが必要になります。このセッションは、ワンタイムパスワードを入力済みとして扱われます。端末を失くしたときに使うリカバリーコードを10個、この応答で一度だけ返します。",
    request_body = OtpBody, security(("token" = ["me.otp"])), responses((status = 200, description = "有効になりました", body = RecoveryCodesView))
)]
async fn confirm_otp(
    State(app): State<App>,
    permit: Permit<ManageOwnOtp>,
    Json(body): Json<OtpBody>,
) -> Result<Answer, Problem> {
    if let Some(codes) = app.store.confirm_otp(&permit, &body.code).await? {
        return Answer::ok(&RecoveryCodesView::of(&codes));
    }
    let detail = "コードが正しくありません。端末の時刻を確かめ、表示中のコードを入力してください。";
    Err(Problem::invalid(vec![Fault::at("/code", "otp_wrong", detail)]))
}

/// Removes one's own second factor.
#[utoipa::path(
    delete, path = "/v1/me/otp", operation_id = "removeOtp", summary = "ワンタイムパスワードの登録を解除する",
    description = "5分以内のワンタイムパスワードが必要です。解除すると、従業員以外の権限は利用できなくなり、このセッション以外のサインインはすべて終了します。",
    security(("token" = ["me.otp_remove"])), responses((status = 204, description = "解除しました"))
)]
async fn remove_otp(State(app): State<App>, permit: Permit<RemoveOwnOtp>) -> Result<Answer, Problem> {
    app.store.remove_otp(&permit).await?;
    Ok(Answer::nothing())
}

/// Makes new recovery codes. They are shown once, and never from a kept answer.
#[utoipa::path(
    post, path = "/v1/me/otp/recovery-codes", operation_id = "makeRecoveryCodes", summary = "リカバリーコードを作り直す",
    description = "10個のリカバリーコードをこの応答で一度だけ返します。以前のコードは使えなくなります。ワンタイムパスワードを登録していない場合は409です。5分以内のワンタイムパスワードが必要です。",
    security(("token" = ["me.recovery_codes"])), responses((status = 201, description = "リカバリーコード", body = RecoveryCodesView))
)]
async fn make_recovery_codes(State(app): State<App>, permit: Permit<MakeRecoveryCodes>) -> Result<Answer, Problem> {
    let codes = app.store.make_recovery_codes(&permit).await?;
    Answer::created("/v1/me/otp/recovery-codes".to_owned(), &RecoveryCodesView::of(&codes))
}
