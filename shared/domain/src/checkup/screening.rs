//! Screening for those of whom a physician considers whether their work must be restricted (就業制限の検討, R): consensus values of industrial physicians. It is no judgement: it
//! says whom the physician looks at first.

use super::{
    criteria::Confidence,
    item::ItemId,
    items,
    limit::{Known, Limit, Side, limit},
    results::Results,
};

/// Where the values come from.
pub const SOURCE: &str = "産業医を対象とした厚生労働科学研究による就業制限の検討値（コンセンサス）";

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct ScreeningRow {
    /// The item.
    pub item: ItemId,
    /// From where on it is considered.
    pub limit: Limit,
    /// How sure the row is.
    pub confidence: Confidence,
}

const fn row(item: ItemId, side: Side, hundredths: i64) -> ScreeningRow {
    ScreeningRow { item, limit: limit(side, hundredths), confidence: Confidence::High }
}

/// The table. Source: domain.md 2.7.
pub const ROWS: &[ScreeningRow] = &[
    row(items::SBP, Side::AtLeast, 18_000),
    row(items::DBP, Side::AtLeast, 11_000),
    row(items::FPG, Side::AtLeast, 20_000),
    row(items::GLU_CASUAL, Side::AtLeast, 30_000),
    row(items::HBA1C, Side::AtLeast, 1_000),
    row(items::HB, Side::AtMost, 800),
    row(items::ALT, Side::AtLeast, 20_000),
    row(items::CRE, Side::AtLeast, 200),
];

/// The items that reach their limits, in the order of the table. A number that is only bounded (`≧180`, `>150`) reaches it where it may: it is better to look once too often.
pub fn reached(results: &Results) -> impl Iterator<Item = ItemId> {
    let reaches = |row: &&ScreeningRow| {
        let value = results.get(row.item).map(|result| &result.value);
        match row.limit.reached(value) {
            Known::Yes => true,
            Known::No => false,
            Known::Open => matches!(value, Some(super::value::Value::Number(..))),
        }
    };
    ROWS.iter().filter(reaches).map(|row| row.item)
}

/// Whether a physician considers restriction, by what is `shown` to whoever asks.
#[must_use]
pub fn considers_restriction(results: &Results, shown: impl Fn(ItemId) -> bool) -> bool {
    reached(results).any(shown)
}

#[cfg(test)]
mod tests {
    use super::{super::value::read, *};

    fn reaching(item: ItemId, cell: &str) -> bool {
        let mut results = Results::default();
        results.insert_reading(item, read(item, cell).unwrap().unwrap());
        considers_restriction(&results, |_| true)
    }

    #[test]
    fn domain_2_7_both_sides_of_every_limit_of_the_screening_for_restriction() {
        for (item, not_yet, reached) in [
            (items::SBP, "179", "180"),
            (items::DBP, "109", "110"),
            (items::FPG, "199", "200"),
            (items::GLU_CASUAL, "299", "300"),
            (items::HBA1C, "9.9", "10.0"),
            (items::HB, "8.1", "8.0"),
            (items::ALT, "199", "200"),
            (items::CRE, "1.99", "2.00"),
        ] {
            assert_eq!((reaching(item, not_yet), reaching(item, reached)), (false, true), "{item}");
        }
        assert_eq!(ROWS.len(), 8, "every row has its line above");
    }

    #[test]
    fn domain_2_7_a_bounded_number_is_looked_at_where_it_may_reach_the_limit_and_a_missing_one_is_not() {
        assert!(reaching(items::ALT, "≧150") && reaching(items::FPG, ">1000"));
        assert!(!reaching(items::ALT, "<5") && !reaching(items::HB, "測定不能"));
    }

    #[test]
    fn r02_what_is_not_shown_is_not_told() {
        let mut results = Results::default();
        for (item, cell) in [(items::SBP, "185"), (items::CRE, "2.10")] {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        assert_eq!(reached(&results).collect::<Vec<_>>(), [items::SBP, items::CRE]);
        assert!(!considers_restriction(&results, |item| item == items::HB));
    }
}
