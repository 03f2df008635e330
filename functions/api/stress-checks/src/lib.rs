//! The stress check (ストレスチェック): rounds for whoever plans them, answers and results for whoever they are about, results for those whom the law trusts with them, and for the employer what
//! workers have shared. Which of the four somebody is, their permit says; what a handler cannot open with its permit, it cannot ask the store for.

mod analysis;
mod appointments;
mod body;
mod chart;
mod individuals;
mod kiosk;
mod own;
mod own_result;
mod questionnaire;
mod rounds;
mod shared;
mod view;

use endpoint::Door;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "stress-checks",
        heading: "ストレスチェック",
        routes: OpenApiRouter::new()
            .routes(routes!(rounds::list, rounds::plan))
            .routes(routes!(rounds::read, rounds::replan, rounds::put_off, rounds::delete))
            .routes(routes!(rounds::open))
            .routes(routes!(rounds::close))
            .routes(routes!(rounds::archive))
            .routes(routes!(rounds::remind))
            .routes(routes!(rounds::attendance))
            .routes(routes!(appointments::appoint))
            .routes(routes!(appointments::dismiss))
            .routes(routes!(appointments::pledge))
            .routes(routes!(kiosk::turn_on, kiosk::turn_off))
            .routes(routes!(questionnaire::read))
            .routes(routes!(own::list))
            .routes(routes!(own::read, own::save))
            .routes(routes!(own::submit))
            .routes(routes!(own_result::read))
            .routes(routes!(own_result::draw))
            .routes(routes!(own_result::consent, own_result::withdraw))
            .routes(routes!(own_result::request, own_result::take_back))
            .routes(routes!(individuals::results))
            .routes(routes!(individuals::result))
            .routes(routes!(individuals::decide))
            .routes(routes!(individuals::answers))
            .routes(routes!(individuals::reopen))
            .routes(routes!(individuals::selection))
            .routes(routes!(individuals::sign))
            .routes(routes!(shared::list))
            .routes(routes!(shared::read))
            .routes(routes!(shared::requests))
            .routes(routes!(analysis::make)),
    }
}
