//! The report of a workplace and a year (様式第6号の3): who answered is counted, the rest is what the customer says. Nothing of what anybody answered, or of what it came to, is read for it.
//!
//! | partition | sort key | what it holds |
//! | --- | --- | --- |
//! | `STRESSREPORT#` | `SAID#<workplace>#<year>` | what the customer said, sealed |

use std::collections::BTreeSet;

use authz::{
    Permission, Permit,
    permission::{ManageStressReports, ViewStressReports},
};
use domain::{
    ids::{EmployeeId, StressRoundId, TenantId, WorkplaceId},
    report::form6_3::{Said, StressSheet},
    stress::round::RoundState,
    time::Jst,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, of_shard, targets::Attendance};
use crate::{
    Error, Prepared, Store, Stored, Write,
    db::Range,
    item::{Sealed, from_item},
    key::{Family, Key, Table, shards},
    organisation::Workplace,
};

/// The attribute that is sealed: the names of a physician and of the employer are in it.
const SAID: &str = "said";

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    workplace: WorkplaceId,
    said: Sealed,
    updated_at: Jst,
}

fn key(tenant: TenantId, workplace: WorkplaceId, year: i16) -> Key {
    Key::new(Table::Records, tenant, Family::StressReport, "", format_args!("SAID#{workplace}#{year}"))
}

impl Store {
    /// The report as it stands now. The trail tells of it; nobody is named.
    pub async fn stress_report(
        &self,
        permit: &Permit<ViewStressReports>,
        workplace: WorkplaceId,
        year: i16,
    ) -> Result<StressSheet, Error> {
        let sheet = self.count_stress_report(permit, workplace, year).await?;
        self.tell(self.event(permit, "stress_report.read")?.on(workplace).because(format!("year:{year}"))).await?;
        Ok(sheet)
    }

    async fn count_stress_report<P: Permission>(
        &self,
        permit: &Permit<P>,
        workplace: WorkplaceId,
        year: i16,
    ) -> Result<StressSheet, Error> {
        let tenant = permit.tenant();
        let name = self.unit_within::<Workplace>(tenant, permit.reach(), workplace).await?.record.name;
        let said = self.load_said(tenant, workplace, year).await?.record;
        let over = |state| matches!(state, RoundState::Closed | RoundState::Archived);
        let rounds: Vec<(StressRoundId, Date)> = self
            .all_rounds(tenant)
            .await?
            .into_iter()
            .filter(|round| over(round.record.state))
            .filter_map(|round| Some((round.record.id, round.record.closed_at?.date())))
            .filter(|(_, closed_on)| closed_on.year() == year)
            .collect();
        let people = self.people_ever_at(tenant, workplace).await?;
        let mut examined: BTreeSet<EmployeeId> = BTreeSet::new();
        for (round, closed_on) in &rounds {
            let answered = self.who_has_answered(tenant, *round).await?;
            let here = |id: &EmployeeId| {
                people.get(id).is_some_and(|one| one.placement(*closed_on).workplace == Some(workplace))
            };
            examined.extend(answered.into_iter().map(|(employee, _)| employee).filter(here));
        }
        let carried_out_on = rounds.iter().map(|(_, closed_on)| *closed_on).max();
        let registered = carried_out_on
            .map(Date::last_of_month)
            .map_or(0, |day| people.values().filter(|one| one.is_employed_at(workplace, day)).count());
        Ok(StressSheet {
            workplace: name,
            year,
            carried_out_on,
            registered: u32::try_from(registered).unwrap_or(u32::MAX),
            examined: u32::try_from(examined.len()).unwrap_or(u32::MAX),
            said,
        })
    }

    /// Everybody who has answered in a round that was opened on one of these days, each with the version of the mark that says so.
    pub(crate) async fn answered_between(
        &self,
        tenant: TenantId,
        first: Date,
        last: Date,
    ) -> Result<Vec<(StressRoundId, EmployeeId, u64)>, Error> {
        let mut found = Vec::new();
        for round in self.all_rounds(tenant).await?.into_iter().map(|stored| stored.record) {
            if (first..=last).contains(&round.opens_on) {
                let answered = self.who_has_answered(tenant, round.id).await?;
                found.extend(answered.into_iter().map(|(employee, version)| (round.id, employee, version)));
            }
        }
        Ok(found)
    }

    /// Everybody who has answered in a round, with the version of the mark that says so.
    async fn who_has_answered(&self, tenant: TenantId, round: StressRoundId) -> Result<Vec<(EmployeeId, u64)>, Error> {
        let look = |shard: String| {
            let of = of_shard(tenant, Family::StressAttendance, round, &shard);
            self.db.gather(
                Range::whole(Table::Records, Family::StressAttendance, of),
                |_| true,
                |item| {
                    let mark = from_item::<Attendance>(item, self.clock.now())?;
                    Ok(mark.filter(|mark| mark.record.taken).map(|mark| (mark.record.employee, mark.version)))
                },
            )
        };
        Ok(try_join_all(shards().map(look)).await?.into_iter().flatten().collect())
    }

    /// What the customer said of a workplace and a year; where nothing, what still holds of the year before, as version 0.
    pub async fn stress_report_said(
        &self,
        permit: &Permit<ViewStressReports>,
        workplace: WorkplaceId,
        year: i16,
    ) -> Result<Stored<Said>, Error> {
        self.unit_within::<Workplace>(permit.tenant(), permit.reach(), workplace).await?;
        self.load_said(permit.tenant(), workplace, year).await
    }

    async fn load_said(&self, tenant: TenantId, workplace: WorkplaceId, year: i16) -> Result<Stored<Said>, Error> {
        if let Some(said) = self.said_in(tenant, workplace, year).await? {
            return Ok(said);
        }
        let before = self.said_in(tenant, workplace, year - 1).await?;
        let record = before.map_or_else(Said::default, |before| before.record.of_next_year());
        Ok(Stored { record, version: 0 })
    }

    async fn said_in(
        &self,
        tenant: TenantId,
        workplace: WorkplaceId,
        year: i16,
    ) -> Result<Option<Stored<Said>>, Error> {
        let key = key(tenant, workplace, year);
        let Some(Stored { record, version }) = self.load::<Record>(&key).await? else { return Ok(None) };
        let record = self.open(tenant, Purpose::Stress, &key, SAID, &record.said).await?;
        Ok(Some(Stored { record, version }))
    }

    /// Replaces it.
    pub async fn say_for_stress_report(
        &self,
        permit: &Permit<ManageStressReports>,
        workplace: WorkplaceId,
        year: i16,
        version: u64,
        said: Said,
    ) -> Result<Prepared<Stored<Said>>, Error> {
        let tenant = permit.tenant();
        self.unit_within::<Workplace>(tenant, permit.reach(), workplace).await?;
        let key = key(tenant, workplace, year);
        let sealed = self.seal(tenant, Purpose::Stress, &key, SAID, &said).await?;
        let record = Record { workplace, said: sealed, updated_at: self.clock.now() };
        let mut write = Write::new();
        if version == 0 {
            write.create(self, key, SCHEMA, &record, || Error::Stale)?;
        } else {
            write.replace(self, key, SCHEMA, version, &record)?;
        }
        let event = self.event(permit, "stress_report.say")?.on(workplace).because(format!("year:{year}"));
        Ok(Prepared { thing: Stored { record: said, version: version + 1 }, write, event })
    }
}
