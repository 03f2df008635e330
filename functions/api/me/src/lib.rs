//! One's own account: `/v1/me`.

mod view;

use authz::{
    Permit,
    permission::{ChangeOwnPassword, ManageOwnOtp, ReadSelf, RemoveOwnOtp},
};
use axum::extract::State;
use endpoint::{Answer, App, Caller, Door, Fault, Json, Problem, Secret, problem};
use serde::{Deserialize, Serialize};
use store::PasswordRefused;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::view::MeView;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "me",
        heading: "自分のアカウント",
        routes: OpenApiRouter::new().routes(routes!(read)).routes(routes!(change_password)).routes(routes!(
            enrol_otp,
            confirm_otp,
            remove_otp
        )),
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

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    /// 現在のパスワード。
    #[schema(value_type = String, format = Password, example = "Hanami-2026-Sakura")]
    current_password: Secret,
    /// 新しいパスワード。英大文字・英小文字・数字・記号のうち3種類以上で8文字以上（従業員以外の権限がある場合は12文字以上）。
    #[schema(value_type = String, format = Password, example = "Tsukimi-2026-Susuki")]
    new_password: Secret,
}

/// Why a password was not changed, at the field that it is about.
fn refused(refused: &PasswordRefused) -> Problem {
    Problem::invalid(match refused {
        PasswordRefused::Wrong => {
            let detail = "現在のパスワードが正しくありません。続けて誤るとサインインが抑止されます。";
            vec![Fault::at("/current_password", "current_password_wrong", detail)]
        }
        PasswordRefused::Breaks(broken) => problem::password_faults("/new_password", broken),
        PasswordRefused::Same => {
            let detail = "現在と同じパスワードは使えません。別のものにしてください。";
            vec![Fault::at("/new_password", "password_same", detail)]
        }
    })
}

/// Changes one's own password.
#[utoipa::path(
    put, path = "/v1/me/password", operation_id = "changeOwnPassword", summary = "自分のパスワードを変更する",
    description = "変更すると、このセッション以外のサインインはすべて終了します。",
    request_body = PasswordBody, security(("token" = ["me.password"])),
    responses((status = 204, description = "変更しました"))
)]
async fn change_password(
    State(app): State<App>,
    permit: Permit<ChangeOwnPassword>,
    Json(body): Json<PasswordBody>,
) -> Result<Answer, Problem> {
    let (present, new) = (body.current_password.reveal(), body.new_password.reveal());
    app.store.change_own_password(&permit, present, new).await?.map_err(|error| refused(&error))?;
    Ok(Answer::nothing())
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

/// Confirms the enrolment.
#[utoipa::path(
    put, path = "/v1/me/otp", operation_id = "confirmOtp", summary = "ワンタイムパスワードの登録を完了する",
    description = "次回からサインインにワンタイムパスワードが必要になります。このセッションは、ワンタイムパスワードを入力済みとして扱われます。",
    request_body = OtpBody, security(("token" = ["me.otp"])), responses((status = 204, description = "有効になりました"))
)]
async fn confirm_otp(
    State(app): State<App>,
    permit: Permit<ManageOwnOtp>,
    Json(body): Json<OtpBody>,
) -> Result<Answer, Problem> {
    if app.store.confirm_otp(&permit, &body.code).await? {
        return Ok(Answer::nothing());
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
