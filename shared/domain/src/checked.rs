//! Text that has been checked once and cannot be wrong afterwards: employee numbers, names, codes, addresses. One type
//! does the work, [`Checked`]; what a kind of text may look like is its [`Rule`]. Personal kinds never show themselves
//! in debug output, so that they cannot reach a log by accident.

use std::{borrow::Cow, fmt, hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The text was refused. Neither `code` nor `detail` ever holds what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// Stable, for programs: `employee_number_invalid`.
    pub code: &'static str,
    /// Japanese, for people: what to do.
    pub detail: &'static str,
}

/// What one kind of text may look like.
pub trait Rule: 'static {
    /// The type's name, for debug output.
    const NAME: &'static str;
    /// The code of its refusal.
    const CODE: &'static str;
    /// The Japanese sentence of its refusal.
    const DETAIL: &'static str;
    /// Whether debug output must not show it.
    const PERSONAL: bool;

    /// The normalised text, or `None` when it is refused.
    fn normalise(text: &str) -> Option<Cow<'_, str>>;
}

/// Text that obeys `R`, in its normal form.
pub struct Checked<R> {
    text: Box<str>,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> Checked<R> {
    /// The refusal of this kind of text.
    pub const REFUSED: Refused = Refused { code: R::CODE, detail: R::DETAIL };

    /// Normalises and checks `text`.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let text = R::normalise(text).ok_or(Self::REFUSED)?;
        Ok(Self { text: text.into(), rule: PhantomData })
    }

    /// The text in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<R> Clone for Checked<R> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), rule: PhantomData }
    }
}
impl<R> PartialEq for Checked<R> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl<R> Eq for Checked<R> {}
impl<R> PartialOrd for Checked<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<R> Ord for Checked<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}
impl<R> hash::Hash for Checked<R> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
impl<R> fmt::Display for Checked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
impl<R: Rule> fmt::Debug for Checked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if R::PERSONAL { write!(f, "{}(…)", R::NAME) } else { write!(f, "{}({:?})", R::NAME, self.text) }
    }
}
impl<R: Rule> FromStr for Checked<R> {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::parse(text)
    }
}
impl<R> Serialize for Checked<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
impl<'de, R: Rule> Deserialize<'de> for Checked<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// A SHA-256 in 64 hexadecimal digits, in lower case. Otherwise `None`.
pub(crate) fn sha256(text: &str) -> Option<Cow<'_, str>> {
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| Cow::Owned(text.to_ascii_lowercase()))
}

/// A single line of 1 to `longest` characters: trimmed, half-width kana widened, no control characters. Otherwise `None`.
#[must_use]
pub fn line(text: &str, longest: usize) -> Option<Cow<'_, str>> {
    let text = match crate::text::widen_kana(text) {
        Cow::Borrowed(text) => Cow::Borrowed(crate::text::trim(text)),
        Cow::Owned(text) => Cow::Owned(crate::text::trim(&text).to_owned()),
    };
    // Unicode's own line and paragraph separators are none of the controls.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let fits = !text.is_empty() && text.chars().count() <= longest && !text.chars().any(breaks);
    fits.then_some(text)
}
