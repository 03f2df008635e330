//! The whole sheet: every field of the form with its value, and what the numbers must obey before it can be handed in (domain.md 3).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    count::Figures,
    fields::{SpecificWork, WorkplaceSettings},
    rows::FormRow,
};
use crate::organisation::OrganisationName;

/// The least number of regularly employed workers of a workplace that must report (常時50人以上).
pub const DUTY_FROM: u32 = 50;

/// A period of days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// The most days of a period: a year and its leap day.
const LONGEST: i32 = 366;

impl Period {
    /// The days from `from` to `to`: in order, and at most a year, because the report is about one year.
    #[must_use]
    pub fn new(from: Date, to: Date) -> Option<Self> {
        let days = (to - from).get_days();
        (0..LONGEST).contains(&days).then_some(Self { from, to })
    }

    /// Whether `day` lies in it.
    #[must_use]
    pub fn covers(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// Who is employed (在籍労働者数).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// What stands on the form.
    pub workers: u32,
    /// What the register counts on the day of the last checkup.
    pub registered: u32,
}

/// A sheet: what is frozen, printed and handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The name of the workplace (事業場の名称).
    pub workplace: OrganisationName,
    /// The period of the checkups (対象年, 月分).
    pub period: Period,
    /// 報告回目.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub report_number: Option<u8>,
    /// 健診年月日: the day of the last checkup; none where nobody was examined.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub examined_on: Option<Date>,
    /// 在籍労働者数.
    pub enrolled: Enrolled,
    /// 特定業務に従事する労働者数, by kind.
    pub specific_work: BTreeMap<SpecificWork, u32>,
    /// The figures.
    pub figures: Figures,
    /// What only the customer knows.
    pub settings: WorkplaceSettings,
    /// The day on which it is handed in (提出年月日).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub submitted_on: Option<Date>,
}

/// What the numbers of a sheet contradict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Violation {
    /// More have a finding in a row than were examined in it.
    FindingsAboveExamined {
        /// The row.
        row: FormRow,
    },
    /// More were examined in a row than at all.
    RowAboveExamined {
        /// The row.
        row: FormRow,
    },
    /// More were examined than are employed.
    ExaminedAboveEnrolled,
    /// More were instructed than have a finding.
    InstructedAboveFindings,
    /// Fewer have a finding than in one row alone.
    PersonsBelowARow,
    /// More have a finding than in all rows together.
    PersonsAboveRows,
    /// More do specific work of one kind than are employed.
    SpecificWorkAboveEnrolled {
        /// The kind.
        kind: SpecificWork,
    },
    /// It is handed in before the last checkup that it counts.
    SubmittedBeforeExamined,
}

impl Violation {
    /// What people read: what is wrong and what to look at.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::FindingsAboveExamined { .. } => "有所見者数が実施者数を超えています。",
            Self::RowAboveExamined { .. } => "実施者数が受診労働者数を超えています。",
            Self::ExaminedAboveEnrolled => {
                "受診労働者数が在籍労働者数を超えています。健診日以降の異動・退職、または入力した在籍労働者数を確認してください。"
            }
            Self::InstructedAboveFindings => "医師の指示人数が、所見のあった者の人数を超えています。",
            Self::PersonsBelowARow => "所見のあった者の人数が、項目別の有所見者数より少なくなっています。",
            Self::PersonsAboveRows => "所見のあった者の人数が、項目別の有所見者数の合計を超えています。",
            Self::SpecificWorkAboveEnrolled { .. } => "特定業務に従事する労働者数が在籍労働者数を超えています。",
            Self::SubmittedBeforeExamined => "提出年月日が健診年月日より前です。日付または期間を確認してください。",
        }
    }
}

/// A field of the form that has no value yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingField {
    /// 労働保険番号.
    LabourInsuranceNumber,
    /// 事業の種類.
    Business,
    /// 事業場の郵便番号.
    PostalCode,
    /// 事業場の所在地.
    Address,
    /// 事業場の電話番号.
    Phone,
    /// 健康診断実施機関.
    Institutions,
    /// 産業医.
    Physician,
    /// 事業者職氏名.
    Employer,
    /// 所轄労働基準監督署.
    Office,
}

impl Sheet {
    /// Everything that the numbers contradict: none for what has been counted here, unless the register or the customer says otherwise.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let Figures { rows, examined, with_findings, instructed, .. } = &self.figures;
        let mut found = Vec::new();
        for of in rows {
            if of.findings > of.examined {
                found.push(Violation::FindingsAboveExamined { row: of.row });
            }
            if of.examined > *examined {
                found.push(Violation::RowAboveExamined { row: of.row });
            }
        }
        let findings = || rows.iter().map(|of| of.findings);
        let sum: u64 = findings().map(u64::from).sum();
        let most = findings().max().unwrap_or(0);
        let whole = [
            (*examined > self.enrolled.workers, Violation::ExaminedAboveEnrolled),
            (instructed > with_findings, Violation::InstructedAboveFindings),
            (*with_findings < most, Violation::PersonsBelowARow),
            (u64::from(*with_findings) > sum, Violation::PersonsAboveRows),
        ];
        found.extend(whole.into_iter().filter(|(wrong, _)| *wrong).map(|(_, violation)| violation));
        let too_many = self.specific_work.iter().filter(|(_, workers)| **workers > self.enrolled.workers);
        found.extend(too_many.map(|(kind, _)| Violation::SpecificWorkAboveEnrolled { kind: *kind }));
        if self.submitted_on.zip(self.examined_on).is_some_and(|(submitted, examined)| submitted < examined) {
            found.push(Violation::SubmittedBeforeExamined);
        }
        found
    }

    /// The fields that have no value yet.
    #[must_use]
    pub fn missing(&self) -> Vec<MissingField> {
        let settings = &self.settings;
        let fields = [
            (settings.labour_insurance_number.is_none(), MissingField::LabourInsuranceNumber),
            (settings.business.is_none(), MissingField::Business),
            (settings.postal_code.is_none(), MissingField::PostalCode),
            (settings.address.is_none(), MissingField::Address),
            (settings.phone.is_none(), MissingField::Phone),
            (settings.institutions.is_empty(), MissingField::Institutions),
            (settings.physician.is_none(), MissingField::Physician),
            (settings.employer.is_none(), MissingField::Employer),
            (settings.office.is_none(), MissingField::Office),
        ];
        fields.into_iter().filter(|(missing, _)| *missing).map(|(_, field)| field).collect()
    }

    /// The year that is reported (対象年): that of the last checkup, or of the period's last day.
    #[must_use]
    pub fn target_year(&self) -> i16 {
        self.examined_on.unwrap_or(self.period.to).year()
    }

    /// Whether a workplace of this size must report at all.
    #[must_use]
    pub fn must_report(&self) -> bool {
        self.enrolled.workers >= DUTY_FROM
    }

    /// The workers in specific work of all kinds (計).
    #[must_use]
    pub fn specific_work_total(&self) -> u64 {
        self.specific_work.values().copied().map(u64::from).sum()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::{
        super::{
            count::{FindingRule, RowFigures},
            rows::form_on,
        },
        *,
    };

    type Change = fn(&mut Sheet, u32);

    fn sheet(change: impl FnOnce(&mut Sheet)) -> Sheet {
        let form = form_on(date(2026, 7, 31));
        let row = |row| RowFigures { row, examined: 90, findings: 3, without_letter: 0 };
        let mut sheet = Sheet {
            workplace: OrganisationName::parse("品川営業所").unwrap(),
            period: Period::new(date(2026, 4, 1), date(2027, 3, 31)).unwrap(),
            report_number: Some(1),
            examined_on: Some(date(2026, 7, 31)),
            enrolled: Enrolled { workers: 100, registered: 104 },
            specific_work: [(SpecificWork::NightWork, 12), (SpecificWork::Noise, 3)].into(),
            figures: Figures {
                form: form.version.to_owned(),
                rule: FindingRule::COrWorse,
                criteria: vec!["ningen-dock-2026-04-01".to_owned()],
                examined: 95,
                rows: form.rows.iter().map(|of| row(of.row)).collect(),
                with_findings: 30,
                instructed: 10,
                not_covering: 0,
            },
            settings: WorkplaceSettings::default(),
            submitted_on: Some(date(2026, 8, 20)),
        };
        change(&mut sheet);
        sheet
    }

    #[test]
    fn r37_each_inequality_of_the_form_is_watched_on_both_sides() {
        assert_eq!(sheet(|_| ()).violations(), []);
        let first = FormRow::Hearing1000;
        let night = Violation::SpecificWorkAboveEnrolled { kind: SpecificWork::NightWork };
        let bounds: [(Change, u32, u32, Violation); 7] = [
            (|s, n| s.figures.rows[0].findings = n, 30, 91, Violation::FindingsAboveExamined { row: first }),
            (|s, n| s.figures.rows[0].examined = n, 95, 96, Violation::RowAboveExamined { row: first }),
            (|s, n| s.enrolled.workers = n, 95, 94, Violation::ExaminedAboveEnrolled),
            (|s, n| s.figures.instructed = n, 30, 31, Violation::InstructedAboveFindings),
            (|s, n| s.figures.rows[0].findings = n, 30, 31, Violation::PersonsBelowARow),
            (|s, n| s.figures.with_findings = n, 39, 40, Violation::PersonsAboveRows),
            (|s, n| *s.specific_work.get_mut(&SpecificWork::NightWork).unwrap() = n, 100, 101, night),
        ];
        for (change, good, bad, violation) in bounds {
            assert_eq!(sheet(|s| change(s, good)).violations(), [], "{violation:?}");
            assert!(sheet(|s| change(s, bad)).violations().contains(&violation), "{violation:?}");
        }
    }

    #[test]
    fn r37_a_report_is_handed_in_on_the_day_of_its_last_checkup_at_the_earliest() {
        let on = |day| sheet(|s| s.submitted_on = Some(day)).violations();
        assert_eq!(on(date(2026, 7, 31)), []);
        assert_eq!(on(date(2026, 7, 30)), [Violation::SubmittedBeforeExamined]);
    }

    #[test]
    fn r37_fifty_workers_make_the_duty() {
        assert!(sheet(|s| s.enrolled.workers = 50).must_report());
        assert!(!sheet(|s| s.enrolled.workers = 49).must_report());
        assert_eq!(sheet(|_| ()).specific_work_total(), 15);
        assert_eq!(sheet(|_| ()).missing().len(), 9);
    }

    #[test]
    fn r37_a_period_is_a_year_at_most_with_its_leap_day() {
        let period = |from, to| Period::new(from, to).is_some();
        assert!(period(date(2026, 4, 1), date(2026, 4, 1)));
        assert!(period(date(2027, 4, 1), date(2028, 3, 31)), "366 days");
        assert!(!period(date(2027, 4, 1), date(2028, 4, 1)));
        assert!(!period(date(2026, 4, 2), date(2026, 4, 1)));
        let year = Period::new(date(2026, 4, 1), date(2027, 3, 31)).unwrap();
        assert!(year.covers(date(2026, 4, 1)) && year.covers(date(2027, 3, 31)) && !year.covers(date(2027, 4, 1)));
    }

    #[test]
    fn r37_a_sheet_is_kept_like_this() {
        let json = serde_json::to_string_pretty(&sheet(|s| s.figures.rows.truncate(1))).unwrap();
        assert_eq!(json, include_str!("sheet.golden.json").trim_end());
        assert_eq!(serde_json::from_str::<Sheet>(&json).unwrap(), sheet(|s| s.figures.rows.truncate(1)));
    }

    proptest! {
        #[test]
        fn r37_a_sheet_without_violations_obeys_the_inequalities(
            examined in 0_u32..50, enrolled in 0_u32..50, with_findings in 0_u32..50, instructed in 0_u32..50,
            rows in proptest::collection::vec((0_u32..50, 0_u32..50), 13),
        ) {
            let sheet = sheet(|s| {
                s.specific_work.clear();
                s.enrolled.workers = enrolled;
                (s.figures.examined, s.figures.with_findings, s.figures.instructed) = (examined, with_findings, instructed);
                for (of, (examined, findings)) in s.figures.rows.iter_mut().zip(&rows) {
                    (of.examined, of.findings) = (*examined, *findings);
                }
            });
            let obeys = rows.iter().all(|(e, f)| f <= e && *e <= examined) && examined <= enrolled && instructed <= with_findings
                && rows.iter().all(|(_, f)| *f <= with_findings) && with_findings <= rows.iter().map(|(_, f)| f).sum();
            prop_assert_eq!(sheet.violations().is_empty(), obeys);
        }
    }
}
