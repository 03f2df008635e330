//! The selection (高ストレス者の選定): who needs an interview, as the criteria and the implementer say, looked at as a whole and signed for before any worker is told.

use authz::{
    Permit,
    permission::{SelectHighStress, ViewStressResults},
};
use domain::{
    ids::{AccountId, StressRoundId, TenantId},
    stress::round::{RoundState, SETTLING_SECONDS},
    time::Jst,
};
use serde::{Deserialize, Serialize};

use super::{
    confidant::Insight,
    results::is_closed,
    rounds::{self, Round, StressRound},
};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    item::{Attributes, Stored},
};

/// What a round's results come to as a whole. Never for the employer: a count can name somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// Results with a score.
    pub scored: u64,
    /// Results without, for want of answers (判定不能).
    pub not_scored: u64,
    /// High stress, by the criteria.
    pub high: u64,
    /// An interview is needed, as it stands.
    pub interviews: u64,
    /// Decided by hand.
    pub decided: u64,
}

/// What was signed for, and by whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signed {
    /// The implementer.
    pub by: AccountId,
    /// When.
    pub at: Jst,
    /// What it was.
    pub selected: Selected,
}

impl Store {
    /// What a closed round's results come to as a whole, with what was signed for if it was; and the round's version.
    pub async fn selection(
        &self,
        permit: &Permit<ViewStressResults>,
        round: StressRoundId,
    ) -> Result<(Stored<Selected>, Option<Signed>), Error> {
        let (insight, round) = self.trusted_round(permit, round).await?;
        is_closed(round.record.state)?;
        let selected = self.count_selected(&insight, round.record.id).await?;
        let signed = self.open_selection(permit.tenant(), &round.record).await?;
        let subjects = [round.record.id.to_string()];
        let shown = (Stored { record: selected, version: round.version }, signed);
        self.disclose_in_confidence(permit, "stress_result.count", subjects, shown).await
    }

    /// Signs for who needs an interview: from now on workers are told, and may look. `interviews` is how many the signer has seen; where it is another number by now, nothing is signed.
    pub async fn sign_selection(
        &self,
        permit: &Permit<SelectHighStress>,
        round: StressRoundId,
        version: u64,
        interviews: u64,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let (insight, mut round) = self.trusted_round(permit, round).await?;
        if round.version != version {
            return Err(Error::Stale);
        }
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let settled = round.record.closed_at.is_some_and(|at| at.plus_seconds(SETTLING_SECONDS) <= now);
        let is_open = round.record.state == RoundState::Closed && round.record.signed_at.is_none();
        if !insight.is_implementers() || !is_open || !settled {
            return Err(Conflict::WrongState.into());
        }
        let selected = self.count_selected(&insight, round.record.id).await?;
        if selected.interviews != interviews {
            return Err(Error::Stale);
        }
        let signed = Signed { by: somebody(permit)?, at: now, selected };
        round.record.selection = Some(self.seal_selection(tenant, round.record.id, &signed).await?);
        (round.record.signed_at, round.record.signed_by) = (Some(now), Some(signed.by));
        self.changed_round(permit, round, "stress_round.sign")
    }

    /// Adds to `write` that nobody has signed meanwhile: the round is what it was.
    pub(super) fn while_unsigned(&self, write: &mut Write, tenant: TenantId, round: &Round) -> Result<(), Error> {
        let unsigned = "attribute_exists(pk) AND attribute_not_exists(signed_at)";
        let key = rounds::key(tenant, round.record.id);
        write.check(self, key, unsigned, Attributes::new(), || Conflict::WrongState.into())?;
        Ok(())
    }

    async fn count_selected(&self, insight: &Insight, round: StressRoundId) -> Result<Selected, Error> {
        let mut selected = Selected::default();
        self.each_result(insight, round, |result| {
            selected.scored += u64::from(result.score.is_some());
            selected.not_scored += u64::from(result.score.is_none());
            selected.high += u64::from(result.is_high());
            selected.interviews += u64::from(result.needs_interview());
            selected.decided += u64::from(result.decision.is_some());
        })
        .await?;
        Ok(selected)
    }
}
