//! What one state of a checkup's results says otherwise than another: an earlier version, or the checkup of the year before.

use super::{
    item::ItemId,
    judge::{ItemGrade, Judgement},
    results::{ItemResult, Results},
};

/// One item that differs. Debug output names it and shows no value.
#[derive(Clone, Copy)]
pub struct Difference<'a> {
    /// The item.
    pub item: ItemId,
    /// What was said before, with its letter; none where nothing was.
    pub before: Option<(&'a ItemResult, Option<ItemGrade>)>,
    /// What is said now; none where it went.
    pub after: Option<(&'a ItemResult, Option<ItemGrade>)>,
}

impl std::fmt::Debug for Difference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Difference({})", self.item)
    }
}

/// Results with their judgement.
pub type Judged<'a> = (&'a Results, &'a Judgement);

/// The items of either side, in the order of the catalogue, whether or not they differ.
pub fn side_by_side<'a>(before: Option<Judged<'a>>, after: Option<Judged<'a>>) -> impl Iterator<Item = Difference<'a>> {
    let of = |side: Option<Judged<'a>>, item: ItemId| {
        let (results, judgement) = side?;
        Some((results.get(item)?, judgement.item(item)))
    };
    ItemId::all().filter_map(move |item| {
        let (before, after) = (of(before, item), of(after, item));
        (before.is_some() || after.is_some()).then_some(Difference { item, before, after })
    })
}

/// The items whose value, wording, clinic's grade or letter differs, in the order of the catalogue.
pub fn differences<'a>(before: Option<Judged<'a>>, after: Option<Judged<'a>>) -> impl Iterator<Item = Difference<'a>> {
    side_by_side(before, after).filter(|it| it.before != it.after)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Subject, criteria::Criteria, items, standard, stored::StoredResults, value::read},
        *,
    };
    use crate::employee::Sex;

    fn stored(cells: &[(ItemId, &str)], criteria: &Criteria) -> StoredResults {
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        StoredResults::judged(results, None, Subject { sex: Sex::Male, age: 50 }, criteria).0
    }

    fn differing(before: Option<&StoredResults>, after: Option<&StoredResults>) -> Vec<ItemId> {
        fn side(stored: &StoredResults) -> Judged<'_> {
            (&stored.results, &stored.judgement)
        }
        differences(before.map(side), after.map(side)).map(|it| it.item).collect()
    }

    #[test]
    fn r34_values_that_changed_came_and_went_are_told_and_no_others() {
        let criteria = standard::criteria().unwrap();
        let before = stored(&[(items::SBP, "120"), (items::HB, "13.4"), (items::AST, "20")], &criteria);
        let after = stored(&[(items::SBP, "130"), (items::AST, "20"), (items::ALT, "31")], &criteria);
        assert_eq!(differing(Some(&before), Some(&after)), [items::SBP, items::ALT, items::HB]);
        assert_eq!(differing(None, Some(&before)).len(), 3, "a first version is all new");
        assert_eq!(differing(Some(&after), Some(&after)), []);
    }

    #[test]
    fn r34_the_same_value_with_another_letter_is_a_difference() {
        let usual = standard::criteria().unwrap();
        let mut draft = usual.draft().clone();
        let row = draft.rows.iter_mut().find(|row| row.item == items::AST).unwrap();
        row.steps[0].up_to = "19".parse().unwrap();
        let stricter = Criteria::try_from(draft).unwrap();
        let one = stored(&[(items::AST, "20"), (items::SBP, "120")], &usual);
        let other = one.clone().rejudged(&stricter);
        assert_eq!(differing(Some(&one), Some(&other)), [items::AST]);
    }
}
