//! Labels (ラベル): what a customer marks employees and departments with, to grant by it and to find people by it.

use std::borrow::Cow;

use authz::{
    Permit, Placement,
    permission::{ManageOrganisation, ViewOrganisation},
};
use domain::{
    ids::{LabelId, kinds},
    organisation::OrganisationName,
    text,
    time::Jst,
};
use serde::{Deserialize, Serialize};

use super::{Unit, somebody};
use crate::{Conflict, Error, Prepared, Store, Stored, Write, callers::whole_tenant};

/// A label (ラベル). No two have the same name, however wide it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Label {
    /// Its id.
    pub id: LabelId,
    /// Its name.
    pub name: OrganisationName,
    /// How often somebody or a department was given it.
    #[serde(default)]
    pub(crate) placed: u64,
    /// When it was made.
    pub created_at: Jst,
    /// When it was last changed.
    pub updated_at: Jst,
}

impl Unit for Label {
    type Kind = kinds::Label;
    const KIND: &'static str = "LABEL";
    const TAKEN: fn() -> Error = || Conflict::LabelTaken.into();

    fn id(&self) -> LabelId {
        self.id
    }
    fn code(&self) -> Cow<'_, str> {
        text::narrow(self.name.as_str())
    }
    fn placed(&self) -> u64 {
        self.placed
    }
    fn somebody_in(id: LabelId) -> Placement {
        Placement { labels: [id].into(), ..somebody() }
    }
}

impl Store {
    /// The labels in the permit's reach, in the order of their names: at most `limit` after the name `after`, and the name to go on after.
    pub async fn labels(
        &self,
        permit: &Permit<ViewOrganisation>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Stored<Label>>, Option<String>), Error> {
        self.units_within(permit.tenant(), permit.reach(), after, limit).await
    }

    /// One label.
    pub async fn label(&self, permit: &Permit<ViewOrganisation>, id: LabelId) -> Result<Stored<Label>, Error> {
        self.unit_within(permit.tenant(), permit.reach(), id).await
    }

    /// Makes a label. Only who reaches the whole tenant may.
    pub fn create_label(
        &self,
        permit: &Permit<ManageOrganisation>,
        name: OrganisationName,
    ) -> Result<Prepared<Stored<Label>>, Error> {
        whole_tenant(permit)?;
        let now = self.clock.now();
        let label = Label { id: self.new_id()?, name, placed: 0, created_at: now, updated_at: now };
        let mut write = Write::new();
        self.create_unit(&mut write, permit.tenant(), &label)?;
        let event = self.event(permit, "label.create")?.on(label.id);
        Ok(Prepared { thing: Stored { record: label, version: 1 }, write, event })
    }

    /// Renames a label.
    pub async fn change_label(
        &self,
        permit: &Permit<ManageOrganisation>,
        id: LabelId,
        version: u64,
        name: OrganisationName,
    ) -> Result<Prepared<Stored<Label>>, Error> {
        let was: Label = self.unit_within(permit.tenant(), permit.reach(), id).await?.record;
        let label = Label { name, updated_at: self.clock.now(), ..was.clone() };
        let mut write = Write::new();
        self.replace_unit(&mut write, permit.tenant(), version, &was, &label)?;
        let event = self.event(permit, "label.change")?.on(id);
        Ok(Prepared { thing: Stored { record: label, version: version + 1 }, write, event })
    }

    /// Deletes a label that nobody and no department carries and nobody was granted.
    pub async fn delete_label(
        &self,
        permit: &Permit<ManageOrganisation>,
        id: LabelId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let looked_at = self.clock.now();
        let label: Label = self.unit_within(permit.tenant(), permit.reach(), id).await?.record;
        // A department that is given the label after this look counts it, and the delete is stale.
        if self.parents(permit.tenant()).await?.carry(id) {
            return Err(Conflict::InUse.into());
        }
        let mut write = Write::new();
        self.delete_unit(&mut write, permit.tenant(), version, &label, looked_at).await?;
        let event = self.event(permit, "label.delete")?.on(id);
        Ok(Prepared { thing: (), write, event })
    }
}
