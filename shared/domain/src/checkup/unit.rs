//! Units as laboratories write them (単位), and by which power of ten a number in one of them becomes a number in the
//! catalogue's unit. Only units that differ by a power of ten are known here; every other conversion is a factor that a
//! tenant's layout states. Source: domain.md 2.3 and 9.4; spellings as seen in clinics' headers (confidence M).

use super::item::Item;
use crate::text;

/// What a unit measures; numbers are converted within one of these only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Cells in a volume, counted in 1/μL.
    Cells,
    /// Mass in a volume, counted in g/dL.
    Concentration,
    Length,
    Weight,
    Area,
    BodyMass,
    Enzyme,
    Pressure,
    Rate,
    Share,
    Filtration,
    Level,
}

/// Spellings in the form of [`key`], with the power of ten against the measure's own unit.
const UNITS: &[(&str, Measure, i8)] = &[
    ("/μl", Measure::Cells, 0),
    ("個/μl", Measure::Cells, 0),
    ("/mm3", Measure::Cells, 0),
    ("個/mm3", Measure::Cells, 0),
    ("百/μl", Measure::Cells, 2),
    ("102/μl", Measure::Cells, 2),
    ("102/mm3", Measure::Cells, 2),
    ("千/μl", Measure::Cells, 3),
    ("千/mm3", Measure::Cells, 3),
    ("103/μl", Measure::Cells, 3),
    ("103/mm3", Measure::Cells, 3),
    ("k/μl", Measure::Cells, 3),
    ("109/l", Measure::Cells, 3),
    ("万", Measure::Cells, 4),
    ("万/μl", Measure::Cells, 4),
    ("万/mm3", Measure::Cells, 4),
    ("104/μl", Measure::Cells, 4),
    ("104/mm3", Measure::Cells, 4),
    ("百万/μl", Measure::Cells, 6),
    ("106/μl", Measure::Cells, 6),
    ("106/mm3", Measure::Cells, 6),
    ("1012/l", Measure::Cells, 6),
    ("g/dl", Measure::Concentration, 0),
    ("g/l", Measure::Concentration, -1),
    ("mg/dl", Measure::Concentration, -3),
    ("mg/l", Measure::Concentration, -4),
    ("μg/ml", Measure::Concentration, -4),
    ("μg/dl", Measure::Concentration, -6),
    ("m", Measure::Length, 2),
    ("cm", Measure::Length, 0),
    ("mm", Measure::Length, -1),
    ("kg", Measure::Weight, 0),
    ("g", Measure::Weight, -3),
    ("cm2", Measure::Area, 0),
    ("kg/m2", Measure::BodyMass, 0),
    ("u/l", Measure::Enzyme, 0),
    ("iu/l", Measure::Enzyme, 0),
    ("mmhg", Measure::Pressure, 0),
    ("/min", Measure::Rate, 0),
    ("/分", Measure::Rate, 0),
    ("回/分", Measure::Rate, 0),
    ("拍/分", Measure::Rate, 0),
    ("bpm", Measure::Rate, 0),
    ("%", Measure::Share, 0),
    ("ml/min/1.73m2", Measure::Filtration, 0),
    ("ml/分/1.73m2", Measure::Filtration, 0),
    ("ml/min", Measure::Filtration, 0),
    ("db", Measure::Level, 0),
    ("dbhl", Measure::Level, 0),
];

/// The power of ten by which a number in the unit `written` becomes one in the unit of `item`; `None` for what is no unit of it.
#[must_use]
pub fn power(item: &Item, written: &str) -> Option<i8> {
    let (measure, power) = known(&key(item.unit()?))?;
    let (written_measure, written_power) = known(&key(written))?;
    (measure == written_measure).then(|| written_power - power)
}

fn known(key: &str) -> Option<(Measure, i8)> {
    UNITS.iter().find(|(spelling, ..)| *spelling == key).map(|&(_, measure, power)| (measure, power))
}

/// What a unit is compared by: NFKC (which also lowers a raised 3), lower case, without spaces, brackets, `^` and a leading ×.
fn key(written: &str) -> String {
    let narrow = text::narrow(written).to_lowercase();
    let plain: String =
        narrow.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '[' | ']' | '^')).collect();
    let plain = plain.trim_start_matches(['×', 'x', '*', '✕']);
    match plain.strip_suffix("/ul") {
        Some(count) => format!("{count}/μl"),
        None => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{item::ItemId, items},
        *,
    };

    fn of(item: ItemId, written: &str) -> Option<i8> {
        power(item.item(), written)
    }

    #[test]
    fn blood_counts_come_in_many_units() {
        for (item, written, expected) in [
            (items::WBC, "/μL", 0),
            (items::WBC, "/mm3", 0),
            (items::WBC, "/mm³", 0),
            (items::WBC, "10^3/μL", 3),
            (items::WBC, "×10³/μL", 3),
            (items::WBC, "（×１０＾３／ｕＬ）", 3),
            (items::WBC, "10^2/µL", 2),
            (items::RBC, "/μL", -4),
            (items::RBC, "万/μL", 0),
            (items::RBC, "×10^4/μL", 0),
            (items::RBC, "10^6/μL", 2),
            (items::RBC, "10^12/L", 2),
            (items::PLT, "10^3/μL", -1),
            (items::PLT, "万/mm3", 0),
            (items::HB, "g/L", -1),
            (items::CRP, "mg/L", -1),
            (items::HEIGHT, "m", 2),
            (items::AST, "IU/L", 0),
            (items::PULSE, "回/分", 0),
        ] {
            assert_eq!(of(item, written), Some(expected), "{item} in {written}");
        }
    }

    #[test]
    fn a_unit_of_another_measure_is_none() {
        assert_eq!(of(items::WBC, "mg/dL"), None);
        assert_eq!(of(items::HB, "μmol/L"), None);
        assert_eq!(of(items::VIS_R, "cm"), None, "an item without a unit");
    }

    #[test]
    fn every_unit_of_the_catalogue_is_known() {
        for item in ItemId::all() {
            if let Some(unit) = item.item().unit().filter(|unit| !unit.is_empty()) {
                assert_eq!(of(item, unit), Some(0), "{item}: {unit}");
            }
        }
    }
}
