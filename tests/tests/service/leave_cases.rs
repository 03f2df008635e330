//! Leave and return by the five steps: who sees a case, what workplaces get to know, and who reads an illness.

use jiff::ToSpan as _;
use serde_json::{Value, json};
use tests::{Actor, Tenant, World, codes, etag, problem, run};

use crate::stress_checks;

/// What a certificate names: it must reach nobody of the employer's side.
const ILLNESS: &str = "適応障害";
/// What was said to a nurse.
const SAID: &str = "朝起きられない日が続いている。";

async fn cases_of(actor: &Actor) -> String {
    format!("/v1/employees/{}/leave-cases", stress_checks::employee_of(actor).await)
}

/// Notes something as somebody who has read the case as it is.
async fn noted(actor: &Actor, path: &str, body: Value) -> tests::Answer {
    let tag = etag(&actor.get(path).await);
    actor.post_if(&format!("{path}/steps"), &tag, body).await
}

async fn put(actor: &Actor, path: &str, what: &str, body: Value) -> tests::Answer {
    let tag = etag(&actor.get(path).await);
    actor.put(&format!("{path}/{what}"), &tag, body).await
}

/// A plan from `days` after today on.
fn plan(tenant: &Tenant, days: i64) -> Value {
    let day = |more: i64| tenant.world().today() + (days + more).days();
    json!({
        "returns_on": day(0), "trial_from": day(-10), "trial_until": day(-1), "review_on": day(30),
        "stages": [{ "from": day(0), "hours_a_week": 20 }, { "from": day(14), "hours_a_week": 40 }],
        "measures": [{ "kind": "no_overtime" }], "for_workplace": "当面は残業をさせないでください。",
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the first day of a leave to the relapse")]
fn r36_a_leave_goes_through_its_five_steps_and_an_illness_stays_with_those_who_treat_it_in_confidence() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (hr, physician, nurse, manager) =
            (tenant.actor("hr"), tenant.actor("physician"), tenant.actor("nurse"), tenant.actor("manager"));
        let (one, other, today) = (tenant.actor("employee"), tenant.nth("employee", 1), world.today());
        let cases = cases_of(&one).await;
        let wrong = json!({ "began_on": today, "expected_until": today - 1.day() });
        assert_eq!(codes(&nurse.post(&cases, wrong).await), [("/expected_until".to_owned(), "before_from".to_owned())]);
        for role in ["employee", "manager", "health_officer", "administrator", "stress_implementer"] {
            assert_eq!(tenant.actor(role).post(&cases, json!({ "began_on": today })).await.status, 403, "{role}");
        }
        let opened =
            nurse.post(&cases, json!({ "began_on": today - 3.days(), "expected_until": today + 60.days() })).await;
        assert_eq!((opened.status, &opened.json()["state"]), (201, &json!("on_leave")), "{}", opened.json());
        let twice = physician.post(&cases, json!({ "began_on": today })).await;
        assert_eq!((twice.status, &twice.json()["errors"][0]["code"]), (409, &json!("leave_case_exists")));
        let path = opened.header("location").to_owned();
        // HR knows of nothing that it is not assigned to: a case that is not there.
        let never = format!("{cases}/lvc_0190000000007000800000000000dead");
        assert_eq!(hr.get(&path).await.body, hr.get(&never).await.body);
        assert!(hr.all(&cases).await.is_empty() && hr.all("/v1/leave-cases?state=on_leave").await.is_empty());
        assert_eq!(other.get(&path).await.status, 404, "a colleague's");
        let account = stress_checks::account_of(&tenant, &hr).await;
        let nurses = stress_checks::account_of(&tenant, &nurse).await;
        let barred = put(&nurse, &path, "assignees", json!({ "account_ids": [nurses] })).await;
        assert_eq!(codes(&barred), [("/account_ids".to_owned(), "not_hr".to_owned())]);
        let assigned = put(&nurse, &path, "assignees", json!({ "account_ids": [account] })).await;
        assert_eq!(assigned.status, 200, "{}", assigned.json());
        assert_eq!(hr.all("/v1/leave-cases?state=on_leave").await.len(), 1);
        // The worker hands in a certificate; what illness it names is for physicians and nurses alone.
        let body = json!({ "kind": "leave_needed", "issued_on": today, "from": today, "until": today + 60.days(), "diagnosis": ILLNESS });
        let handed = one.post_if(&format!("{path}/certificates"), &etag(&one.get(&path).await), body.clone()).await;
        assert_eq!(
            (handed.status, &handed.json()["certificates"][0]["kind"]),
            (200, &json!("leave_needed")),
            "{}",
            handed.json()
        );
        let stale = hr.post_if(&format!("{path}/certificates"), &etag(&assigned), body).await;
        assert_eq!((stale.status, problem(&stale).as_str()), (412, "stale"));
        let told = noted(&nurse, &path, json!({ "act": "contact", "on": today, "words": SAID })).await;
        assert_eq!(told.status, 200, "{}", told.json());
        let by_hr = noted(&hr, &path, json!({ "act": "contact", "on": today, "words": "書類を送付した。" })).await;
        assert_eq!(by_hr.status, 200, "{}", by_hr.json());
        let notes = physician.get(&format!("{path}/notes")).await.json();
        assert_eq!(
            (&notes["items"][0]["diagnosis"], &notes["items"][1]["words"]),
            (&json!(ILLNESS), &json!(SAID)),
            "{notes}"
        );
        for role in ["hr", "manager", "employee", "administrator", "health_officer"] {
            assert_eq!(tenant.actor(role).get(&format!("{path}/notes")).await.status, 403, "{role}");
        }
        let seen = hr.get(&path).await.json().to_string();
        assert!(seen.contains("書類を送付した") && !seen.contains(ILLNESS) && !seen.contains(SAID), "{seen}");
        let mine = one.get(&path).await.json();
        assert!(!mine.to_string().contains("書類を送付した"), "what HR writes is not told here");
        // Nobody returns without the doctor, a plan and a decision.
        let early = put(&hr, &path, "plan", plan(&tenant, 20)).await;
        assert_eq!((early.status, problem(&early).as_str()), (409, "conflict"));
        let unfit =
            noted(&hr, &path, json!({ "act": "return_possible", "on": today + 1.day(), "outcome": "left" })).await;
        assert_eq!(codes(&unfit), [("/outcome".to_owned(), "not_taken".to_owned())]);
        let judged = noted(&hr, &path, json!({ "act": "return_possible", "on": today })).await;
        assert_eq!((judged.status, &judged.json()["step"]), (200, &json!(2)), "{}", judged.json());
        let mut wrong = plan(&tenant, 20);
        wrong["stages"][0]["hours_a_week"] = json!(41);
        wrong["review_on"] = json!(today);
        let told = [("/stages", "out_of_range"), ("/review_on", "out_of_order")];
        assert_eq!(
            codes(&put(&hr, &path, "plan", wrong).await),
            told.map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
        let planned = put(&physician, &path, "plan", plan(&tenant, 20)).await;
        assert_eq!((planned.status, &planned.json()["state"]), (200, &json!("planned")), "{}", planned.json());
        assert!(manager.all("/v1/leave-cases/measures").await.is_empty(), "nothing is decided");
        let decision = json!({ "returns": true, "words": "プランのとおりとする。" });
        assert_eq!(put(&physician, &path, "decision", decision.clone()).await.status, 403, "the employer decides");
        let decided = put(&hr, &path, "decision", decision).await;
        assert_eq!((decided.status, &decided.json()["step"]), (200, &json!(5)), "{}", decided.json());
        // The workplace sees hours, restrictions and days.
        let measures = manager.all("/v1/leave-cases/measures").await;
        assert_eq!((measures.len(), &measures[0]["stages"][0]["hours_a_week"]), (1, &json!(20)), "{measures:?}");
        let mut fields: Vec<_> = measures[0].as_object().unwrap().keys().cloned().collect();
        fields.sort();
        assert_eq!(fields, ["employee_id", "for_workplace", "measures", "returns_on", "review_on", "stages"]);
        assert_eq!(manager.get(&path).await.status, 403);
        assert_eq!(hr.get("/v1/leave-cases/measures").await.status, 403, "HR has the cases that it is assigned to");
        // A return is looked after, with an interview that belongs to it; then the worker falls ill again.
        let interview = hr.post(&cases.replace("leave-cases", "interviews"), json!({ "kind": "return" })).await;
        assert_eq!(interview.status, 201, "{}", interview.json());
        let linked = noted(&hr, &path, json!({ "act": "interview", "interview_id": interview.json()["id"] })).await;
        assert_eq!(linked.json()["interview_ids"], json!([interview.json()["id"]]), "{}", linked.json());
        let none =
            noted(&hr, &path, json!({ "act": "interview", "interview_id": "int_0190000000007000800000000000dead" }))
                .await;
        assert_eq!(none.status, 422, "{}", none.json());
        let reviewed =
            noted(&physician, &path, json!({ "act": "review", "on": today + 90.days(), "words": SAID })).await;
        assert_eq!(reviewed.json()["next_on"], json!(today + 90.days()), "{}", reviewed.json());
        let by_hand = noted(&hr, &path, json!({ "act": "close", "outcome": "relapsed" })).await;
        assert_eq!(codes(&by_hand), [("/outcome".to_owned(), "not_taken".to_owned())]);
        let again = json!({ "began_on": today, "earlier_case_id": opened.json()["id"] });
        let again = hr.post(&cases, again).await;
        assert_eq!((again.status, &again.json()["earlier_case_id"]), (201, &opened.json()["id"]), "{}", again.json());
        let before = physician.get(&path).await.json();
        assert_eq!((&before["state"], &before["outcome"]), (&json!("closed"), &json!("relapsed")));
        assert!(manager.all("/v1/leave-cases/measures").await.is_empty(), "who is on leave has no hours");
        assert_eq!(hr.all(&cases).await.len(), 2, "HR opened the second, and is assigned to it");
        let acts: Vec<_> = before["history"].as_array().unwrap().iter().map(|step| step["act"].clone()).collect();
        let all = [
            "opened",
            "assigned",
            "certificate",
            "contact",
            "contact",
            "return_possible",
            "planned",
            "decided",
            "interview",
            "reviewed",
            "closed",
        ];
        assert_eq!(acts, all);
        // Of whom a case is kept, they were not registered by mistake; the trail of the company knows nothing, its worker who looked.
        let who = cases.trim_end_matches("/leave-cases").to_owned();
        let fresh = hr.fresh().await;
        let kept = fresh.delete(&who, &etag(&hr.get(&who).await)).await;
        assert_eq!(kept.status, 409, "{}", kept.json());
        let trail = tenant.actor("administrator").all("/v1/audit-events?action=leave_case").await;
        assert!(trail.iter().all(|event| event["action"] == "leave_case.measures"), "{trail:?}");
        let looks = tests::eventually("the look is entered", async || {
            let looks = one.all("/v1/me/access-log").await;
            looks.iter().any(|look| look["action"] == "leave_note.read").then_some(looks)
        })
        .await;
        assert!(looks.iter().any(|look| look.to_string().contains("休職と職場復帰の支援")), "{looks:?}");
        let words = |mail: &Value| format!("{}{}{}", mail["subject"], mail["text"], mail["html"]);
        for mail in world.mails().await.iter().map(words).filter(|mail| mail.contains("新しいお知らせ")) {
            for word in ["休職", "休業", "復職", "復帰", "診断", ILLNESS] {
                assert!(!mail.contains(word), "{word} stands in a mail");
            }
        }
    });
}

#[test]
fn r36_those_who_are_to_look_at_a_leave_are_reminded_from_a_week_before_and_once_a_week() {
    run(async {
        let world = World::own().await;
        let tenant = world.another_tenant().await;
        let (hr, one) = (tenant.actor("hr"), tenant.actor("employee"));
        let until = world.today() + 30.days();
        let opened =
            hr.post(&cases_of(&one).await, json!({ "began_on": world.today(), "expected_until": until })).await;
        assert_eq!(opened.status, 201, "{}", opened.json());
        let mut told = Vec::new();
        for days in [22, 1, 0, 6, 1] {
            world.pass(days * 86_400);
            let run = world.run_schedule("reminders", &format!("{}T09:00:00+09:00", world.today())).await;
            assert_eq!(run["failed"], 0, "{run}");
            told.push(run["told"].as_u64().unwrap());
        }
        assert_eq!(told, [0, 1, 0, 0, 1]);
        let path = opened.header("location").to_owned();
        let left = noted(&hr, &path, json!({ "act": "close", "outcome": "left" })).await;
        assert_eq!((left.status, &left.json()["state"]), (200, &json!("closed")), "{}", left.json());
        assert_eq!(noted(&hr, &path, json!({ "act": "contact", "on": world.today() })).await.status, 409);
    });
}
