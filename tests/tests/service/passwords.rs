//! Passwords that are forgotten, reset and never used twice.

use serde_json::json;
use tests::{Actor, Answer, World, anonymous, problem, run};

use crate::accounts::link;

const WRONG: &str = "Machigai-no-2026";

async fn ask(world: &World, code: &str, login: &str) -> Answer {
    let body = json!({ "tenant_code": code, "login_id": login });
    anonymous(world).post("/v1/password-resets", body).await
}

async fn set(world: &World, token: &str, password: &str) -> Answer {
    tests::logs::plant([password]);
    let body = Some(json!({ "new_password": password }));
    anonymous(world).call("PUT", &format!("/v1/password-resets/{token}"), &[], body).await
}

async fn lock(world: &World, actor: &Actor) {
    for _ in 0..5 {
        assert_eq!(anonymous(world).post("/v1/sessions", actor.sign_in_body(WRONG)).await.status, 401);
    }
}

#[test]
fn r06_whoever_forgot_their_password_sets_another_one_by_mail_and_is_signed_out_everywhere() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let employee = tenant.actor("employee");
        let login = employee.account().login_id.clone();
        let session = employee.with_token(&employee.token().await.unwrap());
        lock(&world, &employee).await;
        assert_eq!(ask(&world, tenant.code(), &login).await.status, 202);
        let token = link(&world, &login, 0).await;
        assert_eq!(session.get("/v1/me").await.status, 200, "nothing has happened yet");
        let new = "Asa-no-Hikari-27";
        assert_eq!(set(&world, &token, new).await.status, 200);
        assert_eq!(session.get("/v1/me").await.status, 401);
        assert_eq!(set(&world, &token, "Yoru-no-Yami-28").await.status, 404, "a link works once");
        assert_eq!(employee.sign_in().await.status, 401, "the old one is gone");
        assert_eq!(tenant.account(&login, new).sign_in().await.status, 201, "and the lock with it");
    });
}

#[test]
fn r07_a_privileged_account_is_unlocked_by_an_administrator_and_not_by_its_mail() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let nurse = tenant.actor("nurse");
        let login = nurse.account().login_id.clone();
        lock(&world, &nurse).await;
        ask(&world, tenant.code(), &login).await;
        let token = link(&world, &login, 0).await;
        let new = "Asa-no-Hikari-2027";
        assert_eq!(set(&world, &token, new).await.status, 200);
        let body = tenant.account(&login, new).sign_in_body(new);
        assert_eq!(anonymous(&world).post("/v1/sessions", body.clone()).await.status, 401, "still locked");
        let administrator = tenant.actor("administrator");
        let (path, etag, _) = nurse.seen_by(&administrator).await;
        let unlocked = administrator.call("POST", &format!("{path}/unlock"), &[("If-Match", &etag)], None).await;
        assert_eq!(unlocked.status, 200);
        assert_eq!(anonymous(&world).post("/v1/sessions", body).await.status, 202, "the second factor is asked for");
    });
}

#[test]
fn r06_a_link_is_bound_to_the_account_as_it_was_and_ends_after_30_minutes() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (employee, other) = (tenant.actor("employee"), tenant.nth("employee", 1));
        let (login, others) = (employee.account().login_id.clone(), other.account().login_id.clone());
        ask(&world, tenant.code(), &login).await;
        ask(&world, tenant.code(), &others).await;
        let (first, late) = (link(&world, &login, 0).await, link(&world, &others, 0).await);
        let body = json!({ "current_password": employee.account().password, "new_password": "Betsu-no-Kotoba-27" });
        assert_eq!(employee.call("PUT", "/v1/me/password", &[], Some(body)).await.status, 200);
        assert_eq!(set(&world, &first, "Yuki-no-Asa-2027").await.status, 404, "another password was set since");
        world.pass(30 * 60);
        assert_eq!(set(&world, &late, "Yuki-no-Asa-2027").await.status, 404, "30 minutes are over");
    });
}

#[test]
fn r06_nobody_learns_from_asking_whether_there_is_such_an_account() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let suspended = tenant.nth("employee", 1);
        let administrator = tenant.actor("administrator");
        let (path, etag, _) = suspended.seen_by(&administrator).await;
        administrator.call("POST", &format!("{path}/suspend"), &[("If-Match", &etag)], None).await;
        let cases = [
            (tenant.code(), tenant.actor("employee").account().login_id.clone()),
            (tenant.code(), suspended.account().login_id.clone()),
            (tenant.code(), "nobody@example.jp".to_owned()),
            ("no-such-code", "nobody@example.jp".to_owned()),
            ("!", "だれでもない".to_owned()),
        ];
        let mut told = Vec::new();
        for (code, login) in &cases {
            let answer = ask(&world, code, login).await;
            let left = answer.header("ratelimit").split_once(";t=").unwrap().0.to_owned();
            told.push((answer.status, answer.body.len(), left));
        }
        assert!(told.iter().all(|each| *each == told[0]), "{told:?}");
        assert_eq!(told[0].0, 202);
        let mails = tests::eventually("one mail", async || {
            let mails = world.mails().await;
            (!mails.is_empty()).then_some(mails)
        })
        .await;
        let now = world.service().store().clock().now().to_string();
        world.run_schedule("mail-sweep", &now).await;
        assert_eq!((mails.len(), world.mails().await.len()), (1, 1), "only whoever has a usable account gets one");
    });
}

#[test]
fn r06_the_last_five_passwords_are_not_taken_again() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let employee = tenant.actor("employee");
        let employee = employee.with_token(&employee.token().await.unwrap());
        let first = employee.account().password.clone();
        let words = ["Haru", "Natsu", "Aki", "Fuyu", "Tsuyu"];
        let mut present = first.clone();
        let change = async |present: &str, new: &str| {
            let body = json!({ "current_password": present, "new_password": new });
            employee.call("PUT", "/v1/me/password", &[], Some(body)).await
        };
        for (turn, word) in words.iter().enumerate() {
            let new = format!("{word}-no-Kaze-3{turn}");
            tests::logs::plant([&new]);
            for used in [&present, &first] {
                let refused = change(&present, used).await;
                assert_eq!(refused.json()["errors"][0]["code"], "password_used_before", "{}", refused.json());
            }
            assert_eq!(change(&present, &new).await.status, 200);
            present = new;
        }
        assert_eq!(change(&present, &first).await.status, 200, "five others came since");
    });
}

#[test]
fn r06_a_changed_mail_address_ends_what_was_sent_to_the_old_one() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (employee, administrator) = (tenant.actor("employee"), tenant.actor("administrator"));
        let login = employee.account().login_id.clone();
        ask(&world, tenant.code(), &login).await;
        let token = link(&world, &login, 0).await;
        let (path, etag, _) = employee.seen_by(&administrator).await;
        let changed = administrator.patch(&path, &etag, json!({ "mail": "atarashii@example.jp" })).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        let refused = set(&world, &token, "Yuki-no-Asa-2027").await;
        assert_eq!((refused.status, problem(&refused).as_str()), (404, "not-found"));
    });
}
