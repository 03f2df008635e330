//! What nobody calls: the event handlers, each with what wakes it, as `infra/functions-events.yaml` deploys them.

use std::time::Duration;

use csv_import::Importer;
use jobs::Invocation;
use mail_delivery::MailDelivery;
use retention_purge::RetentionPurge;
use serde_json::Value;
use store::Error as StoreError;
use tracing::Instrument as _;

use super::IMPORTS_QUEUE;
use crate::Error;
use crate::function::{Deployed, InvocationContext};
use crate::triggers::{Filter, QueueMapping, Schedule, StreamMapping};

/// The function's own code under its name, told what Lambda would tell it.
fn deployed<J, H, F>(name: &'static str, timeout: Duration, job: J, handle: H) -> Deployed
where
    J: Clone + Send + Sync + 'static,
    H: Fn(J, Value, Invocation) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Value, StoreError>> + Send + 'static,
{
    let function = move |event: Value, context: InvocationContext| {
        let span = tracing::info_span!("invocation", request_id = context.request_id);
        let answering = handle(job.clone(), event, Invocation::new(context.request_id, timeout));
        async move {
            answering.await.map_err(|error| {
                tracing::error!(%error, "the invocation failed");
                error.to_string()
            })
        }
        .instrument(span)
    };
    Deployed::new(endpoint::openapi::logical_name(name), timeout, function)
}

/// `csv-import`: 300 seconds, batches of four.
pub(super) fn csv_import(importer: Importer) -> QueueMapping {
    let handle = |importer: Importer, event, _| async move { csv_import::handle(&importer, event).await };
    let deployed = deployed("csv-import", Duration::from_mins(5), importer, handle);
    // What failed comes back within seconds: somebody waits at the laptop.
    QueueMapping::new(IMPORTS_QUEUE, deployed).batch_size(4).concurrency(2).retry_after(Duration::from_secs(2))
}

/// `mail-delivery`: new mails by the stream, and what is left behind by the schedule.
pub(super) fn mail_delivery(job: MailDelivery) -> Result<(StreamMapping, Schedule), Error> {
    let handle = |job: MailDelivery, event, invocation| async move {
        Box::pin(mail_delivery::handle(&job, event, invocation)).await
    };
    let deployed = deployed("mail-delivery", Duration::from_mins(1), job, handle);
    let pending = r#"{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"outbox_state":{"S":["pending"]}}}}"#;
    let stream = StreamMapping::new("records", deployed.clone())
        .batch_size(10)
        .filter(Filter::parse([pending])?)
        .give_up_after(11, Some("mails-dead".to_owned()));
    Ok((stream, Schedule::new("mail-sweep", deployed)))
}

/// `retention-purge`: by its schedule.
pub(super) fn retention_purge(job: RetentionPurge) -> Schedule {
    let handle = |job: RetentionPurge, event, invocation| async move {
        Box::pin(retention_purge::handle(&job, event, invocation)).await
    };
    Schedule::new("retention-purge", deployed("retention-purge", Duration::from_mins(15), job, handle))
}
