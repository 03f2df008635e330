//! Results of checkups by file, in clinics' differing layouts (R-34): one row is one checkup of one employee. A layout is
//! resolved once; reading a row touches every cell once, in the order of the catalogue.

pub mod entry;
mod header;

use jiff::civil::Date;

pub use header::Role;
use header::{Headers, ItemColumn, ItemNames, NAMES, Says, item_column};

use super::{
    CLEAR, Columns, EmptyCells, Fault, FaultCode, Options, Parsed,
    sheet::{Reader, Understood, all_names, name_of},
};
use crate::{
    checkup::{
        grade::ClinicGrade,
        item::{ItemId, ItemSet, Kind},
        items,
        kind::CheckupKind,
        results::Results,
        value::{self, Reading, Scale, Value, ValueFault},
    },
    decimal::Decimal,
    employee::{BirthDate, EmployeeNumber, Kana, PersonName, Sex},
    organisation::OrganisationName,
    text::{self, header_key},
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

impl Identity {
    /// Whether it says enough for somebody to be found without a number (9.5): kana, birth date and sex.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.kana.is_some() && self.birth_date.is_some() && self.sex.is_some()
    }
}

/// A checkup as a file has it, not judged yet. Debug output shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckupRow {
    /// 社員番号; absent only where the row says enough otherwise ([`Identity::is_enough`]).
    pub employee_number: Option<EmployeeNumber>,
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

/// What each header means by our own names.
pub(super) fn understand(header: &[&str], options: &Options) -> Vec<Understood> {
    let names = ItemNames::new();
    let mut headers = Headers::new(&names);
    let columns = Columns::recognise(header, options, |key, before| headers.meaning_of(key, before), &[]);
    let name = |role, header: &str| match role {
        Role::Item(item) => (item.item().name.to_owned(), Some(item)),
        // Only its own header says what is different about it.
        Role::Further(item, _) => (header.to_owned(), Some(item)),
        Role::Grade(item) => (format!("{}判定", item.item().name), None),
        role => (name_of(NAMES, &role), None),
    };
    columns.map_or_else(|_| Vec::new(), |columns| columns.understood(name))
}

/// Every name of a column, with the header of ours that it means.
pub(super) fn names() -> Vec<(String, String)> {
    let items = ItemNames::new();
    let items = items.iter().map(|name| (name.key.clone(), name.item.item().name.to_owned()));
    all_names(NAMES).into_iter().chain(items).collect()
}

/// How a file of checkups is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
    /// Columns of values, in the order of the catalogue; of one item, the one whose value counts first.
    values: Vec<ValueColumn>,
    /// Columns of clinics' grades.
    grades: Vec<(ItemId, u16)>,
}

impl Layout {
    /// Recognises the header, or tells all that is wrong with it.
    pub fn recognise(header: &[&str], options: Options) -> Result<Self, Vec<Fault>> {
        let names = ItemNames::new();
        let needs_kind = [("健診種別", [Role::Kind].as_slice())];
        let always = [("社員番号", [Role::Number, Role::Kana].as_slice()), ("受診日", &[Role::Date])];
        let required = [always.as_slice(), if options.checkup_kind.is_none() { &needs_kind } else { &[] }].concat();
        let mut headers = Headers::new(&names);
        let columns = Columns::recognise(header, &options, |key, before| headers.meaning_of(key, before), &required)?;
        let mut values = Vec::new();
        let mut grades = Vec::new();
        for &(role, column) in columns.roles() {
            match role {
                Role::Item(item) | Role::Further(item, _) => {
                    // What a layout leaves unsaid, the file's own header may say.
                    let own = header_key(columns.header(column));
                    let said = [columns.key(column), &own].into_iter().filter_map(|key| item_column(&names, key));
                    let says = said.filter_map(|(of, said)| match said {
                        ItemColumn::Value(says) if of == item && says != Says::Nothing => Some(says),
                        _ => None,
                    });
                    let says = says.into_iter().next().unwrap_or(Says::Nothing);
                    values.push(ValueColumn { item, column, says, factor: columns.factor(column) });
                }
                Role::Grade(item) => grades.push((item, column)),
                _ => {}
            }
        }
        values.sort_by_key(|column| (column.item, column.says));
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
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<CheckupRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let written = &cell;
        let cell = self.columns.translated(written);
        let mut reader = Reader::new(&self.columns, &self.options, &cell);
        let number = match reader.cell(Role::Number) {
            None | Some("") => None,
            Some(_) => reader.required(Role::Number, |text| {
                EmployeeNumber::parse(text).map_err(|_| FaultCode::EmployeeNumberInvalid)
            }),
        };
        reader.show(Role::Number);
        let invalid = !reader.faults.is_empty();
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
        if number.is_none() && !invalid && !identity.is_enough() {
            reader.fault(FaultCode::Required, Role::Number);
        }
        let organisation = |text: &str| OrganisationName::parse(text).map_err(|_| FaultCode::OrganisationNameInvalid);
        let clinic = reader.optional(Role::Clinic, organisation).set();
        let clinic_code = reader.optional(Role::ClinicCode, organisation).set();
        let course = reader.optional(Role::Course, organisation).set();
        let doctor =
            reader.optional(Role::Doctor, |text| PersonName::parse(text).map_err(|_| FaultCode::NameInvalid)).set();
        let comment = reader.optional(Role::Comment, comment).set();
        let clinic_overall = reader.cell(Role::Overall).and_then(|cell| self.grade(cell));
        if matches!(clinic_overall, Some(ClinicGrade::Other(_))) {
            reader.warn(FaultCode::ClinicGradeUnknown, Role::Overall);
        }
        let (mut faults, mut warnings) = (reader.faults, reader.warnings);
        let (results, cleared) = self.results(&cell, written, &mut faults, &mut warnings);

        let row = match (date, kind) {
            (Some(date), Some(kind)) if faults.is_empty() => Some(CheckupRow {
                employee_number: number,
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
        written: &impl Fn(usize) -> &'r str,
        faults: &mut Vec<Fault>,
        warnings: &mut Vec<Fault>,
    ) -> (Results, ItemSet) {
        let mut results = Results::with_capacity(self.values.len() + 4);
        let mut cleared = ItemSet::default();
        for value_column in &self.values {
            let &ValueColumn { item, column, says, .. } = value_column;
            let text = text::trim(cell(column.into()));
            if text.is_empty() || text == CLEAR {
                if text == CLEAR || self.options.empty_cells == EmptyCells::Clear {
                    cleared.insert(item);
                }
                continue;
            }
            match value_column.read(text, &mut results) {
                Ok(Some(mut reading)) => {
                    if reading.rescaled {
                        warnings.push(self.columns.fault_at(FaultCode::UnitConverted, column));
                    }
                    // A word that the layout has translated stays as it was written.
                    let own = text::trim(written(column.into()));
                    if own != text {
                        reading.raw = Some(own.into());
                    }
                    if let Some(said) = self.qualifier(value_column) {
                        let written = reading.raw.take().unwrap_or_else(|| text.into());
                        reading.raw = Some(format!("{written} [{said}]").into());
                    }
                    if put(&mut results, item, reading, says).is_err() {
                        faults.push(self.columns.fault_at(FaultCode::ValueContradicts, column));
                    }
                }
                Ok(None) => {}
                Err(fault) => faults.push(self.columns.fault_at(fault_code(fault), column)),
            }
        }
        for result in results.iter().filter(|result| bare_finding(result.item, &result.value)) {
            warnings.push(self.columns.fault(FaultCode::FindingWithoutWords, Role::Item(result.item)));
        }
        self.blood_pressure(cell, &mut results, faults);
        for &(item, column) in &self.grades {
            let Some(grade) = self.grade(cell(column.into())) else { continue };
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

    /// What a header says beside its item's name and the value alone does not tell: kept with what was written.
    fn qualifier(&self, column: &ValueColumn) -> Option<&str> {
        match column.says {
            Says::Method(code) => Some(code),
            _ if column.factor.is_some() => Some(self.columns.header(column.column)),
            Says::Unit(power) if power != 0 => Some(self.columns.header(column.column)),
            Says::Unit(_) | Says::Nothing | Says::Words => None,
        }
    }

    /// What a clinic wrote as a grade: by the layout's table, or by the usual words.
    fn grade(&self, cell: &str) -> Option<ClinicGrade> {
        let own = self.options.layout.as_ref().and_then(|layout| layout.grade(cell));
        own.or_else(|| ClinicGrade::read(cell))
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

/// A column of values.
#[derive(Debug, Clone, Copy)]
struct ValueColumn {
    item: ItemId,
    column: u16,
    says: Says,
    /// What the layout multiplies its numbers by.
    factor: Option<Decimal>,
}

impl ValueColumn {
    /// The reading of a cell. A corrected acuity in brackets goes straight into its own result.
    fn read(&self, text: &str, results: &mut Results) -> Result<Option<Reading>, ValueFault> {
        let scale = match (self.factor, self.says) {
            (Some(factor), _) => Scale::Factor(factor),
            (None, Says::Unit(power)) => Scale::Power(power),
            (None, _) => Scale::Unsaid,
        };
        let eye = EYES.iter().find(|(naked, _)| *naked == self.item);
        let acuities =
            eye.and_then(|&(naked, corrected)| Some((corrected, value::read_vision(naked, corrected, text)?)));
        let Some((corrected, acuities)) = acuities else { return value::read_in(self.item, text, scale) };
        let (naked, acuity) = acuities?;
        if let Some(reading) = acuity {
            results.insert_reading(corrected, reading);
        }
        Ok(naked)
    }
}

/// Two columns of one item say different things.
struct Contradicts;

/// Puts what one more column of an item says beside what another one has said. A code and its words become one finding; of
/// several methods the usual one counts; the same number in two units may be rounded.
fn put(results: &mut Results, item: ItemId, reading: Reading, says: Says) -> Result<(), Contradicts> {
    let Some(there) = results.get(item) else {
        results.insert_reading(item, reading);
        return Ok(());
    };
    match (&there.value, &reading.value) {
        (_, Value::Missing(_)) | (Value::Coded(1, Some(_)), Value::Coded(1, None)) => {}
        (Value::Missing(_), _) | (Value::Coded(1, None), Value::Coded(1, Some(_))) => {
            results.insert_reading(item, reading);
        }
        _ if matches!(says, Says::Method(_)) => {}
        (one, other) if one == other => {}
        (one, other) => match (one.exact(), other.exact(), item.item().kind) {
            (Some(one), Some(other), Kind::Quantity(quantity)) if is_rounded(one, other, quantity.decimals) => {}
            _ => return Err(Contradicts),
        },
    }
    Ok(())
}

/// Whether one number is the other one with up to two digits less.
fn is_rounded(one: Decimal, other: Decimal, decimals: u8) -> bool {
    let decimals = i8::try_from(decimals).unwrap_or(0);
    (decimals - 2..=decimals).any(|places| one.rounded(places) == other || other.rounded(places) == one)
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

/// A comment in words, or what is wrong with it.
pub fn comment(text: &str) -> Result<Comment, FaultCode> {
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
        intake::{Kind, layout},
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
            assert!(json.len() <= 800, "{} bytes: {json}", json.len());
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
            (row.employee_number.as_ref().unwrap().as_str(), row.date, row.kind),
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
    fn r34_a_row_without_a_number_says_kana_birth_date_and_sex() {
        let header = "社員番号,氏名カナ,生年月日,性別,受診日,健診種別,AST";
        let row = |start: &str| read(header, &format!("{start},2025-07-03,定期,20"), usual());
        let found = row(",ﾏｴﾀﾞ ﾘｶ,H14.4.5,女").row.unwrap();
        assert!(found.employee_number.is_none() && found.identity.is_enough());
        assert_eq!(codes(&row(",,H14.4.5,女").faults), [FaultCode::Required]);
        assert_eq!(codes(&row("1.2E+10,,H14.4.5,女").faults), [FaultCode::EmployeeNumberInvalid]);
        let without =
            read("氏名カナ,生年月日,性別,受診日,健診種別,AST", "マエダ,H14.4.5,女,2025-07-03,定期,20", usual());
        assert!(without.row.is_some(), "no column for it either");
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
    fn r34_one_item_may_have_several_columns_that_say_different_things() {
        let parsed = with("白血球数(/μL),白血球数(×10^3/μL)", ",5.6");
        assert_eq!(shown(&parsed, items::WBC), Some("5600".into()));
        assert_eq!(codes(&parsed.warnings), [FaultCode::UnitConverted]);
        let raw = parsed.row.unwrap().results.get(items::WBC).unwrap().raw.clone();
        assert_eq!(raw.as_deref(), Some("5.6 [白血球数(×10^3/μL)]"), "unit and number as they came");
        assert_eq!(shown(&with("白血球数(/μL),白血球数(×10^3/μL)", "5612,5.6"), items::WBC), Some("5612".into()));
        assert_eq!(codes(&with("WBC(/μL),WBC(10^3/μL)", "5612,6.5").faults), [FaultCode::ValueContradicts]);

        let parsed = with("心電図,心電図所見", "1,左室肥大の疑い");
        assert_eq!(shown(&parsed, items::ECG), Some("左室肥大の疑い".into()));
        assert_eq!(shown(&with("心電図,心電図所見", "2,"), items::ECG), Some("異常なし".into()));
        assert_eq!(codes(&with("心電図,心電図所見", "2,不整脈").faults), [FaultCode::ValueContradicts]);

        let parsed = with("腹囲(自己申告),腹囲(実測)", "82,85.5");
        assert_eq!(shown(&parsed, items::WAIST), Some("85.5".into()), "what was measured counts");
        let parsed = with("腹囲(自己申告),腹囲(実測)", "82,");
        let raw = parsed.row.unwrap().results.get(items::WAIST).unwrap().raw.clone();
        assert_eq!(raw.as_deref(), Some("82 [9N016160300000001]"), "and how else it came is kept");
    }

    #[test]
    fn r34_columns_may_be_named_by_their_jlac10_codes() {
        let parsed = with("9A751000000000001,9A761000000000001,3F015000002327201", "127,80,98");
        assert_eq!((shown(&parsed, items::SBP_1), shown(&parsed, items::TG)), (Some("127".into()), Some("98".into())));
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
            [FaultCode::UnitConverted, FaultCode::FindingWithoutWords, FaultCode::ClinicGradeUnknown,]
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
    }

    /// A layout of these columns, as JSON has them.
    fn by(columns: &str, more: &str) -> Options {
        let draft = format!(r#"{{"header_row": 1, "data_row": 2, "columns": {columns}{more}}}"#);
        let draft = serde_json::from_str(&draft).unwrap();
        usual().by(std::sync::Arc::new(layout::Layout::new(Kind::Checkups, draft).unwrap()))
    }

    #[test]
    fn r34_a_layout_says_what_columns_mean_in_which_unit_and_what_words_are() {
        let columns = r#"[{"header": "No", "means": "社員番号"}, {"header": "星座"},
            {"header": "GLU", "means": "空腹時血糖", "unit": {"name": "mmol/L", "factor": "18.0182"}},
            {"header": "尿", "means": "尿糖", "words": {"検出せず": "(-)"}}, {"header": "肝", "means": "AST"}, {"header": "肝の評価", "means": "AST判定"}]"#;
        let options = by(columns, r#", "grades": {"3": "C"}"#);
        let row =
            read("No,受診日,健診種別,星座,GLU,尿,肝,肝の評価", "2,2025-07-03,定期,おとめ,5.5,検出せず,47,３", options);
        assert_eq!(codes(&row.warnings), [FaultCode::UnitConverted]);
        assert_eq!([items::FPG, items::U_GLU].map(|item| shown(&row, item)), [Some("99".into()), Some("(-)".into())]);
        let results = row.row.unwrap().results;
        assert_eq!(results.get(items::FPG).unwrap().raw.as_deref(), Some("5.5 [GLU]"));
        assert_eq!(results.get(items::U_GLU).unwrap().raw.as_deref(), Some("検出せず"), "their own word stays");
        assert_eq!(
            results.get(items::AST).unwrap().clinic_grade,
            Some(ClinicGrade::Worded("３".into(), Some(Grade::C)))
        );
    }

    #[test]
    fn r34_a_layout_may_take_numbers_for_dates_and_its_own_header_for_the_unit() {
        let columns = r#"[{"header": "WBC 10^3/μL", "means": "白血球数"}]"#;
        let options = by(columns, r#", "serial_dates": true"#);
        let row = read("社員番号,受診日,健診種別,WBC 10^3/μL", "2,45841,定期,5.6", options);
        assert_eq!(shown(&row, items::WBC), Some("5600".into()));
        assert_eq!(row.row.unwrap().date, date(2025, 7, 3));
    }

    #[test]
    fn r13_debug_output_shows_no_value() {
        let parsed = with("収縮期血圧,コメント,生年月日", "187,血圧に注意,1971-02-03");
        let shown = format!("{parsed:?}");
        assert!(!shown.contains("187") && !shown.contains("血圧に注意") && !shown.contains("1971"), "{shown}");
    }
}
