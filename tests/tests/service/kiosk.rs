//! Shared terminals (共用端末): number, birth date and the round's code open one's own answers to one round, and nothing else.

use authz::PermissionId;
use serde_json::{Value, json};
use tests::{Actor, Answer, Tenant, World, anonymous, codes, etag, problem, run};

use crate::operations::contract;
use crate::stress_checks::{act, opened, worst};

/// Somebody of the demo company, whose account is of no use here.
pub(crate) const BORN: &str = "1988-06-12";
pub(crate) const NUMBER: &str = "D0001";

/// What somebody types.
fn typed(tenant: &Tenant, code: &str, number: &str, born: &str) -> Value {
    json!({ "tenant_code": tenant.code(), "round_code": code, "employee_number": number, "birth_date": born })
}

async fn sign_in(tenant: &Tenant, code: &str, number: &str, born: &str) -> Answer {
    anonymous(tenant.world()).post("/v1/kiosk/sessions", typed(tenant, code, number, born)).await
}

/// Whoever has signed in at a terminal.
pub(crate) async fn at_terminal(tenant: &Tenant, code: &str, number: &str, born: &str) -> Actor {
    let begun = sign_in(tenant, code, number, born).await;
    assert_eq!(begun.status, 201, "{}", begun.json());
    let token = begun.json()["access_token"].as_str().unwrap().to_owned();
    tests::logs::plant([&token]);
    anonymous(tenant.world()).with_token(&token)
}

/// Turns terminals on; the code.
pub(crate) async fn on(clerk: &Actor, round: &str) -> String {
    let on = act(clerk, round, "kiosk", None).await;
    assert_eq!(on.status, 200, "{}", on.json());
    let code = on.json()["code"].as_str().unwrap().to_owned();
    tests::logs::plant([&code]);
    code
}

/// A refusal, but for the request's own id.
fn refusal(answer: &Answer) -> (u16, Value, Value) {
    let mut told = answer.json();
    let instance = told["instance"].take();
    assert!(instance.is_string());
    let rate = answer.header("ratelimit").split(";t=").next().unwrap().to_owned();
    (answer.status, told, json!(rate))
}

#[test]
fn r35_somebody_without_an_account_answers_at_a_shared_terminal_and_their_token_opens_nothing_else() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let round = opened(&tenant).await;
        let (hr, clerk, implementer) =
            (tenant.actor("hr"), tenant.actor("stress_clerk"), tenant.actor("stress_implementer"));
        // Whoever carries the round out turns it on; the employer does not, and reads no code.
        let refused = act(&hr, &round, "kiosk", None).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (403, "forbidden"));
        assert_eq!(clerk.call("POST", &format!("{round}/kiosk"), &[("If-Match", "\"1\"")], None).await.status, 412);
        let code = on(&clerk, &round).await;
        assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4], "{code}");
        let planned = hr.get(&round).await;
        assert!(planned.json()["kiosk_since"].is_string() && !planned.json().to_string().contains(&code));
        // However the code is typed. A name is shown so that somebody else sees that it is not theirs.
        let begun = sign_in(&tenant, &code.replace('-', " ").to_lowercase(), NUMBER, BORN).await;
        assert_eq!(
            (begun.status, begun.json()["masked_name"].as_str(), begun.json()["expires_in"].as_i64()),
            (201, Some("青＊　＊＊み"), Some(1_800)),
            "{}",
            begun.json()
        );
        let first = anonymous(&world).with_token(begun.json()["access_token"].as_str().unwrap());
        assert_eq!(first.get("/v1/kiosk/stress-check").await.status, 200);
        let me = at_terminal(&tenant, &code, NUMBER, BORN).await;
        assert_eq!(first.get("/v1/kiosk/stress-check").await.status, 401, "one terminal at a time");
        for operation in contract() {
            if operation.row.is_some_and(|row| row.permission != PermissionId::AnswerAtKiosk) {
                let answer = operation.ask(&me).await;
                let is = (answer.status, problem(&answer));
                assert_eq!(is, (401, "unauthenticated".to_owned()), "{}", operation.id);
            }
        }
        // Nobody else's token opens the terminal's door.
        assert_eq!(problem(&tenant.actor("employee").get("/v1/kiosk/stress-check").await), "forbidden");

        let check = me.get("/v1/kiosk/stress-check").await;
        assert_eq!((etag(&check).as_str(), check.json()["open_items"].as_array().unwrap().len()), ("\"0\"", 57));
        let english = me.get("/v1/kiosk/stress-check/questionnaire?language=en").await.json();
        assert_eq!((&english["translation"], &english["translation_authorised"]), (&json!("own"), &json!(false)));
        let path = "/v1/kiosk/stress-check/answers";
        let given = |confirmed: bool, items: std::ops::RangeInclusive<u8>| {
            let answers: Vec<_> = items.map(|item| json!({ "item": item, "choice": worst(item) })).collect();
            json!({ "person_confirmed": confirmed, "answers": answers })
        };
        let not_me = me.put(path, "\"0\"", given(false, 1..=1)).await;
        assert_eq!(codes(&not_me), [("/person_confirmed".to_owned(), "not_confirmed".to_owned())]);
        assert_eq!(codes(&me.put(path, "\"0\"", given(true, 58..=58)).await)[0].1, "unknown_item");
        let saved = me.put(path, "\"0\"", given(true, 1..=56)).await;
        assert_eq!((saved.status, &saved.json()["open_items"]), (200, &json!([57])), "{}", saved.json());
        assert!(!saved.json().to_string().contains("choice"), "what was answered is not shown: {}", saved.json());
        let submit = format!("{path}/submit");
        let early = me.call("POST", &submit, &[("If-Match", &etag(&saved))], None).await;
        assert_eq!(codes(&early), [("/answers/57".to_owned(), "not_answered".to_owned())]);
        // They go away; they come back, and go on.
        assert_eq!(me.call("DELETE", "/v1/kiosk/sessions/current", &[], None).await.status, 204);
        assert_eq!(me.get("/v1/kiosk/stress-check").await.status, 401);
        let me = at_terminal(&tenant, &code, NUMBER, BORN).await;
        let resumed = me.get("/v1/kiosk/stress-check").await;
        assert_eq!(resumed.json()["open_items"], json!([57]));
        let saved = me.put(path, &etag(&resumed), given(true, 57..=57)).await;
        let submitted = me.call("POST", &submit, &[("If-Match", &etag(&saved))], None).await;
        assert_eq!(submitted.status, 204);
        assert_eq!(me.get("/v1/kiosk/stress-check").await.status, 401, "whoever has answered is signed out");
        let again = sign_in(&tenant, &code, NUMBER, BORN).await;
        assert_eq!((again.status, problem(&again).as_str()), (401, "kiosk-sign-in-failed"));

        let attendance = hr.all(&format!("{round}/attendance?state=answered")).await;
        assert_eq!(attendance.len(), 1);
        let theirs = format!("{round}/answers/{}", attendance[0]["employee_id"].as_str().unwrap());
        let read = implementer.get(&theirs).await.json();
        assert_eq!((&read["way"], read["answers"].as_array().unwrap().len()), (&json!("kiosk"), 57));
        // The company's trail has who failed and from where, and nothing of whoever succeeded; a birth date stands nowhere.
        let trail = tenant.actor("administrator").all("/v1/audit-events?limit=200&action=kiosk_session").await;
        assert_eq!(trail.len(), 1, "{trail:?}");
        assert_eq!((&trail[0]["outcome"], &trail[0]["actor"]), (&json!("refused"), &json!("applicant")), "{trail:?}");
        assert!(!trail[0].to_string().contains("1988"), "{trail:?}");
        let whole = tenant.actor("administrator").all("/v1/audit-events?limit=200&action=stress_round").await;
        assert!(whole.iter().any(|event| event["action"] == "stress_round.kiosk_on"), "{whole:?}");
    });
}

#[test]
fn r35_at_a_shared_terminal_nothing_tells_what_was_wrong_and_few_attempts_lock_a_number() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let round = opened(&tenant).await;
        let code = on(&tenant.actor("stress_clerk"), &round).await;
        // A new window, so that none begins in the middle.
        world.pass(1_800 - world.now().as_second().rem_euclid(1_800));
        let wrong = [
            typed(&tenant, &code, "D0002", "1979-11-04"),
            typed(&tenant, "0000-0000-0000", "D0003", BORN),
            typed(&tenant, &code, "Z9999", BORN),
            typed(&tenant, &code, "番号 ではない", BORN),
            json!({ "tenant_code": "nobody", "round_code": code, "employee_number": NUMBER, "birth_date": BORN }),
        ];
        let mut told = Vec::new();
        for body in &wrong {
            let answer = anonymous(&world).post("/v1/kiosk/sessions", body.clone()).await;
            assert_eq!(answer.header("ratelimit-policy"), "\"kiosk-number\";q=5;w=1800");
            told.push(refusal(&answer));
        }
        assert_eq!(told[0].0, 401);
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
        // Five attempts, however the number is written; the sixth waits, right or not, for those who are there and those who are not.
        for (there, other_way, born) in [("D0002", "Ｄ０００２", "1979-11-03"), ("Z9999", " Z9999", BORN)] {
            for left in (0..4).rev() {
                let answer = sign_in(&tenant, &code, other_way, "1979-11-05").await;
                let left = format!("\"kiosk-number\";r={left};");
                assert!(answer.status == 401 && answer.header("ratelimit").starts_with(&left), "{left}");
            }
            let locked = sign_in(&tenant, &code, there, born).await;
            assert_eq!((locked.status, problem(&locked).as_str()), (429, "too-many-requests"), "{there}");
            assert!((1..=1_800).contains(&locked.header("retry-after").parse::<i64>().unwrap()));
        }
        let colleague = at_terminal(&tenant, &code, NUMBER, BORN).await;
        assert_eq!(colleague.get("/v1/kiosk/stress-check").await.status, 200, "nobody else is locked");
        world.pass(1_800);
        let own = at_terminal(&tenant, &code, "D0002", "1979-11-03").await;
        assert_eq!(own.get("/v1/kiosk/stress-check").await.status, 200, "the next window");
        // Thirty failures are enough for an address, whoever it then says that it is; elsewhere nothing has changed.
        let sprayer = anonymous(&world).from_address("198.51.100.66");
        let mut statuses = Vec::new();
        for number in 0..31 {
            let body = typed(&tenant, &code, &format!("S{number:04}"), BORN);
            statuses.push(sprayer.post("/v1/kiosk/sessions", body).await.status);
        }
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 30, "{statuses:?}");
        assert_eq!(statuses.last(), Some(&429));
        let right = sprayer.post("/v1/kiosk/sessions", typed(&tenant, &code, NUMBER, BORN)).await;
        assert_eq!(right.status, 429);
        at_terminal(&tenant, &code, NUMBER, BORN).await;
    });
}

#[test]
fn r35_a_session_at_a_shared_terminal_ends_with_its_code_its_round_its_worker_and_its_time() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let round = opened(&tenant).await;
        let (hr, clerk) = (tenant.actor("hr"), tenant.actor("stress_clerk"));
        let there = async |actor: &Actor| actor.get("/v1/kiosk/stress-check").await.status;
        let code = on(&clerk, &round).await;
        // The company's networks hold roles; one's own is open from everywhere.
        let administrator = tenant.actor("administrator");
        let rules = administrator.get("/v1/tenant/ip-rules").await;
        let networks = json!({ "networks": ["203.0.113.0/24", "127.0.0.0/8"] });
        assert_eq!(administrator.put("/v1/tenant/ip-rules", &etag(&rules), networks).await.status, 200);
        let me = at_terminal(&tenant, &code, NUMBER, BORN).await.from_address("198.51.100.9");
        assert_eq!(there(&me).await, 200);
        // Another code ends those who came with the one before.
        let renewed = on(&clerk, &round).await;
        assert_eq!(there(&me).await, 401);
        assert_eq!(sign_in(&tenant, &code, NUMBER, BORN).await.status, 401);
        let me = at_terminal(&tenant, &renewed, NUMBER, BORN).await;
        world.pass(1_799);
        assert_eq!(there(&me).await, 200);
        world.pass(1);
        assert_eq!(there(&me).await, 401, "thirty minutes, and no more");
        // Whoever left yesterday is not asked.
        let leaver = at_terminal(&tenant, &renewed, "D0002", "1979-11-03").await;
        let people = administrator.all("/v1/employees?employee_number=D0002").await;
        let person = format!("/v1/employees/{}", people[0]["id"].as_str().unwrap());
        let gone = json!({ "left_on": "2026-03-31" });
        assert_eq!(hr.patch(&person, &etag(&hr.get(&person).await), gone).await.status, 200);
        assert_eq!(there(&leaver).await, 401);
        assert_eq!(sign_in(&tenant, &renewed, "D0002", "1979-11-03").await.status, 401);
        // Off, and on again; the round closes.
        let me = at_terminal(&tenant, &renewed, NUMBER, BORN).await;
        let off = clerk.delete(&format!("{round}/kiosk"), &etag(&clerk.get(&round).await)).await;
        assert_eq!((off.status, &off.json()["kiosk_since"]), (200, &Value::Null), "{}", off.json());
        assert_eq!(there(&me).await, 401);
        let last = on(&clerk, &round).await;
        let me = at_terminal(&tenant, &last, NUMBER, BORN).await;
        assert_eq!(there(&me).await, 200);
        assert_eq!(act(&hr, &round, "close", None).await.status, 200);
        assert_eq!(there(&me).await, 401);
        world.pass(1_800);
        assert_eq!(sign_in(&tenant, &last, NUMBER, BORN).await.status, 401);
        let late = act(&clerk, &round, "kiosk", None).await;
        assert_eq!((late.status, codes(&late)[0].1.as_str()), (409, "wrong_state"));
    });
}
