//! Lifelogs (ライフログ): what employees measure and note about themselves day by day (domain.md 7.1). The metrics are one table: unit, what is plausible, who may send it, and
//! what becomes of several entries of a day.
//!
//! An entry is a reading at a moment, in Japan's time whatever offset it was sent with. Readings are kept as whole numbers in the metric's decimals, so that nothing is ever
//! rounded twice. What a day, a week or a month comes to is in [`reduce`] and [`series`].

pub mod reduce;
pub mod series;

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    checked::{Checked, Rule},
    decimal::Decimal,
    ids::LifelogEntryId,
    time::Jst,
};

/// How far back an entry may lie, in days: ten years.
const OLDEST_DAYS: i64 = 3_653;
/// From which change between two readings of a day on a weight is asked about, in its decimals: 5 kg.
const WEIGHT_JUMP: i64 = 50;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// 歩数.
    Steps,
    /// 移動距離.
    Distance,
    /// 活動時間.
    ActiveMinutes,
    /// 運動.
    Exercise,
    /// 体重.
    Weight,
    /// 体脂肪率.
    BodyFat,
    /// 家庭血圧: systolic, with the diastolic beside it.
    BloodPressure,
    /// 脈拍.
    Pulse,
    /// 体温.
    BodyTemperature,
    /// 血糖.
    BloodGlucose,
    /// 睡眠: how long, up to the moment of waking.
    Sleep,
    /// 食事: whether one was eaten.
    Meal,
    /// 飲酒: pure alcohol.
    Alcohol,
    /// 喫煙: cigarettes.
    Smoking,
    /// 気分: 1 (bad) to 5 (good). Nobody but the employee ever sees it.
    Mood,
}

/// Metrics that are kept, read and shared together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// 活動.
    Activity,
    /// 身体.
    Body,
    /// 睡眠.
    Sleep,
    /// 生活習慣.
    Habit,
    /// 気分: cannot be shared.
    Mood,
}

impl Group {
    /// All groups; the place of each is its number in ids.
    pub const ALL: [Self; 5] = [Self::Activity, Self::Body, Self::Sleep, Self::Habit, Self::Mood];

    /// The name in JSON and in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Body => "body",
            Self::Sleep => "sleep",
            Self::Habit => "habit",
            Self::Mood => "mood",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Activity => "活動",
            Self::Body => "身体",
            Self::Sleep => "睡眠",
            Self::Habit => "生活習慣",
            Self::Mood => "気分",
        }
    }

    /// Whether an employee can share it with a physician or nurse.
    #[must_use]
    pub const fn can_be_shared(self) -> bool {
        !matches!(self, Self::Mood)
    }
}

/// The plausible readings, in the metric's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub least: i64,
    /// The most.
    pub most: i64,
    /// How many decimals a reading has.
    pub decimals: u8,
}

impl Bounds {
    /// The reading that a number is; nothing where it has more decimals than the metric, or is not plausible.
    #[must_use]
    pub fn read(self, number: Decimal) -> Option<i64> {
        let exact = number.rounded(i8::try_from(self.decimals).ok()?);
        (exact == number && (self.least..=self.most).contains(&exact.mantissa())).then_some(exact.mantissa())
    }

    /// The number that a reading is.
    #[must_use]
    pub const fn number(self, reading: i64) -> Decimal {
        Decimal::new(reading, self.decimals)
    }
}

/// The number that stands beside a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Second {
    /// What people read.
    pub japanese: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What is plausible.
    pub bounds: Bounds,
    /// An entry must have it.
    pub required: bool,
}

/// What becomes of several entries of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The most that the best source says: a total as it was known when it was sent. Phone and watch are never added.
    MostOfOneSource,
    /// The sum of one device, the one that says most; phone and watch are never added.
    SumOfOneSource,
    /// The sum of all.
    Sum,
    /// The last one.
    Last,
    /// The mean of all.
    Mean,
    /// The mean of the morning, or of the evening where the morning has none; and that of the evening beside it.
    MorningAndEvening,
    /// How long one source says that was slept; what overlaps is counted once.
    Sleep,
    /// How many of the kinds were so, the last entry of each counting.
    EachKind,
}

/// What days come to over a week or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// The mean of the days that have a value.
    Mean,
    /// Their sum.
    Sum,
}

/// What is good to know beside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guide {
    /// From this reading on; where it is a limit, it is better to stay below it.
    pub at: i64,
    /// It is a limit and not a goal.
    pub is_limit: bool,
    /// What people read.
    pub japanese: &'static str,
}

/// A row of the table.
#[derive(Debug)]
pub struct MetricRow {
    /// The metric.
    pub metric: Metric,
    /// Its name in JSON.
    pub name: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// The unit.
    pub unit: &'static str,
    /// With which it is kept.
    pub group: Group,
    /// What is plausible.
    pub bounds: Bounds,
    /// The number beside it, if there is one.
    pub second: Option<Second>,
    /// The kinds of entry, each with what people read; an entry names one of them, where there are any.
    pub kinds: &'static [(&'static str, &'static str)],
    /// A device may send it.
    pub by_device: bool,
    /// What becomes of several entries of a day.
    pub reduction: Reduction,
    /// What days come to.
    pub aggregate: Aggregate,
    /// What is good to know.
    pub guide: Option<Guide>,
}

const fn bounds(least: i64, most: i64, decimals: u8) -> Bounds {
    Bounds { least, most, decimals }
}
#[expect(clippy::unnecessary_wraps, reason = "a row of the table is read as it stands")]
const fn beside(japanese: &'static str, unit: &'static str, bounds: Bounds, required: bool) -> Option<Second> {
    Some(Second { japanese, unit, bounds, required })
}
#[expect(clippy::unnecessary_wraps, reason = "a row of the table is read as it stands")]
const fn goal(at: i64, japanese: &'static str) -> Option<Guide> {
    Some(Guide { at, is_limit: false, japanese })
}
#[expect(clippy::unnecessary_wraps, reason = "a row of the table is read as it stands")]
const fn limit(at: i64, japanese: &'static str) -> Option<Guide> {
    Some(Guide { at, is_limit: true, japanese })
}

const MEALS: &[(&str, &str)] = &[("breakfast", "朝食"), ("lunch", "昼食"), ("dinner", "夕食"), ("snack", "間食")];
const GLUCOSE_TIMES: &[(&str, &str)] = &[
    ("fasting", "空腹時"),
    ("before_meal", "食前"),
    ("after_meal", "食後"),
    ("bedtime", "就寝前"),
    ("other", "その他"),
];
const EXERCISES: &[(&str, &str)] = &[
    ("walking", "ウォーキング"),
    ("running", "ランニング"),
    ("cycling", "自転車"),
    ("swimming", "水泳"),
    ("strength", "筋力トレーニング"),
    ("stretching", "ストレッチ・ヨガ"),
    ("sports", "球技などのスポーツ"),
    ("other", "その他"),
];

/// The table. Ranges and reductions: domain.md 7.1 [H]; goals: 健康づくりのための身体活動・運動ガイド2023 and the guideline for hypertension's limit at home [M].
#[rustfmt::skip]
pub const METRICS: &[MetricRow] = &[
    MetricRow { metric: Metric::Steps, name: "steps", japanese: "歩数", unit: "歩", group: Group::Activity, bounds: bounds(0, 100_000, 0), second: None, kinds: &[],
        by_device: true, reduction: Reduction::MostOfOneSource, aggregate: Aggregate::Mean, guide: goal(8_000, "1日8,000歩（65歳以上は6,000歩）が目安です。") },
    MetricRow { metric: Metric::Distance, name: "distance", japanese: "移動距離", unit: "m", group: Group::Activity, bounds: bounds(0, 200_000, 0), second: None, kinds: &[],
        by_device: true, reduction: Reduction::SumOfOneSource, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::ActiveMinutes, name: "active_minutes", japanese: "活動時間", unit: "分", group: Group::Activity, bounds: bounds(0, 1_440, 0), second: None, kinds: &[],
        by_device: true, reduction: Reduction::SumOfOneSource, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::Exercise, name: "exercise", japanese: "運動", unit: "分", group: Group::Activity, bounds: bounds(0, 600, 0),
        second: beside("運動強度", "メッツ", bounds(10, 230, 1), false), kinds: EXERCISES,
        by_device: false, reduction: Reduction::Sum, aggregate: Aggregate::Sum, guide: None },
    MetricRow { metric: Metric::Weight, name: "weight", japanese: "体重", unit: "kg", group: Group::Body, bounds: bounds(200, 2_500, 1), second: None, kinds: &[],
        by_device: true, reduction: Reduction::Last, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::BodyFat, name: "body_fat", japanese: "体脂肪率", unit: "%", group: Group::Body, bounds: bounds(30, 700, 1), second: None, kinds: &[],
        by_device: true, reduction: Reduction::Last, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::BloodPressure, name: "blood_pressure", japanese: "家庭血圧（収縮期）", unit: "mmHg", group: Group::Body, bounds: bounds(50, 300, 0),
        second: beside("拡張期", "mmHg", bounds(20, 200, 0), true), kinds: &[],
        by_device: true, reduction: Reduction::MorningAndEvening, aggregate: Aggregate::Mean, guide: limit(135, "家庭で測った血圧の平均が135/85mmHg以上の場合は、医療機関にご相談ください。") },
    MetricRow { metric: Metric::Pulse, name: "pulse", japanese: "脈拍", unit: "回/分", group: Group::Body, bounds: bounds(20, 250, 0), second: None, kinds: &[],
        by_device: true, reduction: Reduction::Mean, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::BodyTemperature, name: "body_temperature", japanese: "体温", unit: "℃", group: Group::Body, bounds: bounds(340, 425, 1), second: None, kinds: &[],
        by_device: false, reduction: Reduction::Last, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::BloodGlucose, name: "blood_glucose", japanese: "血糖", unit: "mg/dL", group: Group::Body, bounds: bounds(20, 600, 0), second: None, kinds: GLUCOSE_TIMES,
        by_device: false, reduction: Reduction::Mean, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::Sleep, name: "sleep", japanese: "睡眠時間", unit: "分", group: Group::Sleep, bounds: bounds(0, 1_440, 0), second: None, kinds: &[],
        by_device: true, reduction: Reduction::Sleep, aggregate: Aggregate::Mean, guide: goal(360, "1日6時間以上の睡眠が目安です。") },
    MetricRow { metric: Metric::Meal, name: "meal", japanese: "食事", unit: "食", group: Group::Habit, bounds: bounds(0, 1, 0),
        second: beside("エネルギー", "kcal", bounds(0, 5_000, 0), false), kinds: MEALS,
        by_device: false, reduction: Reduction::EachKind, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::Alcohol, name: "alcohol", japanese: "飲酒（純アルコール）", unit: "g", group: Group::Habit, bounds: bounds(0, 3_000, 1), second: None, kinds: &[],
        by_device: false, reduction: Reduction::Sum, aggregate: Aggregate::Mean, guide: limit(400, "1日あたり男性40g以上、女性20g以上の飲酒は、生活習慣病のリスクを高めます。") },
    MetricRow { metric: Metric::Smoking, name: "smoking", japanese: "喫煙", unit: "本", group: Group::Habit, bounds: bounds(0, 100, 0), second: None, kinds: &[],
        by_device: false, reduction: Reduction::Sum, aggregate: Aggregate::Mean, guide: None },
    MetricRow { metric: Metric::Mood, name: "mood", japanese: "気分", unit: "点", group: Group::Mood, bounds: bounds(1, 5, 0), second: None, kinds: &[],
        by_device: false, reduction: Reduction::Last, aggregate: Aggregate::Mean, guide: None },
];

impl Metric {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static MetricRow {
        // The rows stand in the order of the enum, which a test holds.
        &METRICS[self as usize]
    }
}

/// Where an entry comes from. The order is that in which they are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A device or an app measured it.
    Device,
    /// It came with a file of a campaign.
    Import,
    /// The employee typed it.
    Hand,
}

impl Origin {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Device => "機器",
            Self::Import => "取込",
            Self::Hand => "手入力",
        }
    }
}

/// Rule of [`ClientEntryId`] and [`DeviceName`].
#[derive(Debug)]
pub enum ClientWordRule {}
impl Rule for ClientWordRule {
    const NAME: &'static str = "ClientWord";
    const CODE: &'static str = "word_invalid";
    const DETAIL: &'static str = "1～64文字の英数字と「.」「_」「:」「-」で指定してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
        fits.then_some(Cow::Borrowed(text))
    }
}
/// By which name whoever sends an entry knows it: sent again, it is the same entry.
pub type ClientEntryId = Checked<ClientWordRule>;
/// By which name a device is known to its owner's app.
pub type DeviceName = Checked<ClientWordRule>;

/// A month (月) of Japan's calendar, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> Date {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> Date {
        self.0.last_of_month()
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1.month()))
    }

    /// The month before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1.month()))
    }

    /// How many months after January of year 0 it is.
    fn number(self) -> Option<u16> {
        u16::try_from(i32::from(self.0.year()) * 12 + i32::from(self.0.month()) - 1).ok()
    }

    fn numbered(number: u16) -> Option<Self> {
        let (year, month) = (i16::try_from(number / 12).ok()?, i8::try_from(number % 12).ok()?);
        Date::new(year, month + 1, 1).ok().map(Self)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// The text is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month (YYYY-MM)")]
pub struct NotAMonth;

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let is_month = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
        let day = is_month.then(|| format!("{text}-01").parse::<Date>().ok()).flatten();
        day.map(Self).ok_or(NotAMonth)
    }
}
impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The id of an entry: where it is kept, and a hash of what it is known by. So an id alone finds its entry, and what is sent twice has one id.
#[must_use]
pub fn entry_id(group: Group, month: Month, hash: [u8; 16]) -> LifelogEntryId {
    let mut bytes = hash;
    let number = month.number().unwrap_or(0).to_be_bytes();
    bytes[..2].copy_from_slice(&number);
    bytes[2] = group as u8;
    LifelogEntryId::from_bytes(bytes)
}

/// Where the entry with this id is kept; nothing for an id that none has.
#[must_use]
pub fn place_of(id: LifelogEntryId) -> Option<(Group, Month)> {
    let [high, low, group, ..] = *id.as_bytes();
    Some((*Group::ALL.get(usize::from(group))?, Month::numbered(u16::from_be_bytes([high, low]))?))
}

/// What somebody measured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What.
    #[serde(rename = "m")]
    pub metric: Metric,
    /// When; for sleep, when it ended.
    #[serde(rename = "t")]
    pub measured_at: Jst,
    /// How much, in the metric's decimals.
    #[serde(rename = "v")]
    pub value: i64,
    /// The number beside it.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none", default)]
    pub second: Option<i64>,
    /// Of which kind.
    #[serde(rename = "k", skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<Box<str>>,
}

/// Debug output shows no reading.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("metric", &self.metric).finish_non_exhaustive()
    }
}

/// A reading as it is sent: numbers and words that are not known to be right.
#[derive(Debug, Clone)]
pub struct RawReading<'a> {
    /// What.
    pub metric: Metric,
    /// When.
    pub measured_at: Jst,
    /// How much.
    pub value: Option<Decimal>,
    /// The number beside it.
    pub second: Option<Decimal>,
    /// Of which kind.
    pub kind: Option<&'a str>,
    /// From where.
    pub origin: Origin,
}

/// What is wrong with a reading: a field of it, a code and what to do.
pub type ReadingFault = (&'static str, &'static str, &'static str);

impl RawReading<'_> {
    /// The reading, or everything that is wrong with it at `now`.
    pub fn checked(&self, now: Jst) -> Result<Reading, Vec<ReadingFault>> {
        let (row, mut faults) = (self.metric.row(), Vec::new());
        let value = self.value.and_then(|number| row.bounds.read(number));
        if value.is_none() {
            faults.push((
                "value",
                "out_of_range",
                "測定値が、この項目で入力できる範囲または小数点以下の桁数ではありません。",
            ));
        }
        let second = match (row.second, self.second) {
            (None, None) => None,
            (None, Some(_)) => {
                faults.push(("second_value", "not_applicable", "この項目に2つ目の値はありません。"));
                None
            }
            (Some(second), None) => {
                if second.required {
                    faults.push(("second_value", "required", "この項目には2つ目の値（拡張期血圧など）が必要です。"));
                }
                None
            }
            (Some(second), Some(number)) => {
                let read = second.bounds.read(number);
                if read.is_none() {
                    let detail = "2つ目の値が、入力できる範囲または小数点以下の桁数ではありません。";
                    faults.push(("second_value", "out_of_range", detail));
                }
                read
            }
        };
        if self.metric == Metric::BloodPressure && value.zip(second).is_some_and(|(over, under)| under >= over) {
            faults.push(("second_value", "not_below", "拡張期血圧は、収縮期血圧より小さい値を指定してください。"));
        }
        let is_known = |kind: &str| row.kinds.iter().any(|(name, _)| *name == kind);
        let kind_fits = self.kind.map_or(row.kinds.is_empty(), is_known);
        if !kind_fits {
            faults.push((
                "kind",
                "unknown_kind",
                "この項目の種類の一覧から指定してください（種類のない項目では省略）。",
            ));
        }
        if self.origin == Origin::Device && !row.by_device {
            faults.push(("origin", "not_by_device", "この項目は手入力だけです。"));
        }
        if self.measured_at > now {
            faults.push(("measured_at", "in_the_future", "測定日時には、現在までの日時を指定してください。"));
        } else if self.measured_at.date() < now.date().saturating_sub(OLDEST_DAYS.days()) {
            faults.push(("measured_at", "too_old", "測定日時には、10年前までの日時を指定してください。"));
        }
        match value {
            Some(value) if faults.is_empty() => Ok(Reading {
                metric: self.metric,
                measured_at: self.measured_at,
                value,
                second,
                kind: self.kind.map(Box::from),
            }),
            _ => Err(faults),
        }
    }
}

/// An entry of a lifelog, as it is kept. The names are short: a month holds hundreds of entries in one sealed value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id.
    #[serde(rename = "i")]
    pub id: LifelogEntryId,
    /// What was measured; nothing once it was deleted. A deleted entry stays deleted, however often a device sends it.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    pub reading: Option<Reading>,
    /// From where.
    #[serde(rename = "o")]
    pub origin: Origin,
    /// Of which device.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none", default)]
    pub device: Option<DeviceName>,
    /// When it came, or was last changed.
    #[serde(rename = "e")]
    pub entered_at: Jst,
    /// How often it was written.
    #[serde(rename = "n")]
    pub version: u32,
}

/// Debug output shows no reading.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// What became of an entry that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Put {
    /// It is new.
    Created,
    /// It was there and says something else now.
    Changed,
    /// It says what it said.
    Unchanged,
    /// The employee had deleted it, and so it stays.
    Deleted,
}

impl Put {
    /// Whether anything is to be written.
    #[must_use]
    pub const fn is_written(self) -> bool {
        matches!(self, Self::Created | Self::Changed)
    }
}

/// Puts an entry among those of its month.
pub fn put(entries: &mut Vec<Entry>, new: Entry) -> Put {
    let Some(there) = entries.iter_mut().find(|entry| entry.id == new.id) else {
        entries.push(new);
        return Put::Created;
    };
    if there.reading.is_none() {
        return Put::Deleted;
    }
    if there.reading == new.reading {
        return Put::Unchanged;
    }
    *there = Entry { version: there.version + 1, ..new };
    Put::Changed
}

/// Whether a weight is more than 5 kg from another one of the same day or the day before or after: somebody should look at it.
#[must_use]
pub fn is_weight_jump(entries: &[Entry], new: &Reading) -> bool {
    let near = |other: &Reading| {
        let apart = (other.measured_at.epoch_seconds() - new.measured_at.epoch_seconds()).abs();
        other.metric == Metric::Weight && apart <= 86_400 && (other.value - new.value).abs() > WEIGHT_JUMP
    };
    new.metric == Metric::Weight && entries.iter().filter_map(|entry| entry.reading.as_ref()).any(near)
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    pub(crate) const NOW: &str = "2026-11-28T12:00:00+09:00";

    pub(crate) fn at(text: &str) -> Jst {
        text.parse().unwrap()
    }

    fn raw(metric: Metric, value: &str) -> RawReading<'static> {
        RawReading {
            metric,
            measured_at: at("2026-11-27T07:00:00+09:00"),
            value: Some(value.parse().unwrap()),
            second: None,
            kind: None,
            origin: Origin::Hand,
        }
    }

    pub(crate) fn entry(number: u8, origin: Origin, device: Option<&str>, reading: Reading) -> Entry {
        let month = Month::of(reading.measured_at.date());
        Entry {
            id: entry_id(reading.metric.row().group, month, [number; 16]),
            reading: Some(reading),
            origin,
            device: device.map(|name| DeviceName::parse(name).unwrap()),
            entered_at: at(NOW),
            version: 1,
        }
    }

    pub(crate) fn reading(metric: Metric, moment: &str, value: i64) -> Reading {
        Reading { metric, measured_at: at(moment), value, second: None, kind: None }
    }

    fn codes(raw: &RawReading<'_>) -> Vec<(&'static str, &'static str)> {
        raw.checked(at(NOW)).err().unwrap_or_default().into_iter().map(|(field, code, _)| (field, code)).collect()
    }

    #[test]
    fn the_table_has_every_metric_in_its_place_with_the_name_that_json_has() {
        for (place, row) in METRICS.iter().enumerate() {
            assert_eq!(row.metric as usize, place, "{}", row.name);
            assert_eq!(serde_json::to_string(&row.metric).unwrap(), format!("\"{}\"", row.name));
            assert!(row.bounds.least <= row.bounds.most, "{}", row.name);
        }
        assert_eq!(METRICS.len(), Metric::Mood as usize + 1);
    }

    #[test]
    fn section_7_1_what_is_plausible_at_every_bound() {
        // Metric, the least and the most that are taken, and their neighbours that are not.
        for (metric, least, most, under, over) in [
            (Metric::Steps, "0", "100000", "-1", "100001"),
            (Metric::Distance, "0", "200000", "-1", "200001"),
            (Metric::ActiveMinutes, "0", "1440", "-1", "1441"),
            (Metric::Weight, "20.0", "250.0", "19.9", "250.1"),
            (Metric::BodyFat, "3.0", "70.0", "2.9", "70.1"),
            (Metric::Pulse, "20", "250", "19", "251"),
            (Metric::BodyTemperature, "34.0", "42.5", "33.9", "42.6"),
            (Metric::Sleep, "0", "1440", "-1", "1441"),
            (Metric::Alcohol, "0", "300", "-0.1", "300.1"),
            (Metric::Smoking, "0", "100", "-1", "101"),
            (Metric::Mood, "1", "5", "0", "6"),
        ] {
            for good in [least, most] {
                assert_eq!(codes(&raw(metric, good)), [], "{metric:?} {good}");
            }
            for bad in [under, over] {
                assert_eq!(codes(&raw(metric, bad)), [("value", "out_of_range")], "{metric:?} {bad}");
            }
        }
        assert_eq!(
            codes(&raw(Metric::Steps, "12.5")),
            [("value", "out_of_range")],
            "more decimals than the metric has"
        );
        assert_eq!(codes(&raw(Metric::Steps, "12.0")), [], "which 12.0 does not have");
    }

    #[test]
    fn section_7_1_a_blood_pressure_is_a_pair_of_which_the_second_is_lower() {
        let pair = |over: &str, under: Option<&str>| RawReading {
            second: under.map(|number| number.parse().unwrap()),
            ..raw(Metric::BloodPressure, over)
        };
        assert_eq!(codes(&pair("135", Some("85"))), []);
        assert_eq!(codes(&pair("135", None)), [("second_value", "required")]);
        assert_eq!(codes(&pair("85", Some("85"))), [("second_value", "not_below")]);
        assert_eq!(codes(&pair("301", Some("201"))), [("value", "out_of_range"), ("second_value", "out_of_range")]);
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let raw = RawReading {
            second: Some("1".parse().unwrap()),
            kind: Some("lunch"),
            origin: Origin::Device,
            measured_at: at("2026-11-28T12:00:00.001+09:00"),
            ..raw(Metric::Mood, "9")
        };
        let fields: Vec<_> = codes(&raw).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["value", "second_value", "kind", "origin", "measured_at"]);
        let old = RawReading { measured_at: at("2016-11-26T12:00:00+09:00"), ..self::raw(Metric::Steps, "1") };
        assert_eq!(codes(&old), [("measured_at", "too_old")]);
    }

    #[test]
    fn what_is_sent_twice_is_one_entry_and_what_was_deleted_stays_so() {
        let mut month = Vec::new();
        let first = entry(1, Origin::Device, Some("watch"), reading(Metric::Steps, "2026-11-20T23:59:00+09:00", 5_000));
        assert_eq!(put(&mut month, first.clone()), Put::Created);
        assert_eq!(put(&mut month, first.clone()), Put::Unchanged);
        let later =
            Entry { reading: Some(reading(Metric::Steps, "2026-11-20T23:59:00+09:00", 6_000)), ..first.clone() };
        assert_eq!(put(&mut month, later.clone()), Put::Changed);
        assert_eq!((month.len(), month[0].version), (1, 2));
        month[0].reading = None;
        assert_eq!(put(&mut month, later), Put::Deleted);
        assert!(month[0].reading.is_none());
    }

    #[test]
    fn a_weight_that_jumps_is_asked_about() {
        let of = |moment, value| reading(Metric::Weight, moment, value);
        let month = [entry(1, Origin::Hand, None, of("2026-11-20T07:00:00+09:00", 600))];
        assert!(!is_weight_jump(&month, &of("2026-11-21T07:00:00+09:00", 650)));
        assert!(is_weight_jump(&month, &of("2026-11-21T07:00:00+09:00", 651)));
        assert!(!is_weight_jump(&month, &of("2026-11-22T07:00:00+09:00", 651)), "two days later it may be so");
    }

    proptest! {
        #[test]
        fn an_id_says_where_its_entry_is_kept(group in 0_usize..5, year in 1900_i16..=2400, month in 1_i8..=12, hash in any::<[u8; 16]>()) {
            let month = Month::of(date(year, month, 17));
            let id = entry_id(Group::ALL[group], month, hash);
            prop_assert_eq!(place_of(id), Some((Group::ALL[group], month)));
            prop_assert_eq!(month.to_string().parse::<Month>(), Ok(month));
        }

        #[test]
        fn no_text_but_a_month_is_one(text in "\\PC{0,9}") {
            if let Ok(month) = text.parse::<Month>() {
                prop_assert_eq!(month.to_string(), text);
            }
        }
    }
}
