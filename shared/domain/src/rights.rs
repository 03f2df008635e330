//! What employees may ask of what is held about them (開示・訂正・利用停止の請求, 個人情報保護法33条～35条, domain.md 10.3).
//!
//! ```text
//!              accepted, with a day by which it is done           done
//! asked ───────────────────────────────────────────▶ accepted ──────────▶ done
//!   ├─── refused, with the reason ──▶ refused
//!   └─── the employee takes it back ──▶ withdrawn
//! ```
//!
//! The law wants an answer without delay (遅滞なく); [`ANSWER_DAYS`] is what the service reminds of, and every answer has its reason.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

/// Within how many days a request is answered.
pub const ANSWER_DAYS: i64 = 14;
/// How many days an accepted request may take at most.
pub const MOST_DAYS: i64 = 90;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RightKind {
    /// To be shown what is held, or to whom it was given (開示).
    Disclosure,
    /// That something is corrected, added or deleted (訂正・追加・削除).
    Correction,
    /// That something is no longer used, or is erased (利用停止・消去).
    StopOfUse,
    /// That something is no longer given to others (第三者提供の停止).
    StopOfProvision,
}

impl RightKind {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Disclosure => "開示",
            Self::Correction => "訂正・追加・削除",
            Self::StopOfUse => "利用停止・消去",
            Self::StopOfProvision => "第三者提供の停止",
        }
    }

    /// Where the law says so.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Disclosure => "個人情報保護法33条",
            Self::Correction => "個人情報保護法34条",
            Self::StopOfUse | Self::StopOfProvision => "個人情報保護法35条",
        }
    }
}

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RightState {
    /// It waits for an answer.
    Asked,
    /// It will be done.
    Accepted,
    /// It was done.
    Done,
    /// It will not be done.
    Refused,
    /// The employee has taken it back.
    Withdrawn,
}

impl RightState {
    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Asked => "受付済み",
            Self::Accepted => "対応中",
            Self::Done => "対応済み",
            Self::Refused => "対応しない旨を回答",
            Self::Withdrawn => "取下げ",
        }
    }
}

/// What is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightStep {
    /// It will be done by this day.
    Accept(Date),
    /// It will not be done.
    Refuse,
    /// It was done.
    Finish,
    /// It is taken back.
    Withdraw,
}

/// Where a step leads on `today`, and by when the next one is due; nothing where it cannot be taken.
#[must_use]
pub fn next(state: RightState, step: RightStep, today: Date) -> Option<(RightState, Option<Date>)> {
    match (state, step) {
        (RightState::Asked, RightStep::Accept(by)) => {
            let fits = (today..=today.saturating_add(MOST_DAYS.days())).contains(&by);
            fits.then_some((RightState::Accepted, Some(by)))
        }
        (RightState::Asked, RightStep::Refuse) => Some((RightState::Refused, None)),
        (RightState::Accepted, RightStep::Finish) => Some((RightState::Done, None)),
        (RightState::Asked, RightStep::Withdraw) => Some((RightState::Withdrawn, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn section_10_3_a_request_goes_its_way_and_no_other() {
        let today = date(2026, 11, 28);
        let steps = [RightStep::Accept(date(2026, 12, 10)), RightStep::Refuse, RightStep::Finish, RightStep::Withdraw];
        let states =
            [RightState::Asked, RightState::Accepted, RightState::Done, RightState::Refused, RightState::Withdrawn];
        let lead: Vec<_> = states
            .iter()
            .flat_map(|state| steps.iter().filter_map(move |step| Some((*state, next(*state, *step, today)?.0))))
            .collect();
        assert_eq!(
            lead,
            [
                (RightState::Asked, RightState::Accepted),
                (RightState::Asked, RightState::Refused),
                (RightState::Asked, RightState::Withdrawn),
                (RightState::Accepted, RightState::Done),
            ]
        );
        for (by, fits) in
            [(date(2026, 11, 27), false), (today, true), (date(2027, 2, 26), true), (date(2027, 2, 27), false)]
        {
            assert_eq!(next(RightState::Asked, RightStep::Accept(by), today).is_some(), fits, "{by}");
        }
    }
}
