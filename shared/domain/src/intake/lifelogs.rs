//! Lifelogs of a campaign by file: one row is one day of one employee. Values go in unseen by whoever brings the file.

use jiff::civil::Date;

use super::{
    Change, Columns, Fault, FaultCode, Options, Parsed,
    sheet::{Reader, named},
};
use crate::{
    decimal::Decimal,
    employee::EmployeeNumber,
    lifelog::{Metric, Reading},
    text::narrow,
    time::Jst,
};

/// What a column of lifelogs means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 社員番号.
    Number,
    /// 日付.
    Date,
    /// 歩数.
    Steps,
    /// 体重.
    Weight,
    /// 体脂肪率.
    BodyFat,
    /// 収縮期血圧.
    Systolic,
    /// 拡張期血圧.
    Diastolic,
    /// 脈拍.
    Pulse,
    /// 睡眠時間, in hours or as `7:30`.
    Sleep,
}

/// What columns are called, the first name being ours.
pub(super) const NAMES: &[(Role, &[&str])] = &[
    (Role::Number, &["社員番号", "従業員番号", "社員コード", "従業員コード", "社員No"]),
    (Role::Date, &["日付", "測定日", "年月日", "記録日"]),
    (Role::Steps, &["歩数", "歩数(歩)"]),
    (Role::Weight, &["体重", "体重(kg)"]),
    (Role::BodyFat, &["体脂肪率", "体脂肪率(%)"]),
    (Role::Systolic, &["収縮期血圧", "最高血圧", "血圧(上)"]),
    (Role::Diastolic, &["拡張期血圧", "最低血圧", "血圧(下)"]),
    (Role::Pulse, &["脈拍", "脈拍数", "心拍数"]),
    (Role::Sleep, &["睡眠時間", "睡眠時間(時間)", "睡眠"]),
];

/// A day of an employee, as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifelogRow {
    /// Whose.
    pub number: EmployeeNumber,
    /// Which day.
    pub date: Date,
    /// What was measured. A file says no time: each reading stands at the beginning of its day.
    pub readings: Vec<Reading>,
}

/// How a file of lifelogs is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
}

impl Layout {
    /// Recognises the header, or tells all that is wrong with it.
    pub fn recognise(header: &[&str], options: Options) -> Result<Self, Vec<Fault>> {
        let values = &[Role::Steps, Role::Weight, Role::BodyFat, Role::Systolic, Role::Pulse, Role::Sleep];
        let required: &[(&str, &[Role])] = &[("社員番号", &[Role::Number]), ("日付", &[Role::Date]), ("歩数", values)];
        let columns = Columns::recognise(header, &options, |key, _| named(NAMES, key), required)?;
        Ok(Self { columns, options })
    }

    /// What the columns mean; faults found later are placed by it.
    #[must_use]
    pub fn columns(&self) -> &Columns<Role> {
        &self.columns
    }

    /// Reads a record of `count` cells.
    #[must_use]
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<LifelogRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let mut reader = Reader::new(&self.columns, &self.options, self.columns.translated(cell));
        let number = reader
            .required(Role::Number, |text| EmployeeNumber::parse(text).map_err(|_| FaultCode::EmployeeNumberInvalid));
        let date = match reader.cell(Role::Date).map(|text| (text.is_empty(), reader.date(text))) {
            None | Some((true, _)) => {
                reader.fault(FaultCode::Required, Role::Date);
                None
            }
            Some((false, Err(code))) => {
                reader.fault(code, Role::Date);
                None
            }
            Some((false, Ok(read))) => {
                if read.outside_era {
                    reader.warn(FaultCode::DateOutsideEra, Role::Date);
                }
                Some(read.date)
            }
        };
        if date.is_some_and(|date| date > self.options.today) {
            reader.fault(FaultCode::FutureDate, Role::Date);
        }
        let mut found: Vec<(Metric, i64, Option<i64>)> = Vec::new();
        for (role, metric) in [
            (Role::Steps, Metric::Steps),
            (Role::Weight, Metric::Weight),
            (Role::BodyFat, Metric::BodyFat),
            (Role::Pulse, Metric::Pulse),
        ] {
            let value = measured(&mut reader, role, |number| metric.row().bounds.read(number));
            found.extend(value.map(|value| (metric, value, None)));
        }
        let slept = measured(&mut reader, Role::Sleep, minutes);
        found.extend(slept.map(|minutes| (Metric::Sleep, minutes, None)));
        let pressure = Metric::BloodPressure.row();
        let over = measured(&mut reader, Role::Systolic, |number| pressure.bounds.read(number));
        let under = measured(&mut reader, Role::Diastolic, |number| pressure.second?.bounds.read(number));
        let is_there = |role, reader: &Reader<'_, _, _>| reader.cell(role).is_some_and(|text| !text.is_empty());
        match (over, under) {
            (Some(over), Some(under)) if under >= over => {
                reader.fault(FaultCode::DiastolicNotBelowSystolic, Role::Diastolic);
            }
            (Some(over), Some(under)) => found.push((Metric::BloodPressure, over, Some(under))),
            (Some(_), None) if !is_there(Role::Diastolic, &reader) => {
                reader.fault(FaultCode::Required, Role::Diastolic);
            }
            (None, Some(_)) if !is_there(Role::Systolic, &reader) => reader.fault(FaultCode::Required, Role::Systolic),
            _ => {}
        }
        if found.is_empty() && reader.faults.is_empty() {
            reader.warnings.push(Fault::new(FaultCode::NothingMeasured));
        }
        let (faults, warnings) = (reader.faults, reader.warnings);
        let row = number.zip(date).filter(|_| faults.is_empty()).map(|(number, date)| {
            let measured_at = Jst::start_of(date);
            let reading = |(metric, value, second)| Reading { metric, measured_at, value, second, kind: None };
            LifelogRow { number, date, readings: found.into_iter().map(reading).collect() }
        });
        Parsed { row, faults, warnings }
    }
}

/// Reads a number of a role, with thousands and full width as spreadsheets write them.
fn measured<'r, C: Fn(usize) -> &'r str>(
    reader: &mut Reader<'_, Role, C>,
    role: Role,
    read: impl FnOnce(Decimal) -> Option<i64>,
) -> Option<i64> {
    let parse = |text: &str| {
        let text = narrow(text).replace(',', "");
        let number = match text.split_once(':') {
            Some((hours, minutes)) if role == Role::Sleep => clock(hours, minutes),
            _ => Decimal::parse(&text),
        };
        read(number.ok_or(FaultCode::ValueUnreadable)?).ok_or(FaultCode::ValueOutOfRange)
    };
    // There is nothing in a campaign's file that it could clear: what an employee recorded is theirs.
    match reader.optional(role, parse) {
        Change::Set(value) => Some(value),
        Change::Clear => {
            reader.fault(FaultCode::CannotClear, role);
            None
        }
        Change::Keep => None,
    }
}

/// Hours and minutes as hours with two decimals and more: the minutes come out as they went in.
fn clock(hours: &str, minutes: &str) -> Option<Decimal> {
    let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
    (minutes < 60).then(|| Decimal::ratio(i64::from(hours) * 60 + i64::from(minutes), 60, 6)).flatten()
}

/// Hours of sleep as minutes.
fn minutes(hours: Decimal) -> Option<i64> {
    let minutes = hours.times(Decimal::from(60))?.rounded(0);
    Metric::Sleep.row().bounds.read(minutes)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const HEADER: &str = "社員番号,日付,歩数,体重,収縮期血圧,拡張期血圧,睡眠時間";

    fn parse(cells: &str) -> Parsed<LifelogRow> {
        let header: Vec<&str> = HEADER.split(',').collect();
        let cells: Vec<&'static str> = String::leak(cells.to_owned()).split('|').collect();
        let layout = Layout::recognise(&header, Options::new(date(2026, 11, 28))).unwrap();
        layout.parse(cells.len(), |at| cells[at])
    }

    fn values(cells: &str) -> Vec<(Metric, i64, Option<i64>)> {
        let row = parse(cells).row.unwrap_or_else(|| panic!("{cells}: {:?}", parse(cells).faults));
        row.readings.into_iter().map(|it| (it.metric, it.value, it.second)).collect()
    }

    fn codes(cells: &str) -> Vec<FaultCode> {
        parse(cells).faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn r33_a_day_of_a_campaigns_file_is_read_as_it_is() {
        assert_eq!(values("000001|2026-10-01|5453||||7.0"), [(Metric::Steps, 5_453, None), (Metric::Sleep, 420, None)]);
        let all = values("000001|令和8年10月1日|５，４５３|60.5|128|82|6:45");
        assert_eq!(
            all,
            [
                (Metric::Steps, 5_453, None),
                (Metric::Weight, 605, None),
                (Metric::Sleep, 405, None),
                (Metric::BloodPressure, 128, Some(82)),
            ]
        );
        let row = parse("000001|2026-10-01|5453||||").row.unwrap();
        assert_eq!(row.readings[0].measured_at.to_string(), "2026-10-01T00:00:00.000+09:00");
    }

    #[test]
    fn r33_everything_that_is_wrong_with_a_row_is_told() {
        assert_eq!(
            codes("|2026-11-29|100001|19.9|80|80|25"),
            [
                FaultCode::Required,
                FaultCode::FutureDate,
                FaultCode::ValueOutOfRange,
                FaultCode::ValueOutOfRange,
                FaultCode::ValueOutOfRange,
                FaultCode::DiastolicNotBelowSystolic
            ]
        );
        assert_eq!(codes("000001|2026-10-01|たくさん||||"), [FaultCode::ValueUnreadable]);
        assert_eq!(codes("000001|2026-10-01|||120||"), [FaultCode::Required], "one half of a pair");
        assert_eq!(codes("000001|2026-10-01|__CLEAR__||||"), [FaultCode::CannotClear]);
    }

    #[test]
    fn r33_a_day_without_a_value_is_passed_over_and_said_so() {
        let parsed = parse("000001|2026-10-01|||||");
        assert_eq!(parsed.row.unwrap().readings, []);
        assert_eq!(parsed.warnings[0].code, FaultCode::NothingMeasured);
    }

    #[test]
    fn r33_a_file_needs_a_number_a_day_and_something_measured() {
        let faults = Layout::recognise(&["日付", "気温"], Options::new(date(2026, 11, 28))).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.code, fault.header.as_deref().unwrap())).collect();
        assert_eq!(
            told,
            [
                (FaultCode::UnknownHeader, "気温"),
                (FaultCode::MissingHeader, "社員番号"),
                (FaultCode::MissingHeader, "歩数")
            ]
        );
    }
}
