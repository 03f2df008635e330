//! Values from which on the specified health checkup guides (保健指導判定値) or refers to a physician (受診勧奨判定値), fourth term from 2024 (特定健診 第4期).

use super::{
    Subject,
    criteria::Confidence::{self, High, Medium},
    item::ItemId,
    items,
    limit::{
        Known, Limit,
        Side::{AtLeast, AtMost, Below},
        limit,
    },
    value::Value,
};
use crate::employee::Sex::{self, Female, Male};

/// Names these values and the rules that stand on them ([`super::metabolic`]).
pub const VERSION: &str = "tokutei-2024";

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct SpecificRow {
    /// The item.
    pub item: ItemId,
    /// Only for this sex; both, if absent.
    pub sex: Option<Sex>,
    /// From where on somebody is guided.
    pub guidance: Limit,
    /// From where on somebody is referred to a physician.
    pub referral: Option<Limit>,
    /// From where on at once.
    pub at_once: Option<Limit>,
    /// How sure the row is.
    pub confidence: Confidence,
}

const fn row(
    item: ItemId,
    sex: Option<Sex>,
    guidance: Limit,
    referral: Option<Limit>,
    confidence: Confidence,
) -> SpecificRow {
    SpecificRow { item, sex, guidance, referral, at_once: None, confidence }
}

const fn from(guidance: i64) -> Limit {
    limit(AtLeast, guidance * 100)
}

/// The table. Source: domain.md 2.5. The referral value of HDL stands in leaflets and is said to have been dropped (confidence M).
#[rustfmt::skip]
pub const ROWS: &[SpecificRow] = &[
    SpecificRow { at_once: Some(from(160)), ..row(items::SBP, None, from(130), Some(from(140)), High) },
    SpecificRow { at_once: Some(from(100)), ..row(items::DBP, None, from(85), Some(from(90)), High) },
    row(items::TG,           None,         from(150),             Some(from(300)), High),
    row(items::TG_CASUAL,    None,         from(175),             Some(from(300)), High),
    row(items::HDL,          None,         limit(Below, 4_000),   Some(limit(Below, 3_500)), Medium),
    row(items::LDL,          None,         from(120),             Some(from(140)), High),
    row(items::NON_HDL,      None,         from(150),             Some(from(170)), High),
    row(items::FPG,          None,         from(100),             Some(from(126)), High),
    row(items::GLU_CASUAL,   None,         from(100),             Some(from(126)), High),
    row(items::HBA1C,        None,         limit(AtLeast, 560),   Some(limit(AtLeast, 650)), High),
    row(items::AST,          None,         from(31),              Some(from(51)), High),
    row(items::ALT,          None,         from(31),              Some(from(51)), High),
    row(items::GGT,          None,         from(51),              Some(from(101)), High),
    row(items::EGFR,         None,         limit(Below, 6_000),   Some(limit(Below, 4_500)), High),
    row(items::HB,           Some(Male),   limit(AtMost, 1_300),  Some(limit(AtMost, 1_200)), High),
    row(items::HB,           Some(Female), limit(AtMost, 1_200),  Some(limit(AtMost, 1_100)), High),
    row(items::BMI,          None,         from(25),              None, High),
    row(items::WAIST,        Some(Male),   from(85),              None, High),
    row(items::WAIST,        Some(Female), from(90),              None, High),
    row(items::VISCERAL_FAT, None,         from(100),             None, High),
    row(items::U_PRO,        None,         from(2),               Some(from(3)), High),
];

/// How a value stands to the values of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// It reaches the guidance value.
    pub guidance: Known,
    /// It reaches the referral value; none where there is no such.
    pub referral: Option<Known>,
    /// It is in the band of those who should see a physician at once.
    pub at_once: bool,
}

/// The row of an item for somebody.
#[must_use]
pub fn row_of(item: ItemId, subject: Subject) -> Option<&'static SpecificRow> {
    ROWS.iter().find(|row| row.item == item && row.sex.is_none_or(|sex| sex == subject.table_sex()))
}

/// How a value of `item` stands; none where the table does not know the item or there is no value.
#[must_use]
pub fn standing(item: ItemId, value: &Value, subject: Subject) -> Option<Standing> {
    if !matches!(value, Value::Number(..) | Value::Ordered(_)) {
        return None;
    }
    let row = row_of(item, subject)?;
    Some(Standing {
        guidance: row.guidance.reached(Some(value)),
        referral: row.referral.map(|limit| limit.reached(Some(value))),
        at_once: row.at_once.is_some_and(|limit| limit.reached(Some(value)) == Known::Yes),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::value::read, *};

    fn of(item: ItemId, cell: &str, sex: Sex) -> (bool, bool, bool) {
        let value = read(item, cell).unwrap().unwrap().value;
        let standing = standing(item, &value, Subject { sex, age: 50 }).unwrap();
        (standing.guidance == Known::Yes, standing.referral == Some(Known::Yes), standing.at_once)
    }

    /// Item, sex, a value before the guidance value, at it, before the referral value, at it; the same value where one follows upon the other.
    type Bounds = (&'static str, Option<Sex>, &'static str, &'static str, &'static str, &'static str);

    const BOUNDS: &[Bounds] = &[
        ("sbp", None, "129", "130", "139", "140"),
        ("dbp", None, "84", "85", "89", "90"),
        ("tg", None, "149", "150", "299", "300"),
        ("tg_casual", None, "174", "175", "299", "300"),
        ("hdl", None, "40", "39", "35", "34"),
        ("ldl", None, "119", "120", "139", "140"),
        ("nonhdl", None, "149", "150", "169", "170"),
        ("fpg", None, "99", "100", "125", "126"),
        ("glu_casual", None, "99", "100", "125", "126"),
        ("hba1c", None, "5.5", "5.6", "6.4", "6.5"),
        ("ast", None, "30", "31", "50", "51"),
        ("alt", None, "30", "31", "50", "51"),
        ("ggt", None, "50", "51", "100", "101"),
        ("egfr", None, "60.0", "59.9", "45.0", "44.9"),
        ("hb", Some(Male), "13.1", "13.0", "12.1", "12.0"),
        ("hb", Some(Female), "12.1", "12.0", "11.1", "11.0"),
        ("bmi", None, "24.9", "25.0", "", ""),
        ("waist", Some(Male), "84.9", "85.0", "", ""),
        ("waist", Some(Female), "89.9", "90.0", "", ""),
        ("visceral_fat", None, "99.9", "100.0", "", ""),
        ("u_pro", None, "(-)", "(±)", "(±)", "(+)"),
    ];

    #[test]
    fn domain_2_5_both_sides_of_every_guidance_and_referral_value() {
        assert_eq!(BOUNDS.len(), ROWS.len(), "every row has its line");
        for &(key, only, before, guided, not_yet, referred) in BOUNDS {
            let item = ItemId::from_key(key).unwrap();
            for sex in [Male, Female].into_iter().filter(|&sex| only.is_none_or(|only| only == sex)) {
                assert!(!of(item, before, sex).0, "{key} {before}");
                assert!(of(item, guided, sex).0, "{key} {guided}");
                if !referred.is_empty() {
                    assert!(of(item, not_yet, sex).0 && !of(item, not_yet, sex).1, "{key} {not_yet}");
                    assert!(of(item, referred, sex).1, "{key} {referred}");
                }
            }
        }
    }

    #[test]
    fn domain_2_5_the_band_of_those_who_should_go_at_once() {
        assert_eq!((of(items::SBP, "159", Male).2, of(items::SBP, "160", Male).2), (false, true));
        assert_eq!((of(items::DBP, "99", Male).2, of(items::DBP, "100", Male).2), (false, true));
    }

    #[test]
    fn what_the_table_does_not_know_stands_nowhere() {
        let subject = Subject { sex: Male, age: 50 };
        assert_eq!(standing(items::UA, &Value::Ordered(1), subject), None);
        assert_eq!(standing(items::SBP, &Value::Missing(super::super::value::Missing::NotDone), subject), None);
    }
}
