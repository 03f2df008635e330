//! Lists of employees. A search opens the tenant's part of the name vault, all sixteen partitions at once, folds, matches, filters by what the caller
//! reaches, and keeps the first page of what it finds; then the page's employees are read.
//!
//! Its cost grows with the number of people: about 0.3 KB each, so that 10,000 people are 3 MB and 400 read units, and memory holds one page of each partition
//! (1 MB) and nobody else. Sealed pages of 500 people, kept by the stream, can take the place of [`Store::scan`] where that is too much.

use std::cmp::Ordering;

use authz::{Denied, ImportKind, ImportRight, PermissionId, Permit, Placement, Reach, permission::ViewEmployees};
use domain::{
    employee::{EmployeeNumber, EmploymentState},
    ids::{DepartmentId, EmployeeId, LabelId, TenantId, WorkplaceId},
    organisation::Tree,
    text::fold_for_search,
};
use futures_util::future::{try_join, try_join_all};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Person, WholeEmployee};
use crate::{
    Error, Store,
    db::Range,
    item::as_text,
    key::{Family, Table, partition, shards},
};

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmployeeSort {
    /// By number, as text.
    #[default]
    Number,
    /// By how the name is read; people whose names the caller may not see by number, before all others.
    Kana,
}

/// Which employees to look for. What is not said does not narrow.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EmployeeSearch {
    /// A part of the number, the name or the kana, however it is written.
    pub text: Option<String>,
    /// Just this number.
    pub number: Option<EmployeeNumber>,
    /// In this department or one below it.
    pub department: Option<DepartmentId>,
    /// In this workplace.
    pub workplace: Option<WorkplaceId>,
    /// With this label, their own or that of a department that they are in or below: whom a scope of the label reaches.
    pub label: Option<LabelId>,
    /// In this state.
    pub state: Option<EmploymentState>,
    /// In this order.
    pub sort: EmployeeSort,
    /// The other way round.
    pub descending: bool,
}

/// Where a list stands: at this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployeePosition {
    key: String,
    id: EmployeeId,
}

/// Somebody as a row without a good number is held against, in folded spelling. Debug output shows no name.
#[derive(Clone)]
pub struct KnownPerson {
    /// Who.
    pub id: EmployeeId,
    /// Their number.
    pub number: EmployeeNumber,
    /// Their name, folded.
    pub name: String,
    /// Their kana, folded.
    pub kana: String,
}

impl std::fmt::Debug for KnownPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KnownPerson({})", self.id)
    }
}

/// Somebody who was found.
#[derive(Debug)]
struct Found {
    at: EmployeePosition,
    person: Person,
}

/// What is looked for, ready to be held against people.
struct Sieve<'a> {
    search: &'a EmployeeSearch,
    folded: Option<String>,
    /// Where a department or a label is looked for.
    tree: Option<Tree>,
    reach: &'a Reach,
    /// Whose names the caller sees: nobody is found by a name that they may not see.
    names: Option<&'a Reach>,
    after: Option<&'a EmployeePosition>,
    limit: usize,
    today: Date,
}

impl Sieve<'_> {
    /// Keeps a person if it is looked for, and comes after where the list stands.
    fn find(&self, id: EmployeeId, person: Person) -> Option<Found> {
        let placement = placement(id, &person, self.today);
        let sees_name = self.names.is_some_and(|names| names.covers(&placement));
        let found = self.reach.covers(&placement)
            && self.filters_pass(&person, &placement)
            && self.folded.as_deref().is_none_or(|part| reads(&person, part, sees_name));
        if !found {
            return None;
        }
        let key = match self.search.sort {
            EmployeeSort::Number => person.number.to_string(),
            EmployeeSort::Kana if sees_name => format!("{}\0{}", fold_for_search(person.kana.as_str()), person.number),
            EmployeeSort::Kana => format!("\0{}", person.number),
        };
        let at = EmployeePosition { key, id };
        self.after.is_none_or(|after| self.order(after, &at).is_lt()).then_some(Found { at, person })
    }

    fn filters_pass(&self, person: &Person, placement: &Placement) -> bool {
        let search = self.search;
        let within = |department: DepartmentId| {
            placement.department.is_some_and(|of| {
                of == department || self.tree.as_ref().is_some_and(|tree| tree.is_within(of, department))
            })
        };
        let carries = |label: LabelId| {
            let tree = self.tree.as_ref().zip(placement.department);
            placement.labels.contains(&label)
                || tree.is_some_and(|(tree, of)| tree.labels(of).any(|held| held == label))
        };
        search.number.as_ref().is_none_or(|number| *number == person.number)
            && search.department.is_none_or(within)
            && search.workplace.is_none_or(|workplace| placement.workplace == Some(workplace))
            && search.label.is_none_or(carries)
            && search.state.is_none_or(|state| person.state == state)
    }

    fn order(&self, a: &EmployeePosition, b: &EmployeePosition) -> Ordering {
        let order = (&a.key, a.id).cmp(&(&b.key, b.id));
        if self.search.descending { order.reverse() } else { order }
    }

    /// Keeps the page, and one more by which it is known that there is more.
    fn keep_page(&self, found: &mut Vec<Found>) {
        found.sort_unstable_by(|a, b| self.order(&a.at, &b.at));
        found.truncate(self.limit + 1);
    }
}

/// Whether a person's number, or their name or kana where it may be seen, has the folded text in it.
fn reads(person: &Person, part: &str, sees_name: bool) -> bool {
    let has = |text: &str| fold_for_search(text).contains(part);
    has(person.number.as_str()) || (sees_name && (has(person.name.as_str()) || has(person.kana.as_str())))
}

fn placement(employee: EmployeeId, person: &Person, day: Date) -> Placement {
    let (workplace, department) = person.placements.on(day);
    Placement { employee, workplace, department, labels: person.labels.clone() }
}

impl Store {
    /// A page of the employees in the permit's reach: those after `after`, and where to go on.
    pub async fn employees(
        &self,
        permit: &Permit<ViewEmployees>,
        search: &EmployeeSearch,
        after: Option<&EmployeePosition>,
        limit: usize,
    ) -> Result<(Vec<WholeEmployee>, Option<EmployeePosition>), Error> {
        let tenant = permit.tenant();
        let sieve = |tree| Sieve {
            search,
            folded: search.text.as_deref().map(fold_for_search),
            tree,
            reach: permit.reach(),
            names: permit.sees(PermissionId::SeeNames),
            after,
            limit,
            today: self.today(),
        };
        let asks_tree = search.department.is_some() || search.label.is_some();
        let tree = async { if asks_tree { self.read_tree(tenant).await.map(Some) } else { Ok(None) } };
        let mut found = if let Some(few) = self.few(permit, search).await? {
            let (tree, people) = try_join(tree, self.load_people(tenant, &few)).await?;
            let sieve = sieve(tree);
            let found = few.into_iter().zip(people).filter_map(|(id, person)| sieve.find(id, person?));
            found.collect()
        } else {
            self.scan(tenant, &sieve(tree.await?)).await?
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.at.clone());
        Ok((self.whole(tenant, permit.reach(), found).await?, next))
    }

    /// Who can be meant at all, where that is known without a search.
    async fn few(
        &self,
        permit: &Permit<ViewEmployees>,
        search: &EmployeeSearch,
    ) -> Result<Option<Vec<EmployeeId>>, Error> {
        if permit.reach().is_nobody() {
            return Ok(Some(Vec::new()));
        }
        if let Some(oneself) = permit.reach().only_oneself() {
            return Ok(Some(vec![oneself]));
        }
        let Some(number) = &search.number else { return Ok(None) };
        let ids = self.employee_ids_by_number(permit.tenant(), std::slice::from_ref(number)).await?;
        Ok(Some(ids.into_iter().flatten().collect()))
    }

    /// Holds everybody of a tenant against what is looked for.
    async fn scan(&self, tenant: TenantId, sieve: &Sieve<'_>) -> Result<Vec<Found>, Error> {
        let partitions = shards().map(|shard| self.scan_partition(tenant, shard, sieve));
        let mut found: Vec<Found> = try_join_all(partitions).await?.into_iter().flatten().collect();
        sieve.keep_page(&mut found);
        Ok(found)
    }

    async fn scan_partition(&self, tenant: TenantId, shard: String, sieve: &Sieve<'_>) -> Result<Vec<Found>, Error> {
        let mut range = Range::whole(Table::Names, Family::Person, partition(tenant, Family::Person, shard));
        let mut found = Vec::new();
        loop {
            let (items, more) = self.db.query(&range).await?;
            range.after = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned));
            let people = self.open_people(tenant, items).await?;
            found.extend(people.into_iter().filter_map(|(id, person)| sieve.find(id, person)));
            sieve.keep_page(&mut found);
            if !more {
                return Ok(found);
            }
        }
    }

    /// Everybody in the right's reach, as far as a row without a good number can be told by: for imports of checkups.
    pub async fn known_people(&self, right: &ImportRight) -> Result<Vec<KnownPerson>, Error> {
        if right.kind() != ImportKind::Checkups {
            return Err(Denied::Forbidden.into());
        }
        let partitions = shards().map(|shard| self.known_people_in(right, shard));
        Ok(try_join_all(partitions).await?.into_iter().flatten().collect())
    }

    async fn known_people_in(&self, right: &ImportRight, shard: String) -> Result<Vec<KnownPerson>, Error> {
        let (tenant, today) = (right.tenant(), self.today());
        let mut range = Range::whole(Table::Names, Family::Person, partition(tenant, Family::Person, shard));
        let mut known = Vec::new();
        loop {
            let (items, more) = self.db.query(&range).await?;
            range.after = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned));
            let people = self.open_people(tenant, items).await?.into_iter();
            let within = people.filter(|(id, person)| right.reach().covers(&placement(*id, person, today)));
            known.extend(within.map(|(id, person)| KnownPerson {
                id,
                name: fold_for_search(person.name.as_str()),
                kana: fold_for_search(person.kana.as_str()),
                number: person.number,
            }));
            if !more {
                return Ok(known);
            }
        }
    }

    /// Reads what is in `records` about people who were found. Who has left the caller's reach in this moment is left out.
    async fn whole(&self, tenant: TenantId, reach: &Reach, found: Vec<Found>) -> Result<Vec<WholeEmployee>, Error> {
        let ids: Vec<EmployeeId> = found.iter().map(|found| found.at.id).collect();
        let (mut whole, today) = (Vec::with_capacity(ids.len()), self.today());
        for (employee, Found { person, .. }) in self.load_employees(tenant, &ids).await?.into_iter().zip(found) {
            let Some(employee) = employee else { continue };
            let placement = employee.record.placement(today);
            if reach.covers(&placement) {
                let attributes = self.open_attributes(tenant, &employee.record).await?;
                whole.push(WholeEmployee { employee, attributes, person, placement });
            }
        }
        Ok(whole)
    }
}
