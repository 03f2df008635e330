//! The service's functions as they are deployed: binaries in processes of their own, fed by a Runtime API each, with a
//! local cloud for everything that they call.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use endpoint::openapi::logical_name;
use local::{Cloud, Deployed};
use serde_json::Value;

use crate::Error;
use crate::process::{self, CpuTime};
use crate::runtime_api::{Outcome, RuntimeApi};

/// How long a process may take to ask for its first invocation.
const START: Duration = Duration::from_secs(30);
/// How long the largest check may take on the slowest machine.
const INVOCATION: Duration = Duration::from_hours(1);

/// The checkout's folder.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Functions under `functions/api` or `functions/events`, by name.
pub(crate) fn names(kind: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for folder in std::fs::read_dir(root().join("functions").join(kind))? {
        let folder = folder?;
        if folder.path().join("Cargo.toml").exists() {
            names.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The example of a function in `events/`.
pub(crate) fn example(name: &str) -> Result<Value, Error> {
    let file = root().join("events").join(format!("{name}.json"));
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

/// A function's binary; an error says how to build it.
pub(crate) fn binary(binaries: &Path, name: &str) -> Result<PathBuf, Error> {
    let file = binaries.join(name);
    if file.exists() {
        Ok(file)
    } else {
        Err(format!("{} is not there: build the functions first", file.display()).into())
    }
}

/// What the templates put into the functions' environment, for this cloud.
pub(crate) fn environment(cloud: &Cloud) -> Vec<(&'static str, String)> {
    use local::service::{IMPORTS_BUCKET, IMPORTS_QUEUE, LEDGER_BUCKET};
    let mut environment = cloud.environment();
    let fixed = [
        ("TABLE_RECORDS", "records"),
        ("TABLE_NAMES", "names"),
        ("TABLE_KEYS", "keys"),
        ("TABLE_AUDIT", "audit"),
        ("CMK_RECORDS", "alias/records"),
        ("CMK_NAMES", "alias/names"),
        ("CMK_PLATFORM", "alias/platform"),
        ("LEDGER_BUCKET", LEDGER_BUCKET),
        ("BUCKET_IMPORTS", IMPORTS_BUCKET),
        ("SUPPORT_MAIL", "support@ailes-plus.example"),
        ("SUPPORT_PHONE", "050-0000-0000"),
        ("SUPPORT_HOURS", "平日 9:00〜17:00"),
        ("MAIL_FROM", "no-reply@ailes-plus.example"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ];
    environment.extend(fixed.map(|(name, value)| (name, value.to_owned())));
    environment.push(("QUEUE_IMPORTS_URL", cloud.queue_url(IMPORTS_QUEUE)));
    environment
}

/// A function in a process. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    api: RuntimeApi,
    started: Instant,
}

impl Running {
    /// Starts a function's process with nothing but this environment.
    pub(crate) async fn start(
        binaries: &Path,
        name: &str,
        environment: &[(&'static str, String)],
    ) -> Result<Self, Error> {
        let binary = binary(binaries, name)?;
        let api = RuntimeApi::start().await?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let started = Instant::now();
        Ok(Self { name: name.to_owned(), child: command.spawn()?, api, started })
    }

    /// How long it took from the process's start to the first poll of the Runtime API.
    pub(crate) async fn to_first_poll(&self) -> Result<Duration, Error> {
        match tokio::time::timeout(START, self.api.first_poll()).await {
            Ok(polled) => Ok(polled?.duration_since(self.started)),
            Err(_) => Err(format!("{} did not ask for an invocation within {START:?}", self.name).into()),
        }
    }

    /// Time since the process's start.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// What it makes of an event.
    pub(crate) async fn invoke(&self, event: &Value) -> Outcome {
        let answer = tokio::time::timeout(INVOCATION, self.api.invoke(event)).await;
        answer.unwrap_or_else(|_| Err(format!("no answer within {INVOCATION:?}")))
    }

    /// CPU time so far.
    pub(crate) fn cpu_time(&self) -> Result<CpuTime, Error> {
        CpuTime::of(self.child.id())
    }

    /// The most memory that it has had so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64, Error> {
        process::peak_memory(self.child.id())
    }

    /// The function as the gateway and the triggers of a local cloud call it. They do not keep it running.
    pub(crate) fn deployed(self: &Arc<Self>) -> Deployed {
        let running = Arc::downgrade(self);
        Deployed::new(logical_name(&self.name), INVOCATION, move |event: Value, _| {
            let running = Weak::upgrade(&running);
            async move {
                match running {
                    Some(running) => running.invoke(&event).await,
                    None => Err("the process was ended".to_owned()),
                }
            }
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended by itself needs no more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
