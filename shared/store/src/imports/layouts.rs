//! A tenant's layouts ([`domain::intake::layout`]): one item each, under the kind of file that it is for and its name, and each of its versions beside it, for as long as the tenant is
//! there: an import names the one that it was read by. Headers tell nothing about people, so
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
    item::{Stored, from_item, to_item},
    key::{Family, Key, Table, partition},
};

/// The most layouts of one kind: each file without a named one is held against all of them.
const MOST: usize = 100;

/// How many versions of a layout are listed.
const MOST_VERSIONS: usize = 100;

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

/// Which list of versions is a layout's. No kind has a `#` in its name.
fn versions_of(kind: ImportKind, name: &LayoutName) -> String {
    format!("{}#{name}", kind.name())
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

    /// A version of a layout, also of one that is deleted.
    pub async fn import_layout_version(
        &self,
        right: &ImportRight,
        name: &LayoutName,
        version: u64,
    ) -> Result<Stored<ImportLayout>, Error> {
        let list = (right.tenant(), Family::ImportLayout);
        self.version_of(list, &versions_of(right.kind(), name), version).await?.ok_or(Error::NotFound)
    }

    /// The newest versions of a layout, the newest first, also of one that is deleted; none for one that never was.
    pub async fn import_layout_versions(
        &self,
        right: &ImportRight,
        name: &LayoutName,
    ) -> Result<Vec<Stored<ImportLayout>>, Error> {
        let list = (right.tenant(), Family::ImportLayout);
        self.newest_versions_of(list, &versions_of(right.kind(), name), MOST_VERSIONS).await
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
                // Its numbers go on where those of one of the same name ended that was deleted.
                let list = versions_of(right.kind(), &name);
                let before: Vec<Stored<ImportLayout>> =
                    self.newest_versions_of((right.tenant(), Family::ImportLayout), &list, 1).await?;
                let version = before.first().map_or(0, |before| before.version) + 1;
                let record = ImportLayout { name, layout, created_at: now, updated_at: now };
                let item = to_item(&key, version, SCHEMA, &record)?;
                write.put_over(self, key, item, None, || Error::Stale)?;
                Stored { record, version }
            }
            Some(version) => {
                let before = self.import_layout(right, &name).await?.record;
                let record = ImportLayout { layout, updated_at: now, ..before };
                write.replace(self, key, SCHEMA, version, &record)?;
                Stored { record, version: version + 1 }
            }
        };
        let list = versions_of(right.kind(), &stored.record.name);
        let of = (right.tenant(), Family::ImportLayout);
        write.keep_version_of(self, of, &list, stored.version, &stored.record)?;
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.set_layout")?.on(subject);
        Ok(Prepared { thing: stored, write, event })
    }

    /// Deletes the layout that was read with `version`. Its versions stay, and imports that were read by it keep what it said.
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
