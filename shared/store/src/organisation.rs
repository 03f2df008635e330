//! The organisation: workplaces (事業場), departments (部署) as a tree, labels (ラベル).
//!
//! Everything of one tenant lies in one partition of `records`:
//!
//! | sort key | what it holds |
//! | --- | --- |
//! | `WORKPLACE#<id>`, `DEPARTMENT#<id>`, `LABEL#<id>` | the thing |
//! | `CODE#<kind>#<code>` | whose code that is: no two of a kind have the same, and lists are read in this order |
//! | `TREE` | every department with its parent and with each of its labels, 32 bytes each: what decisions read ([`tree`]) |
//! | `HOLD` | until when an import may be placing people ([`import`]) |
//!
//! Nothing is deleted while somebody stands in it or is to be moved there, and the answer to that is exact: a thing counts how often somebody was placed in it
//! (`placed`), a delete reads that count, then looks at everybody, and goes through only if nobody was placed since and no import may be placing.

mod departments;
mod import;
mod labels;
mod tree;
mod workplaces;

use std::borrow::Cow;

use authz::{Placement, Reach};
use domain::{
    ids::{EmployeeId, Id, Kind, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use departments::{Department, DepartmentChange, DepartmentSince, NewDepartment};
pub use import::{DepartmentContent, ImportedWorkplace, Organisation, RowApplied};
pub use labels::Label;
pub use workplaces::{NewWorkplace, Workplace, WorkplaceChange};

use crate::{
    Conflict, Error, Store, Write,
    accounts::Account,
    db::Range,
    item::{Attributes, Stored, as_text, from_item, from_optional, number},
    key::{Family, Key, Table, partition, shards},
};

pub(crate) const SCHEMA: u8 = 1;
/// How many codes are read at a time for a caller who does not see all of them.
const CODES_AT_A_TIME: usize = 1_000;

/// A thing of the organisation.
pub(crate) trait Unit: Serialize + DeserializeOwned {
    /// What ids it has.
    type Kind: Kind;
    /// Its name in keys.
    const KIND: &'static str;
    /// What it means that its code is taken.
    const TAKEN: fn() -> Error;

    fn id(&self) -> Id<Self::Kind>;
    /// What no other of its kind has; lists stand in its order.
    fn code(&self) -> Cow<'_, str>;
    /// How often somebody was placed in it.
    fn placed(&self) -> u64;
    /// Where somebody stands who stands in this and in nothing else: whoever reaches them reaches the thing.
    fn somebody_in(id: Id<Self::Kind>) -> Placement;
}

/// Somebody who is nobody in particular and stands nowhere.
fn somebody() -> Placement {
    let nobody = EmployeeId::from_bytes([0; 16]);
    Placement { employee: nobody, workplace: None, department: None, labels: std::collections::BTreeSet::new() }
}

/// The code's item.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
struct CodeRecord<K: Kind> {
    unit: Id<K>,
}

fn key(tenant: TenantId, sk: impl std::fmt::Display) -> Key {
    Key::new(Table::Records, tenant, Family::Organisation, "", sk)
}

pub(crate) fn unit_key<U: Unit>(tenant: TenantId, id: Id<U::Kind>) -> Key {
    key(tenant, format_args!("{}#{id}", U::KIND))
}

fn code_key<U: Unit>(tenant: TenantId, code: &str) -> Key {
    key(tenant, format_args!("CODE#{}#{code}", U::KIND))
}

fn hold_key(tenant: TenantId) -> Key {
    key(tenant, "HOLD")
}

impl Store {
    pub(crate) async fn load_unit<U: Unit>(
        &self,
        tenant: TenantId,
        id: Id<U::Kind>,
    ) -> Result<Option<Stored<U>>, Error> {
        self.load(&unit_key::<U>(tenant, id)).await
    }

    /// The thing with this id, if `reach` covers it.
    pub(crate) async fn unit_within<U: Unit>(
        &self,
        tenant: TenantId,
        reach: &Reach,
        id: Id<U::Kind>,
    ) -> Result<Stored<U>, Error> {
        if !reach.covers(&U::somebody_in(id)) {
            return Err(Error::NotFound);
        }
        self.load_unit(tenant, id).await?.ok_or(Error::NotFound)
    }

    /// The things within `reach` in the order of their codes: at most `limit` after the code `after`, and the code to go on after.
    pub(crate) async fn units_within<U: Unit>(
        &self,
        tenant: TenantId,
        reach: &Reach,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Stored<U>>, Option<String>), Error> {
        let prefix = format!("CODE#{}#", U::KIND);
        let at_a_time = if reach.is_everybody() { limit } else { CODES_AT_A_TIME };
        let mut after = after.map(|code| format!("{prefix}{code}"));
        let mut found = Vec::new();
        let next = loop {
            let range = Range::whole(Table::Records, Family::Organisation, partition(tenant, Family::Organisation, ""))
                .starting_with(prefix.as_str())
                .after(after.clone())
                .limit(at_a_time);
            let (items, more) = self.db.query(&range).await?;
            let mut rest = items.into_iter();
            for item in rest.by_ref() {
                after = as_text(&item, "sk").map(str::to_owned);
                if let Some(Stored { record: CodeRecord::<U::Kind> { unit }, .. }) = from_item(item, self.clock.now())?
                    && reach.covers(&U::somebody_in(unit))
                {
                    found.push(unit);
                }
                if found.len() == limit {
                    break;
                }
            }
            let more = more || rest.len() > 0;
            if found.len() == limit || !more {
                break after.filter(|_| more).and_then(|sk| sk.strip_prefix(&prefix).map(str::to_owned));
            }
        };
        let units = self.load_units(tenant, &found).await?.into_iter().flatten().collect();
        Ok((units, next))
    }

    pub(crate) async fn load_units<U: Unit>(
        &self,
        tenant: TenantId,
        ids: &[Id<U::Kind>],
    ) -> Result<Vec<Option<Stored<U>>>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| unit_key::<U>(tenant, *id)).collect();
        let now = self.clock.now();
        let items = self.db.batch_get(&keys).await?.into_iter();
        items.map(|item| from_optional(item, now)).collect()
    }

    /// Those of several things that are there, by their ids.
    pub(crate) async fn units_by_id<U: Unit>(
        &self,
        tenant: TenantId,
        ids: impl IntoIterator<Item = Id<U::Kind>>,
    ) -> Result<std::collections::HashMap<Id<U::Kind>, U>, Error> {
        let ids: std::collections::BTreeSet<Id<U::Kind>> = ids.into_iter().collect();
        let ids: Vec<Id<U::Kind>> = ids.into_iter().collect();
        let found = self.load_units::<U>(tenant, &ids).await?;
        Ok(found.into_iter().flatten().map(|stored| (stored.record.id(), stored.record)).collect())
    }

    /// Adds a new thing with its code to `write`.
    fn create_unit<U: Unit>(&self, write: &mut Write, tenant: TenantId, unit: &U) -> Result<(), Error> {
        let id = unit.id();
        write.create(self, unit_key::<U>(tenant, id), SCHEMA, unit, U::TAKEN)?;
        let code = code_key::<U>(tenant, &unit.code());
        write.create(self, code, SCHEMA, &CodeRecord::<U::Kind> { unit: id }, U::TAKEN)?;
        Ok(())
    }

    /// Adds a changed thing to `write`: `was` is what was read, `version` what the caller read.
    fn replace_unit<U: Unit>(
        &self,
        write: &mut Write,
        tenant: TenantId,
        version: u64,
        was: &U,
        unit: &U,
    ) -> Result<(), Error> {
        let id = unit.id();
        write.replace(self, unit_key::<U>(tenant, id), SCHEMA, version, unit)?;
        if was.code() != unit.code() {
            let code = code_key::<U>(tenant, &unit.code());
            write.create(self, code, SCHEMA, &CodeRecord::<U::Kind> { unit: id }, U::TAKEN)?;
            write.delete(self, code_key::<U>(tenant, &was.code()), None)?;
        }
        Ok(())
    }

    /// Adds the end of a thing to `write`, after having looked whether anybody stands in it or was granted it. Exact for people (see the module); a grant
    /// that is given at the same moment is left with a scope that reaches nobody.
    ///
    /// Costs a read of every employee's and every account's item: about 13,000 units for 100,000 people. Deleting is rare; a count that every
    /// employee's write keeps would be one hot item in every import.
    async fn delete_unit<U: Unit>(
        &self,
        write: &mut Write,
        tenant: TenantId,
        version: u64,
        unit: &U,
        looked_at: Jst,
    ) -> Result<(), Error> {
        let id = unit.id();
        let alone = U::somebody_in(id);
        let (somebody, granted) = futures_util::future::try_join(
            self.any_employee(tenant, |employee| {
                employee.placements_from(looked_at.date()).any(|placement| stands_in(&alone, &placement))
            }),
            self.any_grant(tenant, |scope| reaches_into(scope, &alone)),
        )
        .await?;
        if somebody || granted {
            return Err(Conflict::InUse.into());
        }
        let values =
            Attributes::from([(":version".to_owned(), number(version)), (":placed".to_owned(), number(unit.placed()))]);
        let same = "version = :version AND placed = :placed";
        write.delete_if(self, unit_key::<U>(tenant, id), same, values, || Error::Stale)?;
        write.delete(self, code_key::<U>(tenant, &unit.code()), None)?;
        // Not only over now, but over since before anybody was looked at.
        let seconds = u64::try_from(looked_at.epoch_seconds()).unwrap_or(0);
        let over = "attribute_not_exists(held_until) OR held_until <= :looked_at";
        let values = Attributes::from([(":looked_at".to_owned(), number(seconds))]);
        write.check(self, hold_key(tenant), over, values, || Conflict::ImportRunning.into())?;
        Ok(())
    }

    async fn any_grant(&self, tenant: TenantId, reaches: impl Fn(&authz::Scope) -> bool + Copy) -> Result<bool, Error> {
        let look = |shard: String| async move {
            let mut range = Range::whole(Table::Records, Family::Account, partition(tenant, Family::Account, shard));
            loop {
                let (items, more) = self.db.query(&range).await?;
                range.after = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned));
                for item in items {
                    let account = from_item::<Account>(item, self.clock.now())?;
                    if account.is_some_and(|account| account.record.grants.iter().any(|grant| reaches(&grant.scope))) {
                        return Ok(true);
                    }
                }
                if !more {
                    return Ok::<bool, Error>(false);
                }
            }
        };
        Ok(futures_util::future::try_join_all(shards().map(look)).await?.contains(&true))
    }

    /// Counts somebody as placed in the thing, which must exist: part of every write that places one person by hand.
    pub(crate) fn count_placed<U: Unit>(
        &self,
        write: &mut Write,
        tenant: TenantId,
        id: Id<U::Kind>,
    ) -> Result<(), Error> {
        let values = Attributes::from([(":one".to_owned(), number(1))]);
        let there = Some("attribute_exists(pk)");
        write.update(self, unit_key::<U>(tenant, id), "ADD placed :one", there, values, || {
            Conflict::MissingReference.into()
        })?;
        Ok(())
    }
}

/// Whether somebody at `placement` stands in the one thing that `alone` stands in.
fn stands_in(alone: &Placement, placement: &Placement) -> bool {
    (alone.workplace.is_some() && alone.workplace == placement.workplace)
        || (alone.department.is_some() && alone.department == placement.department)
        || !alone.labels.is_disjoint(&placement.labels)
}

/// Whether a scope names the one thing that `alone` stands in.
fn reaches_into(scope: &authz::Scope, alone: &Placement) -> bool {
    match scope {
        authz::Scope::Tenant => false,
        authz::Scope::Parts { workplaces, departments, labels } => {
            alone.workplace.is_some_and(|id| workplaces.contains(&id))
                || alone.department.is_some_and(|id| departments.contains(&id))
                || !alone.labels.is_disjoint(labels)
        }
    }
}
