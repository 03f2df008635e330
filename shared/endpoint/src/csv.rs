//! Tables as files that Excel in Japan opens correctly: UTF-8 with a byte order mark, `CRLF`, every cell quoted. What a spreadsheet would take for a formula is
//! made text: some of what is in a list was typed by somebody.

use axum::response::Response;
use domain::export::csv_line;

use crate::{Problem, attachment::attachment};

const BOM: &str = "\u{feff}";

/// A file of `N` columns.
#[derive(Debug)]
pub struct CsvFile<const N: usize>(String);

impl<const N: usize> CsvFile<N> {
    /// A file with this first line.
    #[must_use]
    pub fn new(header: [&str; N]) -> Self {
        let mut file = Self(String::new());
        file.row(header);
        file
    }

    /// Adds a line.
    pub fn row(&mut self, cells: [&str; N]) {
        csv_line(&mut self.0, cells);
    }

    /// What is in the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Turns an answer into this file.
    pub fn answer(&self, response: Response, name: &str) -> Result<Response, Problem> {
        into_csv(response, name, self.0.as_bytes())
    }
}

/// Turns an answer into a CSV file to keep: UTF-8 with a byte order mark, by which Excel in Japan knows it. `file` may begin with one or not.
pub fn into_csv(response: Response, name: &str, file: &[u8]) -> Result<Response, Problem> {
    let bom = BOM.as_bytes();
    // Twice: `lambda_http` decodes text, and takes the first one for its own.
    let content = [bom, bom, file.strip_prefix(bom).unwrap_or(file)].concat();
    attachment(response, name, "text/csv; charset=utf-8", content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_opens_in_excel_and_runs_nothing() {
        let mut file = CsvFile::new(["氏名", "備考"]);
        file.row(["=HYPERLINK(\"x\")", "一行目\n二行目"]);
        assert_eq!(file.text(), "\"氏名\",\"備考\"\r\n\"'=HYPERLINK(\"\"x\"\")\",\"一行目\n二行目\"\r\n");
    }
}
