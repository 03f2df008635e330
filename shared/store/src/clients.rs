//! Programs as callers (APIクライアント): a customer's own systems, each with what an administrator gave it.
//!
//! ```text
//! client:      nobody ──create──▶ there ──delete──▶ nobody
//! credential:  live ──rotate──▶ ending ──the clock──▶ ended
//!                └───────revoke───┴──▶ revoked
//! ```
//!
//! A client proves itself with a secret or with a key of its own; up to two credentials are live at once, so that one can be exchanged for the next without a
//! gap. A revocation raises the client's epoch, and a deletion takes the client away: either way tokens that were made before end at the very next
//! request. When a credential was last used stands in an item of its own, so that the function that makes tokens need not be able to change a client.

mod change;
mod token;

use std::collections::BTreeMap;

use authz::{
    AddressRules, ClientFacts, ClientKey, ImportKind, PermissionId, Permit, TenantFacts, permission::DropFiles,
    permission::ViewApiClients,
};
use domain::{
    ids::{AccountId, ClientCredentialId, ClientId, TenantId},
    organisation::OrganisationName,
    time::Jst,
};
use enumset::EnumSet;
use serde::{Deserialize, Serialize};

pub use change::{ClientChange, MadeClient, NewClient, NewClientCredential};
pub use token::{ClientProof, ClientToken};

use crate::{
    Error, Prepared, Store, Tenant, Write,
    db::Range,
    item::{Stored, as_text, from_item, from_optional},
    key::{Family, Key, Table, partition},
    tenants,
};

const SCHEMA: u8 = 1;
/// How many a tenant has at most.
const MOST_CLIENTS: u64 = 20;
/// How many credentials are live at once.
const MOST_LIVE: usize = 2;
/// How many credentials are remembered, with those that are over.
const MOST_KEPT: usize = 10;

/// A program that may call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiClient {
    /// Its id.
    pub id: ClientId,
    /// What it is called.
    #[serde(rename = "client_name")]
    pub name: OrganisationName,
    /// What it may do.
    #[serde(with = "names")]
    pub scopes: EnumSet<PermissionId>,
    /// The kinds of files that it may drop.
    pub drop_kinds: EnumSet<ImportKind>,
    /// From where it may be used; from where the tenant's own roles may be, if empty.
    pub addresses: AddressRules,
    /// Goes up whenever tokens shall end.
    epoch: u64,
    /// What it proves itself with, and has: the oldest first.
    pub credentials: Vec<ClientCredential>,
    /// When it was made.
    pub created_at: Jst,
    /// By whom; nobody where a job did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_by: Option<AccountId>,
    /// When it was last changed.
    pub updated_at: Jst,
}

/// What a program proves itself with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientCredential {
    /// Its id.
    pub id: ClientCredentialId,
    /// What is kept of it.
    pub proof: StoredProof,
    /// When it was made.
    pub created_at: Jst,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_by: Option<AccountId>,
    /// When it ends, if it was exchanged for another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ends_at: Option<Jst>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_at: Option<Jst>,
}

/// What is kept of a credential: nothing that would do as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredProof {
    /// The hash of 256 random bits.
    Secret(String),
    /// The public half of the program's own key.
    PublicKey(ClientKey),
}

/// Where a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// In use.
    Live,
    /// In use, until its successor has taken over.
    Ending,
    /// Its successor has taken over.
    Ended,
    /// Taken back.
    Revoked,
}

impl ClientCredential {
    /// Where it is at this moment.
    #[must_use]
    pub fn state(&self, now: Jst) -> CredentialState {
        match (self.revoked_at, self.ends_at) {
            (Some(_), _) => CredentialState::Revoked,
            (None, Some(ends_at)) if ends_at <= now => CredentialState::Ended,
            (None, Some(_)) => CredentialState::Ending,
            (None, None) => CredentialState::Live,
        }
    }

    fn is_usable(&self, now: Jst) -> bool {
        matches!(self.state(now), CredentialState::Live | CredentialState::Ending)
    }
}

impl ApiClient {
    /// What it calls itself when it asks for a token: whose it is, and which.
    #[must_use]
    pub fn oauth_id(&self, tenant: TenantId) -> String {
        token::oauth_id(tenant, self.id)
    }

    fn facts(&self, tenant: TenantId) -> ClientFacts {
        ClientFacts {
            client: self.id,
            tenant,
            scopes: self.scopes,
            drop_kinds: self.drop_kinds,
            addresses: self.addresses.clone(),
            epoch: self.epoch,
        }
    }
}

/// A client with when its credentials were last used.
#[derive(Debug, Clone)]
pub struct ShownClient {
    /// The client.
    pub client: Stored<ApiClient>,
    /// When, to the minute; absent where never.
    pub last_used: BTreeMap<ClientCredentialId, Jst>,
}

fn key(tenant: TenantId, client: ClientId) -> Key {
    Key::new(Table::Records, tenant, Family::ApiClient, "", client)
}

/// Counts a tenant's clients.
fn count_key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::ApiClient, "", "COUNT")
}

/// When the credentials of a client were last used.
fn use_key(tenant: TenantId, client: ClientId) -> Key {
    Key::new(Table::Records, tenant, Family::ApiClientUse, "", client)
}

impl Store {
    /// The tenant's clients in the order in which they were made: at most `limit` after `after`, and where to go on.
    pub async fn clients(
        &self,
        permit: &Permit<ViewApiClients>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<ShownClient>, Option<String>), Error> {
        let range = Range::whole(Table::Records, Family::ApiClient, partition(permit.tenant(), Family::ApiClient, ""))
            .starting_with("cli_")
            .after(after)
            .limit(limit);
        let (items, more) = self.db.query(&range).await?;
        let next = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned)).filter(|_| more);
        let mut clients = Vec::with_capacity(items.len());
        for item in items {
            clients.extend(from_item::<ApiClient>(item, self.clock.now())?);
        }
        Ok((self.with_uses(permit.tenant(), clients).await?, next))
    }

    /// One client.
    pub async fn client(&self, permit: &Permit<ViewApiClients>, client: ClientId) -> Result<ShownClient, Error> {
        self.shown_client(permit.tenant(), client).await
    }

    async fn shown_client(&self, tenant: TenantId, client: ClientId) -> Result<ShownClient, Error> {
        let client = self.load(&key(tenant, client)).await?.ok_or(Error::NotFound)?;
        self.with_uses(tenant, vec![client]).await?.pop().ok_or(Error::NotFound)
    }

    async fn with_uses(&self, tenant: TenantId, clients: Vec<Stored<ApiClient>>) -> Result<Vec<ShownClient>, Error> {
        let keys: Vec<_> = clients.iter().map(|client| use_key(tenant, client.record.id)).collect();
        let uses = self.db.batch_get(&keys).await?;
        let shown = clients.into_iter().zip(uses).map(|(client, item)| {
            let last_used = from_optional(item, self.clock.now())?;
            Ok(ShownClient { client, last_used: last_used.map(|stored| stored.record).unwrap_or_default() })
        });
        shown.collect()
    }

    /// A program and its tenant as they are stored at this moment, in one strongly consistent read; none where one of them is gone.
    pub async fn client_standing(
        &self,
        tenant: TenantId,
        client: ClientId,
    ) -> Result<Option<(TenantFacts, ClientFacts)>, Error> {
        Ok(self.program(tenant, client).await?.map(|(of, client)| (of, client.facts(tenant))))
    }

    async fn program(&self, tenant: TenantId, client: ClientId) -> Result<Option<(TenantFacts, ApiClient)>, Error> {
        let now = self.clock.now();
        let keys = [tenants::key(tenant), key(tenant, client)];
        let Ok([of, client]) = <[_; 2]>::try_from(self.db.batch_get(&keys).await?) else { return Ok(None) };
        let (Some(of), Some(client)) = (from_optional::<Tenant>(of, now)?, from_optional::<ApiClient>(client, now)?)
        else {
            return Ok(None);
        };
        Ok(Some((of.record.facts(now), client.record)))
    }

    /// The kinds of files that the program that asks may drop at this moment, and the event that tells of its credentials for that.
    pub async fn drop_grant(&self, permit: &Permit<DropFiles>) -> Result<Prepared<DropGrant>, Error> {
        let (tenant, client) = (permit.tenant(), permit.actor().client().ok_or(Error::NotFound)?);
        let (of, facts) = self.client_standing(tenant, client).await?.ok_or(Error::NotFound)?;
        let event = self.event(permit, "drop_credentials.issue")?.on(client);
        Ok(Prepared { thing: DropGrant { tenant, client, kinds: facts.droppable(&of) }, write: Write::new(), event })
    }
}

/// What a program may drop.
#[derive(Debug, Clone, Copy)]
pub struct DropGrant {
    /// Into whose folders.
    pub tenant: TenantId,
    /// Which program.
    pub client: ClientId,
    /// Into which of them.
    pub kinds: EnumSet<ImportKind>,
}

/// Permissions by name: a row that is added to the matrix changes nothing that is stored. A name that is no row any more allows nothing.
mod names {
    use authz::{PermissionId, matrix::row_named};
    use enumset::EnumSet;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(scopes: &EnumSet<PermissionId>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(scopes.iter().map(PermissionId::name))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EnumSet<PermissionId>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| row_named(name)).map(|row| row.permission).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r01_a_credential_ends_by_the_clock_and_a_revoked_one_for_good() {
        let now: Jst = "2026-04-01T09:00:00+09:00".parse().unwrap();
        let live = ClientCredential {
            id: ClientCredentialId::from_bytes([1; 16]),
            proof: StoredProof::Secret(String::new()),
            created_at: now,
            created_by: None,
            ends_at: None,
            revoked_at: None,
        };
        let ending = ClientCredential { ends_at: Some(now.plus_seconds(1)), ..live.clone() };
        let ended = ClientCredential { ends_at: Some(now), ..live.clone() };
        let revoked = ClientCredential { revoked_at: Some(now), ..ending.clone() };
        let states = [&live, &ending, &ended, &revoked].map(|credential| credential.state(now));
        let of = [CredentialState::Live, CredentialState::Ending, CredentialState::Ended, CredentialState::Revoked];
        assert_eq!(states, of);
        assert_eq!([&live, &ending, &ended, &revoked].map(|one| one.is_usable(now)), [true, true, false, false]);
    }

    #[test]
    fn a_permission_that_is_no_row_any_more_allows_nothing() {
        #[derive(Serialize, Deserialize)]
        struct Kept(#[serde(with = "names")] EnumSet<PermissionId>);
        let kept = serde_json::to_string(&Kept(PermissionId::ViewEmployees | PermissionId::SeeNames)).unwrap();
        assert_eq!(kept, r#"["employees.view","names.see"]"#);
        let Kept(read) = serde_json::from_str(r#"["names.see","no.more"]"#).unwrap();
        assert_eq!(read, PermissionId::SeeNames);
    }
}
