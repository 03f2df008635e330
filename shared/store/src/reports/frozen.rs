//! Reports that were frozen (確定): the sheet as it was on that day, who froze it, and which checkups it was made of. A correction is a new revision; nothing changes one that is there.

use authz::{
    Permit,
    permission::{ManageReports, ViewReports},
};
use domain::{
    ids::{AccountId, CheckupId, ReportId, TenantId, WorkplaceId},
    report::form6::{Period, Sheet},
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, key};
use crate::{
    Conflict, Error, Prepared, Store, Stored, Write,
    callers::somebody,
    db::Range,
    item::Sealed,
    key::{Family, Key, Table, partition},
    organisation::{Unit, Workplace},
    page::sift,
};

/// The attribute that a sheet is sealed in.
const SHEET: &str = "sheet";
/// The attribute that ids are sealed in.
const CHECKUPS: &str = "checkups";
/// How many ids one item holds: well below the 400 KB of an item.
const IDS: usize = 5_000;
/// How many items of ids there are at most: a transaction takes a hundred items, and 4 MB.
const MOST_PARTS: usize = 30;

/// What is to be frozen.
#[derive(Debug, Clone, Copy)]
pub struct NewFrozenReport {
    /// Whose report.
    pub workplace: WorkplaceId,
    /// Over which period.
    pub period: Period,
    /// 報告回目.
    pub report_number: Option<u8>,
    /// 提出年月日.
    pub submitted_on: Option<Date>,
}

/// A frozen report, without its sheet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FrozenReport {
    /// Its id.
    pub id: ReportId,
    /// Whose.
    pub workplace: WorkplaceId,
    /// Over which period.
    pub period: Period,
    /// Which one of that workplace and period, from 1.
    pub revision: u32,
    /// The edition of the form.
    pub form: String,
    /// How many checkups it was made of.
    pub checkups: u32,
    /// Who froze it.
    pub frozen_by: AccountId,
    /// When.
    pub frozen_at: Jst,
    sheet: Sealed,
}

#[derive(Debug, Serialize, Deserialize)]
struct PartRecord {
    checkups: Sealed,
}

/// How many revisions there are.
#[derive(Debug, Serialize, Deserialize)]
struct Series {
    revisions: u32,
}

fn frozen_key(tenant: TenantId, id: ReportId) -> Key {
    key(tenant, format_args!("FROZEN#{id}"))
}

fn part_key(tenant: TenantId, id: ReportId, number: usize) -> Key {
    Key::new(Table::Records, tenant, Family::Report, id, format_args!("PART#{number:04}"))
}

impl Store {
    /// Freezes a report as it stands now.
    pub async fn freeze_report(
        &self,
        permit: &Permit<ManageReports>,
        new: NewFrozenReport,
    ) -> Result<Prepared<(FrozenReport, Sheet)>, Error> {
        let (tenant, account) = (permit.tenant(), somebody(permit)?);
        let NewFrozenReport { workplace, period, report_number, submitted_on } = new;
        let (sheet, counting) = self.count_report(permit, workplace, period).await?;
        let sheet = Sheet { report_number, submitted_on, ..sheet };
        if !sheet.violations().is_empty() {
            return Err(Conflict::FiguresContradict.into());
        }
        let series_key = key(tenant, format_args!("SERIES#{workplace}#{}#{}", period.from, period.to));
        let series = self.load::<Series>(&series_key).await?;
        let revision = series.as_ref().map_or(0, |series| series.record.revisions) + 1;
        let (id, mut write) = (self.new_id()?, Write::new());
        match series {
            None => write.create(self, series_key, SCHEMA, &Series { revisions: revision }, || Error::Stale)?,
            Some(series) => write.replace(self, series_key, SCHEMA, series.version, &Series { revisions: revision })?,
        };
        let ids: Vec<CheckupId> = counting.iter().map(|(_, counted)| counted.checkup).collect();
        if ids.len().div_ceil(IDS) > MOST_PARTS {
            return Err(Conflict::TooMany.into());
        }
        let twice = || Error::Internal("a report's id came twice".to_owned());
        for (number, some) in ids.chunks(IDS).enumerate() {
            let key = part_key(tenant, id, number);
            let checkups = self.seal(tenant, Purpose::Health, &key, CHECKUPS, some).await?;
            write.create(self, key, SCHEMA, &PartRecord { checkups }, twice)?;
        }
        let key = frozen_key(tenant, id);
        let report = FrozenReport {
            id,
            workplace,
            period,
            revision,
            form: sheet.figures.form.clone(),
            checkups: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            frozen_by: account,
            frozen_at: self.clock.now(),
            sheet: self.seal(tenant, Purpose::Health, &key, SHEET, &sheet).await?,
        };
        write.create(self, key, SCHEMA, &report, twice)?;
        let event = self.event(permit, "report.freeze")?.on(id).on(workplace);
        Ok(Prepared { thing: (report, sheet), write, event })
    }

    /// What was frozen, the newest first, of one workplace or of all in the permit's reach: up to `limit` after `after`, and where to go on.
    pub async fn frozen_reports(
        &self,
        permit: &Permit<ViewReports>,
        workplace: Option<WorkplaceId>,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<FrozenReport>, Option<String>), Error> {
        let tenant = permit.tenant();
        let is_for = |report: &FrozenReport| {
            workplace.is_none_or(|asked| asked == report.workplace)
                && permit.reach().covers(&Workplace::somebody_in(report.workplace))
        };
        let read = |after: Option<String>| {
            let range = Range::whole(Table::Records, Family::Report, partition(tenant, Family::Report, ""))
                .starting_with("FROZEN#")
                .descending()
                .after(after)
                .limit(limit);
            self.records_that::<FrozenReport>(range, is_for)
        };
        let (reports, next) = sift(after, limit, read).await?;
        Ok((reports.into_iter().map(|stored| stored.record).collect(), next))
    }

    /// One frozen report with its sheet.
    pub async fn frozen_report(
        &self,
        permit: &Permit<ViewReports>,
        id: ReportId,
    ) -> Result<(FrozenReport, Sheet), Error> {
        let tenant = permit.tenant();
        let key = frozen_key(tenant, id);
        let Stored { record, .. } = self.load::<FrozenReport>(&key).await?.ok_or(Error::NotFound)?;
        if !permit.reach().covers(&Workplace::somebody_in(record.workplace)) {
            return Err(Error::NotFound);
        }
        let sheet = self.open(tenant, Purpose::Health, &key, SHEET, &record.sheet).await?;
        self.tell(self.event(permit, "report.read")?.on(id).on(record.workplace)).await?;
        Ok((record, sheet))
    }
}
