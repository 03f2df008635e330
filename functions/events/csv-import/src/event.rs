//! Messages: what S3 says, and what the job tells itself.

use std::net::IpAddr;

use authz::{Denied, Origin};
use domain::{ids::ClientId, time::Jst};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{DroppedFile, Error, ObjectVersion, Task, Upload};

use crate::{Importer, apply, resolve, turn};

/// A batch from the queue.
#[derive(Debug, Deserialize)]
struct Batch {
    #[serde(rename = "Records", default)]
    records: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(rename = "messageId")]
    id: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    #[serde(default)]
    approximate_receive_count: String,
}

/// What S3 sends.
#[derive(Debug, Deserialize)]
struct Notification {
    #[serde(rename = "Records", default)]
    records: Vec<ObjectEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectEvent {
    event_name: String,
    event_time: Jst,
    #[serde(default)]
    user_identity: Principal,
    #[serde(default)]
    request_parameters: Request,
    s3: ObjectPlace,
}

/// Who put the object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Principal {
    #[serde(default)]
    principal_id: String,
}

/// From where.
#[derive(Debug, Default, Deserialize)]
struct Request {
    #[serde(default, rename = "sourceIPAddress")]
    address: String,
}

impl Principal {
    /// The program that it is, if it is a session of the role that programs drop files in: `AWS:<the role's id>:<session name>`.
    fn program(&self, drop_role: &str) -> Option<ClientId> {
        let (role, session) = self.principal_id.strip_prefix("AWS:")?.split_once(':')?;
        session.parse().ok().filter(|_| role == drop_role)
    }
}

#[derive(Debug, Deserialize)]
struct ObjectPlace {
    object: Object,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    #[serde(default)]
    size: u64,
    version_id: Option<String>,
}

/// Deliveries after which a message's import is given up: the queue gives up after five.
const LAST_DELIVERY: u32 = 5;

/// Handles a batch: several messages at a time, and says which ones must come again.
pub async fn handle(importer: &Importer, event: Value) -> Result<Value, Error> {
    let batch: Batch = serde_json::from_value(event)?;
    let outcomes = stream::iter(batch.records)
        .map(|message| async move {
            let outcome = Box::pin(take(importer, &message)).await;
            let last = message.attributes.approximate_receive_count.parse().unwrap_or(0) >= LAST_DELIVERY;
            match outcome {
                Ok(()) => None,
                Err(error) => {
                    tracing::error!(message_id = message.id, last, %error, "a message failed");
                    if last && Box::pin(give_up(importer, &message)).await.is_ok() {
                        return None;
                    }
                    Some(json!({"itemIdentifier": message.id}))
                }
            }
        })
        .buffer_unordered(importer.limits.messages_in_flight);
    let failures: Vec<Value> = outcomes.filter_map(async |failure| failure).collect().await;
    Ok(json!({"batchItemFailures": failures}))
}

async fn take(importer: &Importer, message: &Message) -> Result<(), Error> {
    let origin = Origin { address: None, request_id: message.id.clone() };
    if let Ok(task) = serde_json::from_str::<Task>(&message.body) {
        if !task.is_known() {
            return Err(Error::Internal("a message of another version".to_owned()));
        }
        return match task {
            Task::Turn { tenant, .. } => turn::take(importer, tenant, &origin).await,
            Task::Apply { tenant, import, chunk, .. } => apply::chunk(importer, tenant, import, chunk, &origin).await,
            Task::Resolve { tenant, import, discrepancy, .. } => {
                resolve::row(importer, tenant, import, discrepancy, &origin).await
            }
        };
    }
    // S3 also sends a test event when it is connected, which has no records.
    let notification: Notification = serde_json::from_str(&message.body)?;
    for event in notification.records {
        if event.event_name.starts_with("ObjectCreated:") {
            uploaded(importer, event, &origin).await?;
        }
    }
    Ok(())
}

/// A file is there: its import is found or made, and it may be its turn.
async fn uploaded(importer: &Importer, event: ObjectEvent, origin: &Origin) -> Result<(), Error> {
    let client = event.user_identity.program(&importer.drop_role);
    let Object { key, size, version_id } = event.s3.object;
    let key = unescape(&key);
    let Some(upload) = Upload::of_key(&key) else {
        tracing::info!("an object that is no upload");
        return Ok(());
    };
    let Some(version) = version_id else {
        return Err(Error::Internal("the bucket keeps no versions".to_owned()));
    };
    let object = ObjectVersion { key, version, size };
    let tenant = upload.tenant();
    match upload {
        Upload::Api { import, .. } => {
            let permit = jobs::for_import_intake(tenant, Some(import), origin);
            importer.store.note_upload(&permit, import, &object).await?;
        }
        Upload::Drop { kind, file_name, .. } => {
            let address = event.request_parameters.address.parse::<IpAddr>().ok();
            let origin = &Origin { address, ..origin.clone() };
            let permit = jobs::for_import_intake(tenant, None, origin);
            if !importer.store.has_tenant(&permit).await? {
                return Ok(());
            }
            let Some(kind) = kind else {
                tracing::warn!(%tenant, "a file was dropped where no kind is");
                return Ok(());
            };
            let import = importer.store.drop_id(&permit, &object, event.event_time).await?;
            let refused = match client {
                None => Some("uploader_unknown"),
                Some(client) => {
                    let right = jobs::for_drop(&importer.store, tenant, client, kind, import, origin).await?;
                    right.err().map(|denied| match denied {
                        Denied::Unauthenticated => "uploader_unknown",
                        Denied::AddressNotAllowed => "address_not_allowed",
                        _ => "kind_not_allowed",
                    })
                }
            };
            let drop = DroppedFile { import, kind, client, object: &object, file_name: &file_name, refused };
            importer.store.note_drop(&permit, drop).await?;
        }
    }
    turn::take(importer, tenant, origin).await
}

/// The queue will not deliver this message again: its import has failed, which its owner is to see.
async fn give_up(importer: &Importer, message: &Message) -> Result<(), Error> {
    let Ok(task) = serde_json::from_str::<Task>(&message.body) else { return Err(Error::NotFound) };
    let (tenant, import) = match task {
        Task::Turn { tenant, .. } => (tenant, None),
        Task::Apply { tenant, import, .. } => (tenant, Some(import)),
        // The row waits on, as it is; the dead-letter queue has its alarm.
        Task::Resolve { .. } => return Err(Error::NotFound),
    };
    let origin = Origin { address: None, request_id: message.id.clone() };
    let permit = jobs::for_import_intake(tenant, None, &origin);
    let Some(turn) = importer.store.take_turn(&permit).await? else { return Err(Error::NotFound) };
    let mut unfinished = importer.store.unfinished_imports(&permit).await?;
    // The one that the message is about, or the one whose turn it was.
    let given_up = match import {
        Some(import) => unfinished.iter().position(|stored| stored.record.id == import),
        None => turn::next_of(&unfinished),
    };
    if let Some(index) = given_up {
        let given_up = unfinished.swap_remove(index);
        importer.store.move_import(turn, given_up, |import| turn::fail(import, "gave_up")).await?;
    }
    importer.store.end_turn(turn).await?;
    importer.queue.turn(tenant, 0).await
}

/// A key as S3 escapes it in events: `+` is a space, `%XX` a byte.
fn unescape(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_escaped() {
        assert_eq!(unescape("a/drop/employees/%E7%A4%BE%E5%93%A1+2026%2B.csv"), "a/drop/employees/社員 2026+.csv");
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("%zz"), "%zz");
    }

    #[test]
    fn r11_only_a_session_of_the_role_for_drops_is_a_program() {
        let client = ClientId::from_bytes([1; 16]);
        let program = |principal_id: String| Principal { principal_id }.program("AROADROPS");
        assert_eq!(program(format!("AWS:AROADROPS:{client}")), Some(client));
        for other in [
            String::new(),
            "AWS:AIDAUSER".to_owned(),
            format!("AWS:AROAOTHER:{client}"),
            "AWS:AROADROPS:somebody".to_owned(),
            format!("AROADROPS:{client}"),
        ] {
            assert_eq!(program(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn s3_says_what_this_reads() {
        let body = r#"{"Records":[{"eventVersion":"2.3","eventSource":"aws:s3","awsRegion":"ap-northeast-1","eventTime":"2026-04-01T00:00:00.000Z","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AWS:AROAX:cli_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"},"requestParameters":{"sourceIPAddress":"203.0.113.7"},"s3":{"bucket":{"name":"b"},"object":{"key":"k","size":5,"eTag":"e","versionId":"v","sequencer":"0"}}}]}"#;
        let read: Notification = serde_json::from_str(body).unwrap();
        assert_eq!(read.records[0].s3.object.version_id.as_deref(), Some("v"));
        assert_eq!(read.records[0].request_parameters.address, "203.0.113.7");
        assert_eq!(
            serde_json::from_str::<Notification>(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#)
                .unwrap()
                .records
                .len(),
            0
        );
    }
}
