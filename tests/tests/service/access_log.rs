//! Employees see who looked at their record: when, in which role and what for; by name where their company says so.

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, eventually, run};

/// The path of an employee's checkups; the company knows one of each.
async fn checkups_of(tenant: &Tenant, number: &str) -> String {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap())
}

async fn with_checkups() -> Tenant {
    let tenant = World::shared().await.another_tenant().await;
    let file = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\nD0002,2026-06-01,定期,170.0\n";
    let done = import(&tenant.actor("nurse"), "checkups", file.as_bytes(), json!({})).await;
    assert_eq!(done["state"], "applied", "{done}");
    tenant
}

/// The access log, once it has so many entries.
async fn log(employee: &Actor, entries: usize) -> Vec<Value> {
    eventually("the access log", async || {
        let found = employee.all("/v1/me/access-log").await;
        (found.len() >= entries).then_some(found)
    })
    .await
}

#[test]
fn r21_employees_see_when_in_which_role_and_for_which_purpose_their_record_was_looked_at() {
    run(async {
        let tenant = with_checkups().await;
        let (one, other) = (tenant.actor("employee"), tenant.nth("employee", 1));
        let path = checkups_of(&tenant, "D0001").await;
        assert_eq!(one.get("/v1/me/access-log").await.json()["items"], json!([]), "an import shows nobody anything");

        assert_eq!(one.get(&path).await.status, 200);
        assert_eq!(tenant.actor("nurse").get(&path).await.status, 200);
        let physician = tenant.actor("physician");
        assert_eq!(physician.get("/v1/checkups?fiscal_year=2026").await.status, 200);
        let entries = log(&one, 2).await;
        assert_eq!(entries.len(), 2, "one's own look is one's own: {entries:?}");
        let told: Vec<_> = entries.iter().map(|entry| (&entry["roles"][0]["name"], &entry["action"])).collect();
        assert_eq!(
            told,
            [(&json!("産業医"), &json!("checkup.list")), (&json!("保健師・看護師"), &json!("checkup.list"))]
        );
        for entry in &entries {
            assert_eq!(
                (&entry["purpose"], &entry["permission"]),
                (&json!("健康診断の実施と事後措置"), &json!("checkups.view"))
            );
            assert!(entry["at"].as_str().unwrap().ends_with("+09:00"), "{entry}");
            assert!(entry.get("name").is_none() && entry.get("account_id").is_none(), "nobody is named: {entry}");
        }
        // The list showed the other one's record as well, and the page of one employee did not.
        assert_eq!(log(&other, 1).await.len(), 1);
        let first = one.get("/v1/me/access-log?limit=1").await.json();
        assert_eq!((&first["items"][0], first["next_cursor"].is_string()), (&entries[0], true));
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = one.get(&format!("/v1/me/access-log?limit=1&cursor={cursor}")).await.json();
        assert_eq!(second["items"][0], entries[1]);
        let stolen = other.get(&format!("/v1/me/access-log?limit=1&cursor={cursor}")).await;
        assert_eq!(stolen.status, 400, "a cursor is good for one caller");
    });
}

#[test]
fn r21_who_looked_is_named_where_the_company_says_so() {
    run(async {
        let tenant = with_checkups().await;
        let (employee, nurse, administrator) =
            (tenant.actor("employee"), tenant.actor("nurse"), tenant.actor("administrator"));
        let path = checkups_of(&tenant, "D0001").await;
        assert_eq!(nurse.get(&path).await.status, 200);
        assert!(log(&employee, 1).await[0].get("name").is_none());
        let etag = administrator.get("/v1/tenant").await.header("etag").to_owned();
        let rules = json!({ "handling_rules": ["viewers_are_named"] });
        assert_eq!(administrator.patch("/v1/tenant", &etag, rules).await.status, 200);
        let name = nurse.get("/v1/me").await.json()["name"].clone();
        assert_eq!(log(&employee, 1).await[0]["name"], name);
    });
}

#[test]
fn r21_a_look_stands_in_the_trail_with_its_purpose() {
    run(async {
        let tenant = with_checkups().await;
        let path = checkups_of(&tenant, "D0001").await;
        let answer = tenant.actor("nurse").get(&path).await;
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup.list").await;
        let event = &trail[0];
        let employee = path.split('/').nth(3).unwrap();
        assert!(event["subjects"].as_array().unwrap().contains(&json!(employee)), "on whose data: {event}");
        assert_eq!(
            [&event["roles"], &event["permission"], &event["purpose"], &event["outcome"], &event["address"]],
            [
                &json!(["nurse"]),
                &json!("checkups.view"),
                &json!("健康診断の実施と事後措置"),
                &json!("done"),
                &json!("127.0.0.1")
            ]
        );
        assert_eq!(event["request_id"], answer.header("x-request-id"), "{event}");
        assert!(event["account_id"].as_str().unwrap().starts_with("acc_") && event["at"].is_string(), "{event}");
    });
}
