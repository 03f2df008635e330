//! Which checkups a physician is still to look at (就業判定): a sparse index over them, by the day on which the opinion is due. A checkup remembers which content the last
//! opinion was about; one that says something else since, or was reopened, is in the index again, whoever writes it.

use std::collections::HashMap;

use authz::{Permission, Permit, Placement};
use domain::{
    checkup::{judge::Summary, kind::CheckupKind},
    ids::{CheckupId, EmployeeId, TenantId},
    work_fitness::opinion_due,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use super::{
    Record, RegisteredCheckup, SCHEMA, key,
    year::{merged, partition_of, per_shard},
};
use crate::{
    Error, Store, Write,
    db::Range,
    item::{Attributes, as_text, number, text, to_item},
    key::{Family, Key, Table, partition, shard, shards},
    write::indexed,
};

/// How often one request looks on, where the caller reaches few of those who come.
const LOOKS: usize = 8;

/// What an opinion is about: a checkup, without its values.
#[derive(Debug, Clone)]
pub(crate) struct CheckupHead {
    pub(crate) id: CheckupId,
    pub(crate) employee: EmployeeId,
    pub(crate) examined_on: Date,
    pub(crate) kind: CheckupKind,
    pub(crate) version: u64,
    /// The last day on which an opinion is in time; none for kinds that want none.
    pub(crate) due_on: Option<Date>,
    /// No opinion is about what it says now.
    pub(crate) awaits: bool,
    statutory: Summary,
    whole: Summary,
    content: String,
}

impl CheckupHead {
    /// What its letters say: of the statutory items alone, or of all.
    pub(crate) fn letters(&self, non_statutory: bool) -> Summary {
        if non_statutory { self.whole } else { self.statutory }
    }
}

impl Record {
    /// The last day on which a physician's opinion is in time.
    fn opinion_due(&self) -> Option<Date> {
        opinion_due(self.kind, self.examined_on, self.created_at.date())
    }

    /// Whether a physician is still to look at it: it is not void, and no opinion is about this content.
    fn awaits_opinion(&self) -> bool {
        self.stands() && self.opined.as_ref() != Some(&self.content) && self.opinion_due().is_some()
    }
}

/// Where a checkup that waits for an opinion stands in the second index.
fn place(tenant: TenantId, id: CheckupId, due: Date) -> (String, String) {
    let pk = partition(tenant, Family::Checkup, format_args!("awaiting#{}", shard(id.as_bytes())));
    (pk, format!("{due}#{id}"))
}

/// A checkup as an item, with its places in both indexes.
pub(super) fn item(tenant: TenantId, record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&key(tenant, record.employee, record.id), version, SCHEMA, record)?;
    let of_year = partition_of(tenant, record.fiscal_year, &shard(record.id.as_bytes()));
    let mut item = indexed(item, of_year, format!("{}#{}", record.examined_on, record.id));
    if let Some(due) = record.opinion_due().filter(|_| record.awaits_opinion()) {
        let (pk, sk) = place(tenant, record.id, due);
        item.insert("gsi2pk".to_owned(), text(pk));
        item.insert("gsi2sk".to_owned(), text(sk));
    }
    Ok(item)
}

/// What an opinion is about, of an opened checkup.
pub(super) fn head(RegisteredCheckup { record, version, health, .. }: &RegisteredCheckup) -> CheckupHead {
    let judgement = &health.results.judgement;
    CheckupHead {
        id: record.id,
        employee: record.employee,
        examined_on: record.examined_on,
        kind: record.kind,
        version: *version,
        due_on: record.opinion_due(),
        awaits: record.awaits_opinion(),
        statutory: judgement.visible(|item| item.item().statutory.is_some()),
        whole: judgement.summary(),
        content: record.content.clone(),
    }
}

impl Store {
    /// The checkups that wait for an opinion and are within the permit's reach, those first whose opinion is due first: up to `limit`, with where each employee stands, and
    /// where to go on. A page may hold fewer, or none, before the end.
    pub(crate) async fn checkups_awaiting<P: Permission>(
        &self,
        permit: &Permit<P>,
        mut after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(CheckupHead, Placement)>, Option<String>), Error> {
        let tenant = permit.tenant();
        let mut found: Vec<(Key, Placement)> = Vec::new();
        let mut more = true;
        for _ in 0..LOOKS {
            let (entries, rest) = self.look_into_awaiting(tenant, after.as_deref(), limit).await?;
            more = rest;
            let placements = self.placements_now(tenant, entries.iter().map(|(_, (employee, _))| *employee)).await?;
            for (sk, (employee, checkup)) in entries {
                if found.len() == limit {
                    more = true;
                    break;
                }
                after = Some(sk);
                if let Some(placement) = placements.get(&employee).filter(|placement| permit.reach().covers(placement))
                {
                    found.push((key(tenant, employee, checkup), placement.clone()));
                }
            }
            if !more || found.len() == limit {
                break;
            }
        }
        let (keys, placements): (Vec<Key>, Vec<Placement>) = found.into_iter().unzip();
        let placements: HashMap<EmployeeId, Placement> =
            placements.into_iter().map(|placement| (placement.employee, placement)).collect();
        let items = try_join_all(keys.chunks(100).map(|keys| self.db.batch_get(keys))).await?;
        let opened = self.open_checkups(tenant, items.into_iter().flatten().flatten().collect()).await?;
        let heads = opened.iter().filter_map(|opened| {
            let placement = placements.get(&opened.record.employee)?;
            Some((head(opened), placement.clone()))
        });
        // The index may lag behind what an opinion has changed a moment ago.
        Ok((heads.filter(|(head, _)| head.awaits).collect(), after.filter(|_| more)))
    }

    async fn look_into_awaiting(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(String, (EmployeeId, CheckupId))>, bool), Error> {
        let pages = try_join_all(shards().map(|shard| {
            let pk = partition(tenant, Family::Checkup, format_args!("awaiting#{shard}"));
            let range = Range::whole(Table::Records, Family::Checkup, pk).by_second_index();
            let range = range.after(after.map(str::to_owned)).limit(per_shard(limit));
            async move { self.db.query(&range).await }
        }))
        .await?;
        let entries = pages.into_iter().map(|(items, more)| {
            let entry = |item: &Attributes| {
                let employee = as_text(item, "pk")?.rsplit('#').next()?.parse().ok()?;
                Some((as_text(item, "gsi2sk")?.to_owned(), (employee, as_text(item, "sk")?.parse().ok()?)))
            };
            (items.iter().filter_map(entry).collect(), more)
        });
        Ok(merged(entries.collect()))
    }

    /// The checkups of an employee that want an opinion, whether or not they have one.
    pub(crate) async fn checkup_heads(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<Vec<CheckupHead>, Error> {
        let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
        let opened = self.open_checkups(tenant, self.db.query_all(range).await?).await?;
        let standing = opened.iter().filter(|opened| opened.record.stands());
        Ok(standing.map(head).filter(|head| head.due_on.is_some()).collect())
    }

    /// Several checkups that want an opinion, as far as they are there.
    pub(crate) async fn heads_of(
        &self,
        tenant: TenantId,
        checkups: &[(EmployeeId, CheckupId)],
    ) -> Result<HashMap<CheckupId, CheckupHead>, Error> {
        let keys: Vec<Key> = checkups.iter().map(|(employee, id)| key(tenant, *employee, *id)).collect();
        let items = try_join_all(keys.chunks(100).map(|keys| self.db.batch_get(keys))).await?;
        let opened = self.open_checkups(tenant, items.into_iter().flatten().flatten().collect()).await?;
        let standing = opened.iter().filter(|opened| opened.record.stands());
        let heads = standing.map(head).filter(|head| head.due_on.is_some());
        Ok(heads.map(|head| (head.id, head)).collect())
    }

    /// Adds to `write` that an opinion is about what a checkup says now, if it still says so. Neither its version nor anything that people see of it changes.
    pub(crate) fn note_opinion(&self, write: &mut Write, tenant: TenantId, head: &CheckupHead) -> Result<(), Error> {
        let values = Attributes::from([
            (":content".to_owned(), text(head.content.clone())),
            (":version".to_owned(), number(head.version)),
        ]);
        let expression = "SET opined = :content REMOVE gsi2pk, gsi2sk";
        let key = key(tenant, head.employee, head.id);
        write.update(self, key, expression, Some("version = :version"), values, || Error::Stale)?;
        Ok(())
    }

    /// Adds to `write` that a checkup waits for an opinion again.
    pub(crate) fn forget_opinion(&self, write: &mut Write, tenant: TenantId, head: &CheckupHead) -> Result<(), Error> {
        let due = head.due_on.ok_or(Error::NotFound)?;
        let (pk, sk) = place(tenant, head.id, due);
        let values = Attributes::from([
            (":pk".to_owned(), text(pk)),
            (":sk".to_owned(), text(sk)),
            (":version".to_owned(), number(head.version)),
        ]);
        let expression = "SET gsi2pk = :pk, gsi2sk = :sk REMOVE opined";
        let key = key(tenant, head.employee, head.id);
        write.update(self, key, expression, Some("version = :version"), values, || Error::Stale)?;
        Ok(())
    }
}
