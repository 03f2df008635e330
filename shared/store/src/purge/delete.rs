//! Deleting whatever is a tenant's: items by the prefix of their keys, so that a family that is added later goes too without anybody thinking of it; objects in
//! all their versions; uploads that were never ended. Everything here can be repeated.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::{DeleteRequest, ReturnConsumedCapacity, WriteRequest};
use aws_sdk_s3::types::{Delete, MultipartUpload, ObjectIdentifier};
use domain::ids::TenantId;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Bounds, rest::Spared};
use crate::{
    Error, Files,
    db::{Db, failed, log},
    item::{Attributes, text},
    key::{Family, Table, prefix},
};

/// How many parts of a table are read and cleared at the same time.
const SEGMENTS: i32 = 8;
/// How many items one request deletes.
const BATCH: usize = 25;
/// How often what `DynamoDB` left undone is asked for again.
const ATTEMPTS: u32 = 8;

/// How much may still be deleted in this run.
pub(super) struct Budget {
    left: AtomicU64,
    until: Instant,
}

impl Budget {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { left: AtomicU64::new(bounds.most_deletes.unwrap_or(u64::MAX)), until: bounds.until }
    }

    /// How many of `wanted` may be deleted now; they are taken off.
    pub(super) fn take(&self, wanted: usize) -> usize {
        if self.is_over() {
            return 0;
        }
        let wanted = wanted as u64;
        let before = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(wanted)))
            .unwrap_or(0);
        usize::try_from(before.min(wanted)).unwrap_or(0)
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until || self.left.load(Ordering::Relaxed) == 0
    }
}

/// Deletes the tenant's items in `table`, but for what is spared; whether that was all of them.
pub(super) async fn items(
    db: &Db,
    table: Table,
    tenant: TenantId,
    spared: &Spared,
    budget: &Budget,
) -> Result<bool, Error> {
    let segments = stream::iter(0..SEGMENTS).map(|segment| segment_items(db, table, tenant, segment, spared, budget));
    let finished: Vec<bool> = segments.buffer_unordered(SEGMENTS as usize).try_collect().await?;
    Ok(finished.into_iter().all(|finished| finished))
}

async fn segment_items(
    db: &Db,
    table: Table,
    tenant: TenantId,
    segment: i32,
    spared: &Spared,
    budget: &Budget,
) -> Result<bool, Error> {
    let mut from = None;
    loop {
        let request = db
            .client
            .scan()
            .table_name(db.table(table))
            .segment(segment)
            .total_segments(SEGMENTS)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix(tenant)))
            .projection_expression("pk, sk, employee, account")
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let page = Box::pin(request.send()).await.map_err(failed("Scan"))?;
        log("Scan", table, Family::Purge, page.consumed_capacity());
        let going: Vec<Attributes> = page.items().iter().filter(|item| !spared.has(item)).map(key_of).collect();
        for keys in going.chunks(BATCH) {
            let allowed = budget.take(keys.len());
            batch(db, table, &keys[..allowed]).await?;
            if allowed < keys.len() {
                return Ok(false);
            }
        }
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(true);
        }
        if budget.is_over() {
            return Ok(false);
        }
    }
}

fn key_of(item: &Attributes) -> Attributes {
    let part = |name: &str| item.get(name).map(|value| (name.to_owned(), value.clone()));
    [part("pk"), part("sk")].into_iter().flatten().collect()
}

async fn batch(db: &Db, table: Table, keys: &[Attributes]) -> Result<(), Error> {
    let name = db.table(table);
    let mut undone = Vec::with_capacity(keys.len());
    for key in keys {
        let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
        let delete = delete.map_err(|error| Error::Internal(error.to_string()))?;
        undone.push(WriteRequest::builder().delete_request(delete).build());
    }
    for attempt in 0..ATTEMPTS {
        if undone.is_empty() {
            return Ok(());
        }
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(25 << attempt)).await;
        }
        let request = db
            .client
            .batch_write_item()
            .request_items(name, undone)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = Box::pin(request.send()).await.map_err(failed("BatchWriteItem"))?;
        for capacity in answer.consumed_capacity() {
            log("BatchWriteItem", table, Family::Purge, Some(capacity));
        }
        undone = answer.unprocessed_items.and_then(|mut tables| tables.remove(name)).unwrap_or_default();
    }
    if undone.is_empty() { Ok(()) } else { Err(Error::Unavailable("BatchWriteItem left items undone".to_owned())) }
}

/// Deletes every version and delete marker under the tenant's prefix; whether that was all of them. What is listed first is deleted first, so that each list begins anew.
pub(super) async fn objects(files: &Files, tenant: TenantId, budget: &Budget) -> Result<bool, Error> {
    loop {
        let request = files.client().list_object_versions().bucket(files.bucket()).prefix(format!("{tenant}/"));
        let page = Box::pin(request.send()).await.map_err(failed("ListObjectVersions"))?;
        let versions = page.versions().iter().map(|it| (it.key(), it.version_id()));
        let markers = page.delete_markers().iter().map(|it| (it.key(), it.version_id()));
        let mut listed = Vec::new();
        for (key, version) in versions.chain(markers) {
            let object =
                ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned));
            listed.push(object.build().map_err(|error| Error::Internal(error.to_string()))?);
        }
        if listed.is_empty() {
            return Ok(true);
        }
        let allowed = budget.take(listed.len());
        let cut_off = allowed < listed.len();
        listed.truncate(allowed);
        if !listed.is_empty() {
            delete_objects(files, listed).await?;
        }
        if cut_off {
            return Ok(false);
        }
    }
}

pub(super) async fn delete_objects(files: &Files, objects: Vec<ObjectIdentifier>) -> Result<(), Error> {
    let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
    let delete = delete.map_err(|error| Error::Internal(error.to_string()))?;
    let request = files.client().delete_objects().bucket(files.bucket()).delete(delete);
    let answer = Box::pin(request.send()).await.map_err(failed("DeleteObjects"))?;
    match answer.errors().first() {
        None => Ok(()),
        // Its key may hold somebody's name: only the code is kept.
        Some(error) => Err(Error::Unavailable(format!("DeleteObjects: {}", error.code().unwrap_or("none")))),
    }
}

/// Ends every upload under the tenant's prefix that was begun and never ended; whether that was all of them.
pub(super) async fn uploads(files: &Files, tenant: TenantId, budget: &Budget) -> Result<bool, Error> {
    loop {
        let request = files.client().list_multipart_uploads().bucket(files.bucket()).prefix(format!("{tenant}/"));
        let page = Box::pin(request.send()).await.map_err(failed("ListMultipartUploads"))?;
        if page.uploads().is_empty() {
            return Ok(true);
        }
        for upload in page.uploads() {
            if budget.take(1) == 0 {
                return Ok(false);
            }
            abort(files, upload).await?;
        }
    }
}

/// Ends an upload that was begun, with the parts that came.
pub(super) async fn abort(files: &Files, upload: &MultipartUpload) -> Result<(), Error> {
    let request = files
        .client()
        .abort_multipart_upload()
        .bucket(files.bucket())
        .set_key(upload.key().map(str::to_owned))
        .set_upload_id(upload.upload_id().map(str::to_owned));
    Box::pin(request.send()).await.map_err(failed("AbortMultipartUpload"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(most_deletes: Option<u64>, time: Duration) -> Budget {
        Budget::new(Bounds { most_deletes, until: Instant::now() + time })
    }

    #[test]
    fn a_budget_gives_what_it_has_and_then_nothing() {
        let budget = budget(Some(30), Duration::from_mins(1));
        assert_eq!([budget.take(25), budget.take(25), budget.take(25)], [25, 5, 0]);
        assert!(budget.is_over());
    }

    #[test]
    fn without_time_nothing_is_deleted_any_more() {
        assert_eq!(budget(None, Duration::ZERO).take(1), 0);
        assert_eq!(budget(None, Duration::from_mins(1)).take(1_000), 1_000);
    }
}
