//! What every function that HTTPS callers reach does the same way: start-up, permits, problems, pages, `ETags`, idempotency, logs, documents.
//!
//! A function's crate is a [`Door`] (its routes with their documentation) and a `main` that [`run`]s it. A handler takes its permit as an argument and gives back an
//! [`Answer`] or a [`Problem`].
#![warn(missing_docs)]

mod answer;
mod app;
mod attachment;
mod caller;
mod csv;
mod delivery;
mod door;
mod form_people;
mod input;
mod metrics;
mod once;
pub mod openapi;
mod opinions;
mod pages;
pub mod problem;
mod questionnaire;
mod start;
mod taken;
mod trail;

pub use answer::Answer;
pub use app::{App, Settings};
pub use attachment::{pdf_file, svg_drawing};
pub use caller::{AtKiosk, Caller, From, Further, SentTo};
pub use csv::{CsvEncoding, CsvFile, csv_file, into_csv, wants_csv};
pub use delivery::DeliveryPage;
pub use door::Door;
pub use form_people::{EmployerBody, PhysicianBody};
pub use input::{BODY_LIMIT, Checks, Filters, IfMatch, Json, Path, Secret, limit, sent};
pub use metrics::Measured;
pub use once::{Answers, Posted};
pub use opinions::{
    DecisionBody, DecisionView, MeasureBody, MeasureView, MeasuresPage, MeasuresView, OpinionView, measure_views,
    note_terms, read_measures, read_remark, refused_terms,
};
pub use pages::{PageQuery, Pages};
pub use problem::{Fault, Kind, Problem};
pub use questionnaire::{
    QuestionnaireQuery, QuestionnaireView, StressAnswerBody, not_answered, read_answers, unknown_item,
};
pub use start::{run, run_with};
pub use store::{
    Support,
    process::{REGION, config, required},
};
pub use taken::{DownloadView, MadeFileView, taken_file};
pub use trail::{EventView, events_file};
