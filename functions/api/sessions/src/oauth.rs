//! Tokens for programs: `POST /v1/oauth/token`, the grant `client_credentials` (RFC 6749, 4.4).
//!
//! The one operation that speaks OAuth and not the house's own way: it takes a form, and refuses in the form of RFC 6749, 5.2. A program proves itself with its
//! secret (in the header or in the form) or with a JWT that it signed (RFC 7523). Whichever of that is wrong is not told.

use authz::{ClientKey, token::ACCESS_TOKEN_SECONDS};
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use endpoint::{Answer, App, From as Caller, Problem, Secret, SentTo};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use store::{ClientProof, ClientToken, rates::CLIENT_TOKEN};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// The only grant there is.
const GRANT: &str = "client_credentials";
/// The only kind of assertion there is.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a program asks. What the standard does not know is ignored, as it demands; what comes twice is refused.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// `client_credentials`。
    #[schema(value_type = String, example = "client_credentials")]
    grant_type: Option<String>,
    /// APIクライアントの `oauth_client_id`。Authorization ヘッダー（Basic）を使う場合は省略できます。
    #[schema(example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b.cli_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    client_id: Option<String>,
    /// `client_secret`。Authorization ヘッダー（Basic）でも送信できます。
    #[schema(value_type = Option<String>, format = Password)]
    client_secret: Option<Secret>,
    /// `client_assertion` を使う場合は `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`。
    #[schema(example = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")]
    client_assertion_type: Option<String>,
    /// 登録した公開鍵に対応する秘密鍵で署名した JWT（iss・sub は `client_id`、aud は `ailes-plus` またはこの操作のアドレス、exp は5分以内、jti は一度だけ使える値）。
    #[schema(value_type = Option<String>)]
    client_assertion: Option<Secret>,
    /// 必要な権限（空白区切り）。APIクライアントに与えられていない権限を指定すると拒否します。
    #[schema(example = "employees.view names.see")]
    scope: Option<String>,
}

/// A program's token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientTokens {
    /// Authorization ヘッダーに指定するトークン（15分間有効）。
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// アクセストークンの有効秒数。
    #[schema(example = 900)]
    expires_in: i64,
    /// APIクライアントに与えられている権限（空白区切り）。
    #[schema(example = "employees.view names.see imports.drop")]
    scope: String,
}

/// A refusal as RFC 6749 has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub(crate) struct Refusal {
    /// 誤りの種類（`invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_scope`）。
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// 対処方法。
    #[schema(example = "client_id・認証情報・接続元を確認してください。")]
    error_description: &'static str,
}

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The form is none, or contradicts itself.
    Request,
    /// The grant is another.
    Grant,
    /// Unknown, unproven, revoked, elsewhere, or of a contract that has ended: all the same.
    Client,
    /// It asks for more than it was given.
    Scope,
    /// Not the program's fault.
    Ours(Problem),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (error, error_description) = match self {
            Self::Ours(problem) => return problem.into_response(),
            Self::Request => (
                "invalid_request",
                "パラメータを application/x-www-form-urlencoded で1つずつ送信し、認証の方法は1つだけにしてください。",
            ),
            Self::Grant => ("unsupported_grant_type", "grant_type には client_credentials を指定してください。"),
            Self::Client => ("invalid_client", "client_id・認証情報・接続元を確認してください。"),
            Self::Scope => ("invalid_scope", "APIクライアントに与えられていない権限が指定されています。"),
        };
        let is_client = matches!(self, Self::Client);
        let status = if is_client { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut response = (status, axum::Json(Refusal { error, error_description })).into_response();
        if is_client {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"ailes-plus\""));
        }
        response
    }
}

/// Gives a program a token.
#[utoipa::path(
    post, path = "/v1/oauth/token", operation_id = "issueToken", summary = "プログラムのアクセストークンを取得する",
    description = "APIクライアントが、client_secret または秘密鍵で署名した JWT（private_key_jwt、推奨）を使って、15分間有効なアクセストークンを取得します（RFC 6749・RFC 7523）。リフレッシュトークンはありません。期限が近づいたら取得し直してください。拒否の理由（未登録・認証情報の誤り・失効・接続元・契約の終了）は区別されません。",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "アクセストークン", body = ClientTokens),
        (status = 400, description = "リクエストに誤りがあります", body = Refusal),
        (status = 401, description = "認証できませんでした", body = Refusal)
    )
)]
pub(crate) async fn issue(
    State(app): State<App>,
    Caller(origin): Caller,
    SentTo(address): SentTo,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Answer, Refused> {
    let Form(mut request) = form.map_err(|_| Refused::Request)?;
    let (client, proof) = request.proof(&headers, address)?;
    let attempt = app.store.attempt(CLIENT_TOKEN, &client, None, &origin).await?;
    let Some(issued) = app.store.client_token(&client, &proof, origin).await? else {
        app.store.failed(&attempt).await?;
        return Err(Refused::Client);
    };
    request.is_within(&issued)?;
    let tokens = ClientTokens {
        access_token: issued.access_token,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
        scope: issued.scopes.join(" "),
    };
    let answer = Answer::ok(&tokens).map_err(Refused::Ours)?;
    Ok(answer.rated(attempt.rated))
}

impl TokenRequest {
    /// Who it says that it is, and with what it proves it: in exactly one way.
    fn proof(&mut self, headers: &HeaderMap, address: String) -> Result<(String, ClientProof), Refused> {
        match self.grant_type.as_deref() {
            Some(GRANT) => {}
            None | Some("") => return Err(Refused::Request),
            Some(_) => return Err(Refused::Grant),
        }
        let named = self.client_id.take().filter(|id| !id.is_empty());
        let secret = self.client_secret.take().map(Secret::reveal).filter(|secret| !secret.is_empty());
        let assertion = self.client_assertion.take().map(Secret::reveal).filter(|text| !text.is_empty());
        let is_jwt = self.client_assertion_type.as_deref() == Some(JWT_BEARER);
        let (client, proof) = match (headers.get(header::AUTHORIZATION), secret, assertion) {
            (Some(value), None, None) => {
                let (client, secret) = basic(value).ok_or(Refused::Client)?;
                (client, ClientProof::Secret(secret))
            }
            (None, Some(secret), None) => (named.clone().ok_or(Refused::Request)?, ClientProof::Secret(secret)),
            (None, None, Some(text)) if is_jwt => {
                let client = ClientKey::asserted_by(&text).ok_or(Refused::Client)?;
                (client, ClientProof::Assertion { text, address })
            }
            (None, None, None) => return Err(Refused::Client),
            _ => return Err(Refused::Request),
        };
        if named.is_some_and(|named| named != client) { Err(Refused::Request) } else { Ok((client, proof)) }
    }

    /// Whether it asks for no more than the client was given. A token carries no rights, and so asking for less changes nothing.
    fn is_within(&self, issued: &ClientToken) -> Result<(), Refused> {
        let mut asked = self.scope.as_deref().unwrap_or_default().split_ascii_whitespace();
        if asked.all(|scope| issued.scopes.contains(&scope)) { Ok(()) } else { Err(Refused::Scope) }
    }
}

/// Client id and secret out of the header. Both are made of characters that the standard's encoding leaves as they are.
fn basic(value: &HeaderValue) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let (client, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (client.to_owned(), Zeroizing::new(secret.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(form: &str) -> TokenRequest {
        let uri: http::Uri = format!("/?{form}").parse().unwrap();
        axum::extract::Query::<TokenRequest>::try_from_uri(&uri).unwrap().0
    }

    fn asked(form: &str, authorization: Option<&str>) -> Result<(String, ClientProof), Refused> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        request(form).proof(&headers, String::new())
    }

    #[test]
    fn a_program_proves_itself_in_exactly_one_way() {
        // a:b
        let basic = Some("Basic YTpi");
        let in_header = asked("grant_type=client_credentials", basic).unwrap();
        let in_form = asked("grant_type=client_credentials&client_id=a&client_secret=b", None).unwrap();
        for (client, proof) in [in_header, in_form] {
            assert_eq!(client, "a");
            assert!(matches!(proof, ClientProof::Secret(secret) if *secret == "b"));
        }
        for (form, authorization) in [
            ("grant_type=client_credentials&client_id=a&client_secret=b", basic),
            ("grant_type=client_credentials&client_id=other", basic),
            ("grant_type=client_credentials&client_secret=b", None),
            ("grant_type=client_credentials&client_id=a&client_assertion=x", None),
            ("client_id=a&client_secret=b", None),
        ] {
            assert!(matches!(asked(form, authorization), Err(Refused::Request)), "{form}");
        }
        assert!(matches!(asked("grant_type=password", basic), Err(Refused::Grant)));
        for authorization in [None, Some("Bearer YTpi"), Some("Basic !"), Some("Basic YQ==")] {
            let refused = asked("grant_type=client_credentials&client_id=a", authorization);
            assert!(matches!(refused, Err(Refused::Client)), "{authorization:?}");
        }
    }

    #[test]
    fn asking_for_more_than_was_given_is_refused() {
        let issued = ClientToken { access_token: String::new(), scopes: vec!["employees.view", "names.see"] };
        assert!(request("").is_within(&issued).is_ok());
        assert!(request("scope=names.see+employees.view").is_within(&issued).is_ok());
        assert!(matches!(request("scope=employees.manage").is_within(&issued), Err(Refused::Scope)));
    }
}
