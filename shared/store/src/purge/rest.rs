//! What the stress check needs of a tenant while its own term outlives the rest: its own items, the tenant with its organisation, whoever was asked in a round with the account that
//! belongs to them, and whoever has a role in it. Everything else goes with the contract of the rest.
//!
//! What is needed is read anew by each run from items that no run deletes, so that a run which goes on finds the same.

use std::collections::HashSet;

use authz::{Grant, Role, may_in_service};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::{contract::Service, ids::TenantId};

use crate::{
    Error,
    db::{Db, failed, log},
    item::{Attributes, as_text, text},
    key::{Family, Table, prefix},
};

/// What of a tenant a purge leaves.
pub(super) enum Spared {
    /// Nothing: everything goes.
    Nothing,
    /// What the stress check needs.
    StressCheck(Needed),
}

/// The people whom the stress check needs, by their ids as keys spell them.
#[derive(Default)]
pub(super) struct Needed {
    employees: HashSet<String>,
    accounts: HashSet<String>,
}

/// An account, as far as it tells whether it is needed.
struct Holder {
    account: String,
    employee: Option<String>,
    has_role: bool,
}

impl Spared {
    /// Whether an item stays. It holds its key, and whose it is where the key does not say so.
    pub(super) fn has(&self, item: &Attributes) -> bool {
        match self {
            Self::Nothing => false,
            Self::StressCheck(needed) => needed.has(item).unwrap_or(false),
        }
    }
}

impl Needed {
    fn has(&self, item: &Attributes) -> Option<bool> {
        let (family, rest) = family_of(item)?;
        let sk = as_text(item, "sk")?;
        let employee = |id: Option<&str>| id.is_some_and(|id| self.employees.contains(id));
        let account = |id: Option<&str>| id.is_some_and(|id| self.accounts.contains(id));
        Some(match family {
            family if is_of_the_stress_check(family) => true,
            family if family == Family::Tenant.name() || family == Family::Organisation.name() => true,
            family if family == Family::Employee.name() || family == Family::Person.name() => employee(Some(sk)),
            family if family == Family::EmployeeNumber.name() => employee(as_text(item, "employee")),
            family if family == Family::Holder.name() => account(Some(sk)),
            family if family == Family::Credential.name() => account(as_text(item, "account")),
            family if family == Family::Account.name() => {
                rest == "administrators"
                    || if rest.starts_with("employee#") { employee(Some(sk)) } else { account(Some(sk)) }
            }
            _ => false,
        })
    }
}

/// The family in an item's key, and what comes after it.
fn family_of(item: &Attributes) -> Option<(&str, &str)> {
    as_text(item, "pk")?.splitn(3, '#').nth(2)?.split_once('#')
}

fn is_of_the_stress_check(family: &str) -> bool {
    [
        Family::StressRound,
        Family::StressAttendance,
        Family::StressAnswer,
        Family::StressResult,
        Family::StressSharing,
        Family::StressAnalysis,
        Family::StressReport,
    ]
    .iter()
    .any(|it| it.name() == family)
}

/// Whether the items of a family of the stress check stand at their employee's id.
fn is_of_an_employee(family: &str) -> bool {
    [Family::StressAttendance, Family::StressAnswer, Family::StressResult, Family::StressSharing]
        .iter()
        .any(|it| it.name() == family)
}

/// Finds out whom the stress check of `tenant` needs.
pub(super) async fn needed(db: &Db, tenant: TenantId) -> Result<Needed, Error> {
    let (mut needed, mut holders) = (Needed::default(), Vec::new());
    let mut from = None;
    loop {
        let request = db
            .client
            .scan()
            .table_name(db.table(Table::Records))
            .consistent_read(true)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix(tenant)))
            .projection_expression("pk, sk, employee, grants")
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let page = Box::pin(request.send()).await.map_err(failed("Scan"))?;
        log("Scan", Table::Records, Family::Purge, page.consumed_capacity());
        for item in page.items() {
            let (Some((family, rest)), Some(sk)) = (family_of(item), as_text(item, "sk")) else { continue };
            if is_of_an_employee(family) {
                needed.employees.insert(sk.to_owned());
            } else if family == Family::Account.name() && !rest.starts_with("employee#") {
                holders.push(holder(item, sk)?);
            }
        }
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            break;
        }
    }
    // Whoever carries it out is somebody, too: what belongs to them is needed with their account.
    needed.employees.extend(holders.iter().filter(|it| it.has_role).filter_map(|it| it.employee.clone()));
    let is_needed = |it: &Holder| it.has_role || it.employee.as_ref().is_some_and(|id| needed.employees.contains(id));
    needed.accounts = holders.into_iter().filter(is_needed).map(|it| it.account).collect();
    Ok(needed)
}

fn holder(item: &Attributes, account: &str) -> Result<Holder, Error> {
    let grants: Vec<Grant> = match item.get("grants") {
        Some(grants) => serde_dynamo::from_attribute_value(grants.clone())
            .map_err(|_| Error::Internal("an account's grants have an unknown shape".to_owned()))?,
        None => Vec::new(),
    };
    // Administrators have no part in it: somebody must look after the accounts all the same.
    let serves = |role| role == Role::Administrator || may_in_service(role, Service::StressCheck);
    let has_role = grants.iter().any(|grant| serves(grant.role));
    Ok(Holder { account: account.to_owned(), employee: as_text(item, "employee").map(str::to_owned), has_role })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pk: &str, sk: &str, whose: Option<(&str, &str)>) -> Attributes {
        let mut item = Attributes::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]);
        item.extend(whose.map(|(name, id)| (name.to_owned(), text(id))));
        item
    }

    #[test]
    fn r17_the_stress_check_keeps_its_people_and_nothing_that_it_does_not_know() {
        let needed =
            Needed { employees: HashSet::from(["emp_1".to_owned()]), accounts: HashSet::from(["acc_1".to_owned()]) };
        let spared = Spared::StressCheck(needed);
        for (pk, sk, whose, stays) in [
            ("T#ten_1#TENANT#", "TENANT", None, true),
            ("T#ten_1#STRESSRESULT#rnd_1#a", "emp_2", None, true),
            ("T#ten_1#EMPLOYEE#a", "emp_1", None, true),
            ("T#ten_1#EMPLOYEE#a", "emp_2", None, false),
            ("T#ten_1#PERSON#a", "emp_2", None, false),
            ("T#ten_1#HOLDER#a", "acc_1", None, true),
            ("T#ten_1#ACCOUNT#administrators", "ADMINISTRATORS", None, true),
            ("T#ten_1#ACCOUNT#employee#a", "emp_1", None, true),
            ("T#ten_1#ACCOUNT#employee#a", "emp_2", None, false),
            ("T#ten_1#ACCOUNT#a", "acc_2", None, false),
            ("T#ten_1#CREDENTIAL#0af", "CREDENTIAL", Some(("account", "acc_1")), true),
            ("T#ten_1#CREDENTIAL#0af", "CREDENTIAL", None, false),
            ("T#ten_1#EMPLOYEENUMBER#0af", "EMPLOYEENUMBER", Some(("employee", "emp_2")), false),
            ("T#ten_1#CHECKUP#emp_1", "x", Some(("employee", "emp_1")), false),
            ("T#ten_1#SOMETHINGNEW#", "x", None, false),
        ] {
            assert_eq!(spared.has(&item(pk, sk, whose)), stays, "{pk} {sk}");
            assert!(!Spared::Nothing.has(&item(pk, sk, whose)));
        }
    }
}
