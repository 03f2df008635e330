//! Several checkups beside each other, as callers see them.

use std::cmp::Ordering;

use domain::{
    checkup::{
        Limit, Side,
        criteria::Criteria,
        grade::Grade,
        item::{Item, ItemId},
        kind::CheckupKind,
        specific,
    },
    decimal::Decimal,
    ids::CheckupId,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{CheckupComparison, CheckupTrend, ShownChange, ShownCheckup, TrendPoint};
use utoipa::ToSchema;

use crate::view::{Number, ResultView};

/// An item over the years.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupTrend)]
pub(crate) struct TrendView {
    /// 項目のキー。
    #[schema(value_type = String, example = "sbp")]
    item: ItemId,
    /// 項目名。
    #[schema(example = "収縮期血圧")]
    name: &'static str,
    /// 単位。
    #[schema(example = "mmHg")]
    unit: Option<&'static str>,
    /// 受診日の古い順。
    points: Vec<PointView>,
    /// 現在の判定基準での境界（最後に受診したときの性別による）。
    limits: LimitsView,
}

/// Debug output shows no value.
impl std::fmt::Debug for TrendView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrendView").field("item", &self.item).finish_non_exhaustive()
    }
}

/// One checkup of a trend.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupTrendPoint)]
struct PointView {
    /// 健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-07-19")]
    examined_on: Date,
    /// 健診種別のキー。
    #[schema(value_type = String, example = "periodic")]
    kind: CheckupKind,
    /// 年度。
    #[schema(example = 2026)]
    fiscal_year: i16,
    /// その時点の結果と判定。
    result: ResultView,
}

/// Where letters change.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupLimits)]
struct LimitsView {
    /// 判定の境界（小さい順）。各判定は、直前の境界を超え `up_to` 以下の値に付きます。
    steps: Vec<StepView>,
    /// 最後の境界を超える値の判定。判定しない項目は null です。
    #[schema(value_type = Option<String>, example = "D")]
    above: Option<Grade>,
    /// 特定健診の保健指導判定値。
    guidance: Option<LimitView>,
    /// 特定健診の受診勧奨判定値。
    referral: Option<LimitView>,
}

/// A bound of a letter.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupStep)]
struct StepView {
    /// 上限（この値を含みます）。
    #[schema(value_type = f64, example = 129)]
    up_to: Number,
    /// 判定。
    #[schema(value_type = String, example = "A")]
    grade: Grade,
}

/// A limit.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupLimit)]
struct LimitView {
    /// 境界の向き（`at_least`：以上、`at_most`：以下、below：未満）。
    #[schema(example = "at_least")]
    side: &'static str,
    /// 値。
    #[schema(value_type = f64, example = 130)]
    value: Number,
}

impl LimitView {
    fn of(limit: Limit, item: &Item) -> Self {
        let side = match limit.side {
            Side::AtLeast => "at_least",
            Side::AtMost => "at_most",
            Side::Below => "below",
        };
        Self { side, value: Number(limit.at.rounded(item.decimals())) }
    }
}

impl TrendView {
    /// A trend with the limits that `criteria` have for the person.
    pub(crate) fn of(trend: CheckupTrend, criteria: &Criteria) -> Self {
        let (id, item) = (trend.item, trend.item.item());
        let row = trend.subject.and_then(|subject| criteria.row(id, subject));
        let step = |step: &domain::checkup::criteria::Step| StepView { up_to: Number(step.up_to), grade: step.grade };
        let values = trend.subject.and_then(|subject| specific::row_of(id, subject));
        let limits = LimitsView {
            steps: row.map(|row| row.steps.iter().map(step).collect()).unwrap_or_default(),
            above: row.map(|row| row.above),
            guidance: values.map(|row| LimitView::of(row.guidance, item)),
            referral: values.and_then(|row| row.referral).map(|limit| LimitView::of(limit, item)),
        };
        let point = |point: TrendPoint| PointView {
            checkup_id: point.checkup,
            examined_on: point.examined_on,
            kind: point.kind,
            fiscal_year: point.fiscal_year,
            result: ResultView::from(point.shown),
        };
        Self {
            item: id,
            name: item.name,
            unit: item.unit(),
            points: trend.points.into_iter().map(point).collect(),
            limits,
        }
    }
}

/// A checkup beside an earlier one.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupComparison)]
pub(crate) struct ComparisonView {
    /// 比較する健康診断。比較できるものがない場合は null です。
    before: Option<SideView>,
    /// この健康診断。
    after: SideView,
    /// 総合判定の変化（better：良くなった、worse：悪くなった、same：変わらない）。比較できない場合は null です。
    #[schema(example = "better")]
    overall_change: Option<&'static str>,
    /// どちらかにある項目（健診項目の一覧の順）。
    items: Vec<ComparedView>,
}

/// Debug output shows no health data.
impl std::fmt::Debug for ComparisonView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ComparisonView(…)")
    }
}

/// One of two checkups.
#[derive(Serialize, ToSchema)]
#[schema(as = ComparedCheckup)]
struct SideView {
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: CheckupId,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2025-07-15")]
    examined_on: Date,
    /// 健診種別のキー。
    #[schema(value_type = String, example = "periodic")]
    kind: CheckupKind,
    /// 年度。
    #[schema(example = 2025)]
    fiscal_year: i16,
    /// 総合判定。
    #[schema(value_type = Option<String>, example = "B")]
    overall: Option<Grade>,
    /// 判定基準の版。版が異なると、同じ値でも判定が異なることがあります。
    #[schema(example = "ningen-dock-2026-04-01")]
    criteria_version: String,
}

impl From<&ShownCheckup> for SideView {
    fn from(shown: &ShownCheckup) -> Self {
        Self {
            id: shown.id,
            examined_on: shown.examined_on,
            kind: shown.kind,
            fiscal_year: shown.fiscal_year,
            overall: shown.summary.overall,
            criteria_version: shown.criteria_version.to_string(),
        }
    }
}

/// An item of two checkups.
#[derive(Serialize, ToSchema)]
#[schema(as = ComparedResult)]
struct ComparedView {
    /// 項目のキー。
    #[schema(value_type = String, example = "sbp")]
    item: ItemId,
    /// 項目名。
    #[schema(example = "収縮期血圧")]
    name: &'static str,
    /// 前の結果。
    before: Option<ResultView>,
    /// この健康診断の結果。
    after: Option<ResultView>,
    /// 値の差（この健康診断 − 前の健康診断）。どちらかがちょうどの数値でない場合は null です。
    #[schema(value_type = Option<f64>, example = -8)]
    difference: Option<Number>,
    /// 判定の変化（better：良くなった、worse：悪くなった、same：変わらない）。どちらかに判定がない場合は null です。
    #[schema(example = "better")]
    grade_change: Option<&'static str>,
}

fn change(before: Option<Grade>, after: Option<Grade>) -> Option<&'static str> {
    Some(match after?.cmp(&before?) {
        Ordering::Less => "better",
        Ordering::Equal => "same",
        Ordering::Greater => "worse",
    })
}

/// What is between two numbers of one item, in its decimals.
fn difference(item: &Item, before: Decimal, after: Decimal) -> Option<Decimal> {
    let (before, after) = (before.rounded(item.decimals()), after.rounded(item.decimals()));
    let scale = before.scale().max(after.scale());
    let mantissa =
        |number: Decimal| number.mantissa().checked_mul(10_i64.checked_pow(u32::from(scale - number.scale()))?);
    Some(Decimal::new(mantissa(after)? - mantissa(before)?, scale))
}

impl From<ShownChange> for ComparedView {
    fn from(compared: ShownChange) -> Self {
        let item = compared.item.item();
        let (before, after) = (compared.before, compared.after);
        let exact = |shown: &Option<store::ShownResult>| shown.as_ref()?.result.value.exact();
        let grade = |shown: &Option<store::ShownResult>| Some(shown.as_ref()?.grade?.grade);
        let between = exact(&before).zip(exact(&after)).and_then(|(was, is)| difference(item, was, is));
        Self {
            item: compared.item,
            name: item.name,
            difference: between.map(Number),
            grade_change: change(grade(&before), grade(&after)),
            before: before.map(ResultView::from),
            after: after.map(ResultView::from),
        }
    }
}

impl From<CheckupComparison> for ComparisonView {
    fn from(compared: CheckupComparison) -> Self {
        let overall = compared.before.as_ref().and_then(|before| before.summary.overall);
        Self {
            overall_change: change(overall, compared.after.summary.overall),
            before: compared.before.as_ref().map(SideView::from),
            after: SideView::from(&compared.after),
            items: compared.items.into_iter().map(ComparedView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::checkup::items;

    use super::*;

    #[test]
    fn differences_keep_the_decimals_of_their_item() {
        let of = |item: ItemId, before: &str, after: &str| {
            let number = |text: &str| text.parse().unwrap();
            difference(item.item(), number(before), number(after)).unwrap().to_string()
        };
        assert_eq!(of(items::SBP, "138", "130"), "-8");
        assert_eq!(of(items::HB, "13.4", "13.0"), "-0.4");
        assert_eq!(of(items::CRE, "0.90", "1.05"), "0.15");
    }

    #[test]
    fn a_letter_is_better_worse_or_the_same() {
        let letters = [(Grade::C, Grade::B, "better"), (Grade::A, Grade::D, "worse"), (Grade::B, Grade::B, "same")];
        for (before, after, expected) in letters {
            assert_eq!(change(Some(before), Some(after)), Some(expected));
        }
        assert_eq!(change(None, Some(Grade::A)), None);
    }
}
