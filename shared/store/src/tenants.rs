//! Tenants (契約企業): what one is to the service while its contract runs. What the contract itself says is in `contracts`, and outlives the tenant.
//!
//! ```text
//! active ──terminate──▶ terminated ──purge is due──▶ purging ──everything is gone──▶ (no tenant)
//!    ▲                    │   ▲                          │
//!    └──────withdraw──────┘   └──────────────────────────┘
//!                   all is gone but what the stress check needs
//! ```
//!
//! A stress check whose own term outlives the contract goes on after the contract's last day (R-17): from then on it is all that is contracted.

use authz::{
    AddressRules, HandlingRule, ImportKind, Permit, TenantFacts, TenantState,
    permission::{ChangeTenant, ManageAddressRules, ManageRetention, ViewTenant},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    account::TenantCode,
    contract::{EndDates, Service, ServiceTerm, stress_check_outlives},
    employee::MailAddress,
    ids::{PLATFORM, TenantId},
    organisation::OrganisationName,
    retention::RetentionPolicy,
    time::Jst,
};
use enumset::EnumSet;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Conflict, Error, Notice, Prepared, Store, Write, contracts,
    item::{Attributes, Stored, text},
    key::{Family, Key, Table},
};

pub(crate) const SCHEMA: u8 = 1;

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// What its people type when they sign in.
    pub code: TenantCode,
    /// The company's name.
    #[serde(rename = "company_name")]
    pub name: OrganisationName,
    /// Whether it can be worked in.
    #[serde(rename = "tenant_state")]
    pub state: TenantState,
    /// The contract's last day, if it was terminated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub terminates_on: Option<Date>,
    /// Since when everything of it is held (保全), if it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_since: Option<Jst>,
    /// From when on its data may be purged, after a hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) free_from: Option<Date>,
    /// The services that are contracted, each with its term.
    pub services: Vec<ServiceTerm>,
    /// From where roles beyond employee may be used (R-10).
    #[serde(default)]
    pub addresses: AddressRules,
    /// The choices of the handling rules for health information.
    #[serde(default)]
    pub handling_rules: EnumSet<HandlingRule>,
    /// The month in which a fiscal year starts: 4 unless the tenant says otherwise.
    pub fiscal_year_starts: i8,
    /// Whom its people turn to in their own company.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<Contact>,
    /// The kinds of files that the customer's system may drop.
    #[serde(default)]
    pub drop_kinds: EnumSet<ImportKind>,
    /// Goes up with every change of the department tree, so that a copy of the tree can be told to be old.
    #[serde(default)]
    pub organisation_version: u64,
    /// Implementers and clerks of the stress check may do without a second factor, while nothing else is contracted (R-09).
    #[serde(default)]
    pub stress_factor_optional: bool,
    /// After how many years records are deleted (保存期間).
    #[serde(skip_serializing_if = "RetentionPolicy::is_empty", default)]
    pub retention: RetentionPolicy,
    /// When it was made.
    pub created_at: Jst,
}

/// The desk in a company that its people turn to (社内の問い合わせ窓口): a desk, not a person, and so not sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What the desk is called.
    pub desk: OrganisationName,
    /// Its mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mail: Option<MailAddress>,
    /// Its telephone number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<String>,
}

impl Tenant {
    /// What happens when to its data; none while its contract runs, or a hold lasts.
    #[must_use]
    pub fn data_ends(&self) -> Option<EndDates> {
        self.terminates_on.filter(|_| self.held_since.is_none()).map(|day| contracts::ends(day, self.free_from))
    }

    /// The services whose terms run on `day`.
    pub(crate) fn services_on(&self, day: Date) -> Vec<Service> {
        self.services.iter().filter(|term| term.runs_on(day)).map(|term| term.service).collect()
    }

    /// What decisions need to know of it at this moment.
    pub(crate) fn facts(&self, now: Jst) -> TenantFacts {
        let mut services = self.services_on(now.date());
        let outlives = self.terminates_on.and_then(|last_day| stress_check_outlives(&self.services, last_day));
        if outlives.is_some() && self.terminates_on.is_some_and(|last_day| last_day < now.date()) {
            services.retain(|service| *service == Service::StressCheck);
        }
        TenantFacts {
            tenant: self.id,
            state: self.state,
            ends_at: outlives.or(self.terminates_on).map(Jst::end_of),
            stress_factor_optional: self.stress_factor_optional && services == [Service::StressCheck],
            services,
            addresses: self.addresses.clone(),
            handling_rules: self.handling_rules,
            drop_kinds: self.drop_kinds,
        }
    }
}

/// What of a tenant may be changed by itself.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// The month in which a fiscal year starts, 1 to 12.
    pub fiscal_year_starts: Option<i8>,
    /// The handling rules.
    pub handling_rules: Option<EnumSet<HandlingRule>>,
    /// The desk; `Some(None)` for none any more.
    pub contact: Option<Option<Contact>>,
    /// Whether implementers and clerks of the stress check may do without a second factor (R-09).
    pub stress_factor_optional: Option<bool>,
}

pub(crate) fn key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::Tenant, "", "TENANT")
}

pub(crate) fn code_key(code: &TenantCode) -> Key {
    Key::new(Table::Records, PLATFORM, Family::TenantCode, code, "TENANTCODE")
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CodeRecord {
    pub(crate) tenant: TenantId,
}

impl Store {
    /// The permit's own tenant.
    pub async fn tenant(&self, permit: &Permit<ViewTenant>) -> Result<Stored<Tenant>, Error> {
        self.load_tenant(permit.tenant()).await?.ok_or(Error::NotFound)
    }

    pub(crate) async fn load_tenant(&self, tenant: TenantId) -> Result<Option<Stored<Tenant>>, Error> {
        self.load(&key(tenant)).await
    }

    /// Whether a tenant's data is there, and not being deleted.
    pub(crate) async fn is_there(&self, tenant: TenantId) -> Result<bool, Error> {
        Ok(self.load_tenant(tenant).await?.is_some_and(|of| of.record.state != TenantState::Purging))
    }

    /// Changes settings.
    pub async fn change_tenant(
        &self,
        permit: &Permit<ChangeTenant>,
        version: u64,
        change: TenantChange,
    ) -> Result<Prepared<Stored<Tenant>>, Error> {
        let Stored { record: mut tenant, .. } = self.load_tenant(permit.tenant()).await?.ok_or(Error::NotFound)?;
        if let Some(month) = change.fiscal_year_starts {
            tenant.fiscal_year_starts = month;
        }
        if let Some(rules) = change.handling_rules {
            tenant.handling_rules = rules;
        }
        if let Some(contact) = change.contact {
            tenant.contact = contact;
        }
        if let Some(optional) = change.stress_factor_optional {
            let today = self.clock.now().date();
            if optional && tenant.services_on(today) != [Service::StressCheck] {
                return Err(Conflict::NotTheStressCheckAlone.into());
            }
            tenant.stress_factor_optional = optional;
        }
        let event = self.event(permit, "tenant.change")?.on(tenant.id);
        let mut expression =
            "SET fiscal_year_starts = :month, handling_rules = :rules, stress_factor_optional = :optional, \
             version = :next"
                .to_owned();
        let mut values = Attributes::from([
            (":month".to_owned(), attribute(&tenant.fiscal_year_starts)?),
            (":rules".to_owned(), attribute(&tenant.handling_rules)?),
            (":optional".to_owned(), attribute(&tenant.stress_factor_optional)?),
        ]);
        match &tenant.contact {
            Some(contact) => {
                expression.push_str(", contact = :contact");
                values.insert(":contact".to_owned(), attribute(contact)?);
            }
            None => expression.push_str(" REMOVE contact"),
        }
        self.updated(tenant, version, &expression, values, event)
    }

    /// The networks that roles beyond employee may be used from.
    pub async fn address_rules(&self, permit: &Permit<ManageAddressRules>) -> Result<Stored<Tenant>, Error> {
        self.load_tenant(permit.tenant()).await?.ok_or(Error::NotFound)
    }

    /// Replaces them, and tells every administrator. A list that would shut out whoever saves it is refused, unless `force`.
    pub async fn change_address_rules(
        &self,
        permit: &Permit<ManageAddressRules>,
        version: u64,
        addresses: AddressRules,
        force: bool,
    ) -> Result<Prepared<Stored<Tenant>>, Error> {
        if !force && !addresses.allow(permit.actor().origin().address) {
            return Err(Conflict::WouldShutOut.into());
        }
        let Stored { record: mut tenant, .. } = self.load_tenant(permit.tenant()).await?.ok_or(Error::NotFound)?;
        let networks = |rules: &AddressRules| rules.networks().collect();
        let (before, after) = (networks(&tenant.addresses), networks(&addresses));
        let notice = Notice::IpRulesChanged { at: self.clock.now(), before, after };
        tenant.addresses = addresses;
        let event = self.event(permit, "tenant.change_ip_rules")?.on(tenant.id);
        let values = Attributes::from([(":rules".to_owned(), attribute(&tenant.addresses)?)]);
        let mut prepared = self.updated(tenant, version, "SET addresses = :rules, version = :next", values, event)?;
        self.enqueue_to_administrators(&mut prepared.write, permit.tenant(), &notice).await?;
        Ok(prepared)
    }

    /// Replaces what the company has decided about how long records are kept.
    pub async fn change_retention(
        &self,
        permit: &Permit<ManageRetention>,
        version: u64,
        policy: RetentionPolicy,
    ) -> Result<Prepared<Stored<Tenant>>, Error> {
        let Stored { record: mut tenant, .. } = self.load_tenant(permit.tenant()).await?.ok_or(Error::NotFound)?;
        tenant.retention = policy;
        let event = self.event(permit, "tenant.change_retention")?.on(tenant.id);
        let values = Attributes::from([(":retention".to_owned(), attribute(&tenant.retention)?)]);
        self.updated(tenant, version, "SET retention = :retention, version = :next", values, event)
    }

    /// An update of single attributes: the tree's version lies in the same item and must not be set back.
    fn updated(
        &self,
        tenant: Tenant,
        version: u64,
        expression: &str,
        mut values: Attributes,
        event: crate::Event,
    ) -> Result<Prepared<Stored<Tenant>>, Error> {
        values.insert(":version".to_owned(), crate::item::number(version));
        values.insert(":next".to_owned(), crate::item::number(version + 1));
        let mut write = Write::new();
        write.update(self, key(tenant.id), expression, Some("version = :version"), values, || Error::Stale)?;
        Ok(Prepared { thing: Stored { record: tenant, version: version + 1 }, write, event })
    }

    /// Whose code this is. Codes never change hands, so that what was found once is remembered.
    pub(crate) async fn tenant_of_code(&self, code: &TenantCode) -> Result<Option<TenantId>, Error> {
        let found = self.load::<CodeRecord>(&code_key(code)).await?;
        Ok(found.map(|stored| stored.record.tenant))
    }
}

/// A value as an attribute, for an update.
pub(crate) fn attribute<T: Serialize + ?Sized>(value: &T) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Error::Internal(error.to_string()))
}

/// The state as an attribute, for conditions.
pub(crate) fn state_value(state: TenantState) -> AttributeValue {
    text(match state {
        TenantState::Active => "active",
        TenantState::Terminated => "terminated",
        TenantState::Purging => "purging",
    })
}
