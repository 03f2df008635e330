//! The gate: every request to `DynamoDB` that somebody on the stage makes waits here, and a schedule says which of the waiting ones is next. It runs to its
//! end, and so does everything that follows from it until all wait again; then comes the next. So an interleaving is a list of numbers.
//!
//! Whether all wait is told by tokio's paused clock: it moves on by itself only when nothing else is left to do. The tables answer on the spot, without a socket in
//! between: that is most of what a request costs.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use futures_util::future::join_all;
use local::Cloud;
use tokio::sync::oneshot;

/// More turns than any case takes.
const MOST_TURNS: usize = 10_000;

tokio::task_local! {
    /// Which of the actors on the stage it is.
    static ACTOR: usize;
}

/// What somebody does on the stage.
pub type Act<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What came of an act: its outcome, and the requests that it made, in the order in which they were let through.
#[derive(Debug)]
pub struct Done<T> {
    pub outcome: T,
    pub requests: Vec<Passed>,
}

/// A request that was let through.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// Its place among all requests of the case; the beginning of an act has a place, too.
    pub at: usize,
    pub request: Request,
    /// Whether it was done; otherwise its condition failed.
    pub good: bool,
}

/// What waits at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// An act begins.
    Begin,
    /// Reads.
    Read,
    /// `UpdateItem`.
    Update,
    /// `PutItem`.
    Put,
    /// `TransactWriteItems`.
    Transact,
}

impl<T> Done<T> {
    /// From its beginning to its last request.
    pub fn lasted(&self) -> std::ops::RangeInclusive<usize> {
        let at = |passed: Option<&Passed>| passed.map_or(0, |passed| passed.at);
        at(self.requests.first())..=at(self.requests.last())
    }
}

/// All requests of all acts in their order, each with the actor who made it.
pub fn in_order<T>(done: &[Done<T>]) -> Vec<(usize, Passed)> {
    let all =
        done.iter().enumerate().flat_map(|(actor, done)| done.requests.iter().map(move |passed| (actor, *passed)));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(_, passed)| passed.at);
    all
}

/// The gate. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    passed: Vec<(usize, Passed)>,
}

#[derive(Debug)]
struct Waiting {
    actor: usize,
    request: Request,
    open: oneshot::Sender<usize>,
}

impl Gate {
    /// The same client with this gate before it, and the tables right behind it.
    pub fn before(&self, client: &Client, cloud: &Arc<Cloud>) -> Client {
        let behind = aws_smithy_http_client::Builder::new().build_http();
        let (gate, cloud) = (self.clone(), Arc::clone(cloud));
        let connectors = http_client_fn(move |settings, components| {
            let behind = behind.http_connector(settings, components);
            SharedHttpConnector::new(Connector { behind, gate: gate.clone(), cloud: Arc::clone(&cloud) })
        });
        Client::from_conf(client.config().to_builder().http_client(connectors).build())
    }

    /// Plays all acts at once; `schedule` says which of the waiting requests is next, and it is the first actor's where it says nothing any more.
    pub fn interleave<T>(&self, schedule: &[u8], acts: Vec<Act<'_, T>>) -> Vec<Done<T>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let outcomes = runtime.expect("a runtime").block_on(async {
            let acts = acts.into_iter().enumerate().map(|(actor, act)| {
                ACTOR.scope(actor, async {
                    let place = self.pass(Request::Begin).await;
                    self.came_to(place, true);
                    act.await
                })
            });
            tokio::select! {
                biased;
                outcomes = join_all(acts) => outcomes,
                () = self.let_through(schedule) => panic!("the acts do not end"),
            }
        });
        let passed = std::mem::take(&mut self.state().passed);
        let done = outcomes.into_iter().enumerate().map(|(actor, outcome)| {
            let requests = passed.iter().filter(|(of, _)| *of == actor).map(|(_, passed)| *passed).collect();
            Done { outcome, requests }
        });
        done.collect()
    }

    async fn let_through(&self, schedule: &[u8]) {
        let mut choices = schedule.iter();
        for _ in 0..MOST_TURNS {
            // Ends when everybody waits: here, or for a time after which a transaction is tried again.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let mut state = self.state();
            if state.waiting.is_empty() {
                continue;
            }
            state.waiting.sort_by_key(|waiting| waiting.actor);
            let next = choices.next().map_or(0, |choice| usize::from(*choice) % state.waiting.len());
            let Waiting { actor, request, open } = state.waiting.remove(next);
            let at = state.passed.len();
            state.passed.push((actor, Passed { at, request, good: false }));
            open.send(at).expect("whoever waits does so until the gate opens");
        }
    }

    /// Waits until it is this actor's turn; the request's place.
    async fn pass(&self, request: Request) -> usize {
        let (open, opened) = oneshot::channel();
        self.state().waiting.push(Waiting { actor: ACTOR.get(), request, open });
        opened.await.expect("the gate opens for everybody")
    }

    fn came_to(&self, place: usize, good: bool) {
        self.state().passed[place].1.good = good;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("the gate")
    }
}

/// What the client sends its requests through.
#[derive(Debug)]
struct Connector {
    /// For what the tables answer at their endpoint alone.
    behind: SharedHttpConnector,
    gate: Gate,
    cloud: Arc<Cloud>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        if ACTOR.try_with(|_| ()).is_err() {
            return match self.cloud.tables_answer(&operation, request.body().bytes().unwrap_or_default()) {
                Some(answer) => HttpConnectorFuture::ready(response(answer)),
                None => self.behind.call(request),
            };
        }
        let (gate, cloud) = (self.gate.clone(), Arc::clone(&self.cloud));
        HttpConnectorFuture::new(async move {
            let place = gate.pass(kind(&operation)).await;
            let answer = cloud.tables_answer(&operation, request.body().bytes().unwrap_or_default());
            let answer = response(answer.expect("what passes the gate is answered"))?;
            gate.came_to(place, answer.status().is_success());
            Ok(answer)
        })
    }
}

fn response((status, body): (u16, Vec<u8>)) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(body)))
}

fn kind(operation: &str) -> Request {
    match operation {
        "GetItem" | "BatchGetItem" | "Query" => Request::Read,
        "UpdateItem" => Request::Update,
        "PutItem" => Request::Put,
        "TransactWriteItems" => Request::Transact,
        other => panic!("{other} is new on this stage"),
    }
}
