//! Signing in and out: `/v1/sessions`; and tokens for programs: `/v1/oauth/token`.

mod oauth;

use authz::{Origin, Permit, permission::ManageOwnSessions};
use axum::extract::State;
use domain::ids::SessionId;
use endpoint::{Answer, App, Door, Fault, From, Json, Kind, Path, Problem, Secret};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use store::{
    Device, SecondFactor, SignedIn,
    rates::{Attempt, SIGN_IN},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "sessions",
        heading: "サインイン・サインアウト",
        routes: OpenApiRouter::new()
            .routes(routes!(sign_in, list, end_all))
            .routes(routes!(sign_in_with_otp))
            .routes(routes!(refresh))
            .routes(routes!(step_up))
            .routes(routes!(sign_out))
            .routes(routes!(end))
            .routes(routes!(oauth::issue)),
    }
}

/// What somebody types to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// 契約コード。運営事業者は省略します。
    #[schema(example = "minato")]
    #[serde(default)]
    tenant_code: Option<String>,
    /// ログインID。
    #[schema(example = "admin@example.co.jp")]
    login_id: String,
    /// パスワード。
    #[schema(value_type = String, example = "Hanami-2026-Sakura", format = Password)]
    password: Secret,
}

/// Tokens.
#[derive(Debug, Serialize, ToSchema)]
struct Tokens {
    /// Authorization ヘッダーに指定するトークン（15分間有効）。
    access_token: String,
    /// 次のトークンを取得するためのトークン。使うたびに新しくなります。
    refresh_token: String,
    /// アクセストークンの有効秒数。
    #[schema(example = 900)]
    expires_in: i64,
    #[schema(example = "Bearer")]
    token_type: &'static str,
}

/// A second step is needed.
#[derive(Debug, Serialize, ToSchema)]
struct Challenge {
    /// 必要な手続き。
    #[schema(example = "otp")]
    challenge: &'static str,
    /// 次の手続きに渡すトークン（5分間有効）。
    challenge_token: String,
}

fn answer(outcome: SignedIn) -> Result<Answer, Problem> {
    match outcome {
        SignedIn::Session(tokens) => {
            let tokens = Tokens {
                access_token: tokens.access_token,
                refresh_token: tokens.refresh_token,
                expires_in: authz::token::ACCESS_TOKEN_SECONDS,
                token_type: "Bearer",
            };
            Answer::created("/v1/sessions/current".to_owned(), &tokens)
        }
        SignedIn::Challenge(challenge_token) => Answer::accepted(&Challenge { challenge: "otp", challenge_token }),
        SignedIn::No => Err(Problem::new(Kind::SignInFailed)),
    }
}

/// The answer to an attempt, with how many are left; one that failed is counted.
async fn counted(app: &App, attempt: &Attempt, outcome: SignedIn) -> Result<Answer, Problem> {
    if matches!(outcome, SignedIn::No) {
        app.store.failed(attempt).await?;
    }
    match answer(outcome) {
        Ok(answer) => Ok(answer.rated(attempt.rated)),
        Err(problem) => Err(problem.rated(attempt.rated)),
    }
}

/// From where and with what; what a client calls itself is cut short and never trusted.
fn device(origin: &Origin, headers: &HeaderMap) -> Device {
    let client = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Device {
        address: origin.address.map(|address| address.to_string()),
        client: client.map(|client| client.chars().take(200).collect()),
    }
}

/// Signs in with a password.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "signIn", summary = "サインインする",
    description = "契約コード・ログインID・パスワードでサインインします。ワンタイムパスワードを登録済みの場合は202を返すので、続けて POST /v1/sessions/otp を呼び出してください。失敗の理由は区別されません。5回続けて失敗するとサインインが抑止されます。",
    request_body = SignIn,
    responses((status = 201, description = "サインインしました", body = Tokens), (status = 202, description = "ワンタイムパスワードが必要です", body = Challenge),
        (status = 401, description = "sign-in-failed"))
)]
async fn sign_in(
    State(app): State<App>,
    From(origin): From,
    headers: HeaderMap,
    Json(asked): Json<SignIn>,
) -> Result<Answer, Problem> {
    let device = device(&origin, &headers);
    let code = asked.tenant_code.as_deref();
    let company = code.unwrap_or_default();
    let login = format!("{company}/{}", asked.login_id).to_lowercase();
    let attempt = app.store.attempt(SIGN_IN, &login, Some(company), &origin).await?;
    let outcome = app.store.sign_in(code, &asked.login_id, asked.password.reveal(), &device, origin).await?;
    counted(&app, &attempt, outcome).await
}

/// The second step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OtpSignIn {
    /// POST /v1/sessions が返したトークン。
    challenge_token: String,
    /// ワンタイムパスワード（6桁）。これと `recovery_code` のどちらか一方を指定します。
    #[schema(example = "123456")]
    code: Option<String>,
    /// リカバリーコード（端末を失くした場合）。
    #[schema(value_type = Option<String>, example = "7KQ2-M9XD-4TRV")]
    recovery_code: Option<Secret>,
}

/// Signs in with a one-time password, after the password.
#[utoipa::path(
    post, path = "/v1/sessions/otp", operation_id = "signInWithOtp", summary = "ワンタイムパスワードでサインインを完了する",
    description = "同じコードは一度しか使えません。端末を失くした場合は、リカバリーコードを指定できます。誤りはパスワードの誤りと合わせて数えられます。",
    request_body = OtpSignIn,
    responses((status = 201, description = "サインインしました", body = Tokens), (status = 401, description = "sign-in-failed"))
)]
async fn sign_in_with_otp(
    State(app): State<App>,
    From(origin): From,
    headers: HeaderMap,
    Json(asked): Json<OtpSignIn>,
) -> Result<Answer, Problem> {
    let device = device(&origin, &headers);
    let recovery = asked.recovery_code.map(Secret::reveal);
    let shown = match (&asked.code, &recovery) {
        (Some(code), None) => SecondFactor::Code(code),
        (None, Some(code)) => SecondFactor::Recovery(code),
        _ => {
            let detail = "code と recovery_code のどちらか一方を指定してください。";
            return Err(Problem::invalid(vec![Fault::at("/code", "required", detail)]));
        }
    };
    // A challenge is one login's, whose right password was given; the company is counted where passwords are.
    let attempt = app.store.attempt(SIGN_IN, &asked.challenge_token, None, &origin).await?;
    let outcome = app.store.sign_in_with_otp(&asked.challenge_token, shown, &device, origin).await?;
    counted(&app, &attempt, outcome).await
}

/// A refresh.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// 最後に受け取ったリフレッシュトークン。
    #[schema(value_type = String)]
    refresh_token: Secret,
}

/// Gets new tokens.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", operation_id = "refreshSession", summary = "トークンを更新する",
    description = "リフレッシュトークンは使うたびに新しくなります。応答を受け取れなかった場合は60秒以内なら同じトークンで再度取得できます。古いトークンの再利用が検出されたセッションは終了します。",
    request_body = Refresh,
    responses((status = 201, description = "新しいトークン", body = Tokens), (status = 401, description = "sign-in-failed"))
)]
async fn refresh(State(app): State<App>, From(origin): From, Json(asked): Json<Refresh>) -> Result<Answer, Problem> {
    let tokens = app.store.refresh_session(&asked.refresh_token.reveal(), &origin).await?;
    answer(tokens.map_or(SignedIn::No, SignedIn::Session))
}

/// A fresh one-time password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepUp {
    /// ワンタイムパスワード（6桁）。
    #[schema(example = "123456")]
    code: String,
}

/// Gives a fresh one-time password within a session.
#[utoipa::path(
    post, path = "/v1/sessions/step-up", operation_id = "stepUp", summary = "ワンタイムパスワードを再入力する",
    description = "削除・権限の付与など、5分以内のワンタイムパスワードを求める操作の前に呼び出します。",
    request_body = StepUp, security(("token" = ["me.sessions"])),
    responses((status = 204, description = "確認しました"))
)]
async fn step_up(
    State(app): State<App>,
    permit: Permit<ManageOwnSessions>,
    Json(asked): Json<StepUp>,
) -> Result<Answer, Problem> {
    if app.store.step_up(&permit, &asked.code).await? {
        Ok(Answer::nothing())
    } else {
        Err(Problem::new(Kind::SignInFailed))
    }
}

/// One of the caller's sessions.
#[derive(Debug, Serialize, ToSchema)]
struct OwnSession {
    #[schema(value_type = String, example = "ses_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: SessionId,
    /// サインインした日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: domain::time::Jst,
    /// 最後に更新した日時。
    #[schema(value_type = String, format = DateTime)]
    refreshed_at: domain::time::Jst,
    /// 終了する日時。
    #[schema(value_type = String, format = DateTime)]
    ends_at: domain::time::Jst,
    /// 接続元のIPアドレス。
    #[schema(example = "203.0.113.7")]
    address: Option<String>,
    /// 利用した端末・プログラム。
    client: Option<String>,
    /// このリクエストのセッションかどうか。
    current: bool,
}

/// The caller's sessions.
#[derive(Debug, Serialize, ToSchema)]
struct OwnSessions {
    items: Vec<OwnSession>,
    next_cursor: Option<String>,
}

/// Lists the caller's own sessions.
#[utoipa::path(
    get, path = "/v1/sessions", operation_id = "listOwnSessions", summary = "自分のサインイン中の端末の一覧",
    security(("token" = ["me.sessions"])), responses((status = 200, description = "新しい順", body = OwnSessions))
)]
async fn list(State(app): State<App>, permit: Permit<ManageOwnSessions>) -> Result<Answer, Problem> {
    let sessions = app.store.own_sessions(&permit).await?.into_iter().map(|own| OwnSession {
        id: own.id,
        created_at: own.session.created_at,
        refreshed_at: own.session.refreshed_at,
        ends_at: own.session.ends_at,
        address: own.device.address,
        client: own.device.client,
        current: own.current,
    });
    Answer::ok(&OwnSessions { items: sessions.collect(), next_cursor: None })
}

/// Signs out.
#[utoipa::path(
    delete, path = "/v1/sessions/current", operation_id = "signOut", summary = "サインアウトする",
    security(("token" = ["me.sessions"])), responses((status = 204, description = "サインアウトしました"))
)]
async fn sign_out(State(app): State<App>, permit: Permit<ManageOwnSessions>) -> Result<Answer, Problem> {
    app.store.end_session(&permit, None).await?;
    Ok(Answer::nothing())
}

/// Ends one of the caller's sessions.
#[utoipa::path(
    delete, path = "/v1/sessions/{session_id}", operation_id = "endSession", summary = "端末のサインインを終了する",
    params(("session_id" = String, Path, description = "セッションのID")),
    security(("token" = ["me.sessions"])), responses((status = 204, description = "終了しました"))
)]
async fn end(
    State(app): State<App>,
    permit: Permit<ManageOwnSessions>,
    Path(session): Path<SessionId>,
) -> Result<Answer, Problem> {
    app.store.end_session(&permit, Some(session)).await?;
    Ok(Answer::nothing())
}

/// Signs out everywhere.
#[utoipa::path(
    delete, path = "/v1/sessions", operation_id = "signOutEverywhere", summary = "すべての端末からサインアウトする",
    description = "このリクエストのセッションも終了します。",
    security(("token" = ["me.sessions"])), responses((status = 204, description = "すべて終了しました"))
)]
async fn end_all(State(app): State<App>, permit: Permit<ManageOwnSessions>) -> Result<Answer, Problem> {
    app.store.end_all_sessions(&permit).await?;
    Ok(Answer::nothing())
}
