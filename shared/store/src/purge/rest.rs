//! What the stress check needs of a tenant while its own term outlives the rest: its own items, the tenant with its organisation, whoever was asked in a round with the account that
//! belongs to them, and whoever has a role in it. Everything else goes with the contract of the rest.
//!
//! What is needed is read anew by each run from items that no run deletes, so that a run which goes on finds the same. The purge reads it by a scan, which sees keys and no names; what seals
//! identities anew ([`super::reseal`]) may open names and so may not scan: it asks for the same by queries.

use std::collections::HashSet;

use authz::{Grant, Role, may_in_service};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::{contract::Service, ids::TenantId};

use crate::{
    Error,
    db::{Db, failed, log},
    identity::SEALED_FOR,
    item::{Attributes, as_text, text},
    key::{Family, Table, prefix},
};

/// The families of the stress check whose items stand at their employee's id, in a partition of a round and a shard.
pub(super) const OF_AN_EMPLOYEE: [Family; 4] =
    [Family::StressAttendance, Family::StressAnswer, Family::StressResult, Family::StressSharing];

/// The families that nothing writes where the stress check alone is contracted. Whoever had their permit before the purge began may have written one after it was looked for.
const ENDED: [Family; 20] = [
    Family::Attachment,
    Family::Rejudgement,
    Family::Checkup,
    Family::CheckupHistory,
    Family::CheckupWish,
    Family::CheckupReminder,
    Family::Criteria,
    Family::Fitness,
    Family::FollowUp,
    Family::Report,
    Family::Lifelog,
    Family::WorkingHours,
    Family::WorkingHoursHistory,
    Family::Fatigue,
    Family::Interview,
    Family::InterviewNote,
    Family::Points,
    Family::PointsRules,
    Family::Campaign,
    Family::Suspicion,
];

/// What of a tenant a purge leaves.
pub(super) enum Spared {
    /// Nothing: everything goes.
    Nothing,
    /// What the stress check needs.
    StressCheck(Needed),
    /// Everything but the stress check, whose own term ended before the rest.
    AllButTheStressCheck,
    /// Everything but what belongs to services that ended: what is left of the tenant lives.
    AllButEndedServices,
}

/// The people whom the stress check needs, by their ids as keys spell them.
#[derive(Default)]
pub(super) struct Needed {
    pub(super) employees: HashSet<String>,
    pub(super) accounts: HashSet<String>,
}

/// An account, as far as it tells whether it is needed.
pub(super) struct Holder {
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
            Self::AllButTheStressCheck => family_of(item).is_none_or(|(family, _)| !is_of_the_stress_check(family)),
            Self::AllButEndedServices => {
                family_of(item).is_none_or(|(family, _)| !ENDED.iter().any(|it| it.name() == family))
            }
        }
    }
}

impl Needed {
    /// Those who are asked in rounds, those who have a role in them, and what belongs to either.
    pub(super) fn of(asked: HashSet<String>, holders: Vec<Holder>) -> Self {
        let mut employees = asked;
        // Whoever carries it out is somebody, too: what belongs to them is needed with their account.
        employees.extend(holders.iter().filter(|it| it.has_role).filter_map(|it| it.employee.clone()));
        let is_needed = |it: &Holder| it.has_role || it.employee.as_ref().is_some_and(|id| employees.contains(id));
        let accounts = holders.into_iter().filter(is_needed).map(|it| it.account).collect();
        Self { employees, accounts }
    }

    /// Whether an item of either table tells who somebody is whom the stress check needs.
    fn identifies(&self, item: &Attributes) -> bool {
        let (Some((family, _)), Some(sk)) = (family_of(item), as_text(item, "sk")) else { return false };
        let is = |it: Family| family == it.name();
        ((is(Family::Employee) || is(Family::Person)) && self.employees.contains(sk))
            || (is(Family::Holder) && self.accounts.contains(sk))
    }

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
        Family::StressKiosk,
        Family::StressAnalysis,
        Family::StressReport,
    ]
    .iter()
    .any(|it| it.name() == family)
}

/// Whether the items of a family of the stress check stand at their employee's id.
fn is_of_an_employee(family: &str) -> bool {
    OF_AN_EMPLOYEE.iter().any(|it| it.name() == family)
}

/// Finds out whom the stress check of `tenant` needs.
pub(super) async fn needed(db: &Db, tenant: TenantId) -> Result<Needed, Error> {
    let (mut asked, mut holders) = (HashSet::new(), Vec::new());
    scan(db, Table::Records, tenant, "pk, sk, employee, grants", |item| {
        let (Some((family, rest)), Some(sk)) = (family_of(item), as_text(item, "sk")) else { return Ok(()) };
        if is_of_an_employee(family) {
            asked.insert(sk.to_owned());
        } else if family == Family::Account.name() && !rest.starts_with("employee#") {
            holders.push(holder(item, sk)?);
        }
        Ok(())
    })
    .await?;
    Ok(Needed::of(asked, holders))
}

/// How many items that tell who somebody is are still sealed for everything, of those that the stress check needs.
pub(super) async fn not_sealed_anew(db: &Db, tenant: TenantId, needed: &Needed) -> Result<usize, Error> {
    let mut waiting = 0;
    for table in [Table::Records, Table::Names] {
        scan(db, table, tenant, "pk, sk, sealed_for", |item| {
            waiting += usize::from(needed.identifies(item) && !item.contains_key(SEALED_FOR));
            Ok(())
        })
        .await?;
    }
    Ok(waiting)
}

/// Looks at some attributes of each item of a tenant in a table.
async fn scan(
    db: &Db,
    table: Table,
    tenant: TenantId,
    attributes: &str,
    mut look: impl FnMut(&Attributes) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut from = None;
    loop {
        let request = db
            .client
            .scan()
            .table_name(db.table(table))
            .consistent_read(true)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix(tenant)))
            .projection_expression(attributes)
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let page = Box::pin(request.send()).await.map_err(failed("Scan"))?;
        log("Scan", table, Family::Purge, page.consumed_capacity());
        page.items().iter().try_for_each(&mut look)?;
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(());
        }
    }
}

/// An account's item, as far as it tells whether it is needed.
pub(super) fn holder(item: &Attributes, account: &str) -> Result<Holder, Error> {
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

    #[test]
    fn r17_what_ends_alone_takes_its_own_families_and_no_other() {
        for (pk, of_stress, of_ended) in [
            ("T#ten_1#STRESSRESULT#rnd_1#a", true, false),
            ("T#ten_1#STRESSROUND#", true, false),
            ("T#ten_1#CHECKUP#emp_1", false, true),
            ("T#ten_1#INTERVIEWNOTE#emp_1", false, true),
            ("T#ten_1#EMPLOYEE#a", false, false),
            ("T#ten_1#SESSION#acc_1", false, false),
            ("T#ten_1#SOMETHINGNEW#", false, false),
            ("odd", false, false),
        ] {
            let item = item(pk, "emp_1", None);
            assert_eq!(Spared::AllButTheStressCheck.has(&item), !of_stress, "{pk}");
            assert_eq!(Spared::AllButEndedServices.has(&item), !of_ended, "{pk}");
        }
    }

    #[test]
    fn r17_whoever_is_asked_and_whoever_carries_it_out_is_needed_with_what_belongs_to_them() {
        let holder = |account: &str, employee: Option<&str>, has_role| Holder {
            account: account.to_owned(),
            employee: employee.map(str::to_owned),
            has_role,
        };
        let holders = vec![
            holder("acc_asked", Some("emp_1"), false),
            holder("acc_clerk", Some("emp_2"), true),
            holder("acc_outside", None, true),
            holder("acc_other", Some("emp_3"), false),
        ];
        let needed = Needed::of(HashSet::from(["emp_1".to_owned()]), holders);
        assert_eq!(needed.employees, HashSet::from(["emp_1", "emp_2"].map(str::to_owned)));
        assert_eq!(needed.accounts, HashSet::from(["acc_asked", "acc_clerk", "acc_outside"].map(str::to_owned)));
        let identifies = |pk, sk| needed.identifies(&item(pk, sk, None));
        assert!(identifies("T#ten_1#EMPLOYEE#a", "emp_1") && identifies("T#ten_1#PERSON#a", "emp_2"));
        assert!(identifies("T#ten_1#HOLDER#a", "acc_outside") && !identifies("T#ten_1#HOLDER#a", "acc_other"));
        assert!(!identifies("T#ten_1#ACCOUNT#a", "acc_clerk") && !identifies("T#ten_1#PERSON#a", "emp_3"));
    }
}
