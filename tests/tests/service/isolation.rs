//! Another tenant's things are things that never were: the same status, the same headers, the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use authz::Role;
use authz::matrix::{Cell, Row};
use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Answer, Tenant, World, problem, run};

use crate::operations::{contract, never_was};
use crate::stress_checks;

/// What an answer tells, but for the request's own id and the time.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    const OF_THE_REQUEST: [&str; 5] = ["date", "x-request-id", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !OF_THE_REQUEST.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.body.to_vec())
}

/// One thing of each kind that another tenant has, by the name of the parameter that it is asked for by.
#[expect(clippy::too_many_lines, reason = "a line or two for each kind of thing")]
async fn things_of(tenant: &Tenant) -> BTreeMap<&'static str, String> {
    let administrator = tenant.actor("administrator");
    let (employee, nurse) = (tenant.actor("employee"), tenant.actor("nurse"));
    let label = administrator.post("/v1/labels", json!({ "name": "夜勤" })).await;
    assert_eq!(label.status, 201, "{}", label.json());
    let checkup = "社員番号,受診日,健診種別,身長\nD0001,2026-06-01,定期,160.0\n";
    let imported = import(&nurse, "checkups", checkup.as_bytes(), json!({})).await;
    let first = async |actor: &Actor, path: &str| actor.all(path).await[0]["id"].as_str().unwrap().to_owned();
    let program = tenant.let_in(json!({})).await;
    let yesterday = tenant.world().today() - 1.day();
    let asked = json!({ "since": yesterday, "until": yesterday, "reason": "社内の調査で利用状況を確認するため" });
    let request = administrator.post("/v1/tenant/audit-requests", asked).await;
    assert_eq!(request.status, 201, "{}", request.json());
    let checkups = nurse.all("/v1/checkups?fiscal_year=2026").await;
    // A row that is nobody's, and a report that was frozen.
    let nobodys = "氏名カナ,生年月日,性別,受診日,健診種別,身長\nダレデモ ナイ,1990-01-01,男,2026-06-02,定期,160.0\n";
    import(&nurse, "checkups", nobodys.as_bytes(), json!({})).await;
    let discrepancies = nurse.get("/v1/import-discrepancies").await.json();
    let workplace = first(&administrator, "/v1/workplaces").await;
    let period = json!({ "workplace_id": workplace, "from": "2026-04-01", "to": "2026-10-31" });
    let frozen = tenant.actor("hr").post("/v1/reports/form-6/frozen", period).await;
    assert_eq!(frozen.status, 201, "{}", frozen.json());
    let (announcement, incident, message) = told_to(tenant).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fresh = administrator.fresh().await;
    let asked = administrator.post("/v1/assurance-requests", json!({ "reason": "委託先の定期監査のため" })).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    let export =
        fresh.call("POST", "/v1/exports", &[("Idempotency-Key", "x")], Some(json!({ "what": "accounts" }))).await;
    assert_eq!(export.status, 202, "{}", export.json());
    let planned = tenant.actor("hr").post("/v1/stress-rounds", stress_checks::plan(tenant.world().today())).await;
    assert_eq!(planned.status, 201, "{}", planned.json());
    let own = text(&employee.get("/v1/me").await.json()["employee_id"]);
    let steps = json!({ "entries": [{ "client_entry_id": "1", "metric": "steps", "measured_at": "2026-11-01T12:00:00+09:00", "value": 1 }] });
    let recorded = employee.post(&format!("/v1/employees/{own}/lifelogs"), steps).await;
    assert_eq!(recorded.status, 200, "{}", recorded.json());
    let (hr, points) = (tenant.actor("hr"), format!("/v1/employees/{own}/points"));
    hr.post(&format!("{points}/entries"), json!({ "points": 10, "reason": "健康イベント" })).await;
    let once = employee.with("Idempotency-Key", "x");
    let redemption = once.post(&format!("{points}/redemptions"), json!({ "points": 5, "reward": "水" })).await;
    let campaign = json!({ "name": "歩こう会", "metric": "steps", "from": "2026-11-01", "to": "2026-11-30" });
    let campaign = hr.post("/v1/campaigns", campaign).await;
    let wanted = json!({ "right": "disclosure", "content": "保有する情報の開示" });
    let right = employee.post(&format!("/v1/employees/{own}/rights-requests"), wanted).await;
    let wish = json!({ "kind": "consult" });
    let interview = employee.post(&format!("/v1/employees/{own}/interview-requests"), wish).await;
    assert_eq!(interview.status, 201, "{}", interview.json());
    let slot =
        json!({ "starts_at": "2027-01-12T10:00:00+09:00", "minutes": 30, "place": "健康管理室", "kinds": ["consult"] });
    let slot = nurse.post("/v1/interview-slots", slot).await;
    assert_eq!(slot.status, 201, "{}", slot.json());
    let leave = nurse.post(&format!("/v1/employees/{own}/leave-cases"), json!({ "began_on": "2026-11-20" })).await;
    assert_eq!(leave.status, 201, "{}", leave.json());
    let sheets = format!(
        "/v1/employees/{}/checkups/{}/attachments",
        text(&checkups[0]["employee_id"]),
        text(&checkups[0]["id"])
    );
    let sheet =
        json!({ "file_name": "結果票.pdf", "media_type": "application/pdf", "size": 40, "sha256": "0".repeat(64) });
    let sheet = nurse.post(&sheets, sheet).await;
    assert_eq!([redemption.status, campaign.status, right.status, sheet.status], [201; 4]);
    BTreeMap::from([
        ("kind", "periodic".to_owned()),
        ("attachment_id", text(&sheet.json()["id"])),
        ("interview_id", text(&interview.json()["id"])),
        ("leave_case_id", text(&leave.json()["id"])),
        ("slot_id", text(&slot.json()["id"])),
        ("redemption_id", text(&redemption.json()["id"])),
        ("campaign_id", text(&campaign.json()["id"])),
        ("rights_request_id", text(&right.json()["id"])),
        ("day", "2026-11-20".to_owned()),
        ("handling_version", "1".to_owned()),
        ("round_id", text(&planned.json()["id"])),
        ("lifelog_entry_id", text(&recorded.json()["items"][0]["id"])),
        ("export_id", text(&export.json()["id"])),
        ("download_id", "dwl_0190000000007000800000000000beef".to_owned()),
        ("number", "1".to_owned()),
        ("rejudgement_id", "rjd_0190000000007000800000000000beef".to_owned()),
        ("chart", "load-and-control".to_owned()),
        ("group", "reactions".to_owned()),
        ("year", "2026".to_owned()),
        ("assurance_request_id", text(&asked.json()["id"])),
        ("account_id", first(&administrator, "/v1/accounts").await),
        ("announcement_id", announcement),
        ("incident_id", incident),
        ("message_id", message),
        ("department_id", first(&administrator, "/v1/departments").await),
        ("workplace_id", first(&administrator, "/v1/workplaces").await),
        ("label_id", text(&label.json()["id"])),
        ("employee_id", text(&checkups[0]["employee_id"])),
        ("client_id", program.id),
        ("credential_id", program.credential),
        ("discrepancy_id", text(&discrepancies["items"][0]["id"])),
        ("report_id", text(&frozen.json()["id"])),
        ("checkup_id", text(&checkups[0]["id"])),
        ("import_id", text(&imported["id"])),
        ("month", "2026-10".to_owned()),
        ("request_id", text(&request.json()["id"])),
        ("session_id", first(&employee, "/v1/sessions").await),
    ])
}

/// What the provider told one company alone: an announcement, and a message about an incident.
async fn told_to(tenant: &Tenant) -> (String, String, String) {
    let operator = tenant.world().operator(0).fresh().await;
    let made = async |path: &str, etag: Option<&str>, body: Value| {
        let headers: Vec<_> = etag.map(|etag| ("If-Match", etag)).into_iter().collect();
        let answer = operator.call("POST", path, &headers, Some(body)).await;
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.json());
        (answer.header("location").to_owned(), answer.header("etag").to_owned(), answer.json())
    };
    let only = json!([tenant.id()]);
    let body = json!({ "kind": "maintenance", "title": "お知らせ", "body": "停止します。", "tenants": only });
    let (path, etag, announcement) = made("/v1/announcements", None, body).await;
    made(&format!("{path}/publish"), Some(&etag), json!({})).await;
    let at = "2026-11-01T09:00:00+09:00";
    let body = json!({ "kind": "outage", "title": "停止", "facts": "停止しました。", "occurred_at": at, "detected_at": at,
        "affected_tenants": only });
    let (path, etag, incident) = made("/v1/incidents", None, body).await;
    let body = json!({ "stage": "first", "title": "停止", "body": "停止しました。" });
    let (_, _, message) = made(&format!("{path}/messages"), Some(&etag), body).await;
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    (id(&announcement), id(&incident), id(&message))
}

/// Whether anybody but operators has it.
fn is_for_customers(row: &Row) -> bool {
    Role::ALL.iter().any(|role| *role != Role::Operator && !matches!(row.cell(*role), Cell::No))
}

/// Whether a path names a thing of a company's. Contracts are the operators', who have no other tenant; what is named by a word of one's own is one's own.
fn names_a_thing(parameters: &[&str]) -> bool {
    !parameters.contains(&"tenant_id") && parameters.iter().any(|name| !matches!(*name, "kind" | "name"))
}

#[test]
fn r11_every_operation_answers_every_role_alike_for_another_tenants_things_and_for_what_never_was() {
    run(async {
        let world = World::own().await;
        let (own, other) = (world.tenant(0), world.tenant(1));
        let theirs = things_of(&other).await;
        let mut walked = BTreeSet::new();
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Operator) {
            let actor = own.somebody(role).await;
            for operation in contract().iter().filter(|operation| operation.row.is_some_and(is_for_customers)) {
                let parameters = operation.parameters();
                if !names_a_thing(&parameters) {
                    continue;
                }
                let actor = actor.fresh().await;
                let foreign = operation.path_with(|name| theirs[name].clone());
                let never = operation.path_with(never_was);
                let is = operation.ask_at(&actor, &foreign).await;
                let should = operation.ask_at(&actor, &never).await;
                assert!(matches!(is.status, 403 | 404), "{} as {}: {}", operation.id, role.name(), is.json());
                if is.status == 403 {
                    // Decided before anybody looked for anything; the answer names its own request.
                    assert_eq!(problem(&is), problem(&should), "{} as {}", operation.id, role.name());
                    continue;
                }
                assert_eq!(told(&is), told(&should), "{} as {}", operation.id, role.name());
                walked.insert(operation.id.clone());
            }
        }
        let all: BTreeSet<_> = contract()
            .into_iter()
            .filter(|operation| operation.row.is_some_and(is_for_customers) && names_a_thing(&operation.parameters()))
            .map(|operation| operation.id)
            .collect();
        assert_eq!(walked, all, "each of these should be open to some role, and then find nothing");
        let there = other.actor("administrator").get(&format!("/v1/accounts/{}", theirs["account_id"])).await;
        assert_eq!((there.status, there.header("etag")), (200, "\"1\""), "it is there all the same, and untouched");
    });
}

#[test]
fn r11_a_colleagues_session_is_one_that_never_was() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (me, colleague) = (tenant.actor("employee"), tenant.nth("employee", 1));
        let session = colleague.all("/v1/sessions").await[0]["id"].as_str().unwrap().to_owned();
        let is = me.delete(&format!("/v1/sessions/{session}"), "\"1\"").await;
        let should = me.delete(&format!("/v1/sessions/{}", never_was("session_id")), "\"1\"").await;
        assert_eq!((is.status, told(&is)), (404, told(&should)));
        assert_eq!(colleague.get("/v1/me").await.status, 200, "it goes on");
    });
}

#[test]
fn r11_the_trail_of_one_tenant_holds_nothing_of_another() {
    run(async {
        let world = World::shared().await;
        let (own, other) = (world.another_tenant().await, world.another_tenant().await);
        for tenant in [&own, &other] {
            tenant.actor("employee").get("/v1/me").await;
        }
        let trail = own.actor("administrator").all("/v1/audit-events").await;
        assert!(!trail.is_empty());
        let text = serde_json::to_string(&trail).unwrap();
        assert!(!text.contains(other.id()), "{text}");
    });
}
