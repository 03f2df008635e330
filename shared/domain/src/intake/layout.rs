//! A tenant's layouts (取込レイアウト): how one clinic or vendor writes its files, confirmed once and used again. A layout says
//! where the header stands, which of our headers each of theirs stands for, in which unit its numbers are, and which of our
//! words their words mean. What it does not name is understood as always. It tells nothing about people.

mod suggest;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FaultCode, Kind, Options};
use crate::{
    checked::{Checked, Rule, line},
    checkup::{
        grade::{ClinicGrade, Grade},
        item::Kind as ItemKind,
        value,
    },
    decimal::Decimal,
    text::{header_key, narrow, trim},
};

pub use suggest::{Reason, Suggested, SuggestedColumn, suggest};

/// How a layout's name may look.
#[derive(Debug)]
pub struct LayoutNameRule;

impl Rule for LayoutNameRule {
    const NAME: &'static str = "LayoutName";
    const CODE: &'static str = "layout_name_invalid";
    const DETAIL: &'static str = "取込レイアウトの名称は、「/」「#」を含まない40文字以内で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<std::borrow::Cow<'_, str>> {
        line(text, 40).filter(|name| !name.contains(['/', '#', '\\', '?', '%']))
    }
}

/// A layout's name: one per clinic or vendor.
pub type LayoutName = Checked<LayoutNameRule>;

/// The furthest row that a header may be in, and that the first record may be in.
pub const LAST_HEADER_ROW: u64 = 20;
/// The most columns of a layout.
pub const MOST_COLUMNS: usize = 500;
/// The most words that a column, or the table of grades, translates.
const MOST_WORDS: usize = 100;
/// The most characters of a header or a word.
const LONGEST_WORD: usize = 200;
/// The most characters of all headers and words of a layout.
const LONGEST_LAYOUT: usize = 50_000;

/// A unit that a laboratory uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// What its numbers are multiplied by, to be numbers in the catalogue's unit.
    pub factor: Decimal,
}

/// What a layout says of one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The header in the customer's file, in any width and case; the second one of the same header is its second column.
    pub header: String,
    /// The header of ours that it stands for; absent: the column is passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
    /// The unit of its numbers, where it is not the catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Their words, each with the word of ours that it stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, String>,
}

/// What somebody wants a layout to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The row that the header is in, counted from 1; what stands above it are titles.
    pub header_row: u64,
    /// The row of the first record.
    pub data_row: u64,
    /// The sheet of a workbook; absent: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Numbers such as `45000` in columns of dates are a spreadsheet's serial days (1900 system).
    #[serde(default)]
    pub serial_dates: bool,
    /// The columns of the file, in its order.
    pub columns: Vec<Column>,
    /// The clinic's words for grades, each with a letter from A to E (domain.md 2.4-7).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grades: BTreeMap<String, String>,
}

impl Draft {
    /// How many characters its headers and words have together.
    fn length(&self) -> usize {
        let words = self.columns.iter().map(|column| &column.words).chain([&self.grades]).flatten();
        let words = words.map(|(theirs, ours)| theirs.chars().count() + ours.chars().count());
        let headers = self.columns.iter().map(|column| {
            column.header.chars().count() + column.means.as_ref().map_or(0, |means| means.chars().count())
        });
        words.chain(headers).sum()
    }
}

/// What is wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutFault {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What.
    pub code: &'static str,
    /// Japanese, for people: what to do.
    pub detail: &'static str,
}

/// A layout that has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct Layout {
    kind: Kind,
    draft: Draft,
    /// What words stand for: a letter, or none for 治療中.
    grades: Vec<(String, Option<Grade>)>,
}

/// A layout as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    kind: Kind,
    layout: Draft,
}

impl From<Layout> for Kept {
    fn from(Layout { kind, draft, .. }: Layout) -> Self {
        Self { kind, layout: draft }
    }
}

impl TryFrom<Kept> for Layout {
    type Error = &'static str;

    fn try_from(Kept { kind, layout }: Kept) -> Result<Self, Self::Error> {
        Self::new(kind, layout).map_err(|_| "a layout that the catalogue does not understand any more")
    }
}

impl Layout {
    /// Checks a draft; tells all that is wrong with it.
    pub fn new(kind: Kind, draft: Draft) -> Result<Self, Vec<LayoutFault>> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, code, detail| faults.push(LayoutFault { pointer, code, detail });
        if !(1..=LAST_HEADER_ROW).contains(&draft.header_row) {
            fault("/header_row".into(), "out_of_range", "見出し行は1～20行目で指定してください。");
        }
        if draft.data_row <= draft.header_row || draft.data_row > LAST_HEADER_ROW + 1 {
            fault(
                "/data_row".into(),
                "out_of_range",
                "データの開始行は、見出し行より後の21行目までで指定してください。",
            );
        }
        if draft.sheet.as_ref().is_some_and(|sheet| line(sheet, 31).is_none()) {
            fault("/sheet".into(), "sheet_invalid", "シート名は31文字以内で指定してください。");
        }
        if draft.columns.is_empty() || draft.columns.len() > MOST_COLUMNS {
            fault("/columns".into(), "too_many", "列は1～500件で指定してください。");
            return Err(faults);
        }
        if draft.length() > LONGEST_LAYOUT {
            fault("/columns".into(), "too_long", "見出しと読み替えの文字数は、合計50,000文字までにしてください。");
            return Err(faults);
        }
        faults.extend(Self::columns_wrong(kind, &draft));
        let mut grades = Vec::with_capacity(draft.grades.len());
        if draft.grades.len() > MOST_WORDS {
            let detail = "判定の読み替えは100件までで指定してください。";
            faults.push(LayoutFault { pointer: "/grades".into(), code: "too_many", detail });
        }
        for (word, letter) in &draft.grades {
            let grade = match letter.as_str() {
                "E" => Some(None),
                letter => Grade::from_letter(letter).map(Some),
            };
            if let Some(grade) = grade.filter(|_| is_word(word)) {
                grades.push((word_key(word), grade));
            } else {
                let detail = "読み替え先は A・B・C・D・E のいずれかで指定してください。";
                faults.push(LayoutFault { pointer: pointer("/grades", word), code: "grade_invalid", detail });
            }
        }
        if faults.is_empty() { Ok(Self { kind, draft, grades }) } else { Err(faults) }
    }

    fn columns_wrong(kind: Kind, draft: &Draft) -> Vec<LayoutFault> {
        let mut faults = Vec::new();
        // What each column would be if its header were ours.
        let ours: Vec<&str> = draft.columns.iter().map(|column| column.means.as_deref().unwrap_or_default()).collect();
        let understood = kind.understand(&ours);
        for (at, column) in draft.columns.iter().enumerate() {
            let mut fault = |field: &str, code, detail| {
                faults.push(LayoutFault { pointer: format!("/columns/{at}{field}"), code, detail });
            };
            if column.header.chars().count() > LONGEST_WORD {
                fault("/header", "header_invalid", "見出しは200文字以内で指定してください。");
            }
            let meaning = understood.get(at).filter(|_| column.means.is_some());
            match meaning.map(|meaning| meaning.fault) {
                Some(Some(FaultCode::DuplicateHeader)) => {
                    fault("/means", "duplicate_meaning", "同じ項目を2つの列に対応付けることはできません。");
                }
                Some(Some(_)) => fault("/means", "unknown_meaning", "対応付けできる項目の名称を指定してください。"),
                _ => {}
            }
            let item = meaning.and_then(|meaning| meaning.item);
            if let Some(unit) = &column.unit {
                let quantity = item.is_some_and(|item| matches!(item.item().kind, ItemKind::Quantity(_)));
                if !quantity {
                    fault("/unit", "not_applicable", "単位は、数値の検査項目の列でだけ指定できます。");
                }
                if unit.factor <= Decimal::new(0, 0) || unit.name.chars().count() > LONGEST_WORD {
                    fault("/unit/factor", "out_of_range", "換算係数は0より大きい数で指定してください。");
                }
            }
            if column.words.len() > MOST_WORDS || (column.means.is_none() && !column.words.is_empty()) {
                fault("/words", "too_many", "値の読み替えは、取り込む列に100件まで指定できます。");
            }
            for (word, ours) in &column.words {
                let unreadable = item.is_some_and(|item| value::read(item, ours).is_err());
                if !is_word(word) || !is_word(ours) || unreadable {
                    let detail = "読み替え先は、その項目の値として読める言葉で指定してください。";
                    fault(&pointer("/words", word), "word_invalid", detail);
                }
            }
        }
        faults
    }

    /// What it says.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What kind of file it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether a file with this header is one of its files: every header is one of its columns, and every column a header.
    #[must_use]
    pub fn fits(&self, header: &[&str]) -> bool {
        let mut theirs: Vec<String> = trimmed(header).iter().map(|cell| header_key(cell)).collect();
        let columns: Vec<&str> = self.draft.columns.iter().map(|column| column.header.as_str()).collect();
        let mut ours: Vec<String> = trimmed(&columns).iter().map(|cell| header_key(cell)).collect();
        theirs.sort_unstable();
        ours.sort_unstable();
        theirs == ours
    }

    /// The column of the layout that each column of a file is, by the comparison keys of its headers.
    pub(super) fn columns_of(&self, keys: &[String]) -> Vec<Option<&Column>> {
        let ours: Vec<String> = self.draft.columns.iter().map(|column| header_key(&column.header)).collect();
        let occurrence = |at: usize| keys.iter().take(at).filter(|key| **key == keys[at]).count();
        let of = |at: usize| {
            let same = ours.iter().zip(&self.draft.columns).filter(|(key, _)| **key == keys[at]);
            same.map(|(_, column)| column).nth(occurrence(at))
        };
        (0..keys.len()).map(of).collect()
    }

    /// What a clinic's word for a grade means, where the layout says so.
    pub(super) fn grade(&self, cell: &str) -> Option<ClinicGrade> {
        if self.grades.is_empty() {
            return None;
        }
        let key = word_key(cell);
        let (_, letter) = self.grades.iter().find(|(word, _)| *word == key)?;
        Some(ClinicGrade::standing_for(cell, *letter))
    }
}

/// The cells up to the last one that is not blank.
fn trimmed<'c, 'h>(header: &'c [&'h str]) -> &'c [&'h str] {
    let width = header.iter().rposition(|cell| !trim(cell).is_empty()).map_or(0, |last| last + 1);
    &header[..width]
}

fn is_word(word: &str) -> bool {
    !trim(word).is_empty() && word.chars().count() <= LONGEST_WORD && !word.chars().any(char::is_control)
}

/// What a word of a file is compared by: narrow and in lower case.
pub(super) fn word_key(word: &str) -> String {
    narrow(word).to_lowercase()
}

/// The pointer to a member, whose name may have any characters.
fn pointer(to: &str, name: &str) -> String {
    format!("{to}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Options {
    /// Reads by `layout`.
    #[must_use]
    pub fn by(mut self, layout: std::sync::Arc<Layout>) -> Self {
        self.dates.serials = layout.draft.serial_dates;
        self.layout = Some(layout);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(header: &str, means: Option<&str>) -> Column {
        Column { header: header.to_owned(), means: means.map(str::to_owned), ..Column::default() }
    }

    fn draft(columns: Vec<Column>) -> Draft {
        Draft { header_row: 1, data_row: 2, sheet: None, serial_dates: false, columns, grades: BTreeMap::new() }
    }

    fn wrong(draft: Draft) -> Vec<(String, &'static str)> {
        let faults = Layout::new(Kind::Checkups, draft).unwrap_err();
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn r34_everything_that_is_wrong_with_a_draft_is_told_at_once() {
        let unit = |factor| Some(Unit { name: "mmol/L".to_owned(), factor });
        let words = |theirs: &str, ours: &str| BTreeMap::from([(theirs.to_owned(), ours.to_owned())]);
        let columns = vec![
            column("No", Some("社員番号")),
            column("番号", Some("社員No")),
            column("星座", Some("星座")),
            Column { unit: unit(Decimal::new(0, 0)), ..column("血糖", Some("空腹時血糖")) },
            Column { unit: unit(Decimal::new(1, 0)), ..column("名", Some("氏名")) },
            Column { words: words("多", "たくさん"), ..column("尿", Some("尿糖")) },
        ];
        let grades = words("G", "F");
        let draft = Draft { header_row: 0, data_row: 0, grades, ..draft(columns) };
        let expected = [
            ("/header_row", "out_of_range"),
            ("/data_row", "out_of_range"),
            ("/columns/1/means", "duplicate_meaning"),
            ("/columns/2/means", "unknown_meaning"),
            ("/columns/3/unit/factor", "out_of_range"),
            ("/columns/4/unit", "not_applicable"),
            ("/columns/5/words/多", "word_invalid"),
            ("/grades/G", "grade_invalid"),
        ];
        assert_eq!(wrong(draft), expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn a_layout_fits_its_own_header_in_any_order_and_no_other() {
        let columns = vec![column("No", Some("社員番号")), column("判定", None), column("判定", None)];
        let layout = Layout::new(Kind::Checkups, draft(columns)).unwrap();
        assert!(layout.fits(&["判定", "ＮＯ", "判 定", "", ""]));
        assert!(!layout.fits(&["No", "判定"]), "a column is missing");
        assert!(!layout.fits(&["No", "判定", "判定", "AST"]), "there is another");
        let keys: Vec<String> = ["判定", "no", "判定", "判定"].map(str::to_owned).to_vec();
        let found: Vec<bool> = layout.columns_of(&keys).iter().map(Option::is_some).collect();
        assert_eq!(found, [true, true, true, false], "the n-th of a header is its n-th column");
    }

    #[test]
    fn what_is_kept_reads_back() {
        let columns = vec![
            Column {
                unit: Some(Unit { name: "mmol/L".to_owned(), factor: Decimal::new(180_182, 4) }),
                ..column("血糖", Some("空腹時血糖"))
            },
            column("備考2", None),
        ];
        let grades = BTreeMap::from([("１".to_owned(), "A".to_owned()), ("治".to_owned(), "E".to_owned())]);
        let layout = Layout::new(Kind::Checkups, Draft { grades, ..draft(columns) }).unwrap();
        let json = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&json).unwrap(), layout, "{json}");
        assert_eq!(layout.grade("1"), Some(ClinicGrade::Worded("1".into(), Some(Grade::A))));
        assert_eq!(layout.grade("治 "), Some(ClinicGrade::Worded("治".into(), None)));
    }
}
