//! The organisation: `/v1/workplaces` (事業場), `/v1/departments` (部署), `/v1/labels` (ラベル).

mod departments;
mod labels;
mod workplaces;

use endpoint::Door;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "organisation",
        heading: "組織（事業場・部署・ラベル）",
        routes: workplaces::routes().merge(departments::routes()).merge(labels::routes()),
    }
}

/// What a list is, beside its place: none of them has filters.
const NO_FILTERS: &[(); 0] = &[];
