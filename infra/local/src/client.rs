//! A plain HTTP client for one address on loopback: what the demo is made with, and what tests ask the service with.

use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Error;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header's text; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// One request over a connection of its own. `url` is absolute and begins with `http://`.
pub async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Result<Answer, Error> {
    let failed = |what: String| Error::Config(format!("{method} {url}: {what}"));
    let uri: Uri = url.parse().map_err(|error| failed(format!("{error}")))?;
    let authority = uri.authority().ok_or_else(|| failed("not absolute".to_owned()))?.clone();
    let stream = TcpStream::connect(authority.as_str()).await.map_err(|error| Error::io("connecting", error))?;
    let connected = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connected.map_err(|error| failed(error.to_string()))?;
    let running = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut request = Request::builder().method(method).uri(path).header("host", authority.as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).map_err(|error| failed(error.to_string()))?;
    let answer = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map_err(|error| failed(error.to_string()))?.to_bytes();
    running.abort();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}
