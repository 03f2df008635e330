//! Checkups entered, corrected and declared void: what they said before is kept, with who changed it, when and why, and whoever writes is not thereby somebody who reads.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, logs, problem, run};

const DAY: &str = "2026-06-01";

async fn tenant() -> Tenant {
    logs::plant(["前年の値を転記していた", "腎臓に所見あり"]);
    World::shared().await.another_tenant().await
}

/// Where the checkups of an employee are.
async fn checkups(tenant: &Tenant, number: &str) -> String {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap())
}

fn body() -> Value {
    json!({ "examined_on": DAY, "kind": "periodic", "clinic": "みなと健診クリニック", "course": "脳ドック", "clinic_overall": "C",
        "results": [
            { "item": "height", "value": 160 }, { "item": "weight", "value": 50.0 }, { "item": "sbp", "value": 142 },
            { "item": "dbp", "value": "９０" }, { "item": "u_pro", "value": "1+" }, { "item": "u_ob", "value": "(+)" },
        ] })
}

/// Enters a checkup: where it is, and its ETag.
async fn entered(actor: &Actor, path: &str, body: Value) -> (String, String) {
    let answer = actor.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    (answer.header("location").to_owned(), answer.header("etag").to_owned())
}

async fn history(actor: &Actor, path: &str) -> Vec<Value> {
    let answer = actor.get(&format!("{path}/history")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["items"].as_array().unwrap().clone()
}

fn changed(version: &Value) -> Vec<&str> {
    version["changes"].as_array().unwrap().iter().map(|change| change["item"].as_str().unwrap()).collect()
}

#[test]
fn r34_a_checkup_that_is_entered_is_read_and_judged_like_one_from_a_file() {
    run(async {
        let tenant = tenant().await;
        let path = checkups(&tenant, "D0001").await;
        let nurse = tenant.actor("nurse");
        let keyed = nurse.with("Idempotency-Key", "checkup-1");
        let answer = keyed.post(&path, body()).await;
        assert_eq!((answer.status, answer.header("etag")), (201, "\"1\""), "{}", answer.json());
        assert_eq!(answer.json().get("results"), None, "what it says is read where reading is told to the trail");
        let again = keyed.post(&path, body()).await;
        assert_eq!((again.status, &again.body), (201, &answer.body), "the same key does it once");
        let own = tenant.actor("employee").get(answer.header("location")).await.json();
        let result =
            |item: &str| own["results"].as_array().unwrap().iter().find(|it| it["item"] == item).unwrap().clone();
        assert_eq!((&result("sbp")["grade"], &result("dbp")["raw"]), (&json!("C"), &json!("９０")));
        assert_eq!((&result("u_pro")["value"], &result("bmi")["derived"]), (&json!("(+)"), &json!(true)));
        assert_eq!(own["judgement"]["overall"], "D", "protein and blood in urine together");
        let twice = nurse.post(&path, body()).await;
        assert_eq!((twice.status, &twice.json()["errors"][0]["code"]), (409, &json!("checkup_exists")));
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup.create").await;
        assert_eq!(trail.len(), 1, "{trail:?}");
    });
}

#[test]
fn r34_everything_that_is_wrong_with_a_checkup_is_told_at_once() {
    run(async {
        let tenant = tenant().await;
        let path = checkups(&tenant, "D0001").await;
        let nurse = tenant.actor("nurse");
        let mut wrong = body();
        wrong["examined_on"] = json!("2026-02-29");
        wrong["kind"] = json!("車検");
        wrong["results"] = json!([{ "item": "sbp", "value": 1270 }, { "item": "sbp", "value": 127 }, { "item": "pressure", "value": 1 }]);
        let answer = nurse.post(&path, wrong).await;
        let pointers: Vec<_> =
            answer.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
        assert_eq!((answer.status, problem(&answer).as_str()), (422, "invalid"));
        assert_eq!(pointers, ["/examined_on", "/kind", "/results/0/value", "/results/1/item", "/results/2/item"]);
        // What only the register knows.
        let born_later =
            json!({ "examined_on": "1950-01-01", "kind": "periodic", "results": [{ "item": "sbp", "value": 120 }] });
        let answer = nurse.post(&path, born_later).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("/examined_on")));
        let odd = json!({ "examined_on": DAY, "kind": "hire", "results":
            [{ "item": "height", "value": 160 }, { "item": "weight", "value": 50 }, { "item": "bmi", "value": 25.0 }, { "item": "wbc", "value": 5.6 }] });
        let warned = nurse.post(&path, odd).await.json();
        let codes: Vec<_> = warned["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["pointer"].clone(), it["code"].clone()))
            .collect();
        let expected = [("/results/3/value", "unit_converted"), ("/results/2/value", "derived_value_differs")];
        assert_eq!(codes, expected.map(|(at, code)| (json!(at), json!(code))), "{warned}");
    });
}

#[test]
fn r34_a_correction_says_why_and_what_was_there_before_stays_readable() {
    run(async {
        let tenant = tenant().await;
        let list = checkups(&tenant, "D0001").await;
        let (nurse, me) = (tenant.actor("nurse"), tenant.actor("employee"));
        let (path, etag) = entered(&nurse, &list, body()).await;
        let correction = json!({ "reason": "transcription", "note": "前年の値を転記していた", "clinic": "川崎中央病院",
            "results": [{ "item": "sbp", "value": 124 }, { "item": "u_ob", "value": null }] });
        let blind = nurse.call("PATCH", &path, &[], Some(correction.clone())).await;
        assert_eq!((blind.status, problem(&blind).as_str()), (428, "precondition-required"));
        let answer = nurse.patch(&path, &etag, correction.clone()).await;
        assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""), "{}", answer.json());
        let stale = nurse.patch(&path, &etag, correction).await;
        assert_eq!((stale.status, problem(&stale).as_str()), (412, "stale"));
        let unfounded = nurse.patch(&path, "\"2\"", json!({ "reason": "duplicate" })).await;
        assert_eq!((unfounded.status, &unfounded.json()["errors"][0]["pointer"]), (422, &json!("/reason")));

        let now = me.get(&path).await.json();
        assert_eq!((&now["judgement"]["overall"], &now["clinic"]), (&json!("C"), &json!("川崎中央病院")));
        let versions = history(&me, &path).await;
        let numbers: Vec<_> = versions.iter().map(|it| (it["version"].clone(), it["reason"].clone())).collect();
        assert_eq!(numbers, [(json!(2), json!("correction")), (json!(1), json!("entry"))]);
        assert_eq!(changed(&versions[0]), ["sbp", "u_ob"]);
        let sbp = &versions[0]["changes"][0];
        assert_eq!((&sbp["before"]["value"], &sbp["after"]["value"]), (&json!(142), &json!(124)));
        assert_eq!((&sbp["before"]["grade"], &sbp["after"]["grade"]), (&json!("C"), &json!("A")));
        assert_eq!(versions[0]["changes"][1]["after"], Value::Null);
        assert_eq!(
            (&versions[0]["cause"], &versions[0]["note"]),
            (&json!("transcription"), &json!("前年の値を転記していた"))
        );
        assert_eq!(versions[0]["words"][0]["before"], "みなと健診クリニック");
        assert_eq!(versions[0]["written_by"], nurse.get("/v1/me").await.json()["id"], "{}", versions[0]);
        // Whoever looked at what was there before stands in the access log as well.
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup").await;
        let actions: Vec<_> = trail.iter().map(|event| event["action"].as_str().unwrap()).collect();
        assert!(["checkup.history", "checkup.correct"].iter().all(|action| actions.contains(action)), "{actions:?}");
        let correct = trail.iter().find(|event| event["action"] == "checkup.correct").unwrap();
        assert_eq!(correct["reason"], "transcription");
        assert!(!correct.to_string().contains("前年の値"), "words stay sealed");
    });
}

#[test]
fn r34_what_a_file_replaces_is_kept_with_the_import_that_replaced_it() {
    run(async {
        let tenant = tenant().await;
        let nurse = tenant.actor("nurse");
        let list = checkups(&tenant, "D0001").await;
        let file = |sbp: u16| format!("社員番号,受診日,健診種別,収縮期血圧,拡張期血圧\nD0001,{DAY},定期,{sbp},80\n");
        import(&nurse, "checkups", file(142).as_bytes(), json!({})).await;
        let same = import(&nurse, "checkups", file(142).as_bytes(), json!({})).await;
        assert_eq!(same["rows"]["unchanged"], 1, "{same}");
        let second = import(&nurse, "checkups", file(124).as_bytes(), json!({})).await;
        assert_eq!((second["state"].as_str(), &second["rows"]["applied"]), (Some("applied"), &json!(1)), "{second}");
        let found = nurse.get(&list).await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let versions = history(&nurse, &format!("{list}/{found}")).await;
        assert_eq!((versions.len(), changed(&versions[0])), (2, vec!["sbp"]), "{versions:?}");
        assert_eq!((&versions[0]["reason"], &versions[0]["import_id"]), (&json!("import"), &second["id"]));
        assert_eq!(versions[0]["changes"][0]["before"]["value"], 142);
        assert_eq!(versions[0]["written_by"], nurse.get("/v1/me").await.json()["id"]);
    });
}

#[test]
fn r34_a_checkup_is_not_deleted_but_void_and_the_law_is_told_where_nobody_says_why() {
    run(async {
        let tenant = tenant().await;
        let list = checkups(&tenant, "D0001").await;
        let nurse = tenant.actor("nurse");
        let file = format!("社員番号,受診日,健診種別,収縮期血圧,拡張期血圧\nD0001,{DAY},定期,142,90\n");
        import(&nurse, "checkups", file.as_bytes(), json!({})).await;
        let id = nurse.get(&list).await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("{list}/{id}");
        let refused = nurse.delete(&path, "\"1\"").await;
        let until = World::shared().await.today() + 5.years();
        let day = format!("{}年{}月{}日", until.year(), until.month(), until.day());
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (409, &json!("under_retention")));
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains(&day), "{}", refused.json());
        let unfounded = nurse.delete(&format!("{path}?reason=supplement"), "\"1\"").await;
        assert_eq!(unfounded.status, 422, "{}", unfounded.json());
        let done = nurse.delete(&format!("{path}?reason=wrong_person"), "\"1\"").await;
        assert_eq!(done.status, 204, "{}", done.json());

        assert_eq!(nurse.get(&path).await.status, 404);
        assert_eq!(nurse.get(&list).await.json()["items"], json!([]));
        assert_eq!(nurse.all("/v1/checkups?fiscal_year=2026").await.len(), 0);
        assert_eq!(nurse.patch(&path, "\"2\"", json!({ "reason": "supplement" })).await.status, 404);
        let versions = history(&nurse, &path).await;
        assert_eq!((&versions[0]["void"], &versions[0]["cause"]), (&json!(true), &json!("wrong_person")));
        assert_eq!(versions[1]["void"], false);
        // The same file again does not bring it back; somebody does, and so does a file that says something else.
        let again = import(&nurse, "checkups", file.as_bytes(), json!({})).await;
        assert_eq!((&again["rows"]["unchanged"], nurse.get(&path).await.status), (&json!(1), 404), "{again}");
        let other = file.replace("142", "120");
        let other = import(&nurse, "checkups", other.as_bytes(), json!({})).await;
        assert_eq!((&other["rows"]["applied"], nurse.get(&path).await.status), (&json!(1), 200), "{other}");
        let read = nurse.get(&path).await;
        assert_eq!((read.header("etag"), &read.json()["results"][0]["value"]), ("\"3\"", &json!(120)));
        let gone = nurse.delete(&format!("{path}?reason=other"), "\"3\"").await;
        assert_eq!(gone.status, 204);
        let (back, etag) = entered(&nurse, &list, body()).await;
        assert_eq!((back, etag.as_str()), (path, "\"5\""), "a version follows upon the void one");
    });
}

#[test]
fn r02_hr_enters_and_corrects_without_reading() {
    run(async {
        let tenant = tenant().await;
        let list = checkups(&tenant, "D0001").await;
        let hr = tenant.actor("hr");
        let answer = hr.post(&list, body()).await;
        let (path, etag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
        assert_eq!(answer.status, 201);
        let corrected = hr
            .patch(&path, &etag, json!({ "reason": "supplement", "results": [{ "item": "sbp", "value": 142 }] }))
            .await;
        // The same value makes a version all the same: whether it was the same is not for them to know.
        assert_eq!((corrected.status, corrected.header("etag")), (200, "\"2\""), "{}", corrected.json());
        for answer in [&answer, &corrected] {
            let text = String::from_utf8_lossy(&answer.body);
            assert!(!text.contains("142") && !text.contains("judgement") && !text.contains("みなと"), "{text}");
        }
        for path in [list.clone(), path.clone(), format!("{path}/history")] {
            assert_eq!(hr.get(&path).await.status, 403, "{path}");
        }
        for role in ["manager", "administrator", "stress_implementer", "employee"] {
            assert_eq!(tenant.actor(role).post(&list, body()).await.status, 403, "{role}");
        }
    });
}

#[test]
fn r02_a_history_shows_no_more_than_the_checkup_does() {
    run(async {
        let tenant = tenant().await;
        let list = checkups(&tenant, "D0001").await;
        let nurse = tenant.actor("nurse");
        let (path, etag) = entered(&nurse, &list, body()).await;
        let correction = json!({ "reason": "other", "note": "腎臓に所見あり", "course": "腎ドック",
            "results": [{ "item": "u_ob", "value": "(-)" }] });
        assert_eq!(nurse.patch(&path, &etag, correction).await.status, 200);
        let (physicians, own) =
            (history(&tenant.actor("physician"), &path).await, history(&tenant.actor("employee"), &path).await);
        assert_eq!((changed(&own[0]), own[0]["words"][0]["field"].as_str()), (vec!["u_ob"], Some("course")));
        assert_eq!(
            (changed(&physicians[0]), &physicians[0]["words"]),
            (vec![], &json!([])),
            "beyond the statutory items"
        );
        assert_eq!(physicians[0].get("note"), None);
        assert!(changed(&physicians[1]).contains(&"u_pro") && !changed(&physicians[1]).contains(&"u_ob"));
        // Others' checkups are nobody's.
        let colleague = tenant.nth("employee", 1);
        let never = format!("{list}/chk_{}/history", "0".repeat(32));
        assert_eq!(colleague.get(&format!("{path}/history")).await.status, 404);
        assert_eq!(nurse.get(&never).await.status, 404);
    });
}

#[test]
fn r34_a_second_examination_is_linked_to_the_first_one_of_the_same_person() {
    run(async {
        let tenant = tenant().await;
        let (list, others) = (checkups(&tenant, "D0001").await, checkups(&tenant, "D0002").await);
        let nurse = tenant.actor("nurse");
        let (first, _) = entered(&nurse, &list, body()).await;
        let (elsewhere, _) = entered(&nurse, &others, body()).await;
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let second = |day: &str, kind: &str, parent: &str| json!({ "examined_on": day, "kind": kind, "parent_id": parent, "results": [{ "item": "sbp", "value": 138 }] });
        for (unfit, why) in [
            (second("2026-07-01", "secondary", &id(&elsewhere)), "another person's"),
            (second("2026-05-01", "secondary", &id(&first)), "before the first one"),
            (second(DAY, "periodic", &id(&first)), "itself, were it not there already"),
            (second("2026-07-01", "secondary", &format!("chk_{}", "0".repeat(32))), "nobody's"),
        ] {
            let answer = nurse.post(&list, unfit).await;
            let code = answer.json()["errors"][0]["code"].clone();
            assert!(code == "parent_invalid" || code == "checkup_exists", "{why}: {}", answer.json());
        }
        let (linked, etag) = entered(&nurse, &list, second("2026-07-01", "secondary", &id(&first))).await;
        let (again, _) = entered(&nurse, &list, second("2026-07-02", "periodic", &id(&first))).await;
        assert_eq!(nurse.get(&linked).await.json()["parent_id"], id(&first));
        let chained = nurse.post(&list, second("2026-08-01", "secondary", &id(&linked))).await;
        assert_eq!(chained.status, 422, "a second examination has no second examinations: {}", chained.json());
        let round =
            nurse.patch(&first, "\"1\"", json!({ "reason": "other", "note": "紐づけ", "parent_id": id(&again) })).await;
        assert_eq!(round.status, 422, "{}", round.json());
        let loose =
            nurse.patch(&linked, &etag, json!({ "reason": "other", "note": "紐づけ", "parent_id": null })).await;
        assert_eq!((loose.status, &loose.json()["parent_id"]), (200, &Value::Null));
        assert_eq!(nurse.get(&list).await.json()["items"].as_array().unwrap().len(), 3, "several a year");
    });
}

#[test]
fn r17_what_a_checkup_said_before_goes_with_it_and_not_earlier() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let list = checkups(&tenant, "D0001").await;
        let nurse = tenant.actor("nurse");
        let (path, etag) = entered(&nurse, &list, body()).await;
        let correction = json!({ "reason": "supplement", "results": [{ "item": "hb", "value": 13.4 }] });
        assert_eq!(nurse.patch(&path, &etag, correction).await.status, 200);
        let kept = async || {
            let client = &world.service().clients().dynamodb;
            let scan = client.scan().table_name("records").filter_expression("begins_with(pk, :pk)");
            let prefix = format!("T#{}#CHECKUPHISTORY#", tenant.id());
            scan.expression_attribute_values(":pk", AttributeValue::S(prefix)).send().await.unwrap().count()
        };
        let administrator = tenant.actor("administrator").fresh().await;
        let etag = administrator.get("/v1/tenant/retention").await.header("etag").to_owned();
        let periods = json!({ "periods": [{ "kind": "general_checkup", "years": 5 }] });
        assert_eq!(administrator.put("/v1/tenant/retention", &etag, periods).await.status, 200);
        let last_day = world.today() + 5.years();
        world.run_schedule("retention-purge", &format!("{last_day}T03:00:00+09:00")).await;
        assert_eq!(kept().await, 1);
        world.run_schedule("retention-purge", &format!("{}T03:00:00+09:00", last_day + 1.day())).await;
        assert_eq!((kept().await, nurse.get(&path).await.status), (0, 404));
    });
}
