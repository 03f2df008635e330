//! One template, two parts of a mail: its text as it stands, and the same as HTML. What a template says and what fills its gaps are escaped on the way into HTML, by the
//! only code that makes any; nobody's text can become markup.

use std::borrow::Cow;

const LAYOUT: &str = include_str!("../mails/layout.html");
/// What begins a line of facts in a template; HTML would swallow it.
const INDENT: &str = "  ";

/// What fills a gap of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text, of one line or more.
    Text(String),
    /// An address to open.
    Link(String),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Gaps by name.
pub(crate) type Values = Vec<(&'static str, Value)>;

/// The part of a mail that a template is filled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// `text/plain`.
    Text,
    /// `text/html`.
    Html,
}

impl Medium {
    fn literal(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Text => Cow::Borrowed(text),
            Self::Html => Cow::Owned(escaped(text)),
        }
    }

    fn value(self, value: &Value) -> Cow<'_, str> {
        match (self, value) {
            (Self::Text, Value::Text(text) | Value::Link(text)) => Cow::Borrowed(text),
            (Self::Html, Value::Text(text)) => Cow::Owned(lines(text)),
            (Self::Html, Value::Link(link)) => {
                let link = escaped(link);
                Cow::Owned(format!("<a href=\"{link}\">{link}</a>"))
            }
        }
    }

    /// Fills the gaps of a template, once: what a value holds is never read as a gap.
    pub(crate) fn filled(self, template: &str, values: &[(&'static str, Value)]) -> String {
        let mut parts = template.split('{');
        let mut text = self.literal(parts.next().unwrap_or_default()).into_owned();
        for part in parts {
            let gap = part.split_once('}').and_then(|(name, rest)| {
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some((value, rest))
            });
            match gap {
                Some((value, rest)) => text.extend([self.value(value), self.literal(rest)]),
                None => text.extend([Cow::Borrowed("{"), self.literal(part)]),
            }
        }
        text
    }
}

/// The HTML part: a paragraph for each block of the template, and a break at the end of each of its lines.
pub(crate) fn html(subject: &str, template: &str, values: &[(&'static str, Value)]) -> String {
    let line = |line: &str| match line.strip_prefix(INDENT) {
        Some(facts) => format!("\u{2003}{}", Medium::Html.filled(facts, values)),
        None => Medium::Html.filled(line, values),
    };
    let paragraph = |block: &str| {
        let lines: Vec<_> = block.trim_matches('\n').lines().map(line).collect();
        format!("<p>{}</p>", lines.join("<br>\n"))
    };
    let blocks = template.split("\n\n").filter(|block| !block.trim().is_empty());
    let body = blocks.map(paragraph).collect::<Vec<_>>().join("\n");
    // Both are HTML already. The body's gap comes last: filled first, it leaves the subject's where it stands, whatever is in it.
    LAYOUT.replacen("{body}", &body, 1).replacen("{subject}", &escaped(subject), 1)
}

fn lines(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix(INDENT) {
        Some(facts) => format!("\u{2003}{}", escaped(facts)),
        None => escaped(line),
    };
    text.lines().map(line).collect::<Vec<_>>().join("<br>\n")
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_is_a_paragraph_and_a_link_can_be_opened() {
        let values =
            [("at", Value::Text("9時".to_owned())), ("link", Value::Link("https://k.example/a#b&c".to_owned()))];
        let page = html("件名", "一行目\n二行目\n\n  日時　{at}\n\n{link}\n", &values);
        assert!(page.contains("<p>一行目<br>\n二行目</p>\n<p>\u{2003}日時　9時</p>"), "{page}");
        assert!(
            page.contains("<p><a href=\"https://k.example/a#b&amp;c\">https://k.example/a#b&amp;c</a></p>"),
            "{page}"
        );
    }

    proptest! {
        #[test]
        fn r30_nobodys_text_becomes_markup(text in "[<>&\"'{}a-z\n ]{0,40}", subject in "[<>&\"'{}a-z ]{0,20}") {
            let tags = |page: &str| page.matches('<').count() - page.matches("<br>").count();
            let page = html(&subject, "前\n{text}\n\n後", &[("text", Value::Text(text.clone()))]);
            let plain = html("", "前\n{text}\n\n後", &[("text", Value::Text(String::new()))]);
            prop_assert_eq!(tags(&page), tags(&plain));
            prop_assert_eq!(Medium::Text.filled("{text}", &[("text", Value::Text(text.clone()))]), text);
        }
    }
}
