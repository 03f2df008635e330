//! The end of a tenant's data: nothing before its day, everything after it, and nobody else's.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use jiff::ToSpan as _;
use jiff::civil::Date;
use local::ServiceOptions;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Tenant, World, run, unchanged};
use vault::Purpose;

type Item = HashMap<String, AttributeValue>;

/// Everything of a tenant in a table, by looking under the floor.
async fn items(world: &World, table: &str, tenant: &Tenant) -> Vec<Item> {
    let mut found = Vec::new();
    let mut start = None;
    loop {
        let scan = world.service().clients().dynamodb.scan().table_name(table).set_exclusive_start_key(start);
        let page = scan.send().await.unwrap();
        let of_tenant =
            page.items().iter().filter(|item| item["pk"].as_s().unwrap().starts_with(&format!("T#{}#", tenant.id())));
        found.extend(of_tenant.cloned());
        start = page.last_evaluated_key;
        if start.is_none() {
            found.sort_by_key(|item| (item["pk"].as_s().unwrap().clone(), item["sk"].as_s().unwrap().clone()));
            return found;
        }
    }
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
            of_the_other.push(items(&world, table, &staying).await);
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
            unchanged(&format!("{table} of the other tenant"), before, &items(&world, table, &staying).await);
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
        let administrator = tenant.actor("administrator");
        administrator.forget().await;
        let answer = administrator.sign_in().await;
        assert_ne!(answer.status, 201, "nobody signs in to a tenant that was purged");
        assert_ne!(answer.status, 202, "nobody signs in to a tenant that was purged");
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
            assert_eq!(tenant.actor("employee").sign_in().await.status, 401, "nobody gets in once it has begun");
        }
        assert!(runs > 2, "five deletions a run should need several runs, not {runs}");
        for table in ["records", "names", "keys"] {
            assert!(items(&world, table, &tenant).await.is_empty(), "{table} should be empty");
        }
        assert_eq!(objects(&world, &tenant).await, 0);
    });
}
