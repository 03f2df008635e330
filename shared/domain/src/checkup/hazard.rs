//! Hazardous work (有害業務) and the checkups that the law asks for because of it (特殊健康診断、歯科健康診断、じん肺健康診断、検便; domain.md 2.1): one table, and since when and until when somebody
//! does which. domain.md names no items of these checkups, so that the table has none: clinics' sheets are attached.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use super::{
    criteria::Confidence::{self, High, Low, Medium},
    kind::CheckupKind,
};
use crate::{checked::Refused, text};

/// A kind of hazardous work, as far as a checkup of its own follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// Organic solvents (有機溶剤業務).
    OrganicSolvents,
    /// Lead (鉛業務).
    Lead,
    /// Tetraalkyl lead (四アルキル鉛等業務).
    TetraalkylLead,
    /// Specified chemicals (特定化学物質).
    SpecifiedChemicals,
    /// Specified chemicals under special control (特別管理物質), for whose sake whoever worked with them is examined as long as they are employed.
    SpeciallyControlled,
    /// Work under high pressure (高圧室内業務、潜水業務).
    HighPressure,
    /// Ionizing radiation (放射線業務).
    IonizingRadiation,
    /// Decontamination (除染等業務).
    Decontamination,
    /// Asbestos (石綿).
    Asbestos,
    /// Dust, nothing found (粉じん作業、じん肺管理区分1).
    DustClass1,
    /// Dust, class 2 (粉じん作業、じん肺管理区分2).
    DustClass2,
    /// Dust, class 3 (粉じん作業、じん肺管理区分3).
    DustClass3,
    /// Acids and what else attacks teeth (塩酸・硝酸・硫酸など歯に有害なもの).
    Acids,
    /// Kitchens (給食業務).
    Kitchen,
}

/// What follows from a kind of work.
#[derive(Debug)]
pub struct HazardRow {
    /// The work.
    pub hazard: Hazard,
    /// What people read, and files write.
    pub japanese: &'static str,
    /// The checkup.
    pub kind: CheckupKind,
    /// The article.
    pub law: &'static str,
    /// Within how many months it comes again; none: at the beginning alone.
    pub months: Option<i32>,
    /// Within how many months it comes again once the work has ended, while they are employed; none: not at all.
    pub after_months: Option<i32>,
    /// How sure the intervals are. Where an article knows relief (緩和), or longer intervals for a part of the work, the usual one stands here.
    pub confidence: Confidence,
    words: &'static [&'static str],
}

/// The table, in the order of the enum. Source: domain.md 2.1 (安衛則45・47・48, the special ordinances, じん肺法7・8): mostly six months, one or three years for pneumoconiosis; the articles themselves.
#[rustfmt::skip]
pub const HAZARDS: &[HazardRow] = &[
    row(Hazard::OrganicSolvents, "有機溶剤業務", CheckupKind::OrganicSolvents, "有機則29条", Some(6), None, High, &["有機溶剤", "有機"]),
    row(Hazard::Lead, "鉛業務", CheckupKind::Lead, "鉛則53条", Some(6), None, Medium, &["鉛"]),
    row(Hazard::TetraalkylLead, "四アルキル鉛等業務", CheckupKind::TetraalkylLead, "四アルキル則22条", Some(6), None, Medium, &["四アルキル鉛"]),
    row(Hazard::SpecifiedChemicals, "特定化学物質業務", CheckupKind::SpecifiedChemicals, "特化則39条", Some(6), None, High, &["特定化学物質", "特化物", "特化"]),
    row(Hazard::SpeciallyControlled, "特別管理物質業務", CheckupKind::SpecifiedChemicals, "特化則39条", Some(6), Some(6), High, &["特別管理物質"]),
    row(Hazard::HighPressure, "高気圧業務", CheckupKind::HighPressure, "高圧則38条", Some(6), None, High, &["高気圧", "高圧室内業務", "潜水業務"]),
    row(Hazard::IonizingRadiation, "放射線業務", CheckupKind::IonizingRadiation, "電離則56条", Some(6), None, High, &["電離放射線", "放射線", "電離"]),
    row(Hazard::Decontamination, "除染等業務", CheckupKind::Decontamination, "除染則20条", Some(6), None, High, &["除染"]),
    row(Hazard::Asbestos, "石綿業務", CheckupKind::Asbestos, "石綿則40条", Some(6), Some(6), High, &["石綿", "アスベスト"]),
    row(Hazard::DustClass1, "粉じん作業(管理区分1)", CheckupKind::Pneumoconiosis, "じん肺法7条・8条", Some(36), None, High, &["粉じん作業", "粉じん", "じん肺"]),
    row(Hazard::DustClass2, "粉じん作業(管理区分2)", CheckupKind::Pneumoconiosis, "じん肺法7条・8条", Some(12), Some(36), High, &["じん肺管理区分2"]),
    row(Hazard::DustClass3, "粉じん作業(管理区分3)", CheckupKind::Pneumoconiosis, "じん肺法7条・8条", Some(12), Some(12), High, &["じん肺管理区分3"]),
    row(Hazard::Acids, "歯に有害な業務", CheckupKind::Dental, "安衛則48条", Some(6), None, High, &["酸取扱業務", "酸", "歯科"]),
    row(Hazard::Kitchen, "給食業務", CheckupKind::Food, "安衛則47条", None, None, Low, &["給食"]),
];

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn row(
    hazard: Hazard,
    japanese: &'static str,
    kind: CheckupKind,
    law: &'static str,
    months: Option<i32>,
    after_months: Option<i32>,
    confidence: Confidence,
    words: &'static [&'static str],
) -> HazardRow {
    HazardRow { hazard, japanese, kind, law, months, after_months, confidence, words }
}

impl Hazard {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static HazardRow {
        // The rows stand in the order of the enum, which a test holds.
        &HAZARDS[self as usize]
    }

    /// The work with this code (`organic_solvents`).
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<serde::de::value::Error>::new(code)).ok()
    }

    /// What a file calls it, in any width: our code, or a word of the field.
    #[must_use]
    pub fn from_japanese(word: &str) -> Option<Self> {
        let word = text::narrow(word);
        let is = |known: &&&str| text::narrow(known) == word;
        let named = |row: &&HazardRow| is(&&row.japanese) || row.words.iter().any(|known| is(&known));
        Self::named(&word.to_ascii_lowercase()).or_else(|| HAZARDS.iter().find(named).map(|row| row.hazard))
    }
}

/// The hazards of a file's cell (有害業務コード): codes or words, with a comma, a semicolon, a slash or a space between them; `None` if one of them is none.
#[must_use]
pub fn from_cell(cell: &str) -> Option<BTreeSet<Hazard>> {
    let between = |c: char| matches!(c, ',' | '、' | '，' | ';' | '；' | '/' | '／' | '|') || c.is_whitespace();
    cell.split(between).filter(|word| !word.is_empty()).map(Hazard::from_japanese).collect()
}

/// Hazardous work that somebody does, did or will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HazardWork {
    /// Which.
    pub hazard: Hazard,
    /// From this day on (従事開始日).
    pub from: Date,
    /// Until this day, inclusive (従事終了日); none while no end is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Date>,
}

impl HazardWork {
    /// Whether it is done on `day`.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// All hazardous work of somebody, with what is over (従事歴): by kind and day, no two of one kind at the same time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hazards(Vec<HazardWork>);

impl Hazards {
    /// How many periods somebody has at most.
    pub const MOST: usize = 50;
    /// The refusal of too many.
    pub const TOO_MANY: Refused =
        Refused { code: "too_many", detail: "有害業務の従事歴は50件まで指定できます。" };
    /// The refusal of an end before the beginning.
    pub const ENDS_BEFORE: Refused = Refused {
        code: "until_before_from",
        detail: "従事終了日が従事開始日より前です。日付を確かめてください。",
    };
    /// The refusal of two periods of the same work that overlap.
    pub const OVERLAP: Refused = Refused {
        code: "hazard_periods_overlap",
        detail: "同じ有害業務の従事期間が重なっています。1つの期間にまとめてください。",
    };

    /// Periods in any order; the refusal of the first one (by its place) that cannot be.
    pub fn new(mut works: Vec<HazardWork>) -> Result<Self, (usize, Refused)> {
        if works.len() > Self::MOST {
            return Err((Self::MOST, Self::TOO_MANY));
        }
        let touches = |a: &HazardWork, b: &HazardWork| a.hazard == b.hazard && (a.covers(b.from) || b.covers(a.from));
        for (at, work) in works.iter().enumerate() {
            if work.until.is_some_and(|until| until < work.from) {
                return Err((at, Self::ENDS_BEFORE));
            }
            if works.iter().take(at).any(|before| touches(before, work)) {
                return Err((at, Self::OVERLAP));
            }
        }
        works.sort_unstable();
        Ok(Self(works))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The periods, by kind and day.
    #[must_use]
    pub fn all(&self) -> &[HazardWork] {
        &self.0
    }

    /// What is done on `day`.
    #[must_use]
    pub fn on(&self, day: Date) -> BTreeSet<Hazard> {
        self.0.iter().filter(|work| work.covers(day)).map(|work| work.hazard).collect()
    }

    /// The same, with `now` and nothing else done from `from` on, as a file says it: what goes on goes on, what is not named ends the day before, what was planned for a later day
    /// begins on this one. What was over stays.
    #[must_use]
    pub fn with(&self, now: &BTreeSet<Hazard>, from: Date) -> Self {
        let mut works = Vec::with_capacity(self.0.len() + now.len());
        let mut begun = BTreeSet::new();
        for work in &self.0 {
            let is_over = work.until.is_some_and(|until| until < from);
            if is_over {
                works.push(*work);
            } else if now.contains(&work.hazard) {
                if begun.insert(work.hazard) {
                    works.push(HazardWork { from: work.from.min(from), ..*work });
                } else {
                    works.push(*work);
                }
            } else if work.from < from {
                works.push(HazardWork { until: Some(from.saturating_sub(1.day())), ..*work });
            }
        }
        works.extend(now.difference(&begun).map(|hazard| HazardWork { hazard: *hazard, from, until: None }));
        works.sort_unstable();
        Self(works)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r34_the_table_has_each_hazard_once_in_its_order_and_no_word_means_two() {
        for (at, row) in HAZARDS.iter().enumerate() {
            assert_eq!(row.hazard as usize, at);
            assert_eq!(Hazard::from_japanese(row.japanese), Some(row.hazard));
        }
        assert_eq!(HAZARDS.len(), Hazard::Kitchen as usize + 1);
        let mut words: Vec<_> = HAZARDS.iter().flat_map(|row| row.words.iter().chain([&row.japanese])).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }

    #[test]
    fn r34_intervals_are_those_of_the_ordinances_domain_2_1() {
        let of = |hazard: Hazard| (hazard.row().months, hazard.row().after_months);
        for hazard in
            [Hazard::OrganicSolvents, Hazard::SpecifiedChemicals, Hazard::HighPressure, Hazard::IonizingRadiation]
        {
            assert_eq!(of(hazard), (Some(6), None));
        }
        for hazard in [Hazard::SpeciallyControlled, Hazard::Asbestos] {
            assert_eq!(of(hazard), (Some(6), Some(6)), "also of those who do it no more");
        }
        assert_eq!(of(Hazard::Acids), (Some(6), None));
        assert_eq!(
            [of(Hazard::DustClass1), of(Hazard::DustClass2), of(Hazard::DustClass3)],
            [(Some(36), None), (Some(12), Some(36)), (Some(12), Some(12))]
        );
        assert_eq!(of(Hazard::Kitchen), (None, None), "when they begin");
    }

    #[test]
    fn r33_a_cell_has_codes_or_words_in_any_width() {
        let of = |cell: &str| from_cell(cell).map(|all| all.into_iter().collect::<Vec<_>>());
        assert_eq!(of("organic_solvents"), Some(vec![Hazard::OrganicSolvents]));
        assert_eq!(of("ＬＥＡＤ、有機溶剤"), Some(vec![Hazard::OrganicSolvents, Hazard::Lead]));
        assert_eq!(of("鉛 / 石綿; ｱｽﾍﾞｽﾄ"), Some(vec![Hazard::Lead, Hazard::Asbestos]));
        assert_eq!(of("粉じん作業（管理区分２）"), Some(vec![Hazard::DustClass2]));
        assert_eq!(of("鉛,車両"), None);
    }

    #[test]
    fn r34_what_a_file_says_from_a_day_on_ends_begins_and_keeps_what_was() {
        let day = |month, day| date(2026, month, day);
        let work = |hazard, from, until| HazardWork { hazard, from, until };
        let before = Hazards::new(vec![
            work(Hazard::Lead, day(1, 10), None),
            work(Hazard::Asbestos, day(1, 10), Some(day(3, 31))),
            work(Hazard::Acids, day(1, 10), None),
            work(Hazard::OrganicSolvents, day(9, 1), None),
        ])
        .unwrap();
        let now = BTreeSet::from([Hazard::Acids, Hazard::Kitchen]);
        let after = before.with(&now, day(6, 1));
        assert_eq!(
            after.all(),
            [
                work(Hazard::Lead, day(1, 10), Some(day(5, 31))),
                work(Hazard::Asbestos, day(1, 10), Some(day(3, 31))),
                work(Hazard::Acids, day(1, 10), None),
                work(Hazard::Kitchen, day(6, 1), None),
            ]
        );
        assert_eq!(after.with(&now, day(6, 1)), after, "the same file again");
        assert_eq!(after.with(&now, day(8, 1)), after, "the same state later");
    }

    #[test]
    fn r34_periods_that_cannot_be_are_refused_by_their_place() {
        let work = |from: i8, until: Option<i8>| HazardWork {
            hazard: Hazard::Lead,
            from: date(2026, from, 1),
            until: until.map(|month| date(2026, month, 1)),
        };
        assert_eq!(Hazards::new(vec![work(1, Some(3)), work(5, Some(4))]), Err((1, Hazards::ENDS_BEFORE)));
        assert_eq!(Hazards::new(vec![work(3, None), work(1, Some(3))]), Err((1, Hazards::OVERLAP)));
        assert!(Hazards::new(vec![work(4, None), work(1, Some(3))]).is_ok());
        assert_eq!(Hazards::new(vec![work(1, None); 51]), Err((50, Hazards::TOO_MANY)));
    }

    proptest! {
        #[test]
        fn r34_after_a_file_just_what_it_named_is_done_on_its_day(
            steps in proptest::collection::vec((proptest::collection::btree_set(0_usize..14, 0..4), 0_i64..400), 0..8),
        ) {
            let mut hazards = Hazards::default();
            for (now, day) in steps {
                let now: BTreeSet<Hazard> = now.into_iter().map(|at| HAZARDS[at].hazard).collect();
                let from = date(2026, 4, 1).saturating_add(day.days());
                let earlier = from.saturating_sub(1.day());
                let before = hazards.on(earlier);
                hazards = hazards.with(&now, from);
                prop_assert_eq!(hazards.on(from), now);
                prop_assert_eq!(hazards.on(earlier), before, "what was stays");
                prop_assert_eq!(Hazards::new(hazards.all().to_vec()), Ok(hazards.clone()));
            }
        }
    }
}
