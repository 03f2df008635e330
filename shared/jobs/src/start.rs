//! Start-up of a function that nobody calls, and its loop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use authz::Origin;
use aws_config::SdkConfig;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use store::{
    Clock, Error, Store, logs,
    process::{NotStarted, config, is_local},
};
use tracing::Instrument as _;

/// What every job starts with.
#[derive(Debug)]
pub struct Process {
    /// The one AWS configuration: clients of the job's own are made from it.
    pub config: SdkConfig,
    /// The data.
    pub store: Store,
}

/// Starts the process: configuration, logs, store.
pub async fn start() -> Result<Process, NotStarted> {
    let config = config().await?;
    let clock = if is_local() { Clock::moved_by(Arc::default()) } else { Clock::system() };
    logs::start(clock.clone());
    let store = Store::from_env(&config, clock)?;
    Ok(Process { config, store })
}

/// What Lambda tells a job beside the event.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Which invocation; goes into the audit trail.
    pub origin: Origin,
    deadline: Instant,
}

impl Invocation {
    /// The invocation with this id, which is stopped after `time`.
    #[must_use]
    pub fn new(request_id: String, time: Duration) -> Self {
        Self { origin: Origin { address: None, request_id }, deadline: Instant::now() + time }
    }

    /// How much time is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// Runs a job as a Lambda function: an event in, an answer out.
pub async fn run<H, F>(clock: &Clock, handle: H) -> Result<(), lambda_runtime::Error>
where
    H: Fn(Value, Invocation) -> F,
    F: Future<Output = Result<Value, Error>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let request_id = event.context.request_id;
        let time = event.context.deadline.saturating_sub(clock.now().epoch_millis());
        let span = tracing::info_span!("invocation", request_id);
        let invocation = Invocation::new(request_id, Duration::from_millis(time));
        async move {
            let answer = handle(event.payload, invocation).await;
            answer.map_err(|error| {
                tracing::error!(%error, "the invocation failed");
                lambda_runtime::Error::from(error)
            })
        }
        .instrument(span)
    }))
    .await
}
