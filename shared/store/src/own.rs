//! What is held about somebody, for them to take away (開示, domain.md 10.3): kind by kind ([`OwnKind`]), some lines at a time. What others wrote down for themselves alone is not among it.

use std::borrow::Cow;

use authz::{Permit, permission::ExportOwn};
use domain::{
    export::{ExportFormat, ExportKind, own::OwnKind},
    ids::EmployeeId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Store,
    callers::somebody,
    exports::{Of, Page, People, Period, Selection},
};

/// After how many lines an answer ends.
const LINES: usize = 2_000;

/// Some lines of a kind, their cells in the order of its columns.
#[derive(Debug)]
pub struct OwnSection {
    /// The kind.
    pub kind: OwnKind,
    /// The lines.
    pub lines: Vec<Vec<Cow<'static, str>>>,
}

/// Where there is more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnPlace {
    kind: OwnKind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    after: Option<String>,
}

impl OwnPlace {
    const fn beginning(kind: OwnKind) -> Self {
        Self { kind, after: None }
    }
}

impl Store {
    /// What is held about the permit's holder from `from` on, and where there is more: of all kinds, or of one.
    pub async fn own_records(
        &self,
        permit: &Permit<ExportOwn>,
        only: Option<OwnKind>,
        from: Option<OwnPlace>,
    ) -> Result<(Vec<OwnSection>, Option<OwnPlace>), Error> {
        let first = only.unwrap_or(OwnKind::Employee);
        let mut place = Some(from.unwrap_or(OwnPlace::beginning(first)));
        let (mut sections, mut count) = (Vec::<OwnSection>::new(), 0);
        while let Some(OwnPlace { kind, after }) = place.take_if(|_| count < LINES) {
            let Page { lines, next } = self.own_page(permit, kind, after).await?;
            let lines = lines.into_iter().map(|line| line.cells);
            match sections.last_mut().filter(|section| section.kind == kind) {
                Some(section) => section.lines.extend(lines),
                None => sections.push(OwnSection { kind, lines: lines.collect() }),
            }
            count = sections.iter().map(|section| section.lines.len()).sum();
            let following = || kind.next().filter(|_| only.is_none()).map(OwnPlace::beginning);
            place = next.map_or_else(following, |after| Some(OwnPlace { kind, after: Some(after) }));
        }
        let subject = permit.reach().only_oneself().map(|employee| employee.to_string());
        Ok((self.disclose(permit, "me.export", subject, sections).await?, place))
    }

    async fn own_page(&self, permit: &Permit<ExportOwn>, kind: OwnKind, after: Option<String>) -> Result<Page, Error> {
        let oneself = permit.reach().only_oneself();
        if let Some(export) = kind.row().export {
            return self.own_page_of_export(permit, oneself, export, after).await;
        }
        let tenant = permit.tenant();
        // Whoever is no employee has an account, and nothing else.
        let Some(employee) = oneself else { return Ok(Page { lines: Vec::new(), next: None }) };
        let lines = match kind {
            OwnKind::HazardousWork => self.hazard_lines(tenant, employee).await?,
            OwnKind::CheckupWishes => self.wish_lines(tenant, employee).await?,
            OwnKind::Lifelogs => return self.lifelog_lines(tenant, employee, after).await,
            OwnKind::Points => return self.points_lines(tenant, employee, after).await,
            OwnKind::AccessLog => return self.access_log_lines(tenant, employee, after).await,
            OwnKind::StressAnswers => self.own_stress_answer_lines(permit).await?,
            OwnKind::StressResults => self.own_stress_result_lines(permit).await?,
            OwnKind::RightsRequests => self.rights_request_lines(tenant, employee).await?,
            _ => self.fatigue_lines(tenant, employee).await?,
        };
        Ok(Page { lines, next: None })
    }

    /// What the company's files say of the permit's holder.
    async fn own_page_of_export(
        &self,
        permit: &Permit<ExportOwn>,
        oneself: Option<EmployeeId>,
        kind: ExportKind,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let people = People::of(oneself.into_iter().collect(), vec![somebody(permit)?]);
        let selection = Selection {
            kinds: vec![kind],
            table: None,
            format: ExportFormat::JsonLines,
            people: Some(people),
            period: Period::default(),
            with_confidence: false,
        };
        self.page_of_lines((permit.tenant(), permit.reach()), &selection, Of::Kind(kind), after).await
    }
}
