//! Kinds of interviews: one table of what each is for, who holds it, what may cause it, who knows of it, and by when what is to follow (domain.md 6.1, 8.2).

use std::fmt;

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{CheckupId, StressRoundId},
    overwork::Confidence,
    retention::RecordKind,
    time::Month,
};

/// A kind of interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterviewKind {
    /// After a month of overwork (長時間労働者への面接指導).
    Overwork,
    /// After a stress check, by request (高ストレス者への面接指導).
    HighStress,
    /// About findings of a checkup (健康診断の事後面談).
    Checkup,
    /// Before or during a leave of absence (休職の面談).
    Leave,
    /// Before or after the return from one (復職の面談).
    Return,
    /// Health guidance (保健指導).
    Guidance,
    /// By the worker's own wish (健康相談).
    Consult,
    /// By a manager's wish (管理職からの相談).
    ManagerConsult,
}

/// Who may hold an interview and read its private note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conductor {
    /// A physician alone.
    Physician,
    /// A physician or a nurse.
    PhysicianOrNurse,
}

/// What an interview comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    /// A month of working hours.
    WorkingMonth,
    /// A request after a round of the stress check.
    StressRound,
    /// A checkup.
    Checkup,
    /// A leave of absence.
    Absence,
    /// The worker's own wish.
    OwnWish,
    /// A manager's wish.
    Manager,
}

/// Whether a physician reports to the employer after an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpinionRule {
    /// The law wants it.
    ByLaw,
    /// Where there is something to report.
    AsNeeded,
    /// Only what the worker has agreed to, and the day of that.
    WithConsent,
    /// Never.
    None,
}

/// A time within which something is to be done; the day that begins it does not count (民法140).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// A month (おおむね1月): it ends on the day of the same number, or on the last day of a month that has none (民法143).
    Month,
    /// So many days.
    Days(i32),
}

impl Term {
    /// Its last day.
    #[must_use]
    pub fn from(self, day: Date) -> Date {
        match self {
            Self::Month => day.saturating_add(1.month()),
            Self::Days(days) => day.saturating_add(days.days()),
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct KindRow {
    /// The kind.
    pub kind: InterviewKind,
    /// The name in JSON.
    pub name: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// Where the law says so, or why it is done.
    pub basis: &'static str,
    /// Who holds it.
    pub conductor: Conductor,
    /// What causes it.
    pub cause: CauseKind,
    /// The employer's side knows of it from the start; otherwise only once the worker has agreed to a report.
    pub known: bool,
    /// The worker asks for it here.
    pub by_worker: bool,
    /// Whether a physician reports.
    pub opinion: OpinionRule,
    /// By when it is held, from the request on.
    pub held_within: Option<Term>,
    /// By when the physician reports, from the interview on.
    pub opinion_within: Option<Term>,
    /// By when the employer decides, from the report on.
    pub decision_within: Option<Term>,
    /// What kind of record it is to the law, where the law says for how long it is kept.
    pub record: Option<RecordKind>,
    /// How sure the times are.
    pub confidence: Confidence,
}

/// The table. Sources: domain.md 6.1 and 8.2; times domain.md 4.1, 4.8 and 5.2 (遅滞なく＝おおむね1月以内). Those of overwork are the tasks of [`crate::overwork::duty`], which a test holds. A consultation
/// is health information of class (c) of the ministry's guide (domain.md 8.1): the employer gets none of it without consent.
#[rustfmt::skip]
pub const INTERVIEW_KINDS: &[KindRow] = &[
    KindRow { kind: InterviewKind::Overwork,       name: "overwork",        japanese: "長時間労働者への面接指導", basis: "安衛法66条の8・66条の8の2・66条の8の4",       conductor: Conductor::Physician,        cause: CauseKind::WorkingMonth, known: true,  by_worker: true,  opinion: OpinionRule::ByLaw,       held_within: Some(Term::Days(30)), opinion_within: Some(Term::Days(30)), decision_within: Some(Term::Days(30)), record: Some(RecordKind::Interview), confidence: Confidence::High },
    KindRow { kind: InterviewKind::HighStress,     name: "high_stress",     japanese: "高ストレス者への面接指導", basis: "安衛法66条の10、安衛則52条の15～52条の19",    conductor: Conductor::Physician,        cause: CauseKind::StressRound,  known: true,  by_worker: false, opinion: OpinionRule::ByLaw,       held_within: Some(Term::Month),    opinion_within: Some(Term::Month),    decision_within: Some(Term::Month),    record: Some(RecordKind::Interview), confidence: Confidence::High },
    KindRow { kind: InterviewKind::Checkup,        name: "checkup",         japanese: "健康診断の事後面談",       basis: "安衛法66条の4・66条の7",                      conductor: Conductor::PhysicianOrNurse, cause: CauseKind::Checkup,      known: true,  by_worker: true,  opinion: OpinionRule::AsNeeded,    held_within: Some(Term::Month),    opinion_within: Some(Term::Month),    decision_within: Some(Term::Month),    record: None,                        confidence: Confidence::Medium },
    KindRow { kind: InterviewKind::Leave,          name: "leave",           japanese: "休職の面談",               basis: "職場復帰支援の手引き（第1・第2ステップ）",    conductor: Conductor::Physician,        cause: CauseKind::Absence,      known: true,  by_worker: false, opinion: OpinionRule::AsNeeded,    held_within: None,                 opinion_within: Some(Term::Month),    decision_within: Some(Term::Month),    record: None,                        confidence: Confidence::Medium },
    KindRow { kind: InterviewKind::Return,         name: "return",          japanese: "復職の面談",               basis: "職場復帰支援の手引き（第3～第5ステップ）",    conductor: Conductor::Physician,        cause: CauseKind::Absence,      known: true,  by_worker: false, opinion: OpinionRule::AsNeeded,    held_within: None,                 opinion_within: Some(Term::Month),    decision_within: Some(Term::Month),    record: None,                        confidence: Confidence::Medium },
    KindRow { kind: InterviewKind::Guidance,       name: "guidance",        japanese: "保健指導",                 basis: "安衛法66条の7、高齢者医療確保法24条",         conductor: Conductor::PhysicianOrNurse, cause: CauseKind::Checkup,      known: false, by_worker: false, opinion: OpinionRule::None,        held_within: None,                 opinion_within: None,                 decision_within: None,                 record: None,                        confidence: Confidence::Medium },
    KindRow { kind: InterviewKind::Consult,        name: "consult",         japanese: "健康相談",                 basis: "本人の希望（安衛法69条）",                    conductor: Conductor::PhysicianOrNurse, cause: CauseKind::OwnWish,      known: false, by_worker: true,  opinion: OpinionRule::WithConsent, held_within: None,                 opinion_within: None,                 decision_within: Some(Term::Month),    record: None,                        confidence: Confidence::Medium },
    KindRow { kind: InterviewKind::ManagerConsult, name: "manager_consult", japanese: "管理職からの相談",         basis: "管理職の希望（安衛法69条）",                  conductor: Conductor::PhysicianOrNurse, cause: CauseKind::Manager,      known: false, by_worker: false, opinion: OpinionRule::WithConsent, held_within: None,                 opinion_within: None,                 decision_within: Some(Term::Month),    record: None,                        confidence: Confidence::Medium },
];

impl InterviewKind {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static KindRow {
        // The rows stand in the order of the enum, which a test holds.
        &INTERVIEW_KINDS[self as usize]
    }
}

/// The one thing that an interview comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum InterviewCause {
    /// A month of working hours.
    WorkingMonth {
        /// Which.
        month: Month,
    },
    /// A request after a round of the stress check.
    StressRound {
        /// Which round.
        round: StressRoundId,
    },
    /// A checkup.
    Checkup {
        /// Which.
        checkup: CheckupId,
    },
    /// A leave of absence.
    Absence,
    /// The worker's own wish.
    OwnWish,
    /// A manager's wish.
    Manager,
}

impl InterviewCause {
    /// Of what kind it is.
    #[must_use]
    pub const fn kind(self) -> CauseKind {
        match self {
            Self::WorkingMonth { .. } => CauseKind::WorkingMonth,
            Self::StressRound { .. } => CauseKind::StressRound,
            Self::Checkup { .. } => CauseKind::Checkup,
            Self::Absence => CauseKind::Absence,
            Self::OwnWish => CauseKind::OwnWish,
            Self::Manager => CauseKind::Manager,
        }
    }

    /// The thing of this service that it is, if it is one.
    #[must_use]
    pub fn thing(self) -> Option<String> {
        match self {
            Self::WorkingMonth { month } => Some(month.to_string()),
            Self::StressRound { round } => Some(round.to_string()),
            Self::Checkup { checkup } => Some(checkup.to_string()),
            Self::Absence | Self::OwnWish | Self::Manager => None,
        }
    }
}

impl fmt::Display for InterviewKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::overwork::duty::{TASKS, Task};

    #[test]
    fn every_kind_has_its_row_in_its_place() {
        for (at, row) in INTERVIEW_KINDS.iter().enumerate() {
            assert_eq!(row.kind as usize, at);
            assert_eq!(serde_json::to_value(row.kind).unwrap(), row.name);
            assert!(!row.known || row.opinion != OpinionRule::WithConsent, "{}", row.name);
        }
    }

    #[test]
    fn r36_whom_the_law_wants_interviewed_a_physician_interviews_and_reports_in_a_month_each() {
        for row in INTERVIEW_KINDS.iter().filter(|row| row.record == Some(RecordKind::Interview)) {
            assert_eq!((row.conductor, row.opinion, row.known), (Conductor::Physician, OpinionRule::ByLaw, true));
            assert!(row.held_within.is_some() && row.opinion_within.is_some() && row.decision_within.is_some());
        }
    }

    #[test]
    fn r36_the_times_of_overwork_are_those_of_its_tasks() {
        let row = InterviewKind::Overwork.row();
        let days = |task: Task| Some(Term::Days(TASKS.iter().find(|it| it.task == task).unwrap().days));
        assert_eq!(
            [row.held_within, row.opinion_within, row.decision_within],
            [Task::Interview, Task::Opinion, Task::Measures].map(days)
        );
    }

    #[test]
    fn a_month_ends_where_the_month_does() {
        assert_eq!(Term::Month.from(date(2028, 1, 31)), date(2028, 2, 29));
        assert_eq!(Term::Month.from(date(2026, 11, 15)), date(2026, 12, 15));
        assert_eq!(Term::Days(30).from(date(2026, 11, 15)), date(2026, 12, 15));
    }
}
