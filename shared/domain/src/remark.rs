//! What people write about somebody in their own words (所見・意見・指示など): several lines, sealed wherever it is kept.

use std::borrow::Cow;

use crate::{
    checked::{Checked, Rule},
    text::trim,
};

/// The most characters of a remark.
const LONGEST: usize = 2_000;

/// Rule of [`Remark`].
#[derive(Debug)]
pub enum RemarkRule {}
impl Rule for RemarkRule {
    const NAME: &'static str = "Remark";
    const CODE: &'static str = "remark_invalid";
    const DETAIL: &'static str = "1～2,000文字で入力してください（改行以外の制御文字は使えません）。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = trim(&lines);
        let is_whole = text.chars().all(|sign| sign == '\n' || !sign.is_control());
        let fits = !text.is_empty() && text.chars().count() <= LONGEST && is_whole;
        fits.then(|| Cow::Owned(text.to_owned()))
    }
}
/// Words about somebody: 1 to 2,000 characters, line breaks kept. Debug output does not show them.
pub type Remark = Checked<RemarkRule>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_and_nothing_else_that_does_not_show() {
        assert_eq!(
            Remark::parse(" 残業は月20時間まで。\r\n夜勤は不可。 ").unwrap().as_str(),
            "残業は月20時間まで。\n夜勤は不可。"
        );
        for text in ["", " \r\n ", "a\u{0}b", "タブ\tは列"] {
            assert!(Remark::parse(text).is_err(), "{text:?}");
        }
        assert!(Remark::parse(&"あ".repeat(LONGEST)).is_ok() && Remark::parse(&"あ".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn r13_debug_output_shows_no_words() {
        assert_eq!(format!("{:?}", Remark::parse("血圧が高い").unwrap()), "Remark(…)");
    }
}
