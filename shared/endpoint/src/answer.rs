//! Answers: JSON with an `ETag`, and the layer that every answer passes: request id, security headers, problems in full.

use axum::{
    Json,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use store::rates::Rated;

use crate::{
    Problem,
    caller::request_id,
    problem::{Kind, rate_headers},
};

/// An answer that can be kept and given again (Idempotency-Key).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    etag: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next: Option<String>,
    /// How the limit stands that the request was counted by.
    #[serde(skip)]
    rated: Option<Rated>,
    /// JSON as it goes out: numbers keep the decimals that they were written with.
    body: Option<Box<RawValue>>,
}

impl Answer {
    fn with_status(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = to_raw_value(body).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written");
            Problem::new(Kind::Internal)
        })?;
        Ok(Self { status: status.as_u16(), etag: None, location: None, next: None, rated: None, body: Some(body) })
    }

    /// 200.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with_status(StatusCode::OK, body)
    }

    /// 201, at `location`.
    pub fn created(location: String, body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { location: Some(location), ..Self::with_status(StatusCode::CREATED, body)? })
    }

    /// 202.
    pub fn accepted(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with_status(StatusCode::ACCEPTED, body)
    }

    /// 204.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { status: 204, etag: None, location: None, next: None, rated: None, body: None }
    }

    /// 202 without a body: it is taken note of, and nothing is said about it.
    #[must_use]
    pub const fn noted() -> Self {
        Self { status: 202, etag: None, location: None, next: None, rated: None, body: None }
    }

    /// Tells how the limit stands that the request was counted by.
    #[must_use]
    pub const fn rated(mut self, rated: Rated) -> Self {
        self.rated = Some(rated);
        self
    }

    /// With the version as the `ETag`.
    #[must_use]
    pub const fn version(mut self, version: u64) -> Self {
        self.etag = Some(version);
        self
    }

    /// With where the thing is looked at.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// With a link to the next page, which is this request with `cursor`.
    #[must_use]
    pub(crate) fn next_page(mut self, uri: &http::Uri, cursor: Option<&str>) -> Self {
        self.next = cursor.map(|cursor| {
            let rest = uri
                .query()
                .unwrap_or_default()
                .split('&')
                .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
            let query: Vec<&str> = rest.collect();
            let joint = if query.is_empty() { "" } else { "&" };
            format!("{}?{}{joint}cursor={cursor}", uri.path(), query.join("&"))
        });
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        };
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: Option<String>| {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        };
        set(header::ETAG, self.etag.map(|version| format!("\"{version}\"")));
        set(header::LOCATION, self.location);
        set(header::LINK, self.next.map(|next| format!("<{next}>; rel=\"next\"")));
        if let Some(rated) = &self.rated {
            rate_headers(response.headers_mut(), rated);
        }
        response
    }
}

/// The headers of every answer. Nothing here is for a browser to show, frame, guess at or keep.
pub(crate) const SECURITY: [(HeaderName, &str); 6] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The layer around every function's router.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let id = request_id(request.extensions());
    let pattern = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && response.extensions().get::<Problem>().is_none() {
        let allow = response.headers().get(header::ALLOW).cloned();
        response = Problem::new(Kind::MethodNotAllowed).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    if let Some(problem) = response.extensions().get::<Problem>().cloned() {
        let instance = match (problem.kind, &pattern) {
            (Kind::NotFound, Some(pattern)) => pattern.clone(),
            (Kind::NotFound, None) => "/".to_owned(),
            _ => format!("urn:ailes-plus:request:{id}"),
        };
        let (mut parts, _) = response.into_parts();
        let body = serde_json::to_vec(&problem.document(instance)).unwrap_or_default();
        parts.headers.remove(header::CONTENT_LENGTH);
        response = Response::from_parts(parts, body.into());
    }
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        // A page that needs a policy of its own (the reference) has set it.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// The answer of a path that no route of the function knows.
pub(crate) async fn unknown_path() -> Problem {
    Problem::not_found()
}
