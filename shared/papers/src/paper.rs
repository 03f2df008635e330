//! What lies where on the sheets: boxes, rules and text, in millimetres from the upper left corner of an A4 sheet.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::face::{GETA, glyph, width};

/// A4.
pub(crate) const SHEET: (f32, f32) = (210.0, 297.0);
/// A point in millimetres.
pub(crate) const POINT: f32 = 25.4 / 72.0;
/// The smallest text that can be read in print.
const SMALLEST: f32 = 5.5;
/// How far lines are apart, in parts of their size.
const LEADING: f32 = 1.25;
/// The space beside text in a box.
const PAD: f32 = 0.8;
/// What does not begin a line.
const NOT_FIRST: &str = "、。，．・：；？！）」』】〕］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%)]},.:;?!";

/// Where text lies in its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A rectangle at `x`, `y` from the upper left corner.
pub(crate) const fn area(x: f32, y: f32, width: f32, height: f32) -> Area {
    Area { x, y, width, height }
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    /// A frame, and a grey ground where there is one (0 black, 1 white).
    Box { area: Area, line: f32, ground: Option<f32> },
    /// A straight line.
    Rule { from: (f32, f32), to: (f32, f32), line: f32 },
    /// A line of text on its base line, in points.
    Text { x: f32, y: f32, size: f32, text: String },
}

/// A paper: sheets with marks, and what could not be printed as it is.
#[derive(Debug, Clone, Default)]
pub struct Paper {
    pub(crate) title: String,
    pub(crate) sheets: Vec<Vec<Mark>>,
    notes: Vec<(String, String)>,
    replaced: BTreeSet<char>,
}

impl Paper {
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), sheets: vec![Vec::new()], ..Self::default() }
    }

    /// Goes on on a new sheet.
    pub(crate) fn next_sheet(&mut self) {
        self.sheets.push(Vec::new());
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.push(mark);
        }
    }

    pub(crate) fn frame(&mut self, area: Area, line: f32) {
        self.mark(Mark::Box { area, line, ground: None });
    }

    /// A frame with a light ground, for headings of tables.
    pub(crate) fn heading_box(&mut self, area: Area) {
        self.mark(Mark::Box { area, line: 0.15, ground: Some(0.93) });
    }

    pub(crate) fn rule(&mut self, from: (f32, f32), to: (f32, f32), line: f32) {
        self.mark(Mark::Rule { from, to, line });
    }

    /// A line of text at `x`, with its base line at `y`.
    pub(crate) fn text(&mut self, (x, y): (f32, f32), size: f32, align: Align, text: &str) {
        let text = self.printable(text);
        let wide = width(&text) * size * POINT;
        let x = match align {
            Align::Left => x,
            Align::Middle => x - wide / 2.0,
            Align::Right => x - wide,
        };
        if !text.is_empty() {
            self.mark(Mark::Text { x, y, size, text });
        }
    }

    /// Text within `area`, in lines as wide as it: as large as `size` where that fits, smaller where it must be; what does not fit even then stands on a sheet of its own under `what`.
    pub(crate) fn words(&mut self, area: Area, size: f32, align: Align, (what, text): (&str, &str)) {
        let text = self.printable(text);
        let mut size = size;
        let room = (area.width - 2.0 * PAD, area.height - 2.0 * PAD * 0.5);
        let mut lines = wrapped(&text, room.0, size);
        while !fits(lines.len(), size, room.1) && size > SMALLEST {
            size = (size - 0.5).max(SMALLEST);
            lines = wrapped(&text, room.0, size);
        }
        if !fits(lines.len(), size, room.1) {
            self.notes.push((what.to_owned(), text));
            lines = vec![format!("別記{}のとおり", self.notes.len())];
        }
        self.lines(area, size, align, &lines);
    }

    fn lines(&mut self, area: Area, size: f32, align: Align, lines: &[String]) {
        let step = size * POINT * LEADING;
        let count = lines.iter().fold(0.0, |count, _| count + 1.0);
        // Capitals and kanji stand about 0.88 of their size above the middle of their line's foot.
        let mut y = area.y + (area.height - step * count) / 2.0 + size * POINT * 0.98;
        for line in lines {
            let x = match align {
                Align::Left => area.x + PAD,
                Align::Middle => area.x + area.width / 2.0,
                Align::Right => area.x + area.width - PAD,
            };
            self.text((x, y), size, align, line);
            y += step;
        }
    }

    /// A framed box with text.
    pub(crate) fn cell(&mut self, area: Area, size: f32, align: Align, words: (&str, &str)) {
        self.frame(area, 0.15);
        self.words(area, size, align, words);
    }

    /// A heading of a table.
    pub(crate) fn head(&mut self, area: Area, size: f32, text: &str) {
        self.heading_box(area);
        self.words(area, size, Align::Middle, (text, text));
    }

    /// A paragraph from `y` on, as wide as `width`; where it ends.
    pub(crate) fn paragraph(&mut self, (x, y): (f32, f32), wide: f32, size: f32, text: &str) -> f32 {
        let text = self.printable(text);
        let step = size * POINT * 1.6;
        let mut y = y;
        for line in wrapped(&text, wide, size) {
            self.text((x, y), size, Align::Left, &line);
            y += step;
        }
        y
    }

    /// What the font has, and 〓 for the rest; control characters and what has no width of its own go.
    fn printable(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => out.push('\n'),
                c if c.is_control() => {}
                // Which shape of a character is meant: the font has one.
                '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {}
                c if glyph(c).is_some() => out.push(c),
                c => {
                    self.replaced.insert(c);
                    out.push(GETA);
                }
            }
        }
        out
    }

    /// Adds what belongs to no sheet yet: texts that did not fit, a word on characters that have no glyph, and page numbers.
    pub(crate) fn finished(mut self) -> Self {
        let notes = std::mem::take(&mut self.notes);
        if !notes.is_empty() {
            self.next_sheet();
            self.text((SHEET.0 / 2.0, 22.0), 14.0, Align::Middle, "別記");
            let mut y = 34.0;
            for (number, (what, text)) in (1..).zip(notes) {
                let lines = wrapped(&text, 176.0, 9.0);
                for line in std::iter::once(format!("別記{number}　{what}")).chain(lines) {
                    if y > 275.0 {
                        self.next_sheet();
                        y = 22.0;
                    }
                    self.text((17.0, y), 9.0, Align::Left, &line);
                    y += 5.0;
                }
                y += 4.0;
            }
        }
        if !self.replaced.is_empty() {
            let codes: Vec<String> =
                self.replaced.iter().take(12).map(|c| format!("U+{:04X}", u32::from(*c))).collect();
            let words = format!("〓は、この帳票の書体にない文字です（{}）。", codes.join("、"));
            self.text((15.0, 291.0), 6.5, Align::Left, &words);
        }
        let count = self.sheets.len();
        if count > 1 {
            for (number, sheet) in (1..).zip(&mut self.sheets) {
                let text = format!("{number} / {count}");
                let x = SHEET.0 / 2.0 - width(&text) * 7.0 * POINT / 2.0;
                sheet.push(Mark::Text { x, y: 291.0, size: 7.0, text });
            }
        }
        self
    }

    /// Characters that are printed as 〓.
    #[must_use]
    pub fn replaced(&self) -> &BTreeSet<char> {
        &self.replaced
    }

    /// All marks in words, sheet by sheet: what tests compare.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut out = String::new();
        for (number, sheet) in (1..).zip(&self.sheets) {
            let _ = writeln!(out, "sheet {number}");
            for mark in sheet {
                let _ = match mark {
                    Mark::Box { area: Area { x, y, width, height }, .. } => {
                        writeln!(out, "  box {x:.1} {y:.1} {width:.1}×{height:.1}")
                    }
                    Mark::Rule { from, to, .. } => {
                        writeln!(out, "  rule {:.1} {:.1} → {:.1} {:.1}", from.0, from.1, to.0, to.1)
                    }
                    Mark::Text { x, y, size, text } => writeln!(out, "  text {x:.1} {y:.1} {size}pt {text}"),
                };
            }
        }
        out
    }

    /// Whether every mark lies on its sheet.
    #[cfg(test)]
    pub(crate) fn lies_on_its_sheets(&self) -> bool {
        let within = |x: f32, y: f32| (4.0..=SHEET.0 - 4.0).contains(&x) && (4.0..=SHEET.1 - 4.0).contains(&y);
        self.sheets.iter().flatten().all(|mark| match mark {
            Mark::Box { area: Area { x, y, width, height }, .. } => within(*x, *y) && within(x + width, y + height),
            Mark::Rule { from, to, .. } => within(from.0, from.1) && within(to.0, to.1),
            Mark::Text { x, y, size, text } => within(*x, *y) && within(x + width(text) * size * POINT, *y),
        })
    }
}

fn fits(lines: usize, size: f32, height: f32) -> bool {
    let lines = u16::try_from(lines).map_or(f32::MAX, f32::from);
    lines * size * POINT * LEADING <= height + 0.01
}

/// Text in lines of a width: broken between any two characters, but not before what does not begin a line, and not within a word of Latin letters or a number that is shorter than a line.
fn wrapped(text: &str, wide: f32, size: f32) -> Vec<String> {
    let most = wide / (size * POINT);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut length) = (String::new(), 0.0);
        for word in words_of(paragraph) {
            let wide = width(word);
            if length + wide > most && !line.is_empty() && !word.starts_with(|c| NOT_FIRST.contains(c)) {
                lines.push(std::mem::take(&mut line));
                length = 0.0;
            }
            if wide > most {
                for c in word.chars() {
                    let wide = width(c.encode_utf8(&mut [0; 4]));
                    if length + wide > most && !line.is_empty() {
                        lines.push(std::mem::take(&mut line));
                        length = 0.0;
                    }
                    line.push(c);
                    length += wide;
                }
                continue;
            }
            line.push_str(word);
            length += wide;
        }
        lines.push(line);
    }
    lines
}

/// The pieces between which a line may break.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_word = |c: char| c.is_ascii_graphic();
        let end =
            if is_word(first) { rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_japanese_breaks() {
        let lines = wrapped("血圧が高めです。医療機関にご相談ください。", 9.0 * 8.0 * POINT, 8.0);
        assert_eq!(lines, ["血圧が高めです。医", "療機関にご相談くだ", "さい。"]);
        let lines = wrapped("値は123.4です。", 5.0 * 8.0 * POINT, 8.0);
        assert_eq!(lines, ["値は123.4", "です。"]);
        assert_eq!(
            wrapped("あいう、え", 3.0 * 8.0 * POINT, 8.0),
            ["あいう、", "え"],
            "a comma hangs rather than begins"
        );
        assert_eq!(
            wrapped(&"x".repeat(40), 20.0, 8.0).concat().len(),
            40,
            "a word longer than a line is broken and whole"
        );
    }

    #[test]
    fn text_that_does_not_fit_is_made_smaller_and_then_goes_to_a_sheet_of_its_own() {
        let mut paper = Paper::new("x");
        let small = area(10.0, 10.0, 30.0, 6.0);
        paper.words(small, 9.0, Align::Left, ("短い", "異常なし"));
        paper.words(small, 9.0, Align::Left, ("中くらい", "右上肺野に結節影の疑いがあります"));
        let long = "所見".repeat(300);
        paper.words(small, 9.0, Align::Left, ("胸部X線", &long));
        let paper = paper.finished();
        let dump = paper.dump();
        assert!(dump.contains("9pt 異常なし") && dump.contains("別記1のとおり") && dump.contains("別記1　胸部X線"));
        assert_eq!(dump.matches('所').count(), 300, "nothing is lost");
        assert!(paper.lies_on_its_sheets());
    }

    #[test]
    fn what_has_no_glyph_is_a_geta_and_the_paper_says_so() {
        let mut paper = Paper::new("x");
        paper.text((20.0, 20.0), 9.0, Align::Left, "𠮷野\u{1f600}\u{7}家葛\u{e0100}");
        let paper = paper.finished();
        assert!(paper.dump().contains("𠮷野〓家葛\n"), "{}", paper.dump());
        assert!(paper.dump().contains("〓は、この帳票の書体にない文字です（U+1F600）。"));
        assert_eq!(paper.replaced().len(), 1);
    }
}
