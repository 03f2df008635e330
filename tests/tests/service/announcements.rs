//! Announcements: from a draft to every administrator concerned, once each.

use std::collections::BTreeSet;
use std::time::Duration;

use jobs::Invocation;
use local::ServiceOptions;
use notice_fan_out::NoticeFanOut;
use serde_json::{Value, json};
use tests::{Actor, World, anonymous, eventually, killed_after, problem, run};

fn draft_of(tenants: Option<&[&str]>) -> Value {
    json!({ "kind": "maintenance", "title": "定期メンテナンスのお知らせ", "tenants": tenants,
        "body": "12月12日 1時00分から3時00分まで、サービスを停止します。\n<b>ご注意</b>ください。" })
}

/// A draft: where it is, and its ETag.
async fn draft(operator: &Actor, body: Value) -> (String, String) {
    let made = operator.post("/v1/announcements", body).await;
    assert_eq!((made.status, &made.json()["state"]), (201, &json!("draft")), "{}", made.json());
    (made.header("location").to_owned(), made.header("etag").to_owned())
}

async fn publish(operator: &Actor, path: &str, etag: &str, body: Value) -> Value {
    let path = format!("{path}/publish");
    let published = operator.call("POST", &path, &[("If-Match", etag)], Some(body)).await;
    assert_eq!(published.status, 200, "{}", published.json());
    published.json()
}

async fn mails_about(world: &World, title: &str) -> Vec<Value> {
    let mails = world.mails().await;
    mails.into_iter().filter(|mail| mail["subject"].as_str().unwrap().contains(title)).collect()
}

fn now(world: &World) -> String {
    world.service().store().clock().now().to_string()
}

#[test]
fn r28_an_announcement_reaches_every_administrator_concerned_once_and_is_read() {
    run(async {
        let world = World::own().await;
        let (ours, others, operator) = (world.tenant(0), world.tenant(1), world.operator(0).fresh().await);
        let (path, etag) = draft(&operator, draft_of(Some(&[ours.id()]))).await;
        let administrator = ours.actor("administrator");
        assert!(administrator.all("/v1/announcements").await.is_empty(), "a draft is the operators' alone");
        let published = publish(&operator, &path, &etag, json!({})).await;
        assert_eq!(published["state"], "published", "{published}");

        let mails = eventually("a mail to each administrator", async || {
            let mails = mails_about(&world, "定期メンテナンス").await;
            (mails.len() >= 2).then_some(mails)
        })
        .await;
        let to: BTreeSet<_> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
        let all: BTreeSet<_> =
            (0..2).map(|number| ours.nth("administrator", number).account().login_id.clone()).collect();
        assert_eq!(to, all);
        assert!(mails[0]["html"].as_str().unwrap().contains("&lt;b&gt;ご注意&lt;/b&gt;"), "{}", mails[0]["html"]);
        let delivered = eventually("what became of each mail", async || {
            let delivered = operator.all(&format!("{path}/deliveries")).await;
            let recipients = delivered.first()?["recipients"].as_array().unwrap();
            recipients.iter().all(|recipient| recipient["state"] == "sent").then_some(delivered)
        })
        .await;
        assert_eq!((delivered.len(), &delivered[0]["tenant_id"]), (1, &json!(ours.id())));
        assert_eq!(delivered[0]["recipients"].as_array().unwrap().len(), 2);
        world.run_schedule("notice-sweep", &now(&world)).await;
        assert_eq!(mails_about(&world, "定期メンテナンス").await.len(), 2, "and that is all");

        let listed = administrator.all("/v1/announcements").await;
        assert_eq!(listed.len(), 1);
        for of_operators in ["state", "tenants", "public", "created_at", "read_at"] {
            assert!(listed[0].get(of_operators).is_none(), "{of_operators}: {}", listed[0]);
        }
        assert_eq!(administrator.call("POST", &format!("{path}/read"), &[], None).await.status, 204);
        let read = administrator.get(&path).await.json();
        assert!(read["read_at"].as_str().unwrap().ends_with("+09:00"), "{read}");
        world.pass(60);
        administrator.call("POST", &format!("{path}/read"), &[], None).await;
        assert_eq!(
            administrator.all("/v1/announcements").await[0]["read_at"],
            read["read_at"],
            "the first time counts"
        );
        assert!(ours.nth("administrator", 1).get(&path).await.json().get("read_at").is_none(), "to each their own");
        let theirs = others.actor("administrator");
        assert!(theirs.all("/v1/announcements").await.is_empty());
        assert_eq!(theirs.get(&path).await.status, 404);
        let trail = administrator.all("/v1/audit-events").await;
        assert!(trail.iter().any(|event| event["action"] == "notice.send"), "the company's own trail shows it");
    });
}

#[test]
fn r28_a_draft_is_changed_scheduled_taken_back_and_deleted_and_nobody_sees_it_before_its_time() {
    run(async {
        let world = World::own().await;
        let (operator, reader) = (world.operator(0).fresh().await, world.tenant(0).actor("hr"));
        let bad =
            json!({ "kind": "vulnerability", "title": "高ストレスの方へ", "body": "x", "tenants": [], "public": true });
        let refused = operator.post("/v1/announcements", bad).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (422, "invalid"), "{}", refused.json());
        let nobody =
            operator.post("/v1/announcements", draft_of(Some(&["ten_0190000000007000800000000000dead"]))).await;
        assert_eq!(nobody.status, 422, "{}", nobody.json());

        let (path, etag) = draft(&operator, draft_of(None)).await;
        let changed = operator
            .put(&path, &etag, json!({ "kind": "vulnerability", "title": "修正のお知らせ", "body": "修正しました。" }))
            .await;
        assert_eq!((changed.status, &changed.json()["kind"]), (200, &json!("vulnerability")), "{}", changed.json());
        let past = json!({ "publish_at": "2020-01-01T09:00:00+09:00" });
        let headers = [("If-Match", changed.header("etag"))];
        let refused = operator.call("POST", &format!("{path}/publish"), &headers, Some(past)).await;
        assert_eq!(refused.status, 422, "{}", refused.json());
        let tomorrow = world.service().store().clock().now().plus_seconds(86_400);
        let scheduled = publish(&operator, &path, changed.header("etag"), json!({ "publish_at": tomorrow })).await;
        assert_eq!(scheduled["state"], "scheduled", "{scheduled}");
        assert!(reader.all("/v1/announcements").await.is_empty());
        assert_eq!(reader.get(&path).await.status, 404, "before its time it never was");
        assert_eq!(world.run_schedule("notice-sweep", &now(&world)).await["due"], 0);
        let etag = operator.get(&path).await.header("etag").to_owned();
        let late = operator.put(&path, &etag, draft_of(None)).await;
        assert_eq!((late.status, problem(&late).as_str()), (409, "conflict"), "what is scheduled stays as it is");
        let back = operator.call("POST", &format!("{path}/withdraw"), &[("If-Match", &etag)], None).await;
        assert_eq!((back.status, &back.json()["state"]), (200, &json!("draft")), "{}", back.json());
        assert_eq!(operator.delete(&path, back.header("etag")).await.status, 204);
        assert_eq!(operator.get(&path).await.status, 404);

        let (path, etag) = draft(&operator, draft_of(None)).await;
        publish(&operator, &path, &etag, json!({ "publish_at": tomorrow })).await;
        world.pass(86_400 + 60);
        assert_eq!(reader.all("/v1/announcements").await.len(), 1, "its time has come, whatever the mails do");
        world.run_schedule("notice-sweep", &now(&world)).await;
        eventually("a mail to each administrator of each company", async || {
            (mails_about(&world, "定期メンテナンス").await.len() == 4).then_some(())
        })
        .await;
        let operator = operator.fresh().await;
        let etag = operator.get(&path).await.header("etag").to_owned();
        let late = operator.call("POST", &format!("{path}/withdraw"), &[("If-Match", &etag)], None).await;
        assert_eq!(late.status, 409, "what is published cannot be taken back");
    });
}

/// Runs the job until it was polled `polls` times, and drops it there; whether it got to its end before.
async fn fan_out_and_die(job: &NoticeFanOut, event: &Value, polls: usize) -> bool {
    let invocation = Invocation::new("dies".to_owned(), Duration::from_mins(5));
    killed_after(polls, notice_fan_out::handle(job, event.clone(), invocation)).await.is_some_and(|done| done.is_ok())
}

#[test]
fn r28_a_crash_in_the_middle_of_telling_everybody_loses_no_mail_and_doubles_none() {
    run(async {
        let world = World::start(ServiceOptions { wake_jobs: false, ..ServiceOptions::ephemeral() }).await;
        let operator = world.operator(0).fresh().await;
        let (path, etag) = draft(&operator, draft_of(None)).await;
        publish(&operator, &path, &etag, json!({})).await;
        let job = NoticeFanOut { store: world.service().store().clone() };
        let event = json!({ "as_of": now(&world) });
        let mut deaths = 0;
        while !fan_out_and_die(&job, &event, 3 + 2 * deaths).await {
            deaths += 1;
            assert!(deaths < 500, "it should get to its end at last");
        }
        assert!(deaths > 3, "it should have died in the middle, not {deaths} times");
        world.run_schedule("notice-sweep", &now(&world)).await;
        let later = world.service().store().clock().now().plus_seconds(3_600).to_string();
        while world.run_schedule("mail-sweep", &later).await["due"] != 0 {}
        let mut to: Vec<_> = mails_about(&world, "定期メンテナンス")
            .await
            .iter()
            .map(|mail| mail["to"][0].as_str().unwrap().to_owned())
            .collect();
        to.sort();
        let everybody = (0..2).flat_map(|tenant| {
            let tenant = world.tenant(tenant);
            (0..2).map(move |number| tenant.nth("administrator", number).account().login_id.clone()).collect::<Vec<_>>()
        });
        let mut everybody: Vec<_> = everybody.collect();
        everybody.sort();
        assert_eq!(to, everybody);
        let delivered = operator.all(&format!("{path}/deliveries?limit=1")).await;
        assert_eq!(delivered.len(), 2, "{delivered:?}");
    });
}

#[test]
fn r28_what_is_public_stands_in_the_status_without_a_token() {
    run(async {
        let world = World::own().await;
        let operator = world.operator(0).fresh().await;
        let status = async || anonymous(&world).get("/v1/status").await.json();
        for (title, public) in [("みなさまへ", true), ("ご契約企業の方へ", false)] {
            let body = json!({ "kind": "service_change", "title": title, "body": "変更します。", "public": public });
            let (path, etag) = draft(&operator, body).await;
            assert_eq!(status().await["announcements"].as_array().unwrap().len(), usize::from(!public));
            publish(&operator, &path, &etag, json!({})).await;
        }
        let shown = eventually("what is public", async || {
            let shown = status().await;
            (!shown["announcements"].as_array().unwrap().is_empty()).then_some(shown)
        })
        .await;
        assert_eq!(shown["status"], "ok");
        assert_eq!(shown["announcements"].as_array().unwrap().len(), 1, "{shown}");
        assert_eq!(shown["announcements"][0]["title"], "みなさまへ");
    });
}
