//! Facts for decisions: tenant, account and session in one strongly consistent read, for the bearer of a token.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use authz::{
    Facts, Origin, SignedIn, TenantFacts,
    token::{TokenError, Verified},
};
use domain::{ids::TenantId, organisation::Tree};

use crate::{
    Error, Store, accounts, accounts::Account, item::from_item, sessions, sessions::Session, tenants, tenants::Tenant,
};

/// How many tenants' trees a process remembers.
const TREES: usize = 64;

/// Department trees by tenant and version: read again only when the tenant's version has moved on.
#[derive(Debug, Default)]
pub(crate) struct Trees(Mutex<HashMap<TenantId, (u64, Arc<Tree>)>>);

impl Trees {
    fn get(&self, tenant: TenantId, version: u64) -> Option<Arc<Tree>> {
        let trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trees.get(&tenant).filter(|(of, _)| *of == version).map(|(_, tree)| Arc::clone(tree))
    }

    fn put(&self, tenant: TenantId, version: u64, tree: &Arc<Tree>) {
        let mut trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if trees.len() >= TREES && !trees.contains_key(&tenant) {
            trees.clear();
        }
        trees.insert(tenant, (version, Arc::clone(tree)));
    }
}

impl Store {
    /// The facts about the bearer of `token`: verified, and as they are stored at this moment. A token that is no good makes facts that permit nothing.
    pub async fn facts(&self, token: &str, origin: Origin) -> Result<Facts, Error> {
        let verified = self.verify(token).await?;
        let keys = [
            tenants::key(verified.tenant()),
            accounts::key(verified.tenant(), verified.account()),
            sessions::key(verified.tenant(), verified.account(), verified.session()),
        ];
        let stored = match <[_; 3]>::try_from(self.db.batch_get(&keys).await?) {
            Ok([Some(tenant), Some(account), Some(session)]) => {
                let now = self.clock.now();
                match (
                    from_item::<Tenant>(tenant, now)?,
                    from_item::<Account>(account, now)?,
                    from_item::<Session>(session, now)?,
                ) {
                    (Some(tenant), Some(account), Some(session)) => {
                        Some(self.signed_in(&verified, &tenant.record, &account.record, &session.record).await?)
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        #[expect(clippy::disallowed_methods, reason = "this is where facts are gathered")]
        let facts = Facts::gathered(verified, stored, origin, self.clock.now());
        Ok(facts)
    }

    async fn signed_in(
        &self,
        verified: &Verified,
        tenant: &Tenant,
        account: &Account,
        session: &Session,
    ) -> Result<SignedIn, Error> {
        let tree = if account.grants.iter().any(|grant| grant.scope.needs_tree()) {
            Some(self.tree(tenant.id, tenant.organisation_version).await?)
        } else {
            None
        };
        let now = self.clock.now();
        Ok(SignedIn {
            tenant: tenant.facts(now),
            account: account.facts(verified.tenant(), now),
            session: session.facts(verified.session()),
            tree,
        })
    }

    /// The department tree at this version.
    pub(crate) async fn tree(&self, tenant: TenantId, version: u64) -> Result<Arc<Tree>, Error> {
        if let Some(tree) = self.state.trees.get(tenant, version) {
            return Ok(tree);
        }
        let tree = Arc::new(self.read_tree(tenant).await?);
        self.state.trees.put(tenant, version, &tree);
        Ok(tree)
    }

    /// What a decision about a job needs: tenant and account, without a session.
    pub async fn standing(
        &self,
        tenant: TenantId,
        account: domain::ids::AccountId,
    ) -> Result<Option<(TenantFacts, authz::AccountFacts, Option<Arc<Tree>>)>, Error> {
        let keys = [tenants::key(tenant), accounts::key(tenant, account)];
        let Ok([Some(tenant_item), Some(account_item)]) = <[_; 2]>::try_from(self.db.batch_get(&keys).await?) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let (Some(of), Some(who)) = (from_item::<Tenant>(tenant_item, now)?, from_item::<Account>(account_item, now)?)
        else {
            return Ok(None);
        };
        let tree = if who.record.grants.iter().any(|grant| grant.scope.needs_tree()) {
            Some(self.tree(tenant, of.record.organisation_version).await?)
        } else {
            None
        };
        Ok(Some((of.record.facts(now), who.record.facts(tenant, now), tree)))
    }

    /// Checks a token; the keys are fetched again, at most once a minute, when it was signed with one that is not known here.
    async fn verify(&self, token: &str) -> Result<Verified, Error> {
        let now = self.clock.now();
        match self.verifier().await?.access(token, now) {
            Ok(verified) => Ok(verified),
            Err(TokenError::NotGood) => Err(authz::Denied::Unauthenticated.into()),
            Err(TokenError::UnknownKey) => {
                let verifier = self.verifier_again().await?;
                verifier.access(token, now).map_err(|_| authz::Denied::Unauthenticated.into())
            }
        }
    }
}
