//! Evidence on a lawful order: one operator asks, another approves, and the two alone take what the order names, each time for a purpose.

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Answer, Tenant, World, eventually, problem, run};

use crate::exports::{sha256, take_all, with_a_checkup, write_and_die, write_files};
use crate::purge::purge_now;

fn order(tenant: &Tenant) -> Value {
    json!({
        "tenant_id": tenant.id(),
        "legal_basis": { "basis": "刑事訴訟法第218条第1項（差押許可状）", "authority": "東京地方裁判所",
            "document_number": "令和8年（る）第1234号", "document_date": tenant.world().today() },
        "kinds": ["employees", "checkups", "checkup_results", "audit_events"],
        "employee_numbers": ["D0001", "D9999"],
    })
}

async fn ask(world: &World, key: &str, body: Value) -> Answer {
    let operator = world.operator(0).fresh().await;
    operator.call("POST", "/v1/disclosures", &[("Idempotency-Key", key)], Some(body)).await
}

/// What an operator does with one, as it was read now.
async fn act(operator: &Actor, path: &str, verb: &str, body: Option<Value>) -> Answer {
    let operator = operator.fresh().await;
    let etag = operator.get(path).await.header("etag").to_owned();
    operator.call("POST", &format!("{path}/{verb}"), &[("If-Match", &etag)], body).await
}

/// Asked for by one, approved by the other, and written.
async fn written(world: &World, body: Value) -> String {
    let asked = ask(world, "order", body).await;
    assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("requested")), "{}", asked.json());
    let path = asked.header("location").to_owned();
    let approved = act(&world.operator(1), &path, "approve", None).await;
    assert_eq!((approved.status, &approved.json()["state"]), (202, &json!("approved")), "{}", approved.json());
    assert_eq!(write_files(world).await["done"], 1);
    path
}

async fn take(operator: &Actor, path: &str) -> Answer {
    operator.fresh().await.post(&format!("{path}/downloads"), json!({ "purpose": "記録媒体に複写するため" })).await
}

async fn actions(actor: &Actor, subject: &str) -> Vec<Value> {
    let events = actor.all(&format!("/v1/audit-events?subject={subject}")).await;
    events.into_iter().rev().map(|event| event["action"].clone()).collect()
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

async fn mails(world: &World) -> usize {
    let is_it = |mail: &&Value| mail["subject"].as_str().is_some_and(|it| it.contains("法令に基づく記録の開示"));
    world.mails().await.iter().filter(is_it).count()
}

#[test]
fn r20_one_operator_asks_another_approves_and_the_files_hold_what_the_order_names_alone() {
    run(async {
        let world = World::own().await;
        let (tenant, staying) = (world.tenant(0), world.tenant(1));
        with_a_checkup(&tenant).await;
        with_a_checkup(&staying).await;
        let elses = "社員番号,受診日,健診種別,身長\nD0002,2026-06-01,定期,171.5\n";
        assert_eq!(import(&tenant.actor("nurse"), "checkups", elses.as_bytes(), json!({})).await["state"], "applied");

        let keyless = world.operator(0).fresh().await.post("/v1/disclosures", order(&tenant)).await;
        assert_eq!((keyless.status, &keyless.json()["errors"][0]["code"]), (400, &json!("required")));
        let asked = ask(&world, "order", order(&tenant)).await;
        assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("requested")), "{}", asked.json());
        assert_eq!(ask(&world, "order", order(&tenant)).await.json()["id"], asked.json()["id"], "asked once");
        let path = asked.header("location").to_owned();
        assert_eq!(write_files(&world).await["done"], 0, "nothing is read before another operator approves");
        assert_eq!(take(&world.operator(0), &path).await.status, 409);
        for verb in ["approve", "decline"] {
            let body = (verb == "decline").then(|| json!({ "reason": "取下げ" }));
            let own = act(&world.operator(0), &path, verb, body).await;
            assert_eq!(own.status, 409, "whoever asked does not {verb}: {}", own.json());
        }
        let stale = world.operator(1);
        stale.token().await;
        world.pass(600);
        let etag = stale.get(&path).await.header("etag").to_owned();
        let answer = stale.call("POST", &format!("{path}/approve"), &[("If-Match", &etag)], None).await;
        assert_eq!(problem(&answer), "fresh-second-factor-required");
        assert_eq!(act(&world.operator(1), &path, "approve", None).await.status, 202);
        assert_eq!(write_files(&world).await, json!({ "done": 1, "unfinished": 0, "failed": 0 }));
        assert_eq!(write_files(&world).await["done"], 0, "written once");

        let offered = take(&world.operator(0), &path).await;
        assert_eq!(offered.status, 201, "{}", offered.json());
        let fresh = world.operator(0).fresh().await;
        let taken = take_all(&offered.json(), &fresh).await;
        let text = |name: &str| {
            let (_, bytes) = taken.iter().find(|(is, _)| is == name).unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        };
        assert_eq!(text("employees-1.jsonl").lines().count(), 1);
        assert!(text("checkups-1.jsonl").contains("\"comment\":\"=1+1\""), "evidence is as it was");
        assert!(text("checkup_results-1.jsonl").contains("160.0"));
        for (name, bytes) in &taken {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(
                !text.contains("D0002") && !text.contains("171.5"),
                "{name} holds somebody whom the order does not name"
            );
            assert!(!text.contains(staying.id()), "{name} holds another company");
        }
        let manifest: Value = serde_json::from_str(&text("manifest.json")).unwrap();
        assert_eq!(manifest["about"]["unknown_employee_numbers"], json!(["D9999"]));
        assert!(!text("audit_events-1.jsonl").is_empty(), "what was done to whoever is named");

        // Sealed where it lies; and the address is whoever's who asked for it.
        let clients = world.service().clients();
        let (bucket, prefix) =
            (&world.service().endpoints().imports_bucket, format!("{}/made/disclosures/", tenant.id()));
        let lies = clients.s3.list_objects_v2().bucket(bucket).prefix(&prefix).send().await.unwrap();
        for object in lies.contents() {
            let object = clients.s3.get_object().bucket(bucket).key(object.key().unwrap()).send().await.unwrap();
            let bytes = object.body.collect().await.unwrap().to_vec();
            assert!(!String::from_utf8_lossy(&bytes).contains("D0001"), "the files are sealed");
        }
        let address = offered.json()["files"][0]["address"].as_str().unwrap().to_owned();
        assert_eq!(world.operator(1).fresh().await.get(&address).await.status, 404);

        let handed = json!({ "recipient": "東京地方検察庁 検察事務官", "how": "暗号化した媒体を手渡し" });
        let handed_over = act(&world.operator(1), &path, "hand-over", Some(handed)).await;
        assert_eq!(
            (handed_over.status, &handed_over.json()["state"]),
            (200, &json!("handed_over")),
            "{}",
            handed_over.json()
        );
        let record = world.operator(0).get(&path).await.json();
        let manifest = taken.iter().find(|(name, _)| name == "manifest.json").unwrap();
        assert_eq!(record["custody"][0]["sha256"], json!(sha256(&manifest.1)));
        assert_eq!(record["custody"][0]["purpose"], "記録媒体に複写するため");
        assert_eq!(take(&world.operator(0), &path).await.status, 409, "it was handed over");
        assert_eq!(write_files(&world).await["done"], 1, "the files go");
        let left = clients.s3.list_object_versions().bucket(bucket).prefix(&prefix).send().await.unwrap();
        assert!(left.versions().is_empty() && left.delete_markers().is_empty(), "{left:?}");
        eventually("a mail", async || (mails(&world).await > 0).then_some(())).await;

        let steps = |fetched: usize| {
            let mut steps: Vec<Value> =
                ["ask", "approve", "file", "take"].map(|it| json!(format!("disclosure.{it}"))).into();
            steps.extend(std::iter::repeat_n(json!("disclosure.fetch"), fetched));
            steps.extend(["hand_over", "remove_files"].map(|it| json!(format!("disclosure.{it}"))));
            steps
        };
        let id = id_of(&path);
        assert_eq!(actions(&world.operator(0), id).await, steps(taken.len()), "the provider's trail");
        assert_eq!(actions(&tenant.actor("administrator"), id).await, steps(taken.len()), "the customer's trail");
        for event in tenant.actor("administrator").all(&format!("/v1/audit-events?subject={id}")).await {
            assert!(!event.to_string().contains("160.0"), "no content in an event: {event}");
        }
    });
}

#[test]
fn r20_an_order_that_forbids_it_is_told_to_the_customer_after_the_ban_and_not_before() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        with_a_checkup(&tenant).await;
        let mut body = order(&tenant);
        body["silent_until"] = json!(world.today());
        let path = written(&world, body).await;
        let id = id_of(&path).to_owned();
        let offered = take(&world.operator(1), &path).await.json();
        take_all(&offered, &world.operator(1).fresh().await).await;
        let handed = json!({ "recipient": "検察事務官", "how": "手渡し" });
        assert_eq!(act(&world.operator(0), &path, "hand-over", Some(handed)).await.status, 200);
        assert_eq!(write_files(&world).await["done"], 1, "the files go");
        let administrator = tenant.actor("administrator");
        assert_eq!(actions(&administrator, &id).await, [] as [Value; 0], "the customer is not told");
        let all = administrator.all("/v1/audit-events").await;
        assert!(all.iter().all(|event| !event.to_string().contains("disclosure")), "nor by any other event");
        assert!(actions(&world.operator(0), &id).await.contains(&json!("disclosure.hand_over")), "operators see it");
        assert_eq!(write_files(&world).await["done"], 0, "the ban's last day is not over");

        world.pass(86_400);
        assert_eq!(write_files(&world).await["done"], 1);
        assert_eq!(write_files(&world).await["done"], 0, "told once");
        assert_eq!(actions(&administrator, &id).await, [json!("disclosure.tell")]);
        let told = &administrator.all(&format!("/v1/audit-events?subject={id}")).await[0];
        assert!(told["explanation"].as_str().unwrap().contains("令和8年（る）第1234号"), "{told}");
        eventually("a mail", async || (mails(&world).await > 0).then_some(())).await;
        assert!(world.operator(0).get(&path).await.json()["told_at"].is_string());
    });
}

#[test]
fn r20_of_two_who_decide_at_once_one_has_decided() {
    run(async {
        let world = World::own().await;
        let path = ask(&world, "order", order(&world.tenant(0))).await.header("location").to_owned();
        let operator = world.operator(1).fresh().await;
        let etag = operator.get(&path).await.header("etag").to_owned();
        let headers = [("If-Match", etag.as_str())];
        let (approve, decline) = (format!("{path}/approve"), format!("{path}/decline"));
        let reason = json!({ "reason": "範囲が広すぎます。" });
        let (approved, declined) = tokio::join!(
            operator.call("POST", &approve, &headers, None),
            operator.call("POST", &decline, &headers, Some(reason))
        );
        let mut statuses = [approved.status, declined.status];
        statuses.sort_unstable();
        assert!(matches!(statuses, [200 | 202, 412]), "{statuses:?}");
        let state = operator.get(&path).await.json()["state"].clone();
        let should = if approved.status == 202 { "approved" } else { "declined" };
        assert_eq!(state, should);
        let decided = actions(&operator, id_of(&path)).await.len();
        assert_eq!(decided, 2, "asked, and decided once");
    });
}

#[test]
fn r20_what_was_not_taken_in_a_day_is_gone_and_is_approved_again() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        with_a_checkup(&tenant).await;
        let asked = ask(&world, "order", order(&tenant)).await;
        let path = asked.header("location").to_owned();
        act(&world.operator(1), &path, "approve", None).await;
        let mut kills = 0;
        while !write_and_die(&world, 8 << kills).await {
            kills += 1;
        }
        assert!(kills > 2, "the job was killed {kills} times: that shows nothing");
        let handed = json!({ "recipient": "検察事務官", "how": "手渡し" });
        assert_eq!(act(&world.operator(0), &path, "hand-over", Some(handed)).await.status, 409, "nobody has it");
        world.pass(86_400);
        assert_eq!(take(&world.operator(0), &path).await.status, 409, "its time is over");
        assert_eq!(write_files(&world).await["done"], 1);
        assert_eq!(world.operator(0).get(&path).await.json()["state"], "expired");
        assert_eq!(act(&world.operator(0), &path, "approve", None).await.status, 409, "not by whoever asked");
        assert_eq!(act(&world.operator(1), &path, "approve", None).await.status, 202);
        assert_eq!(write_files(&world).await["done"], 1);
        let offered = take(&world.operator(0), &path).await;
        assert_eq!(offered.status, 201, "{}", offered.json());
        let taken = take_all(&offered.json(), &world.operator(0).fresh().await).await;
        let names: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
        let files = [
            "employees-1.jsonl",
            "checkups-1.jsonl",
            "checkup_results-1.jsonl",
            "audit_events-1.jsonl",
            "manifest.json",
        ];
        assert_eq!(names, files);
    });
}

#[test]
fn r20_the_record_outlives_the_data_and_says_nothing_of_people_any_more() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        with_a_checkup(&tenant).await;
        let path = written(&world, order(&tenant)).await;
        let before = world.operator(0).get(&path).await.json();
        assert_eq!(before["employee_numbers"], json!(["D0001", "D9999"]));
        let offered = take(&world.operator(0), &path).await.json();
        purge_now(&world, &tenant).await;
        let record = world.operator(0).get(&path).await.json();
        assert_eq!((&record["employee_numbers"], &record["people_count"]), (&Value::Null, &json!(2)), "{record}");
        assert_eq!(record["legal_basis"]["document_number"], "令和8年（る）第1234号");
        let address = offered["files"][0]["address"].as_str().unwrap();
        assert_eq!(world.operator(0).fresh().await.get(address).await.status, 404, "the files went with the tenant");
        let again = ask(&world, "again", order(&tenant)).await;
        assert_eq!(again.status, 404, "there is nothing to disclose");
    });
}

#[test]
fn r20_an_order_without_its_ground_or_its_scope_is_refused() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let with = |change: fn(&mut Value)| {
            let mut body = order(&tenant);
            change(&mut body);
            body
        };
        for (body, pointer) in [
            (with(|body| body["legal_basis"]["authority"] = json!(" ")), "/legal_basis/authority"),
            (with(|body| body["kinds"] = json!([])), "/kinds"),
            (with(|body| body["kinds"] = json!(["labels"])), "/kinds"),
            (with(|body| body["everybody"] = json!(true)), "/employee_numbers"),
            (with(|body| body["employee_numbers"] = json!([])), "/employee_numbers"),
            (with(|body| body["silent_until"] = json!("2020-01-01")), "/silent_until"),
            (with(|body| (body["since"], body["until"]) = (json!("2026-05-01"), json!("2026-04-01"))), "/since"),
        ] {
            let answer = ask(&world, pointer, body).await;
            assert_eq!(
                (answer.status, &answer.json()["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{}",
                answer.json()
            );
        }
        for role in ["administrator", "hr", "physician", "employee"] {
            let actor = tenant.actor(role).fresh().await;
            let answer = actor.call("POST", "/v1/disclosures", &[("Idempotency-Key", "x")], Some(order(&tenant))).await;
            assert_eq!(answer.status, 403, "{role}");
        }
    });
}
