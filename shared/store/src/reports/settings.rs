//! What the customer says for its reports: the finding rule of the whole tenant, and each workplace's own fields. Before anybody has said anything they are there all the same, as version 0.

use authz::{
    Permit,
    permission::{ManageReports, ViewReports},
};
use domain::{
    ids::{TenantId, WorkplaceId},
    report::form6::{FindingRule, WorkplaceSettings},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, key};
use crate::{
    Error, Prepared, Store, Stored, Write, callers::whole_tenant, item::Sealed, key::Key, organisation::Workplace,
};

/// The attribute that a workplace's fields are sealed in: the names of a physician and of the employer are among them.
const FIELDS: &str = "fields";

/// The rule by which findings are counted.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct ReportRule {
    /// From which letter on there is one.
    pub finding_rule: FindingRule,
    /// When it was last changed, if it ever was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub updated_at: Option<Jst>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SettingsRecord {
    fields: Sealed,
    updated_at: Jst,
}

fn settings_key(tenant: TenantId, workplace: WorkplaceId) -> Key {
    key(tenant, format_args!("SETTINGS#{workplace}"))
}

impl Store {
    /// By which rule findings are counted.
    pub async fn report_rule(&self, permit: &Permit<ViewReports>) -> Result<Stored<ReportRule>, Error> {
        self.load_report_rule(permit.tenant()).await
    }

    pub(super) async fn load_report_rule(&self, tenant: TenantId) -> Result<Stored<ReportRule>, Error> {
        let stored = self.load(&key(tenant, "RULE")).await?;
        Ok(stored.unwrap_or(Stored { record: ReportRule::default(), version: 0 }))
    }

    /// Another rule, for reports that are counted from now on.
    pub fn change_report_rule(
        &self,
        permit: &Permit<ManageReports>,
        version: u64,
        finding_rule: FindingRule,
    ) -> Result<Prepared<Stored<ReportRule>>, Error> {
        whole_tenant(permit)?;
        let record = ReportRule { finding_rule, updated_at: Some(self.clock.now()) };
        let mut write = Write::new();
        self.put_setting(&mut write, key(permit.tenant(), "RULE"), version, &record)?;
        let event = self.event(permit, "report.change_rule")?.on(permit.tenant());
        Ok(Prepared { thing: Stored { record, version: version + 1 }, write, event })
    }

    /// What the form asks for and only the customer knows of a workplace.
    pub async fn report_settings(
        &self,
        permit: &Permit<ViewReports>,
        workplace: WorkplaceId,
    ) -> Result<Stored<WorkplaceSettings>, Error> {
        self.unit_within::<Workplace>(permit.tenant(), permit.reach(), workplace).await?;
        self.load_report_settings(permit.tenant(), workplace).await
    }

    pub(super) async fn load_report_settings(
        &self,
        tenant: TenantId,
        workplace: WorkplaceId,
    ) -> Result<Stored<WorkplaceSettings>, Error> {
        let key = settings_key(tenant, workplace);
        let Some(Stored { record, version }) = self.load::<SettingsRecord>(&key).await? else {
            return Ok(Stored { record: WorkplaceSettings::default(), version: 0 });
        };
        let record = self.open(tenant, Purpose::Health, &key, FIELDS, &record.fields).await?;
        Ok(Stored { record, version })
    }

    /// Replaces it.
    pub async fn change_report_settings(
        &self,
        permit: &Permit<ManageReports>,
        workplace: WorkplaceId,
        version: u64,
        settings: WorkplaceSettings,
    ) -> Result<Prepared<Stored<WorkplaceSettings>>, Error> {
        let tenant = permit.tenant();
        self.unit_within::<Workplace>(tenant, permit.reach(), workplace).await?;
        let key = settings_key(tenant, workplace);
        let fields = self.seal(tenant, Purpose::Health, &key, FIELDS, &settings).await?;
        let record = SettingsRecord { fields, updated_at: self.clock.now() };
        let mut write = Write::new();
        self.put_setting(&mut write, key, version, &record)?;
        let event = self.event(permit, "report.change_settings")?.on(workplace);
        Ok(Prepared { thing: Stored { record: settings, version: version + 1 }, write, event })
    }

    /// Puts a setting in place of the one that was read; version 0 is that of one that nobody has made.
    fn put_setting<T: Serialize>(&self, write: &mut Write, key: Key, version: u64, record: &T) -> Result<(), Error> {
        if version == 0 {
            write.create(self, key, SCHEMA, record, || Error::Stale)?;
        } else {
            write.replace(self, key, SCHEMA, version, record)?;
        }
        Ok(())
    }
}
