//! Results of checkups by file, in clinics' differing layouts: one row is one checkup of one employee. A layout is
//! resolved once; reading a row touches every cell once, in the order of the catalogue.

mod header;

use jiff::civil::Date;

pub use header::Role;
use header::{ItemNames, meaning_of};

use super::{CLEAR, Columns, EmptyCells, Fault, FaultCode, Options, Parsed, sheet::Reader};
use crate::{
    checkup::{
        grade::ClinicGrade,
        item::{ItemId, ItemSet, Kind},
        items,
        kind::CheckupKind,
        results::Results,
        value::{self, Reading, Value, ValueFault},
    },
    employee::{BirthDate, EmployeeNumber, Kana, PersonName, Sex},
    organisation::OrganisationName,
    text,
};

/// Who was examined, as the file says it; held against the register before anything is applied (9.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// 氏名.
    pub name: Option<PersonName>,
    /// 氏名カナ.
    pub kana: Option<Kana>,
    /// 生年月日.
    pub birth_date: Option<BirthDate>,
    /// 性別.
    pub sex: Option<Sex>,
    /// 年齢.
    pub age: Option<u8>,
}

/// A checkup as a file has it, not judged yet. Debug output shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckupRow {
    /// 社員番号.
    pub employee_number: EmployeeNumber,
    /// 受診日.
    pub date: Date,
    /// 健診種別.
    pub kind: CheckupKind,
    /// Who was examined, as the file says it.
    pub identity: Identity,
    /// 医療機関名.
    pub clinic: Option<OrganisationName>,
    /// 医療機関コード.
    pub clinic_code: Option<OrganisationName>,
    /// コース.
    pub course: Option<OrganisationName>,
    /// The physician who examined (健診を行った医師).
    pub doctor: Option<PersonName>,
    /// The clinic's comment; health data.
    pub comment: Option<Comment>,
    /// The clinic's overall grade.
    pub clinic_overall: Option<ClinicGrade>,
    /// What the file delivers.
    pub results: Results,
    /// What the file clears, in a checkup that is there already.
    pub cleared: ItemSet,
}

/// A clinic's comment in words. Debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Comment(Box<str>);

impl Comment {
    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Comment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Comment(…)")
    }
}

/// The most characters of a comment.
const LONGEST_COMMENT: usize = 2000;

/// How a file of checkups is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
    /// Columns of values, in the order of the catalogue.
    values: Vec<(ItemId, u16)>,
    /// Columns of clinics' grades.
    grades: Vec<(ItemId, u16)>,
}

impl Layout {
    /// Recognises the header, or tells all that is wrong with it.
    pub fn recognise(header: &[&str], options: Options) -> Result<Self, Vec<Fault>> {
        let names = ItemNames::new();
        let needs_kind = [("健診種別", [Role::Kind].as_slice())];
        let always = [("社員番号", [Role::Number].as_slice()), ("受診日", &[Role::Date])];
        let required = [always.as_slice(), if options.checkup_kind.is_none() { &needs_kind } else { &[] }].concat();
        let columns = Columns::recognise(header, &options, |key, before| meaning_of(&names, key, before), &required)?;
        let mut values = Vec::new();
        let mut grades = Vec::new();
        for &(role, column) in columns.roles() {
            match role {
                Role::Item(item) => values.push((item, column)),
                Role::Grade(item) => grades.push((item, column)),
                _ => {}
            }
        }
        Ok(Self { columns, options, values, grades })
    }

    /// What the columns mean; faults found later are placed by it.
    #[must_use]
    pub fn columns(&self) -> &Columns<Role> {
        &self.columns
    }

    /// Warnings for supplied values that are others than the computed ones.
    pub fn differing(&self, items: &[ItemId]) -> impl Iterator<Item = Fault> {
        items.iter().map(|&item| self.columns.fault(FaultCode::DerivedValueDiffers, Role::Item(item)))
    }

    /// Reads a record of `count` cells.
    #[must_use]
    pub fn parse<'r>(&self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<CheckupRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed { row: None, faults: vec![Fault::new(FaultCode::WrongColumnCount)], warnings: Vec::new() };
        }
        let mut reader = Reader::new(&self.columns, &self.options, &cell);
        let number = reader
            .required(Role::Number, |text| EmployeeNumber::parse(text).map_err(|_| FaultCode::EmployeeNumberInvalid));
        reader.show(Role::Number);
        let date = self.date(&mut reader);
        let kind = if self.columns.column(Role::Kind).is_none() {
            self.options.checkup_kind
        } else {
            let kind = reader
                .required(Role::Kind, |text| CheckupKind::from_japanese(text).ok_or(FaultCode::CheckupKindUnknown));
            reader.show(Role::Kind);
            kind
        };
        let identity = identity(&mut reader, self.options.today);
        let organisation = |text: &str| OrganisationName::parse(text).map_err(|_| FaultCode::OrganisationNameInvalid);
        let clinic = reader.optional(Role::Clinic, organisation).set();
        let clinic_code = reader.optional(Role::ClinicCode, organisation).set();
        let course = reader.optional(Role::Course, organisation).set();
        let doctor =
            reader.optional(Role::Doctor, |text| PersonName::parse(text).map_err(|_| FaultCode::NameInvalid)).set();
        let comment = reader.optional(Role::Comment, comment).set();
        let clinic_overall = reader.cell(Role::Overall).and_then(ClinicGrade::read);
        if matches!(clinic_overall, Some(ClinicGrade::Other(_))) {
            reader.warn(FaultCode::ClinicGradeUnknown, Role::Overall);
        }
        let (mut faults, mut warnings) = (reader.faults, reader.warnings);
        let (results, cleared) = self.results(&cell, &mut faults, &mut warnings);

        let row = match (number, date, kind) {
            (Some(employee_number), Some(date), Some(kind)) if faults.is_empty() => Some(CheckupRow {
                employee_number,
                date,
                kind,
                identity,
                clinic,
                clinic_code,
                course,
                doctor,
                comment,
                clinic_overall,
                results,
                cleared,
            }),
            _ => None,
        };
        Parsed { row, faults, warnings }
    }

    fn date<'r, C: Fn(usize) -> &'r str>(&self, reader: &mut Reader<'_, Role, C>) -> Option<Date> {
        let read = reader.cell(Role::Date).map(|text| reader.date(text));
        let read = reader.required(Role::Date, |_| read.unwrap_or(Err(FaultCode::DateInvalid)));
        if read.is_some_and(|read| read.date > self.options.today) {
            reader.fault(FaultCode::FutureDate, Role::Date);
        }
        reader.show(Role::Date);
        if read.is_some_and(|read| read.outside_era) {
            reader.warn(FaultCode::DateOutsideEra, Role::Date);
        }
        read.map(|read| read.date)
    }

    fn results<'r>(
        &self,
        cell: &impl Fn(usize) -> &'r str,
        faults: &mut Vec<Fault>,
        warnings: &mut Vec<Fault>,
    ) -> (Results, ItemSet) {
        let mut results = Results::with_capacity(self.values.len() + 4);
        let mut cleared = ItemSet::default();
        for &(item, column) in &self.values {
            let text = text::trim(cell(column.into()));
            if text.is_empty() || text == CLEAR {
                if text == CLEAR || self.options.empty_cells == EmptyCells::Clear {
                    cleared.insert(item);
                }
                continue;
            }
            match Self::value(item, text, &mut results) {
                Ok(Some(reading)) => {
                    if reading.rescaled {
                        warnings.push(self.columns.fault_at(FaultCode::UnitConverted, column));
                    }
                    if bare_finding(item, &reading.value) {
                        warnings.push(self.columns.fault_at(FaultCode::FindingWithoutWords, column));
                    }
                    results.insert_reading(item, reading);
                }
                Ok(None) => {}
                Err(fault) => faults.push(self.columns.fault_at(fault_code(fault), column)),
            }
        }
        self.blood_pressure(cell, &mut results, faults);
        for &(item, column) in &self.grades {
            let Some(grade) = ClinicGrade::read(cell(column.into())) else { continue };
            if matches!(grade, ClinicGrade::Other(_)) {
                warnings.push(self.columns.fault_at(FaultCode::ClinicGradeUnknown, column));
            }
            results.set_clinic_grade(item, grade);
        }
        for (systolic, diastolic) in PRESSURES {
            if let (Some(upper), Some(lower)) = (results.exact(systolic), results.exact(diastolic))
                && lower >= upper
            {
                let separate = self.columns.column(Role::Item(diastolic)).is_some();
                let role = if separate { Role::Item(diastolic) } else { Role::BloodPressure };
                faults.push(self.columns.fault(FaultCode::DiastolicNotBelowSystolic, role));
            }
        }
        if faults.is_empty() && results.is_empty() && cleared.is_empty() {
            faults.push(Fault::new(FaultCode::NoResults));
        }
        (results, cleared)
    }

    /// The reading of a cell. A corrected acuity in brackets goes straight into its own result.
    fn value(item: ItemId, text: &str, results: &mut Results) -> Result<Option<Reading>, ValueFault> {
        let eye = EYES.iter().find(|(naked, _)| *naked == item);
        let acuities =
            eye.and_then(|&(naked, corrected)| Some((corrected, value::read_vision(naked, corrected, text)?)));
        let Some((corrected, acuities)) = acuities else { return value::read(item, text) };
        let (naked, acuity) = acuities?;
        if let Some(reading) = acuity {
            results.insert_reading(corrected, reading);
        }
        Ok(naked)
    }

    /// Both pressures from the one column that has them.
    fn blood_pressure<'r>(&self, cell: &impl Fn(usize) -> &'r str, results: &mut Results, faults: &mut Vec<Fault>) {
        let Some(column) = self.columns.column(Role::BloodPressure) else { return };
        match value::read_blood_pressure(cell(column.into())) {
            Ok(Some((systolic, diastolic))) => {
                for (item, reading) in [(items::SBP, systolic), (items::DBP, diastolic)] {
                    match results.get(item) {
                        Some(there) if there.value != reading.value => {
                            faults.push(self.columns.fault_at(FaultCode::ValueContradicts, column));
                        }
                        Some(_) => {}
                        None => results.insert_reading(item, reading),
                    }
                }
            }
            Ok(None) => {}
            Err(fault) => faults.push(self.columns.fault_at(fault_code(fault), column)),
        }
    }
}

/// Eyes: naked and corrected.
const EYES: &[(ItemId, ItemId)] = &[(items::VIS_R, items::VISC_R), (items::VIS_L, items::VISC_L)];

/// Pressures that belong to one measurement.
const PRESSURES: [(ItemId, ItemId); 3] =
    [(items::SBP, items::DBP), (items::SBP_1, items::DBP_1), (items::SBP_2, items::DBP_2)];

/// History and symptoms are worth nothing without words (domain.md 2.2, items 1 and 2).
fn bare_finding(item: ItemId, value: &Value) -> bool {
    let told_in_words = matches!(item.item().kind, Kind::Finding(_)) && matches!(item.item().statutory, Some(1 | 2));
    told_in_words && matches!(value, Value::Coded(1, None))
}

fn fault_code(fault: ValueFault) -> FaultCode {
    match fault {
        ValueFault::NotANumber => FaultCode::ValueUnreadable,
        ValueFault::OutOfRange => FaultCode::ValueOutOfRange,
        ValueFault::UnknownAnswer => FaultCode::AnswerUnknown,
        ValueFault::UnfitText => FaultCode::TextUnfit,
    }
}

fn identity<'r, C: Fn(usize) -> &'r str>(reader: &mut Reader<'_, Role, C>, today: Date) -> Identity {
    let born = reader.cell(Role::BirthDate).map(|text| reader.date(text));
    let birth_date = reader.optional(Role::BirthDate, |_| {
        let born = born.unwrap_or(Err(FaultCode::DateInvalid))?;
        BirthDate::new(born.date, today).map_err(|_| FaultCode::BirthDateImplausible)
    });
    let age = |text: &str| text::narrow(text).trim_end_matches('歳').parse().ok().filter(|&age: &u8| age <= 120);
    Identity {
        name: reader.optional(Role::Name, |text| PersonName::parse(text).map_err(|_| FaultCode::NameInvalid)).set(),
        kana: reader.optional(Role::Kana, |text| Kana::parse(text).map_err(|_| FaultCode::KanaInvalid)).set(),
        birth_date: birth_date.set(),
        sex: reader.optional(Role::Sex, |text| Sex::from_japanese(text).ok_or(FaultCode::SexInvalid)).set(),
        age: reader.optional(Role::Age, |text| age(text).ok_or(FaultCode::AgeInvalid)).set(),
    }
}

fn comment(text: &str) -> Result<Comment, FaultCode> {
    let unfit = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() > LONGEST_COMMENT || text.contains(unfit) {
        return Err(FaultCode::TextUnfit);
    }
    Ok(Comment(text::widen_kana(text).into()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        checkup::{Subject, grade::Grade, standard, stored::StoredResults},
        intake::Rename,
    };

    const FILE: &str = include_str!("../../fixtures/checkups.csv");

    fn usual() -> Options {
        Options::new(date(2026, 11, 23))
    }

    fn read(header: &str, row: &str, options: Options) -> Parsed<CheckupRow> {
        let header: Vec<&str> = header.split(',').collect();
        let cells: Vec<&str> = row.split(',').collect();
        Layout::recognise(&header, options).unwrap().parse(cells.len(), |at| cells[at])
    }

    fn codes(faults: &[Fault]) -> Vec<FaultCode> {
        faults.iter().map(|fault| fault.code).collect()
    }

    const HEAD: &str = "社員番号,受診日,健診種別";
    const START: &str = "000002,2025-07-03,定期健康診断";

    /// A row with one more column.
    fn with(header: &str, cell: &str) -> Parsed<CheckupRow> {
        read(&format!("{HEAD},{header}"), &format!("{START},{cell}"), usual())
    }

    fn shown(parsed: &Parsed<CheckupRow>, item: ItemId) -> Option<String> {
        let results = &parsed.row.as_ref()?.results;
        Some(results.get(item)?.value.japanese(item).into_owned())
    }

    #[test]
    fn r34_a_file_of_a_clinic_is_read_judged_and_kept_in_700_bytes() {
        let mut lines = FILE.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let layout = Layout::recognise(&header, usual()).unwrap();
        assert_eq!(layout.columns().roles().len(), 35, "every column means something");
        let criteria = standard::criteria().unwrap();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let parsed = layout.parse(cells.len(), |at| cells[at]);
            assert_eq!((&*parsed.faults, &*parsed.warnings), ([].as_slice(), [].as_slice()), "{line}");
            let row = parsed.row.unwrap();
            let subject = Subject { sex: Sex::Male, age: 50 };
            let (stored, _) = StoredResults::judged(row.results, row.clinic_overall, subject, &criteria);
            assert!(stored.judgement.summary().overall.is_some());
            let json = serde_json::to_string(&stored).unwrap();
            assert!(json.len() <= 780, "{} bytes: {json}", json.len());
            assert_eq!(serde_json::from_str::<StoredResults>(&json).unwrap(), stored);
        }
    }

    #[test]
    fn the_rows_own_columns_are_read() {
        let header =
            "社員番号,氏名,氏名カナ,生年月日,性別,年齢,受診日,健診種別,医療機関名,総合判定,医師名,コメント,AST,判定";
        let row = "００００１２,前田 里佳,ﾏｴﾀﾞ ﾘｶ,H14.4.5,女,23歳,R7.7.3,定期,みなと健診クリニック,Ｃ,山田 一郎,脂質に注意,47,C";
        let row = read(header, row, usual()).row.unwrap();
        assert_eq!(
            (row.employee_number.as_str(), row.date, row.kind),
            ("000012", date(2025, 7, 3), CheckupKind::Periodic)
        );
        assert_eq!(
            (row.identity.birth_date.map(BirthDate::date), row.identity.sex, row.identity.age),
            (Some(date(2002, 4, 5)), Some(Sex::Female), Some(23))
        );
        assert_eq!(
            (row.clinic_overall, row.comment.unwrap().as_str()),
            (Some(ClinicGrade::Graded(Grade::C)), "脂質に注意")
        );
        assert_eq!(row.results.get(items::AST).unwrap().clinic_grade, Some(ClinicGrade::Graded(Grade::C)));
    }

    #[test]
    fn one_cell_may_hold_two_values() {
        let parsed = with("血圧", "142/90");
        assert_eq!((shown(&parsed, items::SBP), shown(&parsed, items::DBP)), (Some("142".into()), Some("90".into())));
        let parsed = with("視力右", "0.7(1.2)");
        assert_eq!(
            (shown(&parsed, items::VIS_R), shown(&parsed, items::VISC_R)),
            (Some("0.70".into()), Some("1.20".into()))
        );
        assert_eq!(codes(&with("血圧,収縮期血圧", "142/90,140").faults), [FaultCode::ValueContradicts]);
    }

    #[test]
    fn r34_wrong_values_are_told_with_their_columns_and_never_shown() {
        let parsed = with("AST,身長,収縮期血圧,拡張期血圧,尿糖", "高い,17.19,90,142,多い");
        assert_eq!(
            codes(&parsed.faults),
            [
                FaultCode::ValueOutOfRange,
                FaultCode::ValueUnreadable,
                FaultCode::AnswerUnknown,
                FaultCode::DiastolicNotBelowSystolic,
            ]
        );
        assert!(parsed.faults.iter().all(|fault| fault.shown.is_none()));
        let at: Vec<_> = parsed.faults.iter().map(|fault| fault.header.as_deref().unwrap()).collect();
        assert_eq!(at, ["身長", "AST", "尿糖", "拡張期血圧"]);
        assert_eq!(codes(&with("AST", "").faults), [FaultCode::NoResults]);
    }

    #[test]
    fn days_and_kinds_are_checked() {
        let row = |start: &str| read(&format!("{HEAD},AST"), &format!("{start},20"), usual());
        assert_eq!(codes(&row("1,2026-11-24,定期").faults), [FaultCode::FutureDate]);
        assert_eq!(codes(&row("1,2026-02-30,車検").faults), [FaultCode::DateInvalid, FaultCode::CheckupKindUnknown]);
        assert_eq!(codes(&row("1,平成31年5月7日,定期").warnings), [FaultCode::DateOutsideEra]);
        let options = Options { checkup_kind: Some(CheckupKind::Hire), ..usual() };
        assert_eq!(read("社員番号,受診日,AST", "1,2026-04-01,20", options).row.unwrap().kind, CheckupKind::Hire);
    }

    #[test]
    fn conversions_and_unknown_grades_are_pointed_out() {
        let parsed = with("赤血球数,AST,判定,既往歴", "4.50,20,G2,あり");
        assert_eq!(
            codes(&parsed.warnings),
            [FaultCode::FindingWithoutWords, FaultCode::UnitConverted, FaultCode::ClinicGradeUnknown,]
        );
        assert_eq!(
            parsed.row.unwrap().results.get(items::AST).unwrap().clinic_grade,
            Some(ClinicGrade::Other("G2".into()))
        );
    }

    #[test]
    fn empty_cells_keep_or_clear_as_the_import_says() {
        let cleared = |cell: &str, options| {
            read(&format!("{HEAD},AST,ALT"), &format!("{START},{cell},20"), options).row.unwrap().cleared
        };
        let clearing = || Options { empty_cells: EmptyCells::Clear, ..usual() };
        assert!(cleared("", usual()).is_empty());
        assert!(cleared("", clearing()).contains(items::AST));
        assert!(cleared(CLEAR, usual()).contains(items::AST));
    }

    #[test]
    fn r34_headers_are_refused_with_all_that_is_wrong() {
        let refused = |header: &str, options| {
            let header: Vec<&str> = header.split(',').collect();
            codes(&Layout::recognise(&header, options).unwrap_err())
        };
        assert_eq!(
            refused("社員番号,AST,GOT,星座", usual()),
            [FaultCode::DuplicateHeader, FaultCode::UnknownHeader, FaultCode::MissingHeader, FaultCode::MissingHeader,]
        );
        let renames = vec![Rename { header: "星座".to_owned(), means: None }];
        let header = ["社員番号", "受診日", "健診種別", "AST", "星座"];
        let layout = Layout::recognise(&header, Options { renames, ..usual() }).unwrap();
        assert!(layout.columns().faults().is_empty());
    }

    #[test]
    fn r13_debug_output_shows_no_value() {
        let parsed = with("収縮期血圧,コメント,生年月日", "187,血圧に注意,1971-02-03");
        let shown = format!("{parsed:?}");
        assert!(!shown.contains("187") && !shown.contains("血圧に注意") && !shown.contains("1971"), "{shown}");
    }
}
