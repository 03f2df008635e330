//! S3: versions, ranges, listings, multipart, presigned addresses, prefixes of customers, events, locks, restart.

use std::time::Duration;

use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use jiff::fmt::rfc2822::DateTimeParser;
use local::Deployed;
use local::cloud::s3::AccessKey;
use local::triggers::{QueueMapping, Triggers};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{cloud, root_s3, s3, send, soon};

async fn put(client: &aws_sdk_s3::Client, bucket: &str, key: &str, body: &str) -> String {
    let put = client.put_object().bucket(bucket).key(key).body(ByteStream::from(body.as_bytes().to_vec()));
    put.send().await.expect("a put").version_id().expect("every bucket keeps versions").to_owned()
}

async fn body(client: &aws_sdk_s3::Client, bucket: &str, key: &str, version: Option<&str>) -> String {
    let got = client.get_object().bucket(bucket).key(key).set_version_id(version.map(str::to_owned)).send().await;
    String::from_utf8(got.expect("a get").body.collect().await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn versions_are_kept_read_hidden_and_deleted() {
    let cloud = cloud(None).await;
    let client = root_s3(&cloud);
    let first = put(&client, "exports", "a/健診.csv", "one").await;
    let second = put(&client, "exports", "a/健診.csv", "two").await;
    assert_eq!(body(&client, "exports", "a/健診.csv", None).await, "two");
    assert_eq!(body(&client, "exports", "a/健診.csv", Some(&first)).await, "one");

    let range = client.get_object().bucket("exports").key("a/健診.csv").range("bytes=1-").send().await.unwrap();
    assert_eq!(range.content_range(), Some("bytes 1-2/3"));
    assert_eq!(range.body.collect().await.unwrap().to_vec(), b"wo");

    let hidden = client.delete_object().bucket("exports").key("a/健診.csv").send().await.unwrap();
    assert_eq!(hidden.delete_marker(), Some(true));
    let gone = client.get_object().bucket("exports").key("a/健診.csv").send().await.expect_err("it is hidden");
    assert_eq!(gone.code(), Some("NoSuchKey"));
    let listed = client.list_object_versions().bucket("exports").prefix("a/").send().await.unwrap();
    let ids: Vec<_> = listed.versions().iter().map(|version| version.version_id().unwrap()).collect();
    assert_eq!(ids, [second.as_str(), first.as_str()], "newest first");
    assert_eq!(listed.delete_markers().len(), 1);

    let object = |id: &str| ObjectIdentifier::builder().key("a/健診.csv").version_id(id).build().unwrap();
    let all = [object(&first), object(&second), object(hidden.version_id().unwrap())];
    let all = Delete::builder().set_objects(Some(all.to_vec())).build().unwrap();
    let deleted = client.delete_objects().bucket("exports").delete(all).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 3);
    let left = client.list_object_versions().bucket("exports").send().await.unwrap();
    assert!(left.versions().is_empty() && left.delete_markers().is_empty(), "a purge should leave nothing: {left:?}");
}

#[tokio::test]
async fn listings_have_pages_and_common_prefixes() {
    let cloud = cloud(None).await;
    let client = root_s3(&cloud);
    for key in ["t1/a", "t1/b", "t2/x/1", "t2/x/2", "t2/y", "z"] {
        put(&client, "exports", key, key).await;
    }
    let top = client.list_objects_v2().bucket("exports").delimiter("/").send().await.unwrap();
    let prefixes: Vec<_> = top.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap()).collect();
    assert_eq!(prefixes, ["t1/", "t2/"]);
    assert_eq!(top.contents()[0].key(), Some("z"));

    let mut pages = client.list_objects_v2().bucket("exports").max_keys(2).into_paginator().send();
    let (mut keys, mut count) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        keys.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
        count += 1;
    }
    assert_eq!((keys.join(" "), count), ("t1/a t1/b t2/x/1 t2/x/2 t2/y z".to_owned(), 3));

    let first = client.list_objects_v2().bucket("exports").delimiter("/").max_keys(1).send().await.unwrap();
    let token = first.next_continuation_token().unwrap();
    let second =
        client.list_objects_v2().bucket("exports").delimiter("/").continuation_token(token).send().await.unwrap();
    assert_eq!(second.common_prefixes()[0].prefix(), Some("t2/"), "a page begins after the prefix before it");
    let old = client.list_objects().bucket("exports").prefix("t2/").delimiter("/").send().await.unwrap();
    assert_eq!(old.common_prefixes()[0].prefix(), Some("t2/x/"));
}

#[tokio::test]
async fn a_multipart_upload_becomes_one_object_and_is_copied() {
    let cloud = cloud(None).await;
    let client = root_s3(&cloud);
    let started = client.create_multipart_upload().bucket("exports").key("big").content_type("text/csv").send().await;
    let upload = started.unwrap().upload_id().unwrap().to_owned();
    let parts = [vec![b'a'; 5 * 1024 * 1024], vec![b'b'; 1000]];
    let mut done = Vec::new();
    for (number, part) in (1..).zip(&parts) {
        let sent = client.upload_part().bucket("exports").key("big").upload_id(&upload).part_number(number);
        let sent = sent.body(ByteStream::from(part.clone())).send().await.unwrap();
        let part = CompletedPart::builder().part_number(number).e_tag(sent.e_tag().unwrap());
        done.push(part.set_checksum_crc32(sent.checksum_crc32().map(str::to_owned)).build());
    }
    let uploads = client.list_multipart_uploads().bucket("exports").send().await.unwrap();
    assert_eq!(uploads.uploads().len(), 1);
    let done = CompletedMultipartUpload::builder().set_parts(Some(done)).build();
    let complete = client.complete_multipart_upload().bucket("exports").key("big").upload_id(&upload);
    let complete = complete.multipart_upload(done).send().await.unwrap();
    assert!(complete.e_tag().unwrap().contains("-2"), "{complete:?}");

    let copy = client.copy_object().bucket("exports").key("copy").copy_source("exports/big").send().await;
    copy.expect("a copy");
    let edge = format!("bytes={}-{}", 5 * 1024 * 1024 - 2, 5 * 1024 * 1024 + 1);
    for key in ["big", "copy"] {
        let head = client.head_object().bucket("exports").key(key).send().await.unwrap();
        assert_eq!((head.content_length(), head.content_type()), (Some(5 * 1024 * 1024 + 1000), Some("text/csv")));
        let got = client.get_object().bucket("exports").key(key).range(&edge).send().await.unwrap();
        assert_eq!(got.body.collect().await.unwrap().to_vec(), b"aabb", "{key}");
    }
    let uploads = client.list_multipart_uploads().bucket("exports").send().await.unwrap();
    assert!(uploads.uploads().is_empty());
}

#[tokio::test]
async fn a_presigned_address_works_for_its_key_until_its_time_by_the_clouds_clock() {
    let cloud = cloud(None).await;
    let client = root_s3(&cloud);
    let minutes =
        |minutes| PresigningConfig::builder().start_time(cloud.clock().now()).expires_in(Duration::from_mins(minutes));
    let put = client.put_object().bucket("imports").key("t1/api/employees/1.csv").content_type("text/csv");
    let address = put.presigned(minutes(15).build().unwrap()).await.unwrap();
    let headers: Vec<_> = address.headers().collect();

    let sent = send("PUT", address.uri(), &headers, "番号\n0001\n").await;
    assert_eq!(sent.status, 200, "{}", String::from_utf8_lossy(&sent.body));
    assert_eq!(body(&client, "imports", "t1/api/employees/1.csv", None).await, "番号\n0001\n");

    let elsewhere = address.uri().replace("/1.csv", "/2.csv");
    assert_eq!(send("PUT", &elsewhere, &headers, "x").await.status, 403, "the key is signed");
    assert_eq!(send("PUT", address.uri(), &[("content-type", "text/html")], "x").await.status, 403, "so is the type");

    cloud.clock().set_offset(16 * 60);
    let late = send("PUT", address.uri(), &headers, "x").await;
    assert_eq!(late.status, 403);
    assert!(String::from_utf8_lossy(&late.body).contains("expired"), "{}", String::from_utf8_lossy(&late.body));
    cloud.clock().set_offset(40 * 24 * 60 * 60);
    let again =
        client.get_object().bucket("imports").key("t1/api/employees/1.csv").presigned(minutes(1).build().unwrap());
    let good = send("GET", again.await.unwrap().uri(), &[], "").await;
    assert_eq!(good.status, 200, "signed by the moved clock");
    let date = DateTimeParser::new().parse_timestamp(good.headers["date"].as_bytes()).unwrap();
    let apart = cloud.clock().timestamp().duration_since(date).unsigned_abs();
    assert!(apart < Duration::from_mins(1), "clients correct their clock by {date}");
}

#[tokio::test]
async fn a_customers_key_reaches_its_prefix_and_nothing_else() {
    let cloud = cloud(None).await;
    let key = AccessKey {
        id: "CUSTOMER1".into(),
        secret: "secret".into(),
        bucket: "imports".into(),
        put: vec!["t1/drop/employees/".into()],
        list: vec!["t1/drop/".into()],
        get: vec![],
        principal: None,
        session: None,
    };
    cloud.s3().put_access_key(&key).unwrap();
    let customer = s3(&cloud, Credentials::new("CUSTOMER1", "secret", None, None, "test"));
    put(&customer, "imports", "t1/drop/employees/a.csv", "ok").await;
    let listed = customer.list_objects_v2().bucket("imports").prefix("t1/drop/").send().await.unwrap();
    assert_eq!(listed.contents().len(), 1);

    let denied = |code: Option<&str>| assert_eq!(code, Some("AccessDenied"));
    for (bucket, key) in [
        ("imports", "t1/drop/accounts/a.csv"),
        ("imports", "t2/drop/employees/a.csv"),
        ("exports", "t1/drop/employees/a"),
    ] {
        let put = customer.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x")).send().await;
        denied(put.expect_err("outside of its prefix").code());
    }
    denied(customer.get_object().bucket("imports").key("t1/drop/employees/a.csv").send().await.unwrap_err().code());
    denied(customer.delete_object().bucket("imports").key("t1/drop/employees/a.csv").send().await.unwrap_err().code());
    denied(customer.list_objects_v2().bucket("imports").send().await.unwrap_err().code());
    denied(customer.list_objects_v2().bucket("imports").prefix("t2/").send().await.unwrap_err().code());
    let copy = customer.copy_object().bucket("imports").key("t1/drop/employees/b.csv").copy_source("imports/t2/secret");
    denied(copy.send().await.unwrap_err().code());
    denied(customer.list_buckets().send().await.unwrap_err().code());

    let forged = s3(&cloud, Credentials::new("CUSTOMER1", "guessed", None, None, "test"));
    let put = forged.put_object().bucket("imports").key("t1/drop/employees/a.csv").body(ByteStream::from_static(b"x"));
    assert_eq!(put.send().await.unwrap_err().code(), Some("SignatureDoesNotMatch"));
    let unsigned = send("GET", &format!("{}/imports/t1/drop/employees/a.csv", cloud.endpoints().s3), &[], "").await;
    assert_eq!(unsigned.status, 403);
    cloud.s3().remove_access_key("CUSTOMER1").unwrap();
    let put =
        customer.put_object().bucket("imports").key("t1/drop/employees/a.csv").body(ByteStream::from_static(b"x"));
    assert_eq!(put.send().await.unwrap_err().code(), Some("InvalidAccessKeyId"));
}

#[tokio::test]
async fn a_locked_bucket_keeps_every_version() {
    let cloud = cloud(None).await;
    let client = root_s3(&cloud);
    let version = put(&client, "ledger", "shreds/1", "t1").await;
    let refused = client.delete_object().bucket("ledger").key("shreds/1").version_id(&version).send().await;
    assert_eq!(refused.expect_err("it is locked").code(), Some("AccessDenied"));
    put(&client, "ledger", "shreds/1", "other").await;
    assert_eq!(body(&client, "ledger", "shreds/1", Some(&version)).await, "t1", "a put only adds a version");
    let wrong = client.put_object().bucket("ledger").key("x").content_md5("AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(wrong.body(ByteStream::from_static(b"x")).send().await.unwrap_err().code(), Some("BadDigest"));
    let new_only = client.put_object().bucket("ledger").key("shreds/1").if_none_match("*");
    let refused = new_only.body(ByteStream::from_static(b"x")).send().await.expect_err("it exists");
    assert_eq!(refused.code(), Some("PreconditionFailed"));
}

#[tokio::test]
async fn an_upload_that_was_acknowledged_is_announced_even_after_the_process_died() {
    let directory = tempfile::tempdir().unwrap();
    let (version, root) = {
        let cloud = cloud(Some(directory.path())).await;
        let version = put(&root_s3(&cloud), "imports", "t1/drop/employees/社員 名簿+1.csv", "番号").await;
        (version, cloud.root().id.clone())
        // Nobody has taken the message: the cloud is dropped as it stands.
    };
    // What a crash leaves of an upload that was under way.
    let stray = directory.path().join("s3/blobs/0000.incoming");
    std::fs::write(&stray, "half").unwrap();

    let cloud = cloud(Some(directory.path())).await;
    assert_eq!(cloud.root().id, root, "keys should outlive a restart");
    assert!(!stray.exists(), "unfinished uploads should be swept");
    let (sender, mut events) = mpsc::unbounded_channel();
    let import = move |event: Value, _| {
        sender.send(event).unwrap();
        async { Ok(json!({ "batchItemFailures": [] })) }
    };
    let import = Deployed::new("csv-import", Duration::from_secs(10), import);
    let _triggers = Triggers::start(&cloud, [QueueMapping::new("drops", import)], []);
    let event = soon("the upload's message", events.recv()).await;
    let message = &event["Records"][0];
    assert_eq!(message["eventSource"], "aws:sqs");
    let inner: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    let record = &inner["Records"][0];
    assert_eq!(record["eventName"], "ObjectCreated:Put");
    assert_eq!(record["s3"]["bucket"]["name"], "imports");
    let object = &record["s3"]["object"];
    assert_eq!(object["key"], "t1/drop/employees/%E7%A4%BE%E5%93%A1+%E5%90%8D%E7%B0%BF%2B1.csv");
    assert_eq!(object["versionId"], version);
    assert_eq!(object["size"], "番号".len());
    assert!(object["sequencer"].as_str().unwrap().len() >= 16);
    let key = "t1/drop/employees/社員 名簿+1.csv";
    assert_eq!(body(&root_s3(&cloud), "imports", key, Some(&version)).await, "番号");
}
