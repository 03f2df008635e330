//! The whole cloud on a laptop, in one process: `DynamoDB`, S3, KMS, SES, SQS, API Gateway, event source mappings and
//! schedules, good enough that the functions do not know the difference. Never deployed.
//!
//! [`Cloud`] starts the services and says where they listen; [`gateway`] turns HTTP into API Gateway events;
//! [`triggers`] turns queues, streams and schedules into the other events. Functions are plugged in as
//! [`function::Function`]s. [`Service`] is all of it with the service's own functions. Everything is kept in one data
//! directory and survives kill -9, or lives in memory.

pub mod args;
pub mod client;
pub mod clock;
pub mod cloud;
pub mod counters;
mod database;
pub mod documents;
pub mod doors;
pub mod function;
pub mod gateway;
mod serve;
pub mod service;
pub mod triggers;

pub use clock::Clock;
pub use cloud::{Cloud, Options};
pub use function::{Deployed, Function, InvocationContext};
pub use service::{Service, ServiceOptions};

/// The only region of the service.
pub const REGION: &str = "ap-northeast-1";
/// The account of everything local.
pub const ACCOUNT: &str = "000000000000";

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What can keep the local cloud from starting or working.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a socket.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The local state's database.
    #[error("local state: {0}")]
    Database(#[from] rusqlite::Error),
    /// The tables.
    #[error("DynamoDB: {0}")]
    DynamoDb(String),
    /// Something that should be JSON.
    #[error("JSON: {0}")]
    Json(String),
    /// A setting or a file that makes no sense.
    #[error("{0}")]
    Config(String),
    /// The service's own code, while it was being set up.
    #[error("setting up: {0}")]
    Service(String),
}

impl Error {
    pub(crate) fn io(what: &'static str, source: std::io::Error) -> Self {
        Self::Io { what, source }
    }

    #[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
    pub(crate) fn dynamodb(error: dynoxide::DynoxideError) -> Self {
        Self::DynamoDb(error.to_string())
    }

    pub(crate) fn of_service(error: impl std::fmt::Display) -> Self {
        Self::Service(error.to_string())
    }

    #[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
    pub(crate) fn json(error: serde_json::Error) -> Self {
        Self::Json(error.to_string())
    }
}
