//! Judging a checkup (判定): a letter per item, then per category the worst, then the worst of all; 治療中 (E) beside them.
//! Some items are judged together (FPG with HbA1c, protein with blood in urine), and what somebody may not see must not
//! shine through: a judgement folds anew over the items that are visible (安衛則44 items only, for instance).

use std::{borrow::Cow, sync::Arc};

use super::{
    Subject,
    criteria::{Combination, Criteria, Meaning, TreatmentRule},
    grade::Grade,
    item::{Category, ItemId},
    metabolic::{self, Guidance, Metabolic},
    results::{ItemResult, Results},
    screening, specific,
    value::{Value, WITH_FINDING, WITHOUT_FINDING},
};
use crate::text;

/// The letter of one item, judged alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemGrade {
    /// The item.
    pub item: ItemId,
    /// Its letter.
    pub grade: Grade,
    /// The letter is the system's guess from words or bounds; a physician looks.
    pub needs_physician: bool,
}

/// The letter that two items earn together, in place of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CombinedGrade {
    /// The two items.
    pub items: [ItemId; 2],
    /// Their letter.
    pub grade: Grade,
}

/// Something is under treatment (治療中, E).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Treatment {
    /// The item that says so.
    pub told_by: ItemId,
    /// What is treated.
    pub category: Category,
}

/// What is concluded from several items at once, beside their letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusions {
    /// The rules that were applied.
    pub rules: Cow<'static, str>,
    /// Metabolic syndrome (メタボリックシンドローム判定).
    pub metabolic: Metabolic,
    /// Level of health guidance (階層化).
    pub guidance: Guidance,
    /// Items for which a physician considers whether work must be restricted (就業制限の検討).
    pub restriction: Vec<ItemId>,
}

impl Conclusions {
    /// What the visible items alone say.
    #[must_use]
    pub fn of(results: &Results, subject: Subject, shown: impl Fn(ItemId) -> bool) -> Self {
        Self {
            rules: Cow::Borrowed(specific::VERSION),
            metabolic: metabolic::metabolic(results, subject, &shown),
            guidance: metabolic::guidance(results, subject, &shown),
            restriction: screening::reached(results).filter(|&item| shown(item)).collect(),
        }
    }
}

/// The judgement of one checkup.
#[derive(Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The criteria that were applied.
    pub criteria_version: Arc<str>,
    /// In the order of the catalogue; items without a letter are absent.
    pub items: Vec<ItemGrade>,
    /// Letters of items judged together.
    pub combined: Vec<CombinedGrade>,
    /// What is under treatment.
    pub treatments: Vec<Treatment>,
    /// What all items together say.
    pub conclusions: Conclusions,
}

impl std::fmt::Debug for Judgement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Judgement({} items by {})", self.items.len(), self.criteria_version)
    }
}

/// A judgement folded over the items that are visible to somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The worst of all (総合判定); `None` when nothing visible has a letter.
    pub overall: Option<Grade>,
    /// Something visible waits for a physician's look.
    pub needs_physician: bool,
    categories: [(Option<Grade>, bool); Category::COUNT],
}

impl Summary {
    /// The letter of a category.
    #[must_use]
    pub fn category(&self, category: Category) -> Option<Grade> {
        self.categories[category as usize].0
    }

    /// Whether a category is under treatment (E).
    #[must_use]
    pub fn treated(&self, category: Category) -> bool {
        self.categories[category as usize].1
    }

    /// Categories with a letter or under treatment, in the order in which they are shown.
    pub fn categories(&self) -> impl Iterator<Item = (Category, Option<Grade>, bool)> {
        Category::ALL
            .into_iter()
            .map(|category| (category, self.category(category), self.treated(category)))
            .filter(|&(_, grade, treated)| grade.is_some() || treated)
    }
}

impl std::fmt::Debug for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Summary(…)")
    }
}

impl Judgement {
    /// Judges results by criteria.
    #[must_use]
    pub fn of(results: &Results, subject: Subject, criteria: &Criteria) -> Self {
        let mut judgement = Self {
            criteria_version: Arc::clone(criteria.version()),
            items: Vec::with_capacity(results.len()),
            combined: Vec::new(),
            treatments: Vec::new(),
            conclusions: Conclusions::of(results, subject, |_| true),
        };
        for result in results {
            judgement.judge(result, results, subject, criteria);
        }
        for combination in &criteria.draft().combinations {
            judgement.combined.extend(judgement.combine(combination, results));
        }
        judgement.note_treatments(results, criteria);
        judgement
    }

    /// The letter of an item, judged alone.
    #[must_use]
    pub fn item(&self, item: ItemId) -> Option<ItemGrade> {
        self.items.binary_search_by_key(&item, |graded| graded.item).ok().map(|at| self.items[at])
    }

    /// Everything together.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.visible(|_| true)
    }

    /// What the visible items alone say. Two items judged together count together only where both are visible.
    #[must_use]
    pub fn visible(&self, shown: impl Fn(ItemId) -> bool) -> Summary {
        let mut summary =
            Summary { overall: None, needs_physician: false, categories: [(None, false); Category::COUNT] };
        let combined = || self.combined.iter().filter(|combined| combined.items.iter().all(|&item| shown(item)));
        for graded in self.items.iter().filter(|graded| shown(graded.item)) {
            summary.needs_physician |= graded.needs_physician;
            if !combined().any(|combined| combined.items.contains(&graded.item)) {
                summary.worsen(graded.item, graded.grade);
            }
        }
        combined().for_each(|combined| summary.worsen(combined.items[0], combined.grade));
        for treatment in self.treatments.iter().filter(|treatment| shown(treatment.told_by)) {
            summary.categories[treatment.category as usize].1 = true;
        }
        summary
    }

    fn judge(&mut self, result: &ItemResult, results: &Results, subject: Subject, criteria: &Criteria) {
        let item = result.item;
        if criteria.replaced_by(item).is_some_and(|instead| results.exact(instead).is_some()) {
            return;
        }
        let (grade, needs_physician) = match &result.value {
            Value::Number(comparator, number) => match criteria.row(item, subject) {
                Some(row) => row.grade(*comparator, *number),
                None => return,
            },
            Value::Ordered(code) => match criteria.row(item, subject) {
                Some(row) => row.grade(super::value::Comparator::Exact, (*code).into()),
                None => return,
            },
            Value::Coded(code, words) if criteria.judges_findings_of(item) => {
                match self.finding(item, *code, words.as_deref(), criteria) {
                    Some(graded) => graded,
                    None => return,
                }
            }
            Value::Coded(code, _) => {
                match criteria.draft().codes.iter().find(|rule| rule.item == item && rule.code == *code) {
                    Some(rule) => (rule.grade, rule.needs_physician),
                    None => return,
                }
            }
            Value::Text(_) | Value::Missing(_) => return,
        };
        self.items.push(ItemGrade { item, grade, needs_physician });
    }

    /// The worst letter of the findings that a cell lists, and whether one of them is unknown. `None`: treated, nothing else.
    fn finding(&mut self, item: ItemId, code: u8, words: Option<&str>, criteria: &Criteria) -> Option<(Grade, bool)> {
        let unknown = Some((criteria.draft().unknown_finding, true));
        let Some(words) = words else {
            return match code {
                WITHOUT_FINDING => Some((Grade::A, false)),
                WITH_FINDING => unknown,
                _ => None,
            };
        };
        let mut worst: Option<(Grade, bool)> = None;
        for finding in words.split(['、', ',', '，', ';', '；', '\n']).filter(|finding| !finding.trim().is_empty()) {
            let narrow = text::narrow(finding);
            let applies = |only: Option<ItemId>| only.is_none_or(|only| only == item);
            let rules = &criteria.draft().findings;
            let graded = match rules.iter().find(|rule| applies(rule.item) && narrow.contains(&rule.word)) {
                Some(rule) => match rule.meaning {
                    Meaning::Grade(grade) => Some((grade, false)),
                    Meaning::Treated => {
                        self.treatments.push(Treatment { told_by: item, category: item.item().category });
                        None
                    }
                },
                None => unknown,
            };
            worst = match (worst, graded) {
                (Some((one, a)), Some((other, b))) => Some((one.max(other), a || b)),
                (one, other) => one.or(other),
            };
        }
        worst
    }

    fn combine(&self, combination: &Combination, results: &Results) -> Option<CombinedGrade> {
        let items = combination.items();
        let [first, second] = [self.item(items[0])?.grade, self.item(items[1])?.grade];
        let grade = match *combination {
            Combination::BothForD { not_below, .. } => {
                if results.exact(items[0]).is_none_or(|number| number < not_below) {
                    return None;
                }
                match (first, second) {
                    (Grade::D, Grade::D) => Grade::D,
                    (first, second) => first.max(second).min(Grade::C),
                }
            }
            Combination::Together { from, grade, .. } if first >= from && second >= from => {
                grade.max(first).max(second)
            }
            Combination::Together { .. } => return None,
        };
        Some(CombinedGrade { items, grade })
    }

    fn note_treatments(&mut self, results: &Results, criteria: &Criteria) {
        let treated = |words: &str| criteria.draft().treated_words.iter().any(|word| words.contains(word.as_str()));
        for rule in &criteria.draft().treatments {
            let treatment = match rule {
                TreatmentRule::Code { item, code, category } if results.code(*item) == Some(*code) => {
                    (*item, *category)
                }
                TreatmentRule::Words { item, disease, category } => {
                    match results.get(*item).map(|result| &result.value) {
                        Some(Value::Coded(_, Some(words)) | Value::Text(words))
                            if words.contains(disease.as_str()) && treated(words) =>
                        {
                            (*item, *category)
                        }
                        _ => continue,
                    }
                }
                TreatmentRule::Code { .. } => continue,
            };
            self.treatments.push(Treatment { told_by: treatment.0, category: treatment.1 });
        }
    }
}

impl Summary {
    fn worsen(&mut self, item: ItemId, grade: Grade) {
        let category = &mut self.categories[item.item().category as usize].0;
        *category = (*category).max(Some(grade));
        self.overall = self.overall.max(Some(grade));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{items, standard, value::read},
        *,
    };
    use crate::{checkup::derive, employee::Sex};

    fn judged(cells: &[(ItemId, &str)]) -> Judgement {
        let subject = Subject { sex: Sex::Male, age: 50 };
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        derive::complete(&mut results, subject);
        Judgement::of(&results, subject, &standard::criteria().unwrap())
    }

    fn overall(cells: &[(ItemId, &str)]) -> Option<Grade> {
        judged(cells).summary().overall
    }

    #[test]
    fn r34_sugar_is_judged_by_both_values_together() {
        for (fpg, hba1c, expected) in [
            ("126", "6.4", Grade::C),
            ("126", "6.5", Grade::D),
            ("99", "5.5", Grade::A),
            ("100", "5.5", Grade::B),
            ("99", "5.6", Grade::B),
            ("110", "5.5", Grade::C),
            ("99", "6.5", Grade::C),
            ("53", "5.5", Grade::D),
            ("65", "6.5", Grade::D),
        ] {
            assert_eq!(overall(&[(items::FPG, fpg), (items::HBA1C, hba1c)]), Some(expected), "{fpg} {hba1c}");
        }
        assert_eq!(overall(&[(items::FPG, "126")]), Some(Grade::D), "alone it is judged alone");
        let both = judged(&[(items::FPG, "126"), (items::HBA1C, "6.4")]);
        assert_eq!(both.item(items::FPG).unwrap().grade, Grade::D, "the item keeps its own letter");
        assert_eq!(both.visible(|item| item == items::FPG).overall, Some(Grade::D), "alone visible, alone judged");
    }

    #[test]
    fn protein_and_blood_in_urine_are_worse_together() {
        assert_eq!(overall(&[(items::U_PRO, "(+)"), (items::U_OB, "(+)")]), Some(Grade::D));
        assert_eq!(overall(&[(items::U_PRO, "(+)"), (items::U_OB, "(±)")]), Some(Grade::C));
        let both = judged(&[(items::U_PRO, "(+)"), (items::U_OB, "(+)")]);
        let statutory = both.visible(|item| item.item().statutory.is_some());
        assert_eq!(statutory.overall, Some(Grade::C), "blood in urine is not statutory and must not shine through");
    }

    #[test]
    fn the_worse_side_wins_and_corrected_sight_comes_first() {
        assert_eq!(overall(&[(items::VIS_R, "1.2"), (items::VIS_L, "0.5")]), Some(Grade::C));
        let corrected = [(items::VIS_R, "0.1"), (items::VISC_R, "1.2"), (items::VIS_L, "0.1"), (items::VISC_L, "1.0")];
        assert_eq!(overall(&corrected), Some(Grade::A));
        assert_eq!(overall(&[(items::VIS_R, "0.1"), (items::VISC_R, "測定不能")]), Some(Grade::C));
        assert_eq!(overall(&[(items::HEAR_R1K, "20"), (items::HEAR_L4K, "45")]), Some(Grade::C));
    }

    #[test]
    fn treatment_is_a_flag_beside_the_letters() {
        let treated = judged(&[(items::SBP, "125"), (items::HISTORY, "高血圧治療中")]).summary();
        assert_eq!(treated.overall, Some(Grade::A));
        assert!(treated.treated(Category::BloodPressure) && !treated.treated(Category::Glucose));
        assert!(judged(&[(items::MED_GLU, "はい")]).summary().treated(Category::Glucose));
        assert!(
            !judged(&[(items::HISTORY, "高血圧")]).summary().treated(Category::BloodPressure),
            "a history is no treatment"
        );
        let medicine = judged(&[(items::MED_BP, "1")]);
        assert!(!medicine.visible(|item| item != items::MED_BP).treated(Category::BloodPressure));
    }

    #[test]
    fn findings_are_judged_by_their_words_as_a_help_to_the_physician() {
        for (item, words, grade, needs_physician) in [
            (items::CXR, "異常なし", Grade::A, false),
            (items::CXR, "要精密検査", Grade::D, false),
            (items::CXR, "右上肺野に結節影", Grade::D, false),
            (items::CXR, "陳旧性変化", Grade::B, true),
            (items::CXR, "所見あり", Grade::B, true),
            (items::ECG, "正常範囲", Grade::A, false),
            (items::ECG, "不完全右脚ブロック", Grade::B, false),
            (items::ECG, "完全右脚ブロック", Grade::C, false),
            (items::ECG, "完全左脚ブロック", Grade::D, false),
            (items::ECG, "ＷＰＷ症候群", Grade::D, false),
            (items::ECG, "左室肥大の疑い", Grade::B, true),
            (items::ECG, "洞徐脈、心房細動", Grade::D, false),
            (items::HEAR_R1K, "所見あり", Grade::C, true),
            (items::HEAR_R1K, "所見なし", Grade::A, false),
        ] {
            let graded = judged(&[(item, words)]).item(item).unwrap();
            assert_eq!((graded.grade, graded.needs_physician), (grade, needs_physician), "{words}");
        }
        let pacemaker = judged(&[(items::ECG, "ペースメーカー調律")]);
        assert_eq!(pacemaker.item(items::ECG), None);
        assert!(pacemaker.summary().treated(Category::Ecg));
    }

    #[test]
    fn r34_categories_are_the_worst_of_their_items_and_the_whole_the_worst_of_them() {
        let summary =
            judged(&[(items::AST, "47"), (items::ALT, "20"), (items::SBP, "135"), (items::HISTORY, "なし")]).summary();
        let categories: Vec<_> = summary.categories().collect();
        assert_eq!(
            categories,
            [(Category::BloodPressure, Some(Grade::B), false), (Category::Liver, Some(Grade::C), false)]
        );
        assert_eq!(summary.overall, Some(Grade::C));
        assert_eq!(overall(&[(items::HISTORY, "なし")]), None, "nothing judged is not the same as nothing wrong");
    }
}
