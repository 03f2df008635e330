//! A round of the stress check (実施回), from the committee's decision to the archive (domain.md 4.1, 4.10).
//!
//! ```text
//!              open                     close                    archive
//! drafted ──────────────▶ opened ─────────────────▶ closed ────────────────▶ archived
//!    │  ▲                   │ answers are taken       │ an implementer signs      │ nothing changes any more:
//!    └──┘ planned anew      │ from the first to the   │ for who needs an          │ no consent, no request
//!    │                      │ last day of its period  │ interview; then each
//!    ▼ deleted              ▼ the last day put off    ▼ worker is told alone
//! ```
//!
//! From the moment it opens, the plan is locked: criteria, questionnaire and whom it is for stay what workers were told. The last day alone can be put off.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use super::{scoring::Criteria, targets::TargetRule};
use crate::{
    ids::AccountId,
    notice::{NoticeText, NoticeTitle},
    time::Jst,
};

/// How long a period (実施期間) is at most, in days.
pub const MOST_DAYS: i32 = 366;
/// How many days lie between two reminders at least.
pub const REMINDER_DAYS: u8 = 3;
/// How many reminders go to one worker at most (domain.md 11.2: frequency capped).
pub const MOST_REMINDERS: u8 = 5;
/// For how long after its closing a round is not signed for, in seconds: a request that found it open has ended by then, so that nothing comes after what was signed.
pub const SETTLING_SECONDS: i64 = 60;
/// How many implementers and clerks a round has at most, former ones included.
pub const MOST_APPOINTED: usize = 50;

/// Where a round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundState {
    /// It is planned.
    Drafted,
    /// Answers are taken, within its period.
    Opened,
    /// No more answers are taken.
    Closed,
    /// Nothing changes any more.
    Archived,
}

impl RoundState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Drafted, Self::Opened, Self::Closed, Self::Archived];

    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Archived => "archived",
        }
    }

    /// What comes of an act; none where it cannot be done.
    #[must_use]
    pub const fn after(self, act: RoundAct) -> Option<Self> {
        match (self, act) {
            (Self::Drafted, RoundAct::Open) => Some(Self::Opened),
            (Self::Opened, RoundAct::Close) => Some(Self::Closed),
            (Self::Closed, RoundAct::Archive) => Some(Self::Archived),
            _ => None,
        }
    }
}

/// What moves a round on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundAct {
    /// Answers are taken from now on, within the period.
    Open,
    /// No more answers are taken.
    Close,
    /// Nothing changes any more.
    Archive,
}

impl RoundAct {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Close, Self::Archive];

    /// The name in the trail.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::Archive => "archive",
        }
    }
}

/// The first and the last day on which workers answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// 開始日.
    pub opens_on: Date,
    /// 終了日.
    pub closes_on: Date,
}

impl Period {
    /// Whether a day is within it.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        (self.opens_on..=self.closes_on).contains(&day)
    }

    /// Whether it could be a period: not empty, and no longer than [`MOST_DAYS`].
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.opens_on <= self.closes_on && self.closes_on < self.opens_on.saturating_add(MOST_DAYS.days())
    }
}

/// What is decided before a round opens, and locked when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is called.
    pub title: NoticeTitle,
    /// Questionnaire, method and cut-offs.
    pub criteria: Criteria,
    /// Whom it is for.
    pub targets: TargetRule,
    /// When the health committee (衛生委員会) decided on it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decided_on: Option<Date>,
    /// What workers read before they answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub announcement: Option<NoticeText>,
    /// After how many days whoever has not answered is reminded, again and again; none: never by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remind_every: Option<u8>,
}

/// What somebody is to a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// 実施者: selects, and signs for it.
    Implementer,
    /// 実施事務従事者: does the work under an implementer's direction.
    Clerk,
}

/// What qualifies an implementer (安衛則52条の10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Qualification {
    /// 産業医.
    IndustrialPhysician,
    /// 医師（産業医以外）.
    Physician,
    /// 保健師.
    PublicHealthNurse,
    /// 研修を修了した歯科医師.
    Dentist,
    /// 研修を修了した看護師.
    Nurse,
    /// 研修を修了した精神保健福祉士.
    PsychiatricSocialWorker,
    /// 研修を修了した公認心理師.
    CertifiedPsychologist,
}

/// Somebody who carries a round out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointment {
    /// Who.
    pub account: AccountId,
    /// As what.
    pub duty: Duty,
    /// What qualifies an implementer; a clerk needs nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub qualification: Option<Qualification>,
    /// By whom: never by themselves.
    pub appointed_by: AccountId,
    /// When.
    pub appointed_at: Jst,
    /// When they pledged secrecy (守秘の誓約); until then they see nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pledged_at: Option<Jst>,
    /// Since when they are none any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Jst>,
}

impl Appointment {
    /// Whether it holds.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether it opens anything: it holds, and secrecy was pledged.
    #[must_use]
    pub const fn is_pledged(&self) -> bool {
        self.stands() && self.pledged_at.is_some()
    }
}

/// The duty that `account` has in a round, once pledged; the implementer's, where somebody has both.
#[must_use]
pub fn duty_of(appointments: &[Appointment], account: AccountId) -> Option<Duty> {
    let own = appointments.iter().filter(|it| it.account == account && it.is_pledged());
    own.map(|it| it.duty).min()
}

/// When whoever has not answered is reminded next, after `reminded` reminders of which the last (or the announcement) went out on `told_on`; none after the last one.
#[must_use]
pub fn next_reminder(every: u8, told_on: Date, reminded: u8) -> Option<Date> {
    (reminded < MOST_REMINDERS).then(|| told_on.saturating_add(i64::from(every.max(REMINDER_DAYS)).days()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn r35_a_round_goes_one_way() {
        use RoundAct::{Archive, Close, Open};
        use RoundState::{Archived, Closed, Drafted, Opened};
        let moves: Vec<_> = RoundState::ALL
            .into_iter()
            .flat_map(|state| RoundAct::ALL.map(|act| (state, act, state.after(act))))
            .filter_map(|(state, act, after)| Some((state, act, after?)))
            .collect();
        assert_eq!(moves, [(Drafted, Open, Opened), (Opened, Close, Closed), (Closed, Archive, Archived)]);
    }

    #[test]
    fn a_period_has_days_and_not_too_many() {
        let period = |from, to| Period { opens_on: from, closes_on: to };
        let day = date(2028, 2, 29);
        assert!(period(day, day).is_sound() && period(day, day).covers(day));
        assert!(!period(day, date(2028, 2, 28)).is_sound());
        assert!(period(day, date(2029, 2, 28)).is_sound() && !period(day, date(2029, 3, 1)).is_sound());
        assert!(!period(day, date(2028, 3, 10)).covers(date(2028, 3, 11)));
    }

    #[test]
    fn r35_who_has_not_pledged_or_is_none_any_more_has_no_duty() {
        let account = AccountId::from_bytes([1; 16]);
        let at: Jst = "2026-10-01T09:00:00+09:00".parse().unwrap();
        let one = |duty, pledged_at, ended_at| Appointment {
            account,
            duty,
            qualification: None,
            appointed_by: AccountId::from_bytes([2; 16]),
            appointed_at: at,
            pledged_at,
            ended_at,
        };
        let duty = |all: &[Appointment]| duty_of(all, account);
        assert_eq!(duty(&[one(Duty::Implementer, None, None)]), None);
        assert_eq!(duty(&[one(Duty::Implementer, Some(at), Some(at))]), None);
        let both = [one(Duty::Clerk, Some(at), None), one(Duty::Implementer, Some(at), None)];
        assert_eq!((duty(&both[..1]), duty(&both)), (Some(Duty::Clerk), Some(Duty::Implementer)));
        assert_eq!(duty_of(&both, AccountId::from_bytes([2; 16])), None);
    }

    #[test]
    fn reminders_are_apart_and_end() {
        let told = date(2026, 10, 1);
        assert_eq!(next_reminder(7, told, 0), Some(date(2026, 10, 8)));
        assert_eq!(next_reminder(1, told, 4), Some(date(2026, 10, 4)), "never more often than that");
        assert_eq!(next_reminder(7, told, MOST_REMINDERS), None);
    }
}
