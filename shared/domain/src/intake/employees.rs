//! Employees by file (社員マスタ): a row creates or changes one employee, found by number.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Change, Columns, Fault, FaultCode, Options, Parsed,
    sheet::{Reader, flag, named},
};
use crate::{
    checkup::hazard::{Hazard, from_cell},
    employee::{
        BirthDate, EmployeeNumber, EmploymentState, EmploymentType, JobTitle, Kana, MailAddress, PersonName, Sex,
    },
    organisation::{DepartmentCode, OrganisationName, WorkplaceCode},
};

/// What a column of employees means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 社員番号.
    Number,
    /// 氏名.
    Name,
    /// 姓.
    FamilyName,
    /// 名.
    GivenName,
    /// 氏名カナ.
    Kana,
    /// セイ.
    FamilyKana,
    /// メイ.
    GivenKana,
    /// 生年月日.
    BirthDate,
    /// 性別.
    Sex,
    /// 入社年月日.
    HiredOn,
    /// 退職年月日.
    RetiredOn,
    /// 事業場コード.
    WorkplaceCode,
    /// 事業場名.
    WorkplaceName,
    /// 部署コード.
    DepartmentCode,
    /// 部署名.
    DepartmentName,
    /// 役職.
    Position,
    /// 職種.
    Occupation,
    /// 雇用形態.
    EmploymentType,
    /// 在籍区分.
    State,
    /// メールアドレス.
    Mail,
    /// 管理職フラグ.
    Manager,
    /// 人事権フラグ.
    PersonnelAuthority,
    /// 深夜業フラグ.
    NightWork,
    /// 有害業務コード.
    Hazards,
    /// 適用日.
    EffectiveOn,
}

/// What columns are called, the first name being ours.
pub(super) const NAMES: &[(Role, &[&str])] = &[
    (Role::Number, &["社員番号", "従業員番号", "職員番号", "社員コード", "社員No", "社員No.", "従業員コード"]),
    (Role::Name, &["氏名", "名前", "社員名", "従業員名", "氏名(漢字)", "漢字氏名"]),
    (Role::FamilyName, &["姓", "氏", "姓(漢字)", "苗字"]),
    (Role::GivenName, &["名", "名(漢字)"]),
    (Role::Kana, &["氏名カナ", "フリガナ", "ふりがな", "カナ氏名", "氏名(カナ)", "カナ", "氏名フリガナ"]),
    (Role::FamilyKana, &["セイ", "姓カナ", "姓(カナ)", "セイ(カナ)"]),
    (Role::GivenKana, &["メイ", "名カナ", "名(カナ)", "メイ(カナ)"]),
    (Role::BirthDate, &["生年月日", "誕生日"]),
    (Role::Sex, &["性別"]),
    (Role::HiredOn, &["入社年月日", "入社日", "雇入年月日", "採用年月日", "採用日"]),
    (Role::RetiredOn, &["退職年月日", "退職日"]),
    (Role::WorkplaceCode, &["事業場コード", "事業所コード", "拠点コード"]),
    (Role::WorkplaceName, &["事業場名", "事業場", "事業所名", "事業所", "拠点名", "勤務地"]),
    (Role::DepartmentCode, &["部署コード", "部門コード", "所属コード", "組織コード"]),
    (Role::DepartmentName, &["部署名", "部署", "部門名", "所属名", "所属"]),
    (Role::Position, &["役職", "役職名"]),
    (Role::Occupation, &["職種", "職種名"]),
    (Role::EmploymentType, &["雇用形態", "雇用区分", "社員区分"]),
    (Role::State, &["在籍区分", "在籍状況", "在職区分"]),
    (Role::Mail, &["メールアドレス", "メール", "Eメール", "E-mail", "email", "mail"]),
    (Role::Manager, &["管理職フラグ", "管理職", "管理監督者"]),
    (Role::PersonnelAuthority, &["人事権フラグ", "人事権"]),
    (Role::NightWork, &["深夜業フラグ", "深夜業", "深夜業務"]),
    (Role::Hazards, &["有害業務コード", "有害業務", "有害業務区分", "特殊健診区分", "特殊健診対象業務"]),
    (Role::EffectiveOn, &["適用日", "発令日", "異動日"]),
];

/// An employee as a file has it. What a file may leave out for an employee who is known already is a [`Change`];
/// [`EmployeeRow::lacking`] tells what a new one lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmployeeRow {
    /// 社員番号.
    pub number: EmployeeNumber,
    /// 氏名.
    pub name: Change<PersonName>,
    /// 氏名カナ.
    pub kana: Change<Kana>,
    /// 生年月日.
    pub birth_date: Change<BirthDate>,
    /// 性別.
    pub sex: Change<Sex>,
    /// 入社年月日.
    pub hired_on: Change<Date>,
    /// 退職年月日.
    pub retired_on: Change<Date>,
    /// 事業場コード.
    pub workplace_code: Change<WorkplaceCode>,
    /// 事業場名.
    pub workplace_name: Change<OrganisationName>,
    /// 部署コード.
    pub department_code: Change<DepartmentCode>,
    /// 部署名.
    pub department_name: Change<OrganisationName>,
    /// 役職.
    pub position: Change<JobTitle>,
    /// 職種.
    pub occupation: Change<JobTitle>,
    /// 雇用形態.
    pub employment_type: Change<EmploymentType>,
    /// 在籍区分.
    pub state: Change<EmploymentState>,
    /// メールアドレス.
    pub mail: Change<MailAddress>,
    /// 管理職フラグ.
    pub manager: Change<bool>,
    /// 人事権フラグ: authority over hiring, dismissal or transfer.
    pub personnel_authority: Change<bool>,
    /// 深夜業フラグ.
    pub night_work: Change<bool>,
    /// 有害業務コード: all hazardous work that is done from 適用日 on.
    pub hazards: Change<BTreeSet<Hazard>>,
    /// 適用日: since when or from when on workplace, department and hazardous work hold.
    pub effective_on: Change<Date>,
}

impl EmployeeRow {
    /// What the row lacks for somebody who is not registered yet.
    pub fn lacking(&self) -> impl Iterator<Item = Role> {
        [
            (self.name.is_keep(), Role::Name),
            (self.kana.is_keep(), Role::Kana),
            (self.birth_date.is_keep(), Role::BirthDate),
            (self.sex.is_keep(), Role::Sex),
            (self.hired_on.is_keep(), Role::HiredOn),
            (self.workplace_code.is_keep() && self.workplace_name.is_keep(), Role::WorkplaceCode),
            (self.department_code.is_keep(), Role::DepartmentCode),
            (self.employment_type.is_keep(), Role::EmploymentType),
            (self.state.is_keep(), Role::State),
        ]
        .into_iter()
        .filter_map(|(lacks, role)| lacks.then_some(role))
    }
}

/// How a file of employees is read.
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
            ("氏名", &[Role::Name, Role::FamilyName]),
            ("氏名カナ", &[Role::Kana, Role::FamilyKana]),
            ("生年月日", &[Role::BirthDate]),
            ("性別", &[Role::Sex]),
            ("入社年月日", &[Role::HiredOn]),
            ("事業場コード", &[Role::WorkplaceCode, Role::WorkplaceName]),
            ("部署コード", &[Role::DepartmentCode]),
            ("雇用形態", &[Role::EmploymentType]),
            ("在籍区分", &[Role::State]),
        ];
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
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<EmployeeRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let mut reader = Reader::new(&self.columns, &self.options, self.columns.translated(cell));
        let r = &mut reader;
        let number =
            r.required(Role::Number, |t| EmployeeNumber::parse(t).map_err(|_| FaultCode::EmployeeNumberInvalid));
        r.show(Role::Number);
        let name = whole(r, [Role::Name, Role::FamilyName, Role::GivenName], |t| {
            PersonName::parse(t).map_err(|_| FaultCode::NameInvalid)
        });
        let kana = whole(r, [Role::Kana, Role::FamilyKana, Role::GivenKana], |t| {
            Kana::parse(t).map_err(|_| FaultCode::KanaInvalid)
        });
        let today = self.options.today;
        let birth_date = match date(r, Role::BirthDate, true) {
            Change::Set(born) => {
                r.lasting(Role::BirthDate, |_| BirthDate::new(born, today).map_err(|_| FaultCode::BirthDateImplausible))
            }
            Change::Keep | Change::Clear => Change::Keep,
        };
        let sex = r.lasting(Role::Sex, |t| Sex::from_japanese(t).ok_or(FaultCode::SexInvalid));
        let (hired_on, retired_on) = (date(r, Role::HiredOn, true), date(r, Role::RetiredOn, false));
        let workplace_code =
            shown(r, Role::WorkplaceCode, |t| WorkplaceCode::parse(t).map_err(|_| FaultCode::WorkplaceCodeInvalid));
        let workplace_name = shown(r, Role::WorkplaceName, |t| {
            OrganisationName::parse(t).map_err(|_| FaultCode::OrganisationNameInvalid)
        });
        let department_code =
            shown(r, Role::DepartmentCode, |t| DepartmentCode::parse(t).map_err(|_| FaultCode::DepartmentCodeInvalid));
        let department_name = shown(r, Role::DepartmentName, |t| {
            OrganisationName::parse(t).map_err(|_| FaultCode::OrganisationNameInvalid)
        });
        let title = |t: &str| JobTitle::parse(t).map_err(|_| FaultCode::JobTitleInvalid);
        let (position, occupation) = (r.optional(Role::Position, title), r.optional(Role::Occupation, title));
        let employment_type =
            shown(r, Role::EmploymentType, |t| EmploymentType::parse(t).map_err(|_| FaultCode::EmploymentTypeInvalid));
        let state =
            shown(r, Role::State, |t| EmploymentState::from_japanese(t).ok_or(FaultCode::EmploymentStateInvalid));
        let mail = r.optional(Role::Mail, |t| MailAddress::parse(t).map_err(|_| FaultCode::MailAddressInvalid));
        let (manager, personnel_authority, night_work) = (
            r.optional(Role::Manager, flag),
            r.optional(Role::PersonnelAuthority, flag),
            r.optional(Role::NightWork, flag),
        );
        let before = r.faults.len();
        let hazards = r.optional(Role::Hazards, |t| from_cell(t).ok_or(FaultCode::HazardUnknown));
        if r.faults.len() > before {
            r.show(Role::Hazards);
        }
        let effective_on = date(r, Role::EffectiveOn, false);

        if let (Change::Set(hired), Change::Set(retired)) = (&hired_on, &retired_on)
            && retired < hired
        {
            r.fault(FaultCode::RetiredBeforeHired, Role::RetiredOn);
        }
        if state.as_set() == Some(&EmploymentState::Retired) && retired_on.as_set().is_none() {
            r.warn(FaultCode::RetirementDateMissing, Role::State);
        }
        let (faults, warnings) = (reader.faults, reader.warnings);
        let row = number.filter(|_| faults.is_empty()).map(|number| EmployeeRow {
            number,
            name,
            kana,
            birth_date,
            sex,
            hired_on,
            retired_on,
            workplace_code,
            workplace_name,
            department_code,
            department_name,
            position,
            occupation,
            employment_type,
            state,
            mail,
            manager,
            personnel_authority,
            night_work,
            hazards,
            effective_on,
        });
        Parsed { row, faults, warnings }
    }
}

/// A name in one column, or in one for the family and one for the given name.
fn whole<'r, T, C: Fn(usize) -> &'r str>(
    reader: &mut Reader<'_, Role, C>,
    [one, family, given]: [Role; 3],
    parse: impl Fn(&str) -> Result<T, FaultCode>,
) -> Change<T> {
    let parts = reader.cell(family).filter(|part| !part.is_empty()).zip(reader.cell(given));
    match parts {
        Some((first, second)) if reader.cell(one).is_none_or(str::is_empty) => {
            reader.lasting(family, |_| parse(&format!("{first}\u{3000}{second}")))
        }
        _ if reader.cell(one).is_some() => reader.lasting(one, parse),
        _ => reader.lasting(family, parse),
    }
}

/// A value that everybody has, shown when it is wrong: codes and words, nothing personal.
fn shown<'r, T, C: Fn(usize) -> &'r str>(
    reader: &mut Reader<'_, Role, C>,
    role: Role,
    parse: impl FnOnce(&'r str) -> Result<T, FaultCode>,
) -> Change<T> {
    let before = reader.faults.len();
    let change = reader.lasting(role, parse);
    if reader.faults.len() > before {
        reader.show(role);
    }
    change
}

/// A date, with a warning for a day beside its era.
fn date<'r, C: Fn(usize) -> &'r str>(reader: &mut Reader<'_, Role, C>, role: Role, lasting: bool) -> Change<Date> {
    let read = reader.cell(role).map(|text| reader.date(text));
    let parse = |_: &str| read.unwrap_or(Err(FaultCode::DateInvalid));
    let change = if lasting { reader.lasting(role, parse) } else { reader.optional(role, parse) };
    match change {
        Change::Set(read) => {
            if read.outside_era {
                reader.warn(FaultCode::DateOutsideEra, role);
            }
            Change::Set(read.date)
        }
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::intake::EmptyCells;

    const HEADER: &str = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,事業場名,部署コード,役職,雇用形態,在籍区分,メールアドレス";
    const ROW: &str = "000001,前田 里佳,ﾏｴﾀﾞ ﾘｶ,平成14年4月5日,女,2026-04-01,W04,福岡営業所,D210,主任,正社員,在籍,e000001@example.co.jp";

    fn read(header: &str, row: &str, options: Options) -> Parsed<EmployeeRow> {
        let header: Vec<&str> = header.split(',').collect();
        let cells: Vec<&str> = row.split(',').collect();
        Layout::recognise(&header, options).unwrap().parse(cells.len(), |at| cells[at])
    }

    fn usual() -> Options {
        Options::new(date(2026, 11, 23))
    }

    fn codes<R>(parsed: &Parsed<R>) -> Vec<FaultCode> {
        parsed.faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn r33_an_employee_is_read() {
        let parsed = read(HEADER, ROW, usual());
        let row = parsed.row.unwrap();
        assert_eq!(row.number.as_str(), "000001");
        assert_eq!(row.name.as_set().unwrap().as_str(), "前田　里佳");
        assert_eq!(row.kana.as_set().unwrap().as_str(), "マエダ　リカ");
        assert_eq!(row.birth_date.as_set().unwrap().date(), date(2002, 4, 5));
        assert_eq!((row.sex.as_set(), row.state.as_set()), (Some(&Sex::Female), Some(&EmploymentState::Active)));
        assert_eq!(row.lacking().count(), 0);
        assert_eq!(row.retired_on, Change::Keep);
    }

    #[test]
    fn r33_every_fault_is_told_and_nothing_personal_shown() {
        let parsed =
            read(HEADER, "1.2E+10,山田\u{0},漢字,2020-01-01,?,2026-02-30,W 1,,D210,,正社員,退職者,a@b", usual());
        assert_eq!(
            codes(&parsed),
            [
                FaultCode::EmployeeNumberInvalid,
                FaultCode::NameInvalid,
                FaultCode::KanaInvalid,
                FaultCode::BirthDateImplausible,
                FaultCode::SexInvalid,
                FaultCode::DateInvalid,
                FaultCode::WorkplaceCodeInvalid,
                FaultCode::EmploymentStateInvalid,
                FaultCode::MailAddressInvalid,
            ]
        );
        let shown: Vec<_> = parsed.faults.iter().filter_map(|fault| fault.shown.as_deref()).collect();
        assert_eq!(shown, ["1.2E+10", "W 1", "退職者"]);
        assert_eq!(parsed.faults[3].header.as_deref(), Some("生年月日"));
    }

    #[test]
    fn empty_cells_keep_or_clear_as_the_import_says() {
        let row = ROW.replace("主任", "").replace("e000001@example.co.jp", "__CLEAR__");
        let kept = read(HEADER, &row, usual()).row.unwrap();
        assert_eq!((kept.position, kept.mail), (Change::Keep, Change::Clear));
        let clearing = || Options { empty_cells: EmptyCells::Clear, ..usual() };
        assert_eq!(read(HEADER, &row, clearing()).row.unwrap().position, Change::Clear);
        assert_eq!(codes(&read(HEADER, &ROW.replace("正社員", ""), clearing())), [FaultCode::Required]);
        assert_eq!(codes(&read(HEADER, &ROW.replace("正社員", CLEAR), usual())), [FaultCode::CannotClear]);
        let lacking: Vec<_> = read(HEADER, &ROW.replace("正社員", ""), usual()).row.unwrap().lacking().collect();
        assert_eq!(lacking, [Role::EmploymentType]);
    }

    use super::super::CLEAR;

    #[test]
    fn names_may_come_in_two_columns() {
        let header = HEADER.replace("氏名カナ", "セイ,メイ").replace("氏名,", "姓,名,");
        let row = ROW.replace("前田 里佳", "前田,里佳").replace("ﾏｴﾀﾞ ﾘｶ", "ﾏｴﾀﾞ,ﾘｶ");
        let row = read(&header, &row, usual()).row.unwrap();
        assert_eq!(row.name.as_set().unwrap().as_str(), "前田　里佳");
        assert_eq!(row.kana.as_set().unwrap().as_str(), "マエダ　リカ");
    }

    #[test]
    fn r33_hazardous_work_is_a_list_of_codes_or_words() {
        let header = format!("{HEADER},有害業務コード");
        let of = |cell: &str| read(&header, &format!("{ROW},{cell}"), usual());
        let hazards = of("lead 有機溶剤").row.unwrap().hazards;
        assert_eq!(hazards, Change::Set(BTreeSet::from([Hazard::Lead, Hazard::OrganicSolvents])));
        assert_eq!(of("").row.unwrap().hazards, Change::Keep);
        assert_eq!(of(CLEAR).row.unwrap().hazards, Change::Clear);
        let wrong = of("lead 車両");
        assert_eq!(codes(&wrong), [FaultCode::HazardUnknown]);
        assert_eq!(wrong.faults[0].shown.as_deref(), Some("lead 車両"));
    }

    #[test]
    fn dates_are_held_against_each_other_and_their_eras() {
        let header = format!("{HEADER},退職年月日");
        let row = format!("{},2026-03-31", ROW.replace("在籍", "退職"));
        assert_eq!(codes(&read(&header, &row, usual())), [FaultCode::RetiredBeforeHired]);
        let parsed = read(HEADER, &ROW.replace("平成14年4月5日", "昭和64年1月8日").replace("在籍", "退職"), usual());
        let warned: Vec<_> = parsed.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(warned, [FaultCode::DateOutsideEra, FaultCode::RetirementDateMissing]);
        assert_eq!(parsed.row.unwrap().birth_date.as_set().unwrap().date(), date(1989, 1, 8));
        assert_eq!(codes(&read(HEADER, &ROW.replace("平成14", "昭和70"), usual())), [FaultCode::EraDateDoesNotExist]);
    }
}
