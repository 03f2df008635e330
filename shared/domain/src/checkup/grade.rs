//! Letters of judgement. Ours run from A to D; 治療中 (E) is a flag beside them, not a fifth letter (判定区分,
//! 日本人間ドック・予防医療学会). A clinic's own letters are kept as they came.

use serde::{Deserialize, Serialize};

use crate::employee::word_of;

/// A letter of judgement (判定区分), the better one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// 異常なし.
    A,
    /// 軽度異常.
    B,
    /// 要再検査・生活改善.
    C,
    /// 要精密検査・治療.
    D,
}

impl Grade {
    /// All letters, the best first.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The letter.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::A => "異常なし",
            Self::B => "軽度異常",
            Self::C => "要再検査・生活改善",
            Self::D => "要精密検査・治療",
        }
    }

    pub(crate) fn from_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.letter() == letter)
    }
}

/// A clinic's judgement of an item or of the whole (医療機関の判定), never discarded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClinicGrade {
    /// One of our letters.
    Graded(Grade),
    /// Under treatment (治療中).
    Treated,
    /// The clinic's own word, which the mapping does not know.
    Other(Box<str>),
}

/// Clinics' words. Letters as they are; 要経過観察, 要再検査 → C; 要精密, 要医療, 要治療 → D; 治療中 → E (domain.md 2.4-7).
const WORDS: &[(&str, ClinicWord)] = &[
    ("A", ClinicWord::Graded(Grade::A)),
    ("B", ClinicWord::Graded(Grade::B)),
    ("C", ClinicWord::Graded(Grade::C)),
    ("C1", ClinicWord::Graded(Grade::C)),
    ("C2", ClinicWord::Graded(Grade::C)),
    ("D", ClinicWord::Graded(Grade::D)),
    ("D1", ClinicWord::Graded(Grade::D)),
    ("D2", ClinicWord::Graded(Grade::D)),
    ("E", ClinicWord::Treated),
    ("異常なし", ClinicWord::Graded(Grade::A)),
    ("軽度異常", ClinicWord::Graded(Grade::B)),
    ("要経過観察", ClinicWord::Graded(Grade::C)),
    ("経過観察", ClinicWord::Graded(Grade::C)),
    ("要再検査", ClinicWord::Graded(Grade::C)),
    ("要再検", ClinicWord::Graded(Grade::C)),
    ("生活改善", ClinicWord::Graded(Grade::C)),
    ("要精密検査", ClinicWord::Graded(Grade::D)),
    ("要精密", ClinicWord::Graded(Grade::D)),
    ("要精検", ClinicWord::Graded(Grade::D)),
    ("要医療", ClinicWord::Graded(Grade::D)),
    ("要治療", ClinicWord::Graded(Grade::D)),
    ("治療中", ClinicWord::Treated),
];

#[derive(Clone, Copy)]
enum ClinicWord {
    Graded(Grade),
    Treated,
}

impl ClinicGrade {
    /// What a clinic wrote; `None` for a blank cell.
    #[must_use]
    pub fn read(cell: &str) -> Option<Self> {
        let word = crate::text::trim(cell);
        if word.is_empty() {
            return None;
        }
        Some(match word_of(WORDS, word) {
            Some(ClinicWord::Graded(grade)) => Self::Graded(grade),
            Some(ClinicWord::Treated) => Self::Treated,
            None => Self::Other(word.chars().filter(|c| !c.is_control()).take(40).collect()),
        })
    }

    /// The letter, or the clinic's own word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Graded(grade) => grade.letter(),
            Self::Treated => "E",
            Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clinics_words_are_mapped_and_unknown_ones_kept() {
        assert_eq!(ClinicGrade::read("Ｃ２"), Some(ClinicGrade::Graded(Grade::C)));
        assert_eq!(ClinicGrade::read("要精密検査"), Some(ClinicGrade::Graded(Grade::D)));
        assert_eq!(ClinicGrade::read("治療中"), Some(ClinicGrade::Treated));
        assert_eq!(ClinicGrade::read("G"), Some(ClinicGrade::Other("G".into())));
        assert_eq!(ClinicGrade::read(" "), None);
        for word in ["A", "E", "G2"] {
            assert_eq!(ClinicGrade::read(word).unwrap().as_str(), word, "reads back");
        }
    }
}
