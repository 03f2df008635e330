//! The shred ledger: an object-locked bucket with one small object per shredded tenant and purpose, which no restore can
//! bring back to life. The vault asks it before it trusts the keys table, because that table could return from its
//! point-in-time recovery with keys that were deleted.
//!
//! Two requests are all it needs, so they are signed here by hand: `aws-sdk-s3` would add its megabytes to every function
//! that opens a value (figures in `docs/decisions/0002-envelope-format.md`). Connections, retries and timeouts are the
//! SDK's own.
//!
//! It fails closed. "Not shredded" is only what S3 itself says in so many words: 404 with the code `NoSuchKey` and no
//! delete marker. No bucket, no permission, no answer: [`Error::Unavailable`].

use std::{fmt, time::Duration};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_lc_rs::digest;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::{
    body::SdkBody, error::display::DisplayErrorContext, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_types::{SdkConfig, sdk_config::SharedTimeSource, service_config::ServiceConfigKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    ids::{PurgeId, TenantId},
    time::Jst,
};
use serde::{Deserialize, Serialize};

use crate::{error::Error, purpose::Purpose, tenant_key};

const SERVICE: &str = "shred ledger";
/// Answers that may be different a moment later. 409: two wrote the same entry at once.
const PASSING: &[u16] = &[409, 429, 500, 502, 503, 504];

/// The shred ledger (鍵破棄台帳). Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    operation: Operation<HttpRequest, Answer, Passing>,
    credentials: Option<SharedCredentialsProvider>,
    clock: SharedTimeSource,
    region: String,
    /// What comes before an object's key in its address.
    base: String,
}

/// One entry of the ledger: ids only. It is the shredded key's death certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose keys they were, as keys spell it.
    pub tenant: String,
    /// What they were for.
    pub purpose: String,
    /// The versions that existed.
    pub versions: Vec<u32>,
    /// When the ledger learnt of it; the keys table can bring the keys back for 7 more days.
    pub shredded_at: Jst,
    /// The run of the purge that did it.
    pub run: PurgeId,
}

/// What the bucket answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    delete_marker: bool,
    body: Vec<u8>,
}

/// An answer that is worth another try.
#[derive(Debug, thiserror::Error)]
#[error("status {0}")]
struct Passing(u16);

impl Ledger {
    /// The ledger in `bucket`, with the credentials, region, client and endpoint override (`AWS_ENDPOINT_URL_S3`,
    /// `AWS_ENDPOINT_URL`) of `config`.
    pub fn new(config: &SdkConfig, bucket: &str) -> Result<Self, Error> {
        let region = config.region().ok_or_else(|| Error::internal("no region is configured"))?.to_string();
        let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let of_service = key.ok().and_then(|key| config.service_config()?.load_config(key));
        let base = match of_service.as_deref().or(config.endpoint_url()) {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{region}.amazonaws.com"),
        };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .operation_timeout(Duration::from_secs(5));
        let mut operation = Operation::builder()
            .service_name("s3")
            .operation_name("ShredLedger")
            .endpoint_url(&base)
            .no_auth()
            .standard_retry(&RetryConfig::standard().with_max_attempts(3))
            .retry_classifier(HttpStatusCodeClassifier::new_from_codes(PASSING))
            .retry_classifier(TransientErrorClassifier::<Passing>::new())
            .timeout_config(timeouts.build());
        if let Some(client) = config.http_client() {
            operation = operation.http_client(client);
        }
        if let Some(sleep) = config.sleep_impl() {
            operation = operation.sleep_impl(sleep);
        }
        let operation = operation.serializer(Ok).deserializer(Answer::of).build();
        let clock = config.time_source().unwrap_or_default();
        Ok(Self { operation, credentials: config.credentials_provider(), clock, region, base })
    }

    /// Whether the keys of `tenant` for `purpose` have been shredded.
    pub(crate) async fn is_shredded(&self, tenant: TenantId, purpose: Purpose) -> Result<bool, Error> {
        let answer = self.call("GET", tenant, purpose, Vec::new()).await?;
        match answer.status {
            200 => Ok(true),
            // Somebody hid the entry. It is still there underneath, and it still counts.
            404 if answer.delete_marker => Ok(true),
            404 if answer.code() == Some("NoSuchKey") => Ok(false),
            _ => Err(answer.unexpected()),
        }
    }

    /// The entry of `tenant` for `purpose`, if there is one.
    pub async fn find(&self, tenant: TenantId, purpose: Purpose) -> Result<Option<Entry>, Error> {
        let answer = self.call("GET", tenant, purpose, Vec::new()).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).map(Some).map_err(Error::internal),
            404 if !answer.delete_marker && answer.code() == Some("NoSuchKey") => Ok(None),
            _ => Err(answer.unexpected()),
        }
    }

    /// Enters `entry`, unless there is one: the first stands. Answers the entry that stands.
    pub(crate) async fn enter(&self, tenant: TenantId, purpose: Purpose, entry: Entry) -> Result<Entry, Error> {
        let body = serde_json::to_vec(&entry).map_err(Error::internal)?;
        let answer = self.call("PUT", tenant, purpose, body).await?;
        match answer.status {
            200 => Ok(entry),
            412 => self.find(tenant, purpose).await?.ok_or_else(|| answer.unexpected()),
            _ => Err(answer.unexpected()),
        }
    }

    async fn call(
        &self,
        method: &'static str,
        tenant: TenantId,
        purpose: Purpose,
        body: Vec<u8>,
    ) -> Result<Answer, Error> {
        let request = self.request(method, &format!("/shredded/{}/{purpose}", tenant_key(tenant)), body).await?;
        self.operation.invoke(request).await.map_err(|error| Error::unavailable(SERVICE, DisplayErrorContext(&error)))
    }

    /// A signed request for the object at `path`. Retries send it again as it is: its signature holds for 15 minutes.
    async fn request(&self, method: &'static str, path: &str, body: Vec<u8>) -> Result<HttpRequest, Error> {
        let provider = self.credentials.as_ref().ok_or_else(|| Error::internal("no credentials are configured"))?;
        let credentials = provider.provide_credentials().await;
        let identity =
            credentials.map_err(|error| Error::unavailable("credentials", DisplayErrorContext(&error)))?.into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(self.clock.now())
            .settings(settings)
            .build()
            .map_err(Error::internal)?
            .into();
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if method == "PUT" {
            // Never over an entry; and S3 takes nothing into an object-locked bucket without a checksum.
            let checksum = STANDARD.encode(digest::digest(&digest::SHA256, &body));
            request = request.header("if-none-match", "*").header("x-amz-checksum-sha256", checksum);
            request = request.header("content-type", "application/json");
        }
        let mut request = request.body(()).map_err(Error::internal)?;
        let headers: Vec<_> =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        let uri = request.uri().to_string();
        let signable = SignableRequest::new(method, uri, headers.into_iter(), SignableBody::Bytes(&body));
        let signed = sign(signable.map_err(Error::internal)?, &parameters).map_err(Error::internal)?;
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        // The operation puts the base in front.
        let path = http::Uri::try_from(path).map_err(Error::internal)?;
        *request.uri_mut() = path;
        HttpRequest::try_from(request.map(|()| SdkBody::from(body))).map_err(Error::internal)
    }
}

impl Answer {
    fn of(response: &HttpResponse) -> Result<Self, OrchestratorError<Passing>> {
        let status = response.status().as_u16();
        if PASSING.contains(&status) {
            return Err(OrchestratorError::operation(Passing(status)));
        }
        let delete_marker = response.headers().get("x-amz-delete-marker") == Some("true");
        Ok(Self { status, delete_marker, body: response.body().bytes().unwrap_or_default().to_vec() })
    }

    /// The code in S3's XML.
    fn code(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()?.split_once("<Code>")?.1.split_once("</Code>").map(|(code, _)| code)
    }

    fn unexpected(&self) -> Error {
        Error::unavailable(SERVICE, format_args!("status {} {}", self.status, self.code().unwrap_or_default()))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("base", &self.base).finish_non_exhaustive()
    }
}
