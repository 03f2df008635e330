use encoding_rs::SHIFT_JIS;
use proptest::prelude::*;

use super::*;

/// What one reading of a file or a range gives.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Row { start: Position, end: Position, cells: Vec<Vec<u8>> },
    Fault(RowFault),
}

impl Seen {
    fn end(&self) -> Position {
        match self {
            Self::Row { end, .. } | Self::Fault(RowFault { end, .. }) => *end,
        }
    }
}

fn seen(mut splitter: Splitter, chunks: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut drain = |splitter: &mut Splitter| {
        while let Some(next) = splitter.next_record() {
            all.push(match next {
                Ok(raw) => {
                    Seen::Row { start: raw.start, end: raw.end, cells: raw.cells().map(<[u8]>::to_vec).collect() }
                }
                Err(fault) => Seen::Fault(fault),
            });
        }
    };
    for chunk in chunks {
        splitter.push(chunk.as_ref());
        drain(&mut splitter);
    }
    splitter.finish();
    drain(&mut splitter);
    all
}

fn split(file: impl AsRef<[u8]>) -> Vec<Seen> {
    seen(Splitter::new(), [file])
}

/// Rows as `cell|cell`, faults as `#row code`.
fn read(file: impl AsRef<[u8]>) -> Vec<String> {
    let shown = |seen: &Seen| match seen {
        Seen::Row { cells, .. } => {
            let cells: Vec<_> = cells.iter().map(|cell| String::from_utf8_lossy(cell)).collect();
            cells.join("|")
        }
        Seen::Fault(fault) => format!("#{} {}", fault.start.row, fault.code),
    };
    split(file).iter().map(shown).collect()
}

/// Rows of a file whose header is in a certain row, as `row:cell|cell`.
fn read_below_titles(header_row: u64, file: &str) -> Vec<String> {
    let shown = |seen: Seen| match seen {
        Seen::Row { start, cells, .. } => {
            let cells: Vec<_> = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            format!("{}:{}", start.row, cells.join("|"))
        }
        Seen::Fault(fault) => format!("{}#{}", fault.start.row, fault.code),
    };
    seen(Splitter::with_header_in(header_row), [file]).into_iter().map(shown).collect()
}

#[test]
fn r34_titles_above_the_header_are_passed_over_and_tell_nothing_of_the_delimiter() {
    let titled = "健診結果一覧,2026年度,本社\r\n\r\n\"出力,\r\n日\"\r\nNo\tAST\r\n1\t20\r\n";
    assert_eq!(read_below_titles(4, titled), ["4:No|AST", "5:1|20"]);
    assert_eq!(read_below_titles(2, "これは\" 題\r\nNo,AST\n1,20"), ["2:No|AST", "3:1|20"], "a quote in a title");
    assert_eq!(read_below_titles(2, "\u{feff}題\nNo,AST"), ["2:No|AST"]);
    assert_eq!(read_below_titles(9, "No,AST\n1,20"), Vec::<String>::new(), "no row is below");
}

fn rows_and_lines(file: &str) -> Vec<(u64, u64)> {
    let start = |seen: Seen| match seen {
        Seen::Row { start, .. } | Seen::Fault(RowFault { start, .. }) => (start.row, start.line),
    };
    split(file).into_iter().map(start).collect()
}

#[test]
fn r33_every_line_end_mark_and_delimiter_of_spreadsheets_is_read() {
    for end in ["\r\n", "\n", "\r"] {
        for last in [end, "", "\x1a"] {
            assert_eq!(read(format!("a,b{end}1,{end},{last}")), ["a|b", "1|", "|"], "{end:?} {last:?}");
        }
        assert_eq!(read(format!("a\tb\tc,d{end}1\t2\t3,4{end}")), ["a|b|c,d", "1|2|3,4"], "{end:?}");
    }
    assert_eq!(read("\u{feff}a,b\n1,2"), ["a|b", "1|2"]);
    assert_eq!(read("\"a\tb\tc\",d\n1,2\n"), ["a\tb\tc|d", "1|2"], "tabs inside quotes do not count");
    assert_eq!(read(""), [""; 0]);
    assert_eq!(read("\u{feff}"), [""; 0]);
    assert_eq!(read("\x1a"), [""; 0]);
}

#[test]
fn quoted_cells_hold_delimiters_line_breaks_and_quotes() {
    assert_eq!(read("a,b\n\"1,\r\n2\",\"say \"\"x\"\"\"\n\"\",\n"), ["a|b", "1,\r\n2|say \"x\"", "|"]);
    assert_eq!(read("a\n\"1\""), ["a", "1"], "the last quote may end the file");
}

#[test]
fn blank_lines_are_passed_over_and_counted() {
    assert_eq!(read("\n\r\na\n\n\"\"\n1\n\n"), ["a", "1"]);
    assert_eq!(rows_and_lines("\na,b\n\n\"1\n2\",\r\n3,4\r\n"), [(2, 2), (4, 4), (5, 6)]);
}

#[test]
fn quotes_inside_a_cell_are_text_in_pairs_and_broken_alone() {
    assert_eq!(read("a\n5\"6\"\n1\n"), ["a", "5\"6\"", "1"]);
    assert_eq!(read("a\n5\"\n1\n"), ["a", "#2 broken_quote", "1"]);
    assert_eq!(read("a,b\n1, \"x\"\n2,3\n"), ["a|b", "1| \"x\"", "2|3"]);
}

#[test]
fn a_broken_quote_costs_its_own_record_and_no_other() {
    assert_eq!(read("a,b\n\"1,2\n3,4\n5,6\n"), ["a|b", "#2 broken_quote", "3|4", "5|6"], "never closed");
    assert_eq!(read("a,b\n\"1\"x,2\n3,4\n"), ["a|b", "#2 broken_quote", "3|4"], "text after the closing one");
    assert_eq!(read("a,b\n\"1,2\n\"3\",4\n5,6\n"), ["a|b", "#2 broken_quote", "3|4", "5|6"]);
    assert_eq!(read("a,b\n1,\"2"), ["a|b", "#2 broken_quote"]);
    assert_eq!(read("\"a,b\n1,2\n"), ["#1 broken_quote", "1|2"], "even in the header");
}

#[test]
fn a_quote_that_never_closes_is_given_up_within_a_record_of_the_longest_kind() {
    let rest = "1,2\n".repeat(LONGEST_RECORD / 2);
    let all = seen(Splitter::new(), format!("a,b\n\"x,y\n{rest}").as_bytes().chunks(1 << 16));
    assert_eq!(all.len(), 2 + LONGEST_RECORD / 2);
    assert!(matches!(&all[1], Seen::Fault(fault) if fault.code == FaultCode::BrokenQuote && fault.end.line == 3));
}

#[test]
fn a_record_beyond_the_longest_is_passed_over() {
    let long = "x".repeat(3 * LONGEST_RECORD);
    for end in ["\n", "\r\n", "\r"] {
        assert_eq!(read(format!("a{end}{long}{end}1{end}")), ["a", "#2 text_unfit", "1"]);
        assert_eq!(read(format!("a{end}\"{long}{end}1{end}")), ["a", "#2 broken_quote", "1"]);
    }
    assert_eq!(read(format!("a\n{long}")), ["a", "#2 text_unfit"]);
    let longest = &long[..LONGEST_RECORD];
    for (ends, fits) in [("", true), ("\n", false)] {
        let file = format!("a\n{longest}{ends}");
        for size in [1 << 20, 1 << 22] {
            let last = seen(Splitter::new(), file.as_bytes().chunks(size)).pop().unwrap();
            assert_eq!(matches!(last, Seen::Row { .. }), fits, "{ends:?} in chunks of {size}");
        }
    }
}

#[test]
fn bytes_that_no_text_has_are_refused() {
    for bom in [&[0xFF, 0xFE], &[0xFE, 0xFF]] {
        assert_eq!(read([bom.as_slice(), b"a\0,\0\n\x001\0\n\0"].concat()), ["#1 encoding_unsupported"]);
    }
    assert_eq!(read("a\0,\0\n\x001\0\n\0"), ["#1 encoding_unsupported"], "UTF-16 without a mark");
    assert_eq!(read("a,b\n1,\0\n2,3\n"), ["a|b", "#2 text_unfit", "2|3"]);
}

/// Cells or code of each record, and the encoding in the end.
fn decoded(file: &[u8], encoding: Option<Encoding>) -> (Vec<Result<Vec<String>, String>>, Option<Encoding>) {
    let mut decoder = Decoder::new(encoding);
    let mut splitter = Splitter::new();
    splitter.push(file);
    splitter.finish();
    let mut all = Vec::new();
    while let Some(raw) = splitter.next_record() {
        let record = raw.and_then(|raw| decoder.decode(raw));
        all.push(match record {
            Ok(record) => Ok(record.iter().map(str::to_owned).collect()),
            Err(fault) => Err(format!("#{} {}", fault.start.row, fault.code)),
        });
    }
    (all, decoder.encoding())
}

fn sjis(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
    assert!(!unmappable, "{text}");
    bytes.into_owned()
}

#[test]
fn r33_both_encodings_are_found_out_and_read() {
    let text = "No,氏名\n1,髙橋 ①\n2,ｽｽﾞｷ\n3,\"表,ソ\n能\"\n";
    let cells = vec![
        Ok(vec!["No".to_owned(), "氏名".to_owned()]),
        Ok(vec!["1".to_owned(), "髙橋 ①".to_owned()]),
        Ok(vec!["2".to_owned(), "ｽｽﾞｷ".to_owned()]),
        Ok(vec!["3".to_owned(), "表,ソ\n能".to_owned()]),
    ];
    assert_eq!(decoded(text.as_bytes(), None), (cells.clone(), Some(Encoding::Utf8)));
    assert_eq!(decoded(&sjis(text), None), (cells.clone(), Some(Encoding::ShiftJis)));
    assert_eq!(decoded(&sjis(text), Some(Encoding::ShiftJis)), (cells, Some(Encoding::ShiftJis)));
    assert_eq!(decoded(b"a\n1\n", None).1, None, "ASCII says nothing");
    assert_eq!(decoded("\u{feff}a\n1\n".as_bytes(), None).1, Some(Encoding::Utf8), "its mark does");
}

#[test]
fn a_record_of_another_encoding_is_told_and_the_rest_is_read() {
    let utf8 = [b"No,\xE6\xB0\x8F\xE5\x90\x8D\n1,".as_slice(), &sjis("鈴木"), b"\n2,abc\n"].concat();
    let (rows, _) = decoded(&utf8, None);
    assert_eq!((&rows[1], rows[2].is_ok()), (&Err("#2 mixed_encoding".to_owned()), true));

    let mixed = [&sjis("No,氏名\n1,"), "鈴木".as_bytes(), b"\n2,", &sjis("佐藤"), b"\n"].concat();
    let (rows, encoding) = decoded(&mixed, None);
    assert_eq!(
        (&rows[1], rows[2].is_ok(), encoding),
        (&Err("#2 mixed_encoding".to_owned()), true, Some(Encoding::ShiftJis))
    );

    let kana = sjis("No,氏名\n1,ﾐｶ\n");
    assert!(std::str::from_utf8(&kana[kana.len() - 3..]).is_ok(), "two katakana that look like one Latin letter");
    assert_eq!(decoded(&kana, None).0[1], Ok(vec!["1".to_owned(), "ﾐｶ".to_owned()]));

    let (rows, encoding) = decoded(b"a\n\xFF\xFF\n1\n", None);
    assert_eq!((&rows[1], encoding), (&Err("#2 mixed_encoding".to_owned()), None), "neither");
    assert_eq!(decoded("a\n鈴木\n".as_bytes(), Some(Encoding::ShiftJis)).0[1], Err("#2 mixed_encoding".to_owned()));
}

#[test]
fn cells_beyond_the_last_are_empty() {
    let mut splitter = Splitter::new();
    splitter.push(b"a,b\n");
    let mut decoder = Decoder::new(None);
    let record = decoder.decode(splitter.next_record().unwrap().unwrap()).unwrap();
    assert_eq!((record.len(), record.get(1), record.get(2), record.get(9)), (2, "b", "", ""));
}

#[test]
fn r13_debug_output_shows_no_cell() {
    let mut splitter = Splitter::new();
    splitter.push("No,Name\n1,Sasaki\n".as_bytes());
    assert!(splitter.next_record().unwrap().is_ok());
    let raw = splitter.next_record().unwrap().unwrap();
    assert!(!format!("{raw:?}").contains("asaki"));
    let mut decoder = Decoder::new(None);
    assert!(!format!("{:?}", decoder.decode(raw).unwrap()).contains("asaki"));
    assert!(
        !format!("{decoder:?} {splitter:?}").contains("97"),
        "neither as letters nor as their numbers: {splitter:?}"
    );
}

/// Bytes out of which everything that is special about files is made.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(b"a,,\"\"\n\n\r\t\x82\xA0\xE3\x81\x1a\0".as_slice());
    prop::collection::vec(byte, 0..60)
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9]{0,5}", "[ぁ-んァ-ヶｱ-ﾝ表ソ能予申十貼暴髙﨑①々]{0,6}", "[a,\"\r\n\t あ]{0,6}",]
}

/// A file with at least two columns, so that no record is blank.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell(), width), 0..8))
}

fn written(rows: &[Vec<String>], end: &str) -> String {
    let mut text = String::from("社員番号,氏名,カナ,所属,備考");
    text.push_str(end);
    for row in rows {
        let cells: Vec<_> = row
            .iter()
            .map(|cell| {
                let quoted = cell.contains([',', '"', '\r', '\n']);
                if quoted { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
            })
            .collect();
        text.push_str(&cells.join(","));
        text.push_str(end);
    }
    text
}

proptest! {
    #[test]
    fn chunks_of_any_size_give_the_same(file in noise(), size in 1_usize..9) {
        prop_assert_eq!(seen(Splitter::new(), file.chunks(size)), split(&file));
    }

    #[test]
    fn r33_a_range_that_ends_where_a_record_ends_gives_the_same(file in noise(), cut in 0_usize..20) {
        let whole = split(&file);
        let mut splitter = Splitter::new();
        splitter.push(&file);
        splitter.finish();
        while splitter.next_record().is_some() {}
        if let (Some(at), Some(delimiter)) = (whole.get(cut), splitter.delimiter()) {
            let at = at.end();
            let offset = usize::try_from(at.offset).unwrap();
            let head = seen(Splitter::resume(delimiter, Position::START), [&file[..offset]]);
            let tail = seen(Splitter::resume(delimiter, at), [&file[offset..]]);
            prop_assert_eq!([head, tail].concat(), whole);
        }
    }

    #[test]
    fn records_follow_each_other_without_a_gap_but_blank_lines(file in noise()) {
        let mut at = Position::START;
        for seen in split(&file) {
            let start = match &seen {
                Seen::Row { start, .. } => *start,
                Seen::Fault(fault) => fault.start,
            };
            prop_assert!(start.offset >= at.offset && start.row >= at.row && start.line >= at.line);
            let between = &file[usize::try_from(at.offset).unwrap()..usize::try_from(start.offset).unwrap()];
            prop_assert!(between.iter().all(|byte| b"\r\n\"".contains(byte)), "{:?}", between);
            at = seen.end();
        }
    }

    #[test]
    fn r33_what_was_written_is_read(rows in table(), end in prop::sample::select(vec!["\r\n", "\n", "\r"])) {
        let file = written(&rows, end);
        for bytes in [file.clone().into_bytes(), sjis(&file)] {
            let (read, _) = decoded(&bytes, None);
            let read: Vec<_> = read.into_iter().skip(1).map(Result::unwrap).collect();
            prop_assert_eq!(&read, &rows);
        }
    }
}
