//! Leave and return (休職・職場復帰): the five steps of the ministry's guide (心の健康問題により休業した労働者の職場復帰支援の手引き, domain.md 6.3).
//!
//! ```text
//!  1 care            2 the attending doctor     3 decision and plan     4 final decision      5 follow-up
//!          doctor judges                  plan                  decide: returns
//! on_leave ────────────▶ return_possible ──────▶ planned ───────────────────────▶ follow_up ──▶ closed
//!    ▲                        │                  │ │  ▲                          │ │   ▲         ▲
//!    │                        └──── postpone ────┤ │  └── plan anew              │ └───┘         │
//!    └───────────────────────────────────────────┘ └─ decide: not yet ─▶ on_leave│ review, plan  │
//!                                                                                │               │
//!                                                         relapse: another case ─┴───────────────┤
//!                                                         left the company, other (from any) ────┘
//! ```
//!
//! Whoever falls ill again gets another case, which names the one before; that one ends as relapsed. What workplaces read is a [`ReturnPlan`]: hours, restrictions and days. There is no diagnosis in it, nor in
//! anything else that the employer's side reads; a diagnosis is a [`LeaveWords`], which only those who hold interviews open.

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    remark::Remark,
    work_fitness::{Measure, TermsFault, faults_of_measures},
};

/// The most hours a week that a plan names: the statutory week (労基法32条).
const MOST_HOURS: u8 = 40;
/// The most stages of a plan.
const MOST_STAGES: usize = 26;
/// From how many days before its day somebody is reminded, and how many lie between two reminders.
const DAYS: i32 = 7;
/// For how many months in all the allowance (傷病手当金) is paid, from its first day on (健康保険法99条4項). Information only: days of work in between do not count.
const ALLOWANCE_MONTHS: i32 = 18;

/// Where a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveState {
    /// On leave, cared for (休業中のケア).
    OnLeave,
    /// The attending doctor judges that the worker can return (主治医による職場復帰可能の判断).
    ReturnPossible,
    /// It is decided whether, and a plan is made (職場復帰の可否の判断とプランの作成).
    Planned,
    /// Returned, and followed up (職場復帰後のフォローアップ).
    FollowUp,
    /// Nothing more is to be done (終了).
    Closed,
}

/// How a case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveOutcome {
    /// The worker is back for good (復職が定着).
    Settled,
    /// On leave again: another case goes on (再休業).
    Relapsed,
    /// The worker has left the company (退職).
    Left,
    /// Something else (その他).
    Other,
}

/// What somebody does with a case, as far as it changes where the case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveAct {
    /// Notes that the attending doctor judges a return possible.
    JudgePossible,
    /// Makes the plan, or makes it anew.
    Plan,
    /// Decides for the employer.
    Decide {
        /// Whether the worker returns.
        returns: bool,
    },
    /// It is too early after all.
    Postpone,
    /// Looks after somebody who has returned.
    Review,
    /// Ends it.
    Close(LeaveOutcome),
}

impl LeaveState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::OnLeave, Self::ReturnPossible, Self::Planned, Self::FollowUp, Self::Closed];

    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnLeave => "on_leave",
            Self::ReturnPossible => "return_possible",
            Self::Planned => "planned",
            Self::FollowUp => "follow_up",
            Self::Closed => "closed",
        }
    }

    /// Which of the guide's steps it is in; none, where it is over.
    #[must_use]
    pub const fn step(self) -> Option<u8> {
        match self {
            Self::OnLeave => Some(1),
            Self::ReturnPossible => Some(2),
            // A plan waits for the final decision (step 4).
            Self::Planned => Some(3),
            Self::FollowUp => Some(5),
            Self::Closed => None,
        }
    }

    /// Where a case is after `act`; `None` where that cannot be done now.
    #[must_use]
    pub const fn after(self, act: LeaveAct) -> Option<Self> {
        match (self, act) {
            (Self::OnLeave, LeaveAct::JudgePossible) => Some(Self::ReturnPossible),
            (Self::ReturnPossible | Self::Planned, LeaveAct::Plan) => Some(Self::Planned),
            (Self::FollowUp, LeaveAct::Plan | LeaveAct::Review)
            | (Self::Planned, LeaveAct::Decide { returns: true }) => Some(Self::FollowUp),
            (Self::Planned, LeaveAct::Decide { returns: false })
            | (Self::ReturnPossible | Self::Planned, LeaveAct::Postpone) => Some(Self::OnLeave),
            (Self::FollowUp, LeaveAct::Close(_))
            | (
                Self::OnLeave | Self::ReturnPossible | Self::Planned,
                LeaveAct::Close(LeaveOutcome::Left | LeaveOutcome::Other),
            ) => Some(Self::Closed),
            _ => None,
        }
    }
}

/// What a certificate (診断書) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// Leave is needed (要休業).
    LeaveNeeded,
    /// Leave is needed for longer (休業の延長).
    LeaveExtended,
    /// A return is possible (復職可能).
    ReturnPossible,
    /// Something else.
    Other,
}

impl CertificateKind {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::LeaveNeeded => "要休業の診断書",
            Self::LeaveExtended => "休業延長の診断書",
            Self::ReturnPossible => "復職可能の診断書",
            Self::Other => "その他の診断書",
        }
    }
}

/// That there is a certificate, and for which days; not what illness it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What it says.
    pub kind: CertificateKind,
    /// When it was issued.
    pub issued_on: Date,
    /// For which days, from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Date>,
    /// For which days, until.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Date>,
}

const fn fault(pointer: &'static str, code: &'static str, detail: &'static str) -> TermsFault {
    TermsFault { pointer, code, detail }
}
const ISSUED_LATER: TermsFault = fault("/issued_on", "in_the_future", "発行日には、今日までの日を指定してください。");
const UNTIL_BEFORE: TermsFault = fault("/until", "before_from", "終了日には、開始日以降の日を指定してください。");
const NO_STAGE: TermsFault =
    fault("/stages", "required", "復帰後の勤務時間を1段階以上（26段階まで）指定してください。");
const STAGES: TermsFault =
    fault("/stages", "out_of_order", "勤務時間の段階は、復帰日から始まる日付の順に指定してください。");
const HOURS: TermsFault = fault("/stages", "out_of_range", "週の勤務時間は1～40時間で指定してください。");
const TRIAL: TermsFault = fault(
    "/trial_until",
    "out_of_order",
    "試し出勤の期間は、開始日と終了日をともに、復帰日より前の日で指定してください。",
);
const REVIEW: TermsFault =
    fault("/review_on", "out_of_order", "見直しの予定日には、復帰日以降で、明日以降の日を指定してください。");

impl Certificate {
    /// Everything that is wrong with it on `today`.
    #[must_use]
    pub fn faults(&self, today: Date) -> Vec<TermsFault> {
        let ends_first = self.until.is_some_and(|until| until < self.from.unwrap_or(self.issued_on));
        let all = [(self.issued_on > today, ISSUED_LATER), (ends_first, UNTIL_BEFORE)];
        all.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault)).collect()
    }
}

/// Hours a week from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStage {
    /// From when.
    pub from: Date,
    /// How many hours a week.
    pub hours_a_week: u8,
}

/// A plan for the return, as it is written: what a workplace has to know, and nothing of why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnTerms {
    /// The day of the return.
    pub returns_on: Date,
    /// Trial work (試し出勤) before it, from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trial_from: Option<Date>,
    /// Trial work, until.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trial_until: Option<Date>,
    /// Hours a week, stage by stage.
    pub stages: Vec<PlanStage>,
    /// Restrictions at work (就業上の配慮).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub measures: Vec<Measure>,
    /// When it is looked at again.
    pub review_on: Date,
    /// Words for the workplace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub for_workplace: Option<Remark>,
}

/// A plan that makes sense (職場復帰支援プラン).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReturnPlan(ReturnTerms);

impl ReturnPlan {
    /// Checks what was written on `today`; everything that is wrong with it otherwise.
    pub fn made(terms: ReturnTerms, today: Date) -> Result<Self, Vec<TermsFault>> {
        let ReturnTerms { returns_on, trial_from, trial_until, stages, review_on, .. } = &terms;
        let in_order = stages.first().is_none_or(|first| first.from == *returns_on)
            && stages.windows(2).all(|two| two[0].from < two[1].from);
        let has_trial = match (trial_from, trial_until) {
            (None, None) => true,
            (Some(from), Some(until)) => from <= until && until < returns_on,
            _ => false,
        };
        let own = [
            (!has_trial, TRIAL),
            (stages.is_empty() || stages.len() > MOST_STAGES, NO_STAGE),
            (!in_order, STAGES),
            (stages.iter().any(|stage| !(1..=MOST_HOURS).contains(&stage.hours_a_week)), HOURS),
            (review_on < returns_on || *review_on <= today, REVIEW),
        ];
        let own = own.into_iter().filter_map(|(is_so, fault)| is_so.then_some(fault));
        let faults: Vec<_> = own.chain(faults_of_measures(&terms.measures)).collect();
        if faults.is_empty() { Ok(Self(terms)) } else { Err(faults) }
    }

    /// What it says.
    #[must_use]
    pub const fn terms(&self) -> &ReturnTerms {
        &self.0
    }
}

/// What only those who hold interviews read of a case: an illness, and what was talked about. Debug output shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveWords {
    /// The diagnosis (傷病名).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diagnosis: Option<Remark>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub words: Option<Remark>,
}

impl LeaveWords {
    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.diagnosis.is_none() && self.words.is_none()
    }
}

impl std::fmt::Debug for LeaveWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaveWords").finish_non_exhaustive()
    }
}

/// The last day on which the allowance may be paid that began on `day` (支給開始日から通算1年6か月), if no day of work lies between.
#[must_use]
pub fn allowance_until(day: Date) -> Date {
    day.saturating_add(ALLOWANCE_MONTHS.months()).saturating_sub(1.day())
}

/// The last day that a reminder can be for on `today`.
#[must_use]
pub fn reminders_until(today: Date) -> Date {
    today.saturating_add(DAYS.days())
}

/// Whether somebody is to be reminded on `today` of what is to be done by `next_on`, where they were reminded of it last on `told_on`.
#[must_use]
pub fn is_reminded(next_on: Date, told_on: Option<Date>, today: Date) -> bool {
    next_on <= reminders_until(today) && told_on.is_none_or(|told| told.saturating_add(DAYS.days()) <= today)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const TODAY: Date = date(2026, 11, 28);
    const ACTS: [LeaveAct; 10] = [
        LeaveAct::JudgePossible,
        LeaveAct::Plan,
        LeaveAct::Decide { returns: true },
        LeaveAct::Decide { returns: false },
        LeaveAct::Postpone,
        LeaveAct::Review,
        LeaveAct::Close(LeaveOutcome::Settled),
        LeaveAct::Close(LeaveOutcome::Relapsed),
        LeaveAct::Close(LeaveOutcome::Left),
        LeaveAct::Close(LeaveOutcome::Other),
    ];

    fn through(acts: &[LeaveAct]) -> Option<LeaveState> {
        acts.iter().try_fold(LeaveState::OnLeave, |state, act| state.after(*act))
    }

    #[test]
    fn r36_nobody_returns_but_by_the_five_steps() {
        use LeaveAct::{Close, Decide, JudgePossible, Plan, Postpone, Review};
        let (yes, no) = (Decide { returns: true }, Decide { returns: false });
        let back = [JudgePossible, Plan, yes];
        assert_eq!(through(&back), Some(LeaveState::FollowUp));
        assert_eq!(through(&[JudgePossible, Plan, Plan, yes, Review, Plan]), Some(LeaveState::FollowUp));
        assert_eq!(through(&[JudgePossible, Plan, no, JudgePossible, Postpone]), Some(LeaveState::OnLeave));
        assert_eq!(through(&[&back[..], &[Close(LeaveOutcome::Settled)]].concat()), Some(LeaveState::Closed));
        for early in [&[Plan][..], &[yes], &[JudgePossible, yes], &[Review], &[Close(LeaveOutcome::Settled)]] {
            assert_eq!(through(early), None, "{early:?}");
        }
        assert_eq!(through(&[Close(LeaveOutcome::Left)]), Some(LeaveState::Closed));
        let steps: Vec<_> = LeaveState::ALL.iter().filter_map(|state| state.step()).collect();
        assert_eq!(steps, [1, 2, 3, 5], "the fourth is the decision itself");
    }

    proptest! {
        #[test]
        fn whatever_happens_a_return_follows_a_plan_and_a_plan_the_doctors_judgement(
            acts in vec(select(ACTS.to_vec()), 0..40),
        ) {
            let (mut state, mut judged, mut planned) = (LeaveState::OnLeave, false, false);
            for act in acts {
                let Some(next) = state.after(act) else { continue };
                prop_assert_ne!(state, LeaveState::Closed);
                judged = (judged || act == LeaveAct::JudgePossible) && next != LeaveState::OnLeave;
                planned = (planned || act == LeaveAct::Plan) && next != LeaveState::OnLeave;
                state = next;
                prop_assert!(state != LeaveState::Planned || judged && planned);
                prop_assert!(state != LeaveState::FollowUp || judged && planned);
            }
        }
    }

    fn plan(with: impl FnOnce(&mut ReturnTerms)) -> Result<(), Vec<(&'static str, &'static str)>> {
        let returns_on = date(2026, 12, 14);
        let mut terms = ReturnTerms {
            returns_on,
            trial_from: Some(date(2026, 12, 1)),
            trial_until: Some(date(2026, 12, 13)),
            stages: vec![
                PlanStage { from: returns_on, hours_a_week: 20 },
                PlanStage { from: date(2026, 12, 28), hours_a_week: 40 },
            ],
            measures: Vec::new(),
            review_on: date(2027, 1, 14),
            for_workplace: None,
        };
        with(&mut terms);
        let made = ReturnPlan::made(terms, TODAY);
        made.map(|_| ()).map_err(|faults| faults.iter().map(|it| (it.pointer, it.code)).collect())
    }

    #[test]
    fn r36_a_plan_has_hours_from_the_day_of_the_return_on_and_a_day_of_review() {
        assert_eq!(plan(|_| ()), Ok(()));
        assert_eq!(plan(|it| it.stages.clear()), Err(vec![("/stages", "required")]));
        assert_eq!(plan(|it| it.stages.reverse()), Err(vec![("/stages", "out_of_order")]));
        assert_eq!(plan(|it| it.stages[1].hours_a_week = 41), Err(vec![("/stages", "out_of_range")]));
        assert_eq!(plan(|it| it.trial_from = None), Err(vec![("/trial_until", "out_of_order")]));
        assert_eq!(plan(|it| it.trial_until = Some(it.returns_on)), Err(vec![("/trial_until", "out_of_order")]));
        assert_eq!(plan(|it| it.review_on = date(2026, 12, 13)), Err(vec![("/review_on", "out_of_order")]));
        assert_eq!(plan(|it| it.review_on = it.returns_on), Ok(()));
    }

    #[test]
    fn a_certificate_is_there_and_its_days_are_in_order() {
        let of = |issued_on, from, until| {
            let certificate = Certificate { kind: CertificateKind::LeaveNeeded, issued_on, from, until };
            certificate.faults(TODAY).iter().map(|it| it.code).collect::<Vec<_>>()
        };
        assert_eq!(of(TODAY, None, Some(TODAY)), [] as [&str; 0]);
        assert_eq!(of(TODAY.tomorrow().unwrap(), None, None), ["in_the_future"]);
        assert_eq!(of(TODAY, Some(TODAY), Some(TODAY.yesterday().unwrap())), ["before_from"]);
    }

    #[test]
    fn the_allowance_lasts_a_year_and_a_half_and_reminders_come_a_week_apart() {
        assert_eq!(allowance_until(date(2026, 4, 1)), date(2027, 9, 30));
        let day = date(2026, 12, 28);
        assert!(!is_reminded(day, None, date(2026, 12, 20)) && is_reminded(day, None, date(2026, 12, 21)));
        assert!(!is_reminded(day, Some(date(2026, 12, 21)), date(2026, 12, 27)));
        assert!(is_reminded(day, Some(date(2026, 12, 21)), day));
    }

    #[test]
    fn r13_debug_output_shows_no_illness() {
        let words = LeaveWords { diagnosis: Remark::parse("適応障害").ok(), words: None };
        assert_eq!(format!("{words:?}"), "LeaveWords { .. }");
    }
}
