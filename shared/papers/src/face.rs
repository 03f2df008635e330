//! The one font: which characters it has, and how wide they are.

use std::sync::LazyLock;

use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
};

/// The font file.
pub(crate) const FONT: &[u8] = include_bytes!("../font/NotoSansJP-Regular.ttf");

/// What stands for a character that the font does not have.
pub(crate) const GETA: char = '〓';

/// A character as it is printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    /// Its number in the font.
    pub(crate) id: u32,
    /// How far it goes, in parts of the size.
    pub(crate) advance: f32,
}

static FACE: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::new(FONT).ok());

/// The glyph of a character, if the font has one.
pub(crate) fn glyph(c: char) -> Option<Glyph> {
    let face = FACE.as_ref()?;
    let id = face.charmap().map(c).filter(|id| id.to_u32() != 0)?;
    let advance = face.glyph_metrics(Size::new(1.0), LocationRef::default()).advance_width(id)?;
    Some(Glyph { id: id.to_u32(), advance })
}

/// How wide a text is, in parts of the size.
pub(crate) fn width(text: &str) -> f32 {
    text.chars().map(|c| glyph(c).map_or(1.0, |glyph| glyph.advance)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_cp932_has_a_glyph() {
        let mut missing = Vec::new();
        let singles = (0x20_u8..0x7f).chain(0xa1..0xe0).map(|single| vec![single]);
        let pairs = (0x81_u8..=0xfc).flat_map(|lead| (0x40_u8..=0xfc).map(move |trail| vec![lead, trail]));
        let mut read = 0;
        for bytes in singles.chain(pairs) {
            let (text, _, wrong) = encoding_rs::SHIFT_JIS.decode(&bytes);
            let mut chars = text.chars();
            // Those of private use are whatever somebody's machine made of them.
            let (Some(c), None) = (chars.next(), chars.next()) else { continue };
            if wrong || ('\u{e000}'..='\u{f8ff}').contains(&c) {
                continue;
            }
            read += 1;
            if glyph(c).is_none() {
                missing.push(c);
            }
        }
        assert!(read > 7_300, "{read}");
        assert_eq!(missing, [], "characters of CP932 without a glyph");
    }

    #[test]
    fn names_beyond_cp932_have_glyphs_as_well() {
        for c in "髙﨑𠮷𡈽邉邊齋齊濵祐神辻飴".chars() {
            assert!(glyph(c).is_some(), "{c}");
        }
        assert_eq!(glyph('\u{1f600}'), None);
        assert!(glyph(GETA).is_some());
    }

    #[test]
    fn a_full_width_character_is_as_wide_as_it_is_high() {
        assert!((width("健康") - 2.0).abs() < 0.001 && width("ab") < 1.3);
    }
}
