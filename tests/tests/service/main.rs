//! The service from outside. One binary, so that it is linked once; a module per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what fails here fails a test")]

mod accounts;
mod accounts_import;
mod architecture;
mod checkups;
mod clients;
mod contracts;
mod conventions;
mod employees;
mod imports;
mod isolation;
mod leavers;
mod lockout;
mod mails;
mod matrix;
mod operations;
mod operators;
mod passwords;
mod purge;
mod rates;
mod restart;
mod scope;
mod second_factor;
mod security_docs;
mod sign_in;
mod signing_keys;
mod stress_check_alone;
