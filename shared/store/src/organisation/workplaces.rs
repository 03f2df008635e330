//! Workplaces (事業場): the legal unit of occupational health. A workplace has a code and a name.

use std::borrow::Cow;

use authz::{
    Permit, Placement,
    permission::{ManageOrganisation, ViewOrganisation},
};
use domain::{
    ids::{WorkplaceId, kinds},
    organisation::{OrganisationName, WorkplaceCode},
    time::Jst,
};
use serde::{Deserialize, Serialize};

use super::{Unit, somebody};
use crate::{Conflict, Error, Prepared, Store, Stored, Write, callers::whole_tenant};

/// A workplace (事業場).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Workplace {
    /// Its id.
    pub id: WorkplaceId,
    /// The customer's code for it.
    pub code: WorkplaceCode,
    /// Its name.
    pub name: OrganisationName,
    /// How often somebody was placed in it by hand.
    #[serde(default)]
    pub(crate) placed: u64,
    /// When it was made.
    pub created_at: Jst,
    /// When it was last changed.
    pub updated_at: Jst,
}

impl Workplace {
    /// Somebody who stands in it, and nowhere else.
    pub(crate) fn somebody(id: WorkplaceId) -> Placement {
        <Self as Unit>::somebody_in(id)
    }

    pub(crate) fn new(id: WorkplaceId, code: WorkplaceCode, name: OrganisationName, now: Jst) -> Self {
        Self { id, code, name, placed: 0, created_at: now, updated_at: now }
    }
}

impl Unit for Workplace {
    type Kind = kinds::Workplace;
    const KIND: &'static str = "WORKPLACE";
    const TAKEN: fn() -> Error = || Conflict::CodeTaken.into();

    fn id(&self) -> WorkplaceId {
        self.id
    }
    fn code(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.code.as_str())
    }
    fn placed(&self) -> u64 {
        self.placed
    }
    fn somebody_in(id: WorkplaceId) -> Placement {
        Placement { workplace: Some(id), ..somebody() }
    }
}

/// A workplace to be.
#[derive(Debug, Clone)]
pub struct NewWorkplace {
    /// Its code.
    pub code: WorkplaceCode,
    /// Its name.
    pub name: OrganisationName,
}

/// What shall be different about a workplace.
#[derive(Debug, Clone, Default)]
pub struct WorkplaceChange {
    /// Another code.
    pub code: Option<WorkplaceCode>,
    /// Another name.
    pub name: Option<OrganisationName>,
}

impl Store {
    /// The workplaces in the permit's reach, in the order of their codes: at most `limit` after the code `after`, and the code to go on after.
    pub async fn workplaces(
        &self,
        permit: &Permit<ViewOrganisation>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Stored<Workplace>>, Option<String>), Error> {
        self.units_within(permit.tenant(), permit.reach(), after, limit).await
    }

    /// One workplace.
    pub async fn workplace(
        &self,
        permit: &Permit<ViewOrganisation>,
        id: WorkplaceId,
    ) -> Result<Stored<Workplace>, Error> {
        self.unit_within(permit.tenant(), permit.reach(), id).await
    }

    /// Makes a workplace. Only who reaches the whole tenant may.
    pub fn create_workplace(
        &self,
        permit: &Permit<ManageOrganisation>,
        new: NewWorkplace,
    ) -> Result<Prepared<Stored<Workplace>>, Error> {
        whole_tenant(permit)?;
        let workplace = Workplace::new(self.new_id()?, new.code, new.name, self.clock.now());
        let mut write = Write::new();
        self.create_unit(&mut write, permit.tenant(), &workplace)?;
        let event = self.event(permit, "workplace.create")?.on(workplace.id);
        Ok(Prepared { thing: Stored { record: workplace, version: 1 }, write, event })
    }

    /// Changes a workplace.
    pub async fn change_workplace(
        &self,
        permit: &Permit<ManageOrganisation>,
        id: WorkplaceId,
        version: u64,
        change: WorkplaceChange,
    ) -> Result<Prepared<Stored<Workplace>>, Error> {
        let was: Workplace = self.unit_within(permit.tenant(), permit.reach(), id).await?.record;
        let workplace = Workplace {
            code: change.code.unwrap_or_else(|| was.code.clone()),
            name: change.name.unwrap_or_else(|| was.name.clone()),
            updated_at: self.clock.now(),
            ..was.clone()
        };
        let mut write = Write::new();
        self.replace_unit(&mut write, permit.tenant(), version, &was, &workplace)?;
        let event = self.event(permit, "workplace.change")?.on(id);
        Ok(Prepared { thing: Stored { record: workplace, version: version + 1 }, write, event })
    }

    /// Deletes a workplace in which nobody stands and which nobody was granted.
    pub async fn delete_workplace(
        &self,
        permit: &Permit<ManageOrganisation>,
        id: WorkplaceId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let looked_at = self.clock.now();
        let workplace: Workplace = self.unit_within(permit.tenant(), permit.reach(), id).await?.record;
        let mut write = Write::new();
        self.delete_unit(&mut write, permit.tenant(), version, &workplace, looked_at).await?;
        let event = self.event(permit, "workplace.delete")?.on(id);
        Ok(Prepared { thing: (), write, event })
    }
}
