//! Requests for logs (ログの提供依頼, R-21). A company asks for its own lines and fetches them: `/v1/tenant/audit-requests`. An operator releases or refuses: `/v1/log-requests`.

mod company;
mod operator;
mod view;

use axum::Extension;
use endpoint::Door;
use store::Files;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes. `files` is the bucket that the files lie in.
#[must_use]
pub fn door(files: Files) -> Door {
    let routes = OpenApiRouter::new()
        .routes(routes!(company::list, company::ask))
        .routes(routes!(company::read))
        .routes(routes!(company::fetch))
        .routes(routes!(operator::list))
        .routes(routes!(operator::read))
        .routes(routes!(operator::release))
        .routes(routes!(operator::refuse))
        .layer(Extension(files));
    Door { name: "log-requests", heading: "ログの提供依頼", routes }
}
