//! Writing SVG: elements with rounded coordinates and escaped text.

use std::fmt::Write as _;

/// Ink for lines and text: on white 7:1, on black 3:1.
pub(crate) const INK: &str = "#5f6b7a";
/// Fonts that every system in Japan has one of.
const FONTS: &str = "'Noto Sans JP','Hiragino Sans','Yu Gothic UI',Meiryo,sans-serif";

/// An SVG that is being written.
pub(crate) struct Svg(String);

/// Where a text hangs on its place.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// A drawing of this size, with what it shows in words.
    pub(crate) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let mut svg = Self(String::with_capacity(4096));
        let (width, height) = (number(width), number(height));
        svg.0.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"t d\" ");
        let _ = write!(svg.0, "viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" ");
        let _ = writeln!(svg.0, "font-family=\"{FONTS}\" font-size=\"12\" fill=\"{INK}\">");
        let _ = writeln!(svg.0, "<title id=\"t\">{}</title>", escaped(title));
        let _ = writeln!(svg.0, "<desc id=\"d\">{}</desc>", escaped(description));
        svg
    }

    /// A filled rectangle.
    pub(crate) fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str, more: &str) {
        let (x, y, width, height) = (number(x), number(y), number(width.max(0.0)), number(height.max(0.0)));
        let _ =
            writeln!(self.0, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{more}/>");
    }

    /// A straight line.
    pub(crate) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), more: &str) {
        let (x1, y1, x2, y2) = (number(x1), number(y1), number(x2), number(y2));
        let _ = writeln!(self.0, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{INK}\"{more}/>");
    }

    /// A line through points.
    pub(crate) fn path(&mut self, points: &[(f64, f64)]) {
        let d = drawn(points);
        let _ = writeln!(
            self.0,
            "<path d=\"{d}\" fill=\"none\" stroke=\"#2f6fb3\" stroke-width=\"2.5\" stroke-linejoin=\"round\"/>"
        );
    }

    /// A thin line through points, in ink.
    pub(crate) fn thin_path(&mut self, points: &[(f64, f64)]) {
        let d = drawn(points);
        let _ = writeln!(self.0, "<path d=\"{d}\" fill=\"none\" stroke=\"{INK}\" stroke-dasharray=\"6 3\"/>");
    }

    /// A closed surface.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], fill: &str, more: &str) {
        let d = drawn(points);
        let _ = writeln!(self.0, "<path d=\"{d} Z\" fill=\"{fill}\"{more}/>");
    }

    /// A dot, which says what it stands for when it is pointed at.
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), says: &str) {
        let (x, y) = (number(x), number(y));
        let _ = writeln!(
            self.0,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"#2f6fb3\" stroke=\"#ffffff\"><title>{}</title></circle>",
            escaped(says)
        );
    }

    /// A text.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str, more: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y) = (number(x), number(y));
        let _ = writeln!(self.0, "<text x=\"{x}\" y=\"{y}\"{anchor}{more}>{}</text>", escaped(text));
    }

    /// The whole.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

/// Points as the steps of a path.
fn drawn(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if at == 0 { "M" } else { " L" }, number(*x), number(*y));
    }
    d
}

/// A coordinate with one decimal at most: the same on every machine.
fn number(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    let text = text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    if text == "-0" { "0".to_owned() } else { text }
}

/// Text as XML has it. Control characters, which XML has no way to write, go.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// About how wide a text is at 12 px: a full-width character is as wide as it is high.
pub(crate) fn width_of(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 6.7 } else { 12.0 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_never_break_a_drawing() {
        assert_eq!([number(1.0), number(1.25), number(-0.01), number(f64::NAN)], ["1", "1.2", "0", "0"]);
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escaped("<script>&\"'\u{0}x"), "&lt;script&gt;&amp;&quot;&#39;x");
    }
}
