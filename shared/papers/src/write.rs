//! A paper as PDF. The one place that knows the format.

use krilla::{
    Document, SerializeSettings,
    color::luma,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule, Stroke},
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};

use crate::{
    face::{FONT, GETA, glyph},
    paper::{Area, Mark, POINT, Paper, SHEET},
};

/// A paper cannot be written: a fault of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a paper cannot be written: {0}")]
pub struct PaperError(&'static str);

impl Paper {
    /// The paper as PDF, with the glyphs that it uses and no date: the same paper has the same bytes.
    pub fn pdf(&self) -> Result<Vec<u8>, PaperError> {
        let font = Font::new(FONT.into(), 0).ok_or(PaperError("the font cannot be read"))?;
        let settings = SerializeSettings { xmp_metadata: false, ..SerializeSettings::default() };
        let mut document = Document::new_with(settings);
        document.set_metadata(Metadata::new().title(self.title.clone()).language("ja".to_owned()));
        for marks in &self.sheets {
            let size = PageSettings::from_wh(points(SHEET.0), points(SHEET.1)).ok_or(PaperError("no such sheet"))?;
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            for mark in marks {
                draw(&mut surface, mark, &font)?;
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|_| PaperError("the document does not hold together"))
    }
}

fn points(millimetres: f32) -> f32 {
    millimetres / POINT
}

fn ink(grey: u8) -> Fill {
    Fill { paint: luma::Color::new(grey).into(), opacity: NormalizedF32::ONE, rule: FillRule::default() }
}

fn stroke(width: f32) -> Stroke {
    Stroke { paint: luma::Color::black().into(), width: points(width), ..Stroke::default() }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, font: &Font) -> Result<(), PaperError> {
    match mark {
        Mark::Box { area: Area { x, y, width, height }, line, ground } => {
            let rectangle = Rect::from_xywh(points(*x), points(*y), points(*width), points(*height));
            let mut path = PathBuilder::new();
            path.push_rect(rectangle.ok_or(PaperError("a box without a size"))?);
            surface.set_fill(ground.map(|_| ink(237)));
            surface.set_stroke(Some(stroke(*line)));
            surface.draw_path(&path.finish().ok_or(PaperError("an empty path"))?);
        }
        Mark::Rule { from, to, line } => {
            let mut path = PathBuilder::new();
            path.move_to(points(from.0), points(from.1));
            path.line_to(points(to.0), points(to.1));
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(*line)));
            surface.draw_path(&path.finish().ok_or(PaperError("an empty path"))?);
        }
        Mark::Text { x, y, size, text } => {
            surface.set_fill(Some(ink(0)));
            surface.set_stroke(None);
            let glyphs: Vec<KrillaGlyph> = text
                .char_indices()
                .filter_map(|(at, c)| {
                    let known = glyph(c).or_else(|| glyph(GETA))?;
                    let range = at..at + c.len_utf8();
                    Some(KrillaGlyph::new(GlyphId::new(known.id), known.advance, 0.0, 0.0, 0.0, range, None))
                })
                .collect();
            let at = Point::from_xy(points(*x), points(*y));
            surface.draw_glyphs(at, &glyphs, font.clone(), text, *size, false);
        }
    }
    Ok(())
}
