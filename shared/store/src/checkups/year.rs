//! The checkups of a fiscal year, for those who reach many: read from the index, authorised by where each employee stands now.

use std::collections::HashMap;

use authz::{Permission, Permit, Placement, permission::ViewCheckups};
use domain::ids::{EmployeeId, TenantId};
use serde::{Deserialize, Serialize};

use super::{
    ShownCheckup,
    shown::{self, Sees},
    subjects,
};
use crate::{
    Error, Store,
    db::Range,
    item::{Attributes, Stored, as_text},
    key::{Family, Table, partition},
};

/// Where a list of a year stands: everything at or before it has been seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckupPosition(String);

/// The partition of the index that holds a shard of a year.
pub(crate) fn partition_of(tenant: TenantId, fiscal_year: i16, shard: &str) -> String {
    partition(tenant, Family::Checkup, format_args!("{fiscal_year}#{shard}"))
}

impl Store {
    /// The checkups of a fiscal year, by day: up to `limit`, and where to go on. A page may hold fewer, or none, before the end.
    pub async fn checkups_of_year(
        &self,
        permit: &Permit<ViewCheckups>,
        fiscal_year: i16,
        after: Option<CheckupPosition>,
        limit: usize,
    ) -> Result<(Vec<Stored<ShownCheckup>>, Option<CheckupPosition>), Error> {
        if let Some(oneself) = permit.reach().only_oneself() {
            let mut own = self.checkups_of_employee(permit, oneself, Some(fiscal_year)).await?;
            own.reverse();
            return Ok((own, None));
        }
        let tenant = permit.tenant();
        let of_shard = |shard: &str| {
            let pk = partition_of(tenant, fiscal_year, shard);
            Range::whole(Table::Records, Family::Checkup, pk).by_index()
        };
        let look = |after| async move {
            let (items, more) = self.next_of_shards(after, limit, of_shard).await?;
            Ok((items.into_iter().map(|(place, item)| (place, Some(item))).collect(), more))
        };
        let after = after.map(|position| position.0);
        let (found, next) = self.within_reach(permit, after, limit, employee_of, look).await?;
        let placements: HashMap<EmployeeId, Placement> =
            found.iter().map(|(_, placement)| (placement.employee, placement.clone())).collect();
        let mut opened = self.open_checkups(tenant, found.into_iter().map(|(item, _)| item).collect()).await?;
        opened.retain(|opened| opened.record.stands());
        let subjects = subjects(&opened, None);
        let page = opened
            .into_iter()
            .filter_map(|opened| {
                let placement = placements.get(&opened.record.employee)?;
                Some(shown::of(opened, Sees::of(permit, placement)))
            })
            .collect();
        let page = self.disclose(permit, "checkup.list", subjects, page).await?;
        Ok((page, next.map(CheckupPosition)))
    }
}

impl Store {
    /// Checkups of the index that are not void, as somebody sees them; `placed` says where each person stands, and whose are left out.
    pub(crate) async fn shown_of_items<'a, P: Permission>(
        &self,
        tenant: TenantId,
        items: Vec<Attributes>,
        permit: &Permit<P>,
        placed: impl Fn(EmployeeId) -> Option<&'a Placement>,
    ) -> Result<Vec<ShownCheckup>, Error> {
        let opened = self.open_checkups(tenant, items).await?;
        let shown = opened.into_iter().filter(|opened| opened.record.stands()).filter_map(|opened| {
            let sees = Sees::of(permit, placed(opened.record.employee)?);
            Some(shown::of(opened, sees).record)
        });
        Ok(shown.collect())
    }
}

pub(crate) fn employee_of(item: &Attributes) -> Option<EmployeeId> {
    as_text(item, "employee")?.parse().ok()
}
