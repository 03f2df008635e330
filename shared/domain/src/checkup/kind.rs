//! Kinds of checkup (健診種別) that the law and the market know, with their basis in the law and whether the report of
//! form 6 counts them. One table.

use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use crate::text;

/// A kind of checkup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckupKind {
    /// At hiring (雇入時).
    Hire,
    /// Periodic (定期).
    Periodic,
    /// Specific work such as night work (特定業務従事者).
    SpecificWork,
    /// Dispatched abroad (海外派遣).
    Overseas,
    /// Stool test of kitchen staff (給食従業員の検便).
    Food,
    /// Teeth of those who work with acids (歯科).
    Dental,
    /// Organic solvents (有機溶剤).
    OrganicSolvents,
    /// Lead (鉛).
    Lead,
    /// Tetraalkyl lead (四アルキル鉛).
    TetraalkylLead,
    /// Specified chemicals (特定化学物質).
    SpecifiedChemicals,
    /// Work under high pressure (高気圧業務).
    HighPressure,
    /// Ionizing radiation (電離放射線).
    IonizingRadiation,
    /// Decontamination (除染等).
    Decontamination,
    /// Asbestos (石綿).
    Asbestos,
    /// Pneumoconiosis (じん肺).
    Pneumoconiosis,
    /// Voluntary, of night workers (自発的).
    Voluntary,
    /// Comprehensive private checkup (人間ドック).
    Dock,
    /// The insurer's metabolic checkup (特定健診).
    Tokutei,
    /// Second examination under workers' compensation (二次健診).
    Secondary,
}

/// One row of the table of kinds.
#[derive(Debug)]
pub struct KindRow {
    /// The kind.
    pub kind: CheckupKind,
    /// What people read.
    pub japanese: &'static str,
    /// Its basis.
    pub basis: &'static str,
    /// Whether 様式第6号 counts it; a dock counts as periodic if it covers the items.
    pub in_form_6: bool,
    words: &'static [&'static str],
}

const fn row(
    kind: CheckupKind,
    japanese: &'static str,
    basis: &'static str,
    in_form_6: bool,
    words: &'static [&'static str],
) -> KindRow {
    KindRow { kind, japanese, basis, in_form_6, words }
}

/// The kinds. Source: domain.md 2.1 (安衛則, 安衛法66条, special ordinances).
pub const KINDS: &[KindRow] = &[
    row(CheckupKind::Periodic, "定期健康診断", "安衛則44", true, &["定期健診", "定期", "一般健康診断", "PERIODIC"]),
    row(
        CheckupKind::Hire,
        "雇入時健康診断",
        "安衛則43",
        false,
        &["雇入時健診", "雇入時", "雇い入れ時健康診断", "入社時健診", "HIRE"],
    ),
    row(
        CheckupKind::SpecificWork,
        "特定業務従事者健康診断",
        "安衛則45",
        true,
        &["特定業務従事者健診", "特定業務", "深夜業健診", "深夜業従事者健康診断", "SPECIFIC_WORK"],
    ),
    row(
        CheckupKind::Overseas,
        "海外派遣労働者健康診断",
        "安衛則45の2",
        false,
        &["海外派遣", "海外渡航", "海外派遣健診", "OVERSEAS"],
    ),
    row(CheckupKind::Food, "給食従業員の検便", "安衛則47", false, &["検便", "FOOD"]),
    row(CheckupKind::Dental, "歯科健康診断", "安衛則48", false, &["歯科健診", "歯科", "DENTAL"]),
    row(CheckupKind::OrganicSolvents, "有機溶剤健康診断", "有機則29", false, &["有機溶剤健診", "有機溶剤"]),
    row(CheckupKind::Lead, "鉛健康診断", "鉛則53", false, &["鉛健診", "鉛"]),
    row(
        CheckupKind::TetraalkylLead,
        "四アルキル鉛健康診断",
        "四アルキル則22",
        false,
        &["四アルキル鉛健診", "四アルキル鉛"],
    ),
    row(
        CheckupKind::SpecifiedChemicals,
        "特定化学物質健康診断",
        "特化則39",
        false,
        &["特定化学物質健診", "特化物", "特定化学物質"],
    ),
    row(CheckupKind::HighPressure, "高気圧業務健康診断", "高圧則38", false, &["高気圧業務健診", "高気圧業務"]),
    row(CheckupKind::IonizingRadiation, "電離放射線健康診断", "電離則56", false, &["電離放射線健診", "電離放射線"]),
    row(CheckupKind::Decontamination, "除染等電離放射線健康診断", "除染則20", false, &["除染健診", "除染"]),
    row(CheckupKind::Asbestos, "石綿健康診断", "石綿則40", false, &["石綿健診", "石綿", "アスベスト"]),
    row(CheckupKind::Pneumoconiosis, "じん肺健康診断", "じん肺法", false, &["じん肺健診", "じん肺", "PNEUMO"]),
    row(CheckupKind::Voluntary, "自発的健康診断", "安衛法66の2", false, &["自発的健診", "自発的", "VOLUNTARY"]),
    row(CheckupKind::Dock, "人間ドック", "任意", false, &["ドック", "日帰りドック", "一泊ドック", "DOCK"]),
    row(CheckupKind::Tokutei, "特定健康診査", "高確法20", false, &["特定健診", "特定健康診断", "TOKUTEI"]),
    row(CheckupKind::Secondary, "二次健康診断", "労災法26", false, &["二次健診", "二次", "SECONDARY"]),
];

impl CheckupKind {
    /// What a file calls it, in any width; also the code of this program (`periodic`).
    #[must_use]
    pub fn from_japanese(word: &str) -> Option<Self> {
        let find = |word: &str| {
            let named =
                |row: &&KindRow| row.japanese == word || row.words.iter().any(|known| known.eq_ignore_ascii_case(word));
            KINDS.iter().find(named).map(|row| row.kind)
        };
        find(word).or_else(|| find(&text::narrow(word)))
    }

    /// The kind with this code (`periodic`).
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<serde::de::value::Error>::new(code)).ok()
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hire => "hire",
            Self::Periodic => "periodic",
            Self::SpecificWork => "specific_work",
            Self::Overseas => "overseas",
            Self::Food => "food",
            Self::Dental => "dental",
            Self::OrganicSolvents => "organic_solvents",
            Self::Lead => "lead",
            Self::TetraalkylLead => "tetraalkyl_lead",
            Self::SpecifiedChemicals => "specified_chemicals",
            Self::HighPressure => "high_pressure",
            Self::IonizingRadiation => "ionizing_radiation",
            Self::Decontamination => "decontamination",
            Self::Asbestos => "asbestos",
            Self::Pneumoconiosis => "pneumoconiosis",
            Self::Voluntary => "voluntary",
            Self::Dock => "dock",
            Self::Tokutei => "tokutei",
            Self::Secondary => "secondary",
        }
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        self.row().map_or("", |row| row.japanese)
    }

    /// Whether the periodic report (様式第6号) counts it.
    #[must_use]
    pub fn in_form_6(self) -> bool {
        self.row().is_some_and(|row| row.in_form_6)
    }

    fn row(self) -> Option<&'static KindRow> {
        KINDS.iter().find(|row| row.kind == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_words_for_kinds_are_understood() {
        for (word, kind) in [
            ("定期健康診断", CheckupKind::Periodic),
            ("定期", CheckupKind::Periodic),
            ("雇入時健診", CheckupKind::Hire),
            ("ﾄﾞｯｸ", CheckupKind::Dock),
            ("periodic", CheckupKind::Periodic),
        ] {
            assert_eq!(CheckupKind::from_japanese(word), Some(kind), "{word}");
        }
        assert_eq!(CheckupKind::from_japanese("車検"), None);
    }

    #[test]
    fn no_word_means_two_kinds_and_every_kind_has_a_row() {
        let mut words: Vec<_> = KINDS.iter().flat_map(|row| row.words.iter().chain([&row.japanese])).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
        assert_eq!(KINDS.len(), CheckupKind::Secondary as usize + 1);
        assert!(KINDS.iter().all(|row| CheckupKind::named(row.kind.code()) == Some(row.kind)));
        assert!(CheckupKind::Periodic.in_form_6() && !CheckupKind::Hire.in_form_6());
    }
}
