//! Wishes for checkups and what is booked for them (受診希望・予約); their states are drawn in [`domain::checkup::wish`]. One per employee and kind: the next one takes its place.
//!
//! | | |
//! | --- | --- |
//! | clear | employee, kind, state, the booked day, times |
//! | sealed (`health`) | clinics, preferred days, what both sides wrote |
//! | index | by state, those first that were wished first |
//!
//! Beside them lies which clinics a company has and whether its people are reminded ([`ReservationSettings`]).

use std::{borrow::Cow, collections::HashMap};

use authz::{
    Permission, PermissionId, Permit, Placement,
    permission::{ManageReservations, ReadReference, WishCheckup},
};
use domain::{
    checkup::{
        kind::CheckupKind,
        wish::{Clinic, ClinicCode, Reservation, Wanted, WishState},
    },
    employee::{BirthDate, EmployeeNumber, Kana, PersonName, Sex},
    ids::{EmployeeId, TenantId},
    remark::Remark,
    time::Jst,
};
use futures_util::future::try_join_all;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::whole_tenant,
    db::Range,
    exports::{Cell, Line, said, text},
    item::{Sealed, Stored, from_item, to_item},
    key::{Family, Key, Table, partition},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// The attribute that [`Content`] is sealed in.
const CONTENT: &str = "content";

/// Where a company's people are examined, and whether they are reminded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReservationSettings {
    /// The clinics, in the order in which they are shown.
    pub clinics: Vec<Clinic>,
    /// How many days before a checkup is due employees are reminded by mail; none: they are not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remind_days_before: Option<u8>,
    /// When it was last changed, if it ever was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub updated_at: Option<Jst>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    employee: EmployeeId,
    kind: CheckupKind,
    #[serde(rename = "wish_state")]
    state: WishState,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reserved_on: Option<Date>,
    content: Sealed,
    /// When it was first wished, for the order in which wishes are seen to.
    wished_at: Jst,
    updated_at: Jst,
}

/// What is sealed of a wish.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Content {
    wanted: Wanted,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reservation: Option<Reservation>,
}

/// What is booked with a clinic that the company lists.
#[derive(Debug, Clone)]
pub struct Booked {
    /// Which clinic.
    pub clinic: ClinicCode,
    /// On which day.
    pub on: Date,
    /// When, if that is known.
    pub at: Option<Time>,
    /// What the employee should know.
    pub note: Option<Remark>,
}

/// A wish, as somebody sees it.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Whose.
    pub employee: EmployeeId,
    /// For which kind of checkup.
    pub kind: CheckupKind,
    /// Where it stands.
    pub state: WishState,
    /// What is wanted.
    pub wanted: Wanted,
    /// What is booked.
    pub reservation: Option<Reservation>,
    /// When it was wished.
    pub wished_at: Jst,
    /// When it last changed.
    pub updated_at: Jst,
}

/// A wish with what a clinic asks for of whoever comes; each as far as the reader may see it.
#[derive(Debug, Clone)]
pub struct WishOf {
    /// The wish.
    pub wish: Wish,
    /// 社員番号.
    pub number: Option<EmployeeNumber>,
    /// 氏名, フリガナ.
    pub name: Option<(PersonName, Kana)>,
    /// 生年月日, 性別.
    pub born: Option<(BirthDate, Sex)>,
}

fn key(tenant: TenantId, employee: EmployeeId, kind: CheckupKind) -> Key {
    Key::new(Table::Records, tenant, Family::CheckupWish, employee, kind.code())
}

fn settings_key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::CheckupWish, "", "SETTINGS")
}

fn of_state(tenant: TenantId, state: WishState) -> String {
    partition(tenant, Family::CheckupWish, state.name())
}

impl Wish {
    fn of(record: &Record, content: Content) -> Self {
        let Content { wanted, reservation } = content;
        Self {
            employee: record.employee,
            kind: record.kind,
            state: record.state,
            wanted,
            reservation,
            wished_at: record.wished_at,
            updated_at: record.updated_at,
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let dates: Vec<String> = self.wanted.dates.iter().map(ToString::to_string).collect();
        let booked = self.reservation.as_ref().filter(|_| self.state == WishState::Confirmed);
        vec![
            Cow::Borrowed(self.kind.japanese()),
            Cow::Borrowed(self.state.japanese()),
            said(self.wanted.clinic.as_ref()),
            text(dates.join("、")),
            said(self.wanted.note.as_ref()),
            said(booked.map(|booked| booked.on)),
            said(booked.and_then(|booked| booked.at)),
            said(booked.map(|booked| &booked.clinic.name)),
            said(booked.and_then(|booked| booked.note.as_ref())),
            text(self.wished_at),
            text(self.updated_at),
        ]
    }

    fn subjects(wishes: &[Stored<Self>]) -> Vec<String> {
        wishes.iter().map(|stored| stored.record.employee.to_string()).collect()
    }
}

impl Store {
    /// Where the company's people are examined: for everybody who is examined, and whoever books for them.
    pub async fn clinics(&self, permit: &Permit<ReadReference>) -> Result<Stored<ReservationSettings>, Error> {
        self.load_reservation_settings(permit.tenant()).await
    }

    pub(crate) async fn load_reservation_settings(
        &self,
        tenant: TenantId,
    ) -> Result<Stored<ReservationSettings>, Error> {
        let usual = || Stored { record: ReservationSettings::default(), version: 0 };
        Ok(self.load(&settings_key(tenant)).await?.unwrap_or_else(usual))
    }

    /// Other clinics. What was booked before names what it named.
    pub fn change_clinics(
        &self,
        permit: &Permit<ManageReservations>,
        version: u64,
        clinics: Vec<Clinic>,
        remind_days_before: Option<u8>,
    ) -> Result<Prepared<Stored<ReservationSettings>>, Error> {
        whole_tenant(permit)?;
        let record = ReservationSettings { clinics, remind_days_before, updated_at: Some(self.clock.now()) };
        let key = settings_key(permit.tenant());
        let item = to_item(&key, version + 1, SCHEMA, &record)?;
        let mut write = Write::new();
        write.put_over(self, key, item, Some(version).filter(|version| *version > 0), || Error::Stale)?;
        let event = self.event(permit, "checkup_wish.change_clinics")?.on(permit.tenant());
        Ok(Prepared { thing: Stored { record, version: version + 1 }, write, event })
    }

    /// One's own wishes.
    pub async fn own_wishes(&self, permit: &Permit<WishCheckup>) -> Result<Vec<Stored<Wish>>, Error> {
        let (tenant, oneself) = (permit.tenant(), permit.reach().only_oneself().ok_or(Error::NotFound)?);
        let range = Range::whole(Table::Records, Family::CheckupWish, partition(tenant, Family::CheckupWish, oneself));
        let mut wishes = Vec::new();
        for Stored { record, version } in self.records_in::<Record>(range).await? {
            wishes.push(Stored { record: self.open_wish(tenant, &record).await?, version });
        }
        self.disclose(permit, "checkup_wish.read", Wish::subjects(&wishes), wishes).await
    }

    /// Somebody's wishes as lines, for themselves to take away.
    pub(crate) async fn wish_lines(&self, tenant: TenantId, employee: EmployeeId) -> Result<Vec<Line>, Error> {
        let range = Range::whole(Table::Records, Family::CheckupWish, partition(tenant, Family::CheckupWish, employee));
        let mut lines = Vec::new();
        for Stored { record, .. } in self.records_in::<Record>(range).await? {
            let wish = self.open_wish(tenant, &record).await?;
            lines.push(Line { cells: wish.cells(), about: Some(employee) });
        }
        Ok(lines)
    }

    /// One's own wish for a kind of checkup.
    pub async fn own_wish(&self, permit: &Permit<WishCheckup>, kind: CheckupKind) -> Result<Stored<Wish>, Error> {
        let oneself = permit.reach().only_oneself().ok_or(Error::NotFound)?;
        let wish = self.load_wish(permit.tenant(), oneself, kind).await?.ok_or(Error::NotFound)?;
        self.disclose(permit, "checkup_wish.read", vec![oneself.to_string()], wish).await
    }

    /// Wishes, or wishes something else. `version` is what was read; none where nothing was, or what was is withdrawn. A clinic that the company does not list is refused.
    pub async fn wish(
        &self,
        permit: &Permit<WishCheckup>,
        kind: CheckupKind,
        version: Option<u64>,
        wanted: Wanted,
    ) -> Result<Option<Prepared<Stored<Wish>>>, Error> {
        let (tenant, oneself) = (permit.tenant(), permit.reach().only_oneself().ok_or(Error::NotFound)?);
        self.employee_within(permit, oneself).await?;
        if let Some(code) = &wanted.clinic {
            let settings = self.load_reservation_settings(tenant).await?.record;
            if !settings.clinics.iter().any(|clinic| clinic.code == *code) {
                return Ok(None);
            }
        }
        let place = key(tenant, oneself, kind);
        let before: Option<Stored<Record>> = self.load(&place).await?;
        let replaces = match (&before, version) {
            (None, None) => None,
            (Some(before), None) if before.record.state == WishState::Withdrawn => Some(before.version),
            (Some(before), Some(version)) if before.version == version => Some(version),
            _ => return Err(Error::Stale),
        };
        if before.as_ref().is_some_and(|before| !before.record.state.may_be_wished()) {
            return Err(Conflict::WrongState.into());
        }
        let now = self.clock.now();
        let waits = before.filter(|before| before.record.state == WishState::Wished);
        let content = Content { wanted, reservation: None };
        let record = Record {
            employee: oneself,
            kind,
            state: WishState::Wished,
            reserved_on: None,
            content: self.seal(tenant, Purpose::Health, &place, CONTENT, &content).await?,
            wished_at: waits.map_or(now, |before| before.record.wished_at),
            updated_at: now,
        };
        let mut write = Write::new();
        let version = self.put_wish(&mut write, tenant, &record, replaces)?;
        let event = self.event(permit, "checkup_wish.wish")?.on(oneself);
        Ok(Some(Prepared { thing: Stored { record: Wish::of(&record, content), version }, write, event }))
    }

    /// Takes a wish back, also one for which something is booked: whoever booked sees it in the list.
    pub async fn withdraw_wish(
        &self,
        permit: &Permit<WishCheckup>,
        kind: CheckupKind,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let (tenant, oneself) = (permit.tenant(), permit.reach().only_oneself().ok_or(Error::NotFound)?);
        let before: Stored<Record> = self.load(&key(tenant, oneself, kind)).await?.ok_or(Error::NotFound)?;
        if before.version != version {
            return Err(Error::Stale);
        }
        if before.record.state == WishState::Withdrawn {
            return Err(Conflict::WrongState.into());
        }
        let record =
            Record { state: WishState::Withdrawn, reserved_on: None, updated_at: self.clock.now(), ..before.record };
        let mut write = Write::new();
        self.put_wish(&mut write, tenant, &record, Some(version))?;
        let event = self.event(permit, "checkup_wish.withdraw")?.on(oneself);
        Ok(Prepared { thing: (), write, event })
    }

    /// Wishes in a state of those whom the permit reaches, those first that were wished first: up to `limit` after `after`, with what a clinic asks for; and where to go on.
    pub async fn wishes(
        &self,
        permit: &Permit<ManageReservations>,
        state: WishState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<WishOf>>, Option<String>), Error> {
        let range = Range::whole(Table::Records, Family::CheckupWish, of_state(permit.tenant(), state)).by_index();
        let whose = |record: &Record| record.employee;
        let (found, next) = self.records_within_reach(permit, range, after, limit, whose).await?;
        let wishes = self.with_whose(permit, found).await?;
        let subjects: Vec<String> = wishes.iter().map(|stored| stored.record.wish.employee.to_string()).collect();
        let wishes = self.disclose(permit, "checkup_wish.list", subjects, wishes).await?;
        Ok((wishes, next))
    }

    /// A wish of somebody whom the permit reaches.
    pub async fn wish_of(
        &self,
        permit: &Permit<ManageReservations>,
        employee: EmployeeId,
        kind: CheckupKind,
    ) -> Result<Stored<WishOf>, Error> {
        let placement = self.placed_within(permit, employee).await?;
        let record: Stored<Record> = self.load(&key(permit.tenant(), employee, kind)).await?.ok_or(Error::NotFound)?;
        let found = self.with_whose(permit, vec![(record, placement)]).await?.pop().ok_or(Error::NotFound)?;
        self.disclose(permit, "checkup_wish.read", vec![employee.to_string()], found).await
    }

    /// Notes what is booked, or booked instead; the employee gets a mail that something is there to read. None where the company lists no such clinic.
    pub async fn confirm_wish(
        &self,
        permit: &Permit<ManageReservations>,
        (employee, kind): (EmployeeId, CheckupKind),
        version: u64,
        booked: Booked,
    ) -> Result<Option<Prepared<Stored<Wish>>>, Error> {
        let tenant = permit.tenant();
        self.placed_within(permit, employee).await?;
        let Booked { clinic: code, on, at, note } = booked;
        let clinics = self.load_reservation_settings(tenant).await?.record.clinics;
        let Some(clinic) = clinics.into_iter().find(|clinic| clinic.code == code) else { return Ok(None) };
        let reservation = Reservation { clinic, on, at, note };
        let place = key(tenant, employee, kind);
        let before: Stored<Record> = self.load(&place).await?.ok_or(Error::NotFound)?;
        if before.version != version {
            return Err(Error::Stale);
        }
        if before.record.state == WishState::Withdrawn {
            return Err(Conflict::WrongState.into());
        }
        let content: Content = self.open(tenant, Purpose::Health, &place, CONTENT, &before.record.content).await?;
        let reserved_on = Some(on);
        let content = Content { reservation: Some(reservation), ..content };
        let record = Record {
            state: WishState::Confirmed,
            reserved_on,
            content: self.seal(tenant, Purpose::Health, &place, CONTENT, &content).await?,
            updated_at: self.clock.now(),
            ..before.record
        };
        let mut write = Write::new();
        let version = self.put_wish(&mut write, tenant, &record, Some(version))?;
        self.tell_employee(&mut write, tenant, employee).await?;
        let event = self.event(permit, "checkup_wish.confirm")?.on(employee);
        Ok(Some(Prepared { thing: Stored { record: Wish::of(&record, content), version }, write, event }))
    }

    /// The kinds of checkup for which somebody has a reservation on `today` or later.
    pub(crate) async fn reserved_kinds(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        today: Date,
    ) -> Result<Vec<CheckupKind>, Error> {
        let of = partition(tenant, Family::CheckupWish, employee);
        let items = self.db.query_all(Range::whole(Table::Records, Family::CheckupWish, of)).await?;
        let records = items.into_iter().filter_map(|item| from_item::<Record>(item, self.clock.now()).transpose());
        let records = records.collect::<Result<Vec<_>, Error>>()?.into_iter();
        let booked = records.filter(|stored| stored.record.reserved_on.is_some_and(|day| today <= day));
        Ok(booked.map(|stored| stored.record.kind).collect())
    }

    async fn load_wish(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        kind: CheckupKind,
    ) -> Result<Option<Stored<Wish>>, Error> {
        let Some(Stored { record, version }) = self.load::<Record>(&key(tenant, employee, kind)).await? else {
            return Ok(None);
        };
        Ok(Some(Stored { record: self.open_wish(tenant, &record).await?, version }))
    }

    async fn open_wish(&self, tenant: TenantId, record: &Record) -> Result<Wish, Error> {
        let place = key(tenant, record.employee, record.kind);
        let content = self.open(tenant, Purpose::Health, &place, CONTENT, &record.content).await?;
        Ok(Wish::of(record, content))
    }

    /// Opens wishes, with what a clinic asks for of their people.
    async fn with_whose<P: Permission>(
        &self,
        permit: &Permit<P>,
        found: Vec<(Stored<Record>, Placement)>,
    ) -> Result<Vec<Stored<WishOf>>, Error> {
        let tenant = permit.tenant();
        let ids: Vec<EmployeeId> = found.iter().map(|(stored, _)| stored.record.employee).collect();
        let people = self.load_people(tenant, &ids).await?;
        let employees = self.load_employees(tenant, &ids).await?;
        let there = || employees.iter().flatten().map(|stored| &stored.record);
        let attributes = self.open_attributes_of(tenant, there()).await?;
        let attributes: HashMap<EmployeeId, _> = there().map(|employee| employee.id).zip(attributes).collect();
        let wishes = try_join_all(found.iter().map(|(stored, _)| self.open_wish(tenant, &stored.record))).await?;
        let all = found.into_iter().zip(people).zip(wishes).map(|(((stored, placement), person), wish)| {
            let sees = |column| permit.sees_of(column, &placement);
            let person = person.as_ref();
            let attributes = attributes.get(&wish.employee).filter(|_| sees(PermissionId::SeeAttributes));
            let named = person.filter(|_| sees(PermissionId::SeeNames));
            let record = WishOf {
                number: person.map(|person| person.number.clone()),
                name: named.map(|person| (person.name.clone(), person.kana.clone())),
                born: attributes.map(|attributes| (attributes.birth_date, attributes.sex)),
                wish,
            };
            Stored { record, version: stored.version }
        });
        Ok(all.collect())
    }

    /// Adds a wish to `write`, with its place in the index: its version.
    fn put_wish(
        &self,
        write: &mut Write,
        tenant: TenantId,
        record: &Record,
        replaces: Option<u64>,
    ) -> Result<u64, Error> {
        let (place, version) = (key(tenant, record.employee, record.kind), replaces.unwrap_or(0) + 1);
        let item = to_item(&place, version, SCHEMA, record)?;
        let at = format!("{}#{}#{}", record.wished_at, record.employee, record.kind.code());
        let item = indexed(item, of_state(tenant, record.state), at);
        write.put_over(self, place, item, replaces, || Error::Stale)?;
        Ok(version)
    }
}
