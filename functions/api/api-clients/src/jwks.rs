//! The public halves of the keys that sign tokens: `/.well-known/jwks.json` (RFC 7517).

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use endpoint::{Answer, App, Problem};
use http::{HeaderValue, header};
use serde::Serialize;
use store::PublicKey;
use utoipa::ToSchema;

/// For how long a copy may be kept: a new key signs an hour after it was published.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JwkSet)]
pub(crate) struct JwkSet {
    /// 公開鍵。
    keys: Vec<Jwk>,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
struct Jwk {
    #[schema(example = "EC")]
    kty: &'static str,
    #[schema(example = "P-256")]
    crv: &'static str,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    usage: &'static str,
    #[schema(example = "ES256")]
    alg: &'static str,
    /// 鍵のID。トークンのヘッダーの kid と一致します。
    #[schema(example = "k0001")]
    kid: String,
    #[schema(example = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")]
    x: String,
    #[schema(example = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")]
    y: String,
}

impl From<PublicKey> for Jwk {
    fn from(PublicKey { kid, x, y }: PublicKey) -> Self {
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Self { kty: "EC", crv: "P-256", usage: "sig", alg: "ES256", kid, x, y }
    }
}

async fn published(app: &App) -> Result<Response, Problem> {
    let keys = app.store.public_keys().await?.into_iter().map(Jwk::from).collect();
    let mut response = Answer::ok(&JwkSet { keys })?.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    Ok(response)
}

/// Reads the public keys, where RFC 8615 looks for them.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "readJwks", summary = "トークンの署名を検証する公開鍵の一覧",
    description = "アクセストークン（JWT、ES256）の署名を検証するための公開鍵です（RFC 7517）。鍵は約30日ごとに新しくなり、使われ始める1時間前に公開されます。5分間保持できます。",
    responses((status = 200, description = "公開鍵", body = JwkSet))
)]
pub(crate) async fn read(State(app): State<App>) -> Result<Response, Problem> {
    published(&app).await
}

/// Reads the public keys, beside everything else.
#[utoipa::path(
    get, path = "/v1/.well-known/jwks.json", operation_id = "readJwksOfV1", summary = "トークンの署名を検証する公開鍵の一覧（/v1）",
    description = "/.well-known/jwks.json と同じ内容です。",
    responses((status = 200, description = "公開鍵", body = JwkSet))
)]
pub(crate) async fn read_of_v1(State(app): State<App>) -> Result<Response, Problem> {
    published(&app).await
}
