//! Who calls: the extractor that turns a request into a permit. A handler that takes `permit: Permit<ViewCheckups>` runs for those who have it, and for nobody else.

use std::net::IpAddr;

use authz::{Facts, Origin, Permission, Permit, RoleStanding};
use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use lambda_http::request::RequestContext;

use crate::{App, Problem, problem::Kind};

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or(Problem::new(Kind::Unauthenticated))?;
        let facts = app.store.facts(token, origin(parts)).await?;
        Ok(Self { facts })
    }
}

/// Somebody with a token, before any decision. For the few handlers that need to ask for more than one permit.
#[derive(Debug)]
pub struct Caller {
    facts: Facts,
}

impl Caller {
    /// Asks for a permit.
    pub fn permit<P: Permission>(&self) -> Result<Permit<P>, Problem> {
        Ok(self.facts.permit()?)
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
        Caller::from_request_parts(parts, app).await?.permit()
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
