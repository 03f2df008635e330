//! Charts as SVG: a line over bands ([`LineChart`]), bars ([`BarChart`]), stacked bars ([`StackedChart`]), grades around a centre
//! ([`RadarChart`]), groups between lines of the same risk ([`JudgementChart`]). Pure and deterministic: the same numbers give the same bytes.
//!
//! A chart says in words what it shows (`title` and `desc`, and `role="img"`), so that whoever hears it instead of seeing it misses nothing. Colours read on white and on dark ground, and
//! in grey as well: what is told by colour is told by its place or its label too. Text is escaped; nothing in an SVG runs or loads anything.

#![warn(missing_docs)]

mod bars;
mod judgement;
mod line;
mod radar;
mod scale;
mod svg;

pub use bars::{Bar, BarChart, Part, Stack, StackedChart};
pub use judgement::{Contour, JudgementChart, Mark};
pub use line::{Band, LineChart, Point, Tone};
pub use radar::{RadarChart, Spoke};
