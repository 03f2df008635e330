//! Japanese text made comparable. What is stored stays close to what was given; what is compared is folded. Which text
//! takes which path is a rule of the field: codes and numbers are NFKC-normalised, names are not, because NFKC changes
//! characters that people are registered with (㈱, Ⅳ).

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::compose, is_nfkc_quick};

/// The full-width counterparts of U+FF61 to U+FF9D, in order.
const WIDE_KANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Combining voiced and semi-voiced sound marks (濁点, 半濁点).
const VOICED: char = '\u{3099}';
const SEMI_VOICED: char = '\u{309A}';

/// Kanji that are written in several ways in names, each with the form it is searched by. Old forms of name kanji
/// (人名用漢字の異体字); for suggestions and search only, never to merge two people.
const KANJI_VARIANTS: &[(char, char)] = &[
    ('髙', '高'),
    ('﨑', '崎'),
    ('嵜', '崎'),
    ('碕', '崎'),
    ('邊', '辺'),
    ('邉', '辺'),
    ('齋', '斎'),
    ('齊', '斎'),
    ('斉', '斎'),
    ('濵', '浜'),
    ('濱', '浜'),
    ('澤', '沢'),
    ('廣', '広'),
    ('國', '国'),
    ('櫻', '桜'),
    ('嶋', '島'),
    ('嶌', '島'),
    ('龍', '竜'),
    ('眞', '真'),
    ('榮', '栄'),
    ('惠', '恵'),
    ('德', '徳'),
    ('學', '学'),
    ('實', '実'),
    ('瀨', '瀬'),
    ('條', '条'),
    ('圓', '円'),
    ('渕', '淵'),
    ('渊', '淵'),
    ('冨', '富'),
    ('舘', '館'),
    ('埜', '野'),
    ('寳', '宝'),
    ('寶', '宝'),
    ('與', '与'),
    ('藏', '蔵'),
    ('黑', '黒'),
    ('曾', '曽'),
    ('靜', '静'),
    ('將', '将'),
    ('壽', '寿'),
    ('桧', '檜'),
    ('萬', '万'),
    ('𠮷', '吉'),
    ('來', '来'),
    ('關', '関'),
    ('豐', '豊'),
    ('彌', '弥'),
    ('禮', '礼'),
    ('遙', '遥'),
];

/// Small kana and the letters they are searched by.
const SMALL_KANA: &str = "ァィゥェォッャュョヮヵヶ";
const LARGE_KANA: &str = "アイウエオツヤユヨワカケ";

/// Characters that Unicode writers and Windows-31J writers encode differently, each with Windows-31J's side.
const WAVE_DASH_FAMILY: &[(char, char)] =
    &[('〜', '～'), ('−', '－'), ('‖', '∥'), ('—', '―'), ('¢', '￠'), ('£', '￡'), ('¬', '￢')];

/// Cuts white space, byte order marks and zero-width spaces off both ends.
#[must_use]
pub fn trim(text: &str) -> &str {
    let graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if graphic(text.as_bytes().first()) && graphic(text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}

/// Half-width katakana made full-width, sound marks joined to their letter; nothing else is touched.
#[must_use]
pub fn widen_kana(text: &str) -> Cow<'_, str> {
    let concerned = |c: char| matches!(c, '\u{FF61}'..='\u{FF9F}' | VOICED | SEMI_VOICED);
    if text.is_ascii() || !text.contains(concerned) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let mark = match c {
            '\u{FF9E}' | VOICED => VOICED,
            '\u{FF9F}' | SEMI_VOICED => SEMI_VOICED,
            '\u{FF61}'..='\u{FF9D}' => {
                out.extend(WIDE_KANA.chars().nth(c as usize - 0xFF61));
                continue;
            }
            other => {
                out.push(other);
                continue;
            }
        };
        match out.chars().next_back().and_then(|letter| compose(letter, mark)) {
            Some(joined) => {
                out.pop();
                out.push(joined);
            }
            None => out.push(if mark == VOICED { '゛' } else { '゜' }),
        }
    }
    Cow::Owned(out)
}

/// NFKC and trim: for numbers, notations and single words of a table. What is narrow already is not copied.
#[must_use]
pub fn narrow(text: &str) -> Cow<'_, str> {
    let text = trim(text);
    if text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let narrowed: String = text.nfkc().collect();
    Cow::Owned(trim(&narrowed).to_owned())
}

/// Whether `c` is one of the strokes that are typed for a hyphen.
#[must_use]
pub fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '－' | 'ー' | 'ｰ')
}

/// As [`narrow`], and every stroke that is typed for a hyphen is one: for employee numbers and codes.
#[must_use]
pub fn code(text: &str) -> Cow<'_, str> {
    let narrow = narrow(text);
    if narrow.is_ascii() || !narrow.contains(is_hyphen) {
        return narrow;
    }
    Cow::Owned(narrow.chars().map(|c| if is_hyphen(c) { '-' } else { c }).collect())
}

/// What a header cell is compared by: NFKC, lower case, without spaces, brackets, `・`, `_` and strokes.
#[must_use]
pub fn header_key(text: &str) -> String {
    narrow(text)
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|&c| !c.is_whitespace() && !matches!(c, '(' | ')' | '[' | ']' | '【' | '】' | '・' | '_' | '\u{feff}'))
        .filter(|&c| c == 'ー' || !is_hyphen(c))
        .collect()
}

/// Hiragana as katakana; everything else as it is.
#[must_use]
pub fn to_katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        other => other,
    }
}

/// What names and kana are searched by: NFKC, lower case, hiragana as katakana, small letters as large ones, long vowels
/// and spaces removed, variants of kanji folded. Not for storing, and never to decide that two people are one.
#[must_use]
pub fn fold_for_search(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|&c| {
            !c.is_whitespace()
                && !is_hyphen(c)
                && !matches!(c, '・' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
        })
        .map(to_katakana)
        .map(|c| fold(c).unwrap_or(c))
        .nfc()
        .collect()
}

/// The large letter of a small one, the common form of a variant.
fn fold(c: char) -> Option<char> {
    let large = || SMALL_KANA.chars().position(|small| small == c).and_then(|at| LARGE_KANA.chars().nth(at));
    let common = || KANJI_VARIANTS.iter().find(|(variant, _)| *variant == c).map(|&(_, common)| common);
    large().or_else(common)
}

/// Maps the wave dash family to Windows-31J's side, before writing a file in that encoding and before comparing text
/// that came from one with text that did not.
#[must_use]
pub fn to_windows_31j_side(text: &str) -> Cow<'_, str> {
    let side = |c: char| WAVE_DASH_FAMILY.iter().find(|(unicode, _)| *unicode == c).map(|&(_, windows)| windows);
    if text.is_ascii() || !text.contains(|c| side(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| side(c).unwrap_or(c)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_width_kana_become_full_width_with_their_marks() {
        assert_eq!(widen_kana("ｻﾄｳ ｼﾞﾛｳ"), "サトウ ジロウ");
        assert_eq!(widen_kana("ﾊﾟｰﾄ･ｱﾙﾊﾞｲﾄ"), "パート・アルバイト");
        assert_eq!(widen_kana("カ\u{3099}"), "ガ");
        assert_eq!(widen_kana("ﾞ"), "゛");
        assert_eq!(widen_kana("㈱Ⅳ①"), "㈱Ⅳ①", "names keep what NFKC would change");
    }

    #[test]
    fn codes_are_narrowed_and_strokes_become_hyphens() {
        assert_eq!(code(" ＡＢ－０１ "), "AB-01");
        assert_eq!(code("１２‐３４ー５"), "12-34-5");
        assert!(matches!(code("000123"), Cow::Borrowed("000123")));
    }

    #[test]
    fn headers_compare_without_width_case_space_and_brackets() {
        for spelling in ["γ-GTP", "γ－ＧＴＰ", "Γ-gtp ", "γ_GTP", "(γGTP)"] {
            assert_eq!(header_key(spelling), "γgtp");
        }
        assert_eq!(header_key("\u{feff}社員番号"), "社員番号");
        assert_eq!(header_key("メールアドレス"), "メールアドレス", "a long vowel is no hyphen");
    }

    #[test]
    fn a_name_is_found_by_any_of_its_spellings() {
        assert_eq!(fold_for_search("髙橋　陽一"), fold_for_search("高橋陽一"));
        assert_eq!(fold_for_search("わたなべ しょうた"), fold_for_search("ﾜﾀﾅﾍﾞｼﾖｳﾀ"));
        assert_eq!(fold_for_search("渡邉"), fold_for_search("渡辺"));
        assert_eq!(fold_for_search("サトー"), "サト");
        assert_eq!(fold_for_search("Ｓｍｉｔｈ"), "smith");
    }

    #[test]
    fn the_wave_dash_family_goes_to_one_side() {
        assert_eq!(to_windows_31j_side("10〜20−‖"), "10～20－∥");
        assert!(matches!(to_windows_31j_side("東京"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}") {
            let once = fold_for_search(&text);
            prop_assert_eq!(fold_for_search(&once), once);
        }

        #[test]
        fn widening_twice_changes_nothing(text in "[ｦ-ﾟぁ-んァ-ヶ ]{0,20}") {
            let once = widen_kana(&text).into_owned();
            prop_assert_eq!(widen_kana(&once), once.as_str());
        }
    }
}
