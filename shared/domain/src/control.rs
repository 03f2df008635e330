//! Controls (統制, R-32, R-39, R-40): what the provider does again every year, and the certificates that it holds. Pure: when one is due next, how it stands today, and on
//! which days somebody is reminded.
//!
//! ```text
//!            60 days before          the day itself
//! upcoming ────────────────▶ due_soon ─────────────▶ overdue
//!     ▲                          │                      │
//!     └───────── completed ──────┴──────────────────────┘
//! ```

use std::borrow::Cow;

use jiff::{Span, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::checked::{Checked, Rule, line, sha256};

/// Days before the due date from which a control is due soon, and the first reminder goes out.
const SOON: i32 = 60;
/// Days before the due date on which somebody is reminded.
const REMINDERS: [i32; 3] = [SOON, 30, 7];
/// Days between reminders of what is overdue.
const WEEK: i32 = 7;
/// How many cycles one is made up for at most: of a monthly control, a hundred years.
const MOST_CYCLES: i32 = 1_200;
/// Done earlier than this many days before its due date, a control begins a cycle of its own: otherwise the next one could be almost two cycles away.
const EARLY: i32 = 90;

/// What kind of control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    /// Training of the operators (教育・訓練).
    Training,
    /// Risk assessment (リスクアセスメント).
    RiskAssessment,
    /// Test of the continuity plan (事業継続計画の点検).
    ContinuityPlan,
    /// Internal audit (内部監査).
    InternalAudit,
    /// Management review (マネジメントレビュー).
    ManagementReview,
    /// Audit against the checklist of 安全なウェブサイトの作り方 (R-27).
    WebAudit,
    /// The certificate of ISO/IEC 27001.
    Iso27001,
    /// The certificate of ISO/IEC 27017.
    Iso27017,
    /// The privacy mark (プライバシーマーク).
    PrivacyMark,
}

impl ControlKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Training,
        Self::RiskAssessment,
        Self::ContinuityPlan,
        Self::InternalAudit,
        Self::ManagementReview,
        Self::WebAudit,
        Self::Iso27001,
        Self::Iso27017,
        Self::PrivacyMark,
    ];

    /// Whether it is a certificate, which somebody else gives and which says itself until when it is good.
    #[must_use]
    pub const fn is_certificate(self) -> bool {
        matches!(self, Self::Iso27001 | Self::Iso27017 | Self::PrivacyMark)
    }

    /// What it is called.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Training => "教育・訓練",
            Self::RiskAssessment => "リスクアセスメント",
            Self::ContinuityPlan => "事業継続計画の点検",
            Self::InternalAudit => "内部監査",
            Self::ManagementReview => "マネジメントレビュー",
            Self::WebAudit => "「安全なウェブサイトの作り方」に基づく監査",
            Self::Iso27001 => "ISO/IEC 27001 認証",
            Self::Iso27017 => "ISO/IEC 27017 認証",
            Self::PrivacyMark => "プライバシーマーク",
        }
    }
}

/// Rule of [`ControlTitle`].
#[derive(Debug)]
pub enum ControlTitleRule {}
impl Rule for ControlTitleRule {
    const NAME: &'static str = "ControlTitle";
    const CODE: &'static str = "title_invalid";
    const DETAIL: &'static str = "改行を含まない1～100文字で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 100)
    }
}
/// A short text of one line: a title, a company, a kind of data.
pub type ControlTitle = Checked<ControlTitleRule>;

/// Rule of [`Statement`].
#[derive(Debug)]
pub enum StatementRule {}
impl Rule for StatementRule {
    const NAME: &'static str = "Statement";
    const CODE: &'static str = "statement_invalid";
    const DETAIL: &'static str = "改行を含まない1～500文字で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 500)
    }
}
/// What was done, or why something is asked for.
pub type Statement = Checked<StatementRule>;

/// Rule of [`Sha256`].
#[derive(Debug)]
pub enum Sha256Rule {}
impl Rule for Sha256Rule {
    const NAME: &'static str = "Sha256";
    const CODE: &'static str = "hash_invalid";
    const DETAIL: &'static str = "SHA-256 のハッシュ値を16進数64桁で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        sha256(text)
    }
}
/// The hash of a document, by which it is known again without being kept here.
pub type Sha256 = Checked<Sha256Rule>;

/// How a control stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is time.
    Upcoming,
    /// Sixty days or fewer are left.
    DueSoon,
    /// Its day is past, and it is not done.
    Overdue,
}

impl Standing {
    /// How a control that is due on `due` stands on `today`. The due date itself is still in time.
    #[must_use]
    pub fn of(due: Date, today: Date) -> Self {
        match days(today, due) {
            left if left < 0 => Self::Overdue,
            left if left <= SOON => Self::DueSoon,
            _ => Self::Upcoming,
        }
    }
}

/// When a control is due next that was due on `due`, was done on `done`, and comes every `months` months. What is done late does not move the calendar; what is done long
/// before its day begins a new one.
#[must_use]
pub fn next_due(due: Date, done: Date, months: u8) -> Date {
    let months = i32::from(months.max(1));
    if days(done, due) > EARLY {
        return later(done, months);
    }
    // Counted from the first due date, so that the 31st is one again after a month that has none.
    let next = (1..=MOST_CYCLES).map(|cycle| later(due, months * cycle)).find(|next| *next > done);
    next.unwrap_or_else(|| later(done, months))
}

/// Days that customers are told of a sub-processor before it begins, changes or ends (R-40).
const NOTICE: i32 = 30;

/// Whether customers who are told today of what takes effect on a day are told in time.
#[must_use]
pub fn announced_in_time(takes_effect: Date, today: Date) -> bool {
    days(today, takes_effect) >= NOTICE
}

/// The day of the last reminder that has come by `today`: 60, 30 and 7 days before the due date, and every week after it. None while there is time.
#[must_use]
pub fn last_reminder(due: Date, today: Date) -> Option<Date> {
    let left = days(today, due);
    if left < 0 {
        return Some(earlier(due, (left + 1) / WEEK * WEEK - 1));
    }
    REMINDERS.iter().rev().find(|before| left <= **before).map(|before| earlier(due, *before))
}

fn days(from: Date, until: Date) -> i32 {
    from.until(until).map_or(0, |span: Span| span.get_days())
}

fn later(date: Date, months: i32) -> Date {
    date.saturating_add(months.months())
}

fn earlier(date: Date, days: i32) -> Date {
    date.saturating_sub(days.days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r32_a_yearly_control_keeps_its_day_and_an_early_one_begins_anew() {
        let due = date(2026, 3, 31);
        assert_eq!(next_due(due, date(2026, 3, 1), 12), date(2027, 3, 31));
        assert_eq!(next_due(due, date(2026, 5, 20), 12), date(2027, 3, 31), "late, and the calendar stays");
        assert_eq!(
            next_due(due, date(2027, 3, 31), 12),
            date(2028, 3, 31),
            "a year late: not due on the day it was done"
        );
        assert_eq!(next_due(due, date(2025, 10, 1), 12), date(2026, 10, 1), "long before its day");
        assert_eq!(next_due(date(2024, 2, 29), date(2024, 2, 29), 12), date(2025, 2, 28));
        assert_eq!(next_due(date(2026, 1, 31), date(2026, 2, 28), 1), date(2026, 3, 31));
    }

    #[test]
    fn r32_the_due_date_itself_is_in_time() {
        let due = date(2026, 3, 31);
        assert_eq!(Standing::of(due, date(2026, 1, 29)), Standing::Upcoming);
        assert_eq!(Standing::of(due, date(2026, 1, 30)), Standing::DueSoon);
        assert_eq!(Standing::of(due, due), Standing::DueSoon);
        assert_eq!(Standing::of(due, date(2026, 4, 1)), Standing::Overdue);
    }

    #[test]
    fn r32_reminders_come_60_30_and_7_days_before_and_every_week_when_it_is_overdue() {
        let due = date(2026, 3, 31);
        let reminded: Vec<_> = (0..100)
            .filter_map(|day| last_reminder(due, date(2026, 1, 20).saturating_add(day.days())))
            .fold(Vec::new(), |mut seen, day| {
                if seen.last() != Some(&day) {
                    seen.push(day);
                }
                seen
            });
        let expected = [(1, 30), (3, 1), (3, 24), (4, 1), (4, 8), (4, 15), (4, 22), (4, 29)];
        assert_eq!(reminded, expected.map(|(month, day)| date(2026, month, day)));
    }

    #[test]
    fn r40_customers_are_told_thirty_days_before() {
        let today = date(2026, 3, 1);
        assert!(announced_in_time(date(2026, 3, 31), today));
        assert!(!announced_in_time(date(2026, 3, 30), today));
    }

    proptest! {
        #[test]
        fn r32_what_is_done_is_due_again_within_a_cycle_and_ninety_days(late in -400_i32..800, months in 1_u8..=36) {
            let due = date(2026, 3, 31);
            let done = due.saturating_add(late.days());
            let next = next_due(due, done, months);
            prop_assert!(next > done);
            prop_assert!(days(done, next) <= i32::from(months) * 31 + EARLY);
        }

        #[test]
        fn r32_a_reminder_is_never_of_a_day_to_come(offset in -400_i32..400) {
            let due = date(2026, 3, 31);
            let today = due.saturating_add(offset.days());
            if let Some(day) = last_reminder(due, today) {
                prop_assert!(day <= today);
            }
        }
    }
}
