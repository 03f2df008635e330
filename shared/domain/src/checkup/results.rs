//! The results of one checkup: at most one per item, in the order of the catalogue.

use super::{
    grade::ClinicGrade,
    item::{ItemId, ItemSet},
    value::{Reading, Value},
};
use crate::decimal::Decimal;

/// The result of one item. Debug output names the item and shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The item.
    pub item: ItemId,
    /// Its value.
    pub value: Value,
    /// What was written, where it reads differently from the value.
    pub raw: Option<Box<str>>,
    /// The clinic's own judgement.
    pub clinic_grade: Option<ClinicGrade>,
    /// Computed here, not supplied.
    pub derived: bool,
}

impl std::fmt::Debug for ItemResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ItemResult({})", self.item)
    }
}

/// The results of one checkup. Debug output counts them and shows none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Results {
    /// Which items there are; an item's rank among them is its place in `sorted`.
    present: ItemSet,
    sorted: Vec<ItemResult>,
}

impl Results {
    /// Room for `capacity` results.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { present: ItemSet::default(), sorted: Vec::with_capacity(capacity) }
    }

    /// The result of an item.
    #[must_use]
    pub fn get(&self, item: ItemId) -> Option<&ItemResult> {
        self.present.contains(item).then(|| &self.sorted[self.present.rank(item)])
    }

    /// The exact number of an item.
    #[must_use]
    pub fn exact(&self, item: ItemId) -> Option<Decimal> {
        self.get(item)?.value.exact()
    }

    /// The code of an item.
    #[must_use]
    pub fn code(&self, item: ItemId) -> Option<u8> {
        self.get(item)?.value.code()
    }

    /// All results in the order of the catalogue.
    pub fn iter(&self) -> std::slice::Iter<'_, ItemResult> {
        self.sorted.iter()
    }

    /// How many results there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Puts a result in its place; one for the same item is replaced.
    pub fn insert(&mut self, result: ItemResult) {
        let at = self.present.rank(result.item);
        if self.present.contains(result.item) {
            self.sorted[at] = result;
        } else {
            self.present.insert(result.item);
            if at == self.sorted.len() {
                self.sorted.push(result);
            } else {
                self.sorted.insert(at, result);
            }
        }
    }

    /// Puts what a cell says in its place.
    pub fn insert_reading(&mut self, item: ItemId, reading: Reading) {
        self.insert(ItemResult { item, value: reading.value, raw: reading.raw, clinic_grade: None, derived: false });
    }

    /// Notes the clinic's judgement beside a result; without the result there is nothing to note it at.
    pub fn set_clinic_grade(&mut self, item: ItemId, grade: ClinicGrade) {
        if self.present.contains(item) {
            self.sorted[self.present.rank(item)].clinic_grade = Some(grade);
        }
    }

    /// These results brought up to date by a later delivery of the same checkup: its results replace, what it clears
    /// goes, the rest stays. Derived values go as well; they are computed again from what is there now.
    #[must_use]
    pub fn updated(self, newer: Self, cleared: ItemSet) -> Self {
        let kept = self.sorted.into_iter().filter(|result| !cleared.contains(result.item));
        kept.chain(newer.sorted).filter(|result| !result.derived).collect()
    }
}

impl<'a> IntoIterator for &'a Results {
    type Item = &'a ItemResult;
    type IntoIter = std::slice::Iter<'a, ItemResult>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
impl FromIterator<ItemResult> for Results {
    fn from_iter<I: IntoIterator<Item = ItemResult>>(results: I) -> Self {
        let mut all = Self::default();
        results.into_iter().for_each(|result| all.insert(result));
        all
    }
}
impl std::fmt::Debug for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Results({} items)", self.sorted.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{items, value::read},
        *,
    };

    fn results(cells: &[(ItemId, &str)]) -> Results {
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        results
    }

    #[test]
    fn results_stand_in_the_order_of_the_catalogue() {
        let results =
            results(&[(items::HB, "13.4"), (items::HEIGHT, "170.0"), (items::SBP, "120"), (items::HB, "14.0")]);
        let order: Vec<_> = results.iter().map(|result| result.item).collect();
        assert_eq!(order, [items::HEIGHT, items::SBP, items::HB]);
        assert_eq!(results.exact(items::HB).unwrap().to_string(), "14.0");
    }

    #[test]
    fn a_later_delivery_replaces_clears_and_keeps() {
        let before = results(&[(items::HEIGHT, "170.0"), (items::SBP, "120"), (items::HB, "13.4")]);
        let after = before.updated(results(&[(items::SBP, "130")]), [items::HB].into_iter().collect());
        assert_eq!(after.exact(items::SBP).unwrap().to_string(), "130");
        assert!(after.get(items::HB).is_none() && after.get(items::HEIGHT).is_some());
    }

    #[test]
    fn r13_debug_output_shows_no_value() {
        let results = results(&[(items::SBP, "187")]);
        assert_eq!(format!("{results:?} {:?}", results.get(items::SBP)), "Results(1 items) Some(ItemResult(sbp))");
    }
}
