//! Queue → function: batches, partial failures, bounded concurrency.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{BatchOutcome, backoff, batch_outcome};
use crate::REGION;
use crate::cloud::sqs::{self, Message, Sqs};
use crate::function::Deployed;

/// An event source mapping of a queue.
#[derive(Clone, Debug)]
pub struct QueueMapping {
    queue: String,
    function: Deployed,
    batch_size: usize,
    concurrency: usize,
    retry_after: Option<Duration>,
}

impl QueueMapping {
    /// Ten messages a batch, two batches at a time.
    #[must_use]
    pub fn new(queue: impl Into<String>, function: Deployed) -> Self {
        Self { queue: queue.into(), function, batch_size: 10, concurrency: 2, retry_after: None }
    }

    /// How many messages one invocation gets at most.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size: batch_size.max(1), ..self }
    }

    /// How many invocations run at a time (`ScalingConfig.MaximumConcurrency`).
    #[must_use]
    pub fn concurrency(self, concurrency: usize) -> Self {
        Self { concurrency: concurrency.max(1), ..self }
    }

    /// Brings failed messages back sooner than the queue's visibility timeout would: for people who wait at a laptop.
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        Self { retry_after: Some(delay), ..self }
    }

    pub(super) async fn run(self, sqs: Sqs) {
        let slots = Arc::new(Semaphore::new(self.concurrency));
        let mut running = JoinSet::new();
        let mut changed = sqs.changed();
        let mut failures = 0;
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            while running.try_join_next().is_some() {}
            changed.mark_unchanged();
            match sqs.receive(&self.queue, self.batch_size, None) {
                Ok(batch) if batch.is_empty() => {
                    failures = 0;
                    drop(slot);
                    let back = sqs.next_visible_in(&self.queue).ok().flatten();
                    // Hidden messages come back at a known time; anything else announces itself.
                    let back = back.unwrap_or(Duration::from_mins(1)).max(Duration::from_millis(1));
                    tokio::select! {
                        _ = changed.changed() => {}
                        () = tokio::time::sleep(back) => {}
                    }
                }
                Ok(batch) => {
                    let (mapping, sqs) = (self.clone(), sqs.clone());
                    running.spawn(async move {
                        mapping.deliver(&sqs, batch).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(queue = self.queue, %error, "receiving failed");
                    tokio::time::sleep(backoff(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    async fn deliver(&self, sqs: &Sqs, batch: Vec<Message>) {
        let records: Vec<Value> = batch.iter().map(|message| self.record(message)).collect();
        let outcome = match self.function.invoke(json!({ "Records": records })).await {
            Ok(answer) => batch_outcome(&answer, &batch.iter().map(|message| message.id.as_str())),
            Err(_) => BatchOutcome::AllFailed,
        };
        for message in batch {
            let failed = match &outcome {
                BatchOutcome::AllFailed => true,
                BatchOutcome::Failed(ids) => ids.contains(&message.id),
            };
            let settled = match (failed, self.retry_after) {
                (false, _) => sqs.delete(&self.queue, &message.receipt),
                (true, Some(delay)) => sqs.change_visibility(&self.queue, &message.receipt, delay),
                (true, None) => Ok(true),
            };
            if let Err(error) = settled {
                tracing::warn!(queue = self.queue, %error, "a message will be delivered again");
            }
        }
    }

    fn record(&self, message: &Message) -> Value {
        json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": crate::cloud::sqs_attributes(message),
            "messageAttributes": lambda_attributes(&message.attributes),
            "md5OfBody": sqs::md5_hex(&message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": sqs::arn(&self.queue),
            "awsRegion": REGION,
        })
    }
}

/// SQS says `StringValue`, Lambda says `stringValue`.
fn lambda_attributes(attributes: &Value) -> Value {
    let lowered = attributes.as_object().into_iter().flatten().map(|(name, attribute)| {
        let fields = attribute.as_object().into_iter().flatten().map(|(field, value)| {
            let mut letters = field.chars();
            let field = letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default();
            (field, value.clone())
        });
        (name.clone(), Value::Object(fields.collect()))
    });
    Value::Object(lowered.collect())
}
