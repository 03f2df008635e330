//! What the employer reads of a stress check as a whole: group analysis (集団分析) as figures, charts and files, and the report of a workplace (様式第6号の3). A function of its own, which cannot
//! read what individuals answered: it has no right to that.

mod charts;
mod filter;
mod groups;
mod report;
mod said;
mod transcript;

use endpoint::Door;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "stress-analyses",
        heading: "ストレスチェックの集団分析・報告",
        routes: OpenApiRouter::new()
            .routes(routes!(groups::read))
            .routes(routes!(charts::read))
            .routes(routes!(report::read))
            .routes(routes!(said::read, said::change)),
    }
}
