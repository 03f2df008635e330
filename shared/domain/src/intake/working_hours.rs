//! Working hours by file (勤怠): a row is one month of one employee. A column of time says in its header whether its plain numbers are hours or minutes; what is written as a
//! clock says so itself. Whatever is read is exact ([`crate::overwork::minutes`]).

use jiff::civil::Date;

use super::{
    Fault, FaultCode, Options, Parsed,
    sheet::{Columns, Reader, named},
};
use crate::{
    employee::EmployeeNumber,
    overwork::{
        duty::WorkerKind,
        figure::Worked,
        minutes::{Minutes, MinutesFault, Unit},
        period::{self, ClosingDay, Period},
    },
    time::Month,
};

/// A length of time that a month of work has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// 実労働時間.
    Total,
    /// 時間外労働時間.
    Overtime,
    /// 休日労働時間.
    Holiday,
    /// 深夜労働時間.
    Night,
}

/// What a column of working hours means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 社員番号.
    Number,
    /// 対象年月.
    Month,
    /// 期間開始日.
    From,
    /// 期間終了日.
    To,
    /// 労働者区分.
    Kind,
    /// A length of time, in hours.
    Hours(Length),
    /// A length of time, in minutes.
    Minutes(Length),
}

/// What columns are called, the first name being ours.
pub(super) const NAMES: &[(Role, &[&str])] = &[
    (Role::Number, &["社員番号", "従業員番号", "職員番号", "社員コード", "社員No", "社員No.", "従業員コード"]),
    (Role::Month, &["対象年月", "年月", "対象月", "勤務年月", "処理年月"]),
    (Role::From, &["期間開始日", "開始日", "集計開始日"]),
    (Role::To, &["期間終了日", "終了日", "締日", "集計終了日"]),
    (Role::Kind, &["労働者区分", "労働者の区分", "労働時間制度"]),
    (
        Role::Hours(Length::Total),
        &[
            "実労働時間",
            "総労働時間",
            "労働時間",
            "実働時間",
            "勤務時間",
            "実労働時間(時間)",
            "総労働時間(時間)",
            "健康管理時間",
        ],
    ),
    (
        Role::Hours(Length::Overtime),
        &[
            "時間外労働時間",
            "時間外労働",
            "残業時間",
            "法定時間外労働時間",
            "時間外時間",
            "時間外労働時間(時間)",
            "残業時間(時間)",
        ],
    ),
    (
        Role::Hours(Length::Holiday),
        &["休日労働時間", "休日労働", "法定休日労働時間", "休日出勤時間", "休日労働時間(時間)"],
    ),
    (Role::Hours(Length::Night), &["深夜労働時間", "深夜労働", "深夜時間", "深夜労働時間(時間)"]),
    (Role::Minutes(Length::Total), &["実労働時間(分)", "総労働時間(分)", "労働時間(分)", "実働時間(分)"]),
    (Role::Minutes(Length::Overtime), &["時間外労働時間(分)", "残業時間(分)", "時間外労働(分)"]),
    (Role::Minutes(Length::Holiday), &["休日労働時間(分)", "休日労働(分)"]),
    (Role::Minutes(Length::Night), &["深夜労働時間(分)", "深夜労働(分)"]),
];

/// A month of work as a file has it.
#[derive(Clone, PartialEq, Eq)]
pub struct WorkingHoursRow {
    /// 社員番号.
    pub number: EmployeeNumber,
    /// 対象年月.
    pub month: Month,
    /// From when until when, where the row says it.
    pub period: Option<Period>,
    /// 労働者区分, where the row says it.
    pub kind: Option<WorkerKind>,
    /// 実労働時間.
    pub total: Minutes,
    /// 時間外労働時間.
    pub overtime: Option<Minutes>,
    /// 休日労働時間.
    pub holiday: Option<Minutes>,
    /// 深夜労働時間.
    pub night: Option<Minutes>,
}

impl std::fmt::Debug for WorkingHoursRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkingHoursRow").field("month", &self.month).finish_non_exhaustive()
    }
}

impl WorkingHoursRow {
    /// What the row says, in a company that closes its months on `closing`. What it leaves out is as it was.
    #[must_use]
    pub fn worked(&self, closing: ClosingDay, before: Option<&Worked>) -> Worked {
        Worked {
            kind: self.kind.or(before.map(|before| before.kind)).unwrap_or_default(),
            period: self.period.unwrap_or_else(|| closing.period(self.month)),
            total: self.total,
            overtime: self.overtime.or(before.and_then(|before| before.overtime)),
            holiday: self.holiday.or(before.and_then(|before| before.holiday)),
            night: self.night.or(before.and_then(|before| before.night)),
        }
    }
}

/// How a file of working hours is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
}

impl Layout {
    /// Recognises the header, or tells all that is wrong with it.
    pub fn recognise(header: &[&str], options: Options) -> Result<Self, Vec<Fault>> {
        let required: &[(&str, &[Role])] = &[
            ("社員番号", &[Role::Number]),
            ("対象年月", &[Role::Month]),
            ("実労働時間", &[Role::Hours(Length::Total), Role::Minutes(Length::Total)]),
        ];
        let columns = Columns::recognise(header, &options, |key, _| named(NAMES, key), required)?;
        Ok(Self { columns, options })
    }

    /// What the columns mean; faults found later are placed by it.
    #[must_use]
    pub fn columns(&self) -> &Columns<Role> {
        &self.columns
    }

    /// A fault at the column of a length of time, in whichever unit the file has it.
    #[must_use]
    pub fn fault_at(&self, code: FaultCode, length: Length) -> Fault {
        let hours = self.columns.column(Role::Hours(length)).map(|_| Role::Hours(length));
        self.columns.fault(code, hours.unwrap_or(Role::Minutes(length)))
    }

    /// Reads a record of `count` cells.
    #[must_use]
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<WorkingHoursRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let mut reader = Reader::new(&self.columns, &self.options, self.columns.translated(cell));
        let r = &mut reader;
        let number =
            r.required(Role::Number, |text| EmployeeNumber::parse(text).map_err(|_| FaultCode::EmployeeNumberInvalid));
        r.show(Role::Number);
        let month = r.required(Role::Month, |text| period::month(text).ok_or(FaultCode::MonthInvalid));
        r.show(Role::Month);
        let (from, to) = (Self::day(r, Role::From), Self::day(r, Role::To));
        let kind =
            r.optional(Role::Kind, |text| WorkerKind::from_japanese(text).ok_or(FaultCode::WorkerKindUnknown)).set();
        r.show(Role::Kind);
        let total = length(r, Length::Total);
        if total.is_none() && r.faults.iter().all(|fault| !is_about_lengths(fault.code)) {
            let at = if self.columns.column(Role::Hours(Length::Total)).is_some() {
                Role::Hours(Length::Total)
            } else {
                Role::Minutes(Length::Total)
            };
            r.fault(FaultCode::Required, at);
        }
        let (overtime, holiday, night) =
            (length(r, Length::Overtime), length(r, Length::Holiday), length(r, Length::Night));
        let period = match (from, to) {
            (None, None) => None,
            (from, to) => {
                let period = from.zip(to).and_then(|(from, to)| Period::new(from, to));
                if period.is_none() && r.faults.is_empty() {
                    r.fault(FaultCode::PeriodInvalid, if from.is_some() { Role::From } else { Role::To });
                }
                period
            }
        };
        let (faults, warnings) = (reader.faults, reader.warnings);
        let row = match (number, month, total) {
            (Some(number), Some(month), Some(total)) if faults.is_empty() => {
                Some(WorkingHoursRow { number, month, period, kind, total, overtime, holiday, night })
            }
            _ => None,
        };
        Parsed { row, faults, warnings }
    }

    fn day<'r, C: Fn(usize) -> &'r str>(reader: &mut Reader<'_, Role, C>, role: Role) -> Option<Date> {
        let read = reader.cell(role).filter(|text| !text.is_empty()).map(|text| reader.date(text))?;
        reader.optional(role, |_| read).set().map(|read| read.date)
    }
}

const fn is_about_lengths(code: FaultCode) -> bool {
    matches!(code, FaultCode::HoursUnreadable | FaultCode::HoursTooFine | FaultCode::ValueOutOfRange)
}

/// A length of time, from whichever of its columns the file has.
fn length<'r, C: Fn(usize) -> &'r str>(reader: &mut Reader<'_, Role, C>, length: Length) -> Option<Minutes> {
    let parse = |unit| {
        move |text: &str| {
            Minutes::parse(text, unit).map_err(|fault| match fault {
                MinutesFault::NotATime => FaultCode::HoursUnreadable,
                MinutesFault::TooFine => FaultCode::HoursTooFine,
                MinutesFault::TooLong => FaultCode::ValueOutOfRange,
            })
        }
    };
    let hours = reader.optional(Role::Hours(length), parse(Unit::Hours)).set();
    let minutes = reader.optional(Role::Minutes(length), parse(Unit::Minutes)).set();
    if hours.zip(minutes).is_some_and(|(hours, minutes)| hours != minutes) {
        reader.fault(FaultCode::ValueContradicts, Role::Minutes(length));
    }
    hours.or(minutes)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn parse(header: &str, cells: &str) -> Parsed<WorkingHoursRow> {
        let header: Vec<&str> = header.split(',').collect();
        let cells: Vec<&'static str> = String::leak(cells.to_owned()).split(',').collect();
        let options = Options::new(date(2026, 11, 24));
        Layout::recognise(&header, options).unwrap().parse(cells.len(), |at| cells[at])
    }

    fn codes(parsed: &Parsed<WorkingHoursRow>) -> Vec<FaultCode> {
        parsed.faults.iter().map(|fault| fault.code).collect()
    }

    const SAMPLE: &str = "\u{feff}社員番号,対象年月,実労働時間,時間外労働時間,休日労働時間";

    #[test]
    fn r36_a_row_of_the_sample_is_a_month() {
        let row = parse(SAMPLE, "000001,2026-07,166.15,6.15,2.80").row.unwrap();
        assert_eq!((row.number.as_str(), row.month.to_string().as_str()), ("000001", "2026-07"));
        let worked = row.worked(ClosingDay::END_OF_MONTH, None);
        assert_eq!((worked.period.from(), worked.period.days()), (date(2026, 7, 1), 31));
        assert_eq!(worked.total.in_minutes().to_string(), "9969");
        assert_eq!(worked.holiday.unwrap().in_hours().to_string(), "2.80");
        assert_eq!(worked.kind, WorkerKind::Ordinary);
    }

    #[test]
    fn r36_hours_clocks_and_minutes_are_the_same_month() {
        let hours = parse(SAMPLE, "1,2026-07,166:09,6:09,2:48").row.unwrap();
        let decimal = parse(SAMPLE, "1,2026年7月,166.15,6.15,2.8").row.unwrap();
        let minutes =
            parse("社員番号,年月,総労働時間（分）,残業時間(分),休日労働時間(分)", "1,202607,9969,369,168").row.unwrap();
        assert_eq!(hours, decimal);
        assert_eq!(hours, minutes);
    }

    #[test]
    fn r36_a_row_may_say_its_period_and_kind() {
        let header = "社員番号,対象年月,期間開始日,期間終了日,労働者区分,実労働時間";
        let row = parse(header, "1,2026-04,2026/3/21,2026/4/20,研究開発,200").row.unwrap();
        let worked = row.worked(ClosingDay::END_OF_MONTH, None);
        assert_eq!((worked.period.days(), worked.kind), (31, WorkerKind::Research));
        assert_eq!(codes(&parse(header, "1,2026-04,2026/3/21,,一般,200")), [FaultCode::PeriodInvalid]);
        assert_eq!(codes(&parse(header, "1,2026-04,2026/4/20,2026/3/21,,200")), [FaultCode::PeriodInvalid]);
        assert_eq!(codes(&parse(header, "1,2026-04,,,役員,200")), [FaultCode::WorkerKindUnknown]);
    }

    #[test]
    fn every_fault_of_a_row_is_told() {
        let parsed = parse(SAMPLE, "あ,2026-13,百,1.23456789,3000");
        assert_eq!(
            codes(&parsed),
            [
                FaultCode::EmployeeNumberInvalid,
                FaultCode::MonthInvalid,
                FaultCode::HoursUnreadable,
                FaultCode::HoursTooFine,
                FaultCode::ValueOutOfRange
            ]
        );
        assert_eq!(codes(&parse(SAMPLE, "1,2026-04,,0,0")), [FaultCode::Required]);
        let both = "社員番号,対象年月,実労働時間,実労働時間(分)";
        assert_eq!(codes(&parse(both, "1,2026-04,160,9601")), [FaultCode::ValueContradicts]);
        assert!(parse(both, "1,2026-04,160,9600").row.is_some());
    }

    #[test]
    fn what_a_row_leaves_out_stays_as_it_was() {
        let before = parse("社員番号,対象年月,労働者区分,実労働時間,残業時間", "1,2026-04,高プロ,200,30").row.unwrap();
        let before = before.worked(ClosingDay::END_OF_MONTH, None);
        let later = parse("社員番号,対象年月,実労働時間", "1,2026-04,210").row.unwrap();
        let worked = later.worked(ClosingDay::END_OF_MONTH, Some(&before));
        assert_eq!((worked.kind, worked.overtime), (WorkerKind::Professional, before.overtime));
        assert_eq!(worked.total, Minutes::of_hours(210));
    }
}
