//! What nobody calls: the event handlers, each with what wakes it, as `infra/functions-events.yaml` deploys them.

use std::time::Duration;

use audit_archive::AuditArchive;
use audit_digest::AuditDigest;
use canary::Canary;
use criteria_rejudge::CriteriaRejudge;
use csv_import::Importer;
use export_writer::ExportWriter;
use identity_reseal::IdentityReseal;
use jobs::Invocation;
use log_writer::LogWriter;
use mail_delivery::MailDelivery;
use notice_fan_out::NoticeFanOut;
use points_close::PointsClose;
use reminders::Reminders;
use retention_purge::RetentionPurge;
use rollup::Rollup;
use serde_json::Value;
use store::Error as StoreError;
use tracing::Instrument as _;

use super::{IMPORTS_QUEUE, MAIL_EVENTS_QUEUE};
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

/// `mail-delivery`: new mails by the stream, what came back by the queue, and what is left behind by the schedule.
pub(super) fn mail_delivery(job: MailDelivery) -> Result<(StreamMapping, QueueMapping, Schedule), Error> {
    let handle = |job: MailDelivery, event, invocation| async move {
        Box::pin(mail_delivery::handle(&job, event, invocation)).await
    };
    let deployed = deployed("mail-delivery", Duration::from_mins(1), job, handle);
    let pending = r#"{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"outbox_state":{"S":["pending"]}}}}"#;
    let stream = StreamMapping::new("records", deployed.clone())
        .batch_size(10)
        .filter(Filter::parse([pending])?)
        .give_up_after(11, Some("mails-dead".to_owned()));
    let told = QueueMapping::new(MAIL_EVENTS_QUEUE, deployed.clone()).retry_after(Duration::from_secs(2));
    Ok((stream, told, Schedule::new("mail-sweep", deployed)))
}

/// `notice-fan-out`: what is published by the stream, and what had to wait or is left behind by the schedule.
pub(super) fn notice_fan_out(job: NoticeFanOut) -> Result<(StreamMapping, Schedule), Error> {
    let handle = |job: NoticeFanOut, event, invocation| async move {
        Box::pin(notice_fan_out::handle(&job, event, invocation)).await
    };
    let deployed = deployed("notice-fan-out", Duration::from_mins(5), job, handle);
    let published = r#"{"eventName":["INSERT"],"dynamodb":{"NewImage":{"broadcast_state":{"S":["due"]}}}}"#;
    let stream = StreamMapping::new("records", deployed.clone())
        .batch_size(10)
        .filter(Filter::parse([published])?)
        .give_up_after(4, Some("mails-dead".to_owned()));
    Ok((stream, Schedule::new("notice-sweep", deployed)))
}

/// `reminders`: daily, and hourly for what is counted in hours.
pub(super) fn reminders(job: Reminders) -> [Schedule; 2] {
    let handle =
        |job: Reminders, event, invocation| async move { Box::pin(reminders::handle(&job, event, invocation)).await };
    let deployed = deployed("reminders", Duration::from_mins(5), job, handle);
    let hourly = r#"{"every":"hour","time":"<aws.scheduler.scheduled-time>"}"#;
    [Schedule::new("reminders", deployed.clone()), Schedule::new("reminders-hourly", deployed).input(hourly)]
}

/// `points-close`: by its schedule.
pub(super) fn points_close(job: PointsClose) -> Schedule {
    let handle = |job: PointsClose, event, invocation| async move {
        Box::pin(points_close::handle(&job, event, invocation)).await
    };
    Schedule::new("points-close", deployed("points-close", Duration::from_mins(15), job, handle))
}

/// `rollup`: by its schedule, and by whoever asks it to count one company.
pub(super) fn rollup(job: Rollup) -> Schedule {
    let handle =
        |job: Rollup, event, invocation| async move { Box::pin(rollup::handle(&job, event, invocation)).await };
    Schedule::new("rollup", deployed("rollup", Duration::from_mins(15), job, handle))
}

/// `retention-purge`: by its schedule.
pub(super) fn retention_purge(job: RetentionPurge) -> Schedule {
    let handle = |job: RetentionPurge, event, invocation| async move {
        Box::pin(retention_purge::handle(&job, event, invocation)).await
    };
    Schedule::new("retention-purge", deployed("retention-purge", Duration::from_mins(15), job, handle))
}

/// `identity-reseal`: by its schedule.
pub(super) fn identity_reseal(job: IdentityReseal) -> Schedule {
    let handle = |job: IdentityReseal, event, invocation| async move {
        Box::pin(identity_reseal::handle(&job, event, invocation)).await
    };
    Schedule::new("identity-reseal", deployed("identity-reseal", Duration::from_mins(15), job, handle))
}

/// `audit-archive`: the whole stream of `audit`, until it is taken.
pub(super) fn audit_archive(job: AuditArchive) -> StreamMapping {
    let handle = |job: AuditArchive, event, invocation| async move {
        Box::pin(audit_archive::handle(&job, event, invocation)).await
    };
    StreamMapping::new("audit", deployed("audit-archive", Duration::from_mins(1), job, handle))
}

/// `audit-digest`: by its schedule, and by whoever asks it to verify.
pub(super) fn audit_digest(job: AuditDigest) -> Schedule {
    let handle = |job: AuditDigest, event, invocation| async move {
        Box::pin(audit_digest::handle(&job, event, invocation)).await
    };
    Schedule::new("audit-digest", deployed("audit-digest", Duration::from_mins(15), job, handle))
}

/// `log-writer`: by its schedule.
pub(super) fn log_writer(job: LogWriter) -> Schedule {
    let handle =
        |job: LogWriter, event, invocation| async move { Box::pin(log_writer::handle(&job, event, invocation)).await };
    Schedule::new("log-writer", deployed("log-writer", Duration::from_mins(15), job, handle))
}

/// `export-writer`: by its schedule.
pub(super) fn export_writer(job: ExportWriter) -> Schedule {
    let handle = |job: ExportWriter, event, invocation| async move {
        Box::pin(export_writer::handle(&job, event, invocation)).await
    };
    Schedule::new("export-writer", deployed("export-writer", Duration::from_mins(15), job, handle))
}

/// `criteria-rejudge`: by its schedule.
pub(super) fn criteria_rejudge(job: CriteriaRejudge) -> Schedule {
    let handle = |job: CriteriaRejudge, event, invocation| async move {
        Box::pin(criteria_rejudge::handle(&job, event, invocation)).await
    };
    Schedule::new("criteria-rejudge", deployed("criteria-rejudge", Duration::from_mins(15), job, handle))
}

/// `canary`: by its schedule; 60 seconds.
pub(super) fn canary(job: Canary) -> Schedule {
    let handle =
        |job: Canary, event, invocation| async move { Box::pin(canary::handle(&job, event, invocation)).await };
    Schedule::new("canary", deployed("canary", Duration::from_mins(1), job, handle))
}
