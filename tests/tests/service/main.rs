//! The service from outside. One binary, so that it is linked once; a module per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what fails here fails a test")]

mod access_log;
mod accounts;
mod accounts_import;
mod announcements;
mod architecture;
mod attacks;
mod checkups;
mod clients;
mod contracts;
mod controls;
mod conventions;
mod employees;
mod imports;
mod incidents;
mod isolation;
mod leavers;
mod lockout;
mod log_requests;
mod mails;
mod matrix;
mod operations;
mod operators;
mod passwords;
mod purge;
mod rates;
mod restart;
mod retention;
mod scope;
mod second_factor;
mod security_docs;
mod sign_in;
mod signing_keys;
mod stress_check_alone;
mod trail;
