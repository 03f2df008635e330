//! Follow-ups of an employee as lines of files. What was talked about in guidance stays with those who guide: its days alone are told.

use std::borrow::Cow;

use domain::{
    follow_up::{Finding, FollowUpState},
    ids::{EmployeeId, TenantId},
};

use super::{Course, Record};
use crate::{
    Error, Store,
    db::Range,
    employees::Person,
    exports::{Cell, Line, Period, said, text},
    item::Stored,
    key::{Family, Table, partition},
};

impl Store {
    /// Somebody's follow-ups of checkups within `period`.
    pub(crate) async fn follow_up_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        person: &Person,
        period: Period,
    ) -> Result<Vec<Line>, Error> {
        let range = Range::whole(Table::Records, Family::FollowUp, partition(tenant, Family::FollowUp, employee));
        let mut lines = Vec::new();
        for Stored { record, .. } in self.records_in::<Record>(range).await? {
            if period.covers(record.examined_on) {
                let course = self.follow_up_course(tenant, &record).await?;
                lines.push(Line { cells: cells(&record, &course, person), about: Some(employee) });
            }
        }
        Ok(lines)
    }
}

fn cells(record: &Record, course: &Course, person: &Person) -> Vec<Cell> {
    let finding = |finding: &Finding| {
        let answer = finding.answer.as_ref().map_or("回答なし", |answer| answer.result.japanese());
        format!("{}：{}（{answer}）", finding.category.japanese(), finding.grade.letter())
    };
    let findings: Vec<String> = course.findings.iter().map(finding).collect();
    let sessions: Vec<String> = course.sessions.iter().map(|held| held.session.held_on.to_string()).collect();
    let (outcome, reason) =
        course.closed.as_ref().map_or((None, None), |(outcome, reason)| (Some(outcome), reason.as_ref()));
    let state = match record.state {
        FollowUpState::Recommended => "勧奨中",
        FollowUpState::Answered => "回答済み",
        FollowUpState::Closed => "終了",
    };
    vec![
        text(record.checkup),
        text(record.employee),
        text(&person.number),
        text(record.examined_on),
        Cow::Borrowed(state),
        text(record.due_on),
        text(record.reminded),
        text(findings.join("、")),
        said(course.advice.as_ref()),
        text(sessions.join("、")),
        said(outcome.map(|outcome| outcome.japanese())),
        said(reason),
    ]
}
