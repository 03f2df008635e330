//! What the gateway itself answers: the document's gateway responses where it has them, problems of the same form
//! where it has not.

use std::collections::BTreeMap;

use http::header::{self, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::serve::{self, Answer};

/// Why a request did not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BadRequest,
    UnknownPath,
    TooLarge,
    Throttled,
    FunctionFailed,
    TimedOut,
}

impl Refusal {
    /// API Gateway's name for it, and what becomes of it here.
    fn facts(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => (
                "BAD_REQUEST_BODY",
                StatusCode::BAD_REQUEST,
                "Bad request",
                "リクエストを読み取れませんでした。内容を確認して、もう一度送信してください。",
            ),
            Self::UnknownPath => (
                "MISSING_AUTHENTICATION_TOKEN",
                StatusCode::NOT_FOUND,
                "Not found",
                "指定されたアドレスは見つかりません。パスとメソッドを確認してください。",
            ),
            Self::TooLarge => (
                "REQUEST_TOO_LARGE",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Payload too large",
                "送信されたデータが大きすぎます。分割するか、取込（imports）をご利用ください。",
            ),
            Self::Throttled => (
                "THROTTLED",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                "アクセスが集中しています。しばらく待ってから、もう一度お試しください。",
            ),
            Self::FunctionFailed => (
                "INTEGRATION_FAILURE",
                StatusCode::BAD_GATEWAY,
                "Bad gateway",
                "サービスで問題が発生しました。しばらく待ってから、もう一度お試しください。",
            ),
            Self::TimedOut => (
                "INTEGRATION_TIMEOUT",
                StatusCode::GATEWAY_TIMEOUT,
                "Gateway timeout",
                "サービスの応答に時間がかかっています。しばらく待ってから、もう一度お試しください。",
            ),
        }
    }
}

/// The gateway responses of a document, by API Gateway's names.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<String, Value>);

impl Refusals {
    pub(super) fn read(document: &Value) -> Self {
        let responses = document["x-amazon-apigateway-gateway-responses"].as_object();
        Self(responses.into_iter().flatten().map(|(name, response)| (name.clone(), response.clone())).collect())
    }

    pub(super) fn answer(&self, refusal: Refusal, request_id: &str) -> Answer {
        let (name, status, title, detail) = refusal.facts();
        let family = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let said = self.0.get(name).or_else(|| self.0.get(family));
        let own_status = said.and_then(|said| {
            let code = &said["statusCode"];
            StatusCode::from_u16(
                code.as_u64().or_else(|| code.as_str()?.parse().ok()).and_then(|code| u16::try_from(code).ok())?,
            )
            .ok()
        });
        let status = own_status.unwrap_or(status);
        let template = said.and_then(|said| said["responseTemplates"].as_object()?.iter().next());
        let (media, body) = if let Some((media, Value::String(template))) = template {
            (media.clone(), filled(template, request_id, title, name))
        } else {
            let problem = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
                    "instance": request_id });
            ("application/problem+json".to_owned(), problem.to_string())
        };
        let mut answer = Response::new(serve::full(body));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        for (name, value) in security_headers() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(media) = HeaderValue::from_str(&media) {
            headers.insert(header::CONTENT_TYPE, media);
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        // `gatewayresponse.header.Content-Type: "'application/problem+json'"`: literals stand in single quotes.
        for (parameter, value) in said.and_then(|said| said["responseParameters"].as_object()).into_iter().flatten() {
            let name =
                parameter.strip_prefix("gatewayresponse.header.").and_then(|name| HeaderName::try_from(name).ok());
            let value = value.as_str().and_then(|value| value.strip_prefix('\'')?.strip_suffix('\''));
            if let (Some(name), Some(Ok(value))) = (name, value.map(HeaderValue::from_str)) {
                headers.insert(name, value);
            }
        }
        answer
    }
}

fn filled(template: &str, request_id: &str, message: &str, kind: &str) -> String {
    template
        .replace("$context.error.messageString", &json!(message).to_string())
        .replace("$context.error.message", message)
        .replace("$context.error.responseType", kind)
        .replace("$context.requestId", request_id)
}

fn security_headers() -> [(HeaderName, &'static str); 6] {
    [
        (header::CACHE_CONTROL, "no-store"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ]
}
