//! Fatigue check lists (疲労蓄積度自己診断チェックリスト) that employees fill in for themselves: in the partition of their employee, the newest last. The answers and what they come to
//! are sealed (`health`); who filled one in and when is clear.

use std::borrow::Cow;

use authz::{
    Permit,
    permission::{AnswerFatigue, ViewFatigue},
};
use domain::{
    ids::{EmployeeId, FatigueCheckId, TenantId},
    overwork::fatigue::{Answers, Edition, Score},
    time::Jst,
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Error, Prepared, Store, Stored, Write,
    db::Range,
    exports::{Cell, Line, text},
    item::Sealed,
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// The attribute that [`Content`] is sealed in.
const CONTENT: &str = "content";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: FatigueCheckId,
    employee: EmployeeId,
    content: Sealed,
    created_at: Jst,
}

#[derive(Clone, Serialize, Deserialize)]
struct Content {
    edition: Edition,
    answers: Answers,
    score: Score,
}

/// A list that was filled in. Debug output shows nothing of it.
#[derive(Clone)]
pub struct FatigueCheck {
    /// Its id.
    pub id: FatigueCheckId,
    /// Whose.
    pub employee: EmployeeId,
    /// By which edition.
    pub edition: Edition,
    /// The answers.
    pub answers: Answers,
    /// What they come to.
    pub score: Score,
    /// When.
    pub created_at: Jst,
}

impl std::fmt::Debug for FatigueCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FatigueCheck").field("id", &self.id).finish_non_exhaustive()
    }
}

fn key(tenant: TenantId, employee: EmployeeId, id: FatigueCheckId) -> Key {
    Key::new(Table::Records, tenant, Family::Fatigue, employee, id)
}

impl Store {
    /// Keeps a list that somebody has filled in for themselves.
    pub async fn answer_fatigue(
        &self,
        permit: &Permit<AnswerFatigue>,
        employee: EmployeeId,
        answers: Answers,
    ) -> Result<Prepared<Stored<FatigueCheck>>, Error> {
        self.placed_within(permit, employee).await?;
        let (tenant, id, now) = (permit.tenant(), self.new_id()?, self.clock.now());
        let (place, score) = (key(tenant, employee, id), answers.score());
        let content = Content { edition: Edition::Y2023, answers, score };
        let sealed = self.seal(tenant, Purpose::Health, &place, CONTENT, &content).await?;
        let record = Record { id, employee, content: sealed, created_at: now };
        let mut write = Write::new();
        write.create(self, place, SCHEMA, &record, || Error::Internal("an id came twice".to_owned()))?;
        let event = self.event(permit, "fatigue.answer")?.on(employee).on(id);
        Ok(Prepared { thing: Stored { record: check(&record, content), version: 1 }, write, event })
    }

    /// The lists of an employee, the newest first.
    pub async fn fatigue_checks(
        &self,
        permit: &Permit<ViewFatigue>,
        employee: EmployeeId,
    ) -> Result<Vec<FatigueCheck>, Error> {
        let of = self.checks_of(permit.tenant(), employee);
        let (_, checks) = try_join(self.placed_within(permit, employee), of).await?;
        self.disclose(permit, "fatigue.list", [employee.to_string()], checks).await
    }

    /// The same, for themselves to take away.
    pub(crate) async fn fatigue_lines(&self, tenant: TenantId, employee: EmployeeId) -> Result<Vec<Line>, Error> {
        let checks = self.checks_of(tenant, employee).await?;
        Ok(checks.iter().map(|check| Line { cells: cells(check), about: Some(employee) }).collect())
    }

    async fn checks_of(&self, tenant: TenantId, employee: EmployeeId) -> Result<Vec<FatigueCheck>, Error> {
        let range = Range::whole(Table::Records, Family::Fatigue, partition(tenant, Family::Fatigue, employee));
        let records = self.records_in::<Record>(range.descending()).await?;
        let mut checks = Vec::with_capacity(records.len());
        for Stored { record, .. } in records {
            let place = key(tenant, employee, record.id);
            let content = self.open(tenant, Purpose::Health, &place, CONTENT, &record.content).await?;
            checks.push(check(&record, content));
        }
        Ok(checks)
    }
}

fn cells(check: &FatigueCheck) -> Vec<Cell> {
    let joined = |points: &[u8]| points.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let edition = match check.edition {
        Edition::Y2003 => "2003",
        Edition::Y2023 => "2023",
    };
    vec![
        text(check.id),
        text(check.created_at),
        Cow::Borrowed(edition),
        text(check.score.symptoms),
        text(check.score.work),
        text(check.score.burden),
        Cow::Borrowed(check.score.level().japanese()),
        text(format!("{}／{}", joined(check.answers.symptoms()), joined(check.answers.work()))),
    ]
}

fn check(record: &Record, content: Content) -> FatigueCheck {
    let Content { edition, answers, score } = content;
    FatigueCheck { id: record.id, employee: record.employee, edition, answers, score, created_at: record.created_at }
}
