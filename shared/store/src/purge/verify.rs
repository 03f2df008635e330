//! Counting what there is of a tenant. It shares no code with the deletion, and looks wider: at every key that holds the tenant's id anywhere, strongly consistent, and
//! at every object whose key starts with it.

use std::collections::{HashMap, HashSet};

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

/// How many items the stress check of a tenant has, with the employees and names of whoever was asked: as many as before are there when the rest is gone.
pub(super) async fn count_of_stress(db: &Db, tenant: TenantId) -> Result<Counts, Error> {
    let (records, names) = tokio::try_join!(keys(db, Table::Records, tenant), keys(db, Table::Names, tenant))?;
    let of_stress = |item: &&Seen| item.family().starts_with("STRESS");
    let asked: HashSet<&str> = records.iter().filter(of_stress).map(|item| item.sk.as_str()).collect();
    let of = |items: &[Seen], family: &str| {
        items.iter().filter(|item| item.family() == family && asked.contains(item.sk.as_str())).count() as u64
    };
    let items = records.iter().filter(of_stress).count() as u64;
    Ok(Counts { records: items + of(&records, "EMPLOYEE"), names: of(&names, "PERSON"), ..Counts::default() })
}

/// How many items are left of services that ended, of a tenant that lives for its stress check.
pub(super) async fn count_of_ended(db: &Db, tenant: TenantId) -> Result<Counts, Error> {
    const ENDED: [&str; 11] = [
        "CHECKUP",
        "ATTACHMENT",
        "REJUDGEMENT",
        "CRITERIA",
        "FITNESS",
        "FOLLOWUP",
        "LIFELOG",
        "WORKINGHOURS",
        "FATIGUE",
        "INTERVIEW",
        "POINTS",
    ];
    const ALONE: [&str; 3] = ["REPORT", "CAMPAIGN", "SUSPICION"];
    let of_ended = |item: &&Seen| {
        let family = item.family();
        ENDED.iter().any(|begin| family.starts_with(begin)) || ALONE.contains(&family)
    };
    let records = keys(db, Table::Records, tenant).await?.iter().filter(of_ended).count() as u64;
    Ok(Counts { records, ..Counts::default() })
}

/// How many items are left of a stress check that ended before the rest.
pub(super) async fn count_stress(db: &Db, tenant: TenantId) -> Result<Counts, Error> {
    let found = keys(db, Table::Records, tenant).await?;
    let records = found.iter().filter(|item| item.family().starts_with("STRESS")).count() as u64;
    Ok(Counts { records, ..Counts::default() })
}

/// What is left of a tenant beside what the stress check needs: items of families that it has no use for, employees who were in no round and have no account, names of whoever
/// has no item of their own, and whatever tells who somebody is and is sealed with a key that goes.
pub(super) async fn count_beside_stress(db: &Db, files: &Files, tenant: TenantId) -> Result<Counts, Error> {
    const USED: [&str; 5] = ["TENANT", "ORGANISATION", "ACCOUNT", "CREDENTIAL", "EMPLOYEENUMBER"];
    let (records, names, objects, uploads) = tokio::try_join!(
        keys(db, Table::Records, tenant),
        keys(db, Table::Names, tenant),
        objects(files, tenant),
        uploads(files, tenant),
    )?;
    let (mut known, mut employees, mut accounts) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut left = Counts { objects, uploads, ..Counts::default() };
    for Seen { pk, sk, sealed_anew } in records {
        match family_in(&pk) {
            "EMPLOYEE" => {
                left.records += u64::from(!sealed_anew);
                employees.insert(sk);
            }
            "ACCOUNT" if pk.contains("#ACCOUNT#employee#") => drop(known.insert(sk)),
            "ACCOUNT" => drop(accounts.insert(sk)),
            "STRESSATTENDANCE" | "STRESSANSWER" | "STRESSRESULT" | "STRESSSHARING" => drop(known.insert(sk)),
            stress if stress.starts_with("STRESS") => {}
            used if USED.contains(&used) => {}
            _ => left.records += 1,
        }
    }
    left.records += employees.iter().filter(|id| !known.contains(*id)).count() as u64;
    for item in names {
        let whose = if item.family() == "PERSON" { &employees } else { &accounts };
        left.names += u64::from(!whose.contains(&item.sk) || !item.sealed_anew);
    }
    Ok(left)
}

/// An item's key, and whether what tells who somebody is in it is sealed for the stress check.
struct Seen {
    pk: String,
    sk: String,
    sealed_anew: bool,
}

impl Seen {
    fn family(&self) -> &str {
        family_in(&self.pk)
    }
}

fn family_in(pk: &str) -> &str {
    pk.split('#').nth(2).unwrap_or_default()
}

/// The keys of a tenant's items.
async fn keys(db: &Db, table: Table, tenant: TenantId) -> Result<Vec<Seen>, Error> {
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let request = db
            .client
            .scan()
            .table_name(db.table(table))
            .consistent_read(true)
            .filter_expression("contains(pk, :tenant)")
            .expression_attribute_values(":tenant", AttributeValue::S(tenant.to_string()))
            .projection_expression("pk, sk, sealed_for")
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let page = Box::pin(request.send()).await.map_err(failed("Scan"))?;
        log("Scan", table, Family::Purge, page.consumed_capacity());
        let part = |item: &HashMap<String, AttributeValue>, name: &str| item.get(name)?.as_s().ok().cloned();
        found.extend(page.items().iter().filter_map(|item| {
            let sealed_anew = part(item, "sealed_for").as_deref() == Some("stress_check");
            Some(Seen { pk: part(item, "pk")?, sk: part(item, "sk")?, sealed_anew })
        }));
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(found);
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
