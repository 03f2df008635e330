//! What clinics call their columns: fixed ones, items of the catalogue under any of their names, and items with a unit, a
//! grade or a flag behind the name.

use crate::{
    checkup::{
        item::{ItemId, Kind},
        unit,
    },
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
    /// The value of an item in another unit or by another method, or the words to its code: its second column, third, and so on.
    Further(ItemId, u8),
    /// The clinic's grade of an item.
    Grade(ItemId),
}

pub(super) const NAMES: &[(Role, &[&str])] = &[
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

/// What a header says beside the name of its item. Two columns of one item differ in it, or the header is a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// Nothing that matters.
    Nothing,
    /// A unit whose numbers are × 10^power in the catalogue's.
    Unit(i8),
    /// Another method than the usual one, by its JLAC10 code.
    Method(&'static str),
    /// That here stand the words beside a code (所見).
    Words,
}

/// Names that stand for another method of their item, with its JLAC10 code (domain.md 2.3).
const METHODS: &[(&str, &str)] = &[
    ("腹囲(自己判定)", "9N016160200000001"),
    ("腹囲(自己申告)", "9N016160300000001"),
    ("LDLコレステロール(計算法)", "3F077000002391901"),
    ("胸部X線(間接)", "9N221160700000011"),
];

/// How the code of an item in words ends.
const WORDS_CODE: &str = "049";
/// Names of columns that hold words beside a column that holds a code.
const WORDS: &[&str] = &["所見", "具体的な"];

/// One name of an item, and what it says beside.
pub(super) struct ItemName {
    pub(super) key: String,
    pub(super) item: ItemId,
    says: Says,
}

/// Comparison keys of everything that names an item, longest first, so that HbA1c is not taken for Hb: keys, names, aliases
/// and JLAC10 codes.
pub(super) struct ItemNames(Vec<ItemName>);

impl ItemNames {
    pub(super) fn iter(&self) -> impl Iterator<Item = &ItemName> {
        self.0.iter()
    }

    pub(super) fn new() -> Self {
        let mut names: Vec<_> = ItemId::all()
            .flat_map(|id| {
                let item = id.item();
                let names =
                    item.aliases.iter().chain([&item.key, &item.name]).map(move |name| (*name, named_method(id, name)));
                let codes = item.jlac10.iter().enumerate().map(move |(at, code)| (*code, coded_method(id, at, code)));
                names.chain(codes).map(move |(name, says)| ItemName { key: text::header_key(name), item: id, says })
            })
            .collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.key.chars().count()));
        Self(names)
    }
}

fn named_method(item: ItemId, name: &str) -> Says {
    let method = METHODS.iter().find(|(of, _)| *of == name).map(|&(_, code)| Says::Method(code));
    let is_finding = matches!(item.item().kind, Kind::Finding(_));
    let words = || (is_finding && WORDS.iter().any(|word| name.contains(word))).then_some(Says::Words);
    method.or_else(words).unwrap_or(Says::Nothing)
}

fn coded_method(item: ItemId, at: usize, code: &'static str) -> Says {
    match item.item().kind {
        _ if at == 0 => Says::Nothing,
        Kind::Finding(_) if code.ends_with(WORDS_CODE) => Says::Words,
        _ => Says::Method(code),
    }
}

/// What a column of an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemColumn {
    /// Its values.
    Value(Says),
    /// The clinic's grades.
    Grade,
    /// What is not read.
    PassedOver,
}

/// The item that a header names, and what the column holds.
pub(super) fn item_column(names: &ItemNames, key: &str) -> Option<(ItemId, ItemColumn)> {
    names.0.iter().find_map(|ItemName { key: name, item, says }| {
        let rest = key.strip_prefix(name.as_str())?;
        let column = match (tail_of(rest), unit::power(item.item(), rest)) {
            _ if rest.is_empty() => ItemColumn::Value(*says),
            (_, Some(power)) => ItemColumn::Value(Says::Unit(power)),
            (Some(Tail::Value), _) => ItemColumn::Value(*says),
            (Some(Tail::Grade), _) => ItemColumn::Grade,
            (Some(Tail::PassOver), _) => ItemColumn::PassedOver,
            (None, None) => return None,
        };
        Some((*item, column))
    })
}

/// Finds out what headers mean, one after the other: one of the fixed columns, an item, or an item with a unit, a grade or
/// a flag behind its name. A bare 「判定」 or flag belongs to the item before it. A further column of an item is one that says
/// something else beside its name: another unit or method, or the words to a code.
pub(super) struct Headers<'n> {
    names: &'n ItemNames,
    seen: Vec<(ItemId, Says)>,
}

impl<'n> Headers<'n> {
    pub(super) fn new(names: &'n ItemNames) -> Self {
        Self { names, seen: Vec::new() }
    }

    pub(super) fn meaning_of(&mut self, key: &str, before: Option<Role>) -> Option<Meaning<Role>> {
        match (before, tail_of(key)) {
            (Some(Role::Item(item)), Some(Tail::Grade)) => return Some(Meaning::Role(Role::Grade(item))),
            (Some(Role::Further(..)), Some(Tail::Grade))
            | (Some(Role::Item(_) | Role::Further(..) | Role::Grade(_)), Some(Tail::PassOver)) => {
                return Some(Meaning::PassedOver);
            }
            (Some(Role::Item(_) | Role::Further(..)), Some(Tail::Value)) => return None,
            _ => {}
        }
        if let Some(meaning) = named(NAMES, key) {
            return Some(meaning);
        }
        Some(match item_column(self.names, key)? {
            (item, ItemColumn::Value(says)) => Meaning::Role(self.column(item, says)),
            (item, ItemColumn::Grade) => Meaning::Role(Role::Grade(item)),
            (_, ItemColumn::PassedOver) => Meaning::PassedOver,
        })
    }

    /// The role of one more column of an item. One that says the same as another is that other's duplicate.
    fn column(&mut self, item: ItemId, says: Says) -> Role {
        let place = |says: &Says| self.seen.iter().filter(|(of, _)| *of == item).position(|(_, said)| said == says);
        let place = place(&says).unwrap_or_else(|| {
            self.seen.push((item, says));
            self.seen.iter().filter(|(of, _)| *of == item).count() - 1
        });
        match u8::try_from(place) {
            Ok(0) | Err(_) => Role::Item(item),
            Ok(further) => Role::Further(item, further),
        }
    }
}

fn tail_of(rest: &str) -> Option<Tail> {
    TAILS.iter().find(|(name, _)| *name == rest).map(|&(_, tail)| tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::items;

    fn meaning(header: &str, before: Option<Role>) -> Option<Meaning<Role>> {
        Headers::new(&ItemNames::new()).meaning_of(&text::header_key(header), before)
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
    fn r34_a_header_says_a_unit_a_method_or_that_words_follow() {
        let names = ItemNames::new();
        for (header, item, says) in [
            ("白血球数(×10^3/μL)", items::WBC, Says::Unit(3)),
            ("WBC[/μL]", items::WBC, Says::Unit(0)),
            ("白血球数", items::WBC, Says::Nothing),
            ("身長(m)", items::HEIGHT, Says::Unit(2)),
            ("腹囲(自己申告)", items::WAIST, Says::Method("9N016160300000001")),
            ("9N016160200000001", items::WAIST, Says::Method("9N016160200000001")),
            ("9N001000000000001", items::HEIGHT, Says::Nothing),
            ("心電図所見", items::ECG, Says::Words),
            ("9A110160800000049", items::ECG, Says::Words),
            ("既往歴(所見)", items::HISTORY, Says::Words),
        ] {
            let found = item_column(&names, &text::header_key(header));
            assert_eq!(found, Some((item, ItemColumn::Value(says))), "{header}");
        }
        assert_eq!(item_column(&names, "白血球数mg/dl"), None);
    }

    #[test]
    fn a_further_column_of_an_item_says_something_else() {
        let names = ItemNames::new();
        let mut headers = Headers::new(&names);
        let mut role = |header: &str| headers.meaning_of(&text::header_key(header), None);
        assert_eq!(role("白血球数(/μL)"), Some(Meaning::Role(Role::Item(items::WBC))));
        assert_eq!(role("WBC(10^3/μL)"), Some(Meaning::Role(Role::Further(items::WBC, 1))));
        assert_eq!(role("白血球(10^3/μL)"), Some(Meaning::Role(Role::Further(items::WBC, 1))), "a duplicate");
        assert_eq!(role("心電図"), Some(Meaning::Role(Role::Item(items::ECG))));
        assert_eq!(role("心電図所見"), Some(Meaning::Role(Role::Further(items::ECG, 1))));
    }

    #[test]
    fn grades_and_flags_belong_to_their_item() {
        let item = Some(Role::Item(items::AST));
        assert_eq!(meaning("AST判定", None), Some(Meaning::Role(Role::Grade(items::AST))));
        assert_eq!(meaning("判定", item), Some(Meaning::Role(Role::Grade(items::AST))));
        assert_eq!(meaning("H/L", item), Some(Meaning::PassedOver));
        assert_eq!(meaning("H/L", Some(Role::Grade(items::AST))), Some(Meaning::PassedOver));
        assert_eq!(meaning("判定", None), Some(Meaning::Role(Role::Overall)));
        assert_eq!(meaning("総合判定", item), Some(Meaning::Role(Role::Overall)));
        assert!(matches!(meaning("メタボ判定", None), Some(Meaning::Role(Role::Item(_)))));
        assert_eq!(meaning("星座", None), None);
        assert_eq!(meaning("AST備考", None), None);
    }
}
