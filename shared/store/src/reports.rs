//! The report of periodic checkups (定期健康診断結果報告書, 様式第6号) of a workplace: live from what is stored ([`figures`]), the people behind a figure ([`persons`]), what only the customer
//! knows ([`settings`]), and what was handed in ([`frozen`]).
//!
//! | partition | sort key | what it holds |
//! | --- | --- | --- |
//! | `REPORT#` | `RULE` | from which letter on there is a finding |
//! | `REPORT#` | `SETTINGS#<workplace>` | a workplace's fields, sealed |
//! | `REPORT#` | `SERIES#<workplace>#<from>#<to>` | how many revisions there are of a report |
//! | `REPORT#` | `FROZEN#<report>` | a frozen report: clear whose and of when, sealed its sheet |
//! | `REPORT#` | `FINDINGS#<year>` | how many have findings per workplace, sealed, so that dashboards need not count anew ([`dashboard`]) |
//! | `REPORT#<report>` | `PART#<number>` | which checkups it was made of, sealed |
//! | `ROLLUP#` | `<year>#<workplace>` | what dashboards show, in clear numbers ([`rollup`]) |
//!
//! Figures are counted anew each time; what was frozen is never touched again, whatever is imported later.

mod dashboard;
mod figures;
mod frozen;
mod persons;
mod rollup;
mod settings;

use domain::ids::TenantId;

pub use dashboard::{Dashboard, OfWorkplace, Share, YearFigures};
pub use frozen::{FrozenReport, NewFrozenReport};
pub use persons::ReportPerson;
pub use rollup::RolledUp;
pub use settings::ReportRule;

use crate::key::{Family, Key, Table};

const SCHEMA: u8 = 1;

fn key(tenant: TenantId, sk: impl std::fmt::Display) -> Key {
    Key::new(Table::Records, tenant, Family::Report, "", sk)
}
