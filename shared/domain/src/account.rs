//! Sign-in names and passwords. Who may sign in and how often is the business of others; here is what a login id, a
//! tenant code and a password look like.

pub mod password;
pub mod strength;

use std::borrow::Cow;

use crate::{
    checked::{Checked, Rule},
    text,
};

/// Rule of [`LoginId`].
#[derive(Debug)]
pub enum LoginIdRule {}
impl Rule for LoginIdRule {
    const NAME: &'static str = "LoginId";
    const CODE: &'static str = "login_id_invalid";
    const DETAIL: &'static str = "ログインIDは、空白を含まない半角英数字・記号で3〜254文字にしてください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let narrow = text::narrow(text);
        if !(3..=254).contains(&narrow.len()) || !narrow.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        Some(lower(narrow))
    }
}
/// What someone signs in with (ログインID): 3 to 254 visible ASCII characters in lower case. Often a mail address, hence personal.
pub type LoginId = Checked<LoginIdRule>;

/// Rule of [`TenantCode`].
#[derive(Debug)]
pub enum TenantCodeRule {}
impl Rule for TenantCodeRule {
    const NAME: &'static str = "TenantCode";
    const CODE: &'static str = "tenant_code_invalid";
    const DETAIL: &'static str = "企業コードは、半角の英小文字・数字・ハイフンで3〜32文字にしてください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let code = lower(text::code(text));
        let fits = (3..=32).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then_some(code)
    }
}
/// What a customer is called at sign-in (企業コード): 3 to 32 of `[a-z0-9-]`.
pub type TenantCode = Checked<TenantCodeRule>;

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_id_is_the_same_in_any_width_and_case() {
        assert_eq!(LoginId::parse(" Ｔａｒｏ@Example.JP ").unwrap().as_str(), "taro@example.jp");
        for text in ["", "ab", "a b c", "太郎太郎", "abc\n", &"a".repeat(255)] {
            let accepted = LoginId::parse(text).is_ok();
            assert_eq!(accepted, text == "abc\n", "trimmed, then judged: {text:?}");
        }
        assert_eq!(format!("{:?}", LoginId::parse("e000001").unwrap()), "LoginId(…)");
    }

    #[test]
    fn a_tenant_code_is_plain() {
        assert_eq!(TenantCode::parse("ＭＩＮＡＴＯ－１").unwrap().as_str(), "minato-1");
        for text in ["ab", "a_b", "みなと", "a.b.c"] {
            assert_eq!(TenantCode::parse(text), Err(TenantCode::REFUSED));
        }
    }
}
