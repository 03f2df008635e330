//! Rounds: planned, opened, closed, archived ([`domain::stress::round`]), and who was appointed to carry them out.

use authz::{
    AccountState, Permit, Role,
    permission::{HandleStressAnswers, PlanStressChecks, ViewStressRounds},
};
use domain::{
    ids::{AccountId, StressRoundId, TenantId},
    stress::{
        questionnaire::Questionnaire,
        round::{Appointment, Duty, MOST_APPOINTED, Period, Plan, Qualification, REMINDER_DAYS, RoundAct, RoundState},
    },
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, kiosk::Kiosk};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::{somebody, whole_tenant},
    db::Range,
    item::{Sealed, Stored},
    key::{Family, Key, Table, partition},
};

/// The attribute that a plan is sealed in.
const PLAN: &str = "plan";
/// The attribute that what was signed for is sealed in.
const SELECTION: &str = "selection";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: StressRoundId,
    #[serde(rename = "round_state")]
    pub(super) state: RoundState,
    pub(super) opens_on: Date,
    pub(super) closes_on: Date,
    /// As the plan says: a file of answers is read by it.
    pub(super) questionnaire: Questionnaire,
    plan: Sealed,
    #[serde(default)]
    pub(super) appointments: Vec<Appointment>,
    /// On which day whoever has not answered by then is to be reminded, by hand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) remind_on: Option<Date>,
    /// That it is answered at shared terminals.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) kiosk: Option<Kiosk>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    opened_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) closed_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) signed_at: Option<Jst>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) signed_by: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) selection: Option<Sealed>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) archived_at: Option<Jst>,
    /// Since when its answers are being deleted, their period being over: nothing counts them any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) answers_over_at: Option<Jst>,
    /// When the last of them was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) answers_gone_at: Option<Jst>,
    created_at: Jst,
    pub(super) updated_at: Jst,
}

impl Record {
    /// The first and the last day on which workers answer.
    pub(super) const fn period(&self) -> Period {
        Period { opens_on: self.opens_on, closes_on: self.closes_on }
    }

    /// Whether answers are taken on a day.
    pub(super) fn takes_answers(&self, today: Date) -> bool {
        self.state == RoundState::Opened && self.period().covers(today)
    }
}

/// A round that was opened: with its plan.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) record: Record,
    pub(super) version: u64,
    pub(super) plan: Plan,
}

/// A round (実施回), as everybody may see it who plans it, carries it out or follows it: nothing of an individual is in it.
#[derive(Debug, Clone)]
pub struct StressRound {
    /// Its id.
    pub id: StressRoundId,
    /// Where it is.
    pub state: RoundState,
    /// When workers answer.
    pub period: Period,
    /// What was decided.
    pub plan: Plan,
    /// Who carries it out, former ones included.
    pub appointments: Vec<Appointment>,
    /// On which day whoever had not answered was last to be reminded by hand.
    pub remind_on: Option<Date>,
    /// Since when it is answered at shared terminals with the code that it has now.
    pub kiosk_since: Option<Jst>,
    /// When it was opened.
    pub opened_at: Option<Jst>,
    /// When it was closed.
    pub closed_at: Option<Jst>,
    /// When an implementer signed for who needs an interview.
    pub signed_at: Option<Jst>,
    /// Who did.
    pub signed_by: Option<AccountId>,
    /// When it was archived.
    pub archived_at: Option<Jst>,
    /// Since when its answers are deleted, their period being over.
    pub answers_deleted_at: Option<Jst>,
    /// When it was first planned.
    pub created_at: Jst,
    /// When something about it last changed.
    pub updated_at: Jst,
}

/// What is planned.
#[derive(Debug, Clone)]
pub struct PlannedRound {
    /// What was decided.
    pub plan: Plan,
    /// When workers answer.
    pub period: Period,
}

/// Whom to appoint.
#[derive(Debug, Clone, Copy)]
pub struct NewAppointment {
    /// Whom.
    pub account: AccountId,
    /// As what.
    pub duty: Duty,
    /// What qualifies an implementer.
    pub qualification: Option<Qualification>,
}

/// Why somebody cannot be appointed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointWrong {
    /// There is no such account, or it is suspended.
    Unknown,
    /// It was not granted the role that the duty needs.
    LacksRole,
    /// It has authority over hiring, dismissal or transfer (安衛則52条の10第2項).
    PersonnelAuthority,
    /// Nobody appoints themselves.
    Oneself,
    /// It has this duty already.
    Already,
}

pub(super) fn key(tenant: TenantId, round: StressRoundId) -> Key {
    Key::new(Table::Records, tenant, Family::StressRound, "", round)
}

/// The role that a duty needs.
const fn role_of(duty: Duty) -> Role {
    match duty {
        Duty::Implementer => Role::StressImplementer,
        Duty::Clerk => Role::StressClerk,
    }
}

impl From<Round> for Stored<StressRound> {
    fn from(round: Round) -> Self {
        let Round { record, version, plan } = round;
        let period = record.period();
        let shown = StressRound {
            id: record.id,
            state: record.state,
            period,
            plan,
            appointments: record.appointments,
            remind_on: record.remind_on,
            kiosk_since: record.kiosk.map(|kiosk| kiosk.since),
            opened_at: record.opened_at,
            closed_at: record.closed_at,
            signed_at: record.signed_at,
            signed_by: record.signed_by,
            archived_at: record.archived_at,
            answers_deleted_at: record.answers_over_at,
            created_at: record.created_at,
            updated_at: record.updated_at,
        };
        Self { record: shown, version }
    }
}

impl Store {
    /// The rounds of the tenant, the newest first: up to `limit`, and where to go on.
    pub async fn stress_rounds(
        &self,
        permit: &Permit<ViewStressRounds>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<StressRound>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = rounds_of(tenant).descending().after(after).limit(limit);
        let (records, next) = self.page_of::<Record>(range).await?;
        let mut rounds = Vec::with_capacity(records.len());
        for stored in records {
            rounds.push(self.with_plan(tenant, stored).await?.into());
        }
        Ok((rounds, next))
    }

    /// One round.
    pub async fn stress_round(
        &self,
        permit: &Permit<ViewStressRounds>,
        round: StressRoundId,
    ) -> Result<Stored<StressRound>, Error> {
        Ok(self.load_round(permit.tenant(), round).await?.into())
    }

    /// Plans a round.
    pub async fn plan_stress_round(
        &self,
        permit: &Permit<PlanStressChecks>,
        planned: PlannedRound,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        whole_tenant(permit)?;
        let (tenant, now, id) = (permit.tenant(), self.clock.now(), self.new_id()?);
        let PlannedRound { plan, period } = planned;
        let key = key(tenant, id);
        let record = Record {
            id,
            state: RoundState::Drafted,
            opens_on: period.opens_on,
            closes_on: period.closes_on,
            questionnaire: plan.criteria.questionnaire(),
            plan: self.seal(tenant, Purpose::Stress, &key, PLAN, &plan).await?,
            appointments: Vec::new(),
            remind_on: None,
            kiosk: None,
            opened_at: None,
            closed_at: None,
            signed_at: None,
            signed_by: None,
            selection: None,
            archived_at: None,
            answers_over_at: None,
            answers_gone_at: None,
            created_at: now,
            updated_at: now,
        };
        let mut write = Write::new();
        write.create(self, key, SCHEMA, &record, || Error::Internal("a round's id came twice".to_owned()))?;
        let event = self.event(permit, "stress_round.plan")?.on(id);
        Ok(Prepared { thing: Round { record, version: 1, plan }.into(), write, event })
    }

    /// Plans it anew, while it is a draft.
    pub async fn replan_stress_round(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
        planned: PlannedRound,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let mut round = self.round_to_change(permit, round, version).await?;
        if round.record.state != RoundState::Drafted {
            return Err(Conflict::WrongState.into());
        }
        let tenant = permit.tenant();
        let PlannedRound { plan, period } = planned;
        (round.record.opens_on, round.record.closes_on) = (period.opens_on, period.closes_on);
        round.record.questionnaire = plan.criteria.questionnaire();
        let key = key(tenant, round.record.id);
        round.record.plan = self.seal(tenant, Purpose::Stress, &key, PLAN, &plan).await?;
        round.plan = plan;
        self.changed_round(permit, round, "stress_round.plan")
    }

    /// Puts its last day off while it is open: the one thing of its plan that may still change.
    pub async fn put_off_stress_round(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
        closes_on: Date,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let mut round = self.round_to_change(permit, round, version).await?;
        let later = Period { opens_on: round.record.opens_on, closes_on };
        let is_later = closes_on >= round.record.closes_on && closes_on >= self.today() && later.is_sound();
        if round.record.state != RoundState::Opened || !is_later {
            return Err(Conflict::WrongState.into());
        }
        round.record.closes_on = closes_on;
        self.changed_round(permit, round, "stress_round.put_off")
    }

    /// Deletes a draft.
    pub async fn delete_stress_round(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let round = self.round_to_change(permit, round, version).await?;
        if round.record.state != RoundState::Drafted {
            return Err(Conflict::WrongState.into());
        }
        let mut write = Write::new();
        write.delete(self, key(permit.tenant(), round.record.id), Some(version))?;
        let event = self.event(permit, "stress_round.delete")?.on(round.record.id);
        Ok(Prepared { thing: (), write, event })
    }

    /// Opens, closes or archives a round. It opens for somebody only: an implementer must have been appointed, and its last day must be to come. It is archived after an implementer has signed
    /// for who needs an interview.
    pub async fn move_stress_round(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
        act: RoundAct,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let mut round = self.round_to_change(permit, round, version).await?;
        let (now, record) = (self.clock.now(), &mut round.record);
        record.state = record.state.after(act).ok_or(Conflict::WrongState)?;
        let implemented = record.appointments.iter().any(|it| it.stands() && it.duty == Duty::Implementer);
        let may = match act {
            RoundAct::Open => implemented && record.closes_on >= now.date(),
            RoundAct::Close => true,
            RoundAct::Archive => record.signed_at.is_some(),
        };
        if !may {
            return Err(Conflict::WrongState.into());
        }
        let at = match act {
            RoundAct::Open => &mut record.opened_at,
            RoundAct::Close => &mut record.closed_at,
            RoundAct::Archive => &mut record.archived_at,
        };
        *at = Some(now);
        // An open round alone is answered at shared terminals.
        let code = self.without_code(permit.tenant(), &mut round.record)?;
        let mut changed = self.changed_round(permit, round, &format!("stress_round.{}", act.name()))?;
        changed.write.and(code);
        Ok(changed)
    }

    /// Appoints somebody to carry a round out. Until they pledge secrecy, it opens nothing.
    pub async fn appoint(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
        new: NewAppointment,
    ) -> Result<Result<Prepared<Stored<StressRound>>, AppointWrong>, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let mut round = self.round_to_change(permit, round, version).await?;
        if round.record.state == RoundState::Archived {
            return Err(Conflict::WrongState.into());
        }
        let Some(account) = self.load_account(tenant, new.account).await? else {
            return Ok(Err(AppointWrong::Unknown));
        };
        let account = account.record;
        let role = role_of(new.duty);
        let same = |it: &Appointment| it.stands() && it.account == new.account && it.duty == new.duty;
        let wrong = [
            (account.state_at(now) == AccountState::Suspended, AppointWrong::Unknown),
            (new.account == by, AppointWrong::Oneself),
            (account.personnel_authority, AppointWrong::PersonnelAuthority),
            (!account.grants.iter().any(|grant| grant.role == role), AppointWrong::LacksRole),
            (round.record.appointments.iter().any(same), AppointWrong::Already),
        ];
        if let Some((_, wrong)) = wrong.into_iter().find(|(holds, _)| *holds) {
            return Ok(Err(wrong));
        }
        if round.record.appointments.len() >= MOST_APPOINTED {
            return Err(Conflict::TooMany.into());
        }
        round.record.appointments.push(Appointment {
            account: new.account,
            duty: new.duty,
            qualification: new.qualification,
            appointed_by: by,
            appointed_at: now,
            pledged_at: None,
            ended_at: None,
        });
        let mut prepared = self.changed_round(permit, round, "stress_round.appoint")?;
        prepared.event = prepared.event.on(new.account);
        Ok(Ok(prepared))
    }

    /// Ends all that somebody was appointed for in a round. An open round keeps an implementer.
    pub async fn dismiss(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
        account: AccountId,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let mut round = self.round_to_change(permit, round, version).await?;
        let now = self.clock.now();
        let mut ended = false;
        for it in round.record.appointments.iter_mut().filter(|it| it.account == account && it.stands()) {
            it.ended_at = Some(now);
            ended = true;
        }
        if !ended {
            return Err(Error::NotFound);
        }
        let left = round.record.appointments.iter().any(|it| it.stands() && it.duty == Duty::Implementer);
        if !left && round.record.state != RoundState::Drafted {
            return Err(Conflict::WrongState.into());
        }
        let mut prepared = self.changed_round(permit, round, "stress_round.dismiss")?;
        prepared.event = prepared.event.on(account);
        Ok(prepared)
    }

    /// Pledges secrecy (守秘の誓約) for all that the caller was appointed for in a round: what it opens is open from now on.
    pub async fn pledge(
        &self,
        permit: &Permit<HandleStressAnswers>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let (who, now) = (somebody(permit)?, self.clock.now());
        let mut round = self.load_round(permit.tenant(), round).await?;
        if round.version != version {
            return Err(Error::Stale);
        }
        let mut found = false;
        for it in round.record.appointments.iter_mut().filter(|it| it.account == who && it.stands()) {
            it.pledged_at.get_or_insert(now);
            found = true;
        }
        if !found {
            return Err(Error::NotFound);
        }
        self.changed_round(permit, round, "stress_round.pledge")
    }

    /// Reminds, from today on, whoever has not answered by then: once, and no sooner than some days after the last time by hand.
    pub async fn remind_of_stress_round(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let mut round = self.round_to_change(permit, round, version).await?;
        let today = self.today();
        let apart = |day: Date| day.saturating_add(i64::from(REMINDER_DAYS).days());
        let too_soon = round.record.remind_on.is_some_and(|last| today < apart(last));
        if !round.record.takes_answers(today) || too_soon {
            return Err(Conflict::WrongState.into());
        }
        round.record.remind_on = Some(today);
        self.changed_round(permit, round, "stress_round.remind")
    }

    /// A round with its plan.
    pub(super) async fn load_round(&self, tenant: TenantId, round: StressRoundId) -> Result<Round, Error> {
        let stored = self.load::<Record>(&key(tenant, round)).await?.ok_or(Error::NotFound)?;
        self.with_plan(tenant, stored).await
    }

    /// All rounds of a tenant without what is sealed, the newest first.
    pub(super) async fn all_rounds(&self, tenant: TenantId) -> Result<Vec<Stored<Record>>, Error> {
        self.records_in(rounds_of(tenant).descending()).await
    }

    pub(super) async fn with_plan(&self, tenant: TenantId, stored: Stored<Record>) -> Result<Round, Error> {
        let Stored { record, version } = stored;
        let plan = self.open(tenant, Purpose::Stress, &key(tenant, record.id), PLAN, &record.plan).await?;
        Ok(Round { record, version, plan })
    }

    async fn round_to_change(
        &self,
        permit: &Permit<PlanStressChecks>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Round, Error> {
        whole_tenant(permit)?;
        let round = self.load_round(permit.tenant(), round).await?;
        if round.version == version { Ok(round) } else { Err(Error::Stale) }
    }

    /// A round with its next version.
    pub(super) fn changed_round<P: authz::Permission>(
        &self,
        permit: &Permit<P>,
        mut round: Round,
        action: &str,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        round.record.updated_at = self.clock.now();
        let mut write = Write::new();
        write.replace(self, key(permit.tenant(), round.record.id), SCHEMA, round.version, &round.record)?;
        let event = self.event(permit, action)?.on(round.record.id);
        round.version += 1;
        Ok(Prepared { thing: round.into(), write, event })
    }

    /// What was signed for, sealed beside the plan.
    pub(super) async fn seal_selection<T: Serialize>(
        &self,
        tenant: TenantId,
        round: StressRoundId,
        selected: &T,
    ) -> Result<Sealed, Error> {
        self.seal(tenant, Purpose::Stress, &key(tenant, round), SELECTION, selected).await
    }

    /// What was signed for.
    pub(super) async fn open_selection<T: serde::de::DeserializeOwned>(
        &self,
        tenant: TenantId,
        record: &Record,
    ) -> Result<Option<T>, Error> {
        match &record.selection {
            Some(sealed) => {
                Ok(Some(self.open(tenant, Purpose::Stress, &key(tenant, record.id), SELECTION, sealed).await?))
            }
            None => Ok(None),
        }
    }
}

fn rounds_of(tenant: TenantId) -> Range {
    Range::whole(Table::Records, Family::StressRound, partition(tenant, Family::StressRound, ""))
}
