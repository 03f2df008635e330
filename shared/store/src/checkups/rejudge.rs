//! A page of checkups, judged once more ([`crate::rejudgements`]).

use authz::{Permit, permission::RejudgeCheckups};
use domain::{
    checkup::{change::ChangeReason, judge::Judgement, stored::StoredResults},
    ids::{CheckupId, EmployeeId},
    time::Jst,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;

use super::{CheckupContent, CheckupHealth, CheckupSealer, Record, RegisteredCheckup, import::How, key};
use crate::{
    CriteriaBook, Error, Store,
    item::{Attributes, from_item},
    key::Key,
};

/// How many checkups are written at the same time.
const IN_FLIGHT: usize = 16;

/// What a page came to.
#[derive(Debug, Default)]
pub(crate) struct RejudgedPage {
    pub(crate) judged: u64,
    /// Those whose judgement became another: now, or when the page came before.
    pub(crate) changed: Vec<(EmployeeId, CheckupId)>,
    pub(crate) left: u64,
}

enum One {
    Same,
    Changed,
    Left,
}

impl Store {
    /// Judges the checkups of a page of the index by `book`, as far as they are of `examined_from` or later. `asked_at` tells what this re-judgement wrote before it was cut short.
    pub(crate) async fn rejudge_page(
        &self,
        permit: &Permit<RejudgeCheckups>,
        book: &CriteriaBook,
        examined_from: Date,
        asked_at: Jst,
        entries: Vec<Attributes>,
    ) -> Result<RejudgedPage, Error> {
        let tenant = permit.tenant();
        let mut keys: Vec<Key> = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(stored) = from_item::<Record>(entry, self.clock.now())? else { continue };
            if stored.record.examined_on >= examined_from {
                keys.push(key(tenant, stored.record.employee, stored.record.id));
            }
        }
        // The index may lag behind: what is judged is what stands there now.
        let items = self.db.batch_get(&keys).await?.into_iter().flatten().collect();
        let mut checkups = self.open_checkups(tenant, items).await?;
        checkups.retain(|checkup| checkup.record.stands());
        let mut page = RejudgedPage { judged: checkups.len() as u64, ..RejudgedPage::default() };
        if checkups.is_empty() {
            return Ok(page);
        }
        let sealer = &self.sealer(tenant, permit.actor()).await?;
        let outcomes: Vec<((EmployeeId, CheckupId), One)> = stream::iter(checkups)
            .map(|checkup| async move {
                let who = (checkup.record.employee, checkup.record.id);
                Ok::<_, Error>((who, self.rejudge_one(sealer, book, asked_at, checkup).await?))
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        for (who, outcome) in outcomes {
            match outcome {
                One::Same => {}
                One::Changed => page.changed.push(who),
                One::Left => page.left += 1,
            }
        }
        page.changed.sort_unstable();
        Ok(page)
    }

    async fn rejudge_one(
        &self,
        sealer: &CheckupSealer,
        book: &CriteriaBook,
        asked_at: Jst,
        checkup: RegisteredCheckup,
    ) -> Result<One, Error> {
        let record = &checkup.record;
        let Some(results) = differently(&checkup.health.results, book, record.examined_on) else {
            let ours = record.reason == ChangeReason::Rejudge && record.updated_at >= asked_at;
            return Ok(if ours { One::Changed } else { One::Same });
        };
        let content = CheckupContent {
            employee: record.employee,
            examined_on: record.examined_on,
            kind: record.kind,
            health: CheckupHealth { results, ..checkup.health.clone() },
        };
        let how = How { parent: record.parent, anew: true, ..How::because(ChangeReason::Rejudge) };
        let sealed = sealer.version(&content, Some(&checkup), &how, self.clock.now())?;
        Ok(if self.put_version(sealed).await? { One::Changed } else { One::Left })
    }
}

/// The results, judged by the criteria of their day; none where that changes nothing but the criteria's name.
fn differently(results: &StoredResults, book: &CriteriaBook, day: Date) -> Option<StoredResults> {
    let anew = results.clone().rejudged(book.on(day));
    let named_as_before =
        Judgement { criteria_version: results.judgement.criteria_version.clone(), ..anew.judgement.clone() };
    (named_as_before != results.judgement).then_some(anew)
}
