//! A report after an interview as a letter to the employer: with whom it is about, as far as the permit's holder sees that.

use authz::{PermissionId, Permit, permission::ViewInterviews};
use domain::{
    ids::{EmployeeId, InterviewId},
    organisation::OrganisationName,
};
use futures_util::future::{try_join, try_join3};

use super::{Interview, Record, is_for, key, last_report, shown};
use crate::{Error, Event, Person, Store, item::Stored, organisation::Workplace};

/// What the letter says. Debug output shows none of it.
pub struct InterviewLetter {
    /// The interview, with the report that holds.
    pub interview: Interview,
    /// Number and name, for those who see names.
    pub person: Option<Person>,
    /// Where they work.
    pub workplace: Option<OrganisationName>,
    /// The company.
    pub company: OrganisationName,
}

impl std::fmt::Debug for InterviewLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InterviewLetter({})", self.interview.id)
    }
}

impl Store {
    /// The report (面接指導結果報告書・意見書) of an interview; where nothing was reported there is none. The trail tells of it as of any other read.
    pub async fn interview_letter(
        &self,
        permit: &Permit<ViewInterviews>,
        employee: EmployeeId,
        id: InterviewId,
    ) -> Result<InterviewLetter, Error> {
        let tenant = permit.tenant();
        let place = key(tenant, employee, id);
        let (placement, found, company) =
            try_join3(self.placed_within(permit, employee), self.load::<Record>(&place), self.load_tenant(tenant))
                .await?;
        // While it is ahead nothing was reported: whether a request after a stress check stands need not be asked here.
        let is_there =
            |stored: &Stored<Record>| !stored.record.state.is_ahead() && is_for(permit, &stored.record, &placement);
        let stored = found.filter(is_there).ok_or(Error::NotFound)?;
        let open = self.opened_interview(tenant, stored, placement).await?;
        if last_report(&open.course.steps).is_none() {
            return Err(Error::NotFound);
        }
        let company = company.ok_or(Error::NotFound)?.record.name;
        let placement = &open.placement;
        let person = async {
            if permit.sees_of(PermissionId::SeeNames, placement) {
                Ok(self.load_people(tenant, &[employee]).await?.pop().flatten())
            } else {
                Ok(None)
            }
        };
        let workplace = async {
            match placement.workplace {
                Some(id) => self.load_unit::<Workplace>(tenant, id).await,
                None => Ok(None),
            }
        };
        let (person, workplace) = try_join(person, workplace).await?;
        let event = Event { disclosure: true, ..self.event(permit, "interview.letter")?.on(employee).on(id) };
        self.tell(if open.is_untold() { event.in_confidence() } else { event }).await?;
        let workplace = workplace.map(|stored| stored.record.name);
        Ok(InterviewLetter { interview: shown(permit, open).record, person, workplace, company })
    }
}
