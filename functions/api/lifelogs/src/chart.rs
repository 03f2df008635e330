//! A series as a drawing.

use charts::{Band, LineChart, Point, Tone};
use domain::lifelog::{
    Bounds, Metric,
    series::{SeriesPoint, Step},
};

fn float(bounds: Bounds, reading: i64) -> Option<f64> {
    bounds.number(reading).to_string().parse().ok()
}

/// The line of a series, over what is good to know of it.
pub(crate) fn of(metric: Metric, step: Step, points: &[SeriesPoint]) -> LineChart {
    let row = metric.row();
    let second = |point: &SeriesPoint| {
        row.second.zip(point.second).map(|(second, value)| format!("/{}", second.bounds.number(value)))
    };
    let point = |point: &SeriesPoint| Point {
        label: match step {
            Step::Day => format!("{}/{}", point.from.month(), point.from.day()),
            Step::Week => format!("{}/{}～", point.from.month(), point.from.day()),
            Step::Month => format!("{}/{}", point.from.year(), point.from.month()),
        },
        value: point.value.and_then(|value| float(row.bounds, value)),
        says: point.value.map_or("記録なし".to_owned(), |value| {
            format!("{}{} {}", row.bounds.number(value), second(point).unwrap_or_default(), row.unit)
        }),
    };
    let bands = row.guide.and_then(|guide| {
        let at = float(row.bounds, guide.at)?;
        let (below, above) = if guide.is_limit { (Tone::Good, Tone::Poor) } else { (Tone::Fair, Tone::Good) };
        Some(vec![
            Band { from: None, to: Some(at), label: "目安未満".to_owned(), tone: below },
            Band { from: Some(at), to: None, label: "目安以上".to_owned(), tone: above },
        ])
    });
    let name = match step {
        Step::Day => "日",
        Step::Week => "週",
        Step::Month => "月",
    };
    LineChart {
        title: format!("{}の推移（{name}ごと）", row.japanese),
        unit: row.unit.to_owned(),
        points: points.iter().map(point).collect(),
        bands: bands.unwrap_or_default(),
    }
}
