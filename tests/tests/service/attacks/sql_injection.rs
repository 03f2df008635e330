//! 1 SQLインジェクション. There is no SQL here; what could be injected into is a condition of `DynamoDB`, its `PartiQL`, and JSON that becomes an operator.

use authz::Role;
use serde_json::{Value, json};
use tests::{Actor, run};

use super::stage::{Stage, encoded};

const PAYLOADS: [&str; 8] = [
    "' OR '1'='1",
    "'; DROP TABLE records; --",
    "\" OR \"\"=\"",
    "1 UNION SELECT pk FROM records",
    "attribute_exists(pk) OR :v = :v",
    "#pk, :owner REMOVE grants",
    "'; DELETE FROM \"records\" WHERE pk='x",
    "T#ten_*#ACC%",
];

#[test]
fn r27_no_opening_and_no_cell_takes_a_statement() {
    run(async {
        let stage = Stage::of(1).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
    });
}

#[test]
fn r27_a_statement_in_a_filter_finds_what_that_text_finds_and_no_more() {
    run(async {
        let stage = Stage::of(1).await;
        let administrator = stage.somebody(Role::Administrator);
        let found = async |path: String| administrator.get(&path).await.json()["items"].as_array().map_or(0, Vec::len);
        assert!(found("/v1/accounts".to_owned()).await > 5, "there are accounts to be found");
        for payload in PAYLOADS {
            // With an end that no name has, whatever else was named so meanwhile.
            let payload = encoded(&format!("{payload} Q"));
            for list in [
                "accounts?q",
                "employees?q",
                "employees?employee_number",
                "audit-events?action",
                "audit-events?subject",
            ] {
                assert_eq!(found(format!("/v1/{list}={payload}")).await, 0, "{list} with {payload}");
            }
        }
    });
}

#[test]
fn r27_a_statement_that_is_a_name_is_kept_as_a_name() {
    run(async {
        let stage = Stage::of(1).await;
        let administrator = stage.somebody(Role::Administrator);
        let before = names(administrator).await;
        let all = PAYLOADS.map(|payload| format!("{payload} N"));
        for payload in &all {
            let made = administrator.post("/v1/labels", json!({ "name": payload })).await;
            assert_eq!(made.status, 201, "{payload:?}: {}", made.json());
            assert_eq!(administrator.get(made.header("location")).await.json()["name"], payload.as_str());
        }
        let after = names(administrator).await;
        assert!(all.iter().all(|name| after.contains(&json!(name))), "{after:?}");
        assert!(before.iter().all(|name| after.contains(name)), "the others are as they were: {after:?}");
    });
}

async fn names(administrator: &Actor) -> Vec<Value> {
    administrator.all("/v1/labels").await.into_iter().map(|label| label["name"].clone()).collect()
}

#[test]
fn r27_an_operator_in_place_of_a_text_is_refused() {
    run(async {
        let stage = Stage::of(1).await;
        for operator in
            [json!({ "$gt": "" }), json!({ "S": "x" }), json!({ "$ne": null }), json!(["x", "y"]), json!(true)]
        {
            let body = json!({ "tenant_code": stage.tenant.code(), "login_id": operator, "password": operator });
            assert_eq!(stage.stranger.post("/v1/sessions", body).await.status, 400, "{operator}");
        }
    });
}
