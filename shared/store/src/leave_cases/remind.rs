//! Reminders of leave cases: those of HR who have to do with one, and the physicians whose grants reach the worker. A mail says that something is there to read, and nothing of what; who reminds needs no key to a case.

use std::{collections::HashSet, sync::Arc};

use authz::{Permit, Role, permission::RemindEmployees};
use domain::{
    ids::{AccountId, TenantId},
    leave::{LeaveState, is_reminded, reminders_until},
    time::Jst,
};

use super::{Record, item, key, of_state};
use crate::{
    Error, Notice, Store, Write,
    accounts::Account,
    db::Range,
    item::{Stored, as_text, from_item},
    key::{Family, Table},
};

/// How many cases of one tenant one run reminds of at most; the next one goes on.
const MOST_REMINDED: usize = 1_000;
/// To how many people the reminder of one case goes at most.
const MOST_TOLD: usize = 50;

impl Store {
    /// Reminds everybody of the permit's tenant who is to look at a leave case at `at`; of how many cases. Nobody gets more than one mail a run. What another run was faster with is left alone.
    pub async fn remind_of_leave_cases(
        &self,
        permit: &Permit<RemindEmployees>,
        at: Jst,
        dry_run: bool,
    ) -> Result<usize, Error> {
        let tenant = permit.tenant();
        let due = self.leave_cases_due(tenant, at).await?;
        if due.is_empty() || dry_run {
            return Ok(due.len());
        }
        let placements = self.placements_now(tenant, due.iter().map(|due| due.record.employee)).await?;
        let tree = Arc::new(self.read_tree(tenant).await?);
        let accounts = self.accounts_in_use(tenant).await?;
        let (mut mailed, mut reminded) = (HashSet::new(), 0);
        for stored in due {
            let Some(placement) = placements.get(&stored.record.employee) else { continue };
            let is_told = |account: &&Account| {
                let reaches =
                    |role| account.grants.iter().any(|grant| grant.role == role && grant.covers(placement, &tree));
                let assigned = stored.record.assignees.contains(&account.id) && reaches(Role::Hr);
                assigned || reaches(Role::Physician)
            };
            let told: Vec<AccountId> = accounts.iter().filter(is_told).map(|it| it.id).take(MOST_TOLD).collect();
            reminded += usize::from(self.remind_of_leave_case(permit, stored, &told, &mut mailed, at).await?);
        }
        Ok(reminded)
    }

    /// Whether it was this run that reminded of a case.
    async fn remind_of_leave_case(
        &self,
        permit: &Permit<RemindEmployees>,
        stored: Stored<Record>,
        told: &[AccountId],
        mailed: &mut HashSet<AccountId>,
        at: Jst,
    ) -> Result<bool, Error> {
        let (tenant, Stored { mut record, version }) = (permit.tenant(), stored);
        record.told_on = Some(at.date());
        record.updated_at = at;
        let mut write = Write::new();
        let place = key(tenant, record.employee, record.id);
        write.put_over(self, place, item(tenant, &record, version + 1)?, Some(version), || Error::Stale)?;
        let news: Vec<AccountId> = told.iter().copied().filter(|account| !mailed.contains(account)).collect();
        for account in &news {
            self.enqueue(&mut write, tenant, *account, &Notice::SomethingToRead { at }).await?;
        }
        let event = self.event(permit, "leave_case.remind")?.on(record.employee).on(record.id).in_confidence();
        match write.commit(self, event).await {
            Ok(()) => {
                mailed.extend(news);
                Ok(true)
            }
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The cases that somebody is to be reminded of at `at`, those first whose day comes first in their state.
    async fn leave_cases_due(&self, tenant: TenantId, at: Jst) -> Result<Vec<Stored<Record>>, Error> {
        let (today, until) = (at.date(), reminders_until(at.date()));
        let mut due = Vec::new();
        for state in LeaveState::ALL.into_iter().filter(|state| *state != LeaveState::Closed) {
            let mut range = Range::whole(Table::Records, Family::LeaveCase, of_state(tenant, state)).by_index();
            'state: loop {
                let (items, more) = self.db.query(&range).await?;
                range.after = items.last().and_then(|item| as_text(item, "gsi1sk").map(str::to_owned));
                for item in items {
                    let Some(stored) = from_item::<Record>(item, at)? else { continue };
                    let Some(next_on) = stored.record.next_on.filter(|next_on| *next_on <= until) else { break 'state };
                    if due.len() == MOST_REMINDED {
                        return Ok(due);
                    }
                    if is_reminded(next_on, stored.record.told_on, today) {
                        due.push(stored);
                    }
                }
                if !more {
                    break;
                }
            }
        }
        Ok(due)
    }
}
