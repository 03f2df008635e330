//! How a judged checkup is kept: short JSON that reads back to the whole, and a canonical byte form of what was
//! delivered, by which two deliveries are known to be the same.
//!
//! ```json
//! {"v":1,"age":41,"sex":"male","r":[["sbp","127","A"],["ecg","#1 不整脈","B?"],["bmi","21.9","A*"],["hb",null,"-"]],
//!  "c":"ningen-dock-2026-04-01","x":[["fpg","hba1c","C"]],"t":[["history","blood_pressure"]],"k":[3,4,"tokutei-2024"],"q":["sbp"]}
//! ```
//! `k` holds the codes of metabolic syndrome and guidance and the rules that gave them, `q` the items for which restriction is considered. What was kept before there were any is
//! concluded when it is read.
//! A result is key, value, marks, what was written, the clinic's grade; what is absent at the end is left out. Values:
//! a number with its comparator, the number of an ordered code, `#` and a code (and words), or words. Marks: the
//! letter; `?` a physician looks; `*` computed here; and for a value that is missing (`null`) `-` not done, `!`
//! unmeasurable, `~` omitted.

use std::{borrow::Cow, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::Error as _,
    ser::{SerializeMap, SerializeSeq},
};

use super::{
    Subject,
    criteria::Criteria,
    derive,
    grade::{ClinicGrade, Grade},
    item::{Category, ItemId, Kind},
    judge::{CombinedGrade, Conclusions, ItemGrade, Judgement, Treatment},
    metabolic::{Guidance, Metabolic},
    results::{ItemResult, Results},
    value::{Comparator, Missing, Value},
};
use crate::{
    decimal::{Decimal, DecimalText},
    employee::Sex,
};

/// The version of the form that is written; every version that was ever written is read.
const VERSION: u8 = 1;

/// A judged checkup as it is kept. Debug output shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResults {
    /// Who was examined, as far as judging needs to know.
    pub subject: Subject,
    /// The results.
    pub results: Results,
    /// The clinic's own overall judgement.
    pub clinic_overall: Option<ClinicGrade>,
    /// Our judgement.
    pub judgement: Judgement,
}

impl StoredResults {
    /// Completes and judges what was delivered. Also returns the items whose supplied value is another than the computed one.
    #[must_use]
    pub fn judged(
        mut results: Results,
        clinic_overall: Option<ClinicGrade>,
        subject: Subject,
        criteria: &Criteria,
    ) -> (Self, Vec<ItemId>) {
        let differing = derive::complete(&mut results, subject);
        let judgement = Judgement::of(&results, subject, criteria);
        (Self { subject, results, clinic_overall, judgement }, differing)
    }

    /// The same results, judged by other criteria.
    #[must_use]
    pub fn rejudged(self, criteria: &Criteria) -> Self {
        Self { judgement: Judgement::of(&self.results, self.subject, criteria), ..self }
    }

    /// The canonical form of what was delivered: subject, results with what was written, the clinic's grades. Our letters
    /// and computed values are left out: new criteria do not make a delivery a new one. Equal content gives equal bytes.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend([VERSION, self.subject.age, self.subject.sex as u8]);
        let mut buffer: ValueText = [0; 48];
        for result in self.results.iter().filter(|result| !result.derived) {
            let value = encoded(&result.value, &mut buffer);
            let grade = result.clinic_grade.as_ref().map(ClinicGrade::kept);
            let fields = [Some(result.item.item().key), Some(&*value), result.raw.as_deref(), grade.as_deref()];
            for field in fields {
                put(&mut bytes, field);
            }
            bytes.push(missing_mark(&result.value).map_or(0, |mark| mark as u8));
        }
        put(&mut bytes, self.clinic_overall.as_ref().map(ClinicGrade::kept).as_deref());
        bytes
    }
}

/// A field with its length before it; one that is absent is told from an empty one.
fn put(bytes: &mut Vec<u8>, field: Option<&str>) {
    let length = field.map_or(u32::MAX, |field| u32::try_from(field.len()).unwrap_or(u32::MAX - 1));
    bytes.extend(length.to_be_bytes());
    bytes.extend(field.unwrap_or_default().as_bytes());
}

/// Room for a comparator and a number.
type ValueText = [u8; 48];

/// The value as text; nothing for a missing one.
fn encoded<'a>(value: &'a Value, buffer: &'a mut ValueText) -> Cow<'a, str> {
    match value {
        Value::Number(comparator, number) => {
            let mut digits: DecimalText = [0; 40];
            let (sign, digits) = (comparator.sign(), number.text(&mut digits));
            let length = sign.len() + digits.len();
            buffer[..sign.len()].copy_from_slice(sign.as_bytes());
            buffer[sign.len()..length].copy_from_slice(digits.as_bytes());
            Cow::Borrowed(std::str::from_utf8(&buffer[..length]).unwrap_or_default())
        }
        Value::Ordered(code) => Cow::Owned(code.to_string()),
        Value::Coded(code, None) => {
            buffer[..2].copy_from_slice(&[b'#', b'0' + code]);
            Cow::Borrowed(std::str::from_utf8(&buffer[..2]).unwrap_or_default())
        }
        Value::Coded(code, Some(words)) => Cow::Owned(format!("#{code} {words}")),
        Value::Text(words) => Cow::Borrowed(words),
        Value::Missing(_) => Cow::Borrowed(""),
    }
}

/// The value that a text stands for, by the kind of its item.
fn decoded(item: ItemId, text: &str) -> Option<Value> {
    if matches!(item.item().kind, Kind::Text) {
        return Some(Value::Text(text.into()));
    }
    if let Some(coded) = text.strip_prefix('#') {
        let (code, words) = match coded.split_once(' ') {
            Some((code, words)) => (code, Some(words.into())),
            None => (coded, None),
        };
        return Some(Value::Coded(digit(code)?, words));
    }
    if matches!(item.item().kind, Kind::Ordered(_)) {
        return digit(text).map(Value::Ordered);
    }
    let signs = [Comparator::AtMost, Comparator::AtLeast, Comparator::Below, Comparator::Above, Comparator::Exact];
    let (comparator, digits) = signs.into_iter().find_map(|sign| Some((sign, text.strip_prefix(sign.sign())?)))?;
    Some(Value::Number(comparator, Decimal::parse(digits)?))
}

/// Codes have one digit.
fn digit(text: &str) -> Option<u8> {
    text.parse().ok().filter(|&code: &u8| code < 10)
}

const MISSING_MARKS: [(Missing, char); 3] =
    [(Missing::NotDone, '-'), (Missing::Unmeasurable, '!'), (Missing::Omitted, '~')];

fn missing_mark(value: &Value) -> Option<char> {
    let Value::Missing(missing) = value else { return None };
    MISSING_MARKS.iter().find(|(of, _)| of == missing).map(|&(_, mark)| mark)
}

/// One result on its way out.
struct Line<'a> {
    result: &'a ItemResult,
    grade: Option<ItemGrade>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { result, grade } = self;
        let marks = [
            grade.and_then(|grade| grade.grade.letter().chars().next()),
            grade.is_some_and(|grade| grade.needs_physician).then_some('?'),
            result.derived.then_some('*'),
            missing_mark(&result.value),
        ];
        let mut text = [0; 4];
        let mut length = 0;
        for mark in marks.into_iter().flatten() {
            length += mark.encode_utf8(&mut text[length..]).len();
        }
        let marks = std::str::from_utf8(&text[..length]).unwrap_or_default();
        let clinic = result.clinic_grade.as_ref().map(ClinicGrade::kept);
        let fields = match (&clinic, &result.raw) {
            (Some(_), _) => 5,
            (None, Some(_)) => 4,
            (None, None) if !marks.is_empty() => 3,
            (None, None) => 2,
        };
        let mut line = serializer.serialize_seq(Some(fields))?;
        line.serialize_element(result.item.item().key)?;
        match &result.value {
            Value::Missing(_) => line.serialize_element(&())?,
            value => line.serialize_element(&*encoded(value, &mut [0; 48]))?,
        }
        if fields > 2 {
            line.serialize_element(marks)?;
        }
        if fields > 3 {
            line.serialize_element(&result.raw)?;
        }
        if fields > 4 {
            line.serialize_element(&clinic)?;
        }
        line.end()
    }
}

/// All results on their way out, each with its letter.
struct Lines<'a>(&'a StoredResults);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut grades = self.0.judgement.items.iter().peekable();
        serializer.collect_seq(self.0.results.iter().map(|result| {
            let grade = grades.next_if(|grade| grade.item == result.item).copied();
            Line { result, grade }
        }))
    }
}

impl Serialize for StoredResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let judgement = &self.judgement;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("v", &VERSION)?;
        map.serialize_entry("age", &self.subject.age)?;
        map.serialize_entry("sex", &self.subject.sex)?;
        map.serialize_entry("r", &Lines(self))?;
        map.serialize_entry("c", &*judgement.criteria_version)?;
        if let Some(overall) = &self.clinic_overall {
            map.serialize_entry("o", overall.as_str())?;
        }
        if !judgement.combined.is_empty() {
            let combined = |c: &CombinedGrade| (c.items[0], c.items[1], c.grade);
            map.serialize_entry("x", &judgement.combined.iter().map(combined).collect::<Vec<_>>())?;
        }
        if !judgement.treatments.is_empty() {
            let treatment = |t: &Treatment| (t.told_by, t.category);
            map.serialize_entry("t", &judgement.treatments.iter().map(treatment).collect::<Vec<_>>())?;
        }
        let Conclusions { rules, metabolic, guidance, restriction } = &judgement.conclusions;
        map.serialize_entry("k", &(metabolic.code(), guidance.code(), rules))?;
        if !restriction.is_empty() {
            map.serialize_entry("q", restriction)?;
        }
        map.end()
    }
}

/// The form on its way in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: u8,
    age: u8,
    sex: Sex,
    r: Vec<Vec<Option<String>>>,
    c: String,
    #[serde(default)]
    o: Option<String>,
    #[serde(default)]
    x: Vec<(ItemId, ItemId, Grade)>,
    #[serde(default)]
    t: Vec<(ItemId, Category)>,
    #[serde(default)]
    k: Option<(u8, u8, String)>,
    #[serde(default)]
    q: Vec<ItemId>,
}

impl<'de> Deserialize<'de> for StoredResults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        if form.v != VERSION {
            return Err(D::Error::custom("results of an unknown version"));
        }
        let mut results = Results::with_capacity(form.r.len());
        let mut items = Vec::with_capacity(form.r.len());
        let mut near = 0;
        for line in &form.r {
            let (result, grade) =
                read_line(line, near).ok_or_else(|| D::Error::custom("a result that cannot be read"))?;
            near = result.item.index();
            items.extend(grade);
            results.insert(result);
        }
        items.sort_unstable_by_key(|grade: &ItemGrade| grade.item);
        let subject = Subject { sex: form.sex, age: form.age };
        let conclusions = match form.k {
            Some((metabolic, guidance, rules)) => Conclusions {
                rules: Cow::Owned(rules),
                metabolic: Metabolic::from_code(metabolic),
                guidance: Guidance::from_code(guidance),
                restriction: form.q,
            },
            None => Conclusions::of(&results, subject, |_| true),
        };
        Ok(Self {
            subject,
            results,
            clinic_overall: form.o.as_deref().and_then(ClinicGrade::read_kept),
            judgement: Judgement {
                criteria_version: Arc::from(form.c),
                items,
                combined: form
                    .x
                    .into_iter()
                    .map(|(one, other, grade)| CombinedGrade { items: [one, other], grade })
                    .collect(),
                treatments: form.t.into_iter().map(|(told_by, category)| Treatment { told_by, category }).collect(),
                conclusions,
            },
        })
    }
}

fn read_line(line: &[Option<String>], near: usize) -> Option<(ItemResult, Option<ItemGrade>)> {
    let field = |at: usize| line.get(at).and_then(Option::as_deref);
    let item = ItemId::from_key_near(field(0)?, near)?;
    let marks = field(2).unwrap_or_default();
    let value = match field(1) {
        Some(text) => decoded(item, text)?,
        None => Value::Missing(MISSING_MARKS.iter().find(|(_, mark)| marks.contains(*mark))?.0),
    };
    let letter = marks.get(..1).and_then(Grade::from_letter);
    let needs_physician = marks.contains('?');
    let result = ItemResult {
        item,
        value,
        raw: field(3).map(Into::into),
        clinic_grade: field(4).and_then(ClinicGrade::read_kept),
        derived: marks.contains('*'),
    };
    Some((result, letter.map(|grade| ItemGrade { item, grade, needs_physician })))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{items, standard, value::read},
        *,
    };

    fn stored(cells: &[(ItemId, &str)]) -> StoredResults {
        let subject = Subject { sex: Sex::Female, age: 41 };
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        results.set_clinic_grade(items::SBP, ClinicGrade::Other("要観察".into()));
        let criteria = standard::criteria().unwrap();
        StoredResults::judged(results, Some(ClinicGrade::Graded(Grade::C)), subject, &criteria).0
    }

    const CELLS: &[(ItemId, &str)] = &[
        (items::HEIGHT, "171.9"),
        (items::WEIGHT, "64.6"),
        (items::SBP, "１２７"),
        (items::CRP, "<0.10"),
        (items::FPG, ">=126"),
        (items::HBA1C, "6.4"),
        (items::U_PRO, "(±)"),
        (items::ECG, "不整脈"),
        (items::CXR, "異常なし"),
        (items::HEAR_R1K, "30"),
        (items::HEAR_L1K, "所見なし"),
        (items::HISTORY, "高血圧治療中"),
        (items::HB, "測定不能"),
        (items::AST, "省略"),
    ];

    #[test]
    fn r34_everything_reads_back() {
        let stored = stored(CELLS);
        let json = serde_json::to_string(&stored).unwrap();
        assert_eq!(serde_json::from_str::<StoredResults>(&json).unwrap(), stored, "{json}");
        assert!(json.contains(r#"["sbp","127","A","１２７","要観察"]"#), "{json}");
        assert!(json.contains(r##"["ecg","#1 不整脈","B?"]"##), "{json}");
        assert!(json.contains(r#"["hb",null,"!","測定不能"]"#) || json.contains(r#"["hb",null,"!"]"#), "{json}");
    }

    #[test]
    fn r33_the_same_delivery_in_another_order_has_the_same_bytes() {
        let reversed: Vec<_> = CELLS.iter().rev().copied().collect();
        assert_eq!(stored(CELLS).canonical(), stored(&reversed).canonical());
        let other = [&CELLS[1..], &[(items::HEIGHT, "172.0")]].concat();
        assert_ne!(stored(CELLS).canonical(), stored(&other).canonical());
    }

    #[test]
    fn what_was_kept_before_there_were_conclusions_is_concluded_when_it_is_read() {
        let stored = stored(CELLS);
        let json = serde_json::to_string(&stored).unwrap();
        let (before, _) = json.split_once(r#","k":["#).unwrap();
        assert_eq!(serde_json::from_str::<StoredResults>(&format!("{before}}}")).unwrap(), stored);
    }

    #[test]
    fn other_criteria_do_not_make_another_delivery() {
        let (one, mut other) = (stored(CELLS), stored(CELLS));
        other.judgement.criteria_version = "tenant-2".into();
        other.judgement.items.clear();
        assert_eq!(one.canonical(), other.canonical());
    }

    #[test]
    fn r13_debug_output_shows_no_value() {
        assert!(!format!("{:?}", stored(CELLS)).contains("127"));
    }

    proptest! {
        #[test]
        fn any_words_read_back(words in "[ぁ-んァ-ヶ一-龠A-Za-z#: 、]{1,30}") {
            if let Ok(Some(reading)) = read(items::ECG, &words) {
                let mut results = Results::default();
                results.insert_reading(items::ECG, reading);
                let judgement = Judgement::of(&results, Subject { sex: Sex::Male, age: 40 }, &standard::criteria().unwrap());
                let stored = StoredResults { subject: Subject { sex: Sex::Male, age: 40 }, results, clinic_overall: None, judgement };
                let json = serde_json::to_string(&stored).unwrap();
                prop_assert_eq!(serde_json::from_str::<StoredResults>(&json).unwrap(), stored);
            }
        }
    }
}
