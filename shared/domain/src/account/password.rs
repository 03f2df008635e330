//! What a password must be, said completely: someone who sets one learns of every rule that it breaks at once.
//! The specification's sentence on kinds of characters can be read in two ways; the reading is a value of the policy.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::{LoginId, TenantCode};
use crate::checked::{Checked, Rule};

/// Well-known passwords, one per line, lower case. Compiled for this project from the words, names, dates and keyboard
/// walks that published lists have in common, with Japanese ones added.
const COMMON: &str = include_str!("common_passwords.txt");

/// Letters that are written as other characters in well-known passwords (`p@ssw0rd`).
const DISGUISES: &[(char, char)] =
    &[('@', 'a'), ('4', 'a'), ('3', 'e'), ('1', 'l'), ('!', 'i'), ('0', 'o'), ('$', 's'), ('5', 's'), ('7', 't')];

/// A list entry is also found at the heart of a password when it is at least this long (`Sakura2024!`).
const HEART: usize = 5;

/// An identifier counts as "inside" from this length on; a shorter part of it is chance.
const IDENTIFIER: usize = 3;

/// How long a password has to be, by what its account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordBar {
    /// Accounts that are an employee's and nothing more: 8 characters.
    Employee,
    /// Accounts with any role beyond employee: 12 characters.
    Privileged,
}

impl PasswordBar {
    /// The fewest characters.
    #[must_use]
    pub const fn shortest(self) -> usize {
        match self {
            Self::Employee => 8,
            Self::Privileged => 12,
        }
    }
}

/// The two readings of 「英大文字・英小文字、数字、記号いずれかの3種類の混在」 (domain.md 13-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Reading A: of the four kinds upper case, lower case, digits and symbols, any three.
    ThreeOfFour,
    /// Reading B: of the three kinds letters (both cases), digits and symbols, all, and both cases of letters.
    AllOfThree,
}

/// The rules by which passwords are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// How the sentence on kinds is read.
    pub reading: Reading,
    /// The most characters; longer input is a burden on the hash, not a better password.
    pub longest: usize,
}

/// The policy in force: reading A, 128 characters at most.
pub const STANDARD: PasswordPolicy = PasswordPolicy { reading: Reading::ThreeOfFour, longest: 128 };

/// A rule that a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Violation {
    /// Under the bar of its account.
    TooShort(PasswordBar),
    /// Over the policy's longest.
    TooLong,
    /// Too few kinds of characters.
    TooFewKinds,
    /// A control character.
    ControlCharacter,
    /// On the list of common passwords, plainly or thinly disguised.
    Common,
    /// Holds the login id.
    HoldsLoginId,
    /// Holds the tenant's code.
    HoldsTenantCode,
    /// One of the account's last five. Only who has their hashes can tell.
    UsedBefore,
}

impl Violation {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort(_) => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::TooFewKinds => "password_too_few_kinds",
            Self::ControlCharacter => "password_control_character",
            Self::Common => "password_common",
            Self::HoldsLoginId => "password_holds_login_id",
            Self::HoldsTenantCode => "password_holds_tenant_code",
            Self::UsedBefore => "password_used_before",
        }
    }

    /// Japanese, for people: what to do.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::TooShort(PasswordBar::Employee) => "パスワードは8文字以上にしてください。",
            Self::TooShort(PasswordBar::Privileged) => "パスワードは12文字以上にしてください。",
            Self::TooLong => "パスワードは128文字以内にしてください。",
            Self::TooFewKinds => "英大文字・英小文字・数字・記号のうち3種類以上を混ぜてください。",
            Self::ControlCharacter => "改行やタブなどの制御文字は使えません。",
            Self::Common => {
                "よく使われるパスワード、またはそれに数字や記号を足しただけのものは使えません。別のものにしてください。"
            }
            Self::HoldsLoginId => "ログインIDを含むパスワードは使えません。",
            Self::HoldsTenantCode => "企業コードを含むパスワードは使えません。",
            Self::UsedBefore => {
                "現在のパスワードと過去に使ったパスワード（直近5回分）は使えません。別のものにしてください。"
            }
        }
    }
}

/// A password that may be set: NFC, wiped from memory when dropped, absent from debug output.
#[derive(Clone)]
pub struct NewPassword {
    text: Zeroizing<String>,
    bar: PasswordBar,
}

impl NewPassword {
    /// What is hashed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The highest bar that the password meets, noted beside its hash: a promotion forces a new one under 12.
    #[must_use]
    pub fn bar(&self) -> PasswordBar {
        self.bar
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// Rule of [`BcryptHash`].
#[derive(Debug)]
pub enum BcryptHashRule {}
impl Rule for BcryptHashRule {
    const NAME: &'static str = "BcryptHash";
    const CODE: &'static str = "bcrypt_hash_invalid";
    const DETAIL: &'static str =
        "パスワードハッシュは、コスト4〜14の bcrypt 形式（$2a$・$2b$・$2y$ で始まる60文字）にしてください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let text = text.trim();
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| text.strip_prefix(version))?;
        let (cost, hash) = rest.split_once('$')?;
        let cost = cost.parse::<u8>().ok().filter(|_| cost.len() == 2)?;
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
        let fits = (4..=14).contains(&cost) && hash.len() == 53 && hash.bytes().all(is_digit);
        fits.then_some(Cow::Borrowed(text))
    }
}
/// A bcrypt hash that a customer brings along from another system: of a cost that a sign-in can bear once.
pub type BcryptHash = Checked<BcryptHashRule>;

/// A typed password in the form that is hashed and verified: NFC, because two keyboards may send the same letter differently.
#[must_use]
pub fn normalised(typed: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(typed.len() * 3));
    text.extend(typed.nfc());
    text
}

impl PasswordPolicy {
    /// The password, or every rule that it breaks.
    pub fn check(
        self,
        typed: &str,
        bar: PasswordBar,
        login: &LoginId,
        tenant: &TenantCode,
    ) -> Result<NewPassword, Vec<Violation>> {
        let text = normalised(typed);
        let length = text.chars().count();
        let lower = Zeroizing::new(text.to_lowercase());
        let (local, _) = login.as_str().split_once('@').unwrap_or((login.as_str(), ""));
        let holds = |part: &str| part.len() >= IDENTIFIER && lower.contains(part);

        let broken = [
            (length < bar.shortest(), Violation::TooShort(bar)),
            (length > self.longest, Violation::TooLong),
            (!self.has_enough_kinds(&text), Violation::TooFewKinds),
            (text.chars().any(char::is_control), Violation::ControlCharacter),
            (length <= self.longest && is_common(&lower), Violation::Common),
            (holds(local) || holds(login.as_str()), Violation::HoldsLoginId),
            (holds(tenant.as_str()), Violation::HoldsTenantCode),
        ];
        let violations: Vec<_> = broken.into_iter().filter(|&(is_broken, _)| is_broken).map(|(_, rule)| rule).collect();
        if !violations.is_empty() {
            return Err(violations);
        }
        let bar =
            if length >= PasswordBar::Privileged.shortest() { PasswordBar::Privileged } else { PasswordBar::Employee };
        Ok(NewPassword { text, bar })
    }

    /// Characters beyond ASCII add length, but are none of the four kinds.
    fn has_enough_kinds(self, text: &str) -> bool {
        let has = |kind: fn(&char) -> bool| text.chars().any(|c| kind(&c));
        let (upper, lower) = (has(char::is_ascii_uppercase), has(char::is_ascii_lowercase));
        let (digit, symbol) = (has(char::is_ascii_digit), has(|c| c.is_ascii_punctuation() || *c == ' '));
        match self.reading {
            Reading::ThreeOfFour => [upper, lower, digit, symbol].into_iter().filter(|&kind| kind).count() >= 3,
            Reading::AllOfThree => upper && lower && digit && symbol,
        }
    }
}

/// Whether a lower-case password is on the list, as it is, undisguised, or as the heart between digits and symbols.
fn is_common(lower: &str) -> bool {
    let listed = |candidate: &str| COMMON.lines().any(|common| common == candidate);
    let heart = |text: &str| -> bool {
        let heart = text.trim_matches(|c: char| !c.is_alphabetic());
        heart.chars().count() >= HEART && listed(heart)
    };
    let body = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    let (whole, body) = (undisguised(lower), undisguised(body));
    listed(lower) || listed(&whole) || heart(lower) || heart(&whole) || heart(&body)
}

fn undisguised(text: &str) -> Zeroizing<String> {
    let plain = |c| DISGUISES.iter().find(|&&(from, _)| from == c).map_or(c, |&(_, to)| to);
    Zeroizing::new(text.chars().map(plain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, bar: PasswordBar) -> Result<NewPassword, Vec<Violation>> {
        STANDARD.check(
            typed,
            bar,
            &LoginId::parse("e000123@minato.example").unwrap(),
            &TenantCode::parse("minato").unwrap(),
        )
    }

    fn broken(typed: &str, bar: PasswordBar) -> Vec<Violation> {
        check(typed, bar).err().unwrap_or_default()
    }

    #[test]
    fn r04_eight_for_employees_and_twelve_beyond() {
        assert_eq!(broken("Kumo-7z", PasswordBar::Employee), [Violation::TooShort(PasswordBar::Employee)]);
        assert_eq!(check("Kumo-7zq", PasswordBar::Employee).unwrap().bar(), PasswordBar::Employee);
        assert_eq!(broken("Kumo-7zq-ha", PasswordBar::Privileged), [Violation::TooShort(PasswordBar::Privileged)]);
        assert_eq!(check("Kumo-7zq-haX", PasswordBar::Employee).unwrap().bar(), PasswordBar::Privileged);
    }

    #[test]
    fn r04_reading_a_wants_any_three_of_four_kinds() {
        for typed in ["Kumorizora7", "kumorizora-7", "KUMORIZORA-7", "Kumorizora-x"] {
            assert_eq!(broken(typed, PasswordBar::Employee), [], "{typed}");
        }
        for typed in ["kumorizora7", "Kumorizora", "83719264-", "くもりぞらのした7a"] {
            assert_eq!(broken(typed, PasswordBar::Employee), [Violation::TooFewKinds], "{typed}");
        }
    }

    #[test]
    fn r04_reading_b_wants_letters_of_both_cases_digits_and_symbols() {
        let policy = PasswordPolicy { reading: Reading::AllOfThree, ..STANDARD };
        let (login, tenant) = (LoginId::parse("e000123").unwrap(), TenantCode::parse("minato").unwrap());
        assert!(policy.check("Kumorizora-7", PasswordBar::Privileged, &login, &tenant).is_ok());
        for typed in ["Kumorizora7x", "kumorizora-7", "Kumorizora-x"] {
            let refused = policy.check(typed, PasswordBar::Privileged, &login, &tenant);
            assert_eq!(refused.unwrap_err(), [Violation::TooFewKinds], "{typed}");
        }
    }

    #[test]
    fn r04_common_passwords_are_refused_in_their_disguises_too() {
        for typed in [
            "Password1!",
            "P@ssw0rd",
            "P@ssw0rd2026",
            "Qwerty123!",
            "Sakura2024!",
            "Doraemon-1",
            "1qaz2wsX",
            "!QAZ2wsx",
        ] {
            assert!(broken(typed, PasswordBar::Employee).contains(&Violation::Common), "{typed}");
        }
        assert_eq!(broken("Sakura-no-hana-9", PasswordBar::Employee), []);
    }

    #[test]
    fn r04_login_id_and_tenant_code_may_not_be_inside() {
        assert_eq!(broken("xE000123-Zq", PasswordBar::Employee), [Violation::HoldsLoginId]);
        assert_eq!(broken("Zq7-MINATO-x", PasswordBar::Employee), [Violation::HoldsTenantCode]);
    }

    #[test]
    fn r04_all_broken_rules_are_named_at_once() {
        let all = broken("minato\t", PasswordBar::Privileged);
        assert_eq!(all.len(), 5, "{all:?}");
        assert!(
            all.iter().all(|violation| violation.detail().ends_with('。') && violation.code().starts_with("password_"))
        );
        assert_eq!(broken(&"Aa1-".repeat(33), PasswordBar::Employee), [Violation::TooLong]);
    }

    #[test]
    fn r05_a_bcrypt_hash_is_one_that_a_sign_in_can_bear() {
        let hash = |head: &str| format!("{head}{}", "abcDEF012./".repeat(5).split_at(53).0);
        for head in ["$2a$04$", "$2b$12$", "$2y$14$"] {
            assert!(BcryptHash::parse(&hash(head)).is_ok(), "{head}");
        }
        for head in ["$2b$03$", "$2b$15$", "$2b$31$", "$2x$10$", "$argon2id$", "$2b$1$"] {
            assert_eq!(BcryptHash::parse(&hash(head)), Err(BcryptHash::REFUSED), "{head}");
        }
        assert!(BcryptHash::parse("$2b$12$short").is_err());
    }

    #[test]
    fn the_same_letters_from_two_keyboards_are_one_password() {
        assert_eq!(*normalised("か\u{3099}"), *normalised("が"));
        assert_eq!(format!("{:?}", check("Kumorizora7", PasswordBar::Employee).unwrap()), "NewPassword(…)");
    }

    #[test]
    fn the_list_is_lower_case_without_doubles_and_long_enough_to_matter() {
        let mut entries: Vec<&str> = COMMON.lines().collect();
        assert!(entries.len() >= 900, "{}", entries.len());
        assert!(entries.iter().all(|entry| !entry.is_empty() && entry.to_lowercase() == **entry));
        entries.sort_unstable();
        assert!(entries.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
