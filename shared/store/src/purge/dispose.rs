//! The end of a contract record: it outlives its tenant by its class, and then goes itself, with the certificate and the code that belong to it.

use std::collections::BTreeSet;

use authz::{Permit, permission::PurgeTenants};
use domain::ids::{PLATFORM, TenantId};
use jiff::civil::Date;

use super::{Part, key};
use crate::{
    Conflict, ContractState, Error, Store, Write, contracts,
    item::{Attributes, Stored},
    tenants::{attribute, code_key},
};

impl Store {
    /// The purged tenants whose contract record is kept no longer than the day before `today`, and not held. The permit is the platform's.
    pub async fn contracts_to_dispose_of(
        &self,
        permit: &Permit<PurgeTenants>,
        today: Date,
    ) -> Result<Vec<TenantId>, Error> {
        let mut contracts = self.all_contracts(permit).await?;
        contracts.retain(|contract| is_over(contract, today));
        Ok(contracts.into_iter().map(|contract| contract.tenant).collect())
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
        for part in [Part::Whole, Part::Rest, Part::Stress] {
            write.delete(self, key(tenant, part), None)?;
        }
        let event = self.event(permit, "contract.dispose")?.on(tenant).in_tenant(PLATFORM);
        write.commit(self, event.because(class.name())).await?;
        let issued = self.all_purges().await?.into_iter().filter_map(|purge| purge.issued);
        let needed: BTreeSet<String> = issued.map(|issued| issued.signature.kid).collect();
        self.forget_certificate_keys(permit, &needed).await
    }
}

fn is_over(contract: &contracts::Record, today: Date) -> bool {
    contract.state == ContractState::Purged && contract.kept_until().is_some_and(|last_day| last_day < today)
}
