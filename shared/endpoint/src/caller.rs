//! Who calls: the extractor that turns a request into a permit. A handler that takes `permit: Permit<ViewCheckups>` runs for those who have it, and for nobody else.

use std::net::IpAddr;

use authz::{
    ClientKinds, ClientScopes, Facts, ImportKind, Origin, Permission, PermissionId, Permit, RoleStanding,
    permission::AnswerAtKiosk,
};
use axum::extract::FromRequestParts;
use enumset::EnumSet;
use http::{header, request::Parts};
use lambda_http::request::RequestContext;
use store::KioskToken;
use tracing::field::display;

use crate::{App, Problem, problem::Kind};

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    /// Gathers the facts once per request, however many permits its handler asks for.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let token = bearer(parts).ok_or(Problem::new(Kind::Unauthenticated))?;
        let facts = app.store.facts(token, origin(parts)).await?;
        let caller = Self { facts };
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// Somebody with a token, before any decision.
#[derive(Debug, Clone)]
pub struct Caller {
    facts: Facts,
}

impl Caller {
    /// Asks for a permit.
    pub(crate) fn permit<P: Permission>(&self) -> Result<Permit<P>, Problem> {
        Ok(self.facts.permit()?)
    }

    /// What the caller may give a program; or else those of `scopes` that go beyond what they may do themselves.
    pub fn client_scopes(&self, scopes: EnumSet<PermissionId>) -> Result<ClientScopes, EnumSet<PermissionId>> {
        self.facts.client_scopes(scopes)
    }

    /// What a program of the caller's tenant may be given to drop; or else those of `kinds` that it may not.
    pub fn client_kinds(&self, kinds: EnumSet<ImportKind>) -> Result<ClientKinds, EnumSet<ImportKind>> {
        self.facts.client_kinds(kinds)
    }

    /// The caller's roles, each with what keeps it from being used in this request.
    #[must_use]
    pub fn roles(&self) -> Vec<RoleStanding> {
        self.facts.roles()
    }
}

/// A permit as a handler's argument. (`Permit` is `authz`'s and the trait is axum's; that the state is ours makes the implementation legal.)
impl<P: Permission> FromRequestParts<App> for Permit<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        decided(Caller::from_request_parts(parts, app).await?, app).await
    }
}

/// The permit, or why there is none. From here on the log's lines say whose request it is. A look through broken glass is told to the customer before anything is shown; what cannot be told is not shown.
async fn decided<P: Permission>(caller: Caller, app: &App) -> Result<Permit<P>, Problem> {
    let permit = caller.permit()?;
    let span = tracing::Span::current();
    span.record("tenant", display(permit.tenant()));
    if let Some(actor) = permit.actor().id() {
        span.record("actor", actor);
    }
    if permit.is_through_broken_glass() {
        app.store.note_look(&permit).await?;
    }
    Ok(permit)
}

/// Somebody at a shared terminal (共用端末), with a token of its own kind that no other extractor takes. Whoever comes with another token is told what the matrix says: no role has this.
#[derive(Debug)]
pub struct AtKiosk(pub Permit<AnswerAtKiosk>);

impl FromRequestParts<App> for AtKiosk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or(Problem::new(Kind::Unauthenticated))?;
        if !KioskToken::is_meant(token) {
            return Permit::from_request_parts(parts, app).await.map(Self);
        }
        let permit = app.store.kiosk_permit(token, origin(parts)).await?;
        tracing::Span::current().record("tenant", display(permit.tenant()));
        Ok(Self(permit))
    }
}

/// A further permit, which only some requests to an operation need: decided with the first one, insisted on when it turns out to be needed.
#[derive(Debug)]
pub struct Further<P>(Result<Permit<P>, Problem>);

impl<P> Further<P> {
    /// The permit, or why there is none.
    pub fn demand(self) -> Result<Permit<P>, Problem> {
        self.0
    }
}

impl<P: Permission> FromRequestParts<App> for Further<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(decided(Caller::from_request_parts(parts, app).await?, app).await))
    }
}

/// From where a request came, as API Gateway saw it; a header never counts.
#[derive(Debug)]
pub struct From(pub Origin);

impl FromRequestParts<App> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Ok(Self(origin(parts)))
    }
}

/// The address that a request was sent to, as API Gateway saw it: what a program may name when it says for whom its assertion is.
#[derive(Debug)]
pub struct SentTo(pub String);

impl FromRequestParts<App> for SentTo {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(RequestContext::ApiGatewayV1(context)) = parts.extensions.get::<RequestContext>() else {
            return Ok(Self(String::new()));
        };
        let domain = context.domain_name.as_deref().unwrap_or_default();
        Ok(Self(format!("https://{domain}{}", context.path.as_deref().unwrap_or_default())))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn origin(parts: &Parts) -> Origin {
    let Some(RequestContext::ApiGatewayV1(context)) = parts.extensions.get::<RequestContext>() else {
        return Origin::default();
    };
    let address = context.identity.source_ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
    Origin { address, request_id: context.request_id.clone().unwrap_or_default() }
}

/// The request's id.
pub(crate) fn request_id(extensions: &http::Extensions) -> String {
    match extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
