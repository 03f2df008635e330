//! What other criteria would change (判定基準の変更の試算): the checkups of a fiscal year judged once more, and nothing written.

use std::collections::BTreeMap;

use authz::{Permit, Placement, permission::ManageCriteria};
use domain::{
    checkup::{
        criteria::Criteria, difference::differences, grade::Grade, item::ItemId, judge::ItemGrade, results::ItemResult,
    },
    ids::{CheckupId, EmployeeId},
};
use jiff::civil::Date;

use super::{RegisteredCheckup, key, shown::Sees, subjects};
use crate::{Error, Store};

/// How many checkups are judged at most.
const MOST_CHECKUPS: usize = 2_000;
/// How many of those whose letters would change are named at most.
const MOST_NAMED: usize = 200;

/// A letter that would take another's place; none is no letter.
pub type LetterChange = (Option<Grade>, Option<Grade>);

/// What criteria would change.
#[derive(Debug, Clone, Default)]
pub struct CriteriaPreview {
    /// How many checkups were judged once more.
    pub judged: usize,
    /// There are more than were judged.
    pub more: bool,
    /// How often an item's letter would become another.
    pub items: BTreeMap<(ItemId, LetterChange), usize>,
    /// How often the overall letter would.
    pub overall: BTreeMap<LetterChange, usize>,
    /// Whose letters would change, by day; not more than a page can hold.
    pub people: Vec<PreviewedCheckup>,
}

/// A checkup whose letters would change.
#[derive(Debug, Clone)]
pub struct PreviewedCheckup {
    /// Whose it is.
    pub employee: EmployeeId,
    /// The checkup.
    pub checkup: CheckupId,
    /// Its day.
    pub examined_on: Date,
    /// Its overall letter now, and by the other criteria.
    pub overall: LetterChange,
    /// The items whose letters would change.
    pub items: Vec<ItemId>,
}

impl Store {
    /// Judges the checkups of a fiscal year that `criteria` would be valid for, of those whom the permit reaches, as far as its holder may see them.
    pub async fn preview_checkup_criteria(
        &self,
        permit: &Permit<ManageCriteria>,
        criteria: &Criteria,
        fiscal_year: i16,
    ) -> Result<CriteriaPreview, Error> {
        let tenant = permit.tenant();
        let mut found = self.checkups_indexed(tenant, fiscal_year).await?;
        found.retain(|it| it.record.stands() && it.record.examined_on >= criteria.draft().valid_from);
        found.sort_unstable_by_key(|it| (it.record.examined_on, it.record.id));
        let mut preview = CriteriaPreview::default();
        let mut changed = Vec::new();
        for page in found.chunks(100) {
            let employees: Vec<EmployeeId> = page.iter().map(|it| it.record.employee).collect();
            let employees = self.load_employees(tenant, &employees).await?;
            let placements = employees.into_iter().map(|it| it.map(|it| it.record.placement(self.today())));
            let reached = page.iter().zip(placements).filter_map(|(it, placement)| {
                let placement = placement.filter(|placement| permit.reach().covers(placement))?;
                Some((it.clone(), placement))
            });
            let (records, placements): (Vec<_>, Vec<Placement>) = reached.unzip();
            let sealed = records.into_iter().map(|it| (key(tenant, it.record.employee, it.record.id), it)).collect();
            for (checkup, placement) in self.open_versions(tenant, sealed).await?.into_iter().zip(&placements) {
                if preview.judged == MOST_CHECKUPS {
                    preview.more = true;
                    break;
                }
                preview.judged += 1;
                if preview.count(&checkup, criteria, Sees::of(permit, placement)) {
                    changed.push(checkup);
                }
            }
        }
        changed.truncate(MOST_NAMED);
        self.disclose(permit, "checkup_criteria.preview", subjects(&changed, None), preview).await
    }
}

impl CriteriaPreview {
    /// Judges one more; whether it is named.
    fn count(&mut self, checkup: &RegisteredCheckup, criteria: &Criteria, sees: Sees) -> bool {
        let now = &checkup.health.results;
        let then = now.clone().rejudged(criteria);
        let visible = |item: ItemId| sees.item(item);
        let overall = (now.judgement.visible(visible).overall, then.judgement.visible(visible).overall);
        let letters = differences(Some((&now.results, &now.judgement)), Some((&then.results, &then.judgement)));
        let mut items = Vec::new();
        for difference in letters.filter(|it| sees.item(it.item)) {
            let letter = |side: Option<(&ItemResult, Option<ItemGrade>)>| Some(side?.1?.grade);
            let change = (letter(difference.before), letter(difference.after));
            if change.0 != change.1 {
                *self.items.entry((difference.item, change)).or_default() += 1;
                items.push(difference.item);
            }
        }
        if overall.0 != overall.1 {
            *self.overall.entry(overall).or_default() += 1;
        }
        let named = (overall.0 != overall.1 || !items.is_empty()) && self.people.len() < MOST_NAMED;
        if named {
            let record = &checkup.record;
            let (employee, examined_on) = (record.employee, record.examined_on);
            self.people.push(PreviewedCheckup { employee, checkup: record.id, examined_on, overall, items });
        }
        named
    }
}
