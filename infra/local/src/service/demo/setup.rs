//! Makes what is missing of operators and tenants, step by step; each step finds what an earlier start has left.

use authz::{AddressRules, Grant, ImportKind, Origin, Role, Scope};
use domain::account::{LoginId, TenantCode};
use domain::contract::{RecordClass, Service, ServiceTerm};
use domain::employee::{MailAddress, PersonName};
use domain::ids::{ClientId, EmployeeId, PLATFORM, TenantId};
use domain::organisation::OrganisationName;
use jiff::civil::date;
use store::{AccountRefused, Conflict, NewAccount, NewContract, Setup, Store};
use zeroize::Zeroizing;

use super::DROP_KINDS;
use super::company::Company;
use crate::Error;
use crate::service::endpoints::{DemoAccount, DemoTenant, Operator};

/// From where operators sign in: this machine.
const OPERATORS_NETWORKS: [&str; 2] = ["127.0.0.0/8", "::1/128"];

pub(super) fn origin() -> Origin {
    Origin { address: None, request_id: "local-start".to_owned() }
}

/// The platform and its operators.
pub(super) async fn operators(store: &Store, operators: &[Operator]) -> Result<(), Error> {
    let permit = jobs::for_onboarding(&origin());
    let networks = AddressRules::parse(OPERATORS_NETWORKS).map_err(refused)?;
    let name = OrganisationName::parse("エールプラス運営事務局").map_err(refused)?;
    store.set_up_platform(&permit, name, networks).await.map_err(Error::of_service)?;
    for operator in operators {
        let sign_in = DemoAccount {
            role: "operator".to_owned(),
            login_id: operator.login_id.clone(),
            password: operator.password.clone(),
            totp_secret: Some(operator.totp_secret.clone()),
        };
        account(store, PLATFORM, &sign_in, everywhere(Role::Operator), None).await?;
    }
    Ok(())
}

/// The contract with its first administrator; the one that an earlier start made, if it did.
pub(super) async fn contract(store: &Store, company: &Company, tenant: &DemoTenant) -> Result<TenantId, Error> {
    let permit = jobs::for_onboarding(&origin());
    let administrator = tenant.accounts.iter().find(|account| account.role == Role::Administrator.name());
    let administrator = administrator.ok_or_else(|| refused("no administrator"))?;
    let services = Service::ALL.map(|service| ServiceTerm { service, from: date(2020, 4, 1), until: None });
    let new = NewContract {
        code: TenantCode::parse(&tenant.tenant_code).map_err(refused)?,
        name: OrganisationName::parse(company.name).map_err(refused)?,
        services: services.to_vec(),
        class: RecordClass::default(),
        drop_kinds: DROP_KINDS.iter().filter_map(|kind| ImportKind::named(kind)).collect(),
        administrator: new_account(administrator, Vec::new(), None)?,
    };
    match store.create_contract(&permit, new).await {
        Ok(Ok(prepared)) => {
            let made = prepared.commit(store).await.map_err(Error::of_service)?;
            Ok(made.contract.record.tenant)
        }
        Ok(Err(wrong)) => Err(account_refused(&wrong)),
        Err(store::Error::Conflict(Conflict::TenantCodeTaken)) => existing(store, &tenant.tenant_code).await,
        Err(error) => Err(Error::of_service(error)),
    }
}

async fn existing(store: &Store, code: &str) -> Result<TenantId, Error> {
    let permit = jobs::for_onboarding(&origin());
    let mut after = None;
    loop {
        let (page, next) = store.contracts(&permit, None, after, 200).await.map_err(Error::of_service)?;
        if let Some(found) = page.iter().find(|stored| stored.record.code.as_str() == code) {
            return Ok(found.record.tenant);
        }
        after = Some(next.ok_or_else(|| Error::Config(format!("{code} is taken by nobody")))?);
    }
}

/// An account that is ready to use, unless there is one already.
pub(super) async fn account(
    store: &Store,
    tenant: TenantId,
    account: &DemoAccount,
    grants: Vec<Grant>,
    employee: Option<EmployeeId>,
) -> Result<(), Error> {
    let permit = jobs::for_onboarding(&origin());
    let new = new_account(account, grants, employee)?;
    let made = match store.set_up_account(&permit, tenant, new).await.map_err(Error::of_service)? {
        Ok(prepared) => prepared.commit(store).await,
        Err(wrong) => return Err(account_refused(&wrong)),
    };
    match made {
        Ok(_) | Err(store::Error::Conflict(Conflict::LoginTaken | Conflict::AccountExists)) => Ok(()),
        Err(error) => Err(Error::of_service(error)),
    }
}

/// The API client that the tenant's own system is, unless there is one already.
pub(super) async fn client(store: &Store, id: TenantId, tenant: &DemoTenant) -> Result<ClientId, Error> {
    let (permit, name) = (jobs::for_onboarding(&origin()), OrganisationName::parse("社内システム").map_err(refused)?);
    let client = tenant.client_id.parse().map_err(refused)?;
    let prepared = store.set_up_client(&permit, id, client, name).await.map_err(Error::of_service)?;
    match prepared.commit(store).await {
        Ok(()) | Err(store::Error::Conflict(Conflict::WrongState)) => Ok(client),
        Err(error) => Err(Error::of_service(error)),
    }
}

fn new_account(account: &DemoAccount, grants: Vec<Grant>, employee: Option<EmployeeId>) -> Result<NewAccount, Error> {
    let role = role(&account.role)?;
    Ok(NewAccount {
        login_id: LoginId::parse(&account.login_id).map_err(refused)?,
        name: PersonName::parse(&format!("{} 担当", role.japanese())).map_err(refused)?,
        mail: Some(MailAddress::parse(&account.login_id).map_err(refused)?),
        employee,
        grants,
        personnel_authority: false,
        setup: Setup::Ready {
            password: Zeroizing::new(account.password.clone()),
            otp_secret: account.totp_secret.clone().map(Zeroizing::new),
        },
    })
}

/// The role with this name.
pub(super) fn role(name: &str) -> Result<Role, Error> {
    let role = Role::ALL.into_iter().find(|role| role.name() == name);
    role.ok_or_else(|| Error::Config(format!("{name} is no role")))
}

/// One grant for the whole tenant.
pub(super) fn everywhere(role: Role) -> Vec<Grant> {
    vec![Grant { role, scope: Scope::Tenant }]
}

fn account_refused(wrong: &AccountRefused) -> Error {
    Error::Config(format!("a demo account was refused: {wrong:?}"))
}

pub(super) fn refused(error: impl std::fmt::Debug) -> Error {
    Error::Config(format!("demo data was refused: {error:?}"))
}
