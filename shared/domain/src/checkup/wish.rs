//! Wishes for a checkup (受診希望): when and where somebody wants to be examined, and what the employer's side has booked for them.
//!
//! ```text
//!            wish                 confirm (a clinic, a day)
//! (none) ───────────▶ wished ───────────────────────────────▶ confirmed
//!    ▲                 │  ▲ change                             │  │ confirm (another day)
//!    │                 └──┘                                    └──┘
//!    └── wish again ── withdrawn ◀─────────── withdraw ──────────┘
//! ```

use std::{borrow::Cow, collections::BTreeSet};

use jiff::{
    ToSpan as _,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};

use crate::{
    checked::{Checked, Refused, Rule},
    employee::code_of,
    organisation::OrganisationName,
    remark::Remark,
    report::form6::{Address, Phone},
};

/// Rule of [`ClinicCode`].
#[derive(Debug)]
pub enum ClinicCodeRule {}
impl Rule for ClinicCodeRule {
    const NAME: &'static str = "ClinicCode";
    const CODE: &'static str = "clinic_code_invalid";
    const DETAIL: &'static str = "医療機関コードは、半角の英数字・ハイフン・下線で1〜32文字にしてください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        code_of(text)
    }
}
/// What a company calls a clinic (医療機関コード): 1 to 32 of `[0-9A-Za-z_-]`.
pub type ClinicCode = Checked<ClinicCodeRule>;

/// A clinic that a company's people are examined at (健診機関).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clinic {
    /// The company's code for it.
    pub code: ClinicCode,
    /// What it is called.
    pub name: OrganisationName,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<Address>,
    /// Its telephone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<Phone>,
}

/// How many clinics a company lists at most.
pub const MOST_CLINICS: usize = 200;
/// How many days somebody may prefer.
pub const MOST_DATES: usize = 5;
/// How far ahead a day may lie.
const AHEAD_DAYS: i64 = 400;
/// How many days before the due day of a checkup people may be reminded.
pub const REMIND_DAYS: std::ops::RangeInclusive<u8> = 7..=90;

/// The refusal of a day that is no day to be examined on.
pub const DAY: Refused = Refused {
    code: "date_out_of_range",
    detail: "日付は、明日から400日以内の日を指定してください。",
};
/// The refusal of a day that is said twice.
pub const TWICE: Refused = Refused { code: "date_twice", detail: "同じ日付が2回指定されています。" };

/// Whether somebody can be examined on `day`: after `today`, and not too far ahead.
#[must_use]
pub fn is_ahead(day: Date, today: Date) -> bool {
    today < day && day <= today.saturating_add(AHEAD_DAYS.days())
}

/// The first of these preferred days that cannot be, by its place.
#[must_use]
pub fn wrong_day(dates: &[Date], today: Date) -> Option<(usize, Refused)> {
    let mut seen = BTreeSet::new();
    let wrong = |day: &Date| match () {
        () if !is_ahead(*day, today) => Some(DAY),
        () if !seen.insert(*day) => Some(TWICE),
        () => None,
    };
    dates.iter().map(wrong).enumerate().find_map(|(at, refused)| Some((at, refused?)))
}

/// Where a wish stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WishState {
    /// It waits for a reservation.
    Wished,
    /// A clinic and a day are booked.
    Confirmed,
    /// The employee has taken it back.
    Withdrawn,
}

impl WishState {
    /// The name in keys and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wished => "wished",
            Self::Confirmed => "confirmed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Wished => "希望中",
            Self::Confirmed => "予約済",
            Self::Withdrawn => "取下げ",
        }
    }

    /// Whether the employee may wish something else.
    #[must_use]
    pub const fn may_be_wished(self) -> bool {
        matches!(self, Self::Wished | Self::Withdrawn)
    }
}

/// What somebody wants. Sealed: the note is in their own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Where; none for wherever there is room.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clinic: Option<ClinicCode>,
    /// On which days, the most wanted first.
    pub dates: Vec<Date>,
    /// What else whoever books should know.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<Remark>,
}

/// What is booked (予約).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Where, as the clinic was called when it was booked.
    pub clinic: Clinic,
    /// On which day.
    pub on: Date,
    /// When, if that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Time>,
    /// What the employee should know: what to bring, not to eat.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<Remark>,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r34_preferred_days_lie_ahead_and_come_once() {
        let today = date(2026, 11, 28);
        let wrong = |dates: &[Date]| wrong_day(dates, today);
        assert_eq!(wrong(&[date(2026, 11, 29), date(2028, 1, 2)]), None);
        assert_eq!(wrong(&[date(2026, 11, 29), today]), Some((1, DAY)));
        assert_eq!(wrong(&[date(2028, 1, 3)]), Some((0, DAY)));
        assert_eq!(wrong(&[date(2026, 12, 1), date(2026, 12, 1)]), Some((1, TWICE)));
    }

    #[test]
    fn r34_what_is_booked_is_withdrawn_before_something_else_is_wished() {
        let may = [WishState::Wished, WishState::Confirmed, WishState::Withdrawn].map(WishState::may_be_wished);
        assert_eq!(may, [true, false, true]);
    }
}
