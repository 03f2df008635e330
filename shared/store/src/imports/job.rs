//! What the import job does, with the right that it was given for the uploader: it notes files, leaves a plan, and notes what became of each chunk.

use authz::{ImportKind, ImportRight, Permit, permission::UseImports};
use domain::{
    ids::{EmployeeId, ImportId, TenantId},
    intake::FaultCode,
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Lookup;

use super::{DiscrepancyCause, DroppedFile, Import, ImportState, SCHEMA, Turn, Way, Wrote, key, parts_key};
use crate::{
    Conflict, Error, ObjectVersion, Store, Write,
    db::Range,
    item::{Attributes, Stored, from_item},
    key::{Family, Key, Table, partition},
};

/// Where a chunk of the plan is, or what became of it.
pub(super) fn part_key(tenant: TenantId, import: ImportId, part: &str, chunk: u32) -> Key {
    parts_key(tenant, import, format_args!("{part}#{chunk:08}"))
}

/// The tenant's keyed hashes, for telling the rows of a file apart.
#[derive(Debug, Clone)]
pub struct ImportLookup(Lookup);

impl ImportLookup {
    /// What a row is about, as 128 keyed bits.
    #[must_use]
    pub fn identity(&self, parts: &[&str]) -> [u8; 16] {
        // Parts hold no control characters, so that one cannot be taken for two.
        self.0.mac16("import-row", parts.join("\u{1f}").as_bytes())
    }
}

impl Store {
    /// The tenant's keyed hashes for an import.
    pub async fn import_lookup(&self, right: &ImportRight) -> Result<ImportLookup, Error> {
        self.lookup(right.tenant()).await.map(ImportLookup)
    }
}

/// A chunk of the plan: a range of the file that ends where a record ends, and what its rows will touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its number, from 0.
    pub number: u32,
    /// Its first byte in the file.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    /// The number of its first record; the header is 1.
    pub first_row: u64,
    /// The line that it starts on.
    pub first_line: u64,
    /// The version of what each row will touch, in the order of rows: 0 for what is not there yet, `None` for a row that is skipped.
    pub versions: Vec<Option<u64>>,
    /// Whom rows without a number are about, by the rows' numbers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub found: Vec<(u64, EmployeeId)>,
    /// Rows that are nobody's yet, by their numbers, and why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub waiting: Vec<(u64, DiscrepancyCause)>,
}

/// For how long the plan of an import, and what became of it, is kept, in days.
const PARTS_KEPT_DAYS: i64 = 40;

/// A part of an import, for as long as it is needed.
#[derive(Debug, Serialize)]
pub(super) struct Part<'a, T> {
    #[serde(flatten)]
    part: &'a T,
    expires_at: i64,
}

/// What became of a chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Rows written.
    pub applied: u64,
    /// Rows that were the same.
    pub unchanged: u64,
    /// Rows that wait for a person.
    #[serde(default)]
    pub waiting: u64,
    /// Rows that were left alone, most often because what they are about has changed since the check.
    pub conflicts: Vec<(u64, FaultCode)>,
    /// What rows wrote, where that can be undone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub wrote: Vec<Wrote>,
}

impl Store {
    pub(crate) async fn load_import(
        &self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<Option<Stored<Import>>, Error> {
        self.load(&key(tenant, import)).await
    }

    /// Whether there still is the tenant whose files these are: messages can outlive it.
    pub async fn has_tenant(&self, permit: &Permit<UseImports>) -> Result<bool, Error> {
        Ok(self.load_tenant(permit.tenant()).await?.is_some())
    }

    /// The import that an upload is for, as it stands now: the job looks before it has any right.
    pub async fn import_of_job(
        &self,
        permit: &Permit<UseImports>,
        import: ImportId,
    ) -> Result<Option<Stored<Import>>, Error> {
        self.load_import(permit.tenant(), import).await
    }

    /// Notes that the file of an import is there. The first one counts; what comes again, or later, changes nothing. Whether it was the first.
    pub async fn note_upload(
        &self,
        permit: &Permit<UseImports>,
        import: ImportId,
        object: &ObjectVersion,
    ) -> Result<bool, Error> {
        let Some(Stored { record, version }) = self.load_import(permit.tenant(), import).await? else {
            return Ok(false);
        };
        if record.state != ImportState::AwaitingUpload {
            return Ok(false);
        }
        let waiting = Import {
            state: ImportState::Waiting,
            object: Some(object.clone()),
            updated_at: self.clock.now(),
            ..record
        };
        let mut write = Write::new();
        write.replace(self, key(permit.tenant(), import), SCHEMA, version, &waiting)?;
        match write.commit(self, self.event(permit, "import.upload")?.on(import)).await {
            Ok(()) => Ok(true),
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The id that the import of a dropped object has: the same however often its event is delivered, and in the order of their `times`.
    pub async fn drop_id(
        &self,
        permit: &Permit<UseImports>,
        object: &ObjectVersion,
        time: Jst,
    ) -> Result<ImportId, Error> {
        let lookup = self.lookup(permit.tenant()).await?;
        let mac = lookup.mac16("dropped-object", format!("{}\n{}", object.key, object.version).as_bytes());
        let random = mac.first_chunk().unwrap_or(&[0; 10]);
        Ok(ImportId::new(time.epoch_millis(), random))
    }

    /// Makes the import of a dropped file, once; `refused` says why it may not be. Whether it was the first time.
    pub async fn note_drop(&self, permit: &Permit<UseImports>, drop: DroppedFile<'_>) -> Result<bool, Error> {
        let key = key(permit.tenant(), drop.import);
        let import = Import {
            state: if drop.refused.is_some() { ImportState::Rejected } else { ImportState::Waiting },
            client: drop.client,
            object: Some(drop.object.clone()),
            reason: drop.refused.map(str::to_owned),
            ..self.new_import(&key, permit.tenant(), drop.import, drop.kind, Way::Drop, drop.file_name).await?
        };
        let mut write = Write::new();
        write.create(self, key, SCHEMA, &import, || Conflict::WrongState.into())?;
        let event = self.event(permit, "import.drop")?.on(drop.import).on_all(drop.client);
        let event = match drop.refused {
            Some(reason) => event.refused(reason),
            None => event,
        };
        match write.commit(self, event).await {
            Ok(()) => Ok(true),
            Err(Error::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn part<'a, T>(&self, part: &'a T) -> Part<'a, T> {
        Part { part, expires_at: self.clock.now().plus_seconds(PARTS_KEPT_DAYS * 86_400).epoch_seconds() }
    }

    /// Writes a chunk of the plan; a repeated check writes it again.
    pub async fn plan_chunk(&self, turn: Turn, import: ImportId, chunk: &Chunk) -> Result<(), Error> {
        let key = part_key(turn.tenant, import, "PLAN", chunk.number);
        let mut write = Write::new();
        self.put_part(&mut write, key, chunk)?;
        write.commit_unaudited(self).await
    }

    /// Adds a part of an import to `write`, whether it was there or not.
    pub(crate) fn put_part<T: Serialize>(&self, write: &mut Write, key: Key, part: &T) -> Result<(), Error> {
        let item = crate::item::to_item(&key, 1, SCHEMA, &self.part(part))?;
        write.put(self, key, item, None, Attributes::new(), || Error::Stale)?;
        Ok(())
    }

    /// A chunk of the plan, unless it is done already.
    pub async fn open_chunk(&self, right: &ImportRight, import: ImportId, number: u32) -> Result<Option<Chunk>, Error> {
        let keys = [part_key(right.tenant(), import, "PLAN", number), part_key(right.tenant(), import, "DONE", number)];
        let Ok([plan, done]) = <[_; 2]>::try_from(self.db.batch_get(&keys).await?) else { return Ok(None) };
        let Some(plan) = plan.filter(|_| done.is_none()) else { return Ok(None) };
        Ok(from_item::<Chunk>(plan, self.clock.now())?.map(|stored| stored.record))
    }

    /// Makes rows' writes happen. Their event is their chunk's ([`Self::finish_chunk`]): a chunk whose process died is applied again, and tells of them then.
    pub async fn commit_rows(&self, right: &ImportRight, write: Write) -> Result<(), Error> {
        tracing::debug!(kind = right.kind().name(), items = write.len(), "rows");
        write.commit_unaudited(self).await
    }

    /// Notes that a chunk is done, with one event that names everything that it touched. Once: a second time changes nothing.
    pub async fn finish_chunk(
        &self,
        right: &ImportRight,
        import: ImportId,
        number: u32,
        done: &Done,
        touched: &[String],
    ) -> Result<(), Error> {
        let mut write = Write::new();
        let key = part_key(right.tenant(), import, "DONE", number);
        write.create(self, key, SCHEMA, &self.part(done), || Conflict::WrongState.into())?;
        let action = format!("import.apply_{}", right.kind().name());
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", &action)?.on(import).on_all(touched);
        // Whose answers a file holds is not for the company to know.
        let event = if right.kind() == ImportKind::StressAnswers { event.in_confidence() } else { event };
        match write.commit(self, event).await {
            Ok(()) | Err(Error::Conflict(Conflict::WrongState)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What became of the chunks that are done.
    pub async fn done_chunks(&self, right: &ImportRight, import: ImportId) -> Result<Vec<(u32, Done)>, Error> {
        let range =
            Range::whole(Table::Records, Family::ImportPart, partition(right.tenant(), Family::ImportPart, import))
                .starting_with("DONE#");
        let mut done = Vec::new();
        for item in self.db.query_all(range).await? {
            let number = crate::item::as_text(&item, "sk").and_then(|sk| sk.strip_prefix("DONE#")?.parse().ok());
            if let (Some(number), Some(stored)) = (number, from_item::<Done>(item, self.clock.now())?) {
                done.push((number, stored.record));
            }
        }
        Ok(done)
    }

    /// Forgets what an earlier check of the same import left, before it is checked again.
    pub async fn forget_plan(&self, turn: Turn, import: ImportId) -> Result<(), Error> {
        self.forget_parts(turn, import, &["PLAN#", "DONE#"]).await
    }

    pub(super) async fn forget_parts(&self, turn: Turn, import: ImportId, parts: &[&str]) -> Result<(), Error> {
        for part in parts {
            let range =
                Range::whole(Table::Records, Family::ImportPart, partition(turn.tenant, Family::ImportPart, import))
                    .starting_with(*part);
            let items = self.db.query_all(range).await?;
            for chunk in items.chunks(90) {
                let mut write = Write::new();
                for item in chunk {
                    let sk = crate::item::as_text(item, "sk").unwrap_or_default().to_owned();
                    let key = Key {
                        table: Table::Records,
                        family: Family::ImportPart,
                        pk: partition(turn.tenant, Family::ImportPart, import),
                        sk,
                    };
                    write.delete(self, key, None)?;
                }
                write.commit_unaudited(self).await?;
            }
        }
        Ok(())
    }
}
