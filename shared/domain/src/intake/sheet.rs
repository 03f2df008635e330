//! What all kinds of files have in common: finding out what each column means, and reading a cell into a change of a
//! value while collecting what is wrong.

use super::{CLEAR, Change, EmptyCells, Fault, FaultCode, Options};
use crate::{
    dates::{self, DateFault},
    employee::word_of,
    text::{header_key, trim},
};

/// What a header means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning<R> {
    /// A column that is read.
    Role(R),
    /// A column that is known and passed over.
    PassedOver,
}

/// What the columns of one file mean: `R` says it in the words of the kind of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns<R> {
    headers: Vec<Box<str>>,
    /// Sorted by role.
    roles: Vec<(R, u16)>,
    faults: Vec<Fault>,
}

impl<R: Copy + Ord> Columns<R> {
    /// Finds out what each header means. `meaning_of` is asked with the comparison key of a header and the role of the column
    /// before. `required` lists alternatives, each with the name to be told when all are absent; without them no row can be read.
    pub(super) fn recognise(
        header: &[&str],
        options: &Options,
        meaning_of: impl Fn(&str, Option<R>) -> Option<Meaning<R>>,
        required: &[(&'static str, &[R])],
    ) -> Result<Self, Vec<Fault>> {
        let width = header.iter().rposition(|cell| !trim(cell).is_empty()).map_or(0, |last| last + 1);
        let Ok(_) = u16::try_from(width) else { return Err(vec![Fault::new(FaultCode::WrongColumnCount)]) };
        if width == 0 {
            return Err(vec![Fault::new(FaultCode::EmptyFile)]);
        }
        let mut columns = Self {
            headers: header[..width].iter().map(|&cell| trim(cell).into()).collect(),
            roles: Vec::new(),
            faults: Vec::new(),
        };
        let mut faults = Vec::new();
        let mut before = None;
        for (name, column) in header[..width].iter().zip(0_u16..) {
            let key = header_key(name);
            let own = options.renames.iter().find(|rename| header_key(&rename.header) == key);
            let meaning = match own.map(|rename| &rename.means) {
                Some(None) => Some(Meaning::PassedOver),
                Some(Some(means)) => meaning_of(&header_key(means), before),
                None => meaning_of(&key, before),
            };
            before = None;
            match meaning {
                None => faults.push(Fault::new(FaultCode::UnknownHeader).at(column, trim(name))),
                Some(Meaning::Role(role)) if columns.column(role).is_some() => {
                    faults.push(Fault::new(FaultCode::DuplicateHeader).at(column, trim(name)));
                }
                Some(Meaning::Role(role)) => {
                    let at = columns.roles.partition_point(|&(other, _)| other < role);
                    columns.roles.insert(at, (role, column));
                    before = Some(role);
                }
                Some(Meaning::PassedOver) => {}
            }
        }
        let told = faults.len();
        for (name, alternatives) in required {
            if !alternatives.iter().any(|&role| columns.column(role).is_some()) {
                faults.push(Fault { header: Some((*name).into()), ..Fault::new(FaultCode::MissingHeader) });
            }
        }
        if faults.len() > told {
            return Err(faults);
        }
        columns.faults = faults;
        Ok(columns)
    }

    /// What is wrong with the header: columns that mean nothing to us, or the same as another. The file cannot be applied, but its rows can be looked at, so
    /// that everything about it is told at once.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The headers as the file has them.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|header| &**header)
    }

    /// The column that has this role.
    #[must_use]
    pub fn column(&self, role: R) -> Option<u16> {
        let at = self.roles.binary_search_by_key(&role, |&(of, _)| of).ok()?;
        Some(self.roles[at].1)
    }

    /// All roles with their columns, sorted by role.
    #[must_use]
    pub fn roles(&self) -> &[(R, u16)] {
        &self.roles
    }

    /// A fault at the column that has this role.
    #[must_use]
    pub fn fault(&self, code: FaultCode, role: R) -> Fault {
        match self.column(role) {
            Some(column) => self.fault_at(code, column),
            None => Fault::new(code),
        }
    }

    pub(super) fn fault_at(&self, code: FaultCode, column: u16) -> Fault {
        let header = self.headers.get(usize::from(column)).map_or("", |header| header);
        Fault::new(code).at(column, header)
    }

    /// Whether a record of `count` cells fits: blank cells beyond the header are passed over.
    pub(super) fn fits<'r>(&self, count: usize, cell: impl Fn(usize) -> &'r str) -> bool {
        count >= self.headers.len() && (self.headers.len()..count).all(|column| trim(cell(column)).is_empty())
    }
}

/// The role of a header in a table of names.
pub(super) fn named<R: Copy>(names: &[(R, &[&str])], key: &str) -> Option<Meaning<R>> {
    names
        .iter()
        .find(|(_, names)| names.iter().any(|name| header_key(name) == key))
        .map(|&(role, _)| Meaning::Role(role))
}

/// Yes and no, as files write them.
const FLAGS: &[(&str, bool)] = &[
    ("1", true),
    ("0", false),
    ("○", true),
    ("◯", true),
    ("×", false),
    ("有", true),
    ("無", false),
    ("あり", true),
    ("なし", false),
    ("はい", true),
    ("いいえ", false),
    ("Y", true),
    ("N", false),
    ("TRUE", true),
    ("FALSE", false),
];

/// Whether a cell says yes or no.
pub(super) fn flag(text: &str) -> Result<bool, FaultCode> {
    word_of(FLAGS, text).ok_or(FaultCode::FlagInvalid)
}

/// Reads the cells of one record, collecting what is wrong.
pub(super) struct Reader<'l, R, C> {
    columns: &'l Columns<R>,
    options: &'l Options,
    cell: C,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
}

impl<'l, 'r, R: Copy + Ord, C: Fn(usize) -> &'r str> Reader<'l, R, C> {
    pub(super) fn new(columns: &'l Columns<R>, options: &'l Options, cell: C) -> Self {
        Self { columns, options, cell, faults: Vec::new(), warnings: Vec::new() }
    }

    /// The cell of a role, trimmed; nothing without such a column.
    pub(super) fn cell(&self, role: R) -> Option<&'r str> {
        self.columns.column(role).map(|column| trim((self.cell)(column.into())))
    }

    /// Notes a fault at a role, showing nothing of the cell.
    pub(super) fn fault(&mut self, code: FaultCode, role: R) {
        self.faults.push(self.columns.fault(code, role));
    }

    /// Notes a warning at a role.
    pub(super) fn warn(&mut self, code: FaultCode, role: R) {
        self.warnings.push(self.columns.fault(code, role));
    }

    /// A value that a row may be without.
    pub(super) fn optional<T>(&mut self, role: R, parse: impl FnOnce(&'r str) -> Result<T, FaultCode>) -> Change<T> {
        match self.cell(role) {
            None => Change::Keep,
            Some("") if self.options.empty_cells == EmptyCells::Keep => Change::Keep,
            Some("" | CLEAR) => Change::Clear,
            Some(text) => self.parsed(role, text, parse),
        }
    }

    /// A value that an employee, department or checkup always has: it may be kept, never cleared.
    pub(super) fn lasting<T>(&mut self, role: R, parse: impl FnOnce(&'r str) -> Result<T, FaultCode>) -> Change<T> {
        match self.cell(role) {
            None => Change::Keep,
            Some("") if self.options.empty_cells == EmptyCells::Keep => Change::Keep,
            Some("") => {
                self.fault(FaultCode::Required, role);
                Change::Keep
            }
            Some(CLEAR) => {
                self.fault(FaultCode::CannotClear, role);
                Change::Keep
            }
            Some(text) => self.parsed(role, text, parse),
        }
    }

    /// A value without which a row is none.
    pub(super) fn required<T>(&mut self, role: R, parse: impl FnOnce(&'r str) -> Result<T, FaultCode>) -> Option<T> {
        match self.cell(role) {
            None | Some("" | CLEAR) => {
                self.fault(FaultCode::Required, role);
                None
            }
            Some(text) => self.parsed(role, text, parse).set(),
        }
    }

    fn parsed<T>(&mut self, role: R, text: &'r str, parse: impl FnOnce(&'r str) -> Result<T, FaultCode>) -> Change<T> {
        match parse(text) {
            Ok(value) => Change::Set(value),
            Err(code) => {
                self.fault(code, role);
                Change::Keep
            }
        }
    }

    /// Shows what stands in the cell of the last fault, if that is at `role`. For codes and words, never for what is personal.
    pub(super) fn show(&mut self, role: R) {
        let (column, cell) = (self.columns.column(role), self.cell(role).unwrap_or_default());
        if let Some(fault) = self.faults.last_mut().filter(|fault| fault.column == column && !cell.is_empty()) {
            *fault = fault.clone().showing(cell);
        }
    }

    /// Reads a date; a day beside its era is noted as a warning.
    pub(super) fn date(&self, text: &str) -> Result<dates::Read, FaultCode> {
        dates::parse(text, self.options.dates).map_err(|fault| match fault {
            DateFault::Invalid => FaultCode::DateInvalid,
            DateFault::EraDateDoesNotExist => FaultCode::EraDateDoesNotExist,
            DateFault::TwoDigitYear => FaultCode::TwoDigitYear,
            DateFault::SerialNumber => FaultCode::SerialNumber,
        })
    }
}
