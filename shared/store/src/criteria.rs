//! A tenant's criteria of judgement (判定基準): versions that follow one another, none of which is changed or deleted. A checkup is judged by the version that is valid on its day,
//! or by the default where there is none.
//! They lie as [`crate::versions`] says. Criteria are nobody's data and stand in the clear; why they were changed, in words, is sealed (`health`).

use authz::{
    ImportKind, ImportRight, Permit,
    permission::{ManageCheckups, ManageCriteria, ViewCheckups, ViewCriteria},
};
use domain::{
    checkup::{
        change::Note,
        criteria::{Criteria, Draft},
        standard,
    },
    ids::TenantId,
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Error, Prepared, Store, Write,
    item::Sealed,
    key::Family,
    versions::{Listed, key, next_number, on},
};

const REASON: &str = "reason";
/// How many versions a tenant has at most.
const MOST_VERSIONS: u32 = 100;

/// A version of a tenant's criteria.
#[derive(Debug, Clone)]
pub struct CriteriaVersion {
    /// Its number, from 1 on.
    pub number: u32,
    /// The criteria.
    pub criteria: Criteria,
    /// Why they were changed.
    pub reason: Note,
    /// Who changed them.
    pub made_by: Option<String>,
    /// When.
    pub made_at: Jst,
}

/// All criteria that a tenant's checkups are judged by.
#[derive(Debug, Clone)]
pub struct CriteriaBook {
    /// The version of the list: its ETag.
    pub version: u64,
    /// In the order in which they were made.
    pub versions: Vec<CriteriaVersion>,
    /// The default.
    pub standard: Criteria,
}

impl CriteriaBook {
    /// The criteria of a checkup of `day`: of the versions that are valid by then the one that begins last, of those the newest.
    #[must_use]
    pub fn on(&self, day: Date) -> &Criteria {
        let begins = |it: &CriteriaVersion| (it.criteria.draft().valid_from, it.number);
        on(&self.versions, day, begins).map_or(&self.standard, |it| &it.criteria)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    number: u32,
    valid_from: Date,
    /// JSON: a map of the table's own would be read back with other numbers.
    criteria: String,
    reason: Sealed,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_by: Option<String>,
    made_at: Jst,
}

impl Store {
    /// The criteria of the permit's tenant, for those who look after them.
    pub async fn checkup_criteria(&self, permit: &Permit<ViewCriteria>) -> Result<CriteriaBook, Error> {
        self.criteria_book(permit.tenant()).await
    }

    /// The criteria that an import judges by.
    pub async fn criteria_for_import(&self, right: &ImportRight) -> Result<CriteriaBook, Error> {
        if right.kind() == ImportKind::Checkups {
            self.criteria_book(right.tenant()).await
        } else {
            Err(Error::NotFound)
        }
    }

    /// The criteria that somebody's results are read by.
    pub async fn criteria_to_read_by(&self, permit: &Permit<ViewCheckups>) -> Result<CriteriaBook, Error> {
        self.criteria_book(permit.tenant()).await
    }

    /// The criteria that what is entered by hand is judged by.
    pub(crate) async fn criteria_to_judge_by(&self, permit: &Permit<ManageCheckups>) -> Result<CriteriaBook, Error> {
        self.criteria_book(permit.tenant()).await
    }

    /// Adds a version. `version` is that of the list which the caller read. Its name must not have been used before: judgements are known by it.
    pub async fn add_checkup_criteria(
        &self,
        permit: &Permit<ManageCriteria>,
        version: u64,
        criteria: Criteria,
        reason: Note,
    ) -> Result<Prepared<CriteriaBook>, Error> {
        let tenant = permit.tenant();
        let mut book = self.criteria_book(tenant).await?;
        if book.version != version {
            return Err(Error::Stale);
        }
        let taken = |it: &Criteria| it.version() == criteria.version();
        if taken(&book.standard) || book.versions.iter().any(|it| taken(&it.criteria)) {
            return Err(Conflict::CriteriaVersionTaken.into());
        }
        let number = next_number(book.versions.len(), MOST_VERSIONS)?;
        let (place, made_at, made_by) = (key(tenant, Family::Criteria, number), self.clock.now(), permit.actor().id());
        let sealed = self.seal(tenant, Purpose::Health, &place, REASON, &reason).await?;
        let record = Record {
            number,
            valid_from: criteria.draft().valid_from,
            criteria: serde_json::to_string(&criteria)?,
            reason: sealed,
            made_by: made_by.clone(),
            made_at,
        };
        let mut write = Write::new();
        write.add_version(self, (tenant, Family::Criteria), version, number, &record)?;
        let event = self.event(permit, "checkup_criteria.add")?.on(criteria.version());
        book.version += 1;
        book.versions.push(CriteriaVersion { number, criteria, reason, made_by, made_at });
        Ok(Prepared { thing: book, write, event })
    }

    pub(crate) async fn criteria_book(&self, tenant: TenantId) -> Result<CriteriaBook, Error> {
        let Listed { version, records } = self.versions::<Record>(tenant, Family::Criteria).await?;
        let mut versions = Vec::with_capacity(records.len());
        for record in records {
            let place = key(tenant, Family::Criteria, record.number);
            let reason = self.open(tenant, Purpose::Health, &place, REASON, &record.reason).await?;
            let Record { number, made_by, made_at, .. } = record;
            let draft: Draft = serde_json::from_str(&record.criteria)?;
            let criteria = Criteria::try_from(draft)
                .map_err(|_| Error::Internal("criteria that contradict themselves".to_owned()))?;
            versions.push(CriteriaVersion { number, criteria, reason, made_by, made_at });
        }
        let standard = standard::criteria().map_err(|fault| Error::Internal(fault.to_string()))?;
        Ok(CriteriaBook { version, versions, standard })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn version(number: u32, valid_from: Date) -> CriteriaVersion {
        let mut draft = standard::criteria().unwrap().draft().clone();
        draft.version = format!("own-{number}");
        draft.valid_from = valid_from;
        CriteriaVersion {
            number,
            criteria: Criteria::try_from(draft).unwrap(),
            reason: Note::parse("産業医の判断").unwrap(),
            made_by: None,
            made_at: "2026-11-24T10:00:00+09:00".parse().unwrap(),
        }
    }

    #[test]
    fn r34_a_checkup_is_judged_by_what_is_valid_on_its_day() {
        let versions = vec![
            version(1, date(2026, 4, 1)),
            version(2, date(2027, 4, 1)),
            version(3, date(2026, 4, 1)),
            version(4, date(2026, 10, 1)),
        ];
        let book = CriteriaBook { version: 4, versions, standard: standard::criteria().unwrap() };
        for (day, expected) in [
            (date(2026, 3, 31), standard::VERSION),
            (date(2026, 4, 1), "own-3"),
            (date(2026, 9, 30), "own-3"),
            (date(2026, 10, 1), "own-4"),
            (date(2027, 3, 31), "own-4"),
            (date(2027, 4, 1), "own-2"),
        ] {
            assert_eq!(&**book.on(day).version(), expected, "{day}");
        }
    }
}
