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
                let mut held = Held { version: known.map_or(0, |known| known.version), ..Held::default() };
                if known.is_none() && row.name.as_set().is_none() {
                    held.faults.push(layout.columns().fault(FaultCode::Required, Role::Name));
                }
                self.brought.insert(row.code.clone(), (*number, parent_of(row, &self.known)));
                held
            })
            .collect()
    }

    /// Whether everything together is a tree. A row that keeps it from being one is taken out, with its fault; so are rows that hang on it.
    pub(super) fn close(&mut self, layout: &Layout) -> Vec<(u64, Fault)> {
        let mut told = Vec::new();
        loop {
            let Err(faults) = self.tree() else { return told };
            let before = told.len();
            for (code, what) in faults {
                // A department that the file does not touch is at fault only through one that it does.
                if let Some((row, _)) = self.brought.remove(&code) {
                    told.push((row, layout.columns().fault(what, Role::Parent)));
                }
            }
            if told.len() == before {
                return told;
            }
        }
    }

    /// The departments as they would be after the import: what keeps them from being a tree.
    fn tree(&self) -> Result<(), Vec<(DepartmentCode, FaultCode)>> {
        let mut above: BTreeMap<&DepartmentCode, Option<&DepartmentCode>> = self.known.parents().collect();
        above.extend(self.brought.iter().map(|(code, (_, parent))| (code, parent.as_ref())));
        let Err(faults) = Tree::new(above) else { return Ok(()) };
        Err(faults
            .into_iter()
            .map(|fault| match fault {
                TreeFault::UnknownParent(code) => (code.clone(), FaultCode::ParentUnknown),
                TreeFault::Cycle(code) => (code.clone(), FaultCode::DepartmentCycle),
                TreeFault::TooDeep(code) => (code.clone(), FaultCode::DepartmentTooDeep),
                TreeFault::Duplicate(code) => (code.clone(), FaultCode::DuplicateInFile),
            })
            .collect())
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
    let mut applied = Vec::with_capacity(group.len());
    for Planned { number, row, version, .. } in group {
        let Row::Department(row) = row else { continue };
        // A name was there at the check, in the row or in the register.
        let Some(name) = name_of(&row, &known) else {
            applied.push((number, Applied::CHANGED));
            continue;
        };
        let parent = parent_of(&row, &known);
        numbers.push(number);
        contents.push(DepartmentContent { code: row.code, name, parent, read: (version > 0).then_some(version) });
    }
    let answers = store.import_departments(right, import.id, &contents).await?.into_iter().map(|answer| match answer {
        RowApplied::Created(id) | RowApplied::Updated(id) => Applied::Written(id.to_string(), None),
        RowApplied::Unchanged(_) => Applied::Unchanged,
        RowApplied::Conflict => Applied::CHANGED,
    });
    applied.extend(numbers.into_iter().zip(answers));
    Ok(applied)
}
