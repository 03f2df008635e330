//! Sessions: one per signed-in device, and the refresh tokens that keep it alive.
//!
//! A refresh token is random, kept as a hash, and rotated at each use. The one before it, within 60 seconds and while its successor is unused,
//! gets the same successor again: the answer was lost. Any other reuse means that somebody else has a copy, and ends the session.

use authz::{Actor, Origin, Permit, SessionFacts, permission::ManageOwnSessions};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    ids::{AccountId, SessionId, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Store, Write,
    accounts::{self, Account},
    db::Range,
    item::{Attributes, Sealed, Stored, from_item, number},
    key::{Family, Key, Table, partition},
    otp::digest,
    sign_in::Tokens,
};

pub(crate) const SCHEMA: u8 = 1;
/// How long a lost answer may be asked for again, in seconds.
const LOST_ANSWER_SECONDS: i64 = 60;

/// For how long sessions live: idle, and at all, in seconds (R-03: shorter beyond employee).
struct Lifetime {
    idle: i64,
    absolute: i64,
}

const PRIVILEGED: Lifetime = Lifetime { idle: 30 * 60, absolute: 12 * 3600 };
const EMPLOYEE: Lifetime = Lifetime { idle: 7 * 86_400, absolute: 30 * 86_400 };

fn lifetime(account: &Account) -> &'static Lifetime {
    if account.is_privileged() { &PRIVILEGED } else { &EMPLOYEE }
}

/// A session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The account's epoch when it was made.
    pub(crate) epoch: u64,
    /// When it was made.
    pub created_at: Jst,
    /// When it was last kept alive.
    pub refreshed_at: Jst,
    /// Until when it lives at most.
    pub ends_at: Jst,
    /// When a one-time password was last given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub second_factor_at: Option<Jst>,
    /// Where an operator has broken the glass, and until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    broken_glass: Option<Glass>,
    /// From where and with what: an address and a client's name.
    device: Sealed,
    /// The hash of the refresh token.
    refresh: String,
    /// The hash of the one before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous: Option<String>,
    /// The refresh token itself, for whoever lost the answer that held it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    successor: Option<Sealed>,
    expires_at: i64,
}

/// An operator's look into a tenant.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Glass {
    pub(crate) tenant: TenantId,
    pub(crate) ends_at: Jst,
}

impl Session {
    /// Where the glass is broken at `now`.
    pub(crate) fn glass_at(&self, now: Jst) -> Option<Glass> {
        self.broken_glass.filter(|glass| glass.ends_at > now)
    }

    /// What decisions need to know of it. Whoever was promoted since they signed in has the shorter life from that moment on.
    pub(crate) fn facts(&self, session: SessionId, account: &Account) -> SessionFacts {
        let Lifetime { idle, absolute } = lifetime(account);
        let ends = [self.ends_at, self.created_at.plus_seconds(*absolute), self.refreshed_at.plus_seconds(*idle)];
        SessionFacts {
            session,
            epoch: self.epoch,
            expires_at: ends.into_iter().fold(self.ends_at, Jst::min),
            second_factor_at: self.second_factor_at,
        }
    }
}

/// From where and with what somebody signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Device {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
    /// What the client calls itself, cut to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<String>,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// Its id.
    pub id: SessionId,
    /// The session.
    pub session: Session,
    /// From where and with what.
    pub device: Device,
    /// Whether it is the one that asks.
    pub current: bool,
}

pub(crate) fn key(tenant: TenantId, account: AccountId, session: SessionId) -> Key {
    Key::new(Table::Records, tenant, Family::Session, account, session)
}

/// A refresh token: where the session is, and a secret.
struct RefreshToken {
    tenant: TenantId,
    account: AccountId,
    session: SessionId,
    secret: String,
}

impl RefreshToken {
    fn text(&self) -> String {
        let ids = [*self.tenant.as_bytes(), *self.account.as_bytes(), *self.session.as_bytes()].concat();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(ids), self.secret)
    }

    fn read(text: &str) -> Option<Self> {
        let (ids, secret) = text.split_once('.')?;
        let ids = URL_SAFE_NO_PAD.decode(ids).ok()?;
        let (tenant, rest) = ids.split_first_chunk::<16>()?;
        let (account, rest) = rest.split_first_chunk::<16>()?;
        let session: &[u8; 16] = rest.try_into().ok()?;
        Some(Self {
            tenant: TenantId::from_bytes(*tenant),
            account: AccountId::from_bytes(*account),
            session: SessionId::from_bytes(*session),
            secret: secret.to_owned(),
        })
    }
}

impl Store {
    /// Begins a session for an account that has proven itself; `actor` is who signed in.
    pub(crate) async fn begin_session(
        &self,
        tenant: TenantId,
        account: &Account,
        actor: &Actor,
        device: &Device,
        second_factor: bool,
        mut write: Write,
    ) -> Result<Tokens, Error> {
        let now = self.clock.now();
        let id: SessionId = self.new_id()?;
        let key = key(tenant, account.id, id);
        let secret = self.random_text::<32>()?;
        let ends_at = now.plus_seconds(lifetime(account).absolute);
        let session = Session {
            epoch: account.epoch,
            created_at: now,
            refreshed_at: now,
            ends_at,
            second_factor_at: second_factor.then_some(now),
            broken_glass: None,
            device: self.seal(tenant, Purpose::Credentials, &key, "device", device).await?,
            refresh: digest(&secret),
            previous: None,
            successor: None,
            expires_at: ends_at.epoch_seconds(),
        };
        write.create(self, key, SCHEMA, &session, || Error::Internal("a session's id came twice".to_owned()))?;
        let event = self.event_of(tenant, actor, "sign_in", "session.begin")?.on(account.id).on(id);
        write.commit(self, event).await?;
        self.tokens(&RefreshToken { tenant, account: account.id, session: id, secret }).await
    }

    async fn tokens(&self, refresh: &RefreshToken) -> Result<Tokens, Error> {
        let access_token = self
            .signer()
            .await?
            .access(refresh.tenant, refresh.account, refresh.session, self.clock.now())
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Tokens { access_token, refresh_token: refresh.text() })
    }

    /// New tokens for a refresh token; `None` if it is no good, for whichever reason.
    pub async fn refresh_session(&self, token: &str, origin: &Origin) -> Result<Option<Tokens>, Error> {
        let Some(token) = RefreshToken::read(token) else { return Ok(None) };
        let key = key(token.tenant, token.account, token.session);
        let found = self.load_signed_in(token.tenant, token.account, token.session).await?;
        let Some((tenant, account, Stored { record: session, version })) = found else { return Ok(None) };
        let now = self.clock.now();
        let alive = session.epoch == account.epoch
            && account.state_at(now) == authz::AccountState::Active
            && now < session.facts(token.session, &account).expires_at
            && authz::may_sign_in(&tenant.facts(now), &account.facts(token.tenant, now), origin.address, now);
        if !alive {
            return Ok(None);
        }
        let presented = digest(&token.secret);
        if presented == session.refresh {
            return self.rotate_refresh(token, key, session, version, origin).await;
        }
        let lost = session.previous.as_ref() == Some(&presented)
            && now <= session.refreshed_at.plus_seconds(LOST_ANSWER_SECONDS);
        if let (true, Some(successor)) = (lost, &session.successor) {
            let secret = self.open(token.tenant, Purpose::Credentials, &key, "successor", successor).await?;
            return self.tokens(&RefreshToken { secret, ..token }).await.map(Some);
        }
        self.end_reused(&token, key, origin).await?;
        Ok(None)
    }

    async fn rotate_refresh(
        &self,
        token: RefreshToken,
        key: Key,
        session: Session,
        version: u64,
        origin: &Origin,
    ) -> Result<Option<Tokens>, Error> {
        let secret = self.random_text::<32>()?;
        let renewed = Session {
            previous: Some(session.refresh.clone()),
            refresh: digest(&secret),
            successor: Some(self.seal(token.tenant, Purpose::Credentials, &key, "successor", &secret).await?),
            refreshed_at: self.clock.now(),
            ..session
        };
        let mut write = Write::new();
        write.replace(self, key, SCHEMA, version, &renewed)?;
        match write.commit_unaudited(self).await {
            Ok(()) => self.tokens(&RefreshToken { secret, ..token }).await.map(Some),
            // The same token came twice at once: the other one was first, and this one is a lost answer's repetition.
            Err(Error::Stale) => Box::pin(self.refresh_session(&token.text(), origin)).await,
            Err(error) => Err(error),
        }
    }

    async fn end_reused(&self, token: &RefreshToken, key: Key, origin: &Origin) -> Result<(), Error> {
        let actor = Actor::Applicant { origin: origin.clone() };
        let event = self.event_of(token.tenant, &actor, "sign_in", "session.end")?.on(token.account).on(token.session);
        let mut write = Write::new();
        write.delete(self, key, None)?;
        write.commit(self, event.because("refresh_token_reused")).await
    }

    /// The caller's own sessions, newest first.
    pub async fn own_sessions(&self, permit: &Permit<ManageOwnSessions>) -> Result<Vec<OwnSession>, Error> {
        let Actor::Account { account, session: current, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let account = self.load_account(tenant, *account).await?.ok_or(Error::NotFound)?.record;
        let range =
            Range::whole(Table::Records, Family::Session, partition(tenant, Family::Session, account.id)).descending();
        let mut sessions = Vec::new();
        for item in self.db.query_all(range).await? {
            let Some(id) = crate::item::as_text(&item, "sk").and_then(|sk| sk.parse::<SessionId>().ok()) else {
                continue;
            };
            let Some(Stored { record: session, .. }) = from_item::<Session>(item, self.clock.now())? else { continue };
            if session.epoch == account.epoch {
                let key = key(tenant, account.id, id);
                let device = self.open(tenant, Purpose::Credentials, &key, "device", &session.device).await?;
                sessions.push(OwnSession { id, session, device, current: id == *current });
            }
        }
        Ok(sessions)
    }

    /// Ends all of the caller's own sessions, the one that asks among them: the account has another epoch.
    pub async fn end_all_sessions(&self, permit: &Permit<ManageOwnSessions>) -> Result<(), Error> {
        let Actor::Account { account, .. } = permit.actor() else { return Err(Error::NotFound) };
        let tenant = permit.tenant();
        let key = accounts::key(tenant, *account);
        let values = Attributes::from([(":one".to_owned(), number(1))]);
        let mut write = Write::new();
        // What changes at the same moment keeps its change: nothing is written but the count.
        let expression = "ADD epoch :one, version :one";
        write.update(self, key, expression, Some("attribute_exists(pk)"), values, || Error::NotFound)?;
        write.commit(self, self.event(permit, "session.end_all")?.on(account)).await
    }

    /// Ends one of the caller's own sessions; the one that asks, if none is named.
    pub async fn end_session(
        &self,
        permit: &Permit<ManageOwnSessions>,
        session: Option<SessionId>,
    ) -> Result<(), Error> {
        let Actor::Account { account, session: current, .. } = permit.actor() else { return Err(Error::NotFound) };
        let session = session.unwrap_or(*current);
        let key = key(permit.tenant(), *account, session);
        if self.db.get(&key).await?.is_none() {
            return Err(Error::NotFound);
        }
        let event = self.event(permit, "session.end")?.on(account).on(session);
        let mut write = Write::new();
        write.delete(self, key, None)?;
        write.commit(self, event).await
    }
}
