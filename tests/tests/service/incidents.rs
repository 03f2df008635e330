//! Incidents: what is due by when, who is told, and who sees what.

use domain::time::Jst;
use serde_json::{Value, json};
use tests::{Actor, World, anonymous, eventually, problem, run};

/// The present second: schedules are told no finer moments.
fn now(world: &World) -> Jst {
    let now = world.service().store().clock().now();
    Jst::start_of(now.date()).plus_seconds(now.epoch_seconds() - Jst::start_of(now.date()).epoch_seconds())
}

/// Opens an incident that happened two hours ago and was detected one hour ago: where it is, and its ETag.
async fn opened(world: &World, operator: &Actor, affected: &[&str]) -> (String, String, Value) {
    let body = json!({ "kind": "breach", "title": "不正なアクセスについて", "facts": "不正なアクセスを検知し、遮断しました。",
        "occurred_at": now(world).plus_seconds(-7_200), "detected_at": now(world).plus_seconds(-3_600),
        "affected_tenants": affected, "report_grounds": ["sensitive"] });
    let made = operator.post("/v1/incidents", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    (made.header("location").to_owned(), made.header("etag").to_owned(), made.json())
}

/// Tells the affected companies; the incident's next ETag.
async fn told(operator: &Actor, path: &str, etag: &str, stage: &str) -> String {
    let body = json!({ "stage": stage, "title": "不正なアクセスについて", "body": "影響の範囲を調査しています。" });
    let told = operator.call("POST", &format!("{path}/messages"), &[("If-Match", etag)], Some(body)).await;
    assert_eq!(told.status, 201, "{}", told.json());
    told.header("etag").to_owned()
}

fn deadline<'a>(incident: &'a Value, duty: &str) -> Option<&'a Value> {
    incident["deadlines"].as_array().unwrap().iter().find(|deadline| deadline["duty"] == duty)
}

fn due(incident: &Value, duty: &str) -> Jst {
    deadline(incident, duty).expect("it is on the list")["due_at"].as_str().unwrap().parse().unwrap()
}

async fn mails_with(world: &World, word: &str) -> Vec<Value> {
    let mails = world.mails().await;
    mails.into_iter().filter(|mail| mail["subject"].as_str().unwrap().contains(word)).collect()
}

#[test]
fn r29_an_incident_tells_its_deadlines_and_who_is_told_sees_it_and_nobody_else_does() {
    run(async {
        let world = World::own().await;
        let (ours, others, operator) = (world.tenant(0), world.tenant(1), world.operator(0).fresh().await);
        let (path, etag, incident) = opened(&world, &operator, &[ours.id()]).await;
        let at = |field: &str| -> Jst { incident[field].as_str().unwrap().parse().unwrap() };
        assert_eq!(due(&incident, "first_notice"), at("occurred_at").plus_seconds(72 * 3_600));
        assert_eq!(due(&incident, "preliminary_report"), at("detected_at").plus_seconds(5 * 86_400));
        assert_eq!(due(&incident, "final_report"), at("detected_at").plus_seconds(30 * 86_400));
        assert!(deadline(&incident, "progress").is_none() && deadline(&incident, "notice_to_persons").is_some());
        assert!(deadline(&incident, "final_report").unwrap()["source"].as_str().unwrap().contains("第26条"));

        let administrator = ours.actor("administrator");
        assert!(administrator.all("/v1/incidents").await.is_empty());
        assert_eq!(administrator.get(&path).await.status, 404, "whoever was not told finds nothing");
        let etag = told(&operator, &path, &etag, "first").await;
        let mails = eventually("a mail to each administrator", async || {
            let mails = mails_with(&world, "第一報").await;
            (mails.len() >= 2).then_some(mails)
        })
        .await;
        let mut to: Vec<_> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
        to.sort();
        let all: Vec<_> = (0..2).map(|number| ours.nth("administrator", number).account().login_id.clone()).collect();
        assert_eq!(to, all);
        let seen = administrator.get(&path).await.json();
        assert_eq!(seen["facts"], "不正なアクセスを検知し、遮断しました。", "{seen}");
        for of_operators in ["affected_tenants", "report_grounds", "deadlines", "site_text", "told_at"] {
            assert!(seen.get(of_operators).is_none(), "{of_operators}: {seen}");
        }
        assert_eq!(administrator.all("/v1/incidents").await, [seen]);
        let messages = administrator.get(&format!("{path}/messages")).await.json();
        assert_eq!(messages["items"].as_array().unwrap().len(), 1, "{messages}");
        assert!(messages["items"][0].get("tenants").is_none(), "{messages}");
        assert_eq!(administrator.get(&format!("{path}/timeline")).await.status, 403);
        let theirs = others.actor("administrator");
        assert!(theirs.all("/v1/incidents").await.is_empty());
        for hidden in [path.clone(), format!("{path}/messages")] {
            assert_eq!(theirs.get(&hidden).await.status, 404, "{hidden}");
        }

        // Another company turns out to be affected: it is told, and the first one sees nothing of that.
        let change = json!({ "affected_tenants": [ours.id(), others.id()], "cause": "設定の誤り" });
        let changed = operator.patch(&path, &etag, change).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        assert!(deadline(&changed.json(), "first_notice").unwrap().get("done_at").is_none(), "one more is to be told");
        let body = json!({ "stage": "first", "title": "お知らせ", "body": "貴社にも影響があります。", "tenants": [others.id()] });
        let headers = [("If-Match", changed.header("etag"))];
        let second = operator.call("POST", &format!("{path}/messages"), &headers, Some(body)).await;
        assert_eq!(second.status, 201, "{}", second.json());
        assert_eq!(theirs.get(&format!("{path}/messages")).await.json()["items"].as_array().unwrap().len(), 1);
        let ours_still = administrator.get(&format!("{path}/messages")).await.json();
        assert_eq!(ours_still, messages, "what went to others is not theirs to see");
        let incident = operator.get(&path).await.json();
        assert!(deadline(&incident, "first_notice").unwrap()["done_at"].is_string(), "{incident}");
        let id = second.json()["id"].as_str().unwrap().to_owned();
        let delivered = eventually("what became of the message", async || {
            let delivered = operator.all(&format!("{path}/messages/{id}/deliveries")).await;
            (!delivered.is_empty()).then_some(delivered)
        })
        .await;
        assert_eq!(delivered[0]["tenant_id"], others.id());
        let noted = operator.post(&format!("{path}/timeline"), json!({ "text": "ログの保全を開始した。" })).await;
        assert_eq!(noted.status, 201, "{}", noted.json());
        let timeline = operator.get(&format!("{path}/timeline")).await.json();
        let happened: Vec<_> =
            timeline["items"].as_array().unwrap().iter().map(|entry| entry["what"].clone()).collect();
        assert_eq!(happened, ["opened", "told", "changed", "told", "note"], "{timeline}");
    });
}

#[test]
fn r29_operators_are_reminded_of_each_deadline_once_at_each_step_and_after_a_gap() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0).fresh().await;
        let (_, _, incident) = opened(&world, &operator, &[world.tenant(0).id()]).await;
        let due = due(&incident, "first_notice");
        let remind = async |schedule: &str, seconds: i64| {
            let answer = world.run_schedule(schedule, &due.plus_seconds(seconds).to_string()).await;
            assert_eq!(answer["failed"], 0, "{answer}");
            answer["told"].as_u64().unwrap()
        };
        assert_eq!(remind("reminders-hourly", -86_401).await, 0, "it is too early");
        assert_eq!(remind("reminders-hourly", -86_400).await, 1);
        assert_eq!(remind("reminders-hourly", -86_400).await, 0, "once is enough");
        assert_eq!(remind("reminders", -20 * 3_600).await, 0, "whichever run looks");
        assert_eq!(
            remind("reminders-hourly", -1_800).await,
            1,
            "the run at six hours did not come: the nearest step does"
        );
        assert_eq!(remind("reminders-hourly", -5 * 3_600).await, 0, "and none goes back");
        assert_eq!(remind("reminders", 0).await, 1, "it is missed");
        assert_eq!(remind("reminders-hourly", 3_600).await, 0);
        let mails = eventually("a mail to each operator at each step", async || {
            let mails = mails_with(&world, "【運営】").await;
            (mails.len() >= 6).then_some(mails)
        })
        .await;
        assert_eq!(mails.len(), 6);
        let about = |word: &str| mails.iter().filter(|mail| mail["subject"].as_str().unwrap().contains(word)).count();
        assert_eq!((about("24時間以内"), about("1時間以内"), about("期限超過")), (2, 2, 2), "{mails:?}");
        assert!(mails[0]["text"].as_str().unwrap().contains(incident["id"].as_str().unwrap()), "{}", mails[0]);
    });
}

#[test]
fn r29_progress_is_due_every_24_hours_until_it_is_settled_and_then_it_can_be_closed() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0).fresh().await;
        let (path, etag, _) = opened(&world, &operator, &[world.tenant(0).id()]).await;
        let close =
            async |etag: &str| operator.call("POST", &format!("{path}/close"), &[("If-Match", etag)], None).await;
        let early = close(&etag).await;
        assert_eq!((early.status, problem(&early).as_str()), (409, "conflict"), "nobody was told yet");
        let etag = told(&operator, &path, &etag, "first").await;
        let first = operator.get(&path).await.json();
        let told_at: Jst = first["told_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(due(&first, "progress"), told_at.plus_seconds(86_400));
        let reminded = world.run_schedule("reminders-hourly", &told_at.plus_seconds(18 * 3_600 + 1).to_string()).await;
        assert_eq!(reminded["told"], 1, "less than six hours are left: {reminded}");
        world.pass(3_600);
        let operator = operator.fresh().await;
        let etag = told(&operator, &path, &etag, "progress").await;
        let again = operator.get(&path).await.json();
        assert!(due(&again, "progress") > due(&first, "progress"), "each report starts another 24 hours");

        let site = operator.patch(&path, &etag, json!({ "site_text": "一部の機能を停止しています。" })).await;
        assert_eq!(site.status, 200, "{}", site.json());
        let shown = eventually("the text for everybody", async || {
            let status = anonymous(&world).get("/v1/status").await.json();
            status["incidents"].as_array().unwrap().first().cloned()
        })
        .await;
        assert_eq!(shown["text"], "一部の機能を停止しています。");
        let future =
            json!({ "settled_at": now(&world).plus_seconds(600), "done": [{ "duty": "progress", "at": now(&world) }] });
        let refused = operator.patch(&path, site.header("etag"), future).await;
        let pointers: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
        assert_eq!(pointers, ["/settled_at", "/done/0/duty"], "{}", refused.json());
        let done = json!({ "settled_at": now(&world), "done": [{ "duty": "preliminary_report", "at": now(&world) }] });
        let settled = operator.patch(&path, site.header("etag"), done).await;
        assert_eq!(settled.status, 200, "{}", settled.json());
        let incident = settled.json();
        assert!(deadline(&incident, "progress").is_none(), "{incident}");
        assert!(deadline(&incident, "preliminary_report").unwrap()["done_at"].is_string(), "{incident}");
        let closed = close(settled.header("etag")).await;
        assert_eq!((closed.status, &closed.json()["state"]), (200, &json!("closed")), "{}", closed.json());
        let late = operator.patch(&path, closed.header("etag"), json!({ "cause": "不明" })).await;
        assert_eq!(late.status, 409);
        let later = world.run_schedule("reminders", &now(&world).plus_seconds(90 * 86_400).to_string()).await;
        assert_eq!(later["due"], 0, "nothing is due of what is closed: {later}");
        eventually("the text is gone", async || {
            let status = anonymous(&world).get("/v1/status").await.json();
            status["incidents"].as_array().unwrap().is_empty().then_some(())
        })
        .await;
    });
}
