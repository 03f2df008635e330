//! The clinic's own sheet beside what was read from it: only the PDF that was announced, for those who see every item, and for as long as its checkup.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::upload;
use tests::{Actor, Tenant, World, logs, problem, run};

use crate::exports::{sha256, take_all};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";

async fn with_a_checkup(tenant: &Tenant) -> String {
    let found = tenant.actor("administrator").all("/v1/employees?employee_number=D0001").await;
    let list = format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap());
    let body = json!({ "examined_on": "2026-06-01", "kind": "periodic", "results": [{ "item": "sbp", "value": 142 }] });
    let entered = tenant.actor("nurse").post(&list, body).await;
    assert_eq!(entered.status, 201, "{}", entered.json());
    format!("{}/attachments", entered.header("location"))
}

fn announced(bytes: &[u8]) -> Value {
    json!({ "file_name": "渡辺さんの結果票.pdf", "media_type": "application/pdf", "size": bytes.len(), "sha256": sha256(bytes) })
}

/// Announces `said`, sends `bytes`, and has them looked at: where the attachment is, and what became of it.
async fn attached(actor: &Actor, path: &str, said: Value, bytes: &[u8]) -> (String, Value) {
    let started = actor.post(path, said).await;
    assert_eq!((started.status, &started.json()["state"]), (201, &json!("awaiting_upload")), "{}", started.json());
    let of = started.header("location").to_owned();
    let early = actor.post(&format!("{of}/confirm"), json!({})).await;
    assert_eq!((early.status, &early.json()["errors"][0]["code"]), (409, &json!("upload_missing")));
    assert_eq!(upload(started.json()["upload"]["url"].as_str().unwrap(), bytes).await, 200);
    let confirmed = actor.post(&format!("{of}/confirm"), json!({})).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.json());
    (of, confirmed.json())
}

#[test]
fn r34_a_sheet_is_attached_as_it_was_announced_read_by_those_who_see_all_of_it_and_gone_with_its_checkup() {
    run(async {
        logs::plant(["渡辺さんの結果票"]);
        let world = World::own().await;
        let tenant = world.tenant(0);
        let path = with_a_checkup(&tenant).await;
        let (nurse, me) = (tenant.actor("nurse"), tenant.actor("employee"));
        let wrong = json!({ "file_name": "../x.exe", "media_type": "text/html", "size": 5_000_000, "sha256": "x" });
        let refused = nurse.post(&path, wrong).await;
        let pointers: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
        assert_eq!(
            (refused.status, pointers),
            (422, vec![json!("/file_name"), json!("/media_type"), json!("/size"), json!("/sha256")])
        );
        for role in ["employee", "manager", "administrator"] {
            assert_eq!(tenant.actor(role).post(&path, announced(PDF)).await.status, 403, "{role}");
        }

        let (of, ready) = attached(&nurse, &path, announced(PDF), PDF).await;
        assert_eq!((&ready["state"], &ready["version"]), (&json!("ready"), &json!(2)), "{ready}");
        assert_eq!(nurse.post(&format!("{of}/confirm"), json!({})).await.json(), ready, "looked at once");
        let html = b"<html>%PDF-1.7 %%EOF</html>";
        for (said, sent, why) in [
            (announced(PDF), [PDF, b"x"].concat(), "size"),
            (announced(PDF), PDF.to_ascii_uppercase(), "hash"),
            (announced(html), html.to_vec(), "no_pdf"),
        ] {
            let (of, looked) = attached(&nurse, &path, said, &sent).await;
            assert_eq!((&looked["state"], &looked["refused"]), (&json!("refused"), &json!(why)));
            assert_eq!(me.call("POST", &format!("{of}/downloads"), &[], None).await.status, 404);
        }

        // A sheet speaks of every item: whoever does not see all of them sees none of it.
        assert_eq!(tenant.actor("physician").all(&path).await.len(), 0);
        let listed = me.all(&path).await;
        assert_eq!((listed.len(), &listed[0]["file_name"]), (4, &json!("渡辺さんの結果票.pdf")), "{listed:?}");
        assert_eq!(tenant.actor("physician").call("POST", &format!("{of}/downloads"), &[], None).await.status, 404);
        let offered = me.call("POST", &format!("{of}/downloads"), &[], None).await;
        assert_eq!(offered.status, 201, "{}", offered.json());
        let taken = take_all(&offered.json(), &me).await;
        assert_eq!(taken, [("渡辺さんの結果票.pdf".to_owned(), PDF.to_vec())]);
        let address = offered.json()["files"][0]["address"].as_str().unwrap().to_owned();
        assert_eq!(tenant.nth("employee", 1).get(&address).await.status, 404);
        assert_eq!(world.tenant(1).actor("employee").get(&address).await.status, 404);
        world.pass(301);
        assert_eq!(me.get(&address).await.status, 404, "five minutes are over");
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup.fetch_attachment").await;
        assert_eq!(trail.len(), 1, "{trail:?}");
        assert!(!trail[0].to_string().contains("渡辺"), "names of files stay sealed");

        // The upload is gone, and what is kept is sealed.
        let objects = async || {
            let (s3, bucket) = (&world.service().clients().s3, &world.service().endpoints().imports_bucket);
            let found = s3.list_object_versions().bucket(bucket).prefix(tenant.id()).send().await.unwrap();
            found.versions().iter().map(|it| it.key().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let kept = objects().await;
        assert!(kept.len() == 1 && kept[0].contains("/kept/attachments/"), "{kept:?}");
        let purge = async |day: jiff::civil::Date| {
            world.run_schedule("retention-purge", &format!("{day}T03:00:00+09:00")).await
        };
        purge(world.today() + 60.days()).await;
        assert_eq!(objects().await, kept, "it is no upload, and nothing that the service made for a while");

        let unfounded = nurse.delete(&format!("{of}?reason=supplement"), "\"2\"").await;
        assert_eq!(unfounded.status, 422, "{}", unfounded.json());
        assert_eq!(problem(&nurse.delete(&format!("{of}?reason=wrong_person"), "\"1\"").await), "stale");
        assert_eq!(nurse.delete(&format!("{of}?reason=wrong_person"), "\"2\"").await.status, 204);
        assert_eq!(me.call("POST", &format!("{of}/downloads"), &[], None).await.status, 404);
        assert_eq!(objects().await, kept, "it is kept as long as its checkup");

        let administrator = tenant.actor("administrator").fresh().await;
        let etag = administrator.get("/v1/tenant/retention").await.header("etag").to_owned();
        let periods = json!({ "periods": [{ "kind": "general_checkup", "years": 5 }] });
        assert_eq!(administrator.put("/v1/tenant/retention", &etag, periods).await.status, 200);
        let last_day = world.today() + 5.years();
        purge(last_day).await;
        assert_eq!(objects().await, kept);
        purge(last_day + 1.day()).await;
        purge(last_day + 2.days()).await;
        assert_eq!(objects().await, [] as [String; 0]);
        let client = &world.service().clients().dynamodb;
        let scan = client.scan().table_name("records").filter_expression("begins_with(pk, :pk)");
        let prefix = aws_sdk_dynamodb::types::AttributeValue::S(format!("T#{}#ATTACHMENT#", tenant.id()));
        assert_eq!(scan.expression_attribute_values(":pk", prefix).send().await.unwrap().count(), 0);
    });
}
