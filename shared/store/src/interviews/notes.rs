//! Private notes of interviews (面談記録): append-only, one item a version, sealed with a key of their own. They are opened by way of a [`Confession`], which only this module makes, and only for
//! permissions that are [`OccupationalHealth`]; none of the employer's side is, so that code that would open a note for one does not compile:
//!
//! ```compile_fail,E0308
//! async fn of_the_employer(
//!     store: &store::Store,
//!     permit: &authz::Permit<authz::permission::ViewInterviews>,
//!     employee: domain::ids::EmployeeId,
//!     interview: domain::ids::InterviewId,
//! ) {
//!     let _ = store.interview_notes(permit, employee, interview).await;
//! }
//! ```

use authz::{
    Denied, Permission, Permit,
    permission::{ViewInterviewNotes, WriteInterviewNotes},
};
use domain::{
    employee::PersonName,
    ids::{AccountId, EmployeeId, InterviewId, TenantId},
    interview::NoteText,
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, conducts};
use crate::{
    Conflict, Error, Prepared, Store, Stored, Write,
    callers::somebody,
    db::Range,
    item::Sealed,
    key::{Family, Key, Table, partition},
};

/// The attribute that [`Content`] is sealed in.
const CONTENT: &str = "content";
/// How many versions a note has at most.
const MOST_VERSIONS: u64 = 50;

/// A permission of those who hold interviews (産業保健スタッフ; 労働安全衛生法104条, 105条).
trait OccupationalHealth: Permission {}
impl OccupationalHealth for ViewInterviewNotes {}
impl OccupationalHealth for WriteInterviewNotes {}

/// The right to open the note of one interview.
struct Confession {
    tenant: TenantId,
    employee: EmployeeId,
    interview: InterviewId,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    interview: InterviewId,
    number: u64,
    by: AccountId,
    content: Sealed,
    created_at: Jst,
}

/// What is sealed of a version.
#[derive(Serialize, Deserialize)]
struct Content {
    author: PersonName,
    text: NoteText,
}

/// A version of a note. Debug output shows nothing of it.
#[derive(Clone)]
pub struct InterviewNote {
    /// Which version; the first one is 1.
    pub number: u64,
    /// Who wrote it.
    pub by: AccountId,
    /// Their name, as it stood on that day.
    pub author: PersonName,
    /// When.
    pub at: Jst,
    /// What it says.
    pub text: NoteText,
}

impl std::fmt::Debug for InterviewNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InterviewNote").field("number", &self.number).finish_non_exhaustive()
    }
}

fn place(tenant: TenantId, employee: EmployeeId, interview: InterviewId, number: u64) -> Key {
    Key::new(Table::Records, tenant, Family::InterviewNote, employee, format_args!("{interview}#{number:04}"))
}

/// The versions of an interview's note.
pub(super) fn range(tenant: TenantId, employee: EmployeeId, interview: InterviewId) -> Range {
    let of_employee = partition(tenant, Family::InterviewNote, employee);
    Range::whole(Table::Records, Family::InterviewNote, of_employee).starting_with(format!("{interview}#"))
}

impl Record {
    /// Where it lies, and the day on which it was written: what is to be known of it by whoever opens nothing.
    pub(super) fn place_and_day(&self, tenant: TenantId, employee: EmployeeId) -> (Key, Date) {
        (place(tenant, employee, self.interview, self.number), self.created_at.date())
    }
}

impl Confession {
    fn place(&self, number: u64) -> Key {
        place(self.tenant, self.employee, self.interview, number)
    }
}

impl Store {
    /// The versions of an interview's note, the newest first; its version is how many there are.
    pub async fn interview_notes(
        &self,
        permit: &Permit<ViewInterviewNotes>,
        employee: EmployeeId,
        interview: InterviewId,
    ) -> Result<Stored<Vec<InterviewNote>>, Error> {
        let confession = self.confession(permit, employee, interview).await?;
        let mut notes = Vec::new();
        for record in self.note_records(&confession).await? {
            let place = confession.place(record.number);
            let content: Content =
                self.open(confession.tenant, Purpose::InterviewNotes, &place, CONTENT, &record.content).await?;
            let Content { author, text } = content;
            notes.push(InterviewNote { number: record.number, by: record.by, author, at: record.created_at, text });
        }
        let version = notes.first().map_or(0, |note| note.number);
        let subjects = [employee.to_string(), interview.to_string()];
        let notes = self.disclose_in_confidence(permit, "interview_note.read", subjects, notes).await?;
        Ok(Stored { record: notes, version })
    }

    /// Writes a note on top of the `seen` versions: a correction is a version more, and what was written before stays.
    pub async fn write_interview_note(
        &self,
        permit: &Permit<WriteInterviewNotes>,
        employee: EmployeeId,
        interview: InterviewId,
        seen: u64,
        text: NoteText,
    ) -> Result<Prepared<Stored<InterviewNote>>, Error> {
        let confession = self.confession(permit, employee, interview).await?;
        let (tenant, by, now) = (confession.tenant, somebody(permit)?, self.clock.now());
        let last = self.note_records(&confession).await?.first().map_or(0, |record| record.number);
        if last != seen {
            return Err(Error::Stale);
        }
        if last >= MOST_VERSIONS {
            return Err(Conflict::TooMany.into());
        }
        let number = last + 1;
        let (place, author) = (confession.place(number), self.name_of(tenant, by).await?);
        let content = Content { author, text };
        let sealed = self.seal(tenant, Purpose::InterviewNotes, &place, CONTENT, &content).await?;
        let record = Record { interview, number, by, content: sealed, created_at: now };
        let mut write = Write::new();
        write.create(self, place, SCHEMA, &record, || Error::Stale)?;
        let event = self.event(permit, "interview_note.write")?.on(employee).on(interview).in_confidence();
        let Content { author, text } = content;
        let note = InterviewNote { number, by, author, at: now, text };
        Ok(Prepared { thing: Stored { record: note, version: number }, write, event })
    }

    /// The right to the note of an interview of a kind that the permit's holder holds.
    async fn confession<P: OccupationalHealth>(
        &self,
        permit: &Permit<P>,
        employee: EmployeeId,
        interview: InterviewId,
    ) -> Result<Confession, Error> {
        let open = self.interview_within(permit, employee, interview).await?;
        if !conducts(permit, open.course.kind, &open.placement) {
            return Err(Denied::Forbidden.into());
        }
        Ok(Confession { tenant: permit.tenant(), employee, interview })
    }

    async fn note_records(&self, confession: &Confession) -> Result<Vec<Record>, Error> {
        let Confession { tenant, employee, interview } = confession;
        let range = range(*tenant, *employee, *interview).descending();
        Ok(self.records_in(range).await?.into_iter().map(|stored| stored.record).collect())
    }
}
