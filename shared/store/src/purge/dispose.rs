//! The end of a contract record: it outlives its tenant by its class, and then goes itself, with the certificate and the code that belong to it.

use std::collections::BTreeSet;

use authz::{Permit, permission::PurgeTenants};
use domain::ids::{PLATFORM, TenantId};
use jiff::civil::Date;

use super::{Record, key};
use crate::{
    Conflict, ContractState, Error, Store, Write, contracts,
    db::Range,
    item::{Attributes, Stored, from_item},
    key::{Family, Table, partition},
    tenants::{attribute, code_key},
};

impl Store {
    /// The purged tenants whose contract record is kept no longer than the day before `today`, and not held. The permit is the platform's.
    pub async fn contracts_to_dispose_of(
        &self,
        permit: &Permit<PurgeTenants>,
        today: Date,
    ) -> Result<Vec<TenantId>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let range = Range::whole(Table::Records, Family::Contract, partition(PLATFORM, Family::Contract, ""));
        let mut found = Vec::new();
        for item in self.db.query_all(range).await? {
            let Some(Stored { record, .. }) = from_item::<contracts::Record>(item, self.clock.now())? else { continue };
            if is_over(&record, today) {
                found.push(record.tenant);
            }
        }
        Ok(found)
    }

    /// Disposes of the contract record of the permit's tenant: contract, certificate and code go in one transaction, which the provider's trail tells of. Certificate keys that
    /// no certificate needs any more go after it.
    pub async fn dispose_of_contract(&self, permit: &Permit<PurgeTenants>, today: Date) -> Result<(), Error> {
        let tenant = permit.tenant();
        let Stored { record, version } = self.load_contract(tenant).await?.ok_or(Error::NotFound)?;
        if !is_over(&record, today) {
            return Err(Conflict::WrongState.into());
        }
        let class = record.class;
        let contract = self.contract_of(record).await?;
        let mut write = Write::new();
        write.delete(self, contracts::key(tenant), Some(version))?;
        let values = Attributes::from([(":tenant".to_owned(), attribute(&tenant)?)]);
        write.delete_if(self, code_key(&contract.code), "tenant = :tenant", values, || Error::Stale)?;
        write.delete(self, key(tenant), None)?;
        let event = self.event(permit, "contract.dispose")?.on(tenant).in_tenant(PLATFORM);
        write.commit(self, event.because(class.name())).await?;
        self.forget_certificate_keys(permit, &self.keys_of_certificates().await?).await
    }

    /// The ids of the keys that signed a certificate that is still kept.
    async fn keys_of_certificates(&self) -> Result<BTreeSet<String>, Error> {
        let range = Range::whole(Table::Records, Family::Purge, partition(PLATFORM, Family::Purge, ""));
        let mut needed = BTreeSet::new();
        for item in self.db.query_all(range).await? {
            let issued = from_item::<Record>(item, self.clock.now())?.and_then(|stored| stored.record.issued);
            needed.extend(issued.map(|issued| issued.signature.kid));
        }
        Ok(needed)
    }
}

fn is_over(contract: &contracts::Record, today: Date) -> bool {
    contract.state == ContractState::Purged && contract.kept_until().is_some_and(|last_day| last_day < today)
}
