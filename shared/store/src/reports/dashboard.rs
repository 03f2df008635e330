//! The dashboard of workplaces: what was counted ahead ([`super::rollup`]), beside the year before. No figure of fewer than ten people is told, and none from which such a one could be computed:
//! which are told is decided for all workplaces together, whatever somebody reaches ([0037](../../../../docs/decisions/0037-figures-of-workplaces.md)).
//!
//! Whoever counts ahead opens no health data. So findings are counted here, once a day at most for the year that runs and once a week for one that is over, and kept sealed.

use std::collections::BTreeMap;

use authz::{Permit, permission::ViewReports};
use domain::{
    ids::{TenantId, WorkplaceId},
    report::{
        dashboard::{Counts, Shown, shown},
        form6::{FindingRule, Period},
    },
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, figures::Clear, key, rollup::days_of};
use crate::{
    Error, Store, Stored,
    item::{Sealed, to_item},
    organisation::Workplace,
};

/// The attribute that findings are sealed in.
const FINDINGS: &str = "findings";
/// How many workplaces are read at a time.
const PAGE: usize = 200;
/// How old findings may be, in days, of a year that is over.
const WEEK: i64 = 7;

/// A part of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: u32,
    /// Of how many.
    pub of: u32,
}

/// What may be told of a workplace, or of all, in a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearFigures {
    /// The fiscal year.
    pub year: i16,
    /// On which day everybody is counted where they stand.
    pub stands_on: Date,
    /// When it was counted.
    pub counted_at: Jst,
    /// What was counted of those employed; none where it is not told.
    pub counts: Option<Counts>,
    /// How many of them have answered the stress check; none where it is not told, or nobody of the company has.
    pub answered: Option<Share>,
    /// How many of those examined have findings, by the report's rule; none where it is not told.
    pub findings: Option<Share>,
}

/// The figures of one workplace.
#[derive(Debug, Clone)]
pub struct OfWorkplace {
    /// Which.
    pub workplace: WorkplaceId,
    /// Its name.
    pub name: String,
    /// The year that was asked for, if it was counted.
    pub year: Option<YearFigures>,
    /// The year before.
    pub before: Option<YearFigures>,
}

/// The dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// The fiscal year that was asked for.
    pub year: i16,
    /// The whole company, for those who reach all of it: the year and the one before.
    pub whole: Option<(Option<YearFigures>, Option<YearFigures>)>,
    /// The workplaces within reach, in the order of their codes.
    pub workplaces: Vec<OfWorkplace>,
}

/// How many were examined per workplace, and how many of them have findings.
type Found = BTreeMap<Option<WorkplaceId>, (u32, u32)>;

#[derive(Debug, Serialize, Deserialize)]
struct FindingsRecord {
    counted_on: Date,
    findings: Sealed,
}

/// What is sealed of it.
#[derive(Debug, Serialize, Deserialize)]
struct Findings {
    rule: FindingRule,
    of: Vec<(Option<WorkplaceId>, u32, u32)>,
}

/// A year, of all workplaces.
struct CountedYear {
    year: i16,
    stands_on: Date,
    counted_at: Jst,
    counts: BTreeMap<Option<WorkplaceId>, Counts>,
    found: Found,
    employed_shown: Shown,
    examined_shown: Shown,
}

impl CountedYear {
    fn figures(&self, counts: Option<Counts>, found: Option<(u32, u32)>) -> YearFigures {
        let any_answered = self.counts.values().any(|of| of.answered > 0);
        let answered = counts.as_ref().filter(|_| any_answered);
        YearFigures {
            year: self.year,
            stands_on: self.stands_on,
            counted_at: self.counted_at,
            answered: answered.map(|of| Share { count: of.answered, of: of.employed }),
            counts,
            findings: found.map(|(examined, count)| Share { count, of: examined }),
        }
    }

    fn of(&self, workplace: WorkplaceId) -> YearFigures {
        let at = Some(workplace);
        let counts = self.counts.get(&at).filter(|_| self.employed_shown.workplaces.contains(&workplace));
        let found = self.found.get(&at).filter(|_| self.examined_shown.workplaces.contains(&workplace));
        self.figures(counts.cloned(), found.copied())
    }

    fn whole(&self) -> YearFigures {
        let counts = self.counts.values().fold(Counts::default(), Counts::and);
        let found = self.found.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let told = (self.employed_shown.whole.then_some(counts), self.examined_shown.whole.then_some(found));
        self.figures(told.0, told.1)
    }
}

impl Store {
    /// The figures of a fiscal year beside those of the year before, of the workplaces within reach. The trail tells of it; nobody is named.
    pub async fn dashboard(&self, permit: &Permit<ViewReports>, year: i16) -> Result<Dashboard, Error> {
        let tenant = permit.tenant();
        let now = self.figures_of_year(tenant, year).await?;
        let before = self.figures_of_year(tenant, year - 1).await?;
        let mut workplaces = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (page, next) = self.units_within::<Workplace>(tenant, permit.reach(), after.as_deref(), PAGE).await?;
            workplaces.extend(page.into_iter().map(|stored| stored.record).map(|unit| OfWorkplace {
                workplace: unit.id,
                year: now.as_ref().map(|year| year.of(unit.id)),
                before: before.as_ref().map(|year| year.of(unit.id)),
                name: unit.name.to_string(),
            }));
            after = next;
            if after.is_none() {
                break;
            }
        }
        let everybody = permit.reach().is_everybody();
        let whole = everybody.then(|| (now.as_ref().map(CountedYear::whole), before.as_ref().map(CountedYear::whole)));
        self.tell(self.event(permit, "report.dashboard")?.because(format!("year:{year}"))).await?;
        Ok(Dashboard { year, whole, workplaces })
    }

    /// A year of all workplaces; none that was never counted.
    async fn figures_of_year(&self, tenant: TenantId, year: i16) -> Result<Option<CountedYear>, Error> {
        let rolled_up = self.rolled_up(tenant, year).await?;
        let Some(Stored { record: first, .. }) = rolled_up.first() else { return Ok(None) };
        let (stands_on, counted_at) = (first.stands_on, first.counted_at);
        let counts: BTreeMap<_, _> =
            rolled_up.into_iter().map(|stored| (stored.record.workplace, stored.record.counts)).collect();
        let found = Box::pin(self.findings_of_year(tenant, year)).await?;
        let employed_shown = shown(counts.iter().map(|(workplace, of)| (*workplace, of.employed)));
        let examined_shown = shown(found.iter().map(|(workplace, (examined, _))| (*workplace, *examined)));
        Ok(Some(CountedYear { year, stands_on, counted_at, counts, found, employed_shown, examined_shown }))
    }

    /// How many have findings, by the rule of the report: as they were counted, or counted anew where that is too long ago or by another rule.
    async fn findings_of_year(&self, tenant: TenantId, year: i16) -> Result<Found, Error> {
        let rule = self.load_report_rule(tenant).await?.record.finding_rule;
        let first_month = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.fiscal_year_starts;
        let Some((first, last)) = days_of(year, first_month) else { return Ok(Found::new()) };
        let (key, today) = (key(tenant, format_args!("FINDINGS#{year}")), self.today());
        let kept = self.load::<FindingsRecord>(&key).await?;
        let version = kept.as_ref().map(|kept| kept.version);
        let least = if today <= last { today } else { today.saturating_sub(WEEK.days()) };
        if let Some(Stored { record, .. }) = kept.filter(|kept| kept.record.counted_on >= least) {
            let found: Findings = self.open(tenant, Purpose::Health, &key, FINDINGS, &record.findings).await?;
            if found.rule == rule {
                return Ok(found.of.into_iter().map(|(workplace, of, count)| (workplace, (of, count))).collect());
            }
        }
        let Some(period) = Period::new(first, last) else { return Ok(Found::new()) };
        let people: BTreeMap<_, _> = self
            .everybody_who(tenant, |_| true)
            .await?
            .into_iter()
            .map(|stored| (stored.record.id, stored.record))
            .collect();
        let stood = |clear: &Clear| people.get(&clear.employee).map(|one| one.placement(clear.examined_on).workplace);
        let counted = self.count_checkups(tenant, period, rule, stood).await?;
        let of: Found = counted
            .into_iter()
            .map(|(workplace, counting)| (workplace, counting.figures()))
            .map(|(workplace, figures)| (workplace, (figures.examined, figures.with_findings)))
            .collect();
        let findings = Findings { rule, of: of.iter().map(|(at, (of, count))| (*at, *of, *count)).collect() };
        let findings = self.seal(tenant, Purpose::Health, &key, FINDINGS, &findings).await?;
        let item = to_item(&key, version.unwrap_or(0) + 1, SCHEMA, &FindingsRecord { counted_on: today, findings })?;
        // Where somebody else has counted meanwhile, theirs are kept.
        self.db.put_if(&key, item, version).await?;
        Ok(of)
    }
}
