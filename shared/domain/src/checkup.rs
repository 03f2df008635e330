//! Health checkups (健康診断): what is examined ([`items`]), how clinics write it ([`value`]), what follows from it
//! ([`mod@derive`]), what letter it earns ([`judge`], by [`criteria`]), how it is kept ([`stored`]), and why and how it changed ([`change`],
//! [`difference`]).

pub mod advice;
pub mod change;
pub mod codes;
pub mod criteria;
pub mod derive;
pub mod difference;
pub mod grade;
pub mod hazard;
pub mod item;
pub mod items;
pub mod judge;
pub mod kind;
mod limit;
pub mod metabolic;
pub mod results;
pub mod screening;
pub mod specific;
pub mod standard;
pub mod statutory;
pub mod stored;
pub mod targets;
pub mod unit;
pub mod value;
pub mod wish;

pub use limit::{Known, Limit, Side};
use serde::{Deserialize, Serialize};

use crate::employee::Sex;

/// Whom a checkup examined, as far as judging needs to know: sex, and age on the day (年齢は受診日現在). Kept with the
/// results, so that judging again needs no look at the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Sex.
    pub sex: Sex,
    /// Completed years on the day of the checkup.
    pub age: u8,
}

impl Subject {
    /// The sex whose row of a table applies. For 「その他・無回答」 it is the male one, the published fallback of the
    /// diagrams (domain.md 0-5); the sex itself stays on record, so that it can be seen which table was used.
    #[must_use]
    pub fn table_sex(self) -> Sex {
        match self.sex {
            Sex::Female => Sex::Female,
            Sex::Male | Sex::Other => Sex::Male,
        }
    }
}
