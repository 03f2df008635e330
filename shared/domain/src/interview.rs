//! Interviews (面談・面接指導): somebody talks with a physician or a nurse, by the law or by their own wish; the physician says what work should be like, and the employer decides (domain.md 6).
//!
//! ```text
//!                 book                    hold                 opinion: restricts            decision
//! requested ─────────────▶ booked ──────────────────▶ held ──────────────────▶ opinion_given ─────────▶ decided
//!   │   ▲                   │  ▲ ▲ book again          │ │                        ▲      ▲                │ │
//!   │   │              miss │  └─┘                     │ └─ opinion: normal, or     │      └──── opinion ───┘ │
//!   │   │                   ▼                          │    close where none is     │                        │ close
//!   │   └── book ─────── no_show                       │    asked for ──▶ closed ◀──┼────────────────────────┘
//!   │                       │                          │                    └───────┘ opinion (見直し)
//!   └───────────┬───────────┘ (and booked)
//!               ├─ cancelled by whoever arranges: cancelled
//!               └─ the worker does not want it:   declined
//! ```
//!
//! A booked one whose time is given back or withdrawn ([`InterviewAct::Unbook`]) is requested again.
//!
//! What was talked about (面談記録) is a [`NoteText`], and what the employer gets is an [`InterviewReport`] (面接指導結果報告書・意見書): two types, so that neither stands in the other's place.

mod kind;
mod meeting;
mod remind;
mod report;
mod slot;

pub use kind::{CauseKind, Conductor, INTERVIEW_KINDS, InterviewCause, InterviewKind, KindRow, OpinionRule, Term};
pub use meeting::{Booking, BookingTerms, MeetingPlace};
pub use remind::{is_reminded, reminders_until};
pub use report::{Guidance, InterviewReport, MOST_GUIDANCE, NoteText, ReportTerms};
pub use slot::{OfferedSlot, SlotAct, SlotState, SlotTerms, booking_of, overlap};

use serde::{Deserialize, Serialize};

/// Where an interview is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterviewState {
    /// It is to be arranged (調整待ち).
    Requested,
    /// It has a time and a place (予約済).
    Booked,
    /// The worker did not come (欠席).
    NoShow,
    /// It was held (実施済).
    Held,
    /// The physician has reported, and the employer is to decide (決定待ち).
    OpinionGiven,
    /// The employer has decided; measures may be in force (措置中).
    Decided,
    /// Nothing more is to be done (終了).
    Closed,
    /// Whoever arranges it has called it off (中止).
    Cancelled,
    /// The worker does not want it (辞退).
    Declined,
}

/// What somebody does with an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterviewAct {
    /// Gives it a time and a place, or other ones.
    Book,
    /// Gives its time back: it is to be arranged again.
    Unbook,
    /// Notes that the worker did not come.
    Miss,
    /// Notes that it was held.
    Hold,
    /// Calls it off.
    Cancel,
    /// Does not want it: the worker.
    Decline,
    /// Reports to the employer, or reports anew.
    Opine {
        /// The report asks for restrictions or leave, so that the employer decides.
        restricts: bool,
    },
    /// Decides, or decides anew.
    Decide,
    /// Ends it.
    Close,
}

impl InterviewState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::Booked,
        Self::NoShow,
        Self::Held,
        Self::OpinionGiven,
        Self::Decided,
        Self::Closed,
        Self::Cancelled,
        Self::Declined,
    ];

    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Booked => "booked",
            Self::NoShow => "no_show",
            Self::Held => "held",
            Self::OpinionGiven => "opinion_given",
            Self::Decided => "decided",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Requested => "調整待ち",
            Self::Booked => "予約済",
            Self::NoShow => "欠席",
            Self::Held => "実施済",
            Self::OpinionGiven => "決定待ち",
            Self::Decided => "措置の実施中",
            Self::Closed => "終了",
            Self::Cancelled => "中止",
            Self::Declined => "辞退",
        }
    }

    /// Whether anybody is to do something next: hold it, report, or decide.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Requested | Self::Booked | Self::NoShow | Self::Held | Self::OpinionGiven)
    }

    /// Whether it has still to be held.
    #[must_use]
    pub const fn is_ahead(self) -> bool {
        matches!(self, Self::Requested | Self::Booked | Self::NoShow)
    }

    /// Whether nothing more is to be done.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled | Self::Declined)
    }

    /// Where an interview of a kind is after `act`; `None` where that cannot be done now.
    #[must_use]
    pub fn after(self, act: InterviewAct, kind: InterviewKind) -> Option<Self> {
        let opinion = kind.row().opinion;
        match act {
            InterviewAct::Book if self.is_ahead() => Some(Self::Booked),
            InterviewAct::Unbook if self == Self::Booked => Some(Self::Requested),
            InterviewAct::Miss if self == Self::Booked => Some(Self::NoShow),
            InterviewAct::Hold if self.is_ahead() => Some(Self::Held),
            InterviewAct::Cancel if self.is_ahead() => Some(Self::Cancelled),
            InterviewAct::Decline if self.is_ahead() => Some(Self::Declined),
            InterviewAct::Opine { restricts } => {
                let heard = matches!(self, Self::Held | Self::OpinionGiven | Self::Decided | Self::Closed);
                let after = if restricts { Self::OpinionGiven } else { Self::Closed };
                (heard && opinion != OpinionRule::None).then_some(after)
            }
            InterviewAct::Decide if matches!(self, Self::OpinionGiven | Self::Decided) => Some(Self::Decided),
            InterviewAct::Close if self == Self::Decided => Some(Self::Closed),
            // What the law wants an opinion about does not end without one.
            InterviewAct::Close if self == Self::Held && opinion != OpinionRule::ByLaw => Some(Self::Closed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const ACTS: [InterviewAct; 10] = [
        InterviewAct::Book,
        InterviewAct::Unbook,
        InterviewAct::Miss,
        InterviewAct::Hold,
        InterviewAct::Cancel,
        InterviewAct::Decline,
        InterviewAct::Opine { restricts: true },
        InterviewAct::Opine { restricts: false },
        InterviewAct::Decide,
        InterviewAct::Close,
    ];

    fn through(kind: InterviewKind, acts: &[InterviewAct]) -> Option<InterviewState> {
        acts.iter().try_fold(InterviewState::Requested, |state, act| state.after(*act, kind))
    }

    #[test]
    fn r36_an_interview_goes_from_its_request_to_the_employers_decision() {
        use InterviewAct::{Book, Cancel, Close, Decide, Decline, Hold, Miss, Opine, Unbook};
        let (yes, no) = (Opine { restricts: true }, Opine { restricts: false });
        let of = |acts: &[InterviewAct]| through(InterviewKind::Overwork, acts);
        assert_eq!(of(&[Book, Book, Hold, yes, Decide, Close]), Some(InterviewState::Closed));
        assert_eq!(of(&[Book, Miss, Book, Hold, no]), Some(InterviewState::Closed));
        assert_eq!(of(&[Book, Hold, no, yes, Decide, yes]), Some(InterviewState::OpinionGiven), "a review");
        assert_eq!(of(&[Book, Miss, Decline]), Some(InterviewState::Declined));
        assert_eq!(of(&[Book, Unbook]), Some(InterviewState::Requested));
        assert_eq!(of(&[Book, Miss, Unbook]), None, "what was missed is booked again");
        assert_eq!(of(&[Miss]), None, "nobody misses what has no time");
        assert_eq!(of(&[Book, Hold, Cancel]), None, "what was held is not called off");
        assert_eq!(of(&[Book, yes]), None, "no opinion about whom nobody has seen");
        assert_eq!(of(&[Book, Hold, Decide]), None, "no decision without an opinion");
        assert_eq!(of(&[Book, Hold, Close]), None, "the law wants an opinion");
        assert_eq!(through(InterviewKind::Consult, &[Hold, Close]), Some(InterviewState::Closed));
        assert_eq!(through(InterviewKind::Guidance, &[Hold, no]), None, "guidance is no opinion");
    }

    proptest! {
        #[test]
        fn whatever_happens_an_opinion_follows_an_interview_that_was_held_and_a_decision_an_opinion(
            kind in select(INTERVIEW_KINDS.iter().map(|row| row.kind).collect::<Vec<_>>()),
            acts in vec(select(ACTS.to_vec()), 0..40),
        ) {
            let (mut state, mut done) = (InterviewState::Requested, Vec::new());
            for act in acts {
                if let Some(next) = state.after(act, kind) {
                    state = next;
                    done.push(act);
                }
            }
            let first = |is: fn(&InterviewAct) -> bool| done.iter().position(is);
            let held = first(|act| matches!(act, InterviewAct::Hold));
            let opined = first(|act| matches!(act, InterviewAct::Opine { .. }));
            let decided = first(|act| matches!(act, InterviewAct::Decide));
            prop_assert!(opined.is_none_or(|at| held.is_some_and(|held| held < at)));
            prop_assert!(decided.is_none_or(|at| opined.is_some_and(|opined| opined < at)));
            prop_assert!(done.iter().filter(|act| matches!(act, InterviewAct::Hold)).count() <= 1);
            prop_assert_eq!(held.is_some(), !state.is_ahead() && !matches!(state, InterviewState::Cancelled | InterviewState::Declined));
        }
    }
}
