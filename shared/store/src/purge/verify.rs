//! Counting what there is of a tenant. It shares no code with the deletion, and looks wider: at every key that holds the tenant's id anywhere, strongly consistent, and
//! at every object whose key starts with it.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};
use domain::ids::TenantId;
use futures_util::future::try_join_all;

use super::Counts;
use crate::{
    Error, Files,
    db::{Db, failed, log},
    key::{Family, Table},
};

/// How many parts of a table are read at the same time.
const PARTS: i32 = 8;

pub(super) async fn count(db: &Db, files: &Files, tenant: TenantId) -> Result<Counts, Error> {
    let (records, names, objects, uploads) = tokio::try_join!(
        items(db, Table::Records, tenant),
        items(db, Table::Names, tenant),
        objects(files, tenant),
        uploads(files, tenant),
    )?;
    Ok(Counts { records, names, objects, uploads })
}

async fn items(db: &Db, table: Table, tenant: TenantId) -> Result<u64, Error> {
    let parts = try_join_all((0..PARTS).map(|part| part_of_items(db, table, tenant, part))).await?;
    Ok(parts.into_iter().sum())
}

async fn part_of_items(db: &Db, table: Table, tenant: TenantId, part: i32) -> Result<u64, Error> {
    let mut counted = 0;
    let mut from = None;
    loop {
        let request = db
            .client
            .scan()
            .table_name(db.table(table))
            .segment(part)
            .total_segments(PARTS)
            .consistent_read(true)
            .select(Select::Count)
            .filter_expression("contains(pk, :tenant)")
            .expression_attribute_values(":tenant", AttributeValue::S(tenant.to_string()))
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let page = Box::pin(request.send()).await.map_err(failed("Scan"))?;
        log("Scan", table, Family::Purge, page.consumed_capacity());
        counted += u64::try_from(page.count()).unwrap_or(0);
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(counted);
        }
    }
}

async fn objects(files: &Files, tenant: TenantId) -> Result<u64, Error> {
    let mut counted = 0;
    let (mut key, mut version) = (None, None);
    loop {
        let request = files
            .client()
            .list_object_versions()
            .bucket(files.bucket())
            .prefix(tenant.to_string())
            .set_key_marker(key)
            .set_version_id_marker(version);
        let page = Box::pin(request.send()).await.map_err(failed("ListObjectVersions"))?;
        counted += (page.versions().len() + page.delete_markers().len()) as u64;
        if page.is_truncated() != Some(true) {
            return Ok(counted);
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
}

async fn uploads(files: &Files, tenant: TenantId) -> Result<u64, Error> {
    let mut counted = 0;
    let (mut key, mut upload) = (None, None);
    loop {
        let request = files
            .client()
            .list_multipart_uploads()
            .bucket(files.bucket())
            .prefix(tenant.to_string())
            .set_key_marker(key)
            .set_upload_id_marker(upload);
        let page = Box::pin(request.send()).await.map_err(failed("ListMultipartUploads"))?;
        counted += page.uploads().len() as u64;
        if page.is_truncated() != Some(true) {
            return Ok(counted);
        }
        (key, upload) = (page.next_key_marker, page.next_upload_id_marker);
    }
}
