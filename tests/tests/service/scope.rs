//! Who reaches whom: grants by department and by label, and people who come, go, and are moved.

use domain::time::Jst;
use serde_json::{Value, json};
use tests::{Actor, Tenant, World, problem, run};

/// The demo's departments, by code: X100 with X110 below it, and X200. D0001 works in X110, D0002 in X200, D0003 in X100.
async fn department(tenant: &Tenant, code: &str) -> String {
    let all = tenant.actor("administrator").all("/v1/departments").await;
    let found = all.into_iter().find(|department| department["code"] == code).unwrap();
    format!("/v1/departments/{}", found["id"].as_str().unwrap())
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

async fn label(tenant: &Tenant, name: &str) -> String {
    let made = tenant.actor("administrator").post("/v1/labels", json!({ "name": name })).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.header("location").to_owned()
}

/// Changes what `path` is, as the administrator.
async fn change(tenant: &Tenant, path: &str, body: Value) -> Value {
    let administrator = tenant.actor("administrator");
    let etag = administrator.get(path).await.header("etag").to_owned();
    let answer = administrator.patch(path, &etag, body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn grant(role: &str, kind: &str, path: &str) -> Value {
    json!([{ "role": role, "scope": { "kind": "parts", kind: [id(path)] } }])
}

/// The numbers of those whom somebody sees.
async fn seen(actor: &Actor, query: &str) -> Vec<String> {
    let mut numbers: Vec<String> = actor
        .all(&format!("/v1/employees{query}"))
        .await
        .iter()
        .map(|employee| employee["employee_number"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn r02_a_label_on_a_department_reaches_everybody_in_it_and_below_from_the_next_request_on() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (hr, nights) = (tenant.actor("hr"), label(&tenant, "夜勤のある部署").await);
        tenant.grant("hr", grant("hr", "labels", &nights)).await;
        assert!(seen(&hr, "").await.is_empty(), "nobody carries the label");

        let (above, below) = (department(&tenant, "X100").await, department(&tenant, "X110").await);
        let labelled = change(&tenant, &above, json!({ "labels": [id(&nights)] })).await;
        assert_eq!(labelled["labels"], json!([id(&nights)]));
        assert_eq!(seen(&hr, "").await, ["D0001", "D0003"]);
        let everybody = tenant.actor("administrator").all("/v1/employees").await;
        for employee in &everybody {
            let answer = hr.get(&format!("/v1/employees/{}", employee["id"].as_str().unwrap())).await;
            let reached = employee["employee_number"] != "D0002";
            assert_eq!(answer.status, if reached { 200 } else { 404 }, "{}", answer.json());
        }
        // What lists are narrowed by is what scopes are made of.
        let query = format!("?label_id={}", id(&nights));
        assert_eq!(seen(&tenant.actor("administrator"), &query).await, ["D0001", "D0003"]);

        change(&tenant, &below, json!({ "parent_id": null })).await;
        assert_eq!(seen(&hr, "").await, ["D0003"], "what moves out of a labelled department has left the label");
        change(&tenant, &below, json!({ "labels": [id(&nights)] })).await;
        assert_eq!(seen(&hr, "").await, ["D0001", "D0003"]);
        change(&tenant, &above, json!({ "labels": [] })).await;
        change(&tenant, &below, json!({ "labels": [] })).await;
        assert!(seen(&hr, "").await.is_empty());
    });
}

#[test]
fn r02_a_departments_labels_exist_and_stay_as_long_as_it_carries_them() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let nights = label(&tenant, "夜勤").await;
        let body = json!({ "code": "N1", "name": "夜間保守課", "labels": [id(&nights)] });
        let made = administrator.post("/v1/departments", body).await;
        assert_eq!((made.status, &made.json()["labels"]), (201, &json!([id(&nights)])), "{}", made.json());
        let (path, etag) = (made.header("location").to_owned(), made.header("etag").to_owned());

        let foreign = label(&world.another_tenant().await, "夜勤").await;
        for unknown in [id(&foreign), "lab_00000000000000000000000000000001", "emp_1"] {
            let answer = administrator.patch(&path, &etag, json!({ "labels": [unknown] })).await;
            assert_eq!((answer.status, problem(&answer).as_str()), (422, "invalid"), "{}", answer.json());
            assert_eq!(answer.json()["errors"][0]["code"], "missing_reference");
        }
        let version = administrator.get(&nights).await.header("etag").to_owned();
        let kept = administrator.delete(&nights, &version).await;
        assert_eq!((kept.status, kept.json()["errors"][0]["code"].as_str()), (409, Some("in_use")), "{}", kept.json());

        let file = "部署コード,部署名,上位部署コード\nN1,夜間保守部,\n";
        let done = tests::imports::import(&administrator, "departments", file.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied", "{done}");
        let department = administrator.get(&path).await;
        assert_eq!(department.json()["name"], "夜間保守部");
        assert_eq!(department.json()["labels"], json!([id(&nights)]), "a file says nothing of labels");

        let gone = administrator.delete(&path, department.header("etag")).await;
        assert_eq!(gone.status, 204, "{}", gone.json());
        assert_eq!(administrator.delete(&nights, &version).await.status, 204);
    });
}

/// The path of the employee with this number, as the administrator sees it.
async fn employee(tenant: &Tenant, number: &str) -> String {
    let all = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    format!("/v1/employees/{}", all[0]["id"].as_str().unwrap())
}

#[test]
fn r02_a_transfer_counts_from_the_very_next_request_on() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let manager = tenant.actor("manager");
        let (there, below, elsewhere) =
            (employee(&tenant, "D0002").await, department(&tenant, "X110").await, department(&tenant, "X200").await);
        assert_eq!(manager.get(&there).await.status, 404);
        change(&tenant, &there, json!({ "department_id": id(&below) })).await;
        assert_eq!(manager.get(&there).await.status, 200, "they work below the managed department now");
        assert_eq!(seen(&manager, "").await, ["D0001", "D0002", "D0003"]);
        change(&tenant, &there, json!({ "department_id": id(&elsewhere) })).await;
        assert_eq!(manager.get(&there).await.status, 404);
        assert_eq!(seen(&manager, "").await, ["D0001", "D0003"]);
        // A department that moves takes its people along.
        let above = department(&tenant, "X100").await;
        change(&tenant, &elsewhere, json!({ "parent_id": id(&above) })).await;
        assert_eq!(seen(&manager, "").await, ["D0001", "D0002", "D0003"]);
    });
}

#[test]
fn r02_a_planned_transfer_moves_nobody_before_its_day_and_holds_from_its_first_moment() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (manager, administrator) = (tenant.actor("manager"), tenant.actor("administrator"));
        let (arrives, leaves) = (employee(&tenant, "D0002").await, employee(&tenant, "D0003").await);
        let below = department(&tenant, "X110").await;
        let tomorrow = world.today().tomorrow().unwrap();

        let planned = change(&tenant, &arrives, json!({ "department_id": id(&below), "effective_on": tomorrow })).await;
        assert_ne!(planned["department_id"], id(&below), "{planned}");
        assert_eq!(planned["placements"].as_array().unwrap().last().unwrap()["department_id"], id(&below));
        let file = format!(
            "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分,適用日\n\
             D0003,桐谷 さやか,キリタニ サヤカ,1995-02-27,女,2018-10-01,W02,X200,正社員,在籍,{tomorrow}\n"
        );
        let import = async || tests::imports::import(&administrator, "employees", file.as_bytes(), json!({})).await;
        let done = import().await;
        assert_eq!((&done["state"], &done["rows"]["applied"]), (&json!("applied"), &json!(1)), "{done}");
        assert_eq!(import().await["rows"]["unchanged"], 1, "the same plan again");
        assert_eq!(seen(&manager, "").await, ["D0001", "D0003"]);

        let midnight = Jst::start_of(tomorrow).epoch_seconds();
        world.pass(midnight - world.now().as_second() - 60);
        assert_eq!(seen(&manager, "").await, ["D0001", "D0003"], "until 24:00");
        assert_eq!((manager.get(&arrives).await.status, manager.get(&leaves).await.status), (404, 200));
        world.pass(midnight - world.now().as_second());
        assert_eq!(seen(&manager, "").await, ["D0001", "D0002"], "from 0:00 on");
        assert_eq!((manager.get(&arrives).await.status, manager.get(&leaves).await.status), (200, 404));
        let moved = administrator.get(&arrives).await.json();
        assert_eq!(moved["department_id"], id(&below), "{moved}");
    });
}

#[test]
fn r02_a_department_that_somebody_will_join_is_in_use() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let made = administrator.post("/v1/departments", json!({ "code": "N2", "name": "新設課" })).await;
        let (path, etag) = (made.header("location").to_owned(), made.header("etag").to_owned());
        let joins = employee(&tenant, "D0001").await;
        let next_month = world.today().last_of_month().tomorrow().unwrap();
        let plan = json!({ "department_id": id(&path), "effective_on": next_month });
        change(&tenant, &joins, plan).await;
        let kept = administrator.delete(&path, &etag).await;
        assert_eq!((kept.status, kept.json()["errors"][0]["code"].as_str()), (409, Some("in_use")), "{}", kept.json());
        let stays = administrator.get(&joins).await.json()["department_id"].clone();
        let taken_back = change(&tenant, &joins, json!({ "department_id": stays, "effective_on": next_month })).await;
        assert_eq!(taken_back["placements"].as_array().unwrap().len(), 1, "{taken_back}");
        assert_eq!(administrator.delete(&path, &etag).await.status, 204);
    });
}

#[test]
fn r02_somebody_who_left_stays_within_the_scope_that_they_were_in_last() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (manager, physician) = (tenant.actor("manager"), tenant.actor("physician"));
        let left = employee(&tenant, "D0001").await;
        let workplace = tenant.actor("administrator").get(&left).await.json()["workplace_id"].clone();
        let grants = json!([{ "role": "physician", "scope": { "kind": "parts", "workplaces": [workplace] } }]);
        tenant.grant("physician", grants).await;
        let today = world.today();
        let elsewhere = department(&tenant, "X200").await;
        let plan = json!({ "department_id": id(&elsewhere), "effective_on": today.tomorrow().unwrap() });
        change(&tenant, &left, plan).await;
        let retired = tenant.actor("hr").post(&format!("{left}/retire"), json!({ "left_on": today })).await;
        assert_eq!((retired.status, &retired.json()["state"]), (200, &json!("retired")), "{}", retired.json());
        let placements = retired.json()["placements"].clone();
        assert_eq!(placements.as_array().unwrap().len(), 1, "nobody is moved after their last day: {placements}");
        for colleague in [&manager, &physician] {
            assert_eq!(colleague.get(&left).await.status, 200);
            assert!(seen(colleague, "?state=retired").await.contains(&"D0001".to_owned()));
        }
        assert_eq!(physician.get(&format!("{left}/checkups")).await.status, 200, "records stay readable");
        assert_eq!(physician.get(&employee(&tenant, "D0002").await).await.status, 404);
    });
}
