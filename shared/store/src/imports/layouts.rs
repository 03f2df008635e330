//! A tenant's layouts ([`domain::intake::layout`]): one item each, under the kind of file that it is for and its name. Headers tell nothing about people, so
//! that nothing is sealed. An import keeps what it was read by: a layout may change between the check and the last chunk, and be gone when its rows are asked
//! about.

use authz::{Denied, ImportKind, ImportRight};
use domain::{
    ids::{ImportId, TenantId},
    intake::{
        self,
        layout::{Layout, LayoutName},
    },
    time::Jst,
};
use serde::{Deserialize, Serialize};

use super::{SCHEMA, Turn, parts_key};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    db::Range,
    item::{Stored, from_item},
    key::{Family, Key, Table, partition},
};

/// The most layouts of one kind: each file without a named one is held against all of them.
const MOST: usize = 100;

/// A layout of a tenant's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportLayout {
    /// Its name.
    pub name: LayoutName,
    /// What it says.
    pub layout: Layout,
    /// When it was made.
    pub created_at: Jst,
    /// When it was last changed.
    pub updated_at: Jst,
}

/// Which layout an import was read by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutUsed {
    /// Its name.
    pub name: LayoutName,
    /// Its version at that time.
    pub version: u64,
}

/// What the domain calls a kind of file that is read; nothing for one that is not yet.
#[must_use]
pub fn intake_kind(kind: ImportKind) -> Option<intake::Kind> {
    match kind {
        ImportKind::Departments => Some(intake::Kind::Departments),
        ImportKind::Employees => Some(intake::Kind::Employees),
        ImportKind::Accounts => Some(intake::Kind::Accounts),
        ImportKind::Checkups => Some(intake::Kind::Checkups),
        ImportKind::Lifelogs => Some(intake::Kind::Lifelogs),
        ImportKind::WorkingHours => Some(intake::Kind::WorkingHours),
        ImportKind::StressAnswers => None,
    }
}

fn key(tenant: TenantId, kind: ImportKind, name: &LayoutName) -> Key {
    Key::new(Table::Records, tenant, Family::ImportLayout, kind.name(), name)
}

/// A layout says how everybody's rows are read: it is for those who may import everybody's.
fn for_everybody(right: &ImportRight) -> Result<(), Error> {
    if right.reach().is_everybody() { Ok(()) } else { Err(Denied::Forbidden.into()) }
}

impl Store {
    /// All layouts for files of the right's kind, by name.
    pub async fn import_layouts(&self, right: &ImportRight) -> Result<Vec<Stored<ImportLayout>>, Error> {
        let of_kind = partition(right.tenant(), Family::ImportLayout, right.kind().name());
        let items = self.db.query_all(Range::whole(Table::Records, Family::ImportLayout, of_kind)).await?;
        items.into_iter().filter_map(|item| from_item(item, self.clock.now()).transpose()).collect()
    }

    /// One layout.
    pub async fn import_layout(&self, right: &ImportRight, name: &LayoutName) -> Result<Stored<ImportLayout>, Error> {
        self.load(&key(right.tenant(), right.kind(), name)).await?.ok_or(Error::NotFound)
    }

    /// Makes a layout, or changes the one that was read with `version`.
    pub async fn set_import_layout(
        &self,
        right: &ImportRight,
        name: LayoutName,
        version: Option<u64>,
        layout: Layout,
    ) -> Result<Prepared<Stored<ImportLayout>>, Error> {
        for_everybody(right)?;
        let (key, now) = (key(right.tenant(), right.kind(), &name), self.clock.now());
        let mut write = Write::new();
        let subject = format!("{}/{name}", right.kind().name());
        let stored = match version {
            None => {
                if self.import_layouts(right).await?.len() >= MOST {
                    return Err(Conflict::TooMany.into());
                }
                let record = ImportLayout { name, layout, created_at: now, updated_at: now };
                write.create(self, key, SCHEMA, &record, || Error::Stale)?;
                Stored { record, version: 1 }
            }
            Some(version) => {
                let before = self.import_layout(right, &name).await?.record;
                let record = ImportLayout { layout, updated_at: now, ..before };
                write.replace(self, key, SCHEMA, version, &record)?;
                Stored { record, version: version + 1 }
            }
        };
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.set_layout")?.on(subject);
        Ok(Prepared { thing: stored, write, event })
    }

    /// Deletes the layout that was read with `version`. Imports that were read by it keep what it said.
    pub async fn delete_import_layout(
        &self,
        right: &ImportRight,
        name: &LayoutName,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        for_everybody(right)?;
        self.import_layout(right, name).await?;
        let mut write = Write::new();
        write.delete(self, key(right.tenant(), right.kind(), name), Some(version))?;
        let subject = format!("{}/{name}", right.kind().name());
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.delete_layout")?.on(subject);
        Ok(Prepared { thing: (), write, event })
    }

    /// Keeps what an import is read by, for its chunks and for whoever asks about its rows; a repeated check writes it again.
    pub async fn keep_import_layout(&self, turn: Turn, import: ImportId, layout: &Layout) -> Result<(), Error> {
        let mut write = Write::new();
        self.put_part(&mut write, parts_key(turn.tenant, import, "LAYOUT"), &Kept { layout: layout.clone() })?;
        write.commit_unaudited(self).await
    }

    /// What an import was read by.
    pub async fn kept_import_layout(&self, right: &ImportRight, import: ImportId) -> Result<Option<Layout>, Error> {
        let kept = self.load::<Kept>(&parts_key(right.tenant(), import, "LAYOUT")).await?;
        Ok(kept.map(|kept| kept.record.layout))
    }
}

/// A layout as a part of an import.
#[derive(Serialize, Deserialize)]
struct Kept {
    layout: Layout,
}
