//! Results that somebody enters one by one instead of in the columns of a file: the same reader, the same plausibility, and every fault at once with its place.

use std::borrow::Cow;

use super::{PRESSURES, Says, ValueColumn, bare_finding, fault_code};
use crate::{
    checkup::{
        grade::ClinicGrade,
        item::{ItemId, ItemSet},
        results::Results,
        value,
    },
    intake::FaultCode,
    text,
};

/// One result as it is entered.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The item's key.
    pub item: &'a str,
    /// What a cell of a file would hold; none takes the result away.
    pub value: Option<Cow<'a, str>>,
    /// How the clinic wrote it, where that is kept apart.
    pub raw: Option<&'a str>,
    /// The clinic's grade.
    pub grade: Option<&'a str>,
}

/// Something wrong, or to be looked at, at a place of what was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// A JSON pointer within the list: `/0/value`.
    pub at: String,
    /// A stable code.
    pub code: &'static str,
    /// What to do.
    pub detail: &'static str,
}

/// What was entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entered {
    /// The results.
    pub results: Results,
    /// Items whose result goes.
    pub cleared: ItemSet,
    /// What somebody should look at.
    pub warnings: Vec<Placed>,
}

/// Reads what was entered, or tells everything that is wrong with it. Results can be taken away only where `may_clear`.
pub fn entered(entries: &[Entry<'_>], may_clear: bool) -> Result<Entered, Vec<Placed>> {
    let mut read = Reading { entered: Entered::default(), seen: ItemSet::default(), faults: Vec::new(), may_clear };
    for (index, entry) in entries.iter().enumerate() {
        read.entry(index, entry);
    }
    for (systolic, diastolic) in PRESSURES {
        let results = &read.entered.results;
        if let (Some(upper), Some(lower)) = (results.exact(systolic), results.exact(diastolic))
            && lower >= upper
        {
            let index = entries.iter().position(|entry| entry.item == diastolic.item().key);
            let at = index.map_or_else(String::new, |index| format!("/{index}/value"));
            read.faults.push(placed(at, FaultCode::DiastolicNotBelowSystolic));
        }
    }
    if read.faults.is_empty() { Ok(read.entered) } else { Err(read.faults) }
}

fn placed(at: String, code: FaultCode) -> Placed {
    Placed { at, code: code.as_str(), detail: code.detail() }
}

struct Reading {
    entered: Entered,
    seen: ItemSet,
    faults: Vec<Placed>,
    may_clear: bool,
}

impl Reading {
    fn entry(&mut self, index: usize, entry: &Entry<'_>) {
        let Ok(item) = entry.item.parse::<ItemId>() else {
            let detail = "健診項目の一覧（GET /v1/checkups/items）にあるキーを指定してください。";
            self.faults.push(Placed { at: format!("/{index}/item"), code: "unknown_item", detail });
            return;
        };
        if self.seen.contains(item) {
            let detail = "同じ項目が2回以上指定されています。1つにまとめてください。";
            self.faults.push(Placed { at: format!("/{index}/item"), code: "duplicate_item", detail });
            return;
        }
        self.seen.insert(item);
        let written = entry.value.as_deref().map(text::trim).filter(|written| !written.is_empty());
        match written {
            Some(written) => self.value(index, item, written, entry.raw),
            None if self.may_clear && entry.value.is_none() => self.entered.cleared.insert(item),
            None => self.faults.push(placed(format!("/{index}/value"), FaultCode::Required)),
        }
        if let Some(grade) = entry.grade.and_then(ClinicGrade::read) {
            if matches!(grade, ClinicGrade::Other(_)) {
                self.entered.warnings.push(placed(format!("/{index}/grade"), FaultCode::ClinicGradeUnknown));
            }
            self.entered.results.set_clinic_grade(item, grade);
        }
    }

    fn value(&mut self, index: usize, item: ItemId, written: &str, raw: Option<&str>) {
        let at = || format!("/{index}/value");
        let column = ValueColumn { item, column: 0, says: Says::Nothing, factor: None };
        let mut reading = match column.read(written, &mut self.entered.results) {
            Ok(Some(reading)) => reading,
            Ok(None) => return,
            Err(fault) => return self.faults.push(placed(at(), fault_code(fault))),
        };
        if reading.rescaled {
            self.entered.warnings.push(placed(at(), FaultCode::UnitConverted));
        }
        if bare_finding(item, &reading.value) {
            self.entered.warnings.push(placed(at(), FaultCode::FindingWithoutWords));
        }
        if let Some(raw) = raw.map(text::trim).filter(|raw| !raw.is_empty()) {
            if !value::can_be_kept(raw) {
                return self.faults.push(placed(format!("/{index}/raw"), FaultCode::TextUnfit));
            }
            reading.raw = (reading.value.japanese(item) != raw).then(|| raw.into());
        }
        self.entered.results.insert_reading(item, reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::items;

    fn entry<'a>(item: &'a str, value: &'a str) -> Entry<'a> {
        Entry { item, value: Some(value.into()), raw: None, grade: None }
    }

    fn wrong(entries: &[Entry<'_>]) -> Vec<(String, &'static str)> {
        entered(entries, false).unwrap_err().into_iter().map(|it| (it.at, it.code)).collect()
    }

    #[test]
    fn r34_what_is_entered_is_read_like_a_cell_of_a_file() {
        let read = entered(
            &[
                entry("sbp", "１２７"),
                entry("u_pro", "1+"),
                entry("vis_r", "0.7(1.2)"),
                entry("wbc", "5.6"),
                Entry { raw: Some("0.10未満"), grade: Some("要観察"), ..entry("crp", "<0.10") },
            ],
            false,
        )
        .unwrap();
        let shown = |item| read.results.get(item).unwrap().value.japanese(item).into_owned();
        assert_eq!(
            [items::SBP, items::U_PRO, items::VISC_R, items::WBC, items::CRP].map(shown),
            ["127", "(+)", "1.20", "5600", "<0.10"]
        );
        let crp = read.results.get(items::CRP).unwrap();
        assert_eq!((crp.raw.as_deref(), crp.clinic_grade.as_ref().unwrap().as_str()), (Some("0.10未満"), "要観察"));
        let warnings: Vec<_> = read.warnings.iter().map(|it| (it.at.as_str(), it.code)).collect();
        assert_eq!(warnings, [("/3/value", "unit_converted"), ("/4/grade", "clinic_grade_unknown")]);
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let long = "あ".repeat(513);
        let entries = [
            entry("sbp", "1270"),
            entry("pressure", "120"),
            entry("dbp", "80"),
            entry("dbp", "81"),
            entry("hb", "たくさん"),
            entry("u_glu", "多い"),
            entry("ast", " "),
            Entry { raw: Some(&long), ..entry("alt", "20") },
        ];
        assert_eq!(
            wrong(&entries),
            [
                ("/0/value", "value_out_of_range"),
                ("/1/item", "unknown_item"),
                ("/3/item", "duplicate_item"),
                ("/4/value", "value_unreadable"),
                ("/5/value", "answer_unknown"),
                ("/6/value", "required"),
                ("/7/raw", "text_unfit"),
            ]
            .map(|(at, code)| (at.to_owned(), code))
        );
        let pressures = [entry("dbp", "130"), entry("sbp", "120")];
        assert_eq!(wrong(&pressures), [("/0/value".to_owned(), "diastolic_not_below_systolic")]);
    }

    #[test]
    fn a_result_goes_only_where_something_is_changed() {
        let gone = Entry { value: None, ..entry("hb", "") };
        assert!(entered(std::slice::from_ref(&gone), true).unwrap().cleared.contains(items::HB));
        assert_eq!(wrong(&[gone]), [("/0/value".to_owned(), "required")]);
    }
}
