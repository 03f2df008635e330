//! Limits for whoever is not signed in: exact, the same for what exists and for what does not, and no lock for the innocent.

use serde_json::json;
use tests::{World, anonymous, problem, run};

const WRONG: &str = "Machigai-no-2026";

#[test]
fn r07_an_answer_says_how_many_attempts_are_left_and_the_thirty_first_has_to_wait() {
    run(async {
        let world = World::own().await;
        // A new window, so that none begins in the middle.
        world.pass(600 - world.now().as_second().rem_euclid(600));
        let body = json!({ "tenant_code": "nobody", "login_id": "nobody@example.jp", "password": WRONG });
        for left in (0..30).rev() {
            let answer = anonymous(&world).post("/v1/sessions", body.clone()).await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.header("ratelimit-policy"), "\"sign-in\";q=30;w=600");
            assert!(answer.header("ratelimit").starts_with(&format!("\"sign-in\";r={left};t=")), "{left}");
        }
        let refused = anonymous(&world).post("/v1/sessions", body.clone()).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (429, "too-many-requests"));
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=600).contains(&wait), "{wait}");
        world.pass(wait);
        assert_eq!(anonymous(&world).post("/v1/sessions", body).await.status, 401, "the next window");
    });
}

#[test]
fn r07_whoever_sprays_is_slowed_down_and_nobody_elsewhere_notices() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        world.pass(600 - world.now().as_second().rem_euclid(600));
        let sprayer = anonymous(&world).from_address("198.51.100.66");
        let spray = async |number: u32| {
            let login = format!("e{number:06}@example.jp");
            sprayer
                .post("/v1/sessions", json!({ "tenant_code": tenant.code(), "login_id": login, "password": WRONG }))
                .await
        };
        let mut refused = 0;
        for number in 0..130 {
            refused += u32::from(spray(number).await.status == 429);
        }
        assert!((5..=10).contains(&refused), "a hundred failures, then twenty attempts a minute: {refused}");
        let employee = tenant.actor("employee");
        assert_eq!(employee.sign_in().await.status, 201, "from elsewhere nothing has changed");
        let there = employee.from_address("198.51.100.66");
        let waiting = anonymous(&world)
            .from_address("198.51.100.66")
            .post("/v1/sessions", employee.sign_in_body(&employee.account().password))
            .await;
        assert_eq!(waiting.status, 429);
        assert!(waiting.header("retry-after").parse::<i64>().unwrap() <= 60);
        world.pass(60);
        assert_eq!(there.sign_in().await.status, 201, "and a colleague of the sprayer's has waited for a minute");
    });
}

#[test]
fn r06_three_mails_an_hour_are_enough_for_anybody() {
    run(async {
        let world = World::own().await;
        world.pass(3_600 - world.now().as_second().rem_euclid(3_600));
        let body = json!({ "tenant_code": "nobody", "login_id": "nobody@example.jp" });
        for _ in 0..3 {
            assert_eq!(anonymous(&world).post("/v1/password-resets", body.clone()).await.status, 202);
        }
        let refused = anonymous(&world).post("/v1/password-resets", body).await;
        assert_eq!((refused.status, refused.header("ratelimit-policy")), (429, "\"password-reset\";q=3;w=3600"));
    });
}
