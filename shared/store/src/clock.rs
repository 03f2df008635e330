//! The clock. Time is a parameter of everything below; here is where it comes from.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::time::Jst;

/// Tells the time: the system's, and nothing else wherever the service is deployed. Locally, and in tests, an offset brings the day of a purge
/// near without anybody waiting for it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_seconds: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that is moved by `offset_seconds`, which may change while it runs.
    #[must_use]
    pub fn moved_by(offset_seconds: Arc<AtomicI64>) -> Self {
        Self { offset_seconds: Some(offset_seconds) }
    }

    /// Whether it can be moved: never where the service is deployed.
    #[must_use]
    pub fn can_be_moved(&self) -> bool {
        self.offset_seconds.is_some()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Jst {
        #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
        let system = jiff::Timestamp::now();
        Jst(system).plus_seconds(self.offset_seconds.as_ref().map_or(0, |offset| offset.load(Ordering::Relaxed)))
    }
}
