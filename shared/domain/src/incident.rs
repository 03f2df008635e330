//! Incidents (インシデント, R-29): what has to be done by when once something went wrong. The duties are one table with their sources; what of it applies, and what is done,
//! follows from the incident's course.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{reminder::Steps, time::Jst};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Somebody saw or took what they should not, or may have (漏えい等).
    Breach,
    /// Data is lost or damaged (滅失・毀損).
    DataLoss,
    /// The service is away for long (長時間の停止).
    Outage,
    /// Something else that customers must know.
    Other,
}

/// Why a breach must be reported to the Personal Information Protection Commission (個人情報保護法施行規則 第7条).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportGround {
    /// Sensitive data, be it of one person: checkups, stress checks, guidance (要配慮個人情報).
    Sensitive,
    /// Somebody could lose money by it (財産的被害のおそれ).
    Financial,
    /// Somebody meant to (不正の目的).
    Malicious,
    /// More than a thousand people (1,000人超).
    ManyPersons,
}

/// Something that has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Every affected company is told what happened (第一報).
    FirstNotice,
    /// Every affected company is told how it goes on (経過報告).
    Progress,
    /// The preliminary report (速報).
    PreliminaryReport,
    /// The final report (確報).
    FinalReport,
    /// The people whose data it is are told (本人への通知).
    NoticeToPersons,
}

/// What a duty's time is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// The occurrence.
    Occurrence,
    /// The last notice.
    LastNotice,
    /// The moment at which somebody first knew.
    Detection,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    duty: Duty,
    japanese: &'static str,
    from: From,
    /// From when on it may be expected, in hours.
    expected: Option<i64>,
    /// By when at the latest, in hours; `None` where the law says no more than promptly.
    within: Option<i64>,
    /// The same where somebody meant to.
    within_if_malicious: Option<i64>,
    source: &'static str,
}

const DAY: i64 = 24;
const SPECIFICATION: &str = "サービス仕様書 2023/01/29（重大なセキュリティインシデントの通知）";
const REPORTS: &str = "個人情報保護法第26条第1項、同法施行規則第8条、個人情報保護委員会ガイドライン（通則編）3-5-3";
const PERSONS: &str = "個人情報保護法第26条第2項、同法施行規則第10条";

/// The table. Days of the law are counted as so many times 24 hours from the moment of knowing, and not prolonged over holidays: earlier than the law asks is in time.
#[rustfmt::skip]
const DUTIES: [Row; 5] = [
    Row { duty: Duty::FirstNotice,       japanese: "影響を受ける全契約企業への第一報", from: From::Occurrence, expected: None,          within: Some(72),       within_if_malicious: None,           source: SPECIFICATION },
    Row { duty: Duty::Progress,          japanese: "契約企業への経過報告",             from: From::LastNotice, expected: None,          within: Some(24),       within_if_malicious: None,           source: SPECIFICATION },
    Row { duty: Duty::PreliminaryReport, japanese: "個人情報保護委員会への速報",       from: From::Detection,  expected: Some(3 * DAY), within: Some(5 * DAY),  within_if_malicious: None,           source: REPORTS },
    Row { duty: Duty::FinalReport,       japanese: "個人情報保護委員会への確報",       from: From::Detection,  expected: None,          within: Some(30 * DAY), within_if_malicious: Some(60 * DAY), source: REPORTS },
    Row { duty: Duty::NoticeToPersons,   japanese: "本人への通知（状況に応じて速やかに）", from: From::Detection, expected: None,       within: None,           within_if_malicious: None,           source: PERSONS },
];

/// When operators are warned of a duty.
pub const WARNINGS: Steps = Steps(&[24, 6, 1]);

impl Duty {
    fn row(self) -> &'static Row {
        // The rows stand in the order of the enum, which a test holds.
        &DUTIES[self as usize]
    }

    /// What programs read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstNotice => "first_notice",
            Self::Progress => "progress",
            Self::PreliminaryReport => "preliminary_report",
            Self::FinalReport => "final_report",
            Self::NoticeToPersons => "notice_to_persons",
        }
    }

    /// What operators read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        self.row().japanese
    }

    /// Where it is written.
    #[must_use]
    pub fn source(self) -> &'static str {
        self.row().source
    }

    /// Whether it is the law's, and somebody says when it was done; the others are done by telling customers.
    #[must_use]
    pub fn is_legal(self) -> bool {
        self.row().from == From::Detection
    }
}

/// What of an incident its duties follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// When it happened, or began.
    pub occurred_at: Jst,
    /// When somebody first knew of it.
    pub detected_at: Jst,
    /// Why it must be reported; nothing where it need not be.
    pub grounds: BTreeSet<ReportGround>,
    /// When the last affected company got its first notice; `None` while one has not.
    pub told_at: Option<Jst>,
    /// When customers were last told something.
    pub last_notice_at: Option<Jst>,
    /// When the measures were finished.
    pub settled_at: Option<Jst>,
    /// Which legal duties are done, and since when.
    pub done: BTreeMap<Duty, Jst>,
}

/// A duty of one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// Which duty.
    pub duty: Duty,
    /// From when on it is expected.
    pub expected_from: Option<Jst>,
    /// By when; `None` where the law says no more than promptly.
    pub due: Option<Jst>,
    /// When it was done.
    pub done_at: Option<Jst>,
}

impl Course {
    /// The check list: every duty that applies, in the order of the table.
    #[must_use]
    pub fn deadlines(&self) -> Vec<Deadline> {
        DUTIES.iter().filter_map(|row| self.deadline(row)).collect()
    }

    fn deadline(&self, row: &Row) -> Option<Deadline> {
        let from = match row.from {
            From::Occurrence => self.occurred_at,
            // Only while it lasts, and once everybody knows of it.
            From::LastNotice if self.settled_at.is_none() && self.told_at.is_some() => self.last_notice_at?,
            From::Detection if !self.grounds.is_empty() => self.detected_at,
            From::LastNotice | From::Detection => return None,
        };
        let malicious = row.within_if_malicious.filter(|_| self.grounds.contains(&ReportGround::Malicious));
        let after = |hours: i64| from.plus_seconds(hours * 3_600);
        let done_at = match row.duty {
            Duty::FirstNotice => self.told_at,
            duty => self.done.get(&duty).copied(),
        };
        let (expected_from, due) = (row.expected.map(after), malicious.or(row.within).map(after));
        Some(Deadline { duty: row.duty, expected_from, due, done_at })
    }

    /// The day on which the customers' own preliminary report is due at the latest, counted from the same knowledge: they are told in time for it.
    #[must_use]
    pub fn customers_report_by(&self) -> Option<Date> {
        (!self.grounds.is_empty()).then(|| self.detected_at.plus_seconds(5 * DAY * 3_600).date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Jst {
        format!("{text}+09:00").parse().unwrap()
    }

    fn course() -> Course {
        Course {
            occurred_at: at("2026-04-01T09:00:00"),
            detected_at: at("2026-04-01T21:30:00"),
            grounds: BTreeSet::new(),
            told_at: None,
            last_notice_at: None,
            settled_at: None,
            done: BTreeMap::new(),
        }
    }

    fn due(course: &Course, duty: Duty) -> Option<String> {
        let deadlines = course.deadlines();
        deadlines.iter().find(|deadline| deadline.duty == duty)?.due.map(|due| due.to_string())
    }

    #[test]
    fn every_duty_has_its_row_in_its_place() {
        for (place, row) in DUTIES.iter().enumerate() {
            assert_eq!(row.duty as usize, place);
            assert!(!row.source.is_empty());
        }
    }

    #[test]
    fn r29_every_company_is_told_within_72_hours_of_the_occurrence_and_not_of_the_detection() {
        assert_eq!(due(&course(), Duty::FirstNotice).unwrap(), "2026-04-04T09:00:00.000+09:00");
        let told = Course { told_at: Some(at("2026-04-02T10:00:00")), ..course() };
        assert_eq!(told.deadlines()[0].done_at, told.told_at);
    }

    #[test]
    fn r29_progress_follows_every_24_hours_while_it_lasts() {
        let partly = Course { last_notice_at: Some(at("2026-04-02T10:00:00")), ..course() };
        assert_eq!(due(&partly, Duty::Progress), None, "somebody has not had the first notice yet");
        let told = Course { told_at: partly.last_notice_at, ..partly };
        assert_eq!(due(&told, Duty::Progress).unwrap(), "2026-04-03T10:00:00.000+09:00");
        let again = Course { last_notice_at: Some(at("2026-04-03T09:00:00")), ..told.clone() };
        assert_eq!(due(&again, Duty::Progress).unwrap(), "2026-04-04T09:00:00.000+09:00");
        let settled = Course { settled_at: Some(at("2026-04-03T12:00:00")), ..again };
        assert_eq!(due(&settled, Duty::Progress), None);
    }

    #[test]
    fn r29_the_law_counts_from_knowing_and_gives_60_days_where_somebody_meant_to() {
        assert_eq!(due(&course(), Duty::PreliminaryReport), None, "nothing need be reported");
        let sensitive = Course { grounds: [ReportGround::Sensitive].into(), ..course() };
        let preliminary = sensitive.deadlines()[1];
        assert_eq!(preliminary.expected_from.unwrap().to_string(), "2026-04-04T21:30:00.000+09:00");
        assert_eq!(preliminary.due.unwrap().to_string(), "2026-04-06T21:30:00.000+09:00");
        assert_eq!(due(&sensitive, Duty::FinalReport).unwrap(), "2026-05-01T21:30:00.000+09:00");
        let malicious = Course { grounds: [ReportGround::Sensitive, ReportGround::Malicious].into(), ..course() };
        assert_eq!(due(&malicious, Duty::FinalReport).unwrap(), "2026-05-31T21:30:00.000+09:00");
        assert_eq!(due(&sensitive, Duty::NoticeToPersons), None);
        assert_eq!(sensitive.customers_report_by().unwrap().to_string(), "2026-04-06");
        let last = sensitive.deadlines().pop().unwrap();
        assert_eq!((last.duty, last.done_at), (Duty::NoticeToPersons, None), "it is on the list all the same");
    }
}
