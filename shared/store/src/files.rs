//! Files: objects in the imports bucket. A customer's uploads lie under `<tenant>/api/…` and `<tenant>/drop/…`, what the service makes of them under
//! `<tenant>/made/…`, sealed with the tenant's `files` key. Every read names the object's version: what was checked is what is applied.

use std::time::{Duration, UNIX_EPOCH};

use authz::{ImportKind, ImportRight};
use aws_sdk_s3::{Client, operation::get_object::GetObjectError, presigning::PresigningConfig, primitives::ByteStream};
use domain::{
    ids::{ImportId, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};
use vault::{Place, Purpose};
use zeroize::Zeroizing;

use crate::{Error, Store, db::failed};

/// For how long an address for an upload is good.
const UPLOAD_SECONDS: u64 = 15 * 60;

/// How many bytes of what a workbook was turned into are sealed together: a chunk of a plan opens one or two.
pub const CONVERTED_SEGMENT: usize = 1024 * 1024;
/// Where what workbooks were turned into lies, below a tenant.
pub(crate) const CONVERTED: &str = "made/converted";

/// The bucket that customers' files come into. Only functions that handle files make one.
#[derive(Debug, Clone)]
pub struct Files {
    client: Client,
    bucket: String,
}

/// One version of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Where an upload came from, as its key tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upload {
    /// Through `POST /v1/imports`.
    Api {
        /// Whose.
        tenant: TenantId,
        /// Which import it is for.
        import: ImportId,
    },
    /// Dropped by a customer's system.
    Drop {
        /// Whose.
        tenant: TenantId,
        /// What the folder says that it holds; `None` where no kind has that name.
        kind: Option<ImportKind>,
        /// The file's name, which may hold people's names: not for logs.
        file_name: String,
    },
}

impl Upload {
    /// Reads a key; `None` where nobody uploads.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let (tenant, rest) = key.split_once('/')?;
        let tenant: TenantId = tenant.parse().ok()?;
        let (place, rest) = rest.split_once('/')?;
        let (kind, rest) = rest.split_once('/')?;
        match place {
            "api" => Some(Self::Api { tenant, import: rest.split_once('/')?.0.parse().ok()? }),
            "drop" if !rest.is_empty() => {
                Some(Self::Drop { tenant, kind: ImportKind::named(kind), file_name: rest.to_owned() })
            }
            _ => None,
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        match self {
            Self::Api { tenant, .. } | Self::Drop { tenant, .. } => *tenant,
        }
    }
}

fn segment_key(tenant: TenantId, import: ImportId, number: u64) -> String {
    format!("{tenant}/{CONVERTED}/{import}/{number:06}")
}

impl Files {
    /// The files in `bucket`.
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// The client, for what deletes a whole tenant.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key for the file of an import, with a part that nobody can guess.
    pub(crate) fn upload_key(right: &ImportRight, import: ImportId, random: &str) -> String {
        format!("{}/api/{}/{import}/{random}.csv", right.tenant(), right.kind().name())
    }

    /// An address that takes one upload to `key`, for 15 minutes from `now`.
    pub(crate) async fn upload_address(&self, key: &str, now: Jst) -> Result<String, Error> {
        // Without a start the SDK takes the machine's clock, whatever the client's is.
        let expiry = PresigningConfig::builder().start_time(UNIX_EPOCH + Duration::from_millis(now.epoch_millis()));
        let expiry = expiry.expires_in(Duration::from_secs(UPLOAD_SECONDS)).build();
        let expiry = expiry.map_err(|error| Error::Internal(error.to_string()))?;
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let signed = Box::pin(request.presigned(expiry)).await.map_err(failed("presign"))?;
        Ok(signed.uri().to_owned())
    }

    /// The bytes of an object's version: all of them, or from `start` up to `end`.
    pub async fn read(&self, object: &ObjectVersion, range: Option<std::ops::Range<u64>>) -> Result<ByteStream, Error> {
        let request =
            self.client.get_object().bucket(&self.bucket).key(&object.key).version_id(&object.version).set_range(
                range.as_ref().map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1))),
            );
        let answer = Box::pin(request.send()).await.map_err(failed("GetObject"))?;
        if range.is_some() && answer.content_range.is_none() {
            // Read as the part that was asked for, the whole would be another file.
            return Err(Error::Internal("GetObject answered a range with the whole object".to_owned()));
        }
        Ok(answer.body)
    }

    /// An upload, as far as it is of a size; nothing within where it is of another one, and nothing at all where it has not come.
    pub(crate) async fn read_upload(&self, key: &str, size: u64) -> Result<Option<Option<Vec<u8>>>, Error> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let answer = match Box::pin(request.send()).await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(failed("GetObject")(error)),
        };
        // Whoever has the address can send anything: what is too large is not read.
        if answer.content_length.and_then(|length| u64::try_from(length).ok()) != Some(size) {
            return Ok(Some(None));
        }
        let bytes = answer.body.collect().await.map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Some(Some(bytes.to_vec())))
    }

    /// Deletes every version of what begins with `prefix`.
    pub(crate) async fn remove(&self, prefix: &str) -> Result<(), Error> {
        loop {
            let request = self.client.list_object_versions().bucket(&self.bucket).prefix(prefix);
            let page = Box::pin(request.send()).await.map_err(failed("ListObjectVersions"))?;
            let versions = page.versions().iter().map(|it| (it.key(), it.version_id()));
            let markers = page.delete_markers().iter().map(|it| (it.key(), it.version_id()));
            let listed: Vec<_> = versions.chain(markers).collect();
            if listed.is_empty() {
                return Ok(());
            }
            for (key, version) in listed {
                let request = self.client.delete_object().bucket(&self.bucket).key(key.unwrap_or_default());
                let request = request.set_version_id(version.map(str::to_owned));
                Box::pin(request.send()).await.map_err(failed("DeleteObject"))?;
            }
        }
    }
}

impl Store {
    /// Keeps a file that the service made, sealed.
    pub async fn keep_file(&self, files: &Files, right: &ImportRight, key: &str, plain: &[u8]) -> Result<(), Error> {
        self.seal_file(files, right.tenant(), key, plain).await
    }

    /// Keeps a file of `tenant`, sealed.
    pub(crate) async fn seal_file(
        &self,
        files: &Files,
        tenant: TenantId,
        key: &str,
        plain: &[u8],
    ) -> Result<(), Error> {
        let keyring = Box::pin(self.vault.keyring(tenant, Purpose::Files)).await?;
        let place = Place { store: "files", tenant, key, attribute: "body" };
        let sealed = keyring.seal(&place, plain)?;
        let request = files.client.put_object().bucket(&files.bucket).key(key).body(sealed.into());
        Box::pin(request.send()).await.map_err(failed("PutObject"))?;
        Ok(())
    }

    /// Keeps one segment of what the workbook of an import was turned into, sealed; a repeated check keeps the same again.
    pub async fn keep_converted(
        &self,
        files: &Files,
        right: &ImportRight,
        import: ImportId,
        number: u64,
        segment: &[u8],
    ) -> Result<(), Error> {
        self.seal_file(files, right.tenant(), &segment_key(right.tenant(), import, number), segment).await
    }

    /// What the workbook of an import was turned into, from `offset` up to the end of its segment.
    pub async fn converted(
        &self,
        files: &Files,
        right: &ImportRight,
        import: ImportId,
        offset: u64,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (number, before) = (offset / CONVERTED_SEGMENT as u64, offset % CONVERTED_SEGMENT as u64);
        let key = segment_key(right.tenant(), import, number);
        let mut segment = self.open_file(files, right.tenant(), &key).await?;
        let before = usize::try_from(before).unwrap_or(usize::MAX).min(segment.len());
        segment.drain(..before);
        Ok(segment)
    }

    /// Opens a file that the same import kept before.
    pub async fn kept_file(&self, files: &Files, right: &ImportRight, key: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.open_file(files, right.tenant(), key).await
    }

    /// Opens a file that [`Self::seal_file`] kept.
    pub(crate) async fn open_file(
        &self,
        files: &Files,
        tenant: TenantId,
        key: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let request = files.client.get_object().bucket(&files.bucket).key(key);
        let answer = match Box::pin(request.send()).await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Err(Error::NotFound);
            }
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let sealed = answer.body.collect().await.map_err(|error| Error::Unavailable(error.to_string()))?.to_vec();
        let place = Place { store: "files", tenant, key, attribute: "body" };
        Ok(Box::pin(self.vault.open(Purpose::Files, &place, &sealed)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_a_key_says_whose_it_is_or_nothing() {
        let (tenant, import) = (TenantId::from_bytes([1; 16]), ImportId::from_bytes([2; 16]));
        assert_eq!(
            Upload::of_key(&format!("{tenant}/api/checkups/{import}/x.csv")),
            Some(Upload::Api { tenant, import })
        );
        let drop = Upload::of_key(&format!("{tenant}/drop/employees/社員 一覧.csv"));
        let file_name = "社員 一覧.csv".to_owned();
        assert_eq!(drop, Some(Upload::Drop { tenant, kind: Some(ImportKind::Employees), file_name }));
        for key in [
            "",
            "x/drop/employees/a.csv",
            &format!("{tenant}/made/errors/a"),
            &format!("{tenant}/drop/employees/"),
            &format!("{tenant}/drop/a.csv"),
        ] {
            assert_eq!(Upload::of_key(key), None, "{key}");
        }
    }
}
