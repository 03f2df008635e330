//! What a dry run foresees: counts alone, so that they can be told to whoever may import.

use domain::checkup::grade::Grade;
use serde::{Deserialize, Serialize};

/// What would become of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It is about what is not there yet.
    New,
    /// It changes what is there.
    Changed,
    /// It says what is there already.
    Unchanged,
}

/// What an overall letter (総合判定) is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The same checkup, as it is registered.
    Registered,
    /// The last checkup of the same kind in the fiscal year before.
    YearBefore,
}

impl Against {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::YearBefore => "year_before",
        }
    }
}

/// A letter that would be another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterMove {
    /// What it is held against.
    pub against: Against,
    /// The letter there.
    pub from: Option<Grade>,
    /// The letter that the file would give.
    pub to: Option<Grade>,
}

/// What a dry run foresees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Rows about what is not there yet.
    pub new: u64,
    /// Rows that change what is there; of kinds other than checkups also those that say what is there already.
    pub changed: u64,
    /// Rows of checkups that say what is there already.
    pub unchanged: u64,
    /// Columns whose numbers are converted to another unit, each with how many rows.
    pub conversions: Vec<(String, u64)>,
    /// Letters that would be others, each with how many checkups.
    pub letters: Vec<(LetterMove, u64)>,
}

impl Preview {
    /// Counts a row.
    pub fn row(&mut self, outlook: Outlook) {
        match outlook {
            Outlook::New => self.new += 1,
            Outlook::Changed => self.changed += 1,
            Outlook::Unchanged => self.unchanged += 1,
        }
    }

    /// Counts a number that is converted.
    pub fn converted(&mut self, column: &str) {
        match self.conversions.iter_mut().find(|(of, _)| of == column) {
            Some((_, rows)) => *rows += 1,
            None => self.conversions.push((column.to_owned(), 1)),
        }
    }

    /// Counts a letter, if it would be another one.
    pub fn letter(&mut self, moved: LetterMove) {
        if moved.from == moved.to {
            return;
        }
        match self.letters.iter_mut().find(|(of, _)| *of == moved) {
            Some((_, checkups)) => *checkups += 1,
            None => self.letters.push((moved, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_stay_are_not_told_and_the_same_move_is_counted_once_each() {
        let mut preview = Preview::default();
        let moved = |from, to| LetterMove { against: Against::YearBefore, from, to };
        for (from, to) in
            [(Some(Grade::A), Some(Grade::C)), (Some(Grade::A), Some(Grade::C)), (Some(Grade::B), Some(Grade::B))]
        {
            preview.letter(moved(from, to));
        }
        assert_eq!(preview.letters, [(moved(Some(Grade::A), Some(Grade::C)), 2)]);
    }
}
