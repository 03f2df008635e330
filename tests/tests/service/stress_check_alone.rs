//! Customers who have the stress check and nothing else.

use serde_json::{Value, json};
use tests::{Actor, Tenant, World, problem, run};

async fn contract(world: &World, tenant: &Tenant, services: Value) {
    let operator = world.operator(0);
    let path = format!("/v1/contracts/{}", tenant.id());
    let etag = operator.get(&path).await.header("etag").to_owned();
    let answer = operator.patch(&path, &etag, json!({ "services": services })).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

async fn relax(administrator: &Actor) -> tests::Answer {
    let etag = administrator.get("/v1/tenant").await.header("etag").to_owned();
    administrator.patch("/v1/tenant", &etag, json!({ "stress_second_factor": "optional" })).await
}

#[test]
fn r09_examinees_need_no_second_factor_and_implementers_none_where_their_company_says_so() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let administrator = tenant.actor("administrator").fresh().await;
        let login = "jisshisha@example.jp";
        let body = json!({ "login_id": login, "name": "実施 者子", "initial_password": "Hajimete-no-Jisshi-26",
            "grants": [{ "role": "stress_implementer", "scope": { "kind": "tenant" } }] });
        assert_eq!(administrator.post("/v1/accounts", body).await.status, 201);
        let implementer = tenant.account(login, "Hajimete-no-Jisshi-26");
        let change = json!({ "current_password": "Hajimete-no-Jisshi-26", "new_password": "Jibun-no-Kotoba-2026" });
        tests::logs::plant(["Jibun-no-Kotoba-2026"]);
        assert_eq!(implementer.call("PUT", "/v1/me/password", &[], Some(change)).await.status, 200);
        assert_eq!(tenant.actor("employee").get("/v1/me").await.status, 200, "an examinee");
        // Everything is contracted: no relaxation.
        let refused = relax(&administrator).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (422, "invalid"), "{}", refused.json());
        contract(&world, &tenant, json!([{ "service": "stress_check" }])).await;
        assert_eq!(problem(&implementer.get("/v1/tenant").await), "second-factor-required", "compulsory by default");
        let relaxed = relax(&administrator).await;
        assert_eq!((relaxed.status, relaxed.json()["stress_second_factor"].as_str()), (200, Some("optional")));
        assert_eq!(implementer.get("/v1/tenant").await.status, 200, "the next request");
        // It may be set up all the same.
        assert_eq!(implementer.call("POST", "/v1/me/otp", &[], None).await.status, 201);
        // Whoever administers needs one as ever.
        let grants = json!([{ "role": "administrator", "scope": { "kind": "tenant" } }]);
        let (path, _, _) = implementer.seen_by(&administrator).await;
        let etag = administrator.get(&format!("{path}/grants")).await.header("etag").to_owned();
        let granted = administrator.put(&format!("{path}/grants"), &etag, json!({ "grants": grants })).await;
        assert_eq!(granted.status, 200, "{}", granted.json());
        assert_eq!(problem(&implementer.get("/v1/accounts").await), "second-factor-required");
        // A further service ends it by itself.
        let both = json!([{ "service": "stress_check" }, { "service": "checkup" }]);
        contract(&world, &tenant, both).await;
        let etag = administrator.get(&format!("{path}/grants")).await.header("etag").to_owned();
        let back = json!({ "grants": [{ "role": "stress_implementer", "scope": { "kind": "tenant" } }] });
        administrator.put(&format!("{path}/grants"), &etag, back).await;
        assert_eq!(problem(&implementer.get("/v1/tenant").await), "second-factor-required");
    });
}
