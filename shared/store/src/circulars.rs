//! Circulars (一斉通知): one cause, a mail to each administrator of every customer. The circular is an item, written in the same transaction as its cause; the sweep of the
//! outbox turns it into mails, one customer after the other. Each customer's mails are written in the transaction that also moves the circular on, so that whoever dies in
//! between leaves nobody out and writes to nobody twice.

use authz::{Permit, permission::DeliverMail};
use domain::ids::{MailId, PLATFORM};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Notice, Store, Write, contracts,
    db::Range,
    item::{Sealed, Stored, as_text, from_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// In whose partition circulars wait: beside the mails that they become.
const WAITING: &str = "circulars";
/// How many customers are looked up at a time.
const PAGE: usize = 50;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: MailId,
    notice: Sealed,
    /// Up to which customer it has come.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reached: Option<String>,
}

fn key(id: MailId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Outbox, WAITING, id)
}

impl Store {
    /// Adds a circular to `write`: it goes out if and when that is committed.
    pub(crate) async fn circulate(&self, write: &mut Write, notice: &Notice) -> Result<(), Error> {
        let id: MailId = self.new_id()?;
        let notice = self.seal(PLATFORM, Purpose::Credentials, &key(id), "notice", notice).await?;
        let twice = || Error::Internal("a circular's id came twice".to_owned());
        write.create(self, key(id), SCHEMA, &Record { id, notice, reached: None }, twice)?;
        Ok(())
    }

    /// Goes on with the circulars that wait, the oldest first, for up to `most` customers; how many were written to. The permit is the platform's.
    pub async fn send_circulars(&self, permit: &Permit<DeliverMail>, most: usize) -> Result<usize, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let mut reached = 0;
        while reached < most {
            let range = Range::whole(Table::Records, Family::Outbox, partition(PLATFORM, Family::Outbox, WAITING));
            let (items, _) = self.db.query(&range.limit(1)).await?;
            let Some(item) = items.into_iter().next() else { break };
            let Some(circular) = from_item::<Record>(item, self.clock.now())? else { break };
            match self.send_circular(circular, most - reached).await {
                Ok(customers) => reached += customers,
                // Another sweep has taken it on.
                Err(Error::Stale) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }

    async fn send_circular(&self, circular: Stored<Record>, most: usize) -> Result<usize, Error> {
        let Stored { mut record, mut version } = circular;
        let key = key(record.id);
        let notice: Notice = self.open(PLATFORM, Purpose::Credentials, &key, "notice", &record.notice).await?;
        let mut written = 0;
        while written < most {
            let contracts = Range::whole(Table::Records, Family::Contract, partition(PLATFORM, Family::Contract, ""));
            let limit = PAGE.min(most - written);
            let (items, _) = self.db.query(&contracts.after(record.reached.clone()).limit(limit)).await?;
            if items.is_empty() {
                let mut write = Write::new();
                write.delete(self, key, Some(version))?;
                write.commit_unaudited(self).await?;
                return Ok(written);
            }
            for item in items {
                record.reached = as_text(&item, "sk").map(str::to_owned);
                let Some(contract) = from_item::<contracts::Record>(item, self.clock.now())? else { continue };
                let mut write = Write::new();
                // After the purge has begun nobody is there to read it.
                if contract.record.state.has_people() {
                    self.enqueue_to_administrators(&mut write, contract.record.tenant, &notice).await?;
                }
                write.replace(self, key.clone(), SCHEMA, version, &record)?;
                write.commit_unaudited(self).await?;
                version += 1;
                written += 1;
            }
        }
        Ok(written)
    }
}
