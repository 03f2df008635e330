//! Times that physicians and nurses offer for interviews (予約枠), each for one interview.
//!
//! ```text
//!            book                   withdraw: its interview is to be arranged again
//! open ─────────────────▶ booked ─────────────────────────────────▶ withdrawn
//!  │ ▲                      │                                           ▲
//!  │ └── give back ─────────┘ the interview is moved, called off,       │
//!  │                          declined, or waits for another time       │
//!  └──────────────────────── withdraw ──────────────────────────────────┘
//! ```
//!
//! What is over is neither booked nor given back.

use serde::{Deserialize, Serialize};

use super::{
    kind::InterviewKind,
    meeting::{Booking, BookingTerms, MeetingPlace},
};
use crate::{
    ids::{AccountId, InterviewSlotId, WorkplaceId},
    time::Jst,
    work_fitness::TermsFault,
};

/// Where a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// Anybody whom it is for may book it (受付中).
    Open,
    /// An interview has it (予約済).
    Booked,
    /// It is offered no more (取下げ).
    Withdrawn,
}

/// What somebody does with a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotAct {
    /// Books it for an interview.
    Book,
    /// Gives it back.
    GiveBack,
    /// Offers it no more.
    Withdraw,
}

impl SlotState {
    /// Where a slot is after `act`; `None` where that cannot be done now.
    #[must_use]
    pub const fn after(self, act: SlotAct) -> Option<Self> {
        match (self, act) {
            (Self::Open, SlotAct::Book) => Some(Self::Booked),
            (Self::Booked, SlotAct::GiveBack) => Some(Self::Open),
            (Self::Open | Self::Booked, SlotAct::Withdraw) => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

/// A slot, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotTerms {
    /// When it begins.
    pub starts_at: Jst,
    /// How long it is, in minutes.
    pub minutes: u16,
    /// Where.
    pub place: MeetingPlace,
    /// Who holds what is booked.
    pub with: AccountId,
    /// For which kinds of interviews.
    pub kinds: Vec<InterviewKind>,
    /// For whose people; none, where it is for everybody's.
    pub workplace: Option<WorkplaceId>,
}

/// A slot that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedSlot(SlotTerms);

const NO_KIND: TermsFault =
    TermsFault {
        pointer: "/kinds", code: "required", detail: "面談の種類を1つ以上指定してください。"
    };
const TWICE: TermsFault =
    TermsFault { pointer: "/kinds", code: "twice", detail: "同じ面談の種類が重複しています。" };
const PAST_MIDNIGHT: TermsFault = TermsFault {
    pointer: "/minutes",
    code: "past_midnight",
    detail: "予約枠は、開始した日のうちに終わるように指定してください。",
};

impl OfferedSlot {
    /// Checks what was written at `now`; everything that is wrong with it otherwise.
    pub fn made(terms: SlotTerms, now: Jst) -> Result<Self, Vec<TermsFault>> {
        let SlotTerms { starts_at, minutes, ref kinds, .. } = terms;
        let mut faults = Booking::made(booking_of(&terms, None), now).err().unwrap_or_default();
        let twice = kinds.iter().enumerate().any(|(at, kind)| kinds.iter().skip(at + 1).any(|it| it == kind));
        let own = [
            (kinds.is_empty(), NO_KIND),
            (twice, TWICE),
            (ends_at(starts_at, minutes).plus_seconds(-1).date() != starts_at.date(), PAST_MIDNIGHT),
        ];
        faults.extend(own.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault)));
        if faults.is_empty() { Ok(Self(terms)) } else { Err(faults) }
    }

    /// What it says.
    #[must_use]
    pub const fn terms(&self) -> &SlotTerms {
        &self.0
    }
}

/// What an interview is booked with that takes a slot.
#[must_use]
pub fn booking_of(terms: &SlotTerms, slot: Option<InterviewSlotId>) -> BookingTerms {
    let SlotTerms { starts_at, minutes, place, with, .. } = terms;
    BookingTerms { starts_at: *starts_at, minutes: *minutes, place: place.clone(), with: Some(*with), slot }
}

fn ends_at(starts_at: Jst, minutes: u16) -> Jst {
    starts_at.plus_seconds(i64::from(minutes) * 60)
}

/// Whether two times of one person, each with its minutes, overlap; one may begin when the other ends.
#[must_use]
pub fn overlap(one: (Jst, u16), other: (Jst, u16)) -> bool {
    one.0 < ends_at(other.0, other.1) && other.0 < ends_at(one.0, one.1)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn at(time: &str) -> Jst {
        format!("2026-12-01T{time}:00+09:00").parse().unwrap()
    }

    fn slot(time: &str, minutes: u16, kinds: &[InterviewKind]) -> Result<(), Vec<(&'static str, &'static str)>> {
        let terms = SlotTerms {
            starts_at: at(time),
            minutes,
            place: MeetingPlace::parse("健康管理室").unwrap(),
            with: AccountId::from_bytes([1; 16]),
            kinds: kinds.to_vec(),
            workplace: None,
        };
        let made = OfferedSlot::made(terms, at("09:00"));
        made.map(|_| ()).map_err(|faults| faults.iter().map(|it| (it.pointer, it.code)).collect())
    }

    #[test]
    fn r36_a_slot_lies_ahead_ends_on_its_day_and_is_for_something() {
        let consult = [InterviewKind::Consult];
        assert_eq!(slot("09:01", 30, &consult), Ok(()));
        assert_eq!(slot("23:00", 60, &consult), Ok(()), "until midnight");
        assert_eq!(slot("23:00", 61, &consult), Err(vec![("/minutes", "past_midnight")]));
        let told = [("/starts_at", "in_the_past"), ("/minutes", "out_of_range"), ("/kinds", "required")];
        assert_eq!(slot("09:00", 4, &[]), Err(told.to_vec()));
        assert_eq!(slot("10:00", 30, &[consult[0], consult[0]]), Err(vec![("/kinds", "twice")]));
    }

    #[test]
    fn times_overlap_unless_one_ends_before_the_other_begins() {
        for (one, minutes, other, meet) in [
            ("10:00", 30, "10:29", true),
            ("10:00", 30, "10:30", false),
            ("10:30", 30, "10:00", false),
            ("10:10", 5, "10:00", true),
        ] {
            let (one, other) = ((at(one), minutes), (at(other), 30));
            assert_eq!((overlap(one, other), overlap(other, one)), (meet, meet), "{one:?} {other:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_a_slot_has_one_interview_at_most_and_none_once_it_was_withdrawn(
            acts in vec(select(vec![SlotAct::Book, SlotAct::GiveBack, SlotAct::Withdraw]), 0..40),
        ) {
            let (mut state, mut booked) = (SlotState::Open, 0_i32);
            for act in acts {
                let Some(next) = state.after(act) else { continue };
                prop_assert_ne!(state, SlotState::Withdrawn);
                booked += match act {
                    SlotAct::Book => 1,
                    SlotAct::GiveBack => -1,
                    SlotAct::Withdraw => -booked,
                };
                state = next;
                prop_assert_eq!(booked, i32::from(state == SlotState::Booked));
            }
        }
    }
}
