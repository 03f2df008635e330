//! Who sees what of a checkup, and that it is told to the trail.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tests::imports::{faults, import};
use tests::{Tenant, World, logs, problem, run};

/// A file of one checkup each for two demo employees: statutory items, some beyond, and words.
const FILE: &str = "社員番号,受診日,健診種別,医療機関名,コース,コメント,総合判定,身長,体重,収縮期血圧,拡張期血圧,HbA1c,尿蛋白,尿潜血,胸部X線\r\n\
    D0001,2026-06-01,定期健康診断,みなと健診クリニック,脳ドック,腎臓専門医へ紹介状を発行しました,D,160.0,50.0,128,84,5.9,(+),(+),所見なし\r\n\
    D0002,2026-06-02,定期健康診断,みなと健診クリニック,,,,171.0,88.5,165,101,7.1,(-),(-),左下肺野に結節影の疑い\r\n";

async fn with_checkups() -> Tenant {
    logs::plant(["腎臓専門医へ紹介状", "左下肺野に結節影", "青山　みなみ", "アオヤマ"]);
    let tenant = World::shared().await.another_tenant().await;
    let done = import(&tenant.actor("nurse"), "checkups", FILE.as_bytes(), json!({})).await;
    assert_eq!((done["state"].as_str(), &done["rows"]["applied"]), (Some("applied"), &json!(2)), "{done}");
    tenant
}

async fn employee(tenant: &Tenant, number: &str) -> String {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    found[0]["id"].as_str().unwrap().to_owned()
}

fn items(checkup: &Value) -> Vec<&str> {
    checkup["results"].as_array().unwrap().iter().map(|result| result["item"].as_str().unwrap()).collect()
}

fn result<'a>(checkup: &'a Value, item: &str) -> &'a Value {
    checkup["results"].as_array().unwrap().iter().find(|result| result["item"] == item).unwrap()
}

#[test]
fn r34_a_checkup_is_read_with_values_letters_and_the_criteria_that_gave_them() {
    run(async {
        let tenant = with_checkups().await;
        let id = employee(&tenant, "D0001").await;
        let me = tenant.actor("employee");
        let list = me.get(&format!("/v1/employees/{id}/checkups?fiscal_year=2026")).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        let path = format!("/v1/employees/{id}/checkups/{}", list["items"][0]["id"].as_str().unwrap());
        let answer = me.get(&path).await;
        let checkup = answer.json();
        assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
        assert_eq!(checkup, list["items"][0], "the list shows what reading shows");
        assert_eq!(
            (&checkup["examined_on"], &checkup["kind"], &checkup["age"]),
            (&json!("2026-06-01"), &json!("periodic"), &json!(37))
        );
        // domain.md 2.4: 130/85 and above are B, 5.6 to 5.9 is B; both (+) together are D; the BMI is computed.
        let letters: Vec<_> =
            ["sbp", "dbp", "hba1c", "u_pro"].map(|item| result(&checkup, item)["grade"].clone()).to_vec();
        assert_eq!(letters, ["A", "A", "B", "C"]);
        assert_eq!(
            (&result(&checkup, "bmi")["value"], &result(&checkup, "bmi")["derived"]),
            (&json!(19.5), &json!(true))
        );
        assert_eq!(
            (&checkup["judgement"]["overall"], &checkup["judgement"]["clinic_overall"]),
            (&json!("D"), &json!("D"))
        );
        assert!(checkup["judgement"]["criteria_version"].as_str().unwrap().starts_with("ningen-dock-"));
        assert!(std::str::from_utf8(&answer.body).unwrap().contains("\"value\":160.0,"), "decimals are kept");
        // Other years, and those of nobody.
        let none = me.get(&format!("/v1/employees/{id}/checkups?fiscal_year=2025")).await.json();
        assert_eq!(none["items"], json!([]));
        let bad = me.get(&format!("/v1/employees/{id}/checkups?fiscal_year=heisei")).await;
        assert_eq!((bad.status, problem(&bad).as_str()), (400, "bad-query"));
    });
}

#[test]
fn r02_nobody_but_those_whom_the_matrix_names_reads_a_checkup() {
    run(async {
        let tenant = with_checkups().await;
        let id = employee(&tenant, "D0001").await;
        for (role, status) in [
            ("manager", 403),
            ("hr", 403),
            ("administrator", 403),
            ("stress_implementer", 403),
            ("stress_clerk", 403),
            ("physician", 200),
            ("nurse", 200),
            ("health_officer", 200),
        ] {
            for path in [format!("/v1/employees/{id}/checkups"), "/v1/checkups?fiscal_year=2026".to_owned()] {
                let answer = tenant.actor(role).get(&path).await;
                assert_eq!(answer.status, status, "{path} as {role}: {}", answer.json());
            }
        }
        // A colleague is nobody, and so is a list of everybody: it shows oneself.
        let colleague = tenant.nth("employee", 1);
        assert_eq!(colleague.get(&format!("/v1/employees/{id}/checkups")).await.status, 404);
        let own = colleague.get("/v1/checkups?fiscal_year=2026").await.json();
        assert_eq!(
            (own["items"].as_array().unwrap().len(), &own["items"][0]["judgement"]["overall"]),
            (1, &json!("D"))
        );
    });
}

#[test]
fn r02_items_beyond_the_statutory_ones_do_not_shine_through() {
    run(async {
        let tenant = with_checkups().await;
        let id = employee(&tenant, "D0001").await;
        let path = format!("/v1/employees/{id}/checkups");
        let of = async |role: &str| tenant.actor(role).get(&path).await.json()["items"][0].clone();
        let (own, physicians) = (of("employee").await, of("physician").await);
        assert!(items(&own).contains(&"u_ob"));
        assert!(!items(&physicians).contains(&"u_ob"), "blood in urine is not statutory");
        // Protein and blood together were D; what is left is C, and nothing else tells of the rest.
        assert_eq!(physicians["judgement"]["overall"], "C");
        assert_eq!(
            [&physicians["judgement"]["clinic_overall"], &physicians["course"], &physicians["comment"]],
            [&Value::Null; 3]
        );
        let text = tenant.actor("physician").get(&path).await;
        assert!(!String::from_utf8_lossy(&text.body).contains("紹介状"));
        // With the rule that the employees have consented to.
        let administrator = tenant.actor("administrator");
        let etag = administrator.get("/v1/tenant").await.header("etag").to_owned();
        let rules = json!({ "handling_rules": ["hr_sees_checkups", "non_statutory_with_consent"] });
        assert_eq!(administrator.patch("/v1/tenant", &etag, rules).await.status, 200);
        assert_eq!(of("physician").await["judgement"]["overall"], "D");
        assert!(items(&of("hr").await).contains(&"sbp"), "and HR sees them, from the next request on");
    });
}

#[test]
fn r02_a_scope_is_obeyed_by_every_list_and_every_read() {
    run(async {
        let tenant = with_checkups().await;
        let (near, far) = (employee(&tenant, "D0001").await, employee(&tenant, "D0002").await);
        let departments = tenant.actor("administrator").all("/v1/departments").await;
        let managed = departments.iter().find(|department| department["code"] == "X100").unwrap()["id"].clone();
        let scope = json!({ "kind": "parts", "departments": [managed] });
        tenant.grant("physician", json!([{ "role": "physician", "scope": scope }])).await;
        let physician = tenant.actor("physician");
        let listed: Vec<_> = physician
            .all("/v1/checkups?fiscal_year=2026")
            .await
            .into_iter()
            .map(|checkup| checkup["employee_id"].clone())
            .collect();
        assert_eq!(listed, [json!(near)], "D0001 is in a department below the granted one, D0002 is elsewhere");
        let never = format!("emp_{}", "0".repeat(32));
        for path in [|id: &str| format!("/v1/employees/{id}/checkups"), |id: &str| format!("/v1/employees/{id}")] {
            assert_eq!(physician.get(&path(&near)).await.status, 200);
            let (outside, unknown) = (physician.get(&path(&far)).await, physician.get(&path(&never)).await);
            assert_eq!((outside.status, &outside.body), (404, &unknown.body));
        }
        // Whoever is moved out of the department is out of reach at the next request.
        let administrator = tenant.actor("administrator");
        let etag = administrator.get(&format!("/v1/employees/{near}")).await.header("etag").to_owned();
        let moved =
            administrator.patch(&format!("/v1/employees/{near}"), &etag, json!({ "department_id": null })).await;
        assert_eq!(moved.status, 200, "{}", moved.json());
        assert_eq!(physician.all("/v1/checkups?fiscal_year=2026").await.len(), 0);
    });
}

#[test]
fn r21_whoever_reads_a_checkup_stands_in_the_trail_with_whose_it_was() {
    run(async {
        let tenant = with_checkups().await;
        let id = employee(&tenant, "D0001").await;
        let nurse = tenant.actor("nurse");
        let answer = nurse.get(&format!("/v1/employees/{id}/checkups")).await;
        let checkup = answer.json()["items"][0]["id"].clone();
        let trail = tenant.actor("administrator").all(&format!("/v1/audit-events?subject={id}")).await;
        let event = trail.iter().find(|event| event["action"] == "checkup.list").expect("the read is in the trail");
        assert_eq!((&event["permission"], &event["outcome"]), (&json!("checkups.view"), &json!("done")));
        assert!(event["subjects"].as_array().unwrap().contains(&checkup), "{event}");
        let account = nurse.get("/v1/me").await.json();
        assert_eq!(event["account_id"], account["id"], "{account}");
        // An id may hold these digits by chance; a value stands behind a colon.
        let text = event.to_string();
        assert!(!text.contains(":128") && !text.contains("\"128\""), "never what was read: {event}");
    });
}

#[test]
fn an_employee_with_checkups_is_kept_and_the_reason_told() {
    run(async {
        let tenant = with_checkups().await;
        let path = format!("/v1/employees/{}", employee(&tenant, "D0001").await);
        let administrator = tenant.actor("administrator").fresh().await;
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let answer = administrator.delete(&path, &etag).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (409, "conflict"));
        assert_eq!(answer.json()["errors"][0]["code"], "under_retention");
    });
}

#[test]
fn r34_the_catalogue_tells_units_ranges_answers_and_codes() {
    run(async {
        let tenant = World::shared().await.tenant(0);
        let catalogue = tenant.actor("employee").get("/v1/checkups/items").await.json();
        let all = catalogue["items"].as_array().unwrap();
        let item = |key: &str| all.iter().find(|item| item["key"] == key).unwrap();
        assert_eq!(
            (&item("sbp")["unit"], &item("sbp")["statutory"], &item("sbp")["decimals"]),
            (&json!("mmHg"), &json!(5), &json!(0))
        );
        assert_eq!(item("u_pro")["codes"][0], json!({ "code": 1, "label": "(-)" }));
        assert!(item("hba1c")["jlac10"].as_array().is_some_and(|codes| !codes.is_empty()));
        // 安衛則44: every statutory number has at least one item.
        for number in 1..=11 {
            assert!(all.iter().any(|item| item["statutory"] == number), "no item for number {number}");
        }
    });
}

#[test]
fn a_year_is_read_page_by_page_without_gap_or_repetition() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let mut file = "社員番号,受診日,健診種別,身長\n".to_owned();
        for day in 1..=28 {
            for number in 1..=3 {
                let _ = writeln!(file, "D000{number},2026-05-{day:02},定期,160.{number}");
            }
        }
        let nurse = tenant.actor("nurse");
        assert_eq!(import(&nurse, "checkups", file.as_bytes(), json!({})).await["rows"]["applied"], 84);
        let whole = nurse.all("/v1/checkups?fiscal_year=2026&limit=200").await;
        let paged = nurse.all("/v1/checkups?fiscal_year=2026&limit=10").await;
        assert_eq!((whole.len(), &paged), (84, &whole));
        assert!(whole.is_sorted_by_key(|checkup| checkup["examined_on"].as_str().unwrap().to_owned()));
        let this_year = nurse.all("/v1/checkups?limit=200").await;
        assert_eq!(this_year, whole, "without a year it is the present one");
    });
}

#[test]
fn r37_attendance_tells_who_is_to_be_examined_by_when_and_no_result() {
    run(async {
        let tenant = with_checkups().await;
        let (taken, other) = (employee(&tenant, "D0001").await, employee(&tenant, "D0003").await);
        let of =
            async |role: &str, query: &str| tenant.actor(role).all(&format!("/v1/checkups/attendance?{query}")).await;
        let all = of("hr", "fiscal_year=2026").await;
        let target = |id: &str| all.iter().find(|it| it["employee_id"] == id).unwrap()["targets"][0].clone();
        assert_eq!((&target(&taken)["state"], &target(&taken)["taken_on"]), (&json!("taken"), &json!("2026-06-01")));
        assert_eq!((&target(&other)["kind"], &target(&other)["taken_on"]), (&json!("periodic"), &Value::Null));
        assert!(!all.iter().any(|it| it.to_string().contains("sbp")), "no result");
        // Page by page it is the same, and by state a part of it.
        assert_eq!(of("hr", "fiscal_year=2026&limit=1").await, all);
        let examined = of("nurse", "fiscal_year=2026&state=taken").await;
        assert_eq!(examined.len(), 2, "{examined:?}");
        assert!(all.len() > examined.len());
        for role in ["administrator", "stress_clerk"] {
            assert_eq!(tenant.actor(role).get("/v1/checkups/attendance").await.status, 403, "{role}");
        }
        let own = of("employee", "fiscal_year=2026").await;
        assert_eq!(own.len(), 1, "one's own");
        // Whose checkup was declared void has not been examined.
        let nurse = tenant.actor("nurse");
        let listed = nurse.get(&format!("/v1/employees/{taken}/checkups?fiscal_year=2026")).await.json();
        let path = format!("/v1/employees/{taken}/checkups/{}", listed["items"][0]["id"].as_str().unwrap());
        let etag = nurse.get(&path).await.header("etag").to_owned();
        let voided = nurse.delete(&format!("{path}?reason=wrong_person"), &etag).await;
        assert!(voided.status < 300, "{}", voided.json());
        assert_eq!(of("hr", "fiscal_year=2026&state=taken").await.len(), 1);
    });
}

/// A file of employees that says nothing of D0003 but their hazardous work from a day on.
fn hazards_of(work: &str, from: &str) -> Vec<u8> {
    let header = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分,有害業務コード,適用日";
    format!("{header}\r\nD0003,,,,,,,,,,{work},{from}\r\n").into_bytes()
}

#[test]
fn r34_hazardous_work_is_kept_by_its_days_and_asks_for_checkups_of_its_own() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (hr, administrator) = (tenant.actor("hr"), tenant.actor("administrator"));
        let id = employee(&tenant, "D0003").await;
        let path = format!("/v1/employees/{id}");
        let hazards = async || administrator.get(&path).await.json()["hazards"].clone();
        let known = hr.get("/v1/checkups/hazards").await.json();
        let solvents = known["items"].as_array().unwrap().iter().find(|it| it["code"] == "organic_solvents").unwrap();
        assert_eq!((&solvents["interval_months"], &solvents["law"]), (&json!(6), &json!("有機則29条")));

        // By hand: all faults at once, and two periods of one kind do not overlap.
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let period = |code: &str, from: &str, until: Value| json!({ "code": code, "from": from, "until": until });
        let wrong = json!({ "hazards": [period("車両", "2026-04-10", Value::Null), period("lead", "2026-02-30", Value::Null)] });
        let refused = administrator.patch(&path, &etag, wrong).await;
        let pointers: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
        assert_eq!((refused.status, pointers), (422, vec![json!("/hazards/0/code"), json!("/hazards/1/from")]));
        let twice = [period("lead", "2026-04-10", Value::Null), period("lead", "2026-05-10", Value::Null)];
        let refused = administrator.patch(&path, &etag, json!({ "hazards": twice })).await;
        assert_eq!(refused.json()["errors"][0]["code"], "hazard_periods_overlap", "{}", refused.json());
        let begun = period("organic_solvents", "2026-04-10", Value::Null);
        let changed = administrator.patch(&path, &etag, json!({ "hazards": [begun] })).await;
        assert_eq!((changed.status, &changed.json()["hazards"][0]["name"]), (200, &json!("有機溶剤業務")));

        // By file: what goes on goes on, what is not named ends the day before.
        for (work, from) in [("鉛 organic_solvents", "2026-08-01"), ("鉛", "2026-09-01"), ("鉛", "2026-10-01")] {
            let done = import(&administrator, "employees", &hazards_of(work, from), json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let periods: Vec<_> = hazards()
            .await
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["code"].clone(), it["from"].clone(), it["until"].clone()))
            .collect();
        assert_eq!(
            periods,
            [
                (json!("organic_solvents"), json!("2026-04-10"), json!("2026-08-31")),
                (json!("lead"), json!("2026-08-01"), Value::Null),
            ]
        );
        let refused = import(&administrator, "employees", &hazards_of("鉛 車両", "2026-11-01"), json!({})).await;
        let told = faults(&administrator, &refused).await;
        assert_eq!((refused["state"].as_str(), told[0][4].as_str()), (Some("rejected"), "hazard_unknown"), "{told:?}");

        // What follows, and that only its own kind of checkup is one.
        let targets = async || {
            let all = hr.all("/v1/checkups/attendance?fiscal_year=2026").await;
            let of = all.into_iter().find(|it| it["employee_id"] == id.as_str()).unwrap();
            let targets = of["targets"].as_array().unwrap().iter().filter(|it| it["hazard"].is_string());
            targets.map(|it| (it["hazard"].clone(), it["due_on"].clone(), it["taken_on"].clone())).collect::<Vec<_>>()
        };
        let lead =
            [(json!("lead"), json!("2026-08-01"), Value::Null), (json!("lead"), json!("2027-02-01"), Value::Null)];
        let begun = |taken: Value| (json!("organic_solvents"), json!("2026-04-10"), taken);
        let mut expected = vec![begun(Value::Null)];
        expected.extend(lead.clone());
        assert_eq!(targets().await, expected, "solvents ended before they were due again");
        let file = "社員番号,受診日,健診種別,収縮期血圧\r\nD0003,2026-04-08,有機溶剤健康診断,120\r\nD0003,2026-08-03,定期健康診断,120\r\n";
        let done = import(&tenant.actor("nurse"), "checkups", file.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied", "{done}");
        expected[0] = begun(json!("2026-04-08"));
        assert_eq!(targets().await, expected);
    });
}
