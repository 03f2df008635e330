//! Notices (本人への通知・産業医への情報提供): who was told of a month's hours, how and when, kept as proof beside the month. A mail says that something is there to read, and no
//! figure. And what else is done about a month: a physician's word that no interview is needed, and the steps of the interview itself.

use std::collections::BTreeSet;

use authz::{
    Permit, Role,
    permission::{ExcuseFromInterview, NotifyOfHours},
};
use domain::{
    ids::{AccountId, EmployeeId, TenantId},
    overwork::duty::{self, Done, Stand, Task},
    time::{Jst, Month},
};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{SeenMonth, WorkingMonth};
use crate::{Conflict, Error, Notice, Prepared, Store, Stored, Write, callers::somebody};

/// How many months are told of at once: an item and a mail each, in one transaction.
pub const MOST_NOTIFIED: usize = 30;
/// How many notices a month keeps.
const MOST_NOTICES: usize = 50;
/// Which text the mail has, for the proof.
const TEXT: &str = "something_to_read/1";

/// How somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By a mail of this service, which says that something is there to read.
    Mail,
    /// On paper (書面).
    Paper,
    /// In person (口頭・面談).
    InPerson,
    /// By another system (勤怠システムなど).
    OtherSystem,
}

impl Channel {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Mail => "メール",
            Self::Paper => "書面",
            Self::InPerson => "口頭",
            Self::OtherSystem => "他のシステム",
        }
    }
}

/// The proof that somebody was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeOfHours {
    /// When it was written down.
    pub at: Jst,
    /// Who told them.
    pub by: AccountId,
    /// The worker's, or the physician's.
    pub task: Task,
    /// How.
    pub channel: Channel,
    /// On which day.
    pub given_on: Date,
    /// Which physician was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub physician: Option<AccountId>,
    /// Which text a mail has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

/// How people are told.
#[derive(Debug, Clone, Copy)]
pub struct Notified {
    /// The worker ([`Task::NotifyWorker`]), or the physician ([`Task::TellPhysician`]).
    pub task: Task,
    /// How.
    pub channel: Channel,
    /// On which day.
    pub given_on: Date,
    /// Which physician.
    pub physician: Option<AccountId>,
}

/// Why somebody is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNotified {
    /// There is no such month, or it is out of reach.
    NotFound,
    /// The law does not ask for it: the hours are not over the line.
    NotAsked,
    /// The worker has no account that a mail could go to.
    NoAccount,
    /// It stands in the list twice.
    Twice,
    /// Nobody of this id is a physician here.
    NotAPhysician,
    /// As many notices as a month keeps.
    TooMany,
}

impl Store {
    /// Tells workers of their months, or a physician of them. All of them, or none and why; a fault of the physician has no place in the list.
    pub async fn notify_of_hours(
        &self,
        permit: &Permit<NotifyOfHours>,
        months: &[(EmployeeId, Month)],
        how: Notified,
    ) -> Result<Result<Prepared<usize>, Vec<(Option<usize>, NotNotified)>>, Error> {
        let (tenant, by) = (permit.tenant(), somebody(permit)?);
        if months.len() > MOST_NOTIFIED {
            return Err(Conflict::TooMany.into());
        }
        let placements = self.placements_now(tenant, months.iter().map(|(employee, _)| *employee)).await?;
        let opened = try_join_all(months.iter().map(|(employee, month)| self.open_month(tenant, *employee, *month)));
        let opened = opened.await?;
        let (now, today) = (self.clock.now(), self.today());
        let (mut write, mut refused, mut seen) = (Write::new(), Vec::new(), BTreeSet::new());
        if let Some(physician) = how.physician
            && !self.is_physician(tenant, physician).await?
        {
            refused.push((None, NotNotified::NotAPhysician));
        }
        for (index, ((employee, month), open)) in months.iter().zip(opened).enumerate() {
            let reached = placements.get(employee).is_some_and(|placement| permit.reach().covers(placement));
            let Some(open) = open.filter(|_| reached) else {
                refused.push((Some(index), NotNotified::NotFound));
                continue;
            };
            let (worked, mut record) = (&open.hours.worked, open.record.clone());
            let asked = duty::asked(worked.kind, worked.excess(), worked.period.to(), &record.done, today);
            let account = self.account_of_employee(tenant, *employee).await?;
            let by_mail = how.channel == Channel::Mail && how.task == Task::NotifyWorker;
            let why = match () {
                () if !seen.insert((*employee, *month)) => Some(NotNotified::Twice),
                () if !asked.iter().any(|asked| asked.task == how.task) => Some(NotNotified::NotAsked),
                () if by_mail && account.is_none() => Some(NotNotified::NoAccount),
                () if record.notices.len() >= MOST_NOTICES => Some(NotNotified::TooMany),
                () => None,
            };
            if let Some(why) = why {
                refused.push((Some(index), why));
                continue;
            }
            let text = (how.channel == Channel::Mail).then(|| TEXT.to_owned());
            let Notified { task, channel, given_on, physician } = how;
            record.notices.push(NoticeOfHours { at: now, by, task, channel, given_on, physician, text });
            // The first time is the one that the law asks about.
            let first =
                if task == Task::NotifyWorker { &mut record.done.notified_on } else { &mut record.done.told_on };
            *first = first.or(Some(given_on));
            let (key, item, _) = self.month_with(tenant, &open, record)?;
            write.put_over(self, key, item, Some(open.version), || Error::Stale)?;
            if let Some(account) = account.filter(|_| by_mail) {
                self.enqueue(&mut write, tenant, account, &Notice::SomethingToRead { at: now }).await?;
            }
        }
        if !refused.is_empty() {
            return Ok(Err(refused));
        }
        if let Some(physician) = how.physician.filter(|_| how.channel == Channel::Mail) {
            self.enqueue(&mut write, tenant, physician, &Notice::SomethingToRead { at: now }).await?;
        }
        let action =
            if how.task == Task::NotifyWorker { "working_hours.notify_worker" } else { "working_hours.tell_physician" };
        let employees: BTreeSet<String> = months.iter().map(|(employee, _)| employee.to_string()).collect();
        let event = self.event(permit, action)?.on_all(employees);
        Ok(Ok(Prepared { thing: months.len(), write, event }))
    }

    /// Notes a physician's word that no interview is needed about a month (面接指導を受ける必要がないと医師が認めた者).
    pub async fn excuse_from_interview(
        &self,
        permit: &Permit<ExcuseFromInterview>,
        seen: SeenMonth,
    ) -> Result<Prepared<Stored<WorkingMonth>>, Error> {
        let (tenant, SeenMonth { employee, month, version }) = (permit.tenant(), seen);
        let placement = self.placed_within(permit, employee).await?;
        let mut shown = self.month_shown(permit, &placement, employee, month).await?.ok_or(Error::NotFound)?;
        if shown.version != version {
            return Err(Error::Stale);
        }
        let mut write = Write::new();
        let today = self.today();
        let done = self
            .step_of_month(&mut write, tenant, (employee, month), |done| {
                let is_open = done.interviewed_on.is_none() && done.excused_on.is_none();
                done.excused_on = done.excused_on.or(Some(today));
                is_open
            })
            .await?;
        let done = done.ok_or(Conflict::WrongState)?;
        let worked = &shown.record.worked;
        let asked = duty::asked(worked.kind, worked.excess(), worked.period.to(), &done, today);
        shown.record.asked = shown.record.asked.map(|_| asked);
        shown.version += 1;
        let event = self.event(permit, "working_hours.excuse")?.on(employee);
        Ok(Prepared { thing: shown, write, event })
    }

    /// Adds to `write` that something was done about a month; what was done then. Nothing where the month is not there, or `change` says that it cannot be done.
    pub(crate) async fn step_of_month(
        &self,
        write: &mut Write,
        tenant: TenantId,
        (employee, month): (EmployeeId, Month),
        change: impl FnOnce(&mut Done) -> bool,
    ) -> Result<Option<Done>, Error> {
        let Some(open) = self.open_month(tenant, employee, month).await? else { return Ok(None) };
        let mut record = open.record.clone();
        if !change(&mut record.done) {
            return Ok(None);
        }
        let (key, item, record) = self.month_with(tenant, &open, record)?;
        write.put_over(self, key, item, Some(open.version), || {
            Error::Unavailable("a month changed while something was done about it".to_owned())
        })?;
        Ok(Some(record.done))
    }

    /// Adds to `write` that the worker asked for an interview about a month, where the law lets them ask and they have not; the day by which it is to be held. Whoever asks late is
    /// interviewed all the same. Nothing where the month is not there; a conflict where the law wants no interview about it, or it was held.
    pub(crate) async fn interview_about_month(
        &self,
        write: &mut Write,
        tenant: TenantId,
        (employee, month): (EmployeeId, Month),
    ) -> Result<Option<Date>, Error> {
        let Some(open) = self.open_month(tenant, employee, month).await? else { return Ok(None) };
        let (worked, today) = (&open.hours.worked, self.today());
        let asked = |done: &Done| duty::asked(worked.kind, worked.excess(), worked.period.to(), done, today);
        let open_interview = |done: &Done| {
            let mut all = asked(done).into_iter();
            all.find(|it| it.task == Task::Interview && it.stand == Stand::Open).map(|it| it.due_on)
        };
        if let Some(due_on) = open_interview(&open.record.done) {
            return Ok(Some(due_on));
        }
        let may_ask =
            |it: &duty::Asked| it.task == Task::AcceptRequest && matches!(it.stand, Stand::Open | Stand::Lapsed);
        if !asked(&open.record.done).iter().any(may_ask) {
            return Err(Conflict::WrongState.into());
        }
        let ask = |done: &mut Done| {
            done.requested_on = Some(today);
            true
        };
        let done = self.step_of_month(write, tenant, (employee, month), ask).await?;
        Ok(done.and_then(|done| open_interview(&done)))
    }

    /// Whether an account is a physician's.
    pub(crate) async fn is_physician(&self, tenant: TenantId, account: AccountId) -> Result<bool, Error> {
        self.has_role(tenant, account, Role::Physician).await
    }

    /// Whether an account has a role.
    pub(crate) async fn has_role(&self, tenant: TenantId, account: AccountId, role: Role) -> Result<bool, Error> {
        let account = self.load_account(tenant, account).await?;
        Ok(account.is_some_and(|stored| stored.record.grants.iter().any(|grant| grant.role == role)))
    }
}
