//! From a checkup to a physician's opinion, the employer's decision and its end: who may do what, by when, and that nothing is said of what somebody has not seen.

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Tenant, World, codes, etag, problem, run};

/// Three demo employees: one without findings, one with findings that wait for a look of their own, one whom the law wants no opinion about.
const FILE: &str = "社員番号,受診日,健診種別,身長,体重,収縮期血圧,拡張期血圧,HbA1c,胸部X線\r\n\
    D0001,2026-06-01,定期健康診断,160.0,50.0,118,72,5.2,異常なし\r\n\
    D0002,2026-05-12,定期健康診断,171.0,88.5,165,101,7.1,異常なし\r\n\
    D0003,2026-05-12,給食従業員の検便,,,,,,異常なし\r\n";

async fn with_checkups() -> Tenant {
    let tenant = World::shared().await.another_tenant().await;
    let done = import(&tenant.actor("nurse"), "checkups", FILE.as_bytes(), json!({})).await;
    assert_eq!(done["rows"]["applied"], 3, "{done}");
    tenant
}

/// The queue as somebody sees it, by employee number.
async fn queue(actor: &Actor) -> Vec<Value> {
    actor.all("/v1/work-fitness/queue").await
}

fn path(case: &Value) -> String {
    let id = |name: &str| case[name].as_str().unwrap().to_owned();
    format!("/v1/employees/{}/work-fitness/{}", id("employee_id"), id("checkup_id"))
}

/// An opinion that restricts, about the version of the checkup that `case` shows.
fn restricted(case: &Value, today: jiff::civil::Date) -> Value {
    let day = |days: i64| today.saturating_add(jiff::Span::new().days(days)).to_string();
    json!({
        "checkup_version": case["checkup_version"], "category": "restricted",
        "measures": [{ "kind": "overtime_limit", "hours_a_month": 20 }, { "kind": "no_night_work" }],
        "from": day(1), "until": day(90), "review_on": day(80),
        "words": "血圧が安定するまで、時間外労働を制限する必要がある。", "for_workplace": "残業は月20時間までとしてください。"
    })
}

#[test]
fn r37_the_queue_is_ordered_by_when_the_opinion_is_due_and_says_what_may_be_seen() {
    run(async {
        let tenant = with_checkups().await;
        let seen = queue(&tenant.actor("physician")).await;
        let due: Vec<_> = seen.iter().map(|case| case["opinion_due_on"].clone()).collect();
        assert_eq!(due, ["2026-08-12", "2026-09-01"], "three months after the day; nothing is due for a stool test");
        let (first, second) = (&seen[0], &seen[1]);
        assert_eq!(
            (&first["overall"], &first["asked_by_law"], &first["may_be_signed_together"], &first["state"]),
            (&json!("D"), &json!(true), &json!(false), &json!("listed"))
        );
        assert_eq!((&second["overall"], &second["may_be_signed_together"]), (&json!("A"), &json!(true)));
        // HR sees what is due by when, and no letter unless the handling rules say so.
        let of_hr = queue(&tenant.actor("hr")).await;
        assert_eq!(of_hr.len(), 2);
        assert!(of_hr.iter().all(|case| case.get("overall").is_none() && case.get("asked_by_law").is_none()));
        for role in ["manager", "administrator", "stress_implementer", "stress_clerk"] {
            assert_eq!(tenant.actor(role).get("/v1/work-fitness/queue").await.status, 403, "{role}");
        }
        // Page by page it is the same.
        let paged = tenant.actor("physician").all("/v1/work-fitness/queue?limit=1").await;
        assert_eq!(paged, seen);
    });
}

#[test]
fn r37_from_an_opinion_to_the_employers_decision_and_the_end_of_the_measures() {
    run(async {
        let tenant = with_checkups().await;
        let (physician, hr, today) = (tenant.actor("physician"), tenant.actor("hr"), tenant.world().today());
        let case = queue(&physician).await.remove(0);
        let path = path(&case);
        // Nobody but a physician gives an opinion.
        for role in ["nurse", "hr", "health_officer", "administrator", "manager", "employee"] {
            let answer = tenant.actor(role).put(&format!("{path}/opinion"), "\"0\"", restricted(&case, today)).await;
            assert_eq!(answer.status, 403, "{role}");
        }
        // Everything that is wrong is told at once.
        let bare =
            json!({ "checkup_version": 1, "category": "restricted", "until": "2026-01-01", "from": "2026-01-02" });
        let answer = physician.put(&format!("{path}/opinion"), "\"0\"", bare).await;
        let wrong =
            [("/measures", "required"), ("/until", "before_from"), ("/review_on", "required"), ("/words", "required")];
        assert_eq!(codes(&answer), wrong.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        // Nothing is decided before there is an opinion.
        let decision = json!({ "answer": "adopted", "heard_on": today.to_string(), "heard": "承知した。" });
        let early = hr.put(&format!("{path}/decision"), "\"0\"", decision.clone()).await;
        assert_eq!((early.status, early.json()["errors"][0]["code"].as_str()), (409, Some("wrong_state")));

        let given = physician.put(&format!("{path}/opinion"), "\"0\"", restricted(&case, today)).await;
        assert_eq!((given.status, given.json()["state"].as_str()), (200, Some("opinion_given")), "{}", given.json());
        assert_eq!(given.json()["opinion"]["category_name"], "就業制限・配慮");
        assert!(!given.json()["opinion"]["physician"].as_str().unwrap().is_empty(), "the card names who signed");
        let again = physician.put(&format!("{path}/opinion"), "\"0\"", restricted(&case, today)).await;
        assert_eq!((again.status, problem(&again).as_str()), (412, "stale"), "somebody has looked since");
        assert_eq!(queue(&physician).await.len(), 1, "it waits for nobody in the queue any more");
        let waiting = hr.all("/v1/work-fitness?state=opinion_given").await;
        assert_eq!((waiting.len(), &waiting[0]["checkup_id"]), (1, &case["checkup_id"]));

        let decided = hr.put(&format!("{path}/decision"), &etag(&given), decision).await;
        assert_eq!((decided.status, decided.json()["state"].as_str()), (200, Some("decided")), "{}", decided.json());
        let measures = &decided.json()["decision"]["measures"];
        assert_eq!((&measures[0]["hours_a_month"], &measures[1]["name"]), (&json!(20), &json!("深夜業の禁止")));
        assert_eq!(decided.json()["decision"]["until"], given.json()["opinion"]["until"], "the opinion's own term");

        let closed = hr
            .post_if(&format!("{path}/close"), &etag(&decided), json!({ "reason": "再検査で基準内となった。" }))
            .await;
        assert_eq!((closed.status, closed.json()["state"].as_str()), (200, Some("closed")), "{}", closed.json());
        let acts: Vec<_> =
            closed.json()["history"].as_array().unwrap().iter().map(|step| step["act"].clone()).collect();
        assert_eq!(acts, ["opinion", "decision", "closed"]);
        assert_eq!(hr.all("/v1/work-fitness?state=decided").await.len(), 0);
        let reopened = physician
            .post_if(&format!("{path}/reopen"), &etag(&closed), json!({ "reason": "症状が再び現れた。" }))
            .await;
        assert_eq!(reopened.json()["state"], "listed", "{}", reopened.json());
        assert_eq!((&reopened.json()["opinion"], &reopened.json()["results_changed"]), (&Value::Null, &json!(false)));
        assert_eq!(queue(&physician).await.len(), 2);
        // The timeline has what happened, the newest first, and for each reader the kinds that they may read.
        let timeline = async |actor: &Actor| {
            let id = case["employee_id"].as_str().unwrap();
            let answer = actor.get(&format!("/v1/employees/{id}/timeline")).await;
            let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
            let whats: Vec<_> = items.iter().map(|event| event["what"].as_str().unwrap().to_owned()).collect();
            (answer.status, whats)
        };
        let fitness = ["就業判定のやり直し", "就業上の措置の終了", "就業上の措置の決定", "就業判定（医師の意見）"];
        let everything: Vec<_> = fitness.into_iter().chain(["定期健康診断の受診"]).map(str::to_owned).collect();
        assert_eq!(timeline(&physician).await, (200, everything));
        assert_eq!(timeline(&hr).await, (200, fitness.map(str::to_owned).to_vec()));
        assert_eq!(timeline(&tenant.actor("administrator")).await, (200, Vec::new()));
        assert_eq!(timeline(&World::shared().await.another_tenant().await.actor("physician")).await.0, 404);
        // The trail has each step, and nothing of what was said.
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=work_fitness").await;
        let actions: Vec<_> = trail.iter().map(|event| event["action"].as_str().unwrap()).collect();
        for action in ["work_fitness.opine", "work_fitness.decide", "work_fitness.close", "work_fitness.reopen"] {
            assert!(actions.contains(&action), "{action} is not in {actions:?}");
        }
        assert!(trail.iter().all(|event| !event.to_string().contains("血圧")));
    });
}

#[test]
fn r37_a_result_that_changes_after_the_opinion_is_listed_again() {
    run(async {
        let tenant = with_checkups().await;
        let (physician, today) = (tenant.actor("physician"), tenant.world().today());
        let case = queue(&physician).await.remove(0);
        let path = path(&case);
        let given = physician.put(&format!("{path}/opinion"), "\"0\"", restricted(&case, today)).await;
        assert_eq!(given.status, 200, "{}", given.json());
        // The same file again changes nothing; another value does.
        let nurse = tenant.actor("nurse");
        import(&nurse, "checkups", FILE.as_bytes(), json!({})).await;
        assert_eq!(physician.get(&path).await.json()["state"], "opinion_given");
        import(&nurse, "checkups", FILE.replace("165,101", "142,88").as_bytes(), json!({})).await;
        let listed = physician.get(&path).await;
        let now = listed.json();
        assert_eq!(
            (&now["state"], &now["results_changed"], &now["opinion"], &now["checkup_version"]),
            (&json!("listed"), &json!(true), &Value::Null, &json!(2))
        );
        assert_eq!(now["history"][0]["opinion"]["category"], "restricted", "what was said is history");
        assert_eq!(tenant.actor("hr").all("/v1/work-fitness?state=opinion_given").await.len(), 0);
        assert_eq!(queue(&physician).await.len(), 2);
        // An opinion about what nobody has looked at is refused.
        let unseen = physician.put(&format!("{path}/opinion"), &etag(&listed), restricted(&case, today)).await;
        assert_eq!((unseen.status, problem(&unseen).as_str()), (412, "stale"));
        let seen = physician.put(&format!("{path}/opinion"), &etag(&listed), restricted(&now, today)).await;
        assert_eq!((seen.status, seen.json()["state"].as_str()), (200, Some("opinion_given")), "{}", seen.json());
    });
}

#[test]
fn r37_a_physician_signs_for_several_as_normal_and_for_none_where_one_needs_a_look() {
    run(async {
        let tenant = with_checkups().await;
        let physician = tenant.actor("physician");
        let seen = queue(&physician).await;
        let one = |case: &Value| json!({ "employee_id": case["employee_id"], "checkup_id": case["checkup_id"], "checkup_version": case["checkup_version"] });
        let refused = physician
            .post("/v1/work-fitness/normal", json!({ "checkups": [one(&seen[1]), one(&seen[0]), one(&seen[1])] }))
            .await;
        let why = [("/checkups/1", "needs_own_opinion"), ("/checkups/2", "twice")];
        assert_eq!(
            (refused.status, codes(&refused)),
            (422, why.map(|(at, code)| (at.to_owned(), code.to_owned())).to_vec())
        );
        assert_eq!(queue(&physician).await.len(), 2, "all or none");
        let body = json!({ "checkups": [one(&seen[1])] });
        let key = [("Idempotency-Key", "sign-1")];
        let signed = physician.call("POST", "/v1/work-fitness/normal", &key, Some(body.clone())).await;
        assert_eq!((signed.status, signed.json()["signed"].as_u64()), (201, Some(1)), "{}", signed.json());
        let repeated = physician.call("POST", "/v1/work-fitness/normal", &key, Some(body.clone())).await;
        assert_eq!((repeated.status, &repeated.body), (201, &signed.body), "once, however often it is sent");
        let again = physician.post("/v1/work-fitness/normal", body).await;
        assert_eq!(codes(&again), [("/checkups/0".to_owned(), "opinion_given".to_owned())]);
        let case = physician.get(&path(&seen[1])).await.json();
        assert_eq!((&case["state"], &case["opinion"]["category_name"]), (&json!("closed"), &json!("通常勤務")));
        for checkups in [json!([]), Value::Array(vec![one(&seen[0]); 46])] {
            let answer = physician.post("/v1/work-fitness/normal", json!({ "checkups": checkups })).await;
            assert_eq!(codes(&answer)[0], ("/checkups".to_owned(), "out_of_range".to_owned()));
        }
    });
}

#[test]
fn r02_a_workplace_sees_the_measures_and_nothing_of_why() {
    run(async {
        let tenant = with_checkups().await;
        let (physician, hr, today) = (tenant.actor("physician"), tenant.actor("hr"), tenant.world().today());
        let case = queue(&physician).await.remove(0);
        let path = path(&case);
        let given = physician.put(&format!("{path}/opinion"), "\"0\"", restricted(&case, today)).await;
        let decision = json!({
            "answer": "changed", "measures": [{ "kind": "no_overtime" }], "from": today.to_string(),
            "reason": "部署の体制から、時間外労働を行わせないこととした。", "heard_on": today.to_string()
        });
        let decided = hr.put(&format!("{path}/decision"), &etag(&given), decision).await;
        assert_eq!(decided.status, 200, "{}", decided.json());
        let seen = tenant.actor("manager").get("/v1/work-fitness/measures").await;
        assert_eq!(seen.status, 200);
        let of = seen.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["employee_id"] == case["employee_id"])
            .cloned();
        if let Some(of) = of {
            assert_eq!(of["measures"][0]["kind"], "no_overtime");
        }
        assert!(!String::from_utf8_lossy(&seen.body).contains("血圧"), "no word of the physician's");
        assert_eq!(tenant.actor("manager").get(&path).await.status, 403);
        let all = hr.all("/v1/work-fitness/measures").await;
        assert_eq!((all.len(), &all[0]["for_workplace"]), (1, &json!("残業は月20時間までとしてください。")));
        // The employee whose it is reads their own; a colleague is nobody.
        let own = tenant.nth("employee", 1);
        let mine = own.all("/v1/work-fitness/measures").await;
        let theirs = tenant.actor("employee").all("/v1/work-fitness/measures").await;
        assert_eq!(mine.len() + theirs.len(), 1, "one of the two is D0002");
        let (holder, colleague) =
            if mine.is_empty() { (tenant.actor("employee"), own) } else { (own, tenant.actor("employee")) };
        assert_eq!(holder.get(&path).await.json()["opinion"]["category"], "restricted");
        let all = path.rsplit_once('/').unwrap().0;
        let cases = holder.get(all).await.json()["items"].as_array().unwrap().clone();
        assert_eq!((cases.len(), &cases[0]["decision"]["answer"]), (1, &json!("changed")));
        assert_eq!(colleague.get(all).await.status, 404);
        assert_eq!(colleague.get(&path).await.status, 404);
    });
}
