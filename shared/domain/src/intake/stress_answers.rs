//! Answers of stress checks on paper, by file: one row is one person's answers in one round, which the import says. Headers name an item as the sample has it (問1), as scanners and the ministry's
//! program write it (q1, Q1, 設問1), or by its part and its place in it (A1, B29). An item that was left blank on paper is no fault: such answers are kept, and not scored (domain.md 4.4, 9.4).

use super::{
    Columns, Fault, FaultCode, Options, Parsed,
    sheet::{Meaning, Reader, named},
};
use crate::{
    employee::{BirthDate, EmployeeNumber, Kana, PersonName},
    stress::{
        answers::{Answers, Choice},
        questionnaire::{COUNT, Questionnaire},
    },
    text,
};

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 社員番号.
    Number,
    /// 氏名.
    Name,
    /// フリガナ.
    Kana,
    /// 生年月日.
    BirthDate,
    /// The answer to an item, by its number.
    Item(u8),
}

const NAMES: &[(Role, &[&str])] = &[
    (Role::Number, &["社員番号", "従業員番号", "社員コード", "職員番号", "社員ID", "従業員ID"]),
    (Role::Name, &["氏名", "名前"]),
    (Role::Kana, &["フリガナ", "氏名カナ", "カナ氏名", "カナ"]),
    (Role::BirthDate, &["生年月日"]),
];

/// Columns that are known and say nothing that is read: the round is the import's, sex and placement are the register's.
const PASSED_OVER: &[&str] = &[
    "性別",
    "年齢",
    "部署",
    "部署名",
    "部署コード",
    "所属",
    "事業場",
    "回答日",
    "回答日時",
    "受検日",
    "event",
    "実施回",
];

/// What stands before the number of an item.
const BEFORE_NUMBER: &[&str] = &["問", "設問", "質問", "q", "no", "項目"];

/// Where each part of the 57 begins: A1 is item 1, B1 item 18.
const PARTS: &[(char, u8, u8)] = &[('a', 0, 17), ('b', 17, 29), ('c', 46, 9), ('d', 55, 2)];

/// The item that a header names, by its comparison key.
fn item_of(key: &str) -> Option<u8> {
    let number = |digits: &str| digits.parse::<u8>().ok().filter(|number| (1..=COUNT).contains(&usize::from(*number)));
    let plain =
        BEFORE_NUMBER.iter().find_map(|before| number(key.strip_prefix(before)?.trim_start_matches(['.', '第'])));
    let in_part = || {
        PARTS.iter().find_map(|(letter, before, count)| {
            let place = key.strip_prefix(*letter)?.parse::<u8>().ok()?;
            (1..=*count).contains(&place).then(|| before + place)
        })
    };
    plain.or_else(in_part)
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StressAnswersRow {
    /// Whose.
    pub number: EmployeeNumber,
    /// What else the row says of whom it is about.
    pub name: Option<PersonName>,
    /// How the name is read.
    pub kana: Option<Kana>,
    /// The birth date.
    pub birth_date: Option<BirthDate>,
    /// What was answered.
    pub answers: Answers,
}

/// How a file of answers is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
    questionnaire: Questionnaire,
}

impl Layout {
    /// Recognises the header of a file of answers to a questionnaire, or tells all that is wrong with it. Every item has its column; an item of another questionnaire is an unknown header.
    pub fn recognise(header: &[&str], options: Options, questionnaire: Questionnaire) -> Result<Self, Vec<Fault>> {
        let meaning = |key: &str, _: Option<Role>| {
            if PASSED_OVER.iter().any(|name| text::header_key(name) == key) {
                return Some(Meaning::PassedOver);
            }
            let item = item_of(key).filter(|item| questionnaire.has(*item));
            item.map(|item| Meaning::Role(Role::Item(item))).or_else(|| named(NAMES, key))
        };
        let columns = Columns::recognise(header, &options, meaning, &[("社員番号", &[Role::Number])])?;
        let lacks = questionnaire.numbers().iter().filter(|item| columns.column(Role::Item(**item)).is_none());
        let faults: Vec<Fault> = lacks
            .map(|item| Fault { header: Some(format!("問{item}").into()), ..Fault::new(FaultCode::MissingHeader) })
            .collect();
        if faults.is_empty() { Ok(Self { columns, options, questionnaire }) } else { Err(faults) }
    }

    /// What the columns mean; faults found later are placed by it.
    #[must_use]
    pub fn columns(&self) -> &Columns<Role> {
        &self.columns
    }

    /// Reads a record of `count` cells. A cell that is no answer is told without what stands there: it is somebody's.
    #[must_use]
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<StressAnswersRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let today = self.options.today;
        let mut reader = Reader::new(&self.columns, &self.options, self.columns.translated(cell));
        let number = reader
            .required(Role::Number, |text| EmployeeNumber::parse(text).map_err(|_| FaultCode::EmployeeNumberInvalid));
        reader.show(Role::Number);
        let name = reader.optional(Role::Name, |text| PersonName::parse(text).map_err(|_| FaultCode::NameInvalid));
        let kana = reader.optional(Role::Kana, |text| Kana::parse(text).map_err(|_| FaultCode::KanaInvalid));
        let birth_date =
            match reader.cell(Role::BirthDate).filter(|text| !text.is_empty()).map(|text| reader.date(text)) {
                None => None,
                Some(read) => match read
                    .and_then(|read| BirthDate::new(read.date, today).map_err(|_| FaultCode::BirthDateImplausible))
                {
                    Ok(date) => Some(date),
                    Err(code) => {
                        reader.fault(code, Role::BirthDate);
                        None
                    }
                },
            };
        let mut answers = Answers::none(self.questionnaire);
        for item in self.questionnaire.numbers() {
            let role = Role::Item(*item);
            let choice = match reader.cell(role) {
                None | Some("") => None,
                Some(text) => {
                    let code = text::narrow(text).parse::<u8>().ok();
                    let choice = code.and_then(|code| Choice::of(code).ok());
                    if choice.is_none() {
                        reader.fault(FaultCode::ChoiceInvalid, role);
                    }
                    choice
                }
            };
            if answers.set(*item, choice).is_err() {
                reader.fault(FaultCode::ChoiceInvalid, role);
            }
        }
        if reader.faults.is_empty() && answers.open().any(|item| item <= 55) {
            reader.warn(FaultCode::AnswersIncomplete, Role::Number);
        }
        let (faults, warnings) = (reader.faults, reader.warnings);
        let row = number.filter(|_| faults.is_empty()).map(|number| StressAnswersRow {
            number,
            name: name.set(),
            kana: kana.set(),
            birth_date,
            answers,
        });
        Parsed { row, faults, warnings }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn header(of: impl Fn(u8) -> String) -> Vec<String> {
        std::iter::once("社員番号".to_owned()).chain((1..=57).map(of)).collect()
    }

    fn layout(header: &[String], questionnaire: Questionnaire) -> Result<Layout, Vec<Fault>> {
        let cells: Vec<&str> = header.iter().map(String::as_str).collect();
        Layout::recognise(&cells, Options::new(date(2026, 11, 23)), questionnaire)
    }

    fn parse(layout: &Layout, cells: &[&str]) -> Parsed<StressAnswersRow> {
        let cells: Vec<&'static str> = cells.iter().map(|cell| &*String::leak((*cell).to_owned())).collect();
        // The row must not outlive what it was read by.
        let layout: &'static Layout = Box::leak(Box::new(layout.clone()));
        layout.parse(cells.len(), |at| cells[at])
    }

    fn codes(faults: &[Fault]) -> Vec<FaultCode> {
        faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn r35_items_are_found_however_a_scanner_names_them() {
        for of in [|n: u8| format!("問{n}"), |n| format!("Ｑ{n}"), |n| format!("q_{n}"), |n| format!("設問{n}")] {
            assert!(layout(&header(of), Questionnaire::Standard).is_ok(), "{}", of(1));
        }
        let parts = |n: u8| match n {
            1..=17 => format!("A{n}"),
            18..=46 => format!("B-{}", n - 17),
            47..=55 => format!("C{}", n - 46),
            _ => format!("D{}", n - 55),
        };
        assert!(layout(&header(parts), Questionnaire::Standard).is_ok());
        assert_eq!((item_of("b30"), item_of("問0"), item_of("問81"), item_of("d3")), (None, None, None, None));
    }

    #[test]
    fn r35_a_file_of_another_questionnaire_is_told_by_its_columns() {
        let other = layout(&header(|n| format!("問{n}")), Questionnaire::Extended).unwrap_err();
        assert_eq!(other.len(), 23);
        assert_eq!((other[0].code, other[0].header.as_deref()), (FaultCode::MissingHeader, Some("問58")));
        let short = layout(&header(|n| format!("問{n}")), Questionnaire::Short).unwrap();
        assert_eq!(short.columns().faults().len(), 34, "items that it does not ask");
    }

    #[test]
    fn r35_what_is_no_answer_is_a_fault_and_what_is_left_blank_a_warning() {
        let mut named = header(|n| format!("問{n}"));
        named.extend(["氏名".to_owned(), "生年月日".to_owned(), "部署".to_owned()]);
        let layout = layout(&named, Questionnaire::Standard).unwrap();
        let mut cells = vec!["000001"];
        cells.extend(["2"; 57]);
        cells.extend(["前田 里佳", "H14.4.5", "総務"]);
        let good = parse(&layout, &cells);
        let row = good.row.unwrap();
        assert_eq!((row.answers.compact(), row.birth_date.unwrap().date()), ("2".repeat(57), date(2002, 4, 5)));
        assert!(good.warnings.is_empty());
        cells[3] = "５";
        cells[4] = "x";
        let wrong = parse(&layout, &cells);
        assert_eq!(codes(&wrong.faults), [FaultCode::ChoiceInvalid, FaultCode::ChoiceInvalid]);
        assert_eq!((wrong.faults[0].header.as_deref(), wrong.faults[0].shown.as_deref()), (Some("問3"), None));
        (cells[3], cells[4], cells[57]) = ("", "４", "");
        let blank = parse(&layout, &cells);
        assert_eq!(codes(&blank.warnings), [FaultCode::AnswersIncomplete]);
        assert_eq!(blank.row.unwrap().answers.open().collect::<Vec<_>>(), [3, 57]);
        cells[3] = "1";
        assert!(parse(&layout, &cells).warnings.is_empty(), "satisfaction never enters the decision");
    }
}
