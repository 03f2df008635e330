//! Which checkups a physician is still to look at (就業判定): a sparse index over them, by the day on which the opinion is due. A checkup remembers which content the last
//! opinion was about; one that says something else since, or was reopened, is in the index again, whoever writes it.

use std::collections::HashMap;

use authz::{Permission, Permit, Placement};
use domain::{
    checkup::{item::ItemId, judge::Summary, kind::CheckupKind, screening},
    ids::{CheckupId, EmployeeId, TenantId},
    work_fitness::opinion_due,
};
use futures_util::future::try_join;
use jiff::civil::Date;

use super::{Record, RegisteredCheckup, SCHEMA, key, year::partition_of};
use crate::{
    Error, Store, Write,
    db::Range,
    item::{Attributes, as_text, number, text, to_item},
    key::{Family, Key, Table, partition, shard},
    write::indexed,
};

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
    /// The items by which restriction of work is considered.
    screened: Vec<ItemId>,
    content: String,
}

impl CheckupHead {
    /// What its letters say: of the statutory items alone, or of all.
    pub(crate) fn letters(&self, non_statutory: bool) -> Summary {
        if non_statutory { self.whole } else { self.statutory }
    }

    /// Whether restriction of work is considered: by the statutory items alone, or by all.
    pub(crate) fn considers_restriction(&self, non_statutory: bool) -> bool {
        self.screened.iter().any(|item| non_statutory || item.item().statutory.is_some())
    }
}

/// What stands beside a checkup (the case of its opinion, its follow-up), as somebody has seen it who acts on it.
#[derive(Debug, Clone, Copy)]
pub struct SeenOfCheckup {
    /// Whose.
    pub employee: EmployeeId,
    /// Which checkup.
    pub checkup: CheckupId,
    /// The version; 0 where nobody has touched it yet.
    pub version: u64,
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

/// Whose checkup an entry of the index is, which has keys alone.
fn employee_of(entry: &Attributes) -> Option<EmployeeId> {
    as_text(entry, "pk")?.rsplit('#').next()?.parse().ok()
}

/// The checkup that an entry of the index is.
fn key_of(tenant: TenantId, entry: &Attributes) -> Option<Key> {
    Some(key(tenant, employee_of(entry)?, as_text(entry, "sk")?.parse().ok()?))
}

fn keys_of(tenant: TenantId, checkups: &[(EmployeeId, CheckupId)]) -> Vec<Key> {
    checkups.iter().map(|(employee, id)| key(tenant, *employee, *id)).collect()
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
        screened: screening::reached(&health.results.results).collect(),
        content: record.content.clone(),
    }
}

impl Store {
    /// The checkups that wait for an opinion and are within the permit's reach, those first whose opinion is due first: up to `limit`, with where each employee stands, and
    /// where to go on. A page may hold fewer, or none, before the end.
    pub(crate) async fn checkups_awaiting<P: Permission>(
        &self,
        permit: &Permit<P>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(CheckupHead, Placement)>, Option<String>), Error> {
        let tenant = permit.tenant();
        let of_shard = |shard: &str| {
            let pk = partition(tenant, Family::Checkup, format_args!("awaiting#{shard}"));
            Range::whole(Table::Records, Family::Checkup, pk).by_second_index()
        };
        let look = |after| async move {
            let (items, more) = self.next_of_shards(after, limit, of_shard).await?;
            Ok((items.into_iter().map(|(place, item)| (place, Some(item))).collect(), more))
        };
        let (found, next) = self.within_reach(permit, after, limit, employee_of, look).await?;
        let (items, placements): (Vec<Attributes>, Vec<Placement>) = found.into_iter().unzip();
        let keys: Vec<Key> = items.iter().filter_map(|item| key_of(tenant, item)).collect();
        let placements: HashMap<EmployeeId, Placement> =
            placements.into_iter().map(|placement| (placement.employee, placement)).collect();
        let items = self.db.batch_get(&keys).await?;
        let opened = self.open_checkups(tenant, items.into_iter().flatten().collect()).await?;
        let heads = opened.iter().filter_map(|opened| {
            let placement = placements.get(&opened.record.employee)?;
            Some((head(opened), placement.clone()))
        });
        // The index may lag behind what an opinion has changed a moment ago.
        Ok((heads.filter(|(head, _)| head.awaits).collect(), next))
    }

    /// The checkups of an employee that want an opinion, whether or not they have one.
    pub(crate) async fn checkup_heads(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<Vec<CheckupHead>, Error> {
        let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
        self.heads_in(tenant, self.db.query_all(range).await?).await
    }

    /// Several checkups that want an opinion, as far as they are there.
    pub(crate) async fn heads_of(
        &self,
        tenant: TenantId,
        checkups: &[(EmployeeId, CheckupId)],
    ) -> Result<HashMap<CheckupId, CheckupHead>, Error> {
        let items = self.db.batch_get(&keys_of(tenant, checkups)).await?;
        let heads = self.heads_in(tenant, items.into_iter().flatten().collect()).await?;
        Ok(heads.into_iter().map(|head| (head.id, head)).collect())
    }

    /// Several checkups that want an opinion, as far as they are there and the permit reaches their people; with where those stand. What is out of reach is not opened, and
    /// so takes no longer than what never was.
    pub(crate) async fn heads_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        checkups: &[(EmployeeId, CheckupId)],
    ) -> Result<HashMap<CheckupId, (CheckupHead, Placement)>, Error> {
        let tenant = permit.tenant();
        let (items, mut placements) = try_join(
            self.db.batch_get(&keys_of(tenant, checkups)),
            self.placements_now(tenant, checkups.iter().map(|(employee, _)| *employee)),
        )
        .await?;
        placements.retain(|_, placement| permit.reach().covers(placement));
        let reached = checkups.iter().zip(items).filter(|((employee, _), _)| placements.contains_key(employee));
        let heads = self.heads_in(tenant, reached.filter_map(|(_, item)| item).collect()).await?;
        let placed = |head: CheckupHead| {
            let placement = placements.get(&head.employee)?.clone();
            Some((head.id, (head, placement)))
        };
        Ok(heads.into_iter().filter_map(placed).collect())
    }

    /// Of these items, the checkups that are not void and want an opinion.
    async fn heads_in(&self, tenant: TenantId, items: Vec<Attributes>) -> Result<Vec<CheckupHead>, Error> {
        let opened = self.open_checkups(tenant, items).await?;
        let standing = opened.iter().filter(|opened| opened.record.stands());
        Ok(standing.map(head).filter(|head| head.due_on.is_some()).collect())
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
