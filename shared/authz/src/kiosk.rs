//! Shared terminals (共用端末): workers without mail or account answer the stress check there, and do nothing else.
//!
//! Whoever signed in at one has no account and no role in this request. Their token is of a kind of its own, which the one door for terminals takes and every other door refuses; what
//! comes of it is a permit for [`AnswerAtKiosk`], which reaches one employee in one round. Nothing of it can be turned into a permit for a result, for a wish or for an account:
//!
//! ```compile_fail,E0308
//! use authz::{Permit, permission::{AnswerAtKiosk, ViewOwnStress}};
//! fn result(_: &Permit<ViewOwnStress>) {}
//! fn at_a_terminal(permit: &Permit<AnswerAtKiosk>) { result(permit) }
//! ```

use domain::time::Jst;

use crate::{
    TenantFacts, TenantState,
    decision::{Denied, is_contracted},
    ids::{EmployeeId, StressRoundId},
    matrix::{PermissionId, row_of},
    permission::AnswerAtKiosk,
    permit::{Actor, Origin, Permit, Reach},
};

/// What a decision needs to know of somebody at a shared terminal: as it is stored at this moment, in one strongly consistent read.
#[derive(Debug, Clone)]
pub struct KioskFacts {
    /// The tenant.
    pub tenant: TenantFacts,
    /// Who they showed that they are.
    pub employee: EmployeeId,
    /// The round that they answer.
    pub round: StressRoundId,
    /// Until when their session lives, whatever happens.
    pub ends_at: Jst,
    /// The code that they signed in with is still the round's.
    pub code_stands: bool,
    /// The round takes answers today.
    pub takes_answers: bool,
    /// They work here today.
    pub works_here: bool,
}

impl KioskFacts {
    /// Decides whether they may still answer. Like all that employees do with their own data it is not held to addresses (R-10); why it is over is not told.
    pub fn permit(&self, origin: Origin, now: Jst) -> Result<Permit<AnswerAtKiosk>, Denied> {
        let runs = self.tenant.state != TenantState::Purging && !self.tenant.has_ended(now);
        if !(runs && self.code_stands && self.takes_answers && self.works_here && now < self.ends_at) {
            return Err(Denied::Unauthenticated);
        }
        if !is_contracted(row_of(PermissionId::AnswerAtKiosk), &self.tenant) {
            return Err(Denied::NotContracted);
        }
        let actor = Actor::Kiosk { employee: self.employee, round: self.round, origin };
        Ok(Permit::granted(self.tenant.tenant, actor, Reach::oneself(self.employee), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use domain::contract::Service;
    use enumset::EnumSet;

    use super::*;
    use crate::{AddressRules, ids::TenantId};

    fn facts() -> KioskFacts {
        KioskFacts {
            tenant: TenantFacts {
                tenant: TenantId::from_bytes([1; 16]),
                state: TenantState::Active,
                ends_at: None,
                services: vec![Service::StressCheck],
                addresses: AddressRules::default(),
                handling_rules: EnumSet::empty(),
                stress_factor_optional: false,
                drop_kinds: EnumSet::empty(),
            },
            employee: EmployeeId::from_bytes([2; 16]),
            round: StressRoundId::from_bytes([3; 16]),
            ends_at: now().plus_seconds(1),
            code_stands: true,
            takes_answers: true,
            works_here: true,
        }
    }

    fn now() -> Jst {
        "2026-11-28T09:00:00+09:00".parse().unwrap()
    }

    #[test]
    fn r35_at_a_shared_terminal_somebody_is_themselves_in_one_round_and_nobody_else() {
        let facts = facts();
        let permit = facts.permit(Origin::default(), now()).unwrap();
        assert_eq!((permit.tenant(), permit.round()), (facts.tenant.tenant, Some(facts.round)));
        assert_eq!(permit.reach().only_oneself(), Some(facts.employee));
        assert_eq!((permit.actor().account(), permit.actor().id()), (None, None), "it is no account's");
        assert!(permit.sees(PermissionId::SeeNames).is_none());
    }

    #[test]
    fn r35_a_session_at_a_shared_terminal_ends_with_whatever_it_stands_on() {
        let with = |change: fn(&mut KioskFacts)| {
            let mut facts = facts();
            change(&mut facts);
            facts.permit(Origin::default(), now()).map(|_| ()).unwrap_err()
        };
        let ends: [fn(&mut KioskFacts); 6] = [
            |it| it.ends_at = now(),
            |it| it.code_stands = false,
            |it| it.takes_answers = false,
            |it| it.works_here = false,
            |it| it.tenant.state = TenantState::Purging,
            |it| it.tenant.ends_at = Some(now()),
        ];
        for change in ends {
            assert_eq!(with(change), Denied::Unauthenticated);
        }
        assert_eq!(with(|it| it.tenant.services = vec![Service::Checkup]), Denied::NotContracted);
    }
}
