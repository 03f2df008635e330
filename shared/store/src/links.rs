//! One-time links (ワンタイムリンク) that come by mail and set a password: an invitation to a new account, and the way back for whoever forgot theirs (R-06).
//!
//! ```text
//!                         used: the password is set
//! made, sealed in a mail ──────────────────────────▶ gone
//!          │ 72 hours (invitation) or 30 minutes (reset) pass
//!          │ the account changes: another password, suspended, deleted, its mail address is another
//!          └──────────────────────────────────────▶ dead
//! ```
//!
//! A link is a secret of 256 random bits, kept as a hash, and bound to the account's epoch: whatever ends the account's sessions ends its links. The item goes in the very
//! transaction that sets the password, so that of two who use a link at once one does.
//!
//! Whoever asks for a reset learns nothing. The request writes down what was asked, whatever it was, and nothing else; whether there is such an account is looked up later,
//! by `mail-delivery`, which nobody waits for. So the answer and its time are the same for every input.

use authz::{
    AccountState, Actor, Origin, Permit,
    permission::{DeliverMail, UseLink},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    account::password::Violation,
    ids::{AccountId, PLATFORM, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    Error, Notice, Store, Write,
    accounts::Account,
    credentials::{Lock, PasswordSet},
    item::{Attributes, Stored, to_item},
    key::{Family, Key, Table},
    otp::digest,
    sign_in::Applicant,
};

const SCHEMA: u8 = 1;
/// How often a link is tried again whose account changed at that very moment.
const ATTEMPTS: usize = 3;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The first password of a new account.
    Invitation,
    /// Another password.
    Reset,
}

impl LinkKind {
    /// For how long it is good, in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Invitation => 72 * 3600,
            Self::Reset => 30 * 60,
        }
    }

    /// The state in which an account must be for it.
    const fn state(self) -> AccountState {
        match self {
            Self::Invitation => AccountState::Invited,
            Self::Reset => AccountState::Active,
        }
    }

    /// What becomes of the lock: an employee's is lifted by mail, a privileged account's by an administrator alone (R-07).
    fn lock(self, account: &Account) -> Lock {
        if self == Self::Reset && account.is_privileged() { Lock::Stays } else { Lock::IsLifted }
    }
}

/// The secret part of a link's address: absent from debug output, and stored nowhere but sealed in its mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct LinkToken(String);

impl LinkToken {
    /// As it stands in the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(tenant: TenantId, secret: &str) -> Self {
        Self(format!("{}.{secret}", URL_SAFE_NO_PAD.encode(tenant.as_bytes())))
    }

    /// Whose it would be, and its secret's hash.
    fn read(text: &str) -> Option<(TenantId, String)> {
        let (tenant, secret) = text.split_once('.')?;
        let tenant: [u8; 16] = URL_SAFE_NO_PAD.decode(tenant).ok()?.try_into().ok()?;
        Some((TenantId::from_bytes(tenant), digest(secret)))
    }
}

impl std::fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    link_kind: LinkKind,
    account: AccountId,
    epoch: u64,
    expires_at: i64,
}

/// Somebody's wish to have a link sent: what they typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetAsked {
    /// What they typed as the tenant's code; none for the provider's own people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) tenant_code: Option<String>,
    /// What they typed as their login id.
    pub(crate) login_id: String,
}

fn key(tenant: TenantId, digest: &str) -> Key {
    Key::new(Table::Records, tenant, Family::Link, digest, "LINK")
}

impl Store {
    /// Adds to `write` a link for `account` as it will be, and the mail that brings it. Answers until when it is good.
    pub(crate) async fn send_link(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: &Account,
        kind: LinkKind,
    ) -> Result<Jst, Error> {
        let secret = Zeroizing::new(self.random_text::<32>()?);
        let key = key(tenant, &digest(&secret));
        let until = self.clock.now().plus_seconds(kind.seconds());
        let record =
            Record { link_kind: kind, account: account.id, epoch: account.epoch, expires_at: until.epoch_seconds() };
        let item = to_item(&key, 1, SCHEMA, &record)?;
        write.put_over(self, key, item, None, || Error::Internal("a link's secret came twice".to_owned()))?;
        let token = LinkToken::of(tenant, &secret);
        let notice = match kind {
            LinkKind::Invitation => Notice::Invitation { token, until },
            LinkKind::Reset => Notice::PasswordReset { token, until },
        };
        self.enqueue(write, tenant, account.id, &notice).await?;
        Ok(until)
    }

    /// Sets a password with a link. Not found where the link is no good, for whichever reason.
    pub async fn use_link(
        &self,
        kind: LinkKind,
        token: &str,
        password: Zeroizing<String>,
        origin: &Origin,
    ) -> Result<Result<(), Vec<Violation>>, Error> {
        let (tenant, digest) = LinkToken::read(token).ok_or(Error::NotFound)?;
        for _ in 0..ATTEMPTS {
            match self.try_link(kind, tenant, &digest, &password, origin).await {
                Err(Error::Stale) => {}
                outcome => return outcome,
            }
        }
        Err(Error::Unavailable("an account kept changing".to_owned()))
    }

    async fn try_link(
        &self,
        kind: LinkKind,
        tenant: TenantId,
        digest: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<Result<(), Vec<Violation>>, Error> {
        let link = key(tenant, digest);
        let (stored, now) = (self.load::<Record>(&link).await?, self.clock.now());
        let record = stored.map(|stored| stored.record).filter(|record| record.link_kind == kind);
        let record = record.ok_or(Error::NotFound)?;
        let account = self.load_account(tenant, record.account).await?.ok_or(Error::NotFound)?;
        let of = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.facts(now);
        let is_alive = account.record.epoch == record.epoch
            && account.record.state_at(now) == kind.state()
            // From where is asked at the sign-in that follows.
            && (tenant == PLATFORM || authz::may_sign_in(&of, &account.record.facts(tenant, now), origin.address, now));
        if !is_alive {
            return Err(Error::NotFound);
        }
        let (_, credential) = self.credential_of(tenant, &account.record).await?;
        let new = match self.check_password(tenant, &account.record, &credential, password).await? {
            Ok(new) => new,
            Err(violations) => return Ok(Err(violations)),
        };
        let mut write = Write::new();
        write.delete_if(self, link, "attribute_exists(pk)", Attributes::new(), || Error::NotFound)?;
        let set = PasswordSet { new, lock: kind.lock(&account.record), initial: false };
        let changed = self.put_password(&mut write, tenant, &account, set).await?;
        if kind == LinkKind::Reset {
            self.enqueue(&mut write, tenant, changed.id, &Notice::PasswordChanged { at: now }).await?;
        }
        let permit = link_permit(tenant, origin);
        let action = match kind {
            LinkKind::Invitation => "account.accept_invitation",
            LinkKind::Reset => "account.use_reset_link",
        };
        write.commit(self, self.event(&permit, action)?.on(changed.id)).await.map(Ok)
    }

    /// Writes down that somebody wants a link for this login, whoever they are and whatever it is.
    pub async fn ask_reset(&self, tenant_code: Option<String>, login_id: String, origin: &Origin) -> Result<(), Error> {
        let mut write = Write::new();
        self.enqueue_reset(&mut write, ResetAsked { tenant_code, login_id }).await?;
        let event = self.event(&link_permit(PLATFORM, origin), "password_reset.ask")?;
        write.commit(self, event).await
    }

    /// Answers a wish: in one transaction the mail with the link, if there is an account that may have one, and the wish is over. Whether there was one is told to nobody.
    pub(crate) async fn answer_reset(
        &self,
        permit: &Permit<DeliverMail>,
        asked: &ResetAsked,
        mut write: Write,
    ) -> Result<bool, Error> {
        let origin = permit.actor().origin().clone();
        let Some((tenant, account)) = self.resettable(asked, origin).await? else {
            write.commit_unaudited(self).await?;
            return Ok(false);
        };
        self.send_link(&mut write, tenant, &account, LinkKind::Reset).await?;
        let event = self.event(permit, "account.send_reset_link")?.in_tenant(tenant).on(account.id);
        write.commit(self, event).await?;
        Ok(true)
    }

    /// The account that somebody means, if its holder may set another password by mail: active, and with a mail address.
    async fn resettable(&self, asked: &ResetAsked, origin: Origin) -> Result<Option<(TenantId, Account)>, Error> {
        let Applicant { permit, credential, .. } =
            self.applicant(asked.tenant_code.as_deref(), &asked.login_id, origin).await?;
        let tenant = permit.tenant();
        let Some(account) = credential.and_then(|credential| credential.account) else { return Ok(None) };
        let Some(Stored { record: account, .. }) = self.load_account(tenant, account).await? else { return Ok(None) };
        let has_mail = self.load_holder(tenant, account.id).await?.is_some_and(|holder| holder.mail.is_some());
        Ok((account.state_at(self.clock.now()) == AccountState::Active && has_mail).then_some((tenant, account)))
    }
}

/// The permit of whoever holds a link: the link is what counts.
fn link_permit(tenant: TenantId, origin: &Origin) -> Permit<UseLink> {
    #[expect(clippy::disallowed_methods, reason = "no role decides who may try a link")]
    Permit::for_job(tenant, Actor::Applicant { origin: origin.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_whose_it_is_and_nothing_in_debug_output() {
        let tenant = TenantId::from_bytes([7; 16]);
        let token = LinkToken::of(tenant, "s3cret");
        assert_eq!(LinkToken::read(token.as_str()), Some((tenant, digest("s3cret"))));
        assert_eq!(format!("{token:?}"), "LinkToken(…)");
        for text in ["", ".", "x.y", "AAAA.secret", "no-dot"] {
            assert_eq!(LinkToken::read(text), None, "{text}");
        }
    }
}
