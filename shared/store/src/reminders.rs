//! Reminders (期限の通知): operators are told of a deadline at each step before it, and when it is missed, by mail. One item per deadline holds how far they were told; it
//! moves in the transaction that writes the mails, and only forward. So a step is told of once, whoever looks however often, and after a gap the nearest one is.

use authz::{Permit, permission::RemindOperators};
use domain::{
    ids::PLATFORM,
    reminder::{Nearness, Steps},
    time::Jst,
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Notice, Store, Write,
    item::{Attributes, number, to_item},
    key::{Family, Key, Table},
};

const SCHEMA: u8 = 1;
/// For how many days after the deadline it is kept how far operators were told.
const KEPT_DAYS: i64 = 400;
/// To how many operators one reminder goes at most: a transaction takes a hundred items.
const MOST_OPERATORS: usize = 90;

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
    /// When operators are told before it.
    pub steps: Steps,
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
    /// Tells every operator how near `due` is, unless they were told so or nearer; what they were told now.
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
        let (subject, what) = (due.subject.clone(), due.what.clone());
        let notice = Notice::Reminder { subject, what, due: due.due, nearness };
        for operator in self.operators().await?.into_iter().take(MOST_OPERATORS) {
            self.enqueue(&mut write, PLATFORM, operator, &notice).await?;
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
