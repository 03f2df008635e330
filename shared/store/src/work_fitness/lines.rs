//! What was said in the cases of an employee as lines of files, a line for each step.

use std::borrow::Cow;

use domain::{
    ids::{EmployeeId, TenantId},
    work_fitness::Measure,
};

use super::{FitnessSaid, FitnessStep, Record};
use crate::{
    Error, Store,
    db::Range,
    employees::Person,
    exports::{Cell, Line, Period, said, text},
    item::Stored,
    key::{Family, Table, partition},
};

impl Store {
    /// The steps of somebody's cases within `period`.
    pub(crate) async fn fitness_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        person: &Person,
        period: Period,
    ) -> Result<Vec<Line>, Error> {
        let range = Range::whole(Table::Records, Family::Fitness, partition(tenant, Family::Fitness, employee));
        let mut lines = Vec::new();
        for stored in self.records_in::<Record>(range).await? {
            let course = self.fitness_course(tenant, Some(&stored)).await?;
            let steps = course.0.iter().filter(|step| period.covers(step.at.date()));
            lines.extend(steps.map(|step| Line { cells: cells(&stored, person, step), about: Some(employee) }));
        }
        Ok(lines)
    }
}

fn cells(Stored { record, .. }: &Stored<Record>, person: &Person, step: &FitnessStep) -> Vec<Cell> {
    let measures = |measures: &[Measure]| text(measures.iter().map(Measure::japanese).collect::<Vec<_>>().join("、"));
    let none = || Cow::Borrowed("");
    let said_so = match &step.what {
        FitnessSaid::Opinion { opinion, physician, .. } => {
            let terms = opinion.terms();
            vec![
                Cow::Borrowed("医師の意見"),
                Cow::Borrowed(terms.category.japanese()),
                measures(&terms.measures),
                said(terms.from),
                said(terms.until),
                said(terms.review_on),
                none(),
                said(terms.words.as_ref()),
                said(terms.for_workplace.as_ref()),
                text(physician),
            ]
        }
        FitnessSaid::Decision { decision } => {
            let terms = decision.terms();
            vec![
                Cow::Borrowed("事業者の決定"),
                Cow::Borrowed(terms.answer.japanese()),
                measures(&terms.measures),
                said(terms.from),
                said(terms.until),
                none(),
                text(terms.heard_on),
                said(terms.reason.as_ref()),
                none(),
                none(),
            ]
        }
        FitnessSaid::Closed { reason } => without_terms("措置の終了", text(reason)),
        FitnessSaid::Reopened { reason } => without_terms("再判定", text(reason)),
    };
    let about = vec![text(record.checkup), text(record.employee), text(&person.number), text(step.at)];
    [about, said_so, vec![text(step.by)]].concat()
}

fn without_terms(act: &'static str, reason: Cell) -> Vec<Cell> {
    let mut cells = vec![Cow::Borrowed(""); 10];
    (cells[0], cells[7]) = (Cow::Borrowed(act), reason);
    cells
}
