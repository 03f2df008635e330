//! What the local cloud calls: a Lambda function, as something that takes an event and gives an answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use crate::clock;

/// What Lambda tells a function beside the event.
#[derive(Clone, Debug)]
pub struct InvocationContext {
    /// The function's name, as in the template (`EmployeesFunction`).
    pub function_name: String,
    /// This invocation's id.
    pub request_id: String,
    /// When the invocation is given up, by the machine's clock.
    pub deadline: SystemTime,
}

/// A function. Closures `Fn(Value, InvocationContext) -> impl Future<Output = Result<Value, String>>` are functions.
pub trait Function: Send + Sync {
    /// Handles one event. An error is what Lambda calls a function error; its text may be logged.
    fn invoke(&self, event: Value, context: InvocationContext) -> BoxFuture<'static, Result<Value, String>>;
}

impl<F, Answer> Function for F
where
    F: Fn(Value, InvocationContext) -> Answer + Send + Sync,
    Answer: Future<Output = Result<Value, String>> + Send + 'static,
{
    fn invoke(&self, event: Value, context: InvocationContext) -> BoxFuture<'static, Result<Value, String>> {
        self(event, context).boxed()
    }
}

/// Why an invocation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// The function answered with an error.
    #[error("the function failed: {0}")]
    Failed(String),
    /// The function panicked.
    #[error("the function panicked: {0}")]
    Panicked(String),
    /// The function did not answer in time and was stopped.
    #[error("the function did not answer within {0:?}")]
    TimedOut(Duration),
}

/// A function with its name and time limit, ready to be called.
#[derive(Clone)]
pub struct Deployed {
    /// The name under which templates and `gateway.json` know it.
    pub name: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    function: Arc<dyn Function>,
}

impl std::fmt::Debug for Deployed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployed").field("name", &self.name).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Deployed {
    /// A function under a name.
    pub fn new(name: impl Into<String>, timeout: Duration, function: impl Function + 'static) -> Self {
        Self { name: name.into(), timeout, function: Arc::new(function) }
    }

    /// Calls it, stops it at its time limit, and survives its panics (where the build unwinds).
    pub async fn invoke(&self, event: Value) -> Result<Value, InvocationError> {
        let context = InvocationContext {
            function_name: self.name.clone(),
            request_id: Uuid::new_v4().to_string(),
            deadline: clock::system_now() + self.timeout,
        };
        let function = Arc::clone(&self.function);
        let running = AssertUnwindSafe(async move { function.invoke(event, context).await }).catch_unwind();
        let outcome = match tokio::time::timeout(self.timeout, running).await {
            Err(_) => Err(InvocationError::TimedOut(self.timeout)),
            Ok(Err(panic)) => Err(InvocationError::Panicked(panic_text(panic.as_ref()))),
            Ok(Ok(Err(error))) => Err(InvocationError::Failed(error)),
            Ok(Ok(Ok(answer))) => Ok(answer),
        };
        if let Err(error) = &outcome {
            tracing::warn!(function = self.name, %error, "invocation failed");
        }
        outcome
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
