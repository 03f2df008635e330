//! Where the people of a demo tenant stand: workplaces, departments and employees, made by what imports are made with, so
//! that each is found again by a later start; and what each account is granted. What is there already stays as it is.

use std::collections::BTreeSet;

use authz::{Grant, ImportKind, ImportRight, Role, Scope};
use domain::checkup::hazard::Hazards;
use domain::employee::{BirthDate, EmployeeNumber, EmploymentState, EmploymentType, Kana, PersonName, Sex};
use domain::ids::{ClientId, EmployeeId, ImportId, TenantId};
use domain::organisation::{DepartmentCode, OrganisationName, WorkplaceCode};
use jiff::civil::Date;
use store::{DepartmentContent, Organisation, PersonContent, RowApplied, Store, Write};

use super::company::{Company, MANAGED, Someone, WITH_ACCOUNTS, WORKPLACES};
use super::setup::{everywhere, origin, refused, role};
use crate::Error;
use crate::service::endpoints::DemoTenant;

/// What the demo is made by: the import that never was.
const IMPORT: ImportId = ImportId::from_bytes([0; 16]);

/// An account's place.
pub(super) struct Place {
    /// What it is granted.
    pub(super) grants: Vec<Grant>,
    /// The employee that it belongs to.
    pub(super) employee: Option<EmployeeId>,
}

/// Makes what is missing of a company, and gives each account of the tenant its place, in their order.
pub(super) async fn places(
    store: &Store,
    id: TenantId,
    client: ClientId,
    company: &Company,
    tenant: &DemoTenant,
) -> Result<Vec<Place>, Error> {
    departments(store, &right(store, id, client, ImportKind::Departments).await?, company).await?;
    let right = right(store, id, client, ImportKind::Employees).await?;
    let mut codes = Vec::new();
    for (code, name) in WORKPLACES {
        codes.push((WorkplaceCode::parse(code).map_err(refused)?, OrganisationName::parse(name).map_err(refused)?));
    }
    store.import_workplaces(&right, IMPORT, &codes).await.map_err(Error::of_service)?;
    let organisation = store.organisation_for_check(&right).await.map_err(Error::of_service)?;
    let mut people = Vec::with_capacity(company.employees.len());
    for someone in &company.employees {
        people.push((someone[0], employee(store, &right, &organisation, someone).await?));
    }
    let with_accounts =
        WITH_ACCOUNTS.iter().filter_map(|number| people.iter().find(|(of, _)| of == number).map(|(_, id)| *id));
    let mut employees = with_accounts.collect::<Vec<_>>().into_iter();
    tenant
        .accounts
        .iter()
        .map(|account| {
            Ok(match role(&account.role)? {
                Role::Employee => Place { grants: Vec::new(), employee: employees.next() },
                Role::Manager => Place { grants: vec![managed(&organisation)?], employee: None },
                role => Place { grants: everywhere(role), employee: None },
            })
        })
        .collect()
}

/// The right of the customer's own system, which may bring in files of this kind.
async fn right(store: &Store, tenant: TenantId, client: ClientId, kind: ImportKind) -> Result<ImportRight, Error> {
    let right = jobs::for_drop(store, tenant, client, kind, IMPORT, &origin()).await.map_err(Error::of_service)?;
    right.map_err(refused)
}

async fn departments(store: &Store, right: &ImportRight, company: &Company) -> Result<(), Error> {
    let known = store.organisation_for_check(right).await.map_err(Error::of_service)?;
    let mut missing = Vec::new();
    for (code, name, parent) in company.departments {
        let code = DepartmentCode::parse(code).map_err(refused)?;
        if known.department(&code).is_some() {
            continue;
        }
        missing.push(DepartmentContent {
            code,
            name: OrganisationName::parse(name).map_err(refused)?,
            parent: parent.map(DepartmentCode::parse).transpose().map_err(refused)?,
            read: None,
        });
    }
    store.import_departments(right, IMPORT, &missing).await.map(|_| ()).map_err(Error::of_service)
}

/// The employee with this number, made if there is none.
async fn employee(
    store: &Store,
    right: &ImportRight,
    organisation: &Organisation,
    someone: &Someone,
) -> Result<EmployeeId, Error> {
    let [number, name, kana, birth_date, sex, hired_on, workplace, department] = *someone;
    let number = EmployeeNumber::parse(number).map_err(refused)?;
    let known = store.registered(right, std::slice::from_ref(&number)).await.map_err(Error::of_service)?.pop();
    if let Some(known) = known.flatten() {
        return Ok(known.employee.record.id);
    }
    let (birth_date, hired_on): (Date, Date) =
        (birth_date.parse().map_err(refused)?, hired_on.parse().map_err(refused)?);
    let workplace = WorkplaceCode::parse(workplace).map_err(refused)?;
    let department = DepartmentCode::parse(department).map_err(refused)?;
    let content = PersonContent {
        number,
        name: PersonName::parse(name).map_err(refused)?,
        kana: Kana::parse(kana).map_err(refused)?,
        mail: None,
        birth_date: BirthDate::new(birth_date, store.clock().now().date()).map_err(refused)?,
        sex: Sex::from_japanese(sex).ok_or_else(|| refused("no sex"))?,
        hired_on,
        left_on: None,
        workplace: organisation.workplace(&workplace).map(|found| found.record.id),
        department: organisation.department(&department).map(|found| found.record.id),
        job_title: None,
        occupation: None,
        employment_type: EmploymentType::parse("正社員").map_err(refused)?,
        state: EmploymentState::Active,
        manager: false,
        personnel_authority: false,
        night_work: false,
        hazards: Hazards::default(),
    };
    let mut write = Write::new();
    let made = store.write_person(&mut write, right, IMPORT, None, &content, Some(hired_on)).await;
    match made.map_err(Error::of_service)? {
        RowApplied::Created(id) | RowApplied::Updated(id) | RowApplied::Unchanged(id) => {
            store.commit_rows(right, write).await.map_err(Error::of_service)?;
            Ok(id)
        }
        RowApplied::Conflict => Err(refused("a demo employee changed while it was made")),
    }
}

/// What a demo manager (所属長) is granted: the managed department and what lies below it.
fn managed(organisation: &Organisation) -> Result<Grant, Error> {
    let code = DepartmentCode::parse(MANAGED).map_err(refused)?;
    let department = organisation.department(&code).ok_or_else(|| refused("the managed department is not there"))?;
    let scope = Scope::Parts {
        workplaces: BTreeSet::new(),
        departments: BTreeSet::from([department.record.id]),
        labels: BTreeSet::new(),
    };
    Ok(Grant { role: Role::Manager, scope })
}
