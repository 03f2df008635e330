//! On which day a company's months close (締日). Before anybody has said anything they close on their last day, as version 0.

use authz::{
    Permit,
    permission::{ManageWorkingHours, ViewWorkingHours},
};
use domain::{ids::TenantId, overwork::period::ClosingDay, time::Jst};
use serde::{Deserialize, Serialize};

use super::SCHEMA;
use crate::{
    Error, Prepared, Store, Stored, Write,
    callers::whole_tenant,
    item::to_item,
    key::{Family, Key, Table},
};

/// How a company's working hours are counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct HoursSettings {
    /// On which day months close.
    pub closing_day: ClosingDay,
    /// When it was last changed, if it ever was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub updated_at: Option<Jst>,
}

fn key(tenant: TenantId) -> Key {
    Key::new(Table::Records, tenant, Family::WorkingHours, "", "SETTINGS")
}

impl Store {
    /// How working hours are counted.
    pub async fn hours_settings(&self, permit: &Permit<ViewWorkingHours>) -> Result<Stored<HoursSettings>, Error> {
        self.load_hours_settings(permit.tenant()).await
    }

    pub(super) async fn load_hours_settings(&self, tenant: TenantId) -> Result<Stored<HoursSettings>, Error> {
        let usual = HoursSettings { closing_day: ClosingDay::END_OF_MONTH, updated_at: None };
        Ok(self.load(&key(tenant)).await?.unwrap_or(Stored { record: usual, version: 0 }))
    }

    /// Another closing day, for months that are recorded from now on.
    pub fn change_hours_settings(
        &self,
        permit: &Permit<ManageWorkingHours>,
        version: u64,
        closing_day: ClosingDay,
    ) -> Result<Prepared<Stored<HoursSettings>>, Error> {
        whole_tenant(permit)?;
        let record = HoursSettings { closing_day, updated_at: Some(self.clock.now()) };
        let key = key(permit.tenant());
        let item = to_item(&key, version + 1, SCHEMA, &record)?;
        let mut write = Write::new();
        write.put_over(self, key, item, Some(version).filter(|version| *version > 0), || Error::Stale)?;
        let event = self.event(permit, "working_hours.change_settings")?.on(permit.tenant());
        Ok(Prepared { thing: Stored { record, version: version + 1 }, write, event })
    }
}
