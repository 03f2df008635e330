//! Somebody's points: a machine that every change goes through, and that says which entries of the ledger each change is (domain.md 7.3).
//!
//! ```text
//!                    close a day, correct (+)
//!               ┌──────────────────────────────▶ lots, each with its last day ──┐ expire: a lot whose day is over
//!               │                                   │  ▲                        │ cancel: what a grant left
//!      (outside)│                           reserve │  │ release                │ correct (−)
//!               │                                   ▼  │                        ▼
//!               │                                  holds ──── confirm ──────▶ (outside)
//! ```
//!
//! A ledger's entries are never changed. What always holds, whoever is faster: the balance is the sum of the entries, and is the sum of lots and holds; nothing of them is
//! negative; a day is closed once, an entry cancelled once, a redemption confirmed or released once. Points are taken from the lot that expires first. What is on hold is
//! out of its lots, so that it cannot expire under the hands of whoever has asked for it.
//!
//! The machine is stored whole, and each change is conditional on the version that it was read with: two that are made at once are made one after the other.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::award::{Granted, Tallies};
use crate::ids::RedemptionId;

/// How many redemptions of one person are on hold at the same time.
const MOST_HOLDS: usize = 20;

/// Points that came together, and what is left of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lot {
    /// The entry that they came with.
    entry: u64,
    /// The last day on which they can be used.
    expires_on: Date,
    left: u32,
}

/// Points that somebody has asked to exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hold {
    redemption: RedemptionId,
    /// From which lots.
    parts: Vec<Lot>,
}

impl Hold {
    fn points(&self) -> u32 {
        self.parts.iter().map(|part| part.left).sum()
    }
}

/// What an entry of the ledger is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryKind {
    /// Points of a day (付与).
    Grant {
        /// The day.
        day: Date,
        /// By which version of the rules.
        rules: u32,
        /// By which rule, and what it asked for.
        granted: Granted,
    },
    /// A correction by somebody (調整).
    Adjust,
    /// A redemption that was confirmed (交換).
    Exchange {
        /// Which.
        redemption: RedemptionId,
    },
    /// Points whose last day is over (失効).
    Expire {
        /// The entry that they came with.
        of: u64,
    },
    /// Points that are taken back (取消).
    Cancel {
        /// The entry that they came with.
        of: u64,
        /// How many of them had been used or had expired, and were not there to be taken back.
        missing: u32,
    },
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its number, from 1 on.
    pub number: u64,
    /// How many points; negative where they go.
    pub points: i64,
    /// The last day on which they can be used, where they come.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_on: Option<Date>,
    /// What it is.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// Why a change is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The day is closed already, or a later one.
    #[error("the day is closed")]
    Closed,
    /// There are fewer points than that.
    #[error("not enough points")]
    NotEnough,
    /// There is no such redemption on hold.
    #[error("no such redemption")]
    NoSuchHold,
    /// The redemption is on hold already.
    #[error("on hold already")]
    HeldAlready,
    /// The entry was cancelled already, or did not bring points.
    #[error("cannot be cancelled")]
    NotCancellable,
    /// Too much at once.
    #[error("too many")]
    TooMany,
}

/// Somebody's points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    lots: Vec<Lot>,
    #[serde(default)]
    holds: Vec<Hold>,
    /// How many entries there are.
    entries: u64,
    /// The last day that is closed.
    #[serde(default)]
    closed_until: Option<Date>,
    /// What was granted under which cap.
    #[serde(default)]
    tallies: Tallies,
    /// Entries that were cancelled.
    #[serde(default)]
    cancelled: BTreeSet<u64>,
}

impl Wallet {
    /// All points: the sum of the ledger.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.available() + self.on_hold()
    }

    /// Those that can be used.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.lots.iter().map(|lot| u64::from(lot.left)).sum()
    }

    /// Those that somebody has asked to exchange.
    #[must_use]
    pub fn on_hold(&self) -> u64 {
        self.holds.iter().map(|hold| u64::from(hold.points())).sum()
    }

    /// What can be used until which day, the first day first.
    #[must_use]
    pub fn expiring(&self) -> Vec<(Date, u64)> {
        let mut days: std::collections::BTreeMap<Date, u64> = std::collections::BTreeMap::new();
        for lot in &self.lots {
            *days.entry(lot.expires_on).or_default() += u64::from(lot.left);
        }
        days.into_iter().collect()
    }

    /// The last day that is closed.
    #[must_use]
    pub fn closed_until(&self) -> Option<Date> {
        self.closed_until
    }

    /// What was granted under which cap so far.
    #[must_use]
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// How many entries the ledger has.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Whether an entry was cancelled.
    #[must_use]
    pub fn is_cancelled(&self, number: u64) -> bool {
        self.cancelled.contains(&number)
    }

    /// Closes a day with what it gives. Days are closed once and in their order.
    pub fn close(
        &mut self,
        day: Date,
        rules: u32,
        (granted, tallies): (Vec<Granted>, Tallies),
        expires_on: Date,
    ) -> Result<Vec<LedgerEntry>, Refused> {
        if self.closed_until.is_some_and(|until| day <= until) {
            return Err(Refused::Closed);
        }
        self.closed_until = Some(day);
        self.tallies = tallies;
        let entries = granted.into_iter().map(|granted| {
            let points = granted.granted;
            // A grant of nothing stands in the ledger all the same: it says which cap was reached.
            self.bring(points, expires_on, EntryKind::Grant { day, rules, granted })
        });
        Ok(entries.collect())
    }

    /// Corrects by so many points, up or down.
    pub fn adjust(&mut self, points: i64, expires_on: Date) -> Result<LedgerEntry, Refused> {
        let amount = u32::try_from(points.unsigned_abs()).map_err(|_| Refused::TooMany)?;
        if points >= 0 {
            return Ok(self.bring(amount, expires_on, EntryKind::Adjust));
        }
        self.take(amount, None)?;
        Ok(self.entry(-i64::from(amount), None, EntryKind::Adjust))
    }

    /// Takes back what an entry brought: what is left of it, and of other points what it lacks; never more than there is.
    pub fn cancel(&mut self, entry: &LedgerEntry) -> Result<LedgerEntry, Refused> {
        let brought = u32::try_from(entry.points).map_err(|_| Refused::NotCancellable)?;
        let brings = matches!(entry.kind, EntryKind::Grant { .. } | EntryKind::Adjust);
        if !brings || brought == 0 || !self.cancelled.insert(entry.number) {
            return Err(Refused::NotCancellable);
        }
        let there = u32::try_from(self.available()).unwrap_or(u32::MAX);
        let taken = brought.min(there);
        self.take(taken, Some(entry.number))?;
        let kind = EntryKind::Cancel { of: entry.number, missing: brought - taken };
        Ok(self.entry(-i64::from(taken), None, kind))
    }

    /// Lets go what can no longer be used on `today`.
    pub fn expire(&mut self, today: Date) -> Vec<LedgerEntry> {
        let (over, left): (Vec<Lot>, Vec<Lot>) =
            std::mem::take(&mut self.lots).into_iter().partition(|lot| lot.expires_on < today);
        self.lots = left;
        over.into_iter()
            .map(|lot| self.entry(-i64::from(lot.left), None, EntryKind::Expire { of: lot.entry }))
            .collect()
    }

    /// Puts points on hold for a redemption.
    pub fn reserve(&mut self, redemption: RedemptionId, points: u32) -> Result<(), Refused> {
        if self.holds.iter().any(|hold| hold.redemption == redemption) {
            return Err(Refused::HeldAlready);
        }
        if self.holds.len() >= MOST_HOLDS || points == 0 {
            return Err(Refused::TooMany);
        }
        let parts = self.take(points, None)?;
        self.holds.push(Hold { redemption, parts });
        Ok(())
    }

    /// Exchanges what is on hold.
    pub fn confirm(&mut self, redemption: RedemptionId) -> Result<LedgerEntry, Refused> {
        let points = self.held(redemption)?.points();
        Ok(self.entry(-i64::from(points), None, EntryKind::Exchange { redemption }))
    }

    /// Gives back what is on hold, to the lots that it came from. What has expired meanwhile goes with the next look at it.
    pub fn release(&mut self, redemption: RedemptionId) -> Result<(), Refused> {
        for part in self.held(redemption)?.parts {
            match self.lots.iter_mut().find(|lot| lot.entry == part.entry) {
                Some(lot) => lot.left += part.left,
                None => self.put_lot(part),
            }
        }
        Ok(())
    }

    fn held(&mut self, redemption: RedemptionId) -> Result<Hold, Refused> {
        let at = self.holds.iter().position(|hold| hold.redemption == redemption).ok_or(Refused::NoSuchHold)?;
        Ok(self.holds.remove(at))
    }

    fn bring(&mut self, points: u32, expires_on: Date, kind: EntryKind) -> LedgerEntry {
        let entry = self.entry(points.into(), Some(expires_on), kind);
        if points > 0 {
            self.put_lot(Lot { entry: entry.number, expires_on, left: points });
        }
        entry
    }

    /// Lots lie in the order in which they are used: the one that expires first, and of those the older one.
    fn put_lot(&mut self, lot: Lot) {
        let at = self.lots.partition_point(|other| (other.expires_on, other.entry) < (lot.expires_on, lot.entry));
        self.lots.insert(at, lot);
    }

    /// Takes points out of the lots, `first` before all others.
    fn take(&mut self, points: u32, first: Option<u64>) -> Result<Vec<Lot>, Refused> {
        if u64::from(points) > self.available() {
            return Err(Refused::NotEnough);
        }
        let (mut wanted, mut parts) = (points, Vec::new());
        let mut order: Vec<usize> = (0..self.lots.len()).collect();
        order.sort_by_key(|at| self.lots.get(*at).is_none_or(|lot| Some(lot.entry) != first));
        for at in order {
            let Some(lot) = self.lots.get_mut(at).filter(|_| wanted > 0) else { continue };
            let part = lot.left.min(wanted);
            lot.left -= part;
            wanted -= part;
            parts.push(Lot { left: part, ..lot.clone() });
        }
        self.lots.retain(|lot| lot.left > 0);
        Ok(parts)
    }

    fn entry(&mut self, points: i64, expires_on: Option<Date>, kind: EntryKind) -> LedgerEntry {
        self.entries += 1;
        LedgerEntry { number: self.entries, points, expires_on, kind }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{ToSpan as _, civil::date};
    use proptest::prelude::*;

    use super::*;
    use crate::points::rules::RuleId;

    const DAY: Date = date(2026, 11, 20);

    fn redemption(number: u8) -> RedemptionId {
        RedemptionId::from_bytes([number; 16])
    }

    fn granted(points: u32) -> Granted {
        let rule = RuleId::parse("walk").unwrap();
        Granted { rule, requested: points, granted: points, capped_by: None, by_hand: false }
    }

    fn close(wallet: &mut Wallet, day: Date, points: &[u32], expires_on: Date) -> Result<Vec<LedgerEntry>, Refused> {
        let all = points.iter().map(|points| granted(*points)).collect();
        wallet.close(day, 1, (all, Tallies::default()), expires_on)
    }

    #[test]
    fn section_7_3_a_day_is_closed_once_and_in_order() {
        let mut wallet = Wallet::default();
        assert_eq!(close(&mut wallet, DAY, &[3, 2], date(2028, 3, 31)).unwrap().len(), 2);
        assert_eq!(close(&mut wallet, DAY, &[3], date(2028, 3, 31)), Err(Refused::Closed));
        assert_eq!(close(&mut wallet, DAY - 1.day(), &[3], date(2028, 3, 31)), Err(Refused::Closed));
        assert_eq!((wallet.balance(), wallet.closed_until()), (5, Some(DAY)));
    }

    #[test]
    fn section_7_3_what_expires_first_is_used_first_and_what_is_on_hold_does_not_expire() {
        let mut wallet = Wallet::default();
        close(&mut wallet, DAY, &[10], date(2027, 1, 31)).unwrap();
        close(&mut wallet, DAY + 1.day(), &[10], date(2026, 12, 31)).unwrap();
        wallet.reserve(redemption(1), 12).unwrap();
        assert_eq!((wallet.available(), wallet.on_hold(), wallet.balance()), (8, 12, 20));
        assert_eq!(wallet.expire(date(2027, 1, 1)), [], "all of the earlier lot is on hold");
        wallet.release(redemption(1)).unwrap();
        let over = wallet.expire(date(2027, 1, 1));
        assert_eq!((over.len(), over[0].points), (1, -10), "and goes once it is not");
        assert_eq!(over[0].kind, EntryKind::Expire { of: 2 });
        assert_eq!(wallet.expiring(), [(date(2027, 1, 31), 10)]);
        assert_eq!(wallet.expire(date(2027, 1, 31)), [], "the last day is a day");
    }

    #[test]
    fn section_7_3_a_redemption_is_reserved_and_then_confirmed_or_released_once() {
        let mut wallet = Wallet::default();
        wallet.adjust(10, date(2028, 3, 31)).unwrap();
        assert_eq!(wallet.reserve(redemption(1), 11), Err(Refused::NotEnough));
        wallet.reserve(redemption(1), 6).unwrap();
        assert_eq!(wallet.reserve(redemption(1), 1), Err(Refused::HeldAlready));
        assert_eq!(wallet.reserve(redemption(2), 5), Err(Refused::NotEnough), "what is on hold is nobody else's");
        let entry = wallet.confirm(redemption(1)).unwrap();
        assert_eq!((entry.points, wallet.balance()), (-6, 4));
        assert_eq!(wallet.confirm(redemption(1)), Err(Refused::NoSuchHold));
        assert_eq!(wallet.release(redemption(1)), Err(Refused::NoSuchHold));
    }

    #[test]
    fn section_7_4_what_is_taken_back_is_never_more_than_there_is() {
        let mut wallet = Wallet::default();
        let first = close(&mut wallet, DAY, &[10], date(2028, 3, 31)).unwrap().remove(0);
        wallet.adjust(-7, DAY).unwrap();
        let cancel = wallet.cancel(&first).unwrap();
        assert_eq!((cancel.points, cancel.kind), (-3, EntryKind::Cancel { of: 1, missing: 7 }));
        assert_eq!(wallet.balance(), 0);
        assert_eq!(wallet.cancel(&first), Err(Refused::NotCancellable), "once is enough");
        // Of the lot that it came with before any other, though that one expires earlier.
        let soon = close(&mut wallet, DAY + 1.day(), &[5], date(2026, 12, 31)).unwrap().remove(0);
        let late = close(&mut wallet, DAY + 2.days(), &[5], date(2028, 3, 31)).unwrap().remove(0);
        wallet.cancel(&late).unwrap();
        assert_eq!(wallet.expiring(), [(date(2026, 12, 31), 5)]);
        assert!(!wallet.is_cancelled(soon.number) && wallet.is_cancelled(late.number));
    }

    /// What somebody does, by numbers that are read modulo what there is.
    #[derive(Debug, Clone)]
    enum Act {
        Close { days: u8, points: Vec<u32>, lasts: u16 },
        Adjust(i64),
        Cancel(u8),
        Expire(u16),
        Reserve(u8, u32),
        Confirm(u8),
        Release(u8),
    }

    fn acts() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0_u8..3, proptest::collection::vec(0_u32..20, 0..3), 0_u16..60).prop_map(|(days, points, lasts)| Act::Close { days, points, lasts }),
            2 => (-30_i64..30).prop_map(Act::Adjust),
            2 => any::<u8>().prop_map(Act::Cancel),
            2 => (0_u16..90).prop_map(Act::Expire),
            3 => (0_u8..6, 0_u32..25).prop_map(|(number, points)| Act::Reserve(number, points)),
            2 => (0_u8..6).prop_map(Act::Confirm),
            2 => (0_u8..6).prop_map(Act::Release),
        ]
    }

    /// A table with one wallet, its version, and a ledger in which no number stands twice.
    #[derive(Default)]
    struct Table {
        wallet: Wallet,
        version: u64,
        ledger: BTreeMap<u64, LedgerEntry>,
    }

    impl Table {
        /// A transaction: all of it, or nothing where somebody was faster.
        fn commit(&mut self, read_at: u64, wallet: Wallet, entries: Vec<LedgerEntry>) -> bool {
            if read_at != self.version {
                return false;
            }
            for entry in entries {
                assert_eq!(self.ledger.insert(entry.number, entry), None, "an entry is never written twice");
            }
            self.wallet = wallet;
            self.version += 1;
            true
        }
    }

    /// The change that an act is to a wallet as it was read; nothing where it is refused.
    fn made(act: &Act, wallet: &mut Wallet, ledger: &BTreeMap<u64, LedgerEntry>) -> Option<Vec<LedgerEntry>> {
        let one = |entry: Result<LedgerEntry, Refused>| entry.ok().map(|entry| vec![entry]);
        match act {
            Act::Close { days, points, lasts } => {
                // Sometimes a day that is closed already: a run that comes twice.
                let day = wallet.closed_until().unwrap_or(DAY).saturating_add(i64::from(*days).days());
                close(wallet, day, points, day.saturating_add(i64::from(*lasts).days())).ok()
            }
            Act::Adjust(points) => one(wallet.adjust(*points, DAY.saturating_add(30.days()))),
            Act::Cancel(at) => {
                let entry = ledger.values().nth(usize::from(*at) % ledger.len().max(1))?;
                one(wallet.cancel(entry))
            }
            Act::Expire(days) => Some(wallet.expire(DAY.saturating_add(i64::from(*days).days()))),
            Act::Reserve(number, points) => wallet.reserve(redemption(*number), *points).ok().map(|()| Vec::new()),
            Act::Confirm(number) => one(wallet.confirm(redemption(*number))),
            Act::Release(number) => wallet.release(redemption(*number)).ok().map(|()| Vec::new()),
        }
    }

    /// 1,000 cases, or as many as `PROPTEST_CASES` says.
    fn cases() -> ProptestConfig {
        let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
        ProptestConfig { cases: asked.unwrap_or(1_000), ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(cases())]

        /// Several of them read, then write in any order: whoever was not the first after a read begins anew.
        #[test]
        fn section_7_3_the_ledger_adds_up_whoever_is_faster(rounds in proptest::collection::vec(proptest::collection::vec(acts(), 1..4), 1..25)) {
            let mut table = Table::default();
            for round in &rounds {
                let read: Vec<_> = round.iter().map(|act| (act, table.version, table.wallet.clone())).collect();
                for (act, version, mut wallet) in read {
                    let Some(entries) = made(act, &mut wallet, &table.ledger) else { continue };
                    if !table.commit(version, wallet, entries) {
                        let (version, mut wallet) = (table.version, table.wallet.clone());
                        if let Some(entries) = made(act, &mut wallet, &table.ledger) {
                            prop_assert!(table.commit(version, wallet, entries));
                        }
                    }
                    let sum: i64 = table.ledger.values().map(|entry| entry.points).sum();
                    prop_assert_eq!(i64::try_from(table.wallet.balance()).unwrap(), sum, "the balance is the sum of the entries");
                    prop_assert!(sum >= 0);
                    prop_assert_eq!(table.wallet.entries(), table.ledger.len() as u64);
                }
            }
            // No day twice, no entry cancelled twice, no redemption exchanged twice without having been asked for anew.
            let days: Vec<(Date, u64)> = table.ledger.values().filter_map(|entry| match &entry.kind {
                EntryKind::Grant { day, .. } => Some((*day, entry.number)),
                _ => None,
            }).collect();
            prop_assert!(days.is_sorted(), "days are closed in their order: {:?}", days);
            let mut cancelled = BTreeSet::new();
            for entry in table.ledger.values() {
                if let EntryKind::Cancel { of, missing } = entry.kind {
                    prop_assert!(cancelled.insert(of), "{} was cancelled twice", of);
                    prop_assert_eq!(table.ledger[&of].points, i64::from(missing) - entry.points);
                }
            }
        }

        #[test]
        fn section_7_3_a_wallet_reads_back_as_it_was(all in proptest::collection::vec(acts(), 0..30)) {
            let (mut wallet, mut ledger) = (Wallet::default(), BTreeMap::new());
            for act in &all {
                let mut next = wallet.clone();
                if let Some(entries) = made(act, &mut next, &ledger) {
                    wallet = next;
                    ledger.extend(entries.into_iter().map(|entry| (entry.number, entry)));
                }
            }
            prop_assert_eq!(serde_json::from_str::<Wallet>(&serde_json::to_string(&wallet).unwrap()).unwrap(), wallet);
            for entry in ledger.values() {
                prop_assert_eq!(&serde_json::from_str::<LedgerEntry>(&serde_json::to_string(entry).unwrap()).unwrap(), entry);
            }
        }
    }
}
