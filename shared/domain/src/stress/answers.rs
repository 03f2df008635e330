//! What somebody answered: all of it, or as far as they came.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::questionnaire::{COUNT, Questionnaire};

/// One answer: 1 to 4, from left to right as they are printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Choice(u8);

/// Not one of the answers that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("回答は1〜4で入力してください。")]
pub struct NoChoice;

impl Choice {
    /// The answer of a code.
    pub const fn of(code: u8) -> Result<Self, NoChoice> {
        if matches!(code, 1..=4) { Ok(Self(code)) } else { Err(NoChoice) }
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Choice {
    type Error = NoChoice;

    fn try_from(code: u8) -> Result<Self, NoChoice> {
        Self::of(code)
    }
}

impl From<Choice> for u8 {
    fn from(choice: Choice) -> Self {
        choice.0
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choice(…)")
    }
}

/// The questionnaire has no such item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("この調査票にない設問番号です。")]
pub struct NoItem;

/// The text is no set of answers to any questionnaire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a set of answers")]
pub struct NotAnswers;

/// A set of answers to a questionnaire, complete or not. Debug output never shows them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    questionnaire: Questionnaire,
    /// By number - 1; 0 where there is no answer.
    codes: [u8; COUNT],
}

/// What stands in the compact form for an item without an answer.
const OPEN: char = '-';

impl Answers {
    /// Nothing answered yet.
    #[must_use]
    pub const fn none(questionnaire: Questionnaire) -> Self {
        Self { questionnaire, codes: [0; COUNT] }
    }

    /// Which questionnaire they answer.
    #[must_use]
    pub const fn questionnaire(&self) -> Questionnaire {
        self.questionnaire
    }

    /// Answers an item, or takes its answer back.
    pub fn set(&mut self, number: u8, choice: Option<Choice>) -> Result<(), NoItem> {
        if !self.questionnaire.has(number) {
            return Err(NoItem);
        }
        let code = self.codes.get_mut(usize::from(number).wrapping_sub(1)).ok_or(NoItem)?;
        *code = choice.map_or(0, Choice::code);
        Ok(())
    }

    /// The answer to an item.
    #[must_use]
    pub fn get(&self, number: u8) -> Option<Choice> {
        Choice::of(self.code(number)).ok()
    }

    /// The code of an answer; 0 where there is none.
    pub(crate) fn code(&self, number: u8) -> u8 {
        self.codes.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or(0)
    }

    /// The items that are not answered, in order.
    pub fn open(&self) -> impl Iterator<Item = u8> {
        self.questionnaire.numbers().iter().copied().filter(|number| self.code(*number) == 0)
    }

    /// Whether every item is answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.open().next().is_none()
    }

    /// One character per item in the questionnaire's order: the code, or `-`. Its length tells the questionnaire.
    #[must_use]
    pub fn compact(&self) -> String {
        let sign = |number: &u8| self.get(*number).map_or(OPEN, |choice| char::from(b'0' + choice.code()));
        self.questionnaire.numbers().iter().map(sign).collect()
    }

    /// Reads [`Answers::compact`].
    pub fn from_compact(text: &str) -> Result<Self, NotAnswers> {
        let questionnaire =
            Questionnaire::ALL.into_iter().find(|of| of.numbers().len() == text.len()).ok_or(NotAnswers)?;
        let mut answers = Self::none(questionnaire);
        for (number, sign) in questionnaire.numbers().iter().zip(text.bytes()) {
            let code = match sign {
                b'1'..=b'4' => sign - b'0',
                b'-' => 0,
                _ => return Err(NotAnswers),
            };
            *answers.codes.get_mut(usize::from(*number) - 1).ok_or(NotAnswers)? = code;
        }
        Ok(answers)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers({:?}, {} open)", self.questionnaire, self.open().count())
    }
}

impl Serialize for Answers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.compact())
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_compact(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r35_an_answer_is_one_of_four_and_belongs_to_an_item() {
        assert!([0, 5, 255].map(Choice::of).iter().all(Result::is_err));
        let mut answers = Answers::none(Questionnaire::Short);
        assert_eq!(answers.set(4, Choice::of(1).ok()), Err(NoItem), "the short form does not ask that");
        assert_eq!(answers.set(33, Choice::of(2).ok()), Ok(()));
        assert_eq!(answers.get(33), Choice::of(2).ok());
        assert_eq!(answers.open().count(), 22);
        assert_eq!(answers.set(33, None), Ok(()));
        assert_eq!(answers, Answers::none(Questionnaire::Short), "taken back");
        for text in ["", "1", "5", &"1".repeat(56), &"0".repeat(57), &"１".repeat(19)] {
            assert_eq!(Answers::from_compact(text), Err(NotAnswers), "{text}");
        }
    }

    #[test]
    fn r13_debug_output_shows_no_answers() {
        let answers = Answers::from_compact(&"3".repeat(57)).unwrap();
        assert_eq!(format!("{answers:?} {:?}", answers.get(1)), "Answers(Standard, 0 open) Some(Choice(…))");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in "[1-4-]{23}|[1-4-]{57}|[1-4-]{80}") {
            let answers = Answers::from_compact(&text).unwrap();
            prop_assert_eq!(answers.compact(), text.clone());
            prop_assert_eq!(answers.is_complete(), !text.contains('-'));
            let json = serde_json::to_string(&answers).unwrap();
            prop_assert_eq!(serde_json::from_str::<Answers>(&json).unwrap(), answers);
        }
    }
}
