//! How easily a password is guessed, as advice and nothing more: what may be set is decided by [`super::password`] alone. The estimate is
//! zxcvbn's, its advice in Japanese.

use zxcvbn::feedback::{Suggestion, Warning};

/// An estimate, with advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// 0 (guessed at once) to 4 (very hard to guess).
    pub score: u8,
    /// What would make it better; nothing where it is good.
    pub advice: Vec<&'static str>,
}

impl Strength {
    /// Estimates a password.
    #[must_use]
    pub fn of(password: &str) -> Self {
        let entropy = zxcvbn::zxcvbn(password, &[]);
        let feedback = entropy.feedback();
        let warning = feedback.and_then(zxcvbn::feedback::Feedback::warning).map(warning);
        let suggestions = feedback.map(zxcvbn::feedback::Feedback::suggestions).unwrap_or_default();
        let mut advice: Vec<_> = warning.into_iter().chain(suggestions.iter().copied().map(suggestion)).collect();
        advice.dedup();
        Self { score: u8::from(entropy.score()), advice }
    }
}

const fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => {
            "キーボードの並びは推測されやすくなります。"
        }
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "同じ文字や並びの繰り返しは推測されやすくなります。"
        }
        Warning::SequencesLikeAbcAreEasyToGuess => "連続した文字や数字は推測されやすくなります。",
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => "年や日付は推測されやすくなります。",
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => "よく使われるパスワードに似ています。",
        Warning::AWordByItselfIsEasyToGuess => "単語1つだけでは推測されやすくなります。",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            "人の名前は推測されやすくなります。"
        }
    }
}

const fn suggestion(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases => {
            "関連のない単語をいくつか組み合わせ、よくある言い回しは避けてください。"
        }
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters | Suggestion::AddAnotherWordOrTwo => {
            "単語を1つ2つ足すと、さらに推測されにくくなります。"
        }
        Suggestion::CapitalizationDoesntHelpVeryMuch | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => {
            "大文字に変えるだけでは、あまり推測されにくくなりません。"
        }
        Suggestion::ReversedWordsArentMuchHarderToGuess => "単語を逆に並べても、あまり推測されにくくなりません。",
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => {
            "a を @ に変えるようなよくある置き換えでは、あまり推測されにくくなりません。"
        }
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => "キーボードの並びを使わないでください。",
        Suggestion::AvoidRepeatedWordsAndCharacters => "同じ単語や文字の繰り返しを避けてください。",
        Suggestion::AvoidSequences => "連続した文字や数字を避けてください。",
        Suggestion::AvoidRecentYears
        | Suggestion::AvoidYearsThatAreAssociatedWithYou
        | Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "ご自身に関わる年や日付を避けてください。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_password_is_told_why_and_a_strong_one_nothing() {
        let weak = Strength::of("Qwerty-2026");
        assert!(weak.score < 3 && !weak.advice.is_empty(), "{weak:?}");
        assert!(weak.advice.iter().all(|advice| advice.ends_with('。')));
        assert_eq!(Strength::of("Kaze-to-Tsuki-no-Hazama-83"), Strength { score: 4, advice: Vec::new() });
    }
}
