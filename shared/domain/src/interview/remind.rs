//! When somebody is reminded of an interview: the worker the day before it, and whoever is to do something next from a week before its day on, once a week.

use jiff::{ToSpan as _, civil::Date};

use super::InterviewState;

/// So many days before the day, and so many apart.
const DAYS: i32 = 7;

/// The last day that a reminder can be for on `today`.
#[must_use]
pub fn reminders_until(today: Date) -> Date {
    today.saturating_add(DAYS.days())
}

/// Whether somebody is to be reminded on `today` of what is to be done in `state` by `next_on`, where they were reminded of it last on `told_on`.
#[must_use]
pub fn is_reminded(state: InterviewState, next_on: Date, told_on: Option<Date>, today: Date) -> bool {
    match state {
        InterviewState::Booked => {
            let eve = next_on.saturating_sub(1.day());
            (eve..=next_on).contains(&today) && told_on.is_none_or(|told| told < eve)
        }
        InterviewState::Requested | InterviewState::NoShow | InterviewState::Held | InterviewState::OpinionGiven => {
            let apart = told_on.is_none_or(|told| told.saturating_add(DAYS.days()) <= today);
            next_on <= reminders_until(today) && apart
        }
        InterviewState::Decided | InterviewState::Closed | InterviewState::Cancelled | InterviewState::Declined => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 12, 28);

    #[test]
    fn r36_whoever_is_to_do_something_is_reminded_from_a_week_before_and_every_week() {
        for state in
            [InterviewState::Requested, InterviewState::NoShow, InterviewState::Held, InterviewState::OpinionGiven]
        {
            let on = |told_on, today| is_reminded(state, DAY, told_on, today);
            assert!(!on(None, date(2026, 12, 20)) && on(None, date(2026, 12, 21)));
            assert!(!on(Some(date(2026, 12, 21)), date(2026, 12, 27)));
            assert!(on(Some(date(2026, 12, 21)), DAY), "on its day");
            assert!(on(Some(DAY), date(2027, 1, 4)), "and while it is overdue");
        }
    }

    #[test]
    fn r36_the_worker_is_reminded_of_a_booking_once_on_the_day_before() {
        let on = |told_on, today| is_reminded(InterviewState::Booked, DAY, told_on, today);
        assert!(!on(None, date(2026, 12, 26)) && on(None, date(2026, 12, 27)));
        assert!(on(None, DAY), "where no run came the day before");
        assert!(!on(Some(date(2026, 12, 27)), DAY) && !on(None, date(2026, 12, 29)));
        assert!(!is_reminded(InterviewState::Decided, DAY, None, DAY));
    }
}
