//! Clients for one cloud, and a way to wait for something without sleeping.

use std::time::Duration;

use aws_sdk_s3::config::{Credentials, Region};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use local::cloud::s3::{BucketSpec, RootKey};
use local::cloud::sqs::QueueSpec;
use local::{Cloud, Options};
use serde_json::Value;
use tokio::net::TcpStream;

/// A cloud with what the tests need, in a directory or in memory.
pub(crate) async fn cloud(directory: Option<&std::path::Path>) -> Cloud {
    let options = directory.map_or_else(Options::ephemeral, Options::in_directory);
    Cloud::start(Options {
        buckets: vec![
            BucketSpec::new("imports").notify("drops"),
            BucketSpec::new("exports"),
            BucketSpec::new("ledger").locked(),
        ],
        queues: vec![
            QueueSpec::new("drops").visibility(Duration::from_mins(1)),
            QueueSpec::new("jobs").visibility(Duration::from_mins(1)).dead_letter(2, "jobs-dead"),
            QueueSpec::new("jobs-dead"),
        ],
        ..options
    })
    .await
    .expect("the cloud should start")
}

pub(crate) fn credentials(key: &RootKey) -> Credentials {
    Credentials::new(&key.id, &key.secret, None, None, "test")
}

pub(crate) fn s3(cloud: &Cloud, credentials: Credentials) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .region(Region::from_static(local::REGION))
        .endpoint_url(&cloud.endpoints().s3)
        .credentials_provider(credentials)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

pub(crate) fn root_s3(cloud: &Cloud) -> aws_sdk_s3::Client {
    s3(cloud, credentials(cloud.root()))
}

pub(crate) fn dynamodb(cloud: &Cloud) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::from_static(local::REGION))
        .endpoint_url(&cloud.endpoints().dynamodb)
        .credentials_provider(credentials(cloud.root()))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

pub(crate) fn kms(cloud: &Cloud) -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_kms::config::Region::from_static(local::REGION))
        .endpoint_url(&cloud.endpoints().kms)
        .credentials_provider(credentials(cloud.root()))
        .build();
    aws_sdk_kms::Client::from_conf(config)
}

pub(crate) fn ses(cloud: &Cloud) -> aws_sdk_sesv2::Client {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_sesv2::config::Region::from_static(local::REGION))
        .endpoint_url(&cloud.endpoints().ses)
        .credentials_provider(credentials(cloud.root()))
        .build();
    aws_sdk_sesv2::Client::from_conf(config)
}

pub(crate) fn sqs(cloud: &Cloud) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_sqs::config::Region::from_static(local::REGION))
        .endpoint_url(&cloud.endpoints().sqs)
        .credentials_provider(credentials(cloud.root()))
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

/// Waits for something to happen; three minutes are only reached when something is broken.
pub(crate) async fn soon<T>(what: &str, waiting: impl Future<Output = Option<T>>) -> T {
    match tokio::time::timeout(Duration::from_mins(3), waiting).await {
        Ok(Some(value)) => value,
        Ok(None) => panic!("{what}: the sender is gone"),
        Err(elapsed) => panic!("{what}: did not happen within three minutes: {elapsed}"),
    }
}

/// An HTTP answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: bytes::Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer should be JSON")
    }
}

/// One request over a connection of its own. `url` is absolute.
pub(crate) async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> Answer {
    let uri: http::Uri = url.parse().expect("a url");
    let authority = uri.authority().expect("an absolute url").clone();
    let stream = TcpStream::connect(authority.as_str()).await.expect("somebody should listen");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut request = http::Request::builder().method(method).uri(path).header("host", authority.as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = sender.send_request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}
