//! Everything that is held about oneself, to read and to take away.

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, World, eventually, problem, run};

async fn whole(actor: &Actor) -> Vec<Value> {
    let mut sections: Vec<Value> = Vec::new();
    let mut path = "/v1/me/export".to_owned();
    loop {
        let answer = actor.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let page = answer.json();
        sections.extend(page["sections"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return sections };
        path = format!("/v1/me/export?cursor={cursor}");
    }
}

fn rows<'a>(sections: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let of = sections.iter().filter(|section| section["kind"] == kind);
    of.flat_map(|section| section["rows"].as_array().unwrap()).collect()
}

#[test]
fn r36_everything_that_is_held_about_oneself_is_told_in_words_and_nothing_of_others() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (one, nurse) = (tenant.actor("employee"), tenant.actor("nurse"));
        let me = one.get("/v1/me").await.json();
        let id = me["employee_id"].as_str().unwrap();
        let person = format!("/v1/employees/{id}");
        let number = one.get(&person).await.json()["employee_number"].as_str().unwrap().to_owned();
        let file = format!("社員番号,受診日,健診種別,収縮期血圧,拡張期血圧\n{number},2026-06-01,定期,142,90\n");
        assert_eq!(import(&nurse, "checkups", file.as_bytes(), json!({})).await["state"], "applied");
        let month = json!({ "month": "2026-10", "total": "257:09", "overtime": "75.5", "holiday": "8:00" });
        assert_eq!(tenant.actor("hr").post(&format!("{person}/working-hours"), month).await.status, 201);
        let yesterday = world.today() - jiff::ToSpan::day(1);
        let entries = json!({ "entries": [
            { "client_entry_id": "w", "metric": "weight", "measured_at": format!("{yesterday}T07:00:00+09:00"), "value": 60.5 },
        ]});
        assert_eq!(one.post(&format!("{person}/lifelogs"), entries).await.status, 200);
        let checked = json!({ "symptoms": vec![1; 14], "work": vec![1; 13] });
        assert_eq!(one.post(&format!("{person}/fatigue-checks"), checked).await.status, 201);
        let hr = tenant.actor("hr");
        let hazard = json!({ "hazards": [{ "code": "lead", "from": "2020-04-01", "until": "2026-03-31" }] });
        let changed = hr.patch(&person, hr.get(&person).await.header("etag"), hazard).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        let days = [world.today() + jiff::ToSpan::days(20), world.today() + jiff::ToSpan::days(27)];
        let wish = json!({ "preferred_dates": days, "note": "午前を希望します。" });
        assert_eq!(one.call("PUT", "/v1/me/checkup-wishes/periodic", &[], Some(wish)).await.status, 200);
        assert_eq!(nurse.get(&format!("{person}/checkups")).await.status, 200);
        let shown = || async { one.get("/v1/me/access-log").await.json().to_string().contains("checkup.list") };
        eventually("the access log", async || shown().await.then_some(())).await;

        let told = whole(&one).await;
        let kinds: Vec<&str> = told.iter().map(|section| section["kind"].as_str().unwrap()).collect();
        assert_eq!((kinds.first(), kinds.len()), (Some(&"employee"), 19), "{kinds:?}");
        let [employee] = rows(&told, "employee")[..] else { panic!("one employee: {told:?}") };
        assert_eq!((&employee["id"], &employee["employee_number"]), (&json!(id), &json!(number)));
        let results = rows(&told, "checkup_results");
        let sbp = results.iter().find(|row| row["item"] == "sbp").unwrap();
        assert_eq!((&sbp["value"], &sbp["item_name"]), (&json!("142"), &json!("収縮期血圧")));
        assert_eq!(rows(&told, "working_hours")[0]["total"], "257.15");
        let weight = rows(&told, "lifelogs")[0];
        assert_eq!(
            (&weight["metric"], &weight["value"], &weight["unit"]),
            (&json!("体重"), &json!("60.5"), &json!("kg"))
        );
        assert_eq!(rows(&told, "fatigue_checks")[0]["burden"], "6");
        let [work] = rows(&told, "hazardous_work")[..] else { panic!("one period: {told:?}") };
        let until = (&work["hazard"], &work["name"], &work["until"]);
        assert_eq!(until, (&json!("lead"), &json!("鉛業務"), &json!("2026-03-31")));
        let [wish] = rows(&told, "checkup_wishes")[..] else { panic!("one wish: {told:?}") };
        let said = (&wish["kind"], &wish["state"], &wish["note"], &wish["reserved_on"]);
        assert_eq!(said, (&json!("定期健康診断"), &json!("希望中"), &json!("午前を希望します。"), &json!("")));
        assert_eq!(wish["dates"], format!("{}、{}", days[0], days[1]));
        assert!(rows(&told, "access_log").iter().any(|row| row["action"] == "checkup.list"), "{told:?}");
        for section in &told {
            let names: Vec<&Value> =
                section["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
            for row in section["rows"].as_array().unwrap() {
                assert_eq!(row.as_object().unwrap().len(), names.len(), "{section}");
            }
        }

        // One kind as a file for Excel; an unknown one is told so.
        let csv = one.call("GET", "/v1/me/export?kind=checkup_results", &[("Accept", "text/csv")], None).await;
        assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
        let text = String::from_utf8(csv.body.to_vec()).unwrap();
        assert!(text.contains("\"項目名\"") && text.contains("\"収縮期血圧\",\"142\""), "{text}");
        let unknown = one.get("/v1/me/export?kind=everything").await;
        assert_eq!((unknown.status, unknown.json()["errors"][0]["code"].as_str()), (422, Some("unknown_kind")));

        // A cursor is good for whoever got it; and each taking away is in the trail.
        let other = whole(&tenant.nth("employee", 1)).await;
        assert!(rows(&other, "checkups").is_empty() && rows(&other, "lifelogs").is_empty());
        assert_ne!(rows(&other, "employee")[0]["id"], id);
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=me.export").await;
        assert_eq!(trail.iter().filter(|event| event["subjects"] == json!([id])).count(), 2, "{trail:?}");
        assert_eq!(problem(&world.operator(0).get("/v1/me/export").await), "forbidden");
    });
}
