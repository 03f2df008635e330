//! Times that are offered for interviews (予約枠), each for one; their states are drawn in `domain::interview`.
//!
//! | family, partition | clear | sealed (`health`) |
//! | --- | --- | --- |
//! | slot, `slots` | id, when, how long, with whom, for whose people, state | place, kinds, which interview has it |
//! | slot, `day#` and account | which slots somebody has on a day | |
//! | index | those that are offered, in the order of time | |
//!
//! A slot goes to whoever's write finds it open; the interview and the slot change in one transaction. A page of slots tells of nobody: which interview has one stands in the interview.

use authz::{
    Permission, Permit, Placement,
    permission::{ArrangeInterviews, UseInterviewSlots},
};
use domain::{
    ids::{AccountId, EmployeeId, InterviewId, InterviewSlotId, TenantId, WorkplaceId},
    interview::{
        Booking, Conductor, InterviewAct, InterviewKind, MeetingPlace, OfferedSlot, SlotAct, SlotState, SlotTerms,
        booking_of, overlap,
    },
    time::Jst,
    work_fitness::TermsFault,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{Interview, InterviewSaid, Open, SCHEMA, SeenInterview, key, steps::NOT_A_CONDUCTOR};
use crate::{
    Conflict, Error, Notice, Prepared, Store, Stored, Workplace, Write,
    db::Range,
    item::{Attributes, Sealed, to_item},
    key::{Family, Key, Table, partition},
    page::sift,
    write::indexed,
};

/// The attribute that [`Content`] is sealed in.
const CONTENT: &str = "content";
/// For how long a slot is known after it began, in seconds: 90 days. The interview keeps when and where it was.
const KEPT: i64 = 90 * 86_400;
/// How many slots somebody offers on one day.
const MOST_A_DAY: usize = 60;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: InterviewSlotId,
    with: AccountId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    workplace: Option<WorkplaceId>,
    starts_at: Jst,
    minutes: u16,
    #[serde(rename = "slot_state")]
    state: SlotState,
    content: Sealed,
    created_at: Jst,
    updated_at: Jst,
    expires_at: i64,
}

/// What is sealed of a slot.
#[derive(Clone, Serialize, Deserialize)]
struct Content {
    place: MeetingPlace,
    kinds: Vec<InterviewKind>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    booked: Option<(EmployeeId, InterviewId)>,
}

/// The slots that somebody has on a day, so that no two of them overlap.
#[derive(Debug, Default, Serialize, Deserialize)]
struct DayOfSlots {
    slots: Vec<(InterviewSlotId, Jst, u16)>,
    expires_at: i64,
}

/// A time that is offered for an interview.
#[derive(Debug, Clone)]
pub struct InterviewSlot {
    /// Its id.
    pub id: InterviewSlotId,
    /// What it says.
    pub terms: SlotTerms,
    /// Where it is.
    pub state: SlotState,
}

struct OpenSlot {
    record: Record,
    version: u64,
    content: Content,
}

fn slot_key(tenant: TenantId, id: InterviewSlotId) -> Key {
    Key::new(Table::Records, tenant, Family::InterviewSlot, "slots", id)
}

fn day_key(tenant: TenantId, with: AccountId, day: Date) -> Key {
    Key::new(Table::Records, tenant, Family::InterviewSlot, format_args!("day#{with}"), day)
}

/// Where the slots that are offered stand in the index, in the order of time.
fn offered(tenant: TenantId) -> String {
    partition(tenant, Family::InterviewSlot, "offered")
}

impl OpenSlot {
    fn terms(&self) -> SlotTerms {
        let (record, Content { place, kinds, .. }) = (&self.record, &self.content);
        SlotTerms {
            starts_at: record.starts_at,
            minutes: record.minutes,
            place: place.clone(),
            with: record.with,
            kinds: kinds.clone(),
            workplace: record.workplace,
        }
    }

    fn shown(&self) -> Stored<InterviewSlot> {
        let slot = InterviewSlot { id: self.record.id, terms: self.terms(), state: self.record.state };
        Stored { record: slot, version: self.version }
    }
}

/// Whether a slot is for somebody who stands there.
fn serves(record: &Record, placement: &Placement) -> bool {
    record.workplace.is_none() || record.workplace == placement.workplace
}

/// Whether the permit's holder has to do with a slot: staff with those that are for people whom they reach.
fn reaches<P: Permission>(permit: &Permit<P>, record: &Record) -> bool {
    record.workplace.is_none_or(|workplace| permit.reach().covers(&Workplace::somebody(workplace)))
}

impl Store {
    /// Offers a time; what is wrong with it otherwise. Whoever reaches parts of a company offers times for its parts.
    pub async fn offer_slot(
        &self,
        permit: &Permit<ArrangeInterviews>,
        terms: SlotTerms,
    ) -> Result<Result<Prepared<Stored<InterviewSlot>>, Vec<TermsFault>>, Error> {
        const WORKPLACE_NEEDED: TermsFault = TermsFault {
            pointer: "/workplace_id",
            code: "required",
            detail: "対象の事業場を指定してください。全社を対象にできるのは、全社を担当する方だけです。",
        };
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let mut faults = Vec::new();
        match terms.workplace {
            Some(workplace) => match self.unit_within::<Workplace>(tenant, permit.reach(), workplace).await {
                Err(Error::NotFound) => return Err(Conflict::MissingReference.into()),
                found => drop(found?),
            },
            None if !permit.reach().is_everybody() => faults.push(WORKPLACE_NEEDED),
            None => {}
        }
        for conductor in [Conductor::Physician, Conductor::PhysicianOrNurse] {
            let asked = terms.kinds.iter().any(|kind| kind.row().conductor == conductor);
            if asked && !self.may_conduct(tenant, terms.with, conductor).await? {
                faults.push(NOT_A_CONDUCTOR);
                break;
            }
        }
        let offered = match OfferedSlot::made(terms, now) {
            Ok(offered) if faults.is_empty() => offered,
            Ok(_) => return Ok(Err(faults)),
            Err(others) => return Ok(Err(faults.into_iter().chain(others).collect())),
        };
        let (id, terms) = (self.new_id()?, offered.terms());
        let content = Content { place: terms.place.clone(), kinds: terms.kinds.clone(), booked: None };
        let record = Record {
            id,
            with: terms.with,
            workplace: terms.workplace,
            starts_at: terms.starts_at,
            minutes: terms.minutes,
            state: SlotState::Open,
            content: self.seal(tenant, Purpose::Health, &slot_key(tenant, id), CONTENT, &content).await?,
            created_at: now,
            updated_at: now,
            expires_at: terms.starts_at.plus_seconds(KEPT).epoch_seconds(),
        };
        let slot = OpenSlot { record, version: 1, content };
        let mut write = Write::new();
        self.note_in_day(&mut write, tenant, &slot.record, true).await?;
        let twice = || Error::Internal("a slot's id came twice".to_owned());
        write.put_over(self, slot_key(tenant, id), slot_item(tenant, &slot.record, 1)?, None, twice)?;
        let event = self.event(permit, "interview.offer_slot")?.on(id);
        Ok(Ok(Prepared { thing: slot.shown(), write, event }))
    }

    /// The slots ahead that are for the permit's holder, the soonest first, or of these the ones for `kind`: up to `limit`, and where to go on. Workers see those that they can book.
    pub async fn interview_slots(
        &self,
        permit: &Permit<UseInterviewSlots>,
        kind: Option<InterviewKind>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<InterviewSlot>>, Option<String>), Error> {
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let own = self.own_placement(permit).await?;
        let range = Range::whole(Table::Records, Family::InterviewSlot, offered(tenant)).by_index().limit(limit);
        // What has begun sorts before the first moment after now.
        let from = after.or_else(|| Some(now.plus_seconds(1).to_string()));
        let (range, own) = (&range, own.as_ref());
        let (found, next) = sift(from, limit, |after| {
            self.records_that(range.clone().after(after), move |record: &Record| is_listed(permit, record, own))
        })
        .await?;
        let mut slots = Vec::with_capacity(found.len());
        for stored in found {
            let slot = self.opened_slot(tenant, stored).await?;
            if kind.is_none_or(|kind| slot.content.kinds.contains(&kind)) {
                slots.push(slot.shown());
            }
        }
        Ok((slots, next))
    }

    /// One slot that is for the permit's holder.
    pub async fn interview_slot(
        &self,
        permit: &Permit<UseInterviewSlots>,
        id: InterviewSlotId,
    ) -> Result<Stored<InterviewSlot>, Error> {
        let own = self.own_placement(permit).await?;
        let slot = self.load_slot(permit.tenant(), id).await?.ok_or(Error::NotFound)?;
        if is_listed(permit, &slot.record, own.as_ref()) { Ok(slot.shown()) } else { Err(Error::NotFound) }
    }

    /// Offers a time no more. An interview that had it is to be arranged again, and both who were to meet are told.
    pub async fn withdraw_slot(
        &self,
        permit: &Permit<ArrangeInterviews>,
        id: InterviewSlotId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let tenant = permit.tenant();
        let slot = self.load_slot(tenant, id).await?.filter(|slot| reaches(permit, &slot.record));
        let mut slot = slot.ok_or(Error::NotFound)?;
        if slot.version != version {
            return Err(Error::Stale);
        }
        if slot.record.starts_at <= self.clock.now() {
            return Err(Conflict::SlotOver.into());
        }
        let mut write = Write::new();
        if let Some((employee, interview)) = slot.content.booked.take() {
            let open = self.interview_with_slot(tenant, employee, interview, id).await?;
            if let Some(open) = open {
                self.tell_who_meets(&mut write, tenant, employee, Some(slot.record.with)).await?;
                let given = self.unbook(permit, open, write).await?;
                write = given.write;
                write.tell(self, &given.event).await?;
            }
        }
        self.note_in_day(&mut write, tenant, &slot.record, false).await?;
        self.step_of_slot(&mut write, tenant, slot, SlotAct::Withdraw, || Error::Stale).await?;
        let event = self.event(permit, "interview.withdraw_slot")?.on(id);
        Ok(Prepared { thing: (), write, event })
    }

    /// Books a slot for an interview, or moves the interview there; what is wrong with the choice otherwise. Of two at once one gets it.
    pub async fn take_slot(
        &self,
        permit: &Permit<UseInterviewSlots>,
        seen: SeenInterview,
        id: InterviewSlotId,
    ) -> Result<Result<Prepared<Stored<Interview>>, Vec<TermsFault>>, Error> {
        const OTHER_KIND: TermsFault = TermsFault {
            pointer: "/slot_id",
            code: "other_kind",
            detail: "この予約枠は、この種類の面談には使えません。面談の種類に合う予約枠を選んでください。",
        };
        let mut open = self.interview_to_change(permit, seen).await?;
        let (tenant, now) = (permit.tenant(), self.clock.now());
        let slot = self.load_slot(tenant, id).await?.filter(|slot| serves(&slot.record, &open.placement));
        let mut slot = slot.ok_or(Conflict::MissingReference)?;
        if !slot.content.kinds.contains(&open.course.kind) {
            return Ok(Err(vec![OTHER_KIND]));
        }
        if slot.record.starts_at <= now {
            return Err(Conflict::SlotOver.into());
        }
        if slot.record.state != SlotState::Open {
            return Err(Conflict::SlotTaken.into());
        }
        let booking = match Booking::made(booking_of(&slot.terms(), Some(id)), now) {
            Ok(booking) => booking,
            Err(faults) => return Ok(Err(faults)),
        };
        let mut write = Write::new();
        self.give_back_slot(&mut write, tenant, &open).await?;
        self.tell_who_meets(&mut write, tenant, seen.employee, Some(slot.record.with)).await?;
        slot.content.booked = Some((seen.employee, seen.id));
        self.step_of_slot(&mut write, tenant, slot, SlotAct::Book, || Conflict::SlotTaken.into()).await?;
        open.course.booking = Some(booking.clone());
        let said = InterviewSaid::Booked { booking };
        self.step_of_interview(permit, open, write, InterviewAct::Book, said, "interview.take_slot").await.map(Ok)
    }

    /// Gives back the slot that an interview has: the interview is to be arranged again, and both who were to meet are told.
    pub async fn give_up_slot(
        &self,
        permit: &Permit<UseInterviewSlots>,
        seen: SeenInterview,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        let open = self.interview_to_change(permit, seen).await?;
        let tenant = permit.tenant();
        let booked = open.course.booking.as_ref().map(Booking::terms).filter(|terms| terms.slot.is_some());
        let terms = booked.ok_or(Conflict::WrongState)?;
        // Who did not come is noted by those who waited.
        if terms.starts_at <= self.clock.now() {
            return Err(Conflict::SlotOver.into());
        }
        let with = terms.with;
        let mut write = Write::new();
        self.give_back_slot(&mut write, tenant, &open).await?;
        self.tell_who_meets(&mut write, tenant, seen.employee, with).await?;
        self.unbook(permit, open, write).await
    }

    /// Adds to `write` that an interview no longer has the slot that it has, if that lies ahead.
    pub(super) async fn give_back_slot(&self, write: &mut Write, tenant: TenantId, open: &Open) -> Result<(), Error> {
        let booked = open.course.booking.as_ref().map(Booking::terms).filter(|it| it.starts_at > self.clock.now());
        let Some(id) = booked.and_then(|terms| terms.slot) else { return Ok(()) };
        let mine = (open.record.employee, open.record.id);
        let slot = self.load_slot(tenant, id).await?.filter(|slot| slot.content.booked == Some(mine));
        let Some(mut slot) = slot else { return Ok(()) };
        slot.content.booked = None;
        self.step_of_slot(write, tenant, slot, SlotAct::GiveBack, || Error::Stale).await
    }

    async fn unbook<P: Permission>(
        &self,
        permit: &Permit<P>,
        mut open: Open,
        write: Write,
    ) -> Result<Prepared<Stored<Interview>>, Error> {
        open.course.booking = None;
        self.step_of_interview(permit, open, write, InterviewAct::Unbook, InterviewSaid::Unbooked, "interview.unbook")
            .await
    }

    /// Adds to `write` a mail to the worker and to whoever was or is to hold an interview, once where they are the same.
    pub(super) async fn tell_who_meets(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        with: Option<AccountId>,
    ) -> Result<(), Error> {
        let own = self.account_of_employee(tenant, employee).await?;
        for account in own.into_iter().chain(with.filter(|with| Some(*with) != own)) {
            self.enqueue(write, tenant, account, &Notice::SomethingToRead { at: self.clock.now() }).await?;
        }
        Ok(())
    }

    /// The interview that has a slot, whoever withdraws that: they need not know of the interview.
    async fn interview_with_slot(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        id: InterviewId,
        slot: InterviewSlotId,
    ) -> Result<Option<Open>, Error> {
        let placements = self.placements_now(tenant, [employee]).await?;
        let (Some(placement), Some(stored)) =
            (placements.get(&employee).cloned(), self.load(&key(tenant, employee, id)).await?)
        else {
            return Ok(None);
        };
        let open = self.opened_interview(tenant, stored, placement).await?;
        let has_it = open.course.booking.as_ref().is_some_and(|booking| booking.terms().slot == Some(slot));
        let is_booked = open.record.state.after(InterviewAct::Unbook, open.course.kind).is_some();
        Ok(Some(open).filter(|_| has_it && is_booked))
    }

    /// Where the permit's holder stands, if they have to do with themselves alone.
    async fn own_placement(&self, permit: &Permit<UseInterviewSlots>) -> Result<Option<Placement>, Error> {
        match permit.reach().only_oneself() {
            Some(employee) => self.placed_within(permit, employee).await.map(Some),
            None => Ok(None),
        }
    }

    /// Adds to `write` that somebody has this slot on its day, or no longer.
    async fn note_in_day(
        &self,
        write: &mut Write,
        tenant: TenantId,
        slot: &Record,
        is_there: bool,
    ) -> Result<(), Error> {
        let place = day_key(tenant, slot.with, slot.starts_at.date());
        let before = self.load::<DayOfSlots>(&place).await?;
        let version = before.as_ref().map(|before| before.version);
        let mut day = before.map(|before| before.record).unwrap_or_default();
        day.expires_at = slot.expires_at;
        day.slots.retain(|(id, ..)| *id != slot.id);
        if is_there {
            let time = (slot.starts_at, slot.minutes);
            if day.slots.iter().any(|(_, starts_at, minutes)| overlap((*starts_at, *minutes), time)) {
                return Err(Conflict::SlotsOverlap.into());
            }
            if day.slots.len() >= MOST_A_DAY {
                return Err(Conflict::TooMany.into());
            }
            day.slots.push((slot.id, slot.starts_at, slot.minutes));
        }
        let item = to_item(&place, version.unwrap_or(0) + 1, SCHEMA, &day)?;
        // Two offers of the same person at once: the second one is looked at anew.
        write.put_over(self, place, item, version, || Conflict::SlotsOverlap.into())?;
        Ok(())
    }

    async fn step_of_slot(
        &self,
        write: &mut Write,
        tenant: TenantId,
        slot: OpenSlot,
        act: SlotAct,
        otherwise: fn() -> Error,
    ) -> Result<(), Error> {
        let OpenSlot { mut record, version, content } = slot;
        let place = slot_key(tenant, record.id);
        record.state = record.state.after(act).ok_or_else(otherwise)?;
        record.updated_at = self.clock.now();
        record.content = self.seal(tenant, Purpose::Health, &place, CONTENT, &content).await?;
        write.put_over(self, place, slot_item(tenant, &record, version + 1)?, Some(version), otherwise)?;
        Ok(())
    }

    async fn load_slot(&self, tenant: TenantId, id: InterviewSlotId) -> Result<Option<OpenSlot>, Error> {
        match self.load(&slot_key(tenant, id)).await? {
            Some(stored) => self.opened_slot(tenant, stored).await.map(Some),
            None => Ok(None),
        }
    }

    async fn opened_slot(&self, tenant: TenantId, stored: Stored<Record>) -> Result<OpenSlot, Error> {
        let Stored { record, version } = stored;
        let place = slot_key(tenant, record.id);
        let content = self.open(tenant, Purpose::Health, &place, CONTENT, &record.content).await?;
        Ok(OpenSlot { record, version, content })
    }
}

/// Whether somebody sees a slot: workers the open ones for people where they stand, staff all that are for people whom they reach.
fn is_listed(permit: &Permit<UseInterviewSlots>, record: &Record, own: Option<&Placement>) -> bool {
    match own {
        Some(placement) => record.state == SlotState::Open && serves(record, placement),
        None => record.state != SlotState::Withdrawn && reaches(permit, record),
    }
}

fn slot_item(tenant: TenantId, record: &Record, version: u64) -> Result<Attributes, Error> {
    let item = to_item(&slot_key(tenant, record.id), version, SCHEMA, record)?;
    Ok(match record.state {
        SlotState::Open | SlotState::Booked => {
            indexed(item, offered(tenant), format!("{}#{}", record.starts_at, record.id))
        }
        SlotState::Withdrawn => item,
    })
}
