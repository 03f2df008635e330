//! Turns: a lease per tenant says whose it is to move imports, with a fencing token that every step is conditional on.

use authz::{Permit, permission::UseImports};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;

use super::{Import, SCHEMA, key};
use crate::{
    Error, Store, Write,
    db::Range,
    item::{Stored, as_number, from_item, number},
    key::{Family, Key, Table, partition},
};

/// For how long a turn is held without a sign of life, in seconds.
const LEASE_SECONDS: i64 = 30;

fn lease_key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::ImportPart, "turn", "LEASE")
}

/// A turn: the right to move a tenant's imports, until the lease runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub(super) tenant: TenantId,
    fence: u64,
}

impl Store {
    /// Takes the tenant's turn, if nobody has it.
    pub async fn take_turn(&self, permit: &Permit<UseImports>) -> Result<Option<Turn>, Error> {
        let (tenant, key, now) = (permit.tenant(), lease_key(permit.tenant()), self.clock.now());
        let request = self
            .db
            .update(&key)
            .update_expression("SET held_until = :until ADD fence :one")
            .condition_expression("attribute_not_exists(held_until) OR held_until <= :now")
            .expression_attribute_values(
                ":until",
                AttributeValue::N(now.plus_seconds(LEASE_SECONDS).epoch_seconds().to_string()),
            )
            .expression_attribute_values(":now", AttributeValue::N(now.epoch_seconds().to_string()))
            .expression_attribute_values(":one", number(1))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew);
        let taken = self.db.send_update(&key, request).await?;
        Ok(taken.and_then(|item| as_number(&item, "fence")).map(|fence| Turn { tenant, fence }))
    }

    /// Keeps the turn for another half minute; fails as stale if somebody else has taken it meanwhile.
    pub async fn keep_turn(&self, turn: Turn) -> Result<(), Error> {
        let until = self.clock.now().plus_seconds(LEASE_SECONDS).epoch_seconds();
        self.set_turn(turn, until).await
    }

    /// Gives the turn back.
    pub async fn end_turn(&self, turn: Turn) -> Result<(), Error> {
        self.set_turn(turn, 0).await
    }

    async fn set_turn(&self, turn: Turn, until: i64) -> Result<(), Error> {
        let key = lease_key(turn.tenant);
        let request = self
            .db
            .update(&key)
            .update_expression("SET held_until = :until")
            .condition_expression("fence = :fence")
            .expression_attribute_values(":until", AttributeValue::N(until.to_string()))
            .expression_attribute_values(":fence", number(turn.fence));
        self.db.send_update(&key, request).await?.map(|_| ()).ok_or(Error::Stale)
    }

    /// All imports of the tenant that are not finished, in the order in which they shall have their turn: what others need first, then by age.
    pub async fn unfinished_imports(&self, permit: &Permit<UseImports>) -> Result<Vec<Stored<Import>>, Error> {
        let range = Range::whole(Table::Records, Family::Import, partition(permit.tenant(), Family::Import, ""));
        let now = self.clock.now();
        let mut unfinished = Vec::new();
        for item in self.db.query_all(range).await? {
            unfinished.extend(from_item::<Import>(item, now)?.filter(|stored| stored.record.state.is_unfinished()));
        }
        unfinished.sort_by_key(|stored| (stored.record.kind as u8, stored.record.created_at));
        Ok(unfinished)
    }

    /// Moves an import on, within a turn. Fails as stale if the turn was lost or the import was moved by somebody else.
    pub async fn move_import(
        &self,
        turn: Turn,
        stored: Stored<Import>,
        change: impl FnOnce(&mut Import),
    ) -> Result<Stored<Import>, Error> {
        let Stored { record: mut import, version } = stored;
        if import.fence > turn.fence {
            return Err(Error::Stale);
        }
        change(&mut import);
        import.fence = turn.fence;
        import.updated_at = self.clock.now();
        let mut write = Write::new();
        write.replace(self, key(turn.tenant, import.id), SCHEMA, version, &import)?;
        write.commit_unaudited(self).await?;
        Ok(Stored { record: import, version: version + 1 })
    }
}
