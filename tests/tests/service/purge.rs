//! The end of a tenant's data: nothing before its day, everything after it, and nobody else's.

use std::collections::HashMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::ids::TenantId;
use jiff::ToSpan as _;
use jiff::civil::Date;
use local::ServiceOptions;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Tenant, World, run, unchanged};
use vault::Purpose;

type Item = HashMap<String, AttributeValue>;

/// Everything in a table, by looking under the floor.
async fn all_items(world: &World, table: &str) -> Vec<Item> {
    let scan = world.service().clients().dynamodb.scan().table_name(table).into_paginator().items();
    let mut found: Vec<Item> = scan.send().collect::<Result<_, _>>().await.unwrap();
    found.sort_by_key(|item| (item["pk"].as_s().unwrap().clone(), item["sk"].as_s().unwrap().clone()));
    found
}

/// Everything of a tenant in a table.
async fn items(world: &World, table: &str, tenant: &Tenant) -> Vec<Item> {
    let prefix = format!("T#{}#", tenant.id());
    let mut found = all_items(world, table).await;
    found.retain(|item| item["pk"].as_s().unwrap().starts_with(&prefix));
    found
}

/// The same without the access log, which the stream writes whenever it comes to it.
async fn settled_items(world: &World, table: &str, tenant: &Tenant) -> Vec<Item> {
    let mut found = items(world, table, tenant).await;
    found.retain(|item| !item["pk"].as_s().unwrap().contains("#ACCESSLOG#"));
    found
}

/// Versions of objects and delete markers of a tenant.
async fn objects(world: &World, tenant: &Tenant) -> usize {
    let bucket = &world.service().endpoints().imports_bucket;
    let list = world.service().clients().s3.list_object_versions().bucket(bucket).prefix(format!("{}/", tenant.id()));
    let page = list.send().await.unwrap();
    page.versions().len() + page.delete_markers().len()
}

async fn put_back(world: &World, table: &str, items: &[Item]) {
    for item in items {
        let put = world.service().clients().dynamodb.put_item().table_name(table).set_item(Some(item.clone()));
        put.send().await.unwrap();
    }
}

/// Ends the contract today; the day on which the purge is due.
async fn terminate(world: &World, tenant: &Tenant) -> Date {
    let operator = world.operator(0).fresh().await;
    let path = format!("/v1/contracts/{}", tenant.id());
    let etag = operator.get(&path).await.header("etag").to_owned();
    let today = world.today();
    let body = Some(json!({ "terminates_on": today }));
    let answer = operator.call("POST", &format!("{path}/terminate"), &[("If-Match", &etag)], body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["purge_on"].as_str().unwrap().parse().unwrap()
}

/// Ends a contract and purges its tenant.
pub(crate) async fn purge_now(world: &World, tenant: &Tenant) {
    let purge_on = terminate(world, tenant).await;
    let answer = world.run_schedule("retention-purge", &at_three(purge_on)).await;
    assert_eq!(answer["tenants"][0]["outcome"], "purged", "{answer}");
}

async fn contract(world: &World, tenant: &Tenant) -> Value {
    world.operator(1).get(&format!("/v1/contracts/{}", tenant.id())).await.json()
}

fn at_three(day: Date) -> String {
    format!("{day}T03:00:00+09:00")
}

/// People's health in the tables, and something in the tenant's bucket.
async fn leave_data(tenant: &Tenant) {
    let checkup = "社員番号,受診日,健診種別,身長,収縮期血圧,拡張期血圧\nD0001,2026-06-01,定期,160.0,120,80\n";
    let done = import(&tenant.actor("nurse"), "checkups", checkup.as_bytes(), json!({})).await;
    assert_eq!(done["state"], "applied", "{done}");
    tenant.drop_file("employees", "一覧.csv", b"\xef\xbb\xbf".to_vec()).await.unwrap();
    tenant.drop_file("employees", "一覧.csv", b"x".to_vec()).await.unwrap();
}

#[test]
fn r17_nothing_happens_before_the_day_and_everything_is_gone_after_it() {
    run(async {
        let world = World::own().await;
        let (going, staying) = (world.tenant(0), world.tenant(1));
        for tenant in [&going, &staying] {
            tenant.actor("employee").get("/v1/me").await;
            leave_data(tenant).await;
        }
        let purge_on = terminate(&world, &going).await;
        let tables = ["records", "names", "keys", "audit"];
        let mut before = Vec::new();
        for table in tables {
            before.push(items(&world, table, &going).await);
            assert!(!before.last().unwrap().is_empty(), "there should be something in {table} to delete");
        }
        world.run_schedule("retention-purge", &at_three(purge_on - 1.day())).await;
        unchanged("the tenant's names, a day too early,", &before[1], &items(&world, "names", &going).await);
        assert_eq!(contract(&world, &going).await["state"], "terminated");

        let trail = items(&world, "audit", &going).await;
        let mut of_the_other = Vec::new();
        for table in tables {
            of_the_other.push(settled_items(&world, table, &staying).await);
        }
        let files_of_the_other = objects(&world, &staying).await;
        let answer = world.run_schedule("retention-purge", &at_three(purge_on)).await;
        for table in ["records", "names", "keys"] {
            let left = items(&world, table, &going).await;
            assert!(left.is_empty(), "{table} still holds {left:?} after {answer}");
        }
        assert_eq!(objects(&world, &going).await, 0, "files should be gone, all versions of them");
        assert_eq!(contract(&world, &going).await["state"], "purged");
        let after = items(&world, "audit", &going).await;
        assert!(trail.iter().all(|event| after.contains(event)), "the trail outlives the tenant's data");
        for (table, before) in tables.into_iter().zip(&of_the_other) {
            unchanged(&format!("{table} of the other tenant"), before, &settled_items(&world, table, &staying).await);
        }
        assert_eq!(objects(&world, &staying).await, files_of_the_other);
        assert_eq!(staying.actor("administrator").get("/v1/accounts").await.status, 200);
    });
}

#[test]
fn r17_r18_what_a_restore_brings_back_cannot_be_opened_any_more() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let id: TenantId = tenant.id().parse().unwrap();
        leave_data(&tenant).await;
        let purge_on = terminate(&world, &tenant).await;
        let mut saved = HashMap::new();
        for table in ["records", "names", "keys"] {
            saved.insert(table, items(&world, table, &tenant).await);
        }
        let clock = world.service().store().clock().clone();
        // A vault of its own each time, as in a function that has just started: nothing cached.
        let opens = async |purpose| world.service().clients().vault(&clock).unwrap().keyring_for(id, purpose, []).await;
        for purpose in [Purpose::Names, Purpose::Attributes, Purpose::Health] {
            assert!(opens(purpose).await.is_ok(), "before the purge the key of {purpose} should open");
        }
        world.run_schedule("retention-purge", &at_three(purge_on)).await;
        // `records` and `names` from a snapshot, beside today's `keys`.
        for table in ["records", "names"] {
            put_back(&world, table, &saved[table]).await;
        }
        for purpose in Purpose::of_tenants() {
            let refused = opens(purpose).await.expect_err("a shredded key should not open");
            assert!(matches!(refused, vault::Error::Shredded), "{purpose}: {refused}");
        }
        // `keys` comes back as well, by point-in-time recovery: the ledger remembers.
        put_back(&world, "keys", &saved["keys"]).await;
        for purpose in Purpose::of_tenants() {
            let refused = opens(purpose).await.expect_err("a restored key should not open either");
            assert!(matches!(refused, vault::Error::Shredded), "{purpose}: {refused}");
        }
        // What a function unwrapped before, it may use for five minutes more; a restore takes longer (docs/decisions/0002-envelope-format.md).
    });
}

#[test]
fn r17_a_purge_that_did_not_finish_is_finished_by_the_next_run() {
    run(async {
        let world = World::start(ServiceOptions { most_deletes: Some(5), ..ServiceOptions::ephemeral() }).await;
        let tenant = world.tenant(0);
        leave_data(&tenant).await;
        let purge_on = terminate(&world, &tenant).await;
        let mut runs = 0;
        while contract(&world, &tenant).await["state"] != "purged" {
            let before = items(&world, "records", &tenant).await.len();
            world.run_schedule("retention-purge", &at_three(purge_on + runs.days())).await;
            runs += 1;
            assert!(runs < 60, "{before} items are left, and no run deletes them");
            // Whoever tries after the last run is counted with a key that `sessions` still remembers: the next two days look again.
            if contract(&world, &tenant).await["state"] != "purged" {
                assert_eq!(tenant.actor("employee").sign_in().await.status, 401, "nobody gets in once it has begun");
            }
        }
        assert!(runs > 2, "five deletions a run should need several runs, not {runs}");
        for table in ["records", "names", "keys"] {
            assert!(items(&world, table, &tenant).await.is_empty(), "{table} should be empty");
        }
        assert_eq!(objects(&world, &tenant).await, 0);
    });
}

/// Says something about a contract with a fresh one-time password.
async fn say(world: &World, tenant: &Tenant, verb: &str, body: Value) -> Value {
    let operator = world.operator(0).fresh().await;
    let path = format!("/v1/contracts/{}", tenant.id());
    let etag = operator.get(&path).await.header("etag").to_owned();
    let answer = operator.call("POST", &format!("{path}/{verb}"), &[("If-Match", &etag)], Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

#[test]
fn r17_a_hold_keeps_the_purge_from_starting_until_it_is_lifted_and_the_dates_say_so() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        leave_data(&tenant).await;
        let purge_on = terminate(&world, &tenant).await;
        let held = say(&world, &tenant, "hold", json!({ "reason": "証拠保全の要請のため" })).await;
        assert_eq!(held["hold"]["reason"], "証拠保全の要請のため", "{held}");
        assert!(held["terminates_on"].is_string() && held["purge_on"].is_null(), "{held}");
        let shown = tenant.actor("administrator").get("/v1/tenant").await.json();
        assert!(shown["held_since"].is_string() && shown["deletion_deadline"].is_null(), "{shown}");

        let before = settled_items(&world, "records", &tenant).await;
        let answer = world.run_schedule("retention-purge", &at_three(purge_on + 30.days())).await;
        assert!(answer.to_string().contains("held"), "{answer}");
        unchanged("what is held", &before, &settled_items(&world, "records", &tenant).await);

        let lifted = say(&world, &tenant, "release", json!({ "reason": "訴訟が終わったため" })).await;
        assert!(lifted["hold"].is_null() && lifted["purge_on"].is_string(), "{lifted}");
        for action in ["contract.hold", "contract.release"] {
            for actor in [world.operator(1), tenant.actor("administrator")] {
                let events = actor.get(&format!("/v1/audit-events?action={action}")).await.json();
                assert_eq!(events["items"].as_array().map(Vec::len), Some(1), "{action}: {events}");
            }
        }
        world.run_schedule("retention-purge", &at_three(purge_on + 31.days())).await;
        assert_eq!(contract(&world, &tenant).await["state"], "purged");
    });
}

#[test]
fn r17_a_hold_stops_a_purge_that_has_begun() {
    run(async {
        let world = World::start(ServiceOptions { most_deletes: Some(5), ..ServiceOptions::ephemeral() }).await;
        let tenant = world.tenant(0);
        let purge_on = terminate(&world, &tenant).await;
        world.run_schedule("retention-purge", &at_three(purge_on)).await;
        assert_eq!(contract(&world, &tenant).await["state"], "purging");
        say(&world, &tenant, "hold", json!({ "reason": "証拠保全の要請のため" })).await;
        let before = settled_items(&world, "records", &tenant).await;
        world.run_schedule("retention-purge", &at_three(purge_on + 1.day())).await;
        unchanged("what is left", &before, &settled_items(&world, "records", &tenant).await);
        say(&world, &tenant, "release", json!({ "reason": "訴訟が終わったため" })).await;
        world.run_schedule("retention-purge", &at_three(purge_on + 2.days())).await;
        assert!(settled_items(&world, "records", &tenant).await.len() < before.len(), "it goes on");
    });
}

/// Deletes everything of a tenant that has data.
async fn purge(world: &World, tenant: &Tenant) -> Date {
    leave_data(tenant).await;
    let purge_on = terminate(world, tenant).await;
    world.run_schedule("retention-purge", &at_three(purge_on)).await;
    purge_on
}

#[test]
fn r17_r18_a_certificate_is_signed_and_anybody_can_verify_it_with_the_published_key() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (path, operator) = (format!("/v1/contracts/{}/deletion-certificate", tenant.id()), world.operator(0));
        let purge_on = terminate(&world, &tenant).await;
        assert_eq!(operator.get(&path).await.status, 404, "nothing is deleted yet");
        world.run_schedule("retention-purge", &at_three(purge_on)).await;

        let certificate = operator.get(&path).await;
        let says = certificate.json();
        assert_eq!(says["tenant_id"], json!(tenant.id()), "{says}");
        assert_eq!(
            (&says["deleted"][0]["left"], &says["unrecoverable_from"]),
            (&json!(0), &json!(purge_on + 7.days()))
        );
        assert!(says["deleted"][0]["found"].as_u64().unwrap() > 10, "{says}");
        assert_eq!(says["sealed_copies"][0]["sealed_until"], json!(purge_on + 6.days()), "{says}");

        let signature = operator.get(&format!("{path}/signature")).await.json();
        let keys = tests::anonymous(&world).get("/v1/certificate-keys").await.json();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == signature["kid"]).unwrap();
        let pem = key["pem"].as_str().unwrap();
        let spki = STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        let signature = STANDARD.decode(signature["signature"].as_str().unwrap()).unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, spki);
        let mut body = certificate.body.to_vec();
        assert!(key.verify(&body, &signature).is_ok(), "the body is what was signed");
        let last = body.len() - 1;
        body[last] ^= 1;
        assert!(key.verify(&body, &signature).is_err());
        let tokens = tests::anonymous(&world).get("/.well-known/jwks.json").await.json();
        assert!(!tokens.to_string().contains("c0001"), "tokens are signed with other keys: {tokens}");
    });
}

#[test]
fn r19_a_contract_record_outlives_the_data_by_its_class_and_then_goes_with_its_certificate() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        purge(&world, &tenant).await;
        let kept_until: Date = contract(&world, &tenant).await["retention_until"].as_str().unwrap().parse().unwrap();
        assert_eq!(kept_until, world.today() + 11.years(), "ten years from the close of the business year");
        world.run_schedule("retention-purge", &at_three(kept_until)).await;
        assert_eq!(contract(&world, &tenant).await["state"], "purged", "its last day is a day on which it is kept");
        say(&world, &tenant, "hold", json!({ "reason": "会計検査のため" })).await;
        world.run_schedule("retention-purge", &at_three(kept_until + 1.day())).await;
        assert_eq!(contract(&world, &tenant).await["state"], "purged", "what is held stays");
        say(&world, &tenant, "release", json!({ "reason": "検査が終わったため" })).await;

        let answer = world.run_schedule("retention-purge", &at_three(kept_until + 1.day())).await;
        assert_eq!(answer["disposed"], json!([tenant.id()]), "{answer}");
        let operator = world.operator(1);
        let path = format!("/v1/contracts/{}", tenant.id());
        assert_eq!(operator.get(&path).await.status, 404);
        assert_eq!(operator.get(&format!("{path}/deletion-certificate")).await.status, 404);
        let events = operator.get("/v1/audit-events?action=contract.dispose").await.json();
        assert_eq!(events["items"][0]["subjects"], json!([tenant.id()]), "{events}");
        let platform = all_items(&world, "records").await;
        let named = platform.iter().filter(|item| format!("{item:?}").contains(tenant.id())).count();
        assert_eq!(named, 0, "nothing names the customer any more");
    });
}
