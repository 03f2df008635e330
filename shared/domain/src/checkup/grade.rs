//! Letters of judgement. Ours run from A to D; 治療中 (E) is a flag beside them, not a fifth letter (判定区分,
//! 日本人間ドック・予防医療学会). A clinic's own letters are kept as they came.

use std::borrow::Cow;

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
    /// A word of the clinic's own (`C2`, 要精検) that stands for one of our letters, or for 治療中 where it stands for none.
    Worded(Box<str>, Option<Grade>),
    /// The clinic's own word, which the mapping does not know.
    Other(Box<str>),
}

/// Between what a word stands for and the word, where both are kept: no cell holds it.
const STANDS_FOR: char = '\u{1f}';
/// How long a clinic's word is at most, in characters.
const LONGEST: usize = 40;

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
            Some(ClinicWord::Graded(grade)) => Self::standing_for(word, Some(grade)),
            Some(ClinicWord::Treated) => Self::standing_for(word, None),
            None => Self::Other(kept(word)),
        })
    }

    /// What a clinic wrote, where it is known to stand for a letter, or for 治療中.
    #[must_use]
    pub(crate) fn standing_for(cell: &str, grade: Option<Grade>) -> Self {
        let (word, letter) = (crate::text::trim(cell), grade.map_or("E", Grade::letter));
        if crate::text::narrow(word).eq_ignore_ascii_case(letter) {
            grade.map_or(Self::Treated, Self::Graded)
        } else {
            Self::Worded(kept(word), grade)
        }
    }

    /// Our letter, if it stands for one.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        match self {
            Self::Graded(grade) => Some(*grade),
            Self::Worded(_, grade) => *grade,
            Self::Treated | Self::Other(_) => None,
        }
    }

    /// The letter that it stands for, or the clinic's own word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Graded(grade) | Self::Worded(_, Some(grade)) => grade.letter(),
            Self::Treated | Self::Worded(_, None) => "E",
            Self::Other(word) => word,
        }
    }

    /// What the clinic wrote.
    #[must_use]
    pub fn written(&self) -> &str {
        match self {
            Self::Worded(word, _) => word,
            _ => self.as_str(),
        }
    }

    /// As it is kept: reads back by [`Self::read_kept`].
    #[must_use]
    pub fn kept(&self) -> Cow<'_, str> {
        match self {
            Self::Worded(word, _) => Cow::Owned(format!("{}{STANDS_FOR}{word}", self.as_str())),
            _ => Cow::Borrowed(self.as_str()),
        }
    }

    /// What was kept.
    #[must_use]
    pub fn read_kept(kept: &str) -> Option<Self> {
        match kept.split_once(STANDS_FOR) {
            Some((letter, word)) => Some(Self::Worded(word.into(), Grade::from_letter(letter))),
            None => Self::read(kept),
        }
    }
}

/// A clinic's word, as much of it as is kept.
fn kept(word: &str) -> Box<str> {
    word.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clinics_words_are_mapped_and_unknown_ones_kept() {
        assert_eq!(ClinicGrade::read("Ｃ"), Some(ClinicGrade::Graded(Grade::C)));
        for (cell, letter, grade) in
            [("Ｃ２", "C", Some(Grade::C)), ("要精検", "D", Some(Grade::D)), ("治療中", "E", None)]
        {
            let read = ClinicGrade::read(cell).unwrap();
            assert_eq!((read.as_str(), read.grade(), read.written()), (letter, grade, cell), "both are kept");
            assert_eq!(ClinicGrade::read_kept(&read.kept()), Some(read), "and read back");
        }
        assert_eq!(ClinicGrade::read("G"), Some(ClinicGrade::Other("G".into())));
        assert_eq!(ClinicGrade::read(" "), None);
        for word in ["A", "E", "G2"] {
            assert_eq!(ClinicGrade::read(word).unwrap().as_str(), word, "reads back");
        }
    }
}
