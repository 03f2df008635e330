//! What a customer's data is as files (エクスポート): the kinds of records that leave the service, each with its columns and with how long the law wants the customer to keep it; and how a
//! record becomes a line. A customer's last export before the purge (R-17) and a disclosure on a lawful order (R-20) are made of the same lines.

pub mod checkups;
pub mod own;
mod workbook;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{retention::RecordKind, text::to_windows_31j_side};

/// A kind of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// Workplaces (事業場).
    Workplaces,
    /// Departments (部署), a line for each name and place that one had.
    Departments,
    /// Labels (ラベル).
    Labels,
    /// Employees (従業員).
    Employees,
    /// Where employees stood since when (所属の履歴).
    Placements,
    /// Accounts (アカウント), without anything that opens one.
    Accounts,
    /// Checkups (健康診断), a line each.
    Checkups,
    /// Results of checkups, a line for each item.
    CheckupResults,
    /// What checkups said before they were corrected (訂正の履歴), a line for each item of each version.
    CheckupHistory,
    /// What physicians and the employer said about work after a checkup (就業判定), a line for each step.
    WorkFitness,
    /// Whom a checkup sent to a physician, and what came of it (受診勧奨). What was talked about in guidance is not among it.
    FollowUps,
    /// Months of working hours (労働時間の状況).
    WorkingHours,
    /// Interviews (面談・面接指導), a line for each step: what was reported to the employer and decided. What was talked about (面談記録) is in no file.
    Interviews,
    /// The audit trail (監査記録).
    AuditEvents,
}

/// A column: its name for programs, and what people read.
pub type Column = (&'static str, &'static str);

/// A row of the table.
#[derive(Debug)]
pub struct ExportRow {
    /// The kind.
    pub kind: ExportKind,
    /// Its name in files and requests.
    pub name: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// What the law wants a customer to keep of it; none where no law speaks of it.
    pub kept: &'static [RecordKind],
    /// Where it says so, or why it is among them.
    pub source: &'static str,
    /// Its lines are about single people, so that they can be chosen.
    pub of_people: bool,
    /// Its lines have a day, so that a period can be chosen.
    pub dated: bool,
    /// Its lines are about people's health: whoever gets them stands in the access log.
    pub health: bool,
}

const CARDS: &[RecordKind] = &[
    RecordKind::GeneralCheckup,
    RecordKind::SpecialCheckup,
    RecordKind::SpecifiedChemicals,
    RecordKind::IonizingRadiation,
    RecordKind::Asbestos,
    RecordKind::Pneumoconiosis,
];

/// The table, in the order of the files. How long cards are kept stands in [`crate::retention::RETENTION`].
#[rustfmt::skip]
pub const EXPORTS: &[ExportRow] = &[
    ExportRow { kind: ExportKind::Workplaces, name: "workplaces", japanese: "事業場", kept: &[],
        source: "健康診断結果報告書などの提出単位（安衛則52条）", of_people: false, dated: false, health: false,
        columns: &[("id", "事業場ID"), ("code", "事業場コード"), ("name", "事業場名")] },
    ExportRow { kind: ExportKind::Departments, name: "departments", japanese: "部署", kept: &[],
        source: "所属の履歴を読み解くための台帳", of_people: false, dated: false, health: false,
        columns: &[("id", "部署ID"), ("code", "部署コード"), ("since", "適用日"), ("name", "部署名"), ("parent_id", "上位部署ID")] },
    ExportRow { kind: ExportKind::Labels, name: "labels", japanese: "ラベル", kept: &[],
        source: "従業員のラベルを読み解くための台帳", of_people: false, dated: false, health: false,
        columns: &[("id", "ラベルID"), ("name", "ラベル名")] },
    ExportRow { kind: ExportKind::Employees, name: "employees", japanese: "従業員", kept: &[],
        source: "健康診断個人票の氏名・生年月日など（安衛則51条、様式第5号）", of_people: true, dated: false, health: false,
        columns: &[("id", "従業員ID"), ("employee_number", "社員番号"), ("name", "氏名"), ("kana", "氏名カナ"), ("mail", "メールアドレス"),
            ("birth_date", "生年月日"), ("sex", "性別"), ("hired_on", "入社年月日"), ("left_on", "退職年月日"), ("state", "在籍区分"),
            ("employment_type", "雇用形態"), ("job_title", "役職"), ("occupation", "職種"), ("manager", "管理職フラグ"),
            ("personnel_authority", "人事権フラグ"), ("night_work", "深夜業フラグ"), ("hazards", "有害業務"), ("label_ids", "ラベルID"),
            ("registered_at", "登録日時"), ("updated_at", "更新日時")] },
    ExportRow { kind: ExportKind::Placements, name: "placements", japanese: "所属の履歴", kept: &[],
        source: "受診時の所属の確認（安衛則51条、様式第5号）", of_people: true, dated: false, health: false,
        columns: &[("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("since", "適用日"), ("workplace_id", "事業場ID"), ("department_id", "部署ID")] },
    ExportRow { kind: ExportKind::Accounts, name: "accounts", japanese: "アカウント", kept: &[],
        source: "健康情報等を取り扱った者の確認（健康情報取扱指針）", of_people: true, dated: false, health: false,
        columns: &[("id", "アカウントID"), ("login_id", "ログインID"), ("name", "氏名"), ("mail", "メールアドレス"), ("employee_id", "従業員ID"),
            ("roles", "ロール"), ("state", "状態"), ("registered_at", "登録日時")] },
    ExportRow { kind: ExportKind::Checkups, name: "checkups", japanese: "健康診断", kept: CARDS,
        source: "安衛則51条ほか", of_people: true, dated: true, health: true,
        columns: &[("id", "健康診断ID"), ("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("name", "氏名"), ("examined_on", "受診日"),
            ("kind", "健診種別"), ("fiscal_year", "年度"), ("age", "受診時年齢"), ("sex", "性別"), ("clinic", "医療機関名"), ("clinic_code", "医療機関コード"),
            ("course", "コース"), ("doctor", "医師名"), ("comment", "コメント"), ("clinic_overall", "医療機関の総合判定"), ("overall", "総合判定"),
            ("criteria", "判定基準"), ("first_checkup_id", "一次の健康診断ID"), ("voided_at", "無効にした日時"),
            ("registered_at", "登録日時"), ("updated_at", "更新日時")] },
    ExportRow { kind: ExportKind::CheckupResults, name: "checkup_results", japanese: "健康診断の項目別の結果", kept: CARDS,
        source: "安衛則51条ほか", of_people: true, dated: true, health: true,
        columns: &[("checkup_id", "健康診断ID"), ("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("examined_on", "受診日"), ("item", "項目"),
            ("item_name", "項目名"), ("value", "結果"), ("unit", "単位"), ("written", "原本の表記"), ("clinic_grade", "医療機関の判定"), ("grade", "判定")] },
    ExportRow { kind: ExportKind::CheckupHistory, name: "checkup_history", japanese: "健康診断の訂正前の記録", kept: CARDS,
        source: "安衛則51条ほか（訂正の経緯）", of_people: true, dated: true, health: true,
        columns: &[("checkup_id", "健康診断ID"), ("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("examined_on", "受診日"), ("version", "版"),
            ("written_at", "記録日時"), ("reason", "経緯"), ("cause", "理由"), ("note", "説明"), ("written_by", "記録者"), ("import_id", "取込ID"), ("criteria", "判定基準"),
            ("item", "項目"), ("item_name", "項目名"), ("value", "結果"), ("unit", "単位"), ("written", "原本の表記"), ("clinic_grade", "医療機関の判定"), ("grade", "判定")] },
    ExportRow { kind: ExportKind::WorkFitness, name: "work_fitness", japanese: "就業判定・事後措置", kept: CARDS,
        source: "安衛則51条の2（医師の意見の個人票への記載）", of_people: true, dated: true, health: true,
        columns: &[("checkup_id", "健康診断ID"), ("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("at", "日時"), ("act", "手続き"),
            ("conclusion", "区分"), ("measures", "措置"), ("from", "開始日"), ("until", "終了日"), ("review_on", "見直し予定日"), ("heard_on", "本人の意見を聴いた日"),
            ("words", "意見・理由"), ("for_workplace", "職場への連絡"), ("physician", "医師の氏名"), ("account_id", "記録者")] },
    ExportRow { kind: ExportKind::FollowUps, name: "follow_ups", japanese: "受診勧奨", kept: &[],
        source: "健康診断結果措置指針", of_people: true, dated: true, health: true,
        columns: &[("checkup_id", "健康診断ID"), ("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("examined_on", "受診日"), ("state", "状態"),
            ("due_on", "回答期限"), ("reminded", "再通知の回数"), ("findings", "対象の所見と本人の回答"), ("advice", "勧奨の内容"), ("sessions", "保健指導の実施日"),
            ("outcome", "結果"), ("reason", "理由")] },
    ExportRow { kind: ExportKind::WorkingHours, name: "working_hours", japanese: "労働時間の状況", kept: &[RecordKind::WorkingHours],
        source: "安衛則52条の7の3", of_people: true, dated: true, health: true,
        columns: &[("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("month", "年月"), ("from", "開始日"), ("until", "終了日"), ("kind", "労働者の区分"),
            ("total", "実労働時間"), ("overtime", "時間外労働"), ("holiday", "休日労働"), ("night", "深夜労働"), ("excess", "週40時間を超える時間"),
            ("note", "備考"), ("written_at", "記録日時")] },
    ExportRow { kind: ExportKind::Interviews, name: "interviews", japanese: "面談・面接指導", kept: &[RecordKind::Interview],
        source: "安衛則52条の6・52条の18（面談記録は産業医等が保持し、含みません）", of_people: true, dated: true, health: true,
        columns: &[("interview_id", "面談ID"), ("employee_id", "従業員ID"), ("employee_number", "社員番号"), ("kind", "種類"), ("cause", "契機"), ("state", "現在の状態"),
            ("due_on", "実施期限"), ("at", "日時"), ("act", "手続き"), ("starts_at", "予約日時"), ("place", "場所"), ("held_on", "実施日"), ("guidance", "指導区分"),
            ("conclusion", "区分"), ("measures", "措置"), ("from", "開始日"), ("until", "終了日"), ("review_on", "見直し予定日"), ("heard_on", "本人の意見を聴いた日"),
            ("agreed_on", "報告に同意した日"), ("words", "意見・理由"), ("for_workplace", "職場への連絡"), ("conductor", "実施者・医師の氏名"), ("account_id", "記録者")] },
    ExportRow { kind: ExportKind::AuditEvents, name: "audit_events", japanese: "監査記録", kept: &[],
        source: "健康情報等の取扱いの記録（健康情報取扱指針）。本サービスでの保存は400日", of_people: true, dated: true, health: false,
        columns: &[("id", "ID"), ("at", "日時"), ("action", "操作"), ("outcome", "結果"), ("reason", "理由"), ("actor", "実行者の種類"), ("account_id", "アカウントID"),
            ("client_id", "APIクライアントID"), ("roles", "ロール"), ("permission", "権限"), ("purpose", "利用目的"), ("subjects", "対象"),
            ("address", "IPアドレス"), ("explanation", "説明"), ("request_id", "リクエストID")] },
];

impl ExportKind {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static ExportRow {
        // The rows stand in the order of the enum, which a test holds.
        &EXPORTS[self as usize]
    }

    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        EXPORTS.iter().map(|row| row.kind)
    }
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// CSV in UTF-8 with a byte order mark, by which Excel in Japan knows it.
    CsvUtf8,
    /// CSV in `Shift_JIS`. What it cannot write becomes `〓`.
    CsvShiftJis,
    /// A JSON object per line, as it was: for evidence, which nothing may be done to.
    JsonLines,
    /// A workbook (Excel).
    Xlsx,
}

/// What stands for a character that `Shift_JIS` does not have: 〓 (geta).
const GETA: &[u8] = &[0x81, 0xac];
const BOM: &str = "\u{feff}";

impl ExportFormat {
    /// How a file of it is called at the end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::CsvUtf8 | Self::CsvShiftJis => "csv",
            Self::JsonLines => "jsonl",
            Self::Xlsx => "xlsx",
        }
    }
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetColumn {
    /// Its name for programs.
    pub name: Cow<'static, str>,
    /// What people read.
    pub japanese: Cow<'static, str>,
    /// Its cells are numbers where they can be.
    pub numeric: bool,
}

impl From<&Column> for SheetColumn {
    fn from((name, japanese): &Column) -> Self {
        Self { name: Cow::Borrowed(name), japanese: Cow::Borrowed(japanese), numeric: false }
    }
}

/// A file that is being written, line by line.
#[derive(Debug)]
pub struct Sheet {
    format: ExportFormat,
    columns: Vec<SheetColumn>,
    bytes: Vec<u8>,
    rows: u64,
    replaced: u64,
}

/// A file that could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("a workbook could not be zipped")]
pub struct NoWorkbook;

impl Sheet {
    /// A file of a kind with its first line.
    #[must_use]
    pub fn new(format: ExportFormat, kind: ExportKind) -> Self {
        Self::of(format, kind.row().columns.iter().map(SheetColumn::from).collect())
    }

    /// A file of these columns with its first line.
    #[must_use]
    pub fn of(format: ExportFormat, columns: Vec<SheetColumn>) -> Self {
        let mut sheet = Self { format, columns: Vec::new(), bytes: Vec::new(), rows: 0, replaced: 0 };
        let heading = columns.iter().map(|column| (column.japanese.as_ref(), false));
        let mut text = if format == ExportFormat::CsvUtf8 { BOM.to_owned() } else { String::new() };
        match format {
            ExportFormat::CsvUtf8 | ExportFormat::CsvShiftJis => typed_line(&mut text, heading),
            ExportFormat::Xlsx => workbook::row(&mut text, heading),
            ExportFormat::JsonLines => {}
        }
        sheet.push(&text);
        Self { columns, ..sheet }
    }

    /// Adds a line; `cells` in the order of the columns.
    pub fn row(&mut self, cells: &[Cow<'_, str>]) {
        let mut text = String::new();
        let typed = self.columns.iter().zip(cells).map(|(column, cell)| {
            let cell: &str = cell.as_ref();
            (cell, column.numeric && is_number(cell))
        });
        match self.format {
            ExportFormat::CsvUtf8 | ExportFormat::CsvShiftJis => typed_line(&mut text, typed),
            ExportFormat::Xlsx => workbook::row(&mut text, typed),
            ExportFormat::JsonLines => {
                // A text is always JSON.
                let pair = |(column, cell): (&SheetColumn, &Cow<'_, str>)| {
                    format!("\"{}\":{}", column.name, serde_json::Value::from(cell.as_ref()))
                };
                let pairs: Vec<String> = self.columns.iter().zip(cells).map(pair).collect();
                text.push('{');
                text.push_str(&pairs.join(","));
                text.push_str("}\n");
            }
        }
        self.push(&text);
        self.rows += 1;
    }

    fn push(&mut self, text: &str) {
        if self.format == ExportFormat::CsvShiftJis {
            let (bytes, replaced) = shift_jis(text);
            self.bytes.extend(bytes);
            self.replaced += replaced;
        } else {
            self.bytes.extend(text.as_bytes());
        }
    }

    /// How many lines there are, without the first one.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many characters `Shift_JIS` could not write: each is marked by 〓 in the file.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// How large it is so far; a workbook before it is zipped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The file.
    pub fn into_bytes(self) -> Result<Vec<u8>, NoWorkbook> {
        match self.format {
            ExportFormat::Xlsx => workbook::workbook(&self.bytes).map_err(|_| NoWorkbook),
            _ => Ok(self.bytes),
        }
    }
}

/// Whether a cell is a plain number: digits, one point at most, and a sign before them.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
}

/// What `Shift_JIS` (Windows-31J) does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a character that Shift_JIS does not have")]
pub struct NotInShiftJis(pub char);

/// The text in `Shift_JIS` as Windows has it, with the wave dash and its kin on Windows' side; or the first character that it does not have.
pub fn to_shift_jis(text: &str) -> Result<Vec<u8>, NotInShiftJis> {
    let text = to_windows_31j_side(text);
    let (bytes, _, some_unknown) = encoding_rs::SHIFT_JIS.encode(&text);
    if !some_unknown {
        return Ok(bytes.into_owned());
    }
    let unknown = |c: &char| encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut [0; 4])).2;
    Err(NotInShiftJis(text.chars().find(unknown).unwrap_or(char::REPLACEMENT_CHARACTER)))
}

/// The text in `Shift_JIS`, and how many characters it could not write.
fn shift_jis(text: &str) -> (Vec<u8>, u64) {
    let text = to_windows_31j_side(text);
    let (bytes, _, some_unknown) = encoding_rs::SHIFT_JIS.encode(&text);
    if !some_unknown {
        return (bytes.into_owned(), 0);
    }
    let (mut bytes, mut replaced) = (Vec::with_capacity(text.len()), 0);
    for c in text.chars() {
        let mut letter = [0; 4];
        let (encoded, _, unknown) = encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut letter));
        bytes.extend_from_slice(if unknown { GETA } else { &encoded });
        replaced += u64::from(unknown);
    }
    (bytes, replaced)
}

/// Adds a line of CSV: every cell quoted, and what a spreadsheet would take for a formula made text, for some of what is in a file was typed by somebody.
pub fn csv_line<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    typed_line(text, cells.into_iter().map(|cell| (cell, false)));
}

/// The same, where some cells are numbers and stay so (domain.md 9.1).
fn typed_line<'a>(text: &mut String, cells: impl IntoIterator<Item = (&'a str, bool)>) {
    for (index, (cell, number)) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('"');
        if !number && cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(format: ExportFormat, name: &str) -> Vec<u8> {
        let mut sheet = Sheet::new(format, ExportKind::Labels);
        sheet.row(&["lab_1".into(), name.into()]);
        assert_eq!(sheet.rows(), 1);
        assert_eq!(sheet.replaced(), u64::from(format == ExportFormat::CsvShiftJis && name.contains('𠮷')));
        sheet.into_bytes().unwrap()
    }

    #[test]
    fn r17_rows_stand_in_the_order_of_the_kinds_and_say_what_the_law_keeps() {
        for (index, row) in EXPORTS.iter().enumerate() {
            assert_eq!(row.kind as usize, index);
            assert!(row.kind.row().name == row.name && !row.source.is_empty());
            assert_eq!(serde_json::to_string(&row.kind).unwrap(), format!("\"{}\"", row.name));
        }
        let kept: Vec<RecordKind> = EXPORTS.iter().flat_map(|row| row.kept).copied().collect();
        for kind in RecordKind::kept().filter(|kind| kind.is_by_law()) {
            assert!(kept.contains(&kind), "{kind:?} is kept by law, and no export has it");
        }
    }

    #[test]
    fn r27_a_line_is_one_line_in_every_format_and_no_formula_in_a_spreadsheet() {
        let utf8 = String::from_utf8(labels(ExportFormat::CsvUtf8, "=SUM(A1)")).unwrap();
        assert_eq!(utf8, "\u{feff}\"ラベルID\",\"ラベル名\"\r\n\"lab_1\",\"'=SUM(A1)\"\r\n");
        let json = String::from_utf8(labels(ExportFormat::JsonLines, "=A1\n\"x\"")).unwrap();
        assert_eq!(json, "{\"id\":\"lab_1\",\"name\":\"=A1\\n\\\"x\\\"\"}\n", "evidence is as it was");
    }

    #[test]
    fn what_shift_jis_does_not_have_is_told() {
        assert_eq!(to_shift_jis("髙﨑①～").unwrap(), encoding_rs::SHIFT_JIS.encode("髙﨑①～").0.into_owned());
        assert_eq!(to_shift_jis("〜−").unwrap(), to_shift_jis("～－").unwrap(), "domain.md 9.1");
        assert_eq!(to_shift_jis("髙𠮷田"), Err(NotInShiftJis('𠮷')));
    }

    #[test]
    fn what_shift_jis_cannot_write_is_marked_and_the_rest_stays() {
        let bytes = labels(ExportFormat::CsvShiftJis, "髙橋𠮷田①");
        let (text, _, bad) = encoding_rs::SHIFT_JIS.decode(&bytes);
        assert!(!bad && text.contains("\"髙橋〓田①\""), "{text}");
        let bytes = labels(ExportFormat::CsvShiftJis, "1〜2−3");
        let (text, _, _) = encoding_rs::SHIFT_JIS.decode(&bytes);
        assert!(text.contains("1～2－3"), "domain.md 9.1: {text}");
    }

    #[test]
    fn domain_9_1_numbers_stay_numbers_and_texts_are_no_formulas() {
        let column = |name: &'static str, numeric| SheetColumn { name: name.into(), japanese: name.into(), numeric };
        let columns = || vec![column("a", true), column("b", false)];
        let mut csv = Sheet::of(ExportFormat::CsvUtf8, columns());
        for cells in [["-10", "-10"], ["<5", "+1"], ["-", ""], ["1.2.3", "120.5"]] {
            csv.row(&cells.map(Cow::Borrowed));
        }
        let text = String::from_utf8(csv.into_bytes().unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines, [r#""-10","'-10""#, r#""<5","'+1""#, r#""'-","""#, r#""1.2.3","120.5""#]);
        let mut sheet = Sheet::of(ExportFormat::Xlsx, columns());
        sheet.row(&["120.5", "=1+1<&\u{1}"].map(Cow::Borrowed));
        let rows = String::from_utf8(sheet.bytes.clone()).unwrap();
        assert!(rows.contains("<c><v>120.5</v></c>") && rows.contains(">=1+1&lt;&amp;</t>"), "{rows}");
        assert!(sheet.into_bytes().unwrap().starts_with(b"PK"));
    }
}
