//! What time it is in the local cloud: the system's clock plus an offset that a tester may change.
//!
//! The offset moves what a *reader* of the clock would notice: object times, presigned addresses, request times,
//! schedules. It does not move queues' visibility or a function's time limit, which are durations of the real machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// A clock that can be moved. Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// A clock over an offset (in seconds) that somebody else may hold as well, for instance the functions' own clock.
    #[must_use]
    pub fn shared(offset_seconds: Arc<AtomicI64>) -> Self {
        Self { offset_seconds }
    }

    /// Now, moved by the offset.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let offset = self.offset();
        let shift = Duration::from_secs(offset.unsigned_abs());
        let now = system_now();
        if offset < 0 { now.checked_sub(shift).unwrap_or(UNIX_EPOCH) } else { now.checked_add(shift).unwrap_or(now) }
    }

    /// Now, as a timestamp.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        Timestamp::try_from(self.now()).unwrap_or(Timestamp::MAX)
    }

    /// Milliseconds since 1970, moved by the offset.
    #[must_use]
    pub fn millis(&self) -> i64 {
        millis_of(self.now())
    }

    /// The offset from the system's clock, in seconds.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset_seconds.load(Ordering::Relaxed)
    }

    /// Sets the offset from the system's clock, in seconds.
    pub fn set_offset(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }

    /// Moves the clock so that it reads `at` now.
    pub fn set(&self, at: Timestamp) {
        self.set_offset(at.as_second() - millis_of(system_now()) / 1000);
    }
}

/// The machine's own clock, which no tester moves: for durations and for signatures of clients that live outside.
#[expect(clippy::disallowed_methods, reason = "the local cloud is where time comes from; everybody else asks `Clock`")]
pub(crate) fn system_now() -> SystemTime {
    SystemTime::now()
}

/// Milliseconds since 1970 by the machine's own clock.
pub(crate) fn system_millis() -> i64 {
    millis_of(system_now())
}

fn millis_of(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
