//! One log line per request, in CloudWatch's embedded metric format: counts and times become metrics without a call. The tenant is a
//! property, never a dimension.

use std::{
    task::{Context, Poll},
    time::Instant,
};

use axum::response::Response;
use http::Request;
use store::logs::metrics;
use tower::Service;
use tracing::{Instrument as _, field::Empty};

use crate::caller::request_id;

/// A function's router, measured.
#[derive(Debug, Clone)]
pub struct Measured<S> {
    /// What is measured.
    pub inner: S,
    /// The function's name.
    pub name: &'static str,
}

impl<S, B> Service<Request<B>> for Measured<S>
where
    S: Service<Request<B>, Response = Response>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (started, function) = (Instant::now(), self.name);
        let id = request_id(request.extensions());
        let method = request.method().clone();
        // Whose it is becomes known when it is decided upon; every line within says so from then on.
        let span = tracing::info_span!("request", request_id = id, tenant = Empty, actor = Empty);
        let answer = span.in_scope(|| self.inner.call(request));
        let measured = async move {
            let response = answer.await?;
            let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
            let status = response.status().as_u16();
            let metrics = metrics(&[("requests", "Count"), ("faults", "Count"), ("latency", "Milliseconds")]);
            tracing::info!(
                target: "request",
                function, request_id = id, %method, status,
                requests = 1, faults = u8::from(status >= 500), latency = milliseconds,
                _aws = %metrics,
            );
            Ok(response)
        };
        Box::pin(measured.instrument(span))
    }
}
