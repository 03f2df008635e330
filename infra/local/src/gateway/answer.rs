//! A function's answer, as HTTP: what a Lambda proxy integration may say.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::Value;

use crate::serve::{self, Answer};

/// Headers about the connection, which a function cannot set.
const DROPPED: [HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];

/// Nothing when the answer is malformed, which API Gateway calls 502.
pub(super) fn convert(answer: &Value, request_id: &str, head: bool) -> Option<Answer> {
    let status = answer.get("statusCode")?;
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let mut headers = HeaderMap::new();
    for (name, values) in answer["multiValueHeaders"].as_object().into_iter().flatten() {
        for value in values.as_array()? {
            add(&mut headers, name, value)?;
        }
    }
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        // A header that is in both is taken from the list.
        if !headers.contains_key(name.as_str()) {
            add(&mut headers, name, value)?;
        }
    }
    let body = match &answer["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) if answer["isBase64Encoded"] == true => BASE64_STANDARD.decode(text).ok()?.into(),
        Value::String(text) => Bytes::from(text.clone()),
        _ => return None,
    };
    if !headers.contains_key(header::CONTENT_TYPE) && !body.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for dropped in &DROPPED {
        headers.remove(dropped);
    }
    headers.insert("x-amzn-requestid", HeaderValue::from_str(request_id).ok()?);
    let mut converted = Response::new(serve::full(if head { Bytes::new() } else { body }));
    *converted.status_mut() = status;
    *converted.headers_mut() = headers;
    Some(converted)
}

fn add(headers: &mut HeaderMap, name: &str, value: &Value) -> Option<()> {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_str(&value).ok()?);
    Some(())
}
