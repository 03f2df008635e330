//! The department tree as decisions read it: one item of 32 bytes per department, because a scope is asked at every request and a request has
//! no time for ten thousand items.
//!
//! Who changes the tree writes the whole item, under the condition that it is the one that was read; with it goes the tenant's
//! `organisation_version`, by which every process knows that its copy of the tree is old.

use std::collections::BTreeMap;

use domain::{
    ids::{DepartmentId, TenantId},
    organisation::Tree,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{SCHEMA, key};
use crate::{
    Conflict, Error, Store, Write,
    item::{Attributes, Stored, from_item, number, to_item},
    tenants,
};

/// How many departments a tenant has at most: an item takes 400 KB.
const MOST: usize = 10_000;
/// What stands for no parent.
const NONE: [u8; 16] = [0; 16];

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    pairs: ByteBuf,
}

/// Every department's parent, with the version of the item that says so; 0 before there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parents {
    pub(crate) version: u64,
    pub(crate) of: BTreeMap<DepartmentId, Option<DepartmentId>>,
}

impl Parents {
    /// The tree, or what a change that leads there contradicts.
    pub(crate) fn tree(&self) -> Result<Tree, Conflict> {
        if self.of.len() > MOST {
            return Err(Conflict::TooMany);
        }
        let orphan = self.of.values().flatten().any(|parent| !self.of.contains_key(parent));
        let tree = Tree::new(self.of.iter().map(|(department, parent)| (*department, *parent)));
        tree.map_err(|_| if orphan { Conflict::MissingReference } else { Conflict::DepartmentCycle })
    }

    /// Whether something lies directly below `department`.
    pub(crate) fn has_children(&self, department: DepartmentId) -> bool {
        self.of.values().any(|parent| *parent == Some(department))
    }

    fn encode(&self) -> ByteBuf {
        let mut pairs = Vec::with_capacity(self.of.len() * 32);
        for (department, parent) in &self.of {
            pairs.extend_from_slice(department.as_bytes());
            pairs.extend_from_slice(parent.as_ref().map_or(NONE.as_slice(), |parent| parent.as_bytes().as_slice()));
        }
        ByteBuf::from(pairs)
    }

    fn decode(version: u64, pairs: &[u8]) -> Result<Self, Error> {
        let (ids, rest) = pairs.as_chunks::<16>();
        let (pairs, odd) = ids.as_chunks::<2>();
        if !rest.is_empty() || !odd.is_empty() {
            return Err(Error::Internal("the department tree is cut off".to_owned()));
        }
        let parent = |id: [u8; 16]| (id != NONE).then(|| DepartmentId::from_bytes(id));
        let of = pairs.iter().map(|[department, above]| (DepartmentId::from_bytes(*department), parent(*above)));
        Ok(Self { version, of: of.collect() })
    }
}

impl Store {
    /// The department tree as it is now.
    pub(crate) async fn read_tree(&self, tenant: TenantId) -> Result<Tree, Error> {
        let parents = self.parents(tenant).await?;
        parents.tree().map_err(|_| Error::Internal("the stored departments form no tree".to_owned()))
    }

    pub(crate) async fn parents(&self, tenant: TenantId) -> Result<Parents, Error> {
        let Some(item) = self.db.get(&key(tenant, "TREE")).await? else { return Ok(Parents::default()) };
        let stored = from_item::<Record>(item, self.clock.now())?;
        stored.map_or(Ok(Parents::default()), |Stored { record, version }| Parents::decode(version, &record.pairs))
    }

    /// Adds another tree to `write`; `parents` carries the version that was read. Refuses what is no tree.
    pub(super) fn write_tree(&self, write: &mut Write, tenant: TenantId, parents: &Parents) -> Result<(), Error> {
        parents.tree()?;
        let key = key(tenant, "TREE");
        let item = to_item(&key, parents.version + 1, SCHEMA, &Record { pairs: parents.encode() })?;
        let (condition, values) = if parents.version == 0 {
            ("attribute_not_exists(pk)", Attributes::new())
        } else {
            ("version = :version", Attributes::from([(":version".to_owned(), number(parents.version))]))
        };
        // Not stale: what the caller read is a department, and that has not changed.
        write.put(self, key, item, Some(condition), values, || {
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

    fn sample() -> Parents {
        let of = [(department(1), None), (department(2), Some(department(1))), (department(3), Some(department(2)))];
        Parents { version: 4, of: of.into() }
    }

    #[test]
    fn r02_the_tree_survives_its_bytes() {
        let bytes = sample().encode();
        assert_eq!(bytes.len(), 3 * 32);
        let read = Parents::decode(4, &bytes).unwrap();
        assert_eq!(read.of, sample().of);
        assert!(read.tree().unwrap().is_within(department(3), department(1)));
        assert!(Parents::decode(4, &bytes[..48]).is_err(), "half a pair is no tree");
        assert!(Parents::decode(4, &bytes[..40]).is_err());
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
