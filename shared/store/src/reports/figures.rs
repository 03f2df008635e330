//! The sheet, counted from what is stored. Where somebody stood on the day of the checkup decides which workplace reports them, so that the register is read once for who ever stood there,
//! and the index once for the checkups of the period. In memory are those people and a few bytes for each of their checkups: of the checkups themselves one page per shard.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use authz::{Permission, Permit, permission::ViewReports};
use domain::{
    checkup::kind::CheckupKind,
    employee::EmploymentState,
    ids::{CheckupId, EmployeeId, TenantId, WorkplaceId},
    report::form6::{Enrolled, FindingRule, Period, Population, Sheet, SpecificWork, form_on, may_count},
    time::fiscal_year,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use crate::{
    Error, Store, Stored,
    checkups::{Record, year_partition},
    db::Range,
    employees::Employee,
    item::{Attributes, as_text, from_item},
    key::{Family, Table, partition, shards},
    organisation::Workplace,
};

/// How many items of one shard are read at a time.
const PAGE: usize = 250;

/// Who is counted, by which checkups.
pub(super) type Counting = Population<EmployeeId, CheckupId>;

impl Employee {
    /// Whether they stand or stood at this workplace at any time, or are to.
    pub(super) fn was_at(&self, workplace: WorkplaceId) -> bool {
        self.placements.iter().any(|placed| placed.workplace == Some(workplace))
    }

    /// Whether they are employed at this workplace on `day`.
    pub(crate) fn is_employed_at(&self, workplace: WorkplaceId, day: Date) -> bool {
        self.placement(day).workplace == Some(workplace) && self.is_employed(day)
    }

    /// Whether they are employed on `day`.
    pub(super) fn is_employed(&self, day: Date) -> bool {
        // Who is retired and nobody said since when is not employed on any day.
        let stays = self.left_on.map_or(self.state != EmploymentState::Retired, |last| day <= last);
        self.hired_on <= day && stays
    }
}

impl Store {
    /// The report of a workplace over a period, as it would be handed in now. The trail tells of it with how many are counted; nobody is named.
    pub async fn report(
        &self,
        permit: &Permit<ViewReports>,
        workplace: WorkplaceId,
        period: Period,
    ) -> Result<Sheet, Error> {
        let (sheet, _) = self.count_report(permit, workplace, period).await?;
        let event = self.event(permit, "report.figures")?.on(workplace);
        self.tell(event.because(format!("people:{}", sheet.figures.examined))).await?;
        Ok(sheet)
    }

    /// Counts a report; also who is counted by what.
    pub(super) async fn count_report<P: Permission>(
        &self,
        permit: &Permit<P>,
        workplace: WorkplaceId,
        period: Period,
    ) -> Result<(Sheet, Counting), Error> {
        let tenant = permit.tenant();
        let name = self.unit_within::<Workplace>(tenant, permit.reach(), workplace).await?.record.name;
        let rule = self.load_report_rule(tenant).await?.record.finding_rule;
        let settings = self.load_report_settings(tenant, workplace).await?.record;
        let people = self.people_ever_at(tenant, workplace).await?;
        let here = Some(workplace);
        let stood = |clear: &Clear| people.get(&clear.employee).map(|one| one.placement(clear.examined_on).workplace);
        let mut all =
            self.count_checkups(tenant, period, rule, |clear| stood(clear).filter(|there| *there == here)).await?;
        let counting = all.remove(&here).unwrap_or_else(|| Counting::new(form_on(period.to), rule));
        let examined_on = counting.last_day();
        let employed_on = examined_on.unwrap_or_else(|| period.to.min(self.today()));
        let employed: Vec<&Employee> =
            people.values().filter(|one| one.is_employed_at(workplace, employed_on)).collect();
        let registered = u32::try_from(employed.len()).unwrap_or(u32::MAX);
        let mut specific_work = settings.specific_work.clone();
        if let Entry::Vacant(place) = specific_work.entry(SpecificWork::NightWork) {
            let at_night = self.night_workers(tenant, &employed).await?;
            if at_night > 0 {
                place.insert(at_night);
            }
        }
        let sheet = Sheet {
            workplace: name,
            period,
            report_number: None,
            examined_on,
            enrolled: Enrolled {
                workers: settings.enrolled.as_ref().map_or(registered, |said| said.workers),
                registered,
            },
            specific_work,
            figures: counting.figures(),
            settings,
            submitted_on: None,
        };
        Ok((sheet, counting))
    }

    /// Everybody who stands or ever stood at a workplace.
    pub(crate) async fn people_ever_at(
        &self,
        tenant: TenantId,
        workplace: WorkplaceId,
    ) -> Result<HashMap<EmployeeId, Employee>, Error> {
        let people = self.everybody_who(tenant, |employee| employee.was_at(workplace)).await?;
        Ok(people.into_iter().map(|stored| (stored.record.id, stored.record)).collect())
    }

    /// Everybody of the register who is `wanted`.
    pub(super) async fn everybody_who(
        &self,
        tenant: TenantId,
        wanted: impl Fn(&Employee) -> bool,
    ) -> Result<Vec<Stored<Employee>>, Error> {
        let look = |shard: String| {
            let range = Range::whole(Table::Records, Family::Employee, partition(tenant, Family::Employee, shard));
            self.db.gather(
                range,
                |_| true,
                |item| Ok(from_item::<Employee>(item, self.clock.now())?.filter(|stored| wanted(&stored.record))),
            )
        };
        Ok(try_join_all(shards().map(look)).await?.into_iter().flatten().collect())
    }

    /// Counts the checkups of a period for the workplaces that `counted_at` says, page by page of all shards at once; what it says nothing of is not counted.
    pub(super) async fn count_checkups(
        &self,
        tenant: TenantId,
        period: Period,
        rule: FindingRule,
        counted_at: impl Fn(&Clear) -> Option<Option<WorkplaceId>>,
    ) -> Result<BTreeMap<Option<WorkplaceId>, Counting>, Error> {
        let mut all = BTreeMap::new();
        let first_month = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.fiscal_year_starts;
        let years = fiscal_year(period.from, first_month)..=fiscal_year(period.to, first_month);
        // Before the first day: a day's keys begin with it and go on.
        let begin = Some(period.from.to_string());
        let mut ranges: Vec<Range> = years
            .flat_map(|year| shards().map(move |shard| year_partition(tenant, year, &shard)))
            .map(|pk| Range::whole(Table::Records, Family::Checkup, pk).by_index().after(begin.clone()).limit(PAGE))
            .collect();
        while !ranges.is_empty() {
            let pages = try_join_all(ranges.iter().map(|range| self.db.query(range))).await?;
            let mut items = Vec::new();
            let mut further = Vec::new();
            for (range, (page, more)) in ranges.into_iter().zip(pages) {
                let last = page.last().and_then(|item| as_text(item, "gsi1sk")).map(str::to_owned);
                let within = last.as_deref().and_then(day_of).is_some_and(|day| day <= period.to);
                items.extend(page.into_iter().filter(|item| {
                    Clear::of(item).is_some_and(|clear| clear.may_count(period) && counted_at(&clear).is_some())
                }));
                if more && within {
                    further.push(range.after(last));
                }
            }
            let opened = self.open_checkups(tenant, items).await?;
            for opened in opened.into_iter().filter(|opened| opened.record.stands()) {
                let Record { id, employee, examined_on, kind, .. } = opened.record;
                let Some(place) = counted_at(&Clear { employee, examined_on, kind }) else { continue };
                let counting = all.entry(place).or_insert_with(|| Counting::new(form_on(period.to), rule));
                counting.consider(employee, id, examined_on, kind, &opened.health.results);
            }
            ranges = further;
        }
        Ok(all)
    }

    /// How many of these work at night, as the register says.
    async fn night_workers(&self, tenant: TenantId, employed: &[&Employee]) -> Result<u32, Error> {
        let mut at_night = 0;
        for some in employed.chunks(PAGE) {
            let attributes = self.open_attributes_of(tenant, some.iter().copied()).await?;
            at_night += attributes.iter().filter(|of| of.night_work).count();
        }
        Ok(u32::try_from(at_night).unwrap_or(u32::MAX))
    }
}

/// What an item tells of a checkup without being opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clear {
    pub(super) employee: EmployeeId,
    pub(super) examined_on: Date,
    kind: CheckupKind,
}

impl Clear {
    pub(super) fn of(item: &Attributes) -> Option<Self> {
        Some(Self {
            employee: as_text(item, "employee")?.parse().ok()?,
            examined_on: as_text(item, "examined_on")?.parse().ok()?,
            kind: CheckupKind::named(as_text(item, "kind")?)?,
        })
    }

    /// Whether its day and its kind are those of a report of this period.
    pub(super) fn may_count(self, period: Period) -> bool {
        period.covers(self.examined_on) && may_count(self.kind)
    }
}

/// The day of a checkup's place in the index.
fn day_of(sk: &str) -> Option<Date> {
    sk.get(..10)?.parse().ok()
}
