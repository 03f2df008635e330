//! Workbooks (xlsx): one sheet becomes the same delimited text that a spreadsheet would have saved, once, at the check; from then on it is a file like any other.
//! Row numbers stay those of the sheet. Nothing is unzipped before it has been measured, and what cannot be read says why.

use std::io::{Cursor, Read as _, copy, sink};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use domain::intake::FaultCode;
use zip::ZipArchive;

/// How every zip begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// How every compound file begins: a workbook before 2007, or one with a password.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// The stream of a compound file that holds a workbook with a password, as its directory writes it.
const ENCRYPTED: &str = "EncryptedPackage";

/// The most parts that a workbook has.
const MOST_PARTS: usize = 4096;
/// The most bytes of all its parts, unzipped.
const MOST_UNZIPPED: u64 = 512 * 1024 * 1024;
/// The most bytes of the texts that its cells share, which are held at once.
const MOST_TEXTS: u64 = 128 * 1024 * 1024;
/// The most bytes of what becomes of it.
const MOST_WRITTEN: usize = 256 * 1024 * 1024;
/// The most rows and columns (domain.md 9.1).
const MOST_ROWS: u32 = 200_000;
const MOST_COLUMNS: u32 = 500;

const TEXTS: &str = "xl/sharedStrings.xml";
const WORKBOOK: &str = "xl/workbook.xml";
const MACROS: &str = "xl/vbaProject.bin";

/// What a file is, as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Delimited text, or nothing that is known.
    Text,
    /// A zip, and so most likely a workbook.
    Zip,
    /// A compound file, which is not read.
    Compound,
}

impl Format {
    pub(crate) fn of(first_bytes: &[u8]) -> Self {
        if first_bytes.starts_with(ZIP) {
            Self::Zip
        } else if first_bytes.starts_with(COMPOUND) {
            Self::Compound
        } else {
            Self::Text
        }
    }
}

/// Why a compound file is not read: it has a password, or it is a workbook of before 2007.
pub(crate) fn refusal_of_compound(bytes: &[u8]) -> FaultCode {
    let name: Vec<u8> = ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encrypted = bytes.windows(name.len()).any(|window| window == name);
    if encrypted { FaultCode::WorkbookEncrypted } else { FaultCode::WorkbookTooOld }
}

/// A workbook that has been measured.
#[derive(Debug, Clone)]
pub(crate) struct Workbook(Vec<u8>);

impl Workbook {
    /// Measures a zip by unzipping every part of it into nothing: what its directory says of sizes is not believed.
    pub(crate) fn measured(bytes: Vec<u8>) -> Result<Self, FaultCode> {
        let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(|_| FaultCode::WorkbookUnreadable)?;
        if archive.len() > MOST_PARTS {
            return Err(FaultCode::WorkbookTooLarge);
        }
        if archive.index_for_name(MACROS).is_some() {
            return Err(FaultCode::WorkbookHasMacros);
        }
        if archive.index_for_name(WORKBOOK).is_none() {
            return Err(FaultCode::WorkbookUnreadable);
        }
        let mut left = MOST_UNZIPPED;
        for at in 0..archive.len() {
            let part = archive.by_index(at).map_err(|_| FaultCode::WorkbookUnreadable)?;
            let most = if part.name().is_ok_and(|name| name == TEXTS) { left.min(MOST_TEXTS) } else { left };
            let unzipped = copy(&mut part.take(most + 1), &mut sink()).map_err(|_| FaultCode::WorkbookUnreadable)?;
            if unzipped > most {
                return Err(FaultCode::WorkbookTooLarge);
            }
            left -= unzipped;
        }
        Ok(Self(bytes))
    }

    /// A sheet as delimited text in UTF-8 with its mark: the named one, or the first that can be seen. Of its first `rows` rows, if only they are wanted.
    pub(crate) fn text(&self, sheet: Option<&str>, rows: Option<u32>) -> Result<Vec<u8>, FaultCode> {
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(self.0.as_slice())).map_err(|error| refused(&error))?;
        let visible = workbook
            .sheets_metadata()
            .iter()
            .find(|it| it.typ == SheetType::WorkSheet && it.visible == SheetVisible::Visible)
            .map(|it| it.name.clone());
        let name = match sheet {
            Some(name) => name.to_owned(),
            None => visible.ok_or(FaultCode::SheetUnknown)?,
        };
        let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| refused(&error))?;
        let mut text = Text::default();
        while let Some(cell) = cells.next_cell().map_err(|error| refused(&error))? {
            let (row, column) = cell.get_position();
            if rows.is_some_and(|rows| row >= rows) {
                break;
            }
            let written = written(cell.get_value());
            if written.is_empty() {
                continue;
            }
            if row >= MOST_ROWS || column >= MOST_COLUMNS {
                return Err(FaultCode::WorkbookTooLarge);
            }
            text.put(row, column, &written);
            if text.bytes.len() > MOST_WRITTEN {
                return Err(FaultCode::WorkbookTooLarge);
            }
        }
        Ok(text.finish())
    }
}

fn refused(error: &XlsxError) -> FaultCode {
    match error {
        XlsxError::Password => FaultCode::WorkbookEncrypted,
        XlsxError::WorksheetNotFound(_) | XlsxError::NotAWorksheet(_) => FaultCode::SheetUnknown,
        _ => FaultCode::WorkbookUnreadable,
    }
}

/// Delimited text, cell by cell in the order of the sheet.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    row: u32,
    column: u32,
}

impl Text {
    fn put(&mut self, row: u32, column: u32, cell: &str) {
        for _ in self.row..row {
            self.bytes.extend(b"\r\n");
            self.column = 0;
        }
        self.row = self.row.max(row);
        for _ in self.column..column {
            self.bytes.push(b',');
        }
        self.column = self.column.max(column);
        if cell.contains([',', '"', '\r', '\n', '\t']) {
            self.bytes.push(b'"');
            self.bytes.extend(cell.replace('"', "\"\"").as_bytes());
            self.bytes.push(b'"');
        } else {
            self.bytes.extend(cell.as_bytes());
        }
    }

    fn finish(self) -> Vec<u8> {
        if self.bytes.is_empty() {
            return Vec::new();
        }
        [b"\xEF\xBB\xBF".as_slice(), &self.bytes, b"\r\n"].concat()
    }
}

/// What a cell says. A NUL, which no cell can have, would end the record.
fn written(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DurationIso(text) => text.replace('\0', ""),
        DataRef::SharedString(text) => text.replace('\0', ""),
        DataRef::DateTimeIso(text) => text.split('T').next().unwrap_or_default().to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_written(*number),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => moment_written(moment),
        DataRef::Error(error) => error.to_string(),
    }
}

/// A number with the 15 digits that spreadsheets keep: 4.7, and not 4.7000000000000002.
fn number_written(number: f64) -> String {
    format!("{number:.14e}").parse::<f64>().unwrap_or(number).to_string()
}

/// A cell that is typed as a date is that day, whatever the time of it; one that is a time alone is that.
fn moment_written(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return format!("{hour}:{minute:02}:{second:02}");
    }
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// A zip of these parts.
    fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// A workbook whose first visible sheet has these rows of cells, in XML.
    fn workbook(rows: &str) -> Vec<u8> {
        let sheet = format!(
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
        );
        zipped(&[
            ("[Content_Types].xml", br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#),
            ("_rels/.rels", br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
            ("xl/workbook.xml", r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="控え" sheetId="1" state="hidden" r:id="rId1"/><sheet name="結果" sheetId="2" r:id="rId2"/></sheets></workbook>"#.as_bytes()),
            ("xl/_rels/workbook.xml.rels", br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#),
            ("xl/styles.xml", br#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#),
            ("xl/worksheets/sheet1.xml", br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>"#),
            ("xl/worksheets/sheet2.xml", sheet.as_bytes()),
        ])
    }

    fn text(rows: &str) -> String {
        let bytes = Workbook::measured(workbook(rows)).unwrap().text(None, None).unwrap();
        String::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}').to_owned()
    }

    #[test]
    fn r34_a_sheet_becomes_the_text_that_a_spreadsheet_would_save() {
        let rows = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>題</t></is></c></row>
            <row r="3"><c r="A3" t="inlineStr"><is><t>社員,番号</t></is></c><c r="C3" t="inlineStr"><is><t>受診日</t></is></c></row>
            <row r="4"><c r="A4"><v>12</v></c><c r="B4"><v>4.7000000000000002</v></c><c r="C4" s="1"><v>46174</v></c><c r="D4" t="b"><v>1</v></c></row>
            <row r="5"><c r="A5"><v>46174</v></c><c r="C5" s="1"><v>46174.5</v></c></row>"#;
        assert_eq!(
            text(rows),
            "題\r\n\r\n\"社員,番号\",,受診日\r\n12,4.7,2026-06-01,TRUE\r\n46174,,2026-06-01\r\n",
            "rows keep their numbers, and a number is a date only where it is typed as one"
        );
    }

    #[test]
    fn r34_the_named_sheet_is_read_or_the_first_that_can_be_seen() {
        let workbook = Workbook::measured(workbook("<row r=\"1\"><c r=\"A1\"><v>2</v></c></row>")).unwrap();
        assert_eq!(workbook.text(None, None).unwrap(), b"\xEF\xBB\xBF2\r\n");
        assert_eq!(workbook.text(Some("控え"), None).unwrap(), b"\xEF\xBB\xBF1\r\n");
        assert_eq!(workbook.text(Some("ない"), None), Err(FaultCode::SheetUnknown));
    }

    #[test]
    fn r34_what_cannot_be_read_says_why() {
        let refused = |bytes: Vec<u8>| Workbook::measured(bytes).unwrap_err();
        assert_eq!(refused(zipped(&[("data.csv", b"1,2")])), FaultCode::WorkbookUnreadable);
        assert_eq!(refused(zipped(&[(WORKBOOK, b""), (MACROS, b"")])), FaultCode::WorkbookHasMacros);
        assert_eq!(refused(b"PK\x03\x04 and no more".to_vec()), FaultCode::WorkbookUnreadable);
        let bomb = vec![b'0'; usize::try_from(MOST_TEXTS).unwrap() + 1];
        assert_eq!(refused(zipped(&[(WORKBOOK, b""), (TEXTS, &bomb)])), FaultCode::WorkbookTooLarge);
        assert_eq!(Format::of(COMPOUND), Format::Compound);
        let encrypted: Vec<u8> =
            COMPOUND.iter().copied().chain(ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(refusal_of_compound(&encrypted), FaultCode::WorkbookEncrypted);
        assert_eq!(refusal_of_compound(COMPOUND), FaultCode::WorkbookTooOld);
        let wide = Workbook::measured(workbook("<row r=\"1\"><c r=\"ZZ1\"><v>2</v></c></row>")).unwrap();
        assert_eq!(wide.text(None, None), Err(FaultCode::WorkbookTooLarge));
    }

    proptest! {
        #[test]
        fn r34_a_number_of_a_laboratory_is_written_as_it_was_typed(mantissa in 0_i64..10_000_000, decimals in 0_u32..5) {
            let typed = domain::decimal::Decimal::new(mantissa, u8::try_from(decimals).unwrap());
            let number: f64 = typed.to_string().parse().unwrap();
            let again = domain::decimal::Decimal::parse(&number_written(number)).unwrap();
            prop_assert_eq!(again, typed);
            // What binary arithmetic made of it on the way.
            let noisy = number * 3.0 / 3.0;
            prop_assert_eq!(number_written(noisy), number_written(number));
        }
    }
}
