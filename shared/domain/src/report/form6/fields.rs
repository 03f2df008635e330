//! What stands on the form and only the customer knows: the workplace's number in labour insurance, its business, its physician, where it was examined, to whom it reports.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::industry::BusinessClass;
use crate::{
    checked::{Checked, Rule, line},
    employee::{JobTitle, PersonName},
    organisation::OrganisationName,
    text,
};

/// Digits alone of a number that may be written wide and with hyphens; `None` where anything else is in it.
fn digits(text: &str) -> Option<String> {
    let narrow = text::narrow(text);
    let kept: String = narrow.chars().filter(|c| !text::is_hyphen(*c) && !c.is_whitespace()).collect();
    kept.bytes().all(|b| b.is_ascii_digit()).then_some(kept)
}

/// Rule of [`LabourInsuranceNumber`].
#[derive(Debug)]
pub enum LabourInsuranceNumberRule {}
impl Rule for LabourInsuranceNumberRule {
    const NAME: &'static str = "LabourInsuranceNumber";
    const CODE: &'static str = "labour_insurance_number_invalid";
    const DETAIL: &'static str = "労働保険番号は14桁（都道府県2桁・所掌1桁・管轄2桁・基幹番号6桁・枝番号3桁）で入力してください。例: 13-1-01-123456-000";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let digits = digits(text).filter(|digits| digits.len() == 14)?;
        let prefecture: u8 = digits.get(..2)?.parse().ok()?;
        let parts = [(0, 2), (2, 3), (3, 5), (5, 11), (11, 14)].map(|(from, to)| digits.get(from..to).unwrap_or(""));
        (1..=47).contains(&prefecture).then(|| Cow::Owned(parts.join("-")))
    }
}
/// A labour insurance number (労働保険番号): prefecture 2, jurisdiction 1, office 2, core 6, branch 3 digits, with hyphens.
pub type LabourInsuranceNumber = Checked<LabourInsuranceNumberRule>;

/// Rule of [`BranchOffice`].
#[derive(Debug)]
pub enum BranchOfficeRule {}
impl Rule for BranchOfficeRule {
    const NAME: &'static str = "BranchOffice";
    const CODE: &'static str = "branch_office_invalid";
    const DETAIL: &'static str = "被一括事業場番号は4桁以内の数字で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        digits(text).filter(|digits| (1..=4).contains(&digits.len())).map(|digits| Cow::Owned(format!("{digits:0>4}")))
    }
}
/// The number of a workplace whose insurance is kept by another one (被一括事業場番号): 4 digits.
pub type BranchOffice = Checked<BranchOfficeRule>;

/// Rule of [`PostalCode`].
#[derive(Debug)]
pub enum PostalCodeRule {}
impl Rule for PostalCodeRule {
    const NAME: &'static str = "PostalCode";
    const CODE: &'static str = "postal_code_invalid";
    const DETAIL: &'static str = "郵便番号は7桁で入力してください。例: 105-0001";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let digits = digits(text).filter(|digits| digits.len() == 7)?;
        Some(Cow::Owned(format!("{}-{}", digits.get(..3)?, digits.get(3..)?)))
    }
}
/// A postal code (郵便番号): 123-4567.
pub type PostalCode = Checked<PostalCodeRule>;

/// Rule of [`Address`].
#[derive(Debug)]
pub enum AddressRule {}
impl Rule for AddressRule {
    const NAME: &'static str = "Address";
    const CODE: &'static str = "address_invalid";
    const DETAIL: &'static str = "所在地は、改行を含まない200文字以内で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 200)
    }
}
/// Where something is (所在地).
pub type Address = Checked<AddressRule>;

/// Rule of [`Phone`].
#[derive(Debug)]
pub enum PhoneRule {}
impl Rule for PhoneRule {
    const NAME: &'static str = "Phone";
    const CODE: &'static str = "phone_invalid";
    const DETAIL: &'static str = "電話番号は、数字・ハイフン・括弧の20文字以内で入力してください。例: 03-0000-0000";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let mut phone = text::narrow(text).into_owned();
        if phone.contains(text::is_hyphen) {
            phone = phone.chars().map(|c| if text::is_hyphen(c) { '-' } else { c }).collect();
        }
        let fits = (1..=20).contains(&phone.len())
            && phone.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '('))
            && phone.bytes().all(|b| b.is_ascii_digit() || b"-()+ ".contains(&b));
        fits.then_some(Cow::Owned(phone))
    }
}
/// A telephone number (電話番号).
pub type Phone = Checked<PhoneRule>;

/// Rule of [`Office`].
#[derive(Debug)]
pub enum OfficeRule {}
impl Rule for OfficeRule {
    const NAME: &'static str = "Office";
    const CODE: &'static str = "office_invalid";
    const DETAIL: &'static str = "所轄の労働基準監督署の名称を入力してください。例: 三田労働基準監督署";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let office = line(text, 40)?;
        office.contains("労働基準監督署").then(|| match office.strip_suffix('長') {
            Some(office) => Cow::Owned(office.to_owned()),
            None => office,
        })
    }
}
/// The labour standards inspection office (所轄労働基準監督署), without the 長殿 that the form adds.
pub type Office = Checked<OfficeRule>;

/// Where people were examined (健康診断実施機関).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Institution {
    /// Its name.
    pub name: OrganisationName,
    /// Where it is.
    pub address: Address,
}

/// The industrial physician (産業医).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Physician {
    /// The name.
    pub name: PersonName,
    /// 所属医療機関の名称.
    pub institution: OrganisationName,
    /// 所属医療機関の所在地.
    pub address: Address,
}

/// Who reports (事業者職氏名).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Employer {
    /// The title (職).
    pub title: JobTitle,
    /// The name.
    pub name: PersonName,
}

/// A kind of specific work (特定業務, 安衛則13条1項3号イ to カ), in the order of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpecificWork {
    /// イ.
    Heat,
    /// ロ.
    Cold,
    /// ハ.
    Radiation,
    /// ニ.
    Dust,
    /// ホ.
    AbnormalPressure,
    /// ヘ.
    Vibration,
    /// ト.
    HeavyLoad,
    /// チ.
    Noise,
    /// リ.
    Underground,
    /// ヌ.
    NightWork,
    /// ル.
    ToxicSubstances,
    /// ヲ.
    ToxicFumes,
    /// ワ.
    Pathogens,
    /// カ.
    Other,
}

/// A row of the table of specific work.
type SpecificWorkRow = (SpecificWork, &'static str, &'static str);

/// Source: 安衛則13条1項3号.
const SPECIFIC_WORK: &[SpecificWorkRow] = &[
    (SpecificWork::Heat, "イ", "多量の高熱物体を取り扱う業務・著しく暑熱な場所における業務"),
    (SpecificWork::Cold, "ロ", "多量の低温物体を取り扱う業務・著しく寒冷な場所における業務"),
    (SpecificWork::Radiation, "ハ", "ラジウム放射線、エックス線その他の有害放射線にさらされる業務"),
    (SpecificWork::Dust, "ニ", "土石、獣毛等のじんあい・粉末を著しく飛散する場所における業務"),
    (SpecificWork::AbnormalPressure, "ホ", "異常気圧下における業務"),
    (SpecificWork::Vibration, "ヘ", "さく岩機、鋲打機等の使用により身体に著しい振動を与える業務"),
    (SpecificWork::HeavyLoad, "ト", "重量物の取扱い等重激な業務"),
    (SpecificWork::Noise, "チ", "ボイラー製造等強烈な騒音を発する場所における業務"),
    (SpecificWork::Underground, "リ", "坑内における業務"),
    (SpecificWork::NightWork, "ヌ", "深夜業を含む業務"),
    (SpecificWork::ToxicSubstances, "ル", "水銀、砒素、黄りん、塩酸、硝酸、硫酸等の有害物を取り扱う業務"),
    (
        SpecificWork::ToxicFumes,
        "ヲ",
        "鉛、水銀、クロム、一酸化炭素、ベンゼン等の有害物のガス・蒸気・粉じんを発散する場所における業務",
    ),
    (SpecificWork::Pathogens, "ワ", "病原体によって汚染のおそれが著しい業務"),
    (SpecificWork::Other, "カ", "その他厚生労働大臣が定める業務"),
];

impl SpecificWork {
    /// All kinds in the order of the law.
    pub fn all() -> impl Iterator<Item = Self> {
        SPECIFIC_WORK.iter().map(|(kind, ..)| *kind)
    }

    /// Its letter on the form.
    #[must_use]
    pub fn letter(self) -> &'static str {
        SPECIFIC_WORK.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, letter, _)| letter)
    }

    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        SPECIFIC_WORK.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., japanese)| japanese)
    }
}

/// Rule of [`OverrideReason`].
#[derive(Debug)]
pub enum OverrideReasonRule {}
impl Rule for OverrideReasonRule {
    const NAME: &'static str = "OverrideReason";
    const CODE: &'static str = "reason_invalid";
    const DETAIL: &'static str = "人数を入力し直す理由を、改行を含まない200文字以内で入力してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 200)
    }
}
/// Why a number is another one than the register's.
pub type OverrideReason = Checked<OverrideReasonRule>;

/// A number that the customer puts in place of the register's (在籍労働者数: who is regularly employed is not in the register).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledOverride {
    /// The number.
    pub workers: u32,
    /// Why.
    pub reason: OverrideReason,
}

/// What only the customer knows of a workplace, as the form asks for it. Nothing of it need be known before a report is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkplaceSettings {
    /// 労働保険番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labour_insurance_number: Option<LabourInsuranceNumber>,
    /// 被一括事業場番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_office: Option<BranchOffice>,
    /// 事業の種類.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessClass>,
    /// 郵便番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// 所在地.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// 電話番号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// 健康診断実施機関; several are attached as a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub institutions: Vec<Institution>,
    /// 在籍労働者数, where it is another one than the register's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<EnrolledOverride>,
    /// 特定業務に従事する労働者数. Night work that is not given is taken from the register.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub specific_work: BTreeMap<SpecificWork, u32>,
    /// 産業医.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physician: Option<Physician>,
    /// 事業者職氏名.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employer: Option<Employer>,
    /// 所轄労働基準監督署.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<Office>,
}

/// How many institutions a workplace's report lists at most.
pub const MOST_INSTITUTIONS: usize = 20;
/// The most workers that one number says.
pub const MOST_WORKERS: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r37_numbers_are_read_as_people_write_them() {
        for text in [
            "13-1-01-123456-000",
            "13101123456000",
            "１３１０１１２３４５６０００",
            "13 1 01 123456 000",
            "13−1−01−123456−000",
        ] {
            assert_eq!(LabourInsuranceNumber::parse(text).unwrap().as_str(), "13-1-01-123456-000", "{text}");
        }
        for wrong in ["1310112345600", "131011234560000", "48101123456000", "00101123456000", "13-1-01-12345A-000", ""]
        {
            assert!(LabourInsuranceNumber::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(BranchOffice::parse("12").unwrap().as_str(), "0012");
        assert_eq!(PostalCode::parse("１０５ー０００１").unwrap().as_str(), "105-0001");
        assert!(PostalCode::parse("105000").is_err());
        assert_eq!(Phone::parse("０３ー００００（代）").ok().as_ref().map(Phone::as_str), None);
        assert_eq!(Phone::parse("０３－００００－００００").unwrap().as_str(), "03-0000-0000");
        assert_eq!(Office::parse("三田労働基準監督署長").unwrap().as_str(), "三田労働基準監督署");
        assert!(Office::parse("三田税務署").is_err());
    }

    #[test]
    fn r37_every_kind_of_specific_work_has_its_letter() {
        let letters: String = SpecificWork::all().map(SpecificWork::letter).collect();
        assert_eq!(letters, "イロハニホヘトチリヌルヲワカ");
        assert_eq!(SpecificWork::NightWork.letter(), "ヌ");
        assert!(SPECIFIC_WORK.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn settings_survive_being_written_and_show_no_name_in_debug_output() {
        let json = r#"{"labour_insurance_number":"13-1-01-123456-000","business":"39","specific_work":{"night_work":12},
            "physician":{"name":"山田 一郎","institution":"みなと病院","address":"東京都港区1-1"},"enrolled":{"workers":120,"reason":"短時間勤務の方を除く"}}"#;
        let settings: WorkplaceSettings = serde_json::from_str(json).unwrap();
        let written = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<WorkplaceSettings>(&written).unwrap(), settings);
        assert!(!format!("{settings:?}").contains("山田"));
        assert!(serde_json::from_str::<WorkplaceSettings>(r#"{"name": "x"}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_text_upsets_the_readers(text in "\\PC{0,24}") {
            if let Ok(number) = LabourInsuranceNumber::parse(&text) {
                prop_assert_eq!(LabourInsuranceNumber::parse(number.as_str()).unwrap(), number);
            }
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()).unwrap(), phone);
            }
            let _ = (PostalCode::parse(&text), BranchOffice::parse(&text), BusinessClass::parse(&text));
        }
    }
}
