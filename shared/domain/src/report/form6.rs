//! The report of periodic checkups (定期健康診断結果報告書, 様式第6号, 安衛則52条): which rows it has ([`rows`]), whom it counts in which of them ([`count`]), what else stands on it
//! ([`fields`]), and the whole sheet with what it must obey ([`sheet`]). Source: domain.md 3.

pub mod count;
pub mod fields;
pub mod industry;
pub mod rows;
pub mod sheet;

pub use count::{Contribution, Counted, Figure, Figures, FindingRule, Population, RowFigures, counts, may_count};
pub use fields::{
    Address, BranchOffice, Employer, EnrolledOverride, Institution, LabourInsuranceNumber, MOST_INSTITUTIONS,
    MOST_WORKERS, Office, OverrideReason, Phone, Physician, PostalCode, SpecificWork, WorkplaceSettings,
};
pub use industry::BusinessClass;
pub use rows::{FormRow, FormVersion, RowSet, form_on};
pub use sheet::{Enrolled, MissingField, Period, Sheet, Violation};
