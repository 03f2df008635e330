//! Sealing anew what the stress check needs of people, before the keys for names and attributes go with the rest (R-17).
//!
//! ```text
//! terminated ──the first purge is due──▶ purging: each item of an identity is sealed for the stress check ──▶ the purge sees that none is left and goes on
//! ```
//!
//! It is a step of the purge that the purge cannot do itself: whoever scans and deletes has no key of names, and whoever has one neither scans nor deletes. It shuts the tenant first, so that nobody
//! writes a name under a key that is about to go, and nobody takes back a termination after attributes were cut away. Each item says what it is sealed for, so that a run which was killed is
//! taken up by the next one and one that was started twice does nothing twice; and every write holds only while the purge lasts and no hold does.

use std::collections::HashSet;

use authz::{Permit, permission::PurgeTenants};
use domain::{
    ids::{EmployeeId, PLATFORM, TenantId},
    time::Jst,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::Serialize;
use vault::Purpose;

use super::{
    Bounds, Part, PurgeStage,
    delete::Budget,
    rest::{self, Needed, OF_AN_EMPLOYEE},
    stage, standing,
};
use crate::{
    Conflict, Error, Event, Store, Write,
    accounts::{self, HolderRecord},
    contracts,
    db::Range,
    employees::{self, Employee, EmployeeAttributes, PersonRecord},
    identity::SealedFor,
    item::{Attributes, Stored, as_text, from_item, text, to_item},
    key::{Family, Key, Table, partition, shards},
};

/// How many employees, or accounts, go in one transaction.
const BATCH: usize = 20;

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// Employees whose attributes and names were sealed anew.
    pub employees: u64,
    /// Accounts whose holders were.
    pub accounts: u64,
    /// Nobody is left.
    pub complete: bool,
    /// A hold lasts: nothing was done, or nothing more.
    pub held: bool,
}

impl Store {
    /// The tenants whose first purge is due or has begun, and whose stress check goes on after it. The permit is the platform's.
    pub async fn tenants_to_reseal(&self, permit: &Permit<PurgeTenants>, today: Date) -> Result<Vec<TenantId>, Error> {
        let contracts = self.all_contracts(permit).await?.into_iter();
        let is_due = |contract: &contracts::Record| {
            let stage = standing(contract).and_then(|(held, dates)| stage(contract.state, held, &dates, false, today));
            Part::of(contract) == Part::Rest && matches!(stage, Some(PurgeStage::Due | PurgeStage::Begun))
        };
        Ok(contracts.filter(is_due).map(|contract| contract.tenant).collect())
    }

    /// Seals the identities of the permit's tenant that its stress check needs anew, as many as `bounds` allow; shuts the tenant before. Refused as [`Conflict::WrongState`] before its day.
    pub async fn reseal_identities(
        &self,
        permit: &Permit<PurgeTenants>,
        at: Jst,
        bounds: Bounds,
    ) -> Result<Resealed, Error> {
        let tenant = permit.tenant();
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let Stored { record: contract, version } = self.load_contract(tenant).await?.ok_or(Error::NotFound)?;
        let (held, dates) = standing(&contract).ok_or(Conflict::WrongState)?;
        match stage(contract.state, held, &dates, false, at.date()) {
            _ if Part::of(&contract) != Part::Rest => return Err(Conflict::WrongState.into()),
            Some(PurgeStage::Held) => return Ok(Resealed { held: true, ..Resealed::default() }),
            Some(PurgeStage::Due) => self.begin_purge(permit, (contract.state, version), Part::Rest, at).await?,
            Some(PurgeStage::Begun) => {}
            Some(PurgeStage::Done) | None => return Err(Conflict::WrongState.into()),
        }
        let budget = Budget::new(bounds);
        let needed = self.needed_by_queries(tenant).await?;
        let mut done = Resealed::default();
        for shard in shards() {
            let of = Range::whole(Table::Records, Family::Employee, partition(tenant, Family::Employee, &shard));
            let mut waiting: Vec<Stored<Employee>> = self.records_in(of).await?;
            waiting.retain(|it| it.record.sealed_for.is_everything());
            waiting.retain(|it| needed.employees.contains(&it.record.id.to_string()));
            for batch in waiting.chunks(BATCH) {
                let allowed = budget.take(batch.len());
                done.employees += self.reseal_employees(permit, &batch[..allowed]).await?;
                if allowed < batch.len() {
                    return self.resealed_so_far(tenant, done).await;
                }
            }
        }
        for shard in shards() {
            let waiting = self.holders_waiting(tenant, &shard, &needed).await?;
            for batch in waiting.chunks(BATCH) {
                let allowed = budget.take(batch.len());
                done.accounts += self.reseal_holders(permit, &batch[..allowed]).await?;
                if allowed < batch.len() {
                    return self.resealed_so_far(tenant, done).await;
                }
            }
        }
        let done = self.resealed_so_far(tenant, done).await?;
        Ok(Resealed { complete: !done.held, ..done })
    }

    /// A run that stops: for a hold, or for the next one.
    async fn resealed_so_far(&self, tenant: TenantId, done: Resealed) -> Result<Resealed, Error> {
        Ok(Resealed { held: self.is_held(tenant).await?, ..done })
    }

    /// Whom the stress check needs, as [`rest::needed`] finds it by a scan.
    async fn needed_by_queries(&self, tenant: TenantId) -> Result<Needed, Error> {
        let whole = |family, rest: String| Range::whole(Table::Records, family, partition(tenant, family, rest));
        let rounds = self.db.query_all(whole(Family::StressRound, String::new())).await?;
        let mut asked = HashSet::new();
        for round in rounds.iter().filter_map(|item| as_text(item, "sk")) {
            for family in OF_AN_EMPLOYEE {
                let of = |shard| self.db.query_all(whole(family, format!("{round}#{shard}")));
                let items = try_join_all(shards().map(of)).await?.into_iter().flatten();
                asked.extend(items.filter_map(|item| as_text(&item, "sk").map(str::to_owned)));
            }
        }
        let accounts = try_join_all(shards().map(|shard| self.db.query_all(whole(Family::Account, shard)))).await?;
        let mut holders = Vec::new();
        for item in accounts.into_iter().flatten() {
            if let Some(account) = as_text(&item, "sk") {
                holders.push(rest::holder(&item, account)?);
            }
        }
        Ok(Needed::of(asked, holders))
    }

    /// Seals what is known of these employees for the stress check, cut down to what that needs, and their names; how many.
    async fn reseal_employees(
        &self,
        permit: &Permit<PurgeTenants>,
        employees: &[Stored<Employee>],
    ) -> Result<u64, Error> {
        let tenant = permit.tenant();
        let ids: Vec<EmployeeId> = employees.iter().map(|stored| stored.record.id).collect();
        let attributes = self.open_attributes_of(tenant, employees.iter().map(|stored| &stored.record)).await?;
        let people = self.load_people(tenant, &ids).await?;
        let mut write = self.while_purging(tenant)?;
        for ((Stored { record, version }, attributes), person) in employees.iter().zip(attributes).zip(people) {
            let key = employees::key(tenant, record.id);
            let attributes = for_the_stress_check(attributes);
            let employee = Employee {
                attributes: self.sealed_anew(tenant, Purpose::Attributes, &key, "attributes", &attributes).await?,
                sealed_for: SealedFor::StressCheck,
                // Of what was cut away not even a hash is left. An import finds another content, and writes.
                content: String::new(),
                imported_by: None,
                ..record.clone()
            };
            write.replace(self, key, employees::SCHEMA, *version, &employee)?;
            let Some(person) = person else { continue };
            let key = employees::person_key(tenant, record.id);
            let person = self.sealed_anew(tenant, Purpose::Names, &key, "person", &person).await?;
            let record = PersonRecord { person, sealed_for: SealedFor::StressCheck };
            let item = to_item(&key, version + 1, employees::SCHEMA, &record)?;
            write.put(self, key, item, None, Attributes::new(), || Error::Stale)?;
        }
        self.sealed_or_not(write, self.event(permit, "employee.reseal")?.on_all(ids), employees.len()).await
    }

    /// The items of a shard's holders that are sealed for everything and needed.
    async fn holders_waiting(
        &self,
        tenant: TenantId,
        shard: &str,
        needed: &Needed,
    ) -> Result<Vec<(String, Stored<HolderRecord>)>, Error> {
        let now = self.clock.now();
        let of = Range::whole(Table::Names, Family::Holder, partition(tenant, Family::Holder, shard));
        let mut waiting = Vec::new();
        for item in self.db.query_all(of).await? {
            let Some(account) = as_text(&item, "sk").map(str::to_owned) else { continue };
            let Some(stored) = from_item::<HolderRecord>(item, now)? else { continue };
            if stored.record.sealed_for.is_everything() && needed.accounts.contains(&account) {
                waiting.push((account, stored));
            }
        }
        Ok(waiting)
    }

    /// Seals these holders for the stress check; how many.
    async fn reseal_holders(
        &self,
        permit: &Permit<PurgeTenants>,
        holders: &[(String, Stored<HolderRecord>)],
    ) -> Result<u64, Error> {
        let tenant = permit.tenant();
        let mut write = self.while_purging(tenant)?;
        for (account, Stored { record, version }) in holders {
            let id = account.parse().map_err(|_| Error::Internal("a holder of no account".to_owned()))?;
            let key = accounts::holder_key(tenant, id);
            let holder = self.holder_of(tenant, &key, record).await?;
            let holder = self.sealed_anew(tenant, Purpose::Names, &key, accounts::HOLDER, &holder).await?;
            let record = HolderRecord { holder, sealed_for: SealedFor::StressCheck };
            let item = to_item(&key, *version, accounts::SCHEMA, &record)?;
            write.put_over(self, key, item, Some(*version), || Error::Stale)?;
        }
        let event = self.event(permit, "account.reseal")?.on_all(holders.iter().map(|(account, _)| account));
        self.sealed_or_not(write, event, holders.len()).await
    }

    async fn sealed_anew<T: Serialize>(
        &self,
        tenant: TenantId,
        usual: Purpose,
        key: &Key,
        attribute: &'static str,
        value: &T,
    ) -> Result<crate::item::Sealed, Error> {
        self.seal_identity_for(SealedFor::StressCheck, tenant, usual, key, attribute, value).await
    }

    /// A write that holds while the purge lasts and no hold does.
    fn while_purging(&self, tenant: TenantId) -> Result<Write, Error> {
        let mut write = Write::new();
        let purging = Attributes::from([(":purging".to_owned(), text("purging"))]);
        let lasts = "contract_state = :purging AND attribute_not_exists(held_since)";
        write.check(self, contracts::key(tenant), lasts, purging, || Conflict::WrongState.into())?;
        Ok(write)
    }

    /// Makes it happen; how many things that were. None where somebody else was faster or a hold was put on it, which the next look tells.
    async fn sealed_or_not(&self, write: Write, event: Event, things: usize) -> Result<u64, Error> {
        if things == 0 {
            return Ok(0);
        }
        match write.commit(self, event).await {
            Ok(()) => Ok(things as u64),
            Err(Error::Stale | Error::Conflict(Conflict::WrongState)) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

/// What the stress check needs to know of somebody beside the name: who they are (number, birth date), what its answers are scored and grouped by (sex, age), and what its rounds are for (the
/// kind of employment). Everything else is cut away.
fn for_the_stress_check(attributes: EmployeeAttributes) -> EmployeeAttributes {
    let EmployeeAttributes { number, birth_date, sex, employment_type, .. } = attributes;
    EmployeeAttributes {
        number,
        birth_date,
        sex,
        employment_type,
        job_title: None,
        occupation: None,
        manager: false,
        personnel_authority: false,
        night_work: false,
        hazards: domain::checkup::hazard::Hazards::default(),
    }
}
