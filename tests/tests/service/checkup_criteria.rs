//! Criteria of judgement of a company's own: versions that follow one another, by the physician.

use std::time::Duration;

use criteria_rejudge::CriteriaRejudge;
use jobs::Invocation;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, World, killed_after, problem, run};

const PATH: &str = "/v1/tenant/checkup-criteria";

/// The criteria that are active, with the first bound of an item's row moved.
async fn stricter(actor: &Actor, item: &str, bound: Value) -> (String, Value) {
    let answer = actor.get(PATH).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let mut criteria = answer.json()["active"].clone();
    let rows = criteria["rows"].as_array_mut().unwrap();
    let row = rows.iter_mut().find(|row| row["item"] == item).unwrap();
    row["steps"][0]["up_to"] = bound;
    (answer.header("etag").to_owned(), criteria)
}

#[test]
fn r34_a_physician_changes_the_criteria_as_a_new_version_and_what_comes_later_is_judged_by_what_is_valid_on_its_day() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (physician, nurse) = (tenant.actor("physician").fresh().await, tenant.actor("nurse"));
        let first = physician.get(PATH).await;
        assert_eq!((first.header("etag"), &first.json()["items"]), ("\"0\"", &json!([])));
        assert!(first.json()["standard"]["source"].as_str().unwrap().contains("人間ドック"));
        let file = |day: &str| format!("社員番号,受診日,健診種別,AST\nD0001,{day},定期,25\n");
        import(&nurse, "checkups", file("2026-06-01").as_bytes(), json!({})).await;

        let (etag, mut criteria) = stricter(&physician, "ast", json!("20")).await;
        criteria["version"] = json!("minato-2026-07");
        criteria["valid_from"] = json!("2026-07-01");
        criteria["source"] = json!("産業医の判断");
        let body = json!({ "criteria": criteria, "reason": "衛生委員会での審議による" });
        assert_eq!(physician.call("PUT", PATH, &[], Some(body.clone())).await.status, 428);
        let changed = physician.put(PATH, &etag, body.clone()).await;
        assert_eq!((changed.status, changed.header("etag")), (200, "\"1\""), "{}", changed.json());
        assert_eq!(changed.json()["items"][0]["reason"], "衛生委員会での審議による");
        assert_eq!(physician.put(PATH, &etag, body.clone()).await.status, 412);
        let twice = physician.put(PATH, "\"1\"", body).await;
        assert_eq!((twice.status, &twice.json()["errors"][0]["code"]), (409, &json!("version_taken")));

        import(&nurse, "checkups", file("2026-07-02").as_bytes(), json!({})).await;
        import(&nurse, "checkups", file("2026-06-30").as_bytes(), json!({})).await;
        let found = tenant.actor("administrator").all("/v1/employees?employee_number=D0001").await;
        let list = format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap());
        let entered =
            json!({ "examined_on": "2026-07-03", "kind": "periodic", "results": [{ "item": "ast", "value": 25 }] });
        assert_eq!(nurse.post(&list, entered).await.status, 201);
        let judged: Vec<_> = nurse.get(&list).await.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (
                    it["examined_on"].clone(),
                    it["results"][0]["grade"].clone(),
                    it["judgement"]["criteria_version"].clone(),
                )
            })
            .collect();
        let expected = [
            ("2026-07-03", "B", "minato-2026-07"),
            ("2026-07-02", "B", "minato-2026-07"),
            ("2026-06-30", "A", "ningen-dock-2026-04-01"),
            ("2026-06-01", "A", "ningen-dock-2026-04-01"),
        ];
        assert_eq!(judged, expected.map(|(day, grade, version)| (json!(day), json!(grade), json!(version))));
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup_criteria.add").await;
        assert_eq!(trail[0]["subjects"], json!(["minato-2026-07"]), "{trail:?}");
    });
}

#[test]
fn r34_criteria_that_contradict_themselves_are_refused_with_all_that_is_wrong() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let physician = tenant.actor("physician").fresh().await;
        let (etag, mut criteria) = stricter(&physician, "sbp", json!("200")).await;
        let rows = criteria["rows"].as_array_mut().unwrap();
        let again = rows[0].clone();
        rows.push(again);
        let last = rows.len() - 1;
        criteria["version"] = json!("");
        let refused = physician.put(PATH, &etag, json!({ "criteria": criteria, "reason": "" })).await;
        let codes: Vec<_> = refused.json()["errors"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
        assert_eq!(
            (refused.status, codes),
            (422, vec![json!("nameless"), json!("not_ascending"), json!("row_twice"), json!("note_invalid")])
        );
        assert_eq!(refused.json()["errors"][2]["pointer"], format!("/criteria/rows/{last}"));
        let unknown = physician.put(PATH, &etag, json!({ "criteria": { "rows": [] }, "reason": "試験" })).await;
        assert_eq!(unknown.json()["errors"][0]["code"], "criteria_unreadable", "{}", unknown.json());
    });
}

#[test]
fn r02_criteria_are_read_by_those_who_work_with_them_and_changed_by_the_physician_with_a_fresh_code() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        for (role, status) in [
            ("health_officer", 200),
            ("nurse", 200),
            ("administrator", 200),
            ("hr", 403),
            ("manager", 403),
            ("employee", 403),
        ] {
            assert_eq!(tenant.actor(role).get(PATH).await.status, status, "{role}");
        }
        let body = json!({ "criteria": {}, "reason": "試験" });
        for role in ["health_officer", "nurse", "administrator"] {
            let refused = tenant.actor(role).fresh().await.put(PATH, "\"0\"", body.clone()).await;
            assert_eq!((refused.status, problem(&refused).as_str()), (403, "forbidden"), "{role}");
        }
    });
}

#[test]
fn r34_a_change_of_criteria_is_tried_before_it_is_made() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (physician, nurse) = (tenant.actor("physician").fresh().await, tenant.actor("nurse"));
        let file = "社員番号,受診日,健診種別,AST,尿酸\nD0001,2026-06-01,定期,25,6.0\nD0002,2026-06-02,定期,19,6.0\nD0003,2026-05-01,定期,25,6.0\n";
        import(&nurse, "checkups", file.as_bytes(), json!({})).await;
        let (_, mut criteria) = stricter(&physician, "ast", json!("20")).await;
        criteria["version"] = json!("try");
        criteria["valid_from"] = json!("2026-06-01");
        let tried =
            physician.post(&format!("{PATH}/preview"), json!({ "criteria": criteria, "fiscal_year": 2026 })).await;
        let preview = tried.json();
        assert_eq!((tried.status, &preview["judged"], &preview["more"]), (200, &json!(2), &json!(false)), "{preview}");
        assert_eq!(preview["items"], json!([{ "item": "ast", "name": "AST", "from": "A", "to": "B", "count": 1 }]));
        assert_eq!(preview["overall"], json!([{ "from": "A", "to": "B", "count": 1 }]));
        assert_eq!(
            (&preview["checkups"][0]["examined_on"], &preview["checkups"][0]["items"]),
            (&json!("2026-06-01"), &json!(["ast"]))
        );
        assert_eq!(physician.get(PATH).await.json()["items"], json!([]), "nothing is saved");
        let refused =
            nurse.fresh().await.post(&format!("{PATH}/preview"), json!({ "criteria": {}, "fiscal_year": 2026 })).await;
        assert_eq!(refused.status, 403);
    });
}

/// The job that judges once more, killed after it was polled `polls` times; whether it got to its end before.
async fn rejudge_and_die(world: &World, polls: usize) -> bool {
    let service = world.service();
    let clients = service.clients().of_function(service.cloud(), "criteria-rejudge");
    let job = CriteriaRejudge { store: clients.store(service.store().clock().clone()).unwrap() };
    let event: Value = serde_json::from_str(include_str!("../../../events/criteria-rejudge.json")).unwrap();
    let invocation = Invocation::new("by-hand".to_owned(), Duration::from_mins(15));
    killed_after(polls, criteria_rejudge::handle(&job, event, invocation)).await.is_some()
}

#[test]
fn r34_stored_checkups_are_judged_once_more_when_a_physician_says_so_and_keep_what_they_said_before() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (physician, nurse) = (tenant.actor("physician").fresh().await, tenant.actor("nurse"));
        let path = format!("{PATH}/rejudgements");
        let early = physician.post(&path, json!({ "reason": "試験" })).await;
        assert_eq!((early.status, &early.json()["errors"][0]["pointer"]), (422, &json!("/examined_from")));
        let file = "社員番号,受診日,健診種別,AST\nD0001,2026-06-01,定期,25\nD0002,2026-06-01,定期,10\nD0001,2025-06-01,定期,25\n";
        import(&nurse, "checkups", file.as_bytes(), json!({})).await;
        let queue = physician.all("/v1/work-fitness/queue").await;
        let one = |case: &Value| json!({ "employee_id": case["employee_id"], "checkup_id": case["checkup_id"], "checkup_version": case["checkup_version"] });
        let all: Vec<Value> = queue.iter().map(one).collect();
        assert_eq!(physician.post("/v1/work-fitness/normal", json!({ "checkups": all })).await.status, 201);
        let (etag, mut criteria) = stricter(&physician, "ast", json!("20")).await;
        criteria["version"] = json!("minato-2026-04");
        criteria["valid_from"] = json!("2026-04-01");
        let body = json!({ "criteria": criteria, "reason": "衛生委員会での審議による" });
        assert_eq!(physician.put(PATH, &etag, body).await.status, 200);
        let list = async |number: &str| {
            let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
            let path = format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap());
            (nurse.get(&path).await.json()["items"].clone(), path)
        };
        assert_eq!(list("D0001").await.0[0]["results"][0]["grade"], "A", "adding criteria changes no letter");

        for role in ["nurse", "health_officer", "administrator"] {
            let refused = tenant.actor(role).fresh().await.post(&path, json!({ "reason": "試験" })).await;
            assert_eq!(refused.status, 403, "{role}");
        }
        let asked = physician.post(&path, json!({ "reason": "今年度の受診者に適用するため" })).await;
        assert_eq!((asked.status, &asked.json()["examined_from"]), (202, &json!("2026-04-01")), "{}", asked.json());
        let mut kills = 0;
        while !rejudge_and_die(&world, 16 << kills).await {
            kills += 1;
        }
        assert!(kills > 1, "it was killed {kills} times: that shows nothing");
        let done = nurse.get(asked.header("location")).await.json();
        let counts = (&done["state"], &done["judged"], &done["changed"], &done["left"]);
        assert_eq!(counts, (&json!("done"), &json!(2), &json!(1), &json!(0)), "{done}");

        let (checkups, of) = list("D0001").await;
        let judged = |at: usize| {
            (checkups[at]["results"][0]["grade"].clone(), checkups[at]["judgement"]["criteria_version"].clone())
        };
        assert_eq!(judged(0), (json!("B"), json!("minato-2026-04")));
        assert_eq!(judged(1), (json!("A"), json!("ningen-dock-2026-04-01")), "the year before is as it was");
        let read = format!("{of}/{}", checkups[0]["id"].as_str().unwrap());
        let versions = nurse.get(&format!("{read}/history")).await.json()["items"].clone();
        assert_eq!((versions.as_array().unwrap().len(), &versions[0]["reason"]), (2, &json!("rejudge")));
        let change = &versions[0]["changes"][0];
        assert_eq!((&change["before"]["grade"], &change["after"]["grade"]), (&json!("A"), &json!("B")));
        assert_eq!(change["before"]["value"], change["after"]["value"], "no value was corrected");
        assert_eq!(versions[1]["criteria_version"], "ningen-dock-2026-04-01");
        assert_eq!(versions[0]["written_by"], physician.get("/v1/me").await.json()["id"]);
        let (other, of) = list("D0002").await;
        let untouched = nurse.get(&format!("{of}/{}", other[0]["id"].as_str().unwrap())).await;
        assert_eq!(untouched.header("etag"), "\"1\"", "what says the same is not written");
        // A physician looks again at what says something else.
        let queue = physician.all("/v1/work-fitness/queue").await;
        assert_eq!((queue.len(), &queue[0]["checkup_id"]), (1, &checkups[0]["id"]), "{queue:?}");
        assert_eq!(queue[0]["results_changed"], true);
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=checkup.rejudge").await;
        assert_eq!(trail.len(), 1, "{trail:?}");

        let again = physician.post(&path, json!({ "reason": "試験", "examined_from": "2020-04-01" })).await;
        assert_eq!(again.status, 202);
        assert!(rejudge_and_die(&world, usize::MAX).await);
        let listed = nurse.all(&path).await;
        assert_eq!((listed.len(), &listed[0]["judged"], &listed[0]["changed"]), (2, &json!(3), &json!(0)));
        assert_eq!(world.tenant(1).actor("nurse").get(asked.header("location")).await.status, 404);
    });
}
