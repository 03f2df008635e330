//! Imports (取込): a file's way from an upload to records.
//!
//! ```text
//! awaiting_upload ──file is there──▶ waiting ──its turn──▶ checking ──┬─ faults ─────────────▶ rejected
//!                                      ▲                     │        ├─ dry run ────────────▶ checked ──apply──┐
//!                                      └──references missing─┘        └─ good ──▶ applying ◀────────────────────┘
//!                                                                                   │
//!                                applied ◀── all chunks ──┬─────────────────────────┤
//!                 applied_with_conflicts ◀── some rows ───┘      failed ◀── gave up ┘ (resume ▶ where it was)
//! ```
//!
//! A tenant's imports run one at a time, in the order of what they need (departments, then employees, then the rest) and of their age: a lease per tenant
//! says whose turn it is, with a fencing token that every step of the turn is conditional on. Checking leaves a plan: chunks, cut at record ends, each with the
//! versions of what its rows will touch. Applying a chunk leaves one done-record; an import is complete when each chunk of the plan has one.

use authz::{ImportKind, ImportRight, Permit, permission::UseImports};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    checkup::kind::CheckupKind,
    ids::{AccountId, ClientId, ImportId, TenantId},
    intake::FaultCode,
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};

use crate::{
    Conflict, Error, Files, ObjectVersion, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, as_number, from_item, number},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// For how long a turn is held without a sign of life, in seconds.
const LEASE_SECONDS: i64 = 30;

/// Where an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The file has not come yet.
    AwaitingUpload,
    /// The file is there; others are before it, or what it refers to is not there yet.
    Waiting,
    /// Its rows are being checked.
    Checking,
    /// A dry run found no fault.
    Checked,
    /// It has faults; nothing was changed.
    Rejected,
    /// Its rows are being applied.
    Applying,
    /// Every row was applied.
    Applied,
    /// Every row was applied but for some that had changed since the check.
    AppliedWithConflicts,
    /// The service gave up on it; it can be resumed.
    Failed,
}

impl ImportState {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwaitingUpload => "awaiting_upload",
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Rejected => "rejected",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::AppliedWithConflicts => "applied_with_conflicts",
            Self::Failed => "failed",
        }
    }

    /// Whether it holds up what comes after it.
    pub(crate) const fn is_unfinished(self) -> bool {
        matches!(self, Self::Waiting | Self::Checking | Self::Applying)
    }
}

/// Which way the file came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// `POST /v1/imports`.
    Api,
    /// Dropped by a customer's system.
    Drop,
}

/// How a file shall be read.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, as the uploader made it")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// Check only.
    #[serde(default)]
    pub dry_run: bool,
    /// Apply the good rows of a file with faults.
    #[serde(default)]
    pub skip_bad_rows: bool,
    /// Accounts: rows may delete. Whoever started the import, and whoever goes on with it, had the right to.
    #[serde(default)]
    pub allow_deletions: bool,
    /// Empty cells clear what is stored; otherwise they keep it.
    #[serde(default)]
    pub empty_clears: bool,
    /// `utf-8` or `shift_jis`, where the file shall not speak for itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoding: Option<String>,
    /// Checkups: of which fiscal year (年度) they are; a day of another one is an error.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fiscal_year: Option<i16>,
    /// Checkups: of which kind (健診種別) they are, in a file that has no column for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checkup_kind: Option<CheckupKind>,
}

/// How many rows went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// In the file.
    pub read: u64,
    /// Written.
    pub applied: u64,
    /// The same as what was stored.
    pub unchanged: u64,
    /// Refused.
    pub rejected: u64,
    /// Changed since the check, and left alone.
    pub conflicts: u64,
    /// Remarked upon.
    pub warnings: u64,
}

/// How a file is written: what its first bytes told, kept for whoever reads a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileShape {
    /// `utf-8` or `shift_jis`.
    pub encoding: String,
    /// What separates the cells.
    pub delimiter: char,
    /// The header's cells.
    pub header: Vec<String>,
}

/// An import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What the file holds.
    pub kind: ImportKind,
    /// Where it is.
    #[serde(rename = "import_state")]
    pub state: ImportState,
    /// Which way the file came.
    pub way: Way,
    /// Whose account made it, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<AccountId>,
    /// Which program made it or dropped its file, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<ClientId>,
    /// How the file shall be read.
    pub options: ImportOptions,
    /// The file's name, which may hold people's names.
    pub(crate) file_name: Sealed,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub object: Option<ObjectVersion>,
    /// How many rows went which way.
    pub counts: Rows,
    /// How its chunks are to be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shape: Option<FileShape>,
    /// How many chunks the plan has.
    #[serde(default)]
    pub chunks: u32,
    /// The chunks were handed out to be applied; a job may have died before.
    #[serde(default)]
    pub handed_out: bool,
    /// Where the list of faults is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault_file: Option<String>,
    /// Why it failed or was refused as a whole: a code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The fencing token of the turn that may go on with it.
    #[serde(default)]
    pub(crate) fence: u64,
    /// When it was made.
    pub created_at: Jst,
    /// When it last moved.
    pub updated_at: Jst,
}

fn key(tenant: TenantId, import: ImportId) -> Key {
    Key::new(Table::Records, tenant, Family::Import, "", import)
}

fn lease_key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::ImportPart, "turn", "LEASE")
}

fn part_key(tenant: TenantId, import: ImportId, part: &str, chunk: u32) -> Key {
    Key::new(Table::Records, tenant, Family::ImportPart, import, format_args!("{part}#{chunk:08}"))
}

/// Where an import notes that it has deleted an account.
pub(crate) fn gone_key(tenant: TenantId, import: ImportId, login_hash: &str) -> Key {
    Key::new(Table::Records, tenant, Family::ImportPart, import, format_args!("GONE#{login_hash}"))
}

/// What somebody asks for who starts an import.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The file's name.
    pub file_name: String,
    /// How it shall be read.
    pub options: ImportOptions,
}

/// A file that a customer's system dropped.
#[derive(Debug, Clone, Copy)]
pub struct DroppedFile<'a> {
    /// The import's id, from [`Store::drop_id`].
    pub import: ImportId,
    /// What the folder says that it holds.
    pub kind: ImportKind,
    /// Which program dropped it; none where that cannot be told.
    pub client: Option<ClientId>,
    /// The file.
    pub object: &'a ObjectVersion,
    /// Its name.
    pub file_name: &'a str,
    /// Why it may not be imported: a code.
    pub refused: Option<&'a str>,
}

/// An import that waits for its file, and where to send that.
#[derive(Debug)]
pub struct Started {
    /// The import.
    pub import: Stored<Import>,
    /// Takes one `PUT`, for 15 minutes.
    pub upload_url: String,
}

// What people see of imports.
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
        let upload_url = files.upload_address(&object).await?;
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
    async fn new_import(
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
            shape: None,
            chunks: 0,
            handed_out: false,
            fault_file: None,
            reason: None,
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
        if record.updated_at.plus_seconds(UPLOAD_KEPT_SECONDS) <= self.clock.now() {
            return Err(Conflict::UploadOver.into());
        }
        // What was checked some time ago is checked again: the register may have moved on.
        let options = ImportOptions { dry_run: false, ..record.options };
        let renewed =
            Import { state: ImportState::Waiting, options, reason: None, updated_at: self.clock.now(), ..record };
        let mut write = Write::new();
        write.replace(self, key(right.tenant(), import), SCHEMA, version, &renewed)?;
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.continue")?.on(import);
        Ok(Prepared { thing: Stored { record: renewed, version: version + 1 }, write, event })
    }
}

/// Whether the permit's holder may see an import: one of a kind that they may import themselves, and their own, unless they reach everybody whom it can be
/// about.
fn may_see(permit: &Permit<UseImports>, import: &Import) -> bool {
    let own = import.account.is_some() && import.account == permit.actor().account();
    permit.import_right(import.kind).is_ok_and(|right| own || right.reach().is_everybody())
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

/// A turn: the right to move a tenant's imports, until the lease runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    tenant: TenantId,
    fence: u64,
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
}

/// For how long a file is kept after its import ended, in seconds: seven days.
pub(crate) const UPLOAD_KEPT_SECONDS: i64 = 7 * 86_400;
/// For how long the plan of an import, and what became of it, is kept, in days.
const PARTS_KEPT_DAYS: i64 = 40;

/// A part of an import, for as long as it is needed.
#[derive(Debug, Serialize)]
struct Part<'a, T> {
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
    /// Rows that were left alone, most often because what they are about has changed since the check.
    pub conflicts: Vec<(u64, FaultCode)>,
}

// What the import job does, with the right that it was given for the uploader.
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

    /// Takes the tenant's turn, if nobody has it.
    pub async fn take_turn(&self, permit: &Permit<UseImports>) -> Result<Option<Turn>, Error> {
        let (tenant, key, now) = (permit.tenant(), lease_key(permit.tenant()), self.clock.now());
        let request = self
            .db
            .update(&key)
            .update_expression("SET held_until = :until ADD fence :one")
            .condition_expression("attribute_not_exists(held_until) OR held_until <= :now")
            .expression_attribute_values(
                ":until",
                AttributeValue::N(now.plus_seconds(LEASE_SECONDS).epoch_seconds().to_string()),
            )
            .expression_attribute_values(":now", AttributeValue::N(now.epoch_seconds().to_string()))
            .expression_attribute_values(":one", number(1))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew);
        let taken = self.db.send_update(&key, request).await?;
        Ok(taken.and_then(|item| as_number(&item, "fence")).map(|fence| Turn { tenant, fence }))
    }

    /// Keeps the turn for another half minute; fails as stale if somebody else has taken it meanwhile.
    pub async fn keep_turn(&self, turn: Turn) -> Result<(), Error> {
        let until = self.clock.now().plus_seconds(LEASE_SECONDS).epoch_seconds();
        self.set_turn(turn, until).await
    }

    /// Gives the turn back.
    pub async fn end_turn(&self, turn: Turn) -> Result<(), Error> {
        self.set_turn(turn, 0).await
    }

    async fn set_turn(&self, turn: Turn, until: i64) -> Result<(), Error> {
        let key = lease_key(turn.tenant);
        let request = self
            .db
            .update(&key)
            .update_expression("SET held_until = :until")
            .condition_expression("fence = :fence")
            .expression_attribute_values(":until", AttributeValue::N(until.to_string()))
            .expression_attribute_values(":fence", number(turn.fence));
        self.db.send_update(&key, request).await?.map(|_| ()).ok_or(Error::Stale)
    }

    /// All imports of the tenant that are not finished, in the order in which they shall have their turn: what others need first, then by age.
    pub async fn unfinished_imports(&self, permit: &Permit<UseImports>) -> Result<Vec<Stored<Import>>, Error> {
        let range = Range::whole(Table::Records, Family::Import, partition(permit.tenant(), Family::Import, ""));
        let now = self.clock.now();
        let mut unfinished = Vec::new();
        for item in self.db.query_all(range).await? {
            unfinished.extend(from_item::<Import>(item, now)?.filter(|stored| stored.record.state.is_unfinished()));
        }
        unfinished.sort_by_key(|stored| (stored.record.kind as u8, stored.record.created_at));
        Ok(unfinished)
    }

    /// Moves an import on, within a turn. Fails as stale if the turn was lost or the import was moved by somebody else.
    pub async fn move_import(
        &self,
        turn: Turn,
        stored: Stored<Import>,
        change: impl FnOnce(&mut Import),
    ) -> Result<Stored<Import>, Error> {
        let Stored { record: mut import, version } = stored;
        if import.fence > turn.fence {
            return Err(Error::Stale);
        }
        change(&mut import);
        import.fence = turn.fence;
        import.updated_at = self.clock.now();
        let mut write = Write::new();
        write.replace(self, key(turn.tenant, import.id), SCHEMA, version, &import)?;
        write.commit_unaudited(self).await?;
        Ok(Stored { record: import, version: version + 1 })
    }

    fn part<'a, T>(&self, part: &'a T) -> Part<'a, T> {
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
        for part in ["PLAN#", "DONE#"] {
            let range =
                Range::whole(Table::Records, Family::ImportPart, partition(turn.tenant, Family::ImportPart, import))
                    .starting_with(part);
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
