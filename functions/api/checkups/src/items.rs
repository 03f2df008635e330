//! The catalogue of items as callers see it.

use domain::checkup::{
    codes::CodeSet,
    item::{Category, Item, ItemId, Kind, Quantity},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::Number;

/// All items.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemCatalogue {
    items: Vec<ItemView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupItem)]
struct ItemView {
    /// 項目のキー。
    #[schema(example = "sbp")]
    key: &'static str,
    /// 項目名。
    #[schema(example = "収縮期血圧")]
    name: &'static str,
    /// 部位のキー。
    #[schema(value_type = String, example = "blood_pressure")]
    category: Category,
    /// 部位。
    #[schema(example = "血圧")]
    category_name: &'static str,
    /// 値の種類（quantity：数値、hearing：聴力、ordered：順序のある選択肢、coded：選択肢、finding：所見、text：文章）。
    #[schema(example = "quantity")]
    kind: &'static str,
    /// 単位。
    #[schema(example = "mmHg")]
    unit: Option<&'static str>,
    /// 小数点以下の桁数。
    #[schema(example = 0)]
    decimals: Option<u8>,
    /// これより小さい値は入力誤りとして扱います。
    #[schema(value_type = Option<f64>, example = 60)]
    plausible_min: Option<Number>,
    /// これより大きい値は入力誤りとして扱います。
    #[schema(value_type = Option<f64>, example = 300)]
    plausible_max: Option<Number>,
    /// 回答の選択肢。
    codes: Vec<CodeView>,
    /// 労働安全衛生規則第44条第1項の号（法定外の項目は null）。
    #[schema(example = 5)]
    statutory: Option<u8>,
    /// JLAC10コード。
    jlac10: &'static [&'static str],
    /// 取込で使える見出し（キーと項目名のほか）。
    aliases: &'static [&'static str],
}

/// A code with what people read for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupItemCode)]
struct CodeView {
    #[schema(example = 1)]
    code: u8,
    #[schema(example = "(-)")]
    label: &'static str,
}

/// The catalogue.
pub(crate) fn catalogue() -> ItemCatalogue {
    ItemCatalogue { items: ItemId::all().map(|id| ItemView::of(id.item())).collect(), next_cursor: None }
}

impl ItemView {
    fn of(item: &'static Item) -> Self {
        let (kind, quantity, codes): (_, Option<&Quantity>, Option<&CodeSet>) = match &item.kind {
            Kind::Quantity(quantity) => ("quantity", Some(quantity), None),
            Kind::Hearing(quantity, codes) => ("hearing", Some(quantity), Some(codes)),
            Kind::Ordered(codes) => ("ordered", None, Some(codes)),
            Kind::Coded(codes) => ("coded", None, Some(codes)),
            Kind::Finding(codes) => ("finding", None, Some(codes)),
            Kind::Text => ("text", None, None),
        };
        let labels = codes.map_or(&[][..], |codes| codes.labels);
        Self {
            key: item.key,
            name: item.name,
            category: item.category,
            category_name: item.category.japanese(),
            kind,
            unit: item.unit(),
            decimals: quantity.map(|quantity| quantity.decimals),
            plausible_min: quantity.map(|quantity| Number(quantity.plausible.0)),
            plausible_max: quantity.map(|quantity| Number(quantity.plausible.1)),
            codes: labels.iter().map(|&(code, label)| CodeView { code, label }).collect(),
            statutory: item.statutory,
            jlac10: item.jlac10,
            aliases: item.aliases,
        }
    }
}
