//! What is known about an employee (従業員) as such: number, name, sex, birth date, state and kind of employment, mail
//! address. Names and addresses belong to the name vault (R-13) and never show in debug output.

use std::{borrow::Cow, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    checked::{Checked, Refused, Rule, line},
    text,
    time::age_on,
};

/// Rule of [`EmployeeNumber`].
#[derive(Debug)]
pub enum EmployeeNumberRule {}
impl Rule for EmployeeNumberRule {
    const NAME: &'static str = "EmployeeNumber";
    const CODE: &'static str = "employee_number_invalid";
    const DETAIL: &'static str = "社員番号は、半角の英数字・ハイフン・下線で1〜32文字にしてください。表計算ソフトで「1.2E+10」のように変わっていないか確かめてください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        code_of(text)
    }
}
/// An employee number (社員番号): 1 to 32 of `[0-9A-Za-z_-]`, leading zeros and case kept, unique per tenant (R-33).
pub type EmployeeNumber = Checked<EmployeeNumberRule>;

/// A code of 1 to 32 of `[0-9A-Za-z_-]` in its narrow form: employee numbers, codes of workplaces and departments.
pub(crate) fn code_of(text: &str) -> Option<Cow<'_, str>> {
    let code = text::code(text);
    let fits =
        (1..=32).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    fits.then_some(code)
}

/// Rule of [`PersonName`].
#[derive(Debug)]
pub enum PersonNameRule {}
impl Rule for PersonNameRule {
    const NAME: &'static str = "PersonName";
    const CODE: &'static str = "name_invalid";
    const DETAIL: &'static str = "氏名は、改行を含まない100文字以内で入力してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 100).map(|name| Cow::Owned(spaced(&name)))
    }
}
/// A person's name (氏名) as registered, one full-width space between its parts. Not NFKC-normalised.
pub type PersonName = Checked<PersonNameRule>;

/// Every run of white space as one full-width space.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_whitespace() {
        if !out.is_empty() {
            out.push('\u{3000}');
        }
        out.push_str(part);
    }
    out
}

/// What stands for a character that is not shown.
const HIDDEN: char = '＊';

/// A name as a shared terminal shows it, so that somebody sees that it is not theirs: the first character of the family name and the last one of the given name, where they have more than one;
/// of a name that is one word its first.
#[must_use]
pub fn masked(name: &PersonName) -> String {
    let last = name.as_str().split('\u{3000}').count().saturating_sub(1);
    let mut shown = String::with_capacity(name.as_str().len());
    for (index, part) in name.as_str().split('\u{3000}').enumerate() {
        let characters: Vec<char> = part.chars().filter(|c| !is_variant(*c)).collect();
        let end = characters.len().saturating_sub(1);
        let kept = if index > 0 && index == last { end } else { 0 };
        if index > 0 {
            shown.push('\u{3000}');
        }
        let mask = |(at, c): (usize, &char)| if at == kept && end > 0 { *c } else { HIDDEN };
        shown.extend(characters.iter().enumerate().map(mask));
    }
    shown
}

/// Whether it only says how the character before it is drawn (異体字セレクタ).
const fn is_variant(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Rule of [`Kana`].
#[derive(Debug)]
pub enum KanaRule {}
impl Rule for KanaRule {
    const NAME: &'static str = "Kana";
    const CODE: &'static str = "kana_invalid";
    const DETAIL: &'static str = "フリガナは、カタカナ(長音・中点・空白を含む)100文字以内で入力してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let wide: String = spaced(&line(text, 100)?)
            .chars()
            .map(|c| if c != '・' && text::is_hyphen(c) { 'ー' } else { text::to_katakana(c) })
            .collect();
        let katakana = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー' | '・' | 'ヽ' | 'ヾ' | '\u{3000}');
        wide.chars().all(katakana).then_some(Cow::Owned(wide))
    }
}
/// How a name is read (フリガナ): full-width katakana, one full-width space between its parts.
pub type Kana = Checked<KanaRule>;

/// Rule of [`MailAddress`].
#[derive(Debug)]
pub enum MailAddressRule {}
impl Rule for MailAddressRule {
    const NAME: &'static str = "MailAddress";
    const CODE: &'static str = "mail_address_invalid";
    const DETAIL: &'static str = "メールアドレスの形式を確かめてください(例: taro@example.co.jp、半角254文字以内)。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let address = text::narrow(text);
        let (local, host) = address.rsplit_once('@')?;
        if address.len() > 254 || !is_local_part(local) || !is_host(host) {
            return None;
        }
        if host.bytes().any(|b| b.is_ascii_uppercase()) {
            return Some(Cow::Owned(format!("{local}@{}", host.to_ascii_lowercase())));
        }
        Some(address)
    }
}
/// A mail address (メールアドレス): RFC 5321 without quoting and comments, ASCII, at most 254 characters, the host in
/// lower case. No control character, space or comma can be in it: a mail header made of it cannot be injected (R-30).
pub type MailAddress = Checked<MailAddressRule>;

/// RFC 5321 `Dot-string`.
fn is_local_part(local: &str) -> bool {
    let atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(atext))
}

/// Two or more DNS labels.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.contains('.') && host.split('.').all(label)
}

/// Rule of [`EmploymentType`].
#[derive(Debug)]
pub enum EmploymentTypeRule {}
impl Rule for EmploymentTypeRule {
    const NAME: &'static str = "EmploymentType";
    const CODE: &'static str = "employment_type_invalid";
    const DETAIL: &'static str =
        "雇用形態は、改行を含まない40文字以内で入力してください(例: 正社員、契約社員、パート)。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 40)
    }
}
/// The customer's word for a kind of employment (雇用形態): 正社員, 契約社員, パート, 派遣.
pub type EmploymentType = Checked<EmploymentTypeRule>;

/// Rule of [`JobTitle`].
#[derive(Debug)]
pub enum JobTitleRule {}
impl Rule for JobTitleRule {
    const NAME: &'static str = "JobTitle";
    const CODE: &'static str = "job_title_invalid";
    const DETAIL: &'static str = "役職・職種は、改行を含まない60文字以内で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 60)
    }
}
/// A position (役職) or an occupation (職種), in the customer's words.
pub type JobTitle = Checked<JobTitleRule>;

/// Sex (性別), as tables of judgement ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
    /// その他・無回答.
    Other,
}

/// How files write sex; the first spelling of each is the one that is shown. `1` and `2` as in 特定健診.
const SEX_WORDS: &[(&str, Sex)] = &[
    ("男", Sex::Male),
    ("女", Sex::Female),
    ("その他", Sex::Other),
    ("男性", Sex::Male),
    ("女性", Sex::Female),
    ("1", Sex::Male),
    ("2", Sex::Female),
    ("M", Sex::Male),
    ("F", Sex::Female),
    ("X", Sex::Other),
    ("male", Sex::Male),
    ("female", Sex::Female),
    ("other", Sex::Other),
    ("無回答", Sex::Other),
    ("回答しない", Sex::Other),
];

impl Sex {
    /// What a file calls it, in any width and case.
    #[must_use]
    pub fn from_japanese(text: &str) -> Option<Self> {
        word_of(SEX_WORDS, text)
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        name_of(SEX_WORDS, self)
    }
}

/// Whether and how someone works here now (在籍区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmploymentState {
    /// 在籍.
    Active,
    /// 休職.
    OnLeave,
    /// 出向.
    Seconded,
    /// 退職.
    Retired,
}

const STATE_WORDS: &[(&str, EmploymentState)] = &[
    ("在籍", EmploymentState::Active),
    ("休職", EmploymentState::OnLeave),
    ("出向", EmploymentState::Seconded),
    ("退職", EmploymentState::Retired),
    ("在職", EmploymentState::Active),
    ("在籍中", EmploymentState::Active),
    ("休職中", EmploymentState::OnLeave),
    ("休業", EmploymentState::OnLeave),
    ("出向中", EmploymentState::Seconded),
    ("退職済", EmploymentState::Retired),
    ("退職済み", EmploymentState::Retired),
    ("active", EmploymentState::Active),
    ("on_leave", EmploymentState::OnLeave),
    ("seconded", EmploymentState::Seconded),
    ("retired", EmploymentState::Retired),
];

impl EmploymentState {
    /// What a file calls it.
    #[must_use]
    pub fn from_japanese(text: &str) -> Option<Self> {
        word_of(STATE_WORDS, text)
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        name_of(STATE_WORDS, self)
    }
}

/// The meaning of `text` in a table of words, in any width and case.
pub(crate) fn word_of<T: Copy>(words: &[(&str, T)], text: &str) -> Option<T> {
    let find = |text: &str| words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|&(_, meaning)| meaning);
    find(text).or_else(|| find(&text::narrow(text)))
}

/// The first word for a meaning.
pub(crate) fn name_of<T: Copy + PartialEq>(words: &[(&'static str, T)], meaning: T) -> &'static str {
    words.iter().find(|&&(_, of)| of == meaning).map_or("", |&(word, _)| word)
}

/// Ages that an employee plausibly has: nobody works before the end of compulsory education (労働基準法56条).
const PLAUSIBLE_AGES: std::ops::RangeInclusive<u8> = 15..=100;

/// A birth date (生年月日). Personal: sealed in the store, absent from debug output.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BirthDate(Date);

impl BirthDate {
    /// The refusal of a birth date that is no employee's.
    pub const IMPLAUSIBLE: Refused = Refused {
        code: "birth_date_implausible",
        detail: "生年月日から計算した年齢が15〜100歳になりません。年と元号を確かめてください。",
    };

    /// A birth date, if someone born then is 15 to 100 years old on `on`.
    pub fn new(date: Date, on: Date) -> Result<Self, Refused> {
        match age_on(date, on) {
            Some(age) if PLAUSIBLE_AGES.contains(&age) => Ok(Self(date)),
            _ => Err(Self::IMPLAUSIBLE),
        }
    }

    /// The date.
    #[must_use]
    pub fn date(self) -> Date {
        self.0
    }

    /// Completed years on `on`; `None` before the birth.
    #[must_use]
    pub fn age_on(self, on: Date) -> Option<u8> {
        age_on(self.0, on)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r33_an_employee_number_is_text_in_its_narrow_form() {
        assert_eq!(EmployeeNumber::parse(" ０００１２３ ").unwrap().as_str(), "000123");
        assert_eq!(EmployeeNumber::parse("Ａb－0_1").unwrap().as_str(), "Ab-0_1");
        for text in ["", "1.2E+10", "12 34", "社員1", &"1".repeat(33), "1\n2", "１，０００"] {
            assert_eq!(EmployeeNumber::parse(text), Err(EmployeeNumber::REFUSED), "{text}");
        }
        assert_ne!(EmployeeNumber::parse("0123"), EmployeeNumber::parse("123"));
    }

    #[test]
    fn a_name_keeps_its_characters_and_gets_one_space() {
        assert_eq!(PersonName::parse(" 髙橋  ｼﾞｮﾝ ").unwrap().as_str(), "髙橋　ジョン");
        assert_eq!(PersonName::parse("Ⅳ世").unwrap().as_str(), "Ⅳ世");
        assert!(PersonName::parse("　").is_err());
        assert!(PersonName::parse("山田\u{0}太郎").is_err());
    }

    #[test]
    fn r35_a_masked_name_shows_one_character_of_a_word_at_most() {
        for (name, shown) in [
            ("山田 太郎", "山＊　＊郎"),
            ("林 明", "＊　＊"),
            ("佐々木 明", "佐＊＊　＊"),
            ("葛\u{E0100}城 花子", "葛＊　＊子"),
            ("ジョン", "ジ＊＊"),
            ("MARIA DA SILVA", "M＊＊＊＊　D＊　＊＊＊＊A"),
        ] {
            assert_eq!(masked(&PersonName::parse(name).unwrap()), shown);
        }
    }

    #[test]
    fn kana_is_stored_as_full_width_katakana() {
        for text in ["ﾜﾀﾅﾍﾞ ﾕｳｺ", "わたなべ　ゆうこ", "ワタナベ  ユウコ"] {
            assert_eq!(Kana::parse(text).unwrap().as_str(), "ワタナベ　ユウコ");
        }
        assert_eq!(Kana::parse("ｼﾞｮｰﾝｽﾞ･ﾎﾟｰﾙ").unwrap().as_str(), "ジョーンズ・ポール");
        assert!(Kana::parse("渡辺").is_err());
    }

    #[test]
    fn r30_no_address_can_carry_a_header() {
        for text in ["a@example.co.jp", "taro.yamada+x@example.jp", "O'Neil@Example.COM"] {
            assert!(MailAddress::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "a",
            "a@b",
            "a@b.",
            "@b.jp",
            "a..b@c.jp",
            "a b@c.jp",
            "a@c.jp\r\nBcc: x@y.jp",
            "a@c.jp,b@c.jp",
            "<a@c.jp>",
            "a@-c.jp",
            "あ@c.jp",
            "a\0@c.jp",
        ] {
            assert_eq!(MailAddress::parse(text), Err(MailAddress::REFUSED), "{text}");
        }
        assert!(MailAddress::parse(&format!("{}@example.jp", "a".repeat(65))).is_err());
        assert_eq!(MailAddress::parse("O'Neil@Example.COM").unwrap().as_str(), "O'Neil@example.com");
    }

    #[test]
    fn r13_personal_things_do_not_show_in_debug_output() {
        let born = BirthDate::new(date(1980, 1, 2), date(2026, 4, 1)).unwrap();
        let shown = format!(
            "{:?} {:?} {:?} {born:?} {:?}",
            PersonName::parse("山田 花子").unwrap(),
            Kana::parse("ヤマダ ハナコ").unwrap(),
            MailAddress::parse("hanako@example.jp").unwrap(),
            EmployeeNumber::parse("000123").unwrap(),
        );
        assert_eq!(shown, r#"PersonName(…) Kana(…) MailAddress(…) BirthDate(…) EmployeeNumber("000123")"#);
    }

    #[test]
    fn words_of_files_are_understood() {
        for (text, sex) in
            [("男", Sex::Male), ("女性", Sex::Female), ("２", Sex::Female), ("ｆ", Sex::Female), ("X", Sex::Other)]
        {
            assert_eq!(Sex::from_japanese(text), Some(sex));
        }
        assert_eq!(Sex::from_japanese("?"), None);
        assert_eq!(EmploymentState::from_japanese("休職中"), Some(EmploymentState::OnLeave));
        assert_eq!(EmploymentState::Seconded.japanese(), "出向");
        assert_eq!(serde_json::to_string(&EmploymentState::OnLeave).unwrap(), r#""on_leave""#);
    }

    #[test]
    fn an_employee_is_15_to_100_years_old() {
        let today = date(2026, 4, 1);
        assert!(BirthDate::new(date(2011, 4, 1), today).is_ok());
        assert_eq!(BirthDate::new(date(2011, 4, 2), today), Err(BirthDate::IMPLAUSIBLE));
        assert!(BirthDate::new(date(1925, 4, 2), today).is_ok());
        assert_eq!(BirthDate::new(date(1925, 4, 1), today), Err(BirthDate::IMPLAUSIBLE));
        assert_eq!(BirthDate::new(date(2030, 1, 1), today), Err(BirthDate::IMPLAUSIBLE));
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_again_to_itself(text in "\\PC{0,40}") {
            fn stable<R: Rule>(text: &str) {
                if let Ok(once) = Checked::<R>::parse(text) {
                    assert_eq!(Checked::<R>::parse(once.as_str()), Ok(once));
                }
            }
            stable::<EmployeeNumberRule>(&text);
            stable::<PersonNameRule>(&text);
            stable::<KanaRule>(&text);
            stable::<MailAddressRule>(&text);
            stable::<EmploymentTypeRule>(&text);
        }

        #[test]
        fn json_carries_checked_text_as_a_string(number in "[0-9A-Za-z_-]{1,32}") {
            let json = serde_json::to_string(&EmployeeNumber::parse(&number).unwrap()).unwrap();
            prop_assert_eq!(&json, &format!("\"{number}\""));
            let read: EmployeeNumber = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.as_str(), number);
        }
    }
}
