//! The encoding of a file: UTF-8, or `Shift_JIS` as Windows writes it (Windows-31J). It is known from a byte order mark, or
//! from the first record that is more than ASCII, and then every record has to keep to it. ASCII and UTF-8 are read
//! where they lie; `Shift_JIS` is decoded into one buffer that is used again for every record.

use encoding_rs::SHIFT_JIS;
use serde::{Deserialize, Serialize};

use super::{Position, RawRecord, RowFault};
use crate::intake::FaultCode;

/// An encoding that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// `Shift_JIS` with the extensions of Windows (Windows-31J, CP932).
    ShiftJis,
}

/// A record in text. Debug output shows none of it.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Where it begins.
    pub start: Position,
    /// Where the next one begins: a range of the file may end here.
    pub end: Position,
    text: &'a str,
    /// Where each cell ends in the text; one separator is before the next.
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none. No record is without cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell, counted from 0; beyond the last one the empty text.
    #[must_use]
    pub fn get(&self, column: usize) -> &'a str {
        let start = match column.checked_sub(1) {
            None => 0,
            Some(before) => match self.ends.get(before) {
                Some(end) => end + 1,
                None => return "",
            },
        };
        self.ends.get(column).and_then(|&end| self.text.get(start..end)).unwrap_or_default()
    }

    /// The cells.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(move |column| self.get(column))
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("start", &self.start).field("cells", &self.len()).finish_non_exhaustive()
    }
}

/// Decodes the records of one file.
#[derive(Default)]
pub struct Decoder {
    encoding: Option<Encoding>,
    text: String,
    ends: Vec<usize>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("encoding", &self.encoding).finish_non_exhaustive()
    }
}

impl Decoder {
    /// For a file in `encoding`; `None` finds it out.
    #[must_use]
    pub fn new(encoding: Option<Encoding>) -> Self {
        Self { encoding, ..Self::default() }
    }

    /// The encoding, as far as it is known; a file of ASCII alone never says.
    #[must_use]
    pub fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// Decodes a record, or says that it is not in the file's encoding.
    pub fn decode<'a>(&'a mut self, raw: RawRecord<'a>) -> Result<Record<'a>, RowFault> {
        let RawRecord { start, end, text: bytes, separator, follows_bom } = raw;
        let mixed = RowFault { start, end, code: FaultCode::MixedEncoding };
        if follows_bom && self.encoding.is_none() {
            self.encoding = Some(Encoding::Utf8);
        }
        let text = match (std::str::from_utf8(bytes), self.encoding) {
            (Ok(text), Some(Encoding::Utf8)) => text,
            (Ok(text), _) if text.is_ascii() => text,
            (Ok(text), None) => {
                self.encoding = Some(Encoding::Utf8);
                text
            }
            // A few kana or rare kanji can pass for UTF-8, but not for Japanese in UTF-8.
            (Ok(text), Some(Encoding::ShiftJis)) if passes_for_japanese(text) => return Err(mixed),
            (Err(_), Some(Encoding::Utf8)) => return Err(mixed),
            (_, Some(Encoding::ShiftJis) | None) => {
                if !decode_shift_jis(bytes, &mut self.text) {
                    return Err(mixed);
                }
                self.encoding = Some(Encoding::ShiftJis);
                &self.text
            }
        };
        self.ends.clear();
        each_place(separator, text.as_bytes(), |end| self.ends.push(end));
        self.ends.push(text.len());
        Ok(Record { start, end, text, ends: &self.ends })
    }
}

/// Whether bytes that are UTF-8 make sense as such: kana, kanji or full-width forms, and no control characters of Latin-1.
fn passes_for_japanese(text: &str) -> bool {
    let japanese = |c| matches!(c, '\u{3000}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}');
    text.contains(japanese) && !text.contains(|c| matches!(c, '\u{80}'..='\u{9F}'))
}

/// Decodes into `text`, which keeps its room; whether all of it could be.
fn decode_shift_jis(bytes: &[u8], text: &mut String) -> bool {
    let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
    text.clear();
    let Some(room) = decoder.max_utf8_buffer_length_without_replacement(bytes.len()) else { return false };
    text.reserve(room);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, text, true);
    result == encoding_rs::DecoderResult::InputEmpty
}

/// Calls `found` with each place where `bytes` has `wanted`. Cells are so short that looking at eight bytes at once and
/// taking all their places is twice as fast as searching for one place after the other.
fn each_place(wanted: u8, bytes: &[u8], mut found: impl FnMut(usize)) {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let pattern = u64::from_ne_bytes([wanted; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (word, start) in words.iter().zip((0..).step_by(8)) {
        let difference = u64::from_le_bytes(*word) ^ pattern;
        // The highest bit of each byte that does not differ.
        let mut same = !(((difference & LOW) + LOW) | difference | LOW);
        while same != 0 {
            found(start + same.trailing_zeros() as usize / 8);
            same &= same - 1;
        }
    }
    let start = bytes.len() - rest.len();
    rest.iter().zip(start..).filter(|(byte, _)| **byte == wanted).for_each(|(_, at)| found(at));
}
