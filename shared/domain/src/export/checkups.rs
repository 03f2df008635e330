//! Checkups as a table (健康診断の一覧表): a line per checkup, and a column per thing that can be said of one. What somebody must be allowed to see for a column stands beside it: whoever is not
//! allowed to chooses it in vain.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::SheetColumn;
use crate::checkup::item::{Category, ItemId, Kind};

/// What somebody must be allowed to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the matrix of its own")]
pub struct Needs {
    /// Names.
    pub names: bool,
    /// Birth date, sex and age.
    pub attributes: bool,
    /// Letters.
    pub grades: bool,
    /// Items that no law asks for (法定外項目), and what may speak of them.
    pub non_statutory: bool,
}

/// A thing of a checkup as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// The checkup's id.
    Id,
    /// The employee's id.
    EmployeeId,
    /// 社員番号.
    EmployeeNumber,
    /// 氏名.
    Name,
    /// 氏名カナ.
    Kana,
    /// 生年月日.
    BirthDate,
    /// 性別.
    Sex,
    /// Age on the day (受診時年齢).
    Age,
    /// The workplace (事業場) in which they stand today.
    Workplace,
    /// The department (部署) in which they stand today.
    Department,
    /// 受診日.
    ExaminedOn,
    /// 健診種別.
    Kind,
    /// 年度.
    FiscalYear,
    /// 医療機関名.
    Clinic,
    /// コース.
    Course,
    /// The physician who examined (医師名).
    Doctor,
    /// The clinic's comment (コメント).
    Comment,
    /// The clinic's overall letter.
    ClinicOverall,
    /// Our overall letter (総合判定).
    Overall,
    /// The criteria (判定基準).
    Criteria,
    /// The checkup that it examines again.
    FirstCheckup,
    /// When it was registered.
    RegisteredAt,
    /// When it last changed.
    UpdatedAt,
}

/// A row of the table of things.
#[derive(Debug)]
pub struct FixedRow {
    /// Which.
    pub column: Fixed,
    /// Its name for programs.
    pub name: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// What is needed to see it.
    pub needs: Needs,
    /// It is there where nobody chooses.
    pub usual: bool,
}

const OPEN: Needs = Needs { names: false, attributes: false, grades: false, non_statutory: false };
const NAMES: Needs = Needs { names: true, ..OPEN };
const ATTRIBUTES: Needs = Needs { attributes: true, ..OPEN };
const GRADES: Needs = Needs { grades: true, ..OPEN };
const WHOLE: Needs = Needs { non_statutory: true, ..OPEN };

/// The table, in the order of the columns.
#[rustfmt::skip]
pub const FIXED: &[FixedRow] = &[
    FixedRow { column: Fixed::Id,             name: "id",                japanese: "健康診断ID",           needs: OPEN,       usual: false },
    FixedRow { column: Fixed::EmployeeId,     name: "employee_id",       japanese: "従業員ID",             needs: OPEN,       usual: false },
    FixedRow { column: Fixed::EmployeeNumber, name: "employee_number",   japanese: "社員番号",             needs: OPEN,       usual: true },
    FixedRow { column: Fixed::Name,           name: "name",              japanese: "氏名",                 needs: NAMES,      usual: true },
    FixedRow { column: Fixed::Kana,           name: "kana",              japanese: "氏名カナ",             needs: NAMES,      usual: false },
    FixedRow { column: Fixed::BirthDate,      name: "birth_date",        japanese: "生年月日",             needs: ATTRIBUTES, usual: false },
    FixedRow { column: Fixed::Sex,            name: "sex",               japanese: "性別",                 needs: ATTRIBUTES, usual: true },
    FixedRow { column: Fixed::Age,            name: "age",               japanese: "受診時年齢",           needs: ATTRIBUTES, usual: true },
    FixedRow { column: Fixed::Workplace,      name: "workplace",         japanese: "事業場名",             needs: OPEN,       usual: true },
    FixedRow { column: Fixed::Department,     name: "department",        japanese: "部署名",               needs: OPEN,       usual: true },
    FixedRow { column: Fixed::ExaminedOn,     name: "examined_on",       japanese: "受診日",               needs: OPEN,       usual: true },
    FixedRow { column: Fixed::Kind,           name: "kind",              japanese: "健診種別",             needs: OPEN,       usual: true },
    FixedRow { column: Fixed::FiscalYear,     name: "fiscal_year",       japanese: "年度",                 needs: OPEN,       usual: false },
    FixedRow { column: Fixed::Clinic,         name: "clinic",            japanese: "医療機関名",           needs: OPEN,       usual: true },
    FixedRow { column: Fixed::Course,         name: "course",            japanese: "コース",               needs: WHOLE,      usual: false },
    FixedRow { column: Fixed::Doctor,         name: "doctor",            japanese: "医師名",               needs: OPEN,       usual: false },
    FixedRow { column: Fixed::Comment,        name: "comment",           japanese: "コメント",             needs: WHOLE,      usual: false },
    FixedRow { column: Fixed::ClinicOverall,  name: "clinic_overall",    japanese: "医療機関の総合判定",   needs: WHOLE,      usual: false },
    FixedRow { column: Fixed::Overall,        name: "overall",           japanese: "総合判定",             needs: GRADES,     usual: true },
    FixedRow { column: Fixed::Criteria,       name: "criteria_version",  japanese: "判定基準",             needs: GRADES,     usual: false },
    FixedRow { column: Fixed::FirstCheckup,   name: "first_checkup_id",  japanese: "一次の健康診断ID",     needs: OPEN,       usual: false },
    FixedRow { column: Fixed::RegisteredAt,   name: "registered_at",     japanese: "登録日時",             needs: OPEN,       usual: false },
    FixedRow { column: Fixed::UpdatedAt,      name: "updated_at",        japanese: "更新日時",             needs: OPEN,       usual: false },
];

/// A column. Written as its name: `employee_number`, `category.liver`, `sbp`, `sbp.grade`, `sbp.clinic_grade`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckupColumn {
    /// A thing of the checkup as a whole.
    Fixed(Fixed),
    /// The letter of a category (部位別判定).
    Category(Category),
    /// The value of an item.
    Value(ItemId),
    /// Our letter of an item.
    Grade(ItemId),
    /// The clinic's letter of an item.
    ClinicGrade(ItemId),
}

/// There is no such column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("この名前の列はありません。項目の列は、健診項目の一覧（GET /v1/checkup-items）のキーで指定してください。")]
pub struct UnknownColumn;

impl Fixed {
    fn row(self) -> &'static FixedRow {
        // The rows stand in the order of the enum, which a test holds.
        &FIXED[self as usize]
    }
}

impl CheckupColumn {
    /// The columns where nobody chooses: the usual things, and of each statutory item value and letter.
    pub fn usual() -> impl Iterator<Item = Self> {
        let fixed = FIXED.iter().filter(|row| row.usual).map(|row| Self::Fixed(row.column));
        let items = ItemId::all().filter(|item| item.item().statutory.is_some());
        fixed.chain(items.flat_map(|item| [Self::Value(item), Self::Grade(item)]))
    }

    /// What somebody must be allowed to see for it.
    #[must_use]
    pub fn needs(self) -> Needs {
        let of = |item: ItemId| Needs { non_statutory: item.item().statutory.is_none(), ..OPEN };
        match self {
            Self::Fixed(fixed) => fixed.row().needs,
            Self::Category(_) => GRADES,
            Self::Value(item) => of(item),
            Self::Grade(item) | Self::ClinicGrade(item) => Needs { grades: true, ..of(item) },
        }
    }

    /// What people read above it.
    #[must_use]
    pub fn japanese(self) -> Cow<'static, str> {
        match self {
            Self::Fixed(fixed) => Cow::Borrowed(fixed.row().japanese),
            Self::Category(category) => Cow::Owned(format!("{}の判定", category.japanese())),
            Self::Value(item) => match item.item().unit().filter(|unit| !unit.is_empty()) {
                Some(unit) => Cow::Owned(format!("{}({unit})", item.item().name)),
                None => Cow::Borrowed(item.item().name),
            },
            Self::Grade(item) => Cow::Owned(format!("{}の判定", item.item().name)),
            Self::ClinicGrade(item) => Cow::Owned(format!("{}の医療機関の判定", item.item().name)),
        }
    }

    /// As a column of a file.
    #[must_use]
    pub fn of_sheet(self) -> SheetColumn {
        let numeric = match self {
            Self::Value(item) => matches!(item.item().kind, Kind::Quantity(_) | Kind::Hearing(..)),
            Self::Fixed(fixed) => matches!(fixed, Fixed::Age | Fixed::FiscalYear),
            _ => false,
        };
        SheetColumn { name: Cow::Owned(self.to_string()), japanese: self.japanese(), numeric }
    }
}

fn category_name(category: Category) -> String {
    serde_json::to_value(category).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

impl fmt::Display for CheckupColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(fixed) => f.write_str(fixed.row().name),
            Self::Category(category) => write!(f, "category.{}", category_name(*category)),
            Self::Value(item) => write!(f, "{item}"),
            Self::Grade(item) => write!(f, "{item}.grade"),
            Self::ClinicGrade(item) => write!(f, "{item}.clinic_grade"),
        }
    }
}

impl FromStr for CheckupColumn {
    type Err = UnknownColumn;

    fn from_str(name: &str) -> Result<Self, UnknownColumn> {
        if let Some(row) = FIXED.iter().find(|row| row.name == name) {
            return Ok(Self::Fixed(row.column));
        }
        let item = |key: &str| ItemId::from_key(key).ok_or(UnknownColumn);
        match name.split_once('.') {
            Some(("category", named)) => {
                let found = Category::ALL.into_iter().find(|category| category_name(*category) == named);
                found.map(Self::Category).ok_or(UnknownColumn)
            }
            Some((key, "grade")) => item(key).map(Self::Grade),
            Some((key, "clinic_grade")) => item(key).map(Self::ClinicGrade),
            Some(_) => Err(UnknownColumn),
            None => item(name).map(Self::Value),
        }
    }
}
impl Serialize for CheckupColumn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for CheckupColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::items;

    fn all() -> impl Iterator<Item = CheckupColumn> {
        let fixed = FIXED.iter().map(|row| CheckupColumn::Fixed(row.column));
        let categories = Category::ALL.into_iter().map(CheckupColumn::Category);
        let of = |item| [CheckupColumn::Value(item), CheckupColumn::Grade(item), CheckupColumn::ClinicGrade(item)];
        fixed.chain(categories).chain(ItemId::all().flat_map(of))
    }

    #[test]
    fn every_column_reads_back_from_its_name_and_no_two_share_one() {
        let mut names = std::collections::BTreeSet::new();
        for column in all() {
            assert_eq!(column.to_string().parse(), Ok(column));
            assert!(names.insert(column.to_string()), "{column} twice");
            assert!(!column.japanese().is_empty());
        }
        for (at, row) in FIXED.iter().enumerate() {
            assert_eq!(row.column as usize, at, "{} stands out of order", row.name);
        }
        for unknown in ["", "sbp.", "sbp.letter", "category.soul", "血圧"] {
            assert_eq!(unknown.parse::<CheckupColumn>(), Err(UnknownColumn), "{unknown}");
        }
    }

    #[test]
    fn r02_what_is_beyond_the_law_is_asked_for_by_whoever_may_see_it_and_is_not_there_unasked() {
        assert!(CheckupColumn::Value(items::U_OB).needs().non_statutory);
        let sbp = CheckupColumn::Grade(items::SBP).needs();
        assert!(sbp.grades && !sbp.non_statutory);
        assert!(CheckupColumn::usual().all(|column| !column.needs().non_statutory));
        assert!(CheckupColumn::Fixed(Fixed::Name).needs().names && CheckupColumn::Fixed(Fixed::Age).needs().attributes);
    }
}
