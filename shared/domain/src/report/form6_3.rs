//! The report of the stress check (心理的な負担の程度を把握するための検査結果等報告書, 様式第6号の3, 安衛則52条の21): one workplace, one year. Source: domain.md 4.9.
//!
//! Counted here are who answered and who is employed; the rest only the customer knows. How many people are under high stress is not on the form, and nothing here knows it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::form6::{
    Address, BranchOffice, BusinessClass, Employer, LabourInsuranceNumber, Office, Phone, Physician, PostalCode,
};
use crate::organisation::OrganisationName;

/// The edition of the form.
pub const FORM_VERSION: &str = "2015-12";
/// The least number of regularly employed workers of a workplace that must report (常時50人以上).
pub const DUTY_FROM: u32 = 50;
/// The years that can be reported: the law began with December 2015.
pub const YEARS: std::ops::RangeInclusive<i16> = 2015..=2100;

/// Who carried the check out (検査を実施した者): where there were several, the one who stands for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarriedOutBy {
    /// 1: the physician who was appointed for the workplace.
    IndustrialPhysician,
    /// 2: another physician of the workplace, a public health nurse, or who else may.
    OfTheWorkplace,
    /// 3: a contractor.
    Contractor,
}

/// Who led the interviews (面接指導を実施した医師).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterviewedBy {
    /// 1: the physician who was appointed for the workplace.
    IndustrialPhysician,
    /// 2: another physician of the workplace.
    OfTheWorkplace,
    /// 3: a physician from elsewhere.
    Elsewhere,
}

/// A choice of the form: its number, and what it says.
pub type FormChoice = (u8, &'static str);

impl CarriedOutBy {
    /// Its number and its words on the form.
    #[must_use]
    pub const fn choice(self) -> FormChoice {
        match self {
            Self::IndustrialPhysician => (1, "事業場選任の産業医"),
            Self::OfTheWorkplace => {
                (2, "事業場所属の医師（1以外の医師に限る。）、保健師、歯科医師、看護師、精神保健福祉士又は公認心理師")
            }
            Self::Contractor => (3, "外部委託先の医師、保健師、歯科医師、看護師、精神保健福祉士又は公認心理師"),
        }
    }
}

impl InterviewedBy {
    /// Its number and its words on the form.
    #[must_use]
    pub const fn choice(self) -> FormChoice {
        match self {
            Self::IndustrialPhysician => (1, "事業場選任の産業医"),
            Self::OfTheWorkplace => (2, "事業場所属の医師（1以外の医師に限る。）"),
            Self::Elsewhere => (3, "外部委託先の医師"),
        }
    }
}

/// Whether groups were analysed (集団ごとの分析の実施の有無), as the form numbers it.
#[must_use]
pub const fn analysed(done: bool) -> FormChoice {
    if done {
        (1, "検査結果の集団ごとの分析を実施した")
    } else {
        (2, "検査結果の集団ごとの分析を実施していない")
    }
}

/// What only the customer knows of a workplace and a year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Said {
    /// 労働保険番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labour_insurance_number: Option<LabourInsuranceNumber>,
    /// 被一括事業場番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_office: Option<BranchOffice>,
    /// 事業の種類.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessClass>,
    /// 郵便番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// 所在地.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// 電話番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// 在籍労働者数 (常時使用する労働者), on the last day of the month in which it was carried out. Who is regularly employed is not in the register: it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<u32>,
    /// 検査を実施した者.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_out_by: Option<CarriedOutBy>,
    /// 面接指導を実施した医師.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interviewed_by: Option<InterviewedBy>,
    /// 面接指導を受けた労働者数.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interviewed: Option<u32>,
    /// 集団ごとの分析の実施の有無.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysed: Option<bool>,
    /// 産業医.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physician: Option<Physician>,
    /// 事業者職氏名.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employer: Option<Employer>,
    /// 所轄労働基準監督署.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<Office>,
    /// 提出年月日.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_on: Option<Date>,
}

impl Said {
    /// What of a year still holds in the next one: the workplace and its people, none of the year's figures.
    #[must_use]
    pub fn of_next_year(self) -> Self {
        Self {
            enrolled: None,
            carried_out_by: None,
            interviewed_by: None,
            interviewed: None,
            analysed: None,
            submitted_on: None,
            ..self
        }
    }
}

/// The whole sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StressSheet {
    /// 事業場の名称.
    pub workplace: OrganisationName,
    /// 対象年: the year of the check.
    pub year: i16,
    /// The last day of the year's last round; its month is 検査実施年月. None where there was none.
    pub carried_out_on: Option<Date>,
    /// Who is employed at the workplace on the last day of that month, as the register says.
    pub registered: u32,
    /// 検査を受けた労働者数: people, not checks.
    pub examined: u32,
    /// What only the customer knows.
    pub said: Said,
}

/// What the numbers of a sheet contradict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StressViolation {
    /// More answered than are employed.
    ExaminedAboveEnrolled,
    /// More were interviewed than answered.
    InterviewedAboveExamined,
}

impl StressViolation {
    /// What people read: what is wrong and what to look at.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::ExaminedAboveEnrolled => {
                "検査を受けた労働者数が在籍労働者数を超えています。実施月以降の異動・退職、または入力した在籍労働者数を確認してください。"
            }
            Self::InterviewedAboveExamined => "面接指導を受けた労働者数が、検査を受けた労働者数を超えています。",
        }
    }
}

/// A field of the form that has no value yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StressMissing {
    /// 労働保険番号.
    LabourInsuranceNumber,
    /// 検査実施年月: no round of the year has closed.
    CarriedOutOn,
    /// 事業の種類.
    Business,
    /// 郵便番号.
    PostalCode,
    /// 所在地.
    Address,
    /// 電話番号.
    Phone,
    /// 在籍労働者数.
    Enrolled,
    /// 検査を実施した者.
    CarriedOutBy,
    /// 面接指導を実施した医師.
    InterviewedBy,
    /// 面接指導を受けた労働者数.
    Interviewed,
    /// 集団ごとの分析の実施の有無.
    Analysed,
    /// 産業医.
    Physician,
    /// 事業者職氏名.
    Employer,
    /// 所轄労働基準監督署.
    Office,
}

impl StressSheet {
    /// The last day of the month in which the check was carried out.
    #[must_use]
    pub fn counted_on(&self) -> Option<Date> {
        self.carried_out_on.map(Date::last_of_month)
    }

    /// Everything that the numbers contradict.
    #[must_use]
    pub fn violations(&self) -> Vec<StressViolation> {
        let rows = [
            (self.said.enrolled.is_some_and(|all| self.examined > all), StressViolation::ExaminedAboveEnrolled),
            (self.said.interviewed.is_some_and(|some| some > self.examined), StressViolation::InterviewedAboveExamined),
        ];
        rows.into_iter().filter(|(wrong, _)| *wrong).map(|(_, violation)| violation).collect()
    }

    /// The fields that have no value yet. Who interviewed is asked for only where somebody was.
    #[must_use]
    pub fn missing(&self) -> Vec<StressMissing> {
        let said = &self.said;
        let rows = [
            (said.labour_insurance_number.is_none(), StressMissing::LabourInsuranceNumber),
            (self.carried_out_on.is_none(), StressMissing::CarriedOutOn),
            (said.business.is_none(), StressMissing::Business),
            (said.postal_code.is_none(), StressMissing::PostalCode),
            (said.address.is_none(), StressMissing::Address),
            (said.phone.is_none(), StressMissing::Phone),
            (said.enrolled.is_none(), StressMissing::Enrolled),
            (said.carried_out_by.is_none(), StressMissing::CarriedOutBy),
            (said.interviewed != Some(0) && said.interviewed_by.is_none(), StressMissing::InterviewedBy),
            (said.interviewed.is_none(), StressMissing::Interviewed),
            (said.analysed.is_none(), StressMissing::Analysed),
            (said.physician.is_none(), StressMissing::Physician),
            (said.employer.is_none(), StressMissing::Employer),
            (said.office.is_none(), StressMissing::Office),
        ];
        rows.into_iter().filter(|(missing, _)| *missing).map(|(_, field)| field).collect()
    }

    /// Whether a workplace of this size must report; none while its size was not said.
    #[must_use]
    pub fn must_report(&self) -> Option<bool> {
        self.said.enrolled.map(|workers| workers >= DUTY_FROM)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sheet(said: Said) -> StressSheet {
        StressSheet {
            workplace: OrganisationName::parse("品川営業所").unwrap(),
            year: 2026,
            carried_out_on: Some(date(2026, 10, 9)),
            registered: 104,
            examined: 95,
            said,
        }
    }

    fn figures(enrolled: u32, interviewed: u32) -> Said {
        Said { enrolled: Some(enrolled), interviewed: Some(interviewed), ..Said::default() }
    }

    #[test]
    fn r37_the_form_is_counted_on_the_last_day_of_its_month_domain_4_9() {
        assert_eq!(sheet(Said::default()).counted_on(), Some(date(2026, 10, 31)));
        assert_eq!(StressSheet { carried_out_on: None, ..sheet(Said::default()) }.counted_on(), None);
    }

    #[test]
    fn r37_the_numbers_are_watched_on_both_sides() {
        assert_eq!(sheet(figures(95, 95)).violations(), []);
        assert_eq!(sheet(figures(94, 95)).violations(), [StressViolation::ExaminedAboveEnrolled]);
        assert_eq!(sheet(figures(95, 96)).violations(), [StressViolation::InterviewedAboveExamined]);
        assert_eq!(sheet(Said::default()).violations(), [], "what was not said contradicts nothing");
    }

    #[test]
    fn r37_what_only_people_know_is_asked_for() {
        assert_eq!(sheet(Said::default()).missing().len(), 13);
        let nobody = Said { analysed: Some(false), ..figures(100, 0) };
        let missing = sheet(nobody).missing();
        assert!(!missing.contains(&StressMissing::InterviewedBy), "where nobody was interviewed, nobody did it");
        assert!(!missing.contains(&StressMissing::Analysed), "not done is an answer");
        assert_eq!(sheet(figures(50, 0)).must_report(), Some(true));
        assert_eq!(sheet(figures(49, 0)).must_report(), Some(false));
        assert_eq!(sheet(Said::default()).must_report(), None);
    }

    #[test]
    fn r37_the_next_year_begins_with_the_workplace_and_without_figures() {
        let phone = Phone::parse("03-0000-0000").ok();
        let said = Said { phone: phone.clone(), submitted_on: Some(date(2026, 11, 1)), ..figures(100, 1) };
        assert_eq!(said.of_next_year(), Said { phone, ..Said::default() });
    }
}
