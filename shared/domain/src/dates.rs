//! Dates as they are written in Japan: `2026-04-01`, `2026/4/1`, `20260401`, `令和8年4月1日`, `R8.4.1`, `㋿8.4.1`, in any
//! width, read into calendar dates without time or zone. What an era does not have is told apart from what no calendar
//! has: the first is often a slip of the pen at the turn of an era, the second is a wrong value.

use jiff::{ToSpan, civil::Date};

use crate::text;

/// An era (元号) and the days that it spans. Source: 元号法 and 皇室典範 notices; one table for reading.
struct Era {
    name: &'static str,
    abbreviation: char,
    letter: char,
    first: Date,
    last: Option<Date>,
}

const ERAS: [Era; 5] = [
    Era { name: "令和", abbreviation: '令', letter: 'R', first: day(2019, 5, 1), last: None },
    Era { name: "平成", abbreviation: '平', letter: 'H', first: day(1989, 1, 8), last: Some(day(2019, 4, 30)) },
    Era { name: "昭和", abbreviation: '昭', letter: 'S', first: day(1926, 12, 25), last: Some(day(1989, 1, 7)) },
    Era { name: "大正", abbreviation: '大', letter: 'T', first: day(1912, 7, 30), last: Some(day(1926, 12, 24)) },
    Era { name: "明治", abbreviation: '明', letter: 'M', first: day(1868, 10, 23), last: Some(day(1912, 7, 29)) },
];

/// Japan's calendar is the Gregorian one from this day on (明治5年太政官布告第337号); before it, an era's date is no matter
/// of year arithmetic.
const GREGORIAN_SINCE: Date = day(1873, 1, 1);

/// Four-digit years outside of this are slips (`0206`, `20226`).
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2199;

/// Day 0 of spreadsheets' 1900 system, and the serials that are taken for dates (1954 to 2064).
const SERIAL_ORIGIN: Date = day(1899, 12, 30);
const SERIALS: std::ops::RangeInclusive<i32> = 20_000..=60_000;

const fn day(year: i16, month: i8, day: i8) -> Date {
    jiff::civil::date(year, month, day)
}

/// What a reader of dates accepts beyond the usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accept {
    /// Numbers such as `45000` are a spreadsheet's serial days (1900 system).
    pub serials: bool,
}

/// A date that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The date.
    pub date: Date,
    /// The era had not begun or had already ended on that day (平成31年5月1日): converted by year arithmetic.
    pub outside_era: bool,
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateFault {
    /// No way of writing dates, or a day that no calendar has (2026-02-30).
    #[error("not a date")]
    Invalid,
    /// A year that the era never reached (昭和70年).
    #[error("the era has no such year")]
    EraDateDoesNotExist,
    /// A year of two digits without an era.
    #[error("a year of two digits without an era")]
    TwoDigitYear,
    /// A spreadsheet's serial number where none was asked for.
    #[error("a serial number of a spreadsheet")]
    SerialNumber,
}

/// Reads one date.
pub fn parse(text: &str, accept: Accept) -> Result<Read, DateFault> {
    if let Some(date) = iso(text.as_bytes()) {
        return date.map(plain);
    }
    let text = text::code(text);
    let text: String = without_time(&text).chars().filter(|c| !c.is_whitespace()).collect();
    match era_of(&text) {
        Some((era, rest)) => in_era(era, rest),
        None => western(&text, accept),
    }
}

/// A date as papers write it (令和8年4月1日); by the Western year before the eras that are counted here.
#[must_use]
pub fn japanese(date: Date) -> String {
    let (month, day) = (date.month(), date.day());
    match ERAS.iter().find(|era| era.first <= date && date >= GREGORIAN_SINCE) {
        Some(era) => {
            let year = date.year() - era.first.year() + 1;
            let year = if year == 1 { "元".to_owned() } else { year.to_string() };
            format!("{}{year}年{month}月{day}日", era.name)
        }
        None => format!("{}年{month}月{day}日", date.year()),
    }
}

/// The day without the midnight that spreadsheets write behind it, and without the day of the week.
fn without_time(text: &str) -> &str {
    let day = MIDNIGHTS.iter().find_map(|midnight| text.strip_suffix(midnight)).unwrap_or(text);
    let weekday = day.strip_suffix(')').and_then(|day| day.rsplit_once('('));
    match weekday {
        Some((day, weekday)) if WEEKDAYS.contains(&weekday) => day,
        _ => day,
    }
}

const MIDNIGHTS: &[&str] = &[" 0:00:00", " 00:00:00", " 0:00", " 00:00"];
const WEEKDAYS: &[&str] = &["月", "火", "水", "木", "金", "土", "日"];

/// `YYYY-MM-DD` in ASCII, the form that programs write, without any copying. `None`: another form.
fn iso(bytes: &[u8]) -> Option<Result<Date, DateFault>> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
    let digit = |b: u8| b.is_ascii_digit().then(|| i16::from(b - b'0'));
    let year = digit(y1)? * 1000 + digit(y2)? * 100 + digit(y3)? * 10 + digit(y4)?;
    Some(calendar(year, digit(m1)? * 10 + digit(m2)?, digit(d1)? * 10 + digit(d2)?))
}

fn plain(date: Date) -> Read {
    Read { date, outside_era: false }
}

fn calendar(year: i16, month: i16, day: i16) -> Result<Date, DateFault> {
    if !YEARS.contains(&year) {
        return Err(DateFault::Invalid);
    }
    let (month, day) = (i8::try_from(month), i8::try_from(day));
    let (Ok(month), Ok(day)) = (month, day) else { return Err(DateFault::Invalid) };
    Date::new(year, month, day).map_err(|_| DateFault::Invalid)
}

/// The era that `text` begins with, and what follows.
fn era_of(text: &str) -> Option<(&'static Era, &str)> {
    ERAS.iter().find_map(|era| {
        let rest = text
            .strip_prefix(era.name)
            .or_else(|| text.strip_prefix(era.abbreviation))
            .or_else(|| text.strip_prefix(era.letter))
            .or_else(|| text.strip_prefix(era.letter.to_ascii_lowercase()))?;
        Some((era, rest.strip_prefix('.').unwrap_or(rest)))
    })
}

fn in_era(era: &Era, text: &str) -> Result<Read, DateFault> {
    let (year, month, day) = match text.strip_prefix('元') {
        Some(rest) => {
            let (_, month, day) = parts(&format!("1{rest}")).ok_or(DateFault::Invalid)?;
            (1, month, day)
        }
        None => parts(text).or_else(|| compact(text, 2)).ok_or(DateFault::Invalid)?,
    };
    if year < 1 {
        return Err(DateFault::EraDateDoesNotExist);
    }
    let western = era.first.year().checked_add(year - 1).ok_or(DateFault::EraDateDoesNotExist)?;
    if era.last.is_some_and(|last| western > last.year()) {
        return Err(DateFault::EraDateDoesNotExist);
    }
    let date = calendar(western, month, day)?;
    if date < GREGORIAN_SINCE {
        return Err(DateFault::Invalid);
    }
    Ok(Read { date, outside_era: date < era.first || era.last.is_some_and(|last| date > last) })
}

fn western(text: &str, accept: Accept) -> Result<Read, DateFault> {
    if let Some((year, month, day)) = parts(text) {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        return if digits <= 2 { Err(DateFault::TwoDigitYear) } else { calendar(year, month, day).map(plain) };
    }
    if let Some((year, month, day)) = compact(text, 4) {
        return calendar(year, month, day).map(plain);
    }
    if compact(text, 2).is_some() {
        return Err(DateFault::TwoDigitYear);
    }
    match text.parse::<i32>() {
        Ok(serial) if text.len() == 5 && SERIALS.contains(&serial) => {
            if !accept.serials {
                return Err(DateFault::SerialNumber);
            }
            SERIAL_ORIGIN.checked_add(serial.days()).map(plain).map_err(|_| DateFault::Invalid)
        }
        _ => Err(DateFault::Invalid),
    }
}

/// Year, month and day of `8年4月1日`, `8/4/1`, `8-04-01`, `8.4.1`: the same separator twice, or the three kanji.
fn parts(text: &str) -> Option<(i16, i16, i16)> {
    for (first, second, last) in [('年', '月', "日"), ('/', '/', ""), ('-', '-', ""), ('.', '.', "")] {
        let Some((year, rest)) = text.split_once(first) else { continue };
        let (month, day) = rest.split_once(second)?;
        let day = day.strip_suffix(last)?;
        return Some((number(year, 4)?, number(month, 2)?, number(day, 2)?));
    }
    None
}

/// Year, month and day of digits alone, the year having `year_digits`.
fn compact(text: &str, year_digits: usize) -> Option<(i16, i16, i16)> {
    if text.len() != year_digits + 4 || !text.is_ascii() {
        return None;
    }
    let (year, rest) = text.split_at(year_digits);
    let (month, day) = rest.split_at(2);
    Some((number(year, 4)?, number(month, 2)?, number(day, 2)?))
}

fn number(text: &str, most_digits: usize) -> Option<i16> {
    let digits = !text.is_empty() && text.len() <= most_digits && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Read, DateFault> {
        parse(text, Accept::default())
    }

    #[test]
    fn every_usual_spelling_of_a_day_is_read() {
        let spellings = [
            "2024-04-01",
            "2024/4/1",
            "20240401",
            "2024年4月1日",
            "２０２４年４月１日",
            "2024.4.1",
            " 2024-04-01 ",
            "R6.4.1",
            "r6.4.1",
            "R06/04/01",
            "R6-4-1",
            "令和6年4月1日",
            "令和６年０４月０１日",
            "令6.4.1",
            "㋿6.4.1",
            "R060401",
            "令和 6年 4月 1日",
            "2024－04－01",
            "R.6.4.1",
            "2024/4/1 0:00",
            "2024/04/01 00:00:00",
            "2024年4月1日(月)",
            "令和6年4月1日（月）",
        ];
        for spelling in spellings {
            assert_eq!(read(spelling), Ok(plain(day(2024, 4, 1))), "{spelling}");
        }
    }

    #[test]
    fn eras_turn_on_their_days() {
        for (text, date) in [
            ("令和元年5月1日", day(2019, 5, 1)),
            ("R1.5.1", day(2019, 5, 1)),
            ("令和1年05月01日", day(2019, 5, 1)),
            ("令和１年０５月０１日", day(2019, 5, 1)),
            ("H31.4.30", day(2019, 4, 30)),
            ("S64.1.7", day(1989, 1, 7)),
            ("H1.1.8", day(1989, 1, 8)),
            ("S55.1.2", day(1980, 1, 2)),
            ("大正15年12月24日", day(1926, 12, 24)),
            ("M45.7.29", day(1912, 7, 29)),
        ] {
            assert_eq!(read(text), Ok(plain(date)), "{text}");
        }
    }

    #[test]
    fn a_day_beside_its_era_is_read_with_a_warning() {
        for (text, date) in [
            ("平成31年5月1日", day(2019, 5, 1)),
            ("H31.12.31", day(2019, 12, 31)),
            ("昭和64年1月8日", day(1989, 1, 8)),
            ("令和元年4月30日", day(2019, 4, 30)),
        ] {
            assert_eq!(read(text), Ok(Read { date, outside_era: true }), "{text}");
        }
    }

    #[test]
    fn a_year_that_its_era_never_reached_is_refused() {
        for text in ["昭和70年1月1日", "平成40年4月1日", "H32.1.1", "R0.1.1", "大正16年1月1日"] {
            assert_eq!(read(text), Err(DateFault::EraDateDoesNotExist), "{text}");
        }
    }

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for text in
            ["2026-02-29", "2026-02-30", "令和7年2月30日", "2026-13-01", "2026/4/31", "0206-04-01", "明治3年1月1日"]
        {
            assert_eq!(read(text), Err(DateFault::Invalid), "{text}");
        }
        for text in ["", "未定", "2026-4", "2026/4-1", "2026年4月1", "4月1日", "2026-04-01T00:00", "2026-04-01 9:30"]
        {
            assert_eq!(read(text), Err(DateFault::Invalid), "{text}");
        }
    }

    #[test]
    fn two_digits_are_no_year_and_serials_are_asked_for() {
        assert_eq!(read("24/4/1"), Err(DateFault::TwoDigitYear));
        assert_eq!(read("240401"), Err(DateFault::TwoDigitYear));
        assert_eq!(read("45383"), Err(DateFault::SerialNumber));
        assert_eq!(parse("45383", Accept { serials: true }), Ok(plain(day(2024, 4, 1))));
        assert_eq!(parse("120", Accept { serials: true }), Err(DateFault::Invalid));
    }

    proptest! {
        #[test]
        fn no_text_upsets_the_reader(text in "\\PC{0,16}") {
            let _ = read(&text);
        }

        #[test]
        fn a_day_reads_the_same_in_its_era_and_in_the_western_count(offset in 0_i64..80_000) {
            let date = GREGORIAN_SINCE.saturating_add(offset.days());
            let era = ERAS.iter().find(|era| date >= era.first).unwrap();
            let year = date.year() - era.first.year() + 1;
            prop_assert_eq!(read(&date.to_string()), Ok(plain(date)));
            prop_assert_eq!(read(&format!("{}{year}年{}月{}日", era.name, date.month(), date.day())), Ok(plain(date)));
            prop_assert_eq!(read(&format!("{}{year}.{:02}.{:02}", era.letter, date.month(), date.day())), Ok(plain(date)));
        }
    }
}
