//! Answers whose period of retention (保存期間) is over: apart from what they came to, as their company decided or else as the table of [`domain::retention`] says. What is sealed of them goes, and
//! nothing else: states, times, attendance, results and what workers said of them stay, and so does a group analysis that was made.
//!
//! ```text
//! (all there) ──── answers are over ───▶ going ──── no sealed text is left ───▶ gone
//!                  nothing counts them     │ ▲ a batch at a time
//!                  from here on            └─┘
//! ```
//!
//! Only a round that was signed for has answers that end. Nothing is opened for it: this code holds no key to what it deletes.

use std::time::Instant;

use authz::{Permit, permission::PurgeTenants};
use domain::{
    ids::{EmployeeId, PLATFORM, StressRoundId, TenantId},
    retention::{RecordKind, RetentionPolicy},
    time::Jst,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use super::{answers, key, of_shard, rounds};
use crate::{
    Bounds, Error, KindOver, Store, Write,
    db::Range,
    item::{Attributes, Stored, from_item, number, text},
    key::{Family, Table, shards},
};

/// The answers of how many people go in one transaction.
const BATCH: usize = 50;
/// Of how many people of one tenant one run deletes them at most, unless it was told otherwise.
const MOST: u64 = 10_000;

impl rounds::Record {
    fn are_answers_over(&self, policy: &RetentionPolicy, today: Date) -> bool {
        let signed_on = self.signed_at.map(Jst::date);
        let until = signed_on.and_then(|day| policy.kept_until(RecordKind::StressAnswers, day));
        until.is_some_and(|last_day| last_day < today)
    }
}

impl Store {
    /// Deletes what was answered in rounds of the permit's tenant whose period is over at `at`, of as many people as `bounds` allow; or only counts them.
    pub async fn expire_stress_answers(
        &self,
        permit: &Permit<PurgeTenants>,
        at: Jst,
        bounds: Bounds,
        dry_run: bool,
    ) -> Result<KindOver, Error> {
        let (tenant, today) = (permit.tenant(), at.date());
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let Some(Stored { record: of, version: settings }) = self.load_tenant(tenant).await? else {
            return Ok(KindOver::default());
        };
        let most = bounds.most_deletes.unwrap_or(MOST);
        let mut over = KindOver::default();
        for round in self.all_rounds(tenant).await? {
            let gone = round.record.answers_gone_at.is_some();
            if gone || !round.record.are_answers_over(&of.retention, today) {
                continue;
            }
            let found = self.answers_left(tenant, round.record.id).await?;
            over.found += found.len() as u64;
            if dry_run || Instant::now() >= bounds.until {
                continue;
            }
            let Some(version) = self.close_answers(permit, settings, &round).await? else { continue };
            let mut deleted = 0;
            for batch in found.chunks(BATCH) {
                let left = usize::try_from(most.saturating_sub(over.deleted + deleted)).unwrap_or(usize::MAX);
                if left > 0 && Instant::now() < bounds.until {
                    let batch = &batch[..batch.len().min(left)];
                    deleted += self.delete_answers(permit, settings, (round.record.id, batch)).await?;
                }
            }
            over.deleted += deleted;
            if deleted == found.len() as u64 {
                let event = self.event(permit, "stress_round.answers_expired")?;
                self.mark_answers(permit, settings, (round.record.id, version, "answers_gone_at"), event).await?;
            }
        }
        Ok(over)
    }

    /// Whose answers a round still holds, with the versions of their items.
    async fn answers_left(&self, tenant: TenantId, round: StressRoundId) -> Result<Vec<(EmployeeId, u64)>, Error> {
        let look = |shard: String| {
            let of = of_shard(tenant, Family::StressAnswer, round, &shard);
            self.db.gather(
                Range::whole(Table::Records, Family::StressAnswer, of),
                |_| true,
                |item| {
                    let stored = from_item::<answers::Record>(item, self.clock.now())?;
                    Ok(stored.filter(|it| it.record.is_left()).map(|it| (it.record.employee, it.version)))
                },
            )
        };
        Ok(try_join_all(shards().map(look)).await?.into_iter().flatten().collect())
    }

    /// Says that a round's answers are over, unless an earlier run has: from now on nobody counts what is only there in part. The round's version afterwards; none where it was not allowed.
    async fn close_answers(
        &self,
        permit: &Permit<PurgeTenants>,
        settings: u64,
        round: &Stored<rounds::Record>,
    ) -> Result<Option<u64>, Error> {
        let Stored { record, version } = round;
        if record.answers_over_at.is_some() {
            return Ok(Some(*version));
        }
        let event = self.event(permit, "stress_round.expire_answers")?;
        let marked = self.mark_answers(permit, settings, (record.id, *version, "answers_over_at"), event).await?;
        Ok(marked.then_some(version + 1))
    }

    /// Writes now into an attribute of a round of this version, if the contract runs, nothing is held and the settings have not changed; whether it was written. The next run looks again.
    async fn mark_answers(
        &self,
        permit: &Permit<PurgeTenants>,
        settings: u64,
        (round, version, attribute): (StressRoundId, u64, &str),
        event: crate::Event,
    ) -> Result<bool, Error> {
        let tenant = permit.tenant();
        let mut write = self.while_nothing_is_held(tenant, settings)?;
        let values = self.values_at(version);
        let expression = format!("SET {attribute} = :now, updated_at = :now ADD version :one");
        write.update(self, rounds::key(tenant, round), &expression, Some("version = :version"), values, || {
            Error::Stale
        })?;
        self.commit_if_it_still_may(write, event.on(round).because("retention")).await
    }

    /// Deletes what some people answered, and why it was opened again, with an event that names them in confidence. Of how many it did.
    async fn delete_answers(
        &self,
        permit: &Permit<PurgeTenants>,
        settings: u64,
        (round, people): (StressRoundId, &[(EmployeeId, u64)]),
    ) -> Result<u64, Error> {
        let tenant = permit.tenant();
        let mut write = self.while_nothing_is_held(tenant, settings)?;
        for (employee, version) in people {
            let expression = "REMOVE answers, reopened SET deleted_at = :now, updated_at = :now ADD version :one";
            let (place, values) = (key(tenant, Family::StressAnswer, round, *employee), self.values_at(*version));
            write.update(self, place, expression, Some("version = :version"), values, || Error::Stale)?;
        }
        let ids = people.iter().map(|(employee, _)| employee.to_string()).chain([round.to_string()]);
        let event = self.event(permit, "stress_answers.expire")?.on_all(ids).because("retention").in_confidence();
        Ok(if self.commit_if_it_still_may(write, event).await? { people.len() as u64 } else { 0 })
    }

    /// What an update of an item of this version is made with.
    fn values_at(&self, version: u64) -> Attributes {
        Attributes::from([
            (":now".to_owned(), text(self.clock.now().to_string())),
            (":one".to_owned(), number(1)),
            (":version".to_owned(), number(version)),
        ])
    }

    /// Whether a write was allowed.
    async fn commit_if_it_still_may(&self, write: Write, event: crate::Event) -> Result<bool, Error> {
        match write.commit(self, event).await {
            Ok(()) => Ok(true),
            Err(Error::Stale | Error::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
