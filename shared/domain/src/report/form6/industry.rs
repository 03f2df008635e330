//! Kinds of business (事業の種類): the middle classes of the Japan Standard Industrial Classification (日本標準産業分類 中分類, rev. 14, 2024-04; the codes are those of rev. 13).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{checked::Refused, text};

/// A middle class (中分類), 01 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusinessClass(u8);

/// The names, in the order of the codes from 01.
const NAMES: [&str; 99] = [
    "農業",
    "林業",
    "漁業（水産養殖業を除く）",
    "水産養殖業",
    "鉱業，採石業，砂利採取業",
    "総合工事業",
    "職別工事業（設備工事業を除く）",
    "設備工事業",
    "食料品製造業",
    "飲料・たばこ・飼料製造業",
    "繊維工業",
    "木材・木製品製造業（家具を除く）",
    "家具・装備品製造業",
    "パルプ・紙・紙加工品製造業",
    "印刷・同関連業",
    "化学工業",
    "石油製品・石炭製品製造業",
    "プラスチック製品製造業（別掲を除く）",
    "ゴム製品製造業",
    "なめし革・同製品・毛皮製造業",
    "窯業・土石製品製造業",
    "鉄鋼業",
    "非鉄金属製造業",
    "金属製品製造業",
    "はん用機械器具製造業",
    "生産用機械器具製造業",
    "業務用機械器具製造業",
    "電子部品・デバイス・電子回路製造業",
    "電気機械器具製造業",
    "情報通信機械器具製造業",
    "輸送用機械器具製造業",
    "その他の製造業",
    "電気業",
    "ガス業",
    "熱供給業",
    "水道業",
    "通信業",
    "放送業",
    "情報サービス業",
    "インターネット附随サービス業",
    "映像・音声・文字情報制作業",
    "鉄道業",
    "道路旅客運送業",
    "道路貨物運送業",
    "水運業",
    "航空運輸業",
    "倉庫業",
    "運輸に附帯するサービス業",
    "郵便業（信書便事業を含む）",
    "各種商品卸売業",
    "繊維・衣服等卸売業",
    "飲食料品卸売業",
    "建築材料，鉱物・金属材料等卸売業",
    "機械器具卸売業",
    "その他の卸売業",
    "各種商品小売業",
    "織物・衣服・身の回り品小売業",
    "飲食料品小売業",
    "機械器具小売業",
    "その他の小売業",
    "無店舗小売業",
    "銀行業",
    "協同組織金融業",
    "貸金業，クレジットカード業等非預金信用機関",
    "金融商品取引業，商品先物取引業",
    "補助的金融業等",
    "保険業（保険媒介代理業，保険サービス業を含む）",
    "不動産取引業",
    "不動産賃貸業・管理業",
    "物品賃貸業",
    "学術・開発研究機関",
    "専門サービス業（他に分類されないもの）",
    "広告業",
    "技術サービス業（他に分類されないもの）",
    "宿泊業",
    "飲食店",
    "持ち帰り・配達飲食サービス業",
    "洗濯・理容・美容・浴場業",
    "その他の生活関連サービス業",
    "娯楽業",
    "学校教育",
    "その他の教育，学習支援業",
    "医療業",
    "保健衛生",
    "社会保険・社会福祉・介護事業",
    "郵便局",
    "協同組合（他に分類されないもの）",
    "廃棄物処理業",
    "自動車整備業",
    "機械等修理業（別掲を除く）",
    "職業紹介・労働者派遣業",
    "その他の事業サービス業",
    "政治・経済・文化団体",
    "宗教",
    "その他のサービス業",
    "外国公務",
    "国家公務",
    "地方公務",
    "分類不能の産業",
];

impl BusinessClass {
    /// The refusal of what is no code.
    pub const REFUSED: Refused = Refused {
        code: "business_class_invalid",
        detail: "事業の種類は、日本標準産業分類の中分類（01〜99の2桁）で指定してください。",
    };

    /// Reads a code of two digits.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let code = text::narrow(text);
        let two = code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit());
        code.parse().ok().filter(|code| two && (1..=99).contains(code)).map(Self).ok_or(Self::REFUSED)
    }

    /// The code, with two digits.
    #[must_use]
    pub fn code(self) -> String {
        format!("{:02}", self.0)
    }

    /// Its name.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        NAMES.get(usize::from(self.0).saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl Serialize for BusinessClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.code())
    }
}
impl<'de> Deserialize<'de> for BusinessClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&code).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r37_codes_have_their_names() {
        for (code, name) in [
            ("01", "農業"),
            ("09", "食料品製造業"),
            ("39", "情報サービス業"),
            ("４４", "道路貨物運送業"),
            ("61", "無店舗小売業"),
            ("83", "医療業"),
            ("92", "その他の事業サービス業"),
            ("99", "分類不能の産業"),
        ] {
            assert_eq!(BusinessClass::parse(code).unwrap().japanese(), name, "{code}");
        }
        for wrong in ["00", "1", "100", "", "A1", "-1"] {
            assert_eq!(BusinessClass::parse(wrong), Err(BusinessClass::REFUSED), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&BusinessClass::parse("09").unwrap()).unwrap(), "\"09\"");
    }
}
