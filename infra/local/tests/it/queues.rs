//! SQS: the protocol, partial failures, dead letters, messages in flight when the process dies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::Deployed;
use local::triggers::{QueueMapping, Schedule, Schedules, Triggers};
use serde_json::{Value, json};

use crate::support::{cloud, soon, sqs};

#[tokio::test]
async fn a_message_is_hidden_while_somebody_holds_it_and_comes_back_after_the_process_died() {
    let directory = tempfile::tempdir().unwrap();
    {
        let cloud = cloud(Some(directory.path())).await;
        let client = sqs(&cloud);
        let url = client.get_queue_url().queue_name("jobs").send().await.unwrap().queue_url().unwrap().to_owned();
        assert_eq!(url, cloud.queue_url("jobs"));
        client.send_message().queue_url(&url).message_body("range 1").send().await.unwrap();
        let held = client.receive_message().queue_url(&url).wait_time_seconds(20).send().await.unwrap();
        assert_eq!(held.messages()[0].body(), Some("range 1"));
        let none = client.receive_message().queue_url(&url).send().await.unwrap();
        assert!(none.messages().is_empty(), "it is held");
        assert_eq!(cloud.sqs().depth("jobs").unwrap().hidden, 1);
        let unknown = client.get_queue_url().queue_name("nowhere").send().await.unwrap_err();
        assert!(unknown.as_service_error().unwrap().is_queue_does_not_exist(), "{unknown:?}");
    }
    let cloud = cloud(Some(directory.path())).await;
    let (client, url) = (sqs(&cloud), cloud.queue_url("jobs"));
    let back = client.receive_message().queue_url(&url).send().await.unwrap();
    assert_eq!(back.messages()[0].body(), Some("range 1"));
    let receipt = back.messages()[0].receipt_handle().unwrap();
    client.delete_message().queue_url(&url).receipt_handle(receipt).send().await.unwrap();
    assert_eq!(cloud.sqs().depth("jobs").unwrap().hidden, 0);
}

#[tokio::test]
async fn what_keeps_failing_ends_in_the_dead_letter_queue_and_the_rest_is_done() {
    let cloud = cloud(None).await;
    for body in ["good", "bad", "panic"] {
        cloud.sqs().send("jobs", body).unwrap();
    }
    let seen: Arc<Mutex<BTreeMap<String, u32>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let job = move |event: Value, _| {
        let record = event["Records"][0].clone();
        let body = record["body"].as_str().unwrap().to_owned();
        *noted.lock().unwrap().entry(body.clone()).or_default() += 1;
        async move {
            match body.as_str() {
                "panic" => panic!("a bug"),
                "bad" => Ok(json!({ "batchItemFailures": [{ "itemIdentifier": record["messageId"] }] })),
                _ => Ok(json!({})),
            }
        }
    };
    let job = Deployed::new("csv-import", Duration::from_secs(10), job);
    let mapping = QueueMapping::new("jobs", job).batch_size(1).retry_after(Duration::ZERO);
    let mut changed = cloud.sqs().changed();
    let _triggers = Triggers::start(&cloud, [mapping], []);
    let dead = async {
        while cloud.sqs().depth("jobs-dead").unwrap().waiting < 2 {
            changed.changed().await.ok()?;
        }
        Some(())
    };
    soon("two dead letters", dead).await;
    let expected = [("bad", 2), ("good", 1), ("panic", 2)].map(|(body, times)| (body.to_owned(), times));
    assert_eq!(*seen.lock().unwrap(), BTreeMap::from(expected));
    let left = cloud.sqs().depth("jobs").unwrap();
    assert_eq!((left.waiting, left.hidden), (0, 0));
}

#[tokio::test]
async fn a_schedule_runs_as_of_a_given_day() {
    let function = Deployed::new("purge", Duration::from_secs(10), |event: Value, _| async move { Ok(event) });
    let own = Schedule::new("purge", function.clone());
    let shaped = Schedule::new("drill", function).input(r#"{"at":"<aws.scheduler.scheduled-time>"}"#);
    let schedules = Schedules::new([own, shaped]);
    let at = "2026-12-31T18:00:00Z".parse().unwrap();
    let event = schedules.run("purge", at).await.unwrap().unwrap();
    assert_eq!((&event["detail-type"], &event["time"]), (&json!("Scheduled Event"), &json!("2026-12-31T18:00:00Z")));
    assert_eq!(schedules.run("drill", at).await.unwrap().unwrap(), json!({ "at": "2026-12-31T18:00:00Z" }));
    assert!(schedules.run("nobody", at).await.is_none());
}
