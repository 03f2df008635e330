//! Delimited files (CSV, TSV) as customers' spreadsheets write them, cut into records and decoded (R-33, R-34).
//! Independent of where the bytes come from: they are pushed in chunks of any size, and each record tells where it began
//! and ended, so that a range of the file can be read again later with the same row numbers.
//!
//! ```
//! use domain::table::{Decoder, Splitter};
//!
//! let mut splitter = Splitter::new();
//! let mut decoder = Decoder::new(None);
//! let mut cells = Vec::new();
//! let mut chunks = [b"No,Name\r\n1,\"a".as_slice(), b", b\"\r\n"].into_iter();
//! loop {
//!     let more = chunks.next().map(|chunk| splitter.push(chunk)).is_some();
//!     if !more {
//!         splitter.finish();
//!     }
//!     while let Some(raw) = splitter.next_record() {
//!         let record = raw.and_then(|raw| decoder.decode(raw))?;
//!         cells.extend(record.iter().map(str::to_owned));
//!     }
//!     if !more {
//!         break;
//!     }
//! }
//! assert_eq!(cells, ["No", "Name", "1", "a, b"]);
//! # Ok::<(), domain::table::RowFault>(())
//! ```

mod decode;
mod split;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use decode::{Decoder, Encoding, Record};
pub use split::{LONGEST_RECORD, RawRecord, Splitter};

use crate::intake::FaultCode;

/// A place between two records of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes before it.
    pub offset: u64,
    /// The number of the row that follows, counted from 1 as a spreadsheet does: the header is row 1, a blank line counts,
    /// a line break inside quotes does not.
    pub row: u64,
    /// The number of the line that follows, counted from 1 as an editor does.
    pub line: u64,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self { offset: 0, row: 1, line: 1 };
}

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// A comma.
    Comma,
    /// A tab.
    Tab,
}

impl Delimiter {
    /// The byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
        }
    }
}

/// The cells of row `row`, as far as the first bytes of a file have it: to find out whose file it is.
#[must_use]
pub fn cells_of_row(first_bytes: &[u8], row: u64, encoding: Option<Encoding>) -> Option<Vec<String>> {
    let mut splitter = Splitter::with_header_in(row);
    splitter.push(first_bytes);
    splitter.finish();
    let mut decoder = Decoder::new(encoding);
    let record = decoder.decode(splitter.next_record()?.ok()?).ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

/// A record that cannot be read. It holds nothing of what the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("row {}: {code}", start.row)]
pub struct RowFault {
    /// Where the record began.
    pub start: Position,
    /// Where reading goes on.
    pub end: Position,
    /// What is wrong: `broken_quote`, `mixed_encoding`, `text_unfit` (longer than [`LONGEST_RECORD`], or with a NUL), or, for
    /// the whole file and then the last, `encoding_unsupported`.
    pub code: FaultCode,
}
