//! The list of faults: what the uploader gets back. A CSV that Excel in Japan opens as it is: UTF-8 with BOM, CRLF, no cell that it would take for a
//! formula.

use std::fmt::Write as _;

use domain::intake::{Fault, FaultCode, Severity};

/// How many lines the list has at most; the rest is counted.
const LISTED: usize = 10_000;

/// Faults and warnings of one file, as they are found.
#[derive(Debug)]
pub(crate) struct Faults {
    /// The header's row.
    header_row: u64,
    lines: Vec<(u64, Fault)>,
    unlisted: u64,
    /// Rows that cannot be applied.
    pub(crate) rows: u64,
    /// Remarks.
    pub(crate) warnings: u64,
    /// Faults that are about something that may come yet: an employee or a department that another file brings.
    pub(crate) missing_references: u64,
}

impl Faults {
    /// None yet, of a file whose header is in row `header_row`.
    pub(crate) fn below(header_row: u64) -> Self {
        Self { header_row, lines: Vec::new(), unlisted: 0, rows: 0, warnings: 0, missing_references: 0 }
    }

    /// Notes what is wrong with a row (0: with the file; the header's: with that), and whether that keeps it from being applied.
    pub(crate) fn note(&mut self, row: u64, faults: impl IntoIterator<Item = Fault>) {
        let mut refused = false;
        for fault in faults {
            match fault.code.severity() {
                Severity::Error => refused = true,
                Severity::Warning => self.warnings += 1,
            }
            self.missing_references += u64::from(is_missing_reference(fault.code));
            if self.lines.len() < LISTED {
                self.lines.push((row, fault));
            } else {
                self.unlisted += 1;
            }
        }
        self.rows += u64::from(refused && row > self.header_row);
    }

    /// Whether there is anything to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The file.
    pub(crate) fn file(&mut self) -> Vec<u8> {
        self.lines.sort_by_key(|(row, fault)| (*row, fault.column));
        let mut text = String::from("\u{feff}行,列,値,区分,コード,内容\r\n");
        for (row, fault) in &self.lines {
            let row = if *row == 0 { String::new() } else { row.to_string() };
            let severity = match fault.code.severity() {
                Severity::Error => "誤り",
                Severity::Warning => "注意",
            };
            let header = fault.header.as_deref().unwrap_or_default();
            let shown = fault.shown.as_deref().unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{row},{},{},{severity},{},{}\r\n",
                cell(header),
                cell(shown),
                fault.code,
                cell(fault.detail())
            );
        }
        if self.unlisted > 0 {
            let _ = write!(
                text,
                ",,,,,\"ほかに{}件あります。上の内容を修正してから、もう一度取り込んでください。\"\r\n",
                self.unlisted
            );
        }
        text.into_bytes()
    }
}

fn is_missing_reference(code: FaultCode) -> bool {
    matches!(
        code,
        FaultCode::UnknownEmployee
            | FaultCode::DepartmentUnknown
            | FaultCode::WorkplaceUnknown
            | FaultCode::ParentUnknown
    )
}

/// A cell: quoted where it must be, and never a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_a_csv_that_excel_opens_and_runs_nothing_of() {
        let mut faults = Faults::below(1);
        faults.note(7, [Fault::new(FaultCode::UnknownHeader).at(2, "=HYPERLINK(\"x\")").showing("+1,2")]);
        faults.note(3, [Fault::new(FaultCode::BrokenQuote)]);
        let text = String::from_utf8(faults.file()).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with('\u{feff}'));
        assert!(lines[1].starts_with("3,,,誤り,broken_quote,"), "rows come in order: {}", lines[1]);
        assert!(lines[2].starts_with("7,\"'=HYPERLINK(\"\"x\"\")\",\"'+1,2\",誤り,unknown_header,"), "{}", lines[2]);
    }

    #[test]
    fn a_row_with_two_errors_is_one_row_and_a_warning_refuses_none() {
        let mut faults = Faults::below(1);
        faults.note(2, [Fault::new(FaultCode::DateInvalid), Fault::new(FaultCode::Required)]);
        faults.note(3, [Fault::new(FaultCode::CheckupBeforeHire)]);
        assert_eq!((faults.rows, faults.warnings), (1, 1));
    }
}
