//! Attachments of checkups (原本): a clinic's own sheet as a PDF, beside what was read from it.
//!
//! ```text
//!                                       it is what was said
//! awaiting_upload ──uploaded, confirmed──┬──────────────▶ ready ──void──▶ void
//!        │                               └─ it is not ──▶ refused
//!        └── nothing came within a day: forgotten
//! ```
//!
//! | | |
//! | --- | --- |
//! | clear | ids, state, size, times; who, and why it is void, in codes |
//! | sealed (`files`) | the file's name and hash; the file |
//!
//! The upload goes to an address that takes one file; nothing of it is believed until it was read, measured and compared. Then it is sealed with the tenant's `files` key and the upload is deleted.
//! What is ready is kept as long as its checkup. A sheet speaks of every item, and so is for those who see every item.

use authz::{
    Permit,
    permission::{ManageCheckups, ViewCheckups},
};
use domain::{
    attachment::{AttachmentFault, FileName, Sha256, looked_at},
    checkup::change::Cause,
    ids::{AccountId, AttachmentId, CheckupId, DownloadId, EmployeeId, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::Purpose;

use crate::{
    Conflict, Download, Error, Event, Files, MadeFile, Prepared, Store, TakenFile, Write,
    callers::somebody,
    checkups::{self, Sees},
    db::Range,
    exports::{ADDRESS_SECONDS, Taking, hex_of_hash, shown},
    item::{Attributes, Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
};

const SCHEMA: u8 = 1;
/// The attribute that [`About`] is sealed in.
const ABOUT: &str = "about";
/// For how long an upload is waited for, in seconds.
const WAITED_FOR: i64 = 86_400;
/// How many attachments a checkup has at most, void and refused ones among them.
const MOST: usize = 20;
/// Where uploads come in, below a tenant.
const UPLOADS: &str = "attachments";
/// Where what is ready lies, below a tenant.
pub(crate) const KEPT: &str = "kept/attachments";

/// Where an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentState {
    /// The file has not come, or was not confirmed yet.
    AwaitingUpload,
    /// It can be read.
    Ready,
    /// The file was not what was said of it, and is gone.
    Refused,
    /// Somebody declared it void.
    Void,
}

/// What is sealed of an attachment. Debug output shows none of it.
#[derive(Clone, Serialize, Deserialize)]
struct About {
    file_name: FileName,
    sha256: Sha256,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: AttachmentId,
    checkup: CheckupId,
    employee: EmployeeId,
    #[serde(rename = "attachment_state")]
    state: AttachmentState,
    size: u64,
    about: Sealed,
    /// Where the upload comes, until it was looked at.
    upload: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    refused: Option<AttachmentFault>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cause: Option<Cause>,
    added_by: AccountId,
    created_at: Jst,
    updated_at: Jst,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
}

/// An attachment. Debug output shows nothing of the file.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Where it is.
    pub state: AttachmentState,
    /// The file's name.
    pub file_name: FileName,
    /// Its size in bytes.
    pub size: u64,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// Why it was refused.
    pub refused: Option<AttachmentFault>,
    /// Why it is void.
    pub cause: Option<Cause>,
    /// Who added it.
    pub added_by: AccountId,
    /// When.
    pub created_at: Jst,
    /// When it last changed.
    pub updated_at: Jst,
}

/// A file that is to be attached, as it is said to be.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// Its name.
    pub file_name: FileName,
    /// Its size in bytes.
    pub size: u64,
    /// The hash of its bytes.
    pub sha256: Sha256,
}

/// An attachment that waits for its file, and where to send that.
#[derive(Debug)]
pub struct StartedAttachment {
    /// The attachment.
    pub attachment: Stored<Attachment>,
    /// Takes one `PUT`, for 15 minutes.
    pub upload_url: String,
}

/// Which attachment of which checkup.
pub type AttachmentPlace = (EmployeeId, CheckupId, AttachmentId);

fn key(tenant: TenantId, (employee, checkup, id): AttachmentPlace) -> Key {
    Key::new(Table::Records, tenant, Family::Attachment, employee, format_args!("{checkup}#{id}"))
}

fn download_key(tenant: TenantId, (employee, checkup, id): AttachmentPlace, download: DownloadId) -> Key {
    Key::new(Table::Records, tenant, Family::Attachment, employee, format_args!("{checkup}#{id}#{download}"))
}

/// Where the sealed file of an attachment lies.
fn kept_at(tenant: TenantId, (employee, checkup, id): AttachmentPlace) -> String {
    format!("{tenant}/{KEPT}/{employee}/{checkup}/{id}")
}

/// The item that a sealed file belongs to, by where the file lies.
pub(crate) fn item_of_file(tenant: TenantId, object: &str) -> Option<Key> {
    let rest = object.strip_prefix(&tenant.to_string())?.strip_prefix('/')?.strip_prefix(KEPT)?.strip_prefix('/')?;
    let mut parts = rest.split('/');
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then(|| key(tenant, place))
}

/// The attachments of a checkup, with what lies beside them.
pub(crate) fn range_of(tenant: TenantId, employee: EmployeeId, checkup: CheckupId) -> Range {
    Range::whole(Table::Records, Family::Attachment, partition(tenant, Family::Attachment, employee))
        .starting_with(format!("{checkup}#"))
}

impl Store {
    /// Makes an attachment ready to take its file.
    pub async fn start_attachment(
        &self,
        permit: &Permit<ManageCheckups>,
        files: &Files,
        (employee, checkup): (EmployeeId, CheckupId),
        new: NewAttachment,
    ) -> Result<Prepared<StartedAttachment>, Error> {
        let (tenant, added_by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        self.standing_checkup_within(permit, employee, checkup).await?;
        if self.attachment_records(tenant, employee, checkup).await?.len() >= MOST {
            return Err(Conflict::TooMany.into());
        }
        let id: AttachmentId = self.new_id()?;
        let place = (employee, checkup, id);
        let key = key(tenant, place);
        let upload = format!("{tenant}/{UPLOADS}/{id}/{}.pdf", self.random_text::<18>()?);
        let upload_url = files.upload_address(&upload, now).await?;
        let NewAttachment { file_name, size, sha256 } = new;
        let about = About { file_name, sha256 };
        let record = Record {
            id,
            checkup,
            employee,
            state: AttachmentState::AwaitingUpload,
            size,
            about: self.seal(tenant, Purpose::Files, &key, ABOUT, &about).await?,
            upload,
            refused: None,
            cause: None,
            added_by,
            created_at: now,
            updated_at: now,
            expires_at: Some(now.plus_seconds(WAITED_FOR).epoch_seconds()),
        };
        let mut write = Write::new();
        let twice = || Error::Internal("an attachment's id came twice".to_owned());
        write.put_over(self, key.clone(), to_item(&key, 1, SCHEMA, &record)?, None, twice)?;
        // A checkup that is declared void at this moment takes none.
        let stands = "attribute_exists(pk) AND attribute_not_exists(voided_at)";
        let of = checkups::key(tenant, employee, checkup);
        write.check(self, of, stands, Attributes::new(), || Error::NotFound)?;
        let event = self.event(permit, "checkup.attach")?.on(employee).on(checkup).on(id);
        let thing = StartedAttachment { attachment: Stored { record: whole(&record, about), version: 1 }, upload_url };
        Ok(Prepared { thing, write, event })
    }

    /// Looks at the file that came, and keeps it sealed where it is what was said of it. A second time finds what became of it.
    pub async fn confirm_attachment(
        &self,
        permit: &Permit<ManageCheckups>,
        files: &Files,
        place: AttachmentPlace,
    ) -> Result<Stored<Attachment>, Error> {
        let (tenant, now) = (permit.tenant(), self.clock.now());
        self.standing_checkup_within(permit, place.0, place.1).await?;
        let key = key(tenant, place);
        let Stored { mut record, version } = self.load::<Record>(&key).await?.ok_or(Error::NotFound)?;
        let about = self.about(tenant, &key, &record).await?;
        if record.state != AttachmentState::AwaitingUpload {
            return Ok(Stored { record: whole(&record, about), version });
        }
        let Some(bytes) = files.read_upload(&record.upload, record.size).await? else {
            return Err(Conflict::UploadMissing.into());
        };
        let looked = bytes.map_or(Err(AttachmentFault::Size), |bytes| {
            looked_at(&bytes, record.size, &hex_of_hash(&bytes), &about.sha256).map(|()| bytes)
        });
        let event = self.event(permit, "checkup.confirm_attachment")?.on(place.0).on(place.1).on(place.2);
        let event = match looked {
            Ok(bytes) => {
                self.seal_file(files, tenant, &kept_at(tenant, place), &bytes).await?;
                record.state = AttachmentState::Ready;
                event
            }
            Err(fault) => {
                record.state = AttachmentState::Refused;
                record.refused = Some(fault);
                event.refused(fault.code())
            }
        };
        let upload = std::mem::take(&mut record.upload);
        record.updated_at = now;
        record.expires_at = None;
        self.replaced_attachment(key, &record, version)?.commit(self, event).await?;
        files.remove(&upload).await?;
        Ok(Stored { record: whole(&record, about), version: version + 1 })
    }

    /// The attachments of a checkup, the oldest first: nothing for whoever does not see every item.
    pub async fn attachments(
        &self,
        permit: &Permit<ViewCheckups>,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<Vec<Stored<Attachment>>, Error> {
        let tenant = permit.tenant();
        let sees = self.standing_checkup_within(permit, employee, checkup).await?;
        let mut found = Vec::new();
        if sees.everything() {
            for Stored { record, version } in self.attachment_records(tenant, employee, checkup).await? {
                let about = self.about(tenant, &key(tenant, (employee, checkup, record.id)), &record).await?;
                found.push(Stored { record: whole(&record, about), version });
            }
        }
        found.sort_unstable_by_key(|it: &Stored<Attachment>| it.record.id);
        self.disclose(permit, "checkup.attachments", [employee.to_string(), checkup.to_string()], found).await
    }

    /// Opens a file to whoever asks, for some minutes.
    pub async fn take_attachment(
        &self,
        permit: &Permit<ViewCheckups>,
        place: AttachmentPlace,
    ) -> Result<Prepared<Download>, Error> {
        let (tenant, by, at) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let (record, about) = self.ready_attachment(permit, place).await?;
        let id = self.new_id()?;
        let mut write = Write::new();
        let twice = || Error::Internal("a download's id came twice".to_owned());
        let until = at.plus_seconds(ADDRESS_SECONDS);
        let taking = ShortTaking { taking: Taking { by, at }, expires_at: until.epoch_seconds() };
        write.create(self, download_key(tenant, place, id), SCHEMA, &taking, twice)?;
        let event = self.event(permit, "checkup.take_attachment")?.on(place.0).on(place.1).on(place.2).on(id);
        let file = MadeFile::of_one(about.file_name.as_str(), record.size, about.sha256.as_str());
        Ok(Prepared { thing: Download { id, until, files: vec![file] }, write, event })
    }

    /// The file, for whoever opened it. The event is written first.
    pub async fn fetch_attachment(
        &self,
        permit: &Permit<ViewCheckups>,
        files: &Files,
        place: AttachmentPlace,
        download: DownloadId,
    ) -> Result<TakenFile, Error> {
        let (tenant, by, now) = (permit.tenant(), somebody(permit)?, self.clock.now());
        let (_, about) = self.ready_attachment(permit, place).await?;
        let taking = self.load::<ShortTaking>(&download_key(tenant, place, download)).await?.ok_or(Error::NotFound)?;
        if !taking.record.taking.is_good(by, now) {
            return Err(Error::NotFound);
        }
        let bytes = self.open_file(files, tenant, &kept_at(tenant, place)).await?;
        let taken = TakenFile::of_one(about.file_name.as_str(), bytes, place.0, about.sha256.as_str());
        let event: Event = self.event(permit, "checkup.fetch_attachment")?.on(place.1).on(place.2).on(download);
        self.tell(shown(event, &taken)).await?;
        Ok(taken)
    }

    /// Declares an attachment void: it stays as long as its checkup, and nobody reads it any more.
    pub async fn void_attachment(
        &self,
        permit: &Permit<ManageCheckups>,
        place: AttachmentPlace,
        version: u64,
        cause: Cause,
    ) -> Result<Prepared<()>, Error> {
        let tenant = permit.tenant();
        self.standing_checkup_within(permit, place.0, place.1).await?;
        let key = key(tenant, place);
        let Stored { mut record, version: there } = self.load::<Record>(&key).await?.ok_or(Error::NotFound)?;
        if record.state != AttachmentState::Ready {
            return Err(Conflict::WrongState.into());
        }
        if there != version {
            return Err(Error::Stale);
        }
        record.state = AttachmentState::Void;
        record.cause = Some(cause);
        record.updated_at = self.clock.now();
        let write = self.replaced_attachment(key, &record, version)?;
        let event = self.event(permit, "checkup.void_attachment")?.on(place.0).on(place.1).on(place.2);
        Ok(Prepared { thing: (), write, event: event.because(cause.row().code) })
    }

    async fn ready_attachment(
        &self,
        permit: &Permit<ViewCheckups>,
        place: AttachmentPlace,
    ) -> Result<(Record, About), Error> {
        let tenant = permit.tenant();
        let sees: Sees = self.standing_checkup_within(permit, place.0, place.1).await?;
        let key = key(tenant, place);
        let found = self.load::<Record>(&key).await?.filter(|_| sees.everything());
        let found = found.filter(|it| it.record.state == AttachmentState::Ready).ok_or(Error::NotFound)?;
        let about = self.about(tenant, &key, &found.record).await?;
        Ok((found.record, about))
    }

    async fn about(&self, tenant: TenantId, key: &Key, record: &Record) -> Result<About, Error> {
        self.open(tenant, Purpose::Files, key, ABOUT, &record.about).await
    }

    fn replaced_attachment(&self, key: Key, record: &Record, version: u64) -> Result<Write, Error> {
        let mut write = Write::new();
        write.replace(self, key, SCHEMA, version, record)?;
        Ok(write)
    }

    async fn attachment_records(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
        checkup: CheckupId,
    ) -> Result<Vec<Stored<Record>>, Error> {
        let now = self.clock.now();
        let items = self.db.query_all(range_of(tenant, employee, checkup)).await?.into_iter();
        let of_attachment = |item: &Attributes| as_text(item, "attachment_state").is_some();
        items.filter(of_attachment).filter_map(|item| from_item(item, now).transpose()).collect()
    }
}

/// A download that is forgotten when it is over.
#[derive(Debug, Serialize, Deserialize)]
struct ShortTaking {
    #[serde(flatten)]
    taking: Taking,
    expires_at: i64,
}

fn whole(record: &Record, About { file_name, sha256 }: About) -> Attachment {
    Attachment {
        id: record.id,
        state: record.state,
        file_name,
        size: record.size,
        sha256,
        refused: record.refused,
        cause: record.cause,
        added_by: record.added_by,
        created_at: record.created_at,
        updated_at: record.updated_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_leads_to_its_item_and_others_lead_nowhere() {
        let tenant = TenantId::from_bytes([1; 16]);
        let place =
            (EmployeeId::from_bytes([2; 16]), CheckupId::from_bytes([3; 16]), AttachmentId::from_bytes([4; 16]));
        let kept = kept_at(tenant, place);
        assert_eq!(item_of_file(tenant, &kept), Some(key(tenant, place)));
        let other = TenantId::from_bytes([9; 16]);
        for object in [format!("{tenant}/made/errors/x"), format!("{kept}/x"), format!("{tenant}/{KEPT}/x/y/z")] {
            assert_eq!(item_of_file(tenant, &object), None, "{object}");
        }
        assert_eq!(item_of_file(other, &kept), None);
    }
}
