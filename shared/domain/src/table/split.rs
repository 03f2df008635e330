//! Cutting bytes into records. Bytes, because neither UTF-8 nor `Shift_JIS` ever uses a delimiter, a quote, a line break or
//! a NUL as part of another character; so that the encoding can be found out later, and a range be cut anywhere between
//! two records.
//!
//! Quotes are those of RFC 4180: one that opens stands at the beginning of a cell, a doubled one stands for itself, and
//! between them line breaks and delimiters are text. Quotes elsewhere in a cell are text, as spreadsheets read them, as
//! long as they come in pairs. Everything else is a broken quote, which costs its own record and no other: a quote
//! that never closes is given up at the end of its first line.

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::{Delimiter, Position, RowFault};
use crate::intake::FaultCode;

/// The most bytes that a record may have, with its line break.
pub const LONGEST_RECORD: usize = 1024 * 1024;

/// Between the cells of a record that had quotes. No record has a NUL of its own.
const BETWEEN_UNQUOTED: u8 = 0;

const UTF8_BOM: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16_BOMS: [&[u8]; 2] = [&[0xFF, 0xFE], &[0xFE, 0xFF]];
/// What DOS wrote at the end of a file, and pads with.
const END_OF_FILE: u8 = 0x1A;

/// A record as bytes. Debug output shows none of them.
#[derive(Clone, Copy)]
pub struct RawRecord<'a> {
    /// Where it begins.
    pub start: Position,
    /// Where the next one begins: a range of the file may end here.
    pub end: Position,
    /// The cells without their quotes, with a separator between each two.
    pub(super) text: &'a [u8],
    pub(super) separator: u8,
    /// The file said that it is UTF-8, and this is its first record.
    pub(super) follows_bom: bool,
}

impl<'a> RawRecord<'a> {
    /// The cells, without their quotes.
    pub fn cells(self) -> impl Iterator<Item = &'a [u8]> {
        self.text.split(move |byte| *byte == self.separator)
    }
}

impl std::fmt::Debug for RawRecord<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawRecord").field("start", &self.start).field("end", &self.end).finish_non_exhaustive()
    }
}

/// Cuts a file, or a range of one, into records.
///
/// Push a chunk, take records until there are none, push the next; at the end [`finish`](Self::finish) and take the rest.
/// In this order it holds one chunk and one record at most. Debug output shows neither.
pub struct Splitter {
    buffer: Vec<u8>,
    /// Where in the buffer the record begins that is being read.
    from: usize,
    /// Where in the file that is.
    at: Position,
    stage: Stage,
    /// How many [`END_OF_FILE`] were pushed last: they are nothing if the file ends there.
    held_back: usize,
    finished: bool,
    /// Found out from the header.
    delimiter: Option<Delimiter>,
    /// The row that the header is in; what stands before it is a title.
    header_row: u64,
    follows_bom: bool,
    scan: Scan,
    has_nul: bool,
    unquoted: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first bytes decide whether this can be read at all.
    Start,
    Records,
    /// A record is passed over; the next line break ends it.
    Passing {
        start: Position,
        code: FaultCode,
    },
    /// Not to be read, and said so.
    Refused,
}

/// How far a record has been looked at. Offsets count from the record's beginning.
#[derive(Debug, Clone, Copy, Default)]
struct Scan {
    at: usize,
    in_quotes: bool,
    has_quotes: bool,
}

/// What a look at the buffer found.
#[derive(Clone, Copy)]
enum Found {
    /// The record's cells end at `text`, and the next record begins at `next`.
    Record { text: usize, next: usize },
    /// Text after a closing quote.
    Broken,
    /// The record goes on.
    More,
}

/// A record, by its place in the buffer.
struct Cut {
    start: Position,
    from: usize,
    text: usize,
    had_quotes: bool,
    follows_bom: bool,
}

impl std::fmt::Debug for Splitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splitter").field("at", &self.at).field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Splitter {
    /// For a file, from its beginning. The delimiter is found out from the header.
    #[must_use]
    pub fn new() -> Self {
        Self::with_header_in(1)
    }

    /// For a file whose header is in row `header_row`, below titles that are passed over.
    #[must_use]
    pub fn with_header_in(header_row: u64) -> Self {
        Self {
            buffer: Vec::new(),
            from: 0,
            at: Position::START,
            stage: Stage::Start,
            held_back: 0,
            finished: false,
            delimiter: None,
            header_row,
            follows_bom: false,
            scan: Scan::default(),
            has_nul: false,
            unquoted: Vec::new(),
        }
    }

    /// For the part of a file that begins at `at`: at its beginning, or where a record ended when it was read from there.
    #[must_use]
    pub fn resume(delimiter: Delimiter, at: Position) -> Self {
        let stage = if at == Position::START { Stage::Start } else { Stage::Records };
        Self { at, stage, delimiter: Some(delimiter), ..Self::new() }
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.stage == Stage::Refused {
            return;
        }
        self.has_nul = self.has_nul || memchr(0, chunk).is_some();
        self.buffer.drain(..self.from);
        self.from = 0;
        let last = chunk.iter().rposition(|byte| *byte != END_OF_FILE);
        if let Some(last) = last {
            self.buffer.extend(std::iter::repeat_n(END_OF_FILE, std::mem::take(&mut self.held_back)));
            self.buffer.extend_from_slice(&chunk[..=last]);
        }
        self.held_back += chunk.len() - last.map_or(0, |last| last + 1);
    }

    /// Says that the file, or the range, ends here.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The delimiter, once the header has been read.
    #[must_use]
    pub fn delimiter(&self) -> Option<Delimiter> {
        self.delimiter
    }

    /// The next record of what has been pushed, or what is wrong with it. `None`: push more, or, after the end, that was all.
    pub fn next_record(&mut self) -> Option<Result<RawRecord<'_>, RowFault>> {
        let cut = match self.advance()? {
            Ok(cut) => cut,
            Err(fault) => return Some(Err(fault)),
        };
        let (text, separator) = if cut.had_quotes {
            (self.unquoted.as_slice(), BETWEEN_UNQUOTED)
        } else {
            (&self.buffer[cut.from..cut.text], self.delimiter().unwrap_or(Delimiter::Comma).byte())
        };
        Some(Ok(RawRecord { start: cut.start, end: self.at, text, separator, follows_bom: cut.follows_bom }))
    }

    fn advance(&mut self) -> Option<Result<Cut, RowFault>> {
        loop {
            match self.stage {
                Stage::Refused => return None,
                Stage::Start => self.start()?,
                Stage::Passing { start, code } => {
                    let end = self.passed()?;
                    return Some(Err(RowFault { start, end, code }));
                }
                Stage::Records if self.from == self.buffer.len() => return None,
                Stage::Records => match self.look() {
                    found if self.delimiter.is_none() => self.recognise(found)?,
                    Found::Record { text, next } => {
                        if let Some(cut) = self.cut(text, next) {
                            return Some(cut);
                        }
                    }
                    Found::Broken => self.pass(FaultCode::BrokenQuote, 0),
                    Found::More => self.lack()?,
                },
            }
            if self.stage == Stage::Refused {
                let fault = RowFault { start: self.at, end: self.at, code: FaultCode::EncodingUnsupported };
                return Some(Err(fault));
            }
        }
    }

    /// Looks at the first bytes: a mark of UTF-8 is passed over, one of UTF-16 refused.
    fn start(&mut self) -> Option<()> {
        if self.buffer.len() < UTF8_BOM.len() && !self.finished {
            return None;
        }
        self.stage = Stage::Records;
        if self.buffer.starts_with(UTF8_BOM) {
            self.follows_bom = true;
            self.skip(UTF8_BOM.len());
        } else if UTF16_BOMS.iter().any(|bom| self.buffer.starts_with(bom)) {
            self.refuse();
        }
        Some(())
    }

    fn refuse(&mut self) {
        self.stage = Stage::Refused;
        self.buffer = Vec::new();
        self.from = 0;
    }

    fn skip(&mut self, bytes: usize) {
        self.from += bytes;
        self.at.offset += bytes as u64;
        self.scan = Scan::default();
    }

    /// What the record may be made of: as if nothing came after the longest record that there can be.
    fn window(&self) -> &[u8] {
        let rest = &self.buffer[self.from..];
        rest.get(..LONGEST_RECORD).unwrap_or(rest)
    }

    /// Whether more has been pushed than the record may be made of.
    fn is_full(&self) -> bool {
        self.buffer.len() - self.from > LONGEST_RECORD
    }

    /// Looks for the end of the record, from where the last look ended.
    fn look(&mut self) -> Found {
        let ends_here = self.finished && !self.is_full();
        let mut scan = self.scan;
        let found = scan.look(self.window(), ends_here, self.delimiter);
        self.scan = scan;
        found
    }

    /// Finds the delimiter out from the header, which is then looked at again; blank lines and titles before it are passed over.
    fn recognise(&mut self, found: Found) -> Option<()> {
        let window = self.window();
        let header = match found {
            Found::Record { text, next } if text == 0 || self.at.row < self.header_row => {
                let lines = 1 + line_breaks(&window[..text]);
                self.next_line(next, lines);
                return Some(());
            }
            Found::Record { text, .. } => &window[..text],
            Found::More if !self.finished && !self.is_full() => return None,
            Found::More | Found::Broken => {
                let line = first_line(window);
                if line == window.len() && !self.finished && !self.is_full() {
                    return None;
                }
                if self.at.row < self.header_row {
                    let line_break = if window[line..].starts_with(b"\r\n") { 2 } else { 1 };
                    self.next_line((line + line_break).min(window.len()), 1);
                    return Some(());
                }
                &window[..line]
            }
        };
        if self.has_nul && memchr(0, header).is_some() {
            // UTF-16 without its mark: every comma has a NUL beside it.
            self.refuse();
            return Some(());
        }
        self.delimiter = Some(delimiter_of(header));
        self.scan = Scan::default();
        Some(())
    }

    /// The record is not whole. It will be; or it is too long, or its quote never closes.
    fn lack(&mut self) -> Option<()> {
        if self.scan.in_quotes && (self.finished || self.is_full()) {
            self.pass(FaultCode::BrokenQuote, 0);
        } else if self.is_full() {
            self.pass(FaultCode::TextUnfit, self.scan.at);
        } else {
            return None;
        }
        Some(())
    }

    /// Takes a record that is whole. `None` for a blank line.
    fn cut(&mut self, text: usize, next: usize) -> Option<Result<Cut, RowFault>> {
        let start = self.at;
        let (from, had_quotes) = (self.from, self.scan.has_quotes);
        let record = &self.buffer[from..from + text];
        let fault = if self.has_nul && memchr(0, record).is_some() {
            Some(FaultCode::TextUnfit)
        } else if had_quotes
            && !unquote(record, self.delimiter().unwrap_or(Delimiter::Comma).byte(), &mut self.unquoted)
        {
            Some(FaultCode::BrokenQuote)
        } else {
            None
        };
        let is_blank = text == 0 || (had_quotes && self.unquoted.is_empty());
        let lines = 1 + if had_quotes { line_breaks(record) } else { 0 };
        self.next_line(next, lines);
        match fault {
            Some(code) => Some(Err(RowFault { start, end: self.at, code })),
            None if is_blank => None,
            None => {
                let follows_bom = std::mem::take(&mut self.follows_bom);
                Some(Ok(Cut { start, from, text: from + text, had_quotes, follows_bom }))
            }
        }
    }

    fn next_line(&mut self, next: usize, lines: u64) {
        self.skip(next);
        self.at.row += 1;
        self.at.line += lines;
    }

    /// Gives the record up; what follows the next line break after its first `bytes` is the next one.
    fn pass(&mut self, code: FaultCode, bytes: usize) {
        let start = self.at;
        self.at.line += line_breaks(&self.window()[..bytes]);
        self.skip(bytes);
        self.stage = Stage::Passing { start, code };
    }

    /// Passes over what has been pushed of it, and says where it ended once it has.
    fn passed(&mut self) -> Option<Position> {
        let rest = &self.buffer[self.from..];
        let text = first_line(rest);
        let next = match rest.get(text..) {
            Some([b'\r', b'\n', ..]) => text + 2,
            Some([b'\r']) if !self.finished => text,
            Some([b'\r' | b'\n', ..]) => text + 1,
            _ => text,
        };
        if next == text && !self.finished {
            self.skip(next);
            return None;
        }
        self.next_line(next, 1);
        self.stage = Stage::Records;
        Some(self.at)
    }
}

impl Scan {
    /// Looks on for the end of the record that `window` begins with. `ends_here`: nothing comes after the window.
    fn look(&mut self, window: &[u8], ends_here: bool, delimiter: Option<Delimiter>) -> Found {
        let is_delimiter = |byte: u8| match delimiter {
            Some(delimiter) => byte == delimiter.byte(),
            None => byte == b',' || byte == b'\t',
        };
        loop {
            let rest = &window[self.at..];
            if self.in_quotes {
                let Some(quote) = memchr(b'"', rest).map(|found| self.at + found) else {
                    self.at = window.len();
                    return Found::More;
                };
                self.at = quote;
                match window.get(quote + 1) {
                    Some(b'"') => self.at += 2,
                    Some(b'\r' | b'\n') => self.close(),
                    Some(&byte) if is_delimiter(byte) => self.close(),
                    Some(_) => return Found::Broken,
                    None if ends_here => self.close(),
                    None => return Found::More,
                }
                continue;
            }
            let Some(found) = memchr3(b'\n', b'\r', b'"', rest).map(|found| self.at + found) else {
                self.at = window.len();
                return if ends_here { Found::Record { text: self.at, next: self.at } } else { Found::More };
            };
            self.at = found;
            match (window[found], window.get(found + 1)) {
                (b'"', _) => {
                    self.has_quotes = true;
                    self.in_quotes = found.checked_sub(1).is_none_or(|before| is_delimiter(window[before]));
                    self.at += 1;
                }
                (b'\r', Some(b'\n')) => return Found::Record { text: found, next: found + 2 },
                (b'\r', None) if !ends_here => return Found::More,
                _ => return Found::Record { text: found, next: found + 1 },
            }
        }
    }

    fn close(&mut self) {
        self.in_quotes = false;
        self.at += 1;
    }
}

/// Writes the cells of a record into `cells` without their quotes. Whether every quote had its partner.
fn unquote(record: &[u8], delimiter: u8, cells: &mut Vec<u8>) -> bool {
    cells.clear();
    let mut rest = record;
    loop {
        let end =
            if rest.first() == Some(&b'"') { write_quoted(rest, cells) } else { write_plain(rest, delimiter, cells) };
        let Some(end) = end else { return false };
        match rest.get(end + 1..) {
            Some(next) => rest = next,
            None => return true,
        }
        cells.push(BETWEEN_UNQUOTED);
    }
}

/// Writes the quoted cell that `rest` begins with; gives back where it ends.
fn write_quoted(rest: &[u8], cells: &mut Vec<u8>) -> Option<usize> {
    let mut at = 1;
    loop {
        let quote = at + rest[at..].iter().position(|byte| *byte == b'"')?;
        cells.extend_from_slice(&rest[at..quote]);
        if rest.get(quote + 1) != Some(&b'"') {
            return Some(quote + 1);
        }
        cells.push(b'"');
        at = quote + 2;
    }
}

/// Writes the plain cell that `rest` begins with; gives back where it ends, if its quotes come in pairs.
fn write_plain(rest: &[u8], delimiter: u8, cells: &mut Vec<u8>) -> Option<usize> {
    let end = memchr(delimiter, rest).unwrap_or(rest.len());
    let cell = &rest[..end];
    cells.extend_from_slice(cell);
    memchr_iter(b'"', cell).count().is_multiple_of(2).then_some(end)
}

/// More tabs than commas outside of quotes: tabs.
fn delimiter_of(header: &[u8]) -> Delimiter {
    let (mut commas, mut tabs, mut in_quotes) = (0_u32, 0_u32, false);
    for byte in header {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b',' if !in_quotes => commas += 1,
            b'\t' if !in_quotes => tabs += 1,
            _ => {}
        }
    }
    if tabs > commas { Delimiter::Tab } else { Delimiter::Comma }
}

/// Where the first line of `bytes` ends, without its line break.
fn first_line(bytes: &[u8]) -> usize {
    memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len())
}

/// How many line breaks there are; CR LF is one.
fn line_breaks(bytes: &[u8]) -> u64 {
    let breaks = memchr::memchr2_iter(b'\r', b'\n', bytes);
    breaks.filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n')).count() as u64
}
