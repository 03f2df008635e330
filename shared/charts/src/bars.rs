//! Bars beside each other, and bars made of parts: how many took part, how letters are spread.

use crate::{
    line::{Tone, count},
    scale::Scale,
    svg::{Anchor, Svg, width_of},
};

/// A bar; none where its number is not shown, because it would tell of single people.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What stands beside it.
    pub label: String,
    /// Its length; none where it is not shown.
    pub value: Option<f64>,
    /// The number as people read it.
    pub says: String,
}

/// Bars, one below the other: labels in Japanese are long, and lie better.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// What it shows.
    pub title: String,
    /// The unit, above the axis.
    pub unit: String,
    /// The end of the axis, where it is fixed: 100 for per cent.
    pub highest: Option<f64>,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
}

/// A part of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it stands for.
    pub label: String,
    /// How good it is.
    pub tone: Tone,
}

/// A bar that is made of parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// What stands beside it.
    pub label: String,
    /// How large each part is, in the order of the chart's parts; none where the numbers are not shown.
    pub values: Option<Vec<f64>>,
    /// The numbers as people read them.
    pub says: String,
}

/// Bars that are made of parts, each as long as the whole: shares.
#[derive(Debug, Clone, PartialEq)]
pub struct StackedChart {
    /// What it shows.
    pub title: String,
    /// The parts, from left to right.
    pub parts: Vec<Part>,
    /// The bars, from top to bottom.
    pub stacks: Vec<Stack>,
}

const WIDTH: f64 = 640.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 56.0;
const ROW: f64 = 28.0;
const BAR: f64 = 18.0;
/// What stands in place of a number that is not shown.
const HIDDEN: &str = "非表示（10人未満）";

const fn tone_fill(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "#8fc7a3",
        Tone::Fair => "#e6d279",
        Tone::Poor => "#d98b3a",
        Tone::Bad => "#a8433a",
    }
}

/// Where bars begin: to the right of the longest label.
fn left_of<'a>(labels: impl Iterator<Item = &'a str>) -> f64 {
    (labels.map(width_of).fold(40.0, f64::max) + 20.0).min(WIDTH / 2.0)
}

impl BarChart {
    /// The chart.
    #[must_use]
    pub fn svg(&self) -> String {
        let rows: Vec<String> = self.bars.iter().map(|bar| format!("{} {}", bar.label, bar.says)).collect();
        let height = TOP + ROW * count(self.bars.len().max(1)) + 32.0;
        let mut svg = Svg::new(WIDTH, height, &self.title, &sentence(&rows));
        svg.text((16.0, 22.0), Anchor::Start, &self.title, " font-size=\"15\" font-weight=\"bold\"");
        svg.text((16.0, 42.0), Anchor::Start, &self.unit, "");
        let left = left_of(self.bars.iter().map(|bar| bar.label.as_str()));
        let shown = self.bars.iter().filter_map(|bar| bar.value).filter(|value| value.is_finite());
        let scale = Scale::around(0.0, self.highest.unwrap_or_else(|| shown.fold(1.0, f64::max)));
        let x = |value: f64| left + scale.place(value) * (WIDTH - left - RIGHT);
        for tick in scale.ticks() {
            let more = " stroke-width=\"0.5\" stroke-dasharray=\"2 3\"";
            svg.line((x(tick), TOP - 4.0), (x(tick), height - 28.0), more);
            svg.text((x(tick), height - 10.0), Anchor::Middle, &scale.label(tick), "");
        }
        for (at, bar) in self.bars.iter().enumerate() {
            let y = TOP + ROW * count(at);
            svg.text((left - 8.0, y + 14.0), Anchor::End, &bar.label, "");
            match bar.value.filter(|value| value.is_finite()) {
                Some(value) => {
                    svg.rectangle((left, y), (x(value) - left, BAR), "#2f6fb3", "");
                    svg.text((x(value) + 6.0, y + 14.0), Anchor::Start, &bar.says, "");
                }
                None => svg.text((left + 6.0, y + 14.0), Anchor::Start, HIDDEN, ""),
            }
        }
        svg.line((left, TOP - 4.0), (left, height - 28.0), "");
        svg.finish()
    }
}

impl StackedChart {
    /// The chart.
    #[must_use]
    pub fn svg(&self) -> String {
        let rows: Vec<String> = self.stacks.iter().map(|stack| format!("{} {}", stack.label, stack.says)).collect();
        let height = TOP + ROW * count(self.stacks.len().max(1)) + 16.0;
        let mut svg = Svg::new(WIDTH, height, &self.title, &sentence(&rows));
        svg.text((16.0, 22.0), Anchor::Start, &self.title, " font-size=\"15\" font-weight=\"bold\"");
        let mut at = 16.0;
        for part in &self.parts {
            svg.rectangle((at, 32.0), (12.0, 12.0), tone_fill(part.tone), "");
            svg.text((at + 16.0, 42.0), Anchor::Start, &part.label, "");
            at += 32.0 + width_of(&part.label);
        }
        let left = left_of(self.stacks.iter().map(|stack| stack.label.as_str()));
        for (row, stack) in self.stacks.iter().enumerate() {
            let y = TOP + ROW * count(row);
            svg.text((left - 8.0, y + 14.0), Anchor::End, &stack.label, "");
            self.draw(&mut svg, stack, (left, y));
        }
        svg.finish()
    }

    fn draw(&self, svg: &mut Svg, stack: &Stack, (left, y): (f64, f64)) {
        let Some(values) = &stack.values else {
            svg.text((left + 6.0, y + 14.0), Anchor::Start, HIDDEN, "");
            return;
        };
        let whole: f64 = values.iter().filter(|value| value.is_finite()).sum();
        if whole <= 0.0 {
            svg.text((left + 6.0, y + 14.0), Anchor::Start, &stack.says, "");
        }
        let mut x = left;
        for (part, value) in self.parts.iter().zip(values) {
            let share = if whole > 0.0 && value.is_finite() { value.max(0.0) / whole } else { 0.0 };
            let width = share * (WIDTH - left - 16.0);
            svg.rectangle((x, y), (width, BAR), tone_fill(part.tone), " stroke=\"#ffffff\"");
            if width >= 44.0 {
                let light = if matches!(part.tone, Tone::Bad) { " fill=\"#ffffff\"" } else { " fill=\"#1f2933\"" };
                svg.text((x + width / 2.0, y + 13.0), Anchor::Middle, &format!("{:.0}%", share * 100.0), light);
            }
            x += width;
        }
    }
}

fn sentence(rows: &[String]) -> String {
    if rows.is_empty() { "データがありません。".to_owned() } else { format!("{}。", rows.join("、")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r37_bars_look_like_this_and_hide_what_is_not_shown() {
        let bar =
            |label: &str, value: Option<f64>, says: &str| Bar { label: label.to_owned(), value, says: says.to_owned() };
        let chart = BarChart {
            title: "有所見率（2026年度）".to_owned(),
            unit: "%".to_owned(),
            highest: Some(100.0),
            bars: vec![
                bar("血圧", Some(24.5), "24.5%"),
                bar("脂質", Some(38.0), "38.0%"),
                bar("心電図", None, HIDDEN),
                bar("営業部 & <企画>", Some(100.0), "100.0%"),
            ],
        };
        let svg = chart.svg();
        assert!(svg.contains("営業部 &amp; &lt;企画&gt;") && svg.contains("非表示"));
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn r37_stacks_look_like_this() {
        let part = |label: &str, tone| Part { label: label.to_owned(), tone };
        let chart = StackedChart {
            title: "総合判定の分布".to_owned(),
            parts: vec![part("A", Tone::Good), part("B", Tone::Fair), part("C", Tone::Poor), part("D", Tone::Bad)],
            stacks: vec![
                Stack {
                    label: "東京本社".to_owned(),
                    values: Some(vec![40.0, 30.0, 20.0, 10.0]),
                    says: "A 40人、B 30人、C 20人、D 10人".to_owned(),
                },
                Stack { label: "福岡営業所".to_owned(), values: None, says: HIDDEN.to_owned() },
                Stack { label: "川崎工場".to_owned(), values: Some(vec![0.0; 4]), says: "0人".to_owned() },
            ],
        };
        insta::assert_snapshot!(chart.svg());
    }
}
