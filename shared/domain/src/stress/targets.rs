//! Whom a round is for (対象者), as data: who is left out, and why. The published rule is a contract of a year or more and three quarters of a full-timer's hours (domain.md 4.1,
//! confidence H); which kinds of employment that is, a company knows by its own words, and so says which it leaves out.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    employee::{EmploymentState, EmploymentType},
    ids::{EmployeeId, LabelId, WorkplaceId},
    remark::Remark,
};

/// How many people are added or left out by hand at most.
pub const MOST_BY_HAND: usize = 200;

/// The rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetRule {
    /// The day that placements and terms are looked at (基準日).
    pub as_of: Date,
    /// Only these workplaces; all where there are none.
    #[serde(default)]
    pub workplaces: BTreeSet<WorkplaceId>,
    /// Only who carries one of these labels; everybody where there are none.
    #[serde(default)]
    pub labels: BTreeSet<LabelId>,
    /// Kinds of employment (雇用形態) that are left out.
    #[serde(default)]
    pub employment_types_left_out: BTreeSet<EmploymentType>,
    /// Whether whoever is on leave (休職) is asked as well.
    #[serde(default)]
    pub on_leave: bool,
    /// Whether whoever is seconded (出向) is asked as well.
    #[serde(default)]
    pub seconded: bool,
    /// Who is added or left out whatever the rest says, each with the reason.
    #[serde(default)]
    pub by_hand: Vec<ByHand>,
}

/// Somebody who is added or left out by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// Whom.
    pub employee: EmployeeId,
    /// Added; otherwise left out.
    pub included: bool,
    /// Why.
    pub reason: Remark,
}

/// What the rule looks at of somebody.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// Who.
    pub employee: EmployeeId,
    /// Whether and how they work here.
    pub state: EmploymentState,
    /// When they came.
    pub hired_on: Date,
    /// Their last day, if they have one.
    pub left_on: Option<Date>,
    /// How they are employed; read only where the rule asks.
    pub employment_type: Option<&'a EmploymentType>,
    /// Where they stand on the rule's day.
    pub workplace: Option<WorkplaceId>,
    /// Their labels.
    pub labels: &'a BTreeSet<LabelId>,
}

/// Why somebody is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// They came after the rule's day.
    NotHiredYet,
    /// They had left by the rule's day.
    HasLeft,
    /// On leave (休職).
    OnLeave,
    /// Seconded (出向).
    Seconded,
    /// Of a kind of employment that is left out.
    EmploymentType,
    /// At a workplace that is not asked.
    Workplace,
    /// Without a label that is asked.
    Label,
    /// By hand.
    ByHand,
}

impl LeftOut {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotHiredYet => "not_hired_yet",
            Self::HasLeft => "has_left",
            Self::OnLeave => "on_leave",
            Self::Seconded => "seconded",
            Self::EmploymentType => "employment_type",
            Self::Workplace => "workplace",
            Self::Label => "label",
            Self::ByHand => "by_hand",
        }
    }
}

impl TargetRule {
    /// The rule that asks everybody who works at the company on a day.
    #[must_use]
    pub const fn everybody(as_of: Date) -> Self {
        Self {
            as_of,
            workplaces: BTreeSet::new(),
            labels: BTreeSet::new(),
            employment_types_left_out: BTreeSet::new(),
            on_leave: false,
            seconded: true,
            by_hand: Vec::new(),
        }
    }

    /// Whether it looks at kinds of employment.
    #[must_use]
    pub fn asks_for_employment_types(&self) -> bool {
        !self.employment_types_left_out.is_empty()
    }

    /// Why `candidate` is not asked; none where they are. By hand counts before everything but having left.
    #[must_use]
    pub fn left_out(&self, candidate: &Candidate<'_>) -> Option<LeftOut> {
        let Candidate { employee, state, hired_on, left_on, employment_type, workplace, labels } = candidate;
        let by_hand = self.by_hand.iter().find(|it| it.employee == *employee);
        let elsewhere = !self.workplaces.is_empty() && !workplace.is_some_and(|at| self.workplaces.contains(&at));
        let kind = employment_type.is_some_and(|kind| self.employment_types_left_out.contains(kind));
        let rows = [
            (left_on.is_some_and(|last| last < self.as_of), LeftOut::HasLeft),
            (by_hand.is_some_and(|it| !it.included), LeftOut::ByHand),
            (*hired_on > self.as_of, LeftOut::NotHiredYet),
            (*state == EmploymentState::OnLeave && !self.on_leave, LeftOut::OnLeave),
            (*state == EmploymentState::Seconded && !self.seconded, LeftOut::Seconded),
            (kind, LeftOut::EmploymentType),
            (elsewhere, LeftOut::Workplace),
            (!self.labels.is_empty() && labels.is_disjoint(&self.labels), LeftOut::Label),
        ];
        let added = by_hand.is_some_and(|it| it.included);
        let first = rows.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why);
        first.filter(|why| *why == LeftOut::HasLeft || !added)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const AS_OF: Date = date(2026, 10, 1);

    fn employee(n: u8) -> EmployeeId {
        EmployeeId::from_bytes([n; 16])
    }

    fn somebody(labels: &BTreeSet<LabelId>) -> Candidate<'_> {
        Candidate {
            employee: employee(1),
            state: EmploymentState::Active,
            hired_on: date(2020, 4, 1),
            left_on: None,
            employment_type: None,
            workplace: Some(WorkplaceId::from_bytes([1; 16])),
            labels,
        }
    }

    #[test]
    fn r35_everybody_who_works_here_on_the_day_is_asked_and_the_others_are_told_why() {
        let (none, rule) = (BTreeSet::new(), TargetRule::everybody(AS_OF));
        let one = somebody(&none);
        let part_time = EmploymentType::parse("パート").unwrap();
        let cases = [
            (one.clone(), None),
            (Candidate { hired_on: AS_OF, ..one.clone() }, None),
            (Candidate { hired_on: date(2026, 10, 2), ..one.clone() }, Some(LeftOut::NotHiredYet)),
            (Candidate { left_on: Some(AS_OF), ..one.clone() }, None),
            (Candidate { left_on: Some(date(2026, 9, 30)), ..one.clone() }, Some(LeftOut::HasLeft)),
            (Candidate { state: EmploymentState::OnLeave, ..one.clone() }, Some(LeftOut::OnLeave)),
            (Candidate { state: EmploymentState::Seconded, ..one.clone() }, None),
        ];
        for (candidate, expected) in cases {
            assert_eq!(rule.left_out(&candidate), expected, "{candidate:?}");
        }
        let narrow = TargetRule {
            employment_types_left_out: BTreeSet::from([part_time.clone()]),
            workplaces: BTreeSet::from([WorkplaceId::from_bytes([1; 16])]),
            seconded: false,
            ..rule
        };
        let others = [
            (Candidate { employment_type: Some(&part_time), ..one.clone() }, LeftOut::EmploymentType),
            (Candidate { workplace: None, ..one.clone() }, LeftOut::Workplace),
            (Candidate { state: EmploymentState::Seconded, ..one.clone() }, LeftOut::Seconded),
        ];
        for (candidate, expected) in others {
            assert_eq!(narrow.left_out(&candidate), Some(expected));
        }
        assert_eq!(narrow.left_out(&one), None);
        let label = LabelId::from_bytes([7; 16]);
        let labelled = TargetRule { labels: BTreeSet::from([label]), ..narrow };
        assert_eq!(labelled.left_out(&one), Some(LeftOut::Label));
        assert_eq!(labelled.left_out(&Candidate { labels: &BTreeSet::from([label]), ..one.clone() }), None);
    }

    #[test]
    fn r35_a_hand_goes_before_the_rule_but_asks_nobody_who_has_left() {
        let hand = |n, included| ByHand {
            employee: employee(n),
            included,
            reason: Remark::parse("衛生委員会で確認").unwrap(),
        };
        let none = BTreeSet::new();
        let rule = TargetRule { by_hand: vec![hand(1, false), hand(2, true)], ..TargetRule::everybody(AS_OF) };
        assert_eq!(rule.left_out(&somebody(&none)), Some(LeftOut::ByHand));
        let added = Candidate { employee: employee(2), state: EmploymentState::OnLeave, ..somebody(&none) };
        assert_eq!(rule.left_out(&added), None);
        let gone = Candidate { left_on: Some(date(2026, 9, 1)), ..added };
        assert_eq!(rule.left_out(&gone), Some(LeftOut::HasLeft));
    }
}
