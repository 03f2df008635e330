//! Invented customers to try the service with: two tenants, each with workplaces, departments, a few employees and
//! one account per role. Made through the service's own store and doors, so that nothing about them is special.
//!
//! Who may sign in, with which password and secret, is decided first and kept in `demo.json`; everything after that can
//! be repeated, so that a start that was interrupted is finished by the next one.

mod company;
mod places;
mod setup;

use self::company::COMPANIES;
use super::endpoints::{DemoAccount, DemoTenant, Operator, People, new_client, read, write};
use super::{DROP_ROLE, IMPORTS_BUCKET, ServiceOptions};
use crate::cloud::Cloud;
use crate::cloud::s3::AccessKey;
use crate::cloud::sts::role_id;
use crate::{Error, hex};
use store::Store;

/// The kinds of files that a demo tenant's system may drop.
const DROP_KINDS: [&str; 3] = ["departments", "employees", "checkups"];
/// Roles, with how many accounts of each.
const ROLES: [(&str, usize); 9] = [
    ("administrator", 2),
    ("employee", 2),
    ("manager", 1),
    ("hr", 1),
    ("health_officer", 1),
    ("physician", 1),
    ("nurse", 1),
    ("stress_implementer", 1),
    ("stress_clerk", 1),
];

/// Who may sign in: as the start before decided, or decided now.
pub(super) fn people(options: &ServiceOptions) -> Result<People, Error> {
    let file = options.data_dir.as_ref().filter(|_| !options.ephemeral).map(|directory| directory.join("demo.json"));
    let mut people = match &file {
        Some(file) => read(file)?.unwrap_or_default(),
        None => People::default(),
    };
    if people.operators.is_empty() {
        people.operators = (1..=2).map(operator).collect::<Result<_, _>>()?;
    }
    if options.demo && people.tenants.is_empty() {
        people.tenants = COMPANIES.iter().map(|company| tenant(company.code)).collect::<Result<_, _>>()?;
    }
    if let Some(file) = file {
        write(&file, &people)?;
    }
    Ok(people)
}

/// Makes everything that is missing.
pub(super) async fn settle(
    options: &ServiceOptions,
    mut people: People,
    store: &Store,
    cloud: &Cloud,
) -> Result<People, Error> {
    let before = people.clone();
    setup::operators(store, &people.operators).await?;
    for tenant in &mut people.tenants {
        settle_tenant(tenant, store, cloud).await?;
    }
    if let Some(directory) = options.data_dir.as_ref().filter(|_| !options.ephemeral && people != before) {
        write(&directory.join("demo.json"), &people)?;
    }
    if !options.demo {
        people.tenants.clear();
    }
    Ok(people)
}

/// Makes everything that is missing of one tenant.
async fn settle_tenant(tenant: &mut DemoTenant, store: &Store, cloud: &Cloud) -> Result<(), Error> {
    let company = company::of(&tenant.tenant_code);
    let id = setup::contract(store, company, tenant).await?;
    tenant.tenant_id = id.to_string();
    let client = setup::client(store, id, tenant).await?;
    let places = places::places(store, id, client, company, tenant).await?;
    for (account, place) in tenant.accounts.iter().zip(places) {
        setup::account(store, id, account, place.grants, place.employee).await?;
    }
    cloud.s3().put_access_key(&access_key(tenant))
}

/// Another tenant under this code, with all that the demo tenants have.
pub(super) async fn another(code: &str, store: &Store, cloud: &Cloud) -> Result<DemoTenant, Error> {
    let mut tenant = tenant(code)?;
    settle_tenant(&mut tenant, store, cloud).await?;
    Ok(tenant)
}

/// What the customer's own system may do: drop files of some kinds, and see that they are there. To the service it is a session of the tenant's API client, and
/// unlike those from `POST /v1/drop-credentials` it never ends.
fn access_key(tenant: &DemoTenant) -> AccessKey {
    let prefixes: Vec<_> = DROP_KINDS.iter().map(|kind| format!("{}/drop/{kind}/", tenant.tenant_id)).collect();
    AccessKey {
        id: tenant.s3_access_key_id.clone(),
        secret: tenant.s3_secret_access_key.clone(),
        bucket: IMPORTS_BUCKET.to_owned(),
        put: prefixes.clone(),
        list: prefixes,
        get: Vec::new(),
        principal: Some(format!("{}:{}", role_id(DROP_ROLE), tenant.client_id)),
        session: None,
    }
}

fn operator(number: usize) -> Result<Operator, Error> {
    Ok(Operator {
        login_id: format!("operator{number}@ailes-plus.example"),
        password: password()?,
        totp_secret: totp_secret()?,
    })
}

fn tenant(code: &str) -> Result<DemoTenant, Error> {
    let mut accounts = Vec::new();
    for (role, count) in ROLES {
        for number in 1..=count {
            accounts.push(DemoAccount {
                role: role.to_owned(),
                login_id: login_id(code, role, (count > 1).then_some(number)),
                password: password()?,
                totp_secret: if role == "employee" { None } else { Some(totp_secret()?) },
            });
        }
    }
    Ok(DemoTenant {
        tenant_code: code.to_owned(),
        tenant_id: String::new(),
        client_id: new_client(),
        s3_access_key_id: format!("DEMO{}", hex(&random::<8>()?).to_uppercase()),
        s3_secret_access_key: hex(&random::<20>()?),
        accounts,
    })
}

fn login_id(code: &str, role: &str, number: Option<usize>) -> String {
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    format!("{}{number}@{code}.example", role.replace('_', "-"))
}

/// Long enough for every role, of three kinds.
fn password() -> Result<String, Error> {
    let random = hex(&random::<8>()?);
    Ok(format!("Demo-{}-{}", &random[..8], &random[8..]))
}

/// 160 bits in base 32.
fn totp_secret() -> Result<String, Error> {
    Ok(totp_rs::Secret::from(random::<20>()?).to_base32())
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Config("no randomness".to_owned()))?;
    Ok(bytes)
}
