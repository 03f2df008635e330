//! A checkup as lines of an export: everything that is kept of it, as the customer must keep it.

use std::borrow::Cow;

use domain::{
    checkup::{grade::ClinicGrade, judge::ItemGrade},
    ids::{EmployeeId, TenantId},
};

use super::Opened;
use crate::{
    Error, Person, Store,
    db::Range,
    exports::{Cell, Line, Period, said, text},
    key::{Family, Table, partition},
};

impl Store {
    /// An employee's checkups of a period, the oldest first: a line each, or one for each item.
    pub(crate) async fn checkup_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        person: &Person,
        period: Period,
        items: bool,
    ) -> Result<Vec<Line>, Error> {
        let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
        let items_found = self.db.query_all(range).await?;
        let mut checkups = self.open_checkups(tenant, items_found).await?;
        checkups.retain(|opened| period.covers(opened.record.examined_on));
        checkups.sort_unstable_by_key(|opened| (opened.record.examined_on, opened.record.id));
        let lines = checkups
            .iter()
            .flat_map(|opened| if items { results(opened, person) } else { vec![whole(opened, person)] });
        let line = |cells| Line { cells, about: Some(employee) };
        Ok(lines.map(line).collect())
    }
}

fn whole(Opened { record, health, .. }: &Opened, person: &Person) -> Vec<Cell> {
    let results = &health.results;
    vec![
        text(record.id),
        text(record.employee),
        text(&person.number),
        text(&person.name),
        text(record.examined_on),
        Cow::Borrowed(record.kind.japanese()),
        text(record.fiscal_year),
        text(results.subject.age),
        Cow::Borrowed(results.subject.sex.japanese()),
        said(health.clinic.as_ref()),
        said(health.clinic_code.as_ref()),
        said(health.course.as_ref()),
        said(health.doctor.as_ref()),
        said(health.comment.as_ref()),
        said(results.clinic_overall.as_ref().map(ClinicGrade::as_str)),
        said(results.judgement.summary().overall.map(domain::checkup::grade::Grade::letter)),
        text(&results.judgement.criteria_version),
        text(record.created_at),
        text(record.updated_at),
    ]
}

fn results(Opened { record, health, .. }: &Opened, person: &Person) -> Vec<Vec<Cell>> {
    let results = &health.results;
    let of = |result: &domain::checkup::results::ItemResult| {
        let item = result.item.item();
        vec![
            text(record.id),
            text(record.employee),
            text(&person.number),
            text(record.examined_on),
            Cow::Borrowed(item.key),
            Cow::Borrowed(item.name),
            Cow::Owned(result.value.japanese(result.item).into_owned()),
            said(item.unit()),
            said(result.raw.as_deref()),
            said(result.clinic_grade.as_ref().map(ClinicGrade::as_str)),
            said(results.judgement.item(result.item).map(|ItemGrade { grade, .. }| grade.letter())),
        ]
    };
    results.results.iter().map(of).collect()
}
