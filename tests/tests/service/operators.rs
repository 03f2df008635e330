//! The provider's own people: from their own networks, with a second factor, without tenants' data but through broken glass.

use serde_json::{Value, json};
use tests::{Actor, Answer, World, anonymous, eventually, problem, run};

const TICKET: &str = "INC-2026/0412";

/// Begins a look into a tenant, with a fresh one-time password.
pub(crate) async fn break_glass(operator: &Actor, tenant: &str, minutes: u8) -> Answer {
    let body = json!({ "ticket": TICKET, "reason": "権限の設定に関するお問い合わせの調査", "minutes": minutes });
    operator.fresh().await.post(&format!("/v1/contracts/{tenant}/break-glass"), body).await
}

/// What a customer's administrator reads in their own trail.
async fn trail(administrator: &Actor, action: &str) -> Vec<Value> {
    administrator.all(&format!("/v1/audit-events?action={action}")).await
}

#[test]
fn r32_an_operator_sees_a_customers_settings_through_broken_glass_and_the_customer_is_told() {
    run(async {
        let world = World::own().await;
        let (tenant, operator) = (world.tenant(0), world.operator(0));
        let administrator = tenant.actor("administrator");
        administrator.token().await;
        for path in ["/v1/accounts", "/v1/tenant", "/v1/departments", "/v1/api-clients"] {
            assert_eq!(problem(&operator.get(path).await), "forbidden", "{path} before");
        }
        let broken = break_glass(&operator, tenant.id(), 30).await;
        assert_eq!(broken.status, 201, "{}", broken.json());
        let accounts = operator.get("/v1/accounts").await;
        assert_eq!(accounts.status, 200, "{}", accounts.json());
        let text = accounts.json().to_string();
        assert!(
            text.contains("administrator") && !text.contains("minato.example"),
            "no login id is an address: {text}"
        );
        assert!(!text.contains("\"name\":") && !text.contains("login_id"), "no names: {text}");
        for question in ["q=minato", "sort=login_id"] {
            let refused = operator.get(&format!("/v1/accounts?{question}")).await;
            assert_eq!(problem(&refused), "forbidden", "{question} would tell what is not shown");
        }
        assert_eq!(break_glass(&operator, tenant.id(), 60).await.status, 409, "and none is prolonged");
        assert_eq!(operator.get("/v1/tenant").await.json()["code"], tenant.code());
        for path in ["/v1/employees", "/v1/checkups?fiscal_year=2025", "/v1/imports"] {
            assert!(matches!(operator.get(path).await.status, 403 | 404), "{path}");
        }
        let etag = operator.get("/v1/tenant").await.header("etag").to_owned();
        assert_eq!(operator.patch("/v1/tenant", &etag, json!({ "fiscal_year_starts": 1 })).await.status, 403);
        // The customer reads who looked, for which ticket, and at what.
        let begun = trail(&administrator, "break_glass.begin").await;
        assert_eq!((begun.len(), begun[0]["reason"].as_str()), (1, Some("ticket:INC-2026/0412")), "{begun:?}");
        assert_eq!(begun[0]["explanation"], "権限の設定に関するお問い合わせの調査", "in the operator's own words");
        let looks = trail(&administrator, "break_glass.look").await;
        assert!(looks.iter().any(|look| look["permission"] == "accounts.view"), "{looks:?}");
        let mails = eventually("a mail to each administrator", async || {
            let mails = world.mails().await;
            let told = |mail: &&Value| mail["text"].as_str().is_some_and(|text| text.contains(TICKET));
            let told: Vec<_> = mails.iter().filter(told).cloned().collect();
            (told.len() == 2).then_some(told)
        })
        .await;
        assert!(mails[0]["text"].as_str().unwrap().contains("権限の設定に関するお問い合わせの調査"));
        // Their own work goes on meanwhile.
        assert_eq!(operator.get("/v1/contracts").await.status, 200);
        world.pass(30 * 60);
        operator.forget().await;
        assert_eq!(problem(&operator.get("/v1/accounts").await), "forbidden", "a new session has broken nothing");
    });
}

#[test]
fn r32_glass_mends_itself_at_its_time_and_before_it_when_the_operator_says_so() {
    run(async {
        let world = World::own().await;
        let (tenant, operator) = (world.tenant(0), world.operator(0));
        assert_eq!(break_glass(&operator, tenant.id(), 5).await.status, 201);
        assert_eq!(operator.get("/v1/accounts").await.status, 200);
        world.pass(5 * 60);
        assert_eq!(problem(&operator.get("/v1/accounts").await), "forbidden", "its time is over");
        assert_eq!(break_glass(&operator, tenant.id(), 60).await.status, 201);
        assert_eq!(operator.get("/v1/accounts").await.status, 200);
        let path = format!("/v1/contracts/{}/break-glass", tenant.id());
        assert_eq!(operator.get(&path).await.json()["tenant_id"], tenant.id());
        let elsewhere = format!("/v1/contracts/{}/break-glass", world.tenant(1).id());
        assert_eq!(operator.get(&elsewhere).await.status, 404, "it is broken in one tenant");
        assert_eq!(operator.call("DELETE", &elsewhere, &[], None).await.status, 404);
        world.pass(6 * 60);
        assert_eq!(operator.call("DELETE", &path, &[], None).await.status, 204, "whoever looks less needs no code");
        assert_eq!(problem(&operator.get("/v1/accounts").await), "forbidden");
        assert_eq!(operator.get(&path).await.status, 404);
    });
}

#[test]
fn r32_glass_is_broken_for_a_reason_and_not_for_longer_than_an_hour() {
    run(async {
        let world = World::shared().await;
        let (tenant, operator) = (world.another_tenant().await, world.operator(0).fresh().await);
        let path = format!("/v1/contracts/{}/break-glass", tenant.id());
        let refused = operator.post(&path, json!({ "ticket": "", "reason": "", "minutes": 61 })).await;
        let pointers: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
        assert_eq!((refused.status, json!(pointers)), (422, json!(["/ticket", "/reason", "/minutes"])));
        let body = json!({ "ticket": "T-1", "reason": "調査のため", "minutes": 5 });
        assert_eq!(tenant.actor("administrator").fresh().await.post(&path, body).await.status, 403);
    });
}

#[test]
fn r32_operators_sign_in_from_their_own_networks_alone() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0);
        let abroad = anonymous(&world).from_address("198.51.100.9");
        let right = operator.sign_in_body(&operator.account().password);
        let wrong = operator.sign_in_body("Machigai-no-2026");
        let (right, wrong) = (abroad.post("/v1/sessions", right).await, abroad.post("/v1/sessions", wrong).await);
        assert_eq!((right.status, wrong.status), (401, 401));
        assert_eq!(
            (problem(&right), right.json()["detail"].clone()),
            (problem(&wrong), wrong.json()["detail"].clone())
        );
        let tokens = operator.sign_in().await.json();
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        assert_eq!(abroad.post("/v1/sessions/refresh", refresh.clone()).await.status, 401);
        assert_eq!(anonymous(&world).post("/v1/sessions/refresh", refresh).await.status, 201, "at home it is good");
    });
}

#[test]
fn r08_r32_two_operators_with_one_ticket_reset_the_second_factor_even_of_the_last_administrator() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (one, other) = (world.operator(0).fresh().await, world.operator(1).fresh().await);
        let (administrator, second) = (tenant.actor("administrator"), tenant.nth("administrator", 1));
        administrator.token().await;
        let (path, etag, _) = second.seen_by(&administrator).await;
        administrator.call("POST", &format!("{path}/suspend"), &[("If-Match", &etag)], None).await;
        let path = format!("/v1/contracts/{}/otp-resets", tenant.id());
        let login = administrator.account().login_id.clone();
        let reset = async |operator: &Actor, login: &str, ticket: &str| {
            let answer = operator.post(&path, json!({ "login_id": login, "ticket": ticket })).await;
            (answer.status, answer.body.len())
        };
        let unknown = reset(&one, "nobody@example.jp", TICKET).await;
        assert_eq!(reset(&one, &login, TICKET).await, unknown, "an operator learns of no login");
        assert_eq!(reset(&one, &login, TICKET).await, unknown, "saying it twice is not two people");
        assert_eq!(reset(&other, &login, "INC-another").await, unknown, "another ticket");
        assert_eq!(administrator.get("/v1/accounts").await.status, 200, "nothing has happened yet");
        assert_eq!(reset(&other, &login, TICKET).await, unknown);
        assert_eq!(administrator.get("/v1/me").await.status, 401, "the sessions have ended");
        let again = tenant.account(&login, &administrator.account().password);
        again.forget().await;
        assert_eq!(again.sign_in().await.status, 201, "with the password alone, to enrol again");
        let (again, _) = again.enrol().await;
        let told = again.all("/v1/audit-events?action=account.reset_otp").await;
        assert_eq!(told[0]["reason"], "ticket:INC-2026/0412", "{told:?}");
    });
}
