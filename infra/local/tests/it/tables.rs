//! `DynamoDB`: keys, transactions, units, streams, restart.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use local::Deployed;
use local::triggers::{Filter, StreamMapping, Triggers};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{cloud, dynamodb, soon};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn put(client: &aws_sdk_dynamodb::Client, pk: &str, note: &str) {
    let put =
        client.put_item().table_name("records").item("pk", text(pk)).item("sk", text("A")).item("note", text(note));
    put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.expect("a put");
}

/// A function that passes its events on.
fn collector(name: &str) -> (Deployed, mpsc::UnboundedReceiver<Value>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let function = move |event: Value, _| {
        let sent = sender.send(event);
        async move { sent.map(|()| json!({})).map_err(|error| error.to_string()) }
    };
    (Deployed::new(name, Duration::from_secs(10), function), receiver)
}

#[tokio::test]
async fn transactions_and_the_index_work_and_units_are_counted() {
    let cloud = cloud(None).await;
    let client = dynamodb(&cloud);
    let item = |pk: &str| {
        let put = Put::builder()
            .table_name("records")
            .item("pk", text(pk))
            .item("sk", text("A"))
            .item("gsi1pk", text("T#a#STATE"))
            .item("gsi1sk", text(pk))
            .condition_expression("attribute_not_exists(pk)");
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    let write = |items: Vec<TransactWriteItem>| {
        client
            .transact_write_items()
            .set_transact_items(Some(items))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
    };
    write(vec![item("T#a#1"), item("T#a#2")]).await.expect("both are new");
    let refused = write(vec![item("T#a#3"), item("T#a#1")]).await.expect_err("one is there already");
    assert!(refused.as_service_error().unwrap().is_transaction_canceled_exception(), "{refused:?}");

    let found = client
        .query()
        .table_name("records")
        .index_name("gsi1")
        .key_condition_expression("gsi1pk = :p")
        .expression_attribute_values(":p", text("T#a#STATE"))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert_eq!(found.count(), 2, "the transaction that was refused should have written nothing");

    let counters = cloud.counters();
    let writes = counters.of("dynamodb", "TransactWriteItems");
    assert_eq!((writes.calls, writes.errors), (2, 1));
    assert!(writes.write_units >= 4.0, "a transaction costs double: {writes:?}");
    assert!(counters.of("dynamodb", "Query").read_units > 0.0);
}

#[tokio::test]
async fn a_stream_hands_on_changes_with_both_images_and_only_what_its_filter_wants() {
    let cloud = cloud(None).await;
    let (function, mut events) = collector("rollup");
    let only = Filter::parse([r#"{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"T#a#EMP"}]}}}}"#]).unwrap();
    let _triggers = Triggers::start(&cloud, [], [StreamMapping::new("records", function).batch_size(1).filter(only)]);
    let client = dynamodb(&cloud);
    put(&client, "T#a#OTHER#1", "not wanted").await;
    put(&client, "T#a#EMP#1", "first").await;
    put(&client, "T#a#EMP#1", "second").await;
    let delete = client.delete_item().table_name("records").key("pk", text("T#a#EMP#1")).key("sk", text("A"));
    delete.send().await.unwrap();

    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = soon("a change", events.recv()).await;
        let record = &event["Records"][0];
        assert_eq!(record["eventSource"], "aws:dynamodb");
        assert_eq!(record["awsRegion"], local::REGION);
        assert!(record["eventSourceARN"].as_str().unwrap().contains(":table/records/stream/"), "{record}");
        assert_eq!(record["dynamodb"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
        let note = |image: &str| record["dynamodb"][image]["note"]["S"].as_str().map(str::to_owned);
        seen.push((record["eventName"].as_str().unwrap().to_owned(), note("OldImage"), note("NewImage")));
    }
    let note = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [
            ("INSERT".to_owned(), None, note("first")),
            ("MODIFY".to_owned(), note("first"), note("second")),
            ("REMOVE".to_owned(), note("second"), None),
        ]
    );
}

#[tokio::test]
async fn changes_that_no_function_took_are_delivered_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    {
        let cloud = cloud(Some(directory.path())).await;
        let (function, mut events) = collector("rollup");
        let triggers = Triggers::start(&cloud, [], [StreamMapping::new("records", function)]);
        put(&dynamodb(&cloud), "T#a#1", "taken").await;
        soon("the first change", events.recv()).await;
        drop(triggers);
        put(&dynamodb(&cloud), "T#a#2", "missed").await;
        // Nobody shuts anything down: the cloud is dropped as it stands.
    }
    let cloud = cloud(Some(directory.path())).await;
    let (function, mut events) = collector("rollup");
    let _triggers = Triggers::start(&cloud, [], [StreamMapping::new("records", function)]);
    let mut notes: Vec<String> = Vec::new();
    while !notes.iter().any(|note| note == "missed") {
        let event = soon("the missed change", events.recv()).await;
        let records = event["Records"].as_array().unwrap().iter();
        notes.extend(records.map(|record| record["dynamodb"]["NewImage"]["note"]["S"].as_str().unwrap().to_owned()));
    }
    let kept = dynamodb(&cloud).get_item().table_name("records").key("pk", text("T#a#1")).key("sk", text("A"));
    assert!(kept.send().await.unwrap().item().is_some(), "the item should have outlived the restart");
}

#[tokio::test]
async fn a_batch_is_tried_again_from_the_change_that_failed() {
    let cloud = cloud(None).await;
    let client = dynamodb(&cloud);
    for number in 1..=3 {
        put(&client, &format!("T#a#{number}"), &number.to_string()).await;
    }
    let (sender, mut events) = mpsc::unbounded_channel();
    let function = move |event: Value, _| {
        let records = event["Records"].as_array().unwrap().clone();
        sender.send(records.len()).unwrap();
        // Refuses the second change while the batch is still whole.
        let answer = if records.len() == 3 {
            json!({ "batchItemFailures": [{ "itemIdentifier": records[1]["dynamodb"]["SequenceNumber"] }] })
        } else {
            json!({})
        };
        async move { Ok(answer) }
    };
    let function = Deployed::new("rollup", Duration::from_secs(10), function);
    let _triggers = Triggers::start(&cloud, [], [StreamMapping::new("records", function)]);
    assert_eq!(soon("the batch", events.recv()).await, 3);
    assert_eq!(soon("what was left of it", events.recv()).await, 2);
}
