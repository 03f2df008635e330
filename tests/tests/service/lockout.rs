//! Five wrong attempts lock, and nobody learns from the outside whether there was anything to lock.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{Actor, Answer, Tenant, World, anonymous, problem, run, spawn};

const WRONG: &str = "Machigai-no-2026";

async fn attempt(actor: &Actor, world: &World, password: &str) -> Answer {
    anonymous(world).post("/v1/sessions", actor.sign_in_body(password)).await
}

async fn unlock(tenant: &Tenant, actor: &Actor) {
    let administrator = tenant.actor("administrator");
    let accounts = administrator.all("/v1/accounts").await;
    let account = accounts.iter().find(|account| account["login_id"] == *actor.account().login_id).unwrap();
    assert_eq!(account["locked"], true, "{account}");
    let path = format!("/v1/accounts/{}", account["id"].as_str().unwrap());
    let etag = administrator.get(&path).await.header("etag").to_owned();
    let answer = administrator.call("POST", &format!("{path}/unlock"), &[("If-Match", &etag)], None).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

#[test]
fn r07_the_fifth_wrong_password_locks_until_an_administrator_unlocks() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let employee = tenant.actor("employee");
        let right = employee.account().password.clone();
        for _ in 0..4 {
            assert_eq!(attempt(&employee, &world, WRONG).await.status, 401);
        }
        assert_eq!(attempt(&employee, &world, &right).await.status, 201, "four are forgiven, and forgotten");
        for _ in 0..5 {
            assert_eq!(attempt(&employee, &world, WRONG).await.status, 401);
        }
        assert_eq!(attempt(&employee, &world, &right).await.status, 401, "locked");
        unlock(&tenant, &employee).await;
        assert_eq!(attempt(&employee, &world, &right).await.status, 201);
    });
}

#[test]
fn r07_twenty_at_once_lock_as_well() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let employee = tenant.actor("employee");
        let attempts: Vec<_> = (0..20)
            .map(|_| {
                let (employee, world) = (employee.clone(), world.clone());
                spawn(async move { attempt(&employee, &world, WRONG).await.status })
            })
            .collect();
        for attempt in attempts {
            assert_eq!(attempt.await.unwrap(), 401);
        }
        let right = employee.account().password.clone();
        assert_eq!(attempt(&employee, &world, &right).await.status, 401, "locked");
        unlock(&tenant, &employee).await;
        assert_eq!(attempt(&employee, &world, &right).await.status, 201);
    });
}

#[test]
fn r07_wrong_one_time_passwords_lock_like_wrong_passwords() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (nurse, anyone) = (tenant.actor("nurse"), anonymous(&world));
        let challenge =
            async || attempt(&nurse, &world, &nurse.account().password).await.json()["challenge_token"].clone();
        let early = challenge().await;
        for _ in 0..5 {
            let body = json!({ "challenge_token": challenge().await, "code": "000000" });
            assert_eq!(anyone.post("/v1/sessions/otp", body).await.status, 401);
        }
        let body = json!({ "challenge_token": early, "code": nurse.otp().await });
        assert_eq!(anyone.post("/v1/sessions/otp", body).await.status, 401, "locked");
        unlock(&tenant, &nurse).await;
        assert_eq!(nurse.sign_in().await.status, 201);
    });
}

/// What a refusal tells: everything but the id of the request.
fn told(answer: &Answer) -> Value {
    assert_eq!(problem(answer), "sign-in-failed");
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("instance");
    json!([answer.status, body, answer.header("content-type"), answer.header("www-authenticate")])
}

/// How often each operation of each service was called.
fn calls(world: &World) -> BTreeMap<String, u64> {
    let counted = world.service().cloud().counters().snapshot();
    counted.into_iter().map(|(operation, count)| (operation, count.calls)).collect()
}

#[test]
fn r07_an_unknown_tenant_an_unknown_login_a_wrong_password_and_a_lock_cannot_be_told_apart() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (employee, locked) = (tenant.actor("employee"), tenant.nth("employee", 1));
        for _ in 0..5 {
            attempt(&locked, &world, WRONG).await;
        }
        let body = |code: &str, login: &str| json!({ "tenant_code": code, "login_id": login, "password": WRONG });
        let code = tenant.code();
        let cases = [
            ("a wrong password", body(code, &employee.account().login_id)),
            ("a locked account", body(code, &locked.account().login_id)),
            ("an unknown login", body(code, "nobody@minato.example")),
            ("what is no login", body(code, "だれでもない")),
            ("an unknown tenant", body("nobody", &employee.account().login_id)),
            ("what is no tenant", body("!", &employee.account().login_id)),
        ];
        let mut first: Option<(Value, BTreeMap<String, u64>)> = None;
        for round in 0..2 {
            for (what, body) in &cases {
                let before = calls(&world);
                let answer = anonymous(&world).post("/v1/sessions", body.clone()).await;
                let mut work = calls(&world);
                for (operation, count) in &mut work {
                    *count -= before.get(operation).copied().unwrap_or_default();
                }
                // The trail is copied to S3 when the answer is out, sooner or later.
                work.retain(|operation, count| *count > 0 && operation != "s3.PutObject");
                let told = (told(&answer), work);
                // The first round warms caches; the second is compared.
                if round == 1 {
                    let first = first.get_or_insert_with(|| told.clone());
                    assert_eq!(*first, told, "{what} should look and cost the same as a wrong password");
                }
            }
        }
    });
}

#[test]
fn a_locked_account_is_told_nothing_even_with_the_right_password() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let employee = tenant.actor("employee");
        let wrong = told(&attempt(&employee, &world, WRONG).await);
        for _ in 0..4 {
            attempt(&employee, &world, WRONG).await;
        }
        assert_eq!(told(&attempt(&employee, &world, &employee.account().password).await), wrong);
    });
}
