//! Who may open what an individual answered, and what it came to. Both are read through an [`Insight`], which only this module makes: for the examinee, and for whoever was appointed to carry
//! the round out and has pledged secrecy. No permission of the employer's side is a [`Confidant`], so that code that would open an answer for one does not compile:
//!
//! ```compile_fail,E0308
//! async fn of_the_employer(
//!     store: &store::Store,
//!     permit: &authz::Permit<authz::permission::ViewSharedStress>,
//!     round: domain::ids::StressRoundId,
//!     employee: domain::ids::EmployeeId,
//! ) {
//!     let _ = store.stress_answers_of(permit, round, employee).await;
//! }
//! ```

use authz::{
    ImportRight, Permission, Permit,
    permission::{
        AnalyseStress, AnswerAtKiosk, AnswerStressCheck, ExportOwn, HandleStressAnswers, SelectHighStress,
        ShareOwnStress, ViewOwnStress, ViewStressResults,
    },
};
use domain::{
    ids::{EmployeeId, StressRoundId, TenantId},
    stress::round::{Duty, RoundState, duty_of},
};
use futures_util::future::try_join;

use super::rounds::Round;
use crate::{Error, Store, callers::somebody, employees::Employee};

/// A permission of those whom the law trusts with individuals (労働安全衛生法104条, 105条), or of the examinee.
pub(super) trait Confidant: Permission {}

/// One's own.
pub(super) trait Examinee: Confidant {}

impl Confidant for AnswerStressCheck {}
impl Confidant for AnswerAtKiosk {}
impl Confidant for ViewOwnStress {}
impl Confidant for ShareOwnStress {}
impl Confidant for ExportOwn {}
impl Confidant for HandleStressAnswers {}
impl Confidant for ViewStressResults {}
impl Confidant for SelectHighStress {}
impl Confidant for AnalyseStress {}
impl Examinee for AnswerStressCheck {}
impl Examinee for AnswerAtKiosk {}
impl Examinee for ViewOwnStress {}
impl Examinee for ShareOwnStress {}
impl Examinee for ExportOwn {}

/// The right to open what is sealed of individuals in one round. It has no other maker than this module's, and no copy leaves the store.
#[derive(Debug)]
pub(super) struct Insight {
    tenant: TenantId,
    round: StressRoundId,
    /// The examinee, where it is one's own.
    oneself: Option<EmployeeId>,
    /// What whoever carries the round out was appointed as.
    duty: Option<Duty>,
}

impl Insight {
    /// The tenant.
    pub(super) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whether it is an implementer's (実施者), who alone selects and signs.
    pub(super) fn is_implementers(&self) -> bool {
        self.duty == Some(Duty::Implementer)
    }

    /// Whether it opens what is of this employee in this round.
    pub(super) fn opens(&self, round: StressRoundId, employee: EmployeeId) -> bool {
        self.round == round && self.oneself.is_none_or(|oneself| oneself == employee)
    }
}

/// Somebody in a round, with the right to open what is theirs.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) insight: Insight,
    pub(super) round: Round,
    pub(super) employee: Employee,
}

impl Seen {
    /// Somebody's part in a round, for a file that whoever carries the round out brings: [`Store::stress_intake`] has looked.
    pub(super) fn of_intake(right: &ImportRight, round: Round, employee: Employee) -> Self {
        let insight = Insight { tenant: right.tenant(), round: round.record.id, oneself: None, duty: None };
        Self { insight, round, employee }
    }
}

impl Store {
    /// One's own part in a round that has been opened.
    pub(super) async fn own_part<P: Examinee>(&self, permit: &Permit<P>, round: StressRoundId) -> Result<Seen, Error> {
        let tenant = permit.tenant();
        let oneself = permit.reach().only_oneself().ok_or(Error::NotFound)?;
        let (round, (employee, _)) =
            try_join(self.load_round(tenant, round), self.employee_within(permit, oneself)).await?;
        if round.record.state == RoundState::Drafted {
            return Err(Error::NotFound);
        }
        let insight = Insight { tenant, round: round.record.id, oneself: Some(oneself), duty: None };
        Ok(Seen { insight, round, employee })
    }

    /// One's own part in every round that has been opened, the newest first.
    pub(super) async fn own_parts<P: Examinee>(&self, permit: &Permit<P>) -> Result<Vec<Seen>, Error> {
        let tenant = permit.tenant();
        let oneself = permit.reach().only_oneself().ok_or(Error::NotFound)?;
        let (rounds, (employee, _)) = try_join(self.all_rounds(tenant), self.employee_within(permit, oneself)).await?;
        let mut parts = Vec::with_capacity(rounds.len());
        for stored in rounds.into_iter().filter(|stored| stored.record.state != RoundState::Drafted) {
            let round = self.with_plan(tenant, stored).await?;
            let insight = Insight { tenant, round: round.record.id, oneself: Some(oneself), duty: None };
            parts.push(Seen { insight, round, employee: employee.clone() });
        }
        Ok(parts)
    }

    /// A round for which the caller was appointed and has pledged secrecy; otherwise it is not there.
    pub(super) async fn trusted_round<P: Confidant>(
        &self,
        permit: &Permit<P>,
        round: StressRoundId,
    ) -> Result<(Insight, Round), Error> {
        let tenant = permit.tenant();
        let (who, round) = (somebody(permit)?, self.load_round(tenant, round).await?);
        let duty = duty_of(&round.record.appointments, who).ok_or(Error::NotFound)?;
        Ok((Insight { tenant, round: round.record.id, oneself: None, duty: Some(duty) }, round))
    }

    /// Somebody within the caller's reach in a round for which the caller was appointed.
    pub(super) async fn trusted_part<P: Confidant>(
        &self,
        permit: &Permit<P>,
        round: StressRoundId,
        employee: EmployeeId,
    ) -> Result<Seen, Error> {
        let ((insight, round), (employee, _)) =
            try_join(self.trusted_round(permit, round), self.employee_within(permit, employee)).await?;
        Ok(Seen { insight, round, employee })
    }
}
