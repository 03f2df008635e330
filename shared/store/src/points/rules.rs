//! A company's rules of points: versions that follow one another, none of which is changed or deleted. A day is fixed by the version that is valid on it. They are nobody's data and
//! stand in the clear.

use authz::{
    Permit,
    permission::{ManagePointsRules, ViewPointsRules},
};
use domain::{
    ids::TenantId,
    points::rules::{Rules, RulesDraft},
    time::Jst,
};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Conflict, Error, Prepared, Store, Write,
    key::Family,
    versions::{Listed, next_number, on},
};

/// How many versions a tenant has at most.
const MOST_VERSIONS: u32 = 200;
/// How far back the first version may begin, in days: as far back as a day can still be open.
pub(super) const OLDEST_DAYS: i64 = 61;

/// A version of a company's rules.
#[derive(Debug, Clone)]
pub struct RulesVersion {
    /// Its number, from 1 on.
    pub number: u32,
    /// The rules.
    pub rules: Rules,
    /// Who made it.
    pub made_by: Option<String>,
    /// When.
    pub made_at: Jst,
}

/// All rules of a company.
#[derive(Debug, Clone, Default)]
pub struct RulesBook {
    /// The version of the list: its ETag.
    pub version: u64,
    /// In the order in which they were made.
    pub versions: Vec<RulesVersion>,
}

impl RulesBook {
    /// What is valid on `day`: of the versions that have begun the one that began last, of those the newest.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&RulesVersion> {
        on(&self.versions, day, |it| (it.rules.draft().valid_from, it.number))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    number: u32,
    valid_from: Date,
    /// JSON: a map of the table's own would be read back with other numbers.
    rules: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_by: Option<String>,
    made_at: Jst,
}

impl Store {
    /// The rules of the permit's tenant: everybody may know them.
    pub async fn points_rules(&self, permit: &Permit<ViewPointsRules>) -> Result<RulesBook, Error> {
        self.rules_book(permit.tenant()).await
    }

    /// Adds a version. The first one may begin in the past, as far back as days are open; later ones begin tomorrow or later, for what is closed is closed.
    pub async fn add_points_rules(
        &self,
        permit: &Permit<ManagePointsRules>,
        version: u64,
        rules: Rules,
    ) -> Result<Prepared<RulesBook>, Error> {
        let tenant = permit.tenant();
        let mut book = self.rules_book(tenant).await?;
        if book.version != version {
            return Err(Error::Stale);
        }
        let earliest =
            if book.versions.is_empty() { self.today() - OLDEST_DAYS.days() } else { self.today() + 1.day() };
        if rules.draft().valid_from < earliest {
            return Err(Conflict::RulesTooEarly(earliest).into());
        }
        let number = next_number(book.versions.len(), MOST_VERSIONS)?;
        let (made_at, made_by) = (self.clock.now(), permit.actor().id());
        let record = Record {
            number,
            valid_from: rules.draft().valid_from,
            rules: serde_json::to_string(&rules)?,
            made_by: made_by.clone(),
            made_at,
        };
        let mut write = Write::new();
        write.add_version(self, (tenant, Family::PointsRules), version, number, &record)?;
        let event = self.event(permit, "points_rules.add")?.on(format_args!("points-rules-{number}"));
        book.version += 1;
        book.versions.push(RulesVersion { number, rules, made_by, made_at });
        Ok(Prepared { thing: book, write, event })
    }

    pub(super) async fn rules_book(&self, tenant: TenantId) -> Result<RulesBook, Error> {
        let Listed { version, records } = self.versions::<Record>(tenant, Family::PointsRules).await?;
        let mut versions = Vec::with_capacity(records.len());
        for record in records {
            let draft: RulesDraft = serde_json::from_str(&record.rules)?;
            let rules = Rules::try_from(draft).map_err(|fault| Error::Internal(fault.to_owned()))?;
            let Record { number, made_by, made_at, .. } = record;
            versions.push(RulesVersion { number, rules, made_by, made_at });
        }
        Ok(RulesBook { version, versions })
    }
}
