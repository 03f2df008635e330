//! What S3 tells a queue about a new object: the notification of event version 2.1, keys URL-encoded with `+` for a
//! space.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::REGION;

/// How an object came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Put,
    CompleteMultipartUpload,
    Copy,
}

/// A version that was just created.
pub(super) struct Created<'a> {
    pub(super) cause: Cause,
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) version: &'a str,
    pub(super) size: u64,
    pub(super) etag: &'a str,
    /// Orders the events of one key.
    pub(super) sequence: i64,
    pub(super) at: Timestamp,
    /// As whom it was made.
    pub(super) principal: &'a str,
}

/// The message's body.
pub(super) fn notification(created: &Created) -> Value {
    let name = match created.cause {
        Cause::Put => "ObjectCreated:Put",
        Cause::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
        Cause::Copy => "ObjectCreated:Copy",
    };
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": format!("{:.3}", created.at),
        "eventName": name,
        "userIdentity": { "principalId": format!("AWS:{}", created.principal) },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": {
            "x-amz-request-id": uuid::Uuid::new_v4().simple().to_string()[..16].to_uppercase(),
            "x-amz-id-2": "local",
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": created.bucket,
                "ownerIdentity": { "principalId": "LOCAL" },
                "arn": format!("arn:aws:s3:::{}", created.bucket),
            },
            "object": {
                "key": encoded_key(created.key),
                "size": created.size,
                "eTag": created.etag,
                "versionId": created.version,
                "sequencer": format!("{:018X}", created.sequence),
            },
        },
    }] })
}

/// As in an event: `+` for a space, slashes kept.
pub(super) fn encoded_key(key: &str) -> String {
    url_encoded(key).replace("%20", "+")
}

/// As in a listing with `encoding-type=url`: percent-encoded, slashes kept.
pub(super) fn url_encoded(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_events_have_them() {
        assert_eq!(encoded_key("t/drop/健診 2026+1.csv"), "t/drop/%E5%81%A5%E8%A8%BA+2026%2B1.csv");
    }
}
