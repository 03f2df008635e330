//! Lifelogs: recorded by hand, by devices that send everything again, and by campaigns' files; drawn; and seen by nobody whom their owner does not let.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::{DEPARTMENTS, EMPLOYEES, LIFELOGS, faults, import};
use tests::{Actor, World, codes, etag, problem, run};

async fn own_path(actor: &Actor) -> String {
    let me = actor.get("/v1/me").await.json();
    format!("/v1/employees/{}", me["employee_id"].as_str().unwrap())
}

fn results(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}"));
    items.iter().map(|item| item["result"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn r36_a_device_sends_everything_again_and_a_day_is_counted_once() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (own, today) = (tenant.actor("employee"), world.today());
        let path = format!("{}/lifelogs", own_path(&own).await);
        let day = |days: i64| today - days.days();
        let steps = |name: &str, device: &str, day: jiff::civil::Date, value: u32| json!({ "client_entry_id": name, "metric": "steps", "measured_at": format!("{day}T14:59:00Z"), "value": value, "origin": "device", "device": device });
        let sent = json!({ "entries": [
            steps("1", "watch", day(2), 8_214), steps("1", "phone", day(2), 6_000), steps("2", "watch", day(3), 3_000),
            { "client_entry_id": "w", "metric": "weight", "measured_at": format!("{}T07:00:00+09:00", day(2)), "value": 60.5 },
        ]});
        let first = own.post(&path, sent.clone()).await;
        assert_eq!((first.status, results(&first.json())), (200, vec!["created".to_owned(); 4]), "{}", first.json());
        let again = own.post(&path, sent).await.json();
        assert_eq!(results(&again), vec!["unchanged"; 4]);
        assert_eq!(again["items"][0]["id"], first.json()["items"][0]["id"]);
        // Late data of a day that grew.
        let late = own.post(&path, json!({ "entries": [steps("2", "watch", day(3), 4_500)] })).await.json();
        assert_eq!(results(&late), ["changed"]);
        // Two devices and their owner at the same moment: nothing is lost.
        let many: Vec<_> = (0..6)
            .map(|number| {
                let (own, path) = (own.clone(), path.clone());
                let name = format!("p{number}");
                let entry = json!({ "client_entry_id": name, "metric": "pulse", "measured_at": format!("{}T08:0{number}:00+09:00", day(2)), "value": 60 + number });
                tests::spawn(async move { own.post(&path, json!({ "entries": [entry] })).await.status })
            })
            .collect();
        for one in many {
            assert_eq!(one.await.unwrap(), 200);
        }
        let series = own.get(&format!("{path}/series?metric=steps&from={}&to={today}", day(3))).await.json();
        let values: Vec<_> = series["points"].as_array().unwrap().iter().map(|point| point["value"].clone()).collect();
        assert_eq!(
            values,
            [json!(4_500), json!(8_214), Value::Null, Value::Null],
            "phone and watch are not added: {series}"
        );
        let pulse = own.get(&format!("{path}/series?metric=pulse&from={}&to={}", day(2), day(2))).await.json();
        assert_eq!(pulse["points"][0]["value"], 63, "the mean of six, half rounded up: {pulse}");
        let chart = own.get(&format!("{path}/chart?metric=steps&from={}&to={today}", day(3))).await;
        let drawn = String::from_utf8(chart.body.to_vec()).unwrap();
        assert_eq!((chart.status, chart.header("content-type")), (200, "image/svg+xml; charset=utf-8"));
        assert!(drawn.contains("8214 歩") && drawn.contains("記録なし"), "{drawn}");
        // All that is wrong is told, and nothing of it is recorded.
        let bad = json!({ "entries": [
            steps("3", "watch", day(1), 100_001),
            { "client_entry_id": "x y", "metric": "blood_pressure", "measured_at": "2031-01-01T00:00:00Z", "value": 120 },
        ]});
        let refused = own.post(&path, bad).await;
        let told: Vec<_> = codes(&refused).into_iter().map(|(at, code)| format!("{at} {code}")).collect();
        assert_eq!(
            told,
            [
                "/entries/0/value out_of_range",
                "/entries/1/client_entry_id word_invalid",
                "/entries/1/second_value required",
                "/entries/1/measured_at in_the_future",
            ]
        );
    });
}

#[test]
fn r36_a_lifelog_is_its_owners_and_what_is_shared_can_be_taken_back() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (own, colleague, nurse) = (tenant.actor("employee"), tenant.nth("employee", 1), tenant.actor("nurse"));
        let (person, day) = (own_path(&own).await, world.today() - 1.day());
        let at = |hour: &str| format!("{day}T{hour}:00:00+09:00");
        let entries = json!({ "entries": [
            { "client_entry_id": "bp", "metric": "blood_pressure", "measured_at": at("07"), "value": 128, "second_value": 82 },
            { "client_entry_id": "mood", "metric": "mood", "measured_at": at("21"), "value": 2 },
            { "client_entry_id": "sleep", "metric": "sleep", "measured_at": at("06"), "value": 400, "origin": "device", "device": "watch" },
        ]});
        let made = own.post(&format!("{person}/lifelogs"), entries.clone()).await.json();
        assert_eq!(results(&made), ["created"; 3]);
        let pressure = format!("{person}/lifelogs/series?metric=blood_pressure&from={day}&to={day}");
        for (role, status) in
            [("hr", 403), ("administrator", 403), ("manager", 403), ("nurse", 404), ("physician", 404)]
        {
            assert_eq!(tenant.actor(role).get(&pressure).await.status, status, "{role}");
        }
        assert_eq!(colleague.get(&pressure).await.status, 404);
        let sharing = format!("{person}/lifelog-sharing");
        assert_eq!(colleague.get(&sharing).await.status, 404);
        let before = own.get(&sharing).await;
        assert_eq!((before.json()["groups"].clone(), etag(&before)), (json!([]), "\"0\"".to_owned()));
        let mood = own.put(&sharing, "\"0\"", json!({ "groups": ["mood"] })).await;
        assert_eq!(codes(&mood), [("/groups/0".to_owned(), "not_shared".to_owned())]);
        let shared = own.put(&sharing, "\"0\"", json!({ "groups": ["body"] })).await;
        assert_eq!(shared.status, 200, "{}", shared.json());
        let seen = nurse.get(&pressure).await;
        assert_eq!(
            (seen.status, seen.json()["points"][0]["second_value"].clone()),
            (200, json!(82)),
            "{}",
            seen.json()
        );
        for metric in ["sleep", "mood"] {
            assert_eq!(nurse.get(&format!("{person}/lifelogs?metric={metric}")).await.status, 404, "{metric}");
        }
        assert_eq!(nurse.post(&format!("{person}/lifelogs"), entries.clone()).await.status, 403);
        let log = own.all("/v1/me/access-log").await;
        assert!(
            log.iter().any(|look| look.to_string().contains("健康づくり")),
            "the look stands in the owner's log: {log:?}"
        );
        assert_eq!(own.put(&sharing, &etag(&shared), json!({ "groups": [] })).await.status, 200);
        assert_eq!(nurse.get(&pressure).await.status, 404, "it ends at once");

        // What was typed is changed and deleted; what a device sent is deleted alone, and does not come back.
        let entry = |at: usize| format!("{person}/lifelogs/{}", made["items"][at]["id"].as_str().unwrap());
        let read = own.get(&entry(0)).await;
        let wrong = own.patch(&entry(0), &etag(&read), json!({ "value": 80 })).await;
        assert_eq!(codes(&wrong), [("/second_value".to_owned(), "not_below".to_owned())]);
        let changed = own.patch(&entry(0), &etag(&read), json!({ "value": 126 })).await;
        assert_eq!((changed.status, changed.json()["value"].clone()), (200, json!(126)), "{}", changed.json());
        assert_eq!(own.patch(&entry(0), &etag(&read), json!({ "value": 125 })).await.status, 412);
        let device = own.patch(&entry(2), "\"1\"", json!({ "value": 500 })).await;
        assert_eq!((device.status, problem(&device).as_str()), (409, "conflict"));
        assert_eq!(own.delete(&entry(2), "\"1\"").await.status, 204);
        assert_eq!(own.get(&entry(2)).await.status, 404);
        assert_eq!(
            results(&own.post(&format!("{person}/lifelogs"), entries).await.json()),
            ["changed", "unchanged", "deleted"]
        );
    });
}

#[test]
fn r36_a_campaigns_file_goes_in_as_it_is_and_unseen() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator");
        for (kind, file) in [("departments", DEPARTMENTS), ("employees", EMPLOYEES)] {
            let done = import(&administrator, kind, file, json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let done = import(&administrator, "lifelogs", LIFELOGS, json!({})).await;
        assert_eq!(
            (done["state"].as_str(), done["rows"]["applied"].as_u64()),
            (Some("applied"), Some(6_200)),
            "{done}"
        );
        let again = import(&administrator, "lifelogs", LIFELOGS, json!({})).await;
        assert_eq!(
            (again["rows"]["applied"].as_u64(), again["rows"]["unchanged"].as_u64()),
            (Some(0), Some(6_200)),
            "{again}"
        );
        // An employee's own entries stand beside what a file brings; one row is wrong, and all of it stays out.
        let (own, day) = (tenant.actor("employee"), world.today() - 1.day());
        let number = tenant.actor("hr").get(&own_path(&own).await).await.json()["employee_number"].clone();
        let number = number.as_str().unwrap().to_owned();
        let file = format!("社員番号,日付,歩数,睡眠時間\r\n{number},{day},5000,7:30\r\nNOBODY,{day},1,1\r\n");
        let refused = import(&administrator, "lifelogs", file.as_bytes(), json!({})).await;
        assert_eq!(refused["state"], "rejected", "{refused}");
        assert!(faults(&administrator, &refused).await[0].join(",").contains("unknown_employee"));
        let kept = import(&administrator, "lifelogs", file.as_bytes(), json!({ "skip_bad_rows": true })).await;
        assert_eq!(kept["rows"]["applied"], 1, "{kept}");
        let person = own_path(&own).await;
        let series = |metric: &str| format!("{person}/lifelogs/series?metric={metric}&from={day}&to={day}");
        let slept = own.get(&series("sleep")).await.json();
        assert_eq!((&slept["points"][0]["value"], &slept["points"][0]["origin"]), (&json!(450), &json!("import")));
        assert_eq!(administrator.get(&series("sleep")).await.status, 403, "who brought it in does not see it");
        for role in ["hr", "nurse", "health_officer"] {
            let body = json!({ "kind": "lifelogs", "file_name": "x.csv" });
            assert_eq!(tenant.actor(role).post("/v1/imports", body).await.status, 403, "{role}");
        }
    });
}
