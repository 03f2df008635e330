//! Listings: objects (two dialects) and versions, with prefixes, delimiters and pages.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, DeleteMarkerEntry, ETag, EncodingType, ListObjectVersionsInput, ListObjectVersionsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object, ObjectStorageClass,
    ObjectVersion, ObjectVersionStorageClass,
};
use s3s::{S3Response, S3Result, s3_error};

use super::S3Store;
use super::event::url_encoded;
use super::index::{self, Version};
use super::objects::{internal, length, timestamp};

/// A page is this long at most.
const LARGEST_PAGE: i32 = 1000;

/// What to list.
struct Question<'a> {
    bucket: &'a str,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    /// List what comes after this key (and after everything under it, when it is a common prefix).
    after: &'a str,
    /// With `after`, for versions: list what comes after this version of that key.
    after_version: Option<&'a str>,
    limit: usize,
    /// Whether old versions and delete markers count.
    versions: bool,
}

/// A page.
#[derive(Default)]
struct Page {
    /// With whether each is its key's newest.
    items: Vec<(Version, bool)>,
    prefixes: Vec<String>,
    truncated: bool,
    /// The last key or common prefix, and the last version.
    last: String,
    last_version: Option<String>,
}

impl S3Store {
    fn page(&self, question: &Question) -> S3Result<Page> {
        self.known_bucket(question.bucket)?;
        let mut page = Page::default();
        let mut past_marker = question.after_version.is_none();
        let from = if question.after < question.prefix { question.prefix } else { question.after };
        let under_marker = |key: &str| {
            question.delimiter.is_some_and(|delimiter| {
                !delimiter.is_empty()
                    && question.after.ends_with(delimiter)
                    && question.after.len() > question.prefix.len()
                    && key.starts_with(question.after)
            })
        };
        let visit = |version: Version, newest: bool| {
            let key = version.key.as_str();
            if !key.starts_with(question.prefix) {
                return if key > question.prefix { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            if !question.versions && (!newest || version.marker) || under_marker(key) {
                return ControlFlow::Continue(());
            }
            if key == question.after && !question.after.is_empty() {
                if !past_marker {
                    past_marker = question.after_version == Some(version.id.as_str());
                    return ControlFlow::Continue(());
                }
                if question.after_version.is_none() {
                    return ControlFlow::Continue(());
                }
            }
            let rest = &key[question.prefix.len()..];
            let common = question
                .delimiter
                .filter(|delimiter| !delimiter.is_empty())
                .and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()))
                .map(|end| key[..question.prefix.len() + end].to_owned());
            if common.is_some() && common.as_ref() == page.prefixes.last() {
                return ControlFlow::Continue(());
            }
            if page.items.len() + page.prefixes.len() >= question.limit {
                page.truncated = question.limit > 0;
                return ControlFlow::Break(());
            }
            if let Some(common) = common {
                page.last.clone_from(&common);
                page.last_version = None;
                page.prefixes.push(common);
            } else {
                page.last.clone_from(&version.key);
                page.last_version = Some(version.id.clone());
                page.items.push((version, newest));
            }
            ControlFlow::Continue(())
        };
        self.database.read(|c| index::walk(c, question.bucket, from, visit)).map_err(internal)?;
        Ok(page)
    }

    pub(super) fn list_v2(&self, input: ListObjectsV2Input) -> S3Result<S3Response<ListObjectsV2Output>> {
        let after = match &input.continuation_token {
            Some(token) => untoken(token)?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let limit = limit(input.max_keys);
        let page = self.page(&Question {
            bucket: &input.bucket,
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: &after,
            after_version: None,
            limit: usize::try_from(limit).unwrap_or(0),
            versions: false,
        })?;
        let encode = encoder(input.encoding_type.as_ref());
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: Some(i32::try_from(page.items.len() + page.prefixes.len()).unwrap_or(i32::MAX)),
            max_keys: Some(limit),
            is_truncated: Some(page.truncated),
            next_continuation_token: page.truncated.then(|| BASE64_URL_SAFE_NO_PAD.encode(&page.last)),
            contents: Some(page.items.iter().map(|(version, _)| object(version, encode)).collect()),
            common_prefixes: Some(prefixes(&page, encode)),
            prefix: input.prefix.map(|prefix| encode(&prefix)),
            delimiter: input.delimiter.map(|delimiter| encode(&delimiter)),
            start_after: input.start_after.map(|key| encode(&key)),
            name: Some(input.bucket),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    pub(super) fn list_v1(&self, input: ListObjectsInput) -> S3Result<S3Response<ListObjectsOutput>> {
        let limit = limit(input.max_keys);
        let page = self.page(&Question {
            bucket: &input.bucket,
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: input.marker.as_deref().unwrap_or_default(),
            after_version: None,
            limit: usize::try_from(limit).unwrap_or(0),
            versions: false,
        })?;
        let encode = encoder(input.encoding_type.as_ref());
        Ok(S3Response::new(ListObjectsOutput {
            max_keys: Some(limit),
            is_truncated: Some(page.truncated),
            next_marker: page.truncated.then(|| encode(&page.last)),
            contents: Some(page.items.iter().map(|(version, _)| object(version, encode)).collect()),
            common_prefixes: Some(prefixes(&page, encode)),
            prefix: input.prefix.map(|prefix| encode(&prefix)),
            delimiter: input.delimiter.map(|delimiter| encode(&delimiter)),
            marker: input.marker.map(|marker| encode(&marker)),
            name: Some(input.bucket),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    pub(super) fn list_versions(
        &self,
        input: ListObjectVersionsInput,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let limit = limit(input.max_keys);
        let page = self.page(&Question {
            bucket: &input.bucket,
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: input.key_marker.as_deref().unwrap_or_default(),
            after_version: input.version_id_marker.as_deref(),
            limit: usize::try_from(limit).unwrap_or(0),
            versions: true,
        })?;
        let encode = encoder(input.encoding_type.as_ref());
        let (markers, versions): (Vec<_>, Vec<_>) = page.items.iter().partition(|(version, _)| version.marker);
        let versions = versions.into_iter().map(|(version, newest)| ObjectVersion {
            e_tag: Some(ETag::Strong(version.facts.etag.clone())),
            is_latest: Some(*newest),
            key: Some(encode(&version.key)),
            last_modified: Some(timestamp(version.modified_ms)),
            size: Some(length(version.size)),
            storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
            version_id: Some(version.id.clone()),
            ..Default::default()
        });
        let markers = markers.into_iter().map(|(version, newest)| DeleteMarkerEntry {
            is_latest: Some(*newest),
            key: Some(encode(&version.key)),
            last_modified: Some(timestamp(version.modified_ms)),
            version_id: Some(version.id.clone()),
            ..Default::default()
        });
        Ok(S3Response::new(ListObjectVersionsOutput {
            versions: Some(versions.collect()),
            delete_markers: Some(markers.collect()),
            common_prefixes: Some(prefixes(&page, encode)),
            is_truncated: Some(page.truncated),
            next_key_marker: page.truncated.then(|| encode(&page.last)),
            next_version_id_marker: page.last_version.clone().filter(|_| page.truncated),
            max_keys: Some(limit),
            prefix: input.prefix.map(|prefix| encode(&prefix)),
            delimiter: input.delimiter.map(|delimiter| encode(&delimiter)),
            key_marker: input.key_marker.map(|marker| encode(&marker)),
            version_id_marker: input.version_id_marker,
            name: Some(input.bucket),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }
}

fn limit(asked: Option<i32>) -> i32 {
    asked.unwrap_or(LARGEST_PAGE).clamp(0, LARGEST_PAGE)
}

fn untoken(token: &str) -> S3Result<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

fn encoder(encoding: Option<&EncodingType>) -> fn(&str) -> String {
    if encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL) { url_encoded } else { str::to_owned }
}

fn object(version: &Version, encode: fn(&str) -> String) -> Object {
    Object {
        e_tag: Some(ETag::Strong(version.facts.etag.clone())),
        key: Some(encode(&version.key)),
        last_modified: Some(timestamp(version.modified_ms)),
        size: Some(length(version.size)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Default::default()
    }
}

fn prefixes(page: &Page, encode: fn(&str) -> String) -> Vec<CommonPrefix> {
    page.prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(encode(prefix)) }).collect()
}
