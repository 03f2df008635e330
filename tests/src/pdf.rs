//! What a paper of ours says: the text of its pages, by the table from glyphs to characters that it carries. It reads what `shared/papers` writes, and no other PDF.

use std::{collections::BTreeMap, io::Read as _};

use flate2::read::ZlibDecoder;

/// The text of a PDF, one line per line of text.
#[must_use]
pub fn pdf_text(file: &[u8]) -> String {
    assert!(file.starts_with(b"%PDF-"), "this is no PDF");
    let streams = streams(file);
    let table: BTreeMap<u16, String> = streams.iter().flat_map(|stream| characters(stream)).collect();
    streams.iter().filter(|stream| stream.starts_with(b"q ")).map(|page| text(page, &table)).collect()
}

/// Every stream, inflated.
fn streams(file: &[u8]) -> Vec<Vec<u8>> {
    const BEGIN: &[u8] = b">>\nstream\n";
    let begins = file.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    let inflated = begins.filter_map(|(at, _)| {
        let mut stream = Vec::new();
        ZlibDecoder::new(&file[at + BEGIN.len()..]).read_to_end(&mut stream).ok().map(|_| stream)
    });
    inflated.collect()
}

/// The lines `<glyph> <characters>` of a table from glyphs to characters.
fn characters(stream: &[u8]) -> Vec<(u16, String)> {
    let lines = std::str::from_utf8(stream).unwrap_or_default().lines();
    let pairs = lines.filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <"));
    let read = pairs.filter_map(|(glyph, characters)| {
        let units: Option<Vec<u16>> = (0..characters.len())
            .step_by(4)
            .map(|at| u16::from_str_radix(characters.get(at..at + 4)?, 16).ok())
            .collect();
        Some((u16::from_str_radix(glyph, 16).ok()?, String::from_utf16(&units?).ok()?))
    });
    read.collect()
}

/// What the strings of a page say.
fn text(page: &[u8], table: &BTreeMap<u16, String>) -> String {
    let (mut text, mut bytes) = (String::new(), page.iter().copied().peekable());
    while let Some(byte) = bytes.next() {
        if byte == b'(' || byte == b'<' {
            let codes = if byte == b'(' { string(&mut bytes) } else { hexadecimal(&mut bytes) };
            let glyphs = codes.chunks_exact(2).map(|code| u16::from_be_bytes([code[0], code[1]]));
            text.extend(glyphs.map(|glyph| table.get(&glyph).map_or("?", String::as_str)));
        } else if byte == b'T' && matches!(bytes.peek(), Some(b'J' | b'j')) {
            text.push('\n');
        }
    }
    text
}

/// A string behind its first parenthesis, without its escapes.
fn string(bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> Vec<u8> {
    let (mut string, mut depth) = (Vec::new(), 1);
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                let escaped = bytes.next().expect("something is escaped");
                let mut octal = u32::from(escaped.wrapping_sub(b'0'));
                string.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    b'0'..=b'7' => {
                        for _ in 0..2 {
                            octal = octal * 8 + u32::from(bytes.next().expect("three digits") - b'0');
                        }
                        u8::try_from(octal).expect("a byte")
                    }
                    other => other,
                });
            }
            b')' if depth == 1 => break,
            b'(' | b')' => {
                depth += if byte == b'(' { 1 } else { -1 };
                string.push(byte);
            }
            other => string.push(other),
        }
    }
    string
}

/// A string in hexadecimal digits.
fn hexadecimal(bytes: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let digits: Vec<u32> =
        bytes.take_while(|byte| *byte != b'>').filter_map(|byte| char::from(byte).to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("a byte")).collect()
}
