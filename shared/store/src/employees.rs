//! Employees (従業員) and their names.
//!
//! Three items make an employee, written in one transaction:
//!
//! | table, family | clear | sealed |
//! | --- | --- | --- |
//! | `records`, employee | ids, placement with its history, state and dates of employment, a keyed hash of the content | number, birth date, sex, kind of employment, job (`attributes`) |
//! | `names`, person | | number, name, kana, mail, and what lists filter by: placements from then on, labels, state (`names`) |
//! | `records`, employee number | whose number it is, under the number's keyed hash | |
//!
//! ```text
//!                change                 change
//! (nobody) ──▶ active ◀──▶ on leave, seconded ──┐
//!                │ ▲                            │ retire
//!         retire ▼ └──change (came back)──┐     ▼
//!              retired ───────────────────┴── retired ──delete──▶ (gone)
//! ```
//!
//! Their account follows: it is suspended at the end of their last day ([`crate::accounts`]).
//!
//! Deleting is for those who were registered by mistake: whoever has a checkup is retired and kept.

mod change;
mod content;
mod import;
mod kept;
mod placements;
mod search;
mod undo;

use std::collections::BTreeSet;

use authz::{Permission, Permit, Placement, permission::ViewEmployees};
use domain::{
    checkup::hazard::Hazards,
    employee::{
        BirthDate, EmployeeNumber, EmploymentState, EmploymentType, JobTitle, Kana, MailAddress, PersonName, Sex,
    },
    ids::{EmployeeId, ImportId, LabelId, TenantId},
    time::Jst,
};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};

pub use change::EmployeeChange;
pub use content::PersonContent;
pub use import::Registered;
pub use placements::{PlacedSince, Placements};
pub use search::{EmployeePosition, EmployeeSearch, EmployeeSort, KnownPerson};
pub use undo::EmployeeImage;

use crate::{
    Error, Store,
    db::Range,
    identity::SealedFor,
    item::{Attributes, Sealed, Stored, as_text, from_item, from_optional},
    key::{Family, Key, SHARDS, Table, partition, shard, shards},
};

pub(crate) const SCHEMA: u8 = 1;

/// An employee, without what is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Employee {
    /// Their id.
    pub id: EmployeeId,
    /// Whether and how they work here (在籍区分).
    #[serde(rename = "employment_state")]
    pub state: EmploymentState,
    /// Their labels (ラベル).
    #[serde(default)]
    pub labels: BTreeSet<LabelId>,
    /// When they came (入社年月日).
    pub hired_on: Date,
    /// When they left or will leave (退職年月日).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left_on: Option<Date>,
    /// Where they stood, stand and will stand.
    pub placements: Placements,
    /// The keyed hash of all that an import can say about them: the same content has the same.
    pub(crate) content: String,
    /// [`EmployeeAttributes`].
    pub(crate) attributes: Sealed,
    /// What they are sealed for.
    #[serde(skip_serializing_if = "SealedFor::is_everything", default)]
    pub(crate) sealed_for: SealedFor,
    /// The import that wrote them last; none for a hand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imported_by: Option<ImportId>,
    /// When they were registered.
    pub created_at: Jst,
    /// When something about them last changed.
    pub updated_at: Jst,
}

impl Employee {
    /// Their last day, if they have one. Who is retired and nobody said since when has left by yesterday.
    pub(crate) fn last_day(&self, today: Date) -> Option<Date> {
        let retired = self.state == EmploymentState::Retired;
        self.left_on.or_else(|| retired.then(|| today.saturating_sub(1.day())))
    }
}

/// What is known about an employee beside their name (属性).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployeeAttributes {
    /// Their number (社員番号).
    pub number: EmployeeNumber,
    /// Their birth date (生年月日).
    pub birth_date: BirthDate,
    /// Their sex (性別).
    pub sex: Sex,
    /// How they are employed (雇用形態).
    pub employment_type: EmploymentType,
    /// Their position (役職).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job_title: Option<JobTitle>,
    /// Their occupation (職種).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub occupation: Option<JobTitle>,
    /// Whether they manage or supervise (管理監督者).
    #[serde(default)]
    pub manager: bool,
    /// Whether they have authority over hiring, dismissal or transfer (人事権).
    #[serde(default)]
    pub personnel_authority: bool,
    /// Whether they work at night (深夜業).
    #[serde(default)]
    pub night_work: bool,
    /// The hazardous work that they do, did and will do (有害業務).
    #[serde(skip_serializing_if = "Hazards::is_empty", default)]
    pub hazards: Hazards,
}

/// Who an employee is, as the name vault keeps it (R-13); with what lists filter by, so that a list opens the vault alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their number (社員番号).
    pub number: EmployeeNumber,
    /// Their name (氏名).
    pub name: PersonName,
    /// How it is read (フリガナ).
    pub kana: Kana,
    /// Their mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mail: Option<MailAddress>,
    /// As in [`Employee`], from when it was written on.
    pub(crate) placements: Placements,
    /// As in [`Employee`].
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub(crate) labels: BTreeSet<LabelId>,
    /// As in [`Employee`].
    pub(crate) state: EmploymentState,
}

/// Where a walk over the register stands: a shard of it, and the last employee of it who was looked at.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RegisterPosition {
    shard: usize,
    after: Option<String>,
}

impl RegisterPosition {
    /// The same shard, after this employee.
    pub(crate) fn at(&self, employee: EmployeeId) -> Self {
        Self { shard: self.shard, after: Some(employee.to_string()) }
    }

    /// Whether there is nobody left to look at.
    pub(crate) fn is_over(&self) -> bool {
        self.shard >= usize::from(SHARDS)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PersonRecord {
    pub(crate) person: Sealed,
    #[serde(skip_serializing_if = "SealedFor::is_everything", default)]
    pub(crate) sealed_for: SealedFor,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NumberRecord {
    pub(crate) employee: EmployeeId,
}

/// An employee with all that is known about them. What of it the caller may see is the permit's to say.
#[derive(Debug, Clone)]
pub struct WholeEmployee {
    /// The employee.
    pub employee: Stored<Employee>,
    /// What is sealed beside it.
    pub attributes: EmployeeAttributes,
    /// The name.
    pub person: Person,
    /// Where they stand today.
    pub placement: Placement,
}

pub(crate) fn key(tenant: TenantId, id: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::Employee, shard(id.as_bytes()), id)
}

pub(crate) fn person_key(tenant: TenantId, id: EmployeeId) -> Key {
    Key::new(Table::Names, tenant, Family::Person, shard(id.as_bytes()), id)
}

fn number_key(tenant: TenantId, lookup: &Lookup, number: &EmployeeNumber) -> Key {
    let hash = lookup.hash("employee_number", number.as_str());
    Key::new(Table::Records, tenant, Family::EmployeeNumber, hash, "EMPLOYEENUMBER")
}

/// Where it stands whose number it is that somebody typed; what is no number at all is looked for like one.
pub(crate) fn typed_number_key(tenant: TenantId, lookup: &Lookup, typed: &str) -> Key {
    if let Ok(number) = EmployeeNumber::parse(typed) {
        return number_key(tenant, lookup, &number);
    }
    let hash = lookup.hash("not-a-number", typed);
    Key::new(Table::Records, tenant, Family::EmployeeNumber, hash, "EMPLOYEENUMBER")
}

impl Store {
    /// One employee with everything about them.
    pub async fn employee(&self, permit: &Permit<ViewEmployees>, id: EmployeeId) -> Result<WholeEmployee, Error> {
        let whole = self.load_whole(permit.tenant(), id).await?.ok_or(Error::NotFound)?;
        if permit.reach().covers(&whole.placement) { Ok(whole) } else { Err(Error::NotFound) }
    }

    pub(crate) async fn load_whole(&self, tenant: TenantId, id: EmployeeId) -> Result<Option<WholeEmployee>, Error> {
        let (employee, person) =
            futures_util::future::try_join(self.load_employee(tenant, id), self.load_person(tenant, id)).await?;
        let (Some(employee), Some(person)) = (employee, person) else { return Ok(None) };
        let attributes = self.open_attributes(tenant, &employee.record).await?;
        let placement = employee.record.placement(self.today());
        Ok(Some(WholeEmployee { employee, attributes, person, placement }))
    }

    pub(crate) async fn load_employee(
        &self,
        tenant: TenantId,
        id: EmployeeId,
    ) -> Result<Option<Stored<Employee>>, Error> {
        self.load(&key(tenant, id)).await
    }

    /// Several employees, in the order of `ids`.
    pub(crate) async fn load_employees(
        &self,
        tenant: TenantId,
        ids: &[EmployeeId],
    ) -> Result<Vec<Option<Stored<Employee>>>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| key(tenant, *id)).collect();
        let now = self.clock.now();
        let items = self.db.batch_get(&keys).await?.into_iter();
        items.map(|item| from_optional(item, now)).collect()
    }

    /// Where several employees stand today, by their ids.
    pub(crate) async fn placements_now(
        &self,
        tenant: TenantId,
        employees: impl IntoIterator<Item = EmployeeId>,
    ) -> Result<std::collections::HashMap<EmployeeId, Placement>, Error> {
        let employees: BTreeSet<EmployeeId> = employees.into_iter().collect();
        let employees: Vec<EmployeeId> = employees.into_iter().collect();
        let (found, today) = (self.load_employees(tenant, &employees).await?, self.today());
        Ok(found.into_iter().flatten().map(|stored| (stored.record.id, stored.record.placement(today))).collect())
    }

    /// An employee within the permit's reach, and where they stand.
    pub(crate) async fn employee_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
    ) -> Result<(Employee, Placement), Error> {
        let found = self.load_employee(permit.tenant(), employee).await?.ok_or(Error::NotFound)?.record;
        let placement = found.placement(self.today());
        if permit.reach().covers(&placement) { Ok((found, placement)) } else { Err(Error::NotFound) }
    }

    /// Where somebody stands, if that is within the permit's reach.
    pub(crate) async fn placed_within<P: Permission>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
    ) -> Result<Placement, Error> {
        Ok(self.employee_within(permit, employee).await?.1)
    }

    /// Nothing, if somebody is in the permit's reach: for answers that are put together from several reads, each with a permit of its own.
    pub async fn employee_in_reach(&self, permit: &Permit<ViewEmployees>, employee: EmployeeId) -> Result<(), Error> {
        self.placed_within(permit, employee).await.map(drop)
    }

    pub(crate) async fn load_person(&self, tenant: TenantId, id: EmployeeId) -> Result<Option<Person>, Error> {
        let Some(item) = self.db.get(&person_key(tenant, id)).await? else { return Ok(None) };
        Ok(self.open_people(tenant, vec![item]).await?.pop().map(|(_, person)| person))
    }

    /// Several people, in the order of `ids`.
    pub(crate) async fn load_people(&self, tenant: TenantId, ids: &[EmployeeId]) -> Result<Vec<Option<Person>>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| person_key(tenant, *id)).collect();
        let items = self.db.batch_get(&keys).await?.into_iter().flatten().collect();
        let people: std::collections::HashMap<_, _> = self.open_people(tenant, items).await?.into_iter().collect();
        Ok(ids.iter().map(|id| people.get(id).cloned()).collect())
    }

    /// Whose numbers these are, in the order of `numbers`.
    pub(crate) async fn employee_ids_by_number(
        &self,
        tenant: TenantId,
        numbers: &[EmployeeNumber],
    ) -> Result<Vec<Option<EmployeeId>>, Error> {
        let lookup = self.lookup(tenant).await?;
        let keys: Vec<Key> = numbers.iter().map(|number| number_key(tenant, &lookup, number)).collect();
        let now = self.clock.now();
        let items = self.db.batch_get(&keys).await?.into_iter();
        items
            .map(|item| {
                let stored = from_optional::<NumberRecord>(item, now)?;
                Ok(stored.map(|stored| stored.record.employee))
            })
            .collect()
    }

    /// Opens what is sealed in an employee's item.
    pub(crate) async fn open_attributes(
        &self,
        tenant: TenantId,
        employee: &Employee,
    ) -> Result<EmployeeAttributes, Error> {
        let key = key(tenant, employee.id);
        let sealed = (&employee.attributes, employee.sealed_for);
        self.open_identity(tenant, Purpose::Attributes, &key, "attributes", sealed).await
    }

    /// Opens what is sealed in several employees' items, in their order.
    pub(crate) async fn open_attributes_of<'a>(
        &self,
        tenant: TenantId,
        employees: impl IntoIterator<Item = &'a Employee>,
    ) -> Result<Vec<EmployeeAttributes>, Error> {
        let sealed: Vec<_> = employees
            .into_iter()
            .map(|employee| {
                let key = key(tenant, employee.id);
                (key.entity(), key, employee)
            })
            .collect();
        let page: Vec<_> = sealed
            .iter()
            .map(|(entity, key, of)| {
                (of.sealed_for, crate::place(tenant, key, entity, "attributes"), of.attributes.0.as_slice())
            })
            .collect();
        let opened = self.open_identities(tenant, Purpose::Attributes, &page).await?;
        opened.iter().map(|plain| Ok(serde_json::from_slice(plain)?)).collect()
    }

    /// Opens items of the name vault.
    async fn open_people(&self, tenant: TenantId, items: Vec<Attributes>) -> Result<Vec<(EmployeeId, Person)>, Error> {
        let now = self.clock.now();
        let mut sealed = Vec::with_capacity(items.len());
        for item in items {
            let Some(id) = as_text(&item, "sk").and_then(|sk| sk.parse::<EmployeeId>().ok()) else { continue };
            if let Some(stored) = from_item::<PersonRecord>(item, now)? {
                let key = person_key(tenant, id);
                sealed.push((id, key.entity(), key, stored.record));
            }
        }
        let page: Vec<_> = sealed
            .iter()
            .map(|(_, entity, key, of)| {
                (of.sealed_for, crate::place(tenant, key, entity, "person"), of.person.0.as_slice())
            })
            .collect();
        let opened = self.open_identities(tenant, Purpose::Names, &page).await?;
        let people = sealed.iter().zip(&opened).map(|((id, ..), plain)| Ok((*id, serde_json::from_slice(plain)?)));
        people.collect()
    }

    /// The employees who come next in the register, of one shard and at most `limit`, and where to go on; `None` where it is over.
    pub(crate) async fn employees_after(
        &self,
        tenant: TenantId,
        position: &RegisterPosition,
        limit: Option<usize>,
    ) -> Result<Option<(Vec<Employee>, RegisterPosition)>, Error> {
        let Some(shard) = shards().nth(position.shard) else { return Ok(None) };
        let range = Range::whole(Table::Records, Family::Employee, partition(tenant, Family::Employee, shard));
        let range = range.after(position.after.clone());
        let (items, more) = self.db.query(&limit.map_or(range.clone(), |limit| range.limit(limit))).await?;
        let next = match items.last().and_then(|item| as_text(item, "sk")).filter(|_| more) {
            Some(last) => RegisterPosition { shard: position.shard, after: Some(last.to_owned()) },
            None => RegisterPosition { shard: position.shard + 1, after: None },
        };
        let now = self.clock.now();
        let employees = items.into_iter().filter_map(|item| from_item(item, now).transpose());
        let employees = employees.map(|stored| stored.map(|stored: Stored<Employee>| stored.record));
        Ok(Some((employees.collect::<Result<_, Error>>()?, next)))
    }

    /// Whether `is` holds for any employee. Reads every employee's item: for what is rare.
    pub(crate) async fn any_employee(
        &self,
        tenant: TenantId,
        is: impl Fn(&Employee) -> bool + Copy,
    ) -> Result<bool, Error> {
        let look = |shard: String| async move {
            let mut range = Range::whole(Table::Records, Family::Employee, partition(tenant, Family::Employee, shard));
            loop {
                let (items, more) = self.db.query(&range).await?;
                range.after = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned));
                for item in items {
                    if from_item::<Employee>(item, self.clock.now())?.is_some_and(|stored| is(&stored.record)) {
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
}
