//! The stress check (ストレスチェック): rounds, what individuals answer, what it comes to, and whom it is shown to.
//!
//! | family, partition | clear | sealed (`stress`) |
//! | --- | --- | --- |
//! | round, one | state, period, who carries it out, when it was signed for, since when its answers are over | title, criteria, whom it is for, announcement; what was signed for |
//! | attendance, round and shard | whether somebody has answered, when they were told | |
//! | answers, round and shard | state, times, how they came, when what is sealed was deleted | the answers, why they were opened again |
//! | result, round and shard | times | scores, decision on an interview with its reason |
//! | sharing, round and shard | when it was seen, consented to, requested, read by the employer | what the worker said with it, in which order |
//! | kiosk, one; and round and shard | codes of rounds as keyed hashes; who is at a shared terminal until when, with their token's hash | |
//! | analysis, round | when it was made and by whom | groups of ten and more, with what their answers add up to |
//! | report | whose it is | what the customer says for the form |
//!
//! The employer has no way to answers: what opens them is an [`Insight`](confidant), which is made for the examinee and for whoever was appointed for the round and has pledged secrecy, and for
//! nobody else; and what opens a result for the employer is a worker's word that stands, read again each time. Attendance is a family of its own, so that whoever may know who has answered
//! needs no access to what. What would tell the employer's side of individuals by the trail is written there in confidence ([`crate::Event`]).

mod analysis;
mod answers;
mod confidant;
mod expire;
mod import;
mod job;
mod kiosk;
mod own;
mod report;
mod results;
mod rounds;
mod selection;
mod sharing;
mod targets;

use domain::ids::{EmployeeId, StressRoundId, TenantId};

pub use analysis::{AnalysedGroup, AnalysisOf, StressAnalysis};
pub use answers::{AnswersState, AnswersWay, OwnStressCheck, StressAnswers};
pub use import::{StressIntake, StressPut, StressRow};
pub use kiosk::{AtKiosk, KIOSK_SECONDS, KioskCheck, KioskCode, KioskToken, NewKioskSession};
pub use results::{Decision, StressResult};
pub use rounds::{AppointWrong, NewAppointment, PlannedRound, StressRound};
pub use selection::{Selected, Signed};
pub use sharing::{InterviewRequest, OwnStressResult, SaidWith, SharedHead, SharedResult};
pub use targets::{Attended, StressTarget};

use crate::key::{Family, Key, Table, partition, shard};

const SCHEMA: u8 = 1;

/// The partition of a round's things of one family in one shard of employees.
fn of_shard(tenant: TenantId, family: Family, round: StressRoundId, shard: &str) -> String {
    partition(tenant, family, format_args!("{round}#{shard}"))
}

/// Where a thing of an employee in a round is.
fn key(tenant: TenantId, family: Family, round: StressRoundId, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, family, format_args!("{round}#{}", shard(employee.as_bytes())), employee)
}
