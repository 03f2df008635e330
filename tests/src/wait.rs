//! Waiting for something to become true, by asking. A deadline that is reached means that something is broken.

use std::task::Poll;
use std::time::{Duration, Instant};

/// How long a thing may take on a slow machine that does other things as well.
const DEADLINE: Duration = Duration::from_mins(2);
/// How long between two questions.
const INTERVAL: Duration = Duration::from_millis(50);

/// Asks until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < DEADLINE, "{what}: did not happen within {DEADLINE:?}");
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Does something until it was polled `polls` times, and drops it there, as a process that is killed would; nothing where it did not get to its end before.
pub async fn killed_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut left = polls;
    let mut working = Box::pin(work);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        working.as_mut().poll(context).map(Some)
    })
    .await
}

/// Fails when two things that should be the same differ, and shows how.
pub fn unchanged<T: PartialEq + std::fmt::Debug>(what: &str, before: &T, after: &T) {
    assert!(before == after, "{what} changed:\n  before {before:?}\n  after  {after:?}");
}
