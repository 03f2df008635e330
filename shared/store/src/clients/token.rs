//! A program's way to a token: the grant `client_credentials` (RFC 6749, 4.4).
//!
//! Whatever is wrong, the answer is the same and so are the requests: one read of tenant and client, one event. Only a right proof leads further: to the one use
//! of an assertion's id, to the note of when the credential was used, and to the token.

use authz::{Actor, Asserted, ClientKey, Origin, PermissionId, may_get_token, token::ISSUER};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{ClientCredentialId, ClientId, PLATFORM, TenantId},
    time::Jst,
};
use zeroize::Zeroizing;

use super::{ApiClient, StoredProof, use_key};
use crate::{
    Error, Store,
    item::number,
    key::{Family, Key, Table},
    otp::digest,
};

/// How finely it is noted when a credential was used, in seconds: one write a minute, however often a program asks.
const NOTED_EVERY: i64 = 60;
/// Under which permission the trail shows it: the one that stands before all roles.
const BEFORE_ALL_ROLES: &str = PermissionId::SignIn.name();

/// With what a program proves who it is.
#[derive(Debug)]
pub enum ClientProof {
    /// Its secret.
    Secret(Zeroizing<String>),
    /// A JWT that it signed (RFC 7523).
    Assertion {
        /// The JWT.
        text: Zeroizing<String>,
        /// The address that it asked at, which it may name as the audience instead of us.
        address: String,
    },
}

/// What a program gets.
#[derive(Debug)]
pub struct ClientToken {
    /// Opens doors for 15 minutes.
    pub access_token: String,
    /// What it may do at this moment.
    pub scopes: Vec<&'static str>,
}

/// How a client is called when it asks for a token: whose it is, and which. One read finds both, and no list of all tenants' clients is needed.
pub(super) fn oauth_id(tenant: TenantId, client: ClientId) -> String {
    format!("{tenant}.{client}")
}

fn read_oauth_id(text: &str) -> Option<(TenantId, ClientId)> {
    let (tenant, client) = text.split_once('.')?;
    Some((tenant.parse().ok()?, client.parse().ok()?))
}

impl ApiClient {
    /// The credential that the proof is of, if any; and the assertion, if it is one.
    fn proven_by(
        &self,
        oauth_id: &str,
        proof: &ClientProof,
        now: Jst,
    ) -> Option<(ClientCredentialId, Option<Asserted>)> {
        let mut usable = self.credentials.iter().filter(|credential| credential.is_usable(now));
        usable.find_map(|credential| {
            let asserted = match (&credential.proof, proof) {
                (StoredProof::Secret(kept), ClientProof::Secret(secret)) => {
                    verify_slices_are_equal(kept.as_bytes(), digest(secret).as_bytes()).ok().map(|()| None)
                }
                (StoredProof::PublicKey(key), ClientProof::Assertion { text, address }) => {
                    asserted(key, text, oauth_id, address, now).map(Some)
                }
                _ => None,
            };
            asserted.map(|asserted| (credential.id, asserted))
        })
    }
}

fn asserted(key: &ClientKey, text: &str, oauth_id: &str, address: &str, now: Jst) -> Option<Asserted> {
    key.check(text, oauth_id, &[ISSUER, address], now).ok()
}

impl Store {
    /// A token for the program that calls itself `oauth_id`; `None` where it may have none, for whichever reason.
    pub async fn client_token(
        &self,
        oauth_id: &str,
        proof: &ClientProof,
        origin: Origin,
    ) -> Result<Option<ClientToken>, Error> {
        let now = self.clock.now();
        // Who is no client at all is looked for like one: this is nobody's.
        let (tenant, id) = read_oauth_id(oauth_id).unwrap_or((PLATFORM, ClientId::from_bytes([0; 16])));
        let found = self.program(tenant, id).await?;
        let proven = found.as_ref().and_then(|(of, client)| {
            let may = may_get_token(of, &client.facts(tenant), origin.address, now);
            client.proven_by(oauth_id, proof, now).filter(|_| may)
        });
        if let (Some((of, client)), Some((credential, asserted))) = (&found, proven)
            && self.uses_once(tenant, id, asserted.as_ref()).await?
        {
            self.note_use(tenant, id, credential).await?;
            let actor = Actor::Program { client: id, origin };
            self.tell(self.event_of(tenant, &actor, BEFORE_ALL_ROLES, "token.issue")?.on(credential)).await?;
            let access_token = self.signer().await?.client_access(tenant, id, client.epoch, now);
            let access_token = access_token.map_err(|error| Error::Internal(error.to_string()))?;
            let mut scopes: Vec<_> = client.scopes.iter().map(PermissionId::name).collect();
            if !client.facts(tenant).droppable(of).is_empty() {
                scopes.push(PermissionId::DropFiles.name());
            }
            return Ok(Some(ClientToken { access_token, scopes }));
        }
        // In the trail of whom it is about; where it is about nobody, in our own.
        let actor = Actor::Applicant { origin };
        let trail = if found.is_some() { tenant } else { PLATFORM };
        let event = self.event_of(trail, &actor, BEFORE_ALL_ROLES, "token.issue")?.refused("wrong_credentials");
        self.tell(if found.is_some() { event.on(id) } else { event }).await?;
        Ok(None)
    }

    /// Uses up an assertion's id; false where it was used before. It is remembered for as long as the assertion would be good.
    async fn uses_once(&self, tenant: TenantId, client: ClientId, asserted: Option<&Asserted>) -> Result<bool, Error> {
        let Some(Asserted { id, ends_at }) = asserted else { return Ok(true) };
        let key = Key::new(Table::Records, tenant, Family::Assertion, client, digest(id));
        let request = self
            .db
            .update(&key)
            .update_expression("SET expires_at = :ends")
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":ends", AttributeValue::N(ends_at.to_string()))
            .expression_attribute_values(":now", AttributeValue::N(self.clock.now().epoch_seconds().to_string()));
        Ok(self.db.send_update(&key, request).await?.is_some())
    }

    /// Notes that a credential was used, unless that was noted within the minute.
    async fn note_use(&self, tenant: TenantId, client: ClientId, credential: ClientCredentialId) -> Result<(), Error> {
        let (key, now) = (use_key(tenant, client), self.clock.now());
        let request = self
            .db
            .update(&key)
            .update_expression(format!("SET {credential} = :now, version = :one"))
            .condition_expression(format!("attribute_not_exists({credential}) OR {credential} < :before"))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":before", AttributeValue::S(now.plus_seconds(-NOTED_EVERY).to_string()))
            .expression_attribute_values(":one", number(1));
        self.db.send_update(&key, request).await?;
        Ok(())
    }
}
