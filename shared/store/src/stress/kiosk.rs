//! Shared terminals (共用端末), for workers without mail or account: number, birth date and a code of the round, and then the answers of that one round and nothing else.
//!
//! ```text
//! round:    off ──turn on──▶ on ──turn on again: another code──▶ on ──turn off, close──▶ off
//! session:  nobody ──number, birth date and code are right──▶ answering ──submitted, ended, 30 minutes, signed in again, another code, the round is over, they left──▶ nobody
//! ```
//!
//! A token is random and kept as a hash, with no key that signs: nobody but [`Store::kiosk_permit`] knows what to do with it. A session is an item at its employee's place in the round, so
//! that there is one at a time; all that it stands on is read again at each request, so that none has to be looked for when the round closes or the code changes.
//!
//! Whatever is wrong, or if there is nothing to answer, the answer is the same and so are the requests. What somebody has answered before is not shown at a terminal: whoever knows a
//! colleague's number and birth date, as the employer does, learns nothing there of what they answered.

use authz::{
    Actor, KioskFacts, Origin, PermissionId, Permit,
    permission::{AnswerAtKiosk, HandleStressAnswers},
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    employee::masked,
    ids::{AccountId, EmployeeId, PLATFORM, StressRoundId, TenantId},
    stress::{questionnaire::Questionnaire, round::RoundState},
    time::Jst,
};
use futures_util::future::{try_join, try_join_all};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::{Lookup, Purpose};
use zeroize::Zeroizing;

use super::{
    SCHEMA,
    answers::{self, AnswersState},
    key as place_of,
    rounds::{self, Round},
};
use crate::{
    Conflict, Error, Event, Prepared, Store, Stored, StressRound, Tenant, Write,
    codes::as_typed,
    employees::{self, Employee, NumberRecord, typed_number_key},
    item::{Attributes, from_optional, to_item},
    key::{Family, Key, Table},
    otp::digest,
    tenants,
};

/// For how long somebody is signed in at a shared terminal, in seconds. It is not prolonged.
pub const KIOSK_SECONDS: i64 = 30 * 60;
/// What a token of a shared terminal begins with: no JWT does.
const TOKEN: &str = "kiosk.";
/// Under which permission the trail shows a sign-in: the one that stands before all roles.
const BEFORE_ALL_ROLES: &str = PermissionId::SignIn.name();
/// The permission as the trail shows it.
const AT_KIOSK: &str = PermissionId::AnswerAtKiosk.name();

/// That a round is answered at shared terminals: part of the round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kiosk {
    /// The keyed hash of the code.
    code: String,
    pub(super) since: Jst,
    by: AccountId,
}

/// Which round a code is of.
#[derive(Debug, Serialize, Deserialize)]
struct CodeRecord {
    #[serde(rename = "stress_round")]
    round: StressRoundId,
}

/// Somebody at a terminal.
#[derive(Debug, Serialize, Deserialize)]
struct Session {
    #[serde(rename = "stress_round")]
    round: StressRoundId,
    employee: EmployeeId,
    /// The hash of the token's secret.
    secret: String,
    /// The keyed hash of the code that they came with.
    code: String,
    ends_at: Jst,
    expires_at: i64,
}

/// What somebody types at a shared terminal. Debug output shows nothing of it.
#[derive(Clone, Copy)]
pub struct AtKiosk<'a> {
    /// The company's code.
    pub tenant_code: &'a str,
    /// The round's.
    pub round_code: &'a str,
    /// The employee number.
    pub number: &'a str,
    /// The birth date.
    pub born: Date,
}

impl std::fmt::Debug for AtKiosk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AtKiosk(…)")
    }
}

/// A session that begins at a shared terminal.
#[derive(Debug)]
pub struct NewKioskSession {
    /// Opens the door for terminals.
    pub token: Zeroizing<String>,
    /// Until when.
    pub ends_at: Jst,
    /// Their name, masked: whoever it is not sees that.
    pub masked_name: String,
}

/// A round with its new code.
#[derive(Debug)]
pub struct KioskCode {
    /// The code: it is shown now and never again.
    pub code: Zeroizing<String>,
    /// The round.
    pub round: Stored<StressRound>,
}

/// A round as it is answered at a shared terminal: nothing of what was answered.
#[derive(Debug, Clone)]
pub struct KioskCheck {
    /// What it is called.
    pub title: String,
    /// What workers read before they answer.
    pub announcement: Option<String>,
    /// The questionnaire.
    pub questionnaire: Questionnaire,
    /// The last day.
    pub closes_on: Date,
    /// Items without an answer yet.
    pub open_items: Vec<u8>,
}

/// A token of a shared terminal: where the session is, and a secret.
pub struct KioskToken {
    tenant: TenantId,
    round: StressRoundId,
    employee: EmployeeId,
    secret: Zeroizing<String>,
}

impl KioskToken {
    /// Whether this is meant for one.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(TOKEN)
    }

    fn text(&self) -> Zeroizing<String> {
        let ids = [*self.tenant.as_bytes(), *self.round.as_bytes(), *self.employee.as_bytes()].concat();
        Zeroizing::new(format!("{TOKEN}{}.{}", URL_SAFE_NO_PAD.encode(ids), *self.secret))
    }

    fn read(text: &str) -> Option<Self> {
        let (ids, secret) = text.strip_prefix(TOKEN)?.split_once('.')?;
        let ids = URL_SAFE_NO_PAD.decode(ids).ok()?;
        let (tenant, rest) = ids.split_first_chunk::<16>()?;
        let (round, rest) = rest.split_first_chunk::<16>()?;
        let employee: &[u8; 16] = rest.try_into().ok()?;
        Some(Self {
            tenant: TenantId::from_bytes(*tenant),
            round: StressRoundId::from_bytes(*round),
            employee: EmployeeId::from_bytes(*employee),
            secret: Zeroizing::new(secret.to_owned()),
        })
    }
}

/// The keyed hash of a round's code, however it was typed.
fn code_hash(lookup: &Lookup, typed: &str) -> String {
    lookup.hash("stress_kiosk", &as_typed(typed)).to_string()
}

fn code_key(tenant: TenantId, hash: &str) -> Key {
    Key::new(Table::Records, tenant, Family::StressKiosk, "", hash)
}

fn session_key(tenant: TenantId, round: StressRoundId, employee: EmployeeId) -> Key {
    place_of(tenant, Family::StressKiosk, round, employee)
}

/// Whether somebody works here on a day.
fn works_on(employee: &Employee, today: Date) -> bool {
    employee.last_day(today).is_none_or(|last| last >= today)
}

/// Who was found for what somebody typed.
struct Found {
    tenant: Option<Tenant>,
    round: Option<Stored<rounds::Record>>,
    employee: Option<Employee>,
    answers: Option<AnswersState>,
}

impl Store {
    /// Lets a round be answered at shared terminals, or gives it another code: whoever came with the one before is signed out. For whoever carries it out, while it is open.
    pub async fn turn_kiosk_on(
        &self,
        permit: &Permit<HandleStressAnswers>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Prepared<KioskCode>, Error> {
        let (mut round, by) = self.round_with_kiosk(permit, round, version).await?;
        if round.record.state != RoundState::Opened || round.record.closes_on < self.today() {
            return Err(Conflict::WrongState.into());
        }
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let code = self.new_code()?;
        let hash = code_hash(&self.lookup(tenant).await?, &code);
        let mut write = self.without_code(tenant, &mut round.record)?;
        let record = CodeRecord { round: round.record.id };
        let twice = || Error::Internal("a code came twice".to_owned());
        write.create(self, code_key(tenant, &hash), SCHEMA, &record, twice)?;
        round.record.kiosk = Some(Kiosk { code: hash, since: now, by });
        let mut changed = self.changed_round(permit, round, "stress_round.kiosk_on")?;
        changed.write.and(write);
        Ok(Prepared { thing: KioskCode { code, round: changed.thing }, write: changed.write, event: changed.event })
    }

    /// Ends that a round is answered at shared terminals.
    pub async fn turn_kiosk_off(
        &self,
        permit: &Permit<HandleStressAnswers>,
        round: StressRoundId,
        version: u64,
    ) -> Result<Prepared<Stored<StressRound>>, Error> {
        let (mut round, _) = self.round_with_kiosk(permit, round, version).await?;
        if round.record.kiosk.is_none() {
            return Err(Error::NotFound);
        }
        let write = self.without_code(permit.tenant(), &mut round.record)?;
        let mut changed = self.changed_round(permit, round, "stress_round.kiosk_off")?;
        changed.write.and(write);
        Ok(changed)
    }

    /// A round of this version that the caller carries out.
    async fn round_with_kiosk(
        &self,
        permit: &Permit<HandleStressAnswers>,
        round: StressRoundId,
        version: u64,
    ) -> Result<(Round, AccountId), Error> {
        let by = crate::callers::somebody(permit)?;
        let (_, round) = self.trusted_round(permit, round).await?;
        if round.version == version { Ok((round, by)) } else { Err(Error::Stale) }
    }

    /// Takes a round's code away, if it has one.
    pub(super) fn without_code(&self, tenant: TenantId, record: &mut rounds::Record) -> Result<Write, Error> {
        let mut write = Write::new();
        if let Some(kiosk) = record.kiosk.take() {
            write.delete(self, code_key(tenant, &kiosk.code), None)?;
        }
        Ok(write)
    }

    /// Signs somebody in at a shared terminal; none where something is wrong, or they are asked nothing (any more).
    pub async fn sign_in_at_kiosk(&self, typed: AtKiosk<'_>, origin: Origin) -> Result<Option<NewKioskSession>, Error> {
        let (tenant, lookup) = self.tenant_and_lookup(typed.tenant_code).await?;
        if tenant != PLATFORM {
            // So that what is found takes no longer to open than what is not.
            let keys = [Purpose::Attributes, Purpose::Stress, Purpose::Names, Purpose::StressIdentity];
            try_join_all(keys.map(|of| self.fetched(tenant, of))).await?;
        }
        let code = code_hash(&lookup, typed.round_code);
        let number = typed_number_key(tenant, &lookup, typed.number);
        let (now, keys) = (self.clock.now(), [tenants::key(tenant), code_key(tenant, &code), number]);
        let [of, coded, numbered] = three(self.db.batch_get(&keys).await?)?;
        let coded = from_optional::<CodeRecord>(coded, now)?.map(|it| it.record.round);
        let numbered = from_optional::<NumberRecord>(numbered, now)?.map(|it| it.record.employee);
        // Where there is none, nobody's are looked for.
        let round = coded.unwrap_or(StressRoundId::from_bytes([0; 16]));
        let employee = numbered.unwrap_or(EmployeeId::from_bytes([0; 16]));
        let keys = [
            rounds::key(tenant, round),
            employees::key(tenant, employee),
            place_of(tenant, Family::StressAnswer, round, employee),
        ];
        let (items, person) = try_join(self.db.batch_get(&keys), self.load_person(tenant, employee)).await?;
        let [planned, who, answered] = three(items)?;
        let found = Found {
            tenant: from_optional::<Tenant>(of, now)?.map(|it| it.record),
            round: from_optional(planned, now)?,
            employee: from_optional::<Employee>(who, now)?.map(|it| it.record),
            answers: from_optional::<answers::Record>(answered, now)?.map(|it| it.record.state),
        };
        let facts = self.may_begin(tenant, found, &code, typed.born, &origin).await?;
        if let (Some(facts), Some(person)) = (&facts, &person) {
            let token = self.begin_at_kiosk(facts, code, origin).await?;
            let masked_name = masked(&person.name);
            return Ok(Some(NewKioskSession { token: token.text(), ends_at: facts.ends_at, masked_name }));
        }
        // In the trail of whom it is about; where it is about nobody, in our own. Why is not told there, either.
        let actor = Actor::Applicant { origin };
        let event = self.event_of(tenant, &actor, BEFORE_ALL_ROLES, "kiosk_session.begin")?;
        let event = coded.iter().fold(event, Event::on);
        let event = numbered.iter().fold(event, Event::on);
        self.tell(event.refused("wrong_credentials")).await?;
        Ok(None)
    }

    /// Fetches a key, if the tenant has it (any more): where the stress check has outlived the rest, people are sealed with other keys.
    async fn fetched(&self, tenant: TenantId, purpose: Purpose) -> Result<(), Error> {
        match Box::pin(self.vault.keyring_for(tenant, purpose, std::iter::empty())).await {
            Ok(_) | Err(vault::Error::KeyGone | vault::Error::Shredded) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The facts of a session that may begin: the code, the birth date, and that there is something to answer. All of it is looked at, whatever is wrong.
    async fn may_begin(
        &self,
        tenant: TenantId,
        found: Found,
        code: &str,
        born: Date,
        origin: &Origin,
    ) -> Result<Option<KioskFacts>, Error> {
        let (now, today) = (self.clock.now(), self.today());
        let (Some(of), Some(planned), Some(employee)) = (found.tenant, found.round, found.employee) else {
            return Ok(None);
        };
        let round = self.with_plan(tenant, planned).await?;
        let attributes = self.open_attributes(tenant, &employee).await?;
        let is_left_out = self.left_out(tenant, &round.plan.targets, &employee).await?.is_some();
        let (is, typed) = (attributes.birth_date.date().to_string(), born.to_string());
        let is_theirs = verify_slices_are_equal(is.as_bytes(), typed.as_bytes()).is_ok();
        let is_asked = match found.answers {
            None => !is_left_out,
            Some(AnswersState::Draft) => true,
            Some(AnswersState::Submitted) => false,
        };
        let facts = KioskFacts {
            tenant: of.facts(now),
            employee: employee.id,
            round: round.record.id,
            ends_at: now.plus_seconds(KIOSK_SECONDS),
            code_stands: round.record.has_code(code),
            takes_answers: round.record.takes_answers(today),
            works_here: works_on(&employee, today),
        };
        let may = facts.permit(origin.clone(), now).is_ok();
        Ok(Some(facts).filter(|_| is_theirs & is_asked & may))
    }

    async fn begin_at_kiosk(&self, facts: &KioskFacts, code: String, origin: Origin) -> Result<KioskToken, Error> {
        let (tenant, round, employee) = (facts.tenant.tenant, facts.round, facts.employee);
        let secret = Zeroizing::new(self.random_text::<32>()?);
        let session = Session {
            round,
            employee,
            secret: digest(&secret),
            code,
            ends_at: facts.ends_at,
            expires_at: facts.ends_at.epoch_seconds(),
        };
        let key = session_key(tenant, round, employee);
        let item = to_item(&key, 1, SCHEMA, &session)?;
        let mut write = Write::new();
        // Over the one before: somebody is at one terminal at a time.
        write.put(self, key, item, None, Attributes::new(), || Error::Stale)?;
        let actor = Actor::Kiosk { employee, round, origin };
        let event = self.event_of(tenant, &actor, AT_KIOSK, "kiosk_session.begin")?;
        write.commit(self, event.on(employee).on(round).in_confidence()).await?;
        Ok(KioskToken { tenant, round, employee, secret })
    }

    /// The permit of whoever holds a token of a shared terminal. Tenant, session, round and employee are read as they are stored at this moment.
    pub async fn kiosk_permit(&self, token: &str, origin: Origin) -> Result<Permit<AnswerAtKiosk>, Error> {
        let denied = || Error::from(authz::Denied::Unauthenticated);
        let token = KioskToken::read(token).ok_or_else(denied)?;
        let (tenant, now, today) = (token.tenant, self.clock.now(), self.today());
        let keys = [
            tenants::key(tenant),
            session_key(tenant, token.round, token.employee),
            rounds::key(tenant, token.round),
            employees::key(tenant, token.employee),
        ];
        let Ok([of, session, round, employee]) = <[_; 4]>::try_from(self.db.batch_get(&keys).await?) else {
            return Err(denied());
        };
        let (Some(of), Some(session), Some(round), Some(employee)) = (
            from_optional::<Tenant>(of, now)?,
            from_optional::<Session>(session, now)?,
            from_optional::<rounds::Record>(round, now)?,
            from_optional::<Employee>(employee, now)?,
        ) else {
            return Err(denied());
        };
        let (session, round, employee) = (session.record, round.record, employee.record);
        verify_slices_are_equal(session.secret.as_bytes(), digest(&token.secret).as_bytes()).map_err(|_| denied())?;
        let facts = KioskFacts {
            tenant: of.record.facts(now),
            employee: employee.id,
            round: round.id,
            ends_at: session.ends_at,
            code_stands: round.has_code(&session.code),
            takes_answers: round.takes_answers(today),
            works_here: works_on(&employee, today),
        };
        Ok(facts.permit(origin, now)?)
    }

    /// The round that is answered at a shared terminal, with what is still open of it.
    pub async fn kiosk_check(&self, permit: &Permit<AnswerAtKiosk>) -> Result<Stored<KioskCheck>, Error> {
        let seen = self.own_part(permit, permit.round().ok_or(Error::NotFound)?).await?;
        let answers = self.answers_or_nothing(&seen).await?;
        let plan = &seen.round.plan;
        let shown = KioskCheck {
            title: plan.title.as_str().to_owned(),
            announcement: plan.announcement.as_ref().map(|text| text.as_str().to_owned()),
            questionnaire: plan.criteria.questionnaire(),
            closes_on: seen.round.record.closes_on,
            open_items: answers.record.answers.open().collect(),
        };
        Ok(Stored { record: shown, version: answers.version })
    }

    /// Ends a session at a shared terminal.
    pub async fn end_kiosk_session(&self, permit: &Permit<AnswerAtKiosk>) -> Result<(), Error> {
        let mut write = Write::new();
        self.end_at_kiosk(&mut write, permit)?;
        let event = self.event(permit, "kiosk_session.end")?;
        let event = permit.reach().only_oneself().iter().fold(event, Event::on);
        write.commit(self, event.in_confidence()).await
    }

    /// Adds to `write` that the session is over.
    pub(super) fn end_at_kiosk(&self, write: &mut Write, permit: &Permit<AnswerAtKiosk>) -> Result<(), Error> {
        let oneself = permit.reach().only_oneself().ok_or(Error::NotFound)?;
        let round = permit.round().ok_or(Error::NotFound)?;
        write.delete(self, session_key(permit.tenant(), round, oneself), None)?;
        Ok(())
    }
}

impl rounds::Record {
    /// Whether it is answered at shared terminals with this code.
    fn has_code(&self, hash: &str) -> bool {
        let same = |kiosk: &Kiosk| verify_slices_are_equal(kiosk.code.as_bytes(), hash.as_bytes()).is_ok();
        self.kiosk.as_ref().is_some_and(same)
    }
}

/// What was read for three keys.
fn three(items: Vec<Option<Attributes>>) -> Result<[Option<Attributes>; 3], Error> {
    items.try_into().map_err(|_| Error::Internal("three keys were asked for".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r35_a_token_of_a_shared_terminal_is_read_as_it_was_written_and_is_no_jwt() {
        let token = KioskToken {
            tenant: TenantId::from_bytes([1; 16]),
            round: StressRoundId::from_bytes([2; 16]),
            employee: EmployeeId::from_bytes([3; 16]),
            secret: Zeroizing::new("c2VjcmV0".to_owned()),
        };
        let text = token.text();
        let read = KioskToken::read(&text).unwrap();
        assert_eq!((read.tenant, read.round, read.employee), (token.tenant, token.round, token.employee));
        assert_eq!(*read.secret, *token.secret);
        assert!(KioskToken::is_meant(&text) && !KioskToken::is_meant("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"));
        for bad in ["kiosk.", "kiosk.AAAA.x", "kiosk", "", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"] {
            assert!(KioskToken::read(bad).is_none(), "{bad}");
        }
    }
}
