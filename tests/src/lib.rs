//! The service from outside, over HTTP, S3 and schedules: a [`World`] is a running service, a [`Tenant`] is a customer in
//! it, an [`Actor`] is somebody who asks. Nothing here reaches into the service where a caller could not, except for what
//! says so.
//!
//! All worlds live on one runtime ([`run`]), because connections belong to the runtime that opened them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "for tests alone: what fails here fails a test"
)]

mod actor;
mod hand;
pub mod imports;
pub mod logs;
mod pdf;
mod program;
pub mod stress_scores;
mod wait;
pub mod workbook;
mod world;

use std::sync::LazyLock;

pub use actor::{Actor, anonymous, code_at, codes, etag, problem};
pub use hand::Hand;
pub use local::client::Answer;
pub use pdf::pdf_text;
pub use program::{Program, s3_session};
pub use wait::{eventually, killed_after, unchanged};
pub use world::{Tenant, World};

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"));

/// Runs a test.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    logs::watch();
    let outcome = RUNTIME.block_on(test);
    logs::nothing_leaked();
    outcome
}

/// Runs something beside the test.
pub fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    RUNTIME.spawn(task)
}
