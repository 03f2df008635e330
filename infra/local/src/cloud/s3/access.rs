//! Who may do what: functions by their roles, keys held to prefixes for customers' systems, sessions that end, and one root key.

use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::{OPERATION, S3Store};
use crate::clock;
use crate::cloud::iam;

/// How far a request's date may be from now.
const SKEW: Duration = Duration::from_mins(15);

/// A customer's credentials: what a session of a role allows that is narrowed to a prefix, or a key for trying things out that never ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// The only bucket it reaches.
    pub bucket: String,
    /// Prefixes it may put objects under (multipart uploads included).
    pub put: Vec<String>,
    /// Prefixes it may list.
    pub list: Vec<String>,
    /// Prefixes it may read objects under.
    pub get: Vec<String>,
    /// As whom it puts objects, as events have it; as itself, if nobody says.
    #[serde(default)]
    pub principal: Option<String>,
    /// What makes it a session.
    #[serde(default)]
    pub session: Option<Session>,
}

/// What temporary credentials have beside a key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The token that every request must show.
    pub token: String,
    /// When it ends, by the cloud's clock.
    pub expires_ms: i64,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("bucket", &self.bucket)
            .field("put", &self.put)
            .finish_non_exhaustive()
    }
}

impl AccessKey {
    fn allows(&self, operation: &str, path: &S3Path, query: &str) -> bool {
        let (bucket, key) = match path {
            S3Path::Root => return false,
            S3Path::Bucket { bucket } => (bucket, None),
            S3Path::Object { bucket, key } => (bucket, Some(key.as_ref())),
        };
        if **bucket != *self.bucket {
            return false;
        }
        let under = |prefixes: &[String], key: Option<&str>| {
            key.is_some_and(|key| prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())))
        };
        match operation {
            "PutObject"
            | "CreateMultipartUpload"
            | "UploadPart"
            | "CompleteMultipartUpload"
            | "AbortMultipartUpload"
            | "ListParts" => under(&self.put, key),
            "GetObject" | "HeadObject" => under(&self.get, key),
            "ListObjects" | "ListObjectsV2" | "ListMultipartUploads" => {
                under(&self.list, query_value(query, "prefix").as_deref())
            }
            "HeadBucket" | "GetBucketLocation" => true,
            _ => false,
        }
    }
}

/// The action that a request needs, on what. Of many deletions at once each is asked about by itself, once the body is read.
fn asked(operation: &str, path: &S3Path, versioned: bool) -> Vec<iam::Request> {
    let resource = match path {
        S3Path::Root => "*".to_owned(),
        S3Path::Bucket { bucket } => iam::logical(bucket, "Bucket"),
        S3Path::Object { bucket, key } => format!("{}/{key}", iam::logical(bucket, "Bucket")),
    };
    let action = match operation {
        "DeleteObjects" => return Vec::new(),
        "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" | "CopyObject" => "PutObject",
        "GetObject" | "HeadObject" if versioned => "GetObjectVersion",
        "HeadObject" => "GetObject",
        "DeleteObject" if versioned => "DeleteObjectVersion",
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "ListMultipartUploads" => "ListBucketMultipartUploads",
        "ListParts" => "ListMultipartUploadParts",
        other => other,
    };
    vec![iam::Request::new(format!("s3:{action}"), resource)]
}

#[async_trait::async_trait]
impl S3Auth for S3Store {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.root.id || self.iam.as_ref().is_some_and(|iam| iam.knows(access_key)) {
            return Ok(self.root.secret.clone().into());
        }
        match self.access_key(access_key) {
            Some(key) => Ok(key.secret.into()),
            None => Err(s3_error!(InvalidAccessKeyId, "The access key id you provided does not exist in our records.")),
        }
    }
}

#[async_trait::async_trait]
impl S3Access for S3Store {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = cx.s3_op().name();
        let _ = OPERATION.try_with(|noted| operation.clone_into(&mut noted.borrow_mut()));
        let Some(credentials) = cx.credentials() else { return Err(s3_error!(AccessDenied, "Access Denied")) };
        let query = cx.uri().query().unwrap_or_default();
        self.check_time(query, cx)?;
        if credentials.access_key == self.root.id {
            return Ok(());
        }
        if let Some(iam) = self.iam.as_ref().filter(|iam| iam.knows(&credentials.access_key)) {
            let mut asked = asked(operation, cx.s3_path(), query_value(query, "versionId").is_some());
            if let Some(none) = cx.headers().get("if-none-match").and_then(|none| none.to_str().ok()) {
                asked = asked.into_iter().map(|request| request.with("s3:if-none-match", [none])).collect();
            }
            if let Some(prefix) = query_value(query, "prefix") {
                asked = asked.into_iter().map(|request| request.with("s3:prefix", [prefix.clone()])).collect();
            }
            return iam
                .check(Some(&credentials.access_key), &asked)
                .map_err(|refused| s3_error!(AccessDenied, "{refused}"));
        }
        let key = self.access_key(&credentials.access_key);
        if let Some(session) = key.as_ref().and_then(|key| key.session.as_ref()) {
            self.check_session(session, query, cx)?;
        }
        match key {
            Some(key) if key.allows(operation, cx.s3_path(), query) => Ok(()),
            _ => Err(s3_error!(AccessDenied, "Access Denied")),
        }
    }
}

impl S3Store {
    /// Temporary credentials are good with their token, and until they end.
    fn check_session(&self, session: &Session, query: &str, cx: &S3AccessContext<'_>) -> S3Result<()> {
        let header = cx.headers().get("x-amz-security-token").and_then(|token| token.to_str().ok()).map(str::to_owned);
        if header.or_else(|| query_value(query, "X-Amz-Security-Token")).as_ref() != Some(&session.token) {
            return Err(s3_error!(InvalidToken, "The provided token is malformed or otherwise invalid."));
        }
        if self.clock.millis() >= session.expires_ms {
            return Err(s3_error!(ExpiredToken, "The provided token has expired."));
        }
        Ok(())
    }

    /// s3s checks dates against the machine's clock; the dates that matter to a tester move with the cloud's.
    fn check_time(&self, query: &str, cx: &S3AccessContext<'_>) -> S3Result<()> {
        let too_skewed = || {
            s3_error!(
                RequestTimeTooSkewed,
                "The difference between the request time and the current time is too large."
            )
        };
        if query_value(query, "X-Amz-Signature").is_some() {
            let now = self.clock.now();
            let at = query_value(query, "X-Amz-Date").as_deref().and_then(amz_date).ok_or_else(too_skewed)?;
            let expires = query_value(query, "X-Amz-Expires").and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
            if at > now + SKEW {
                return Err(too_skewed());
            }
            if expires > 7 * 24 * 60 * 60 || now > at + Duration::from_secs(expires) {
                return Err(s3_error!(AccessDenied, "Request has expired"));
            }
            return Ok(());
        }
        let date = cx.headers().get("x-amz-date").and_then(|date| date.to_str().ok());
        let Some(at) = date.and_then(amz_date) else {
            return Err(s3_error!(AccessDenied, "AWS4-HMAC-SHA256 with x-amz-date is required"));
        };
        // The AWS CLI signs by the machine's clock, a function may sign by its own.
        let near = |now: SystemTime| at <= now + SKEW && now <= at + SKEW;
        if near(clock::system_now()) || near(self.clock.now()) { Ok(()) } else { Err(too_skewed()) }
    }
}

/// `20261123T010203Z`.
fn amz_date(text: &str) -> Option<SystemTime> {
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()?.try_into().ok()
}

fn query_value(query: &str, name: &str) -> Option<String> {
    crate::gateway::query_pairs(query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
