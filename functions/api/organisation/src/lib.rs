//! The organisation: `/v1/workplaces` (事業場), `/v1/departments` (部署), `/v1/labels` (ラベル).

mod departments;
mod labels;
mod workplaces;

use authz::{Permit, permission::ViewOrganisation};
use endpoint::{Answer, App, Door, Problem};
use http::Uri;
use serde::{Deserialize, Serialize};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "organisation",
        heading: "組織（事業場・部署・ラベル）",
        routes: workplaces::routes().merge(departments::routes()).merge(labels::routes()),
    }
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What a list is, beside its place: none of them has filters.
const NO_FILTERS: &[(); 0] = &[];

/// The code after which a list goes on.
async fn after(
    app: &App,
    permit: &Permit<ViewOrganisation>,
    list: &'static str,
    query: &ListQuery,
) -> Result<Option<String>, Problem> {
    Ok(match &query.cursor {
        Some(cursor) => Some(app.store.position(permit, list, NO_FILTERS, cursor).await?),
        None => None,
    })
}

/// A page with the cursor of the next one.
async fn page<T: Serialize>(
    app: &App,
    permit: &Permit<ViewOrganisation>,
    list: &'static str,
    uri: &Uri,
    next: Option<String>,
    body: impl FnOnce(Option<String>) -> T,
) -> Result<Answer, Problem> {
    let cursor = match next {
        Some(code) => Some(app.store.cursor(permit, list, NO_FILTERS, &code).await?),
        None => None,
    };
    Ok(Answer::ok(&body(cursor.clone()))?.next_page(uri, cursor.as_deref()))
}
