//! The event that a Lambda proxy integration gets: payload format 1.0, the shape that the REST API sends.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::routes::Found;
use super::{SOURCE_IP_HEADER, query_pairs, stage_domain};
use crate::ACCOUNT;

/// Under which kind of address the API is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The stage's own address: `/v1/employees` is stage `v1`, resource `/employees`.
    Stage {
        /// The stage.
        stage: String,
    },
    /// A domain of one's own, with a base path mapping (`v1`) or without one (empty).
    CustomDomain {
        /// The domain's name, as `requestContext.domainName` says it.
        domain: String,
        /// The first segment of the client's path, which the mapping takes away; may be empty.
        base_path: String,
        /// The stage behind the mapping.
        stage: String,
    },
}

impl Shape {
    fn stage(&self) -> &str {
        match self {
            Self::Stage { stage } | Self::CustomDomain { stage, .. } => stage,
        }
    }

    /// The part of a client's path that the document's paths speak about.
    pub(super) fn resource_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        let base = match self {
            Self::Stage { stage } => stage,
            Self::CustomDomain { base_path, .. } => base_path,
        };
        if base.is_empty() {
            return Some(path);
        }
        let rest = path.strip_prefix('/')?.strip_prefix(base.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(if rest.is_empty() { "/" } else { rest })
    }

    /// The event's `path`: without the stage, but with a custom domain's base path.
    fn event_path<'a>(&self, path: &'a str) -> &'a str {
        match self {
            Self::Stage { .. } => self.resource_path(path).unwrap_or(path),
            Self::CustomDomain { .. } => path,
        }
    }
}

/// What an event is made of.
pub(super) struct Facts<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) peer: SocketAddr,
    pub(super) shape: &'a Shape,
    pub(super) found: &'a Found,
    pub(super) id: &'a str,
    pub(super) number: u64,
    pub(super) now_millis: i64,
    pub(super) binary: &'a [String],
}

/// The media types that the document calls binary.
pub(super) fn binary_types(document: &Value) -> Vec<String> {
    let types = document["x-amazon-apigateway-binary-media-types"].as_array().into_iter().flatten();
    types.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

pub(super) fn build(facts: &Facts) -> Value {
    let Facts { parts, body, peer, shape, found, id, number, now_millis, binary } = facts;
    let source_ip = source_ip(&parts.headers, *peer);
    let domain = match shape {
        Shape::Stage { .. } => stage_domain(),
        Shape::CustomDomain { domain, .. } => domain.clone(),
    };
    let headers = headers(&parts.headers, source_ip, &domain, *number);
    let query = grouped(query_pairs(parts.uri.query().unwrap_or_default()));
    let at = Timestamp::from_millisecond(*now_millis).unwrap_or(Timestamp::UNIX_EPOCH);
    let header = |name: &str| headers.get(name).and_then(|values| values.last().cloned());
    let (text, encoded) = encode_body(body, header("content-type").as_deref(), binary);
    json!({
        "resource": found.resource,
        "path": shape.event_path(parts.uri.path()),
        "httpMethod": parts.method.as_str(),
        "headers": last_of_each(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": nothing_if_empty(&query, last_of_each(&query)),
        "multiValueQueryStringParameters": nothing_if_empty(&query, json!(query)),
        "pathParameters": nothing_if_empty(&found.parameters, json!(found.parameters)),
        "stageVariables": null,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "deploymentId": "local",
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "extendedRequestId": format!("local{number:011}="),
            "httpMethod": parts.method.as_str(),
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null,
                "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null,
                "principalOrgId": null,
                "sourceIp": source_ip.to_string(),
                "user": null,
                "userAgent": header("user-agent"),
                "userArn": null,
            },
            // What the client asked for: with the stage, or with the base path.
            "path": parts.uri.path(),
            "protocol": "HTTP/1.1",
            "requestId": id,
            "requestTime": at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "requestTimeEpoch": now_millis,
            "resourceId": "local",
            "resourcePath": found.resource,
            "stage": shape.stage(),
        },
        "body": text,
        "isBase64Encoded": encoded,
    })
}

/// The peer's own address, or the one that a local caller plays.
fn source_ip(headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
    let played = headers.get(SOURCE_IP_HEADER).and_then(|address| address.to_str().ok());
    played.and_then(|address| address.trim().parse().ok()).unwrap_or_else(|| peer.ip())
}

/// The client's headers as API Gateway passes them on: none that speak about the connection, and its own added.
fn headers(sent: &HeaderMap, source_ip: IpAddr, domain: &str, number: u64) -> BTreeMap<String, Vec<String>> {
    const DROPPED: [&str; 11] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        SOURCE_IP_HEADER,
    ];
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in sent {
        if !DROPPED.contains(&name.as_str()) && !name.as_str().starts_with("x-forwarded-") {
            headers.entry(name.to_string()).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    // A client may claim what it likes in front; the last address is the one that was seen.
    let claimed = sent.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let forwarded: Vec<String> = claimed.map(str::to_owned).chain([source_ip.to_string()]).collect();
    headers.insert("X-Forwarded-For".to_owned(), vec![forwarded.join(", ")]);
    headers.insert("X-Forwarded-Port".to_owned(), vec!["443".to_owned()]);
    headers.insert("X-Forwarded-Proto".to_owned(), vec!["https".to_owned()]);
    headers.insert("Host".to_owned(), vec![domain.to_owned()]);
    headers.insert("X-Amzn-Trace-Id".to_owned(), vec![format!("Root=1-00000000-{number:024x}")]);
    headers
}

fn grouped(pairs: Vec<(String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        grouped.entry(name).or_default().push(value);
    }
    grouped
}

fn last_of_each(grouped: &BTreeMap<String, Vec<String>>) -> Value {
    Value::Object(grouped.iter().map(|(name, values)| (name.clone(), json!(values.last()))).collect::<Map<_, _>>())
}

fn nothing_if_empty<V>(map: &BTreeMap<String, V>, value: Value) -> Value {
    if map.is_empty() { Value::Null } else { value }
}

/// Text as it is, anything else in base64. (AWS goes by the document's binary media types alone and would garble other
/// bytes that are no UTF-8; here they travel unharmed.)
fn encode_body(body: &Bytes, content_type: Option<&str>, binary: &[String]) -> (Value, bool) {
    if body.is_empty() {
        return (Value::Null, false);
    }
    let media = content_type.and_then(|one| one.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    let is_binary = binary.iter().any(|pattern| match pattern.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => media.split('/').next() == Some(kind),
        None => *pattern == media,
    });
    match std::str::from_utf8(body) {
        Ok(text) if !is_binary => (json!(text), false),
        _ => (json!(BASE64_STANDARD.encode(body)), true),
    }
}
