//! A follow-up as a letter: with who it is for, as far as the permit's holder sees that.

use authz::{PermissionId, Permit, permission::ViewFollowUps};
use domain::{
    ids::{CheckupId, EmployeeId},
    organisation::OrganisationName,
};
use futures_util::future::try_join;

use super::{FollowUp, shown};
use crate::{Contact, Error, Person, Store, Tenant, item::Stored, organisation::Workplace};

/// What a letter says. Debug output shows none of it.
pub struct RecommendationLetter {
    /// The follow-up.
    pub follow_up: FollowUp,
    /// Number and name, for those who see names.
    pub person: Option<Person>,
    /// Where they work.
    pub workplace: Option<OrganisationName>,
    /// The company.
    pub company: OrganisationName,
    /// The desk that its people turn to.
    pub contact: Option<Contact>,
}

impl std::fmt::Debug for RecommendationLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecommendationLetter({})", self.follow_up.checkup)
    }
}

impl Store {
    /// The letter (受診勧奨のお知らせ) of a follow-up. The trail tells of it as of any other read.
    pub async fn recommendation_letter(
        &self,
        permit: &Permit<ViewFollowUps>,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<RecommendationLetter, Error> {
        let tenant = permit.tenant();
        let ((placement, open), company) =
            try_join(self.opened_follow_up(permit, employee, checkup), self.load_tenant(tenant)).await?;
        let Stored { record: Tenant { name: company, contact, .. }, .. } = company.ok_or(Error::NotFound)?;
        let person = async {
            if permit.sees_of(PermissionId::SeeNames, &placement) {
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
        let letter = RecommendationLetter {
            follow_up: shown(permit, &placement, open).record,
            person,
            workplace: workplace.map(|stored| stored.record.name),
            company,
            contact,
        };
        self.disclose(permit, "follow_up.letter", [employee.to_string(), checkup.to_string()], letter).await
    }
}
