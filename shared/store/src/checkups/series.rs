//! Several checkups of one person beside each other: an item over the years (推移), and a checkup beside the one before it (前回との比較).

use authz::{Permit, permission::ViewCheckups};
use domain::{
    checkup::{Subject, difference::side_by_side, item::ItemId, kind::CheckupKind},
    ids::{CheckupId, EmployeeId},
};
use jiff::civil::Date;

use super::{
    RegisteredCheckup, ShownChange, ShownCheckup, ShownResult,
    shown::{self, Sees},
    subjects,
};
use crate::{Error, Store};

/// An item over the years, as far as the permit's holder may see it.
#[derive(Debug, Clone)]
pub struct CheckupTrend {
    /// The item.
    pub item: ItemId,
    /// Whose it is on the day of the last point: by it the limits are told.
    pub subject: Option<Subject>,
    /// The oldest first.
    pub points: Vec<TrendPoint>,
}

/// One checkup of a trend.
#[derive(Debug, Clone)]
pub struct TrendPoint {
    /// The checkup.
    pub checkup: CheckupId,
    /// Its day.
    pub examined_on: Date,
    /// Its kind.
    pub kind: CheckupKind,
    /// Its fiscal year.
    pub fiscal_year: i16,
    /// What it says about the item.
    pub shown: ShownResult,
}

/// A checkup beside an earlier one.
#[derive(Debug, Clone)]
pub struct CheckupComparison {
    /// The earlier one; none where there is none to compare with.
    pub before: Option<ShownCheckup>,
    /// The checkup.
    pub after: ShownCheckup,
    /// Every item of either, in the order of the catalogue, whether or not it differs.
    pub items: Vec<ShownChange>,
}

impl Store {
    /// What an employee's checkups say about an item, the oldest first.
    pub async fn checkup_trend(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        item: ItemId,
    ) -> Result<CheckupTrend, Error> {
        let (checkups, placement) = self.standing_of(permit, employee).await?;
        let sees = Sees::of(permit, &placement);
        let subjects = subjects(&checkups, Some(employee));
        let subject = checkups.last().map(|last| last.health.results.subject);
        let point = |checkup: &RegisteredCheckup| {
            let results = &checkup.health.results;
            let result = results.results.get(item).filter(|_| sees.item(item))?;
            Some(TrendPoint {
                checkup: checkup.record.id,
                examined_on: checkup.record.examined_on,
                kind: checkup.record.kind,
                fiscal_year: checkup.record.fiscal_year,
                shown: ShownResult::new(result, results.judgement.item(item), results.subject),
            })
        };
        let points = checkups.iter().filter_map(point).collect();
        self.disclose(permit, "checkup.trend", subjects, CheckupTrend { item, subject, points }).await
    }

    /// A checkup beside `with`, or beside the one before it: the last earlier one of its kind, or of any kind, that was no second examination.
    pub async fn checkup_comparison(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        id: CheckupId,
        with: Option<CheckupId>,
    ) -> Result<CheckupComparison, Error> {
        let (checkups, placement) = self.standing_of(permit, employee).await?;
        let sees = Sees::of(permit, &placement);
        let find = |id: CheckupId| checkups.iter().find(|it| it.record.id == id).ok_or(Error::NotFound);
        let after = find(id)?;
        let before = match with {
            Some(with) => Some(find(with)?),
            None => before(&checkups, after),
        };
        let judged = |it: &'_ RegisteredCheckup| {
            let results = &it.health.results;
            (results.results.clone(), results.judgement.clone())
        };
        let (was, is) = (before.map(judged), judged(after));
        let (was, is) = (was.as_ref().map(|(results, judgement)| (results, judgement)), Some((&is.0, &is.1)));
        let subject = after.health.results.subject;
        let earlier = before.map_or(subject, |it| it.health.results.subject);
        let items = side_by_side(was, is).filter(|it| sees.item(it.item));
        let comparison = CheckupComparison {
            before: before.map(|it| shown::of(it.clone(), sees).record),
            after: shown::of(after.clone(), sees).record,
            items: items.map(|it| ShownChange::of(it, earlier, subject)).collect(),
        };
        let compared = [before.map(|it| it.record.id), Some(id)].into_iter().flatten().map(|id| id.to_string());
        let subjects: Vec<String> = std::iter::once(employee.to_string()).chain(compared).collect();
        self.disclose(permit, "checkup.compare", subjects, comparison).await
    }
}

/// What a checkup is compared with where nobody says it. `checkups` stand in the order of their days.
fn before<'a>(checkups: &'a [RegisteredCheckup], after: &RegisteredCheckup) -> Option<&'a RegisteredCheckup> {
    let (day, kind) = (after.record.examined_on, after.record.kind);
    let earlier = || checkups.iter().rev().filter(|it| it.record.examined_on < day && it.record.parent.is_none());
    earlier().find(|it| it.record.kind == kind).or_else(|| earlier().next())
}
