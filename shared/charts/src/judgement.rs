//! The judgement diagrams of groups (仕事のストレス判定図): two means against each other, with lines of the same health risk.

use crate::{
    scale::Scale,
    svg::{Anchor, INK, Svg, width_of},
};

/// A line on which the risk is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// What stands at its end: the risk.
    pub label: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A group, or what groups are compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it is called.
    pub label: String,
    /// Where it stands.
    pub at: (f64, f64),
    /// What it says when it is pointed at.
    pub says: String,
}

/// A judgement diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgementChart {
    /// What it shows.
    pub title: String,
    /// What the horizontal and the vertical axis stand for.
    pub axes: (String, String),
    /// Lines of the same risk.
    pub contours: Vec<Contour>,
    /// The national mean.
    pub reference: Mark,
    /// The groups.
    pub groups: Vec<Mark>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 56.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 52.0;
/// How far around the marks a diagram reaches at least.
const ROOM: f64 = 1.0;
/// Means of three answers of 1 to 4.
const BOUNDS: (f64, f64) = (3.0, 12.0);
/// More names than these would lie over each other; the groups then only say them when they are pointed at.
const MOST_NAMES: usize = 12;

impl JudgementChart {
    /// The chart.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title, &self.description());
        svg.text((16.0, 22.0), Anchor::Start, &self.title, " font-size=\"15\" font-weight=\"bold\"");
        let marks = || std::iter::once(&self.reference).chain(&self.groups);
        let horizontal = window(marks().map(|mark| mark.at.0));
        let vertical = window(marks().map(|mark| mark.at.1));
        let x = |value: f64| LEFT + horizontal.place(value) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - vertical.place(value) * (HEIGHT - TOP - BOTTOM);
        for tick in horizontal.ticks() {
            svg.line((x(tick), TOP), (x(tick), HEIGHT - BOTTOM), " stroke-width=\"0.3\" stroke-dasharray=\"1 3\"");
            svg.text((x(tick), HEIGHT - BOTTOM + 18.0), Anchor::Middle, &horizontal.label(tick), "");
        }
        for tick in vertical.ticks() {
            svg.line((LEFT, y(tick)), (WIDTH - RIGHT, y(tick)), " stroke-width=\"0.3\" stroke-dasharray=\"1 3\"");
            svg.text((LEFT - 8.0, y(tick) + 4.0), Anchor::End, &vertical.label(tick), "");
        }
        svg.line((LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM), "");
        svg.line((LEFT, TOP), (LEFT, HEIGHT - BOTTOM), "");
        svg.text((f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 12.0), Anchor::Middle, &self.axes.0, "");
        svg.text((16.0, 44.0), Anchor::Start, &self.axes.1, "");
        for contour in &self.contours {
            let within = |&&(at_x, at_y): &&(f64, f64)| {
                (horizontal.low..=horizontal.high).contains(&at_x) && (vertical.low..=vertical.high).contains(&at_y)
            };
            let line: Vec<(f64, f64)> =
                contour.points.iter().filter(within).map(|&(at_x, at_y)| (x(at_x), y(at_y))).collect();
            let Some(&(end_x, end_y)) = line.last().filter(|_| line.len() > 1) else { continue };
            svg.thin_path(&line);
            svg.text((end_x + 4.0, end_y + 4.0), Anchor::Start, &contour.label, " font-size=\"11\"");
        }
        let (at_x, at_y) = (x(self.reference.at.0), y(self.reference.at.1));
        svg.line((at_x - 6.0, at_y), (at_x + 6.0, at_y), " stroke-width=\"2\"");
        svg.line((at_x, at_y - 6.0), (at_x, at_y + 6.0), " stroke-width=\"2\"");
        svg.text((at_x + 8.0, at_y - 6.0), Anchor::Start, &self.reference.label, "");
        let named = self.groups.len() <= MOST_NAMES;
        for group in &self.groups {
            let place = (x(group.at.0), y(group.at.1));
            svg.dot(place, &format!("{} {}", group.label, group.says));
            if named {
                let halo = format!(
                    " font-weight=\"bold\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\" fill=\"{INK}\""
                );
                let fits = place.0 + 8.0 + width_of(&group.label) < WIDTH;
                let (at, anchor) = if fits { (place.0 + 8.0, Anchor::Start) } else { (place.0 - 8.0, Anchor::End) };
                svg.text((at, place.1 + 4.0), anchor, &group.label, &halo);
            }
        }
        svg.finish()
    }

    fn description(&self) -> String {
        let told = |mark: &Mark| format!("{} {}", mark.label, mark.says);
        let groups: Vec<String> = self.groups.iter().map(told).collect();
        let axes = format!("横軸は{}、縦軸は{}。{}。", self.axes.0, self.axes.1, told(&self.reference));
        if groups.is_empty() {
            format!("{axes}表示できる集団がありません。")
        } else {
            format!("{axes}{}。", groups.join("、"))
        }
    }
}

/// An axis with room around what it has to show, within what there can be.
fn window(values: impl Iterator<Item = f64>) -> Scale {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let low = values.iter().copied().fold(BOUNDS.1, f64::min) - ROOM;
    let high = values.iter().copied().fold(BOUNDS.0, f64::max) + ROOM;
    Scale::around(low.clamp(BOUNDS.0, BOUNDS.1), high.clamp(BOUNDS.0, BOUNDS.1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark(label: &str, at: (f64, f64), says: &str) -> Mark {
        Mark { label: label.to_owned(), at, says: says.to_owned() }
    }

    fn diagram() -> JudgementChart {
        let line = |risk: f64| {
            let at = |step: u8| {
                let x = 3.0 + f64::from(step) / 4.0;
                (x, 7.9 + ((x - 8.7) * 0.076 - (risk / 100.0).ln()) / 0.089)
            };
            Contour { label: format!("{risk:.0}"), points: (0..=36).map(at).collect() }
        };
        JudgementChart {
            title: "量-コントロール判定図".to_owned(),
            axes: ("仕事の量的負担".to_owned(), "仕事のコントロール".to_owned()),
            contours: [80.0, 100.0, 120.0, 150.0].map(line).to_vec(),
            reference: mark("全国平均", (8.7, 7.9), "健康リスク 100"),
            groups: vec![
                mark("製造部 & <第一>", (9.4, 7.1), "健康リスク 113"),
                mark("営業部", (8.2, 8.6), "健康リスク 90"),
            ],
        }
    }

    #[test]
    fn r35_a_judgement_diagram_looks_like_this() {
        let svg = diagram().svg();
        assert!(svg.contains("製造部 &amp; &lt;第一&gt;"));
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn r35_more_control_is_higher_and_more_work_is_further_right() {
        let of = |at| {
            let chart = JudgementChart { groups: vec![mark("群", at, "")], ..diagram() };
            let svg = chart.svg();
            let circle = svg.split("<circle ").nth(1).unwrap().to_owned();
            let number = |name: &str| -> f64 {
                circle.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
            };
            (number("cx"), number("cy"))
        };
        assert!(of((9.5, 7.9)).0 > of((8.0, 7.9)).0);
        assert!(of((8.7, 9.0)).1 < of((8.7, 7.0)).1);
    }

    proptest! {
        #[test]
        fn r35_any_diagram_is_whole(places in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..20)) {
            let groups = places.iter().map(|at| mark("群", *at, "値")).collect();
            let svg = JudgementChart { groups, ..diagram() }.svg();
            prop_assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf\""));
        }
    }
}
