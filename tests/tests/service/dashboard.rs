//! The dashboard of workplaces: that its figures are those of the files however often they are counted, what is not told of few, and who reads it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::imports::{CHECKUPS_2025, CHECKUPS_2026, DEPARTMENTS, EMPLOYEES, WORKING_HOURS, import};
use tests::{Tenant, World, anonymous, run};

use crate::{
    reports::{count as reported, lines, workplaces},
    stress_checks::{answer_all, opened},
};

const DASHBOARD: &str = "/v1/reports/dashboard?fiscal_year=2026";
const AS_OF: &str = "2026-11-20T03:30:00+09:00";

/// Counts a company's figures as of a moment, by now where none is said; what the run says of it.
async fn rolled_up(tenant: &Tenant, as_of: Option<&str>) -> Value {
    let now = tenant.world().service().store().clock().now().to_string();
    let input = json!({ "input": { "tenant": tenant.id(), "as_of": as_of.unwrap_or(&now) } });
    let answer = anonymous(tenant.world()).post("/_local/schedules/rollup", input).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let run = answer.json()["answer"].clone();
    assert_eq!((&run["failed"], run["tenants"].as_array().unwrap().len()), (&json!(0), 1), "{run}");
    run["tenants"][0]["counted"].clone()
}

/// The sample's October: of each workplace how many are over 45, 60, 80 and 100 hours, by the formula of domain.md 5.1 in whole numbers.
fn october(place_of: &BTreeMap<String, String>) -> BTreeMap<String, [u64; 4]> {
    let mut all: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for line in std::str::from_utf8(WORKING_HOURS).unwrap().lines().filter(|line| line.contains(",2026-10,")) {
        let cells: Vec<&str> = line.split(',').collect();
        let total: i64 = cells[2].replace('.', "").parse().unwrap();
        let heads = all.entry(place_of[cells[0]].clone()).or_default();
        for (head, hours) in heads.iter_mut().zip([45, 60, 80, 100]) {
            *head += u64::from(7 * total - 4_000 * 31 > 7 * 100 * hours);
        }
    }
    all
}

fn heads([over_45, over_60, over_80, over_100]: [u64; 4]) -> Value {
    json!({ "over_45": over_45, "over_60": over_60, "over_80": over_80, "over_100": over_100 })
}

/// An interview about a checkup of somebody who is employed, to be arranged; whose number.
async fn with_an_interview(tenant: &Tenant) -> String {
    let (hr, nurse) = (tenant.actor("hr"), tenant.actor("nurse"));
    for checkup in nurse.all("/v1/checkups?fiscal_year=2026&limit=200").await {
        let person = format!("/v1/employees/{}", checkup["employee_id"].as_str().unwrap());
        let employee = hr.get(&person).await.json();
        if employee["state"] != "active" {
            continue;
        }
        let body = json!({ "kind": "checkup", "checkup_id": checkup["id"] });
        let opened = hr.post(&format!("{person}/interviews"), body).await;
        assert_eq!(opened.status, 201, "{}", opened.json());
        return employee["employee_number"].as_str().unwrap().to_owned();
    }
    panic!("nobody who is employed was examined");
}

#[test]
fn r37_the_dashboard_is_what_the_files_say_year_on_year() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let (hr, nurse) = (tenant.actor("hr"), tenant.actor("nurse"));
        let placed = hr.all("/v1/employees?limit=200").await;
        assert!(placed.iter().all(|person| person["workplace_id"].is_string()), "the demo's own people: {placed:?}");
        let text = std::str::from_utf8(WORKING_HOURS).unwrap();
        let october_alone: Vec<&str> = text
            .lines()
            .enumerate()
            .filter(|(at, line)| *at == 0 || line.contains(",2026-10,"))
            .map(|it| it.1)
            .collect();
        let hours = october_alone.join("\r\n");
        for (actor, kind, file) in [
            (&hr, "departments", DEPARTMENTS),
            (&hr, "employees", EMPLOYEES),
            (&nurse, "checkups", CHECKUPS_2025),
            (&nurse, "checkups", CHECKUPS_2026),
            (&hr, "working_hours", hours.as_bytes()),
        ] {
            let done = import(actor, kind, file, json!({})).await;
            assert_eq!(done["state"], "applied", "{done}");
        }
        let empty = hr.get(DASHBOARD).await.json();
        assert_eq!(empty["whole"], json!({ "year": null, "previous": null }), "nothing is counted yet");
        let interviewed = with_an_interview(&tenant).await;
        assert_eq!(rolled_up(&tenant, Some(AS_OF)).await["years"], 2);
        let dashboard = hr.get(DASHBOARD).await.json();

        let place_of: BTreeMap<String, String> = lines(EMPLOYEES)
            .into_iter()
            .filter(|line| line["在籍区分"] != "退職" && line["入社年月日"].as_str() <= "2026-11-20")
            .map(|line| (line["社員番号"].clone(), line["事業場コード"].clone()))
            .collect();
        let mut employed: BTreeMap<&str, u64> = BTreeMap::new();
        for workplace in place_of.values() {
            *employed.entry(workplace).or_default() += 1;
        }
        let ids = workplaces(&hr).await;
        for person in &placed {
            let (code, _) = ids.iter().find(|(_, id)| person["workplace_id"] == id.as_str()).unwrap();
            *employed.entry(code).or_default() += 1;
        }
        let of = |code: &str| {
            let all = dashboard["workplaces"].as_array().unwrap();
            all.iter().find(|it| it["workplace_id"] == ids[code].as_str()).unwrap_or_else(|| panic!("{code}")).clone()
        };
        let (now, before, october) =
            (reported(CHECKUPS_2026, 2, true), reported(CHECKUPS_2025, 2, true), october(&place_of));
        let mut over_all = [0; 4];
        for (code, size) in &employed {
            let place = of(code);
            let (year, previous) = (&place["year"], &place["previous"]);
            over_all.iter_mut().zip(october[*code]).for_each(|(sum, of)| *sum += of);
            // What was found counts where people stood on the day, whoever stands where now.
            for (figures, expected) in [(year, &now[*code]), (previous, &before[*code])] {
                let findings = (&figures["findings"]["count"], &figures["findings"]["of"]);
                assert_eq!(findings, (&json!(expected.with_findings), &json!(expected.examined)), "{code}: {place}");
            }
            assert_eq!(year["employed"], json!(size), "{code}");
            let attendance = (&year["attendance"]["count"], &year["attendance"]["of"]);
            assert_eq!(attendance, (&json!(now[*code].examined), &json!(size)), "{code}: {year}");
            assert_eq!(year["overwork"]["year"], heads(october[*code]), "{code}");
            assert_eq!(year["overwork"]["months"][0]["month"], "2026-10");
            let due = u64::from(place_of[&interviewed] == **code);
            assert_eq!(year["interviews"], json!({ "due": due, "overdue": 0 }), "{code}");
            assert_eq!((&year["stands_on"], &year["stress_check"]), (&json!("2026-11-20"), &Value::Null));
        }
        let whole = &dashboard["whole"]["year"];
        assert_eq!(whole["employed"], json!(employed.values().sum::<u64>()));
        assert_eq!(whole["overwork"]["year"], heads(over_all));
        assert!(over_all[0] > 0, "the sample has somebody over 45 hours");
        assert_eq!(whole["attendance"]["count"], json!(now.values().map(|of| of.examined).sum::<u64>()));
        assert_eq!(dashboard["whole"]["previous"]["stands_on"], "2026-03-31");

        // Counted again, it is the same; and nothing is told twice.
        rolled_up(&tenant, Some(AS_OF)).await;
        assert_eq!(hr.get(DASHBOARD).await.json(), dashboard);
        // As a drawing.
        for figure in ["attendance", "findings", "stress_check", "overwork"] {
            let svg = hr.get(&format!("/v1/reports/dashboard/chart?figure={figure}&fiscal_year=2026")).await;
            assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml; charset=utf-8"), "{figure}");
            let text = String::from_utf8(svg.body.to_vec()).unwrap();
            assert!(text.contains("2026年度") && text.contains("2025年度"), "{text}");
        }
        // A part of the company reads its own workplace, by the same rule, and not the whole.
        let scope = json!({ "kind": "parts", "workplaces": [ids["W01"]] });
        tenant.grant("health_officer", json!([{ "role": "health_officer", "scope": scope }])).await;
        let own = tenant.actor("health_officer").get(DASHBOARD).await.json();
        assert_eq!((&own["whole"], own["workplaces"].as_array().unwrap().len()), (&Value::Null, 1), "{own}");
        assert_eq!(own["workplaces"][0], of("W01"));
    });
}

#[test]
fn r02_r37_who_reads_the_dashboard_and_that_few_are_never_told() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let round = opened(&tenant).await;
        answer_all(&tenant.actor("employee"), &round, |_| 2).await;
        rolled_up(&tenant, None).await;
        for (role, status) in [
            ("hr", 200),
            ("health_officer", 200),
            ("physician", 200),
            ("nurse", 200),
            ("manager", 403),
            ("employee", 403),
            ("administrator", 403),
            ("stress_implementer", 403),
        ] {
            let actor = tenant.actor(role);
            let read = actor.get("/v1/reports/dashboard").await.status;
            let drawn = actor.get("/v1/reports/dashboard/chart?figure=attendance").await.status;
            assert_eq!((read, drawn), (status, status), "{role}");
        }
        let hr = tenant.actor("hr");
        let dashboard = hr.get("/v1/reports/dashboard").await.json();
        let year = &dashboard["whole"]["year"];
        for figure in ["employed", "attendance", "findings", "stress_check", "overwork"] {
            assert_eq!(year[figure], Value::Null, "fewer than ten: {year}");
        }
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=report.dashboard").await;
        let reason = format!("year:{}", dashboard["fiscal_year"]);
        assert_eq!((&trail[0]["reason"], &trail[0]["subjects"]), (&json!(reason), &json!([])), "{trail:?}");
        for year in ["1999", "2999"] {
            let refused = hr.get(&format!("/v1/reports/dashboard?fiscal_year={year}")).await;
            assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (400, &json!("out_of_range")));
        }
    });
}
