//! Work that is handed on through SQS: what the import job tells itself.

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use domain::ids::{DiscrepancyId, ImportId, TenantId};
use serde::{Deserialize, Serialize};

use crate::{Error, db::failed};

/// The schema of messages: a message can reach a function of another version.
const SCHEMA: u8 = 1;
/// How many messages one request takes.
const BATCH: usize = 10;

/// A message to the import job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// See whose turn it is in this tenant, and go on.
    Turn {
        /// The schema of the message.
        schema: u8,
        /// Whose.
        tenant: TenantId,
    },
    /// Apply a chunk of an import's plan.
    Apply {
        /// The schema of the message.
        schema: u8,
        /// Whose.
        tenant: TenantId,
        /// The import.
        import: ImportId,
        /// The chunk's number.
        chunk: u32,
    },
    /// Apply a row that a person has given to an employee.
    Resolve {
        /// The schema of the message.
        schema: u8,
        /// Whose.
        tenant: TenantId,
        /// The import.
        import: ImportId,
        /// The row.
        discrepancy: DiscrepancyId,
    },
}

impl Task {
    /// Whether this version of the code understands it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Turn { schema, .. } | Self::Apply { schema, .. } | Self::Resolve { schema, .. } if *schema == SCHEMA)
    }
}

/// The queue of the import job.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Has somebody look whose turn it is, in `delay` seconds (900 at most).
    pub async fn turn(&self, tenant: TenantId, delay: u16) -> Result<(), Error> {
        let body = serde_json::to_string(&Task::Turn { schema: SCHEMA, tenant })?;
        let request =
            self.client.send_message().queue_url(&self.url).message_body(body).delay_seconds(i32::from(delay.min(900)));
        Box::pin(request.send()).await.map_err(failed("SendMessage"))?;
        Ok(())
    }

    /// Has a row applied that a person has given to an employee.
    pub async fn resolve(&self, tenant: TenantId, import: ImportId, discrepancy: DiscrepancyId) -> Result<(), Error> {
        let body = serde_json::to_string(&Task::Resolve { schema: SCHEMA, tenant, import, discrepancy })?;
        Box::pin(self.client.send_message().queue_url(&self.url).message_body(body).send())
            .await
            .map_err(failed("SendMessage"))?;
        Ok(())
    }

    /// Has chunks applied.
    pub async fn apply(&self, tenant: TenantId, import: ImportId, chunks: &[u32]) -> Result<(), Error> {
        for batch in chunks.chunks(BATCH) {
            let mut request = self.client.send_message_batch().queue_url(&self.url);
            for chunk in batch {
                let body = serde_json::to_string(&Task::Apply { schema: SCHEMA, tenant, import, chunk: *chunk })?;
                let entry = SendMessageBatchRequestEntry::builder().id(chunk.to_string()).message_body(body).build();
                request = request.entries(entry.map_err(|error| Error::Internal(error.to_string()))?);
            }
            let answer = Box::pin(request.send()).await.map_err(failed("SendMessageBatch"))?;
            if !answer.failed().is_empty() {
                return Err(Error::Unavailable("SendMessageBatch left messages unsent".to_owned()));
            }
        }
        Ok(())
    }
}
