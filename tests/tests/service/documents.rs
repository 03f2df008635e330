//! Papers (帳票): that a card says what its reader may see and nothing else, and that the trail tells of it.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Answer, Tenant, World, logs, pdf_text, problem, run};

/// Statutory items, one beyond (blood in urine), and words of the clinic.
const FILE: &str = "社員番号,受診日,健診種別,医療機関名,コメント,総合判定,身長,収縮期血圧,拡張期血圧,尿蛋白,尿潜血\r\n\
    D0001,2026-06-01,定期健康診断,みなと健診クリニック,腎臓専門医へ紹介状を発行しました,D,160.0,165,84,(+),(2+)\r\n\
    D0002,2026-06-02,定期健康診断,みなと健診クリニック,,,171.0,118,72,(-),(-)\r\n";

/// A tenant with checkups, and the first one as its list shows it.
async fn with_checkups() -> (Tenant, Value) {
    logs::plant(["腎臓専門医へ紹介状", "青山　みなみ", "アオヤマ"]);
    let tenant = World::shared().await.another_tenant().await;
    let done = import(&tenant.actor("nurse"), "checkups", FILE.as_bytes(), json!({})).await;
    assert_eq!(done["rows"]["applied"], 2, "{done}");
    let checkup = tenant.actor("nurse").all("/v1/checkups?fiscal_year=2026").await.remove(0);
    (tenant, checkup)
}

fn path(checkup: &Value) -> String {
    let id = |name: &str| checkup[name].as_str().unwrap();
    format!("/v1/employees/{}/checkups/{}", id("employee_id"), id("id"))
}

async fn card(actor: &Actor, checkup: &Value) -> Answer {
    actor.with("accept", "application/pdf").get(&format!("{}/card", path(checkup))).await
}

#[test]
fn r02_a_card_says_what_its_reader_may_see_and_nothing_else() {
    run(async {
        let (tenant, checkup) = with_checkups().await;
        let own = card(&tenant.actor("employee"), &checkup).await;
        assert_eq!((own.status, own.header("content-type")), (200, "application/pdf"));
        let name = format!("attachment; filename=\"{}.pdf\"", checkup["id"].as_str().unwrap());
        assert_eq!((own.header("content-disposition"), own.header("cache-control")), (name.as_str(), "no-store"));
        let text = pdf_text(&own.body);
        for line in [
            "健康診断個人票",
            "青山　みなみ",
            "D0001",
            "令和8年6月1日",
            "みなと健診クリニック",
            "165 mmHg",
            "尿潜血",
            "(2+)",
            "総合判定 D（要精密検査・治療）",
            "腎臓専門医へ紹介状を発行しました",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
        }
        // Blood in urine is not statutory: neither it nor what was concluded from it is for the physician.
        let seen = pdf_text(&card(&tenant.actor("physician"), &checkup).await.body);
        assert!(seen.contains("165 mmHg\n") && seen.contains("青山　みなみ\n"), "{seen}");
        for hidden in ["尿潜血", "(2+)", "紹介状", "医療機関の判定"] {
            assert!(!seen.contains(hidden), "{hidden} in {seen}");
        }
        assert_eq!(card(&tenant.actor("employee"), &checkup).await.body, own.body, "the same bytes each time");
    });
}

#[test]
fn r02_r21_nobody_else_takes_a_card_and_whoever_does_stands_in_the_trail() {
    run(async {
        let (tenant, checkup) = with_checkups().await;
        for (role, status) in [
            ("manager", 403),
            ("hr", 403),
            ("administrator", 403),
            ("stress_implementer", 403),
            ("health_officer", 200),
            ("nurse", 200),
        ] {
            assert_eq!(card(&tenant.actor(role), &checkup).await.status, status, "{role}");
        }
        let nurse = tenant.actor("nurse");
        let unknown = json!({ "employee_id": checkup["employee_id"], "id": format!("chk_{}", "0".repeat(32)) });
        let missing = card(&nurse, &unknown).await;
        assert_eq!((missing.status, problem(&missing).as_str()), (404, "not-found"));
        let others = card(&World::shared().await.another_tenant().await.actor("nurse"), &checkup).await;
        let colleague = card(&tenant.nth("employee", 1), &checkup).await;
        assert_eq!((others.status, &others.body), (404, &missing.body));
        assert_eq!((colleague.status, &colleague.body), (404, &missing.body));
        let administrator = tenant.actor("administrator");
        let id = checkup["employee_id"].as_str().unwrap();
        let trail = administrator.all(&format!("/v1/audit-events?subject={id}&action=checkup.card")).await;
        assert_eq!(trail.len(), 2, "{trail:?}");
        assert!(trail[0]["subjects"].as_array().unwrap().contains(&checkup["id"]), "{trail:?}");
        let looks = tenant.actor("employee").all("/v1/me/access-log").await;
        assert!(looks.iter().any(|look| look["action"] == "checkup.card"), "{looks:?}");
        // What was declared void is on no card.
        let void = nurse.delete(&format!("{}?reason=wrong_person", path(&checkup)), "\"1\"").await;
        assert!(void.status < 300, "{}", void.json());
        assert_eq!(card(&nurse, &checkup).await.status, 404);
    });
}

#[test]
fn r37_the_opinion_that_holds_stands_on_the_card_with_who_gave_it() {
    run(async {
        let (tenant, checkup) = with_checkups().await;
        let physician = tenant.actor("physician");
        let bare = pdf_text(&card(&physician, &checkup).await.body);
        assert!(!bare.contains("就業区分"), "{bare}");
        let cases = physician.all("/v1/work-fitness/queue").await;
        let case = cases.iter().find(|case| case["checkup_id"] == checkup["id"]).unwrap();
        let today = tenant.world().today();
        let day = |days: i64| today.saturating_add(days.days()).to_string();
        let opinion = json!({
            "checkup_version": case["checkup_version"], "category": "restricted",
            "measures": [{ "kind": "overtime_limit", "hours_a_month": 20 }, { "kind": "no_night_work" }],
            "from": day(1), "until": day(90), "review_on": day(80), "words": "血圧が安定するまで制限する。"
        });
        let place = path(&checkup).replace("/checkups/", "/work-fitness/");
        let given = physician.put(&format!("{place}/opinion"), "\"0\"", opinion).await;
        assert_eq!(given.status, 200, "{}", given.json());
        let text = pdf_text(&card(&tenant.actor("nurse"), &checkup).await.body);
        assert!(
            text.contains("就業区分：就業制限・配慮\n措置：時間外労働の制限（月20時間まで）、深夜業の禁止\n"),
            "{text}"
        );
        assert!(text.contains("血圧が安定するまで制限する。\n"), "{text}");
        assert!(text.contains(given.json()["opinion"]["physician"].as_str().unwrap()), "{text}");
    });
}
