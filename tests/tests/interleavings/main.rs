//! Several people at once, in every order: what a login's lock, a session, a second factor and the list of administrators hold must hold however the requests of
//! parallel actors fall between one another.
//!
//! Each file here is one machine: a small model of it, what actors do, and how each request that was let through moves the model. 1,000 cases of each are
//! played, or as many as `INTERLEAVINGS` says; what fails is shrunk, and printed with its schedule.
//!
//! `purge` is of another kind: there a job is killed at any of its requests, and run again; 500 cases, or as many as `PURGES` says.
#![expect(clippy::expect_used, clippy::panic, reason = "what fails here fails a test")]

mod administrators;
mod fate;
mod gate;
mod leavings;
mod link;
mod lockout;
mod purge;
mod second_factor;
mod session;
mod stage;
