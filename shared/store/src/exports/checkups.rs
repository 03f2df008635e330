//! Checkups as a table, while the contract runs: of a fiscal year, for those who see them, and of each as much as they see. What somebody may see is asked when they ask and again when the
//! lines are written; a cell that is not for them is empty.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use authz::{PermissionId, Permit, Placement, permission::ExportCheckups};
use domain::{
    checkup::grade::{ClinicGrade, Grade},
    export::{
        SheetColumn,
        checkups::{CheckupColumn, Fixed},
    },
    ids::{EmployeeId, TenantId, WorkplaceId},
    organisation::OrganisationName,
};
use serde::{Deserialize, Serialize};

use super::lines::{Cell, Line, Page, Walk, said, text};
use crate::{
    Department, Error, Store, Workplace,
    checkups::{ShownCheckup, employee_of, year_partition},
    db::Range,
    employees::{Employee, EmployeeAttributes, Person},
    item::{Stored, as_text},
    key::{Family, Table},
};

/// How many checkups make a page.
const PAGE: usize = 100;

/// Which checkups, and which columns of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckupChoice {
    /// Their fiscal year (年度).
    pub fiscal_year: i16,
    /// Of those alone who stand in this workplace (事業場) today.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workplace: Option<WorkplaceId>,
    /// The columns, in their order.
    pub columns: Vec<CheckupColumn>,
}

/// A table that is written for somebody.
#[derive(Debug, Clone)]
pub(crate) struct CheckupTable {
    pub(crate) choice: CheckupChoice,
    /// What whoever asked may see at this moment.
    pub(crate) right: Arc<Permit<ExportCheckups>>,
}

/// Whether somebody may see a column of anybody.
#[must_use]
pub fn may_choose<P: authz::Permission>(permit: &Permit<P>, column: CheckupColumn) -> bool {
    let needs = column.needs();
    let needed = [
        (needs.names, PermissionId::SeeNames),
        (needs.attributes, PermissionId::SeeAttributes),
        (needs.grades, PermissionId::SeeGrades),
        (needs.non_statutory, PermissionId::SeeNonStatutory),
    ];
    needed.into_iter().all(|(is_needed, permission)| !is_needed || permit.sees(permission).is_some())
}

impl CheckupTable {
    pub(crate) fn columns(&self) -> Vec<SheetColumn> {
        self.choice.columns.iter().map(|column| column.of_sheet()).collect()
    }

    fn wants(&self, fixed: Fixed) -> bool {
        self.choice.columns.contains(&CheckupColumn::Fixed(fixed))
    }
}

/// Whose checkup a line is about, as far as the table wants to know.
struct Whose<'a> {
    placement: &'a Placement,
    number: Cell,
    person: Option<&'a Person>,
    attributes: Option<&'a EmployeeAttributes>,
    workplace: Option<&'a OrganisationName>,
    department: Option<&'a OrganisationName>,
}

impl Store {
    /// The page of lines after `after`: shard by shard of the year.
    pub(super) async fn page_of_table(
        &self,
        tenant: TenantId,
        table: &CheckupTable,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let walk = Walk::at(after.as_deref());
        let pk = year_partition(tenant, table.choice.fiscal_year, walk.shard);
        let range = Range::whole(Table::Records, Family::Checkup, pk).by_index().after(walk.last()).limit(PAGE);
        let (items, more) = self.db.query(&range).await?;
        let next = walk.next(items.last().and_then(|item| as_text(item, "gsi1sk")).filter(|_| more));
        let ids: BTreeSet<EmployeeId> = items.iter().filter_map(employee_of).collect();
        let ids: Vec<EmployeeId> = ids.into_iter().collect();
        let employees = self.load_employees(tenant, &ids).await?.into_iter().flatten();
        let today = self.today();
        let reached = employees.filter_map(|stored: Stored<Employee>| {
            let placement = stored.record.placement(today);
            let here = table.choice.workplace.is_none_or(|workplace| placement.workplace == Some(workplace));
            (here && table.right.reach().covers(&placement)).then_some((stored.record, placement))
        });
        let reached: HashMap<EmployeeId, (Employee, Placement)> = reached.map(|it| (it.0.id, it)).collect();
        // What is out of reach is not opened.
        let items =
            items.into_iter().filter(|item| employee_of(item).is_some_and(|id| reached.contains_key(&id))).collect();
        let shown = self.shown_of_items(tenant, items, &table.right, |id| reached.get(&id).map(|it| &it.1)).await?;
        if shown.is_empty() {
            return Ok(Page { lines: Vec::new(), next });
        }
        let ids: Vec<EmployeeId> =
            shown.iter().map(|checkup| checkup.employee).collect::<BTreeSet<_>>().into_iter().collect();
        let people: HashMap<EmployeeId, Person> = ids
            .iter()
            .copied()
            .zip(self.load_people(tenant, &ids).await?)
            .filter_map(|(id, it)| Some((id, it?)))
            .collect();
        let placements = || ids.iter().filter_map(|id| reached.get(id)).map(|(_, placement)| placement);
        let workplaces = if table.wants(Fixed::Workplace) {
            self.units_by_id::<Workplace>(tenant, placements().filter_map(|at| at.workplace)).await?
        } else {
            HashMap::new()
        };
        let departments = if table.wants(Fixed::Department) {
            self.units_by_id::<Department>(tenant, placements().filter_map(|at| at.department)).await?
        } else {
            HashMap::new()
        };
        let attributes: HashMap<EmployeeId, EmployeeAttributes> = if table.wants(Fixed::BirthDate) {
            let employees = || ids.iter().filter_map(|id| reached.get(id)).map(|(employee, _)| employee);
            let opened = self.open_attributes_of(tenant, employees()).await?;
            employees().map(|employee| employee.id).zip(opened).collect()
        } else {
            HashMap::new()
        };
        let mut lines = Vec::with_capacity(shown.len());
        for checkup in &shown {
            let Some((_, placement)) = reached.get(&checkup.employee) else { continue };
            let person = people.get(&checkup.employee);
            let whose = Whose {
                placement,
                number: said(person.map(|person| &person.number)),
                person,
                attributes: attributes.get(&checkup.employee),
                workplace: placement.workplace.and_then(|id| workplaces.get(&id)).map(|it| &it.name),
                department: placement.department.and_then(|id| departments.get(&id)).map(|it| &it.name),
            };
            let cells = table.choice.columns.iter().map(|column| cell(&table.right, checkup, &whose, *column));
            lines.push(Line { cells: cells.collect(), about: Some(checkup.employee) });
        }
        Ok(Page { lines, next })
    }
}

/// What a checkup says in a column to the holder of `right`; nothing where that is not for them.
fn cell(right: &Permit<ExportCheckups>, checkup: &ShownCheckup, whose: &Whose<'_>, column: CheckupColumn) -> Cell {
    let needs = column.needs();
    let sees = |permission| right.sees_of(permission, whose.placement);
    let hidden = (needs.names && !sees(PermissionId::SeeNames))
        || (needs.attributes && !sees(PermissionId::SeeAttributes))
        || (needs.grades && !sees(PermissionId::SeeGrades));
    if hidden {
        return Cow::Borrowed("");
    }
    let result = |item| checkup.results.iter().find(|shown| shown.result.item == item);
    match column {
        CheckupColumn::Fixed(fixed) => thing(checkup, whose, fixed),
        CheckupColumn::Category(category) => said(checkup.summary.category(category).map(Grade::letter)),
        CheckupColumn::Value(item) => said(result(item).map(|shown| shown.result.value.japanese(item).into_owned())),
        CheckupColumn::Grade(item) => said(result(item).and_then(|shown| shown.grade).map(|it| it.grade.letter())),
        CheckupColumn::ClinicGrade(item) => {
            said(result(item).and_then(|shown| shown.result.clinic_grade.as_ref()).map(ClinicGrade::written))
        }
    }
}

fn thing(checkup: &ShownCheckup, whose: &Whose<'_>, fixed: Fixed) -> Cell {
    match fixed {
        Fixed::Id => text(checkup.id),
        Fixed::EmployeeId => text(checkup.employee),
        Fixed::EmployeeNumber => whose.number.clone(),
        Fixed::Name => said(whose.person.map(|person| &person.name)),
        Fixed::Kana => said(whose.person.map(|person| &person.kana)),
        Fixed::BirthDate => said(whose.attributes.map(|attributes| attributes.birth_date.date())),
        Fixed::Sex => said(checkup.subject.map(|subject| subject.sex.japanese())),
        Fixed::Age => said(checkup.subject.map(|subject| subject.age)),
        Fixed::Workplace => said(whose.workplace),
        Fixed::Department => said(whose.department),
        Fixed::ExaminedOn => text(checkup.examined_on),
        Fixed::Kind => Cow::Borrowed(checkup.kind.japanese()),
        Fixed::FiscalYear => text(checkup.fiscal_year),
        Fixed::Clinic => said(checkup.clinic.as_ref()),
        Fixed::Course => said(checkup.course.as_ref()),
        Fixed::Doctor => said(checkup.doctor.as_ref()),
        Fixed::Comment => said(checkup.comment.as_ref()),
        Fixed::ClinicOverall => said(checkup.clinic_overall.as_ref().map(ClinicGrade::written)),
        Fixed::Overall => said(checkup.summary.overall.map(Grade::letter)),
        Fixed::Criteria => text(&checkup.criteria_version),
        Fixed::FirstCheckup => said(checkup.parent),
        Fixed::RegisteredAt => text(checkup.created_at),
        Fixed::UpdatedAt => text(checkup.updated_at),
    }
}
