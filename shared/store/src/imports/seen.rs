//! What people see of imports, and how they start one and have it go on.

use authz::{ImportKind, ImportRight, Permit, permission::UseImports};
use domain::ids::{ImportId, TenantId};
use vault::Purpose;

use super::{
    Import, ImportOptions, ImportState, NewImport, Rows, SCHEMA, Started, UPLOAD_KEPT_SECONDS, Undo, Way, key,
};
use crate::{
    Conflict, Error, Files, Prepared, Store, Write,
    db::Range,
    item::{Stored, from_item},
    key::{Family, Key, Table, partition},
};

impl Store {
    /// Makes an import ready to take its file.
    pub async fn start_import(
        &self,
        files: &Files,
        right: &ImportRight,
        new: NewImport,
    ) -> Result<Prepared<Started>, Error> {
        let id: ImportId = self.new_id()?;
        let object = Files::upload_key(right, id, &self.random_text::<18>()?);
        let upload_url = files.upload_address(&object, self.clock.now()).await?;
        let key = key(right.tenant(), id);
        let import = Import {
            state: ImportState::AwaitingUpload,
            account: right.actor().account(),
            client: right.actor().client(),
            options: new.options,
            ..self.new_import(&key, right.tenant(), id, right.kind(), Way::Api, &new.file_name).await?
        };
        let mut write = Write::new();
        write.create(self, key, SCHEMA, &import, || Conflict::WrongState.into())?;
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.start")?.on(id);
        Ok(Prepared { thing: Started { import: Stored { record: import, version: 1 }, upload_url }, write, event })
    }

    /// An import that waits, of nobody's.
    pub(super) async fn new_import(
        &self,
        key: &Key,
        tenant: TenantId,
        id: ImportId,
        kind: ImportKind,
        way: Way,
        file_name: &str,
    ) -> Result<Import, Error> {
        let now = self.clock.now();
        Ok(Import {
            id,
            kind,
            state: ImportState::Waiting,
            way,
            account: None,
            client: None,
            options: ImportOptions::default(),
            file_name: self.seal(tenant, Purpose::Files, key, "file_name", file_name).await?,
            object: None,
            counts: Rows::default(),
            preview: None,
            shape: None,
            layout: None,
            chunks: 0,
            handed_out: false,
            fault_file: None,
            reason: None,
            applied_at: None,
            undo: None,
            fence: 0,
            created_at: now,
            updated_at: now,
        })
    }

    /// The imports that the permit's holder may see, newest first.
    pub async fn imports(
        &self,
        permit: &Permit<UseImports>,
        kind: Option<ImportKind>,
        before: Option<ImportId>,
        limit: usize,
    ) -> Result<(Vec<Stored<Import>>, Option<ImportId>), Error> {
        let mut range = Range::whole(Table::Records, Family::Import, partition(permit.tenant(), Family::Import, ""))
            .descending()
            .after(before.map(|id| id.to_string()))
            .limit(limit);
        let mut found = Vec::new();
        loop {
            let (items, more) = self.db.query(&range).await?;
            range.after = items.last().and_then(|item| crate::item::as_text(item, "sk").map(str::to_owned));
            for item in items {
                let Some(stored) = from_item::<Import>(item, self.clock.now())? else { continue };
                if kind.is_none_or(|kind| kind == stored.record.kind) && may_see(permit, &stored.record) {
                    let id = stored.record.id;
                    found.push(stored);
                    if found.len() == limit {
                        return Ok((found, Some(id)));
                    }
                }
            }
            if !more {
                return Ok((found, None));
            }
        }
    }

    /// One import.
    pub async fn import(&self, permit: &Permit<UseImports>, import: ImportId) -> Result<Stored<Import>, Error> {
        let stored = self.load_import(permit.tenant(), import).await?.ok_or(Error::NotFound)?;
        if may_see(permit, &stored.record) { Ok(stored) } else { Err(Error::NotFound) }
    }

    /// The name of an import's file.
    pub async fn import_file_name(&self, permit: &Permit<UseImports>, import: &Import) -> Result<String, Error> {
        let key = key(permit.tenant(), import.id);
        self.open(permit.tenant(), Purpose::Files, &key, "file_name", &import.file_name).await
    }

    /// The list of an import's faults, as the file that it is.
    pub async fn import_faults(
        &self,
        files: &Files,
        permit: &Permit<UseImports>,
        import: ImportId,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
        let stored = self.import(permit, import).await?;
        let file = stored.record.fault_file.ok_or(Error::NotFound)?;
        self.open_file(files, permit.tenant(), &file).await
    }

    /// Goes on: a dry run is to be applied, or a failed import is to be taken up where it was. Whoever asks must have the right to import this kind.
    pub async fn continue_import(
        &self,
        right: &ImportRight,
        import: ImportId,
        from: ImportState,
    ) -> Result<Prepared<Stored<Import>>, Error> {
        let Stored { record, version } = self.load_import(right.tenant(), import).await?.ok_or(Error::NotFound)?;
        if record.kind != right.kind() {
            return Err(Error::NotFound);
        }
        if record.state != from {
            return Err(Conflict::WrongState.into());
        }
        let now = self.clock.now();
        let renewed = if record.undo.as_ref().is_some_and(Undo::goes_on) {
            // What it wrote is taken back without the file.
            Import { state: ImportState::Undoing, reason: None, updated_at: now, ..record }
        } else {
            if record.updated_at.plus_seconds(UPLOAD_KEPT_SECONDS) <= now {
                return Err(Conflict::UploadOver.into());
            }
            // What was checked some time ago is checked again: the register may have moved on.
            let options = ImportOptions { dry_run: false, ..record.options };
            Import { state: ImportState::Waiting, options, reason: None, updated_at: now, ..record }
        };
        let mut write = Write::new();
        write.replace(self, key(right.tenant(), import), SCHEMA, version, &renewed)?;
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.continue")?.on(import);
        Ok(Prepared { thing: Stored { record: renewed, version: version + 1 }, write, event })
    }
}

/// Whether the permit's holder may see an import: one of a kind that they may import themselves, and their own, unless they reach everybody whom it can be
/// about.
pub(super) fn may_see(permit: &Permit<UseImports>, import: &Import) -> bool {
    let own = import.account.is_some() && import.account == permit.actor().account();
    permit.import_right(import.kind).is_ok_and(|right| own || right.reach().is_everybody())
}
