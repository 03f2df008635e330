//! Rows of customers' files, read into typed rows. Independent of files and encodings: a [`Columns`] is
//! recognised once from the header's cells, then each record is read by it. Every fault of a row is told, not the first;
//! what only the register can know (an unknown employee, a birth date that contradicts) is found later by the importer,
//! with the codes of the same table.

pub mod accounts;
pub mod checkups;
pub mod departments;
pub mod employees;
pub mod fault;
pub mod layout;
pub mod lifelogs;
mod sheet;
pub mod stress_answers;
pub mod working_hours;

use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{checkup::kind::CheckupKind, dates};
pub use fault::{Fault, FaultCode, Severity};
use layout::Layout;
pub use sheet::Columns;
use sheet::Understood;

/// What an empty cell means for what is already registered; chosen per import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyCells {
    /// No change.
    #[default]
    Keep,
    /// The value goes. Required values cannot go.
    Clear,
}

/// Clears a value, whatever empty cells mean.
pub const CLEAR: &str = "__CLEAR__";

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Departments (部署).
    Departments,
    /// Employees (社員マスタ).
    Employees,
    /// Accounts (アカウント).
    Accounts,
    /// Checkups (健診結果).
    Checkups,
    /// Lifelogs (ライフログ).
    Lifelogs,
    /// Working hours (労働時間).
    WorkingHours,
}

impl Kind {
    /// What each of these headers means by our own names, one result per header.
    fn understand(self, header: &[&str]) -> Vec<Understood> {
        // Nothing of it depends on a day.
        let options = Options::new(Date::MIN);
        match self {
            Self::Departments => sheet::understand(departments::NAMES, header, &options),
            Self::Employees => sheet::understand(employees::NAMES, header, &options),
            Self::Accounts => sheet::understand(accounts::NAMES, header, &options),
            Self::Checkups => checkups::understand(header, &options),
            Self::Lifelogs => sheet::understand(lifelogs::NAMES, header, &options),
            Self::WorkingHours => sheet::understand(working_hours::NAMES, header, &options),
        }
    }

    /// The comparison key of every name that a column may have, with the header of ours that it means.
    fn names(self) -> Vec<(String, String)> {
        match self {
            Self::Departments => sheet::all_names(departments::NAMES),
            Self::Employees => sheet::all_names(employees::NAMES),
            Self::Accounts => sheet::all_names(accounts::NAMES),
            Self::Checkups => checkups::names(),
            Self::Lifelogs => sheet::all_names(lifelogs::NAMES),
            Self::WorkingHours => sheet::all_names(working_hours::NAMES),
        }
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The day in Japan, which dates of the past and plausible ages are measured by.
    pub today: Date,
    /// What empty cells mean.
    pub empty_cells: EmptyCells,
    /// Which unusual dates are accepted.
    pub dates: dates::Accept,
    /// The tenant's layout; none: by our own names alone.
    pub layout: Option<Arc<Layout>>,
    /// The kind of all checkups of a file without a column for it.
    pub checkup_kind: Option<CheckupKind>,
}

impl Options {
    /// The usual reading on `today`.
    #[must_use]
    pub fn new(today: Date) -> Self {
        Self {
            today,
            empty_cells: EmptyCells::default(),
            dates: dates::Accept::default(),
            layout: None,
            checkup_kind: None,
        }
    }
}

/// What a cell does to one value of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// Nothing: no such column, or an empty cell that means so.
    Keep,
    /// The value goes.
    Clear,
    /// The value is this.
    Set(T),
}

impl<T> Change<T> {
    /// The value that is set.
    #[must_use]
    pub fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// The value that is set, by reference.
    #[must_use]
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Whether nothing happens.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<R> {
    /// The row; absent when it has faults.
    pub row: Option<R>,
    /// What keeps the row from being applied.
    pub faults: Vec<Fault>,
    /// What somebody should look at.
    pub warnings: Vec<Fault>,
}

impl<R> Parsed<R> {
    /// A record that has more or fewer cells than the header.
    fn of_another_width() -> Self {
        Self { row: None, faults: vec![Fault::new(FaultCode::WrongColumnCount)], warnings: Vec::new() }
    }
}
