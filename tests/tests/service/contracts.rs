//! Contracts: operators make them and end them.

use jiff::ToSpan as _;
use serde_json::json;
use tests::{World, problem, run};

#[test]
fn an_operator_makes_a_tenant_whose_administrator_signs_in_and_must_change_the_password() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0);
        let body = json!({ "tenant_code": "aozora", "name": "あおぞら物流株式会社", "services": [{ "service": "checkup" }],
            "administrator": { "login_id": "kanri@aozora.example", "name": "青空 管理子" } });
        let answer = operator.post("/v1/contracts", body.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        let made = answer.json();
        let password = made.to_string();
        let password = password.split("\"initial_password\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let again = operator.post("/v1/contracts", body).await;
        assert_eq!((again.status, problem(&again).as_str()), (409, "conflict"));
        let body = json!({ "tenant_code": "aozora", "login_id": "kanri@aozora.example", "password": password });
        tests::logs::plant([&password]);
        let answer = tests::anonymous(&world).post("/v1/sessions", body).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        let administrator = tests::anonymous(&world).with_token(answer.json()["access_token"].as_str().unwrap());
        let refused = administrator.get("/v1/accounts").await;
        assert_eq!(problem(&refused), "password-change-required");
    });
}

#[test]
fn r17_a_termination_shows_its_dates_and_can_be_withdrawn() {
    run(async {
        let world = World::own().await;
        let (tenant, operator) = (world.tenant(1), world.operator(0));
        let path = format!("/v1/contracts/{}", tenant.id());
        let contract = operator.get(&path).await;
        let today = world.today();
        let body = json!({ "terminates_on": today });
        let operator = operator.fresh().await;
        let post = async |verb: &str, etag: &str, body| {
            operator.call("POST", &format!("{path}/{verb}"), &[("If-Match", etag)], body).await
        };
        let past = post("terminate", contract.header("etag"), Some(json!({ "terminates_on": today - 1.day() }))).await;
        assert_eq!(past.status, 422);
        let ended = post("terminate", contract.header("etag"), Some(body)).await;
        assert_eq!(ended.status, 200, "{}", ended.json());
        let dates = ended.json();
        let deadline = (today.first_of_month() + 2.months()) - 1.day();
        assert_eq!(dates["deletion_deadline"], json!(deadline), "{dates}");
        assert_eq!(dates["purge_on"], json!(deadline - 14.days()), "{dates}");
        assert!(dates["unrecoverable_from"].as_str().unwrap() <= deadline.to_string().as_str(), "{dates}");
        let back = post("withdraw", ended.header("etag"), None).await;
        assert_eq!((back.status, &back.json()["state"]), (200, &json!("active")), "{}", back.json());
        assert!(back.json().get("terminates_on").is_none());
    });
}

#[test]
fn r17_after_the_last_day_employees_are_out_and_administrators_read_what_is_theirs_to_take_along() {
    run(async {
        let world = World::own().await;
        let (tenant, operator) = (world.tenant(1), world.operator(0).fresh().await);
        let path = format!("/v1/contracts/{}", tenant.id());
        let etag = operator.get(&path).await.header("etag").to_owned();
        let today = world.today();
        let body = Some(json!({ "terminates_on": today }));
        let ended = operator.call("POST", &format!("{path}/terminate"), &[("If-Match", &etag)], body).await;
        assert_eq!(ended.status, 200, "{}", ended.json());
        let (employee, administrator) = (tenant.actor("employee"), tenant.actor("administrator"));
        assert_eq!(employee.get("/v1/me").await.status, 200, "the last day is theirs");
        world.pass(24 * 60 * 60);
        employee.forget().await;
        assert_eq!(employee.sign_in().await.status, 401, "the day after is not");
        assert_eq!(administrator.get("/v1/tenant").await.status, 200);
        let refused = administrator.get("/v1/accounts").await;
        assert_eq!((refused.status, problem(&refused).as_str()), (403, "contract-ended"));
    });
}
