//! The end of a contract in dates of Japan (R-17), and the services that are contracted for. Data is gone by the last
//! day of the month after the termination; because copies outlive a deletion (seven daily snapshots, seven days of
//! point-in-time recovery), everything here counts backwards from that deadline.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::time::{Jst, end_of_next_month};

/// Days before the deadline on which the purge starts.
const PURGE_LEAD: i32 = 14;
/// Days before the deadline on which an unfinished purge raises an alarm.
const ALARM_LEAD: i32 = 9;
/// Days before the deadline by which the purge is verified complete.
const VERIFIED_LEAD: i32 = 8;
/// Days that a deleted thing can still be brought back: snapshots and point-in-time recovery.
const RECOVERY_WINDOW: i32 = 7;

/// A service that is contracted on its own term (契約サービス).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Health checkups (健康診断).
    Checkup,
    /// The stress check (ストレスチェック), which ends by its own contract.
    StressCheck,
    /// Interviews (面談).
    Interview,
    /// Overwork (過重労働).
    Overwork,
    /// Lifelogs and points (ライフログ).
    Lifelog,
}

impl Service {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Checkup, Self::StressCheck, Self::Interview, Self::Overwork, Self::Lifelog];
}

/// A service and from when until when it is contracted (契約サービスと期間).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceTerm {
    /// The service.
    pub service: Service,
    /// The first day.
    pub from: Date,
    /// The last day; none where it runs as long as the contract.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Date>,
}

impl ServiceTerm {
    /// Whether it runs on `day`.
    #[must_use]
    pub fn runs_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// Until when the stress check goes on by a term of its own, after everything else has ended with `termination` (R-17): none where it ends with the rest, or before.
#[must_use]
pub fn stress_check_outlives(terms: &[ServiceTerm], termination: Date) -> Option<Date> {
    let term = terms.iter().find(|term| term.service == Service::StressCheck)?;
    term.until.filter(|until| *until > termination)
}

/// The class of a contract record, by which it is kept and disposed of (R-19).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordClass {
    /// Important papers of the business (事業に関する重要な資料): 10 years, 会社法432条2項.
    #[default]
    Important,
    /// Papers of a transaction (取引に関する書類): 7 years, 法人税法施行規則59条.
    Transaction,
}

impl RecordClass {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Important => "important",
            Self::Transaction => "transaction",
        }
    }

    /// For how many years a record of this class is kept after the contract's end.
    #[must_use]
    pub const fn years(self) -> i16 {
        match self {
            Self::Important => 10,
            Self::Transaction => 7,
        }
    }

    /// The last day on which the record of a contract that ended on `terminates_on` is kept. Both laws count from the close of
    /// a business year; the year after the contract's end is added, so that whichever month it closes in is covered.
    #[must_use]
    pub fn kept_until(self, terminates_on: Date) -> Date {
        terminates_on.saturating_add(i32::from(self.years() + 1).years())
    }
}

/// What happens when after a termination. Every date is a day in Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndDates {
    /// The contract's last day (解約日): employees sign in until 24:00 of it.
    pub terminates_on: Date,
    /// The day on which the purge starts.
    pub purge_on: Date,
    /// The day on which a purge that is not verified yet raises an alarm.
    pub alarm_on: Date,
    /// The last day by which the purge is verified complete.
    pub verified_by: Date,
    /// From this day on nothing can bring the data back, if the purge runs as planned.
    pub unrecoverable_from: Date,
    /// The last day of the month after the termination (翌月末).
    pub deletion_deadline: Date,
}

impl EndDates {
    /// The dates that follow from the last day of a contract. The purge always starts after `termination`: the earliest
    /// deadline minus its lead is the 14th of the following month.
    #[must_use]
    pub fn of(termination: Date) -> Self {
        let deadline = end_of_next_month(termination);
        let before = |days: i32| deadline.saturating_sub(days.days());
        let purge_on = before(PURGE_LEAD);
        Self {
            terminates_on: termination,
            purge_on,
            alarm_on: before(ALARM_LEAD),
            verified_by: before(VERIFIED_LEAD),
            unrecoverable_from: unrecoverable_from(purge_on),
            deletion_deadline: deadline,
        }
    }

    /// The same dates where the purge cannot start before `day`, because a hold (保全) kept it from starting: everything that follows from the purge follows as much
    /// later. The deadline too: the data was kept for a reason that outweighs it.
    #[must_use]
    pub fn not_before(self, day: Date) -> Self {
        let late = (day - self.purge_on).get_days().max(0);
        let later = |date: Date| date.saturating_add(late.days());
        Self {
            terminates_on: self.terminates_on,
            purge_on: later(self.purge_on),
            alarm_on: later(self.alarm_on),
            verified_by: later(self.verified_by),
            unrecoverable_from: later(self.unrecoverable_from),
            deletion_deadline: later(self.deletion_deadline),
        }
    }

    /// The instant from which employees' sign-in is refused: 24:00 of the last day.
    #[must_use]
    pub fn sign_in_ends(&self) -> Jst {
        Jst::end_of(self.terminates_on)
    }
}

/// The day from which what was deleted on `deleted_on` cannot be brought back.
#[must_use]
pub fn unrecoverable_from(deleted_on: Date) -> Date {
    deleted_on.saturating_add(RECOVERY_WINDOW.days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r17_deletion_is_complete_by_the_end_of_the_next_month() {
        for (termination, deadline) in [
            (date(2026, 1, 31), date(2026, 2, 28)),
            (date(2026, 12, 15), date(2027, 1, 31)),
            (date(2028, 1, 10), date(2028, 2, 29)),
        ] {
            assert_eq!(EndDates::of(termination).deletion_deadline, deadline);
        }
    }

    #[test]
    fn r17_the_dates_of_one_termination() {
        let dates = EndDates::of(date(2026, 1, 31));
        assert_eq!(dates.purge_on, date(2026, 2, 14));
        assert_eq!(dates.alarm_on, date(2026, 2, 19));
        assert_eq!(dates.verified_by, date(2026, 2, 20));
        assert_eq!(dates.unrecoverable_from, date(2026, 2, 21));
        assert_eq!(dates.sign_in_ends().to_string(), "2026-02-01T00:00:00.000+09:00");
    }

    #[test]
    fn r17_a_hold_that_ended_late_moves_what_follows_from_the_purge_and_one_that_ended_early_moves_nothing() {
        let dates = EndDates::of(date(2026, 1, 31));
        assert_eq!(dates.not_before(date(2026, 2, 14)), dates);
        let late = dates.not_before(date(2026, 4, 1));
        assert_eq!((late.terminates_on, late.purge_on), (date(2026, 1, 31), date(2026, 4, 1)));
        assert_eq!((late.alarm_on, late.verified_by), (date(2026, 4, 6), date(2026, 4, 7)));
        assert_eq!((late.unrecoverable_from, late.deletion_deadline), (date(2026, 4, 8), date(2026, 4, 15)));
    }

    #[test]
    fn a_service_runs_from_its_first_day_to_its_last() {
        let term = ServiceTerm { service: Service::Checkup, from: date(2026, 4, 1), until: Some(date(2027, 3, 31)) };
        let runs =
            [date(2026, 3, 31), date(2026, 4, 1), date(2027, 3, 31), date(2027, 4, 1)].map(|day| term.runs_on(day));
        assert_eq!(runs, [false, true, true, false]);
        assert!(ServiceTerm { until: None, ..term }.runs_on(date(2099, 1, 1)));
    }

    #[test]
    fn r17_the_stress_check_outlives_the_rest_where_its_own_term_is_longer() {
        let term = |service, until| ServiceTerm { service, from: date(2026, 4, 1), until };
        let outlives = |until| {
            let terms = [term(Service::Checkup, Some(date(2030, 1, 1))), term(Service::StressCheck, until)];
            stress_check_outlives(&terms, date(2026, 9, 30))
        };
        assert_eq!(outlives(Some(date(2026, 10, 1))), Some(date(2026, 10, 1)));
        assert_eq!([outlives(Some(date(2026, 9, 30))), outlives(None)], [None, None], "it ends with the rest");
        assert_eq!(stress_check_outlives(&[term(Service::Checkup, None)], date(2026, 9, 30)), None);
    }

    #[test]
    fn r19_contract_records_outlive_the_contract_by_their_class() {
        assert_eq!(RecordClass::Important.kept_until(date(2026, 3, 31)), date(2037, 3, 31));
        assert_eq!(RecordClass::Transaction.kept_until(date(2028, 2, 29)), date(2036, 2, 29));
    }

    #[test]
    fn services_are_written_in_snake_case() {
        assert_eq!(serde_json::to_string(&Service::StressCheck).unwrap(), r#""stress_check""#);
    }

    proptest! {
        #[test]
        fn r17_dates_keep_their_order_whatever_the_day(offset in 0_i32..40_000) {
            let d = EndDates::of(date(2020, 1, 1).saturating_add(offset.days()));
            prop_assert!(d.terminates_on < d.purge_on);
            prop_assert!(d.purge_on < d.alarm_on && d.alarm_on < d.verified_by);
            prop_assert!(unrecoverable_from(d.verified_by) < d.deletion_deadline, "even the last copies are gone in time");
            prop_assert!(d.unrecoverable_from <= d.deletion_deadline);
        }
    }
}
