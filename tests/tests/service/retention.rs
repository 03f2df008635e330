//! What goes by itself: files after their days, and records after the years that their company has decided on, never before the law allows it.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, problem, run};

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
