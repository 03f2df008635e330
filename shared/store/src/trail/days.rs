//! Days of the trail: sealed one after the other, and looked at again whenever somebody asks.

use std::{collections::BTreeSet, time::Instant};

use authz::{Permit, permission::SealTrail};
use domain::{
    ids::{PLATFORM, TenantId},
    time::Jst,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};
use vault::Lookup;

use super::{
    Break, BreakKind, COPIES, Entry, Image, LATEST_SECONDS, TrailBucket,
    compare::{Evidence, InTable, compare},
    time_and_id,
};
use crate::{
    Error, RETENTION_DAYS, Store, audit,
    db::Range,
    item::as_text,
    key::{Family, Table, partition},
};

/// Where seals lie.
const SEALS: &str = "seals/";
/// How long the stream keeps what it has not delivered: what was not copied by then will not be.
const STREAM_SECONDS: i64 = 24 * 3_600;
/// How many partitions are read at a time.
const IN_FLIGHT: usize = 16;

/// A day's seal (封緘): every copy of the day, in order, and the day before.
#[derive(Debug, Serialize, Deserialize)]
struct Seal {
    day: Date,
    sealed_at: Jst,
    /// The MAC of the seal of the day before; none on the first day.
    previous: Option<String>,
    events: Vec<Entry>,
}

/// A seal as it lies in the bucket.
struct Found {
    mac: String,
    /// `None` where it is not what was written.
    seal: Option<Seal>,
}

/// What a look at a day found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayLook {
    /// The day.
    pub day: Date,
    /// How many events it has, by its seal or by its copies.
    pub events: usize,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Events of the last minutes, which are still to be copied.
    pub not_copied_yet: usize,
    /// Everything that is not what was written.
    pub breaks: Vec<Break>,
}

/// What a run of sealing did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealedDays {
    /// The days that it sealed, as it found them.
    pub sealed: Vec<DayLook>,
    /// The day that waits for events which are still to be copied; later days wait with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<DayLook>,
    /// Whether the time ran out before the last day.
    pub unfinished: bool,
}

/// What verifying a range of days found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether everything is what was written.
    pub intact: bool,
    /// The first place where it is not.
    pub first_break: Option<Break>,
    /// Where to go on, if the time ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub go_on_from: Option<Date>,
    /// Day by day.
    pub days: Vec<DayLook>,
}

impl Store {
    /// Seals every day before `today` that has no seal yet, the oldest first: the same whenever and however often it runs. A day waits while events of it may still
    /// be copied; what was not copied within a day is told as a break and does not hold the chain up.
    pub async fn seal_days(
        &self,
        _permit: &Permit<SealTrail>,
        bucket: &TrailBucket,
        today: Date,
        until: Instant,
    ) -> Result<SealedDays, Error> {
        let hashes = Box::pin(self.vault.trail_hashes()).await?;
        let mut run = SealedDays { sealed: Vec::new(), waits: None, unfinished: false };
        let Some((mut day, mut previous)) = self.first_unsealed(bucket, &hashes, today).await? else { return Ok(run) };
        while day < today {
            if Instant::now() >= until {
                run.unfinished = true;
                break;
            }
            let (copies, look) = self.look(bucket, &hashes, day, None, STREAM_SECONDS).await?;
            if look.not_copied_yet > 0 {
                run.waits = Some(look);
                break;
            }
            let seal = Seal { day, sealed_at: self.clock.now(), previous, events: copies };
            previous = Some(put_seal(bucket, &hashes, &seal).await?);
            run.sealed.push(DayLook { sealed: true, ..look });
            day = day.saturating_add(1.day());
        }
        Ok(run)
    }

    /// The oldest day without a seal, and the MAC of the seal before it.
    async fn first_unsealed(
        &self,
        bucket: &TrailBucket,
        hashes: &Lookup,
        today: Date,
    ) -> Result<Option<(Date, Option<String>)>, Error> {
        let oldest = today.saturating_sub(jiff::Span::new().days(RETENTION_DAYS));
        let names = bucket.list(SEALS, Some(format!("{SEALS}{oldest}"))).await?;
        let last = names.last().and_then(|name| name.strip_prefix(SEALS)?.parse::<Date>().ok());
        let Some(last) = last else { return Ok(bucket.first_day().await?.map(|first| (first, None))) };
        let found = find_seal(bucket, hashes, last).await?;
        Ok(Some((last.saturating_add(1.day()), found.map(|found| found.mac))))
    }

    /// Compares each day of a range: its seal with the one before, with its copies, and with the table. Today, and what is not sealed yet, is compared by its copies alone.
    pub async fn verify_days(
        &self,
        _permit: &Permit<SealTrail>,
        bucket: &TrailBucket,
        from: Date,
        to: Date,
        until: Instant,
    ) -> Result<Verification, Error> {
        let hashes = Box::pin(self.vault.trail_hashes()).await?;
        let first = bucket.first_day().await?;
        let mut before = find_seal(bucket, &hashes, from.saturating_sub(1.day())).await?;
        let (mut days, mut day) = (Vec::new(), from);
        while day <= to && Instant::now() < until {
            let found = find_seal(bucket, &hashes, day).await?;
            let of_seal = self.seal_breaks(bucket, day, first, before.as_ref(), found.as_ref()).await?;
            let seal = found.as_ref().and_then(|found| found.seal.as_ref());
            let (_, mut look) = self.look(bucket, &hashes, day, seal, LATEST_SECONDS).await?;
            look.breaks.splice(..0, of_seal.map(|kind| Break::of_seal(day, kind)));
            days.push(look);
            before = found;
            day = day.saturating_add(1.day());
        }
        let first_break = days.iter().find_map(|look| look.breaks.first()).cloned();
        Ok(Verification { intact: first_break.is_none(), first_break, go_on_from: (day <= to).then_some(day), days })
    }

    /// What is wrong with a day's seal by itself.
    async fn seal_breaks(
        &self,
        bucket: &TrailBucket,
        day: Date,
        first: Option<Date>,
        before: Option<&Found>,
        found: Option<&Found>,
    ) -> Result<Option<BreakKind>, Error> {
        let Some(Found { seal, .. }) = found else {
            let is_due = Jst::end_of(day).plus_seconds(STREAM_SECONDS + 3_600) <= self.clock.now();
            let began = first.is_some_and(|first| first <= day);
            // Seals are made in order: one after it says that there was one.
            let later = || bucket.list(SEALS, Some(format!("{SEALS}{day}")));
            let missing = before.is_some() && is_due || began && (is_due || !later().await?.is_empty());
            return Ok(missing.then_some(BreakKind::SealMissing));
        };
        let Some(seal) = seal.as_ref().filter(|seal| seal.day == day) else { return Ok(Some(BreakKind::SealChanged)) };
        let kept = Jst::end_of(day).plus_seconds(RETENTION_DAYS * 86_400) > self.clock.now();
        let linked = match before {
            Some(before) => seal.previous.as_ref() == Some(&before.mac),
            // The first of all, or the first that is still kept.
            None => seal.previous.is_none() || !kept,
        };
        Ok((!linked).then_some(BreakKind::SealUnlinked))
    }

    /// Looks at one day: its copies, and everything that differs. What was stored in the last `grace` seconds may still be on its way.
    async fn look(
        &self,
        bucket: &TrailBucket,
        hashes: &Lookup,
        day: Date,
        seal: Option<&Seal>,
        grace: i64,
    ) -> Result<(Vec<Entry>, DayLook), Error> {
        let now = self.clock.now();
        // The table is read before the copies, for what it holds is copied afterwards. A tenant without a contract writes nothing any more.
        let contracted = self.contracted().await?;
        let mut table = self.trail_of_day(day, &contracted).await?;
        let names = bucket.list(&format!("{COPIES}{day}/"), None).await?;
        let mut copies: Vec<_> = names.iter().filter_map(|name| Entry::of_object(name)).collect();
        copies.sort();
        let sealed = seal.map(|seal| seal.events.as_slice());
        let known = copies.iter().chain(sealed.into_iter().flatten()).filter_map(|entry| tenant_in(&entry.pk));
        let others: BTreeSet<_> = known.filter(|tenant| !contracted.contains(tenant)).collect();
        table.extend(self.trail_of_day(day, &others).await?);
        let mac = |image: &Image, at| Some(hashes.hash("event", &image.body(at).ok()?).to_string());
        let (mut breaks, unknown) = compare(&Evidence { day, sealed, copies: &copies, table: &table, now }, mac);
        let mut not_copied_yet = 0;
        for item in unknown {
            let age = time_and_id(&item.sk).map(|(at, _)| now.epoch_seconds() - at.epoch_seconds());
            let is_recent = age.is_some_and(|age| (-LATEST_SECONDS..grace).contains(&age));
            let genuine = match &item.image {
                Some(image) if is_recent && sealed.is_none() => self.genuine(image).await?.is_some(),
                _ => false,
            };
            if genuine {
                not_copied_yet += 1;
            } else {
                breaks.push(Break::of_event(day, BreakKind::Inserted, &item.pk, &item.sk));
            }
        }
        breaks.sort();
        let events = sealed.map_or(copies.len(), <[Entry]>::len);
        Ok((copies, DayLook { day, events, sealed: seal.is_some(), not_copied_yet, breaks }))
    }

    /// Every tenant that has a contract or had one, and the platform.
    async fn contracted(&self) -> Result<BTreeSet<TenantId>, Error> {
        let range = Range::whole(Table::Records, Family::Contract, partition(PLATFORM, Family::Contract, ""));
        let contracts = self.db.query_all(range).await?;
        let tenants = contracts.iter().filter_map(|item| as_text(item, "sk")?.parse().ok());
        Ok(tenants.chain([PLATFORM]).collect())
    }

    /// What the table holds of a day.
    async fn trail_of_day(&self, day: Date, tenants: &BTreeSet<TenantId>) -> Result<Vec<InTable>, Error> {
        let partitions: Vec<_> =
            tenants.iter().copied().flat_map(|tenant| audit::day_partitions(tenant, day)).collect();
        let items = stream::iter(partitions)
            .map(|pk| async move { self.db.query_all(Range::whole(Table::Audit, Family::Event, pk)).await })
            .buffered(IN_FLIGHT)
            .try_concat()
            .await?;
        let in_table = |item| {
            let part = |name| as_text(&item, name).unwrap_or_default().to_owned();
            InTable { pk: part("pk"), sk: part("sk"), image: Image::of_item(&item) }
        };
        Ok(items.into_iter().map(in_table).collect())
    }
}

/// Whose an event is; the platform's own are looked for in any case.
fn tenant_in(pk: &str) -> Option<TenantId> {
    pk.split('#').nth(1)?.parse().ok()
}

/// Puts a seal where none is; the MAC of the one that is there then.
async fn put_seal(bucket: &TrailBucket, hashes: &Lookup, seal: &Seal) -> Result<String, Error> {
    let text = serde_json::to_string(seal)?;
    let mac = hashes.hash("seal", &text).to_string();
    if bucket.put_new(&format!("{SEALS}{}", seal.day), format!("{mac}\n{text}")).await? {
        return Ok(mac);
    }
    // Another run was here at the same time. Its seal holds; the days after it are linked to it.
    let found = find_seal(bucket, hashes, seal.day).await?;
    found.map(|found| found.mac).ok_or_else(|| Error::Unavailable("a seal that was just there is not".to_owned()))
}

async fn find_seal(bucket: &TrailBucket, hashes: &Lookup, day: Date) -> Result<Option<Found>, Error> {
    let Some(body) = bucket.get(&format!("{SEALS}{day}")).await? else { return Ok(None) };
    let (mac, text) = body.split_once('\n').unwrap_or_default();
    let genuine = hashes.hash("seal", text).as_str() == mac;
    let seal = if genuine { serde_json::from_str(text).ok() } else { None };
    Ok(Some(Found { mac: mac.to_owned(), seal }))
}
