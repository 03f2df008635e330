//! Tables as files that Excel in Japan opens correctly: UTF-8 with a byte order mark, `CRLF`, every cell quoted. What a spreadsheet would take for a formula is
//! made text: some of what is in a list was typed by somebody.

use axum::response::Response;
use domain::export::{csv_line, to_shift_jis};
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::{
    Problem,
    attachment::attachment,
    problem::{Fault, Kind},
};

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

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvEncoding {
    /// UTF-8 with a byte order mark.
    #[default]
    Utf8,
    /// `Shift_JIS` as Windows has it.
    ShiftJis,
}

/// Turns an answer into a CSV file to keep. What `Shift_JIS` cannot write is never left out or replaced: the caller is told to take UTF-8.
pub fn csv_file(response: Response, name: &str, text: &str, encoding: CsvEncoding) -> Result<Response, Problem> {
    match encoding {
        CsvEncoding::Utf8 => into_csv(response, name, text.as_bytes()),
        CsvEncoding::ShiftJis => {
            let bytes = to_shift_jis(text).map_err(|_| {
                let detail = "シフトJISで表せない文字が含まれています。encoding=utf8 を指定してください。";
                Problem::new(Kind::Invalid).with(Fault::at("encoding", "not_in_shift_jis", detail))
            })?;
            // Not `text/csv`: `lambda_http` would decode a text, and send it as UTF-8.
            attachment(response, name, "application/octet-stream", bytes)
        }
    }
}

/// Whether the caller asks for a CSV file by the `Accept` header.
#[must_use]
pub fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut media = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    media.any(|media| media.eq_ignore_ascii_case("text/csv"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_file_opens_in_excel_and_runs_nothing() {
        let mut file = CsvFile::new(["氏名", "備考"]);
        file.row(["=HYPERLINK(\"x\")", "一行目\n二行目"]);
        assert_eq!(file.text(), "\"氏名\",\"備考\"\r\n\"'=HYPERLINK(\"\"x\"\")\",\"一行目\n二行目\"\r\n");
    }

    #[test]
    fn a_file_is_asked_for_by_its_type() {
        let mut headers = HeaderMap::new();
        assert!(!wants_csv(&headers));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html, text/csv;q=0.9"));
        assert!(wants_csv(&headers));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        assert!(!wants_csv(&headers));
    }

    #[test]
    fn what_shift_jis_cannot_write_is_refused_and_never_replaced() {
        let file = |text| csv_file(Response::default(), "x.csv", text, CsvEncoding::ShiftJis);
        assert_eq!(file("髙橋").unwrap().headers()[header::CONTENT_TYPE], "application/octet-stream");
        let problem = file("𠮷田").unwrap_err();
        assert_eq!(problem.errors[0].code, "not_in_shift_jis");
        assert!(!problem.errors[0].detail.contains('𠮷'));
    }
}
