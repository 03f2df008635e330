//! How long files live: what customers sent goes seven days after its import ended, what the service made of it after thirty. A bucket's own rules are the net below.
//!
//! What is attached to a checkup goes when its item has gone, with the checkup. What a workbook was turned into goes with the workbook. What no import knows (a file of an unknown kind, one for an import that had its file) goes as long after it came.

use std::collections::BTreeMap;

use authz::{Permit, permission::PurgeTenants};
use aws_sdk_s3::{
    primitives::DateTime,
    types::{DeleteMarkerEntry, ObjectIdentifier, ObjectVersion as ListedVersion},
};
use domain::{
    ids::{PLATFORM, TenantId},
    time::Jst,
};
use serde::Serialize;

use super::{
    Bounds,
    delete::{self, Budget},
};
use crate::{
    Error, Files, ImportState, Store, Write, attachments,
    db::{Range, failed},
    files::CONVERTED,
    imports::{self, Import, UPLOAD_KEPT_SECONDS},
    item::{from_item, is_expired},
    key::{Family, Key, Table, partition},
};

/// For how long what the service made is kept, in seconds after its import ended.
const MADE_KEPT_SECONDS: i64 = 30 * 86_400;

/// How many files went, or would go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FilesOver {
    /// Versions of what customers sent, and delete markers.
    pub sent: u64,
    /// Versions of what the service made.
    pub made: u64,
    /// Uploads that were begun and never ended.
    pub uploads: u64,
}

/// When each file that an import knows is over; never while its import goes on.
#[derive(Default)]
struct Known {
    sent: BTreeMap<(String, String), Option<Jst>>,
    made: BTreeMap<String, Jst>,
    /// What an import's workbook was turned into goes with the workbook.
    converted: BTreeMap<String, Option<Jst>>,
}

impl Known {
    fn note(&mut self, import: Import) {
        let goes_on = matches!(import.state, ImportState::AwaitingUpload) || import.state.is_unfinished();
        let over = (!goes_on).then(|| import.updated_at.plus_seconds(UPLOAD_KEPT_SECONDS));
        self.converted.insert(import.id.to_string(), over);
        if let Some(object) = import.object {
            self.sent.insert((object.key, object.version), over);
        }
        if let Some(file) = import.fault_file {
            self.made.insert(file, import.updated_at.plus_seconds(MADE_KEPT_SECONDS));
        }
    }

    /// When a version of an object of `tenant` is over that came at `came`.
    fn over(&self, tenant: TenantId, key: &str, version: &str, came: Jst) -> Option<Jst> {
        if let Some(import) = converted_for(tenant, key) {
            return self.converted.get(import).copied().unwrap_or(Some(came.plus_seconds(UPLOAD_KEPT_SECONDS)));
        }
        if is_made(tenant, key) {
            return Some(self.made.get(key).copied().unwrap_or(came.plus_seconds(MADE_KEPT_SECONDS)));
        }
        let known = self.sent.get(&(key.to_owned(), version.to_owned()));
        known.copied().unwrap_or(Some(came.plus_seconds(UPLOAD_KEPT_SECONDS)))
    }
}

fn is_made(tenant: TenantId, key: &str) -> bool {
    key.strip_prefix(&tenant.to_string()).is_some_and(|rest| rest.starts_with("/made/"))
}

/// The import whose workbook a file was made of.
fn converted_for(tenant: TenantId, key: &str) -> Option<&str> {
    let rest = key.strip_prefix(&tenant.to_string())?.strip_prefix('/')?.strip_prefix(CONVERTED)?;
    rest.strip_prefix('/')?.split_once('/').map(|(import, _)| import)
}

/// One line of a list of versions.
struct Listed {
    key: String,
    version: String,
    came: Jst,
}

impl Listed {
    fn of(key: Option<&str>, version: Option<&str>, came: Option<&DateTime>) -> Option<Self> {
        let came = jiff::Timestamp::from_second(came?.secs()).ok().map(Jst)?;
        Some(Self { key: key?.to_owned(), version: version.unwrap_or("null").to_owned(), came })
    }

    fn of_version(it: &ListedVersion) -> Option<Self> {
        Self::of(it.key(), it.version_id(), it.last_modified())
    }

    fn of_marker(it: &DeleteMarkerEntry) -> Option<Self> {
        Self::of(it.key(), it.version_id(), it.last_modified())
    }
}

impl Store {
    /// Deletes the files of the permit's tenant that are over at `at`, as many as `bounds` allow, or only counts them. The next run finds the rest.
    pub async fn end_files(
        &self,
        files: &Files,
        permit: &Permit<PurgeTenants>,
        at: Jst,
        bounds: Bounds,
        dry_run: bool,
    ) -> Result<FilesOver, Error> {
        let tenant = permit.tenant();
        if tenant == PLATFORM {
            return Err(Error::NotFound);
        }
        let budget = Budget::new(bounds);
        let known = self.known_files(tenant).await?;
        let mut ended = FilesOver::default();
        let (mut after_key, mut after_version) = (None, None);
        loop {
            let request = files
                .client()
                .list_object_versions()
                .bucket(files.bucket())
                .prefix(format!("{tenant}/"))
                .set_key_marker(after_key)
                .set_version_id_marker(after_version);
            let page = Box::pin(request.send()).await.map_err(failed("ListObjectVersions"))?;
            let versions = page.versions().iter().filter_map(Listed::of_version);
            let listed = versions.chain(page.delete_markers().iter().filter_map(Listed::of_marker));
            let (attached, others): (Vec<Listed>, Vec<Listed>) =
                listed.partition(|it| attachments::item_of_file(tenant, &it.key).is_some());
            let mut over: Vec<Listed> = others
                .into_iter()
                .filter(|it| known.over(tenant, &it.key, &it.version, it.came).is_some_and(|over| over <= at))
                .collect();
            over.extend(self.belonging_to_nothing(tenant, attached).await?);
            if !dry_run {
                over.truncate(budget.take(over.len()));
            }
            let made = over.iter().filter(|it| is_made(tenant, &it.key)).count() as u64;
            ended.made += made;
            ended.sent += over.len() as u64 - made;
            if !dry_run && !over.is_empty() {
                delete::delete_objects(files, over.into_iter().map(identifier).collect::<Result<_, _>>()?).await?;
            }
            if page.is_truncated() != Some(true) || (!dry_run && budget.is_over()) {
                break;
            }
            (after_key, after_version) = (page.next_key_marker, page.next_version_id_marker);
        }
        ended.uploads = end_uploads(files, tenant, at, &budget, dry_run).await?;
        if !dry_run && ended != FilesOver::default() {
            let counts = format!("sent:{} made:{} uploads:{}", ended.sent, ended.made, ended.uploads);
            Write::new().commit(self, self.event(permit, "files.expire")?.on(tenant).because(counts)).await?;
        }
        Ok(ended)
    }

    /// Of attached files those whose item is gone: with its checkup, or because nobody confirmed it.
    async fn belonging_to_nothing(&self, tenant: TenantId, files: Vec<Listed>) -> Result<Vec<Listed>, Error> {
        let keys: Vec<Key> = files.iter().filter_map(|it| attachments::item_of_file(tenant, &it.key)).collect();
        let (now, items) = (self.clock.now(), self.db.batch_get(&keys).await?);
        let gone = items.into_iter().map(|item| item.is_none_or(|item| is_expired(&item, now)));
        Ok(files.into_iter().zip(gone).filter(|(_, gone)| *gone).map(|(file, _)| file).collect())
    }

    async fn known_files(&self, tenant: TenantId) -> Result<Known, Error> {
        let range = Range::whole(Table::Records, Family::Import, partition(tenant, Family::Import, ""));
        let mut known = Known::default();
        for item in self.db.query_all(range).await? {
            if let Some(stored) = from_item::<imports::Import>(item, self.clock.now())? {
                known.note(stored.record);
            }
        }
        Ok(known)
    }
}

fn identifier(it: Listed) -> Result<ObjectIdentifier, Error> {
    let object = ObjectIdentifier::builder().key(it.key).version_id(it.version);
    object.build().map_err(|error| Error::Internal(error.to_string()))
}

/// Ends uploads that were begun long ago.
async fn end_uploads(files: &Files, tenant: TenantId, at: Jst, budget: &Budget, dry_run: bool) -> Result<u64, Error> {
    let request = files.client().list_multipart_uploads().bucket(files.bucket()).prefix(format!("{tenant}/"));
    let page = Box::pin(request.send()).await.map_err(failed("ListMultipartUploads"))?;
    let mut ended = 0;
    for upload in page.uploads() {
        let begun = upload.initiated().and_then(|begun| jiff::Timestamp::from_second(begun.secs()).ok()).map(Jst);
        if begun.is_none_or(|begun| begun.plus_seconds(UPLOAD_KEPT_SECONDS) > at) {
            continue;
        }
        if !dry_run {
            if budget.take(1) == 0 {
                break;
            }
            delete::abort(files, upload).await?;
        }
        ended += 1;
    }
    Ok(ended)
}
