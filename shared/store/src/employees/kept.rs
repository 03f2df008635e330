//! What is kept of an employee besides their checkups: whoever has any of it was not registered by mistake.

use domain::ids::{EmployeeId, TenantId};
use futures_util::future::try_join_all;

use crate::{
    Conflict, Error, Store,
    db::Range,
    key::{Family, Table, partition},
};

/// What is kept of one employee in a partition of theirs. Working hours that were changed have what they said before beside them.
const OF_ONE: [Family; 8] = [
    Family::WorkingHours,
    Family::Fatigue,
    Family::Lifelog,
    Family::Points,
    Family::RightsRequest,
    Family::Interview,
    Family::LeaveCase,
    Family::CheckupWish,
];

impl Store {
    /// Refuses where something is kept of somebody: months of work, fatigue check lists, lifelogs, points, requests about their data, interviews, leave cases, wishes for checkups, a stress check that they
    /// were told of or took. The refusal does not tell which.
    pub(super) async fn without_records(&self, tenant: TenantId, employee: EmployeeId) -> Result<(), Error> {
        let looks = OF_ONE.map(|family| async move {
            let range = Range::whole(Table::Records, family, partition(tenant, family, employee)).limit(1);
            Ok::<_, Error>(!self.db.query(&range).await?.0.is_empty())
        });
        let kept = try_join_all(looks).await?.contains(&true) || self.was_in_a_stress_round(tenant, employee).await?;
        if kept { Err(Conflict::HasRecords.into()) } else { Ok(()) }
    }
}
