//! Who looked at an employee's record (閲覧履歴): a projection of the audit trail, one partition per employee, for the employee to read. `audit-archive` makes it; it is kept
//! as long as the trail, and goes with the tenant. That an interview was read tells of an interview: what stands in it is sealed.

use std::collections::{BTreeSet, HashMap};

use authz::{
    HandlingRule, Permit,
    permission::{ArchiveTrail, ViewAccessLog},
};
use domain::{
    ids::{AccountId, EmployeeId, TenantId},
    time::Jst,
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Event, Outcome, RETENTION_DAYS, Store,
    db::Range,
    exports::{Line, Page, said, text},
    item::{Sealed, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// How many entries are written at a time: a list shows many people.
const IN_FLIGHT: usize = 16;
/// How many entries are read at a time, for files.
const LINES: usize = 200;
/// The attribute that holds an entry.
const LOOK: &str = "look";

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// When.
    pub at: Jst,
    /// What was done, in the form `<thing>.<verb>`.
    pub action: String,
    /// With which permission.
    pub permission: String,
    /// In which roles.
    pub roles: Vec<String>,
    /// By which account; none where a program or a job did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<AccountId>,
    /// `account`, `program` or the name of a job.
    pub actor: String,
}

/// One look, as the employee sees it.
#[derive(Debug, Clone)]
pub struct ShownLook {
    /// The look.
    pub look: Look,
    /// Who it was, where the tenant allows it and the account is still there.
    pub name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(rename = "look")]
    sealed: Sealed,
    expires_at: i64,
}

fn key(tenant: TenantId, employee: EmployeeId, event: &Event) -> Key {
    Key::new(Table::Records, tenant, Family::AccessLog, employee, format_args!("{}#{}", event.at, event.id))
}

/// Those whose record the event showed to somebody else. One's own looks are one's own.
fn looked_at(event: &Event) -> impl Iterator<Item = EmployeeId> {
    let counts = event.disclosure && event.outcome == Outcome::Done && event.roles != ["employee"];
    event.subjects.iter().filter(move |_| counts).filter_map(|subject| subject.parse().ok())
}

impl Store {
    /// Enters an event of the permit's tenant into the access log of everybody whose record it showed; a second time changes nothing. Says how many they are.
    pub async fn note_looks(&self, permit: &Permit<ArchiveTrail>, event: &Event) -> Result<usize, Error> {
        let look = Look {
            at: event.at,
            action: event.action.clone(),
            permission: event.permission.clone(),
            roles: event.roles.clone(),
            account: event.account.as_deref().and_then(|account| account.parse().ok()),
            actor: event.actor.clone(),
        };
        let notes: Vec<_> =
            looked_at(event).map(|employee| self.note(key(permit.tenant(), employee, event), permit, &look)).collect();
        let count = notes.len();
        match stream::iter(notes).buffer_unordered(IN_FLIGHT).try_collect::<Vec<_>>().await {
            Ok(_) => Ok(count),
            // The tenant is gone, and its access logs with it.
            Err(Error::NotFound) => Ok(0),
            Err(error) => Err(error),
        }
    }

    async fn note(&self, key: Key, permit: &Permit<ArchiveTrail>, look: &Look) -> Result<bool, Error> {
        let sealed = self.seal(permit.tenant(), Purpose::AccessLog, &key, LOOK, look).await?;
        let expires_at = look.at.plus_seconds(RETENTION_DAYS * 86_400).epoch_seconds();
        self.db.put_new(&key, to_item(&key, 1, SCHEMA, &Record { sealed, expires_at })?).await
    }

    /// Who looked at the caller's own record, the newest first: up to `limit` after `after`, and where to go on. Nobody, where the caller is no employee.
    pub async fn access_log(
        &self,
        permit: &Permit<ViewAccessLog>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<ShownLook>, Option<String>), Error> {
        let Some(employee) = permit.reach().only_oneself() else { return Ok((Vec::new(), None)) };
        self.looks_at(permit.tenant(), employee, after, limit).await
    }

    /// The same as lines, for the employee to take away.
    pub(crate) async fn access_log_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let (looks, next) = self.looks_at(tenant, employee, after, LINES).await?;
        let line = |ShownLook { look, name }: ShownLook| {
            let Look { at, action, permission, roles, actor, .. } = look;
            let cells = vec![text(at), text(roles.join(" ")), text(action), text(permission), text(actor), said(name)];
            Line { cells, about: Some(employee) }
        };
        Ok(Page { lines: looks.into_iter().map(line).collect(), next })
    }

    async fn looks_at(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<ShownLook>, Option<String>), Error> {
        let pk = partition(tenant, Family::AccessLog, employee);
        let range = Range::whole(Table::Records, Family::AccessLog, pk.clone()).descending().after(after).limit(limit);
        let (items, more) = self.db.query(&range).await?;
        let next = items.last().filter(|_| more).and_then(|item| as_text(item, "sk").map(str::to_owned));
        let mut looks: Vec<Look> = Vec::with_capacity(items.len());
        for item in items {
            let sk = as_text(&item, "sk").unwrap_or_default().to_owned();
            let key = Key { table: Table::Records, family: Family::AccessLog, pk: pk.clone(), sk };
            if let Some(stored) = from_item::<Record>(item, self.clock.now())? {
                looks.push(self.open(tenant, Purpose::AccessLog, &key, LOOK, &stored.record.sealed).await?);
            }
        }
        let names = self.names_of_viewers(tenant, &looks).await?;
        let name = |look: &Look| look.account.and_then(|account| names.get(&account).cloned());
        Ok((looks.into_iter().map(|look| ShownLook { name: name(&look), look }).collect(), next))
    }

    /// The names of those who looked, if the tenant lets its employees see them.
    async fn names_of_viewers(&self, tenant: TenantId, looks: &[Look]) -> Result<HashMap<AccountId, String>, Error> {
        let of = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record;
        if !of.handling_rules.contains(HandlingRule::ViewersAreNamed) {
            return Ok(HashMap::new());
        }
        let accounts: BTreeSet<AccountId> = looks.iter().filter_map(|look| look.account).collect();
        let name = |account| async move { Ok::<_, Error>((account, self.load_holder(tenant, account).await?)) };
        let holders = try_join_all(accounts.into_iter().map(name)).await?;
        Ok(holders.into_iter().filter_map(|(account, holder)| Some((account, holder?.name.to_string()))).collect())
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::AuditEventId;

    use super::*;

    fn event(roles: &[&str], disclosure: bool) -> Event {
        Event {
            id: AuditEventId::from_bytes([1; 16]),
            at: "2026-04-01T09:00:00+09:00".parse().unwrap(),
            tenant: TenantId::from_bytes([2; 16]),
            action: "checkup.list".to_owned(),
            permission: "checkups.view".to_owned(),
            actor: "account".to_owned(),
            account: None,
            client: None,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            subjects: vec![EmployeeId::from_bytes([3; 16]).to_string(), "chk_1".to_owned()],
            outcome: Outcome::Done,
            reason: None,
            account_given: None,
            disclosure,
            in_confidence: false,
            address: None,
            request_id: "r".to_owned(),
        }
    }

    #[test]
    fn r21_a_look_is_what_showed_ones_record_to_somebody_else() {
        let of = |event: &Event| looked_at(event).collect::<Vec<_>>();
        assert_eq!(of(&event(&["nurse"], true)), [EmployeeId::from_bytes([3; 16])]);
        assert_eq!(of(&event(&["employee", "nurse"], true)).len(), 1);
        assert_eq!(of(&event(&["employee"], true)), [], "one's own look");
        assert_eq!(of(&event(&["hr"], false)), [], "a change is no look");
        assert_eq!(of(&Event { outcome: Outcome::Refused, ..event(&["hr"], true) }), []);
    }
}
