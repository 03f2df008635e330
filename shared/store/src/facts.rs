//! Facts for decisions, for the bearer of a token: tenant, account and session, or tenant and program, in one strongly consistent read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use authz::{
    BrokenGlass, Facts, Origin, SignedIn, Standing, TenantFacts,
    token::{Bearer, TokenError, Verified},
};
use domain::{
    ids::{AccountId, SessionId, TenantId},
    organisation::Tree,
    time::Jst,
};

use crate::{
    Error, Store, accounts,
    accounts::Account,
    item::{Stored, from_optional},
    sessions,
    sessions::Session,
    tenants,
    tenants::Tenant,
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
        let standing = match verified.bearer() {
            Bearer::Person { account, session } => {
                let person = self.person(verified.tenant(), account, session).await?;
                person.map(|person| Standing::Person(Box::new(person)))
            }
            Bearer::Program { client_id, .. } => {
                let program = self.client_standing(verified.tenant(), client_id).await?;
                program.map(|program| Standing::Program(Box::new(program)))
            }
        };
        #[expect(clippy::disallowed_methods, reason = "this is where facts are gathered")]
        let facts = Facts::gathered(verified, standing, origin, self.clock.now());
        Ok(facts)
    }

    /// Tenant, account and session in one read; none where one of them is gone.
    pub(crate) async fn load_signed_in(
        &self,
        tenant: TenantId,
        account: AccountId,
        session: SessionId,
    ) -> Result<Option<(Tenant, Account, Stored<Session>)>, Error> {
        let keys = [tenants::key(tenant), accounts::key(tenant, account), sessions::key(tenant, account, session)];
        let Ok([of, who, how]) = <[_; 3]>::try_from(self.db.batch_get(&keys).await?) else { return Ok(None) };
        let now = self.clock.now();
        let (Some(of), Some(who), Some(how)) =
            (from_optional::<Tenant>(of, now)?, from_optional::<Account>(who, now)?, from_optional(how, now)?)
        else {
            return Ok(None);
        };
        Ok(Some((of.record, who.record, how)))
    }

    /// Tenant and account in one read; none where one of them is gone.
    pub(crate) async fn load_tenant_and_account(
        &self,
        tenant: TenantId,
        account: AccountId,
    ) -> Result<Option<(Tenant, Stored<Account>)>, Error> {
        let keys = [tenants::key(tenant), accounts::key(tenant, account)];
        let Ok([of, who]) = <[_; 2]>::try_from(self.db.batch_get(&keys).await?) else { return Ok(None) };
        let now = self.clock.now();
        let (Some(of), Some(who)) = (from_optional::<Tenant>(of, now)?, from_optional(who, now)?) else {
            return Ok(None);
        };
        Ok(Some((of.record, who)))
    }

    async fn person(
        &self,
        tenant: TenantId,
        account: AccountId,
        session: SessionId,
    ) -> Result<Option<SignedIn>, Error> {
        let Some((of, who, how)) = self.load_signed_in(tenant, account, session).await? else { return Ok(None) };
        let (how, now) = (how.record, self.clock.now());
        Ok(Some(SignedIn {
            tree: self.tree_for(&of, &who).await?,
            broken_glass: self.glass_broken_in(&how, now).await?,
            tenant: of.facts(now),
            account: who.facts(tenant, now),
            session: how.facts(session, &who),
        }))
    }

    /// The department tree, where a grant's scope needs it.
    async fn tree_for(&self, tenant: &Tenant, account: &Account) -> Result<Option<Arc<Tree>>, Error> {
        if account.grants.iter().any(|grant| grant.scope.needs_tree()) {
            return self.tree(tenant.id, tenant.organisation_version).await.map(Some);
        }
        Ok(None)
    }

    /// The tenant in which an operator has broken the glass in this session: one read more, for as long as it lasts.
    async fn glass_broken_in(&self, session: &Session, now: Jst) -> Result<Option<BrokenGlass>, Error> {
        let Some(glass) = session.glass_at(now) else { return Ok(None) };
        let tenant = self.load_tenant(glass.tenant).await?;
        Ok(tenant.map(|tenant| BrokenGlass { tenant: tenant.record.facts(now), ends_at: glass.ends_at }))
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
        account: AccountId,
    ) -> Result<Option<(TenantFacts, authz::AccountFacts, Option<Arc<Tree>>)>, Error> {
        let Some((of, who)) = self.load_tenant_and_account(tenant, account).await? else { return Ok(None) };
        let (tree, now) = (self.tree_for(&of, &who.record).await?, self.clock.now());
        Ok(Some((of.facts(now), who.record.facts(tenant, now), tree)))
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
