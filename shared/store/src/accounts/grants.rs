//! What accounts are granted: a role and its reach. Nobody changes their own; the operator's role lives in the platform's own tenant; and whoever has
//! authority over hiring, dismissal or transfer holds no role of the stress check, in whatever order the two come.

use std::collections::HashMap;

use authz::{Denied, Grant, Permit, Scope, permission::GrantRoles};
use domain::ids::{AccountId, TenantId};

use crate::{
    Conflict, Error, Event, Notice, Prepared, Store, Write,
    accounts::{Account, AccountRefused},
    callers::whole_tenant,
    item::Stored,
    key::{Family, Key, Table},
};

/// How many grants one account has at most: decisions read them with every request.
const MOST_GRANTS: usize = 20;
/// How many workplaces, departments and labels they name at most, all together.
const MOST_PARTS: usize = 100;

/// A grant that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantFault {
    /// Which grant, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub wrong: GrantWrong,
}

/// What is wrong with a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantWrong {
    /// The role is not granted in this tenant.
    Role,
    /// The scope reaches nobody.
    Nobody,
    /// The scope names a workplace, department or label that does not exist.
    UnknownPart,
    /// Too many grants, or too many parts.
    TooMany,
}

impl GrantFault {
    /// Where in the body it is.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self.wrong {
            GrantWrong::Role => format!("/grants/{}/role", self.index),
            GrantWrong::Nobody | GrantWrong::UnknownPart => format!("/grants/{}/scope", self.index),
            GrantWrong::TooMany => format!("/grants/{}", self.index),
        }
    }

    /// Stable, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.wrong {
            GrantWrong::Role => "role_not_grantable",
            GrantWrong::Nobody => "scope_empty",
            GrantWrong::UnknownPart => "missing_reference",
            GrantWrong::TooMany => "too_many",
        }
    }

    /// Japanese, for people: what to do.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        match self.wrong {
            GrantWrong::Role => "このロールは付与できません。別のロールを指定してください。",
            GrantWrong::Nobody => "範囲には、事業場・部署・ラベルのいずれかを1つ以上指定してください。",
            GrantWrong::UnknownPart => "範囲に指定した事業場・部署・ラベルの中に、登録されていないものがあります。",
            GrantWrong::TooMany => {
                "付与できるのは20件まで、範囲に指定できる事業場・部署・ラベルは合わせて100件までです。"
            }
        }
    }
}

fn parts_of(scope: &Scope) -> usize {
    match scope {
        Scope::Tenant => 0,
        Scope::Parts { workplaces, departments, labels } => workplaces.len() + departments.len() + labels.len(),
    }
}

/// Everything that is wrong with grants in themselves.
pub(super) fn faults_of(grants: &[Grant], in_platform: bool) -> Vec<GrantFault> {
    let mut parts = 0;
    let mut faults = Vec::new();
    for (index, grant) in grants.iter().enumerate() {
        parts += parts_of(&grant.scope);
        let grantable = grant.role.is_granted(in_platform);
        let wrongs = [
            (!grantable, GrantWrong::Role),
            (grant.scope.is_empty(), GrantWrong::Nobody),
            (index >= MOST_GRANTS || parts > MOST_PARTS, GrantWrong::TooMany),
        ];
        faults.extend(wrongs.into_iter().filter(|(is_so, _)| *is_so).map(|(_, wrong)| GrantFault { index, wrong }));
    }
    faults
}

/// Whether authority over people and a role of the stress check would meet in one account (安衛則52の10第2項).
pub(super) fn barred(personnel_authority: bool, grants: &[Grant]) -> bool {
    personnel_authority && grants.iter().any(|grant| grant.role.barred_by_personnel_authority())
}

/// Tells in the event which roles are granted from now on.
pub(super) fn describe(event: Event, grants: &[Grant]) -> Event {
    if grants.is_empty() {
        return event;
    }
    let mut roles: Vec<&str> = grants.iter().map(|grant| grant.role.name()).collect();
    roles.sort_unstable();
    roles.dedup();
    event.because(format!("roles:{}", roles.join("+")))
}

/// The account after its grants were replaced. Whoever is promoted with a password under the bar must set a new one.
fn granted(account: &Account, grants: Vec<Grant>) -> Account {
    let promoted = !account.is_privileged() && !grants.is_empty();
    let must_change_password = account.must_change_password || (promoted && !account.strong_password);
    Account { grants, must_change_password, ..account.clone() }
}

impl Store {
    /// What an account is granted.
    pub async fn account_grants(
        &self,
        permit: &Permit<GrantRoles>,
        account: AccountId,
    ) -> Result<Stored<Vec<Grant>>, Error> {
        whole_tenant(permit)?;
        let Stored { record, version } = self.load_account(permit.tenant(), account).await?.ok_or(Error::NotFound)?;
        Ok(Stored { record: record.grants, version })
    }

    /// Replaces what an account is granted. It counts from the account's next request on.
    pub async fn change_grants(
        &self,
        permit: &Permit<GrantRoles>,
        account: AccountId,
        version: u64,
        grants: Vec<Grant>,
    ) -> Result<Result<Prepared<Stored<Vec<Grant>>>, AccountRefused>, Error> {
        whole_tenant(permit)?;
        let tenant = permit.tenant();
        let stored = self.load_account(tenant, account).await?.ok_or(Error::NotFound)?;
        if permit.actor().account() == Some(account) {
            return Err(Denied::Forbidden.into());
        }
        if stored.version != version {
            return Err(Error::Stale);
        }
        let mut faults = faults_of(&grants, tenant == domain::ids::PLATFORM);
        if faults.is_empty() {
            faults = self.unknown_parts(tenant, &grants).await?;
        }
        if !faults.is_empty() {
            return Ok(Err(AccountRefused::Grants(faults)));
        }
        if barred(stored.record.personnel_authority, &grants) {
            return Err(Conflict::PersonnelAuthority.into());
        }
        let changed = granted(&stored.record, grants);
        let mut write = Write::new();
        self.replace_account(&mut write, tenant, &stored, &changed)?;
        // Who grants alone is seen by all the others, and by whom it is about.
        let notice = Notice::GrantsChanged { at: self.clock.now() };
        self.enqueue(&mut write, tenant, account, &notice).await?;
        self.enqueue_to_administrators(&mut write, tenant, &notice).await?;
        let event = describe(self.event(permit, "account.change_grants")?.on(account), &changed.grants);
        Ok(Ok(Prepared { thing: Stored { record: changed.grants, version: version + 1 }, write, event }))
    }

    /// The grants whose scopes name a workplace, department or label that does not exist.
    pub(super) async fn unknown_parts(&self, tenant: TenantId, grants: &[Grant]) -> Result<Vec<GrantFault>, Error> {
        let mut named: Vec<(usize, Key)> = Vec::new();
        for (index, grant) in grants.iter().enumerate() {
            if let Scope::Parts { workplaces, departments, labels } = &grant.scope {
                let key = |sk: String| (index, Key::new(Table::Records, tenant, Family::Organisation, "", sk));
                named.extend(workplaces.iter().map(|id| key(format!("WORKPLACE#{id}"))));
                named.extend(departments.iter().map(|id| key(format!("DEPARTMENT#{id}"))));
                named.extend(labels.iter().map(|id| key(format!("LABEL#{id}"))));
            }
        }
        let named: HashMap<Key, Vec<usize>> = named.into_iter().fold(HashMap::new(), |mut by_key, (index, key)| {
            by_key.entry(key).or_default().push(index);
            by_key
        });
        let keys: Vec<Key> = named.keys().take(MOST_PARTS).cloned().collect();
        let found = self.db.batch_get(&keys).await?;
        let missing = keys.iter().zip(found).filter(|(_, item)| item.is_none()).filter_map(|(key, _)| named.get(key));
        let mut indexes: Vec<usize> = missing.flatten().copied().collect();
        indexes.sort_unstable();
        indexes.dedup();
        Ok(indexes.into_iter().map(|index| GrantFault { index, wrong: GrantWrong::UnknownPart }).collect())
    }
}

#[cfg(test)]
mod tests {
    use authz::Role;
    use domain::ids::WorkplaceId;

    use super::*;

    fn whole(role: Role) -> Grant {
        Grant { role, scope: Scope::Tenant }
    }

    fn workplaces(ids: impl IntoIterator<Item = u8>) -> Scope {
        let workplaces = ids.into_iter().map(|id| WorkplaceId::from_bytes([id; 16])).collect();
        Scope::Parts { workplaces, departments: [].into(), labels: [].into() }
    }

    #[test]
    fn r02_operators_are_the_platforms_and_the_employees_role_is_never_granted() {
        let fault = |index| GrantFault { index, wrong: GrantWrong::Role };
        let grants = [whole(Role::Employee), whole(Role::Operator), whole(Role::Hr), whole(Role::ApiClient)];
        assert_eq!(faults_of(&grants, false), [fault(0), fault(1), fault(3)]);
        assert_eq!(faults_of(&grants, true), [fault(0), fault(2), fault(3)]);
    }

    #[test]
    fn r02_a_scope_of_nobody_is_a_mistake_and_so_are_too_many_parts() {
        let hr = |scope| Grant { role: Role::Hr, scope };
        let faults = faults_of(&[hr(workplaces([])), hr(workplaces(0..100)), hr(workplaces([7]))], false);
        let wrong = |index, wrong| GrantFault { index, wrong };
        assert_eq!(faults, [wrong(0, GrantWrong::Nobody), wrong(2, GrantWrong::TooMany)]);
    }

    #[test]
    fn authority_over_people_bars_the_roles_of_the_stress_check() {
        for role in [Role::StressImplementer, Role::StressClerk] {
            assert!(barred(true, &[whole(Role::Hr), whole(role)]));
            assert!(!barred(false, &[whole(role)]));
        }
        assert!(!barred(true, &[whole(Role::Hr)]));
    }

    #[test]
    fn r04_a_promotion_forces_a_new_password_where_the_old_one_is_under_the_bar() {
        let employee = |strong_password| Account { strong_password, ..Account::sample() };
        assert!(granted(&employee(false), vec![whole(Role::Hr)]).must_change_password);
        assert!(!granted(&employee(true), vec![whole(Role::Hr)]).must_change_password);
        assert!(!granted(&employee(false), Vec::new()).must_change_password);
    }
}
