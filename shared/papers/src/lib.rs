//! Papers (帳票) as PDF: the personal card (健康診断個人票, 様式第5号), the reports of periodic checkups (定期健康診断結果報告書, 様式第6号) and of the
//! stress check (様式第6号の3), a group's figures, letters, a physician's report after an interview. Pure: what is printed comes in, bytes come out, and
//! the same input gives the same bytes.
//!
//! A paper is boxes, rules and text in millimetres ([`Paper`]), which tests compare as text; [`Paper::pdf`] alone knows PDF. Nothing is cut: text that does not fit its box is made smaller, and at
//! the end goes to a sheet of its own (別記). A character without a glyph is printed as 〓, and the paper says how many there are.

#![warn(missing_docs)]

mod card;
mod face;
mod form;
mod form6;
mod form6_3;
mod group;
mod letter;
mod opinion;
mod paper;
mod write;

pub use card::{Card, CardResult, card};
pub use form6::form6;
pub use form6_3::form6_3;
pub use group::{GroupPaper, group};
pub use letter::{Letter, letter};
pub use opinion::{OpinionLetter, opinion_letter};
pub use paper::Paper;
pub use write::PaperError;
