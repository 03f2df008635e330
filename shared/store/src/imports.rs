//! Imports (取込): a file's way from an upload to records.
//!
//! ```text
//! awaiting_upload ──file is there──▶ waiting ──its turn──▶ checking ──┬─ faults ─────────────▶ rejected
//!                                      ▲                     │        ├─ dry run ────────────▶ checked ──apply──┐
//!                                      └──references missing─┘        └─ good ──▶ applying ◀────────────────────┘
//!                                                                                   │
//!                                applied ◀── all chunks ──┬─────────────────────────┤
//!                 applied_with_conflicts ◀── some rows ───┘      failed ◀── gave up ┘ (resume ▶ where it was)
//!                      │          ▲
//!                      └──undo──▶ undoing ──▶ undone            (within 30 days: [`undo`])
//! ```
//!
//! A tenant's imports run one at a time, in the order of what they need (departments, then employees, then the rest) and of their age: a lease per tenant
//! says whose turn it is, with a fencing token that every step of the turn is conditional on. Checking leaves a plan: chunks, cut at record ends, each with the
//! versions of what its rows will touch. Applying a chunk leaves one done-record; an import is complete when each chunk of the plan has one.

mod discrepancies;
mod job;
mod layouts;
mod preview;
mod seen;
mod turn;
mod undo;

use std::fmt;

use authz::ImportKind;
use domain::{
    checkup::kind::CheckupKind,
    ids::{AccountId, ClientId, ImportId, StressRoundId, TenantId},
    intake::layout::LayoutName,
    stress::questionnaire::Questionnaire,
    time::Jst,
};
use serde::{Deserialize, Serialize};

pub use discrepancies::{
    Candidate, Discrepancy, DiscrepancyCause, DiscrepancyState, Likeness, NewDiscrepancy, Resolution, RowSays,
    ShownDiscrepancy,
};
pub use job::{Chunk, Done, ImportLookup};
pub use layouts::{ImportLayout, LayoutUsed, intake_kind};
pub use preview::{Against, LetterMove, Outlook, Preview};
pub use turn::Turn;
use undo::late_key;
pub(crate) use undo::{Images, image_key, images_after};
pub use undo::{Undo, UndoPhase, UndoStep, Wrote};

use crate::{
    ObjectVersion,
    item::{Sealed, Stored},
    key::{Family, Key, Table},
};

const SCHEMA: u8 = 1;
/// For how long a file is kept after its import ended, in seconds: seven days.
pub(crate) const UPLOAD_KEPT_SECONDS: i64 = 7 * 86_400;

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
    /// What it wrote is being taken back.
    Undoing,
    /// What it wrote was taken back.
    Undone,
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
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Whether it holds up what comes after it.
    pub(crate) const fn is_unfinished(self) -> bool {
        matches!(self, Self::Waiting | Self::Checking | Self::Applying | Self::Undoing)
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
    /// Checkups: rows with a number that nobody has wait for a person, instead of being refused.
    #[serde(default)]
    pub queue_unmatched: bool,
    /// Accounts: rows may delete. Whoever started the import, and whoever goes on with it, had the right to.
    #[serde(default)]
    pub allow_deletions: bool,
    /// Empty cells clear what is stored; otherwise they keep it.
    #[serde(default)]
    pub empty_clears: bool,
    /// `utf-8` or `shift_jis`, where the file shall not speak for itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoding: Option<String>,
    /// The tenant's layout (取込レイアウト) that it is read by; none: the one whose headers the file has, or our own names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub layout: Option<LayoutName>,
    /// Checkups: of which fiscal year (年度) they are; a day of another one is an error.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fiscal_year: Option<i16>,
    /// Answers of stress checks: the round that they are into, and the questionnaire that it asks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stress_round: Option<(StressRoundId, Questionnaire)>,
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
    /// Waiting until a person says whose they are.
    #[serde(default)]
    pub waiting: u64,
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
    /// The row that they are in.
    #[serde(default = "first_row")]
    pub header_row: u64,
    /// How long the text is that a workbook was turned into; absent: the file is read as it came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub converted: Option<u64>,
}

const fn first_row() -> u64 {
    1
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
    /// What the last check foresaw, if it was a dry run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preview: Option<Preview>,
    /// How its chunks are to be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shape: Option<FileShape>,
    /// The layout that it was read by, if one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub layout: Option<LayoutUsed>,
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
    /// When its rows were applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub applied_at: Option<Jst>,
    /// How far its undo is, once one was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undo: Option<Undo>,
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

/// A part of an import.
fn parts_key(tenant: TenantId, import: ImportId, part: impl fmt::Display) -> Key {
    Key::new(Table::Records, tenant, Family::ImportPart, import, part)
}

/// Where an import notes that it has deleted an account.
pub(crate) fn gone_key(tenant: TenantId, import: ImportId, login_hash: &str) -> Key {
    parts_key(tenant, import, format_args!("GONE#{login_hash}"))
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
