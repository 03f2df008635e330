//! A company asks for its own lines of the logs, one of the provider's people releases them, and the file holds nothing else.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::csv_rows;
use tests::{Actor, Answer, Tenant, World, eventually, logs, problem, run};

const REASON: &str = "退職者のアカウントの利用状況を社内で調査するため";
const OWN: &str = "/v1/tenant/audit-requests";

/// A world whose day with events in it is over.
async fn yesterday() -> (World, Value) {
    let world = World::own().await;
    for tenant in [world.tenant(0), world.tenant(1)] {
        assert_eq!(tenant.account("nobody-at-all", "Wrong-Password-2026").sign_in().await.status, 401);
    }
    let day = json!(world.today());
    world.pass(86_400);
    (world, day)
}

async fn ask(actor: &Actor, since: &Value, until: &Value) -> Answer {
    actor.post(OWN, json!({ "since": since, "until": until, "reason": REASON })).await
}

/// What an operator does with it.
async fn decide(world: &World, request: &Value, verb: &str, body: Option<Value>) -> Answer {
    let operator = world.operator(0).fresh().await;
    let (tenant, id) = (request["tenant_id"].as_str().unwrap(), request["id"].as_str().unwrap());
    let path = format!("/v1/log-requests/{tenant}/{id}");
    let etag = operator.get(&path).await.header("etag").to_owned();
    operator.call("POST", &format!("{path}/{verb}"), &[("If-Match", &etag)], body).await
}

async fn write_files(world: &World) -> Value {
    world.run_schedule("log-writer", &format!("{}T12:00:00+09:00", world.today())).await
}

async fn mails(world: &World, subject: &str) -> usize {
    let mails = world.mails().await;
    let is_it = |mail: &&Value| mail["subject"].as_str().is_some_and(|it| it.contains(subject));
    mails.iter().filter(is_it).count()
}

/// What stands in both trails of one request.
async fn told(world: &World, tenant: &Tenant, id: &str) -> (Vec<Value>, Vec<Value>) {
    let path = format!("/v1/audit-events?subject={id}");
    let actions = |events: Vec<Value>| events.into_iter().rev().map(|event| event["action"].clone()).collect();
    let theirs = actions(tenant.actor("administrator").all(&path).await);
    (theirs, actions(world.operator(0).all(&path).await))
}

#[test]
fn r21_a_company_asks_an_operator_releases_and_the_file_holds_its_own_lines_alone() {
    run(async {
        let (world, day) = yesterday().await;
        let (tenant, other) = (world.tenant(0), world.tenant(1));
        let administrator = tenant.actor("administrator");
        let asked = ask(&administrator, &day, &day).await;
        assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("asked")), "{}", asked.json());
        let (request, path) = (asked.json(), asked.header("location").to_owned());
        let file = format!("{path}/file");
        assert_eq!(administrator.fresh().await.get(&file).await.status, 409, "not before it is released");
        write_files(&world).await;
        assert_eq!(administrator.get(&path).await.json()["state"], "asked", "nobody but an operator releases");

        let waiting = world.operator(0).all("/v1/log-requests").await;
        assert_eq!((waiting.len(), &waiting[0]["reason"]), (1, &json!(REASON)), "{waiting:?}");
        let released = decide(&world, &request, "release", None).await;
        assert_eq!((released.status, &released.json()["state"]), (202, &json!("released")), "{}", released.json());
        assert_eq!(
            decide(&world, &request, "refuse", Some(json!({ "reason": REASON }))).await.status,
            409,
            "decided is decided"
        );
        assert_eq!(write_files(&world).await["done"], 1);
        assert_eq!(write_files(&world).await["done"], 0, "made once");
        eventually("a mail", async || (mails(&world, "ご依頼のログ").await == 1).then_some(())).await;

        let ready = administrator.get(&path).await.json();
        assert_eq!((&ready["state"], ready["parts"].as_array().unwrap().len()), (&json!("ready"), 1), "{ready}");
        world.pass(600);
        assert_eq!(problem(&administrator.get(&file).await), "fresh-second-factor-required");
        let fresh = administrator.fresh().await;
        let fetched = fresh.get(&file).await;
        assert_eq!((fetched.status, fetched.header("content-type")), (200, "text/csv; charset=utf-8"));
        let text = String::from_utf8(fetched.body.to_vec()).unwrap();
        let rows = csv_rows(&text);
        assert_eq!(rows.len() - 1, usize::try_from(ready["parts"][0].as_u64().unwrap()).unwrap());
        assert!(
            text.contains("拒否") && rows[1..].iter().all(|row| row[0].starts_with(day.as_str().unwrap())),
            "{text}"
        );
        let foreign = other.actor("administrator").all("/v1/audit-events").await;
        assert!(!foreign.is_empty() && !text.contains(other.id()));
        for event in foreign {
            assert!(!text.contains(event["id"].as_str().unwrap()), "a line of another company: {event}");
        }
        assert_eq!(fresh.get(&format!("{file}?part=2")).await.status, 404);

        // Sealed where it lies.
        let clients = world.service().clients();
        let (bucket, prefix) = (&world.service().endpoints().imports_bucket, format!("{}/made/logs/", tenant.id()));
        let lies = clients.s3.list_objects_v2().bucket(bucket).prefix(&prefix).send().await.unwrap();
        let object =
            clients.s3.get_object().bucket(bucket).key(lies.contents()[0].key().unwrap()).send().await.unwrap();
        let bytes = object.body.collect().await.unwrap().to_vec();
        assert!(!String::from_utf8_lossy(&bytes).contains("aud_"), "the file is sealed");

        let id = request["id"].as_str().unwrap();
        let (theirs, providers) = told(&world, &tenant, id).await;
        let steps = ["ask", "release", "file", "download"].map(|step| json!(format!("log_request.{step}")));
        assert_eq!((theirs, providers), (steps.to_vec(), steps.to_vec()), "both sides read the same");

        world.pass(7 * 86_400);
        assert_eq!(administrator.fresh().await.get(&file).await.status, 409, "its time is over");
        assert_eq!(write_files(&world).await["done"], 1);
        assert_eq!(administrator.get(&path).await.json()["state"], "expired");
        let left = clients.s3.list_object_versions().bucket(bucket).prefix(&prefix).send().await.unwrap();
        assert!(left.versions().is_empty() && left.delete_markers().is_empty(), "{left:?}");
    });
}

#[test]
fn r21_what_is_refused_is_told_with_its_reason_and_yields_no_file() {
    run(async {
        let (world, day) = yesterday().await;
        let tenant = world.tenant(0);
        let hr = tenant.actor("hr");
        let request = ask(&hr, &day, &day).await.json();
        let short = decide(&world, &request, "refuse", Some(json!({ "reason": "不可" }))).await;
        assert_eq!(short.status, 422, "a refusal says why");
        let why = "期間と目的をもう少し詳しくお知らせください。";
        assert_eq!(decide(&world, &request, "refuse", Some(json!({ "reason": why }))).await.status, 200);
        write_files(&world).await;
        let refused = hr.get(&format!("{OWN}/{}", request["id"].as_str().unwrap())).await.json();
        assert_eq!((&refused["state"], &refused["refusal"]), (&json!("refused"), &json!(why)));
        assert_eq!(world.operator(0).all("/v1/log-requests").await.len(), 0, "it waits no longer");
        eventually("a mail", async || (mails(&world, "ログのご提供").await == 1).then_some(())).await;
        let listed = tenant.actor("administrator").all(OWN).await;
        assert_eq!(listed, [refused]);
        assert_eq!(world.tenant(1).actor("administrator").all(OWN).await, [] as [Value; 0]);
    });
}

#[test]
fn r21_individuals_and_whoever_is_responsible_for_a_part_cannot_ask() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let world = tenant.world().clone();
        let (today, yesterday) = (json!(world.today()), json!(world.today() - 1.day()));
        for role in ["employee", "manager", "nurse", "physician"] {
            assert_eq!(ask(&tenant.actor(role), &yesterday, &yesterday).await.status, 403, "{role}");
        }
        let administrator = tenant.actor("administrator");
        for (since, until) in [(&yesterday, &today), (&today, &yesterday), (&json!("2020-01-01"), &yesterday)] {
            let answer = ask(&administrator, since, until).await;
            assert_eq!(
                (answer.status, &answer.json()["errors"][0]["code"]),
                (422, &json!("period")),
                "{since} to {until}"
            );
        }
        let departments = administrator.all("/v1/departments").await;
        let part = json!({ "kind": "parts", "departments": [departments[0]["id"]] });
        tenant.grant("hr", json!([{ "role": "hr", "scope": part }])).await;
        assert_eq!(ask(&tenant.actor("hr"), &yesterday, &yesterday).await.status, 403, "a part is not the company");
    });
}

#[test]
fn r21_every_line_of_a_request_says_whose_it_was() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let answer = administrator.get("/v1/tenant").await;
        let id = answer.header("x-request-id").to_owned();
        let line: Value = serde_json::from_str(&eventually("a line", async || logs::request(&id)).await).unwrap();
        let me = administrator.get("/v1/me").await.json();
        assert_eq!(
            [&line["span"]["tenant"], &line["span"]["actor"], &line["status"]],
            [&json!(tenant.id()), &me["id"], &json!(200)],
            "{line}"
        );
    });
}
