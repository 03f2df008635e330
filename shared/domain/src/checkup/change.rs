//! Why a checkup that is kept came to say something else (訂正と履歴). Nothing is overwritten without trace: each version says who wrote it, when, and one of these reasons.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use crate::checked::{Checked, Rule, line};

/// How a version of a checkup came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeReason {
    /// A file brought it (取込).
    #[default]
    Import,
    /// Somebody entered it (登録).
    Entry,
    /// Somebody corrected it (訂正).
    Correction,
    /// Somebody declared it void (無効).
    Void,
    /// An import was undone (取込の取消).
    Undo,
    /// It was judged anew by other criteria (再判定).
    Rejudge,
}

impl ChangeReason {
    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Entry => "entry",
            Self::Correction => "correction",
            Self::Void => "void",
            Self::Undo => "undo",
            Self::Rejudge => "rejudge",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Import => "取込",
            Self::Entry => "登録",
            Self::Correction => "訂正",
            Self::Void => "無効",
            Self::Undo => "取込の取消",
            Self::Rejudge => "再判定",
        }
    }
}

/// What somebody gives as the cause of a correction, or of declaring a checkup void. A code, for it is kept in the clear: it tells nothing about anybody's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Copied wrongly (転記の誤り).
    Transcription,
    /// The clinic has reported something else since (医療機関による訂正).
    ClinicRevised,
    /// Results came later (結果の追加).
    Supplement,
    /// Another person's results (別人の結果).
    WrongPerson,
    /// The same checkup stands there twice (二重の登録).
    Duplicate,
    /// There was no such checkup (受診していない).
    NotExamined,
    /// Something else; a note says what (その他).
    Other,
}

/// A row of the table of causes.
#[derive(Debug)]
pub struct CauseRow {
    /// The cause.
    pub cause: Cause,
    /// Its code.
    pub code: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// A correction may name it.
    pub corrects: bool,
    /// Declaring void may name it.
    pub voids: bool,
}

/// The causes.
#[rustfmt::skip]
pub const CAUSES: &[CauseRow] = &[
    CauseRow { cause: Cause::Transcription, code: "transcription",  japanese: "転記の誤り",           corrects: true,  voids: true },
    CauseRow { cause: Cause::ClinicRevised, code: "clinic_revised", japanese: "医療機関による訂正",   corrects: true,  voids: true },
    CauseRow { cause: Cause::Supplement,    code: "supplement",     japanese: "結果の追加",           corrects: true,  voids: false },
    CauseRow { cause: Cause::WrongPerson,   code: "wrong_person",   japanese: "別の従業員の結果",     corrects: true,  voids: true },
    CauseRow { cause: Cause::Duplicate,     code: "duplicate",      japanese: "二重の登録",           corrects: false, voids: true },
    CauseRow { cause: Cause::NotExamined,   code: "not_examined",   japanese: "受診していない",       corrects: false, voids: true },
    CauseRow { cause: Cause::Other,         code: "other",          japanese: "その他",               corrects: true,  voids: true },
];

impl Cause {
    /// The cause with this code.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<serde::de::value::Error>::new(code)).ok()
    }

    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static CauseRow {
        // The rows stand in the order of the enum, which a test holds.
        &CAUSES[self as usize]
    }
}

/// Rule of [`Note`].
#[derive(Debug)]
pub enum NoteRule {}
impl Rule for NoteRule {
    const NAME: &'static str = "Note";
    const CODE: &'static str = "note_invalid";
    const DETAIL: &'static str = "説明は、改行を含まない200文字以内で入力してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 200)
    }
}
/// What somebody adds to the cause in their own words: sealed, for it may speak of a person.
pub type Note = Checked<NoteRule>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_row_in_its_place_and_reads_back() {
        for (index, row) in CAUSES.iter().enumerate() {
            assert_eq!(row.cause as usize, index, "{} stands in the wrong place", row.code);
            assert_eq!(Cause::named(row.code), Some(row.cause));
            assert!(row.corrects || row.voids, "{} is good for nothing", row.code);
        }
        assert_eq!(Cause::named("typo"), None);
    }

    #[test]
    fn r13_a_note_does_not_show_itself() {
        assert_eq!(format!("{:?}", Note::parse("渡辺さんの結果でした").unwrap()), "Note(…)");
    }
}
