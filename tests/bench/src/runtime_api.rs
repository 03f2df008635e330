//! The Lambda Runtime API for one process: hands out invocations one after the other, takes what becomes of them, and
//! notes when the process asked for the first time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::Error;

/// How long an invocation may take, as the process is told: the largest check, on the slowest machine.
const DEADLINE: Duration = Duration::from_hours(1);

/// What became of an invocation: the answer, or what the process says of its error.
pub(crate) type Outcome = Result<Value, String>;

/// A running Runtime API. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    invocations: mpsc::UnboundedSender<Invocation>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    running: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    ids: AtomicU64,
    first_poll: watch::Sender<Option<Instant>>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: Bytes,
}

impl RuntimeApi {
    /// Starts it on any port of loopback.
    pub(crate) async fn start() -> Result<Self, Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (invocations, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            invocations,
            waiting: waiting.into(),
            running: Mutex::default(),
            ids: AtomicU64::new(1),
            first_poll: watch::Sender::new(None),
        });
        let mut serving = JoinSet::new();
        let answering = Arc::clone(&shared);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&answering)));
            }
        });
        Ok(Self { address, shared, _serving: serving })
    }

    /// When the process asked for an invocation for the first time; waits for it.
    pub(crate) async fn first_poll(&self) -> Result<Instant, Error> {
        let mut polled = self.shared.first_poll.subscribe();
        let polled = *polled.wait_for(Option::is_some).await?;
        polled.ok_or_else(|| "nobody polled".into())
    }

    /// What the process makes of an event.
    pub(crate) async fn invoke(&self, event: &Value) -> Outcome {
        let id = self.shared.ids.fetch_add(1, Ordering::Relaxed).to_string();
        let (answer, answered) = oneshot::channel();
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), answer);
        let invocation = Invocation { id, event: event.to_string().into() };
        self.shared.invocations.send(invocation).map_err(|error| error.to_string())?;
        answered.await.map_err(|error| error.to_string())?
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { shared.answer(request).await.map_err(|error| error.to_string()) }
    });
    // A process that was stopped leaves in the middle of asking for more: nothing to tell.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
        let path = request.uri().path().to_owned();
        let path = path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["invocation", "next"] if request.method() == Method::GET => self.next().await,
            ["invocation", id, outcome @ ("response" | "error")] => {
                let body = request.into_body().collect().await?.to_bytes();
                let outcome = match outcome {
                    "response" => serde_json::from_slice(&body).map_err(|error| error.to_string()),
                    _ => Err(String::from_utf8_lossy(&body).into_owned()),
                };
                let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
                if let Some(running) = running {
                    // Whoever asked may have gone.
                    let _ = running.send(outcome);
                }
                Ok(Response::builder().status(StatusCode::ACCEPTED).body(Full::default())?)
            }
            _ => Ok(Response::builder().status(StatusCode::NOT_FOUND).body(Full::default())?),
        }
    }

    async fn next(&self) -> Result<Response<Full<Bytes>>, Error> {
        self.first_poll.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert_with(Instant::now);
            is_first
        });
        let Invocation { id, event } = self.waiting.lock().await.recv().await.ok_or("no more invocations")?;
        let deadline = i128::from(local::Clock::default().millis()) + i128::try_from(DEADLINE.as_millis())?;
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:ap-northeast-1:000000000000:function:bench")
            .body(Full::new(event))?;
        Ok(answer)
    }
}
