//! Another tenant's things are things that never were: the same status, the same headers, the same bytes.

use serde_json::json;
use tests::imports::start;
use tests::{Actor, Answer, World, run};

/// What an answer tells, but for the request's own id and the time.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    const OF_THE_REQUEST: [&str; 5] = ["date", "x-request-id", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !OF_THE_REQUEST.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.body.to_vec())
}

/// Asks for somebody else's thing and for one that never was, in every way that `path` knows.
async fn the_same(actor: &Actor, methods: &[&str], path: impl Fn(&str) -> String, foreign: &str) {
    let prefix = foreign.split('_').next().unwrap();
    let never = format!("{prefix}_0190000000007000800000000000dead");
    assert_eq!(foreign.len(), never.len(), "{foreign} should be a typed id");
    for method in methods {
        let body = match *method {
            "PATCH" => Some(json!({})),
            _ => None,
        };
        let ask = async |id: &str| told(&actor.call(method, &path(id), &[("If-Match", "\"1\"")], body.clone()).await);
        let (is, should) = (ask(foreign).await, ask(&never).await);
        assert_eq!(is.0, 404, "{method} {}: {}", path(foreign), String::from_utf8_lossy(&is.2));
        assert_eq!(is, should, "{method} {}", path(foreign));
    }
}

#[test]
fn r11_another_tenants_account_is_one_that_never_was() {
    run(async {
        let world = World::shared().await;
        let (own, other) = (world.tenant(0), world.tenant(1));
        let foreign = other.actor("administrator").all("/v1/accounts").await[0]["id"].as_str().unwrap().to_owned();
        let actor = own.actor("administrator").fresh().await;
        the_same(&actor, &["GET", "PATCH", "DELETE"], |id| format!("/v1/accounts/{id}"), &foreign).await;
        the_same(&actor, &["GET"], |id| format!("/v1/accounts/{id}/grants"), &foreign).await;
        for verb in ["suspend", "resume", "unlock"] {
            the_same(&actor, &["POST"], |id| format!("/v1/accounts/{id}/{verb}"), &foreign).await;
        }
        let there = other.actor("administrator").get(&format!("/v1/accounts/{foreign}")).await;
        assert_eq!(there.status, 200, "it is there all the same");
    });
}

#[test]
fn r11_another_ones_session_is_one_that_never_was() {
    run(async {
        let world = World::shared().await;
        let (own, other) = (world.tenant(0), world.tenant(1));
        let foreign =
            other.actor("employee").get("/v1/sessions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let colleague =
            own.nth("employee", 1).get("/v1/sessions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        for id in [foreign, colleague] {
            the_same(&own.actor("employee"), &["DELETE"], |id| format!("/v1/sessions/{id}"), &id).await;
        }
    });
}

#[test]
fn r11_another_tenants_people_and_places_never_were() {
    run(async {
        let world = World::shared().await;
        let (own, other) = (world.tenant(0), world.tenant(1));
        let theirs = other.actor("administrator");
        let first = async |path: &str| theirs.all(path).await[0]["id"].as_str().unwrap().to_owned();
        let actor = own.actor("administrator").fresh().await;
        for (list, path) in
            [("/v1/employees", "employees"), ("/v1/workplaces", "workplaces"), ("/v1/departments", "departments")]
        {
            the_same(&actor, &["GET", "PATCH", "DELETE"], |id| format!("/v1/{path}/{id}"), &first(list).await).await;
        }
        let employee = first("/v1/employees").await;
        the_same(&own.actor("nurse"), &["GET"], |id| format!("/v1/employees/{id}/checkups"), &employee).await;
        let checkup = format!("chk_{}", "0".repeat(32));
        the_same(&own.actor("nurse"), &["GET"], |id| format!("/v1/employees/{id}/checkups/{checkup}"), &employee).await;
        let (import, _) = start(&theirs, "employees", json!({})).await;
        the_same(&actor, &["GET"], |id| format!("/v1/imports/{id}"), &import).await;
        the_same(&actor, &["GET"], |id| format!("/v1/imports/{id}/errors"), &import).await;
        the_same(&actor, &["POST"], |id| format!("/v1/imports/{id}/apply"), &import).await;
    });
}

#[test]
fn r11_the_trail_of_one_tenant_holds_nothing_of_another() {
    run(async {
        let world = World::shared().await;
        let (own, other) = (world.another_tenant().await, world.another_tenant().await);
        for tenant in [&own, &other] {
            tenant.actor("employee").get("/v1/me").await;
        }
        let trail = own.actor("administrator").all("/v1/audit-events").await;
        assert!(!trail.is_empty());
        let text = serde_json::to_string(&trail).unwrap();
        assert!(!text.contains(other.id()), "{text}");
    });
}
