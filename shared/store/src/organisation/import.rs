//! The organisation by file: what an importer needs to know of it, and departments and workplaces written from rows.
//!
//! People are placed in bulk without counting each one (`placed`): whoever places people from a file holds the organisation first
//! ([`Store::hold_organisation`]), and nothing is deleted while it is held.

use std::collections::{BTreeMap, HashMap};

use authz::{Denied, ImportKind, ImportRight};
use domain::{
    ids::{DepartmentId, Id, ImportId, TenantId, WorkplaceId},
    organisation::{DepartmentCode, OrganisationName, WorkplaceCode},
    time::Jst,
};

use super::{Department, Unit, Workplace, hold_key, tree::Parents};
use crate::{
    Conflict, Error, Store, Stored, Write,
    db::Range,
    item::{from_item, number},
    key::{Family, Table, partition},
};

/// For how long the organisation is held, in seconds: no function runs longer.
const HOLD_SECONDS: i64 = 15 * 60;
/// How many departments or workplaces are written in one transaction, which takes 100 items: each has its own and that of its code.
const AT_A_TIME: usize = 45;

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowApplied<I> {
    /// It was not there and is.
    Created(I),
    /// It was there and is different.
    Updated(I),
    /// It was there just like this: nothing was written.
    Unchanged(I),
    /// It changed since the row was checked: nothing was written.
    Conflict,
}

/// The workplaces and departments of a tenant, as an importer looks them up.
#[derive(Debug, Clone, Default)]
pub struct Organisation {
    workplaces: BTreeMap<WorkplaceCode, Stored<Workplace>>,
    departments: BTreeMap<DepartmentCode, Stored<Department>>,
    codes: HashMap<DepartmentId, DepartmentCode>,
}

impl Organisation {
    fn new(workplaces: Vec<Stored<Workplace>>, departments: Vec<Stored<Department>>) -> Self {
        Self {
            codes: departments.iter().map(|d| (d.record.id, d.record.code.clone())).collect(),
            workplaces: workplaces.into_iter().map(|w| (w.record.code.clone(), w)).collect(),
            departments: departments.into_iter().map(|d| (d.record.code.clone(), d)).collect(),
        }
    }

    /// The workplace with this code.
    #[must_use]
    pub fn workplace(&self, code: &WorkplaceCode) -> Option<&Stored<Workplace>> {
        self.workplaces.get(code)
    }

    /// The workplace with this name, if there is exactly one.
    #[must_use]
    pub fn workplace_named(&self, name: &OrganisationName) -> Option<&Stored<Workplace>> {
        let mut named = self.workplaces.values().filter(|workplace| workplace.record.name == *name);
        named.next().filter(|_| named.next().is_none())
    }

    /// The department with this code.
    #[must_use]
    pub fn department(&self, code: &DepartmentCode) -> Option<&Stored<Department>> {
        self.departments.get(code)
    }

    /// Whether there still are the workplace and the department that somebody stood in.
    #[must_use]
    pub fn has_place(&self, workplace: Option<WorkplaceId>, department: Option<DepartmentId>) -> bool {
        let mut workplaces = self.workplaces.values();
        workplace.is_none_or(|id| workplaces.any(|workplace| workplace.record.id == id))
            && department.is_none_or(|id| self.codes.contains_key(&id))
    }

    /// The code of the department above the one with this code.
    #[must_use]
    pub fn parent_code(&self, code: &DepartmentCode) -> Option<&DepartmentCode> {
        self.codes.get(&self.departments.get(code)?.record.parent?)
    }

    /// Every department's code with that of the department above.
    pub fn parents(&self) -> impl Iterator<Item = (&DepartmentCode, Option<&DepartmentCode>)> {
        self.departments.keys().map(|code| (code, self.parent_code(code)))
    }
}

/// A department as it shall be after an import: the row, completed with what it leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentContent {
    /// Its code.
    pub code: DepartmentCode,
    /// Its name.
    pub name: OrganisationName,
    /// The code of the department above; none for the top.
    pub parent: Option<DepartmentCode>,
    /// The version that the row was checked against; none where there was no such department.
    pub read: Option<u64>,
}

/// A workplace as the import found or made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedWorkplace {
    /// Its id.
    pub id: WorkplaceId,
    /// It was not there before.
    pub created: bool,
    /// It is registered under another name, which the import leaves as it is.
    pub named_otherwise: bool,
}

impl Store {
    /// The tenant's workplaces and departments.
    pub(crate) async fn organisation_of(&self, tenant: TenantId) -> Result<Organisation, Error> {
        let (workplaces, departments) =
            futures_util::future::try_join(self.all_units(tenant), self.all_units(tenant)).await?;
        Ok(Organisation::new(workplaces, departments))
    }

    async fn all_units<U: Unit>(&self, tenant: TenantId) -> Result<Vec<Stored<U>>, Error> {
        let range = Range::whole(Table::Records, Family::Organisation, partition(tenant, Family::Organisation, ""))
            .starting_with(format!("{}#", U::KIND));
        let now = self.clock.now();
        let mut units = Vec::new();
        for item in self.db.query_all(range).await? {
            units.extend(from_item(item, now)?);
        }
        Ok(units)
    }

    /// The tenant's workplaces and departments, for the check of a file: to be read again before it is applied.
    pub async fn organisation_for_check(&self, right: &ImportRight) -> Result<Organisation, Error> {
        self.organisation_of(right.tenant()).await
    }

    /// The tenant's workplaces and departments, none of which is deleted for the next 15 minutes: for whoever places people from a
    /// file. To be asked for by each invocation that does.
    pub async fn hold_organisation(&self, right: &ImportRight) -> Result<Organisation, Error> {
        let key = hold_key(right.tenant());
        let until = self.clock.now().plus_seconds(HOLD_SECONDS).epoch_seconds();
        let request = self
            .db
            .update(&key)
            .update_expression("SET held_until = :until")
            .condition_expression("attribute_not_exists(held_until) OR held_until < :until")
            .expression_attribute_values(":until", number(u64::try_from(until).unwrap_or(0)));
        // Where the condition fails it is held for longer.
        self.db.send_update(&key, request).await?;
        self.organisation_of(right.tenant()).await
    }

    /// Ends the hold of [`Self::hold_organisation`] before its time: everybody of the file stands where they shall stand.
    pub async fn release_organisation(&self, right: &ImportRight) -> Result<(), Error> {
        // The next whole second: whoever looked around within this one may have looked too early.
        let over = self.clock.now().plus_seconds(1).epoch_seconds();
        let key = hold_key(right.tenant());
        let request = self
            .db
            .update(&key)
            .update_expression("SET held_until = :over")
            .condition_expression("held_until > :over")
            .expression_attribute_values(":over", number(u64::try_from(over).unwrap_or(0)));
        // Where the condition fails it is over already.
        self.db.send_update(&key, request).await?;
        Ok(())
    }

    /// Finds or makes the workplaces of a file of employees: one answer per row. A name that differs from the registered one changes nothing.
    pub async fn import_workplaces(
        &self,
        right: &ImportRight,
        import: ImportId,
        rows: &[(WorkplaceCode, OrganisationName)],
    ) -> Result<Vec<ImportedWorkplace>, Error> {
        permits(right, ImportKind::Employees)?;
        let (tenant, now) = (right.tenant(), self.clock.now());
        let lookup = self.lookup(tenant).await?;
        let mut known: HashMap<WorkplaceCode, (WorkplaceId, OrganisationName)> = HashMap::new();
        for (code, Stored { record, .. }) in self.organisation_of(tenant).await?.workplaces {
            known.insert(code, (record.id, record.name));
        }
        let mut new = Vec::new();
        let mut answers = Vec::with_capacity(rows.len());
        for (code, name) in rows {
            let created = !known.contains_key(code);
            let (id, registered) = known.entry(code.clone()).or_insert_with(|| {
                let id = Id::from_bytes(lookup.mac16("workplace-id", named_by(import, code.as_str()).as_bytes()));
                new.push(Workplace::new(id, code.clone(), name.clone(), now));
                (id, name.clone())
            });
            answers.push(ImportedWorkplace { id: *id, created, named_otherwise: registered != name });
        }
        for workplaces in new.chunks(AT_A_TIME) {
            let mut write = Write::new();
            for workplace in workplaces {
                self.create_unit(&mut write, tenant, workplace)?;
            }
            let event = self.event_of(tenant, right.actor(), PERMISSION, "workplace.import")?.on(import);
            write.commit(self, event.on_all(workplaces.iter().map(|workplace| workplace.id))).await?;
        }
        Ok(answers)
    }

    /// Writes the departments of a file: one answer per row. They are written in steps, parents before children, and after every step the departments form a
    /// tree; what is already as its row says is not touched, so that an import that was interrupted is simply repeated. Nothing is written where the
    /// whole would form no tree, or would not on the way.
    pub async fn import_departments(
        &self,
        right: &ImportRight,
        import: ImportId,
        rows: &[DepartmentContent],
    ) -> Result<Vec<RowApplied<DepartmentId>>, Error> {
        permits(right, ImportKind::Departments)?;
        let tenant = right.tenant();
        let lookup = self.lookup(tenant).await?;
        let (parents, organisation) =
            futures_util::future::try_join(self.parents(tenant), self.organisation_of(tenant)).await?;
        let id_of = |code: &DepartmentCode| {
            Id::from_bytes(lookup.mac16("department-id", named_by(import, code.as_str()).as_bytes()))
        };
        let plan = Plan::new(&organisation, parents, rows, id_of, self.clock.now())?;
        for Transaction { departments, tree } in &plan.transactions {
            let mut write = Write::new();
            for Step { was, department } in departments {
                match was {
                    None => self.create_unit(&mut write, tenant, department)?,
                    Some(was) => self.replace_unit(&mut write, tenant, was.version, &was.record, department)?,
                }
            }
            if let Some(parents) = tree {
                self.write_tree(&mut write, tenant, parents)?;
            }
            let event = self.event_of(tenant, right.actor(), PERMISSION, "department.import")?.on(import);
            write.commit(self, event.on_all(departments.iter().map(|step| step.department.id))).await?;
        }
        Ok(plan.answers)
    }
}

/// What the importer's events name as its permission.
const PERMISSION: &str = "imports.use";

/// What an id made by an import follows from: the same import makes the same thing again.
fn named_by(import: ImportId, code: &str) -> String {
    format!("{import}\n{code}")
}

fn permits(right: &ImportRight, kind: ImportKind) -> Result<(), Error> {
    if right.kind() == kind { Ok(()) } else { Err(Denied::Forbidden.into()) }
}

/// What a file does to the departments.
#[derive(Debug)]
struct Plan {
    answers: Vec<RowApplied<DepartmentId>>,
    transactions: Vec<Transaction>,
}

/// What is written at once.
#[derive(Debug)]
struct Transaction {
    departments: Vec<Step>,
    /// The tree after it, where it is another one.
    tree: Option<Parents>,
}

/// One department that is new or different.
#[derive(Debug)]
struct Step {
    was: Option<Stored<Department>>,
    department: Department,
}

impl Plan {
    fn new(
        organisation: &Organisation,
        parents: Parents,
        rows: &[DepartmentContent],
        id_of: impl Fn(&DepartmentCode) -> DepartmentId,
        now: Jst,
    ) -> Result<Self, Error> {
        let mut ids: HashMap<&DepartmentCode, DepartmentId> =
            organisation.departments.values().map(|known| (&known.record.code, known.record.id)).collect();
        for row in rows.iter().filter(|row| row.read.is_none()) {
            ids.entry(&row.code).or_insert_with(|| id_of(&row.code));
        }
        let mut answers = Vec::with_capacity(rows.len());
        let mut steps = Vec::new();
        for row in rows {
            let parent = match &row.parent {
                None => None,
                Some(code) => Some(*ids.get(code).ok_or(Conflict::MissingReference)?),
            };
            let was = organisation.department(&row.code);
            let answer = match was {
                Some(was) if was.record.name == row.name && was.record.parent == parent => {
                    let id = was.record.id;
                    // An attempt of the same import that was cut short has made it.
                    let ours = row.read.is_none() && id == id_of(&row.code);
                    if ours { RowApplied::Created(id) } else { RowApplied::Unchanged(id) }
                }
                Some(was) if row.read == Some(was.version) => {
                    let department = was.record.with(row.name.clone(), parent, now);
                    steps.push(Step { was: Some(was.clone()), department });
                    RowApplied::Updated(was.record.id)
                }
                None if row.read.is_none() => {
                    let id = id_of(&row.code);
                    let department = Department::new(id, row.code.clone(), row.name.clone(), parent, now);
                    steps.push(Step { was: None, department });
                    RowApplied::Created(id)
                }
                _ => RowApplied::Conflict,
            };
            answers.push(answer);
        }
        Ok(Self { answers, transactions: in_order(steps, parents)? })
    }
}

/// Divides what is to be written into transactions, parents before children, each with the tree that it leaves.
fn in_order(mut steps: Vec<Step>, mut parents: Parents) -> Result<Vec<Transaction>, Error> {
    let mut last = parents.clone();
    last.of.extend(steps.iter().map(|step| (step.department.id, step.department.parent)));
    let tree = last.tree()?;
    let place: HashMap<DepartmentId, usize> = tree.all().iter().enumerate().map(|(at, id)| (*id, at)).collect();
    steps.sort_by_key(|step| place.get(&step.department.id).copied());
    let mut transactions = Vec::new();
    let mut rest = steps.into_iter().peekable();
    while rest.peek().is_some() {
        let departments: Vec<Step> = rest.by_ref().take(AT_A_TIME).collect();
        let before = parents.of.clone();
        parents.of.extend(departments.iter().map(|step| (step.department.id, step.department.parent)));
        // With parents first there is never a cycle; what moves up from far below may lie too deep on the way.
        parents.tree()?;
        let tree = (parents.of != before).then(|| parents.clone());
        parents.version += u64::from(tree.is_some());
        transactions.push(Transaction { departments, tree });
    }
    Ok(transactions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(code: &DepartmentCode) -> DepartmentId {
        let mut bytes = [b'.'; 16];
        bytes[..code.as_str().len()].copy_from_slice(code.as_str().as_bytes());
        DepartmentId::from_bytes(bytes)
    }

    fn now() -> Jst {
        "2026-04-01T10:00:00+09:00".parse().unwrap()
    }

    fn row(code: &str, name: &str, parent: Option<&str>, read: Option<u64>) -> DepartmentContent {
        DepartmentContent {
            code: code.parse().unwrap(),
            name: name.parse().unwrap(),
            parent: parent.map(|code| code.parse().unwrap()),
            read,
        }
    }

    /// What is stored after a plan was carried out.
    fn carried_out(organisation: &Organisation, plan: Plan, parents: &Parents) -> (Organisation, Parents) {
        let (mut organisation, mut parents) = (organisation.clone(), parents.clone());
        for Transaction { departments, tree } in plan.transactions {
            assert!(departments.len() * 2 + 3 <= 100, "a transaction takes 100 items");
            for Step { was, department } in departments {
                let version = was.map_or(1, |was| was.version + 1);
                let code = department.code.clone();
                organisation.departments.insert(code, Stored { record: department, version });
            }
            if let Some(tree) = tree {
                assert_eq!(tree.version, parents.version, "each step is conditional on the one before");
                tree.tree().unwrap();
                parents = Parents { version: tree.version + 1, ..tree };
            }
        }
        (organisation, parents)
    }

    fn import(
        organisation: &Organisation,
        parents: &Parents,
        rows: &[DepartmentContent],
    ) -> Result<(Vec<RowApplied<DepartmentId>>, Organisation, Parents), Error> {
        let plan = Plan::new(organisation, parents.clone(), rows, id, now())?;
        let answers = plan.answers.clone();
        let (organisation, parents) = carried_out(organisation, plan, parents);
        Ok((answers, organisation, parents))
    }

    #[test]
    fn r33_departments_come_in_any_order_and_the_second_time_nothing_is_written() {
        let rows = [
            row("D211", "第一課", Some("D210"), None),
            row("D210", "第一営業部", Some("D200"), None),
            row("D200", "営業本部", None, None),
        ];
        let (answers, organisation, parents) = import(&Organisation::default(), &Parents::default(), &rows).unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, RowApplied::Created(_))));
        assert_eq!((parents.of.len(), parents.version), (3, 1));
        let again = Plan::new(&organisation, parents.clone(), &rows, id, now()).unwrap();
        assert!(again.transactions.is_empty());
        assert!(
            again.answers.iter().all(|answer| matches!(answer, RowApplied::Created(_))),
            "the same import made them"
        );
        let another = Plan::new(&organisation, parents, &rows, |_| Id::from_bytes([9; 16]), now()).unwrap();
        assert!(another.transactions.is_empty());
        assert!(another.answers.iter().all(|answer| matches!(answer, RowApplied::Unchanged(_))));
    }

    #[test]
    fn r33_a_department_that_changed_since_the_check_is_left_alone() {
        let rows = [row("D1", "企画部", None, None)];
        let (_, organisation, parents) = import(&Organisation::default(), &Parents::default(), &rows).unwrap();
        let conflict = |read| {
            let rows = [row("D1", "経営企画部", None, read)];
            Plan::new(&organisation, parents.clone(), &rows, id, now()).unwrap().answers
        };
        assert_eq!(conflict(Some(7)), [RowApplied::Conflict]);
        assert_eq!(conflict(None), [RowApplied::Conflict], "somebody made it since");
        assert_eq!(conflict(Some(1)), [RowApplied::Updated(id(&"D1".parse().unwrap()))]);
    }

    #[test]
    fn r33_a_rename_leaves_the_tree_alone_and_a_swap_passes_through_no_cycle() {
        let rows = [row("A", "甲", None, None), row("B", "乙", Some("A"), None)];
        let (_, organisation, parents) = import(&Organisation::default(), &Parents::default(), &rows).unwrap();
        let renamed = [row("A", "甲部", None, Some(1))];
        let plan = Plan::new(&organisation, parents.clone(), &renamed, id, now()).unwrap();
        assert!(plan.transactions[0].tree.is_none());
        let swapped = [row("A", "甲", Some("B"), Some(1)), row("B", "乙", None, Some(1))];
        let (_, _, parents) = import(&organisation, &parents, &swapped).unwrap();
        assert_eq!(parents.of[&id(&"B".parse().unwrap())], None);
    }

    #[test]
    fn r33_what_would_be_no_tree_writes_nothing() {
        let nothing = (Organisation::default(), Parents::default());
        let refused = |rows: &[DepartmentContent]| import(&nothing.0, &nothing.1, rows).unwrap_err();
        let cycle = refused(&[row("A", "甲", Some("B"), None), row("B", "乙", Some("A"), None)]);
        assert!(matches!(cycle, Error::Conflict(Conflict::DepartmentCycle)));
        let unknown = refused(&[row("A", "甲", Some("Z"), None)]);
        assert!(matches!(unknown, Error::Conflict(Conflict::MissingReference)));
    }

    #[test]
    fn r33_many_departments_are_written_in_steps_each_of_which_leaves_a_tree() {
        let rows: Vec<_> = (0..500_u32)
            .rev()
            .map(|n| row(&format!("D{n:03}"), "部", (n > 0).then(|| format!("D{:03}", (n - 1) / 3)).as_deref(), None))
            .collect();
        let (answers, _, parents) = import(&Organisation::default(), &Parents::default(), &rows).unwrap();
        assert_eq!((answers.len(), parents.of.len(), parents.version), (500, 500, 12));
    }
}
