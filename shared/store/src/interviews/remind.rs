//! Reminders of interviews (面談の期限の通知): the worker before a booked one, and those who are to arrange, report or decide, as far as their grants reach the worker. A mail says that something is there to read, and
//! nothing of what. What was said stays sealed: who reminds needs no key to it.

use std::{collections::HashSet, sync::Arc};

use authz::{Permit, Role, permission::RemindEmployees};
use domain::{
    ids::{AccountId, TenantId},
    interview::{InterviewState, is_reminded, reminders_until},
    time::Jst,
};

use super::{InterviewList, Record, item, key, of_state};
use crate::{
    Error, Notice, Store, Write,
    accounts::Account,
    db::Range,
    item::{Stored, as_text, from_item},
    key::{Family, Table},
};

/// How many interviews of one tenant one run reminds of at most; the next one goes on.
const MOST_REMINDED: usize = 1_000;
/// To how many people the reminder of one interview goes at most.
const MOST_TOLD: usize = 50;

/// In which states of which list who is to do something next; in those that are booked it is the worker.
const WHO: [(InterviewList, InterviewState, &[Role]); 8] = [
    (InterviewList::Known, InterviewState::Booked, &[]),
    (InterviewList::Known, InterviewState::Requested, &[Role::Hr, Role::HealthOfficer]),
    (InterviewList::Known, InterviewState::NoShow, &[Role::Hr, Role::HealthOfficer]),
    (InterviewList::Known, InterviewState::Held, &[Role::Physician]),
    (InterviewList::Known, InterviewState::OpinionGiven, &[Role::Hr]),
    (InterviewList::InConfidence, InterviewState::Booked, &[]),
    (InterviewList::InConfidence, InterviewState::Requested, &[Role::Physician, Role::Nurse]),
    (InterviewList::InConfidence, InterviewState::NoShow, &[Role::Physician, Role::Nurse]),
];

/// What somebody is to be reminded of.
struct Due {
    stored: Stored<Record>,
    roles: &'static [Role],
}

impl Store {
    /// Reminds everybody of the permit's tenant who is to be reminded of an interview at `at`; of how many interviews. Nobody gets more than one mail a run. What another run was faster with is left alone.
    pub async fn remind_of_interviews(
        &self,
        permit: &Permit<RemindEmployees>,
        at: Jst,
        dry_run: bool,
    ) -> Result<usize, Error> {
        let tenant = permit.tenant();
        let due = self.interviews_due(tenant, at).await?;
        if due.is_empty() || dry_run {
            return Ok(due.len());
        }
        let placements = self.placements_now(tenant, due.iter().map(|due| due.stored.record.employee)).await?;
        let tree = Arc::new(self.read_tree(tenant).await?);
        let accounts = self.accounts_in_use(tenant).await?;
        let (mut mailed, mut reminded) = (HashSet::new(), 0);
        for Due { stored, roles } in due {
            let Some(placement) = placements.get(&stored.record.employee) else { continue };
            let told: Vec<AccountId> = if roles.is_empty() {
                self.account_of_employee(tenant, stored.record.employee).await?.into_iter().collect()
            } else {
                let is_told = |account: &&Account| {
                    account.grants.iter().any(|grant| roles.contains(&grant.role) && grant.covers(placement, &tree))
                };
                accounts.iter().filter(is_told).map(|account| account.id).take(MOST_TOLD).collect()
            };
            reminded += usize::from(self.remind_of_interview(permit, stored, &told, &mut mailed, at).await?);
        }
        Ok(reminded)
    }

    /// Whether it was this run that reminded of an interview.
    async fn remind_of_interview(
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
        // After which kind of interview is sealed: the trail keeps all of them in confidence.
        let event = self.event(permit, "interview.remind")?.on(record.employee).on(record.id).in_confidence();
        match write.commit(self, event).await {
            Ok(()) => {
                mailed.extend(news);
                Ok(true)
            }
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The interviews that somebody is to be reminded of at `at`, those first whose day comes first in their state.
    async fn interviews_due(&self, tenant: TenantId, at: Jst) -> Result<Vec<Due>, Error> {
        let (today, until) = (at.date(), reminders_until(at.date()));
        let mut due = Vec::new();
        for (list, state, roles) in WHO {
            let mut range = Range::whole(Table::Records, Family::Interview, of_state(tenant, list, state)).by_index();
            'state: loop {
                let (items, more) = self.db.query(&range).await?;
                range.after = items.last().and_then(|item| as_text(item, "gsi1sk").map(str::to_owned));
                for item in items {
                    let Some(stored) = from_item::<Record>(item, at)? else { continue };
                    let Some(next_on) = stored.record.next_on else { continue };
                    if next_on > until || due.len() == MOST_REMINDED {
                        break 'state;
                    }
                    if is_reminded(state, next_on, stored.record.told_on, today) {
                        due.push(Due { stored, roles });
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
