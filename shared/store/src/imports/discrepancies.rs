//! Discrepancies (照合待ち): rows of an import that are about nobody, or about one of several people. They wait until a person says whose they are.
//!
//! ```text
//! open ──whose──▶ resolving ──written──▶ resolved
//!  │ ▲                │
//!  │ └─ contradicts ──┘
//!  └──nobody's──▶ dismissed                     and, whatever their state, gone with the upload's seven days
//! ```
//!
//! Clear are ids, the row's number, state and reasons as codes; what the row says is sealed like the file that it is a part of. A row that somebody has given to an
//! employee is applied by the import job, through the same code as any other row, and once.

use authz::{ImportKind, ImportRight, PermissionId, Permit, permission::UseImports};
use domain::{
    checkup::kind::CheckupKind,
    employee::{BirthDate, EmployeeNumber, Kana, PersonName, Sex},
    ids::{AccountId, DiscrepancyId, EmployeeId, ImportId, TenantId},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{Import, ImportState, SCHEMA, UPLOAD_KEPT_SECONDS, Wrote, late_key};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Sealed, Stored, to_item},
    key::{Family, Key, Table, partition},
    page::sift,
    write::indexed,
};

/// Where those that wait for somebody are, in the index.
const OPEN: &str = "open";

/// Where a discrepancy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyState {
    /// It waits for a person.
    Open,
    /// A person has said whose it is; it is about to be applied.
    Resolving,
    /// It was applied.
    Resolved,
    /// A person has said that it is nobody's.
    Dismissed,
}

impl DiscrepancyState {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolving => "resolving",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }
}

/// Why a row waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyCause {
    /// Nobody has its number.
    UnknownNumber,
    /// It has no number, and nobody has its kana, birth date and sex.
    FitsNobody,
    /// It has no number, and several people have its kana, birth date and sex.
    FitsSeveral,
}

impl DiscrepancyCause {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownNumber => "unknown_number",
            Self::FitsNobody => "fits_nobody",
            Self::FitsSeveral => "fits_several",
        }
    }
}

/// Why somebody could be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The number has the same digits, leading zeros aside.
    Digits,
    /// The name is the same in one of its spellings.
    Name,
    /// The kana are the same.
    Kana,
    /// The birth date is the same.
    BirthDate,
}

impl Likeness {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Name => "name",
            Self::Kana => "kana",
            Self::BirthDate => "birth_date",
        }
    }
}

/// Somebody who could be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub employee: EmployeeId,
    /// Why.
    pub likenesses: Vec<Likeness>,
}

/// What a row says of whom it is about. Debug output shows none of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct RowSays {
    /// 社員番号.
    pub number: Option<EmployeeNumber>,
    /// 氏名.
    pub name: Option<PersonName>,
    /// 氏名カナ.
    pub kana: Option<Kana>,
    /// 生年月日.
    pub birth_date: Option<BirthDate>,
    /// 性別.
    pub sex: Option<Sex>,
    /// 受診日.
    pub examined_on: Date,
    /// 健診種別.
    pub kind: CheckupKind,
    /// Who could be meant, the likeliest first.
    pub candidates: Vec<Candidate>,
}

impl std::fmt::Debug for RowSays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowSays(…)")
    }
}

/// A row that waits, as it is made.
#[derive(Debug)]
pub struct NewDiscrepancy {
    /// Its number in the file.
    pub row: u64,
    /// Why it waits.
    pub cause: DiscrepancyCause,
    /// What it says of whom it is about.
    pub said: RowSays,
    /// Its cells.
    pub cells: Vec<String>,
}

/// A row that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Discrepancy {
    /// Its id.
    pub id: DiscrepancyId,
    /// The import that it is a row of.
    pub import: ImportId,
    /// Its number in the file.
    pub row: u64,
    /// Where it is.
    #[serde(rename = "discrepancy_state")]
    pub state: DiscrepancyState,
    /// Why it waits.
    pub cause: DiscrepancyCause,
    /// Whose it is, as somebody has said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub employee: Option<EmployeeId>,
    /// Why it could not be given to that employee: a code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
    /// Whose account made the import.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    account: Option<AccountId>,
    said: Sealed,
    cells: Sealed,
    /// Why it is nobody's, in somebody's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    dismissed_because: Option<Sealed>,
    /// When it was made.
    pub created_at: Jst,
    /// When it last moved.
    pub updated_at: Jst,
    expires_at: i64,
}

/// What a person says of a row.
#[derive(Debug, Clone)]
pub enum Resolution {
    /// It is this employee's.
    Belongs(EmployeeId),
    /// It is nobody's, and why.
    Dismiss(String),
}

/// A discrepancy with as much of what it says as the caller may see.
#[derive(Debug)]
pub struct ShownDiscrepancy {
    /// The discrepancy.
    pub stored: Stored<Discrepancy>,
    /// What the row says.
    pub said: RowSays,
    /// Whether the caller may see names.
    pub sees_names: bool,
    /// Whether the caller may see birth dates and sex.
    pub sees_attributes: bool,
}

fn key(tenant: TenantId, import: ImportId, id: DiscrepancyId) -> Key {
    Key::new(Table::Records, tenant, Family::Discrepancy, import, id)
}

/// In the order of rows, and the same however often a row is come by.
fn id_of(import: ImportId, row: u64) -> DiscrepancyId {
    let mut bytes = [0; 16];
    let (ordered, of_import) = bytes.split_at_mut(8);
    ordered.copy_from_slice(&row.to_be_bytes());
    of_import.copy_from_slice(import.as_bytes().last_chunk::<8>().unwrap_or(&[0; 8]));
    DiscrepancyId::from_bytes(bytes)
}

fn item_of(key: &Key, tenant: TenantId, version: u64, record: &Discrepancy) -> Result<Attributes, Error> {
    let item = to_item(key, version, SCHEMA, record)?;
    Ok(match record.state {
        DiscrepancyState::Open => {
            let open = partition(tenant, Family::Discrepancy, OPEN);
            indexed(item, open, format!("{}#{}", record.import, record.id))
        }
        _ => item,
    })
}

/// Whether the permit's holder may see a row: as with its import, their own, or any if they reach everybody.
fn may_see(permit: &Permit<UseImports>, record: &Discrepancy) -> bool {
    let own = record.account.is_some() && record.account == permit.actor().account();
    permit.import_right(ImportKind::Checkups).is_ok_and(|right| own || right.reach().is_everybody())
}

impl Store {
    /// Keeps a row of an import until somebody says whose it is; once, however often it is come by. Its event is its chunk's.
    pub async fn put_discrepancy(
        &self,
        right: &ImportRight,
        import: &Import,
        new: &NewDiscrepancy,
    ) -> Result<DiscrepancyId, Error> {
        let (tenant, now, id) = (right.tenant(), self.clock.now(), id_of(import.id, new.row));
        let key = key(tenant, import.id, id);
        let record = Discrepancy {
            id,
            import: import.id,
            row: new.row,
            state: DiscrepancyState::Open,
            cause: new.cause,
            employee: None,
            refused: None,
            account: import.account,
            said: self.seal(tenant, Purpose::Files, &key, "said", &new.said).await?,
            cells: self.seal(tenant, Purpose::Files, &key, "cells", &new.cells).await?,
            dismissed_because: None,
            created_at: now,
            updated_at: now,
            expires_at: now.plus_seconds(UPLOAD_KEPT_SECONDS).epoch_seconds(),
        };
        self.db.put_if(&key, item_of(&key, tenant, 1, &record)?, None).await?;
        Ok(id)
    }

    /// The rows of one import that were not clear, in their order: up to `limit` after `after`, and where to go on.
    pub async fn discrepancies_of(
        &self,
        permit: &Permit<UseImports>,
        import: ImportId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<ShownDiscrepancy>, Option<String>), Error> {
        self.import(permit, import).await?;
        let of_import = partition(permit.tenant(), Family::Discrepancy, import);
        let range = || Range::whole(Table::Records, Family::Discrepancy, of_import.clone());
        self.shown_discrepancies(permit, range, after, limit).await
    }

    /// The rows of all imports that wait for a person, the oldest import's first: up to `limit` after `after`, and where to go on.
    pub async fn open_discrepancies(
        &self,
        permit: &Permit<UseImports>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<ShownDiscrepancy>, Option<String>), Error> {
        let open = partition(permit.tenant(), Family::Discrepancy, OPEN);
        let range = || Range::whole(Table::Records, Family::Discrepancy, open.clone()).by_index();
        self.shown_discrepancies(permit, range, after, limit).await
    }

    async fn shown_discrepancies(
        &self,
        permit: &Permit<UseImports>,
        range: impl Fn() -> Range,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<ShownDiscrepancy>, Option<String>), Error> {
        let sees = |column| permit.sees(column).is_some_and(authz::Reach::is_everybody);
        let (sees_names, sees_attributes) = (sees(PermissionId::SeeNames), sees(PermissionId::SeeAttributes));
        let look = |after| self.records_that(range().limit(limit).after(after), |of: &Discrepancy| may_see(permit, of));
        let (found, next) = sift(after, limit, look).await?;
        let mut shown = Vec::with_capacity(found.len());
        for stored in found {
            let key = key(permit.tenant(), stored.record.import, stored.record.id);
            let said = self.open(permit.tenant(), Purpose::Files, &key, "said", &stored.record.said).await?;
            shown.push(ShownDiscrepancy { stored, said, sees_names, sees_attributes });
        }
        if shown.is_empty() {
            return Ok((shown, next));
        }
        let subjects: Vec<String> = shown.iter().map(|it| it.stored.record.id.to_string()).collect();
        Ok((self.disclose(permit, "import.read_discrepancies", subjects, shown).await?, next))
    }

    /// Notes what a person says of a row that waits.
    pub async fn resolve_discrepancy(
        &self,
        permit: &Permit<UseImports>,
        import: ImportId,
        id: DiscrepancyId,
        resolution: Resolution,
    ) -> Result<Prepared<Stored<Discrepancy>>, Error> {
        let tenant = permit.tenant();
        let key = key(tenant, import, id);
        let Stored { record, version } = self.load::<Discrepancy>(&key).await?.ok_or(Error::NotFound)?;
        if !may_see(permit, &record) {
            return Err(Error::NotFound);
        }
        let of = self.load_import(tenant, import).await?.ok_or(Error::NotFound)?;
        if matches!(of.record.state, ImportState::Undoing | ImportState::Undone) {
            return Err(Conflict::WrongState.into());
        }
        // The same word again has the job told again: its message may have been lost.
        let again = record.state == DiscrepancyState::Resolving
            && matches!(resolution, Resolution::Belongs(employee) if record.employee == Some(employee));
        if record.state != DiscrepancyState::Open && !again {
            return Err(Conflict::WrongState.into());
        }
        let updated_at = self.clock.now();
        let (action, next) = match resolution {
            Resolution::Belongs(employee) => {
                let state = DiscrepancyState::Resolving;
                ("import.resolve", Discrepancy { state, employee: Some(employee), refused: None, updated_at, ..record })
            }
            Resolution::Dismiss(reason) => {
                let because = self.seal(tenant, Purpose::Files, &key, "dismissed_because", &reason).await?;
                let state = DiscrepancyState::Dismissed;
                ("import.dismiss", Discrepancy { state, dismissed_because: Some(because), updated_at, ..record })
            }
        };
        let mut write = Write::new();
        self.replace_discrepancy(&mut write, tenant, version, &next)?;
        let event = self.event(permit, action)?.on(import).on(id).on_all(next.employee);
        Ok(Prepared { thing: Stored { record: next, version: version + 1 }, write, event })
    }

    fn replace_discrepancy(
        &self,
        write: &mut Write,
        tenant: TenantId,
        version: u64,
        next: &Discrepancy,
    ) -> Result<(), Error> {
        let key = key(tenant, next.import, next.id);
        let item = item_of(&key, tenant, version + 1, next)?;
        write.put_over(self, key, item, Some(version), || Error::Stale)?;
        Ok(())
    }

    /// A row that is about to be applied, with its cells; nothing where it is not, or not any more.
    pub async fn resolving_discrepancy(
        &self,
        right: &ImportRight,
        import: ImportId,
        id: DiscrepancyId,
    ) -> Result<Option<(Stored<Discrepancy>, Vec<String>)>, Error> {
        let key = key(right.tenant(), import, id);
        let stored = self.load::<Discrepancy>(&key).await?;
        let Some(stored) = stored.filter(|it| it.record.state == DiscrepancyState::Resolving) else { return Ok(None) };
        let cells = self.open(right.tenant(), Purpose::Files, &key, "cells", &stored.record.cells).await?;
        Ok(Some((stored, cells)))
    }

    /// Notes what became of a row that was to be applied: what was written, or why it waits for a person again. A second time changes nothing.
    pub async fn settle_discrepancy(
        &self,
        right: &ImportRight,
        stored: Stored<Discrepancy>,
        outcome: Result<Option<Wrote>, String>,
    ) -> Result<(), Error> {
        let mut write = Write::new();
        let Stored { record, version } = stored;
        let event = self.event_of(right.tenant(), right.actor(), "imports.use", "import.apply_checkups")?;
        let event = event.on(record.import).on(record.id);
        let (next, event) = match outcome {
            Ok(written) => {
                let next = Discrepancy { state: DiscrepancyState::Resolved, updated_at: self.clock.now(), ..record };
                if let Some(wrote) = &written {
                    self.put_part(&mut write, late_key(right.tenant(), record.import, wrote.row), wrote)?;
                }
                (next, event.on_all(written.and_then(|wrote| wrote.checkup)))
            }
            Err(code) => {
                let event = event.refused(&code);
                let (state, updated_at) = (DiscrepancyState::Open, self.clock.now());
                (Discrepancy { state, employee: None, refused: Some(code), updated_at, ..record }, event)
            }
        };
        self.replace_discrepancy(&mut write, right.tenant(), version, &next)?;
        match write.commit(self, event).await {
            Ok(()) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
