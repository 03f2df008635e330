//! What the kinds of files have in common for the job, and where they differ: how a row is read, what it is about, what of the register it touches, and how it
//! is written.

mod accounts;
mod checkups;
mod departments;
mod employees;
mod lifelogs;
mod stress_answers;
mod working_hours;

use std::sync::Arc;

use authz::{ImportKind, ImportRight};
use domain::{
    employee::EmployeeNumber,
    ids::EmployeeId,
    intake::{self, EmptyCells, Fault, FaultCode, Severity, checkups::Identity},
    table::Record,
    text::fold_for_search,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use store::{DiscrepancyCause, Error, Import, ImportLookup, LetterMove, Outlook, Person, Registered, Store, Wrote};

/// Departments of one file: they are one chunk, and the tree of all is one item.
const MOST_DEPARTMENTS: u64 = 5_000;
/// People that are written in one transaction, which takes 100 items: up to five for each, one of whom has an account that follows, and one that keeps what they were before.
const PEOPLE_AT_A_TIME: usize = 19;
/// Employees, or accounts, that are looked up by one request.
const LOOKED_UP: usize = 100;
/// Accounts of one chunk. A new password is weighed against the five before it, of which a bcrypt hash takes up to a second: four chunks at a time end well
/// within the 300 seconds that the function has.
const ACCOUNTS_AT_A_TIME: usize = 50;
/// Accounts of one chunk that are written at the same time: each hash takes 19 MiB.
const ACCOUNTS_IN_FLIGHT: usize = 4;

/// How a file is read.
#[derive(Debug)]
pub(crate) enum Layout {
    Departments(intake::departments::Layout),
    Employees(Box<intake::employees::Layout>),
    Checkups(Box<intake::checkups::Layout>),
    Accounts(Box<intake::accounts::Layout>),
    Lifelogs(Box<intake::lifelogs::Layout>),
    WorkingHours(Box<intake::working_hours::Layout>),
    StressAnswers(Box<intake::stress_answers::Layout>),
}

/// A row that was read.
#[derive(Debug)]
pub(crate) enum Row {
    Department(intake::departments::DepartmentRow),
    Employee(Box<intake::employees::EmployeeRow>),
    Checkup(Box<intake::checkups::CheckupRow>),
    Account(Box<intake::accounts::AccountRow>),
    Lifelog(Box<intake::lifelogs::LifelogRow>),
    Month(Box<intake::working_hours::WorkingHoursRow>),
    StressAnswers(Box<intake::stress_answers::StressAnswersRow>),
}

/// A row, held against the register.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The version of what the row will touch; 0 for what is not there yet.
    pub(crate) version: u64,
    /// What is wrong with it, and what should be looked at.
    pub(crate) faults: Vec<Fault>,
    /// Whom it is about, where its number does not say so.
    pub(crate) employee: Option<EmployeeId>,
    /// Why it waits for a person, if it does.
    pub(crate) waits: Option<DiscrepancyCause>,
    /// What a dry run foresees of it, where its kind can tell.
    pub(crate) foreseen: Option<Foreseen>,
}

/// What a dry run foresees of a row.
#[derive(Debug)]
pub(crate) struct Foreseen {
    pub(crate) outlook: Outlook,
    pub(crate) letters: Vec<LetterMove>,
}

impl Held {
    /// Whether the row cannot be applied.
    pub(crate) fn is_refused(&self) -> bool {
        self.faults.iter().any(|fault| fault.code.severity() == Severity::Error)
    }
}

/// What became of a row.
#[derive(Debug, Clone)]
pub(crate) enum Applied {
    /// Written: the id of what it is about, and what an undo needs to know of it.
    Written(String, Option<Wrote>),
    /// The same as what was there.
    Unchanged,
    /// It was left alone, and why.
    Conflict(FaultCode),
}

impl Applied {
    /// What is there has changed since the check.
    pub(crate) const CHANGED: Self = Self::Conflict(FaultCode::ChangedMeanwhile);
}

impl Layout {
    /// Recognises the header of a file that is read by a tenant's layout, or by our own names.
    pub(crate) fn recognise(
        kind: ImportKind,
        header: &[&str],
        import: &Import,
        by: Option<Arc<intake::layout::Layout>>,
        today: Date,
    ) -> Result<Self, Vec<Fault>> {
        let mut options = intake::Options::new(today);
        if let Some(layout) = by {
            options = options.by(layout);
        }
        if import.options.empty_clears {
            options.empty_cells = EmptyCells::Clear;
        }
        options.checkup_kind = import.options.checkup_kind;
        match kind {
            ImportKind::Departments => intake::departments::Layout::recognise(header, options).map(Self::Departments),
            ImportKind::Employees => {
                intake::employees::Layout::recognise(header, options).map(Box::new).map(Self::Employees)
            }
            ImportKind::Checkups => {
                intake::checkups::Layout::recognise(header, options).map(Box::new).map(Self::Checkups)
            }
            ImportKind::Accounts => {
                intake::accounts::Layout::recognise(header, options).map(Box::new).map(Self::Accounts)
            }
            ImportKind::Lifelogs => {
                intake::lifelogs::Layout::recognise(header, options).map(Box::new).map(Self::Lifelogs)
            }
            ImportKind::WorkingHours => {
                intake::working_hours::Layout::recognise(header, options).map(Box::new).map(Self::WorkingHours)
            }
            ImportKind::StressAnswers => {
                let (_, asked) =
                    import.options.stress_round.ok_or_else(|| vec![Fault::new(FaultCode::RoundNotOpen)])?;
                let layout = intake::stress_answers::Layout::recognise(header, options, asked);
                layout.map(Box::new).map(Self::StressAnswers)
            }
        }
    }

    /// What is wrong with the header although rows can be read by it.
    pub(crate) fn header_faults(&self) -> &[Fault] {
        match self {
            Self::Departments(layout) => layout.columns().faults(),
            Self::Employees(layout) => layout.columns().faults(),
            Self::Checkups(layout) => layout.columns().faults(),
            Self::Accounts(layout) => layout.columns().faults(),
            Self::Lifelogs(layout) => layout.columns().faults(),
            Self::WorkingHours(layout) => layout.columns().faults(),
            Self::StressAnswers(layout) => layout.columns().faults(),
        }
    }

    /// Reads a record: the row, if it is one, and everything to say about it.
    pub(crate) fn parse(&self, record: &Record<'_>) -> (Option<Row>, Vec<Fault>) {
        let (count, cell) = (record.len(), |column| record.get(column));
        match self {
            Self::Departments(layout) => read(layout.parse(count, cell), Row::Department),
            Self::Employees(layout) => read(layout.parse(count, cell), |row| Row::Employee(Box::new(row))),
            Self::Checkups(layout) => read(layout.parse(count, cell), |row| Row::Checkup(Box::new(row))),
            Self::Accounts(layout) => read(layout.parse(count, cell), |row| Row::Account(Box::new(row))),
            Self::Lifelogs(layout) => read(layout.parse(count, cell), |row| Row::Lifelog(Box::new(row))),
            Self::WorkingHours(layout) => read(layout.parse(count, cell), |row| Row::Month(Box::new(row))),
            Self::StressAnswers(layout) => read(layout.parse(count, cell), |row| Row::StressAnswers(Box::new(row))),
        }
    }

    /// What to say of a row that is about the same as one before it.
    pub(crate) fn duplicate(&self) -> Fault {
        match self {
            Self::Departments(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::departments::Role::Code)
            }
            Self::Employees(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::employees::Role::Number)
            }
            Self::Checkups(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::checkups::Role::Number)
            }
            Self::Accounts(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::accounts::Role::LoginId)
            }
            Self::Lifelogs(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::lifelogs::Role::Number)
            }
            Self::WorkingHours(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::working_hours::Role::Month)
            }
            Self::StressAnswers(layout) => {
                layout.columns().fault(FaultCode::DuplicateInFile, intake::stress_answers::Role::Number)
            }
        }
    }

    /// What to say of a row that was left alone.
    pub(crate) fn conflict(&self, code: FaultCode) -> Fault {
        if let Self::Accounts(layout) = self { accounts::conflict(layout, code) } else { Fault::new(code) }
    }

    /// How many rows a file has at most, and what to say of one that has more.
    pub(crate) fn most_rows(&self, usual: u64) -> (u64, FaultCode) {
        match self {
            Self::Departments(_) => (MOST_DEPARTMENTS, FaultCode::TooManyDepartments),
            _ => (usual, FaultCode::FileTooLarge),
        }
    }

    /// How many rows a chunk has: departments hang together and are applied at once.
    pub(crate) fn chunk_rows(&self, usual: usize) -> usize {
        match self {
            Self::Departments(_) => usize::MAX,
            Self::Accounts(_) => usual.min(ACCOUNTS_AT_A_TIME),
            Self::Employees(_)
            | Self::Checkups(_)
            | Self::Lifelogs(_)
            | Self::WorkingHours(_)
            | Self::StressAnswers(_) => usual,
        }
    }
}

fn read<R>(parsed: intake::Parsed<R>, row: impl FnOnce(R) -> Row) -> (Option<Row>, Vec<Fault>) {
    let mut faults = parsed.faults;
    faults.extend(parsed.warnings);
    (parsed.row.map(row), faults)
}

/// What is registered already, as far as rows of one kind are held against it.
#[derive(Debug)]
pub(crate) struct Register {
    lookup: ImportLookup,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Departments(Box<departments::Register>),
    Employees(Box<employees::Register>),
    Checkups(Box<checkups::Register>),
    Accounts(Box<accounts::Register>),
    Lifelogs(Box<lifelogs::Register>),
    WorkingHours(Box<working_hours::Register>),
    StressAnswers(Box<stress_answers::Register>),
}

impl Register {
    /// Opens what rows of the right's kind need.
    pub(crate) async fn open(store: &Store, right: &ImportRight, import: &Import) -> Result<Self, Error> {
        let kind = match right.kind() {
            ImportKind::Departments => Kind::Departments(Box::new(departments::Register::open(store, right).await?)),
            ImportKind::Checkups => Kind::Checkups(Box::new(checkups::Register::open(store, right, import).await?)),
            ImportKind::Accounts => Kind::Accounts(Box::new(accounts::Register::open(store, right, import).await?)),
            ImportKind::Lifelogs => Kind::Lifelogs(Box::default()),
            ImportKind::WorkingHours => {
                Kind::WorkingHours(Box::new(working_hours::Register::open(store, right).await?))
            }
            ImportKind::StressAnswers => {
                Kind::StressAnswers(Box::new(stress_answers::Register::open(store, right, import).await?))
            }
            ImportKind::Employees => Kind::Employees(Box::new(employees::Register::open(store, right).await?)),
        };
        Ok(Self { lookup: store.import_lookup(right).await?, kind })
    }

    /// A keyed hash of what a row is about: two rows of one file must not be about the same.
    pub(crate) fn identity(&self, row: &Row) -> [u8; 16] {
        match row {
            Row::Department(row) => self.lookup.identity(&[row.code.as_str()]),
            Row::Employee(row) => self.lookup.identity(&[row.number.as_str()]),
            Row::Account(row) => self.lookup.identity(&[row.login_id.as_str()]),
            Row::Lifelog(row) => self.lookup.identity(&[row.number.as_str(), &row.date.to_string()]),
            Row::Month(row) => self.lookup.identity(&[row.number.as_str(), &row.month.to_string()]),
            Row::StressAnswers(row) => self.lookup.identity(&[row.number.as_str()]),
            Row::Checkup(row) => {
                let (day, kind) = (row.date.to_string(), row.kind.japanese());
                match (&row.employee_number, &row.identity) {
                    (Some(number), _) => self.lookup.identity(&[number.as_str(), &day, kind]),
                    (None, Identity { kana, birth_date, sex, .. }) => {
                        let kana = kana.as_ref().map_or_else(String::new, |kana| fold_for_search(kana.as_str()));
                        let born = birth_date.map_or_else(String::new, |date| date.date().to_string());
                        let sex = sex.map_or("", domain::employee::Sex::japanese);
                        self.lookup.identity(&["", &kana, &born, sex, &day, kind])
                    }
                }
            }
        }
    }

    /// Holds rows against the register, in their order.
    pub(crate) async fn check(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        match (&mut self.kind, layout) {
            (Kind::Departments(register), Layout::Departments(layout)) => Ok(register.check(layout, rows)),
            (Kind::Employees(register), Layout::Employees(layout)) => register.check(store, right, layout, rows).await,
            (Kind::Checkups(register), Layout::Checkups(layout)) => register.check(store, right, layout, rows).await,
            (Kind::Accounts(register), Layout::Accounts(layout)) => register.check(store, right, layout, rows).await,
            (Kind::Lifelogs(_), Layout::Lifelogs(layout)) => {
                lifelogs::Register::check(store, right, layout, rows).await
            }
            (Kind::WorkingHours(register), Layout::WorkingHours(layout)) => {
                register.check(store, right, layout, rows).await
            }
            (Kind::StressAnswers(register), Layout::StressAnswers(layout)) => {
                register.check(store, right, layout, rows).await
            }
            _ => Err(Error::Internal("a layout of another kind".to_owned())),
        }
    }

    /// What can only be said once all rows have been seen.
    pub(crate) fn close(&mut self, layout: &Layout) -> Vec<(u64, Fault)> {
        match (&mut self.kind, layout) {
            (Kind::Departments(register), Layout::Departments(layout)) => register.close(layout),
            _ => Vec::new(),
        }
    }

    /// Makes ready what rows that are about to be written rest upon.
    pub(crate) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        planned: &[Planned],
    ) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Employees(register) => register.prepare(store, right, import, planned).await,
            Kind::Checkups(register) => register.prepare(store, right, planned).await,
            Kind::Lifelogs(register) => register.prepare(store, right, planned).await,
            Kind::WorkingHours(register) => register.prepare(store, right, planned).await,
            Kind::StressAnswers(register) => register.prepare(store, right, planned).await,
            Kind::Departments(_) | Kind::Accounts(_) => Ok(()),
        }
    }

    /// Gives a row that waited to an employee, and writes it.
    pub(crate) async fn apply_to(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        import: &Import,
        (number, row): (u64, Row),
        employee: EmployeeId,
    ) -> Result<Applied, Error> {
        match (&mut self.kind, layout, row) {
            (Kind::Checkups(register), Layout::Checkups(layout), Row::Checkup(row)) => {
                register.apply_to(store, right, layout, import, (number, *row), employee).await
            }
            _ => Err(Error::Internal("a row that waits, of a kind whose rows never do".to_owned())),
        }
    }

    /// Keeps rows that are nobody's yet. Their ids.
    pub(crate) async fn keep_waiting(
        &mut self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        waiting: Vec<Waiting>,
    ) -> Result<Vec<String>, Error> {
        match &mut self.kind {
            Kind::Checkups(register) => register.keep_waiting(store, right, import, waiting).await,
            _ => Ok(Vec::new()),
        }
    }

    /// Rows that are written together.
    pub(crate) fn groups(&self, planned: Vec<Planned>) -> Vec<Vec<Planned>> {
        match self.kind {
            Kind::Departments(_) => vec![planned],
            Kind::Employees(_) => grouped(planned, PEOPLE_AT_A_TIME),
            Kind::Lifelogs(_) => lifelogs::Register::groups(planned),
            Kind::Checkups(_) | Kind::Accounts(_) | Kind::WorkingHours(_) | Kind::StressAnswers(_) => {
                grouped(planned, 1)
            }
        }
    }

    /// How many groups are written at the same time.
    pub(crate) fn in_flight(&self, usual: usize) -> usize {
        if matches!(self.kind, Kind::Accounts(_)) { usual.min(ACCOUNTS_IN_FLIGHT) } else { usual }
    }

    /// Writes a group.
    pub(crate) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        group: Vec<Planned>,
    ) -> Result<Vec<(u64, Applied)>, Error> {
        match &self.kind {
            Kind::Departments(_) => departments::apply(store, right, import, group).await,
            Kind::Employees(register) => register.apply(store, right, import, &group).await,
            Kind::Checkups(register) => register.apply(store, right, import, group).await,
            Kind::Accounts(_) => accounts::apply(store, right, import, &group).await,
            Kind::Lifelogs(register) => register.apply(store, right, group).await,
            Kind::WorkingHours(register) => register.apply(store, right, import, group).await,
            Kind::StressAnswers(register) => register.apply(store, right, group).await,
        }
    }
}

/// A row of the plan.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Its number in the file.
    pub(crate) number: u64,
    /// What it says.
    pub(crate) row: Row,
    /// The version of what it was checked against.
    pub(crate) version: u64,
    /// Whom it is about, where its number does not say so.
    pub(crate) employee: Option<EmployeeId>,
}

/// A row that is nobody's yet.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Its number in the file.
    pub(crate) number: u64,
    /// Why it waits.
    pub(crate) cause: DiscrepancyCause,
    /// What it says.
    pub(crate) row: Row,
    /// Its cells.
    pub(crate) cells: Vec<String>,
}

fn grouped(planned: Vec<Planned>, size: usize) -> Vec<Vec<Planned>> {
    let mut rows = planned.into_iter().peekable();
    let mut groups = Vec::new();
    while rows.peek().is_some() {
        groups.push(rows.by_ref().take(size).collect());
    }
    groups
}

/// These employees, in their order.
async fn registered_by_id(
    store: &Store,
    right: &ImportRight,
    ids: &[EmployeeId],
) -> Result<Vec<Option<Registered>>, Error> {
    let found = try_join_all(ids.chunks(LOOKED_UP).map(|ids| store.registered_by_id(right, ids))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Who has these numbers, in their order.
async fn registered<'a>(
    store: &Store,
    right: &ImportRight,
    numbers: impl Iterator<Item = &'a EmployeeNumber>,
) -> Result<Vec<Option<Registered>>, Error> {
    let numbers: Vec<_> = numbers.cloned().collect();
    let found = try_join_all(numbers.chunks(LOOKED_UP).map(|numbers| store.registered(right, numbers))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The names of those who are given, in their order; nobody else's is opened.
async fn people<'a>(
    store: &Store,
    right: &ImportRight,
    given: impl Iterator<Item = Option<&'a Registered>>,
) -> Result<Vec<Option<Person>>, Error> {
    let given: Vec<Option<EmployeeId>> = given.map(|known| Some(known?.employee.record.id)).collect();
    let ids: Vec<EmployeeId> = given.iter().copied().flatten().collect();
    let mut found = store.names_of(right, &ids).await?.into_iter();
    Ok(given.iter().map(|id| id.and_then(|_| found.next().flatten())).collect())
}
