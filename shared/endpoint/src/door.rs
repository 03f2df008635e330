//! A door: one Lambda function's routes, and what the documents need to know of it.

use axum::{Router, middleware};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    answer::{dress, unknown_path},
};

/// One function that HTTPS callers reach.
pub struct Door {
    /// The function's name, in the template and in `infra/gateway.json`.
    pub name: &'static str,
    /// What it is about, in Japanese: the heading of its operations in the reference.
    pub heading: &'static str,
    /// Its routes, with their documentation.
    pub routes: OpenApiRouter<App>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Door {
    /// The router that answers, and the documentation of what it answers.
    pub fn open(self, app: App) -> (Router, OpenApi) {
        let (router, api) = self.routes.split_for_parts();
        let router = router.fallback(unknown_path).layer(middleware::from_fn(dress)).with_state(app);
        (router, api)
    }

    /// The documentation alone.
    #[must_use]
    pub fn document(self) -> OpenApi {
        self.routes.split_for_parts().1
    }
}
