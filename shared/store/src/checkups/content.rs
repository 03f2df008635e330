//! What can be said about a checkup, in one value, and the canonical form by which two deliveries are known to be the same.

use domain::{
    checkup::{Subject, criteria::Criteria, item::ItemId, kind::CheckupKind, stored::StoredResults},
    employee::PersonName,
    ids::EmployeeId,
    intake::checkups::CheckupRow,
    organisation::OrganisationName,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::change::{CheckupEntry, changed};

/// A checkup that has been judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckupContent {
    /// Whose it is.
    pub employee: EmployeeId,
    /// The day (受診日).
    pub examined_on: Date,
    /// The kind (健診種別).
    pub kind: CheckupKind,
    /// What is sealed of it.
    pub health: CheckupHealth,
}

/// What is sealed of a checkup. Debug output shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckupHealth {
    /// 医療機関名.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clinic: Option<OrganisationName>,
    /// 医療機関コード.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clinic_code: Option<OrganisationName>,
    /// コース.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub course: Option<OrganisationName>,
    /// The physician who examined (健診を行った医師).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doctor: Option<PersonName>,
    /// The clinic's comment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comment: Option<String>,
    /// Age and sex on the day, results and judgement.
    pub results: StoredResults,
}

impl std::fmt::Debug for CheckupHealth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckupHealth(…)")
    }
}

impl CheckupContent {
    /// What a row of a file makes of `before`, which may be nothing yet: what the row delivers replaces, what it clears goes, the rest stays, and the
    /// whole is judged. Also tells which supplied values are others than the computed ones.
    #[must_use]
    pub fn of_row(
        row: CheckupRow,
        employee: EmployeeId,
        subject: Subject,
        criteria: &Criteria,
        before: Option<CheckupHealth>,
    ) -> (Self, Vec<ItemId>) {
        let CheckupRow { date, kind, clinic, clinic_code, course, doctor, comment, clinic_overall, results, .. } = row;
        let comment = comment.map(|comment| comment.as_str().to_owned());
        let (examined_on, delivered) = (date, results);
        let health = match before {
            None => {
                let (results, differing) = StoredResults::judged(delivered, clinic_overall, subject, criteria);
                (CheckupHealth { clinic, clinic_code, course, doctor, comment, results }, differing)
            }
            Some(before) => {
                let overall = clinic_overall.or(before.results.clinic_overall);
                let updated = before.results.results.updated(delivered, row.cleared);
                let (results, differing) = StoredResults::judged(updated, overall, subject, criteria);
                let health = CheckupHealth {
                    clinic: clinic.or(before.clinic),
                    clinic_code: clinic_code.or(before.clinic_code),
                    course: course.or(before.course),
                    doctor: doctor.or(before.doctor),
                    comment: comment.or(before.comment),
                    results,
                };
                (health, differing)
            }
        };
        (Self { employee, examined_on, kind, health: health.0 }, health.1)
    }
}

impl CheckupHealth {
    /// What is said of a checkup after an entry: what the entry does not speak of stays, and the whole is judged.
    #[must_use]
    pub(super) fn entered(entry: CheckupEntry, before: Option<Self>, subject: Subject, criteria: &Criteria) -> Self {
        let before = before.map(|before| {
            let Self { clinic, clinic_code, course, doctor, comment, results } = before;
            (clinic, clinic_code, course, doctor, comment, results.clinic_overall, results.results)
        });
        let (clinic, clinic_code, course, doctor, comment, overall, results) = before.unwrap_or_default();
        let results = results.updated(entry.results, entry.cleared);
        let overall = changed(entry.clinic_overall, overall);
        Self {
            clinic: changed(entry.clinic, clinic),
            clinic_code: changed(entry.clinic_code, clinic_code),
            course: changed(entry.course, course),
            doctor: changed(entry.doctor, doctor),
            comment: changed(entry.comment, comment),
            results: StoredResults::judged(results, overall, subject, criteria).0,
        }
    }

    /// The bytes that the keyed hash is of: what was delivered, without our letters. Equal content gives equal bytes.
    pub(super) fn canonical(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.results.canonical());
        let words = [
            self.clinic.as_ref().map(OrganisationName::as_str),
            self.clinic_code.as_ref().map(OrganisationName::as_str),
            self.course.as_ref().map(OrganisationName::as_str),
            self.doctor.as_ref().map(PersonName::as_str),
            self.comment.as_deref(),
        ];
        for word in words {
            // One that is absent is told from an empty one.
            bytes.extend(word.map_or(u64::MAX, |word| word.len() as u64).to_be_bytes());
            bytes.extend(word.unwrap_or_default().as_bytes());
        }
        bytes
    }
}
