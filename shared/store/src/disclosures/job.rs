//! What the job does for disclosures: writes the files, takes them away, and tells the customer late what an order forbade to tell.

use std::time::Instant;

use authz::{Permit, permission::WriteExports};
use domain::{
    employee::EmployeeNumber,
    export::ExportFormat,
    ids::{DisclosureId, PLATFORM, TenantId},
};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::{DisclosureState, Record, open_partition, prefix};
use crate::{
    Error, Event, Files, FilesWritten, Notice, Store, Write,
    callers::of_platform,
    db::Range,
    exports::{Asks, Course, FILE_SECONDS, People, Period, Progress, Selection},
    item::{Stored, from_item},
    key::{Family, Table},
};

impl Asks for Record {
    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn attempts(&mut self) -> &mut u8 {
        &mut self.attempts
    }

    fn stored(&self, store: &Store, version: u64) -> Result<Write, Error> {
        store.store_disclosure(self, version)
    }
}

impl Store {
    /// The disclosures that the job has something to do for, each with its tenant. The permit is the platform's.
    pub async fn disclosures_to_work_on(
        &self,
        permit: &Permit<WriteExports>,
    ) -> Result<Vec<(TenantId, DisclosureId)>, Error> {
        of_platform(permit)?;
        let range = Range::whole(Table::Records, Family::Disclosure, open_partition()).by_index();
        let now = self.clock.now();
        let mut found = Vec::new();
        for item in self.db.query_all(range).await? {
            let Some(Stored { record, .. }) = from_item::<Record>(item, now)? else { continue };
            let approved = record.state == DisclosureState::Approved;
            if approved || record.is_over(now) || record.has_leavings() || record.is_to_be_told(now.date()) {
                found.push((record.tenant, record.id));
            }
        }
        Ok(found)
    }

    /// Goes on with a disclosure of the permit's tenant while there is time.
    pub async fn write_disclosure(
        &self,
        permit: &Permit<WriteExports>,
        files: &Files,
        id: DisclosureId,
        until: Instant,
    ) -> Result<FilesWritten, Error> {
        let tenant = permit.tenant();
        let Stored { mut record, mut version } = self.load_disclosure(id).await?;
        if record.tenant != tenant {
            return Err(Error::NotFound);
        }
        let now = self.clock.now();
        if record.is_over(now) || record.has_leavings() {
            return self.remove_disclosed_files(permit, files, record, version).await;
        }
        if record.is_to_be_told(now.date()) {
            return self.tell_late(permit, record, version).await;
        }
        if record.state != DisclosureState::Approved {
            return Ok(FilesWritten::Nothing);
        }
        if !self.is_there(tenant).await? {
            return self.give_disclosure_up(permit, record, version, "purging").await;
        }
        if !record.has_files {
            // Known before there is one: whatever happens, they are taken away.
            record.has_files = true;
            self.store_disclosure(&record, version)?.commit_unaudited(self).await?;
            version += 1;
        }
        let mut asks = Stored { record: record.clone(), version };
        let told = self.told_of_disclosure(tenant, &record);
        let progress = self.go_on(permit, files, &prefix(tenant, id), told, &mut asks, until).await?;
        let Stored { mut record, version } = asks;
        match progress {
            Progress::Complete => {}
            Progress::Unfinished => return Ok(FilesWritten::Unfinished),
            Progress::Hopeless => return self.give_disclosure_up(permit, record, version, "attempts").await,
        }
        record.state = DisclosureState::Written;
        record.file_until = Some(self.clock.now().plus_seconds(FILE_SECONDS));
        record.sha256 = record.course.hash().map(str::to_owned);
        let hash = record.sha256.as_deref().unwrap_or_default();
        let event = self.event(permit, "disclosure.file")?.on(id).because(format!("sha256:{hash}"));
        self.commit_step(permit, record, version, event).await?;
        Ok(FilesWritten::Ready)
    }

    /// Which records an order is about, and what the manifest says of it.
    async fn told_of_disclosure(&self, tenant: TenantId, record: &Record) -> Result<(Selection, Value), Error> {
        let numbers = self.people_of(record).await?;
        // People who cannot be read any more are not everybody.
        if record.people.is_some() && numbers.is_none() {
            return Err(Error::NotFound);
        }
        let (people, unknown) = match &numbers {
            Some(numbers) => {
                let (people, unknown) = self.found_by_number(tenant, numbers).await?;
                (Some(people), unknown)
            }
            None => (None, Vec::new()),
        };
        let period = Period { since: record.since, until: record.until };
        let (kinds, format) = (record.kinds.clone(), ExportFormat::JsonLines);
        let selection = Selection { kinds, table: None, format, people, period, with_confidence: true };
        let basis = self.words_of(record).await?.basis;
        let about: Value = json!({
            "disclosure": record.id, "tenant": tenant, "basis": basis, "asked_by": record.asked_by, "approved_by": record.decided_by,
            "since": record.since, "until": record.until, "everybody": numbers.is_none(), "employee_numbers": numbers,
            "unknown_employee_numbers": unknown, "made_at": self.clock.now(),
        });
        Ok((selection, about))
    }

    /// Whom numbers are, with their accounts; and the numbers that are nobody's.
    async fn found_by_number(
        &self,
        tenant: TenantId,
        numbers: &[EmployeeNumber],
    ) -> Result<(People, Vec<EmployeeNumber>), Error> {
        let found = self.employee_ids_by_number(tenant, numbers).await?;
        let unknown = numbers.iter().zip(&found).filter(|(_, id)| id.is_none()).map(|(number, _)| number.clone());
        let employees: Vec<_> = found.iter().flatten().copied().collect();
        let accounts =
            try_join_all(employees.iter().map(|employee| self.account_of_employee(tenant, *employee))).await?;
        let accounts = accounts.into_iter().flatten().collect();
        Ok((People::of(employees, accounts), unknown.collect()))
    }

    /// Takes the files away, all versions of them.
    async fn remove_disclosed_files(
        &self,
        permit: &Permit<WriteExports>,
        files: &Files,
        mut record: Record,
        version: u64,
    ) -> Result<FilesWritten, Error> {
        files.remove(&prefix(record.tenant, record.id)).await?;
        if record.state == DisclosureState::Written {
            record.state = DisclosureState::Expired;
        }
        record.has_files = false;
        record.course = Course::default();
        let event = self.event(permit, "disclosure.remove_files")?.on(record.id);
        self.commit_step(permit, record, version, event).await?;
        Ok(FilesWritten::Expired)
    }

    async fn give_disclosure_up(
        &self,
        permit: &Permit<WriteExports>,
        mut record: Record,
        version: u64,
        reason: &str,
    ) -> Result<FilesWritten, Error> {
        record.state = DisclosureState::Failed;
        let event = self.event(permit, "disclosure.fail")?.on(record.id).refused(reason);
        self.commit_step(permit, record, version, event).await?;
        Ok(FilesWritten::Failed)
    }

    /// The ban is over: tells the customer what was kept from them, in their trail and by mail.
    async fn tell_late(
        &self,
        permit: &Permit<WriteExports>,
        mut record: Record,
        version: u64,
    ) -> Result<FilesWritten, Error> {
        let now = self.clock.now();
        let words = self.words_of(&record).await?;
        let at = words.handed_over.as_ref().map(|handed| handed.at).or(record.taken_at).unwrap_or(now);
        record.told_at = Some(now);
        let hash = record.sha256.clone().unwrap_or_default();
        let event = self.event(permit, "disclosure.tell")?.on(record.id).because(format!("sha256:{hash}"));
        let event = event.accounted_for(format!("{} 開示 {at}", words.basis.in_words()));
        let mut write = self.store_disclosure(&record, version)?;
        write.tell(self, &event.clone().in_tenant(PLATFORM).on(record.tenant).again(self)?).await?;
        if self.is_there(record.tenant).await? {
            self.enqueue_to_administrators(&mut write, record.tenant, &Notice::Disclosed { at }).await?;
        }
        write.commit(self, event).await?;
        Ok(FilesWritten::Noted)
    }

    /// A step of the job's that stands in the provider's trail, and in the customer's where they may know.
    async fn commit_step(
        &self,
        permit: &Permit<WriteExports>,
        record: Record,
        version: u64,
        event: Event,
    ) -> Result<(), Error> {
        let mut write = self.store_disclosure(&record, version)?;
        let event = event.in_tenant(PLATFORM).on(permit.tenant());
        self.told_to_the_customer(&mut write, &record, &event).await?;
        write.commit(self, event).await
    }
}
