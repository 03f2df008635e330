//! Reminders (期限の通知): operators, and administrators of a company whose data will be deleted, are told of a deadline at each step before it, and when it is missed, by mail. One item per deadline holds how far they were told; it
//! moves in the transaction that writes the mails, and only forward. So a step is told of once, whoever looks however often, and after a gap the nearest one is.

use authz::{Permit, permission::RemindOperators};
use domain::{
    ids::{PLATFORM, TenantId},
    reminder::{Nearness, Steps},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    ContractState, Error, Notice, Store, Write, contracts,
    item::{Attributes, number, to_item},
    key::{Family, Key, Table},
};

const SCHEMA: u8 = 1;
/// For how many days after the deadline it is kept how far operators were told.
const KEPT_DAYS: i64 = 400;
/// To how many people one reminder goes at most: a transaction takes a hundred items.
const MOST_TOLD: usize = 90;

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What it is about: an id.
    pub subject: String,
    /// Which of the subject's deadlines: a word for programs, the same at each look.
    pub deadline: String,
    /// What is to be done, in Japanese.
    pub what: String,
    /// By when. Another moment is another deadline.
    pub due: Jst,
    /// When somebody is told before it.
    pub steps: Steps,
    /// Who is told.
    pub told: Told,
}

/// Who is told of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The provider's own people.
    Operators,
    /// A company's administrators: its data is deleted from that day on.
    OfThePurge {
        /// Which company's.
        tenant: TenantId,
        /// When the last export was first taken; none while it has not been.
        last_export_at: Option<Jst>,
    },
}

/// A purge that lies ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeAhead {
    /// Whose data.
    pub tenant: TenantId,
    /// From which day on.
    pub purge_on: Date,
    /// When the last export was first taken.
    pub last_export_at: Option<Jst>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    step: u8,
    reminded_at: Jst,
    expires_at: i64,
}

impl Due {
    fn key(&self) -> Key {
        let which = format_args!("{}#{}", self.deadline, self.due).to_string();
        Key::new(Table::Records, PLATFORM, Family::Reminder, &self.subject, which)
    }
}

impl Store {
    /// The purges that lie ahead: of contracts that have a last day and are not held.
    pub async fn purges_ahead(&self, permit: &Permit<RemindOperators>) -> Result<Vec<PurgeAhead>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let contracts: Vec<contracts::Record> = self.all_of(Family::Contract).await?;
        let is_ahead = |state| matches!(state, ContractState::Terminated | ContractState::StressCheckOnly);
        let terminated = contracts.into_iter().filter(|contract| is_ahead(contract.state));
        let ahead = terminated.filter_map(|contract| {
            let purge_on = contract.data_ends()?.purge_on;
            Some(PurgeAhead { tenant: contract.tenant, purge_on, last_export_at: contract.last_export_at })
        });
        Ok(ahead.collect())
    }

    /// Tells everybody whom `due` concerns how near it is, unless they were told so or nearer; what they were told now.
    pub async fn remind(
        &self,
        permit: &Permit<RemindOperators>,
        due: &Due,
        now: Jst,
    ) -> Result<Option<Nearness>, Error> {
        let Some((step, nearness)) = due.steps.reached(due.due, now) else { return Ok(None) };
        let key = due.key();
        if self.load::<Record>(&key).await?.is_some_and(|told| told.record.step >= step) {
            return Ok(None);
        }
        let expires_at = due.due.plus_seconds(KEPT_DAYS * 86_400).epoch_seconds();
        let item = to_item(&key, u64::from(step), SCHEMA, &Record { step, reminded_at: now, expires_at })?;
        let mut write = Write::new();
        let values = Attributes::from([(":step".to_owned(), number(u64::from(step)))]);
        let further = "attribute_not_exists(pk) OR version < :step";
        write.put(self, key, item, Some(further), values, || Error::Stale)?;
        let (tenant, accounts, notice) = match due.told {
            Told::Operators => {
                let (subject, what) = (due.subject.clone(), due.what.clone());
                (PLATFORM, self.operators().await?, Notice::Reminder { subject, what, due: due.due, nearness })
            }
            Told::OfThePurge { tenant, last_export_at } => {
                let notice = Notice::PurgeAhead { purge_on: due.due.date(), last_export_at };
                (tenant, self.administrators_to_tell(tenant).await?, notice)
            }
        };
        for account in accounts.into_iter().take(MOST_TOLD) {
            self.enqueue(&mut write, tenant, account, &notice).await?;
        }
        let event = self.event(permit, "reminder.send")?.on(&due.subject).because(due.deadline.clone());
        match write.commit(self, event).await {
            Ok(()) => Ok(Some(nearness)),
            // Somebody else has told them meanwhile.
            Err(Error::Stale) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
