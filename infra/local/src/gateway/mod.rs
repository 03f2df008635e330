//! API Gateway (REST API) on a laptop: routes by the `gateway.json` that is deployed, hands functions the events that
//! AWS hands them, and answers their answers.
//!
//! Two shapes, because functions meet both: under the stage's own address the stage is the first segment of the
//! client's path but not of the event's `path`; under a custom domain the event's `path` is the client's, base path
//! included ([`Shape`]).

mod answer;
mod event;
mod refusal;
mod routes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use uuid::Uuid;

pub use self::event::Shape;
use self::refusal::{Refusal, Refusals};
use self::routes::Routes;
use crate::clock::{self, Clock};
use crate::counters::Counters;
use crate::function::{Deployed, InvocationError};
use crate::serve::{self, Answer, BoxError};
use crate::{Error, REGION};

/// API Gateway takes bodies up to 10 MB.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// Lambda takes events and gives answers up to 6 MB.
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;
/// A header that lets a caller of the *local* gateway come from another address. API Gateway knows no such header.
pub const SOURCE_IP_HEADER: &str = "x-local-source-ip";

/// What to serve.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// The port; 0 for any.
    pub port: u16,
    /// The text of `infra/gateway.json`.
    pub document: String,
    /// Under which kind of address.
    pub shape: Shape,
    /// Calls a second and burst above which the gateway answers 429; `None` for no limit.
    pub throttle: Option<(f64, f64)>,
    /// The clock that requests are stamped with.
    pub clock: Clock,
    /// Doors that exist on a laptop only, under `/_local`.
    pub local: Option<axum::Router>,
}

impl GatewayOptions {
    /// Any port, the stage `v1` in the path, no throttle.
    #[must_use]
    pub fn new(document: impl Into<String>) -> Self {
        Self {
            port: 0,
            document: document.into(),
            shape: Shape::Stage { stage: "v1".to_owned() },
            throttle: None,
            clock: Clock::default(),
            local: None,
        }
    }
}

/// A running gateway. Dropping it stops it.
#[derive(Debug)]
pub struct Gateway {
    url: String,
    _tasks: JoinSet<()>,
}

impl Gateway {
    /// Starts serving; functions are found by the names that the document's integrations give them.
    pub async fn start(
        options: GatewayOptions,
        functions: impl IntoIterator<Item = Deployed>,
        counters: Counters,
    ) -> Result<Self, Error> {
        let document: Value = serde_json::from_str(&options.document).map_err(Error::json)?;
        let functions: BTreeMap<String, Deployed> =
            functions.into_iter().map(|function| (function.name.clone(), function)).collect();
        let routes = Routes::read(&document)?;
        for missing in routes.functions().filter(|name| !functions.contains_key(*name)) {
            tracing::warn!(function = missing, "gateway.json names a function that is not plugged in");
        }
        let inner = Arc::new(Inner {
            routes,
            refusals: Refusals::read(&document),
            binary: event::binary_types(&document),
            functions,
            shape: options.shape,
            bucket: options.throttle.map(Bucket::new),
            clock: options.clock,
            local: options.local,
            counters,
            requests: AtomicU64::new(0),
        });
        let (listener, url) = serve::listen(options.port).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::serve(listener, move |request, peer| {
            let inner = Arc::clone(&inner);
            async move { inner.answer(request, peer).await }
        }));
        Ok(Self { url, _tasks: tasks })
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

struct Inner {
    routes: Routes,
    refusals: Refusals,
    binary: Vec<String>,
    functions: BTreeMap<String, Deployed>,
    shape: Shape,
    bucket: Option<Bucket>,
    clock: Clock,
    local: Option<axum::Router>,
    counters: Counters,
    requests: AtomicU64,
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Result<Answer, BoxError> {
        let path = request.uri().path();
        if let Some(local) = self.local.as_ref().filter(|_| path == "/_local" || path.starts_with("/_local/")) {
            let answer = local.clone().oneshot(request.map(axum::body::Body::new)).await?;
            return Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()));
        }
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = Uuid::new_v4().to_string();
        let operation = format!("{} {}", request.method(), self.routes.pattern_of(&self.shape, path));
        let answered = self.through(request, peer, &id, number).await;
        let answer = answered.unwrap_or_else(|refusal| self.refusals.answer(refusal, &id));
        self.counters.called("gateway", &operation, answer.status().as_u16() >= 400);
        Ok(answer)
    }

    async fn through(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        id: &str,
        number: u64,
    ) -> Result<Answer, Refusal> {
        if self.bucket.as_ref().is_some_and(|bucket| !bucket.take()) {
            return Err(Refusal::Throttled);
        }
        let path = request.uri().path().to_owned();
        let resource_path = self.shape.resource_path(&path).ok_or(Refusal::UnknownPath)?;
        let found = self.routes.find(request.method(), resource_path).ok_or(Refusal::UnknownPath)?;
        let function = self.functions.get(&found.function).ok_or(Refusal::FunctionFailed)?.clone();
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => return Err(Refusal::TooLarge),
            Err(_) => return Err(Refusal::BadRequest),
        };
        let event = event::build(&event::Facts {
            parts: &parts,
            body: &body,
            peer,
            shape: &self.shape,
            found: &found,
            id,
            number,
            now_millis: self.clock.millis(),
            binary: &self.binary,
        });
        if event.to_string().len() > LARGEST_PAYLOAD {
            return Err(Refusal::TooLarge);
        }
        let head = parts.method == Method::HEAD;
        // A task of its own: a function goes on when its caller hangs up or the gateway stops waiting.
        let running = tokio::spawn(async move { function.invoke(event).await });
        let result = match tokio::time::timeout(found.timeout, running).await {
            Ok(joined) => joined.unwrap_or_else(|error| Err(InvocationError::Panicked(error.to_string()))),
            Err(_) => return Err(Refusal::TimedOut),
        };
        let answer = match result {
            Ok(answer) if answer.to_string().len() <= LARGEST_PAYLOAD => answer,
            // That Lambda stopped it at its own limit is a failure like any other; only API Gateway's own is a time-out.
            Ok(_) | Err(_) => return Err(Refusal::FunctionFailed),
        };
        answer::convert(&answer, id, head).ok_or(Refusal::FunctionFailed)
    }
}

/// A token bucket, as API Gateway throttles a stage.
struct Bucket {
    rate: f64,
    burst: f64,
    state: Mutex<(f64, std::time::SystemTime)>,
}

impl Bucket {
    fn new((rate, burst): (f64, f64)) -> Self {
        Self { rate, burst, state: Mutex::new((burst, clock::system_now())) }
    }

    fn take(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::system_now();
        let since = now.duration_since(state.1).unwrap_or(Duration::ZERO).as_secs_f64();
        let tokens = (state.0 + since * self.rate).min(self.burst);
        let enough = tokens >= 1.0;
        *state = (if enough { tokens - 1.0 } else { tokens }, now);
        enough
    }
}

/// A query string's pairs, decoded.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// Percent-decoded; what is no escape stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let byte =
            escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The host name under which API Gateway would serve this stage.
fn stage_domain() -> String {
    format!("local.execute-api.{REGION}.amazonaws.com")
}
