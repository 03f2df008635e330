//! Decisions, told as sentences: who asks, what is different about them, and what they get.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests gather facts by hand")]

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use authz::{
    AccountFacts, AccountState, AddressRules, BrokenGlass, ClientFacts, Denied, FRESH_FOR, Facts, Grant, HandlingRule,
    ImportKind, Origin, PermissionId, Permit, Placement, Role, Scope, SessionFacts, SignedIn, Standing, TenantFacts,
    TenantState,
    ids::{AccountId, ClientId, DepartmentId, EmployeeId, PLATFORM, SessionId, TenantId, WorkplaceId},
    permission::{
        ChangeOwnPassword, ChangeTenant, DeleteAccounts, DropFiles, ManageAccounts, ManageContracts, ManageEmployees,
        ReadSelf, UseImports, ViewAccounts, ViewCheckups, ViewEmployees, ViewTenant,
    },
    token::{Signer, Verifier, new_key_pair},
};
use domain::{contract::Service, organisation::Tree, time::Jst};

const TENANT: TenantId = TenantId::from_bytes([1; 16]);
const OTHER: TenantId = TenantId::from_bytes([2; 16]);
const ACCOUNT: AccountId = AccountId::from_bytes([3; 16]);
const SESSION: SessionId = SessionId::from_bytes([4; 16]);
const ME: EmployeeId = EmployeeId::from_bytes([5; 16]);
const SOMEBODY: EmployeeId = EmployeeId::from_bytes([6; 16]);
const TOKYO: WorkplaceId = WorkplaceId::from_bytes([7; 16]);
const SALES: DepartmentId = DepartmentId::from_bytes([8; 16]);
const SALES_ONE: DepartmentId = DepartmentId::from_bytes([9; 16]);
const FACTORY: DepartmentId = DepartmentId::from_bytes([10; 16]);

fn now() -> Jst {
    "2026-04-01T09:00:00+09:00".parse().unwrap()
}

/// Somebody with everything in order, who holds `roles` for the whole tenant.
fn somebody(roles: &[Role]) -> SignedIn {
    SignedIn {
        tenant: TenantFacts {
            tenant: TENANT,
            state: TenantState::Active,
            ends_at: None,
            services: Service::ALL.to_vec(),
            addresses: AddressRules::default(),
            handling_rules: enumset::EnumSet::empty(),
            stress_factor_optional: false,
            drop_kinds: ImportKind::Employees | ImportKind::Checkups,
        },
        account: AccountFacts {
            account: ACCOUNT,
            tenant: TENANT,
            state: AccountState::Active,
            employee: None,
            grants: roles.iter().map(|role| Grant { role: *role, scope: Scope::Tenant }).collect(),
            personnel_authority: false,
            must_change_password: false,
            epoch: 1,
            strong_password: true,
        },
        session: SessionFacts {
            session: SESSION,
            epoch: 1,
            expires_at: now().plus_seconds(60),
            second_factor_at: Some(now()),
        },
        tree: None,
        broken_glass: None,
    }
}

fn employee() -> SignedIn {
    let mut me = somebody(&[]);
    me.account.employee = Some(ME);
    me.session.second_factor_at = None;
    me
}

fn facts_for(token_tenant: TenantId, stored: Option<SignedIn>, address: Option<&str>) -> Facts {
    let (private, public) = new_key_pair().unwrap();
    let token = Signer::new("k".to_owned(), &private).access(token_tenant, ACCOUNT, SESSION, now()).unwrap();
    let verified = Verifier::new([("k", public.as_slice())]).access(&token, now()).unwrap();
    let address: Option<IpAddr> = address.map(|address| address.parse().unwrap());
    let stored = stored.map(|stored| Standing::Person(Box::new(stored)));
    Facts::gathered(verified, stored, Origin { address, request_id: "r".to_owned() }, now())
}

fn facts(stored: SignedIn) -> Facts {
    facts_for(TENANT, Some(stored), Some("203.0.113.7"))
}

fn denied<P: authz::Permission>(stored: SignedIn) -> Denied {
    facts(stored).permit::<P>().unwrap_err()
}

fn at(employee: EmployeeId, workplace: Option<WorkplaceId>, department: Option<DepartmentId>) -> Placement {
    Placement { employee, workplace, department, labels: BTreeSet::new() }
}

#[test]
fn r11_a_token_of_one_tenant_opens_nothing_in_another() {
    let stored = somebody(&[Role::Administrator]);
    assert_eq!(facts_for(OTHER, Some(stored), None).permit::<ViewTenant>().unwrap_err(), Denied::Unauthenticated);
    let mut strayed = somebody(&[Role::Administrator]);
    strayed.account.tenant = OTHER;
    assert_eq!(denied::<ViewTenant>(strayed), Denied::Unauthenticated);
    assert_eq!(facts_for(TENANT, None, None).permit::<ReadSelf>().unwrap_err(), Denied::Unauthenticated, "gone");
}

#[test]
fn r01_a_suspended_account_an_ended_session_and_another_epoch_are_nobody() {
    let spoil: [fn(&mut SignedIn); 5] = [
        |stored| stored.account.state = AccountState::Suspended,
        |stored| stored.account.state = AccountState::Invited,
        |stored| stored.session.expires_at = now(),
        |stored| stored.account.epoch = 2,
        |stored| stored.tenant.state = TenantState::Purging,
    ];
    for spoil in spoil {
        let mut stored = somebody(&[Role::Administrator]);
        spoil(&mut stored);
        assert_eq!(denied::<ReadSelf>(stored), Denied::Unauthenticated);
    }
}

#[test]
fn r03_roles_beyond_employee_need_second_factor_and_strong_password_and_ones_own_data_needs_neither() {
    let mut admin = somebody(&[Role::Administrator]);
    admin.session.second_factor_at = None;
    assert_eq!(denied::<ViewTenant>(admin.clone()), Denied::SecondFactorRequired);
    assert!(facts(admin.clone()).permit::<ReadSelf>().is_ok());
    admin.account.strong_password = false;
    assert_eq!(denied::<ViewTenant>(admin), Denied::StrongerPasswordRequired);
    assert!(facts(employee()).permit::<ViewCheckups>().is_ok());
}

#[test]
fn r03_the_most_dangerous_actions_need_a_fresh_code() {
    let mut admin = somebody(&[Role::Administrator]);
    admin.session.second_factor_at = Some(now().plus_seconds(-FRESH_FOR));
    assert!(facts(admin.clone()).permit::<DeleteAccounts>().is_ok(), "five minutes to the second");
    admin.session.second_factor_at = Some(now().plus_seconds(-FRESH_FOR - 1));
    assert_eq!(denied::<DeleteAccounts>(admin.clone()), Denied::FreshSecondFactorRequired);
    assert!(facts(admin).permit::<ViewTenant>().is_ok(), "the others do not");
}

#[test]
fn r10_addresses_restrict_everything_beyond_ones_own_data() {
    let mut both = somebody(&[Role::Physician]);
    both.account.employee = Some(ME);
    both.tenant.addresses = AddressRules::parse(["198.51.100.0/24"]).unwrap();
    let permit = facts(both.clone()).permit::<ViewCheckups>().unwrap();
    assert_eq!(permit.reach().only_oneself(), Some(ME), "from elsewhere a physician is an employee");
    assert_eq!(denied::<ViewTenant>(both.clone()), Denied::AddressNotAllowed);
    let permit = facts_for(TENANT, Some(both), Some("198.51.100.9")).permit::<ViewCheckups>().unwrap();
    assert!(permit.reach().is_everybody());
}

#[test]
fn r06_an_initial_password_opens_nothing_but_its_own_change() {
    let mut new = somebody(&[Role::Hr]);
    new.account.must_change_password = true;
    assert_eq!(denied::<ViewEmployees>(new.clone()), Denied::PasswordChangeRequired);
    assert!(facts(new).permit::<ChangeOwnPassword>().is_ok());
}

#[test]
fn r02_the_reach_is_the_union_of_the_scopes_with_all_departments_below() {
    let mut manager = somebody(&[]);
    let departments = BTreeSet::from([SALES]);
    let scope = Scope::Parts { workplaces: BTreeSet::new(), departments, labels: BTreeSet::new() };
    manager.account.grants.push(Grant { role: Role::Manager, scope });
    let workplaces = BTreeSet::from([TOKYO]);
    let scope = Scope::Parts { workplaces, departments: BTreeSet::new(), labels: BTreeSet::new() };
    manager.account.grants.push(Grant { role: Role::Hr, scope });
    manager.tree = Some(Arc::new(Tree::new([(SALES, None), (SALES_ONE, Some(SALES)), (FACTORY, None)]).unwrap()));
    let permit: Permit<ViewEmployees> = facts(manager).permit().unwrap();
    let covers = |workplace, department| permit.reach().covers(&at(SOMEBODY, workplace, department));
    assert!(covers(None, Some(SALES)) && covers(None, Some(SALES_ONE)) && covers(Some(TOKYO), Some(FACTORY)));
    assert!(!covers(None, Some(FACTORY)) && !covers(None, None));
    // Mail addresses are for HR: in its workplace, and not in the manager's departments.
    assert!(permit.sees_of(PermissionId::SeeContacts, &at(SOMEBODY, Some(TOKYO), None)));
    assert!(!permit.sees_of(PermissionId::SeeContacts, &at(SOMEBODY, None, Some(SALES))));
    assert!(permit.sees_of(PermissionId::SeeNames, &at(SOMEBODY, None, Some(SALES))));
}

#[test]
fn r35_personnel_authority_and_the_stress_check_exclude_each_other() {
    let mut clerk = somebody(&[Role::StressClerk]);
    assert!(facts(clerk.clone()).permit::<ViewEmployees>().is_ok());
    clerk.account.personnel_authority = true;
    assert_eq!(denied::<ViewEmployees>(clerk), Denied::Forbidden);
}

#[test]
fn hr_sees_checkups_only_where_the_handling_rules_say_so() {
    let mut hr = somebody(&[Role::Hr]);
    assert_eq!(denied::<ViewCheckups>(hr.clone()), Denied::Forbidden);
    hr.tenant.handling_rules.insert(HandlingRule::HrSeesCheckups);
    let permit = facts(hr).permit::<ViewCheckups>().unwrap();
    assert!(permit.sees(PermissionId::SeeNonStatutory).is_none());
}

#[test]
fn an_employee_sees_the_whole_of_their_own_checkup_and_nobody_elses() {
    let permit = facts(employee()).permit::<ViewCheckups>().unwrap();
    assert!(
        permit.reach().covers(&at(ME, None, None)) && !permit.reach().covers(&at(SOMEBODY, Some(TOKYO), Some(SALES)))
    );
    assert!(permit.sees_of(PermissionId::SeeNonStatutory, &at(ME, None, None)));
    assert_eq!(facts(employee()).permit::<ManageEmployees>().unwrap_err(), Denied::Forbidden);
}

#[test]
fn a_service_that_is_not_contracted_is_not_there() {
    let mut physician = somebody(&[Role::Physician]);
    physician.tenant.services.clear();
    assert_eq!(denied::<ViewCheckups>(physician), Denied::NotContracted);
}

#[test]
fn r17_after_the_last_day_only_administrators_come_in_and_only_to_look() {
    let end = |mut stored: SignedIn| {
        stored.tenant.state = TenantState::Terminated;
        stored.tenant.ends_at = Some(now());
        stored
    };
    assert_eq!(denied::<ReadSelf>(end(employee())), Denied::Unauthenticated);
    assert_eq!(denied::<ViewTenant>(end(somebody(&[Role::Hr]))), Denied::Unauthenticated);
    assert!(facts(end(somebody(&[Role::Administrator]))).permit::<ViewTenant>().is_ok());
    assert_eq!(denied::<ViewEmployees>(end(somebody(&[Role::Administrator]))), Denied::ContractEnded);
    let mut last_day = end(employee());
    last_day.tenant.ends_at = Some(now().plus_seconds(1));
    assert!(facts(last_day).permit::<ViewCheckups>().is_ok(), "until 24:00 of the last day");
}

#[test]
fn r32_operators_are_operators_in_the_platform_alone_and_nothing_else_there() {
    let operator = somebody(&[Role::Operator]);
    assert_eq!(
        denied::<ManageContracts>(operator.clone()),
        Denied::Forbidden,
        "an operator's role in a customer's tenant"
    );
    let mut at_home = operator;
    at_home.tenant.tenant = PLATFORM;
    at_home.account.tenant = PLATFORM;
    at_home.account.grants.push(Grant { role: Role::Physician, scope: Scope::Tenant });
    at_home.tenant.addresses = AddressRules::parse(["203.0.113.0/24"]).unwrap();
    let facts = facts_for(PLATFORM, Some(at_home), Some("203.0.113.7"));
    assert!(facts.permit::<ManageContracts>().is_ok());
    assert_eq!(facts.permit::<ViewCheckups>().unwrap_err(), Denied::Forbidden);
}

#[test]
fn each_kind_of_file_has_its_roles_and_what_is_about_the_whole_tenant_needs_it_whole() {
    let right = |roles: &[Role], kind| {
        facts(somebody(roles)).permit::<UseImports>().unwrap().import_right(kind).map(|right| right.kind())
    };
    assert_eq!(right(&[Role::Administrator], ImportKind::Employees), Ok(ImportKind::Employees));
    assert_eq!(right(&[Role::Administrator], ImportKind::Checkups), Err(Denied::Forbidden));
    assert_eq!(right(&[Role::Nurse], ImportKind::Checkups), Ok(ImportKind::Checkups));
    assert_eq!(right(&[Role::Hr], ImportKind::Accounts), Err(Denied::Forbidden));
    let mut local = somebody(&[]);
    let scope =
        Scope::Parts { workplaces: BTreeSet::from([TOKYO]), departments: BTreeSet::new(), labels: BTreeSet::new() };
    local.account.grants.push(Grant { role: Role::Hr, scope });
    let permit = facts(local).permit::<UseImports>().unwrap();
    assert!(permit.import_right(ImportKind::Employees).is_err());
    assert!(permit.import_right(ImportKind::Checkups).is_ok(), "rows outside the scope are refused one by one");
}

#[test]
fn a_kind_of_file_reaches_as_far_as_the_roles_that_have_it_and_no_further() {
    let mut both = somebody(&[Role::Administrator]);
    let scope =
        Scope::Parts { workplaces: BTreeSet::from([TOKYO]), departments: BTreeSet::new(), labels: BTreeSet::new() };
    both.account.grants.push(Grant { role: Role::Nurse, scope });
    let permit = facts(both).permit::<UseImports>().unwrap();
    assert!(permit.reach().is_everybody(), "an administrator's imports are about the whole tenant");
    let checkups = permit.import_right(ImportKind::Checkups).unwrap();
    assert!(checkups.reach().covers(&at(SOMEBODY, Some(TOKYO), None)));
    assert!(!checkups.reach().covers(&at(SOMEBODY, None, Some(SALES))), "a nurse's do not grow by it");
}

#[test]
fn files_of_a_service_that_is_not_contracted_are_not_taken() {
    let mut nurse = somebody(&[Role::Nurse]);
    nurse.tenant.services = vec![Service::StressCheck];
    let permit = facts(nurse).permit::<UseImports>().unwrap();
    assert_eq!(permit.import_right(ImportKind::Checkups).map(|_| ()), Err(Denied::Forbidden));
}

/// A program's request: `spoil` makes something about it different.
fn program(address: &str, spoil: impl FnOnce(&mut TenantFacts, &mut ClientFacts)) -> Facts {
    let mut tenant = somebody(&[]).tenant;
    let mut client = ClientFacts {
        client: ClientId::from_bytes([11; 16]),
        tenant: TENANT,
        scopes: PermissionId::ViewEmployees | PermissionId::SeeNames,
        drop_kinds: enumset::EnumSet::empty(),
        addresses: AddressRules::default(),
        epoch: 3,
    };
    let (private, public) = new_key_pair().unwrap();
    let token = Signer::new("k".to_owned(), &private).client_access(TENANT, client.client, 3, now()).unwrap();
    let verified = Verifier::new([("k", public.as_slice())]).access(&token, now()).unwrap();
    spoil(&mut tenant, &mut client);
    let origin = Origin { address: Some(address.parse().unwrap()), request_id: "r".to_owned() };
    Facts::gathered(verified, Some(Standing::Program(Box::new((tenant, client)))), origin, now())
}

#[test]
fn r02_a_program_has_what_it_was_given_and_nothing_more() {
    let facts = program("203.0.113.7", |_, _| {});
    let permit = facts.permit::<ViewEmployees>().unwrap();
    assert!(permit.reach().is_everybody() && permit.sees(PermissionId::SeeNames).is_some());
    assert!(permit.sees(PermissionId::SeeContacts).is_none());
    assert_eq!(facts.permit::<ManageEmployees>().unwrap_err(), Denied::Forbidden);
    assert_eq!(facts.permit::<DropFiles>().unwrap_err(), Denied::Forbidden, "no kind may be dropped");
    // Whatever its record says: the matrix's column is the most.
    let greedy = program("203.0.113.7", |_, client| client.scopes = enumset::EnumSet::all());
    assert_eq!(greedy.permit::<ManageAccounts>().unwrap_err(), Denied::Forbidden);
    assert_eq!(greedy.permit::<ViewCheckups>().unwrap_err(), Denied::Forbidden);
    let dropper = program("203.0.113.7", |_, client| client.drop_kinds = ImportKind::Checkups.into());
    assert!(dropper.permit::<DropFiles>().is_ok());
    let dropper = |tenant: fn(&mut TenantFacts)| {
        program("203.0.113.7", |of, client| {
            client.drop_kinds = ImportKind::Checkups.into();
            tenant(of);
        })
    };
    let out_of_contract = dropper(|tenant| tenant.drop_kinds = ImportKind::Employees.into());
    assert_eq!(out_of_contract.permit::<DropFiles>().unwrap_err(), Denied::Forbidden);
    let without_service = dropper(|tenant| tenant.services = vec![Service::StressCheck]);
    assert_eq!(without_service.permit::<DropFiles>().unwrap_err(), Denied::Forbidden);
}

#[test]
fn r01_r11_a_revoked_secret_another_tenant_and_the_contracts_end_end_a_program() {
    let spoil: [fn(&mut TenantFacts, &mut ClientFacts); 5] = [
        |_, client| client.epoch = 4,
        |_, client| client.tenant = OTHER,
        |tenant, _| tenant.tenant = OTHER,
        |tenant, _| tenant.state = TenantState::Purging,
        |tenant, _| tenant.ends_at = Some(now()),
    ];
    for spoil in spoil {
        assert_eq!(program("203.0.113.7", spoil).permit::<ViewEmployees>().unwrap_err(), Denied::Unauthenticated);
    }
}

#[test]
fn r10_a_program_is_used_from_its_own_networks_or_from_the_tenants() {
    let office = AddressRules::parse(["203.0.113.0/24"]).unwrap();
    let by_tenant = |address| program(address, |tenant, _| tenant.addresses = office.clone()).permit::<ViewEmployees>();
    assert!(by_tenant("203.0.113.7").is_ok());
    assert_eq!(by_tenant("198.51.100.1").unwrap_err(), Denied::AddressNotAllowed);
    let own = AddressRules::parse(["198.51.100.0/24"]).unwrap();
    let by_own = |address| {
        let rules = |tenant: &mut TenantFacts, client: &mut ClientFacts| {
            tenant.addresses = office.clone();
            client.addresses = own.clone();
        };
        program(address, rules).permit::<ViewEmployees>()
    };
    assert!(by_own("198.51.100.1").is_ok());
    assert_eq!(by_own("203.0.113.7").unwrap_err(), Denied::AddressNotAllowed);
}

#[test]
fn r02_nobody_gives_a_program_more_than_they_have() {
    let asked = PermissionId::ViewEmployees | PermissionId::ManageOrganisation | PermissionId::ManageAccounts;
    let administrator = facts(somebody(&[Role::Administrator]));
    assert_eq!(administrator.client_scopes(asked).unwrap_err(), PermissionId::ManageAccounts, "no program has that");
    let mut partly = somebody(&[]);
    let scope = Scope::Parts { workplaces: [TOKYO].into(), departments: [].into(), labels: [].into() };
    partly.account.grants = vec![Grant { role: Role::Administrator, scope }];
    assert_eq!(facts(partly).client_scopes(asked).unwrap_err(), asked, "a part of the tenant is not the tenant");
    assert_eq!(program("203.0.113.7", |_, _| {}).client_scopes(asked).unwrap_err(), asked);
    let given = PermissionId::ViewEmployees | PermissionId::ManageOrganisation;
    assert_eq!(administrator.client_scopes(given).unwrap().permissions(), given);
}

#[test]
fn r02_a_program_drops_what_can_be_dropped_and_the_contract_has() {
    let tenant = somebody(&[]).tenant;
    let asked = ImportKind::Employees | ImportKind::Departments | ImportKind::Accounts;
    assert_eq!(tenant.client_kinds(asked).unwrap_err(), ImportKind::Departments | ImportKind::Accounts);
    let everything = TenantFacts { drop_kinds: enumset::EnumSet::all(), ..tenant };
    let never = ImportKind::Accounts | ImportKind::StressAnswers;
    assert_eq!(everything.client_kinds(enumset::EnumSet::all()).unwrap_err(), never);
    assert!(everything.client_kinds(enumset::EnumSet::all() - never).is_ok());
}

/// An operator, and the tenant that they look into until `ends_at`.
fn operator(ends_at: Option<Jst>) -> SignedIn {
    let mut operator = somebody(&[Role::Operator]);
    let tenant = operator.tenant.clone();
    operator.tenant.tenant = PLATFORM;
    operator.tenant.addresses = AddressRules::parse(["203.0.113.0/24"]).unwrap();
    operator.account.tenant = PLATFORM;
    operator.broken_glass = ends_at.map(|ends_at| BrokenGlass { tenant, ends_at });
    operator
}

#[test]
fn r32_an_operator_looks_into_a_tenant_only_through_broken_glass_and_only_so_long() {
    let ask = |stored, address| facts_for(PLATFORM, Some(stored), Some(address)).permit::<ViewAccounts>();
    assert_eq!(ask(operator(None), "203.0.113.7").unwrap_err(), Denied::Forbidden);
    let permit = ask(operator(Some(now().plus_seconds(1))), "203.0.113.7").unwrap();
    assert!(permit.tenant() == TENANT && permit.is_through_broken_glass());
    assert!(permit.sees(PermissionId::SeeNames).is_none(), "no names");
    assert_eq!(ask(operator(Some(now())), "203.0.113.7").unwrap_err(), Denied::Forbidden, "over");
    let broken = || operator(Some(now().plus_seconds(60)));
    assert_eq!(ask(broken(), "198.51.100.1").unwrap_err(), Denied::AddressNotAllowed);
    let mut without_factor = broken();
    without_factor.session.second_factor_at = None;
    assert_eq!(ask(without_factor, "203.0.113.7").unwrap_err(), Denied::SecondFactorRequired);
    let facts = facts_for(PLATFORM, Some(broken()), Some("203.0.113.7"));
    assert_eq!(facts.permit::<ChangeTenant>().unwrap_err(), Denied::Forbidden);
    assert_eq!(facts.permit::<ViewEmployees>().unwrap_err(), Denied::Forbidden);
    assert_eq!(facts.permit::<ManageContracts>().unwrap().tenant(), PLATFORM, "their own work goes on");
    // Only the provider's own people.
    let mut customer = broken();
    customer.tenant.tenant = OTHER;
    customer.account.tenant = OTHER;
    assert_eq!(
        facts_for(OTHER, Some(customer), Some("203.0.113.7")).permit::<ViewAccounts>().unwrap_err(),
        Denied::Forbidden
    );
}

#[test]
fn r32_without_networks_of_its_own_the_provider_lets_nobody_work() {
    let mut unlisted = operator(None);
    unlisted.tenant.addresses = AddressRules::default();
    let facts = facts_for(PLATFORM, Some(unlisted), Some("203.0.113.7"));
    assert_eq!(facts.permit::<ManageContracts>().unwrap_err(), Denied::AddressNotAllowed);
}

#[test]
fn r09_where_only_the_stress_check_is_contracted_a_tenant_may_spare_its_people_the_second_factor() {
    let without_factor = |role, optional| {
        let mut stored = somebody(&[role]);
        stored.tenant.stress_factor_optional = optional;
        stored.session.second_factor_at = None;
        facts(stored).permit::<ViewTenant>()
    };
    for role in [Role::StressImplementer, Role::StressClerk] {
        assert_eq!(without_factor(role, false).unwrap_err(), Denied::SecondFactorRequired);
        assert!(without_factor(role, true).is_ok());
    }
    assert_eq!(without_factor(Role::Administrator, true).unwrap_err(), Denied::SecondFactorRequired);
}
