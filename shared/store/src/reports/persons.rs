//! The people behind a figure, for those who may read checkups. A page reads some of the workplace's people with their own checkups, rather than everybody's: it may hold fewer than were asked
//! for, or none, before the end. Whoever may not see all of a checkup sees nobody here for what they may not see, so that a list can be shorter than its figure.

use authz::{PermissionId, Permit, Placement, permission::ViewCheckups};
use domain::{
    employee::{EmployeeNumber, PersonName},
    ids::{CheckupId, EmployeeId, TenantId, WorkplaceId},
    report::form6::{Counted, Figure, FindingRule, FormRow, FormVersion, Period, counts, form_on},
};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use super::figures::Clear;
use crate::{
    Error, Store,
    checkups::Sees,
    db::Range,
    employees::{Employee, RegisterPosition},
    key::{Family, Table, partition},
    organisation::{Unit, Workplace},
};

/// How many employees are looked at together.
const TOGETHER: usize = 25;
/// How many pages of the register one request reads at most.
const LOOKS: usize = 8;

/// Somebody behind a figure.
#[derive(Debug, Clone)]
pub struct ReportPerson {
    /// Who.
    pub employee: EmployeeId,
    /// Their number and name, for those who see names.
    pub named: Option<(EmployeeNumber, PersonName)>,
    /// The checkup that they are counted by.
    pub checkup: CheckupId,
    /// Its day.
    pub examined_on: Date,
    /// The rows with a finding.
    pub findings: Vec<FormRow>,
    /// A physician gave an instruction.
    pub instructed: bool,
}

/// What people are looked for by.
struct Question {
    workplace: WorkplaceId,
    period: Period,
    figure: Figure,
    form: &'static FormVersion,
    rule: FindingRule,
}

impl Store {
    /// The people behind a figure of a workplace's report: up to `limit` after `after`, and where to go on. The trail names them, and so does their own access log.
    pub async fn report_persons(
        &self,
        permit: &Permit<ViewCheckups>,
        workplace: WorkplaceId,
        (period, figure): (Period, Figure),
        after: Option<RegisterPosition>,
        limit: usize,
    ) -> Result<(Vec<ReportPerson>, Option<RegisterPosition>), Error> {
        let tenant = permit.tenant();
        self.load_unit::<Workplace>(tenant, workplace).await?.ok_or(Error::NotFound)?;
        if !permit.reach().covers(&Workplace::somebody_in(workplace)) {
            return Err(Error::NotFound);
        }
        let rule = self.load_report_rule(tenant).await?.record.finding_rule;
        let question = Question { workplace, period, figure, form: form_on(period.to), rule };
        let mut position = after.unwrap_or_default();
        let mut found: Vec<(ReportPerson, Placement)> = Vec::new();
        for _ in 0..LOOKS {
            let Some((employees, next)) = self.employees_after(tenant, &position, None).await? else { break };
            let there: Vec<Employee> = employees.into_iter().filter(|one| one.was_at(workplace)).collect();
            for some in there.chunks(TOGETHER) {
                let looks = some.iter().map(|one| self.counted_of(permit, one, &question));
                found.extend(try_join_all(looks).await?.into_iter().flatten());
                if found.len() >= limit {
                    break;
                }
            }
            position = found.get(limit.saturating_sub(1)).map_or(next, |(person, _)| position.at(person.employee));
            if found.len() >= limit {
                found.truncate(limit);
                break;
            }
        }
        let next = Some(position).filter(|position| !position.is_over());
        let named = self.named(permit, tenant, found).await?;
        let subjects = named.iter().flat_map(|person| [person.employee.to_string(), person.checkup.to_string()]);
        let subjects: Vec<String> = subjects.chain([workplace.to_string()]).collect();
        let named = self.disclose(permit, "report.persons", subjects, named).await?;
        Ok((named, next))
    }

    /// What an employee counts in, where it is the figure that is asked for.
    async fn counted_of(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: &Employee,
        question: &Question,
    ) -> Result<Option<(ReportPerson, Placement)>, Error> {
        let (tenant, now) = (permit.tenant(), employee.placement(self.today()));
        if !permit.reach().covers(&now) {
            return Ok(None);
        }
        let of_employee = partition(tenant, Family::Checkup, employee.id);
        let mut items = self.db.query_all(Range::whole(Table::Records, Family::Checkup, of_employee)).await?;
        items.retain(|item| {
            Clear::of(item).is_some_and(|clear| {
                let there = employee.placement(clear.examined_on).workplace;
                clear.may_count(question.period) && there == Some(question.workplace)
            })
        });
        let opened = self.open_checkups(tenant, items).await?;
        let counted =
            opened.iter().filter(|opened| opened.record.stands() && counts(opened.record.kind, &opened.health.results));
        let Some(last) = counted.max_by_key(|opened| (opened.record.examined_on, opened.record.id)) else {
            return Ok(None);
        };
        let whole = Sees::of(permit, &now).non_statutory;
        let counted = Counted::as_seen(&last.health.results, question.form, question.rule, whole);
        let person = ReportPerson {
            employee: employee.id,
            named: None,
            checkup: last.record.id,
            examined_on: last.record.examined_on,
            findings: FormRow::ALL.into_iter().filter(|row| counted.findings.contains(*row)).collect(),
            instructed: counted.instructed,
        };
        Ok(counted.is_in(question.figure).then_some((person, now)))
    }

    /// With their names, where the permit's holder sees them.
    async fn named(
        &self,
        permit: &Permit<ViewCheckups>,
        tenant: TenantId,
        found: Vec<(ReportPerson, Placement)>,
    ) -> Result<Vec<ReportPerson>, Error> {
        let sees = |placement: &Placement| permit.sees_of(PermissionId::SeeNames, placement);
        let ids: Vec<EmployeeId> =
            found.iter().filter(|(_, placement)| sees(placement)).map(|(person, _)| person.employee).collect();
        let people = self.load_people(tenant, &ids).await?;
        let mut names: std::collections::HashMap<_, _> = ids.into_iter().zip(people).collect();
        let named = found.into_iter().map(|(person, _)| {
            let named = names.remove(&person.employee).flatten().map(|named| (named.number, named.name));
            ReportPerson { named, ..person }
        });
        Ok(named.collect())
    }
}
