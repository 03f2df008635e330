//! What was said to physicians and nurses about a leave, and what illness a certificate names: append-only, one item a step of the case, sealed with the key of interviews' notes.

use authz::{Permit, permission::ViewLeaveNotes};
use domain::{
    ids::{AccountId, EmployeeId, LeaveCaseId, TenantId},
    leave::LeaveWords,
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{Open, SCHEMA};
use crate::{
    Error, Store, Write,
    db::Range,
    item::Sealed,
    key::{Family, Key, Table, partition},
};

/// The attribute that [`LeaveWords`] are sealed in.
const WORDS: &str = "words";

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    case: LeaveCaseId,
    number: usize,
    by: AccountId,
    words: Sealed,
    created_at: Jst,
}

/// What was said in a step of a case. Debug output shows nothing of it.
#[derive(Debug, Clone)]
pub struct LeaveNote {
    /// The step's number in the history; the first one is 1.
    pub number: usize,
    /// Who wrote it.
    pub by: AccountId,
    /// When.
    pub at: Jst,
    /// What it says.
    pub words: LeaveWords,
}

fn key(tenant: TenantId, employee: EmployeeId, case: LeaveCaseId, number: usize) -> Key {
    Key::new(Table::Records, tenant, Family::LeaveNote, employee, format_args!("{case}#{number:04}"))
}

impl Store {
    /// What was said about a case to those who hold interviews, the oldest first.
    pub async fn leave_notes(
        &self,
        permit: &Permit<ViewLeaveNotes>,
        employee: EmployeeId,
        id: LeaveCaseId,
    ) -> Result<Vec<LeaveNote>, Error> {
        let tenant = permit.tenant();
        self.leave_case_within(permit, employee, id).await?;
        let range = Range::whole(Table::Records, Family::LeaveNote, partition(tenant, Family::LeaveNote, employee));
        let mut notes = Vec::new();
        for stored in self.records_in::<Record>(range.starting_with(format!("{id}#"))).await? {
            let Record { number, by, words, created_at: at, .. } = stored.record;
            let place = key(tenant, employee, id, number);
            let words = self.open(tenant, Purpose::InterviewNotes, &place, WORDS, &words).await?;
            notes.push(LeaveNote { number, by, at, words });
        }
        self.disclose_in_confidence(permit, "leave_note.read", [employee.to_string(), id.to_string()], notes).await
    }

    /// Adds to `write` what was said in the next step of a case.
    pub(super) async fn note_on_leave(
        &self,
        write: &mut Write,
        (tenant, by): (TenantId, AccountId),
        open: &Open,
        words: LeaveWords,
    ) -> Result<(), Error> {
        let (employee, case, number) = (open.record.employee, open.record.id, open.course.steps.len() + 1);
        let place = key(tenant, employee, case, number);
        let words = self.seal(tenant, Purpose::InterviewNotes, &place, WORDS, &words).await?;
        let record = Record { case, number, by, words, created_at: self.clock.now() };
        write.create(self, place, SCHEMA, &record, || Error::Stale)?;
        Ok(())
    }
}
