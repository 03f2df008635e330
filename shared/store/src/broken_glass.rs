//! Broken glass (非常時アクセス, R-32): one of the provider's people looks at a customer's settings and accounts, for a ticket and at most an hour.
//!
//! ```text
//!             ticket, reason, minutes; a fresh one-time password
//! nothing ─────────────────────────────────────────────────────────▶ broken, in this session, in one tenant
//!    ▲                                                                   │
//!    └── mended by the operator, the time is over, the session ends ──────┘
//! ```
//!
//! What may be seen through it says the matrix (`Cell::BrokenGlass`): no names, no addresses, no health data, and nothing can be changed. Ticket, reason, beginning, every look and the end
//! stand in the customer's own audit trail, and all its administrators get a mail when it begins.

use authz::{
    Actor, Denied, Permission, Permit, TenantState,
    permission::{BreakGlass, MendGlass},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    checked::line,
    ids::{PLATFORM, TenantId},
    time::Jst,
};

use crate::{
    Conflict, Error, Notice, Prepared, Store, Write,
    item::{Attributes, number},
    sessions::{self, Glass, Session},
    tenants::attribute,
};

/// For how many minutes at most.
pub const MOST_MINUTES: u8 = 60;
/// How long a reason is at most.
const LONGEST_REASON: usize = 500;

/// What an operator says before they look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlassReason {
    ticket: String,
    reason: String,
    minutes: u8,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlassFault {
    /// The ticket is no ticket's number.
    Ticket,
    /// There is no reason, or a long one.
    Reason,
    /// Not 1 to 60 minutes.
    Minutes,
}

impl GlassReason {
    /// A ticket's number, a reason in one line, and 1 to 60 minutes; or everything that is wrong.
    pub fn parse(ticket: &str, reason: &str, minutes: u8) -> Result<Self, Vec<GlassFault>> {
        let ticket = ticket_number(ticket);
        let reason = line(reason, LONGEST_REASON).filter(|reason| reason.chars().count() >= 5).map(String::from);
        let faults = [
            (ticket.is_none(), GlassFault::Ticket),
            (reason.is_none(), GlassFault::Reason),
            (!(1..=MOST_MINUTES).contains(&minutes), GlassFault::Minutes),
        ];
        match (ticket, reason) {
            (Some(ticket), Some(reason)) if !faults[2].0 => Ok(Self { ticket, reason, minutes }),
            _ => Err(faults.into_iter().filter(|(is_so, _)| *is_so).map(|(_, fault)| fault).collect()),
        }
    }
}

/// A ticket's number: 1 to 64 letters, digits, hyphens and the like.
pub(crate) fn ticket_number(text: &str) -> Option<String> {
    let text = text.trim();
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'#' | b'/' | b'.');
    ((1..=64).contains(&text.len()) && text.bytes().all(is_sign)).then(|| text.to_owned())
}

impl Store {
    /// Breaks the glass in `tenant`, for this session. Answers until when.
    pub async fn break_glass(
        &self,
        permit: &Permit<BreakGlass>,
        tenant: TenantId,
        said: GlassReason,
    ) -> Result<Prepared<Jst>, Error> {
        let (account, session) = operator(permit)?;
        let of = self.load_tenant(tenant).await?.filter(|_| tenant != PLATFORM).ok_or(Error::NotFound)?;
        if of.record.state == TenantState::Purging {
            return Err(Conflict::WrongState.into());
        }
        let ends_at = self.clock.now().plus_seconds(60 * i64::from(said.minutes));
        // The version moves, so that a refresh that is under way does not write the session back as it was.
        let values = Attributes::from([
            (":glass".to_owned(), attribute(&Glass { tenant, ends_at })?),
            (":now".to_owned(), attribute(&self.clock.now())?),
            (":one".to_owned(), number(1)),
        ]);
        let mut write = Write::new();
        let key = sessions::key(PLATFORM, account, session);
        // One at a time, and none is prolonged: an hour is an hour.
        let condition = "attribute_exists(pk) AND (attribute_not_exists(broken_glass) OR broken_glass.ends_at <= :now)";
        let expression = "SET broken_glass = :glass, version = version + :one";
        write.update(self, key, expression, Some(condition), values, || Conflict::WrongState.into())?;
        let GlassReason { ticket, reason, .. } = said;
        let event = self
            .event(permit, "break_glass.begin")?
            .on(tenant)
            .because(format!("ticket:{ticket}"))
            .accounted_for(&reason);
        write.tell(self, &event.clone().in_tenant(tenant).again(self)?).await?;
        let notice = Notice::GlassBroken { at: self.clock.now(), until: ends_at, ticket, reason };
        self.enqueue_to_administrators(&mut write, tenant, &notice).await?;
        Ok(Prepared { thing: ends_at, write, event })
    }

    /// Until when the glass in `tenant` is broken in this session.
    pub async fn broken_glass(&self, permit: &Permit<MendGlass>, tenant: TenantId) -> Result<Jst, Error> {
        let (account, session) = operator(permit)?;
        let session = self.load::<Session>(&sessions::key(PLATFORM, account, session)).await?;
        let glass = session.and_then(|session| session.record.glass_at(self.clock.now()));
        glass.filter(|glass| glass.tenant == tenant).map(|glass| glass.ends_at).ok_or(Error::NotFound)
    }

    /// Mends it before its time.
    pub async fn mend_glass(&self, permit: &Permit<MendGlass>, tenant: TenantId) -> Result<Prepared<()>, Error> {
        let (account, session) = operator(permit)?;
        let values = Attributes::from([
            (":tenant".to_owned(), AttributeValue::S(tenant.to_string())),
            (":now".to_owned(), attribute(&self.clock.now())?),
            (":one".to_owned(), number(1)),
        ]);
        let mut write = Write::new();
        let key = sessions::key(PLATFORM, account, session);
        let condition = Some("broken_glass.tenant = :tenant AND broken_glass.ends_at > :now");
        let expression = "SET version = version + :one REMOVE broken_glass";
        write.update(self, key, expression, condition, values, || Error::NotFound)?;
        let event = self.event(permit, "break_glass.end")?.on(tenant);
        write.tell(self, &event.clone().in_tenant(tenant).again(self)?).await?;
        Ok(Prepared { thing: (), write, event })
    }

    /// Writes a look through broken glass into the customer's trail, before anything is shown.
    pub async fn note_look<P: Permission>(&self, permit: &Permit<P>) -> Result<(), Error> {
        self.tell(self.event(permit, "break_glass.look")?).await
    }
}

fn operator<P: Permission>(permit: &Permit<P>) -> Result<(domain::ids::AccountId, domain::ids::SessionId), Error> {
    match permit.actor() {
        Actor::Account { account, session, .. } if permit.tenant() == PLATFORM => Ok((*account, *session)),
        _ => Err(Denied::Forbidden.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r32_glass_is_broken_with_a_ticket_a_reason_and_for_an_hour_at_most() {
        assert!(GlassReason::parse("INC-2026/0412", "権限の設定に関するお問い合わせ", 60).is_ok());
        let all = [GlassFault::Ticket, GlassFault::Reason, GlassFault::Minutes];
        assert_eq!(GlassReason::parse("", "  ", 0).unwrap_err(), all);
        assert_eq!(GlassReason::parse("INC 1", "二行の\n理由です", 61).unwrap_err(), all);
    }
}
