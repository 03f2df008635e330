//! Whom the report counts, and in which row: one checkup per person (the later one), examined and with a finding per row, persons with a finding, persons that a physician gave an instruction.
//!
//! | figure | rule |
//! | --- | --- |
//! | population | kinds that the form counts, of the workplace on the day of the checkup, within the period; a comprehensive checkup (人間ドック) where it covers the statutory items |
//! | examined | a value of at least one of the row's items |
//! | finding | the worst letter of those items reaches the tenant's [`FindingRule`], one of them is at a value of R where the rule says so, or the row is under treatment |
//! | persons with findings | distinct persons with a finding in any row |
//! | persons instructed | of those, the overall letter D of the statutory items, or the clinic's own 要精密検査, 要医療, 要治療 |
//!
//! The report is about the statutory items alone: what others say must not shine through a figure of a small workplace. The clinic's word is a physician's instruction and counts as one.
//! Nothing is lost silently: values without a letter and comprehensive checkups that cover too little are counted beside the figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::Arc,
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use super::rows::{FormRow, FormVersion, RowDefinition, RowSet};
use crate::checkup::{
    grade::{ClinicGrade, Grade},
    item::ItemId,
    judge::Treatment,
    kind::CheckupKind,
    screening,
    stored::StoredResults,
    value::{Missing, Value},
};

/// When a row has a finding (有所見). The law does not fix it: the tenant says, and the sheet prints it. The set of domain.md 3 is C, D, E and R: treatment (E) is a finding by every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingRule {
    /// C and D, and R whatever letter there is: the set of domain.md 3.
    #[default]
    COrWorseOrRestriction,
    /// C and D: what most offices use.
    COrWorse,
    /// B as well.
    BOrWorse,
    /// B as well, and R whatever letter there is.
    BOrWorseOrRestriction,
}

impl FindingRule {
    /// All, as they can be chosen.
    pub const ALL: [Self; 4] =
        [Self::COrWorseOrRestriction, Self::COrWorse, Self::BOrWorse, Self::BOrWorseOrRestriction];

    /// The letter that it begins with.
    #[must_use]
    pub const fn from(self) -> Grade {
        match self {
            Self::COrWorse | Self::COrWorseOrRestriction => Grade::C,
            Self::BOrWorse | Self::BOrWorseOrRestriction => Grade::B,
        }
    }

    /// Whether a value from which on restriction of work is considered (R, domain.md 2.7) is a finding, also where the criteria have a better letter for it, or none.
    #[must_use]
    pub const fn with_restriction(self) -> bool {
        matches!(self, Self::COrWorseOrRestriction | Self::BOrWorseOrRestriction)
    }

    /// What the sheet prints.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::COrWorseOrRestriction => {
                "項目の判定がC（要再検査・生活改善）以上、就業制限の検討（R）に該当、または治療中の者を有所見者としています。"
            }
            Self::COrWorse => "項目の判定がC（要再検査・生活改善）以上、または治療中の者を有所見者としています。",
            Self::BOrWorse => "項目の判定がB（軽度異常）以上、または治療中の者を有所見者としています。",
            Self::BOrWorseOrRestriction => {
                "項目の判定がB（軽度異常）以上、就業制限の検討（R）に該当、または治療中の者を有所見者としています。"
            }
        }
    }
}

/// What one checkup counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// The rows that it has a value for.
    pub examined: RowSet,
    /// The rows with a finding; all of them examined.
    pub findings: RowSet,
    /// The rows with a value to which the criteria give no letter.
    pub without_letter: RowSet,
    /// A physician gave an instruction; only with a finding.
    pub instructed: bool,
}

impl Counted {
    /// What a checkup counts in.
    #[must_use]
    pub fn of(results: &StoredResults, form: &FormVersion, rule: FindingRule) -> Self {
        Self::as_seen(results, form, rule, true)
    }

    /// What it counts in as far as somebody sees it who does not see the `whole`: without what items beyond the statutory ones and the clinic's overall word say.
    #[must_use]
    pub fn as_seen(results: &StoredResults, form: &FormVersion, rule: FindingRule, whole: bool) -> Self {
        let mut counted = Self::default();
        for of in form.rows {
            match outcome(results, of, rule, whole) {
                Outcome::NotExamined => continue,
                Outcome::Finding => counted.findings.insert(of.row),
                Outcome::WithoutLetter => counted.without_letter.insert(of.row),
                Outcome::NoFinding => {}
            }
            counted.examined.insert(of.row);
        }
        let by_us = results.judgement.visible(is_statutory).overall == Some(Grade::D);
        let by_clinic = results.clinic_overall.as_ref().and_then(ClinicGrade::grade) == Some(Grade::D);
        counted.instructed = (by_us || (whole && by_clinic)) && !counted.findings.is_empty();
        counted
    }

    /// Whether it counts in a figure.
    #[must_use]
    pub fn is_in(&self, figure: Figure) -> bool {
        match figure {
            Figure::Examined => true,
            Figure::WithFindings => !self.findings.is_empty(),
            Figure::Instructed => self.instructed,
            Figure::Row(row, RowFigure::Examined) => self.examined.contains(row),
            Figure::Row(row, RowFigure::Findings) => self.findings.contains(row),
            Figure::Row(row, RowFigure::WithoutLetter) => self.without_letter.contains(row),
        }
    }
}

fn is_statutory(item: ItemId) -> bool {
    item.item().statutory.is_some()
}

/// A figure of the report: what somebody asks for who wants to know the people behind it. Written `examined`, `with_findings`, `instructed`, or a row and one of its figures:
/// `blood_pressure.findings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// 受診労働者数.
    Examined,
    /// 所見のあった者の人数.
    WithFindings,
    /// 医師の指示人数.
    Instructed,
    /// A figure of a row.
    Row(FormRow, RowFigure),
}

/// A figure of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowFigure {
    /// 実施者数.
    Examined,
    /// 有所見者数.
    Findings,
    /// A value to which the criteria give no letter.
    WithoutLetter,
}

/// The text names no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no figure of the report")]
pub struct NoFigure;

impl FromStr for Figure {
    type Err = NoFigure;

    fn from_str(text: &str) -> Result<Self, NoFigure> {
        match text {
            "examined" => return Ok(Self::Examined),
            "with_findings" => return Ok(Self::WithFindings),
            "instructed" => return Ok(Self::Instructed),
            _ => {}
        }
        let (row, figure) = text.split_once('.').ok_or(NoFigure)?;
        let row = FormRow::deserialize(named(row)).map_err(|_| NoFigure)?;
        let figure = RowFigure::deserialize(named(figure)).map_err(|_| NoFigure)?;
        Ok(Self::Row(row, figure))
    }
}

fn named(name: &str) -> StrDeserializer<'_, serde::de::value::Error> {
    StrDeserializer::new(name)
}

enum Outcome {
    NotExamined,
    NoFinding,
    WithoutLetter,
    Finding,
}

fn outcome(results: &StoredResults, of: &RowDefinition, rule: FindingRule, whole: bool) -> Outcome {
    let has = |item: &ItemId| has_value(results, *item);
    let stand_in = of.stand_in.filter(|(_, without)| !has(without)).map(|(item, _)| item);
    let items: Vec<ItemId> = of.items.iter().copied().chain(stand_in).filter(has).collect();
    if items.is_empty() {
        return Outcome::NotExamined;
    }
    let worst = items.iter().filter_map(|item| results.judgement.item(*item)).map(|graded| graded.grade).max();
    let speaks_of_row =
        |treatment: &&Treatment| of.treated == Some(treatment.category) || items.contains(&treatment.told_by);
    let mut treatments = results.judgement.treatments.iter().filter(speaks_of_row);
    let treated = treatments.any(|treatment| whole || is_statutory(treatment.told_by));
    let restricts =
        rule.with_restriction() && screening::considers_restriction(&results.results, |item| items.contains(&item));
    match worst {
        Some(grade) if grade >= rule.from() => Outcome::Finding,
        _ if treated || restricts => Outcome::Finding,
        Some(_) => Outcome::NoFinding,
        None => Outcome::WithoutLetter,
    }
}

fn has_value(results: &StoredResults, item: ItemId) -> bool {
    results.results.get(item).is_some_and(|result| !matches!(result.value, Value::Missing(_)))
}

/// Whether the form counts a checkup of this kind with these results. A comprehensive or an insurer's checkup counts where each of the statutory items 1 to 11 has a value, or was left out by
/// a physician (domain.md 2.1).
#[must_use]
pub fn counts(kind: CheckupKind, results: &StoredResults) -> bool {
    let covers = |number: u8| {
        results.results.iter().any(|result| {
            let left_out = matches!(result.value, Value::Missing(Missing::Omitted));
            let there = left_out || !matches!(result.value, Value::Missing(_));
            there && result.item.item().statutory == Some(number)
        })
    };
    kind.in_form_6() || (may_stand_for_periodic(kind) && (1..=11).all(covers))
}

/// Whether checkups of this kind can count at all.
#[must_use]
pub fn may_count(kind: CheckupKind) -> bool {
    kind.in_form_6() || may_stand_for_periodic(kind)
}

const fn may_stand_for_periodic(kind: CheckupKind) -> bool {
    matches!(kind, CheckupKind::Dock | CheckupKind::Tokutei)
}

/// The checkup that a person is counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution<C> {
    /// Which one.
    pub checkup: C,
    /// Its day.
    pub examined_on: Date,
    /// What it counts in.
    pub counted: Counted,
    /// The criteria that judged it.
    pub criteria: Arc<str>,
}

/// Those who are counted, each by one checkup. `P` names people, `C` checkups.
#[derive(Debug, Clone)]
pub struct Population<P, C> {
    form: &'static FormVersion,
    rule: FindingRule,
    people: BTreeMap<P, Contribution<C>>,
    criteria: BTreeSet<Arc<str>>,
    not_covering: u32,
}

impl<P: Ord, C: Ord> Population<P, C> {
    /// Nobody yet, to be counted by this edition and this rule.
    #[must_use]
    pub const fn new(form: &'static FormVersion, rule: FindingRule) -> Self {
        Self { form, rule, people: BTreeMap::new(), criteria: BTreeSet::new(), not_covering: 0 }
    }

    /// Considers a checkup of the workplace and the period: of two of one person the later counts, and of two on one day the one with the greater id, so that the order in which they come makes
    /// no difference.
    pub fn consider(&mut self, person: P, checkup: C, examined_on: Date, kind: CheckupKind, results: &StoredResults) {
        if !counts(kind, results) {
            self.not_covering += u32::from(may_count(kind));
            return;
        }
        let later = |before: &Contribution<C>| (before.examined_on, &before.checkup) >= (examined_on, &checkup);
        if self.people.get(&person).is_some_and(later) {
            return;
        }
        let version = &results.judgement.criteria_version;
        // One copy of the name for everybody.
        let criteria = self.criteria.get(version).unwrap_or(version).clone();
        self.criteria.insert(Arc::clone(&criteria));
        let counted = Counted::of(results, self.form, self.rule);
        self.people.insert(person, Contribution { checkup, examined_on, counted, criteria });
    }

    /// Who is counted by which checkup.
    pub fn iter(&self) -> impl Iterator<Item = (&P, &Contribution<C>)> {
        self.people.iter()
    }

    /// The day of the last checkup (健診年月日, where several days are summed up).
    #[must_use]
    pub fn last_day(&self) -> Option<Date> {
        self.people.values().map(|contribution| contribution.examined_on).max()
    }

    /// The figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let many = |is: &dyn Fn(&Counted) -> bool| count(self.people.values().filter(|one| is(&one.counted)));
        let row = |row: FormRow| RowFigures {
            row,
            examined: many(&|one| one.examined.contains(row)),
            findings: many(&|one| one.findings.contains(row)),
            without_letter: many(&|one| one.without_letter.contains(row)),
        };
        let criteria: BTreeSet<&Arc<str>> = self.people.values().map(|contribution| &contribution.criteria).collect();
        Figures {
            form: self.form.version.to_owned(),
            rule: self.rule,
            criteria: criteria.into_iter().map(ToString::to_string).collect(),
            examined: count(self.people.values()),
            rows: self.form.rows.iter().map(|of| row(of.row)).collect(),
            with_findings: many(&|one| !one.findings.is_empty()),
            instructed: many(&|one| one.instructed),
            not_covering: self.not_covering,
        }
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

/// The figures of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The edition of the form.
    pub form: String,
    /// From which letter on there is a finding.
    pub rule: FindingRule,
    /// The criteria that judged the checkups.
    pub criteria: Vec<String>,
    /// 受診労働者数.
    pub examined: u32,
    /// Per row.
    pub rows: Vec<RowFigures>,
    /// 所見のあった者の人数.
    pub with_findings: u32,
    /// 医師の指示人数.
    pub instructed: u32,
    /// Comprehensive checkups that cover too little to be counted.
    pub not_covering: u32,
}

/// The figures of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFigures {
    /// The row.
    pub row: FormRow,
    /// 実施者数.
    pub examined: u32,
    /// 有所見者数.
    pub findings: u32,
    /// Of the examined, those with a value to which the criteria give no letter.
    pub without_letter: u32,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::{collection::vec, prelude::*};

    use super::{super::rows::form_on, *};
    use crate::{
        checkup::{Subject, items, results::Results, standard, value::read},
        employee::Sex,
    };

    fn checkup(cells: &[(ItemId, &str)], clinic: Option<&str>) -> StoredResults {
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        let subject = Subject { sex: Sex::Male, age: 50 };
        let overall = clinic.and_then(ClinicGrade::read);
        StoredResults::judged(results, overall, subject, &standard::criteria().unwrap()).0
    }

    fn counted(cells: &[(ItemId, &str)], rule: FindingRule) -> Counted {
        Counted::of(&checkup(cells, None), form_on(date(2026, 7, 1)), rule)
    }

    fn rows(set: RowSet) -> Vec<FormRow> {
        FormRow::ALL.into_iter().filter(|row| set.contains(*row)).collect()
    }

    #[test]
    fn r37_the_worse_of_both_pressures_decides() {
        for (sbp, dbp, c, b) in [
            ("129", "84", false, false),
            ("139", "84", false, true),
            ("129", "90", true, true),
            ("140", "84", true, true),
        ] {
            let cells = [(items::SBP, sbp), (items::DBP, dbp)];
            for (rule, expected) in [(FindingRule::COrWorse, c), (FindingRule::BOrWorse, b)] {
                assert_eq!(
                    counted(&cells, rule).findings.contains(FormRow::BloodPressure),
                    expected,
                    "{sbp}/{dbp} {rule:?}"
                );
            }
        }
    }

    #[test]
    fn r37_non_hdl_counts_only_where_ldl_is_missing() {
        let c = FindingRule::COrWorse;
        let with_ldl = [(items::LDL, "119"), (items::NON_HDL, "170"), (items::HDL, "60")];
        assert_eq!(rows(counted(&with_ldl, c).findings), []);
        assert_eq!(rows(counted(&with_ldl[1..], c).findings), [FormRow::Lipids]);
        let not_done = [(items::LDL, "実施せず"), (items::NON_HDL, "170")];
        assert_eq!(rows(counted(&not_done, c).findings), [FormRow::Lipids]);
        assert_eq!(rows(counted(&[(items::NON_HDL, "169")], c).examined), [FormRow::Lipids]);
    }

    #[test]
    fn r37_sugar_is_examined_by_any_of_its_three_values() {
        let c = FindingRule::COrWorse;
        assert_eq!(rows(counted(&[(items::HBA1C, "5.9")], c).examined), [FormRow::Glucose]);
        assert_eq!(rows(counted(&[(items::HBA1C, "6.0")], c).findings), [FormRow::Glucose]);
        assert_eq!(rows(counted(&[(items::FPG, "109"), (items::HBA1C, "5.5")], c).findings), []);
        assert_eq!(rows(counted(&[(items::FPG, "110"), (items::HBA1C, "5.5")], c).findings), [FormRow::Glucose]);
        let casual = counted(&[(items::GLU_CASUAL, "250")], c);
        assert_eq!(
            (rows(casual.examined), rows(casual.without_letter)),
            (vec![FormRow::Glucose], vec![FormRow::Glucose]),
            "the criteria have no letter for it: said, not lost"
        );
    }

    #[test]
    fn r37_a_value_of_r_is_a_finding_where_the_rule_says_so_also_without_a_letter_domain_2_7() {
        let with_r = FindingRule::default();
        for (cell, found) in [("299", false), ("300", true)] {
            let cells = [(items::GLU_CASUAL, cell)];
            for rule in FindingRule::ALL {
                let counted = counted(&cells, rule);
                let expected = found && rule.with_restriction();
                assert_eq!(counted.findings.contains(FormRow::Glucose), expected, "{cell} {rule:?}");
                assert_eq!(counted.without_letter.contains(FormRow::Glucose), !expected, "{cell} {rule:?}");
            }
        }
        // Creatinine is no row of this edition, and makes none of another.
        assert_eq!(rows(counted(&[(items::CRE, "2.50"), (items::AST, "20")], with_r).findings), []);
        assert_eq!(rows(counted(&[(items::ALT, "≧150")], with_r).findings), [FormRow::Liver]);
    }

    #[test]
    fn r37_what_was_not_done_was_not_examined_and_other_items_are_no_rows() {
        let cells = [
            (items::HB, "測定不能"),
            (items::ECG, "実施せず"),
            (items::AST, "省略"),
            (items::HEIGHT, "170"),
            (items::BMI, "31.0"),
            (items::VIS_R, "0.1"),
            (items::UA, "9.5"),
        ];
        let counted = counted(&cells, FindingRule::BOrWorse);
        assert_eq!(counted, Counted::default(), "and without a finding in a row nobody is counted as instructed");
    }

    #[test]
    fn r37_treatment_is_a_finding_of_an_examined_row_alone() {
        let c = FindingRule::COrWorse;
        let history = (items::HISTORY, "高血圧治療中");
        assert_eq!(rows(counted(&[(items::SBP, "118"), history], c).findings), [FormRow::BloodPressure]);
        assert_eq!(rows(counted(&[history], c).findings), []);
        assert_eq!(rows(counted(&[(items::ECG, "ペースメーカー調律")], c).findings), [FormRow::Ecg]);
        assert_eq!(
            rows(counted(&[(items::CXR, "治療中"), (items::SPUTUM, "異常なし")], c).findings),
            [FormRow::ChestXray]
        );
    }

    #[test]
    fn r37_the_instructed_have_a_finding_and_d_or_the_clinics_word() {
        let form = form_on(date(2026, 7, 1));
        let instructed = |cells: &[(ItemId, &str)], clinic| {
            Counted::of(&checkup(cells, clinic), form, FindingRule::COrWorse).instructed
        };
        assert!(instructed(&[(items::SBP, "160")], None));
        assert!(!instructed(&[(items::SBP, "159")], None));
        for word in ["要精密検査", "要医療", "要治療", "D"] {
            assert!(instructed(&[(items::SBP, "140")], Some(word)), "{word}");
            assert!(!instructed(&[(items::SBP, "120")], Some(word)), "{word}: no finding in a row");
        }
        assert!(!instructed(&[(items::SBP, "140")], Some("要経過観察")));
        let both = [(items::U_PRO, "(+)"), (items::U_OB, "(+)")];
        assert!(!instructed(&both, None), "D comes from an item that is not statutory and must not shine through");
        assert!(!instructed(&[(items::SBP, "140"), (items::UA, "9.0")], None), "nor that of uric acid");
    }

    #[test]
    fn r37_whoever_does_not_see_the_whole_sees_nobody_by_what_they_may_not_see() {
        let form = form_on(date(2026, 7, 1));
        let seen = |results: &StoredResults, whole| Counted::as_seen(results, form, FindingRule::COrWorse, whole);
        let treated = checkup(&[(items::SBP, "118"), (items::MED_BP, "はい")], None);
        let of_row = "blood_pressure.findings".parse().unwrap();
        assert!(seen(&treated, true).is_in(of_row) && !seen(&treated, false).is_in(of_row));
        let sent = checkup(&[(items::SBP, "140")], Some("要精密検査"));
        assert!(seen(&sent, true).is_in(Figure::Instructed) && !seen(&sent, false).is_in(Figure::Instructed));
    }

    #[test]
    fn r37_figures_have_names() {
        let figure = |text: &str| text.parse::<Figure>();
        assert_eq!(figure("with_findings"), Ok(Figure::WithFindings));
        assert_eq!(figure("hearing_1000.examined"), Ok(Figure::Row(FormRow::Hearing1000, RowFigure::Examined)));
        assert_eq!(figure("ecg.without_letter"), Ok(Figure::Row(FormRow::Ecg, RowFigure::WithoutLetter)));
        for wrong in ["", "ecg", "ecg.", "height.examined", "ecg.examined.x", "Examined"] {
            assert_eq!(figure(wrong), Err(NoFigure), "{wrong}");
        }
    }

    #[test]
    fn r37_a_comprehensive_checkup_counts_where_it_covers_the_items() {
        let all = [
            (items::HISTORY, "なし"),
            (ItemId::from_key("subj").unwrap(), "なし"),
            (items::HEIGHT, "170"),
            (items::CXR, "異常なし"),
            (items::SBP, "120"),
            (items::HB, "14.0"),
            (items::AST, "20"),
            (items::LDL, "100"),
            (items::FPG, "90"),
            (items::U_PRO, "(-)"),
            (items::ECG, "省略"),
        ];
        assert!(counts(CheckupKind::Dock, &checkup(&all, None)));
        for at in 0..all.len() {
            let mut without = all.to_vec();
            without.remove(at);
            assert!(!counts(CheckupKind::Tokutei, &checkup(&without, None)), "without {}", all[at].0);
            assert!(counts(CheckupKind::Periodic, &checkup(&without, None)));
        }
        for kind in [CheckupKind::Hire, CheckupKind::Lead, CheckupKind::Secondary] {
            assert!(!counts(kind, &checkup(&all, None)), "{kind:?}");
        }
    }

    type People = Population<u8, u32>;

    fn nobody() -> People {
        Population::new(form_on(date(2026, 7, 1)), FindingRule::COrWorse)
    }

    fn consider(population: &mut People, person: u8, id: u32, day: i8, results: &StoredResults) {
        population.consider(person, id, date(2026, 7, day), CheckupKind::Periodic, results);
    }

    #[test]
    fn r37_of_two_checkups_of_a_person_the_later_counts_in_whichever_order_they_come() {
        let (well, ill) = (checkup(&[(items::SBP, "120")], None), checkup(&[(items::SBP, "170")], None));
        let (mut one, mut other) = (nobody(), nobody());
        consider(&mut one, 1, 7, 1, &ill);
        consider(&mut one, 1, 8, 2, &well);
        consider(&mut other, 1, 8, 2, &well);
        consider(&mut other, 1, 7, 1, &ill);
        for population in [one, other] {
            let figures = population.figures();
            assert_eq!((figures.examined, figures.with_findings), (1, 0));
            assert_eq!(population.last_day(), Some(date(2026, 7, 2)));
        }
        let mut same_day = nobody();
        consider(&mut same_day, 1, 9, 1, &ill);
        consider(&mut same_day, 1, 8, 1, &well);
        assert_eq!(same_day.iter().next().unwrap().1.checkup, 9);
    }

    #[test]
    fn a_comprehensive_checkup_that_covers_too_little_is_said_and_not_counted() {
        let mut population = nobody();
        let little = checkup(&[(items::SBP, "170")], None);
        population.consider(1, 1, date(2026, 7, 1), CheckupKind::Dock, &little);
        population.consider(2, 2, date(2026, 7, 1), CheckupKind::Hire, &little);
        let figures = population.figures();
        assert_eq!((figures.examined, figures.not_covering), (0, 1));
    }

    fn any_checkup() -> impl Strategy<Value = StoredResults> {
        let some = |item: ItemId, cells: &'static [&'static str]| {
            proptest::option::of(proptest::sample::select(cells)).prop_map(move |cell| cell.map(|cell| (item, cell)))
        };
        let cells = (
            some(items::SBP, &["110", "135", "150", "180", "測定不能"]),
            some(items::HB, &["14.0", "12.5", "11.0"]),
            some(items::LDL, &["100", "130", "150", "190", "実施せず"]),
            some(items::U_PRO, &["(-)", "(±)", "(2+)"]),
            some(items::ECG, &["異常なし", "心房細動", "ペースメーカー調律", "省略"]),
            some(items::HEAR_R4K, &["30", "35", "45", "所見あり"]),
            some(items::GLU_CASUAL, &["90", "310"]),
            some(items::UA, &["5.0", "9.9"]),
        );
        cells.prop_map(|(a, b, c, d, e, f, g, h)| {
            checkup(&[a, b, c, d, e, f, g, h].into_iter().flatten().collect::<Vec<_>>(), None)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn r37_the_inequalities_of_the_form_hold_for_any_checkups(
            found in vec((0_u8..12, 1_i8..28, any_checkup()), 0..40),
        ) {
            let mut population = nobody();
            for (id, (person, day, results)) in (0_u32..).zip(&found) {
                consider(&mut population, *person, id, *day, results);
            }
            let figures = population.figures();
            for row in &figures.rows {
                prop_assert!(row.findings + row.without_letter <= row.examined && row.examined <= figures.examined);
            }
            let findings = figures.rows.iter().map(|row| row.findings);
            prop_assert!(figures.instructed <= figures.with_findings && figures.with_findings <= figures.examined);
            prop_assert!(findings.clone().max().unwrap() <= figures.with_findings);
            prop_assert!(figures.with_findings <= findings.sum());
            for (_, one) in population.iter() {
                prop_assert!(one.counted.findings.is_within(one.counted.examined));
            }
        }

        #[test]
        fn r37_whoever_has_a_finding_by_c_has_one_by_b(results in any_checkup()) {
            let form = form_on(date(2026, 7, 1));
            let by_c = Counted::of(&results, form, FindingRule::COrWorse);
            let by_b = Counted::of(&results, form, FindingRule::BOrWorse);
            prop_assert!(by_c.findings.is_within(by_b.findings) && by_c.examined == by_b.examined);
        }
    }
}
