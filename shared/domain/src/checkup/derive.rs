//! Values that follow from others (計算値): BMI, eGFR, non-HDL and calculated LDL cholesterol, the representative blood
//! pressure. A supplied value is never overwritten; where it differs from the computed one, that is said.

use super::{
    Subject,
    item::ItemId,
    items,
    results::{ItemResult, Results},
    value::{Comparator, Value},
};
use crate::{decimal::Decimal, employee::Sex};

/// A formula of the table.
struct Formula {
    item: ItemId,
    compute: fn(&Results, Subject) -> Option<Decimal>,
    agreement: Agreement,
}

/// How a supplied value has to agree with the computed one, not to be pointed out.
#[derive(Clone, Copy)]
enum Agreement {
    /// To the last digit: both are sums of the same whole numbers.
    Exact,
    /// Within one unit of the last place: a clinic computes with more digits than it prints.
    LastPlace,
    /// Not at all: the supplied value was measured, the computed one stands in for it.
    Independent,
}

/// The formulas, in the order of their needs. Sources: domain.md 2.3; BMI, non-HDL, Friedewald and eGFR confidence H,
/// representative blood pressure and HbA1c from JDS confidence M.
const FORMULAS: &[Formula] = &[
    formula(items::SBP, |results, _| representative(results, items::SBP_1, items::SBP_2), Agreement::Independent),
    formula(items::DBP, |results, _| representative(results, items::DBP_1, items::DBP_2), Agreement::Independent),
    formula(items::BMI, |results, _| bmi(results), Agreement::LastPlace),
    formula(items::OBESITY_RATE, |results, _| obesity_rate(results), Agreement::LastPlace),
    formula(items::NON_HDL, |results, _| non_hdl(results), Agreement::Exact),
    formula(items::LDL, |results, _| friedewald(results), Agreement::Independent),
    formula(items::EGFR, egfr, Agreement::LastPlace),
    formula(items::HBA1C, |results, _| hba1c_from_jds(results), Agreement::LastPlace),
];

const fn formula(item: ItemId, compute: fn(&Results, Subject) -> Option<Decimal>, agreement: Agreement) -> Formula {
    Formula { item, compute, agreement }
}

impl Agreement {
    fn holds(self, supplied: Decimal, computed: Decimal) -> bool {
        match self {
            Self::Exact => supplied == computed,
            Self::LastPlace => {
                let places = i8::try_from(computed.scale()).unwrap_or(0);
                (supplied.rounded(places).mantissa() - computed.mantissa()).abs() <= 1
            }
            Self::Independent => true,
        }
    }
}

/// Adds what can be computed and was not supplied. Returns the items whose supplied number disagrees with the computed one.
pub fn complete(results: &mut Results, subject: Subject) -> Vec<ItemId> {
    let mut differing = Vec::new();
    for formula in FORMULAS {
        let Some(computed) = (formula.compute)(results, subject) else { continue };
        let Some(supplied) = results.get(formula.item) else {
            results.insert(ItemResult {
                item: formula.item,
                value: Value::Number(Comparator::Exact, computed),
                raw: None,
                clinic_grade: None,
                derived: true,
            });
            continue;
        };
        if supplied.value.exact().is_some_and(|number| !formula.agreement.holds(number, computed)) {
            differing.push(formula.item);
        }
    }
    differing
}

/// 代表値: the mean of the first two readings, else the one there is.
fn representative(results: &Results, first: ItemId, second: ItemId) -> Option<Decimal> {
    match (results.exact(first), results.exact(second)) {
        (Some(first), Some(second)) => Decimal::ratio(first.mantissa() + second.mantissa(), 2, 0),
        (first, second) => second.or(first),
    }
}

/// Height in mm, weight in units of 100 g.
fn measures(results: &Results) -> Option<(i64, i64)> {
    let tenths = |item| results.exact(item).map(|number| number.rounded(1).mantissa());
    Some((tenths(items::HEIGHT)?, tenths(items::WEIGHT)?))
}

/// kg / m², half rounded up to 0.1.
fn bmi(results: &Results) -> Option<Decimal> {
    let (millimetres, hectograms) = measures(results)?;
    Decimal::ratio(hectograms * 100_000, millimetres * millimetres, 1)
}

/// (weight − 22 m²) / 22 m² × 100.
fn obesity_rate(results: &Results) -> Option<Decimal> {
    let (millimetres, hectograms) = measures(results)?;
    let standard = 22 * millimetres * millimetres;
    Decimal::ratio((hectograms * 100_000 - standard) * 100, standard, 1)
}

fn non_hdl(results: &Results) -> Option<Decimal> {
    let difference = results.exact(items::TC)?.mantissa() - results.exact(items::HDL)?.mantissa();
    (difference > 0).then(|| Decimal::new(difference, 0))
}

/// TC − HDL − TG/5, only fasting (採血時間 10 hours or more, where it is told) and below a TG of 400.
fn friedewald(results: &Results) -> Option<Decimal> {
    let fasting = results.code(items::DRAW_TIME).is_none_or(|code| code == 1);
    let triglycerides = results.exact(items::TG)?.mantissa();
    let fifths = 5 * non_hdl(results)?.mantissa() - triglycerides;
    if fasting && triglycerides < 400 && fifths > 0 { Decimal::ratio(fifths, 5, 0) } else { None }
}

/// 194 × Cr^-1.094 × age^-0.287, × 0.739 for women, from 18 years on (日本腎臓学会). The only power in the catalogue: it is
/// computed in f64 and rounded once, here, to 0.1.
fn egfr(results: &Results, subject: Subject) -> Option<Decimal> {
    if subject.age < 18 {
        return None;
    }
    let creatinine = f64::from(i32::try_from(results.exact(items::CRE)?.rounded(2).mantissa()).ok()?) / 100.0;
    let sex = if subject.table_sex() == Sex::Female { 0.739 } else { 1.0 };
    let rate = 194.0 * creatinine.powf(-1.094) * f64::from(subject.age).powf(-0.287) * sex;
    #[expect(clippy::cast_possible_truncation, reason = "a creatinine of 0.1 to 20 gives tenths between 10 and 50,000")]
    let tenths = (rate * 10.0).round() as i64;
    Some(Decimal::new(tenths, 1))
}

fn hba1c_from_jds(results: &Results) -> Option<Decimal> {
    Some(Decimal::new(results.exact(items::HBA1C_JDS)?.rounded(1).mantissa() + 4, 1))
}

#[cfg(test)]
mod tests {
    use super::{super::value::read, *};

    fn completed(cells: &[(ItemId, &str)], sex: Sex, age: u8) -> (Results, Vec<ItemId>) {
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        let differing = complete(&mut results, Subject { sex, age });
        (results, differing)
    }

    fn shown(results: &Results, item: ItemId) -> Option<String> {
        results.exact(item).map(|number| number.to_string())
    }

    #[test]
    fn egfr_follows_the_formula_of_the_society() {
        for (creatinine, age, sex, expected) in
            [("1.00", 50, Sex::Male, "63.1"), ("0.70", 50, Sex::Female, "68.9"), ("1.30", 65, Sex::Male, "43.9")]
        {
            let (results, _) = completed(&[(items::CRE, creatinine)], sex, age);
            assert_eq!(shown(&results, items::EGFR).as_deref(), Some(expected));
            assert!(results.get(items::EGFR).unwrap().derived);
        }
        assert_eq!(shown(&completed(&[(items::CRE, "0.70")], Sex::Male, 17).0, items::EGFR), None);
    }

    #[test]
    fn bmi_is_rounded_half_up_and_a_differing_one_is_kept_and_told() {
        let measured = [(items::HEIGHT, "171.9"), (items::WEIGHT, "64.6")];
        let (results, differing) = completed(&measured, Sex::Male, 40);
        assert_eq!((shown(&results, items::BMI).as_deref(), differing.as_slice()), (Some("21.9"), [].as_slice()));
        assert_eq!(shown(&results, items::OBESITY_RATE).as_deref(), Some("-0.6"));
        let supplied = |bmi| completed(&[measured[0], measured[1], (items::BMI, bmi)], Sex::Male, 40);
        assert_eq!(supplied("22.0").1, [], "a clinic rounds unrounded measures");
        assert_eq!(supplied("22.1").1, [items::BMI]);
        let (results, differing) = supplied("22.9");
        assert_eq!(
            (shown(&results, items::BMI).as_deref(), differing.as_slice()),
            (Some("22.9"), [items::BMI].as_slice())
        );
    }

    #[test]
    fn ldl_is_calculated_only_fasting_and_below_400() {
        let lipids = |triglycerides, more: &[(ItemId, &str)]| {
            let cells = [&[(items::TC, "220"), (items::HDL, "55"), (items::TG, triglycerides)], more].concat();
            shown(&completed(&cells, Sex::Male, 40).0, items::LDL)
        };
        assert_eq!(lipids("152", &[]).as_deref(), Some("135"), "165 - 30.4 = 134.6");
        assert_eq!(lipids("400", &[]), None);
        assert_eq!(lipids("150", &[(items::DRAW_TIME, "2")]), None);
        assert_eq!(lipids("150", &[(items::LDL, "100")]).as_deref(), Some("100"), "measured wins");
    }

    #[test]
    fn the_representative_pressure_is_the_mean_of_two() {
        let both = [(items::SBP_1, "141"), (items::SBP_2, "138"), (items::DBP_1, "90")];
        let (results, _) = completed(&both, Sex::Male, 40);
        assert_eq!(
            (shown(&results, items::SBP).as_deref(), shown(&results, items::DBP).as_deref()),
            (Some("140"), Some("90"))
        );
        let (results, _) = completed(&[both[0], both[1], (items::SBP, "136")], Sex::Male, 40);
        assert_eq!(shown(&results, items::SBP).as_deref(), Some("136"), "「その他」 wins");
    }

    #[test]
    fn the_old_japanese_hba1c_is_converted() {
        assert_eq!(
            shown(&completed(&[(items::HBA1C_JDS, "5.2")], Sex::Male, 40).0, items::HBA1C).as_deref(),
            Some("5.6")
        );
    }
}
