//! The rows of the form (健康診断項目) as master data: which items of a checkup each is made of, in which edition of the form. A new statutory item is a new edition here, and old reports keep
//! the one that they were made by.

use std::fmt;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::checkup::{
    item::{Category, ItemId},
    items,
};

/// A row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormRow {
    /// 聴力検査（オージオメーター、1000Hz）.
    #[serde(rename = "hearing_1000")]
    Hearing1000,
    /// 聴力検査（オージオメーター、4000Hz）.
    #[serde(rename = "hearing_4000")]
    Hearing4000,
    /// 聴力検査（その他の方法）.
    HearingOther,
    /// 胸部エックス線検査.
    ChestXray,
    /// 喀痰検査.
    Sputum,
    /// 血圧.
    BloodPressure,
    /// 貧血検査.
    Anaemia,
    /// 肝機能検査.
    Liver,
    /// 血中脂質検査.
    Lipids,
    /// 血糖検査.
    Glucose,
    /// 尿検査（糖）.
    UrineGlucose,
    /// 尿検査（蛋白）.
    UrineProtein,
    /// 心電図検査.
    Ecg,
}

impl FormRow {
    /// All rows that some edition has.
    pub const ALL: [Self; 13] = [
        Self::Hearing1000,
        Self::Hearing4000,
        Self::HearingOther,
        Self::ChestXray,
        Self::Sputum,
        Self::BloodPressure,
        Self::Anaemia,
        Self::Liver,
        Self::Lipids,
        Self::Glucose,
        Self::UrineGlucose,
        Self::UrineProtein,
        Self::Ecg,
    ];
}

/// A set of rows, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RowSet(u16);

impl RowSet {
    /// Adds a row.
    pub fn insert(&mut self, row: FormRow) {
        self.0 |= 1 << row as u8;
    }

    /// Whether the row is in it.
    #[must_use]
    pub fn contains(self, row: FormRow) -> bool {
        self.0 & (1 << row as u8) != 0
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every row of it is in `other`.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

impl FromIterator<FormRow> for RowSet {
    fn from_iter<I: IntoIterator<Item = FormRow>>(rows: I) -> Self {
        let mut set = Self::default();
        rows.into_iter().for_each(|row| set.insert(row));
        set
    }
}
impl fmt::Debug for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(FormRow::ALL.iter().filter(|row| self.contains(**row))).finish()
    }
}

/// What a row is made of.
#[derive(Debug)]
pub struct RowDefinition {
    /// The row.
    pub row: FormRow,
    /// What the form calls it.
    pub japanese: &'static str,
    /// The items: whoever has a value of one was examined.
    pub items: &'static [ItemId],
    /// An item that counts only where there is no value of another: non-HDL for a missing LDL cholesterol.
    pub stand_in: Option<(ItemId, ItemId)>,
    /// What is treated where it speaks of this row; none where the category speaks of other things as well.
    pub treated: Option<Category>,
}

/// An edition of the form.
#[derive(Debug)]
pub struct FormVersion {
    /// Names it; kept with every report.
    pub version: &'static str,
    /// The first day of reports that it holds for.
    pub valid_from: Date,
    /// Where it comes from.
    pub source: &'static str,
    /// Its rows, from top to bottom.
    pub rows: &'static [RowDefinition],
}

impl FormVersion {
    /// The edition of this name.
    #[must_use]
    pub fn named(version: &str) -> Option<&'static Self> {
        FORMS.iter().find(|form| form.version == version)
    }

    /// What the form calls a row.
    #[must_use]
    pub fn japanese(&self, row: FormRow) -> &'static str {
        self.rows.iter().find(|of| of.row == row).map_or("", |of| of.japanese)
    }
}

const fn row(row: FormRow, japanese: &'static str, items: &'static [ItemId]) -> RowDefinition {
    RowDefinition { row, japanese, items, stand_in: None, treated: None }
}

impl RowDefinition {
    const fn stand_in(mut self, item: ItemId, without: ItemId) -> Self {
        self.stand_in = Some((item, without));
        self
    }
    const fn treated(mut self, category: Category) -> Self {
        self.treated = Some(category);
        self
    }
}

/// The editions, the oldest first. Rows: confidence H (domain.md 3). Height, weight, waist, vision and history are no rows.
pub const FORMS: &[FormVersion] = &[FormVersion {
    version: "2022-10",
    valid_from: date(2022, 10, 1),
    source: "安衛則52条 様式第6号（令和4年10月1日施行。歯科は様式第6号の2に分離）",
    rows: &[
        row(
            FormRow::Hearing1000,
            "聴力検査（オージオメーターによる検査）（1000Hz）",
            &[items::HEAR_R1K, items::HEAR_L1K],
        ),
        row(
            FormRow::Hearing4000,
            "聴力検査（オージオメーターによる検査）（4000Hz）",
            &[items::HEAR_R4K, items::HEAR_L4K],
        ),
        row(FormRow::HearingOther, "聴力検査（その他の方法による検査）", &[items::HEAR_OTHER]),
        row(FormRow::ChestXray, "胸部エックス線検査", &[items::CXR]),
        row(FormRow::Sputum, "喀痰検査", &[items::SPUTUM]),
        row(FormRow::BloodPressure, "血圧", &[items::SBP, items::DBP]).treated(Category::BloodPressure),
        row(FormRow::Anaemia, "貧血検査", &[items::HB, items::RBC]).treated(Category::Blood),
        row(FormRow::Liver, "肝機能検査", &[items::AST, items::ALT, items::GGT]).treated(Category::Liver),
        row(FormRow::Lipids, "血中脂質検査", &[items::LDL, items::HDL, items::TG, items::TG_CASUAL])
            .stand_in(items::NON_HDL, items::LDL)
            .treated(Category::Lipid),
        row(FormRow::Glucose, "血糖検査", &[items::FPG, items::GLU_CASUAL, items::HBA1C]).treated(Category::Glucose),
        row(FormRow::UrineGlucose, "尿検査（糖）", &[items::U_GLU]),
        row(FormRow::UrineProtein, "尿検査（蛋白）", &[items::U_PRO]),
        row(FormRow::Ecg, "心電図検査", &[items::ECG]).treated(Category::Ecg),
    ],
}];

/// The edition that holds for a report whose last checkup was on `day`; the oldest one for earlier days, for it is what such a report would be handed in on today.
#[must_use]
pub fn form_on(day: Date) -> &'static FormVersion {
    FORMS.iter().rev().find(|form| form.valid_from <= day).unwrap_or(&FORMS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r37_the_form_has_thirteen_rows_in_its_order_and_editions_follow_each_other() {
        let form = form_on(date(2026, 7, 1));
        let rows: Vec<_> = form.rows.iter().map(|of| of.row).collect();
        assert_eq!(rows, FormRow::ALL, "domain.md 3");
        assert!(FORMS.is_sorted_by(|a, b| a.valid_from < b.valid_from));
        assert_eq!(form_on(date(1999, 1, 1)).version, FORMS[0].version);
        assert_eq!(FormVersion::named("2022-10").unwrap().version, "2022-10");
        assert_eq!(serde_json::to_string(&FormRow::Hearing1000).unwrap(), "\"hearing_1000\"");
    }

    #[test]
    fn no_item_makes_two_rows_and_every_item_is_statutory() {
        for form in FORMS {
            let mut all: Vec<_> = form.rows.iter().flat_map(|of| of.items).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
            assert!(all.iter().all(|item| item.item().statutory.is_some()));
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: RowSet = [FormRow::Ecg, FormRow::Hearing1000].into_iter().collect();
        assert!(set.contains(FormRow::Ecg) && !set.contains(FormRow::Liver) && !set.is_empty());
        assert!(set.is_within(FormRow::ALL.into_iter().collect()) && !RowSet(1 << 3).is_within(set));
        assert_eq!(format!("{set:?}"), "{Hearing1000, Ecg}");
    }
}
