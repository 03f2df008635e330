//! A checkup as a card: with who it is, as far as the permit's holder sees that.

use authz::{PermissionId, Permit, permission::ViewCheckups};
use domain::ids::{CheckupId, EmployeeId};
use jiff::civil::Date;

use super::{ShownCheckup, opined, shown, shown::Sees};
use crate::{EmployeeAttributes, Error, GivenOpinion, Person, Store};

/// What a card says. Debug output shows none of it.
pub struct ShownCard {
    /// The checkup.
    pub checkup: ShownCheckup,
    /// Number, name and kana, for those who see names.
    pub person: Option<Person>,
    /// Birth date and sex, for those who see attributes.
    pub attributes: Option<EmployeeAttributes>,
    /// When they came (雇入年月日).
    pub hired_on: Date,
    /// The physician's opinion that holds (医師の意見).
    pub opinion: Option<GivenOpinion>,
}

impl std::fmt::Debug for ShownCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownCard({})", self.checkup.id)
    }
}

impl Store {
    /// The card (健康診断個人票) of one checkup. The trail tells of it as of any other read.
    pub async fn checkup_card(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        id: CheckupId,
    ) -> Result<ShownCard, Error> {
        let tenant = permit.tenant();
        let (opened, of, placement) = self.standing_within(permit, employee, id).await?;
        let person = if permit.sees_of(PermissionId::SeeNames, &placement) {
            self.load_people(tenant, &[employee]).await?.pop().flatten()
        } else {
            None
        };
        let attributes = if permit.sees_of(PermissionId::SeeAttributes, &placement) {
            Some(self.open_attributes(tenant, &of).await?)
        } else {
            None
        };
        let opinion = self.opinion_about(tenant, &opined::head(&opened)).await?;
        let checkup = shown::of(opened, Sees::of(permit, &placement)).record;
        let card = ShownCard { checkup, person, attributes, hired_on: of.hired_on, opinion };
        self.disclose(permit, "checkup.card", [employee.to_string(), id.to_string()], card).await
    }
}
