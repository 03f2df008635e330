//! `audit-archive`: watches over the audit trail. The stream of `audit` wakes it: each new event is copied, with its MAC, to a bucket from which nobody
//! removes anything, and enters the access log of those whose record was looked at.
//!
//! Events are put once and expire alone. Whatever else the stream tells of is tampering: an event that was changed, or removed before its time, or that no function
//! of the service wrote. It is logged as an error and counted as `tampered`, and is no failure of the batch: it would not become better by being delivered again.

use authz::Origin;
use domain::ids::PLATFORM;
use jobs::{Change, ChangeKind, Invocation, Wake, each, for_audit_archive};
use serde_json::Value;
use store::{Archived, Error, Store, TrailBucket, logs::metrics};

/// The function's name.
const NAME: &str = "audit-archive";
/// How many events are copied at a time.
const IN_FLIGHT: usize = 16;

/// What the job works with.
#[derive(Debug, Clone)]
pub struct AuditArchive {
    /// The data.
    pub store: Store,
    /// Where copies go.
    pub bucket: TrailBucket,
}

/// Handles a batch of the stream.
pub async fn handle(job: &AuditArchive, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let Wake::Changes(changes) = Wake::of(event, job.store.clock())? else {
        return Err(Error::Internal("no batch of a stream".to_owned()));
    };
    let records = changes.into_iter().map(|change| (change.sequence().to_owned(), change));
    let watch = async |change: Change| watch(job, &change, &invocation.origin).await;
    Ok(each(NAME, records, IN_FLIGHT, watch).await)
}

async fn watch(job: &AuditArchive, change: &Change, origin: &Origin) -> Result<&'static str, Error> {
    match change.kind() {
        ChangeKind::Insert => copy(job, change, origin).await,
        ChangeKind::Modify => Ok(tampered(change, "changed")),
        ChangeKind::Remove if change.is_expiry() => Ok("expired"),
        ChangeKind::Remove => Ok(tampered(change, "removed")),
    }
}

async fn copy(job: &AuditArchive, change: &Change, origin: &Origin) -> Result<&'static str, Error> {
    let permit = for_audit_archive(PLATFORM, origin);
    let archived = job.store.archive_event(&permit, &job.bucket, change.new_image(), change.at_seconds()).await?;
    let Some(Archived { event, late }) = archived else { return Ok(tampered(change, "inserted")) };
    if late {
        tampered(change, "late");
    }
    let looks = job.store.note_looks(&for_audit_archive(event.tenant, origin), &event).await?;
    Ok(if looks == 0 { "copied" } else { "copied and noted" })
}

/// Raises the alarm. The keys of an event are ids and a time.
fn tampered(change: &Change, how: &'static str) -> &'static str {
    tracing::error!(
        function = NAME,
        tampered = 1,
        how,
        partition = change.pk(),
        event = change.sk(),
        _aws = %metrics(&[("tampered", "Count")]),
        "the audit trail was tampered with"
    );
    how
}
