//! Single objects: put, get, head, copy, delete.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::stream;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{
    Checksum, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, ETagCondition, GetObjectInput, GetObjectOutput,
    HeadObjectInput, HeadObjectOutput, MetadataDirective, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use uuid::Uuid;

use super::blobs::Blob;
use super::event::Cause;
use super::index::{self, Facts, Sums, Version};
use super::{BucketSpec, S3Store, find_bucket};
use crate::{Error, hex};

/// What can go wrong inside a transaction.
pub(super) enum Refused {
    Database(rusqlite::Error),
    Answer(S3Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<S3Error> for Refused {
    fn from(error: S3Error) -> Self {
        Self::Answer(error)
    }
}

impl From<Refused> for S3Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Database(error) => internal(error),
            Refused::Answer(error) => error,
        }
    }
}

pub(super) fn internal(error: impl Into<s3s::StdError>) -> S3Error {
    let error = error.into();
    tracing::error!(%error, "the object store failed");
    S3Error::with_source(S3ErrorCode::InternalError, error)
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Answer(internal(error))
    }
}

impl S3Store {
    pub(super) fn known_bucket(&self, name: &str) -> S3Result<BucketSpec> {
        self.bucket(name).map_err(internal)?.ok_or_else(|| s3_error!(NoSuchBucket))
    }

    pub(super) async fn put(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let trailers = request.trailing_headers.clone();
        let principal = self.principal(&request);
        let headers = request.headers;
        let input = request.input;
        let bucket = self.known_bucket(&input.bucket)?;
        let body = input.body.unwrap_or_else(|| StreamingBlob::new(s3s::Body::empty()));
        let wanted = Sums {
            crc32: input.checksum_crc32,
            crc32c: input.checksum_crc32c,
            crc64nvme: input.checksum_crc64nvme,
            sha1: input.checksum_sha1,
            sha256: input.checksum_sha256,
        };
        let hasher = hasher_for(&wanted, &headers);
        let written = self.blobs.write(body, hasher).await.map_err(unreadable)?;
        let sums =
            match check_sums(&wanted, &written.sums, trailers.as_ref(), input.content_md5.as_deref(), written.md5) {
                Ok(sums) => sums,
                Err(error) => {
                    self.blobs.remove(&[written.blob]);
                    return Err(error);
                }
            };
        let new = Version {
            key: input.key,
            id: Uuid::new_v4().simple().to_string(),
            marker: false,
            size: written.blob.size,
            modified_ms: self.clock.millis(),
            facts: Facts {
                etag: hex(&written.md5),
                content_type: input.content_type,
                cache_control: input.cache_control,
                content_disposition: input.content_disposition,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                metadata: input.metadata.unwrap_or_default().into_iter().collect(),
                tagging: input.tagging,
                sums,
                sum_type: Some("FULL_OBJECT".to_owned()),
                sum_algorithm: None,
                encryption: input.server_side_encryption.map(|kind| kind.as_str().to_owned()),
                kms_key: input.ssekms_key_id,
            },
            blobs: vec![written.blob],
        };
        self.add(&bucket, &new, Cause::Put, &principal, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let Version { id, facts, .. } = new;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(facts.etag)),
            version_id: Some(id),
            checksum_crc32: facts.sums.crc32,
            checksum_crc32c: facts.sums.crc32c,
            checksum_crc64nvme: facts.sums.crc64nvme,
            checksum_sha1: facts.sums.sha1,
            checksum_sha256: facts.sums.sha256,
            checksum_type: facts.sum_type.map(Into::into),
            server_side_encryption: facts.encryption.map(Into::into),
            ssekms_key_id: facts.kms_key,
            ..Default::default()
        }))
    }

    /// Makes a version visible, if the caller's conditions hold; its blobs go when they do not.
    pub(super) fn add(
        &self,
        bucket: &BucketSpec,
        new: &Version,
        cause: Cause,
        principal: &str,
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<()> {
        let done: Result<(), Refused> = self.database.write(|c| {
            let current = index::find(c, &bucket.name, &new.key, None)?.filter(|current| !current.marker);
            let etag = current.map(|current| current.facts.etag);
            if !holds(etag.as_deref(), if_match, if_none_match) {
                return Err(s3_error!(
                    PreconditionFailed,
                    "At least one of the pre-conditions you specified did not hold"
                )
                .into());
            }
            self.commit(c, bucket, new, cause, principal)?;
            Ok(())
        });
        match done {
            Ok(()) => {
                self.sqs.wake();
                Ok(())
            }
            Err(refused) => {
                self.blobs.remove(&new.blobs);
                Err(refused.into())
            }
        }
    }

    /// A version that can be read.
    pub(super) fn readable(&self, bucket: &str, key: &str, version: Option<&str>) -> S3Result<Version> {
        self.known_bucket(bucket)?;
        match self.database.read(|c| index::find(c, bucket, key, version)).map_err(internal)? {
            Some(found) if found.marker && version.is_some() => Err(s3_error!(MethodNotAllowed)),
            Some(found) if !found.marker => Ok(found),
            _ if version.is_some() => Err(s3_error!(NoSuchVersion)),
            _ => Err(s3_error!(NoSuchKey)),
        }
    }

    pub(super) fn get(&self, input: &GetObjectInput) -> S3Result<S3Response<GetObjectOutput>> {
        let found = self.readable(&input.bucket, &input.key, input.version_id.as_deref())?;
        conditions(&found, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let whole = 0..found.size;
        let range = match input.range {
            Some(range) => range.check(found.size).map_err(|_| s3_error!(InvalidRange))?,
            None => whole.clone(),
        };
        let partial = input.range.is_some();
        let stream = self.blobs.read(&found.blobs, range.clone());
        // A checksum of the whole says nothing about a part.
        let sums = if partial || input.checksum_mode.is_none() { Sums::default() } else { found.facts.sums.clone() };
        let facts = found.facts;
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(stream)),
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(range.end - range.start)),
            content_range: partial.then(|| content_range(&range, found.size)),
            content_type: input.response_content_type.clone().or(facts.content_type),
            cache_control: input.response_cache_control.clone().or(facts.cache_control),
            content_disposition: input.response_content_disposition.clone().or(facts.content_disposition),
            content_encoding: facts.content_encoding,
            content_language: facts.content_language,
            metadata: Some(facts.metadata.into_iter().collect()),
            e_tag: Some(ETag::Strong(facts.etag)),
            last_modified: Some(timestamp(found.modified_ms)),
            version_id: Some(found.id),
            checksum_type: sums_type(&sums, facts.sum_type),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            server_side_encryption: facts.encryption.map(Into::into),
            ssekms_key_id: facts.kms_key,
            ..Default::default()
        }))
    }

    pub(super) fn head(&self, input: &HeadObjectInput) -> S3Result<S3Response<HeadObjectOutput>> {
        let found = self.readable(&input.bucket, &input.key, input.version_id.as_deref())?;
        conditions(&found, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let sums = if input.checksum_mode.is_none() { Sums::default() } else { found.facts.sums.clone() };
        let facts = found.facts;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(found.size)),
            content_type: facts.content_type,
            cache_control: facts.cache_control,
            content_disposition: facts.content_disposition,
            content_encoding: facts.content_encoding,
            content_language: facts.content_language,
            metadata: Some(facts.metadata.into_iter().collect()),
            e_tag: Some(ETag::Strong(facts.etag)),
            last_modified: Some(timestamp(found.modified_ms)),
            version_id: Some(found.id),
            checksum_type: sums_type(&sums, facts.sum_type),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            server_side_encryption: facts.encryption.map(Into::into),
            ssekms_key_id: facts.kms_key,
            ..Default::default()
        }))
    }

    pub(super) fn copy(&self, request: &S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = &request.input;
        let source = self.source(&input.copy_source)?;
        let bucket = self.known_bucket(&input.bucket)?;
        let mut facts = source.facts;
        if input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE) {
            facts.metadata = input.metadata.clone().unwrap_or_default().into_iter().collect();
            facts.content_type.clone_from(&input.content_type);
        }
        let blobs: Vec<Blob> =
            source.blobs.iter().map(|blob| self.blobs.link(blob)).collect::<Result<_, _>>().map_err(internal)?;
        let new = Version {
            key: input.key.clone(),
            id: Uuid::new_v4().simple().to_string(),
            marker: false,
            size: source.size,
            modified_ms: self.clock.millis(),
            facts,
            blobs,
        };
        self.add(&bucket, &new, Cause::Copy, &self.principal(request), None, None)?;
        let sums = new.facts.sums;
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(ETag::Strong(new.facts.etag)),
                last_modified: Some(timestamp(new.modified_ms)),
                checksum_type: new.facts.sum_type.map(Into::into),
                checksum_crc32: sums.crc32,
                checksum_crc32c: sums.crc32c,
                checksum_crc64nvme: sums.crc64nvme,
                checksum_sha1: sums.sha1,
                checksum_sha256: sums.sha256,
            }),
            copy_source_version_id: Some(source.id),
            version_id: Some(new.id),
            ..Default::default()
        }))
    }

    pub(super) fn source(&self, source: &CopySource) -> S3Result<Version> {
        match source {
            CopySource::Bucket { bucket, key, version_id } => self.readable(bucket, key, version_id.as_deref()),
            _ => Err(s3_error!(NotImplemented, "access points are not served here")),
        }
    }

    pub(super) fn delete(&self, input: &DeleteObjectInput) -> S3Result<S3Response<DeleteObjectOutput>> {
        let deleted = self.delete_one(&input.bucket, &input.key, input.version_id.as_deref())?;
        Ok(S3Response::new(DeleteObjectOutput {
            delete_marker: deleted.marker.then_some(true),
            version_id: Some(deleted.id),
            ..Default::default()
        }))
    }

    pub(super) fn delete_many(&self, input: DeleteObjectsInput) -> S3Response<DeleteObjectsOutput> {
        let quiet = input.delete.quiet.unwrap_or(false);
        let (mut done, mut errors) = (Vec::new(), Vec::new());
        for object in input.delete.objects {
            match self.delete_one(&input.bucket, &object.key, object.version_id.as_deref()) {
                Ok(deleted) => done.push(DeletedObject {
                    delete_marker: deleted.marker.then_some(true),
                    delete_marker_version_id: deleted.marker.then(|| deleted.id.clone()),
                    key: Some(object.key),
                    version_id: object.version_id,
                }),
                Err(error) => errors.push(s3s::dto::Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(str::to_owned),
                    version_id: object.version_id,
                }),
            }
        }
        S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(done),
            errors: (!errors.is_empty()).then_some(errors),
            ..Default::default()
        })
    }

    /// Deletes a version for good, or hides the key behind a delete marker.
    fn delete_one(&self, bucket: &str, key: &str, version: Option<&str>) -> S3Result<Version> {
        let done: Result<Version, Refused> = self.database.write(|c| {
            let spec = find_bucket(c, bucket)?.ok_or_else(|| s3_error!(NoSuchBucket))?;
            let marker = Version {
                key: key.to_owned(),
                id: Uuid::new_v4().simple().to_string(),
                marker: true,
                size: 0,
                modified_ms: self.clock.millis(),
                facts: Facts::default(),
                blobs: Vec::new(),
            };
            let Some(named) = version else {
                index::add(c, bucket, &marker)?;
                return Ok(marker);
            };
            // What is not there counts as deleted.
            let Some(found) = index::find(c, bucket, key, Some(named))? else {
                return Ok(Version { marker: false, id: named.to_owned(), ..marker });
            };
            if spec.locked && !found.marker {
                return Err(s3_error!(AccessDenied, "Access Denied because object protected by object lock.").into());
            }
            index::remove(c, bucket, key, named)?;
            Ok(found)
        });
        let deleted = done?;
        self.blobs.remove(&deleted.blobs);
        Ok(deleted)
    }
}

/// A hasher for every algorithm that the caller announced; CRC-64/NVME when there was none, as S3 adds it itself.
pub(super) fn hasher_for(wanted: &Sums, headers: &http::HeaderMap) -> ChecksumHasher {
    let announced = ["x-amz-trailer", "x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .collect::<Vec<_>>()
        .join(",")
        .to_ascii_lowercase();
    let has = |name: &str| announced.split(',').any(|one| one.trim().trim_start_matches("x-amz-checksum-") == name);
    let mut hasher = ChecksumHasher::default();
    if wanted.crc32.is_some() || has("crc32") {
        hasher.crc32 = Some(s3s::crypto::Checksum::new());
    }
    if wanted.crc32c.is_some() || has("crc32c") {
        hasher.crc32c = Some(s3s::crypto::Checksum::new());
    }
    if wanted.sha1.is_some() || has("sha1") {
        hasher.sha1 = Some(s3s::crypto::Checksum::new());
    }
    if wanted.sha256.is_some() || has("sha256") {
        hasher.sha256 = Some(s3s::crypto::Checksum::new());
    }
    let none = hasher.crc32.is_none() && hasher.crc32c.is_none() && hasher.sha1.is_none() && hasher.sha256.is_none();
    if wanted.crc64nvme.is_some() || has("crc64nvme") || none {
        hasher.crc64nvme = Some(s3s::crypto::Checksum::new());
    }
    hasher
}

/// Compares what was sent with what the caller said (in headers or trailers), and returns the checksums to keep.
pub(super) fn check_sums(
    wanted: &Sums,
    computed: &Checksum,
    trailers: Option<&s3s::TrailingHeaders>,
    content_md5: Option<&str>,
    md5: [u8; 16],
) -> S3Result<Sums> {
    let trailer = |name: &str| {
        let read = |headers: &http::HeaderMap| headers.get(name).and_then(|sum| sum.to_str().ok()).map(str::to_owned);
        trailers.and_then(|trailers| trailers.read(read)).flatten()
    };
    let pairs = [
        (&wanted.crc32, "x-amz-checksum-crc32", &computed.checksum_crc32),
        (&wanted.crc32c, "x-amz-checksum-crc32c", &computed.checksum_crc32c),
        (&wanted.crc64nvme, "x-amz-checksum-crc64nvme", &computed.checksum_crc64nvme),
        (&wanted.sha1, "x-amz-checksum-sha1", &computed.checksum_sha1),
        (&wanted.sha256, "x-amz-checksum-sha256", &computed.checksum_sha256),
    ];
    for (said, name, found) in pairs {
        if let Some(said) = said.clone().or_else(|| trailer(name))
            && found.as_ref() != Some(&said)
        {
            return Err(s3_error!(BadDigest, "The {name} you specified did not match what we received."));
        }
    }
    if let Some(said) = content_md5 {
        use base64::Engine as _;
        if said != base64::prelude::BASE64_STANDARD.encode(md5) {
            return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
        }
    }
    Ok(Sums {
        crc32: computed.checksum_crc32.clone(),
        crc32c: computed.checksum_crc32c.clone(),
        crc64nvme: computed.checksum_crc64nvme.clone(),
        sha1: computed.checksum_sha1.clone(),
        sha256: computed.checksum_sha256.clone(),
    })
}

/// A body that broke off, or whose signature or checksum did not hold on the way.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn unreadable(error: s3s::StdError) -> S3Error {
    tracing::debug!(%error, "a body could not be read");
    s3_error!(IncompleteBody, "The body could not be read: {error}")
}

fn holds(etag: Option<&str>, if_match: Option<&ETagCondition>, if_none_match: Option<&ETagCondition>) -> bool {
    let is = |condition: &ETagCondition| match (etag, condition.as_etag()) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(etag), Some(named)) => named.value() == etag,
    };
    if_match.is_none_or(is) && !if_none_match.is_some_and(is)
}

fn conditions(
    found: &Version,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let etag = Some(found.facts.etag.as_str());
    if !holds(etag, if_match, None) {
        return Err(s3_error!(PreconditionFailed));
    }
    if holds(etag, None, if_none_match) { Ok(()) } else { Err(s3_error!(NotModified)) }
}

fn sums_type(sums: &Sums, kind: Option<String>) -> Option<s3s::dto::ChecksumType> {
    if *sums == Sums::default() { None } else { kind.map(Into::into) }
}

pub(super) fn length(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

pub(super) fn timestamp(millis: i64) -> Timestamp {
    let since: SystemTime = UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    since.into()
}

/// Bytes that are already blobs, as a body to write again.
pub(super) fn again(
    store: &S3Store,
    source: &Version,
    range: Range<u64>,
) -> impl stream::Stream<Item = Result<bytes::Bytes, s3s::StdError>> + Unpin + use<> {
    use futures_util::TryStreamExt as _;
    Box::pin(store.blobs.read(&source.blobs, range).map_err(Into::into))
}
