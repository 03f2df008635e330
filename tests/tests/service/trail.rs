//! The audit trail cannot be tampered with unnoticed: one event that is removed, changed, moved or added is found and named, on the day itself and once the day is
//! sealed; and so is a seal.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::ToSpan as _;
use jiff::civil::Date;
use local::service::TRAIL_BUCKET;
use serde_json::{Value, json};
use tests::{World, anonymous, eventually, logs, run};

const A_DAY: i64 = 86_400;

/// Asks the command whether the trail of these days is whole.
async fn verify(world: &World, from: Date, to: Date) -> Value {
    let body = json!({ "input": { "verify": { "from": from, "to": to } } });
    let answer = anonymous(world).post("/_local/schedules/audit-digest", body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["answer"].clone()
}

/// The same of today, once the stream has brought everything.
async fn verify_today(world: &World) -> Value {
    eventually("everything is copied", async || {
        let found = verify(world, world.today(), world.today()).await;
        (found["days"][0]["not_copied_yet"] == 0).then_some(found)
    })
    .await
}

/// Seals what is over, as at half past midnight.
async fn seal(world: &World) -> Value {
    world.run_schedule("audit-digest", &format!("{}T00:30:00+09:00", world.today())).await
}

/// Leaves a few events in the trail of a tenant; the keys of all that it has today.
async fn leave_events(world: &World) -> Vec<(String, String)> {
    let tenant = world.tenant(0);
    for _ in 0..4 {
        let wrong = tenant.account("nobody-at-all", "Wrong-Password-2026");
        assert_eq!(wrong.sign_in().await.status, 401);
    }
    let mut keys = Vec::new();
    for shard in 0..4 {
        let pk = format!("T#{}#EVENT#{}#{shard}", tenant.id(), world.today());
        let query = world.service().clients().dynamodb.query().table_name("audit").key_condition_expression("pk = :pk");
        let found = query.expression_attribute_values(":pk", text(&pk)).send().await.unwrap();
        keys.extend(found.items().iter().map(|item| (pk.clone(), item["sk"].as_s().unwrap().clone())));
    }
    keys.sort_by(|(_, a), (_, b)| a.cmp(b));
    assert!(keys.len() >= 4, "{keys:?}");
    keys
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

type Item = std::collections::HashMap<String, AttributeValue>;

/// Somebody with every right to the table but none to the key of the MACs.
struct Intruder<'a>(&'a World);

impl Intruder<'_> {
    async fn take(&self, (pk, sk): &(String, String)) -> Item {
        let dynamodb = &self.0.service().clients().dynamodb;
        let get = dynamodb.get_item().table_name("audit").key("pk", text(pk)).key("sk", text(sk));
        get.send().await.unwrap().item.unwrap()
    }

    async fn put(&self, item: Item) {
        let put = self.0.service().clients().dynamodb.put_item().table_name("audit").set_item(Some(item));
        put.send().await.unwrap();
    }

    async fn remove(&self, (pk, sk): &(String, String)) {
        let dynamodb = &self.0.service().clients().dynamodb;
        dynamodb.delete_item().table_name("audit").key("pk", text(pk)).key("sk", text(sk)).send().await.unwrap();
    }

    /// What one event says is said by another.
    async fn change(&self, which: &(String, String), other: &(String, String)) {
        let (mut item, other) = (self.take(which).await, self.take(other).await);
        item.insert("sealed".to_owned(), other["sealed"].clone());
        self.put(item).await;
    }

    /// It happened a second earlier, or later.
    async fn move_to(&self, which: &(String, String), sk: &str) {
        let mut item = self.take(which).await;
        self.remove(which).await;
        item.insert("sk".to_owned(), text(sk));
        self.put(item).await;
    }
}

/// The sort key of the same event at the end of the day.
fn at_the_end(sk: &str, day: Date) -> String {
    format!("{day}T23:59:59.999+09:00#{}", id(sk))
}

fn id(sk: &str) -> &str {
    sk.split_once('#').unwrap().1
}

#[test]
fn r22_one_event_removed_changed_moved_or_inserted_is_named_on_the_day_itself_and_after_it() {
    run(async {
        let world = World::own().await;
        let intruder = Intruder(&world);
        for how in ["removed", "changed", "moved", "inserted"] {
            let day = world.today();
            let keys = leave_events(&world).await;
            let before = verify_today(&world).await;
            assert_eq!((&before["intact"], &before["days"][0]["sealed"]), (&json!(true), &json!(false)), "{before}");
            let (pk, sk) = &keys[1];
            let mut named = id(sk).to_owned();
            match how {
                "removed" => intruder.remove(&keys[1]).await,
                "changed" => intruder.change(&keys[1], &keys[2]).await,
                "moved" => intruder.move_to(&keys[1], &at_the_end(sk, day)).await,
                _ => {
                    // Genuine words at another place: under an id of their own they do not open.
                    let mut item = intruder.take(&keys[1]).await;
                    named = format!("{}0", &named[..named.len() - 1]);
                    item.insert("sk".to_owned(), text(&sk.replace(id(sk), &named)));
                    item.insert("pk".to_owned(), text(pk));
                    intruder.put(item).await;
                }
            }
            let found = verify(&world, day, day).await;
            let (tenant, first) = (world.tenant(0), &found["first_break"]);
            assert_eq!((&found["intact"], &first["kind"]), (&json!(false), &json!(how)), "{found}");
            assert_eq!((&first["event"], &first["tenant"]), (&json!(named), &json!(tenant.id())), "{found}");
            assert_eq!(found["days"][0]["breaks"].as_array().unwrap().len(), 1, "nothing else: {found}");
            // The stream told of it within moments.
            let alarm = async || logs::error(&named);
            let line: Value = serde_json::from_str(&eventually("an alarm", alarm).await).unwrap();
            assert_eq!(line["function"], "audit-archive", "{line}");

            world.pass(A_DAY);
            let sealed = seal(&world).await;
            assert_eq!(sealed["sealed"][0]["day"], json!(day), "a day is sealed whatever was found: {sealed}");
            let found = verify(&world, day, day).await;
            assert_eq!((&found["first_break"], &found["days"][0]["sealed"]), (first, &json!(true)), "{found}");
        }
    });
}

#[test]
fn r22_missed_days_are_caught_up_each_linked_to_the_one_before() {
    run(async {
        let world = World::own().await;
        let first = world.today();
        leave_events(&world).await;
        verify_today(&world).await;
        assert_eq!(seal(&world).await["sealed"], json!([]), "today is not over");
        world.pass(3 * A_DAY);
        let caught_up = seal(&world).await;
        let days: Vec<_> = caught_up["sealed"].as_array().unwrap().iter().map(|look| look["day"].clone()).collect();
        assert_eq!(days, (0..3).map(|n| json!(first + n.days())).collect::<Vec<_>>(), "{caught_up}");
        assert!(caught_up["sealed"][0]["events"].as_u64().unwrap() >= 4, "{caught_up}");
        assert_eq!(seal(&world).await["sealed"], json!([]), "nothing is sealed twice");
        let whole = verify(&world, first, world.today()).await;
        assert_eq!((&whole["intact"], whole["days"].as_array().unwrap().len()), (&json!(true), 4), "{whole}");

        // Nobody seals for three days: that is no whole trail.
        world.pass(3 * A_DAY);
        let found = verify(&world, first, world.today()).await;
        assert_eq!(found["first_break"], json!({ "day": first + 3.days(), "kind": "seal_missing" }), "{found}");
        seal(&world).await;
        assert_eq!(verify(&world, first, world.today()).await["intact"], true);
    });
}

#[test]
fn r22_seals_and_copies_cannot_be_laid_hands_on_unnoticed_either() {
    run(async {
        let world = World::own().await;
        let s3 = &world.service().clients().s3;
        let first = world.today();
        leave_events(&world).await;
        verify_today(&world).await;
        world.pass(4 * A_DAY);
        seal(&world).await;
        let last = world.today();

        // The lock itself: no version goes. A marker hides one.
        let copies = s3.list_object_versions().bucket(TRAIL_BUCKET).prefix("events/").send().await.unwrap();
        let copy = copies.versions().last().unwrap();
        let (key, version) = (copy.key().unwrap(), copy.version_id().unwrap());
        let delete = s3.delete_object().bucket(TRAIL_BUCKET).key(key);
        assert!(delete.clone().version_id(version).send().await.is_err(), "a copy is locked");
        delete.send().await.unwrap();
        let found = verify(&world, first, last).await;
        assert_eq!(found["first_break"]["kind"], "copy_removed", "{found}");
        assert!(key.contains(found["first_break"]["event"].as_str().unwrap()), "{found}");

        // Days without an event of their own, so that each has one break at most.
        let seal_of = |day: Date| format!("seals/{day}");
        let lay_hands = async |day: Date, body: String| {
            s3.put_object().bucket(TRAIL_BUCKET).key(seal_of(day)).body(body.into_bytes().into()).send().await.unwrap();
        };
        let read = async |day: Date| {
            let object = s3.get_object().bucket(TRAIL_BUCKET).key(seal_of(day)).send().await.unwrap();
            String::from_utf8(object.body.collect().await.unwrap().to_vec()).unwrap()
        };
        let (second, third) = (first + 1.day(), first + 2.days());
        let (genuine, of_third) = (read(second).await, read(third).await);
        lay_hands(second, genuine.replace("\"sealed_at\":\"2", "\"sealed_at\":\"1")).await;
        assert_eq!(
            verify(&world, second, second).await["first_break"],
            json!({ "day": second, "kind": "seal_changed" })
        );
        // Another day's seal, as genuine as it is.
        lay_hands(second, of_third).await;
        assert_eq!(
            verify(&world, second, second).await["first_break"],
            json!({ "day": second, "kind": "seal_changed" })
        );
        lay_hands(second, genuine).await;
        assert_eq!(verify(&world, second, last).await["intact"], true);
        s3.delete_object().bucket(TRAIL_BUCKET).key(seal_of(second)).send().await.unwrap();
        let found = verify(&world, second, last).await;
        assert_eq!(found["first_break"], json!({ "day": second, "kind": "seal_missing" }), "{found}");
        assert_eq!(found["days"][1]["breaks"][0]["kind"], "seal_unlinked", "{found}");
    });
}
