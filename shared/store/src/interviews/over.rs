//! Interviews whose period of retention is over: each with its notes, and with what says that its cause has an interview.

use std::collections::HashMap;

use domain::ids::{EmployeeId, InterviewId, TenantId};
use jiff::civil::Date;

use super::{Claim, Record, key, notes};
use crate::{
    Error, Store,
    db::Range,
    expiry::Over,
    item::{Stored, as_text, from_item},
    key::{Family, Key, Table, partition},
};

impl Store {
    /// Those of somebody that have come to their end and of which neither the record nor a note was changed since a day that `is_over`. What is still to be done, or in force, stays.
    pub(crate) async fn interviews_over(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        is_over: impl Fn(Date) -> bool,
    ) -> Result<Vec<Over>, Error> {
        let range = Range::whole(Table::Records, Family::Interview, partition(tenant, Family::Interview, employee));
        let mut found = self.records_in::<Record>(range).await?;
        found.retain(|Stored { record, .. }| record.state.is_over() && is_over(record.updated_at.date()));
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut claims = self.claims_of(tenant, employee).await?;
        let mut over = Vec::new();
        for Stored { record, version } in found {
            let notes = self.notes_of(tenant, employee, record.id).await?;
            if !notes.iter().all(|(_, written_on)| is_over(*written_on)) {
                continue;
            }
            let beside = notes.into_iter().map(|(key, _)| key).chain(claims.remove(&record.id).unwrap_or_default());
            let mut items: Vec<_> = beside.map(|key| (key, None)).collect();
            items.push((key(tenant, employee, record.id), Some(version)));
            over.push(Over { employee, id: Some(record.id.to_string()), items, entry: None });
        }
        Ok(over)
    }

    /// The versions of an interview's note, each with the day on which it was written.
    async fn notes_of(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        interview: InterviewId,
    ) -> Result<Vec<(Key, Date)>, Error> {
        let range = notes::range(tenant, employee, interview);
        let records = self.records_in::<notes::Record>(range).await?;
        Ok(records.into_iter().map(|stored| stored.record.place_and_day(tenant, employee)).collect())
    }

    /// What says of somebody's interviews that their cause has one.
    async fn claims_of(&self, tenant: TenantId, employee: EmployeeId) -> Result<HashMap<InterviewId, Vec<Key>>, Error> {
        let pk = partition(tenant, Family::Interview, format_args!("cause#{employee}"));
        let mut claims: HashMap<InterviewId, Vec<Key>> = HashMap::new();
        for item in self.db.query_all(Range::whole(Table::Records, Family::Interview, pk.clone())).await? {
            let Some(sk) = as_text(&item, "sk").map(str::to_owned) else { continue };
            let Some(Stored { record, .. }) = from_item::<Claim>(item, self.clock.now())? else { continue };
            let key = Key { table: Table::Records, family: Family::Interview, pk: pk.clone(), sk };
            claims.entry(record.interview).or_default().push(key);
        }
        Ok(claims)
    }
}
