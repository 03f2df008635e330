//! Interviews as lines of files, a line for each step. Private notes are no part of them: what was talked about stays with those who hold interviews, also at a contract's end
//! ([0036](../../../../docs/decisions/0036-interviews.md)).

use std::borrow::Cow;

use authz::{PermissionId, Permit, Placement, permission::ExportInterviews};
use domain::{
    ids::{EmployeeId, TenantId},
    interview::{Guidance, InterviewCause},
    work_fitness::Measure,
};
use vault::Purpose;

use super::{COURSE, Course, InterviewSaid, InterviewStep, Record, key};
use crate::{
    Error, Store,
    db::Range,
    employees::Person,
    exports::{Cell, Line, Period, said, text},
    key::{Family, Table, partition},
};

/// For whom lines are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum InterviewReader<'a> {
    /// The worker.
    Oneself,
    /// The employer, who must keep what was reported.
    Employer,
    /// A court or an authority.
    Court,
    /// Whoever asked for them, where the worker stands within their reach.
    Asked(&'a Permit<ExportInterviews>, &'a Placement),
}

impl InterviewReader<'_> {
    /// Whether they know of what the employer's side does not: consultations, and the worker's own words.
    fn hears(self) -> bool {
        match self {
            Self::Oneself | Self::Court => true,
            Self::Employer => false,
            Self::Asked(permit, placement) => permit.sees_of(PermissionId::SeeConsultations, placement),
        }
    }

    /// Whether an interview is in their file. A request after a stress check can be taken back, and a file cannot: for others the interview is in none before it was held or called off.
    fn takes(self, record: &Record, course: &Course) -> bool {
        let by_request = matches!(course.cause, InterviewCause::StressRound { .. }) && record.state.is_ahead();
        let is_for_others = matches!(self, Self::Employer | Self::Asked(..));
        !(by_request && is_for_others)
    }
}

impl Store {
    /// The steps of somebody's interviews that were taken within `period`, as far as `reader` may know of them.
    pub(crate) async fn interview_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        person: &Person,
        period: Period,
        reader: InterviewReader<'_>,
    ) -> Result<Vec<Line>, Error> {
        let range = Range::whole(Table::Records, Family::Interview, partition(tenant, Family::Interview, employee));
        let mut lines = Vec::new();
        for stored in self.records_in::<Record>(range).await? {
            let record = stored.record;
            if record.in_confidence && !reader.hears() {
                continue;
            }
            let place = key(tenant, employee, record.id);
            let course: Course = self.open(tenant, Purpose::Health, &place, COURSE, &record.course).await?;
            if !reader.takes(&record, &course) {
                continue;
            }
            let about = about(&record, &course, person);
            let steps = course.steps.iter().filter(|step| period.covers(step.at.date()));
            lines.extend(steps.map(|step| {
                let said_so = cells(&course, step, reader.hears());
                Line { cells: [about.clone(), said_so].concat(), about: Some(employee) }
            }));
        }
        Ok(lines)
    }
}

fn about(record: &Record, course: &Course, person: &Person) -> Vec<Cell> {
    let cause = match course.cause {
        InterviewCause::WorkingMonth { month } => text(format_args!("長時間労働 {month}")),
        InterviewCause::StressRound { round } => text(format_args!("ストレスチェック {round}")),
        InterviewCause::Checkup { checkup } => text(format_args!("健康診断 {checkup}")),
        InterviewCause::Absence => Cow::Borrowed("休職・復職"),
        InterviewCause::OwnWish => Cow::Borrowed("本人の希望"),
        InterviewCause::Manager => Cow::Borrowed("管理職の希望"),
    };
    vec![
        text(record.id),
        text(record.employee),
        text(&person.number),
        Cow::Borrowed(course.kind.row().japanese),
        cause,
        Cow::Borrowed(record.state.japanese()),
        said(course.due_on),
    ]
}

/// What a step says, from booking to who was there; each empty where it says nothing of it.
#[derive(Default)]
struct Said {
    act: &'static str,
    starts_at: Cell,
    place: Cell,
    held_on: Cell,
    guidance: Cell,
    conclusion: Cell,
    measures: Cell,
    from: Cell,
    until: Cell,
    review_on: Cell,
    heard_on: Cell,
    agreed_on: Cell,
    words: Cell,
    for_workplace: Cell,
    conductor: Cell,
}

fn measures(measures: &[Measure]) -> Cell {
    text(measures.iter().map(Measure::japanese).collect::<Vec<_>>().join("、"))
}

fn guidance(classes: &[Guidance]) -> Cell {
    text(classes.iter().map(|class| class.japanese()).collect::<Vec<_>>().join("、"))
}

fn cells(course: &Course, step: &InterviewStep, hears: bool) -> Vec<Cell> {
    let none = Said::default;
    let it = match &step.what {
        InterviewSaid::Requested { wish } => {
            Said { act: "申出", words: said(wish.as_ref().filter(|_| hears)), ..none() }
        }
        InterviewSaid::Opened => Said { act: "登録", ..none() },
        InterviewSaid::Booked { booking } => {
            let terms = booking.terms();
            Said { act: "予約", starts_at: text(terms.starts_at), place: text(&terms.place), ..none() }
        }
        InterviewSaid::Unbooked => Said { act: "予約の取消し", ..none() },
        InterviewSaid::Missed => Said { act: "欠席", ..none() },
        InterviewSaid::Held => Said {
            act: "実施",
            held_on: said(course.held.as_ref().map(|held| held.on)),
            conductor: said(course.held.as_ref().map(|held| &held.conductor)),
            ..none()
        },
        InterviewSaid::Cancelled { reason } => Said { act: "中止", words: text(reason), ..none() },
        InterviewSaid::Declined { reason } => {
            Said { act: "辞退", words: said(reason.as_ref().filter(|_| hears)), ..none() }
        }
        InterviewSaid::Opinion { report, physician } => {
            let terms = report.opinion().terms();
            Said {
                act: "医師の意見",
                guidance: guidance(report.guidance()),
                conclusion: Cow::Borrowed(terms.category.japanese()),
                measures: measures(&terms.measures),
                from: said(terms.from),
                until: said(terms.until),
                review_on: said(terms.review_on),
                agreed_on: said(report.agreed_on()),
                words: said(terms.words.as_ref()),
                for_workplace: said(terms.for_workplace.as_ref()),
                conductor: text(physician),
                ..none()
            }
        }
        InterviewSaid::Decision { decision } => {
            let terms = decision.terms();
            Said {
                act: "事業者の決定",
                conclusion: Cow::Borrowed(terms.answer.japanese()),
                measures: measures(&terms.measures),
                from: said(terms.from),
                until: said(terms.until),
                heard_on: text(terms.heard_on),
                words: said(terms.reason.as_ref()),
                ..none()
            }
        }
        InterviewSaid::Closed { reason } => Said { act: "終了", words: text(reason), ..none() },
    };
    vec![
        text(step.at),
        Cow::Borrowed(it.act),
        it.starts_at,
        it.place,
        it.held_on,
        it.guidance,
        it.conclusion,
        it.measures,
        it.from,
        it.until,
        it.review_on,
        it.heard_on,
        it.agreed_on,
        it.words,
        it.for_workplace,
        it.conductor,
        text(step.by),
    ]
}
