//! Workbooks (xlsx) for tests, made of nothing but their parts.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A cell.
#[derive(Debug, Clone, Copy)]
pub enum Cell {
    /// Nothing.
    Blank,
    /// Text.
    Text(&'static str),
    /// A number, as the file has it.
    Number(&'static str),
    /// A day, typed as one, by its number in the 1900 system.
    Day(&'static str),
}

const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
const ROOT: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// A workbook of sheets, each with its rows.
#[must_use]
pub fn workbook(sheets: &[(&str, &[&[Cell]])]) -> Vec<u8> {
    let (mut names, mut relations) = (String::new(), String::new());
    let mut parts: Vec<(String, String)> = Vec::new();
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let number = at + 1;
        let _ = write!(names, r#"<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>"#);
        let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
        let _ = write!(
            relations,
            r#"<Relationship Id="rId{number}" Type="{kind}" Target="worksheets/sheet{number}.xml"/>"#
        );
        parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet(rows)));
    }
    let _ = write!(
        relations,
        r#"<Relationship Id="rId0" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>"#
    );
    let relations = format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>"#
    );
    let book = format!(
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{names}</sheets></workbook>"#
    );
    let mut all = vec![
        ("[Content_Types].xml".to_owned(), TYPES.to_owned()),
        ("_rels/.rels".to_owned(), ROOT.to_owned()),
        ("xl/workbook.xml".to_owned(), book),
        ("xl/_rels/workbook.xml.rels".to_owned(), relations),
        ("xl/styles.xml".to_owned(), STYLES.to_owned()),
    ];
    all.append(&mut parts);
    zipped(&all)
}

/// A zip of these parts.
#[must_use]
pub fn zipped(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

fn sheet(rows: &[&[Cell]]) -> String {
    let mut text = String::new();
    for (row, cells) in rows.iter().enumerate() {
        let _ = write!(text, r#"<row r="{}">"#, row + 1);
        for (column, cell) in (b'A'..=b'Z').zip(*cells) {
            let at = format!("{}{}", char::from(column), row + 1);
            let _ = match cell {
                Cell::Blank => Ok(()),
                Cell::Text(words) => write!(text, r#"<c r="{at}" t="inlineStr"><is><t>{words}</t></is></c>"#),
                Cell::Number(number) => write!(text, r#"<c r="{at}"><v>{number}</v></c>"#),
                Cell::Day(serial) => write!(text, r#"<c r="{at}" s="1"><v>{serial}</v></c>"#),
            };
        }
        text.push_str("</row>");
    }
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{text}</sheetData></worksheet>"#
    )
}
