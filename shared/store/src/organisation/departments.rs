//! Departments (部署): a tree with history. What a department was called and where it stood on a day is kept with it. A department carries labels, which hold
//! for everybody in it and below.

use std::{borrow::Cow, collections::BTreeSet};

use authz::{
    Permit, Placement,
    permission::{ManageOrganisation, ViewOrganisation},
};
use domain::{
    ids::{DepartmentId, LabelId, kinds},
    organisation::{DepartmentCode, OrganisationName},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Label, Unit, somebody, tree::Parents};
use crate::{Conflict, Error, Prepared, Store, Stored, Write, callers::whole_tenant};

/// How many changes a department remembers.
const REMEMBERED: usize = 200;

/// A department (部署).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// The customer's code for it.
    pub code: DepartmentCode,
    /// Its name.
    pub name: OrganisationName,
    /// The department above; none at the top.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<DepartmentId>,
    /// Its labels (ラベル), without those of the departments above.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub labels: BTreeSet<LabelId>,
    /// What it was called and where it stood, oldest first; the last one holds today. The newest 200 are kept.
    pub history: Vec<DepartmentSince>,
    /// How often somebody was placed in it by hand.
    #[serde(default)]
    pub(crate) placed: u64,
    /// When it was made.
    pub created_at: Jst,
    /// When it was last changed.
    pub updated_at: Jst,
}

/// What a department was from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentSince {
    /// The day.
    pub from: Date,
    /// Its name.
    pub name: OrganisationName,
    /// The department above.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<DepartmentId>,
}

impl Department {
    pub(super) fn new(
        id: DepartmentId,
        code: DepartmentCode,
        name: OrganisationName,
        parent: Option<DepartmentId>,
        now: Jst,
    ) -> Self {
        let (labels, history) = (BTreeSet::new(), Vec::new());
        let mut department =
            Self { id, code, name, parent, labels, history, placed: 0, created_at: now, updated_at: now };
        department.remember(now);
        department
    }

    /// The same department with another name or another place from `now` on. Twice on one day is a correction: the later one holds.
    pub(super) fn with(&self, name: OrganisationName, parent: Option<DepartmentId>, now: Jst) -> Self {
        let mut department = Self { name, parent, updated_at: now, ..self.clone() };
        department.remember(now);
        department
    }

    fn remember(&mut self, now: Jst) {
        let since = DepartmentSince { from: now.date(), name: self.name.clone(), parent: self.parent };
        self.history.pop_if(|last| last.from == since.from);
        let same = |last: &DepartmentSince| last.name == since.name && last.parent == since.parent;
        if !self.history.last().is_some_and(same) {
            self.history.push(since);
        }
        let too_old = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..too_old);
    }
}

impl Unit for Department {
    type Kind = kinds::Department;
    const KIND: &'static str = "DEPARTMENT";
    const TAKEN: fn() -> Error = || Conflict::CodeTaken.into();

    fn id(&self) -> DepartmentId {
        self.id
    }
    fn code(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.code.as_str())
    }
    fn placed(&self) -> u64 {
        self.placed
    }
    fn somebody_in(id: DepartmentId) -> Placement {
        Placement { department: Some(id), ..somebody() }
    }
}

/// A department to be.
#[derive(Debug, Clone)]
pub struct NewDepartment {
    /// Its code.
    pub code: DepartmentCode,
    /// Its name.
    pub name: OrganisationName,
    /// The department above; none for the top.
    pub parent: Option<DepartmentId>,
    /// Its labels.
    pub labels: BTreeSet<LabelId>,
}

/// What shall be different about a department.
#[derive(Debug, Clone, Default)]
pub struct DepartmentChange {
    /// Another code.
    pub code: Option<DepartmentCode>,
    /// Another name.
    pub name: Option<OrganisationName>,
    /// Another place: below that department, or at the top.
    pub parent: Option<Option<DepartmentId>>,
    /// Other labels: all that it carries from now on.
    pub labels: Option<BTreeSet<LabelId>>,
}

impl Store {
    /// The departments in the permit's reach, in the order of their codes: at most `limit` after the code `after`, and the code to go on after.
    pub async fn departments(
        &self,
        permit: &Permit<ViewOrganisation>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Stored<Department>>, Option<String>), Error> {
        self.units_within(permit.tenant(), permit.reach(), after, limit).await
    }

    /// One department.
    pub async fn department(
        &self,
        permit: &Permit<ViewOrganisation>,
        id: DepartmentId,
    ) -> Result<Stored<Department>, Error> {
        self.unit_within(permit.tenant(), permit.reach(), id).await
    }

    /// Makes a department, below one that the permit reaches; at the top only for who reaches the whole tenant.
    pub async fn create_department(
        &self,
        permit: &Permit<ManageOrganisation>,
        new: NewDepartment,
    ) -> Result<Prepared<Stored<Department>>, Error> {
        may_stand_below(permit, new.parent)?;
        let mut parents = self.parents(permit.tenant()).await?;
        let mut department = Department::new(self.new_id()?, new.code, new.name, new.parent, self.clock.now());
        department.labels = new.labels;
        parents.put(department.id, department.parent, &department.labels);
        let mut write = Write::new();
        self.create_unit(&mut write, permit.tenant(), &department)?;
        self.count_labelled(&mut write, permit, department.labels.iter())?;
        self.write_tree(&mut write, permit.tenant(), &parents)?;
        let event = self.event(permit, "department.create")?.on(department.id);
        Ok(Prepared { thing: Stored { record: department, version: 1 }, write, event })
    }

    /// Changes a department: its code, its name, its place with everything below it, its labels.
    pub async fn change_department(
        &self,
        permit: &Permit<ManageOrganisation>,
        id: DepartmentId,
        version: u64,
        change: DepartmentChange,
    ) -> Result<Prepared<Stored<Department>>, Error> {
        let tenant = permit.tenant();
        let was: Department = self.unit_within(tenant, permit.reach(), id).await?.record;
        let parent = change.parent.unwrap_or(was.parent);
        let name = change.name.unwrap_or_else(|| was.name.clone());
        let mut department = was.with(name, parent, self.clock.now());
        department.code = change.code.unwrap_or(department.code);
        department.labels = change.labels.unwrap_or(department.labels);
        let mut write = Write::new();
        self.replace_unit(&mut write, tenant, version, &was, &department)?;
        if parent != was.parent {
            may_stand_below(permit, parent)?;
        }
        if (parent, &department.labels) != (was.parent, &was.labels) {
            self.count_labelled(&mut write, permit, department.labels.difference(&was.labels))?;
            let mut parents = self.parents(tenant).await?;
            parents.put(id, parent, &department.labels);
            self.write_tree(&mut write, tenant, &parents)?;
        }
        let event = self.event(permit, "department.change")?.on(id);
        Ok(Prepared { thing: Stored { record: department, version: version + 1 }, write, event })
    }

    /// Deletes a department below which there is none, in which nobody stands, and which nobody was granted.
    pub async fn delete_department(
        &self,
        permit: &Permit<ManageOrganisation>,
        id: DepartmentId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let (tenant, looked_at) = (permit.tenant(), self.clock.now());
        let department: Department = self.unit_within(tenant, permit.reach(), id).await?.record;
        let mut parents: Parents = self.parents(tenant).await?;
        if parents.has_children(id) {
            return Err(Conflict::InUse.into());
        }
        parents.remove(id);
        let mut write = Write::new();
        self.delete_unit(&mut write, tenant, version, &department, looked_at).await?;
        self.write_tree(&mut write, tenant, &parents)?;
        let event = self.event(permit, "department.delete")?.on(id);
        Ok(Prepared { thing: (), write, event })
    }
}

impl Store {
    /// Counts labels as given to a department: they exist, as far as the permit's holder can know, and are not deleted at this moment.
    fn count_labelled<'a>(
        &self,
        write: &mut Write,
        permit: &Permit<ManageOrganisation>,
        labels: impl Iterator<Item = &'a LabelId>,
    ) -> Result<(), Error> {
        for label in labels {
            if !permit.reach().covers(&Label::somebody_in(*label)) {
                return Err(Conflict::MissingReference.into());
            }
            self.count_placed::<Label>(write, permit.tenant(), *label)?;
        }
        Ok(())
    }
}

/// Whether the permit's holder may put a department below `parent`: what they do not reach does not exist, and the top is everybody's.
fn may_stand_below(permit: &Permit<ManageOrganisation>, parent: Option<DepartmentId>) -> Result<(), Error> {
    match parent {
        None => whole_tenant(permit),
        Some(parent) if permit.reach().covers(&Department::somebody_in(parent)) => Ok(()),
        Some(_) => Err(Conflict::MissingReference.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> Jst {
        format!("{day}T10:00:00+09:00").parse().unwrap()
    }

    fn name(text: &str) -> OrganisationName {
        text.parse().unwrap()
    }

    #[test]
    fn a_department_remembers_what_it_was_on_a_day() {
        let above = Some(DepartmentId::from_bytes([9; 16]));
        let id = DepartmentId::from_bytes([1; 16]);
        let first = Department::new(id, "D210".parse().unwrap(), name("第一営業部"), None, at("2026-04-01"));
        let renamed = first.with(name("法人営業部"), None, at("2026-10-01"));
        let corrected = renamed.with(name("法人営業本部"), above, at("2026-10-01"));
        let days: Vec<_> = corrected.history.iter().map(|since| since.from.to_string()).collect();
        assert_eq!(days, ["2026-04-01", "2026-10-01"]);
        assert_eq!(corrected.history[1].name, name("法人営業本部"));
        assert_eq!(corrected.history[1].parent, above);
        let back = corrected.with(name("第一営業部"), None, at("2026-10-01"));
        assert_eq!(back.history, first.history, "a change taken back on its day has not been");
    }

    #[test]
    fn a_department_remembers_the_newest_changes_only() {
        let id = DepartmentId::from_bytes([1; 16]);
        let mut department = Department::new(id, "D1".parse().unwrap(), name("0"), None, at("2026-01-01"));
        for n in 1..=210_i64 {
            let later = at("2026-01-01").plus_seconds(n * 86_400);
            department = department.with(name(&n.to_string()), None, later);
        }
        assert_eq!(department.history.len(), REMEMBERED);
        assert_eq!(department.history.last().unwrap().name, name("210"));
    }
}
