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

use super::SCHEMA;
use crate::{
    Conflict, Error, Prepared, Store, Write,
    db::Range,
    item::{Attributes, Stored, as_text, from_item},
    key::{Family, Key, Table, partition},
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
        let begun = self.versions.iter().filter(|it| it.rules.draft().valid_from <= day);
        begun.max_by_key(|it| (it.rules.draft().valid_from, it.number))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    versions: u32,
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

fn head(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::PointsRules, "", "HEAD")
}

fn key(tenant: TenantId, number: u32) -> Key {
    Key::new(Table::Records, tenant, Family::PointsRules, "", format_args!("V#{number:05}"))
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
        let number = u32::try_from(book.versions.len() + 1).map_err(|_| Conflict::TooMany)?;
        if number > MOST_VERSIONS {
            return Err(Conflict::TooMany.into());
        }
        let (made_at, made_by) = (self.clock.now(), permit.actor().id());
        let record = Record {
            number,
            valid_from: rules.draft().valid_from,
            rules: serde_json::to_string(&rules)?,
            made_by: made_by.clone(),
            made_at,
        };
        let mut write = Write::new();
        write.create(self, key(tenant, number), SCHEMA, &record, || Error::Stale)?;
        let counted = Head { versions: number };
        match version {
            0 => write.create(self, head(tenant), SCHEMA, &counted, || Error::Stale)?,
            _ => write.replace(self, head(tenant), SCHEMA, version, &counted)?,
        };
        let event = self.event(permit, "points_rules.add")?.on(format_args!("points-rules-{number}"));
        book.version += 1;
        book.versions.push(RulesVersion { number, rules, made_by, made_at });
        Ok(Prepared { thing: book, write, event })
    }

    pub(super) async fn rules_book(&self, tenant: TenantId) -> Result<RulesBook, Error> {
        let range = Range::whole(Table::Records, Family::PointsRules, partition(tenant, Family::PointsRules, ""));
        let (now, items) = (self.clock.now(), self.db.query_all(range).await?);
        let is_version = |item: &Attributes| as_text(item, "sk").is_some_and(|sk| sk.starts_with("V#"));
        let (versions, others): (Vec<_>, Vec<_>) = items.into_iter().partition(is_version);
        let listed = others.into_iter().find(|item| as_text(item, "sk") == Some("HEAD"));
        let listed = listed.map(|item| from_item::<Head>(item, now)).transpose()?.flatten();
        let mut read = Vec::with_capacity(versions.len());
        for item in versions {
            let Some(Stored { record, .. }) = from_item::<Record>(item, now)? else { continue };
            let draft: RulesDraft = serde_json::from_str(&record.rules)?;
            let rules = Rules::try_from(draft).map_err(|fault| Error::Internal(fault.to_owned()))?;
            read.push(RulesVersion { number: record.number, rules, made_by: record.made_by, made_at: record.made_at });
        }
        Ok(RulesBook { version: listed.map_or(0, |head| head.version), versions: read })
    }
}
