//! Input: bodies, paths, queries and preconditions. Each extractor refuses in the service's own problem form.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Query},
};
use http::{HeaderMap, Request, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{
    App, Problem,
    problem::{Fault, Kind},
};

/// How large a body may be; larger things go through S3.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body. Unknown fields are refused by the types themselves (`deny_unknown_fields`).
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        parse(&bytes).map(Self)
    }
}

pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence != "application/json" {
        return Err(Problem::new(Kind::UnsupportedMedia));
    }
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(Kind::TooLarge)),
        Err(_) => Err(Problem::new(Kind::Malformed)),
    }
}

/// Reads JSON. What is wrong is told by place and kind; the text of the error, which may quote the body, is not.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let at = format!("line {} column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => {
                let (code, detail) = shape(&error.to_string());
                Problem::new(Kind::Malformed).with(Fault::at(at, code, detail))
            }
            _ => Problem::new(Kind::Malformed).with(Fault::at(at, "not_json", "JSON として読み取れません。")),
        }
    })
}

/// What is wrong with the JSON's shape. Field names are the program's own words; values are not repeated.
fn shape(error: &str) -> (&'static str, String) {
    let quoted = || error.split('`').nth(1).unwrap_or_default();
    if error.starts_with("missing field") {
        ("required", format!("項目「{}」が必要です。", quoted()))
    } else if error.starts_with("unknown field") {
        ("unknown_field", "定義されていない項目が含まれています。項目名を確認してください。".to_owned())
    } else if error.starts_with("duplicate field") {
        ("duplicate_field", format!("項目「{}」が重複しています。", quoted()))
    } else {
        ("wrong_type", "項目の型または値の形式が正しくありません。".to_owned())
    }
}

/// For a field of a `PATCH` that may be set to nothing: tells `null` (`Some(None)`) from absence (`None`). Used as
/// `#[serde(default, deserialize_with = "endpoint::sent")]`.
pub fn sent<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// A secret of the caller's: wiped when it is dropped, absent from debug output.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(self) -> Zeroizing<String> {
        self.0
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Something out of the path. What cannot be read is something that does not exist.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = <axum::extract::Path<T> as FromRequestParts<App>>::from_request_parts(parts, app).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}

/// The query. Unknown parameters are refused by the types themselves: a mistyped filter must not widen a list.
#[derive(Debug)]
pub struct Filters<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Filters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, app).await;
        query.map(|Query(value)| Self(value)).map_err(|_| Problem::new(Kind::BadQuery))
    }
}

/// How many things a page shall have: 1 to 200, 50 if nobody says.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(store::DEFAULT_LIMIT),
        Some(n) if (1..=store::MAX_LIMIT).contains(&n) => Ok(n),
        Some(_) => {
            let detail = format!("limit には1から{}までの整数を指定してください。", store::MAX_LIMIT);
            Err(Problem::new(Kind::BadQuery).with(Fault::at("limit", "out_of_range", detail)))
        }
    }
}

/// The `If-Match` header: which version the caller read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(u64);

impl IfMatch {
    /// The version that the caller read.
    #[must_use]
    pub const fn version(self) -> u64 {
        self.0
    }
}

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let value = parts.headers.get(header::IF_MATCH).ok_or(Problem::new(Kind::PreconditionRequired))?;
        let tag = value.to_str().ok().and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
        // What is no strong ETag (empty, `*`) names no version. An ETag that none of ours looks like can match nothing.
        let tag = tag.ok_or(Problem::new(Kind::PreconditionRequired))?;
        tag.parse().map(Self).map_err(|_| Problem::new(Kind::Stale))
    }
}

impl OptionalFromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<App>>::from_request_parts(parts, app).await.map(Some)
    }
}

/// Collects all faults of a body before it is refused: each field is read into its domain type, and what cannot be is noted.
#[derive(Debug, Default)]
pub struct Checks {
    faults: Vec<Fault>,
}

impl Checks {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a field; notes what is wrong with it.
    pub fn field<T>(&mut self, pointer: &str, read: Result<T, domain::checked::Refused>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(refused) => {
                self.fault(pointer, refused.code, refused.detail);
                None
            }
        }
    }

    /// Reads a field that may be absent.
    pub fn optional<T>(&mut self, pointer: &str, read: Option<Result<T, domain::checked::Refused>>) -> Option<T> {
        read.and_then(|read| self.field(pointer, read))
    }

    /// Notes a fault.
    pub fn fault(&mut self, pointer: &str, code: impl Into<String>, detail: impl Into<String>) {
        self.faults.push(Fault::at(pointer, code, detail));
    }

    /// All the faults, or what was read: `value` is `None` only where a fault was noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.faults)),
        }
    }
}
