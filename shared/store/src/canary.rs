//! What the canary found: an item per day, in it an attribute per five minutes. What was found first stays, however often a run is repeated.

use authz::{
    Permit,
    permission::{NoteCanary, ViewAvailability},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    availability::{Tally, is_slot_name, slot_name},
    ids::PLATFORM,
    time::{Jst, Month},
};
use jiff::civil::Date;

use crate::{
    Error, Store, Write,
    db::Range,
    item::{Attributes, number},
    key::{Family, Key, Table, partition},
};

/// For how many days it is kept: the figures of two years can be read.
const KEPT_DAYS: i64 = 800;

fn key(day: Date) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Canary, "", day)
}

impl Store {
    /// Notes whether the service was there at a moment. Nobody's act: it is the canary's log itself.
    pub async fn note_canary(&self, permit: &Permit<NoteCanary>, at: Jst, up: bool) -> Result<(), Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let slot = slot_name(at);
        let expires = at.plus_seconds(KEPT_DAYS * 86_400).epoch_seconds();
        let values = Attributes::from([
            (":up".to_owned(), AttributeValue::Bool(up)),
            (":expires".to_owned(), number(u64::try_from(expires).unwrap_or(0))),
        ]);
        let mut write = Write::new();
        let expression = format!("SET {slot} = :up, expires_at = :expires");
        let first = format!("attribute_not_exists({slot})");
        write.update(self, key(at.date()), &expression, Some(&first), values, || Error::Stale)?;
        match write.commit_unaudited(self).await {
            // It was noted before.
            Err(Error::Stale) => Ok(()),
            outcome => outcome,
        }
    }

    /// What was found in a month.
    pub async fn availability(&self, _: &Permit<ViewAvailability>, month: Month) -> Result<Tally, Error> {
        let pk = partition(PLATFORM, Family::Canary, "");
        let range = Range::whole(Table::Records, Family::Canary, pk).starting_with(format!("{month}-"));
        let mut tally = Tally::default();
        for (name, value) in self.db.query_all(range).await?.into_iter().flatten() {
            match value {
                AttributeValue::Bool(true) if is_slot_name(&name) => tally.up += 1,
                AttributeValue::Bool(false) if is_slot_name(&name) => tally.down += 1,
                _ => {}
            }
        }
        Ok(tally)
    }
}
