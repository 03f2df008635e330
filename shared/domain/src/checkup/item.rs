//! What an item of a checkup is (健診項目): its key, its name, the kind of its values, and where it belongs. The items
//! themselves are the table in [`super::items`].

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{codes::CodeSet, items::ITEMS};
use crate::decimal::Decimal;

/// One item of the catalogue, by its place in the table: small enough to index arrays with. Written as its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(pub(super) u8);

impl ItemId {
    /// The item with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::all().find(|id| id.item().key == key)
    }

    /// As [`Self::from_key`], looking first at the items from `near` on: quick where keys come in the catalogue's order.
    #[must_use]
    pub(super) fn from_key_near(key: &str, near: usize) -> Option<Self> {
        let has_key = |id: &Self| id.item().key == key;
        Self::all().skip(near).find(has_key).or_else(|| Self::all().take(near).find(has_key))
    }

    /// The item whose JLAC10 code this is.
    #[must_use]
    pub fn from_jlac10(code: &str) -> Option<Self> {
        Self::all().find(|id| id.item().jlac10.contains(&code))
    }

    /// All items in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        (0_u8..).take(ITEMS.len()).map(Self)
    }

    /// The place in the catalogue.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }

    /// The row of the catalogue.
    #[must_use]
    pub fn item(self) -> &'static Item {
        &ITEMS[self.index()]
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.item().key)
    }
}
impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.item().key)
    }
}

/// The catalogue has no item with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("健診項目の一覧にないキーです。")]
pub struct UnknownItem;

impl FromStr for ItemId {
    type Err = UnknownItem;

    fn from_str(key: &str) -> Result<Self, UnknownItem> {
        Self::from_key(key).ok_or(UnknownItem)
    }
}
impl Serialize for ItemId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.item().key)
    }
}
impl<'de> Deserialize<'de> for ItemId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Cow::<'de, str>::deserialize(deserializer)?;
        key.parse().map_err(D::Error::custom)
    }
}

/// A set of items, one bit each; the catalogue has at most 128.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemSet(u128);

impl ItemSet {
    /// Adds an item.
    pub fn insert(&mut self, item: ItemId) {
        self.0 |= 1 << item.0;
    }

    /// Whether the item is in it.
    #[must_use]
    pub fn contains(self, item: ItemId) -> bool {
        self.0 & (1 << item.0) != 0
    }

    /// How many items of the set stand before `item` in the catalogue.
    #[must_use]
    pub fn rank(self, item: ItemId) -> usize {
        (self.0 & ((1 << item.0) - 1)).count_ones() as usize
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<ItemId> for ItemSet {
    fn from_iter<I: IntoIterator<Item = ItemId>>(items: I) -> Self {
        let mut set = Self::default();
        items.into_iter().for_each(|item| set.insert(item));
        set
    }
}
impl fmt::Debug for ItemSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(ItemId::all().filter(|&item| self.contains(item))).finish()
    }
}

/// What an item belongs to; a category is judged as a whole (部位別判定).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Questions and history (問診); carries no letter.
    Interview,
    /// Height, weight, waist (身体計測).
    Body,
    /// Eyes (眼).
    Eye,
    /// Ears (聴力).
    Ear,
    /// Chest X-ray and sputum (胸部X線).
    Chest,
    /// Blood pressure and pulse (血圧).
    BloodPressure,
    /// Blood count (血液一般).
    Blood,
    /// Liver and protein (肝機能).
    Liver,
    /// Lipids (脂質).
    Lipid,
    /// Glucose (糖代謝).
    Glucose,
    /// Kidneys (腎機能).
    Renal,
    /// Uric acid (尿酸).
    UricAcid,
    /// Urine (尿).
    Urine,
    /// Electrocardiogram (心電図).
    Ecg,
    /// Inflammation (炎症).
    Inflammation,
    /// Stool (便).
    Stool,
    /// Ultrasound (超音波).
    Ultrasound,
    /// Conclusions of others (総合); carries no letter.
    Conclusion,
}

impl Category {
    /// How many there are.
    pub const COUNT: usize = Self::Conclusion as usize + 1;

    /// All, in the order in which they are shown.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Interview,
        Self::Body,
        Self::Eye,
        Self::Ear,
        Self::Chest,
        Self::BloodPressure,
        Self::Blood,
        Self::Liver,
        Self::Lipid,
        Self::Glucose,
        Self::Renal,
        Self::UricAcid,
        Self::Urine,
        Self::Ecg,
        Self::Inflammation,
        Self::Stool,
        Self::Ultrasound,
        Self::Conclusion,
    ];

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Interview => "問診",
            Self::Body => "身体計測",
            Self::Eye => "眼",
            Self::Ear => "聴力",
            Self::Chest => "胸部X線",
            Self::BloodPressure => "血圧",
            Self::Blood => "血液一般",
            Self::Liver => "肝機能",
            Self::Lipid => "脂質",
            Self::Glucose => "糖代謝",
            Self::Renal => "腎機能",
            Self::UricAcid => "尿酸",
            Self::Urine => "尿",
            Self::Ecg => "心電図",
            Self::Inflammation => "炎症",
            Self::Stool => "便",
            Self::Ultrasound => "超音波",
            Self::Conclusion => "総合",
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Stable, for programs.
    pub key: &'static str,
    /// What people read.
    pub name: &'static str,
    /// What it belongs to.
    pub category: Category,
    /// What its values are.
    pub kind: Kind,
    /// The number of the statutory item of 安衛則44 that it is part of; `None` for what the law does not ask for.
    pub statutory: Option<u8>,
    /// JLAC10 codes, the usual one first.
    pub jlac10: &'static [&'static str],
    /// Headers of files that mean it, beside key and name.
    pub aliases: &'static [&'static str],
}

impl Item {
    /// How many decimals its numbers have.
    #[must_use]
    pub fn decimals(&self) -> i8 {
        match self.kind {
            Kind::Quantity(quantity) | Kind::Hearing(quantity, _) => i8::try_from(quantity.decimals).unwrap_or(0),
            _ => 0,
        }
    }

    /// The unit of its values, if it has one.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Quantity(quantity) | Kind::Hearing(quantity, _) => Some(quantity.unit),
            _ => None,
        }
    }
}

/// What the values of an item are.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A measured number (PQ).
    Quantity(Quantity),
    /// A level in dB, or only whether there is a finding.
    Hearing(Quantity, &'static CodeSet),
    /// A code with an order, the better first (CO).
    Ordered(&'static CodeSet),
    /// A code (CD).
    Coded(&'static CodeSet),
    /// Whether there is a finding, and which, in words (CD and ST).
    Finding(&'static CodeSet),
    /// Words (ST).
    Text,
}

/// How a quantity is written and what it can plausibly be.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// The unit of the catalogue.
    pub unit: &'static str,
    /// Its decimals.
    pub decimals: u8,
    /// The least and the most that is not an input error.
    pub plausible: (Decimal, Decimal),
    /// What other unit is told apart by the size of the number.
    pub rescale: Option<Rescale>,
}

/// A second unit that laboratories use, recognised by numbers that the first cannot have (domain.md 9.4).
#[derive(Debug, Clone, Copy)]
pub enum Rescale {
    /// Numbers below the bound are × 10^power.
    Below(Decimal, i8),
    /// Numbers above the bound are × 10^power.
    Above(Decimal, i8),
}
