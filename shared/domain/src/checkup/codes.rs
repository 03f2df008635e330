//! Coded answers: which codes an item has, what people read for them, and how clinics write them. Codes are those of
//! 特定健診 XML (items of type CO and CD), so that an export needs no second table.

use crate::text;

/// The codes of one kind of answer.
#[derive(Debug)]
pub struct CodeSet {
    /// Each code with what people read for it.
    pub labels: &'static [(u8, &'static str)],
    /// Further ways of writing a code, in narrow form.
    words: &'static [(&'static str, u8)],
}

impl CodeSet {
    /// The code of what was written: a label, another spelling, or the code itself.
    #[must_use]
    pub fn code(&self, written: &str) -> Option<u8> {
        let label = |text: &str| self.labels.iter().find(|&&(_, label)| label == text).map(|&(code, _)| code);
        label(written).or_else(|| {
            let narrow = text::code(written);
            let word = || self.words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&narrow)).map(|&(_, code)| code);
            let digit =
                || self.labels.iter().find(|(code, _)| narrow.as_bytes() == [b'0' + code]).map(|&(code, _)| code);
            label(&narrow).or_else(word).or_else(digit)
        })
    }

    /// What people read for a code.
    #[must_use]
    pub fn label(&self, code: u8) -> Option<&'static str> {
        self.labels.iter().find(|&&(of, _)| of == code).map(|&(_, label)| label)
    }
}

/// Urine and other qualitative tests, better first: 1 (-), 2 (±), 3 (+), 4 (2+), 5 (3+ and more).
pub const QUALITATIVE: CodeSet = CodeSet {
    labels: &[(1, "(-)"), (2, "(±)"), (3, "(+)"), (4, "(2+)"), (5, "(3+)")],
    words: &[
        ("-", 1),
        ("陰性", 1),
        ("negative", 1),
        ("neg", 1),
        ("±", 2),
        ("+-", 2),
        ("+/-", 2),
        ("(+-)", 2),
        ("(+/-)", 2),
        ("擬陽性", 2),
        ("偽陽性", 2),
        ("疑陽性", 2),
        ("弱陽性", 2),
        ("+", 3),
        ("1+", 3),
        ("+1", 3),
        ("(1+)", 3),
        ("(+1)", 3),
        ("陽性", 3),
        ("++", 4),
        ("2+", 4),
        ("+2", 4),
        ("(++)", 4),
        ("(+2)", 4),
        ("+++", 5),
        ("3+", 5),
        ("+3", 5),
        ("(+++)", 5),
        ("(+3)", 5),
        ("4+", 5),
        ("+4", 5),
        ("(4+)", 5),
        ("++++", 5),
        ("(++++)", 5),
    ],
};

/// Occult blood in stool: 1 negative on both days, 2 any positive.
pub const OCCULT_BLOOD: CodeSet = CodeSet {
    labels: &[(1, "(-)"), (2, "(+)")],
    words: &[
        ("-", 1),
        ("陰性", 1),
        ("(-)(-)", 1),
        ("--", 1),
        ("+", 2),
        ("陽性", 2),
        ("(+)(-)", 2),
        ("(-)(+)", 2),
        ("(+)(+)", 2),
    ],
};

/// Findings of an examination (所見): 1 with, 2 without.
pub const FINDING: CodeSet = CodeSet {
    labels: &[(1, "所見あり"), (2, "異常なし")],
    words: &[
        ("所見有", 1),
        ("所見有り", 1),
        ("有所見", 1),
        ("異常あり", 1),
        ("あり", 1),
        ("有", 1),
        ("所見なし", 2),
        ("所見無", 2),
        ("所見無し", 2),
        ("異常無し", 2),
        ("異常所見なし", 2),
        ("異常を認めず", 2),
        ("異常認めず", 2),
        ("特記すべき所見なし", 2),
        ("特記事項なし", 2),
        ("特記所見なし", 2),
        ("著変なし", 2),
        ("正常", 2),
        ("正常範囲", 2),
        ("正常範囲内", 2),
        ("なし", 2),
        ("無", 2),
        ("n.p.", 2),
        ("np", 2),
        ("(-)", 2),
    ],
};

/// Hearing at a frequency (聴力): 1 with a finding, 2 without.
pub const HEARING: CodeSet = CodeSet {
    labels: &[(1, "所見あり"), (2, "所見なし")],
    words: &[
        ("所見有", 1),
        ("所見有り", 1),
        ("異常あり", 1),
        ("あり", 1),
        ("有", 1),
        ("聴こえない", 1),
        ("所見無", 2),
        ("所見無し", 2),
        ("異常なし", 2),
        ("正常", 2),
        ("なし", 2),
        ("無", 2),
        ("聴こえる", 2),
    ],
};

/// Something that there is or is not, told in words: history, symptoms (1 有, 2 無).
pub const PRESENCE: CodeSet = CodeSet {
    labels: &[(1, "あり"), (2, "なし")],
    words: &[
        ("有", 1),
        ("有り", 1),
        ("特記すべきことあり", 1),
        ("○", 1),
        ("無", 2),
        ("無し", 2),
        ("特になし", 2),
        ("特記事項なし", 2),
        ("特記すべきことなし", 2),
        ("異常なし", 2),
        ("所見なし", 2),
        ("×", 2),
        ("-", 2),
    ],
};

/// A question answered by yes or no (1 はい, 2 いいえ).
pub const YES_NO: CodeSet = CodeSet {
    labels: &[(1, "はい"), (2, "いいえ")],
    words: &[
        ("有", 1),
        ("あり", 1),
        ("○", 1),
        ("y", 1),
        ("yes", 1),
        ("true", 1),
        ("服薬あり", 1),
        ("服薬中", 1),
        ("無", 2),
        ("なし", 2),
        ("×", 2),
        ("n", 2),
        ("no", 2),
        ("false", 2),
        ("0", 2),
        ("服薬なし", 2),
    ],
};

/// Smoking, as 標準的な質問票 (第4期) asks: now, formerly, not.
pub const SMOKING: CodeSet = CodeSet {
    labels: &[(1, "吸う"), (2, "以前は吸っていた"), (3, "吸わない")],
    words: &[
        ("はい", 1),
        ("喫煙", 1),
        ("喫煙中", 1),
        ("あり", 1),
        ("過去喫煙", 2),
        ("禁煙", 2),
        ("禁煙中", 2),
        ("やめた", 2),
        ("いいえ", 3),
        ("非喫煙", 3),
        ("なし", 3),
    ],
};

/// Hours between the last meal and the drawing of blood (採血時間).
pub const DRAW_TIME: CodeSet = CodeSet {
    labels: &[(1, "食後10時間以上"), (2, "食後3.5時間以上10時間未満"), (3, "食後3.5時間未満")],
    words: &[
        ("空腹時", 1),
        ("空腹", 1),
        ("10時間以上", 1),
        ("随時", 2),
        ("3.5時間以上10時間未満", 2),
        ("食直後", 3),
        ("3.5時間未満", 3),
    ],
};

/// Metabolic syndrome (メタボリックシンドローム判定).
pub const METABOLIC: CodeSet = CodeSet {
    labels: &[(1, "基準該当"), (2, "予備群該当"), (3, "非該当"), (4, "判定不能")],
    words: &[("該当", 1), ("予備群", 2), ("予備軍", 2)],
};

/// Level of health guidance (保健指導レベル).
pub const GUIDANCE: CodeSet = CodeSet {
    labels: &[(1, "積極的支援"), (2, "動機付け支援"), (3, "なし"), (4, "判定不能")],
    words: &[("積極的", 1), ("動機付け", 2), ("動機づけ支援", 2), ("情報提供", 3)],
};

/// Walking or eating in comparison with others, and other questions of three or four steps, better or more first as
/// the form prints them; only their codes are kept.
pub const STEPS: CodeSet =
    CodeSet { labels: &[(1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "5"), (6, "6"), (7, "7"), (8, "8")], words: &[] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urine_notations_become_ordered_codes() {
        for (code, spellings) in [
            (1, ["(-)", "－", "陰性", "-"].as_slice()),
            (2, &["±", "+-", "(+-)", "(±)", "擬陽性", "（±）"]),
            (3, &["1+", "＋", "(+)", "陽性", "+", "（＋）"]),
            (4, &["++", "2+", "(2+)", "＋＋", "２＋"]),
            (5, &["3+", "+++", "(3+)", "4+"]),
        ] {
            for spelling in spellings {
                assert_eq!(QUALITATIVE.code(spelling), Some(code), "{spelling}");
            }
        }
        assert_eq!(QUALITATIVE.code("多い"), None);
        assert_eq!(QUALITATIVE.code("4"), Some(4), "the code of 特定健診");
    }

    #[test]
    fn no_spelling_means_two_codes() {
        for set in [
            &QUALITATIVE,
            &OCCULT_BLOOD,
            &FINDING,
            &HEARING,
            &PRESENCE,
            &YES_NO,
            &SMOKING,
            &DRAW_TIME,
            &METABOLIC,
            &GUIDANCE,
        ] {
            for &(code, label) in set.labels {
                assert_eq!(set.code(label), Some(code), "{label}");
            }
            for &(word, code) in set.words {
                assert_eq!(set.code(word), Some(code), "{word} is a label or a word of another code too");
            }
        }
    }
}
