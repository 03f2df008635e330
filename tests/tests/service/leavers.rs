//! An employee's account follows the employee: it ends with their last day, and comes back with them.

use domain::time::Jst;
use serde_json::{Value, json};
use tests::{Actor, Tenant, World, anonymous, problem, run, spawn};

async fn employee(tenant: &Tenant, number: &str) -> String {
    let all = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    format!("/v1/employees/{}", all[0]["id"].as_str().unwrap())
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// The account as administrators list it.
async fn listed(tenant: &Tenant, actor: &Actor) -> Value {
    let all = tenant.actor("administrator").all("/v1/accounts").await;
    all.into_iter().find(|account| account["login_id"] == *actor.account().login_id).unwrap()
}

async fn account(tenant: &Tenant, actor: &Actor) -> String {
    format!("/v1/accounts/{}", listed(tenant, actor).await["id"].as_str().unwrap())
}

/// Changes an employee, as HR does; the status.
async fn change(tenant: &Tenant, path: &str, body: Value) -> u16 {
    let hr = tenant.actor("hr");
    let etag = hr.get(path).await.header("etag").to_owned();
    hr.patch(path, &etag, body).await.status
}

async fn suspend(actor: &Actor, path: &str) -> u16 {
    let etag = actor.get(path).await.header("etag").to_owned();
    actor.call("POST", &format!("{path}/suspend"), &[("If-Match", &etag)], None).await.status
}

/// Moves the clock to so many seconds from the end of the day that it was at first.
struct Midnight(i64);

impl Midnight {
    fn after_today(world: &World) -> Self {
        Self(Jst::end_of(world.today()).epoch_seconds())
    }

    fn go_to(&self, world: &World, seconds: i64) {
        world.pass(self.0 + seconds - world.now().as_second());
    }
}

#[test]
fn r01_an_employees_account_ends_with_their_last_day_and_comes_back_with_them() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let (leaver, administrator) = (tenant.actor("employee"), tenant.actor("administrator"));
        let (person, midnight) = (employee(&tenant, "D0001").await, Midnight::after_today(&world));
        let before = listed(&tenant, &leaver).await;
        assert_eq!(change(&tenant, &person, json!({ "left_on": world.today() })).await, 200);
        let account = account(&tenant, &leaver).await;
        let told = administrator.get(&account).await.json();
        assert_eq!((&told["state"], &told["employee_left_on"]), (&json!("active"), &json!(world.today())), "{told}");
        let trail = administrator.all(&format!("/v1/audit-events?subject={}", id(&account))).await;
        assert!(trail.iter().any(|event| event["action"] == "employee.change"), "{trail:?}");

        midnight.go_to(&world, -60);
        let tokens = leaver.sign_in().await.json();
        let signed_in = leaver.with_token(tokens["access_token"].as_str().unwrap());
        assert_eq!(signed_in.get("/v1/me").await.status, 200, "until 24:00");
        midnight.go_to(&world, 0);
        assert_eq!(signed_in.get("/v1/me").await.status, 401, "not a second longer");
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        assert_eq!(anonymous(&world).post("/v1/sessions/refresh", refresh.clone()).await.status, 401);
        assert_eq!(leaver.sign_in().await.status, 401);
        assert_eq!(administrator.get(&account).await.json()["state"], "suspended");
        let suspended = administrator.all("/v1/accounts?state=suspended").await;
        assert!(suspended.iter().any(|listed| listed["id"] == before["id"]), "{suspended:?}");
        let etag = administrator.get(&account).await.header("etag").to_owned();
        for verb in ["resume", "suspend"] {
            let answer = administrator.call("POST", &format!("{account}/{verb}"), &[("If-Match", &etag)], None).await;
            assert_eq!((answer.status, problem(&answer).as_str()), (409, "conflict"), "{verb}");
        }

        assert_eq!(change(&tenant, &person, json!({ "left_on": null })).await, 200);
        let mut back = listed(&tenant, &leaver).await;
        back.as_object_mut().unwrap().remove("last_sign_in_at");
        assert_eq!(back, before, "as it was");
        assert_eq!(signed_in.get("/v1/me").await.status, 401, "sessions that have ended have ended");
        assert_eq!(anonymous(&world).post("/v1/sessions/refresh", refresh).await.status, 401);
        assert_eq!(leaver.sign_in().await.status, 201);
    });
}

/// A file of employees; `rows` tells their number and what follows, up to the department.
fn file(rows: &[(&str, &str, &str)]) -> String {
    let header = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分,退職年月日";
    let rows = rows.iter().map(|(person, state, left_on)| format!("{person},正社員,{state},{left_on}\n"));
    rows.fold(format!("{header}\n"), |file, row| file + &row)
}

const D0001: &str = "D0001,青山 みなみ,アオヤマ ミナミ,1988-06-12,女,2012-04-01,W01,X110";
const D0002: &str = "D0002,海野 大輔,ウンノ ダイスケ,1979-11-03,男,2004-04-01,W03,X200";

#[test]
fn r01_by_a_file_as_well() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (leaver, hr) = (tenant.actor("employee"), tenant.actor("hr"));
        let import = async |state: &str, left_on: &str, options: Value| {
            let file = file(&[(D0001, state, left_on), (D0002, "在籍", "")]);
            let done = tests::imports::import(&hr, "employees", file.as_bytes(), options).await;
            assert_eq!(done["state"], "applied", "{done}");
        };
        let signed_in = leaver.with_token(leaver.sign_in().await.json()["access_token"].as_str().unwrap());
        assert_eq!(signed_in.get("/v1/me").await.status, 200);
        import("退職", "2026-03-31", json!({})).await;
        assert_eq!(signed_in.get("/v1/me").await.status, 401);
        let account = account(&tenant, &leaver).await;
        let trail = tenant.actor("administrator").all(&format!("/v1/audit-events?subject={}", id(&account))).await;
        let follows = trail.iter().find(|event| event["action"] == "account.follow_employee");
        assert!(follows.is_some_and(|event| event["subjects"].as_array().unwrap().len() == 3), "{trail:?}");
        // Whoever is retired, and nobody says since when, has left.
        import("退職", "", json!({ "options": { "empty_cells": "clear" } })).await;
        assert_eq!(listed(&tenant, &leaver).await["state"], "suspended");
        import("在籍", "", json!({})).await;
        assert_eq!(leaver.sign_in().await.status, 201, "they have come back");
        assert_eq!(signed_in.get("/v1/me").await.status, 401);
    });
}

#[test]
fn r01_an_account_of_somebody_who_has_left_begins_suspended() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let person = employee(&tenant, "D0003").await;
        assert_eq!(change(&tenant, &person, json!({ "left_on": "2026-03-31" })).await, 200);
        let body = json!({ "login_id": "kiritani@example.jp", "name": "桐谷 さやか", "employee_id": id(&person), "initial_password": "Ato-no-Matsuri-26" });
        let made = tenant.actor("administrator").post("/v1/accounts", body).await;
        assert_eq!((made.status, &made.json()["state"]), (201, &json!("suspended")), "{}", made.json());
        let nobody = tenant.account("kiritani@example.jp", "Ato-no-Matsuri-26");
        assert_eq!(nobody.sign_in().await.status, 401);
        assert_eq!(change(&tenant, &person, json!({ "left_on": null })).await, 200);
        assert_eq!(nobody.sign_in().await.status, 201);
    });
}

#[test]
fn r01_an_account_that_is_made_while_its_employee_leaves_knows_of_it() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let (administrator, hr) = (tenant.actor("administrator"), tenant.actor("hr"));
        administrator.token().await;
        hr.token().await;
        for round in 0..6 {
            let number = format!("R{round:03}");
            let workplace = administrator.all("/v1/workplaces").await[0]["id"].clone();
            let new = json!({
                "employee_number": number, "name": "競走 太郎", "kana": "キョウソウ タロウ", "birth_date": "1985-06-15",
                "sex": "male", "hired_on": "2018-04-01", "workplace_id": workplace, "employment_type": "正社員",
            });
            let person = hr.post("/v1/employees", new).await.header("location").to_owned();
            let login = format!("{}@example.jp", number.to_lowercase());
            let body = json!({ "login_id": login, "name": "競走 太郎", "employee_id": id(&person), "initial_password": "Doji-ni-Hashiru-26" });
            let making = spawn({
                let administrator = administrator.clone();
                async move { administrator.post("/v1/accounts", body).await.status }
            });
            let leaving = spawn({
                let (hr, path) = (hr.clone(), format!("{person}/retire"));
                async move { hr.post(&path, json!({ "left_on": "2026-03-31" })).await.status }
            });
            let (made, left) = (making.await.unwrap(), leaving.await.unwrap());
            assert!(matches!(made, 201 | 503) && matches!(left, 200 | 412 | 503), "{made} {left}");
            let retired = hr.get(&person).await.json()["state"] == "retired";
            let accounts = administrator.all(&format!("/v1/accounts?q={number}")).await;
            assert_eq!((retired, accounts.len()), (left == 200, usize::from(made == 201)));
            if let ([account], true) = (&accounts[..], retired) {
                assert_eq!(account["state"], "suspended", "{account}");
            }
        }
    });
}

#[test]
fn r01_the_last_administrator_does_not_leave_by_hand_nor_by_file() {
    run(async {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let hr = tenant.actor("hr");
        let administrator = tenant.actor("administrator").fresh().await;
        let grants = json!({ "grants": [{ "role": "administrator", "scope": { "kind": "tenant" } }] });
        for number in 0..2 {
            let path = format!("{}/grants", account(&tenant, &tenant.nth("employee", number)).await);
            let etag = administrator.get(&path).await.header("etag").to_owned();
            let granted = administrator.put(&path, &etag, grants.clone()).await;
            assert_eq!(granted.status, 200, "{}", granted.json());
            // Usable is only who has a second factor.
            tenant.nth("employee", number).enrol().await;
        }
        let people = [employee(&tenant, "D0001").await, employee(&tenant, "D0002").await];
        for other in [tenant.nth("administrator", 1), administrator.clone()] {
            assert_eq!(suspend(&administrator, &account(&tenant, &other).await).await, 200);
        }
        // Both leave in one file: the day to come counts from now on.
        let last_day = world.today().last_of_month().tomorrow().unwrap().to_string();
        let file = file(&[(D0001, "在籍", &last_day), (D0002, "在籍", &last_day)]);
        let done = tests::imports::import(&hr, "employees", file.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied_with_conflicts", "{done}");
        assert_eq!((&done["rows"]["applied"], &done["rows"]["conflicts"]), (&json!(1), &json!(1)), "{done}");
        let mut staying = Vec::new();
        for person in &people {
            if !hr.get(person).await.json()["left_on"].is_string() {
                staying.push(person);
            }
        }
        assert_eq!(staying.len(), 1);
        let refused = hr.post(&format!("{}/retire", staying[0]), json!({ "left_on": world.today() })).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (409, "conflict"));
        assert_eq!(refused.json()["errors"][0]["code"], "last_administrator", "{}", refused.json());
        let leaving = people.iter().find(|person| person != &staying[0]).unwrap();
        assert_eq!(change(&tenant, leaving, json!({ "left_on": null })).await, 200, "one comes back");
        let retired = hr.post(&format!("{}/retire", staying[0]), json!({ "left_on": world.today() })).await;
        assert_eq!(retired.status, 200, "and the other may go: {}", retired.json());
    });
}

#[test]
fn r01_an_employee_with_an_account_is_not_deleted() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let administrator = tenant.actor("administrator").fresh().await;
        let person = employee(&tenant, "D0001").await;
        let etag = administrator.get(&person).await.header("etag").to_owned();
        let kept = administrator.delete(&person, &etag).await;
        assert_eq!((kept.status, kept.json()["errors"][0]["code"].as_str()), (409, Some("in_use")), "{}", kept.json());
    });
}
