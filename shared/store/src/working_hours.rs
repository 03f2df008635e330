//! Working hours (労働時間の状況): one item per employee and month. What it says about overwork follows from the months beside it ([`domain::overwork`]) and is worked out when
//! it is read, so that a month that is corrected later corrects what it says of the months after it.
//!
//! | | |
//! | --- | --- |
//! | clear | ids, month, the highest line that the month is over (as its place in the index), days on which something was done about it, who was notified how and when, times |
//! | sealed (`health`) | hours, period, kind of worker, the note of a correction (`hours`) |
//! | first index | by month and shard, those over the highest line first |
//! | second index | by the day by which the employer's side is to do something |
//!
//! What a month said before lies in a family of its own, under its version and sealed anew for that place.

mod change;
mod history;
mod import;
mod lines;
mod notices;
mod over;
mod overwork;
mod settings;

use std::collections::BTreeMap;

use authz::{Permission, PermissionId, Permit, Placement, permission::ViewWorkingHours};
use domain::{
    checkup::change::{ChangeReason, Note},
    ids::{EmployeeId, ImportId, TenantId},
    overwork::{
        duty::{self, Asked, Done, Task},
        figure::{Line, Look, Worked, highest_line, look},
    },
    time::{Jst, Month},
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

pub use change::{HoursEntry, SeenMonth};
pub use history::MonthVersion;
pub use import::{HoursSealer, MonthPut, MonthStep, RegisteredMonth, SealedMonth};
pub use notices::{Channel, MOST_NOTIFIED, NotNotified, NoticeOfHours, Notified};
pub use settings::HoursSettings;

use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, text, to_item},
    key::{Family, Key, Table, partition, shard},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// The attribute that [`Hours`] is sealed in.
const HOURS: &str = "hours";

/// A month as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) employee: EmployeeId,
    pub(crate) month: Month,
    hours: Sealed,
    /// The keyed hash of the hours: the same hours have the same.
    content: String,
    /// How these hours came about.
    #[serde(default)]
    reason: ChangeReason,
    /// The import that brought them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    imported_by: Option<ImportId>,
    /// The account or program that wrote them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    written_by: Option<String>,
    /// When these hours were written.
    written_at: Jst,
    /// What was done about the month.
    #[serde(default)]
    done: Done,
    /// Each notice, as proof.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    notices: Vec<NoticeOfHours>,
    /// What the employer's side is to do next.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next: Option<NextTask>,
    created_at: Jst,
}

/// What the employer's side is to do next, and by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NextTask {
    pub(crate) task: Task,
    pub(crate) due_on: Date,
}

/// What is sealed of a month.
#[derive(Clone, Serialize, Deserialize)]
struct Hours {
    worked: Worked,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<Note>,
}

/// A month that was opened.
#[derive(Clone)]
struct Open {
    record: Record,
    version: u64,
    hours: Hours,
}

/// A month of somebody's work, as far as the permit's holder may see it. Debug output shows no hours.
#[derive(Clone)]
pub struct WorkingMonth {
    /// Whose.
    pub employee: EmployeeId,
    /// Which month.
    pub month: Month,
    /// The hours.
    pub worked: Worked,
    /// What they say, in the light of the months before.
    pub look: Look,
    /// What the law asks for, for those who see it.
    pub asked: Option<Vec<Asked>>,
    /// Each notice that was given, for those who see what the law asks for.
    pub notices: Option<Vec<NoticeOfHours>>,
    /// How the hours came about.
    pub reason: ChangeReason,
    /// What was given as the cause of a correction.
    pub note: Option<Note>,
    /// The import that brought them.
    pub import: Option<ImportId>,
    /// The account or program that wrote them.
    pub written_by: Option<String>,
    /// When.
    pub written_at: Jst,
    /// When the month was first recorded.
    pub created_at: Jst,
}

impl std::fmt::Debug for WorkingMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkingMonth").field("month", &self.month).finish_non_exhaustive()
    }
}

pub(crate) fn key(tenant: TenantId, employee: EmployeeId, month: Month) -> Key {
    Key::new(Table::Records, tenant, Family::WorkingHours, employee, month)
}

/// The months of one month's name in one shard, in the first index.
fn of_month(tenant: TenantId, month: Month, shard: &str) -> String {
    partition(tenant, Family::WorkingHours, format_args!("{month}#{shard}"))
}

/// What somebody's side is to do, in the second index.
fn due(tenant: TenantId) -> String {
    partition(tenant, Family::WorkingHours, "due")
}

/// Where a month stands among those of its name: those over the highest line first.
fn rank(line: Option<Line>) -> char {
    match line {
        Some(Line::Over100) => '1',
        Some(Line::Over80) => '2',
        Some(Line::Over60) => '3',
        Some(Line::Over45) => '4',
        Some(Line::AverageOver80) | None => '9',
    }
}

/// A month as an item, with its places in both indexes.
fn item(tenant: TenantId, record: &Record, version: u64, worked: &Worked) -> Result<Attributes, Error> {
    let Record { employee, month, .. } = record;
    let item = to_item(&key(tenant, *employee, *month), version, SCHEMA, record)?;
    let place = format!("{}#{employee}", rank(highest_line(worked.excess())));
    let mut item = indexed(item, of_month(tenant, *month, &shard(employee.as_bytes())), place);
    if let Some(next) = record.next {
        item.insert("gsi2pk".to_owned(), text(due(tenant)));
        item.insert("gsi2sk".to_owned(), text(format!("{}#{employee}#{month}", next.due_on)));
    }
    Ok(item)
}

impl Record {
    /// What is to be done next about these hours.
    fn looked_at(mut self, worked: &Worked, today: Date) -> Self {
        let asked = duty::asked(worked.kind, worked.excess(), worked.period.to(), &self.done, today);
        self.next = duty::next(&asked).map(|(task, due_on)| NextTask { task, due_on });
        self
    }
}

/// The months of one employee, by month.
fn by_month(all: &[Open]) -> BTreeMap<Month, Worked> {
    all.iter().map(|open| (open.record.month, open.hours.worked.clone())).collect()
}

/// A month, as far as somebody sees it.
fn shown<P: Permission>(
    permit: &Permit<P>,
    placement: &Placement,
    open: &Open,
    look: Look,
    today: Date,
) -> Stored<WorkingMonth> {
    let Open { record, version, hours } = open;
    let worked = &hours.worked;
    let sees_tasks = permit.sees_of(PermissionId::SeeOverworkTasks, placement);
    let asked = || duty::asked(worked.kind, worked.excess(), worked.period.to(), &record.done, today);
    let month = WorkingMonth {
        employee: record.employee,
        month: record.month,
        worked: worked.clone(),
        look,
        asked: sees_tasks.then(asked),
        notices: sees_tasks.then(|| record.notices.clone()),
        reason: record.reason,
        note: hours.note.clone().filter(|_| sees_tasks),
        import: record.imported_by,
        written_by: record.written_by.clone(),
        written_at: record.written_at,
        created_at: record.created_at,
    };
    Stored { record: month, version: *version }
}

impl Store {
    /// The months of an employee, the newest first.
    pub async fn working_months(
        &self,
        permit: &Permit<ViewWorkingHours>,
        employee: EmployeeId,
    ) -> Result<Vec<Stored<WorkingMonth>>, Error> {
        let tenant = permit.tenant();
        let (placement, all) =
            try_join(self.placed_within(permit, employee), self.months_of(tenant, employee, None)).await?;
        let (months, starts, today) = (by_month(&all), self.year_starts(tenant).await?, self.today());
        let shown = all.iter().rev().filter_map(|open| {
            let look = look(open.record.month, &months, starts)?;
            Some(shown(permit, &placement, open, look, today))
        });
        let shown: Vec<_> = shown.collect();
        self.disclose(permit, "working_hours.list", [employee.to_string()], shown).await
    }

    /// One month.
    pub async fn working_month(
        &self,
        permit: &Permit<ViewWorkingHours>,
        employee: EmployeeId,
        month: Month,
    ) -> Result<Stored<WorkingMonth>, Error> {
        let placement = self.placed_within(permit, employee).await?;
        let shown = self.month_shown(permit, &placement, employee, month).await?.ok_or(Error::NotFound)?;
        self.disclose(permit, "working_hours.read", [employee.to_string()], shown).await
    }

    /// A month in the light of those before it; nothing where it is not there.
    async fn month_shown<P: Permission>(
        &self,
        permit: &Permit<P>,
        placement: &Placement,
        employee: EmployeeId,
        month: Month,
    ) -> Result<Option<Stored<WorkingMonth>>, Error> {
        let tenant = permit.tenant();
        let (all, starts) = try_join(self.months_of(tenant, employee, Some(month)), self.year_starts(tenant)).await?;
        let months = by_month(&all);
        let open = all.iter().find(|open| open.record.month == month);
        Ok(open
            .zip(look(month, &months, starts))
            .map(|(open, look)| shown(permit, placement, open, look, self.today())))
    }

    /// The months of an employee, the oldest first: all of them, or those that say something about `until`, which are the twelve that end with it.
    async fn months_of(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        until: Option<Month>,
    ) -> Result<Vec<Open>, Error> {
        let range =
            Range::whole(Table::Records, Family::WorkingHours, partition(tenant, Family::WorkingHours, employee));
        let range = range.after(until.map(|month| month.before(12).to_string()));
        let mut all = self.open_months(tenant, self.db.query_all(range).await?).await?;
        all.retain(|open| until.is_none_or(|until| open.record.month <= until));
        Ok(all)
    }

    /// Opens items, whichever versions of the key sealed them.
    async fn open_months(&self, tenant: TenantId, items: Vec<Attributes>) -> Result<Vec<Open>, Error> {
        let now = self.clock.now();
        let mut sealed = Vec::with_capacity(items.len());
        for item in items {
            if let Some(stored) = from_item::<Record>(item, now)? {
                sealed.push((key(tenant, stored.record.employee, stored.record.month), stored));
            }
        }
        self.open_month_versions(tenant, sealed).await
    }

    /// Opens versions of months, each sealed for the place that its key is.
    async fn open_month_versions(
        &self,
        tenant: TenantId,
        sealed: Vec<(Key, Stored<Record>)>,
    ) -> Result<Vec<Open>, Error> {
        let sealed: Vec<_> = sealed.into_iter().map(|(key, stored)| (key.entity(), key, stored)).collect();
        let page = sealed
            .iter()
            .map(|(entity, key, stored)| (crate::place(tenant, key, entity, HOURS), stored.record.hours.0.as_slice()));
        let page: Vec<_> = page.collect();
        let plain = Box::pin(self.vault.open_all(tenant, Purpose::Health, &page)).await?;
        let opened = sealed.into_iter().zip(plain).map(|((_, _, Stored { record, version }), plain)| {
            Ok(Open { record, version, hours: serde_json::from_slice(&plain)? })
        });
        opened.collect()
    }

    /// One month, opened.
    async fn open_month(&self, tenant: TenantId, employee: EmployeeId, month: Month) -> Result<Option<Open>, Error> {
        let item = self.db.get(&key(tenant, employee, month)).await?;
        Ok(self.open_months(tenant, item.into_iter().collect()).await?.pop())
    }

    /// The number of the month with which the tenant's year begins.
    async fn year_starts(&self, tenant: TenantId) -> Result<i8, Error> {
        Ok(self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.fiscal_year_starts)
    }

    /// The same month with something more done about it, as an item in place of the one that was read.
    fn month_with(&self, tenant: TenantId, open: &Open, record: Record) -> Result<(Key, Attributes, Record), Error> {
        let record = record.looked_at(&open.hours.worked, self.today());
        let item = item(tenant, &record, open.version + 1, &open.hours.worked)?;
        Ok((key(tenant, record.employee, record.month), item, record))
    }
}
