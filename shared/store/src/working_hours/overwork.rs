//! Whose hours of a month are over a line, and what the employer's side is to do by when.

use std::collections::{BTreeMap, BTreeSet};

use authz::{PermissionId, Permit, Placement, permission::ViewWorkingHours};
use domain::{
    ids::{EmployeeId, TenantId},
    overwork::figure::{Line, look},
    time::Month,
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::civil::Date;

use super::{Record, WorkingMonth, by_month, due, of_month, rank, shown};
use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Stored, as_text, from_item},
    key::{Family, Table, shards},
};

/// How many people's months are read at the same time.
const IN_FLIGHT: usize = 16;

/// Whether an entry of the first index is over a line of a single month: those over higher lines come first.
fn is_over(place: &str, line: Line) -> bool {
    place.chars().next().is_some_and(|at| at <= rank(Some(line)))
}

/// The highest line of a single month that an item of the first index is over.
fn line_of(item: &Attributes) -> Option<Line> {
    let place = as_text(item, "gsi1sk")?;
    [Line::Over100, Line::Over80, Line::Over60, Line::Over45].into_iter().find(|line| is_over(place, *line))
}

/// What a place in the second index says.
fn due_place(place: &str) -> Option<(Date, EmployeeId, Month)> {
    let mut parts = place.split('#');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl Store {
    /// Those whose `month` is over `line`, among whom the permit reaches: up to `limit`, and where to go on. Over the lines of a single month, whoever is over the highest one
    /// comes first. A page may hold fewer, or none, before the end.
    pub async fn overwork(
        &self,
        permit: &Permit<ViewWorkingHours>,
        month: Month,
        line: Line,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<WorkingMonth>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let (found, next) = if line == Line::AverageOver80 {
            let candidates = self.candidates(tenant, month).await?;
            let candidates = &candidates;
            let look = |after: Option<String>| async move {
                let rest = candidates.iter().filter(|it| after.as_ref().is_none_or(|after| it.to_string() > *after));
                let rest: Vec<_> = rest.map(|it| (it.to_string(), Some(*it))).collect();
                let more = rest.len() > limit;
                Ok((rest.into_iter().take(limit).collect(), more))
            };
            self.within_reach(permit, after, limit, |employee| Some(*employee), look).await?
        } else {
            let look = |after| async move {
                let range_of = |shard: &str| {
                    Range::whole(Table::Records, Family::WorkingHours, of_month(tenant, month, shard)).by_index()
                };
                let (entries, more) = self.next_of_shards(after, limit, range_of).await?;
                let read = entries.len();
                let over: Vec<_> = entries.into_iter().take_while(|(place, _)| is_over(place, line)).collect();
                let more = more && over.len() == read;
                let of = |(place, item): (String, Attributes)| {
                    let employee = as_text(&item, "employee").and_then(|text| text.parse::<EmployeeId>().ok());
                    (place, employee)
                };
                Ok((over.into_iter().map(of).collect(), more))
            };
            self.within_reach(permit, after, limit, |employee| Some(*employee), look).await?
        };
        let months = self.months_among(permit, month, found).await?;
        let over: Vec<_> = months.into_iter().filter(|stored| stored.record.look.lines.contains(&line)).collect();
        let subjects: Vec<String> = over.iter().map(|stored| stored.record.employee.to_string()).collect();
        Ok((self.disclose(permit, "working_hours.overwork", subjects, over).await?, next))
    }

    /// The months about which the employer's side is to do something, those first that are due first: up to `limit`, and where to go on.
    pub async fn overwork_tasks(
        &self,
        permit: &Permit<ViewWorkingHours>,
        until: Option<Date>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<WorkingMonth>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = || Range::whole(Table::Records, Family::WorkingHours, due(tenant)).by_second_index().limit(limit);
        let look = |after| self.due_months(range().after(after), until);
        let (found, next) = self.within_reach(permit, after, limit, |(employee, _)| Some(*employee), look).await?;
        let seen = found.into_iter().filter(|(_, at)| permit.sees_of(PermissionId::SeeOverworkTasks, at));
        let read = seen.map(|((employee, month), placement)| async move {
            self.month_shown(permit, &placement, employee, month).await
        });
        let months: Vec<_> = stream::iter(read).buffered(IN_FLIGHT).try_collect().await?;
        let months: Vec<_> = months.into_iter().flatten().collect();
        let subjects: Vec<String> = months.iter().map(|stored| stored.record.employee.to_string()).collect();
        Ok((self.disclose(permit, "working_hours.tasks", subjects, months).await?, next))
    }

    /// A part of the second index, up to what is due on `until`. The index holds keys alone, which say all that is asked here.
    pub(super) async fn due_months(
        &self,
        range: Range,
        until: Option<Date>,
    ) -> Result<(Vec<(String, Option<(EmployeeId, Month)>)>, bool), Error> {
        let (items, more) = self.db.query(&range).await?;
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let Some(place) = as_text(&item, "gsi2sk") else { continue };
            let Some((due_on, employee, month)) = due_place(place) else { continue };
            if until.is_some_and(|until| due_on > until) {
                return Ok((entries, false));
            }
            entries.push((place.to_owned(), Some((employee, month))));
        }
        Ok((entries, more))
    }

    /// Whose month is over a line of a single month: over the highest of which, by which version. Nothing is opened: the line is the place in the index.
    pub(crate) async fn lines_of_month(
        &self,
        tenant: TenantId,
        month: Month,
    ) -> Result<Vec<(EmployeeId, u64, Line)>, Error> {
        let look = |shard: String| {
            let range = Range::whole(Table::Records, Family::WorkingHours, of_month(tenant, month, &shard)).by_index();
            self.db.gather(
                range,
                |item| line_of(item).is_some(),
                |item| {
                    let line = line_of(&item);
                    let stored = from_item::<Record>(item, self.clock.now())?;
                    Ok(stored.zip(line).map(|(stored, line)| (stored.record.employee, stored.version, line)))
                },
            )
        };
        Ok(try_join_all(shards().map(look)).await?.into_iter().flatten().collect())
    }

    /// By when something is to be done about which months.
    pub(crate) async fn months_due(&self, tenant: TenantId) -> Result<BTreeMap<(Month, EmployeeId), Date>, Error> {
        let range = Range::whole(Table::Records, Family::WorkingHours, due(tenant)).by_second_index();
        let of = |item: Attributes| {
            let place = as_text(&item, "gsi2sk").and_then(due_place);
            Ok(place.map(|(due_on, employee, month)| ((month, employee), due_on)))
        };
        Ok(self.db.gather(range, |_| true, of).await?.into_iter().collect())
    }

    /// Whose average may be over 80 hours in `month`: an average is over a line only if one of its months is.
    async fn candidates(&self, tenant: TenantId, month: Month) -> Result<BTreeSet<EmployeeId>, Error> {
        let places = (0..6).flat_map(|back| shards().map(move |shard| of_month(tenant, month.before(back), &shard)));
        let parts = places.map(|place| async move {
            let mut range = Range::whole(Table::Records, Family::WorkingHours, place).by_index();
            let mut found = Vec::new();
            loop {
                let (items, more) = self.db.query(&range).await?;
                range.after = items.last().and_then(|item| as_text(item, "gsi1sk").map(str::to_owned));
                let read = items.len();
                let over: Vec<_> = items
                    .into_iter()
                    .take_while(|item| as_text(item, "gsi1sk").is_some_and(|at| is_over(at, Line::Over80)))
                    .collect();
                let is_over = over.len() < read;
                found.extend(over);
                if is_over || !more {
                    return Ok::<_, Error>(found);
                }
            }
        });
        let now = self.clock.now();
        let mut employees = BTreeSet::new();
        for item in try_join_all(parts).await?.into_iter().flatten() {
            employees.extend(from_item::<Record>(item, now)?.map(|stored| stored.record.employee));
        }
        Ok(employees)
    }

    /// The `month` of each of these people, where it is there.
    async fn months_among(
        &self,
        permit: &Permit<ViewWorkingHours>,
        month: Month,
        people: Vec<(EmployeeId, Placement)>,
    ) -> Result<Vec<Stored<WorkingMonth>>, Error> {
        let (tenant, today) = (permit.tenant(), self.today());
        let starts = self.year_starts(tenant).await?;
        let read = people.into_iter().map(|(employee, placement)| async move {
            let all = self.months_of(tenant, employee, Some(month)).await?;
            let open = all.iter().find(|open| open.record.month == month);
            let seen = open.zip(look(month, &by_month(&all), starts));
            Ok::<_, Error>(seen.map(|(open, look)| shown(permit, &placement, open, look, today)))
        });
        let months: Vec<_> = stream::iter(read).buffered(IN_FLIGHT).try_collect().await?;
        Ok(months.into_iter().flatten().collect())
    }
}
