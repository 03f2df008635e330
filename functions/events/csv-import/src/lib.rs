//! `csv-import`: turns customers' files into records. What wakes it, how a file is checked and applied, and what happens when it dies in between,
//! is drawn in `store::imports`.
//!
//! One queue brings four kinds of messages: that an object was created (from S3), that it may be somebody's turn, that a chunk of a plan is to be
//! applied (both from this job itself), and that a person has said whose a row is. Each is safe to be delivered twice.

mod apply;
mod check;
mod event;
mod faults;
mod kinds;
mod layouts;
mod records;
mod resolve;
mod source;
mod turn;
mod undo;
mod workbook;

use std::env;

use store::{Files, Queue, Store, process::NotStarted};

pub use event::handle;

/// What the job works with.
#[derive(Debug, Clone)]
pub struct Importer {
    /// The data.
    pub store: Store,
    /// The files.
    pub files: Files,
    /// Where it tells itself what is next.
    pub queue: Queue,
    /// The unique id of the role that programs drop files in: its sessions, and no others, are named after programs.
    pub drop_role: String,
    /// How it divides its work.
    pub limits: Limits,
}

/// How the job divides its work.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows of a chunk.
    pub chunk_rows: usize,
    /// Rows (of employees: transactions of several) that are being written at the same time, within one chunk.
    pub rows_in_flight: usize,
    /// Messages that are worked on at the same time.
    pub messages_in_flight: usize,
    /// The largest file, in bytes.
    pub largest_file: u64,
    /// The largest workbook, in bytes: it is unzipped in memory.
    pub largest_workbook: u64,
    /// The most rows of a file.
    pub most_rows: u64,
    /// For how long a dropped file waits for what it refers to, in seconds.
    pub reference_grace: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chunk_rows: 500,
            rows_in_flight: 32,
            messages_in_flight: 4,
            largest_file: 1 << 30,
            largest_workbook: 50 << 20,
            most_rows: 2_000_000,
            reference_grace: 30,
        }
    }
}

impl Limits {
    /// As the template says how much is in flight; the rest as usual.
    pub fn from_env() -> Result<Self, NotStarted> {
        let number = |name: &str, usual: usize| match env::var(name) {
            Err(_) => Ok(usual),
            Ok(text) => text.parse().ok().filter(|n| *n > 0).ok_or(NotStarted::Setting(name.to_owned())),
        };
        let usual = Self::default();
        Ok(Self {
            rows_in_flight: number("IMPORT_ROWS_IN_FLIGHT", usual.rows_in_flight)?,
            messages_in_flight: number("IMPORT_MESSAGES_IN_FLIGHT", usual.messages_in_flight)?,
            ..usual
        })
    }
}
