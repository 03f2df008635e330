//! What is compared with what, and what a difference means. Pure: the bucket and the table have been read.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::Jst;
use jiff::civil::Date;
use serde::Serialize;

use super::{Entry, Image, LATEST_SECONDS, day_of, time_and_id};
use crate::RETENTION_DAYS;

/// In which way the trail is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// A day that is over has no seal, although it should.
    SealMissing,
    /// A day's seal is not what was written.
    SealChanged,
    /// A day's seal does not follow from the one before.
    SealUnlinked,
    /// An event is not in the table any more.
    Removed,
    /// An event in the table is not what was written.
    Changed,
    /// An event stands at another time than it was written at.
    Moved,
    /// There is an event in the table that was not written by the service, or not then.
    Inserted,
    /// An event was written long after the time that it says of itself.
    Late,
    /// A copy that the day's seal names is gone.
    CopyRemoved,
    /// There is a copy that the day's seal does not name, or a second one of the same event.
    CopyInserted,
}

/// One place where the trail is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Break {
    /// On which day.
    pub day: Date,
    /// The time that the event says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// In which way.
    pub kind: BreakKind,
    /// Which event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// In whose trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

impl Break {
    pub(super) fn of_seal(day: Date, kind: BreakKind) -> Self {
        Self { day, at: None, kind, event: None, tenant: None }
    }

    pub(super) fn of_event(day: Date, kind: BreakKind, pk: &str, sk: &str) -> Self {
        let (at, event) = sk.split_once('#').unwrap_or((sk, ""));
        let tenant = pk.split('#').nth(1).map(str::to_owned);
        Self { day, at: Some(at.to_owned()), kind, event: Some(event.to_owned()), tenant }
    }
}

/// An item of the day in the table.
#[derive(Debug, Clone)]
pub(super) struct InTable {
    pub(super) pk: String,
    pub(super) sk: String,
    /// `None` where it has attributes that no event has.
    pub(super) image: Option<Image>,
}

/// What a day is made of.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) day: Date,
    /// The copies that the seal names, if the day is sealed.
    pub(super) sealed: Option<&'a [Entry]>,
    /// The copies that there are.
    pub(super) copies: &'a [Entry],
    /// The events that there are.
    pub(super) table: &'a [InTable],
    pub(super) now: Jst,
}

/// Everything that differs, and the items of the table of which there is no copy: added, or not copied yet.
pub(super) fn compare<'a>(
    evidence: &Evidence<'a>,
    mac: impl Fn(&Image, i64) -> Option<String>,
) -> (Vec<Break>, Vec<&'a InTable>) {
    let day = evidence.day;
    let mut breaks = Vec::new();
    let mut found = |kind, pk: &str, sk: &str| breaks.push(Break::of_event(day, kind, pk, sk));
    if let Some(sealed) = evidence.sealed {
        let (named, there): (BTreeSet<_>, BTreeSet<_>) = (sealed.iter().collect(), evidence.copies.iter().collect());
        named.difference(&there).for_each(|entry| found(BreakKind::CopyRemoved, &entry.pk, &entry.sk));
        there.difference(&named).for_each(|entry| found(BreakKind::CopyInserted, &entry.pk, &entry.sk));
    }
    let mut known: BTreeMap<(&str, &str), &Entry> = BTreeMap::new();
    for entry in evidence.sealed.unwrap_or(evidence.copies) {
        let late = time_and_id(&entry.sk).is_none_or(|(at, _)| entry.stored_at > at.epoch_seconds() + LATEST_SECONDS);
        if late || day_of(&entry.sk) != day.to_string() {
            found(BreakKind::Late, &entry.pk, &entry.sk);
        }
        if known.insert((&entry.sk, &entry.pk), entry).is_some() {
            found(BreakKind::CopyInserted, &entry.pk, &entry.sk);
        }
    }
    let mut unknown = Vec::new();
    for item in evidence.table {
        let Some(entry) = known.remove(&(item.sk.as_str(), item.pk.as_str())) else {
            unknown.push(item);
            continue;
        };
        if item.image.as_ref().and_then(|image| mac(image, entry.stored_at)).as_ref() != Some(&entry.mac) {
            found(BreakKind::Changed, &item.pk, &item.sk);
        }
    }
    for entry in known.into_values() {
        let id = |sk: &str| time_and_id(sk).map(|(_, id)| id.to_owned());
        if let Some(elsewhere) = unknown.iter().position(|item| id(&item.sk) == id(&entry.sk)) {
            unknown.remove(elsewhere);
            found(BreakKind::Moved, &entry.pk, &entry.sk);
        } else if !is_over(&entry.sk, evidence.now) {
            found(BreakKind::Removed, &entry.pk, &entry.sk);
        }
    }
    breaks.sort();
    (breaks, unknown)
}

/// Whether an event's time in the table is over.
fn is_over(sk: &str, now: Jst) -> bool {
    time_and_id(sk).is_some_and(|(at, _)| at.plus_seconds(RETENTION_DAYS * 86_400) <= now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vault::Lookup;

    use super::{super::Typed, *};

    const DAY: Date = jiff::civil::date(2026, 4, 1);

    fn noon() -> Jst {
        "2026-04-01T12:00:00+09:00".parse().unwrap()
    }

    fn hashes() -> Lookup {
        Lookup::for_tests([7; 32]).unwrap()
    }

    fn mac(image: &Image, stored_at: i64) -> Option<String> {
        Some(hashes().hash("event", &image.body(stored_at).ok()?).to_string())
    }

    /// The `n`th event of the day: a minute after the one before.
    fn item(n: u8, content: u8) -> InTable {
        let at = Jst::start_of(DAY).plus_seconds(60 * i64::from(n));
        let (pk, sk) = (format!("T#ten_a#EVENT#{DAY}#{}", n % 4), format!("{at}#aud_{n:032x}"));
        let attributes =
            [("pk", Typed::S(pk.clone())), ("sk", Typed::S(sk.clone())), ("sealed", Typed::B(content.to_string()))];
        let image = Image(attributes.map(|(name, value)| (name.to_owned(), value)).into());
        InTable { pk, sk, image: Some(image) }
    }

    fn entry(item: &InTable) -> Entry {
        let stored_at = time_and_id(&item.sk).unwrap().0.epoch_seconds();
        let body = item.image.as_ref().unwrap().body(stored_at).unwrap();
        Entry::of(&hashes(), item.pk.clone(), item.sk.clone(), stored_at, &body)
    }

    /// A day of `events` as it was written.
    fn day(events: u8) -> (Vec<InTable>, Vec<Entry>) {
        let table: Vec<_> = (0..events).map(|n| item(n, n)).collect();
        let mut copies: Vec<_> = table.iter().map(entry).collect();
        copies.sort();
        (table, copies)
    }

    /// What is found, with what has no copy as added.
    fn found(sealed: Option<&[Entry]>, copies: &[Entry], table: &[InTable]) -> Vec<(BreakKind, String)> {
        let evidence = Evidence { day: DAY, sealed, copies, table, now: noon() };
        let (mut breaks, unknown) = compare(&evidence, mac);
        breaks.extend(unknown.iter().map(|item| Break::of_event(DAY, BreakKind::Inserted, &item.pk, &item.sk)));
        breaks.sort();
        breaks.into_iter().map(|found| (found.kind, found.event.unwrap())).collect()
    }

    fn id(n: u8) -> String {
        format!("aud_{n:032x}")
    }

    #[derive(Debug, Clone, Copy)]
    enum Tampering {
        Remove,
        Change,
        Swap,
        Move,
        Insert,
    }

    proptest! {
        /// Whichever event somebody lays hands on in the table, and however: it is found, it is named, and nothing else is. On the day itself, and once the day is sealed.
        #[test]
        fn r22_one_event_removed_changed_reordered_or_inserted_is_found_and_named(
            events in 2_u8..40, which in any::<prop::sample::Index>(), sealed in any::<bool>(),
            tampering in prop::sample::select(vec![Tampering::Remove, Tampering::Change, Tampering::Swap, Tampering::Move, Tampering::Insert]),
        ) {
            let (mut table, copies) = day(events);
            let seal = sealed.then_some(copies.as_slice());
            prop_assert!(found(seal, &copies, &table).is_empty(), "an untouched day is whole");
            let n = which.index(usize::from(events) - 1);
            let number = u8::try_from(n).unwrap();
            let expected = match tampering {
                Tampering::Remove => {
                    table.remove(n);
                    vec![(BreakKind::Removed, id(number))]
                }
                Tampering::Change => {
                    table[n] = item(number, 200);
                    vec![(BreakKind::Changed, id(number))]
                }
                // What happened first is said to have happened second.
                Tampering::Swap => {
                    let (one, other) = (item(number, number + 1), item(number + 1, number));
                    (table[n], table[n + 1]) = (one, other);
                    vec![(BreakKind::Changed, id(number)), (BreakKind::Changed, id(number + 1))]
                }
                Tampering::Move => {
                    let at = Jst::start_of(DAY).plus_seconds(60 * i64::from(number) + 30);
                    table[n].sk = format!("{at}#{}", id(number));
                    vec![(BreakKind::Moved, id(number))]
                }
                Tampering::Insert => {
                    table.insert(n, item(100, 100));
                    vec![(BreakKind::Inserted, id(100))]
                }
            };
            prop_assert_eq!(found(seal, &copies, &table), expected);
        }

        /// A copy that is gone or was added once the day is sealed.
        #[test]
        fn r22_a_seal_knows_its_copies(events in 2_u8..40, which in any::<prop::sample::Index>()) {
            let (table, copies) = day(events);
            let n = which.index(copies.len());
            let mut fewer = copies.clone();
            let gone = fewer.remove(n);
            let named = time_and_id(&gone.sk).unwrap().1.to_owned();
            prop_assert_eq!(found(Some(&copies), &fewer, &table), vec![(BreakKind::CopyRemoved, named.clone())]);
            let (inserted, missing) = (BreakKind::CopyInserted, BreakKind::Inserted);
            prop_assert_eq!(found(Some(&fewer), &copies, &table), vec![(missing, named.clone()), (inserted, named)]);
        }
    }

    #[test]
    fn r22_written_twice_written_late_and_of_a_strange_shape() {
        let (mut table, mut copies) = day(3);
        let mut again = copies[1].clone();
        again.stored_at += 1;
        copies.insert(2, again);
        copies[3].stored_at += LATEST_SECONDS + 1;
        table[0].image = None;
        let kinds: Vec<_> = found(None, &copies, &table).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(
            kinds,
            [BreakKind::Changed, BreakKind::Changed, BreakKind::CopyInserted, BreakKind::Changed, BreakKind::Late]
        );
    }

    #[test]
    fn r21_what_has_expired_is_not_missed() {
        let (_, copies) = day(3);
        let later = noon().plus_seconds((RETENTION_DAYS + 1) * 86_400);
        let evidence = Evidence { day: DAY, sealed: Some(&copies), copies: &copies, table: &[], now: later };
        assert_eq!(compare(&evidence, mac).0, []);
        let evidence = Evidence { now: noon(), ..evidence };
        assert_eq!(compare(&evidence, mac).0.len(), 3);
    }
}
