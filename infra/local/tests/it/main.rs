//! The local cloud from outside: each service through AWS's own SDK, and what is left after the process died.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod gateway;
mod killed;
mod mails_and_keys;
mod objects;
mod queues;
mod support;
mod tables;
