//! A draft of a layout, made of a file's header and a few of its rows: what each column most likely means, how sure that is,
//! and why. A person confirms it; nothing is read by a mere suggestion.

use jiff::{ToSpan as _, civil::Date};

use super::{Column, Unit};
use crate::{
    checkup::{item::ItemId, kind::CheckupKind, unit, value},
    dates::{self, Accept},
    decimal::Decimal,
    employee::{EmployeeNumber, Kana, MailAddress, Sex},
    intake::{FaultCode, Kind},
    text::{header_key, narrow, trim},
};

/// Why a column is thought to mean what is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The header is the name itself.
    ExactName,
    /// The header is another name for it.
    Alias,
    /// The header begins with, or has in it, the longest name that is known.
    LongestPrefix,
    /// The values look like it.
    ByValues,
    /// Another column means the same more surely.
    Duplicate,
    /// Nothing points anywhere.
    Unknown,
}

impl Reason {
    /// How sure a reason is by itself, from 0 to 100.
    const fn confidence(self) -> u8 {
        match self {
            Self::ExactName => 100,
            Self::Alias => 95,
            Self::LongestPrefix => 90,
            Self::ByValues => 50,
            Self::Duplicate | Self::Unknown => 0,
        }
    }

    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExactName => "exact_name",
            Self::Alias => "alias",
            Self::LongestPrefix => "longest_prefix",
            Self::ByValues => "by_values",
            Self::Duplicate => "duplicate",
            Self::Unknown => "unknown",
        }
    }
}

/// How sure it is that a name means a column of which it is only a part.
const CONTAINED: u8 = 60;
/// The fewest letters of a name that is looked for inside of headers.
const SHORTEST_NAME: usize = 2;

/// What is suggested for one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedColumn {
    /// What a layout would say.
    pub column: Column,
    /// How sure that is, from 0 to 100: lowered where values do not fit.
    pub confidence: u8,
    /// Why.
    pub reason: Reason,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// Each column of the header.
    pub columns: Vec<SuggestedColumn>,
    /// Columns of dates hold serial numbers.
    pub serial_dates: bool,
}

/// Suggests what the columns of `header` mean, looking at `samples` as well, on `today`.
#[must_use]
pub fn suggest(kind: Kind, header: &[&str], samples: &[Vec<String>], today: Date) -> Suggested {
    let understood = kind.understand(header);
    let names = kind.names();
    let mut columns: Vec<SuggestedColumn> = Vec::with_capacity(header.len());
    let mut serial_dates = false;
    for (at, &written) in header.iter().enumerate() {
        let cells: Vec<&str> = samples
            .iter()
            .filter_map(|row| row.get(at))
            .map(|cell| trim(cell))
            .filter(|cell| !cell.is_empty())
            .collect();
        let key = header_key(written);
        let meaning = understood.get(at);
        let item = meaning.and_then(|meaning| meaning.item);
        let (means, reason, base) = match meaning.map(|meaning| (&meaning.means, meaning.fault)) {
            Some((Some(means), None)) => {
                let reason = if header_key(means) == key {
                    Reason::ExactName
                } else if names.iter().any(|(name, _)| *name == key) {
                    Reason::Alias
                } else {
                    Reason::LongestPrefix
                };
                (Some(means.clone()), reason, reason.confidence())
            }
            Some((_, Some(FaultCode::DuplicateHeader))) => (None, Reason::Duplicate, 0),
            // What is known and passed over: flags, reference values.
            Some((None, None)) if !key.is_empty() => (None, Reason::Alias, Reason::Alias.confidence()),
            _ => guessed(kind, &key, &names, &cells, today),
        };
        let looks = means.as_deref().and_then(|means| share(means, item, &cells));
        serial_dates |= means.as_deref().is_some_and(is_date) && cells.iter().any(|cell| is_serial(cell));
        // A further column of an item keeps its own header, which says the unit.
        let further = means.as_deref() == Some(trim(written));
        let unit = item.filter(|_| !further).and_then(|item| unit_of(item, written));
        let column = Column { header: trim(written).to_owned(), means, unit, ..Column::default() };
        columns.push(SuggestedColumn { column, confidence: looks.map_or(base, |fit| lowered(base, fit)), reason });
    }
    without_duplicates(kind, &mut columns);
    Suggested { columns, serial_dates }
}

/// What a header that is nobody's name could mean: the longest name that it has in it, or what its values look like.
fn guessed(
    kind: Kind,
    key: &str,
    names: &[(String, String)],
    cells: &[&str],
    today: Date,
) -> (Option<String>, Reason, u8) {
    let contained = names
        .iter()
        .filter(|(name, _)| name.chars().count() >= SHORTEST_NAME && key.contains(name.as_str()))
        .max_by_key(|(name, _)| (name.chars().count(), key.starts_with(name.as_str())));
    if let Some((_, means)) = contained {
        return (Some(means.clone()), Reason::LongestPrefix, CONTAINED);
    }
    match by_values(kind, cells, today) {
        Some(means) => (Some(means.to_owned()), Reason::ByValues, Reason::ByValues.confidence()),
        None => (None, Reason::Unknown, 0),
    }
}

/// What values look like that nothing else can be.
fn by_values(kind: Kind, cells: &[&str], today: Date) -> Option<&'static str> {
    let all = |looks: &dyn Fn(&str) -> bool| !cells.is_empty() && cells.iter().all(|cell| looks(cell));
    let people = matches!(kind, Kind::Checkups | Kind::Employees);
    let read = |cell: &str| dates::parse(cell, Accept { serials: true }).ok().map(|read| read.date);
    if kind == Kind::Checkups
        && all(&|cell| cell.contains(['/', '／']) && matches!(value::read_blood_pressure(cell), Ok(Some(_))))
    {
        return Some("血圧");
    }
    if people && all(&|cell| read(cell).is_some()) {
        let adults = today.saturating_sub(15.years());
        return match kind {
            _ if all(&|cell| read(cell).is_some_and(|date| date <= adults)) => Some("生年月日"),
            Kind::Checkups => Some("受診日"),
            _ => Some("入社年月日"),
        };
    }
    if people && all(&|cell| Sex::from_japanese(cell).is_some() && !cell.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some("性別");
    }
    if kind == Kind::Checkups && all(&|cell| CheckupKind::from_japanese(cell).is_some()) {
        return Some("健診種別");
    }
    if people && all(&|cell| cell.chars().count() > 1 && Kana::parse(cell).is_ok()) {
        return Some("氏名カナ");
    }
    let mails = matches!(kind, Kind::Employees | Kind::Accounts);
    (mails && all(&|cell| MailAddress::parse(cell).is_ok())).then_some("メールアドレス")
}

/// How many of the values fit the meaning, of how many; nothing where that cannot be told.
fn share(means: &str, item: Option<ItemId>, cells: &[&str]) -> Option<(usize, usize)> {
    let fits = |cell: &&&str| match (item, means) {
        (Some(item), _) if !means.ends_with("判定") => value::read(item, cell).is_ok(),
        (_, "社員番号") => EmployeeNumber::parse(cell).is_ok(),
        (_, "性別") => Sex::from_japanese(cell).is_some(),
        (_, "氏名カナ") => Kana::parse(cell).is_ok(),
        (_, "メールアドレス") => MailAddress::parse(cell).is_ok(),
        (_, "血圧") => value::read_blood_pressure(cell).is_ok(),
        (_, "健診種別") => CheckupKind::from_japanese(cell).is_some(),
        (_, means) if is_date(means) => dates::parse(cell, Accept { serials: true }).is_ok(),
        _ => true,
    };
    (!cells.is_empty()).then(|| (cells.iter().filter(fits).count(), cells.len()))
}

fn is_date(means: &str) -> bool {
    means.ends_with("年月日") || means.ends_with('日')
}

/// A number that no way of writing dates has.
fn is_serial(cell: &str) -> bool {
    dates::parse(cell, Accept::default()).is_err() && dates::parse(cell, Accept { serials: true }).is_ok()
}

fn lowered(base: u8, (fit, all): (usize, usize)) -> u8 {
    u8::try_from(usize::from(base) * fit / all.max(1)).unwrap_or(0)
}

/// The unit that a header says beside its item's name, where it is not the catalogue's.
fn unit_of(item: ItemId, written: &str) -> Option<Unit> {
    let written = narrow(written);
    let starts = written.char_indices().map(|(at, _)| at).skip(1);
    let found = starts.filter_map(|at| Some((written.get(at..)?, unit::power(item.item(), written.get(at..)?)?)));
    let (name, power) = found.into_iter().next()?;
    let name = name.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']') || c.is_whitespace()).to_owned();
    (power != 0).then(|| Unit { name, factor: Decimal::from(1).shifted(power) })
}

/// Of several columns that are thought to mean the same, the surest one keeps its meaning.
fn without_duplicates(kind: Kind, columns: &mut [SuggestedColumn]) {
    let mut lost: Vec<usize> = Vec::new();
    for (at, this) in columns.iter().enumerate() {
        let surer = |(other, column): (usize, &SuggestedColumn)| {
            let rank = |at: usize, column: &SuggestedColumn| (column.confidence, std::cmp::Reverse(at));
            other != at && column.column.means == this.column.means && rank(other, column) > rank(at, this)
        };
        if this.column.means.is_some() && columns.iter().enumerate().any(surer) {
            lost.push(at);
        }
    }
    lose(columns, &lost);
    // Two names of ours can mean the same.
    let ours: Vec<&str> = columns.iter().map(|it| it.column.means.as_deref().unwrap_or_default()).collect();
    let understood = kind.understand(&ours);
    let lost: Vec<usize> =
        understood.iter().enumerate().filter(|(_, meaning)| meaning.fault.is_some()).map(|(at, _)| at).collect();
    lose(columns, &lost);
}

fn lose(columns: &mut [SuggestedColumn], lost: &[usize]) {
    for &at in lost {
        if let Some(this) = columns.get_mut(at).filter(|this| this.column.means.is_some()) {
            (this.column.means, this.column.unit) = (None, None);
            (this.confidence, this.reason) = (0, Reason::Duplicate);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::{
        super::{Draft, Layout},
        *,
    };

    fn suggested(header: &[&str], rows: &[&[&str]]) -> Suggested {
        let samples: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        suggest(Kind::Checkups, header, &samples, date(2026, 11, 28))
    }

    fn shown(suggested: &Suggested) -> Vec<(Option<&str>, u8, &'static str)> {
        suggested.columns.iter().map(|it| (it.column.means.as_deref(), it.confidence, it.reason.name())).collect()
    }

    #[test]
    fn r34_each_column_is_suggested_with_how_sure_and_why() {
        let header = ["社員番号", "GOT", "白血球数(×10^3/μL)", "貴社 受診日", "ID2", "測定", "星座", "AST判定", "H/L"];
        let rows: &[&[&str]] = &[
            &["000002", "47", "5.6", "R7.7.3", "S46.2.3", "142/90", "乙女", "C", "H"],
            &["000003", "不明", "6.1", "R7.7.4", "H2.5.6", "118/76", "獅子", "A", ""],
        ];
        let suggested = suggested(&header, rows);
        assert_eq!(
            shown(&suggested),
            [
                (Some("社員番号"), 100, "exact_name"),
                (Some("AST"), 47, "alias"),
                (Some("白血球数"), 90, "longest_prefix"),
                (Some("受診日"), 60, "longest_prefix"),
                (Some("生年月日"), 50, "by_values"),
                (Some("血圧"), 50, "by_values"),
                (None, 0, "unknown"),
                (Some("AST判定"), 100, "exact_name"),
                (None, 95, "alias"),
            ]
        );
        let unit = suggested.columns[2].column.unit.as_ref().unwrap();
        assert_eq!((unit.name.as_str(), unit.factor), ("×10^3/μL", Decimal::new(1000, 0)));
    }

    #[test]
    fn of_two_columns_that_mean_the_same_the_surer_one_does() {
        let suggested = suggested(&["受診日", "来院された受診日", "健診日"], &[&["45000", "45001", "45002"]]);
        assert_eq!(
            shown(&suggested),
            [(Some("受診日"), 100, "exact_name"), (None, 0, "duplicate"), (None, 0, "duplicate")]
        );
        assert!(suggested.serial_dates);
    }

    proptest! {
        #[test]
        fn what_is_suggested_is_always_a_layout(header in proptest::collection::vec("\\PC{0,12}|AST|GOT|判定|腹囲|WBC\\(10\\^3/μL\\)|白血球", 1..12), cell in "\\PC{0,8}") {
            let cells: Vec<&str> = header.iter().map(String::as_str).collect();
            let samples = vec![vec![cell; cells.len()]];
            let suggested = suggest(Kind::Checkups, &cells, &samples, date(2026, 11, 28));
            prop_assert_eq!(suggested.columns.len(), cells.len());
            let columns = suggested.columns.into_iter().map(|it| it.column).collect();
            let draft = Draft { header_row: 1, data_row: 2, sheet: None, serial_dates: false, columns, grades: std::collections::BTreeMap::new() };
            let layout = Layout::new(Kind::Checkups, draft);
            prop_assert!(layout.is_ok(), "{:?}", layout);
        }
    }
}
