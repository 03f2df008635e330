//! Contracts (契約): what a customer has agreed to, and what follows when it ends (R-17, R-19). They belong to the platform, are sealed with its key, and outlive
//! the tenant that they are about.
//!
//! ```text
//! active ──terminate──▶ terminated ──purge is due──▶ purging ──everything is gone──▶ purged ──its own time is over──▶ (no contract)
//!    ▲                      │                        │      ▲
//!    └──────withdraw────────┘           all but what │      │ the purge of the stress check is due
//!                           the stress check needs   ▼      │
//!                                          is gone  stress check only
//! ```
//!
//! The lower way is that of a stress check whose own term outlives the rest (R-17).
//!
//! The tenant's own item says the same to every request of its people ([`crate::tenants`]); both change in one transaction.
//!
//! In every state an operator may put a hold (保全) on what belongs to a contract: while it lasts nothing is purged, no single record expires and the contract record is
//! not disposed of. See [`Hold`].

use authz::{
    AddressRules, Denied, ImportKind, Permit, Role, TenantState,
    permission::{HoldContracts, ManageContracts, TerminateContracts},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    account::TenantCode,
    checked::line,
    contract::{EndDates, RecordClass, Service, ServiceTerm, stress_check_outlives},
    ids::{AccountId, PLATFORM, TenantId},
    organisation::OrganisationName,
    retention::RetentionPolicy,
    time::Jst,
};
use enumset::EnumSet;
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    AccountRefused, Conflict, Error, NewAccount, Notice, Prepared, Setup, Store, Tenant, Write,
    accounts::{is_onboarding, whole},
    db::Range,
    item::{Attributes, Sealed, Stored, number},
    key::{Family, Key, Table, partition},
    page::sift,
    tenants::{self, CodeRecord, attribute, code_key, state_value},
};

const SCHEMA: u8 = 1;
/// The code that no customer has: it is the platform's.
const RESERVED: &str = "platform";
/// In which month fiscal years start, unless a tenant says otherwise.
const APRIL: i8 = 4;
/// How long a reason for a hold is at least, and at most.
const REASON: std::ops::RangeInclusive<usize> = 5..=500;

/// Where a contract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    /// It runs.
    Active,
    /// Its last day is set.
    Terminated,
    /// Its tenant's data is being deleted.
    Purging,
    /// The stress check goes on by a term of its own; everything that it does not need is gone.
    StressCheckOnly,
    /// Its tenant's data is gone.
    Purged,
}

impl ContractState {
    /// Whether the tenant is there, with people who can be told something.
    #[must_use]
    pub const fn has_people(self) -> bool {
        matches!(self, Self::Active | Self::Terminated | Self::StressCheckOnly)
    }
}

/// How far the purge of a stress check is whose own term ended before the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StressPurge {
    /// It has begun.
    Begun,
    /// The data is gone, and its keys for good.
    Done,
}

/// Who ended a contract, and when to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// The last day.
    pub terminates_on: Date,
    /// When that was set.
    pub requested_at: Jst,
    /// By whom; nobody where a job did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<AccountId>,
}

/// Why a hold is put on, or lifted: one line of 5 to 500 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldReason(String);

impl HoldReason {
    /// Reads one; none where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let reason = line(text, *REASON.end()).filter(|reason| REASON.contains(&reason.chars().count()))?;
        Some(Self(reason.into()))
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A step of a hold: that it was put on, or lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldStep {
    /// When.
    pub at: Jst,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<AccountId>,
    /// Why.
    pub reason: HoldReason,
}

/// A hold (保全) on everything that belongs to a contract: a court, an authority or a dispute wants it kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// How it began.
    pub begun: HoldStep,
    /// How it ended; none while it lasts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lifted: Option<HoldStep>,
}

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The tenant.
    pub tenant: TenantId,
    /// Its code.
    pub code: TenantCode,
    /// The company's name.
    pub name: OrganisationName,
    /// What is contracted, each with its term.
    pub services: Vec<ServiceTerm>,
    /// By which class the record is kept.
    pub class: RecordClass,
    /// Where it is.
    pub state: ContractState,
    /// Its end, if one is set.
    pub termination: Option<Termination>,
    /// The holds that there were, the last one last.
    pub holds: Vec<Hold>,
    /// When administrators first took the last export, with everything that they must keep; none while they have not.
    pub last_export_at: Option<Jst>,
    /// Everything but what the stress check needs is gone.
    pub(crate) rest_purged: bool,
    /// The stress check ended before the rest, and its data goes or is gone.
    pub(crate) stress_purge: Option<StressPurge>,
    /// When it was made.
    pub created_at: Jst,
}

impl Contract {
    /// The hold that lasts, if one does.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        self.holds.last().filter(|hold| hold.lifted.is_none())
    }

    /// The first day on which a purge may start again after a hold; none where there was none, or one lasts.
    fn free_from(&self) -> Option<Date> {
        let lifted = self.holds.last()?.lifted.as_ref()?;
        Some(lifted.at.date().saturating_add(1.days()))
    }

    /// What happens when to data that a term ends on `last_day`: none while a hold lasts, for nobody knows.
    fn ends(&self, last_day: Date) -> Option<EndDates> {
        self.hold().is_none().then(|| ends(last_day, self.free_from()))
    }

    /// What happens when to the tenant's data; none while no end is set, or a hold lasts.
    #[must_use]
    pub fn data_ends(&self) -> Option<EndDates> {
        self.termination.as_ref().and_then(|termination| self.ends(termination.terminates_on))
    }

    /// What happens when to the data of the stress check, which follows a term of its own where one is contracted (R-17).
    #[must_use]
    pub fn stress_check_ends(&self) -> Option<EndDates> {
        let term = self.services.iter().find(|term| term.service == Service::StressCheck)?;
        term.until.map_or_else(|| self.data_ends(), |last_day| self.ends(last_day))
    }

    /// Until when this record itself is kept (R-19); none while no end is set.
    #[must_use]
    pub fn retention_until(&self) -> Option<Date> {
        self.termination.as_ref().map(|termination| kept_until(self.class, &self.services, termination.terminates_on))
    }
}

/// A contract as it is stored. What the purge needs is clear; the customer's name and code are sealed with the platform's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) tenant: TenantId,
    #[serde(rename = "contract_state")]
    pub(crate) state: ContractState,
    pub(crate) services: Vec<ServiceTerm>,
    #[serde(rename = "record_class")]
    pub(crate) class: RecordClass,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) termination: Option<Termination>,
    customer: Sealed,
    /// Since when a hold lasts. Its reason is in `holds`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) held_since: Option<Jst>,
    /// From when on a purge may start, after a hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    free_from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    holds: Option<Sealed>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last_export_at: Option<Jst>,
    /// Everything but what the stress check needs is gone, however far the purge of that is.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) rest_purged: bool,
    /// The stress check ended before the rest, and its data goes or is gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) stress_purge: Option<StressPurge>,
    created_at: Jst,
}

impl Record {
    /// Until when the stress check goes on, where that is so much longer than the rest that its data is purged on another day. Holds move that day and never this answer: a purge that was
    /// begun goes on as what it was.
    pub(crate) fn stress_check_until(&self) -> Option<Date> {
        let ended = self.termination.as_ref()?.terminates_on;
        let until = stress_check_outlives(&self.services, ended)?;
        (EndDates::of(until).purge_on > EndDates::of(ended).purge_on).then_some(until)
    }

    /// The last day of the stress check, where its term ends so much before the rest that its data is purged on another day.
    pub(crate) fn stress_check_ended(&self) -> Option<Date> {
        let until = self.services.iter().find(|term| term.service == Service::StressCheck)?.until?;
        let purge_on = |last_day| EndDates::of(last_day).purge_on;
        let before = |termination: &Termination| purge_on(until) < purge_on(termination.terminates_on);
        self.termination.as_ref().is_none_or(before).then_some(until)
    }

    /// What happens when to data that a term ends on `last_day`.
    pub(crate) fn ends(&self, last_day: Date) -> EndDates {
        ends(last_day, self.free_from)
    }

    /// The last day of the data that is purged next; none while no end is set.
    pub(crate) fn next_end(&self) -> Option<Date> {
        let ended = self.termination.as_ref()?.terminates_on;
        Some(if self.rest_purged { self.stress_check_until().unwrap_or(ended) } else { ended })
    }

    /// What happens when to the data that is purged next, if an end is set and no hold lasts.
    pub(crate) fn data_ends(&self) -> Option<EndDates> {
        self.next_end().filter(|_| self.held_since.is_none()).map(|last_day| ends(last_day, self.free_from))
    }

    /// The last day on which this record is kept (R-19); none while no end is set, or a hold lasts.
    pub(crate) fn kept_until(&self) -> Option<Date> {
        let termination = self.termination.as_ref().filter(|_| self.held_since.is_none())?;
        Some(kept_until(self.class, &self.services, termination.terminates_on))
    }
}

/// A contract record is kept from the end of whatever ended last.
fn kept_until(class: RecordClass, services: &[ServiceTerm], terminates_on: Date) -> Date {
    class.kept_until(stress_check_outlives(services, terminates_on).unwrap_or(terminates_on))
}

/// What follows from a term that ends on `last_day`, where a purge may not start before `free_from`.
pub(crate) fn ends(last_day: Date, free_from: Option<Date>) -> EndDates {
    let ends = EndDates::of(last_day);
    free_from.map_or(ends, |day| ends.not_before(day))
}

#[derive(Debug, Serialize, Deserialize)]
struct Customer {
    code: TenantCode,
    name: OrganisationName,
}

/// A contract that shall be.
#[derive(Debug)]
pub struct NewContract {
    /// What the customer's people type when they sign in.
    pub code: TenantCode,
    /// The company's name.
    pub name: OrganisationName,
    /// What is contracted.
    pub services: Vec<ServiceTerm>,
    /// By which class the record is kept.
    pub class: RecordClass,
    /// The kinds of files that the customer's system may drop.
    pub drop_kinds: EnumSet<ImportKind>,
    /// The first account, which gets the administrator's role for the whole tenant, and no other.
    pub administrator: NewAccount,
}

/// What was made of it.
#[derive(Debug)]
pub struct Contracted {
    /// The contract.
    pub contract: Stored<Contract>,
    /// The first administrator's account.
    pub administrator: AccountId,
}

/// What of a contract may be changed while it runs.
#[derive(Debug, Clone, Default)]
pub struct ContractChange {
    /// The company's name.
    pub name: Option<OrganisationName>,
    /// What is contracted.
    pub services: Option<Vec<ServiceTerm>>,
    /// The kinds of files that the customer's system may drop.
    pub drop_kinds: Option<EnumSet<ImportKind>>,
}

pub(crate) fn key(tenant: TenantId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::Contract, "", tenant)
}

impl Store {
    /// A page of contracts, in the order in which they were made: up to `limit` after `after`, and where to go on.
    pub async fn contracts(
        &self,
        permit: &Permit<ManageContracts>,
        state: Option<ContractState>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Contract>>, Option<String>), Error> {
        of_platform(permit.tenant())?;
        let range = || Range::whole(Table::Records, Family::Contract, partition(PLATFORM, Family::Contract, ""));
        let read = |after| {
            self.records_that(range().after(after).limit(limit), |it: &Record| {
                state.is_none_or(|state| it.state == state)
            })
        };
        let (found, next) = sift(after, limit, read).await?;
        let mut page = Vec::with_capacity(found.len());
        for Stored { record, version } in found {
            page.push(Stored { record: self.contract_of(record).await?, version });
        }
        Ok((page, next))
    }

    /// One contract.
    pub async fn contract(
        &self,
        permit: &Permit<ManageContracts>,
        tenant: TenantId,
    ) -> Result<Stored<Contract>, Error> {
        of_platform(permit.tenant())?;
        let Stored { record, version } = self.load_contract(tenant).await?.ok_or(Error::NotFound)?;
        Ok(Stored { record: self.contract_of(record).await?, version })
    }

    pub(crate) async fn load_contract(&self, tenant: TenantId) -> Result<Option<Stored<Record>>, Error> {
        self.load(&key(tenant)).await
    }

    pub(crate) async fn contract_of(&self, record: Record) -> Result<Contract, Error> {
        let key = key(record.tenant);
        let customer: Customer = self.open(PLATFORM, Purpose::Contracts, &key, "customer", &record.customer).await?;
        let holds = match &record.holds {
            Some(sealed) => self.open(PLATFORM, Purpose::Contracts, &key, "holds", sealed).await?,
            None => Vec::new(),
        };
        Ok(Contract {
            tenant: record.tenant,
            code: customer.code,
            name: customer.name,
            services: record.services,
            class: record.class,
            state: record.state,
            termination: record.termination,
            holds,
            last_export_at: record.last_export_at,
            rest_purged: record.rest_purged,
            stress_purge: record.stress_purge,
            created_at: record.created_at,
        })
    }

    async fn record_of(&self, contract: &Contract) -> Result<Record, Error> {
        let customer = Customer { code: contract.code.clone(), name: contract.name.clone() };
        let key = key(contract.tenant);
        let holds = match contract.holds.as_slice() {
            [] => None,
            holds => Some(self.seal(PLATFORM, Purpose::Contracts, &key, "holds", holds).await?),
        };
        Ok(Record {
            tenant: contract.tenant,
            state: contract.state,
            services: contract.services.clone(),
            class: contract.class,
            termination: contract.termination.clone(),
            customer: self.seal(PLATFORM, Purpose::Contracts, &key, "customer", &customer).await?,
            held_since: contract.hold().map(|hold| hold.begun.at),
            free_from: contract.free_from(),
            holds,
            last_export_at: contract.last_export_at,
            rest_purged: contract.rest_purged,
            stress_purge: contract.stress_purge,
            created_at: contract.created_at,
        })
    }

    /// Makes a contract: the record, the tenant, its code and its first administrator, all or nothing. The customer's own trail shows it too.
    pub async fn create_contract(
        &self,
        permit: &Permit<ManageContracts>,
        new: NewContract,
    ) -> Result<Result<Prepared<Contracted>, AccountRefused>, Error> {
        of_platform(permit.tenant())?;
        let NewContract { code, name, services, class, drop_kinds, administrator } = new;
        if matches!(administrator.setup, Setup::Ready { .. } | Setup::Migrated(_)) && !is_onboarding(permit.actor()) {
            return Err(Denied::Forbidden.into());
        }
        // Looked for before the new tenant's keys are made; that the code stays free until the write is the write's own condition.
        if code.as_str() == RESERVED || self.tenant_of_code(&code).await?.is_some() {
            return Err(Conflict::TenantCodeTaken.into());
        }
        let (id, now) = (self.new_id()?, self.clock.now());
        let administrator = NewAccount { grants: whole(Role::Administrator), employee: None, ..administrator };
        let mut write = Write::new();
        let account = match self.add_account(&mut write, id, &code, administrator, None).await? {
            Ok(details) => details.account,
            Err(refused) => return Ok(Err(refused)),
        };
        let taken = || Conflict::TenantCodeTaken.into();
        write.create(self, code_key(&code), SCHEMA, &CodeRecord { tenant: id }, taken)?;
        let tenant = new_tenant(id, code, name, services, drop_kinds, now);
        write.create(self, tenants::key(id), tenants::SCHEMA, &tenant, twice)?;
        let contract = Contract {
            tenant: id,
            code: tenant.code,
            name: tenant.name,
            services: tenant.services,
            class,
            state: ContractState::Active,
            termination: None,
            holds: Vec::new(),
            last_export_at: None,
            rest_purged: false,
            stress_purge: None,
            created_at: now,
        };
        write.create(self, key(id), SCHEMA, &self.record_of(&contract).await?, twice)?;
        let event = |action| Ok::<_, Error>(self.event(permit, action)?.on(id).on(account.id));
        write.tell(self, &event("contract.create")?.in_tenant(id)).await?;
        let thing = Contracted { contract: Stored { record: contract, version: 1 }, administrator: account.id };
        Ok(Ok(Prepared { thing, write, event: event("contract.create")? }))
    }

    /// The contract that is to be changed, as the caller has read it.
    async fn contract_to_change(&self, in_tenant: TenantId, tenant: TenantId, version: u64) -> Result<Contract, Error> {
        of_platform(in_tenant)?;
        let stored = self.load_contract(tenant).await?.ok_or(Error::NotFound)?;
        if stored.version == version { self.contract_of(stored.record).await } else { Err(Error::Stale) }
    }

    /// Changes a contract that has not been purged, and its tenant with it.
    pub async fn change_contract(
        &self,
        permit: &Permit<ManageContracts>,
        tenant: TenantId,
        version: u64,
        change: ContractChange,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        let mut contract = self.contract_to_change(permit.tenant(), tenant, version).await?;
        if contract.state == ContractState::StressCheckOnly {
            // What was contracted for beside it is gone, and when its own data goes has been certified.
            return Err(Conflict::WrongState.into());
        }
        let of_stress = |terms: &[ServiceTerm]| terms.iter().find(|term| term.service == Service::StressCheck).copied();
        let changes = |terms: &Vec<ServiceTerm>| of_stress(terms) != of_stress(&contract.services);
        if contract.stress_purge.is_some() && change.services.as_ref().is_some_and(changes) {
            // The keys that it was sealed with are gone for good: it does not come back in this tenant.
            return Err(Conflict::WrongState.into());
        }
        contract.name = change.name.unwrap_or(contract.name);
        contract.services = change.services.unwrap_or(contract.services);
        let mut expression = "SET company_name = :name, services = :services".to_owned();
        let mut values = Attributes::from([
            (":name".to_owned(), attribute(&contract.name)?),
            (":services".to_owned(), attribute(&contract.services)?),
        ]);
        if contract.services.iter().any(|term| term.service != Service::StressCheck) {
            // The customer says so again, if they are ever back at the stress check alone (R-09).
            expression.push_str(", stress_factor_optional = :compulsory");
            values.insert(":compulsory".to_owned(), AttributeValue::Bool(false));
        }
        if let Some(kinds) = change.drop_kinds {
            expression.push_str(", drop_kinds = :kinds");
            values.insert(":kinds".to_owned(), attribute(&kinds)?);
        }
        let mut write = Write::new();
        let open = "tenant_state <> :state";
        self.update_tenant(&mut write, tenant, &expression, open, TenantState::Purging, values)?;
        let event = self.event(permit, "contract.change")?.on(tenant);
        self.replaced(write, contract, version, event).await
    }

    /// Ends a contract on a day that is not past, in Japan, and tells the customer's administrators. What follows when is [`Contract::data_ends`].
    pub async fn terminate_contract(
        &self,
        permit: &Permit<TerminateContracts>,
        tenant: TenantId,
        version: u64,
        terminates_on: Date,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        let mut contract = self.contract_to_change(permit.tenant(), tenant, version).await?;
        if contract.state != ContractState::Active {
            return Err(Conflict::WrongState.into());
        }
        let by = permit.actor().account();
        contract.termination = Some(Termination { terminates_on, requested_at: self.clock.now(), by });
        contract.state = ContractState::Terminated;
        let values = Attributes::from([
            (":day".to_owned(), attribute(&terminates_on)?),
            (":terminated".to_owned(), state_value(TenantState::Terminated)),
        ]);
        let mut write = Write::new();
        let expression = "SET tenant_state = :terminated, terminates_on = :day";
        self.update_tenant(&mut write, tenant, expression, "tenant_state = :state", TenantState::Active, values)?;
        self.enqueue_to_administrators(&mut write, tenant, &Notice::TerminationRegistered { terminates_on }).await?;
        let event = self.event(permit, "contract.terminate")?.on(tenant);
        self.replaced(write, contract, version, event).await
    }

    /// Takes a termination back, until the purge has begun.
    pub async fn withdraw_termination(
        &self,
        permit: &Permit<TerminateContracts>,
        tenant: TenantId,
        version: u64,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        let mut contract = self.contract_to_change(permit.tenant(), tenant, version).await?;
        if contract.state != ContractState::Terminated {
            return Err(Conflict::WrongState.into());
        }
        contract.termination = None;
        contract.state = ContractState::Active;
        let values = Attributes::from([(":active".to_owned(), state_value(TenantState::Active))]);
        let mut write = Write::new();
        let expression = "REMOVE terminates_on SET tenant_state = :active";
        self.update_tenant(&mut write, tenant, expression, "tenant_state = :state", TenantState::Terminated, values)?;
        let event = self.event(permit, "contract.withdraw_termination")?.on(tenant);
        self.replaced(write, contract, version, event).await
    }

    /// Puts a hold on everything that belongs to a contract, whatever state that is in. A purge that has begun stops before its next step; a key that is shredded stays so.
    pub async fn hold_contract(
        &self,
        permit: &Permit<HoldContracts>,
        tenant: TenantId,
        version: u64,
        reason: HoldReason,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        let mut contract = self.contract_to_change(permit.tenant(), tenant, version).await?;
        if contract.hold().is_some() {
            return Err(Conflict::WrongState.into());
        }
        let begun = HoldStep { at: self.clock.now(), by: permit.actor().account(), reason };
        contract.holds.push(Hold { begun, lifted: None });
        self.held(permit, contract, version, "contract.hold").await
    }

    /// Lifts the hold of a contract. What was due meanwhile is due from the next day on.
    pub async fn release_contract(
        &self,
        permit: &Permit<HoldContracts>,
        tenant: TenantId,
        version: u64,
        reason: HoldReason,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        let mut contract = self.contract_to_change(permit.tenant(), tenant, version).await?;
        let lasting = contract.holds.last_mut().filter(|hold| hold.lifted.is_none()).ok_or(Conflict::WrongState)?;
        lasting.lifted = Some(HoldStep { at: self.clock.now(), by: permit.actor().account(), reason });
        self.held(permit, contract, version, "contract.release").await
    }

    /// A contract whose hold has changed; the tenant knows of it while there is one that somebody can look at.
    async fn held(
        &self,
        permit: &Permit<HoldContracts>,
        contract: Contract,
        version: u64,
        action: &str,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        let mut write = Write::new();
        let state = match contract.state {
            ContractState::Active => Some(TenantState::Active),
            ContractState::Terminated | ContractState::StressCheckOnly => Some(TenantState::Terminated),
            ContractState::Purging | ContractState::Purged => None,
        };
        if let Some(state) = state {
            let mut values = Attributes::new();
            let expression = match (contract.hold(), contract.free_from()) {
                (None, Some(day)) => {
                    values.insert(":free".to_owned(), attribute(&day)?);
                    "REMOVE held_since SET free_from = :free"
                }
                (hold, _) => {
                    values.insert(":since".to_owned(), attribute(&hold.map(|hold| hold.begun.at))?);
                    "REMOVE free_from SET held_since = :since"
                }
            };
            self.update_tenant(&mut write, contract.tenant, expression, "tenant_state = :state", state, values)?;
        }
        let event = self.event(permit, action)?.on(contract.tenant);
        self.replaced(write, contract, version, event).await
    }

    /// Adds to `write` what a change of the contract means for its tenant, if that is in a state that allows it. `expression` ends with its `SET` clause.
    fn update_tenant(
        &self,
        write: &mut Write,
        tenant: TenantId,
        expression: &str,
        condition: &str,
        state: TenantState,
        mut values: Attributes,
    ) -> Result<(), Error> {
        values.insert(":state".to_owned(), state_value(state));
        values.insert(":one".to_owned(), number(1));
        let expression = format!("{expression}, version = version + :one");
        write
            .update(self, tenants::key(tenant), &expression, Some(condition), values, || Conflict::WrongState.into())?;
        Ok(())
    }

    /// The contract's own part of a change, and the events in both trails.
    async fn replaced(
        &self,
        mut write: Write,
        contract: Contract,
        version: u64,
        event: crate::Event,
    ) -> Result<Prepared<Stored<Contract>>, Error> {
        write.replace(self, key(contract.tenant), SCHEMA, version, &self.record_of(&contract).await?)?;
        let in_tenant = crate::Event { id: self.new_id()?, ..event.clone() }.in_tenant(contract.tenant);
        write.tell(self, &in_tenant).await?;
        Ok(Prepared { thing: Stored { record: contract, version: version + 1 }, write, event })
    }

    /// Makes the platform itself a tenant, which operators sign in to from these networks alone (R-32); or changes the networks, if it is one already.
    pub async fn set_up_platform(
        &self,
        permit: &Permit<ManageContracts>,
        name: OrganisationName,
        addresses: AddressRules,
    ) -> Result<(), Error> {
        of_platform(permit.tenant())?;
        if !is_onboarding(permit.actor()) {
            return Err(Denied::Forbidden.into());
        }
        let code =
            TenantCode::parse(RESERVED).map_err(|_| Error::Internal("the platform's code is none".to_owned()))?;
        let before = self.load_tenant(PLATFORM).await?;
        if before.as_ref().is_some_and(|stored| stored.record.name == name && stored.record.addresses == addresses) {
            return Ok(());
        }
        let made_at = before.as_ref().map_or(self.clock.now(), |stored| stored.record.created_at);
        let platform = Tenant { addresses, ..new_tenant(PLATFORM, code, name, Vec::new(), EnumSet::new(), made_at) };
        let mut write = Write::new();
        let key = tenants::key(PLATFORM);
        match before {
            None => write.create(self, key, tenants::SCHEMA, &platform, || Error::Stale)?,
            Some(stored) => write.replace(self, key, tenants::SCHEMA, stored.version, &platform)?,
        };
        write.commit(self, self.event(permit, "platform.set_up")?.on(PLATFORM)).await
    }
}

/// Contracts are the platform's: whoever is not of it finds none.
fn of_platform(tenant: TenantId) -> Result<(), Error> {
    if tenant == PLATFORM { Ok(()) } else { Err(Error::NotFound) }
}

fn twice() -> Error {
    Error::Internal("a tenant's id came twice".to_owned())
}

fn new_tenant(
    id: TenantId,
    code: TenantCode,
    name: OrganisationName,
    services: Vec<ServiceTerm>,
    drop_kinds: EnumSet<ImportKind>,
    created_at: Jst,
) -> Tenant {
    Tenant {
        id,
        code,
        name,
        state: TenantState::Active,
        terminates_on: None,
        held_since: None,
        free_from: None,
        services,
        addresses: AddressRules::default(),
        handling_rules: EnumSet::new(),
        fiscal_year_starts: APRIL,
        contact: None,
        drop_kinds,
        organisation_version: 0,
        stress_factor_optional: false,
        retention: RetentionPolicy::default(),
        created_at,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn contract(until: Option<Date>, terminates_on: Option<Date>) -> Contract {
        let at: Jst = "2026-04-01T09:00:00+09:00".parse().unwrap();
        let term = |service, until| ServiceTerm { service, from: date(2026, 4, 1), until };
        Contract {
            tenant: TenantId::from_bytes([1; 16]),
            code: TenantCode::parse("minato").unwrap(),
            name: OrganisationName::parse("みなと精機株式会社").unwrap(),
            services: vec![term(Service::Checkup, None), term(Service::StressCheck, until)],
            class: RecordClass::default(),
            state: ContractState::Active,
            termination: terminates_on.map(|day| Termination { terminates_on: day, requested_at: at, by: None }),
            holds: Vec::new(),
            last_export_at: None,
            rest_purged: false,
            stress_purge: None,
            created_at: at,
        }
    }

    #[test]
    fn r17_the_stress_check_ends_by_its_own_term_where_it_has_one() {
        let (end, own) = (date(2026, 9, 30), date(2027, 3, 31));
        let ends = |contract: &Contract| {
            [contract.data_ends(), contract.stress_check_ends()].map(|dates| dates.map(|dates| dates.deletion_deadline))
        };
        assert_eq!(ends(&contract(None, None)), [None, None]);
        assert_eq!(ends(&contract(None, Some(end))), [Some(date(2026, 10, 31)); 2]);
        assert_eq!(ends(&contract(Some(own), Some(end))), [Some(date(2026, 10, 31)), Some(date(2027, 4, 30))]);
        assert_eq!(ends(&contract(Some(own), None)), [None, Some(date(2027, 4, 30))]);
    }

    #[test]
    fn r17_while_a_hold_lasts_nothing_is_planned_and_after_it_what_was_due_is_due_on_the_next_day() {
        let step =
            |at: &str| HoldStep { at: at.parse().unwrap(), by: None, reason: HoldReason("訴訟のため".to_owned()) };
        let mut contract = contract(None, Some(date(2026, 9, 30)));
        contract.holds.push(Hold { begun: step("2026-10-01T09:00:00+09:00"), lifted: None });
        assert_eq!((contract.data_ends(), contract.stress_check_ends()), (None, None));
        contract.holds[0].lifted = Some(step("2026-12-01T23:00:00+09:00"));
        assert_eq!(contract.data_ends().unwrap().purge_on, date(2026, 12, 2));
        contract.holds[0].lifted = Some(step("2026-10-02T09:00:00+09:00"));
        assert_eq!(contract.data_ends(), Some(EndDates::of(date(2026, 9, 30))), "it was over in time");
    }

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert!(HoldReason::parse("東京地裁からの証拠保全の要請").is_some());
        for text in ["", "保全", "訴訟の\nため保全", &"長".repeat(501)] {
            assert_eq!(HoldReason::parse(text), None, "{text}");
        }
    }

    #[test]
    fn r19_a_running_contract_is_kept_without_end() {
        assert_eq!(contract(None, None).retention_until(), None);
        assert_eq!(contract(None, Some(date(2026, 9, 30))).retention_until(), Some(date(2037, 9, 30)));
        let own_term = contract(Some(date(2027, 3, 31)), Some(date(2026, 9, 30)));
        assert_eq!(own_term.retention_until(), Some(date(2038, 3, 31)), "from the end of what ended last");
    }
}
