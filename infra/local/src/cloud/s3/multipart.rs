//! Multipart uploads. A completed object is its parts' blobs in a row: completing copies no bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Checksum, ChecksumType, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CompletedPart, CopyPartResult, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Part as PartEntry, Range, StreamingBlob, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};
use uuid::Uuid;

use super::S3Store;
use super::blobs::{Blob, Written};
use super::event::Cause;
use super::index::{self, Facts, Part, Sums, Upload, Version};
use super::objects::{Refused, again, check_sums, hasher_for, internal, length, timestamp, unreadable};
use crate::hex;

/// All parts but the last hold at least this much.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

impl S3Store {
    pub(super) fn start(&self, input: CreateMultipartUploadInput) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.known_bucket(&input.bucket)?;
        let facts = Facts {
            content_type: input.content_type,
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            tagging: input.tagging,
            sum_type: input.checksum_type.as_ref().map(|kind| kind.as_str().to_owned()),
            sum_algorithm: input.checksum_algorithm.as_ref().map(|name| name.as_str().to_owned()),
            encryption: input.server_side_encryption.map(|kind| kind.as_str().to_owned()),
            kms_key: input.ssekms_key_id,
            ..Facts::default()
        };
        let id = Uuid::new_v4().simple().to_string();
        let upload = Upload { id: id.clone(), key: input.key.clone(), facts, started_ms: self.clock.millis() };
        self.database.write(|c| index::start_upload(c, &input.bucket, &upload)).map_err(internal)?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: input.checksum_type,
            ..Default::default()
        }))
    }

    fn upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<Upload> {
        let found = self.database.read(|c| index::find_upload(c, bucket, key, id)).map_err(internal)?;
        found.ok_or_else(|| s3_error!(NoSuchUpload, "The specified multipart upload does not exist."))
    }

    pub(super) async fn put_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let trailers = request.trailing_headers.clone();
        let (headers, input) = (request.headers, request.input);
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let body = input.body.unwrap_or_else(|| StreamingBlob::new(s3s::Body::empty()));
        let mut wanted = Sums {
            crc32: input.checksum_crc32,
            crc32c: input.checksum_crc32c,
            crc64nvme: input.checksum_crc64nvme,
            sha1: input.checksum_sha1,
            sha256: input.checksum_sha256,
        };
        let mut hasher = hasher_for(&wanted, &headers);
        also(&mut hasher, upload.facts.sum_algorithm.as_deref());
        let written = self.blobs.write(body, hasher).await.map_err(unreadable)?;
        let checked = check_sums(&wanted, &written.sums, trailers.as_ref(), input.content_md5.as_deref(), written.md5);
        wanted = match checked {
            Ok(sums) => sums,
            Err(error) => {
                self.blobs.remove(&[written.blob]);
                return Err(error);
            }
        };
        let etag = self.keep_part(&upload, input.part_number, written, wanted.clone())?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            checksum_crc32: wanted.crc32,
            checksum_crc32c: wanted.crc32c,
            checksum_crc64nvme: wanted.crc64nvme,
            checksum_sha1: wanted.sha1,
            checksum_sha256: wanted.sha256,
            ..Default::default()
        }))
    }

    pub(super) async fn copy_part(&self, input: UploadPartCopyInput) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let source = self.source(&input.copy_source)?;
        let range = match &input.copy_source_range {
            Some(range) => Range::parse(range)
                .ok()
                .and_then(|range| range.check(source.size).ok())
                .ok_or_else(|| s3_error!(InvalidRange))?,
            None => 0..source.size,
        };
        let mut hasher = ChecksumHasher::default();
        also(&mut hasher, upload.facts.sum_algorithm.as_deref());
        let written = self.blobs.write(again(self, &source, range), hasher).await.map_err(unreadable)?;
        let sums = check_sums(&Sums::default(), &written.sums, None, None, written.md5)?;
        let etag = self.keep_part(&upload, input.part_number, written, sums.clone())?;
        Ok(S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(CopyPartResult {
                e_tag: Some(ETag::Strong(etag)),
                last_modified: Some(timestamp(self.clock.millis())),
                checksum_crc32: sums.crc32,
                checksum_crc32c: sums.crc32c,
                checksum_crc64nvme: sums.crc64nvme,
                checksum_sha1: sums.sha1,
                checksum_sha256: sums.sha256,
            }),
            copy_source_version_id: Some(source.id),
            ..Default::default()
        }))
    }

    fn keep_part(&self, upload: &Upload, number: i32, written: Written, sums: Sums) -> S3Result<String> {
        if !(1..=10_000).contains(&number) {
            self.blobs.remove(&[written.blob]);
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"));
        }
        let etag = hex(&written.md5);
        let facts = Facts { etag: etag.clone(), sums, ..Facts::default() };
        let part = Part { number, modified_ms: self.clock.millis(), facts, blob: written.blob };
        let replaced = self.database.write(|c| index::put_part(c, &upload.id, &part)).map_err(internal)?;
        self.blobs.remove(replaced.as_slice());
        Ok(etag)
    }

    pub(super) async fn complete(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let principal = self.principal(&request);
        let input = request.input;
        let bucket = self.known_bucket(&input.bucket)?;
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let named = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let kept = self.database.read(|c| index::parts(c, &upload.id)).map_err(internal)?;
        let parts = chosen(&named, &kept)?;
        let blobs: Vec<Blob> = parts.iter().map(|part| part.blob.clone()).collect();
        let unused: Vec<Blob> =
            kept.iter().map(|part| part.blob.clone()).filter(|blob| !blobs.contains(blob)).collect();

        let mut facts = upload.facts;
        facts.etag = whole_etag(&parts);
        let wanted = Sums {
            crc32: input.checksum_crc32,
            crc32c: input.checksum_crc32c,
            crc64nvme: input.checksum_crc64nvme,
            sha1: input.checksum_sha1,
            sha256: input.checksum_sha256,
        };
        let size = blobs.iter().map(|blob| blob.size).sum();
        let mut new = Version {
            key: input.key.clone(),
            id: Uuid::new_v4().simple().to_string(),
            marker: false,
            size,
            modified_ms: self.clock.millis(),
            facts,
            blobs,
        };
        self.sum_up(&mut new, &parts, &wanted).await?;

        // The upload ends in the transaction in which the object appears; its blobs stay when it is refused.
        let done: Result<(), Refused> = self.database.write(|c| {
            index::find_upload(c, &bucket.name, &new.key, &upload.id)?.ok_or_else(|| s3_error!(NoSuchUpload))?;
            let exists = index::find(c, &bucket.name, &new.key, None)?.is_some_and(|current| !current.marker);
            if exists && input.if_none_match.is_some() {
                return Err(s3_error!(PreconditionFailed).into());
            }
            self.commit(c, &bucket, &new, Cause::CompleteMultipartUpload, &principal)?;
            index::end_upload(c, &upload.id)?;
            Ok(())
        });
        done?;
        self.blobs.remove(&unused);
        self.sqs.wake();
        let sums = new.facts.sums;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(bucket.name),
            key: Some(new.key),
            e_tag: Some(ETag::Strong(new.facts.etag)),
            version_id: Some(new.id),
            checksum_type: new.facts.sum_type.map(Into::into),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            ..Default::default()
        }))
    }

    /// The whole object's checksum: over its bytes, or over its parts' checksums, as the upload announced.
    async fn sum_up(&self, new: &mut Version, parts: &[Part], wanted: &Sums) -> S3Result<()> {
        let Some(algorithm) = new.facts.sum_algorithm.clone() else { return Ok(()) };
        let crc64 = algorithm == "CRC64NVME";
        let composite = !crc64 && new.facts.sum_type.as_deref() != Some(ChecksumType::FULL_OBJECT);
        let mut hasher = ChecksumHasher::default();
        also(&mut hasher, Some(&algorithm));
        if composite {
            for part in parts {
                let sum = only(&part.facts.sums).ok_or_else(|| s3_error!(InvalidPart, "a part has no checksum"))?;
                hasher.update(&BASE64_STANDARD.decode(sum).map_err(internal)?);
            }
        } else {
            let mut bytes = again(self, new, 0..new.size);
            while let Some(piece) = bytes.next().await {
                hasher.update(&piece.map_err(unreadable)?);
            }
        }
        let computed = hasher.finalize();
        let mut sums = if composite {
            let count = |sum: Option<String>| sum.map(|sum| format!("{sum}-{}", parts.len()));
            let Checksum { checksum_crc32, checksum_crc32c, checksum_sha1, checksum_sha256, .. } = computed;
            Sums {
                crc32: count(checksum_crc32),
                crc32c: count(checksum_crc32c),
                sha1: count(checksum_sha1),
                sha256: count(checksum_sha256),
                crc64nvme: None,
            }
        } else {
            check_sums(wanted, &computed, None, None, [0; 16])?
        };
        std::mem::swap(&mut new.facts.sums, &mut sums);
        new.facts.sum_type =
            Some(if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT }.to_owned());
        Ok(())
    }

    pub(super) fn abort(&self, input: &AbortMultipartUploadInput) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let parts = self.database.write(|c| {
            let parts = index::parts(c, &upload.id)?;
            index::end_upload(c, &upload.id)?;
            Ok::<_, rusqlite::Error>(parts)
        });
        let blobs: Vec<Blob> = parts.map_err(internal)?.into_iter().map(|part| part.blob).collect();
        self.blobs.remove(&blobs);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    pub(super) fn list_parts_of(&self, input: ListPartsInput) -> S3Result<S3Response<ListPartsOutput>> {
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let parts = self.database.read(|c| index::parts(c, &upload.id)).map_err(internal)?;
        let parts = parts.into_iter().map(|part| PartEntry {
            part_number: Some(part.number),
            e_tag: Some(ETag::Strong(part.facts.etag)),
            last_modified: Some(timestamp(part.modified_ms)),
            size: Some(length(part.blob.size)),
            checksum_crc32: part.facts.sums.crc32,
            checksum_crc32c: part.facts.sums.crc32c,
            checksum_crc64nvme: part.facts.sums.crc64nvme,
            checksum_sha1: part.facts.sums.sha1,
            checksum_sha256: part.facts.sums.sha256,
        });
        Ok(S3Response::new(ListPartsOutput {
            parts: Some(parts.collect()),
            is_truncated: Some(false),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            ..Default::default()
        }))
    }

    pub(super) fn list_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        self.known_bucket(&input.bucket)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let uploads = self.database.read(|c| index::uploads(c, &input.bucket)).map_err(internal)?;
        let uploads =
            uploads.into_iter().filter(|upload| upload.key.starts_with(&prefix)).map(|upload| MultipartUpload {
                key: Some(upload.key),
                upload_id: Some(upload.id),
                initiated: Some(timestamp(upload.started_ms)),
                ..Default::default()
            });
        Ok(S3Response::new(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            is_truncated: Some(false),
            bucket: Some(input.bucket),
            prefix: input.prefix,
            ..Default::default()
        }))
    }
}

/// The parts that the caller named, in its order, which must rise.
fn chosen(named: &[CompletedPart], kept: &[Part]) -> S3Result<Vec<Part>> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML));
    }
    let mut parts: Vec<Part> = Vec::with_capacity(named.len());
    for part in named {
        let number = part.part_number.unwrap_or_default();
        if parts.last().is_some_and(|last| last.number >= number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let found = kept.iter().find(|kept| kept.number == number);
        let found = found.filter(|kept| part.e_tag.as_ref().is_none_or(|etag| etag.value() == kept.facts.etag));
        let found =
            found.ok_or_else(|| s3_error!(InvalidPart, "One or more of the specified parts could not be found."))?;
        parts.push(found.clone());
    }
    let (_, all_but_last) = parts.split_last().map_or((None, &[][..]), |(last, rest)| (Some(last), rest));
    if all_but_last.iter().any(|part| part.blob.size < SMALLEST_PART) {
        return Err(s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size"));
    }
    Ok(parts)
}

/// MD5 of the parts' MD5s, and how many they were.
fn whole_etag(parts: &[Part]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        let etag = &part.facts.etag;
        let bytes: Vec<u8> =
            (0..etag.len() / 2).filter_map(|at| u8::from_str_radix(&etag[2 * at..2 * at + 2], 16).ok()).collect();
        md5.update(&bytes);
    }
    format!("{}-{}", hex(&md5.finalize()), parts.len())
}

/// Adds the algorithm that an upload announced.
fn also(hasher: &mut ChecksumHasher, algorithm: Option<&str>) {
    match algorithm {
        Some("CRC32") => hasher.crc32 = Some(s3s::crypto::Checksum::new()),
        Some("CRC32C") => hasher.crc32c = Some(s3s::crypto::Checksum::new()),
        Some("SHA1") => hasher.sha1 = Some(s3s::crypto::Checksum::new()),
        Some("SHA256") => hasher.sha256 = Some(s3s::crypto::Checksum::new()),
        Some("CRC64NVME") => hasher.crc64nvme = Some(s3s::crypto::Checksum::new()),
        _ => {}
    }
}

fn only(sums: &Sums) -> Option<&String> {
    [&sums.crc32, &sums.crc32c, &sums.sha1, &sums.sha256, &sums.crc64nvme].into_iter().find_map(Option::as_ref)
}
