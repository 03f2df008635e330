//! What all kinds of files have in common: finding out what each column means, and reading a cell into a change of a
//! value while collecting what is wrong.

use super::{CLEAR, Change, EmptyCells, Fault, FaultCode, Options, layout::word_key};
use crate::{
    checkup::item::ItemId,
    dates::{self, DateFault},
    decimal::Decimal,
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

/// What one of our names for a column would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Understood {
    /// The header of ours that it is; none: it is passed over, or not understood.
    pub(super) means: Option<String>,
    /// The item that it is about.
    pub(super) item: Option<ItemId>,
    /// Why it is not understood.
    pub(super) fault: Option<FaultCode>,
}

/// One column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    /// The header as the file has it.
    header: Box<str>,
    /// The comparison key by which it was understood: its own, or that of the header that it stands for.
    key: String,
    /// What the layout multiplies its numbers by.
    factor: Option<Decimal>,
    /// The layout's words for its words.
    words: Vec<(String, String)>,
}

/// What the columns of one file mean: `R` says it in the words of the kind of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns<R> {
    /// Each in the order of the file.
    all: Vec<Column>,
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
        mut meaning_of: impl FnMut(&str, Option<R>) -> Option<Meaning<R>>,
        required: &[(&'static str, &[R])],
    ) -> Result<Self, Vec<Fault>> {
        let width = header.iter().rposition(|cell| !trim(cell).is_empty()).map_or(0, |last| last + 1);
        let Ok(_) = u16::try_from(width) else { return Err(vec![Fault::new(FaultCode::WrongColumnCount)]) };
        if width == 0 {
            return Err(vec![Fault::new(FaultCode::EmptyFile)]);
        }
        let keys: Vec<String> = header[..width].iter().map(|name| header_key(name)).collect();
        let said = match &options.layout {
            Some(layout) => layout.columns_of(&keys),
            None => vec![None; width],
        };
        let mut columns = Self { all: Vec::with_capacity(width), roles: Vec::new(), faults: Vec::new() };
        let mut faults = Vec::new();
        let mut before = None;
        for (((name, key), said), column) in header[..width].iter().zip(keys).zip(said).zip(0_u16..) {
            let (key, passed_over) = match said.map(|said| &said.means) {
                Some(None) => (key, true),
                Some(Some(means)) => (header_key(means), false),
                None => (key, false),
            };
            let meaning = if passed_over { Some(Meaning::PassedOver) } else { meaning_of(&key, before) };
            columns.all.push(Column {
                header: trim(name).into(),
                key,
                factor: said.and_then(|said| said.unit.as_ref()).map(|unit| unit.factor),
                words: said.map_or_else(Vec::new, |said| {
                    said.words.iter().map(|(theirs, ours)| (word_key(theirs), ours.clone())).collect()
                }),
            });
            // A flag beside a value leaves what follows beside that value.
            if passed_over || !matches!(meaning, Some(Meaning::PassedOver)) {
                before = None;
            }
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

    /// What each header was understood as; `name` says a role, whose header stands beside it, in our own words.
    pub(super) fn understood(&self, name: impl Fn(R, &str) -> (String, Option<ItemId>)) -> Vec<Understood> {
        let of = |column: u16| {
            let header = self.header(column);
            let role = self.roles.iter().find(|(_, at)| *at == column).map(|&(role, _)| name(role, header));
            let fault = self.faults.iter().find(|fault| fault.column == Some(column)).map(|fault| fault.code);
            let (means, item) = role.unzip();
            Understood { means, item: item.flatten(), fault }
        };
        (0_u16..).take(self.all.len()).map(of).collect()
    }

    /// The cells of a record with the layout's words in place of the file's.
    pub(super) fn translated<'r>(&'r self, cell: impl Fn(usize) -> &'r str) -> impl Fn(usize) -> &'r str {
        move |column| {
            let written = cell(column);
            let words = self.all.get(column).map_or(&[][..], |column| &column.words);
            if words.is_empty() {
                return written;
            }
            let key = word_key(written);
            words.iter().find(|(theirs, _)| *theirs == key).map_or(written, |(_, ours)| ours)
        }
    }

    /// What is wrong with the header: columns that mean nothing to us, or the same as another. The file cannot be applied, but its rows can be looked at, so
    /// that everything about it is told at once.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The headers as the file has them.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|column| &*column.header)
    }

    /// The header of a column as the file has it.
    pub(super) fn header(&self, column: u16) -> &str {
        self.all.get(usize::from(column)).map_or("", |column| &column.header)
    }

    /// The comparison key by which a column was understood.
    pub(super) fn key(&self, column: u16) -> &str {
        self.all.get(usize::from(column)).map_or("", |column| &column.key)
    }

    /// What the layout multiplies the numbers of a column by.
    pub(super) fn factor(&self, column: u16) -> Option<Decimal> {
        self.all.get(usize::from(column))?.factor
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
        let header = self.header(column);
        Fault::new(code).at(column, header)
    }

    /// Whether a record of `count` cells fits: blank cells beyond the header are passed over.
    pub(super) fn fits<'r>(&self, count: usize, cell: impl Fn(usize) -> &'r str) -> bool {
        count >= self.all.len() && (self.all.len()..count).all(|column| trim(cell(column)).is_empty())
    }
}

/// The header of ours for a role.
pub(super) fn name_of<R: PartialEq>(names: &[(R, &[&'static str])], role: &R) -> String {
    names
        .iter()
        .find(|(of, _)| of == role)
        .and_then(|(_, names)| names.first())
        .map_or_else(String::new, |name| (*name).to_owned())
}

/// Every name of a table by its comparison key, with the header of ours that it means.
pub(super) fn all_names<R>(names: &[(R, &[&'static str])]) -> Vec<(String, String)> {
    let of = |(_, names): &(R, &[&'static str])| {
        let ours = names.first().map_or("", |name| name);
        names.iter().map(|name| (header_key(name), ours.to_owned())).collect::<Vec<_>>()
    };
    names.iter().flat_map(of).collect()
}

/// What each header means by a table of names.
pub(super) fn understand<R: Copy + Ord>(
    names: &[(R, &[&'static str])],
    header: &[&str],
    options: &Options,
) -> Vec<Understood> {
    let columns = Columns::recognise(header, options, |key, _| named(names, key), &[]);
    columns.map_or_else(|_| Vec::new(), |columns| columns.understood(|role, _| (name_of(names, &role), None)))
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
