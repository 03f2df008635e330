//! Restored tables: a copy opens with the keys of today, what was purged stays closed in it, and what is wrong with a copy is told.
//!
//! What AWS Backup does, a test does by hand here: it copies every item into a table of another name. The drill is the function's own code, under its own role.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use backup_drill::BackupDrill;
use jobs::Invocation;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Tenant, World, run};

type Item = HashMap<String, AttributeValue>;

const TABLES: [&str; 3] = ["records", "names", "audit"];

/// Everything in a table.
async fn items(world: &World, table: &str) -> Vec<Item> {
    let mut found = Vec::new();
    let mut start = None;
    loop {
        let scan = world.service().clients().dynamodb.scan().table_name(table).set_exclusive_start_key(start);
        let page = scan.send().await.unwrap();
        found.extend(page.items().iter().cloned());
        start = page.last_evaluated_key;
        if start.is_none() {
            return found;
        }
    }
}

/// A snapshot of the three tables.
async fn snapshot(world: &World) -> Vec<(&'static str, Vec<Item>)> {
    let mut taken = Vec::new();
    for table in TABLES {
        taken.push((table, items(world, table).await));
    }
    taken
}

/// Restores a table's items under another name.
async fn restore(world: &World, table: &str, items: &[Item]) -> String {
    let client = &world.service().clients().dynamodb;
    let name = format!("local-restored-{table}");
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let text = |name: &str| {
        let text = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        text.build().unwrap()
    };
    let create = client.create_table().table_name(&name).billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(text("pk")).attribute_definitions(text("sk"));
    create.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range)).send().await.unwrap();
    for item in items {
        client.put_item().table_name(&name).set_item(Some(item.clone())).send().await.unwrap();
    }
    name
}

/// The function, under its own role, about tables of these names.
async fn drill(world: &World, restored: &[String]) -> Value {
    let service = world.service();
    let clients = service.clients().of_function(service.cloud(), "backup-drill");
    let job = BackupDrill { store: clients.store(service.store().clock().clone()).unwrap() };
    let invocation = Invocation::new("drill".to_owned(), Duration::from_mins(15));
    backup_drill::handle(&job, json!({ "restored": restored }), invocation).await.expect("a drill should answer")
}

async fn leave_data(tenant: &Tenant) {
    let checkup = "社員番号,受診日,健診種別,身長,収縮期血圧,拡張期血圧\nD0001,2026-06-01,定期,160.0,120,80\n";
    let done = import(&tenant.actor("nurse"), "checkups", checkup.as_bytes(), json!({})).await;
    assert_eq!(done["state"], "applied", "{done}");
    tenant.actor("employee").get("/v1/me").await;
}

#[test]
fn r16_a_restored_copy_opens_with_the_keys_of_today() {
    run(async {
        let world = World::own().await;
        leave_data(&world.tenant(0)).await;
        world.operator(0).get("/v1/contracts").await;
        let mut restored = Vec::new();
        for (table, items) in snapshot(&world).await {
            restored.push(restore(&world, table, &items).await);
        }
        let answer = drill(&world, &restored).await;
        assert_eq!(answer["sound"], true, "{answer:#}");
        for (number, (table, purposes)) in [
            ("records", &["attributes", "health", "credentials", "files", "contracts"][..]),
            ("names", &["names"]),
            ("audit", &["audit"]),
        ]
        .into_iter()
        .enumerate()
        {
            let drilled = &answer["tables"][number];
            assert_eq!((&drilled["table"], &drilled["closed"]), (&table.into(), &0.into()), "{drilled:#}");
            assert_eq!(drilled["unreadable"], json!({}), "{drilled:#}");
            for purpose in purposes {
                assert!(
                    drilled["opened"][*purpose].as_u64() > Some(0),
                    "{purpose} should open in {table}: {drilled:#}"
                );
            }
        }
        let says = answer.to_string();
        for personal in ["健康", "太郎", "example"] {
            assert!(!says.contains(personal), "a drill forgets what it opens: {says}");
        }
    });
}

#[test]
fn r16_r17_a_restore_from_before_a_purge_opens_nothing_of_the_purged_tenant() {
    run(async {
        let world = World::own().await;
        let going = world.tenant(0);
        leave_data(&going).await;
        let before = snapshot(&world).await;
        let wrapped = items(&world, "keys").await;
        let of_going = |items: &[Item]| -> Vec<Item> {
            let of = format!("T#{}#", going.id());
            items.iter().filter(|item| item["pk"].as_s().unwrap().starts_with(&of)).cloned().collect()
        };
        super::purge::purge_now(&world, &going).await;

        let mut restored = Vec::new();
        for (table, items) in before.iter().filter(|(table, _)| *table != "audit") {
            let theirs = of_going(items);
            assert!(!theirs.is_empty(), "{table} should have held something of the tenant");
            restored.push(restore(&world, table, &theirs).await);
        }
        let nothing_opens = |answer: &Value, with: &str| {
            for drilled in answer["tables"].as_array().unwrap() {
                assert_eq!(drilled["opened"], json!({}), "{with}: {drilled:#}");
                assert!(drilled["closed"].as_u64() > Some(0), "{with}: {drilled:#}");
                assert_eq!(drilled["unreadable"], json!({}), "{with}: the ledger says why it is closed: {drilled:#}");
            }
        };
        nothing_opens(&drill(&world, &restored).await, "with the keys of today");

        // The keys come back from their own recovery window: the ledger still refuses them.
        for item in of_going(&wrapped) {
            let put = world.service().clients().dynamodb.put_item().table_name("keys").set_item(Some(item));
            put.send().await.unwrap();
        }
        nothing_opens(&drill(&world, &restored).await, "with the keys restored as well");
    });
}

#[test]
fn r16_a_copy_that_nobody_can_read_or_that_is_not_whole_is_told() {
    run(async {
        let world = World::own().await;
        leave_data(&world.tenant(0)).await;
        let snapshot = snapshot(&world).await;
        let (_, names) = &snapshot[1];
        // A value that was damaged, in each holder.
        let damaged: Vec<Item> = names
            .iter()
            .map(|item| {
                let mut item = item.clone();
                for value in item.values_mut() {
                    if let AttributeValue::B(bytes) = value {
                        let mut bytes = bytes.as_ref().to_vec();
                        *bytes.last_mut().unwrap() ^= 1;
                        *value = AttributeValue::B(bytes.into());
                    }
                }
                item
            })
            .collect();
        let damaged = restore(&world, "damaged", &damaged).await;
        let answer = drill(&world, &[damaged]).await;
        assert_eq!(answer["sound"], false, "{answer:#}");
        assert!(answer["tables"][0]["unreadable"]["HOLDER.holder"].as_u64() > Some(0), "{answer:#}");

        let (_, records) = &snapshot[0];
        let half = restore(&world, "half", &records[..records.len() / 2]).await;
        assert_eq!(drill(&world, &[half]).await["sound"], false, "half of a table is no table");
        let empty = restore(&world, "empty", &[]).await;
        assert_eq!(drill(&world, &[empty]).await["sound"], false, "nothing is no table");
    });
}
