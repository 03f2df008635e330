//! Departments by file: code, name and the department above.

use super::{
    Change, Columns, Fault, FaultCode, Options, Parsed,
    sheet::{Reader, named},
};
use crate::organisation::{DepartmentCode, OrganisationName};

/// What a column of departments means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 部署コード.
    Code,
    /// 部署名.
    Name,
    /// 上位部署コード.
    Parent,
}

/// What columns are called, the first name being ours.
pub(super) const NAMES: &[(Role, &[&str])] = &[
    (Role::Code, &["部署コード", "部門コード", "所属コード", "組織コード"]),
    (Role::Name, &["部署名", "部署", "部門名", "所属名", "組織名"]),
    (Role::Parent, &["上位部署コード", "親部署コード", "上位部門コード", "上位所属コード", "上位組織コード"]),
];

/// A department as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentRow {
    /// Its code.
    pub code: DepartmentCode,
    /// Its name. A new department needs one.
    pub name: Change<OrganisationName>,
    /// The department above; `Clear` puts it at the top, where a new one stands anyway.
    pub parent: Change<DepartmentCode>,
}

/// How a file of departments is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
}

impl Layout {
    /// Recognises the header, or tells all that is wrong with it.
    pub fn recognise(header: &[&str], options: Options) -> Result<Self, Vec<Fault>> {
        let required: &[(&str, &[Role])] = &[("部署コード", &[Role::Code]), ("部署名", &[Role::Name])];
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
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<DepartmentRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let mut reader = Reader::new(&self.columns, &self.options, self.columns.translated(cell));
        let code = reader
            .required(Role::Code, |text| DepartmentCode::parse(text).map_err(|_| FaultCode::DepartmentCodeInvalid));
        reader.show(Role::Code);
        let name = reader
            .lasting(Role::Name, |text| OrganisationName::parse(text).map_err(|_| FaultCode::OrganisationNameInvalid));
        reader.show(Role::Name);
        let parent = reader
            .optional(Role::Parent, |text| DepartmentCode::parse(text).map_err(|_| FaultCode::DepartmentCodeInvalid));
        reader.show(Role::Parent);
        if code.is_some() && parent.as_set() == code.as_ref() {
            reader.fault(FaultCode::DepartmentCycle, Role::Parent);
            reader.show(Role::Parent);
        }
        let (faults, warnings) = (reader.faults, reader.warnings);
        let row = code.filter(|_| faults.is_empty()).map(|code| DepartmentRow { code, name, parent });
        Parsed { row, faults, warnings }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::intake::{EmptyCells, Kind, layout};

    const HEADER: &[&str] = &["\u{feff}部署コード", "部署名", "上位部署コード"];

    fn parse(options: Options, cells: &[&str]) -> Parsed<DepartmentRow> {
        let cells: Vec<&'static str> = cells.iter().map(|cell| &*String::leak((*cell).to_owned())).collect();
        Layout::recognise(HEADER, options).unwrap().parse(cells.len(), |at| cells[at])
    }

    fn usual() -> Options {
        Options::new(date(2026, 11, 23))
    }

    fn codes<R>(parsed: &Parsed<R>) -> Vec<FaultCode> {
        parsed.faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn r33_a_department_is_read_with_its_place() {
        let row = parse(usual(), &["Ｄ２１０", "第一営業部", "D200"]).row.unwrap();
        assert_eq!((row.code.as_str(), row.parent.as_set().unwrap().as_str()), ("D210", "D200"));
        assert_eq!(parse(usual(), &["D100", "経営企画部", ""]).row.unwrap().parent, Change::Keep);
        assert_eq!(parse(usual(), &["D100", "経営企画部", "__CLEAR__"]).row.unwrap().parent, Change::Clear);
        let clearing = Options { empty_cells: EmptyCells::Clear, ..usual() };
        assert_eq!(parse(clearing, &["D100", "経営企画部", ""]).row.unwrap().parent, Change::Clear);
    }

    #[test]
    fn r33_every_fault_of_a_row_is_told_with_its_column() {
        let parsed = parse(usual(), &["部署1", "__CLEAR__", "第一"]);
        assert_eq!(
            codes(&parsed),
            [FaultCode::DepartmentCodeInvalid, FaultCode::CannotClear, FaultCode::DepartmentCodeInvalid]
        );
        assert_eq!(parsed.faults[0].header.as_deref(), Some("\u{feff}部署コード".trim_start_matches('\u{feff}')));
        assert_eq!(parsed.faults[2].shown.as_deref(), Some("第一"));
        assert_eq!(parsed.row, None);
        assert_eq!(codes(&parse(usual(), &["D1", "x", "D1"])), [FaultCode::DepartmentCycle]);
        assert_eq!(codes(&parse(usual(), &["D1", "x"])), [FaultCode::WrongColumnCount]);
        assert!(parse(usual(), &["D1", "x", "", " "]).row.is_some(), "blank trailing cells are passed over");
    }

    #[test]
    fn r33_a_header_is_refused_with_all_that_is_wrong() {
        let faults = Layout::recognise(&["部署コード", "部門コード", "色", "", ""], usual()).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.code, fault.header.as_deref().unwrap())).collect();
        assert_eq!(
            told,
            [
                (FaultCode::DuplicateHeader, "部門コード"),
                (FaultCode::UnknownHeader, "色"),
                (FaultCode::MissingHeader, "部署名"),
            ]
        );
        assert_eq!(Layout::recognise(&["", " "], usual()).unwrap_err()[0].code, FaultCode::EmptyFile);
    }

    #[test]
    fn r33_rows_can_be_looked_at_where_a_column_means_nothing() {
        let layout = Layout::recognise(&["部署コード", "色", "部署名"], usual()).unwrap();
        assert_eq!(layout.columns().faults()[0].code, FaultCode::UnknownHeader);
        assert_eq!(layout.parse(3, |at| ["D1", "赤", "企画部"][at]).row.unwrap().code.as_str(), "D1");
    }

    #[test]
    fn a_tenant_names_columns_in_its_own_way() {
        let column = |header: &str, means: Option<&str>| layout::Column {
            header: header.to_owned(),
            means: means.map(str::to_owned),
            ..layout::Column::default()
        };
        let draft = layout::Draft {
            header_row: 1,
            data_row: 2,
            sheet: None,
            serial_dates: false,
            columns: vec![column("課コード", Some("部署コード")), column("色", None)],
            grades: std::collections::BTreeMap::new(),
        };
        let layout = layout::Layout::new(Kind::Departments, draft).unwrap();
        let options = usual().by(std::sync::Arc::new(layout));
        assert!(Layout::recognise(&["課コード", "色", "部署名"], options).unwrap().columns().faults().is_empty());
    }
}
