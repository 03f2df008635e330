//! Undo of an applied import (取込の取消), within 30 days of when it was applied.
//!
//! ```text
//! applied, applied_with_conflicts ──undo──▶ undoing: checking ──┬─ a row was touched since ─▶ (as it was; a list says which)
//!                                                               └─ none ──▶ writing ──▶ undone
//! ```
//!
//! Each chunk's done-record says what its rows wrote, in which version; what was there before is kept as well (of a checkup in its history, of an employee beside the import,
//! sealed). First every row is looked at, and nothing is changed if one of them was touched later or something rests on it; then each gets a version more. Both go chunk by
//! chunk within the tenant's turn: where a run ends, the next one goes on, and a row that was taken back already is found to be.

use authz::{ImportKind, ImportRight};
use domain::{
    ids::{AccountId, CheckupId, ClientId, EmployeeId, ImportId, TenantId},
    intake::FaultCode,
    time::Jst,
};
use serde::{Deserialize, Serialize};

use super::{
    Done, Import, ImportState, SCHEMA, Turn,
    job::{Part, part_key},
    key, parts_key,
};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, from_optional, to_item},
    key::{Family, Key, Table, partition},
};

/// For how long an import can be undone, in seconds: 30 days.
const UNDO_SECONDS: i64 = 30 * 86_400;
/// For how long what was there before is kept, in seconds: an undo that was asked for on the last day comes to its end.
const IMAGES_KEPT_SECONDS: i64 = UNDO_SECONDS + 86_400;

/// Where an undo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoPhase {
    /// Every row is looked at.
    Checking,
    /// Rows are taken back.
    Writing,
    /// Something stands in the way: nothing was changed.
    Refused,
    /// Rows were taken back.
    Done,
}

impl UndoPhase {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Writing => "writing",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }
}

/// An undo that somebody asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    /// Where it is.
    pub phase: UndoPhase,
    /// When it was asked for.
    pub asked_at: Jst,
    /// Whose account asked, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<AccountId>,
    /// Which program asked, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<ClientId>,
    /// Where the import was before.
    pub from: ImportState,
    /// The chunk that is next; after those of the plan, the rows that had waited for a person.
    pub next: u32,
    /// Rows that were taken back.
    pub undone: u64,
    /// Rows that were touched since: as long as there are any at the check, nothing is taken back.
    pub touched: u64,
    /// Why it was refused as a whole: a code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Where the list of these rows is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault_file: Option<String>,
}

impl Undo {
    /// Whether there is more of it to do.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        matches!(self.phase, UndoPhase::Checking | UndoPhase::Writing)
    }
}

/// What a row wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrote {
    /// Its number in the file.
    pub row: u64,
    /// Whom it is about.
    pub employee: EmployeeId,
    /// The checkup, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checkup: Option<CheckupId>,
    /// The version that it wrote.
    pub version: u64,
}

/// What is to be done about a row that is undone.
#[derive(Debug)]
pub enum UndoStep {
    /// It is as it was before the row, or gone.
    Done,
    /// Somebody touched it since, or something rests on it.
    Touched,
    /// This makes it so.
    Write(Write),
}

/// What became of the rows of a chunk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Looked {
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    touched: Vec<u64>,
    #[serde(default)]
    undone: u64,
}

/// What people were before rows changed them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Images {
    pub(crate) images: Sealed,
    expires_at: i64,
}

/// Where it is kept what people were before rows changed them, the first of which is `row`, of somebody in `version`.
pub(crate) fn image_key(tenant: TenantId, import: ImportId, (row, version): (u64, u64)) -> Key {
    parts_key(tenant, import, format_args!("IMAGE#{row:010}#{version}"))
}

/// What people were before the rows from `row` on changed them.
pub(crate) fn images_after(tenant: TenantId, import: ImportId, row: u64) -> Range {
    let before = format!("IMAGE#{row:010}#");
    Range::whole(Table::Records, Family::ImportPart, partition(tenant, Family::ImportPart, import))
        .starting_with("IMAGE#")
        .after(Some(before))
}

/// Where it stands what a row wrote that had waited for a person.
pub(super) fn late_key(tenant: TenantId, import: ImportId, row: u64) -> Key {
    parts_key(tenant, import, format_args!("LATE#{row:010}"))
}

const fn part_of(phase: UndoPhase) -> &'static str {
    if matches!(phase, UndoPhase::Writing) { "UNDONE" } else { "TOUCHED" }
}

impl Import {
    /// Until when it can be undone, if it can be.
    #[must_use]
    pub fn undo_until(&self) -> Option<Jst> {
        let kind = matches!(self.kind, ImportKind::Employees | ImportKind::Checkups);
        let applied = matches!(self.state, ImportState::Applied | ImportState::AppliedWithConflicts);
        self.applied_at.filter(|_| kind && applied).map(|at| at.plus_seconds(UNDO_SECONDS))
    }
}

impl Store {
    /// Asks for an import to be undone; whoever asks must have the right to import its kind, and the job asks again.
    pub async fn ask_undo(&self, right: &ImportRight, import: ImportId) -> Result<Prepared<Stored<Import>>, Error> {
        let Stored { record, version } = self.load_import(right.tenant(), import).await?.ok_or(Error::NotFound)?;
        if record.kind != right.kind() {
            return Err(Error::NotFound);
        }
        if !matches!(record.kind, ImportKind::Employees | ImportKind::Checkups) {
            return Err(Conflict::NotUndoable.into());
        }
        let now = self.clock.now();
        let until = record.undo_until().ok_or(Conflict::WrongState)?;
        if until <= now {
            return Err(Conflict::UndoOver.into());
        }
        let undo = Undo {
            phase: UndoPhase::Checking,
            asked_at: now,
            account: right.actor().account(),
            client: right.actor().client(),
            from: record.state,
            next: 0,
            undone: 0,
            touched: 0,
            reason: None,
            fault_file: None,
        };
        let asked = Import { state: ImportState::Undoing, undo: Some(undo), updated_at: now, ..record };
        let mut write = Write::new();
        write.replace(self, key(right.tenant(), import), SCHEMA, version, &asked)?;
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.undo")?.on(import);
        Ok(Prepared { thing: Stored { record: asked, version: version + 1 }, write, event })
    }

    /// The list of rows that stand, or stood, in the way of an undo, as the file that it is.
    pub async fn undo_faults(
        &self,
        files: &crate::Files,
        permit: &authz::Permit<authz::permission::UseImports>,
        import: ImportId,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
        let stored = self.import(permit, import).await?;
        let file = stored.record.undo.and_then(|undo| undo.fault_file).ok_or(Error::NotFound)?;
        self.open_file(files, permit.tenant(), &file).await
    }

    /// Takes a row back where rows are being written, if that can still be; whether it can be, or was. A second time finds that it was.
    pub async fn take_back(&self, right: &ImportRight, step: UndoStep, phase: UndoPhase) -> Result<bool, Error> {
        match step {
            UndoStep::Done => Ok(true),
            UndoStep::Touched => Ok(false),
            UndoStep::Write(_) if phase != UndoPhase::Writing => Ok(true),
            UndoStep::Write(write) => match self.commit_rows(right, write).await {
                Ok(()) => Ok(true),
                Err(Error::Stale | Error::Conflict(_)) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// Adds a sealed image to the write that it is an image before.
    pub(crate) fn put_image(&self, write: &mut Write, key: Key, images: Sealed) -> Result<(), Error> {
        let expires_at = self.clock.now().plus_seconds(IMAGES_KEPT_SECONDS).epoch_seconds();
        let item = to_item(&key, 1, SCHEMA, &Images { images, expires_at })?;
        write.put_over(self, key, item, None, || Error::Stale)?;
        Ok(())
    }

    /// What the rows of a chunk wrote; of the chunk after the plan's last one, what rows wrote that had waited for a person. Nothing where that is not known any more.
    pub async fn wrote(
        &self,
        right: &ImportRight,
        import: &Import,
        chunk: u32,
    ) -> Result<Option<(u64, Vec<Wrote>)>, Error> {
        let now = self.clock.now();
        if chunk < import.chunks {
            let item = self.db.get(&part_key(right.tenant(), import.id, "DONE", chunk)).await?;
            let done = from_optional::<Done>(item, now)?.map(|stored| stored.record);
            return Ok(done.map(|done| (done.applied, done.wrote)));
        }
        let late =
            Range::whole(Table::Records, Family::ImportPart, partition(right.tenant(), Family::ImportPart, import.id));
        let items = self.db.query_all(late.starting_with("LATE#")).await?.into_iter();
        let wrote: Vec<Wrote> = items
            .filter_map(|item| from_item::<Wrote>(item, now).transpose())
            .map(|stored| stored.map(|stored| stored.record))
            .collect::<Result<_, _>>()?;
        Ok(Some((wrote.len() as u64, wrote)))
    }

    /// Forgets what an earlier undo of the same import found.
    pub async fn forget_undo(&self, turn: Turn, import: ImportId) -> Result<(), Error> {
        self.forget_parts(turn, import, &["TOUCHED#", "UNDONE#"]).await
    }

    /// Notes what became of a chunk: which rows were touched since and, where any was taken back, with one event that names these.
    pub async fn note_undo(
        &self,
        right: &ImportRight,
        import: ImportId,
        (phase, chunk): (UndoPhase, u32),
        touched: Vec<u64>,
        undone: &[Wrote],
    ) -> Result<(), Error> {
        let mut write = Write::new();
        let key = part_key(right.tenant(), import, part_of(phase), chunk);
        let looked = Looked { touched, undone: undone.len() as u64 };
        if phase != UndoPhase::Writing || undone.is_empty() {
            self.put_part(&mut write, key, &looked)?;
            return write.commit_unaudited(self).await;
        }
        let part: Part<'_, Looked> = self.part(&looked);
        write.create(self, key, SCHEMA, &part, || Conflict::WrongState.into())?;
        let action = format!("import.undo_{}", right.kind().name());
        let ids = undone.iter().map(|it| it.checkup.map_or_else(|| it.employee.to_string(), |id| id.to_string()));
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", &action)?.on(import).on_all(ids);
        match write.commit(self, event).await {
            Ok(()) | Err(Error::Conflict(Conflict::WrongState)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How many rows were taken back, and which ones were touched since.
    pub async fn looked(
        &self,
        right: &ImportRight,
        import: ImportId,
        phase: UndoPhase,
    ) -> Result<(u64, Vec<(u64, FaultCode)>), Error> {
        let of = partition(right.tenant(), Family::ImportPart, import);
        let range = Range::whole(Table::Records, Family::ImportPart, of).starting_with(format!("{}#", part_of(phase)));
        let (mut undone, mut touched) = (0, Vec::new());
        let items: Vec<Attributes> = self.db.query_all(range).await?;
        for item in items {
            let Some(Stored { record, .. }) = from_item::<Looked>(item, self.clock.now())? else { continue };
            undone += record.undone;
            touched.extend(record.touched.into_iter().map(|row| (row, FaultCode::TouchedSinceImport)));
        }
        touched.sort_unstable();
        Ok((undone, touched))
    }
}
