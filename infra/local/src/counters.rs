//! How often each operation of each service was called, and what it would have cost.
//!
//! A benchmark driver takes a snapshot before and after and subtracts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// Calls of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    /// Answered calls, failures included.
    pub calls: u64,
    /// Answers with a status of 400 or more.
    pub errors: u64,
    /// `DynamoDB` read units, from answers to requests that set `ReturnConsumedCapacity`.
    pub read_units: f64,
    /// `DynamoDB` write units, likewise.
    pub write_units: f64,
}

/// The counters of one local cloud; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Mutex<BTreeMap<(&'static str, String), Count>>>);

/// Counters at one moment, by `service.Operation` (`dynamodb.PutItem`).
pub type Snapshot = BTreeMap<String, Count>;

impl Counters {
    /// Everything counted so far.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((service, operation), count)| (format!("{service}.{operation}"), *count)).collect()
    }

    /// One operation's count (`("dynamodb", "PutItem")`); zero when it was never called.
    #[must_use]
    pub fn of(&self, service: &str, operation: &str) -> Count {
        self.snapshot().get(&format!("{service}.{operation}")).copied().unwrap_or_default()
    }

    pub(crate) fn add(&self, service: &'static str, operation: &str, more: Count) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((service, operation.to_owned())).or_default();
        count.calls += more.calls;
        count.errors += more.errors;
        count.read_units += more.read_units;
        count.write_units += more.write_units;
    }

    pub(crate) fn called(&self, service: &'static str, operation: &str, failed: bool) {
        self.add(service, operation, Count { calls: 1, errors: u64::from(failed), ..Count::default() });
    }
}
