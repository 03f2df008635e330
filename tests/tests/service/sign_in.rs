//! Signing in, staying signed in, signing out.

use serde_json::json;
use tests::{World, anonymous, problem, run};

#[test]
fn somebody_without_a_second_factor_signs_in_with_a_password() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let employee = tenant.actor("employee");
        let answer = employee.sign_in().await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        let tokens = answer.json();
        assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(900), &json!("Bearer")));
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(employee.with_token(token).get("/v1/me").await.status, 200);
    });
}

#[test]
fn r08_whoever_has_a_second_factor_is_asked_for_it_and_no_code_works_twice() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (hr, anyone) = (tenant.actor("hr"), anonymous(&world));
        let begin = async || {
            let answer = anyone.post("/v1/sessions", hr.sign_in_body(&hr.account().password)).await;
            assert_eq!((answer.status, &answer.json()["challenge"]), (202, &json!("otp")), "{}", answer.json());
            answer.json()["challenge_token"].clone()
        };
        let code = hr.otp().await;
        let body = json!({ "challenge_token": begin().await, "code": code });
        assert_eq!(anyone.post("/v1/sessions/otp", body).await.status, 201);
        let again = json!({ "challenge_token": begin().await, "code": code });
        let answer = anyone.post("/v1/sessions/otp", again).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (401, "sign-in-failed"));
    });
}

#[test]
fn an_access_token_ends_after_fifteen_minutes() {
    run(async {
        let world = World::own().await;
        let employee = world.tenant(0).actor("employee");
        let token = employee.token().await.unwrap();
        world.pass(14 * 60);
        assert_eq!(employee.with_token(&token).get("/v1/me").await.status, 200);
        world.pass(2 * 60);
        let answer = employee.with_token(&token).get("/v1/me").await;
        assert_eq!((answer.status, problem(&answer).as_str()), (401, "unauthenticated"));
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{:?}", answer.headers);
    });
}

#[test]
fn a_refresh_token_is_new_at_each_use_and_a_lost_answer_is_given_again() {
    run(async {
        let world = World::own().await;
        let (employee, anyone) = (world.tenant(0).actor("employee"), anonymous(&world));
        let refresh = async |token: &serde_json::Value| {
            let answer = anyone.post("/v1/sessions/refresh", json!({ "refresh_token": token })).await;
            (answer.status, answer.json()["refresh_token"].clone())
        };
        let first = employee.sign_in().await.json()["refresh_token"].clone();
        let (status, second) = refresh(&first).await;
        assert_eq!(status, 201);
        assert_ne!(first, second, "a refresh token works once");
        // The answer was lost: within a minute the same token gets the same successor.
        world.pass(50);
        assert_eq!(refresh(&first).await, (201, second.clone()));
        let (status, third) = refresh(&second).await;
        assert_eq!(status, 201);
        // Now the first one's successor has been used: whoever still has the first one stole it, or was robbed of it.
        assert_eq!(refresh(&first).await.0, 401);
        assert_eq!(refresh(&third).await.0, 401, "the reuse of an old token ends the whole family");
    });
}

#[test]
fn after_a_minute_an_old_refresh_token_ends_the_session() {
    run(async {
        let world = World::own().await;
        let (employee, anyone) = (world.tenant(0).actor("employee"), anonymous(&world));
        let first = employee.sign_in().await.json()["refresh_token"].clone();
        let body = json!({ "refresh_token": first });
        let second = anyone.post("/v1/sessions/refresh", body.clone()).await.json();
        world.pass(61);
        assert_eq!(anyone.post("/v1/sessions/refresh", body).await.status, 401);
        let body = json!({ "refresh_token": second["refresh_token"] });
        assert_eq!(anyone.post("/v1/sessions/refresh", body).await.status, 401, "its successor went with it");
        let signed = employee.with_token(second["access_token"].as_str().unwrap());
        assert_eq!(signed.get("/v1/me").await.status, 401, "and so did the access token");
    });
}

#[test]
fn signing_out_ends_this_session_and_no_other() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let employee = tenant.actor("employee");
        let sign_in = async || {
            let tokens = employee.sign_in().await.json();
            employee.with_token(tokens["access_token"].as_str().unwrap())
        };
        let (here, there) = (sign_in().await, sign_in().await);
        assert_eq!(there.get("/v1/sessions").await.json()["items"].as_array().unwrap().len(), 2);
        assert_eq!(here.call("DELETE", "/v1/sessions/current", &[], None).await.status, 204);
        assert_eq!(here.get("/v1/me").await.status, 401);
        assert_eq!(there.get("/v1/me").await.status, 200);
        assert_eq!(there.get("/v1/sessions").await.json()["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn r06_a_changed_password_ends_all_other_sessions() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let employee = tenant.actor("employee");
        let sign_in = async || {
            let tokens = employee.sign_in().await.json();
            employee.with_token(tokens["access_token"].as_str().unwrap())
        };
        let (here, there) = (sign_in().await, sign_in().await);
        let new = "Yuki-no-Asa-2027";
        tests::logs::plant([new]);
        let body = json!({ "current_password": employee.account().password, "new_password": new });
        let answer = here.call("PUT", "/v1/me/password", &[], Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(here.get("/v1/me").await.status, 200);
        assert_eq!(there.get("/v1/me").await.status, 401);
        assert_eq!(employee.sign_in().await.status, 401, "the old password is no password any more");
        assert_eq!(tenant.account(&employee.account().login_id, new).sign_in().await.status, 201);
    });
}

#[test]
fn r04_a_weak_password_is_refused_with_every_rule_that_it_breaks() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let codes = async |password: &str| {
            let body = json!({ "current_password": administrator.account().password, "new_password": password });
            let answer = administrator.call("PUT", "/v1/me/password", &[], Some(body)).await;
            assert_eq!(answer.status, 422, "{password} should be refused: {}", answer.json());
            let errors = answer.json()["errors"].as_array().unwrap().clone();
            assert!(errors.iter().all(|error| error["pointer"] == "/new_password"), "{errors:?}");
            errors.len()
        };
        assert!(codes("short").await >= 2, "too short, and of one kind only");
        codes("Natsu-2026").await;
        codes("Password1234").await;
    });
}

#[test]
fn an_initial_password_opens_nothing_but_its_own_change() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let (login, password) = ("shinjin@example.jp", "Hajimete-no-26");
        let newcomer = tenant.account(login, password);
        let body = json!({ "login_id": login, "name": "新人 歩", "initial_password": password });
        let answer = administrator.post("/v1/accounts", body).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        let sessions = newcomer.get("/v1/sessions").await;
        assert_eq!(sessions.status, 200);
        let answer = newcomer.call("POST", "/v1/me/otp", &[], None).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (403, "password-change-required"));
    });
}
