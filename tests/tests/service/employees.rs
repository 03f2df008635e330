//! Employees by hand: uniqueness, columns, search, history.

use serde_json::{Value, json};
use tests::{Actor, Tenant, World, logs, problem, run};

fn new_employee(number: &str, workplace: &Value) -> Value {
    json!({
        "employee_number": number, "name": "渡邊 裕子", "kana": "わたなべ ゆうこ", "birth_date": "1985-06-15", "sex": "female",
        "hired_on": "2018-04-01", "workplace_id": workplace, "effective_on": "2018-04-01", "employment_type": "正社員", "mail": "yuko.watanabe@minato.example",
    })
}

async fn workplace(tenant: &Tenant, code: &str) -> Value {
    let all = tenant.actor("administrator").all("/v1/workplaces").await;
    all.into_iter().find(|workplace| workplace["code"] == code).unwrap()["id"].clone()
}

async fn create(actor: &Actor, body: Value) -> (String, String) {
    let made = actor.post("/v1/employees", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    (made.header("location").to_owned(), made.header("etag").to_owned())
}

#[test]
fn r33_an_employee_number_is_text_normalised_and_unique_in_its_tenant() {
    run(async {
        logs::plant(["渡邊　裕子", "ワタナベ　ユウコ", "yuko.watanabe@minato.example"]);
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let tokyo = workplace(&tenant, "W01").await;
        let (path, _) = create(&administrator, new_employee("０００１２３", &tokyo)).await;
        let employee = administrator.get(&path).await.json();
        assert_eq!(
            (&employee["employee_number"], &employee["name"], &employee["kana"]),
            (&json!("000123"), &json!("渡邊　裕子"), &json!("ワタナベ　ユウコ"))
        );
        let again = administrator.post("/v1/employees", new_employee("000123", &tokyo)).await;
        assert_eq!((again.status, again.json()["errors"][0]["code"].as_str()), (409, Some("employee_number_taken")));
        create(&administrator, new_employee("123", &tokyo)).await;
        let other = world.another_tenant().await;
        create(&other.actor("administrator"), new_employee("000123", &workplace(&other, "W01").await)).await;
        // Another tenant's workplace is none.
        let foreign = other.actor("administrator").post("/v1/employees", new_employee("9", &tokyo)).await;
        assert_eq!(foreign.json()["errors"][0]["code"], "missing_reference", "{}", foreign.json());
    });
}

#[test]
fn r33_one_number_given_to_many_at_once_is_given_to_one() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let body = new_employee("777", &workplace(&tenant, "W01").await);
        let posts: Vec<_> = (0..8)
            .map(|_| {
                let (administrator, body) = (administrator.clone(), body.clone());
                tests::spawn(async move { administrator.post("/v1/employees", body).await.status })
            })
            .collect();
        let mut made = 0;
        for post in posts {
            let status = post.await.unwrap();
            assert!(matches!(status, 201 | 409), "{status}");
            made += usize::from(status == 201);
        }
        assert_eq!(made, 1);
    });
}

#[test]
fn r02_r13_a_column_that_the_caller_may_not_see_is_absent_and_not_null() {
    run(async {
        let tenant = World::shared().await.tenant(0);
        let seen = async |role: &str| tenant.actor(role).all("/v1/employees").await;
        let managers = seen("manager").await;
        assert_eq!(managers.len(), 2, "those of the managed department and below: {managers:?}");
        for employee in &managers {
            let employee = employee.as_object().unwrap();
            assert!(employee.contains_key("name") && employee.contains_key("employee_number"));
            for column in ["birth_date", "sex", "mail", "night_work", "hazards"] {
                assert!(!employee.contains_key(column), "a manager sees {column}");
            }
        }
        assert!(seen("hr").await.iter().all(|employee| employee["birth_date"].is_string()));
        let own = tenant.actor("employee").all("/v1/employees").await;
        assert_eq!((own.len(), own[0]["employee_number"].as_str()), (1, Some("D0001")));
        let picked = tenant.actor("hr").all("/v1/employees?fields=employee_number,name").await;
        assert_eq!(picked[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["employee_number", "id", "name"]);
    });
}

#[test]
fn people_are_found_by_any_spelling_of_their_name() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        create(&administrator, new_employee("555", &workplace(&tenant, "W02").await)).await;
        for part in ["渡辺", "渡邊裕", "わたなべ", "ﾜﾀﾅﾍﾞ", "ワタナベ　ユウコ", "55"] {
            let query = part.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
            let found = administrator.all(&format!("/v1/employees?q={query}")).await;
            assert_eq!(found.len(), 1, "{part}: {found:?}");
        }
        assert!(administrator.all("/v1/employees?q=%E9%88%B4%E6%9C%A8").await.is_empty());
        let by_kana = administrator.all("/v1/employees?sort=-kana").await;
        let kana: Vec<_> = by_kana.iter().map(|employee| employee["kana"].as_str().unwrap()).collect();
        assert!(kana.is_sorted_by(|a, b| a >= b), "{kana:?}");
    });
}

#[test]
fn a_move_is_remembered_and_a_retirement_ends_an_employment() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let hr = tenant.actor("hr");
        let (tokyo, osaka) = (workplace(&tenant, "W01").await, workplace(&tenant, "W02").await);
        let (path, etag) = create(&hr, new_employee("888", &tokyo)).await;
        let change = json!({ "workplace_id": osaka, "effective_on": "2026-10-01" });
        let moved = hr.patch(&path, &etag, change).await;
        assert_eq!(moved.status, 200, "{}", moved.json());
        let placements: Vec<_> = moved.json()["placements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|placed| placed["workplace_id"].clone())
            .collect();
        assert_eq!(placements, [tokyo, osaka]);
        let early = hr.post(&format!("{path}/retire"), json!({ "left_on": "2018-03-31" })).await;
        assert_eq!(early.status, 409, "{}", early.json());
        let retired = hr.post(&format!("{path}/retire"), json!({ "left_on": "2026-10-31" })).await;
        assert_eq!((retired.status, retired.json()["state"].as_str()), (200, Some("retired")), "{}", retired.json());
        let twice = hr.post(&format!("{path}/retire"), json!({ "left_on": "2026-10-31" })).await;
        assert_eq!((twice.status, problem(&twice).as_str()), (409, "conflict"));
    });
}

#[test]
fn what_is_in_use_is_not_deleted() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator");
        let path = format!("/v1/workplaces/{}", workplace(&tenant, "W01").await.as_str().unwrap());
        let etag = administrator.get(&path).await.header("etag").to_owned();
        let answer = administrator.delete(&path, &etag).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (409, "conflict"), "{}", answer.json());
        let unused = administrator.post("/v1/workplaces", json!({ "code": "W77", "name": "無人倉庫" })).await;
        let deleted = administrator.delete(unused.header("location"), unused.header("etag")).await;
        assert_eq!(deleted.status, 204, "{}", deleted.json());
    });
}

#[test]
fn r33_whoever_something_is_kept_of_was_not_registered_by_mistake() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (administrator, hr) = (tenant.actor("administrator").fresh().await, tenant.actor("hr"));
        let tokyo = workplace(&tenant, "W01").await;
        let (mistake, etag) = create(&administrator, new_employee("601", &tokyo)).await;
        assert_eq!(administrator.delete(&mistake, &etag).await.status, 204, "nothing is kept of them");
        let (worked, etag) = create(&administrator, new_employee("601", &tokyo)).await;
        let month = json!({ "month": "2026-10", "total": "180", "overtime": "10", "holiday": "0" });
        assert_eq!(hr.post(&format!("{worked}/working-hours"), month).await.status, 201);
        let kept = administrator.delete(&worked, &etag).await;
        assert_eq!(
            (kept.status, kept.json()["errors"][0]["code"].as_str()),
            (409, Some("has_records")),
            "{}",
            kept.json()
        );
        assert_eq!(administrator.get(&worked).await.status, 200);
    });
}
