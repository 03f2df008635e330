//! What the provider writes to customers: announcements (お知らせ, R-28) and messages about incidents. Both leave by mail, so that neither may say what no mail
//! may say (domain reference 11.2).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    checked::{Checked, Rule, line},
    text::trim,
};

/// Words that stand in no mail, whoever writes it: they would tell of somebody's health.
const FORBIDDEN: [&str; 2] = ["高ストレス", "要精密検査"];
/// How long a text is at most.
const LONGEST: usize = 8_000;

fn may_be_mailed(text: &str) -> bool {
    // Written with a space between, they say the same.
    let joined: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    !FORBIDDEN.iter().any(|word| joined.contains(word))
}

/// Rule of [`NoticeTitle`].
#[derive(Debug)]
pub enum NoticeTitleRule {}
impl Rule for NoticeTitleRule {
    const NAME: &'static str = "NoticeTitle";
    const CODE: &'static str = "title_invalid";
    const DETAIL: &'static str = "件名は、改行を含まない100文字以内で入力してください。個人の健康状態を示す語（高ストレス、要精密検査）は使えません。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 100).filter(|title| may_be_mailed(title))
    }
}
/// The title of a notice (件名): one line, so that it can be the subject of a mail and nothing else.
pub type NoticeTitle = Checked<NoticeTitleRule>;

/// Rule of [`NoticeText`].
#[derive(Debug)]
pub enum NoticeTextRule {}
impl Rule for NoticeTextRule {
    const NAME: &'static str = "NoticeText";
    const CODE: &'static str = "text_invalid";
    const DETAIL: &'static str =
        "本文は、1～8,000文字で入力してください。個人の健康状態を示す語（高ストレス、要精密検査）は使えません。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = trim(&lines).to_owned();
        let is_whole = text.chars().all(|sign| sign == '\n' || !sign.is_control());
        let fits = !text.is_empty() && text.chars().count() <= LONGEST;
        (fits && is_whole && may_be_mailed(&text)).then_some(Cow::Owned(text))
    }
}
/// The text of a notice (本文): lines without control characters.
pub type NoticeText = Checked<NoticeTextRule>;

/// What an announcement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementKind {
    /// The service is another from some day on (サービスの変更).
    ServiceChange,
    /// The service is away for a while (メンテナンス).
    Maintenance,
    /// Somebody could do what they should not (脆弱性).
    Vulnerability,
    /// Somebody else works with customers' data (委託先の変更, R-40).
    SubProcessorChange,
}

impl AnnouncementKind {
    /// What customers read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::ServiceChange => "サービスの変更",
            Self::Maintenance => "メンテナンス",
            Self::Vulnerability => "脆弱性への対応",
            Self::SubProcessorChange => "委託先（外部サービス）の変更",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r30_a_title_is_one_line_and_a_text_holds_no_control_character() {
        assert_eq!(NoticeTitle::parse(" 定期メンテナンスのお知らせ ").unwrap().as_str(), "定期メンテナンスのお知らせ");
        assert!(NoticeTitle::parse("件名\r\nBcc: x@example.com").is_err());
        assert_eq!(NoticeText::parse("一行目\r\n二行目\n").unwrap().as_str(), "一行目\n二行目");
        assert!(NoticeText::parse("鈴\u{7}").is_err());
        assert!(NoticeText::parse("").is_err() && NoticeText::parse(&"長".repeat(8_001)).is_err());
    }

    #[test]
    fn r30_what_no_mail_may_say_no_notice_says() {
        for text in ["高ストレスの方へ", "高 ス ト レ ス", "結果は要精密検査です"] {
            assert!(NoticeTitle::parse(text).is_err() && NoticeText::parse(text).is_err(), "{text}");
        }
        assert!(NoticeText::parse("ストレスチェックの画面を変更します。").is_ok());
    }
}
