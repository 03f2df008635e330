//! What the provider owes its customers and itself to show: the register of controls (統制) and that of sub-processors (再委託先), which operators keep, and the
//! results of audits, which a customer asks for and an operator releases; and how much of a month the service was there.

mod assurance;
mod availability;
mod register;
mod sub_processors;

use endpoint::Door;
use utoipa_axum::router::OpenApiRouter;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "controls",
        heading: "統制・再委託先・監査結果・稼働率",
        routes: OpenApiRouter::new()
            .merge(register::routes())
            .merge(sub_processors::routes())
            .merge(assurance::routes())
            .merge(availability::routes()),
    }
}
