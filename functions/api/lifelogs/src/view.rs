//! Lifelogs, as callers see them.

use std::collections::BTreeMap;

use domain::{
    decimal::Decimal,
    ids::LifelogEntryId,
    lifelog::{
        Bounds, Entry, Group, METRICS, Metric, MetricRow, Origin, Put, Reduction,
        reduce::DayValue,
        series::{SeriesPoint, Step},
    },
    time::Jst,
};
use jiff::civil::Date;
use serde::{Serialize, Serializer};
use store::{PutEntry, Sharing};
use utoipa::ToSchema;

/// A number of a lifelog as JSON: it has at most one decimal and no more than seven digits, which a binary float holds exactly enough to be read back.
#[derive(Clone, Copy)]
struct Number(Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_string();
        match text.parse::<i64>() {
            Ok(whole) => serializer.serialize_i64(whole),
            Err(_) => serializer.serialize_f64(text.parse().map_err(serde::ser::Error::custom)?),
        }
    }
}

fn number(bounds: Bounds, reading: i64) -> Number {
    Number(bounds.number(reading))
}

/// The metrics.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LifelogMetrics)]
pub(crate) struct MetricCatalogue {
    /// 項目。
    items: Vec<MetricView>,
}

/// A metric.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogMetric)]
struct MetricView {
    /// 項目のキー。
    #[schema(example = "blood_pressure")]
    metric: &'static str,
    /// 項目名。
    #[schema(example = "家庭血圧（収縮期）")]
    name: &'static str,
    /// 単位。
    #[schema(example = "mmHg")]
    unit: &'static str,
    /// 区分（共有の単位）。
    #[schema(value_type = String, example = "body")]
    group: Group,
    /// 区分の名称。
    #[schema(example = "身体")]
    group_name: &'static str,
    /// 入力できる最小の値。
    #[schema(value_type = f64, example = 50)]
    least: Number,
    /// 入力できる最大の値。
    #[schema(value_type = f64, example = 300)]
    most: Number,
    /// 小数点以下の桁数。
    #[schema(example = 0)]
    decimals: u8,
    /// 2つ目の値。
    second: Option<SecondView>,
    /// 種類。空の場合は種類を指定しません。
    kinds: Vec<KindView>,
    /// 機器から送信できるかどうか。
    #[schema(example = true)]
    by_device: bool,
    /// 1日の値の求め方。
    #[schema(example = "午前の平均（午前の記録がない日は夜の平均）")]
    daily: &'static str,
    /// 目安。
    #[schema(example = "家庭で測った血圧の平均が135/85mmHg以上の場合は、医療機関にご相談ください。")]
    guide: Option<&'static str>,
}

impl std::fmt::Debug for MetricView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricView").field("metric", &self.metric).finish_non_exhaustive()
    }
}

/// The number beside a metric's.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogSecondValue)]
struct SecondView {
    /// 名称。
    #[schema(example = "拡張期")]
    name: &'static str,
    /// 単位。
    #[schema(example = "mmHg")]
    unit: &'static str,
    /// 入力できる最小の値。
    #[schema(value_type = f64, example = 20)]
    least: Number,
    /// 入力できる最大の値。
    #[schema(value_type = f64, example = 200)]
    most: Number,
    /// 必須かどうか。
    #[schema(example = true)]
    required: bool,
}

/// A kind of entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LifelogKind)]
struct KindView {
    /// 種類のキー。
    #[schema(example = "breakfast")]
    kind: &'static str,
    /// 種類の名称。
    #[schema(example = "朝食")]
    name: &'static str,
}

/// The table, as callers read it.
pub(crate) fn catalogue() -> MetricCatalogue {
    MetricCatalogue { items: METRICS.iter().map(MetricView::of).collect() }
}

impl MetricView {
    fn of(row: &MetricRow) -> Self {
        let second = row.second.map(|second| SecondView {
            name: second.japanese,
            unit: second.unit,
            least: number(second.bounds, second.bounds.least),
            most: number(second.bounds, second.bounds.most),
            required: second.required,
        });
        Self {
            metric: row.name,
            name: row.japanese,
            unit: row.unit,
            group: row.group,
            group_name: row.group.japanese(),
            least: number(row.bounds, row.bounds.least),
            most: number(row.bounds, row.bounds.most),
            decimals: row.bounds.decimals,
            second,
            kinds: row.kinds.iter().map(|(kind, name)| KindView { kind, name }).collect(),
            by_device: row.by_device,
            daily: daily(row.reduction),
            guide: row.guide.map(|guide| guide.japanese),
        }
    }
}

const fn daily(reduction: Reduction) -> &'static str {
    match reduction {
        Reduction::MostOfOneSource => {
            "最も信頼できる記録元（機器、取込、手入力の順）の最大値。機器どうしは合計しません"
        }
        Reduction::SumOfOneSource => "1つの機器の合計のうち最大のもの。機器どうしは合計しません",
        Reduction::Sum => "合計",
        Reduction::Last => "最後の値",
        Reduction::Mean => "平均",
        Reduction::MorningAndEvening => "午前の平均（午前の記録がない日は夜の平均）",
        Reduction::Sleep => "1つの記録元の睡眠時間（重なりは1回だけ数えます）。起床した日の値です",
        Reduction::EachKind => "種類ごとの最後の値の合計",
    }
}

/// Entries of a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LifelogEntries)]
pub(crate) struct EntryList {
    /// 測定日時の順。
    pub(crate) items: Vec<EntryView>,
    /// 常に null です。
    pub(crate) next_cursor: Option<String>,
}

/// An entry.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogEntry)]
pub(crate) struct EntryView {
    /// 記録のID。
    #[schema(value_type = String, example = "lfe_5f0b00b2c4c87d1e9a0b1c2d3e4f5a6b")]
    id: LifelogEntryId,
    /// 項目のキー。
    #[schema(value_type = String, example = "steps")]
    metric: Metric,
    /// 測定日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T23:50:00.000+09:00")]
    measured_at: Jst,
    /// 測定値。
    #[schema(value_type = f64, example = 8214)]
    value: Number,
    /// 2つ目の値。
    #[schema(value_type = Option<f64>)]
    second_value: Option<Number>,
    /// 種類。
    kind: Option<String>,
    /// 記録の元（`device`：機器、`import`：取込、`hand`：手入力）。
    #[schema(value_type = String, example = "device")]
    origin: Origin,
    /// 記録の元の名称。
    #[schema(example = "機器")]
    origin_name: &'static str,
    /// 機器の識別子。
    #[schema(example = "watch-1")]
    device: Option<String>,
    /// 登録または最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T06:00:00.000+09:00")]
    entered_at: Jst,
    /// ETag の値。
    #[schema(example = 1)]
    version: u32,
}

/// Debug output shows no reading.
impl std::fmt::Debug for EntryView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EntryView").field("id", &self.id).finish_non_exhaustive()
    }
}

impl EntryView {
    /// An entry that was not deleted.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        let reading = entry.reading.as_ref()?;
        let row = reading.metric.row();
        Some(Self {
            id: entry.id,
            metric: reading.metric,
            measured_at: reading.measured_at,
            value: number(row.bounds, reading.value),
            second_value: row.second.zip(reading.second).map(|(second, value)| number(second.bounds, value)),
            kind: reading.kind.as_deref().map(str::to_owned),
            origin: entry.origin,
            origin_name: entry.origin.japanese(),
            device: entry.device.as_ref().map(|device| device.as_str().to_owned()),
            entered_at: entry.entered_at,
            version: entry.version,
        })
    }
}

/// What became of entries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LifelogPuts)]
pub(crate) struct PutList {
    /// 送信した順。
    items: Vec<PutView>,
}

/// What became of one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LifelogPut)]
struct PutView {
    /// 記録のID。
    #[schema(value_type = String, example = "lfe_5f0b00b2c4c87d1e9a0b1c2d3e4f5a6b")]
    id: LifelogEntryId,
    /// 結果（`created`：新規、`changed`：更新、`unchanged`：変更なし、`deleted`：本人が削除済みのため登録しない）。
    #[schema(value_type = String, example = "created")]
    result: Put,
    /// ETag の値。
    #[schema(example = 1)]
    version: u32,
    /// 確認してほしいこと（`weight_jump`：前後1日の記録と5kgを超えて違う体重）。
    #[schema(value_type = Vec<String>, example = json!([]))]
    warnings: Vec<&'static str>,
}

impl PutList {
    pub(crate) fn of(puts: &[PutEntry]) -> Self {
        let view = |put: &PutEntry| PutView {
            id: put.id,
            result: put.put,
            version: put.version,
            warnings: put.is_jump.then_some("weight_jump").into_iter().collect(),
        };
        Self { items: puts.iter().map(view).collect() }
    }
}

/// A series.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogSeries)]
pub(crate) struct SeriesView {
    /// 項目のキー。
    #[schema(value_type = String, example = "steps")]
    metric: Metric,
    /// 項目名。
    #[schema(example = "歩数")]
    name: &'static str,
    /// 単位。
    #[schema(example = "歩")]
    unit: &'static str,
    /// 刻み。
    #[schema(value_type = String, example = "week")]
    step: Step,
    /// 目安。
    guide: Option<GuideView>,
    /// 古い順。
    points: Vec<PointView>,
}

/// Debug output shows no value.
impl std::fmt::Debug for SeriesView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeriesView").field("metric", &self.metric).finish_non_exhaustive()
    }
}

/// A guide.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogGuide)]
struct GuideView {
    /// 値。
    #[schema(value_type = f64, example = 8000)]
    value: Number,
    /// 上限の目安の場合は true、目標の場合は false。
    #[schema(example = false)]
    is_limit: bool,
    /// 説明。
    #[schema(example = "1日8,000歩（65歳以上は6,000歩）が目安です。")]
    text: &'static str,
}

/// A step of a series.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogPoint)]
struct PointView {
    /// 最初の日。
    #[schema(value_type = String, format = Date, example = "2026-11-16")]
    from: Date,
    /// 最後の日。
    #[schema(value_type = String, format = Date, example = "2026-11-22")]
    to: Date,
    /// 値。記録のない期間は null です。
    #[schema(value_type = Option<f64>, example = 7421)]
    value: Option<Number>,
    /// 2つ目の値（血圧では拡張期血圧）。
    #[schema(value_type = Option<f64>)]
    second_value: Option<Number>,
    /// 夜の血圧（日ごとの推移だけ）。
    evening: Option<EveningView>,
    /// 記録のある日数。
    #[schema(example = 7)]
    days: u16,
    /// 値の元（日ごとの推移だけ）。
    #[schema(value_type = Option<String>, example = "device")]
    origin: Option<Origin>,
}

/// An evening's blood pressure.
#[derive(Serialize, ToSchema)]
#[schema(as = LifelogEvening)]
struct EveningView {
    /// 収縮期。
    #[schema(example = 128)]
    value: i64,
    /// 拡張期。
    #[schema(example = 79)]
    second_value: i64,
}

impl SeriesView {
    /// A series with what its days say beside their values.
    pub(crate) fn of(metric: Metric, step: Step, points: &[SeriesPoint], days: &BTreeMap<Date, DayValue>) -> Self {
        let row = metric.row();
        let point = |point: &SeriesPoint| {
            let day = days.get(&point.from).filter(|_| step == Step::Day);
            let evening = day.and_then(|day| day.evening);
            PointView {
                from: point.from,
                to: point.to,
                value: point.value.map(|value| number(row.bounds, value)),
                second_value: row.second.zip(point.second).map(|(second, value)| number(second.bounds, value)),
                evening: evening.map(|(value, second_value)| EveningView { value, second_value }),
                days: point.days,
                origin: day.map(|day| day.origin),
            }
        };
        let guide = row.guide.map(|guide| GuideView {
            value: number(row.bounds, guide.at),
            is_limit: guide.is_limit,
            text: guide.japanese,
        });
        let points = points.iter().map(point).collect();
        Self { metric, name: row.japanese, unit: row.unit, step, guide, points }
    }
}

/// What is shared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LifelogSharing)]
pub(crate) struct SharingView {
    /// 共有している区分。
    #[schema(value_type = Vec<String>, example = json!(["activity", "body"]))]
    groups: Vec<Group>,
    /// 現在の共有を設定した日時。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-20T10:00:00.000+09:00")]
    since: Option<Jst>,
}

impl SharingView {
    pub(crate) fn of(sharing: &Sharing) -> Self {
        Self { groups: sharing.groups.iter().copied().collect(), since: sharing.since }
    }
}
