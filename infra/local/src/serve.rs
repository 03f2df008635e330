//! Listening on loopback: one HTTP/1.1 server whose tasks end with their owner.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Error;

/// What can go wrong while a body travels.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// An answer's body.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;
/// An answer.
pub(crate) type Answer = Response<Body>;

/// A body that is already there.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// An answer of a JSON service.
pub(crate) fn json_answer(status: StatusCode, content_type: &'static str, body: &Value) -> Answer {
    let mut answer = Response::new(full(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
    answer
}

/// An error as AWS's JSON protocols write it.
pub(crate) struct ServiceError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl ServiceError {
    /// The caller's fault.
    pub(crate) fn client(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// `__type` and `message`, and the header that REST services read.
    pub(crate) fn answer(&self, content_type: &'static str) -> Answer {
        let body = json!({ "__type": self.code, "message": self.message });
        let mut answer = json_answer(self.status, content_type, &body);
        answer.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        answer
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "InternalFailure", message: error.to_string() }
    }
}

impl From<rusqlite::Error> for ServiceError {
    fn from(error: rusqlite::Error) -> Self {
        Error::from(error).into()
    }
}

/// Reads a request's body whole; the services served this way take small bodies only.
pub(crate) async fn read_body(body: Incoming, limit: usize) -> Result<Bytes, ServiceError> {
    match http_body_util::Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(ServiceError::client("SerializationException", error.to_string())),
    }
}

/// Binds a port on loopback (0 for any).
pub(crate) async fn listen(port: u16) -> Result<(TcpListener, String), Error> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| Error::io("listening", error))?;
    let address = listener.local_addr().map_err(|error| Error::io("listening", error))?;
    Ok((listener, format!("http://{address}")))
}

/// Serves until dropped. `handler` runs once per request, with the peer's address.
pub(crate) async fn serve<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Answer, BoxError>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Small answers must not wait for more to send.
                    let _ = stream.set_nodelay(true);
                    let handler = handler.clone();
                    let service = service_fn(move |request| handler(request, peer));
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .max_buf_size(256 * 1024)
                        .serve_connection(TokioIo::new(stream), service);
                    connections.spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "connection ended");
                        }
                    });
                }
                Err(error) => tracing::warn!(%error, "accept failed"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
