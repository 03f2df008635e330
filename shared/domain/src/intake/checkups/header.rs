//! What clinics call their columns: fixed ones, items of the catalogue under any of their names, and items with a unit, a
//! grade or a flag behind the name.

use crate::{
    checkup::item::ItemId,
    intake::sheet::{Meaning, named},
    text,
};

/// What a column of checkups means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 社員番号.
    Number,
    /// 受診日.
    Date,
    /// 健診種別.
    Kind,
    /// 医療機関名.
    Clinic,
    /// 医療機関コード.
    ClinicCode,
    /// コース.
    Course,
    /// 氏名.
    Name,
    /// 氏名カナ.
    Kana,
    /// 生年月日.
    BirthDate,
    /// 性別.
    Sex,
    /// 年齢.
    Age,
    /// 医師名.
    Doctor,
    /// コメント.
    Comment,
    /// 総合判定 of the clinic.
    Overall,
    /// Both blood pressures in one cell.
    BloodPressure,
    /// The value of an item.
    Item(ItemId),
    /// The clinic's grade of an item.
    Grade(ItemId),
}

const NAMES: &[(Role, &[&str])] = &[
    (Role::Number, &["社員番号", "従業員番号", "職員番号", "社員コード", "社員No", "社員No.", "従業員コード"]),
    (Role::Date, &["受診日", "健診日", "受診年月日", "健診年月日", "健診実施日", "検査日", "実施日"]),
    (Role::Kind, &["健診種別", "健診区分", "健診種類", "健康診断種別", "健診名"]),
    (Role::Clinic, &["医療機関名", "健診機関名", "医療機関", "健診機関", "実施機関名", "病院名"]),
    (Role::ClinicCode, &["医療機関コード", "健診機関コード", "健診機関番号"]),
    (Role::Course, &["コース", "健診コース", "コース名"]),
    (Role::Name, &["氏名", "名前", "受診者名", "氏名(漢字)", "漢字氏名"]),
    (Role::Kana, &["氏名カナ", "フリガナ", "ふりがな", "カナ氏名", "氏名(カナ)", "カナ"]),
    (Role::BirthDate, &["生年月日", "誕生日"]),
    (Role::Sex, &["性別"]),
    (Role::Age, &["年齢", "受診時年齢", "健診時年齢"]),
    (Role::Doctor, &["医師名", "判定医師名", "健診医師名", "診断医師名", "健康診断を実施した医師の氏名", "判定医"]),
    (Role::Comment, &["コメント", "医師コメント", "総合コメント", "総合所見", "備考", "所見"]),
    (Role::Overall, &["総合判定", "判定", "医療機関判定", "総合判定区分"]),
    (Role::BloodPressure, &["血圧", "血圧(上/下)", "血圧(収縮期/拡張期)", "血圧値"]),
];

/// What may follow the name of an item in a header, and what the column then is.
#[derive(Clone, Copy)]
enum Tail {
    Value,
    Grade,
    PassOver,
}

const TAILS: &[(&str, Tail)] = &[
    ("判定", Tail::Grade),
    ("判定区分", Tail::Grade),
    ("値", Tail::Value),
    ("結果", Tail::Value),
    ("検査値", Tail::Value),
    ("測定値", Tail::Value),
    ("フラグ", Tail::PassOver),
    ("hl", Tail::PassOver),
    ("h/l", Tail::PassOver),
    ("基準値", Tail::PassOver),
    ("単位", Tail::PassOver),
];

/// Units in headers beside the catalogue's own.
const OTHER_UNITS: &[&str] =
    &["10^3/μL", "10^4/μL", "×10^3/μL", "×10^4/μL", "/μL", "万/μL", "千/μL", "IU/L", "kg/m²", "度", "点"];

/// Comparison keys of everything that names an item, longest first, so that HbA1c is not taken for Hb.
pub(super) struct ItemNames(Vec<(String, ItemId)>);

impl ItemNames {
    pub(super) fn new() -> Self {
        let mut names: Vec<_> = ItemId::all()
            .flat_map(|id| {
                let item = id.item();
                item.aliases.iter().chain([&item.key, &item.name]).map(move |name| (text::header_key(name), id))
            })
            .collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.chars().count()));
        Self(names)
    }
}

/// What a header means: one of the fixed columns, an item, or an item with a unit, a grade or a flag behind its name. A
/// bare 「判定」 or flag belongs to the item before it.
pub(super) fn meaning_of(names: &ItemNames, key: &str, before: Option<Role>) -> Option<Meaning<Role>> {
    if let (Some(Role::Item(item)), Some(tail)) = (before, tail_of(key, None)) {
        return match tail {
            Tail::Grade => Some(Meaning::Role(Role::Grade(item))),
            Tail::PassOver => Some(Meaning::PassedOver),
            Tail::Value => None,
        };
    }
    if let Some(meaning) = named(NAMES, key) {
        return Some(meaning);
    }
    names.0.iter().find_map(|(name, item)| {
        let rest = key.strip_prefix(name.as_str())?;
        if rest.is_empty() {
            return Some(Meaning::Role(Role::Item(*item)));
        }
        match tail_of(rest, item.item().unit())? {
            Tail::Value => Some(Meaning::Role(Role::Item(*item))),
            Tail::Grade => Some(Meaning::Role(Role::Grade(*item))),
            Tail::PassOver => Some(Meaning::PassedOver),
        }
    })
}

fn tail_of(rest: &str, unit: Option<&str>) -> Option<Tail> {
    let is_unit = |unit: &str| !unit.is_empty() && text::header_key(unit) == rest;
    if unit.is_some_and(|unit| is_unit(unit) || OTHER_UNITS.iter().any(|other| is_unit(other))) {
        return Some(Tail::Value);
    }
    TAILS.iter().find(|(name, _)| *name == rest).map(|&(_, tail)| tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::items;

    fn meaning(header: &str, before: Option<Role>) -> Option<Meaning<Role>> {
        meaning_of(&ItemNames::new(), &text::header_key(header), before)
    }

    #[test]
    fn r34_clinics_names_for_items_are_known() {
        for (header, item) in [
            ("最高血圧", items::SBP),
            ("血圧(上)", items::SBP),
            ("血圧（下）", items::DBP),
            ("GOT", items::AST),
            ("ＡＳＴ（ＧＯＴ）", items::AST),
            ("γ-GTP", items::GGT),
            ("トリグリセライド", items::TG),
            ("血糖", items::FPG),
            ("Hb", items::HB),
            ("HbA1c", items::HBA1C),
            ("HbA1c(NGSP)", items::HBA1C),
            ("HbA1c(NGSP)(%)", items::HBA1C),
            ("ヘモグロビンA1c", items::HBA1C),
            ("尿たん白", items::U_PRO),
            ("胸部レントゲン", items::CXR),
            ("身長(cm)", items::HEIGHT),
            ("空腹時血糖（mg/dL）", items::FPG),
            ("AST(IU/L)", items::AST),
            ("白血球数(×10^3/μL)", items::WBC),
            ("視力（右）", items::VIS_R),
            ("HDL-コレステロール", items::HDL),
            ("non-HDLコレステロール", items::NON_HDL),
        ] {
            assert_eq!(meaning(header, None), Some(Meaning::Role(Role::Item(item))), "{header}");
        }
    }

    #[test]
    fn grades_and_flags_belong_to_their_item() {
        let item = Some(Role::Item(items::AST));
        assert_eq!(meaning("AST判定", None), Some(Meaning::Role(Role::Grade(items::AST))));
        assert_eq!(meaning("判定", item), Some(Meaning::Role(Role::Grade(items::AST))));
        assert_eq!(meaning("H/L", item), Some(Meaning::PassedOver));
        assert_eq!(meaning("判定", None), Some(Meaning::Role(Role::Overall)));
        assert_eq!(meaning("総合判定", item), Some(Meaning::Role(Role::Overall)));
        assert!(matches!(meaning("メタボ判定", None), Some(Meaning::Role(Role::Item(_)))));
        assert_eq!(meaning("星座", None), None);
        assert_eq!(meaning("AST備考", None), None);
    }
}
