//! An import is taken back as a whole, within 30 days, or not at all: what was touched since, or rests on it, stands in the way.

use csv_import::Limits;
use serde_json::{Value, json};
use tests::imports::{faults, import, settled, sjis, start, upload};
use tests::{Actor, Hand, Tenant, World, problem, run};

const DAY: &str = "2026-06-01";

fn checkups(rows: &[(&str, u16)]) -> Vec<u8> {
    let mut lines = vec!["社員番号,受診日,健診種別,収縮期血圧,拡張期血圧".to_owned()];
    lines.extend(rows.iter().map(|(number, sbp)| format!("{number},{DAY},定期,{sbp},80")));
    sjis(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn undo(actor: &Actor, import: &Value) -> Value {
    let id = import["id"].as_str().unwrap();
    let answer = actor.post(&format!("/v1/imports/{id}/undo"), json!({})).await;
    assert_eq!((answer.status, &answer.json()["state"]), (202, &json!("undoing")), "{}", answer.json());
    settled(actor, id).await
}

/// What somebody's checkups say about their blood pressure, and where they are.
async fn pressures(tenant: &Tenant, number: &str) -> (Vec<Value>, String) {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    let path = format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap());
    let items = tenant.actor("nurse").get(&path).await.json()["items"].clone();
    let sbp = |it: &Value| it["results"].as_array().unwrap().iter().find(|it| it["item"] == "sbp").unwrap().clone();
    let values = items.as_array().unwrap().iter().map(|it| sbp(it)["value"].clone()).collect();
    let id = items[0]["id"].as_str().map_or_else(String::new, str::to_owned);
    (values, format!("{path}/{id}"))
}

#[test]
fn r34_an_import_of_checkups_is_taken_back_as_a_whole_and_only_while_nothing_rests_on_it() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let nurse = tenant.actor("nurse");
        import(&nurse, "checkups", &checkups(&[("D0001", 142)]), json!({})).await;
        let file = checkups(&[("D0001", 124), ("D0002", 118)]);
        let second = import(&nurse, "checkups", &file, json!({})).await;
        assert!(second["undo_until"].is_string() && second.get("undo").is_none(), "{second}");
        assert_eq!(pressures(&tenant, "D0001").await.0, [json!(124)]);

        let undone = undo(&nurse, &second).await;
        assert_eq!((&undone["state"], &undone["undo"]["state"]), (&json!("undone"), &json!("done")), "{undone}");
        assert_eq!((&undone["undo"]["undone"], &undone["undo"]["touched"]), (&json!(2), &json!(0)));
        let (values, path) = pressures(&tenant, "D0001").await;
        assert_eq!((values, pressures(&tenant, "D0002").await.0), (vec![json!(142)], vec![]));
        let versions = nurse.get(&format!("{path}/history")).await.json()["items"].clone();
        assert_eq!((&versions[0]["reason"], &versions[0]["import_id"]), (&json!("undo"), &second["id"]));
        assert_eq!(versions.as_array().unwrap().len(), 3, "nothing was overwritten without trace");
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=import.undo_checkups").await;
        assert_eq!(trail[0]["subjects"].as_array().unwrap().len(), 3, "the import and two checkups: {}", trail[0]);
        let path = format!("/v1/imports/{}/undo", second["id"].as_str().unwrap());
        assert_eq!(problem(&nurse.post(&path, json!({})).await), "conflict", "once");
        // The same file says it again, and it stands again.
        let third = import(&nurse, "checkups", &file, json!({})).await;
        assert_eq!(third["rows"]["applied"], 2, "{third}");
        assert_eq!(pressures(&tenant, "D0002").await.0, [json!(118)]);

        // A correction of one row stands in the way of all.
        let (_, path) = pressures(&tenant, "D0002").await;
        let etag = nurse.get(&path).await.header("etag").to_owned();
        let correction = json!({ "reason": "transcription", "results": [{ "item": "sbp", "value": 119 }] });
        assert_eq!(nurse.patch(&path, &etag, correction).await.status, 200);
        let refused = undo(&nurse, &third).await;
        assert_eq!((&refused["state"], &refused["undo"]["state"]), (&json!("applied"), &json!("refused")), "{refused}");
        let told = faults(&nurse, &json!({ "errors_url": refused["undo"]["errors_url"] })).await;
        assert_eq!((told.len(), told[0][0].as_str(), told[0][4].as_str()), (1, "3", "touched_since_import"));
        assert_eq!(pressures(&tenant, "D0001").await.0, [json!(124)], "nothing was taken back");

        // So does what a physician has said about one.
        let fourth = import(&nurse, "checkups", &checkups(&[("D0001", 131)]), json!({})).await;
        let (_, path) = pressures(&tenant, "D0001").await;
        let checkup = path.rsplit('/').next().unwrap();
        let physician = tenant.actor("physician");
        let queue = physician.all("/v1/work-fitness/queue").await;
        let case = queue.iter().find(|case| case["checkup_id"] == checkup).unwrap();
        let signed = json!({ "checkups": [{ "employee_id": case["employee_id"], "checkup_id": checkup,
            "checkup_version": case["checkup_version"] }] });
        let signed = physician.post("/v1/work-fitness/normal", signed).await;
        assert_eq!(signed.status, 201, "{}", signed.json());
        let refused = undo(&nurse, &fourth).await;
        assert_eq!((&refused["undo"]["state"], &refused["undo"]["touched"]), (&json!("refused"), &json!(1)));

        let departments = "部署コード,部署名,上位部署コード\nZ1,試験部,\n".as_bytes();
        let administrator = tenant.actor("administrator");
        let departments = import(&administrator, "departments", departments, json!({})).await;
        let path = format!("/v1/imports/{}/undo", departments["id"].as_str().unwrap());
        let answer = administrator.post(&path, json!({})).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["code"]), (422, &json!("not_undoable")));
        // Another's import is nobody's, and thirty days later it stays.
        let path = format!("/v1/imports/{}/undo", fourth["id"].as_str().unwrap());
        assert_eq!(world.tenant(1).actor("nurse").post(&path, json!({})).await.status, 404);
        world.pass(30 * 86_400);
        let late = nurse.fresh().await.post(&path, json!({})).await;
        assert_eq!((late.status, &late.json()["errors"][0]["code"]), (409, &json!("undo_over")));
    });
}

fn people(title: &str, with_another: bool) -> Vec<u8> {
    let row = |number: &str, kana: &str, title: &str| {
        format!("{number},試験 {kana},シケン {kana},1990-01-01,女,2020-04-01,W01,X110,{title},正社員,在籍")
    };
    let mut lines = vec![
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,役職,雇用形態,在籍区分".to_owned(),
        row("000001", "イチ", title),
        row("000002", "ニ", title),
    ];
    if with_another {
        lines.push(row("000003", "サン", title));
    }
    sjis(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Sends a file and has the job take it: its import's id.
async fn applied(hand: &Hand, actor: &Actor, file: &[u8]) -> String {
    let (id, url) = start(actor, "employees", json!({})).await;
    assert_eq!(upload(&url, file).await, 200);
    hand.settle().await;
    let import = actor.get(&format!("/v1/imports/{id}")).await.json();
    assert_eq!(import["state"], "applied", "{import}");
    id
}

async fn titles(actor: &Actor) -> Vec<(Value, Value)> {
    let all = actor.all("/v1/employees?q=試験&sort=employee_number").await;
    all.into_iter().map(|it| (it["employee_number"].clone(), it["job_title"].clone())).collect()
}

#[test]
fn r34_employees_are_as_they_were_wherever_the_job_dies_and_whoever_came_with_the_file_is_gone() {
    run(async {
        let hand = Hand::start(Limits { chunk_rows: 2, ..Limits::default() }).await;
        let tenant = hand.world().tenant(0);
        let administrator = tenant.actor("administrator");
        // A stress check that is planned, and that nobody of the file was told of, stands in nobody's way.
        let today = hand.world().today();
        let plan = json!({ "title": "計画中", "opens_on": today, "closes_on": today, "questionnaire": "items_57", "method": "conversion",
            "targets": { "as_of": today } });
        assert_eq!(tenant.actor("hr").post("/v1/stress-rounds", plan).await.status, 201);
        applied(&hand, &administrator, &people("一般", false)).await;
        let before = titles(&administrator).await;
        assert_eq!(before.len(), 2);
        let mut polls = 1;
        loop {
            let id = applied(&hand, &administrator, &people("主任", true)).await;
            assert_eq!(titles(&administrator).await.len(), 3);
            let path = format!("/v1/imports/{id}/undo");
            if polls == 1 {
                // Whoever is deleted by an undo is deleted as by hand: with a one-time password of these minutes.
                hand.world().pass(301);
                let stale = administrator.post(&path, json!({})).await;
                assert_eq!(problem(&stale), "fresh-second-factor-required");
            }
            let administrator = administrator.fresh().await;
            assert_eq!(administrator.post(&path, json!({})).await.status, 202);
            let event = hand.next().expect("the job is told");
            let ended = hand.deliver_and_die(&event, polls).await;
            hand.world().pass(31);
            assert!([202, 409].contains(&administrator.post(&path, json!({})).await.status), "asked again, or done");
            hand.deliver(&event).await;
            hand.settle().await;
            let undone = administrator.get(&format!("/v1/imports/{id}")).await.json();
            assert_eq!((&undone["state"], &undone["undo"]["undone"]), (&json!("undone"), &json!(3)), "{undone}");
            assert_eq!(titles(&administrator).await, before, "died after {polls}");
            if ended {
                break;
            }
            polls = polls * 2 + 1;
        }
        assert!(polls > 3, "it died less than twice: that shows nothing");

        // Somebody who has worked since stands in the way.
        let id = applied(&hand, &administrator, &people("班長", true)).await;
        let all = administrator.all("/v1/employees?employee_number=000003").await;
        let months = format!("/v1/employees/{}/working-hours", all[0]["id"].as_str().unwrap());
        let october = json!({ "month": "2026-10", "total": "180", "overtime": "10", "holiday": "0" });
        assert_eq!(tenant.actor("hr").post(&months, october).await.status, 201);
        administrator.fresh().await.post(&format!("/v1/imports/{id}/undo"), json!({})).await;
        hand.settle().await;
        let refused = administrator.get(&format!("/v1/imports/{id}")).await.json();
        assert_eq!((&refused["state"], &refused["undo"]["touched"]), (&json!("applied"), &json!(1)), "{refused}");

        // So does somebody who was changed; and so does the loss of the right.
        let id = applied(&hand, &administrator, &people("主任", true)).await;
        let all = administrator.all("/v1/employees?employee_number=000003").await;
        let path = format!("/v1/employees/{}", all[0]["id"].as_str().unwrap());
        let etag = administrator.get(&path).await.header("etag").to_owned();
        assert_eq!(administrator.patch(&path, &etag, json!({ "job_title": "部長" })).await.status, 200);
        administrator.fresh().await.post(&format!("/v1/imports/{id}/undo"), json!({})).await;
        hand.settle().await;
        let refused = administrator.get(&format!("/v1/imports/{id}")).await.json();
        assert_eq!((&refused["state"], &refused["undo"]["touched"]), (&json!("applied"), &json!(1)), "{refused}");
        let titled: Vec<Value> = titles(&administrator).await.into_iter().map(|(_, title)| title).collect();
        assert_eq!(titled, ["主任", "主任", "部長"]);

        let hr = tenant.actor("hr");
        let id = applied(&hand, &administrator, &people("係長", true)).await;
        assert_eq!(hr.fresh().await.post(&format!("/v1/imports/{id}/undo"), json!({})).await.status, 202);
        tenant.grant("hr", json!([])).await;
        hand.settle().await;
        let refused = administrator.get(&format!("/v1/imports/{id}")).await.json();
        assert_eq!((&refused["state"], &refused["undo"]["reason"]), (&json!("applied"), &json!("right_lost")));
        let titled: Vec<Value> = titles(&administrator).await.into_iter().map(|(_, title)| title).collect();
        assert_eq!(titled, ["係長"; 3]);
    });
}
