//! Departments by file: rows hang together, for a parent may stand anywhere in the file or be registered already.

use std::collections::BTreeMap;

use authz::ImportRight;
use domain::{
    intake::{
        Change, Fault, FaultCode,
        departments::{DepartmentRow, Layout, Role},
    },
    organisation::{DepartmentCode, OrganisationName, Tree, TreeFault},
};
use store::{DepartmentContent, Error, Import, Organisation, RowApplied, Store};

use super::{Applied, Held, Planned, Row};

/// The departments that there are, and those that the file brings.
#[derive(Debug)]
pub(super) struct Register {
    known: Organisation,
    /// By code: the row that brings it, and the department above it after the import.
    brought: BTreeMap<DepartmentCode, (u64, Option<DepartmentCode>)>,
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight) -> Result<Self, Error> {
        Ok(Self { known: store.organisation_for_check(right).await?, brought: BTreeMap::new() })
    }

    pub(super) fn check(&mut self, layout: &Layout, rows: &[(u64, &Row)]) -> Vec<Held> {
        rows.iter()
            .map(|(number, row)| {
                let Row::Department(row) = row else { return Held::default() };
                let known = self.known.department(&row.code);
                let mut held = Held { version: known.map_or(0, |known| known.version), faults: Vec::new() };
                if known.is_none() && row.name.as_set().is_none() {
                    held.faults.push(layout.columns().fault(FaultCode::Required, Role::Name));
                }
                self.brought.insert(row.code.clone(), (*number, parent_of(row, &self.known)));
                held
            })
            .collect()
    }

    /// Whether everything together is a tree.
    pub(super) fn close(&mut self, layout: &Layout) -> Vec<(u64, Fault)> {
        let mut above: BTreeMap<&DepartmentCode, Option<&DepartmentCode>> = self.known.parents().collect();
        for (code, (_, parent)) in &self.brought {
            above.insert(code, parent.as_ref());
        }
        let Err(faults) = Tree::new(above) else { return Vec::new() };
        let told = faults.into_iter().filter_map(|fault| {
            let (code, what) = match fault {
                TreeFault::UnknownParent(code) => (code, FaultCode::ParentUnknown),
                TreeFault::Cycle(code) => (code, FaultCode::DepartmentCycle),
                TreeFault::TooDeep(code) => (code, FaultCode::DepartmentTooDeep),
                TreeFault::Duplicate(code) => (code, FaultCode::DuplicateInFile),
            };
            // A department that the file does not touch is at fault only through one that it does.
            let (row, _) = self.brought.get(code)?;
            Some((*row, layout.columns().fault(what, Role::Parent)))
        });
        told.collect()
    }
}

/// The department above a row's after the import.
fn parent_of(row: &DepartmentRow, known: &Organisation) -> Option<DepartmentCode> {
    match &row.parent {
        Change::Set(parent) => Some(parent.clone()),
        Change::Clear => None,
        Change::Keep => known.parent_code(&row.code).cloned(),
    }
}

fn name_of(row: &DepartmentRow, known: &Organisation) -> Option<OrganisationName> {
    row.name.as_set().cloned().or_else(|| known.department(&row.code).map(|known| known.record.name.clone()))
}

pub(super) async fn apply(
    store: &Store,
    right: &ImportRight,
    import: &Import,
    group: Vec<Planned>,
) -> Result<Vec<(u64, Applied)>, Error> {
    let known = store.organisation_for_check(right).await?;
    let mut numbers = Vec::with_capacity(group.len());
    let mut contents = Vec::with_capacity(group.len());
    for Planned { number, row, version } in group {
        let Row::Department(row) = row else { continue };
        // A name was there at the check, in the row or in the register; a department that went since is a conflict.
        let Some(name) = name_of(&row, &known) else { continue };
        let parent = parent_of(&row, &known);
        numbers.push(number);
        contents.push(DepartmentContent { code: row.code, name, parent, read: (version > 0).then_some(version) });
    }
    let answers = store.import_departments(right, import.id, &contents).await?;
    let applied = answers.into_iter().map(|answer| match answer {
        RowApplied::Created(id) | RowApplied::Updated(id) => Applied::Written(id.to_string()),
        RowApplied::Unchanged(_) => Applied::Unchanged,
        RowApplied::Conflict => Applied::Conflict,
    });
    Ok(numbers.into_iter().zip(applied).collect())
}
