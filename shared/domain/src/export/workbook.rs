//! A sheet as a workbook (xlsx): rows of cells typed as what they are, so that no text is a formula and no number is text.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BEFORE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const AFTER: &str = "</sheetData></worksheet>";

/// Adds a row; each cell with whether it is a number.
pub(super) fn row<'a>(text: &mut String, cells: impl IntoIterator<Item = (&'a str, bool)>) {
    text.push_str("<row>");
    for (cell, numeric) in cells {
        if cell.is_empty() {
            text.push_str("<c/>");
        } else if numeric {
            // Writing to a string cannot fail.
            let _ = write!(text, "<c><v>{cell}</v></c>");
        } else {
            text.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
            escaped(text, cell);
            text.push_str("</t></is></c>");
        }
    }
    text.push_str("</row>");
}

/// A text inside XML, without the characters that XML has no place for.
fn escaped(text: &mut String, cell: &str) {
    for c in cell.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\t' | '\n' | '\r' => text.push(c),
            '\u{0}'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => text.push(c),
        }
    }
}

/// The workbook of these rows.
pub(super) fn workbook(rows: &[u8]) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(rows.len() / 4)));
    let sheet = [BEFORE.as_bytes(), rows, AFTER.as_bytes()];
    let parts: [(&str, &[&[u8]]); 5] = [
        ("[Content_Types].xml", &[TYPES.as_bytes()]),
        ("_rels/.rels", &[ROOT.as_bytes()]),
        ("xl/workbook.xml", &[WORKBOOK.as_bytes()]),
        ("xl/_rels/workbook.xml.rels", &[RELATIONS.as_bytes()]),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    for (name, pieces) in parts {
        zip.start_file(name, SimpleFileOptions::default())?;
        for piece in pieces {
            zip.write_all(piece)?;
        }
    }
    Ok(zip.finish()?.into_inner())
}
