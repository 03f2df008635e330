//! Who reaches whom: grants by department and by label, and people who come, go, and are moved.

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
