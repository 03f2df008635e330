//! Values as clinics write them: `13.4`, `１２０`, `<0.10`, `5未満`, `測定不能`, `142/90`, `0.7(1.2)`, `(±)`, `所見なし`. A cell
//! is read by the kind of its item into a value in the catalogue's unit and decimals; what was written is kept beside
//! it wherever it reads differently (domain.md 2.4-6, 9.4).

use std::borrow::Cow;

use super::{
    codes::CodeSet,
    item::{Item, ItemId, Kind, Quantity, Rescale},
    items, unit,
};
use crate::{decimal::Decimal, text};

/// How a number relates to the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparator {
    /// It is the number.
    Exact,
    /// It lies below (未満).
    Below,
    /// It is the number or lies below (以下).
    AtMost,
    /// It is the number or lies above (以上).
    AtLeast,
    /// It lies above (超).
    Above,
}

impl Comparator {
    /// The sign before the number; nothing for an exact one.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }
}

/// Signs before and words after a number, longer ones first.
const SIGNS: &[(&str, Comparator)] = &[
    ("<=", Comparator::AtMost),
    (">=", Comparator::AtLeast),
    ("≦", Comparator::AtMost),
    ("≤", Comparator::AtMost),
    ("≧", Comparator::AtLeast),
    ("≥", Comparator::AtLeast),
    ("<", Comparator::Below),
    (">", Comparator::Above),
];
const SUFFIXES: &[(&str, Comparator)] = &[
    ("未満", Comparator::Below),
    ("以下", Comparator::AtMost),
    ("以上", Comparator::AtLeast),
    ("超過", Comparator::Above),
    ("超", Comparator::Above),
];

/// Why there is no value although the item was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// Not examined (実施せず).
    NotDone,
    /// Examined without a result (測定不能).
    Unmeasurable,
    /// Left out by a physician's judgement (医師の判断による省略, 安衛則44).
    Omitted,
}

/// Words for a missing value, in narrow form.
const MISSING_WORDS: &[(&str, Missing)] = &[
    ("実施せず", Missing::NotDone),
    ("測定不能", Missing::Unmeasurable),
    ("省略", Missing::Omitted),
    ("未実施", Missing::NotDone),
    ("実施なし", Missing::NotDone),
    ("検査せず", Missing::NotDone),
    ("未検査", Missing::NotDone),
    ("未測定", Missing::NotDone),
    ("測定せず", Missing::NotDone),
    ("未受診", Missing::NotDone),
    ("受診せず", Missing::NotDone),
    ("*", Missing::NotDone),
    ("**", Missing::NotDone),
    ("***", Missing::NotDone),
    ("測定不可", Missing::Unmeasurable),
    ("検査不能", Missing::Unmeasurable),
    ("判定不能", Missing::Unmeasurable),
    ("医師の判断により省略", Missing::Omitted),
    ("省略(医師判断)", Missing::Omitted),
    ("医師判断により省略", Missing::Omitted),
    ("検査なし", Missing::NotDone),
    ("実施無し", Missing::NotDone),
    ("未提出", Missing::NotDone),
    ("検体なし", Missing::NotDone),
    ("生理中", Missing::NotDone),
    ("妊娠中", Missing::NotDone),
    ("希望せず", Missing::NotDone),
    ("拒否", Missing::NotDone),
    ("検査不可", Missing::Unmeasurable),
    ("採血不能", Missing::Unmeasurable),
    ("検体不足", Missing::Unmeasurable),
    ("検体不良", Missing::Unmeasurable),
    ("溶血", Missing::Unmeasurable),
];

impl Missing {
    /// What people read.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        MISSING_WORDS.iter().find(|&&(_, missing)| missing == self).map_or("", |&(word, _)| word)
    }
}

/// The value of one item, in the catalogue's unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// A number with the item's decimals.
    Number(Comparator, Decimal),
    /// A code with an order, the better first.
    Ordered(u8),
    /// A code, and the words that came with it.
    Coded(u8, Option<Box<str>>),
    /// Words.
    Text(Box<str>),
    /// No value, and why.
    Missing(Missing),
}

impl Value {
    /// The number, when it is exact.
    #[must_use]
    pub fn exact(&self) -> Option<Decimal> {
        match self {
            Self::Number(Comparator::Exact, number) => Some(*number),
            _ => None,
        }
    }

    /// The code, ordered or not.
    #[must_use]
    pub fn code(&self) -> Option<u8> {
        match self {
            Self::Ordered(code) | Self::Coded(code, _) => Some(*code),
            _ => None,
        }
    }

    /// What people read, without the unit.
    #[must_use]
    pub fn japanese(&self, item: ItemId) -> Cow<'_, str> {
        match self {
            Self::Number(comparator, number) => Cow::Owned(format!("{}{number}", comparator.sign())),
            Self::Coded(_, Some(words)) | Self::Text(words) => Cow::Borrowed(words),
            Self::Ordered(code) | Self::Coded(code, None) => {
                Cow::Borrowed(code_set(item).and_then(|set| set.label(*code)).unwrap_or_default())
            }
            Self::Missing(missing) => Cow::Borrowed(missing.japanese()),
        }
    }
}

/// The codes of an item that has some.
pub(super) fn code_set(item: ItemId) -> Option<&'static CodeSet> {
    match item.item().kind {
        Kind::Ordered(set) | Kind::Coded(set) | Kind::Finding(set) | Kind::Hearing(_, set) => Some(set),
        Kind::Quantity(_) | Kind::Text => None,
    }
}

/// What one cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The value.
    pub value: Value,
    /// What was written, where it reads differently.
    pub raw: Option<Box<str>>,
    /// The number was in another unit and has been converted; to be shown before anything is applied.
    pub rescaled: bool,
}

/// In which unit the numbers of a column are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scale {
    /// Nothing says it: the catalogue's, or the other one that laboratories use, told apart by the size of the number.
    #[default]
    Unsaid,
    /// A header says it: × 10^power is the catalogue's. A number that cannot be one in this unit is taken by its size after
    /// all: headers outlive a change of the laboratory.
    Power(i8),
    /// A tenant's layout says it: × this is the catalogue's, whatever the size.
    Factor(Decimal),
}

/// Why a cell is no value of its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    /// Not a number, nor anything that stands for one.
    #[error("not a number")]
    NotANumber,
    /// Outside of what is plausible.
    #[error("not a plausible value")]
    OutOfRange,
    /// A word that is none of the item's answers.
    #[error("not an answer of the item")]
    UnknownAnswer,
    /// Over 512 characters, or with control characters.
    #[error("text too long or with control characters")]
    UnfitText,
}

/// The most characters of a finding; 健診標準フォーマット allows 512 bytes.
const LONGEST_TEXT: usize = 512;

/// Reads a cell of `item`; `None` for a blank one.
pub fn read(item: ItemId, cell: &str) -> Result<Option<Reading>, ValueFault> {
    read_in(item, cell, Scale::Unsaid)
}

/// Reads a cell of `item` in a column whose numbers are in the unit that `scale` says, unless the cell has one of its own.
pub fn read_in(item: ItemId, cell: &str, scale: Scale) -> Result<Option<Reading>, ValueFault> {
    let written = text::trim(cell);
    if written.is_empty() {
        return Ok(None);
    }
    if let Kind::Quantity(quantity) = item.item().kind
        && let Some(number) = Decimal::parse(written).filter(|number| is_plain(*number, &quantity, written))
    {
        let (value, rescaled) = in_unit(&quantity, Comparator::Exact, number, scale)?;
        let raw = rescaled.then(|| keep(written));
        return Ok(Some(Reading { value, raw, rescaled }));
    }
    let (value, rescaled) = match item.item().kind {
        Kind::Quantity(quantity) => number(item.item(), &quantity, written, scale)?,
        Kind::Hearing(quantity, set) => match set.code(written) {
            Some(code) => (Value::Coded(code, None), false),
            None => number(item.item(), &quantity, written, scale)?,
        },
        Kind::Ordered(set) => (coded(set, written)?.map_or_else(Value::Missing, Value::Ordered), false),
        Kind::Coded(set) => (coded(set, written)?.map_or_else(Value::Missing, |code| Value::Coded(code, None)), false),
        Kind::Finding(set) => (finding(set, written)?, false),
        Kind::Text => (words(written).map(Value::Text)?, false),
    };
    let raw = (value.japanese(item) != written).then(|| keep(written));
    Ok(Some(Reading { value, raw, rescaled }))
}

/// Reads `142/90`: systolic and diastolic.
pub fn read_blood_pressure(cell: &str) -> Result<Option<(Reading, Reading)>, ValueFault> {
    let narrow = text::narrow(cell);
    if narrow.is_empty() {
        return Ok(None);
    }
    if let Some(missing) = missing(&narrow) {
        let reading = || Reading { value: Value::Missing(missing), raw: None, rescaled: false };
        return Ok(Some((reading(), reading())));
    }
    let (systolic, diastolic) = narrow.split_once(['/', '-', '~']).ok_or(ValueFault::NotANumber)?;
    match (read(items::SBP, systolic)?, read(items::DBP, diastolic)?) {
        (Some(systolic), Some(diastolic)) => Ok(Some((systolic, diastolic))),
        _ => Err(ValueFault::NotANumber),
    }
}

/// A naked and a corrected acuity of one eye, as far as a cell gives them.
pub type Acuities = (Option<Reading>, Option<Reading>);

/// Reads `0.7(1.2)` of one eye: naked and, in brackets, corrected; either may be absent. `None`: not written that way.
#[must_use]
pub fn read_vision(naked: ItemId, corrected: ItemId, cell: &str) -> Option<Result<Acuities, ValueFault>> {
    if !cell.contains(['(', '（']) {
        return None;
    }
    let narrow = text::narrow(cell);
    let (outside, inside) = narrow.strip_suffix(')')?.split_once('(')?;
    let inside = inside.trim_start_matches("矯正");
    Some(read(naked, outside).and_then(|naked| Ok((naked, read(corrected, inside)?))))
}

/// Whether a number is written as the catalogue would write it: with the item's decimals or fewer, without needless zeros
/// in front or a sign. `13` and `13.0` read alike.
fn is_plain(number: Decimal, quantity: &Quantity, written: &str) -> bool {
    let needless = matches!(written.as_bytes(), [b'-', ..] | [b'0', b'0'..=b'9', ..]);
    number.scale() <= quantity.decimals && !needless
}

/// A number of the quantity, and whether it was converted.
fn number(item: &Item, quantity: &Quantity, written: &str, scale: Scale) -> Result<(Value, bool), ValueFault> {
    if let Some(number) = Decimal::parse(written) {
        return in_unit(quantity, Comparator::Exact, number, scale);
    }
    let narrow = text::narrow(written);
    if let Some(missing) = missing(&narrow).or_else(|| stroke(&narrow)) {
        return Ok((Value::Missing(missing), false));
    }
    let mut digits: &str = without_flag(&narrow);
    let mut comparator = Comparator::Exact;
    if let Some((rest, found)) = SIGNS.iter().find_map(|&(sign, found)| Some((digits.strip_prefix(sign)?, found))) {
        (digits, comparator) = (rest.trim_start(), found);
    } else if let Some((rest, found)) =
        SUFFIXES.iter().find_map(|&(word, found)| Some((digits.strip_suffix(word)?, found)))
    {
        (digits, comparator) = (rest.trim_end(), found);
    }
    let (digits, scale) = without_unit(item, digits, scale);
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let number = match without_thousands(digits) {
        Some(digits) => Decimal::parse(&digits),
        None => Decimal::parse(digits),
    };
    in_unit(quantity, comparator, number.ok_or(ValueFault::NotANumber)?, scale)
}

/// Converts to the catalogue's unit and decimals, and refuses what is not plausible.
fn in_unit(
    quantity: &Quantity,
    comparator: Comparator,
    number: Decimal,
    scale: Scale,
) -> Result<(Value, bool), ValueFault> {
    let by_size = by_size(quantity, number);
    let readings = match scale {
        Scale::Unsaid => [Some(by_size), None],
        Scale::Power(power) => [Some((number.shifted(power), power != 0)), Some(by_size).filter(|(_, other)| *other)],
        Scale::Factor(factor) => [number.times(factor).map(|product| (product, factor != Decimal::from(1))), None],
    };
    let decimals = i8::try_from(quantity.decimals).unwrap_or(0);
    let (least, most) = quantity.plausible;
    let mut rounded = readings.into_iter().flatten().map(|(number, converted)| (number.rounded(decimals), converted));
    let (number, converted) =
        rounded.find(|(number, _)| (least..=most).contains(number)).ok_or(ValueFault::OutOfRange)?;
    Ok((Value::Number(comparator, number), converted))
}

/// The number in the catalogue's unit, as far as its size tells the unit, and whether that was another one.
fn by_size(quantity: &Quantity, number: Decimal) -> (Decimal, bool) {
    match quantity.rescale {
        Some(Rescale::Below(bound, power)) if number < bound => (number.shifted(power), true),
        Some(Rescale::Above(bound, power)) if number > bound => (number.shifted(power), true),
        _ => (number, false),
    }
}

/// What laboratories write beside a number that lies outside of their reference range.
const FLAGS: &[&str] = &["(H)", "(L)", "HH", "LL", "H", "L", "↑", "↓", "**", "*", "高", "低"];

/// The number without a laboratory's flag behind or before it. A letter that belongs to a unit is none.
fn without_flag(narrow: &str) -> &str {
    let ends_a_number = |rest: &str| rest.ends_with(|c: char| c.is_ascii_digit() || c.is_whitespace() || c == '%');
    let behind = FLAGS.iter().find_map(|flag| narrow.strip_suffix(flag).filter(|rest| ends_a_number(rest)));
    let text = behind.unwrap_or(narrow).trim_end();
    FLAGS.iter().find_map(|flag| text.strip_prefix(flag)).unwrap_or(text).trim_start()
}

/// The number without its unit, if that is what follows it, and the unit that holds then.
fn without_unit<'a>(item: &Item, text: &'a str, scale: Scale) -> (&'a str, Scale) {
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-'));
    match text.strip_suffix(number) {
        Some(digits) if !number.is_empty() => match unit::power(item, number) {
            Some(power) => (digits.trim_end(), Scale::Power(power)),
            None => (text, scale),
        },
        _ => (text, scale),
    }
}

/// `12,345` without its commas; `None` when they do not part thousands.
fn without_thousands(text: &str) -> Option<String> {
    let mut groups = text.split('.').next()?.split(',');
    let first = groups.next()?;
    let parted = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    (parted && text.contains(',')).then(|| text.replace(',', ""))
}

fn missing(narrow: &str) -> Option<Missing> {
    MISSING_WORDS.iter().find(|(word, _)| *word == narrow).map(|&(_, missing)| missing)
}

/// A stroke in place of a number.
fn stroke(narrow: &str) -> Option<Missing> {
    narrow.chars().all(text::is_hyphen).then_some(Missing::NotDone)
}

fn coded(set: &CodeSet, written: &str) -> Result<Result<u8, Missing>, ValueFault> {
    if let Some(code) = set.code(written) {
        return Ok(Ok(code));
    }
    missing(&text::narrow(written)).map(Err).ok_or(ValueFault::UnknownAnswer)
}

fn finding(set: &CodeSet, written: &str) -> Result<Value, ValueFault> {
    if let Some(code) = set.code(written) {
        return Ok(Value::Coded(code, None));
    }
    if let Some(missing) = missing(&text::narrow(written)) {
        return Ok(Value::Missing(missing));
    }
    Ok(Value::Coded(WITH_FINDING, Some(words(written)?)))
}

/// The code of 所見あり in every code set of findings.
pub(super) const WITH_FINDING: u8 = 1;
/// The code of 所見なし in every code set of findings.
pub(super) const WITHOUT_FINDING: u8 = 2;

/// Free text: half-width kana widened, line breaks as spaces.
fn words(written: &str) -> Result<Box<str>, ValueFault> {
    let wide = text::widen_kana(written);
    let one_line: Cow<'_, str> = if wide.contains(['\r', '\n', '\t']) {
        wide.replace("\r\n", " ").replace(['\r', '\n', '\t'], " ").into()
    } else {
        wide
    };
    if one_line.chars().count() > LONGEST_TEXT || one_line.chars().any(char::is_control) {
        return Err(ValueFault::UnfitText);
    }
    Ok(one_line.into())
}

/// Whether what a clinic wrote can be kept as it is.
pub(crate) fn can_be_kept(written: &str) -> bool {
    written.chars().count() <= LONGEST_TEXT && !written.chars().any(char::is_control)
}

/// What was written, for lineage: without control characters, and not longer than a finding may be.
fn keep(written: &str) -> Box<str> {
    written.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(item: ItemId, cell: &str) -> String {
        read(item, cell).unwrap().unwrap().value.japanese(item).into_owned()
    }

    #[test]
    fn r34_numbers_are_read_in_every_usual_form() {
        for (item, cell, expected) in [
            (items::HB, "13.4", "13.4"),
            (items::HB, "１３．４", "13.4"),
            (items::HB, " 13.4 g/dL", "13.4"),
            (items::SBP, "120.0", "120"),
            (items::CRE, "0.925", "0.93"),
            (items::WEIGHT, "65", "65.0"),
            (items::TG, "1,234", "1234"),
            (items::CRP, "<0.10", "<0.10"),
            (items::CRP, "0.10未満", "<0.10"),
            (items::AST, "5未満", "<5"),
            (items::AST, "＜５", "<5"),
            (items::FPG, ">1000", ">1000"),
            (items::FPG, "≧300", ">=300"),
            (items::FPG, "300以上", ">=300"),
            (items::HB, "測定不能", "測定不能"),
            (items::HB, "実施せず", "実施せず"),
            (items::HB, "*", "実施せず"),
            (items::HB, "－", "実施せず"),
            (items::HEAR_R1K, "-10", "-10"),
        ] {
            assert_eq!(shown(item, cell), expected, "{cell}");
        }
    }

    #[test]
    fn what_is_no_number_or_not_plausible_is_refused() {
        for cell in ["abc", "1.2E+2", "12..3", "1,23", "高い", "12/3"] {
            assert_eq!(read(items::FPG, cell), Err(ValueFault::NotANumber), "{cell}");
        }
        for (item, cell) in [(items::HEIGHT, "17.19"), (items::SBP, "1270"), (items::HBA1C, "56"), (items::HB, "-3")] {
            assert_eq!(read(item, cell), Err(ValueFault::OutOfRange), "{cell}");
        }
        assert_eq!(read(items::U_PRO, "多い"), Err(ValueFault::UnknownAnswer));
        assert_eq!(read(items::ECG, &"あ".repeat(513)), Err(ValueFault::UnfitText));
        assert_eq!(read(items::HB, "　"), Ok(None));
    }

    #[test]
    fn r34_blood_counts_arrive_in_one_unit() {
        for (item, cell, expected) in [
            (items::RBC, "4.50", "450"),
            (items::WBC, "5.6", "5600"),
            (items::PLT, "234", "23.4"),
            (items::PLT, "23.4", "23.4"),
        ] {
            let reading = read(item, cell).unwrap().unwrap();
            assert_eq!(reading.value.japanese(item), expected);
            assert_eq!(reading.rescaled, cell != expected);
            assert_eq!(reading.raw.as_deref(), (cell != expected).then_some(cell), "the laboratory's own number stays");
        }
    }

    #[test]
    fn r34_a_unit_that_is_said_is_converted_exactly_and_told() {
        let in_power = |item, cell, power| {
            let reading = read_in(item, cell, Scale::Power(power)).unwrap().unwrap();
            (reading.value.japanese(item).into_owned(), reading.rescaled)
        };
        assert_eq!(in_power(items::WBC, "56", 2), ("5600".to_owned(), true), "10^2/μL");
        assert_eq!(in_power(items::WBC, "5600", 0), ("5600".to_owned(), false));
        assert_eq!(in_power(items::WBC, "5.6", 0), ("5600".to_owned(), true), "the header cannot be right");
        assert_eq!(in_power(items::PLT, "100", 0), ("100.0".to_owned(), false), "万/μL, and so no guess");
        assert_eq!(in_power(items::RBC, "4500000", -4), ("450".to_owned(), true));
        for (item, cell, expected) in [
            (items::RBC, "450万/μL", "450"),
            (items::RBC, "450万", "450"),
            (items::WBC, "5.6×10^3/μL", "5600"),
            (items::HB, "134 g/L", "13.4"),
            (items::HEIGHT, "1.719m", "171.9"),
            (items::CRP, "＜1.0 mg/L", "<0.10"),
            (items::PULSE, "72回/分", "72"),
        ] {
            assert_eq!(shown(item, cell), expected, "{cell}");
        }
        let factor = Scale::Factor(Decimal::new(180_182, 4));
        let glucose = read_in(items::FPG, "5.5", factor).unwrap().unwrap();
        assert_eq!(
            (glucose.value.japanese(items::FPG).as_ref(), glucose.raw.as_deref()),
            ("99", Some("5.5")),
            "mmol/L"
        );
        assert_eq!(read_in(items::FPG, "99", factor), Err(ValueFault::OutOfRange), "a layout is taken at its word");
    }

    #[test]
    fn a_laboratorys_flag_beside_a_number_is_no_part_of_it() {
        for cell in ["120H", "120 H", "H 120", "120*", "*120", "120(H)", "１２０↑", "120 mg/dL H", "120高"] {
            let reading = read(items::FPG, cell).unwrap().unwrap();
            assert_eq!(reading.value.japanese(items::FPG), "120", "{cell}");
            assert_eq!(reading.raw.as_deref(), Some(cell), "what was written stays");
        }
    }

    #[test]
    fn findings_are_a_code_or_words() {
        let value = |item, cell| read(item, cell).unwrap().unwrap().value;
        assert_eq!(value(items::CXR, "異常なし"), Value::Coded(WITHOUT_FINDING, None));
        assert_eq!(value(items::CXR, "所見なし"), Value::Coded(WITHOUT_FINDING, None));
        assert_eq!(value(items::ECG, "左室肥大の疑い"), Value::Coded(WITH_FINDING, Some("左室肥大の疑い".into())));
        assert_eq!(value(items::HISTORY, "なし"), Value::Coded(2, None));
        assert_eq!(value(items::HEAR_R4K, "30"), value(items::HEAR_R4K, "30dB"));
        assert_eq!(value(items::HEAR_R4K, "所見あり"), Value::Coded(WITH_FINDING, None));
        assert_eq!(value(items::FUNDUS, "ｽｹｲｴ H1\r\nS0").japanese(items::FUNDUS), "スケイエ H1 S0");
    }

    #[test]
    fn a_cell_may_hold_two_values() {
        let (systolic, diastolic) = read_blood_pressure("１４２／９０").unwrap().unwrap();
        assert_eq!(
            (systolic.value.japanese(items::SBP), diastolic.value.japanese(items::DBP)),
            ("142".into(), "90".into())
        );
        assert_eq!(read_blood_pressure("142"), Err(ValueFault::NotANumber));
        let vision = |cell| read_vision(items::VIS_R, items::VISC_R, cell);
        let (naked, corrected) = vision("0.7(1.2)").unwrap().unwrap();
        assert_eq!(
            (naked.unwrap().value.japanese(items::VIS_R), corrected.unwrap().value.japanese(items::VISC_R)),
            ("0.70".into(), "1.20".into())
        );
        assert_eq!(vision("（1.2）").unwrap().unwrap().0, None);
        assert_eq!(vision("0.7"), None);
    }

    #[test]
    fn what_was_written_is_kept_only_where_it_reads_differently() {
        let raw = |item, cell| read(item, cell).unwrap().unwrap().raw;
        for (item, cell) in
            [(items::HB, "13.4"), (items::U_PRO, "(-)"), (items::HEAR_R1K, "所見なし"), (items::ECG, "不整脈")]
        {
            assert_eq!(raw(item, cell), None, "{cell}");
        }
        for (item, cell) in [
            (items::HB, "013.4"),
            (items::CRE, "0.925"),
            (items::U_PRO, "陰性"),
            (items::CXR, "所見なし"),
            (items::CRP, "0.10未満"),
        ] {
            assert_eq!(raw(item, cell).as_deref(), Some(cell));
        }
    }

    proptest! {
        #[test]
        fn no_cell_upsets_the_reader(cell in "\\PC{0,24}", at in 0_usize..91) {
            let item = ItemId::all().nth(at).unwrap();
            if let Ok(Some(reading)) = read(item, &cell) {
                prop_assert!(!reading.value.japanese(item).is_empty());
            }
        }

        #[test]
        fn r34_a_blood_count_is_the_same_in_every_unit(hundreds in 10_i64..=999) {
            let exact = |item, cell: String, scale| read_in(item, &cell, scale).unwrap().unwrap().value.exact().unwrap();
            let wbc = Decimal::new(hundreds * 100, 0);
            for (scale, power) in [(-2, 2), (-3, 3), (0, 0), (4, -4)] {
                let written = wbc.shifted(scale);
                prop_assert_eq!(exact(items::WBC, written.to_string(), Scale::Power(power)), wbc);
            }
        }

        #[test]
        fn r34_a_comparator_reads_the_same_before_and_behind(number in 1_i64..=5000, which in 0_usize..4) {
            let (sign, word) = [("<", "未満"), ("<=", "以下"), (">=", "以上"), (">", "超")][which];
            let value = |cell: String| read(items::AST, &cell).unwrap().unwrap().value;
            prop_assert_eq!(value(format!("{sign}{number}")), value(format!("{number}{word}")));
            prop_assert_eq!(value(format!("{sign} {number}")), value(format!("{number} U/L {word}")));
        }

        #[test]
        fn r34_two_pressures_in_one_cell_are_those_of_two_cells(upper in 50_i64..=300, lower in 20_i64..=200) {
            let (systolic, diastolic) = read_blood_pressure(&format!("{upper}／{lower}")).unwrap().unwrap();
            prop_assert_eq!(Some(systolic), read(items::SBP, &upper.to_string()).unwrap());
            prop_assert_eq!(Some(diastolic), read(items::DBP, &lower.to_string()).unwrap());
        }

        #[test]
        fn r34_an_acuity_in_brackets_is_the_corrected_one(naked in 1_i64..=20, corrected in 1_i64..=20) {
            let (naked, corrected) = (Decimal::new(naked, 1), Decimal::new(corrected, 1));
            let (n, c) = read_vision(items::VIS_R, items::VISC_R, &format!("{naked}（{corrected}）")).unwrap().unwrap();
            prop_assert_eq!(n.unwrap().value.exact(), Some(naked));
            prop_assert_eq!(c.unwrap().value.exact(), Some(corrected));
        }

        #[test]
        fn a_plausible_number_is_itself(tenths in 20_i64..=250) {
            let number = Decimal::new(tenths, 1);
            prop_assert_eq!(read(items::HB, &number.to_string()).unwrap().unwrap(), Reading {
                value: Value::Number(Comparator::Exact, number), raw: None, rescaled: false,
            });
        }
    }
}
