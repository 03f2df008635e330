//! An item over the years as a drawing: its values above the letters that they mean.

use charts::{Band, LineChart, Point, Tone};
use domain::{
    checkup::{
        criteria::{Criteria, Row},
        grade::Grade,
        item::Item,
    },
    decimal::Decimal,
};
use store::{CheckupTrend, TrendPoint};

/// The drawing, with the bands that `criteria` have for the person on the day of the last checkup. What is no exact number (a bound, words) stands on the axis without a dot.
pub(crate) fn of(trend: &CheckupTrend, criteria: &Criteria) -> LineChart {
    let item = trend.item.item();
    let row = trend.subject.and_then(|subject| criteria.row(trend.item, subject));
    LineChart {
        title: format!("{}の推移", item.name),
        unit: item.unit().unwrap_or_default().to_owned(),
        points: trend.points.iter().map(|of| point(of, item)).collect(),
        bands: row.map(bands).unwrap_or_default(),
    }
}

fn point(of: &TrendPoint, item: &Item) -> Point {
    let (value, words) = (&of.shown.result.value, of.shown.result.value.japanese(of.shown.result.item));
    let exact = value.exact().map(coordinate);
    let says = match item.unit().filter(|unit| exact.is_some() && !unit.is_empty()) {
        Some(unit) => format!("{words} {unit}"),
        None => words.into_owned(),
    };
    Point { label: of.examined_on.to_string(), value: exact, says }
}

/// The bands between the steps of a row, from the lowest to the highest.
fn bands(row: &Row) -> Vec<Band> {
    let ends = row.steps.iter().map(|step| (Some(coordinate(step.up_to)), step.grade)).chain([(None, row.above)]);
    let mut from = None;
    ends.map(|(to, grade)| {
        let band = Band { from, to, label: grade.letter().to_owned(), tone: tone(grade) };
        from = to;
        band
    })
    .collect()
}

const fn tone(grade: Grade) -> Tone {
    match grade {
        Grade::A => Tone::Good,
        Grade::B => Tone::Fair,
        Grade::C => Tone::Poor,
        Grade::D => Tone::Bad,
    }
}

/// A number as a coordinate: for the eye, and not for any comparison.
fn coordinate(number: Decimal) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use domain::checkup::items;

    use super::*;

    #[test]
    fn bands_meet_and_reach_from_end_to_end() {
        let criteria = domain::checkup::standard::criteria().unwrap();
        let subject = domain::checkup::Subject { age: 45, sex: domain::employee::Sex::Male };
        let of = bands(criteria.row(items::SBP, subject).unwrap());
        assert!(of.first().unwrap().from.is_none() && of.last().unwrap().to.is_none());
        assert!(of.windows(2).all(|pair| pair[0].to == pair[1].from));
        let letters: Vec<&str> = of.iter().map(|band| band.label.as_str()).collect();
        assert_eq!(letters, ["A", "B", "C", "D"]);
    }
}
