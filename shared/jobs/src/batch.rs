//! Batches: every record for itself, some at a time, and an answer that says which ones must come again (`ReportBatchItemFailures`).

use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use store::{Error, logs::metrics};

/// Works on the records of a batch, each with the id that its source knows it by, `in_flight` at a time. `work` says in one word what became of a record; what it fails
/// on is delivered again. One line per record and one, with metrics, per batch.
pub async fn each<R, W, F>(
    function: &'static str,
    records: impl IntoIterator<Item = (String, R)>,
    in_flight: usize,
    work: W,
) -> Value
where
    W: Fn(R) -> F,
    F: Future<Output = Result<&'static str, Error>>,
{
    let started = Instant::now();
    let outcomes: Vec<_> = stream::iter(records)
        .map(|(id, record)| {
            let working = work(record);
            async move { (id, working.await) }
        })
        .buffer_unordered(in_flight.max(1))
        .collect()
        .await;
    let mut failures = Vec::new();
    for (id, outcome) in &outcomes {
        match outcome {
            Ok(outcome) => tracing::info!(function, record = id, outcome, "record"),
            Err(error) => {
                tracing::error!(function, record = id, outcome = "failed", %error, "record");
                failures.push(json!({ "itemIdentifier": id }));
            }
        }
    }
    tracing::info!(
        target: "batch",
        function, records = outcomes.len(), failed = failures.len(), latency = started.elapsed().as_secs_f64() * 1_000.0,
        _aws = %metrics(&[("records", "Count"), ("failed", "Count"), ("latency", "Milliseconds")]),
    );
    json!({ "batchItemFailures": failures })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn only_what_failed_comes_again() {
        let records = (0..7).map(|n| (n.to_string(), n));
        let answer =
            each("test", records, 3, async |n| if n % 3 == 2 { Err(Error::NotFound) } else { Ok("done") }).await;
        let mut failed: Vec<_> = answer["batchItemFailures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["itemIdentifier"].as_str().unwrap())
            .collect();
        failed.sort_unstable();
        assert_eq!(failed, ["2", "5"]);
    }

    #[tokio::test]
    async fn no_more_are_worked_on_at_a_time_than_was_said() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        each("test", (0..20).map(|n| (n.to_string(), n)), 4, async |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok("done")
        })
        .await;
        assert_eq!(most.load(Ordering::SeqCst), 4);
    }
}
