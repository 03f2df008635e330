//! Health points (健康ポイント): somebody's wallet, which is stored whole, and the ledger beside it, of which no entry is ever changed. Every change is a transaction of the wallet, if
//! it is as it was read, and of the entries that it is made of; so the balance is the sum of the entries whoever is faster ([`domain::points::wallet`]).
//!
//! | | |
//! | --- | --- |
//! | `POINTS#<employee>`/`WALLET` | clear: balance, what can be used; sealed (`lifelog`): the machine; in the index by the day on which the next points expire |
//! | `POINTS#<employee>`/`ENTRY#<number>` | clear: number, points, when, who; sealed: what it is, and why |
//! | `POINTS#<employee>`/`red_…` | a redemption: points, state; sealed: what is wished for; in the index by its state |
//! | `POINTS#<employee>`/`CARRIED` | what the entries came to whose retention was over: their sum, the number of the last one |
//! | `POINTS#<employee>`/`EXCLUDED` | shown in no ranking; in the index |
//!
//! ```text
//! reserved ──confirmed by HR──▶ confirmed
//!     └──────cancelled by HR──▶ cancelled
//! ```

mod campaigns;
mod close;
mod over;
mod review;
mod rules;

use std::borrow::Cow;

use authz::{
    Permission, Permit,
    permission::{ManagePoints, UseOwnPoints, ViewPoints},
};
use domain::{
    ids::{AccountId, EmployeeId, RedemptionId, TenantId},
    points::{
        award::expires_on,
        wallet::{EntryKind, LedgerEntry, Refused, Wallet},
    },
    remark::Remark,
    time::Jst,
};
use futures_util::future::try_join;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

pub use campaigns::{Campaign, CampaignResult, NewCampaign, Participation, ParticipationChange, Ranked};
pub use close::PointsClosed;
pub use over::CarriedForward;
pub use review::{HandShare, Suspicion, SuspicionState, Verdict};
pub use rules::{RulesBook, RulesVersion};

use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::somebody,
    db::Range,
    exports::{Cell, Line, Page, said, text},
    item::{Attributes, Sealed, Stored, to_item},
    key::{Family, Key, Table, partition, shard},
    write::indexed,
};

const SCHEMA: u8 = 1;
/// Sealed attributes.
const WALLET: &str = "wallet";
const ENTRY: &str = "entry";
const WISH: &str = "wish";
/// How many entries of a ledger are read at a time.
const LINES: usize = 200;
/// The fewest people whose figures are shown together.
pub(crate) const FEWEST: usize = 10;

#[derive(Debug, Serialize, Deserialize)]
struct WalletRecord {
    employee: EmployeeId,
    balance: u64,
    available: u64,
    wallet: Sealed,
    updated_at: Jst,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntryRecord {
    number: u64,
    points: i64,
    at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    by: Option<AccountId>,
    entry: Sealed,
}

/// What is sealed of an entry.
#[derive(Serialize, Deserialize)]
struct Said {
    entry: LedgerEntry,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<Remark>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RedemptionRecord {
    id: RedemptionId,
    employee: EmployeeId,
    points: u32,
    #[serde(rename = "redemption_state")]
    state: RedemptionState,
    wish: Sealed,
    asked_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_by: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    decided_at: Option<Jst>,
}

/// Where a redemption is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedemptionState {
    /// Its points are on hold.
    Reserved,
    /// They were exchanged.
    Confirmed,
    /// They were given back.
    Cancelled,
}

impl RedemptionState {
    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Points that somebody exchanges.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// Its id.
    pub id: RedemptionId,
    /// Whose.
    pub employee: EmployeeId,
    /// How many points.
    pub points: u32,
    /// Where it is.
    pub state: RedemptionState,
    /// For what, in the employee's words or a catalogue's.
    pub wish: Remark,
    /// When it was asked for.
    pub asked_at: Jst,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Jst>,
}

/// An entry of somebody's ledger.
#[derive(Debug, Clone)]
pub struct PointsEntry {
    /// The entry.
    pub entry: LedgerEntry,
    /// When it was made.
    pub at: Jst,
    /// Who made it, if it was somebody.
    pub by: Option<AccountId>,
    /// Why, where a reason was given.
    pub reason: Option<Remark>,
}

/// A wallet as it was read.
#[derive(Debug, Default)]
struct Held {
    wallet: Wallet,
    version: Option<u64>,
}

fn wallet_key(tenant: TenantId, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::Points, employee, "WALLET")
}

fn entry_key(tenant: TenantId, employee: EmployeeId, number: u64) -> Key {
    Key::new(Table::Records, tenant, Family::Points, employee, format_args!("ENTRY#{number:010}"))
}

fn redemption_key(tenant: TenantId, employee: EmployeeId, id: RedemptionId) -> Key {
    Key::new(Table::Records, tenant, Family::Points, employee, id)
}

fn of_state(tenant: TenantId, state: RedemptionState) -> String {
    partition(tenant, Family::Points, state.name())
}

/// Wallets by the day on which the next points expire.
fn expiring(tenant: TenantId, shard: impl std::fmt::Display) -> String {
    partition(tenant, Family::Points, format_args!("expiring#{shard}"))
}

/// Two changes of one wallet at the same moment: the second one is asked to come again.
fn busy() -> Error {
    Error::Unavailable("points changed at the same moment".to_owned())
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotEnough => Conflict::NotEnoughPoints.into(),
            Refused::NoSuchHold => Self::NotFound,
            Refused::TooMany => Conflict::TooMany.into(),
            Refused::Closed | Refused::HeldAlready | Refused::NotCancellable => Conflict::WrongState.into(),
        }
    }
}

impl Store {
    /// Somebody's points as they stand, and what is carried forward of their ledger.
    pub async fn points(
        &self,
        permit: &Permit<ViewPoints>,
        employee: EmployeeId,
    ) -> Result<(Stored<Wallet>, Option<CarriedForward>), Error> {
        self.placed_within(permit, employee).await?;
        let tenant = permit.tenant();
        let (held, carried) = try_join(self.wallet(tenant, employee), self.carried_forward(tenant, employee)).await?;
        Ok((Stored { version: held.version.unwrap_or(0), record: held.wallet }, carried))
    }

    /// Somebody's ledger, the newest entry first: up to `limit` after `after`, and where to go on.
    pub async fn points_entries(
        &self,
        permit: &Permit<ViewPoints>,
        employee: EmployeeId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<PointsEntry>, Option<String>), Error> {
        self.placed_within(permit, employee).await?;
        let pk = partition(permit.tenant(), Family::Points, employee);
        let range = Range::whole(Table::Records, Family::Points, pk).starting_with("ENTRY#").descending();
        let (records, next) = self.page_of::<EntryRecord>(range.after(after).limit(limit)).await?;
        let mut entries = Vec::with_capacity(records.len());
        for stored in records {
            entries.push(self.opened_entry(permit.tenant(), employee, stored.record).await?);
        }
        Ok((entries, next))
    }

    /// Somebody's ledger, the oldest entry first, for themselves to take away.
    pub(crate) async fn points_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let pk = partition(tenant, Family::Points, employee);
        let mut lines = Vec::new();
        if after.is_none() {
            let carried = self.carried_forward(tenant, employee).await?;
            lines.extend(carried.map(|carried| Line { cells: carried_cells(&carried), about: Some(employee) }));
        }
        let range = Range::whole(Table::Records, Family::Points, pk).starting_with("ENTRY#").after(after).limit(LINES);
        let (records, next) = self.page_of::<EntryRecord>(range).await?;
        for stored in records {
            let entry = self.opened_entry(tenant, employee, stored.record).await?;
            lines.push(Line { cells: cells(&entry), about: Some(employee) });
        }
        Ok(Page { lines, next })
    }

    /// Corrects somebody's points, with a reason. Nobody corrects their own.
    pub async fn adjust_points(
        &self,
        permit: &Permit<ManagePoints>,
        employee: EmployeeId,
        points: i64,
        reason: Remark,
    ) -> Result<Prepared<PointsEntry>, Error> {
        let mut held = self.wallet_of_another(permit, employee).await?;
        let expires_on = self.points_expire_on(permit.tenant(), self.today()).await?;
        let entry = held.wallet.adjust(points, expires_on)?;
        self.with_entry(permit, employee, held, entry, reason, "points.adjust").await
    }

    /// Takes back what an entry brought, with a reason. Nobody does it to their own.
    pub async fn cancel_points(
        &self,
        permit: &Permit<ManagePoints>,
        employee: EmployeeId,
        number: u64,
        reason: Remark,
    ) -> Result<Prepared<PointsEntry>, Error> {
        let mut held = self.wallet_of_another(permit, employee).await?;
        let tenant = permit.tenant();
        let there = self.load::<EntryRecord>(&entry_key(tenant, employee, number)).await?.ok_or(Error::NotFound)?;
        let cancelled = self.opened_entry(tenant, employee, there.record).await?;
        let entry = held.wallet.cancel(&cancelled.entry)?;
        self.with_entry(permit, employee, held, entry, reason, "points.cancel").await
    }

    /// Whether they are the permit's holder's own points.
    pub async fn may_use_points(&self, permit: &Permit<UseOwnPoints>, employee: EmployeeId) -> Result<(), Error> {
        self.placed_within(permit, employee).await.map(drop)
    }

    /// Puts one's own points on hold for an exchange.
    pub async fn ask_redemption(
        &self,
        permit: &Permit<UseOwnPoints>,
        employee: EmployeeId,
        points: u32,
        wish: Remark,
    ) -> Result<Prepared<Stored<Redemption>>, Error> {
        self.placed_within(permit, employee).await?;
        let (tenant, id, asked_at) = (permit.tenant(), self.new_id()?, self.clock.now());
        let mut held = self.wallet(tenant, employee).await?;
        held.wallet.reserve(id, points)?;
        let key = redemption_key(tenant, employee, id);
        let sealed = self.seal(tenant, Purpose::Lifelog, &key, WISH, &wish).await?;
        let record = RedemptionRecord {
            id,
            employee,
            points,
            state: RedemptionState::Reserved,
            wish: sealed,
            asked_at,
            decided_by: None,
            decided_at: None,
        };
        let mut write = Write::new();
        self.put_wallet(&mut write, tenant, employee, held).await?;
        self.put_redemption(&mut write, tenant, &record, None)?;
        let event = self.event(permit, "points.redeem")?.on(employee).on(id);
        let thing = Stored { record: redemption(&record, wish), version: 1 };
        Ok(Prepared { thing, write, event })
    }

    /// Confirms that points were exchanged, or gives them back. Nobody decides on their own.
    pub async fn decide_redemption(
        &self,
        permit: &Permit<ManagePoints>,
        (employee, id): (EmployeeId, RedemptionId),
        version: u64,
        confirm: bool,
    ) -> Result<Prepared<Stored<Redemption>>, Error> {
        let mut held = self.wallet_of_another(permit, employee).await?;
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let key = redemption_key(tenant, employee, id);
        let Stored { mut record, version: is } = self.load::<RedemptionRecord>(&key).await?.ok_or(Error::NotFound)?;
        if is != version {
            return Err(Error::Stale);
        }
        if record.state != RedemptionState::Reserved {
            return Err(Conflict::WrongState.into());
        }
        let mut write = Write::new();
        if confirm {
            let entry = held.wallet.confirm(id)?;
            self.put_entry(&mut write, tenant, employee, Some(by), Said { entry, reason: None }).await?;
            record.state = RedemptionState::Confirmed;
        } else {
            held.wallet.release(id)?;
            record.state = RedemptionState::Cancelled;
        }
        (record.decided_by, record.decided_at) = (Some(by), Some(now));
        self.put_wallet(&mut write, tenant, employee, held).await?;
        self.put_redemption(&mut write, tenant, &record, Some(version))?;
        let action = if confirm { "points.confirm_redemption" } else { "points.cancel_redemption" };
        let event = self.event(permit, action)?.on(employee).on(id);
        let wish = self.open(tenant, Purpose::Lifelog, &key, WISH, &record.wish).await?;
        Ok(Prepared { thing: Stored { record: redemption(&record, wish), version: version + 1 }, write, event })
    }

    /// Somebody's redemptions, the newest first.
    pub async fn redemptions_of(
        &self,
        permit: &Permit<ViewPoints>,
        employee: EmployeeId,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Redemption>>, Option<String>), Error> {
        self.placed_within(permit, employee).await?;
        let pk = partition(permit.tenant(), Family::Points, employee);
        let range = Range::whole(Table::Records, Family::Points, pk).starting_with("red_").descending();
        let (records, next) = self.page_of::<RedemptionRecord>(range.after(after).limit(limit)).await?;
        let mut redemptions = Vec::with_capacity(records.len());
        for stored in records {
            redemptions.push(self.opened_redemption(permit.tenant(), stored).await?);
        }
        Ok((redemptions, next))
    }

    /// The redemptions in a state of those whom the permit reaches, the oldest first: up to `limit`, and where to go on.
    pub async fn redemptions(
        &self,
        permit: &Permit<ManagePoints>,
        state: RedemptionState,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<Redemption>>, Option<String>), Error> {
        let tenant = permit.tenant();
        let range = Range::whole(Table::Records, Family::Points, of_state(tenant, state)).by_index();
        let (found, next) =
            self.records_within_reach(permit, range, after, limit, |record: &RedemptionRecord| record.employee).await?;
        let mut redemptions = Vec::with_capacity(found.len());
        for (stored, _) in found {
            redemptions.push(self.opened_redemption(tenant, stored).await?);
        }
        Ok((redemptions, next))
    }

    async fn wallet(&self, tenant: TenantId, employee: EmployeeId) -> Result<Held, Error> {
        let key = wallet_key(tenant, employee);
        let Some(stored) = self.load::<WalletRecord>(&key).await? else { return Ok(Held::default()) };
        let wallet = self.open(tenant, Purpose::Lifelog, &key, WALLET, &stored.record.wallet).await?;
        Ok(Held { wallet, version: Some(stored.version) })
    }

    /// The wallet of somebody within reach who is somebody else: points are worth money, and nobody gives themselves any.
    async fn wallet_of_another<P: Permission>(&self, permit: &Permit<P>, employee: EmployeeId) -> Result<Held, Error> {
        self.placed_within(permit, employee).await?;
        let account = self.account_of_employee(permit.tenant(), employee).await?;
        if account.is_some() && account == permit.actor().account() {
            return Err(Conflict::SecondPersonNeeded.into());
        }
        self.wallet(permit.tenant(), employee).await
    }

    async fn with_entry(
        &self,
        permit: &Permit<ManagePoints>,
        employee: EmployeeId,
        held: Held,
        entry: LedgerEntry,
        reason: Remark,
        action: &'static str,
    ) -> Result<Prepared<PointsEntry>, Error> {
        let (tenant, by) = (permit.tenant(), Some(somebody(permit)?));
        let mut write = Write::new();
        let thing = PointsEntry { entry: entry.clone(), at: self.clock.now(), by, reason: Some(reason.clone()) };
        self.put_wallet(&mut write, tenant, employee, held).await?;
        self.put_entry(&mut write, tenant, employee, by, Said { entry, reason: Some(reason) }).await?;
        let event = self.event(permit, action)?.on(employee);
        Ok(Prepared { thing, write, event })
    }

    async fn put_wallet(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        held: Held,
    ) -> Result<(), Error> {
        let (key, item) = self.wallet_item(tenant, employee, &held).await?;
        write.put_over(self, key, item, held.version, busy)?;
        Ok(())
    }

    async fn wallet_item(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        held: &Held,
    ) -> Result<(Key, Attributes), Error> {
        let key = wallet_key(tenant, employee);
        let record = WalletRecord {
            employee,
            balance: held.wallet.balance(),
            available: held.wallet.available(),
            wallet: self.seal(tenant, Purpose::Lifelog, &key, WALLET, &held.wallet).await?,
            updated_at: self.clock.now(),
        };
        let item = to_item(&key, held.version.unwrap_or(0) + 1, SCHEMA, &record)?;
        let item = match held.wallet.expiring().first() {
            Some((day, _)) => indexed(item, expiring(tenant, shard(employee.as_bytes())), format!("{day}#{employee}")),
            None => item,
        };
        Ok((key, item))
    }

    async fn put_entry(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        by: Option<AccountId>,
        said: Said,
    ) -> Result<(), Error> {
        let key = entry_key(tenant, employee, said.entry.number);
        let record = EntryRecord {
            number: said.entry.number,
            points: said.entry.points,
            at: self.clock.now(),
            by,
            entry: self.seal(tenant, Purpose::Lifelog, &key, ENTRY, &said).await?,
        };
        write.create(self, key, SCHEMA, &record, busy)?;
        Ok(())
    }

    async fn opened_entry(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        record: EntryRecord,
    ) -> Result<PointsEntry, Error> {
        let key = entry_key(tenant, employee, record.number);
        let Said { entry, reason } = self.open(tenant, Purpose::Lifelog, &key, ENTRY, &record.entry).await?;
        Ok(PointsEntry { entry, at: record.at, by: record.by, reason })
    }

    fn put_redemption(
        &self,
        write: &mut Write,
        tenant: TenantId,
        record: &RedemptionRecord,
        before: Option<u64>,
    ) -> Result<(), Error> {
        let key = redemption_key(tenant, record.employee, record.id);
        let item = to_item(&key, before.unwrap_or(0) + 1, SCHEMA, record)?;
        let item = indexed(item, of_state(tenant, record.state), format!("{}#{}", record.asked_at, record.id));
        write.put_over(self, key, item, before, || Error::Stale)?;
        Ok(())
    }

    async fn opened_redemption(
        &self,
        tenant: TenantId,
        stored: Stored<RedemptionRecord>,
    ) -> Result<Stored<Redemption>, Error> {
        let key = redemption_key(tenant, stored.record.employee, stored.record.id);
        let wish = self.open(tenant, Purpose::Lifelog, &key, WISH, &stored.record.wish).await?;
        Ok(Stored { record: redemption(&stored.record, wish), version: stored.version })
    }

    /// The last day on which points of `day` can be used: by the rules of the day, or at the end of the next fiscal year.
    async fn points_expire_on(&self, tenant: TenantId, day: Date) -> Result<Date, Error> {
        let starts = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record.fiscal_year_starts;
        let book = self.rules_book(tenant).await?;
        let usual = domain::points::rules::Expiry::NextFiscalYearEnd;
        Ok(expires_on(book.on(day).map_or(usual, |version| version.rules.draft().expiry), day, starts))
    }
}

fn redemption(record: &RedemptionRecord, wish: Remark) -> Redemption {
    let RedemptionRecord { id, employee, points, state, asked_at, decided_by, decided_at, .. } = *record;
    Redemption { id, employee, points, state, wish, asked_at, decided_by, decided_at }
}

fn cells(PointsEntry { entry, at, reason, .. }: &PointsEntry) -> Vec<Cell> {
    let (act, day, rule) = match &entry.kind {
        EntryKind::Grant { day, granted, .. } => ("付与", Some(day), Some(&granted.rule)),
        EntryKind::Adjust => ("調整", None, None),
        EntryKind::Exchange { .. } => ("交換", None, None),
        EntryKind::Expire { .. } => ("失効", None, None),
        EntryKind::Cancel { .. } => ("取消", None, None),
    };
    vec![
        text(entry.number),
        text(at),
        Cow::Borrowed(act),
        text(entry.points),
        said(day),
        said(rule),
        said(entry.expires_on),
        said(reason.as_ref()),
    ]
}

fn carried_cells(CarriedForward { until, points, at }: &CarriedForward) -> Vec<Cell> {
    let none = || Cow::Borrowed("");
    let why = Cow::Borrowed("保存期間を過ぎた台帳の合計");
    vec![text(until), text(at), Cow::Borrowed("繰越"), text(points), none(), none(), none(), why]
}
