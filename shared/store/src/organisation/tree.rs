//! The department tree as decisions read it: one item of 32 bytes per department and per label that a department carries, because a scope is asked at every
//! request and a request has no time for ten thousand items.
//!
//! Who changes the tree writes the whole item, under the condition that it is the one that was read; with it goes the tenant's
//! `organisation_version`, by which every process knows that its copy of the tree is old.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{DepartmentId, LabelId, TenantId},
    organisation::Tree,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{SCHEMA, key};
use crate::{
    Conflict, Error, Store, Write,
    item::{Attributes, Stored, number, to_item},
    tenants,
};

/// How many departments a tenant has at most: an item takes 400 KB.
const MOST: usize = 10_000;
/// How many labels they carry at most, all together, for the same reason.
const MOST_LABELS: usize = 2_000;
/// What stands for no parent.
const NONE: [u8; 16] = [0; 16];

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// Departments, each with its parent.
    pairs: ByteBuf,
    /// Departments, each with a label that it carries.
    #[serde(default)]
    labels: ByteBuf,
}

/// Every department's parent and labels, with the version of the item that says so; 0 before there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parents {
    pub(crate) version: u64,
    pub(crate) of: BTreeMap<DepartmentId, Option<DepartmentId>>,
    pub(super) labels: BTreeSet<(DepartmentId, LabelId)>,
}

impl Parents {
    /// The tree, or what a change that leads there contradicts.
    pub(crate) fn tree(&self) -> Result<Tree, Conflict> {
        if self.of.len() > MOST || self.labels.len() > MOST_LABELS {
            return Err(Conflict::TooMany);
        }
        let orphan = self.of.values().flatten().any(|parent| !self.of.contains_key(parent));
        let tree = Tree::new(self.of.iter().map(|(department, parent)| (*department, *parent)));
        let tree = tree.map_err(|_| if orphan { Conflict::MissingReference } else { Conflict::DepartmentCycle })?;
        Ok(tree.labelled(self.labels.iter().copied()))
    }

    /// Puts a department where it stands, with what it carries.
    pub(crate) fn put(&mut self, department: DepartmentId, parent: Option<DepartmentId>, labels: &BTreeSet<LabelId>) {
        self.remove(department);
        self.of.insert(department, parent);
        self.labels.extend(labels.iter().map(|label| (department, *label)));
    }

    /// Takes a department out.
    pub(crate) fn remove(&mut self, department: DepartmentId) {
        self.of.remove(&department);
        self.labels.retain(|(of, _)| *of != department);
    }

    /// Whether any department carries `label` itself.
    pub(crate) fn carry(&self, label: LabelId) -> bool {
        self.labels.iter().any(|(_, carried)| *carried == label)
    }

    /// Whether something lies directly below `department`.
    pub(crate) fn has_children(&self, department: DepartmentId) -> bool {
        self.of.values().any(|parent| *parent == Some(department))
    }

    fn encode(&self) -> Record {
        let parents = self.of.iter().map(|(department, parent)| {
            (department.as_bytes(), parent.as_ref().map_or(&NONE, |parent| parent.as_bytes()))
        });
        let labels = self.labels.iter().map(|(department, label)| (department.as_bytes(), label.as_bytes()));
        Record { pairs: joined(parents), labels: joined(labels) }
    }

    fn decode(version: u64, record: &Record) -> Result<Self, Error> {
        let parent = |id: [u8; 16]| (id != NONE).then(|| DepartmentId::from_bytes(id));
        let of = parted(&record.pairs)?.map(|[id, above]| (DepartmentId::from_bytes(id), parent(above)));
        let labels =
            parted(&record.labels)?.map(|[id, label]| (DepartmentId::from_bytes(id), LabelId::from_bytes(label)));
        Ok(Self { version, of: of.collect(), labels: labels.collect() })
    }
}

/// Pairs of ids as bytes.
fn joined<'a>(pairs: impl Iterator<Item = (&'a [u8; 16], &'a [u8; 16])>) -> ByteBuf {
    ByteBuf::from(pairs.flat_map(|(one, other)| [*one, *other]).flatten().collect::<Vec<u8>>())
}

/// Bytes as pairs of ids.
fn parted(bytes: &[u8]) -> Result<impl Iterator<Item = [[u8; 16]; 2]>, Error> {
    let (ids, rest) = bytes.as_chunks::<16>();
    let (pairs, odd) = ids.as_chunks::<2>();
    if !rest.is_empty() || !odd.is_empty() {
        return Err(Error::Internal("the department tree is cut off".to_owned()));
    }
    Ok(pairs.iter().copied())
}

impl Store {
    /// The department tree as it is now.
    pub(crate) async fn read_tree(&self, tenant: TenantId) -> Result<Tree, Error> {
        let parents = self.parents(tenant).await?;
        parents.tree().map_err(|_| Error::Internal("the stored departments form no tree".to_owned()))
    }

    pub(crate) async fn parents(&self, tenant: TenantId) -> Result<Parents, Error> {
        let stored = self.load::<Record>(&key(tenant, "TREE")).await?;
        stored.map_or(Ok(Parents::default()), |Stored { record, version }| Parents::decode(version, &record))
    }

    /// Adds another tree to `write`; `parents` carries the version that was read. Refuses what is no tree.
    pub(super) fn write_tree(&self, write: &mut Write, tenant: TenantId, parents: &Parents) -> Result<(), Error> {
        parents.tree()?;
        let key = key(tenant, "TREE");
        let item = to_item(&key, parents.version + 1, SCHEMA, &parents.encode())?;
        let replaces = Some(parents.version).filter(|version| *version > 0);
        // Not stale: what the caller read is a department, and that has not changed.
        write.put_over(self, key, item, replaces, || {
            Error::Unavailable("the department tree changed meanwhile".to_owned())
        })?;
        let values = Attributes::from([(":one".to_owned(), number(1))]);
        let there = Some("attribute_exists(pk)");
        write.update(self, tenants::key(tenant), "ADD organisation_version :one", there, values, || Error::NotFound)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn department(n: u8) -> DepartmentId {
        DepartmentId::from_bytes([n; 16])
    }

    fn label(n: u8) -> LabelId {
        LabelId::from_bytes([n; 16])
    }

    fn sample() -> Parents {
        let mut parents = Parents { version: 4, ..Parents::default() };
        parents.put(department(1), None, &[label(7)].into());
        parents.put(department(2), Some(department(1)), &BTreeSet::new());
        parents.put(department(3), Some(department(2)), &[label(7), label(8)].into());
        parents
    }

    #[test]
    fn r02_the_tree_survives_its_bytes() {
        let record = sample().encode();
        assert_eq!((record.pairs.len(), record.labels.len()), (3 * 32, 3 * 32));
        let read = Parents::decode(4, &record).unwrap();
        assert_eq!((&read.of, &read.labels), (&sample().of, &sample().labels));
        let tree = read.tree().unwrap();
        assert!(tree.is_within(department(3), department(1)));
        assert_eq!(tree.labels(department(2)).collect::<Vec<_>>(), [label(7)]);
        for cut in [48, 40] {
            let cut = |bytes: &ByteBuf| ByteBuf::from(&bytes[..cut]);
            let (pairs, labels) = (record.pairs.clone(), record.labels.clone());
            assert!(Parents::decode(4, &Record { pairs: cut(&pairs), labels: labels.clone() }).is_err());
            assert!(Parents::decode(4, &Record { labels: cut(&labels), pairs }).is_err(), "half a pair is no label");
        }
    }

    #[test]
    fn a_department_takes_its_labels_with_it() {
        let mut parents = sample();
        parents.put(department(3), None, &[label(9)].into());
        assert!(parents.carry(label(9)) && parents.carry(label(7)) && !parents.carry(label(8)));
        parents.remove(department(3));
        assert!(!parents.carry(label(9)) && !parents.of.contains_key(&department(3)));
    }

    #[test]
    fn r02_what_is_no_tree_is_told() {
        let mut cycle = sample();
        cycle.of.insert(department(1), Some(department(3)));
        assert_eq!(cycle.tree(), Err(Conflict::DepartmentCycle));
        let mut orphan = sample();
        orphan.of.insert(department(4), Some(department(9)));
        assert_eq!(orphan.tree(), Err(Conflict::MissingReference));
        assert!(sample().has_children(department(2)) && !sample().has_children(department(3)));
    }
}
