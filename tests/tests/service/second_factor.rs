//! The second factor: recovery codes, and what becomes of a lost device.

use serde_json::json;
use tests::{Actor, Answer, World, anonymous, problem, run, spawn};

async fn with_recovery(world: &World, actor: &Actor, code: &str) -> Answer {
    let anyone = anonymous(world);
    let begun = anyone.post("/v1/sessions", actor.sign_in_body(&actor.account().password)).await;
    let body = json!({ "challenge_token": begun.json()["challenge_token"], "recovery_code": code });
    anyone.post("/v1/sessions/otp", body).await
}

#[test]
fn r08_each_recovery_code_stands_in_for_the_device_once() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (employee, codes) = tenant.actor("employee").enrol().await;
        assert_eq!(codes.len(), 10);
        assert_eq!(with_recovery(&world, &employee, &codes[0]).await.status, 201);
        assert_eq!(with_recovery(&world, &employee, &codes[0]).await.status, 401, "used");
        let typed = codes[1].to_lowercase().replace('-', " ").replace('0', "o");
        assert_eq!(with_recovery(&world, &employee, &typed).await.status, 201, "as people type it");
        assert_eq!(with_recovery(&world, &employee, "0000-0000-0000").await.status, 401);
    });
}

#[test]
fn r08_a_recovery_code_that_is_shown_ten_times_at_once_works_once() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (employee, codes) = tenant.actor("employee").enrol().await;
        let mut challenges = Vec::new();
        for _ in 0..4 {
            let body = employee.sign_in_body(&employee.account().password);
            challenges.push(anonymous(&world).post("/v1/sessions", body).await.json()["challenge_token"].clone());
        }
        let tries: Vec<_> = challenges
            .into_iter()
            .map(|challenge| {
                let (anyone, code) = (anonymous(&world), codes[0].clone());
                let body = json!({ "challenge_token": challenge, "recovery_code": code });
                spawn(async move { anyone.post("/v1/sessions/otp", body).await.status })
            })
            .collect();
        let mut let_in = 0;
        for attempt in tries {
            let_in += usize::from(attempt.await.unwrap() == 201);
        }
        assert_eq!(let_in, 1);
    });
}

#[test]
fn r08_new_recovery_codes_take_the_place_of_the_old_ones() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let nurse = tenant.actor("nurse").fresh().await;
        let make = async || {
            let made = nurse.call("POST", "/v1/me/otp/recovery-codes", &[], None).await;
            assert_eq!(made.status, 201, "{}", made.json());
            let codes = made.json()["recovery_codes"].as_array().unwrap().clone();
            let codes: Vec<String> = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
            tests::logs::plant(&codes);
            codes
        };
        let (old, new) = (make().await, make().await);
        assert_eq!(with_recovery(&world, &nurse, &old[0]).await.status, 401);
        assert_eq!(with_recovery(&world, &nurse, &new[0]).await.status, 201);
        world.pass(6 * 60);
        let stale = nurse.call("POST", "/v1/me/otp/recovery-codes", &[], None).await;
        assert_eq!(problem(&stale), "fresh-second-factor-required");
    });
}

#[test]
fn r08_the_second_factor_of_a_privileged_account_is_reset_by_two_administrators() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (one, other) = (tenant.actor("administrator").fresh().await, tenant.nth("administrator", 1).fresh().await);
        let nurse = tenant.actor("nurse");
        assert_eq!(nurse.get("/v1/employees").await.status, 200);
        let reset = async |administrator: &Actor| {
            let (path, etag, _) = nurse.seen_by(administrator).await;
            administrator.call("POST", &format!("{path}/otp-reset"), &[("If-Match", &etag)], None).await
        };
        let asked = reset(&one).await;
        assert_eq!(asked.status, 202, "{}", asked.json());
        assert!(asked.json()["otp_reset_until"].is_string() && asked.json()["otp_enrolled"] == true);
        let alone = reset(&one).await;
        assert_eq!((alone.status, alone.json()["errors"][0]["code"].as_str()), (409, Some("second_person_needed")));
        assert_eq!(nurse.get("/v1/employees").await.status, 200, "nothing has happened yet");
        let done = reset(&other).await;
        assert_eq!((done.status, done.json()["otp_enrolled"].as_bool()), (200, Some(false)), "{}", done.json());
        assert_eq!(nurse.get("/v1/me").await.status, 401, "all sessions have ended");
        // Not one's own, and not what is not there.
        let (path, etag, _) = one.seen_by(&one).await;
        let own = one.call("POST", &format!("{path}/otp-reset"), &[("If-Match", &etag)], None).await;
        assert_eq!((own.status, problem(&own).as_str()), (403, "forbidden"));
        assert_eq!(reset(&one).await.status, 409);
        let mails = tests::eventually("a mail to everybody concerned, at both steps", async || {
            let mails = world.mails().await;
            let to = |login: &str| mails.iter().filter(|mail| mail["to"][0] == login).count();
            let everybody = [&one, &other, &nurse].map(|actor| to(&actor.account().login_id));
            (everybody == [2, 2, 2]).then_some(everybody)
        });
        mails.await;
    });
}

#[test]
fn r08_a_reset_that_nobody_confirms_within_a_day_must_be_asked_for_again() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (one, other, nurse) =
            (tenant.actor("administrator"), tenant.nth("administrator", 1), tenant.actor("nurse"));
        let reset = async |administrator: &Actor| {
            let administrator = administrator.fresh().await;
            let (path, etag, _) = nurse.seen_by(&administrator).await;
            administrator.call("POST", &format!("{path}/otp-reset"), &[("If-Match", &etag)], None).await.status
        };
        assert_eq!(reset(&one).await, 202);
        world.pass(86_400);
        assert_eq!(reset(&other).await, 202, "the first word is a day old");
        assert_eq!(reset(&one).await, 200);
    });
}

#[test]
fn r08_an_employees_second_factor_is_reset_by_one_administrator() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (employee, _) = tenant.actor("employee").enrol().await;
        let administrator = tenant.actor("administrator").fresh().await;
        let (path, etag, _) = employee.seen_by(&administrator).await;
        let done = administrator.call("POST", &format!("{path}/otp-reset"), &[("If-Match", &etag)], None).await;
        assert_eq!(done.status, 200, "{}", done.json());
        assert_eq!(tenant.actor("employee").sign_in().await.status, 201, "with the password alone");
    });
}

#[test]
fn r01_the_last_usable_administrator_keeps_their_second_factor() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (one, other) = (tenant.actor("administrator").fresh().await, tenant.nth("administrator", 1));
        other.token().await;
        let (path, etag, _) = other.seen_by(&one).await;
        assert_eq!(one.call("POST", &format!("{path}/suspend"), &[("If-Match", &etag)], None).await.status, 200);
        let refused = one.call("DELETE", "/v1/me/otp", &[], None).await;
        assert_eq!((refused.status, refused.json()["errors"][0]["code"].as_str()), (409, Some("last_administrator")));
        assert_eq!(one.get("/v1/accounts").await.status, 200);
    });
}

#[test]
fn r06_signing_out_everywhere_ends_every_session_and_the_one_that_asks() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let employee = tenant.actor("employee");
        let sign_in = async || {
            let tokens = employee.sign_in().await.json();
            employee.with_token(tokens["access_token"].as_str().unwrap())
        };
        let (here, there) = (sign_in().await, sign_in().await);
        assert_eq!(here.call("DELETE", "/v1/sessions", &[], None).await.status, 204);
        assert_eq!((here.get("/v1/me").await.status, there.get("/v1/me").await.status), (401, 401));
        assert_eq!(employee.sign_in().await.status, 201);
    });
}
