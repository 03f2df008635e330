//! The import job by hand: a world in which nothing wakes it, and a test that delivers each message itself, in the order
//! and as often as it likes.

use csv_import::{Importer, Limits};
use local::ServiceOptions;
use local::cloud::sqs::Message;
use local::cloud::sts::role_id;
use local::service::{DROP_ROLE, IMPORTS_QUEUE};
use serde_json::{Value, json};

use crate::wait::killed_after;
use crate::world::World;

/// The job and its queue.
#[derive(Debug)]
pub struct Hand {
    world: World,
    importer: Importer,
}

impl Hand {
    /// A world of one's own whose import job is this hand.
    pub async fn start(limits: Limits) -> Self {
        let world = World::start(ServiceOptions { wake_jobs: false, ..ServiceOptions::ephemeral() }).await;
        let service = world.service();
        let clients = service.clients().of_function(service.cloud(), "csv-import");
        let store = clients.store(service.store().clock().clone()).expect("a store");
        let (files, queue) = (clients.files(), clients.queue(service.cloud().queue_url(IMPORTS_QUEUE)));
        let drop_role = role_id(DROP_ROLE);
        let importer = Importer { store, files, queue, drop_role, limits };
        Self { world, importer }
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The next message, taken out of the queue; none when none is due.
    #[must_use]
    pub fn next(&self) -> Option<Value> {
        let sqs = self.world.service().cloud().sqs();
        let message: Message = sqs.receive(IMPORTS_QUEUE, 1, None).expect("the queue").pop()?;
        assert!(sqs.delete(IMPORTS_QUEUE, &message.receipt).expect("the queue"));
        Some(json!({ "Records": [{
            "messageId": message.id, "body": message.body, "attributes": { "ApproximateReceiveCount": "1" },
        }]}))
    }

    /// Delivers a message, as Lambda would.
    pub async fn deliver(&self, event: &Value) {
        let answer = csv_import::handle(&self.importer, event.clone()).await.expect("an answer");
        assert_eq!(answer, json!({ "batchItemFailures": [] }), "{event}");
    }

    /// Delivers a message that was delivered before, for the `time`th time; what the job answers.
    pub async fn deliver_for_the(&self, time: u32, event: &Value) -> Value {
        let mut event = event.clone();
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!(time.to_string());
        csv_import::handle(&self.importer, event).await.expect("an answer")
    }

    /// Delivers a message to a job that dies after it was polled `polls` times; whether it got to its end before.
    pub async fn deliver_and_die(&self, event: &Value, polls: usize) -> bool {
        killed_after(polls, csv_import::handle(&self.importer, event.clone())).await.is_some()
    }

    /// Delivers messages until one comes that hands out a chunk of a plan: those of all chunks.
    pub async fn until_chunks(&self) -> Vec<Value> {
        let mut chunks = Vec::new();
        while let Some(event) = self.next() {
            let body = event["Records"][0]["body"].as_str().expect("a body").to_owned();
            if body.contains("\"task\":\"apply\"") {
                chunks.push(event);
            } else if chunks.is_empty() {
                self.deliver(&event).await;
            }
        }
        assert!(!chunks.is_empty(), "nothing is to be applied");
        chunks
    }

    /// Delivers everything that is due, and everything that follows from it.
    pub async fn settle(&self) {
        while let Some(event) = self.next() {
            self.deliver(&event).await;
        }
    }
}
