//! A radar chart of grades: one axis per scale, from 1 in the middle to 5 at the rim, and outer is better on all of them.

use std::f64::consts::TAU;

use crate::{
    line::count,
    svg::{Anchor, INK, Svg, width_of},
};

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoke {
    /// What stands at its end.
    pub label: String,
    /// The grade, from 1 to 5; none where there is none.
    pub grade: Option<u8>,
    /// The grade as people read it.
    pub says: String,
}

/// A radar chart.
#[derive(Debug, Clone, PartialEq)]
pub struct RadarChart {
    /// What it shows.
    pub title: String,
    /// The axes, clockwise from the top.
    pub spokes: Vec<Spoke>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 440.0;
const CENTRE: (f64, f64) = (WIDTH / 2.0, 246.0);
const RADIUS: f64 = 150.0;
const BEST: u8 = 5;
/// Up to this grade something asks for attention.
const LOW: u8 = 2;

/// Where a grade lies on the axis with this number. The worst grade is not the centre itself, so that it has a direction.
fn place(at: usize, of: usize, grade: f64) -> (f64, f64) {
    let angle = TAU * count(at) / count(of.max(1));
    let radius = RADIUS * grade / f64::from(BEST);
    (CENTRE.0 + radius * angle.sin(), CENTRE.1 - radius * angle.cos())
}

impl RadarChart {
    /// The chart.
    #[must_use]
    pub fn svg(&self) -> String {
        let told: Vec<String> = self.spokes.iter().map(|spoke| format!("{} {}", spoke.label, spoke.says)).collect();
        let description = if told.is_empty() {
            "データがありません。".to_owned()
        } else {
            format!("5段階評価で、外側ほど良好です。{}。", told.join("、"))
        };
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title, &description);
        svg.text((16.0, 22.0), Anchor::Start, &self.title, " font-size=\"15\" font-weight=\"bold\"");
        svg.text((16.0, 42.0), Anchor::Start, "外側ほど良好（5段階）。色のついた内側は気になる範囲です。", "");
        let of = self.spokes.len();
        if of < 3 {
            svg.text(CENTRE, Anchor::Middle, "図に表せる尺度が足りません。", "");
            return svg.finish();
        }
        let ring = |grade: u8| (0..of).map(|at| place(at, of, f64::from(grade))).collect::<Vec<_>>();
        svg.polygon(&ring(LOW), "#e0a35c", " fill-opacity=\"0.38\"");
        for grade in 1..=BEST {
            let more = format!(" stroke=\"{INK}\" stroke-width=\"{}\"", if grade == BEST { "1" } else { "0.5" });
            svg.polygon(&ring(grade), "none", &more);
        }
        for (at, spoke) in self.spokes.iter().enumerate() {
            svg.line(CENTRE, place(at, of, f64::from(BEST)), " stroke-width=\"0.5\"");
            label(&mut svg, place(at, of, 5.5), &spoke.label);
        }
        for grade in 1..=BEST {
            let (x, y) = place(0, of, f64::from(grade));
            svg.text((x - 5.0, y + 4.0), Anchor::End, &grade.to_string(), " font-size=\"10\"");
        }
        self.draw(&mut svg);
        svg.finish()
    }

    /// The grades: a surface where every axis has one, dots in any case.
    fn draw(&self, svg: &mut Svg) {
        let of = self.spokes.len();
        let graded = |spoke: &Spoke| spoke.grade.filter(|grade| (1..=BEST).contains(grade));
        let places: Vec<Option<(f64, f64)>> = self
            .spokes
            .iter()
            .enumerate()
            .map(|(at, spoke)| graded(spoke).map(|grade| place(at, of, f64::from(grade))))
            .collect();
        let known: Vec<(f64, f64)> = places.iter().copied().flatten().collect();
        if known.len() == of {
            let more = " fill-opacity=\"0.18\" stroke=\"#2f6fb3\" stroke-width=\"2.5\" stroke-linejoin=\"round\"";
            svg.polygon(&known, "#2f6fb3", more);
        }
        for (spoke, place) in self.spokes.iter().zip(places) {
            if let Some(place) = place {
                svg.dot(place, &format!("{} {}", spoke.label, spoke.says));
            }
        }
    }
}

/// A label at the end of an axis, on the side where there is room; one that would leave the drawing is cut in two lines.
fn label(svg: &mut Svg, (x, y): (f64, f64), text: &str) {
    let side = x - CENTRE.0;
    let (anchor, room) = if side.abs() < 1.0 {
        (Anchor::Middle, WIDTH)
    } else if side > 0.0 {
        (Anchor::Start, WIDTH - x - 4.0)
    } else {
        (Anchor::End, x - 4.0)
    };
    if width_of(text) <= room {
        svg.text((x, y + 4.0), anchor, text, "");
        return;
    }
    let half = text.chars().count().div_ceil(2);
    let (first, second): (String, String) = (text.chars().take(half).collect(), text.chars().skip(half).collect());
    svg.text((x, y - 3.0), anchor, &first, "");
    svg.text((x, y + 11.0), anchor, &second, "");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spoke(label: &str, grade: Option<u8>) -> Spoke {
        let says = grade.map_or_else(|| "評価なし".to_owned(), |grade| format!("評価{grade}"));
        Spoke { label: label.to_owned(), grade, says }
    }

    fn reactions() -> RadarChart {
        RadarChart {
            title: "ストレスによっておこる心身の反応".to_owned(),
            spokes: vec![
                spoke("活気", Some(2)),
                spoke("イライラ感", Some(3)),
                spoke("疲労感", Some(1)),
                spoke("不安感", Some(4)),
                spoke("抑うつ感", Some(5)),
                spoke("身体愁訴", Some(3)),
            ],
        }
    }

    #[test]
    fn r35_a_radar_looks_like_this() {
        insta::assert_snapshot!(reactions().svg());
    }

    #[test]
    fn r35_outer_is_better() {
        let distance = |grade| (place(1, 6, grade).0 - CENTRE.0).hypot(place(1, 6, grade).1 - CENTRE.1);
        assert!((1..5).all(|grade| distance(f64::from(grade)) < distance(f64::from(grade + 1))));
        assert!((place(0, 6, 5.0).1 - (CENTRE.1 - RADIUS)).abs() < 1e-9, "the first axis points up");
    }

    #[test]
    fn r35_a_scale_without_a_grade_is_no_point_and_two_are_no_surface() {
        let mut chart = reactions();
        chart.spokes[0].grade = None;
        assert!(!chart.svg().contains("fill=\"#2f6fb3\" fill-opacity") && chart.svg().matches("<circle").count() == 5);
        chart.spokes.truncate(2);
        assert!(chart.svg().contains("足りません"));
    }

    proptest! {
        #[test]
        fn r35_any_radar_is_whole(labels in proptest::collection::vec(".{0,24}", 0..20), grade in proptest::option::of(any::<u8>())) {
            let spokes = labels.iter().map(|label| spoke(label, grade)).collect();
            let svg = RadarChart { title: "図".to_owned(), spokes }.svg();
            prop_assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf\""));
            prop_assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        }
    }
}
