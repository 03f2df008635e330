//! Making, changing, exchanging and taking back.

use std::collections::BTreeMap;

use authz::{
    AddressRules, ClientKey, ClientKinds, ClientScopes, Permit,
    permission::{ManageApiClients, ManageContracts},
};
use domain::{
    ids::{AccountId, ClientCredentialId, ClientId, TenantId},
    organisation::OrganisationName,
};
use enumset::EnumSet;
use zeroize::Zeroizing;

use super::{
    ApiClient, ClientCredential, MOST_CLIENTS, MOST_KEPT, MOST_LIVE, SCHEMA, ShownClient, StoredProof, count_key, key,
    use_key,
};
use crate::{
    Conflict, Error, Prepared, Store, Stored, Write,
    accounts::is_onboarding,
    callers::whole_tenant,
    item::{Attributes, number},
    otp::digest,
};

/// A program that shall be let in.
#[derive(Debug)]
pub struct NewClient {
    /// What it is called.
    pub name: OrganisationName,
    /// What it may do.
    pub scopes: ClientScopes,
    /// What it may drop.
    pub kinds: ClientKinds,
    /// From where.
    pub addresses: AddressRules,
    /// What it proves itself with.
    pub credential: NewClientCredential,
}

/// What a program shall prove itself with.
#[derive(Debug)]
pub enum NewClientCredential {
    /// A secret, which is made here and shown once.
    Secret,
    /// A key of its own.
    PublicKey(ClientKey),
}

/// What of a client may be changed.
#[derive(Debug, Default)]
pub struct ClientChange {
    /// What it is called.
    pub name: Option<OrganisationName>,
    /// What it may do.
    pub scopes: Option<ClientScopes>,
    /// What it may drop.
    pub kinds: Option<ClientKinds>,
    /// From where.
    pub addresses: Option<AddressRules>,
}

/// A client with a credential that was made for it.
#[derive(Debug)]
pub struct MadeClient {
    /// The client.
    pub client: ShownClient,
    /// Which credential.
    pub credential: ClientCredentialId,
    /// The secret, where it is one: shown now, and never again.
    pub secret: Option<Zeroizing<String>>,
}

fn twice() -> Error {
    Error::Internal("a client's id came twice".to_owned())
}

impl Store {
    /// Lets a program in.
    pub fn create_client(
        &self,
        permit: &Permit<ManageApiClients>,
        new: NewClient,
    ) -> Result<Prepared<MadeClient>, Error> {
        whole_tenant(permit)?;
        let by = permit.actor().account();
        let (credential, secret) = self.new_credential(new.credential, by)?;
        let (id, now) = (self.new_id()?, self.clock.now());
        let client = ApiClient {
            id,
            name: new.name,
            scopes: new.scopes.permissions(),
            drop_kinds: new.kinds.kinds(),
            addresses: new.addresses,
            epoch: 1,
            credentials: vec![credential],
            created_at: now,
            created_by: by,
            updated_at: now,
        };
        let credential = client.credentials[0].id;
        let mut write = Write::new();
        self.add_client(&mut write, permit.tenant(), &client, twice)?;
        let event = self.event(permit, "api_client.create")?.on(id).on(credential);
        let client = ShownClient { client: Stored { record: client, version: 1 }, last_used: BTreeMap::new() };
        Ok(Prepared { thing: MadeClient { client, credential, secret }, write, event })
    }

    fn add_client(
        &self,
        write: &mut Write,
        tenant: TenantId,
        client: &ApiClient,
        taken: fn() -> Error,
    ) -> Result<(), Error> {
        write.create(self, key(tenant, client.id), SCHEMA, client, taken)?;
        let values = Attributes::from([(":one".to_owned(), number(1)), (":most".to_owned(), number(MOST_CLIENTS))]);
        let room = Some("attribute_not_exists(clients) OR clients < :most");
        write.update(self, count_key(tenant), "ADD clients :one", room, values, || Conflict::TooMany.into())?;
        Ok(())
    }

    /// Lets a program in while a deployment is being set up: it drops files and does nothing else, and has no credential yet. A conflict where it is in already.
    pub async fn set_up_client(
        &self,
        permit: &Permit<ManageContracts>,
        tenant: TenantId,
        id: ClientId,
        name: OrganisationName,
    ) -> Result<Prepared<()>, Error> {
        let now = self.clock.now();
        let of = self.load_tenant(tenant).await?.filter(|_| is_onboarding(permit.actor())).ok_or(Error::NotFound)?;
        let kinds = of.record.facts(now).client_kinds(of.record.drop_kinds).unwrap_or_default();
        let client = ApiClient {
            id,
            name,
            scopes: EnumSet::empty(),
            drop_kinds: kinds.kinds(),
            addresses: AddressRules::default(),
            epoch: 1,
            credentials: Vec::new(),
            created_at: now,
            created_by: None,
            updated_at: now,
        };
        let mut write = Write::new();
        self.add_client(&mut write, tenant, &client, || Conflict::WrongState.into())?;
        let event = self.event(permit, "api_client.create")?.in_tenant(tenant).on(id);
        Ok(Prepared { thing: (), write, event })
    }

    /// Changes what a client is called, what it may do, and from where.
    pub async fn change_client(
        &self,
        permit: &Permit<ManageApiClients>,
        id: ClientId,
        version: u64,
        change: ClientChange,
    ) -> Result<Prepared<ShownClient>, Error> {
        let mut shown = self.client_to_change(permit, id, version).await?;
        let client = &mut shown.client.record;
        if let Some(name) = change.name {
            client.name = name;
        }
        if let Some(scopes) = change.scopes {
            client.scopes = scopes.permissions();
        }
        if let Some(kinds) = change.kinds {
            client.drop_kinds = kinds.kinds();
        }
        if let Some(addresses) = change.addresses {
            client.addresses = addresses;
        }
        let write = self.replaced_client(permit.tenant(), &mut shown)?;
        let event = self.event(permit, "api_client.change")?.on(id);
        Ok(Prepared { thing: shown, write, event })
    }

    /// Exchanges what a client proves itself with: the new credential is good at once, the ones before it for `overlap` more seconds. Without an overlap their
    /// tokens end too.
    pub async fn rotate_client(
        &self,
        permit: &Permit<ManageApiClients>,
        id: ClientId,
        version: u64,
        new: NewClientCredential,
        overlap: i64,
    ) -> Result<Prepared<MadeClient>, Error> {
        let mut shown = self.client_to_change(permit, id, version).await?;
        let (client, now) = (&mut shown.client.record, self.clock.now());
        let (made, secret) = self.new_credential(new, permit.actor().account())?;
        let credential = made.id;
        let ends_at = now.plus_seconds(overlap);
        for before in client.credentials.iter_mut().filter(|before| before.is_usable(now)) {
            before.ends_at = Some(before.ends_at.map_or(ends_at, |earlier| earlier.min(ends_at)));
        }
        if overlap == 0 {
            client.epoch += 1;
        }
        client.credentials.push(made);
        if client.credentials.iter().filter(|one| one.is_usable(now)).count() > MOST_LIVE {
            return Err(Conflict::StillInOverlap.into());
        }
        let write = self.replaced_client(permit.tenant(), &mut shown)?;
        let event = self.event(permit, "api_client.rotate")?.on(id).on(credential);
        Ok(Prepared { thing: MadeClient { client: shown, credential, secret }, write, event })
    }

    /// Takes a credential back, and with it every token of the client.
    pub async fn revoke_client_credential(
        &self,
        permit: &Permit<ManageApiClients>,
        id: ClientId,
        credential: ClientCredentialId,
        version: u64,
    ) -> Result<Prepared<ShownClient>, Error> {
        let mut shown = self.client_to_change(permit, id, version).await?;
        let (client, now) = (&mut shown.client.record, self.clock.now());
        let revoked = client.credentials.iter_mut().find(|one| one.id == credential).ok_or(Error::NotFound)?;
        if !revoked.is_usable(now) {
            return Err(Conflict::WrongState.into());
        }
        revoked.revoked_at = Some(now);
        client.epoch += 1;
        let write = self.replaced_client(permit.tenant(), &mut shown)?;
        let event = self.event(permit, "api_client.revoke_credential")?.on(id).on(credential);
        Ok(Prepared { thing: shown, write, event })
    }

    /// Shuts a program out: nothing of it is left but the trail.
    pub async fn delete_client(
        &self,
        permit: &Permit<ManageApiClients>,
        id: ClientId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let tenant = permit.tenant();
        self.client_to_change(permit, id, version).await?;
        let mut write = Write::new();
        write.delete(self, key(tenant, id), Some(version))?;
        write.delete(self, use_key(tenant, id), None)?;
        let values = Attributes::from([(":one".to_owned(), number(1))]);
        let expression = "SET clients = clients - :one";
        write.update(self, count_key(tenant), expression, Some("clients >= :one"), values, || Error::Stale)?;
        let event = self.event(permit, "api_client.delete")?.on(id);
        Ok(Prepared { thing: (), write, event })
    }

    /// The client that is to be changed, as the caller has read it.
    async fn client_to_change(
        &self,
        permit: &Permit<ManageApiClients>,
        id: ClientId,
        version: u64,
    ) -> Result<ShownClient, Error> {
        whole_tenant(permit)?;
        let shown = self.shown_client(permit.tenant(), id).await?;
        if shown.client.version == version { Ok(shown) } else { Err(Error::Stale) }
    }

    /// Writes a changed client in place of the one that was read.
    fn replaced_client(&self, tenant: TenantId, shown: &mut ShownClient) -> Result<Write, Error> {
        let Stored { record: client, version } = &mut shown.client;
        client.updated_at = self.clock.now();
        // What is over goes first, the oldest before the others.
        while client.credentials.len() > MOST_KEPT {
            let over = client.credentials.iter().position(|one| !one.is_usable(client.updated_at));
            client.credentials.remove(over.unwrap_or(0));
        }
        let mut write = Write::new();
        write.replace(self, key(tenant, client.id), SCHEMA, *version, client)?;
        *version += 1;
        Ok(write)
    }

    fn new_credential(
        &self,
        new: NewClientCredential,
        by: Option<AccountId>,
    ) -> Result<(ClientCredential, Option<Zeroizing<String>>), Error> {
        let (proof, secret) = match new {
            NewClientCredential::Secret => {
                let secret = Zeroizing::new(self.random_text::<32>()?);
                (StoredProof::Secret(digest(&secret)), Some(secret))
            }
            NewClientCredential::PublicKey(key) => (StoredProof::PublicKey(key), None),
        };
        let (id, created_at) = (self.new_id()?, self.clock.now());
        Ok((ClientCredential { id, proof, created_at, created_by: by, ends_at: None, revoked_at: None }, secret))
    }
}
