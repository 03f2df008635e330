//! From a finding to what came of it: advice, the employee's answer, guidance, reminders that say nothing of health, and who sees what of it.

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Answer, Tenant, World, codes, etag, pdf_text, problem, run};

/// Two demo employees: one with findings in blood pressure (D) and liver (C), one without.
const FILE: &str = "社員番号,受診日,健診種別,身長,体重,収縮期血圧,拡張期血圧,ALT\r\n\
    D0002,2026-05-12,定期健康診断,171.0,66.0,165,101,45\r\n\
    D0001,2026-06-01,定期健康診断,160.0,50.0,118,72,20\r\n";

async fn with_checkups(world: &World) -> Tenant {
    let tenant = world.another_tenant().await;
    let done = import(&tenant.actor("nurse"), "checkups", FILE.as_bytes(), json!({})).await;
    assert_eq!(done["rows"]["applied"], 2, "{done}");
    tenant
}

/// The checkups, those with findings first.
async fn checkups(tenant: &Tenant) -> Vec<Value> {
    let all = tenant.actor("physician").all("/v1/checkups?fiscal_year=2026").await;
    all.iter().map(|it| json!({ "employee_id": it["employee_id"], "checkup_id": it["id"] })).collect()
}

fn path(checkup: &Value) -> String {
    let id = |name: &str| checkup[name].as_str().unwrap().to_owned();
    format!("/v1/employees/{}/follow-ups/{}", id("employee_id"), id("checkup_id"))
}

async fn letter(actor: &Actor, checkup: &Value) -> Answer {
    actor.with("accept", "application/pdf").get(&format!("{}/letter", path(checkup))).await
}

/// The employee whose checkup it is, and somebody else's account.
async fn holder(tenant: &Tenant, checkup: &Value) -> (Actor, Actor) {
    let (one, other) = (tenant.actor("employee"), tenant.nth("employee", 1));
    let is_one = one.get("/v1/me").await.json()["employee_id"] == checkup["employee_id"];
    if is_one { (one, other) } else { (other, one) }
}

async fn recommended(tenant: &Tenant) -> Value {
    let checkup = checkups(tenant).await.remove(0);
    let body = json!({ "checkups": [checkup], "from_grade": "C", "advice": "かかりつけ医に相談してください。" });
    let answer = tenant.actor("nurse").post("/v1/follow-ups", body).await;
    assert_eq!((answer.status, answer.json()["recommended"].as_u64()), (201, Some(1)), "{}", answer.json());
    checkup
}

#[test]
fn r37_findings_are_advised_upon_once_and_nobody_without_any_is() {
    run(async {
        let tenant = with_checkups(&World::shared().await).await;
        let (nurse, all) = (tenant.actor("nurse"), checkups(&tenant).await);
        let refused = nurse.post("/v1/follow-ups", json!({ "checkups": [all[0], all[1], all[0]] })).await;
        let why = [("/checkups/1", "nothing_found"), ("/checkups/2", "twice")];
        assert_eq!(
            (refused.status, codes(&refused)),
            (422, why.map(|(at, code)| (at.to_owned(), code.to_owned())).to_vec())
        );
        assert_eq!(nurse.all("/v1/follow-ups").await.len(), 0, "all or none");
        let checkup = recommended(&tenant).await;
        let again = nurse.post("/v1/follow-ups", json!({ "checkups": [checkup] })).await;
        assert_eq!(codes(&again), [("/checkups/0".to_owned(), "already_recommended".to_owned())]);
        let follow_up = nurse.get(&path(&checkup)).await.json();
        let found: Vec<_> = follow_up["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["category"].clone(), it["grade"].clone()))
            .collect();
        assert_eq!(found, [(json!("blood_pressure"), json!("D")), (json!("liver"), json!("C"))]);
        for role in ["manager", "administrator", "stress_clerk"] {
            assert_eq!(tenant.actor(role).get("/v1/follow-ups").await.status, 403, "{role}");
            assert_eq!(letter(&tenant.actor(role), &checkup).await.status, 403, "{role}");
        }
        // The letter names what to have looked at, and no value: an envelope may be opened by somebody else.
        let (own, colleague) = holder(&tenant, &checkup).await;
        for reader in [&nurse, &own] {
            let answer = letter(reader, &checkup).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/pdf"));
            let text = pdf_text(&answer.body);
            for line in ["医療機関の受診のお願い", "要精密検査・治療", "血圧、肝機能", "令和8年5月12日"]
            {
                assert!(text.contains(line), "{line} in {text}");
            }
            assert!(text.contains("D0002") && !text.contains("165") && !text.contains("mmHg"), "{text}");
        }
        assert_eq!(letter(&colleague, &checkup).await.status, 404);
        assert_eq!(letter(&nurse, &all[1]).await.status, 404, "nobody advised upon it");
        let looks = own.all("/v1/me/access-log").await;
        assert!(looks.iter().any(|look| look["action"] == "follow_up.letter"), "{looks:?}");
        let bad =
            nurse.post("/v1/follow-ups", json!({ "checkups": [], "from_grade": "B", "due_on": "2026-01-01" })).await;
        let wrong = [("/checkups", "out_of_range"), ("/from_grade", "not_taken"), ("/due_on", "in_the_past")];
        assert_eq!(codes(&bad), wrong.map(|(at, code)| (at.to_owned(), code.to_owned())));
    });
}

#[test]
fn r37_the_employee_answers_and_the_follow_up_comes_to_its_end() {
    run(async {
        let tenant = with_checkups(&World::shared().await).await;
        let today = tenant.world().today();
        let checkup = recommended(&tenant).await;
        let (own, colleague) = holder(&tenant, &checkup).await;
        let path = path(&checkup);
        assert_eq!(colleague.get(&path).await.status, 404);
        let seen = own.get(&path).await;
        assert_eq!((seen.status, seen.json()["advice"].as_str()), (200, Some("かかりつけ医に相談してください。")));
        // Nobody answers for somebody else, and nothing but findings is answered.
        let seen_day = |result: &str, day: Value| json!({ "answers": [{ "category": "blood_pressure", "result": result, "visited_on": day }] });
        let answers = format!("{path}/answers");
        let nurses =
            tenant.actor("nurse").put(&answers, &etag(&seen), seen_day("treatment", json!(today.to_string()))).await;
        assert!(matches!(nurses.status, 403 | 404), "{}", nurses.json());
        let future = own.put(&answers, &etag(&seen), seen_day("treatment", json!("2031-01-01"))).await;
        assert_eq!(codes(&future), [("/answers/0/visited_on".to_owned(), "in_the_future".to_owned())]);
        let ear = json!({ "answers": [{ "category": "ear", "result": "not_wanted" }] });
        assert_eq!(
            codes(&own.put(&answers, &etag(&seen), ear).await),
            [("/answers/0/category".to_owned(), "no_finding".to_owned())]
        );

        let one = own.put(&answers, &etag(&seen), seen_day("treatment", json!(today.to_string()))).await;
        assert_eq!((one.status, one.json()["state"].as_str()), (200, Some("recommended")), "{}", one.json());
        let stale = own.put(&answers, &etag(&seen), seen_day("treatment", json!(today.to_string()))).await;
        assert_eq!((stale.status, problem(&stale).as_str()), (412, "stale"));
        let rest =
            json!({ "answers": [{ "category": "liver", "result": "not_wanted", "words": "次の健診で確認します。" }] });
        let both = own.put(&answers, &etag(&one), rest).await;
        assert_eq!(both.json()["state"], "answered", "{}", both.json());
        // HR sees where it stands, and nothing of what was found or said.
        let of_hr = tenant.actor("hr").all("/v1/follow-ups?state=answered").await;
        assert_eq!(of_hr.len(), 1);
        for hidden in ["findings", "advice", "sessions"] {
            assert!(of_hr[0].get(hidden).is_none(), "{hidden}: {}", of_hr[0]);
        }
        // Guidance: nurses write it down; physicians read it; the employee sees the goals, not what was noted.
        let session = json!({ "held_on": today.to_string(), "method": "phone", "content": "塩分の話をした。", "goals": "毎日30分歩く。" });
        let physicians =
            tenant.actor("physician").post_if(&format!("{path}/sessions"), &etag(&both), session.clone()).await;
        assert_eq!(physicians.status, 403);
        let guided = tenant.actor("nurse").post_if(&format!("{path}/sessions"), &etag(&both), session).await;
        assert_eq!((guided.status, guided.json()["sessions"][0]["content"].as_str()), (200, Some("塩分の話をした。")));
        let mine = own.get(&path).await.json();
        assert_eq!(mine["sessions"][0]["goals"], "毎日30分歩く。");
        assert!(mine["sessions"][0].get("content").is_none());
        let closed = tenant
            .actor("hr")
            .post_if(&format!("{path}/close"), &etag(&guided), json!({ "outcome": "under_care" }))
            .await;
        assert_eq!((closed.status, closed.json()["state"].as_str()), (200, Some("closed")), "{}", closed.json());
        let twice = tenant
            .actor("hr")
            .post_if(&format!("{path}/close"), &etag(&closed), json!({ "outcome": "resolved" }))
            .await;
        assert_eq!((twice.status, twice.json()["errors"][0]["code"].as_str()), (409, Some("wrong_state")));
        let acts: Vec<_> =
            closed.json()["history"].as_array().unwrap().iter().map(|step| step["act"].clone()).collect();
        assert_eq!(acts, ["recommended", "answered", "answered", "guided", "closed"]);
        let anew = tenant.actor("nurse").post("/v1/follow-ups", json!({ "checkups": [checkup] })).await;
        assert_eq!(anew.status, 201, "what has ended can be advised upon anew: {}", anew.json());
    });
}

#[test]
fn r37_whoever_does_not_answer_is_reminded_three_times_and_no_mail_speaks_of_health() {
    run(async {
        let world = World::own().await;
        let tenant = with_checkups(&world).await;
        let checkup = recommended(&tenant).await;
        let (own, _) = holder(&tenant, &checkup).await;
        assert_eq!(own.get(&path(&checkup)).await.json()["reminded"], 0);
        let by_hand = tenant.actor("hr").post_if(&format!("{}/remind", path(&checkup)), "\"1\"", json!({})).await;
        assert_eq!(
            (by_hand.status, by_hand.json()["errors"][0]["code"].as_str()),
            (409, Some("wrong_state")),
            "told a moment ago"
        );
        let mut reminded = Vec::new();
        // An answer is asked for within 60 days; then at most every two weeks.
        for days in [59, 2, 1, 14, 14, 14, 30] {
            world.pass(days * 86_400);
            let at = format!("{}T09:00:00+09:00", world.today());
            let run = world.run_schedule("reminders", &at).await;
            assert_eq!(run["failed"], 0, "{run}");
            reminded.push(tenant.actor("nurse").get(&path(&checkup)).await.json()["reminded"].as_u64().unwrap());
        }
        assert_eq!(reminded, [0, 1, 1, 2, 3, 3, 3]);
        let again = world.run_schedule("reminders", &format!("{}T09:00:00+09:00", world.today())).await;
        assert_eq!(again["failed"], 0);
        let mails = world.mails().await;
        let told: Vec<String> =
            mails.iter().map(ToString::to_string).filter(|mail| mail.contains("新しいお知らせ")).collect();
        assert!(told.len() >= 4, "one when it is recommended, three reminders: {}", told.len());
        for word in ["血圧", "肝", "受診", "健診", "健康診断", "判定", "かかりつけ"] {
            assert!(told.iter().all(|mail| !mail.contains(word)), "{word} stands in a mail");
        }
    });
}
