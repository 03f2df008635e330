//! What the provider owes to show: the register of controls, sub-processors, audit results on request.

use serde_json::{Value, json};
use tests::imports::csv_rows;
use tests::{Actor, World, anonymous, eventually, problem, run};

async fn register(operator: &Actor, body: Value) -> (String, String, Value) {
    let made = operator.post("/v1/controls", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    (made.header("location").to_owned(), made.header("etag").to_owned(), made.json())
}

fn plus(world: &World, days: i64) -> String {
    world.today().saturating_add(jiff::Span::new().days(days)).to_string()
}

#[test]
fn r32_a_control_is_due_again_after_it_was_done_and_keeps_its_history_and_its_evidence() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0);
        let due = plus(&world, 10);
        let (path, etag, made) =
            register(&operator, json!({ "kind": "training", "title": "情報セキュリティ研修", "due_on": due })).await;
        assert_eq!((&made["standing"], &made["cycle_months"]), (&json!("due_soon"), &json!(12)));
        let done = json!({ "done_on": world.today().to_string(), "summary": "全員が受講した。",
            "documents": [{ "name": "受講記録 2026", "sha256": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08" }] });
        let completed =
            operator.call("POST", &format!("{path}/complete"), &[("If-Match", &etag)], Some(done.clone())).await;
        assert_eq!(completed.status, 200, "{}", completed.json());
        let control = completed.json();
        let next: jiff::civil::Date = due.parse().unwrap();
        assert_eq!(control["due_on"], next.saturating_add(jiff::Span::new().years(1)).to_string());
        assert_eq!((&control["standing"], &control["completions"][0]["due_on"]), (&json!("upcoming"), &json!(due)));
        let hash = control["completions"][0]["documents"][0]["sha256"].as_str().unwrap();
        assert!(hash.starts_with("9f86d081"), "one way of writing it: {hash}");
        let stale = operator.call("POST", &format!("{path}/complete"), &[("If-Match", &etag)], Some(done)).await;
        assert_eq!((stale.status, problem(&stale).as_str()), (412, "stale"));
        assert_eq!(operator.get(&path).await.json()["completions"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn r32_what_is_past_its_day_is_shown_as_overdue() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0);
        for (days, standing) in [(-1, "overdue"), (0, "due_soon"), (60, "due_soon"), (61, "upcoming")] {
            let body = json!({ "kind": "risk_assessment", "title": "年次の見直し", "due_on": plus(&world, days) });
            assert_eq!(register(&operator, body).await.2["standing"], standing, "{days} days from today");
        }
        assert_eq!(operator.all("/v1/controls?limit=3").await.len(), 4, "page by page");
    });
}

#[test]
fn r39_a_certificate_says_who_gave_it_and_until_when_it_is_good() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0);
        let bare = json!({ "kind": "iso27001", "title": "ISMS 認証", "due_on": plus(&world, 30) });
        let refused = operator.post("/v1/controls", bare.clone()).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/certificate")));
        let mut whole = bare;
        whole["certificate"] = json!({ "number": "IS 000000", "issuer": "みなと認証機構" });
        let (path, etag, _) = register(&operator, whole).await;
        let done = json!({ "done_on": world.today().to_string(), "summary": "更新審査に合格した。" });
        let complete = format!("{path}/complete");
        let without = operator.call("POST", &complete, &[("If-Match", &etag)], Some(done.clone())).await;
        assert_eq!((without.status, problem(&without).as_str()), (409, "conflict"), "until when is it good?");
        let mut until = done;
        until["expires_on"] = json!(plus(&world, 1_095));
        let renewed = operator.call("POST", &complete, &[("If-Match", &etag)], Some(until)).await;
        assert_eq!(renewed.json()["due_on"], plus(&world, 1_095), "{}", renewed.json());
    });
}

#[test]
fn r39_r27_a_customer_asks_an_operator_releases_and_both_trails_say_so() {
    run(async {
        let world = World::own().await;
        let (operator, tenant) = (world.operator(0), world.tenant(0));
        let certificate = json!({ "kind": "privacy_mark", "title": "プライバシーマーク", "due_on": plus(&world, 400),
            "certificate": { "number": "00000000", "issuer": "みなと認証機構" } });
        register(&operator, certificate).await;
        let hr = tenant.actor("hr");
        let asked = hr.post("/v1/assurance-requests", json!({ "reason": "委託先の定期監査のため" })).await;
        assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("asked")), "{}", asked.json());
        let path = asked.header("location").to_owned();
        let file = format!("{path}/file");
        assert_eq!(hr.get(&file).await.status, 404, "nothing was released yet");

        let waits = operator.fresh().await.all("/v1/assurance-reviews").await;
        let waits: Vec<_> = waits.iter().filter(|waiting| waiting["tenant_id"] == tenant.id()).collect();
        assert_eq!((waits.len(), &waits[0]["reason"]), (1, &json!("委託先の定期監査のため")));
        let review = format!("/v1/assurance-reviews/{}/{}", tenant.id(), waits[0]["id"].as_str().unwrap());
        let decided =
            operator.fresh().await.post(&review, json!({ "release": true, "note": "社内限りでお願いします。" })).await;
        assert_eq!((decided.status, &decided.json()["state"]), (200, &json!("released")), "{}", decided.json());
        let again = operator.fresh().await.post(&review, json!({ "release": false, "note": "取り消し" })).await;
        assert_eq!(again.status, 409, "what was released stays released");
        assert_eq!(operator.fresh().await.all("/v1/assurance-reviews").await.len(), 0);

        let released = hr.get(&file).await;
        assert_eq!(released.status, 200, "{}", released.json());
        let released = released.json();
        assert_eq!(released["checklist"]["items"].as_array().unwrap().len(), 47);
        assert_eq!(released["controls"][0]["certificate_number"], "00000000");
        let csv = tenant.actor("administrator").get(&format!("{file}?format=csv")).await;
        assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
        let text = String::from_utf8(csv.body.to_vec()).unwrap();
        assert_eq!(csv_rows(text.trim_start_matches('\u{feff}')).len(), 1 + 47 + 1);

        let actions = async |actor: &Actor| {
            let events = actor.all("/v1/audit-events").await;
            events.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let customers = actions(&tenant.actor("administrator")).await;
        for action in ["assurance.ask", "assurance.release", "assurance.read"] {
            assert!(customers.iter().any(|known| known == action), "{action} in the customer's trail: {customers:?}");
        }
        let own = actions(&operator).await;
        for action in ["assurance.ask", "assurance.release"] {
            assert!(own.iter().any(|known| known == action), "{action} in the provider's trail: {own:?}");
        }
    });
}

#[test]
fn r39_a_refusal_says_why_and_nothing_can_be_read() {
    run(async {
        let world = World::own().await;
        let (operator, tenant) = (world.operator(0), world.tenant(1));
        let administrator = tenant.actor("administrator");
        let asked = administrator.post("/v1/assurance-requests", json!({ "reason": "念のため" })).await;
        let id = asked.json()["id"].as_str().unwrap().to_owned();
        let review = format!("/v1/assurance-reviews/{}/{id}", tenant.id());
        let silent = operator.fresh().await.post(&review, json!({ "release": false })).await;
        assert_eq!((silent.status, &silent.json()["errors"][0]["pointer"]), (422, &json!("/note")));
        let refused = operator
            .fresh()
            .await
            .post(&review, json!({ "release": false, "note": "理由を具体的にご記入ください。" }))
            .await;
        assert_eq!((refused.status, &refused.json()["state"]), (200, &json!("refused")));
        let seen = administrator.get(&format!("/v1/assurance-requests/{id}")).await.json();
        assert_eq!((&seen["state"], &seen["note"]), (&json!("refused"), &json!("理由を具体的にご記入ください。")));
        assert_eq!(administrator.get(&format!("/v1/assurance-requests/{id}/file")).await.status, 404);
    });
}

#[test]
fn r40_customers_read_who_works_for_the_provider_and_every_administrator_is_told_of_a_change_once() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0);
        let mut body = json!({ "company": "みなとメール配信株式会社", "task": "通知メールの配信", "entrusted": "メールアドレス、通知の本文",
            "place": "日本国内", "since": plus(&world, 29) });
        let soon = operator.post("/v1/sub-processors", body.clone()).await;
        assert_eq!(
            (soon.status, &soon.json()["errors"][0]["code"]),
            (422, &json!("too_soon")),
            "customers are told 30 days before"
        );
        body["since"] = json!(plus(&world, 30));
        let made = operator.post("/v1/sub-processors", body.clone()).await;
        assert_eq!(made.status, 201, "{}", made.json());
        for (tenant, role) in [(0, "administrator"), (1, "hr")] {
            let seen = world.tenant(tenant).actor(role).all("/v1/tenant/sub-processors").await;
            assert_eq!(seen.iter().map(|one| &one["company"]).collect::<Vec<_>>(), ["みなとメール配信株式会社"]);
        }

        let told = async || {
            let mails = world.mails().await;
            mails.into_iter().filter(|mail| mail["text"].as_str().unwrap().contains("みなとメール配信株式会社")).count()
        };
        let now = world.service().store().clock().now().to_string();
        let swept = world.run_schedule("mail-sweep", &now).await;
        assert!(swept["circulated"].as_u64().unwrap() >= 2, "{swept}");
        assert_eq!(world.run_schedule("mail-sweep", &now).await["circulated"], 0, "each customer once");
        let administrators = async |tenant: usize| {
            let accounts = world.tenant(tenant).actor("administrator").all("/v1/accounts?role=administrator").await;
            accounts.iter().filter(|account| account["mail"].is_string()).count()
        };
        let expected = administrators(0).await + administrators(1).await;
        assert!(expected > 0, "somebody should have an address");
        eventually("every administrator is told", async || (told().await == expected).then_some(())).await;

        // An end is told as well; a change that takes effect at once wants its reason.
        let path = made.header("location").to_owned();
        body["until"] = json!(plus(&world, 10));
        body["since"] = json!(plus(&world, 1));
        let etag = operator.get(&path).await.header("etag").to_owned();
        let unexplained = operator.put(&path, &etag, body.clone()).await;
        assert_eq!((unexplained.status, &unexplained.json()["errors"][0]["pointer"]), (422, &json!("/urgency")));
        body["urgency"] = json!("事業者の都合による終了");
        assert_eq!(operator.put(&path, &etag, body).await.status, 200);
        world.run_schedule("mail-sweep", &now).await;
        eventually("every administrator is told again", async || (told().await == 2 * expected).then_some(())).await;
    });
}

#[test]
fn r38_the_canary_signs_in_and_reads_and_a_customer_reads_what_a_month_came_to() {
    run(async {
        let world = World::own().await;
        let (today, tenant) = (world.today(), world.tenant(0));
        let at = |time: &str| format!("{today}T{time}+09:00");
        let hr = tenant.actor("hr");
        let nothing = hr.get("/v1/availability").await.json();
        assert_eq!((&nothing["percentage"], &nothing["minutes_up"]), (&json!(null), &json!(0)), "nothing is known yet");

        assert_eq!(world.run_schedule("canary", &at("00:01:00")).await["up"], true);
        assert_eq!(
            world.run_schedule("canary", &at("00:04:59")).await["up"],
            true,
            "a second run in the same five minutes"
        );
        assert_eq!(world.run_schedule("canary", &at("00:05:00")).await["up"], true);
        // The synthetic customer's employee cannot sign in any more: to the canary the service is away.
        let canary = tenant.nth("employee", 1);
        for _ in 0..5 {
            assert_eq!(
                anonymous(&world).post("/v1/sessions", canary.sign_in_body("Chigau-Kotoba-26")).await.status,
                401
            );
        }
        let away = world.run_schedule("canary", &at("00:10:00")).await;
        assert_eq!((&away["up"], &away["reason"]), (&json!(false), &json!("sign_in_refused")));

        let month = today.to_string()[..7].to_owned();
        let seen = hr.get(&format!("/v1/availability?month={month}")).await.json();
        assert_eq!((&seen["minutes_up"], &seen["minutes_down"]), (&json!(10), &json!(5)), "{seen}");
        assert_eq!(seen["percentage"], "66.666", "rounded down, of what is known");
        let sum = ["minutes_up", "minutes_down", "minutes_unknown"]
            .map(|name| seen[name].as_u64().unwrap())
            .iter()
            .sum::<u64>();
        assert_eq!(seen["minutes"], sum, "what is unknown is shown as that: {seen}");
        assert!(seen["aws"]["services"].as_array().unwrap().iter().all(|service| service["source"].is_string()));
        let wrong = hr.get("/v1/availability?month=2026-13").await;
        assert_eq!((wrong.status, problem(&wrong).as_str()), (400, "bad-query"));
    });
}
