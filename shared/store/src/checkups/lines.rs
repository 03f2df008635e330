//! A checkup as lines of an export: everything that is kept of it, as the customer must keep it.

use std::borrow::Cow;

use domain::{
    checkup::{grade::ClinicGrade, judge::ItemGrade, results::ItemResult},
    export::ExportKind,
    ids::{EmployeeId, TenantId},
};

use super::RegisteredCheckup;
use crate::{
    Error, Person, Store,
    db::Range,
    exports::{Cell, Line, Period, said, text},
    key::{Family, Table, partition},
};

impl Store {
    /// An employee's checkups of a period, the oldest first: a line each, or one for each item; or for each item of the versions that were replaced.
    pub(crate) async fn checkup_lines(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        person: &Person,
        period: Period,
        kind: ExportKind,
    ) -> Result<Vec<Line>, Error> {
        let mut checkups = if kind == ExportKind::CheckupHistory {
            self.open_versions(tenant, self.past_versions(tenant, employee, None).await?).await?
        } else {
            let range = Range::whole(Table::Records, Family::Checkup, partition(tenant, Family::Checkup, employee));
            self.open_checkups(tenant, self.db.query_all(range).await?).await?
        };
        checkups.retain(|opened| period.covers(opened.record.examined_on));
        checkups.sort_unstable_by_key(|opened| (opened.record.examined_on, opened.record.id, opened.version));
        let lines = checkups.iter().flat_map(|opened| match kind {
            ExportKind::CheckupResults => results(opened, person),
            ExportKind::CheckupHistory => version(opened, person),
            _ => vec![whole(opened, person)],
        });
        let line = |cells| Line { cells, about: Some(employee) };
        Ok(lines.map(line).collect())
    }
}

fn whole(RegisteredCheckup { record, health, .. }: &RegisteredCheckup, person: &Person) -> Vec<Cell> {
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
        said(results.clinic_overall.as_ref().map(ClinicGrade::written)),
        said(results.judgement.summary().overall.map(domain::checkup::grade::Grade::letter)),
        text(&results.judgement.criteria_version),
        said(record.parent),
        said(record.voided_at),
        text(record.created_at),
        text(record.updated_at),
    ]
}

fn results(opened: &RegisteredCheckup, person: &Person) -> Vec<Vec<Cell>> {
    let record = &opened.record;
    let of = |result: &ItemResult| {
        let about = vec![text(record.id), text(record.employee), text(&person.number), text(record.examined_on)];
        [about, cells(opened, result)].concat()
    };
    opened.health.results.results.iter().map(of).collect()
}

/// A version that was replaced; one that says nothing has a line all the same.
fn version(opened: &RegisteredCheckup, person: &Person) -> Vec<Vec<Cell>> {
    let RegisteredCheckup { record, version, health, note } = opened;
    let about = || {
        vec![
            text(record.id),
            text(record.employee),
            text(&person.number),
            text(record.examined_on),
            text(version),
            text(record.updated_at),
            Cow::Borrowed(record.reason.japanese()),
            said(record.cause.map(|cause| cause.row().japanese)),
            said(note.as_ref()),
            said(record.written_by.as_ref()),
            said(record.imported_by),
            text(&health.results.judgement.criteria_version),
        ]
    };
    let lines: Vec<_> = health.results.results.iter().map(|result| [about(), cells(opened, result)].concat()).collect();
    if lines.is_empty() { vec![[about(), vec![Cow::Borrowed(""); 7]].concat()] } else { lines }
}

/// What is said of one item.
fn cells(opened: &RegisteredCheckup, result: &ItemResult) -> Vec<Cell> {
    let item = result.item.item();
    let grade = opened.health.results.judgement.item(result.item);
    vec![
        Cow::Borrowed(item.key),
        Cow::Borrowed(item.name),
        Cow::Owned(result.value.japanese(result.item).into_owned()),
        said(item.unit()),
        said(result.raw.as_deref()),
        said(result.clinic_grade.as_ref().map(ClinicGrade::written)),
        said(grade.map(|ItemGrade { grade, .. }| grade.letter())),
    ]
}
