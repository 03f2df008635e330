//! People whom more than one of the authority's forms asks for, as doors take and show them.

use domain::{
    employee::{JobTitle, PersonName},
    organisation::OrganisationName,
    report::form6::{Address, Employer, Physician},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Checks;

/// The industrial physician (産業医).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Form6PhysicianSetting)]
pub struct PhysicianBody {
    /// 氏名。
    #[schema(example = "山田 一郎")]
    name: String,
    /// 所属医療機関の名称。
    #[schema(example = "みなと病院")]
    institution: String,
    /// 所属医療機関の所在地。
    #[schema(example = "東京都港区0-0-0")]
    address: String,
}

/// The employer (事業者職氏名).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Form6EmployerSetting)]
pub struct EmployerBody {
    /// 職名。
    #[schema(example = "代表取締役社長")]
    title: String,
    /// 氏名。
    #[schema(example = "青山 太郎")]
    name: String,
}

impl From<Physician> for PhysicianBody {
    fn from(of: Physician) -> Self {
        Self { name: of.name.to_string(), institution: of.institution.to_string(), address: of.address.to_string() }
    }
}

impl From<Employer> for EmployerBody {
    fn from(of: Employer) -> Self {
        Self { title: of.title.to_string(), name: of.name.to_string() }
    }
}

impl PhysicianBody {
    /// Reads it; notes everything that is wrong with it.
    pub fn checked(&self, checks: &mut Checks) -> Option<Physician> {
        let name = checks.field("/physician/name", PersonName::parse(&self.name));
        let institution = checks.field("/physician/institution", OrganisationName::parse(&self.institution));
        let address = checks.field("/physician/address", Address::parse(&self.address));
        Some(Physician { name: name?, institution: institution?, address: address? })
    }
}

impl EmployerBody {
    /// Reads it; notes everything that is wrong with it.
    pub fn checked(&self, checks: &mut Checks) -> Option<Employer> {
        let title = checks.field("/employer/title", JobTitle::parse(&self.title));
        let name = checks.field("/employer/name", PersonName::parse(&self.name));
        Some(Employer { title: title?, name: name? })
    }
}
