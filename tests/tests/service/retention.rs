//! What goes by itself: files after their days, and records after the years that their company has decided on, never before the law allows it.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, etag, problem, run};

/// Everything under a tenant's prefix in the bucket: versions and delete markers, by key.
async fn bucket(world: &World, tenant: &Tenant) -> Vec<String> {
    let bucket = &world.service().endpoints().imports_bucket;
    let list = world.service().clients().s3.list_object_versions().bucket(bucket).prefix(format!("{}/", tenant.id()));
    let page = list.send().await.unwrap();
    let versions = page.versions().iter().filter_map(|it| it.key());
    versions.chain(page.delete_markers().iter().filter_map(|it| it.key())).map(str::to_owned).collect()
}

async fn run_at(world: &World, day: Date) -> Value {
    world.run_schedule("retention-purge", &format!("{day}T03:00:00+09:00")).await
}

/// Days on which the tenant's checkups of a year were made.
async fn days(actor: &Actor, year: i16) -> Vec<String> {
    let list = actor.get(&format!("/v1/checkups?fiscal_year={year}")).await.json();
    list["items"].as_array().unwrap().iter().map(|it| it["examined_on"].as_str().unwrap().to_owned()).collect()
}

async fn decide(tenant: &Tenant, periods: Value) -> tests::Answer {
    let administrator = tenant.actor("administrator").fresh().await;
    let etag = administrator.get("/v1/tenant/retention").await.header("etag").to_owned();
    administrator.put("/v1/tenant/retention", &etag, json!({ "periods": periods })).await
}

#[test]
fn files_go_seven_days_after_their_import_ended_and_lists_of_faults_after_thirty_and_after_a_year_there_are_none() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let nurse = tenant.actor("nurse");
        let good = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\n";
        let wrong = "社員番号,受診日,健診種別,身長\nNOBODY,2026-06-01,定期,160.0\n";
        assert_eq!(import(&nurse, "checkups", good.as_bytes(), json!({})).await["state"], "applied");
        let rejected = import(&nurse, "checkups", wrong.as_bytes(), json!({})).await;
        assert_eq!(rejected["state"], "rejected", "{rejected}");
        let dry = import(&nurse, "checkups", good.as_bytes(), json!({ "dry_run": true })).await;
        let stray = world.service().clients().s3.put_object().bucket(&world.service().endpoints().imports_bucket);
        stray.key(format!("{}/drop/memo/覚書.txt", tenant.id())).body(b"x".to_vec().into()).send().await.unwrap();
        let errors = format!("/v1/imports/{}/errors", rejected["id"].as_str().unwrap());
        assert_eq!(nurse.get(&errors).await.status, 200);
        let faults = |keys: Vec<String>| keys.into_iter().filter(|key| key.contains("/made/")).count();
        assert_eq!((bucket(&world, &tenant).await.len(), faults(bucket(&world, &tenant).await)), (5, 1));

        let today = world.today();
        run_at(&world, today + 6.days()).await;
        assert_eq!(bucket(&world, &tenant).await.len(), 5, "seven days are not over");
        run_at(&world, today + 8.days()).await;
        let left = bucket(&world, &tenant).await;
        assert_eq!((left.len(), faults(left.clone())), (1, 1), "only the list of faults is left: {left:?}");
        run_at(&world, today + 29.days()).await;
        assert_eq!(nurse.get(&errors).await.status, 200, "thirty days are not over");
        run_at(&world, today + 365.days()).await;
        assert_eq!(bucket(&world, &tenant).await, Vec::<String>::new());
        assert_eq!(nurse.get(&errors).await.status, 404);

        world.pass(8 * 86_400);
        nurse.forget().await;
        let apply = nurse.post(&format!("/v1/imports/{}/apply", dry["id"].as_str().unwrap()), json!({})).await;
        assert_eq!(
            (apply.status, &apply.json()["errors"][0]["code"]),
            (409, &json!("upload_over")),
            "{}",
            apply.json()
        );
    });
}

#[test]
fn what_the_service_makes_of_files_is_sealed_with_the_tenants_own_key() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let wrong = "社員番号,受診日,健診種別,身長\nNOBODY,2026-06-01,定期,160.0\n";
        import(&tenant.actor("nurse"), "checkups", wrong.as_bytes(), json!({})).await;
        let key = bucket(&world, &tenant).await.into_iter().find(|key| key.contains("/made/")).unwrap();
        let bucket = &world.service().endpoints().imports_bucket;
        let object = world.service().clients().s3.get_object().bucket(bucket).key(&key).send().await.unwrap();
        let body = object.body.collect().await.unwrap().into_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("社員番号") && body.starts_with(&[1, 0, 0, 0, 1]), "{key}");
    });
}

#[test]
fn records_go_after_the_years_that_their_company_has_decided_on_and_nothing_goes_where_it_has_not() {
    run(async {
        let world = World::own().await;
        let (tenant, other) = (world.tenant(0), world.tenant(1));
        for tenant in [&tenant, &other] {
            let file = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\nD0001,2026-06-02,じん肺,160.0\n";
            let done = import(&tenant.actor("nurse"), "checkups", file.as_bytes(), json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let refused = decide(&tenant, json!([{ "kind": "general_checkup", "years": 4 }])).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("below_minimum")));
        let decided = decide(&tenant, json!([{ "kind": "general_checkup", "years": 6 }])).await;
        assert_eq!(decided.status, 200, "{}", decided.json());
        assert_eq!(decided.json()["items"][0]["years"], 6, "{}", decided.json());

        // Both were registered today, which is later than the examination.
        let last_day = world.today() + 6.years();
        let (nurse, elsewhere) = (tenant.actor("nurse"), other.actor("nurse"));
        run_at(&world, last_day).await;
        assert_eq!(days(&nurse, 2026).await, ["2026-06-01", "2026-06-02"]);
        let answer = run_at(&world, last_day + 1.day()).await;
        assert_eq!(answer["tidied"][0]["checkups"], json!({ "found": 1, "deleted": 1 }), "{answer}");
        assert_eq!(days(&nurse, 2026).await, ["2026-06-02"], "of pneumoconiosis nothing was decided");
        assert_eq!(days(&elsewhere, 2026).await.len(), 2, "who decided nothing keeps everything");
        let events = tenant.actor("administrator").get("/v1/audit-events?action=checkup.expire").await.json();
        assert_eq!(events["items"][0]["reason"], "retention", "{events}");
    });
}

#[test]
fn nobody_is_deleted_whose_checkups_the_law_still_wants_and_the_answer_says_until_when() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let file = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\n";
        import(&tenant.actor("nurse"), "checkups", file.as_bytes(), json!({})).await;
        let hr = tenant.actor("hr").fresh().await;
        let found = hr.get("/v1/employees?employee_number=D0001").await.json();
        let path = format!("/v1/employees/{}", found["items"][0]["id"].as_str().unwrap());
        let refused = hr.delete(&path, hr.get(&path).await.header("etag")).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (409, "conflict"), "{}", refused.json());
        let until = world.today() + 5.years();
        let day = format!("{}年{}月{}日", until.year(), until.month(), until.day());
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains(&day), "{}", refused.json());
    });
}

#[test]
fn r36_interviews_hours_lifelogs_and_points_go_after_their_years_and_the_ledger_still_adds_up() {
    run(async {
        let world = World::own().await;
        let (tenant, today) = (world.tenant(0), world.today());
        let (hr, nurse, one) = (tenant.actor("hr"), tenant.actor("nurse"), tenant.actor("employee"));
        let id = one.get("/v1/me").await.json()["employee_id"].as_str().unwrap().to_owned();
        let person = format!("/v1/employees/{id}");
        // A month that was corrected, and what somebody measured.
        let months = format!("{person}/working-hours");
        let made = hr.post(&months, json!({ "month": "2026-10", "total": "270" })).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let month = made.header("location").to_owned();
        let corrected = json!({ "total": "271", "reason": "打刻の漏れ" });
        let corrected = hr.put(&month, &etag(&made), corrected).await;
        assert_eq!(corrected.status, 200, "{}", corrected.json());
        let yesterday = today - 1.day();
        let entries = json!({ "entries": [
            { "client_entry_id": "w", "metric": "weight", "measured_at": format!("{yesterday}T07:00:00+09:00"), "value": 60.5 },
        ]});
        assert_eq!(one.post(&format!("{person}/lifelogs"), entries).await.status, 200);
        // A consultation that has come to its end, with its note; and an interview that is still to be held.
        let requests = format!("{person}/interview-requests");
        let consult = one.post(&requests, json!({ "kind": "consult" })).await;
        let path = consult.header("location").to_owned();
        let note = nurse.put(&format!("{path}/note"), "\"0\"", json!({ "content": "休養を勧めた。" })).await;
        assert_eq!(note.status, 200, "{}", note.json());
        let held = nurse.post_if(&format!("{path}/held"), &etag(&consult), json!({ "held_on": today })).await;
        let closed = nurse.post_if(&format!("{path}/close"), &etag(&held), json!({ "reason": "助言した。" })).await;
        assert_eq!((closed.status, &closed.json()["state"]), (200, &json!("closed")), "{}", closed.json());
        let ahead = one.post(&requests, json!({ "kind": "overwork", "month": "2026-10" })).await;
        assert_eq!(ahead.status, 201, "{}", ahead.json());
        // Points: some come, some go.
        let ledger = format!("{person}/points/entries");
        for points in [100, -30] {
            let entry = json!({ "points": points, "reason": "健康イベント" });
            assert_eq!(hr.post(&ledger, entry).await.status, 201);
        }

        let wrong = [("interview", 4), ("working_hours", 2), ("lifelog", 0), ("points_ledger", 2)];
        let periods = |years: &[(&str, i32)]| {
            years.iter().map(|(kind, years)| json!({ "kind": kind, "years": years })).collect::<Value>()
        };
        let refused = decide(&tenant, periods(&wrong)).await;
        let codes =
            refused.json()["errors"].as_array().unwrap().iter().filter(|it| it["code"] == "below_minimum").count();
        assert_eq!((refused.status, codes), (422, 4), "{}", refused.json());
        let least = [("interview", 5), ("working_hours", 3), ("lifelog", 1), ("points_ledger", 3)];
        let decided = decide(&tenant, periods(&least)).await;
        assert_eq!(decided.status, 200, "{}", decided.json());

        let over = |found: u64| json!({ "found": found, "deleted": found });
        let records = async |day: Date| run_at(&world, day).await["tidied"][0]["records"].clone();
        let (hours_last, interviews_last) = (today + 3.years(), today + 5.years());
        let gone = records(hours_last).await;
        assert_eq!(
            (&gone["lifelogs"], &gone["working_hours"], &gone["points"]),
            (&over(1), &over(0), &over(0)),
            "{gone}"
        );
        assert!(
            one.all(&format!("{person}/lifelogs?metric=weight&month={}", yesterday.strftime("%Y-%m"))).await.is_empty()
        );
        assert_eq!(hr.get(&month).await.status, 200, "the third year is not over");
        let gone = records(hours_last + 1.day()).await;
        assert_eq!(
            (&gone["working_hours"], &gone["points"], &gone["interviews"]),
            (&over(1), &over(2), &over(0)),
            "{gone}"
        );
        assert_eq!(hr.get(&month).await.status, 404);
        assert_eq!(hr.get(&format!("{month}/history")).await.status, 404);

        // The ledger begins with what is carried forward, and adds up with what comes after.
        let five = json!({ "points": 5, "reason": "健康イベント" });
        assert_eq!(hr.post(&ledger, five).await.json()["number"], 3, "numbers go on");
        let points = one.get(&format!("{person}/points")).await.json();
        assert_eq!(points["carried_forward"], json!({ "until_number": 2, "points": 70 }), "{points}");
        let left: i64 = one.all(&ledger).await.iter().map(|entry| entry["points"].as_i64().unwrap()).sum();
        assert_eq!((left, &points["balance"]), (5, &json!(75)));
        let own = one.get("/v1/me/export?kind=points").await.json();
        let rows = own["sections"][0]["rows"].as_array().unwrap();
        let told: Vec<_> = rows.iter().map(|row| (&row["act"], &row["points"])).collect();
        assert_eq!(told, [(&json!("繰越"), &json!("70")), (&json!("調整"), &json!("5"))], "{own}");

        assert_eq!(nurse.get(&path).await.status, 200, "the fifth year is not over");
        assert_eq!(records(interviews_last).await["interviews"], over(0));
        assert_eq!(records(interviews_last + 1.day()).await["interviews"], over(1));
        assert_eq!((nurse.get(&path).await.status, nurse.get(&format!("{path}/note")).await.status), (404, 404));
        assert_eq!(nurse.get(ahead.header("location")).await.status, 200, "what is still to be done stays");
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=working_hours.expire").await;
        assert_eq!((trail.len(), &trail[0]["reason"], &trail[0]["subjects"]), (1, &json!("retention"), &json!([id])));
        let told = tenant.actor("administrator").all("/v1/audit-events?action=interview.expire").await;
        assert!(told.is_empty(), "that there was one is not the company's to know: {told:?}");
    });
}
