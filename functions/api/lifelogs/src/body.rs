//! What is sent to lifelogs, and what is wrong with it.

use std::collections::BTreeSet;

use domain::{
    decimal::Decimal,
    lifelog::{ClientEntryId, DeviceName, Group, Metric, Month, Origin, RawReading, ReadingFault, series::Step},
    time::Jst,
};
use endpoint::{Checks, Fault, Kind, Problem};
use jiff::{ToSpan as _, civil::Date};
use serde::Deserialize;
use store::{LifelogChange, MOST_MONTHS, NewLifelogEntry};
use utoipa::ToSchema;

/// How many entries one request brings.
const MOST_AT_ONCE: usize = 5_000;
/// How many days a series has, if nobody says.
const USUAL_DAYS: i64 = 30;

/// Entries to record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LifelogEntriesBody)]
pub(crate) struct EntriesBody {
    /// 記録（1～5,000件）。
    #[schema(example = json!([{ "client_entry_id": "2026-11-20", "metric": "steps", "measured_at": "2026-11-20T23:50:00+09:00", "value": 8214, "origin": "device", "device": "watch-1" }]))]
    entries: Vec<EntryBody>,
}

/// An entry.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LifelogEntryBody)]
struct EntryBody {
    /// 送信元での記録の識別子（64文字以内の英数字と「.」「_」「:」「-」）。同じ識別子の記録は同じ記録として扱います。
    #[schema(example = "2026-11-20")]
    client_entry_id: String,
    /// 項目（GET /v1/lifelog-metrics）。
    #[schema(value_type = String, example = "steps")]
    metric: Metric,
    /// 測定日時（オフセット付き）。睡眠は起床した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T23:50:00+09:00")]
    measured_at: Jst,
    /// 測定値（単位は項目による）。
    #[schema(example = 8214)]
    value: f64,
    /// 2つ目の値（血圧では拡張期血圧、運動ではメッツ、食事ではkcal）。
    #[schema(example = 82)]
    second_value: Option<f64>,
    /// 種類（食事では breakfast など。種類のある項目で必須）。
    #[schema(example = "breakfast")]
    kind: Option<String>,
    /// 記録の元（`hand`：手入力、`device`：機器）。省略すると hand です。
    #[schema(value_type = Option<String>, example = "device")]
    origin: Option<OriginBody>,
    /// 機器の識別子（機器の記録で必須）。
    #[schema(example = "watch-1")]
    device: Option<String>,
}

/// Debug output shows no reading.
impl std::fmt::Debug for EntryBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EntryBody").field("metric", &self.metric).finish_non_exhaustive()
    }
}

/// From where an employee's own entries come: what a file brings is not theirs to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OriginBody {
    #[default]
    Hand,
    Device,
}

/// A change of an entry.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LifelogEntryChange)]
pub(crate) struct EntryChangeBody {
    /// 測定日時（同じ月の中）。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-20T21:00:00+09:00")]
    measured_at: Option<Jst>,
    /// 測定値。
    #[schema(example = 8500)]
    value: Option<f64>,
    /// 2つ目の値。
    second_value: Option<f64>,
    /// 種類。
    kind: Option<String>,
}

/// Debug output shows no reading.
impl std::fmt::Debug for EntryChangeBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EntryChangeBody(…)")
    }
}

/// What is to be shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LifelogSharingBody)]
pub(crate) struct SharingBody {
    /// 共有する区分（`activity`：活動、`body`：身体、`sleep`：睡眠、`habit`：生活習慣）。
    #[schema(value_type = Vec<String>, example = json!(["activity", "body"]))]
    groups: Vec<Group>,
}

/// Which days, and how wide the steps are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesQuery {
    pub(crate) metric: Metric,
    #[serde(default)]
    pub(crate) step: Step,
    from: Option<Date>,
    to: Option<Date>,
}

/// From one day to another.
#[derive(Debug)]
pub(crate) struct Period {
    pub(crate) from: Date,
    pub(crate) to: Date,
}

impl SeriesQuery {
    /// The days that are asked for, on `today`.
    pub(crate) fn period(&self, today: Date) -> Result<Period, Problem> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or_else(|| to.saturating_sub((USUAL_DAYS - 1).days()));
        let is_too_long = from < to.saturating_sub((self.step.most_days() - 1).days());
        if from > to || is_too_long {
            let detail = format!("from は to 以前で、{}日以内の期間を指定してください。", self.step.most_days());
            return Err(Problem::new(Kind::BadQuery).with(Fault::at("from", "out_of_range", detail)));
        }
        Ok(Period { from, to })
    }
}

/// A JSON number as a decimal one: exactly as it was written, as far as a reading has digits.
fn decimal(number: f64) -> Option<Decimal> {
    Decimal::parse(&number.to_string())
}

impl EntriesBody {
    /// Reads the body at `now`; notes everything that is wrong with it.
    pub(crate) fn checked(self, now: Jst) -> Result<Vec<NewLifelogEntry>, Problem> {
        let mut checks = Checks::new();
        if !(1..=MOST_AT_ONCE).contains(&self.entries.len()) {
            checks.fault("/entries", "out_of_range", "記録を1～5,000件指定してください。");
        }
        let (mut entries, mut months) = (Vec::with_capacity(self.entries.len()), BTreeSet::new());
        for (index, body) in self.entries.into_iter().enumerate() {
            let at = |field: &str| format!("/entries/{index}/{field}");
            let origin = match body.origin.unwrap_or_default() {
                OriginBody::Hand => Origin::Hand,
                OriginBody::Device => Origin::Device,
            };
            let client_id = checks.field(&at("client_entry_id"), ClientEntryId::parse(&body.client_entry_id));
            let device = checks.optional(&at("device"), body.device.as_deref().map(DeviceName::parse));
            if (origin == Origin::Device) != body.device.is_some() {
                let detail = "機器の記録には device が必要です（手入力では省略してください）。";
                checks.fault(&at("device"), "device_needed", detail);
            }
            let raw = RawReading {
                metric: body.metric,
                measured_at: body.measured_at,
                value: decimal(body.value),
                second: body.second_value.and_then(decimal),
                kind: body.kind.as_deref(),
                origin,
            };
            match (raw.checked(now), client_id) {
                (Ok(reading), Some(client_id)) => {
                    months.insert((reading.metric.row().group, Month::of(reading.measured_at.date())));
                    entries.push(NewLifelogEntry { client_id, origin, device, reading });
                }
                (Ok(_), None) => {}
                (Err(faults), _) => faults.into_iter().for_each(|(field, code, detail)| {
                    checks.fault(&at(field), code, detail);
                }),
            }
        }
        if months.len() > MOST_MONTHS {
            let detail = format!(
                "1回に送信できるのは、項目の区分ごとに数えて{MOST_MONTHS}か月分までです。分けて送信してください。"
            );
            checks.fault("/entries", "too_many_months", detail);
        }
        checks.finish(Some(entries))
    }
}

impl EntryChangeBody {
    /// Reads the body; what the metric takes is known when the entry is.
    pub(crate) fn checked(self) -> Result<LifelogChange, Problem> {
        let mut checks = Checks::new();
        let mut number = |field: &str, given: Option<f64>| {
            let read = given.map(decimal);
            if read == Some(None) {
                checks.fault(field, "out_of_range", "測定値として読めません。");
            }
            read.flatten()
        };
        let (value, second) = (number("/value", self.value), number("/second_value", self.second_value));
        checks.finish(Some(LifelogChange { measured_at: self.measured_at, value, second, kind: self.kind }))
    }
}

impl SharingBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<BTreeSet<Group>, Problem> {
        let mut checks = Checks::new();
        for (index, group) in self.groups.iter().enumerate() {
            if !group.can_be_shared() {
                checks.fault(&format!("/groups/{index}"), "not_shared", "気分の記録は共有できません。");
            }
        }
        checks.finish(Some(self.groups.into_iter().collect()))
    }
}

/// The answer to a change that cannot be.
pub(crate) fn wrong_change(faults: &[ReadingFault]) -> Problem {
    let fault = |(field, code, detail): &ReadingFault| Fault::at(format!("/{field}"), *code, *detail);
    Problem::invalid(faults.iter().map(fault).collect())
}
