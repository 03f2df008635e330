//! Sub-processors (再委託先・利用する外部サービス, R-40): which companies work for the provider, for what, and with which data of customers. Every customer may read all of it, so
//! nothing is sealed. What changes is announced to every customer's administrators ([`crate::circulars`]), with a lead time that they can act in.

use authz::{
    Permit,
    permission::{ManageControls, ViewSubProcessors},
};
use domain::{
    control::{ControlTitle, Statement},
    ids::{PLATFORM, SubProcessorId},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Notice, Prepared, Store, Write,
    item::{Stored, from_item},
    key::{Family, Key, Table},
};

const SCHEMA: u8 = 1;

/// What a sub-processor is for, and what it is entrusted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubProcessorFacts {
    /// The company.
    pub company: ControlTitle,
    /// What it does.
    pub task: ControlTitle,
    /// Which data it is entrusted with.
    pub entrusted: Statement,
    /// Where.
    pub place: ControlTitle,
    /// Since when; of one that is to come, from when on.
    pub since: Date,
    /// Why it begins, ends or changes sooner than customers are promised to be told; none where they are told in time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub urgency: Option<Statement>,
    /// Until when; none while no end is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Date>,
}

/// A sub-processor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubProcessor {
    /// Its id.
    pub id: SubProcessorId,
    /// What it is for.
    #[serde(flatten)]
    pub facts: SubProcessorFacts,
    /// When it was registered.
    pub created_at: Jst,
    /// When it was last changed.
    pub updated_at: Jst,
}

fn key(id: SubProcessorId) -> Key {
    Key::new(Table::Records, PLATFORM, Family::SubProcessor, "", id)
}

impl Store {
    /// A page of the register, for operators.
    pub async fn sub_processors(
        &self,
        permit: &Permit<ManageControls>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<SubProcessor>>, Option<String>), Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        self.registered_sub_processors(after, limit).await
    }

    /// A page of the register, for customers.
    pub async fn sub_processors_of_provider(
        &self,
        _: &Permit<ViewSubProcessors>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<SubProcessor>>, Option<String>), Error> {
        self.registered_sub_processors(after, limit).await
    }

    async fn registered_sub_processors(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Stored<SubProcessor>>, Option<String>), Error> {
        let (items, next) = self.platform_page(Family::SubProcessor, after, limit).await?;
        let read = items.into_iter().map(|item| from_item(item, self.clock.now()));
        let found: Vec<Option<_>> = read.collect::<Result<_, _>>()?;
        Ok((found.into_iter().flatten().collect(), next))
    }

    /// One sub-processor.
    pub async fn sub_processor(
        &self,
        permit: &Permit<ManageControls>,
        id: SubProcessorId,
    ) -> Result<Stored<SubProcessor>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        self.load(&key(id)).await?.ok_or(Error::NotFound)
    }

    /// Registers a sub-processor, and tells every customer.
    pub async fn create_sub_processor(
        &self,
        permit: &Permit<ManageControls>,
        facts: SubProcessorFacts,
    ) -> Result<Prepared<Stored<SubProcessor>>, Error> {
        if permit.tenant() != PLATFORM {
            return Err(Error::NotFound);
        }
        let (id, now) = (self.new_id()?, self.clock.now());
        let record = SubProcessor { id, facts, created_at: now, updated_at: now };
        let mut write = Write::new();
        let twice = || Error::Internal("a sub-processor's id came twice".to_owned());
        write.create(self, key(id), SCHEMA, &record, twice)?;
        self.announced(permit, write, Stored { record, version: 1 }, "sub_processor.create").await
    }

    /// Changes a sub-processor, or sets its end, and tells every customer.
    pub async fn change_sub_processor(
        &self,
        permit: &Permit<ManageControls>,
        id: SubProcessorId,
        version: u64,
        facts: SubProcessorFacts,
    ) -> Result<Prepared<Stored<SubProcessor>>, Error> {
        let before = self.sub_processor(permit, id).await?;
        if before.version != version {
            return Err(Error::Stale);
        }
        let record = SubProcessor { facts, updated_at: self.clock.now(), ..before.record };
        let mut write = Write::new();
        write.replace(self, key(id), SCHEMA, version, &record)?;
        self.announced(permit, write, Stored { record, version: version + 1 }, "sub_processor.change").await
    }

    async fn announced(
        &self,
        permit: &Permit<ManageControls>,
        mut write: Write,
        stored: Stored<SubProcessor>,
        action: &'static str,
    ) -> Result<Prepared<Stored<SubProcessor>>, Error> {
        let facts = stored.record.facts.clone();
        self.circulate(&mut write, &Notice::SubProcessorChanged { facts: Box::new(facts) }).await?;
        let event = self.event(permit, action)?.on(stored.record.id);
        Ok(Prepared { thing: stored, write, event })
    }
}
