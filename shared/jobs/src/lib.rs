//! What every function that nobody calls does the same way: start-up, what wakes it, batches, logs; and the only permits that no role decides, each made by a
//! constructor that is named for who acts.
//!
//! A job's crate is a `handle`, which takes what the job works with, an event as Lambda delivers it and the [`Invocation`], and a `main` that [`run`]s it.
#![warn(missing_docs)]

mod batch;
mod imports;
mod permits;
mod start;
mod wake;

pub use batch::each;
pub use imports::{for_drop, for_import, for_import_intake, for_undo};
pub use permits::{
    for_audit_archive, for_audit_digest, for_canary, for_drill, for_employee_reminders, for_export_of,
    for_export_writer, for_fan_out, for_log_writer, for_mail_delivery, for_onboarding, for_points_close, for_purge,
    for_rejudgement, for_reminders, for_rollup,
};
pub use start::{Invocation, Process, run, start};
pub use wake::{Change, ChangeKind, Message, Schedule, Wake};
