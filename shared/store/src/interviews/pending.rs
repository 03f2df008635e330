//! Which interviews are to be held, reported on or decided upon, from what is clear of them: for whoever counts and opens nothing.

use domain::{
    ids::{EmployeeId, InterviewId, TenantId},
    interview::InterviewState,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use super::{InterviewList, Record, of_state};
use crate::{
    Error, Store,
    db::Range,
    item::{Stored, from_item},
    key::{Family, Table},
};

/// An interview about which somebody is to do something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PendingInterview {
    /// Which.
    pub(crate) id: InterviewId,
    /// Whose.
    pub(crate) employee: EmployeeId,
    /// Its version.
    pub(crate) version: u64,
    /// When it was asked for or opened.
    pub(crate) begun_on: Date,
    /// By when somebody is to do something.
    pub(crate) due_on: Date,
}

impl Store {
    /// Those of which the employer's side knows. After which kind they are is sealed, so that one after a stress check whose worker has taken the request back is among them until it is called off.
    pub(crate) async fn interviews_pending(&self, tenant: TenantId) -> Result<Vec<PendingInterview>, Error> {
        let in_state = |state: InterviewState| {
            let place = of_state(tenant, InterviewList::Known, state);
            let range = Range::whole(Table::Records, Family::Interview, place).by_index();
            let look = |item| Ok(from_item::<Record>(item, self.clock.now())?.and_then(pending));
            self.db.gather(range, |_| true, look)
        };
        let states = InterviewState::ALL.into_iter().filter(|state| state.is_pending());
        Ok(try_join_all(states.map(in_state)).await?.into_iter().flatten().collect())
    }
}

fn pending(Stored { record, version }: Stored<Record>) -> Option<PendingInterview> {
    let due_on = record.next_on?;
    Some(PendingInterview {
        id: record.id,
        employee: record.employee,
        version,
        begun_on: record.created_at.date(),
        due_on,
    })
}
