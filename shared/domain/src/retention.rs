//! For how long records of occupational health are kept (保存期間): one table of kinds, the least that the law asks for, from when it counts and where it says so; and what a company
//! has decided beyond it. What is younger than the law allows is deleted by nobody, whatever was decided.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::checkup::kind::CheckupKind;

/// The most that a company may decide, in years.
pub const MOST_YEARS: u8 = 100;
/// For how long at least answers are kept after their round was signed for, in days: as long as somebody who requests an interview within a month, and has it within another, may have to be looked up, and a month
/// for the group analysis. The service's own rule (confidence M): no law asks for it.
pub const SETTLED_DAYS: i32 = 90;

/// A kind of record, as the law tells them apart by their periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The personal card (健康診断個人票) of a general checkup.
    GeneralCheckup,
    /// That of a checkup for organic solvents, lead, tetraalkyl lead, high pressure or teeth.
    SpecialCheckup,
    /// That of one for specified chemicals (特定化学物質). Which substance it was is not known here: the longer period counts for all.
    SpecifiedChemicals,
    /// That of one for ionizing radiation or decontamination.
    IonizingRadiation,
    /// That of one for asbestos (石綿).
    Asbestos,
    /// That of one for pneumoconiosis (じん肺).
    Pneumoconiosis,
    /// The result of a stress check.
    StressResult,
    /// What was answered in it, item by item: apart from what it came to.
    StressAnswers,
    /// The consent to give it to the employer.
    StressConsent,
    /// The result of an interview for overwork or stress.
    Interview,
    /// A group analysis of the stress check.
    GroupAnalysis,
    /// Working hours as they are known for health (労働時間の状況).
    WorkingHours,
    /// Minutes of the health committee (衛生委員会).
    CommitteeMinutes,
    /// Workplace rounds, and what the industrial physician recommended.
    WorkplaceRounds,
    /// What employees measured and noted (ライフログ): no law speaks of it.
    Lifelog,
    /// Entries of the ledger of points (健康ポイント), and what they were exchanged for: no law speaks of it.
    PointsLedger,
}

/// From when a period counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// From when the record was made.
    Made,
    /// From when what it came to was signed for, and not within [`SETTLED_DAYS`] of it.
    Confirmed,
    /// From when the person no longer did that work, which nobody tells this service.
    WorkEnded,
}

/// One row of the table.
#[derive(Debug)]
pub struct RetentionRow {
    /// The kind.
    pub kind: RecordKind,
    /// What people read.
    pub japanese: &'static str,
    /// The least, in years.
    pub minimum_years: u8,
    /// From when.
    pub starts: Starts,
    /// Where it says so.
    pub source: &'static str,
    /// After how many years records go of a company that has decided nothing; none where they are kept.
    pub undecided_years: Option<u8>,
}

const fn row(
    kind: RecordKind,
    japanese: &'static str,
    minimum_years: u8,
    starts: Starts,
    source: &'static str,
) -> RetentionRow {
    RetentionRow { kind, japanese, minimum_years, starts, source, undecided_years: None }
}

/// The table. Source: domain.md 6.5; of answers 4.8 (they need not be kept, the record of the result is: confidence H); the least of lifelogs and of points is the service's own, for no law says any.
#[rustfmt::skip]
pub const RETENTION: &[RetentionRow] = &[
    row(RecordKind::GeneralCheckup,     "一般健康診断（雇入時・定期・特定業務従事者・海外派遣など）", 5, Starts::Made, "安衛則51条"),
    row(RecordKind::SpecialCheckup,     "有機溶剤・鉛・四アルキル鉛・高気圧業務・歯科の健康診断", 5, Starts::Made, "有機則30条ほか"),
    row(RecordKind::SpecifiedChemicals, "特定化学物質健康診断（特別管理物質を含む）", 30, Starts::Made, "特化則40条"),
    row(RecordKind::IonizingRadiation,  "電離放射線・除染等の健康診断", 30, Starts::Made, "電離則57条、除染則21条"),
    row(RecordKind::Asbestos,           "石綿健康診断", 40, Starts::WorkEnded, "石綿則41条"),
    row(RecordKind::Pneumoconiosis,     "じん肺健康診断", 7, Starts::Made, "じん肺法17条"),
    row(RecordKind::StressResult,       "ストレスチェックの結果", 5, Starts::Made, "安衛則52条の13"),
    RetentionRow {
        undecided_years: Some(5),
        ..row(RecordKind::StressAnswers, "ストレスチェックの回答（設問ごと）", 0, Starts::Confirmed, "法定の保存義務なし（結果の記録は安衛則52条の13）")
    },
    row(RecordKind::StressConsent,      "ストレスチェックの結果提供の同意", 5, Starts::Made, "ストレスチェック指針"),
    row(RecordKind::Interview,          "面接指導の結果", 5, Starts::Made, "安衛則52条の6、52条の18"),
    row(RecordKind::GroupAnalysis,      "集団分析の結果", 5, Starts::Made, "ストレスチェック指針（推奨）"),
    row(RecordKind::WorkingHours,       "労働時間の状況の記録", 3, Starts::Made, "安衛則52条の7の3"),
    row(RecordKind::CommitteeMinutes,   "衛生委員会の議事録", 3, Starts::Made, "安衛則23条"),
    row(RecordKind::WorkplaceRounds,    "職場巡視の記録・産業医の勧告", 3, Starts::Made, "安衛則14条の3"),
    row(RecordKind::Lifelog,            "ライフログ", 1, Starts::Made, "法令の定めなし（ポイントの締めとキャンペーンの集計のため1年以上）"),
    row(RecordKind::PointsLedger,       "健康ポイントの台帳・交換", 3, Starts::Made, "法令の定めなし（付与から失効までの経過を確認できるよう3年以上）"),
];

impl RecordKind {
    /// What a checkup's card is to the law. What no law speaks of is kept like a general one.
    #[must_use]
    pub const fn of_checkup(kind: CheckupKind) -> Self {
        match kind {
            CheckupKind::Hire
            | CheckupKind::Periodic
            | CheckupKind::SpecificWork
            | CheckupKind::Overseas
            | CheckupKind::Food
            | CheckupKind::Voluntary
            | CheckupKind::Dock
            | CheckupKind::Tokutei
            | CheckupKind::Secondary => Self::GeneralCheckup,
            CheckupKind::Dental
            | CheckupKind::OrganicSolvents
            | CheckupKind::Lead
            | CheckupKind::TetraalkylLead
            | CheckupKind::HighPressure => Self::SpecialCheckup,
            CheckupKind::SpecifiedChemicals => Self::SpecifiedChemicals,
            CheckupKind::IonizingRadiation | CheckupKind::Decontamination => Self::IonizingRadiation,
            CheckupKind::Asbestos => Self::Asbestos,
            CheckupKind::Pneumoconiosis => Self::Pneumoconiosis,
        }
    }

    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static RetentionRow {
        // The rows stand in the order of the enum, which a test holds.
        &RETENTION[self as usize]
    }

    /// Those of checkups.
    pub const CHECKUPS: [Self; 6] = [
        Self::GeneralCheckup,
        Self::SpecialCheckup,
        Self::SpecifiedChemicals,
        Self::IonizingRadiation,
        Self::Asbestos,
        Self::Pneumoconiosis,
    ];

    /// The kinds of which a company decides for how long this service keeps records, in the order of the table.
    pub fn kept() -> impl Iterator<Item = Self> {
        let kept = RETENTION.iter().map(|row| row.kind);
        kept.filter(|kind| {
            Self::CHECKUPS.contains(kind)
                || matches!(
                    kind,
                    Self::StressAnswers | Self::Interview | Self::WorkingHours | Self::Lifelog | Self::PointsLedger
                )
        })
    }

    /// Whether a law says for how long the employer keeps it.
    #[must_use]
    pub const fn is_by_law(self) -> bool {
        !matches!(self, Self::StressAnswers | Self::Lifelog | Self::PointsLedger)
    }

    /// The last day on which the law wants a record to be kept that was made (or, for answers, signed for) on `made_on`, and for answers the last of [`SETTLED_DAYS`]; none where that day depends
    /// on what nobody tells this service.
    #[must_use]
    pub fn kept_by_law_until(self, made_on: Date) -> Option<Date> {
        let row = self.row();
        let by_law = made_on.saturating_add(i32::from(row.minimum_years).years());
        match row.starts {
            Starts::Made => Some(by_law),
            Starts::Confirmed => Some(by_law.max(made_on.saturating_add(SETTLED_DAYS.days()))),
            Starts::WorkEnded => None,
        }
    }
}

/// What is wrong with a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodFault {
    /// Shorter than the law allows: so many years at least.
    BelowMinimum(u8),
    /// Longer than [`MOST_YEARS`].
    TooLong,
    /// The period counts from a day that nobody tells this service: records of this kind do not expire by themselves.
    NeverExpires,
}

/// What a company has decided (保存期間の設定): after how many years records of a kind are deleted. A kind that it says nothing of is kept as long as its contract runs, except answers of stress checks
/// ([`RetentionRow::undecided_years`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetentionPolicy(BTreeMap<RecordKind, u8>);

impl RetentionPolicy {
    /// A policy of these periods in years; or each one that is none.
    pub fn new(periods: impl IntoIterator<Item = (RecordKind, u8)>) -> Result<Self, Vec<(RecordKind, PeriodFault)>> {
        let (mut policy, mut faults) = (BTreeMap::new(), Vec::new());
        for (kind, years) in periods {
            let row = kind.row();
            let fault = match row.starts {
                Starts::WorkEnded => Some(PeriodFault::NeverExpires),
                _ if years < row.minimum_years => Some(PeriodFault::BelowMinimum(row.minimum_years)),
                _ if years > MOST_YEARS => Some(PeriodFault::TooLong),
                Starts::Made | Starts::Confirmed => None,
            };
            match fault {
                Some(fault) => faults.push((kind, fault)),
                None => drop(policy.insert(kind, years)),
            }
        }
        if faults.is_empty() { Ok(Self(policy)) } else { Err(faults) }
    }

    /// Whether nothing expires.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// After how many years records of this kind are deleted, as the company decided or else as the table says; none where they are kept.
    #[must_use]
    pub fn years(&self, kind: RecordKind) -> Option<u8> {
        self.0.get(&kind).copied().or(kind.row().undecided_years)
    }

    /// The shortest period of these kinds; none where all of them are kept.
    #[must_use]
    pub fn shortest_of(&self, kinds: impl IntoIterator<Item = RecordKind>) -> Option<u8> {
        kinds.into_iter().filter_map(|kind| self.years(kind)).min()
    }

    /// The last day on which a record is kept that was made (or, for answers, signed for) on `made_on`; none where it is kept. Never before what the law says, even if the policy was stored when the law said less.
    #[must_use]
    pub fn kept_until(&self, kind: RecordKind, made_on: Date) -> Option<Date> {
        let by_law = kind.kept_by_law_until(made_on)?;
        let decided = made_on.saturating_add(i32::from(self.years(kind)?).years());
        Some(decided.max(by_law))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_has_its_row_in_its_place() {
        for (place, row) in RETENTION.iter().enumerate() {
            assert_eq!(row.kind as usize, place, "RETENTION must list every kind once, in the order of the enum");
        }
        assert_eq!(RecordKind::PointsLedger as usize + 1, RETENTION.len());
    }

    #[test]
    fn the_law_says_for_how_long() {
        let made = date(2024, 2, 29);
        let until = |kind: CheckupKind| RecordKind::of_checkup(kind).kept_by_law_until(made);
        assert_eq!(until(CheckupKind::Periodic), Some(date(2029, 2, 28)));
        assert_eq!(until(CheckupKind::Lead), Some(date(2029, 2, 28)));
        assert_eq!(until(CheckupKind::Pneumoconiosis), Some(date(2031, 2, 28)));
        assert_eq!(until(CheckupKind::SpecifiedChemicals), Some(date(2054, 2, 28)));
        assert_eq!(until(CheckupKind::Decontamination), Some(date(2054, 2, 28)));
        assert_eq!(until(CheckupKind::Asbestos), None, "it counts from when the work ended");
    }

    #[test]
    fn a_policy_below_the_law_is_refused_and_one_about_asbestos_too() {
        let wrong = [
            (RecordKind::GeneralCheckup, 4),
            (RecordKind::IonizingRadiation, 30),
            (RecordKind::Asbestos, 50),
            (RecordKind::Interview, 4),
            (RecordKind::WorkingHours, 2),
            (RecordKind::Lifelog, 0),
            (RecordKind::PointsLedger, 2),
        ];
        let faults = [
            (RecordKind::GeneralCheckup, PeriodFault::BelowMinimum(5)),
            (RecordKind::Asbestos, PeriodFault::NeverExpires),
            (RecordKind::Interview, PeriodFault::BelowMinimum(5)),
            (RecordKind::WorkingHours, PeriodFault::BelowMinimum(3)),
            (RecordKind::Lifelog, PeriodFault::BelowMinimum(1)),
            (RecordKind::PointsLedger, PeriodFault::BelowMinimum(3)),
        ];
        assert_eq!(RetentionPolicy::new(wrong).unwrap_err(), faults);
        assert_eq!(RetentionPolicy::new([(RecordKind::Pneumoconiosis, 101)]).unwrap_err()[0].1, PeriodFault::TooLong);
    }

    #[test]
    fn what_nothing_was_decided_about_is_kept() {
        let policy = RetentionPolicy::new([(RecordKind::GeneralCheckup, 7)]).unwrap();
        assert_eq!(policy.kept_until(RecordKind::GeneralCheckup, date(2020, 6, 1)), Some(date(2027, 6, 1)));
        assert_eq!(policy.kept_until(RecordKind::SpecialCheckup, date(2020, 6, 1)), None);
        let policy = RetentionPolicy::new([(RecordKind::Lifelog, 1), (RecordKind::PointsLedger, 3)]).unwrap();
        assert_eq!(policy.shortest_of(RecordKind::CHECKUPS), None, "a lifelog is no card");
    }

    #[test]
    fn r35_answers_go_before_their_results_where_a_company_wants_it_and_never_before_the_round_has_settled() {
        let (signed, kind) = (date(2027, 11, 30), RecordKind::StressAnswers);
        let until = |years| RetentionPolicy::new([(kind, years)]).unwrap().kept_until(kind, signed);
        assert_eq!(until(0), Some(date(2028, 2, 28)), "ninety days, in a leap year");
        assert_eq!(until(1), Some(date(2028, 11, 30)));
        assert_eq!(until(7), Some(date(2034, 11, 30)));
        let undecided = RetentionPolicy::default();
        assert_eq!(undecided.kept_until(kind, signed), Some(date(2032, 11, 30)), "as long as the law wants the result");
        assert_eq!(undecided.kept_until(RecordKind::StressResult, signed), None);
        let decided = RetentionPolicy::new([(kind, 0), (RecordKind::GeneralCheckup, 7)]).unwrap();
        assert_eq!(decided.shortest_of(RecordKind::CHECKUPS), Some(7), "answers do not hurry checkups");
        assert_eq!(undecided.shortest_of(RecordKind::CHECKUPS), None);
    }

    proptest! {
        #[test]
        fn nothing_is_deleted_before_the_law_allows_it_whatever_is_stored(
            place in 0..RETENTION.len(), years in any::<u8>(), offset in 0_i32..40_000
        ) {
            let (kind, made) = (RETENTION[place].kind, date(1980, 1, 1).saturating_add(offset.days()));
            let stored = RetentionPolicy(BTreeMap::from([(kind, years)]));
            match (stored.kept_until(kind, made), kind.kept_by_law_until(made)) {
                (Some(until), Some(by_law)) => prop_assert!(until >= by_law),
                (until, _) => prop_assert_eq!(until, None),
            }
        }
    }
}
