//! Setting passwords: one's own, and with the one-time links that come by mail.

use authz::{Permit, permission::ChangeOwnPassword};
use axum::extract::State;
use domain::account::{password::Violation, strength::Strength};
use endpoint::{Answer, App, Door, Fault, From, Json, Path, Problem, Secret, problem};
use serde::{Deserialize, Serialize};
use store::{
    LinkKind, PasswordRefused,
    rates::{LINK, PASSWORD_RESET, PASSWORD_RESETS},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zeroize::Zeroizing;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "passwords",
        heading: "パスワード",
        routes: OpenApiRouter::new()
            .routes(routes!(change_own))
            .routes(routes!(ask_reset))
            .routes(routes!(use_reset))
            .routes(routes!(accept_invitation)),
    }
}

/// What is to be said about a password that was set.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordView {
    /// 推測されにくさの目安（0：推測されやすい ～ 4：推測されにくい）。参考情報であり、設定の可否には影響しません。
    #[schema(example = 3)]
    strength: u8,
    /// より安全なパスワードにするための助言。
    #[schema(example = json!(["単語を1つ2つ足すと、さらに推測されにくくなります。"]))]
    advice: Vec<&'static str>,
}

fn set(password: &str) -> Result<Answer, Problem> {
    let Strength { score, advice } = Strength::of(password);
    Answer::ok(&PasswordView { strength: score, advice })
}

/// One's own new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnPassword {
    /// 現在のパスワード。
    #[schema(value_type = String, format = Password, example = "Hanami-2026-Sakura")]
    current_password: Secret,
    /// 新しいパスワード。英大文字・英小文字・数字・記号のうち3種類以上で8文字以上（従業員以外の権限がある場合は12文字以上）。
    #[schema(value_type = String, format = Password, example = "Tsukimi-2026-Susuki")]
    new_password: Secret,
}

/// Changes one's own password.
#[utoipa::path(
    put, path = "/v1/me/password", operation_id = "changeOwnPassword", summary = "自分のパスワードを変更する",
    description = "変更すると、このセッション以外のサインインはすべて終了します。直近5回に使ったパスワードは使えません。",
    request_body = OwnPassword, security(("token" = ["me.password"])),
    responses((status = 200, description = "変更しました", body = PasswordView))
)]
async fn change_own(
    State(app): State<App>,
    permit: Permit<ChangeOwnPassword>,
    Json(body): Json<OwnPassword>,
) -> Result<Answer, Problem> {
    let (present, new) = (body.current_password.reveal(), body.new_password.reveal());
    app.store.change_own_password(&permit, present, new.clone()).await?.map_err(|refused| match refused {
        PasswordRefused::Wrong => {
            let detail = "現在のパスワードが正しくありません。続けて誤るとサインインが抑止されます。";
            Problem::invalid(vec![Fault::at("/current_password", "current_password_wrong", detail)])
        }
        PasswordRefused::Breaks(broken) => broken_rules(&broken),
    })?;
    set(&new)
}

fn broken_rules(broken: &[Violation]) -> Problem {
    Problem::invalid(problem::password_faults("/new_password", broken))
}

/// Who forgot their password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetAsked {
    /// 契約コード。運営事業者は省略します。
    #[schema(example = "minato")]
    #[serde(default)]
    tenant_code: Option<String>,
    /// ログインID。
    #[schema(example = "hanako.sato@minato.example")]
    login_id: String,
}

/// How long what somebody types may be before nobody looks at it.
const LONGEST: usize = 300;

/// Asks for a link by mail.
#[utoipa::path(
    post, path = "/v1/password-resets", operation_id = "askPasswordReset", summary = "パスワードの再設定を申し込む",
    description = "登録済みのメールアドレスに、30分間有効な再設定用のアドレスを1度だけ使える形で送信します。アカウントの有無にかかわらず、応答は常に同じ（202）です。再設定するとサインインの抑止も解除されます（従業員以外の権限がある場合を除く）。1時間に3回まで申し込めます。",
    request_body = ResetAsked, responses((status = 202, description = "受け付けました"))
)]
async fn ask_reset(
    State(app): State<App>,
    From(origin): From,
    Json(asked): Json<ResetAsked>,
) -> Result<Answer, Problem> {
    let company = asked.tenant_code.as_deref().unwrap_or_default();
    if company.len() > LONGEST || asked.login_id.len() > LONGEST {
        return Err(Problem::invalid(vec![Fault::at("", "too_long", "入力された文字が多すぎます。")]));
    }
    let login = format!("{company}/{}", asked.login_id).to_lowercase();
    app.store.take_from(PASSWORD_RESETS, &origin).await?;
    let rated = app.store.take(PASSWORD_RESET, &login).await?;
    app.store.ask_reset(asked.tenant_code, asked.login_id, &origin).await?;
    Ok(Answer::noted().rated(rated))
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// 新しいパスワード。英大文字・英小文字・数字・記号のうち3種類以上で8文字以上（従業員以外の権限がある場合は12文字以上）。
    #[schema(value_type = String, format = Password, example = "Tsukimi-2026-Susuki")]
    new_password: Secret,
}

async fn with_link(
    app: &App,
    origin: &authz::Origin,
    kind: LinkKind,
    token: &str,
    password: Zeroizing<String>,
) -> Result<Answer, Problem> {
    let rated = app.store.take_from(LINK, origin).await?;
    let outcome = app.store.use_link(kind, token, password.clone(), origin).await;
    let outcome = outcome.map_err(|error| Problem::from(error).rated(rated))?;
    outcome.map_err(|broken| broken_rules(&broken).rated(rated))?;
    Ok(set(&password)?.rated(rated))
}

/// Sets a password with a link.
#[utoipa::path(
    put, path = "/v1/password-resets/{token}", operation_id = "resetPassword", summary = "再設定用のアドレスでパスワードを設定する",
    description = "メールで届いたアドレスの # より後の文字列を token に指定します。一度だけ使えます。サインイン中の端末はすべて終了します。期限切れ・使用済みの場合は404です。",
    params(("token" = String, Path, description = "メールで届いた文字列")),
    request_body = NewPassword, responses((status = 200, description = "設定しました", body = PasswordView))
)]
async fn use_reset(
    State(app): State<App>,
    From(origin): From,
    Path(token): Path<String>,
    Json(body): Json<NewPassword>,
) -> Result<Answer, Problem> {
    with_link(&app, &origin, LinkKind::Reset, &token, body.new_password.reveal()).await
}

/// Sets the first password.
#[utoipa::path(
    put, path = "/v1/invitations/{token}", operation_id = "acceptInvitation", summary = "招待されたアカウントのパスワードを設定する",
    description = "招待メールで届いたアドレスの # より後の文字列を token に指定します。72時間有効で、一度だけ使えます。期限切れ・使用済みの場合は404です。",
    params(("token" = String, Path, description = "メールで届いた文字列")),
    request_body = NewPassword, responses((status = 200, description = "設定しました", body = PasswordView))
)]
async fn accept_invitation(
    State(app): State<App>,
    From(origin): From,
    Path(token): Path<String>,
    Json(body): Json<NewPassword>,
) -> Result<Answer, Problem> {
    with_link(&app, &origin, LinkKind::Invitation, &token, body.new_password.reveal()).await
}
