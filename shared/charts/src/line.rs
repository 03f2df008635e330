//! A line over the years, above bands that say what a value means: the trend of an item with the bounds of its letters.

use crate::{
    scale::Scale,
    svg::{Anchor, INK, Svg, width_of},
};

/// A value at its place on the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What stands below it: a day or a year. Points with the same label are drawn side by side.
    pub label: String,
    /// The value; none where there was none, and the line has a gap.
    pub value: Option<f64>,
    /// The value as people read it, with its unit and decimals.
    pub says: String,
}

/// How good a band is. Each has a light ground of its own, told apart in grey as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// A little off.
    Fair,
    /// To be looked at.
    Poor,
    /// To be treated.
    Bad,
}

impl Tone {
    const fn fill(self) -> &'static str {
        match self {
            Self::Good => "#8fc7a3",
            Self::Fair => "#e6d279",
            Self::Poor => "#e0a35c",
            Self::Bad => "#c9695f",
        }
    }

    const fn opacity(self) -> &'static str {
        match self {
            Self::Good => " fill-opacity=\"0.18\"",
            Self::Fair => " fill-opacity=\"0.28\"",
            Self::Poor => " fill-opacity=\"0.38\"",
            Self::Bad => " fill-opacity=\"0.48\"",
        }
    }
}

/// A band of values that mean the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Where it begins; none where it has no lower bound.
    pub from: Option<f64>,
    /// Where it ends; none where it has no upper bound.
    pub to: Option<f64>,
    /// What stands at its right end: a letter.
    pub label: String,
    /// How good it is.
    pub tone: Tone,
}

/// A line over bands.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// The unit, above the axis.
    pub unit: String,
    /// The values, from left to right.
    pub points: Vec<Point>,
    /// The bands, in any order.
    pub bands: Vec<Band>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 44.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 40.0;

impl LineChart {
    /// The chart.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title, &self.description());
        svg.text((LEFT, 22.0), Anchor::Start, &self.title, " font-size=\"15\" font-weight=\"bold\"");
        svg.text((LEFT, 42.0), Anchor::Start, &self.unit, "");
        let values: Vec<f64> = self.points.iter().filter_map(|point| point.value).filter(|v| v.is_finite()).collect();
        let (Some(low), Some(high)) = (least(&values), most(&values)) else {
            svg.text((WIDTH / 2.0, HEIGHT / 2.0), Anchor::Middle, "表示できる値がありません。", "");
            return svg.finish();
        };
        let scale = self.scale(low, high);
        let y = |value: f64| HEIGHT - BOTTOM - scale.place(value) * (HEIGHT - TOP - BOTTOM);
        for band in &self.bands {
            let (top, bottom) = (y(band.to.unwrap_or(scale.high)), y(band.from.unwrap_or(scale.low)));
            if bottom - top < 0.5 {
                continue;
            }
            svg.rectangle((LEFT, top), (WIDTH - LEFT - RIGHT, bottom - top), band.tone.fill(), band.tone.opacity());
            if bottom - top >= 12.0 {
                let middle = f64::midpoint(top, bottom) + 4.0;
                svg.text((WIDTH - RIGHT + 8.0, middle), Anchor::Start, &band.label, " font-weight=\"bold\"");
            }
        }
        for tick in scale.ticks() {
            svg.line((LEFT, y(tick)), (WIDTH - RIGHT, y(tick)), " stroke-width=\"0.5\" stroke-dasharray=\"2 3\"");
            svg.text((LEFT - 8.0, y(tick) + 4.0), Anchor::End, &scale.label(tick), "");
        }
        svg.line((LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM), "");
        self.draw_points(&mut svg, y);
        svg.finish()
    }

    fn draw_points(&self, svg: &mut Svg, y: impl Fn(f64) -> f64) {
        let step = (WIDTH - LEFT - RIGHT) / count(self.points.len().max(1));
        let widest = self.points.iter().map(|point| width_of(&point.label)).fold(1.0, f64::max);
        // Labels that would run into each other are left out, the last one never.
        let every = ((widest + 8.0) / step).ceil().max(1.0);
        let mut piece: Vec<(f64, f64)> = Vec::new();
        let mut dots = Vec::new();
        for (at, point) in self.points.iter().enumerate() {
            let x = LEFT + step * (count(at) + 0.5);
            if count(self.points.len() - 1 - at) % every == 0.0 {
                svg.text((x, HEIGHT - BOTTOM + 20.0), Anchor::Middle, &point.label, "");
            }
            if let Some(value) = point.value.filter(|value| value.is_finite()) {
                piece.push((x, y(value)));
                dots.push(((x, y(value)), point));
            } else {
                if piece.len() > 1 {
                    svg.path(&piece);
                }
                piece.clear();
            }
        }
        if piece.len() > 1 {
            svg.path(&piece);
        }
        let told = dots.len();
        for (at, (place, point)) in dots.into_iter().enumerate() {
            svg.dot(place, &format!("{} {}", point.label, point.says));
            if told <= 8 || at + 1 == told {
                let halo = format!(
                    " font-weight=\"bold\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\" fill=\"{INK}\""
                );
                svg.text((place.0, place.1 - 10.0), Anchor::Middle, &point.says, &halo);
            }
        }
    }

    /// An axis that holds the values, and the bounds that are near them.
    fn scale(&self, low: f64, high: f64) -> Scale {
        let room = ((high - low) * 0.5).max(high.abs() * 0.1);
        let bounds: Vec<f64> = self
            .bands
            .iter()
            .flat_map(|band| [band.from, band.to])
            .flatten()
            .filter(|bound| (low - room..=high + room).contains(bound))
            .collect();
        let low = least(&bounds).map_or(low, |bound| bound.min(low));
        let high = most(&bounds).map_or(high, |bound| bound.max(high));
        Scale::around(low, high + (high - low) * 0.08)
    }

    fn description(&self) -> String {
        let points: Vec<String> = self.points.iter().map(|point| format!("{} {}", point.label, point.says)).collect();
        let bands: Vec<String> = self.bands.iter().map(|band| format!("{} {}", band.label, range(band))).collect();
        let mut words = if points.is_empty() {
            "値がありません。".to_owned()
        } else {
            format!("{}。", points.join("、"))
        };
        if !bands.is_empty() {
            words = format!("{words}判定の範囲：{}。", bands.join("、"));
        }
        words
    }
}

fn range(band: &Band) -> String {
    match (band.from, band.to) {
        (None, None) => "すべて".to_owned(),
        (Some(from), None) => format!("{from}より上"),
        (None, Some(to)) => format!("{to}まで"),
        (Some(from), Some(to)) => format!("{from}から{to}まで"),
    }
}

fn least(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::min)
}

fn most(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::max)
}

/// A count as a coordinate.
pub(crate) fn count(of: usize) -> f64 {
    u32::try_from(of).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pressures() -> LineChart {
        let point = |year: &str, value: Option<f64>| Point {
            label: format!("{year}年度"),
            value,
            says: value.map_or("実施せず".to_owned(), |value| format!("{value} mmHg")),
        };
        let band = |from, to, label: &str, tone| Band { from, to, label: label.to_owned(), tone };
        LineChart {
            title: "収縮期血圧の推移".to_owned(),
            unit: "mmHg".to_owned(),
            points: vec![
                point("2022", Some(128.0)),
                point("2023", Some(134.0)),
                point("2024", None),
                point("2025", Some(146.0)),
                point("2026", Some(152.0)),
            ],
            bands: vec![
                band(None, Some(129.0), "A", Tone::Good),
                band(Some(129.0), Some(139.0), "B", Tone::Fair),
                band(Some(139.0), Some(159.0), "C", Tone::Poor),
                band(Some(159.0), None, "D", Tone::Bad),
            ],
        }
    }

    #[test]
    fn r34_a_trend_looks_like_this() {
        insta::assert_snapshot!(pressures().svg());
    }

    #[test]
    fn r34_a_trend_without_values_says_so() {
        let chart = LineChart { points: Vec::new(), ..pressures() };
        assert!(chart.svg().contains("表示できる値がありません。"));
        assert!(chart.svg().contains("<desc id=\"d\">値がありません。判定の範囲：A 129まで、"));
    }

    #[test]
    fn r34_whoever_hears_a_trend_hears_every_value() {
        let svg = pressures().svg();
        for words in ["2022年度 128 mmHg", "2024年度 実施せず", "2026年度 152 mmHg", "role=\"img\""] {
            assert!(svg.contains(words), "{words}");
        }
    }

    proptest! {
        #[test]
        fn any_values_and_words_make_a_drawing_of_plain_elements(
            words in "\\PC{0,20}", values in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..40),
        ) {
            let points = values.into_iter().map(|value| Point { label: words.clone(), value, says: words.clone() }).collect();
            let svg = LineChart { points, title: words.clone(), unit: words, ..pressures() }.svg();
            prop_assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf\"") && !svg.contains("<script"));
            prop_assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        }
    }
}
